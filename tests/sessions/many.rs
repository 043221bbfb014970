//! Many servers at once: each has its own queue, and whatever one of them does delays nobody else.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use belfry_core::effect::Effect;
use belfry_core::ids::ServerId;
use belfry_core::prefs::{LocalPrefs, ServerPrefs};
use belfry_core::secret::Secret;
use belfry_core::signal::{Signal, Surface};
use belfry_core::view::{Health, View};
use belfry_net::secrets::SecretStore;
use belfry_net::session::backoff::Timing;
use belfry_net::{Running, Setup, spawn};
use belfry_practice_server::{HttpFault, Options, PracticeServer, World};
use belfry_tests::fuzz::answers::direct_message;
use belfry_tests::fuzz::host::Host;
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use crate::memory::Sessions;

/// Far more than anything takes on a busy machine.
const LIMIT: Duration = Duration::from_mins(3);
const SERVERS: usize = 20;
const CHANNELS: usize = 500;
/// Channels of the last, the largest.
const MANY_CHANNELS: usize = 10_000;
const MIB: usize = 1 << 20;
/// What can be before a message of another server: 64 reports, 1 280 effects that nobody carried out yet, and what is
/// handled while the message itself is on its way.
const WAITING: usize = 2_000;

/// A text frame as a server writes it.
fn text(payload: &str) -> Vec<u8> {
    let mut frame = vec![0x81, 127];
    frame.extend(u64::try_from(payload.len()).unwrap().to_be_bytes());
    frame.extend(payload.as_bytes());
    frame
}

