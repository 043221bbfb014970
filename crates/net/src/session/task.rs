//! The tokio shell around the machine: one socket, one REST client, and the jobs that run beside them.
//!
//! Queues: the inbox holds 32 and refuses more (the driver then answers for us); frames go out into the driver's queue, at
//! most 64 and 1 MiB of one session, and wait there, which is back-pressure on the socket; frames held back during a load are bounded by number and size, and
//! losing them leads to another load.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use belfry_core::effect::{Fetch, Write};
use belfry_core::event::{Connection, Event, Fetched, Snapshot, User, Written};
use belfry_core::ids::ServerId;
use belfry_core::prefs::ServerPrefs;
use belfry_core::problem::ProblemKind;
use belfry_core::query::Subject;
use belfry_core::signal::Signal;
use belfry_core::time::MonoTime;
use futures_util::{SinkExt as _, StreamExt as _};
use http::HeaderValue;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::{AbortHandle, JoinSet};
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{self, Message};
use url::Url;

use super::backoff::{Backoff, Dice, Timing};
use super::head::{self, Head};
use super::held::{Held, Pushed};
use super::load::{self, Known};
use super::machine::{Action, Ending, Identity, Input, Machine};
use super::presence::Person;
use super::saving;
use super::socket::{self, Refusal, Socket, Text};
use crate::clock::{Clock, SuspendWatch};
use crate::dial::{Route, Routes};
use crate::http::{HttpError, Rest, Size, bearer};
use crate::lenient::TextMap;
use crate::reach;
use crate::secrets::{SecretError, SecretStore};
use crate::shapes;
use crate::trouble::Trouble;

/// A write to the socket that takes longer than this means that nobody reads at the other end.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// How often the clocks are compared at least, while something is to come.
const LOOK_AT_CLOCK: Duration = Duration::from_secs(30);
/// A farewell is a courtesy.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(800);
/// Jobs at a time; beyond that the inbox waits.
const JOBS: usize = 64;
/// How long one job may take, however many questions it asks and however slowly they are answered: two long lists take two
/// minutes each at most (protocol §3.4), one after the other.
const JOB_TIMEOUT: Duration = Duration::from_mins(5);
/// Reports of one session that wait for the driver. With one more its socket waits, so that nobody else is behind more.
const ROOM: u32 = 64;
/// A frame takes the room of so many reports as it has of these bytes: what waits is one mebibyte, or one longer frame.
const ROOM_BYTES: usize = 16 << 10;
/// Ids have 26 letters (protocol §4.4), and this one becomes part of an address.
const LONGEST_CONNECTION_ID: usize = 128;
/// A version with its build and its configuration has about 50 (§1.5); only its first numbers are read.
const LONGEST_VERSION: usize = 128;

/// What a session is asked to do.
#[derive(Debug)]
pub(crate) enum ToSession {
    /// Answer the engine.
    Fetch(Fetch),
    /// Change something on the server.
    Write(Write),
    /// A person's picture, or the small one of a file.
    Picture {
        /// Of whom or what.
        subject: Subject,
        /// `last_picture_update`.
        version: i64,
        /// For whom.
        answer: oneshot::Sender<Result<Option<Vec<u8>>, HttpError>>,
    },
    /// People whom a text fits.
    People {
        /// The text.
        text: String,
        /// For whom.
        answer: oneshot::Sender<Result<Vec<User>, HttpError>>,
    },
    /// The computer slept.
    Woke,
    /// There is a network again, or another one.
    NetworkUp,
    /// How the person at this computer is.
    Person(Person),
    /// The person wants it tried now.
    CheckAgain,
    /// End, politely.
    Stop,
}

