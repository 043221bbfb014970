//! One channel and my membership of it, kept small: there may be tens of thousands.

use crate::event::{Channel, ChannelType, Member, NotifyProps};
use crate::ids::{ChannelId, TeamId};
use crate::sound::MessageSound;
use crate::time::MonoTime;

/// A channel, its totals and my membership.
#[derive(Clone, Debug, Default)]
pub struct ChannelState {
    /// Team; `None` for direct and group messages.
    pub team_id: Option<TeamId>,
    /// Kind; `None` until the server told.
    pub channel_type: Option<ChannelType>,
    /// URL name.
    pub name: Box<str>,
    /// Name for people.
    pub display_name: Box<str>,
    /// When archived, Unix milliseconds; 0 = not.
    pub delete_at: i64,
    /// Time of the last post, Unix milliseconds.
    pub last_post_at: i64,
    /// Totals and my counters.
    pub counts: Counts,
    /// My channel preferences; `None` = membership unknown.
    pub prefs: Option<Box<ChannelPrefs>>,
    /// Set when I marked it unread, until it is read.
    pub manually_unread: bool,
    /// The last that was heard of it is that I read it, from a server that does not say up to when.
    pub viewed_at_last: bool,
    /// Posts up to this time are in counters that were just fetched (protocol §3.7).
    pub counted_up_to: i64,
    /// How many posts that came after that mention me, as the unread mentions count them (without replies, where reply
    /// threads are on). Reading leaves it alone.
    pub mentions_since: u32,
    /// The server was asked for something that no frame told, and has not answered.
    pub stale: bool,
    /// What it adds to the badge.
    pub part: crate::state::unread::BadgePart,
    /// When another device read it last.
    pub read_elsewhere: Option<MonoTime>,
}

/// The numbers of `notifications.md` §4.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Counted posts.
    pub total: i64,
    /// Counted posts that are no replies.
    pub total_root: i64,
    /// Posts read.
    pub read: i64,
    /// Root posts read.
    pub read_root: i64,
    /// Unread mentions.
    pub mentions: i64,
    /// Unread mentions in root posts.
    pub mentions_root: i64,
    /// Unread mentions in urgent posts.
    pub urgent: i64,
    /// Last read, Unix milliseconds.
    pub last_viewed_at: i64,
    /// Last change of the membership, Unix milliseconds.
    pub last_update_at: i64,
}

impl Counts {
    /// Unread messages and mentions as a person with or without reply threads counts them.
    pub fn unread(&self, crt: bool) -> Unread {
        let (messages, mentions) = if crt {
            (self.total_root.saturating_sub(self.read_root), self.mentions_root)
        } else {
            (self.total.saturating_sub(self.read), self.mentions)
        };
        Unread { messages: messages.max(0), mentions: mentions.max(0), urgent: self.urgent > 0 }
    }
}

/// What is unread in a channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    /// Messages, never below 0.
    pub messages: i64,
    /// Mentions, never below 0.
    pub mentions: i64,
    /// One of them is urgent.
    pub urgent: bool,
}

impl ChannelState {
    /// A channel of which only the id is known: nothing counted, default preferences once joined.
    pub fn unknown() -> Self {
        Self { stale: true, ..Self::default() }
    }

    /// A channel without membership yet.
    pub fn from_channel(channel: &Channel) -> Self {
        let mut state = Self::default();
        state.set_channel(channel);
        state
    }

    /// Takes over the channel's own data.
    pub fn set_channel(&mut self, channel: &Channel) {
        self.team_id = channel.team_id;
        self.channel_type = Some(channel.channel_type);
        self.name = channel.name.as_str().into();
        self.display_name = channel.display_name.as_str().into();
        self.delete_at = channel.delete_at;
        self.last_post_at = self.last_post_at.max(channel.last_post_at);
        // A total never goes back: an older copy may arrive late.
        self.counts.total = self.counts.total.max(channel.total_msg_count);
        self.counts.total_root =
            self.counts.total_root.max(channel.total_msg_count_root.unwrap_or(channel.total_msg_count));
    }

