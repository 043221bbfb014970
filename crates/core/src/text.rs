//! Message text for people: markdown to one plain line, hostile characters made harmless, sensible lengths.

use std::borrow::Cow;

use pulldown_cmark::{Event as Md, Options, Parser, Tag, TagEnd};
use unicode_segmentation::UnicodeSegmentation as _;

/// The longest text kept for a banner or a row of Activity, in graphemes.
///
/// Four lines of a card hold about 200; some notification services freeze on huge bodies (notifications §7.14).
pub const PREVIEW_GRAPHEMES: usize = 400;

/// The most markdown looked at, in bytes: a 64 KiB message is cut before it is parsed.
const PARSE_LIMIT_BYTES: usize = 16 * 1024;

/// Turns markdown into one plain line (notifications §3.3).
pub fn strip_markdown(source: &str) -> String {
    let source = cut_at_char(source, PARSE_LIMIT_BYTES);
    if !needs_parsing(source) {
        return source.trim().to_owned();
    }
    let expanded = if source.contains('\t') { Cow::Owned(source.replace('\t', "    ")) } else { Cow::Borrowed(source) };
    let mut out = Plain { text: String::with_capacity(expanded.len()), run_begins: 0, hidden: 0, in_code: false };
    let options = Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TABLES;
    for (event, range) in Parser::new_ext(&expanded, options).into_offset_iter() {
        let raw = expanded.get(range).unwrap_or_default();
        match event {
            Md::Start(Tag::Table(_)) => out.hidden += 1,
            Md::End(TagEnd::Table) => out.hidden = out.hidden.saturating_sub(1),
            Md::Text(text) if out.in_code => out.push(&text),
            // The source, not the parser's decoding: only a few entities are decoded (§3.3).
            Md::Text(text) => {
                out.push(if raw.contains('&') { decode_entities(raw) } else { Cow::Borrowed(&*text) }.as_ref());
            }
            Md::Code(code) => {
                out.settle();
                out.push(&code);
                out.run_begins = out.text.len();
            }
            Md::Start(Tag::CodeBlock(_)) => {
                out.settle();
                out.gap();
                out.in_code = true;
            }
            Md::End(TagEnd::CodeBlock) => {
                out.gap();
                out.in_code = false;
                out.run_begins = out.text.len();
            }
            Md::Html(_) | Md::InlineHtml(_) => out.push(&decode_entities(raw.trim_end_matches('\n'))),
            Md::SoftBreak
            | Md::HardBreak
            | Md::Start(
                Tag::Paragraph | Tag::Heading { .. } | Tag::BlockQuote(_) | Tag::List(_) | Tag::Item | Tag::HtmlBlock,
            )
            | Md::End(
                TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::BlockQuote(_) | TagEnd::Item | TagEnd::HtmlBlock,
            ) => out.gap(),
            Md::Start(_) | Md::End(_) | Md::Rule | Md::TaskListMarker(_) | Md::FootnoteReference(_) => {}
            Md::InlineMath(text) | Md::DisplayMath(text) => out.push(&text),
        }
    }
    out.settle();
    out.text.trim().to_owned()
}

/// Whether there is anything that markdown could change.
fn needs_parsing(text: &str) -> bool {
    let mut line_start = true;
    for byte in text.bytes() {
        match byte {
            b'*' | b'_' | b'`' | b'~' | b'[' | b'!' | b'<' | b'&' | b'\\' | b'\n' | b'\t' | b'|' => return true,
            b'#' | b'>' | b'-' | b'+' | b' ' | b'=' | b'0'..=b'9' if line_start => return true,
            _ => line_start = false,
        }
    }
    false
}

struct Plain {
    text: String,
    /// Where the text since the last code begins.
    run_begins: usize,
    /// Inside so many tables.
    hidden: u32,
    in_code: bool,
}

impl Plain {
    /// Ends a run of text outside code: its entities are decoded once more.
    fn settle(&mut self) {
        let run = self.text.get(self.run_begins..).unwrap_or_default();
        if run.contains('&') {
            let mut again = run.to_owned();
            for (from, to) in [("&lt;", "<"), ("&gt;", ">"), ("&#39;", "'"), ("&quot;", "\""), ("&amp;", "&")] {
                again = again.replace(from, to);
            }
            self.text.truncate(self.run_begins);
            self.text.push_str(&again);
        }
        self.run_begins = self.text.len();
    }

    fn push(&mut self, text: &str) {
        if self.hidden > 0 {
            return;
        }
        let mut rest = text;
        while let Some((line, tail)) = rest.split_once('\n') {
            self.text.push_str(line);
            self.gap();
            rest = tail;
        }
        self.text.push_str(rest);
    }

    /// One space between blocks and lines, never two.
    fn gap(&mut self) {
        if self.hidden == 0 && !self.text.is_empty() && !self.text.ends_with(' ') {
            self.text.push(' ');
        }
    }
}

