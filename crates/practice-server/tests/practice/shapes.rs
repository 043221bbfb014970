//! Our frames and answers have the shapes of the recorded ones: no key missing, none invented.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use belfry_practice_server::{PracticeServer, Version, World};
use serde_json::{Value, json};

use crate::common::{Socket, api, start};

type Shape = BTreeSet<String>;

/// Fields that hold JSON inside JSON.
const NESTED: [&str; 8] =
    ["post", "mentions", "followers", "thread", "channelMember", "preferences", "teammate_ids", "channel"];

/// All key paths of a value. Maps keyed by ids, lists and free-form maps are not looked into.
fn shape(value: &Value, at: &str, out: &mut Shape) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                if at.ends_with("omit_users") || at.ends_with("channel_times") || at.ends_with("notify_props") {
                    continue;
                }
                let path = format!("{at}/{key}");
                out.insert(path.clone());
                match value.as_str().filter(|_| NESTED.contains(&key.as_str()) && at.ends_with("/data")) {
                    Some(text) => shape(&serde_json::from_str(text).expect("JSON inside JSON"), &path, out),
                    None if matches!(key.as_str(), "props" | "metadata") => {}
                    None => shape(value, &path, out),
                }
            }
        }
        Value::Array(list) => list.iter().take(1).for_each(|value| shape(value, &format!("{at}[]"), out)),
        _ => {}
    }
}

/// Per name: what is always there, and what is there at all.
#[derive(Default)]
struct Known(BTreeMap<String, (Shape, Shape)>);

impl Known {
    fn learn(&mut self, name: &str, value: &Value) {
        let mut seen = Shape::new();
        shape(value, "", &mut seen);
        match self.0.get_mut(name) {
            None => {
                self.0.insert(name.to_owned(), (seen.clone(), seen));
            }
            Some((always, ever)) => {
                *always = always.intersection(&seen).cloned().collect();
                ever.extend(seen);
            }
        }
    }
}

/// An event's name with what makes its kinds differ.
fn event_name(frame: &Value) -> Option<String> {
    let name = frame["event"].as_str()?;
    let keys: Vec<&str> = match name {
        "user_removed" | "thread_read_changed" => {
            frame["data"].as_object().map(|d| d.keys().map(String::as_str).collect()).unwrap_or_default()
        }
        "user_updated" if frame["data"]["user"].get("notify_props").is_some() => vec!["self"],
        "posted" if inner_type(frame) == "custom_calls" => vec!["call"],
        _ => Vec::new(),
    };
    Some(format!("{name} {}", keys.join(",")))
}

fn inner_type(frame: &Value) -> String {
    let post: Value = serde_json::from_str(frame["data"]["post"].as_str().unwrap_or("null")).expect("a post");
    post["type"].as_str().unwrap_or_default().to_owned()
}

fn recorded(file: &str) -> Option<(Known, Known)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/recordings").join(file);
    let text = std::fs::read_to_string(path).ok()?;
    let (mut frames, mut answers) = (Known::default(), Known::default());
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).expect("a recorded line");
        match line["k"].as_str() {
            Some("ws") => {
                if let Some(name) = event_name(&line["frame"]) {
                    frames.learn(&name, &line["frame"]);
                }
            }
            Some("rest") if line["status"] == 200 => {
                let path = line["path"].as_str().unwrap_or_default().split('?').next().unwrap_or_default();
                let segments = path.split('/').map(|s| if s.len() == 26 { "ID" } else { s });
                answers.learn(&segments.collect::<Vec<_>>().join("/"), &line["body"]);
            }
            _ => {}
        }
    }
    Some((frames, answers))
}

fn compare(known: &Known, name: &str, value: &Value, wrong: &mut BTreeSet<String>) -> bool {
    let Some((always, ever)) = known.0.get(name) else { return false };
    let mut ours = Shape::new();
    shape(value, "", &mut ours);
    wrong.extend(always.difference(&ours).map(|key| format!("{name}: {key} is missing")));
    wrong.extend(ours.difference(ever).map(|key| format!("{name}: {key} is invented")));
    true
}

