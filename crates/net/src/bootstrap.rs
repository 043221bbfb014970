//! Collects REST answers into one [`Snapshot`] (protocol §3).
//!
//! Pure: a live session and a replay hand it the same bytes. It reads what today's servers answer
//! (`users/me/channels`, `channel_members` as NDJSON) and what 5.37 did (lists per team), in any order and mixture, and
//! an answer that was cut never hides what another one told.

use std::collections::{BTreeMap, BTreeSet};

use belfry_core::event::{
    CallsSetup, Channel, ChannelType, License, Member, Preference, ServerConfig, Snapshot, Status, Team, Thread,
    ThreadCounts, User,
};
use belfry_core::ids::{ChannelId, PostId, TeamId, UserId};
use thiserror::Error;

use crate::lenient::TextMap;
use crate::shapes::{
    self, CallChannelShape, CallShape, ChannelShape, List, MemberShape, PreferenceShape, TeamMemberShape, TeamShape,
    TeamUnreadShape, ThreadListShape, UserShape,
};

/// Why no snapshot could be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BootstrapError {
    /// `users/me` was not answered, or not with a user.
    #[error("the server did not say who is signed in")]
    NoMe,
    /// No list of channels was answered.
    #[error("the server did not list the channels")]
    NoChannels,
    /// No list of channel memberships was answered.
    #[error("the server did not list the channel memberships")]
    NoMembers,
}

/// What became of one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absorbed {
    /// It was read to its end.
    Used {
        /// Elements of a list, readable or not; 1 for a single object.
        rows: usize,
    },
    /// It ended too early or was broken: what could be read was kept, and it is worth asking again.
    Cut,
    /// It holds nothing for a snapshot, such as a refusal or a path that the server does not know.
    Ignored,
}

/// Unread threads of one team as far as they were listed.
#[derive(Debug)]
struct TeamThreads {
    counts: ThreadCounts,
    listed: i64,
}

/// Collects answers; [`Collector::finish`] makes the snapshot.
#[derive(Debug, Default)]
pub struct Collector {
    me: Option<User>,
    config: Option<ServerConfig>,
    config_is_full: bool,
    license: Option<License>,
    preferences: Vec<Preference>,
    teams: BTreeMap<TeamId, Team>,
    left_teams: BTreeSet<TeamId>,
    channels: BTreeMap<ChannelId, Channel>,
    channels_answered: bool,
    members: BTreeMap<ChannelId, Member>,
    members_answered: bool,
    team_unread: Vec<(TeamId, ThreadCounts)>,
    team_lists: BTreeMap<TeamId, TeamThreads>,
    direct: Option<(TeamId, ThreadCounts)>,
    threads: BTreeMap<PostId, Thread>,
    threads_failed: bool,
    users: BTreeMap<UserId, User>,
    status: Option<Status>,
    calls_answered: bool,
    ringing: bool,
    calls: Vec<(Option<ChannelId>, CallShape)>,
}

/// The server writes these ids where a person is in no channel at all (protocol §3.3, §12.16).
const NO_CHANNELS: [&str; 2] =
    ["app.channel.get_channels.not_found.app_error", "app.channel.get_member.missing.app_error"];

fn says_no_channels(body: &[u8]) -> bool {
    // The id stands at the beginning, also of the broken body that begins like a list.
    let head = String::from_utf8_lossy(body.get(..body.len().min(512)).unwrap_or_default());
    NO_CHANNELS.iter().any(|id| head.contains(id))
}

