//! What breaks, and when.

use std::time::Duration;

use belfry_practice_server::HttpFault;

use super::Chance;
use super::history::{History, Phase, What};

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;

/// A change of the weather.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// The server resets every websocket; they can be resumed.
    Drop,
    /// The same in the middle of the next frame.
    DropMidFrame,
    /// Every open connection ends after so many more bytes.
    Cut(usize),
    /// The next connections end after so many bytes each.
    CutDials(Vec<usize>),
    /// Nothing passes on any open connection, until it flows again.
    Stall,
    Flow,
    /// Every open connection is dead without a word, for ever: the server still believes in it.
    Dead,
    /// There is no network; refuses at once, or never answers.
    Down {
        hangs: bool,
    },
    /// There is one again; the system says so, or does not.
    Up {
        said: bool,
    },
    /// So many of the next messages are lost, and leave a gap in the numbers of events.
    Skip(u64),
    /// The next event comes twice.
    Duplicate,
    /// Requests fail.
    Http(HttpFault, &'static str, usize),
    /// The server is gone, with all that it knew of connections, until it is up again.
    Restart,
    /// Another node of the cluster answers: lost connections are unknown there.
    ForgetLost,
    /// Nothing that is shown is painted any more.
    Unpainted,
    Painted,
    /// Nothing that the engine wants is carried out any more: the moment before a crash.
    Deaf,
    /// Belfry is killed.
    Kill,
    /// Belfry is ended in order.
    Quit,
    /// Belfry is started again.
    Start,
    /// The computer sleeps: no time passes for Belfry, and its connections die.
    Sleep,
    /// It wakes; the system says so, or does not.
    Wake {
        said: bool,
    },
    /// All that still waits to go wrong does not.
    Calm,
}

impl Change {
    /// Whether it makes something worse.
    pub(super) fn is_fault(&self) -> bool {
        !matches!(self, Self::Flow | Self::Up { .. } | Self::Painted | Self::Start | Self::Wake { .. } | Self::Calm)
    }
}

/// All changes, in order, milliseconds from the beginning.
pub(super) fn forecast(seed: u64, history: &History) -> Vec<(i64, Change)> {
    let mut chance = Chance::new(seed, 2);
    let mut changes = Vec::new();
    for phase in &history.phases {
        storm(&mut chance, history, phase, &mut changes);
        changes.push((phase.calms_ms, Change::Calm));
    }
    changes.sort_by_key(|(at_ms, _)| *at_ms);
    changes
}

fn storm(chance: &mut Chance, history: &History, phase: &Phase, changes: &mut Vec<(i64, Change)>) {
    let length = phase.calms_ms - phase.begins_ms;
    if phase.only_gaps {
        // Messages get lost on connections that are well otherwise: nothing but the numbers of events tells of it.
        for _ in 0..=chance.below(3) {
            changes.push((phase.begins_ms + chance.between(0, length), Change::Skip(1)));
        }
        return;
    }
    let posts: Vec<i64> = history
        .deeds
        .iter()
        .filter(|deed| matches!(deed.what, What::Posts { .. } | What::Replies { .. }))
        .map(|deed| deed.at_ms)
        .filter(|at_ms| (phase.begins_ms..phase.calms_ms).contains(at_ms))
        .collect();
    let mut at_ms = phase.begins_ms + chance.between(0, length / 3 + 1);
    for _ in 0..2 + chance.below(5) {
        // Right around a message is where most can go wrong.
        if let (Some(post), false) = (posts.get(chance.index(posts.len())), chance.one_in(3)) {
            at_ms = at_ms.max(*post - 30 + chance.between(0, 150));
        }
        if at_ms >= phase.calms_ms {
            return;
        }
        at_ms = incident(chance, at_ms, phase.calms_ms, changes) + chance.between(1, length / 3 + 2);
    }
}

/// One thing that breaks, with what breaks on the way back; returns when it is over.
fn incident(chance: &mut Chance, at_ms: i64, calms_ms: i64, changes: &mut Vec<(i64, Change)>) -> i64 {
    let most = (calms_ms - at_ms).max(1);
    let length =
        if chance.one_in(2) { chance.between(50, 20 * SECOND) } else { chance.between(5 * SECOND, 12 * MINUTE) };
    let until = at_ms + length.min(most);
    let mut put = |at_ms, change| changes.push((at_ms, change));
    let over = match chance.below(15) {
        0 | 1 => {
            put(at_ms, Change::Drop);
            at_ms
        }
        2 => {
            put(at_ms, Change::DropMidFrame);
            at_ms
        }
        3 => {
            put(at_ms, Change::Cut(chance.index(3_000)));
            at_ms
        }
        4 => {
            put(at_ms, Change::Stall);
            put(until, Change::Flow);
            until
        }
        5 => {
            put(at_ms, Change::Dead);
            at_ms
        }
        6 | 7 => {
            put(at_ms, Change::Down { hangs: chance.one_in(2) });
            put(until, Change::Up { said: chance.one_in(2) });
            until
        }
        8 => {
            put(at_ms, Change::Skip(1 + chance.below(3)));
            at_ms
        }
        9 => {
            put(at_ms, Change::Duplicate);
            at_ms
        }
        10 => {
            put(at_ms, Change::Restart);
            put(until, Change::Up { said: false });
            until
        }
        11 | 12 => {
            if chance.one_in(2) {
                put(at_ms - chance.between(1, 5 * SECOND), Change::Unpainted);
            }
            if chance.one_in(4) {
                put(at_ms, Change::Quit);
            } else {
                if chance.one_in(2) {
                    put(at_ms - chance.between(0, 300), Change::Deaf);
                }
                put(at_ms, Change::Kill);
            }
            put(until, Change::Start);
            put(until, Change::Painted);
            until
        }
        _ => {
            put(at_ms, Change::Sleep);
            put(until, Change::Wake { said: chance.one_in(2) });
            until
        }
    };
    if chance.one_in(3) {
        put(at_ms + 1, Change::ForgetLost);
        put(over, Change::ForgetLost);
    }
    if chance.one_in(3) {
        let number = 1 + chance.below(5);
        let most = if chance.one_in(2) { 400 } else { 6_000 };
        put(over, Change::CutDials((0..number).map(|_| chance.index(most)).collect()));
    }
    if chance.one_in(2) {
        let paths = ["", "/posts", "/websocket", "channel_members", "/config/client", "/thread", "/users/me"];
        let path = chance.pick(&paths).unwrap_or_default();
        let times = 1 + chance.index(4);
        let fault = match chance.below(9) {
            0 | 1 => HttpFault::BadGateway,
            2 | 3 => HttpFault::TooMany(u32::try_from(chance.below(60)).unwrap_or(1)),
            4 => HttpFault::Busy,
            5 => HttpFault::Truncate,
            6 => HttpFault::Reset,
            7 => HttpFault::WebPage,
            _ => HttpFault::Delay(Duration::from_millis(chance.below(20_000))),
        };
        put(over, Change::Http(fault, path, times));
    }
    over
}
