//! How cards move: short, eased out, and not at all where the person wants it so.

/// Which kinds of motion there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Motion {
    /// Cards slide and glide.
    pub moves: bool,
    /// Cards fade; without a compositor they would fade to black.
    pub fades: bool,
}

/// Fading and sliding in or out, seconds.
pub(super) const FADE_SECS: f32 = 0.14;
/// Gliding to another place, seconds.
pub(super) const GLIDE_SECS: f32 = 0.16;
/// How far a card slides in, points.
pub(super) const SLIDE: f32 = 8.0;
/// The first frame of a motion is already this far into it, seconds: a card is never drawn invisible.
const HEAD_START_SECS: f64 = 0.016;

/// A value on its way to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Track {
    from: f32,
    to: f32,
    start: f64,
    secs: f32,
}

impl Track {
    /// Rests at a value.
    pub(super) const fn at(value: f32) -> Self {
        Self { from: value, to: value, start: 0.0, secs: 0.0 }
    }

    /// Where it goes.
    pub(super) const fn target(self) -> f32 {
        self.to
    }

    /// The value at `now`, eased out.
    pub(super) fn value(self, now: f64) -> f32 {
        if self.secs <= 0.0 {
            return self.to;
        }
        let part = ((now - self.start) as f32 / self.secs).clamp(0.0, 1.0);
        let eased = 1.0 - (1.0 - part).powi(3);
        self.from + (self.to - self.from) * eased
    }

    /// Whether it still moves.
    pub(super) fn is_moving(self, now: f64) -> bool {
        self.secs > 0.0 && (self.from - self.to).abs() > f32::EPSILON && now < self.start + f64::from(self.secs)
    }

    /// Sets off for another value, from wherever it is; at once where `secs` is 0.
    pub(super) fn go(&mut self, to: f32, now: f64, secs: f32) {
        if (to - self.to).abs() > f32::EPSILON {
            *self = Self { from: self.value(now), to, start: now - HEAD_START_SECS, secs };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_motion_starts_visibly_eases_out_and_ends_exactly() {
        let mut track = Track::at(0.0);
        track.go(1.0, 10.0, FADE_SECS);
        let first = track.value(10.0);
        assert!(first > 0.2 && first < 0.6, "the first frame shows something: {first}");
        assert!(track.is_moving(10.05));
        assert!(track.value(10.07) > 0.8, "fast first, slow at the end");
        assert!(!track.is_moving(10.2));
        assert!((track.value(10.2) - 1.0).abs() < f32::EPSILON);
    }

    #[test]
    fn a_change_of_mind_starts_from_where_it_is() {
        let mut track = Track::at(0.0);
        track.go(100.0, 0.0, GLIDE_SECS);
        let halfway = track.value(0.05);
        track.go(0.0, 0.05, GLIDE_SECS);
        assert!(track.value(0.05) <= halfway && track.value(0.05) > halfway * 0.5);
    }

    #[test]
    fn reduced_motion_jumps() {
        let mut track = Track::at(5.0);
        track.go(9.0, 1.0, 0.0);
        assert!((track.value(1.0) - 9.0).abs() < f32::EPSILON);
        assert!(!track.is_moving(1.0));
    }
}
