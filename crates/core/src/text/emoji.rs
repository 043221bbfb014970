//! Emoji short codes, `:tada:`, as emoji: in cards and rows only; the plain wording keeps what was typed.

use std::borrow::Cow;

/// `code emoji` a line, sorted by byte value; ` t` behind those that take a skin tone. Written by the example
/// `emoji_table`, which says from which sources.
const TABLE: &str = include_str!("emoji_table.txt");

/// The longest code there could be, with its skin tone, in bytes.
const LONGEST_CODE: usize = 80;

/// What Mattermost adds to a code for a skin tone, and the character that makes it.
const TONES: [(&str, char); 5] = [
    ("_medium_light_skin_tone", '\u{1F3FC}'),
    ("_medium_dark_skin_tone", '\u{1F3FE}'),
    ("_light_skin_tone", '\u{1F3FB}'),
    ("_medium_skin_tone", '\u{1F3FD}'),
    ("_dark_skin_tone", '\u{1F3FF}'),
];

/// Replaces every known `:code:`. Unknown ones, and those inside words, times and addresses, stay as typed.
pub fn replace(text: &str) -> Cow<'_, str> {
    if text.bytes().filter(|byte| *byte == b':').nth(1).is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    let mut word_start = 0;
    let mut in_address = false;
    // The end of the code before: codes may follow each other without a space.
    let mut code_end = 0;
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if byte.is_ascii_whitespace() {
            (word_start, in_address) = (at + 1, false);
        } else if *byte == b':' {
            let tail = text.get(at + 1..).unwrap_or_default();
            in_address |= tail.starts_with("//") || text.get(word_start..at).is_some_and(|word| word.contains("www."));
            let before = at.checked_sub(1).and_then(|before| bytes.get(before)).copied();
            let free = at == code_end || !before.is_some_and(belongs);
            if !in_address
                && free
                && let Some((code, after)) = code(tail)
                && !after.bytes().next().is_some_and(belongs)
                && let Some(emoji) = find(code)
            {
                out.push_str(text.get(done..at).unwrap_or_default());
                out.push_str(&emoji);
                at += code.len() + 2;
                (done, code_end) = (at, at);
                continue;
            }
            // An address is only looked for in what has not been passed yet.
            word_start = word_start.max(at.saturating_sub(4));
        }
        at += 1;
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(done..).unwrap_or_default());
    Cow::Owned(out)
}

/// Beside one of these a colon belongs to a word, a time, a path.
const fn belongs(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'/' | b'=' | b'\\')
}

/// The code before the next colon, and what follows that.
fn code(tail: &str) -> Option<(&str, &str)> {
    let length = tail
        .bytes()
        .take(LONGEST_CODE)
        .take_while(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'+' | b'-'))
        .count();
    let after = tail.get(length..)?.strip_prefix(':')?;
    (length > 0).then_some((tail.get(..length)?, after))
}

/// The emoji of a code, skin tones included.
fn find(code: &str) -> Option<Cow<'static, str>> {
    if let Some((emoji, _)) = entry(code) {
        return Some(Cow::Borrowed(emoji));
    }
    let (base, tone) = TONES.iter().find_map(|(suffix, tone)| Some((code.strip_suffix(suffix)?, tone)))?;
    let (emoji, _) = entry(base).filter(|(_, toned)| *toned)?;
    let mut rest = emoji.chars();
    let first = rest.next()?;
    Some(Cow::Owned(format!("{first}{tone}{}", rest.as_str().trim_start_matches('\u{FE0F}'))))
}

/// Looks a code up by halving the table, and whether it takes a skin tone.
fn entry(code: &str) -> Option<(&'static str, bool)> {
    let (mut low, mut high) = (0, TABLE.len());
    while low < high {
        // The line around the middle. Newlines are never inside a character.
        let middle = low.midpoint(high);
        let bytes = TABLE.as_bytes();
        let start = bytes.get(low..middle)?.iter().rposition(|byte| *byte == b'\n').map_or(low, |at| low + at + 1);
        let end = bytes.get(middle..high)?.iter().position(|byte| *byte == b'\n').map_or(high, |at| middle + at);
        let (found, emoji) = TABLE.get(start..end)?.split_once(' ')?;
        match found.cmp(code) {
            std::cmp::Ordering::Equal => {
                return Some(emoji.strip_suffix(" t").map_or((emoji, false), |emoji| (emoji, true)));
            }
            std::cmp::Ordering::Less => low = end + 1,
            std::cmp::Ordering::Greater => high = start,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(typed: &str, shown: &str) {
        assert_eq!(replace(typed), shown, "{typed:?}");
    }

    #[test]
    fn codes_become_emoji() {
        check("done :tada:", "done 🎉");
        check(":+1: :thumbsup: :-1:", "👍 👍 👎");
        check(":smile::heart:", "😄❤️");
        check(":simple_smile: :slightly_smiling_face:", "🙂 🙂");
        check(":flag-de: :us:", "🇩🇪 🇺🇸");
        check("(:tada:)", "(🎉)");
        check("発売:tada:です", "発売🎉です");
        check(":100:", "💯");
        check("1: :tada:", "1: 🎉");
    }

    #[test]
    fn skin_tones_are_mattermosts_own_names() {
        check(":thumbsup_medium_light_skin_tone:", "👍🏼");
        check(":+1_dark_skin_tone:", "👍🏿");
        check(":wave_medium_skin_tone:", "👋🏽");
        check(":man-shrugging_light_skin_tone:", "🤷🏻‍♂️");
        // What has no tones stays as typed.
        check(":tada_dark_skin_tone:", ":tada_dark_skin_tone:");
    }

    #[test]
    fn what_is_no_emoji_stays_as_typed() {
        for typed in [
            ":no_such_emoji:",
            "10:30:45",
            "10:100:45",
            "a:tada:b",
            "std::vec::Vec",
            "http://host:100:/x",
            "https://x.org/:tada:/y",
            "see www.x.org/:tada:",
            ":",
            "::",
            ":::",
            ": tada :",
            "key=:tada:",
            ":TADA:",
            "",
        ] {
            check(typed, typed);
        }
    }

    #[test]
    fn every_code_of_the_table_is_found_and_the_table_is_sorted() {
        let codes: Vec<&str> = TABLE.lines().filter_map(|line| line.split(' ').next()).collect();
        assert!(codes.is_sorted());
        assert!(codes.len() > 2500, "{}", codes.len());
        for line in TABLE.lines() {
            let (code, emoji) = line.split_once(' ').unwrap();
            assert_eq!(entry(code).unwrap().0, emoji.trim_end_matches(" t"), "{code}");
            assert!(code.len() < LONGEST_CODE);
        }
        assert_eq!((entry(""), entry("zzzz"), entry("!")), (None, None, None));
    }

    #[test]
    fn hostile_text_is_read_once() {
        let colons = ":".repeat(64 * 1024);
        check(&colons, &colons);
        let codes = ":tada:".repeat(10_000);
        assert_eq!(replace(&codes).chars().count(), 10_000);
    }
}
