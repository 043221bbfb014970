//! The ten sounds themselves. Each has a character of its own, so that a person knows it without looking: how many strokes,
//! which way they go, and what they are made of.

use super::maths::note_hz;
use super::synth::{Buffer, Grain, Partial, Tone};

/// Glass: a pure fundamental under a few quick inharmonic ones.
const GLASS: &[Partial] = &[
    Partial(1.0, 1.0, 1.0),
    Partial(2.0, 0.32, 0.7),
    Partial(2.76, 0.22, 0.42),
    Partial(5.4, 0.1, 0.2),
    Partial(0.5, 0.1, 0.8),
];
/// Wood: the fundamental and a short fourth harmonic, as a marimba's bars are tuned.
const WOOD: &[Partial] =
    &[Partial(1.0, 1.0, 1.0), Partial(3.93, 0.28, 0.3), Partial(9.6, 0.07, 0.13), Partial(2.0, 0.12, 0.6)];
/// A warm electric piano.
const REED: &[Partial] = &[
    Partial(1.0, 1.0, 1.0),
    Partial(2.0, 0.35, 0.75),
    Partial(3.0, 0.16, 0.5),
    Partial(4.0, 0.06, 0.4),
    Partial(7.0, 0.05, 0.14),
];
/// A plucked string.
const STRING: &[Partial] = &[
    Partial(1.0, 1.0, 1.0),
    Partial(2.001, 0.55, 0.8),
    Partial(3.003, 0.34, 0.62),
    Partial(4.006, 0.2, 0.5),
    Partial(5.01, 0.12, 0.4),
    Partial(6.015, 0.07, 0.32),
];
/// A drop of water: nothing but its pitch.
const DROP: &[Partial] = &[Partial(1.0, 1.0, 1.0), Partial(2.0, 0.06, 0.5)];
/// A mellow pad or vibraphone.
const VIBES: &[Partial] =
    &[Partial(1.0, 1.0, 1.0), Partial(4.0, 0.14, 0.35), Partial(2.0, 0.07, 0.8), Partial(0.5, 0.12, 1.0)];
/// A bright synthetic tone: odd harmonics above a strong first.
const BRIGHT: &[Partial] = &[
    Partial(1.0, 1.0, 1.0),
    Partial(2.0, 0.3, 0.8),
    Partial(3.0, 0.38, 0.65),
    Partial(5.0, 0.17, 0.5),
    Partial(7.0, 0.08, 0.4),
    Partial(0.5, 0.25, 1.0),
];

/// One named sound.
pub(super) struct Patch {
    pub(super) name: &'static str,
    secs: f64,
    looped: bool,
    room: f64,
    play: fn(&mut Buffer),
}

impl Patch {
    pub(super) fn render(&self) -> Buffer {
        let mut buffer = Buffer::new(self.secs, self.looped);
        (self.play)(&mut buffer);
        buffer.room(self.room);
        buffer.high_pass(40.0);
        if !self.looped {
            buffer.fade_out(0.2);
        }
        buffer
    }
}

/// All of them: the six for messages, then the four for calls.
pub(super) const PATCHES: [Patch; 10] = [
    Patch { name: "Bing", secs: 0.75, looped: false, room: 0.22, play: bing },
    Patch { name: "Crackle", secs: 0.65, looped: false, room: 0.16, play: crackle },
    Patch { name: "Down", secs: 0.8, looped: false, room: 0.2, play: down },
    Patch { name: "Hello", secs: 0.95, looped: false, room: 0.2, play: hello },
    Patch { name: "Ripple", secs: 1.0, looped: false, room: 0.45, play: ripple },
    Patch { name: "Upstairs", secs: 0.9, looped: false, room: 0.18, play: upstairs },
    Patch { name: "Dynamic", secs: 2.4, looped: true, room: 0.2, play: dynamic },
    Patch { name: "Calm", secs: 3.0, looped: true, room: 0.4, play: calm },
    Patch { name: "Urgent", secs: 1.6, looped: true, room: 0.12, play: urgent },
    Patch { name: "Cheerful", secs: 2.4, looped: true, room: 0.22, play: cheerful },
];

/// One stroke on a small glass bell, with a fifth shimmering above it.
fn bing(out: &mut Buffer) {
    out.tone(Tone { attack: 0.006, detune_cents: 5.0, ..Tone::struck(0.0, note_hz(81.0), 1.0, 0.26, GLASS) });
    out.tone(Tone { attack: 0.05, ..Tone::struck(0.02, note_hz(88.0), 0.45, 0.24, GLASS) });
}

/// A twig in the fire: a handful of dry, bright grains around three small wooden knocks.
fn crackle(out: &mut Buffer) {
    let knocks = [(0.0, 76.0, 0.85), (0.085, 83.0, 0.6), (0.13, 79.0, 0.5), (0.245, 88.0, 0.7)];
    for (at, note, gain) in knocks {
        out.tone(Tone { attack: 0.001, ..Tone::struck(at, note_hz(note), gain, 0.036, WOOD) });
    }
    let grains = [
        (0.0, 2100.0),
        (0.034, 3600.0),
        (0.085, 2700.0),
        (0.112, 4300.0),
        (0.13, 3000.0),
        (0.19, 3900.0),
        (0.245, 3300.0),
    ];
    for (seed, (at, hz)) in (7..).zip(grains) {
        out.grain(Grain { at, gain: 1.1, half_life: 0.005, hz, seed });
    }
}

