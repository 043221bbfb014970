//! The shapes of [`crate::shapes`] can be read from a [`Reader`] as from `serde_json`.

use std::borrow::Cow;
use std::fmt;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, Error, IntoDeserializer as _, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::{Broken, Number, Reader, Within};

/// As deep as `serde_json` lets shapes go.
const DEEPEST: u8 = 127;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not the JSON that was expected")
    }
}

impl std::error::Error for Broken {}

impl Error for Broken {
    /// The message is dropped: it may quote the text.
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

impl Number<'_> {
    fn visit<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Broken> {
        if let Some(value) = self.short {
            return match u64::try_from(value) {
                Ok(value) => visitor.visit_u64(value),
                Err(_) => visitor.visit_i64(value),
            };
        }
        if let Ok(value) = self.text.parse::<u64>() {
            return visitor.visit_u64(value);
        }
        match self.text.parse::<i64>() {
            Ok(value) if value != 0 => visitor.visit_i64(value),
            // What is too large becomes infinite, which no field takes for a value.
            _ => visitor.visit_f64(self.text.parse().unwrap_or(f64::NAN)),
        }
    }
}

struct Elements<'r, 'a, const QUOTED: bool> {
    reader: &'r mut Reader<'a, QUOTED>,
    within: Within,
}

impl<'a, const QUOTED: bool> Reader<'a, QUOTED> {
    /// Reads an object or array with `visit`, which must read all of it.
    fn nested<T>(
        &mut self,
        [opening, closing]: [u8; 2],
        visit: impl FnOnce(&mut Elements<'_, 'a, QUOTED>) -> Result<T, Broken>,
    ) -> Result<T, Broken> {
        if self.depth >= DEEPEST {
            return Err(Broken);
        }
        let within = self.enter(opening)?;
        self.depth += 1;
        let mut elements = Elements { reader: self, within };
        let value = visit(&mut elements)?;
        let Elements { reader, mut within } = elements;
        if reader.goes_on(&mut within, closing)? {
            return Err(Broken);
        }
        reader.depth -= 1;
        Ok(value)
    }
}

impl<'de, const QUOTED: bool> MapAccess<'de> for &mut Elements<'_, 'de, QUOTED> {
    type Error = Broken;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Broken> {
        let Some(key) = self.reader.key(&mut self.within)? else { return Ok(None) };
        match key {
            Cow::Borrowed(key) => seed.deserialize(BorrowedStrDeserializer::new(key)),
            Cow::Owned(key) => seed.deserialize(key.into_deserializer()),
        }
        .map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Broken> {
        seed.deserialize(&mut *self.reader)
    }
}

impl<'de, const QUOTED: bool> SeqAccess<'de> for &mut Elements<'_, 'de, QUOTED> {
    type Error = Broken;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Broken> {
        if self.reader.element(&mut self.within)? { seed.deserialize(&mut *self.reader).map(Some) } else { Ok(None) }
    }
}

impl<'de, const QUOTED: bool> Deserializer<'de> for &mut Reader<'de, QUOTED> {
    type Error = Broken;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Broken> {
        match self.peek()? {
            b'{' => self.nested(*b"{}", |elements| visitor.visit_map(elements)),
            b'[' => self.nested(*b"[]", |elements| visitor.visit_seq(elements)),
            b'-' | b'0'..=b'9' => self.number()?.visit(visitor),
            byte @ (b't' | b'f') => {
                self.skip()?;
                visitor.visit_bool(byte == b't')
            }
            b'n' => {
                self.skip()?;
                visitor.visit_unit()
            }
            byte if Reader::<QUOTED>::opens_string(byte) => match self.string()?.read() {
                Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
                Cow::Owned(text) => visitor.visit_string(text),
            },
            _ => Err(Broken),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Broken> {
        if self.peek()? == b'n' {
            self.skip()?;
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Broken> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Broken> {
        self.skip()?;
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct enum identifier
    }
}
