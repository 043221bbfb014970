//! A small additive synthesiser: struck and held tones, noise grains, a little room.

use super::maths::{Noise, cos_turns, exp2, from_cents, from_decibels, sin_turns};

/// Samples per second of everything here.
pub(super) const RATE: u32 = 32_000;

/// A voice is dropped once it has decayed by this many halvings (about -84 dB).
const SILENT_HALVINGS: f64 = 14.0;

/// Length of `secs` in samples.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "sounds are seconds long and never negative"
)]
pub(super) fn samples(secs: f64) -> usize {
    (secs.max(0.0) * f64::from(RATE)).round() as usize
}

#[expect(clippy::cast_precision_loss, reason = "counts of samples are far below 2^52")]
pub(super) fn count(n: usize) -> f64 {
    n as f64
}

/// One sine of a timbre: frequency ratio, level, and how fast it fades relative to the fundamental.
#[derive(Clone, Copy)]
pub(super) struct Partial(pub(super) f64, pub(super) f64, pub(super) f64);

/// One note.
#[derive(Clone, Copy)]
pub(super) struct Tone {
    /// Start, seconds.
    pub(super) at: f64,
    pub(super) hz: f64,
    pub(super) gain: f64,
    /// Time to full level, seconds.
    pub(super) attack: f64,
    /// Time at full level after the attack, seconds.
    pub(super) hold: f64,
    /// Time to half level afterwards, seconds.
    pub(super) half_life: f64,
    pub(super) timbre: &'static [Partial],
    /// Two copies of every partial, this far apart, give a slow beat.
    pub(super) detune_cents: f64,
    /// The pitch starts this many cents away and glides home.
    pub(super) bend_cents: f64,
    /// Half-life of that glide, seconds.
    pub(super) bend_half_life: f64,
}

impl Tone {
    /// A struck tone without glide.
    pub(super) const fn struck(at: f64, hz: f64, gain: f64, half_life: f64, timbre: &'static [Partial]) -> Self {
        Self {
            at,
            hz,
            gain,
            attack: 0.003,
            hold: 0.0,
            half_life,
            timbre,
            detune_cents: 4.0,
            bend_cents: 0.0,
            bend_half_life: 1.0,
        }
    }
}

/// A short grain of band-limited noise.
#[derive(Clone, Copy)]
pub(super) struct Grain {
    pub(super) at: f64,
    pub(super) gain: f64,
    pub(super) half_life: f64,
    /// Centre of the band, hertz.
    pub(super) hz: f64,
    pub(super) seed: u64,
}

/// A sound in the making. A looped one wraps: what rings past its end is heard at its beginning.
pub(super) struct Buffer {
    pub(super) samples: Vec<f64>,
    pub(super) looped: bool,
}

impl Buffer {
    pub(super) fn new(secs: f64, looped: bool) -> Self {
        Self { samples: vec![0.0; samples(secs)], looped }
    }

    fn mix(&mut self, start: usize, voice: impl Iterator<Item = f64>) {
        let len = self.samples.len().max(1);
        for (offset, value) in voice.enumerate() {
            let at = start + offset;
            let at = if self.looped { at % len } else { at };
            match self.samples.get_mut(at) {
                Some(sample) => *sample += value,
                None => break,
            }
        }
    }

    pub(super) fn tone(&mut self, tone: Tone) {
        for partial in tone.timbre {
            for side in [-0.5, 0.5] {
                // Above this a partial would alias, or nearly.
                let hz = tone.hz * partial.0 * from_cents(tone.detune_cents * side);
                if hz < 14_000.0 {
                    self.mix(samples(tone.at), partial_voice(tone, *partial, hz));
                }
            }
        }
    }

    pub(super) fn grain(&mut self, grain: Grain) {
        // A two-pole resonator, wide enough to stay a noise.
        let radius = 0.93;
        let a1 = 2.0 * radius * cos_turns(grain.hz / f64::from(RATE));
        let a2 = -radius * radius;
        let mut noise = Noise::new(grain.seed);
        let (mut y1, mut y2) = (0.0, 0.0);
        let length = samples(grain.half_life * SILENT_HALVINGS);
        let attack = count(samples(0.0008));
        let decay = exp2(-1.0 / (grain.half_life * f64::from(RATE)));
        let mut level = grain.gain * (1.0 - radius);
        let voice = (0..length).map(move |n| {
            let y = noise.next() + a1 * y1 + a2 * y2;
            (y2, y1) = (y1, y);
            let value = y * level * rise(count(n) / attack);
            level *= decay;
            value
        });
        self.mix(samples(grain.at), voice);
    }