/// What a session reports.
#[derive(Debug)]
pub(crate) enum Told {
    /// A frame, to be decoded where it is used.
    Frame(Text),
    /// Something else that the server, or the connection to it, told.
    Event(Box<Event<'static>>),
    /// Something about this computer.
    Signal(Signal),
}

impl Told {
    /// How much of its session's room it takes while it waits. What is as large as a server wants takes all of it.
    fn room(&self) -> u32 {
        match self {
            Self::Frame(text) => u32::try_from(text.len() / ROOM_BYTES + 1).map_or(ROOM, |room| room.min(ROOM)),
            Self::Event(event) => match **event {
                Event::Snapshot(_) | Event::Fetched(_) => ROOM,
                _ => 1,
            },
            Self::Signal(_) => 1,
        }
    }
}

/// A report with its sender.
#[derive(Debug)]
pub(crate) struct FromSession {
    /// Which server.
    pub(crate) server: ServerId,
    /// Which of its sessions: reports of one that was stopped are void.
    pub(crate) generation: u64,
    /// What.
    pub(crate) told: Told,
    /// The room that it takes, which is free again when this is dropped.
    pub(crate) _room: Option<OwnedSemaphorePermit>,
}

/// What a session begins with.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) prefs: ServerPrefs,
    pub(crate) generation: u64,
    pub(crate) secrets: Arc<SecretStore>,
    /// Knows the way to the server.
    pub(crate) routes: Arc<dyn Routes>,
    pub(crate) dice: Dice,
    pub(crate) timing: Timing,
    pub(crate) clock: Clock,
    /// Wait this long first.
    pub(crate) delay: Duration,
    /// How the person at this computer is when it begins.
    pub(crate) person: Person,
    pub(crate) inbox: mpsc::Receiver<ToSession>,
    pub(crate) out: mpsc::Sender<FromSession>,
}

/// What a job came to.
enum Done {
    Connected(Result<Socket, Refusal>),
    Loaded(Box<Result<(Snapshot, Known), HttpError>>),
    Identity(Identity),
    Fetched(Fetch, Result<Fetched, HttpError>),
    Written(Result<(), HttpError>),
    /// A change whose outcome the engine wants to know.
    Saved(u64, Result<Written, HttpError>),
    Nothing,
}

/// A signed-in client: what there is once a token is found.
struct Client {
    rest: Arc<Rest>,
    token: HeaderValue,
    route: Route,
}

struct Session {
    start: Start,
    machine: Machine,
    client: Option<Client>,
    /// When the keyring is asked again, after it failed.
    token_at: Option<MonoTime>,
    token_backoff: Backoff,
    keyring_failed: bool,
    socket: Option<Socket>,
    addresses: Arc<tokio::sync::OnceCell<Vec<Url>>>,
    known: Arc<Known>,
    jobs: JoinSet<Done>,
    connecting: Option<AbortHandle>,
    loading: Option<AbortHandle>,
    held: Held,
    room: Arc<Semaphore>,
}

/// Runs a session until it is stopped. Returns only then; a panic is the supervisor's business.
pub(crate) async fn run(start: Start) {
    let machine = Machine::new(start.timing);
    let session = Session {
        start,
        machine,
        client: None,
        token_at: None,
        token_backoff: Backoff::default(),
        keyring_failed: false,
        socket: None,
        addresses: Arc::default(),
        known: Arc::default(),
        jobs: JoinSet::new(),
        connecting: None,
        loading: None,
        held: Held::default(),
        room: Arc::new(Semaphore::new(ROOM as usize)),
    };
    session.run().await;
}

/// The next message of a socket; never, where there is none.
async fn next_message(socket: &mut Option<Socket>) -> Option<Result<Message, tungstenite::Error>> {
    match socket {
        Some(socket) => socket.next().await,
        None => std::future::pending().await,
    }
}

