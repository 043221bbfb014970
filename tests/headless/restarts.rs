//! What came while it was dead is decided once; what was told is not told again.

use belfry_tests::eventually;
use serde_json::Value;

use crate::scene::{Home, is_about, practice};

impl Home {
    /// Waits until these posts are durably known to have been told. Until then a crash may repeat them.
    fn until_presented(&self, posts: &[String]) {
        let ledger = self.path().join("data/belfry/presented.db");
        eventually("the ledger", || {
            let read_only = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
            let connection = rusqlite::Connection::open_with_flags(&ledger, read_only)?;
            let mut statement = connection.prepare("SELECT post FROM presented")?;
            let presented: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
            Ok(posts.iter().all(|post| presented.contains(post)).then_some(()))
        })
        .unwrap();
    }
}

#[test]
fn after_a_crash_what_was_missed_is_decided_once_and_what_was_told_is_not_repeated() {
    let (home, practice) = (Home::new(), practice());
    let headless = home.watches_server(&practice);
    let told: Vec<String> =
        (0..5).map(|n| practice.person("rosa").direct("morgan", &format!("told {n}")).unwrap()).collect();
    for id in &told {
        assert_eq!(headless.decision(id)["verdict"], "notify");
    }
    headless.settles(&practice);
    home.until_presented(&told);
    headless.dies();

    let missed: Vec<String> =
        (0..3).map(|n| practice.person("rosa").direct("morgan", &format!("missed {n}")).unwrap()).collect();
    let quiet = practice.person("rosa").posts("ops-room", "nothing for anybody").unwrap();
    let headless = home.watches_server(&practice);
    for id in &missed {
        assert_eq!(headless.decision(id)["verdict"], "notify", "younger than two minutes");
    }
    headless.settles(&practice);
    for id in told.iter().chain(&missed) {
        let wanted = usize::from(missed.contains(id));
        assert_eq!(headless.decisions_on(id), wanted, "{id}");
    }
    assert!(headless.decisions_on(&quiet) <= 1);
    headless.until("the badge", |lines| {
        lines.iter().rfind(|line| line["kind"] == "badge").is_some_and(|line| line["mentions"] == 8)
    });
    home.until_presented(&missed);
    headless.dies();

    let headless = home.watches_server(&practice);
    headless.settles(&practice);
    let again: Vec<Value> =
        headless.lines().into_iter().filter(|line| told.iter().chain(&missed).any(|id| is_about(line, id))).collect();
    assert_eq!(again, Vec::<Value>::new());
}

#[test]
fn a_pause_outlives_a_crash() {
    let (home, practice) = (Home::new(), practice());
    let headless = home.watches_server(&practice);
    home.does(&["pause", "30"]);
    let paused = home.until_status("the pause", |status| status["paused"] == true);
    let until = paused["paused_until_ms"].as_i64().unwrap();
    let line = format!("paused_until_ms = {until}");
    eventually("the pause in the file", || {
        let text = std::fs::read_to_string(home.path().join("config/belfry/preferences.toml"))?;
        Ok(text.contains(&line).then_some(()))
    })
    .unwrap();
    headless.dies();

    let headless = home.watches_server(&practice);
    home.until_status("the same pause", |status| status["paused_until_ms"] == until);
    let id = practice.person("rosa").direct("morgan", "still not now").unwrap();
    assert_eq!(headless.decision(&id)["reason"], "paused");
    home.does(&["resume"]);
    home.until_status("the end of the pause", |status| status["paused"] == false);
}

#[test]
fn a_clean_end_saves_everything() {
    let (home, practice) = (Home::new(), practice());
    let headless = home.watches_server(&practice);
    let id = practice.person("rosa").direct("morgan", "before the end").unwrap();
    headless.decision(&id);
    headless.settles(&practice);
    headless.terminates();

    // The server, what was allowed, and what was told are known without another word.
    let token = home.path().join("token");
    let later = practice.person("rosa").direct("morgan", "while it was off").unwrap();
    let headless = home.watches(&["--server", &practice.url(), "--token-file", token.to_str().unwrap()]);
    assert_eq!(headless.decision(&later)["verdict"], "notify");
    headless.settles(&practice);
    assert_eq!(headless.decisions_on(&id), 0, "it was told before the end");
}

#[test]
fn a_reader_that_leaves_ends_it_in_order() {
    let (home, practice) = (Home::new(), practice());
    let token = home.keeps(&practice.person("morgan").makes_personal_token().unwrap());
    let mut command =
        home.belfry(&["headless", "--json", "--server", &practice.url(), "--token-file", &token, "--allow"]);
    let mut process = belfry_tests::process::Process::start(command.stdout(std::process::Stdio::piped())).unwrap();
    let mut out = process.stdout().unwrap();
    belfry_tests::process::first_line(&mut out).unwrap();
    drop(out);
    // Its next line is one too many, whichever that is.
    practice.person("rosa").direct("morgan", "anybody there?").unwrap();
    assert!(process.wait_for_end().unwrap().success());
}

#[test]
fn a_reader_that_stalls_does_not_keep_it_from_ending() {
    let (home, practice) = (Home::new(), practice());
    let token = home.keeps(&practice.person("morgan").makes_personal_token().unwrap());
    let mut command =
        home.belfry(&["headless", "--json", "--server", &practice.url(), "--token-file", &token, "--allow"]);
    let mut process = belfry_tests::process::Process::start(command.stdout(std::process::Stdio::piped())).unwrap();
    home.until_status("the connection", |status| status["servers"][0]["state"] == "connected");
    // Far more than the pipe holds.
    let long = "x".repeat(4_000);
    for n in 0..60 {
        practice.person("rosa").direct("morgan", &format!("{n} {long}")).unwrap();
    }
    let counted = home.until_status("sixty messages", |status| status["mentions"] == 60);
    assert_eq!(counted["text"], "60", "it decides and counts although nobody reads");
    belfry_tests::process::terminate(process.id()).unwrap();
    assert!(process.wait_for_end().unwrap().success());
}
