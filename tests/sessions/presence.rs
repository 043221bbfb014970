//! Nobody looks present because Belfry runs; whoever is, does.

use std::time::Duration;

use belfry_core::command::Command;
use belfry_core::ids::ChannelId;
use belfry_core::signal::Signal;
use belfry_net::session::backoff::Timing;
use belfry_practice_server::{Clock, ClockHand, Options, PracticeServer, Timing as ServerTiming, World};

use crate::watcher::{SERVER, Watcher};

const MINUTE_MS: i64 = 60_000;

/// Minutes of a session in milliseconds, so that hours fit into a test.
fn quick() -> Timing {
    Timing {
        base: Duration::from_millis(20),
        jitter: Duration::ZERO,
        jitter_after_close: Duration::ZERO,
        reconnect_gap: Duration::from_millis(5),
        load_gap: Duration::ZERO,
        active_every: Duration::from_millis(100),
        idle_after: Duration::from_millis(150),
        ..Timing::default()
    }
}

/// A server that looks for answers to its pings often, and notices after `offline` that somebody left.
async fn server(offline: Duration) -> (PracticeServer, ClockHand) {
    let (clock, hand) = Clock::by_hand(1_900_000_000_000);
    let timing = ServerTiming { ping: Duration::from_millis(20), offline, ..ServerTiming::default() };
    let options = Options { clock, timing, ..Options::with_world(World::small().with_direct(&["rosa", "morgan"])) };
    (PracticeServer::start(options).await.unwrap(), hand)
}

async fn reaches(server: &PracticeServer, status: &str) {
    let wait = server.wait_until(|server| server.status("morgan").unwrap() == status);
    let waited = tokio::time::timeout(Duration::from_secs(30), wait).await;
    assert!(waited.is_ok(), "never {status}: {:?}", server.presence_ledger("morgan"));
}

fn causes(server: &PracticeServer) -> Vec<String> {
    server.presence_ledger("morgan").into_iter().map(|entry| entry.cause).collect()
}

#[tokio::test]
async fn somebody_who_is_away_stays_away_through_hours_of_sleep_and_lost_connections() {
    let (server, hand) = server(Duration::from_millis(1)).await;
    let folder = tempfile::tempdir().unwrap();
    let watcher = Watcher::start_with(&server, folder.path(), quick(), true).await;
    for hour in 0..6 {
        // Connecting counts as activity for five minutes, which is the server's doing.
        assert_eq!(server.status("morgan").unwrap(), "online");
        hand.advance_ms(5 * MINUTE_MS + 1);
        reaches(&server, "away").await;
        hand.advance_ms(55 * MINUTE_MS);
        if hour % 2 == 0 {
            watcher.signal(Signal::Woke).await;
            watcher.signal(Signal::NetworkUp).await;
        }
        server.drops_person("morgan");
        server.wait_until(|server| causes(server).iter().filter(|cause| *cause == "connect").count() > hour + 1).await;
    }
    hand.advance_ms(5 * MINUTE_MS + 1);
    reaches(&server, "away").await;
    let mut causes = causes(&server);
    causes.sort_unstable();
    causes.dedup();
    let harmless = ["connect", "disconnect", "idle_message", "pong"];
    assert!(causes.iter().all(|cause| harmless.contains(&cause.as_str())), "{causes:?}");
    let comes_online = |entry: &belfry_practice_server::PresenceEntry| entry.from != "online" && entry.to == "online";
    assert!(
        server
            .presence_ledger("morgan")
            .iter()
            .filter(|entry| comes_online(entry))
            .all(|entry| entry.cause == "connect")
    );
    assert!(server.presence_ledger("morgan").iter().all(|entry| !entry.manual), "nobody chose anything by hand");
}

#[tokio::test]
async fn somebody_who_works_is_online_and_is_mended_where_a_reconnect_left_them_offline() {
    // Slower to notice than we are to come back, as a real server is within half a second.
    let (server, hand) = server(Duration::from_millis(300)).await;
    let folder = tempfile::tempdir().unwrap();
    let watcher = Watcher::start_with(&server, folder.path(), quick(), true).await;
    hand.advance_ms(6 * MINUTE_MS);
    reaches(&server, "away").await;
    watcher.signal(Signal::InputSeen { ago_ms: 0 }).await;
    reaches(&server, "online").await;
    server.drops_person("morgan");
    reaches(&server, "offline").await;
    server.wait_for_connection("morgan").await;
    watcher.signal(Signal::InputSeen { ago_ms: 0 }).await;
    reaches(&server, "online").await;
    assert_eq!(causes(&server).last().map(String::as_str), Some("active_message"));
}

#[tokio::test]
async fn typing_into_a_locked_screen_makes_nobody_active() {
    let (server, hand) = server(Duration::from_millis(1)).await;
    let folder = tempfile::tempdir().unwrap();
    let mut watcher = Watcher::start_with(&server, folder.path(), quick(), true).await;
    hand.advance_ms(6 * MINUTE_MS);
    reaches(&server, "away").await;
    watcher.signal(Signal::ScreenLocked(true)).await;
    watcher.signal(Signal::InputSeen { ago_ms: 0 }).await;
    watcher.settled(&server).await;
    assert!(!causes(&server).contains(&"active_message".to_owned()));
    watcher.signal(Signal::ScreenLocked(false)).await;
    watcher.signal(Signal::InputSeen { ago_ms: 0 }).await;
    reaches(&server, "online").await;
}

#[tokio::test]
async fn nothing_that_belfry_asks_or_writes_counts_as_activity() {
    let (server, hand) = server(Duration::from_millis(1)).await;
    let folder = tempfile::tempdir().unwrap();
    let mut watcher = Watcher::start_with(&server, folder.path(), quick(), true).await;
    hand.advance_ms(6 * MINUTE_MS);
    reaches(&server, "away").await;
    server.person("rosa").direct("morgan", "hello").unwrap();
    watcher.until("the message", |watcher| !watcher.toasts.is_empty()).await;
    let channel: ChannelId = watcher.toasts[0].channel_id.unwrap();
    watcher.command(Command::MarkRead { server: SERVER, channel }).await;
    watcher.command(Command::SetMuted { server: SERVER, channel, muted: true }).await;
    watcher.command(Command::CheckAgain(SERVER)).await;
    server.wait_for_request("/notify_props").await;
    // Everything is read once more as well.
    server.restarts();
    server.wait_until(|server| causes(server).iter().filter(|cause| *cause == "connect").count() > 1).await;
    watcher.settled(&server).await;
    let flips = ["active_message", "view", "post", "set"];
    assert!(causes(&server).iter().all(|cause| !flips.contains(&cause.as_str())), "{:?}", causes(&server));
    for bad in ["/members/me/view", "/users/me/status/custom", "/notifications/ack", "POST /api/v4/posts"] {
        assert!(!server.requests().iter().any(|line| line.contains(bad)), "{bad}");
    }
    assert!(!server.requests().iter().any(|line| line.starts_with("PUT") && line.contains("/status")));
}
