//! What `cargo xtask record` writes is a recording like those of real servers.

use std::process::{Command, Stdio};

use belfry_tests::process::belfry;
use belfry_tests::record::script;
use serde_json::Value;

fn recorded(threads: bool) -> (tempfile::TempDir, std::path::PathBuf, Vec<Value>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let text = runtime.block_on(script::record(threads)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("practice.jsonl");
    std::fs::write(&path, &text).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (folder, path, lines)
}

#[test]
fn a_replay_of_the_practice_server_agrees_with_everything_that_it_counted() {
    for threads in [true, false] {
        let (_folder, path, lines) = recorded(threads);
        let truths = lines.iter().filter(|line| line["k"] == "truth").count();
        assert!(truths > 30, "{truths} actions");
        let output = Command::new(belfry().unwrap())
            .arg("replay")
            .arg(&path)
            .arg("--check")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(said, format!("truth: {truths} of {truths} agree; official: 0 of 0 agree, 0 recovered\n"));
        assert_eq!(output.status.code(), Some(0));

        // The counts did move, so that agreeing means something.
        let mentions = |truth: &Value| -> i64 {
            let rows = truth["members"].as_object().unwrap().values().flat_map(|rows| rows.as_array().unwrap());
            rows.map(|row| row["mention_count"].as_i64().unwrap()).sum()
        };
        let most = lines.iter().filter(|line| line["k"] == "truth").map(mentions).max().unwrap();
        assert!(most > 3, "{most} mentions at most");
    }
}

#[test]
fn every_message_of_it_is_decided_and_its_lines_are_those_of_the_format() {
    let (_folder, path, lines) = recorded(true);
    let posted = lines.iter().filter(|line| line["frame"]["event"] == "posted").count();
    let output =
        Command::new(belfry().unwrap()).arg("replay").arg(&path).arg("--json").stdin(Stdio::null()).output().unwrap();
    let decided = String::from_utf8(output.stdout).unwrap();
    let decided = decided.lines().filter(|line| line.contains(r#""kind":"decision""#)).count();
    assert_eq!(decided, posted);
    assert!(posted > 15, "{posted} messages");

    assert_eq!((&lines[0]["k"], &lines[0]["n"]), (&"action".into(), &0.into()));
    let last = lines.last().unwrap();
    assert_eq!(last["k"], "ids");
    assert!(last["me"]["id"].is_string() && last["rosa"].is_string() && last["ops-room"].is_string());
    for line in &lines {
        let keys: Vec<&str> = match line["k"].as_str().unwrap() {
            "action" => vec!["n", "name", "note"],
            "rest" => vec!["method", "path", "status", "request", "body"],
            "ws" => vec!["frame"],
            "truth" => vec!["after", "teams_unread", "threads", "status", "members", "channels"],
            "ws_closed" => vec!["note", "code"],
            "ids" => vec!["me"],
            other => panic!("{other} is no kind of line"),
        };
        assert!(keys.iter().all(|key| line.get(key).is_some()), "{keys:?} in {line}");
    }
}

#[test]
fn no_token_and_no_address_is_in_it() {
    let (_folder, path, lines) = recorded(true);
    let text = std::fs::read_to_string(path).unwrap();
    assert!(!text.contains("127.0.0.1") && !text.contains("example.org") && !text.contains("example.com"));
    for word in text.split(|c: char| !(c.is_alphanumeric() || "@._%+-".contains(c))) {
        let mail = word.split_once('@').is_some_and(|(name, place)| !name.is_empty() && place.contains('.'));
        assert!(!mail, "{word}");
    }
    // Whatever has the shape of a token was given another name, which never has a digit.
    for word in text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| word.len() == 26) {
        let is_id = word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        assert!(!is_id || !word.bytes().any(|byte| byte.is_ascii_digit()), "{word}");
    }
    // People are still who they were.
    let me = lines.last().unwrap()["me"]["id"].as_str().unwrap().to_owned();
    let mentioned =
        lines.iter().filter(|line| line["frame"]["data"]["mentions"].as_str().is_some_and(|m| m.contains(&me)));
    assert!(mentioned.count() > 3);
}
