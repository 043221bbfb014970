//! The badge: a number, else a dot, and "!" riding on top (product.md "Badge").

use serde::{Deserialize, Serialize};

/// What the badge is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Badge {
    /// Unread direct and group messages, mentions and watched keywords.
    pub mentions: u32,
    /// Any unread activity (true also when `mentions` is not 0).
    pub unread: bool,
    /// At least one server is signed out.
    pub signed_out: bool,
    /// The person wants no dot.
    pub dot_hidden: bool,
}

impl Badge {
    /// The one glyph: the number (`99+` above 99), else a dot, else `!`, else nothing.
    ///
    /// "!" is also drawn on the corner of a number or dot: see [`Badge::rides`].
    pub fn text(&self) -> String {
        match self.mentions {
            1..=99 => self.mentions.to_string(),
            100.. => "99+".to_owned(),
            0 if self.unread && !self.dot_hidden => "•".to_owned(),
            0 if self.signed_out => "!".to_owned(),
            0 => String::new(),
        }
    }

    /// Whether "!" rides on the corner of a number or dot.
    pub fn rides(&self) -> bool {
        self.signed_out && (self.mentions > 0 || (self.unread && !self.dot_hidden))
    }

    /// Adds another server's part.
    pub fn add(&mut self, other: Self) {
        self.mentions = self.mentions.saturating_add(other.mentions);
        self.unread |= other.unread;
        self.signed_out |= other.signed_out;
    }
}
