//! After a gap that nothing filled: what was missed is asked for, decided once and in order, with its true age.
//!
//! A snapshot tells how many messages came (the badge is right at once), not which. Channels that may have something to
//! announce are read from where they were left; what has no room is told as a number. Live posts wait meanwhile, so that
//! everything is decided in the order in which it was written, but never longer than a few seconds.

use core::cmp::Reverse;
use core::time::Duration;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::activity::DecisionKind;
use crate::decide::facts::effective_level;
use crate::decide::reason::Reason;
use crate::decide::says::{Step, Took};
use crate::decide::{Mode, Verdict};
use crate::effect::{Effect, Effects, Fetch};
use crate::engine::posts::facts;
use crate::engine::{Decided, Engine, Server};
use crate::event::{ChannelType, Post, Posted};
use crate::ids::{ChannelId, PostId, ServerId};
use crate::mention;
use crate::missed::{Mark, Missed, MissedChannel, MissedPlan, MissedThread};
use crate::prefs::Permission;
use crate::state::ServerState;
use crate::state::channel::{Conversation, Level, Switch};
use crate::state::unread::{clamped, is_join_leave_like};
use crate::time::{MonoTime, Now};
use crate::view::Health;

/// A missed message younger than this is announced like any other: a restart of the server with everybody's reconnects
/// spread over half a minute, or a walk between two networks, must not turn a conversation that goes on into a summary.
const RECENT_MS: i64 = 120_000;
/// Live posts wait so long for what was missed before them; then they go first.
const LIVE_WAITS: Duration = Duration::from_secs(5);
/// Live posts that wait; one more and none does.
const LIVE_WAITING: usize = 256;
/// Channels read after one gap: more than anybody looks at afterwards; the others are told as a number.
const CHANNELS: usize = 60;
/// So many times a gap is asked about while there is a connection; then the counts have to do.
const TRIES: u32 = 5;
/// Between two of them, doubled each time.
const RETRY: Duration = Duration::from_secs(3);
/// A mark is written when it moved by this much, milliseconds: what is newer is known by its id.
const MARK_STEP_MS: i64 = 60_000;
/// A post dated further ahead than this (an import) moves no mark. Generous, since a proxy's clock may be the wrong one.
const AHEAD_MS: i64 = 3_600_000;

/// A gap that is being closed.
#[derive(Debug)]
pub(super) struct CatchUp {
    plan: MissedPlan,
    /// From where each channel that moved is missing; kept where another gap follows before this one is closed.
    floors: BTreeMap<ChannelId, i64>,
    /// From where threads are missing.
    threads_floor: i64,
    /// By the counts: what each channel may have to announce.
    expected: BTreeMap<ChannelId, u32>,
    /// How many mentions came in channels whose count was held before; of the others only the sum with older ones is known.
    came: BTreeMap<ChannelId, i64>,
    /// Posts that came live meanwhile, counted already.
    live: VecDeque<Box<Posted<'static>>>,
    live_until: Option<MonoTime>,
    live_waits: bool,
    tries: u32,
    retry_at: Option<MonoTime>,
}

impl CatchUp {
    pub(super) fn deadline(&self) -> Option<MonoTime> {
        [self.live_until, self.retry_at].into_iter().flatten().min()
    }
}

/// A channel as it was held before a snapshot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Before {
    last_post_at: i64,
    last_viewed_at: i64,
    mentions: u32,
    messages: u32,
}

/// All channels of a server as they were held.
pub(super) type Held = BTreeMap<ChannelId, Before>;

/// What a run begins with, and what it leaves to the next.
#[derive(Debug, Default)]
pub(super) struct Marks {
    by_server: BTreeMap<ServerId, Mark>,
    written: BTreeMap<ServerId, i64>,
    gaps: u64,
}

impl Marks {
    pub(super) fn begin(&mut self, marks: Vec<(ServerId, Mark)>) {
        self.written = marks.iter().map(|(id, mark)| (*id, mark.up_to_ms)).collect();
        self.by_server = marks.into_iter().collect();
    }

    pub(super) fn forget(&mut self, id: ServerId, out: &mut Effects) {
        self.by_server.remove(&id);
        self.written.remove(&id);
        out.push(Effect::ForgetMark(id));
    }

