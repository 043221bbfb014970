//! The public entry: starts the driver on a runtime and hands out the ends of its queues.

use std::sync::Arc;
use std::time::Duration;

use belfry_core::command::Command;
use belfry_core::effect::Effect;
use belfry_core::event::User;
use belfry_core::ids::{PostId, ServerId};
use belfry_core::missed::{Mark, PutOff};
use belfry_core::prefs::LocalPrefs;
use belfry_core::query::{Answer, Query, Subject};
use belfry_core::signal::{Signal, Surface};
use belfry_core::view::View;
use thiserror::Error;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::clock::{self, Clock};
use crate::dial::{Network, Routes};
use crate::driver::{Asked, Driver, Queues, Wish};
use crate::http::HttpError;
use crate::secrets::SecretStore;
use crate::session::backoff::{Dice, Timing};
use crate::session::task::ToSession;
use crate::supervisor::{Means, Supervisor};

const REPORTS: usize = 256;
const COMMANDS: usize = 64;
const SIGNALS: usize = 64;
const WISHES: usize = 16;
const QUESTIONS: usize = 16;
const EFFECTS: usize = 256;
/// Sessions have two seconds; the rest is margin.
const SHUTDOWN: Duration = Duration::from_secs(3);

/// What the driver begins with.
#[derive(Debug)]
pub struct Setup {
    /// Local preferences as they were on disk.
    pub prefs: LocalPrefs,
    /// Where tokens are.
    pub secrets: Arc<SecretStore>,
    /// Where notifications can be shown at the start.
    pub surface: Surface,
    /// What earlier runs decided.
    pub earlier: Earlier,
    /// How servers are reached; [`Network`] outside tests.
    pub routes: Arc<dyn Routes>,
    /// What chance follows from; unforeseeable outside tests.
    pub seed: u64,
    /// The sessions' times; the default is the protocol's.
    pub timing: Timing,
    /// The clock; [`clock::process`] outside tests.
    pub clock: Clock,
}

/// What earlier runs decided.
#[derive(Clone, Debug, Default)]
pub struct Earlier {
    /// Posts that were decided, the oldest first: never announced again.
    pub presented: Vec<(ServerId, PostId)>,
    /// Up to when everything was.
    pub marks: Vec<(ServerId, Mark)>,
    /// Cards that were put off.
    pub put_off: Vec<PutOff>,
}

impl Setup {
    /// The usual set-up.
    pub fn new(prefs: LocalPrefs, secrets: Arc<SecretStore>, surface: Surface) -> Self {
        Self {
            prefs,
            secrets,
            surface,
            earlier: Earlier::default(),
            routes: Arc::new(Network),
            seed: Dice::chance(),
            timing: Timing::default(),
            clock: clock::process(),
        }
    }
}

/// The driver, running.
#[derive(Debug)]
pub struct Running {
    /// The newest picture.
    pub view: watch::Receiver<Arc<View>>,
    /// What is to be done once, in order. Take them in a task of their own: while nobody does, sessions wait.
    pub effects: mpsc::Receiver<Effect>,
    /// The way in.
    pub inputs: Inputs,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// The driver has too much to do, or has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("Belfry is too busy to take that at the moment")]
pub struct Busy;

/// Why a session did not answer.
#[derive(Debug, Error)]
pub enum WishError {
    /// There is no session with this server at present.
    #[error("there is no connection to the server")]
    NoSession,
    /// The server did not say.
    #[error("{0}")]
    Http(#[from] HttpError),
}

/// The way into the driver. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Inputs {
    commands: mpsc::Sender<Command>,
    signals: mpsc::Sender<Signal>,
    wishes: mpsc::Sender<Wish>,
    questions: mpsc::Sender<Asked>,
}

impl Inputs {
    /// Hands a command over without waiting: faces must not wait.
    pub fn command(&self, command: Command) -> Result<(), Busy> {
        self.commands.try_send(command).map_err(|_refused| Busy)
    }

    /// Hands a command over, waiting for room.
    pub async fn send_command(&self, command: Command) {
        // The driver is gone only at the very end.
        self.commands.send(command).await.ok();
    }

