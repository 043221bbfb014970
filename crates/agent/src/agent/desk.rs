//! The agent's loop: what faces ask, what the desktop reports, and which faces must run.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use belfry_core::badge::Badge;
use belfry_core::command::{Command, Place};
use belfry_core::ids::ServerId;
use belfry_core::prefs::HistoryPrefs;
use belfry_core::problem::{Problem, ProblemKind};
use belfry_core::query::Answer;
use belfry_core::signal::{Signal, Surface};
use belfry_core::time::MonoTime;
use belfry_core::view::View;
use belfry_net::lines::State as ServerState;
use belfry_net::{Inputs, clock};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::executor::Call;
use super::lines::Lines;
use super::queries::Answers;
use crate::control::protocol::Face;
use crate::control::server::Request;
use crate::display::{Display, Environment, surface};
use crate::faces::{Ended, Exit, Faces};
use crate::platform;

/// Questions answered at a time; one more is refused.
const QUESTIONS: usize = 16;
/// A display that was missing is looked for again after this long, with the next change of the view.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

pub(super) struct Desk {
    pub(super) inputs: Inputs,
    pub(super) view: watch::Receiver<Arc<View>>,
    pub(super) answers: Answers,
    pub(super) faces: Faces,
    pub(super) lines: Option<Lines>,
    pub(super) headless: bool,
    pub(super) forced: Option<Surface>,
    pub(super) environment: Environment,
    pub(super) display: Display,
    /// Whether the screen is, for those who then have nothing to look at.
    pub(super) locked: watch::Sender<bool>,
    pub(super) state: State,
}

/// What the loop remembers between two rounds.
#[derive(Default)]
pub(super) struct State {
    surface: Surface,
    system_notifications: bool,
    given_up: bool,
    looked_at: MonoTime,
    window_trouble: bool,
    told: Told,
    history: Option<HistoryPrefs>,
}

/// What the lines said last: they tell what changed.
#[derive(Default)]
struct Told {
    badge: Option<Badge>,
    servers: BTreeMap<ServerId, ServerState>,
    problems: Vec<Problem>,
}

impl Told {
    fn tell(&mut self, view: &View, lines: &Lines) {
        for problem in &view.problems {
            if !self.problems.contains(problem) {
                lines.problem(problem);
            }
        }
        for before in &self.problems {
            if view.problems.iter().all(|problem| problem.kind != before.kind) {
                lines.problem_over(before.kind);
            }
        }
        self.problems.clone_from(&view.problems);
        for server in &view.servers {
            let state = ServerState::of(server);
            if self.servers.get(&server.id) != Some(&state) {
                lines.state(&state);
                self.servers.insert(server.id, state);
            }
        }
        let gone: Vec<ServerId> = self.servers.keys().copied().filter(|id| view.server(*id).is_none()).collect();
        for state in gone.into_iter().filter_map(|id| self.servers.remove(&id)) {
            lines.state(&state.removed());
        }
        if self.badge != Some(view.badge) {
            self.badge = Some(view.badge);
            lines.badge(view.badge);
        }
    }
}

/// The queues that the loop empties.
pub(super) struct Queues {
    pub(super) requests: mpsc::Receiver<Request>,
    pub(super) reports: mpsc::Receiver<Signal>,
    pub(super) clicks: mpsc::Receiver<Command>,
    pub(super) calls: mpsc::Receiver<Call>,
}

enum Woken {
    Request(Request),
    Report(Signal),
    Command(Command),
    Call(Call),
    Exit(Exit),
    View,
    Answered,
}

/// Never, where the signal is not handled.
async fn hung_up(hangup: &mut Option<tokio::signal::unix::Signal>) {
    let told = match hangup {
        Some(hangup) => hangup.recv().await,
        None => None,
    };
    if told.is_none() {
        std::future::pending::<()>().await;
    }
}