    /// Moves a mark on; `write` also where it moved only a little.
    fn advance(&mut self, id: ServerId, to_ms: i64, write: bool, out: &mut Effects) {
        let Some(mark) = self.by_server.get_mut(&id) else { return };
        mark.up_to_ms = mark.up_to_ms.max(to_ms);
        let written = self.written.entry(id).or_insert(i64::MIN);
        if write || mark.up_to_ms.saturating_sub(*written) >= MARK_STEP_MS {
            *written = mark.up_to_ms;
            out.push(Effect::Mark(id, *mark));
        }
    }
}

/// Something to be decided in its turn.
enum Item {
    Missed(Box<Posted<'static>>, bool),
    Live(Box<Posted<'static>>),
}

impl Item {
    fn post(&self) -> &Post<'static> {
        let (Self::Missed(posted, _) | Self::Live(posted)) = self;
        &posted.post
    }
}

impl Engine {
    /// The connection is lost: what is held now is from before whatever is missed. Posts that come live on the next
    /// connection, before everything was read anew, must not hide what was missed before them.
    pub(super) fn gap_begins(&mut self, id: ServerId) {
        if self.servers.get(&id).is_some_and(|server| server.before_gap.is_none()) {
            let held = self.held(id);
            if let Some(server) = self.servers.get_mut(&id) {
                server.before_gap = held;
            }
        }
    }

    /// The connection went on where it ended: nothing was missed.
    pub(super) fn no_gap(&mut self, id: ServerId) {
        if let Some(server) = self.servers.get_mut(&id) {
            server.before_gap = None;
        }
    }

    /// What was held of each channel before a gap, or is held now; a snapshot is about to replace it.
    pub(super) fn held_before(&mut self, id: ServerId) -> Option<Held> {
        let before_gap = self.servers.get_mut(&id).and_then(|server| server.before_gap.take());
        before_gap.or_else(|| self.held(id))
    }

    fn held(&self, id: ServerId) -> Option<Held> {
        let state = &self.servers.get(&id).filter(|server| server.state.loaded)?.state;
        let crt = state.crt();
        let held = state.channels.iter().map(|(id, channel)| {
            let unread = channel.counts.unread(crt);
            let before = Before {
                last_post_at: channel.last_post_at,
                last_viewed_at: channel.counts.last_viewed_at,
                mentions: clamped(unread.mentions),
                messages: clamped(unread.messages),
            };
            (*id, before)
        });
        Some(held.collect())
    }

    /// A snapshot was applied: asks for what came since the last thing that was decided.
    pub(super) fn begin_catch_up(
        &mut self,
        now: &Now,
        id: ServerId,
        before: Option<&Held>,
        taken_at_ms: i64,
        out: &mut Effects,
    ) {
        if self.mode == Mode::Strict {
            return;
        }
        let allowed = self.permission(id) == Permission::Allowed;
        let Some(server) = self.servers.get_mut(&id) else { return };
        if taken_at_ms > 0 {
            server.ahead_ms = taken_at_ms.saturating_sub(now.wall_ms());
        }
        let newest = newest_post(&server.state, now.wall_ms().saturating_add(server.ahead_ms));
        let earlier = server.catching.take();
        let Some(mark) = self.marks.by_server.get(&id).copied() else {
            // Seen for the first time: nothing old is news.
            self.marks.by_server.insert(id, Mark { from_ms: newest, up_to_ms: newest });
            self.marks.advance(id, newest, true, out);
            return;
        };
        self.marks.gaps = self.marks.gaps.saturating_add(1);
        let unfinished = earlier.as_ref().map(|catching| (&catching.floors, catching.threads_floor));
        let passed = &server.passed;
        let Planned { plan, expected, came, floors } =
            plan(&server.state, mark, before, unfinished, passed, self.marks.gaps);
        let threads_floor = unfinished.map_or(mark.floor_ms(), |(_, floor)| floor.min(mark.floor_ms()));
        let plan = MissedPlan { threads_after_ms: plan.threads_after_ms.map(|_| threads_floor), ..plan };
        let nothing = plan.channels.is_empty() && plan.threads_after_ms.is_none();
        let live = earlier.map(|catching| catching.live).unwrap_or_default();
        server.catching = Some(Box::new(CatchUp {
            floors,
            threads_floor,
            expected,
            came,
            live_until: (!live.is_empty()).then(|| now.mono.after(LIVE_WAITS)),
            live,
            live_waits: true,
            tries: 0,
            retry_at: None,
            plan: plan.clone(),
        }));
        if nothing || !allowed {
            let nothing = Missed { number: plan.number, ..Missed::default() };
            self.on_missed(now, id, nothing, out);
        } else {
            self.ask(id, Fetch::Missed(Box::new(plan)), out);
        }
    }

