//! `posted`, `notification_text` and `burst`: a described event through the real decoder, the rules, and the wording.

use belfry_core::decide::facts::Focus;
use belfry_core::decide::reason::Reason;
use belfry_core::decide::rules::data;
use belfry_core::decide::{Facts, Mode, decide};
use belfry_core::event::{ChannelType, Event, NotifyProps, Posted, User};
use belfry_core::ids::{ChannelId, PostId};
use belfry_core::official::{shell, wording};
use belfry_core::present;
use belfry_core::state::account::Account;
use belfry_core::state::channel::ChannelPrefs;
use belfry_net::shapes;
use belfry_net::wire;
use serde_json::{Map, Value, json};

use super::{flag, optional, props, status, text, text_of, user};

/// The frame in which a described post would arrive.
pub(super) fn frame(post: &Value, event: &Value) -> String {
    let mut data: Map<String, Value> = event.as_object().cloned().unwrap_or_default();
    for list in ["mentions", "followers"] {
        // Described as a list; on the wire it is a list inside a string, or no field at all.
        match data.remove(list) {
            None | Some(Value::Null) => {}
            Some(Value::String(written)) => {
                data.insert(list.to_owned(), Value::String(written));
            }
            Some(ids) => {
                data.insert(list.to_owned(), Value::String(ids.to_string()));
            }
        }
    }
    data.insert("post".to_owned(), Value::String(post.to_string()));
    let channel = post.get("channel_id").cloned().unwrap_or_default();
    json!({"event": "posted", "data": data, "broadcast": {"channel_id": channel}, "seq": 1}).to_string()
}

/// Hands the decoded event of a frame over.
pub(super) fn with_posted<T>(frame: &str, then: impl FnOnce(&Posted<'_>) -> T) -> Result<T, String> {
    match wire::decode(frame) {
        Ok(Some(Event::Posted(posted))) => Ok(then(&posted)),
        Ok(_) => Err("the described event is none of a post".to_owned()),
        Err(error) => Err(format!("the described event cannot be read: {error}")),
    }
}

pub(super) fn situation(input: &Value) -> Result<Value, String> {
    let frame = frame(input.get("post").unwrap_or(&Value::Null), input.get("event").unwrap_or(&Value::Null));
    with_posted(&frame, |posted| judge(input, posted))
}

struct Channel<'a> {
    kind: Option<ChannelType>,
    name: &'a str,
    display_name: &'a str,
}

fn judge(input: &Value, posted: &Posted<'_>) -> Value {
    let me = user(input.get("me")).unwrap_or_default();
    let account = props(input, "user_notify_props").unwrap_or_default();
    let channel_props = props(input, "channel_notify_props");
    let prefs = channel_props.as_ref().map(ChannelPrefs::read);
    let channel = input.get("channel").filter(|channel| channel.is_object()).map(|channel| Channel {
        kind: ChannelType::parse(text_of(channel, "type")),
        name: text_of(channel, "name"),
        display_name: text_of(channel, "display_name"),
    });
    let groups = input.get("me").map(|me| text::group_names(me.get("group_mention_keys"))).unwrap_or_default();
    let status = status(input);
    let crt = flag(input, "crt");
    let read = Account::read(account.clone());
    let facts = Facts {
        mode: Mode::Strict,
        me: &me,
        account: &read,
        status: status.as_ref(),
        channel_prefs: prefs.as_ref(),
        channel_archived: false,
        channel_type: channel.as_ref().map_or(posted.channel_type, |channel| channel.kind),
        event_channel_type: posted.channel_type,
        crt,
        post: &posted.post,
        mentions: posted.mentions.as_deref(),
        followers: posted.followers.as_deref(),
        follower_recovered: false,
        groups: &groups,
        focus: Focus {
            window_focused: flag(input, "window_focused"),
            current_channel: optional(input, "current_channel_id").and_then(ChannelId::parse),
            open_thread: optional(input, "open_thread_id").and_then(PostId::parse),
            applicable: true,
        },
        ringing: false,
        in_this_calls_thread: false,
    };
    let verdict = decide(&facts);
    let reason = verdict.skip.map(Reason::code);
    let words = words(input, posted, &me, channel.as_ref(), facts.is_crt_reply());
    let (sound, silent) = sound(prefs.as_ref(), &account);
    let banner = verdict.notifies();
    json!({
        "banner": banner,
        "sound": if banner { sound } else { None },
        "silent": silent,
        "status": match verdict.skip {
            None => "success",
            Some(Reason::NoMember) => "error",
            Some(_) => "not_sent",
        },
        "reason": reason,
        "data": verdict.skip.and_then(|reason| data(reason, &facts)),
        "title": words.title,
        "body": words.body,
        "url": words.url,
    })
}

fn sound(prefs: Option<&ChannelPrefs>, account: &NotifyProps) -> (Option<String>, bool) {
    let enabled = present::sound_enabled(prefs, account);
    let name = present::sound_name(prefs, account);
    (Some(name.to_owned()).filter(|name| enabled && name != "None"), !enabled)
}

struct Words {
    title: String,
    body: String,
    url: String,
}

fn words(input: &Value, posted: &Posted<'_>, me: &User, channel: Option<&Channel<'_>>, crt_reply: bool) -> Words {
    let config = input.get("config").and_then(|config| shapes::config(&config.to_string())).unwrap_or_default();
    let format = config.teammate_name_display.as_deref().unwrap_or("username");
    let described = user(input.get("author"));
    // The client always knows the signed-in person.
    let author = match &described {
        Some(author) if author.id == posted.post.user_id => Some(author),
        _ if posted.post.user_id.is_some() && posted.post.user_id == me.id => Some(me),
        other => other.as_ref(),
    };
    let known = channel.map(|channel| match channel.kind {
        Some(ChannelType::Direct) => "Direct Message",
        Some(ChannelType::Public | ChannelType::Private | ChannelType::Group) | None => channel.display_name,
    });
    let name = wording::author(&posted.post, &posted.sender_name, author, format, config.enable_post_username_override);
    let team = |id: Option<&str>| {
        let name = input.get("teams").and_then(|teams| teams.get(id?)).and_then(|team| team.get("name"));
        name.and_then(Value::as_str)
    };
    let teams = wording::TeamNames {
        of_event: team(posted.team_id.as_ref().map(belfry_core::ids::TeamId::as_str)),
        current: team(optional(input, "current_team_id")),
    };
    Words {
        title: present::title(known, posted, crt_reply),
        body: present::body(&name, &text::plain_text(&posted.post), present::fallback_phrase(posted)),
        url: wording::click_target(
            posted,
            crt_reply,
            channel.and_then(|channel| Some((channel.kind?, channel.name))),
            teams,
        ),
    }
}

/// Which posts of a burst are decided.
pub(super) fn burst(input: &Value) -> Value {
    let times: Vec<i64> =
        input.get("post_times_ms").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_i64).collect();
    let decided = shell::evaluated_of_burst(&times);
    let which = |wanted: bool| -> Vec<usize> {
        decided.iter().enumerate().filter(|(_, decided)| **decided == wanted).map(|(index, _)| index).collect()
    };
    let dropped = which(false);
    let reason = (!dropped.is_empty()).then(|| Reason::TooManyPosts.code());
    json!({"evaluated": which(true), "dropped": dropped, "reason": reason})
}
