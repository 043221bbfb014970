//! The wire's shapes of single objects, and lists of them, as `belfry-core` keeps them.
//!
//! REST answers and websocket frames carry the same objects, so both read them here. Every field is read leniently
//! (see [`crate::lenient`]); an object is refused only where it lacks the id that everything hangs on.

mod calls;
mod list;

use std::collections::BTreeMap;

use belfry_core::event::{
    Channel, ChannelType, License, Member, NotifyProps, Preference, ServerConfig, Status, Team, Thread, ThreadCounts,
    User,
};
use belfry_core::ids::{ChannelId, PostId, TeamId, UserId};
use belfry_core::text::cut_at_char;
use serde::Deserialize;

use crate::lenient::{self, One, TextMap};

pub use calls::{CallChannelShape, CallShape, calls_ringing};
pub use list::{List, list};

/// Bytes of a name: servers allow 64 letters, and a group is called by the names of its eight members.
const LONGEST_NAME: usize = 1024;

/// A name as it is kept: whatever a server sends, a hundred thousand of them have room.
fn name(text: String) -> String {
    if text.len() <= LONGEST_NAME { text } else { cut_at_char(&text, LONGEST_NAME).to_owned() }
}

/// A channel on the wire (protocol §3.2).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ChannelShape {
    #[serde(deserialize_with = "lenient::id")]
    id: Option<ChannelId>,
    #[serde(deserialize_with = "lenient::id")]
    team_id: Option<TeamId>,
    #[serde(rename = "type", deserialize_with = "lenient::text")]
    kind: String,
    #[serde(deserialize_with = "lenient::text")]
    name: String,
    #[serde(deserialize_with = "lenient::text")]
    display_name: String,
    #[serde(deserialize_with = "lenient::int")]
    delete_at: Option<i64>,
    #[serde(deserialize_with = "lenient::int")]
    last_post_at: Option<i64>,
    #[serde(deserialize_with = "lenient::int")]
    total_msg_count: Option<i64>,
    #[serde(deserialize_with = "lenient::int")]
    total_msg_count_root: Option<i64>,
}

impl ChannelShape {
    /// The channel; `None` without an id.
    pub fn into_channel(self) -> Option<Channel> {
        let channel_type = ChannelType::parse(&self.kind).unwrap_or_else(|| {
            // A letter we do not know must not lose the channel: judge by what kinds have in common.
            match (self.team_id, self.name.contains("__")) {
                (Some(_), _) => ChannelType::Private,
                (None, true) => ChannelType::Direct,
                (None, false) => ChannelType::Group,
            }
        });
        Some(Channel {
            id: self.id?,
            team_id: self.team_id,
            channel_type,
            name: name(self.name),
            display_name: name(self.display_name),
            delete_at: self.delete_at.unwrap_or(0),
            last_post_at: self.last_post_at.unwrap_or(0),
            total_msg_count: self.total_msg_count.unwrap_or(0),
            total_msg_count_root: self.total_msg_count_root,
        })
    }
}

/// A channel membership on the wire (protocol §3.2).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MemberShape {
    #[serde(deserialize_with = "lenient::id")]
    channel_id: Option<ChannelId>,
    #[serde(deserialize_with = "lenient::id")]
    user_id: Option<UserId>,
    #[serde(deserialize_with = "lenient::int")]
    msg_count: Option<i64>,
    #[serde(deserialize_with = "lenient::int")]
    msg_count_root: Option<i64>,
    #[serde(deserialize_with = "lenient::int")]
    mention_count: Option<i64>,
    #[serde(deserialize_with = "lenient::int")]
    mention_count_root: Option<i64>,
    #[serde(deserialize_with = "lenient::int")]
    urgent_mention_count: Option<i64>,
    #[serde(deserialize_with = "lenient::int")]
    last_viewed_at: Option<i64>,
    #[serde(deserialize_with = "lenient::int")]
    last_update_at: Option<i64>,
    #[serde(deserialize_with = "lenient::text_map")]
    notify_props: Option<NotifyProps>,
}

