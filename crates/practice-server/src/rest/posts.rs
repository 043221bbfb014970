//! Posts and reactions.

use hyper::Method;
use serde_json::{Map, Value, json};

use super::bootstrap::channel;
use super::{Answer, Me, Reply, Req, cookies, own};
use crate::error::Refused;
use crate::model::Post;
use crate::shared::Inner;
use crate::state::{NewPost, PostQuery, State};
use crate::wire::{Event, Scope, go_json};

pub(super) fn answer(inner: &mut Inner, req: &Req, me: &Me, segments: &[&str]) -> Option<Answer> {
    Some(match (&req.method, segments) {
        (&Method::POST, ["posts"]) => create(inner, req, me),
        (&Method::GET, ["posts", id]) => visible(&inner.state, me, id).map(Reply::json),
        (&Method::GET, ["posts", id, "thread"]) => {
            let modern = inner.state.version.follows();
            let after = req.query_number("fromCreateAt").filter(|_| modern).unwrap_or(0);
            let most = req.query_number("perPage").filter(|_| modern).and_then(|n| usize::try_from(n).ok());
            let most = most.filter(|most| *most > 0).unwrap_or(usize::MAX);
            visible(&inner.state, me, id).and_then(|_| Ok(Reply::json(&inner.state.thread_posts(id, after, most)?)))
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
            let number = |key: &str| req.query_number(key).and_then(|n| usize::try_from(n).ok());
            let post = |key: &str| req.query(key).filter(|id| !id.is_empty()).map(str::to_owned);
            // 5.37 knows neither collapsed threads nor a way to leave roots out.
            let says = |key: &str| inner.state.version.follows() && req.query(key) == Some("true");
            let query = PostQuery {
                since: req.query_number("since").unwrap_or(0),
                before: post("before"),
                after: post("after"),
                page: number("page").unwrap_or(0),
                per_page: number("per_page").unwrap_or(60),
                collapsed: says("collapsedThreads"),
                skips_roots: says("skipFetchThreads"),
            };
            Reply::json(&inner.state.list_posts(&c.id, &query))
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
