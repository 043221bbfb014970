//! What waits for the disk: in order, without blocking whoever decides, and bounded by size.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use belfry_core::ids::PostId;

use super::{Full, Job};

/// So much may wait, in bytes of message text and of what surrounds it: thousands of ordinary messages, while the disk
/// stands still for seconds.
const ROOM: usize = 8 << 20;
/// So much more may wait of what the ledger needs, because a line of it is small and must not be lost.
const RESERVE: usize = 8 << 20;
/// What a waiting decision takes beside its text, about.
const DECISION: usize = 1024;
/// What another job takes, about.
const OTHER: usize = 128;

/// Where jobs are put. Cheap to clone; the other end ends when the last one is dropped.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    jobs: Sender<Job>,
    bytes: Arc<AtomicUsize>,
}

/// Where they are taken from.
#[derive(Debug)]
pub(super) struct Waiting {
    jobs: Receiver<Job>,
    bytes: Arc<AtomicUsize>,
    /// Taken, and perhaps not written yet.
    taken: usize,
}

/// Both ends of a queue.
pub(super) fn queue() -> (Queue, Waiting) {
    let (sender, receiver) = channel();
    let bytes = Arc::new(AtomicUsize::new(0));
    (Queue { jobs: sender, bytes: Arc::clone(&bytes) }, Waiting { jobs: receiver, bytes, taken: 0 })
}

impl Queue {
    /// Puts a job there unless too much waits. Without anybody at the other end it is dropped: everything ends.
    pub(super) fn offer(&self, job: Job) -> Result<(), Full<Job>> {
        self.put(job, ROOM)
    }

    /// The same, into the reserve.
    pub(super) fn insist(&self, job: Job) -> Result<(), Full<Job>> {
        self.put(job, ROOM.saturating_add(RESERVE))
    }

    fn put(&self, job: Job, room: usize) -> Result<(), Full<Job>> {
        let size = size(&job);
        if self.bytes.load(Ordering::Relaxed).saturating_add(size) > room {
            return Err(Full(job));
        }
        self.bytes.fetch_add(size, Ordering::Relaxed);
        self.jobs.send(job).ok(); // shutting down
        Ok(())
    }
}

impl Waiting {
    /// Waits for a job and takes at most `batch` more that wait behind it; `None` when nobody can put one there any more.
    /// What the last call gave is counted as waiting until this one.
    pub(super) fn next(&mut self, batch: usize) -> Option<Vec<Job>> {
        self.bytes.fetch_sub(std::mem::take(&mut self.taken), Ordering::Relaxed);
        let first = self.jobs.recv().ok()?;
        let jobs: Vec<Job> = std::iter::once(first).chain(self.jobs.try_iter().take(batch)).collect();
        self.taken = jobs.iter().map(size).sum();
        Some(jobs)
    }
}

fn size(job: &Job) -> usize {
    match job {
        Job::Record { draft, .. } => draft.text_len().saturating_add(DECISION),
        Job::Presented { posts, .. } => posts.len().saturating_mul(size_of::<PostId>()).saturating_add(OTHER),
        _ => OTHER,
    }
}
