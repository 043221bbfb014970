//! The Notifications page.

use std::collections::BTreeMap;
use std::time::Duration;

use belfry_core::command::Command;
use belfry_core::settings::{Editable, SettingChange, SettingKey, Trouble};
use belfry_practice_server::{HttpFault, World};

use crate::desk::{Desk, SERVER};

fn world() -> World {
    World::small().configured("EnableEmailBatching", "true").configured("ExperimentalEnableAutomaticReplies", "true")
}

/// Every control of notifications §5.1–§5.7 with every value, and where the server keeps it.
const TABLE: [(SettingKey, &str, &[&str]); 16] = [
    (SettingKey::Desktop, "desktop", &["all", "none", "mention"]),
    (SettingKey::DesktopThreads, "desktop_threads", &["mention", "all"]),
    (SettingKey::Push, "push", &["all", "none", "mention"]),
    (SettingKey::PushThreads, "push_threads", &["mention", "all"]),
    (SettingKey::PushStatus, "push_status", &["away", "offline", "online"]),
    (SettingKey::DesktopSound, "desktop_sound", &["false", "true"]),
    (
        SettingKey::DesktopNotificationSound,
        "desktop_notification_sound",
        &["Crackle", "Down", "Hello", "Ripple", "Upstairs", "Bing"],
    ),
    (SettingKey::CallsDesktopSound, "calls_desktop_sound", &["false", "true"]),
    (SettingKey::CallsNotificationSound, "calls_notification_sound", &["Dynamic", "Urgent", "Cheerful", "Calm"]),
    (SettingKey::Email, "email", &["false", "true"]),
    (SettingKey::EmailThreads, "email_threads", &["mention", "all"]),
    (SettingKey::FirstName, "first_name", &["true", "false"]),
    (SettingKey::Channel, "channel", &["false", "true"]),
    (SettingKey::HighlightKeys, "highlight_keys", &["release train", ""]),
    (SettingKey::Comments, "comments", &["any", "root", "never"]),
    (SettingKey::AutoResponderMessage, "auto_responder_message", &["Back on Monday."]),
];

#[tokio::test]
async fn every_value_of_every_setting_reaches_the_server_under_its_key_and_nothing_else_changes() {
    let mut desk = Desk::new(world()).await;
    let mut elsewhere = desk.elsewhere().await;
    let morgan = desk.server.person("morgan");
    // What another client stored and we know nothing of.
    morgan.sets_notify("future_setting", "someday").unwrap();
    desk.until("the unknown key", |page| page.stored.contains_key("future_setting")).await;
    let mut expected = morgan.notify_props().unwrap();
    for (key, name, values) in TABLE {
        for value in values {
            let page = desk.page().await;
            desk.change(vec![page.change(key, *value)]).await;
            let page =
                desk.until(name, |page| !page.is_saving() && page.field(key).stored.as_deref() == Some(*value)).await;
            assert_eq!((page.value(key), page.field(key).unknown), (*value, false));
            expected.insert(name.to_owned(), (*value).to_owned());
            assert_eq!(morgan.notify_props().unwrap(), expected, "{name} = {value}");
            elsewhere.until("seen on the other computer", |page| page.stored == expected).await;
        }
    }
    for interval in ["900", "3600", "30"] {
        let page = desk.page().await;
        desk.change(vec![page.change(SettingKey::EmailInterval, interval)]).await;
        desk.until("the interval", |page| {
            !page.is_saving() && page.field(SettingKey::EmailInterval).stored.as_deref() == Some(interval)
        })
        .await;
        assert_eq!(morgan.preference("notifications", "email_interval").unwrap().as_deref(), Some(interval));
        elsewhere.until("the interval too", |page| page.value(SettingKey::EmailInterval) == interval).await;
    }
    assert_eq!(morgan.notify_props().unwrap(), expected, "an interval is no key of the map");
}

#[tokio::test]
async fn words_are_kept_as_the_server_cleans_them_and_that_is_no_trouble() {
    let mut desk = Desk::new(world()).await;
    let page = desk.page().await;
    let words = ["Deploy".to_owned(), "release train".to_owned()];
    desk.change(vec![page.set_words(&words)]).await;
    let page = desk.until("the words", |page| page.words() == ["deploy", "releasetrain"] && !page.is_saving()).await;
    assert_eq!(page.field(SettingKey::MentionKeys).trouble, None);
    desk.change(vec![page.set_username(!page.username_notifies())]).await;
    let ticked = desk.until("the username", |now| now.username_notifies() != page.username_notifies()).await;
    assert_eq!(ticked.words(), page.words());
}

