//! What the server knows, and how it changes. No sockets here: every change returns the events that it causes.

mod build;
mod calls;
mod channels;
mod client_config;
mod listing;
mod membership;
mod people;
mod posting;
mod reading;
mod sessions;
mod summary;
mod threads;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::clock::Clock;
use crate::compat::Version;
use crate::error::Refused;
use crate::ids::Ids;
use crate::model::{Call, Channel, Follower, Member, Post, Session, Team, User};
use crate::wire::Event;

pub(crate) use listing::PostQuery;
pub(crate) use posting::NewPost;
pub use sessions::PresenceEntry;
pub use summary::{ChannelCounts, Counts, ThreadCounts};

/// A result together with what has to be told to the sockets.
pub(crate) type Outcome<T> = Result<(T, Vec<Event>), Refused>;

/// Everything that the server keeps.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) site_name: String,
    pub(crate) version: Version,
    pub(crate) subpath: String,
    pub(crate) site_url: String,
    pub(crate) config: BTreeMap<String, String>,
    /// Notification settings that this server saves whatever it is sent: a plugin's doing, or a policy's.
    pub(crate) forced_props: BTreeMap<String, String>,
    pub(crate) licence: BTreeMap<String, String>,
    pub(crate) groups: BTreeMap<String, BTreeSet<String>>,
    pub(crate) ringing: Option<bool>,
    pub(crate) streams_lines: bool,
    pub(crate) enforces_mfa: bool,
    pub(crate) preauth_secret: Option<String>,
    pub(crate) withholds_followers: bool,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    last_ms: i64,
    pub(crate) users: BTreeMap<String, User>,
    pub(crate) teams: BTreeMap<String, Team>,
    pub(crate) channels: BTreeMap<String, Channel>,
    pub(crate) posts: BTreeMap<String, Post>,
    by_channel: BTreeMap<String, Vec<String>>,
    replies: BTreeMap<String, Vec<String>>,
    followers: BTreeMap<String, BTreeMap<String, Follower>>,
    pub(crate) sessions: BTreeMap<String, Session>,
    desktop_tokens: BTreeMap<String, (String, i64)>,
    desktop_tries: VecDeque<i64>,
    /// For whom the single sign-on provider vouches.
    pub(crate) vouched_for: Option<String>,
    /// Sign-ins that are with the provider, by their state: the application's token.
    with_provider: BTreeMap<String, String>,
    pub(crate) calls: BTreeMap<String, Call>,
    pending: BTreeMap<String, (String, i64)>,
    pub(crate) ledger: VecDeque<PresenceEntry>,
}

impl State {
    /// The time on the server's clock.
    pub(crate) fn now(&self) -> i64 {
        self.clock.now_ms()
    }

    /// The time, but never the same twice: two posts never share a moment, so that read marks fall between them.
    pub(crate) fn tick(&mut self) -> i64 {
        self.last_ms = self.now().max(self.last_ms + 1);
        self.last_ms
    }

    pub(crate) fn user(&self, id: &str) -> Result<&User, Refused> {
        self.users.get(id).ok_or_else(Refused::no_user)
    }

    pub(crate) fn user_mut(&mut self, id: &str) -> Result<&mut User, Refused> {
        self.users.get_mut(id).ok_or_else(Refused::no_user)
    }

    /// Finds a person by id or user name.
    pub(crate) fn find_user(&self, name: &str) -> Result<String, Refused> {
        let name = name.strip_prefix('@').unwrap_or(name);
        if self.users.contains_key(name) {
            return Ok(name.to_owned());
        }
        self.users.values().find(|u| u.username == name).map(|u| u.id.clone()).ok_or_else(Refused::no_user)
    }

    pub(crate) fn channel(&self, id: &str) -> Result<&Channel, Refused> {
        self.channels.get(id).ok_or_else(|| Refused::no_channel(id))
    }

    pub(crate) fn channel_mut(&mut self, id: &str) -> Result<&mut Channel, Refused> {
        self.channels.get_mut(id).ok_or_else(|| Refused::no_channel(id))
    }

