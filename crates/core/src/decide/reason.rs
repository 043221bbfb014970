//! Why a message was not shown, or why it was: a closed list, each with a wire code and words for people.

use serde::{Deserialize, Serialize};

/// A reason. The codes of the official client are stable wire values (notifications §2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Rule 1
    OwnPost,
    /// Rule 2
    SystemMessage,
    /// Rule 3
    NoMember,
    /// Rule 4b
    ChannelMuted,
    /// Rule 5
    UserStatus,
    /// Rule 8
    NotifyLevelNone,
    /// Rule 9
    NotExplicitlyMentioned,
    /// Rule 10
    NotMentioned,
    /// Rule 11
    NotFollowingThread,
    /// Rule 12
    ThreadIsOpen,
    /// Rule 12
    ChannelIsOpen,
    /// Rule 13
    DesktopNotificationHook,
    /// P2
    OsDnd,
    /// P4
    NotificationsPermissionDisallowed,
    /// Strict mode: intake (2.2)
    TooManyPosts,
    /// Ours: paused by the person.
    Paused,
    /// Ours: the same post was decided already.
    Duplicate,
    /// Ours: the person reads this conversation on another device.
    ReadElsewhere,
    /// Ours: it came while nobody listened, too long ago for a banner of its own.
    WhileAway,
    /// Ours: the screen is locked.
    ScreenLocked,
    /// Ours: a program fills the display.
    FullScreen,
    /// Ours: the display is off.
    DisplayAsleep,
    /// Ours: the channel is archived.
    ArchivedChannel,
    /// C3
    CallRingingDisabled,
    /// C4
    CallInSameCall,
    /// C5
    CallNotDmGm,
    /// C6
    CallDismissed,
    /// C7
    CallDuplicate,
    /// C8
    CallOwn,
    /// C10
    CallSoundOff,
    /// C11
    CallInCall,
    /// C11
    CallOtherRinging,
    /// C11
    CallAlreadyRang,
    /// C13
    CallWindowVisible,
}

impl Reason {
    /// The wire code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::OwnPost => "own_post",
            Self::SystemMessage => "system_message",
            Self::NoMember => "no_member",
            Self::ChannelMuted => "channel_muted",
            Self::UserStatus => "user_status",
            Self::NotifyLevelNone => "notify_level_none",
            Self::NotExplicitlyMentioned => "not_explicitly_mentioned",
            Self::NotMentioned => "not_mentioned",
            Self::NotFollowingThread => "not_following_thread",
            Self::ThreadIsOpen => "thread_is_open",
            Self::ChannelIsOpen => "channel_is_open",
            Self::DesktopNotificationHook => "desktop_notification_hook",
            Self::OsDnd => "os_dnd",
            Self::NotificationsPermissionDisallowed => "notifications_permission_disallowed",
            Self::TooManyPosts => "too_many_posts",
            Self::Paused => "paused",
            Self::Duplicate => "duplicate",
            Self::ReadElsewhere => "read_elsewhere",
            Self::WhileAway => "while_away",
            Self::ScreenLocked => "screen_locked",
            Self::FullScreen => "full_screen",
            Self::DisplayAsleep => "display_asleep",
            Self::ArchivedChannel => "archived_channel",
            Self::CallRingingDisabled => "call_ringing_disabled",
            Self::CallInSameCall => "call_in_same_call",
            Self::CallNotDmGm => "call_not_dm_gm",
            Self::CallDismissed => "call_dismissed",
            Self::CallDuplicate => "call_duplicate",
            Self::CallOwn => "call_own",
            Self::CallSoundOff => "call_sound_off",
            Self::CallInCall => "call_in_call",
            Self::CallOtherRinging => "call_other_ringing",
            Self::CallAlreadyRang => "call_already_rang",
            Self::CallWindowVisible => "call_window_visible",
        }
    }

    /// For a reason behind which there is no setting: what a person can do, or may expect, in one sentence. `None` where the
    /// reason says it all.
    pub const fn advice(self) -> Option<&'static str> {
        match self {
            Self::NoMember => Some("Open the conversation in Mattermost, then choose Check again in Servers."),
            Self::WhileAway => Some("It is counted in the summary that was shown instead."),
            Self::ScreenLocked => Some("Unlocking it sums up what came meanwhile."),
            Self::DisplayAsleep => Some("Waking it sums up what came meanwhile."),
            Self::ArchivedChannel => Some("Archived channels notify nobody."),
            Self::SystemMessage => Some("Only being added to a channel is announced."),
            Self::CallNotDmGm => Some("Only calls in direct and group messages ring."),
            Self::CallRingingDisabled => Some("Whoever runs the server can switch ringing on."),
            Self::OwnPost
            | Self::ChannelMuted
            | Self::UserStatus
            | Self::NotifyLevelNone
            | Self::NotExplicitlyMentioned
            | Self::NotMentioned
            | Self::NotFollowingThread
            | Self::ThreadIsOpen
            | Self::ChannelIsOpen
            | Self::DesktopNotificationHook
            | Self::OsDnd
            | Self::FullScreen
            | Self::NotificationsPermissionDisallowed
            | Self::TooManyPosts
            | Self::Paused
            | Self::Duplicate
            | Self::ReadElsewhere
            | Self::CallInSameCall
            | Self::CallDismissed
            | Self::CallDuplicate
            | Self::CallOwn
            | Self::CallSoundOff
            | Self::CallInCall
            | Self::CallOtherRinging
            | Self::CallAlreadyRang
            | Self::CallWindowVisible => None,
        }
    }

    /// Two or three words for a tag: "Not shown · muted channel".
    pub const fn tag(self) -> &'static str {
        match self {
            Self::OwnPost => "your own message",
            Self::SystemMessage => "system message",
            Self::NoMember => "membership unknown",
            Self::ChannelMuted => "muted channel",
            Self::UserStatus => "do not disturb",
            Self::NotifyLevelNone => "set to Nothing",
            Self::NotExplicitlyMentioned | Self::NotMentioned => "not mentioned",
            Self::NotFollowingThread => "thread not followed",
            Self::ThreadIsOpen => "thread is open",
            Self::ChannelIsOpen => "channel is open",
            Self::DesktopNotificationHook => "shown as a call",
            Self::OsDnd => "system do not disturb",
            Self::NotificationsPermissionDisallowed => "not allowed",
            Self::TooManyPosts => "too many at once",
            Self::Paused => "paused",
            Self::Duplicate => "already decided",
            Self::ReadElsewhere => "read elsewhere",
            Self::WhileAway => "summed up",
            Self::ScreenLocked => "screen was locked",
            Self::FullScreen => "full-screen program",
            Self::DisplayAsleep => "display was off",
            Self::ArchivedChannel => "archived channel",
            Self::CallRingingDisabled => "ringing is off",
            Self::CallInSameCall | Self::CallInCall => "you are in a call",
            Self::CallNotDmGm => "not a direct call",
            Self::CallDismissed => "dismissed",
            Self::CallDuplicate | Self::CallAlreadyRang => "rang already",
            Self::CallOwn => "your own call",
            Self::CallSoundOff => "call sound is off",
            Self::CallOtherRinging => "another call rings",
            Self::CallWindowVisible => "window is visible",
        }
    }
}
