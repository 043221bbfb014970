//! The agent's end of the control socket: a task per connection.
//!
//! Faces are slow and die; the engine must not notice. What flows down is a level (the newest view, taken when the
//! socket has room) and a short queue of answers; what flows up waits until the agent takes it, which holds back
//! only the sender.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use belfry_core::command::Command;
use belfry_core::problem::ProblemKind;
use belfry_core::query::{Answer, Query};
use belfry_core::signal::Signal;
use belfry_core::view::View;
use serde::Serialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::protocol::{BUILD, Down, DownRef, Face, FrameError, Up, decode, encode, frame_length};
use crate::platform;

/// At most this many connections at a time; one more is closed at once.
const MAX_CONNECTIONS: usize = 32;
/// At most this many unanswered questions per connection; one more is answered with a refusal.
const MAX_QUESTIONS: usize = 16;
/// Answers and requests waiting for room on one socket. When full, the answers wait.
const DOWN_QUEUE: usize = 64;
/// A connection must say hello within this time, and take a frame within this time.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_millis(500);

/// Numbers connections of this run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionId(pub u64);

/// What a connection wants of the agent.
#[derive(Debug)]
pub enum Request {
    /// A face or command greeted. `down` reaches it until it is gone.
    Connected {
        /// Which connection.
        id: ConnectionId,
        /// Who.
        role: Face,
        /// Its process, where the system tells.
        process: Option<u32>,
        /// For [`Down::Raise`].
        down: mpsc::Sender<Down>,
    },
    /// Its connection ended.
    Gone {
        /// Which connection.
        id: ConnectionId,
        /// Who.
        role: Face,
    },
    /// The person wants something.
    Command(Command),
    /// The desktop reported something.
    Signal(Signal),
    /// A question.
    Query {
        /// The question.
        query: Query,
        /// For the answer. Dropping it answers with a refusal.
        reply: oneshot::Sender<Answer>,
    },
    /// Answered once everything before it was handed over.
    Sync(oneshot::Sender<()>),
}

/// The socket, bound and private.
#[derive(Debug)]
pub struct Listener {
    socket: UnixListener,
    path: PathBuf,
    windows: bool,
}

impl Listener {
    /// Binds the socket, replacing one left behind. Call it only while holding the instance's lock, inside a runtime.
    /// `windows` tells who connects whether there are any.
    pub fn bind(path: &Path, windows: bool) -> io::Result<Self> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let socket = UnixListener::bind(path)?;
        // The folder is closed to others, so nobody can connect before this.
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        Ok(Self { socket, path: path.to_owned(), windows })
    }

    /// Serves until `stop` turns true; then says goodbye to every face and removes the socket.
    pub async fn serve(
        self,
        view: watch::Receiver<Arc<View>>,
        requests: mpsc::Sender<Request>,
        mut stop: watch::Receiver<bool>,
    ) {
        let mut connections = JoinSet::new();
        let mut last_id = 0;
        loop {
            tokio::select! {
                () = stopped(&mut stop) => break,
                Some(_ended) = connections.join_next() => {}
                accepted = self.socket.accept() => match accepted {
                    Ok((stream, _address)) if connections.len() < MAX_CONNECTIONS && same_user(&stream) => {
                        last_id += 1;
                        let connection = Connection {
                            id: ConnectionId(last_id),
                            view: view.clone(),
                            requests: requests.clone(),
                            stop: stop.clone(),
                            windows: self.windows,
                        };
                        connections.spawn(connection.run(stream));
                    }
                    Ok((_refused, _address)) => tracing::warn!("a control connection was refused"),
                    Err(error) => {
                        // Out of file descriptors, most likely: without a pause this would spin.
                        tracing::warn!(%error, "a control connection could not be accepted");
                        tokio::time::sleep(Duration::from_millis(200)).await;
                    }
                },
            }
        }
        fs::remove_file(&self.path).ok(); // a stale socket is replaced at the next start
        while connections.join_next().await.is_some() {}
    }
}

/// Returns once `stop` is true, or its sender is gone.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    stop.wait_for(|stop| *stop).await.map(drop).ok(); // a sender that is gone stops as well
}

/// Folder and mode already keep others out; this holds even where they were loosened.
fn same_user(stream: &UnixStream) -> bool {
    stream.peer_cred().is_ok_and(|peer| peer.uid() == platform::user_id())
}

struct Connection {
    id: ConnectionId,
    view: watch::Receiver<Arc<View>>,
    requests: mpsc::Sender<Request>,
    stop: watch::Receiver<bool>,
    windows: bool,
}

