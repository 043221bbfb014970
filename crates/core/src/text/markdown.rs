//! Markdown to one plain line (notifications §3.3).
//!
//! The official client's reading of markdown is older than `CommonMark` and differs from it: a fence needs an end, a
//! heading a space, an underscore inside a word is a letter, a list ends at a line that is not indented. Its rules are
//! followed here; only the way in which blocks are put together is ours, or in strict mode the client's own.

use std::borrow::Cow;

use super::blocks::{Block, blocks};
use super::cut_at_char;
use super::inline::inlines;

/// The most markdown looked at, in bytes: a server keeps no longer message.
const PARSE_LIMIT_BYTES: usize = 64 * 1024;

/// Turns markdown into one plain line, with one space between blocks and lines.
pub fn strip_markdown(source: &str) -> String {
    strip(source, Joining::Ours)
}

/// Turns markdown into text as the official client (11.6) puts it together: of a run of text only the first newline
/// becomes a space, and nothing separates a code block, or a nested list, from what stands beside it.
pub fn strip_markdown_strict(source: &str) -> String {
    strip(source, Joining::Strict)
}

fn strip(source: &str, joining: Joining) -> String {
    let source = cut_at_char(source, PARSE_LIMIT_BYTES);
    if !needs_reading(source) {
        return source.trim().to_owned();
    }
    let source = evened(source);
    let (blocks, names) = blocks(&source);
    let mut out = Plain { text: String::with_capacity(source.len()), run: String::new(), decoded: 0, joining };
    let mut quotes = Vec::new();
    for block in &blocks {
        out.block_begins();
        match block {
            Block::Paragraph(text) => {
                inlines(joining.inside(text), &names, &mut out);
                out.block_ends();
            }
            Block::ItemText(text) => inlines(joining.inside(text), &names, &mut out),
            Block::Code(text) => out.code(text),
            Block::QuoteStart => quotes.push(out.text.len()),
            Block::QuoteEnd => out.one_line_from(quotes.pop().unwrap_or_default()),
            Block::ItemStart => {}
            Block::ItemEnd => out.item_ends(),
        }
    }
    out.settle();
    out.text.trim().to_owned()
}

/// Whether there is anything that markdown could change.
fn needs_reading(text: &str) -> bool {
    let mut line_start = true;
    for byte in text.bytes() {
        match byte {
            b'*' | b'_' | b'`' | b'~' | b'[' | b'<' | b'&' | b'\\' | b'\n' | b'\r' | b'\t' | b'|' | 0xC2 | 0xE2 => {
                return true;
            }
            b'#' | b'>' | b'-' | b'+' | b' ' | b'=' | b'0'..=b'9' if line_start => return true,
            _ => line_start = false,
        }
    }
    false
}

/// Line ends and blanks of all kinds made the same: a tab is four spaces.
fn evened(source: &str) -> Cow<'_, str> {
    if !source.contains(['\r', '\t', '\u{A0}', '\u{2424}']) {
        return Cow::Borrowed(source);
    }
    let mut text = String::with_capacity(source.len() + 16);
    let mut characters = source.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\r' => {
                characters.next_if_eq(&'\n');
                text.push('\n');
            }
            '\t' => text.push_str("    "),
            '\u{A0}' => text.push(' '),
            '\u{2424}' => text.push('\n'),
            other => text.push(other),
        }
    }
    Cow::Owned(text)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Joining {
    Ours,
    Strict,
}

impl Joining {
    /// Ours: the blanks around a block are no part of its text.
    fn inside(self, text: &str) -> &str {
        match self {
            Self::Ours => text.trim_matches([' ', '\n']),
            Self::Strict => text,
        }
    }
}

/// The plain line as it grows.
pub(super) struct Plain {
    text: String,
    /// Text between two pieces of markup; decoded when it ends.
    run: String,
    /// How much of `text` has been decoded the second time.
    decoded: usize,
    joining: Joining,
}

impl Plain {
    /// A part of the current run of text.
    pub(super) fn text(&mut self, text: &str) {
        self.run.push_str(text);
    }

    /// Text that is no part of a run: an address, an image's words. Its entities are decoded once only.
    pub(super) fn raw(&mut self, text: &str) {
        self.end_run();
        match self.joining {
            Joining::Strict => self.text.push_str(text),
            Joining::Ours => self.push_lines(text, " "),
        }
    }

    /// Ends a run of text.
    pub(super) fn end_run(&mut self) {
        if self.run.is_empty() {
            return;
        }
        let run = std::mem::take(&mut self.run);
        let decoded = decode_entities(&run);
        match self.joining {
            Joining::Strict => self.text.push_str(&decoded.replacen('\n', " ", 1)),
            Joining::Ours => self.push_lines(&decoded, " "),
        }
    }

    /// Code, as typed: no entity in it is decoded.
    pub(super) fn code(&mut self, code: &str) {
        self.end_run();
        self.settle();
        match self.joining {
            Joining::Strict => self.text.push_str(&code.replace('\n', " ")),
            Joining::Ours => {
                for (nth, line) in code.split('\n').filter(|line| !line.is_empty()).enumerate() {
                    // The indentation of a line of code is kept.
                    if nth > 0 {
                        self.text.push(' ');
                    }
                    self.text.push_str(line);
                }
            }
        }
        self.decoded = self.text.len();
    }

    /// A line break that was asked for.
    pub(super) fn line_break(&mut self) {
        self.end_run();
        self.text.push(' ');
    }

    /// Lines with one space between them: what surrounds a line end is no part of the text.
    fn push_lines(&mut self, text: &str, between: &str) {
        for (nth, line) in text.split('\n').enumerate() {
            let line = if nth == 0 { line } else { line.trim_start_matches(' ') };
            if nth > 0 {
                self.text.truncate(self.text.trim_end_matches(' ').len().max(self.decoded));
                if !self.text.is_empty() {
                    self.text.push_str(between);
                }
            }
            self.text.push_str(line);
        }
    }

    fn block_begins(&mut self) {
        if self.joining == Joining::Ours {
            self.gap();
        }
    }

    fn block_ends(&mut self) {
        self.end_run();
        match self.joining {
            Joining::Ours => self.gap(),
            Joining::Strict => self.text.push(' '),
        }
    }

    fn item_ends(&mut self) {
        self.gap();
    }

    fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with(' ') {
            self.text.push(' ');
        }
    }

    /// What was quoted holds no line end at all.
    fn one_line_from(&mut self, start: usize) {
        if self.text.get(start..).is_some_and(|quoted| quoted.contains('\n')) {
            let quoted = self.text.split_off(start).replace('\n', " ");
            self.text.push_str(&quoted);
        }
    }

    /// Decodes the text since the last code once more: `&amp;lt;` becomes `<`.
    fn settle(&mut self) {
        if self.text.get(self.decoded..).is_some_and(|since| since.contains('&')) {
            let mut again = self.text.split_off(self.decoded);
            for (from, to) in [("&lt;", "<"), ("&gt;", ">"), ("&#39;", "'"), ("&quot;", "\""), ("&amp;", "&")] {
                again = again.replace(from, to);
            }
            self.text.push_str(&again);
        }
        self.decoded = self.text.len();
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
    let character = match text.get(1..end)? {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        name => {
            let digits =
                name.strip_prefix('#').filter(|digits| digits.starts_with(|first: char| first.is_ascii_digit()))?;
            match digits.parse().ok()? {
                number @ (33..=35_u8 | 38..=43 | 45..=47 | 58..=64 | 91..=96 | 123..=126) => char::from(number),
                _ => return None,
            }
        }
    };
    Some((character, end + 1))
}
