//! The Channels page.

use belfry_core::command::Command;
use belfry_core::ids::{ChannelId, ServerId};
use belfry_core::query::{Answer, Query};
use belfry_core::settings::channels::{ChannelEdit, ChannelRef, ChannelsTable};
use belfry_gui::testing;
use belfry_gui::window::Page;
use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use crate::common::{Window, click, click_role, focus, on_page, press, press_with, settle, world, write};

fn page() -> Window {
    on_page(world(testing::view()), Page::Channels)
}

fn place(channel: &str) -> ChannelRef {
    ChannelRef { server: ServerId(1), channel: ChannelId::parse(channel).unwrap() }
}

fn edited(commands: &[Command]) -> Vec<(Vec<ChannelRef>, Vec<ChannelEdit>)> {
    let edit = |command: &Command| match command {
        Command::EditChannels { channels, edits } => Some((channels.clone(), edits.clone())),
        _ => None,
    };
    commands.iter().filter_map(edit).collect()
}

#[test]
fn the_table_opens_with_what_differs_and_all_shows_the_rest() {
    let mut harness = page();
    assert!(harness.query_by_label("Select Ops room").is_none(), "it is as the account says");
    for name in ["Incidents", "Off topic", "Release train", "Rosa Almeida", "Town square", "Lab notes"] {
        harness.get_by_label(&format!("Select {name}"));
    }
    harness.get_by_label("6 of 7 channels");
    click_role(&mut harness, Role::Button, "All");
    harness.get_by_label("Select Ops room");
    click_role(&mut harness, Role::Button, "Muted");
    harness.get_by_label("1 of 7 channels");
    click_role(&mut harness, Role::Button, "Direct and group messages");
    harness.get_by_label("Select Rosa Almeida");
    write(&mut harness, "Search channels, teams, people", "nobody");
    harness.get_by_label("No channel has these words");
}

#[test]
fn each_cell_changes_its_channel() {
    let mut harness = page();
    let commands = click(&mut harness, "Muted, Incidents");
    assert_eq!(edited(&commands), [(vec![place("incidents")], vec![ChannelEdit::Mute(true)])]);
    let commands = click(&mut harness, "Ignore @all, Release train");
    assert_eq!(edited(&commands)[0].1, [ChannelEdit::IgnoreChannelMentions(true)]);
    let commands = click(&mut harness, "Threads, Release train");
    assert_eq!(edited(&commands)[0].1, [ChannelEdit::Threads(true)]);
    click(&mut harness, "Notify me about, Release train");
    harness.get_by_label("Mentions, direct messages, and keywords only (default)");
    let commands = click(&mut harness, "Nothing");
    assert_eq!(edited(&commands)[0].1, [ChannelEdit::Level("none".to_owned())]);
    click(&mut harness, "Sound, Rosa Almeida");
    let commands = click_role(&mut harness, Role::MenuItemRadio, "Hello");
    assert_eq!(edited(&commands)[0].1, [ChannelEdit::SoundName("Hello".to_owned())]);
}

#[test]
fn several_are_changed_at_once_and_undone_together() {
    let mut harness = page();
    click(&mut harness, "Select Incidents");
    click(&mut harness, "Select Release train");
    harness.get_by_label("2 selected");
    let commands = click_role(&mut harness, Role::Button, "Mute");
    assert_eq!(edited(&commands), [(vec![place("incidents"), place("releasetrain")], vec![ChannelEdit::Mute(true)])]);
    let commands = click(&mut harness, "Muted, Incidents");
    assert_eq!(edited(&commands)[0].0.len(), 2, "the cell of a chosen row stands for all chosen ones");
    click(&mut harness, "Notify me about…");
    let commands = click_role(&mut harness, Role::MenuItemRadio, "All new messages");
    assert_eq!(edited(&commands)[0].1, [ChannelEdit::Level("all".to_owned())]);
    let commands = click(&mut harness, "Reset to default");
    assert_eq!(edited(&commands)[0].1, [ChannelEdit::ResetDesktop]);
    harness.state_mut().view.channels_undo = 2;
    settle(&mut harness);
    harness.get_by_label("2 channels changed");
    assert_eq!(click(&mut harness, "Undo"), [Command::UndoChannels]);
    assert_eq!(press_with(&mut harness, Modifiers::COMMAND, Key::Z), [Command::UndoChannels]);
    click(&mut harness, "Select none");
    assert!(harness.query_by_label("2 selected").is_none());
}

