//! `assets/licences.txt`: what is linked into the program, and under which licence. The About page lists it.

use std::collections::BTreeSet;
use std::path::Path;

use crate::Outcome;
use crate::run::{cargo, output};

const FILE: &str = "assets/licences.txt";
/// The list must not depend on where it is made.
const LINUX: &str = "x86_64-unknown-linux-gnu";

/// The list as the lock file has it now: a line for each package, `name version|licence`.
fn list(root: &Path) -> String {
    let format = ["--prefix", "none", "--format", "{p}|{l}"];
    let which = ["tree", "--package", "belfry-gui", "--edges", "normal", "--target", LINUX, "--locked"];
    let tree = output(cargo(root).args(which).args(format));
    let lines: BTreeSet<String> = tree.lines().filter_map(line).map(|line| line + "\n").collect();
    lines.into_iter().collect()
}

/// Our own packages are not listed: their licence is on the page itself.
fn line(line: &str) -> Option<String> {
    let (package, licence) = line.split_once('|')?;
    let mut words = package.split_whitespace();
    let (name, version) = (words.next()?, words.next()?.trim_start_matches('v'));
    let licence = licence.trim_end_matches("(*)").trim();
    (!name.starts_with("belfry")).then(|| format!("{name} {version}|{licence}"))
}

/// Makes the list again.
pub(crate) fn run(root: &Path) -> Outcome {
    println!("$ xtask licences");
    let list = list(root);
    if list.is_empty() {
        return crate::fail("`cargo tree` said nothing");
    }
    std::fs::write(root.join(FILE), list).map_err(|error| format!("{FILE} could not be written: {error}"))
}

/// What is wrong with the list that is there.
pub(crate) fn complaints(root: &Path) -> Option<String> {
    let there = std::fs::read_to_string(root.join(FILE)).unwrap_or_default();
    (there != list(root)).then(|| format!("{FILE}: not as the lock file has it; run `cargo xtask licences`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_name_version_and_licence_and_our_own_packages_are_left_out() {
        assert_eq!(line("serde v1.0.1|MIT OR Apache-2.0 (*)").as_deref(), Some("serde 1.0.1|MIT OR Apache-2.0"));
        assert_eq!(line("png v0.18.0 (somewhere)|MIT").as_deref(), Some("png 0.18.0|MIT"));
        assert_eq!(line("belfry-core v0.1.0|MIT"), None);
        assert_eq!(line(""), None);
    }
}
