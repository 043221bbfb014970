//! Arithmetic that gives the same bits everywhere: the system's `sin` and `exp` differ in the last place between C libraries,
//! and the check that `assets/sounds` is what this program makes compares bytes.

/// Sine of an angle given in whole turns.
pub(super) fn sin_turns(turns: f64) -> f64 {
    let mut x = turns - turns.floor();
    // Fold onto a quarter turn around zero, where the series is short.
    if x > 0.75 {
        x -= 1.0;
    } else if x > 0.25 {
        x = 0.5 - x;
    }
    let x = x * std::f64::consts::TAU;
    let square = x * x;
    let mut term = x;
    let mut sum = x;
    for n in [6.0, 20.0, 42.0, 72.0, 110.0, 156.0, 210.0, 272.0] {
        term *= -square / n;
        sum += term;
    }
    sum
}

/// Cosine of an angle given in whole turns.
pub(super) fn cos_turns(turns: f64) -> f64 {
    sin_turns(turns + 0.25)
}

/// Two to the power of `x`, for `x` between -1000 and 1000.
pub(super) fn exp2(x: f64) -> f64 {
    let whole = x.floor();
    let y = (x - whole) * std::f64::consts::LN_2;
    let mut term = 1.0;
    let mut sum = 1.0;
    let mut n = 1.0;
    while n < 20.0 {
        term *= y / n;
        sum += term;
        n += 1.0;
    }
    let (base, mut left) = if whole < 0.0 { (0.5, -whole) } else { (2.0, whole) };
    while left > 0.0 {
        sum *= base;
        left -= 1.0;
    }
    sum
}

/// The factor of a level in decibels.
pub(super) fn from_decibels(decibels: f64) -> f64 {
    exp2(decibels * std::f64::consts::LOG2_10 / 20.0)
}

/// The frequency ratio of an interval in cents.
pub(super) fn from_cents(cents: f64) -> f64 {
    exp2(cents / 1200.0)
}

/// Equal-tempered frequency of a MIDI note number (69 = A4 = 440 Hz).
pub(super) fn note_hz(midi: f64) -> f64 {
    440.0 * exp2((midi - 69.0) / 12.0)
}

/// A small generator with a fixed seed: noise that is the same every time.
pub(super) struct Noise(u64);

impl Noise {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A value in -1.0..1.0.
    pub(super) fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let top = u32::try_from(self.0 >> 32).unwrap_or(0);
        f64::from(top) / f64::from(u32::MAX) * 2.0 - 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_series_agree_with_the_system_functions() {
        for step in -400..400 {
            let x = f64::from(step) / 57.0;
            assert!((sin_turns(x) - (x * std::f64::consts::TAU).sin()).abs() < 1e-9, "sin {x}");
            assert!((exp2(x) / x.exp2() - 1.0).abs() < 1e-12, "exp2 {x}");
        }
        assert!((note_hz(60.0) - 261.625_565).abs() < 1e-5);
    }
}
