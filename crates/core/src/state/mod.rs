//! Replicated facts of one server: applied, never judged.

pub mod account;
pub mod channel;
pub mod threads;
pub mod unread;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::effect::Fetch;
use crate::event::{Channel, ChannelType, License, Member, Preference, ServerConfig, Snapshot, Status, Team, User};
use crate::ids::{ChannelId, IdMap, TeamId, UserId};
use crate::present::{self, Named};
use crate::state::account::Account;
use crate::state::channel::{ChannelPrefs, ChannelState};
use crate::state::threads::Threads;

/// Channels that are held of one server, as many as memberships are read of it. A server that invents more is not believed.
const MOST_CHANNELS: usize = 100_000;
/// People that are held of one server: the others are called what their messages say.
const MOST_USERS: usize = 100_000;

/// Everything that is known of one server.
#[derive(Debug, Default)]
pub struct ServerState {
    /// The signed-in person.
    pub me: Arc<User>,
    /// Their account preferences.
    pub account: Account,
    /// Configuration. Changed by [`Self::apply_config`] and a snapshot only.
    pub config: ServerConfig,
    /// Licence.
    pub license: License,
    /// `display_settings/collapsed_reply_threads`.
    crt_preference: Option<String>,
    /// What both say together: asked several times for every post.
    crt: bool,
    /// `display_settings/name_format`.
    pub name_format: Option<String>,
    /// `notifications/email_interval`.
    pub email_interval: Option<String>,
    /// Teams.
    pub teams: BTreeMap<TeamId, Arc<Team>>,
    /// Channels the person is in.
    pub channels: IdMap<ChannelId, ChannelState>,
    /// People met so far. Changed by [`Self::apply_user`] only.
    pub users: IdMap<UserId, Arc<User>>,
    /// Who has which username.
    usernames: BTreeMap<Box<str>, UserId>,
    /// Threads and their counters.
    pub threads: Threads,
    /// Own availability; `None` = unknown.
    pub status: Option<Status>,
    /// What all channels add to the badge.
    pub sum: unread::BadgeSum,
    /// A snapshot was applied in this run.
    pub loaded: bool,
    /// A `followers` field was seen: the server sends them.
    pub saw_followers: bool,
}

impl ServerState {
    /// My id; `None` before the snapshot.
    pub fn me_id(&self) -> Option<UserId> {
        self.me.id
    }

    /// Whether collapsed reply threads are on for me (notifications §1.4).
    pub fn crt(&self) -> bool {
        self.crt
    }

    /// The name format in force (notifications §1.4, protocol §3.2).
    pub fn name_format(&self) -> &str {
        let locked = self.config.lock_teammate_name_display && self.license.lock_teammate_name_display;
        let preference = if locked { None } else { self.name_format.as_deref() };
        preference.or(self.config.teammate_name_display.as_deref()).unwrap_or("username")
    }

    /// Replaces everything by what the server holds now. Decisions, banners and manual marks are kept elsewhere.
    pub fn apply_snapshot(&mut self, snapshot: Snapshot) {
        let Snapshot {
            me,
            config,
            license,
            preferences,
            teams,
            channels,
            members,
            team_threads,
            direct_threads,
            threads,
            threads_complete,
            users,
            status,
            calls: _,
            taken_at_ms: _,
        } = snapshot;
        if let Some(mut me) = me {
            if let Some(props) = me.notify_props.take() {
                self.account = Account::read(props);
            }
            self.me = Arc::new(me);
        }
        self.config = config;
        self.license = license;
        self.crt_preference = None;
        self.name_format = None;
        self.email_interval = None;
        // Whether or not that switches reply threads, everything is counted anew below.
        self.apply_preferences(&preferences);
        self.teams = teams.into_iter().map(|team| (team.id, Arc::new(team))).collect();
        let mut old = core::mem::take(&mut self.channels);
        for channel in channels.into_iter().take(MOST_CHANNELS) {
            let mut state = ChannelState::from_channel(&channel);
            // Frames that were buffered meanwhile may be in these counters already (protocol §3.7).
            state.counted_up_to = channel.last_post_at;
            if let Some(before) = old.remove(&channel.id) {
                state.manually_unread = before.manually_unread;
                state.read_elsewhere = before.read_elsewhere;
            }
            self.channels.insert(channel.id, state);
        }
        for member in &members {
            // Members of channels that were not listed belong to archived teams: ignored (protocol §3.3).
            if let Some(state) = self.channels.get_mut(&member.channel_id) {
                state.set_member(member);
            }
        }
        for user in users {
            self.apply_user(user);
        }
        self.status = status.or(self.status.take());
        let channels = &self.channels;
        let team_of = |id: ChannelId| channels.get(&id).and_then(|channel| channel.team_id);
        self.threads.load(&team_threads, direct_threads, threads, threads_complete, team_of);
        self.loaded = true;
        self.recount();
    }

