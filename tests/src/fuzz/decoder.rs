//! Any bytes as a frame, and as the answer to every question of the start.

use belfry_core::event::Event;
use belfry_net::bootstrap::{Absorbed, Collector};
use belfry_net::shapes;
use belfry_net::wire::{WireError, decode};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value, json};

/// Every answer that a snapshot is made from.
const QUESTIONS: &[(&str, &str)] = &[
    ("GET", "config/client?format=old"),
    ("GET", "license/client"),
    ("GET", "users/me/preferences"),
    ("GET", "users/me/teams"),
    ("GET", "users/me/teams/members"),
    ("GET", "users/me/teams/unread?include_collapsed_threads=true"),
    ("GET", "users/me/channels"),
    ("GET", "users/me/teams/north/channels"),
    ("GET", "users/me/channel_members?page=-1"),
    ("GET", "users/me/teams/north/channels/members"),
    ("GET", "users/me/teams/north/threads"),
    ("GET", "users/me/status"),
    ("POST", "users/ids"),
    ("POST", "users/group_channels"),
    ("GET", "plugins/com.mattermost.calls/version"),
    ("GET", "plugins/com.mattermost.calls/config"),
    ("GET", "plugins/com.mattermost.calls/channels"),
];

/// A frame and an answer, from any bytes.
///
/// # Panics
///
/// Where the decoder or the reader of answers breaks a promise.
pub fn run(data: &[u8]) {
    let data = data.get(..super::INPUT_BYTES).unwrap_or(data);
    answers(data);
    let Ok(frame) = std::str::from_utf8(data) else { return };
    let read = check_frame(frame);
    let Ok(value) = serde_json::from_str::<Value>(frame) else { return };
    if value.is_object() {
        every_object_is_a_frame(&value);
        if serde_json::from_str(frame).is_ok_and(|Entries(written)| written == entries(&value)) {
            assert_eq!(
                outcome(&value.to_string()),
                read,
                "the order of keys, blanks and escapes mean nothing: {frame}"
            );
        }
        drop(belfry_net::explain::explain(&value));
    }
    if let Ok(Some(_)) = read {
        one_field_costs_itself_only(&value, data.len());
    }
}

/// What became of a frame, to be compared.
type Outcome = Result<Option<String>, WireError>;

fn outcome(frame: &str) -> Outcome {
    Ok(decode(frame)?.map(|mut event| {
        if let Event::ChannelsViewed(times) = &mut event {
            // A set, in the order in which it was written.
            times.sort_unstable();
        }
        format!("{event:?}")
    }))
}

fn check_frame(frame: &str) -> Outcome {
    let first = outcome(frame);
    assert_eq!(outcome(frame), first, "nothing is carried from frame to frame");
    if let (Ok(_), Some(grown)) = (&first, with_unknown_field(frame)) {
        assert_eq!(outcome(&grown), first, "a field that nobody knows changes nothing: {grown}");
    }
    first
}

/// Whatever stands in which field, the others are read. A post stands in its frame as text, which may be no JSON.
fn every_object_is_a_frame(frame: &Value) {
    let mut frame = frame.clone();
    if let Some(text) = frame.pointer_mut("/data/post")
        && let Some(post) = text.as_str()
    {
        let Ok(post @ Value::Object(_)) = serde_json::from_str::<Value>(post) else { return };
        // Without repeated keys.
        *text = Value::String(post.to_string());
    }
    let frame = frame.to_string();
    assert_ne!(outcome(&frame).err(), Some(WireError::NotJson), "{frame}");
}

/// How many entries objects and arrays have, as written: repeated keys are counted each time.
struct Entries(usize);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Count;

        impl<'de> Visitor<'de> for Count {
            type Value = usize;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("anything")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<usize, A::Error> {
                let mut count = 0;
                while let Some((IgnoredAny, Entries(inside))) = map.next_entry()? {
                    count += 1 + inside;
                }
                Ok(count)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<usize, A::Error> {
                let mut count = 0;
                while let Some(Entries(inside)) = seq.next_element()? {
                    count += 1 + inside;
                }
                Ok(count)
            }

            fn visit_bool<E>(self, _: bool) -> Result<usize, E> {
                Ok(0)
            }

            fn visit_i64<E>(self, _: i64) -> Result<usize, E> {
                Ok(0)
            }

            fn visit_u64<E>(self, _: u64) -> Result<usize, E> {
                Ok(0)
            }

            fn visit_f64<E>(self, _: f64) -> Result<usize, E> {
                Ok(0)
            }

            fn visit_str<E>(self, _: &str) -> Result<usize, E> {
                Ok(0)
            }

            fn visit_unit<E>(self) -> Result<usize, E> {
                Ok(0)
            }
        }

        deserializer.deserialize_any(Count).map(Self)
    }
}

