//! The right answers of a small server, and what it says by itself.

use serde_json::{Value, json};

/// When the server's posts begin, Unix milliseconds.
pub(super) const BEGINS_MS: i64 = 1_795_000_000_000;
/// The token of the only session.
pub(super) const TOKEN: &str = "the-only-token";

fn post(id: &str, channel: &str, root: &str, at: i64) -> Value {
    json!({
        "id": id, "create_at": at, "update_at": at, "edit_at": 0, "delete_at": 0, "user_id": "rosa", "channel_id": channel,
        "root_id": root, "message": "for @morgan", "type": "", "props": {}, "metadata": {},
    })
}

fn at(gaps: usize) -> i64 {
    i64::try_from(gaps).unwrap_or(i64::MAX).saturating_mul(60_000).saturating_add(BEGINS_MS)
}

fn channel(id: &str, kind: &str, gaps: usize) -> Value {
    let (team, name) = if kind == "D" { ("", "me__rosa") } else { ("north", id) };
    let total = gaps + 3;
    json!({
        "id": id, "team_id": team, "type": kind, "name": name, "display_name": id, "total_msg_count": total,
        "total_msg_count_root": total, "last_post_at": at(gaps), "last_root_post_at": at(gaps), "delete_at": 0,
    })
}

fn member(id: &str, gaps: usize) -> Value {
    json!({
        "channel_id": id, "user_id": "me", "msg_count": 3, "msg_count_root": 3, "mention_count": gaps,
        "mention_count_root": gaps, "last_viewed_at": BEGINS_MS, "last_update_at": BEGINS_MS,
        "notify_props": {"desktop": "default", "mark_unread": "all"},
    })
}

fn posts(channel: &str, root: &str, gaps: usize) -> Value {
    let ids: Vec<String> = (1..=gaps.min(50)).rev().map(|n| format!("{channel}{n}")).collect();
    let posts: serde_json::Map<String, Value> = (1..=gaps.min(50))
        .map(|n| format!("{channel}{n}"))
        .zip(1..)
        .map(|(id, n)| {
            let post = post(&id, channel, root, at(n));
            (id, post)
        })
        .collect();
    json!({"order": ids, "posts": posts, "next_post_id": "", "prev_post_id": ""})
}

