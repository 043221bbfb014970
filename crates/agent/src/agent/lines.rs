//! The lines of `belfry headless`: a thread of its own, because whoever reads them may stop reading.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;

use belfry_core::activity::Decision;
use belfry_core::badge::Badge;
use belfry_core::ids::CallId;
use belfry_core::problem::{Problem, ProblemKind};
use belfry_core::signal::Signal;
use belfry_net::lines::{self, State};
use tokio::sync::mpsc;

use super::executor::Call;

/// Lines waiting for the reader. When it is full, lines are left out, and a line says how many.
const QUEUE: usize = 1024;

/// How lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A JSON object each, with the messages' text: for the program that reads them.
    Json,
    /// Words, without the messages' text: they may end in a log.
    Plain,
}

/// The queue in front of the thread.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    format: Format,
    queue: SyncSender<Job>,
    lost: Arc<AtomicU64>,
}

#[derive(Debug)]
enum Job {
    Line(String),
    /// Everything before it was taken by the reader: say so.
    Taken(Signal, mpsc::Sender<Signal>),
}

impl Lines {
    /// `calls` hears of a reader that is gone.
    pub(super) fn start(
        format: Format,
        out: Box<dyn Write + Send>,
        calls: mpsc::Sender<Call>,
    ) -> io::Result<(Self, thread::JoinHandle<()>)> {
        let (queue, jobs) = sync_channel(QUEUE);
        let lost = Arc::new(AtomicU64::new(0));
        let thread = thread::Builder::new().name("lines".to_owned()).spawn({
            let lost = Arc::clone(&lost);
            move || {
                if write_all(format, &jobs, &lost, out).is_err() {
                    calls.blocking_send(Call::OutputGone).ok(); // it ends already
                }
            }
        })?;
        Ok((Self { format, queue, lost }, thread))
    }

    pub(super) fn decision(&self, decision: &Decision) {
        if !lines::is_news(decision) {
            return;
        }
        self.write(match self.format {
            Format::Json => lines::decision(decision, None),
            Format::Plain => lines::decision_plain(decision),
        });
    }

    pub(super) fn ring_stopped(&self, call_id: CallId) {
        match self.format {
            Format::Json => self.write(lines::ring_stopped(call_id, None)),
            Format::Plain => {}
        }
    }

    pub(super) fn badge(&self, badge: Badge) {
        self.write(match self.format {
            Format::Json => lines::badge(badge, None),
            Format::Plain => lines::badge_plain(badge),
        });
    }

    pub(super) fn state(&self, state: &State) {
        self.write(match self.format {
            Format::Json => state.json(),
            Format::Plain => state.plain(),
        });
    }

    pub(super) fn summary(&self, text: &str) {
        self.write(match self.format {
            Format::Json => lines::summary(text),
            Format::Plain => text.to_owned(),
        });
    }

    pub(super) fn problem(&self, problem: &Problem) {
        self.write(match self.format {
            Format::Json => lines::problem(problem),
            Format::Plain => format!("{}. {}", problem.what, problem.advice),
        });
    }

    pub(super) fn problem_over(&self, kind: ProblemKind) {
        self.write(match self.format {
            Format::Json => lines::problem_over(kind),
            Format::Plain => format!("{}: works again", lines::part(kind)),
        });
    }

    /// Reports a signal once the reader has taken every line that was written before. `false` where that cannot be told:
    /// the lines hold no text, or the reader is behind.
    pub(super) fn once_taken(&self, signal: Signal, reports: mpsc::Sender<Signal>) -> bool {
        self.format == Format::Json && self.queue.try_send(Job::Taken(signal, reports)).is_ok()
    }

    fn write(&self, line: String) {
        let line = match self.format {
            Format::Json => line,
            // Names and reasons come from servers: nothing of them reaches a terminal's own language.
            Format::Plain => line.chars().filter(|c| !c.is_control()).collect(),
        };
        if let Err(TrySendError::Full(_)) = self.queue.try_send(Job::Line(line)) {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn write_all(format: Format, jobs: &Receiver<Job>, lost: &AtomicU64, mut out: Box<dyn Write + Send>) -> io::Result<()> {
    while let Ok(job) = jobs.recv() {
        let line = match job {
            Job::Line(line) => line,
            Job::Taken(signal, reports) => {
                reports.blocking_send(signal).ok(); // the end: told again by the next run
                continue;
            }
        };
        let mut write = |line: &str| out.write_all(format!("{line}\n").as_bytes()).and_then(|()| out.flush());
        match (lost.swap(0, Ordering::Relaxed), format) {
            (0, _) => {}
            (lost, Format::Json) => write(&lines::lost(lost))?,
            (lost, Format::Plain) => write(&format!("{lost} lines were left out"))?,
        }
        write(&line)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// A reader that takes nothing until it is let.
    #[derive(Clone)]
    struct Slow {
        taken: Arc<Mutex<Vec<u8>>>,
        gate: Arc<Mutex<()>>,
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _open = self.gate.lock().unwrap();
            self.taken.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_stalls_holds_nobody_up_and_is_told_how_much_it_missed() {
        let slow = Slow { taken: Arc::default(), gate: Arc::default() };
        let (taken, gate) = (Arc::clone(&slow.taken), Arc::clone(&slow.gate));
        let stalled = gate.lock().unwrap();
        let (lines, thread) = Lines::start(Format::Json, Box::new(slow), mpsc::channel(1).0).unwrap();
        let (reports, mut told) = mpsc::channel(8);
        for n in 0..3000 {
            lines.summary(&n.to_string());
        }
        let late = Signal::ToastPrinted(belfry_core::ids::BannerId(1));
        assert!(!lines.once_taken(late.clone(), reports.clone()), "nothing is promised while lines are left out");
        drop(stalled);
        while !lines.once_taken(late.clone(), reports.clone()) {
            thread::yield_now();
        }
        lines.summary("the last");
        drop(lines);
        thread.join().unwrap();
        assert_eq!(told.try_recv(), Ok(late));
        let text = String::from_utf8(taken.lock().unwrap().clone()).unwrap();
        let told: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let lost: u64 = told.iter().filter_map(|line| line["lines"].as_u64()).sum();
        let kept = told.iter().filter(|line| line["kind"] == "summary").count();
        assert!(lost > 0);
        assert_eq!(u64::try_from(kept).unwrap() + lost, 3001, "every line is there or counted");
    }

    #[test]
    fn a_reader_that_is_gone_is_told_with_the_first_line_that_it_does_not_take() {
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let (calls, mut called) = mpsc::channel(1);
        let (lines, thread) = Lines::start(Format::Json, Box::new(Gone), calls).unwrap();
        lines.summary("anybody there?");
        assert_eq!(called.blocking_recv(), Some(Call::OutputGone));
        thread.join().unwrap();
        lines.summary("nobody");
    }

    #[test]
    fn plain_lines_hold_no_terminal_codes() {
        let slow = Slow { taken: Arc::default(), gate: Arc::default() };
        let taken = Arc::clone(&slow.taken);
        let (lines, thread) = Lines::start(Format::Plain, Box::new(slow), mpsc::channel(1).0).unwrap();
        lines.summary("a\u{1b}[31mb\nc");
        drop(lines);
        thread.join().unwrap();
        assert_eq!(String::from_utf8(taken.lock().unwrap().clone()).unwrap(), "a[31mbc\n");
    }
}
