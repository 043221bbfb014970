//! `cargo xtask tidy`: the house rules that no compiler checks. Each rule is a function from text to complaints.

mod licences;
mod manifest;
mod text;
mod words;

use std::path::Path;

use crate::run::output;
use crate::{Outcome, fail};

/// Files longer than this are pointed out, not refused.
const LONG_FILE_LINES: usize = 700;

/// A file of the repository.
struct File {
    /// From the workspace's folder, with forward slashes.
    path: String,
    /// Its text; empty where it is not text.
    text: String,
}

/// Checks the repository; the failure lists every complaint, one in a line.
pub(crate) fn run(root: &Path) -> Outcome {
    println!("$ xtask tidy");
    let files = files(root)?;
    for file in &files {
        let lines = file.text.lines().count();
        if is(&file.path, "rs") && lines > LONG_FILE_LINES {
            println!("note: {} has {lines} lines; is it one thing?", file.path);
        }
    }
    let mut complaints = complaints(&files);
    complaints.extend(licences::complaints(root));
    complaints.extend(crate::packages::complaints(root));
    if complaints.is_empty() { Ok(()) } else { fail(format!("not tidy:\n  {}", complaints.join("\n  "))) }
}

fn complaints(files: &[File]) -> Vec<String> {
    let mut all = Vec::new();
    for file in files {
        let mut found = Vec::new();
        if file.path.ends_with("Cargo.toml") {
            found.extend(manifest::complaints(&file.text));
        }
        if is(&file.path, "rs") {
            found.extend(text::unfinished(&file.text));
        }
        if ["crates/gui/src/window/", "crates/gui/src/widgets/"].iter().any(|part| file.path.starts_with(part)) {
            found.extend(words::complaints(&file.text));
        }
        if file.path.starts_with("crates/core/src/") {
            found.extend(text::impure(&file.text));
        }
        if file.path.starts_with("crates/net/src/") {
            found.extend(text::talkative(&file.text));
        }
        if file.path != "Cargo.lock" {
            found.extend(text::secrets(&file.text));
            found.extend(text::machine_paths(&file.text));
        }
        all.extend(found.into_iter().map(|complaint| format!("{}: {complaint}", file.path)));
    }
    all.extend(text::unlicensed_assets(files));
    all
}

fn is(path: &str, extension: &str) -> bool {
    Path::new(path).extension().is_some_and(|found| found == extension)
}

/// Everything that is in the repository, or would be after `git add`.
fn files(root: &Path) -> Outcome<Vec<File>> {
    let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let names = output(std::process::Command::new("git").args(list).current_dir(root));
    if names.is_empty() {
        return fail("tidy needs git, and to be run in a clone");
    }
    let present = names.split('\0').filter(|name| !name.is_empty()).map(|name| (name, root.join(name)));
    Ok(present.filter(|(_, path)| path.is_file()).map(|(name, path)| read(name, &path)).collect())
}

fn read(name: &str, path: &Path) -> File {
    let text = std::fs::read(path).ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
    File { path: name.to_owned(), text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_is_tidy() {
        run(&crate::root().unwrap()).unwrap();
    }
}
