//! Followed threads and their counters (notifications §4.2, §4.5; protocol §3.6).
//!
//! A team has two counters: its own threads, and those together with the threads of direct and group messages, which
//! belong to no team.

use core::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::event::{Thread, ThreadCounts};
use crate::ids::{ChannelId, IdMap, PostId, TeamId};
use crate::time::MonoTime;

/// Threads that are held of one server: years of answers. Of others it is asked how much is unread.
const MOST_HELD: usize = 50_000;

/// Everything known of threads.
#[derive(Clone, Debug, Default)]
pub struct Threads {
    /// Threads met so far.
    held: IdMap<PostId, HeldThread>,
    /// Those of them with anything unread, by team, the one with the most mentions first.
    unread: BTreeMap<Option<TeamId>, BTreeSet<(Reverse<i64>, PostId)>>,
    /// Counters of each team.
    counters: BTreeMap<TeamId, TeamThreads>,
    /// Threads that are not held had nothing unread when the counters were loaded.
    complete: bool,
}

/// The two counters of a team.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TeamThreads {
    /// Without direct and group messages.
    pub own: ThreadCounts,
    /// With them.
    pub with_direct: ThreadCounts,
}

impl TeamThreads {
    /// What direct and group messages add.
    fn direct(&self) -> ThreadCounts {
        let Self { own, with_direct } = self;
        ThreadCounts {
            total: with_direct.total.saturating_sub(own.total),
            unread_threads: with_direct.unread_threads.saturating_sub(own.unread_threads),
            unread_mentions: with_direct.unread_mentions.saturating_sub(own.unread_mentions),
            unread_urgent_mentions: with_direct.unread_urgent_mentions.saturating_sub(own.unread_urgent_mentions),
        }
    }
}

/// One thread.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeldThread {
    /// Channel, once known.
    pub channel_id: Option<ChannelId>,
    /// Team; `None` for direct and group messages.
    pub team_id: Option<TeamId>,
    /// Unread replies.
    pub unread_replies: i64,
    /// Unread mentions.
    pub unread_mentions: i64,
    /// Urgent root.
    pub is_urgent: bool,
    /// The root's text in markdown, cut; empty = unknown.
    pub root_message: Box<str>,
    /// When another device read it last.
    pub read_elsewhere: Option<MonoTime>,
}

impl HeldThread {
    fn is_unread(&self) -> bool {
        self.unread_replies > 0 || self.unread_mentions > 0
    }

    fn mark_read(&mut self) {
        self.unread_replies = 0;
        self.unread_mentions = 0;
    }
}

/// What was known before a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Before {
    /// Unread replies.
    pub replies: i64,
    /// Unread mentions.
    pub mentions: i64,
}

impl Threads {
    /// Takes over counters as they were fetched. `team_of` names a channel's team: threads that are listed one by one come
    /// without theirs.
    pub fn load(
        &mut self,
        own: &[(TeamId, ThreadCounts)],
        direct: Option<(TeamId, ThreadCounts)>,
        threads: Vec<Thread>,
        complete: bool,
        team_of: impl Fn(ChannelId) -> Option<TeamId>,
    ) {
        self.held.clear();
        self.unread.clear();
        self.counters =
            own.iter().map(|(team, counts)| (*team, TeamThreads { own: *counts, with_direct: *counts })).collect();
        self.set_direct(direct);
        for thread in threads {
            let team_id = thread.channel_id.and_then(&team_of);
            self.hold(&thread, team_id);
        }
        let nothing = self
            .counters
            .values()
            .all(|team| team.with_direct.unread_threads == 0 && team.with_direct.unread_mentions == 0);
        self.complete = complete || nothing;
    }

