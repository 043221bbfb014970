//! Joining and leaving, and settings of a membership.

use serde_json::{Map, Value, json};

use super::{Outcome, State};
use crate::error::Refused;
use crate::wire::{Event, Scope, go_json};

/// The settings that a membership has; others are dropped without a word (`protocol.md` §6.2).
const MEMBER_KEYS: [&str; 10] = [
    "channel_auto_follow_threads",
    "desktop",
    "desktop_notification_sound",
    "desktop_sound",
    "desktop_threads",
    "email",
    "ignore_channel_mentions",
    "mark_unread",
    "push",
    "push_threads",
];

impl State {
    /// Puts somebody into a channel: by themselves, or by another person.
    pub(crate) fn join(&mut self, user: &str, channel: &str, by: Option<&str>) -> Outcome<()> {
        if self.channel(channel)?.members.contains_key(user) {
            return Ok(((), Vec::new()));
        }
        let at = self.tick();
        let mut member = self.new_member(at);
        let team = {
            let channel = self.channel_mut(channel)?;
            // A newcomer starts with everything read.
            member.msg_count = channel.total_msg_count;
            member.msg_count_root = channel.total_msg_count_root;
            member.last_viewed_at = at;
            channel.members.insert(user.to_owned(), member);
            channel.team_id.clone()
        };
        let data = || [("team_id", json!(team)), ("user_id", json!(user))];
        let mut events = Vec::new();
        if self.version.tells_self_fully() {
            events.push(Event::new("user_added", Scope::channel(channel).omitting(user), data()));
            events.push(Event::new("user_added", Scope::user(user).in_channel(channel), data()));
        } else {
            events.push(Event::new("user_added", Scope::channel(channel), data()));
        }
        let name = self.user(user)?.username.clone();
        events.extend(match by.filter(|by| *by != user) {
            None => {
                let message = format!("{name} joined the channel.");
                self.system_post(user, channel, "system_join_channel", &message, &json!({ "username": name }))?
            }
            Some(by) => {
                let adder = self.user(by)?.username.clone();
                let message = format!("{name} added to the channel by {adder}.");
                let props = json!({ "addedUserId": user, "addedUsername": name, "userId": by, "username": adder });
                self.system_post(by, channel, "system_add_to_channel", &message, &props)?
            }
        });
        Ok(((), events))
    }

    /// Takes somebody out of a channel.
    pub(crate) fn leave(&mut self, user: &str, channel: &str, by: Option<&str>) -> Outcome<()> {
        let remover = by.unwrap_or(user);
        if self.channel_mut(channel)?.members.remove(user).is_none() {
            return Err(Refused::no_member());
        }
        let data = [("remover_id", json!(remover)), ("user_id", json!(user))];
        let mut events = vec![Event::new("user_removed", Scope::channel(channel), data)];
        let data = [("channel_id", json!(channel)), ("remover_id", json!(remover))];
        events.push(Event::new("user_removed", Scope::user(user), data));
        let name = self.user(user)?.username.clone();
        let (kind, message, props) = if remover == user {
            ("system_leave_channel", format!("@{name} left the channel."), json!({ "username": name }))
        } else {
            let props = json!({ "removedUserId": user, "removedUsername": name });
            ("system_remove_from_channel", format!("@{name} removed from the channel."), props)
        };
        events.extend(self.system_post(remover, channel, kind, &message, &props)?);
        Ok(((), events))
    }

    /// Puts somebody into a team and its two standard channels: twice the same event (`protocol.md` §12.9).
    pub(crate) fn join_team(&mut self, user: &str, team: &str) -> Outcome<()> {
        let id = self.find_team(team)?;
        let at = self.tick();
        if let Some(team) = self.teams.get_mut(&id) {
            team.members.insert(user.to_owned());
        }
        let member = self.new_member(at);
        for channel in self.channels.values_mut().filter(|c| c.team_id == id) {
            if matches!(channel.name.as_str(), "town-square" | "off-topic") {
                channel.members.entry(user.to_owned()).or_insert_with(|| member.clone());
            }
        }
        let data = || [("team_id", json!(id)), ("user_id", json!(user))];
        let event = || Event::new("added_to_team", Scope::user(user), data());
        Ok(((), vec![event(), event()]))
    }

    /// Takes somebody out of a team and all its channels.
    pub(crate) fn leave_team(&mut self, user: &str, team: &str) -> Outcome<()> {
        let id = self.find_team(team)?;
        if let Some(team) = self.teams.get_mut(&id) {
            team.members.remove(user);
        }
        for channel in self.channels.values_mut().filter(|c| c.team_id == id) {
            channel.members.remove(user);
        }
        let data = || [("team_id", json!(id)), ("user_id", json!(user))];
        Ok((
            (),
            vec![
                Event::new("leave_team", Scope::team(&id), data()),
                Event::new("leave_team", Scope::user(user), data()),
            ],
        ))
    }

    /// Changes settings of a membership: known keys are merged, values are not checked.
    pub(crate) fn set_member_props(&mut self, user: &str, channel: &str, props: &Map<String, Value>) -> Outcome<()> {
        if props.values().any(|value| !value.is_string()) {
            return Err(Refused::body("notify_props"));
        }
        let at = self.tick();
        let member = self.member_mut(channel, user)?;
        for key in MEMBER_KEYS {
            if let Some(value) = props.get(key).and_then(Value::as_str) {
                member.notify_props.insert(key.to_owned(), value.to_owned());
            }
        }
        member.last_update_at = at;
        Ok(((), vec![self.member_updated(user, channel)?]))
    }

    pub(crate) fn member_updated(&self, user: &str, channel: &str) -> Result<Event, Refused> {
        let wire = go_json(&self.member(channel, user)?.wire(channel, user, self.version));
        Ok(Event::new("channel_member_updated", Scope::user(user), [("channelMember", Value::String(wire))]))
    }
}
