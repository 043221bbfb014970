//! The agent: everything started in order, watched, and ended in order.

mod browser;
mod desk;
mod executor;
mod farewells;
mod lines;
mod local;
mod named;
mod queries;
mod reach;
mod signing_in;

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use belfry_core::command::Command;
use belfry_core::prefs::{LocalPrefs, Permission};
use belfry_core::problem::ProblemKind;
use belfry_core::signal::{Signal, Surface};
use belfry_net::secrets::SecretStore;
use belfry_net::{Earlier, Running, Setup};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::autostart::Autostart;
use crate::control::client::{self, ClientError};
use crate::control::protocol::Face;
use crate::control::server::Listener;
use crate::demo::{self, DemoError, PracticeServer};
use crate::display::{Display, Environment};
use crate::effects::desktop_state::{self, Buses};
use crate::effects::{front, idle, launcher, network, proxies, sound, toast, tray};
use crate::faces::{Faces, Launch};
use crate::history::{self, HistorySetup};
use crate::instance::{Instance, InstanceError, InstanceLock};
use crate::link_handler::LinkHandler;
use crate::paths::{Paths, PathsError};
use crate::pictures::Pictures;
use crate::platform;
use crate::prefs_file::{Loaded, PrefsFile};
use crate::prefs_watch;

use desk::{Desk, Queues};
use executor::{Executor, save_prefs};
use farewells::Farewells;
pub use lines::Format;
use lines::Lines;
pub use named::NamedServer;
use queries::Answers;

/// Reports of the desktop waiting for the engine. Threads wait when it is full.
const REPORTS: usize = 64;
/// Requests of faces and commands waiting for the agent. Their connections wait when it is full.
const REQUESTS: usize = 64;
/// Clicks in the tray.
const CLICKS: usize = 8;
/// Calls of effects to the loop.
const CALLS: usize = 8;
/// How often, and how far apart, one that begins or ends is looked for.
const TRIES: u32 = 60;
const BETWEEN_TRIES: Duration = Duration::from_millis(100);
/// How long any part may take to end.
const PARTS_END: Duration = Duration::from_secs(3);

/// What runs around the engine.
#[derive(Default)]
pub enum Shape {
    /// Tray, banners and windows.
    #[default]
    Desktop,
    /// None of them: system notifications, and lines that say what happens.
    Headless {
        /// How the lines are written.
        format: Format,
        /// Where to.
        out: Box<dyn Write + Send>,
    },
}

impl Shape {
    fn is_headless(&self) -> bool {
        matches!(self, Self::Headless { .. })
    }
}

/// How to run.
#[derive(Default)]
pub struct Options {
    /// Which instance; `None` is the person's own.
    pub instance: Option<String>,
    /// What runs around the engine.
    pub shape: Shape,
    /// Start without the main window.
    pub hidden: bool,
    /// Run a demo on this practice server: own folders that vanish, tokens in memory.
    pub demo: Option<demo::Program>,
    /// Sign in to these servers at the start.
    pub servers: Vec<NamedServer>,
    /// Answer the permission prompt of those, and of the demo's, with yes.
    pub allow: bool,
    /// Show notifications here, whatever the display and the preferences say.
    pub surface: Option<Surface>,
    /// The program of the faces; `None` = this one.
    pub faces: Option<PathBuf>,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Someone quit.
    Quit,
    /// Another one runs already, and was asked to show its window.
    RaisedTheOther,
}

