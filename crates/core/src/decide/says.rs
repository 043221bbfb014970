//! What a rule saw, as a value; its words are made when somebody reads them.
//!
//! Thousands of verdicts are made for each one that is read, so a rule names its sentence instead of writing it.

use std::borrow::Cow;

use crate::activity::TraceStep;
use crate::state::channel::Level;

/// A rule's observation. A sentence without its full stop, so that it fits after a colon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Says {
    /// A sentence that names nothing.
    Plainly(&'static str),
    /// Rule 3: the person is in this conversation.
    Member,
    /// Rule 3: nothing says that they are.
    NoMember,
    /// Rule 4b.
    Muted,
    /// Rule 4b.
    NotMuted,
    /// Rules 7 and 8: the level in force, and whether it is the channel's own.
    Level {
        /// The level in force.
        level: Level,
        /// It is the channel's own, not the account's.
        own: bool,
    },
    /// Rule 9: the text has this word of the person's.
    HasWord(Box<str>),
}

impl Says {
    /// The sentence; `place` is the conversation's name, or empty where it has none.
    pub fn sentence(&self, place: &str) -> Cow<'static, str> {
        let name = match (place.is_empty(), self.begins_with_name()) {
            (false, _) => place,
            (true, true) => "This conversation",
            (true, false) => "this conversation",
        };
        match self {
            Self::Plainly(sentence) => Cow::Borrowed(sentence),
            Self::Member => format!("You are a member of {name}").into(),
            Self::NoMember => format!("The server did not say that you are a member of {name}").into(),
            Self::Muted => format!("{name} is muted").into(),
            Self::NotMuted => format!("{name} is not muted").into(),
            Self::Level { level: Level::None, own: true } => format!("{name} is set to Nothing").into(),
            Self::Level { level: Level::None, own: false } => {
                "Your notifications on this server are set to Nothing".into()
            }
            Self::Level { level: Level::All, own: true } => format!("{name} is set to All new messages").into(),
            Self::Level { level: Level::All, own: false } => "All new messages notify you here".into(),
            Self::Level { level: Level::Mention, own: true } => format!("{name} is set to mentions").into(),
            Self::Level { level: Level::Mention, own: false } => {
                "Mentions, direct messages and group messages notify you".into()
            }
            Self::Level { level: Level::Unknown | Level::Default, .. } => {
                "The level is a word that Belfry does not know, so nothing is filtered".into()
            }
            Self::HasWord(word) => format!("The text has your word {word}").into(),
        }
    }

    /// Whether the sentence begins with the conversation's name, whose capitals are its own.
    pub const fn begins_with_name(&self) -> bool {
        match self {
            Self::Muted | Self::NotMuted => true,
            Self::Level { level, own } => *own && !matches!(level, Level::Unknown | Level::Default),
            Self::Plainly(_) | Self::Member | Self::NoMember | Self::HasWord(_) => false,
        }
    }
}

/// What a rule did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Took {
    /// It had nothing to object.
    Continue,
    /// It objected.
    Skip,
    /// It was the last one asked, and the message is shown.
    Notify,
}

impl Took {
    /// The word in traces.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Continue => "continue",
            Self::Skip => "skip",
            Self::Notify => "notify",
        }
    }
}

/// One rule that was consulted, without its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Name of the rule, stable.
    pub rule: &'static str,
    /// What it did.
    pub took: Took,
    /// What it saw.
    pub says: Says,
}

impl Step {
    /// A step whose sentence names nothing.
    pub const fn plain(rule: &'static str, took: Took, sentence: &'static str) -> Self {
        Self { rule, took, says: Says::Plainly(sentence) }
    }

    /// The step in words.
    pub fn worded(&self, place: &str) -> TraceStep {
        TraceStep {
            rule: Cow::Borrowed(self.rule),
            outcome: Cow::Borrowed(self.took.word()),
            detail: self.says.sentence(place).into_owned(),
        }
    }
}
