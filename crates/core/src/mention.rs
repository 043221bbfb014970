//! Client keyword matching: only for group messages whose channel is set to mentions (notifications §2.6, rule 9).

use std::borrow::Cow;

use pulldown_cmark::{Event as Md, Options, Parser, Tag, TagEnd};

use crate::event::{NotifyProps, Post, User};

/// Which keys a person reacts to, in the official order.
pub fn keys(me: &User, props: &NotifyProps, groups: &[String], channel_wide: bool) -> Vec<Key> {
    let mut keys: Vec<Key> = Vec::new();
    if let Some(words) = props.get("mention_keys") {
        keys.extend(words.split(',').filter(|word| !word.is_empty()).map(Key::loose));
    }
    if props.get("first_name").is_some_and(|on| on == "true") && !me.first_name.is_empty() {
        keys.push(Key { text: me.first_name.clone(), case_sensitive: true });
    }
    if channel_wide && props.get("channel").is_some_and(|on| on == "true") {
        keys.extend(["@channel", "@all", "@here"].map(Key::loose));
    }
    let own = format!("@{}", me.username);
    if !me.username.is_empty() && !keys.iter().any(|key| key.text == own) {
        keys.push(Key { text: own, case_sensitive: false });
    }
    keys.extend(groups.iter().map(|name| Key { text: format!("@{name}"), case_sensitive: false }));
    keys
}

/// One word that is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The word as typed.
    pub text: String,
    /// Whether capitals matter (first names only).
    pub case_sensitive: bool,
}

impl Key {
    fn loose(text: &str) -> Self {
        Self { text: text.to_owned(), case_sensitive: false }
    }
}

/// Whether channel-wide words are ignored in a channel (notifications §1.2, client-side check).
pub fn channel_wide_ignored(channel_value: Option<&str>, user_channel: Option<&str>) -> bool {
    match channel_value {
        Some("on") => true,
        Some("off") => false,
        _ => user_channel == Some("false"),
    }
}

/// The text that is searched: message, then the attachments' parts, each on a line of its own.
pub fn searched_text<'a>(post: &'a Post<'_>) -> Cow<'a, str> {
    if post.props.attachments.is_empty() {
        return Cow::Borrowed(&post.message);
    }
    let mut text = post.message.clone().into_owned();
    let mut add = |part: &str| {
        if !part.is_empty() {
            text.push('\n');
            text.push_str(part);
        }
    };
    for attachment in &post.props.attachments {
        for part in [&attachment.pretext, &attachment.title, &attachment.text, &attachment.footer] {
            add(part);
        }
        for (title, value) in &attachment.fields {
            add(title);
            if let Some(value) = value {
                add(value);
            }
        }
    }
    Cow::Owned(text)
}

/// Reduces markdown to what is matched: code vanishes, emphasis leaves spaces, emoji codes go.
pub fn reduce(source: &str, html_escaped: bool) -> String {
    let source = crate::text::cut_at_char(source, 64 * 1024);
    let mut out = String::with_capacity(source.len());
    let mut in_code = false;
    let options = Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TABLES;
    for (event, range) in Parser::new_ext(source, options).into_offset_iter() {
        match event {
            Md::Start(Tag::CodeBlock(_)) => in_code = true,
            Md::End(TagEnd::CodeBlock) => {
                in_code = false;
                out.push('\n');
            }
            // The official client does not decode entities here: they stay as typed.
            Md::Text(_) if !in_code && html_escaped && is_entity(source.get(range.clone()).unwrap_or_default()) => {
                out.push_str(source.get(range).unwrap_or_default());
            }
            Md::Text(text) if !in_code => push_without_emoji(&mut out, &text, html_escaped),
            Md::Code(_) => out.push(' '),
            Md::Start(Tag::Emphasis | Tag::Strong | Tag::Strikethrough | Tag::Link { .. } | Tag::Image { .. })
            | Md::End(TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link | TagEnd::Image) => {
                out.push(' ');
            }
            Md::SoftBreak
            | Md::HardBreak
            | Md::Rule
            | Md::End(
                TagEnd::Paragraph
                | TagEnd::Heading(_)
                | TagEnd::BlockQuote(_)
                | TagEnd::HtmlBlock
                | TagEnd::List(_)
                | TagEnd::Item
                | TagEnd::TableCell,
            ) => out.push('\n'),
            Md::Start(_) | Md::End(_) | Md::Text(_) | Md::TaskListMarker(_) | Md::FootnoteReference(_) => {}
            Md::Html(text) | Md::InlineHtml(text) | Md::InlineMath(text) | Md::DisplayMath(text) => {
                push_without_emoji(&mut out, &text, html_escaped);
            }
        }
    }
    out
}

