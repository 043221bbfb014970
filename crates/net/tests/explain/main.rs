//! `belfry explain` on described situations: what a person reads, and what a program reads, kept as snapshots.
//!
//! A changed sentence is a changed snapshot: run with `INSTA_UPDATE=always`, read the difference, commit it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};

use belfry_net::explain;

fn situations() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/explain/situations");
    let mut files: Vec<PathBuf> = folder.read_dir().unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

fn explained(file: &Path, as_json: bool) -> String {
    let mut out = Vec::new();
    explain::run(file, as_json, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn every_situation_is_explained_in_sentences_and_as_json() {
    let files = situations();
    assert!(files.len() >= 10, "{files:?}");
    for file in files {
        let name = file.file_stem().unwrap().to_str().unwrap();
        let (text, json) = (explained(&file, false), explained(&file, true));
        insta::assert_snapshot!(name, format!("{text}\n{json}"));
    }
}

#[test]
fn every_reason_not_to_show_says_what_to_do_or_that_there_is_nothing_to_do() {
    for file in situations() {
        let text = explained(&file, false);
        let verdict = text.lines().next().unwrap();
        assert!(verdict.starts_with("Shown: ") || verdict.starts_with("Not shown: "), "{verdict}");
        assert!(verdict.ends_with('.'), "{verdict}");
    }
}
