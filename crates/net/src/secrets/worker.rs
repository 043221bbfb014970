//! The thread that makes blocking calls: a keyring may hang, a disk may be slow.

use std::path::PathBuf;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use belfry_core::secret::Secret;
use tokio::sync::oneshot;

use super::{SecretError, file, keyring};

/// How long a call may take. A locked keyring asks the person first; the caller tries again later.
const TIMEOUT: Duration = Duration::from_secs(3);
/// The worker and its connection to the keyring end when nothing was asked for this long.
const LINGER: Duration = Duration::from_secs(20);
/// Calls that may wait; more are refused as busy.
const QUEUE: usize = 16;

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

/// It is started when needed and ends when idle.
#[derive(Debug)]
pub(super) struct Worker {
    place: Place,
    queue: Mutex<Option<SyncSender<Job>>>,
}

impl Worker {
    pub(super) fn new(place: Place) -> Self {
        Self { place, queue: Mutex::new(None) }
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
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = queue.as_ref() {
            match sender.try_send(job) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Full(_)) => return Err(SecretError::Busy),
                // It ended for want of work, or its call panicked: a new one takes over.
                Err(TrySendError::Disconnected(returned)) => job = returned,
            }
        }
        let (sender, jobs) = sync_channel::<Job>(QUEUE);
        let place = self.place.clone();
        let started = std::thread::Builder::new().name("secrets".to_owned()).spawn(move || {
            let mut connection = None;
            // Ends when nothing came for a while, or when the store is gone.
            while let Ok(job) = jobs.recv_timeout(LINGER) {
                // Nobody waits any more after the time-out: what was given up must not happen later by surprise.
                if job.answer.is_closed() {
                    continue;
                }
                let outcome = match &place {
                    Place::Keyring => keyring::answer(&mut connection, job.request),
                    Place::File(path) => in_file(path, job.request),
                };
                job.answer.send(outcome).ok(); // it waited too long
            }
        });
        started.map_err(|error| SecretError::File(error.kind().to_string()))?;
        sender.try_send(job).map_err(|_full| SecretError::Busy)?;
        *queue = Some(sender);
        Ok(())
    }
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
