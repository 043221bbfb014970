//! What the desktop shows: one immutable picture of everything that stays true until it changes.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::badge::Badge;
use crate::event::Priority;
use crate::ids::{BannerId, ChannelId, FileId, PostId, ServerId, TeamId, UserId};
use crate::prefs::{LocalPrefs, Permission};
use crate::problem::Problem;
use crate::receipt::TestReceipt;
use crate::reply::ReplyView;
use crate::sound::SoundChoice;

/// The whole picture. Small: it is sent whole to every face whenever `revision` moves.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// Grows with every change.
    pub revision: u64,
    /// The badge over all servers.
    pub badge: Badge,
    /// Servers in the person's order.
    pub servers: Vec<ServerView>,
    /// Banners on screen, the newest first.
    pub banners: Vec<BannerView>,
    /// How many more are waiting.
    pub banners_waiting: u32,
    /// The timers stand still because the pointer is over the stack.
    pub banners_held: bool,
    /// Servers whose permission prompt is due, in order.
    pub permission_prompts: Vec<ServerId>,
    /// Trouble that lasts.
    pub problems: Vec<Problem>,
    /// Paused until this time (Unix milliseconds; `i64::MAX` = until resumed).
    pub paused_until_ms: Option<i64>,
    /// Grows with every decision: Activity asks again when it moved.
    pub activity_revision: u64,
    /// The last five that were shown, the newest first: one line each, for the tray menu.
    pub recent: Vec<RecentItem>,
    /// Grows when `Query::Channels` would be answered otherwise.
    #[serde(default)]
    pub channels_revision: u64,
    /// How many channels the next undo puts back; 0 = nothing to undo.
    #[serde(default)]
    pub channels_undo: u32,
    /// The sound that plays because the person wanted to hear it.
    #[serde(default)]
    pub previewing: Option<SoundChoice>,
    /// The last test notification, until it is forgotten.
    #[serde(default)]
    pub test: Option<TestReceipt>,
    /// Local preferences.
    pub prefs: LocalPrefs,
}

impl View {
    /// The server with this number.
    pub fn server(&self, id: ServerId) -> Option<&ServerView> {
        self.servers.iter().find(|server| server.id == id)
    }
}

/// One server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServerView {
    /// Which.
    pub id: ServerId,
    /// Name for people.
    pub name: String,
    /// Address.
    pub url: String,
    /// Who is signed in.
    pub username: String,
    /// How it is.
    pub health: Health,
    /// When it was last heard, Unix milliseconds; 0 = never in this run. Precise to about ten seconds.
    pub last_heard_ms: i64,
    /// May it notify?
    pub permission: Permission,
    /// Its share of the badge.
    pub badge: Badge,
    /// What that share is the sum of.
    pub unread: Arc<UnreadList>,
    /// Its version, once known.
    pub version: String,
    /// When the session ends, Unix milliseconds, where that is known and less than a week away.
    #[serde(default)]
    pub session_ends_ms: Option<i64>,
    /// Grows when `Query::Settings` of this server would be answered otherwise.
    #[serde(default)]
    pub settings_revision: u64,
}

/// What a server's share of the badge is the sum of: every channel and thread that counts, as far as there is room.
///
/// The mentions of the rows and [`Self::more_mentions`] together are the number; any row makes the dot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreadList {
    /// The most mentions first, then channels by their last post; at most [`Self::MOST_ROWS`].
    pub rows: Vec<UnreadRow>,
    /// Mentions in what is not listed for want of room.
    pub more_mentions: u32,
    /// Channels and threads that are not listed for want of room.
    pub more_places: u32,
}

impl UnreadList {
    /// Rows at most: a person reads the first few, and the view stays small.
    pub const MOST_ROWS: usize = 100;

    /// Whether nothing is unread.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.more_places == 0
    }
}

/// A channel or thread with something unread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreadRow {
    /// What it is, and what opens.
    pub place: UnreadPlace,
    /// "Ops room", "Rosa Almeida", or a thread's root in one line; empty where only a number is known.
    pub title: String,
    /// For a thread: the title of its channel, where known.
    pub channel: String,
    /// The team's name; empty for direct and group messages, and where there is only one team.
    pub team: String,
    /// What it adds to the badge's number.
    pub mentions: u32,
    /// Unread messages, or replies; 0 where only mentions are known.
    pub messages: u32,
    /// One of the mentions is urgent.
    pub urgent: bool,
    /// Its channel is muted: a followed thread counts nevertheless.
    pub muted: bool,
}

