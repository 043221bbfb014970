//! Any history: frames, answers, commands, signals, and clocks that jump.

use std::collections::{BTreeSet, VecDeque};

use belfry_core::activity::{DecisionKind, Verdict};
use belfry_core::effect::{Effect, Effects, Fetch};
use belfry_core::event::{ChannelType, Connection, Event, Fetched};
use belfry_core::ids::{BannerId, PostId, ServerId};
use belfry_core::prefs::{AuthKind, LocalPrefs, Permission, ServerPrefs};
use belfry_core::signal::{Signal, Surface};
use belfry_core::state::ServerState;
use belfry_core::text::PREVIEW_GRAPHEMES;
use belfry_core::time::Now;
use belfry_core::view::{UnreadList, View};
use belfry_core::{Engine, Input};
use belfry_net::bootstrap::Collector;
use belfry_net::shapes;
use belfry_net::wire;

use super::script::{self, Line};

/// Where the wall clock begins, Unix milliseconds.
const WALL_BEGINS_MS: i64 = 1_795_000_000_000;
/// The longest time that passes in one line, in milliseconds: seven weeks, or the end of time would be reached.
const LONGEST_MS: u64 = 1 << 32;
/// The most lines of one history.
const MOST_LINES: usize = 400;
/// Deadlines that may fall due while nothing else happens.
const MOST_TICKS: usize = 4 * MOST_LINES + 1000;

/// What every history begins with: a server, answered as `rest` lines.
const START: &str = r#"
rest GET users/me 200 {"id":"me","username":"morgan","first_name":"Morgan","notify_props":{"desktop":"mention","desktop_threads":"all","channel":"true","desktop_sound":"true","mention_keys":"deploy"}}
rest GET config/client 200 {"Version":"11.1.0","CollapsedThreads":"default_on","TeammateNameDisplay":"username","EnablePostUsernameOverride":"true"}
rest GET users/me/teams 200 [{"id":"north","name":"north","display_name":"North"}]
rest GET users/me/channels 200 [{"id":"ops","team_id":"north","type":"O","name":"ops","display_name":"Ops room"},{"id":"dm","type":"D","name":"me__rosa"},{"id":"gm","type":"G","name":"g","display_name":"jun, rosa"},{"id":"loud","team_id":"north","type":"P","name":"loud","display_name":"Loud"}]
rest GET users/me/channel_members 200 [{"channel_id":"ops","user_id":"me","notify_props":{"desktop":"default","mark_unread":"all"}},{"channel_id":"dm","user_id":"me","notify_props":{}},{"channel_id":"gm","user_id":"me","notify_props":{"desktop":"mention"}},{"channel_id":"loud","user_id":"me","notify_props":{"desktop":"all","desktop_sound":"on"}}]
rest GET users/me/teams/north/threads 200 {"total":1,"total_unread_threads":0,"total_unread_mentions":0,"threads":[]}
rest POST users/ids 200 [{"id":"rosa","username":"rosa"},{"id":"jun","username":"jun"}]
rest GET plugins/com.mattermost.calls/config 200 {"EnableRinging":true}
load"#;

/// A history, from any bytes: see [`script`] for its lines.
///
/// # Panics
///
/// Where the engine breaks a promise.
pub fn run(data: &[u8]) {
    let data = data.get(..super::INPUT_BYTES).unwrap_or(data);
    let lines = data.split(|byte| *byte == b'\n').take(MOST_LINES);
    let mut lines = lines.filter_map(|line| std::str::from_utf8(line).ok().and_then(script::line)).peekable();
    // What an earlier run presented is told once, first.
    let presented = match lines.next_if(|line| matches!(line, Line::Start(_))) {
        Some(Line::Start(posts)) => posts,
        _ => Vec::new(),
    };
    let mut world = World::new(&presented);
    for line in lines {
        world.play(line);
    }
    world.end();
}

struct World {
    engine: Engine,
    collector: Collector,
    server: ServerId,
    mono_ms: u64,
    wall_offset_ms: i64,
    view: View,
    asked: VecDeque<(ServerId, Fetch)>,
    toasts: Vec<BannerId>,
    announced: BTreeSet<(ServerId, PostId)>,
    decisions: u64,
}

