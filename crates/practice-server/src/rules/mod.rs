//! What a Mattermost server computes for every post, as pure functions.
//!
//! The rules follow `notifications.md` §1.7, §1.8 and §2.7. Nothing here knows about sockets, storage or time, so the
//! conformance vectors can be run against them directly.

mod audience;
mod followers;
mod inline;
mod keywords;
mod names;
mod scan;
mod text;

pub use audience::{Audience, Listener, MentionSource, ThreadVoices, channel_wide_allowed, who_is_mentioned};
pub use followers::{FollowerFacts, in_followers, in_notify_list, should_ack};
pub use keywords::{KeywordOwner, keywords_of};
pub use names::{Named, channel_name, display_name, sender_name};
pub use scan::{Keywords, Kind, Scan, scan_post, scan_word, scanned_fields};
pub use text::text_runs;

use std::collections::BTreeMap;

/// Notification settings as they travel: every value is a string, also the booleans.
pub type Props = BTreeMap<String, String>;

/// Reads one setting, with `""` for an absent one.
pub(crate) fn prop<'a>(props: &'a Props, key: &str) -> &'a str {
    props.get(key).map_or("", String::as_str)
}

/// Post types that announce comings and goings: they never raise a channel's totals (`notifications.md` §2.9, U1).
pub fn is_coming_or_going(post_type: &str) -> bool {
    matches!(
        post_type,
        "system_join_leave"
            | "system_add_remove"
            | "system_join_channel"
            | "system_leave_channel"
            | "system_join_team"
            | "system_leave_team"
            | "system_add_to_channel"
            | "system_remove_from_channel"
            | "system_add_to_team"
            | "system_remove_from_team"
    )
}
