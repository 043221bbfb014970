//! My account's preferences, read once when they come instead of at every message.

use crate::event::NotifyProps;
use crate::present;
use crate::sound::MessageSound;
use crate::state::channel::Level;

/// The account's `notify_props` (notifications §1.1) and what every message asks of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    props: NotifyProps,
    level: Level,
    is_sound_on: bool,
    sound: Option<MessageSound>,
}

impl Account {
    /// Reads the server's map.
    pub fn read(props: NotifyProps) -> Self {
        Self {
            level: match props.get("desktop") {
                // The word itself is no level of an account.
                Some(word) if word == "default" => Level::Unknown,
                stored => Level::read(stored),
            },
            is_sound_on: present::sound_enabled(None, &props),
            sound: present::playable(present::sound_name(None, &props)),
            props,
        }
    }

    /// The map as the server holds it.
    pub fn props(&self) -> &NotifyProps {
        &self.props
    }

    /// `desktop`; [`Level::Default`] where nothing is stored.
    pub fn level(&self) -> Level {
        self.level
    }

    /// Whether messages sound, where a channel says nothing else (rule S1).
    pub fn is_sound_on(&self) -> bool {
        self.is_sound_on
    }

    /// The message sound, where a channel has none of its own (rule S2); `None` = the sound called None.
    pub fn sound(&self) -> Option<MessageSound> {
        self.sound
    }
}
