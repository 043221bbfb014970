//! What fuzzers start from, and what they once found: every input of the corpus keeps its promises.

use belfry_tests::fuzz;
use belfry_tests::process::workspace;

#[expect(clippy::print_stdout, reason = "says which input it is, shown where it fails")]
fn replay(target: &str, run: fn(&[u8])) {
    let folder = workspace().join("fuzz/corpus").join(target);
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() > 20, "the corpus is here");
    for path in paths {
        println!("{}", path.display());
        run(&std::fs::read(&path).unwrap());
    }
}

#[test]
fn any_frame_is_read_or_refused() {
    replay("decoder", fuzz::decoder::run);
}

#[test]
fn any_history_is_survived() {
    replay("step", fuzz::step::run);
}

#[test]
fn any_text_is_made_fit_for_people() {
    replay("text", fuzz::text::run);
}

#[test]
fn any_answer_is_survived_and_told_in_a_sentence() {
    replay("http", fuzz::http::run);
}
