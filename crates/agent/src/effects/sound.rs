//! Sounds: a thread that owns the audio device, but only while something plays.
//!
//! An open stream keeps computers awake and drains headsets, so the device is opened on demand and closed a moment
//! after the last sound. That also follows a changed default device without watching for one.
//! The thread reads no clock: it counts the time it waited for the next job.

use std::io::Cursor;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;
use std::{io, thread};

use belfry_core::effect::PlaySound;
use belfry_core::problem::ProblemKind;
use belfry_core::signal::Signal;
use belfry_core::sound::{MessageSound, RingSound, SoundChoice};
use rodio::buffer::SamplesBuffer;
use rodio::cpal::ErrorKind;
use rodio::cpal::traits::{DeviceTrait as _, HostTrait as _};
use rodio::source::Source as _;
use rodio::{Decoder, DeviceSinkBuilder, DeviceSinkError, MixerDeviceSink, Player};
use tokio::sync::mpsc;

use crate::own_sounds;

/// Sounds waiting for the device. When it is full the newest is dropped: a late sound says nothing.
const QUEUE: usize = 4;
/// How often a playing sound is looked at.
const TICK: Duration = Duration::from_millis(250);
/// How long the device stays open after a sound, for what is still in its buffers.
const LINGER: Duration = Duration::from_millis(1_500);
/// A device that swallows a sound this much more slowly than it should is given up.
const OVERTIME: Duration = Duration::from_secs(3);

/// The queue in front of the sound thread. The thread ends when the last one is dropped.
#[derive(Clone, Debug)]
pub struct Sounds {
    jobs: SyncSender<Job>,
}

#[derive(Debug)]
enum Job {
    Play(PlaySound),
    Stop,
}

/// Starts the thread. Trouble is reported as [`ProblemKind::Sound`].
///
/// `folder` holds copies of the person's own files.
pub fn start(folder: PathBuf, reports: mpsc::Sender<Signal>) -> io::Result<Sounds> {
    let (jobs, queue) = sync_channel(QUEUE);
    // Not joined at the end: a sound server that hangs must not hold up quitting, and nothing here needs saving.
    thread::Builder::new().name("sound".to_owned()).spawn(move || {
        let _quiet = quiet();
        Worker { folder, reports, trouble: false, open: None }.run(&queue);
    })?;
    Ok(Sounds { jobs })
}

impl Sounds {
    /// Plays a sound in place of the one that plays.
    pub fn play(&self, sound: PlaySound) {
        if self.jobs.try_send(Job::Play(sound)).is_err() {
            tracing::debug!("a sound was dropped");
        }
    }

    /// Stops what plays.
    pub fn stop(&self) {
        if self.jobs.try_send(Job::Stop).is_err() {
            tracing::debug!("the sound thread is busy: its sound ends by itself");
        }
    }
}

/// The bundled recording of a sound: a WAV file made by `cargo xtask sounds`.
pub const fn recording(sound: SoundChoice) -> &'static [u8] {
    macro_rules! bundled {
        ($name:literal) => {
            include_bytes!(concat!("../../../../assets/sounds/", $name, ".wav"))
        };
    }
    match sound {
        // It also stands in for a file that is not there.
        SoundChoice::Message(MessageSound::Bing) | SoundChoice::Own(_) => bundled!("Bing"),
        SoundChoice::Message(MessageSound::Crackle) => bundled!("Crackle"),
        SoundChoice::Message(MessageSound::Down) => bundled!("Down"),
        SoundChoice::Message(MessageSound::Hello) => bundled!("Hello"),
        SoundChoice::Message(MessageSound::Ripple) => bundled!("Ripple"),
        SoundChoice::Message(MessageSound::Upstairs) => bundled!("Upstairs"),
        SoundChoice::Ring(RingSound::Dynamic) => bundled!("Dynamic"),
        SoundChoice::Ring(RingSound::Calm) => bundled!("Calm"),
        SoundChoice::Ring(RingSound::Urgent) => bundled!("Urgent"),
        SoundChoice::Ring(RingSound::Cheerful) => bundled!("Cheerful"),
    }
}

/// Decodes a bundled sound.
pub fn decode(sound: SoundChoice) -> Result<SamplesBuffer, rodio::decoder::DecoderError> {
    Ok(Decoder::new(Cursor::new(recording(sound)))?.record())
}

/// The output devices, by the name that people know.
pub fn devices() -> Result<Vec<String>, String> {
    let _quiet = quiet();
    let found =
        rodio::cpal::default_host().output_devices().map_err(|error| format!("the sound system refused: {error}"))?;
    let mut names: Vec<String> = found.filter_map(|device| name_of(&device)).collect();
    names.sort();
    names.dedup();
    Ok(names)
}

