//! Sockets: greeting, numbering, resuming, and the ways in which they end.

use std::time::Duration;

use crate::common::{Socket, api, connected, request, start, start_by_hand};
use belfry_practice_server::{Options, PracticeServer, Version, World};
use serde_json::{Value, json};

#[tokio::test]
async fn hello_is_number_zero_and_comes_before_the_first_answer() {
    let server = start(World::small()).await;
    let token = server.person("morgan").signs_in().expect("morgan");
    let mut socket = Socket::open(&server, Some(&token), "connection_id=&sequence_number=0").await;
    let hello = socket.next().await.expect("hello");
    assert_eq!((hello["event"].as_str(), hello["seq"].as_u64()), (Some("hello"), Some(0)));
    assert_eq!(hello["data"]["server_version"].as_str().and_then(|v| v.get(..6)), Some("11.1.0"));
    let pong = socket.ping().await;
    assert_eq!((pong["status"].as_str(), pong["data"]["text"].as_str()), (Some("OK"), Some("pong")));
    assert_eq!(socket.events[0]["event"], "status_change");
    server.person("rosa").posts("ops-room", "one").expect("a post");
    assert_eq!(socket.fresh().await.last().map(|e| e["seq"].clone()), Some(json!(2)));
}

#[tokio::test]
async fn a_challenge_works_once_and_is_ignored_afterwards() {
    let server = start(World::small()).await;
    let token = server.person("morgan").signs_in().expect("morgan");
    let mut socket = Socket::open(&server, None, "connection_id=&sequence_number=0").await;
    socket.send("authentication_challenge", json!({ "token": token })).await;
    let mut seen = Vec::new();
    while let Some(frame) = socket.next().await {
        let done = frame["status"] == "OK";
        seen.push(frame);
        if done {
            break;
        }
    }
    assert_eq!(seen[0]["event"], "hello");
    assert_eq!(seen.last().map(|f| f["seq_reply"].clone()), Some(json!(1)));
    socket.send("authentication_challenge", json!({ "token": token })).await;
    assert_eq!(socket.ping().await["seq_reply"], 3, "the second challenge got no answer");
}

#[tokio::test]
async fn a_bad_token_is_let_in_and_thrown_out_without_a_word() {
    let server = start(World::small()).await;
    let mut socket = Socket::open(&server, Some("nonsense"), "connection_id=&sequence_number=0").await;
    socket.send("ping", json!({})).await;
    assert_eq!(socket.next().await, None);
    let mut socket = Socket::open(&server, None, "").await;
    socket.send("authentication_challenge", json!({ "token": "nonsense" })).await;
    assert_eq!(socket.next().await, None);
}

#[tokio::test]
async fn missed_events_are_replayed_without_a_hello() {
    let server = start(World::small()).await;
    let (socket, id, token) = connected(&server, "morgan").await;
    socket.close().await;
    server.wait_for_disconnection("morgan").await;
    for n in 0..3 {
        server.person("rosa").direct("morgan", &format!("while you were gone {n}")).expect("a post");
    }
    let mut socket = Socket::open(&server, Some(&token), &format!("connection_id={id}&sequence_number=2")).await;
    let events = socket.fresh().await;
    let numbers: Vec<u64> = events.iter().filter_map(|e| e["seq"].as_u64()).collect();
    assert_eq!(numbers, (2..2 + numbers.len() as u64).collect::<Vec<_>>());
    let posts: Vec<&Value> = events.iter().filter(|e| e["event"] == "posted").collect();
    assert_eq!(posts.len(), 3);
    assert!(!events.iter().any(|e| e["event"] == "hello"));
}

#[tokio::test]
async fn events_that_were_sent_but_lost_come_again_and_too_old_ones_do_not() {
    let server = start(World::small()).await;
    let (mut socket, id, token) = connected(&server, "morgan").await;
    for n in 0..200 {
        server.person("rosa").posts("ops-room", &format!("post {n}")).expect("a post");
        if n % 50 == 49 {
            socket.fresh().await;
        }
    }
    let next = 2 + 200;
    socket.close().await;
    server.wait_for_disconnection("morgan").await;
    let from = next - 128;
    let mut socket = Socket::open(&server, Some(&token), &format!("connection_id={id}&sequence_number={from}")).await;
    let first = socket.next().await.expect("a replayed event");
    assert_eq!(first["seq"], from);
    socket.fresh().await;
    socket.close().await;
    server.wait_for_disconnection("morgan").await;
    let query = format!("connection_id={id}&sequence_number={}", from - 10);
    let mut socket = Socket::open(&server, Some(&token), &query).await;
    let hello = socket.next().await.expect("hello");
    assert_eq!((hello["event"].as_str(), hello["data"]["connection_id"] == id.as_str()), (Some("hello"), false));
}