impl MemberShape {
    /// The membership; `None` without a channel.
    pub fn into_member(self) -> Option<Member> {
        Some(Member {
            channel_id: self.channel_id?,
            user_id: self.user_id,
            msg_count: self.msg_count.unwrap_or(0),
            msg_count_root: self.msg_count_root,
            mention_count: self.mention_count.unwrap_or(0),
            mention_count_root: self.mention_count_root,
            urgent_mention_count: self.urgent_mention_count,
            last_viewed_at: self.last_viewed_at.unwrap_or(0),
            last_update_at: self.last_update_at.unwrap_or(0),
            notify_props: self.notify_props.unwrap_or_default(),
        })
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct UserProps {
    #[serde(rename = "RemoteUsername", deserialize_with = "lenient::text")]
    remote_username: String,
}

/// A user on the wire (protocol §3.2).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct UserShape {
    #[serde(deserialize_with = "lenient::id")]
    id: Option<UserId>,
    #[serde(deserialize_with = "lenient::text")]
    username: String,
    #[serde(deserialize_with = "lenient::text")]
    first_name: String,
    #[serde(deserialize_with = "lenient::text")]
    last_name: String,
    #[serde(deserialize_with = "lenient::text")]
    nickname: String,
    #[serde(deserialize_with = "lenient::int")]
    delete_at: Option<i64>,
    #[serde(deserialize_with = "lenient::int")]
    update_at: Option<i64>,
    #[serde(deserialize_with = "lenient::int")]
    last_picture_update: Option<i64>,
    #[serde(deserialize_with = "lenient::boolean")]
    is_bot: Option<bool>,
    #[serde(deserialize_with = "lenient::text")]
    remote_id: String,
    #[serde(deserialize_with = "lenient::one")]
    props: Option<UserProps>,
    #[serde(deserialize_with = "lenient::text_map")]
    notify_props: Option<NotifyProps>,
}

impl UserShape {
    /// The user; `None` without an id.
    pub fn into_user(self) -> Option<User> {
        let remote_username =
            self.props.map(|props| props.remote_username).filter(|name| !name.is_empty() && !self.remote_id.is_empty());
        Some(User {
            id: Some(self.id?),
            username: name(self.username),
            first_name: name(self.first_name),
            last_name: name(self.last_name),
            nickname: name(self.nickname),
            delete_at: self.delete_at.unwrap_or(0),
            update_at: self.update_at.unwrap_or(0),
            last_picture_update: self.last_picture_update.unwrap_or(0),
            is_bot: self.is_bot.unwrap_or(false),
            remote_username,
            // A sanitised copy has an empty map or none: both mean "not told" (protocol §5.7).
            notify_props: self.notify_props.filter(|props| !props.is_empty()),
        })
    }
}

/// A team on the wire.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TeamShape {
    #[serde(deserialize_with = "lenient::id")]
    id: Option<TeamId>,
    #[serde(deserialize_with = "lenient::text")]
    name: String,
    #[serde(deserialize_with = "lenient::text")]
    display_name: String,
    #[serde(deserialize_with = "lenient::int")]
    delete_at: Option<i64>,
}

impl TeamShape {
    /// The team; `None` without an id.
    pub fn into_team(self) -> Option<Team> {
        Some(Team {
            id: self.id?,
            name: name(self.name),
            display_name: name(self.display_name),
            delete_at: self.delete_at.unwrap_or(0),
        })
    }
}

/// A team membership on the wire.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TeamMemberShape {
    /// Which team.
    #[serde(deserialize_with = "lenient::id")]
    pub team_id: Option<TeamId>,
    /// When it ended, Unix milliseconds; 0 or absent = it did not.
    #[serde(deserialize_with = "lenient::int")]
    pub delete_at: Option<i64>,
}

/// A preference on the wire.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PreferenceShape {
    #[serde(deserialize_with = "lenient::text")]
    category: String,
    #[serde(deserialize_with = "lenient::text")]
    name: String,
    #[serde(deserialize_with = "lenient::text")]
    value: String,
}

impl PreferenceShape {
    /// The preference; `None` without a category.
    pub fn into_preference(self) -> Option<Preference> {
        (!self.category.is_empty()).then_some(Preference {
            category: self.category,
            name: self.name,
            value: self.value,
        })
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ThreadPost {
    #[serde(deserialize_with = "lenient::id")]
    user_id: Option<UserId>,
    #[serde(deserialize_with = "lenient::id")]
    channel_id: Option<ChannelId>,
    #[serde(deserialize_with = "lenient::text")]
    message: String,
}

/// A followed thread on the wire (protocol §3.6).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ThreadShape {
    #[serde(deserialize_with = "lenient::id")]
    id: Option<PostId>,
    #[serde(deserialize_with = "lenient::int")]
    unread_replies: Option<i64>,
    #[serde(deserialize_with = "lenient::int")]
    unread_mentions: Option<i64>,
    #[serde(deserialize_with = "lenient::boolean")]
    is_urgent: Option<bool>,
    #[serde(deserialize_with = "lenient::int")]
    last_reply_at: Option<i64>,
    #[serde(deserialize_with = "lenient::int")]
    last_viewed_at: Option<i64>,
    #[serde(deserialize_with = "lenient::one")]
    post: Option<ThreadPost>,
}

impl ThreadShape {
    /// Who began it, where told.
    pub fn root_user_id(&self) -> Option<UserId> {
        self.post.as_ref()?.user_id
    }

