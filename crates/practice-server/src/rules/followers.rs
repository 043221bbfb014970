//! Who is listed in `followers`, and who is asked to acknowledge (`notifications.md` §1.7 and §1.8).

use super::{Props, prop};

/// What decides whether a thread reply notifies one follower.
#[derive(Clone, Copy, Debug)]
pub struct FollowerFacts<'a> {
    /// The account's notification settings.
    pub user_props: &'a Props,
    /// The membership's notification settings.
    pub channel_props: &'a Props,
    /// The reply mentions the person.
    pub mentioned: bool,
    /// The person follows the thread.
    pub following: bool,
    /// Collapsed reply threads are on for the person.
    pub crt: bool,
}

/// Whether the server lists the person in `followers`.
pub fn in_followers(facts: &FollowerFacts<'_>) -> bool {
    if !facts.following || !facts.crt {
        return false;
    }
    let user = prop(facts.user_props, "desktop");
    let user_threads = prop(facts.user_props, "desktop_threads");
    let channel = match prop(facts.channel_props, "desktop") {
        "" => "default",
        level => level,
    };
    let by_user = user != "none" && (facts.mentioned || user_threads == "all" || user == "all");
    let by_channel = !matches!(channel, "default" | "none")
        && (facts.mentioned
            || (prop(facts.channel_props, "desktop_threads") == "all" && user_threads != "mention")
            || channel == "all");
    (channel == "default" && by_user) || by_channel
}

/// Whether every post of the channel notifies a person with these levels, so that `should_ack` may be asked for.
pub fn in_notify_list(channel_type: &str, user_level: &str, channel_level: &str) -> bool {
    let inherits = channel_level == "default" || channel_level.is_empty();
    if channel_level == "all" || (inherits && user_level == "all") {
        return true;
    }
    channel_type == "G" && ((inherits && user_level == "mention") || channel_level == "mention")
}

/// Whether `posted` asks for an acknowledgement on a connection opened with `posted_ack=true`.
#[expect(clippy::fn_params_excessive_bools, reason = "a truth table, named at every call")]
pub fn should_ack(
    posted_ack: bool,
    author_is_me: bool,
    channel_type: &str,
    mentioned: bool,
    following: bool,
    in_notify_list: bool,
) -> bool {
    posted_ack && !author_is_me && (mentioned || following || channel_type == "D" || in_notify_list)
}
