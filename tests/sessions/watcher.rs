//! The driver and its sessions against one practice server, with a real ledger on disk; what they do is kept in order.

use std::sync::Arc;
use std::time::Duration;

use belfry_agent::history::{self, History, HistorySetup};
use belfry_core::activity::Decision;
use belfry_core::command::Command;
use belfry_core::effect::Effect;
use belfry_core::ids::ServerId;
use belfry_core::prefs::{HistoryPrefs, LocalPrefs, ServerPrefs};
use belfry_core::secret::Secret;
use belfry_core::signal::{Signal, Surface};
use belfry_core::view::{BannerView, Health, View};
use belfry_net::secrets::SecretStore;
use belfry_net::session::backoff::Timing;
use belfry_net::{Earlier, Running, Setup, spawn};
use belfry_practice_server::{Clock, ClockHand, Options, PracticeServer, World};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

pub(crate) const SERVER: ServerId = ServerId(1);
/// Far more than anything takes.
const LIMIT: Duration = Duration::from_secs(30);
/// When the practice server's clock begins: years from ours, which must not matter.
const BEGINS: i64 = 1_900_000_000_000;

/// Short enough for a test, and long enough for something to happen in a gap.
fn timing() -> Timing {
    Timing {
        base: Duration::from_millis(250),
        jitter: Duration::ZERO,
        jitter_after_close: Duration::ZERO,
        reconnect_gap: Duration::from_millis(5),
        load_gap: Duration::ZERO,
        ..Timing::default()
    }
}

pub(crate) async fn server(world: World) -> (PracticeServer, ClockHand) {
    let (clock, hand) = Clock::by_hand(BEGINS);
    let server = PracticeServer::start(Options { clock, ..Options::with_world(world) }).await.unwrap();
    (server, hand)
}

pub(crate) struct Watcher {
    running: Running,
    history: History,
    thread: std::thread::JoinHandle<()>,
    pub(crate) decisions: Vec<Decision>,
    pub(crate) toasts: Vec<BannerView>,
    pub(crate) sounds: usize,
    presented: usize,
    /// Nothing is presented while this is off: a crash loses what was painted by nobody.
    presents: bool,
}

impl Watcher {
    pub(crate) async fn start(server: &PracticeServer, folder: &std::path::Path) -> Self {
        Self::start_with(server, folder, timing(), true).await
    }

    pub(crate) async fn start_with(
        server: &PracticeServer,
        folder: &std::path::Path,
        timing: Timing,
        presents: bool,
    ) -> Self {
        let entry: ServerPrefs = serde_json::from_value(serde_json::json!({
            "id": SERVER, "url": server.url(), "name": "Northwind", "username": "morgan", "permission": "allowed",
            "insecure": true,
        }))
        .unwrap();
        let secrets = SecretStore::memory();
        let token = server.person("morgan").signs_in().unwrap();
        secrets.set(&entry.secret_key(), &Secret::new(&token)).await.unwrap();
        let prefs = LocalPrefs { servers: vec![entry], ..LocalPrefs::default() };
        let (reports, _problems) = mpsc::channel(16);
        let setup = HistorySetup {
            history: folder.join("history.db"),
            presented: folder.join("presented.db"),
            // The ledger is kept even where no history is.
            prefs: HistoryPrefs { keep: false, ..HistoryPrefs::default() },
        };
        let history::Started { history, presented, marks, put_off, thread } = history::start(setup, reports).unwrap();
        let earlier = Earlier { presented, marks, put_off };
        let setup = Setup { earlier, timing, ..Setup::new(prefs, Arc::new(secrets), Surface::Toasts) };
        let running = spawn(&Handle::current(), setup);
        let mut watcher = Self {
            running,
            history,
            thread,
            decisions: Vec::new(),
            toasts: Vec::new(),
            sounds: 0,
            presented: 0,
            presents,
        };
        watcher
            .until("live", |watcher| watcher.view().server(SERVER).is_some_and(|server| server.health == Health::Live))
            .await;
        watcher
    }

    /// Reports something of the desktop.
    pub(crate) async fn signal(&self, signal: Signal) {
        self.running.inputs.signal(signal).await;
    }

    /// The person wants something.
    pub(crate) async fn command(&self, command: Command) {
        self.running.inputs.send_command(command).await;
    }

    pub(crate) fn view(&self) -> Arc<View> {
        Arc::clone(&self.running.view.borrow())
    }

    /// Carries effects out until something is true.
    pub(crate) async fn until(&mut self, what: &str, wanted: impl Fn(&Self) -> bool) {
        let reached = tokio::time::timeout(LIMIT, async {
            while !wanted(self) {
                tokio::select! {
                    effect = self.running.effects.recv() => self.carry_out(effect.unwrap()).await,
                    changed = self.running.view.changed() => changed.unwrap(),
                }
            }
        });
        let reached = reached.await.is_ok();
        assert!(reached, "never happened: {what}; {:#?} {:?} {:?}", self.view().servers, self.reasons(), self.texts());
    }

    async fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Record(draft) => {
                self.decisions.push(draft.decision().clone());
                self.history.record(draft, belfry_net::clock::wall_ms()).unwrap();
            }
            Effect::ShowToast(view) => {
                if self.presents {
                    self.running.inputs.signal(Signal::ToastShown(view.id)).await;
                }
                self.toasts.push(*view);
            }
            Effect::Presented { server, posts } => {
                self.presented += 1;
                self.history.presented(server, posts, belfry_net::clock::wall_ms()).unwrap();
            }
            Effect::Settled { server, posts } => {
                self.history.presented(server, posts, belfry_net::clock::wall_ms()).unwrap();
            }
            Effect::Mark(server, mark) => self.history.mark(server, mark),
            Effect::PlaySound(_) => self.sounds += 1,
            _ => {}
        }
    }

    /// Waits until the server has answered everything that was asked, and all that follows from it is done: a last message
    /// goes the same way as everything before it.
    pub(crate) async fn settled(&mut self, server: &PracticeServer) {
        server.wait_for_connection("morgan").await;
        let id = server.person("rosa").posts("off-topic", "the last word").unwrap();
        self.until("the last word", |watcher| {
            let all_presented = !watcher.presents || watcher.presented >= watcher.toasts.len();
            all_presented && watcher.decisions.iter().any(|decision| is(decision, &id))
        })
        .await;
    }

    /// Texts that were shown, in order.
    pub(crate) fn texts(&self) -> Vec<&str> {
        self.toasts.iter().map(|toast| toast.text.as_str()).collect()
    }

    /// Texts of the decisions with "notify" or why not, without the last word.
    pub(crate) fn reasons(&self) -> Vec<(&str, &str)> {
        let told = self.decisions.iter().filter(|decision| decision.text != "the last word");
        told.map(|decision| (decision.text.as_str(), decision.reason.map_or("notify", |reason| reason.code())))
            .collect()
    }

    /// Ends as a crash does: nothing is said, nothing more is written than what was handed over.
    pub(crate) fn dies(self) {
        let Self { running, history, thread, .. } = self;
        drop(running);
        drop(history);
        thread.join().unwrap();
    }
}

pub(crate) fn is(decision: &Decision, post: &str) -> bool {
    decision.post_id.is_some_and(|id| id.as_str() == post)
}
