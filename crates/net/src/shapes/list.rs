//! Lists, in each of the ways in which servers write them.

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};

use crate::lenient::One;

/// Objects of one list that are kept: twice the memberships that are read of anybody. The rest is read and dropped.
const MOST_ITEMS: usize = 200_000;

/// A list as it arrived.
#[derive(Debug)]
pub struct List<T> {
    /// The objects that could be read, also from the beginning of a list that was cut.
    pub items: Vec<T>,
    /// How many elements there were, readable or not.
    pub rows: usize,
    /// Whether the list was read to its end.
    pub complete: bool,
}

struct Collect<'a, T> {
    items: &'a mut Vec<T>,
    rows: &'a mut usize,
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Collect<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Collect<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(One(item)) = seq.next_element()? {
            *self.rows += 1;
            if self.items.len() < MOST_ITEMS {
                self.items.extend(item);
            }
        }
        Ok(())
    }
}

/// Reads a JSON array, one object a line (NDJSON), or `null` as nothing at all: servers answer the same
/// question in each of these ways (protocol §3.3), so the first byte decides.
pub fn list<'de, T: Deserialize<'de>>(body: &'de [u8]) -> List<T> {
    let mut list = List { items: Vec::new(), rows: 0, complete: false };
    match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'[') => {
            let mut json = serde_json::Deserializer::from_slice(body);
            let collect = Collect { items: &mut list.items, rows: &mut list.rows };
            list.complete = collect.deserialize(&mut json).is_ok() && json.end().is_ok();
        }
        Some(b'{') => {
            list.complete = true;
            for row in serde_json::Deserializer::from_slice(body).into_iter::<One<T>>() {
                match row {
                    Ok(One(item)) => {
                        list.rows += 1;
                        if list.items.len() < MOST_ITEMS {
                            list.items.extend(item);
                        }
                    }
                    Err(_) => list.complete = false,
                }
            }
        }
        Some(_) => list.complete = body.trim_ascii() == b"null",
        None => {}
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_without_end_is_counted_and_not_kept() {
        for (list_of, between, end) in [("[{}", ",{}", "]"), ("{}", "\n{}", "")] {
            let body = format!("{list_of}{}{end}", between.repeat(MOST_ITEMS + 5));
            let list = list::<serde_json::Value>(body.as_bytes());
            assert_eq!((list.items.len(), list.rows, list.complete), (MOST_ITEMS, MOST_ITEMS + 6, true));
        }
    }
}