/// Decodes the entities of §3.3 once; [`Plain::settle`] is the second time.
fn decode_entities(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, tail) = rest.split_at(at);
        decoded.push_str(before);
        let (character, length) = entity(tail).unwrap_or(('&', 1));
        decoded.push(character);
        rest = tail.get(length..).unwrap_or_default();
    }
    decoded.push_str(rest);
    Cow::Owned(decoded)
}

/// The entity at the start of `text`, and its length in bytes.
fn entity(text: &str) -> Option<(char, usize)> {
    let end = text.bytes().take(8).position(|byte| byte == b';')?;
    let name = text.get(1..end)?;
    let character = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let number: u8 = name.strip_prefix('#')?.parse().ok()?;
            match number {
                33..=35 | 38..=43 | 45..=47 | 58..=64 | 91..=96 | 123..=126 => char::from(number),
                _ => return None,
            }
        }
    };
    Some((character, end + 1))
}

/// Cuts at a character boundary at or below `limit` bytes.
pub fn cut_at_char(text: &str, limit: usize) -> &str {
    if text.len() <= limit {
        return text;
    }
    let mut end = limit;
    while end > 0 && !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// Shortens to `limit` graphemes with an ellipsis, never inside one.
pub fn shorten(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let mut end = 0;
    for (count, (start, grapheme)) in text.grapheme_indices(true).enumerate() {
        if count == limit {
            return format!("{}…", text.get(..end).unwrap_or_default().trim_end());
        }
        // One "grapheme" of a thousand combining marks would defeat the limit.
        if grapheme.len() > 64 {
            return format!("{}…", text.get(..end).unwrap_or_default().trim_end());
        }
        end = start + grapheme.len();
    }
    text.to_owned()
}

/// Takes out what deceives or breaks a line: bidi overrides, isolates, zero-width and control characters.
///
/// Joiners stay: scripts and emoji need them.
pub fn neutralize(text: &str) -> Cow<'_, str> {
    let hostile = |character: char| {
        matches!(character,
            '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{061C}' | '\u{2060}'..='\u{2064}'
            | '\u{FEFF}' | '\u{00AD}' | '\u{2028}' | '\u{2029}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
            || (character.is_control() && character != '\n')
    };
    if !text.contains(hostile) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter(|character| !hostile(*character)).collect())
}

/// A text as people see it in a card or a row: plain, harmless, without gaps, of sensible length.
pub fn for_people(plain: &str) -> String {
    let harmless = neutralize(plain);
    if harmless.contains("  ") || harmless.contains('\n') {
        // Indentation of code is kept in the plain wording; in a card it is only a hole.
        let words: Vec<&str> = harmless.split_whitespace().collect();
        return shorten(&words.join(" "), PREVIEW_GRAPHEMES);
    }
    shorten(&harmless, PREVIEW_GRAPHEMES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, plain: &str) {
        assert_eq!(strip_markdown(source), plain, "{source:?}");
    }

    #[test]
    fn markers_go_and_content_stays() {
        check("plain", "plain");
        check("**bold** and _soft_ and ~~gone~~", "bold and soft and gone");
        check("`code` and [a link](https://example.org) ![alt](x.png)", "code and a link alt");
        check("# Title\n\nA paragraph\nof two lines", "Title A paragraph of two lines");
        check("- one\n- two\n  1. three", "one two three");
        check("> quoted\n\nanswer", "quoted answer");
        check("```rust\nlet x = 1;\n  y\n```", "let x = 1;   y");
    }

    #[test]
    fn tables_and_rules_vanish() {
        check("| a | b |\n|---|---|\n| 1 | 2 |", "");
        check("---", "");
    }

    #[test]
    fn only_the_known_entities_are_decoded() {
        check("a &amp; b &lt;c&gt; &copy; &#33; &#169; &#x21;", "a & b <c> &copy; ! &#169; &#x21;");
        check("&amp;lt;", "<");
        check("`&amp;`", "&amp;");
        check("<b>not html</b>", "<b>not html</b>");
    }

    #[test]
    fn shortening_never_splits_a_character_that_people_see() {
        assert_eq!(shorten("👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧", 2), "👨‍👩‍👧👨‍👩‍👧…");
        assert_eq!(shorten("short", 10), "short");
        assert_eq!(cut_at_char("aé", 2), "a");
    }

    #[test]
    fn cards_show_code_without_its_indentation() {
        assert_eq!(for_people("error:    could not\n  bind"), "error: could not bind");
    }

    #[test]
    fn overrides_and_invisible_controls_are_taken_out() {
        assert_eq!(neutralize("safe\u{202E}gpj.exe\u{200B}"), "safegpj.exe");
        assert_eq!(neutralize("👨‍👩‍👧"), "👨‍👩‍👧");
    }
}
