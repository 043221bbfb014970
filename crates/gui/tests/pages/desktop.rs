//! The Desktop and Quiet hours pages.

use belfry_core::command::Command;
use belfry_core::prefs::{Corner, LocalPrefs, ThemeChoice};
use belfry_gui::testing;
use belfry_gui::window::Page;
use egui::accesskit::Role;
use egui::{Key, Vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use crate::common::raster::Raster;
use crate::common::{Window, built, click, click_role, focus, is_on, on_page, press, settle, world};

/// What a switch changes.
type Change = fn(&mut LocalPrefs);

fn page() -> Window {
    let mut world = world(testing::view());
    world.state.page = Page::Desktop;
    let mut harness = built(world, Vec2::new(1000.0, 2000.0), 1.0, egui::Theme::Light, &Raster::default());
    settle(&mut harness);
    harness
}

/// What the last change makes of the defaults.
fn prefs(commands: &[Command]) -> LocalPrefs {
    match commands {
        [Command::SetLocalPrefs { prefs, .. }] => (**prefs).clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_switch_is_saved_at_once_and_moves_at_once() {
    let usual = LocalPrefs::default();
    let table: [(&str, Change); 11] = [
        ("Use system notifications instead", |prefs| prefs.use_system_notifications = true),
        ("Follow the system's do not disturb", |prefs| prefs.follow_system_dnd = false),
        ("Quiet behind a full-screen program", |prefs| prefs.quiet_in_full_screen = false),
        ("Small pictures of images", |prefs| prefs.banner.thumbnails = false),
        ("Reduce motion", |prefs| prefs.reduce_motion = true),
        ("Number of messages that need you", |prefs| prefs.badge.number = false),
        ("Dot for any other unread message", |prefs| prefs.badge.dot = false),
        ("Icon in the tray", |prefs| prefs.tray = false),
        ("Start when you log in", |prefs| prefs.start_at_login = true),
        ("Keep running when the window is closed", |prefs| prefs.keep_running = false),
        ("Keep Activity on this computer", |prefs| prefs.history.keep = false),
    ];
    for (label, change) in table {
        let mut harness = page();
        let before = is_on(&harness, Role::Switch, label);
        let mut expected = usual.clone();
        change(&mut expected);
        assert_eq!(prefs(&click_role(&mut harness, Role::Switch, label)), expected, "{label}");
        assert_ne!(is_on(&harness, Role::Switch, label), before, "{label}: before the agent answers");
    }
}

#[test]
fn selects_and_sliders_change_their_value() {
    let mut harness = page();
    click_role(&mut harness, Role::ComboBox, "Corner");
    let commands = click_role(&mut harness, Role::MenuItemRadio, "Bottom left");
    assert_eq!(prefs(&commands).banner.corner, Corner::BottomLeft);
    click_role(&mut harness, Role::ComboBox, "Display");
    assert_eq!(prefs(&click_role(&mut harness, Role::MenuItemRadio, "HDMI-2")).banner.display, "HDMI-2");
    click_role(&mut harness, Role::ComboBox, "How much of the message");
    assert!(!prefs(&click_role(&mut harness, Role::MenuItemRadio, "Only who and where")).banner.show_text);
    let commands = click(&mut harness, "Theme, Dark");
    assert_eq!(prefs(&commands).theme, ThemeChoice::Dark);
    focus(&mut harness, Role::Slider, "At most at a time");
    assert_eq!(prefs(&press(&mut harness, Key::ArrowRight)).banner.max_shown, 5);
    focus(&mut harness, Role::Slider, "Messages stay for");
    assert_eq!(prefs(&press(&mut harness, Key::ArrowLeft)).banner.message_secs, 5);
}

#[test]
fn a_display_that_is_unplugged_is_named_as_such_and_kept() {
    let mut world = world(testing::view());
    world.view.prefs.banner.display = "DP-9".to_owned();
    let mut harness = on_page(world, Page::Desktop);
    let shown = harness.get_by_role_and_label(Role::ComboBox, "Display").accesskit_node().value();
    assert_eq!(shown.as_deref(), Some("DP-9 (not connected)"));
    assert!(settle(&mut harness).is_empty(), "looking changes nothing");
}

#[test]
fn the_last_change_is_undone_with_the_button_and_nothing_else_is() {
    let mut harness = page();
    let first = prefs(&click_role(&mut harness, Role::Switch, "Icon in the tray"));
    harness.state_mut().view.prefs = first.clone();
    let second = prefs(&click_role(&mut harness, Role::Switch, "Reduce motion"));
    harness.state_mut().view.prefs = second;
    settle(&mut harness);
    let undone = click(&mut harness, "Undo");
    assert!(matches!(&undone[..], [Command::SetLocalPrefs { base, prefs }] if base.reduce_motion && **prefs == first));
    assert!(!is_on(&harness, Role::Switch, "Reduce motion"));
    assert!(!is_on(&harness, Role::Switch, "Icon in the tray"), "the first change stays");
}

#[test]
fn an_edit_of_the_file_by_hand_appears_while_the_page_is_open() {
    let mut harness = page();
    harness.state_mut().view.prefs.tray = false;
    settle(&mut harness);
    assert!(!is_on(&harness, Role::Switch, "Icon in the tray"));
}

#[test]
fn a_pause_lasts_as_long_as_is_chosen() {
    for (label, minutes) in
        [("30 minutes", Some(30)), ("1 hour", Some(60)), ("Until tomorrow", Some(600)), ("Until I resume", None)]
    {
        let mut harness = on_page(world(testing::view()), Page::QuietHours);
        assert_eq!(click(&mut harness, label), [Command::Pause { minutes }], "{label}");
    }
    let mut harness = on_page(world(testing::view()), Page::QuietHours);
    assert_eq!(click(&mut harness, "Pause"), [Command::Pause { minutes: Some(90) }]);
    click(&mut harness, "For another time, hours");
    assert_eq!(click(&mut harness, "Pause"), [Command::Pause { minutes: Some(90 * 60) }]);
    harness.state_mut().view.paused_until_ms = Some(testing::NOW_MS + 30 * 60_000);
    settle(&mut harness);
    assert_eq!(click(&mut harness, "Resume notifications"), [Command::Resume]);
}
