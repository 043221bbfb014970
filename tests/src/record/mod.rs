//! Records a server as one signed-in person meets it, in the format of the recordings that `belfry replay` reads.
//!
//! Each action is followed by what the server counts then, read from it and not from us: `belfry replay --check` compares
//! the engine with it. What is written was scrubbed first ([`scrub`]).
#![expect(clippy::indexing_slicing, reason = "a JSON value has a null for what is missing")]

pub mod script;
pub mod scrub;

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use belfry_core::secret::Secret;
use belfry_net::dial::{Route, Stream, Target};
use belfry_net::http::{Reply, Rest, Size};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Map, Value, json};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::AUTHORIZATION;

use scrub::Scrub;

/// Far more than a server takes to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A recording that goes on.
pub struct Recorder {
    rest: Rest,
    socket: WebSocketStream<Box<dyn Stream>>,
    scrub: Scrub,
    lines: Vec<String>,
    teams: Vec<String>,
    ids: Map<String, Value>,
    /// Numbers what we ask over the socket.
    asked: i64,
    action: i64,
    /// A server that counts and tells at different times is waited for so long after its last frame.
    quiet: Duration,
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recorder").field("action", &self.action).finish_non_exhaustive()
    }
}

impl Recorder {
    /// Signs in with a token at this address (as discovered) and records what a client reads when it starts. `note` says
    /// what server this is.
    pub async fn begin(url: &str, token: &Secret, note: &str, quiet: Duration) -> anyhow::Result<Self> {
        let route = Route::direct();
        let rest = Rest::open(url, Some(token), &route)?;
        let socket = open(&rest, &route, token).await?;
        let mut recorder = Self {
            scrub: Scrub::new(url, token),
            rest,
            socket,
            lines: Vec::new(),
            teams: Vec::new(),
            ids: Map::new(),
            asked: 0,
            action: 0,
            quiet,
        };
        recorder.write("action", [("n", 0.into()), ("name", "bootstrap".into()), ("note", note.into())]);
        recorder.bootstrap().await?;
        recorder.settle().await?;
        Ok(recorder)
    }

    async fn bootstrap(&mut self) -> anyhow::Result<()> {
        self.read("/system/ping").await?;
        self.read("/config/client?format=old").await?;
        self.read("/license/client?format=old").await?;
        let me = self.read("/users/me").await?;
        let my_id = me["id"].as_str().context("the server did not say who is signed in")?.to_owned();
        self.ids.insert("me".to_owned(), json!({"id": my_id, "username": me["username"]}));
        self.read("/users/me/preferences").await?;
        let teams = self.read("/users/me/teams").await?;
        for team in rows(&teams) {
            let Some(id) = team["id"].as_str() else { continue };
            self.teams.push(id.to_owned());
            self.name(&team["name"], id);
        }
        self.read("/users/me/teams/members").await?;
        self.read("/users/me/teams/unread?include_collapsed_threads=true").await?;
        let mut partners = Vec::new();
        for team in self.teams.clone() {
            let channels = self.read(&format!("/users/me/teams/{team}/channels?include_deleted=false")).await?;
            self.read(&format!("/users/me/teams/{team}/channels/members")).await?;
            for channel in rows(&channels) {
                let (Some(id), Some(name)) = (channel["id"].as_str(), channel["name"].as_str()) else { continue };
                if channel["type"] == "D" {
                    partners.extend(name.split("__").filter(|part| *part != my_id).map(str::to_owned));
                } else {
                    self.name(&channel["name"], id);
                }
            }
        }
        self.read("/users/me/status").await?;
        for team in self.teams.clone() {
            self.read(&format!("/users/me/teams/{team}/threads?totalsOnly=true&per_page=1")).await?;
        }
        self.read("/users/me/channels").await?;
        self.read("/users/me/channel_members?page=-1").await?;
        partners.sort();
        partners.dedup();
        if !partners.is_empty() {
            let request = json!(partners);
            for path in ["/users/ids", "/users/status/ids"] {
                let reply = self.rest.ask(&format!("/api/v4{path}"), request.to_string().as_bytes()).await?;
                let body = body_of(&reply);
                if path == "/users/ids" {
                    for user in rows(&body) {
                        self.name(&user["username"], user["id"].as_str().unwrap_or_default());
                    }
                }
                self.rest_line("POST", path, &reply, request.clone(), body);
            }
        }
        let calls = self.rest.get("/plugins/com.mattermost.calls/config", Size::Ordinary).await?;
        if calls.is_ok() {
            let body = body_of(&calls);
            self.rest_line("GET", "/plugins/com.mattermost.calls/config", &calls, Value::Null, body);
        }
        Ok(())
    }

