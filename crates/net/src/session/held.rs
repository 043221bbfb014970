//! Frames held back while everything is being read, bounded by number and size.

use std::collections::VecDeque;

use super::socket::Text;

/// Frames held back at most.
const FRAMES: usize = 8_192;
/// And their size together, bytes.
const BYTES: usize = 16 << 20;

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pushed {
    /// It waits.
    Kept,
    /// It is the first that found no room: everything has to be read once more.
    FirstLost,
    /// It is lost like others before it.
    Lost,
}

/// The frames.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// With whether it may be news.
    frames: VecDeque<(Text, bool)>,
    bytes: usize,
    /// Frames were lost since the load began: keeping later ones would only hide the gap.
    full: bool,
}

impl Held {
    /// A load begins: what was lost before it will be in its answer, and so is what earlier frames changed. Applied to it,
    /// a reading or a difference of a minute ago would be taken for one of now; news must still be decided.
    pub(super) fn load_begins(&mut self) {
        self.full = false;
        self.frames.retain(|(_, news)| *news);
        self.bytes = self.frames.iter().map(|(frame, _)| frame.len()).sum();
    }

    /// Holds a frame back.
    pub(super) fn push(&mut self, frame: Text, news: bool) -> Pushed {
        if self.full {
            return Pushed::Lost;
        }
        if self.frames.len() >= FRAMES || self.bytes.saturating_add(frame.len()) > BYTES {
            self.full = true;
            return Pushed::FirstLost;
        }
        self.bytes += frame.len();
        self.frames.push_back((frame, news));
        Pushed::Kept
    }

    /// The oldest frame.
    pub(super) fn pop(&mut self) -> Option<Text> {
        let frame = self.frames.pop_front().map(|(frame, _)| frame);
        match &frame {
            Some(frame) => self.bytes = self.bytes.saturating_sub(frame.len()),
            // A long load leaves a large buffer behind, and the next one may be weeks away.
            None if self.frames.capacity() > 64 => self.frames = VecDeque::new(),
            None => {}
        }
        frame
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_out_in_order_until_there_is_no_room_and_a_new_load_makes_room_again() {
        let mut held = Held::default();
        assert_eq!(held.push(Text::from("first"), true), Pushed::Kept);
        assert_eq!(held.push(Text::from("x".repeat(BYTES)), true), Pushed::FirstLost);
        assert_eq!(held.push(Text::from("second"), true), Pushed::Lost);
        held.load_begins();
        assert_eq!(held.push(Text::from("third"), true), Pushed::Kept);
        assert_eq!(held.pop().as_deref(), Some("first"));
        assert_eq!(held.pop().as_deref(), Some("third"));
        assert_eq!(held.pop(), None);
        for _ in 0..FRAMES {
            assert_eq!(held.push(Text::from("x"), true), Pushed::Kept);
        }
        assert_eq!(held.push(Text::from("x"), true), Pushed::FirstLost);
    }

    #[test]
    fn what_a_later_load_has_read_already_is_not_applied_to_it_and_news_are_kept() {
        let mut held = Held::default();
        for (frame, news) in [("read", false), ("message", true), ("x", false)] {
            assert_eq!(held.push(Text::from(frame), news), Pushed::Kept);
        }
        held.load_begins();
        assert_eq!(held.push(Text::from("read since"), false), Pushed::Kept);
        let left: Vec<Text> = std::iter::from_fn(|| held.pop()).collect();
        assert_eq!(left, ["message", "read since"]);
        assert_eq!(held.bytes, 0);
    }
}
