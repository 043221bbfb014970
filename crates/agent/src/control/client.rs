//! The blocking end of the control socket, for faces and commands.
//!
//! A face reads on one thread and sends from another: [`connect`] gives a half for each.

use std::io;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use belfry_core::command::Command;
use belfry_core::query::{Answer, Query};
use belfry_core::signal::Signal;
use belfry_core::view::View;

use super::protocol::{BUILD, Down, Face, FrameError, Up, read_frame, write_frame};
use crate::platform;

/// How long the agent may take to greet, or to make room for a frame, before it counts as hanging.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why there is no connection, or not any more.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody listens.
    #[error("Belfry is not running")]
    NotRunning,
    /// Somebody listens, but was built from other sources.
    #[error(
        "another build of Belfry is running ({running}; this one is {BUILD}): end it with `belfry quit` and start again"
    )]
    WrongBuild {
        /// What the agent says it is.
        running: String,
        /// Its process, where the system tells.
        process: Option<rustix::process::Pid>,
    },
    /// Somebody else listens in our place.
    #[error("the control socket belongs to another user, so Belfry does not speak to it")]
    Foreign,
    /// It listens but does not answer.
    #[error("Belfry is running but does not answer")]
    Silent,
    /// The connection failed.
    #[error(transparent)]
    Frame(#[from] FrameError),
}

impl From<io::Error> for ClientError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Self::Silent,
            _ => Self::Frame(FrameError::Io(error)),
        }
    }
}

/// The reading half.
#[derive(Debug)]
pub struct Receiver {
    stream: io::BufReader<UnixStream>,
    windows: bool,
}

/// The sending half.
#[derive(Debug)]
pub struct Sender {
    stream: UnixStream,
    last_id: u64,
}

/// Connects to the agent at this socket and greets it.
pub fn connect(socket: &Path, role: Face) -> Result<(Receiver, Sender), ClientError> {
    let stream = UnixStream::connect(socket).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => ClientError::NotRunning,
        _ => error.into(),
    })?;
    // Passwords are sent through it: somebody else's is not spoken to, however it came there.
    if platform::peer_user(&stream).is_some_and(|user| user != platform::user_id()) {
        return Err(ClientError::Foreign);
    }
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut sender = Sender { stream: stream.try_clone()?, last_id: 0 };
    let mut receiver = Receiver { stream: io::BufReader::with_capacity(8 * 1024, stream), windows: false };
    sender.send(&Up::Hello { build: BUILD.to_owned(), role })?;
    match receiver.receive()? {
        Some(Down::Welcome { windows, .. }) => {
            receiver.windows = windows;
            receiver.stream.get_ref().set_read_timeout(None)?;
            Ok((receiver, sender))
        }
        Some(Down::WrongBuild { build }) => {
            Err(ClientError::WrongBuild { running: build, process: platform::peer_process(receiver.stream.get_ref()) })
        }
        Some(_) | None => Err(ClientError::Silent),
    }
}

impl Receiver {
    /// Whether the agent can show windows.
    pub fn has_windows(&self) -> bool {
        self.windows
    }

    /// Waits for the next message; `None` when the agent is gone.
    pub fn receive(&mut self) -> Result<Option<Down>, ClientError> {
        match read_frame(&mut self.stream) {
            Ok(message) => Ok(message),
            Err(FrameError::Io(error)) if error.kind() == io::ErrorKind::ConnectionReset => Ok(None),
            Err(FrameError::Io(error)) => Err(error.into()),
            Err(error) => Err(error.into()),
        }
    }

    /// From now on [`Receiver::receive`] gives up with [`ClientError::Silent`] after this long; `None` waits for ever.
    pub fn set_patience(&mut self, patience: Option<Duration>) -> Result<(), ClientError> {
        Ok(self.stream.get_ref().set_read_timeout(patience)?)
    }

    /// Waits for the first view.
    pub fn view(&mut self) -> Result<Box<View>, ClientError> {
        loop {
            match self.receive()? {
                Some(Down::View(view)) => return Ok(view),
                Some(Down::Bye) | None => return Err(ClientError::NotRunning),
                Some(_) => {}
            }
        }
    }

    /// Waits for the answer to a question, skipping everything else.
    pub fn answer(&mut self, wanted: u64) -> Result<Answer, ClientError> {
        loop {
            match self.receive()? {
                Some(Down::Answer { id, answer }) if id == wanted => return Ok(*answer),
                Some(Down::Bye) | None => return Err(ClientError::NotRunning),
                Some(_) => {}
            }
        }
    }

    /// Waits until everything sent before this `sync` was handed to the engine, skipping everything else.
    pub fn synced(&mut self, wanted: u64) -> Result<(), ClientError> {
        loop {
            match self.receive()? {
                Some(Down::Synced(id)) if id == wanted => return Ok(()),
                Some(Down::Bye) | None => return Err(ClientError::NotRunning),
                Some(_) => {}
            }
        }
    }
}

impl Sender {
    /// Sends a command.
    pub fn command(&mut self, command: Command) -> Result<(), ClientError> {
        self.send(&Up::Command(Box::new(command)))
    }

    /// Sends a signal.
    pub fn signal(&mut self, signal: Signal) -> Result<(), ClientError> {
        self.send(&Up::Signal(signal))
    }

    /// Asks; the answer arrives as [`Down::Answer`] with the number given back.
    pub fn query(&mut self, query: Query) -> Result<u64, ClientError> {
        let id = self.next_id();
        self.query_as(id, query)?;
        Ok(id)
    }

    /// Asks under a number of the caller's choice.
    pub fn query_as(&mut self, id: u64, query: Query) -> Result<(), ClientError> {
        self.send(&Up::Query { id, query: Box::new(query) })
    }

    /// Asks for [`Down::Synced`] with the number given back.
    pub fn sync(&mut self) -> Result<u64, ClientError> {
        let id = self.next_id();
        self.send(&Up::Sync(id))?;
        Ok(id)
    }

    /// Ends the connection in both directions: the reading half sees the end at once.
    pub fn close(&self) {
        self.stream.shutdown(Shutdown::Both).ok(); // gone already is as good
    }

    fn next_id(&mut self) -> u64 {
        self.last_id = self.last_id.wrapping_add(1);
        self.last_id
    }

    fn send(&mut self, message: &Up) -> Result<(), ClientError> {
        match write_frame(&mut self.stream, message) {
            Ok(()) => Ok(()),
            Err(FrameError::Io(error)) => Err(error.into()),
            Err(error) => Err(error.into()),
        }
    }
}
