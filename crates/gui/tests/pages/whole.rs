//! The window as a whole: finding settings, shortcuts, names for screen readers, small windows, many servers.

use belfry_core::command::Command;
use belfry_core::ids::ServerId;
use belfry_core::view::View;
use belfry_gui::testing;
use belfry_gui::window::Page;
use egui::accesskit::Role;
use egui::{Key, Modifiers, Vec2};
use egui_kittest::kittest::Queryable as _;

use crate::common::raster::Raster;
use crate::common::{built, click, on_page, press, press_with, settle, world, write};

#[test]
fn a_setting_is_found_from_any_page_and_brought_into_sight() {
    let mut harness = on_page(world(testing::view()), Page::Activity);
    press_with(&mut harness, Modifiers::COMMAND, Key::F);
    write(&mut harness, "Find a setting", "tray");
    press(&mut harness, Key::Enter);
    harness.run_steps(6);
    assert_eq!(harness.state().state.page, Page::Desktop);
    let found = harness.get_by_role_and_label(Role::Switch, "Icon in the tray").rect();
    assert!(found.top() > 80.0 && found.bottom() < 680.0, "{found:?}");
    assert!(harness.query_by_label("Find a setting").is_none(), "the search is closed");
    press_with(&mut harness, Modifiers::COMMAND, Key::F);
    write(&mut harness, "Find a setting", "zzz");
    harness.get_by_label("No setting has these words");
    press(&mut harness, Key::Escape);
    assert_eq!(harness.state().state.page, Page::Desktop);
}

#[test]
fn the_arrows_move_within_the_results() {
    let mut harness = on_page(world(testing::view()), Page::Activity);
    press_with(&mut harness, Modifiers::COMMAND, Key::F);
    write(&mut harness, "Find a setting", "stay for");
    press(&mut harness, Key::ArrowDown);
    press(&mut harness, Key::ArrowDown);
    press(&mut harness, Key::ArrowUp);
    press(&mut harness, Key::Enter);
    assert_eq!(harness.state().state.page, Page::Desktop);
}

#[test]
fn shortcuts_are_listed_and_work() {
    let mut harness = on_page(world(testing::view()), Page::Activity);
    harness.event(egui::Event::Text("?".to_owned()));
    settle(&mut harness);
    harness.get_by_role_and_label(Role::Dialog, "Keyboard shortcuts");
    press(&mut harness, Key::Escape);
    let keys = [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7, Key::Num8];
    for (key, page) in keys.into_iter().zip(Page::ALL) {
        press_with(&mut harness, Modifiers::COMMAND, key);
        assert_eq!(harness.state().state.page, page);
    }
    let checked = press(&mut harness, Key::F5);
    assert_eq!(checked, [Command::CheckAgain(ServerId(1)), Command::CheckAgain(ServerId(2))]);
}

#[test]
fn a_question_mark_in_a_field_is_a_letter() {
    let mut harness = on_page(world(testing::view()), Page::Activity);
    write(&mut harness, "Search people, channels, words", "why?");
    assert!(harness.query_by_label("Keyboard shortcuts").is_none());
}

#[test]
fn every_page_names_its_controls_at_every_size_and_without_any_server() {
    for view in [testing::view(), View::default()] {
        for size in [Vec2::new(720.0, 520.0), Vec2::new(1600.0, 1000.0)] {
            for page in Page::ALL {
                let mut world = world(view.clone());
                world.state.page = page;
                let mut harness = built(world, size, 1.0, egui::Theme::Light, &Raster::default());
                settle(&mut harness);
                harness.check_accessibility();
            }
        }
    }
}

#[test]
fn nothing_on_any_page_is_wider_than_a_small_window() {
    for page in Page::ALL {
        let mut world = world(testing::view());
        world.view.servers[0].name =
            "The European Society for Long Names of Servers and Their Abbreviations".to_owned();
        world.view.servers[1].name = "שרת הבדיקות שלנו עם שם ארוך מאוד".to_owned();
        world.view.prefs.sound = testing::sounds();
        world.state.page = page;
        let mut harness = built(world, Vec2::new(720.0, 520.0), 1.0, egui::Theme::Light, &Raster::default());
        settle(&mut harness);
        for role in [Role::Button, Role::CheckBox, Role::ComboBox, Role::Switch, Role::RadioButton, Role::TextInput] {
            for node in harness.query_all_by_role(role) {
                // What does not fit would widen its card; on that page everything is in cards.
                let padding = if page == Page::Sounds { 28.0 + 16.0 } else { 28.0 };
                assert!(node.rect().right() <= 720.5 - padding, "{page:?}: {role:?} {:?}", node.rect());
            }
        }
    }
}

#[test]
fn thirty_servers_scroll_in_the_navigation_and_are_all_reachable() {
    let mut world = world(testing::view());
    world.view.servers =
        (1..=30).map(|id| testing::server(id, &format!("Server {id}"), "https://chat.example.org")).collect();
    world.state.page = Page::Notifications;
    let mut harness = built(world, Vec2::new(720.0, 520.0), 1.0, egui::Theme::Light, &Raster::default());
    settle(&mut harness);
    click(&mut harness, "Server");
    let last = harness.get_by_role_and_label(Role::MenuItemRadio, "Server 30");
    last.scroll_to_me();
    settle(&mut harness);
    harness.get_by_role_and_label(Role::MenuItemRadio, "Server 30").click();
    settle(&mut harness);
    let asked = harness.state().view.servers[29].id;
    assert_eq!(asked, ServerId(30));
}
