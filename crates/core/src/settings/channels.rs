//! The Channels page: every channel of every server with what it is set to (notifications §5.9).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::event::{ChannelType, NotifyProps};
use crate::ids::{ChannelId, ServerId};
use crate::official::settings as official;

/// A channel of some server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ChannelRef {
    /// Which server.
    pub server: ServerId,
    /// Which channel.
    pub channel: ChannelId,
}

/// What changed since a face asked last, or everything.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ChannelsTable {
    /// `View::channels_revision` of this answer: ask for what is newer with it.
    pub revision: u64,
    /// Rows that are not listed here are as they were; otherwise this is all there is.
    pub only_changes: bool,
    /// Rows, in no order.
    pub rows: Vec<ChannelRow>,
    /// Channels that are gone (only with `only_changes`).
    pub gone: Vec<ChannelRef>,
    /// What channels of each server inherit.
    pub servers: Vec<ChannelDefaults>,
}

/// What the channels of a server inherit from its account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelDefaults {
    /// Which server.
    pub server: ServerId,
    /// Why nothing can be changed at present, one sentence without a full stop; `None` = it can.
    pub read_only: Option<String>,
    /// Replies are collapsed.
    pub threads: bool,
    /// The server sends to phones.
    pub push: bool,
    /// The account's `notify_props`, the keys that channels inherit.
    pub account: NotifyProps,
}

/// One channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChannelRow {
    /// Which server.
    pub server: ServerId,
    /// Which channel.
    pub channel: ChannelId,
    /// Kind; `None` = not told yet.
    pub kind: Option<ChannelType>,
    /// Its name for people; never empty.
    pub name: String,
    /// The team's name; empty for direct and group messages.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub team: String,
    /// It is archived.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub archived: bool,
    /// Time of the last post, Unix milliseconds.
    pub last_post_at: i64,
    /// What it is set to: keys that are missing are inherited. While something is being saved, as it will be.
    #[serde(default, skip_serializing_if = "NotifyProps::is_empty")]
    pub props: NotifyProps,
    /// Something is being saved.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub saving: bool,
    /// What could not be saved, one sentence without a full stop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

impl ChannelRow {
    /// What names it.
    pub fn place(&self) -> ChannelRef {
        ChannelRef { server: self.server, channel: self.channel }
    }

    /// What it comes to.
    pub fn effective(&self, defaults: &ChannelDefaults) -> Effective {
        effective(&self.props, &defaults.account)
    }

    /// Whether anything but what the account says is set for this computer: the table's first filter.
    pub fn differs(&self, defaults: &ChannelDefaults) -> bool {
        let own = self.effective(defaults);
        let usual = effective(&NotifyProps::new(), &defaults.account);
        own.muted
            || own.level != usual.level
            || (defaults.threads && own.threads != usual.threads)
            || own.sound != usual.sound
            || own.sound_name != usual.sound_name
            || own.ignore_channel_mentions != usual.ignore_channel_mentions
            || (defaults.threads && own.auto_follow)
    }
}

/// What a channel's preferences come to, where the account stands behind them (§5.9, "Initial value of a field").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effective {
    /// Nothing of it notifies.
    pub muted: bool,
    /// `all`, `mention`, `none`, or a word that we do not know.
    pub level: String,
    /// Replies to followed threads notify.
    pub threads: bool,
    /// Message sounds.
    pub sound: bool,
    /// Which one.
    pub sound_name: String,
    /// Mentions for @channel, @here and @all are ignored.
    pub ignore_channel_mentions: bool,
    /// Every thread is followed.
    pub auto_follow: bool,
    /// The level of phones.
    pub push: String,
    /// The same for replies to followed threads.
    pub push_threads: bool,
}

fn own<'a>(props: &'a NotifyProps, key: &str) -> Option<&'a str> {
    props.get(key).map(String::as_str).filter(|value| !matches!(*value, "" | "default"))
}