/// Why it could not run. Each is one sentence for people.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// No folders.
    #[error(transparent)]
    Paths(#[from] PathsError),
    /// The lock cannot be used.
    #[error(transparent)]
    Instance(#[from] InstanceError),
    /// Another one runs, and cannot be spoken to.
    #[error(transparent)]
    Other(#[from] ClientError),
    /// Another one runs, and headless does not share.
    #[error("Belfry is running already; end it with `belfry quit` first")]
    RunningAlready,
    /// Nothing to draw on.
    #[error("there is no display ({0}); `belfry headless` runs without one")]
    NoDisplay(String),
    /// The socket cannot be made.
    #[error("the control socket {} cannot be made: {source}", path.display())]
    Socket {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The system refuses threads, signals or the like.
    #[error("the system refuses what Belfry needs: {0}")]
    System(#[from] io::Error),
    /// No practice server.
    #[error(transparent)]
    Demo(#[from] DemoError),
    /// Nobody could be asked, and nobody said so before.
    #[error("nobody has allowed notifications of {0} yet; --allow says that you do")]
    NotAllowed(String),
    /// A headless start has nothing to watch.
    #[error(
        "there is no server to watch{}; sign in with `belfry`, or name one with --server URL --token-file FILE --allow",
        .0.as_ref().map_or_else(String::new, |problem| format!(" (the preferences could not be read: {problem})"))
    )]
    NoServer(Option<String>),
    /// A headless start has servers, none of which may notify.
    #[error("nobody has allowed notifications of any server yet; start `belfry` and allow them there")]
    NobodyAllowed,
    /// Another one runs without windows, so it has none to raise.
    #[error("Belfry is running without windows (`belfry headless`); end it with `belfry quit` first")]
    RunningWindowless,
    /// A server of the command line could not be signed in to.
    #[error("{server}: {reason}")]
    SignIn {
        /// Which.
        server: String,
        /// Why.
        reason: String,
    },
}

/// Runs the agent until someone quits. Call it on the main thread, before any other thread exists.
pub fn run(options: Options) -> Result<Ended, AgentError> {
    platform::forbid_core_files();
    let own = Paths::of(options.instance.as_deref())?;
    let Some(_lock) = only_one(&own, &options)? else { return Ok(Ended::RaisedTheOther) };
    let environment = Environment::of_process();
    let display = environment.look();
    if display == Display::Missing && !options.shape.is_headless() {
        return Err(AgentError::NoDisplay(environment.describe()));
    }
    // Kept until the end: it is removed with everything in it.
    let folder = options.demo.is_some().then(|| demo::folder(&own.data)).transpose()?;
    let paths = folder.as_ref().map_or_else(|| own.clone(), |folder| Paths::below(folder.path(), own.runtime.clone()));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(8)
        .thread_keep_alive(Duration::from_secs(2))
        .thread_name("io")
        .enable_all()
        .build()?;
    let ended =
        Agent::start(&runtime, options, paths, display, environment).and_then(|agent| runtime.block_on(agent.run()));
    runtime.shutdown_timeout(Duration::from_secs(1));
    ended
}

/// Takes the instance's lock; `None` where another one runs and was asked to show its window.
fn only_one(paths: &Paths, options: &Options) -> Result<Option<InstanceLock>, AgentError> {
    let mut tries = 0;
    loop {
        match InstanceLock::acquire(paths)? {
            Instance::First(lock) => return Ok(Some(lock)),
            Instance::Running if options.shape.is_headless() => return Err(AgentError::RunningAlready),
            Instance::Running if options.hidden => return Ok(None),
            Instance::Running => match raise(paths) {
                Ok(true) => return Ok(None),
                Ok(false) => return Err(AgentError::RunningWindowless),
                // It begins, or ends, in this moment: either way the answer is there soon.
                Err(ClientError::NotRunning) if tries < TRIES => {
                    tries += 1;
                    std::thread::sleep(BETWEEN_TRIES);
                }
                Err(error) => return Err(error.into()),
            },
        }
    }
}

/// Asks the running one to show its window; `false` where it has none.
fn raise(paths: &Paths) -> Result<bool, ClientError> {
    let (mut receiver, mut sender) = client::connect(&paths.socket(), Face::Command)?;
    if !receiver.has_windows() {
        return Ok(false);
    }
    sender.command(Command::ShowWindow)?;
    let id = sender.sync()?;
    receiver.synced(id)?;
    Ok(true)
}

/// A prompt needs a window: without one, what was not allowed before never would be.
fn allowed(prefs: &LocalPrefs, named: &[NamedServer], problem: Option<&str>) -> Result<(), AgentError> {
    if let Some(refused) = named.iter().find(|named| !named.was_allowed(prefs)) {
        return Err(AgentError::NotAllowed(refused.address.clone()));
    }
    if named.is_empty() && prefs.servers.is_empty() {
        return Err(AgentError::NoServer(problem.map(str::to_owned)));
    }
    if prefs.servers.iter().all(|server| server.permission != Permission::Allowed) {
        return Err(AgentError::NobodyAllowed);
    }
    Ok(())
}

/// Everything that was started, and what it takes to end it.
struct Agent {
    desk: Desk,
    queues: Queues,
    stop: watch::Sender<bool>,
    running: Running,
    /// They end when the driver does, with everything carried out.
    executor: tokio::task::JoinHandle<()>,
    writer: tokio::task::JoinHandle<()>,
    /// They end when the view does, or are cut off.
    parts: JoinSet<()>,
    server: tokio::task::JoinHandle<()>,
    toasts: tokio::task::JoinHandle<()>,
    history: JoinHandle<()>,
    printer: Option<JoinHandle<()>>,
    practice: Option<PracticeServer>,
    sign_ins: Vec<NamedServer>,
    allow: bool,
    show_window: bool,
}

impl Agent {
    fn start(
        runtime: &Runtime,
        options: Options,
        paths: Paths,
        display: Display,
        environment: Environment,
    ) -> Result<Self, AgentError> {
        let handle = runtime.handle();
        let _inside = runtime.enter(); // sockets and processes register with the runtime
        let (practice, announced) = match &options.demo {
            Some(program) => {
                let (practice, announced) = runtime.block_on(PracticeServer::start(program))?;
                (Some(practice), announced)
            }
            None => (None, Vec::new()),
        };
        let headless = options.shape.is_headless();
        let file = PrefsFile::new(paths.preferences());
        let Loaded { prefs, problem } = file.load();
        let named = announced.into_iter().map(|server| NamedServer {
            address: server.url,
            name: Some(server.name),
            token: server.token,
        });
        let sign_ins: Vec<NamedServer> = named.chain(options.servers).collect();
        if headless && !options.allow {
            allowed(&prefs, &sign_ins, problem.as_deref())?;
        }
        let (report, reports) = mpsc::channel(REPORTS);
        let (request, requests) = mpsc::channel(REQUESTS);
        let (click, clicks) = mpsc::channel(CLICKS);
        let (call, calls) = mpsc::channel(CALLS);
        let listener = Listener::bind(&paths.socket(), !headless)
            .map_err(|source| AgentError::Socket { path: paths.socket(), source })?;
        let setup =
            HistorySetup { history: paths.history(), presented: paths.presented(), prefs: prefs.history.clone() };
        let history::Started { history, presented, marks, put_off, thread } = history::start(setup, report.clone())?;
        let lines = match options.shape {
            Shape::Headless { format, out } => Some(Lines::start(format, out, call.clone())?),
            Shape::Desktop => None,
        };
        let (lines, printer) = lines.unzip();
        let secrets = Arc::new(match (&options.demo, prefs.tokens_in_file) {
            (Some(_), _) => SecretStore::memory(),
            (None, true) => SecretStore::file(paths.secrets()),
            (None, false) => SecretStore::keyring(),
        });
        if options.demo.is_none() {
            proxies::follow_desktop();
        }
        for named in &sign_ins {
            named.give(&prefs, &secrets);
        }
        let (toasts, toast_task) = toast::start(handle, None, report.clone());
        let (save, saves) = watch::channel(None);
        let writer = handle.spawn(save_prefs(file.clone(), saves, report.clone()));
        // What an earlier run decided is not announced again, and what it did not is caught up with.
        let setup = Setup {
            earlier: Earlier { presented, marks, put_off },
            ..Setup::new(prefs, Arc::clone(&secrets), Surface::Nowhere)
        };
        let mut running = belfry_net::spawn(handle, setup);
        let (view, inputs) = (running.view.clone(), running.inputs.clone());
        // Taken out of it: effects are carried out while it runs, and until after it ended.
        let effects = std::mem::replace(&mut running.effects, mpsc::channel(1).1);
        let executor = Executor {
            sounds: sound::start(paths.sounds(), report.clone()).ok(), // without a thread there is silence, and all else works
            toasts,
            history: history.clone(),
            prefs: save,
            calls: call,
            reports: report.clone(),
            lines: lines.clone(),
        };
        let executor = handle.spawn(executor.run(effects));
        let mut parts = JoinSet::new();
        parts.spawn_on(desktop_state::run(Buses::of_process(), report.clone()), handle);
        parts.spawn_on(network::run(None, report.clone()), handle);
        let (locked, lock) = watch::channel(false);
        let places = idle::Places { session: None, displays: environment.clone() };
        parts.spawn_on(idle::run(places, view.clone(), lock, report.clone()), handle);
        if !headless {
            parts.spawn_on(tray::run(view.clone(), click), handle);
            parts.spawn_on(front::run(environment.clone(), view.clone(), report.clone()), handle);
            parts.spawn_on(launcher::run(None, view.clone()), handle);
        }
        let (stop, stopped) = watch::channel(false);
        let server = handle.spawn(listener.serve(view.clone(), request, stopped));
        if let Some(detail) = problem {
            // The queue is new and empty.
            report.try_send(Signal::ProblemRaised { kind: ProblemKind::Prefs, detail }).ok();
        }
        let program = options.faces.map_or_else(platform::own_program, Ok)?;
        let faces = Faces::new(Launch { program, socket: paths.socket(), environment: Vec::new() });
        let (pictures, fetcher) = Pictures::new(paths.pictures(), inputs.clone(), view.clone());
        parts.spawn_on(fetcher.run(), handle);
        let link_handler = if options.demo.is_some() { None } else { LinkHandler::new(options.instance.as_deref()) };
        if options.demo.is_none()
            && let Some(autostart) = Autostart::new(options.instance.as_deref())
        {
            parts.spawn_on(autostart.follow(view.clone(), report.clone()), handle);
        }
        parts.spawn_on(prefs_watch::run(file, inputs.clone(), report.clone()), handle);
        parts.spawn_on(local::forget_sounds(paths.sounds(), view.clone()), handle);
        let farewells = Arc::new(Farewells::new(paths.farewells()));
        let answers = Answers {
            paths,
            secrets,
            history,
            inputs: inputs.clone(),
            view: view.clone(),
            reports: report,
            pictures,
            browser: Arc::default(),
            links: link_handler,
            farewells,
            placing: Arc::default(),
        };
        parts.spawn_on(answers.clone().say_farewells(), handle);
        parts.spawn_on(answers.clone().follow_place(), handle);
        Ok(Self {
            desk: Desk {
                inputs,
                view,
                answers,
                faces,
                lines,
                headless,
                forced: options.surface,
                environment,
                display,
                locked,
                state: desk::State::default(),
            },
            queues: Queues { requests, reports, clicks, calls },
            stop,
            running,
            executor,
            writer,
            parts,
            server,
            toasts: toast_task,
            history: thread,
            printer,
            practice,
            sign_ins,
            allow: options.allow,
            show_window: !headless && !options.hidden,
        })
    }

    async fn run(mut self) -> Result<Ended, AgentError> {
        if self.show_window {
            self.desk.show_window(None).await;
        }
        let answers = self.desk.answers.clone();
        let (sign_ins, allow) = (std::mem::take(&mut self.sign_ins), self.allow);
        let lines = self.desk.lines.clone();
        let sign_in = async move {
            for named in sign_ins {
                let server = named.address.clone();
                answers
                    .clone()
                    .sign_in_named(named, allow, lines.clone())
                    .await
                    .map_err(|reason| AgentError::SignIn { server, reason })?;
            }
            // Nothing more to do: the loop decides when it is over.
            std::future::pending::<Result<(), AgentError>>().await
        };
        let ended = tokio::select! {
            ended = self.desk.run(self.queues) => ended.map_err(AgentError::from),
            failed = sign_in => failed,
        };
        let Desk { inputs, view, answers, faces, lines, .. } = self.desk;
        // Faces first: they say goodbye while there is still someone to hear it.
        self.stop.send_replace(true);
        timeout(PARTS_END, self.server).await.ok(); // its connections end with the program
        faces.end().await;
        drop((inputs, view, answers, lines));
        self.running.shutdown().await;
        // The driver ended, so the executor sees the last effect.
        if timeout(PARTS_END, self.executor).await.is_err() {
            tracing::warn!("what was to be done last was not done in time");
        }
        timeout(PARTS_END, self.writer).await.ok(); // a disk that hangs keeps the previous preferences
        timeout(PARTS_END, self.toasts).await.ok(); // notifications that are shown stay
        self.parts.shutdown().await;
        if let Some(practice) = self.practice {
            practice.end().await;
        }
        // It ends when its queue does, with a bounded amount left to write.
        tokio::task::spawn_blocking(move || self.history.join().ok()).await.ok();
        if let Some(printer) = self.printer {
            let printed = tokio::task::spawn_blocking(move || printer.join().ok());
            if timeout(PARTS_END, printed).await.is_err() {
                tracing::warn!("the last lines were left out: nobody takes them");
            }
        }
        ended.map(|()| Ended::Quit)
    }
}
