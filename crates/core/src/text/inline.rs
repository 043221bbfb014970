//! The inside of a paragraph, as the official client reads it: emphasis, links, code, addresses, and text between them.
//!
//! Every search for an end that fails is remembered, so hostile text costs no more than friendly text.

use std::collections::{HashMap, HashSet};

use super::address::{address, begins_address};
use super::markdown::Plain;

/// How deep emphasis and links nest; what lies deeper is text.
const MAX_DEPTH: usize = 24;

/// The longest address or tag in angle brackets, in bytes.
const ANGLE_LIMIT: usize = 1024;

/// Reads one paragraph into `out`.
pub(super) fn inlines(source: &str, names: &HashSet<String>, out: &mut Plain) {
    Inline { names, out }.read(source, false, 0);
    out.end_run();
}

struct Inline<'n, 'o> {
    names: &'n HashSet<String>,
    out: &'o mut Plain,
}

/// One stretch of text, with what is known about it.
struct Stretch<'a> {
    text: &'a str,
    /// Where each `[` ends; only those that do.
    brackets: HashMap<usize, usize>,
    /// Where each `(` ends; only those that do.
    parens: HashMap<usize, usize>,
    /// The next end of each kind, as far as it was looked for; `None` is "no more".
    ends: HashMap<End, Option<usize>>,
    /// Behind this is nothing but white space.
    content_end: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum End {
    Strong(u8),
    /// With a content that does not end in the mark, or that may.
    Emphasis(u8, bool),
    Code(usize),
    Strike,
    Angle,
    Comment,
    Instruction,
    Data,
}

impl<'a> Stretch<'a> {
    fn new(text: &'a str) -> Self {
        let (mut brackets, mut parens) = (HashMap::new(), HashMap::new());
        if text.contains('[') {
            let (mut open_brackets, mut open_parens) = (Vec::new(), Vec::new());
            for (at, byte) in text.bytes().enumerate() {
                match byte {
                    b'[' => open_brackets.push(at),
                    b'(' => open_parens.push(at),
                    b']' => {
                        open_brackets.pop().map(|from| brackets.insert(from, at));
                    }
                    b')' => {
                        open_parens.pop().map(|from| parens.insert(from, at));
                    }
                    _ => {}
                }
            }
        }
        Self { text, brackets, parens, ends: HashMap::new(), content_end: text.trim_end().len() }
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    fn from(&self, at: usize) -> &'a str {
        self.text.get(at..).unwrap_or_default()
    }

    fn slice(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }

    fn char_before(&self, at: usize) -> Option<char> {
        self.text.get(..at).and_then(|before| before.chars().next_back())
    }

    fn char_at(&self, at: usize) -> Option<char> {
        self.from(at).chars().next()
    }

    /// Looks for an end from `start` on, unless it is known from before: starts only grow.
    fn end(&mut self, end: End, start: usize, find: impl Fn(&Self, usize) -> Option<usize>) -> Option<usize> {
        match self.ends.get(&end) {
            Some(None) => return None,
            Some(Some(known)) if *known >= start => return Some(*known),
            _ => {}
        }
        let found = find(self, start);
        self.ends.insert(end, found);
        found
    }

    /// The first place of `mark` at or after `start` that is fit to end something.
    fn mark(&self, mark: &str, start: usize, fit: impl Fn(usize) -> bool) -> Option<usize> {
        let mut at = start;
        while let Some(found) = self.text.get(at..)?.find(mark) {
            if fit(at + found) {
                return Some(at + found);
            }
            at += found + 1;
        }
        None
    }

    /// `**strong**` or `__strong__`: the content's bounds and the end.
    fn strong(&mut self, at: usize) -> Option<(usize, usize, usize)> {
        let byte = self.byte(at).filter(|byte| matches!(byte, b'*' | b'_'))?;
        let mark = if byte == b'*' { "**" } else { "__" };
        if self.byte(at + 1) != Some(byte) {
            return None;
        }
        let start = at + 2 + self.char_at(at + 2)?.len_utf8();
        let close = self
            .end(End::Strong(byte), start, |it, from| it.mark(mark, from, |close| it.byte(close + 2) != Some(byte)))?;
        Some((at + 2, close, close + 2))
    }

    /// `*emphasis*` or `_emphasis_`; an underscore inside a word ends nothing.
    fn emphasis(&mut self, at: usize) -> Option<(usize, usize, usize)> {
        let byte = self.byte(at).filter(|byte| matches!(byte, b'*' | b'_'))?;
        let first = self.char_at(at + 1).filter(|first| !first.is_whitespace())?;
        if byte == b'*' && matches!(first, '"' | '<') {
            return None;
        }
        let mark = if byte == b'*' { "*" } else { "_" };
        let begins_with_mark = self.byte(at + 1) == Some(byte);
        let start = at + 1 + first.len_utf8();
        if self.byte(start) == Some(byte) && self.byte(start + 1) != Some(byte) && !begins_with_mark {
            return Some((at + 1, start, start + 1));
        }
        let start = start + self.char_at(start)?.len_utf8();
        for mark_may_precede in [false, true] {
            if mark_may_precede && begins_with_mark {
                return None;
            }
            let close = self.end(End::Emphasis(byte, mark_may_precede), start, |it, from| {
                it.mark(mark, from, |close| {
                    let before = it.char_before(close);
                    let ends = before.is_some_and(|before| !before.is_whitespace())
                        && (mark_may_precede || before != Some(char::from(byte)));
                    let after = it.char_at(close + 1);
                    ends && after != Some(char::from(byte))
                        && (byte == b'*' || after.is_none_or(|after| after.is_whitespace() || is_punctuation(after)))
                })
            });
            if let Some(close) = close {
                return Some((at + 1, close, close + 1));
            }
        }
        None
    }