/// What a channel's preferences come to.
pub fn effective(channel: &NotifyProps, account: &NotifyProps) -> Effective {
    let form = form(channel, account);
    let value = |key: &str| form.get(key).cloned().unwrap_or_default();
    let is = |key: &str, wanted: &str| form.get(key).is_some_and(|value| value == wanted);
    Effective {
        muted: is("mark_unread", "mention"),
        level: value("desktop"),
        threads: is("desktop_threads", "all"),
        sound: is("desktop_sound", "on"),
        sound_name: value("desktop_notification_sound"),
        ignore_channel_mentions: is("ignore_channel_mentions", "on"),
        auto_follow: is("channel_auto_follow_threads", "on"),
        push: value("push"),
        push_threads: is("push_threads", "all"),
    }
}

/// The dialog's form as it is opened (§5.9): the channel's value, else the account's, else `all`, `on`, `Bing`.
fn form(channel: &NotifyProps, account: &NotifyProps) -> NotifyProps {
    let muted = own(channel, "mark_unread") == Some("mention");
    let sound = match own(account, "desktop_sound") {
        Some("false") => "off",
        _ => "on",
    };
    let ignores = muted || own(account, "channel") == Some("false");
    let values = [
        ("mark_unread", own(channel, "mark_unread").unwrap_or("all")),
        (
            "ignore_channel_mentions",
            own(channel, "ignore_channel_mentions").unwrap_or(if ignores { "on" } else { "off" }),
        ),
        ("channel_auto_follow_threads", own(channel, "channel_auto_follow_threads").unwrap_or("off")),
        ("desktop_sound", own(channel, "desktop_sound").unwrap_or(sound)),
        (
            "desktop_notification_sound",
            own(channel, "desktop_notification_sound").or(own(account, "desktop_notification_sound")).unwrap_or("Bing"),
        ),
    ];
    let inherited = ["desktop", "desktop_threads", "push", "push_threads"]
        .map(|key| (key, own(channel, key).or(own(account, key)).unwrap_or("all")));
    values.into_iter().chain(inherited).map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// One edit of the table, for any number of channels at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChannelEdit {
    /// Mute channel
    Mute(bool),
    /// Ignore mentions for @channel, @here and @all
    IgnoreChannelMentions(bool),
    /// Notify me about: `all`, `mention`, `none`, or `default` for what the account says.
    Level(String),
    /// Notify me about replies to threads I'm following
    Threads(bool),
    /// Message notification sounds
    Sound(bool),
    /// Select a sound: one of the six names, or `default`.
    SoundName(String),
    /// Automatically follow threads in this channel
    AutoFollow(bool),
    /// Use the same notification settings as desktop
    PhoneFollows,
    /// Notify me about, on phones.
    PhoneLevel(String),
    /// Notify me on phones about replies to threads I'm following
    PhoneThreads(bool),
    /// Reset to default, for the computer: mute, ignore and auto-follow are not touched.
    ResetDesktop,
    /// Reset to default, for phones.
    ResetMobile,
}

