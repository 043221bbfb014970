//! Sessions with servers that live in memory, on a clock that moves only while everybody waits: what takes hours takes none.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use belfry_core::activity::Decision;
use belfry_core::effect::Effect;
use belfry_core::ids::ServerId;
use belfry_core::prefs::{LocalPrefs, ServerPrefs};
use belfry_core::reach::ReachSecrets;
use belfry_core::secret::Secret;
use belfry_core::signal::{Signal, Surface};
use belfry_core::view::{Health, View};
use belfry_net::clock::Clock;
use belfry_net::dial::{Route, Routes};
use belfry_net::secrets::SecretStore;
use belfry_net::{Running, Setup, spawn};
use belfry_tests::fuzz::host::Host;
use tokio::runtime::Handle;
use tokio::time::Instant;

/// Longer than anything should take, on that clock.
const PATIENCE: Duration = Duration::from_hours(2);
/// The present of the servers in memory, Unix milliseconds.
static BEGAN: AtomicI64 = AtomicI64::new(1_795_000_060_000);

#[derive(Debug)]
struct Hosts(Vec<Host>);

impl Routes for Hosts {
    fn route(&self, server: &ServerPrefs, _: &ReachSecrets) -> Route {
        let nth = usize::try_from(server.id.0).unwrap() - 1;
        self.0[nth].route()
    }
}

/// Belfry with a server for each host, numbered from one.
pub(crate) struct Sessions {
    running: Running,
    pub(crate) decisions: Vec<Decision>,
}

impl Sessions {
    pub(crate) fn start(hosts: &[Host]) -> Self {
        let servers: Vec<ServerPrefs> = (1..=hosts.len())
            .map(|id| {
                serde_json::from_value(serde_json::json!({
                    "id": id, "url": format!("http://{id}.example.org"), "name": format!("Server {id}"),
                    "username": "morgan", "permission": "allowed", "insecure": true,
                }))
                .unwrap()
            })
            .collect();
        let tokens = servers.iter().map(|server| (server.secret_key(), Secret::new("the-only-token")));
        let secrets = Arc::new(SecretStore::remembering(tokens));
        let setup = Setup {
            routes: Arc::new(Hosts(hosts.to_vec())),
            seed: 7,
            clock: Clock::simulated(&BEGAN),
            ..Setup::new(LocalPrefs { servers, ..LocalPrefs::default() }, secrets, Surface::Toasts)
        };
        Self { running: spawn(&Handle::current(), setup), decisions: Vec::new() }
    }

    pub(crate) fn view(&self) -> Arc<View> {
        Arc::clone(&self.running.view.borrow())
    }

    pub(crate) fn health(&self, server: u32) -> Health {
        // The very first picture shows no server yet.
        self.view().server(ServerId(server)).map(|server| server.health.clone()).unwrap_or_default()
    }

    /// Carries no effects out, until everybody waits for that.
    pub(crate) async fn idles(&self) {
        tokio::time::sleep(Duration::from_secs(2)).await;
    }

    /// Carries effects out until something is true; tells how long that took on the clock that everybody shares.
    pub(crate) async fn until(&mut self, what: &str, wanted: impl Fn(&Self) -> bool) -> Duration {
        let began = Instant::now();
        let reached = tokio::time::timeout(PATIENCE, async {
            while !wanted(self) {
                tokio::select! {
                    effect = self.running.effects.recv() => match effect.unwrap() {
                        Effect::Record(draft) => self.decisions.push(draft.decision().clone()),
                        Effect::ShowToast(view) => self.running.inputs.signal(Signal::ToastShown(view.id)).await,
                        _ => {}
                    },
                    changed = self.running.view.changed() => changed.unwrap(),
                }
            }
        });
        let reached = reached.await.is_ok();
        let healths: Vec<Health> = self.view().servers.iter().map(|server| server.health.clone()).collect();
        assert!(reached, "never happened: {what}; {healths:?} {:?}", self.posts());
        began.elapsed()
    }

    pub(crate) async fn live(&mut self) {
        let all = |sessions: &Self| {
            let view = sessions.view();
            !view.servers.is_empty() && view.servers.iter().all(|server| server.health == Health::Live)
        };
        self.until("live", all).await;
    }

    /// Waits for a sentence about a server that is not live.
    pub(crate) async fn says(&mut self, server: u32, sentence: &str) -> Duration {
        self.until(sentence, |sessions| match sessions.health(server) {
            Health::Waiting { reason, .. } | Health::Failed { reason } => reason.contains(sentence),
            Health::Connecting | Health::Live | Health::SignedOut { .. } | Health::NotSignedIn => false,
        })
        .await
    }

    /// Waits until a post is decided.
    pub(crate) async fn decides(&mut self, post: &str) {
        self.until(post, |sessions| sessions.decided(post) > 0).await;
    }

    fn posts(&self) -> Vec<&str> {
        self.decisions.iter().filter_map(|decision| Some(decision.post_id.as_ref()?.as_str())).collect()
    }

    /// How often a post was decided.
    pub(crate) fn decided(&self, post: &str) -> usize {
        self.decisions.iter().filter(|decision| decision.post_id.is_some_and(|id| id.as_str() == post)).count()
    }
}
