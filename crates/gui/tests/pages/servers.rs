//! The Servers page: names and order.

use belfry_core::command::Command;
use belfry_core::ids::ServerId;
use belfry_core::prefs::AuthKind;
use belfry_gui::testing;
use belfry_gui::window::Page;
use egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;

use crate::common::{Window, click, click_role, on_page, press, settle, world, write};

fn page() -> Window {
    let mut world = world(testing::view());
    let entry = |id, name: &str| {
        let mut entry = testing::entry(id, AuthKind::Password);
        name.clone_into(&mut entry.name);
        entry
    };
    world.view.prefs.servers = vec![entry(1, "Northwind"), entry(2, "Lumen Labs")];
    on_page(world, Page::Servers)
}

#[test]
fn a_server_goes_up_and_down_and_the_first_cannot_go_further() {
    let mut harness = page();
    assert!(click(&mut harness, "Move up, Northwind").is_empty());
    let commands = click(&mut harness, "Move down, Northwind");
    let [Command::SetLocalPrefs { prefs, .. }] = &commands[..] else { panic!("{commands:?}") };
    assert_eq!(prefs.servers.iter().map(|server| server.id).collect::<Vec<_>>(), [ServerId(2), ServerId(1)]);
}

#[test]
fn a_server_is_renamed_on_this_computer() {
    let mut harness = page();
    click(&mut harness, "Rename, Northwind");
    write(&mut harness, "Name", " Works");
    let commands = click_role(&mut harness, Role::Button, "Save");
    let [Command::SetLocalPrefs { prefs, .. }] = &commands[..] else { panic!("{commands:?}") };
    assert_eq!(prefs.servers[0].name, "Northwind Works");
    assert!(harness.query_by_label("Name of the server").is_none());
}

#[test]
fn a_name_is_typed_without_looking_for_its_field_and_enter_saves_it() {
    let mut harness = page();
    click(&mut harness, "Rename, Northwind");
    harness.event(egui::Event::Text("!".to_owned()));
    settle(&mut harness);
    let commands = press(&mut harness, egui::Key::Enter);
    let [Command::SetLocalPrefs { prefs, .. }] = &commands[..] else { panic!("{commands:?}") };
    assert_eq!(prefs.servers[0].name, "Northwind!");
}

#[test]
fn a_dialog_is_as_high_as_what_is_in_it() {
    let mut harness = page();
    click(&mut harness, "Connection, Northwind");
    let last = harness.get_by_label("The server asks for a client certificate").rect();
    let save = harness.get_by_role_and_label(Role::Button, "Save").rect();
    assert!(save.top() - last.bottom() < 40.0, "{last:?} {save:?}");
    click(&mut harness, "A web server in front asks for a name and password");
    let lower = harness.get_by_role_and_label(Role::Button, "Save").rect();
    assert!(lower.top() > save.top() + 80.0, "{save:?} {lower:?}");
}

#[test]
fn an_idle_page_asks_for_no_frame_within_a_minute_of_a_sign_of_life() {
    for page in Page::ALL {
        let mut harness = on_page(world(testing::view()), page);
        harness.run_steps(3);
        let viewports = &harness.output().viewport_output;
        let delay = viewports.values().map(|viewport| viewport.repaint_delay).min().unwrap();
        assert!(delay.as_secs() >= 30, "{page:?} wants a frame in {delay:?}");
        settle(&mut harness);
    }
}