    /// One thing that somebody does, with every frame that follows from it and what the server counts then.
    pub async fn acts<T, E: Into<anyhow::Error>>(
        &mut self,
        name: &str,
        note: &str,
        act: impl FnOnce() -> Result<T, E>,
    ) -> anyhow::Result<T> {
        self.opens_action(name, note);
        let outcome = act().map_err(Into::into).with_context(|| format!("the action {name}"))?;
        self.closes_action().await?;
        Ok(outcome)
    }

    /// From now on, what comes belongs to this action.
    pub fn opens_action(&mut self, name: &str, note: &str) {
        self.action += 1;
        self.write("action", [("n", self.action.into()), ("name", name.into()), ("note", note.into())]);
    }

    /// Takes what the action led to, and asks the server what it counts.
    pub async fn closes_action(&mut self) -> anyhow::Result<()> {
        self.settle().await?;
        let truth = self.truth().await?;
        self.write("truth", truth);
        Ok(())
    }

    /// Takes one frame, for whoever waits for something else as well.
    pub async fn takes_one(&mut self) -> anyhow::Result<()> {
        let message = self.socket.next().await;
        self.keep(message)?;
        Ok(())
    }

    /// Ends the recording and gives its text.
    ///
    /// # Errors
    /// Something that must not be in it is.
    pub fn end(mut self) -> anyhow::Result<String> {
        self.write("ws_closed", [("note", "the recording ends".into()), ("code", Value::Null)]);
        let ids = std::mem::take(&mut self.ids);
        self.write("ids", ids);
        let mut text = self.lines.join("\n");
        text.push('\n');
        self.scrub.check(&text)?;
        Ok(text)
    }

    fn name(&mut self, name: &Value, id: &str) {
        if let Some(name) = name.as_str().filter(|name| !name.is_empty() && *name != "me" && !id.is_empty()) {
            self.ids.entry(name).or_insert_with(|| id.into());
        }
    }

    /// Reads everything that the server has told up to now: its answer to a question comes after that.
    async fn settle(&mut self) -> anyhow::Result<()> {
        self.asked += 1;
        let ping = json!({"seq": self.asked, "action": "ping"}).to_string();
        self.socket.send(Message::text(ping)).await?;
        loop {
            let message = timeout(PATIENCE, self.socket.next()).await.context("the server tells nothing any more")?;
            if self.keep(message)? {
                break;
            }
        }
        // What it tells late.
        while let Ok(message) = timeout(self.quiet, self.socket.next()).await {
            self.keep(message)?;
        }
        Ok(())
    }

    /// Keeps a frame; true where it answers our last question, which is not part of the recording.
    fn keep(
        &mut self,
        message: Option<Result<Message, tokio_tungstenite::tungstenite::Error>>,
    ) -> anyhow::Result<bool> {
        match message {
            Some(Ok(Message::Text(text))) => {
                let frame: Value = serde_json::from_str(&text).context("a frame that is not JSON")?;
                if let Some(reply) = frame["seq_reply"].as_i64() {
                    return Ok(reply == self.asked);
                }
                self.write("ws", [("frame", frame)]);
                Ok(false)
            }
            Some(Ok(Message::Close(_))) | None => bail!("the server ended the connection"),
            Some(Ok(_)) => Ok(false),
            Some(Err(error)) => Err(error.into()),
        }
    }

    /// Reads and records an answer.
    async fn read(&mut self, path: &str) -> anyhow::Result<Value> {
        let reply = self.rest.get(&format!("/api/v4{path}"), Size::Bulk).await?;
        let body = body_of(&reply);
        self.rest_line("GET", path, &reply, Value::Null, body.clone());
        Ok(if reply.is_ok() { body } else { Value::Null })
    }

