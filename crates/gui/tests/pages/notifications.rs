//! The Notifications page.

use belfry_core::activity::Verdict;
use belfry_core::command::Command;
use belfry_core::ids::ServerId;
use belfry_core::prefs::Permission;
use belfry_core::query::{Answer, Query};
use belfry_core::settings::{Editable, SettingKey as Key_, Trouble};
use belfry_core::sound::{MessageSound, RingSound, SoundChoice};
use belfry_gui::testing;
use belfry_gui::window::Page;
use egui::Key;
use egui::accesskit::Role;
use egui_kittest::kittest::{By, Queryable as _};

use crate::common::{Window, World, changed, click, click_role, focus, is_on, on_page, press, settle, world, write};

fn page() -> Window {
    on_page(world(testing::view()), Page::Notifications)
}

fn page_with(change: impl FnOnce(&mut World)) -> Window {
    let mut world = world(testing::view());
    change(&mut world);
    on_page(world, Page::Notifications)
}

fn pair(key: &str, value: &str) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

/// Brings what lies further down into sight, so that it is there to be clicked.
fn tall(change: impl FnOnce(&mut World)) -> Window {
    let mut world = world(testing::view());
    change(&mut world);
    world.state.page = Page::Notifications;
    let raster = crate::common::raster::Raster::default();
    let mut harness = crate::common::built(world, egui::Vec2::new(1000.0, 2400.0), 1.0, egui::Theme::Light, &raster);
    settle(&mut harness);
    harness
}

#[test]
fn cards_and_labels_are_the_official_ones_in_the_official_order() {
    let harness = tall(|_| ());
    let titles = [
        "Desktop and mobile notifications",
        "Desktop notification sounds",
        "Email notifications",
        "Keywords that trigger notifications",
        "Keywords that get highlighted",
        "Automatic direct message replies",
        "Try it",
    ];
    let tops: Vec<f32> =
        titles.iter().map(|title| harness.get_by_role_and_label(Role::Heading, title).rect().top()).collect();
    assert!(tops.is_sorted(), "{tops:?}");
    for label in ["All new messages", "Mentions, direct messages, and group messages", "Nothing"] {
        harness.get_by_role_and_label(Role::RadioButton, label);
    }
    for label in [
        "Notify me about replies to threads I'm following",
        "Use different settings for my mobile devices",
        "Message notification sound",
        "Incoming call sound",
        "Your case-sensitive first name \"Morgan\"",
        "Your non case-sensitive username \"morgan\"",
        "Channel-wide mentions \"@channel\", \"@all\", \"@here\"",
    ] {
        assert!(harness.query_all_by_role_and_label(Role::CheckBox, label).next().is_some(), "{label}");
    }
}

#[test]
fn each_level_is_saved_at_once_and_the_phone_follows() {
    for (label, value) in [("All new messages", "all"), ("Nothing", "none")] {
        let mut harness = page();
        let commands = click_role(&mut harness, Role::RadioButton, label);
        assert_eq!(changed(&commands), [pair("desktop", value), pair("push", value)]);
        assert!(is_on(&harness, Role::RadioButton, label), "it moves before the server answers");
    }
    let mut harness = page();
    // Mail has a tick with the same words further down.
    let label = "Notify me about replies to threads I'm following";
    harness.query_all_by_role_and_label(Role::CheckBox, label).next().unwrap().click();
    let commands = settle(&mut harness);
    assert_eq!(changed(&commands), [pair("desktop_threads", "mention"), pair("push_threads", "mention")]);
}

#[test]
fn different_settings_for_phones_are_saved_only_when_they_differ_and_go_away_with_the_tick() {
    let mut harness = page();
    assert!(!is_on(&harness, Role::CheckBox, "Use different settings for my mobile devices"));
    assert!(changed(&click(&mut harness, "Use different settings for my mobile devices")).is_empty());
    let commands = click(&mut harness, "Nothing");
    assert_eq!(changed(&commands), [pair("desktop", "none")], "the phone stays");
    harness.get_by_role_and_label(Role::ComboBox, "Send mobile notifications for").click();
    settle(&mut harness);
    let commands = click_role(&mut harness, Role::MenuItemRadio, "All new messages");
    assert_eq!(changed(&commands), [pair("push", "all")]);

    let mut apart = page_with(|world| {
        world.settings.fields.insert(Key_::Push, testing::field(Key_::Push, "none"));
    });
    assert!(is_on(&apart, Role::CheckBox, "Use different settings for my mobile devices"), "they differ");
    let commands = click(&mut apart, "Use different settings for my mobile devices");
    assert_eq!(changed(&commands), [pair("push", "mention")]);
}