    /// Reports something of the desktop, waiting for room.
    pub async fn signal(&self, signal: Signal) {
        // As above.
        self.signals.send(signal).await.ok();
    }

    /// Reports something of the desktop without waiting, from a thread of its own.
    pub fn try_signal(&self, signal: Signal) -> Result<(), Busy> {
        self.signals.try_send(signal).map_err(|_refused| Busy)
    }

    /// Asks the engine; `None` where it cannot answer that, or is gone.
    pub async fn ask(&self, query: Query) -> Option<Answer> {
        let (answer, answered) = oneshot::channel();
        self.questions.send(Asked { query, answer }).await.ok()?;
        answered.await.ok()?
    }

    /// A picture, undecoded and at most 8 MiB; `None` where the server has none. Of a person, `version` is
    /// `User::last_picture_update`, so that caches on the way notice a new one; a file has one only.
    pub async fn picture(
        &self,
        server: ServerId,
        subject: Subject,
        version: i64,
    ) -> Result<Option<Vec<u8>>, WishError> {
        self.wish(server, |answer| ToSession::Picture { subject, version, answer }).await
    }

    /// People of a server whose names begin with this text, as the server orders them.
    pub async fn people(&self, server: ServerId, text: String) -> Result<Vec<User>, WishError> {
        self.wish(server, |answer| ToSession::People { text, answer }).await
    }

    async fn wish<T>(
        &self,
        server: ServerId,
        question: impl FnOnce(oneshot::Sender<Result<T, HttpError>>) -> ToSession,
    ) -> Result<T, WishError> {
        let (answer, answered) = oneshot::channel();
        let wish = Wish { server, question: question(answer) };
        self.wishes.send(wish).await.map_err(|_ended| WishError::NoSession)?;
        match answered.await {
            Ok(outcome) => Ok(outcome?),
            Err(_dropped) => Err(WishError::NoSession),
        }
    }
}

/// Starts the driver and, through it, a session for every server in the preferences.
pub fn spawn(handle: &Handle, setup: Setup) -> Running {
    let Setup { prefs, secrets, surface, earlier, routes, seed, timing, clock } = setup;
    let (out, reports) = mpsc::channel(REPORTS);
    let (commands, command_queue) = mpsc::channel(COMMANDS);
    let (signals, signal_queue) = mpsc::channel(SIGNALS);
    let (wishes, wish_queue) = mpsc::channel(WISHES);
    let (questions, question_queue) = mpsc::channel(QUESTIONS);
    let (effect_queue, effects) = mpsc::channel(EFFECTS);
    let (view_queue, view) = watch::channel(Arc::new(View { prefs: prefs.clone(), ..View::default() }));
    let (stop, stopped) = oneshot::channel();
    let supervisor = Supervisor::new(Means { secrets, routes, seed, timing, clock }, out);
    let queues = Queues {
        reports,
        commands: command_queue,
        signals: signal_queue,
        wishes: wish_queue,
        questions: question_queue,
        effects: effect_queue,
        view: view_queue,
        stop: stopped,
    };
    let driver = Driver::new(prefs, clock, queues, supervisor);
    let task = handle.spawn(driver.run(surface, earlier));
    Running { view, effects, inputs: Inputs { commands, signals, wishes, questions }, stop, task }
}

impl Running {
    /// Ends at once, without a word to anybody: as a crash does, which nothing must depend on.
    pub fn abort(self) {
        self.task.abort();
    }

    /// Ends every session in order, within three seconds. The effects that still wait can be read before from `effects`.
    pub async fn shutdown(self) {
        let Self { view: _, effects, inputs: _, stop, task } = self;
        // A driver that ended by itself needs no telling.
        stop.send(()).ok();
        let abort = task.abort_handle();
        if tokio::time::timeout(SHUTDOWN, task).await.is_err() {
            tracing::warn!("the driver was cut off");
            abort.abort();
        }
        drop(effects);
    }
}

#[cfg(test)]
mod tests;