impl World {
    fn new(presented: &[&str]) -> Self {
        let servers = [(1, "Northwind"), (2, "Lumen Labs")].map(|(id, name)| ServerPrefs {
            id: ServerId(id),
            url: format!("https://server{id}.example"),
            name: name.to_owned(),
            username: "morgan".to_owned(),
            auth: AuthKind::Password,
            permission: Permission::Allowed,
            insecure: false,
            reach: belfry_core::reach::Reach::default(),
            session: belfry_core::prefs::SessionPrefs::default(),
        });
        let engine = Engine::new(LocalPrefs { servers: servers.into(), ..LocalPrefs::default() });
        let mut world = Self {
            engine,
            collector: Collector::default(),
            server: ServerId(1),
            mono_ms: 0,
            wall_offset_ms: 0,
            view: View::default(),
            asked: VecDeque::new(),
            toasts: Vec::new(),
            announced: BTreeSet::new(),
            decisions: 0,
        };
        world.view = world.engine.view(&world.now());
        let presented: Vec<_> =
            presented.iter().filter_map(|post| PostId::parse(post)).map(|post| (ServerId(1), post)).collect();
        world.announced.extend(presented.iter().copied());
        world.step(Input::Started { presented, marks: Vec::new() });
        world.step(Input::Signal(Signal::SurfaceChanged(Surface::Banners)));
        world.step(Input::Signal(Signal::BannersFaceConnected));
        for server in [2, 1] {
            world.server = ServerId(server);
            world.play(Line::Net("live"));
            for line in START.lines().filter_map(script::line) {
                world.play(line);
            }
        }
        world
    }

    fn now(&self) -> Now {
        let passed = i64::try_from(self.mono_ms).unwrap_or(i64::MAX);
        Now::utc(self.mono_ms, WALL_BEGINS_MS.saturating_add(passed).saturating_add(self.wall_offset_ms))
    }

    fn play(&mut self, line: Line<'_>) {
        match line {
            Line::Frame(frame) => self.frame(&frame),
            Line::Rest { method, path, status, body } => {
                self.collector.absorb(method, path, status, body.as_bytes());
            }
            Line::Load => {
                if let Ok(snapshot) = std::mem::take(&mut self.collector).finish() {
                    self.event(Event::Snapshot(Box::new(snapshot)));
                }
            }
            Line::Answer(body) => self.answer(body),
            Line::Refuse => {
                if let Some((server, fetch)) = self.asked.pop_front() {
                    self.step(Input::Server(server, Event::Fetched(Fetched::Failed(fetch))));
                }
            }
            Line::Net(word) => self.event(Event::Connection(connection(word))),
            Line::On(server) => self.server = ServerId(server),
            Line::Do(command) => self.step(Input::Command(command)),
            Line::See(signal) => self.step(Input::Signal(signal)),
            Line::Paint => {
                let shown: Vec<_> = self.view.banners.iter().map(|banner| (banner.id, banner.version)).collect();
                for (banner, version) in shown {
                    self.step(Input::Signal(Signal::BannerPresented { banner, version }));
                }
            }
            Line::Toast => {
                for banner in std::mem::take(&mut self.toasts) {
                    self.step(Input::Signal(Signal::ToastShown(banner)));
                }
            }
            Line::Wait(ms) => self.wait(ms.min(LONGEST_MS)),
            Line::Leap(ms) => {
                self.mono_ms += ms.min(LONGEST_MS);
                self.step(Input::Tick);
            }
            Line::Wall(ms) => {
                self.wall_offset_ms = ms;
                self.step(Input::Signal(Signal::Woke));
            }
            Line::Start(_) => {}
        }
    }

    fn event(&mut self, event: Event<'_>) {
        self.step(Input::Server(self.server, event));
    }

    fn frame(&mut self, frame: &str) {
        match wire::decode(frame) {
            Ok(Some(event)) => self.event(event),
            Ok(None) => self.event(Event::Heard),
            Err(_unreadable) => {}
        }
    }