#[tokio::test]
async fn nothing_missed_means_silence_until_the_next_event() {
    let server = start(World::small()).await;
    let (socket, id, token) = connected(&server, "morgan").await;
    server.person("morgan").sets_status("dnd").expect("morgan");
    socket.close().await;
    server.wait_for_disconnection("morgan").await;
    let mut socket = Socket::open(&server, Some(&token), &format!("connection_id={id}&sequence_number=3")).await;
    assert_eq!(socket.names().await, Vec::<String>::new());
    server.person("rosa").posts("ops-room", "next").expect("a post");
    assert_eq!(socket.fresh().await[0]["seq"], 3);
}

#[tokio::test]
async fn unknown_foreign_future_and_forgotten_connections_get_a_new_hello() {
    let server = start(World::small()).await;
    let (socket, id, token) = connected(&server, "morgan").await;
    let still_open = Socket::open(&server, Some(&token), &format!("connection_id={id}&sequence_number=2")).await;
    let rosa = server.person("rosa").signs_in().expect("rosa");
    socket.close().await;
    still_open.close().await;
    server.wait_for_disconnection("morgan").await;
    let unknown = "a".repeat(26);
    for (token, query) in [
        (&token, format!("connection_id={unknown}&sequence_number=5")),
        (&token, format!("connection_id={id}&sequence_number=500")),
        (&rosa, format!("connection_id={id}&sequence_number=2")),
    ] {
        let mut socket = Socket::open(&server, Some(token), &query).await;
        assert_eq!(socket.next().await.expect("hello")["event"], "hello", "{query}");
        socket.close().await;
    }
    server.wait_for_disconnection("morgan").await;
    server.forgets_lost_connections();
    let mut socket = Socket::open(&server, Some(&token), &format!("connection_id={id}&sequence_number=2")).await;
    assert_eq!(socket.next().await.expect("hello")["event"], "hello");
}

#[tokio::test]
async fn malformed_resume_parameters_end_the_connection_at_once() {
    let server = start(World::small()).await;
    let (socket, id, token) = connected(&server, "morgan").await;
    socket.close().await;
    server.wait_for_disconnection("morgan").await;
    for query in [
        "connection_id=short&sequence_number=1".to_owned(),
        format!("connection_id={id}&sequence_number=x"),
        format!("connection_id={id}"),
    ] {
        let mut socket = Socket::open(&server, Some(&token), &query).await;
        assert_eq!(socket.next().await, None, "{query}");
    }
}

#[tokio::test]
async fn an_old_server_never_resumes() {
    let server = start(World::small().of_version(Version(5, 37, 0))).await;
    let (socket, id, token) = connected(&server, "morgan").await;
    socket.close().await;
    server.wait_for_disconnection("morgan").await;
    let mut socket = Socket::open(&server, Some(&token), &format!("connection_id={id}&sequence_number=2")).await;
    let hello = socket.next().await.expect("hello");
    assert_eq!((hello["event"].as_str(), hello["seq"].as_u64()), (Some("hello"), Some(0)));
    assert!(hello["broadcast"].get("connection_id").is_none());
}

#[tokio::test]
async fn up_to_255_posts_wait_for_a_lost_connection_and_the_next_ends_it() {
    for (posts, resumed) in [(250, true), (256, false)] {
        let server = start(World::small()).await;
        let (socket, id, token) = connected(&server, "morgan").await;
        server.person("morgan").sets_status("dnd").expect("morgan");
        socket.close().await;
        server.wait_for_disconnection("morgan").await;
        for n in 0..posts {
            server.person("rosa").posts("ops-room", &n.to_string()).expect("a post");
        }
        let mut socket = Socket::open(&server, Some(&token), &format!("connection_id={id}&sequence_number=3")).await;
        let first = socket.next().await.expect("a frame");
        assert_eq!(first["event"] != "hello", resumed, "{posts} posts");
    }
}

