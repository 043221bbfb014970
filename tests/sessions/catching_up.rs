//! What came while nobody listened is told once.

use std::time::Duration;

use belfry_net::session::backoff::Timing;
use belfry_practice_server::{HttpFault, PracticeServer, World};

use crate::watcher::{Watcher, server};

const MINUTE_MS: i64 = 60_000;

fn world() -> World {
    World::small().with_direct(&["rosa", "morgan"]).configured("CollapsedThreads", "disabled")
}

/// Loses the connection in a way that no resume can mend; what happens next happens in the gap.
async fn gap(server: &PracticeServer) {
    server.drops();
    server.wait_for_disconnection("morgan").await;
    server.forgets_lost_connections();
}

fn posts_read(server: &PracticeServer) -> usize {
    server.requests().iter().filter(|line| line.ends_with("/posts") && line.starts_with("GET")).count()
}

#[tokio::test]
async fn a_mention_missed_in_a_gap_is_announced_once_with_its_true_age() {
    let (server, hand) = server(world()).await;
    let folder = tempfile::tempdir().unwrap();
    let mut watcher = Watcher::start(&server, folder.path()).await;
    gap(&server).await;
    server.person("rosa").posts("ops-room", "nothing for anybody").unwrap();
    let id = server.person("rosa").posts("ops-room", "ask @morgan about it").unwrap();
    hand.advance_ms(90_000);
    watcher.until("the mention", |watcher| !watcher.toasts.is_empty()).await;
    watcher.settled(&server).await;
    assert_eq!(watcher.texts(), ["ask @morgan about it"]);
    assert_eq!(watcher.reasons(), [("nothing for anybody", "not_mentioned"), ("ask @morgan about it", "notify")]);
    assert_eq!(watcher.toasts[0].post_id.unwrap().as_str(), id);
    assert_eq!(watcher.toasts[0].sender, "rosa");
    assert!((1_900_000_000_000..1_900_000_010_000).contains(&watcher.toasts[0].at_ms), "{}", watcher.toasts[0].at_ms);
    assert_eq!(watcher.view().badge.mentions, 1);
    // Another gap brings nothing back.
    gap(&server).await;
    watcher.settled(&server).await;
    assert_eq!(watcher.texts().len(), 1);
}

#[tokio::test]
async fn what_was_read_elsewhere_during_the_gap_is_not_announced() {
    let (server, _hand) = server(world()).await;
    let folder = tempfile::tempdir().unwrap();
    let mut watcher = Watcher::start(&server, folder.path()).await;
    gap(&server).await;
    server.person("rosa").direct("morgan", "read on the phone").unwrap();
    server.person("morgan").reads("@rosa").unwrap();
    watcher.settled(&server).await;
    assert_eq!(watcher.texts(), [""; 0]);
    assert_eq!(posts_read(&server), 0, "nothing is unread, so nothing is fetched");
    assert_eq!(watcher.view().badge.mentions, 0);
}

#[tokio::test]
async fn three_hundred_messages_in_twenty_conversations_are_one_summary_with_these_numbers() {
    let names: Vec<String> = (0..20).map(|n| format!("channel-{n}")).collect();
    let all = ["morgan", "rosa", "jun"];
    let mut world = world().with_many_channels("northwind", 20, &all);
    for name in &names {
        world = world.notifying("morgan", name, "desktop", "all");
    }
    let (server, hand) = server(world).await;
    let folder = tempfile::tempdir().unwrap();
    let mut watcher = Watcher::start(&server, folder.path()).await;
    gap(&server).await;
    for n in 0..300 {
        server.person("jun").posts(&names[n % 20], &format!("message {n}")).unwrap();
    }
    hand.advance_ms(10 * MINUTE_MS);
    watcher.until("the summary", |watcher| !watcher.toasts.is_empty()).await;
    watcher.settled(&server).await;
    assert_eq!(watcher.texts(), ["300 messages in 20 conversations while you were away"]);
    assert_eq!(watcher.sounds, 1);
    let told = watcher.reasons();
    assert_eq!(told.len(), 300);
    assert!(told.iter().enumerate().all(|(n, told)| *told == (&*format!("message {n}"), "while_away")), "{told:?}");
}

