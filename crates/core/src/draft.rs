//! A decision as the engine leaves it: what it was made from. Its words are made when somebody reads them.
//!
//! Deciding is cheap and happens for every message; wording (markdown, names, sentences) costs several times as much and
//! is wanted for what is shown or written down. A draft holds the facts as they were at that moment, so that the words
//! are the same whenever they are made.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use crate::activity::{Decision, DecisionKind, Verdict as Shown};
use crate::decide::reason::Reason;
use crate::decide::says::{Says, Step};
use crate::decide::setting::Setting;
use crate::decide::{Mode, Verdict};
use crate::event::{ChannelType, Post, Team, User};
use crate::ids::{PostId, ServerId};
use crate::present::Named;
use crate::sound::SoundChoice;
use crate::view::AttachedFiles;
use crate::{official, present, text};

/// The longest name of a file on a card, in graphemes.
const FILE_NAME_GRAPHEMES: usize = 80;

/// A decision whose words may not be made yet.
#[derive(Debug)]
pub struct Draft(Source);

#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly all are the large one, and it is shared, not moved")]
enum Source {
    /// About a post: worded once, when first read.
    Post(About, OnceLock<Box<Decision>>),
    /// Worded already: calls and notices are rare.
    Said(Box<Decision>),
}

/// A server as it was called.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Label {
    pub(crate) name: String,
    pub(crate) url: String,
}

/// A conversation's name, before it is put into words.
#[derive(Debug)]
pub(crate) enum Title {
    /// "Direct Message".
    Direct,
    /// A group: named by its members.
    Group(Vec<Named>),
    /// A channel's display name.
    Text(Box<str>),
}

/// What a decision about a post was made from.
#[derive(Debug)]
pub(crate) struct About {
    /// Counts decisions of this run, from 1.
    pub(crate) seq: u64,
    pub(crate) kind: DecisionKind,
    pub(crate) mode: Mode,
    pub(crate) server: ServerId,
    pub(crate) label: Arc<Label>,
    pub(crate) post: Post<'static>,
    /// What is said where there is no text.
    pub(crate) phrase: &'static str,
    /// The channel's kind, as known, else as the event says.
    pub(crate) channel_type: Option<ChannelType>,
    /// The same as the event says.
    pub(crate) event_type: Option<ChannelType>,
    pub(crate) title: Title,
    /// The author, where known; else `sender_name` of the event.
    pub(crate) author: Result<Arc<User>, Box<str>>,
    /// The name format in force.
    pub(crate) name_format: &'static str,
    pub(crate) overrides_allowed: bool,
    /// A reply, and replies are collapsed.
    pub(crate) crt_reply: bool,
    /// Markdown of the thread's root, where known.
    pub(crate) root_message: Option<Box<str>>,
    pub(crate) team: Option<Arc<Team>>,
    pub(crate) mentioned: bool,
    /// The channel has a level of its own.
    pub(crate) own_level: bool,
    pub(crate) verdict: Verdict,
    /// Shown by this rule of ours, where the official client shows nothing.
    pub(crate) recovered: Option<&'static str>,
    /// The sound that the rules chose.
    pub(crate) sound: Option<SoundChoice>,
    /// Time of the message, Unix milliseconds.
    pub(crate) at_ms: i64,
    /// It was kept back for a summary.
    pub(crate) held_back: bool,
}

/// A decided post as it is remembered, so that no other run decides it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decided {
    /// Which post.
    pub post: PostId,
    /// When it was made, Unix milliseconds.
    pub at_ms: i64,
    /// It still has to be presented, alone or in a summary: a crash before that must announce it again.
    pub pending: bool,
}

impl Draft {
    #[inline]
    pub(crate) fn of_post(about: About) -> Self {
        Self(Source::Post(about, OnceLock::new()))
    }

    /// What it was made from; `None` for calls and notices.
    pub(crate) fn about(&self) -> Option<&About> {
        match &self.0 {
            Source::Post(about, _) => Some(about),
            Source::Said(_) => None,
        }
    }

    /// Which server it came from.
    pub fn server(&self) -> ServerId {
        match &self.0 {
            Source::Post(about, _) => about.server,
            Source::Said(decision) => decision.server,
        }
    }

