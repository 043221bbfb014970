//! Plays a history once, with or without weather, and notes what Belfry made of it.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::{Context, Wake, Waker};
use std::thread::{JoinHandle, Thread};
use std::time::Duration;

use anyhow::Context as _;
use belfry_agent::history::{self, History as Ledger, HistorySetup};
use belfry_core::activity::ActivityFilter;
use belfry_core::draft::Draft;
use belfry_core::effect::Effect;
use belfry_core::ids::{BannerId, PostId, ServerId};
use belfry_core::prefs::{HistoryPrefs, LocalPrefs, ServerPrefs};
use belfry_core::secret::Secret;
use belfry_core::signal::{Signal, Surface};
use belfry_core::time::MonoTime;
use belfry_core::view::Health;
use belfry_net::clock::Clock;
use belfry_net::secrets::SecretStore;
use belfry_net::session::backoff::Timing;
use belfry_net::{Earlier, Running, Setup, spawn};
use belfry_practice_server::{Clock as ServerClock, Options, PracticeServer};
use tempfile::TempDir;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::unconstrained;

use super::counts::miscounted;
use super::history::{BEGINS_MS, History, ME, perform};
use super::network::Network;
use super::weather::Change;

const SERVER: ServerId = ServerId(1);
/// Jobs that the ledger's thread may be behind: its queue holds 256, and simulated time must not outrun a real thread.
const BEHIND: usize = 128;
/// What comes back after a calm of many minutes comes within this.
const LAST_WORD_WITHIN: Duration = Duration::from_mins(5);
/// A server's own view of a dead connection: given up after this, forgotten a while later (protocol §4.5, §4.6).
const GIVEN_UP_MS: i64 = 100_000;
const FORGOTTEN_MS: i64 = 400_000;

/// What was said of one post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) at_ms: i64,
    /// It was to be announced, alone or in a summary.
    pub(super) announced: bool,
    /// `notify`, or why not.
    pub(super) word: &'static str,
}

/// What became of a history. Posts are named by the numbers of their deeds, times count from the beginning.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Story {
    pub(super) said: BTreeMap<usize, Vec<Said>>,
    /// When a person saw it.
    pub(super) presented: BTreeMap<usize, Vec<i64>>,
    /// Announced again although recorded as presented.
    pub(super) doubled: Vec<(usize, i64)>,
    /// Posts that were lost on their way while the server believed in the connection.
    pub(super) swallowed: BTreeSet<usize>,
    /// Deeds that the server refused: the same in peace and under faults.
    pub(super) refused: BTreeSet<usize>,
    pub(super) miscounted: Vec<(i64, String)>,
    pub(super) stuck: Vec<(i64, String)>,
}

struct Belfry {
    running: Running,
    ledger: Ledger,
    thread: JoinHandle<()>,
    behind: usize,
    unpainted: Vec<BannerId>,
    /// Which version of each card a face painted.
    painted: BTreeMap<BannerId, u32>,
}

struct Stage {
    server: PracticeServer,
    network: Network,
    clock: Clock,
    began: &'static AtomicI64,
    folder: TempDir,
    secrets: Arc<SecretStore>,
    entry: ServerPrefs,
    group: String,
    surface: Surface,
    seed: u64,
    starts: u64,
    belfry: Option<Belfry>,
    asleep: bool,
    slept_at_ms: i64,
    paints: bool,
    /// Nobody carries out what the engine wants: the moment before a crash.
    deaf: bool,
    /// So many of the next messages are lost on their way.
    loses: u64,
    forgets: bool,
    ids: Vec<Option<String>>,
    numbers: BTreeMap<String, usize>,
    recorded: BTreeSet<PostId>,
    decided: BTreeSet<PostId>,
    story: Story,
}