    /// Lets a live post wait for what was missed before it; gives it back where nothing was.
    pub(super) fn waits_for_missed<'a>(
        &mut self,
        now: &Now,
        id: ServerId,
        posted: Box<Posted<'a>>,
    ) -> Option<Box<Posted<'a>>> {
        let catching = self.servers.get_mut(&id).and_then(|server| server.catching.as_mut());
        let Some(catching) = catching.filter(|catching| catching.live_waits) else { return Some(posted) };
        catching.live.push_back(posted.into_owned());
        catching.live_until.get_or_insert(now.mono.after(LIVE_WAITS));
        if catching.live.len() >= LIVE_WAITING {
            catching.live_until = Some(now.mono);
        }
        None
    }

    /// Whether what was missed on a server is not decided yet.
    pub(super) fn is_catching_up(&self, id: ServerId) -> bool {
        self.servers.get(&id).is_some_and(|server| server.catching.is_some())
    }

    /// What waited long enough, and what is to be asked again.
    pub(super) fn pass_catch_up_deadlines(&mut self, now: &Now, out: &mut Effects) {
        let due = |server: &Server| {
            server.catching.as_ref().and_then(|catching| catching.deadline()).is_some_and(|at| at <= now.mono)
        };
        let ids: Vec<ServerId> = self.servers.iter().filter(|(_, server)| due(server)).map(|(id, _)| *id).collect();
        for id in ids {
            let Some(server) = self.servers.get_mut(&id) else { continue };
            let is_live = server.health == Health::Live;
            let Some(catching) = server.catching.as_mut() else { continue };
            let mut live = VecDeque::new();
            if catching.live_until.is_some_and(|at| at <= now.mono) {
                catching.live_until = None;
                catching.live_waits = false;
                live = core::mem::take(&mut catching.live);
            }
            let mut again = None;
            if catching.retry_at.is_some_and(|at| at <= now.mono) {
                catching.retry_at = None;
                // Without a connection the next one asks.
                again = is_live.then(|| Fetch::Missed(Box::new(catching.plan.clone())));
            }
            for posted in live {
                self.decide_live(now, id, posted, out);
            }
            if let Some(fetch) = again {
                self.ask(id, fetch, out);
            }
        }
    }

    /// The connection is live (again): a question that a lost one left open is asked again.
    pub(super) fn resume_catch_up(&mut self, id: ServerId, out: &mut Effects) {
        let catching = self.servers.get(&id).and_then(|server| server.catching.as_ref());
        if let Some(catching) = catching.filter(|catching| catching.retry_at.is_none()) {
            let fetch = Fetch::Missed(Box::new(catching.plan.clone()));
            self.ask(id, fetch, out);
        }
    }

    /// The question was not answered.
    pub(super) fn missed_failed(&mut self, now: &Now, id: ServerId, number: u64, out: &mut Effects) {
        let catching = self.servers.get_mut(&id).and_then(|server| server.catching.as_mut());
        let Some(catching) = catching.filter(|catching| catching.plan.number == number) else { return };
        catching.tries = catching.tries.saturating_add(1);
        if catching.tries < TRIES {
            let doublings = catching.tries.saturating_sub(1).min(8);
            catching.retry_at = Some(now.mono.after(RETRY.saturating_mul(1 << doublings)));
            return;
        }
        // The server will not say which: the person is told how many.
        let incomplete_channels = catching.plan.channels.iter().map(|channel| channel.channel_id).collect();
        self.on_missed(now, id, Missed { number, incomplete_channels, ..Missed::default() }, out);
    }

    /// The answer: everything is decided in the order in which it was written.
    pub(super) fn on_missed(&mut self, now: &Now, id: ServerId, missed: Missed, out: &mut Effects) {
        let Missed { number, posts, threads, users, incomplete_channels, incomplete_threads } = missed;
        let Some(server) = self.servers.get_mut(&id) else { return };
        let Some(catching) = server.catching.take_if(|catching| catching.plan.number == number) else { return };
        self.dirty = true;
        for user in users {
            server.state.apply_user(user);
        }
        for missed in &threads {
            server.state.note_thread(&missed.thread);
        }
        let CatchUp { floors, threads_floor, expected, came, live, .. } = *catching;
        // What moved and was not worth reading was no news, and is none under another level later.
        server.passed.retain(|id, up_to| {
            let last_post_at = server.state.channels.get(id).map(|channel| channel.last_post_at);
            last_post_at.is_some_and(|last| last.saturating_sub(Mark::OVERLAP_MS) <= *up_to)
        });
        for id in floors.keys().filter(|id| !expected.contains_key(id)) {
            if let Some(channel) = server.state.channels.get(id) {
                server.passed.insert(*id, channel.counted_up_to);
            }
        }
        let wanted = |post: &Post<'_>| {
            let channel = server.state.channels.get(&post.channel_id);
            // What is newer than the snapshot comes live: the socket was open before.
            let comes_live = channel.is_none_or(|channel| post.create_at > channel.counted_up_to);
            let is_reply = server.state.crt() && post.root_id.is_some();
            let floor = if is_reply { Some(threads_floor) } else { floors.get(&post.channel_id).copied() };
            post.delete_at == 0 && !comes_live && floor.is_some_and(|floor| post.create_at > floor)
        };
        let posts: Vec<Post<'static>> = posts.into_iter().filter(wanted).collect();
        let hand = Hand { floors: &floors, came: &came, cut: &incomplete_channels, decided: &self.decided, server: id };
        let mentions = mentioned_among(server, &posts, &threads, &hand);
        let followed = followed_from(&server.state, &posts, &threads, &mentions);
        let mut items: Vec<Item> = live.into_iter().map(Item::Live).collect();
        for post in posts {
            if self.decided.insert(id, post.id)
                && let Some(server) = self.servers.get(&id)
            {
                let is_mentioned = mentions.contains(&post.id);
                let (posted, read) = as_if_live(server, post, is_mentioned, &followed);
                items.push(Item::Missed(Box::new(posted), read));
            }
        }
        items.sort_by_key(|item| (item.post().create_at, item.post().id));
        let mut told: BTreeMap<ChannelId, u32> = BTreeMap::new();
        let mut told_in_threads: BTreeMap<PostId, u32> = BTreeMap::new();
        for item in items {
            match item {
                Item::Live(posted) => self.decide_live(now, id, posted, out),
                Item::Missed(posted, read) => {
                    let conversation = self.conversation(id, &posted);
                    if self.decide_missed(now, id, posted, read, out) {
                        let told = match conversation.thread {
                            Some(root) => told_in_threads.entry(root).or_default(),
                            None => told.entry(conversation.channel).or_default(),
                        };
                        *told = told.saturating_add(1);
                    }
                }
            }
        }
        // What had no room is told as a number: channels beyond the plan, and those that were not read to the end.
        let short: BTreeSet<ChannelId> = incomplete_channels.into_iter().collect();
        for (channel, count) in expected {
            let planned = catching.plan.channels.iter().any(|planned| planned.channel_id == channel);
            if !planned || short.contains(&channel) {
                let count = count.saturating_sub(told.get(&channel).copied().unwrap_or(0));
                self.hold_back_number(id, Conversation { server: id, channel, thread: None }, count);
            }
        }
        for missed in threads {
            let (root, Some(channel)) = (missed.thread.id, missed.thread.channel_id) else { continue };
            if incomplete_threads.contains(&root) && self.thread_may_notify(id, channel) {
                let told = told_in_threads.get(&root).copied().unwrap_or(0);
                let count = clamped(missed.thread.unread_replies).saturating_sub(told);
                self.hold_back_number(id, Conversation { server: id, channel, thread: Some(root) }, count);
            }
        }
        let newest = self
            .servers
            .get(&id)
            .map(|server| newest_post(&server.state, now.wall_ms().saturating_add(server.ahead_ms)));
        self.marks.advance(id, newest.unwrap_or(0), true, out);
    }

    /// Decides a post that came live and waited, unless it was read meanwhile.
    pub(super) fn decide_live(&mut self, now: &Now, id: ServerId, posted: Box<Posted<'static>>, out: &mut Effects) {
        if self.was_read(id, &posted) {
            let mut verdict = self.judge(id, &posted, false);
            if verdict.notifies() {
                read_elsewhere(&mut verdict);
            }
            self.conclude(now, id, posted, verdict, DecisionKind::Post, None, out);
        } else {
            self.consider(now, id, posted, true, out);
        }
    }

    /// Whether a post was read on another device while it waited.
    pub(super) fn was_read(&self, id: ServerId, posted: &Posted<'_>) -> bool {
        self.servers.get(&id).is_some_and(|server| {
            let channel = server.state.channels.get(&posted.post.channel_id);
            let in_thread = server.state.crt() && posted.post.root_id.is_some();
            !in_thread && channel.is_some_and(|channel| channel.counts.last_viewed_at >= posted.post.create_at)
        })
    }

    /// Decides a missed post by the same rules; `true` where the person is told of it, alone or in a summary.
    fn decide_missed(
        &mut self,
        now: &Now,
        id: ServerId,
        posted: Box<Posted<'static>>,
        read: bool,
        out: &mut Effects,
    ) -> bool {
        let mut verdict = self.judge(id, &posted, false);
        verdict.trace.insert(
            0,
            Step::plain(
                "caught_up",
                Took::Continue,
                "It came while Belfry was not connected; whether it mentions you was worked out here, from the counts and the text",
            ),
        );
        if verdict.notifies() && read {
            read_elsewhere(&mut verdict);
        }
        let told = verdict.notifies();
        let ahead = self.servers.get(&id).map_or(0, |server| server.ahead_ms);
        let age_ms = now.wall_ms().saturating_add(ahead).saturating_sub(posted.post.create_at);
        // What was put off comes back as it was, however old it is.
        let is_put_off = self.put_off.contains_key(&(id, posted.post.id));
        if told && age_ms >= RECENT_MS && !is_put_off {
            self.ask_platform(id, &mut verdict);
            if verdict.notifies() {
                verdict.skip = Some(Reason::WhileAway);
                verdict.trace.push(Step::plain(
                    "while_away",
                    Took::Skip,
                    "It came while Belfry was not connected, too long ago for a banner of its own",
                ));
            }
        }
        self.conclude(now, id, posted, verdict, DecisionKind::Post, None, out);
        told
    }

    /// A post was decided as it came: a restart begins behind it.
    pub(super) fn note_decided(&mut self, now: &Now, id: ServerId, create_at: i64, out: &mut Effects) {
        let Some(server) = self.servers.get(&id) else { return };
        // Before a gap is closed, what is older than this post may be undecided.
        if server.catching.is_none()
            && server.before_gap.is_none()
            && create_at <= latest(now.wall_ms().saturating_add(server.ahead_ms))
        {
            self.marks.advance(id, create_at, false, out);
        }
    }

    /// A post that waits for what was missed was deleted.
    pub(super) fn forget_waiting(&mut self, id: ServerId, post: PostId) {
        if let Some(catching) = self.servers.get_mut(&id).and_then(|server| server.catching.as_mut()) {
            catching.live.retain(|posted| posted.post.id != post);
        }
    }

    fn thread_may_notify(&self, id: ServerId, channel: ChannelId) -> bool {
        let state = self.servers.get(&id).map(|server| &server.state);
        state.is_some_and(|state| matches!(level_in(state, channel), Some(level) if level != Level::None))
    }
}

