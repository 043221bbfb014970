//! Frames that need nothing, made from recorded ones: what most of a busy server's traffic is.

use std::collections::BTreeSet;

use anyhow::Context as _;
use serde_json::{Value, json};

use super::recorded::Recording;

/// Frames of each kind.
const EACH: usize = 8;
/// Recorded ones that need nothing as they are.
const RECORDED: [&str; 3] = ["hello", "sidebar_category_updated", "user_role_updated"];

/// Typing, availability and reactions of other people in equal parts, and the recorded rest.
pub(crate) fn frames(recording: &Recording) -> anyhow::Result<Vec<String>> {
    let me = recording.snapshot()?.me.and_then(|me| me.id).context("nobody is signed in")?;
    let me = me.as_str();
    let posts: Vec<Posted> = recording.frames.iter().filter_map(|frame| posted(frame)).collect();
    let others: BTreeSet<&str> = posts.iter().map(|post| post.author.as_str()).filter(|author| *author != me).collect();
    let mut frames = Vec::new();
    let typing = find(recording, "typing")?;
    let status = find(recording, "status_change")?;
    let typist = text_at(typing, "/data/user_id").context("nobody types")?;
    for (other, post) in others.iter().cycle().zip(posts.iter().cycle()).take(EACH) {
        frames.push(typing.replace(&typist, other));
        frames.push(status.replace(me, other));
        for event in ["reaction_added", "reaction_removed"] {
            let reaction = json!({
                "user_id": other, "post_id": post.id, "emoji_name": "thumbsup", "create_at": post.create_at,
                "update_at": post.create_at, "delete_at": 0, "remote_id": "", "channel_id": post.channel
            });
            let data = json!({ "reaction": reaction.to_string() });
            frames.push(format!(r#"{{"event":"{event}","data":{data},"broadcast":{},"seq":9}}"#, post.broadcast));
        }
    }
    let quiet = |frame: &&String| super::event_name(frame).is_none_or(|name| RECORDED.contains(&name));
    frames.extend(recording.frames.iter().filter(quiet).cloned());
    Ok(frames)
}

struct Posted {
    id: Value,
    author: String,
    channel: Value,
    create_at: Value,
    broadcast: Value,
}

fn posted(frame: &str) -> Option<Posted> {
    if super::event_name(frame) != Some("posted") {
        return None;
    }
    let outer: Value = serde_json::from_str(frame).ok()?;
    let post: Value = serde_json::from_str(outer.pointer("/data/post")?.as_str()?).ok()?;
    Some(Posted {
        id: post.get("id")?.clone(),
        author: post.get("user_id")?.as_str()?.to_owned(),
        channel: post.get("channel_id")?.clone(),
        create_at: post.get("create_at")?.clone(),
        broadcast: outer.get("broadcast")?.clone(),
    })
}

fn find<'a>(recording: &'a Recording, event: &str) -> anyhow::Result<&'a str> {
    let found = recording.frames.iter().find(|frame| super::event_name(frame) == Some(event));
    found.map(String::as_str).with_context(|| format!("{} has no {event}", recording.name))
}

fn text_at(frame: &str, pointer: &str) -> Option<String> {
    serde_json::from_str::<Value>(frame).ok()?.pointer(pointer)?.as_str().map(ToOwned::to_owned)
}
