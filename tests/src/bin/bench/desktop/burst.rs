//! A thousand messages at once: each accounted for, no frame that blocks, and nothing kept afterwards.

use anyhow::ensure;
use belfry_core::view::View;
use belfry_net::clock::monotonic;
use belfry_tests::Stage;
use belfry_tests::damage::Damage;

use super::{idle, until_no_face};

const MESSAGES: usize = 1000;
/// Servers close a connection on which more than 256 frames wait.
const A_BATCH: usize = 200;
/// What the banners' face says of a frame that held it up.
const SLOW_FRAME: &str = "a frame of the banners took long";
const CHANNELS: [&str; 3] = ["ops-room", "release-train", "incidents"];

pub(super) fn measure(stage: &mut Stage, damage: &Damage) -> anyhow::Result<()> {
    stage.clear()?;
    until_no_face(stage)?;
    damage.settle(idle::SETTLED)?;
    let before = idle::total_kib(stage)?;
    let counted_before = stage.client.view()?.badge.mentions as usize;
    let slow_before = slow_frames(stage);
    let start = monotonic();
    for n in 1..=MESSAGES {
        let who = ["rosa", "jun", "lena"].into_iter().cycle().nth(n).unwrap_or("rosa");
        let channel = CHANNELS.into_iter().cycle().nth(n / 7).unwrap_or("ops-room");
        stage.practice.person(who).posts(channel, &format!("burst {n} for @morgan"))?;
        if n % A_BATCH == 0 {
            let counted = |view: &View| view.badge.mentions as usize >= counted_before + n;
            stage.client.until("the messages so far", counted)?;
        }
    }
    let spent = start.elapsed();
    let stands_for = |view: &View| view.banners.iter().map(|card| card.more as usize + 1).sum::<usize>();
    let accounted = stage
        .client
        .until("every message on a card", |view| view.banners_waiting == 0 && stands_for(view) >= MESSAGES)?;
    stage.painted()?;
    let cards = accounted.banners.len();
    let slow = slow_frames(stage).saturating_sub(slow_before);
    stage.clear()?;
    until_no_face(stage)?;
    damage.settle(idle::SETTLED)?;
    let after = idle::total_kib(stage)?;
    println!(
        "burst: {MESSAGES} messages counted after {:.0} ms, {} of them on {cards} cards, {slow} frames over 50 ms; PSS {} MiB before, {} after ({:+.1} %, at most 5 wanted)",
        spent.as_secs_f64() * 1000.0,
        stands_for(&accounted),
        idle::mib(before),
        idle::mib(after),
        (f64::from(u32::try_from(after)?) / f64::from(u32::try_from(before)?) - 1.0) * 100.0
    );
    ensure!(stands_for(&accounted) == MESSAGES, "a message is on no card");
    Ok(())
}

fn slow_frames(stage: &Stage) -> usize {
    stage.desktop.said().matches(SLOW_FRAME).count()
}
