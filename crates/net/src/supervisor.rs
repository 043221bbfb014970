//! Keeps one session task per server: starts, stops, restarts one that panicked, and ends them all in order.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use belfry_core::ids::ServerId;
use belfry_core::prefs::ServerPrefs;
use tokio::sync::mpsc;
use tokio::task::{self, AbortHandle, JoinSet};

use crate::clock::Clock;
use crate::dial::Routes;
use crate::secrets::SecretStore;
use crate::session::backoff::{Dice, Timing};
use crate::session::presence::Person;
use crate::session::task::{self as session, FromSession, ToSession};

/// What waits for a session; beyond that a question is answered as failed and a change is dropped with a log line.
const INBOX: usize = 32;
/// How long all sessions together may take to end.
const FAREWELL: Duration = Duration::from_secs(2);
/// Wait before a session that panicked begins again; doubles up to the longest.
const RESTART: Duration = Duration::from_secs(5);
const LONGEST_RESTART: Duration = Duration::from_mins(5);
/// The socket of a session that was stopped is gone after its farewell; the next one keeps this distance (§12.1).
const FAREWELL_SOCKET: Duration = Duration::from_millis(800);

#[derive(Debug)]
struct Running {
    prefs: ServerPrefs,
    generation: u64,
    inbox: mpsc::Sender<ToSession>,
    abort: AbortHandle,
    panics: u32,
}

/// The sessions of all servers.
#[derive(Debug)]
pub(crate) struct Supervisor {
    tasks: JoinSet<()>,
    owners: HashMap<task::Id, (ServerId, u64)>,
    running: BTreeMap<ServerId, Running>,
    /// Servers whose last session was stopped in this run, and may not have said goodbye yet.
    stopped: BTreeMap<ServerId, tokio::time::Instant>,
    generations: u64,
    person: Person,
    means: Means,
    out: mpsc::Sender<FromSession>,
}

/// What every session is given.
#[derive(Debug)]
pub(crate) struct Means {
    pub(crate) secrets: Arc<SecretStore>,
    pub(crate) routes: Arc<dyn Routes>,
    /// What chance follows from.
    pub(crate) seed: u64,
    pub(crate) timing: Timing,
    pub(crate) clock: Clock,
}

impl Supervisor {
    pub(crate) fn new(means: Means, out: mpsc::Sender<FromSession>) -> Self {
        Self {
            tasks: JoinSet::new(),
            owners: HashMap::new(),
            running: BTreeMap::new(),
            stopped: BTreeMap::new(),
            generations: 0,
            person: Person::default(),
            means,
            out,
        }
    }

    /// Begins a session, in place of one that may run.
    pub(crate) fn start(&mut self, prefs: ServerPrefs) {
        self.stop(prefs.id);
        let apart = FAREWELL_SOCKET + self.means.timing.reconnect_gap;
        let delay = self.stopped.remove(&prefs.id).map_or(Duration::ZERO, |at| apart.saturating_sub(at.elapsed()));
        self.spawn(prefs, delay, 0);
    }

    fn spawn(&mut self, prefs: ServerPrefs, delay: Duration, panics: u32) {
        self.generations += 1;
        let (inbox, messages) = mpsc::channel(INBOX);
        let start = session::Start {
            prefs: prefs.clone(),
            generation: self.generations,
            secrets: Arc::clone(&self.means.secrets),
            routes: Arc::clone(&self.means.routes),
            dice: Dice::new(self.means.seed.wrapping_add(self.generations)),
            timing: self.means.timing,
            clock: self.means.clock,
            delay,
            person: self.person,
            inbox: messages,
            out: self.out.clone(),
        };
        let abort = self.tasks.spawn(session::run(start));
        self.owners.insert(abort.id(), (prefs.id, self.generations));
        let running = Running { generation: self.generations, inbox, abort, panics, prefs };
        self.running.insert(running.prefs.id, running);
    }

    /// Ends a session. Nothing it still says is heard.
    pub(crate) fn stop(&mut self, id: ServerId) {
        if let Some(running) = self.running.remove(&id) {
            if running.inbox.try_send(ToSession::Stop).is_err() {
                running.abort.abort();
            }
            self.stopped.insert(id, tokio::time::Instant::now());
        }
    }

    /// Hands a message to a session; gives it back where there is none, or where it has too much to do.
    pub(crate) fn send(&self, id: ServerId, message: ToSession) -> Result<(), ToSession> {
        match self.running.get(&id) {
            Some(running) => running.inbox.try_send(message).map_err(mpsc::error::TrySendError::into_inner),
            None => Err(message),
        }
    }

    /// Whether a session runs for this server.
    pub(crate) fn runs(&self, id: ServerId) -> bool {
        self.running.contains_key(&id)
    }

    /// Whether a report comes from the session that runs now.
    pub(crate) fn is_current(&self, report: &FromSession) -> bool {
        self.running.get(&report.server).is_some_and(|running| running.generation == report.generation)
    }

    /// Tells every session that the computer woke.
    pub(crate) fn woke(&mut self) {
        self.person.last_input = None;
        self.tell_all(|| ToSession::Woke);
    }

    /// Tells every session that the network changed.
    pub(crate) fn network_up(&self) {
        self.tell_all(|| ToSession::NetworkUp);
    }

    /// Tells every session how the person at this computer is, and remembers it for later ones.
    pub(crate) fn person(&mut self, change: impl FnOnce(&mut Person)) {
        change(&mut self.person);
        self.tell_all(|| ToSession::Person(self.person));
    }

    fn tell_all(&self, message: impl Fn() -> ToSession) {
        for running in self.running.values() {
            // One that is too busy to hear it is awake, and hears of input again within a minute.
            running.inbox.try_send(message()).ok();
        }
    }

    /// Waits for a session to panic; it is started again after a while. Waits for ever where none runs.
    pub(crate) async fn panicked(&mut self) -> ServerId {
        loop {
            let (task, panicked) = match self.tasks.join_next_with_id().await {
                Some(Ok((task, ()))) => (task, false),
                Some(Err(error)) => (error.id(), error.is_panic()),
                None => std::future::pending().await,
            };
            let Some((id, generation)) = self.owners.remove(&task) else { continue };
            let current = self.running.get(&id).is_some_and(|running| running.generation == generation);
            if !panicked || !current {
                continue;
            }
            let Some(running) = self.running.remove(&id) else { continue };
            let wait = RESTART.saturating_mul(1 << running.panics.min(10)).min(LONGEST_RESTART);
            tracing::error!(server = id.0, restart_secs = wait.as_secs(), "a session panicked");
            self.spawn(running.prefs, wait, running.panics.saturating_add(1));
            return id;
        }
    }

    /// Ends every session; those that are not done after two seconds are cut off.
    pub(crate) async fn shut_down(mut self) {
        for id in self.running.keys().copied().collect::<Vec<_>>() {
            self.stop(id);
        }
        // Their last words have no listener.
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(FAREWELL, all).await.is_err() {
            tracing::debug!(left = self.tasks.len(), "sessions were cut off");
            self.tasks.shutdown().await;
        }
    }
}
