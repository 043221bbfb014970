//! What goes into the machine, and what comes out.

use std::time::Duration;

use belfry_core::event::Connection;

use crate::session::presence::Person;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input<'a> {
    /// There is a token: begin.
    Start,
    /// The upgrade succeeded. It proves nothing yet: a bad token gets this far (§4.2).
    Opened,
    /// No connection came about.
    NotOpened {
        /// Why, for people.
        reason: String,
        /// How long the server asked us to wait.
        retry_after: Option<Duration>,
        /// The server refused the token itself (a 401 of the upgrade).
        doubt: bool,
    },
    /// `hello`: a new logical connection.
    Hello {
        /// Its id; empty where the server cannot resume.
        connection_id: &'a str,
        /// Its sequence number.
        seq: i64,
        /// `server_version`.
        version: &'a str,
    },
    /// Another event.
    Event {
        /// Its sequence number.
        seq: i64,
    },
    /// A reply to something we sent.
    Reply {
        /// To which; absent where the server leaves it out.
        seq_reply: Option<i64>,
        /// Whether it was granted.
        ok: bool,
    },
    /// A frame that could not be read: it may have been an event.
    Unreadable,
    /// The socket is gone.
    Closed(Ending),
    /// The answer to `CheckIdentity`.
    Identity(Identity),
    /// The answer to `Load`: everything was read.
    Loaded,
    /// The answer to `Load`: it failed.
    LoadFailed {
        /// Why, for people.
        reason: String,
        /// How long the server asked us to wait.
        retry_after: Option<Duration>,
    },
    /// Frames were lost because too many were held back during a load.
    Overflowed,
    /// A REST call was told that the session is over.
    Suspicion,
    /// The engine wants everything read again.
    ResyncWanted,
    /// The computer slept.
    Woke,
    /// There is a network again, or another one.
    NetworkUp,
    /// How the person at this computer is.
    Person(Person),
    /// The person wants it tried now.
    CheckAgain,
    /// Time passed.
    Tick,
}

/// How a socket ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Without a word.
    Lost,
    /// With a close frame.
    ByServer,
    /// It carried something that is no websocket traffic, or a frame beyond every limit: the same would come again.
    Broken,
}

/// What the server says about the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// It is alive.
    Alive,
    /// It is over.
    Over,
    /// Two-step sign-in must be set up in the browser first.
    MfaRequired,
    /// No answer.
    Unreachable {
        /// Why, for people.
        reason: String,
        /// How long the server asked us to wait.
        retry_after: Option<Duration>,
    },
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Open the websocket. Ask for a resume where `connection_id` is not empty.
    Connect {
        /// The connection to resume; empty for a new one.
        connection_id: String,
        /// The sequence number expected next; 0 for a new connection.
        sequence_number: i64,
    },
    /// Send a ping with this number.
    SendPing {
        /// Its number, counting from 1 on each socket.
        seq: i64,
    },
    /// Say whether the person is active; never that they are away by their own choice (§12.2).
    TellActivity {
        /// Its number, from the same count as pings.
        seq: i64,
        /// They touched keyboard or pointer; otherwise they have not for a while.
        active: bool,
    },
    /// Drop the socket, or give up opening it.
    Close,
    /// Read everything over REST; a load that runs already is given up.
    Load,
    /// Ask who is signed in.
    CheckIdentity,
    /// Have the unread counts compared with the server's.
    CompareCounts,
    /// Tell how the connection is.
    Report(Connection),
}