/// Status, more header lines, and the body.
pub(super) fn right(path: &str, gaps: usize) -> (u16, &'static str, Vec<u8>) {
    let path = path.split('?').next().unwrap_or_default().trim_start_matches("/api/v4/");
    let parts: Vec<&str> = path.split('/').collect();
    let me = json!({
        "id": "me", "username": "morgan", "first_name": "Morgan", "update_at": BEGINS_MS,
        "notify_props": {"desktop": "mention", "desktop_threads": "all", "channel": "true"},
    });
    let thread = json!({
        "id": "root", "reply_count": 2, "last_reply_at": at(gaps), "last_viewed_at": BEGINS_MS, "unread_replies": gaps,
        "unread_mentions": gaps, "delete_at": 0, "post": post("root", "ops", "", BEGINS_MS), "participants": [],
    });
    let body = match parts.as_slice() {
        ["system", "ping"] | ["users", "logout"] | ["channels", "members", "me", _] => json!({"status": "OK"}),
        ["config", "client"] => json!({
            "Version": "11.1.0", "SiteName": "Northwind", "CollapsedThreads": "default_on",
            "TeammateNameDisplay": "username",
        }),
        ["license", "client"] => json!({"IsLicensed": "false"}),
        ["users", "login" | "me"] | ["users", "login", "desktop_token"] => me,
        ["users", "me", "preferences"]
        | ["users", "me", "teams", "members"]
        | ["", "plugins", "com.mattermost.calls", "channels"] => json!([]),
        ["users", "me", "sessions"] => json!([{
            "id": "s1", "create_at": BEGINS_MS, "expires_at": BEGINS_MS + 86_400_000 * 30, "device_id": "",
        }]),
        ["users", "me", "teams"] => json!([{"id": "north", "name": "north", "display_name": "North", "delete_at": 0}]),
        ["users", "me", "status"] => json!({"user_id": "me", "status": "online", "manual": false, "dnd_end_time": 0}),
        ["users", "me", "teams", "unread"] => json!([{
            "team_id": "north", "msg_count": gaps, "msg_count_root": gaps, "mention_count": gaps, "mention_count_root": gaps,
            "thread_count": 1, "thread_mention_count": gaps,
        }]),
        ["users", "me", "channels"] => json!([channel("ops", "O", gaps), channel("dm", "D", gaps)]),
        ["users", "me", "channel_members"] => json!([member("ops", gaps), member("dm", gaps)]),
        ["users", "me", "teams", _, "channels"] => json!([channel("ops", "O", gaps)]),
        ["users", "me", "teams", _, "channels", "members"] => json!([member("ops", gaps)]),
        ["users", "me", "teams", _, "threads"] => json!({
            "total": 1, "total_unread_threads": 1, "total_unread_mentions": gaps, "total_unread_urgent_mentions": 0,
            "threads": [thread],
        }),
        ["users", "ids"] => json!([{"id": "rosa", "username": "rosa"}, {"id": "jun", "username": "jun"}]),
        ["users", _, "image"] => return (200, "Content-Type: image/png\r\n", b"\x89PNG\r\n\x1a\n".to_vec()),
        ["channels", id] => channel(id, "O", gaps),
        ["channels", id, "members", "me"] => member(id, gaps),
        ["channels", id, "posts"] => posts(id, "", gaps),
        ["posts", root, "thread"] => posts("ops", root, gaps),
        ["", "plugins", "com.mattermost.calls", "config"] => json!({"EnableRinging": true}),
        ["channels", _, "members", "me", "notify_props"] | ["users", "me", "teams", _, "threads", ..] => {
            json!({"status": "OK"})
        }
        _ => {
            let body = json!({"id": "api.context.404.app_error", "message": "Sorry", "status_code": 404});
            return (404, "", body.to_string().into_bytes());
        }
    };
    let headers = if path.starts_with("users/login") {
        "Content-Type: application/json\r\nToken: the-only-token\r\nSet-Cookie: MMAUTHTOKEN=x\r\n"
    } else {
        "Content-Type: application/json\r\n"
    };
    (200, headers, body.to_string().into_bytes())
}

/// Hello, and a message in a channel and by a person whom nobody has heard of.
pub(super) fn greeting(gaps: usize) -> [String; 2] {
    let hello = json!({
        "event": "hello", "data": {"server_version": "11.1.0.1.x.true", "connection_id": format!("connection{gaps}")},
        "broadcast": {}, "seq": 0,
    });
    let post = post(&format!("live{gaps}"), "new", "", at(gaps + 1)).to_string().replace("rosa", "stranger");
    let posted = json!({
        "event": "posted",
        "data": {
            "channel_type": "O", "channel_name": "new", "channel_display_name": "New", "sender_name": "@stranger",
            "team_id": "north", "mentions": "[\"me\"]", "post": post,
        },
        "broadcast": {"channel_id": "new"}, "seq": 1,
    });
    [hello.to_string(), posted.to_string()]
}

/// The answer to a frame of the client.
pub(super) fn reply(frame: &str) -> String {
    let seq = serde_json::from_str::<Value>(frame).ok().and_then(|value| value.get("seq").cloned());
    json!({"status": "OK", "seq_reply": seq, "data": {"text": "pong"}}).to_string()
}

/// A direct message with its number, as it comes over the websocket.
pub fn direct_message(id: &str, text: &str, seq: u64) -> String {
    let mut post = post(id, "dm", "", at(0).saturating_add(1_000));
    if let Some(message) = post.get_mut("message") {
        *message = json!(text);
    }
    json!({
        "event": "posted",
        "data": {
            "channel_type": "D", "channel_name": "me__rosa", "channel_display_name": "@rosa", "sender_name": "@rosa",
            "team_id": "", "mentions": "[\"me\"]", "post": post.to_string(),
        },
        "broadcast": {"channel_id": "dm"}, "seq": seq,
    })
    .to_string()
}
