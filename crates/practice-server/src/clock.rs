//! Time, handed in from outside so that tests decide what it is.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::UNIX_EPOCH;

/// A source of milliseconds since the epoch.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> i64 + Send + Sync>);

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({})", self.now_ms())
    }
}

impl Clock {
    /// The computer's clock.
    pub fn system() -> Self {
        Self(Arc::new(|| {
            #[expect(clippy::disallowed_methods, reason = "this crate depends on none of ours: its clock begins here")]
            let now = std::time::SystemTime::now();
            now.duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
        }))
    }

    /// A clock that says what it is told: one that a simulation shares with others.
    pub fn of(read: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// A clock that moves only when its hand is moved.
    pub fn by_hand(start_ms: i64) -> (Self, ClockHand) {
        let hand = ClockHand(Arc::new(AtomicI64::new(start_ms)));
        let read = hand.clone();
        (Self(Arc::new(move || read.0.load(Ordering::Relaxed))), hand)
    }

    /// Milliseconds since the epoch.
    pub fn now_ms(&self) -> i64 {
        (self.0)()
    }
}

/// Moves a clock made by [`Clock::by_hand`].
#[derive(Clone, Debug)]
pub struct ClockHand(Arc<AtomicI64>);

impl ClockHand {
    /// Moves the clock on (or back, with a negative number).
    pub fn advance_ms(&self, by: i64) {
        self.0.fetch_add(by, Ordering::Relaxed);
    }
}