    /// Applies preference writes; tells whether reply threads were switched.
    pub fn apply_preferences(&mut self, preferences: &[Preference]) -> bool {
        let before = self.crt();
        for preference in preferences {
            if let Some(slot) = self.preference_slot(preference) {
                *slot = Some(preference.value.clone());
            }
        }
        self.recount_if_switched(before)
    }

    /// Applies preference deletions; tells whether reply threads were switched.
    pub fn delete_preferences(&mut self, preferences: &[Preference]) -> bool {
        let before = self.crt();
        for preference in preferences {
            if let Some(slot) = self.preference_slot(preference) {
                *slot = None;
            }
        }
        self.recount_if_switched(before)
    }

    /// Takes over a configuration; tells whether reply threads were switched.
    pub fn apply_config(&mut self, config: ServerConfig) -> bool {
        let before = self.crt();
        self.config = config;
        self.recount_if_switched(before)
    }

    fn recount_if_switched(&mut self, before: bool) -> bool {
        self.crt = crt_enabled(&self.config, self.crt_preference.as_deref());
        let switched = before != self.crt;
        if switched {
            self.recount();
        }
        switched
    }

    fn preference_slot(&mut self, preference: &Preference) -> Option<&mut Option<String>> {
        match (preference.category.as_str(), preference.name.as_str()) {
            ("display_settings", "collapsed_reply_threads") => Some(&mut self.crt_preference),
            ("display_settings", "name_format") => Some(&mut self.name_format),
            ("notifications", "email_interval") => Some(&mut self.email_interval),
            _ => None,
        }
    }

    /// Applies a profile. For oneself: only if newer, and without `notify_props` (5.37) the own ones are kept and asked for.
    pub fn apply_user(&mut self, mut user: User) -> Option<Fetch> {
        let id = user.id?;
        let props = user.notify_props.take();
        if self.me.id != Some(id) {
            if self.users.len() >= MOST_USERS && !self.users.contains_key(&id) {
                return None;
            }
            let was_active = self.users.get(&id).is_none_or(|known| known.delete_at == 0);
            let is_active = user.delete_at == 0;
            self.remember_username(id, &user.username);
            self.users.insert(id, Arc::new(user));
            // A deactivated teammate's direct messages leave the badge.
            if was_active != is_active {
                self.recount();
            }
            return None;
        }
        if user.update_at < self.me.update_at {
            return None;
        }
        self.me = Arc::new(user);
        match props {
            Some(props) if !props.is_empty() => {
                self.account = Account::read(props);
                None
            }
            _ => Some(Fetch::Me),
        }
    }

    fn remember_username(&mut self, id: UserId, username: &str) {
        if let Some(before) = self.users.get(&id) {
            if before.username == username {
                return;
            }
            if self.usernames.get(before.username.as_str()) == Some(&id) {
                self.usernames.remove(before.username.as_str());
            }
        }
        if !username.is_empty() {
            self.usernames.insert(username.into(), id);
        }
    }

    /// A user by username, oneself not included.
    pub fn user_named(&self, username: &str) -> Option<&Arc<User>> {
        self.users.get(self.usernames.get(username)?)
    }

    /// A user, oneself included.
    pub fn user(&self, id: UserId) -> Option<&Arc<User>> {
        if self.me.id == Some(id) { Some(&self.me) } else { self.users.get(&id) }
    }

    /// Applies a channel's own data.
    pub fn apply_channel(&mut self, channel: &Channel) {
        if let Some(state) = self.channels.get_mut(&channel.id) {
            state.set_channel(channel);
        } else if self.has_room_for(channel.id) {
            self.channels.insert(channel.id, ChannelState::from_channel(channel));
        } else {
            return;
        }
        self.touch(channel.id);
    }

