//! Servers that send what none should: Belfry keeps its limits, says what is wrong, and goes on when it is over.

use std::time::Duration;

use belfry_core::view::Health;
use belfry_tests::fuzz::answers::direct_message;
use belfry_tests::fuzz::host::{Host, Lie, Manner};

use crate::memory::Sessions;

const SECOND: Duration = Duration::from_secs(1);
const MIB: usize = 1 << 20;

/// A frame of a websocket as a server writes it, with these first bits.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        short @ 0..126 => frame.push(u8::try_from(short).unwrap()),
        middle @ 126..=0xFFFF => {
            frame.push(126);
            frame.extend(u16::try_from(middle).unwrap().to_be_bytes());
        }
        long => {
            frame.push(127);
            frame.extend(u64::try_from(long).unwrap().to_be_bytes());
        }
    }
    frame.extend(payload);
    frame
}

fn text(payload: &str) -> Vec<u8> {
    frame(0x81, payload.as_bytes())
}

async fn one() -> (Host, Sessions) {
    let host = Host::default();
    let mut sessions = Sessions::start(std::slice::from_ref(&host));
    sessions.live().await;
    (host, sessions)
}

/// A first connection to a server with a fault: what a person reads, how long it takes, and that it works afterwards.
async fn fails(fault: impl FnOnce(&Host), sentence: &str) -> (Host, Duration) {
    let host = Host::default();
    fault(&host);
    let mut sessions = Sessions::start(std::slice::from_ref(&host));
    let waited = sessions.says(1, sentence).await;
    host.behaves();
    sessions.live().await;
    host.says(text(&direct_message("afterwards", "all is well", 2)));
    sessions.decides("afterwards").await;
    (host, waited)
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_trickles_is_given_up_however_steadily_it_comes() {
    for (path, limit) in [
        ("config/client", 30),
        ("/websocket", 30),
        ("/users/me/preferences", 30),
        ("/users/me/channels", 120),
        ("channel_members", 120),
    ] {
        let (_, waited) = fails(|host| host.answers(path, Manner::Trickle), "the server did not answer in time").await;
        assert!(waited <= limit * SECOND + 5 * SECOND, "{path}: {waited:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_start_with_pages_that_never_end_is_over_after_five_minutes() {
    let rows: Vec<String> = (0..200).map(|n| format!("{{\"channel_id\":\"c{n}\"}}")).collect();
    let page = format!("[{}]", rows.join(","));
    let pages = Lie { path: "channel_members".to_owned(), status: Some(200), body: page.into_bytes() };
    let host = Host::lying(vec![pages]);
    // Each page is in time, all of them together are not.
    host.answers("page=", Manner::Trickle);
    let mut sessions = Sessions::start(std::slice::from_ref(&host));
    let waited = sessions.says(1, "the server did not answer in time").await;
    assert!(waited <= 305 * SECOND, "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_body_without_end_is_cut_at_its_limit() {
    for (path, most) in [("config/client", 4), ("/users/me/preferences", 4), ("/users/me/channels", 64)] {
        let fault = |host: &Host| host.answers(path, Manner::EndlessBody);
        let (host, _) = fails(fault, "the server's answer was larger than any should be").await;
        assert!(host.poured() <= (most + 1) * MIB, "{path}: {} bytes were taken", host.poured());
    }
}

#[tokio::test(start_paused = true)]
async fn headers_and_cookies_without_end_are_cut_early() {
    for (path, sentence) in [
        ("config/client", "the server's answer could not be read"),
        ("/users/me/preferences", "the server's answer could not be read"),
        ("/websocket", "does not speak websocket"),
    ] {
        let (host, _) = fails(|host| host.answers(path, Manner::EndlessHead), sentence).await;
        assert!(host.poured() <= 2 * MIB, "{path}: {} bytes were taken", host.poured());
    }
}

#[tokio::test(start_paused = true)]
async fn a_redirect_to_itself_is_asked_once() {
    let body =
        b"HTTP/1.1 302 Found\r\nLocation: /api/v4/config/client?format=old\r\nContent-Length: 0\r\n\r\n".to_vec();
    let host = Host::lying(vec![Lie { path: "config/client".to_owned(), status: None, body }]);
    let mut sessions = Sessions::start(std::slice::from_ref(&host));
    sessions.says(1, "if this network wants you to sign in").await;
    assert_eq!(host.requests().len(), 1, "{:?}", host.requests());
}

#[tokio::test(start_paused = true)]
async fn bytes_that_are_no_text_cost_an_answer_and_not_more() {
    let body = b"{\"id\":\"me\",\"username\":\"\xFF\xFE\"}".to_vec();
    let lie = Lie { path: "users/me/preferences".to_owned(), status: Some(200), body };
    let host = Host::lying(vec![lie]);
    let mut sessions = Sessions::start(std::slice::from_ref(&host));
    // Preferences decide which threads count: they are asked for again rather than guessed, or done without.
    sessions.live().await;
    host.says(text(&direct_message("afterwards", "all is well", 2)));
    sessions.decides("afterwards").await;
}

#[tokio::test(start_paused = true)]
async fn frames_that_break_the_protocol_end_the_connection_with_a_sentence() {
    let huge = |length: u64| [vec![0x81, 127], length.to_be_bytes().to_vec()].concat();
    let broken: Vec<(&str, Vec<u8>)> = vec![
        ("text that is none", frame(0x81, b"{\"event\":\"\xFF\xFE\"}")),
        ("text that is cut within a letter", frame(0x81, b"{\"event\":\"\xF0\x9F\"}")),
        ("a reserved kind", frame(0x83, b"x")),
        ("a reserved control", frame(0x8B, b"x")),
        ("reserved bits", frame(0xF1, b"{}")),
        ("an answer without a question", frame(0x80, b"{}")),
        ("a ping in parts", frame(0x09, b"x")),
        ("a ping of 200 bytes", frame(0x89, &[0; 200])),
        ("a goodbye of one byte", frame(0x88, b"x")),
        ("17 MiB at once", [huge(17 << 20), vec![b' '; 17 << 20]].concat()),
        ("a length beyond everything", huge(u64::MAX)),
        ("masked, as only clients do", [vec![0x81, 0x82, 0, 0, 0, 0], b"{}".to_vec()].concat()),
        ("17 MiB in parts", {
            let part = vec![b' '; MIB];
            let mut parts = frame(0x01, &part);
            (0..17).for_each(|_| parts.extend(frame(0x00, &part)));
            parts
        }),
    ];
    for (what, bytes) in broken {
        let (host, mut sessions) = one().await;
        host.says(bytes);
        sessions.says(1, "the connection carried something unreadable").await;
        sessions.live().await;
        assert_eq!(host.sockets(), 2, "{what}");
        let resumed = host.requests().iter().filter(|line| line.contains("connection_id=connection0")).count();
        assert_eq!(resumed, 0, "{what}: what broke once is not asked for again");
        host.says(text(&direct_message("afterwards", "all is well", 2)));
        sessions.decides("afterwards").await;
    }
}

#[tokio::test(start_paused = true)]
async fn frames_that_nobody_needs_are_skipped_and_the_connection_stays() {
    let harmless: Vec<(&str, Vec<u8>)> = vec![
        ("binary", frame(0x82, &[7; 4000])),
        ("two thousand pings", frame(0x89, b"still there?").repeat(2_000)),
        ("ten thousand pongs", frame(0x8A, b"yes").repeat(10_000)),
        ("nothing", text("")),
        ("no object", text("[1,2,3]")),
        ("neither event nor reply", text("{\"hello\":\"world\"}")),
        ("a reply to nothing", text("{\"status\":\"OK\",\"seq_reply\":99999}")),
        ("an event without a number", text("{\"event\":\"posted\",\"data\":{}}")),
        ("text without an end", text("{\"event\":\"posted\",\"data\":")),
        ("in two parts", [frame(0x01, b"{\"hello\":"), frame(0x89, b"x"), frame(0x80, b"1}")].concat()),
        ("deep", text(&"[".repeat(100_000))),
    ];
    for (what, bytes) in harmless {
        let (host, mut sessions) = one().await;
        host.says(bytes);
        host.says(text(&direct_message("afterwards", "all is well", 2)));
        sessions.decides("afterwards").await;
        assert_eq!((host.sockets(), sessions.health(1)), (1, Health::Live), "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_frame_of_ten_mebibytes_is_read_like_any_other() {
    let (host, mut sessions) = one().await;
    let long = "x".repeat(10 * MIB);
    host.says(text(&direct_message("long", &long, 2)));
    host.says(text(&direct_message("afterwards", "all is well", 3)));
    sessions.decides("afterwards").await;
    assert_eq!((host.sockets(), sessions.decided("long")), (1, 1));
    let shown = sessions.decisions.iter().find(|decision| decision.post_id.is_some_and(|id| id.as_str() == "long"));
    assert!(shown.unwrap().text.len() < 2_000, "nobody reads ten mebibytes");
}

#[tokio::test(start_paused = true)]
async fn any_goodbye_is_one_even_where_nobody_hangs_up() {
    let code = |code: u16, reason: &[u8]| frame(0x88, &[&code.to_be_bytes(), reason].concat());
    let goodbyes = [
        frame(0x88, b""),
        code(1000, b""),
        code(1001, b"going away"),
        code(1009, b"too big"),
        code(1011, b"an error"),
        code(1012, b"restart"),
        code(1013, b"later"),
        code(4001, b"ours alone"),
    ];
    for goodbye in goodbyes {
        let (host, mut sessions) = one().await;
        host.says(goodbye.clone());
        let waited = sessions.says(1, "the server closed the connection").await;
        assert!(waited <= 2 * SECOND, "{goodbye:?} {waited:?}");
        sessions.live().await;
    }
}

#[tokio::test(start_paused = true)]
async fn absurd_words_of_a_hello_go_nowhere() {
    let (host, mut sessions) = one().await;
    let hello = serde_json::json!({
        "event": "hello", "seq": 0,
        "data": {"connection_id": "k".repeat(100_000), "server_version": "9".repeat(100_000)},
    });
    host.drops();
    sessions.until("gone", |sessions| sessions.health(1) != Health::Live).await;
    sessions.live().await;
    host.says(text(&hello.to_string()));
    host.drops();
    sessions.until("gone again", |sessions| sessions.health(1) != Health::Live).await;
    sessions.live().await;
    assert!(host.requests().iter().all(|line| line.len() < 1_000), "nothing absurd is repeated");
    assert!(sessions.view().servers[0].version.len() < 200);
}

#[tokio::test(start_paused = true)]
async fn clocks_that_are_hours_or_ages_apart_lose_nothing_and_double_nothing() {
    for date in [
        "Wed, 18 Nov 2026 03:05:00 GMT",
        "Thu, 19 Nov 2026 23:59:00 GMT",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "no date at all",
    ] {
        let host = Host::default();
        host.claims(date);
        let mut sessions = Sessions::start(std::slice::from_ref(&host));
        sessions.live().await;
        for gap in 1..=3 {
            host.drops();
            sessions.decides(&format!("ops{gap}")).await;
            sessions.decides(&format!("dm{gap}")).await;
            sessions.live().await;
        }
        host.says(text(&direct_message("afterwards", "all is well", 2)));
        sessions.decides("afterwards").await;
        for post in ["ops1", "ops2", "ops3", "dm1", "dm2", "dm3", "afterwards"] {
            assert_eq!(sessions.decided(post), 1, "{date}: {post}");
        }
    }
}
