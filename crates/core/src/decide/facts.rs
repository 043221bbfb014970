//! What a decision is made from. Facts are gathered here, never computed inside a rule.

use crate::decide::Mode;
use crate::event::{ChannelType, Post, Status, User};
use crate::ids::{ChannelId, PostId, UserId};
use crate::state::account::Account;
use crate::state::channel::{ChannelPrefs, Level};

/// Everything the rules may look at.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// Copy the official client, or do better.
    pub mode: Mode,
    /// The signed-in person.
    pub me: &'a User,
    /// Their account preferences.
    pub account: &'a Account,
    /// Their status; `None` = unknown.
    pub status: Option<&'a Status>,
    /// My preferences for the channel; `None` = membership unknown.
    pub channel_prefs: Option<&'a ChannelPrefs>,
    /// The channel is archived.
    pub channel_archived: bool,
    /// The channel's kind: as known, else as the event says.
    pub channel_type: Option<ChannelType>,
    /// The kind as the event says (rule 10 looks at this one).
    pub event_channel_type: Option<ChannelType>,
    /// Reply threads are collapsed for me.
    pub crt: bool,
    /// The post.
    pub post: &'a Post<'a>,
    /// `mentions`; `None` = absent.
    pub mentions: Option<&'a [UserId]>,
    /// `followers`; `None` = absent.
    pub followers: Option<&'a [UserId]>,
    /// Rule F1 found that I follow the thread although `followers` is missing.
    pub follower_recovered: bool,
    /// Groups that I belong to and that may be mentioned.
    pub groups: &'a [String],
    /// What is on screen in our own windows; Belfry shows no channel (notifications §1.5).
    pub focus: Focus,
    /// The server rings for calls (C1).
    pub ringing: bool,
    /// I am in a call whose thread this is (C2).
    pub in_this_calls_thread: bool,
}

/// What our own window shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Focus {
    /// Our window has the focus.
    pub window_focused: bool,
    /// The channel on screen.
    pub current_channel: Option<ChannelId>,
    /// The thread on screen.
    pub open_thread: Option<PostId>,
    /// The client shows channels at all.
    pub applicable: bool,
}

impl Facts<'_> {
    /// My id.
    pub fn me_id(&self) -> Option<UserId> {
        self.me.id
    }

    /// I wrote it, and not through a webhook (rule 1).
    pub fn is_mine(&self) -> bool {
        self.post.user_id.is_some() && self.post.user_id == self.me.id && !self.post.props.from_webhook
    }

    /// It is a reply, and replies are collapsed.
    pub fn is_crt_reply(&self) -> bool {
        self.crt && self.post.root_id.is_some()
    }

    /// `mentions` holds me.
    pub fn is_mentioned(&self) -> bool {
        self.me.id.is_some_and(|me| self.mentions.is_some_and(|list| list.contains(&me)))
    }

    /// `followers` holds me, or F1 says so.
    pub fn is_follower(&self) -> bool {
        self.follower_recovered || self.me.id.is_some_and(|me| self.followers.is_some_and(|list| list.contains(&me)))
    }

    /// The channel's own level, before the account's is looked at.
    pub fn channel_level(&self) -> Level {
        self.channel_prefs.map_or(Level::Default, |prefs| prefs.desktop)
    }

    /// The effective level (rule 7).
    pub fn level(&self) -> Level {
        effective_level(self.channel_level(), self.user_level(), self.channel_type)
    }

    /// The account's level as stored; the word `default` itself is no account level.
    pub fn user_level(&self) -> Level {
        self.account.level()
    }

    /// The `in followers` formula of the server (notifications §1.8), for rule F1.
    pub fn would_be_follower(&self, server_sends_followers: bool) -> bool {
        let mentioned = self.is_mentioned();
        let stored = self.account.props().get("desktop_threads").map(String::as_str);
        let user_threads_all = match stored {
            Some(value) => value == "all",
            None => !server_sends_followers,
        };
        let user_threads_mention = stored == Some("mention");
        let user_level = self.user_level();
        let by_user = user_level != Level::None && (mentioned || user_threads_all || user_level == Level::All);
        let channel = self.channel_prefs.cloned().unwrap_or_default();
        let by_channel = !matches!(channel.desktop, Level::Default | Level::None)
            && (mentioned
                || (channel.desktop_threads == Level::All && !user_threads_mention)
                || channel.desktop == Level::All);
        (channel.desktop == Level::Default && by_user) || by_channel
    }
}

/// The level in force (rule 7): the channel's own, else the account's.
pub fn effective_level(channel: Level, account: Level, channel_type: Option<ChannelType>) -> Level {
    if channel != Level::Default {
        return channel;
    }
    match account {
        Level::Default => Level::All,
        Level::Mention if channel_type == Some(ChannelType::Group) => Level::All,
        level @ (Level::All | Level::Mention | Level::None | Level::Unknown) => level,
    }
}