fn name_of(device: &rodio::Device) -> Option<String> {
    device.description().ok().map(|description| description.name().to_owned())
}

/// What a volume in percent means for the amplitude: hearing is about logarithmic, and a cube comes close to it
/// while still reaching silence.
pub fn amplitude(volume_percent: u8) -> f32 {
    (f32::from(volume_percent.min(100)) / 100.0).powi(3)
}

struct Open {
    /// Which device was wanted.
    wanted: String,
    // Before the device: it plays through it.
    player: Player,
    device: MixerDeviceSink,
    failed: Arc<AtomicBool>,
    playing: Option<Playing>,
    /// How long nothing has played.
    silent: Duration,
}

struct Playing {
    sound: PlaySound,
    length: Duration,
    waited: Duration,
}

struct Worker {
    folder: PathBuf,
    reports: mpsc::Sender<Signal>,
    trouble: bool,
    open: Option<Open>,
}

impl Worker {
    fn run(&mut self, queue: &Receiver<Job>) {
        loop {
            let job = if self.open.is_some() {
                match queue.recv_timeout(TICK) {
                    Ok(job) => Some(job),
                    Err(RecvTimeoutError::Timeout) => None,
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            } else {
                match queue.recv() {
                    Ok(job) => Some(job),
                    Err(_disconnected) => return,
                }
            };
            match job {
                Some(Job::Play(sound)) => self.play(sound),
                Some(Job::Stop) => {
                    if let Some(open) = &mut self.open {
                        open.player.clear();
                        open.playing = None;
                    }
                    self.tell(Signal::SoundEnded);
                }
                None => self.tick(),
            }
        }
    }

    /// Looks after the device: [`TICK`] has passed since the last look, or less.
    fn tick(&mut self) {
        let Some(open) = &mut self.open else { return };
        if let Some(playing) = &mut open.playing {
            playing.waited += TICK;
            let over = open.player.empty() || playing.waited > playing.length + OVERTIME;
            if open.failed.load(Ordering::Relaxed) {
                // Unplugged, or the default device changed: only a ringing call is worth going on with.
                let rest = playing
                    .sound
                    .loop_for_ms
                    .and_then(|limit| limit.checked_sub(u64::try_from(playing.waited.as_millis()).unwrap_or(u64::MAX)));
                let sound = PlaySound { loop_for_ms: rest, ..playing.sound.clone() };
                self.open = None;
                if rest.is_some() {
                    self.play(sound);
                } else {
                    self.tell(Signal::SoundEnded);
                }
            } else if over {
                open.playing = None;
                open.silent = Duration::ZERO;
                self.tell(Signal::SoundEnded);
            }
        } else {
            open.silent += TICK;
            if open.silent >= LINGER || open.failed.load(Ordering::Relaxed) {
                self.open = None;
            }
        }
    }

    fn play(&mut self, sound: PlaySound) {
        if sound.volume_percent == 0 {
            self.open = None; // silence needs no device, and replaces what plays
            self.tell(Signal::SoundEnded);
            return;
        }
        let is_usable = |open: &Open| !open.failed.load(Ordering::Relaxed) && open.wanted == sound.device;
        if !self.open.as_ref().is_some_and(is_usable) {
            self.open = None;
        }
        let choice = sound.sound;
        let result = match self.open.take() {
            Some(open) => Ok(open),
            None => Open::new(&sound.device).map_err(|error| describe(&error)),
        }
        .and_then(|mut open| {
            let samples =
                self.samples(&sound).map_err(|error| format!("{} cannot be read: {error}", sound.sound.name()))?;
            open.start(samples, sound);
            Ok(open)
        });
        match result {
            Ok(open) => {
                self.open = Some(open);
                self.tell(Signal::SoundStarted(choice));
                if std::mem::take(&mut self.trouble) {
                    self.reports.blocking_send(Signal::ProblemCleared(ProblemKind::Sound)).ok(); // shutting down
                }
            }
            Err(detail) => {
                self.tell(Signal::SoundEnded);
                if !std::mem::replace(&mut self.trouble, true) {
                    tracing::warn!(%detail, "sound");
                    let raised = Signal::ProblemRaised { kind: ProblemKind::Sound, detail };
                    self.reports.blocking_send(raised).ok(); // shutting down
                }
            }
        }
    }
}

impl Worker {
    fn tell(&self, signal: Signal) {
        self.reports.blocking_send(signal).ok(); // shutting down
    }