#[tokio::test]
async fn a_revoked_session_stays_open_silent_and_fails_its_pings() {
    // With the real server's patience, so that the look at young connections does not come in between.
    let server = PracticeServer::start(Options::default()).await.expect("the server starts");
    let (mut socket, ..) = connected(&server, "morgan").await;
    server.revokes_session("morgan").expect("morgan");
    server.person("rosa").direct("morgan", "you do not hear this").expect("a post");
    let reply = socket.ping().await;
    assert_eq!(reply["status"], "FAIL");
    assert_eq!(reply["error"]["id"], "api.web_socket_router.not_authenticated.app_error");
    assert!(socket.events.is_empty());
    let again = server.person("morgan").signs_in().expect("morgan");
    socket.send("authentication_challenge", json!({ "token": again })).await;
    let hello = socket.next().await.expect("hello");
    assert_eq!(hello["event"], "hello");
    assert_ne!(hello["seq"], 0);
}

#[tokio::test]
async fn large_and_undecodable_client_frames_end_the_connection() {
    let server = start(World::small()).await;
    let (mut socket, ..) = connected(&server, "morgan").await;
    let text = json!({ "seq": 9, "action": "ping", "data": { "x": "y".repeat(9000) } }).to_string();
    socket.send_text(&text).await;
    assert_eq!(socket.end().await.map(|f| u16::from(f.code)), Some(1009));
    let (mut socket, ..) = connected(&server, "rosa").await;
    socket.send_text("not json").await;
    assert_eq!(socket.next().await, None);
}

