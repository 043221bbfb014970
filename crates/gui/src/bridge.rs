//! Between the agent and a face: a thread that reads, a thread that writes, and a cell that holds the newest view.
//!
//! The face never waits for either. The reader replaces the view and asks for one repaint; only the newest view matters,
//! so a burst costs one frame.

use std::collections::{HashMap, VecDeque};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use belfry_agent::control::client;
use belfry_agent::control::protocol;
use belfry_core::command::{Command, Place};
use belfry_core::query::{Answer, Query};
use belfry_core::signal::Signal;
use belfry_core::view::View;

/// Answers that were not looked at yet: more than these are dropped, the oldest first.
const ANSWERS_KEPT: usize = 64;
/// What waits to be written: when it is full the agent does not read, and more is dropped with a warning.
const UPS_KEPT: usize = 256;

/// Numbers the questions of one face.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueryId(pub u64);

/// From a face to the agent.
#[derive(Clone, Debug, PartialEq)]
pub enum Up {
    /// The person wants something done.
    Command(Command),
    /// Something happened on the screen.
    Signal(Signal),
    /// A question.
    Query(QueryId, Query),
}

/// From the agent to a face.
#[derive(Clone, Debug, PartialEq)]
pub enum Down {
    /// The newest view.
    View(Arc<View>),
    /// An answer.
    Answer(QueryId, Answer),
    /// Come to the front, on this place where one is named.
    Raise(Option<Place>),
}

/// The other side is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkClosed;

type Next = Box<dyn FnMut() -> Option<Down> + Send>;
type Sender = Box<dyn FnMut(Up) -> Result<(), LinkClosed> + Send>;

/// What a face needs of the agent.
pub struct Link {
    next: Next,
    send: Sender,
}

impl Link {
    /// Wraps a connection: `next` waits for what comes, `None` being its end; `send` writes one thing.
    /// Each is called on a thread of its own, so both may block.
    pub fn new(
        next: impl FnMut() -> Option<Down> + Send + 'static,
        send: impl FnMut(Up) -> Result<(), LinkClosed> + Send + 'static,
    ) -> Self {
        Self { next: Box::new(next), send: Box::new(send) }
    }

    /// A link over the control socket.
    pub fn over(mut receiver: client::Receiver, mut sender: client::Sender) -> Self {
        // The client numbers questions itself. The lock is held while one is written, so its answer finds the entry.
        let numbers = Arc::new(Mutex::new(HashMap::<u64, QueryId>::new()));
        let theirs = Arc::clone(&numbers);
        let next = move || {
            loop {
                match receiver.receive() {
                    Ok(Some(protocol::Down::View(view))) => return Some(Down::View(Arc::from(view))),
                    Ok(Some(protocol::Down::Answer { id, answer })) => {
                        if let Some(ours) = lock(&theirs).remove(&id) {
                            return Some(Down::Answer(ours, *answer));
                        }
                    }
                    Ok(Some(protocol::Down::Raise(place))) => return Some(Down::Raise(place)),
                    Ok(Some(protocol::Down::Welcome { .. } | protocol::Down::Synced(_))) => {}
                    Ok(Some(protocol::Down::Bye | protocol::Down::WrongBuild { .. }) | None) => return None,
                    Err(error) => {
                        tracing::warn!(%error, "the connection to the agent ended");
                        return None;
                    }
                }
            }
        };
        let send = move |up| {
            let sent = match up {
                Up::Command(command) => sender.command(command),
                Up::Signal(signal) => sender.signal(signal),
                Up::Query(ours, query) => {
                    let mut numbers = lock(&numbers);
                    sender.query(query).map(|id| {
                        numbers.insert(id, ours);
                    })
                }
            };
            sent.map_err(|error| {
                tracing::warn!(%error, "the agent cannot be reached any more");
                LinkClosed
            })
        };
        Self::new(next, send)
    }

    /// A link within this process, and its far end.
    pub fn pair() -> (Self, Peer) {
        let (down, downs) = sync_channel(UPS_KEPT);
        let (up, ups) = sync_channel::<Up>(UPS_KEPT);
        let link = Self::new(move || downs.recv().ok(), move |message| up.send(message).map_err(|_gone| LinkClosed));
        (link, Peer { down, ups })
    }
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Link")
    }
}

/// The far end of [`Link::pair`].
#[derive(Debug)]
pub struct Peer {
    /// Towards the face.
    pub down: SyncSender<Down>,
    /// From the face.
    pub ups: Receiver<Up>,
}

/// Come to the front.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raise {
    /// On this place, where one is named.
    pub place: Option<Place>,
}

#[derive(Default)]
struct Inbox {
    view: Option<Arc<View>>,
    /// The newest, looked at or not.
    newest: Option<Arc<View>>,
    answers: VecDeque<(QueryId, Answer)>,
    raise: Option<Raise>,
    closed: bool,
    waker: Option<egui::Context>,
}

/// What came since the last look.
#[derive(Debug, Default)]
pub struct News {
    /// The newest view, where one came.
    pub view: Option<Arc<View>>,
    /// Answers, in order.
    pub answers: Vec<(QueryId, Answer)>,
    /// Come to the front.
    pub raise: Option<Raise>,
    /// The agent is gone: end.
    pub closed: bool,
}

/// A face's end of a [`Link`].
pub struct Bridge {
    shared: Arc<(Mutex<Inbox>, Condvar)>,
    ups: SyncSender<Up>,
}

impl std::fmt::Debug for Bridge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Bridge")
    }
}

