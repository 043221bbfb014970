//! Whether what we got is what a vector expects: only its keys count.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// Compares the keys that `expected` has.
pub(super) fn agrees(kind: &str, got: &Value, expected: &Value) -> bool {
    if kind == "server_keywords" {
        let words = set(got);
        let of = |key: &str| expected.get(key).map(set).unwrap_or_default();
        return of("contains").is_subset(&words) && of("not_contains").is_disjoint(&words);
    }
    let Some(expected) = expected.as_object() else { return got == expected };
    expected.iter().all(|(key, want)| value_agrees(kind, key, got.get(key).unwrap_or(&Value::Null), want))
}

/// Of what we got, the part that was asked for.
pub(super) fn shown(got: &Value, expected: &Value) -> Value {
    let (Some(fields), Some(expected)) = (got.as_object(), expected.as_object()) else { return got.clone() };
    let asked: Map<String, Value> = fields
        .iter()
        .filter(|(key, _)| expected.contains_key(*key))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    if asked.is_empty() { got.clone() } else { Value::Object(asked) }
}

fn value_agrees(kind: &str, key: &str, got: &Value, want: &Value) -> bool {
    match (kind, key, want) {
        // Lists without an order.
        (_, "group_mentions" | "mentioned" | "other_potential", Value::Array(_)) => set(got) == set(want),
        // Counters by team: again only the keys that are there. A team without channels has nothing.
        ("team_status", "teams", Value::Object(teams)) => {
            let nothing = json!({"unread": false, "mentions": 0, "urgent": false});
            teams.iter().all(|(team, want)| contains(got.get(team).unwrap_or(&nothing), want))
        }
        ("thread_counters", _, Value::Object(_)) => contains(got, want),
        // A manner of bouncing, or only that it bounces.
        ("platform", "bounce", Value::Bool(bounces)) => *bounces != got.is_null(),
        // Linux' launcher takes a number where the others take a text.
        ("icon_badge", "text", Value::Number(number)) => got.as_str() == Some(&number.to_string()),
        ("client_keys", "keys", Value::Array(_)) => keys(got) == keys(want),
        _ => got == want,
    }
}

fn set(value: &Value) -> BTreeSet<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn contains(got: &Value, want: &Value) -> bool {
    match want {
        Value::Object(fields) => fields.iter().all(|(key, want)| contains(got.get(key).unwrap_or(&Value::Null), want)),
        _ => got == want,
    }
}

/// Keys with whether capitals matter; an absent mark means that they do not.
fn keys(value: &Value) -> Vec<(&str, bool)> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .map(|key| {
            (super::text_of(key, "key"), super::flag(key, "case_sensitive") || super::flag(key, "caseSensitive"))
        })
        .collect()
}