impl Session {
    async fn run(mut self) {
        if !self.start.delay.is_zero() && self.waits_before_starting().await {
            return;
        }
        let mut suspend = SuspendWatch::new(&self.start.clock.now());
        self.advance(Input::Person(self.start.person)).await;
        self.sign_in().await;
        loop {
            let wake = [self.machine.next_wake(), self.token_at].into_iter().flatten().min();
            // Timers stand still while the computer sleeps; a long wait must not hide that it woke.
            let look = self.start.clock.mono().after(LOOK_AT_CLOCK);
            let wake = wake.map(|at| self.start.clock.instant(at.min(look)));
            let sleep = async move {
                match wake {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                // What is rare goes first, so that no flood of frames holds it up; and a simulated run repeats itself.
                biased;
                () = sleep => {
                    if self.token_at.is_some_and(|at| at <= self.start.clock.mono()) {
                        self.sign_in().await;
                    }
                    self.advance(Input::Tick).await;
                }
                message = self.start.inbox.recv(), if self.jobs.len() < JOBS => match message {
                    Some(ToSession::Stop) | None => break,
                    Some(message) => self.on_message(message).await,
                },
                Some(done) = self.jobs.join_next() => match done {
                    Ok(done) => self.on_done(done).await,
                    // An aborted job was given up on purpose.
                    Err(error) => if let Ok(panic) = error.try_into_panic() { std::panic::resume_unwind(panic) },
                },
                message = next_message(&mut self.socket) => self.on_socket(message).await,
            }
            if let Some(slept) = suspend.jump(&self.start.clock.now()) {
                tracing::info!(server = self.start.prefs.id.0, seconds = slept.as_secs(), "the computer slept");
                self.connect_anew();
                self.advance(Input::Woke).await;
            }
        }
        if let Some(mut socket) = self.socket.take() {
            let farewell = CloseFrame { code: CloseCode::Normal, reason: Text::default() };
            tokio::time::timeout(CLOSE_TIMEOUT, socket.close(Some(farewell))).await.ok();
        }
    }

    /// Waits out the delay; `true` where the session was stopped meanwhile.
    async fn waits_before_starting(&mut self) -> bool {
        let until = tokio::time::Instant::now() + self.start.delay;
        loop {
            tokio::select! {
                () = tokio::time::sleep_until(until) => return false,
                message = self.start.inbox.recv() => match message {
                    Some(ToSession::Stop) | None => return true,
                    Some(message) => self.on_message(message).await,
                },
            }
        }
    }

    /// Finds the token and begins. Without one there is nothing to do until the person signs in.
    async fn sign_in(&mut self) {
        self.token_at = None;
        if self.client.is_some() {
            return;
        }
        let prefs = &self.start.prefs;
        if !prefs.insecure && !prefs.url.starts_with("https://") {
            let reason = "the connection would not be encrypted, and nobody agreed to that".to_owned();
            self.tell(Event::Connection(Connection::Failed { reason })).await;
            return;
        }
        let url = prefs.url.clone();
        let token = match self.start.secrets.get(&prefs.secret_key()).await {
            Ok(Some(token)) => reach::kept(&self.start.secrets, prefs).await.map(|reach| Some((token, reach))),
            Ok(None) => Ok(None),
            Err(error) => Err(error),
        };
        self.report_keyring(token.as_ref().err()).await;
        let client = match token {
            Ok(Some((token, reach))) => {
                let route = self.start.routes.route(&self.start.prefs, &reach);
                match (Rest::open(&url, Some(&token), &route), bearer(&token)) {
                    (Ok(rest), Ok(token)) => Ok(Client { rest: Arc::new(rest), token, route }),
                    (Err(error), _) | (_, Err(error)) => Err(error.to_string()),
                }
            }
            Ok(None) => {
                self.tell(Event::Connection(Connection::NotSignedIn)).await;
                return;
            }
            Err(error) => Err(error.to_string()),
        };
        match client {
            Ok(client) => {
                self.client = Some(client);
                self.token_backoff.reset();
                self.advance(Input::Start).await;
            }
            Err(reason) => {
                let timing = self.start.timing;
                let jitter = self.start.dice.roll().of(timing.jitter);
                let wait = self.token_backoff.fail(&timing, jitter, None);
                self.token_at = Some(self.start.clock.mono().after(wait));
                let retry_in_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
                self.tell(Event::Connection(Connection::Waiting { reason, retry_in_ms })).await;
            }
        }
    }

    /// Tells once that tokens cannot be read, and once that they can again.
    async fn report_keyring(&mut self, error: Option<&SecretError>) {
        let kind = ProblemKind::Keyring;
        let signal = match error {
            Some(error) => Signal::ProblemRaised { kind, detail: error.to_string() },
            None if self.keyring_failed => Signal::ProblemCleared(kind),
            None => return,
        };
        self.keyring_failed = error.is_some();
        self.send(Told::Signal(signal)).await;
    }

    /// Feeds the machine and does what it says. What doing it brings up is fed in turn.
    async fn advance(&mut self, input: Input<'_>) {
        let now = self.start.clock.mono();
        let mut actions: VecDeque<Action> = self.machine.step(now, self.start.dice.roll(), input).into();
        while let Some(action) = actions.pop_front() {
            match action {
                Action::Connect { connection_id, sequence_number } => self.connect(connection_id, sequence_number),
                Action::SendPing { seq } => {
                    let ping = format!(r#"{{"seq":{seq},"action":"ping"}}"#);
                    self.say(now, ping, &mut actions).await;
                }
                Action::TellActivity { seq, active } => {
                    let activity = format!(
                        r#"{{"seq":{seq},"action":"user_update_active_status","data":{{"user_is_active":{active},"manual":false}}}}"#
                    );
                    self.say(now, activity, &mut actions).await;
                }
                Action::Close => {
                    // Dropping it sends FIN, which the server must see before we come back (§12.3).
                    self.socket = None;
                    self.connect_anew();
                    if let Some(connecting) = self.connecting.take() {
                        connecting.abort();
                    }
                }
                Action::Load => self.load(),
                Action::CompareCounts => self.tell(Event::CountsDue).await,
                Action::CheckIdentity => {
                    if let Some(client) = &self.client {
                        let rest = Arc::clone(&client.rest);
                        self.jobs.spawn(async move { Done::Identity(load::identity(&rest).await) });
                    }
                }
                Action::Report(connection) => {
                    tracing::info!(server = self.start.prefs.id.0, state = state_word(&connection), "connection");
                    self.tell(Event::Connection(connection)).await;
                }
            }
        }
        self.release().await;
    }

    /// Leaves connections that may be dead without anybody knowing; requests under way keep theirs.
    fn connect_anew(&mut self) {
        if let Some(client) = &mut self.client {
            client.rest = Arc::new(client.rest.anew());
        }
    }

    /// Sends a frame; one that cannot be written means that the connection is lost.
    async fn say(&mut self, now: MonoTime, frame: String, actions: &mut VecDeque<Action>) {
        let Some(socket) = &mut self.socket else { return };
        let sent = tokio::time::timeout(WRITE_TIMEOUT, socket.send(Message::text(frame))).await;
        if !matches!(sent, Ok(Ok(()))) {
            self.socket = None;
            let jitter = self.start.dice.roll();
            actions.extend(self.machine.step(now, jitter, Input::Closed(Ending::Lost)));
        }
    }

    fn connect(&mut self, connection_id: String, sequence_number: i64) {
        let Some(client) = &self.client else { return };
        let (rest, token) = (Arc::clone(&client.rest), client.token.clone());
        let (addresses, route) = (Arc::clone(&self.addresses), client.route.clone());
        self.connecting = Some(self.jobs.spawn(async move {
            let addresses = addresses.get_or_try_init(|| websocket_addresses(&rest)).await;
            Done::Connected(match addresses {
                Ok(addresses) => socket::open(addresses, &route, &token, &connection_id, sequence_number).await,
                Err(refusal) => Err(refusal),
            })
        }));
    }

    fn load(&mut self) {
        let Some(client) = &self.client else { return };
        if let Some(older) = self.loading.take() {
            older.abort();
        }
        self.held.load_begins();
        let rest = Arc::clone(&client.rest);
        self.loading =
            Some(self.jobs.spawn(async move { Done::Loaded(Box::new(in_time(load::everything(&rest)).await)) }));
    }

    async fn on_message(&mut self, message: ToSession) {
        match message {
            ToSession::Fetch(Fetch::Everything) => {
                if self.client.is_some() {
                    self.advance(Input::ResyncWanted).await;
                } else {
                    self.tell(Event::Fetched(Fetched::Failed(Fetch::Everything))).await;
                }
            }
            ToSession::Fetch(fetch) => self.fetch(fetch).await,
            ToSession::Write(write) => {
                let number = write.number();
                if let Some(client) = &self.client {
                    let (rest, known) = (Arc::clone(&client.rest), Arc::clone(&self.known));
                    self.jobs.spawn(async move {
                        match (number, saving::save(&rest, &write).await) {
                            (Some(number), Some(outcome)) => Done::Saved(number, outcome),
                            (None, _) | (_, None) => Done::Written(load::write(&rest, &known, &write).await),
                        }
                    });
                } else if let Some(number) = number {
                    self.tell(Event::Written { number, outcome: not_connected() }).await;
                }
            }
            ToSession::Picture { subject, version, answer } => {
                if let Some(client) = &self.client {
                    let rest = Arc::clone(&client.rest);
                    self.jobs.spawn(async move {
                        // Nobody may wait for it any more.
                        answer.send(rest.picture(subject, version).await).ok();
                        Done::Nothing
                    });
                }
            }
            ToSession::People { text, answer } => {
                if let Some(client) = &self.client {
                    let rest = Arc::clone(&client.rest);
                    self.jobs.spawn(async move {
                        // As above.
                        answer.send(rest.people(&text).await).ok();
                        Done::Nothing
                    });
                }
            }
            ToSession::Woke => {
                self.connect_anew();
                self.advance(Input::Woke).await;
            }
            ToSession::NetworkUp => {
                self.connect_anew();
                self.advance(Input::NetworkUp).await;
            }
            ToSession::Person(person) => self.advance(Input::Person(person)).await,
            ToSession::CheckAgain => {
                if self.client.is_none() {
                    self.sign_in().await;
                } else {
                    self.advance(Input::CheckAgain).await;
                }
            }
            ToSession::Stop => {}
        }
    }

    async fn fetch(&mut self, fetch: Fetch) {
        let Some(client) = &self.client else {
            self.tell(Event::Fetched(Fetched::Failed(fetch))).await;
            return;
        };
        if fetch == Fetch::ThreadTotals && self.known.lacks_thread_totals() {
            // Such a server counts nothing for us: everything is read again instead, which answers this too.
            self.advance(Input::ResyncWanted).await;
            return;
        }
        let (rest, known) = (Arc::clone(&client.rest), Arc::clone(&self.known));
        self.jobs.spawn(async move {
            let answer = in_time(load::fetch(&rest, &known, &fetch)).await;
            Done::Fetched(fetch, answer)
        });
    }

    async fn on_done(&mut self, done: Done) {
        match done {
            Done::Connected(Ok(socket)) => {
                self.connecting = None;
                self.socket = Some(socket);
                self.advance(Input::Opened).await;
            }
            Done::Connected(Err(refusal)) => {
                self.connecting = None;
                // The configuration may have moved meanwhile.
                self.addresses = Arc::default();
                let Refusal { reason, retry_after, doubt, .. } = refusal;
                self.advance(Input::NotOpened { reason, retry_after, doubt }).await;
            }
            Done::Loaded(outcome) => self.on_loaded(*outcome).await,
            Done::Identity(identity) => self.advance(Input::Identity(identity)).await,
            Done::Fetched(_, Ok(fetched)) => self.tell(Event::Fetched(fetched)).await,
            Done::Fetched(fetch, Err(error)) => {
                tracing::debug!(server = self.start.prefs.id.0, %error, "a question was not answered");
                self.tell(Event::Fetched(Fetched::Failed(fetch))).await;
                self.suspect(&error).await;
            }
            Done::Written(Ok(())) | Done::Nothing => {}
            Done::Saved(number, outcome) => {
                let error = outcome.as_ref().err().map(saving::refused);
                if let Err(error) = &outcome {
                    tracing::warn!(server = self.start.prefs.id.0, %error, "a change was not saved");
                    self.suspect(error).await;
                }
                if let Some(outcome) = outcome.ok().or(error) {
                    self.tell(Event::Written { number, outcome }).await;
                }
            }
            Done::Written(Err(error)) => {
                tracing::warn!(server = self.start.prefs.id.0, %error, "a change was refused");
                self.suspect(&error).await;
            }
        }
    }

    async fn suspect(&mut self, error: &HttpError) {
        if error.is_session_expired() || error.is_mfa_required() {
            self.advance(Input::Suspicion).await;
        }
    }

    async fn on_loaded(&mut self, outcome: Result<(Snapshot, Known), HttpError>) {
        if !self.machine.awaits_load() {
            return;
        }
        self.loading = None;
        match outcome {
            Ok((snapshot, known)) => {
                self.known = Arc::new(known);
                // Before the machine lets go of the frames that were held back for it.
                self.tell(Event::Snapshot(Box::new(snapshot))).await;
                self.advance(Input::Loaded).await;
            }
            Err(error) => {
                tracing::warn!(server = self.start.prefs.id.0, %error, "loading failed");
                let (reason, retry_after) = (error.to_string(), error.retry_after());
                self.advance(Input::LoadFailed { reason, retry_after }).await;
                self.suspect(&error).await;
            }
        }
    }

    async fn on_socket(&mut self, message: Option<Result<Message, tungstenite::Error>>) {
        match message {
            Some(Ok(Message::Text(text))) => self.on_frame(text).await,
            Some(Ok(Message::Ping(_))) => {
                // The answer is queued by the library; it leaves only with a flush (§4.5).
                let Some(socket) = &mut self.socket else { return };
                if !matches!(tokio::time::timeout(WRITE_TIMEOUT, socket.flush()).await, Ok(Ok(()))) {
                    self.lose(Ending::Lost).await;
                }
            }
            Some(Ok(Message::Close(_))) => {
                // Not everybody hangs up after a goodbye; all that is left to do is to return it.
                if let Some(socket) = &mut self.socket {
                    tokio::time::timeout(CLOSE_TIMEOUT, socket.flush()).await.ok();
                }
                self.lose(Ending::ByServer).await;
            }
            Some(Ok(Message::Binary(_) | Message::Pong(_) | Message::Frame(_))) => {}
            Some(Err(error)) => {
                let ending = match error {
                    tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Ending::Lost,
                    tungstenite::Error::Capacity(_)
                    | tungstenite::Error::Protocol(_)
                    | tungstenite::Error::Utf8(_)
                    | tungstenite::Error::AttackAttempt => Ending::Broken,
                    _ => Ending::Lost,
                };
                self.lose(ending).await;
            }
            None => self.lose(Ending::Lost).await,
        }
    }

    async fn lose(&mut self, ending: Ending) {
        self.socket = None;
        self.advance(Input::Closed(ending)).await;
    }

    async fn on_frame(&mut self, text: Text) {
        tracing::trace!(server = self.start.prefs.id.0, bytes = text.len(), "frame");
        let (input, news) = match head::read(&text) {
            Some(Head::Hello { connection_id, version, seq }) => {
                // One that cannot be an id is none, as on a server that resumes nothing.
                let id = Some(connection_id.into_owned()).filter(|id| id.len() <= LONGEST_CONNECTION_ID);
                let connection_id = id.unwrap_or_default();
                let version: String = version.chars().take(LONGEST_VERSION).collect();
                self.advance(Input::Hello { connection_id: &connection_id, seq, version: &version }).await;
                self.tell(Event::Heard).await;
                return;
            }
            Some(Head::Reply { seq_reply, ok }) => {
                self.advance(Input::Reply { seq_reply, ok }).await;
                if ok {
                    self.tell(Event::Heard).await;
                }
                return;
            }
            Some(Head::Other) => return,
            Some(Head::Event { seq: Some(seq), news }) => (Input::Event { seq }, news),
            Some(Head::Event { seq: None, news }) => (Input::Unreadable, news),
            None => (Input::Unreadable, false),
        };
        self.advance(input).await;
        // A wrong number closed the socket: what came with it belongs to nothing we know.
        if self.socket.is_some() {
            self.deliver(text, news).await;
        }
    }

    async fn deliver(&mut self, text: Text, news: bool) {
        if !self.machine.holds_frames() {
            self.send(Told::Frame(text)).await;
        } else if self.held.push(text, news) == Pushed::FirstLost {
            tracing::warn!(server = self.start.prefs.id.0, "too many frames during a load");
            self.advance(Input::Overflowed).await;
        }
    }

    /// Lets the frames go that were held back for a load.
    async fn release(&mut self) {
        while !self.machine.holds_frames()
            && let Some(text) = self.held.pop()
        {
            self.send(Told::Frame(text)).await;
        }
    }

    async fn tell(&mut self, event: Event<'static>) {
        self.send(Told::Event(Box::new(event))).await;
    }

    async fn send(&mut self, told: Told) {
        let room = Arc::clone(&self.room).acquire_many_owned(told.room()).await.ok();
        let report = FromSession { server: self.start.prefs.id, generation: self.start.generation, told, _room: room };
        // The driver is gone only at the very end, when nobody is to be told any more.
        self.start.out.send(report).await.ok();
    }
}

/// What a change comes to where no session takes it.
pub(crate) fn not_connected() -> Written {
    Written::Refused { reason: "there is no connection to the server".to_owned(), unknown: false }
}

/// The outcome of a job, or that there was none in time.
async fn in_time<T>(job: impl Future<Output = Result<T, HttpError>>) -> Result<T, HttpError> {
    let done = tokio::time::timeout(JOB_TIMEOUT, job).await;
    done.unwrap_or(Err(HttpError::Unreachable(Trouble::TimedOut)))
}

/// Where the websocket is: the configuration may say so, and is public.
async fn websocket_addresses(rest: &Rest) -> Result<Vec<Url>, Refusal> {
    let config = match rest.read("/api/v4/config/client?format=old", Size::Ordinary).await {
        Ok(reply) => shapes::object::<TextMap>(&reply.body).map(|map| map.0),
        Err(HttpError::Unreachable(trouble)) => return Err(trouble.into()),
        // It never redirects this by itself.
        Err(HttpError::Redirected) => return Err(Trouble::WebPage.into()),
        Err(error) => {
            tracing::debug!(%error, "no configuration");
            // Not remembered: the next try asks again.
            return Err(Refusal::unavailable(error.to_string(), error.retry_after()));
        }
    };
    let config: BTreeMap<String, String> = config.unwrap_or_default();
    Ok(socket::addresses(rest.base(), &config))
}

fn state_word(connection: &Connection) -> &'static str {
    match connection {
        Connection::Connecting => "connecting",
        Connection::Live { .. } => "live",
        Connection::Waiting { .. } => "waiting",
        Connection::SignedOut { .. } => "signed out",
        Connection::NotSignedIn => "not signed in",
        Connection::Failed { .. } => "failed",
    }
}