/// Plays it all. `forgets`: what an earlier run left in the ledger is not handed to the next one.
pub(super) async fn play(
    seed: u64,
    history: &History,
    weather: &[(i64, Change)],
    forgets: bool,
) -> anyhow::Result<Story> {
    let mut stage = Stage { forgets, ..Stage::set(seed, history).await? };
    stage.start().await?;
    let mut weather = weather.iter().peekable();
    let mut phases = history.phases.iter().peekable();
    for (number, deed) in history.deeds.iter().enumerate() {
        while let Some(phase) = phases.next_if(|phase| phase.settled_ms <= deed.at_ms) {
            while let Some((at_ms, change)) = weather.next_if(|(at_ms, _)| *at_ms <= phase.settled_ms) {
                stage.change(*at_ms, change).await?;
            }
            stage.settles(phase.settled_ms).await?;
        }
        while let Some((at_ms, change)) = weather.next_if(|(at_ms, _)| *at_ms <= deed.at_ms) {
            stage.change(*at_ms, change).await?;
        }
        stage.pass_to(deed.at_ms).await;
        // Lost between the server and the network, with its number: only on a connection that the server believes in, since
        // nothing would tell of it on the next one.
        let loses = stage.loses > 0 && history.place(number).is_some() && stage.server.connections(ME) > 0;
        if loses {
            stage.server.swallows_next("posted");
        }
        let done = perform(&stage.server, &deed.what, &stage.ids, &stage.group);
        if loses {
            stage.loses -= 1;
            stage.story.swallowed.insert(number);
            stage.server.swallows_nothing();
            stage.server.skips_sequence(1);
            // Only the next event shows the gap; this one is told in a place that cannot be left.
            stage.server.person("jun").types(&stage.group)?;
        }
        match done {
            Ok(id) => stage.note_post(number, id),
            Err(_refused) => {
                stage.story.refused.insert(number);
                stage.ids.push(None);
            }
        }
    }
    for (at_ms, change) in weather {
        stage.change(*at_ms, change).await?;
    }
    for phase in phases {
        stage.settles(phase.settled_ms).await?;
    }
    stage.dies()?;
    Ok(stage.story)
}

impl Stage {
    async fn set(seed: u64, history: &History) -> anyhow::Result<Self> {
        // A clock of a simulation lives as long as the process; it is one number.
        let began: &'static AtomicI64 = Box::leak(Box::new(AtomicI64::new(BEGINS_MS)));
        let clock = Clock::simulated(began);
        let skew_ms = history.skew_ms;
        let options = Options {
            clock: ServerClock::of(move || clock.wall_ms().saturating_add(skew_ms)),
            port: 8065,
            seed,
            ..Options::with_world(history.world.clone())
        };
        let server = PracticeServer::start_detached(options)?;
        let entry: ServerPrefs = serde_json::from_value(serde_json::json!({
            "id": SERVER, "url": server.url(), "name": "Northwind", "username": ME, "permission": "allowed",
            "insecure": true,
        }))?;
        let secrets = SecretStore::memory();
        secrets.set(&entry.secret_key(), &Secret::new(&server.person(ME).signs_in()?)).await?;
        let group = server.person(ME).opens(&["rosa", "jun"])?;
        Ok(Self {
            network: Network::to(server.clone(), seed),
            server,
            clock,
            began,
            folder: tempfile::tempdir()?,
            secrets: Arc::new(secrets),
            entry,
            group,
            surface: if history.banners { Surface::Banners } else { Surface::Toasts },
            seed,
            starts: 0,
            belfry: None,
            asleep: false,
            slept_at_ms: 0,
            paints: true,
            deaf: false,
            loses: 0,
            forgets: false,
            ids: Vec::new(),
            numbers: BTreeMap::new(),
            recorded: BTreeSet::new(),
            decided: BTreeSet::new(),
            story: Story::default(),
        })
    }

    fn now_ms(&self) -> i64 {
        self.clock.wall_ms().saturating_sub(BEGINS_MS)
    }

    fn note_post(&mut self, number: usize, id: Option<String>) {
        if let Some(id) = &id {
            self.numbers.insert(id.clone(), number);
        }
        self.ids.push(id);
    }

    async fn start(&mut self) -> anyhow::Result<()> {
        if self.belfry.is_some() {
            return Ok(());
        }
        let (reports, _problems) = mpsc::channel(16);
        let setup = HistorySetup {
            history: self.folder.path().join("history.db"),
            presented: self.folder.path().join("presented.db"),
            // The ledger is kept even where no history is.
            prefs: HistoryPrefs { keep: false, ..HistoryPrefs::default() },
        };
        let history::Started { history: ledger, presented, marks, put_off, thread } = history::start(setup, reports)?;
        let prefs = LocalPrefs { servers: vec![self.entry.clone()], ..LocalPrefs::default() };
        self.starts += 1;
        let setup = Setup {
            earlier: if self.forgets { Earlier::default() } else { Earlier { presented, marks, put_off } },
            routes: Arc::new(self.network.clone()),
            seed: self.seed.wrapping_mul(1_000).wrapping_add(self.starts),
            timing: Timing::default(),
            clock: self.clock,
            ..Setup::new(prefs, Arc::clone(&self.secrets), self.surface)
        };
        let running = spawn(&Handle::current(), setup);
        self.deaf = false;
        self.belfry =
            Some(Belfry { running, ledger, thread, behind: 0, unpainted: Vec::new(), painted: BTreeMap::new() });
        if self.surface == Surface::Banners {
            self.signal(Signal::BannersFaceConnected).await;
        }
        Ok(())
    }

