//! The one place that reads time; everything else is handed it.
//!
//! Monotonic time comes from tokio's clock, so a paused test clock carries the driver and the sessions with it.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use belfry_core::time::{MonoTime, Now};
use tokio::time::Instant;

/// A clock that counts from its own start.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
    /// In a simulation: what the wall clock said at the start, Unix milliseconds. Moving it is a sleep, or a clock set anew.
    began: Option<&'static AtomicI64>,
}

impl Clock {
    /// A clock that starts now.
    pub fn start() -> Self {
        Self { start: Instant::now(), began: None }
    }

    /// A clock of a simulation, which starts now: its wall clock is `began` (Unix milliseconds, UTC) and what passed since on
    /// tokio's clock.
    pub fn simulated(began: &'static AtomicI64) -> Self {
        Self { start: Instant::now(), began: Some(began) }
    }

    /// Monotonic time since the start, and the wall clock in the person's time zone.
    pub fn now(&self) -> Now {
        let mono = self.mono();
        match self.began {
            None => Now { mono, wall: jiff::Zoned::now() },
            Some(_) => Now::utc(mono.0, self.wall_ms()),
        }
    }

    /// The wall clock, Unix milliseconds.
    pub fn wall_ms(&self) -> i64 {
        match self.began {
            None => wall_ms(),
            Some(began) => {
                let passed = i64::try_from(self.mono().0).unwrap_or(i64::MAX);
                began.load(Ordering::Relaxed).saturating_add(passed)
            }
        }
    }

    /// Monotonic time since the start.
    pub fn mono(&self) -> MonoTime {
        MonoTime(u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    /// The moment that this clock calls `at`, for `tokio::time::sleep_until`.
    pub fn instant(&self, at: MonoTime) -> Instant {
        // Far beyond any run; an unreachable deadline must not overflow the instant.
        const FAR: Duration = Duration::from_hours(10 * 365 * 24);
        self.start + Duration::from_millis(at.0).min(FAR)
    }
}

/// The clock of this process: it starts when first asked.
pub fn process() -> Clock {
    static CLOCK: OnceLock<Clock> = OnceLock::new();
    *CLOCK.get_or_init(Clock::start)
}

/// The present moment on the clock of this process.
pub fn now() -> Now {
    process().now()
}

/// Unix milliseconds, by the computer's clock.
pub fn wall_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// The monotonic clock itself, for measuring.
#[expect(clippy::disallowed_methods, reason = "the one place that reads it")]
pub fn monotonic() -> std::time::Instant {
    std::time::Instant::now()
}

/// Notices that the computer slept: the wall clock then runs ahead of the monotonic one, which stands still meanwhile.
#[derive(Clone, Copy, Debug)]
pub struct SuspendWatch {
    mono_ms: u64,
    wall_ms: i64,
}

impl SuspendWatch {
    /// A lead of the wall clock from which on we speak of sleep; smaller ones are clock corrections.
    pub const JUMP_MS: i64 = 5_000;

    /// Begins to compare at this moment.
    pub fn new(now: &Now) -> Self {
        Self { mono_ms: now.mono.0, wall_ms: now.wall_ms() }
    }

    /// Compares anew: how far the wall clock ran ahead since the last call, where that is far enough for a sleep.
    pub fn jump(&mut self, now: &Now) -> Option<Duration> {
        let mono = i64::try_from(now.mono.0.saturating_sub(self.mono_ms)).unwrap_or(i64::MAX);
        let lead = now.wall_ms().saturating_sub(self.wall_ms).saturating_sub(mono);
        *self = Self::new(now);
        (lead >= Self::JUMP_MS).then(|| Duration::from_millis(lead.unsigned_abs()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleep_is_noticed_and_clock_corrections_are_not() {
        let mut watch = SuspendWatch::new(&Now::utc(1_000, 50_000));
        assert_eq!(watch.jump(&Now::utc(31_000, 80_000)), None);
        assert_eq!(watch.jump(&Now::utc(32_000, 83_000)), None);
        assert_eq!(watch.jump(&Now::utc(33_000, 3_600_000)), Some(Duration::from_secs(3_516)));
        assert_eq!(watch.jump(&Now::utc(34_000, 100)), None, "a clock set back is no sleep");
        assert_eq!(watch.jump(&Now::utc(35_000, 1_100)), None);
    }

    #[test]
    fn an_unreachable_deadline_is_a_moment_all_the_same() {
        let clock = Clock::start();
        assert!(clock.instant(MonoTime(u64::MAX)) > clock.instant(MonoTime(5)));
    }
}