#[tokio::test]
async fn one_very_busy_conversation_is_counted_where_it_cannot_be_read_to_the_end() {
    let (server, hand) = server(world()).await;
    let folder = tempfile::tempdir().unwrap();
    let mut watcher = Watcher::start(&server, folder.path()).await;
    gap(&server).await;
    for n in 0..700 {
        server.person("rosa").direct("morgan", &format!("message {n}")).unwrap();
    }
    hand.advance_ms(10 * MINUTE_MS);
    watcher.until("the summary", |watcher| !watcher.toasts.is_empty()).await;
    assert_eq!(watcher.texts(), ["700 messages in 1 conversation while you were away"]);
    assert_eq!(posts_read(&server), 4);
    assert_eq!(watcher.view().badge.mentions, 700);
}

#[tokio::test]
async fn a_restart_announces_exactly_what_came_after_and_a_first_start_nothing_old() {
    let (server, hand) = server(world()).await;
    let folder = tempfile::tempdir().unwrap();
    server.person("rosa").direct("morgan", "long before").unwrap();
    hand.advance_ms(1_000);
    let mut watcher = Watcher::start(&server, folder.path()).await;
    server.person("rosa").direct("morgan", "announced live").unwrap();
    watcher.settled(&server).await;
    assert_eq!(watcher.texts(), ["announced live"]);
    watcher.dies();

    server.person("rosa").direct("morgan", "came while nothing ran").unwrap();
    hand.advance_ms(5_000);
    let mut watcher = Watcher::start(&server, folder.path()).await;
    watcher.until("what came meanwhile", |watcher| !watcher.toasts.is_empty()).await;
    watcher.settled(&server).await;
    assert_eq!(watcher.texts(), ["came while nothing ran"]);
    assert_eq!(watcher.view().badge.mentions, 3);
    watcher.dies();

    let mut watcher = Watcher::start(&server, folder.path()).await;
    watcher.settled(&server).await;
    assert_eq!(watcher.texts(), [""; 0], "nothing is announced again");
}

#[tokio::test]
async fn a_crash_between_deciding_and_showing_loses_nothing() {
    let (server, hand) = server(world()).await;
    let folder = tempfile::tempdir().unwrap();
    let mut watcher = Watcher::start_with(&server, folder.path(), fast(), false).await;
    server.person("rosa").direct("morgan", "decided, never painted").unwrap();
    watcher.settled(&server).await;
    // Much that was decided later does not hide it.
    hand.advance_ms(10 * MINUTE_MS);
    server.person("jun").posts("ops-room", "later").unwrap();
    watcher.settled(&server).await;
    watcher.dies();
    let mut watcher = Watcher::start(&server, folder.path()).await;
    watcher.until("it after all", |watcher| !watcher.toasts.is_empty()).await;
    assert_eq!(watcher.texts(), ["1 message in 1 conversation while you were away"]);
    watcher.settled(&server).await;
    watcher.dies();
    let mut watcher = Watcher::start(&server, folder.path()).await;
    watcher.settled(&server).await;
    assert_eq!(watcher.texts(), [""; 0]);
}

fn fast() -> Timing {
    Timing { base: Duration::from_millis(50), jitter: Duration::ZERO, load_gap: Duration::ZERO, ..Timing::default() }
}

