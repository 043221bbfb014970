//! The counts of what is unread are compared with the server's now and then: events about reading may be dropped without
//! a trace (protocol §4.6, §12.4). A difference that is no mere overlap leads to everything being read again.

use core::time::Duration;
use std::collections::BTreeMap;

use crate::effect::{Difference, DifferentPlace, Effect, Effects, Fetch};
use crate::engine::{Engine, Server};
use crate::event::ChannelType;
use crate::ids::{ChannelId, ServerId, TeamId};
use crate::missed::{TeamSums, UnreadSums};
use crate::state::ServerState;
use crate::time::{MonoTime, Now};

/// A difference is looked at again after this long: an event may have been on its way.
const LOOK_AGAIN: Duration = Duration::from_secs(3);
/// Looks that were disturbed by events before the check is given up until the next time.
const LOOKS: u32 = 4;
/// Direct and group messages asked about one by one: those with unread mentions, of which there are few.
const SINGLE: usize = 4;

/// Where a server's check stands.
#[derive(Debug, Default)]
pub(super) struct CountsCheck {
    /// Grows with everything that counts; a sum that was asked for before is worthless.
    moves: u64,
    asked_at: Option<u64>,
    looks: u32,
    seen: Vec<Difference>,
    again_at: Option<MonoTime>,
    /// [`Self::moves`] when counts were asked for, of a channel or of everything.
    reading: Option<u64>,
    /// When the last such answer came.
    read_at: Option<MonoTime>,
    /// Differences that reading everything did not mend: the server counts something else there.
    stubborn: Vec<Difference>,
    repaired: Vec<Difference>,
}

impl CountsCheck {
    pub(super) fn deadline(&self) -> Option<MonoTime> {
        self.again_at
    }

    /// Something was counted or read.
    pub(super) fn moved(&mut self, now: &Now) {
        self.moves = self.moves.wrapping_add(1);
        if self.read_at.is_some_and(|at| now.mono.since(at) < LOOK_AGAIN) {
            self.look_soon(now);
        }
    }

    /// Counts are asked for.
    pub(super) fn reads(&mut self) {
        self.reading.get_or_insert(self.moves);
    }

    /// Counts of a channel came. Totals and my part of them are two answers: what happened between them, or came around
    /// them, may be counted twice or not at all.
    pub(super) fn has_read(&mut self, now: &Now) {
        self.read_at = Some(now.mono);
        if self.reading.take().is_some_and(|moves| moves != self.moves) {
            self.look_soon(now);
        }
    }

    fn look_soon(&mut self, now: &Now) {
        // One that goes on is not disturbed.
        if self.again_at.is_none() && self.asked_at.is_none() {
            self.looks = 0;
            self.seen.clear();
            self.again_at = Some(now.mono.after(LOOK_AGAIN));
        }
    }

    /// Everything was read anew. After a repair it is looked at once more, soon.
    pub(super) fn loaded(&mut self, now: &Now) {
        self.moves = self.moves.wrapping_add(1);
        self.seen.clear();
        self.looks = 0;
        self.again_at = (!self.repaired.is_empty()).then(|| now.mono.after(LOOK_AGAIN));
        self.asked_at = None;
        self.reading = None;
        self.read_at = Some(now.mono);
    }

    /// The question was not answered; it is asked again in its time.
    pub(super) fn given_up(&mut self) {
        self.asked_at = None;
    }
}

impl Engine {
    /// It is time to compare.
    pub(super) fn on_counts_due(&mut self, now: &Now, id: ServerId, out: &mut Effects) {
        let Some(server) = self.servers.get_mut(&id) else { return };
        let check = &mut server.counts_check;
        // One that goes on is not disturbed.
        if check.again_at.is_none() && check.asked_at.is_none() {
            check.looks = 0;
            check.seen.clear();
            self.look(now, id, out);
        }
    }

    fn look(&mut self, now: &Now, id: ServerId, out: &mut Effects) {
        let Some(server) = self.servers.get_mut(&id) else { return };
        let check = &mut server.counts_check;
        check.again_at = None;
        if !server.state.loaded || check.looks >= LOOKS {
            return;
        }
        check.looks = check.looks.saturating_add(1);
        if server.catching.is_some() {
            check.again_at = Some(now.mono.after(LOOK_AGAIN));
            return;
        }
        check.asked_at = Some(check.moves);
        let single = single(&server.state);
        self.ask(id, Fetch::UnreadSums(single), out);
    }

    pub(super) fn pass_counts_deadlines(&mut self, now: &Now, out: &mut Effects) {
        let is_due = |server: &Server| server.counts_check.again_at.is_some_and(|at| at <= now.mono);
        let due: Vec<ServerId> = self.servers.iter().filter(|(_, server)| is_due(server)).map(|(id, _)| *id).collect();
        for id in due {
            self.look(now, id, out);
        }
    }

