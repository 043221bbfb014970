//! How: title, body, names and sound. Apart from *whether*, so that the two can change apart.

use std::sync::Arc;

use crate::decide::Mode;
use crate::event::{ChannelType, NotifyProps, Post, Posted, User};
use crate::sound::MessageSound;
use crate::state::account::Account;
use crate::state::channel::{ChannelPrefs, SoundName, Switch};
use crate::text;

/// The longest name of a person or place in a decision, in graphemes: servers take at most 64 characters.
pub const NAME_GRAPHEMES: usize = 256;

/// A name of a hostile length, shortened to [`NAME_GRAPHEMES`]; every other one as it is. The official client knows no limit
/// (notifications §3.2), so nothing is shortened in strict mode.
pub fn bounded(name: String, mode: Mode) -> String {
    // Fewer bytes than that cannot be more graphemes.
    if mode == Mode::Strict || name.len() <= NAME_GRAPHEMES { name } else { text::shorten(&name, NAME_GRAPHEMES) }
}

/// A user's name in a format (notifications §3.2). Empty only for a user without any name.
pub fn display_name(user: &User, format: &str) -> String {
    let full = || match (user.first_name.is_empty(), user.last_name.is_empty()) {
        (false, false) => [user.first_name.as_str(), " ", user.last_name.as_str()].concat(),
        (false, true) => user.first_name.clone(),
        (true, _) => user.last_name.clone(),
    };
    let plain = || user.remote_username.clone().unwrap_or_else(|| user.username.clone());
    let name = match format {
        "nickname_full_name" if !user.nickname.is_empty() => user.nickname.clone(),
        "nickname_full_name" | "full_name" => full(),
        _ => plain(),
    };
    if name.trim().is_empty() { user.username.clone() } else { name }
}

/// A member of a group: known, or by username only.
#[derive(Clone, Debug)]
pub enum Named {
    /// Known.
    Known(Arc<User>),
    /// By username.
    Only(Box<str>),
}

impl Named {
    /// Whether there is anything to call them.
    pub fn is_named(&self) -> bool {
        match self {
            Self::Known(_) => true,
            Self::Only(username) => !username.is_empty(),
        }
    }
}

/// A name format as one of the three that there are: an unknown word is the last (notifications §1.4).
pub fn known_format(format: &str) -> &'static str {
    match format {
        "nickname_full_name" => "nickname_full_name",
        "full_name" => "full_name",
        _ => "username",
    }
}

/// A group's name: its members in a name format, sorted without regard to case (notifications §3.1).
pub fn group_title(members: &[Named], format: &str) -> String {
    let mut names: Vec<String> = members
        .iter()
        .map(|member| match member {
            Named::Known(user) => display_name(user, format),
            Named::Only(username) => username.clone().into_string(),
        })
        .collect();
    names.sort_by_key(|name| name.to_lowercase());
    names.join(", ")
}

/// Who wrote, for the body: an override, the display name, `sender_name`, or "Someone" (notifications §3.2).
pub fn author_name(
    post: &Post<'_>,
    sender_name: &str,
    author: Option<&User>,
    format: &str,
    overrides_allowed: bool,
) -> String {
    if overrides_allowed
        && let Some(name) = post.props.override_username.as_deref()
        && !name.is_empty()
    {
        return name.to_owned();
    }
    if let Some(author) = author {
        return display_name(author, format);
    }
    // `sender_name` carries its own `@`; the official client prints two of them.
    let sender = sender_name.strip_prefix('@').unwrap_or(sender_name);
    if sender.is_empty() { "Someone".to_owned() } else { sender.to_owned() }
}

/// The markdown that a notification shows: the message, else the first attachment that says anything (notifications §3.2).
pub fn source_text<'a>(post: &'a Post<'_>) -> &'a str {
    if !post.message.is_empty() {
        return &post.message;
    }
    post.props
        .attachments
        .iter()
        .find_map(|attachment| {
            [&attachment.fallback, &attachment.pretext, &attachment.text].into_iter().find(|part| !part.is_empty())
        })
        .map_or("", |part| part)
}

/// The message's text in one plain line; empty where there is none (notifications §3.2).
pub fn plain_text(post: &Post<'_>, mode: Mode) -> String {
    plain(source_text(post), mode)
}

/// Markdown as one plain line (notifications §3.3).
pub fn plain(markdown: &str, mode: Mode) -> String {
    match mode {
        Mode::Ours => text::strip_markdown(markdown),
        Mode::Strict => text::strip_markdown_strict(markdown),
    }
}

