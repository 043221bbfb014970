//! `belfry explain`: one described situation in, the verdict, its wording and its whole trace out.
//!
//! The description has the shape of a `posted` conformance vector's input; a whole vector is taken too. It goes through the
//! real decoder and the real engine, as a message from a server would.
//!
//! What stands above a server is told in an object `belfry`, all of it optional: `permission` (`"allow"`, `"ask"` or `"deny"`),
//! `paused`, `system_do_not_disturb`, `screen_locked`, `full_screen` and `display_asleep`, `thread_grew` (the thread's unread count rises just after a reply)
//! and `reading_along` (the channel is read on another device, now and again just after the message).

use std::io::{self, Read as _, Write};
use std::path::Path;

use belfry_core::activity::{Decision, Verdict};
use belfry_core::command::Command;
use belfry_core::effect::{Effect, Effects};
use belfry_core::event::{Connection, Event, Snapshot, Status, Thread, ThreadUpdated};
use belfry_core::ids::{ChannelId, PostId, ServerId, UserId};
use belfry_core::prefs::{AuthKind, LocalPrefs, Permission, ServerPrefs};
use belfry_core::signal::Signal;
use belfry_core::time::Now;
use belfry_core::{Engine, Input};
use serde_json::{Map, Value, json};
use thiserror::Error;

use crate::shapes;
use crate::wire;

/// The one server of a situation.
const SERVER: ServerId = ServerId(1);
/// The longest description that is read, in bytes: a post has at most 64 KiB of text.
const LIMIT_BYTES: u64 = 4 * 1024 * 1024;
/// What happens just after a message happens after this long, in milliseconds of engine time.
const SOON_MS: u64 = 200;
/// Every parked decision is made after this long, in milliseconds of engine time.
const LONG_ENOUGH_MS: u64 = 60_000;

