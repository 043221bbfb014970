//! Writes the table of emoji short codes that `belfry_core::text::emoji` looks up:
//! `cargo run -p belfry-core --example emoji_table > crates/core/src/text/emoji_table.txt`
//!
//! Two sources: the names of emoji-datasource (MIT), from which Mattermost makes its own list, kept beside this file as
//! "name code-points"; and the crate `emojis` (MIT or Apache-2.0, data under Unicode-3.0) for GitHub's names and for which
//! emoji take a skin tone. Where they differ the first wins.
//!
//! emoji-datasource 16 is by Cal Henderson, github.com/iamcal/emoji-data: `emoji_names.LICENSE`.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write as _;

const NAMES: &str = include_str!("emoji_names.txt");

fn main() -> Result<(), Box<dyn Error>> {
    std::io::stdout().write_all(table()?.as_bytes())?;
    Ok(())
}

/// One code a line, sorted by byte value: `code emoji`, and ` t` where it takes a skin tone.
fn table() -> Result<String, Box<dyn Error>> {
    let mut codes: BTreeMap<String, String> = BTreeMap::new();
    for emoji in emojis::iter() {
        codes.extend(emoji.shortcodes().map(|code| (code.to_owned(), emoji.as_str().to_owned())));
    }
    for line in NAMES.lines() {
        let (name, points) = line.split_once(' ').ok_or("a line without code points")?;
        let points = points.split('-').map(|point| u32::from_str_radix(point, 16).ok().and_then(char::from_u32));
        codes.insert(name.to_owned(), points.collect::<Option<String>>().ok_or("no code point")?);
    }
    let line = |(code, emoji): (&String, &String)| {
        let toned = if takes_tone(emoji) { " t\n" } else { "\n" };
        [code, " ", emoji, toned].concat()
    };
    Ok(codes.iter().map(line).collect())
}

/// Whether the emoji with a tone is the emoji with the tone's character behind its first one.
fn takes_tone(emoji: &str) -> bool {
    let mut rest = emoji.chars();
    let Some(first) = rest.next() else { return false };
    let toned = format!("{first}\u{1F3FD}{}", rest.as_str().trim_start_matches('\u{FE0F}'));
    emojis::get(&toned).is_some_and(|found| found.as_str() == toned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_in_the_source_is_what_this_writes() {
        assert_eq!(table().unwrap(), include_str!("../src/text/emoji_table.txt"));
    }
}
