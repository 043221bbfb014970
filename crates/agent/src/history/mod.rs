//! What was decided and shown: a thread that owns two `SQLite` files.
//!
//! `history.db` holds decisions for Activity; it may be switched off, and then nothing of it stays on disk.
//! `presented.db` is the ledger: which messages were decided, which of them still have to be presented, and up to when all
//! of a server were. It is always kept, because it is what prevents a message from being announced twice after a crash, and
//! from being lost by one. It holds ids and times, no text. Both are bounded. Trouble with either costs a
//! [`Problem`](belfry_core::problem::Problem) and falls back to memory, never a notification.

mod ledger;
mod queue;
mod store;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread::JoinHandle;
use std::{io, thread};

use belfry_core::activity::{ActivityFilter, ActivityRow};
use belfry_core::draft::{Decided, Draft};
use belfry_core::ids::{PostId, ServerId};
use belfry_core::missed::{Mark, PutOff};
use belfry_core::prefs::HistoryPrefs;
use belfry_core::problem::ProblemKind;
use belfry_core::signal::Signal;
use tokio::sync::{mpsc, oneshot};

use ledger::{Entry, Ledger};
use queue::{Queue, Waiting};
use store::Store;

/// So many jobs share one transaction when they come in a burst.
const BATCH: usize = 64;

/// Where the two files are, and how much is kept.
#[derive(Clone, Debug)]
pub struct HistorySetup {
    /// Decisions.
    pub history: PathBuf,
    /// Presented posts.
    pub presented: PathBuf,
    /// Bounds, and whether decisions are kept on disk.
    pub prefs: HistoryPrefs,
}

/// One page of Activity.
#[derive(Debug, Default, PartialEq)]
pub struct Page {
    /// The rows, the newest first.
    pub rows: Vec<ActivityRow>,
    /// Whether there are older ones.
    pub more: bool,
}

/// The queue in front of the thread. Cheap to clone; the thread ends when the last one is dropped.
#[derive(Clone, Debug)]
pub struct History {
    jobs: Queue,
}

/// What [`start`] gives.
#[derive(Debug)]
pub struct Started {
    /// The queue.
    pub history: History,
    /// The posts that earlier runs presented or decided against, the oldest first.
    pub presented: Vec<(ServerId, PostId)>,
    /// Up to when they decided everything.
    pub marks: Vec<(ServerId, Mark)>,
    /// Cards that they put off and that were not shown since.
    pub put_off: Vec<PutOff>,
    /// It ends when the last queue is dropped.
    pub thread: JoinHandle<()>,
}

/// The queue is full: the disk does not keep up.
#[derive(Debug)]
pub struct Full<T>(pub T);

#[derive(Debug)]
enum Job {
    Record { draft: Arc<Draft>, now_ms: i64 },
    Decided { server: ServerId, decided: Decided, now_ms: i64 },
    Presented { server: ServerId, posts: Vec<PostId>, now_ms: i64 },
    Snoozed(Box<PutOff>),
    Mark(ServerId, Mark),
    Forget(ServerId),
    Page { filter: ActivityFilter, before: Option<i64>, limit: u32, reply: oneshot::Sender<Page> },
    Prefs(HistoryPrefs),
    Clear(oneshot::Sender<Result<(), String>>),
}

/// Opens the files and starts the thread.
///
/// Fails only where no thread can be started.
pub fn start(setup: HistorySetup, reports: mpsc::Sender<Signal>) -> io::Result<Started> {
    let (jobs, waiting) = queue::queue();
    let (ready, known) = sync_channel(1);
    let thread = thread::Builder::new().name("history".to_owned()).spawn(move || {
        let mut worker = Worker::open(setup, reports);
        ready.send((worker.ledger.all(), worker.ledger.marks(), worker.ledger.put_off())).ok(); // whoever started us waits for it, or is gone
        worker.run(waiting);
    })?;
    let (presented, marks, put_off) = known.recv().unwrap_or_default();
    Ok(Started { history: History { jobs }, presented, marks, put_off, thread })
}

/// How many decisions a file holds, without changing it; a file that is not there holds none.
pub fn examine(history: &std::path::Path) -> Result<i64, String> {
    store::count(history)
}

impl History {
    /// Keeps a decision. Where too much waits for the disk already, it is left out of Activity, never out of the ledger.
    pub fn record(&self, draft: Arc<Draft>, now_ms: i64) -> Result<(), Full<()>> {
        let (server, decided) = (draft.server(), draft.decided());
        if self.jobs.offer(Job::Record { draft, now_ms }).is_ok() {
            return Ok(());
        }
        if let Some(decided) = decided {
            // Unlike the line itself, this is what keeps the message from being lost or announced twice.
            self.jobs.insist(Job::Decided { server, decided, now_ms }).ok();
        }
        Err(Full(()))
    }

