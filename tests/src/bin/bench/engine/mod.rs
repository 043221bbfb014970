//! What a frame costs: decoding and deciding, against a plain JSON reader that reads the same frame once.

mod many;
mod noise;
mod recorded;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Duration;

use anyhow::Context as _;
use belfry_core::event::Event;
use belfry_core::time::{MonoTime, Now};
use belfry_core::{Engine, Input};
use belfry_net::clock::monotonic;
use belfry_net::wire;
use serde_json::Value;

use self::recorded::{Recording, SERVER, engine};
use crate::allocations::counted;

/// Each figure is the best of this many rounds: the others met something else that ran. What is compared takes turns.
const ROUNDS: usize = 41;
/// A round decodes at least so many frames.
const A_ROUND: usize = 500;
/// When the recordings were made, about, in Unix milliseconds.
const START_MS: i64 = 1_795_000_000_000;
/// Parts of `data` that hold JSON written inside a string.
const INNER: [&str; 10] = [
    "post",
    "mentions",
    "followers",
    "thread",
    "channel",
    "channelMember",
    "preferences",
    "preference",
    "team",
    "reaction",
];

pub(crate) fn run() -> anyhow::Result<()> {
    println!("Engine: time of a frame, against serde_json::Value of the frame and of the JSON inside its strings");
    let recordings = recorded::all()?;
    let newest = recordings
        .iter()
        .find(|recording| recording.name.starts_with("server-11") && recording.name.ends_with("on"))
        .or(recordings.first())
        .context("no recording")?;
    let noise = noise::frames(newest)?;
    events(&recordings, &noise)?;
    mix(&recordings)?;
    quiet(newest, &noise)?;
    allocations(newest, &noise)?;
    many::run(newest)
}

/// A table of decoding alone.
fn events(recordings: &[Recording], noise: &[String]) -> anyhow::Result<()> {
    let mut by_name: BTreeMap<String, (usize, Vec<&str>)> = BTreeMap::new();
    for frame in recordings.iter().flat_map(|recording| &recording.frames) {
        let (count, frames) = by_name.entry(event_name(frame).unwrap_or("(reply)").to_owned()).or_default();
        *count += 1;
        frames.push(frame);
    }
    for frame in noise {
        let name = event_name(frame).map(|name| format!("{name} (others')"));
        if let Some(name) = name.filter(|name| name.starts_with("reaction") || name.starts_with("status")) {
            by_name.entry(name).or_default().1.push(frame);
        }
    }
    println!("  {:<56} {:>8} {:>10} {:>10} {:>7}", "decoding alone", "recorded", "ours, ns", "plain, ns", "share");
    for (name, (count, frames)) in by_name {
        let many: Vec<&str> = frames.iter().copied().cycle().take(frames.len().max(A_ROUND)).collect();
        let [ours, plain] = turns([&mut || Ok(decoding(&many)), &mut || Ok(parsing(&many))])?;
        println!(
            "  {name:<56} {count:>8} {:>10.0} {:>10.0} {:>6.1}%",
            nanos(ours, many.len()),
            nanos(plain, many.len()),
            ours.as_secs_f64() / plain.as_secs_f64() * 100.0
        );
    }
    Ok(())
}

/// The recorded mix, decided too.
fn mix(recordings: &[Recording]) -> anyhow::Result<()> {
    let (mut count, mut together) = (0, [Duration::ZERO; 3]);
    for recording in recordings {
        let frames: Vec<&str> = recording.frames.iter().map(String::as_str).collect();
        let spent = turns([
            &mut || Ok(decoding(&frames)),
            &mut || Ok(decide_all(&mut fresh(recording)?, &frames)),
            &mut || Ok(parsing(&frames)),
        ])?;
        println!("  {}: {}", recording.name, figures(frames.len(), spent));
        count += frames.len();
        for (sum, spent) in together.iter_mut().zip(spent) {
            *sum += spent;
        }
    }
    println!("mix: {}; at least 3 times wanted", figures(count, together));
    Ok(())
}

/// Frames that need nothing.
fn quiet(recording: &Recording, noise: &[String]) -> anyhow::Result<()> {
    let mut engine = fresh(recording)?;
    let many: Vec<&str> = noise.iter().map(String::as_str).cycle().take(A_ROUND).collect();
    let spent =
        turns([&mut || Ok(decoding(&many)), &mut || Ok(decide_all(&mut engine, &many)), &mut || Ok(parsing(&many))])?;
    println!("noise: {}; at least 10 times wanted", figures(many.len(), spent));
    Ok(())
}

fn figures(frames: usize, [decoding, both, plain]: [Duration; 3]) -> String {
    let per = |spent| nanos(spent, frames);
    format!(
        "{:.1}x ({frames} frames; each decoded in {:.0} ns, decided too in {:.0} ns, plain in {:.0} ns)",
        plain.as_secs_f64() / both.as_secs_f64(),
        per(decoding),
        per(both),
        per(plain)
    )
}

