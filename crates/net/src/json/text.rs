//! Strings, and their escapes.

use std::borrow::Cow;

use super::{Broken, Reader};

/// A string as it was written, without its quotes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text<'a> {
    raw: &'a str,
    /// Whether it holds escapes.
    escaped: bool,
    /// Whether it stands inside another string.
    quoted: bool,
}

/// The same byte in all eight places.
const fn all(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// Marks, in the highest bit of each byte, quotes, backslashes and control characters. Only the lowest mark is exact.
#[inline(always)]
fn marks(word: u64) -> u64 {
    // This changes places so that quotes, and no other letter, come to stand beside the control characters.
    let quotes_and_controls = (word ^ all(2)).wrapping_sub(all(b' ' + 1));
    let backslashes = (word ^ all(b'\\')).wrapping_sub(all(1));
    (quotes_and_controls | backslashes) & !word & all(0x80)
}

/// How many bytes need no look: up to a quote, a backslash, a control character, or the end.
#[inline(always)]
fn plain_length(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks();
    for (index, word) in words.iter().enumerate() {
        let found = marks(u64::from_le_bytes(*word));
        if found != 0 {
            return index * 8 + (found.trailing_zeros() / 8) as usize;
        }
    }
    words.len() * 8 + plain_length_of_few(rest)
}

#[cold]
fn plain_length_of_few(rest: &[u8]) -> usize {
    rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..b' ')).unwrap_or(rest.len())
}

impl<'a, const QUOTED: bool> Reader<'a, QUOTED> {
    /// What stands before and behind a string.
    const QUOTE: &'static [u8] = if QUOTED { br#"\""# } else { br#"""# };

    /// What is left of the text.
    #[inline(always)]
    pub(super) fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// The length of the string that comes next, if it holds no escapes.
    #[inline(always)]
    fn plain_string(rest: &[u8]) -> Option<usize> {
        let inside = rest.strip_prefix(Self::QUOTE)?;
        let length = plain_length(inside);
        inside.get(length..)?.starts_with(Self::QUOTE).then_some(length)
    }

    /// A string. The reader stands before its quote.
    #[inline(always)]
    pub(super) fn string(&mut self) -> Result<Text<'a>, Broken> {
        let (start, end, escaped) = self.bounds()?;
        let raw = self.text.get(start..end).ok_or(Broken)?;
        Ok(Text { raw, escaped, quoted: QUOTED })
    }

    /// Where a string begins and ends, and whether it holds escapes. The reader stands before its quote, then behind it.
    #[inline(always)]
    pub(super) fn bounds(&mut self) -> Result<(usize, usize, bool), Broken> {
        let start = self.at + Self::QUOTE.len();
        if let Some(length) = Self::plain_string(self.rest()) {
            self.at = start + length + Self::QUOTE.len();
            return Ok((start, start + length, false));
        }
        Ok((start, self.end_of_escaped()?, true))
    }

    /// As servers write it: what stands before a key (a comma, unless it is the first), a key without escapes, a colon.
    #[inline(always)]
    pub(super) fn plain_key(&mut self, before: &[u8]) -> Option<&'a str> {
        let rest = self.rest().strip_prefix(before)?;
        let length = Self::plain_string(rest)?;
        let start = self.at + before.len() + Self::QUOTE.len();
        let end = start + length;
        let colon = end + Self::QUOTE.len();
        if self.text.as_bytes().get(colon) != Some(&b':') {
            return None;
        }
        self.at = colon + 1;
        self.text.get(start..end)
    }

    /// The end of a string that holds escapes. The reader stands before its quote, then behind it.
    #[cold]
    fn end_of_escaped(&mut self) -> Result<usize, Broken> {
        if !self.rest().starts_with(Self::QUOTE) {
            return Err(Broken);
        }
        self.at += Self::QUOTE.len();
        loop {
            self.at += plain_length(self.rest());
            let end = self.at;
            let mut byte = self.byte()?;
            if QUOTED {
                // The closing quote has a backslash before it, and each of the string's own backslashes has one too.
                self.at += 1;
                byte = match (byte, self.byte()?) {
                    (b'\\', second @ (b'"' | b'\\')) => second,
                    _ => return Err(Broken),
                };
            }
            self.at += 1;
            match byte {
                b'"' => return Ok(end),
                b'\\' => self.check_escape()?,
                _ => return Err(Broken),
            }
        }
    }

    /// Passes over what follows an escape's backslash.
    fn check_escape(&mut self) -> Result<(), Broken> {
        let mut letter = self.byte()?;
        self.at += 1;
        if QUOTED && letter == b'"' {
            return Err(Broken);
        }
        if QUOTED && letter == b'\\' {
            letter = self.byte()?;
            self.at += 1;
            if !matches!(letter, b'"' | b'\\') {
                return Err(Broken);
            }
        }
        match letter {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(()),
            b'u' => {
                let digits = self.text.as_bytes().get(self.at..self.at + 4).ok_or(Broken)?;
                self.at += 4;
                digits.iter().all(u8::is_ascii_hexdigit).then_some(()).ok_or(Broken)
            }
            _ => Err(Broken),
        }
    }
}

impl<'a> Text<'a> {
    /// Whether there is nothing in it.
    pub(crate) fn is_empty(self) -> bool {
        self.raw.is_empty()
    }

    /// What was meant: borrowed where it holds no escapes. Halves of a pair that are alone become U+FFFD.
    #[inline]
    pub(crate) fn read(self) -> Cow<'a, str> {
        if self.escaped { Cow::Owned(self.unescaped()) } else { Cow::Borrowed(self.raw) }
    }

    #[cold]
    fn unescaped(self) -> String {
        let mut out = String::with_capacity(self.raw.len());
        let mut rest = self.raw;
        while let Some((plain, escape)) = rest.split_once('\\') {
            out.push_str(plain);
            let mut letters = escape.chars();
            let mut letter = letters.next();
            if self.quoted {
                letter = letters.next();
                if letter == Some('\\') {
                    letter = letters.next();
                }
            }
            rest = letters.as_str();
            out.push(match letter {
                Some('b') => '\u{8}',
                Some('f') => '\u{c}',
                Some('n') => '\n',
                Some('r') => '\r',
                Some('t') => '\t',
                Some('u') => self.unicode(&mut rest),
                Some(letter) => letter,
                None => char::REPLACEMENT_CHARACTER,
            });
        }
        out.push_str(rest);
        out
    }

    /// The character of `\uXXXX`, or of two of them that are a pair.
    fn unicode(self, rest: &mut &str) -> char {
        let first = unit(rest);
        let mut after = *rest;
        if matches!(first, 0xD800..0xDC00)
            && let Some(second) = after.strip_prefix(if self.quoted { r"\\u" } else { r"\u" })
        {
            after = second;
            let second = unit(&mut after);
            if matches!(second, 0xDC00..0xE000) {
                *rest = after;
                let pair = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
                return char::from_u32(pair).unwrap_or(char::REPLACEMENT_CHARACTER);
            }
        }
        char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER)
    }
}

/// Four hexadecimal digits.
fn unit(rest: &mut &str) -> u32 {
    let (digits, after) = rest.split_at_checked(4).unwrap_or((*rest, ""));
    *rest = after;
    u32::from_str_radix(digits, 16).unwrap_or(u32::MAX)
}
