//! Rules about what stands in files.

use super::File;

/// A note of unfinished work must say whose it is and what ends it; some words never land.
pub(super) fn unfinished(text: &str) -> Vec<String> {
    // Put together here, so that this file does not complain about itself.
    let (open, never) = (concat!("TO", "DO"), [concat!("FIX", "ME"), concat!("XX", "X")]);
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if let Some((_, after)) = line.split_once(open) {
            let named = after.strip_prefix('(').and_then(|rest| rest.split_once("): "));
            if named.is_none_or(|(who, condition)| who.is_empty() || condition.trim().is_empty()) {
                found.push(format!("line {number}: write {open}(name): when it can go"));
            }
        }
        for word in
            never.iter().filter(|word| line.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| part == **word))
        {
            found.push(format!("line {number}: {word}"));
        }
    }
    found
}

/// Core touches nothing outside itself.
pub(super) fn impure(text: &str) -> Vec<String> {
    let outside = [
        "std::fs",
        "std::net",
        "std::env",
        "std::process",
        "std::thread",
        "std::time::Instant",
        "std::time::SystemTime",
        "tokio::",
    ];
    let code = |line: &str| line.split("//").next().unwrap_or_default().to_owned();
    let lines = (1..).zip(text.lines());
    lines
        .flat_map(|(number, line)| {
            let line = code(line);
            outside
                .iter()
                .filter(move |name| line.contains(**name))
                .map(move |name| format!("line {number}: core uses {name}"))
        })
        .collect()
}

/// What handles tokens and messages has no way to print them past the log's own rules.
pub(super) fn talkative(text: &str) -> Vec<String> {
    // Put together here, so that no other rule finds them in this file.
    let ways = [
        concat!("print", "ln!("),
        concat!("pri", "nt!("),
        concat!("db", "g!("),
        concat!("std", "out("),
        concat!("std", "err("),
        concat!("/dev/", "tty"),
    ];
    let lines = (1..).zip(text.lines());
    lines
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .flat_map(|(number, line)| {
            let found = ways.iter().filter(move |way| line.contains(**way));
            found.map(move |way| format!("line {number}: belfry-net prints with {way}"))
        })
        .collect()
}

/// Words that stand before a secret.
const SECRET_WORDS: [&str; 4] = ["token", "bearer", "password", "secret"];
/// How far after such a word a secret is looked for, in bytes.
const SECRET_REACH: usize = 48;

/// Something that looks like a real session token (26 of `[a-z0-9]`) near a word that says so.
pub(super) fn secrets(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let lower = line.to_ascii_lowercase();
        let suspicious = words(line).any(|(at, word)| {
            looks_like_a_token(word)
                && lower
                    .get(at.saturating_sub(SECRET_REACH)..at)
                    .is_some_and(|before| SECRET_WORDS.iter().any(|secret| before.contains(secret)))
        });
        if suspicious {
            found.push(format!("line {number}: looks like a token"));
        }
    }
    found
}

/// Runs of ASCII letters and digits with their positions.
fn words(line: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut end = 0;
    line.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).filter_map(move |word| {
        let at = end + line.get(end..)?.find(word)?;
        end = at + word.len();
        Some((at, word))
    })
}

fn looks_like_a_token(word: &str) -> bool {
    let mut kinds: Vec<u8> = word.bytes().collect();
    kinds.sort_unstable();
    kinds.dedup();
    // Made-up ones such as `aaaa…` or `user1user1…` have few different characters.
    word.len() == 26
        && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        && word.bytes().any(|b| b.is_ascii_digit())
        && kinds.len() > 10
}

/// A path that exists on one machine only.
pub(super) fn machine_paths(text: &str) -> Vec<String> {
    let places = [
        concat!("/ho", "me/"),
        concat!("/ro", "ot/"),
        concat!("/wo", "rk/"),
        concat!("/Us", "ers/"),
        concat!(":\\Us", "ers\\"),
    ];
    let lines = (1..).zip(text.lines());
    lines
        .filter_map(|(number, line)| {
            places
                .iter()
                .find(|place| begins_a_path(line, place))
                .map(|place| format!("line {number}: a path under {place}"))
        })
        .collect()
}

