//! Memory, idle costs and the time to a painted banner, of the real program on a real display.

mod delay;
mod idle;

use std::time::Duration;

use anyhow::{Context as _, ensure};
use belfry_core::command::Command;
use belfry_core::prefs::LocalPrefs;
use belfry_tests::damage::Damage;
use belfry_tests::process::descendants;
use belfry_tests::{Stage, eventually, poll};

/// Messages before the agent's memory is read.
const MESSAGES: usize = 1000;
/// Servers close a connection on which more than 256 frames wait.
const A_BURST: usize = 100;
/// How long nothing is done.
const IDLE: Duration = Duration::from_secs(30);
/// As long as a face without cards surely stays.
const FACE_IDLE: Duration = Duration::from_secs(20);
/// A banners' face leaves half a minute after its last card.
const FACE_LEAVES: Duration = Duration::from_mins(1);

pub(crate) fn run() -> anyhow::Result<()> {
    println!("Desktop: the release build on Xvfb and openbox, drawn in software, with a sound server");
    let mut stage = Stage::with_sound()?;
    let result = measure(&mut stage);
    if result.is_err() {
        stage.picture("bench-failed").ok(); // one that cannot be taken adds nothing
        println!("  belfry said:\n{}", stage.desktop.said());
    }
    result
}

fn measure(stage: &mut Stage) -> anyhow::Result<()> {
    let damage = Damage::watch(stage.desktop.display())?;

    idle::heading();
    until_no_face(stage)?;
    idle::measure(stage, &damage, IDLE, "no face, just begun")?;
    for n in 1..=MESSAGES {
        let from = ["rosa", "jun", "lena"].into_iter().cycle().nth(n).context("nobody")?;
        stage.practice.person(from).posts("ops-room", &format!("message {n} for @morgan"))?;
        if n % A_BURST == 0 {
            stage.client.until("the messages so far", |view| view.badge.mentions as usize >= n)?;
        }
    }
    stage.clear()?;
    idle::measure(stage, &damage, FACE_IDLE, "banners' face, no card")?;
    until_no_face(stage)?;
    idle::measure(stage, &damage, IDLE, &format!("no face, after {MESSAGES} messages"))?;

    stage.client.command(Command::ShowWindow)?;
    eventually("the main window", || {
        Ok(stage.desktop.screen.windows()?.into_iter().find(|w| w.is_belfry() && !w.override_redirect && w.viewable))
    })?;
    idle::measure(stage, &damage, IDLE, "main window open")?;
    let windows = stage.desktop.screen.windows()?;
    let window = windows.iter().find(|w| w.is_belfry() && !w.override_redirect).context("the window vanished")?;
    stage.desktop.screen.close(window.id)?;
    until_no_face(stage)?;
    idle::measure(stage, &damage, IDLE, "main window closed again")?;

    delay::heading();
    for (motion, cold) in [(false, true), (false, false), (true, false)] {
        set_motion(stage, motion)?;
        delay::measure(stage, &damage, motion, cold)?;
    }
    ensure!(stage.notifications.shown().is_empty(), "a banner was replaced by a system notification");
    Ok(())
}

fn until_no_face(stage: &Stage) -> anyhow::Result<()> {
    let mut faceless = || Ok(descendants(stage.agent.id())?.is_empty().then_some(()));
    poll::within(FACE_LEAVES, "the faces to leave", &mut faceless)
}

/// A [`Stage`] begins without motion; people begin with it.
fn set_motion(stage: &mut Stage, motion: bool) -> anyhow::Result<()> {
    let base = stage.client.view()?.prefs.clone();
    let prefs = LocalPrefs { reduce_motion: !motion, ..base.clone() };
    stage.client.command(Command::SetLocalPrefs { base: Box::new(base), prefs: Box::new(prefs) })?;
    stage.client.until("the motion as wanted", |view| view.prefs.reduce_motion != motion)?;
    Ok(())
}