    /// Whether everything that is unread was loaded, thread by thread.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Takes over counters alone; held threads stay.
    pub fn reload_counters(&mut self, own: &[(TeamId, ThreadCounts)], direct: Option<(TeamId, ThreadCounts)>) {
        self.counters =
            own.iter().map(|(team, counts)| (*team, TeamThreads { own: *counts, with_direct: *counts })).collect();
        self.set_direct(direct);
    }

    /// What direct and group messages add is the same for every team.
    fn set_direct(&mut self, direct: Option<(TeamId, ThreadCounts)>) {
        let Some((team, with_direct)) = direct else { return };
        let own = self.counters.entry(team).or_default().own;
        let extra = TeamThreads { own, with_direct }.direct();
        for counters in self.counters.values_mut() {
            counters.with_direct = bounded(ThreadCounts {
                total: counters.own.total.saturating_add(extra.total),
                unread_threads: counters.own.unread_threads.saturating_add(extra.unread_threads),
                unread_mentions: counters.own.unread_mentions.saturating_add(extra.unread_mentions),
                unread_urgent_mentions: counters
                    .own
                    .unread_urgent_mentions
                    .saturating_add(extra.unread_urgent_mentions),
            });
        }
    }

    /// Counters of every team.
    pub fn counters(&self) -> &BTreeMap<TeamId, TeamThreads> {
        &self.counters
    }

    /// A held thread.
    pub fn get(&self, id: PostId) -> Option<&HeldThread> {
        self.held.get(&id)
    }

    /// What is known to have been unread in a thread before an event: held, else as the event says, else nothing where
    /// everything unread was loaded.
    pub fn before(&self, id: PostId, told: Option<Before>) -> Option<Before> {
        match self.held.get(&id) {
            Some(held) => Some(Before { replies: held.unread_replies, mentions: held.unread_mentions }),
            None => told.or_else(|| self.complete.then_some(Before { replies: 0, mentions: 0 })),
        }
    }

    /// The held threads of a team (`None` = direct and group messages) with anything unread, the most mentions first.
    pub fn unread_of(&self, team_id: Option<TeamId>) -> impl Iterator<Item = (PostId, &HeldThread)> {
        let places = self.unread.get(&team_id).into_iter().flatten();
        places.filter_map(|(_, id)| Some((*id, self.held.get(id)?)))
    }

    /// What direct and group messages add to the counters, which is the same for every team, and each team's own counters:
    /// together what the badge counts (notifications §4.2). Nothing in it is negative.
    pub fn counted(&self) -> impl Iterator<Item = (Option<TeamId>, ThreadCounts)> {
        // Any one team tells what direct messages add.
        let direct = self.counters.values().next().map(|team| (None, bounded(team.direct())));
        direct.into_iter().chain(self.counters.iter().map(|(id, team)| (Some(*id), bounded(team.own))))
    }

    /// Holds a thread, in place of what was held before.
    fn put(&mut self, id: PostId, held: HeldThread) {
        if self.take(id).is_none() && self.held.len() >= MOST_HELD {
            self.complete = false;
            return;
        }
        if held.is_unread() {
            self.unread.entry(held.team_id).or_default().insert((Reverse(held.unread_mentions), id));
        }
        self.held.insert(id, held);
    }

    /// Lets a thread go.
    fn take(&mut self, id: PostId) -> Option<HeldThread> {
        let held = self.held.remove(&id)?;
        self.unlist(id, held.team_id, held.unread_mentions);
        Some(held)
    }

    fn unlist(&mut self, id: PostId, team_id: Option<TeamId>, mentions: i64) {
        if let Some(places) = self.unread.get_mut(&team_id) {
            places.remove(&(Reverse(mentions), id));
            if places.is_empty() {
                self.unread.remove(&team_id);
            }
        }
    }

    fn hold(&mut self, thread: &Thread, team_id: Option<TeamId>) {
        let read_elsewhere = self.held.get(&thread.id).and_then(|held| held.read_elsewhere);
        self.put(
            thread.id,
            HeldThread {
                channel_id: thread.channel_id,
                team_id,
                unread_replies: thread.unread_replies,
                unread_mentions: thread.unread_mentions,
                is_urgent: thread.is_urgent,
                root_message: crate::text::cut_at_char(&thread.root_message, 200).into(),
                read_elsewhere,
            },
        );
    }