impl Collector {
    /// Takes one answer. `path` is relative to `/api/v4` (or begins with it, or with `/plugins/`), with or without a query.
    /// Answers that hold nothing for a snapshot are ignored.
    pub fn absorb(&mut self, method: &str, path: &str, status: u16, body: &[u8]) -> Absorbed {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let path = path.trim_matches('/');
        let path = path.strip_prefix("api/v4/").unwrap_or(path);
        let segments: Vec<&str> = path.split('/').collect();
        let ok = status == 200;
        match (method, segments.as_slice()) {
            ("GET", ["config", "client"]) if ok => self.config(body),
            ("GET", ["license", "client"]) if ok => {
                let Some(TextMap(map)) = shapes::object(body) else { return Absorbed::Cut };
                self.license = Some(shapes::license_of(&map));
                Absorbed::Used { rows: 1 }
            }
            ("GET", ["users", "me"]) if ok => {
                let user = shapes::object::<UserShape>(body).and_then(UserShape::into_user);
                let Some(user) = user else { return Absorbed::Cut };
                self.me = Some(user);
                Absorbed::Used { rows: 1 }
            }
            ("GET", ["users", "me", "preferences"]) if ok => {
                let list = shapes::list::<PreferenceShape>(body);
                let outcome = outcome(&list);
                self.preferences = list
                    .items
                    .into_iter()
                    .filter_map(PreferenceShape::into_preference)
                    .filter(|preference| matters(&preference.category))
                    .collect();
                outcome
            }
            ("GET", ["users", "me", "teams"]) if ok => {
                let list = shapes::list::<TeamShape>(body);
                let outcome = outcome(&list);
                self.teams.extend(list.items.into_iter().filter_map(TeamShape::into_team).map(|team| (team.id, team)));
                outcome
            }
            ("GET", ["users", "me", "teams", "members"]) if ok => {
                let list = shapes::list::<TeamMemberShape>(body);
                let left = |member: &TeamMemberShape| member.delete_at.is_some_and(|at| at != 0);
                self.left_teams
                    .extend(list.items.iter().filter(|member| left(member)).filter_map(|member| member.team_id));
                outcome(&list)
            }
            ("GET", ["users", "me", "teams", "unread"]) if ok => {
                let list = shapes::list::<TeamUnreadShape>(body);
                self.team_unread = list.items.iter().filter_map(TeamUnreadShape::threads).collect();
                outcome(&list)
            }
            ("GET", ["users", "me", "channels"] | ["users", "me", "teams", _, "channels"]) => {
                self.channels(status, body)
            }
            ("GET", ["users", "me", "channel_members"] | ["users", "me", "teams", _, "channels", "members"]) => {
                self.members(status, body)
            }
            ("GET", ["users", "me", "teams", team, "threads"]) => self.threads(team, query, ok, body),
            ("GET", ["users", "me", "status"]) if ok => {
                self.status = std::str::from_utf8(body).ok().and_then(shapes::status);
                Absorbed::Used { rows: 1 }
            }
            ("POST", ["users", "ids"]) if ok => {
                let list = shapes::list::<UserShape>(body);
                let outcome = outcome(&list);
                self.users(list.items);
                outcome
            }
            ("POST", ["users", "group_channels"]) if ok => self.group_channels(body),
            ("GET", ["plugins", "com.mattermost.calls", what]) if ok => self.calls(what, body),
            _ => Absorbed::Ignored,
        }
    }

    fn config(&mut self, body: &[u8]) -> Absorbed {
        let Some(TextMap(map)) = shapes::object(body) else { return Absorbed::Cut };
        let full = shapes::is_full_config(&map);
        if full || !self.config_is_full {
            self.config_is_full = full;
            self.config = Some(shapes::config_of(map));
        }
        Absorbed::Used { rows: 1 }
    }

    fn channels(&mut self, status: u16, body: &[u8]) -> Absorbed {
        if matches!(status, 200 | 404) && says_no_channels(body) {
            self.channels_answered = true;
            return Absorbed::Used { rows: 0 };
        }
        if status != 200 {
            return Absorbed::Ignored;
        }
        let list = shapes::list::<ChannelShape>(body);
        let outcome = outcome(&list);
        self.channels_answered |= list.complete;
        self.channels
            .extend(list.items.into_iter().filter_map(ChannelShape::into_channel).map(|channel| (channel.id, channel)));
        outcome
    }

    fn members(&mut self, status: u16, body: &[u8]) -> Absorbed {
        if matches!(status, 200 | 404) && says_no_channels(body) {
            self.members_answered = true;
            return Absorbed::Used { rows: 0 };
        }
        if status != 200 {
            return Absorbed::Ignored;
        }
        let list = shapes::list::<MemberShape>(body);
        let rows = list.rows;
        let complete = list.complete;
        let members: Vec<Member> = list.items.into_iter().filter_map(MemberShape::into_member).collect();
        // A single object that is no membership is an error or a recorder's note, not a list.
        if !complete || (rows > 0 && members.is_empty()) {
            self.members.extend(members.into_iter().map(|member| (member.channel_id, member)));
            return Absorbed::Cut;
        }
        self.members_answered = true;
        self.members.extend(members.into_iter().map(|member| (member.channel_id, member)));
        Absorbed::Used { rows }
    }

