//! What a server told us.
//!
//! `belfry-net` makes these from frames and answers; text is borrowed from the frame where it can be.
//! Field names follow the protocol spec; missing fields are `None`, never invented.

mod owned;

use std::borrow::Cow;

use crate::ids::{CallId, ChannelId, FileId, PostId, TeamId, UserId};

/// Something that a server, or the connection to it, reported.
#[derive(Clone, Debug)]
pub enum Event<'a> {
    /// The connection's state changed.
    Connection(Connection),
    /// Everything a client reads at start or after a gap (protocol §3.1).
    Snapshot(Box<Snapshot>),
    /// A frame arrived whose content needs nothing: it only proves that the server was heard.
    Heard,
    /// A post was made.
    Posted(Box<Posted<'a>>),
    /// An urgent post repeats its notification (notifications §2.10).
    PersistentNotification(Box<Posted<'a>>),
    /// A post for this person only; it counts for nothing (notifications §4.5).
    EphemeralMessage(Box<Post<'a>>),
    /// A post was edited, or one of its embeds, acknowledgements, … changed.
    PostEdited(Box<Post<'a>>),
    /// A post was deleted.
    PostDeleted(Box<Post<'a>>),
    /// The person marked a channel unread from a post on.
    PostUnread(PostUnread),
    /// Channels were read on some device, with the time of each in Unix milliseconds.
    ChannelsViewed(Vec<(ChannelId, Option<i64>)>),
    /// A followed thread changed.
    ThreadUpdated(Box<ThreadUpdated>),
    /// One thread, a channel's threads or a team's threads were read (three shapes, protocol §5.5).
    ThreadReadChanged(ThreadReadChanged),
    /// A thread was followed or unfollowed.
    ThreadFollowChanged {
        /// The root post.
        thread_id: PostId,
        /// The team of the client that acted; absent for none.
        team_id: Option<TeamId>,
        /// Whether it is followed now.
        following: bool,
        /// How many replies it has.
        reply_count: i64,
    },
    /// A channel's own data changed; `None` where only its id was told.
    ChannelUpdated {
        /// Which channel.
        channel_id: ChannelId,
        /// Its new data.
        channel: Option<Box<Channel>>,
    },
    /// A channel was archived.
    ChannelDeleted {
        /// Which channel.
        channel_id: ChannelId,
        /// When, in Unix milliseconds.
        delete_at: i64,
    },
    /// A channel was brought back.
    ChannelRestored(ChannelId),
    /// The person's membership of a channel changed.
    MemberUpdated(Box<Member>),
    /// Somebody became a member of a channel (`user_added`, `direct_added`, `group_added`).
    JoinedChannel {
        /// Which channel.
        channel_id: ChannelId,
        /// Who; `None` = the person the event was sent to.
        user_id: Option<UserId>,
    },
    /// Somebody is no longer a member of a channel.
    LeftChannel {
        /// Which channel.
        channel_id: ChannelId,
        /// Who; `None` = the person the event was sent to.
        user_id: Option<UserId>,
    },
    /// Somebody was added to a team.
    JoinedTeam {
        /// Which team.
        team_id: TeamId,
        /// Who; `None` = the person the event was sent to.
        user_id: Option<UserId>,
    },
    /// Somebody left a team, or the team is gone.
    LeftTeam {
        /// Which team.
        team_id: TeamId,
        /// Who; `None` = everybody.
        user_id: Option<UserId>,
    },
    /// A user's profile changed.
    UserUpdated(Box<User>),
    /// The person's own status changed.
    StatusChanged {
        /// Whose.
        user_id: UserId,
        /// The new one.
        status: Status,
    },
    /// Preferences were written.
    PreferencesChanged(Vec<Preference>),
    /// Preferences were deleted.
    PreferencesDeleted(Vec<Preference>),
    /// The server's configuration changed.
    ConfigChanged(Box<ServerConfig>),
    /// The licence changed.
    LicenseChanged(License),
    /// Something about a call.
    Call(CallEvent),
    /// An answer to a question that the engine asked (`effect::Fetch`).
    Fetched(Fetched),
    /// What came of a change that the engine asked for (`effect::Write` with a number).
    Written {
        /// The number of the change.
        number: u64,
        /// How it went.
        outcome: Written,
    },
    /// It is time to compare the unread counts with the server's (protocol §4.6).
    CountsDue,
}

/// What came of a change.
#[derive(Clone, Debug)]
pub enum Written {
    /// The server did it.
    Done(Box<Saved>),
    /// Something was changed elsewhere meanwhile: nothing was written. What the server holds now.
    ChangedElsewhere(Box<Saved>),
    /// It was not done.
    Refused {
        /// Why, one sentence without a full stop.
        reason: String,
        /// The server does not know how (404, 501).
        unknown: bool,
    },
}

/// What the server holds after a change; what it did not tell is missing.
#[derive(Clone, Debug, Default)]
pub struct Saved {
    /// Me, with my `notify_props`.
    pub me: Option<User>,
    /// My preferences that were written.
    pub preferences: Vec<Preference>,
    /// My membership of the channel.
    pub member: Option<Member>,
}

/// State of one connection, as people are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Connection {
    /// Connecting or reading the first data.
    Connecting,
    /// Live: events arrive.
    Live {
        /// The server's version, such as `11.1.0`.
        version: String,
    },
    /// Not connected; tried again by itself.
    Waiting {
        /// Why, in one sentence without a full stop.
        reason: String,
        /// When it is tried again, in milliseconds from now.
        retry_in_ms: u64,
    },
    /// The server said that the session is over (notifications §4.6).
    SignedOut {
        /// Why, in one sentence without a full stop.
        reason: String,
    },
    /// There is no token to try with, or the person signed out.
    NotSignedIn,
    /// Something that a retry cannot mend.
    Failed {
        /// What, in one sentence without a full stop.
        reason: String,
    },
}

/// What a client reads at start (protocol §3.1).
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// The signed-in person.
    pub me: Option<User>,
    /// The full configuration.
    pub config: ServerConfig,
    /// The licence.
    pub license: License,
    /// The person's preferences (only those of `notifications.md` §1.3 matter).
    pub preferences: Vec<Preference>,
    /// The person's teams.
    pub teams: Vec<Team>,
    /// Every channel the person is in.
    pub channels: Vec<Channel>,
    /// Every membership.
    pub members: Vec<Member>,
    /// Thread counters of each team without direct and group messages (protocol §3.6).
    pub team_threads: Vec<(TeamId, ThreadCounts)>,
    /// Thread counters of one team *including* direct and group messages.
    pub direct_threads: Option<(TeamId, ThreadCounts)>,
    /// Unread threads that were loaded one by one (servers without totals).
    pub threads: Vec<Thread>,
    /// Whether `threads` holds every unread thread there is.
    pub threads_complete: bool,
    /// People known so far.
    pub users: Vec<User>,
    /// The person's status.
    pub status: Option<Status>,
    /// Calls plugin: whether it rings, and the calls that go on.
    pub calls: Option<CallsSetup>,
    /// When the snapshot was asked for, as the server's newest post time is compared with it (Unix milliseconds; 0 = unknown).
    pub taken_at_ms: i64,
}

/// Client configuration: only what decides something (notifications §1.4).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerConfig {
    /// `Version`, such as `11.1.0`.
    pub version: String,
    /// `SiteURL`.
    pub site_url: String,
    /// `SiteName`.
    pub site_name: String,
    /// `CollapsedThreads`; `None` = absent.
    pub collapsed_threads: Option<String>,
    /// `FeatureFlagCollapsedThreads` (only below 7.6).
    pub feature_flag_collapsed_threads: Option<bool>,
    /// `TeammateNameDisplay`.
    pub teammate_name_display: Option<String>,
    /// `LockTeammateNameDisplay`.
    pub lock_teammate_name_display: bool,
    /// `EnablePostUsernameOverride`.
    pub enable_post_username_override: bool,
    /// `EnableChannelViewedMessages`; absent counts as on.
    pub enable_channel_viewed_messages: bool,
    /// `SendPushNotifications`.
    pub send_push_notifications: bool,
    /// `SendEmailNotifications`.
    pub send_email_notifications: bool,
    /// `EnableEmailBatching`.
    pub enable_email_batching: bool,
    /// `ExperimentalEnableAutomaticReplies`.
    pub enable_automatic_replies: bool,
    /// `EnableUserStatuses`; absent counts as on.
    pub enable_user_statuses: bool,
    /// `ExtendSessionLengthWithActivity`.
    pub extend_session_with_activity: bool,
}

/// How long a session lasts, measured by its server's own clock (protocol §2.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SessionLife {
    /// Milliseconds until it ends; `None` = the server does not say.
    pub ends_in_ms: Option<i64>,
}

