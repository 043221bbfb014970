//! Making channels and conversations.

use serde_json::{Value, json};

use super::{Outcome, State, direct_name};
use crate::error::Refused;
use crate::model::Channel;
use crate::wire::{Event, Scope, go_json};

impl State {
    pub(crate) fn new_channel(
        &mut self,
        kind: &str,
        team: &str,
        name: &str,
        display_name: &str,
        creator: &str,
        at: i64,
    ) -> String {
        let id = self.ids.id();
        let channel = Channel {
            id: id.clone(),
            create_at: at,
            update_at: at,
            delete_at: 0,
            team_id: team.to_owned(),
            kind: kind.to_owned(),
            display_name: display_name.to_owned(),
            name: name.to_owned(),
            header: String::new(),
            purpose: String::new(),
            last_post_at: 0,
            total_msg_count: 0,
            extra_update_at: 0,
            creator_id: creator.to_owned(),
            scheme_id: (),
            props: (),
            group_constrained: (),
            shared: (kind == "D").then_some(false),
            total_msg_count_root: 0,
            policy_id: (),
            last_root_post_at: self.version.follows().then_some(0),
            banner_info: self.version.has_channel_policies().then_some(()),
            policy_enforced: self.version.has_channel_policies().then_some(false),
            default_category_name: self.version.has_channel_policies().then_some(""),
            members: std::collections::BTreeMap::new(),
        };
        self.channels.insert(id.clone(), channel);
        id
    }

    /// The direct or group conversation of these people; the first one opens it if it does not exist yet.
    pub(crate) fn open_conversation(&mut self, people: &[String]) -> Outcome<String> {
        let mut ids: Vec<String> = people.to_vec();
        ids.sort();
        ids.dedup();
        let creator = people.first().cloned().unwrap_or_default();
        for id in &ids {
            self.user(id)?;
        }
        let (kind, name, title) = match ids.as_slice() {
            [] => return Err(Refused::body("user_ids")),
            [only] => ("D", direct_name(only, only), String::new()),
            [one, other] => ("D", direct_name(one, other), String::new()),
            _ => ("G", ids.concat(), self.usernames(&ids).join(", ")),
        };
        if let Some(channel) = self.channels.values().find(|c| c.kind == kind && c.name == name) {
            return Ok((channel.id.clone(), Vec::new()));
        }
        let at = self.tick();
        let channel = self.new_channel(kind, "", &name, &title, &creator, at);
        let member = self.new_member(at);
        for id in &ids {
            self.channel_mut(&channel)?.members.insert(id.clone(), member.clone());
        }
        let mut events = Vec::new();
        if kind == "D" {
            let teammate = ids.iter().find(|id| **id != creator).unwrap_or(&creator);
            let data = [("creator_id", json!(creator)), ("teammate_id", json!(teammate))];
            events.push(Event::new("direct_added", Scope::channel(&channel), data));
        } else {
            let teammates = Value::String(go_json(&ids));
            let data = |teammates: Value| [("teammate_ids", teammates)];
            if self.version.tells_self_fully() {
                for id in &ids {
                    let scope = Scope::user(id).in_channel(&channel);
                    events.push(Event::new("group_added", scope, data(teammates.clone())));
                }
            } else {
                events.push(Event::new("group_added", Scope::channel(&channel), data(teammates)));
            }
        }
        Ok((channel, events))
    }

    pub(crate) fn usernames(&self, ids: &[String]) -> Vec<String> {
        let mut names: Vec<String> =
            ids.iter().filter_map(|id| self.users.get(id)).map(|u| u.username.clone()).collect();
        names.sort();
        names
    }

    /// Tells a channel's members that it changed.
    fn channel_updated(&self, channel: &str) -> Result<Event, Refused> {
        let json = Value::String(go_json(self.channel(channel)?));
        Ok(Event::new("channel_updated", Scope::channel(channel), [("channel", json)]))
    }

    /// Changes the header, with the post that announces it.
    pub(crate) fn change_header(&mut self, by: &str, channel: &str, header: &str) -> Outcome<()> {
        let at = self.tick();
        let old = {
            let channel = self.channel_mut(channel)?;
            channel.update_at = at;
            std::mem::replace(&mut channel.header, header.to_owned())
        };
        let mut events = vec![self.channel_updated(channel)?];
        let username = self.user(by)?.username.clone();
        let message = format!("{username} updated the channel header to: {header}");
        let props = json!({ "username": username, "old_header": old, "new_header": header });
        events.extend(self.system_post(by, channel, "system_header_change", &message, &props)?);
        Ok(((), events))
    }

    /// Archives a channel.
    pub(crate) fn archive(&mut self, by: &str, channel: &str) -> Outcome<()> {
        let username = self.user(by)?.username.clone();
        let message = format!("{username} archived the channel.");
        let props = json!({ "username": username });
        let mut events = self.system_post(by, channel, "system_channel_deleted", &message, &props)?;
        let at = self.tick();
        let channel = self.channel_mut(channel)?;
        channel.delete_at = at;
        channel.update_at = at;
        let scope = if channel.kind == "O" { Scope::team(&channel.team_id) } else { Scope::channel(&channel.id) };
        let data = [("channel_id", json!(channel.id)), ("delete_at", json!(at))];
        events.push(Event::new("channel_deleted", scope, data));
        Ok(((), events))
    }

    /// Takes a channel out of the archive.
    pub(crate) fn restore(&mut self, channel: &str) -> Outcome<()> {
        let at = self.tick();
        let channel = self.channel_mut(channel)?;
        channel.delete_at = 0;
        channel.update_at = at;
        let scope = if channel.kind == "O" { Scope::team(&channel.team_id) } else { Scope::channel(&channel.id) };
        Ok(((), vec![Event::new("channel_restored", scope, [("channel_id", json!(channel.id))])]))
    }
}
