//! Runs the shared behavior vectors: each describes a situation and what the official client, or a server, makes of it.
//!
//! The file's `_schema` element describes the kinds. Strict mode throughout; a kind that nobody here knows is a failure.

mod calls;
mod compare;
mod counting;
mod platform;
mod posted;
mod server;
mod settings;
mod text;

use std::collections::BTreeMap;
use std::fmt;

use anyhow::Context as _;
use belfry_core::event::{NotifyProps, Status};
use belfry_net::shapes;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Case<'a> {
    #[serde(default)]
    id: String,
    #[serde(default)]
    kind: String,
    #[serde(borrow)]
    input: Option<&'a RawValue>,
    #[serde(default)]
    expected: Value,
}

/// How many vectors of a kind passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// As expected.
    pub passed: usize,
    /// All of them.
    pub total: usize,
}

/// What came of all vectors.
#[derive(Clone, Debug, Default)]
pub struct Report {
    kinds: BTreeMap<String, Tally>,
    failures: Vec<String>,
}

impl Report {
    /// How many failed.
    pub fn failed(&self) -> usize {
        self.failures.len()
    }

    /// How many passed.
    pub fn passed(&self) -> usize {
        self.kinds.values().map(|tally| tally.passed).sum()
    }

    fn add(&mut self, case: &Case<'_>, outcome: Result<Value, String>) {
        let kind = if case.kind.is_empty() { "(no kind)" } else { &case.kind };
        let tally = self.kinds.entry(kind.to_owned()).or_default();
        tally.total += 1;
        let got = match outcome {
            Ok(got) if compare::agrees(&case.kind, &got, &case.expected) => {
                tally.passed += 1;
                return;
            }
            Ok(got) => compare::shown(&got, &case.expected).to_string(),
            Err(reason) => reason,
        };
        self.failures.push(format!("{}\n  expected {}\n  got      {got}", case.id, case.expected));
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (kind, tally) in &self.kinds {
            writeln!(f, "{kind}: {}/{}", tally.passed, tally.total)?;
        }
        for failure in &self.failures {
            writeln!(f, "{failure}")?;
        }
        write!(f, "{} passed, {} failed", self.passed(), self.failed())
    }
}

/// Runs every vector of a file's text.
pub fn run(text: &str) -> anyhow::Result<Report> {
    let cases: Vec<Case<'_>> = serde_json::from_str(text).context("the file is no list of vectors")?;
    let mut report = Report::default();
    for case in cases.iter().filter(|case| case.id != "_schema") {
        let raw = case.input.map_or("null", RawValue::get);
        let outcome = match serde_json::from_str::<Value>(raw) {
            Ok(input) => answer(&case.kind, &input, raw),
            Err(error) => Err(format!("the input cannot be read: {error}")),
        };
        report.add(case, outcome);
    }
    Ok(report)
}

/// What our code makes of a vector. `raw` is the input as written: the order of its keys may matter.
fn answer(kind: &str, input: &Value, raw: &str) -> Result<Value, String> {
    match kind {
        "posted" | "notification_text" => posted::situation(input),
        "burst" => Ok(posted::burst(input)),
        "incoming_call" => calls::incoming(input),
        "call_stop" => calls::stop(input),
        "platform" => platform::stage(input),
        "os_dnd" => platform::system_quiet(input),
        "permission" => platform::permission(input),
        "post_bookkeeping" => counting::bookkeeping(input),
        "server_status" => Ok(counting::server_status(input, raw)),
        "team_status" => Ok(counting::team_status(input, raw)),
        "thread_counters" => counting::thread_counters(input),
        "member_update" => counting::member_update(input),
        "post_unread" => counting::post_unread(input),
        "window_title" | "icon_state" | "icon_badge" | "tray_state" => counting::shown(kind, input),
        "strip_markdown"
        | "display_name"
        | "sound_enabled"
        | "sound_name"
        | "client_keys"
        | "client_match"
        | "client_channel_mentions_ignored" => text::answer(kind, input),
        "channel_prefs_save" | "desktop_mobile_differ" | "threads_checkbox_visible" => settings::answer(kind, input),
        _ => server::answer(kind, input).ok_or_else(|| "nobody here knows this kind".to_owned()),
    }
}

/// A text; empty where it is absent or no text.
fn text_of<'a>(input: &'a Value, key: &str) -> &'a str {
    optional(input, key).unwrap_or_default()
}

/// A text, where there is one.
fn optional<'a>(input: &'a Value, key: &str) -> Option<&'a str> {
    input.get(key).and_then(Value::as_str)
}

/// A truth value; `false` where it is absent. The texts `true` and `false` count too.
fn flag(input: &Value, key: &str) -> bool {
    flag_or(input, key, false)
}

fn flag_or(input: &Value, key: &str, absent: bool) -> bool {
    match input.get(key) {
        Some(Value::Bool(value)) => *value,
        Some(Value::String(text)) => text == "true",
        _ => absent,
    }
}

fn number(input: &Value, key: &str) -> i64 {
    input.get(key).and_then(Value::as_i64).unwrap_or(0)
}

/// The first of these keys that is there and not null.
fn first_of<'a>(input: &'a Value, keys: &[&str]) -> Option<&'a Value> {
    keys.iter().filter_map(|key| input.get(*key)).find(|value| !value.is_null())
}

/// A map of preferences; `None` where it is null or absent.
fn props(input: &Value, key: &str) -> Option<NotifyProps> {
    let map = input.get(key)?.as_object()?;
    Some(map.iter().filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect())
}

fn status(input: &Value) -> Option<Status> {
    optional(input, "status").filter(|word| !word.is_empty()).map(Status::parse)
}

/// A person as they come over the wire; one without id gets one.
fn user(value: Option<&Value>) -> Option<belfry_core::event::User> {
    let mut object = value?.as_object()?.clone();
    object.entry("id").or_insert_with(|| Value::from("somebody"));
    shapes::user(&Value::Object(object).to_string())
}

#[cfg(test)]
mod tests;