fn read_elsewhere(verdict: &mut Verdict) {
    verdict.skip = Some(Reason::ReadElsewhere);
    verdict.trace.push(Step::plain(
        "read_elsewhere",
        Took::Skip,
        "You read it on another device before Belfry was connected again",
    ));
}

/// The last moment at which a post may sensibly be dated.
fn latest(server_now_ms: i64) -> i64 {
    server_now_ms.saturating_add(AHEAD_MS)
}

/// The time of the newest post of all channels, without what is dated far ahead.
fn newest_post(state: &ServerState, server_now_ms: i64) -> i64 {
    let times = state.channels.values().map(|channel| channel.last_post_at);
    times.filter(|at| *at <= latest(server_now_ms)).max().unwrap_or(0)
}

/// The level in force in a channel that may notify; `None` where it may not: muted, archived or left.
fn level_in(state: &ServerState, id: ChannelId) -> Option<Level> {
    let channel = state.channels.get(&id).filter(|channel| channel.delete_at == 0)?;
    let prefs = channel.prefs.as_deref().filter(|prefs| !prefs.is_muted())?;
    Some(effective_level(prefs.desktop, state.account.level(), channel.channel_type))
}

/// What a gap comes to by the counts.
struct Planned {
    plan: MissedPlan,
    expected: BTreeMap<ChannelId, u32>,
    came: BTreeMap<ChannelId, i64>,
    floors: BTreeMap<ChannelId, i64>,
}

