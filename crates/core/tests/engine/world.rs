//! A situation in a few words: one server or two, channels, people, and what happens.

use std::borrow::Cow;

use belfry_core::activity::{Decision, Verdict};
use belfry_core::command::Command;
use belfry_core::effect::{Effect, Effects};
use belfry_core::event::{
    Channel, ChannelType, Connection, Event, Member, NotifyProps, Post, PostProps, Posted, Preference, Priority,
    ServerConfig, Snapshot, Team, ThreadCounts, User,
};
use belfry_core::ids::{ChannelId, PostId, ServerId, TeamId, UserId};
use belfry_core::missed::{Mark, PutOff};
use belfry_core::prefs::{AuthKind, LocalPrefs, Permission, ServerPrefs};
use belfry_core::signal::{Signal, Surface};
use belfry_core::time::Now;
use belfry_core::view::View;
use belfry_core::{Engine, Input};

pub const NORTH: ServerId = ServerId(1);
pub const LUMEN: ServerId = ServerId(2);

pub fn user(name: &str) -> UserId {
    UserId::parse(&format!("user-{name}")).unwrap()
}

pub fn channel(name: &str) -> ChannelId {
    ChannelId::parse(&format!("channel-{name}")).unwrap()
}

pub fn post(name: &str) -> PostId {
    PostId::parse(&format!("post-{name}")).unwrap()
}

pub fn team() -> TeamId {
    TeamId::parse("team-north").unwrap()
}

pub fn props(pairs: &[(&str, &str)]) -> NotifyProps {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

pub fn person(name: &str) -> User {
    User { id: Some(user(name)), username: name.to_owned(), ..User::default() }
}

/// A message that is about to arrive.
#[derive(Clone)]
pub struct Message {
    pub posted: Posted<'static>,
}

/// A message in the public channel "ops".
pub fn message(id: &str, text: &str) -> Message {
    Message {
        posted: Posted {
            post: Post {
                id: post(id),
                user_id: Some(user("rosa")),
                channel_id: channel("ops"),
                root_id: None,
                kind: Cow::Borrowed(""),
                message: Cow::Owned(text.to_owned()),
                create_at: 1_000,
                edit_at: 0,
                delete_at: 0,
                priority: Priority::Standard,
                props: PostProps::default(),
                files: None,
            },
            channel_type: Some(ChannelType::Public),
            channel_display_name: Cow::Borrowed("Ops room"),
            channel_name: Cow::Borrowed("ops"),
            sender_name: Cow::Borrowed("@rosa"),
            team_id: Some(team()),
            image: false,
            other_file: false,
            mentions: None,
            followers: None,
        },
    }
}

impl Message {
    pub fn mentioning_me(mut self) -> Self {
        self.posted.mentions = Some(vec![user("morgan")]);
        self
    }

    pub fn direct(mut self) -> Self {
        self.posted.post.channel_id = channel("dm");
        self.posted.channel_type = Some(ChannelType::Direct);
        self.posted.team_id = None;
        self.mentioning_me()
    }

    pub fn in_channel(mut self, name: &str) -> Self {
        self.posted.post.channel_id = channel(name);
        self
    }

    pub fn by(mut self, name: &str) -> Self {
        self.posted.post.user_id = Some(user(name));
        self.posted.sender_name = Cow::Owned(format!("@{name}"));
        self
    }

    pub fn reply_to(mut self, root: &str) -> Self {
        self.posted.post.root_id = Some(post(root));
        self
    }

    pub fn urgent(mut self) -> Self {
        self.posted.post.priority = Priority::Urgent;
        self
    }

    pub fn of_kind(mut self, kind: &str) -> Self {
        self.posted.post.kind = Cow::Owned(kind.to_owned());
        self
    }
}

pub struct World {
    pub engine: Engine,
    pub ms: u64,
    pub effects: Effects,
}

pub struct Setup {
    pub permission: Permission,
    pub account: NotifyProps,
    pub ops: NotifyProps,
    pub crt: bool,
    pub surface: Surface,
    /// Copies the official client.
    pub strict: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            permission: Permission::Allowed,
            account: props(&[("desktop", "mention"), ("desktop_threads", "all"), ("channel", "true")]),
            ops: props(&[("desktop", "default"), ("mark_unread", "all")]),
            crt: false,
            surface: Surface::Banners,
            strict: false,
        }
    }
}

