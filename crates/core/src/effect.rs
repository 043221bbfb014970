//! What we ask of the world. Effects are edges: each is carried out once. What stays true is in the [`View`](crate::view::View).

use std::sync::Arc;

use crate::command::Place;
use crate::draft::Draft;
use crate::event::NotifyProps;
use crate::ids::{BannerId, CallId, ChannelId, PostId, ServerId, TeamId, UserId};
use crate::missed::{Mark, PutOff};
use crate::prefs::LocalPrefs;
use crate::reply::Typed;
use crate::settings::SettingChange;
use crate::sound::SoundChoice;
use crate::view::BannerView;

/// The answer of one step: usually nothing.
pub type Effects = Vec<Effect>;

/// Something to be done once.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Ask a server, through its session. The answer comes back as `Event::Fetched` or `Event::Snapshot`.
    Fetch(ServerId, Fetch),
    /// Tell a server something, through its session.
    Write(ServerId, Write),
    /// Keep a session for this server; `net` reads its address from the preferences in the view.
    StartSession(ServerId),
    /// End the session of this server.
    StopSession(ServerId),
    /// Play a sound.
    PlaySound(PlaySound),
    /// Stop a looping or previewed sound.
    StopSound,
    /// A call does not ring any more. For transcripts; the sound itself is stopped by `StopSound`.
    RingStopped {
        /// Which server.
        server: ServerId,
        /// Which call.
        call_id: CallId,
    },
    /// Show this as a system notification, because it cannot be or was not painted as a banner.
    ShowToast(Box<BannerView>),
    /// Take a system notification away: its message was read or deleted.
    CloseToast(BannerId),
    /// Keep this decision. Whoever keeps it makes its words.
    Record(Arc<Draft>),
    /// Remember that this banner was really presented, so that it is never announced again.
    Presented {
        /// Which server.
        server: ServerId,
        /// The posts it stood for.
        posts: Vec<PostId>,
    },
    /// These posts need no announcement any more: they were read, deleted or dismissed before they were presented.
    Settled {
        /// Which server.
        server: ServerId,
        /// Which posts.
        posts: Vec<PostId>,
    },
    /// This card was put off: its post waits for being presented again, also after a restart.
    Snoozed(Box<PutOff>),
    /// Remember up to when everything was decided, so that the next run begins there.
    Mark(ServerId, Mark),
    /// A server was taken out of the list: forget what was remembered of its posts, since its number is given again.
    ForgetMark(ServerId),
    /// The unread counts differed from the server's; everything is read again. For the log.
    CountsDiffer(ServerId, Difference),
    /// Write the local preferences.
    SavePrefs(Box<LocalPrefs>),
    /// Open an address in the person's browser.
    OpenUrl(String),
    /// Raise or start the main window.
    ShowWindow,
    /// The same, at this place.
    ShowPlace(Place),
    /// End the program, in order.
    Quit,
}

/// A question to a server. Each is asked at most once until answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetch {
    /// Read everything again (protocol §3.4, "On full resync").
    Everything,
    /// A channel and my membership of it.
    Channel(ChannelId),
    /// My membership of a channel.
    Member(ChannelId),
    /// Profiles.
    Users(Vec<UserId>),
    /// My own user.
    Me,
    /// The thread counters.
    ThreadTotals,
    /// How long the session with this number still lasts.
    Session(String),
    /// The posts of a gap.
    Missed(Box<crate::missed::MissedPlan>),
    /// The sums of what is unread, and of these channels one by one (direct and group messages are in no sum).
    UnreadSums(Vec<ChannelId>),
}

/// Unread counts that differ from the server's although nothing is known to be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where.
    pub place: DifferentPlace,
    /// What we hold: messages and mentions, or threads and mentions.
    pub held: (i64, i64),
    /// What the server says.
    pub told: (i64, i64),
    /// The event that would have prevented it.
    pub missed: &'static str,
}

/// Where counts differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DifferentPlace {
    /// The channels of a team.
    Team(TeamId),
    /// The followed threads of a team.
    Threads(TeamId),
    /// The followed threads of direct and group messages.
    DirectThreads,
    /// A direct or group message.
    Channel(ChannelId),
}

/// A change on a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Let the session last longer, without marking anything (protocol §2.5).
    ExtendSession,
    /// Mark a channel read.
    MarkRead(ChannelId),
    /// Mark a thread read up to now.
    MarkThreadRead {
        /// Any of the person's teams for a direct message's thread.
        team_id: Option<TeamId>,
        /// The root.
        thread_id: PostId,
        /// Up to this time, Unix milliseconds.
        up_to_ms: i64,
    },
    /// Change preferences of the account: read them, put these in unless they are something else by now, write them whole
    /// (protocol §6.1). Answered with `Event::Written`.
    Settings {
        /// Comes back with the answer.
        number: u64,
        /// What changes, each with what it is based on.
        changes: Vec<SettingChange>,
    },
    /// Change what a channel is set to: these keys and no others (protocol §6.2). Answered with `Event::Written`.
    ChannelProps {
        /// Comes back with the answer.
        number: u64,
        /// Which channel.
        channel_id: ChannelId,
        /// The keys and their new values.
        props: NotifyProps,
    },
    /// Have the server send a test notification (protocol §6.10). Answered with `Event::Written`.
    SendTest {
        /// Comes back with the answer.
        number: u64,
    },
    /// Post a reply as the person (protocol §6, "Quick reply"). Answered with `Event::Written`.
    Reply {
        /// Comes back with the answer.
        number: u64,
        /// Which channel.
        channel_id: ChannelId,
        /// The root of the thread; `None` = into the channel.
        root_id: Option<PostId>,
        /// What.
        text: Typed,
        /// By which the server knows a second try of the same.
        pending_post_id: String,
    },
    /// Say that a call need not ring any more.
    DismissCall {
        /// The call's channel (the path takes it).
        channel_id: ChannelId,
        /// The call.
        call_id: CallId,
    },
}

impl Write {
    /// The number with which its outcome is to be told; `None` = it need not be.
    pub fn number(&self) -> Option<u64> {
        match self {
            Self::Settings { number, .. }
            | Self::ChannelProps { number, .. }
            | Self::SendTest { number }
            | Self::Reply { number, .. } => Some(*number),
            Self::ExtendSession | Self::MarkRead(_) | Self::MarkThreadRead { .. } | Self::DismissCall { .. } => None,
        }
    }
}

/// A sound to be played now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaySound {
    /// Which one.
    pub sound: SoundChoice,
    /// Master volume, 0–100 percent.
    pub volume_percent: u8,
    /// Repeat until stopped, at most this long; `None` = once.
    pub loop_for_ms: Option<u64>,
    /// The copy of a file of the person's own, a bare name in the data folder.
    pub file: Option<String>,
    /// On this device; empty = the system's choice.
    pub device: String,
}
