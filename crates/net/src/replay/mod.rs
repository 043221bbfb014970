//! `belfry replay`: a recorded transcript of a real server, through the real decoder and the real engine.
//!
//! Time follows the lines, not the clock: `ws` lines carry none, so each `action` line lets every deadline pass, and a
//! decision that was parked keeps the action of its post.

mod check;

use std::collections::BTreeMap;
use std::io::{self, BufReader, Write};
use std::path::Path;

use belfry_core::activity::Decision;
use belfry_core::badge::Badge;
use belfry_core::effect::{Effect, Effects};
use belfry_core::event::{Connection, Event, Fetched};
use belfry_core::ids::{ChannelId, PostId, ServerId, TeamId};
use belfry_core::prefs::{AuthKind, LocalPrefs, Permission, ServerPrefs};
use belfry_core::time::Now;
use belfry_core::{Engine, Input};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use thiserror::Error;

use crate::bootstrap::Collector;
use crate::lines;
use crate::shapes;
use crate::wire;

pub use check::Summary;

/// The one server of a recording.
const SERVER: ServerId = ServerId(1);
/// Where the engine's wall clock begins: recordings carry no time of their own, and nothing compares with it.
const WALL_BEGINS_MS: i64 = 1_795_000_000_000;

/// What is to be printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// JSON Lines instead of sentences.
    pub json: bool,
    /// Compare with `truth` and `official` lines.
    pub check: bool,
}

/// Why a recording cannot be replayed.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// The file cannot be read.
    #[error("cannot read the recording: {0}")]
    Read(#[source] io::Error),
    /// Nothing can be printed any more.
    #[error("cannot write the result: {0}")]
    Write(#[source] io::Error),
    /// A line is no JSON object.
    #[error("line {line} of the recording is not JSON")]
    NotJson {
        /// Which line, counted from 1.
        line: usize,
    },
    /// It never says who is signed in.
    #[error("the recording has no bootstrap: {0}")]
    NoBootstrap(#[source] crate::bootstrap::BootstrapError),
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Line<'a> {
    #[serde(borrow, deserialize_with = "crate::lenient::cow")]
    k: Option<std::borrow::Cow<'a, str>>,
    #[serde(deserialize_with = "crate::lenient::int")]
    n: Option<i64>,
    #[serde(deserialize_with = "crate::lenient::text")]
    name: String,
    #[serde(borrow)]
    frame: Option<&'a RawValue>,
    #[serde(deserialize_with = "crate::lenient::text")]
    method: String,
    #[serde(deserialize_with = "crate::lenient::text")]
    path: String,
    #[serde(deserialize_with = "crate::lenient::int")]
    status: Option<i64>,
    #[serde(borrow)]
    body: Option<&'a RawValue>,
    #[serde(deserialize_with = "crate::lenient::text")]
    kind: String,
    #[serde(deserialize_with = "crate::lenient::text")]
    title: String,
    #[serde(deserialize_with = "crate::lenient::text")]
    sound: String,
}

/// A decision and the action it belongs to.
#[derive(Clone, Debug)]
pub(crate) struct Decided {
    action: i64,
    decision: Decision,
}

/// Counters of one channel, as a `counts` line has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ChannelCounts {
    mentions: i64,
    unread: i64,
}

/// Thread counters of one team, as a `counts` line has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ThreadTotals {
    unread_threads: i64,
    unread_mentions: i64,
}

/// The engine's own bookkeeping at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bookkeeping {
    crt: bool,
    channels: BTreeMap<ChannelId, ChannelCounts>,
    threads: BTreeMap<TeamId, ThreadTotals>,
    stale: Vec<ChannelId>,
}

struct Replay<'w> {
    engine: Engine,
    collector: Option<Collector>,
    options: Options,
    out: &'w mut dyn Write,
    mono_ms: u64,
    action: i64,
    /// Action of each post that has not been decided yet.
    posts: BTreeMap<PostId, i64>,
    frames: usize,
    unreadable: usize,
    decisions: Vec<Decided>,
    check: check::Checker,
}

/// Replays a file. The summary says whether everything agreed.
pub fn run(path: &Path, options: Options, out: &mut dyn Write) -> Result<Summary, ReplayError> {
    let file = std::fs::File::open(path).map_err(ReplayError::Read)?;
    run_lines(BufReader::new(file), options, out)
}