/// What is written for some edits of one channel: the keys that change, with their new values (§5.9, "Save semantics").
///
/// `channel` is what it is set to now. Keys that the edits do not touch are not written, so that nothing is made explicit by
/// looking at it; phones follow the computer where they did before.
pub fn to_write(channel: &NotifyProps, account: &NotifyProps, edits: &[ChannelEdit]) -> NotifyProps {
    let before = form(channel, account);
    let mut selected = before.clone();
    let mut touched: Vec<&str> = Vec::new();
    let same = |one: &str, other: &str| before.get(one) == before.get(other);
    let mut phone_follows = same("desktop", "push") && same("desktop_threads", "push_threads");
    {
        let mut put = |key: &'static str, value: &str| {
            selected.insert(key.to_owned(), value.to_owned());
            touched.push(key);
        };
        let account_or = |key: &str, usual: &'static str| own(account, key).unwrap_or(usual).to_owned();
        let on = |on: bool| if on { "on" } else { "off" };
        let threads = |on: bool| if on { "all" } else { "mention" };
        for edit in edits {
            match edit {
                ChannelEdit::Mute(muted) => put("mark_unread", if *muted { "mention" } else { "all" }),
                ChannelEdit::IgnoreChannelMentions(ignore) => put("ignore_channel_mentions", on(*ignore)),
                ChannelEdit::AutoFollow(follow) => put("channel_auto_follow_threads", on(*follow)),
                ChannelEdit::Level(level) if level == "default" => put("desktop", &account_or("desktop", "all")),
                ChannelEdit::Level(level) => put("desktop", level),
                ChannelEdit::Threads(all) => put("desktop_threads", threads(*all)),
                ChannelEdit::Sound(sound) => put("desktop_sound", on(*sound)),
                ChannelEdit::SoundName(name) if name == "default" => {
                    put("desktop_notification_sound", &account_or("desktop_notification_sound", "Bing"));
                }
                ChannelEdit::SoundName(name) => put("desktop_notification_sound", name),
                ChannelEdit::PhoneFollows => {
                    phone_follows = true;
                    let (level, replies) = (before.get("desktop").cloned(), before.get("desktop_threads").cloned());
                    put("push", &level.unwrap_or_default());
                    put("push_threads", &replies.unwrap_or_default());
                }
                ChannelEdit::PhoneLevel(level) => {
                    phone_follows = false;
                    let level = if level == "default" { account_or("push", "all") } else { level.clone() };
                    put("push", &level);
                }
                ChannelEdit::PhoneThreads(all) => {
                    phone_follows = false;
                    put("push_threads", threads(*all));
                }
                ChannelEdit::ResetDesktop => {
                    put("desktop", &account_or("desktop", "all"));
                    put("desktop_threads", &account_or("desktop_threads", "mention"));
                    put("desktop_sound", if own(account, "desktop_sound") == Some("false") { "off" } else { "on" });
                    put("desktop_notification_sound", &account_or("desktop_notification_sound", "Bing"));
                }
                ChannelEdit::ResetMobile => {
                    phone_follows = false;
                    put("push", &account_or("push", "all"));
                    put("push_threads", &account_or("push_threads", "mention"));
                }
            }
        }
    }
    if phone_follows {
        let moved = |key: &str| selected.get(key) != before.get(key);
        touched.extend(moved("desktop").then_some("push"));
        touched.extend(moved("desktop_threads").then_some("push_threads"));
    }
    let saved = official::channel_props_to_save(account, &selected, !phone_follows);
    let mut write = NotifyProps::new();
    for key in touched {
        let Some(value) = saved.get(key) else { continue };
        let stored = channel.get(key).map(String::as_str);
        // What is not stored is inherited already.
        let is_there = stored == Some(value.as_str()) || (value == "default" && own(channel, key).is_none());
        if !is_there {
            write.insert(key.to_owned(), value.clone());
        }
    }
    write
}

/// What undoes a write: the values that were there, `default` where there was none.
pub fn undoing(channel: &NotifyProps, written: &NotifyProps) -> NotifyProps {
    let before = |key: &String| match channel.get(key) {
        Some(value) => value.clone(),
        None if key == "mark_unread" => "all".to_owned(),
        None if key == "channel_auto_follow_threads" => "off".to_owned(),
        None => "default".to_owned(),
    };
    written.keys().map(|key| (key.clone(), before(key))).collect()
}