    /// A copy that cannot be used is no reason for silence.
    fn samples(&self, sound: &PlaySound) -> Result<SamplesBuffer, rodio::decoder::DecoderError> {
        if let Some(file) = &sound.file {
            let own = own_sounds::load(&self.folder, file).map_err(|error| error.to_string());
            match own.and_then(|bytes| Decoder::new(Cursor::new(bytes)).map_err(|error| error.to_string())) {
                Ok(decoder) => return Ok(decoder.record()),
                Err(error) => tracing::warn!(%error, "a sound of the person's own"),
            }
        }
        decode(sound.sound)
    }
}

/// The device of that name; the system's choice where none is named, or it is not there.
fn device(wanted: &str) -> Result<DeviceSinkBuilder, DeviceSinkError> {
    let named = if wanted.is_empty() { None } else { rodio::cpal::default_host().output_devices().ok() };
    let found = named.and_then(|mut devices| devices.find(|device| name_of(device).as_deref() == Some(wanted)));
    match found {
        Some(device) => DeviceSinkBuilder::from_device(device),
        None => DeviceSinkBuilder::from_default_device(),
    }
}

impl Open {
    fn new(wanted: &str) -> Result<Self, DeviceSinkError> {
        let failed = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&failed);
        let mut device = device(wanted)?
            .with_error_callback(move |error: rodio::cpal::Error| {
                // These are over by the time they are reported; the stream goes on.
                let harmless =
                    matches!(error.kind(), ErrorKind::Xrun | ErrorKind::DeviceChanged | ErrorKind::RealtimeDenied);
                if !harmless {
                    flag.store(true, Ordering::Relaxed);
                }
            })
            .open_sink_or_fallback()?;
        device.log_on_drop(false);
        let player = Player::connect_new(device.mixer());
        Ok(Self { wanted: wanted.to_owned(), player, device, failed, playing: None, silent: Duration::ZERO })
    }

    fn start(&mut self, samples: SamplesBuffer, sound: PlaySound) {
        // A fresh player, because a cleared one is paused and still fades its old sound.
        self.player.stop();
        self.player = Player::connect_new(self.device.mixer());
        self.player.set_volume(amplitude(sound.volume_percent));
        let once = samples.total_duration().unwrap_or_default();
        let length = sound.loop_for_ms.map_or(once, Duration::from_millis);
        if sound.loop_for_ms.is_some() {
            self.player.append(samples.repeat_infinite().take_duration(length));
        } else {
            self.player.append(samples);
        }
        self.playing = Some(Playing { sound, length, waited: Duration::ZERO });
    }
}

/// Whether there is a device to play on, without playing: for `belfry doctor`.
pub fn probe() -> Result<(), String> {
    let _quiet = quiet();
    Open::new("").map(drop).map_err(|error| describe(&error))
}

/// Keeps libasound from writing a page to standard error where there is no device: what it says is collected on this
/// thread, and dropped with the guard. What went wrong is in the error anyway.
fn quiet() -> impl Sized {
    #[cfg(target_os = "linux")]
    {
        alsa::Output::local_error_handler().ok()
    }
}

fn describe(error: &DeviceSinkError) -> String {
    match error {
        DeviceSinkError::NoDevice => "there is no sound device".to_owned(),
        DeviceSinkError::PlayError(error)
        | DeviceSinkError::DefaultSinkConfigError(error)
        | DeviceSinkError::BuildError(error)
        | DeviceSinkError::SupportedConfigsError(error) => {
            if error.kind() == ErrorKind::DeviceNotAvailable {
                "there is no sound device".to_owned()
            } else {
                format!("the sound device refused: {error}")
            }
        }
        DeviceSinkError::UnsupportedSampleFormat => "the sound device wants samples of an unknown kind".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> impl Iterator<Item = SoundChoice> {
        MessageSound::ALL.map(SoundChoice::Message).into_iter().chain(RingSound::ALL.map(SoundChoice::Ring))
    }

    #[test]
    fn every_bundled_sound_decodes_is_audible_and_short() {
        for sound in all() {
            let samples = decode(sound).unwrap();
            let length = samples.total_duration().unwrap();
            let longest = if matches!(sound, SoundChoice::Message(_)) { 1_500 } else { 10_000 };
            assert!((300..=longest).contains(&length.as_millis()), "{} lasts {length:?}", sound.name());
            let peak = samples.fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
            assert!((0.05..=1.0).contains(&peak), "{} peaks at {peak}", sound.name());
        }
    }

    #[test]
    fn every_sound_has_a_recording_of_its_own() {
        let recordings: std::collections::HashSet<_> = all().map(recording).collect();
        assert_eq!(recordings.len(), all().count());
    }

    #[test]
    fn volume_grows_from_silence_to_full() {
        assert_eq!((amplitude(0), amplitude(100), amplitude(255)), (0.0, 1.0, 1.0));
        assert!((0..100).all(|percent| amplitude(percent) < amplitude(percent + 1)));
    }
}
