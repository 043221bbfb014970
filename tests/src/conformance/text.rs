//! Names, sounds, markdown and the words that a person reacts to.

use belfry_core::event::{NotifyProps, Post};
use belfry_core::mention::{self, Key};
use belfry_core::official::wording;
use belfry_core::state::channel::ChannelPrefs;
use belfry_core::{present, text};
use serde_json::{Value, json};

use super::{first_of, flag, flag_or, number, optional, props, text_of, user};

/// Markdown as the official client strips it.
fn strip(source: &str) -> String {
    text::strip_markdown_strict(source)
}

/// A post's text in one plain line, as the official client strips it; empty where there is none.
pub(super) fn plain_text(post: &Post<'_>) -> String {
    strip(present::source_text(post))
}

pub(super) fn answer(kind: &str, input: &Value) -> Result<Value, String> {
    let account = props(input, "user_notify_props").unwrap_or_default();
    let prefs = props(input, "channel_notify_props").as_ref().map(ChannelPrefs::read);
    Ok(match kind {
        "strip_markdown" => json!({"text": strip(text_of(input, "text"))}),
        "display_name" => {
            let person = user(input.get("user"));
            let format = text_of(input, "name_format");
            json!({"name": wording::name_of(person.as_ref(), format, flag_or(input, "use_fallback", true))})
        }
        "sound_enabled" => json!({"enabled": present::sound_enabled(prefs.as_ref(), &account)}),
        "sound_name" => json!({"sound": present::sound_name(prefs.as_ref(), &account)}),
        "client_channel_mentions_ignored" => json!({"ignored": mention::channel_wide_ignored(
            optional(input, "ignore_channel_mentions"), optional(input, "user_channel"))}),
        "client_keys" => json!({"keys": keys(input, &account)}),
        "client_match" => {
            let keys: Vec<Key> = input.get("keys").and_then(Value::as_array).into_iter().flatten().map(key).collect();
            json!({"match": mention::find(&mention::reduce(text_of(input, "text"), true), &keys).is_some()})
        }
        _ => return Err("no kind of text".to_owned()),
    })
}

fn key(described: &Value) -> Key {
    let case_sensitive = flag(described, "case_sensitive") || flag(described, "caseSensitive");
    Key { text: described.as_str().unwrap_or_else(|| text_of(described, "key")).to_owned(), case_sensitive }
}

fn keys(input: &Value, account: &NotifyProps) -> Vec<Value> {
    let me = user(Some(input)).unwrap_or_default();
    let own = props(input, "channel_notify_props").unwrap_or_default();
    let choice =
        optional(input, "ignore_channel_mentions").or_else(|| own.get("ignore_channel_mentions").map(String::as_str));
    // Without a channel nothing is ignored; the account's own choice is asked by the keys themselves.
    let ignored = flag(input, "channel_mentions_ignored")
        || choice.is_some_and(|choice| {
            mention::channel_wide_ignored(Some(choice), account.get("channel").map(String::as_str))
        });
    let groups = group_names(input.get("groups"));
    mention::keys(&me, account, &groups, !ignored)
        .into_iter()
        .map(|key| {
            if key.case_sensitive { json!({"key": key.text, "case_sensitive": true}) } else { json!({"key": key.text}) }
        })
        .collect()
}

/// Names of my groups that may be mentioned, ordered by display name. Described as keys, names, or whole groups.
pub(super) fn group_names(groups: Option<&Value>) -> Vec<String> {
    let mut named: Vec<(Vec<Part>, String)> = groups
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter(|group| number(group, "delete_at") == 0 && !flag(group, "archived"))
        .filter(|group| flag_or(group, "allow_reference", true))
        .filter(|group| flag_or(group, "member", true) && flag_or(group, "is_member", true))
        .filter_map(|group| {
            let name = group.as_str().or_else(|| first_of(group, &["key", "name"]).and_then(Value::as_str))?;
            let name = name.strip_prefix('@').unwrap_or(name).to_owned();
            Some((parts(text_of(group, "display_name")), name))
        })
        .collect();
    named.sort_by(|(one, _), (other, _)| one.cmp(other));
    named.into_iter().map(|(_, name)| name).collect()
}

/// A part of a name as people order them: numbers by value, letters without regard to case.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Number(u64),
    Letter(String),
}

fn parts(name: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    for character in name.chars() {
        let digit = character.to_digit(10).map(u64::from);
        match (parts.last_mut(), digit) {
            (Some(Part::Number(number)), Some(digit)) => {
                *number = number.saturating_mul(10).saturating_add(digit);
            }
            (_, Some(digit)) => parts.push(Part::Number(digit)),
            (_, None) => parts.push(Part::Letter(character.to_lowercase().collect())),
        }
    }
    parts
}
