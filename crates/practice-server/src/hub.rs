//! Logical WebSocket connections: numbering, buffering and resuming (`protocol.md` §4.6), without any socket.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use tokio::sync::Notify;

use crate::compat::Version;
use crate::ids::{Ids, is_id};
use crate::link::Link;
use crate::state::State;
use crate::wire::{Event, Scope};
use serde_json::json;

/// Numbered events that are kept for a resume.
const DEAD_QUEUE: usize = 128;
/// Events that may wait for a connection; the next one ends it.
const QUEUE: usize = 255;
/// A waiting line longer than this loses expendable events.
const HALF_FULL: usize = 128;
/// How long after the last activity a lost connection is kept; looked at by [`Hub::reap`].
const KEPT_MS: i64 = 300_000;

/// Something to be written to a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Payload {
    Text(String),
    Binary(Vec<u8>),
}

#[derive(Debug)]
enum Waiting {
    /// Not numbered yet; the second form is the one for replays.
    Event(String, Option<String>),
    /// Outside the numbering.
    Other(Payload),
}

/// The socket that serves a connection at the moment.
#[derive(Clone, Debug)]
pub(crate) struct Live {
    pub(crate) socket: u64,
    pub(crate) wake: Arc<Notify>,
    pub(crate) link: Arc<Link>,
}

#[derive(Debug)]
struct Conn {
    user: Option<String>,
    token: Option<String>,
    next_seq: u64,
    dead: VecDeque<(u64, String)>,
    queue: VecDeque<Waiting>,
    live: Option<Live>,
    posted_ack: bool,
    duplicate_next: bool,
}

/// What a client asked for in the address of its socket.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) connection_id: String,
    pub(crate) sequence_number: Option<String>,
    pub(crate) posted_ack: bool,
}

/// How a socket was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Attached {
    /// A new connection; `hello` goes first (or nothing, until the client authenticates).
    New(String),
    /// An old one goes on: replayed events, then nothing special.
    Resumed(String),
    /// Malformed resume parameters: close at once.
    Invalid,
}

/// What the socket task has to do next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Send(Payload),
    Wait,
    /// The connection was taken away: overflow, restart, or replaced.
    Gone,
}

/// All connections, live and lost.
#[derive(Debug, Default)]
pub(crate) struct Hub {
    conns: BTreeMap<String, Conn>,
    sockets: u64,
    pub(crate) drops_views: bool,
    /// Names of events that vanish, the next one of each.
    swallows: Vec<String>,
}

impl Hub {
    /// A number for a new socket.
    pub(crate) fn next_socket(&mut self) -> u64 {
        self.sockets += 1;
        self.sockets
    }

    /// Receives a socket: cases A to E.
    pub(crate) fn attach(
        &mut self,
        ids: &mut Ids,
        version: Version,
        who: Option<(&str, &str)>,
        wanted: &Wanted,
        live: Live,
    ) -> Attached {
        let resumes = version.resumes() && who.is_some();
        if resumes && !wanted.connection_id.is_empty() {
            let number = wanted.sequence_number.as_deref().and_then(|n| n.parse::<u64>().ok());
            let Some(seq) = number.filter(|_| is_id(&wanted.connection_id)) else { return Attached::Invalid };
            if let Some(conn) = self.conns.get_mut(&wanted.connection_id)
                && conn.live.is_none()
                && conn.user.as_deref() == who.map(|(user, _)| user)
                && conn.rewind(seq)
            {
                conn.token = who.map(|(_, token)| token.to_owned());
                conn.posted_ack = wanted.posted_ack;
                live.wake.notify_one();
                conn.live = Some(live);
                return Attached::Resumed(wanted.connection_id.clone());
            }
        }
        let id = ids.id();
        let conn = Conn {
            user: who.map(|(user, _)| user.to_owned()),
            token: who.map(|(_, token)| token.to_owned()),
            next_seq: 0,
            dead: VecDeque::new(),
            queue: VecDeque::new(),
            live: Some(live),
            posted_ack: wanted.posted_ack,
            duplicate_next: false,
        };
        self.conns.insert(id.clone(), conn);
        Attached::New(id)
    }

    /// Queues `hello` for a connection.
    pub(crate) fn hello(&mut self, id: &str, state: &State) {
        let Some(user) = self.conns.get(id).and_then(|c| c.user.clone()) else { return };
        let mut event = Event::new(
            "hello",
            Scope::user(&user),
            [("server_version", json!(state.version_id())), ("connection_id", json!(id))],
        );
        if let (true, Some(data)) = (state.version.names_host(), event.data.as_mut()) {
            data.insert("server_hostname".to_owned(), json!("practice"));
        }
        let (frame, replay) = event.frame_for(&user, false, state.version);
        self.push(id, Waiting::Event(frame, replay), false);
    }

