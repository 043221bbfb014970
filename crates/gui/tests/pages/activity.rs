//! Activity: acting on what was decided.

use belfry_core::activity::ActivityRow;
use belfry_core::command::{Command, Place};
use belfry_core::decide::reason::Reason;
use belfry_core::ids::{ChannelId, PostId, ServerId};
use belfry_core::query::{Answer, Query};
use belfry_core::settings::channels::{ChannelEdit, ChannelRef};
use belfry_core::trial::WhatIf;
use belfry_gui::testing;
use belfry_gui::window::Page;
use egui_kittest::kittest::Queryable as _;

use crate::common::{Window, click, on_page, settle, world};

fn page() -> Window {
    on_page(world(testing::view()), Page::Activity)
}

#[test]
fn the_deciding_setting_is_changed_and_its_effect_is_said() {
    let mut harness = page();
    harness.get_by_label_contains("Jun Okafor").click();
    harness.run_steps(3);
    let asked = harness.state_mut().queries();
    let what_if: Vec<_> = asked
        .iter()
        .filter_map(|(_, query)| match query {
            Query::Reconsider { what_if, .. } => Some(what_if.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(what_if, [[WhatIf::ChannelMuted(false)]]);
    let answer = Answer::Trial(Box::new(testing::trial(belfry_core::activity::Verdict::Notify)));
    harness.state_mut().state.on_answer(asked.last().unwrap().0, answer);
    settle(&mut harness);
    harness.get_by_label("With this change it would have been shown, with the sound Bing");
    let commands = click(&mut harness, "Unmute channel");
    let channel = ChannelId::parse("releasetrain").unwrap();
    assert_eq!(commands, [Command::SetMuted { server: ServerId(1), channel, muted: false }]);
    assert!(harness.query_by_label("Unmute channel").is_none(), "it is under way");
    assert!(harness.query_by_label_contains("Done").is_none(), "the server has said nothing yet");
    told(&mut harness, true, None);
    assert!(harness.query_by_label_contains("Done").is_none(), "it is being saved");
    told(&mut harness, false, None);
    harness.get_by_label("Done: such a message would now be shown, with the sound Bing");
}

/// How it stands with the channel by now.
fn told(harness: &mut Window, saving: bool, trouble: Option<&str>) {
    let world = harness.state_mut();
    let table = &mut world.channels;
    (table.revision, world.view.channels_revision) = (table.revision + 1, table.revision + 1);
    let row = table.rows.iter_mut().find(|row| row.channel.as_str() == "releasetrain").unwrap();
    (row.saving, row.trouble) = (saving, trouble.map(str::to_owned));
    settle(harness);
}

#[test]
fn a_server_that_refuses_is_quoted_where_the_button_was_pressed() {
    let mut harness = page();
    harness.get_by_label_contains("Jun Okafor").click();
    settle(&mut harness);
    click(&mut harness, "Unmute channel");
    told(&mut harness, false, Some("The server is busy"));
    harness.get_by_label("Not saved: The server is busy");
    assert_eq!(click(&mut harness, "Unmute channel").len(), 1, "it can be tried again");
    told(&mut harness, false, None);
    harness.get_by_label("Done: such a message would now be shown, with the sound Bing");
}

#[test]
fn a_channel_that_was_as_wanted_already_is_not_waited_for() {
    let mut harness = page();
    harness.get_by_label_contains("Jun Okafor").click();
    settle(&mut harness);
    click(&mut harness, "Unmute channel");
    for _ in 0..60 {
        settle(&mut harness);
    }
    harness.get_by_label("Done: such a message would now be shown, with the sound Bing");
}

#[test]
fn what_is_kept_here_is_done_when_the_view_says_so() {
    let mut rows = testing::activity();
    (rows[1].decision.reason, rows[1].decision.setting) = (Some(Reason::Paused), None);
    let mut world = world(testing::view());
    world.view.paused_until_ms = Some(testing::NOW_MS + 60_000);
    world.rows = rows;
    let mut harness = on_page(world, Page::Activity);
    harness.get_by_label_contains("Jun Okafor").click();
    settle(&mut harness);
    let buttons = harness.get_all_by_label("Resume notifications");
    buttons.last().unwrap().click();
    assert_eq!(settle(&mut harness), [Command::Resume]);
    assert!(harness.query_by_label_contains("Done").is_none());
    harness.state_mut().view.paused_until_ms = None;
    settle(&mut harness);
    harness.get_by_label("Done: such a message would now be shown, with the sound Bing");
}

#[test]
fn why_of_a_card_opens_its_row_whatever_was_looked_for_before() {
    let mut harness = page();
    click(&mut harness, "Shown");
    let jun = harness.state().rows[1].clone();
    harness.state_mut().state.page = Page::About;
    settle(&mut harness);
    let post = jun.decision.post_id.unwrap();
    harness.state_mut().state.turn_to(Place::Why(jun.decision.server, post));
    settle(&mut harness);
    assert_eq!(harness.state().state.page, Page::Activity);
    harness.get_by_label("Why was this not shown?");
    harness.get_by_label("Release train is muted, so only its badge counts");
    harness.state_mut().state.turn_to(Place::Why(ServerId(9), post));
    settle(&mut harness);
    harness.get_by_label("Nothing about that message is kept in Activity");
}

#[test]
fn a_row_that_is_far_down_is_fetched_and_scrolled_to() {
    let mut harness = page();
    let many = |from: u64| -> Vec<ActivityRow> {
        (0..100)
            .map(|index| from - index)
            .map(|seq| ActivityRow {
                row: i64::try_from(seq).unwrap(),
                decision: testing::decision(seq, &format!("Person {seq}"), "hello"),
            })
            .collect()
    };
    let post = PostId::parse("post150").unwrap();
    harness.state_mut().state.turn_to(Place::Why(ServerId(1), post));
    harness.run_steps(2);
    for from in [300, 200] {
        let (id, query) = harness.state_mut().queries().pop().unwrap();
        assert!(matches!(query, Query::Activity { .. }), "{query:?}");
        harness.state_mut().state.on_answer(id, Answer::Activity { rows: many(from), more: true });
        harness.run_steps(3);
    }
    settle(&mut harness);
    harness.get_by_label("Why was this shown?");
    harness.get_by_label_contains("Person 150");
}

#[test]
fn a_level_that_hid_a_message_is_raised_for_its_channel_or_looked_at_for_the_account() {
    let mut harness = page();
    harness.state_mut().view.activity_revision = 2;
    harness.run_steps(2);
    let (id, _) = harness.state_mut().queries().pop().unwrap();
    let mut rows = testing::activity();
    rows[1].decision.setting = Some(belfry_core::decide::setting::Setting::AccountLevel);
    harness.state_mut().state.on_answer(id, Answer::Activity { rows, more: false });
    settle(&mut harness);
    harness.get_by_label_contains("Jun Okafor").click();
    settle(&mut harness);
    let commands = click(&mut harness, "All messages of this channel");
    let place = ChannelRef { server: ServerId(1), channel: ChannelId::parse("releasetrain").unwrap() };
    let edits = vec![ChannelEdit::Level("all".to_owned())];
    assert_eq!(commands, [Command::EditChannels { channels: vec![place], edits }]);
    click(&mut harness, "Notification settings…");
    assert_eq!(harness.state().state.page, Page::Notifications);
}

#[test]
fn a_row_leads_to_its_channel_and_is_marked_read() {
    let mut harness = page();
    harness.get_by_label_contains("Jun Okafor").click();
    settle(&mut harness);
    let channel = ChannelId::parse("releasetrain").unwrap();
    assert_eq!(click(&mut harness, "Mark as read"), [Command::MarkRead { server: ServerId(1), channel }]);
    click(&mut harness, "Channel settings…");
    assert_eq!(harness.state().state.page, Page::Channels);
    harness.get_by_label("1 selected");
}

#[test]
fn activity_is_exported_without_texts_and_says_where() {
    let mut harness = page();
    click(&mut harness, "More");
    harness.get_by_label("Export without message texts").click();
    harness.run_steps(3);
    let (id, query) = harness.state_mut().queries().pop().unwrap();
    assert!(matches!(query, Query::ExportActivity { path: None, .. }), "{query:?}");
    let answer = Answer::Exported { path: "Downloads/belfry.jsonl".to_owned(), rows: 1204 };
    harness.state_mut().state.on_answer(id, answer);
    settle(&mut harness);
    harness.get_by_label("1204 rows were written to");
    harness.get_by_label("Downloads/belfry.jsonl");
}

#[test]
fn activity_is_cleared_only_after_saying_what_is_lost() {
    let mut harness = page();
    click(&mut harness, "More");
    click(&mut harness, "Clear Activity…");
    harness.get_by_label_contains("Your messages stay on their servers");
    click(&mut harness, "Cancel");
    click(&mut harness, "More");
    click(&mut harness, "Clear Activity…");
    harness.get_by_label("Clear").click();
    harness.run_steps(2);
    let (id, query) = harness.state_mut().queries().pop().unwrap();
    assert_eq!(query, Query::ClearActivity);
    harness.state_mut().state.on_answer(id, Answer::Done);
    harness.run_steps(2);
    let again = harness.state_mut().queries();
    assert!(again.iter().any(|(_, query)| matches!(query, Query::Activity { .. })), "what is left is asked for");
}