/// Replays lines from anywhere.
pub fn run_lines(mut lines: impl io::BufRead, options: Options, out: &mut dyn Write) -> Result<Summary, ReplayError> {
    let prefs = LocalPrefs {
        servers: vec![ServerPrefs {
            id: SERVER,
            url: "https://recorded.example".to_owned(),
            name: "Recorded".to_owned(),
            username: String::new(),
            auth: AuthKind::Password,
            permission: Permission::Allowed,
            insecure: false,
            reach: belfry_core::reach::Reach::default(),
            session: belfry_core::prefs::SessionPrefs::default(),
        }],
        ..LocalPrefs::default()
    };
    let mut replay = Replay {
        engine: Engine::new(prefs),
        collector: Some(Collector::default()),
        options,
        out,
        mono_ms: 0,
        action: 0,
        posts: BTreeMap::new(),
        frames: 0,
        unreadable: 0,
        decisions: Vec::new(),
        check: check::Checker::default(),
    };
    let mut bytes = Vec::new();
    let mut number = 0;
    loop {
        bytes.clear();
        if lines.read_until(b'\n', &mut bytes).map_err(ReplayError::Read)? == 0 {
            break;
        }
        number += 1;
        if bytes.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let text = core::str::from_utf8(&bytes).map_err(|_utf8| ReplayError::NotJson { line: number })?;
        let line: Line<'_> = serde_json::from_str(text).map_err(|_syntax| ReplayError::NotJson { line: number })?;
        replay.line(&line, text)?;
    }
    replay.end()
}