#[tokio::test]
async fn automatic_replies_make_the_person_out_of_office_and_back() {
    let mut desk = Desk::new(world()).await;
    for (value, status) in [("true", "ooo"), ("false", "online")] {
        let page = desk.page().await;
        desk.change(vec![page.change(SettingKey::AutoResponderActive, value)]).await;
        desk.until("saved", |page| !page.is_saving() && page.value(SettingKey::AutoResponderActive) == value).await;
        assert_eq!(desk.server.status("morgan").unwrap(), status);
    }
}

#[tokio::test]
async fn unticking_different_mobile_settings_writes_both_levels_at_once() {
    let mut desk = Desk::new(world()).await;
    let morgan = desk.server.person("morgan");
    morgan.sets_notify("desktop", "none").unwrap();
    morgan.sets_notify("push", "all").unwrap();
    let page = desk.until("elsewhere", |page| page.value(SettingKey::Push) == "all").await;
    assert!(page.mobile_differs());
    desk.change(page.mobile_follows()).await;
    desk.until("saved", |page| !page.is_saving() && !page.mobile_differs()).await;
    let props = morgan.notify_props().unwrap();
    assert_eq!((props["desktop"].as_str(), props["push"].as_str()), ("none", "none"));
}

#[tokio::test]
async fn a_change_on_another_device_is_seen_while_the_page_is_open() {
    let mut desk = Desk::new(world()).await;
    let before = desk.view().server(SERVER).unwrap().settings_revision;
    desk.server.person("morgan").sets_notify("desktop", "none").unwrap();
    desk.until("elsewhere", |page| page.value(SettingKey::Desktop) == "none").await;
    assert!(desk.view().server(SERVER).unwrap().settings_revision > before, "a face is told to ask again");
}

#[tokio::test]
async fn what_was_changed_elsewhere_meanwhile_is_never_overwritten() {
    let mut desk = Desk::new(world()).await;
    let morgan = desk.server.person("morgan");
    let stale = desk.page().await;
    // The event is lost on the way, so only the server knows.
    desk.server.swallows_next("user_updated");
    morgan.sets_notify("desktop", "none").unwrap();
    desk.change(vec![stale.change(SettingKey::Desktop, "all"), stale.change(SettingKey::Channel, "false")]).await;
    let page = desk.until("the conflict", |page| page.field(SettingKey::Desktop).trouble.is_some()).await;
    let trouble = Trouble::ChangedElsewhere { wanted: Some("all".to_owned()) };
    assert_eq!(
        (page.value(SettingKey::Desktop), page.field(SettingKey::Desktop).trouble.clone()),
        ("none", Some(trouble))
    );
    assert!(matches!(page.field(SettingKey::Channel).trouble, Some(Trouble::Refused { .. })), "all or nothing");
    let props = morgan.notify_props().unwrap();
    assert_eq!((props["desktop"].as_str(), props["channel"].as_str()), ("none", "true"));
    // And once it is known here, without asking the server.
    desk.change(vec![stale.change(SettingKey::Desktop, "all")]).await;
    desk.until("the conflict again", |page| page.field(SettingKey::Desktop).trouble.is_some()).await;
    desk.change(vec![page.change(SettingKey::Desktop, "all")]).await;
    desk.until("mine after all", |page| page.field(SettingKey::Desktop).stored.as_deref() == Some("all")).await;
    assert_eq!(desk.page().await.field(SettingKey::Desktop).trouble, None);
}

#[tokio::test]
async fn a_refused_save_puts_the_old_value_back_and_says_why() {
    let mut desk = Desk::new(world()).await;
    let page = desk.page().await;
    let before = page.value(SettingKey::Desktop).to_owned();
    for (fault, why) in [
        (HttpFault::Internal, "status 500"),
        (HttpFault::TooMany(1), "slow down"),
        (HttpFault::WebPage, "web page"),
        (HttpFault::Busy, "not available"),
        (HttpFault::BadGateway, "not available"),
    ] {
        desk.server.fails("/users/me/patch", &fault, 1);
        let page = desk.page().await;
        desk.change(vec![page.change(SettingKey::Desktop, "all")]).await;
        let page = desk.until(why, |page| page.field(SettingKey::Desktop).trouble.is_some()).await;
        let Some(Trouble::Refused { wanted, reason }) = page.field(SettingKey::Desktop).trouble.clone() else {
            panic!("{fault:?}: {:?}", page.field(SettingKey::Desktop))
        };
        assert_eq!(wanted.as_deref(), Some("all"));
        assert!(reason.contains(why), "{fault:?}: {reason}");
        assert_eq!((page.value(SettingKey::Desktop), page.is_saving()), (before.as_str(), false));
        desk.command(Command::ForgetSettingTrouble(SERVER)).await;
        desk.until("forgotten", |page| page.field(SettingKey::Desktop).trouble.is_none()).await;
    }
    assert_eq!(desk.server.person("morgan").notify_props().unwrap()["desktop"], before);
}