    /// The server's sums: what differs twice, with nothing happening in between, is repaired.
    pub(super) fn on_unread_sums(&mut self, now: &Now, id: ServerId, sums: &UnreadSums, out: &mut Effects) {
        let Some(server) = self.servers.get_mut(&id) else { return };
        server.asked.retain(|fetch| !matches!(fetch, Fetch::UnreadSums(_)));
        let Server { state, counts_check: check, .. } = server;
        let Some(asked_at) = check.asked_at.take() else { return };
        if asked_at != check.moves {
            check.again_at = Some(now.mono.after(LOOK_AGAIN));
            return;
        }
        let found = differences(state, sums);
        check.stubborn.retain(|old| found.iter().any(|difference| alike(old, difference)));
        // Read anew, and it still differs by the same: once more would not mend it.
        let repaired = core::mem::take(&mut check.repaired);
        let mended = |difference: &Difference| !repaired.iter().any(|old| alike(old, difference));
        check.stubborn.extend(found.iter().filter(|difference| !mended(difference)));
        let is_open = |difference: &Difference| !check.stubborn.iter().any(|old| alike(old, difference));
        let open: Vec<Difference> = found.into_iter().filter(is_open).collect();
        let confirmed: Vec<Difference> =
            open.iter().filter(|difference| check.seen.contains(difference)).copied().collect();
        if open.is_empty() {
            check.seen.clear();
        } else if confirmed.is_empty() {
            check.seen = open;
            check.again_at = Some(now.mono.after(LOOK_AGAIN));
        } else {
            out.extend(confirmed.iter().map(|difference| Effect::CountsDiffer(id, *difference)));
            check.seen.clear();
            check.repaired = confirmed;
            self.ask(id, Fetch::Everything, out);
        }
    }
}

/// Whether two looks differ from the server by the same.
fn alike(one: &Difference, other: &Difference) -> bool {
    let by = |difference: &Difference| {
        let Difference { held, told, .. } = difference;
        (told.0.saturating_sub(held.0), told.1.saturating_sub(held.1))
    };
    one.place == other.place && by(one) == by(other)
}

/// Direct and group messages with unread mentions, the newest first: no sum of the server covers them.
fn single(state: &ServerState) -> Vec<ChannelId> {
    let personal = |id: &ChannelId| {
        let kind = state.channels.get(id).and_then(|channel| channel.channel_type);
        matches!(kind, Some(ChannelType::Direct | ChannelType::Group))
    };
    state.sum.channels().map(|(id, _)| id).filter(personal).take(SINGLE).collect()
}

/// What was missed where the server counts more in channels, and where it counts less; the same for threads.
const CHANNEL: [&str; 2] = ["posted", "multiple_channels_viewed"];
const THREAD: [&str; 2] = ["thread_updated", "thread_read_changed"];

fn differences(state: &ServerState, sums: &UnreadSums) -> Vec<Difference> {
    let mut held: BTreeMap<TeamId, TeamSums> = BTreeMap::new();
    for channel in state.channels.values().filter(|channel| channel.delete_at == 0) {
        let (Some(team), Some(prefs)) = (channel.team_id, channel.prefs.as_deref()) else { continue };
        let sums = held.entry(team).or_default();
        let counts = &channel.counts;
        if !prefs.is_muted() {
            sums.messages = sums.messages.saturating_add(counts.total.saturating_sub(counts.read).max(0));
            sums.messages_root =
                sums.messages_root.saturating_add(counts.total_root.saturating_sub(counts.read_root).max(0));
        }
        sums.mentions = sums.mentions.saturating_add(counts.mentions);
        sums.mentions_root = sums.mentions_root.saturating_add(counts.mentions_root);
    }
    let crt = state.crt();
    let counters = state.threads.counters();
    let mut found = Vec::new();
    let mut compare = |place, held: (i64, i64), told: (i64, i64), [more, less]: [&'static str; 2]| {
        if held != told {
            let missed = if told.0 > held.0 || told.1 > held.1 { more } else { less };
            found.push(Difference { place, held, told, missed });
        }
    };
    for (team, told) in &sums.teams {
        let ours = held.get(team).copied().unwrap_or_default();
        let pair = |sums: TeamSums| {
            if crt { (sums.messages_root, sums.mentions_root) } else { (sums.messages, sums.mentions) }
        };
        compare(DifferentPlace::Team(*team), pair(ours), pair(*told), CHANNEL);
        if let (true, Some(told)) = (crt, told.threads) {
            let ours = counters.get(team).map(|team| team.own).unwrap_or_default();
            compare(
                DifferentPlace::Threads(*team),
                (ours.unread_threads, ours.unread_mentions),
                (told.unread_threads, told.unread_mentions),
                THREAD,
            );
        }
    }
    if let (true, Some((team, told))) = (crt, sums.direct_threads) {
        let ours = counters.get(&team).map(|team| team.with_direct).unwrap_or_default();
        compare(
            DifferentPlace::DirectThreads,
            (ours.unread_threads, ours.unread_mentions),
            (told.unread_threads, told.unread_mentions),
            THREAD,
        );
    }
    for (id, mentions, mentions_root) in &sums.channels {
        let Some(channel) = state.channels.get(id) else { continue };
        let (ours, told) =
            if crt { (channel.counts.mentions_root, *mentions_root) } else { (channel.counts.mentions, *mentions) };
        compare(DifferentPlace::Channel(*id), (0, ours), (0, told), CHANNEL);
    }
    found
}
