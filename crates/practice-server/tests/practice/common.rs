//! A small client for the tests: plain HTTP over a fresh connection, and a WebSocket.

use std::collections::BTreeMap;
use std::time::Duration;

use belfry_practice_server::{Clock, ClockHand, Options, PracticeServer, Timing, World};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Message, protocol::CloseFrame};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("not JSON ({e}): {}", self.body))
    }

    pub(crate) fn error_id(&self) -> String {
        self.json()["id"].as_str().unwrap_or_default().to_owned()
    }
}

pub(crate) async fn start(world: World) -> PracticeServer {
    let timing = Timing { authentication: Duration::from_millis(80), offline: Duration::ZERO, ..Timing::default() };
    PracticeServer::start(Options { timing, ..Options::with_world(world) }).await.expect("the server starts")
}

/// A server whose clock stands still and whose pings are quick.
pub(crate) async fn start_by_hand(ping: Duration, patience: Duration) -> (PracticeServer, ClockHand) {
    let (clock, hand) = Clock::by_hand(1_800_000_000_000);
    let timing = Timing { ping, pong: patience, ..Timing::default() };
    let server = PracticeServer::start(Options { timing, clock, ..Options::default() }).await;
    (server.expect("the server starts"), hand)
}

/// One request. `headers` are whole lines.
pub(crate) async fn request(
    server: &PracticeServer,
    method: &str,
    path: &str,
    headers: &[String],
    body: &str,
) -> Answer {
    let mut tcp = TcpStream::connect(server.address()).await.expect("connects");
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: practice\r\nConnection: close\r\n");
    for header in headers {
        text.push_str(header);
        text.push_str("\r\n");
    }
    let length = format!("Content-Length: {}\r\n\r\n", body.len());
    text.push_str(&length);
    text.push_str(body);
    tcp.write_all(text.as_bytes()).await.expect("writes");
    let mut raw = Vec::new();
    tcp.read_to_end(&mut raw).await.ok();
    let raw = String::from_utf8_lossy(&raw).into_owned();
    let (head, body) = raw.split_once("\r\n\r\n").unwrap_or((&raw, ""));
    let mut lines = head.lines();
    let status = lines.next().and_then(|l| l.split(' ').nth(1)).and_then(|s| s.parse().ok()).unwrap_or(0);
    let mut map: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in lines.filter_map(|l| l.split_once(": ")) {
        let old = map.remove(&name.to_lowercase()).map_or(String::new(), |old| old + "\n");
        map.insert(name.to_lowercase(), old + value);
    }
    Answer { status, headers: map, body: body.to_owned() }
}

pub(crate) fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}")
}

/// A request to the API as somebody.
pub(crate) async fn api(server: &PracticeServer, token: &str, method: &str, path: &str, body: Value) -> Answer {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let base = server.url();
    let base = base.splitn(4, '/').nth(3).map_or(String::new(), |sub| format!("/{sub}"));
    request(server, method, &format!("{base}/api/v4/{path}"), &[bearer(token)], &body).await
}

pub(crate) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    seq: i64,
    /// Event frames so far.
    pub(crate) events: Vec<Value>,
}

impl Socket {
    pub(crate) async fn open(server: &PracticeServer, token: Option<&str>, query: &str) -> Self {
        let url = format!("{}/api/v4/websocket?{query}", server.url().replacen("http", "ws", 1));
        let mut request = url.into_client_request().expect("an address");
        if let Some(token) = token {
            request.headers_mut().insert("Authorization", format!("Bearer {token}").parse().expect("a header"));
        }
        let (stream, _) = connect_async(request).await.expect("101");
        Self { stream, seq: 0, events: Vec::new() }
    }

    pub(crate) async fn send(&mut self, action: &str, data: Value) -> i64 {
        self.seq += 1;
        let text = json!({ "seq": self.seq, "action": action, "data": data }).to_string();
        self.send_text(&text).await;
        self.seq
    }

    pub(crate) async fn send_text(&mut self, text: &str) {
        self.stream.send(Message::text(text)).await.expect("sends");
    }

    /// The next text frame; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            match self.stream.next().await {
                Some(Ok(Message::Text(text))) => return Some(serde_json::from_str(text.as_str()).expect("JSON")),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                _ => return None,
            }
        }
    }

    /// How the connection ended.
    pub(crate) async fn end(&mut self) -> Option<CloseFrame> {
        loop {
            match self.stream.next().await {
                Some(Ok(Message::Close(frame))) => return frame,
                Some(Ok(_)) => {}
                _ => return None,
            }
        }
    }

    /// Sends a ping and collects the events before its answer, which is returned.
    pub(crate) async fn ping(&mut self) -> Value {
        self.send("ping", json!({})).await;
        loop {
            let frame = self.next().await.expect("the connection lives");
            if frame.get("seq_reply").is_some() || frame.get("status").is_some() {
                return frame;
            }
            self.events.push(frame);
        }
    }

    /// The events since the last call, in the order of arrival.
    pub(crate) async fn fresh(&mut self) -> Vec<Value> {
        self.ping().await;
        std::mem::take(&mut self.events)
    }

    /// Their names only.
    pub(crate) async fn names(&mut self) -> Vec<String> {
        let events = self.fresh().await;
        events.iter().map(|e| e["event"].as_str().unwrap_or_default().to_owned()).collect()
    }

    pub(crate) async fn close(mut self) {
        self.stream.close(None).await.ok();
        while self.stream.next().await.is_some() {}
    }
}

/// A signed-in socket after its `hello`.
pub(crate) async fn connected(server: &PracticeServer, name: &str) -> (Socket, String, String) {
    let token = server.person(name).signs_in().expect("the person exists");
    let mut socket = Socket::open(server, Some(&token), "connection_id=&sequence_number=0").await;
    let hello = socket.next().await.expect("hello");
    assert_eq!(hello["event"], "hello");
    let id = hello["data"]["connection_id"].as_str().unwrap_or_default().to_owned();
    socket.fresh().await;
    (socket, id, token)
}

/// Decodes a field that is JSON inside JSON.
pub(crate) fn inner(event: &Value, field: &str) -> Value {
    serde_json::from_str(event["data"][field].as_str().unwrap_or("null")).expect("JSON inside JSON")
}
