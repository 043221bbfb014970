//! `incoming_call` and `call_stop`.

use belfry_core::decide::calls::{CallFacts, decide_call};
use belfry_core::decide::facts::Focus;
use belfry_core::decide::reason::Reason;
use belfry_core::decide::{Facts, Mode, decide};
use belfry_core::event::{ChannelType, NotifyProps, Status, User};
use belfry_core::ids::UserId;
use belfry_core::official::wording::{self, CallTurn};
use belfry_core::state::account::Account;
use belfry_core::state::channel::ChannelPrefs;
use belfry_core::state::version_below;
use serde_json::{Value, json};

use super::posted::{frame, with_posted};
use super::{first_of, flag, flag_or, number, optional, props, status, text_of};

struct Me<'a> {
    id: &'a str,
    account: &'a NotifyProps,
    channel_prefs: Option<&'a ChannelPrefs>,
    status: Option<&'a Status>,
}

pub(super) fn incoming(input: &Value) -> Result<Value, String> {
    let account = props(input, "user_notify_props").unwrap_or_default();
    let channel_props = props(input, "channel_notify_props");
    let prefs = channel_props.as_ref().map(ChannelPrefs::read);
    let status = status(input);
    let me = Me { id: text_of(input, "me"), account: &account, channel_prefs: prefs.as_ref(), status: status.as_ref() };
    let caller = input.get("caller").unwrap_or(&Value::Null);
    let verdict = decide_call(&CallFacts {
        ringing: flag(input, "ringing_enabled"),
        channel_type: ChannelType::parse(text_of(input, "channel_type")),
        own: text_of(caller, "id") == me.id,
        dismissed: flag(input, "dismissed"),
        duplicate: flag(input, "duplicate"),
        in_same_call: flag(input, "in_same_call"),
        in_call: flag(input, "in_call"),
        other_ringing: flag(input, "other_call_ringing"),
        already_rang: flag(input, "already_rang"),
        channel_prefs: me.channel_prefs,
        status: me.status,
        props: me.account,
        window_hidden: flag(input, "window_hidden"),
    });
    let name = optional(caller, "display").unwrap_or_else(|| text_of(caller, "id"));
    let others: Vec<&str> = first_of(input, &["other_members"])
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|member| member.as_str().or_else(|| optional(member, "display")))
        .collect();
    let direct = text_of(input, "channel_type") == "D";
    // Before 8.1 the generic banner of a direct message appears instead (C13).
    let banner = verdict.banner && !(direct && version_below(text_of(input, "server_version"), 8, 1));
    let silent = wording::call_banner_is_silent(channel_props.as_ref(), &account);
    let sound = wording::call_banner_sound(channel_props.as_ref(), &account);
    Ok(json!({
        "card": verdict.card,
        "ring": verdict.ring.map(belfry_core::sound::RingSound::name),
        "banner": banner,
        "banner_silent": silent,
        "banner_sound": (banner && !silent).then_some(sound),
        "sound_name": sound,
        "reason": verdict.reason.map(Reason::code),
        "banner_reason": verdict.banner_reason.map(Reason::code),
        "title": if direct { name.to_owned() } else { wording::call_title(name, &others) },
        "body": wording::call_body(name),
        // Everything was decided at first appearance.
        "may_ring_later": false,
        "message_banner_vetoed": message_is_vetoed(input, &me, text_of(caller, "id"), name)?,
    }))
}

/// Whether the ordinary banner of the call's own message got as far as the veto (C1).
fn message_is_vetoed(input: &Value, me: &Me<'_>, caller: &str, name: &str) -> Result<bool, String> {
    let kind = text_of(input, "channel_type");
    let post = json!({"id": "call", "channel_id": "channel", "user_id": caller, "root_id": "", "type": "custom_calls",
        "message": format!("{name} started a call"), "props": {}});
    // Every post of a direct or group message mentions its members.
    let event = json!({"channel_type": kind, "mentions": if matches!(kind, "D" | "G") { vec![me.id] } else { vec![] }});
    with_posted(&frame(&post, &event), |posted| {
        let person = User { id: UserId::parse(me.id), ..User::default() };
        let verdict = decide(&Facts {
            mode: Mode::Strict,
            me: &person,
            account: &Account::read(me.account.clone()),
            status: me.status,
            channel_prefs: me.channel_prefs,
            channel_archived: false,
            channel_type: posted.channel_type,
            event_channel_type: posted.channel_type,
            crt: false,
            post: &posted.post,
            mentions: posted.mentions.as_deref(),
            followers: None,
            follower_recovered: false,
            groups: &[],
            focus: Focus { applicable: true, ..Focus::default() },
            ringing: flag(input, "ringing_enabled"),
            in_this_calls_thread: false,
        });
        verdict.skip == Some(Reason::DesktopNotificationHook)
    })
}

/// Ringing and card after an event.
pub(super) fn stop(input: &Value) -> Result<Value, String> {
    let event = text_of(input, "event");
    let turn = turn(input, event.strip_prefix("custom_com.mattermost.calls_").unwrap_or(event))
        .ok_or_else(|| format!("nobody here knows the event {event}"))?;
    let (ringing, card) = wording::after_turn(flag(input, "ringing"), flag(input, "card"), turn);
    Ok(json!({"ringing": ringing, "card": card}))
}

/// Reads an event's name by what it speaks of; an absent `same_call` means the same call, an absent person me.
fn turn(input: &Value, event: &str) -> Option<CallTurn> {
    let speaks_of = |words: &[&str]| words.iter().any(|word| event.contains(word));
    let same = flag_or(input, "same_call", true);
    let mine = first_of(input, &["user", "user_id", "userID", "who"])
        .and_then(Value::as_str)
        .is_none_or(|user| optional(input, "me").unwrap_or("me") == user)
        && flag_or(input, "is_me", true)
        && !speaks_of(&["other_user", "somebody"]);
    let concerned = |turn| if same { turn } else { CallTurn::Nothing };
    Some(if speaks_of(&["dismiss", "ignore"]) {
        if mine { concerned(CallTurn::Dismissed) } else { CallTurn::Nothing }
    } else if speaks_of(&["press", "click", "channel", "goto", "go_to"]) {
        CallTurn::Answered
    } else if speaks_of(&["join"]) {
        if mine { CallTurn::Joined { this_call: same } } else { CallTurn::Nothing }
    } else if speaks_of(&["left"]) {
        if number(input, "sessions_left") <= 0 { concerned(CallTurn::Over) } else { CallTurn::Nothing }
    } else if speaks_of(&["30", "timeout", "elapsed", "rang"]) {
        concerned(CallTurn::RangOut)
    } else if speaks_of(&["call_end", "ended", "over"]) {
        concerned(CallTurn::Over)
    } else {
        return None;
    })
}
