//! The engine: the only owner of state, changed by [`Engine::step`] alone.

mod calls;
mod cards;
mod catch_up;
mod commands;
mod counts;
mod heldback;
mod parking;
mod picture;
mod posts;
mod replies;
mod servers;
mod session_life;
mod settings;
mod signals;
mod sounds;
mod thread_totals;
mod unread;

use core::hash::BuildHasherDefault;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, OnceLock};

use crate::badge::Badge;
use crate::banner::{Card, Stack, StackEffect};
use crate::command::Command;
use crate::decide::Mode;
use crate::draft::Label;
use crate::effect::{Effect, Effects, Fetch};
use crate::event::Event;
use crate::ids::{ChannelId, IdSet, PostId, ServerId};
use crate::missed::{Mark, PutOff};
use crate::prefs::{LocalPrefs, Permission, ServerPrefs};
use crate::problem::{Problem, ProblemKind};
use crate::signal::{Signal, Surface};
use crate::sound::SoundChoice;
use crate::state::ServerState;
use crate::state::channel::Conversation;
use crate::time::{MonoTime, Now};
use crate::view::{Health, UnreadList};

/// Posts remembered as decided, over all servers: enough for any replay after a reconnect (128 + 256 a connection).
const DECIDED_REMEMBERED: usize = 8192;
/// Lines in the tray menu.
const RECENT_ITEMS: usize = 5;

/// Something for the engine to handle.
#[derive(Debug)]
pub enum Input<'a> {
    /// The program started: sessions are wanted for every server. Given once, first.
    Started {
        /// Posts that an earlier run decided: never announced again. The oldest first; only the newest are remembered.
        presented: Vec<(ServerId, PostId)>,
        /// Up to when an earlier run decided everything. A server without a mark announces nothing old.
        marks: Vec<(ServerId, Mark)>,
    },
    /// Cards that an earlier run put off. Given once, before [`Input::Started`].
    PutOff(Vec<PutOff>),
    /// A server, or the connection to it, reported something.
    Server(ServerId, Event<'a>),
    /// The person wants something.
    Command(Command),
    /// The desktop reported something.
    Signal(Signal),
    /// A deadline passed.
    Tick,
}

/// The deterministic machine that decides, counts and says why.
///
/// ```
/// use belfry_core::{Engine, Input};
/// use belfry_core::prefs::LocalPrefs;
/// use belfry_core::time::Now;
///
/// let mut engine = Engine::new(LocalPrefs::default());
/// let effects = engine.step(&Now::utc(0, 0), Input::Started { presented: Vec::new(), marks: Vec::new() });
/// assert!(effects.is_empty(), "no servers, nothing to do");
/// assert_eq!(engine.badge().text(), "");
/// ```
#[derive(Debug, Default)]
pub struct Engine {
    mode: Mode,
    prefs: LocalPrefs,
    servers: BTreeMap<ServerId, Server>,
    stack: Stack,
    surface: Surface,
    problems: BTreeMap<ProblemKind, Problem>,
    paused_until_ms: Option<i64>,
    system_dnd: bool,
    screen_locked: bool,
    full_screen: bool,
    display_asleep: bool,
    /// A system notification could not be shown, and nothing was since.
    nothing_shows: bool,
    held_back: heldback::HeldBack,
    parked: Vec<parking::Parked>,
    decided: Decided,
    marks: catch_up::Marks,
    snoozed: Vec<(MonoTime, Card)>,
    /// What an earlier run put off and this one has not come across yet.
    put_off: BTreeMap<(ServerId, PostId), PutOff>,
    sounds: SoundGate,
    ringing: Option<calls::Ringing>,
    recent: VecDeque<picture::Recent>,
    previewing: Option<SoundChoice>,
    /// Changes of channels, and what undoes the last ones.
    channels: settings::channels::Desk,
    /// A test notification on its way.
    test: Option<settings::receipt::Test>,
    decisions: u64,
    revision: u64,
    dirty: bool,
    /// The earliest deadline, as the last step left it.
    due: Option<MonoTime>,
}

