//! Sound files of the person's own: read once, checked, and kept as a short WAV file of ours, so that nothing unknown is
//! decoded when a notification comes.
//!
//! Whatever is named may be anything: a folder, a pipe that nobody fills, hours of music, a text. It is opened without
//! waiting, read up to a bound, and decoded on a thread of its own that may take so long and no longer.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Cursor, Read as _, Write as _};
use std::ops::RangeInclusive;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use rodio::Decoder;
use rodio::source::Source as _;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::paths;

/// Only so much of a sound is used.
pub const LONGEST: Duration = Duration::from_secs(10);
/// Bytes read of a file: ten seconds of the largest format that is in use, and pictures that files carry along.
const MOST_BYTES: u64 = 16 * 1024 * 1024;
/// Bytes of a copy: ten seconds of what [`write`] makes.
const COPY_BYTES: u64 = 8 * 1024 * 1024;
/// Nothing that can be used takes longer to decode.
const PATIENCE: Duration = Duration::from_secs(8);
/// Decoders that never ended are left behind; with more than this no other is begun.
const LEFT_BEHIND: usize = 3;
/// Channels of a file; more than a theatre has are a damaged header.
const MOST_CHANNELS: usize = 8;
/// Levels a second.
const RATES: RangeInclusive<u32> = 4_000..=192_000;

static DECODING: AtomicUsize = AtomicUsize::new(0);

/// Why a file cannot be used. Each is one sentence for people.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It cannot be opened or read.
    #[error("the file cannot be read: {0}")]
    Read(io::Error),
    /// A folder, a pipe, a device.
    #[error("that is not a file")]
    NotAFile,
    /// Nothing that we know.
    #[error("that is not a sound that Belfry can read; WAV, Ogg Vorbis, MP3 and FLAC work")]
    NotASound,
    /// No sample in it.
    #[error("there is no sound in that file")]
    Silent,
    /// It takes too long.
    #[error("reading that file took too long")]
    TooSlow,
    /// The copy cannot be kept.
    #[error("the sound cannot be kept: {0}")]
    Keep(String),
}

/// A file that was taken over.
#[derive(Debug, PartialEq, Eq)]
pub struct Imported {
    /// Its number.
    pub id: u32,
    /// The copy's bare name.
    pub file: String,
    /// Only its beginning is used.
    pub cut: bool,
}

/// Takes a file over into the folder of sounds. `taken` are the numbers that are in use.
pub async fn import(folder: PathBuf, path: PathBuf, taken: Vec<u32>) -> Result<Imported, ImportError> {
    if DECODING.load(Ordering::Relaxed) >= LEFT_BEHIND {
        return Err(ImportError::TooSlow);
    }
    let (done, outcome) = oneshot::channel();
    thread::Builder::new()
        .name("import".to_owned())
        .spawn(move || {
            DECODING.fetch_add(1, Ordering::Relaxed);
            let _one_less = OneLess;
            done.send(import_now(&folder, &path, &taken)).ok(); // nobody waits that long
        })
        .map_err(ImportError::Read)?;
    match timeout(PATIENCE, outcome).await {
        Ok(Ok(outcome)) => outcome,
        // A decoder that fell over a file says what a refusal says.
        Ok(Err(_panicked)) => Err(ImportError::NotASound),
        Err(_late) => Err(ImportError::TooSlow),
    }
}

/// Counts down however a decoder ends.
struct OneLess;

impl Drop for OneLess {
    fn drop(&mut self) {
        DECODING.fetch_sub(1, Ordering::Relaxed);
    }
}

fn import_now(folder: &Path, path: &Path, taken: &[u32]) -> Result<Imported, ImportError> {
    let (sample, cut) = decode(Cursor::new(read(path)?))?;
    let (id, file) = keep(folder, &sample, taken).map_err(|error| ImportError::Keep(error.to_string()))?;
    Ok(Imported { id, file, cut })
}

/// Reads the beginning of a file. A pipe without a writer would otherwise never be opened.
fn read(path: &Path) -> Result<Vec<u8>, ImportError> {
    let flags = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or(0);
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(ImportError::Read)?;
    if !file.metadata().map_err(ImportError::Read)?.is_file() {
        return Err(ImportError::NotAFile);
    }
    let mut bytes = Vec::new();
    file.take(MOST_BYTES).read_to_end(&mut bytes).map_err(ImportError::Read)?;
    Ok(bytes)
}

/// The beginning of a sound, in one channel or two.
struct Sample {
    channels: u16,
    rate: u32,
    levels: Vec<f32>,
}

