//! One WebSocket: what goes in and out of it (`protocol.md` §4).

use std::sync::Arc;

use futures_util::stream::SplitSink;
use futures_util::{SinkExt as _, StreamExt as _};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use serde_json::{Map, Value, json};
use tokio::sync::Notify;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::hub::{Attached, Live, Next, Payload, Wanted};
use crate::link::Link;
use crate::shared::{Inner, Shared};
use crate::state::State;
use crate::wire::go_json;

/// Client frames larger than this end the connection.
const MAX_CLIENT_FRAME: usize = 8192;

type Stream = WebSocketStream<TokioIo<Upgraded>>;

/// Serves one socket from the upgrade to its end. `who` is the person and the token of the handshake.
pub(crate) async fn serve(
    shared: Arc<Shared>,
    upgraded: Upgraded,
    link: Arc<Link>,
    who: Option<(String, String)>,
    wanted: Wanted,
) {
    let config =
        WebSocketConfig::default().max_message_size(Some(MAX_CLIENT_FRAME)).max_frame_size(Some(MAX_CLIENT_FRAME));
    let stream = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
    let wake = Arc::new(Notify::new());
    let (attached, socket) = {
        let mut inner = shared.lock();
        let socket = inner.hub.next_socket();
        let live = Live { socket, wake: Arc::clone(&wake), link: Arc::clone(&link) };
        let who = who.as_ref().map(|(user, token)| (user.as_str(), token.as_str()));
        let Inner { state, hub, .. } = &mut *inner;
        let attached = hub.attach(&mut state.ids, state.version, who, &wanted, live);
        if let Attached::New(id) = &attached {
            hub.hello(id, state);
        }
        if let (Some((user, _)), false) = (who, attached == Attached::Invalid) {
            let events = inner.state.active(user, "connect");
            inner.emit(&events);
        }
        (attached, socket)
    };
    shared.touch();
    let (Attached::New(id) | Attached::Resumed(id)) = attached else {
        return;
    };
    pump(&shared, stream, &wake, &id, socket).await;
    let last_user = {
        let mut inner = shared.lock();
        let version = inner.state.version;
        let known = inner.hub.knows(&id);
        let left = inner.hub.detach(&id, socket, version);
        // A connection that was taken away (overflow, restart) leaves its person behind as well.
        let person = who.map(|(user, _)| user).filter(|user| !known && inner.hub.live(user) == 0);
        left.or(person)
    };
    shared.touch();
    if let Some(user) = last_user {
        turn_offline(&shared, user);
    }
}

/// Applied a little late and not looked at again: whoever reconnects in between is offline though connected.
fn turn_offline(shared: &Arc<Shared>, user: String) {
    let after = shared.timing.offline;
    let server = Arc::clone(shared);
    shared.spawn(async move {
        tokio::time::sleep(after).await;
        {
            let mut inner = server.lock();
            let events = inner.state.gone(&user);
            inner.emit(&events);
        }
        server.touch();
    });
}