/// One server: what it told, and how the connection is.
#[derive(Debug, Default)]
struct Server {
    state: ServerState,
    /// What the picture lists as unread, until something happens: listing it costs more than deciding a post.
    listed: OnceLock<Arc<UnreadList>>,
    label: Arc<Label>,
    calls: calls::Calls,
    health: Health,
    signed_out: bool,
    last_heard_ms: i64,
    version: String,
    asked: Vec<Fetch>,
    session: session_life::Session,
    /// How far the server's clock is ahead of ours, milliseconds.
    ahead_ms: i64,
    /// What was held when the connection was lost, until it is whole again.
    before_gap: Option<catch_up::Held>,
    /// What was asked since, on this connection.
    anew: parking::Anew,
    /// Up to where channels were passed over after a gap, since the counts and their level said that there was no news.
    passed: BTreeMap<ChannelId, i64>,
    /// A gap that is being closed.
    catching: Option<Box<catch_up::CatchUp>>,
    /// Channels that were read up to a message that is not their last; what is unread of them is asked for.
    read_partly: BTreeSet<ChannelId>,
    counts_check: counts::CountsCheck,
    thread_totals: thread_totals::ThreadTotals,
    /// Preferences that are being saved.
    saves: settings::account::Saves,
    edits: settings::channels::Edits,
}

impl Server {
    /// Whether something was missed and not everything was read anew since: settings may be others by now.
    fn has_open_gap(&self) -> bool {
        self.before_gap.is_some() && self.health != Health::Live
    }

    fn next_deadline(&self) -> Option<MonoTime> {
        let catching = self.catching.as_ref().and_then(|catching| catching.deadline());
        catching
            .into_iter()
            .chain(self.counts_check.deadline())
            .chain(self.thread_totals.deadline())
            .chain(self.calls.deadline())
            .min()
    }
}

impl Engine {
    /// An engine with these local preferences and nothing else.
    pub fn new(prefs: LocalPrefs) -> Self {
        let mut engine = Self::default();
        for server in &prefs.servers {
            engine.servers.insert(server.id, Server::default());
        }
        engine.paused_until_ms = Some(prefs.paused_until_ms).filter(|until| *until != 0);
        engine.prefs = prefs;
        for server in &mut engine.prefs.servers {
            // A closed prompt is asked again at the next start.
            if server.permission == Permission::Dismissed {
                server.permission = Permission::Ask;
            }
        }
        engine
    }

    /// The same, copying the official client in everything (conformance).
    pub fn strict(prefs: LocalPrefs) -> Self {
        Self { mode: Mode::Strict, ..Self::new(prefs) }
    }

    /// Handles one input. Total: never fails, whatever the order or lateness.
    pub fn step(&mut self, now: &Now, input: Input<'_>) -> Effects {
        let mut out = Effects::new();
        match &input {
            Input::Server(id, _) => {
                if let Some(server) = self.servers.get_mut(id) {
                    server.listed = OnceLock::new();
                }
            }
            Input::Tick => {}
            Input::Started { .. } | Input::PutOff(_) | Input::Command(_) | Input::Signal(_) => self.list_anew(),
        }
        match input {
            Input::Started { presented, marks } => {
                self.marks.begin(marks);
                for (server, post) in presented {
                    self.decided.insert(server, post);
                }
                out.extend(self.prefs.servers.iter().map(|server| Effect::StartSession(server.id)));
                self.dirty = true;
            }
            Input::PutOff(cards) => {
                self.put_off = cards.into_iter().map(|card| ((card.server, card.post), card)).collect();
            }
            Input::Server(id, event) => self.on_event(now, id, event, &mut out),
            Input::Command(command) => self.on_command(now, command, &mut out),
            Input::Signal(signal) => self.on_signal(now, signal, &mut out),
            Input::Tick => {}
        }
        self.pass_deadlines(now, &mut out);
        self.settle(&mut out);
        if self.dirty {
            self.dirty = false;
            self.revision = self.revision.saturating_add(1);
        }
        out
    }