/// What is asked of the allocator, once everything is warm.
fn allocations(recording: &Recording, noise: &[String]) -> anyhow::Result<()> {
    let mut engine = fresh(recording)?;
    // The first frame after a silence is a change: it is shown as "last heard".
    decide_all(&mut engine, noise);
    let now = Now::utc(0, START_MS);
    let mut guilty = BTreeMap::new();
    for frame in noise {
        let ((), asked) = counted(|| {
            let event = wire::decode(frame).ok().flatten().unwrap_or(Event::Heard);
            black_box(engine.step(&now, Input::Server(SERVER, event)));
        });
        if asked.allocations > 0 {
            guilty.insert(event_name(frame).unwrap_or("(reply)"), asked.allocations);
        }
    }
    let posts: Vec<&String> =
        recording.frames.iter().filter(|frame| event_name(frame) == Some("posted")).take(100).collect();
    let ((), decoding) = counted(|| {
        for frame in &posts {
            black_box(wire::decode(frame)).ok();
        }
    });
    let ((), both) = counted(|| {
        for frame in &posts {
            if let Ok(Some(event)) = wire::decode(frame) {
                black_box(engine.step(&now, Input::Server(SERVER, event)));
            }
        }
    });
    let ((), parsing) = counted(|| {
        for frame in &posts {
            black_box(parse(frame));
        }
    });
    let per = |count: u64| ratio(count, posts.len());
    println!(
        "allocations: {} in {} noise frames{}; {:.1} to decode a post, {:.1} with its decision, {:.1} plain",
        guilty.values().sum::<u64>(),
        noise.len(),
        if guilty.is_empty() { String::new() } else { format!(" {guilty:?}") },
        per(decoding.allocations),
        per(both.allocations),
        per(parsing.allocations)
    );
    Ok(())
}

fn fresh(recording: &Recording) -> anyhow::Result<Engine> {
    Ok(engine(&Now::utc(0, START_MS), recording.snapshot()?))
}

/// Has the allocator tidy up what making an engine left behind, which it otherwise does within the first frames: a cost of
/// the start, not of a frame. A large request makes it sort what is free.
fn settle() {
    for _ in 0..4 {
        black_box(Vec::<u8>::with_capacity(100_000));
    }
}

/// Decodes and decides frames that arrive ten milliseconds apart, with every deadline that falls between.
fn decide_all<T: AsRef<str>>(engine: &mut Engine, frames: &[T]) -> Duration {
    let mut now = Now::utc(0, START_MS);
    settle();
    let start = monotonic();
    for frame in frames {
        now.mono = MonoTime(now.mono.0 + 10);
        // As the driver does: what needs nothing proves that the server was heard.
        let event = wire::decode(frame.as_ref()).ok().flatten().unwrap_or(Event::Heard);
        black_box(engine.step(&now, Input::Server(SERVER, event)));
        if engine.next_deadline().is_some_and(|due| due <= now.mono) {
            black_box(engine.step(&now, Input::Tick));
        }
    }
    start.elapsed()
}

fn decoding(frames: &[&str]) -> Duration {
    let start = monotonic();
    for frame in frames {
        black_box(wire::decode(black_box(frame))).ok();
    }
    start.elapsed()
}

fn parsing(frames: &[&str]) -> Duration {
    let start = monotonic();
    for frame in frames {
        black_box(parse(black_box(frame)));
    }
    start.elapsed()
}

/// The frame, and each JSON that was written inside one of its strings, each once.
fn parse(frame: &str) -> (Option<Value>, [Option<Value>; INNER.len()]) {
    let outer: Option<Value> = serde_json::from_str(frame).ok();
    let data = outer.as_ref().and_then(|outer| outer.get("data"));
    let inner = INNER.map(|key| serde_json::from_str(data?.get(key)?.as_str()?).ok());
    (outer, inner)
}

/// Measures some works in turns; the shortest time of each.
fn turns<const N: usize>(
    mut works: [&mut dyn FnMut() -> anyhow::Result<Duration>; N],
) -> anyhow::Result<[Duration; N]> {
    let mut fastest = [Duration::MAX; N];
    for _ in 0..ROUNDS {
        for (fastest, work) in fastest.iter_mut().zip(&mut works) {
            *fastest = work()?.min(*fastest);
        }
    }
    Ok(fastest)
}

fn nanos(spent: Duration, frames: usize) -> f64 {
    ratio(spent.as_nanos(), frames)
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn ratio(sum: impl Into<u128>, count: usize) -> f64 {
    sum.into() as f64 / count as f64
}

/// The event of a frame as servers write it.
fn event_name(frame: &str) -> Option<&str> {
    frame.strip_prefix(r#"{"event":""#)?.split_once('"').map(|(name, _)| name)
}
