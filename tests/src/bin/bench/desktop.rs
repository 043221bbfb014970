//! Memory, idle costs and the time to a painted banner, of the real program on a real display.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use belfry_core::command::Command;
use belfry_net::clock::monotonic;
use belfry_tests::damage::Damage;
use belfry_tests::process::{age_secs, cpu_ticks, descendants, memory_kib};
use belfry_tests::screen::Rect;
use belfry_tests::{Stage, eventually};

use crate::percentiles;

/// How long nothing is done.
const IDLE: Duration = Duration::from_secs(30);
/// Banners of each kind of sample.
const SAMPLES: usize = 50;
/// Messages before the agent's memory is read.
const MESSAGES: usize = 1000;
/// How often the display is looked at: the precision of what is measured.
const LOOK_EVERY: Duration = Duration::from_millis(1);
/// A banner that takes longer is no banner.
const PATIENCE: Duration = Duration::from_secs(20);
/// The banners' face leaves half a minute after its last card.
const FACE_LEAVES: Duration = Duration::from_mins(1);

pub(crate) fn run() -> anyhow::Result<()> {
    println!("Desktop: Xvfb, openbox, software rendering");
    let mut stage = Stage::new()?;
    let damage = Damage::watch(stage.desktop.display())?;

    for n in 1..=MESSAGES {
        let from = ["rosa", "jun", "lena"].into_iter().cycle().nth(n).context("nobody")?;
        stage.practice.person(from).posts("ops-room", &format!("message {n} for @morgan"))?;
        // No faster than they are taken: a server closes a connection on which more than 256 frames wait.
        if n % 100 == 0 {
            stage.client.until("the messages so far", |view| view.badge.mentions as usize >= n)?;
        }
    }
    stage.clear()?;
    println!("Memory (PSS) and idle costs over {IDLE:?}");
    let mut faceless = || Ok(descendants(stage.agent.id())?.is_empty().then_some(()));
    belfry_tests::poll::within(FACE_LEAVES, "the banners' face to leave", &mut faceless)?;
    idle(&stage, &damage, &format!("no face, after {MESSAGES} messages"))?;

    stage.client.command(Command::ShowWindow)?;
    eventually("the main window", || {
        Ok(stage.desktop.screen.windows()?.into_iter().find(|w| w.is_belfry() && !w.override_redirect && w.viewable))
    })?;
    damage.settle()?;
    idle(&stage, &damage, "main window open")?;
    let windows = stage.desktop.screen.windows()?;
    let window = windows.iter().find(|w| w.is_belfry() && !w.override_redirect).context("the window vanished")?;
    stage.desktop.screen.close(window.id)?;
    belfry_tests::poll::within(FACE_LEAVES, "the window's process to end", &mut || {
        Ok(descendants(stage.agent.id())?.is_empty().then_some(()))
    })?;
    idle(&stage, &damage, "main window closed again")?;

    println!("Post to painted banner");
    let cold = sample(&mut stage, &damage, true)?;
    println!("  cold (the banners' face ended between samples): {}", percentiles(cold));
    let warm = sample(&mut stage, &damage, false)?;
    println!("  warm: {}", percentiles(warm));
    ensure!(stage.notifications.shown().is_empty(), "a banner was replaced by a system notification");
    Ok(())
}

/// Does nothing for a while, and prints what that cost.
fn idle(stage: &Stage, damage: &Damage, what: &str) -> anyhow::Result<()> {
    damage.settle()?;
    let agent = stage.agent.id();
    let mut processes = vec![(agent, "agent".to_owned())];
    processes.extend(descendants(agent)?.into_iter().map(|(id, line)| (id, face_name(&line))));
    let before: Vec<u64> = processes.iter().map(|(id, _)| cpu_ticks(*id)).collect::<Result<_, _>>()?;
    // Frames are counted where a person would see them: as changes of the display.
    let mut frames = BTreeSet::new();
    let start = monotonic();
    while let Some(left) = IDLE.checked_sub(start.elapsed()).filter(|left| !left.is_zero()) {
        if let Some(painted) = damage.next(left)? {
            frames.insert(painted.at.duration_since(start).as_millis());
        }
    }
    println!("  {what}: {} frames drawn", frames.len());
    for ((id, name), before) in processes.iter().zip(before) {
        let ticks = cpu_ticks(*id)?.saturating_sub(before);
        let memory = memory_kib(*id)?;
        println!("    {name}: {}.{} MiB, {}0 ms of processor time", memory / 1024, memory % 1024 * 10 / 1024, ticks);
    }
    Ok(())
}

fn face_name(command_line: &str) -> String {
    ["window", "banners"]
        .into_iter()
        .find(|face| command_line.contains(&format!("face {face}")))
        .unwrap_or("child")
        .to_owned()
}

/// Measures from the server's side of a post to the pixels of its card.
fn sample(stage: &mut Stage, damage: &Damage, cold: bool) -> anyhow::Result<Vec<Duration>> {
    let mut samples = Vec::with_capacity(SAMPLES);
    let area = stage.desktop.screen.work_area()?;
    let title = Rect { x: area.right() - 16 - 372 + 60, y: area.y + 16 + 8, width: 280, height: 44 };
    for n in 0..=SAMPLES {
        stage.clear()?;
        if cold {
            end_banners_face(stage)?;
        }
        damage.settle()?;
        ensure!(!has_text(stage, title)?, "something is on the screen already");
        let start = monotonic();
        stage.direct("rosa", &format!("Measured message {n}"))?;
        // Looked at, not told: what the display reports as painted may not be on it yet.
        while !has_text(stage, title)? {
            ensure!(start.elapsed() < PATIENCE, "no banner was painted");
            std::thread::sleep(LOOK_EVERY);
        }
        let painted = start.elapsed();
        // The first one warms caches of the system, not ours.
        if n > 0 {
            samples.push(painted);
        }
        stage.practice.person("morgan").reads("@rosa")?;
    }
    Ok(samples)
}

/// Ends the banners' face as its half minute without cards would, and waits until it is gone.
fn end_banners_face(stage: &Stage) -> anyhow::Result<()> {
    eventually("the banners' face to end", || {
        let faces = descendants(stage.agent.id())?;
        let Some((face, _)) = faces.first() else { return Ok(Some(())) };
        // One that ends within two seconds counts as failed, and after three of those the agent gives up.
        if age_secs(*face).is_ok_and(|age| age > 2.5)
            && let Some(window) = stage.banners()?
        {
            stage.desktop.screen.close(window.id)?;
        }
        Ok(None)
    })
}

/// Whether a part of the display shows more than a background: letters have many shades.
fn has_text(stage: &Stage, part: Rect) -> anyhow::Result<bool> {
    let picture = stage.desktop.screen.picture(part)?;
    let colours: BTreeSet<[u8; 3]> = picture.pixels().map(|pixel| pixel.0).collect();
    Ok(colours.len() > 12)
}