/// A little of everything.
async fn busy(server: &PracticeServer, socket: &mut Socket) -> Vec<Value> {
    let (morgan, rosa) = (server.person("morgan"), server.person("rosa"));
    let act = || -> Result<(), belfry_practice_server::Refused> {
        rosa.posts("ops-room", "@morgan look")?;
        let root = morgan.posts("ops-room", "a topic")?;
        rosa.replies(&root, "@morgan an answer")?;
        morgan.reads_thread(&root)?;
        morgan.unfollows(&root)?;
        let direct = rosa.direct("morgan", "hello")?;
        rosa.edits(&direct, "hello!")?;
        morgan.reads("@rosa")?;
        morgan.marks_unread(&direct)?;
        rosa.deletes(&direct)?;
        rosa.group(&["morgan", "jun"], "all")?;
        rosa.posts_files("ops-room", "", &["a.png"])?;
        rosa.types("ops-room")?;
        morgan.mutes("ops-room")?;
        morgan.sets_notify("desktop", "all")?;
        morgan.prefers("display_settings", "name_format", "full_name")?;
        rosa.renames("nickname", "Ro")?;
        morgan.sets_status("dnd")?;
        rosa.leaves("incidents")?;
        rosa.joins("incidents")?;
        rosa.changes_header("incidents", "header")?;
        rosa.adds("morgan", "late")?;
        rosa.removes("morgan", "late")?;
        rosa.archives("release-train")?;
        rosa.posts_as_webhook("ops-room", "Build Bot", "@morgan done")?;
        Ok(())
    };
    act().expect("all of this is possible");
    let mut events = socket.fresh().await;
    if rosa.starts_call("@morgan").is_ok() {
        rosa.leaves_call("@morgan").expect("a call");
        events.extend(socket.fresh().await);
    }
    events
}

async fn check(file: &str, version: Version) {
    let Some((frames, answers)) = recorded(file) else { return };
    let world = World::small().of_version(version).with_channel("northwind", "late", "Late", &["rosa"]);
    let server = start(world).await;
    let token = server.person("morgan").signs_in().expect("morgan");
    let ack = if version >= Version(6, 0, 0) { "connection_id=&sequence_number=0&posted_ack=true" } else { "" };
    let mut socket = Socket::open(&server, Some(&token), ack).await;
    let mut wrong = BTreeSet::new();
    let mut known = BTreeSet::new();
    for event in busy(&server, &mut socket).await {
        let name = event_name(&event).expect("an event");
        if compare(&frames, &name, &event, &mut wrong) {
            known.insert(name);
        }
    }
    assert!(known.len() >= 18, "too little was compared: {known:?}");
    let team = api(&server, &token, "GET", "users/me/teams", Value::Null).await.json()[0]["id"].clone();
    let team = team.as_str().expect("a team");
    let channels = format!("users/me/teams/{team}/channels");
    let mut compared = 0;
    for path in [
        "users/me",
        "users/me/preferences",
        "users/me/teams",
        "users/me/teams/members",
        "users/me/teams/unread?include_collapsed_threads=true",
        "users/me/status",
        &channels,
        &format!("{channels}/members"),
        &format!("{channels}/categories"),
        &format!("users/me/teams/{team}/threads?totalsOnly=true"),
        "users/me/channels",
        "system/ping",
        "license/client?format=old",
    ] {
        let answer = api(&server, &token, "GET", path, Value::Null).await;
        if answer.status == 200 {
            let bare = path.split('?').next().unwrap_or_default().replace(team, "ID");
            compared += usize::from(compare(&answers, &format!("/{bare}"), &answer.json(), &mut wrong));
        }
    }
    let rosa = server.person("rosa").id().expect("rosa");
    let users = api(&server, &token, "POST", "users/ids", json!([rosa])).await.json();
    compare(&answers, "/users/ids", &users, &mut wrong);
    assert!(compared >= 10, "too few answers were compared: {compared}");
    // Pictures are optional: our people have one, the recorded ones had none.
    wrong.retain(|line| !line.contains("last_picture_update"));
    assert!(wrong.is_empty(), "{}", wrong.into_iter().collect::<Vec<_>>().join("\n"));
}

#[tokio::test]
async fn frames_and_answers_look_like_those_of_an_11_1_server() {
    check("server-11.1-threads-on.jsonl", Version(11, 1, 0)).await;
}

#[tokio::test]
async fn frames_and_answers_look_like_those_of_a_5_37_server() {
    check("server-5.37-threads-on.jsonl", Version(5, 37, 0)).await;
}