/// The first ten seconds, and whether there was more.
fn decode(sound: impl io::Read + io::Seek + Send + Sync + 'static) -> Result<(Sample, bool), ImportError> {
    let mut decoder = Decoder::new(sound).map_err(|error| {
        tracing::debug!(%error, "a sound file");
        ImportError::NotASound
    })?;
    let (channels, rate) = (usize::from(decoder.channels().get()), decoder.sample_rate().get());
    if channels > MOST_CHANNELS || !RATES.contains(&rate) {
        return Err(ImportError::NotASound);
    }
    let frames = usize::try_from(LONGEST.as_secs()).unwrap_or(0) * (rate as usize);
    let levels: Vec<f32> = decoder.by_ref().take(frames * channels).collect();
    if levels.is_empty() {
        return Err(ImportError::Silent);
    }
    let cut = decoder.next().is_some();
    let kept = channels.min(2);
    let levels = levels.chunks(channels).flat_map(|frame| frame.iter().take(kept)).copied().collect();
    Ok((Sample { channels: if kept == 1 { 1 } else { 2 }, rate, levels }, cut))
}

/// Writes the copy under a free number.
fn keep(folder: &Path, sample: &Sample, taken: &[u32]) -> io::Result<(u32, String)> {
    paths::make_private(folder).map_err(|error| io::Error::other(error.to_string()))?;
    let mut copy = tempfile::Builder::new().prefix(".sound-").tempfile_in(folder)?;
    copy.write_all(&wav(sample))?;
    copy.as_file().sync_all()?;
    let mut id = taken.iter().copied().max().unwrap_or(0);
    loop {
        id = id.checked_add(1).ok_or_else(|| io::Error::other("there are too many sounds"))?;
        let file = format!("own-{id}.wav");
        match copy.persist_noclobber(folder.join(&file)) {
            Ok(_) => return Ok((id, file)),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => copy = error.file,
            Err(error) => return Err(error.error),
        }
    }
}

