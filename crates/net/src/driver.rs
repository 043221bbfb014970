//! The task that owns the engine: inputs in, effects out, the picture published when it moved.
//!
//! Nothing here waits for a face, for a sound or for a disk. Queues: 256 reports of sessions (sessions wait, which slows
//! their sockets), 64 commands (faces are refused and say so), 64 signals and effects that nobody took yet up to 1024;
//! beyond that sessions wait too, while commands and signals still get through.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use belfry_core::command::Command;
use belfry_core::effect::{Difference, Effect};
use belfry_core::event::{Connection, Event, Fetched};
use belfry_core::ids::ServerId;
use belfry_core::prefs::LocalPrefs;
use belfry_core::problem::ProblemKind;
use belfry_core::query::{Answer, Query};
use belfry_core::signal::{Signal, Surface};
use belfry_core::time::{MonoTime, Now};
use belfry_core::view::View;
use belfry_core::{Engine, Input};
use tokio::sync::{mpsc, oneshot, watch};

use crate::clock::Clock;
use crate::runtime::Earlier;
use crate::session::task::{FromSession, ToSession, Told, not_connected};
use crate::supervisor::Supervisor;
use crate::wire;

/// Reports handled before the picture is published again: a burst is painted once.
const BATCH: usize = 64;
/// Effects that nobody took yet.
const EFFECTS_WAITING: usize = 1024;

/// A question that only the session of a server can answer.
#[derive(Debug)]
pub(crate) struct Wish {
    pub(crate) server: ServerId,
    /// Holds the way back; without a session it is dropped, which its asker sees.
    pub(crate) question: ToSession,
}

/// A question that only the engine can answer.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) query: Query,
    pub(crate) answer: oneshot::Sender<Option<Answer>>,
}

/// The ends of the queues that the driver holds.
#[derive(Debug)]
pub(crate) struct Queues {
    pub(crate) reports: mpsc::Receiver<FromSession>,
    pub(crate) commands: mpsc::Receiver<Command>,
    pub(crate) signals: mpsc::Receiver<Signal>,
    pub(crate) wishes: mpsc::Receiver<Wish>,
    pub(crate) questions: mpsc::Receiver<Asked>,
    pub(crate) effects: mpsc::Sender<Effect>,
    pub(crate) view: watch::Sender<Arc<View>>,
    pub(crate) stop: oneshot::Receiver<()>,
}

/// Waits until there is room in the queue; `false` where nobody empties it any more.
async fn has_taken(effects: &mpsc::Sender<Effect>) -> bool {
    effects.reserve().await.is_ok()
}

pub(crate) struct Driver {
    engine: Engine,
    clock: Clock,
    queues: Queues,
    supervisor: Supervisor,
    outbox: VecDeque<Effect>,
    published: u64,
    /// Frames that could not be read, by server, since it was last connected anew.
    unreadable: BTreeMap<ServerId, u64>,
    complained: BTreeSet<ServerId>,
}

impl Driver {
    pub(crate) fn new(prefs: LocalPrefs, clock: Clock, queues: Queues, supervisor: Supervisor) -> Self {
        Self {
            engine: Engine::new(prefs),
            clock,
            queues,
            supervisor,
            outbox: VecDeque::new(),
            published: u64::MAX,
            unreadable: BTreeMap::new(),
            complained: BTreeSet::new(),
        }
    }