    /// Takes over a membership as it was fetched.
    pub fn set_member(&mut self, member: &Member) {
        let counts = &mut self.counts;
        counts.read = member.msg_count;
        counts.read_root = member.msg_count_root.unwrap_or(member.msg_count);
        counts.mentions = member.mention_count;
        counts.mentions_root = member.mention_count_root.unwrap_or(member.mention_count);
        counts.urgent = member.urgent_mention_count.unwrap_or(0);
        counts.last_viewed_at = member.last_viewed_at;
        counts.last_update_at = member.last_update_at;
        self.prefs = Some(Box::new(ChannelPrefs::read(&member.notify_props)));
    }

    /// Takes over a membership that came by itself: an older copy never brings back what was read (notifications §4.5).
    pub fn merge_member(&mut self, member: &Member) {
        let held = self.counts;
        let known = self.prefs.is_some();
        self.set_member(member);
        if known && member.last_viewed_at < held.last_viewed_at && member.last_update_at <= held.last_update_at {
            let counts = &mut self.counts;
            counts.last_viewed_at = held.last_viewed_at;
            counts.last_update_at = counts.last_update_at.max(held.last_update_at);
            counts.read = counts.read.max(held.read);
            counts.read_root = counts.read_root.max(held.read_root);
            counts.mentions = counts.mentions.min(held.mentions);
            counts.mentions_root = counts.mentions_root.min(held.mentions_root);
            counts.urgent = counts.urgent.min(held.urgent);
        }
    }
}

/// A notification level (notifications §1.1, §1.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Level {
    /// `default`, empty or absent: the account's.
    #[default]
    Default,
    /// `all`
    All,
    /// `mention`
    Mention,
    /// `none`
    None,
    /// A word we do not know: "no filter" (rule 7d).
    Unknown,
}

impl Level {
    /// Reads a stored value.
    pub fn read(value: Option<&String>) -> Self {
        match value.map(String::as_str) {
            None | Some("" | "default") => Self::Default,
            Some("all") => Self::All,
            Some("mention") => Self::Mention,
            Some("none") => Self::None,
            Some(_) => Self::Unknown,
        }
    }
}

impl Level {
    /// The stored word; `None` = nothing, or one that we do not know.
    pub const fn word(self) -> Option<&'static str> {
        match self {
            Self::Default | Self::Unknown => None,
            Self::All => Some("all"),
            Self::Mention => Some("mention"),
            Self::None => Some("none"),
        }
    }
}

/// `default`, `on` or `off`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Switch {
    /// `default`, empty or absent.
    #[default]
    Default,
    /// `on`
    On,
    /// `off`
    Off,
    /// A word we do not know.
    Unknown,
}

impl Switch {
    /// The stored word; `None` = nothing, or one that we do not know.
    pub const fn word(self) -> Option<&'static str> {
        match self {
            Self::Default | Self::Unknown => None,
            Self::On => Some("on"),
            Self::Off => Some("off"),
        }
    }

    fn read(value: Option<&String>) -> Self {
        match value.map(String::as_str) {
            None | Some("" | "default") => Self::Default,
            Some("on") => Self::On,
            Some("off") => Self::Off,
            Some(_) => Self::Unknown,
        }
    }
}

/// A stored sound name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SoundName {
    /// `default`, empty or absent.
    #[default]
    Default,
    /// One of the six.
    Known(MessageSound),
    /// Another word.
    Other(Box<str>),
}

impl SoundName {
    /// Reads a stored value.
    pub fn read(value: Option<&String>) -> Self {
        match value.map(String::as_str) {
            None | Some("" | "default") => Self::Default,
            Some(name) => MessageSound::parse(name).map_or_else(|| Self::Other(name.into()), Self::Known),
        }
    }
}