/// Which channels moved and may have something to announce, the most important first; what the counts say of each; and
/// from where each is missing.
fn plan(
    state: &ServerState,
    mark: Mark,
    before: Option<&Held>,
    unfinished: Option<(&BTreeMap<ChannelId, i64>, i64)>,
    passed: &BTreeMap<ChannelId, i64>,
    number: u64,
) -> Planned {
    let crt = state.crt();
    let mut floors = BTreeMap::new();
    let mut expected = BTreeMap::new();
    let mut came = BTreeMap::new();
    let mut wanted = Vec::new();
    let mut channels: Vec<_> = state.channels.iter().collect();
    channels.sort_unstable_by_key(|(id, _)| **id);
    for (id, channel) in channels {
        let held = before.and_then(|before| before.get(id));
        // In one run each channel is known to its last post; posts may still have overtaken each other by a moment.
        let floor = match (unfinished.and_then(|(floors, _)| floors.get(id)), held) {
            (Some(floor), _) => *floor,
            (None, Some(held)) => held.last_post_at.saturating_sub(Mark::OVERLAP_MS).max(mark.from_ms),
            (None, None) => mark.floor_ms(),
        };
        let floor = floor.max(passed.get(id).copied().unwrap_or(i64::MIN));
        let moved = held.is_none_or(|held| channel.last_post_at > held.last_post_at)
            || unfinished.is_some_and(|(floors, _)| floors.contains_key(id));
        if !moved || channel.last_post_at <= floor {
            continue;
        }
        floors.insert(*id, floor);
        let unread = channel.counts.unread(crt);
        // What was unread before is no news, unless it was read in between.
        let known = held.filter(|held| {
            held.last_viewed_at == channel.counts.last_viewed_at
                && unfinished.is_none_or(|(floors, _)| !floors.contains_key(id))
        });
        let mentions = clamped(unread.mentions).saturating_sub(known.map_or(0, |held| held.mentions));
        let messages = clamped(unread.messages).saturating_sub(known.map_or(0, |held| held.messages));
        let personal = matches!(channel.channel_type, Some(ChannelType::Direct | ChannelType::Group));
        let count = match level_in(state, *id) {
            None | Some(Level::None) => 0,
            Some(_) if personal => messages.max(mentions),
            Some(Level::Mention) => mentions,
            Some(Level::All | Level::Default | Level::Unknown) => messages.max(mentions),
        };
        if known.is_some() {
            came.insert(*id, i64::from(mentions));
        }
        if count > 0 {
            expected.insert(*id, count);
            wanted.push((Reverse(personal), Reverse(mentions), Reverse(channel.last_post_at), *id, floor));
        }
    }
    wanted.sort_unstable();
    let channels = wanted.into_iter().take(CHANNELS);
    let channels = channels.map(|(_, _, _, channel_id, after_ms)| MissedChannel { channel_id, after_ms }).collect();
    let threads = state.counted_threads().any(|(_, counts)| counts.unread_threads > 0 || counts.unread_mentions > 0);
    let threads_after_ms = (crt && threads).then_some(0);
    Planned { plan: MissedPlan { number, channels, threads_after_ms, collapsed: crt }, expected, came, floors }
}