    /// Gives a connection its person, after a challenge.
    pub(crate) fn authenticate(&mut self, id: &str, user: &str, token: &str) {
        if let Some(conn) = self.conns.get_mut(id) {
            conn.user = Some(user.to_owned());
            conn.token = Some(token.to_owned());
        }
    }

    /// The person of a connection, and whether the session still holds.
    pub(crate) fn identity(&self, id: &str, state: &State) -> (Option<String>, bool) {
        self.conns.get(id).map_or((None, false), |conn| (conn.user.clone(), conn.is_valid(state)))
    }

    /// The token of a connection whose session ran out but was not ended.
    pub(crate) fn expired_token(&self, id: &str, state: &State) -> Option<String> {
        let conn = self.conns.get(id).filter(|conn| conn.hears(state) && !conn.is_valid(state))?;
        conn.token.clone()
    }

    /// Sends an event to everybody whom it concerns.
    pub(crate) fn deliver(&mut self, event: &Event, state: &State) {
        if self.drops_views && event.is_view() {
            return;
        }
        if let Some(at) = self.swallows.iter().position(|name| *name == event.name) {
            self.swallows.swap_remove(at);
            return;
        }
        let mut frames = Vec::new();
        let mut shared: Option<String> = None;
        for (id, conn) in &self.conns {
            let Some(user) = conn.user.as_deref() else { continue };
            if !conn.hears(state) || !state.reaches(event, user) {
                continue;
            }
            let frame = match (&shared, &event.personal) {
                (Some(frame), None) => (frame.clone(), None),
                _ => event.frame_for(user, conn.posted_ack, state.version),
            };
            if event.personal.is_none() && shared.is_none() {
                shared = Some(frame.0.clone());
            }
            frames.push((id.clone(), frame));
        }
        for (id, (frame, replay)) in frames {
            self.push(&id, Waiting::Event(frame, replay), event.is_expendable());
        }
    }

    /// Answers an action; such frames are not numbered.
    pub(crate) fn reply(&mut self, id: &str, text: String) {
        self.push(id, Waiting::Other(Payload::Text(text)), false);
    }

    /// Puts a frame of any shape into the sockets of a person (of everybody, if none is named).
    pub(crate) fn inject(&mut self, user: Option<&str>, payload: &Payload) {
        let mine = |conn: &Conn| conn.live.is_some() && (user.is_none() || conn.user.as_deref() == user);
        let ids: Vec<String> = self.conns.iter().filter(|(_, c)| mine(c)).map(|(id, _)| id.clone()).collect();
        for id in ids {
            self.push(&id, Waiting::Other(payload.clone()), false);
        }
    }

