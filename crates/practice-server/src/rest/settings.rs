//! A person's own settings, availability and memberships.

use hyper::Method;
use serde_json::{Value, json};

use super::{Answer, Me, Reply, Req, cookies, own};
use crate::error::Refused;
use crate::shared::Inner;
use crate::state::NewPost;

pub(super) fn answer(inner: &mut Inner, req: &Req, me: &Me, segments: &[&str]) -> Option<Answer> {
    Some(match (&req.method, segments) {
        (&Method::PUT, ["users", id, "patch"]) => own(me, id).and_then(|()| {
            let patch = req.object()?;
            inner.act(|s| s.patch_user(&me.id, &patch))?;
            Ok(Reply::json(&inner.state.user(&me.id)?.json(true, inner.state.version)))
        }),
        (&Method::GET, ["users", id, "preferences"]) => {
            own(me, id).and_then(|()| Ok(Reply::json(&inner.state.preferences_json(&me.id)?)))
        }
        (&Method::GET, ["users", id, "preferences", category]) => own(me, id).and_then(|()| {
            let all = inner.state.preferences_json(&me.id)?;
            let rows: Vec<&Value> =
                all.as_array().into_iter().flatten().filter(|row| row["category"] == **category).collect();
            Ok(Reply::json(&rows))
        }),
        (&Method::PUT, ["users", id, "preferences"]) => own(me, id).and_then(|()| preferences(inner, req, me, false)),
        (&Method::POST, ["users", id, "preferences", "delete"]) => {
            own(me, id).and_then(|()| preferences(inner, req, me, true))
        }
        (&Method::GET, ["users", id, "status"]) => {
            let id = if *id == "me" { me.id.as_str() } else { id };
            inner.state.user(id).map(|user| Reply::json(&user.status))
        }
        (&Method::PUT, ["users", id, "status"]) => own(me, id).and_then(|()| status(inner, req, me)),
        (&Method::POST, ["users", "status", "ids"]) => req.ids("user_ids").map(|ids| {
            let users = ids.iter().filter_map(|id| inner.state.users.get(id));
            Reply::json(&users.map(|u| &u.status).collect::<Vec<_>>())
        }),
        (&Method::GET, ["users", id, "sessions"]) => {
            own(me, id).map(|()| Reply::json(&inner.state.sessions_json(&me.id)))
        }
        (&Method::POST, ["users", id, "sessions", "revoke", "all"]) => own(me, id).map(|()| {
            inner.state.revoke_all(&me.id);
            Reply::okay()
        }),
        (&Method::PUT, ["channels", channel, "members", id, "notify_props"]) => own(me, id).and_then(|()| {
            let props = req.object()?;
            inner.act(|s| s.set_member_props(&me.id, channel, &props))?;
            Ok(Reply::okay())
        }),
        (&Method::POST, ["channels", "members", id, "view"]) => own(me, id).and_then(|()| view(inner, req, me)),
        (&Method::POST, ["channels", "members", id, "mark_read"]) if inner.state.version.views_many() => own(me, id)
            .and_then(|()| {
                let ids = req.ids("channel_ids")?;
                Ok(Reply::json(&inner.act(|s| s.view(&me.id, &ids, true))?))
            }),
        (&Method::POST, ["notifications", "test"]) if inner.state.version.sends_test_notification() => {
            test_notification(inner, me)
        }
        (&Method::POST, ["channels", "direct"]) => req.ids("user_ids").and_then(|ids| {
            let channel = inner.act(|s| s.open_conversation(&ids))?;
            Ok(Reply::json(inner.state.channel(&channel)?).with_status(201))
        }),
        _ => return None,
    })
}

fn preferences(inner: &mut Inner, req: &Req, me: &Me, delete: bool) -> Answer {
    let Value::Array(rows) = req.json()? else { return Err(Refused::body("preferences")) };
    inner.act(|s| s.set_preferences(&me.id, &rows, delete))?;
    Ok(Reply::okay())
}

fn status(inner: &mut Inner, req: &Req, me: &Me) -> Answer {
    let body = req.object()?;
    if body.get("user_id").and_then(Value::as_str) != Some(me.id.as_str()) {
        return Err(Refused::body("user_id"));
    }
    let status = body.get("status").and_then(Value::as_str).unwrap_or_default();
    let until = body.get("dnd_end_time").and_then(Value::as_i64).unwrap_or_default();
    inner.act(|s| s.set_status(&me.id, status, until))?;
    Ok(Reply::json(&inner.state.user(&me.id)?.status))
}

/// Shows a channel: brings the person online and extends the session. An empty id marks nothing.
fn view(inner: &mut Inner, req: &Req, me: &Me) -> Answer {
    let body = req.object()?;
    let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let aware = body.get("collapsed_threads_supported").and_then(Value::as_bool).unwrap_or(false);
    let channel = text("channel_id");
    let reply = if channel.is_empty() {
        inner.state.touched(&me.id);
        Reply::json(&json!({ "status": "OK", "last_viewed_at_times": {} }))
    } else {
        let answer = inner.act(|s| s.view(&me.id, &[channel], aware))?;
        let events = inner.state.active(&me.id, "view");
        inner.emit(&events);
        Reply::json(&answer)
    };
    inner.state.extend(&me.token);
    Ok(cookies(reply, inner, &me.token))
}

/// The system bot writes to the person; the post insists on being shown.
fn test_notification(inner: &mut Inner, me: &Me) -> Answer {
    let bot = if let Ok(id) = inner.state.find_user("system-bot") {
        id
    } else {
        let now = inner.state.now();
        inner.state.add_account(crate::world::Account::new("system-bot").named("System", "").bot(), now)
    };
    let channel = inner.act(|s| s.open_conversation(&[bot.clone(), me.id.clone()]))?;
    let mut props = serde_json::Map::new();
    props.insert("force_notification".to_owned(), json!("true"));
    let new = NewPost {
        channel_id: channel,
        message: "If you received this test notification, it worked!".to_owned(),
        props,
        ..NewPost::default()
    };
    inner.act(|s| s.create_post(&bot, new))?;
    Ok(Reply::okay())
}