#[test]
fn what_a_server_does_not_offer_is_not_shown() {
    let harness = tall(|world| {
        let offers = &mut world.settings.offers;
        (offers.ringing, offers.push, offers.highlights, offers.auto_replies) = (false, false, false, false);
        (offers.threads, offers.email) = (false, false);
    });
    for gone in [
        "Incoming call sound",
        "Use different settings for my mobile devices",
        "Notify me about replies to threads I'm following",
        "Keywords that get highlighted",
        "Automatic direct message replies",
    ] {
        assert!(harness.query_by_label(gone).is_none(), "{gone}");
    }
    harness.get_by_label("Mobile notifications are not enabled on this server");
    harness.get_by_label("Email notifications are not enabled");
    harness.get_by_role_and_label(Role::Heading, "Thread reply notifications");
    harness.get_by_label("Do not trigger notifications on messages in reply threads unless I'm mentioned");
}

#[test]
fn a_radio_group_is_one_stop_of_tab_and_arrows_choose_in_it() {
    let mut harness = page();
    focus(&mut harness, Role::RadioButton, "Mentions, direct messages, and group messages");
    let commands = press(&mut harness, Key::ArrowDown);
    assert_eq!(changed(&commands), [pair("desktop", "none"), pair("push", "none")]);
    assert!(harness.get_by_role_and_label(Role::RadioButton, "Nothing").is_focused());
    let commands = press(&mut harness, Key::ArrowUp);
    assert_eq!(changed(&commands)[0], pair("desktop", "mention"));
    press(&mut harness, Key::Tab);
    let label = "Notify me about replies to threads I'm following";
    let next = harness.query_all_by_role_and_label(Role::CheckBox, label).next().unwrap();
    assert!(next.is_focused(), "past the other choices");
}

#[test]
fn what_tab_moves_to_is_in_sight() {
    let mut harness = page();
    let window = harness.ctx.content_rect();
    let mut seen = 0;
    for _ in 0..60 {
        press(&mut harness, Key::Tab);
        settle(&mut harness);
        let Some(focused) = harness.query_all(By::new()).find(egui_kittest::Node::is_focused) else {
            continue;
        };
        assert!(window.expand(0.5).contains_rect(focused.rect()), "{:?}", focused.rect());
        seen += 1;
    }
    assert!(seen > 40, "{seen} of 60");
}

#[test]
fn every_sound_of_the_list_can_be_heard_and_choosing_one_plays_it() {
    let mut harness = page();
    click(&mut harness, "Message notification sound, which");
    let preview = click(&mut harness, "Preview Ripple");
    assert_eq!(preview, [Command::PreviewSound(SoundChoice::Message(MessageSound::Ripple))]);
    harness.state_mut().view.previewing = Some(SoundChoice::Message(MessageSound::Ripple));
    settle(&mut harness);
    assert_eq!(click(&mut harness, "Stop Ripple"), [Command::StopSound]);
    let commands = click_role(&mut harness, Role::MenuItemRadio, "Hello");
    assert_eq!(changed(&commands), [pair("desktop_notification_sound", "Hello")]);
    assert!(commands.contains(&Command::PreviewSound(SoundChoice::Message(MessageSound::Hello))));
    let rings = click(&mut harness, "Preview Calm");
    assert_eq!(rings, [Command::PreviewSound(SoundChoice::Ring(RingSound::Calm))]);
    let commands = click(&mut harness, "Incoming call sound");
    assert_eq!(changed(&commands), [pair("calls_desktop_sound", "false")]);
}

#[test]
fn words_are_chips_and_one_that_never_matches_says_why() {
    let mut harness = tall(|_| ());
    harness.get_by_label("release train · never matches: it has a space");
    let commands = click(&mut harness, "Remove release train");
    assert_eq!(changed(&commands), [pair("mention_keys", "morgan,deploy")]);
    click(&mut harness, "Add a word");
    let field = "New keyword, press Tab or use commas to separate keywords";
    let commands = write(&mut harness, field, "c++");
    assert!(changed(&commands).is_empty());
    harness.get_by_label("c++ · never matches: the server splits words at +");
    let commands = write(&mut harness, field, "x,");
    assert_eq!(changed(&commands), [pair("mention_keys", "morgan,deploy,c++x")], "a comma takes it");
    write(&mut harness, field, "deploy");
    let commands = press(&mut harness, Key::Enter);
    assert!(changed(&commands).is_empty());
    harness.get_by_label("This word is in the list already");
    press(&mut harness, Key::Escape);
    harness.get_by_label("Add a word");
}

