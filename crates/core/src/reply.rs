//! A reply that a person writes on a banner: its text, and how far it came.

use core::fmt;

use serde::{Deserialize, Serialize};

/// What a person typed. It crosses our own control socket and goes to the server, but `Debug` never shows it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Typed(String);

impl Typed {
    /// Letters at most: what servers take in one message (protocol §6, "Quick reply").
    pub const MOST_LETTERS: usize = 16_383;

    /// Wraps what was typed, as far as a message goes.
    pub fn new(text: &str) -> Self {
        Self(text.chars().take(Self::MOST_LETTERS).collect())
    }

    /// The text itself: for the field and the wire only.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing to be read in it.
    pub fn is_blank(&self) -> bool {
        self.0.trim().is_empty()
    }
}

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Typed(…)")
    }
}

/// A reply, as its card shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyView {
    /// How far it came.
    pub state: ReplyState,
    /// What was to be sent; empty before anything was. What is being typed lives in the face.
    pub text: Typed,
}

/// How far a reply came. Where one was sent, its card is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReplyState {
    /// Somebody types.
    Writing,
    /// The server has it, or soon will.
    Sending,
    /// It was not sent: the draft is kept.
    Failed {
        /// Why, one sentence without a full stop.
        reason: String,
    },
}
