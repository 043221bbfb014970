//! Preferences that a server owns: which there are, what may be stored, how they are understood (notifications §5).
//!
//! Plain data and pure functions, shared by the engine (which saves) and the faces (which show). Values are kept as the
//! server holds them; one that we do not know is shown as it is and never rewritten by looking at it.

pub mod channels;
mod compound;
pub mod keywords;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::event::NotifyProps;
use crate::ids::ServerId;
use crate::official::settings as official;

/// The text that an empty automatic reply is saved as (notifications §5.7).
pub const DEFAULT_AUTO_REPLY: &str = "Hello, I am out of office and unable to respond to messages.";
/// A value longer than this is refused before it is sent, bytes: servers take a body of 300 kB (protocol §7.2), and the
/// whole map has to fit.
pub const MAX_VALUE_BYTES: usize = 200 * 1024;

/// One preference of the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettingKey {
    /// Send notifications for
    Desktop,
    /// Notify me about replies to threads I'm following
    DesktopThreads,
    /// Send mobile notifications for
    Push,
    /// Notify me on mobile about replies to threads I'm following
    PushThreads,
    /// Trigger mobile notifications when I am
    PushStatus,
    /// Message notification sound
    DesktopSound,
    /// Which one.
    DesktopNotificationSound,
    /// Incoming call sound
    CallsDesktopSound,
    /// Which one.
    CallsNotificationSound,
    /// Email notifications
    Email,
    /// How often they are sent, seconds; a preference of the category `notifications`.
    EmailInterval,
    /// Email notifications about replies to threads I'm following
    EmailThreads,
    /// Words that notify, with commas between them.
    MentionKeys,
    /// Your case-sensitive first name
    FirstName,
    /// Channel-wide mentions
    Channel,
    /// Words that are highlighted, with commas between them.
    HighlightKeys,
    /// Thread reply notifications, without collapsed threads
    Comments,
    /// Automatic direct message replies
    AutoResponderActive,
    /// Their text.
    AutoResponderMessage,
}

impl SettingKey {
    /// All of them, in the order of the page.
    pub const ALL: [Self; 19] = [
        Self::Desktop,
        Self::DesktopThreads,
        Self::Push,
        Self::PushThreads,
        Self::PushStatus,
        Self::DesktopSound,
        Self::DesktopNotificationSound,
        Self::CallsDesktopSound,
        Self::CallsNotificationSound,
        Self::MentionKeys,
        Self::FirstName,
        Self::Channel,
        Self::HighlightKeys,
        Self::Email,
        Self::EmailInterval,
        Self::EmailThreads,
        Self::Comments,
        Self::AutoResponderActive,
        Self::AutoResponderMessage,
    ];

