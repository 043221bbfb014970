//! What a server with very many channels costs, by frame and in memory.

use std::time::Duration;

use anyhow::Context as _;
use belfry_core::event::Snapshot;
use belfry_core::ids::ChannelId;
use belfry_core::time::Now;
use serde_json::Value;

use super::recorded::{Recording, engine};
use super::{START_MS, decide_all, nanos};
use crate::allocations::counted;

const FEW: usize = 10;
const MANY: usize = 50_000;
const POSTS: usize = 1000;
/// Each engine with many channels takes a moment to make.
const ROUNDS: usize = 7;

pub(crate) fn run(recording: &Recording) -> anyhow::Result<()> {
    // In turns, so that all meet the same weather.
    let (mut few, mut many, mut everywhere) = (Duration::MAX, Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        few = few.min(posts_cost(recording, FEW, FEW)?);
        many = many.min(posts_cost(recording, MANY, FEW)?);
        everywhere = everywhere.min(posts_cost(recording, MANY, POSTS)?);
    }
    println!(
        "channels: a post costs {:.0} ns with {MANY} channels and {:.0} ns with {FEW}, {:.2} times as much (at most 1.5 wanted)",
        nanos(many, POSTS),
        nanos(few, POSTS),
        many.as_secs_f64() / few.as_secs_f64()
    );
    println!(
        "channels: {:.0} ns where each post is in another of the {MANY}: memory that nobody had touched, and a card for each",
        nanos(everywhere, POSTS)
    );
    let (low, high) = (held(recording, FEW)?, held(recording, MANY)?);
    println!(
        "memory: {} bytes an idle channel, of {MANY} (fewer than 400 wanted)",
        (high - low) / i64::try_from(MANY - FEW)?
    );
    Ok(())
}

/// The same traffic, whatever there is besides: ordinary posts in so many of the channels, from all over the list.
fn posts_cost(recording: &Recording, channels: usize, busy: usize) -> anyhow::Result<Duration> {
    let template = recording
        .frames
        .iter()
        .find(|frame| super::event_name(frame) == Some("posted") && frame.contains(r#"\"type\":\"\""#))
        .context("nobody posted")?;
    let outer: Value = serde_json::from_str(template)?;
    let post: Value = serde_json::from_str(outer.pointer("/data/post").and_then(Value::as_str).unwrap_or_default())?;
    let of = |key: &str| post.get(key).and_then(Value::as_str).with_context(|| format!("the post has no {key}"));
    let frames: Vec<String> = (0..POSTS)
        .map(|n| {
            let channel = name((n % busy) * (channels / busy), 'c');
            Ok(template.replace(of("channel_id")?, &channel).replace(of("id")?, &name(n, 'p')))
        })
        .collect::<anyhow::Result<_>>()?;
    let now = Now::utc(0, START_MS);
    let mut engine = engine(&now, with_channels(recording, channels)?);
    Ok(decide_all(&mut engine, &frames))
}

fn held(recording: &Recording, channels: usize) -> anyhow::Result<i64> {
    let now = Now::utc(0, START_MS);
    let (engine, asked) = counted(|| Ok::<_, anyhow::Error>(engine(&now, with_channels(recording, channels)?)));
    drop(engine?);
    Ok(asked.held)
}

/// What the client read at start, with copies of its first public channel instead of its own channels.
fn with_channels(recording: &Recording, count: usize) -> anyhow::Result<Snapshot> {
    let mut snapshot = recording.snapshot()?;
    let channel = snapshot.channels.iter().find(|channel| channel.team_id.is_some()).context("no channel")?.clone();
    let member =
        snapshot.members.iter().find(|member| member.channel_id == channel.id).context("no membership")?.clone();
    let ids: Vec<ChannelId> = (0..count).filter_map(|n| ChannelId::parse(&name(n, 'c'))).collect();
    snapshot.channels.clear();
    snapshot.members.clear();
    for (n, id) in ids.into_iter().enumerate() {
        let mut channel = channel.clone();
        channel.id = id;
        channel.name = format!("project-room-{n}");
        channel.display_name = format!("Project room {n}");
        let mut member = member.clone();
        member.channel_id = id;
        // Idle: everything read.
        member.msg_count = channel.total_msg_count;
        member.msg_count_root = channel.total_msg_count_root;
        snapshot.channels.push(channel);
        snapshot.members.push(member);
    }
    Ok(snapshot)
}

/// An id as long and as mixed as a server's.
fn name(n: usize, kind: char) -> String {
    const LETTERS: [char; 32] = [
        'y', 'b', 'n', 'd', 'r', 'f', 'g', '8', 'e', 'j', 'k', 'm', 'c', 'p', 'q', 'x', 'o', 't', '1', 'u', 'w', 'i',
        's', 'z', 'a', '3', '4', '5', 'h', '7', '6', '9',
    ];
    let mut state = n as u64 * 2 + u64::from(kind == 'p');
    (0..26)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            LETTERS.get((state >> 59) as usize).copied().unwrap_or(kind)
        })
        .collect()
}