    fn rest_line(&mut self, method: &str, path: &str, reply: &Reply, request: Value, body: Value) {
        let version = reply.version_id.clone().map(Value::from);
        let fields = [("method", method.into()), ("path", path.into()), ("status", reply.status.into())];
        let rest = [("request", request), ("body", scrub::settings(path, body))];
        self.write("rest", fields.into_iter().chain(version.map(|version| ("version", version))).chain(rest));
    }

    /// The server's own bookkeeping.
    async fn truth(&mut self) -> anyhow::Result<Vec<(&'static str, Value)>> {
        let mut members = Map::new();
        let mut channels = Map::new();
        let mut threads = Map::new();
        for team in &self.teams {
            let path = format!("/users/me/teams/{team}");
            let listed = self.ask(&format!("{path}/channels?include_deleted=false")).await?;
            channels.insert(team.clone(), only(&listed, &CHANNEL));
            let listed = self.ask(&format!("{path}/channels/members")).await?;
            members.insert(team.clone(), only(&listed, &MEMBER));
            let totals = self.ask(&format!("{path}/threads?totalsOnly=true&per_page=1")).await?;
            if totals.is_object() {
                threads.insert(team.clone(), totals);
            }
        }
        Ok(vec![
            ("after", self.action.into()),
            ("teams_unread", self.ask("/users/me/teams/unread?include_collapsed_threads=true").await?),
            ("threads", threads.into()),
            ("status", self.ask("/users/me/status").await?),
            ("members", members.into()),
            ("channels", channels.into()),
        ])
    }

    async fn ask(&self, path: &str) -> anyhow::Result<Value> {
        let reply = self.rest.get(&format!("/api/v4{path}"), Size::Bulk).await?;
        Ok(if reply.is_ok() { body_of(&reply) } else { Value::Null })
    }

    /// One line, in the order in which people read it.
    fn write(&mut self, kind: &str, fields: impl IntoIterator<Item = (impl AsRef<str>, Value)>) {
        let mut parts = vec![format!("\"k\":\"{kind}\"")];
        for (name, value) in fields {
            let (name, value) = (self.scrub.value(name.as_ref().into()), self.scrub.value(value));
            parts.push(format!("{name}:{value}"));
        }
        self.lines.push(format!("{{{}}}", parts.join(",")));
    }
}

/// What a `truth` line says of a channel and of a membership.
const CHANNEL: [&str; 5] = ["id", "total_msg_count", "total_msg_count_root", "delete_at", "type"];
const MEMBER: [&str; 8] = [
    "channel_id",
    "msg_count",
    "msg_count_root",
    "mention_count",
    "mention_count_root",
    "urgent_mention_count",
    "last_viewed_at",
    "notify_props",
];

fn only(list: &Value, keys: &[&str]) -> Value {
    let pick = |row: &Value| -> Value {
        keys.iter().map(|key| ((*key).to_owned(), row[*key].clone())).collect::<Map<_, _>>().into()
    };
    rows(list).iter().map(pick).collect()
}

fn rows(list: &Value) -> &[Value] {
    list.as_array().map_or(&[], Vec::as_slice)
}

/// An answer as a recording holds it: what is no JSON is only hinted at.
fn body_of(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap_or_else(|_not_json| {
        let text = String::from_utf8_lossy(&reply.body);
        json!({"_not_json": text.chars().take(200).collect::<String>()})
    })
}

/// The websocket, as the recordings have it: with `posted_ack`, which changes what frames say and nothing else.
async fn open(rest: &Rest, route: &Route, token: &Secret) -> anyhow::Result<WebSocketStream<Box<dyn Stream>>> {
    let mut url = rest.base().clone();
    let path = format!("{}/api/v4/websocket", url.path().trim_end_matches('/'));
    url.set_path(&path);
    url.set_query(Some("connection_id=&sequence_number=0&posted_ack=true"));
    let stream = route.dial.dial(&Target::of(&url)?, &["http/1.1"]).await?.stream;
    let mut request = url.as_str().replacen("http", "ws", 1).into_client_request()?;
    let mut bearer = HeaderValue::try_from(format!("Bearer {}", token.expose()))?;
    bearer.set_sensitive(true);
    request.headers_mut().insert(AUTHORIZATION, bearer);
    let (socket, response) = timeout(PATIENCE, tokio_tungstenite::client_async(request, stream)).await??;
    ensure!(response.status().as_u16() == 101, "the server does not speak websocket here");
    Ok(socket)
}
