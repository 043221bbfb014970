//! The chaos suite: a random history of a server is watched twice, once in peace and once under random faults, and both times
//! the same must have been announced.
//!
//! A seed gives a history (who writes, reads, edits, mutes, joins and when) and the weather (what breaks and when). Server,
//! network and clocks are simulated: hours pass in milliseconds, on one thread. The ledger is the real one, on disk, and
//! survives each killed Belfry.
//!
//! - *Lost*: announced in peace, never under faults, although nothing made it superfluous in between (read on another device,
//!   deleted, muted, left).
//! - *Doubled*: announced again although it was recorded as presented.
//! - Besides, nothing may be announced that is not in peace, the unread counts must be the server's, and Belfry must be
//!   connected again once the faults are over.

mod compare;
mod counts;
mod history;
mod network;
mod play;
mod weather;

use std::fmt;
use std::io;

use belfry_net::session::backoff::Dice;
use tokio::runtime::{Builder, Runtime};

pub use compare::Finding;

/// What one seed came to.
#[derive(Debug)]
pub struct Outcome {
    /// Which.
    pub seed: u64,
    /// What went wrong.
    pub findings: Vec<Finding>,
    /// What was played.
    pub played: Played,
}

/// How much was played, for a report that tells whether the suite still asks anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Played {
    /// Posts of the history.
    pub posts: usize,
    /// Posts announced in peace.
    pub announced: usize,
    /// Posts that were announced under faults, alone.
    pub alone: usize,
    /// Posts that were announced under faults, in a summary.
    pub summed_up: usize,
    /// Posts announced in peace of which something else disposed before Belfry could know of them.
    pub excused: usize,
    /// Faults.
    pub faults: usize,
}

impl Played {
    /// Adds another seed's figures.
    pub fn add(&mut self, other: Self) {
        self.posts += other.posts;
        self.announced += other.announced;
        self.alone += other.alone;
        self.summed_up += other.summed_up;
        self.excused += other.excused;
        self.faults += other.faults;
    }
}

impl Outcome {
    /// How many findings are of this kind.
    pub fn count(&self, kind: impl Fn(&Finding) -> bool) -> usize {
        self.findings.iter().filter(|finding| kind(finding)).count()
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}", self.seed)?;
        for finding in &self.findings {
            writeln!(f, "  {finding}")?;
        }
        write!(f, "  repeat it with: cargo xtask chaos --seeds 1 --from {}", self.seed)
    }
}

/// One thread, and a clock that stands still while anything can go on.
fn paused() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_time().start_paused(true).build()
}

/// Plays one seed.
///
/// # Errors
/// When the machine gives no room for it: a folder, a thread.
pub fn run(seed: u64) -> anyhow::Result<Outcome> {
    compared(seed, false)
}

/// The same with a Belfry that is given nothing of its ledger at a start: the suite must notice.
///
/// # Errors
/// As [`run`].
pub fn run_forgetful(seed: u64) -> anyhow::Result<Outcome> {
    compared(seed, true)
}

fn compared(seed: u64, forgets: bool) -> anyhow::Result<Outcome> {
    let history = history::History::of(seed);
    let weather = weather::forecast(seed, &history);
    let peace = paused()?.block_on(play::play(seed, &history, &[], false))?;
    let storm = paused()?.block_on(play::play(seed, &history, &weather, forgets))?;
    let (findings, mut played) = compare::compare(&history, &peace, &storm);
    played.faults = weather.iter().filter(|(_, change)| change.is_fault()).count();
    Ok(Outcome { seed, findings, played })
}

/// The story of one seed, told for people: what happened when, in peace and under faults.
///
/// # Errors
/// As [`run`].
pub fn tell(seed: u64) -> anyhow::Result<String> {
    let history = history::History::of(seed);
    let weather = weather::forecast(seed, &history);
    let peace = paused()?.block_on(play::play(seed, &history, &[], false))?;
    let storm = paused()?.block_on(play::play(seed, &history, &weather, false))?;
    let again = paused()?.block_on(play::play(seed, &history, &weather, false))?;
    anyhow::ensure!(again == storm, "the same seed was played twice, and it was not the same");
    Ok(compare::tell(&history, &weather, &peace, &storm))
}

/// Random choices that follow from a number.
#[derive(Debug)]
struct Chance(Dice);

impl Chance {
    fn new(seed: u64, purpose: u64) -> Self {
        Self(Dice::new(seed.wrapping_mul(0x9E6C_63D0_876A_68DE).wrapping_add(purpose)))
    }

    /// A number below `n`, which is at most 65 536.
    fn below(&mut self, n: u64) -> u64 {
        (u64::from(self.0.roll().0) * n) >> 16
    }

    /// A number from `from` to before `to`.
    fn between(&mut self, from: i64, to: i64) -> i64 {
        let width = u64::try_from(to.saturating_sub(from)).unwrap_or(0).max(1);
        // Wide ranges in two parts, so that every value can be met.
        let wide = (self.below(65_536) << 16) | self.below(65_536);
        from + i64::try_from(wide % width).unwrap_or(0)
    }

    fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(u64::try_from(length).unwrap_or(1))).unwrap_or(0)
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn pick<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> Option<&'a T> {
        of.get(self.index(of.len())).copied()
    }
}
