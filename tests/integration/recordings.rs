//! Recordings of real servers, through the real `belfry`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use belfry_tests::process::{belfry, workspace};
use serde_json::Value;

/// Our own recordings, and those that the project shares beside its folder.
fn recordings() -> Vec<PathBuf> {
    let folders = [workspace().join("tests/recordings"), workspace().join("../shared/recordings")];
    let files = folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
    let mut paths: Vec<PathBuf> =
        files.map(|file| file.path()).filter(|path| path.extension().is_some_and(|e| e == "jsonl")).collect();
    paths.sort();
    assert!(!paths.is_empty(), "there are no recordings to replay");
    paths
}

fn replay(path: &Path, more: &[&str]) -> Output {
    Command::new(belfry().unwrap()).arg("replay").arg(path).args(more).stdin(Stdio::null()).output().unwrap()
}

#[test]
fn every_posted_frame_of_every_recording_gets_a_decision() {
    for path in recordings() {
        let text = std::fs::read_to_string(&path).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let frames = lines.filter(|line| line["k"] == "ws").map(|mut line| line["frame"].take());
        let posted = frames.filter(|frame| frame["event"] == "posted");
        let wanted: BTreeSet<String> = posted.map(|frame| post_id(&frame)).collect();
        assert!(!wanted.is_empty());

        let output = replay(&path, &["--json"]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {said}", path.display());
        let lines = String::from_utf8(output.stdout).unwrap();
        let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let decided: BTreeSet<String> = lines
            .filter(|line| line["kind"] == "decision")
            .map(|line| line["post_id"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(wanted.difference(&decided).count(), 0, "{}: posts without a decision", path.display());
    }
}

fn post_id(frame: &Value) -> String {
    let post: Value = serde_json::from_str(frame["data"]["post"].as_str().unwrap()).unwrap();
    post["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_replay_gives_the_same_lines_every_time() {
    let path = recordings().remove(0);
    assert_eq!(replay(&path, &["--json"]).stdout, replay(&path, &["--json"]).stdout);
}

#[test]
fn a_check_ends_with_its_sum_and_says_by_its_code_whether_all_agreed() {
    for path in recordings() {
        let output = replay(&path, &["--check"]);
        let text = String::from_utf8(output.stdout).unwrap();
        let last = text.lines().last().unwrap();
        assert!(last.starts_with("truth: ") && last.contains(" agree; official: "), "{last}");
        let numbers: Vec<u32> = last.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).collect();
        let agreed = numbers[0] == numbers[1] && numbers[2] == numbers[3];
        assert_eq!(output.status.code(), Some(i32::from(!agreed)), "{last}");
    }
}

#[test]
fn a_recording_that_is_not_json_names_the_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("broken.jsonl");
    std::fs::write(&path, "{\"k\":\"action\",\"n\":0,\"name\":\"start\"}\n\nnot json\n").unwrap();
    let output = replay(&path, &[]);
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(words.contains("line 3"), "{words}");
    let missing = replay(&folder.path().join("nowhere.jsonl"), &[]);
    assert_eq!(missing.status.code(), Some(1));
}