#[test]
fn names_and_channel_wide_mentions_are_ticks() {
    let mut harness = tall(|_| ());
    let commands = click(&mut harness, "Your case-sensitive first name \"Morgan\"");
    assert_eq!(changed(&commands), [pair("first_name", "false")]);
    let commands = click(&mut harness, "Your non case-sensitive username \"morgan\"");
    assert_eq!(changed(&commands), [pair("mention_keys", "deploy,release train")]);
    let commands = click(&mut harness, "Channel-wide mentions \"@channel\", \"@all\", \"@here\"");
    assert_eq!(changed(&commands), [pair("channel", "false")]);
}

#[test]
fn mail_replies_and_automatic_replies_are_saved_under_their_keys() {
    let mut harness = tall(|_| ());
    let commands = click_role(&mut harness, Role::RadioButton, "Every hour");
    assert_eq!(changed(&commands), [pair("email_interval", "3600")]);
    let commands = click_role(&mut harness, Role::RadioButton, "Never");
    assert_eq!(changed(&commands), [pair("email", "false"), pair("email_interval", "0")]);
    let commands = click(&mut harness, "Enabled");
    assert_eq!(changed(&commands), [pair("auto_responder_active", "true")]);
    let mut harness = tall(|world| world.settings.offers.threads = false);
    let commands = click(&mut harness, "Trigger notifications on messages in reply threads that I start");
    assert_eq!(changed(&commands), [pair("comments", "root")]);
}

#[test]
fn a_failure_is_said_with_its_reason_and_tried_again_on_request() {
    let mut harness = page_with(|world| {
        let field = world.settings.fields.get_mut(&Key_::Desktop).unwrap();
        field.trouble =
            Some(Trouble::Refused { wanted: Some("all".to_owned()), reason: "the server does not answer".to_owned() });
    });
    assert!(is_on(&harness, Role::RadioButton, "Mentions, direct messages, and group messages"), "it is put back");
    harness.get_by_label("Not saved: the server does not answer");
    let commands = click(&mut harness, "Try again");
    assert_eq!(changed(&commands), [pair("desktop", "all")]);
}

#[test]
fn a_conflict_is_shown_and_nothing_is_overwritten_unasked() {
    let conflict = |world: &mut World| {
        let field = world.settings.fields.get_mut(&Key_::Desktop).unwrap();
        field.trouble = Some(Trouble::ChangedElsewhere { wanted: Some("none".to_owned()) });
    };
    let mut harness = page_with(conflict);
    harness.get_by_label("Desktop and mobile notifications was changed elsewhere meanwhile");
    harness.get_by_label("You wanted: Nothing");
    assert_eq!(click(&mut harness, "Keep it"), [Command::ForgetSettingTrouble(ServerId(1))]);
    let mut harness = page_with(conflict);
    assert_eq!(changed(&click(&mut harness, "Use mine")), [pair("desktop", "none")]);
}

#[test]
fn what_is_saved_can_be_undone_with_the_button_and_with_the_keyboard() {
    let mut harness = page_with(|world| world.settings.undo = vec![Key_::Desktop]);
    harness.get_by_label("Saved");
    assert_eq!(click(&mut harness, "Undo"), [Command::UndoSettings(ServerId(1))]);
    let undone = crate::common::press_with(&mut harness, egui::Modifiers::COMMAND, Key::Z);
    assert_eq!(undone, [Command::UndoSettings(ServerId(1))]);
}

#[test]
fn a_slow_save_is_shown_after_a_moment_and_can_be_given_up() {
    let mut harness = page();
    click_role(&mut harness, Role::RadioButton, "Nothing");
    harness.get_by_label("Nothing");
    assert!(harness.query_by_label("Saving…").is_none(), "most are saved before");
    harness.state_mut().now_ms += 400;
    settle(&mut harness);
    harness.get_by_label("Saving…");
    assert_eq!(click(&mut harness, "Cancel"), [Command::CancelSaving(ServerId(1))]);
}

