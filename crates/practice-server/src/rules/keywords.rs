//! The words that mean one person in one channel (`notifications.md` §2.7 and §1.2).

use super::{Props, prop};

/// What the server knows about a person when it builds their keywords.
#[derive(Clone, Copy, Debug)]
pub struct KeywordOwner<'a> {
    /// User name.
    pub username: &'a str,
    /// First name, may be empty.
    pub first_name: &'a str,
    /// The account's notification settings.
    pub user_props: &'a Props,
    /// The membership's notification settings.
    pub channel_props: &'a Props,
    /// Availability; absent if the server does not know it.
    pub status: Option<&'a str>,
}

/// Whether `@channel` and its like pass this person by in this channel.
pub(crate) fn ignores_channel_wide(user: &Props, channel: &Props) -> bool {
    if prop(user, "channel") != "true" {
        return true;
    }
    match prop(channel, "ignore_channel_mentions") {
        "on" => true,
        "off" => false,
        _ => prop(channel, "mark_unread") == "mention",
    }
}

/// All keywords of one person; `channel_wide` says whether channel-wide mentions count for this post at all.
pub fn keywords_of(owner: &KeywordOwner<'_>, channel_wide: bool) -> Vec<String> {
    let mut words = vec![format!("@{}", owner.username.to_lowercase())];
    let own = prop(owner.user_props, "mention_keys");
    words.extend(own.split(',').map(|key| key.trim().to_lowercase()).filter(|key| !key.is_empty()));
    if prop(owner.user_props, "first_name") == "true" && !owner.first_name.is_empty() {
        words.push(owner.first_name.to_owned());
    }
    if channel_wide && !ignores_channel_wide(owner.user_props, owner.channel_props) {
        words.extend(["@channel", "@all"].map(str::to_owned));
        if owner.status == Some("online") {
            words.push("@here".to_owned());
        }
    }
    words
}
