//! The whole of this crate against a hand-made server on loopback, in real time but with short waits.

use std::sync::atomic::{AtomicBool, Ordering};

use belfry_core::ids::{ServerId, UserId};
use belfry_core::prefs::{AuthKind, Permission, ServerPrefs};
use belfry_core::problem::ProblemKind;
use belfry_core::secret::Secret;
use belfry_core::view::{Health, ServerView};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use super::*;
use crate::testing::{Answer, WebServer};

const SERVER: ServerId = ServerId(1);
const LIMIT: Duration = Duration::from_secs(20);

fn fast() -> Timing {
    Timing {
        base: Duration::from_millis(20),
        jitter: Duration::ZERO,
        jitter_after_close: Duration::ZERO,
        reconnect_gap: Duration::from_millis(5),
        load_gap: Duration::ZERO,
        ..Timing::default()
    }
}

fn rest(path: &str) -> Answer {
    match path.split('?').next().unwrap() {
        "/api/v4/config/client" => Answer::json(200, r#"{"Version":"11.1.0","TeammateNameDisplay":"username"}"#),
        "/api/v4/license/client" => Answer::json(200, "{}"),
        "/api/v4/users/me" => Answer::json(200, r#"{"id":"u1","username":"ann","notify_props":{"desktop":"mention"}}"#),
        "/api/v4/users/me/teams" => Answer::json(200, r#"[{"id":"t1","name":"north"}]"#),
        "/api/v4/users/me/channels" => {
            Answer::json(200, r#"[{"id":"d1","type":"D","name":"u1__u2","total_msg_count":4}]"#)
        }
        "/api/v4/users/me/channel_members" => {
            Answer::json(200, r#"{"channel_id":"d1","user_id":"u1","msg_count":4,"mention_count":0}"#)
        }
        "/api/v4/users/me/status" => Answer::json(200, r#"{"status":"online"}"#),
        "/api/v4/users/ids" => Answer::json(200, r#"[{"id":"u2","username":"ben"}]"#),
        "/api/v4/users/u2/image" => Answer::json(200, "picture"),
        "/api/v4/users/me/preferences" | "/api/v4/users/me/teams/members" | "/api/v4/users/me/teams/unread" => {
            Answer::json(200, "[]")
        }
        _ => Answer::json(404, r#"{"id":"api.context.404.app_error"}"#),
    }
}

struct World {
    server: WebServer,
    running: Running,
}

impl World {
    async fn start(answer: impl Fn(&str) -> Answer + Send + Sync + 'static, token: bool) -> Self {
        let memory = |key: &str| SecretStore::remembering(token.then(|| (key.to_owned(), Secret::new("tok"))));
        Self::start_with(answer, memory).await
    }

    async fn start_with(
        answer: impl Fn(&str) -> Answer + Send + Sync + 'static,
        secrets: impl FnOnce(&str) -> SecretStore,
    ) -> Self {
        let server = WebServer::start(answer).await;
        let prefs = LocalPrefs {
            servers: vec![ServerPrefs {
                id: SERVER,
                url: server.url().to_owned(),
                name: "Harbor".to_owned(),
                username: "ann".to_owned(),
                auth: AuthKind::Password,
                permission: Permission::Allowed,
                insecure: true,
                reach: belfry_core::reach::Reach::default(),
                session: belfry_core::prefs::SessionPrefs::default(),
            }],
            ..LocalPrefs::default()
        };
        let secrets = secrets(&prefs.servers[0].secret_key());
        let setup = Setup { timing: fast(), ..Setup::new(prefs, Arc::new(secrets), Surface::Toasts) };
        Self { running: spawn(&Handle::current(), setup), server }
    }

    async fn until(&mut self, what: &str, wanted: impl Fn(&View) -> bool) -> Arc<View> {
        let wait = async { Arc::clone(&*self.running.view.wait_for(|view| wanted(view)).await.unwrap()) };
        let seen = tokio::time::timeout(LIMIT, wait).await.ok();
        seen.unwrap_or_else(|| panic!("never happened: {what}; {:?}", self.running.view.borrow().servers))
    }

    async fn until_health(&mut self, what: &str, wanted: impl Fn(&Health) -> bool) {
        let health = |view: &View| view.server(SERVER).is_some_and(|server: &ServerView| wanted(&server.health));
        self.until(what, health).await;
    }

    async fn effect(&mut self, wanted: impl Fn(&Effect) -> bool) -> Effect {
        let found = async {
            loop {
                let effect = self.running.effects.recv().await.unwrap();
                if wanted(&effect) {
                    return effect;
                }
            }
        };
        tokio::time::timeout(LIMIT, found).await.expect("the effect never came")
    }

    async fn websocket(&mut self) -> (String, WebSocketStream<TcpStream>) {
        tokio::time::timeout(LIMIT, self.server.websocket()).await.expect("nobody connected")
    }

    fn loads(&self) -> usize {
        self.server.requests().iter().filter(|head| head.contains("/users/me/channels ")).count()
    }
}

async fn say(socket: &mut WebSocketStream<TcpStream>, frame: &str) {
    socket.send(Message::text(frame)).await.unwrap();
}

async fn greet(socket: &mut WebSocketStream<TcpStream>, id: &str) {
    let hello = format!(
        r#"{{"event":"hello","data":{{"server_version":"11.1.0.11.1.0.x.true","connection_id":"{id}"}},"broadcast":{{}},"seq":0}}"#
    );
    say(socket, &hello).await;
}

fn direct_message(seq: i64, post: &str, text: &str) -> String {
    let post = format!(
        r#"{{"id":"{post}","create_at":1900000000000,"user_id":"u2","channel_id":"d1","root_id":"","message":"{text}","type":"","props":{{}}}}"#
    );
    serde_json::json!({
        "event": "posted",
        "data": {
            "channel_type": "D", "channel_display_name": "@ben", "channel_name": "u1__u2", "sender_name": "@ben",
            "team_id": "", "mentions": "[\"u1\"]", "post": post,
        },
        "broadcast": { "channel_id": "d1" },
        "seq": seq,
    })
    .to_string()
}

fn is_toast(effect: &Effect) -> bool {
    matches!(effect, Effect::ShowToast(_))
}

#[tokio::test]
async fn a_message_that_comes_while_everything_is_being_read_is_shown_after_it() {
    let mut world = World::start(rest, true).await;
    let (path, mut socket) = world.websocket().await;
    assert_eq!(path, "/api/v4/websocket?connection_id=&sequence_number=0");
    greet(&mut socket, "k1").await;
    say(&mut socket, &direct_message(1, "p1", "early")).await;
    let Effect::ShowToast(banner) = world.effect(is_toast).await else { unreachable!() };
    assert_eq!((banner.sender.as_str(), banner.text.as_str()), ("ben", "early"));
    world.until_health("live", |health| *health == Health::Live).await;
    let view = world.until("counted", |view| view.badge.mentions == 1).await;
    assert_eq!(view.server(SERVER).unwrap().version, "11.1.0");
    assert_eq!(world.loads(), 1);
}

#[tokio::test]
async fn a_lost_connection_is_resumed_without_reading_everything_again() {
    let mut world = World::start(rest, true).await;
    let (_, mut socket) = world.websocket().await;
    greet(&mut socket, "k1").await;
    say(&mut socket, &direct_message(1, "p1", "one")).await;
    world.until_health("live", |health| *health == Health::Live).await;
    world.effect(is_toast).await;
    drop(socket);
    let (path, mut socket) = world.websocket().await;
    assert_eq!(path, "/api/v4/websocket?connection_id=k1&sequence_number=2");
    // No hello: the missed event comes straight away.
    say(&mut socket, &direct_message(2, "p2", "two")).await;
    world.effect(is_toast).await;
    world.until_health("live again", |health| *health == Health::Live).await;
    assert_eq!(world.loads(), 1);
}

#[tokio::test]
async fn a_session_that_ended_meanwhile_is_noticed_and_left_alone() {
    let over = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&over);
    let mut world = World::start(
        move |path| {
            if told.load(Ordering::SeqCst) && !path.contains("/config/") {
                return Answer::json(
                    401,
                    r#"{"id":"api.context.session_expired.app_error","message":"m","status_code":401}"#,
                );
            }
            rest(path)
        },
        true,
    )
    .await;
    let (_, mut socket) = world.websocket().await;
    greet(&mut socket, "k1").await;
    world.until_health("live", |health| *health == Health::Live).await;
    over.store(true, Ordering::SeqCst);
    // The socket stays open; only a ping's reply tells.
    say(&mut socket, r#"{"status":"FAIL","seq_reply":1,"error":{"id":"x","message":"tok","status_code":401}}"#).await;
    world.until_health("signed out", |health| matches!(health, Health::SignedOut { .. })).await;
}

#[tokio::test]
async fn an_upgrade_that_closes_at_once_leads_to_the_question_who_we_are() {
    let mut world = World::start(rest, true).await;
    let (_, socket) = world.websocket().await;
    drop(socket);
    let (path, mut socket) = world.websocket().await;
    assert_eq!(path, "/api/v4/websocket?connection_id=&sequence_number=0");
    assert!(world.server.requests().iter().any(|head| head.starts_with("GET /api/v4/users/me HTTP")));
    greet(&mut socket, "k1").await;
    world.until_health("live", |health| *health == Health::Live).await;
}

#[tokio::test]
async fn broken_frames_cost_only_themselves() {
    let mut world = World::start(rest, true).await;
    let (_, mut socket) = world.websocket().await;
    greet(&mut socket, "k1").await;
    world.until_health("live", |health| *health == Health::Live).await;
    for frame in ["", "[]", "{", r#"{"event":"posted","data":{"post":"{"},"seq":1}"#, r#"{"event":"news","seq":2}"#] {
        say(&mut socket, frame).await;
    }
    say(&mut socket, &direct_message(3, "p1", "still here")).await;
    world.effect(is_toast).await;
    world
        .until("a problem is shown", |view| {
            view.problems.iter().any(|problem| problem.kind == ProblemKind::Wire(SERVER))
        })
        .await;
}

#[tokio::test]
async fn a_frame_beyond_every_limit_leads_to_a_new_connection_and_not_to_a_circle() {
    let mut world = World::start(rest, true).await;
    let (_, mut socket) = world.websocket().await;
    greet(&mut socket, "k1").await;
    world.until_health("live", |health| *health == Health::Live).await;
    // The reader gives up in the middle, so this end may fail.
    socket.send(Message::text("x".repeat(17 << 20))).await.ok();
    let (path, _socket) = world.websocket().await;
    assert_eq!(path, "/api/v4/websocket?connection_id=&sequence_number=0");
}

#[tokio::test]
async fn without_a_token_nothing_is_tried_until_the_person_signs_in() {
    let mut world = World::start(rest, false).await;
    world.until_health("not signed in", |health| *health == Health::NotSignedIn).await;
    assert!(world.server.requests().is_empty());
}

#[cfg(unix)]
#[tokio::test]
async fn tokens_that_cannot_be_read_are_a_problem_with_a_sentence_and_tried_again() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.json");
    let mut world = World::start_with(rest, |key| {
        std::fs::write(&path, serde_json::json!({ key: "tok" }).to_string()).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        SecretStore::file(path.clone())
    })
    .await;
    let keyring = |view: &View| view.problems.iter().any(|problem| problem.kind == ProblemKind::Keyring);
    world.until("the problem is shown", keyring).await;
    world.until_health("waiting", |health| matches!(health, Health::Waiting { .. })).await;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    let (_, mut socket) = world.websocket().await;
    greet(&mut socket, "k1").await;
    world.until("live, and the problem gone", |view| !keyring(view) && view.servers[0].health == Health::Live).await;
}

#[tokio::test]
async fn the_end_says_goodbye_and_pictures_come_through_the_session() {
    let mut world = World::start(rest, true).await;
    let (_, mut socket) = world.websocket().await;
    greet(&mut socket, "k1").await;
    world.until_health("live", |health| *health == Health::Live).await;
    let user = UserId::parse("u2").unwrap();
    let picture = world.running.inputs.picture(SERVER, Subject::Person(user), 7).await.unwrap();
    assert_eq!(picture.as_deref(), Some(b"picture".as_slice()));
    assert!(matches!(
        world.running.inputs.picture(ServerId(9), Subject::Person(user), 7).await,
        Err(WishError::NoSession)
    ));
    let World { server: _server, running } = world;
    let farewell = async {
        while let Some(Ok(message)) = socket.next().await {
            if let Message::Close(frame) = message {
                return frame.map(|frame| u16::from(frame.code));
            }
        }
        None
    };
    let (code, ()) = tokio::join!(farewell, running.shutdown());
    assert_eq!(code, Some(1000));
}