impl Desk {
    /// Runs until the engine says that the program ends.
    pub(super) async fn run(&mut self, mut queues: Queues) -> std::io::Result<()> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut hangup = if platform::hangup_is_ignored() { None } else { Some(signal(SignalKind::hangup())?) };
        let mut tasks = JoinSet::new();
        self.view.mark_changed();
        loop {
            let woken = tokio::select! {
                Some(request) = queues.requests.recv() => Woken::Request(request),
                Some(report) = queues.reports.recv() => Woken::Report(report),
                Some(command) = queues.clicks.recv() => Woken::Command(command),
                call = queues.calls.recv() => match call {
                    Some(call) => Woken::Call(call),
                    None => return Ok(()), // the driver ended by itself
                },
                exit = self.faces.next_exit() => Woken::Exit(exit),
                changed = self.view.changed() => match changed {
                    Ok(()) => Woken::View,
                    Err(_ended) => return Ok(()),
                },
                Some(()) = terminate.recv() => Woken::Command(Command::Quit),
                Some(()) = interrupt.recv() => Woken::Command(Command::Quit),
                () = hung_up(&mut hangup) => Woken::Command(Command::Quit),
                Some(_) = tasks.join_next() => Woken::Answered,
            };
            match woken {
                Woken::Request(request) => self.on_request(request, &mut tasks).await,
                Woken::Report(report) => self.on_report(report).await,
                Woken::Command(command) => self.on_command(command, &mut tasks).await,
                Woken::Call(Call::ShowWindow) => self.show_window(None).await,
                Woken::Call(Call::ShowPlace(place)) => self.show_window(Some(place)).await,
                Woken::Call(Call::OutputGone) => {
                    self.lines = None;
                    self.inputs.send_command(Command::Quit).await;
                }
                Woken::Call(Call::Quit) => return Ok(()),
                Woken::Exit(exit) => self.on_exit(&exit).await,
                Woken::View => self.on_view().await,
                Woken::Answered => {}
            }
        }
    }

    async fn on_request(&mut self, request: Request, tasks: &mut JoinSet<()>) {
        match request {
            Request::Connected { id, role, process: _, down } => {
                self.faces.connected(role, id, down);
                match role {
                    Face::Banners => self.inputs.signal(Signal::BannersFaceConnected).await,
                    Face::Window if std::mem::take(&mut self.state.window_trouble) => {
                        self.inputs.signal(Signal::ProblemCleared(ProblemKind::Window)).await;
                    }
                    Face::Window | Face::Command => {}
                }
            }
            Request::Gone { id, role } => {
                if self.faces.gone(role, id) && role == Face::Banners {
                    self.inputs.signal(Signal::BannersFaceGone).await;
                }
            }
            Request::Command(command) => self.on_command(command, tasks).await,
            Request::Signal(signal) => self.inputs.signal(signal).await,
            Request::Query { query, reply } => {
                if tasks.len() < QUESTIONS {
                    let answers = self.answers.clone();
                    tasks.spawn(async move {
                        let answer = answers.answer(query).await;
                        reply.send(answer).ok(); // the face asked and left
                    });
                } else {
                    let message = "Belfry is too busy to answer".to_owned();
                    reply.send(Answer::Failed { message }).ok(); // the face asked and left
                }
            }
            Request::Sync(done) => {
                done.send(()).ok(); // the face asked and left
            }
        }
    }

    async fn on_report(&mut self, report: Signal) {
        if let Signal::ToastFailed(id) = report
            && let Some(lines) = &self.lines
            && lines.once_taken(Signal::ToastPrinted(id), self.answers.reports.clone())
        {
            // The service's trouble is reported beside it.
            return;
        }
        let locked = if let Signal::ScreenLocked(locked) = report { Some(locked) } else { None };
        self.inputs.signal(report).await;
        if let Some(locked) = locked {
            // Only now: what is seen after unlocking must not overtake the news of it.
            self.locked.send_replace(locked);
        }
    }

    async fn on_command(&mut self, command: Command, tasks: &mut JoinSet<()>) {
        if let Command::RemoveServer(id) = command
            && let Some(server) = self.answers.entry(|server| server.id == id)
        {
            let answers = self.answers.clone();
            self.inputs.send_command(command).await;
            tasks.spawn(answers.forget(server));
            return;
        }
        self.inputs.send_command(command).await;
    }

    async fn on_view(&mut self) {
        let view = Arc::clone(&self.view.borrow_and_update());
        if let Some(lines) = &self.lines {
            self.state.told.tell(&view, lines);
        }
        if self.state.history.as_ref() != Some(&view.prefs.history)
            && self.answers.history.set_prefs(view.prefs.history.clone())
        {
            self.state.history = Some(view.prefs.history.clone());
        }
        let now = clock::process().mono();
        if self.state.system_notifications != view.prefs.use_system_notifications {
            // The person tried something else: banners get another chance.
            self.state.system_notifications = view.prefs.use_system_notifications;
            self.state.given_up = false;
            self.faces.forgive();
        }
        if self.display == Display::Missing && !self.headless && now.since(self.state.looked_at) >= LOOK_AGAIN {
            self.look(now);
        }
        self.choose_surface().await;
        if self.state.surface == Surface::Banners && !view.banners.is_empty() && !self.faces.has_banners() {
            self.start_banners(now).await;
        }
    }

    async fn start_banners(&mut self, now: MonoTime) {
        if let Err(error) = self.faces.want_banners(now) {
            self.state.given_up = true;
            self.raise_banners(format!("the program cannot be started: {error}")).await;
            self.choose_surface().await;
        }
    }

    async fn on_exit(&mut self, exit: &Exit) {
        let now = clock::process().mono();
        match self.faces.on_exit(exit, now) {
            Ended::Quietly(Face::Banners) => self.banners_ended(now).await,
            Ended::Died(Face::Banners) => {
                self.look(now);
                if self.display == Display::Missing {
                    self.raise_banners("the display is gone".to_owned()).await;
                }
                self.banners_ended(now).await;
            }
            Ended::GivenUp(_) => {
                self.look(now);
                self.state.given_up = true;
                self.raise_banners("their program ended three times within a minute".to_owned()).await;
                self.banners_ended(now).await;
            }
            // Closed by the person. A window that died is no reason to stop notifying.
            Ended::Quietly(Face::Window) if !self.keeps_running() => {
                self.inputs.send_command(Command::Quit).await;
            }
            Ended::Died(Face::Window) => self.raise_window("its program ended by itself".to_owned()).await,
            Ended::Quietly(_) | Ended::Died(_) | Ended::Nothing => {}
        }
    }

    /// No banners run now; cards that are still due start them again, or become system notifications.
    async fn banners_ended(&mut self, now: MonoTime) {
        self.inputs.signal(Signal::BannersFaceGone).await;
        self.choose_surface().await;
        let due = !self.view.borrow().banners.is_empty();
        if due && self.state.surface == Surface::Banners {
            self.start_banners(now).await;
        }
    }

    async fn raise_banners(&mut self, detail: String) {
        tracing::warn!(%detail, "banners");
        self.inputs.signal(Signal::ProblemRaised { kind: ProblemKind::Banners, detail }).await;
    }

    fn look(&mut self, now: MonoTime) {
        self.display = self.environment.look();
        self.state.looked_at = now;
    }

    async fn choose_surface(&mut self) {
        let chosen = match self.forced {
            Some(forced) => forced,
            None if self.headless || self.state.given_up => Surface::Toasts,
            None => surface(self.display, self.state.system_notifications),
        };
        if chosen != self.state.surface {
            let back = self.state.surface == Surface::Toasts && chosen == Surface::Banners;
            self.state.surface = chosen;
            tracing::info!(?chosen, "where notifications are shown");
            if back {
                self.inputs.signal(Signal::ProblemCleared(ProblemKind::Banners)).await;
            }
            self.inputs.signal(Signal::SurfaceChanged(chosen)).await;
        }
    }

    pub(super) async fn show_window(&mut self, place: Option<Place>) {
        if self.headless {
            return;
        }
        if let Err(error) = self.faces.show_window(clock::process().mono(), place) {
            self.raise_window(format!("its program cannot be started: {error}")).await;
        }
    }

    async fn raise_window(&mut self, detail: String) {
        tracing::error!(%detail, "the main window");
        self.state.window_trouble = true;
        self.inputs.signal(Signal::ProblemRaised { kind: ProblemKind::Window, detail }).await;
    }

    fn keeps_running(&self) -> bool {
        self.headless || self.view.borrow().prefs.keep_running
    }
}
