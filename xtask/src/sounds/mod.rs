//! `cargo xtask sounds`: synthesises the files in `assets/sounds`. They are ours: no recording, no sample, no other program.

mod loudness;
mod maths;
mod patches;
mod synth;

use std::path::Path;

use crate::{Outcome, fail};
use patches::{PATCHES, Patch};
use synth::{Buffer, RATE};

/// Every sound is brought to this loudness.
const LOUDNESS_LUFS: f64 = -21.0;
/// No sample is above this (−3 dBFS).
const CEILING: f64 = 0.707;

/// Writes every sound.
pub(crate) fn run(root: &Path) -> Outcome {
    let folder = root.join("assets/sounds");
    for patch in &PATCHES {
        let buffer = finish(patch);
        if buffer.peak() > CEILING {
            return fail(format!("{} peaks at {:.3}, above {CEILING}: soften its attack", patch.name, buffer.peak()));
        }
        let bytes = wav(&buffer);
        let path = folder.join(format!("{}.wav", patch.name));
        std::fs::write(&path, &bytes).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        let loudest = loudness::lufs(loudness::measure(&buffer.samples, buffer.looped).loudest);
        println!("{}: {} bytes, peak {:.2}, loudest 400 ms {loudest:.1} LUFS", patch.name, bytes.len(), buffer.peak());
    }
    Ok(())
}

fn finish(patch: &Patch) -> Buffer {
    let mut buffer = patch.render();
    buffer.level(LOUDNESS_LUFS);
    buffer
}

/// A mono 16-bit WAV file.
fn wav(buffer: &Buffer) -> Vec<u8> {
    let data: Vec<u8> = buffer.samples.iter().flat_map(|sample| quantised(*sample).to_le_bytes()).collect();
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
    let mut file = Vec::with_capacity(data.len() + 44);
    file.extend_from_slice(b"RIFF");
    file.extend_from_slice(&(length.saturating_add(36)).to_le_bytes());
    file.extend_from_slice(b"WAVEfmt ");
    file.extend_from_slice(&16_u32.to_le_bytes());
    for half in [1_u16, 1] {
        file.extend_from_slice(&half.to_le_bytes());
    }
    for word in [RATE, RATE * 2] {
        file.extend_from_slice(&word.to_le_bytes());
    }
    for half in [2_u16, 16] {
        file.extend_from_slice(&half.to_le_bytes());
    }
    file.extend_from_slice(b"data");
    file.extend_from_slice(&length.to_le_bytes());
    file.extend_from_slice(&data);
    file
}

#[expect(clippy::cast_possible_truncation, reason = "clamped to the range of the target first")]
fn quantised(sample: f64) -> i16 {
    (sample * 32_767.0).round().clamp(-32_767.0, 32_767.0) as i16
}

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;

    use super::*;

    /// No sound may seem louder than another at its loudest, either.
    const LOUDEST_LUFS: f64 = -18.7;

    /// Rendered once: it takes a second or two unoptimised.
    fn finished() -> impl Iterator<Item = &'static (&'static str, Buffer)> {
        static ALL: OnceLock<Vec<(&'static str, Buffer)>> = OnceLock::new();
        ALL.get_or_init(|| PATCHES.iter().map(|patch| (patch.name, finish(patch))).collect()).iter()
    }

    #[test]
    fn the_files_are_what_this_program_makes() {
        let folder = crate::root().unwrap().join("assets/sounds");
        for (name, buffer) in finished() {
            let file = std::fs::read(folder.join(format!("{name}.wav"))).unwrap();
            assert!(file == wav(buffer), "{name}.wav differs: run `cargo xtask sounds`");
        }
    }

    #[test]
    fn every_sound_is_as_loud_as_the_others_and_leaves_headroom() {
        for (name, buffer) in finished() {
            let power = loudness::measure(&buffer.samples, buffer.looped);
            let whole = loudness::lufs(power.integrated);
            assert!((whole - LOUDNESS_LUFS).abs() < 0.2, "{name}: {whole:.2} LUFS");
            let loudest = loudness::lufs(power.loudest);
            assert!((loudest - LOUDEST_LUFS).abs() <= 1.0, "{name}: {loudest:.2} LUFS in its loudest 400 ms");
            assert!(buffer.peak() <= CEILING, "{name}: peak {:.3}", buffer.peak());
        }
    }

    #[test]
    fn no_sound_begins_or_ends_with_a_click_or_has_an_offset() {
        for (name, buffer) in finished() {
            let first = buffer.samples.first().unwrap().abs();
            let last = buffer.samples.last().unwrap().abs();
            assert!(first < 0.004 && last < 0.004, "{name}: starts at {first:.4}, ends at {last:.4}");
            let mean = buffer.samples.iter().sum::<f64>() / synth::count(buffer.samples.len());
            assert!(mean.abs() < 0.0005, "{name}: offset {mean:.5}");
        }
    }

    #[test]
    fn the_seam_of_a_ring_is_no_larger_a_step_than_any_other() {
        for (name, buffer) in finished().filter(|(_, buffer)| buffer.looped) {
            let largest = buffer.samples.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f64::max);
            let seam = (buffer.samples.first().unwrap() - buffer.samples.last().unwrap()).abs();
            assert!(seam <= largest / 20.0, "{name}: {seam:.5} against {largest:.5}");
        }
    }

    #[test]
    fn messages_are_short_and_rings_are_long_enough_to_loop() {
        for (name, buffer) in finished() {
            let secs = synth::count(buffer.samples.len()) / f64::from(RATE);
            let range = if buffer.looped { 1.5..=3.0 } else { 0.3..=1.5 };
            assert!(range.contains(&secs), "{name}: {secs} s");
        }
    }
}