    /// `thread_updated`: applies the difference. `false` where it could not be told, so that totals must be fetched.
    pub fn update(&mut self, thread: &Thread, team_id: Option<TeamId>, told: Option<Before>) -> bool {
        let before = self.before(thread.id, told);
        let after = Before { replies: thread.unread_replies, mentions: thread.unread_mentions };
        let urgent = thread.is_urgent;
        self.hold(thread, team_id);
        if let Some(before) = before {
            self.shift(team_id, before, after, urgent);
        }
        before.is_some()
    }

    /// Holds a thread that the counters include already, unless a newer copy is held.
    pub fn note(&mut self, thread: &Thread, team_id: Option<TeamId>) {
        if !self.held.contains_key(&thread.id) {
            self.hold(thread, team_id);
        }
    }

    /// Another device read a thread just now.
    pub fn note_read_elsewhere(&mut self, id: PostId, now: MonoTime) {
        if let Some(held) = self.held.get_mut(&id) {
            held.read_elsewhere = Some(now);
        }
    }

    /// `thread_read_changed` for one thread. `false` where totals must be fetched.
    pub fn read_one(
        &mut self,
        id: PostId,
        channel_id: Option<ChannelId>,
        team_id: Option<TeamId>,
        told: Option<Before>,
        after: Before,
    ) -> bool {
        let before = self.before(id, told);
        let mut held = self.take(id).unwrap_or_else(|| HeldThread { channel_id, team_id, ..HeldThread::default() });
        held.unread_replies = after.replies;
        held.unread_mentions = after.mentions;
        let (team_id, urgent) = (held.team_id, held.is_urgent);
        self.put(id, held);
        if let Some(before) = before {
            self.shift(team_id, before, after, urgent);
        }
        before.is_some()
    }

    /// Every known thread of a channel was read. `false` where it may have had unread ones that are not held.
    pub fn read_channel(&mut self, channel: ChannelId) -> bool {
        let read: Vec<PostId> = self.unread_where(|held| held.channel_id == Some(channel));
        for id in read {
            let Some(mut held) = self.take(id) else { continue };
            let before = Before { replies: held.unread_replies, mentions: held.unread_mentions };
            let (team_id, urgent) = (held.team_id, held.is_urgent);
            held.mark_read();
            self.put(id, held);
            self.shift(team_id, before, Before { replies: 0, mentions: 0 }, urgent);
        }
        self.complete
    }

    /// Every thread of a team, and of direct and group messages, was read.
    pub fn read_team(&mut self, team: TeamId) {
        let direct = self.counters.get(&team).map(TeamThreads::direct);
        let read: Vec<PostId> = self.unread_where(|held| held.team_id == Some(team) || held.team_id.is_none());
        for id in read {
            if let Some(mut held) = self.take(id) {
                held.mark_read();
                self.put(id, held);
            }
        }
        for (id, counters) in &mut self.counters {
            if *id == team {
                for counts in [&mut counters.own, &mut counters.with_direct] {
                    counts.unread_threads = 0;
                    counts.unread_mentions = 0;
                    counts.unread_urgent_mentions = 0;
                }
            } else if let Some(direct) = direct {
                let counts = &mut counters.with_direct;
                lower(&mut counts.unread_threads, direct.unread_threads);
                lower(&mut counts.unread_mentions, direct.unread_mentions);
                lower(&mut counts.unread_urgent_mentions, direct.unread_urgent_mentions);
            }
        }
    }

