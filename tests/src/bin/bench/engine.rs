//! Frames a second through decoder and engine, against a plain JSON reader.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use belfry_core::event::{Connection, Event, Snapshot};
use belfry_core::ids::ServerId;
use belfry_core::prefs::{AuthKind, LocalPrefs, Permission, ServerPrefs};
use belfry_core::time::{MonoTime, Now};
use belfry_core::{Engine, Input};
use belfry_net::bootstrap::Collector;
use belfry_net::clock::monotonic;
use belfry_net::wire::Decoder;
use belfry_tests::process::workspace;
use serde_json::Value;

const SERVER: ServerId = ServerId(1);
/// Each figure is the best of this many rounds: the others met something else that ran.
const ROUNDS: usize = 15;

struct Recording {
    name: String,
    rest: Vec<(String, String, u16, String)>,
    frames: Vec<String>,
}

pub(crate) fn run() -> anyhow::Result<()> {
    println!("Engine: decode and decide, frames a second, best of {ROUNDS} rounds");
    let (mut frames, mut ours, mut plain, mut bytes) = (0, Duration::ZERO, Duration::ZERO, 0);
    for path in recordings()? {
        let recording = read(&path)?;
        let mine = best(|| decide_all(&recording))?;
        let decoding = best(|| Ok(decode_all(&recording)))?;
        let theirs = best(|| Ok(parse_twice(&recording)))?;
        println!(
            "  {}: {} frames, {:.0} a second (decoding alone {:.0}); serde_json::Value parsing them twice: {:.0} a second; {:.1} times as fast",
            recording.name,
            recording.frames.len(),
            rate(recording.frames.len(), mine),
            rate(recording.frames.len(), decoding),
            rate(recording.frames.len(), theirs),
            theirs.as_secs_f64() / mine.as_secs_f64()
        );
        frames += recording.frames.len();
        bytes += recording.frames.iter().map(String::len).sum::<usize>();
        ours += mine;
        plain += theirs;
    }
    println!(
        "  together: {frames} frames, {bytes} bytes; {:.0} a second against {:.0} a second; {:.1} times as fast",
        rate(frames, ours),
        rate(frames, plain),
        plain.as_secs_f64() / ours.as_secs_f64()
    );
    Ok(())
}

fn recordings() -> anyhow::Result<Vec<PathBuf>> {
    let folders = [workspace().join("../shared/recordings"), workspace().join("tests/recordings")];
    let files = folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
    let mut paths: Vec<PathBuf> =
        files.map(|file| file.path()).filter(|path| path.extension().is_some_and(|end| end == "jsonl")).collect();
    paths.sort();
    ensure!(!paths.is_empty(), "there are no recordings to measure with");
    Ok(paths)
}

fn read(path: &Path) -> anyhow::Result<Recording> {
    let text = std::fs::read_to_string(path)?;
    let mut recording = Recording {
        name: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        rest: vec![],
        frames: vec![],
    };
    for line in text.lines().filter(|line| !line.is_empty()) {
        let line: Value = serde_json::from_str(line)?;
        let word = |key: &str| line.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        match line.get("k").and_then(Value::as_str) {
            // Answers that came before the first frame are the bootstrap.
            Some("rest") if recording.frames.is_empty() => {
                let status =
                    line.get("status").and_then(Value::as_u64).and_then(|n| u16::try_from(n).ok()).unwrap_or(0);
                let body = line.get("body").map(Value::to_string).unwrap_or_default();
                recording.rest.push((word("method"), word("path"), status, body));
            }
            Some("ws") => recording.frames.push(line.get("frame").map(Value::to_string).unwrap_or_default()),
            _ => {}
        }
    }
    Ok(recording)
}

/// An engine as it is after signing in.
fn engine(recording: &Recording, now: &Now) -> anyhow::Result<Engine> {
    let server = ServerPrefs {
        id: SERVER,
        url: "https://recorded.example".to_owned(),
        name: "Recorded".to_owned(),
        username: String::new(),
        auth: AuthKind::Password,
        permission: Permission::Allowed,
        insecure: false,
    };
    let mut engine = Engine::new(LocalPrefs { servers: vec![server], ..LocalPrefs::default() });
    let mut collector = Collector::default();
    for (method, path, status, body) in &recording.rest {
        collector.absorb(method, path, *status, body.as_bytes());
    }
    let snapshot: Snapshot = collector.finish().context("the recording has no bootstrap")?;
    let version = snapshot.config.version.clone();
    engine.step(now, Input::Server(SERVER, Event::Connection(Connection::Live { version })));
    engine.step(now, Input::Server(SERVER, Event::Snapshot(Box::new(snapshot))));
    Ok(engine)
}

fn decide_all(recording: &Recording) -> anyhow::Result<Duration> {
    let mut now = Now::utc(0, 1_795_000_000_000);
    let mut engine = engine(recording, &now)?;
    let mut decoder = Decoder::new();
    let mut effects = 0;
    let start = monotonic();
    for frame in &recording.frames {
        // Ten milliseconds apart, with every deadline that falls between.
        now.mono = MonoTime(now.mono.0 + 10);
        if let Ok(Some(event)) = decoder.decode(frame) {
            effects += engine.step(&now, Input::Server(SERVER, event)).len();
        }
        if engine.next_deadline().is_some_and(|due| due <= now.mono) {
            effects += engine.step(&now, Input::Tick).len();
        }
    }
    let spent = start.elapsed();
    ensure!(effects > 0, "the engine did nothing");
    Ok(spent)
}

fn decode_all(recording: &Recording) -> Duration {
    let mut decoder = Decoder::new();
    let start = monotonic();
    for frame in &recording.frames {
        std::hint::black_box(decoder.decode(std::hint::black_box(frame))).ok();
    }
    start.elapsed()
}

fn parse_twice(recording: &Recording) -> Duration {
    let start = monotonic();
    for frame in &recording.frames {
        for _ in 0..2 {
            std::hint::black_box(serde_json::from_str::<Value>(std::hint::black_box(frame))).ok();
        }
    }
    start.elapsed()
}

fn best(mut round: impl FnMut() -> anyhow::Result<Duration>) -> anyhow::Result<Duration> {
    let mut fastest = round()?;
    for _ in 1..ROUNDS {
        fastest = fastest.min(round()?);
    }
    Ok(fastest)
}

fn rate(frames: usize, spent: Duration) -> f64 {
    f64::from(u32::try_from(frames).unwrap_or(u32::MAX)) / spent.as_secs_f64()
}