async fn pump(shared: &Shared, stream: Stream, wake: &Notify, id: &str, socket: u64) {
    let (mut sink, mut incoming) = stream.split();
    let timing = shared.timing;
    let start = Instant::now();
    let mut pings = interval_at(start + timing.ping, timing.ping);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut pong_by = start + timing.pong;
    let mut authenticate_by = Some(start + timing.authentication);
    loop {
        match timeout(timing.write, write_waiting(shared, &mut sink, id, socket)).await {
            Ok(Ok(true)) => {}
            Ok(Ok(false)) => {
                sink.send(Message::Close(None)).await.ok();
                return;
            }
            Ok(Err(_)) | Err(_) => return,
        }
        tokio::select! {
            // Not in random order, so that a simulated run repeats itself; what waits is written in any case.
            biased;
            () = sleep_until(authenticate_by.unwrap_or(pong_by)), if authenticate_by.is_some() => {
                authenticate_by = None;
                let valid = { let inner = shared.lock(); inner.hub.identity(id, &inner.state).1 };
                if !valid {
                    return;
                }
            }
            () = sleep_until(pong_by) => return,
            _ = pings.tick() => {
                if sink.send(Message::Ping(tokio_tungstenite::tungstenite::Bytes::new())).await.is_err() {
                    return;
                }
            }
            message = incoming.next() => match message {
                Some(Ok(Message::Pong(_))) => {
                    pong_by = Instant::now() + timing.pong;
                    pong(shared, id);
                }
                Some(Ok(Message::Text(text))) => {
                    if !receive(shared, id, text.as_str()) {
                        sink.send(Message::Close(None)).await.ok();
                        return;
                    }
                }
                Some(Ok(Message::Ping(_) | Message::Frame(_))) => {}
                // Binary frames would be msgpack, which no client of ours speaks.
                Some(Ok(Message::Binary(_) | Message::Close(_))) | None => {
                    sink.close().await.ok();
                    return;
                }
                Some(Err(Error::Capacity(_))) => {
                    let reason = CloseFrame { code: CloseCode::Size, reason: "".into() };
                    sink.send(Message::Close(Some(reason))).await.ok();
                    return;
                }
                Some(Err(_)) => return,
            },
            () = wake.notified() => {}
        }
    }
}

/// Writes everything that waits. False: the connection is gone and a goodbye is due.
async fn write_waiting(
    shared: &Shared,
    sink: &mut SplitSink<Stream, Message>,
    id: &str,
    socket: u64,
) -> Result<bool, Error> {
    loop {
        let next = shared.lock().hub.take(id, socket);
        match next {
            Next::Send(Payload::Text(text)) => sink.feed(Message::text(text)).await?,
            Next::Send(Payload::Binary(bytes)) => sink.feed(Message::binary(bytes)).await?,
            Next::Wait => {
                sink.flush().await?;
                return Ok(true);
            }
            Next::Gone => return Ok(false),
        }
    }
}

fn pong(shared: &Shared, id: &str) {
    {
        let mut inner = shared.lock();
        let (Some(user), true) = inner.hub.identity(id, &inner.state) else { return };
        let events = inner.state.idle(&user, "pong");
        inner.emit(&events);
    }
    shared.touch();
}

fn fail(seq: i64, id: &str, message: &str, status: u16) -> String {
    let error = json!({ "id": id, "message": message, "detailed_error": "", "status_code": status });
    let mut reply = json!({ "status": "FAIL", "error": error });
    if let (true, Some(map)) = (seq != 0, reply.as_object_mut()) {
        map.insert("seq_reply".to_owned(), json!(seq));
    }
    go_json(&reply)
}

fn okay(seq: i64, data: &Value) -> String {
    let mut reply = json!({ "status": "OK", "seq_reply": seq });
    if let (false, Some(map)) = (data.is_null(), reply.as_object_mut()) {
        map.insert("data".to_owned(), data.clone());
    }
    go_json(&reply)
}

/// Handles one frame of the client. False closes the connection.
fn receive(shared: &Shared, id: &str, text: &str) -> bool {
    let Ok(Value::Object(frame)) = serde_json::from_str::<Value>(text) else { return false };
    let go_on = {
        let mut inner = shared.lock();
        handle(&mut inner, id, &frame)
    };
    shared.touch();
    go_on
}