    /// A thread was followed: it starts read.
    pub fn follow(&mut self, id: PostId, team_id: Option<TeamId>) {
        if self.held.contains_key(&id) {
            return;
        }
        self.put(id, HeldThread { team_id, ..HeldThread::default() });
        self.each_counter(team_id, |counts| counts.total = counts.total.saturating_add(1));
    }

    /// The thread was unfollowed, or its root deleted: its unread part leaves the counters, and it is forgotten.
    pub fn forget(&mut self, id: PostId) {
        let Some(held) = self.take(id) else { return };
        self.each_counter(held.team_id, |counts| {
            lower(&mut counts.total, 1);
            if held.unread_replies > 0 {
                lower(&mut counts.unread_threads, 1);
            }
            lower(&mut counts.unread_mentions, held.unread_mentions);
            if held.is_urgent {
                lower(&mut counts.unread_urgent_mentions, held.unread_mentions);
            }
        });
    }

    /// A channel is gone: its held threads leave the counters.
    pub fn drop_channel(&mut self, channel: ChannelId) {
        for id in self.of_channel(channel) {
            self.forget(id);
        }
    }

    /// A team is gone, with its counters.
    pub fn drop_team(&mut self, team: TeamId) {
        self.counters.remove(&team);
        self.held.retain(|_, held| held.team_id != Some(team));
        self.unread.remove(&Some(team));
    }

    /// The unread threads that fit, in a fixed order.
    fn unread_where(&self, fits: impl Fn(&HeldThread) -> bool) -> Vec<PostId> {
        let all = self.unread.values().flatten().map(|(_, id)| *id);
        all.filter(|id| self.held.get(id).is_some_and(&fits)).collect()
    }

    fn of_channel(&self, channel: ChannelId) -> Vec<PostId> {
        let mut ids: Vec<PostId> =
            self.held.iter().filter(|(_, held)| held.channel_id == Some(channel)).map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids
    }

    /// A thread without team changes what includes direct messages, in every team; another one both counters of its team.
    fn each_counter(&mut self, team_id: Option<TeamId>, mut change: impl FnMut(&mut ThreadCounts)) {
        match team_id {
            None => self.counters.values_mut().for_each(|counters| change(&mut counters.with_direct)),
            Some(team) => {
                // A team that nobody told of yet has what direct messages add as well.
                let extra = self.counters.values().next().map(TeamThreads::direct).unwrap_or_default();
                let new = TeamThreads { own: ThreadCounts::default(), with_direct: extra };
                let counters = self.counters.entry(team).or_insert(new);
                change(&mut counters.own);
                change(&mut counters.with_direct);
            }
        }
    }

    fn shift(&mut self, team_id: Option<TeamId>, before: Before, after: Before, urgent: bool) {
        self.each_counter(team_id, |counts| shift(counts, before, after, urgent));
    }
}

/// The thread delta of `notifications.md` §4.5.
pub fn shift(counts: &mut ThreadCounts, before: Before, after: Before, urgent: bool) {
    let moved = |count: i64| count.saturating_add(after.mentions).saturating_sub(before.mentions).max(0);
    counts.unread_mentions = moved(counts.unread_mentions);
    if urgent {
        counts.unread_urgent_mentions = moved(counts.unread_urgent_mentions);
    }
    if before.replies <= 0 && after.replies > 0 {
        counts.unread_threads = counts.unread_threads.saturating_add(1);
    } else if before.replies > 0 && after.replies <= 0 {
        lower(&mut counts.unread_threads, 1);
    }
}

/// Takes away, but never below 0.
fn lower(count: &mut i64, by: i64) {
    *count = count.saturating_sub(by).max(0);
}

/// The same without what is below 0.
fn bounded(counts: ThreadCounts) -> ThreadCounts {
    ThreadCounts {
        total: counts.total.max(0),
        unread_threads: counts.unread_threads.max(0),
        unread_mentions: counts.unread_mentions.max(0),
        unread_urgent_mentions: counts.unread_urgent_mentions.max(0),
    }
}
