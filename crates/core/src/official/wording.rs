//! What the official client writes into a notification, and where its click leads (notifications §3).

use crate::event::{ChannelType, NotifyProps, Post, Posted, User};
use crate::present;

/// Who wrote, as the official client puts it after its `@`: with the `@` that `sender_name` brings along, so that an author
/// whose profile is not loaded reads `@@name` (notifications §3.2).
pub fn author(
    post: &Post<'_>,
    sender_name: &str,
    author: Option<&User>,
    format: &str,
    overrides_allowed: bool,
) -> String {
    let has_override = post.props.override_username.as_deref().is_some_and(|name| !name.is_empty());
    if author.is_none() && !(overrides_allowed && has_override) && !sender_name.is_empty() {
        return sender_name.to_owned();
    }
    present::author_name(post, sender_name, author, format, overrides_allowed)
}

/// A user's name where there may be no user at all (notifications §3.2): "Someone", or nothing.
pub fn name_of(user: Option<&User>, format: &str, or_someone: bool) -> String {
    match user {
        Some(user) => present::display_name(user, format),
        None if or_someone => "Someone".to_owned(),
        None => String::new(),
    }
}

/// Names of teams by which a click's address is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TeamNames<'a> {
    /// URL name of the event's team; `None` = unknown, or a direct or group message.
    pub of_event: Option<&'a str>,
    /// URL name of the team on screen.
    pub current: Option<&'a str>,
}

/// Where a click leads, relative to the server's address (notifications §3.4, *strict*).
///
/// `channel` is kind and URL name as known to the client; `None` = unknown, then the event's are taken.
pub fn click_target(
    posted: &Posted<'_>,
    crt_reply: bool,
    channel: Option<(ChannelType, &str)>,
    teams: TeamNames<'_>,
) -> String {
    let under = |team: Option<&str>, rest: String| match team {
        Some(team) if !team.is_empty() => format!("/{team}/{rest}"),
        _ => format!("/{rest}"),
    };
    if crt_reply {
        return under(teams.of_event.or(teams.current), format!("pl/{}", posted.post.id));
    }
    let (kind, name) = match channel {
        Some((kind, name)) => (Some(kind), name),
        None => (posted.channel_type, &*posted.channel_name),
    };
    let team = match kind {
        Some(ChannelType::Direct | ChannelType::Group) => teams.current,
        Some(ChannelType::Public | ChannelType::Private) | None => teams.of_event,
    };
    under(team, format!("channels/{name}"))
}

/// Title of a call's banner (C15): the caller; in a group the others, at most two by name.
pub fn call_title(caller: &str, others: &[&str]) -> String {
    match others {
        [] => caller.to_owned(),
        [one] => (*one).to_owned(),
        [one, two] => format!("{one} and {two}"),
        [one, two, _] => format!("{one}, {two}, and 1 other"),
        [one, two, rest @ ..] => format!("{one}, {two}, and {} others", rest.len()),
    }
}

/// Body of a call's banner (C15).
pub fn call_body(caller: &str) -> String {
    format!("{caller} is inviting you to a call")
}

/// Sound name of a call's banner (C14): the channel's even where it is the literal `default`, a defect.
pub fn call_banner_sound<'a>(channel: Option<&'a NotifyProps>, account: &'a NotifyProps) -> &'a str {
    let stored = |props: &'a NotifyProps| props.get("desktop_notification_sound").filter(|name| !name.is_empty());
    channel.and_then(stored).or_else(|| stored(account)).map_or("Bing", String::as_str)
}

/// Whether a call's banner is silent, quiet channels and statuses apart (C14): a channel's `on` does not help.
pub fn call_banner_is_silent(channel: Option<&NotifyProps>, account: &NotifyProps) -> bool {
    channel.and_then(|props| props.get("desktop_sound")).is_some_and(|value| value == "off")
        || account.get("desktop_sound").is_none_or(|value| value != "true")
}

/// Something that may end a ring or take a call's card away (C16–C19).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallTurn {
    /// I dismissed this call, on any device.
    Dismissed,
    /// I joined a call: this one, or another.
    Joined {
        /// This one.
        this_call: bool,
    },
    /// I pressed Join or went to the channel of any call.
    Answered,
    /// This call is over.
    Over,
    /// It rang for 30 s.
    RangOut,
    /// Anything else.
    Nothing,
}

/// Whether it rings, and whether the card is shown, after a turn.
pub const fn after_turn(ringing: bool, card: bool, turn: CallTurn) -> (bool, bool) {
    match turn {
        CallTurn::Dismissed | CallTurn::Over | CallTurn::Joined { this_call: true } => (false, false),
        CallTurn::Joined { this_call: false } | CallTurn::Answered | CallTurn::RangOut => (false, card),
        CallTurn::Nothing => (ringing, card),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn props(pairs: &[(&str, &str)]) -> NotifyProps {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_group_call_names_two_and_counts_the_others() {
        assert_eq!(call_title("rosa", &[]), "rosa");
        assert_eq!(call_title("rosa", &["tom"]), "tom");
        assert_eq!(call_title("rosa", &["tom", "ann"]), "tom and ann");
        assert_eq!(call_title("rosa", &["tom", "ann", "bo"]), "tom, ann, and 1 other");
        assert_eq!(call_title("rosa", &["tom", "ann", "bo", "cy"]), "tom, ann, and 2 others");
    }

    #[test]
    fn a_calls_banner_sound_follows_its_own_rule() {
        let account = props(&[("desktop_sound", "true"), ("desktop_notification_sound", "Down")]);
        let channel = props(&[("desktop_notification_sound", "default")]);
        assert_eq!(call_banner_sound(Some(&channel), &account), "default");
        assert_eq!(call_banner_sound(None, &account), "Down");
        assert_eq!(call_banner_sound(None, &NotifyProps::new()), "Bing");
        assert!(!call_banner_is_silent(Some(&channel), &account));
        assert!(call_banner_is_silent(Some(&props(&[("desktop_sound", "on")])), &NotifyProps::new()));
        assert!(call_banner_is_silent(Some(&props(&[("desktop_sound", "off")])), &account));
    }

    #[test]
    fn joining_any_call_silences_all_and_takes_only_its_own_card() {
        assert_eq!(after_turn(true, true, CallTurn::Joined { this_call: false }), (false, true));
        assert_eq!(after_turn(true, true, CallTurn::Joined { this_call: true }), (false, false));
        assert_eq!(after_turn(true, true, CallTurn::RangOut), (false, true));
        assert_eq!(after_turn(true, true, CallTurn::Nothing), (true, true));
    }
}
