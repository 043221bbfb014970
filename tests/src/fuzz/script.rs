//! A history as lines of text, so that a fuzzer can cut and join histories and a person can read one.
//!
//! | a line | what happens |
//! |---|---|
//! | `{…}` | a frame arrives |
//! | `post p1 ops rosa root tags text…` | the frame of a post arrives; `-` for no root; tags: `m`ention, `u`rgent, `f`ollowers, `w`ebhook, `k`ind unknown, `-` |
//! | `edit p1 ops`, `delete p1 ops`, `repeat p1 ops` | the frames of these events arrive |
//! | `view ops`, `unread ops 3 2`, `member ops {…}` | channels are read, marked unread, set |
//! | `thread p1 ops 2 1`, `read p1 0 0` | a thread changes, is read |
//! | `call ops c1 rosa`, `end ops` | a call rings, ends |
//! | `status dnd` | the person's status |
//! | `rest GET path 200 {…}` | a server answers, for the next `load` |
//! | `load` | a snapshot of everything answered |
//! | `answer {…}`, `refuse` | the oldest question of the engine is answered, or not |
//! | `net live`, `net wait`, `net out`, `net none`, `net connecting`, `net failed` | the connection |
//! | `on 2` | what follows is about another server |
//! | `do {…}`, `see {…}` | a command, a signal, as JSON |
//! | `paint`, `toast` | what is shown was painted, or shown by the system |
//! | `wait 500`, `leap 500` | time passes, with and without waking at deadlines |
//! | `wall -5000` | the wall clock is set |
//! | `start p1 p2` | as the first line: an earlier run presented these posts |

use belfry_core::command::Command;
use belfry_core::signal::Signal;
use serde_json::{Value, json};

