//! Which rows of a long list are chosen: with the pointer, with Shift and Ctrl, and with the keyboard alone.

use std::collections::BTreeSet;

use egui::{Key, Modifiers, Ui};

/// Chosen rows by key. The order of the list is the caller's, and may change between two frames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection<K> {
    chosen: BTreeSet<K>,
    /// Where a range begins.
    anchor: Option<K>,
    /// Where the keyboard is.
    cursor: Option<K>,
}

impl<K> Default for Selection<K> {
    fn default() -> Self {
        Self { chosen: BTreeSet::new(), anchor: None, cursor: None }
    }
}

impl<K: Copy + Ord> Selection<K> {
    /// The chosen ones.
    pub fn iter(&self) -> impl Iterator<Item = K> + '_ {
        self.chosen.iter().copied()
    }

    /// How many are chosen.
    pub fn len(&self) -> usize {
        self.chosen.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.chosen.is_empty()
    }

    /// Whether this one is.
    pub fn contains(&self, key: K) -> bool {
        self.chosen.contains(&key)
    }

    /// Where the keyboard is.
    pub fn cursor(&self) -> Option<K> {
        self.cursor
    }

    /// Chooses none.
    pub fn clear(&mut self) {
        self.chosen.clear();
        self.anchor = None;
    }

    /// Forgets whatever is not in the list any more.
    pub fn retain(&mut self, is_there: impl Fn(K) -> bool) {
        self.chosen.retain(|key| is_there(*key));
    }

    /// One was ticked or unticked.
    pub fn toggle(&mut self, key: K) {
        if !self.chosen.remove(&key) {
            self.chosen.insert(key);
        }
        (self.anchor, self.cursor) = (Some(key), Some(key));
    }

    /// A row was clicked: alone, with Ctrl in addition, with Shift as the end of a range. `order` is the list as it is shown.
    pub fn click(&mut self, order: &[K], key: K, modifiers: Modifiers) {
        if modifiers.shift {
            self.extend(order, key);
        } else if modifiers.command {
            self.toggle(key);
        } else {
            self.chosen = BTreeSet::from([key]);
            (self.anchor, self.cursor) = (Some(key), Some(key));
        }
    }

    fn extend(&mut self, order: &[K], key: K) {
        let at = |wanted: K| order.iter().position(|other| *other == wanted);
        let from = self.anchor.and_then(at);
        let (Some(from), Some(to)) = (from, at(key)) else {
            return self.toggle(key);
        };
        let range = order.get(from.min(to)..=from.max(to)).unwrap_or_default();
        self.chosen = range.iter().copied().collect();
        self.cursor = Some(key);
    }

    /// What the keyboard asks for while a row has the focus: arrows, Home, End, pages, Space, Ctrl+A. Returns the row that
    /// must come into sight.
    pub fn keys(&mut self, ui: &Ui, order: &[K], page: usize) -> Option<K> {
        let pressed = |modifiers, key| ui.input_mut(|input| input.consume_key(modifiers, key));
        if pressed(Modifiers::COMMAND, Key::A) {
            self.chosen = order.iter().copied().collect();
            return None;
        }
        if pressed(Modifiers::NONE, Key::Space) {
            if let Some(cursor) = self.cursor {
                self.toggle(cursor);
            }
            return None;
        }
        let last = order.len().checked_sub(1)?;
        let current = self.cursor.and_then(|cursor| order.iter().position(|key| *key == cursor));
        for (key, step) in [
            (Key::ArrowDown, 1),
            (Key::ArrowUp, -1),
            (Key::PageDown, page.cast_signed()),
            (Key::PageUp, -page.cast_signed()),
            (Key::Home, -last.cast_signed()),
            (Key::End, last.cast_signed()),
        ] {
            let extends = pressed(Modifiers::SHIFT, key);
            if extends || pressed(Modifiers::NONE, key) {
                let next = current.map_or(0, |index| index.saturating_add_signed(step)).min(last);
                let next = *order.get(next)?;
                if extends {
                    if self.anchor.is_none() {
                        self.anchor = self.cursor;
                    }
                    self.extend(order, next);
                }
                self.cursor = Some(next);
                return Some(next);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shift_chooses_a_range_and_ctrl_one_more() {
        let order: Vec<u32> = (0..10).collect();
        let mut chosen = Selection::default();
        chosen.click(&order, 2, Modifiers::NONE);
        chosen.click(&order, 5, Modifiers::SHIFT);
        assert_eq!(chosen.iter().collect::<Vec<_>>(), [2, 3, 4, 5]);
        chosen.click(&order, 0, Modifiers::SHIFT);
        assert_eq!(chosen.iter().collect::<Vec<_>>(), [0, 1, 2], "from the same beginning");
        chosen.click(&order, 7, Modifiers::COMMAND);
        assert!(chosen.contains(7));
        chosen.click(&order, 7, Modifiers::COMMAND);
        assert!(!chosen.contains(7));
        chosen.click(&order, 9, Modifiers::NONE);
        assert_eq!(chosen.len(), 1);
    }

    #[test]
    fn a_range_whose_beginning_is_filtered_away_chooses_one() {
        let mut chosen = Selection::default();
        chosen.click(&[1, 2, 3], 1, Modifiers::NONE);
        chosen.click(&[2, 3], 3, Modifiers::SHIFT);
        assert_eq!(chosen.iter().collect::<Vec<_>>(), [1, 3]);
        chosen.retain(|key| key == 3);
        assert_eq!(chosen.iter().collect::<Vec<_>>(), [3]);
    }
}
