//! Time as an argument: core never asks for it.

use core::time::Duration;

/// Milliseconds since this run began, on a clock that never goes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct MonoTime(pub u64);

impl MonoTime {
    /// This moment and `duration` more; stops at the end of time instead of wrapping.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)))
    }

    /// How long ago `earlier` was; zero where it lies ahead.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

/// The moment at which an input is handled.
#[derive(Clone, Debug)]
pub struct Now {
    /// For deadlines.
    pub mono: MonoTime,
    /// For people: the date, the hour and the zone they live in.
    pub wall: jiff::Zoned,
}

impl Now {
    /// A moment in UTC.
    pub fn utc(mono_ms: u64, wall_ms: i64) -> Self {
        let timestamp = jiff::Timestamp::from_millisecond(wall_ms).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        Self { mono: MonoTime(mono_ms), wall: timestamp.to_zoned(jiff::tz::TimeZone::UTC) }
    }

    /// Unix milliseconds.
    pub fn wall_ms(&self) -> i64 {
        self.wall.timestamp().as_millisecond()
    }
}