    fn threads(&mut self, team: &str, query: &str, ok: bool, body: &[u8]) -> Absorbed {
        let parsed = ok.then(|| shapes::object::<ThreadListShape>(body)).flatten();
        let (Some(team), Some(parsed)) = (TeamId::parse(team), parsed) else {
            self.threads_failed = true;
            return if ok { Absorbed::Cut } else { Absorbed::Ignored };
        };
        let Some(counts) = parsed.counts() else {
            self.threads_failed = true;
            return Absorbed::Cut;
        };
        // With `excludeDirect` the counters are another kind: they would be taken for ones that include direct messages.
        if !query.contains("excludeDirect=true") && self.direct.is_none_or(|(known, _)| known == team) {
            self.direct = Some((team, counts));
        }
        let threads = parsed.threads.unwrap_or_default();
        let rows = threads.len();
        let unread: Vec<Thread> = threads
            .into_iter()
            .filter_map(shapes::ThreadShape::into_thread)
            .filter(|thread| thread.unread_replies > 0 || thread.unread_mentions > 0)
            .collect();
        let listed = i64::try_from(unread.len()).unwrap_or(i64::MAX);
        let entry = self.team_lists.entry(team).or_insert(TeamThreads { counts, listed: 0 });
        entry.counts = counts;
        entry.listed = entry.listed.max(listed);
        self.threads.extend(unread.into_iter().map(|thread| (thread.id, thread)));
        Absorbed::Used { rows }
    }

    fn users(&mut self, users: Vec<UserShape>) {
        let users = users.into_iter().filter_map(UserShape::into_user);
        self.users.extend(users.filter_map(|user| user.id.map(|id| (id, user))));
    }

    fn group_channels(&mut self, body: &[u8]) -> Absorbed {
        let Ok(map) = serde_json::from_slice::<BTreeMap<String, UserList>>(body) else { return Absorbed::Cut };
        let rows = map.len();
        for UserList(users) in map.into_values() {
            self.users(users.unwrap_or_default());
        }
        Absorbed::Used { rows }
    }

    fn calls(&mut self, what: &str, body: &[u8]) -> Absorbed {
        match what {
            "version" => {
                self.calls_answered = true;
                Absorbed::Used { rows: 1 }
            }
            "config" => {
                let Some(ringing) = std::str::from_utf8(body).ok().and_then(shapes::calls_ringing) else {
                    return Absorbed::Cut;
                };
                self.calls_answered = true;
                self.ringing = ringing;
                Absorbed::Used { rows: 1 }
            }
            "channels" => {
                let list = shapes::list::<CallChannelShape>(body);
                let outcome = outcome(&list);
                self.calls_answered |= list.complete;
                self.calls = list.items.into_iter().filter_map(|row| Some((row.channel_id, row.call?))).collect();
                outcome
            }
            _ => Absorbed::Ignored,
        }
    }

    /// The teams answered so far, archived and left ones excepted.
    pub fn teams(&self) -> impl Iterator<Item = TeamId> {
        self.teams
            .values()
            .filter(|team| team.delete_at == 0 && !self.left_teams.contains(&team.id))
            .map(|team| team.id)
    }

    /// Whether a whole list of channels was answered.
    pub fn has_channels(&self) -> bool {
        self.channels_answered
    }

    /// Whether a whole list of channel memberships was answered.
    pub fn has_members(&self) -> bool {
        self.members_answered
    }

    /// Whether the server counts threads per team in `teams/unread` (not on 5.37).
    pub fn has_team_thread_counts(&self) -> bool {
        !self.team_unread.is_empty()
    }

    /// Whether threads can be collapsed on this server at all, so that their counters are worth asking for.
    pub fn threads_possible(&self) -> bool {
        self.config
            .as_ref()
            .is_none_or(|config| config.collapsed_threads.as_deref().is_some_and(|mode| mode != "disabled"))
    }

    /// Who is signed in.
    pub fn me(&self) -> Option<&User> {
        self.me.as_ref()
    }