impl World {
    pub fn new() -> Self {
        Self::with(&Setup::default())
    }

    pub fn with(setup: &Setup) -> Self {
        let mut world = Self::unsigned(setup);
        for server in [NORTH, LUMEN] {
            world.sign_in(server, setup);
        }
        world.effects.clear();
        world
    }

    /// Before any server was connected to.
    pub fn unsigned(setup: &Setup) -> Self {
        let servers = [(NORTH, "Northwind"), (LUMEN, "Lumen Labs")]
            .into_iter()
            .map(|(id, name)| ServerPrefs {
                id,
                url: format!("https://{}.example", name.split(' ').next().unwrap().to_lowercase()),
                name: name.to_owned(),
                username: "morgan".to_owned(),
                auth: AuthKind::Password,
                permission: setup.permission,
                insecure: false,
                reach: belfry_core::reach::Reach::default(),
                session: belfry_core::prefs::SessionPrefs::default(),
            })
            .collect();
        let prefs = LocalPrefs { servers, ..LocalPrefs::default() };
        let engine = if setup.strict { Engine::strict(prefs) } else { Engine::new(prefs) };
        let mut world = Self { engine, ms: 0, effects: Effects::new() };
        world.signal(Signal::SurfaceChanged(setup.surface));
        world
    }

    /// The server is connected and tells everything.
    pub fn sign_in(&mut self, server: ServerId, setup: &Setup) {
        self.event(server, Event::Connection(Connection::Live { version: "11.1.0".to_owned() }));
        self.event(server, Event::Snapshot(Box::new(snapshot(setup))));
    }

    pub fn now(&self) -> Now {
        Now::utc(self.ms, 1_700_000_000_000 + i64::try_from(self.ms).unwrap())
    }

    fn step(&mut self, input: Input<'_>) -> Effects {
        let effects = self.engine.step(&self.now(), input);
        assert!(
            self.engine.next_deadline().is_none_or(|at| at.0 > self.ms),
            "a deadline must never lie in the past after a step"
        );
        self.effects.extend(effects.iter().cloned());
        effects
    }

    /// The program starts with what an earlier run knew.
    pub fn starts(&mut self, presented: Vec<(ServerId, PostId)>, marks: Vec<(ServerId, Mark)>) -> Effects {
        self.step(Input::Started { presented, marks })
    }

    /// An earlier run put this card off.
    pub fn puts_off(&mut self, card: PutOff) {
        self.step(Input::PutOff(vec![card]));
    }

    pub fn started(&mut self, presented: Vec<(ServerId, PostId)>) -> Effects {
        self.step(Input::Started { presented, marks: Vec::new() })
    }

    pub fn event(&mut self, server: ServerId, event: Event<'_>) -> Effects {
        self.step(Input::Server(server, event))
    }

    pub fn command(&mut self, command: Command) -> Effects {
        self.step(Input::Command(command))
    }

    pub fn signal(&mut self, signal: Signal) -> Effects {
        self.step(Input::Signal(signal))
    }

    /// Lets time pass, waking at every deadline.
    pub fn pass_ms(&mut self, ms: u64) {
        let end = self.ms + ms;
        while let Some(at) = self.engine.next_deadline().filter(|at| at.0 <= end) {
            self.ms = at.0;
            self.step(Input::Tick);
        }
        self.ms = end;
        self.step(Input::Tick);
    }

    pub fn arrives(&mut self, message: Message) -> Effects {
        self.event(NORTH, Event::Posted(Box::new(message.posted)))
    }