/// Sixteen bits a level.
fn wav(sample: &Sample) -> Vec<u8> {
    let bytes = u32::try_from(sample.levels.len() * 2).unwrap_or(0);
    let frame = sample.channels * 2;
    let mut wav = Vec::with_capacity(sample.levels.len() * 2 + 44);
    wav.extend(b"RIFF");
    wav.extend((36 + bytes).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend(16_u32.to_le_bytes());
    wav.extend(1_u16.to_le_bytes());
    wav.extend(sample.channels.to_le_bytes());
    wav.extend(sample.rate.to_le_bytes());
    wav.extend((sample.rate * u32::from(frame)).to_le_bytes());
    wav.extend(frame.to_le_bytes());
    wav.extend(16_u16.to_le_bytes());
    wav.extend(b"data");
    wav.extend(bytes.to_le_bytes());
    for level in &sample.levels {
        #[expect(clippy::cast_possible_truncation, reason = "the product lies within the type")]
        let level = (level.clamp(-1.0, 1.0) * f32::from(i16::MAX)) as i16;
        wav.extend(level.to_le_bytes());
    }
    wav
}

/// The path of a copy; `None` where the name is not a bare one, as a hand-made entry may have it.
fn path_of(folder: &Path, file: &str) -> Option<PathBuf> {
    (Path::new(file).file_name()? == file).then(|| folder.join(file))
}

/// Reads a copy for playing.
pub fn load(folder: &Path, file: &str) -> io::Result<Vec<u8>> {
    let path = path_of(folder, file).ok_or_else(|| io::Error::other("its name is not one of ours"))?;
    let copy = File::open(path)?;
    if !copy.metadata()?.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    let mut bytes = Vec::new();
    copy.take(COPY_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Takes a copy away; one that is gone is gone.
pub fn remove(folder: &Path, file: &str) {
    if let Some(path) = path_of(folder, file)
        && let Err(error) = fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(%error, "a sound that is not wanted any more stays in its folder");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn tone(tenths: u16) -> Vec<u8> {
        let tenth = (0..9_600_u16).map(|at| (f32::from(at / 2) * 0.05).sin() * 0.5);
        let levels = (0..tenths).flat_map(|_| tenth.clone()).collect();
        wav(&Sample { channels: 2, rate: 48_000, levels })
    }

    async fn imported(bytes: &[u8]) -> (tempfile::TempDir, Result<Imported, ImportError>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.wav");
        fs::write(&path, bytes).unwrap();
        let outcome = import(folder.path().join("sounds"), path, vec![3]).await;
        (folder, outcome)
    }

    #[tokio::test]
    async fn a_sound_is_copied_and_can_be_read_again_when_the_original_is_gone() {
        let (folder, outcome) = imported(&tone(5)).await;
        assert_eq!(outcome.unwrap(), Imported { id: 4, file: "own-4.wav".to_owned(), cut: false });
        fs::remove_file(folder.path().join("mine.wav")).unwrap();
        let bytes = load(&folder.path().join("sounds"), "own-4.wav").unwrap();
        let again = Decoder::new(Cursor::new(bytes)).unwrap();
        assert_eq!(again.total_duration().unwrap().as_millis(), 500);
    }

    #[tokio::test]
    async fn of_a_long_one_the_first_ten_seconds_are_used() {
        let (folder, outcome) = imported(&tone(140)).await;
        let outcome = outcome.unwrap();
        assert!(outcome.cut);
        let bytes = load(&folder.path().join("sounds"), &outcome.file).unwrap();
        assert_eq!(Decoder::new(Cursor::new(bytes)).unwrap().total_duration(), Some(LONGEST));
    }

    /// A reader that counts what is read of it.
    struct Counted(Cursor<Vec<u8>>, Arc<AtomicUsize>);

    impl io::Read for Counted {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let read = self.0.read(into)?;
            self.1.fetch_add(read, Ordering::Relaxed);
            Ok(read)
        }
    }

    impl io::Seek for Counted {
        fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
            self.0.seek(to)
        }
    }

    #[tokio::test]
    async fn of_two_hours_no_more_is_decoded_than_is_used() {
        let silence = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/silence.mp3")).unwrap();
        // 128 kilobits a second.
        let ten_seconds = 160_000;
        let two_hours: Vec<u8> = silence.iter().copied().cycle().take(720 * ten_seconds).collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("concert.mp3");
        fs::write(&path, &two_hours).unwrap();
        let outcome = import(folder.path().join("sounds"), path.clone(), Vec::new()).await.unwrap();
        assert!(outcome.cut);
        let copy = load(&folder.path().join("sounds"), &outcome.file).unwrap();
        assert_eq!(Decoder::new(Cursor::new(copy)).unwrap().total_duration(), Some(LONGEST));

        let count = Arc::new(AtomicUsize::new(0));
        let bytes = read(&path).unwrap();
        assert_eq!(u64::try_from(bytes.len()).unwrap(), MOST_BYTES, "a part of it is read");
        let (sample, cut) = decode(Counted(Cursor::new(bytes), Arc::clone(&count))).unwrap();
        assert!(cut && sample.levels.len() == 441_000);
        let decoded = count.load(Ordering::Relaxed);
        assert!(decoded < 4 * ten_seconds, "{decoded} bytes went through the decoder");
    }

    #[tokio::test]
    async fn every_format_that_is_promised_is_read() {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
        for name in ["tone.ogg", "silence.mp3", "tone.flac", "tone.wav"] {
            let bytes = fs::read(data.join(name)).unwrap();
            let (_folder, outcome) = imported(&bytes).await;
            assert!(outcome.is_ok(), "{name}: {outcome:?}");
        }
    }

    #[tokio::test]
    async fn what_is_no_sound_is_said_and_never_waited_for() {
        for bytes in [
            b"Dear all, this is a letter.".as_slice(),
            b"",
            &[0; 4096],
            b"RIFF\xff\xff\xff\xffWAVEfmt ",
            b"ID3\x04\0\0",
        ] {
            let (folder, outcome) = imported(bytes).await;
            assert!(matches!(outcome, Err(ImportError::NotASound | ImportError::Silent)), "{outcome:?}");
            assert!(!folder.path().join("sounds").exists(), "nothing is kept");
        }
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        let sounds = folder.path().join("sounds");
        let outcome = import(sounds.clone(), pipe, Vec::new()).await;
        assert!(matches!(outcome, Err(ImportError::NotAFile)), "{outcome:?}");
        let outcome = import(sounds.clone(), folder.path().to_owned(), Vec::new()).await;
        assert!(matches!(outcome, Err(ImportError::NotAFile | ImportError::Read(_))), "{outcome:?}");
        let outcome = import(sounds, folder.path().join("nowhere"), Vec::new()).await;
        assert!(matches!(outcome, Err(ImportError::Read(_))), "{outcome:?}");
    }

    #[test]
    fn a_name_in_the_preferences_cannot_leave_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("secret"), "x").unwrap();
        let sounds = folder.path().join("sounds");
        fs::create_dir(&sounds).unwrap();
        for name in ["../secret", "/etc/hostname", "", ".", ".."] {
            assert!(load(&sounds, name).is_err(), "{name}");
            remove(&sounds, name);
        }
        assert!(folder.path().join("secret").exists());
    }
}