#[tokio::test]
async fn failures_name_the_request_except_number_zero() {
    let server = start(World::small()).await;
    let (mut socket, ..) = connected(&server, "morgan").await;
    socket.send_text(r#"{"action":"ping"}"#).await;
    let reply = socket.next().await.expect("a reply");
    assert_eq!(reply["error"]["id"], "api.web_socket_router.bad_seq.app_error");
    assert!(reply.get("seq_reply").is_none());
    socket.send_text(r#"{"action":"dance","seq":4}"#).await;
    let reply = socket.next().await.expect("a reply");
    assert_eq!((reply["seq_reply"].as_i64(), reply["error"]["status_code"].as_i64()), (Some(4), Some(500)));
}

#[tokio::test]
async fn gaps_and_doubles_come_on_demand() {
    let server = start(World::small()).await;
    let (mut socket, ..) = connected(&server, "morgan").await;
    server.skips_sequence(3);
    server.duplicates_next();
    server.person("rosa").posts("ops-room", "one").expect("a post");
    let numbers: Vec<u64> = socket.fresh().await.iter().filter_map(|e| e["seq"].as_u64()).collect();
    assert_eq!(numbers, [5, 5]);
    server.sends_raw("morgan", r#"{"event":"made_up"}"#).expect("morgan");
    assert_eq!(socket.fresh().await[0]["event"], "made_up");
}

#[tokio::test]
async fn a_reset_connection_resumes_and_a_restart_forgets() {
    let server = start(World::small()).await;
    let (mut socket, id, token) = connected(&server, "morgan").await;
    server.drops_mid_frame();
    server.person("rosa").posts("ops-room", "cut in the middle").expect("a post");
    assert_eq!(socket.next().await, None);
    server.wait_for_disconnection("morgan").await;
    let mut socket = Socket::open(&server, Some(&token), &format!("connection_id={id}&sequence_number=2")).await;
    assert_eq!(socket.next().await.expect("the post again")["event"], "posted");
    server.restarts();
    // Availability may have changed in between; what counts is that it ends.
    while socket.next().await.is_some() {}
    let mut socket = Socket::open(&server, Some(&token), &format!("connection_id={id}&sequence_number=3")).await;
    assert_eq!(socket.next().await.expect("hello")["event"], "hello");
}

#[tokio::test]
async fn presence_is_written_down() {
    let server = start(World::small()).await;
    let (mut socket, ..) = connected(&server, "morgan").await;
    socket.send("user_update_active_status", json!({ "user_is_active": true, "manual": false })).await;
    socket.send("user_update_active_status", json!({ "user_is_active": false, "manual": false })).await;
    socket.fresh().await;
    socket.close().await;
    server.wait_until(|s| s.status("morgan").as_deref() == Ok("offline")).await;
    let causes: Vec<String> = server.presence_ledger("morgan").into_iter().map(|e| e.cause).collect();
    assert_eq!(causes, ["connect", "active_message", "idle_message", "disconnect"]);
}

#[tokio::test]
async fn foreign_pages_cannot_connect() {
    let server = start(World::small()).await;
    let headers = [
        "Origin: https://evil.example".to_owned(),
        "Upgrade: websocket".to_owned(),
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==".to_owned(),
    ];
    assert_eq!(request(&server, "GET", "/api/v4/websocket", &headers, "").await.status, 403);
}

#[tokio::test]
async fn reading_with_and_without_an_id_differs_for_presence() {
    let server = start(World::small()).await;
    let token = server.person("morgan").signs_in().expect("morgan");
    let empty = json!({ "channel_id": "", "collapsed_threads_supported": true });
    api(&server, &token, "POST", "channels/members/me/view", empty).await;
    assert_eq!(server.status("morgan").as_deref(), Ok("offline"));
    let channel = server.person("morgan").channel("ops-room").expect("a channel");
    let full = json!({ "channel_id": channel, "collapsed_threads_supported": true });
    api(&server, &token, "POST", "channels/members/me/view", full).await;
    assert_eq!(server.status("morgan").as_deref(), Ok("online"));
}

#[tokio::test]
async fn other_processes_have_the_same_verbs_but_web_pages_do_not() {
    let server = start(World::small()).await;
    let body = json!({ "as": "rosa", "channel": "ops-room", "message": "@morgan look" }).to_string();
    let made = request(&server, "POST", "/practice/post", &[], &body).await;
    assert_eq!(made.json()["post_id"].as_str().map(str::len), Some(26));
    let counts = request(&server, "GET", "/practice/counts?user=morgan", &[], "").await.json();
    assert_eq!(counts["badge_mentions"], 1);
    let origin = ["Origin: http://127.0.0.1".to_owned()];
    assert_eq!(request(&server, "POST", "/practice/post", &origin, &body).await.status, 403);
    assert_eq!(request(&server, "POST", "/practice/post", &[], "{}").await.status, 400);
}

#[tokio::test]
async fn a_session_that_ran_out_leaks_its_token_into_the_failure_and_hears_on() {
    let server = start(World::small()).await;
    let (mut socket, _, token) = connected(&server, "morgan").await;
    server.expires_session("morgan").expect("morgan");
    server.person("rosa").posts("ops-room", "still heard").expect("a post");
    let reply = socket.ping().await;
    assert_eq!(reply["error"]["id"], "api.context.invalid_token.error");
    assert!(reply["error"]["message"].as_str().is_some_and(|m| m.contains(&token)));
    assert_eq!(socket.events[0]["event"], "posted");
    assert_eq!(api(&server, &token, "GET", "users/me", Value::Null).await.status, 401);
}

#[tokio::test]
async fn a_client_that_does_not_answer_pings_is_dropped() {
    let (server, _hand) = start_by_hand(Duration::from_millis(20), Duration::from_millis(80)).await;
    let (_deaf, ..) = connected(&server, "morgan").await;
    server.wait_for_disconnection("morgan").await;
}

#[tokio::test]
async fn an_idle_person_turns_away_on_a_pong_after_five_minutes() {
    let (server, hand) = start_by_hand(Duration::from_millis(20), Duration::from_mins(1)).await;
    let (mut socket, ..) = connected(&server, "morgan").await;
    hand.advance_ms(299_000);
    socket.ping().await;
    assert_eq!(server.status("morgan").as_deref(), Ok("online"));
    hand.advance_ms(1_000);
    while server.status("morgan").as_deref() == Ok("online") {
        socket.ping().await;
    }
    assert_eq!(server.status("morgan").as_deref(), Ok("away"));
    assert_eq!(server.presence_ledger("morgan").last().map(|e| e.cause.clone()), Some("pong".to_owned()));
}

#[tokio::test]
async fn a_client_that_falls_behind_is_closed_without_a_code() {
    let server = start(World::small()).await;
    let (mut socket, ..) = connected(&server, "morgan").await;
    server.stalls();
    for n in 0..600 {
        server.person("rosa").posts("ops-room", &n.to_string()).expect("a post");
    }
    server.wait_for_disconnection("morgan").await;
    server.flows();
    let mut last = 0;
    while let Some(frame) = socket.next().await {
        last = frame["seq"].as_u64().unwrap_or_default();
    }
    assert!(last < 600, "the rest was thrown away, but {last} came");
}

#[tokio::test]
async fn a_proxy_may_want_a_secret_of_its_own() {
    let server = start(World::small().behind_secret("open sesame")).await;
    let path = "/api/v4/system/ping";
    let refused = request(&server, "GET", path, &[], "").await;
    assert_eq!((refused.status, refused.headers["x-reject-reason"].as_str()), (403, "pre-auth"));
    let header = ["X-Mattermost-Preauth-Secret: open sesame".to_owned()];
    assert_eq!(request(&server, "GET", path, &header, "").await.status, 200);
}