    /// Runs a filter over the sound. A looped one is run round until the filter has forgotten where it began.
    fn filter(&mut self, mut step: impl FnMut(f64) -> f64) {
        if self.looped {
            for _ in 0..3 {
                for sample in &self.samples {
                    step(*sample);
                }
            }
        }
        for sample in &mut self.samples {
            *sample = step(*sample);
        }
    }

    /// A small bright room behind the dry sound.
    pub(super) fn room(&mut self, wet: f64) {
        let mut combs = [809, 878, 941, 1033].map(|len| Comb { line: Line::new(len), damped: 0.0 });
        let mut diffusers = [Line::new(403), Line::new(167)];
        let mut ahead = Line::new(samples(0.009));
        self.filter(|dry| {
            let early = ahead.swap(dry);
            let mut tail: f64 = combs.iter_mut().map(|comb| comb.step(early)).sum::<f64>() / 4.0;
            for line in &mut diffusers {
                let held = line.peek();
                let fed = tail + held * 0.5;
                line.swap(fed);
                tail = held - fed * 0.5;
            }
            dry + tail * wet
        });
    }

    /// Takes away everything below hearing, a constant offset included.
    pub(super) fn high_pass(&mut self, hz: f64) {
        let keep = exp2(-std::f64::consts::TAU * hz / f64::from(RATE) * std::f64::consts::LOG2_E);
        let (mut last_in, mut last_out) = (0.0, 0.0);
        self.filter(|x| {
            last_out = keep * (last_out + x - last_in);
            last_in = x;
            last_out
        });
    }

    /// Fades the last `secs` to nothing, so that the sound ends where silence begins.
    pub(super) fn fade_out(&mut self, secs: f64) {
        let length = samples(secs).max(1);
        for (n, sample) in self.samples.iter_mut().rev().take(length).enumerate() {
            *sample *= rise(count(n) / count(length));
        }
    }

    /// Brings the sound to a loudness, in LUFS.
    pub(super) fn level(&mut self, target_lufs: f64) {
        let power = super::loudness::measure(&self.samples, self.looped).integrated;
        // -0.691 dB is the standard's own offset between power and LUFS.
        let wanted = from_decibels(target_lufs + 0.691);
        if power > 0.0 {
            let gain = wanted / power.sqrt();
            for sample in &mut self.samples {
                *sample *= gain;
            }
        }
    }

    pub(super) fn peak(&self) -> f64 {
        self.samples.iter().fold(0.0, |peak, sample| sample.abs().max(peak))
    }
}

/// Half a cosine from 0 to 1: begins and ends without a corner.
fn rise(part: f64) -> f64 {
    if part >= 1.0 { 1.0 } else { 0.5 - 0.5 * cos_turns(part.max(0.0) / 2.0) }
}

fn partial_voice(tone: Tone, partial: Partial, hz: f64) -> impl Iterator<Item = f64> {
    let rate = f64::from(RATE);
    let half_life = tone.half_life * partial.2;
    let attack = count(samples(tone.attack)).max(1.0);
    let held = samples(tone.attack + tone.hold);
    let length = held + samples(half_life * SILENT_HALVINGS);
    let fade = count(samples(0.005));
    let decay = exp2(-1.0 / (half_life * rate));
    let glide = exp2(-1.0 / (tone.bend_half_life * rate));
    let mut bend = from_cents(tone.bend_cents) - 1.0;
    let mut level = tone.gain * partial.1 / 2.0;
    let mut phase = 0.0;
    (0..length).map(move |n| {
        let value = sin_turns(phase) * level * rise(count(n) / attack) * rise(count(length - n) / fade);
        phase += hz * (1.0 + bend) / rate;
        phase -= phase.floor();
        bend *= glide;
        if n >= held {
            level *= decay;
        }
        value
    })
}

/// A delay of a fixed number of samples.
struct Line {
    held: Vec<f64>,
    at: usize,
}

impl Line {
    fn new(len: usize) -> Self {
        Self { held: vec![0.0; len.max(1)], at: 0 }
    }

    fn peek(&self) -> f64 {
        self.held.get(self.at).copied().unwrap_or(0.0)
    }

    /// Puts one value in and takes the oldest out.
    fn swap(&mut self, value: f64) -> f64 {
        let len = self.held.len();
        let out = self.held.get_mut(self.at).map_or(0.0, |held| std::mem::replace(held, value));
        self.at = (self.at + 1) % len;
        out
    }
}

/// An echo that loses its highs with every round.
struct Comb {
    line: Line,
    damped: f64,
}

impl Comb {
    fn step(&mut self, input: f64) -> f64 {
        let out = self.line.peek();
        self.damped = out * 0.62 + self.damped * 0.38;
        self.line.swap(input + self.damped * 0.7);
        out
    }
}
