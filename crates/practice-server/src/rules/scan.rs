//! The keyword scan: which words of a post name somebody (`notifications.md` §2.7).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::text::text_runs;

/// Why somebody is mentioned, from the weakest to the strongest (`notifications.md` §1.8, "Ranks").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A member of a group message: every post mentions them.
    GroupMessage,
    /// Wrote in the thread and listens to any comment.
    ThreadVoice,
    /// Wrote the root and listens to comments on it.
    RootAuthor,
    /// `@channel`, `@all` or `@here`.
    ChannelWide,
    /// The other person of a direct message.
    Direct,
    /// A user name, first name or keyword.
    Keyword,
    /// A member of a mentioned group.
    Group,
}

/// The words to look for in one channel.
#[derive(Clone, Debug, Default)]
pub struct Keywords {
    /// Word (lower case, except first names) to the people it means.
    pub words: BTreeMap<String, BTreeSet<String>>,
    /// `@name` in lower case to the group's id.
    pub groups: BTreeMap<String, String>,
}

impl Keywords {
    /// Makes `word` mean `person`.
    pub fn add(&mut self, word: impl Into<String>, person: impl Into<String>) {
        self.words.entry(word.into()).or_default().insert(person.into());
    }

    /// Makes `@name` mean the group.
    pub fn add_group(&mut self, name: &str, id: impl Into<String>) {
        self.groups.insert(format!("@{}", name.to_lowercase()), id.into());
    }
}

/// What a scan found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scan {
    /// Person to the strongest kind.
    pub mentions: BTreeMap<String, Kind>,
    /// Ids of mentioned groups.
    pub groups: BTreeSet<String>,
    /// `@here` was written outside code.
    pub here: bool,
    /// `@channel` was written outside code.
    pub channel: bool,
    /// `@all` was written outside code.
    pub all: bool,
    /// Names after an `@` that nobody in the channel answers to.
    pub other_potential: Vec<String>,
}

impl Scan {
    pub(crate) fn add(&mut self, person: &str, kind: Kind) {
        let entry = self.mentions.entry(person.to_owned()).or_insert(kind);
        *entry = (*entry).max(kind);
    }
}

/// The parts of a post that are scanned, in order: the message, then of each attachment the pretext, the text and the
/// values of its fields. Titles, fallbacks and footers are not looked at.
pub fn scanned_fields(message: &str, attachments: &[Value]) -> Vec<String> {
    let mut fields = Vec::new();
    let mut push = |text: &str| {
        if !text.is_empty() {
            fields.push(text.to_owned());
        }
    };
    push(message);
    for attachment in attachments.iter().filter_map(Value::as_object) {
        for key in ["pretext", "text"] {
            push(text_in(attachment, key));
        }
        for field in attachment.get("fields").and_then(Value::as_array).into_iter().flatten() {
            push(field.as_object().map_or("", |field| text_in(field, "value")));
        }
    }
    fields
}

fn text_in<'a>(object: &'a Map<String, Value>, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Scans a whole post.
pub fn scan_post(message: &str, attachments: &[Value], keywords: &Keywords) -> Scan {
    let mut scan = Scan::default();
    for field in scanned_fields(message, attachments) {
        for run in text_runs(&field) {
            scan_run(&run, keywords, &mut scan);
        }
    }
    scan
}

/// Step 3 alone: looks one word up, first in lower case, then as written. True if it means somebody.
pub fn scan_word(word: &str, keywords: &Keywords, scan: &mut Scan) -> bool {
    let lower = word.to_lowercase();
    let kind = match lower.as_str() {
        "@here" => {
            scan.here = true;
            Kind::ChannelWide
        }
        "@channel" => {
            scan.channel = true;
            Kind::ChannelWide
        }
        "@all" => {
            scan.all = true;
            Kind::ChannelWide
        }
        _ => Kind::Keyword,
    };
    let group = keywords.groups.get(&lower);
    if let Some(id) = group {
        scan.groups.insert(id.clone());
    }
    let Some(people) = keywords.words.get(&lower).or_else(|| keywords.words.get(word)) else {
        return group.is_some();
    };
    for person in people {
        scan.add(person, kind);
    }
    true
}

const ENDINGS: [char; 4] = ['.', '-', ':', '_'];

fn scan_run(run: &str, keywords: &Keywords, scan: &mut Scan) {
    let separator = |c: char| !(c.is_alphabetic() || c.is_numeric() || matches!(c, ':' | '.' | '-' | '_' | '@'));
    for token in run.split(separator).filter(|token| !token.is_empty()) {
        if token.starts_with(':') && token.ends_with(':') {
            continue; // an emoji
        }
        let mut word = token.trim_start_matches(ENDINGS);
        if word.is_empty() || scan_word(word, keywords, scan) || scan_shortened(word, keywords, scan) {
            continue;
        }
        if word.starts_with('@') && !is_channel_wide(word) {
            word = word.strip_suffix(['.', '-', ':']).unwrap_or(word);
            scan.other_potential.push(word.strip_prefix('@').unwrap_or_default().to_owned());
        } else if word.contains(['.', '-', ':']) {
            for piece in word.split(['.', '-', ':']).filter(|piece| !piece.is_empty()) {
                if !scan_word(piece, keywords, scan)
                    && !is_channel_wide(piece)
                    && let Some(name) = piece.strip_prefix('@')
                {
                    scan.other_potential.push(name.to_owned());
                }
            }
        }
        // Languages without spaces: a keyword inside the word counts, but only one is credited (a known defect).
        if !word.is_ascii()
            && let Some((_, people)) = keywords.words.iter().rfind(|(key, _)| !key.is_ascii() && word.contains(*key))
        {
            for person in people {
                scan.add(person, Kind::Keyword);
            }
        }
    }
}

/// Step 4: drops one trailing mark at a time until the rest means somebody.
fn scan_shortened(word: &str, keywords: &Keywords, scan: &mut Scan) -> bool {
    let mut shorter = word;
    while let Some(next) = shorter.strip_suffix(ENDINGS) {
        shorter = next;
        if scan_word(shorter, keywords, scan) {
            return true;
        }
    }
    false
}

fn is_channel_wide(word: &str) -> bool {
    matches!(word, "@here" | "@channel" | "@all")
}

#[cfg(test)]
mod tests {
    use super::{Keywords, Kind, scan_post};

    fn keywords(words: &[(&str, &str)]) -> Keywords {
        let mut keywords = Keywords::default();
        for (word, person) in words {
            keywords.add(*word, *person);
        }
        keywords
    }

    #[test]
    fn a_full_match_wins_over_a_shorter_one() {
        let keywords = keywords(&[("@user.name.", "long"), ("@user.name", "short")]);
        let scan = scan_post("hello @user.name.", &[], &keywords);
        assert_eq!(scan.mentions.into_keys().collect::<Vec<_>>(), ["long"]);
    }

    #[test]
    fn a_first_name_in_capitals_matches_only_as_written() {
        let keywords = keywords(&[("William", "will")]);
        assert!(scan_post("william went", &[], &keywords).mentions.is_empty());
        assert_eq!(scan_post("William went", &[], &keywords).mentions.get("will"), Some(&Kind::Keyword));
    }
}
