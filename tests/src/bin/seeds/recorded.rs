//! What real servers sent.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;
use serde_json::{Map, Value};

use crate::Seed;

/// A history's frames take at most this much, in bytes.
const HISTORY_BYTES: usize = 9 * 1024;
/// Texts that are taken.
const TEXTS: usize = 8;
/// Rows of an answer that are kept as an input of their own.
const ROWS: usize = 2;

/// Keys of answers that anything is read from.
const KEYS: &[&str] = &[
    "id",
    "team_id",
    "type",
    "name",
    "display_name",
    "delete_at",
    "last_post_at",
    "total_msg_count",
    "total_msg_count_root",
    "channel_id",
    "user_id",
    "msg_count",
    "msg_count_root",
    "mention_count",
    "mention_count_root",
    "urgent_mention_count",
    "last_viewed_at",
    "last_update_at",
    "notify_props",
    "username",
    "first_name",
    "last_name",
    "nickname",
    "update_at",
    "is_bot",
    "category",
    "value",
    "status",
    "total",
    "total_unread_threads",
    "total_unread_mentions",
    "threads",
    "thread_count",
    "thread_mention_count",
    "Version",
    "SiteURL",
    "CollapsedThreads",
    "FeatureFlagCollapsedThreads",
    "TeammateNameDisplay",
    "LockTeammateNameDisplay",
    "EnablePostUsernameOverride",
    "EnableChannelViewedMessages",
    "EnableUserStatuses",
    "IsLicensed",
];

pub(crate) struct Recording {
    name: String,
    /// Method, path, status and body of what a client reads at start.
    answers: Vec<(String, String, u64, Value)>,
    frames: Vec<Map<String, Value>>,
}

/// The recordings, in the order of their names.
pub(crate) fn read_all(folder: &Path) -> anyhow::Result<Vec<Recording>> {
    let listed = std::fs::read_dir(folder).with_context(|| format!("no recordings in {}", folder.display()))?;
    let mut paths = Vec::new();
    for entry in listed {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "jsonl") {
            paths.push(path);
        }
    }
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

fn read(path: &Path) -> anyhow::Result<Recording> {
    let text = std::fs::read_to_string(path)?;
    // One of the channels is called "secret": ids beside that word would be taken for tokens.
    let text = text.replace("Secret", "Hidden").replace("secret", "hidden");
    let name = path.file_stem().unwrap_or_default().to_string_lossy().trim_start_matches("server-").to_owned();
    let mut recording = Recording { name, answers: Vec::new(), frames: Vec::new() };
    for line in text.lines().filter(|line| !line.is_empty()) {
        let mut line: Value = serde_json::from_str(line).with_context(|| format!("in {}", path.display()))?;
        let word = |key: &str| line.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (kind, method, path) = (word("k"), word("method"), word("path"));
        let status = line.get("status").and_then(Value::as_u64).unwrap_or(0);
        match kind.as_str() {
            "rest" if recording.frames.is_empty() => {
                let body = line.get_mut("body").map(Value::take).unwrap_or_default();
                recording.answers.push((method, path, status, body));
            }
            "ws" => {
                if let Some(Value::Object(frame)) = line.get_mut("frame").map(Value::take) {
                    recording.frames.push(frame);
                }
            }
            _ => {}
        }
    }
    Ok(recording)
}

/// The frame as a server writes it: the event first.
fn wire(frame: &Map<String, Value>) -> String {
    let mut text = String::from("{");
    let first = ["event", "data", "broadcast", "seq"];
    let rest = frame.keys().map(String::as_str).filter(|key| !first.contains(key));
    for key in first.into_iter().chain(rest) {
        if let Some(value) = frame.get(key) {
            let comma = if text.len() > 1 { "," } else { "" };
            write!(text, "{comma}\"{key}\":{value}").unwrap_or_default();
        }
    }
    text.push('}');
    text
}

fn event(frame: &Map<String, Value>) -> &str {
    frame.get("event").and_then(Value::as_str).unwrap_or("reply")
}

/// The post inside a frame.
fn post(frame: &Map<String, Value>) -> Option<Value> {
    serde_json::from_str(frame.get("data")?.get("post")?.as_str()?).ok()
}

