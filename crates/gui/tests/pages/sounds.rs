//! The Sounds page.

use belfry_core::command::Command;
use belfry_core::ids::{ServerId, UserId};
use belfry_core::prefs::LocalPrefs;
use belfry_core::query::{Answer, Query};
use belfry_core::settings::Editable;
use belfry_core::sound::{MessageSound, SoundChoice};
use belfry_gui::testing;
use belfry_gui::window::Page;
use egui::accesskit::Role;
use egui::{Key, Vec2};
use egui_kittest::kittest::Queryable as _;

use crate::common::raster::Raster;
use crate::common::{Window, built, changed, click, click_role, focus, press, settle, world, write};

fn page() -> Window {
    let mut world = world(testing::view());
    world.view.prefs.sound = testing::sounds();
    world.state.page = Page::Sounds;
    let mut harness = built(world, Vec2::new(1000.0, 1600.0), 1.0, egui::Theme::Light, &Raster::default());
    settle(&mut harness);
    harness
}

fn prefs(commands: &[Command]) -> LocalPrefs {
    let found = commands.iter().find_map(|command| match command {
        Command::SetLocalPrefs { prefs, .. } => Some((**prefs).clone()),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("{commands:?}"))
}

#[test]
fn volume_is_heard_when_it_changes_and_a_device_is_chosen_by_name() {
    let mut harness = page();
    focus(&mut harness, Role::Slider, "Volume");
    let commands = press(&mut harness, Key::ArrowLeft);
    assert_eq!(prefs(&commands).sound.volume_percent, 75);
    assert!(commands.iter().any(|command| matches!(command, Command::PreviewSound(_))));
    click_role(&mut harness, Role::ComboBox, "Output device");
    assert_eq!(prefs(&click_role(&mut harness, Role::MenuItemRadio, "Headphones")).sound.device, "Headphones");
}

#[test]
fn a_servers_sounds_are_saved_on_the_server_and_an_own_file_here() {
    let mut harness = page();
    let commands = click_role(&mut harness, Role::Switch, "Messages, Northwind");
    assert_eq!(changed(&commands), [("desktop_sound".to_owned(), "false".to_owned())]);
    click(&mut harness, "Messages, Northwind, which");
    let commands = click_role(&mut harness, Role::MenuItemRadio, "Ripple");
    assert_eq!(changed(&commands), [("desktop_notification_sound".to_owned(), "Ripple".to_owned())]);
    click(&mut harness, "Messages, Northwind, which");
    let commands = click_role(&mut harness, Role::MenuItemRadio, "doorbell.wav");
    let rules = prefs(&commands).sound.rules;
    let rule = rules.iter().find(|rule| rule.channel.is_none()).unwrap();
    assert_eq!((rule.server, rule.choice()), (ServerId(1), Some(SoundChoice::Own(1))));
    assert!(commands.contains(&Command::PreviewSound(SoundChoice::Own(1))));
}

#[test]
fn a_file_is_added_by_its_path_and_a_bad_one_says_what_is_wrong() {
    let mut harness = page();
    click(&mut harness, "Add a file…");
    write(&mut harness, "Path of the file", "/tmp/a.txt");
    harness.get_by_role_and_label(Role::Button, "Add").click();
    harness.run_steps(2);
    let (id, query) = harness.state_mut().queries().pop().unwrap();
    assert_eq!(query, Query::ImportSound { path: "/tmp/a.txt".to_owned(), name: String::new() });
    harness.state_mut().state.on_answer(id, Answer::Failed { message: "This is no sound file".to_owned() });
    settle(&mut harness);
    harness.get_by_label("This is no sound file");
    harness.get_by_role_and_label(Role::Button, "Add").click();
    harness.run_steps(2);
    let (id, _) = harness.state_mut().queries().pop().unwrap();
    harness.state_mut().state.on_answer(id, Answer::SoundImported { id: 3, cut: true });
    settle(&mut harness);
    harness.get_by_label("The file is longer than ten seconds: only its beginning is used");
}

#[test]
fn own_files_are_heard_and_removed() {
    let mut harness = page();
    assert_eq!(click(&mut harness, "Preview kettle.ogg"), [Command::PreviewSound(SoundChoice::Own(2))]);
    let remove = harness.get_all_by_label("Remove kettle.ogg").next().unwrap();
    remove.click();
    assert_eq!(settle(&mut harness), [Command::RemoveOwnSound(2)]);
}

#[test]
fn a_channel_gets_a_sound_of_its_own_and_loses_it() {
    let mut harness = page();
    click(&mut harness, "Add a channel or person…");
    write(&mut harness, "Search for a channel or person", "off");
    let commands = click(&mut harness, "Off topic · Platform · Northwind");
    let rule = prefs(&commands).sound.rules.pop().unwrap();
    assert_eq!(
        (rule.title.as_str(), rule.choice()),
        ("Off topic · Platform", Some(SoundChoice::Message(MessageSound::Bing)))
    );
    let commands = click(&mut harness, "Remove Rosa Almeida");
    assert!(!prefs(&commands).sound.rules.iter().any(|rule| rule.title == "Rosa Almeida"));
}

#[test]
fn somebody_who_never_wrote_gets_a_sound_wherever_they_write() {
    let mut harness = page();
    click(&mut harness, "Add a channel or person…");
    focus(&mut harness, Role::TextInput, "Search for a channel or person");
    harness.get_by_role_and_label(Role::TextInput, "Search for a channel or person").type_text("rob");
    harness.run_steps(2);
    let asked: Vec<Query> = harness.state_mut().queries().into_iter().map(|(_, query)| query).collect();
    assert!(asked.contains(&Query::FindPeople { server: ServerId(1), text: "rob".to_owned() }), "{asked:?}");
    assert!(
        !asked.iter().any(|query| matches!(query, Query::FindPeople { server: ServerId(2), .. })),
        "a server that is signed out is not asked"
    );
    let mut harness = page();
    click(&mut harness, "Add a channel or person…");
    write(&mut harness, "Search for a channel or person", "rob");
    let commands = click(&mut harness, "Robin Achterberg (@robin) · Northwind");
    let rule = prefs(&commands).sound.rules.pop().unwrap();
    assert_eq!((rule.server, rule.channel, rule.person), (ServerId(1), None, UserId::parse("robin")));
    assert_eq!((rule.title.as_str(), rule.sound.as_str()), ("Robin Achterberg (@robin)", "Bing"));
}

#[test]
fn without_a_connection_nothing_is_claimed_about_ringing() {
    for (editable, said) in [(Editable::Yes, true), (Editable::No { reason: "you are signed out".to_owned() }, false)] {
        let mut world = world(testing::view());
        world.settings.offers.ringing = false;
        world.settings.editable = editable;
        world.state.page = Page::Sounds;
        let mut harness = built(world, Vec2::new(1000.0, 1600.0), 1.0, egui::Theme::Light, &Raster::default());
        settle(&mut harness);
        let found = harness.query_all_by_label("Ringing is not enabled on this server").count();
        assert_eq!(found > 0, said);
    }
}

#[test]
fn without_a_connection_there_are_still_the_channels() {
    let mut harness = page();
    click(&mut harness, "Add a channel or person…");
    focus(&mut harness, Role::TextInput, "Search for a channel or person");
    harness.get_by_role_and_label(Role::TextInput, "Search for a channel or person").type_text("off");
    harness.run_steps(2);
    for (id, query) in harness.state_mut().queries() {
        let answer = match query {
            Query::Channels { .. } => Answer::Channels(Box::new(testing::channels())),
            _ => Answer::Failed { message: "There is no connection to the server".to_owned() },
        };
        harness.state_mut().state.on_answer(id, answer);
    }
    settle(&mut harness);
    harness.get_by_label("Off topic · Platform · Northwind");
}

#[test]
fn a_list_near_the_edge_of_a_small_window_is_whole() {
    for bottom in [460.0, 500.0, 515.0] {
        let mut world = world(testing::view());
        world.view.prefs.sound = testing::sounds();
        world.state.page = Page::Sounds;
        let mut harness = built(world, Vec2::new(720.0, 520.0), 1.0, egui::Theme::Light, &Raster::default());
        settle(&mut harness);
        let picker = harness.get_by_role_and_label(Role::ComboBox, "Messages, Northwind, which").rect();
        scroll_by(&mut harness, picker.bottom() - bottom);
        click_role(&mut harness, Role::ComboBox, "Messages, Northwind, which");
        let rows: Vec<egui::Rect> = harness.query_all_by_role(Role::MenuItemRadio).map(|row| row.rect()).collect();
        assert!(rows.len() >= 8, "every sound is in the list");
        let picker = harness.get_by_role_and_label(Role::ComboBox, "Messages, Northwind, which").rect();
        let first = rows.first().unwrap();
        assert!(first.top() >= 0.0 && first.bottom() <= 520.0, "{first:?}");
        assert!(!first.intersects(picker), "the list hides its own button");
        // The last one is reached by scrolling, and then whole.
        harness.query_all_by_role(Role::MenuItemRadio).last().unwrap().scroll_to_me();
        settle(&mut harness);
        let last = harness.query_all_by_role(Role::MenuItemRadio).last().unwrap().rect();
        assert!(last.top() >= 0.0 && last.bottom() <= 520.0, "{last:?}");
    }
}

fn scroll_by(harness: &mut Window, by: f32) {
    harness.hover_at(egui::pos2(450.0, 300.0));
    harness.run_steps(1);
    harness.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        source: egui::MouseWheelSource::Wheel,
        delta: Vec2::new(0.0, -by),
        phase: egui::TouchPhase::Move,
        modifiers: egui::Modifiers::NONE,
    });
    harness.run_steps(16);
    settle(harness);
}
