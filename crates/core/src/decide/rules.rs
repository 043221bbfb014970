//! The rules, in order. The order is the official client's (notifications §2.3) and a product decision: it is documented
//! there once; differences of ours are named rules of their own.
//!
//! A forced post (rule 4) passes over every rule that is not marked `for_forced`.

use crate::decide::facts::Facts;
use crate::decide::reason::Reason;
use crate::decide::says::{Says, Step, Took};
use crate::decide::{Mode, Verdict};
use crate::event::{ChannelType, Status};
use crate::mention;
use crate::state::channel::{Level, Switch};

/// What a rule says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing to object; it says what it saw.
    Continue(Says),
    /// Not for this post: leaves no trace.
    NotApplicable,
    /// Do not notify.
    Skip(Reason, Says),
    /// Settled in favour: go on at rule 12.
    ToFocus(Says),
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
        let mut note = |took, says| trace.push(Step { rule: rule.name, took, says });
        match (rule.run)(facts) {
            Outcome::NotApplicable => {}
            Outcome::Continue(says) => note(Took::Continue, says),
            Outcome::ToFocus(says) => {
                level_settled = true;
                note(Took::Continue, says);
            }
            Outcome::Forced => {
                is_forced = true;
                let forced = "The server asked for this notification, whatever the settings";
                note(Took::Continue, Says::Plainly(forced));
            }
            // A plugin's veto is not heard for a forced post (rule 4).
            Outcome::Skip(Reason::DesktopNotificationHook, _) if is_forced => {}
            Outcome::Skip(reason, says) => {
                note(Took::Skip, says);
                return Verdict { skip: Some(reason), trace };
            }
        }
    }
    Verdict { skip: None, trace }
}

/// What the official client reports beside a reason: `dnd`, `ooo`, a root id or a channel id (notifications §2.1).
pub fn data(reason: Reason, facts: &Facts<'_>) -> Option<String> {
    if reason == Reason::UserStatus {
        Some(if facts.status == Some(&Status::OutOfOffice) { "ooo" } else { "dnd" }.to_owned())
    } else if reason == Reason::ThreadIsOpen {
        facts.post.root_id.map(|id| id.to_string())
    } else if reason == Reason::ChannelIsOpen {
        Some(facts.post.channel_id.to_string())
    } else {
        None
    }
}

/// Rule 1
fn own_post(facts: &Facts<'_>) -> Outcome {
    if facts.is_mine() {
        return Outcome::Skip(Reason::OwnPost, Says::Plainly("You wrote this message yourself"));
    }
    Outcome::Continue(Says::Plainly("Not your own message"))
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
        return Outcome::Continue(Says::Plainly("It says that you were added"));
    }
    Outcome::Skip(
        Reason::SystemMessage,
        Says::Plainly("It is a message that the server wrote by itself, such as somebody joining"),
    )
}

/// Rule 3
fn member(facts: &Facts<'_>) -> Outcome {
    if facts.channel_prefs.is_none() {
        return Outcome::Skip(Reason::NoMember, Says::NoMember);
    }
    Outcome::Continue(match facts.channel_type {
        Some(ChannelType::Direct) => Says::Plainly("It is a direct message to you"),
        Some(ChannelType::Public | ChannelType::Private | ChannelType::Group) | None => Says::Member,
    })
}

/// Rule 4
fn forced(facts: &Facts<'_>) -> Outcome {
    if facts.post.props.force_notification { Outcome::Forced } else { Outcome::NotApplicable }
}

/// Rule 4b
fn muted(facts: &Facts<'_>) -> Outcome {
    if facts.channel_prefs.is_some_and(crate::state::channel::ChannelPrefs::is_muted) {
        return Outcome::Skip(Reason::ChannelMuted, Says::Muted);
    }
    Outcome::Continue(Says::NotMuted)
}

/// Rule 5
fn status(facts: &Facts<'_>) -> Outcome {
    match facts.status {
        Some(Status::DoNotDisturb) => Outcome::Skip(Reason::UserStatus, Says::Plainly("Your status is Do not disturb")),
        Some(Status::OutOfOffice) => Outcome::Skip(Reason::UserStatus, Says::Plainly("Your status is Out of office")),
        Some(Status::Online | Status::Away | Status::Offline | Status::Other(_)) | None => Outcome::NotApplicable,
    }
}