#[tokio::test]
async fn a_server_that_saves_something_else_is_shown_as_it_is() {
    let mut desk = Desk::new(world()).await;
    desk.server.forces_notify("desktop", "mention");
    let page = desk.page().await;
    desk.change(vec![page.change(SettingKey::Desktop, "all")]).await;
    let page = desk.until("the other value", |page| page.field(SettingKey::Desktop).trouble.is_some()).await;
    let field = page.field(SettingKey::Desktop);
    assert_eq!(field.value, "mention");
    assert_eq!(field.trouble, Some(Trouble::SavedOtherwise { wanted: Some("all".to_owned()) }));
}

#[tokio::test]
async fn a_slow_save_is_shown_at_once_followed_by_later_ones_in_order_and_can_be_given_up() {
    let mut desk = Desk::new(world()).await;
    let morgan = desk.server.person("morgan");
    desk.server.fails("/users/me/patch", &HttpFault::Delay(Duration::from_millis(300)), 1);
    let page = desk.page().await;
    desk.change(vec![page.change(SettingKey::Desktop, "all")]).await;
    let page = desk.until("shown", |page| page.field(SettingKey::Desktop).saving_since_ms.is_some()).await;
    assert_eq!(
        (page.value(SettingKey::Desktop), page.field(SettingKey::Desktop).stored.as_deref()),
        ("all", Some("mention"))
    );
    // Two more before the first is there; the last word is the person's last click.
    desk.change(vec![page.change(SettingKey::Desktop, "none")]).await;
    let page = desk.until("shown again", |page| page.value(SettingKey::Desktop) == "none").await;
    desk.change(vec![page.change(SettingKey::Desktop, "all"), page.change(SettingKey::Channel, "false")]).await;
    let page = desk.until("all saved", |page| !page.is_saving()).await;
    assert!(page.fields.values().all(|field| field.trouble.is_none()), "{page:#?}");
    let props = morgan.notify_props().unwrap();
    assert_eq!((props["desktop"].as_str(), props["channel"].as_str()), ("all", "false"));
    // Given up: what the server made of it is read.
    desk.server.fails("/users/me/patch", &HttpFault::Delay(Duration::from_millis(300)), 1);
    desk.change(vec![page.change(SettingKey::Desktop, "none")]).await;
    desk.until("under way", belfry_core::settings::ServerSettings::is_saving).await;
    desk.command(Command::CancelSaving(SERVER)).await;
    let page = desk.until("given up", |page| !page.is_saving()).await;
    assert_eq!(page.value(SettingKey::Desktop), page.field(SettingKey::Desktop).stored.as_deref().unwrap());
    desk.until("the server did it nevertheless", |page| page.value(SettingKey::Desktop) == "none").await;
}

#[tokio::test]
async fn unknown_values_are_shown_as_they_are_and_only_a_choice_replaces_them() {
    let mut desk = Desk::new(world()).await;
    let morgan = desk.server.person("morgan");
    for (name, value) in [("desktop", "sometimes"), ("comments", "7"), ("desktop_notification_sound", "Foghorn")] {
        morgan.sets_notify(name, value).unwrap();
    }
    let page = desk.until("unknown", |page| page.value(SettingKey::DesktopNotificationSound) == "Foghorn").await;
    for (key, value) in [(SettingKey::Desktop, "sometimes"), (SettingKey::Comments, "7")] {
        assert_eq!((page.value(key), page.field(key).unknown), (value, true));
    }
    desk.change(vec![page.change(SettingKey::Channel, "false")]).await;
    desk.until("something else", |page| page.value(SettingKey::Channel) == "false" && !page.is_saving()).await;
    let props: BTreeMap<String, String> = morgan.notify_props().unwrap();
    assert_eq!((props["desktop"].as_str(), props["comments"].as_str()), ("sometimes", "7"));
    let page = desk.page().await;
    desk.change(vec![page.change(SettingKey::Desktop, "all")]).await;
    desk.until("a choice", |page| !page.field(SettingKey::Desktop).unknown && !page.is_saving()).await;
    desk.command(Command::UndoSettings(SERVER)).await;
    desk.until("undone", |page| page.value(SettingKey::Desktop) == "sometimes").await;
    desk.until("and saved", |page| !page.is_saving()).await;
    assert_eq!(morgan.notify_props().unwrap()["desktop"], "sometimes");
}