    /// Answers the oldest question with whatever the text can be read as.
    fn answer(&mut self, body: &str) {
        let Some((server, fetch)) = self.asked.pop_front() else { return };
        let fetched = match fetch {
            Fetch::Channel(channel_id) | Fetch::Member(channel_id) => Fetched::Channel {
                channel_id,
                channel: shapes::channel(body).map(Box::new),
                member: shapes::member(body).map(Box::new),
            },
            Fetch::Users(_) => Fetched::Users(shapes::user(body).into_iter().collect()),
            Fetch::Me => match shapes::user(body) {
                Some(me) => Fetched::Me(Box::new(me)),
                None => Fetched::Failed(fetch),
            },
            Fetch::ThreadTotals => {
                let counts = shapes::object::<shapes::ThreadListShape>(body.as_bytes()).and_then(|list| list.counts());
                let team = belfry_core::ids::TeamId::parse("north");
                let totals = team.zip(counts);
                Fetched::ThreadTotals { teams: totals.into_iter().collect(), direct: totals }
            }
            Fetch::Everything | Fetch::Missed(_) | Fetch::UnreadSums(_) | Fetch::Session(_) => Fetched::Failed(fetch),
        };
        self.step(Input::Server(server, Event::Fetched(fetched)));
    }

    /// Lets time pass, waking at every deadline.
    fn wait(&mut self, ms: u64) {
        let end = self.mono_ms + ms;
        let mut ticks = 0;
        while let Some(at) = self.engine.next_deadline().filter(|at| at.0 <= end) {
            self.mono_ms = at.0;
            self.step(Input::Tick);
            ticks += 1;
            assert!(ticks <= MOST_TICKS, "deadlines without end");
        }
        self.mono_ms = end;
        self.step(Input::Tick);
    }

    /// When nothing happens any more, nothing is due any more.
    fn end(&mut self) {
        self.step(Input::Signal(Signal::BannersHovered(false)));
        for _ in 0..MOST_TICKS {
            let Some(at) = self.engine.next_deadline() else { return };
            self.mono_ms = at.0;
            self.step(Input::Tick);
        }
        assert_eq!(self.engine.next_deadline(), None, "deadlines without end");
    }

    fn step(&mut self, input: Input<'_>) {
        let now = self.now();
        let before = self.engine.revision();
        let effects = self.engine.step(&now, input);
        assert!(
            self.engine.next_deadline().is_none_or(|at| at.0 > self.mono_ms),
            "a deadline must never lie in the past after a step"
        );
        assert!(self.engine.revision() >= before, "the revision never decreases");
        let view = self.engine.view(&now);
        check_view(&view);
        for server in &view.servers {
            if let Some(state) =
                self.engine.server_state(server.id).filter(|_| server.permission == Permission::Allowed)
            {
                assert_eq!((server.badge.mentions, server.badge.unread), counted_anew(state), "the sum that is kept");
            }
        }
        let earlier = std::mem::replace(&mut self.view, view);
        if self.view.revision == before {
            assert_eq!(still(&earlier), still(&self.view), "a change of the view moves the revision");
        }
        self.carry_out(effects);
    }

    fn carry_out(&mut self, effects: Effects) {
        for effect in effects {
            match effect {
                Effect::Fetch(server, fetch) => self.asked.push_back((server, fetch)),
                Effect::ShowToast(view) => {
                    assert!(!view.body.contains(super::is_hostile) && !view.title.contains(is_hostile_in_a_line));
                    self.toasts.push(view.id);
                }
                Effect::Record(draft) => {
                    let decision = draft.decision();
                    // A call that rings quietly says why, too.
                    let quiet = decision.kind == DecisionKind::Call && decision.reason.is_some();
                    assert!((decision.verdict == Verdict::Skip) == decision.reason.is_some() || quiet, "{decision:?}");
                    assert!(!decision.sentence.is_empty(), "{decision:?}");
                    assert!(decision.verdict == Verdict::Notify || decision.sound.is_none(), "{decision:?}");
                    assert!(decision.seq > self.decisions, "decisions are numbered in order");
                    assert!(!decision.text.contains(super::is_hostile), "{decision:?}");
                    self.decisions = decision.seq;
                    if let (DecisionKind::Post, Verdict::Notify, Some(post)) =
                        (decision.kind, decision.verdict, decision.post_id)
                    {
                        assert!(self.announced.insert((decision.server, post)), "{post} is announced twice");
                    }
                }
                Effect::Write(..)
                | Effect::ShowPlace(_)
                | Effect::PlaySound(_)
                | Effect::StartSession(_)
                | Effect::StopSession(_)
                | Effect::StopSound
                | Effect::RingStopped { .. }
                | Effect::CloseToast(_)
                | Effect::Presented { .. }
                | Effect::Settled { .. }
                | Effect::Snoozed { .. }
                | Effect::Mark(..)
                | Effect::ForgetMark(_)
                | Effect::CountsDiffer(..)
                | Effect::SavePrefs(_)
                | Effect::OpenUrl(_)
                | Effect::ShowWindow
                | Effect::Quit => {}
            }
        }
    }
}

