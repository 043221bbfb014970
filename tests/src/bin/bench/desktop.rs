//! Memory, idle costs, the way to a painted banner and to its sound, and bursts, of the real program on a real display.

mod burst;
mod delay;
mod idle;
mod sound;
mod traffic;

use std::time::Duration;

use anyhow::{Context as _, ensure};
use belfry_core::command::Command;
use belfry_core::prefs::LocalPrefs;
use belfry_tests::damage::Damage;
use belfry_tests::process::descendants;
use belfry_tests::{Desktop, Stage, eventually, poll, process};

/// As long as idle is measured.
const IDLE: Duration = Duration::from_mins(1);
const IDLE_QUICK: Duration = Duration::from_secs(10);
/// As long as a face without cards surely stays.
const FACE_IDLE: Duration = Duration::from_secs(15);
/// A banners' face leaves half a minute after its last card.
const FACE_LEAVES: Duration = Duration::from_mins(1);
/// Samples of each kind.
const SAMPLES: usize = 50;
const SAMPLES_QUICK: usize = 20;
/// Four cards as they usually are.
const LATIN: [(&str, &str); 4] = [
    ("rosa", "Could you look at the release notes before four? The second part is new, and I am not sure of its tone."),
    ("jun", "The build is green again. I have put what happened into the channel, with the two commits that matter."),
    ("lena", "Lunch at half past twelve?"),
    ("rosa", "One more thing: the customer asked for the figures of last week, and I do not have them."),
];
/// The same with letters of other scripts.
const SCRIPTS: [(&str, &str); 3] = [
    ("rosa", "お疲れさまです。資料を確認してください。"),
    ("jun", "مرحبا، هل يمكنك مراجعة التقرير؟"),
    ("lena", "🎉🚀 ok 👍🏽"),
];

pub(crate) fn run(quick: bool) -> anyhow::Result<()> {
    println!("Desktop: {} on Xvfb and openbox, drawn in software, with a sound server", process::belfry()?.display());
    let mut desktop = Desktop::start()?;
    desktop.start_sound()?;
    let mut stage = Stage::with_world(desktop, process::belfry()?, traffic::world())?;
    let result = measure(&mut stage, quick);
    if result.is_err() {
        stage.picture("bench-failed").ok(); // one that cannot be taken adds nothing
        println!("  belfry said:\n{}", stage.desktop.said());
    }
    result
}

fn measure(stage: &mut Stage, quick: bool) -> anyhow::Result<()> {
    let (time, samples) = if quick { (IDLE_QUICK, SAMPLES_QUICK) } else { (IDLE, SAMPLES) };
    let damage = Damage::watch(stage.desktop.display())?;
    let others = traffic::more_servers(stage)?;
    until_no_face(stage)?;
    traffic::an_hour(stage, &others)?;
    stage.clear()?;
    until_no_face(stage)?;

    idle::heading();
    let idle = idle::measure(stage, &damage, time, "nothing drawn, after an hour's traffic")?;
    println!(
        "nothing drawn: PSS {} MiB, {} frames and {:.1} wake-ups a second over {} s (at most 24 MiB, 0 frames and 1 wake-up wanted)",
        idle::mib(idle.memory_kib),
        idle.frames,
        idle.wakeups_a_second,
        time.as_secs()
    );
    banners(stage, &damage, time)?;
    window(stage, &damage, time)?;

    delay::heading();
    for (motion, cold) in [(false, true), (false, false), (true, false)] {
        set_motion(stage, motion)?;
        delay::measure(stage, &damage, samples, motion, cold)?;
    }
    sound::measure(stage, samples)?;
    burst::measure(stage, &damage)?;
    ensure!(stage.notifications.shown().is_empty(), "a banner was replaced by a system notification");
    Ok(())
}

/// What is held while cards are there, and after the last one.
fn banners(stage: &mut Stage, damage: &Damage, time: Duration) -> anyhow::Result<()> {
    stage.keep_cards()?;
    show(stage, &LATIN)?;
    let latin = idle::measure(stage, damage, FACE_IDLE.min(time), "banners shown, Latin text")?;
    println!("banners shown: PSS {} MiB together (at most 95 wanted)", idle::mib(latin.memory_kib));
    stage.clear()?;
    idle::measure(stage, damage, FACE_IDLE.min(time), "banners' face without a card")?;
    show(stage, &SCRIPTS)?;
    let scripts = idle::measure(stage, damage, FACE_IDLE.min(time), "banners shown, CJK, Arabic, emoji")?;
    println!(
        "banners shown in other scripts: PSS {} MiB together, with this machine's fonts",
        idle::mib(scripts.memory_kib)
    );
    stage.clear()?;
    until_no_face(stage)?;
    let after = idle::total_kib(stage)?;
    println!("nothing drawn again, within a minute of the last banner: PSS {} MiB", idle::mib(after));
    Ok(())
}

fn show(stage: &mut Stage, texts: &[(&str, &str)]) -> anyhow::Result<()> {
    for (from, text) in texts {
        stage.direct(from, text)?;
    }
    let people: std::collections::BTreeSet<&str> = texts.iter().map(|(from, _)| *from).collect();
    stage.cards(people.len())?;
    stage.painted()
}

fn window(stage: &mut Stage, damage: &Damage, time: Duration) -> anyhow::Result<()> {
    stage.client.command(Command::ShowWindow)?;
    eventually("the main window", || {
        Ok(stage.desktop.screen.windows()?.into_iter().find(|w| w.is_belfry() && !w.override_redirect && w.viewable))
    })?;
    let open = idle::measure(stage, damage, time, "main window open")?;
    println!(
        "main window open: PSS {} MiB together (at most 110 wanted), {} frames",
        idle::mib(open.memory_kib),
        open.frames
    );
    let windows = stage.desktop.screen.windows()?;
    let window = windows.iter().find(|w| w.is_belfry() && !w.override_redirect).context("the window vanished")?;
    stage.desktop.screen.close(window.id)?;
    until_no_face(stage)?;
    idle::measure(stage, damage, FACE_IDLE.min(time), "main window closed again")?;
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
