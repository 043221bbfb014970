//! A sound server with one output that nobody hears, and a recording of it.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::ensure;

use crate::desktop::Desktop;
use crate::poll::eventually;
use crate::process::Process;

/// Samples per second of recordings.
pub const RATE: u32 = 44_100;
/// Quieter than this is silence (16-bit samples).
const SILENCE: u16 = 60;

/// Everything that is played on a desktop, from when this was made.
#[derive(Debug)]
pub struct Recording {
    parec: Process,
    file: PathBuf,
}

/// One sound in a recording.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Heard {
    /// When it began, seconds after the recording did.
    pub at_secs: f64,
    /// How long it lasted.
    pub secs: f64,
    /// Its loudest sample, 0 to 1.
    pub peak: f64,
}

impl Desktop {
    /// Starts the sound server; programs reach it as an ordinary ALSA or `PulseAudio` device.
    pub fn start_sound(&mut self) -> anyhow::Result<()> {
        let socket = self.sound_socket();
        std::fs::write(self.home().join(".asoundrc"), "pcm.!default { type pulse }\nctl.!default { type pulse }\n")?;
        let listen = format!("module-native-protocol-unix auth-anonymous=1 socket={}", socket.display());
        let server = Process::start(
            self.command("pulseaudio")
                .args(["-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1", "--disallow-exit"])
                .args(["-L", "module-null-sink sink_name=quiet rate=44100", "-L", &listen])
                .stdout(Stdio::null())
                .stderr(Stdio::null()),
        )?;
        self.sound = Some(server);
        eventually("the sound server", || {
            let answers =
                self.command("pactl").arg("info").stdout(Stdio::null()).stderr(Stdio::null()).status()?.success();
            Ok(answers.then_some(()))
        })
    }

    /// Ends the sound server, as a crash would.
    pub fn lose_sound(&mut self) -> anyhow::Result<()> {
        ensure!(self.sound.take().is_some(), "there is no sound server");
        // A crash leaves this behind; the next one wants it gone.
        std::fs::remove_file(self.sound_socket()).ok();
        Ok(())
    }

    /// Records what is played from now on.
    pub fn record(&self) -> anyhow::Result<Recording> {
        let file = self.home().join("recording.raw");
        let out = std::fs::File::create(&file)?;
        let rate = format!("--rate={RATE}");
        let parec = Process::start(
            self.command("parec")
                .args(["--device=quiet.monitor", "--format=s16le", &rate, "--channels=1", "--latency-msec=20", "--raw"])
                .stdout(out)
                .stderr(Stdio::null()),
        )?;
        let recording = Recording { parec, file };
        // Silence is recorded too: the first bytes tell that nothing will be missed.
        eventually("the recording to run", || Ok((!recording.samples()?.is_empty()).then_some(())))?;
        Ok(recording)
    }
}

impl Recording {
    fn samples(&self) -> anyhow::Result<Vec<i16>> {
        let bytes = std::fs::read(&self.file)?;
        Ok(bytes.chunks_exact(2).filter_map(|pair| Some(i16::from_le_bytes(pair.try_into().ok()?))).collect())
    }

    /// The sounds heard so far that are over: a gap of half a second of silence ends one.
    pub fn heard(&self) -> anyhow::Result<Vec<Heard>> {
        let gap = f64::from(RATE) / 2.0;
        let mut sounds = Vec::new();
        let mut current: Option<(f64, f64, u16)> = None;
        let mut now = 0.0;
        for sample in self.samples()? {
            let level = sample.unsigned_abs();
            now += 1.0;
            if level > SILENCE {
                let (start, _, peak) = current.unwrap_or((now, now, 0));
                current = Some((start, now, peak.max(level)));
            } else if let Some((start, end, peak)) = current.filter(|(_, end, _)| now - end > gap) {
                let secs = |samples: f64| samples / f64::from(RATE);
                sounds.push(Heard { at_secs: secs(start), secs: secs(end - start), peak: f64::from(peak) / 32_768.0 });
                current = None;
            }
        }
        Ok(sounds)
    }

    /// Whether anything was heard so far, over or not.
    pub fn has_begun(&self) -> anyhow::Result<bool> {
        Ok(self.samples()?.iter().any(|sample| sample.unsigned_abs() > SILENCE))
    }

    /// Saves the recording as a WAV file, to be listened to.
    pub fn save(&self, path: &Path) -> anyhow::Result<()> {
        let data = std::fs::read(&self.file)?;
        let length = u32::try_from(data.len())?;
        let mut wav = Vec::with_capacity(data.len() + 44);
        wav.extend_from_slice(b"RIFF");
        wav.extend_from_slice(&(length + 36).to_le_bytes());
        wav.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
        wav.extend_from_slice(&RATE.to_le_bytes());
        wav.extend_from_slice(&(RATE * 2).to_le_bytes());
        wav.extend_from_slice(b"\x02\0\x10\0data");
        wav.extend_from_slice(&length.to_le_bytes());
        wav.extend_from_slice(&data);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        Ok(std::fs::write(path, wav)?)
    }

    /// Whether the recorder still runs.
    pub fn running(&mut self) -> anyhow::Result<bool> {
        Ok(self.parec.ended()?.is_none())
    }
}