/// A character written as an entity, such as `&amp;`.
fn is_entity(source: &str) -> bool {
    source.len() > 2 && source.starts_with('&') && source.ends_with(';')
}

fn push_without_emoji(out: &mut String, text: &str, html_escaped: bool) {
    let mut push = |part: &str| {
        if html_escaped {
            for character in part.chars() {
                match character {
                    '&' => out.push_str("&amp;"),
                    '<' => out.push_str("&lt;"),
                    '>' => out.push_str("&gt;"),
                    '"' => out.push_str("&quot;"),
                    '\'' => out.push_str("&#39;"),
                    other => out.push(other),
                }
            }
        } else {
            out.push_str(part);
        }
    };
    let mut rest = text;
    while let Some(start) = rest.find(':') {
        let (before, tail) = rest.split_at(start);
        push(before);
        let after = tail.get(1..).unwrap_or_default();
        let name =
            after.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'+' | b'-')).count();
        if name > 0 && after.as_bytes().get(name) == Some(&b':') {
            rest = after.get(name + 1..).unwrap_or_default();
        } else {
            push(":");
            rest = after;
        }
    }
    push(rest);
}

/// The first key found in an already reduced text.
pub fn find<'k>(reduced: &str, keys: &'k [Key]) -> Option<&'k Key> {
    let lower = reduced.to_lowercase();
    keys.iter().find(|key| {
        if key.case_sensitive { occurs(reduced, &key.text) } else { occurs(&lower, &key.text.to_lowercase()) }
    })
}

/// Whether a reduced text names somebody or something that is no person known by that name: a group, perhaps.
pub fn names_unknown(reduced: &str, is_person: impl Fn(&str) -> bool) -> bool {
    reduced.match_indices('@').any(|(start, at)| {
        let before = reduced.get(..start).and_then(|part| part.chars().next_back());
        let after = reduced.get(start + at.len()..).unwrap_or_default();
        let belongs = |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
        let name = after.split(|character| !belongs(character)).next().unwrap_or_default();
        let name = name.trim_end_matches(['.', '_', '-']).to_ascii_lowercase();
        let special = matches!(name.as_str(), "" | "all" | "channel" | "here");
        before.is_none_or(|character| !is_word(character)) && !special && !is_person(&name)
    })
}

fn occurs(text: &str, key: &str) -> bool {
    if key.is_empty() {
        return false;
    }
    let substring = key.chars().any(is_unspaced_script);
    text.match_indices(key).any(|(start, found)| {
        if substring {
            return true;
        }
        let before = text.get(..start).and_then(|part| part.chars().next_back());
        let after = text.get(start + found.len()..).unwrap_or_default();
        before.is_none_or(|character| !is_word(character)) && ends_well(found, after)
    })
}

/// A word boundary after the key, or one or more `_` and then a word boundary.
fn ends_well(found: &str, after: &str) -> bool {
    let last_is_word = found.chars().next_back().is_some_and(is_word);
    let next = after.chars().next();
    if last_is_word != next.is_some_and(is_word) {
        return true;
    }
    let rest = after.trim_start_matches('_');
    rest.len() < after.len() && !rest.chars().next().is_some_and(is_word)
}

const fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

/// CJK, kana, hangul, full-width, Cyrillic or Thai: scripts matched as plain substrings.
const fn is_unspaced_script(character: char) -> bool {
    matches!(character,
        '\u{3000}'..='\u{303F}' | '\u{3040}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}'
        | '\u{F900}'..='\u{FAFF}' | '\u{FF00}'..='\u{FFEF}' | '\u{1100}'..='\u{11FF}' | '\u{3130}'..='\u{318F}' | '\u{AC00}'..='\u{D7AF}'
        | '\u{0400}'..='\u{052F}' | '\u{0E00}'..='\u{0E7F}' | '\u{20000}'..='\u{2FA1F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Vec<Key> {
        vec![Key::loose(text)]
    }

    #[test]
    fn a_key_is_found_as_a_word_only() {
        assert!(find("please deploy now", &key("deploy")).is_some());
        assert!(find("deploy", &key("Deploy")).is_some());
        assert!(find("redeployed", &key("deploy")).is_none());
        assert!(find("@morgan_", &key("@morgan")).is_some());
        assert!(find("@morgan_x", &key("@morgan")).is_none());
        assert!(find("c++ is fun", &key("c++")).is_none());
        assert!(find("c++x", &key("c++")).is_some());
    }

    #[test]
    fn scripts_without_spaces_match_anywhere() {
        assert!(find("今日は発売日です", &key("発売")).is_some());
    }

    #[test]
    fn strictly_the_text_is_matched_as_the_official_client_escapes_it() {
        assert!(find(&reduce("a & b", true), &key("amp")).is_some());
        assert!(find(&reduce("a & b", false), &key("amp")).is_none());
        assert_eq!(reduce("a &amp; b &copy;", true), "a &amp; b &copy;\n");
    }

    #[test]
    fn a_word_with_an_unspaced_letter_or_a_cyrillic_one_matches_inside_others() {
        for (text, word) in [("перенесли релиз", "нес"), ("สวัสดีครับ", "ดี"), ("한국어입니다", "국어"), ("ＡＢＣ", "Ｂ")]
        {
            assert!(find(text, &key(word)).is_some(), "{word}");
        }
        assert!(find("naïveté", &key("na")).is_some(), "only ASCII makes words");
    }

    #[test]
    fn a_name_that_nobody_has_may_be_a_group() {
        let is_person = |name: &str| name == "rosa";
        for (text, expected) in [
            ("@oncall please", true),
            ("Please, @OnCall.", true),
            ("@rosa. and @Rosa", false),
            ("@here, @all and @channel", false),
            ("rosa@example.org @ noon", false),
        ] {
            assert_eq!(names_unknown(text, is_person), expected, "{text}");
        }
    }

    #[test]
    fn channel_wide_words_are_keys_only_while_nobody_ignores_them() {
        let me = User { username: "morgan".to_owned(), first_name: "Morgan".to_owned(), ..User::default() };
        let props: NotifyProps = [("channel", "true"), ("mention_keys", "deploy,,@morgan"), ("first_name", "true")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into();
        let texts = |wide| keys(&me, &props, &["ops".to_owned()], wide).into_iter().map(|k| k.text).collect::<Vec<_>>();
        assert_eq!(texts(true), ["deploy", "@morgan", "Morgan", "@channel", "@all", "@here", "@ops"]);
        assert_eq!(texts(false), ["deploy", "@morgan", "Morgan", "@ops"]);
    }

    #[test]
    fn code_and_emoji_codes_are_not_searched() {
        let reduced = reduce("`deploy` **now** :deploy: ok\n```\ndeploy\n```", false);
        assert!(find(&reduced, &key("deploy")).is_none(), "{reduced:?}");
        assert!(find(&reduced, &key("now")).is_some());
    }
}