/// Two wooden steps down a fifth.
fn down(out: &mut Buffer) {
    out.tone(Tone::struck(0.0, note_hz(79.0), 0.85, 0.05, WOOD));
    out.tone(Tone::struck(0.15, note_hz(72.0), 1.0, 0.085, WOOD));
    out.tone(Tone::struck(0.15, note_hz(60.0), 0.35, 0.08, WOOD));
}

/// A warm greeting: two syllables, the second higher, longer, and leaning into its note.
fn hello(out: &mut Buffer) {
    for (note, gain) in [(65.0, 0.35), (72.0, 0.8)] {
        out.tone(Tone {
            attack: 0.012,
            hold: 0.05,
            detune_cents: 8.0,
            ..Tone::struck(0.0, note_hz(note), gain, 0.045, REED)
        });
    }
    for (note, gain) in [(69.0, 0.35), (76.0, 0.9)] {
        out.tone(Tone {
            attack: 0.02,
            hold: 0.08,
            detune_cents: 8.0,
            bend_cents: -90.0,
            bend_half_life: 0.02,
            ..Tone::struck(0.19, note_hz(note), gain, 0.1, REED)
        });
    }
}

/// Four drops falling into still water, each a little fainter than the one before.
fn ripple(out: &mut Buffer) {
    let drops = [(0.0, 74.0, 0.85), (0.16, 81.0, 0.8), (0.34, 78.0, 0.7), (0.54, 86.0, 0.6)];
    for (at, note, gain) in drops {
        out.tone(Tone {
            attack: 0.006,
            hold: 0.012,
            detune_cents: 2.0,
            bend_cents: -900.0,
            bend_half_life: 0.018,
            ..Tone::struck(at, note_hz(note), gain, 0.045, DROP)
        });
    }
}

/// Four plucked steps up a major chord.
fn upstairs(out: &mut Buffer) {
    for (at, note, gain, half_life) in
        [(0.0, 67.0, 0.75, 0.05), (0.09, 71.0, 0.75, 0.05), (0.18, 74.0, 0.8, 0.055), (0.27, 79.0, 1.0, 0.1)]
    {
        out.tone(Tone { attack: 0.002, detune_cents: 6.0, ..Tone::struck(at, note_hz(note), gain, half_life, STRING) });
    }
}

/// A driving figure in eighths over two bass notes, with a bar's breath at its end.
fn dynamic(out: &mut Buffer) {
    let eighth = 0.15;
    let line = [69.0, 76.0, 72.0, 81.0, 76.0, 72.0, 67.0, 74.0, 71.0, 79.0, 76.0];
    for (step, note) in (0..).zip(line) {
        let gain = if step % 3 == 0 { 1.0 } else { 0.7 };
        let tone = Tone::struck(f64::from(step) * eighth, note_hz(note), gain, 0.055, BRIGHT);
        out.tone(Tone { attack: 0.004, hold: 0.02, detune_cents: 9.0, ..tone });
    }
    for (step, note) in [(0.0, 45.0), (3.0, 45.0), (6.0, 43.0), (9.0, 43.0)] {
        let tone = Tone::struck(step * eighth, note_hz(note), 0.8, 0.07, STRING);
        out.tone(Tone { attack: 0.006, hold: 0.04, ..tone });
    }
}

/// A slow vibraphone: an open chord rolled upwards, answered once, then left to ring.
fn calm(out: &mut Buffer) {
    let notes = [
        (0.0, 53.0, 0.4),
        (0.0, 65.0, 0.45),
        (0.35, 69.0, 0.5),
        (0.7, 72.0, 0.5),
        (1.05, 76.0, 0.55),
        (1.5, 74.0, 0.6),
        (1.85, 72.0, 0.6),
    ];
    for (at, note, gain) in notes {
        out.tone(Tone { attack: 0.014, detune_cents: 7.0, ..Tone::struck(at, note_hz(note), gain, 0.21, VIBES) });
    }
}

/// Two bursts of three, a minor third apart: hard to miss, short enough to bear.
fn urgent(out: &mut Buffer) {
    for (start, notes) in [(0.0, [76.0, 79.0, 76.0]), (0.56, [79.0, 82.0, 79.0])] {
        for (step, note) in (0..).zip(notes) {
            let tone = Tone::struck(start + f64::from(step) * 0.13, note_hz(note), 1.0, 0.02, BRIGHT);
            out.tone(Tone { attack: 0.005, hold: 0.06, detune_cents: 12.0, ..tone });
        }
    }
}

/// A skipping tune on wood and strings in C major.
fn cheerful(out: &mut Buffer) {
    let beat = 0.15;
    let tune = [
        (0.0, 76.0),
        (1.0, 79.0),
        (2.0, 84.0),
        (4.0, 81.0),
        (5.0, 79.0),
        (6.0, 76.0),
        (8.0, 77.0),
        (9.0, 79.0),
        (10.0, 81.0),
        (11.5, 84.0),
    ];
    for (at, note) in tune {
        out.tone(Tone::struck(at * beat, note_hz(note), 0.9, 0.06, WOOD));
        out.tone(Tone::struck(at * beat, note_hz(note - 12.0), 0.3, 0.05, STRING));
    }
    for (at, chord) in [(0.0, [48.0, 64.0, 67.0]), (4.0, [53.0, 65.0, 69.0]), (8.0, [55.0, 65.0, 71.0])] {
        for (delay, note) in [0.0, 0.02, 0.035].into_iter().zip(chord) {
            out.tone(Tone { attack: 0.004, ..Tone::struck(at * beat + delay, note_hz(note), 0.5, 0.09, STRING) });
        }
    }
}
