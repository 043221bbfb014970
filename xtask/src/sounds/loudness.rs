//! Loudness as ITU-R BS.1770 measures it: K-weighting, 400 ms blocks, two gates. Loudness, not level, is what must match
//! between a low marimba and a high bell.

use super::maths::{cos_turns, sin_turns};
use super::synth::{RATE, samples};

/// A second-order filter section.
struct Section {
    b: [f64; 3],
    a: [f64; 2],
    x: [f64; 2],
    y: [f64; 2],
}

impl Section {
    fn step(&mut self, input: f64) -> f64 {
        let [b0, b1, b2] = self.b;
        let [a1, a2] = self.a;
        let out = b0 * input + b1 * self.x[0] + b2 * self.x[1] - a1 * self.y[0] - a2 * self.y[1];
        self.x = [input, self.x[0]];
        self.y = [out, self.y[0]];
        out
    }

    /// The head's high shelf: about +4 dB above 1.7 kHz.
    fn shelf() -> Self {
        let (k, q) = (tan(1_681.974_45), 0.707_175_236_955_419);
        let (high, band) = (1.584_864_701, 1.258_720_93);
        let scale = 1.0 + k / q + k * k;
        Self {
            b: [
                (high + band * k / q + k * k) / scale,
                2.0 * (k * k - high) / scale,
                (high - band * k / q + k * k) / scale,
            ],
            a: [2.0 * (k * k - 1.0) / scale, (1.0 - k / q + k * k) / scale],
            x: [0.0; 2],
            y: [0.0; 2],
        }
    }

    /// Lows count for less.
    fn high_pass() -> Self {
        let (k, q) = (tan(38.135_47), 0.500_327_037_323_877);
        let scale = 1.0 + k / q + k * k;
        Self {
            b: [1.0, -2.0, 1.0],
            a: [2.0 * (k * k - 1.0) / scale, (1.0 - k / q + k * k) / scale],
            x: [0.0; 2],
            y: [0.0; 2],
        }
    }
}

fn tan(hz: f64) -> f64 {
    let turns = hz / f64::from(RATE) / 2.0;
    sin_turns(turns) / cos_turns(turns)
}

/// K-weighted power of a sound.
pub(super) struct Power {
    /// Mean over the blocks that pass both gates; 0 for silence.
    pub(super) integrated: f64,
    /// Of the loudest block: what a short sound is heard as.
    pub(super) loudest: f64,
}

/// LUFS of a power. Only for telling and testing: no sample depends on it.
pub(super) fn lufs(power: f64) -> f64 {
    10.0 * power.log10() - 0.691
}

/// Measures a sound; a looped one as it sounds from its second round on.
pub(super) fn measure(sound: &[f64], looped: bool) -> Power {
    let (mut shelf, mut high_pass) = (Section::shelf(), Section::high_pass());
    let mut weigh = |sample: &f64| {
        let y = high_pass.step(shelf.step(*sample));
        y * y
    };
    let mut squares: Vec<f64> = sound.iter().map(&mut weigh).collect();
    if looped {
        squares = sound.iter().map(&mut weigh).collect();
    }
    let block = samples(0.4);
    let hop = samples(0.1);
    // A sound shorter than a block is measured as one.
    let powers: Vec<f64> = if squares.len() < block {
        vec![mean(&squares)]
    } else {
        squares.windows(block).step_by(hop).map(mean).collect()
    };
    // -70 LUFS, then 10 below what that leaves.
    let loud = gated(&powers, 1.172e-7);
    Power { integrated: gated(&powers, loud / 10.0), loudest: powers.iter().copied().fold(0.0, f64::max) }
}

fn gated(powers: &[f64], floor: f64) -> f64 {
    let kept: Vec<f64> = powers.iter().copied().filter(|power| *power > floor).collect();
    mean(&kept)
}

fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / super::synth::count(values.len()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_scale_sine_of_1_khz_measures_minus_3_lufs() {
        let sine: Vec<f64> = (0..RATE * 2).map(|n| sin_turns(f64::from(n) * 1000.0 / f64::from(RATE))).collect();
        let measured = lufs(measure(&sine, false).integrated);
        assert!((measured + 3.01).abs() < 0.1, "{measured}");
    }
}
