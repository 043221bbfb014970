//! Threads: who follows, and what they have not read (`notifications.md` §1.8, `protocol.md` §5.5).

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Value, json};

use super::{Outcome, State};
use crate::error::Refused;
use crate::model::{Follower, Post};
use crate::rules::{Kind, Scan};
use crate::wire::{Event, Scope, go_json};

/// A thread as one person sees it, in wire order.
#[derive(Serialize)]
struct ThreadWire<'a> {
    id: &'a str,
    reply_count: i64,
    last_reply_at: i64,
    last_viewed_at: i64,
    participants: Vec<Value>,
    post: Post,
    unread_replies: i64,
    unread_mentions: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_urgent: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delete_at: Option<i64>,
}

impl State {
    fn live_replies<'a>(&'a self, root: &str) -> impl Iterator<Item = &'a Post> + use<'a> {
        let ids = self.replies.get(root).map_or(&[][..], Vec::as_slice);
        ids.iter().filter_map(|id| self.posts.get(id)).filter(|p| p.delete_at == 0)
    }

    pub(crate) fn reply_count(&self, root: &str) -> i64 {
        let stored = self.live_replies(root).count();
        // While a reply is being stored its id is listed already, but not yet its post.
        let coming = self.replies.get(root).and_then(|ids| ids.last()).is_some_and(|id| !self.posts.contains_key(id));
        i64::try_from(stored).unwrap_or(i64::MAX) + i64::from(coming)
    }

    pub(crate) fn follower(&self, root: &str, user: &str) -> Option<&Follower> {
        self.followers.get(root).and_then(|people| people.get(user)).filter(|f| f.following)
    }

    pub(crate) fn follows(&self, root: &str, user: &str) -> bool {
        self.follower(root, user).is_some()
    }

    /// Unread replies and mentions of a followed thread; zeros for one that is not followed.
    pub(crate) fn thread_unread(&self, root: &str, user: &str) -> (i64, i64) {
        self.follower(root, user).map_or((0, 0), |f| {
            let replies = self.live_replies(root).filter(|p| p.create_at > f.last_viewed_at).count();
            (i64::try_from(replies).unwrap_or(i64::MAX), f.unread_mentions)
        })
    }

    /// All followed threads with replies: root id, team (empty for direct and group messages), channel.
    pub(crate) fn followed_threads<'a>(&'a self, user: &'a str) -> impl Iterator<Item = (&'a str, &'a str, &'a str)> {
        self.followers.iter().filter_map(move |(root, people)| {
            people.get(user).filter(|f| f.following)?;
            let post = self.posts.get(root).filter(|p| p.delete_at == 0)?;
            let channel = self.channels.get(&post.channel_id)?;
            channel.members.get(user)?;
            self.live_replies(root).next()?;
            Some((root.as_str(), channel.team_id.as_str(), channel.id.as_str()))
        })
    }

    fn follow_quietly(&mut self, root: &str, user: &str, even_if_left: bool) {
        let follower = self.followers.entry(root.to_owned()).or_default().entry(user.to_owned()).or_default();
        if !follower.left || even_if_left {
            follower.following = true;
            follower.left = false;
        }
    }

    /// Follows, counts and announces after a reply was stored.
    pub(crate) fn thread_after_reply(&mut self, reply: &Post, scan: &Scan) -> Vec<Event> {
        let root_id = reply.root_id.clone();
        let Some(root) = self.posts.get_mut(&root_id) else { return Vec::new() };
        root.update_at = reply.create_at;
        let root = root.clone();
        let Some(channel) = self.channels.get(&reply.channel_id) else { return Vec::new() };
        let team = channel.team_id.clone();
        let members: BTreeSet<String> = channel.members.keys().cloned().collect();
        let auto: Vec<String> = channel
            .members
            .iter()
            .filter(|(_, m)| m.notify_props.get("channel_auto_follow_threads").is_some_and(|v| v == "on"))
            .map(|(id, _)| id.clone())
            .collect();
        let before: Vec<(String, (i64, i64))> = members
            .iter()
            .map(|id| {
                let (replies, mentions) = self.thread_unread(&root_id, id);
                // The reply itself is stored already.
                let counted = self.follower(&root_id, id).is_some_and(|f| f.last_viewed_at < reply.create_at);
                (id.clone(), (replies - i64::from(counted), mentions))
            })
            .collect();

        let first = self.live_replies(&root_id).count() == 1;
        if first {
            if !root.is_webhook() && members.contains(&root.user_id) {
                self.follow_quietly(&root_id, &root.user_id, false);
            }
            for id in root.mentioned.iter().filter(|id| members.contains(*id)) {
                self.follow_quietly(&root_id, id, false);
            }
        }
        for id in auto {
            self.follow_quietly(&root_id, &id, false);
        }
        for (id, kind) in scan.mentions.iter().filter(|(id, _)| members.contains(*id)) {
            let by_name = !matches!(kind, Kind::ThreadVoice | Kind::RootAuthor);
            self.follow_quietly(&root_id, id, by_name);
            if by_name && let Some(f) = self.followers.get_mut(&root_id).and_then(|people| people.get_mut(id)) {
                f.unread_mentions += 1;
            }
        }
        if !reply.is_webhook() && !reply.is_system() && members.contains(&reply.user_id) {
            self.follow_quietly(&root_id, &reply.user_id, true);
            if let Some(f) = self.followers.get_mut(&root_id).and_then(|people| people.get_mut(&reply.user_id)) {
                f.last_viewed_at = reply.create_at;
                f.unread_mentions = 0;
            }
        }
        let mut events = Vec::new();
        for (id, previous) in before {
            if self.follows(&root_id, &id) && self.threads_on(&id) {
                let previous = if id == reply.user_id { (0, 0) } else { previous };
                events.extend(self.thread_updated(&root_id, &id, &team, Some(previous)));
            }
        }
        events
    }

    fn thread_updated(&self, root: &str, user: &str, team: &str, previous: Option<(i64, i64)>) -> Option<Event> {
        let mut event = Event::new("thread_updated", Scope::user(user).in_team(team), []);
        let mut data = serde_json::Map::new();
        data.insert("thread".to_owned(), Value::String(self.thread_json(root, user).ok()?));
        if let Some((replies, mentions)) = previous.filter(|_| self.version.tells_previous()) {
            data.insert("previous_unread_replies".to_owned(), json!(replies));
            data.insert("previous_unread_mentions".to_owned(), json!(mentions));
        }
        event.data = Some(data);
        Some(event)
    }

    /// A thread as one person sees it.
    pub(crate) fn thread_json(&self, root: &str, user: &str) -> Result<String, Refused> {
        let post = self.post(root)?;
        let follower = self.follower(root, user).ok_or_else(Refused::no_thread)?;
        let (unread_replies, unread_mentions) = self.thread_unread(root, user);
        let authors: BTreeSet<&str> = self.live_replies(root).map(|p| p.user_id.as_str()).collect();
        let participants = authors.iter().filter_map(|id| self.users.get(*id)).map(|u| u.json(false, self.version));
        Ok(go_json(&ThreadWire {
            id: root,
            reply_count: self.reply_count(root),
            last_reply_at: self.live_replies(root).map(|p| p.create_at).max().unwrap_or_default(),
            last_viewed_at: follower.last_viewed_at,
            participants: participants.collect(),
            post: Post { metadata: None, ..post.clone() },
            unread_replies,
            unread_mentions,
            is_urgent: self.version.knows_urgent().then(|| post.is_urgent()),
            delete_at: self.version.follows().then_some(0),
        }))
    }

    /// A reply was deleted: only people for whom it was unread are told, with previous = new (`protocol.md` §12.8).
    pub(crate) fn thread_after_deletion(&mut self, reply: &Post) -> Vec<Event> {
        let root = reply.root_id.clone();
        let team = self.channels.get(&reply.channel_id).map(|c| c.team_id.clone()).unwrap_or_default();
        let mut told = Vec::new();
        for (id, follower) in self.followers.get_mut(&root).into_iter().flatten() {
            if follower.following && follower.last_viewed_at < reply.create_at {
                if reply.mentioned.contains(id) {
                    follower.unread_mentions = (follower.unread_mentions - 1).max(0);
                }
                told.push(id.clone());
            }
        }
        told.into_iter()
            .filter(|id| self.threads_on(id))
            .filter_map(|id| self.thread_updated(&root, &id, &team, Some(self.thread_unread(&root, &id))))
            .collect()
    }

    /// The root of a thread was deleted, and the thread with it.
    pub(crate) fn drop_thread(&mut self, root: &str, at: i64) {
        for id in self.replies.get(root).cloned().unwrap_or_default() {
            if let Some(reply) = self.posts.get_mut(&id) {
                reply.delete_at = at;
                reply.update_at = at;
            }
        }
        self.followers.remove(root);
    }

    /// Follows or unfollows by hand; `team` is the one in the caller's address.
    pub(crate) fn set_following(&mut self, user: &str, team: &str, root: &str, state: bool) -> Outcome<()> {
        let channel = self.post(root)?.channel_id.clone();
        self.member(&channel, user)?;
        let now = self.tick();
        let follower = self.followers.entry(root.to_owned()).or_default().entry(user.to_owned()).or_default();
        if state && !follower.following {
            follower.last_viewed_at = now;
            follower.unread_mentions = 0;
        }
        follower.following = state;
        follower.left = !state;
        Ok(((), vec![self.follow_changed(user, team, root, state)]))
    }

    fn follow_changed(&self, user: &str, team: &str, root: &str, state: bool) -> Event {
        let data =
            [("thread_id", json!(root)), ("state", json!(state)), ("reply_count", json!(self.reply_count(root)))];
        Event::new("thread_follow_changed", Scope::user(user).in_team(team), data)
    }

    /// Marks one thread read up to a moment.
    pub(crate) fn read_thread(&mut self, user: &str, team: &str, root: &str, at: i64) -> Outcome<String> {
        if !self.follows(root, user) {
            if self.version.follows() {
                return Err(Refused::no_thread());
            }
            self.set_following(user, team, root, true)?;
        }
        let event = self.move_thread_mark(user, team, root, at)?;
        Ok((self.thread_json(root, user)?, vec![event]))
    }

    fn move_thread_mark(&mut self, user: &str, team: &str, root: &str, at: i64) -> Result<Event, Refused> {
        let previous = self.thread_unread(root, user);
        let channel = self.post(root)?.channel_id.clone();
        let mentions = self.live_replies(root).filter(|p| p.create_at > at && p.mentioned.contains(user)).count();
        let follower =
            self.followers.get_mut(root).and_then(|people| people.get_mut(user)).ok_or_else(Refused::no_thread)?;
        follower.last_viewed_at = at;
        follower.unread_mentions = i64::try_from(mentions).unwrap_or(i64::MAX);
        let (replies, mentions) = self.thread_unread(root, user);
        let mut event = Event::new(
            "thread_read_changed",
            Scope::user(user).in_team(team),
            [
                ("thread_id", json!(root)),
                ("timestamp", json!(at)),
                ("unread_replies", json!(replies)),
                ("unread_mentions", json!(mentions)),
                ("channel_id", json!(channel)),
            ],
        );
        if self.version.tells_previous()
            && let Some(data) = event.data.as_mut()
        {
            data.insert("previous_unread_replies".to_owned(), json!(previous.0));
            data.insert("previous_unread_mentions".to_owned(), json!(previous.1));
        }
        Ok(event)
    }

    /// Marks a thread unread from one of its posts on: first followed, then the mark in the past.
    pub(crate) fn unread_thread(&mut self, user: &str, team: &str, root: &str, post: &str) -> Outcome<String> {
        let at = self.post(post)?.create_at - 1;
        self.post(root)?;
        self.follow_quietly(root, user, true);
        let followed = self.follow_changed(user, team, root, true);
        let event = self.move_thread_mark(user, team, root, at)?;
        Ok((self.thread_json(root, user)?, vec![followed, event]))
    }

    /// Marks all threads of a team, and those of direct and group messages, read.
    pub(crate) fn read_all_threads(&mut self, user: &str, team: &str) -> Outcome<()> {
        self.user(user)?;
        let roots: Vec<String> = self
            .followed_threads(user)
            .filter(|(_, t, _)| t.is_empty() || *t == team)
            .map(|(root, _, _)| root.to_owned())
            .collect();
        self.read_threads(user, &roots);
        let mut event = Event::new("thread_read_changed", Scope::user(user).in_team(team), []);
        // Both have been seen: an empty object and nothing at all.
        if self.ids.one_in(2) {
            event.data = None;
        }
        Ok(((), vec![event]))
    }

    fn read_threads(&mut self, user: &str, roots: &[String]) {
        let now = self.tick();
        for root in roots {
            if let Some(follower) = self.followers.get_mut(root).and_then(|people| people.get_mut(user)) {
                follower.last_viewed_at = now;
                follower.unread_mentions = 0;
            }
        }
    }

    /// A client that does not know threads viewed a channel: all its threads are read.
    pub(crate) fn read_threads_in(&mut self, user: &str, channel: &str) -> Event {
        let roots: Vec<String> =
            self.followed_threads(user).filter(|(_, _, c)| *c == channel).map(|(root, _, _)| root.to_owned()).collect();
        self.read_threads(user, &roots);
        let data = [("timestamp", json!(self.last_ms))];
        Event::new("thread_read_changed", Scope::user(user).in_channel(channel), data)
    }

    /// Totals of the threads of a team and of all direct and group messages: threads, unread ones, unread mentions,
    /// unread urgent mentions.
    pub(crate) fn thread_totals(&self, user: &str, team: &str, with_direct: bool) -> [i64; 4] {
        let mut totals = [0; 4];
        let [all, unread, mentions, urgent] = &mut totals;
        for (root, of, _) in self.followed_threads(user) {
            if of == team || (with_direct && of.is_empty()) {
                let (r, m) = self.thread_unread(root, user);
                *all += 1;
                *unread += i64::from(r > 0);
                *mentions += m;
                *urgent += if self.posts.get(root).is_some_and(Post::is_urgent) { m } else { 0 };
            }
        }
        totals
    }
}