/// Licence: only what decides something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct License {
    /// `IsLicensed`.
    pub licensed: bool,
    /// `LockTeammateNameDisplay`.
    pub lock_teammate_name_display: bool,
    /// `SkuShortName`.
    pub sku: String,
}

/// One preference (notifications §1.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preference {
    /// Its category, such as `display_settings`.
    pub category: String,
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// A team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    /// Id.
    pub id: TeamId,
    /// URL name.
    pub name: String,
    /// Name for people.
    pub display_name: String,
    /// When archived, Unix milliseconds; 0 = not.
    pub delete_at: i64,
}

/// Kind of channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub enum ChannelType {
    /// `O`
    Public,
    /// `P`
    Private,
    /// `D`
    Direct,
    /// `G`
    Group,
}

impl ChannelType {
    /// Reads the wire's letter.
    pub fn parse(letter: &str) -> Option<Self> {
        match letter {
            "O" => Some(Self::Public),
            "P" => Some(Self::Private),
            "D" => Some(Self::Direct),
            "G" => Some(Self::Group),
            _ => None,
        }
    }
}

/// A channel's own data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Id.
    pub id: ChannelId,
    /// Team; `None` for direct and group messages.
    pub team_id: Option<TeamId>,
    /// Kind.
    pub channel_type: ChannelType,
    /// URL name; for a direct message `<user id>__<user id>`.
    pub name: String,
    /// Name for people; empty for a direct message.
    pub display_name: String,
    /// When archived, Unix milliseconds; 0 = not.
    pub delete_at: i64,
    /// Time of the last post, Unix milliseconds.
    pub last_post_at: i64,
    /// All counted posts.
    pub total_msg_count: i64,
    /// Counted posts that are no replies; `None` where the server does not tell (before 5.37).
    pub total_msg_count_root: Option<i64>,
}