    /// The people of direct messages, at most `limit`: those with unread mentions first, then the most recently used.
    pub fn direct_partners(&self, limit: usize) -> Vec<UserId> {
        let Some(me) = self.me.as_ref().and_then(|me| me.id) else { return Vec::new() };
        let mut partners: Vec<(bool, i64, UserId)> = self
            .channels
            .values()
            .filter(|channel| channel.channel_type == ChannelType::Direct)
            .filter_map(|channel| {
                let (one, other) = channel.name.split_once("__")?;
                let partner = UserId::parse(if one == me.as_str() { other } else { one })?;
                let mentioned = self.members.get(&channel.id).is_some_and(|member| member.mention_count > 0);
                Some((mentioned, channel.last_post_at, partner))
            })
            .filter(|(_, _, partner)| !self.users.contains_key(partner))
            .collect();
        partners.sort_unstable_by(|a, b| b.cmp(a));
        partners.truncate(limit);
        partners.into_iter().map(|(_, _, partner)| partner).collect()
    }

    /// The snapshot of everything answered. `taken_at_ms` stays 0: only the caller knows when it asked.
    pub fn finish(mut self) -> Result<Snapshot, BootstrapError> {
        let me = self.me.take().ok_or(BootstrapError::NoMe)?;
        if !self.channels_answered {
            return Err(BootstrapError::NoChannels);
        }
        if !self.members_answered {
            return Err(BootstrapError::NoMembers);
        }
        let threads_complete = self.threads_complete();
        let team_threads = self.team_threads(threads_complete);
        let calls = self.calls_answered.then(|| CallsSetup {
            ringing: self.ringing,
            active: self.calls.drain(..).filter_map(|(channel, call)| call.into_call(channel, me.id)).collect(),
        });
        let left_teams = self.left_teams;
        // The member list holds archived channels and those of teams that were left (protocol §3.3).
        let channels = self.channels;
        let members = self.members.into_values().filter(|member| channels.contains_key(&member.channel_id)).collect();
        Ok(Snapshot {
            me: Some(me),
            config: self.config.unwrap_or_else(|| shapes::config_of(BTreeMap::new())),
            license: self.license.unwrap_or_default(),
            preferences: self.preferences,
            teams: self.teams.into_values().filter(|team| !left_teams.contains(&team.id)).collect(),
            members,
            channels: channels.into_values().collect(),
            team_threads,
            direct_threads: self.direct,
            threads: self.threads.into_values().collect(),
            threads_complete,
            users: self.users.into_values().collect(),
            status: self.status,
            calls,
            taken_at_ms: 0,
        })
    }

    /// Whether the listed threads are all the unread ones: every team that was asked listed as many as it counted.
    fn threads_complete(&self) -> bool {
        let listed = |lists: &TeamThreads| lists.counts.unread_threads <= lists.listed;
        let asked_or_none = |(team, counts): &(TeamId, ThreadCounts)| {
            counts.unread_threads == 0 || self.team_lists.get(team).is_some_and(listed)
        };
        !self.threads_failed
            && !self.team_lists.is_empty()
            && self.team_lists.values().all(listed)
            && self.team_unread.iter().all(asked_or_none)
    }

    /// Counters per team. Servers that do not tell them (5.37) are helped out where the lists say enough.
    fn team_threads(&mut self, complete: bool) -> Vec<(TeamId, ThreadCounts)> {
        if !self.team_unread.is_empty() || !complete {
            return std::mem::take(&mut self.team_unread);
        }
        let mut counts: BTreeMap<TeamId, ThreadCounts> =
            self.team_lists.keys().map(|team| (*team, ThreadCounts::default())).collect();
        for thread in self.threads.values() {
            let team = thread.channel_id.and_then(|id| self.channels.get(&id)).and_then(|channel| channel.team_id);
            let Some(count) = team.and_then(|team| counts.get_mut(&team)) else { continue };
            count.unread_threads += i64::from(thread.unread_replies > 0);
            let urgent = if thread.is_urgent { thread.unread_mentions } else { 0 };
            count.unread_mentions = count.unread_mentions.saturating_add(thread.unread_mentions);
            count.unread_urgent_mentions = count.unread_urgent_mentions.saturating_add(urgent);
        }
        counts.into_iter().collect()
    }
}

struct UserList(Option<Vec<UserShape>>);

impl<'de> serde::Deserialize<'de> for UserList {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::lenient::many(deserializer).map(Self)
    }
}

/// Only these preferences decide anything (notifications §1.3); a person may have thousands of others.
fn matters(category: &str) -> bool {
    category == "display_settings"
}

fn outcome<T>(list: &List<T>) -> Absorbed {
    if list.complete { Absorbed::Used { rows: list.rows } } else { Absorbed::Cut }
}

#[cfg(test)]
mod tests;