    /// Bytes of its message, for whoever has to bound what waits.
    pub fn text_len(&self) -> usize {
        match &self.0 {
            Source::Post(about, _) => about.post.message.len(),
            Source::Said(decision) => decision.text.len(),
        }
    }

    /// What is to be remembered of it; `None` for calls, notices and repeats.
    pub fn decided(&self) -> Option<Decided> {
        match &self.0 {
            Source::Post(about, _)
                if about.kind == DecisionKind::Post && about.verdict.skip != Some(Reason::Duplicate) =>
            {
                let pending = about.verdict.notifies() || about.held_back;
                Some(Decided { post: about.post.id, at_ms: about.at_ms, pending })
            }
            Source::Post(..) | Source::Said(_) => None,
        }
    }

    /// The decision in words.
    pub fn decision(&self) -> &Decision {
        match &self.0 {
            Source::Post(about, words) => words.get_or_init(|| Box::new(about.word())),
            Source::Said(decision) => decision,
        }
    }
}

impl From<Decision> for Draft {
    fn from(decision: Decision) -> Self {
        Self(Source::Said(Box::new(decision)))
    }
}

impl About {
    /// What is attached, for people. A message that burns when it is read shows nothing before (notifications §3.2).
    pub(crate) fn files(&self, thumbnails: bool) -> Option<AttachedFiles> {
        let files = self.post.files.as_deref().filter(|files| files.count > 0 && self.post.kind != "burn_on_read")?;
        let name = text::for_people(&files.name).split_whitespace().collect::<Vec<_>>().join(" ");
        Some(AttachedFiles {
            name: text::shorten(&name, FILE_NAME_GRAPHEMES),
            more: files.count.saturating_sub(1),
            is_picture: files.image.is_some(),
            thumbnail: files.image.filter(|_| thumbnails),
        })
    }

    /// Whether it is a direct message.
    pub(crate) fn is_direct(&self) -> bool {
        self.channel_type == Some(ChannelType::Direct)
    }

    /// Whether the message bears another name than its author's.
    pub(crate) fn is_alias(&self) -> bool {
        self.overrides_allowed && self.post.props.override_username.as_deref().is_some_and(|name| !name.is_empty())
    }

    /// The conversation's name (notifications §3.1).
    fn base(&self) -> Cow<'_, str> {
        match &self.title {
            Title::Direct => "Direct Message".into(),
            Title::Group(members) => present::group_title(members, self.name_format).into(),
            Title::Text(name) => Cow::Borrowed(name),
        }
    }

    fn author(&self) -> String {
        let name = match self.mode {
            Mode::Ours => present::author_name,
            Mode::Strict => official::wording::author,
        };
        let (author, sender_name) = match &self.author {
            Ok(author) => (Some(&**author), ""),
            Err(sender_name) => (None, &**sender_name),
        };
        name(&self.post, sender_name, author, self.name_format, self.overrides_allowed)
    }

    fn word(&self) -> Decision {
        let post = &self.post;
        let direct = self.is_direct();
        let name = |text: String| present::bounded(text, self.mode);
        let author = name(self.author());
        // In our own sentences and rows nothing deceives; the plain wording is the server's.
        let sender = text::neutralize(&author).into_owned();
        let base = self.base();
        // Where it was written, for people: "Ops room", a group's names; empty for a direct message.
        let place = if direct || self.event_type == Some(ChannelType::Direct) {
            String::new()
        } else {
            text::neutralize(&name(base.clone().into_owned())).into_owned()
        };
        let plain = present::plain_text(post, self.mode);
        let setting = setting_of(self.verdict.skip, self.own_level);
        let thread = self
            .root_message
            .as_deref()
            .filter(|root| self.crt_reply && !root.is_empty())
            .map(|root| text::shorten(&text::neutralize(&present::plain(root, self.mode)), 80));
        let team = self.team.as_deref().map(|team| team.name.as_str());
        Decision {
            seq: self.seq,
            kind: self.kind,
            server: self.server,
            server_name: self.label.name.clone(),
            channel_id: Some(post.channel_id),
            post_id: Some(post.id),
            root_id: post.root_id,
            call_id: None,
            user_id: post.user_id,
            sentence: sentence(&self.verdict, setting, &place, &sender, direct),
            trace: self.verdict.trace.iter().map(|step| step.worded(&place)).collect(),
            sender,
            alias: self.is_alias(),
            place,
            direct,
            thread,
            title: name(present::titled(&base, self.crt_reply)),
            body: present::body(&author, &plain, self.phrase),
            text: if plain.is_empty() { capitalized(self.phrase) } else { present::for_people(post, &plain) },
            verdict: if self.verdict.notifies() { Shown::Notify } else { Shown::Skip },
            reason: self.verdict.skip,
            setting,
            recovered: self.recovered.filter(|_| self.verdict.notifies()).map(Cow::Borrowed),
            priority: post.priority,
            mentioned: self.mentioned,
            sound: self.sound,
            at_ms: self.at_ms,
            ring: None,
            permalink: present::permalink(&self.label.url, team, post.id.as_str()),
        }
    }
}