impl Connection {
    async fn run(self, stream: UnixStream) {
        let process = stream.peer_cred().ok().and_then(|peer| peer.pid()).and_then(|pid| u32::try_from(pid).ok());
        let (read, mut write) = stream.into_split();
        let mut read = BufReader::with_capacity(8 * 1024, read);
        let role = match timeout(PATIENCE, receive(&mut read)).await {
            Ok(Ok(Some(Up::Hello { build, role }))) if build == BUILD => role,
            // Whatever it is, it was not built with us: a hello of ours always reads.
            Ok(Ok(Some(_)) | Err(FrameError::Malformed { .. } | FrameError::TooLarge(_))) => {
                let answer = Down::WrongBuild { build: BUILD.to_owned() };
                send(&mut write, &answer).await.ok(); // refused either way
                return;
            }
            Ok(Ok(None) | Err(FrameError::Io(_))) | Err(_) => return,
        };
        let welcome = Down::Welcome { build: BUILD.to_owned(), windows: self.windows };
        if send(&mut write, &welcome).await.is_err() {
            return;
        }
        let id = self.id;
        let requests = self.requests.clone();
        let (down, queue) = mpsc::channel(DOWN_QUEUE);
        let hello = Request::Connected { id, role, process, down: down.clone() };
        if requests.send(hello).await.is_err() {
            return;
        }
        // Whichever half ends first ends the connection.
        let ended = tokio::select! {
            ended = read_all(read, &self.requests, down) => ended,
            ended = write_all(write, queue, self.view, self.stop) => ended,
        };
        if let Err(error) = ended {
            tracing::debug!(?role, %error, "a control connection failed");
        }
        requests.send(Request::Gone { id, role }).await.ok(); // the agent ends: nobody wants to know
    }
}

async fn read_all(
    mut read: BufReader<OwnedReadHalf>,
    requests: &mpsc::Sender<Request>,
    down: mpsc::Sender<Down>,
) -> Result<(), FrameError> {
    let mut questions = JoinSet::new();
    while let Some(message) = receive(&mut read).await? {
        while questions.try_join_next().is_some() {}
        let request = match message {
            Up::Hello { .. } => continue,
            Up::Command(command) if may_command(&command) => Request::Command(*command),
            Up::Signal(signal) if may_signal(&signal) => Request::Signal(signal),
            Up::Command(_) | Up::Signal(_) => {
                tracing::warn!("a face sent what only the agent may say");
                continue;
            }
            Up::Query { id, query } => {
                let (reply, answer) = oneshot::channel();
                let down = down.clone();
                let refused = questions.len() >= MAX_QUESTIONS;
                questions.spawn(async move {
                    let answer = answer.await.unwrap_or_else(|_dropped| Answer::Failed {
                        message: "Belfry is too busy to answer".to_owned(),
                    });
                    down.send(Down::Answer { id, answer: Box::new(answer) }).await.ok(); // it asked and left
                });
                if refused {
                    continue; // `reply` is dropped here, which answers
                }
                Request::Query { query: *query, reply }
            }
            Up::Sync(id) => {
                let (done, synced) = oneshot::channel();
                let down = down.clone();
                questions.spawn(async move {
                    if synced.await.is_ok() {
                        down.send(Down::Synced(id)).await.ok(); // it asked and left
                    }
                });
                Request::Sync(done)
            }
        };
        if requests.send(request).await.is_err() {
            break;
        }
    }
    Ok(())
}

async fn write_all(
    mut write: OwnedWriteHalf,
    mut queue: mpsc::Receiver<Down>,
    mut view: watch::Receiver<Arc<View>>,
    mut stop: watch::Receiver<bool>,
) -> Result<(), FrameError> {
    view.mark_changed();
    loop {
        tokio::select! {
            () = stopped(&mut stop) => {
                timeout(GOODBYE, send(&mut write, &Down::Bye)).await.ok(); // it ends with us anyway
                return Ok(());
            }
            message = queue.recv() => match message {
                Some(message) => match send(&mut write, &message).await {
                    Err(FrameError::TooLarge(bytes)) => refuse(&mut write, message, bytes).await?,
                    sent => sent?,
                },
                None => return Ok(()),
            },
            changed = view.changed() => {
                if changed.is_err() {
                    return Ok(());
                }
                let newest = Arc::clone(&view.borrow_and_update());
                send(&mut write, &DownRef::View(&newest)).await?;
            }
        }
    }
}

/// Only the agent adds servers and changes how they are reached, after it stored the secrets.
fn may_command(command: &Command) -> bool {
    !matches!(command, Command::ServerSignedIn { .. } | Command::SetReach { .. })
}