/// Names and titles may break a line where their owner did.
fn is_hostile_in_a_line(character: char) -> bool {
    character != '\n' && super::is_hostile(character)
}

fn check_view(view: &View) {
    let mentions = view.servers.iter().fold(0_u32, |sum, server| sum.saturating_add(server.badge.mentions));
    assert_eq!(view.badge.mentions, mentions, "the badge's number is the sum over the servers");
    assert_eq!(view.badge.unread, view.servers.iter().any(|server| server.badge.unread));
    assert_eq!(view.badge.signed_out, view.servers.iter().any(|server| server.badge.signed_out));
    let mut ids: Vec<_> = view.banners.iter().map(|banner| banner.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), view.banners.len(), "no card twice");
    for banner in &view.banners {
        for shown in [&banner.text, &banner.body] {
            assert!(!shown.contains(super::is_hostile), "{shown:?}");
            assert!(shown.chars().count() <= 24 * (PREVIEW_GRAPHEMES + 1), "{} bytes on a card", shown.len());
        }
        for shown in [&banner.sender, &banner.place, &banner.title] {
            assert!(!shown.contains(is_hostile_in_a_line), "{shown:?}");
        }
        assert!(banner.thread.as_ref().is_none_or(|thread| !thread.contains(super::is_hostile)));
    }
    assert!(view.recent.len() <= 5);
    for server in &view.servers {
        let list = &server.unread;
        assert!(list.rows.len() <= UnreadList::MOST_ROWS);
        let listed = list.rows.iter().fold(0_u32, |sum, row| sum.saturating_add(row.mentions));
        assert_eq!(listed.saturating_add(list.more_mentions), server.badge.mentions, "the number is the list's sum");
        assert_eq!(!list.is_empty(), server.badge.unread, "the dot is there for something");
        assert!(!list.rows.iter().any(|row| row.title.contains(super::is_hostile)), "{list:?}");
    }
}

/// A server's number and dot, from every channel anew (notifications §4.2).
fn counted_anew(state: &ServerState) -> (u32, bool) {
    let counts = |count: i64| u64::from(u32::try_from(count.max(0)).unwrap_or(u32::MAX));
    let channels = state.channels.values().filter(|channel| {
        let is_there = if channel.channel_type == Some(ChannelType::Direct) {
            let teammate = state.teammate(&channel.name).and_then(|id| state.user(id));
            teammate.is_none_or(|user| user.delete_at == 0)
        } else {
            channel.delete_at == 0
        };
        is_there && channel.prefs.as_ref().is_some_and(|prefs| !prefs.is_muted())
    });
    let mut sum = (0_u64, false);
    for unread in channels.map(|channel| channel.counts.unread(state.crt())) {
        sum = (sum.0.saturating_add(counts(unread.mentions)), sum.1 || unread.mentions != 0 || unread.messages != 0);
    }
    for (_, threads) in state.counted_threads() {
        sum = (sum.0.saturating_add(counts(threads.unread_mentions)), sum.1 || threads.unread_threads > 0);
    }
    let mentions = u32::try_from(sum.0).unwrap_or(u32::MAX);
    (mentions, sum.1 || mentions > 0)
}

/// A view without what moves by itself.
fn still(view: &View) -> View {
    let mut still = view.clone();
    for banner in &mut still.banners {
        banner.remaining_ms = None;
    }
    for server in &mut still.servers {
        server.last_heard_ms = 0;
    }
    still
}

fn connection(word: &str) -> Connection {
    let (word, rest) = word.split_once(' ').unwrap_or((word, ""));
    let reason = rest.to_owned();
    match word {
        "live" => Connection::Live { version: if rest.is_empty() { "11.1.0".to_owned() } else { reason } },
        "wait" => Connection::Waiting { retry_in_ms: rest.parse().unwrap_or(3000), reason },
        "out" => Connection::SignedOut { reason },
        "none" => Connection::NotSignedIn,
        "failed" => Connection::Failed { reason },
        _ => Connection::Connecting,
    }
}