#[tokio::test(start_paused = true)]
async fn what_waits_of_one_server_is_bounded_by_number_and_by_size() {
    let host = Host::default();
    let mut sessions = Sessions::start(std::slice::from_ref(&host));
    sessions.live().await;
    let mut next = 2..;
    let mut say = |frame: &dyn Fn(u64) -> String, times: usize| {
        for seq in next.by_ref().take(times) {
            host.says(text(&frame(seq)));
        }
    };
    // Nobody carries anything out, so before long nothing more is decided, and the badge stands still.
    let mut mentions = None;
    let mut posts = 2;
    while mentions != Some(sessions.view().badge.mentions) {
        mentions = Some(sessions.view().badge.mentions);
        say(&|seq| direct_message(&format!("post{seq}"), "hello", seq), 20);
        posts += 20;
        sessions.idles().await;
    }
    let before = host.said();
    say(&|seq| format!("{{\"event\":\"nothing\",\"data\":{{}},\"seq\":{seq}{}}}", " ".repeat(4 * MIB)), 20);
    sessions.idles().await;
    let taken = host.said() - before;
    assert!(taken < 5 * MIB, "one of twenty frames waits inside, the others where they came from: {taken} bytes");
    say(&|seq| direct_message("afterwards", "all is well", seq), 1);
    sessions.decides("afterwards").await;
    assert!((2..posts).all(|n| sessions.decided(&format!("post{n}")) == 1), "and nothing is lost");
    assert_eq!(host.sockets(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_one_server_is_behind_every_message_of_another() {
    let (flood, other) = (Host::default(), Host::default());
    let mut sessions = Sessions::start(&[flood.clone(), other.clone()]);
    sessions.live().await;
    for n in 2..15_002 {
        flood.says(text(&direct_message(&format!("flood{n}"), "hello", n)));
    }
    let mut behind = Vec::new();
    for n in 2..12 {
        let flooded = |sessions: &Sessions| {
            let of_flood = |id: &str| id.starts_with("flood");
            sessions.decisions.iter().filter(|one| one.post_id.is_some_and(|id| of_flood(id.as_str()))).count()
        };
        let before = flooded(&sessions);
        sessions.until("more of the flood", |sessions| flooded(sessions) > before + 100).await;
        let before = flooded(&sessions);
        other.says(text(&direct_message(&format!("other{n}"), "hello", n)));
        sessions.decides(&format!("other{n}")).await;
        behind.push(flooded(&sessions) - before);
    }
    assert!(behind.iter().all(|messages| *messages <= WAITING), "{behind:?}");
    assert_eq!(sessions.decided("flood15001"), 0, "the flood was going on all the time");
}

/// Belfry with practice servers over real sockets, carried out.
struct Crowd {
    servers: Vec<PracticeServer>,
    running: Running,
    decided: HashSet<String>,
}

impl Crowd {
    async fn start() -> Self {
        let secrets = SecretStore::memory();
        let mut servers = Vec::new();
        let mut entries = Vec::new();
        for n in 0..=SERVERS {
            let channels = if n == SERVERS { MANY_CHANNELS } else { CHANNELS };
            let world = World::small().with_many_channels("northwind", channels, &["morgan", "rosa"]);
            let world = world.with_direct(&["rosa", "morgan"]);
            let seed = u64::try_from(n).unwrap() + 1;
            let server = PracticeServer::start(Options { seed, ..Options::with_world(world) }).await.unwrap();
            let entry: ServerPrefs = serde_json::from_value(serde_json::json!({
                "id": n + 1, "url": server.url(), "name": format!("Server {n}"), "username": "morgan",
                "permission": "allowed", "insecure": true,
            }))
            .unwrap();
            let token = server.person("morgan").signs_in().unwrap();
            secrets.set(&entry.secret_key(), &Secret::new(&token)).await.unwrap();
            servers.push(server);
            entries.push(entry);
        }
        let timing = Timing {
            base: Duration::from_millis(250),
            jitter: Duration::ZERO,
            jitter_after_close: Duration::ZERO,
            reconnect_gap: Duration::from_millis(5),
            ..Timing::default()
        };
        let prefs = LocalPrefs { servers: entries, ..LocalPrefs::default() };
        let setup = Setup { timing, ..Setup::new(prefs, Arc::new(secrets), Surface::Toasts) };
        Self { servers, running: spawn(&Handle::current(), setup), decided: HashSet::new() }
    }

    fn view(&self) -> Arc<View> {
        Arc::clone(&self.running.view.borrow())
    }

    fn is_live(&self, nth: usize) -> bool {
        let id = ServerId(u32::try_from(nth + 1).unwrap());
        self.view().server(id).is_some_and(|server| server.health == Health::Live)
    }

    async fn until(&mut self, what: &str, wanted: impl Fn(&Self) -> bool) {
        let reached = tokio::time::timeout(LIMIT, async {
            while !wanted(self) {
                tokio::select! {
                    effect = self.running.effects.recv() => match effect.unwrap() {
                        Effect::Record(draft) => {
                            self.decided.extend(draft.decision().post_id.map(|id| id.as_str().to_owned()));
                        }
                        Effect::ShowToast(view) => self.running.inputs.signal(Signal::ToastShown(view.id)).await,
                        _ => {}
                    },
                    changed = self.running.view.changed() => changed.unwrap(),
                }
            }
        });
        let reached = reached.await.is_ok();
        let healths: Vec<Health> = self.view().servers.iter().map(|server| server.health.clone()).collect();
        assert!(reached, "never happened: {what}; {healths:?}");
    }

    async fn hears_a_message_on(&mut self, nth: usize, text: &str) {
        let id = self.servers[nth].person("rosa").direct("morgan", text).unwrap();
        self.until(&format!("{text} on {nth}"), |crowd| crowd.decided.contains(&id)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_servers_and_a_large_one_are_told_apart_from_those_that_flood_stall_and_babble() {
    let mut crowd = Crowd::start().await;
    crowd.until("all are live", |crowd| (0..=SERVERS).all(|nth| crowd.is_live(nth))).await;
    let [flooding, stalling, babbling, shouting, failing, slow] = [0, 1, 2, 3, 4, 5];

    crowd.servers[stalling].stalls();
    crowd.servers[failing].answers_502(10_000);
    crowd.servers[failing].restarts();
    crowd.servers[slow].fails("", &HttpFault::Delay(Duration::from_mins(10)), 10_000);
    crowd.servers[slow].restarts();
    let mut trouble = JoinSet::new();
    let server = crowd.servers[flooding].clone();
    trouble.spawn(async move {
        loop {
            for _ in 0..100 {
                server.person("rosa").posts("ops-room", "more for @morgan").unwrap();
            }
            tokio::task::yield_now().await;
        }
    });
    let server = crowd.servers[babbling].clone();
    trouble.spawn(async move {
        loop {
            server.sends_malformed();
            server.sends_binary(&[7; 4096]);
            tokio::task::yield_now().await;
        }
    });
    let server = crowd.servers[shouting].clone();
    trouble.spawn(async move {
        let loud = "{\"event\":\"loud\"}".to_owned() + &" ".repeat(8 * MIB);
        loop {
            server.sends_raw("morgan", &loud).unwrap();
            server.wait_for_connection("morgan").await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });

    for n in 0..10 {
        crowd.hears_a_message_on(SERVERS, &format!("message {n}")).await;
    }
    for nth in slow + 1..SERVERS {
        crowd.hears_a_message_on(nth, "to everybody else").await;
        assert!(crowd.is_live(nth), "{nth} has nothing to do with it");
    }
    assert_eq!(trouble.len(), 3, "the others were at it all the time");
    assert!(trouble.try_join_next().is_none());
    trouble.shutdown().await;

    // And those come back as well.
    for nth in [flooding, stalling, babbling, shouting, failing, slow] {
        crowd.servers[nth].behaves();
        crowd.servers[nth].restarts();
    }
    crowd.until("all are live again", |crowd| (0..=SERVERS).all(|nth| crowd.is_live(nth))).await;
    for nth in 0..=SERVERS {
        crowd.hears_a_message_on(nth, "after all").await;
    }
}
