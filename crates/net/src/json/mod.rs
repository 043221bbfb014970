//! A JSON reader for the path that every frame takes: it borrows, passes over what nobody asks for without keeping
//! any of it, and reads JSON that was written inside a string where it stands.
//!
//! Why not `serde_json` there: a post arrives as JSON inside a string of JSON. `serde_json` must find the string's end,
//! take its escapes away into a copy, and read the copy; reading into structures with all care took it 42 % of the time
//! of a plain parse, half of that for the outside alone, where a quarter was wanted (`cargo xtask bench engine`). What
//! this reader accepts, refuses and yields is compared with `serde_json` in [`tests`] and by a fuzzer.
//!
//! Values of another type than the one asked for are passed over and read as nothing; only broken syntax is an error.
#![expect(clippy::inline_always, reason = "measured: with calls in between, a post takes a fifth longer")]

mod serde;
mod skip;
#[cfg(test)]
mod tests;
mod text;

use std::borrow::Cow;

pub(crate) use text::Text;

use crate::lenient::{Identifier, whole};

/// The text is no JSON. It says nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken;

/// A place in a JSON text. `QUOTED` JSON stands inside a string of JSON, where each quote and backslash has a backslash
/// before it.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a, const QUOTED: bool = false> {
    text: &'a str,
    at: usize,
    /// How deep `serde` is in; what is passed over may be deeper.
    depth: u8,
}

/// An object or array that is being read: what comes next in it.
#[derive(Debug)]
#[must_use]
pub(crate) enum Within {
    /// Its first element, or its end.
    Begin,
    /// A comma, or its end.
    Middle,
    /// It has ended, or was none.
    End,
}

/// A number, as it was written.
#[derive(Clone, Copy, Debug)]
struct Number<'a> {
    text: &'a str,
    /// Its value, where it was written as a short whole number.
    short: Option<i64>,
}

/// What was found of a value that should be JSON inside a string.
#[derive(Debug, Default)]
pub(crate) enum Inner<'a, T> {
    /// No string.
    #[default]
    Nothing,
    /// It was read where it stands.
    Read(T),
    /// It was not written as servers write it, or is no JSON: what the string says.
    Copy(Cow<'a, str>),
}

impl<'a> Reader<'a> {
    /// At the beginning of a text.
    #[inline]
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0, depth: 0 }
    }

    /// Nothing but blanks may follow.
    #[inline]
    pub(crate) fn end(&mut self) -> Result<(), Broken> {
        if self.at < self.text.len() && self.peek().is_ok() { Err(Broken) } else { Ok(()) }
    }
}

impl<'a, const QUOTED: bool> Reader<'a, QUOTED> {
    #[inline]
    fn byte(&self) -> Result<u8, Broken> {
        self.text.as_bytes().get(self.at).copied().ok_or(Broken)
    }

    /// The first byte of what comes next, after blanks.
    #[inline]
    fn peek(&mut self) -> Result<u8, Broken> {
        let byte = self.byte()?;
        if byte > b' ' { Ok(byte) } else { self.peek_behind_blanks() }
    }

    /// Servers write none.
    #[cold]
    fn peek_behind_blanks(&mut self) -> Result<u8, Broken> {
        loop {
            let byte = self.byte()?;
            if byte > b' ' {
                return Ok(byte);
            }
            // Inside a string, a line's end is an escape.
            if byte != b' ' && (QUOTED || !matches!(byte, b'\n' | b'\r' | b'\t')) {
                return Err(Broken);
            }
            self.at += 1;
        }
    }

    /// Whether a string comes next: its first byte is given.
    #[inline]
    fn opens_string(byte: u8) -> bool {
        byte == if QUOTED { b'\\' } else { b'"' }
    }

    #[inline]
    fn expect(&mut self, wanted: u8) -> Result<(), Broken> {
        if self.peek()? != wanted {
            return Err(Broken);
        }
        self.at += 1;
        Ok(())
    }

    /// Whether an object comes next.
    pub(crate) fn is_object(&mut self) -> bool {
        self.peek() == Ok(b'{')
    }

    /// Whether a string comes next.
    pub(crate) fn is_string(&mut self) -> bool {
        self.peek().is_ok_and(Self::opens_string)
    }

    /// Enters an object; passes over anything else.
    #[inline]
    pub(crate) fn object(&mut self) -> Result<Within, Broken> {
        self.enter(b'{')
    }

    /// Enters an array; passes over anything else.
    #[inline]
    pub(crate) fn array(&mut self) -> Result<Within, Broken> {
        self.enter(b'[')
    }

    #[inline]
    fn enter(&mut self, opening: u8) -> Result<Within, Broken> {
        if self.peek()? != opening {
            self.skip()?;
            return Ok(Within::End);
        }
        self.at += 1;
        Ok(Within::Begin)
    }