/// What makes a frame different from others: its event, the post's kind, and what the rules look at.
fn kind(frame: &Map<String, Value>) -> String {
    let mut kind = event(frame).replace("custom_com.mattermost.", "");
    let data = frame.get("data").and_then(Value::as_object);
    if let Some(post) = post(frame) {
        for key in ["type", "channel_type"] {
            let word = post.get(key).or_else(|| data?.get(key)).and_then(Value::as_str).unwrap_or_default();
            if !word.is_empty() {
                write!(kind, "-{word}").unwrap_or_default();
            }
        }
        let has = |value: Option<&Value>| value.is_some_and(|value| !value.is_null() && value != "");
        let props = post.get("props");
        let facts = [
            ("reply", has(post.get("root_id"))),
            ("mentions", has(data.and_then(|data| data.get("mentions")))),
            ("followers", has(data.and_then(|data| data.get("followers")))),
            ("image", has(data.and_then(|data| data.get("image")))),
            ("file", has(data.and_then(|data| data.get("otherFile")))),
            ("attachments", has(props.and_then(|props| props.get("attachments")))),
            ("webhook", has(props.and_then(|props| props.get("from_webhook")))),
            ("priority", has(post.pointer("/metadata/priority"))),
        ];
        for (fact, _) in facts.into_iter().filter(|(_, holds)| *holds) {
            write!(kind, "-{fact}").unwrap_or_default();
        }
    } else if let Some(data) = data {
        write!(kind, "-{}", data.len()).unwrap_or_default();
    }
    kind
}

/// One frame of each kind; of events that are no posts, one of each version.
pub(crate) fn frames(recordings: &[Recording]) -> Vec<Seed> {
    let mut seen = BTreeSet::new();
    let mut seeds = Vec::new();
    for recording in recordings {
        let version = recording.name.split('-').next().unwrap_or_default();
        for frame in &recording.frames {
            let kind = kind(frame);
            let name = format!("{kind}-{version}");
            let compared = if kind.starts_with("posted") { kind } else { name.clone() };
            if seen.insert(compared) {
                seeds.push((name, wire(frame).into_bytes()));
            }
        }
    }
    seeds
}

fn pruned(value: &Value) -> Value {
    match value {
        Value::Array(rows) => rows.iter().map(pruned).collect(),
        Value::Object(fields) => {
            // A map by ids, such as `users/group_channels`, is kept; of everything else only what is read.
            let known = fields.iter().filter(|(key, value)| value.is_array() || KEYS.contains(&key.as_str()));
            Value::Object(known.map(|(key, value)| (key.clone(), value.clone())).collect())
        }
        other => other.clone(),
    }
}

/// Whether anything is read from the answer to a question.
fn is_read(path: &str) -> bool {
    !["/categories", "/roles/", "/ping", "/status/ids"].iter().any(|unread| path.contains(unread))
}

/// One answer to each question, by the newest server; and where the oldest one refuses.
pub(crate) fn answers(recordings: &[Recording]) -> Vec<Seed> {
    let mut seen = BTreeSet::new();
    let mut seeds = Vec::new();
    for recording in recordings {
        for (_, path, status, body) in recording.answers.iter().filter(|(_, path, ..)| is_read(path)) {
            let path = path.split('?').next().unwrap_or_default();
            let words = path.split('/').filter(|word| !word.is_empty() && word.len() != 26);
            let name = format!("rest-{}-{status}", words.collect::<Vec<_>>().join("-"));
            let body = match pruned(body) {
                Value::Array(rows) => Value::Array(rows.into_iter().take(ROWS).collect()),
                other => other,
            };
            if seen.insert(name.clone()) {
                seeds.push((name, body.to_string().into_bytes()));
            }
        }
    }
    seeds
}