    /// When `Input::Tick` is due next; never in the past of the last step.
    pub fn next_deadline(&self) -> Option<MonoTime> {
        self.due
    }

    /// The earliest of all deadlines. Asked once in every step.
    fn earliest_deadline(&self) -> Option<MonoTime> {
        let mut earliest = self.stack.next_deadline();
        let mut and = |at: Option<MonoTime>| {
            if let Some(at) = at
                && earliest.is_none_or(|earliest| at < earliest)
            {
                earliest = Some(at);
            }
        };
        self.parked.iter().for_each(|parked| and(Some(parked.deadline)));
        self.snoozed.iter().for_each(|(at, _)| and(Some(*at)));
        self.servers.values().for_each(|server| and(server.next_deadline()));
        and(self.ringing.as_ref().map(|ringing| ringing.until));
        and(self.test_deadline());
        earliest
    }

    /// The wall-clock moment (Unix milliseconds) at which a pause ends or a session is to be spoken of, which no monotonic
    /// deadline can tell.
    pub fn next_wall_deadline_ms(&self) -> Option<i64> {
        let pause = self.paused_until_ms.filter(|until| *until != i64::MAX);
        pause.into_iter().chain(self.session_deadline_ms()).min()
    }

    /// Grows whenever the view changes.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The badge over all servers that may notify; a signed-out server shows whatever it may.
    pub fn badge(&self) -> Badge {
        let mut badge = Badge { dot_hidden: !self.prefs.badge.dot, ..Badge::default() };
        for (id, server) in &self.servers {
            badge.add(self.server_badge(*id, server));
        }
        if !self.prefs.badge.number && badge.mentions > 0 {
            badge = Badge { mentions: 0, unread: true, ..badge };
        }
        badge
    }

    /// What is known of one server, to look at.
    pub fn server_state(&self, id: ServerId) -> Option<&ServerState> {
        self.servers.get(&id).map(|server| &server.state)
    }

    /// Local preferences as they are.
    pub fn prefs(&self) -> &LocalPrefs {
        &self.prefs
    }

    /// Whether the system wants quiet, and the person wants that heeded.
    fn is_quiet_by_system(&self) -> bool {
        self.system_dnd && self.prefs.follow_system_dnd
    }

    /// Whether a program fills the display, and the person wants quiet then.
    fn is_quiet_by_full_screen(&self) -> bool {
        self.full_screen && self.prefs.quiet_in_full_screen
    }

    /// Whether nothing is to be shown or heard at present, whatever the server.
    fn is_quiet(&self) -> bool {
        self.paused_until_ms.is_some()
            || self.is_quiet_by_system()
            || self.screen_locked
            || self.is_quiet_by_full_screen()
            || self.display_asleep
    }

    fn server_badge(&self, id: ServerId, server: &Server) -> Badge {
        let mut badge =
            if self.permission(id) == Permission::Allowed { server.state.badge() } else { Badge::default() };
        badge.signed_out = server.signed_out;
        badge
    }

    /// What [`Self::server_badge`] is the sum of.
    fn server_unread(&self, id: ServerId, server: &Server) -> Arc<UnreadList> {
        let list = || {
            if self.permission(id) == Permission::Allowed { unread::list(&server.state) } else { UnreadList::default() }
        };
        Arc::clone(server.listed.get_or_init(|| Arc::new(list())))
    }

    /// What is listed as unread of all servers is listed anew.
    fn list_anew(&mut self) {
        self.servers.values_mut().for_each(|server| server.listed = OnceLock::new());
    }

    fn server_prefs(&self, id: ServerId) -> Option<&ServerPrefs> {
        self.prefs.servers.iter().find(|server| server.id == id)
    }

    fn permission(&self, id: ServerId) -> Permission {
        self.server_prefs(id).map_or(Permission::Ask, |server| server.permission)
    }

