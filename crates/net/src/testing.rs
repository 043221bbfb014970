//! A tiny hand-made web server on loopback for this crate's own tests.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// What the server answers.
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Answer {
    pub(crate) fn json(status: u16, body: &str) -> Self {
        Self { status, headers: vec![("Content-Type".into(), "application/json".into())], body: body.into() }
    }

    pub(crate) fn html(status: u16, body: &str) -> Self {
        Self { status, headers: vec![("Content-Type".into(), "text/html".into())], body: body.into() }
    }

    pub(crate) fn redirect(to: &str) -> Self {
        Self { status: 302, headers: vec![("Location".into(), to.into())], body: String::new() }
    }

    pub(crate) fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

/// Answers every request on loopback, until dropped.
pub(crate) struct WebServer {
    url: String,
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
        task.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (mut socket, _) = listener.accept().await.unwrap();
                let (answer, log) = (Arc::clone(&answer), Arc::clone(&log));
                connections.spawn(async move {
                    let mut seen = Vec::new();
                    let mut chunk = [0; 4096];
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
                        text.push_str(&format!("{name}: {value}\r\n"));
                    }
                    text.push_str("\r\n");
                    text.push_str(&body);
                    socket.write_all(text.as_bytes()).await.ok();
                    socket.shutdown().await.ok();
                    // Reading on lets the other side close first, so that no reset cuts the answer.
                    while matches!(socket.read(&mut chunk).await, Ok(1..)) {}
                });
            }
        });
        Self { url, requests, _task: task }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The heads of all requests so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}