/// The person's membership of a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Which channel.
    pub channel_id: ChannelId,
    /// Whose membership.
    pub user_id: Option<UserId>,
    /// Posts read.
    pub msg_count: i64,
    /// Root posts read.
    pub msg_count_root: Option<i64>,
    /// Unread mentions.
    pub mention_count: i64,
    /// Unread mentions in root posts.
    pub mention_count_root: Option<i64>,
    /// Unread mentions in urgent posts.
    pub urgent_mention_count: Option<i64>,
    /// Last read, Unix milliseconds.
    pub last_viewed_at: i64,
    /// Last change, Unix milliseconds.
    pub last_update_at: i64,
    /// Channel notification preferences as the server holds them.
    pub notify_props: NotifyProps,
}

/// A `notify_props` map, in key order. Values are kept as they are, known or not.
pub type NotifyProps = std::collections::BTreeMap<String, String>;

/// A user's profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// Id; `None` only in tests' blanks.
    pub id: Option<UserId>,
    /// Login name.
    pub username: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Nickname.
    pub nickname: String,
    /// When deactivated, Unix milliseconds; 0 = not.
    pub delete_at: i64,
    /// Last change, Unix milliseconds.
    pub update_at: i64,
    /// Last change of the picture, Unix milliseconds.
    pub last_picture_update: i64,
    /// Whether it is a bot.
    pub is_bot: bool,
    /// `props.RemoteUsername` where `remote_id` is set too.
    pub remote_username: Option<String>,
    /// Only for oneself, and only from some answers.
    pub notify_props: Option<NotifyProps>,
}

/// Availability (notifications §1.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// `online`
    Online,
    /// `away`
    Away,
    /// `offline`
    Offline,
    /// `dnd`: do not disturb
    DoNotDisturb,
    /// `ooo`: out of office
    OutOfOffice,
    /// A word we do not know; never suppresses anything.
    Other(String),
}