    /// Applies a membership that came by itself (notifications §4.5, `channel_member_updated`).
    pub fn apply_member(&mut self, member: &Member) {
        if self.has_room_for(member.channel_id) {
            self.channels.entry(member.channel_id).or_insert_with(ChannelState::unknown).merge_member(member);
        }
        self.touch(member.channel_id);
    }

    /// Takes over a membership as it was fetched.
    pub fn set_member(&mut self, member: &Member) {
        if self.has_room_for(member.channel_id) {
            self.channels.entry(member.channel_id).or_insert_with(ChannelState::unknown).set_member(member);
        }
        self.touch(member.channel_id);
    }

    /// Takes over what a channel is set to.
    pub fn set_channel_prefs(&mut self, id: ChannelId, props: &crate::event::NotifyProps) {
        if let Some(channel) = self.channels.get_mut(&id) {
            channel.prefs = Some(Box::new(ChannelPrefs::read(props)));
        }
        self.touch(id);
    }

    fn has_room_for(&self, channel: ChannelId) -> bool {
        self.channels.len() < MOST_CHANNELS || self.channels.contains_key(&channel)
    }

    /// Learns of an unread thread that the counters include already.
    pub fn note_thread(&mut self, thread: &crate::event::Thread) {
        let team = thread.channel_id.and_then(|id| self.channels.get(&id)).and_then(|channel| channel.team_id);
        self.threads.note(thread, team);
    }

    /// A channel was archived (a time) or brought back (0).
    pub fn set_deleted(&mut self, id: ChannelId, delete_at: i64) {
        if let Some(channel) = self.channels.get_mut(&id) {
            channel.delete_at = delete_at;
            if delete_at != 0 {
                self.threads.drop_channel(id);
            }
        }
        self.touch(id);
    }

    /// Takes a channel and its threads out.
    pub fn drop_channel(&mut self, channel: ChannelId) {
        if let Some(gone) = self.channels.remove(&channel) {
            self.sum.replace(channel, gone.part, unread::BadgePart::default());
        }
        self.threads.drop_channel(channel);
    }

    /// Takes a team, its channels and its thread counters out.
    pub fn drop_team(&mut self, team: TeamId) {
        self.teams.remove(&team);
        let gone: Vec<ChannelId> =
            self.channels.iter().filter(|(_, state)| state.team_id == Some(team)).map(|(id, _)| *id).collect();
        for id in gone {
            self.drop_channel(id);
        }
        self.threads.drop_team(team);
    }

    /// Whether a channel is muted for me; unknown ones are not.
    pub fn is_muted(&self, channel: ChannelId) -> bool {
        self.channels.get(&channel).and_then(|state| state.prefs.as_deref()).is_some_and(ChannelPrefs::is_muted)
    }

    /// A channel's name for people: its display name; for a direct message the other person's.
    pub fn channel_title(&self, id: ChannelId) -> Option<String> {
        let channel = self.channels.get(&id)?;
        match channel.channel_type? {
            ChannelType::Direct => Some("Direct Message".to_owned()),
            ChannelType::Public | ChannelType::Private | ChannelType::Group => {
                (!channel.display_name.is_empty()).then(|| channel.display_name.clone().into_string())
            }
        }
    }

    /// A channel's name for a list, never empty: of a direct message the other person's, of a group the others'.
    pub fn place_title(&self, id: ChannelId) -> String {
        let Some(channel) = self.channels.get(&id) else { return "Unknown channel".to_owned() };
        let title = match channel.channel_type {
            Some(ChannelType::Direct) => self
                .teammate(&channel.name)
                .and_then(|teammate| self.user(teammate))
                .map_or_else(|| "Direct message".to_owned(), |user| present::display_name(user, self.name_format())),
            Some(ChannelType::Group) => self.group_title(&channel.display_name),
            Some(ChannelType::Public | ChannelType::Private) | None => channel.display_name.clone().into_string(),
        };
        let named = |text: &str| !text.trim().is_empty();
        match channel.channel_type {
            _ if named(&title) => title,
            Some(ChannelType::Group) => "Group message".to_owned(),
            _ if named(&channel.name) => channel.name.clone().into_string(),
            _ => "Unknown channel".to_owned(),
        }
    }

