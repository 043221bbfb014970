//! The Channels page.

use std::time::Duration;

use belfry_core::command::Command;
use belfry_core::settings::channels::{ChannelEdit, ChannelRef};
use belfry_practice_server::{HttpFault, World};

use crate::desk::Desk;

fn world() -> World {
    // What the account says, so that it is known what channels inherit.
    let account = [("desktop", "mention"), ("push", "mention"), ("desktop_threads", "all"), ("push_threads", "all")];
    World::small()
        .changing("morgan", |morgan| account.iter().fold(morgan, |morgan, (key, value)| morgan.notified(key, value)))
}

async fn edit(desk: &Desk, names: &[&str], edits: Vec<ChannelEdit>) {
    let mut channels = Vec::new();
    for name in names {
        channels.push(desk.row(name).await.place());
    }
    desk.command(Command::EditChannels { channels, edits }).await;
}

const OFF_TOPIC: &str = "Off-Topic";

#[tokio::test]
async fn every_column_is_written_under_its_key_and_what_equals_the_account_becomes_default() {
    let mut desk = Desk::new(world()).await;
    let mut elsewhere = desk.elsewhere().await;
    let morgan = desk.server.person("morgan");
    let table: [(ChannelEdit, &[(&str, &str)]); 16] = [
        (ChannelEdit::Mute(true), &[("mark_unread", "mention")]),
        (ChannelEdit::Mute(false), &[("mark_unread", "all")]),
        (ChannelEdit::IgnoreChannelMentions(true), &[("ignore_channel_mentions", "on")]),
        (ChannelEdit::IgnoreChannelMentions(false), &[("ignore_channel_mentions", "off")]),
        (ChannelEdit::Level("all".to_owned()), &[("desktop", "all"), ("push", "all")]),
        (ChannelEdit::Level("none".to_owned()), &[("desktop", "none"), ("push", "none")]),
        // As the account: inherited again, and the phone is given the account's value for computers.
        (ChannelEdit::Level("mention".to_owned()), &[("desktop", "default"), ("push", "mention")]),
        (ChannelEdit::Threads(false), &[("desktop_threads", "mention")]),
        (ChannelEdit::Threads(true), &[("desktop_threads", "default")]),
        (ChannelEdit::Sound(false), &[("desktop_sound", "off")]),
        (ChannelEdit::Sound(true), &[("desktop_sound", "default")]),
        (ChannelEdit::SoundName("Ripple".to_owned()), &[("desktop_notification_sound", "Ripple")]),
        (ChannelEdit::SoundName("Bing".to_owned()), &[("desktop_notification_sound", "default")]),
        (ChannelEdit::AutoFollow(true), &[("channel_auto_follow_threads", "on")]),
        (ChannelEdit::AutoFollow(false), &[("channel_auto_follow_threads", "off")]),
        (ChannelEdit::PhoneLevel("none".to_owned()), &[("push", "none")]),
    ];
    for (change, expected) in table {
        let before = morgan.channel_props("off-topic").unwrap();
        let differs = |value: &str| !matches!(value, "default" | "off") && value != "all";
        edit(&desk, &[OFF_TOPIC], vec![change.clone()]).await;
        let is_there = || {
            let held = morgan.channel_props("off-topic").unwrap();
            expected.iter().all(|(key, value)| held.get(*key).is_some_and(|held| held == value))
        };
        desk.until_row(OFF_TOPIC, "saved", |row| !row.saving && row.trouble.is_none() && is_there()).await;
        let after = morgan.channel_props("off-topic").unwrap();
        for (key, value) in expected {
            assert_eq!(after.get(*key).map(String::as_str), Some(*value), "{change:?}: {after:?}");
        }
        let is_seen = |(key, value): &(&str, &str), row: &belfry_core::settings::channels::ChannelRow| {
            !differs(value) || row.props.get(*key).is_some_and(|held| held == value)
        };
        elsewhere.until_row(OFF_TOPIC, "seen elsewhere", |row| expected.iter().all(|pair| is_seen(pair, row))).await;
        let touched = |key: &str| expected.iter().any(|(name, _)| *name == key) || key.starts_with("push");
        for (key, value) in before.iter().filter(|(key, _)| !touched(key)) {
            assert_eq!(after.get(key), Some(value), "{change:?} touched {key}");
        }
    }
}

