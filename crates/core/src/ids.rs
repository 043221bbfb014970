//! Identifiers: small, copyable, opaque.
//!
//! A Mattermost id is 26 characters of `[a-z0-9]` (protocol "Conventions"), but it is treated as opaque: any
//! printable ASCII text of 1 to [`Id::MAX_LEN`] bytes is accepted, and nothing is read into it.
//! Keeping it inline makes ids `Copy`, so state and views share them without counting references.

use core::fmt;
use core::num::NonZeroU8;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An opaque identifier held inline.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id {
    /// The text, and zeros behind it.
    text: [u8; Self::MAX_LEN],
    /// Its length. Never zero, so that an absent id takes no byte more.
    len: NonZeroU8,
}

impl Id {
    /// The longest id kept, in bytes. Real ones have 26.
    pub const MAX_LEN: usize = 31;
    const REAL_LEN: usize = 26;
    /// Stands where an id is not known yet. No text reads as it.
    pub const BLANK: Self = {
        let mut text = [0; Self::MAX_LEN];
        text[0] = b' ';
        Self { text, len: NonZeroU8::MIN }
    };

    /// Reads an id; `None` where the text is empty, too long, or not printable ASCII.
    pub fn parse(text: &str) -> Option<Self> {
        let source = text.as_bytes();
        let len = NonZeroU8::new(u8::try_from(source.len()).ok()?)?;
        let mut text = [0; Self::MAX_LEN];
        if let Some((real, [])) = source.split_first_chunk::<{ Self::REAL_LEN }>() {
            // A copy of known length needs no call.
            *text.first_chunk_mut()? = *real;
        } else {
            text.get_mut(..source.len())?.copy_from_slice(source);
        }
        is_printable(source).then_some(Self { text, len })
    }

    /// The id as the server wrote it.
    pub fn as_str(&self) -> &str {
        self.text
            .get(..usize::from(self.len.get()))
            .and_then(|bytes| core::str::from_utf8(bytes).ok())
            .unwrap_or_default()
    }
}

/// Whether every byte is printable ASCII. A frame has a dozen ids, so eight bytes are looked at together: one that is below
/// `!`, above `~` or no ASCII leaves a highest bit set.
fn is_printable(source: &[u8]) -> bool {
    const fn all(byte: u8) -> u64 {
        u64::from_ne_bytes([byte; 8])
    }
    let (words, rest) = source.as_chunks();
    let odd = words.iter().fold(0, |odd, word| {
        let word = u64::from_le_bytes(*word);
        odd | word | word.wrapping_add(all(1)) | word.wrapping_sub(all(b'!'))
    });
    odd & all(0x80) == 0 && rest.iter().all(u8::is_ascii_graphic)
}

impl core::hash::Hash for Id {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        // The unused tail is always zero, so the whole array may be hashed in words.
        state.write(&self.text);
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

struct IdVisitor;

impl serde::de::Visitor<'_> for IdVisitor {
    type Value = Id;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an identifier")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Id, E> {
        Id::parse(text).ok_or_else(|| E::custom("not an identifier"))
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(IdVisitor)
    }
}

macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Id);

        impl $name {
            /// Stands where an id is not known yet (see [`Id::BLANK`]).
            pub const BLANK: Self = Self(Id::BLANK);

            /// Reads an id; `None` where the text cannot be one (see [`Id::parse`]).
            pub fn parse(text: &str) -> Option<Self> {
                Id::parse(text).map(Self)
            }

            /// The id as the server wrote it.
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

id_type!(
    /// A team.
    TeamId
);
id_type!(
    /// A channel: public, private, direct or group.
    ChannelId
);
id_type!(
    /// A post. A thread is named by the id of its root post.
    PostId
);
id_type!(
    /// A person or a bot.
    UserId
);
id_type!(
    /// A call of the Calls plugin.
    CallId
);
id_type!(
    /// A file of a post.
    FileId
);

/// One entry of the person's list of servers, numbered by us and never reused.
///
/// Two accounts on one server are two entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ServerId(pub u32);

impl fmt::Display for ServerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// One banner, numbered from 1 in the order of their making.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BannerId(pub u64);

/// A hasher with a fixed seed, so that the same inputs give the same effects (anchors: "The core contract").
#[derive(Clone, Copy, Debug, Default)]
pub struct IdHasher(u64);

impl core::hash::Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 29)
    }

    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks();
        for word in words {
            self.add(*word);
        }
        if !rest.is_empty() {
            let mut word = [0; 8];
            if let Some(part) = word.get_mut(..rest.len()) {
                part.copy_from_slice(rest);
            }
            self.add(word);
        }
    }
}

impl IdHasher {
    fn add(&mut self, word: [u8; 8]) {
        self.0 = (self.0.rotate_left(23) ^ u64::from_le_bytes(word)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 ^= self.0 >> 32;
    }
}

/// A hash set over ids. Never iterate it where order can be seen.
pub type IdSet<K> = std::collections::HashSet<K, core::hash::BuildHasherDefault<IdHasher>>;

/// A hash map over ids. Never iterate it where order can be seen.
pub type IdMap<K, V> = std::collections::HashMap<K, V, core::hash::BuildHasherDefault<IdHasher>>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_of_an_id_is_looked_at() {
        for place in 0..26 {
            for byte in 0..=u8::MAX {
                let mut source = [b'm'; 26];
                source[place] = byte;
                assert_eq!(is_printable(&source), byte.is_ascii_graphic(), "{byte} at {place}");
            }
        }
    }

    #[test]
    fn an_id_keeps_its_text_and_refuses_what_cannot_be_one() {
        assert_eq!(Id::parse("4rbnmgsxd7yjbcxebbt5j7u48c").unwrap().as_str(), "4rbnmgsxd7yjbcxebbt5j7u48c");
        for bad in ["", "with space", "é", "line\nbreak", &"x".repeat(32)] {
            assert!(Id::parse(bad).is_none(), "{bad:?}");
        }
    }
}