/// My preferences for one channel (notifications §1.2), in a few bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChannelPrefs {
    /// `desktop`
    pub desktop: Level,
    /// `desktop_threads`
    pub desktop_threads: Level,
    /// `mark_unread` is `mention`: muted.
    pub muted: bool,
    /// `ignore_channel_mentions`
    pub ignore_channel_mentions: Switch,
    /// `channel_auto_follow_threads` is `on`: every thread is followed from its first reply.
    pub auto_follow: bool,
    /// `desktop_sound`
    pub desktop_sound: Switch,
    /// `desktop_notification_sound`
    pub sound: SoundName,
    /// `push`
    pub push: Level,
    /// `push_threads`
    pub push_threads: Level,
    /// Values that are none of ours, kept as they are; nearly always nothing.
    pub odd: Option<Box<NotifyProps>>,
}

impl ChannelPrefs {
    /// Reads the server's map.
    pub fn read(props: &NotifyProps) -> Self {
        Self {
            desktop: Level::read(props.get("desktop")),
            desktop_threads: Level::read(props.get("desktop_threads")),
            muted: props.get("mark_unread").is_some_and(|value| value == "mention"),
            ignore_channel_mentions: Switch::read(props.get("ignore_channel_mentions")),
            auto_follow: props.get("channel_auto_follow_threads").is_some_and(|value| value == "on"),
            desktop_sound: Switch::read(props.get("desktop_sound")),
            sound: SoundName::read(props.get("desktop_notification_sound")),
            push: Level::read(props.get("push")),
            push_threads: Level::read(props.get("push_threads")),
            odd: odd(props),
        }
    }

    /// The map that this was read from, without what is inherited.
    pub fn props(&self) -> NotifyProps {
        let mut props = self.odd.as_deref().cloned().unwrap_or_default();
        let mut put = |key: &str, value: Option<&str>| {
            if let Some(value) = value {
                props.insert(key.to_owned(), value.to_owned());
            }
        };
        put("desktop", self.desktop.word());
        put("desktop_threads", self.desktop_threads.word());
        put("push", self.push.word());
        put("push_threads", self.push_threads.word());
        put("mark_unread", self.muted.then_some("mention"));
        put("ignore_channel_mentions", self.ignore_channel_mentions.word());
        put("channel_auto_follow_threads", self.auto_follow.then_some("on"));
        put("desktop_sound", self.desktop_sound.word());
        let sound = match &self.sound {
            SoundName::Default => None,
            SoundName::Known(sound) => Some(sound.name()),
            SoundName::Other(name) => Some(&**name),
        };
        put("desktop_notification_sound", sound);
        props
    }

    /// Whether the channel is muted.
    pub fn is_muted(&self) -> bool {
        self.muted
    }
}

/// What of a channel's preferences has a value that is none of ours.
fn odd(props: &NotifyProps) -> Option<Box<NotifyProps>> {
    let is_odd = |(key, value): &(&String, &String)| match key.as_str() {
        "desktop" | "desktop_threads" | "push" | "push_threads" => Level::read(Some(value)) == Level::Unknown,
        "mark_unread" => !matches!(value.as_str(), "" | "all" | "mention"),
        "ignore_channel_mentions" | "desktop_sound" => Switch::read(Some(value)) == Switch::Unknown,
        "channel_auto_follow_threads" => !matches!(value.as_str(), "" | "on" | "off"),
        _ => false,
    };
    let odd: NotifyProps = props.iter().filter(is_odd).map(|(key, value)| (key.clone(), value.clone())).collect();
    (!odd.is_empty()).then(|| Box::new(odd))
}

/// Where a card or a row belongs: a channel, and for a collapsed reply its thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Conversation {
    /// Which server.
    pub server: crate::ids::ServerId,
    /// Which channel.
    pub channel: ChannelId,
    /// Which thread.
    pub thread: Option<crate::ids::PostId>,
}
