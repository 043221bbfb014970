//! The fixture itself works: what later tests conclude from it can be trusted.

use belfry_tests::{Desktop, eventually};

#[test]
fn a_desktop_has_a_window_manager_a_focused_window_a_panel_and_a_picture() {
    let desktop = Desktop::start().unwrap();
    let victim = desktop.screen.open_victim().unwrap();
    desktop.screen.open_panel(28).unwrap();
    assert_eq!(desktop.screen.active_window().unwrap(), Some(victim));
    let window = desktop.screen.windows().unwrap().into_iter().find(|window| window.class == "Victim").unwrap();
    assert!(window.viewable && !window.override_redirect && window.id == victim, "{window:?}");
    let picture = desktop.screen.picture(desktop.screen.rect().unwrap()).unwrap();
    let (x, y) = window.rect.middle();
    assert_eq!(picture.get_pixel(x.try_into().unwrap(), y.try_into().unwrap()).0, [0x50, 0x58, 0x60]);
}

#[test]
fn a_played_sound_is_heard_for_as_long_as_it_lasts() {
    let mut desktop = Desktop::start().unwrap();
    desktop.start_sound().unwrap();
    let recording = desktop.record().unwrap();
    let file = belfry_tests::process::workspace().join("assets/sounds/Bing.wav");
    let played = desktop.command("paplay").arg(&file).status().unwrap();
    assert!(played.success());
    let heard = eventually("the sound to be over", || Ok(recording.heard()?.first().copied())).unwrap();
    // 0.75 s, of which the fading end is below what counts as silence.
    assert!((0.5..=0.8).contains(&heard.secs), "{heard:?}");
    assert!((0.3..=0.6).contains(&heard.peak), "{heard:?}");
}
