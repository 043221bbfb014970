//! How long to wait before the next try (protocol §4.7). Pure: the random part is handed in.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

/// A random share of a whole, from nothing (0) to almost all of it (`u16::MAX`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Jitter(pub u16);

impl Jitter {
    /// This share of `whole`.
    pub fn of(self, whole: Duration) -> Duration {
        whole.saturating_mul(u32::from(self.0)) / (u32::from(u16::MAX) + 1)
    }
}

/// Where random shares come from: the same seed gives the same ones. They spread reconnects and need not be good.
#[derive(Clone, Copy, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice that follow from a number.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A seed that nobody foresees.
    pub fn chance() -> u64 {
        RandomState::new().build_hasher().finish()
    }

    /// The next share.
    pub fn roll(&mut self) -> Jitter {
        // Weyl's sequence, with its bits mixed (Steele, Lea and Flood 2014).
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Jitter(u16::try_from(mixed >> 48).unwrap_or(0))
    }
}

/// The times of a session. The defaults are the protocol's; tests on loopback shorten them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Wait before the first tries.
    pub base: Duration,
    /// So many failures wait only `base`; from then on it is `base` × failures².
    pub steady_failures: u32,
    /// The longest wait.
    pub cap: Duration,
    /// Random addition after a failure of one's own.
    pub jitter: Duration,
    /// Random addition after the server closed: everybody comes back at once after a restart.
    pub jitter_after_close: Duration,
    /// Never reconnect earlier than this after losing a socket, or the server shows the person offline (§12.1).
    pub reconnect_gap: Duration,
    /// How often the connection is proved to be alive.
    pub ping_every: Duration,
    /// How long a ping may take after a sleep or a change of network.
    pub urgent_ping: Duration,
    /// How long an open socket may stay silent before its token is doubted.
    pub ready_within: Duration,
    /// The least time between two complete loads.
    pub load_gap: Duration,
    /// How often the session is checked although everything looks well (§4.9).
    pub identity_every: Duration,
    /// How often at most a server is told that the person is active (§4.10); older input is no news.
    pub active_every: Duration,
    /// How long after the last sign of activity it is told that the person is idle: the server refuses to hear it earlier
    /// than after 300 s (§12.2), by its own clock and counted from when the sign reached it.
    pub idle_after: Duration,
    /// How often the unread counts are compared with the server's (§4.6), at the least.
    pub counts_every: Duration,
    /// Random addition to that: everybody came back at once after a restart.
    pub counts_jitter: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            base: Duration::from_secs(3),
            steady_failures: 7,
            cap: Duration::from_mins(5),
            jitter: Duration::from_secs(2),
            jitter_after_close: Duration::from_secs(30),
            reconnect_gap: Duration::from_millis(600),
            ping_every: Duration::from_secs(30),
            urgent_ping: Duration::from_secs(5),
            ready_within: Duration::from_secs(10),
            load_gap: Duration::from_secs(30),
            identity_every: Duration::from_mins(15),
            active_every: Duration::from_mins(1),
            idle_after: Duration::from_secs(302),
            counts_every: Duration::from_mins(10),
            counts_jitter: Duration::from_mins(5),
        }
    }
}

/// The longest wish of a server that is honoured in full: a hostile or mistaken one must not silence us for years.
pub const LONGEST_WISH: Duration = Duration::from_hours(1);

/// Counts failures in a row.
#[derive(Clone, Copy, Debug, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// All is well again. Only after *ready*, never after the mere upgrade of a connection.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// Notes a failure and tells how long to wait: at least what the server asked for.
    pub fn fail(&mut self, timing: &Timing, jitter: Duration, retry_after: Option<Duration>) -> Duration {
        self.failures = self.failures.saturating_add(1);
        let grown = if self.failures <= timing.steady_failures {
            timing.base
        } else {
            timing.base.saturating_mul(self.failures.saturating_mul(self.failures))
        };
        let wait = grown.min(timing.cap).max(retry_after.unwrap_or(Duration::ZERO).min(LONGEST_WISH));
        wait.saturating_add(jitter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seven_short_waits_then_growing_ones_up_to_five_minutes() {
        let timing = Timing::default();
        let mut backoff = Backoff::default();
        let mut next = || backoff.fail(&timing, Duration::ZERO, None).as_secs();
        let waits: Vec<u64> = (0..12).map(|_| next()).collect();
        assert_eq!(waits, [3, 3, 3, 3, 3, 3, 3, 192, 243, 300, 300, 300]);
        for _ in 0..100_000 {
            next();
        }
        assert_eq!(next(), 300);
    }

    #[test]
    fn the_servers_own_wish_is_honoured_and_success_forgets_failures() {
        let timing = Timing::default();
        let mut backoff = Backoff::default();
        assert_eq!(backoff.fail(&timing, Duration::ZERO, Some(Duration::from_secs(40))).as_secs(), 40);
        for _ in 0..9 {
            backoff.fail(&timing, Duration::ZERO, None);
        }
        backoff.reset();
        assert_eq!(backoff.fail(&timing, Duration::from_secs(1), Some(Duration::from_secs(1))).as_secs(), 4);
        assert_eq!(backoff.fail(&timing, Duration::ZERO, Some(Duration::MAX)), LONGEST_WISH, "nobody waits for ever");
    }

    #[test]
    fn dice_repeat_themselves_for_the_same_seed_and_spread_over_the_whole_range() {
        let shares = |seed| {
            let mut dice = Dice::new(seed);
            (0..1_000).map(move |_| dice.roll().0).collect::<Vec<_>>()
        };
        assert_eq!(shares(7), shares(7));
        assert_ne!(shares(7), shares(8));
        assert!((400..600).contains(&shares(7).iter().filter(|share| **share < 1 << 15).count()));
    }

    #[test]
    fn jitter_is_a_share() {
        let whole = Duration::from_secs(30);
        assert_eq!(Jitter(0).of(whole), Duration::ZERO);
        assert_eq!(Jitter(1 << 15).of(whole), Duration::from_secs(15));
        assert!(Jitter(u16::MAX).of(whole) < whole);
    }
}
