//! The rules, in order. The order is the official client's (notifications §2.3) and a product decision: it is documented
//! there once; differences of ours are named rules of their own.
//!
//! A forced post (rule 4) passes over every rule that is not marked `for_forced`.

use std::borrow::Cow;

use crate::activity::TraceStep;
use crate::decide::facts::Facts;
use crate::decide::reason::Reason;
use crate::decide::{Mode, Verdict};
use crate::event::{ChannelType, Status};
use crate::mention;
use crate::state::channel::{Level, Switch};

/// What a rule says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing to object; the sentence says what it saw.
    Continue(Cow<'static, str>),
    /// Not for this post: leaves no trace.
    NotApplicable,
    /// Do not notify.
    Skip(Reason, String),
    /// Settled in favour: go on at rule 12.
    ToFocus(Cow<'static, str>),
    /// Forced by the server: go on at rule 13.
    Forced,
}

struct Rule {
    /// Stable name, shown in traces.
    name: &'static str,
    /// Also asked for a forced post.
    for_forced: bool,
    /// Passed over once the level was settled by a text match (rule 9).
    about_level: bool,
    run: fn(&Facts<'_>) -> Outcome,
}

const RULES: [Rule; 13] = [
    Rule { name: "own_post", for_forced: true, about_level: false, run: own_post },
    Rule { name: "system_message", for_forced: true, about_level: false, run: system_message },
    Rule { name: "member", for_forced: true, about_level: false, run: member },
    Rule { name: "forced", for_forced: true, about_level: false, run: forced },
    Rule { name: "muted", for_forced: false, about_level: false, run: muted },
    Rule { name: "status", for_forced: false, about_level: false, run: status },
    Rule { name: "level", for_forced: false, about_level: false, run: level },
    Rule { name: "group_mention", for_forced: false, about_level: true, run: group_mention },
    Rule { name: "mention", for_forced: false, about_level: true, run: mention_needed },
    Rule { name: "followers_recovered", for_forced: false, about_level: true, run: followers_recovered },
    Rule { name: "following_thread", for_forced: false, about_level: true, run: following_thread },
    Rule { name: "focus", for_forced: false, about_level: false, run: focus },
    Rule { name: "calls", for_forced: true, about_level: false, run: calls_veto },
];

/// Walks the table: first objection wins.
pub fn decide(facts: &Facts<'_>) -> Verdict {
    let mut trace = Vec::with_capacity(RULES.len());
    let mut is_forced = false;
    let mut level_settled = false;
    for rule in &RULES {
        if (is_forced && !rule.for_forced) || (level_settled && rule.about_level) {
            continue;
        }
        let step = |outcome: &'static str, detail: String| TraceStep {
            rule: Cow::Borrowed(rule.name),
            outcome: Cow::Borrowed(outcome),
            detail,
        };
        match (rule.run)(facts) {
            Outcome::NotApplicable => {}
            Outcome::Continue(detail) => trace.push(step("continue", detail.into_owned())),
            Outcome::ToFocus(detail) => {
                level_settled = true;
                trace.push(step("continue", detail.into_owned()));
            }
            Outcome::Forced => {
                is_forced = true;
                trace
                    .push(step("continue", "The server asked for this notification, whatever the settings".to_owned()));
            }
            // A plugin's veto is not heard for a forced post (rule 4).
            Outcome::Skip(Reason::DesktopNotificationHook, _) if is_forced => {}
            Outcome::Skip(reason, detail) => {
                trace.push(step("skip", detail));
                let data = if reason == Reason::UserStatus {
                    Some(if facts.status == Some(&Status::OutOfOffice) { "ooo" } else { "dnd" }.to_owned())
                } else if reason == Reason::ThreadIsOpen {
                    facts.post.root_id.map(|id| id.to_string())
                } else if reason == Reason::ChannelIsOpen {
                    Some(facts.post.channel_id.to_string())
                } else {
                    None
                };
                return Verdict { skip: Some(reason), data, trace };
            }
        }
    }
    Verdict { skip: None, data: None, trace }
}

fn name<'a>(facts: &Facts<'a>) -> &'a str {
    if facts.channel_name.is_empty() { "this conversation" } else { facts.channel_name }
}

/// Rule 1
fn own_post(facts: &Facts<'_>) -> Outcome {
    if facts.is_mine() {
        return Outcome::Skip(Reason::OwnPost, "You wrote this message yourself".to_owned());
    }
    Outcome::Continue("Not your own message".into())
}

/// Rule 2
fn system_message(facts: &Facts<'_>) -> Outcome {
    if !facts.post.kind.starts_with("system_") {
        return Outcome::NotApplicable;
    }
    let adds_me = facts.post.kind == "system_add_to_channel"
        && facts.post.props.added_user_id.is_some()
        && facts.post.props.added_user_id == facts.me_id();
    if adds_me {
        return Outcome::Continue("It says that you were added".into());
    }
    Outcome::Skip(
        Reason::SystemMessage,
        "A message that the server wrote by itself, such as somebody joining".to_owned(),
    )
}

/// Rule 3
fn member(facts: &Facts<'_>) -> Outcome {
    if facts.channel_prefs.is_none() {
        return Outcome::Skip(
            Reason::NoMember,
            format!("The server did not say that you are a member of {}", name(facts)),
        );
    }
    Outcome::Continue(match facts.channel_type {
        Some(ChannelType::Direct) => "It is a direct message to you".into(),
        _ => format!("You are a member of {}", name(facts)).into(),
    })
}

/// Rule 4
fn forced(facts: &Facts<'_>) -> Outcome {
    if facts.post.props.force_notification { Outcome::Forced } else { Outcome::NotApplicable }
}

