//! A server that lives in memory and answers as it is told: rightly, or with any bytes at all.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use belfry_core::prefs::ServerPrefs;
use belfry_core::reach::ReachSecrets;
use belfry_net::dial::{Dial, Dialed, Dialing, Route, Routes, Target};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::answers;

/// What a connection holds on its way, in bytes.
const PIPE: usize = 64 * 1024;
/// A client that sends a longer head than this is broken.
const LONGEST_HEAD: usize = 64 * 1024;

/// What is said in place of the right answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lie {
    /// To requests whose path contains this.
    pub path: String,
    /// With this status; without one the body is all that is sent, from the status line on.
    pub status: Option<u16>,
    /// The body, or everything.
    pub body: Vec<u8>,
}

/// How an answer comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Right, but a byte every ten seconds.
    Trickle,
    /// Headers without end.
    EndlessHead,
    /// A body without end.
    EndlessBody,
}

#[derive(Debug, Default)]
struct State {
    lies: Vec<Lie>,
    manners: Vec<(String, Manner)>,
    /// The `Date` of every right answer, where one is told.
    date: Option<String>,
    /// Bytes of endless answers that were taken.
    poured: usize,
    /// Bytes for the open websocket.
    words: Option<mpsc::UnboundedSender<Vec<u8>>>,
    /// Bytes for it that were taken.
    said: usize,
    sockets: usize,
    /// Grows with every loss of the connection: as many more messages have come.
    gaps: usize,
    requests: Vec<String>,
    /// Ends the websockets that are open.
    drops: Option<tokio::sync::watch::Sender<usize>>,
}

/// The server; clones are the same one.
#[derive(Clone, Debug, Default)]
pub struct Host(Arc<Mutex<State>>);

impl Host {
    /// A server that tells these lies. Of several for one path each is told once, and the last for ever.
    pub fn lying(lies: Vec<Lie>) -> Self {
        Self(Arc::new(Mutex::new(State { lies, ..State::default() })))
    }

    /// The way to it.
    pub fn route(&self) -> Route {
        Route { dial: Arc::new(self.clone()), ..Route::direct() }
    }

    /// Answers requests whose path contains this in another manner.
    pub fn answers(&self, path: &str, manner: Manner) {
        self.lock().manners.push((path.to_owned(), manner));
    }

    /// Says in every answer that it is this late.
    pub fn claims(&self, date: &str) {
        self.lock().date = Some(date.to_owned());
    }

    /// Puts bytes into the open websocket, whatever they are.
    pub fn says(&self, bytes: Vec<u8>) {
        if let Some(words) = &self.lock().words {
            // A socket that has gone hears nothing.
            words.send(bytes).ok();
        }
    }

    /// Bytes for websockets that were taken.
    pub fn said(&self) -> usize {
        self.lock().said
    }

    /// Bytes of endless answers that were taken.
    pub fn poured(&self) -> usize {
        self.lock().poured
    }

    /// Websockets that were opened so far.
    pub fn sockets(&self) -> usize {
        self.lock().sockets
    }

    /// Tells no lies and answers as it should from now on.
    pub fn behaves(&self) {
        let mut state = self.lock();
        state.lies.clear();
        state.manners.clear();
    }

    /// Ends every websocket without a word; more has come before the next one.
    pub fn drops(&self) {
        let mut state = self.lock();
        state.gaps += 1;
        let gaps = state.gaps;
        if let Some(drops) = &state.drops {
            drops.send_replace(gaps);
        }
    }