    /// Finds a channel by id, address name, title, or as `@name` the direct conversation of `viewer` with somebody.
    pub(crate) fn find_channel(&self, viewer: &str, name: &str) -> Result<String, Refused> {
        if self.channels.contains_key(name) {
            return Ok(name.to_owned());
        }
        if let Some(other) = name.strip_prefix('@') {
            let pair = direct_name(viewer, &self.find_user(other)?);
            return self
                .channels
                .values()
                .find(|c| c.kind == "D" && c.name == pair)
                .map(|c| c.id.clone())
                .ok_or_else(|| Refused::no_channel(name));
        }
        let named = |c: &&Channel| c.name == name || c.display_name == name;
        let mine = self.channels.values().find(|c| named(c) && c.members.contains_key(viewer));
        mine.or_else(|| self.channels.values().find(named))
            .map(|c| c.id.clone())
            .ok_or_else(|| Refused::no_channel(name))
    }

    /// A membership, or the refusal that a stranger gets.
    pub(crate) fn member(&self, channel: &str, user: &str) -> Result<&Member, Refused> {
        self.channel(channel)?.members.get(user).ok_or_else(Refused::no_member)
    }

    pub(crate) fn member_mut(&mut self, channel: &str, user: &str) -> Result<&mut Member, Refused> {
        self.channel_mut(channel)?.members.get_mut(user).ok_or_else(Refused::no_member)
    }

    pub(crate) fn post(&self, id: &str) -> Result<&Post, Refused> {
        self.posts.get(id).filter(|p| p.delete_at == 0).ok_or_else(Refused::no_post)
    }

    /// The channels that a person is in, archived ones included.
    pub(crate) fn channels_of<'a>(&'a self, user: &'a str) -> impl Iterator<Item = (&'a Channel, &'a Member)> {
        self.channels.values().filter_map(move |c| Some((c, c.members.get(user)?)))
    }

    /// The teams that a person is in.
    pub(crate) fn teams_of<'a>(&'a self, user: &'a str) -> impl Iterator<Item = &'a Team> {
        self.teams.values().filter(move |t| t.members.contains(user))
    }

    /// Collapsed reply threads are on for this person (`protocol.md` §3.6).
    pub(crate) fn threads_on(&self, user: &str) -> bool {
        if self.version < Version(7, 6, 0) && self.config_value("FeatureFlagCollapsedThreads") != "true" {
            return false;
        }
        let mode = self.config_value("CollapsedThreads");
        let preference = self
            .users
            .get(user)
            .and_then(|u| u.preferences.get(&("display_settings".to_owned(), "collapsed_reply_threads".to_owned())));
        match (mode, preference.map(String::as_str)) {
            ("always_on", _) => true,
            ("default_on", value) => value.is_none_or(|v| v == "on"),
            ("default_off", value) => value == Some("on"),
            _ => false,
        }
    }

    pub(crate) fn config_value(&self, key: &str) -> &str {
        self.config.get(key).map_or("", String::as_str)
    }

    /// Whether an event reaches a person (`protocol.md` §5.1; priority from the narrow to the wide).
    pub(crate) fn reaches(&self, event: &Event, user: &str) -> bool {
        let scope = &event.scope;
        if !scope.user_id.is_empty() {
            return scope.user_id == user;
        }
        if scope.omit_users.iter().any(|id| id == user) {
            return false;
        }
        if !scope.channel_id.is_empty() {
            return self.channels.get(&scope.channel_id).is_some_and(|c| c.members.contains_key(user));
        }
        if !scope.team_id.is_empty() {
            return self.teams.get(&scope.team_id).is_some_and(|t| t.members.contains(user));
        }
        true
    }
}

/// The name of a direct conversation: both ids in order.
pub(crate) fn direct_name(one: &str, other: &str) -> String {
    if one <= other { format!("{one}__{other}") } else { format!("{other}__{one}") }
}
