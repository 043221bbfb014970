//! Changes whose outcome is told. Of preferences: read what is there, change what was asked for, write it whole.

use belfry_core::effect::Write;
use belfry_core::event::{NotifyProps, Preference, Saved, Written};
use belfry_core::ids::{ChannelId, PostId};
use belfry_core::reply::Typed;
use belfry_core::settings::{SettingChange, SettingKey};
use hyper::Method;
use serde_json::{Map, Value};

use super::load;
use crate::http::{HttpError, Rest, Size, segment};
use crate::shapes::{self, PreferenceShape, UserShape};

const ME: &str = "/api/v4/users/me";
const PREFERENCES: &str = "/api/v4/users/me/preferences";
/// The category of the e-mail interval (notifications §1.3).
const CATEGORY: &str = "notifications";

/// Carries out a change that wants an answer; `None` for the others.
pub(super) async fn save(rest: &Rest, write: &Write) -> Option<Result<Written, HttpError>> {
    match write {
        Write::Settings { number: _, changes } => Some(settings(rest, changes).await),
        Write::ChannelProps { number: _, channel_id, props } => Some(channel(rest, *channel_id, props).await),
        Write::SendTest { number: _ } => Some(test(rest).await),
        Write::Reply { number: _, channel_id, root_id, text, pending_post_id } => {
            Some(reply(rest, *channel_id, *root_id, text, pending_post_id).await)
        }
        Write::ExtendSession | Write::MarkRead(_) | Write::MarkThreadRead { .. } | Write::DismissCall { .. } => None,
    }
}

/// What came of a change that was refused, for the engine.
pub(super) fn refused(error: &HttpError) -> Written {
    let unknown = matches!(error.status(), Some(404 | 405 | 501));
    Written::Refused { reason: error.to_string(), unknown }
}

/// The server replaces the whole map (protocol §6.1): whatever we do not change goes back as it came, of whatever type.
async fn settings(rest: &Rest, changes: &[SettingChange]) -> Result<Written, HttpError> {
    let reply = rest.read(ME, Size::Ordinary).await?;
    let before: Value = serde_json::from_slice(&reply.body).map_err(|_hidden| HttpError::Malformed)?;
    let me = before.get("id").and_then(Value::as_str).ok_or(HttpError::Malformed)?.to_owned();
    let mut props = match before.get("notify_props") {
        Some(Value::Object(props)) => props.clone(),
        // Writing what was not read would lose everything that is there.
        _ => return Err(HttpError::Malformed),
    };
    let elsewhere: Vec<&SettingChange> = changes.iter().filter(|change| !change.key.is_notify_prop()).collect();
    let preferences = if elsewhere.is_empty() { Vec::new() } else { preferences(rest).await? };
    let moved = changes.iter().any(|change| {
        let held = if change.key.is_notify_prop() {
            props.get(change.key.name()).and_then(Value::as_str)
        } else {
            preferences.iter().find(|held| held.name == change.key.name()).map(|held| held.value.as_str())
        };
        kept(change.key, held) != kept(change.key, change.from.as_deref())
    });
    if moved {
        let me = shapes::object::<UserShape>(&reply.body).and_then(UserShape::into_user);
        return Ok(Written::ChangedElsewhere(Box::new(Saved { me, preferences, member: None })));
    }
    let mut saved = Saved::default();
    if elsewhere.len() < changes.len() {
        for change in changes.iter().filter(|change| change.key.is_notify_prop()) {
            match &change.to {
                Some(to) => props.insert(change.key.name().to_owned(), Value::String(to.clone())),
                None => props.remove(change.key.name()),
            };
        }
        saved.me = Some(patch(rest, props).await?);
    }
    for change in elsewhere {
        saved.preferences.push(preference(rest, &me, change).await?);
    }
    Ok(Written::Done(Box::new(saved)))
}

fn kept(key: SettingKey, value: Option<&str>) -> Option<String> {
    value.map(|value| key.as_kept(value))
}

async fn patch(rest: &Rest, props: Map<String, Value>) -> Result<belfry_core::event::User, HttpError> {
    let body = serde_json::json!({ "notify_props": props }).to_string();
    let reply = rest.write(Method::PUT, "/api/v4/users/me/patch", body.as_bytes()).await?;
    let told = shapes::object::<UserShape>(&reply.body).and_then(UserShape::into_user);
    match told {
        Some(user) if user.notify_props.is_some() => Ok(user),
        // It does not say what it made of it: ask.
        _ => rest.me().await,
    }
}

async fn preferences(rest: &Rest) -> Result<Vec<Preference>, HttpError> {
    let reply = rest.read(PREFERENCES, Size::Ordinary).await?;
    let list = shapes::list::<PreferenceShape>(&reply.body);
    let all = list.items.into_iter().filter_map(PreferenceShape::into_preference);
    Ok(all.filter(|preference| preference.category == CATEGORY).collect())
}

/// Only the real id is accepted in it (protocol §6.3).
async fn preference(rest: &Rest, me: &str, change: &SettingChange) -> Result<Preference, HttpError> {
    let name = change.key.name();
    let value = change.to.as_deref().unwrap_or_default();
    let body = serde_json::json!([{ "user_id": me, "category": CATEGORY, "name": name, "value": value }]).to_string();
    match change.to {
        Some(_) => rest.write(Method::PUT, PREFERENCES, body.as_bytes()).await?,
        None => rest.write(Method::POST, "/api/v4/users/me/preferences/delete", body.as_bytes()).await?,
    };
    Ok(Preference { category: CATEGORY.to_owned(), name: name.to_owned(), value: value.to_owned() })
}

/// Only the keys that are given change (protocol §6.2). The membership is read afterwards: some servers drop keys silently.
async fn channel(rest: &Rest, id: ChannelId, props: &NotifyProps) -> Result<Written, HttpError> {
    let path = format!("/api/v4/channels/{}/members/me/notify_props", segment(id.as_str()));
    let body = serde_json::json!(props).to_string();
    rest.write(Method::PUT, &path, body.as_bytes()).await?;
    let member = match load::member(rest, id).await {
        Ok(member) => Some(member),
        // It is saved; what it came to is told by an event too.
        Err(error) => {
            tracing::debug!(%error, "a saved channel could not be read");
            None
        }
    };
    Ok(Written::Done(Box::new(Saved { member, ..Saved::default() })))
}

async fn test(rest: &Rest) -> Result<Written, HttpError> {
    rest.write(Method::POST, "/api/v4/notifications/test", b"").await?;
    Ok(Written::Done(Box::default()))
}

/// Presence is told by itself, as it is: a reply alone makes nobody look online.
async fn reply(
    rest: &Rest,
    channel_id: ChannelId,
    root_id: Option<PostId>,
    text: &Typed,
    pending_post_id: &str,
) -> Result<Written, HttpError> {
    let root = root_id.as_ref().map_or("", PostId::as_str);
    let body = serde_json::json!({
        "channel_id": channel_id.as_str(),
        "root_id": root,
        "message": text.as_str(),
        "pending_post_id": pending_post_id,
    });
    rest.write(Method::POST, "/api/v4/posts?set_online=false", body.to_string().as_bytes()).await?;
    Ok(Written::Done(Box::default()))
}