/// Faces report what they saw; what the agent itself observes nobody else may claim.
fn may_signal(signal: &Signal) -> bool {
    match signal {
        Signal::BannerPresented { .. }
        | Signal::BannersHovered(_)
        | Signal::ProblemRaised { kind: ProblemKind::Banners, .. }
        | Signal::ProblemCleared(ProblemKind::Banners) => true,
        Signal::SurfaceChanged(_)
        | Signal::BannersFaceConnected
        | Signal::BannersFaceGone
        | Signal::ToastShown(_)
        | Signal::ToastClosed(_)
        | Signal::ToastClicked(_)
        | Signal::ToastFailed(_)
        | Signal::ToastPrinted(_)
        | Signal::SystemDoNotDisturb(_)
        | Signal::ScreenLocked(_)
        | Signal::FullScreen(_)
        | Signal::DisplayAsleep(_)
        | Signal::Woke
        | Signal::NetworkUp
        | Signal::InputSeen { .. }
        | Signal::SoundStarted(_)
        | Signal::SoundEnded
        | Signal::ProblemRaised { .. }
        | Signal::ProblemCleared(_) => false,
    }
}

async fn refuse(write: &mut OwnedWriteHalf, message: Down, bytes: usize) -> Result<(), FrameError> {
    let Down::Answer { id, .. } = message else { return Err(FrameError::TooLarge(bytes)) };
    let answer = Answer::Failed { message: "The answer is too large".to_owned() };
    send(write, &Down::Answer { id, answer: Box::new(answer) }).await
}

async fn receive(read: &mut BufReader<OwnedReadHalf>) -> Result<Option<Up>, FrameError> {
    let mut prefix = [0; 4];
    match read.read(&mut prefix).await? {
        0 => return Ok(None),
        got => {
            read.read_exact(prefix.get_mut(got..).unwrap_or_default()).await?;
        }
    }
    let length = frame_length(prefix)?;
    let mut json = Vec::new();
    read.take(length as u64).read_to_end(&mut json).await?;
    if json.len() < length {
        return Err(FrameError::Io(io::ErrorKind::UnexpectedEof.into()));
    }
    decode(&json).map(Some)
}