/// Rule 4b
fn muted(facts: &Facts<'_>) -> Outcome {
    if facts.channel_prefs.is_some_and(crate::state::channel::ChannelPrefs::is_muted) {
        return Outcome::Skip(Reason::ChannelMuted, format!("{} is muted", name(facts)));
    }
    Outcome::Continue(format!("{} is not muted", name(facts)).into())
}

/// Rule 5
fn status(facts: &Facts<'_>) -> Outcome {
    match facts.status {
        Some(Status::DoNotDisturb) => Outcome::Skip(Reason::UserStatus, "Your status is Do not disturb".to_owned()),
        Some(Status::OutOfOffice) => Outcome::Skip(Reason::UserStatus, "Your status is Out of office".to_owned()),
        Some(Status::Online | Status::Away | Status::Offline | Status::Other(_)) | None => Outcome::NotApplicable,
    }
}

/// Rules 7 and 8
fn level(facts: &Facts<'_>) -> Outcome {
    let own = facts.channel_level() != Level::Default;
    match facts.level() {
        Level::None if own => Outcome::Skip(Reason::NotifyLevelNone, format!("{} is set to Nothing", name(facts))),
        Level::None => {
            Outcome::Skip(Reason::NotifyLevelNone, "Your notifications on this server are set to Nothing".to_owned())
        }
        Level::All if own => Outcome::Continue(format!("{} is set to All new messages", name(facts)).into()),
        Level::All => Outcome::Continue("All new messages notify you here".into()),
        Level::Mention if own => Outcome::Continue(format!("{} is set to mentions", name(facts)).into()),
        Level::Mention => Outcome::Continue("Mentions, direct messages and group messages notify you".into()),
        Level::Unknown | Level::Default => {
            Outcome::Continue("The level is a word that Belfry does not know, so nothing is filtered".into())
        }
    }
}

/// Rule 9
fn group_mention(facts: &Facts<'_>) -> Outcome {
    if facts.channel_type != Some(ChannelType::Group) || facts.level() != Level::Mention {
        return Outcome::NotApplicable;
    }
    let channel_value = match facts.channel_prefs.map(|prefs| prefs.ignore_channel_mentions) {
        Some(Switch::On) => Some("on"),
        Some(Switch::Off) => Some("off"),
        Some(Switch::Default | Switch::Unknown) | None => None,
    };
    let ignored = mention::channel_wide_ignored(channel_value, facts.props.get("channel").map(String::as_str));
    let keys = mention::keys(facts.me, facts.props, facts.groups, !ignored);
    let text = mention::searched_text(facts.post);
    match mention::find(&mention::reduce(&text, facts.mode == Mode::Strict), &keys) {
        Some(key) => Outcome::ToFocus(format!("The text has your word {}", key.text).into()),
        None => Outcome::Skip(
            Reason::NotExplicitlyMentioned,
            "This group is set to mentions, and the text has none of your words".to_owned(),
        ),
    }
}

/// Rule 10
fn mention_needed(facts: &Facts<'_>) -> Outcome {
    if facts.level() != Level::Mention || facts.channel_type == Some(ChannelType::Group) {
        return Outcome::NotApplicable;
    }
    if facts.is_mentioned() {
        return Outcome::Continue("You were mentioned, or it has one of your words".into());
    }
    if facts.is_follower() {
        return Outcome::Continue("It is a reply in a thread you follow".into());
    }
    if facts.event_channel_type == Some(ChannelType::Direct) {
        return Outcome::Continue("Direct messages always notify at this level".into());
    }
    Outcome::Skip(
        Reason::NotMentioned,
        "Only mentions notify you here, and this message does not mention you".to_owned(),
    )
}

/// F1: shown although the server left `followers` out (notifications §1.8).
fn followers_recovered(facts: &Facts<'_>) -> Outcome {
    if !facts.follower_recovered {
        return Outcome::NotApplicable;
    }
    Outcome::Continue("You follow this thread; the server forgot to say so, Belfry noticed by its unread count".into())
}

/// Rule 11
fn following_thread(facts: &Facts<'_>) -> Outcome {
    if !facts.is_crt_reply() || facts.level() != Level::All {
        return Outcome::NotApplicable;
    }
    if facts.is_follower() {
        return Outcome::Continue("You follow this thread".into());
    }
    Outcome::Skip(Reason::NotFollowingThread, "It is a reply in a thread that you do not follow".to_owned())
}

/// Rule 12
fn focus(facts: &Facts<'_>) -> Outcome {
    let focus = facts.focus;
    if !focus.applicable || !focus.window_focused {
        return Outcome::NotApplicable;
    }
    if facts.is_crt_reply() {
        if focus.open_thread.is_some() && focus.open_thread == facts.post.root_id {
            return Outcome::Skip(Reason::ThreadIsOpen, "The thread is open in front of you".to_owned());
        }
        return Outcome::NotApplicable;
    }
    if focus.current_channel == Some(facts.post.channel_id) {
        return Outcome::Skip(Reason::ChannelIsOpen, "The channel is open in front of you".to_owned());
    }
    Outcome::NotApplicable
}

/// Rule 13: C1 and C2
fn calls_veto(facts: &Facts<'_>) -> Outcome {
    let direct = matches!(facts.channel_type, Some(ChannelType::Direct | ChannelType::Group));
    if facts.post.kind == "custom_calls" && direct && facts.ringing {
        return Outcome::Skip(Reason::DesktopNotificationHook, "The call itself is announced instead".to_owned());
    }
    if facts.in_this_calls_thread && !facts.is_mentioned() {
        return Outcome::Skip(
            Reason::DesktopNotificationHook,
            "You are in the call that this message belongs to".to_owned(),
        );
    }
    Outcome::NotApplicable
}