impl Replay<'_> {
    fn line(&mut self, line: &Line<'_>, text: &str) -> Result<(), ReplayError> {
        match line.k.as_deref() {
            Some("rest") => self.rest(line),
            Some("action") => {
                self.bootstrap()?;
                let next = line.n.unwrap_or(self.action);
                if next != self.action {
                    self.end_action(next)?;
                }
                self.action = next;
                self.check.action(next, &line.name);
            }
            Some("ws") => {
                self.bootstrap()?;
                let frame = line.frame.map_or("null", RawValue::get);
                // A frame may be kept as the object that it was, or as the text.
                match serde_json::from_str::<String>(frame) {
                    Ok(frame) => self.frame(&frame)?,
                    Err(_object) => self.frame(frame)?,
                }
            }
            Some("truth") => {
                let book = self.bookkeeping();
                self.print_counts(&book)?;
                if let Some(truth) = check::Truth::read(text, book.crt) {
                    self.check.truth(truth, book);
                }
            }
            Some("official") => self.check.official(self.action, &line.kind, &line.title, text, &line.sound),
            _ => {}
        }
        Ok(())
    }

    fn rest(&mut self, line: &Line<'_>) {
        let body = line.body.map_or("", RawValue::get);
        let status = line.status.and_then(|status| u16::try_from(status).ok()).unwrap_or(0);
        match &mut self.collector {
            Some(collector) => {
                collector.absorb(&line.method, &line.path, status, body.as_bytes());
            }
            // Later answers are what other requests of that client met; only the plugin's settings are news.
            None if line.path.ends_with("com.mattermost.calls/config") && status == 200 => {
                if let Some(ringing) = shapes::calls_ringing(body) {
                    let effects = self
                        .engine
                        .step(&self.now(), Input::Server(SERVER, Event::Fetched(Fetched::CallsRinging(ringing))));
                    self.keep(effects);
                }
            }
            None => {}
        }
    }

    /// The snapshot is made at the first line that is no answer of action 0.
    fn bootstrap(&mut self) -> Result<(), ReplayError> {
        if self.action == 0
            && self.frames == 0
            && self.collector.as_ref().is_some_and(|collector| collector.me().is_none())
        {
            return Ok(());
        }
        let Some(collector) = self.collector.take() else { return Ok(()) };
        let snapshot = collector.finish().map_err(ReplayError::NoBootstrap)?;
        let version = snapshot.config.version.clone();
        let now = self.now();
        let live = self.engine.step(&now, Input::Server(SERVER, Event::Connection(Connection::Live { version })));
        self.keep(live);
        let loaded = self.engine.step(&now, Input::Server(SERVER, Event::Snapshot(Box::new(snapshot))));
        self.keep(loaded);
        Ok(())
    }

    fn frame(&mut self, frame: &str) -> Result<(), ReplayError> {
        self.frames += 1;
        let now = self.now();
        let effects = match wire::decode(frame) {
            Ok(Some(event)) => {
                if let Event::Posted(posted) = &event {
                    self.posts.insert(posted.post.id, self.action);
                }
                self.engine.step(&now, Input::Server(SERVER, event))
            }
            Ok(None) => self.engine.step(&now, Input::Server(SERVER, Event::Heard)),
            Err(_unreadable) => {
                self.unreadable += 1;
                Effects::new()
            }
        };
        self.keep(effects);
        self.print_new()
    }

    fn keep(&mut self, effects: Effects) {
        self.keep_until(effects, self.action);
    }

    fn keep_until(&mut self, effects: Effects, stops: i64) {
        for effect in effects {
            match effect {
                Effect::Record(draft) => {
                    let decision = draft.decision().clone();
                    let action =
                        decision.post_id.and_then(|post| self.posts.get(&post).copied()).unwrap_or(self.action);
                    self.decisions.push(Decided { action, decision });
                }
                Effect::RingStopped { server: _, call_id } => self.check.ring_stopped(stops, call_id),
                _ => {}
            }
        }
    }

    /// Lets every deadline pass, then closes the action's books. What stops ringing meanwhile stops at the `next` action's
    /// line, which let the time pass.
    fn end_action(&mut self, next: i64) -> Result<(), ReplayError> {
        // A minute passes by itself; beyond it only what is due.
        self.mono_ms = self.mono_ms.saturating_add(60_000);
        for _ in 0..10_000 {
            let Some(due) = self.engine.next_deadline() else { break };
            self.mono_ms = self.mono_ms.max(due.0);
            let effects = self.engine.step(&self.now(), Input::Tick);
            self.keep_until(effects, next);
        }
        self.print_new()?;
        let badge = self.engine.badge();
        self.print_badge(badge)
    }

    fn end(mut self) -> Result<Summary, ReplayError> {
        if self.collector.is_some() && self.frames == 0 && self.decisions.is_empty() {
            let no_one = self.collector.take().map(Collector::finish);
            if let Some(Err(error)) = no_one {
                return Err(ReplayError::NoBootstrap(error));
            }
        }
        self.end_action(self.action)?;
        let summary = self.check.finish(&self.decisions);
        if self.options.check {
            for difference in &summary.differences {
                writeln!(self.out, "{difference}").map_err(ReplayError::Write)?;
            }
            writeln!(self.out, "{}", summary.line()).map_err(ReplayError::Write)?;
        } else if !self.options.json {
            let shown = self.decisions.iter().filter(|decided| decided.decision.reason.is_none()).count();
            writeln!(
                self.out,
                "{} frames, {} decisions, {shown} shown, {} unreadable",
                self.frames,
                self.decisions.len(),
                self.unreadable
            )
            .map_err(ReplayError::Write)?;
        }
        self.out.flush().map_err(ReplayError::Write)?;
        Ok(summary)
    }

    fn now(&self) -> Now {
        Now::utc(self.mono_ms, WALL_BEGINS_MS.saturating_add(i64::try_from(self.mono_ms).unwrap_or(0)))
    }

    fn bookkeeping(&self) -> Bookkeeping {
        let Some(state) = self.engine.server_state(SERVER) else {
            return Bookkeeping { crt: false, channels: BTreeMap::new(), threads: BTreeMap::new(), stale: Vec::new() };
        };
        let crt = state.crt();
        let mut waiting: Vec<ChannelId> =
            state.channels.iter().filter(|(_, channel)| channel.stale).map(|(id, _)| *id).collect();
        waiting.sort_unstable();
        let channels = state
            .channels
            .iter()
            .filter(|(_, channel)| channel.prefs.is_some())
            .map(|(id, channel)| {
                let counts = &channel.counts;
                let (mentions, unread) = if crt {
                    (counts.mentions_root, counts.total_root - counts.read_root)
                } else {
                    (counts.mentions, counts.total - counts.read)
                };
                (*id, ChannelCounts { mentions, unread })
            })
            .collect();
        let threads = state
            .threads
            .counters()
            .iter()
            .map(|(team, counters)| {
                let counts = counters.with_direct;
                (*team, ThreadTotals { unread_threads: counts.unread_threads, unread_mentions: counts.unread_mentions })
            })
            .collect();
        Bookkeeping { crt, channels, threads, stale: waiting }
    }

    /// Prints decisions that were not printed yet.
    fn print_new(&mut self) -> Result<(), ReplayError> {
        let from = self.check.printed.min(self.decisions.len());
        self.check.printed = self.decisions.len();
        if self.options.check && !self.options.json {
            return Ok(());
        }
        for decided in self.decisions.get(from..).unwrap_or_default() {
            let line = if self.options.json { json_line(decided) } else { plain_line(decided) };
            writeln!(self.out, "{line}").map_err(ReplayError::Write)?;
        }
        for (action, call_id) in self.check.stopped.drain(..) {
            if self.options.json {
                let line = lines::ring_stopped(call_id, Some(action));
                writeln!(self.out, "{line}").map_err(ReplayError::Write)?;
            }
        }
        Ok(())
    }

    fn print_badge(&mut self, badge: Badge) -> Result<(), ReplayError> {
        if self.options.json {
            let line = lines::badge(badge, Some(self.action));
            writeln!(self.out, "{line}").map_err(ReplayError::Write)?;
        }
        Ok(())
    }

    fn print_counts(&mut self, book: &Bookkeeping) -> Result<(), ReplayError> {
        if self.options.json {
            let line = serde_json::json!({
                "kind": "counts",
                "action": self.action,
                "channels": book.channels,
                "threads": book.threads,
                "stale": book.stale,
            });
            writeln!(self.out, "{line}").map_err(ReplayError::Write)?;
        }
        Ok(())
    }
}

fn json_line(decided: &Decided) -> String {
    lines::decision(&decided.decision, Some(decided.action))
}

fn plain_line(decided: &Decided) -> String {
    format!("{:>3}  {} | {}", decided.action, lines::decision_plain(&decided.decision), decided.decision.body)
}