    /// The next key of an object; its value must be read or passed over before the next call.
    #[inline(always)]
    pub(crate) fn key(&mut self, within: &mut Within) -> Result<Option<Cow<'a, str>>, Broken> {
        let key = match within {
            Within::Begin => self.plain_key(b""),
            Within::Middle => self.plain_key(b","),
            Within::End => None,
        };
        if let Some(key) = key {
            *within = Within::Middle;
            return Ok(Some(Cow::Borrowed(key)));
        }
        self.any_key(within)
    }

    fn any_key(&mut self, within: &mut Within) -> Result<Option<Cow<'a, str>>, Broken> {
        if !self.goes_on(within, b'}')? {
            return Ok(None);
        }
        self.peek()?;
        let key = self.string()?;
        self.expect(b':')?;
        Ok(Some(key.read()))
    }

    /// Whether an array has another element; it must be read or passed over before the next call.
    #[inline]
    pub(crate) fn element(&mut self, within: &mut Within) -> Result<bool, Broken> {
        self.goes_on(within, b']')
    }

    #[inline(always)]
    fn goes_on(&mut self, within: &mut Within, closing: u8) -> Result<bool, Broken> {
        if matches!(within, Within::End) {
            return Ok(false);
        }
        let byte = self.peek()?;
        if byte == closing {
            self.at += 1;
            *within = Within::End;
            return Ok(false);
        }
        if matches!(within, Within::Middle) {
            if byte != b',' {
                return Err(Broken);
            }
            self.at += 1;
        }
        *within = Within::Middle;
        Ok(true)
    }

    /// Text; `None` for anything else.
    #[inline(always)]
    pub(crate) fn text(&mut self) -> Result<Option<Text<'a>>, Broken> {
        let byte = self.peek()?;
        if Self::opens_string(byte) {
            return self.string().map(Some);
        }
        self.skip()?;
        Ok(None)
    }

    /// Text, borrowed where it was written without escapes; `None` for anything else.
    #[inline(always)]
    pub(crate) fn cow(&mut self) -> Result<Option<Cow<'a, str>>, Broken> {
        Ok(self.text()?.map(Text::read))
    }

    /// An identifier; `None` for the empty text and for anything that is none.
    #[inline(always)]
    pub(crate) fn id<T: Identifier>(&mut self) -> Result<Option<T>, Broken> {
        Ok(self.text()?.and_then(|text| T::parse(&text.read())))
    }

    /// A whole number; `None` for anything else.
    #[inline]
    pub(crate) fn int(&mut self) -> Result<Option<i64>, Broken> {
        if !matches!(self.peek()?, b'-' | b'0'..=b'9') {
            self.skip()?;
            return Ok(None);
        }
        let number = self.number()?;
        Ok(number.short.or_else(|| number.long()))
    }

    /// A truth value; `None` for anything else.
    pub(crate) fn boolean(&mut self) -> Result<Option<bool>, Broken> {
        let byte = self.peek()?;
        self.skip()?;
        Ok(match byte {
            b't' => Some(true),
            b'f' => Some(false),
            _ => None,
        })
    }

    /// Whether it is anything but `null`, `false`, 0 and the empty text.
    pub(crate) fn truthy(&mut self) -> Result<bool, Broken> {
        match self.peek()? {
            b'-' | b'0'..=b'9' => Ok(self.number()?.text.parse::<f64>() != Ok(0.0)),
            b'n' | b'f' => self.skip().map(|()| false),
            byte if Self::opens_string(byte) => Ok(!self.string()?.is_empty()),
            _ => self.skip().map(|()| true),
        }
    }

    /// JSON that was written inside a string. It is read in place if it was written as servers do: with no escapes but
    /// those of quotes and backslashes.
    #[inline]
    pub(crate) fn inner<T>(
        &mut self,
        read: impl FnOnce(&mut Reader<'a, true>) -> Result<T, Broken>,
    ) -> Result<Inner<'a, T>, Broken> {
        if QUOTED || self.peek()? != b'"' {
            self.skip()?;
            return Ok(Inner::Nothing);
        }
        let mut inside = Reader { text: self.text, at: self.at + 1, depth: self.depth };
        if let Ok(value) = read(&mut inside)
            && inside.peek() == Ok(b'"')
        {
            self.at = inside.at + 1;
            return Ok(Inner::Read(value));
        }
        Ok(Inner::Copy(self.string()?.read()))
    }
}

impl<T> Inner<'_, T> {
    /// What was read in place, or else is read now; `None` where there is nothing to read.
    pub(crate) fn or_read(self, read: impl FnOnce(&mut Reader<'_>) -> Result<T, Broken>) -> Result<Option<T>, Broken> {
        match self {
            Self::Nothing => Ok(None),
            Self::Read(value) => Ok(Some(value)),
            Self::Copy(copy) => {
                let mut reader = Reader::new(&copy);
                let value = read(&mut reader)?;
                reader.end()?;
                Ok(Some(value))
            }
        }
    }
}

impl Number<'_> {
    /// The value of a whole number that was written in another way, or is long.
    #[cold]
    fn long(self) -> Option<i64> {
        self.text.parse().ok().or_else(|| self.text.parse().ok().and_then(whole))
    }
}
