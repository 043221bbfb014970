//! What stands between a person and a server is said in one sentence, and mends itself.

use std::time::Duration;

use belfry_core::signal::Signal;
use belfry_core::view::Health;
use belfry_net::session::backoff::Timing;
use belfry_practice_server::{HttpFault, PracticeServer, World};

use crate::watcher::{SERVER, Watcher, server};

/// Requests that fail: more than are made while a test looks.
const ALL: usize = 10_000;

fn patient() -> Timing {
    Timing {
        base: Duration::from_millis(30),
        jitter: Duration::ZERO,
        jitter_after_close: Duration::ZERO,
        reconnect_gap: Duration::from_millis(5),
        load_gap: Duration::ZERO,
        steady_failures: u32::MAX,
        ..Timing::default()
    }
}

fn reason(watcher: &Watcher) -> String {
    match watcher.view().server(SERVER).map(|server| server.health.clone()) {
        Some(Health::Waiting { reason, .. }) => reason,
        _ => String::new(),
    }
}

fn is_live(watcher: &Watcher) -> bool {
    watcher.view().server(SERVER).is_some_and(|server| server.health == Health::Live)
}

/// Loses the connection while requests to `path` fail, sees why, and comes back when they do not any more.
async fn says(path: &str, fault: HttpFault, expected: &str) {
    let (server, _hand) = server(World::small()).await;
    let folder = tempfile::tempdir().unwrap();
    let mut watcher = Watcher::start_with(&server, folder.path(), patient(), true).await;
    server.fails(path, &fault, ALL);
    // A restart: nothing can be resumed, so everything is asked for.
    server.restarts();
    watcher.until(expected, |watcher| reason(watcher).contains(expected)).await;
    server.behaves();
    watcher.until("live again", is_live).await;
    assert_works(&mut watcher, &server).await;
}

async fn assert_works(watcher: &mut Watcher, server: &PracticeServer) {
    server.person("rosa").posts("ops-room", "ask @morgan").unwrap();
    watcher.until("a message", |watcher| watcher.texts().contains(&"ask @morgan")).await;
}

#[tokio::test]
async fn a_proxys_error_page_is_a_server_that_is_not_available() {
    says("", HttpFault::BadGateway, "the server is not available at present").await;
}

#[tokio::test]
async fn a_proxys_error_page_for_the_websocket_alone_is_said_as_well() {
    says("/websocket", HttpFault::BadGateway, "the server is not available at present").await;
}

#[tokio::test]
async fn an_internal_error_names_its_status() {
    says("", HttpFault::Internal, "with status 500").await;
}

#[tokio::test]
async fn a_captive_portal_that_answers_everything_with_its_page_is_named_with_what_to_do() {
    says("", HttpFault::WebPage, "if this network wants you to sign in, do that in a browser").await;
}

#[tokio::test]
async fn a_captive_portal_that_redirects_is_named_with_what_to_do() {
    let portal = HttpFault::Redirect("http://portal.invalid/welcome".to_owned());
    says("", portal, "if this network wants you to sign in, do that in a browser").await;
}

#[tokio::test]
async fn a_captive_portal_that_answers_the_websocket_alone_is_named() {
    says("/websocket", HttpFault::WebPage, "a web page answered in the server's place").await;
}

#[tokio::test]
async fn pages_in_place_of_the_lists_that_are_loaded_are_not_taken_for_empty_lists() {
    says("/users/me/channels", HttpFault::WebPage, "a web page answered in the server's place").await;
}

#[tokio::test]
async fn a_server_that_wants_us_to_slow_down_is_not_tried_before_its_time() {
    let slow = "the server asked us to slow down";
    let away = "the server is not available at present";
    for (path, fault, said) in [
        ("/websocket", HttpFault::TooMany(60), slow),
        ("", HttpFault::TooMany(60), slow),
        ("/websocket", HttpFault::BackAt(60), away),
        ("", HttpFault::BackAt(60), away),
    ] {
        let (server, _hand) = server(World::small()).await;
        let folder = tempfile::tempdir().unwrap();
        let mut watcher = Watcher::start_with(&server, folder.path(), patient(), true).await;
        // Longer than a request waits by itself, so the session has to.
        server.fails(path, &fault, ALL);
        server.restarts();
        watcher.until(&format!("{said}, of {path:?}"), |watcher| reason(watcher) == said).await;
        let asked = |server: &PracticeServer| server.requests().iter().filter(|line| line.contains(path)).count();
        let before = asked(&server);
        let Some(Health::Waiting { retry_at_ms, .. }) =
            watcher.view().server(SERVER).map(|server| server.health.clone())
        else {
            panic!("it does not wait")
        };
        assert!(retry_at_ms - belfry_net::clock::wall_ms() > 30_000, "a minute was asked for");
        // A change of the network is no reason to ignore the wish.
        watcher.signal(Signal::NetworkUp).await;
        watcher.signal(Signal::Woke).await;
        watcher.signal(Signal::SystemDoNotDisturb(true)).await;
        tokio::task::yield_now().await;
        assert_eq!(asked(&server), before);
        // The person's own wish is one request.
        server.behaves();
        watcher.command(belfry_core::command::Command::CheckAgain(SERVER)).await;
        watcher.until("live again", is_live).await;
    }
}

#[tokio::test]
async fn another_node_of_a_cluster_knows_nothing_and_everything_is_there_all_the_same() {
    let (server, _hand) = server(World::small()).await;
    let folder = tempfile::tempdir().unwrap();
    let mut watcher = Watcher::start_with(&server, folder.path(), patient(), true).await;
    let config =
        |server: &PracticeServer| server.requests().iter().filter(|line| line.ends_with("/users/me/channels")).count();
    let before = config(&server);
    // The old connection lives on at the node that is not asked: no resume, another connection id.
    server.drops_person("morgan");
    server.wait_for_disconnection("morgan").await;
    server.forgets_lost_connections();
    server.wait_until(|server| config(server) > before).await;
    watcher.until("live again", is_live).await;
    assert_works(&mut watcher, &server).await;
}

#[tokio::test]
async fn a_connection_that_died_in_a_sleep_is_noticed_at_once_and_replaced() {
    let (server, _hand) = server(World::small()).await;
    let folder = tempfile::tempdir().unwrap();
    let timing = Timing { urgent_ping: Duration::from_millis(200), ..patient() };
    let mut watcher = Watcher::start_with(&server, folder.path(), timing, true).await;
    server.stalls();
    server.person("rosa").posts("ops-room", "while it slept, @morgan").unwrap();
    watcher.signal(Signal::Woke).await;
    watcher.until("the missed message", |watcher| watcher.texts().contains(&"while it slept, @morgan")).await;
    assert_works(&mut watcher, &server).await;
}