/// Something that can be unread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum UnreadPlace {
    /// A public or private channel.
    Channel(ChannelId),
    /// A direct message, with this person where known.
    Direct(ChannelId, Option<UserId>),
    /// A group message.
    Group(ChannelId),
    /// A followed thread.
    Thread(PostId),
    /// So many followed threads of a team of which the server told only the number; `None` = of direct and group messages.
    Threads(Option<TeamId>, u32),
}

/// How a server is, in a word and a sentence.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Health {
    /// Connecting.
    #[default]
    Connecting,
    /// Live.
    Live,
    /// Not reachable at present.
    Waiting {
        /// Why.
        reason: String,
        /// Next try, Unix milliseconds.
        retry_at_ms: i64,
    },
    /// The session is over.
    SignedOut {
        /// Why.
        reason: String,
    },
    /// Not signed in yet, or signed out by the person.
    NotSignedIn,
    /// Broken until something is changed.
    Failed {
        /// Why.
        reason: String,
    },
}

impl Health {
    /// One stable word, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Live => "connected",
            Self::Waiting { .. } => "unreachable",
            Self::SignedOut { .. } => "signed_out",
            Self::NotSignedIn => "not_signed_in",
            Self::Failed { .. } => "failed",
        }
    }

    /// Why, one sentence without a full stop; empty where there is nothing to say.
    pub fn reason(&self) -> &str {
        match self {
            Self::Waiting { reason, .. } | Self::SignedOut { reason } | Self::Failed { reason } => reason,
            Self::Connecting | Self::Live | Self::NotSignedIn => "",
        }
    }
}

/// One card of the stack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BannerView {
    /// Which.
    pub id: BannerId,
    /// Grows when its content changes; painted content is acknowledged with it.
    pub version: u32,
    /// What it is.
    pub kind: BannerKind,
    /// From which server.
    pub server: ServerId,
    /// Its name; empty where there is only one server.
    pub server_name: String,
    /// Which channel.
    pub channel_id: Option<ChannelId>,
    /// Which post (the most important one of a merged card).
    pub post_id: Option<PostId>,
    /// The root of that post's thread, where a reply goes; `None` = it is no reply.
    #[serde(default)]
    pub root_id: Option<PostId>,
    /// Who: for the picture and its colour.
    pub user_id: Option<UserId>,
    /// Last change of their picture, Unix milliseconds (0 = never changed); `None` = only initials fit, because nothing
    /// is known of them or the message bears another name.
    #[serde(default)]
    pub picture: Option<i64>,
    /// Their name.
    pub sender: String,
    /// "Ops room"; empty for a direct message.
    pub place: String,
    /// The thread's root in one line.
    pub thread: Option<String>,
    /// The text, plain, shortened sensibly. Empty where the person wants no text shown.
    pub text: String,
    /// Files that are attached; `None` where the person wants no text shown.
    #[serde(default)]
    pub files: Option<AttachedFiles>,
    /// Priority.
    pub priority: Priority,
    /// The message mentions the person or is a direct message.
    pub mentioned: bool,
    /// How many more messages of the conversation it stands for.
    pub more: u32,
    /// Time of the message, Unix milliseconds.
    pub at_ms: i64,
    /// How long it is shown; `None` = until handled.
    pub lifetime_ms: Option<u64>,
    /// How long it still has as of `View` making, milliseconds; counts down unless `View::banners_held`.
    /// `None` = until handled, or not presented yet.
    pub remaining_ms: Option<u64>,
    /// What the person writes on it.
    #[serde(default)]
    pub reply: Option<ReplyView>,
    /// Title in the plain wording, for system notifications.
    pub title: String,
    /// Body in the plain wording, for system notifications.
    pub body: String,
}

/// Files of a card's message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttachedFiles {
    /// The name of the picture; where there is none, of the first file. Harmless, shortened, in one line.
    pub name: String,
    /// How many there are besides.
    pub more: u32,
    /// Whether the named one is a picture.
    pub is_picture: bool,
    /// The picture, where a small one may be shown.
    pub thumbnail: Option<FileId>,
}

/// What a card is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BannerKind {
    /// A message.
    Message,
    /// An incoming call.
    Call,
    /// A session ended: sign in again.
    SignedOut,
    /// A session ends within a day.
    SessionEnds,
    /// The sample shown on Allow.
    Sample,
    /// What was held back, in one line: "12 messages in 4 conversations while notifications were paused".
    Summary,
}

/// One line of the tray menu.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecentItem {
    /// Which server.
    pub server: ServerId,
    /// Which post.
    pub post_id: Option<PostId>,
    /// "Rosa Almeida: Can you look at …"
    pub line: String,
}