/// Whether `place` stands at the beginning of a path, not inside a longer one or an address.
fn begins_a_path(line: &str, place: &str) -> bool {
    line.match_indices(place).any(|(at, _)| {
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        before.is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '.' | '-' | '_' | '}' | '~' | '/' | '>'))
    })
}

/// Assets that `assets/LICENSES` does not name, and names in it without a file.
pub(super) fn unlicensed_assets(files: &[File]) -> Vec<String> {
    let list = files.iter().find(|file| file.path == "assets/LICENSES").map_or("", |file| file.text.as_str());
    let named: Vec<&str> = list.lines().skip(1).filter_map(|line| line.split_whitespace().next()).collect();
    let assets: Vec<&str> =
        files.iter().filter_map(|file| file.path.strip_prefix("assets/")).filter(|path| *path != "LICENSES").collect();
    let unnamed =
        assets.iter().filter(|path| !named.contains(path)).map(|path| format!("assets/{path}: not in assets/LICENSES"));
    let gone = named
        .iter()
        .filter(|path| !assets.contains(path))
        .map(|path| format!("assets/LICENSES: names {path}, which is not there"));
    unnamed.chain(gone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfinished_work_is_signed_and_says_when_it_ends() {
        let word = concat!("TO", "DO");
        assert_eq!(unfinished(&format!("// {word}(mira): when egui#8409 is merged")), Vec::<String>::new());
        assert_eq!(unfinished(&format!("// {word}: later")).len(), 1);
        assert_eq!(unfinished(&format!("// {word}(mira): ")).len(), 1);
        assert_eq!(unfinished(concat!("// FIX", "ME it is broken")).len(), 1);
        assert_eq!(unfinished("let prefix = 1;"), Vec::<String>::new());
    }

    #[test]
    fn core_is_pure_in_code_but_may_speak_of_the_world() {
        assert_eq!(impure("use std::fs::File;"), ["line 1: core uses std::fs"]);
        assert_eq!(impure("let x = 1; // std::fs is elsewhere"), Vec::<String>::new());
    }

    #[test]
    fn nothing_is_printed_by_hand_where_tokens_are() {
        assert_eq!(talkative(concat!("    eprint", "ln!(\"{token}\");")).len(), 1);
        assert_eq!(talkative(concat!("io::std", "err().write_all(b\"x\")")).len(), 1);
        assert_eq!(talkative("/// prints nothing\nwriteln!(out, \"x\")?;"), Vec::<String>::new());
    }

    #[test]
    fn a_real_token_is_found_and_an_id_or_a_made_up_one_is_not() {
        let real = ["k3j9x7q2", "m5n8p1r4t6v0wzyb", "cd"].concat();
        assert_eq!(secrets(&format!("\"token\": \"{real}\"")).len(), 1);
        assert_eq!(secrets(&format!("\"channel_id\": \"{real}\"")), Vec::<String>::new());
        assert_eq!(secrets("token = \"aaaaaaaaaaaaaaaaaaaaaaaaa1\""), Vec::<String>::new());
    }

    #[test]
    fn a_path_of_one_machine_is_found_and_an_address_is_not() {
        assert_eq!(machine_paths(concat!("open /ho", "me/mira/x")).len(), 1);
        assert_eq!(machine_paths(concat!("https://example.test/ho", "me/")), Vec::<String>::new());
        assert_eq!(machine_paths(concat!("{folder}/ho", "me/")), Vec::<String>::new());
    }

    #[test]
    fn every_asset_has_a_licence() {
        let file = |path: &str, text: &str| File { path: path.to_owned(), text: text.to_owned() };
        let files = [
            file("assets/LICENSES", "About\nsounds/a.wav ours\ngone.png ours"),
            file("assets/sounds/a.wav", ""),
            file("assets/b.otf", ""),
        ];
        assert_eq!(
            unlicensed_assets(&files),
            ["assets/b.otf: not in assets/LICENSES", "assets/LICENSES: names gone.png, which is not there"]
        );
    }
}
