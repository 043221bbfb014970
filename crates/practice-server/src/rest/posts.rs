//! Posts and reactions.

use hyper::Method;
use serde_json::{Map, Value, json};

use super::bootstrap::channel;
use super::{Answer, Me, Reply, Req, cookies, own};
use crate::error::Refused;
use crate::model::Post;
use crate::shared::Inner;
use crate::state::{NewPost, State};
use crate::wire::{Event, Scope, go_json};

/// A list of posts is never longer.
const MAX_POSTS: usize = 1000;

pub(super) fn answer(inner: &mut Inner, req: &Req, me: &Me, segments: &[&str]) -> Option<Answer> {
    Some(match (&req.method, segments) {
        (&Method::POST, ["posts"]) => create(inner, req, me),
        (&Method::GET, ["posts", id]) => visible(&inner.state, me, id).map(Reply::json),
        (&Method::GET, ["posts", id, "thread"]) => {
            visible(&inner.state, me, id).and_then(|_| Ok(Reply::json(&inner.state.thread_posts(id)?)))
        }
        (&Method::PUT, ["posts", id, "patch"]) => req.object().and_then(|body| {
            let text = body.get("message").and_then(Value::as_str).unwrap_or_default();
            Ok(Reply::json(&inner.act(|s| s.edit_post(&me.id, id, text))?))
        }),
        (&Method::DELETE, ["posts", id]) => {
            visible(&inner.state, me, id).map(|p| p.user_id == me.id).and_then(|mine| {
                if !mine {
                    return Err(Refused::permission());
                }
                inner.act(|s| s.delete_post(id))?;
                Ok(Reply::okay())
            })
        }
        (&Method::GET, ["channels", id, "posts"]) => channel(&inner.state, me, id).map(|c| {
            let since = req.query_number("since").unwrap_or(-1);
            let size = req.query_number("per_page").and_then(|n| usize::try_from(n).ok()).unwrap_or(60);
            let limit = if since >= 0 { MAX_POSTS } else { size.min(200) };
            Reply::json(&inner.state.posts_since(&c.id, since, limit))
        }),
        (&Method::POST, ["users", id, "posts", post, "set_unread"]) => own(me, id).and_then(|()| {
            let aware = req.object().ok().and_then(|b| b.get("collapsed_threads_supported")?.as_bool());
            Ok(Reply::json(&inner.act(|s| s.mark_unread(&me.id, post, aware.unwrap_or(false)))?))
        }),
        (&Method::POST, ["reactions"]) => react(inner, req, me),
        (&Method::DELETE, ["users", id, "posts", post, "reactions", emoji]) => {
            own(me, id).and_then(|()| reaction(inner, me, post, emoji, "reaction_removed").map(|_| Reply::okay()))
        }
        (&Method::POST, ["users", id, "posts", _, "ack"]) => {
            own(me, id).and_then(|()| Err(Refused::new(501, "<untranslated>", "<untranslated>")))
        }
        _ => return None,
    })
}

fn visible<'a>(state: &'a State, me: &Me, id: &str) -> Result<&'a Post, Refused> {
    let post = state.post(id)?;
    channel(state, me, &post.channel_id)?;
    Ok(post)
}

/// Writes a post; without `set_online=false` the author comes online.
fn create(inner: &mut Inner, req: &Req, me: &Me) -> Answer {
    let body = req.object()?;
    let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let new = NewPost {
        channel_id: text("channel_id"),
        root_id: text("root_id"),
        message: text("message"),
        props: body.get("props").and_then(Value::as_object).cloned().unwrap_or_default(),
        pending_post_id: text("pending_post_id"),
        set_online: req.query("set_online") != Some("false"),
        ..NewPost::default()
    };
    let post = inner.act(|s| s.create_post(&me.id, new))?;
    Ok(cookies(Reply::json(&post).with_status(201), inner, &me.token))
}

fn react(inner: &mut Inner, req: &Req, me: &Me) -> Answer {
    let body = req.object()?;
    let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default();
    if text("user_id") != me.id {
        return Err(Refused::permission());
    }
    let made = reaction(inner, me, text("post_id"), text("emoji_name"), "reaction_added")?;
    Ok(Reply::json(&made).with_status(201))
}

fn reaction(inner: &mut Inner, me: &Me, post: &str, emoji: &str, event: &str) -> Result<Map<String, Value>, Refused> {
    let channel = visible(&inner.state, me, post)?.channel_id.clone();
    let at = inner.state.tick();
    let json = json!({
        "user_id": me.id, "post_id": post, "emoji_name": emoji, "create_at": at, "update_at": at, "delete_at": 0,
        "remote_id": "", "channel_id": channel,
    });
    let told = Event::new(event, Scope::channel(&channel), [("reaction", Value::String(go_json(&json)))]);
    inner.emit(&[told]);
    Ok(json.as_object().cloned().unwrap_or_default())
}