#[tokio::test]
async fn undo_puts_back_what_was_there_even_nothing_and_never_over_a_change_from_elsewhere() {
    let mut desk = Desk::new(world()).await;
    let morgan = desk.server.person("morgan");
    let page = desk.page().await;
    assert!(page.undo.is_empty());
    assert_eq!(page.field(SettingKey::CallsNotificationSound).stored, None, "nothing is stored at first");
    desk.change(vec![page.change(SettingKey::CallsNotificationSound, "Urgent")]).await;
    let page = desk.until("saved", |page| page.undo == [SettingKey::CallsNotificationSound]).await;
    desk.change(vec![page.change(SettingKey::Desktop, "none")]).await;
    desk.until("the second", |page| page.undo == [SettingKey::Desktop]).await;
    desk.command(Command::UndoSettings(SERVER)).await;
    desk.until("the second undone", |page| {
        page.undo == [SettingKey::CallsNotificationSound] && page.value(SettingKey::Desktop) == "mention"
    })
    .await;
    desk.command(Command::UndoSettings(SERVER)).await;
    let page = desk.until("both undone", |page| page.undo.is_empty() && !page.is_saving()).await;
    assert_eq!(page.field(SettingKey::CallsNotificationSound).stored, None);
    assert!(!morgan.notify_props().unwrap().contains_key("calls_notification_sound"));
    desk.change(vec![page.change(SettingKey::Desktop, "none")]).await;
    desk.until("again", |page| page.undo == [SettingKey::Desktop]).await;
    morgan.sets_notify("desktop", "all").unwrap();
    desk.until("elsewhere", |page| page.value(SettingKey::Desktop) == "all").await;
    desk.command(Command::UndoSettings(SERVER)).await;
    let page = desk.until("a conflict", |page| page.field(SettingKey::Desktop).trouble.is_some()).await;
    assert_eq!(page.value(SettingKey::Desktop), "all");
    assert_eq!(morgan.notify_props().unwrap()["desktop"], "all");
}

#[tokio::test]
async fn without_a_connection_everything_can_be_read_and_nothing_changed() {
    let mut desk = Desk::new(world()).await;
    let page = desk.page().await;
    desk.server.fails("/api/v4/", &HttpFault::Reset, 1000);
    desk.server.drops_person("morgan");
    let offline = desk.until("offline", |page| matches!(page.editable, Editable::No { .. })).await;
    assert_eq!(offline.value(SettingKey::Desktop), "mention");
    desk.change(vec![page.change(SettingKey::Desktop, "all")]).await;
    let refused = desk.until("refused", |page| page.field(SettingKey::Desktop).trouble.is_some()).await;
    assert_eq!(refused.value(SettingKey::Desktop), "mention");
    desk.server.behaves();
    desk.command(Command::CheckAgain(SERVER)).await;
    desk.until("back", |page| page.editable == Editable::Yes).await;
    assert_eq!(desk.server.person("morgan").notify_props().unwrap()["desktop"], "mention");
}

#[tokio::test]
async fn a_word_of_64_kib_is_saved_or_refused_and_one_beyond_any_server_is_not_even_sent() {
    let mut desk = Desk::new(world()).await;
    let page = desk.page().await;
    let word = "x".repeat(64 * 1024);
    desk.change(vec![page.set_words(std::slice::from_ref(&word))]).await;
    let page = desk.until("saved", |page| !page.is_saving() && page.words().contains(&word)).await;
    let requests = desk.server.requests().len();
    let huge = "y".repeat(256 * 1024);
    desk.change(vec![SettingChange { to: Some(huge), ..page.set_words(&[]) }]).await;
    let page = desk.until("refused", |page| page.field(SettingKey::MentionKeys).trouble.is_some()).await;
    assert!(page.words().contains(&word));
    assert_eq!(desk.server.requests().len(), requests);
}

#[tokio::test]
async fn looking_writes_nothing() {
    let desk = Desk::new(world()).await;
    for _ in 0..3 {
        desk.page().await;
        desk.table(0).await;
    }
    assert!(!desk.server.requests().iter().any(|line| line.contains("/patch") || line.contains("notify_props")));
}
