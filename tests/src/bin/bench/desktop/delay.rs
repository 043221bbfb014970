//! From a post on the server to the pixels of its card.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::ensure;
use belfry_net::clock::monotonic;
use belfry_tests::damage::Damage;
use belfry_tests::process::{age_secs, descendants};
use belfry_tests::screen::Rect;
use belfry_tests::{Stage, eventually};

use crate::percentiles;

/// The display is looked at when it says that it changed, and at least this often.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// A banner that takes longer is no banner.
const PATIENCE: Duration = Duration::from_secs(20);
/// Nothing is drawn for so long before a sample begins.
const QUIET: Duration = Duration::from_millis(250);

pub(super) fn heading() {
    println!("  from a post on the server …");
}

/// Measures, and prints, how long banners take: `cold` ends the banners' face between samples.
pub(super) fn measure(
    stage: &mut Stage,
    damage: &Damage,
    samples: usize,
    motion: bool,
    cold: bool,
) -> anyhow::Result<()> {
    let (mut told, mut painted) = (Vec::with_capacity(samples), Vec::with_capacity(samples));
    let area = stage.desktop.screen.work_area()?;
    let title = Rect { x: area.right() - 16 - 372 + 60, y: area.y + 16 + 8, width: 280, height: 44 };
    for n in 0..=samples {
        stage.clear()?;
        if cold {
            end_banners_face(stage)?;
        }
        damage.settle(QUIET)?;
        ensure!(!has_text(stage, title)?, "something is on the screen already");
        let start = monotonic();
        stage.direct("rosa", &format!("Measured message {n}"))?;
        while !has_text(stage, title)? {
            ensure!(start.elapsed() < PATIENCE, "no banner was painted for message {n}");
            damage.wait(LOOK_EVERY)?;
        }
        let seen = start.elapsed();
        // On a busy machine the card may be painted before we have read the view that it is in.
        let known = eventually("the view with the card", || Ok(stage.client.banners_since()))?;
        // The first one warms caches of the system, not ours.
        if n > 0 {
            told.push(known.duration_since(start));
            painted.push(seen);
        }
    }
    let face = if cold { "the banners' face not running" } else { "the banners' face waiting" };
    let motion = if motion { "with motion" } else { "without motion" };
    println!("    {:<60} {}", format!("to its card in the view ({face})"), percentiles(told));
    println!("    {:<60} {}", format!("to its pixels ({face}, {motion})"), percentiles(painted));
    Ok(())
}

/// Ends the banners' face as its half minute without cards would, and waits until it is gone.
fn end_banners_face(stage: &Stage) -> anyhow::Result<()> {
    let face = || Ok::<_, anyhow::Error>(descendants(stage.agent.id())?.first().map(|(id, _)| *id));
    // One that ends within two seconds counts as failed, and after three of those the agent gives up.
    eventually("the banners' face to be old enough", || {
        Ok(face()?.is_none_or(|face| age_secs(face).is_ok_and(|age| age > 2.5)).then_some(()))
    })?;
    if let Some(window) = stage.banners()? {
        stage.desktop.screen.close(window.id)?;
    }
    eventually("the banners' face to end", || Ok(face()?.is_none().then_some(())))
}

/// Whether a part of the display shows more than a background: letters have many shades.
fn has_text(stage: &Stage, part: Rect) -> anyhow::Result<bool> {
    let picture = stage.desktop.screen.picture(part)?;
    let colours: BTreeSet<[u8; 3]> = picture.pixels().map(|pixel| pixel.0).collect();
    Ok(colours.len() > 12)
}