/// `channel` with what is written.
pub fn merged(channel: &NotifyProps, written: &NotifyProps) -> NotifyProps {
    let mut merged: BTreeMap<String, String> = channel.clone();
    merged.extend(written.iter().map(|(key, value)| (key.clone(), value.clone())));
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn props(pairs: &[(&str, &str)]) -> NotifyProps {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[track_caller]
    fn writes(channel: &[(&str, &str)], account: &[(&str, &str)], edit: ChannelEdit, expected: &[(&str, &str)]) {
        let edits = [edit];
        assert_eq!(to_write(&props(channel), &props(account), &edits), props(expected), "{edits:?}");
    }

    const FRESH: [(&str, &str); 4] =
        [("desktop", "default"), ("mark_unread", "all"), ("ignore_channel_mentions", "default"), ("push", "default")];
    const ACCOUNT: [(&str, &str); 7] = [
        ("desktop", "mention"),
        ("push", "mention"),
        ("desktop_threads", "all"),
        ("push_threads", "all"),
        ("desktop_sound", "true"),
        ("channel", "true"),
        ("desktop_notification_sound", "Bing"),
    ];

    #[test]
    fn only_what_is_edited_is_written_and_the_phone_follows_where_it_did() {
        writes(&FRESH, &ACCOUNT, ChannelEdit::Mute(true), &[("mark_unread", "mention")]);
        writes(&FRESH, &ACCOUNT, ChannelEdit::Mute(false), &[]);
        writes(&FRESH, &ACCOUNT, ChannelEdit::Level("all".to_owned()), &[("desktop", "all"), ("push", "all")]);
        writes(&FRESH, &ACCOUNT, ChannelEdit::Level("mention".to_owned()), &[]);
        let apart = [("desktop", "none"), ("push", "all")];
        writes(&apart, &ACCOUNT, ChannelEdit::Level("default".to_owned()), &[("desktop", "default")]);
        writes(
            &FRESH,
            &ACCOUNT,
            ChannelEdit::Threads(false),
            &[("desktop_threads", "mention"), ("push_threads", "mention")],
        );
        writes(&FRESH, &ACCOUNT, ChannelEdit::Sound(false), &[("desktop_sound", "off")]);
        writes(&FRESH, &ACCOUNT, ChannelEdit::SoundName("Down".to_owned()), &[("desktop_notification_sound", "Down")]);
        writes(&FRESH, &ACCOUNT, ChannelEdit::SoundName("Bing".to_owned()), &[]);
        writes(&FRESH, &ACCOUNT, ChannelEdit::IgnoreChannelMentions(true), &[("ignore_channel_mentions", "on")]);
        writes(&FRESH, &ACCOUNT, ChannelEdit::IgnoreChannelMentions(false), &[("ignore_channel_mentions", "off")]);
        writes(&FRESH, &ACCOUNT, ChannelEdit::AutoFollow(true), &[("channel_auto_follow_threads", "on")]);
    }

    #[test]
    fn a_reset_makes_the_computers_values_inherited_and_touches_neither_mute_nor_auto_follow() {
        let set = [
            ("desktop", "none"),
            ("desktop_threads", "mention"),
            ("desktop_sound", "off"),
            ("desktop_notification_sound", "Hello"),
            ("mark_unread", "mention"),
            ("channel_auto_follow_threads", "on"),
            ("push", "all"),
        ];
        let reset =
            ["desktop", "desktop_notification_sound", "desktop_sound", "desktop_threads"].map(|key| (key, "default"));
        writes(&set, &ACCOUNT, ChannelEdit::ResetDesktop, &reset);
        writes(&set, &ACCOUNT, ChannelEdit::ResetMobile, &[("push", "default")]);
    }

    #[test]
    fn undoing_puts_back_what_was_there_or_makes_it_inherited() {
        let channel = props(&[("desktop", "none")]);
        let written = props(&[("desktop", "all"), ("push", "all"), ("mark_unread", "mention")]);
        let back = props(&[("desktop", "none"), ("push", "default"), ("mark_unread", "all")]);
        assert_eq!(undoing(&channel, &written), back);
    }

    #[test]
    fn a_channel_differs_when_something_for_this_computer_does() {
        let defaults = ChannelDefaults { threads: true, account: props(&ACCOUNT), ..ChannelDefaults::default() };
        let row = |set: &[(&str, &str)]| ChannelRow {
            server: ServerId(1),
            channel: ChannelId::parse("abcdefghijklmnopqrstuvwxyz").unwrap(),
            kind: Some(ChannelType::Public),
            name: "Ops".to_owned(),
            team: String::new(),
            archived: false,
            last_post_at: 0,
            props: props(set),
            saving: false,
            trouble: None,
        };
        assert!(!row(&FRESH).differs(&defaults));
        assert!(
            !row(&[("desktop", "mention"), ("push", "none"), ("ignore_channel_mentions", "off")]).differs(&defaults)
        );
        for set in [
            ("mark_unread", "mention"),
            ("desktop", "all"),
            ("desktop", "someday"),
            ("desktop_threads", "mention"),
            ("desktop_sound", "off"),
            ("desktop_notification_sound", "Hello"),
            ("ignore_channel_mentions", "on"),
            ("channel_auto_follow_threads", "on"),
        ] {
            assert!(row(&[set]).differs(&defaults), "{set:?}");
        }
    }
}
