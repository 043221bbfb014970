//! The counters of threads, read while events about threads are on their way.
//!
//! Events change the counters by differences, an answer replaces them. What the server counted already when it answered may
//! still come as an event, and what it had not counted may have come before the answer; neither can be told from looking at
//! it, since these counters carry no time. So an answer with such events around it is read once more when it is quiet.

use core::time::Duration;

use crate::effect::{Effects, Fetch};
use crate::engine::{Engine, Server};
use crate::ids::ServerId;
use crate::time::{MonoTime, Now};

/// Events so soon after an answer may be in it already; and so long after one it is read again. A connection that stalled
/// brings what it held back within moments.
const SETTLES: Duration = Duration::from_secs(3);
/// So often one answer is read again: where threads never rest, the comparison of the counts has the last word.
const TRIES: u32 = 3;

/// Where a server's counters of threads stand.
#[derive(Debug, Default)]
pub(super) struct ThreadTotals {
    /// Grows with every event about threads.
    moves: u64,
    /// [`Self::moves`] when the question was asked.
    asked_at: Option<u64>,
    answered_at: Option<MonoTime>,
    again_at: Option<MonoTime>,
    tries: u32,
}

impl ThreadTotals {
    pub(super) fn deadline(&self) -> Option<MonoTime> {
        self.again_at
    }

    /// An event about threads came.
    pub(super) fn moved(&mut self, now: &Now) {
        self.moves = self.moves.wrapping_add(1);
        // It was quiet for long: what comes now has all its tries.
        if self.answered_at.is_some_and(|at| now.mono.since(at) >= 2 * SETTLES) && self.asked_at.is_none() {
            self.answered_at = None;
            self.tries = 0;
        }
        if self.answered_at.is_some_and(|at| now.mono.since(at) < SETTLES) {
            self.read_again(now);
        }
    }

    /// The question goes out.
    pub(super) fn asked(&mut self) {
        self.asked_at = Some(self.moves);
        self.again_at = None;
    }

    /// The answer was taken over.
    pub(super) fn answered(&mut self, now: &Now) {
        let is_disturbed = self.asked_at.take().is_some_and(|asked_at| asked_at != self.moves);
        self.answered_at = Some(now.mono);
        if is_disturbed {
            self.read_again(now);
        }
    }

    /// Everything was read anew; `alone` where that were counters without the threads that make them up: with those, each
    /// event says by itself what it changes.
    pub(super) fn loaded(&mut self, now: &Now, alone: bool) {
        *self = Self { moves: self.moves, answered_at: alone.then_some(now.mono), ..Self::default() };
    }

    fn read_again(&mut self, now: &Now) {
        if self.tries < TRIES {
            self.again_at = Some(now.mono.after(SETTLES));
        }
    }
}

impl Engine {
    pub(super) fn pass_thread_totals_deadlines(&mut self, now: &Now, out: &mut Effects) {
        let is_due = |server: &Server| server.thread_totals.again_at.is_some_and(|at| at <= now.mono);
        let due: Vec<ServerId> = self.servers.iter().filter(|(_, server)| is_due(server)).map(|(id, _)| *id).collect();
        for id in due {
            if let Some(server) = self.servers.get_mut(&id) {
                let totals = &mut server.thread_totals;
                totals.again_at = None;
                totals.tries = totals.tries.saturating_add(1);
            }
            self.ask(id, Fetch::ThreadTotals, out);
        }
    }
}