    /// Under which name it is stored.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Desktop => "desktop",
            Self::DesktopThreads => "desktop_threads",
            Self::Push => "push",
            Self::PushThreads => "push_threads",
            Self::PushStatus => "push_status",
            Self::DesktopSound => "desktop_sound",
            Self::DesktopNotificationSound => "desktop_notification_sound",
            Self::CallsDesktopSound => "calls_desktop_sound",
            Self::CallsNotificationSound => "calls_notification_sound",
            Self::Email => "email",
            Self::EmailInterval => "email_interval",
            Self::EmailThreads => "email_threads",
            Self::MentionKeys => "mention_keys",
            Self::FirstName => "first_name",
            Self::Channel => "channel",
            Self::HighlightKeys => "highlight_keys",
            Self::Comments => "comments",
            Self::AutoResponderActive => "auto_responder_active",
            Self::AutoResponderMessage => "auto_responder_message",
        }
    }

    /// Whether it is stored in the account's `notify_props`; otherwise as a preference of the category `notifications`.
    pub const fn is_notify_prop(self) -> bool {
        !matches!(self, Self::EmailInterval)
    }

    /// The values there are, in the order of the page; empty for text.
    pub const fn values(self) -> &'static [&'static str] {
        match self {
            Self::Desktop | Self::Push => &["all", "mention", "none"],
            Self::DesktopThreads | Self::PushThreads | Self::EmailThreads => &["all", "mention"],
            Self::PushStatus => &["online", "away", "offline"],
            Self::DesktopSound
            | Self::CallsDesktopSound
            | Self::Email
            | Self::FirstName
            | Self::Channel
            | Self::AutoResponderActive => &["true", "false"],
            Self::DesktopNotificationSound => &["Bing", "Crackle", "Down", "Hello", "Ripple", "Upstairs"],
            Self::CallsNotificationSound => &["Dynamic", "Calm", "Urgent", "Cheerful"],
            // Immediately, every 15 minutes, every hour; "0" goes with no e-mail at all.
            Self::EmailInterval => &["30", "900", "3600"],
            Self::Comments => &["any", "root", "never"],
            Self::MentionKeys | Self::HighlightKeys | Self::AutoResponderMessage => &[],
        }
    }

    /// What the page shows where nothing is stored (notifications §1.1, §5).
    pub const fn when_missing(self) -> &'static str {
        match self {
            Self::Desktop | Self::Push => "mention",
            Self::DesktopThreads | Self::PushThreads | Self::EmailThreads => "all",
            Self::PushStatus => "away",
            Self::DesktopSound | Self::CallsDesktopSound | Self::Email => "true",
            Self::FirstName | Self::Channel | Self::AutoResponderActive => "false",
            Self::DesktopNotificationSound => "Bing",
            Self::CallsNotificationSound => "Calm",
            Self::EmailInterval => "30",
            Self::Comments => "never",
            Self::MentionKeys | Self::HighlightKeys => "",
            Self::AutoResponderMessage => DEFAULT_AUTO_REPLY,
        }
    }

    /// Whether a value is one that we know.
    pub fn knows(self, value: &str) -> bool {
        let values = self.values();
        values.is_empty() || values.contains(&value) || (self == Self::EmailInterval && value == "0")
    }

    /// The value as a server keeps it, so that two spellings of the same are not taken for a change.
    pub fn as_kept(self, value: &str) -> String {
        if self != Self::MentionKeys {
            return value.to_owned();
        }
        // The server lower-cases and drops what is empty (notifications §1.1).
        let words = value.split(',').map(str::to_lowercase).filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join(",")
    }
}

/// A wish to change one preference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingChange {
    /// Which.
    pub key: SettingKey,
    /// What was stored when the person looked ([`Field::basis`]): if it is something else by now, nothing is overwritten.
    pub from: Option<String>,
    /// What is to be stored; `None` takes the value away again (only ever to undo).
    pub to: Option<String>,
}

/// What could not be done about a preference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trouble {
    /// It was not saved: the old value is back.
    Refused {
        /// What was wanted; `None` = take the value away.
        wanted: Option<String>,
        /// Why, one sentence without a full stop.
        reason: String,
    },
    /// It was changed elsewhere meanwhile: that value is shown, and nothing was overwritten.
    ChangedElsewhere {
        /// What was wanted here.
        wanted: Option<String>,
    },
    /// The server saved something else, which is shown.
    SavedOtherwise {
        /// What was wanted.
        wanted: Option<String>,
    },
}

/// One preference as the page shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// What the control shows: what is being saved, else what is stored, else the page's default.
    pub value: String,
    /// What the server holds, as it is; `None` = nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stored: Option<String>,
    /// `value` is none that we know: it is shown as it is.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub unknown: bool,
    /// Since when it is being saved, Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saving_since_ms: Option<i64>,
    /// What went wrong the last time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Trouble>,
}

impl Field {
    /// What a change made now is based on.
    pub fn basis(&self) -> Option<String> {
        if self.saving_since_ms.is_some() { Some(self.value.clone()) } else { self.stored.clone() }
    }

    /// Whether a switch is on.
    pub fn is_on(&self) -> bool {
        self.value == "true"
    }
}

/// What a server and its account offer, as far as it decides what is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offers {
    /// Replies are collapsed for this person.
    pub threads: bool,
    /// Why that is not the person's choice: the server forces it on or off; `None` = it is.
    pub threads_forced: Option<bool>,
    /// The server rings for calls (Calls plugin with ringing).
    pub ringing: bool,
    /// The server sends to phones.
    pub push: bool,
    /// The server sends e-mail.
    pub email: bool,
    /// It can gather e-mails.
    pub email_batching: bool,
    /// Highlighted words are licensed (Professional and above).
    pub highlights: bool,
    /// Automatic replies are switched on.
    pub auto_replies: bool,
    /// It can send a test notification by itself (10.3 and above).
    pub test_notification: bool,
}