impl Bridge {
    /// Starts the two threads.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub fn start(link: Link) -> std::io::Result<Self> {
        let Link { mut next, mut send } = link;
        let shared = Arc::new((Mutex::new(Inbox::default()), Condvar::new()));
        let theirs = Arc::clone(&shared);
        std::thread::Builder::new().name("link-in".to_owned()).spawn(move || {
            loop {
                let down = next();
                let ended = down.is_none();
                receive(&theirs, down);
                if ended {
                    break;
                }
            }
        })?;
        let theirs = Arc::clone(&shared);
        let (ups, waiting) = sync_channel(UPS_KEPT);
        std::thread::Builder::new().name("link-out".to_owned()).spawn(move || {
            while let Ok(up) = waiting.recv() {
                if send(up).is_err() {
                    receive(&theirs, None);
                    break;
                }
            }
        })?;
        Ok(Self { shared, ups })
    }

    /// From now on, ask this context for a repaint when something came.
    pub fn wake(&self, ctx: &egui::Context) {
        lock(&self.shared.0).waker = Some(ctx.clone());
    }

    /// Waits for the first view, at most this long. It stays in the inbox.
    pub fn first_view(&self, at_most: Duration) -> Option<Arc<View>> {
        let (inbox, changed) = &*self.shared;
        let (inbox, _timed_out) = changed
            .wait_timeout_while(lock(inbox), at_most, |inbox| inbox.view.is_none() && !inbox.closed)
            .unwrap_or_else(PoisonError::into_inner);
        inbox.view.clone()
    }

    /// What came since the last look.
    pub fn take(&self) -> News {
        let mut inbox = lock(&self.shared.0);
        News {
            view: inbox.view.take(),
            answers: inbox.answers.drain(..).collect(),
            raise: inbox.raise.take(),
            closed: inbox.closed,
        }
    }

    /// Hands something to the writer; never waits.
    pub fn send(&self, up: Up) {
        match self.ups.try_send(up) {
            // A writer that ended has said so in the inbox already.
            Ok(()) | Err(TrySendError::Disconnected(_)) => {}
            Err(TrySendError::Full(_)) => tracing::warn!("the agent does not read: something was not sent"),
        }
    }
}

/// A panic while the lock is held cannot leave an inbox half-written that matters: every field stands alone.
fn lock<T>(cell: &Mutex<T>) -> MutexGuard<'_, T> {
    cell.lock().unwrap_or_else(PoisonError::into_inner)
}

fn receive((inbox, changed): &(Mutex<Inbox>, Condvar), down: Option<Down>) {
    let waker = {
        let mut inbox = lock(inbox);
        let mut calls_for_a_frame = true;
        match down {
            Some(Down::View(view)) => {
                calls_for_a_frame = inbox.newest.as_ref().is_none_or(|old| looks_different(old, &view));
                inbox.newest = Some(Arc::clone(&view));
                inbox.view = Some(view);
            }
            Some(Down::Answer(id, answer)) => {
                if inbox.answers.len() == ANSWERS_KEPT {
                    inbox.answers.pop_front();
                }
                inbox.answers.push_back((id, answer));
            }
            Some(Down::Raise(place)) => inbox.raise = Some(Raise { place }),
            None => inbox.closed = true,
        }
        inbox.waker.clone().filter(|_| calls_for_a_frame)
    };
    changed.notify_all();
    if let Some(ctx) = waker {
        ctx.request_repaint();
    }
}

/// Whether anybody could see that this view is newer. Live servers give a sign of life every half minute, and that is
/// no reason to draw: where it is shown, as "4 s ago", frames come of themselves.
fn looks_different(old: &View, new: &View) -> bool {
    let mut old = old.clone();
    old.revision = new.revision;
    for (old, new) in old.servers.iter_mut().zip(&new.servers) {
        old.last_heard_ms = new.last_heard_ms;
    }
    old != *new
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(revision: u64) -> Arc<View> {
        Arc::new(View { revision, ..View::default() })
    }

    #[test]
    fn only_the_newest_view_of_a_burst_is_seen_and_the_end_is_told() {
        let (link, peer) = Link::pair();
        let bridge = Bridge::start(link).unwrap();
        for revision in 1..=50 {
            peer.down.send(Down::View(view(revision))).unwrap();
        }
        drop(peer);
        let mut newest = 0;
        loop {
            let news = bridge.take();
            newest = news.view.map_or(newest, |view| view.revision);
            if news.closed {
                break;
            }
            std::thread::yield_now();
        }
        assert_eq!(newest, 50);
    }

    #[test]
    fn a_sign_of_life_alone_draws_nothing() {
        let heard = |ms| {
            let mut view = View { revision: 7, ..crate::testing::view() };
            view.servers[0].last_heard_ms = ms;
            view
        };
        assert!(!looks_different(&heard(1_000), &View { revision: 8, ..heard(31_000) }));
        assert!(looks_different(&heard(1_000), &View { banners_waiting: 9, ..heard(31_000) }));
        assert!(looks_different(&heard(1_000), &View::default()), "a server is gone");
    }

    #[test]
    fn what_a_face_sends_arrives_in_order() {
        let (link, peer) = Link::pair();
        let bridge = Bridge::start(link).unwrap();
        bridge.send(Up::Command(Command::Resume));
        bridge.send(Up::Command(Command::ShowWindow));
        assert_eq!(peer.ups.recv().unwrap(), Up::Command(Command::Resume));
        assert_eq!(peer.ups.recv().unwrap(), Up::Command(Command::ShowWindow));
    }

    #[test]
    fn the_first_view_can_be_waited_for_and_is_still_there_afterwards() {
        let (link, peer) = Link::pair();
        let bridge = Bridge::start(link).unwrap();
        peer.down.send(Down::View(view(7))).unwrap();
        assert_eq!(bridge.first_view(Duration::from_secs(20)).unwrap().revision, 7);
        assert_eq!(bridge.take().view.unwrap().revision, 7);
    }
}