    fn push(&mut self, id: &str, waiting: Waiting, expendable: bool) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        if expendable && conn.queue.len() > HALF_FULL {
            return;
        }
        if conn.queue.len() >= QUEUE {
            // Overflow: the connection is forgotten; its task finds it gone and says an empty goodbye.
            if let Some(live) = self.conns.remove(id).and_then(|conn| conn.live) {
                live.wake.notify_one();
            }
            return;
        }
        conn.queue.push_back(waiting);
        if let Some(live) = &conn.live {
            live.wake.notify_one();
        }
    }

    /// The next thing to write; events get their numbers here.
    pub(crate) fn take(&mut self, id: &str, socket: u64) -> Next {
        let Some(conn) = self.conns.get_mut(id) else { return Next::Gone };
        if conn.live.as_ref().is_none_or(|live| live.socket != socket) {
            return Next::Gone;
        }
        match conn.queue.pop_front() {
            None => Next::Wait,
            Some(Waiting::Other(payload)) => Next::Send(payload),
            Some(Waiting::Event(frame, replay)) => {
                let seq = conn.next_seq;
                conn.next_seq += 1;
                let text = format!("{frame},\"seq\":{seq}}}");
                if conn.dead.len() >= DEAD_QUEUE {
                    conn.dead.pop_front();
                }
                let kept = replay.map_or_else(|| text.clone(), |frame| format!("{frame},\"seq\":{seq}}}"));
                conn.dead.push_back((seq, kept));
                if std::mem::take(&mut conn.duplicate_next) {
                    conn.queue.push_front(Waiting::Other(Payload::Text(text.clone())));
                }
                Next::Send(Payload::Text(text))
            }
        }
    }

    /// A socket ended. Returns the person if it was their last one.
    pub(crate) fn detach(&mut self, id: &str, socket: u64, version: Version) -> Option<String> {
        let conn = self.conns.get_mut(id)?;
        if conn.live.as_ref().is_none_or(|live| live.socket != socket) {
            return None;
        }
        conn.live = None;
        conn.queue.retain(|waiting| matches!(waiting, Waiting::Event(..)));
        let user = conn.user.clone();
        if user.is_none() || !version.resumes() {
            self.conns.remove(id);
        }
        user.filter(|user| self.live(user) == 0)
    }

    /// Whether a connection is remembered, open or lost.
    pub(crate) fn knows(&self, id: &str) -> bool {
        self.conns.contains_key(id)
    }

    /// How many sockets a person has open.
    pub(crate) fn live(&self, user: &str) -> usize {
        self.conns.values().filter(|c| c.live.is_some() && c.user.as_deref() == Some(user)).count()
    }

    /// Forgets lost connections of people without recent activity; the real server looks every five minutes.
    pub(crate) fn reap(&mut self, state: &State) {
        let now = state.now();
        self.conns.retain(|_, conn| {
            let last = conn.user.as_ref().and_then(|id| state.users.get(id)).map_or(0, |u| u.status.last_activity_at);
            conn.live.is_some() || now - last <= KEPT_MS
        });
    }

    /// Forgets lost connections now.
    pub(crate) fn forget_lost(&mut self) {
        self.conns.retain(|_, conn| conn.live.is_some());
    }

    /// Forgets everything, as a restart does. The links are left to the caller.
    pub(crate) fn forget_all(&mut self) {
        for (_, conn) in std::mem::take(&mut self.conns) {
            if let Some(live) = conn.live {
                live.wake.notify_one();
            }
        }
    }

    /// The links of a person's sockets (of everybody's, if none is named).
    pub(crate) fn links(&self, user: Option<&str>) -> Vec<Arc<Link>> {
        let mine = self.conns.values().filter(|c| user.is_none() || c.user.as_deref() == user);
        mine.filter_map(|c| c.live.as_ref()).map(|live| Arc::clone(&live.link)).collect()
    }

    /// Lets the next event of this name vanish, without a gap in the numbers.
    pub(crate) fn swallow(&mut self, name: &str) {
        if self.swallows.len() < DEAD_QUEUE {
            self.swallows.push(name.to_owned());
        }
    }

    /// Forgets what was to vanish.
    pub(crate) fn swallow_nothing(&mut self) {
        self.swallows.clear();
    }

    /// Leaves a gap in the numbers of every live connection.
    pub(crate) fn skip(&mut self, by: u64) {
        for conn in self.conns.values_mut().filter(|c| c.live.is_some()) {
            conn.next_seq += by;
        }
    }

    /// Sends the next event of every live connection twice, with the same number.
    pub(crate) fn duplicate_next(&mut self) {
        for conn in self.conns.values_mut().filter(|c| c.live.is_some()) {
            conn.duplicate_next = true;
        }
    }
}

impl Conn {
    /// Whether events still reach the connection: a session that merely ran out goes on hearing (`protocol.md` §12.5).
    fn hears(&self, state: &State) -> bool {
        let session = self.token.as_deref().and_then(|token| state.sessions.get(token));
        session.is_some_and(|s| Some(s.user_id.as_str()) == self.user.as_deref())
    }

    fn is_valid(&self, state: &State) -> bool {
        self.token.as_deref().is_some_and(|token| state.session_user(token) == self.user.as_deref())
    }

    /// Prepares a replay from `seq` on; false if that is too old or from another life.
    fn rewind(&mut self, seq: u64) -> bool {
        if seq == 0 {
            // Accepted without a hello; numbering starts again and nothing comes back (`protocol.md` §12.3).
            self.next_seq = 0;
            self.dead.clear();
            self.queue.clear();
            return true;
        }
        if seq > self.next_seq {
            return false;
        }
        if seq < self.next_seq {
            let oldest = self.dead.front().map_or(self.next_seq, |(seq, _)| *seq);
            if seq < oldest {
                return false;
            }
            for (_, text) in self.dead.iter().rev().filter(|(n, _)| *n >= seq) {
                self.queue.push_front(Waiting::Other(Payload::Text(text.clone())));
            }
        }
        true
    }
}