/// Rules 7 and 8
fn level(facts: &Facts<'_>) -> Outcome {
    let level = facts.level();
    let says = Says::Level { level, own: facts.channel_level() != Level::Default };
    if level == Level::None { Outcome::Skip(Reason::NotifyLevelNone, says) } else { Outcome::Continue(says) }
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
    let ignored =
        mention::channel_wide_ignored(channel_value, facts.account.props().get("channel").map(String::as_str));
    let keys = mention::keys(facts.me, facts.account.props(), facts.groups, !ignored);
    let text = mention::searched_text(facts.post);
    match mention::find(&mention::reduce(&text, facts.mode == Mode::Strict), &keys) {
        Some(key) => Outcome::ToFocus(Says::HasWord(key.text.as_str().into())),
        None => Outcome::Skip(
            Reason::NotExplicitlyMentioned,
            Says::Plainly("This group is set to mentions, and the text has none of your words"),
        ),
    }
}

/// Rule 10
fn mention_needed(facts: &Facts<'_>) -> Outcome {
    if facts.channel_type == Some(ChannelType::Group) || facts.level() != Level::Mention {
        return Outcome::NotApplicable;
    }
    // Every direct message mentions its reader: that it is one says more.
    if facts.event_channel_type == Some(ChannelType::Direct) {
        return Outcome::Continue(Says::Plainly("Direct messages always notify at this level"));
    }
    if facts.is_mentioned() {
        return Outcome::Continue(Says::Plainly("You were mentioned, or it has one of your words"));
    }
    if facts.is_follower() {
        return Outcome::Continue(Says::Plainly("It is a reply in a thread you follow"));
    }
    Outcome::Skip(
        Reason::NotMentioned,
        Says::Plainly("Only mentions notify you here, and this message does not mention you"),
    )
}

/// F1: shown although the server left `followers` out (notifications §1.8).
fn followers_recovered(facts: &Facts<'_>) -> Outcome {
    if !facts.follower_recovered {
        return Outcome::NotApplicable;
    }
    Outcome::Continue(Says::Plainly("You follow this thread: the server did not say so, but its unread count rose"))
}

/// Rule 11
fn following_thread(facts: &Facts<'_>) -> Outcome {
    if !facts.is_crt_reply() || facts.level() != Level::All {
        return Outcome::NotApplicable;
    }
    if facts.is_follower() {
        return Outcome::Continue(Says::Plainly("You follow this thread"));
    }
    Outcome::Skip(Reason::NotFollowingThread, Says::Plainly("It is a reply in a thread that you do not follow"))
}

/// Rule 12
fn focus(facts: &Facts<'_>) -> Outcome {
    let focus = facts.focus;
    if !focus.applicable || !focus.window_focused {
        return Outcome::NotApplicable;
    }
    if facts.is_crt_reply() {
        if focus.open_thread.is_some() && focus.open_thread == facts.post.root_id {
            return Outcome::Skip(Reason::ThreadIsOpen, Says::Plainly("The thread is open in front of you"));
        }
        return Outcome::NotApplicable;
    }
    if focus.current_channel == Some(facts.post.channel_id) {
        return Outcome::Skip(Reason::ChannelIsOpen, Says::Plainly("The channel is open in front of you"));
    }
    Outcome::NotApplicable
}

/// Rule 13: C1 and C2
fn calls_veto(facts: &Facts<'_>) -> Outcome {
    let direct = matches!(facts.channel_type, Some(ChannelType::Direct | ChannelType::Group));
    if facts.post.kind == "custom_calls" && direct && facts.ringing {
        return Outcome::Skip(Reason::DesktopNotificationHook, Says::Plainly("The call itself is announced instead"));
    }
    if facts.in_this_calls_thread && !facts.is_mentioned() {
        return Outcome::Skip(
            Reason::DesktopNotificationHook,
            Says::Plainly("You are in the call that this message belongs to"),
        );
    }
    Outcome::NotApplicable
}
