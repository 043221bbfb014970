//! When the desktop wants quiet: from its own word for it to the screen, and the summary afterwards.
//!
//! KDE's notification service is scripted here; GNOME's setting goes through the real `gsettings` and dconf.

use std::process::Stdio;

use belfry_core::activity::ActivityFilter;
use belfry_core::command::Command;
use belfry_core::prefs::LocalPrefs;
use belfry_core::query::{Answer, Query};
use belfry_tests::process::{Process, belfry};
use belfry_tests::screen::Rect;
use belfry_tests::{Desktop, Stage, eventually};

/// Messages are written until one is kept back; why it was.
fn kept_back(stage: &mut Stage) -> String {
    eventually("a message to be kept back", || {
        stage.direct("rosa", "are you there?")?;
        let filter = ActivityFilter { shown: Some(false), ..ActivityFilter::default() };
        let Answer::Activity { rows, .. } = stage.client.ask(Query::Activity { filter, before: None, limit: 1 })?
        else {
            anyhow::bail!("no rows")
        };
        Ok(rows.first().map(|row| row.decision.sentence.clone()))
    })
    .unwrap()
}

/// Quiet begins and ends with `switch`; the verdict says why, and the summary ends with `summed_up`.
fn quiet_then_summed_up(stage: &mut Stage, why: &str, summed_up: &str, switch: impl Fn(&Stage, bool)) {
    stage.keep_cards().unwrap();
    switch(stage, true);
    let said = kept_back(stage);
    assert!(said.contains(why), "{said}");
    stage.clear().unwrap();
    let before = stage.client.view().unwrap().badge.mentions;
    stage.direct("jun", "and you?").unwrap();
    stage.client.until("it to be counted", |view| view.badge.mentions > before).unwrap();
    assert!(stage.client.view().unwrap().banners.is_empty(), "nothing is shown meanwhile");
    switch(stage, false);
    let view = stage.client.until("a summary", |view| !view.banners.is_empty()).unwrap();
    assert!(view.banners[0].text.ends_with(summed_up), "{}", view.banners[0].text);
    stage.cards(1).unwrap();
    stage.painted().unwrap();
}

fn change(stage: &mut Stage, change: impl Fn(&mut LocalPrefs)) {
    let base = stage.client.view().unwrap().prefs;
    let mut prefs = base.clone();
    change(&mut prefs);
    stage.client.command(Command::SetLocalPrefs { base: Box::new(base), prefs: Box::new(prefs.clone()) }).unwrap();
    stage.client.until("the change", |view| view.prefs == prefs).unwrap();
}

#[test]
fn while_the_notification_service_is_inhibited_nothing_is_shown_and_it_is_summed_up_afterwards() {
    let mut stage = Stage::new().unwrap();
    quiet_then_summed_up(&mut stage, "system's do not disturb", "during do not disturb", |stage, on| {
        stage.notifications.inhibit(on).unwrap();
    });
    stage.picture("summed-up").unwrap();
    stage.clear().unwrap();
    // Who does not want that is told all the same.
    change(&mut stage, |prefs| prefs.follow_system_dnd = false);
    stage.notifications.inhibit(true).unwrap();
    stage.direct("jun", "now?").unwrap();
    stage.cards(1).unwrap();
}

#[test]
fn while_gnome_shows_no_banners_nothing_is_shown_and_it_is_summed_up_afterwards() {
    let mut desktop = Desktop::start().unwrap();
    desktop.set("XDG_CURRENT_DESKTOP", "ubuntu:GNOME");
    // Nothing starts by itself on the bus of a test.
    let service = std::fs::read_to_string("/usr/share/dbus-1/services/ca.desrt.dconf.service").unwrap();
    let program = service.lines().find_map(|line| line.strip_prefix("Exec=")).unwrap();
    let dconf = Process::start(desktop.command(program).stderr(Stdio::null())).unwrap();
    desktop.keep(dconf);
    let mut stage = Stage::with_program(desktop, belfry().unwrap()).unwrap();
    quiet_then_summed_up(&mut stage, "system's do not disturb", "during do not disturb", |stage, on| {
        let wanted = if on { "false" } else { "true" };
        let gsettings = |arguments: &[&str]| {
            let mut command = stage.desktop.command("gsettings");
            command.args(arguments).args(["org.gnome.desktop.notifications", "show-banners"]);
            command.stderr(Stdio::null());
            command
        };
        eventually("dconf to keep it", || {
            Process::start(gsettings(&["set"]).arg(wanted))?.wait_for_end()?;
            let kept = gsettings(&["get"]).output()?.stdout;
            Ok((kept.trim_ascii() == wanted.as_bytes()).then_some(()))
        })
        .unwrap();
    });
}

#[test]
fn behind_a_full_screen_program_nothing_is_shown_and_it_is_summed_up_once_that_is_left() {
    let mut stage = Stage::new().unwrap();
    let film = stage.desktop.screen.open_window(Rect { x: 100, y: 200, width: 300, height: 200 }).unwrap();
    quiet_then_summed_up(&mut stage, "full-screen program", "behind a full-screen program", |stage, on| {
        stage.desktop.screen.full_screen(film, on).unwrap();
        if on {
            stage.picture("full-screen").unwrap();
        }
    });
    stage.picture("full-screen-left").unwrap();
    stage.clear().unwrap();
    // Who wants to be told is told, and sees it.
    change(&mut stage, |prefs| prefs.quiet_in_full_screen = false);
    stage.desktop.screen.full_screen(film, true).unwrap();
    stage.direct("jun", "now?").unwrap();
    stage.cards(1).unwrap();
    stage.painted().unwrap();
    let order = stage.desktop.screen.stacking().unwrap();
    let place = |window| order.iter().position(|id| *id == stage.desktop.screen.outermost(window).unwrap()).unwrap();
    assert!(place(stage.banners().unwrap().unwrap().id) > place(film), "above the film");
    stage.picture("full-screen-shown").unwrap();
}