    /// Tells of posts that need no announcement any more.
    fn settle(&mut self, out: &mut Effects) {
        let (shown, held_back) = (self.stack.take_settled(), self.held_back.take_settled());
        if shown.is_empty() && held_back.is_empty() {
            return;
        }
        let mut settled: BTreeMap<ServerId, Vec<PostId>> = BTreeMap::new();
        for (server, post) in shown.into_iter().chain(held_back) {
            settled.entry(server).or_default().push(post);
        }
        out.extend(settled.into_iter().map(|(server, posts)| Effect::Settled { server, posts }));
    }

    /// Asks a server, once until it answers.
    fn ask(&mut self, id: ServerId, fetch: Fetch, out: &mut Effects) {
        if let Some(server) = self.servers.get_mut(&id)
            && !server.asked.contains(&fetch)
        {
            if fetch == Fetch::ThreadTotals {
                server.thread_totals.asked();
            }
            if matches!(fetch, Fetch::Channel(_) | Fetch::Member(_)) {
                server.counts_check.reads();
            }
            server.asked.push(fetch.clone());
            out.push(Effect::Fetch(id, fetch));
        }
    }

    fn pass_deadlines(&mut self, now: &Now, out: &mut Effects) {
        if self.paused_until_ms.is_some_and(|until| until <= now.wall_ms()) {
            self.set_pause(None, out);
        }
        let due = self.earliest_deadline();
        // Asked in every step, and nearly always nothing is due.
        let is_due = due.is_some_and(|at| at <= now.mono);
        if is_due || self.has_held_back() || self.servers.values().any(|server| server.session_is_due(now)) {
            self.list_anew();
            self.pass_each_deadline(now, out);
            self.due = self.earliest_deadline();
        } else {
            self.due = due;
        }
    }

    fn pass_each_deadline(&mut self, now: &Now, out: &mut Effects) {
        self.decide_overdue(now, out);
        self.decide_overdue_calls(now, out);
        self.pass_catch_up_deadlines(now, out);
        self.pass_counts_deadlines(now, out);
        self.pass_thread_totals_deadlines(now, out);
        self.pass_session_deadlines(now, out);
        self.sum_up(now, out);
        let mut index = 0;
        while let Some((at, _)) = self.snoozed.get(index) {
            if *at <= now.mono {
                let (_, card) = self.snoozed.remove(index);
                self.show(now, card, out);
            } else {
                index += 1;
            }
        }
        self.pass_ring_deadline(now, out);
        self.pass_test_deadline(now);
        if self.stack.next_deadline().is_some_and(|at| at <= now.mono) {
            let missed = self.stack.missed();
            let mut effects = Vec::new();
            self.stack.tick(now.mono, &self.prefs.banner, &mut effects);
            if self.stack.missed() > missed {
                self.raise(ProblemKind::Banners, "a banner was not painted in time");
            }
            self.dirty = true;
            carry_out(effects, out);
        }
    }

    /// Puts a card where notifications go at present.
    fn show(&mut self, now: &Now, mut card: Card, out: &mut Effects) {
        if card.head.id.0 == 0 {
            card.head.id = self.stack.next_id();
        }
        let mut effects = Vec::new();
        match self.surface {
            Surface::Banners if !self.prefs.use_system_notifications => {
                self.stack.push(now.mono, card, &self.prefs.banner);
            }
            Surface::Banners | Surface::Toasts => self.stack.push_toast(now.mono, card, &mut effects),
            Surface::Nowhere => {}
        }
        self.dirty = true;
        carry_out(effects, out);
    }

    /// Takes away what is read, deleted or left.
    fn retract(&mut self, now: &Now, gone: impl Fn(ServerId, Option<Conversation>) -> bool, out: &mut Effects) {
        let mut effects = Vec::new();
        self.stack.retract(now.mono, &gone, &self.prefs.banner, &mut effects);
        self.forget_snoozed(|card| gone(card.head.server, card.conversation));
        self.held_back.retract(&gone);
        self.dirty = true;
        carry_out(effects, out);
    }