    /// Code between two runs of as many backticks.
    fn code(&mut self, at: usize) -> Option<(usize, usize, usize)> {
        let run = self.ticks(at);
        if run == 0 || self.byte(at + run).is_none() {
            return None;
        }
        let close = self.end(End::Code(run), at + run, |it, from| {
            let mut next = from;
            while let Some(found) = it.text.get(next..)?.find('`') {
                let length = it.ticks(next + found);
                if length == run {
                    return Some(next + found);
                }
                next += found + length;
            }
            None
        })?;
        Some((at + run, close, close + run))
    }

    fn ticks(&self, at: usize) -> usize {
        self.from(at).bytes().take_while(|byte| *byte == b'`').count()
    }

    /// `~~strike~~`.
    fn strike(&mut self, at: usize) -> Option<(usize, usize, usize)> {
        let first = self.from(at).strip_prefix("~~")?.chars().next().filter(|first| !first.is_whitespace())?;
        let close = self.end(End::Strike, at + 2 + first.len_utf8(), |it, from| {
            it.mark("~~", from, |close| it.char_before(close).is_some_and(|before| !before.is_whitespace()))
        })?;
        Some((at + 2, close, close + 2))
    }

    /// `[words](address)` or `![words](address)`: the words' bounds and the end.
    fn link(&self, at: usize, names: &HashSet<String>) -> Option<(usize, usize, usize)> {
        let open = if self.byte(at) == Some(b'!') { at + 1 } else { at };
        let close = *self.brackets.get(&open)?;
        if self.byte(close + 1) == Some(b'(')
            && let Some(end) = self.parens.get(&(close + 1))
        {
            return Some((open + 1, close, end + 1));
        }
        if names.is_empty() {
            return None;
        }
        let is_name =
            |name: &str| names.contains(&name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase());
        let second = close + 1 + self.from(close + 1).len() - self.from(close + 1).trim_start().len();
        if let Some(&second_close) = self.brackets.get(&second) {
            let name = self.slice(second + 1, second_close);
            let name = if name.is_empty() { self.slice(open + 1, close) } else { name };
            return is_name(name).then_some((open + 1, close, second_close + 1));
        }
        is_name(self.slice(open + 1, close)).then_some((open + 1, close, close + 1))
    }

    /// `<https://…>` or `<a@b>`: the words shown and the end.
    fn angle_address(&mut self, at: usize) -> Option<(&'a str, usize)> {
        let close = self.end(End::Angle, at + 1, |it, from| it.mark(">", from, |_| true))?;
        if close >= at + ANGLE_LIMIT {
            return None;
        }
        let inside = self.slice(at + 1, close);
        let divided = |mark| inside.find(mark).is_some_and(|found| found > 0 && found + str::len(mark) < inside.len());
        let is_address = !inside.contains(|it: char| it.is_whitespace() || it == '<')
            && (divided("@") || divided(":/") || inside.starts_with("www."));
        let shown = inside.strip_prefix("mailto:").filter(|rest| rest.contains('@')).unwrap_or(inside);
        is_address.then_some((shown, close + 1))
    }

    /// The end of an HTML tag or comment. It stays visible, and is not looked into.
    fn tag(&mut self, at: usize) -> Option<usize> {
        let rest = self.from(at);
        if rest.starts_with("<!--") {
            return self.end(End::Comment, at + 4, |it, from| it.mark("-->", from, |_| true)).map(|end| end + 3);
        }
        if rest.starts_with("<![CDATA[") {
            return self.end(End::Data, at + 9, |it, from| it.mark("]]>", from, |_| true)).map(|end| end + 3);
        }
        if rest.starts_with("<?") {
            return self.end(End::Instruction, at + 2, |it, from| it.mark("?>", from, |_| true)).map(|end| end + 2);
        }
        let declared = rest.starts_with("<!");
        let name = rest.get(1..)?.trim_start_matches(['/', '!']);
        if !name.starts_with(|first: char| first.is_ascii_alphabetic()) || (rest.len() - name.len()) > 2 {
            return None;
        }
        let end = self.end(End::Angle, at + 1, |it, from| it.mark(">", from, |_| true))? + 1;
        let inside = if end < at + ANGLE_LIMIT { self.slice(at + 1, end - 1) } else { return None };
        let words = inside.trim_start_matches(['/', '!']).trim_end_matches('/');
        let name = words.split(char::is_whitespace).next().unwrap_or_default();
        let named =
            name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') || byte == b':');
        let attributes = words.get(name.len()..).unwrap_or_default();
        let plausible = attributes.trim().is_empty() || declared || attributes.split_whitespace().all(is_attribute);
        (named && plausible && !inside.contains('<')).then_some(end)
    }
}