    /// Runs until it is told to stop, then ends the sessions.
    pub(crate) async fn run(mut self, surface: Surface, earlier: Earlier) {
        let now = self.clock.now();
        self.step(&now, Input::Signal(Signal::SurfaceChanged(surface)));
        let Earlier { presented, marks, put_off } = earlier;
        self.step(&now, Input::PutOff(put_off));
        self.step(&now, Input::Started { presented, marks });
        loop {
            self.publish();
            let wake = self.wake();
            let sleep = async move {
                match wake {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            let has_room = self.outbox.len() < EFFECTS_WAITING;
            tokio::select! {
                // What is rare goes first: no flood of reports holds up a person or a deadline; and a simulated run repeats
                // itself.
                biased;
                _ = &mut self.queues.stop => break,
                () = sleep => {
                    let now = self.clock.now();
                    self.step(&now, Input::Tick);
                }
                Some(signal) = self.queues.signals.recv() => self.on_signal(signal),
                Some(command) = self.queues.commands.recv() => self.on_command(command),
                Some(Wish { server, question }) = self.queues.wishes.recv() => {
                    self.supervisor.send(server, question).ok();
                }
                Some(Asked { query, answer }) = self.queues.questions.recv() => {
                    let now = self.clock.now();
                    // Nobody may wait for it any more.
                    answer.send(self.engine.answer(&now, &query)).ok();
                }
                id = self.supervisor.panicked() => {
                    let reason = "an error in Belfry ended the connection; it begins again by itself".to_owned();
                    let now = self.clock.now();
                    self.step(&now, Input::Server(id, Event::Connection(Connection::Failed { reason })));
                }
                // Nobody else fills this queue, so the room that was seen is still there when `hand_out` uses it.
                taken = has_taken(&self.queues.effects), if !self.outbox.is_empty() => {
                    if !taken {
                        // Nobody carries effects out any more: the end is near.
                        self.outbox.clear();
                    }
                }
                Some(report) = self.queues.reports.recv(), if has_room => self.on_reports(report),
            }
            self.hand_out();
        }
        self.publish();
        self.hand_out();
        // Reports that sessions still want to give would block their farewell.
        self.queues.reports.close();
        while self.queues.reports.try_recv().is_ok() {}
        self.supervisor.shut_down().await;
    }

    /// Gives away what is taken at once.
    fn hand_out(&mut self) {
        while let Some(effect) = self.outbox.pop_front() {
            match self.queues.effects.try_send(effect) {
                Err(mpsc::error::TrySendError::Full(effect)) => {
                    self.outbox.push_front(effect);
                    return;
                }
                Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => {}
            }
        }
    }

    /// The next moment at which the engine wants to be asked.
    fn wake(&self) -> Option<tokio::time::Instant> {
        let mono = self.engine.next_deadline().map(|at| self.clock.instant(at));
        let wall = self.engine.next_wall_deadline_ms().map(|at| {
            let left = u64::try_from(at.saturating_sub(self.clock.wall_ms())).unwrap_or(0);
            // The wall clock may be set meanwhile: look at it again at least every minute.
            let left = Duration::from_millis(left).min(Duration::from_mins(1)).max(Duration::from_millis(1));
            tokio::time::Instant::now() + left
        });
        [mono, wall].into_iter().flatten().min()
    }

    fn publish(&mut self) {
        let revision = self.engine.revision();
        if revision != self.published {
            self.published = revision;
            self.queues.view.send_replace(Arc::new(self.engine.view(&self.clock.now())));
        }
    }

    fn on_command(&mut self, command: Command) {
        if let Command::CheckAgain(id) = command
            && self.supervisor.runs(id)
        {
            // A session that lives keeps what it knows of its connection, so nothing missed is lost.
            if self.supervisor.send(id, ToSession::CheckAgain).is_ok() {
                return;
            }
        }
        let now = self.clock.now();
        self.step(&now, Input::Command(command));
    }

    fn on_signal(&mut self, signal: Signal) {
        let now = self.clock.now();
        match signal {
            Signal::Woke => self.supervisor.woke(),
            Signal::NetworkUp => self.supervisor.network_up(),
            Signal::InputSeen { ago_ms } => {
                let at = MonoTime(now.mono.0.saturating_sub(ago_ms));
                self.supervisor.person(|person| person.last_input = Some(at));
            }
            Signal::ScreenLocked(locked) => self.supervisor.person(|person| person.locked = locked),
            Signal::SurfaceChanged(_)
            | Signal::BannersFaceConnected
            | Signal::BannersFaceGone
            | Signal::BannerPresented { .. }
            | Signal::BannersHovered(_)
            | Signal::ToastShown(_)
            | Signal::ToastClosed(_)
            | Signal::ToastClicked(_)
            | Signal::ToastFailed(_)
            | Signal::ToastPrinted(_)
            | Signal::SystemDoNotDisturb(_)
            | Signal::FullScreen(_)
            | Signal::DisplayAsleep(_)
            | Signal::SoundStarted(_)
            | Signal::SoundEnded
            | Signal::ProblemRaised { .. }
            | Signal::ProblemCleared(_) => {}
        }
        self.step(&now, Input::Signal(signal));
    }

    /// Handles one report, and those that wait behind it.
    fn on_reports(&mut self, first: FromSession) {
        let mut next = Some(first);
        let mut left = BATCH;
        while let Some(report) = next.take() {
            if self.supervisor.is_current(&report) {
                self.on_report(report);
            }
            left -= 1;
            if left > 0 && self.outbox.len() < EFFECTS_WAITING {
                next = self.queues.reports.try_recv().ok();
            }
        }
    }

    fn on_report(&mut self, report: FromSession) {
        let now = self.clock.now();
        let id = report.server;
        match report.told {
            Told::Frame(text) => self.on_frame(&now, id, &text),
            Told::Signal(signal) => self.step(&now, Input::Signal(signal)),
            Told::Event(event) => {
                if matches!(*event, Event::Connection(Connection::Live { .. })) {
                    self.unreadable.remove(&id);
                    if self.complained.remove(&id) {
                        self.step(&now, Input::Signal(Signal::ProblemCleared(ProblemKind::Wire(id))));
                    }
                }
                self.step(&now, Input::Server(id, *event));
            }
        }
    }

    fn on_frame(&mut self, now: &Now, id: ServerId, text: &str) {
        match wire::decode(text) {
            Ok(Some(event)) => self.step(now, Input::Server(id, event)),
            Ok(None) => self.step(now, Input::Server(id, Event::Heard)),
            Err(error) => {
                let count = self.unreadable.entry(id).or_default();
                *count = count.saturating_add(1);
                tracing::debug!(server = id.0, %error, bytes = text.len(), count = *count, "frame skipped");
                if self.complained.insert(id) {
                    let detail = error.to_string();
                    self.step(now, Input::Signal(Signal::ProblemRaised { kind: ProblemKind::Wire(id), detail }));
                }
                self.step(now, Input::Server(id, Event::Heard));
            }
        }
    }

    /// One step of the engine; what concerns sessions is done here, the rest waits in the outbox.
    fn step(&mut self, now: &Now, input: Input<'_>) {
        let mut effects = VecDeque::from(self.engine.step(now, input));
        // A failed question may lead to another; never to an endless chain within one moment.
        let mut refusals = 0;
        while let Some(effect) = effects.pop_front() {
            match effect {
                Effect::Fetch(id, fetch) => {
                    let Err(refused) = self.supervisor.send(id, ToSession::Fetch(fetch)) else { continue };
                    refusals += 1;
                    if let ToSession::Fetch(fetch) = refused
                        && refusals <= BATCH
                    {
                        let failed = Event::Fetched(Fetched::Failed(fetch));
                        effects.extend(self.engine.step(now, Input::Server(id, failed)));
                    }
                }
                Effect::Write(id, write) => {
                    let Err(refused) = self.supervisor.send(id, ToSession::Write(write)) else { continue };
                    tracing::warn!(server = id.0, "a change was dropped: no session takes it");
                    if let ToSession::Write(write) = refused
                        && let Some(number) = write.number()
                    {
                        let told = Event::Written { number, outcome: not_connected() };
                        effects.extend(self.engine.step(now, Input::Server(id, told)));
                    }
                }
                Effect::StartSession(id) => {
                    let prefs = self.engine.prefs().servers.iter().find(|server| server.id == id).cloned();
                    if let Some(prefs) = prefs {
                        self.supervisor.start(prefs);
                    } else {
                        tracing::warn!(server = id.0, "a session was wanted for a server that is not listed");
                    }
                }
                Effect::StopSession(id) => {
                    self.supervisor.stop(id);
                    self.unreadable.remove(&id);
                    self.complained.remove(&id);
                }
                Effect::CountsDiffer(id, difference) => {
                    let Difference { place, held, told, missed } = difference;
                    tracing::warn!(
                        server = id.0,
                        ?place,
                        ?held,
                        ?told,
                        missed,
                        "unread counts differed and are read again"
                    );
                }
                Effect::PlaySound(_)
                | Effect::Settled { .. }
                | Effect::Snoozed { .. }
                | Effect::Mark(..)
                | Effect::ForgetMark(_)
                | Effect::StopSound
                | Effect::RingStopped { .. }
                | Effect::ShowToast(_)
                | Effect::CloseToast(_)
                | Effect::Record(_)
                | Effect::Presented { .. }
                | Effect::SavePrefs(_)
                | Effect::OpenUrl(_)
                | Effect::ShowWindow
                | Effect::ShowPlace(_)
                | Effect::Quit => self.outbox.push_back(effect),
            }
        }
    }
}