fn entries(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(|item| 1 + entries(item)).sum(),
        Value::Object(fields) => fields.values().map(|field| 1 + entries(field)).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// The same object with one more field at its end.
fn with_unknown_field(frame: &str) -> Option<String> {
    let inside = frame.trim_end().strip_suffix('}')?;
    let comma = if inside.trim_end().ends_with('{') { "" } else { "," };
    Some(format!("{inside}{comma}\"belfry_knows_no_such_field\":[0]}}"))
}

/// What may stand in a field that should hold something else, as JSON.
const OTHERS: &[&str] = &[
    "7.5",
    "null",
    "[]",
    "{}",
    "\"?\"",
    "true",
    "-1",
    "1e308",
    "-1e999",
    "123456789012345678901234567890",
    "\"\\ud800 alone\"",
    "[[[[[{\"a\":[]}]]]]]",
    // The key comes twice.
    "7,\"KEY\":\"?\"",
];
/// Stands for one of them until the rest is written.
const MARK: &str = "belfry writes something else here";

/// A post whose frame has one field of another type is still that post. Which field, and what it becomes, follows from `pick`.
fn one_field_costs_itself_only(frame: &Value, pick: usize) {
    let Some(id) = post_of(&frame.to_string()) else { return };
    let Some(other) = OTHERS.get(pick % OTHERS.len()) else { return };
    let nth = pick / OTHERS.len();
    let changed = |fields: &mut Map<String, Value>, kept: &[&str]| {
        let keys: Vec<String> = fields.keys().filter(|key| !kept.contains(&key.as_str())).cloned().collect();
        let key = keys.get(nth % keys.len().max(1))?;
        fields.insert(key.clone(), json!(MARK));
        Some(other.replace("\"KEY\"", &json!(key).to_string()))
    };
    let written = |value: &Value, other: &str| value.to_string().replace(&json!(MARK).to_string(), other);

    let mut outside = frame.clone();
    let data = outside.get_mut("data").and_then(Value::as_object_mut);
    if let Some(other) = data.and_then(|data| changed(data, &["post"])) {
        let outside = written(&outside, &other);
        assert_eq!(post_of(&outside).as_deref(), Some(&*id), "one field costs the message: {outside}");
    }
    let mut inside = frame.clone();
    let Some(text) = inside.pointer_mut("/data/post") else { return };
    let Some(Ok(Value::Object(mut post))) = text.as_str().map(serde_json::from_str::<Value>) else { return };
    if let Some(other) = changed(&mut post, &["id", "channel_id"]) {
        *text = Value::String(written(&Value::Object(post), &other));
        assert_eq!(post_of(&inside.to_string()).as_deref(), Some(&*id), "one field costs the post: {inside}");
    }
}

/// Id and channel of the post that a frame announces.
fn post_of(frame: &str) -> Option<String> {
    match decode(frame) {
        Ok(Some(Event::Posted(posted))) => Some(format!("{} in {}", posted.post.id, posted.post.channel_id)),
        _ => None,
    }
}

/// The same body as the answer to every question, with and without knowing who is signed in.
fn answers(body: &[u8]) {
    let mut stranger = Collector::default();
    stranger.absorb("GET", "users/me", 200, body);
    let mut known = Collector::default();
    known.absorb("GET", "users/me", 200, br#"{"id":"me","username":"morgan"}"#);
    for (method, path) in QUESTIONS {
        for status in [200, 404] {
            if let Absorbed::Used { rows } = known.absorb(method, path, status, body) {
                assert!(rows <= body.len().max(1), "{path}: more rows than bytes");
            }
        }
        stranger.absorb(method, path, 200, body);
    }
    for collector in [known, stranger] {
        let partners = collector.direct_partners(8);
        assert!(partners.len() <= 8 && collector.teams().count() <= body.len());
        if let Ok(snapshot) = collector.finish() {
            let channels: Vec<_> = snapshot.channels.iter().map(|channel| channel.id).collect();
            assert!(
                snapshot.members.iter().all(|member| channels.contains(&member.channel_id)),
                "a membership of no channel"
            );
        }
    }
    let Ok(text) = std::str::from_utf8(body) else { return };
    drop((shapes::channel(text), shapes::member(text), shapes::user(text), shapes::team(text), shapes::thread(text)));
    drop((shapes::preferences(text), shapes::status(text), shapes::config(text), shapes::license(text)));
    let _rings = shapes::calls_ringing(text);
}