async fn send(write: &mut OwnedWriteHalf, message: &impl Serialize) -> Result<(), FrameError> {
    let frame = encode(message)?;
    match timeout(PATIENCE, write.write_all(&frame)).await {
        Ok(written) => Ok(written?),
        // It does not read: it hangs, and is replaced.
        Err(_elapsed) => Err(FrameError::Io(io::ErrorKind::TimedOut.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::super::client::{self, ClientError};
    use super::super::protocol::{read_frame, write_frame};
    use super::*;
    use belfry_core::command::Place;
    use belfry_core::ids::BannerId;

    struct Running {
        runtime: tokio::runtime::Runtime,
        view: watch::Sender<Arc<View>>,
        requests: mpsc::Receiver<Request>,
        stop: watch::Sender<bool>,
        socket: PathBuf,
        _folder: tempfile::TempDir,
    }

    fn running() -> Running {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("control");
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (view, seen) = watch::channel(Arc::new(View { revision: 1, ..View::default() }));
        let (sender, requests) = mpsc::channel(64);
        let (stop, stopped) = watch::channel(false);
        let listener = runtime.block_on(async { Listener::bind(&socket, true) }).unwrap();
        runtime.spawn(listener.serve(seen, sender, stopped));
        Running { runtime, view, requests, stop, socket, _folder: folder }
    }

    impl Running {
        fn next(&mut self) -> Request {
            self.requests.blocking_recv().unwrap()
        }
    }

    #[test]
    fn a_face_gets_the_view_at_once_and_every_newest_one_after() {
        let agent = running();
        let (mut receiver, _sender) = client::connect(&agent.socket, Face::Window).unwrap();
        assert_eq!(receiver.view().unwrap().revision, 1);
        agent.view.send_replace(Arc::new(View { revision: 2, ..View::default() }));
        assert_eq!(receiver.view().unwrap().revision, 2);
    }

    #[test]
    fn what_a_face_sends_arrives_in_order_and_sync_says_when() {
        let mut agent = running();
        let (mut receiver, mut sender) = client::connect(&agent.socket, Face::Banners).unwrap();
        let Request::Connected { role: Face::Banners, process, down, .. } = agent.next() else { panic!() };
        assert_eq!(process, Some(std::process::id()));
        sender.command(Command::DismissAllBanners).unwrap();
        sender.signal(Signal::BannerPresented { banner: BannerId(3), version: 1 }).unwrap();
        let id = sender.sync().unwrap();
        assert!(matches!(agent.next(), Request::Command(Command::DismissAllBanners)));
        assert!(matches!(agent.next(), Request::Signal(Signal::BannerPresented { banner: BannerId(3), .. })));
        let Request::Sync(done) = agent.next() else { panic!() };
        done.send(()).unwrap();
        receiver.synced(id).unwrap();
        down.blocking_send(Down::Raise(Some(Place::Servers))).unwrap();
        assert!(matches!(receiver.receive().unwrap(), Some(Down::Raise(Some(Place::Servers)))));
        sender.close();
        assert!(matches!(agent.next(), Request::Gone { role: Face::Banners, .. }));
    }

    #[test]
    fn a_question_is_answered_and_one_that_is_dropped_is_refused() {
        let mut agent = running();
        let (mut receiver, mut sender) = client::connect(&agent.socket, Face::Command).unwrap();
        agent.next();
        let first = sender.query(Query::Doctor).unwrap();
        let Request::Query { reply, .. } = agent.next() else { panic!() };
        reply.send(Answer::Doctor(Vec::new())).unwrap();
        assert_eq!(receiver.answer(first).unwrap(), Answer::Doctor(Vec::new()));
        let second = sender.query(Query::Doctor).unwrap();
        drop(agent.next());
        assert!(matches!(receiver.answer(second).unwrap(), Answer::Failed { .. }));
    }

    #[test]
    fn a_face_cannot_add_servers_or_speak_for_the_agent() {
        let mut agent = running();
        let (_receiver, mut sender) = client::connect(&agent.socket, Face::Window).unwrap();
        agent.next();
        sender
            .command(Command::ServerSignedIn {
                server: None,
                url: String::new(),
                name: String::new(),
                username: String::new(),
                auth: belfry_core::prefs::AuthKind::Password,
                insecure: false,
                reach: Box::default(),
                session_id: String::new(),
            })
            .unwrap();
        sender.signal(Signal::BannersFaceGone).unwrap();
        sender.command(Command::Resume).unwrap();
        assert!(matches!(agent.next(), Request::Command(Command::Resume)));
    }

    #[test]
    fn another_build_is_told_so_and_nothing_it_says_is_heard() {
        let mut agent = running();
        for hello in [
            serde_json::json!({"Hello": {"build": "0.0.1-00000000", "role": "Window"}}),
            serde_json::json!({"Hi": {"from": "the future"}}),
        ] {
            let mut stream = std::os::unix::net::UnixStream::connect(&agent.socket).unwrap();
            write_frame(&mut stream, &hello).unwrap();
            let answer = read_frame::<Down>(&mut stream).unwrap();
            assert!(matches!(answer, Some(Down::WrongBuild { build }) if build == BUILD));
            assert!(read_frame::<Down>(&mut stream).unwrap().is_none());
        }
        let _client = client::connect(&agent.socket, Face::Command).unwrap();
        assert!(matches!(agent.next(), Request::Connected { role: Face::Command, .. }));
    }

    #[test]
    fn a_frame_that_is_too_large_ends_only_its_own_connection() {
        let mut agent = running();
        let (mut good, _sender) = client::connect(&agent.socket, Face::Window).unwrap();
        agent.next();
        let mut bad = std::os::unix::net::UnixStream::connect(&agent.socket).unwrap();
        write_frame(&mut bad, &Up::Hello { build: BUILD.to_owned(), role: Face::Command }).unwrap();
        agent.next();
        io::Write::write_all(&mut bad, &u32::MAX.to_be_bytes()).unwrap();
        assert!(matches!(agent.next(), Request::Gone { role: Face::Command, .. }));
        good.view().unwrap();
        agent.view.send_replace(Arc::new(View { revision: 5, ..View::default() }));
        assert_eq!(good.view().unwrap().revision, 5);
    }

    #[test]
    fn the_socket_is_private_and_gone_after_goodbye() {
        let mut agent = running();
        assert_eq!(fs::metadata(&agent.socket).unwrap().permissions().mode() & 0o777, 0o600);
        let (mut receiver, _sender) = client::connect(&agent.socket, Face::Window).unwrap();
        receiver.view().unwrap();
        agent.next();
        agent.stop.send_replace(true);
        assert!(matches!(receiver.receive().unwrap(), Some(Down::Bye)));
        assert!(receiver.receive().unwrap().is_none());
        assert!(matches!(agent.next(), Request::Gone { .. }));
        agent.runtime.shutdown_timeout(Duration::from_secs(5));
        assert!(matches!(client::connect(&agent.socket, Face::Window), Err(ClientError::NotRunning)));
    }

    #[test]
    fn a_face_that_stops_reading_sees_the_newest_view_when_it_reads_again() {
        let agent = running();
        let (mut receiver, _sender) = client::connect(&agent.socket, Face::Window).unwrap();
        let long = "x".repeat(64 * 1024);
        for revision in 2..200 {
            let problems = vec![belfry_core::problem::Problem::new(ProblemKind::Tray, &long)];
            agent.view.send_replace(Arc::new(View { revision, problems, ..View::default() }));
        }
        let mut seen = 0;
        let mut frames = 0;
        while seen < 199 {
            seen = receiver.view().unwrap().revision;
            frames += 1;
        }
        assert!(frames < 150, "{frames} of 199 views were sent to a face that did not read");
    }
}
