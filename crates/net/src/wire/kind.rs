//! The events that can matter.

/// What an event is about.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// A post.
    Post(PostKind),
    /// Anything else.
    Other(OtherKind),
}

/// What happened to a post.
#[derive(Clone, Copy, Debug)]
pub(super) enum PostKind {
    Posted,
    Persistent,
    Ephemeral,
    Edited,
    Deleted,
}

/// What happened to anything else.
#[derive(Clone, Copy, Debug)]
pub(super) enum OtherKind {
    PostUnread,
    ChannelsViewed,
    ChannelViewed,
    ThreadUpdated,
    ThreadReadChanged,
    ThreadFollowChanged,
    ChannelUpdated,
    ChannelConverted,
    ChannelDeleted,
    ChannelRestored,
    MemberUpdated,
    UserAdded,
    DirectAdded,
    UserRemoved,
    AddedToTeam,
    LeaveTeam,
    DeleteTeam,
    RestoreTeam,
    UserUpdated,
    StatusChange,
    PreferencesChanged,
    PreferencesDeleted,
    PreferenceChanged,
    ConfigChanged,
    LicenseChanged,
    CallStart,
    CallEnd,
    CallJoined,
    CallLeft,
    CallDismissed,
}

impl Kind {
    /// Reads an event's name; `None` for one that needs nothing of us, known or not.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let post = match name {
            "posted" => PostKind::Posted,
            "persistent_notification_triggered" => PostKind::Persistent,
            "ephemeral_message" => PostKind::Ephemeral,
            "post_edited" => PostKind::Edited,
            "post_deleted" => PostKind::Deleted,
            _ => return OtherKind::parse(name).map(Self::Other),
        };
        Some(Self::Post(post))
    }
}

impl OtherKind {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "post_unread" => Self::PostUnread,
            "multiple_channels_viewed" => Self::ChannelsViewed,
            "channel_viewed" => Self::ChannelViewed,
            "thread_updated" => Self::ThreadUpdated,
            "thread_read_changed" => Self::ThreadReadChanged,
            "thread_follow_changed" => Self::ThreadFollowChanged,
            "channel_updated" => Self::ChannelUpdated,
            "channel_converted" => Self::ChannelConverted,
            "channel_deleted" => Self::ChannelDeleted,
            "channel_restored" => Self::ChannelRestored,
            "channel_member_updated" => Self::MemberUpdated,
            "user_added" => Self::UserAdded,
            "direct_added" | "group_added" => Self::DirectAdded,
            "user_removed" => Self::UserRemoved,
            "added_to_team" => Self::AddedToTeam,
            "leave_team" => Self::LeaveTeam,
            "delete_team" => Self::DeleteTeam,
            "restore_team" => Self::RestoreTeam,
            "user_updated" => Self::UserUpdated,
            "status_change" => Self::StatusChange,
            "preferences_changed" => Self::PreferencesChanged,
            "preference_changed" => Self::PreferenceChanged,
            "preferences_deleted" => Self::PreferencesDeleted,
            "config_changed" => Self::ConfigChanged,
            "license_changed" => Self::LicenseChanged,
            _ => return Self::of_calls(name.strip_prefix("custom_com.mattermost.calls_")?),
        })
    }

    /// The field of `data` that holds the object which the event is about.
    pub(super) fn subject(self) -> Option<&'static str> {
        Some(match self {
            Self::ThreadUpdated => "thread",
            Self::ChannelUpdated => "channel",
            Self::MemberUpdated => "channelMember",
            Self::DeleteTeam | Self::RestoreTeam => "team",
            Self::UserUpdated => "user",
            Self::PreferencesChanged | Self::PreferencesDeleted => "preferences",
            Self::PreferenceChanged => "preference",
            Self::ConfigChanged => "config",
            Self::LicenseChanged => "license",
            Self::ChannelsViewed => "channel_times",
            _ => return None,
        })
    }

    /// An event of the Calls plugin. Before 0.21 people, not sessions, joined and left.
    fn of_calls(name: &str) -> Option<Self> {
        Some(match name {
            "call_start" => Self::CallStart,
            "call_end" => Self::CallEnd,
            "user_joined" | "user_connected" => Self::CallJoined,
            "user_left" | "user_disconnected" => Self::CallLeft,
            "user_dismissed_notification" => Self::CallDismissed,
            _ => return None,
        })
    }
}
