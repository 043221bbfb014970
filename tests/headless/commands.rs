//! `status`, `pause`, `resume` and `quit` against a headless one; `tests/integration` has them against a desktop's.

use belfry_tests::eventually;
use serde_json::Value;

use crate::scene::{Home, practice, said};

impl Home {
    /// What `belfry status --json` says.
    fn status(&self) -> anyhow::Result<Value> {
        let output = self.run(&["status", "--json"]);
        anyhow::ensure!(output.status.success(), "{}", said(&output));
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// Waits until the status is as wanted, and gives it.
    pub(crate) fn until_status(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        let found = eventually(what, || {
            // It may still begin, or end already.
            last = self.status().unwrap_or_default();
            Ok(Some(last.clone()).filter(|status| wanted(status)))
        });
        found.unwrap_or_else(|error| panic!("{error:#}: {last:#}"))
    }

    pub(crate) fn does(&self, arguments: &[&str]) {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", said(&output));
    }
}

#[test]
fn status_says_what_is_unread_and_how_each_server_is() {
    let (home, practice) = (Home::new(), practice());
    let headless = home.watches_server(&practice);
    let id = practice.person("rosa").direct("morgan", "hello").unwrap();
    headless.decision(&id);
    let status = home.until_status("the message", |status| status["mentions"] == 1);
    assert_eq!((&status["kind"], &status["text"], &status["paused"]), (&"status".into(), &"1".into(), &false.into()));
    let server = &status["servers"][0];
    assert_eq!(server["server"], practice.url());
    assert_eq!((&server["state"], &server["permission"]), (&"connected".into(), &"allowed".into()));
    assert_eq!((&server["username"], &server["mentions"]), (&"morgan".into(), &1.into()));
    let problems = status["problems"].as_array().unwrap();
    assert!(problems.iter().any(|problem| problem["part"] == "notifications"), "{problems:?}");
    let words = String::from_utf8(home.run(&["status"]).stdout).unwrap();
    assert!(words.starts_with("1 message needs you\n") && words.contains("connected"), "{words}");
    assert!(words.contains("System notifications cannot be shown"), "{words}");
}

#[test]
fn paused_it_shows_nothing_and_resumed_it_sums_up() {
    let (home, practice) = (Home::new(), practice());
    let headless = home.watches_server(&practice);
    home.does(&["pause", "30"]);
    home.until_status("the pause", |status| status["paused"] == true && status["paused_until_ms"].is_i64());
    let id = practice.person("rosa").direct("morgan", "not now").unwrap();
    let decision = headless.decision(&id);
    assert_eq!((&decision["verdict"], &decision["reason"]), (&"skip".into(), &"paused".into()));
    home.does(&["pause"]);
    home.until_status("an open end", |status| status["paused"] == true && status["paused_until_ms"].is_null());
    home.does(&["resume"]);
    home.until_status("the end of the pause", |status| status["paused"] == false);
    headless.until("the summary", |lines| {
        lines.iter().any(|line| {
            line["kind"] == "summary" && line["text"] == "1 message in 1 conversation while notifications were paused"
        })
    });
    let id = practice.person("rosa").direct("morgan", "now").unwrap();
    assert_eq!(headless.decision(&id)["verdict"], "notify");
}

#[test]
fn a_second_one_is_refused_and_quit_ends_the_first() {
    let (home, practice) = (Home::new(), practice());
    let mut headless = home.watches_server(&practice);
    let token = home.path().join("token");
    let second =
        home.run(&["headless", "--server", &practice.url(), "--token-file", token.to_str().unwrap(), "--allow"]);
    assert_eq!(second.status.code(), Some(1));
    assert!(said(&second).contains("running already"), "{}", said(&second));
    let window = home.run(&[]);
    assert_eq!(window.status.code(), Some(1));
    assert!(said(&window).contains("without windows"), "{}", said(&window));
    assert!(headless.process.ended().unwrap().is_none());
    home.does(&["quit"]);
    assert!(headless.process.wait_for_end().unwrap().success());
    for arguments in [&["status"][..], &["pause"], &["resume"], &["quit"]] {
        let nobody = home.run(arguments);
        assert_eq!(nobody.status.code(), Some(1), "{arguments:?}");
        assert!(said(&nobody).contains("not running"), "{}", said(&nobody));
    }
}

#[test]
fn the_socket_and_its_folder_are_closed_to_others() {
    use std::os::unix::fs::MetadataExt as _;
    let (home, practice) = (Home::new(), practice());
    let _headless = home.watches_server(&practice);
    let mode = |path: &str| std::fs::metadata(home.path().join(path)).unwrap().mode() & 0o777;
    assert_eq!((mode("run/belfry"), mode("run/belfry/control")), (0o700, 0o600));
}