/// What is known of the posts in hand besides themselves.
struct Hand<'a> {
    floors: &'a BTreeMap<ChannelId, i64>,
    came: &'a BTreeMap<ChannelId, i64>,
    /// Channels that were not read to the end.
    cut: &'a [ChannelId],
    decided: &'a Decided,
    server: ServerId,
}

/// How many of some posts mention me.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mentions {
    /// Exactly so many.
    Are(usize),
    /// So many at most: older posts, which are not in hand, may be among those that the server counts.
    AtMost(usize),
}

/// Which of the missed posts mention me (notifications §1.8): the server tells it of live posts only. Its counters say how
/// many do; the text says which.
fn mentioned_among(
    server: &Server,
    posts: &[Post<'static>],
    threads: &[MissedThread],
    hand: &Hand<'_>,
) -> BTreeSet<PostId> {
    let state = &server.state;
    let crt = state.crt();
    let mut places: BTreeMap<(ChannelId, Option<PostId>), Vec<&Post<'static>>> = BTreeMap::new();
    for post in posts {
        places.entry((post.channel_id, post.root_id.filter(|_| crt))).or_default().push(post);
    }
    let mut found = BTreeSet::new();
    for ((channel_id, root), mut posts) in places {
        let Some(channel) = state.channels.get(&channel_id) else { continue };
        let many = |count: i64| usize::try_from(count.max(0)).unwrap_or(usize::MAX);
        // Posts in hand are no newer than the counters that were fetched: what came live since has mentions of its own.
        let unread = channel.counts.unread(crt).mentions.saturating_sub(channel.mentions_since.into());
        let unread = many(unread);
        let anew = |post: &Post<'_>| !hand.decided.contains(hand.server, post.id);
        let (read_up_to, count) = if let Some(root) = root {
            let Some(missed) = threads.iter().find(|missed| missed.thread.id == root) else { continue };
            // Threads are read from where they were read last.
            (missed.last_viewed_at, Mentions::Are(many(missed.thread.unread_mentions)))
        } else {
            let read_up_to = channel.counts.last_viewed_at;
            let cut = hand.cut.contains(&channel_id);
            match (hand.came.get(&channel_id), hand.floors.get(&channel_id)) {
                (_, Some(floor)) if *floor <= read_up_to && !cut => (read_up_to, Mentions::Are(unread)),
                (Some(came), floor) if !cut => {
                    // What came live since the gap began is counted too, and takes its own mentions.
                    let held = floor.map_or(i64::MAX, |floor| floor.saturating_add(Mark::OVERLAP_MS));
                    posts.retain(|post| anew(post) || post.create_at > held);
                    (read_up_to, Mentions::Are(many(*came)))
                }
                _ => {
                    posts.retain(|post| anew(post));
                    (read_up_to, Mentions::AtMost(unread))
                }
            }
        };
        let mine =
            |post: &Post<'_>| post.user_id.is_some() && post.user_id == state.me_id() && !post.props.from_webhook;
        let adds_me = |post: &Post<'_>| post.props.added_user_id.is_some() && post.props.added_user_id == state.me_id();
        posts.retain(|post| {
            post.create_at > read_up_to && !mine(post) && (!is_join_leave_like(&post.kind) || adds_me(post))
        });
        posts.sort_by_key(|post| (Reverse(post.create_at), post.id));
        let (Mentions::Are(most) | Mentions::AtMost(most)) = count;
        let all = match channel.channel_type {
            Some(ChannelType::Direct) => true,
            // In a group every message mentions, on servers that count so.
            Some(ChannelType::Group) => most >= posts.len(),
            Some(ChannelType::Public | ChannelType::Private) | None => {
                matches!(count, Mentions::Are(count) if count >= posts.len())
            }
        };
        if all {
            found.extend(posts.iter().map(|post| post.id));
            continue;
        }
        if most == 0 {
            continue;
        }
        // The newest posts are unread for certain, so among equals they come first.
        let ignored = channel.prefs.as_deref().map(|prefs| match prefs.ignore_channel_mentions {
            Switch::On => Some("on"),
            Switch::Off => Some("off"),
            Switch::Default | Switch::Unknown => None,
        });
        let props = state.account.props();
        let ignored = mention::channel_wide_ignored(ignored.flatten(), props.get("channel").map(String::as_str));
        let own = mention::keys(&state.me, props, &[], false);
        let wide = if ignored { Vec::new() } else { mention::keys(&state.me, props, &[], true) };
        let likely = |post: &Post<'_>| {
            let text = mention::reduce(&mention::searched_text(post), false);
            let (mine, all) = (mention::find(&text, &own).is_some(), mention::find(&text, &wide).is_some());
            let is_edited = post.edit_at > 0;
            if adds_me(post) || (mine && !is_edited) {
                0
            } else if all && !is_edited {
                1
            } else if mine || all {
                // The words may be those of the edit, which mentions nobody.
                2
            } else if mention::names_unknown(&text, |name| state.user_named(name).is_some()) {
                // A group that I belong to, perhaps.
                3
            } else if post.root_id.is_some() {
                // A thread in which I take part, perhaps.
                4
            } else {
                5
            }
        };
        let mut ranked: Vec<(u8, PostId)> = posts.iter().map(|post| (likely(post), post.id)).collect();
        ranked.sort_by_key(|(rank, _)| *rank);
        if matches!(count, Mentions::AtMost(_)) {
            // What the text does not support may as well be the older posts.
            ranked.retain(|(rank, _)| *rank <= 3);
        }
        let certain = ranked.iter().filter(|(rank, _)| *rank == 0).count();
        found.extend(ranked.iter().take(most.max(certain)).map(|(_, id)| *id));
    }
    found
}