/// One line of a history.
#[derive(Debug)]
pub(super) enum Line<'a> {
    Frame(std::borrow::Cow<'a, str>),
    Rest { method: &'a str, path: &'a str, status: u16, body: &'a str },
    Load,
    Answer(&'a str),
    Refuse,
    Net(&'a str),
    On(u32),
    Do(Command),
    See(Signal),
    Paint,
    Toast,
    Wait(u64),
    Leap(u64),
    Wall(i64),
    Start(Vec<&'a str>),
}

/// Reads a line; `None` where it says nothing.
pub(super) fn line(text: &str) -> Option<Line<'_>> {
    if text.starts_with('{') || text.starts_with('[') {
        return Some(Line::Frame(text.into()));
    }
    let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
    Some(match verb {
        "rest" => {
            let mut words = rest.splitn(4, ' ');
            let (method, path, status) = (words.next()?, words.next()?, words.next()?.parse().ok()?);
            Line::Rest { method, path, status, body: words.next()? }
        }
        "load" => Line::Load,
        "answer" => Line::Answer(rest),
        "refuse" => Line::Refuse,
        "net" => Line::Net(rest),
        "on" => Line::On(rest.parse().ok()?),
        "do" => Line::Do(serde_json::from_str(rest).ok()?),
        "see" => Line::See(serde_json::from_str(rest).ok()?),
        "paint" => Line::Paint,
        "toast" => Line::Toast,
        "wait" => Line::Wait(rest.parse().ok()?),
        "leap" => Line::Leap(rest.parse().ok()?),
        "wall" => Line::Wall(rest.parse().ok()?),
        "start" => Line::Start(rest.split(' ').collect()),
        _ => Line::Frame(frame(verb, rest)?.into()),
    })
}

/// The frame of a common event in a few words, as a server would write it.
fn frame(verb: &str, rest: &str) -> Option<String> {
    let mut words = rest.splitn(6, ' ');
    let mut word = || words.next().unwrap_or_default();
    let (first, second) = (word(), word());
    let number = |text: &str| text.parse::<i64>().map_or(json!(text), |number| json!(number));
    let of_channel = |channel: &str| json!({"channel_id": channel, "team_id": ""});
    let (event, data, broadcast) = match verb {
        "post" | "repeat" => {
            let (user, root, tags, text) = (word(), word(), word(), word());
            let event = if verb == "post" { "posted" } else { "persistent_notification_triggered" };
            (event, posted(first, second, [user, root, tags, text]), of_channel(second))
        }
        "edit" | "delete" => {
            let event = if verb == "edit" { "post_edited" } else { "post_deleted" };
            let post = json!({"id": first, "channel_id": second, "user_id": "rosa", "message": word(), "edit_at": 5});
            (event, json!({"post": post.to_string()}), of_channel(second))
        }
        "view" => ("multiple_channels_viewed", json!({"channel_times": {first: number(second)}}), json!({})),
        "unread" => {
            let data = json!({
                "msg_count": number(second), "msg_count_root": number(second),
                "mention_count": number(word()), "mention_count_root": number(word()), "last_viewed_at": number(word()),
            });
            ("post_unread", data, of_channel(first))
        }
        "member" => {
            let mut member: Value = serde_json::from_str(rest.split_once(' ')?.1).ok()?;
            member.as_object_mut()?.insert("channel_id".to_owned(), json!(first));
            ("channel_member_updated", json!({"channelMember": member.to_string()}), json!({"user_id": "me"}))
        }
        "thread" => {
            let thread = json!({
                "id": first, "unread_replies": number(word()), "unread_mentions": number(word()),
                "post": {"channel_id": second, "message": "root"},
            });
            ("thread_updated", json!({"thread": thread.to_string()}), json!({"team_id": "north"}))
        }
        "read" => {
            let data = json!({"thread_id": first, "unread_replies": number(second), "unread_mentions": number(word())});
            ("thread_read_changed", data, json!({"team_id": "north"}))
        }
        "call" => {
            let data = json!({"id": second, "channelID": first, "owner_id": word(), "start_at": number(word())});
            ("custom_com.mattermost.calls_call_start", data, of_channel(first))
        }
        "end" => ("custom_com.mattermost.calls_call_end", json!({}), of_channel(first)),
        "status" => ("status_change", json!({"status": first, "user_id": "me"}), json!({"user_id": "me"})),
        _ => return None,
    };
    // The event stands first, as servers write it.
    Some(format!("{{\"event\":\"{event}\",\"data\":{data},\"broadcast\":{broadcast},\"seq\":1}}"))
}

fn posted(id: &str, channel: &str, [user, root, tags, text]: [&str; 4]) -> Value {
    let tagged = |tag: char| tags.contains(tag);
    let mut post = json!({"id": id, "channel_id": channel, "user_id": user, "message": text, "create_at": 1000});
    let mut set = |key: &str, value: Value| {
        if let Some(fields) = post.as_object_mut() {
            fields.insert(key.to_owned(), value);
        }
    };
    if root != "-" {
        set("root_id", json!(root));
    }
    if tagged('k') {
        set("type", json!("custom_fuzz"));
    }
    if tagged('u') {
        set("metadata", json!({"priority": {"priority": "urgent"}}));
    }
    if tagged('w') {
        set("props", json!({"from_webhook": "true", "override_username": "hook"}));
    }
    let mut data = json!({"post": post.to_string(), "channel_name": channel, "channel_display_name": "Place", "sender_name": "@rosa"});
    let kind = match channel {
        "dm" => "D",
        "gm" => "G",
        _ => "O",
    };
    if let Some(fields) = data.as_object_mut() {
        fields.insert("channel_type".to_owned(), json!(kind));
        if kind == "O" {
            fields.insert("team_id".to_owned(), json!("north"));
        }
        if tagged('m') {
            fields.insert("mentions".to_owned(), json!("[\"me\"]"));
        }
        if tagged('f') {
            fields.insert("followers".to_owned(), json!("[\"me\"]"));
        }
    }
    data
}
