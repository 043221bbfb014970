//! What a person sees and hears.

use belfry_core::activity::ActivityFilter;
use belfry_core::query::{Answer, Query};
use belfry_tests::eventually;
use belfry_tests::process::{freeze, kill, mapped_files};

use belfry_tests::Stage;
use belfry_tests::stage::{PANEL, pictures};

/// Width of a card and its distance from the edges of the work area (look.md).
const CARD_WIDTH: i32 = 372;
const MARGIN: i32 = 16;
const GAP: i32 = 8;

#[test]
fn a_direct_message_appears_in_the_corner_with_a_sound_takes_no_focus_and_leaves_on_time() {
    let mut stage = Stage::with_sound().unwrap();
    let recording = stage.desktop.record().unwrap();
    let focus = stage.desktop.screen.keyboard_focus().unwrap();

    stage.direct("rosa", "Can you look at the release notes before noon?").unwrap();
    let cards = stage.cards(1).unwrap();
    stage.picture("direct-message").unwrap();

    let area = stage.desktop.screen.work_area().unwrap();
    assert_eq!(area.y, i32::from(PANEL));
    assert_eq!(cards[0].width, CARD_WIDTH);
    assert_eq!(cards[0].right(), area.right() - MARGIN, "{cards:?} in {area:?}");
    assert_eq!(cards[0].y, area.y + MARGIN, "{cards:?} in {area:?}");
    assert_eq!(stage.desktop.screen.active_window().unwrap(), Some(stage.victim));
    assert_eq!(stage.desktop.screen.keyboard_focus().unwrap(), focus);

    let view = stage.client.view().unwrap();
    assert_eq!(view.banners[0].sender, "Rosa Almeida");
    assert_eq!(view.badge.text(), "1");

    let heard = eventually("the sound to be over", || Ok(recording.heard()?.first().copied())).unwrap();
    recording.save(&pictures().join("direct-message.wav")).unwrap();
    // Bing lasts 0.75 s, of which the fading end is below what counts as silence. A machine that is busy with more than this
    // lets the recorder miss a part.
    assert!((0.3..=0.85).contains(&heard.secs), "{heard:?}");

    stage.client.until("the banner to leave", |view| view.banners.is_empty()).unwrap();
    assert!(stage.cards(0).unwrap().is_empty());
    stage.picture("direct-message-gone").unwrap();
    assert_eq!(stage.notifications.shown(), [], "a painted banner needs no system notification");
    assert!(stage.agent.ended().unwrap().is_none());
}

#[test]
fn the_next_message_is_stacked_and_one_that_is_read_elsewhere_is_taken_away() {
    let stage = Stage::new().unwrap();
    stage.direct("rosa", "Can you look at the release notes before noon?").unwrap();
    stage.cards(1).unwrap();
    stage.direct("jun", "The build is green again, thank you!").unwrap();
    let cards = stage.cards(2).unwrap();
    stage.picture("two-stacked").unwrap();
    assert_eq!(cards[1].y - cards[0].bottom(), GAP, "{cards:?}");
    assert_eq!(cards[0].right(), cards[1].right());
    assert_eq!(stage.desktop.screen.active_window().unwrap(), Some(stage.victim));

    stage.practice.person("morgan").reads("@rosa").unwrap();
    stage.cards(1).unwrap();
    stage.picture("one-read-elsewhere").unwrap();
    let view = stage.client.view().unwrap();
    assert_eq!(view.banners[0].sender, "Jun Okafor");
    assert_eq!(view.badge.text(), "1");

    stage.practice.person("morgan").reads("@jun").unwrap();
    stage.cards(0).unwrap();
    stage.client.until("an empty badge", |view| view.badge.text().is_empty()).unwrap();
}