/// Why a situation cannot be explained.
#[derive(Debug, Error)]
pub enum ExplainError {
    /// The file cannot be read.
    #[error("cannot read the situation: {0}")]
    Read(#[source] io::Error),
    /// Nothing can be printed.
    #[error("cannot write the explanation: {0}")]
    Write(#[source] io::Error),
    /// It is too large.
    #[error("the situation is larger than 4 MiB")]
    TooLarge,
    /// It is no JSON object.
    #[error("the situation is not a JSON object")]
    NotJson,
    /// A part is missing.
    #[error("the situation has no `{0}`")]
    Missing(&'static str),
    /// The described post cannot be read.
    #[error("the described post cannot be read: {0}")]
    Post(#[source] wire::WireError),
    /// No decision came out of it.
    #[error("the described post leads to no decision")]
    Nothing,
}

/// Explains the situation in a file.
pub fn run(path: &Path, as_json: bool, out: &mut dyn Write) -> Result<(), ExplainError> {
    let file = std::fs::File::open(path).map_err(ExplainError::Read)?;
    let mut text = String::new();
    let read = file.take(LIMIT_BYTES + 1).read_to_string(&mut text).map_err(ExplainError::Read)?;
    if u64::try_from(read).unwrap_or(u64::MAX) > LIMIT_BYTES {
        return Err(ExplainError::TooLarge);
    }
    let value: Value = serde_json::from_str(&text).map_err(|_syntax| ExplainError::NotJson)?;
    let decision = explain(&value)?;
    let lines = if as_json { json_lines(&decision) } else { plain_lines(&decision) };
    writeln!(out, "{lines}").and_then(|()| out.flush()).map_err(ExplainError::Write)
}

/// Decides a described situation.
pub fn explain(situation: &Value) -> Result<Decision, ExplainError> {
    let object = situation.as_object().ok_or(ExplainError::NotJson)?;
    let object = object.get("input").and_then(Value::as_object).unwrap_or(object);
    let post = object.get("post").and_then(Value::as_object).ok_or(ExplainError::Missing("post"))?;
    let above = Above::read(object.get("belfry"));
    let snapshot = snapshot(object)?;
    let me = snapshot.me.as_ref().and_then(|me| me.id);
    let mut engine = Engine::new(LocalPrefs {
        servers: vec![ServerPrefs {
            id: SERVER,
            url: "https://described.example".to_owned(),
            name: "Described".to_owned(),
            username: String::new(),
            auth: AuthKind::Password,
            permission: above.permission,
            insecure: false,
            reach: belfry_core::reach::Reach::default(),
            session: belfry_core::prefs::SessionPrefs::default(),
        }],
        ..LocalPrefs::default()
    });
    let start = Now::utc(0, 0);
    let version = snapshot.config.version.clone();
    engine.step(&start, Input::Server(SERVER, Event::Connection(Connection::Live { version })));
    engine.step(&start, Input::Server(SERVER, Event::Snapshot(Box::new(snapshot))));
    above.before(&mut engine, &start, post);
    let frame = frame(object, post, me);
    let event = wire::decode(&frame).map_err(ExplainError::Post)?.ok_or(ExplainError::Nothing)?;
    let mut effects = engine.step(&start, Input::Server(SERVER, event));
    effects.extend(above.after(&mut engine, post));
    effects.extend(engine.step(&Now::utc(LONG_ENOUGH_MS, 0), Input::Tick));
    effects
        .into_iter()
        .find_map(|effect| match effect {
            Effect::Record(draft) => Some(draft.decision().clone()),
            _ => None,
        })
        .ok_or(ExplainError::Nothing)
}

/// What stands above a server, and what happens around the message.
#[derive(Debug, Default)]
struct Above {
    permission: Permission,
    paused: bool,
    system_do_not_disturb: bool,
    screen_locked: bool,
    full_screen: bool,
    display_asleep: bool,
    thread_grew: bool,
    reading_along: bool,
}

impl Above {
    fn read(described: Option<&Value>) -> Self {
        let flag = |key: &str| described.and_then(|all| all.get(key)).and_then(Value::as_bool).unwrap_or(false);
        Self {
            permission: match described.and_then(|all| all.get("permission")).and_then(Value::as_str) {
                Some("ask") => Permission::Ask,
                Some("deny") => Permission::Denied,
                Some(_) | None => Permission::Allowed,
            },
            paused: flag("paused"),
            system_do_not_disturb: flag("system_do_not_disturb"),
            screen_locked: flag("screen_locked"),
            full_screen: flag("full_screen"),
            display_asleep: flag("display_asleep"),
            thread_grew: flag("thread_grew"),
            reading_along: flag("reading_along"),
        }
    }

    /// Brings about how things are when the message comes.
    fn before(&self, engine: &mut Engine, now: &Now, post: &Map<String, Value>) {
        if self.paused {
            engine.step(now, Input::Command(Command::Pause { minutes: None }));
        }
        engine.step(now, Input::Signal(Signal::SystemDoNotDisturb(self.system_do_not_disturb)));
        engine.step(now, Input::Signal(Signal::ScreenLocked(self.screen_locked)));
        engine.step(now, Input::Signal(Signal::FullScreen(self.full_screen)));
        engine.step(now, Input::Signal(Signal::DisplayAsleep(self.display_asleep)));
        if self.reading_along {
            engine.step(now, Input::Server(SERVER, viewed(post)));
        }
    }

    /// Lets happen what happens just after it.
    fn after(&self, engine: &mut Engine, post: &Map<String, Value>) -> Effects {
        let soon = Now::utc(SOON_MS, 0);
        let mut effects = Effects::new();
        if let Some(root) = PostId::parse(&text_of(post, "root_id")).filter(|_| self.thread_grew) {
            let thread = Thread {
                id: root,
                channel_id: ChannelId::parse(&text_of(post, "channel_id")),
                unread_replies: 1,
                unread_mentions: 0,
                is_urgent: false,
                root_message: String::new(),
            };
            let update = ThreadUpdated {
                thread,
                team_id: None,
                previous_unread_replies: Some(0),
                previous_unread_mentions: Some(0),
            };
            effects.extend(engine.step(&soon, Input::Server(SERVER, Event::ThreadUpdated(Box::new(update)))));
        }
        if self.reading_along {
            effects.extend(engine.step(&soon, Input::Server(SERVER, viewed(post))));
        }
        effects
    }
}

fn viewed(post: &Map<String, Value>) -> Event<'static> {
    Event::ChannelsViewed(ChannelId::parse(&text_of(post, "channel_id")).into_iter().map(|id| (id, None)).collect())
}

fn text_of(object: &Map<String, Value>, key: &str) -> String {
    object.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn snapshot(object: &Map<String, Value>) -> Result<Snapshot, ExplainError> {
    let me = object.get("me").and_then(Value::as_object).ok_or(ExplainError::Missing("me"))?;
    let mut me = me.clone();
    me.insert("notify_props".to_owned(), object.get("user_notify_props").cloned().unwrap_or_else(|| json!({})));
    let mut config: Map<String, Value> = object.get("config").and_then(Value::as_object).cloned().unwrap_or_default();
    let crt = object.get("crt").and_then(Value::as_bool).unwrap_or(false);
    config.insert("CollapsedThreads".to_owned(), json!(if crt { "always_on" } else { "disabled" }));
    config.entry("Version").or_insert_with(|| json!("11.1.0"));
    let channel = object.get("channel").filter(|channel| channel.is_object());
    let channel_id = channel.and_then(|channel| channel.get("id")).cloned().unwrap_or(Value::Null);
    let member = object
        .get("channel_notify_props")
        .filter(|props| props.is_object())
        .map(|props| json!({"channel_id": channel_id, "user_id": me.get("id"), "notify_props": props}).to_string());
    let teams = object.get("teams").and_then(Value::as_object).cloned().unwrap_or_default();
    Ok(Snapshot {
        me: shapes::user(&Value::Object(me).to_string()),
        config: shapes::config(&Value::Object(config).to_string()).unwrap_or_default(),
        teams: teams
            .iter()
            .filter_map(|(id, team)| shapes::team(&json!({"id": id, "name": team.get("name")}).to_string()))
            .collect(),
        channels: channel.and_then(|channel| shapes::channel(&channel.to_string())).into_iter().collect(),
        members: member.and_then(|member| shapes::member(&member)).into_iter().collect(),
        users: object.get("author").and_then(|author| shapes::user(&author.to_string())).into_iter().collect(),
        status: object.get("status").and_then(Value::as_str).map(Status::parse),
        ..Snapshot::default()
    })
}

/// The frame that such a post would arrive in.
fn frame(object: &Map<String, Value>, post: &Map<String, Value>, me: Option<UserId>) -> String {
    let mut event: Map<String, Value> = object.get("event").and_then(Value::as_object).cloned().unwrap_or_default();
    for list in ["mentions", "followers"] {
        match event.remove(list) {
            // Described as a list; on the wire it is a list inside a string.
            Some(Value::Array(ids)) => {
                event.insert(list.to_owned(), json!(Value::Array(ids).to_string()));
            }
            Some(Value::String(text)) => {
                event.insert(list.to_owned(), json!(text));
            }
            _ => {}
        }
    }
    event.insert("post".to_owned(), json!(Value::Object(post.clone()).to_string()));
    json!({
        "event": "posted",
        "data": event,
        "broadcast": {"channel_id": text_of(post, "channel_id"), "user_id": me.map(|me| me.to_string())},
        "seq": 1,
    })
    .to_string()
}

fn json_lines(decision: &Decision) -> String {
    json!({
        "verdict": decision.verdict,
        "reason": decision.reason.map(belfry_core::decide::reason::Reason::code),
        "sentence": decision.sentence,
        "setting": decision.setting,
        "address": decision.setting.map(belfry_core::decide::setting::Setting::address),
        "title": decision.title,
        "body": decision.body,
        "sound": decision.sound.map(belfry_core::sound::SoundChoice::name),
        "recovered": decision.recovered.is_some(),
        "trace": decision.trace,
    })
    .to_string()
}

fn plain_lines(decision: &Decision) -> String {
    let mut lines = vec![decision.sentence.clone()];
    if let Some(setting) = decision.setting {
        lines.push(format!("  Setting  {}", setting.address()));
    }
    lines.push(format!("  Title    {}", decision.title));
    lines.push(format!("  Body     {}", decision.body));
    let sound = match (decision.verdict, decision.sound) {
        (Verdict::Notify, Some(sound)) => sound.name(),
        (Verdict::Notify, None) => "none: sounds are off here",
        (Verdict::Skip, _) => "none",
    };
    lines.push(format!("  Sound    {sound}"));
    lines.push("Rules, in order".to_owned());
    for step in &decision.trace {
        let mark = if step.outcome == "skip" { "✕" } else { "✓" };
        lines.push(format!("  {mark} {}", step.detail));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn situation() -> Value {
        json!({
            "me": {"id": "me", "username": "morgan", "first_name": "Morgan"},
            "user_notify_props": {"desktop": "mention", "channel": "true"},
            "status": "online",
            "crt": false,
            "teams": {"team1": {"name": "north"}},
            "channel": {"id": "ops", "type": "O", "name": "ops", "display_name": "Ops room", "team_id": "team1"},
            "channel_notify_props": {"desktop": "none"},
            "author": {"id": "rosa", "username": "rosa"},
            "config": {"TeammateNameDisplay": "username"},
            "post": {"id": "post1", "user_id": "rosa", "channel_id": "ops", "message": "@morgan **look**", "type": "", "props": {}},
            "event": {"channel_type": "O", "channel_display_name": "Ops room", "sender_name": "@rosa", "team_id": "team1", "mentions": ["me"]},
        })
    }

    #[test]
    fn a_described_situation_is_decided_worded_and_explained() {
        let decision = explain(&situation()).unwrap();
        assert_eq!(decision.sentence, "Not shown: Ops room is set to Nothing. Change it in Channels.");
        assert_eq!(decision.body, "@rosa: @morgan look");
        assert!(plain_lines(&decision).contains("✕ Ops room is set to Nothing"));
    }

    #[test]
    fn the_input_of_a_vector_may_be_given_whole() {
        let mut allowed = situation();
        allowed["channel_notify_props"]["desktop"] = json!("default");
        let decision = explain(&json!({"id": "x", "input": allowed})).unwrap();
        assert_eq!(decision.verdict, Verdict::Notify);
        assert!(json_lines(&decision).contains("\"sound\":\"Bing\""));
    }

    #[test]
    fn what_cannot_be_explained_is_said_so() {
        assert_eq!(explain(&json!([])).unwrap_err().to_string(), "the situation is not a JSON object");
        assert_eq!(explain(&json!({"me": {}})).unwrap_err().to_string(), "the situation has no `post`");
        assert_eq!(explain(&json!({"post": {}})).unwrap_err().to_string(), "the situation has no `me`");
        let no_id = explain(&json!({"me": {"id": "me"}, "post": {"message": "x"}})).unwrap_err();
        assert!(no_id.to_string().starts_with("the described post cannot be read"), "{no_id}");
    }
}