#[tokio::test]
async fn posts_that_come_live_while_a_gap_is_closed_are_decided_once_and_in_order() {
    let (server, hand) = server(world()).await;
    let folder = tempfile::tempdir().unwrap();
    let mut watcher = Watcher::start(&server, folder.path()).await;
    server.fails("/posts", &HttpFault::Delay(Duration::from_millis(400)), 1);
    gap(&server).await;
    for n in 0..3 {
        server.person("rosa").direct("morgan", &format!("missed {n}")).unwrap();
        hand.advance_ms(10);
    }
    server.wait_for_request("/posts").await;
    for n in 0..3 {
        server.person("rosa").direct("morgan", &format!("live {n}")).unwrap();
        hand.advance_ms(10);
    }
    watcher.settled(&server).await;
    let wanted = ["missed 0", "missed 1", "missed 2", "live 0", "live 1", "live 2"];
    assert_eq!(watcher.reasons(), wanted.map(|text| (text, "notify")));
    assert_eq!(watcher.texts(), wanted);
    assert_eq!(watcher.view().badge.mentions, 6);
}

#[tokio::test]
async fn a_server_that_stumbles_while_a_gap_is_closed_is_asked_again() {
    let (server, _hand) = server(world()).await;
    let folder = tempfile::tempdir().unwrap();
    let mut watcher = Watcher::start(&server, folder.path()).await;
    server.fails("/posts", &HttpFault::BadGateway, 1);
    gap(&server).await;
    server.person("rosa").direct("morgan", "after a stumble").unwrap();
    watcher.until("the message", |watcher| !watcher.toasts.is_empty()).await;
    assert_eq!(watcher.texts(), ["after a stumble"]);
    assert_eq!(posts_read(&server), 2);
}

#[tokio::test]
async fn replies_in_followed_threads_are_caught_up_with() {
    let world = World::small().configured("CollapsedThreads", "always_on");
    let (server, _hand) = server(world).await;
    let folder = tempfile::tempdir().unwrap();
    let mine = server.person("morgan").posts("ops-room", "How do we ship?").unwrap();
    let theirs = server.person("rosa").posts("ops-room", "Lunch?").unwrap();
    let mut watcher = Watcher::start(&server, folder.path()).await;
    gap(&server).await;
    server.person("rosa").replies(&mine, "by train").unwrap();
    server.person("jun").replies(&theirs, "at noon").unwrap();
    server.person("jun").replies(&theirs, "with @morgan").unwrap();
    watcher.until("both", |watcher| watcher.toasts.len() == 2).await;
    watcher.settled(&server).await;
    assert_eq!(watcher.texts(), ["by train", "with @morgan"]);
    let counts = server.counts("morgan").unwrap();
    assert_eq!(i64::from(watcher.view().badge.mentions), counts.badge_mentions);
}

#[tokio::test]
async fn an_event_that_vanished_without_a_gap_is_noticed_by_the_counts() {
    let (server, _hand) = server(world()).await;
    let folder = tempfile::tempdir().unwrap();
    let often = Timing { counts_every: Duration::from_millis(200), counts_jitter: Duration::ZERO, ..fast() };
    let mut watcher = Watcher::start_with(&server, folder.path(), often, true).await;
    server.swallows_next("posted");
    server.person("rosa").posts("ops-room", "the lost one, @morgan").unwrap();
    watcher.until("the lost one", |watcher| !watcher.toasts.is_empty()).await;
    assert_eq!(watcher.texts(), ["the lost one, @morgan"]);
    assert_eq!(watcher.view().badge.mentions, 1);
    server.swallows_next("multiple_channels_viewed");
    server.person("morgan").reads("ops-room").unwrap();
    watcher.until("the badge to be right", |watcher| watcher.view().badge.mentions == 0).await;
    // Direct messages are in no sum of the server.
    server.person("rosa").direct("morgan", "read on the phone").unwrap();
    watcher.until("the direct message", |watcher| watcher.view().badge.mentions == 1).await;
    server.swallows_next("multiple_channels_viewed");
    server.person("morgan").reads("@rosa").unwrap();
    watcher.until("the badge to be right again", |watcher| watcher.view().badge.mentions == 0).await;
    assert_eq!(watcher.texts().len(), 2, "and nothing is announced twice");
}