fn capitalized(phrase: &str) -> String {
    let mut chars = phrase.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// The setting behind a reason; the channel's own level stands before the account's.
pub(crate) fn setting_of(reason: Option<Reason>, channel_has_own_level: bool) -> Option<Setting> {
    let level = if channel_has_own_level { Setting::ChannelLevel } else { Setting::AccountLevel };
    match reason? {
        Reason::ChannelMuted => Some(Setting::ChannelMuted),
        Reason::NotifyLevelNone | Reason::NotMentioned => Some(level),
        Reason::NotExplicitlyMentioned => Some(Setting::ChannelLevel),
        Reason::NotFollowingThread => Some(Setting::ThreadFollowing),
        Reason::UserStatus => Some(Setting::Status),
        Reason::NotificationsPermissionDisallowed => Some(Setting::Permission),
        Reason::Paused => Some(Setting::Pause),
        Reason::OsDnd => Some(Setting::SystemDoNotDisturb),
        Reason::FullScreen => Some(Setting::FullScreen),
        Reason::CallSoundOff => Some(Setting::CallSound),
        Reason::OwnPost
        | Reason::SystemMessage
        | Reason::NoMember
        | Reason::ThreadIsOpen
        | Reason::ChannelIsOpen
        | Reason::DesktopNotificationHook
        | Reason::TooManyPosts
        | Reason::Duplicate
        | Reason::ReadElsewhere
        | Reason::WhileAway
        | Reason::ScreenLocked
        | Reason::DisplayAsleep
        | Reason::ArchivedChannel
        | Reason::CallRingingDisabled
        | Reason::CallInSameCall
        | Reason::CallNotDmGm
        | Reason::CallDismissed
        | Reason::CallDuplicate
        | Reason::CallOwn
        | Reason::CallInCall
        | Reason::CallOtherRinging
        | Reason::CallAlreadyRang
        | Reason::CallWindowVisible => None,
    }
}

/// The verdict in one or two sentences that a person can act on: "Not shown: Ops room is muted. Change it in Channels."
pub(crate) fn sentence(verdict: &Verdict, setting: Option<Setting>, place: &str, sender: &str, direct: bool) -> String {
    if verdict.notifies() {
        return if direct { format!("Shown: {sender} wrote to you directly.") } else { shown_because(verdict, place) };
    }
    let told = verdict.trace.last().map(|step| within_sentence(&step.says, place)).unwrap_or_default();
    match setting.map(Setting::advice).or_else(|| verdict.skip.and_then(Reason::advice)) {
        Some(advice) => format!("Not shown: {told}. {advice}"),
        None => format!("Not shown: {told}."),
    }
}

/// An observation after a colon: its first word loses the capital, unless it is a name.
fn within_sentence(says: &Says, place: &str) -> String {
    let sentence = says.sentence(place);
    if says.begins_with_name() && !place.is_empty() {
        return sentence.into_owned();
    }
    let mut chars = sentence.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

fn shown_because(verdict: &Verdict, place: &str) -> String {
    let decides = |step: &&Step| {
        matches!(
            step.rule,
            "forced" | "group_mention" | "mention" | "followers_recovered" | "following_thread" | "level"
        )
    };
    match verdict.trace.iter().rev().find(decides) {
        Some(step) => format!("Shown: {}.", within_sentence(&step.says, place)),
        None if place.is_empty() => "Shown.".to_owned(),
        None => format!("Shown: it came from {place}."),
    }
}