    /// When its last reply was made, Unix milliseconds; 0 where it is not told.
    pub fn last_reply_at(&self) -> i64 {
        self.last_reply_at.unwrap_or(0)
    }

    /// When the person read it last, Unix milliseconds; 0 where it is not told.
    pub fn last_viewed_at(&self) -> i64 {
        self.last_viewed_at.unwrap_or(0)
    }

    /// The thread; `None` without an id.
    pub fn into_thread(self) -> Option<Thread> {
        let post = self.post.unwrap_or_default();
        Some(Thread {
            id: self.id?,
            channel_id: post.channel_id,
            unread_replies: self.unread_replies.unwrap_or(0),
            unread_mentions: self.unread_mentions.unwrap_or(0),
            is_urgent: self.is_urgent.unwrap_or(false),
            root_message: post.message,
        })
    }
}

/// A row of `teams/unread` (protocol §3.6).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TeamUnreadShape {
    /// Which team.
    #[serde(deserialize_with = "lenient::id")]
    pub team_id: Option<TeamId>,
    #[serde(deserialize_with = "lenient::int")]
    thread_count: Option<i64>,
    #[serde(deserialize_with = "lenient::int")]
    thread_mention_count: Option<i64>,
    #[serde(deserialize_with = "lenient::int")]
    thread_urgent_mention_count: Option<i64>,
    #[serde(deserialize_with = "lenient::int")]
    msg_count: Option<i64>,
    #[serde(deserialize_with = "lenient::int")]
    msg_count_root: Option<i64>,
    #[serde(deserialize_with = "lenient::int")]
    mention_count: Option<i64>,
    #[serde(deserialize_with = "lenient::int")]
    mention_count_root: Option<i64>,
}

impl TeamUnreadShape {
    /// Unread posts, those that are no replies, unread mentions, those in posts that are no replies. What is not told of
    /// roots is taken from all; `None` where nothing is told.
    pub fn sums(&self) -> Option<(i64, i64, i64, i64)> {
        let (messages, mentions) = (self.msg_count?, self.mention_count?);
        let root = |count: Option<i64>, all: i64| count.unwrap_or(all);
        Some((messages, root(self.msg_count_root, messages), mentions, root(self.mention_count_root, mentions)))
    }

    /// The team's threads without direct and group messages; `None` where the server does not tell (5.37).
    /// `total` is not told here and stays 0.
    pub fn threads(&self) -> Option<(TeamId, ThreadCounts)> {
        if self.thread_count.is_none() && self.thread_mention_count.is_none() {
            return None;
        }
        let counts = ThreadCounts {
            total: 0,
            unread_threads: self.thread_count.unwrap_or(0),
            unread_mentions: self.thread_mention_count.unwrap_or(0),
            unread_urgent_mentions: self.thread_urgent_mention_count.unwrap_or(0),
        };
        Some((self.team_id?, counts))
    }
}

/// `users/me/teams/{tid}/threads`, with or without the list (protocol §3.6; `threads` may be `null`).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ThreadListShape {
    #[serde(deserialize_with = "lenient::int")]
    total: Option<i64>,
    #[serde(deserialize_with = "lenient::int")]
    total_unread_threads: Option<i64>,
    #[serde(deserialize_with = "lenient::int")]
    total_unread_mentions: Option<i64>,
    #[serde(deserialize_with = "lenient::int")]
    total_unread_urgent_mentions: Option<i64>,
    /// The threads, where they were asked for.
    #[serde(deserialize_with = "lenient::many")]
    pub threads: Option<Vec<ThreadShape>>,
}