#[tokio::test]
async fn many_channels_are_edited_and_undone_together_and_faces_get_only_what_changed() {
    let mut desk = Desk::new(world().with_many_channels("northwind", 40, &["morgan", "rosa"])).await;
    let all = desk.table(0).await;
    assert!(!all.only_changes && all.rows.len() > 40);
    let chosen: Vec<ChannelRef> = all
        .rows
        .iter()
        .filter(|row| row.team == all.rows[0].team)
        .take(20)
        .map(belfry_core::settings::channels::ChannelRow::place)
        .collect();
    desk.command(Command::EditChannels { channels: chosen.clone(), edits: vec![ChannelEdit::Mute(true)] }).await;
    let view = desk.until_view("an undo", |view| view.channels_undo == 20).await;
    assert!(view.channels_revision > all.revision);
    let changed = desk.table(all.revision).await;
    assert!(changed.only_changes && changed.rows.len() == 20 && changed.rows.iter().all(|row| row.saving));
    let muted = |desk: &Desk, place: &ChannelRef| {
        let props = desk.server.person("morgan").channel_props(place.channel.as_str()).unwrap();
        props.get("mark_unread").is_some_and(|value| value == "mention")
    };
    let settled = |rows: &[belfry_core::settings::channels::ChannelRow]| rows.iter().all(|row| !row.saving);
    loop {
        let table = desk.table(0).await;
        if settled(&table.rows) {
            break;
        }
        let at = table.revision;
        desk.until_view("another row", |view| view.channels_revision > at).await;
    }
    assert!(chosen.iter().all(|place| muted(&desk, place)));
    desk.command(Command::UndoChannels).await;
    desk.until_view("the undo", |view| view.channels_undo == 0).await;
    loop {
        let table = desk.table(0).await;
        if settled(&table.rows) {
            break;
        }
        let at = table.revision;
        desk.until_view("another row", |view| view.channels_revision > at).await;
    }
    assert!(!chosen.iter().any(|place| muted(&desk, place)));
}

#[tokio::test]
async fn a_change_on_another_device_changes_the_row() {
    let mut desk = Desk::new(world()).await;
    desk.server.person("morgan").sets_channel("off-topic", "desktop", "none").unwrap();
    let row = desk
        .until_row(OFF_TOPIC, "elsewhere", |row| row.props.get("desktop").is_some_and(|level| level == "none"))
        .await;
    let table = desk.table(0).await;
    assert!(row.differs(&table.servers[0]));
    desk.server.person("morgan").sets_channel("off-topic", "desktop", "fortnightly").unwrap();
    let row = desk
        .until_row(OFF_TOPIC, "a strange word", |row| row.props.get("desktop").is_some_and(|l| l == "fortnightly"))
        .await;
    edit(&desk, &[OFF_TOPIC], vec![ChannelEdit::Mute(true)]).await;
    desk.until_row(OFF_TOPIC, "muted", |row| !row.saving && row.props.contains_key("mark_unread")).await;
    let props = desk.server.person("morgan").channel_props("off-topic").unwrap();
    assert_eq!(props["desktop"], row.props["desktop"], "a value that is none of ours stays");
}

#[tokio::test]
async fn each_row_says_its_own_trouble_and_keeps_its_old_value() {
    let mut desk = Desk::new(world()).await;
    let refused = desk.server.person("morgan").channel("off-topic").unwrap();
    desk.server.fails(&format!("/channels/{refused}/members/me/notify_props"), &HttpFault::Internal, 1);
    let other = desk.table(0).await.rows.into_iter().find(|row| row.name != OFF_TOPIC && !row.team.is_empty()).unwrap();
    edit(&desk, &[OFF_TOPIC, &other.name], vec![ChannelEdit::Level("none".to_owned())]).await;
    let row = desk.until_row(OFF_TOPIC, "refused", |row| row.trouble.is_some()).await;
    assert!(row.trouble.unwrap().contains("500") && !row.props.contains_key("desktop"));
    desk.until_row(&other.name, "saved", |row| !row.saving && row.props.get("desktop").is_some_and(|l| l == "none"))
        .await;
    desk.command(Command::ForgetChannelTrouble).await;
    desk.until_row(OFF_TOPIC, "forgotten", |row| row.trouble.is_none()).await;
}

#[tokio::test]
async fn edits_of_a_row_that_is_still_being_saved_follow_each_other() {
    let mut desk = Desk::new(world()).await;
    desk.server.fails("/members/me/notify_props", &HttpFault::Delay(Duration::from_millis(200)), 1);
    edit(&desk, &[OFF_TOPIC], vec![ChannelEdit::Mute(true)]).await;
    let row = desk.until_row(OFF_TOPIC, "shown at once", |row| row.saving).await;
    assert_eq!(row.props["mark_unread"], "mention");
    edit(&desk, &[OFF_TOPIC], vec![ChannelEdit::Sound(false)]).await;
    edit(&desk, &[OFF_TOPIC], vec![ChannelEdit::Mute(false)]).await;
    desk.until_row(OFF_TOPIC, "all saved", |row| !row.saving).await;
    let props = desk.server.person("morgan").channel_props("off-topic").unwrap();
    assert_eq!((props["mark_unread"].as_str(), props["desktop_sound"].as_str()), ("all", "off"));
}