    /// A group's name: the other members in my name format.
    pub fn group_title(&self, display_name: &str) -> String {
        present::group_title(&self.group_members(display_name), self.name_format())
    }

    /// The other members of a group, from its stored name: a list of usernames.
    pub fn group_members(&self, display_name: &str) -> Vec<Named> {
        let others = display_name.split(", ").filter(|username| *username != self.me.username);
        others
            .map(|username| match self.user_named(username) {
                Some(user) => Named::Known(Arc::clone(user)),
                None => Named::Only(username.into()),
            })
            .collect()
    }

    /// The other person of a direct message.
    pub fn teammate(&self, channel_name: &str) -> Option<UserId> {
        teammate(&self.me, channel_name)
    }
}

fn teammate(me: &User, channel_name: &str) -> Option<UserId> {
    let me = me.id?;
    // Asked at every post of a direct message, where a search would be most of its counting: real ids are 26 long.
    let between = |at: &usize| channel_name.as_bytes().get(*at..).is_some_and(|rest| rest.starts_with(b"__"));
    let at = Some(26).filter(between).or_else(|| (0..channel_name.len()).find(between))?;
    let (first, second) = (channel_name.get(..at)?, channel_name.get(at.saturating_add(2)..)?);
    let other = if first == me.as_str() { second } else { first };
    UserId::parse(other)
}

/// Whether collapsed reply threads are on (notifications §1.4; below 7.6 the feature flag too, protocol §3.6).
pub fn crt_enabled(config: &ServerConfig, preference: Option<&str>) -> bool {
    if config.feature_flag_collapsed_threads == Some(false) && version_below(&config.version, 7, 6) {
        return false;
    }
    match config.collapsed_threads.as_deref() {
        None | Some("disabled" | "") => false,
        Some("always_on") => true,
        Some(setting) => preference.map_or(setting == "default_on", |value| value == "on"),
    }
}

/// Whether a version such as `7.5.2` lies below `major.minor`; unreadable ones do not.
pub fn version_below(version: &str, major: u32, minor: u32) -> bool {
    let mut parts = version.split('.').map(|part| part.parse::<u32>().ok());
    match (parts.next().flatten(), parts.next().flatten()) {
        (Some(a), Some(b)) => (a, b) < (major, minor),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_and_channels_without_end_fill_a_bounded_memory() {
        let mut state = ServerState::default();
        for n in 0..=MOST_USERS {
            state.apply_user(User { id: UserId::parse(&format!("u{n}")), ..User::default() });
        }
        assert_eq!(state.users.len(), MOST_USERS);
        let member = |id: &str, mention_count| Member {
            channel_id: ChannelId::parse(id).unwrap(),
            user_id: None,
            msg_count: 0,
            msg_count_root: None,
            mention_count,
            mention_count_root: None,
            urgent_mention_count: None,
            last_viewed_at: 0,
            last_update_at: 0,
            notify_props: BTreeMap::new(),
        };
        for n in 0..=MOST_CHANNELS {
            state.apply_member(&member(&format!("c{n}"), 0));
        }
        state.set_member(&member("extra", 1));
        assert_eq!(state.channels.len(), MOST_CHANNELS);
        // What is known already goes on.
        state.set_member(&member("c7", 3));
        assert_eq!(state.channels[&ChannelId::parse("c7").unwrap()].counts.unread(false).mentions, 3);
    }

    #[test]
    fn reply_threads_follow_the_server_then_the_person() {
        let config = |setting: Option<&str>| ServerConfig {
            collapsed_threads: setting.map(str::to_owned),
            version: "11.1.0".to_owned(),
            ..ServerConfig::default()
        };
        for (setting, preference, expected) in [
            (None, Some("on"), false),
            (Some("disabled"), Some("on"), false),
            (Some("default_off"), None, false),
            (Some("default_off"), Some("on"), true),
            (Some("default_on"), None, true),
            (Some("default_on"), Some("off"), false),
            (Some("always_on"), Some("off"), true),
        ] {
            assert_eq!(crt_enabled(&config(setting), preference), expected, "{setting:?} {preference:?}");
        }
    }
}