impl ThreadListShape {
    /// The counters, direct and group messages included; `None` where the answer has none.
    pub fn counts(&self) -> Option<ThreadCounts> {
        Some(ThreadCounts {
            total: self.total.unwrap_or(0),
            unread_threads: self.total_unread_threads?,
            unread_mentions: self.total_unread_mentions.unwrap_or(0),
            unread_urgent_mentions: self.total_unread_urgent_mentions.unwrap_or(0),
        })
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct StatusShape {
    #[serde(deserialize_with = "lenient::text")]
    status: String,
}

/// Reads one object; `None` where it is no JSON object.
pub fn object<'de, T: Deserialize<'de>>(body: &'de [u8]) -> Option<T> {
    serde_json::from_slice::<One<T>>(body).ok()?.0
}

/// Reads a channel.
pub fn channel(text: &str) -> Option<Channel> {
    object::<ChannelShape>(text.as_bytes())?.into_channel()
}

/// Reads a channel membership.
pub fn member(text: &str) -> Option<Member> {
    object::<MemberShape>(text.as_bytes())?.into_member()
}

/// Reads a user.
pub fn user(text: &str) -> Option<User> {
    object::<UserShape>(text.as_bytes())?.into_user()
}

/// Reads a team.
pub fn team(text: &str) -> Option<Team> {
    object::<TeamShape>(text.as_bytes())?.into_team()
}

/// Reads a followed thread.
pub fn thread(text: &str) -> Option<Thread> {
    object::<ThreadShape>(text.as_bytes())?.into_thread()
}

/// Reads an array of preferences; all of them, whether they matter or not.
pub fn preferences(text: &str) -> Option<Vec<Preference>> {
    let list = list::<PreferenceShape>(text.as_bytes());
    list.complete.then(|| list.items.into_iter().filter_map(PreferenceShape::into_preference).collect())
}

/// Reads the status word of a status object.
pub fn status(text: &str) -> Option<Status> {
    let shape: StatusShape = object(text.as_bytes())?;
    (!shape.status.is_empty()).then(|| Status::parse(&shape.status))
}

/// Reads a client configuration.
pub fn config(text: &str) -> Option<ServerConfig> {
    Some(config_of(object::<TextMap>(text.as_bytes())?.0))
}

/// Reads a client licence.
pub fn license(text: &str) -> Option<License> {
    Some(license_of(&object::<TextMap>(text.as_bytes())?.0))
}

/// Whether a configuration was given to somebody who is signed in: the limited one must never replace it (protocol §1.3).
pub fn is_full_config(map: &BTreeMap<String, String>) -> bool {
    map.contains_key("TeammateNameDisplay") || map.contains_key("CollapsedThreads")
}

fn is_on(map: &BTreeMap<String, String>, key: &str) -> Option<bool> {
    map.get(key).map(|value| value == "true")
}

/// What of a configuration map decides something. A missing key is off, except the two that are on by nature.
pub fn config_of(mut map: BTreeMap<String, String>) -> ServerConfig {
    ServerConfig {
        feature_flag_collapsed_threads: is_on(&map, "FeatureFlagCollapsedThreads"),
        lock_teammate_name_display: is_on(&map, "LockTeammateNameDisplay").unwrap_or(false),
        enable_post_username_override: is_on(&map, "EnablePostUsernameOverride").unwrap_or(false),
        enable_channel_viewed_messages: is_on(&map, "EnableChannelViewedMessages").unwrap_or(true),
        send_email_notifications: is_on(&map, "SendEmailNotifications").unwrap_or(false),
        enable_email_batching: is_on(&map, "EnableEmailBatching").unwrap_or(false),
        enable_automatic_replies: is_on(&map, "ExperimentalEnableAutomaticReplies").unwrap_or(false),
        send_push_notifications: is_on(&map, "SendPushNotifications").unwrap_or(false),
        enable_user_statuses: is_on(&map, "EnableUserStatuses").unwrap_or(true),
        extend_session_with_activity: is_on(&map, "ExtendSessionLengthWithActivity").unwrap_or(false),
        version: map.remove("Version").unwrap_or_default(),
        site_url: map.remove("SiteURL").unwrap_or_default(),
        site_name: map.remove("SiteName").unwrap_or_default(),
        collapsed_threads: map.remove("CollapsedThreads"),
        teammate_name_display: map.remove("TeammateNameDisplay"),
    }
}

/// What of a licence map decides something.
pub fn license_of(map: &BTreeMap<String, String>) -> License {
    License {
        licensed: is_on(map, "IsLicensed").unwrap_or(false),
        lock_teammate_name_display: is_on(map, "LockTeammateNameDisplay").unwrap_or(false),
        sku: map.get("SkuShortName").cloned().unwrap_or_default(),
    }
}
