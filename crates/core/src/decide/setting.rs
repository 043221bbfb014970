//! Which setting decided, and where a person finds it.

use serde::{Deserialize, Serialize};

/// A setting that can turn a verdict round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// The channel is muted (`mark_unread`).
    ChannelMuted,
    /// The channel's own level (`desktop`).
    ChannelLevel,
    /// The account's level (`desktop`).
    AccountLevel,
    /// Following the thread.
    ThreadFollowing,
    /// The person's own status.
    Status,
    /// May the server notify?
    Permission,
    /// The pause.
    Pause,
    /// The system's do-not-disturb.
    SystemDoNotDisturb,
    /// Quiet behind a full-screen program.
    FullScreen,
    /// The incoming call sound (`calls_desktop_sound`).
    CallSound,
}

impl Setting {
    /// Its page, and its name there where the page has many.
    pub const fn address(self) -> &'static str {
        match self {
            Self::ChannelMuted => "Channels › Mute channel",
            Self::ChannelLevel => "Channels › Notify me about",
            Self::AccountLevel => "Notifications › Desktop and mobile notifications",
            Self::ThreadFollowing => "the thread's menu in Mattermost",
            Self::Status => "your status in Mattermost",
            Self::Permission => "Servers › Notifications",
            Self::Pause => "Belfry's window or tray menu",
            Self::SystemDoNotDisturb => "your system's settings",
            Self::FullScreen => "Desktop › Quiet behind a full-screen program",
            Self::CallSound => "Notifications › Desktop notification sounds",
        }
    }

    /// What a person can do, one sentence.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::ChannelMuted | Self::ChannelLevel => "Change it in Channels.",
            Self::AccountLevel => "Change it in Notifications.",
            Self::ThreadFollowing => "Follow the thread in Mattermost to be told of its replies.",
            Self::Status => "Change your status in Mattermost to be told again.",
            Self::Permission => "Choose Allow in Servers.",
            Self::Pause => "Resume them in Belfry's window or in its tray menu; what came meanwhile is then summed up.",
            Self::SystemDoNotDisturb => {
                "Switch it off in your system's settings; what came meanwhile is then summed up."
            }
            Self::FullScreen => "Change it in Desktop; what came meanwhile is summed up once it is left.",
            Self::CallSound => "Change it in Notifications, under Desktop notification sounds.",
        }
    }
}
