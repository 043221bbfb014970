//! JSON as the real server writes it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::compat::Version;

/// Serialises like Go's encoder: object keys of maps sorted, and `<`, `>`, `&` written as escapes.
///
/// Only strings can hold these characters, so replacing them in the finished text is exact.
pub(crate) fn go_json<T: Serialize + ?Sized>(value: &T) -> String {
    let text = serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned());
    if !text.contains(['<', '>', '&', '\u{2028}', '\u{2029}']) {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 32);
    for c in text.chars() {
        match c {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            _ => out.push(c),
        }
    }
    out
}

/// To whom an event goes (`protocol.md` §5.1).
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    pub(crate) omit_users: Vec<String>,
    pub(crate) user_id: String,
    pub(crate) channel_id: String,
    pub(crate) team_id: String,
    /// The event holds data with private fields removed; the real server says so.
    pub(crate) sanitized: bool,
}

impl Scope {
    pub(crate) fn user(id: &str) -> Self {
        Self { user_id: id.to_owned(), ..Self::default() }
    }

    pub(crate) fn channel(id: &str) -> Self {
        Self { channel_id: id.to_owned(), ..Self::default() }
    }

    pub(crate) fn team(id: &str) -> Self {
        Self { team_id: id.to_owned(), ..Self::default() }
    }

    pub(crate) fn everyone() -> Self {
        Self::default()
    }

    pub(crate) fn omitting(mut self, user: &str) -> Self {
        self.omit_users.push(user.to_owned());
        self
    }

    pub(crate) fn in_team(mut self, team: &str) -> Self {
        team.clone_into(&mut self.team_id);
        self
    }

    pub(crate) fn in_channel(mut self, channel: &str) -> Self {
        channel.clone_into(&mut self.channel_id);
        self
    }

    pub(crate) fn without_private_data(mut self) -> Self {
        self.sanitized = true;
        self
    }

    pub(crate) fn json(&self, version: Version) -> String {
        let omit: Option<BTreeMap<&str, bool>> =
            (!self.omit_users.is_empty()).then(|| self.omit_users.iter().map(|id| (id.as_str(), true)).collect());
        go_json(&Broadcast {
            omit_users: omit,
            user_id: &self.user_id,
            channel_id: &self.channel_id,
            team_id: &self.team_id,
            connection_id: version.broadcasts_connections().then_some(""),
            omit_connection_id: version.broadcasts_connections().then_some(""),
            contains_sanitized_data: (self.sanitized && version.broadcasts_connections()).then_some(true),
        })
    }
}

#[derive(Serialize)]
struct Broadcast<'a> {
    omit_users: Option<BTreeMap<&'a str, bool>>,
    user_id: &'a str,
    channel_id: &'a str,
    team_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    omit_connection_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contains_sanitized_data: Option<bool>,
}

/// The parts of `posted` that differ from person to person.
#[derive(Clone, Debug, Default)]
pub(crate) struct Personal {
    pub(crate) mentions: Vec<String>,
    pub(crate) followers: Vec<String>,
    /// People who are asked to acknowledge, if their connection opted in.
    pub(crate) ack: Vec<String>,
}

/// Something that happened, before it is cut to each recipient.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) name: String,
    /// Absent is written as `null`.
    pub(crate) data: Option<Map<String, Value>>,
    pub(crate) scope: Scope,
    pub(crate) personal: Option<Box<Personal>>,
}

impl Event {
    pub(crate) fn new<const N: usize>(name: &str, scope: Scope, data: [(&str, Value); N]) -> Self {
        let data = data.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        Self { name: name.to_owned(), data: Some(data), scope, personal: None }
    }

    /// Dropped without a gap in the numbers when a connection's queue is more than half full (`protocol.md` §4.6).
    pub(crate) fn is_expendable(&self) -> bool {
        self.name == "typing" || self.name == "status_change" || self.is_view()
    }

    pub(crate) fn is_view(&self) -> bool {
        self.name == "multiple_channels_viewed" || self.name == "channel_viewed"
    }

    /// The frame for one recipient, without its number and the closing brace; the second form is the one that a
    /// replay uses, if it differs.
    pub(crate) fn frame_for(&self, user: &str, posted_ack: bool, version: Version) -> (String, Option<String>) {
        let broadcast = self.scope.json(version);
        let head = |data: &Option<Map<String, Value>>| {
            format!("{{\"event\":{},\"data\":{},\"broadcast\":{broadcast}", go_json(&self.name), go_json(data))
        };
        let (Some(personal), Some(data)) = (&self.personal, &self.data) else {
            return (head(&self.data), None);
        };
        let mut data = data.clone();
        let scoped = |all: &[String]| -> Vec<String> {
            if version.scopes_mentions() {
                all.iter().filter(|id| *id == user).cloned().collect()
            } else {
                all.to_vec()
            }
        };
        for (key, all) in [("mentions", &personal.mentions), ("followers", &personal.followers)] {
            let ids = scoped(all);
            if !ids.is_empty() {
                data.insert(key.to_owned(), Value::String(go_json(&ids)));
            }
        }
        if posted_ack && personal.ack.iter().any(|id| id == user) {
            let replayed = head(&Some(data.clone()));
            data.insert("should_ack".to_owned(), Value::Bool(true));
            return (head(&Some(data)), Some(replayed));
        }
        (head(&Some(data)), None)
    }
}

#[cfg(test)]
mod tests {
    use super::{Event, Personal, Scope, go_json};
    use crate::compat::Version;
    use serde_json::json;

    #[test]
    fn frames_begin_with_the_event_and_escape_like_go() {
        let event = Event::new("posted", Scope::channel("c"), [("post", json!("{\"message\":\"<b>\"}"))]);
        let (frame, replayed) = event.frame_for("me", true, Version(11, 1, 0));
        assert!(frame.starts_with(
            r#"{"event":"posted","data":{"post":"{\"message\":\"\u003cb\u003e\"}"},"broadcast":{"omit_users":null"#
        ));
        assert_eq!(replayed, None);
        assert_eq!(go_json("a&b"), r#""a\u0026b""#);
    }

    #[test]
    fn mentions_are_cut_to_the_recipient_on_new_servers_only() {
        let mut event = Event::new("posted", Scope::channel("c"), []);
        let personal = Personal {
            mentions: vec!["me".to_owned(), "you".to_owned()],
            followers: Vec::new(),
            ack: vec!["me".to_owned()],
        };
        event.personal = Some(Box::new(personal));
        let (new, replayed) = event.frame_for("me", true, Version(11, 1, 0));
        assert!(new.contains(r#""mentions":"[\"me\"]","should_ack":true"#), "{new}");
        assert!(!replayed.expect("a replay has no should_ack").contains("should_ack"));
        assert!(!event.frame_for("third", true, Version(11, 1, 0)).0.contains("mentions"));
        assert!(event.frame_for("third", false, Version(5, 37, 0)).0.contains(r#"[\"me\",\"you\"]"#));
    }
}
