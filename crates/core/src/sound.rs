//! Which sounds there are. Names are the official client's; the recordings are our own.

use serde::{Deserialize, Serialize};

/// A message sound (notifications §5.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum MessageSound {
    /// The default.
    #[default]
    Bing,
    /// Crackle
    Crackle,
    /// Down
    Down,
    /// Hello
    Hello,
    /// Ripple
    Ripple,
    /// Upstairs
    Upstairs,
}

/// A call sound (notifications §5.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RingSound {
    /// Dynamic
    Dynamic,
    /// The default.
    #[default]
    Calm,
    /// Urgent
    Urgent,
    /// Cheerful
    Cheerful,
}

impl MessageSound {
    /// All of them, in the official order.
    pub const ALL: [Self; 6] = [Self::Bing, Self::Crackle, Self::Down, Self::Hello, Self::Ripple, Self::Upstairs];

    /// The stored name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bing => "Bing",
            Self::Crackle => "Crackle",
            Self::Down => "Down",
            Self::Hello => "Hello",
            Self::Ripple => "Ripple",
            Self::Upstairs => "Upstairs",
        }
    }

    /// Reads a stored name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sound| sound.name() == name)
    }
}

impl RingSound {
    /// All of them, in the official order.
    pub const ALL: [Self; 4] = [Self::Dynamic, Self::Calm, Self::Urgent, Self::Cheerful];

    /// The stored name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dynamic => "Dynamic",
            Self::Calm => "Calm",
            Self::Urgent => "Urgent",
            Self::Cheerful => "Cheerful",
        }
    }

    /// Reads a stored name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sound| sound.name() == name)
    }
}

/// Any sound that can be played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SoundChoice {
    /// For a message.
    Message(MessageSound),
    /// For a call.
    Ring(RingSound),
    /// A file of the person's own: its number in the preferences.
    Own(u32),
}

impl SoundChoice {
    /// The stored name; a file of one's own is stored nowhere but here.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Message(sound) => sound.name(),
            Self::Ring(sound) => sound.name(),
            Self::Own(_) => "own file",
        }
    }
}
