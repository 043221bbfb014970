//! The Calls plugin, as far as ringing goes (`protocol.md` §5.8 and §12.11–12).

use serde_json::{Map, Value, json};

use super::{NewPost, Outcome, State};
use crate::error::Refused;
use crate::model::{Call, CallSession};
use crate::wire::{Event, Scope};

const PREFIX: &str = "custom_com.mattermost.calls_";

fn call_event<const N: usize>(name: &str, scope: Scope, data: [(&str, Value); N]) -> Event {
    Event::new(&format!("{PREFIX}{name}"), scope, data)
}

/// The call's post carries an untranslated key as its text.
fn call_props(key: &str, start_at: i64, end_at: Option<i64>) -> Map<String, Value> {
    let mut props = Map::new();
    let attachment = json!({ "id": 0, "fallback": key, "title": key, "text": key });
    props.insert("attachments".to_owned(), json!([attachment]));
    props.insert("from_plugin".to_owned(), json!("true"));
    props.insert("start_at".to_owned(), json!(start_at));
    props.insert("title".to_owned(), json!(""));
    if let Some(end_at) = end_at {
        props.insert("end_at".to_owned(), json!(end_at));
        props.insert("participants".to_owned(), Value::Null);
    }
    props
}

impl State {
    /// Starts a call, or joins the one that runs. Only direct conversations have calls without a licence.
    pub(crate) fn join_call(&mut self, user: &str, channel: &str) -> Outcome<String> {
        if self.ringing.is_none() {
            return Err(Refused::new(404, "app.plugin.not_found", "The Calls plugin is not installed."));
        }
        self.member(channel, user)?;
        let session = CallSession {
            session_id: self.ids.id(),
            user_id: user.to_owned(),
            unmuted: false,
            raised_hand: 0,
            video: false,
        };
        let mut events = Vec::new();
        if !self.calls.contains_key(channel) {
            if self.channel(channel)?.kind != "D" && !self.licence.contains_key("SkuShortName") {
                let text = "app.add_user_session.group_calls_not_allowed_error";
                let ((), told) = self.ephemeral(user, channel, text)?;
                return Ok((String::new(), told));
            }
            events = self.start_call(user, channel)?;
        }
        let joined =
            [("channelID", json!(channel)), ("session_id", json!(session.session_id)), ("user_id", json!(user))];
        events.push(call_event("user_joined", Scope::channel(channel), joined));
        let call = self.calls.get_mut(channel).ok_or_else(|| Refused::no_channel(channel))?;
        call.sessions.push(session);
        Ok((call.id.clone(), events))
    }

    fn start_call(&mut self, user: &str, channel: &str) -> Result<Vec<Event>, Refused> {
        let start_at = self.tick();
        let id = self.ids.id();
        let key = "app.call.started_message_fullname";
        let new = NewPost {
            channel_id: channel.to_owned(),
            kind: "custom_calls".to_owned(),
            message: key.to_owned(),
            props: call_props(key, start_at, None),
            set_online: true,
            ..NewPost::default()
        };
        let host = [("call_id", json!(id)), ("channelID", json!(channel)), ("hostID", json!(user))];
        let mut events = vec![call_event("call_host_changed", Scope::user(user), host)];
        let (post, told) = self.create_post(user, new)?;
        events.extend(told);
        let data = [
            ("channelID", json!(channel)),
            ("host_id", json!(user)),
            ("id", json!(id)),
            ("owner_id", json!(user)),
            ("post_id", json!(post.id)),
            ("start_at", json!(start_at)),
            ("thread_id", json!(post.id)),
        ];
        events.push(call_event("call_start", Scope::channel(channel), data));
        let call = Call {
            id,
            start_at,
            sessions: Vec::new(),
            thread_id: post.id.clone(),
            post_id: post.id,
            screen_sharing_session_id: String::new(),
            owner_id: user.to_owned(),
            host_id: user.to_owned(),
            dismissed: std::collections::BTreeSet::new(),
        };
        self.calls.insert(channel.to_owned(), call);
        Ok(events)
    }

    /// Leaves a call. When the last one leaves there is no `call_end`: only `user_left` and an edit of the post.
    pub(crate) fn leave_call(&mut self, user: &str, channel: &str) -> Outcome<()> {
        let call = self.calls.get_mut(channel).ok_or_else(|| Refused::no_channel(channel))?;
        let at = call.sessions.iter().position(|s| s.user_id == user).ok_or_else(Refused::no_member)?;
        let session = call.sessions.remove(at);
        let data = [("channelID", json!(channel)), ("session_id", json!(session.session_id)), ("user_id", json!(user))];
        let mut events = vec![call_event("user_left", Scope::channel(channel), data)];
        if call.sessions.is_empty() {
            events.extend(self.close_call(channel)?);
        }
        Ok(((), events))
    }

    /// The host ends a call for everybody.
    pub(crate) fn end_call(&mut self, channel: &str) -> Outcome<()> {
        let mut events = vec![call_event("call_end", Scope::channel(channel), [("channelID", json!(channel))])];
        events.extend(self.close_call(channel)?);
        Ok(((), events))
    }

    fn close_call(&mut self, channel: &str) -> Result<Vec<Event>, Refused> {
        let call = self.calls.remove(channel).ok_or_else(|| Refused::no_channel(channel))?;
        let end_at = self.tick();
        let key = "app.call.ended_message";
        let (_, events) = self.change_post(&call.post_id, |post| {
            key.clone_into(&mut post.message);
            post.props = call_props(key, call.start_at, Some(end_at));
            post.edit_at = end_at;
        })?;
        Ok(events)
    }

    /// Stops the ringing on all of a person's devices.
    pub(crate) fn dismiss_call(&mut self, user: &str, channel: &str) -> Outcome<()> {
        let Some(call) = self.calls.get_mut(channel) else {
            return Err(Refused::new(400, "", "no call ongoing"));
        };
        call.dismissed.insert(user.to_owned());
        let data = [("callID", json!(call.id)), ("userID", json!(user))];
        Ok(((), vec![call_event("user_dismissed_notification", Scope::user(user), data)]))
    }

    /// One row of the plugin's channel list.
    pub(crate) fn call_json(&self, user: &str, channel: &str) -> Value {
        let mut row = json!({ "channel_id": channel, "enabled": true });
        if let (Some(call), Some(map)) = (self.calls.get(channel), row.as_object_mut()) {
            let mut state = json!(call);
            if let (true, Some(state)) = (call.dismissed.contains(user), state.as_object_mut()) {
                state.insert("dismissed_notification".to_owned(), json!({ user: true }));
            }
            map.insert("call".to_owned(), state);
        }
        row
    }
}
