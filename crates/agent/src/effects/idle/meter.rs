//! Makes sense of `GetSessionIdleTime`, for which desktops cannot agree on a unit, and which some answer with 0 for ever.
//!
//! What is taken for a shorter time than it is would make an absent person look active. So the number means nothing until
//! it was seen to grow as a clock does.

use std::time::Duration;

use belfry_core::time::MonoTime;

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Milliseconds,
    Seconds,
}

/// Learns the unit from how the number grows while nobody touches anything.
#[derive(Debug, Default)]
pub(super) struct Meter {
    unit: Option<Unit>,
    last: Option<(MonoTime, u64)>,
}

impl Meter {
    /// The idle time that a number stands for; `None` until that is certain.
    pub(super) fn read(&mut self, now: MonoTime, raw: u64) -> Option<Duration> {
        if let Some((then, before)) = self.last.replace((now, raw)) {
            let elapsed = u64::try_from(now.since(then).as_millis()).unwrap_or(u64::MAX);
            let grown = raw.saturating_sub(before);
            // Milliseconds cannot be taken for seconds by mistake for long: they outgrow them with the next quiet minute.
            if alike(grown, elapsed) {
                self.unit = Some(Unit::Milliseconds);
            } else if self.unit.is_none() && alike(grown, elapsed / 1_000) {
                self.unit = Some(Unit::Seconds);
            }
        }
        Some(match self.unit? {
            Unit::Milliseconds => Duration::from_millis(raw),
            Unit::Seconds => Duration::from_secs(raw),
        })
    }
}

/// Whether two spans differ by a tenth at most; too short ones are like nothing.
fn alike(one: u64, other: u64) -> bool {
    const SHORTEST: u64 = 5;
    other >= SHORTEST && one.abs_diff(other) <= (other / 10).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(numbers: &[(u64, u64)]) -> Vec<Option<u64>> {
        let mut meter = Meter::default();
        let answers = numbers.iter().map(|(second, raw)| meter.read(MonoTime(second * 1_000), *raw));
        answers.map(|idle| idle.map(|idle| idle.as_secs())).collect()
    }

    #[test]
    fn milliseconds_are_understood_after_a_quiet_while() {
        assert_eq!(read(&[(0, 400), (60, 3_000), (120, 62_990), (180, 20)]), [None, None, Some(62), Some(0)]);
    }

    #[test]
    fn seconds_are_understood_after_a_quiet_while() {
        assert_eq!(read(&[(0, 2), (60, 62), (120, 5), (140, 25)]), [None, Some(62), Some(5), Some(25)]);
    }

    #[test]
    fn a_number_that_never_grows_tells_nothing() {
        assert_eq!(read(&[(0, 0), (300, 0), (600, 0), (900, 0)]), [None; 4]);
        assert_eq!(read(&[(0, 7), (300, 7), (600, 900_000_000)]), [None; 3]);
    }

    #[test]
    fn a_wrong_guess_makes_nobody_active_and_is_mended() {
        // Milliseconds that happen to grow as seconds would.
        let told = read(&[(0, 2), (60, 62), (120, 5_000), (180, 65_000)]);
        assert_eq!(told, [None, Some(62), Some(5_000), Some(65)]);
    }
}
