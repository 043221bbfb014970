//! Read marks of channels (`protocol.md` §5.4 and §6.5).

use serde_json::{Map, Value, json};

use super::{Outcome, State};
use crate::error::Refused;
use crate::rules::is_coming_or_going;
use crate::wire::{Event, Scope};

impl State {
    /// Marks channels read without touching threads or availability; tells it if there was something to read.
    pub(crate) fn mark_read(&mut self, user: &str, channels: &[String]) -> Result<Vec<Event>, Refused> {
        let mut times = Map::new();
        let mut something = false;
        for id in channels {
            let channel = self.channel_mut(id)?;
            let (total, total_root, last) =
                (channel.total_msg_count, channel.total_msg_count_root, channel.last_post_at);
            let Some(member) = channel.members.get_mut(user) else { return Err(Refused::no_member()) };
            something |= member.msg_count < total || member.msg_count_root < total_root || member.mention_count > 0;
            member.msg_count = member.msg_count.max(total);
            member.msg_count_root = member.msg_count_root.max(total_root);
            member.mention_count = 0;
            member.mention_count_root = 0;
            member.urgent_mention_count = 0;
            member.last_viewed_at = member.last_viewed_at.max(last);
            member.last_update_at = member.last_update_at.max(last);
            times.insert(id.clone(), json!(last));
        }
        if self.config_value("EnableChannelViewedMessages") == "false" {
            return Ok(Vec::new());
        }
        if !self.version.views_many() {
            let event = |id: &String| Event::new("channel_viewed", Scope::user(user), [("channel_id", json!(id))]);
            return Ok(channels.iter().map(event).collect());
        }
        if !something {
            return Ok(Vec::new());
        }
        let data = [("channel_times", Value::Object(times))];
        Ok(vec![Event::new("multiple_channels_viewed", Scope::user(user), data)])
    }

    /// A client shows a channel. `threads_aware` is `collapsed_threads_supported`.
    pub(crate) fn view(&mut self, user: &str, channels: &[String], threads_aware: bool) -> Outcome<Value> {
        for id in channels {
            self.member(id, user)?;
        }
        let mut events = self.mark_read(user, channels)?;
        if !threads_aware && self.threads_on(user) {
            for id in channels {
                events.push(self.read_threads_in(user, id));
            }
        }
        let mut times = Map::new();
        for id in channels {
            times.insert(id.clone(), json!(self.channel(id)?.last_post_at));
        }
        Ok((json!({ "status": "OK", "last_viewed_at_times": times }), events))
    }

    /// Marks a channel unread from a post on. The answer (and the event) holds *read* counters.
    pub(crate) fn mark_unread(&mut self, user: &str, post: &str, threads_aware: bool) -> Outcome<Value> {
        let post = self.post(post)?.clone();
        let team = self.channel(&post.channel_id)?.team_id.clone();
        self.member(&post.channel_id, user)?;
        if !post.root_id.is_empty() && threads_aware && self.threads_on(user) {
            let (_, events) = self.unread_thread(user, &team, &post.root_id, &post.id)?;
            return Ok((self.unread_json(user, &post.channel_id, &post.id, true)?, events));
        }
        let later: Vec<(bool, bool, bool)> = self
            .by_channel
            .get(&post.channel_id)
            .into_iter()
            .flatten()
            .filter_map(|id| self.posts.get(id))
            .filter(|p| p.create_at >= post.create_at && p.delete_at == 0 && !is_coming_or_going(&p.kind))
            .map(|p| (p.root_id.is_empty(), p.mentioned.contains(user), p.is_urgent()))
            .collect();
        let count = |wanted: &dyn Fn(&(bool, bool, bool)) -> bool| -> i64 {
            i64::try_from(later.iter().filter(|p| wanted(p)).count()).unwrap_or(i64::MAX)
        };
        let at = self.tick();
        let channel = self.channel_mut(&post.channel_id)?;
        let (total, total_root) = (channel.total_msg_count, channel.total_msg_count_root);
        let Some(member) = channel.members.get_mut(user) else { return Err(Refused::no_member()) };
        member.last_viewed_at = post.create_at - 1;
        member.msg_count = (total - count(&|_| true)).max(0);
        member.msg_count_root = (total_root - count(&|p| p.0)).max(0);
        member.mention_count = count(&|p| p.1);
        member.mention_count_root = count(&|p| p.0 && p.1);
        member.urgent_mention_count = count(&|p| p.0 && p.1 && p.2);
        member.last_update_at = at;
        let data = self.unread_json(user, &post.channel_id, &post.id, threads_aware)?;
        let mut event = Event::new("post_unread", Scope::user(user).in_channel(&post.channel_id).in_team(&team), []);
        event.data = data.as_object().cloned().map(|mut data| {
            for key in ["channel_id", "user_id", "team_id"] {
                data.remove(key);
            }
            data.insert("post_id".to_owned(), json!(post.id));
            data
        });
        Ok((data, vec![event]))
    }

    fn unread_json(&self, user: &str, channel: &str, _post: &str, threads_aware: bool) -> Result<Value, Refused> {
        let member = self.member(channel, user)?;
        let mut data = json!({
            "team_id": self.channel(channel)?.team_id, "channel_id": channel, "user_id": user,
            "msg_count": member.msg_count, "mention_count": member.mention_count,
            "mention_count_root": member.mention_count_root, "last_viewed_at": member.last_viewed_at,
        });
        if let Some(map) = data.as_object_mut() {
            // 5.37 leaves the root counter out (recorded, action `mark_unread`).
            if self.version.follows() || (threads_aware && self.version.tells_previous()) {
                map.insert("msg_count_root".to_owned(), json!(member.msg_count_root));
            }
            if self.version.knows_urgent() {
                map.insert("urgent_mention_count".to_owned(), json!(member.urgent_mention_count));
            }
        }
        Ok(data)
    }
}
