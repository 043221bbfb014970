//! Passing over values without keeping any of them, with the grammar checked all the same.

use super::{Broken, Number, Reader};

/// Which of the objects and arrays around are objects, the innermost in the lowest bit. The first 64 need no memory.
#[derive(Default)]
struct Nest {
    bits: u64,
    depth: u32,
    outer: Vec<u64>,
}

impl Nest {
    fn push(&mut self, object: bool) {
        if self.depth > 0 && self.depth.is_multiple_of(u64::BITS) {
            self.outer.push(self.bits);
        }
        self.bits = self.bits << 1 | u64::from(object);
        self.depth += 1;
    }

    fn pop(&mut self) {
        self.bits >>= 1;
        self.depth = self.depth.saturating_sub(1);
        if self.depth.is_multiple_of(u64::BITS) {
            self.bits = self.outer.pop().unwrap_or_default();
        }
    }

    fn is_object(&self) -> bool {
        self.bits & 1 == 1
    }
}

impl<'a, const QUOTED: bool> Reader<'a, QUOTED> {
    /// Passes over any value, however deep.
    pub(crate) fn skip(&mut self) -> Result<(), Broken> {
        let byte = self.peek()?;
        if matches!(byte, b'{' | b'[') { self.skip_nested() } else { self.skip_scalar(byte) }
    }

    #[inline(always)]
    fn skip_scalar(&mut self, byte: u8) -> Result<(), Broken> {
        match byte {
            byte if Self::opens_string(byte) => self.bounds().map(|_| ()),
            b'-' | b'0'..=b'9' => self.number().map(|_| ()),
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            _ => Err(Broken),
        }
    }

    #[inline(never)]
    fn skip_nested(&mut self) -> Result<(), Broken> {
        let mut nest = Nest::default();
        loop {
            // Before a value.
            let byte = self.peek()?;
            if matches!(byte, b'{' | b'[') {
                self.at += 1;
                nest.push(byte == b'{');
                let closing = if byte == b'{' { b'}' } else { b']' };
                if self.peek()? != closing {
                    if byte == b'{' {
                        self.skip_key()?;
                    }
                    continue;
                }
                self.at += 1;
                nest.pop();
            } else {
                self.skip_scalar(byte)?;
            }
            // After a value: perhaps the last of several.
            loop {
                if nest.depth == 0 {
                    return Ok(());
                }
                let byte = self.peek()?;
                self.at += 1;
                match (byte, nest.is_object()) {
                    (b',', true) => {
                        self.skip_key()?;
                        break;
                    }
                    (b',', false) => break,
                    (b'}', true) | (b']', false) => nest.pop(),
                    _ => return Err(Broken),
                }
            }
        }
    }

    #[inline]
    fn skip_key(&mut self) -> Result<(), Broken> {
        let byte = self.peek()?;
        if !Self::opens_string(byte) {
            return Err(Broken);
        }
        self.bounds()?;
        self.expect(b':')
    }

    #[inline]
    fn word(&mut self, word: &[u8]) -> Result<(), Broken> {
        let end = self.at + word.len();
        if self.text.as_bytes().get(self.at..end) != Some(word) {
            return Err(Broken);
        }
        self.at = end;
        Ok(())
    }

    /// A number. The reader stands before it.
    #[inline]
    pub(super) fn number(&mut self) -> Result<Number<'a>, Broken> {
        let start = self.at;
        let negative = self.byte()? == b'-';
        self.at += usize::from(negative);
        let first = self.at;
        let value = self.digits()?;
        let length = self.at - first;
        if length > 1 && self.text.as_bytes().get(first) == Some(&b'0') {
            return Err(Broken);
        }
        // Eighteen digits always fit. A zero below zero is no whole number to `serde_json`.
        let mut short = (length <= 18).then_some(if negative { value.wrapping_neg() } else { value });
        if negative && value == 0 {
            short = None;
        }
        if self.byte() == Ok(b'.') {
            self.at += 1;
            self.digits()?;
            short = None;
        }
        if matches!(self.byte(), Ok(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.byte(), Ok(b'+' | b'-')));
            self.digits()?;
            short = None;
        }
        Ok(Number { text: self.text.get(start..self.at).ok_or(Broken)?, short })
    }

    /// One digit or more, and their value where they are few.
    #[inline(always)]
    fn digits(&mut self) -> Result<i64, Broken> {
        let mut value = 0_i64;
        let mut count = 0;
        for byte in self.rest() {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            value = value.wrapping_mul(10).wrapping_add(i64::from(digit));
            count += 1;
        }
        self.at += count;
        if count == 0 { Err(Broken) } else { Ok(value) }
    }
}
