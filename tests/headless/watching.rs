//! What it prints, and how little it needs for that.

use std::net::{Ipv4Addr, TcpListener};

use belfry_tests::eventually;
use belfry_tests::notifications::Notifications;
use serde_json::Value;

use crate::scene::{Headless, Home, is_state, practice, practice_at};

#[test]
fn a_message_becomes_a_decision_line_without_display_bus_or_sound_and_a_badge_line_follows() {
    let (home, practice) = (Home::new(), practice());
    let headless = home.watches_server(&practice);
    let id = practice.person("rosa").direct("morgan", "Can you look at the release notes?").unwrap();
    let decision = headless.decision(&id);
    assert_eq!(decision["verdict"], "notify");
    assert_eq!(decision["reason"], Value::Null);
    assert_eq!(decision["title"], "Direct Message");
    assert!(decision["body"].as_str().unwrap().ends_with("Can you look at the release notes?"), "{decision}");
    assert_eq!(decision["sound"], "Bing");
    assert!(decision["trace"].as_array().is_some_and(|trace| !trace.is_empty()));
    headless.until("the badge", |lines| lines.iter().any(|line| line["kind"] == "badge" && line["text"] == "1"));

    let quiet = practice.person("rosa").posts("ops-room", "nothing for anybody").unwrap();
    let decision = headless.decision(&quiet);
    assert_eq!((&decision["verdict"], &decision["reason"]), (&"skip".into(), &"not_mentioned".into()));

    let lines = headless.lines();
    let states: Vec<&str> =
        lines.iter().filter(|line| line["kind"] == "state").map(|line| line["state"].as_str().unwrap()).collect();
    assert_eq!(states.first(), Some(&"connecting"), "{states:?}");
    assert_eq!(states.last(), Some(&"connected"), "{states:?}");
    let connected = lines.iter().find(|line| is_state(line, "connected")).unwrap();
    assert_eq!(connected["server"], practice.url());
    assert_eq!(connected["username"], "morgan");
    // What is missing is said once, with what to do, and is no reason to end.
    headless.until("the trouble", |lines| {
        lines.iter().any(|line| {
            line["kind"] == "problem" && line["part"] == "notifications" && !line["advice"].as_str().unwrap().is_empty()
        })
    });
    headless.terminates();
}

#[test]
fn where_there_is_a_notification_service_it_shows_the_same() {
    let desktop = belfry_tests::Desktop::start().unwrap();
    let notifications = Notifications::start(&desktop).unwrap();
    let (home, practice) = (Home::new(), practice());
    let token = home.keeps(&practice.person("morgan").makes_personal_token().unwrap());
    let mut command = home.belfry(&["headless", "--server", &practice.url(), "--token-file", &token, "--allow"]);
    command.env("DBUS_SESSION_BUS_ADDRESS", desktop.bus()).stdout(std::process::Stdio::null());
    let _headless = belfry_tests::process::Process::start(&mut command).unwrap();
    practice.until_connected("morgan");
    eventually("the sample", || {
        Ok(notifications.shown().iter().any(|shown| shown.summary == "Notifications are on").then_some(()))
    })
    .unwrap();
    practice.person("rosa").direct("morgan", "Can you look at the release notes?").unwrap();
    eventually("the message", || {
        Ok(notifications.shown().iter().any(|shown| shown.body.ends_with("the release notes?")).then_some(()))
    })
    .unwrap();
}

#[test]
fn in_words_it_says_what_happens_and_never_what_was_written() {
    let (home, practice) = (Home::new(), practice());
    let token = home.keeps(&practice.person("morgan").makes_personal_token().unwrap());
    let headless =
        Headless::start(&home, &["headless", "--server", &practice.url(), "--token-file", &token, "--allow"]);
    let has = |part: &str| headless.text().iter().any(|line| line.contains(part));
    eventually("the connection", || Ok(has(": connected").then_some(()))).unwrap();
    practice.person("rosa").direct("morgan", "the launch code is 0000").unwrap();
    eventually("the message", || Ok((has("shown [Bing]  Direct Message") && has("1 message needs you")).then_some(())))
        .unwrap();
    assert!(!headless.text().join("\n").contains("launch code"), "{:?}", headless.text());
    assert!(!headless.errors().contains("launch code"), "{}", headless.errors());
    headless.terminates();
    assert!(!home.logs().is_empty() && !home.logs().contains("launch code"));
}

#[test]
fn the_token_is_written_nowhere_else() {
    let (home, practice) = (Home::new(), practice());
    let token = practice.person("morgan").makes_personal_token().unwrap();
    let file = home.keeps(&token);
    let headless = home.watches_server(&practice);
    headless.settles(&practice);
    let line = std::fs::read(format!("/proc/{}/cmdline", headless.process.id())).unwrap();
    let environment = std::fs::read(format!("/proc/{}/environ", headless.process.id())).unwrap();
    for bytes in [line, environment] {
        assert!(!String::from_utf8_lossy(&bytes).contains(&token));
    }
    assert!(!headless.text().join("\n").contains(&token) && !headless.errors().contains(&token));
    headless.terminates();
    std::fs::remove_file(file).unwrap();
    let mut folders = vec![home.path().to_owned()];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.is_file() {
                let bytes = std::fs::read(&path).unwrap();
                assert!(!String::from_utf8_lossy(&bytes).contains(&token), "{}", path.display());
                seen += 1;
            }
        }
    }
    assert!(seen > 3, "its files were looked at");
}

#[test]
fn a_server_that_cannot_be_reached_is_waited_for() {
    let (home, elsewhere) = (Home::new(), practice());
    let token = home.keeps(&elsewhere.person("morgan").makes_personal_token().unwrap());
    // Nobody listens there yet.
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}");
    let headless = home.watches(&["--server", &url, "--token-file", &token, "--allow"]);
    headless.until("the trouble", |lines| {
        lines.iter().any(|line| is_state(line, "unreachable") && line["server"] == url && line["reason"].is_string())
    });
    drop(elsewhere);
    // The same seed, so the same token.
    let practice = practice_at(port);
    assert_eq!(
        practice.person("morgan").makes_personal_token().unwrap(),
        std::fs::read_to_string(&token).unwrap().trim()
    );
    headless.until("the connection", |lines| lines.iter().any(|line| is_state(line, "connected")));
    let id = practice.person("rosa").direct("morgan", "here we are").unwrap();
    assert_eq!(headless.decision(&id)["verdict"], "notify");
}

#[test]
fn the_end_of_a_session_is_a_state_with_a_reason() {
    let (home, practice) = (Home::new(), practice());
    home.keeps(&practice.person("morgan").signs_in().unwrap());
    let headless = home.watches_server(&practice);
    practice.revokes_session("morgan").unwrap();
    practice.drops();
    headless.until("the end of the session", |lines| {
        lines.iter().any(|line| is_state(line, "signed_out") && line["reason"].is_string())
            && lines.iter().any(|line| line["kind"] == "badge" && line["signed_out"] == true)
    });
}