    /// What was asked so far, as `GET /api/v4/users/me`.
    pub fn requests(&self) -> Vec<String> {
        self.lock().requests.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lie(&self, path: &str) -> Option<Lie> {
        let mut state = self.lock();
        let fits = |lie: &Lie| path.contains(lie.path.as_str());
        let at = state.lies.iter().position(fits)?;
        let is_last = state.lies.iter().skip(at + 1).all(|lie| !fits(lie));
        if is_last { state.lies.get(at).cloned() } else { Some(state.lies.remove(at)) }
    }

    async fn serve(self, mut stream: DuplexStream) {
        while let Some(request) = Request::read(&mut stream).await {
            self.lock().requests.push(format!("{} {}", request.method, request.path));
            let manner = {
                let state = self.lock();
                state.manners.iter().find(|(path, _)| request.path.contains(path.as_str())).map(|(_, manner)| *manner)
            };
            match manner {
                Some(Manner::EndlessHead) => {
                    return self.pour(stream, "HTTP/1.1 200 OK\r\n", "Set-Cookie: x=y\r\n").await;
                }
                Some(Manner::EndlessBody) => {
                    return self.pour(stream, "HTTP/1.1 200 OK\r\n\r\n", "[[[[[[[[[[[[[[[[").await;
                }
                Some(Manner::Trickle) | None => {}
            }
            let answer = match self.lie(&request.path) {
                Some(Lie { status: None, body, .. }) => {
                    // Whoever is answered with too much does not read to the end.
                    stream.write_all(&body).await.ok();
                    stream.shutdown().await.ok();
                    return;
                }
                Some(Lie { status: Some(status), body, .. }) => respond(status, "", &body),
                None if request.path.contains("/websocket") && manner.is_none() => {
                    self.websocket(stream, &request.key).await;
                    return;
                }
                None => {
                    let (gaps, date) = {
                        let state = self.lock();
                        (state.gaps, state.date.clone())
                    };
                    let (status, headers, body) = answers::right(&request.path, gaps);
                    let date = date.map(|date| format!("Date: {date}\r\n")).unwrap_or_default();
                    respond(status, &format!("{headers}{date}"), &body)
                }
            };
            let piece = if manner == Some(Manner::Trickle) { 1 } else { answer.len().max(1) };
            for piece in answer.chunks(piece) {
                if manner == Some(Manner::Trickle) {
                    tokio::time::sleep(Duration::from_secs(10)).await;
                }
                if stream.write_all(piece).await.is_err() {
                    return;
                }
            }
        }
    }

    /// Writes the same for ever, and counts how much of it is taken.
    async fn pour(&self, mut stream: DuplexStream, first: &str, again: &str) {
        let much = again.repeat(4096);
        let mut next = first.as_bytes();
        while let Ok(taken @ 1..) = stream.write(next).await {
            self.lock().poured += taken;
            next = next.get(taken..).filter(|rest| !rest.is_empty()).unwrap_or(much.as_bytes());
        }
    }

    async fn websocket(&self, mut stream: DuplexStream, key: &str) {
        let accept = derive_accept_key(key.as_bytes());
        let head = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
        );
        if stream.write_all(head.as_bytes()).await.is_err() {
            return;
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "as long as the input, and the server must never wait for its client"
        )]
        let (say, words) = mpsc::unbounded_channel();
        let (gaps, mut dropped) = {
            let mut state = self.lock();
            let gaps = state.gaps;
            state.words = Some(say);
            state.sockets += 1;
            let drops = state.drops.get_or_insert_with(|| tokio::sync::watch::channel(gaps).0);
            (gaps, drops.subscribe())
        };
        let socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
        tokio::select! {
            () = self.converse(socket, words, gaps) => {}
            _ = dropped.wait_for(|now| *now > gaps) => {}
        }
    }

    /// Says what it says by itself, then what it is told to, and answers until the client goes.
    async fn converse(
        &self,
        mut socket: WebSocketStream<DuplexStream>,
        mut words: mpsc::UnboundedReceiver<Vec<u8>>,
        gaps: usize,
    ) {
        for frame in answers::greeting(gaps) {
            if socket.send(Message::text(frame)).await.is_err() {
                return;
            }
        }
        loop {
            tokio::select! {
                message = socket.next() => match message {
                    Some(Ok(Message::Text(text))) => {
                        if socket.send(Message::text(answers::reply(&text))).await.is_err() {
                            return;
                        }
                    }
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return,
                },
                Some(bytes) = words.recv() => {
                    let mut left = bytes.as_slice();
                    while !left.is_empty() {
                        let Ok(taken @ 1..) = socket.get_mut().write(left).await else { return };
                        self.lock().said += taken;
                        left = left.get(taken..).unwrap_or_default();
                    }
                }
            }
        }
    }
}

impl Dial for Host {
    fn dial<'a>(&'a self, _: &'a Target, _: &'a [&'a str]) -> Dialing<'a> {
        Box::pin(async move {
            let (ours, theirs) = duplex(PIPE);
            Handle::current().spawn(self.clone().serve(theirs));
            Ok(Dialed { stream: Box::new(ours), h2: false })
        })
    }
}

impl Routes for Host {
    fn route(&self, _: &ServerPrefs, _: &ReachSecrets) -> Route {
        Self::route(self)
    }
}

fn respond(status: u16, headers: &str, body: &[u8]) -> Vec<u8> {
    let mut head = String::new();
    write!(head, "HTTP/1.1 {status} X\r\n{headers}Content-Length: {}\r\n\r\n", body.len()).unwrap_or_default();
    [head.as_bytes(), body].concat()
}

struct Request {
    method: String,
    path: String,
    key: String,
}

impl Request {
    /// The next request, with its body read; `None` where the client is gone.
    async fn read(stream: &mut DuplexStream) -> Option<Self> {
        let mut head = Vec::new();
        let mut chunk = [0; 4096];
        let end = loop {
            if let Some(at) = head.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            let read = stream.read(&mut chunk).await.ok().filter(|read| *read > 0 && head.len() < LONGEST_HEAD)?;
            head.extend_from_slice(chunk.get(..read)?);
        };
        let text = String::from_utf8_lossy(head.get(..end)?).into_owned();
        let header = |name: &str| {
            let mut lines = text.lines().filter_map(|line| line.split_once(':'));
            lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
        };
        let mut left = header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0_usize);
        left = left.saturating_sub(head.len() - end);
        while left > 0 {
            let read = stream.read(&mut chunk).await.ok().filter(|read| *read > 0)?;
            left = left.saturating_sub(read);
        }
        let mut words = text.split(' ');
        let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
        Some(Self { method, path, key: header("sec-websocket-key").unwrap_or_default() })
    }
}
