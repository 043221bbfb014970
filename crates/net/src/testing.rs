//! A tiny hand-made web server on loopback for this crate's own tests. Websocket upgrades are handed to the test.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_tungstenite::WebSocketStream;

/// What the server answers.
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(status: u16, body: &str) -> Self {
        Self { status, headers: vec![("Content-Type".into(), "application/json".into())], body: body.into() }
    }

    pub(crate) fn bytes(status: u16, body: Vec<u8>) -> Self {
        Self { status, headers: Vec::new(), body }
    }

    pub(crate) fn html(status: u16, body: &str) -> Self {
        Self { status, headers: vec![("Content-Type".into(), "text/html".into())], body: body.into() }
    }

    pub(crate) fn redirect(to: &str) -> Self {
        Self { status: 302, headers: vec![("Location".into(), to.into())], body: Vec::new() }
    }

    pub(crate) fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

/// A websocket that was opened: its path with the query, and the server's end of it.
pub(crate) type Opened = (String, WebSocketStream<TcpStream>);

/// Answers every request on loopback, until dropped.
pub(crate) struct WebServer {
    url: String,
    sockets: mpsc::Receiver<Opened>,
    requests: Arc<Mutex<Vec<String>>>,
    _task: JoinSet<()>,
}

impl WebServer {
    /// `answer` is given the path with its query.
    pub(crate) async fn start(answer: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let answer = Arc::new(answer);
        let mut task = JoinSet::new();
        let log = Arc::clone(&requests);
        let (opened, sockets) = mpsc::channel(8);
        task.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (mut socket, _) = listener.accept().await.unwrap();
                let (answer, log) = (Arc::clone(&answer), Arc::clone(&log));
                let opened = opened.clone();
                connections.spawn(async move {
                    let mut seen = Vec::new();
                    let mut chunk = [0; 4096];
                    let peeked = socket.peek(&mut chunk).await.unwrap_or(0);
                    let head = String::from_utf8_lossy(&chunk[..peeked]).into_owned();
                    if head.contains("/api/v4/websocket") {
                        let path = head.split(' ').nth(1).unwrap_or("/").to_owned();
                        if let Ok(websocket) = tokio_tungstenite::accept_async(socket).await {
                            opened.send((path, websocket)).await.ok();
                        }
                        return;
                    }
                    let head = loop {
                        let Ok(read @ 1..) = socket.read(&mut chunk).await else { return };
                        seen.extend_from_slice(&chunk[..read]);
                        if let Some(end) = seen.windows(4).position(|window| window == b"\r\n\r\n") {
                            break String::from_utf8_lossy(&seen[..end + 4]).into_owned();
                        }
                        if seen.first() == Some(&0x16) {
                            // A TLS handshake: nobody speaks TLS here.
                            return;
                        }
                    };
                    let path = head.split(' ').nth(1).unwrap_or("/").to_owned();
                    log.lock().unwrap().push(head);
                    let Answer { status, headers, body } = answer(&path);
                    let mut text =
                        format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n", body.len());
                    for (name, value) in headers {
                        text.extend([&name, ": ", &value, "\r\n"]);
                    }
                    text.push_str("\r\n");
                    let answer = [text.into_bytes(), body].concat();
                    socket.write_all(&answer).await.ok();
                    socket.shutdown().await.ok();
                    // Reading on lets the other side close first, so that no reset cuts the answer.
                    while matches!(socket.read(&mut chunk).await, Ok(1..)) {}
                });
            }
        });
        Self { url, sockets, requests, _task: task }
    }

    /// The next websocket that is opened.
    pub(crate) async fn websocket(&mut self) -> Opened {
        self.sockets.recv().await.unwrap()
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The heads of all requests so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}
