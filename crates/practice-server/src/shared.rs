//! What the tasks of one server have in common.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::error::Refused;
use crate::faults::HttpFaults;
use crate::hub::Hub;
use crate::link::Link;
use crate::state::{Outcome, State};
use crate::wire::Event;

/// Requests that the log keeps.
const LOG_SIZE: usize = 4096;

/// How long the server waits for things.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// For a new socket to authenticate.
    pub authentication: Duration,
    /// Between protocol pings.
    pub ping: Duration,
    /// For a Pong, before the connection is dropped.
    pub pong: Duration,
    /// Between the loss of somebody's last socket and their turning offline.
    pub offline: Duration,
    /// Between two looks for lost connections that are too old.
    pub reaper: Duration,
    /// For one write, before the connection is given up.
    pub write: Duration,
}

impl Default for Timing {
    /// The real server's times.
    fn default() -> Self {
        Self {
            authentication: Duration::from_secs(5),
            ping: Duration::from_mins(1),
            pong: Duration::from_secs(100),
            offline: Duration::from_millis(500),
            reaper: Duration::from_mins(5),
            write: Duration::from_secs(30),
        }
    }
}

/// Everything behind the one lock.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) state: State,
    pub(crate) hub: Hub,
    pub(crate) faults: HttpFaults,
    pub(crate) requests: VecDeque<String>,
    links: Vec<Weak<Link>>,
}

impl Inner {
    /// Does something and tells the sockets about it.
    pub(crate) fn act<T>(&mut self, action: impl FnOnce(&mut State) -> Outcome<T>) -> Result<T, Refused> {
        let (value, events) = action(&mut self.state)?;
        self.emit(&events);
        Ok(value)
    }

    pub(crate) fn emit(&mut self, events: &[Event]) {
        for event in events {
            self.hub.deliver(event, &self.state);
        }
    }

    pub(crate) fn log_request(&mut self, method: &str, path: &str) {
        if self.requests.len() >= LOG_SIZE {
            self.requests.pop_front();
        }
        self.requests.push_back(format!("{method} {path}"));
    }

    pub(crate) fn remember_link(&mut self, link: &Arc<Link>) {
        self.links.retain(|link| link.strong_count() > 0);
        self.links.push(Arc::downgrade(link));
    }

    /// Every TCP connection, sockets and ordinary requests alike.
    pub(crate) fn all_links(&self) -> Vec<Arc<Link>> {
        self.links.iter().filter_map(Weak::upgrade).collect()
    }
}

/// One server, as its tasks and its handles see it.
#[derive(Debug)]
pub(crate) struct Shared {
    inner: Mutex<Inner>,
    tasks: Mutex<JoinSet<()>>,
    changed: watch::Sender<u64>,
    pub(crate) timing: Timing,
    pub(crate) control: bool,
    pub(crate) quit: watch::Sender<bool>,
    pub(crate) days: watch::Sender<f64>,
}

impl Shared {
    pub(crate) fn new(state: State, timing: Timing, control: bool) -> Self {
        let inner = Inner {
            state,
            hub: Hub::default(),
            faults: HttpFaults::default(),
            requests: VecDeque::new(),
            links: Vec::new(),
        };
        Self {
            inner: Mutex::new(inner),
            tasks: Mutex::new(JoinSet::new()),
            changed: watch::Sender::new(0),
            timing,
            control,
            quit: watch::Sender::new(false),
            days: watch::Sender::new(0.0),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something and wakes those who wait for a condition.
    pub(crate) fn act<T>(&self, action: impl FnOnce(&mut State) -> Outcome<T>) -> Result<T, Refused> {
        let result = self.lock().act(action);
        self.touch();
        result
    }

    /// Says that a condition may hold now.
    pub(crate) fn touch(&self) {
        self.changed.send_modify(|n| *n += 1);
    }

    /// Changes whenever something has happened.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Runs a task for as long as the server lives.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }

    /// Ends every task.
    pub(crate) fn stop(&self) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
    }
}