/// Whether something can be changed, and why not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Editable {
    /// It can.
    #[default]
    Yes,
    /// Nothing has been read from this server yet.
    NotLoaded,
    /// There is no connection: everything is shown as it was last known.
    No {
        /// Why, one sentence without a full stop.
        reason: String,
    },
}

/// The Notifications page of one server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerSettings {
    /// Which.
    pub server: ServerId,
    /// `ServerView::settings_revision` of this answer.
    pub revision: u64,
    /// Whether anything can be changed now.
    pub editable: Editable,
    /// The person's username.
    pub username: String,
    /// The person's first name; empty = none.
    pub first_name: String,
    /// What is offered.
    pub offers: Offers,
    /// Every preference.
    pub fields: BTreeMap<SettingKey, Field>,
    /// The account's `notify_props` as the server holds them, unknown keys included.
    pub stored: NotifyProps,
    /// What the next undo puts back, in the order of the page; empty = nothing to undo.
    pub undo: Vec<SettingKey>,
}

impl ServerSettings {
    /// One preference.
    pub fn field(&self, key: SettingKey) -> &Field {
        const NONE: &Field =
            &Field { value: String::new(), stored: None, unknown: false, saving_since_ms: None, trouble: None };
        self.fields.get(&key).unwrap_or(NONE)
    }

    /// The value of one preference as it is shown.
    pub fn value(&self, key: SettingKey) -> &str {
        &self.field(key).value
    }

    /// Whether the page shows this control (notifications §5.1–§5.7). `mobile_differs` is the tick of "Use different
    /// settings for my mobile devices", which is stored nowhere.
    pub fn shows(&self, key: SettingKey, mobile_differs: bool) -> bool {
        let offers = &self.offers;
        match key {
            SettingKey::Desktop
            | SettingKey::DesktopSound
            | SettingKey::DesktopNotificationSound
            | SettingKey::MentionKeys
            | SettingKey::Channel => true,
            SettingKey::DesktopThreads => {
                official::shows_threads_checkbox(offers.threads, Some(self.value(SettingKey::Desktop)))
            }
            SettingKey::Push => offers.push && mobile_differs,
            SettingKey::PushThreads => {
                offers.push && mobile_differs && offers.threads && self.value(SettingKey::Push) == "mention"
            }
            SettingKey::PushStatus => {
                let level = if mobile_differs { SettingKey::Push } else { SettingKey::Desktop };
                offers.push && self.value(level) != "none"
            }
            SettingKey::CallsDesktopSound | SettingKey::CallsNotificationSound => offers.ringing,
            SettingKey::FirstName => !self.first_name.is_empty(),
            SettingKey::HighlightKeys => offers.highlights,
            SettingKey::Email => offers.email,
            SettingKey::EmailInterval => offers.email && offers.email_batching && self.field(SettingKey::Email).is_on(),
            SettingKey::EmailThreads => offers.email && offers.threads && self.field(SettingKey::Email).is_on(),
            SettingKey::Comments => !offers.threads,
            SettingKey::AutoResponderActive => offers.auto_replies,
            SettingKey::AutoResponderMessage => {
                offers.auto_replies && self.field(SettingKey::AutoResponderActive).is_on()
            }
        }
    }

    /// Whether "Use different settings for my mobile devices" is ticked when the page is opened (notifications §5.1).
    pub fn mobile_differs(&self) -> bool {
        let stored = |key: SettingKey| self.field(key).basis();
        let (desktop, push) = (stored(SettingKey::Desktop), stored(SettingKey::Push));
        let (desktop_threads, push_threads) = (stored(SettingKey::DesktopThreads), stored(SettingKey::PushThreads));
        let values = official::DesktopAndMobile {
            desktop: desktop.as_deref(),
            push: push.as_deref(),
            desktop_threads: desktop_threads.as_deref(),
            push_threads: push_threads.as_deref(),
        };
        official::mobile_differs(values, self.offers.threads)
    }

    /// A change of one preference to this value.
    pub fn change(&self, key: SettingKey, to: impl Into<String>) -> SettingChange {
        SettingChange { key, from: self.field(key).basis(), to: Some(to.into()) }
    }

    /// Whether anything is being saved.
    pub fn is_saving(&self) -> bool {
        self.fields.values().any(|field| field.saving_since_ms.is_some())
    }
}

#[cfg(test)]
mod tests;