/// One answer to each question, as an input of the fuzzer of answers: the part of the path that names no one, then the body.
pub(crate) fn lies(recordings: &[Recording]) -> Vec<Seed> {
    let mut seen = BTreeSet::new();
    let mut seeds = Vec::new();
    for recording in recordings {
        for (_, path, status, body) in recording.answers.iter().filter(|(_, path, ..)| is_read(path)) {
            let path = path.split('?').next().unwrap_or_default().trim_matches('/');
            let parts: Vec<&str> = path.split('/').collect();
            let nameless = parts.rsplit(|part| part.len() == 26).find(|part| !part.is_empty()).unwrap_or_default();
            let part = nameless.join("/");
            let body = match pruned(body) {
                Value::Array(rows) => Value::Array(rows.into_iter().take(ROWS).collect()),
                other => other,
            };
            let name = format!("recorded-{}-{status}", part.replace('/', "-"));
            if !part.is_empty() && seen.insert(name.clone()) {
                seeds.push((name, format!("{part} {status}\n{body}").into_bytes()));
            }
        }
    }
    seeds
}

/// A history of each recording: the start, and a frame of each kind in the order in which they came.
pub(crate) fn histories(recordings: &[Recording]) -> Vec<Seed> {
    recordings
        .iter()
        .map(|recording| (format!("recorded-{}", recording.name), history(recording).into_bytes()))
        .collect()
}

fn history(recording: &Recording) -> String {
    let mut text = String::new();
    for (method, path, status, body) in recording.answers.iter().filter(|(_, path, ..)| is_read(path)) {
        writeln!(text, "rest {method} {path} {status} {}", pruned(body)).unwrap_or_default();
    }
    text.push_str("load\n");
    let mut seen = BTreeSet::new();
    let mut length = 0;
    for frame in &recording.frames {
        let line = wire(frame);
        if length + line.len() < HISTORY_BYTES && seen.insert(kind(frame)) {
            length += line.len();
            text.push_str(&line);
            text.push_str(if seen.len() % 4 == 0 { "\nwait 700\npaint\n" } else { "\n" });
        }
    }
    text
}

/// Messages that hold more than words.
pub(crate) fn texts(recordings: &[Recording]) -> Vec<Seed> {
    let posts = recordings.iter().flat_map(|recording| &recording.frames).filter_map(post);
    let messages = posts.filter_map(|post| Some(post.get("message")?.as_str()?.to_owned()));
    let special = |message: &String| message.contains(|c: char| !c.is_ascii() || "*_~`[<>#|&:\\".contains(c));
    let mut distinct: Vec<String> = Vec::new();
    for message in messages.filter(special) {
        // The same text with another number is the same text.
        let shape = |text: &str| text.replace(|c: char| c.is_ascii_alphanumeric(), "");
        if !distinct.iter().any(|known| shape(known) == shape(&message)) {
            distinct.push(message);
        }
    }
    distinct
        .into_iter()
        .take(TEXTS)
        .enumerate()
        .map(|(nth, text)| (format!("recorded-{nth:02}"), text.into_bytes()))
        .collect()
}

/// Keys and event names, as libFuzzer reads them.
pub(crate) fn words(recordings: &[Recording]) -> String {
    let mut words = BTreeSet::new();
    for frame in recordings.iter().flat_map(|recording| &recording.frames) {
        words.insert(event(frame).to_owned());
        let parts = [frame.get("data"), frame.get("broadcast")].map(Option::<&Value>::cloned);
        for part in parts.into_iter().flatten().chain(post(frame)) {
            words.extend(part.as_object().into_iter().flat_map(Map::keys).filter(|key| key.len() != 26).cloned());
        }
    }
    let mut text = String::from("# Written by the program `seeds` of belfry-tests.\n");
    for word in &words {
        // Whole, in JSON, and in JSON inside a string of JSON.
        writeln!(text, "\"\\\"{word}\\\"\"\n\"\\\\\\\"{word}\\\\\\\"\"").unwrap_or_default();
    }
    for verb in [
        "post ", "edit ", "delete ", "view ", "unread ", "thread ", "read ", "call ", "end ", "wait ", "leap ",
        "wall ", "paint", "toast", "load", "net ", "answer ", "on 2", "do ", "see ",
    ] {
        writeln!(text, "\"\\x0a{verb}\"").unwrap_or_default();
    }
    for (path, status) in crate::answers::HEADS {
        writeln!(text, "\"\\x1e{path} {status}\\x0a\"").unwrap_or_default();
    }
    for line in crate::answers::LINES {
        writeln!(text, "\"{}\"", line.replace('\r', "\\x0d").replace('\n', "\\x0a")).unwrap_or_default();
    }
    text
}
