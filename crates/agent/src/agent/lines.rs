//! The lines of `belfry headless --json`: a thread of its own, because whoever reads them may stop reading.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;

/// Lines waiting for the reader. When it is full, lines are left out, and a line says how many.
const QUEUE: usize = 1024;

/// The queue in front of the thread.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    queue: SyncSender<String>,
    lost: Arc<AtomicU64>,
}

/// The reader is gone.
#[derive(Debug)]
pub(super) struct Closed;

impl Lines {
    pub(super) fn start(out: Box<dyn Write + Send>) -> io::Result<(Self, thread::JoinHandle<()>)> {
        let (queue, lines) = sync_channel(QUEUE);
        let lost = Arc::new(AtomicU64::new(0));
        let thread = thread::Builder::new().name("lines".to_owned()).spawn({
            let lost = Arc::clone(&lost);
            move || write_all(&lines, &lost, out)
        })?;
        Ok((Self { queue, lost }, thread))
    }

    pub(super) fn write(&self, line: String) -> Result<(), Closed> {
        match self.queue.try_send(line) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(_)) => {
                self.lost.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
            Err(TrySendError::Disconnected(_)) => Err(Closed),
        }
    }
}

fn write_all(lines: &Receiver<String>, lost: &AtomicU64, mut out: Box<dyn Write + Send>) {
    while let Ok(line) = lines.recv() {
        let mut write = |line: &str| out.write_all(format!("{line}\n").as_bytes()).and_then(|()| out.flush());
        let written = match lost.swap(0, Ordering::Relaxed) {
            0 => Ok(()),
            lost => write(&format!("{{\"kind\":\"lost\",\"lines\":{lost}}}")),
        };
        if written.and_then(|()| write(&line)).is_err() {
            return;
        }
    }
}