fn handle(inner: &mut Inner, id: &str, frame: &Map<String, Value>) -> bool {
    let seq = frame.get("seq").and_then(Value::as_i64).unwrap_or_default();
    let action = frame.get("action").and_then(Value::as_str).unwrap_or_default();
    let empty = Map::new();
    let data = frame.get("data").and_then(Value::as_object).unwrap_or(&empty);
    let (user, valid) = inner.hub.identity(id, &inner.state);
    if action == "authentication_challenge" {
        // An authenticated connection ignores the challenge without a word.
        return valid || challenge(inner, id, seq, data);
    }
    // Before it ever was authenticated, a connection hears nothing at all.
    let Some(user) = user else { return true };
    let reply = if action.is_empty() {
        Some(fail(seq, "api.web_socket_router.no_action.app_error", "No websocket action.", 400))
    } else if seq <= 0 {
        Some(fail(seq, "api.web_socket_router.bad_seq.app_error", "Invalid sequence for WebSocket message.", 400))
    } else if let Some(token) = inner.hub.expired_token(id, &inner.state) {
        // The real server writes the token into the text; whoever logs it leaks it.
        let text = format!("Invalid session token={token}, err=session is expired");
        Some(fail(seq, "api.context.invalid_token.error", &text, 401))
    } else if !valid {
        let text = "WebSocket connection is not authenticated. Please log in and try again.";
        Some(fail(seq, "api.web_socket_router.not_authenticated.app_error", text, 401))
    } else {
        perform(inner, &user, seq, action, data)
    };
    if let Some(reply) = reply {
        inner.hub.reply(id, reply);
    }
    true
}

fn challenge(inner: &mut Inner, id: &str, seq: i64, data: &Map<String, Value>) -> bool {
    let token = data.get("token").and_then(Value::as_str).unwrap_or_default();
    let Some(user) = inner.state.session_user(token).map(str::to_owned) else { return false };
    inner.hub.authenticate(id, &user, token);
    inner.hub.hello(id, &inner.state);
    let events = inner.state.active(&user, "connect");
    inner.emit(&events);
    inner.hub.reply(id, okay(seq, &Value::Null));
    true
}

fn perform(inner: &mut Inner, user: &str, seq: i64, action: &str, data: &Map<String, Value>) -> Option<String> {
    let invalid = |name: &str| {
        let text = format!("Invalid {name} parameter.");
        Some(fail(seq, "api.websocket_handler.invalid_param.app_error", &text, 400))
    };
    let text = |key: &str| data.get(key).and_then(Value::as_str);
    match action {
        "ping" => {
            let pong = json!({
                "text": "pong", "version": inner.state.version.text(), "server_time": inner.state.now(), "node_id": "",
            });
            Some(okay(seq, &pong))
        }
        "user_update_active_status" => {
            let Some(active) = data.get("user_is_active").and_then(Value::as_bool) else {
                return invalid("user_is_active");
            };
            let manual = data.get("manual").and_then(Value::as_bool).unwrap_or(false);
            let events = match (active, manual) {
                (true, _) => inner.state.active(user, "active_message"),
                (false, true) => inner.state.away_by_hand(user),
                (false, false) => inner.state.idle(user, "idle_message"),
            };
            inner.emit(&events);
            Some(okay(seq, &Value::Null))
        }
        "get_statuses" => {
            let known = inner.state.users.values().filter(|u| u.status.status != "offline");
            let map: Map<String, Value> = known.map(|u| (u.id.clone(), json!(u.status.status))).collect();
            Some(okay(seq, &Value::Object(map)))
        }
        "get_statuses_by_ids" => {
            let Some(ids) = data.get("user_ids").and_then(Value::as_array) else { return invalid("user_ids") };
            let users = ids.iter().filter_map(Value::as_str).filter_map(|id| inner.state.users.get(id));
            let map: Map<String, Value> = users.map(|u| (u.id.clone(), json!(u.status.status))).collect();
            Some(okay(seq, &Value::Object(map)))
        }
        "user_typing" => {
            let channel = text("channel_id").unwrap_or_default();
            if inner.state.member(channel, user).is_err() {
                return invalid("channel_id");
            }
            let event = State::typing(user, channel, text("parent_id").unwrap_or_default());
            inner.emit(&[event]);
            Some(okay(seq, &Value::Null))
        }
        "presence" => Some(okay(seq, &Value::Null)),
        // Metrics; nobody waits for an answer. The same holds for actions of plugins.
        "posted_notify_ack" => None,
        _ if action.starts_with("custom_") => None,
        _ => Some(fail(seq, "api.web_socket_router.bad_action.app_error", "Unknown WebSocket action.", 500)),
    }
}