#[test]
fn a_change_by_another_client_appears_while_the_page_is_open() {
    let mut harness = page();
    let world = harness.state_mut();
    world.settings.fields.insert(Key_::Desktop, testing::field(Key_::Desktop, "none"));
    world.view.servers[0].settings_revision = 7;
    settle(&mut harness);
    assert!(is_on(&harness, Role::RadioButton, "Nothing"));
}

#[test]
fn an_unknown_value_is_shown_as_it_is_and_not_rewritten_by_looking() {
    let mut harness = page_with(|world| {
        world.settings.fields.insert(Key_::Desktop, testing::field(Key_::Desktop, "someday"));
    });
    harness.get_by_label("someday (not known to Belfry)");
    assert!(!is_on(&harness, Role::RadioButton, "Nothing"));
    assert!(changed(&settle(&mut harness)).is_empty());
}

#[test]
fn offline_everything_is_there_to_read_and_nothing_answers() {
    let mut harness = page_with(|world| {
        world.settings.editable = Editable::No { reason: "the server does not answer".to_owned() };
    });
    harness.get_by_label("The server does not answer");
    assert!(changed(&click_role(&mut harness, Role::RadioButton, "Nothing")).is_empty());
    assert!(is_on(&harness, Role::RadioButton, "Mentions, direct messages, and group messages"));
}

#[test]
fn a_server_that_may_not_notify_says_so_and_a_dismissed_prompt_comes_again() {
    let mut harness = page_with(|world| world.view.servers[0].permission = Permission::Denied);
    harness.get_by_label("Notifications are off for this server on this computer");
    let commands = click(&mut harness, "Allow notifications");
    assert_eq!(commands, [Command::SetPermission { server: ServerId(1), permission: Permission::Allowed }]);
    let mut world = world(testing::view());
    world.view.servers[0].permission = Permission::Dismissed;
    world.state.page = Page::Notifications;
    let raster = crate::common::raster::Raster::default();
    let mut harness = crate::common::built(world, crate::common::SIZE, 1.0, egui::Theme::Light, &raster);
    let asked = settle(&mut harness).into_iter().filter(|command| *command == Command::AskPermissionAgain(ServerId(1)));
    assert_eq!(asked.count(), 1, "once for each time the page is opened");
}

#[test]
fn a_typed_message_is_decided_by_the_engine_and_shows_why() {
    let mut harness = tall(|_| ());
    write(&mut harness, "A message", "starting the deploy now");
    harness.get_by_label("Would be shown · keyword deploy · sound Bing");
    click(&mut harness, "Why?");
    harness.get_by_label("Your keyword deploy is in it");
    harness.state_mut().verdict = Verdict::Skip;
    write(&mut harness, "A message", " tomorrow");
    harness.get_by_label("Would not be shown · not mentioned");
}

#[test]
fn one_question_at_a_time_is_asked_and_the_last_letters_are_not_lost() {
    let mut harness = tall(|_| ());
    focus(&mut harness, Role::TextInput, "A message");
    harness.state_mut().out.take();
    for letter in ["a", "b", "c"] {
        harness.get_by_role_and_label(Role::TextInput, "A message").type_text(letter);
        harness.run_steps(2);
    }
    let asked = harness.state_mut().queries();
    let texts = |asked: &[(belfry_gui::QueryId, Query)]| -> Vec<String> {
        asked
            .iter()
            .filter_map(|(_, query)| if let Query::Trial(trial) = query { Some(trial.text.clone()) } else { None })
            .collect()
    };
    assert_eq!(texts(&asked), ["a"]);
    harness.state_mut().state.on_answer(asked[0].0, Answer::Trial(Box::new(testing::trial(Verdict::Skip))));
    harness.run_steps(2);
    assert_eq!(texts(&harness.state_mut().queries()), ["abc"]);
}

#[test]
fn a_keyword_of_64_kib_is_a_chip_of_one_line() {
    let harness = tall(|world| {
        let keys = format!("deploy,{}", "x".repeat(64 * 1024));
        world.settings.fields.insert(Key_::MentionKeys, testing::field(Key_::MentionKeys, &keys));
    });
    let chip = harness.get_by_label_contains("never matches: it is longer than any message");
    assert!(chip.rect().width() < 700.0 && chip.rect().height() < 40.0, "{:?}", chip.rect());
}
