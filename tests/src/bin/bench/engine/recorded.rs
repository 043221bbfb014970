//! The recordings as servers wrote them, and an engine that has signed in to one.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use belfry_core::event::{Connection, Event, Snapshot};
use belfry_core::ids::ServerId;
use belfry_core::prefs::{AuthKind, LocalPrefs, Permission, ServerPrefs};
use belfry_core::time::Now;
use belfry_core::{Engine, Input};
use belfry_net::bootstrap::Collector;
use belfry_tests::process::workspace;
use serde::Deserialize;
use serde_json::value::RawValue;

pub(crate) const SERVER: ServerId = ServerId(1);

/// One scenario.
pub(crate) struct Recording {
    pub(crate) name: String,
    pub(crate) frames: Vec<String>,
    rest: Vec<Answer>,
}

struct Answer {
    method: String,
    path: String,
    status: u16,
    body: String,
}

#[derive(Deserialize)]
struct Line<'a> {
    k: String,
    #[serde(default)]
    method: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    status: u16,
    #[serde(borrow)]
    body: Option<&'a RawValue>,
    #[serde(borrow)]
    frame: Option<&'a RawValue>,
}

/// A line of another kind may hold anything under the same keys.
#[derive(Deserialize)]
struct Kind {
    k: String,
}

#[derive(Deserialize)]
struct Outer<'a> {
    #[serde(borrow)]
    event: Option<&'a RawValue>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    broadcast: Option<&'a RawValue>,
    #[serde(borrow)]
    seq: Option<&'a RawValue>,
}

/// Every recording there is.
pub(crate) fn all() -> anyhow::Result<Vec<Recording>> {
    let folders = [workspace().join("../shared/recordings"), workspace().join("tests/recordings")];
    let files = folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
    let mut paths: Vec<PathBuf> =
        files.map(|file| file.path()).filter(|path| path.extension().is_some_and(|end| end == "jsonl")).collect();
    paths.sort();
    ensure!(!paths.is_empty(), "there are no recordings to measure with");
    paths.iter().map(|path| read(path)).collect()
}

fn read(path: &Path) -> anyhow::Result<Recording> {
    let text = std::fs::read_to_string(path)?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let mut recording = Recording { name, frames: vec![], rest: vec![] };
    for line in text.lines().filter(|line| !line.is_empty()) {
        let Kind { k } = serde_json::from_str(line)?;
        if k != "rest" && k != "ws" {
            continue;
        }
        let line: Line<'_> = serde_json::from_str(line)?;
        match (line.k.as_str(), line.frame) {
            // Answers that came before the first frame are the bootstrap.
            ("rest", _) if recording.frames.is_empty() => recording.rest.push(Answer {
                method: line.method,
                path: line.path,
                status: line.status,
                body: line.body.map(|body| body.get().to_owned()).unwrap_or_default(),
            }),
            ("ws", Some(frame)) => recording.frames.push(as_sent(frame.get())?),
            _ => {}
        }
    }
    Ok(recording)
}

/// A frame in the server's own order and without the blanks that the recorder put in.
fn as_sent(frame: &str) -> anyhow::Result<String> {
    let outer: Outer<'_> = serde_json::from_str(frame)?;
    let Some(event) = outer.event else { return Ok(compact(frame)) };
    let part = |part: Option<&RawValue>| compact(part.map_or("null", RawValue::get));
    let (data, broadcast, seq) = (part(outer.data), part(outer.broadcast), part(outer.seq));
    Ok(format!(r#"{{"event":{},"data":{data},"broadcast":{broadcast},"seq":{seq}}}"#, event.get()))
}

/// JSON without the blanks between its parts.
fn compact(json: &str) -> String {
    let (mut quoted, mut escaped) = (false, false);
    json.chars()
        .filter(|&letter| {
            let keep = quoted || !letter.is_ascii_whitespace();
            quoted ^= letter == '"' && !escaped;
            escaped = quoted && letter == '\\' && !escaped;
            keep
        })
        .collect()
}

impl Recording {
    /// What the client read when it started.
    pub(crate) fn snapshot(&self) -> anyhow::Result<Snapshot> {
        let mut collector = Collector::default();
        for answer in &self.rest {
            collector.absorb(&answer.method, &answer.path, answer.status, answer.body.as_bytes());
        }
        collector.finish().context("the recording has no bootstrap")
    }
}

/// An engine as it is after signing in.
pub(crate) fn engine(now: &Now, snapshot: Snapshot) -> Engine {
    let server = ServerPrefs {
        id: SERVER,
        url: "https://recorded.example".to_owned(),
        name: "Recorded".to_owned(),
        username: String::new(),
        auth: AuthKind::Password,
        permission: Permission::Allowed,
        insecure: false,
        reach: belfry_core::reach::Reach::default(),
        session: belfry_core::prefs::SessionPrefs::default(),
    };
    let mut engine = Engine::new(LocalPrefs { servers: vec![server], ..LocalPrefs::default() });
    let version = snapshot.config.version.clone();
    engine.step(now, Input::Server(SERVER, Event::Connection(Connection::Live { version })));
    engine.step(now, Input::Server(SERVER, Event::Snapshot(Box::new(snapshot))));
    engine
}