    fn forget_snoozed(&mut self, gone: impl Fn(&Card) -> bool) {
        let stack = &mut self.stack;
        self.snoozed.retain(|(_, card)| {
            let gone = gone(card);
            if gone {
                stack.settle(card);
            }
            !gone
        });
    }

    fn raise(&mut self, kind: ProblemKind, detail: &str) {
        let problem = Problem::new(kind, detail);
        if self.problems.get(&kind) != Some(&problem) {
            self.problems.insert(kind, problem);
            self.dirty = true;
        }
    }

    fn clear(&mut self, kind: ProblemKind) {
        if self.problems.remove(&kind).is_some() {
            self.dirty = true;
        }
    }

    /// Begins, changes or ends the pause. It is a preference, so that a restart does not end it.
    fn set_pause(&mut self, until_ms: Option<i64>, out: &mut Effects) {
        self.paused_until_ms = until_ms;
        self.prefs.paused_until_ms = until_ms.unwrap_or(0);
        self.save_prefs(out);
    }

    fn save_prefs(&mut self, out: &mut Effects) {
        self.dirty = true;
        out.push(Effect::SavePrefs(Box::new(self.prefs.clone())));
    }
}

fn carry_out(effects: Vec<StackEffect>, out: &mut Effects) {
    for effect in effects {
        match effect {
            StackEffect::Toast(view) => out.push(Effect::ShowToast(view)),
            StackEffect::CloseToast(id) => out.push(Effect::CloseToast(id)),
            StackEffect::Presented(server, posts) => out.push(Effect::Presented { server, posts }),
        }
    }
}

/// Posts that were decided, within a bounded memory.
#[derive(Debug)]
struct Decided {
    /// With its server: two servers may give the same id.
    seen: IdSet<(ServerId, PostId)>,
    order: VecDeque<(ServerId, PostId)>,
}

impl Default for Decided {
    fn default() -> Self {
        // A day's worth for most people: growing in the middle of a burst costs as much as deciding a few posts.
        let room = DECIDED_REMEMBERED / 8;
        Self {
            seen: IdSet::with_capacity_and_hasher(room, BuildHasherDefault::default()),
            order: VecDeque::with_capacity(room),
        }
    }
}

impl Decided {
    /// Whether a post is remembered.
    fn contains(&self, server: ServerId, post: PostId) -> bool {
        self.seen.contains(&(server, post))
    }

    /// Remembers a post; `false` where it was remembered already.
    fn insert(&mut self, server: ServerId, post: PostId) -> bool {
        if !self.seen.insert((server, post)) {
            return false;
        }
        if self.order.len() == DECIDED_REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.seen.remove(&oldest);
        }
        self.order.push_back((server, post));
        true
    }
}

/// One sound per burst of a conversation, and one for what arrives within a moment; the first is never lost.
#[derive(Debug, Default)]
struct SoundGate {
    last: Option<MonoTime>,
    conversations: VecDeque<(Option<Conversation>, MonoTime)>,
}

impl SoundGate {
    /// Two notifications within this make one sound, milliseconds.
    const MOMENT_MS: u64 = 700;
    /// A conversation sounds again after this much silence of its own, milliseconds (as the official 3 s throttle, S4).
    const BURST_MS: u64 = 3000;
    /// Conversations remembered.
    const REMEMBERED: usize = 32;

    fn allows(&mut self, now: MonoTime, conversation: Option<Conversation>) -> bool {
        let within = |at: MonoTime, ms: u64| now.0.saturating_sub(at.0) < ms;
        self.conversations.retain(|(_, at)| within(*at, Self::BURST_MS));
        let moment = self.last.is_some_and(|at| within(at, Self::MOMENT_MS));
        let burst = self.conversations.iter().any(|(other, _)| *other == conversation);
        if moment || burst {
            return false;
        }
        self.last = Some(now);
        if self.conversations.len() == Self::REMEMBERED {
            self.conversations.pop_front();
        }
        self.conversations.push_back((conversation, now));
        true
    }
}