/// A followed thread with unread replies.
#[derive(Clone, Copy, Debug)]
struct Followed {
    read_up_to: i64,
    /// Since which reply.
    from: i64,
}

/// Which threads are followed, and since when. A thread that somebody else began and that was never read is followed since
/// it first mentioned me: replies before that were none of my business when they came.
fn followed_from(
    state: &ServerState,
    posts: &[Post<'static>],
    threads: &[MissedThread],
    mentions: &BTreeSet<PostId>,
) -> BTreeMap<PostId, Followed> {
    let keys = mention::keys(&state.me, state.account.props(), &[], true);
    let of = |missed: &MissedThread| {
        let root = missed.thread.id;
        let prefs =
            missed.thread.channel_id.and_then(|id| state.channels.get(&id)).and_then(|known| known.prefs.as_deref());
        let from_the_start = missed.last_viewed_at > 0
            || missed.root_user_id.is_none()
            || missed.root_user_id == state.me_id()
            || prefs.is_some_and(|prefs| prefs.auto_follow)
            || mention::find(&mention::reduce(&missed.thread.root_message, false), &keys).is_some();
        let mine =
            |post: &&Post<'_>| post.root_id == Some(root) && post.user_id.is_some() && post.user_id == state.me_id();
        let begins = |post: &&Post<'_>| post.root_id == Some(root) && (mentions.contains(&post.id) || mine(post));
        let first = posts.iter().filter(begins).map(|post| post.create_at).min();
        (root, Followed { read_up_to: missed.last_viewed_at, from: first.filter(|_| !from_the_start).unwrap_or(0) })
    };
    threads.iter().map(of).collect()
}

/// A missed post with what its `posted` event would have said; and whether it was read meanwhile.
fn as_if_live(
    server: &Server,
    post: Post<'static>,
    is_mentioned: bool,
    followed: &BTreeMap<PostId, Followed>,
) -> (Posted<'static>, bool) {
    let state = &server.state;
    let channel = state.channels.get(&post.channel_id);
    let author = post.user_id.and_then(|user| state.user(user));
    let sender_name = match author {
        _ if post.kind.starts_with("system_") => Cow::Borrowed("System"),
        Some(author) => Cow::Owned(format!("@{}", author.username)),
        None => Cow::Borrowed(""),
    };
    let root = post.root_id.filter(|_| state.crt());
    let read_up_to = match root {
        // A thread that is not listed as unread was read, or is not followed.
        Some(root) => followed.get(&root).map(|followed| followed.read_up_to),
        None => channel.map(|channel| channel.counts.last_viewed_at),
    };
    let read = read_up_to.is_some_and(|at| post.create_at <= at);
    let me: Vec<_> = state.me_id().into_iter().collect();
    let mut posted = Posted {
        channel_type: channel.and_then(|channel| channel.channel_type),
        channel_display_name: Cow::Owned(channel.map(|channel| channel.display_name.to_string()).unwrap_or_default()),
        channel_name: Cow::Owned(channel.map(|channel| channel.name.to_string()).unwrap_or_default()),
        sender_name,
        team_id: channel.and_then(|channel| channel.team_id),
        image: false,
        other_file: false,
        mentions: is_mentioned.then(|| me.clone()),
        followers: None,
        post,
    };
    let follows =
        root.and_then(|root| followed.get(&root)).is_some_and(|followed| posted.post.create_at >= followed.from);
    if follows && facts(server, &posted, false, Mode::Ours).would_be_follower(true) {
        posted.followers = Some(me);
    }
    (posted, read)
}