/// Roughly: a name, or `name="value"`, or a part of a value.
fn is_attribute(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_alphanumeric() || matches!(first, '_' | ':' | '"' | '\'' | '='))
}

/// Punctuation in the sense of the official client: after these an underscore may end emphasis.
fn is_punctuation(character: char) -> bool {
    character.is_ascii_punctuation() && !matches!(character, '`' | ']')
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

impl Inline<'_, '_> {
    fn read(&mut self, text: &str, in_link: bool, depth: usize) {
        if depth >= MAX_DEPTH {
            self.out.text(text);
            return;
        }
        let mut it = Stretch::new(text);
        let mut at = 0;
        while let Some(byte) = it.byte(at) {
            at = match byte {
                b'\\' => match it.byte(at + 1) {
                    Some(next) if is_escapable(next) || (next == b'\\' && !it.byte(at + 2).is_some_and(is_word)) => {
                        self.out.text(it.slice(at + 1, at + 2));
                        at + 2
                    }
                    _ => self.plain(&it, at),
                },
                b'<' => {
                    if let Some((shown, end)) = it.angle_address(at) {
                        self.out.raw(shown);
                        end
                    } else if let Some(end) = it.tag(at) {
                        self.out.text(it.slice(at, end));
                        end
                    } else {
                        self.plain(&it, at)
                    }
                }
                b'[' | b'!' => match it.link(at, self.names) {
                    Some((start, close, end)) => {
                        self.out.end_run();
                        if byte == b'!' {
                            self.out.raw(it.slice(start, close));
                        } else {
                            self.read(it.slice(start, close), true, depth + 1);
                        }
                        self.out.end_run();
                        end
                    }
                    None => self.plain(&it, at),
                },
                b'*' | b'_' => match it.strong(at).or_else(|| it.emphasis(at)) {
                    Some(found) => self.inside(&it, found, in_link, depth),
                    None => self.plain(&it, at),
                },
                b'~' => match it.strike(at) {
                    Some(found) => self.inside(&it, found, in_link, depth),
                    None => self.plain(&it, at),
                },
                b'`' => {
                    if let Some((start, close, end)) = it.code(at) {
                        self.out.code(it.slice(start, close).trim());
                        end
                    } else {
                        let end = at + it.ticks(at);
                        self.out.text(it.slice(at, end));
                        self.more(&it, end)
                    }
                }
                _ if !in_link && let Some(length) = address(it.from(at)) => {
                    self.out.raw(it.slice(at, at + length));
                    at + length
                }
                b' ' if let Some(end) = hard_break(&it, at) => {
                    self.out.line_break();
                    end
                }
                _ => self.plain(&it, at),
            };
        }
    }

    fn inside(&mut self, it: &Stretch<'_>, found: (usize, usize, usize), in_link: bool, depth: usize) -> usize {
        let (start, close, end) = found;
        self.out.end_run();
        self.read(it.slice(start, close), in_link, depth + 1);
        self.out.end_run();
        end
    }

    /// One character as it is, and what follows it up to the next thing that could be more.
    fn plain(&mut self, it: &Stretch<'_>, at: usize) -> usize {
        let end = at + it.char_at(at).map_or(1, char::len_utf8);
        self.out.text(it.slice(at, end));
        self.more(it, end)
    }

    fn more(&mut self, it: &Stretch<'_>, start: usize) -> usize {
        let mut end = start;
        while let Some(byte) = it.byte(end) {
            let before = end.checked_sub(1).and_then(|before| it.byte(before)).unwrap_or(b' ');
            let stops = match byte {
                b'\\' | b'<' | b'!' | b'[' | b'`' | b'*' | b'~' => true,
                b'_' => !is_word(before),
                b'a'..=b'z' if !is_word(before) => begins_address(it.from(end)),
                b' ' if before != b' ' => hard_break(it, end).is_some(),
                _ => false,
            };
            if stops {
                break;
            }
            end += 1;
        }
        self.out.text(it.slice(start, end));
        end
    }
}

const fn is_escapable(byte: u8) -> bool {
    matches!(
        byte,
        b'`' | b'*'
            | b'{'
            | b'}'
            | b'['
            | b']'
            | b'('
            | b')'
            | b'#'
            | b'+'
            | b'-'
            | b'.'
            | b'!'
            | b'_'
            | b'>'
            | b'~'
            | b'|'
    )
}

/// Two or more spaces at the end of a line that is not the last.
fn hard_break(it: &Stretch<'_>, at: usize) -> Option<usize> {
    let rest = it.from(at);
    let after = rest.trim_start_matches(' ');
    let length = rest.len() - after.len();
    (length >= 2 && after.starts_with('\n') && at + length < it.content_end).then_some(at + length + 1)
}