    /// The face paints whatever is on screen.
    pub fn paints(&mut self) {
        let shown: Vec<_> = self.view().banners.iter().map(|banner| (banner.id, banner.version)).collect();
        for (banner, version) in shown {
            self.signal(Signal::BannerPresented { banner, version });
        }
    }

    pub fn view(&self) -> View {
        self.engine.view(&self.now())
    }

    /// Texts of the banners on screen, the newest first.
    pub fn banners(&self) -> Vec<String> {
        self.view().banners.iter().map(|banner| banner.text.clone()).collect()
    }

    pub fn decisions(&self) -> Vec<Decision> {
        self.effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Record(draft) => Some(draft.decision().clone()),
                _ => None,
            })
            .collect()
    }

    /// "notify", or "skip: code": what was decided last.
    pub fn last(&self) -> String {
        let decision = self.decisions().pop().expect("a decision");
        match (decision.verdict, decision.reason) {
            (Verdict::Notify, None) => "notify".to_owned(),
            (Verdict::Skip, Some(reason)) => format!("skip: {}", reason.code()),
            other => panic!("a verdict without its reason: {other:?}"),
        }
    }

    pub fn sounds(&self) -> usize {
        self.effects.iter().filter(|effect| matches!(effect, Effect::PlaySound(_))).count()
    }

    pub fn toasts(&self) -> usize {
        self.effects.iter().filter(|effect| matches!(effect, Effect::ShowToast(_))).count()
    }
}

pub fn channel_data(name: &str, kind: ChannelType, display_name: &str) -> Channel {
    let direct = matches!(kind, ChannelType::Direct | ChannelType::Group);
    Channel {
        id: channel(name),
        team_id: (!direct).then(team),
        channel_type: kind,
        name: if kind == ChannelType::Direct { "user-morgan__user-rosa".to_owned() } else { name.to_owned() },
        display_name: display_name.to_owned(),
        delete_at: 0,
        last_post_at: 0,
        total_msg_count: 0,
        total_msg_count_root: Some(0),
    }
}

pub fn member_of(name: &str, notify_props: NotifyProps) -> Member {
    Member {
        channel_id: channel(name),
        user_id: Some(user("morgan")),
        msg_count: 0,
        msg_count_root: Some(0),
        mention_count: 0,
        mention_count_root: Some(0),
        urgent_mention_count: Some(0),
        last_viewed_at: 0,
        last_update_at: 0,
        notify_props,
    }
}

pub fn snapshot(setup: &Setup) -> Snapshot {
    let plain = || props(&[("desktop", "default"), ("mark_unread", "all")]);
    Snapshot {
        me: Some(User {
            notify_props: Some(setup.account.clone()),
            first_name: "Morgan".to_owned(),
            ..person("morgan")
        }),
        config: ServerConfig {
            version: "11.1.0".to_owned(),
            collapsed_threads: Some("default_off".to_owned()),
            enable_channel_viewed_messages: true,
            enable_user_statuses: true,
            extend_session_with_activity: true,
            ..ServerConfig::default()
        },
        preferences: vec![Preference {
            category: "display_settings".to_owned(),
            name: "collapsed_reply_threads".to_owned(),
            value: if setup.crt { "on" } else { "off" }.to_owned(),
        }],
        teams: vec![Team { id: team(), name: "north".to_owned(), display_name: "North".to_owned(), delete_at: 0 }],
        channels: vec![
            channel_data("ops", ChannelType::Public, "Ops room"),
            channel_data("train", ChannelType::Public, "Release train"),
            channel_data("dm", ChannelType::Direct, ""),
            channel_data("gm", ChannelType::Group, "jun, morgan, rosa"),
        ],
        members: vec![
            member_of("ops", setup.ops.clone()),
            member_of("train", plain()),
            member_of("dm", plain()),
            member_of("gm", plain()),
        ],
        team_threads: vec![(team(), ThreadCounts::default())],
        direct_threads: Some((team(), ThreadCounts::default())),
        users: vec![person("rosa"), person("jun")],
        ..Snapshot::default()
    }
}
