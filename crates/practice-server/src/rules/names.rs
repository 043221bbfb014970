//! The two names that `posted` carries (`notifications.md` §1.7).

use serde_json::{Map, Value};

/// A person's names.
#[derive(Clone, Copy, Debug, Default)]
pub struct Named<'a> {
    /// Id.
    pub id: &'a str,
    /// User name.
    pub username: &'a str,
    /// First name, may be empty.
    pub first_name: &'a str,
    /// Last name, may be empty.
    pub last_name: &'a str,
    /// Nickname, may be empty.
    pub nickname: &'a str,
}

/// A person's name in the wanted format; the fallback to the user name gets `prefix`.
pub fn display_name(person: &Named<'_>, format: &str, prefix: &str) -> String {
    let full = format!("{} {}", person.first_name, person.last_name);
    let full = full.trim();
    let name = match format {
        "full_name" => full,
        "nickname_full_name" if person.nickname.is_empty() => full,
        "nickname_full_name" => person.nickname,
        _ => "",
    };
    if name.is_empty() { format!("{prefix}{}", person.username) } else { name.to_owned() }
}

/// `channel_display_name`: the title of a channel as one person (`exclude`, may be empty) is to read it.
pub fn channel_name(
    channel_type: &str,
    title: &str,
    sender: &Named<'_>,
    members: &[Named<'_>],
    exclude: &str,
    format: &str,
) -> String {
    match channel_type {
        "D" => display_name(sender, format, "@"),
        "G" => {
            let mut names: Vec<String> =
                members.iter().filter(|m| m.id != exclude).map(|m| display_name(m, format, "")).collect();
            names.sort();
            names.join(", ")
        }
        _ => title.to_owned(),
    }
}

/// `sender_name`: who wrote the post, as the server presents it.
pub fn sender_name(
    channel_type: &str,
    post_type: &str,
    props: &Map<String, Value>,
    sender: &Named<'_>,
    format: &str,
    overrides_allowed: bool,
) -> String {
    if post_type.starts_with("system_") {
        return "System".to_owned();
    }
    let webhook = props.get("from_webhook").and_then(Value::as_str) == Some("true");
    if overrides_allowed
        && webhook
        && channel_type != "D"
        && let Some(name) = props.get("override_username").and_then(Value::as_str)
    {
        return name.to_owned();
    }
    display_name(sender, format, "@")
}
