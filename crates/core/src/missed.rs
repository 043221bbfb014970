//! What came while nobody listened: what is asked for after a gap, what the answer holds, and up to when all is decided.

use crate::event::{Post, Thread, ThreadCounts, User};
use crate::ids::{ChannelId, PostId, ServerId, TeamId, UserId};

/// Up to when every post of a server was decided. Kept across runs, in the server's own time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// Nothing before this is ever announced: the server's newest post when it was first seen. Unix milliseconds.
    pub from_ms: i64,
    /// Every post up to here was decided, but for those that came out of order. Unix milliseconds.
    pub up_to_ms: i64,
}

impl Mark {
    /// Posts of one server arrive almost in the order of their times: nodes of a cluster, and posts that wait for a fact,
    /// are this far apart at most. What was decided within it is known by its id.
    pub const OVERLAP_MS: i64 = 60_000;

    /// Posts after this may not have been decided.
    pub fn floor_ms(self) -> i64 {
        self.up_to_ms.saturating_sub(Self::OVERLAP_MS).max(self.from_ms)
    }
}

/// A card that the person put off, as the next run has to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutOff {
    /// Which server.
    pub server: ServerId,
    /// The post whose line it shows.
    pub post: PostId,
    /// When that was written, Unix milliseconds.
    pub at_ms: i64,
    /// When it is to be shown again, Unix milliseconds.
    pub until_ms: i64,
    /// How many more messages of the conversation it stands for.
    pub more: u32,
    /// The posts that it stands for, as far as they are remembered, the oldest first.
    pub posts: Vec<PostId>,
}

/// What to read after a gap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MissedPlan {
    /// Which gap; the answer repeats it.
    pub number: u64,
    /// Channels that may have something to announce, the most important first.
    pub channels: Vec<MissedChannel>,
    /// Followed threads with unread replies after this are read too (reply threads are on); Unix milliseconds.
    pub threads_after_ms: Option<i64>,
    /// Reply threads are on: channels are read without their replies.
    pub collapsed: bool,
}

/// A channel in which something was missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissedChannel {
    /// Which.
    pub channel_id: ChannelId,
    /// Posts after this are wanted, Unix milliseconds.
    pub after_ms: i64,
}

/// What was missed, as far as there was room.
#[derive(Clone, Debug, Default)]
pub struct Missed {
    /// [`MissedPlan::number`].
    pub number: u64,
    /// Posts, in any order; some may lie before what was asked for.
    pub posts: Vec<Post<'static>>,
    /// Followed threads with unread replies.
    pub threads: Vec<MissedThread>,
    /// Who wrote them.
    pub users: Vec<User>,
    /// Channels that were not read to the end: no room, or the server would not.
    pub incomplete_channels: Vec<ChannelId>,
    /// The same for threads.
    pub incomplete_threads: Vec<PostId>,
}

/// A followed thread with unread replies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissedThread {
    /// The thread.
    pub thread: Thread,
    /// Who began it, where told.
    pub root_user_id: Option<UserId>,
    /// When the person read it last, Unix milliseconds; 0 = never.
    pub last_viewed_at: i64,
}

/// The server's own sums, to compare ours with (protocol §4.6, "Silent drops").
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnreadSums {
    /// Of each team, without direct and group messages.
    pub teams: Vec<(TeamId, TeamSums)>,
    /// Thread counters of one team, direct and group messages included, where they were asked for.
    pub direct_threads: Option<(TeamId, ThreadCounts)>,
    /// Unread mentions of single channels that were asked for: all posts, and those that are no replies.
    pub channels: Vec<(ChannelId, i64, i64)>,
}

/// What is unread in a team's channels (protocol §3.6). Messages leave muted channels out, mentions do not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TeamSums {
    /// Unread posts.
    pub messages: i64,
    /// Unread posts that are no replies.
    pub messages_root: i64,
    /// Unread mentions.
    pub mentions: i64,
    /// Unread mentions in posts that are no replies.
    pub mentions_root: i64,
    /// Followed threads; `None` where the server does not tell (5.37).
    pub threads: Option<ThreadCounts>,
}