    /// Remembers that posts were presented.
    pub fn presented(&self, server: ServerId, posts: Vec<PostId>, now_ms: i64) -> Result<(), Full<Vec<PostId>>> {
        match self.jobs.insist(Job::Presented { server, posts, now_ms }) {
            Err(Full(Job::Presented { posts, .. })) => Err(Full(posts)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Remembers that a card was put off. Dropped when the disk does not keep up: it is shown again in this run.
    pub fn snoozed(&self, card: Box<PutOff>) {
        self.jobs.insist(Job::Snoozed(card)).ok();
    }

    /// Remembers up to when everything of a server was decided. Dropped when the disk does not keep up: the next one comes.
    pub fn mark(&self, server: ServerId, mark: Mark) {
        self.jobs.offer(Job::Mark(server, mark)).ok();
    }

    /// Forgets what is known of a server's posts.
    pub fn forget(&self, server: ServerId) {
        if self.jobs.insist(Job::Forget(server)).is_err() {
            tracing::warn!(server = server.0, "what was decided of a removed server is still kept");
        }
    }

    /// Rows of Activity older than `before`, at most `limit` (1–500); `None` when the disk does not keep up.
    pub async fn page(&self, filter: ActivityFilter, before: Option<i64>, limit: u32) -> Option<Page> {
        let (reply, page) = oneshot::channel();
        self.jobs.offer(Job::Page { filter, before, limit: limit.clamp(1, 500), reply }).ok()?;
        page.await.ok()
    }

    /// Forgets every decision, not what was announced; `None` when the disk does not keep up.
    pub async fn clear(&self) -> Option<Result<(), String>> {
        let (reply, done) = oneshot::channel();
        self.jobs.offer(Job::Clear(reply)).ok()?;
        done.await.ok()
    }

    /// Follows changed preferences. False when the queue is full: offer them again.
    pub fn set_prefs(&self, prefs: HistoryPrefs) -> bool {
        self.jobs.offer(Job::Prefs(prefs)).is_ok()
    }
}

struct Worker {
    setup: HistorySetup,
    store: Store,
    ledger: Ledger,
    reports: mpsc::Sender<Signal>,
    trouble: bool,
}

impl Worker {
    fn open(setup: HistorySetup, reports: mpsc::Sender<Signal>) -> Self {
        let (store, store_trouble) = Store::open(&setup.history, &setup.prefs);
        let (ledger, ledger_trouble) = Ledger::open(&setup.presented);
        let mut worker = Self { setup, store, ledger, reports, trouble: false };
        if let Some(detail) = store_trouble.or(ledger_trouble) {
            worker.raise(detail);
        }
        worker
    }

    fn run(&mut self, mut waiting: Waiting) {
        while let Some(batch) = waiting.next(BATCH) {
            let mut decisions = Vec::new();
            let mut ledger = Vec::new();
            for job in batch {
                match job {
                    Job::Record { draft, now_ms } => {
                        let server = draft.server();
                        ledger.extend(draft.decided().map(|decided| Entry::Decided { server, decided, now_ms }));
                        decisions.push((draft, now_ms));
                    }
                    Job::Decided { server, decided, now_ms } => {
                        ledger.push(Entry::Decided { server, decided, now_ms });
                    }
                    Job::Presented { server, posts, now_ms } => {
                        ledger.extend(posts.into_iter().map(|post| Entry::Presented { server, post, now_ms }));
                    }
                    Job::Snoozed(card) => ledger.push(Entry::Snoozed(card)),
                    Job::Mark(server, mark) => ledger.push(Entry::Mark(server, mark)),
                    Job::Forget(server) => ledger.push(Entry::Forget(server)),
                    Job::Page { filter, before, limit, reply } => {
                        // What was decided before the question belongs to its answer.
                        self.write(&mut decisions, &mut ledger);
                        let page = self.store.page(&filter, before, limit).unwrap_or_else(|error| {
                            self.raise(error.to_string());
                            Page::default()
                        });
                        reply.send(page).ok(); // the face asked and left
                    }
                    Job::Clear(reply) => {
                        self.write(&mut decisions, &mut ledger);
                        reply.send(self.store.clear().map_err(|error| error.to_string())).ok(); // the face asked and left
                    }
                    Job::Prefs(prefs) => {
                        self.write(&mut decisions, &mut ledger);
                        if prefs != self.setup.prefs {
                            self.setup.prefs = prefs;
                            let (store, trouble) = Store::open(&self.setup.history, &self.setup.prefs);
                            self.store = store;
                            if let Some(detail) = trouble {
                                self.raise(detail);
                            }
                        }
                    }
                }
            }
            self.write(&mut decisions, &mut ledger);
        }
    }

    fn write(&mut self, decisions: &mut Vec<(Arc<Draft>, i64)>, ledger: &mut Vec<Entry>) {
        // The ledger first: losing a line of Activity is better than announcing a message twice.
        if !ledger.is_empty()
            && let Err(detail) = self.ledger.add(ledger)
        {
            self.raise(detail);
        }
        ledger.clear();
        if !decisions.is_empty() {
            match self.store.add(decisions) {
                Ok(()) if self.trouble && self.store.is_on_disk() => {
                    self.trouble = false;
                    self.reports.blocking_send(Signal::ProblemCleared(ProblemKind::History)).ok(); // shutting down
                }
                Ok(()) => {}
                Err(detail) => self.raise(detail),
            }
        }
        decisions.clear();
    }

    fn raise(&mut self, detail: String) {
        self.trouble = true;
        tracing::warn!(%detail, "history");
        self.reports.blocking_send(Signal::ProblemRaised { kind: ProblemKind::History, detail }).ok(); // shutting down
    }
}

#[cfg(test)]
mod tests;
