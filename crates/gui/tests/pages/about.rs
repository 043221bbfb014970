//! About & test.

use belfry_core::command::Command;
use belfry_core::ids::ServerId;
use belfry_core::prefs::Permission;
use belfry_gui::testing;
use belfry_gui::window::Page;
use egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;

use crate::common::{click, click_role, on_page, settle, world};

#[test]
fn a_test_is_sent_and_each_step_has_its_time() {
    let mut harness = on_page(world(testing::view()), Page::About);
    assert_eq!(click(&mut harness, "Send test notification"), [Command::SendTest(ServerId(1))]);
    harness.state_mut().view.test = Some(testing::receipt(true));
    settle(&mut harness);
    harness.get_by_role_and_label(Role::ListItem, "The message arrived, after 58 ms");
    harness.get_by_label("Everything works: a message is on your screen in 104 ms");
}

#[test]
fn a_step_that_fails_says_what_to_do_and_the_rest_was_not_reached() {
    let mut world = world(testing::view());
    world.view.test = Some(testing::receipt(false));
    let harness = on_page(world, Page::About);
    harness.get_by_label("No frame was painted within a second and a half");
    harness.get_by_label("A system notification was shown instead; look whether other windows draw");
    harness.get_by_role_and_label(Role::ListItem, "The sound began, not reached");
}

#[test]
fn without_a_server_that_may_notify_there_is_nothing_to_test() {
    let mut world = world(testing::view());
    for server in &mut world.view.servers {
        server.permission = Permission::Denied;
    }
    let mut harness = on_page(world, Page::About);
    assert!(click(&mut harness, "Send test notification").is_empty());
}

#[test]
fn diagnostics_are_copied_as_text() {
    let mut harness = on_page(world(testing::view()), Page::About);
    harness.get_by_label("Copy as text").click();
    harness.run_steps(1);
    let copied = harness.output().platform_output.commands.iter().find_map(|command| match command {
        egui::OutputCommand::CopyText(text) => Some(text.clone()),
        _ => None,
    });
    let text = copied.unwrap();
    assert!(text.contains("[ok] Display: X11, with a compositor") && text.contains("[!!] Tray"), "{text}");
}

#[test]
fn what_the_program_is_made_of_is_listed_with_its_licences() {
    let mut world = world(testing::view());
    world.state.page = Page::About;
    let raster = crate::common::raster::Raster::default();
    let mut harness = crate::common::built(world, egui::Vec2::new(1000.0, 1400.0), 1.0, egui::Theme::Light, &raster);
    settle(&mut harness);
    click_role(&mut harness, Role::Button, "Show what Belfry is made of");
    let first = harness.get_all_by_role(Role::ListItem).count();
    assert!(first > 5, "{first} packages in sight");
    harness.get_by_label_contains("anyhow ");
}