/// A plain text as people see it. Where a server has no words for a call, its post says the key of a translation.
pub fn for_people(post: &Post<'_>, plain: &str) -> String {
    match plain {
        "app.call.started_message" | "app.call.started_message_fullname" if post.kind == "custom_calls" => {
            "Started a call".to_owned()
        }
        "app.call.ended_message" if post.kind == "custom_calls" => "Call ended".to_owned(),
        _ => text::for_people(plain),
    }
}

/// What is said instead of a text: " uploaded an image" and the like (notifications §3.2).
pub fn fallback_phrase(posted: &Posted<'_>) -> &'static str {
    if posted.image {
        "uploaded an image"
    } else if posted.other_file {
        "uploaded a file"
    } else if posted.post.props.attachments.iter().any(|attachment| !attachment.image_url.is_empty()) {
        "posted an image"
    } else {
        "posted a message"
    }
}

/// Title in the plain wording (notifications §3.1).
pub fn title(known: Option<&str>, posted: &Posted<'_>, crt_reply: bool) -> String {
    let base = match known {
        Some(name) if !name.is_empty() => name,
        _ if posted.channel_type == Some(ChannelType::Direct) => "Direct Message",
        _ => &posted.channel_display_name,
    };
    titled(base, crt_reply)
}

/// A title around a conversation's name.
pub fn titled(base: &str, crt_reply: bool) -> String {
    if crt_reply { format!("Reply in {base}") } else { base.to_owned() }
}

/// Body in the plain wording (notifications §3.2).
pub fn body(author: &str, text: &str, phrase: &str) -> String {
    if text.is_empty() { format!("@{author} {phrase}") } else { format!("@{author}: {text}") }
}

/// Whether a message sound is wanted (rule S1).
pub fn sound_enabled(channel: Option<&ChannelPrefs>, props: &NotifyProps) -> bool {
    match channel.map(|prefs| prefs.desktop_sound) {
        Some(Switch::On) => true,
        Some(Switch::Off) => false,
        Some(Switch::Default | Switch::Unknown) | None => {
            props.get("desktop_sound").is_none_or(|value| value.is_empty() || value == "true")
        }
    }
}

/// Which message sound (rule S2). A name we do not have falls back to Bing (S5).
pub fn sound_name<'a>(channel: Option<&'a ChannelPrefs>, props: &'a NotifyProps) -> &'a str {
    match channel.map(|prefs| &prefs.sound) {
        Some(SoundName::Known(sound)) => return sound.name(),
        Some(SoundName::Other(name)) => return name,
        Some(SoundName::Default) | None => {}
    }
    match props.get("desktop_notification_sound").map(String::as_str) {
        None | Some("" | "default") => MessageSound::default().name(),
        Some(name) => name,
    }
}

/// The sound of this name; `None` for the one called None. A name we do not have is Bing (S5).
pub fn playable(name: &str) -> Option<MessageSound> {
    (name != "None").then(|| MessageSound::parse(name).unwrap_or_default())
}

/// The sound to be played, before any throttling; `None` = silent.
pub fn message_sound(channel: Option<&ChannelPrefs>, account: &Account) -> Option<MessageSound> {
    let is_on = match channel.map(|prefs| prefs.desktop_sound) {
        Some(Switch::On) => true,
        Some(Switch::Off) => false,
        Some(Switch::Default | Switch::Unknown) | None => account.is_sound_on(),
    };
    let sound = match channel.map(|prefs| &prefs.sound) {
        Some(SoundName::Known(sound)) => Some(*sound),
        Some(SoundName::Other(name)) => playable(name),
        Some(SoundName::Default) | None => account.sound(),
    };
    sound.filter(|_| is_on)
}

/// Where a message opens: the permalink (notifications §3.4).
pub fn permalink(base: &str, team: Option<&str>, post: &str) -> String {
    match team {
        Some(team) if !team.is_empty() => format!("{base}/{team}/pl/{post}"),
        _ => format!("{base}/_redirect/pl/{post}"),
    }
}

/// Where something else opens: the server's address, the team's name where there is one, and these segments.
pub fn link(base: &str, team: Option<&str>, segments: &[&str]) -> String {
    let mut link = base.to_owned();
    for segment in team.into_iter().filter(|team| !team.is_empty()).chain(segments.iter().copied()) {
        link.push('/');
        // Names come from servers: nothing of one may become another part of the address.
        for byte in segment.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'@' => {
                    link.push(char::from(byte));
                }
                _ => {
                    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or('0').to_ascii_uppercase();
                    link.extend(['%', digit(byte >> 4), digit(byte & 15)]);
                }
            }
        }
    }
    link
}
