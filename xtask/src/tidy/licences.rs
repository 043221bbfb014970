//! Which licences and packages may come in: the two lists of `deny.toml`, held against `cargo tree`.

use std::collections::BTreeSet;
use std::path::Path;

use crate::run::{cargo, output};

/// Complaints about everything that is linked into our programs on this system.
pub(super) fn complaints(root: &Path) -> Vec<String> {
    let rules = std::fs::read_to_string(root.join("deny.toml")).unwrap_or_default();
    let (allowed, banned) = (allowed(&rules), banned(&rules));
    let format = ["tree", "--workspace", "--edges", "normal,build", "--prefix", "none", "--format", "{p}|{l}"];
    let tree = output(cargo(root).args(format));
    if tree.is_empty() || allowed.is_empty() {
        return vec!["licences: `cargo tree` or deny.toml could not be read".to_owned()];
    }
    let lines: BTreeSet<&str> = tree.lines().filter(|line| !line.is_empty()).collect();
    lines.into_iter().filter_map(|line| judge(line, &allowed, &banned)).collect()
}

/// What is wrong with one line of the tree, `name version (..)|licence`.
fn judge(line: &str, allowed: &[String], banned: &[String]) -> Option<String> {
    let (package, licence) = line.split_once('|')?;
    let name = package.split_whitespace().next()?;
    let licence = licence.trim_end_matches("(*)").trim();
    if banned.iter().any(|ban| ban == name) {
        Some(format!("deny.toml bans {name}"))
    } else if Expression::new(licence).any_of(allowed) {
        None
    } else {
        Some(format!("{name}: the licence `{licence}` is not in deny.toml"))
    }
}

/// The quoted words of `allow = [ .. ]` under `[licenses]`.
fn allowed(rules: &str) -> Vec<String> {
    let list =
        rules.split_once("\nallow = [").and_then(|(_, rest)| rest.split_once("\n]")).map_or("", |(list, _)| list);
    list.lines().filter_map(|line| Some(line.trim().strip_prefix('"')?.split_once('"')?.0.to_owned())).collect()
}

/// The names of `deny = [ .. ]` under `[bans]`.
fn banned(rules: &str) -> Vec<String> {
    let names = rules.lines().filter_map(|line| line.trim().strip_prefix("{ name = \""));
    names.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect()
}

/// A licence expression, read from left to right.
struct Expression<'a> {
    words: Vec<&'a str>,
    at: usize,
}

impl<'a> Expression<'a> {
    fn new(text: &'a str) -> Self {
        let mut words = Vec::new();
        for word in text.split_whitespace() {
            let mut rest = word;
            // Older packages write `MIT/Apache-2.0`.
            while let Some(at) = rest.find(['(', ')', '/']) {
                let (before, after) = rest.split_at(at);
                let (mark, after) = after.split_at(1);
                words.extend([before, mark].into_iter().filter(|word| !word.is_empty()));
                rest = after;
            }
            words.extend(Some(rest).filter(|rest| !rest.is_empty()));
        }
        Self { words, at: 0 }
    }

    /// Whether some choice of its licences lies wholly within the list.
    fn any_of(mut self, allowed: &[String]) -> bool {
        let fine = self.either(allowed);
        fine && self.at == self.words.len()
    }

    fn take(&mut self, wanted: &[&str]) -> bool {
        let found = self.words.get(self.at).is_some_and(|word| wanted.contains(word));
        self.at += usize::from(found);
        found
    }

    fn either(&mut self, allowed: &[String]) -> bool {
        let mut fine = self.both(allowed);
        while self.take(&["OR", "/"]) {
            fine |= self.both(allowed);
        }
        fine
    }

    fn both(&mut self, allowed: &[String]) -> bool {
        let mut fine = self.one(allowed);
        while self.take(&["AND"]) {
            fine &= self.one(allowed);
        }
        fine
    }

    fn one(&mut self, allowed: &[String]) -> bool {
        if self.take(&["("]) {
            let fine = self.either(allowed);
            return self.take(&[")"]) && fine;
        }
        let Some(name) = self.words.get(self.at).copied() else { return false };
        self.at += 1;
        let mut name = name.to_owned();
        if self.take(&["WITH"]) {
            name = format!("{name} WITH {}", self.words.get(self.at).copied().unwrap_or_default());
            self.at += 1;
        }
        allowed.contains(&name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(licence: &str, fine: bool) {
        let allowed = ["MIT", "Unicode-3.0", "BSD-3-Clause"].map(str::to_owned);
        assert_eq!(Expression::new(licence).any_of(&allowed), fine, "{licence}");
    }

    #[test]
    fn one_allowed_choice_is_enough_and_every_part_of_it_counts() {
        check("MIT", true);
        check("GPL-2.0-only", false);
        check("GPL-2.0-only OR MIT", true);
        check("MIT/GPL-2.0-only", true);
        check("MIT AND Unicode-3.0", true);
        check("MIT AND GPL-2.0-only", false);
        check("(MIT OR Apache-2.0) AND BSD-3-Clause", true);
        check("Apache-2.0 WITH LLVM-exception", false);
        check("Apache-2.0 WITH LLVM-exception OR MIT", true);
        check("", false);
    }

    #[test]
    fn a_banned_package_is_named() {
        let line = "openssl-sys v0.9.1|MIT (*)";
        let banned = banned("  { name = \"openssl-sys\", reason = \"why\" },");
        assert_eq!(judge(line, &["MIT".to_owned()], &banned).unwrap(), "deny.toml bans openssl-sys");
        assert_eq!(judge("serde v1|MIT", &["MIT".to_owned()], &banned), None);
    }
}