impl Status {
    /// Reads the wire's word.
    pub fn parse(word: &str) -> Self {
        match word {
            "online" => Self::Online,
            "away" => Self::Away,
            "offline" => Self::Offline,
            "dnd" => Self::DoNotDisturb,
            "ooo" => Self::OutOfOffice,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// `posted` (protocol §5.2).
#[derive(Clone, Debug)]
pub struct Posted<'a> {
    /// The post.
    pub post: Post<'a>,
    /// The channel's kind, as the event says.
    pub channel_type: Option<ChannelType>,
    /// The channel's name for people, as the event says.
    pub channel_display_name: Cow<'a, str>,
    /// The channel's URL name.
    pub channel_name: Cow<'a, str>,
    /// `@username`, an override, or "System".
    pub sender_name: Cow<'a, str>,
    /// Team; `None` for direct and group messages.
    pub team_id: Option<TeamId>,
    /// An image is attached.
    pub image: bool,
    /// A file is attached.
    pub other_file: bool,
    /// `mentions`; `None` = the field was absent.
    pub mentions: Option<Vec<UserId>>,
    /// `followers`; `None` = the field was absent.
    pub followers: Option<Vec<UserId>>,
}

/// A post: only what decides or is shown.
#[derive(Clone, Debug)]
pub struct Post<'a> {
    /// Id.
    pub id: PostId,
    /// Author; `None` where the server named none.
    pub user_id: Option<UserId>,
    /// Channel.
    pub channel_id: ChannelId,
    /// Root of the thread for a reply.
    pub root_id: Option<PostId>,
    /// `type`: empty for an ordinary message.
    pub kind: Cow<'a, str>,
    /// Text, in markdown.
    pub message: Cow<'a, str>,
    /// When made, Unix milliseconds.
    pub create_at: i64,
    /// When its text was edited, Unix milliseconds; 0 = never.
    pub edit_at: i64,
    /// When deleted, Unix milliseconds; 0 = not.
    pub delete_at: i64,
    /// `metadata.priority.priority`.
    pub priority: Priority,
    /// What of `props` decides.
    pub props: PostProps<'a>,
    /// `metadata.files`; `None` where there are none, as nearly always.
    pub files: Option<Box<Files>>,
}

/// Files of a post: what a card says of them (protocol §5.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// How many.
    pub count: u32,
    /// The name of [`Self::image`]; where there is none, of the first.
    pub name: String,
    /// The first of which the server has a small picture (protocol §8).
    pub image: Option<FileId>,
}

impl Posted<'_> {
    /// One that is still to be read, with [`Post::blank`]. It is large, so it is filled in where it stays.
    pub fn blank() -> Box<Self> {
        Box::new(Self {
            post: Post::blank(),
            channel_type: None,
            channel_display_name: Cow::Borrowed(""),
            channel_name: Cow::Borrowed(""),
            sender_name: Cow::Borrowed(""),
            team_id: None,
            image: false,
            other_file: false,
            mentions: None,
            followers: None,
        })
    }
}

impl Post<'_> {
    /// One that is still to be read: its ids are [`BLANK`](crate::ids::Id::BLANK).
    pub fn blank() -> Self {
        Self {
            id: PostId::BLANK,
            user_id: None,
            channel_id: ChannelId::BLANK,
            root_id: None,
            kind: Cow::Borrowed(""),
            message: Cow::Borrowed(""),
            create_at: 0,
            edit_at: 0,
            delete_at: 0,
            priority: Priority::Standard,
            props: PostProps::default(),
            files: None,
        }
    }
}

/// Priority of a post.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub enum Priority {
    /// None given, or a word we do not know.
    #[default]
    Standard,
    /// `important`
    Important,
    /// `urgent`
    Urgent,
}

/// `props` of a post: only what decides or is shown.
#[derive(Clone, Debug, Default)]
pub struct PostProps<'a> {
    /// `from_webhook` is exactly the string `"true"`.
    pub from_webhook: bool,
    /// `override_username`, where it is a string.
    pub override_username: Option<Cow<'a, str>>,
    /// `addedUserId`.
    pub added_user_id: Option<UserId>,
    /// `force_notification` is truthy.
    pub force_notification: bool,
    /// `attachments`; empty where any of them is malformed (notifications §3.3).
    pub attachments: Vec<Attachment<'a>>,
    /// `end_at` of a call post, Unix milliseconds.
    pub end_at: Option<i64>,
}

/// A message attachment.
#[derive(Clone, Debug, Default)]
pub struct Attachment<'a> {
    /// `fallback`
    pub fallback: Cow<'a, str>,
    /// `pretext`
    pub pretext: Cow<'a, str>,
    /// `title`
    pub title: Cow<'a, str>,
    /// `text`
    pub text: Cow<'a, str>,
    /// `footer`
    pub footer: Cow<'a, str>,
    /// `image_url`
    pub image_url: Cow<'a, str>,
    /// `fields`: title, and value where it is a string.
    pub fields: Vec<(Cow<'a, str>, Option<Cow<'a, str>>)>,
}

/// `post_unread`: the read counters, absolutely (protocol §5.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PostUnread {
    /// Which channel.
    pub channel_id: ChannelId,
    /// Posts read.
    pub msg_count: Option<i64>,
    /// Root posts read; absent on 5.37.
    pub msg_count_root: Option<i64>,
    /// Unread mentions.
    pub mention_count: Option<i64>,
    /// Unread mentions in root posts.
    pub mention_count_root: Option<i64>,
    /// Unread urgent mentions.
    pub urgent_mention_count: Option<i64>,
    /// Last read, Unix milliseconds.
    pub last_viewed_at: Option<i64>,
}