    /// Ends as a crash does: nothing is said, nothing more is written than what was handed over.
    fn dies(&mut self) -> anyhow::Result<()> {
        let Some(Belfry { running, ledger, thread, .. }) = self.belfry.take() else { return Ok(()) };
        running.abort();
        drop(ledger);
        thread.join().ok().context("the ledger's thread panicked")
    }

    async fn ends(&mut self) -> anyhow::Result<()> {
        let Some(Belfry { mut running, ledger, thread, .. }) = self.belfry.take() else { return Ok(()) };
        let (_nobody, none) = mpsc::channel(1);
        let mut effects = std::mem::replace(&mut running.effects, none);
        let inputs = running.inputs.clone();
        running.shutdown().await;
        drop(inputs);
        let mut behind = 0;
        while let Ok(effect) = effects.try_recv() {
            behind += 1;
            if behind % BEHIND == 0 {
                catch_up(&ledger);
            }
            self.remember(&ledger, effect);
        }
        drop(ledger);
        thread.join().ok().context("the ledger's thread panicked")
    }

    /// Lets time pass up to a moment, and carries out what the engine wants meanwhile.
    async fn pass_to(&mut self, at_ms: i64) {
        let ahead = at_ms.saturating_sub(self.now_ms()).max(0);
        if self.asleep {
            self.began.fetch_add(ahead, Ordering::Relaxed);
            return;
        }
        let until = self.clock.instant(MonoTime(self.clock.mono().0.saturating_add(ahead.unsigned_abs())));
        self.pass_until(until, |_| false).await;
    }

    /// The same until something is true; whether it became so.
    async fn pass_until(&mut self, until: tokio::time::Instant, wanted: impl Fn(&Self) -> bool) -> bool {
        while !wanted(self) {
            let Some(belfry) = self.belfry.as_mut().filter(|_| !self.deaf) else {
                tokio::time::sleep_until(until).await;
                return false;
            };
            tokio::select! {
                biased;
                Some(effect) = belfry.running.effects.recv() => self.carry_out(effect).await,
                Ok(()) = belfry.running.view.changed() => self.paint().await,
                () = tokio::time::sleep_until(until) => return false,
            }
        }
        true
    }

    /// What a face does: draws what the view says, and says so.
    async fn paint(&mut self) {
        let Some(belfry) = self.belfry.as_mut().filter(|_| self.paints) else { return };
        let view = Arc::clone(&belfry.running.view.borrow_and_update());
        for card in &view.banners {
            if belfry.painted.insert(card.id, card.version) != Some(card.version) {
                let painted = Signal::BannerPresented { banner: card.id, version: card.version };
                belfry.running.inputs.signal(painted).await;
            }
        }
    }

    async fn carry_out(&mut self, effect: Effect) {
        let Some(mut belfry) = self.belfry.take() else { return };
        belfry.behind += 1;
        if belfry.behind >= BEHIND {
            belfry.behind = 0;
            catch_up(&belfry.ledger);
        }
        match effect {
            Effect::ShowToast(view) if self.paints => belfry.running.inputs.signal(Signal::ToastShown(view.id)).await,
            Effect::ShowToast(view) => belfry.unpainted.push(view.id),
            Effect::CloseToast(id) => belfry.unpainted.retain(|other| *other != id),
            effect => self.remember(&belfry.ledger, effect),
        }
        self.belfry = Some(belfry);
    }

    fn remember(&mut self, ledger: &Ledger, effect: Effect) {
        let now_ms = self.clock.wall_ms();
        let full = match effect {
            Effect::Record(draft) => {
                self.note_decision(&draft);
                ledger.record(draft, now_ms).is_err()
            }
            Effect::Presented { server, posts } => {
                for post in &posts {
                    self.recorded.insert(*post);
                    if let Some(number) = self.numbers.get(post.as_str()) {
                        let at_ms = now_ms.saturating_sub(BEGINS_MS);
                        self.story.presented.entry(*number).or_default().push(at_ms);
                    }
                }
                ledger.presented(server, posts, now_ms).is_err()
            }
            Effect::Settled { server, posts } => ledger.presented(server, posts, now_ms).is_err(),
            Effect::Mark(server, mark) => {
                ledger.mark(server, mark);
                false
            }
            _ => false,
        };
        assert!(!full, "the ledger's thread was waited for, so there is room");
    }

