//! Readers that never fail on a value of another type.
//!
//! Servers from 2021 to next year, plugins and proxies all write these bodies. A field that has turned from a number into
//! a string must cost that field and nothing else, so every shape in [`crate::shapes`] reads its fields through here.
//! Only broken JSON syntax is an error.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use belfry_core::ids::{CallId, ChannelId, FileId, PostId, TeamId, UserId};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Any JSON value, with what is neither text nor number nor truth value thrown away.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar<'de> {
    /// `null`, an array or an object.
    Nothing,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Another number.
    Float(f64),
    /// Text, borrowed where it holds no escapes.
    Text(Cow<'de, str>),
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Scalar::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Scalar::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(value).map_or(Scalar::Nothing, Scalar::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Scalar::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_string<E>(self, value: String) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Owned(value)))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Borrowed(value)))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Scalar::Nothing)
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(Scalar::Nothing)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Nothing)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Nothing)
    }
}

impl<'de> Deserialize<'de> for Scalar<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

/// A whole number; `None` for anything else.
pub fn int<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(match Scalar::deserialize(deserializer)? {
        Scalar::Int(value) => Some(value),
        Scalar::Float(value) => whole(value),
        Scalar::Nothing | Scalar::Bool(_) | Scalar::Text(_) => None,
    })
}

/// Some plugins write whole numbers as `1.0` or `1e12`.
pub(crate) fn whole(value: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "whole and within the range where both types are exact")]
    (value.fract() == 0.0 && value.abs() <= EXACT).then_some(value as i64)
}

/// A truth value; `None` for anything else.
pub fn boolean<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    Ok(match Scalar::deserialize(deserializer)? {
        Scalar::Bool(value) => Some(value),
        Scalar::Nothing | Scalar::Int(_) | Scalar::Float(_) | Scalar::Text(_) => None,
    })
}

/// Text, borrowed where possible; `None` for anything else.
pub fn cow<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Cow<'de, str>>, D::Error> {
    Ok(match Scalar::deserialize(deserializer)? {
        Scalar::Text(value) => Some(value),
        Scalar::Nothing | Scalar::Bool(_) | Scalar::Int(_) | Scalar::Float(_) => None,
    })
}

/// Text; empty for anything else.
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(cow(deserializer)?.map(Cow::into_owned).unwrap_or_default())
}

/// An identifier that can be read from text.
pub trait Identifier: Sized {
    /// Reads it; `None` where the text cannot be one.
    fn parse(text: &str) -> Option<Self>;
}

macro_rules! identifier {
    ($($name:ty),*) => {
        $(impl Identifier for $name {
            fn parse(text: &str) -> Option<Self> {
                Self::parse(text)
            }
        })*
    };
}
identifier!(TeamId, ChannelId, PostId, UserId, CallId, FileId);

/// An identifier; `None` for the empty text and for anything that is none.
pub fn id<'de, D: Deserializer<'de>, T: Identifier>(deserializer: D) -> Result<Option<T>, D::Error> {
    Ok(cow(deserializer)?.and_then(|text| T::parse(&text)))
}

/// Takes one kind of container; whatever else comes is passed over and read as `None`.
struct Only<K>(PhantomData<K>);

/// A kind of container, and what becomes of it.
trait Container<'de> {
    type Value;

    fn object<A: MapAccess<'de>>(mut map: A) -> Result<Option<Self::Value>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn array<A: SeqAccess<'de>>(mut seq: A) -> Result<Option<Self::Value>, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

struct Object<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Container<'de> for Object<T> {
    type Value = T;

    fn object<A: MapAccess<'de>>(map: A) -> Result<Option<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Some)
    }
}

struct Array<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Container<'de> for Array<T> {
    type Value = Vec<T>;

    fn array<A: SeqAccess<'de>>(mut seq: A) -> Result<Option<Vec<T>>, A::Error> {
        let mut items = Vec::new();
        while let Some(One(item)) = seq.next_element()? {
            items.extend(item);
        }
        Ok(Some(items))
    }
}

impl<'de, K: Container<'de>> Visitor<'de> for Only<K> {
    type Value = Option<K::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        K::object(map)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        K::array(seq)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// An object of a known shape, or `None` where the value is no object.
#[derive(Debug)]
pub struct One<T>(pub Option<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for One<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Only::<Object<T>>(PhantomData)).map(Self)
    }
}

/// An object of a known shape; `None` for anything else.
pub fn one<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    One::deserialize(deserializer).map(|one| one.0)
}

/// An array of objects, without the elements that are none; `None` where the value is no array.
pub fn many<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<Vec<T>>, D::Error> {
    deserializer.deserialize_any(Only::<Array<T>>(PhantomData))
}

/// A map from text to text, without the entries whose value is no text.
#[derive(Debug, Default)]
pub struct TextMap(pub BTreeMap<String, String>);

impl<'de> Deserialize<'de> for TextMap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MapVisitor;

        impl<'de> Visitor<'de> for MapVisitor {
            type Value = TextMap;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = BTreeMap::new();
                while let Some((key, value)) = map.next_entry::<Cow<'de, str>, Scalar<'de>>()? {
                    if let Scalar::Text(value) = value {
                        entries.insert(key.into_owned(), value.into_owned());
                    }
                }
                Ok(TextMap(entries))
            }
        }

        deserializer.deserialize_map(MapVisitor)
    }
}

/// A map from text to text; `None` where the value is no object.
pub fn text_map<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<BTreeMap<String, String>>, D::Error> {
    Ok(one::<D, TextMap>(deserializer)?.map(|map| map.0))
}