#[test]
fn a_face_that_dies_is_replaced_and_the_next_one_shows_the_same() {
    let mut stage = Stage::new().unwrap();
    stage.keep_cards().unwrap();
    stage.direct("rosa", "the database is down").unwrap();
    let before = stage.cards(1).unwrap();
    stage.painted().unwrap();
    kill(stage.banners_process().unwrap()).unwrap();
    eventually("the same card from another face", || Ok((stage.cards(1)? == before).then_some(()))).unwrap();
    stage.picture("after-a-crash").unwrap();
}

#[test]
fn what_a_hanging_face_does_not_paint_goes_out_as_a_system_notification() {
    let stage = Stage::new().unwrap();
    stage.direct("rosa", "first").unwrap();
    stage.cards(1).unwrap();
    stage.painted().unwrap();
    freeze(stage.banners_process().unwrap()).unwrap();
    stage.direct("jun", "second").unwrap();
    let shown = eventually("a system notification", || Ok(stage.notifications.shown().into_iter().next())).unwrap();
    assert_eq!((shown.summary.as_str(), shown.body.as_str()), ("Direct Message", "@Jun Okafor: second"));
}

#[test]
fn the_agent_never_loads_a_graphics_library() {
    let stage = Stage::new().unwrap();
    stage.direct("rosa", "hello").unwrap();
    stage.cards(1).unwrap();
    let graphics = ["libGL", "libEGL", "libGLX", "gallium", "libLLVM", "libvulkan", "_dri.so"];
    let files = mapped_files(stage.agent.id()).unwrap();
    let loaded: Vec<_> = files.iter().filter(|file| graphics.iter().any(|name| file.contains(name))).collect();
    assert!(loaded.is_empty(), "{loaded:?}");
    // The same look at the face proves that it would have been seen.
    let face = mapped_files(stage.banners_process().unwrap()).unwrap();
    assert!(face.iter().any(|file| graphics.iter().any(|name| file.contains(name))), "{face:?}");
}

#[test]
#[cfg(target_env = "gnu")]
fn the_agent_has_one_heap_and_what_it_starts_knows_nothing_of_that() {
    let stage = Stage::new().unwrap();
    stage.direct("rosa", "hello").unwrap();
    stage.cards(1).unwrap();
    let has_it = |id: u32| {
        let environment = std::fs::read(format!("/proc/{id}/environ")).unwrap();
        environment.split(|byte| *byte == 0).any(|entry| entry.starts_with(b"MALLOC_"))
    };
    assert!(has_it(stage.agent.id()), "it started itself once more, in the same process");
    assert!(!has_it(stage.banners_process().unwrap()));
    let name = std::fs::read_to_string(format!("/proc/{}/comm", stage.agent.id())).unwrap();
    assert_eq!(name.trim(), "belfry", "as people find it in a list of processes");
}

#[test]
fn a_reconnect_repeats_nothing_and_loses_nothing() {
    let mut stage = Stage::new().unwrap();
    stage.direct("rosa", "before").unwrap();
    stage.client.until("the first message", |view| view.badge.mentions == 1).unwrap();
    stage.practice.drops();
    stage.direct("rosa", "while away").unwrap();
    stage.practice.until_connected("morgan");
    stage.direct("rosa", "after").unwrap();
    stage.client.until("all three counted", |view| view.badge.mentions == 3).unwrap();

    let filter = ActivityFilter { shown: Some(true), mentions: true, server: Some(stage.server), text: String::new() };
    let texts = eventually("three decisions", || {
        let query = Query::Activity { filter: filter.clone(), before: None, limit: 50 };
        let Answer::Activity { rows, .. } = stage.client.ask(query)? else { anyhow::bail!("no rows") };
        let mut texts: Vec<String> =
            rows.into_iter().map(|row| row.decision.text).filter(|text| !text.is_empty()).collect();
        texts.sort();
        Ok((texts.len() >= 3).then_some(texts))
    })
    .unwrap();
    assert_eq!(
        texts.iter().filter(|text| ["before", "while away", "after"].contains(&text.as_str())).count(),
        3,
        "{texts:?}"
    );
}