#[test]
fn the_keyboard_alone_chooses_a_range_and_everything() {
    let mut harness = page();
    let row = |harness: &Window| harness.get_all_by_role(Role::Row).map(|row| row.rect().top()).collect::<Vec<_>>();
    assert_eq!(row(&harness).len(), 6);
    let first = harness.get_by_label_contains("Incidents, Platform");
    first.focus();
    settle(&mut harness);
    press(&mut harness, Key::Space);
    harness.get_by_label("1 selected");
    press_with(&mut harness, Modifiers::SHIFT, Key::ArrowDown);
    press_with(&mut harness, Modifiers::SHIFT, Key::ArrowDown);
    harness.get_by_label("3 selected");
    press_with(&mut harness, Modifiers::COMMAND, Key::A);
    harness.get_by_label("6 selected");
}

#[test]
fn columns_order_the_rows_and_the_other_way_round() {
    let mut harness = page();
    let order = |harness: &Window| -> Vec<String> {
        let mut rows: Vec<(f32, String)> = harness
            .get_all_by_role(Role::Row)
            .map(|row| (row.rect().top(), row.accesskit_node().label().unwrap_or_default()))
            .collect();
        rows.sort_by(|a, b| a.0.total_cmp(&b.0));
        rows.into_iter().map(|(_, name)| name.split(',').next().unwrap().to_owned()).collect()
    };
    assert_eq!(order(&harness)[0], "Incidents");
    click(&mut harness, "Channel, sorted");
    assert_eq!(order(&harness)[0], "Town square");
    click(&mut harness, "Muted, sort");
    assert_eq!(order(&harness)[0], "Off topic");
}

#[test]
fn only_changes_are_asked_for_again_and_merged() {
    let mut harness = page();
    harness.state_mut().view.channels_revision = 2;
    harness.run_steps(2);
    let asked = harness.state_mut().queries();
    let [(id, Query::Channels { known: 1 })] = asked[..] else { panic!("{asked:?}") };
    let mut row = testing::channels().rows[0].clone();
    "Incidents and more".clone_into(&mut row.name);
    let gone = vec![place("offtopic")];
    let table = ChannelsTable { revision: 2, only_changes: true, rows: vec![row], gone, ..testing::channels() };
    harness.state_mut().state.on_answer(id, Answer::Channels(Box::new(table)));
    settle(&mut harness);
    harness.get_by_label("Select Incidents and more");
    assert!(harness.query_by_label("Select Off topic").is_none());
    harness.get_by_label("Select Town square");
}

#[test]
fn ten_thousand_rows_are_there_and_only_those_in_sight_are_drawn() {
    let mut world = world(testing::view());
    world.channels = testing::busy_channels(10_000);
    let mut harness = on_page(world, Page::Channels);
    click_role(&mut harness, Role::Button, "All");
    harness.get_by_label("10000 channels");
    let rows = harness.get_all_by_role(Role::Row).count();
    assert!((5..40).contains(&rows), "{rows} rows are built");
    write(&mut harness, "Search channels, teams, people", "9999");
    harness.get_by_label("Select Channel number 9999");
}

#[test]
fn what_could_not_be_saved_is_said_above_the_table_and_in_its_row() {
    let mut world = world(testing::view());
    world.channels.rows[2].trouble = Some("the server does not answer".to_owned());
    let mut harness = on_page(world, Page::Channels);
    harness.get_by_label("1 channel was not saved: the server does not answer");
    harness.get_by_label_contains("Ops room, Platform, Mentions, direct messages, and keywords only, Bing, Not saved");
    assert_eq!(click(&mut harness, "Got it"), [Command::ForgetChannelTrouble]);
}

#[test]
fn a_server_that_is_away_can_be_read_and_not_changed() {
    let mut world = world(testing::view());
    world.channels.servers[0].read_only = Some("the server does not answer".to_owned());
    let mut harness = on_page(world, Page::Channels);
    assert!(edited(&click(&mut harness, "Muted, Incidents")).is_empty());
    assert_eq!(edited(&click(&mut harness, "Muted, Lab notes")).len(), 1, "another server's can be changed");
}

#[test]
fn with_the_focus_on_a_level_the_arrows_change_it() {
    let mut harness = page();
    focus(&mut harness, Role::ComboBox, "Notify me about, Release train");
    let commands = press(&mut harness, Key::ArrowDown);
    assert_eq!(edited(&commands), [(vec![place("releasetrain")], vec![ChannelEdit::Level("none".to_owned())])]);
}