/// Unread counters of threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ThreadCounts {
    /// All followed threads.
    pub total: i64,
    /// Threads with unread replies.
    pub unread_threads: i64,
    /// Unread mentions in threads.
    pub unread_mentions: i64,
    /// Unread mentions in urgent threads.
    pub unread_urgent_mentions: i64,
}

/// A followed thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    /// The root post.
    pub id: PostId,
    /// Its channel.
    pub channel_id: Option<ChannelId>,
    /// Unread replies.
    pub unread_replies: i64,
    /// Unread mentions.
    pub unread_mentions: i64,
    /// Whether the root is urgent.
    pub is_urgent: bool,
    /// The root's text, for "thread: …" (markdown).
    pub root_message: String,
}

/// `thread_updated`.
#[derive(Clone, Debug)]
pub struct ThreadUpdated {
    /// The thread, with absolute values.
    pub thread: Thread,
    /// `broadcast.team_id`; `None` for direct and group messages.
    pub team_id: Option<TeamId>,
    /// What it was before, where the server says (not on 5.37).
    pub previous_unread_replies: Option<i64>,
    /// What it was before, where the server says.
    pub previous_unread_mentions: Option<i64>,
}

/// `thread_read_changed` in its three shapes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ThreadReadChanged {
    /// One thread.
    One {
        /// Its root.
        thread_id: PostId,
        /// Its channel, where told.
        channel_id: Option<ChannelId>,
        /// Its team, where told.
        team_id: Option<TeamId>,
        /// Unread replies now.
        unread_replies: i64,
        /// Unread mentions now.
        unread_mentions: i64,
        /// Before.
        previous_unread_replies: Option<i64>,
        /// Before.
        previous_unread_mentions: Option<i64>,
    },
    /// Every thread of a channel.
    Channel(ChannelId),
    /// Every thread of a team, and of direct and group messages.
    Team(TeamId),
}

/// What the Calls plugin is set to, and the calls going on (notifications §2.8).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallsSetup {
    /// `EnableRinging`.
    pub ringing: bool,
    /// Calls that go on.
    pub active: Vec<ActiveCall>,
}

/// A call that goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActiveCall {
    /// The call.
    pub call_id: CallId,
    /// Its channel.
    pub channel_id: ChannelId,
    /// Who started it.
    pub owner_id: Option<UserId>,
    /// Its post.
    pub post_id: Option<PostId>,
    /// When it began, Unix milliseconds.
    pub start_at: i64,
    /// Sessions in it: session id and user.
    pub sessions: Vec<(String, Option<UserId>)>,
    /// Whether this person dismissed it already.
    pub dismissed_by_me: bool,
}

/// An event of the Calls plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallEvent {
    /// `call_start`
    Started(ActiveCall),
    /// `call_end`
    Ended {
        /// Its channel.
        channel_id: ChannelId,
    },
    /// `user_joined`
    UserJoined {
        /// The call's channel.
        channel_id: ChannelId,
        /// Who.
        user_id: Option<UserId>,
        /// Which of their sessions.
        session_id: String,
    },
    /// `user_left`
    UserLeft {
        /// The call's channel.
        channel_id: ChannelId,
        /// Who.
        user_id: Option<UserId>,
        /// Which of their sessions.
        session_id: String,
    },
    /// `user_dismissed_notification`
    Dismissed {
        /// Who.
        user_id: Option<UserId>,
        /// Which call.
        call_id: CallId,
    },
}

/// An answer to `effect::Fetch`.
#[derive(Clone, Debug)]
pub enum Fetched {
    /// A channel and the membership of it.
    Channel {
        /// Which.
        channel_id: ChannelId,
        /// Its data, where the server gave it.
        channel: Option<Box<Channel>>,
        /// The membership, where the server gave it.
        member: Option<Box<Member>>,
    },
    /// Profiles; those that the server does not know are missing.
    Users(Vec<User>),
    /// The signed-in person.
    Me(Box<User>),
    /// Thread counters anew: per team without direct messages, and one team including them.
    ThreadTotals {
        /// Per team.
        teams: Vec<(TeamId, ThreadCounts)>,
        /// One team including direct and group messages.
        direct: Option<(TeamId, ThreadCounts)>,
    },
    /// What was missed during a gap.
    Missed(Box<crate::missed::Missed>),
    /// The server's own sums of what is unread.
    UnreadSums(Box<crate::missed::UnreadSums>),
    /// Whether the Calls plugin rings.
    CallsRinging(bool),
    /// How long the session still lasts.
    Session(SessionLife),
    /// The answer did not come; decide with what there is.
    Failed(crate::effect::Fetch),
}