    fn note_decision(&mut self, draft: &Draft) {
        let Some(decided) = draft.decided() else { return };
        self.decided.insert(decided.post);
        let Some(number) = self.numbers.get(decided.post.as_str()) else { return };
        let at_ms = self.clock.wall_ms().saturating_sub(BEGINS_MS);
        if decided.pending && self.recorded.contains(&decided.post) {
            self.story.doubled.push((*number, at_ms));
        }
        let word = draft.decision().reason.map_or("notify", |reason| reason.code());
        self.story.said.entry(*number).or_default().push(Said { at_ms, announced: decided.pending, word });
    }

    async fn change(&mut self, at_ms: i64, change: &Change) -> anyhow::Result<()> {
        self.pass_to(at_ms).await;
        match change {
            Change::Drop => self.server.drops(),
            Change::DropMidFrame => self.server.drops_mid_frame(),
            Change::Cut(bytes) => self.network.cut_after(*bytes),
            Change::CutDials(cuts) => self.network.cut_dials(cuts),
            Change::Stall => self.network.stall(),
            Change::Flow => self.network.flow(),
            Change::Dead => self.network.die(),
            Change::Down { hangs } => self.network.down(*hangs),
            Change::Up { said } => {
                self.network.up();
                if *said {
                    self.signal(Signal::NetworkUp).await;
                }
            }
            Change::Skip(by) => self.loses = *by,
            Change::Duplicate => self.server.duplicates_next(),
            Change::Http(fault, path, times) => self.server.fails(path, fault, *times),
            Change::Restart => {
                self.network.refuse();
                self.server.restarts();
            }
            Change::ForgetLost => self.server.forgets_lost_connections(),
            Change::Unpainted => self.paints = false,
            Change::Deaf => self.deaf = self.belfry.is_some(),
            Change::Painted => {
                self.paints = true;
                for id in self.belfry.as_mut().map(|belfry| std::mem::take(&mut belfry.unpainted)).unwrap_or_default() {
                    self.signal(Signal::ToastShown(id)).await;
                }
                self.paint().await;
            }
            Change::Kill => self.dies()?,
            Change::Quit => self.ends().await?,
            Change::Start => self.start().await?,
            Change::Sleep => {
                self.asleep = true;
                self.slept_at_ms = at_ms;
                self.network.die();
            }
            Change::Wake { said } => {
                self.asleep = false;
                let slept_ms = at_ms.saturating_sub(self.slept_at_ms);
                if slept_ms > GIVEN_UP_MS {
                    self.server.drops();
                }
                if slept_ms > FORGOTTEN_MS {
                    tokio::task::yield_now().await;
                    self.server.forgets_lost_connections();
                }
                if *said {
                    self.signal(Signal::Woke).await;
                }
            }
            Change::Calm => {
                self.network.calm();
                self.loses = 0;
                self.server.behaves();
            }
        }
        Ok(())
    }

    async fn signal(&mut self, signal: Signal) {
        if let Some(belfry) = &self.belfry {
            belfry.running.inputs.signal(signal).await;
        }
    }

    /// The calm is over: Belfry has to be connected, to hear, and to count as the server does.
    async fn settles(&mut self, at_ms: i64) -> anyhow::Result<()> {
        self.pass_to(at_ms).await;
        let id = self.server.person("rosa").posts("off-topic", "the last word")?;
        let id = PostId::parse(&id).context("an id of the server's own making")?;
        let heard =
            self.pass_until(tokio::time::Instant::now() + LAST_WORD_WITHIN, |stage| stage.decided.contains(&id));
        let heard = heard.await;
        // What followed the last word: events about threads, answers on their way.
        self.pass_to(self.now_ms() + 5_000).await;
        let Some(view) = self.belfry.as_ref().map(|belfry| Arc::clone(&belfry.running.view.borrow())) else {
            return Ok(());
        };
        let health = view.server(SERVER).map(|server| server.health.clone()).unwrap_or_default();
        if !heard || health != Health::Live {
            self.story.stuck.push((at_ms, format!("not heard, or not connected, after a long calm: {health:?}")));
        }
        let counts = self.server.counts(ME)?;
        self.story.miscounted.extend(miscounted(&counts, &view, SERVER).into_iter().map(|line| (at_ms, line)));
        Ok(())
    }
}

/// Waits, in real time, until the ledger's thread has done all that it was given.
fn catch_up(ledger: &Ledger) {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    // Its answers are in order, so this one comes after everything before it. No simulated time passes meanwhile.
    // Unconstrained: a task that has had its turn would be woken only when the runtime goes on, which waits here.
    let mut answer = pin!(unconstrained(ledger.page(ActivityFilter::default(), None, 1)));
    while answer.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
        std::thread::park();
    }
}
