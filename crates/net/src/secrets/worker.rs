//! The thread that makes blocking calls: a keyring may hang, a disk may be slow.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use belfry_core::secret::Secret;
use belfry_core::time::MonoTime;
use tokio::sync::oneshot;

use super::{SecretError, file, keyring};
use crate::clock;

/// How long a call may take. A locked keyring asks the person first; the caller tries again later.
const TIMEOUT: Duration = Duration::from_secs(3);
/// The worker and its connection to the keyring end when nothing was asked for this long.
const LINGER: Duration = Duration::from_secs(20);
/// Calls that may wait; more are refused as busy.
const QUEUE: usize = 16;
/// A call that has taken this long may never end (a prompt that nobody answers, a service that hangs): others do not wait
/// for it any longer.
const STUCK: Duration = Duration::from_secs(15);
/// So many threads may be stuck at a time; after that, calls time out until one of them comes back.
const MOST_STUCK: usize = 4;

/// Where a worker works.
#[derive(Clone, Debug)]
pub(super) enum Place {
    Keyring,
    File(PathBuf),
}

#[derive(Debug)]
pub(super) enum Request {
    Get(String),
    Set(String, Secret),
    Delete(String),
}

#[derive(Debug)]
struct Job {
    request: Request,
    answer: oneshot::Sender<Result<Option<Secret>, SecretError>>,
}

/// A thread that takes jobs.
#[derive(Debug)]
struct Hand {
    queue: SyncSender<Job>,
    /// When it began the job that it is at; `None` while it waits for one.
    busy_since: Arc<Mutex<Option<MonoTime>>>,
}

/// Its threads are started when needed and end when idle.
#[derive(Debug)]
pub(super) struct Worker {
    place: Place,
    hand: Mutex<Option<Hand>>,
    /// Threads that run, stuck ones included.
    running: Arc<AtomicUsize>,
}

impl Worker {
    pub(super) fn new(place: Place) -> Self {
        Self { place, hand: Mutex::new(None), running: Arc::default() }
    }

    pub(super) async fn call(&self, request: Request) -> Result<Option<Secret>, SecretError> {
        let (answer, answered) = oneshot::channel();
        self.hand_over(Job { request, answer })?;
        match tokio::time::timeout(TIMEOUT, answered).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_closed)) => Err(SecretError::Refused),
            Err(_elapsed) => Err(SecretError::TimedOut),
        }
    }

    fn hand_over(&self, mut job: Job) -> Result<(), SecretError> {
        let mut current = lock(&self.hand);
        if let Some(hand) = current.as_ref() {
            let stuck = lock(&hand.busy_since).is_some_and(|since| clock::process().mono().since(since) >= STUCK);
            if !stuck || self.running.load(Ordering::Relaxed) >= MOST_STUCK {
                match hand.queue.try_send(job) {
                    Ok(()) => return Ok(()),
                    Err(TrySendError::Full(_)) => return Err(SecretError::Busy),
                    // It ended for want of work, or its call panicked: a new one takes over.
                    Err(TrySendError::Disconnected(returned)) => job = returned,
                }
            }
        }
        let hand = self.start()?;
        hand.queue.try_send(job).map_err(|_full| SecretError::Busy)?;
        *current = Some(hand);
        Ok(())
    }

    fn start(&self) -> Result<Hand, SecretError> {
        let (queue, jobs) = sync_channel::<Job>(QUEUE);
        let busy_since = Arc::new(Mutex::new(None));
        let (place, busy, running) = (self.place.clone(), Arc::clone(&busy_since), Arc::clone(&self.running));
        let started = std::thread::Builder::new().name("secrets".to_owned()).spawn(move || {
            running.fetch_add(1, Ordering::Relaxed);
            let _counted = Counted(running);
            let mut connection = None;
            // Ends when nothing came for a while, or when another thread or nobody takes jobs any more.
            while let Ok(job) = jobs.recv_timeout(LINGER) {
                // Nobody waits any more after the time-out: what was given up must not happen later by surprise.
                if job.answer.is_closed() {
                    continue;
                }
                *lock(&busy) = Some(clock::process().mono());
                let outcome = match &place {
                    Place::Keyring => keyring::answer(&mut connection, job.request),
                    Place::File(path) => in_file(path, job.request),
                };
                *lock(&busy) = None;
                job.answer.send(outcome).ok(); // it waited too long
            }
        });
        started.map_err(|error| SecretError::File(error.kind().to_string()))?;
        Ok(Hand { queue, busy_since })
    }
}

/// Counts a thread until it ends, however it does.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A panic leaves nothing half-written that matters.
fn lock<T>(cell: &Mutex<T>) -> MutexGuard<'_, T> {
    cell.lock().unwrap_or_else(PoisonError::into_inner)
}

fn in_file(path: &std::path::Path, request: Request) -> Result<Option<Secret>, SecretError> {
    let mut secrets = file::read(path)?;
    match request {
        Request::Get(key) => Ok(secrets.remove(&key)),
        Request::Set(key, secret) => {
            secrets.insert(key, secret);
            file::write(path, &secrets).map(|()| None)
        }
        Request::Delete(key) => {
            if secrets.remove(&key).is_some() {
                file::write(path, &secrets)?;
            }
            Ok(None)
        }
    }
}
