//! What must hold for any history, checked against a model that is slow and obviously right.

use std::collections::{BTreeMap, BTreeSet};

use belfry_core::activity::{DecisionKind, Verdict};
use belfry_core::command::Command;
use belfry_core::event::{Connection, Event, PostUnread, Snapshot, Status};
use belfry_core::signal::Signal;
use proptest::prelude::*;

use crate::listing::assert_the_list_is_the_number;
use crate::world::{Message, NORTH, Setup, World, channel, member_of, message, props, snapshot, user};

const CHANNELS: [&str; 4] = ["ops", "train", "dm", "gm"];

fn place_name(place: usize) -> &'static str {
    CHANNELS.get(place).copied().unwrap_or("ops")
}

/// Something that happens.
#[derive(Clone, Debug)]
enum Happening {
    Posted {
        id: u8,
        place: usize,
        mine: bool,
        mention: bool,
        urgent: bool,
    },
    Read {
        place: usize,
    },
    /// Marked unread from a message on, given as a share of the channel's history.
    Unread {
        place: usize,
        from: u8,
    },
    /// Written while no frame came through.
    Missed {
        place: usize,
        mention: bool,
    },
    /// Everything is read again from the server.
    Resynced,
    Muted {
        place: usize,
        muted: bool,
    },
    Edited {
        id: u8,
        place: usize,
    },
    Deleted {
        id: u8,
        place: usize,
    },
    Status {
        disturb: bool,
    },
    Paused {
        on: bool,
    },
    Locked {
        on: bool,
    },
    Unseen {
        asleep: bool,
        on: bool,
    },
    Dropped,
    Back,
    Painted,
    Hovered {
        over: bool,
    },
    FaceHere,
    FaceGone,
    Dismissed,
    Waited {
        ms: u16,
    },
}

fn happening() -> impl Strategy<Value = Happening> {
    let place = 0..CHANNELS.len();
    prop_oneof![
        6 => (any::<u8>(), place.clone(), any::<bool>(), any::<bool>(), prop::bool::weighted(0.1))
            .prop_map(|(id, place, mine, mention, urgent)| Happening::Posted { id, place, mine: mine && id % 4 == 0, mention, urgent }),
        3 => place.clone().prop_map(|place| Happening::Read { place }),
        1 => (place.clone(), any::<u8>()).prop_map(|(place, from)| Happening::Unread { place, from }),
        1 => (place.clone(), any::<bool>()).prop_map(|(place, mention)| Happening::Missed { place, mention }),
        1 => Just(Happening::Resynced),
        1 => (place.clone(), any::<bool>()).prop_map(|(place, muted)| Happening::Muted { place, muted }),
        1 => (any::<u8>(), place.clone()).prop_map(|(id, place)| Happening::Edited { id, place }),
        1 => (any::<u8>(), place).prop_map(|(id, place)| Happening::Deleted { id, place }),
        1 => any::<bool>().prop_map(|disturb| Happening::Status { disturb }),
        1 => any::<bool>().prop_map(|on| Happening::Paused { on }),
        1 => any::<bool>().prop_map(|on| Happening::Locked { on }),
        1 => any::<(bool, bool)>().prop_map(|(asleep, on)| Happening::Unseen { asleep, on }),
        1 => Just(Happening::Dropped),
        1 => Just(Happening::Back),
        3 => Just(Happening::Painted),
        1 => any::<bool>().prop_map(|over| Happening::Hovered { over }),
        1 => Just(Happening::FaceHere),
        1 => Just(Happening::FaceGone),
        1 => Just(Happening::Dismissed),
        3 => (0..20_000_u16).prop_map(|ms| Happening::Waited { ms }),
    ]
}

/// What a person's phone would count: every post of every channel with whether it mentions them, and how many are read.
#[derive(Default)]
struct Model {
    channels: BTreeMap<usize, Channel>,
    muted: BTreeSet<usize>,
    seen: BTreeSet<u8>,
}

#[derive(Default)]
struct Channel {
    posts: Vec<Written>,
    read: usize,
}

struct Written {
    mention: bool,
    /// A frame or an answer brought it.
    known: bool,
}

impl Channel {
    /// Whether each mentions the person, of what Belfry can know to be unread.
    fn unread(&self) -> impl Iterator<Item = bool> {
        self.posts.iter().skip(self.read).filter(|post| post.known).map(|post| post.mention)
    }

    fn mentions(&self) -> i64 {
        i64::try_from(self.unread().filter(|mention| *mention).count()).unwrap()
    }

    fn is_missing_some(&self) -> bool {
        self.posts.iter().any(|post| !post.known)
    }

    /// Where the mark of `Unread` lies.
    fn mark(&self, from: u8) -> usize {
        usize::from(from) * self.posts.len() / 256
    }
}

impl Model {
    fn apply(&mut self, happening: &Happening) {
        match *happening {
            // Every direct and group message mentions its reader.
            Happening::Posted { id, place, mine, mention, .. } if self.seen.insert(id) => {
                let mention = !mine && (mention || place >= 2);
                self.channels.entry(place).or_default().posts.push(Written { mention, known: true });
            }
            Happening::Missed { place, mention } => {
                let post = Written { mention: mention || place >= 2, known: false };
                self.channels.entry(place).or_default().posts.push(post);
            }
            Happening::Resynced => {
                self.channels.values_mut().flat_map(|channel| &mut channel.posts).for_each(|post| post.known = true);
            }
            Happening::Read { place } => {
                let channel = self.channels.entry(place).or_default();
                channel.read = channel.posts.len();
            }
            // While something is missing, two clients may not agree what the mark stands for: left to the resync.
            Happening::Unread { place, from } => {
                let channel = self.channels.entry(place).or_default();
                if !channel.is_missing_some() {
                    channel.read = channel.mark(from);
                }
            }
            Happening::Muted { place, muted } => {
                if muted {
                    self.muted.insert(place);
                } else {
                    self.muted.remove(&place);
                }
            }
            _ => {}
        }
    }

    fn badge(&self) -> (u32, bool) {
        let counted = || {
            self.channels.iter().filter(|(place, _)| !self.muted.contains(place)).flat_map(|(_, held)| held.unread())
        };
        let mentions = u32::try_from(counted().filter(|mention| *mention).count()).unwrap();
        (mentions, mentions > 0 || counted().count() > 0)
    }
}

fn written(id: u8, place: usize, mine: bool, mention: bool, urgent: bool) -> Message {
    let mut message = message(&format!("p{id}"), &format!("text {id}"));
    if place == 2 {
        message = message.direct();
    } else if place == 3 {
        message.posted.channel_type = Some(belfry_core::event::ChannelType::Group);
        message = message.mentioning_me();
    }
    message = message.in_channel(place_name(place));
    if mention {
        message = message.mentioning_me();
    }
    if mine {
        message = message.by("morgan");
        message.posted.mentions = None;
    }
    if urgent { message.urgent() } else { message }
}

/// What the server answers to a client that reads everything anew.
fn held_by_the_server(model: &Model) -> Snapshot {
    let mut snapshot = snapshot(&Setup::default());
    for (place, held) in &model.channels {
        let id = channel(place_name(*place));
        let total = i64::try_from(held.posts.len()).unwrap();
        let channel = snapshot.channels.iter_mut().find(|channel| channel.id == id).unwrap();
        (channel.total_msg_count, channel.total_msg_count_root) = (total, Some(total));
        let member = snapshot.members.iter_mut().find(|member| member.channel_id == id).unwrap();
        let read = i64::try_from(held.read).unwrap();
        (member.msg_count, member.msg_count_root) = (read, Some(read));
        let mentions = held.mentions();
        (member.mention_count, member.mention_count_root) = (mentions, Some(mentions));
    }
    for place in &model.muted {
        let id = channel(place_name(*place));
        let member = snapshot.members.iter_mut().find(|member| member.channel_id == id).unwrap();
        member.notify_props = props(&[("mark_unread", "mention")]);
    }
    snapshot
}

fn play(world: &mut World, happening: &Happening, model: &Model) {
    match *happening {
        Happening::Posted { id, place, mine, mention, urgent } => {
            // No two messages of one channel have the same time.
            world.pass_ms(1);
            let mut message = written(id, place, mine, mention, urgent);
            message.posted.post.create_at = i64::try_from(world.ms).unwrap() + 1_000;
            world.arrives(message);
        }
        Happening::Read { place } => {
            // As servers say it: up to the last message.
            let known =
                world.engine.server_state(NORTH).and_then(|state| state.channels.get(&channel(place_name(place))));
            let at = known.map_or(0, |channel| channel.last_post_at);
            world.event(NORTH, Event::ChannelsViewed(vec![(channel(place_name(place)), Some(at))]));
        }
        Happening::Unread { place, from } => {
            let held = model.channels.get(&place).filter(|held| !held.is_missing_some());
            if let Some(held) = held {
                let read = i64::try_from(held.mark(from)).unwrap();
                let mentions = held.mentions();
                world.event(
                    NORTH,
                    Event::PostUnread(PostUnread {
                        channel_id: channel(place_name(place)),
                        msg_count: Some(read),
                        msg_count_root: Some(read),
                        mention_count: Some(mentions),
                        mention_count_root: Some(mentions),
                        urgent_mention_count: Some(0),
                        last_viewed_at: Some(1),
                    }),
                );
            }
        }
        Happening::Missed { .. } => {}
        Happening::Resynced => {
            world.event(NORTH, Event::Snapshot(Box::new(held_by_the_server(model))));
        }
        Happening::Muted { place, muted } => {
            // The server's row: counters as the person left them, the mute changed.
            let mut member =
                member_of(place_name(place), props(&[("mark_unread", if muted { "mention" } else { "all" })]));
            let counts =
                world.engine.server_state(NORTH).unwrap().channels.get(&channel(place_name(place))).unwrap().counts;
            member.msg_count = counts.read;
            member.msg_count_root = Some(counts.read_root);
            member.mention_count = counts.mentions;
            member.mention_count_root = Some(counts.mentions_root);
            member.last_viewed_at = counts.last_viewed_at;
            member.last_update_at = counts.last_update_at + 1;
            world.event(NORTH, Event::MemberUpdated(Box::new(member)));
        }
        Happening::Edited { id, place } => {
            let mut post = written(id, place, false, false, false).posted.post;
            post.edit_at = 5_000;
            world.event(NORTH, Event::PostEdited(Box::new(post)));
        }
        Happening::Deleted { id, place } => {
            let post = written(id, place, false, false, false).posted.post;
            world.event(NORTH, Event::PostDeleted(Box::new(post)));
        }
        Happening::Status { disturb } => {
            let status = if disturb { Status::DoNotDisturb } else { Status::Online };
            world.event(NORTH, Event::StatusChanged { user_id: user("morgan"), status });
        }
        Happening::Paused { on } => {
            world.command(if on { Command::Pause { minutes: Some(1) } } else { Command::Resume });
        }
        Happening::Locked { on } => {
            world.signal(Signal::ScreenLocked(on));
        }
        Happening::Unseen { asleep, on } => {
            world.signal(if asleep { Signal::DisplayAsleep(on) } else { Signal::FullScreen(on) });
        }
        Happening::Dropped => {
            let waiting = Connection::Waiting { reason: "the connection was lost".to_owned(), retry_in_ms: 3_000 };
            world.event(NORTH, Event::Connection(waiting));
        }
        Happening::Back => {
            world.event(NORTH, Event::Connection(Connection::Live { version: "11.1.0".to_owned() }));
        }
        Happening::Painted => world.paints(),
        Happening::Hovered { over } => {
            world.signal(Signal::BannersHovered(over));
        }
        Happening::FaceHere => {
            world.signal(Signal::BannersFaceConnected);
        }
        Happening::FaceGone => {
            world.signal(Signal::BannersFaceGone);
        }
        Happening::Dismissed => {
            if let Some(banner) = world.view().banners.first() {
                world.command(Command::DismissBanner(banner.id));
            }
        }
        Happening::Waited { ms } => world.pass_ms(u64::from(ms)),
    }
    let badge = world.engine.badge();
    assert_eq!((badge.mentions, badge.unread), model.badge(), "the badge is what is unread");
    assert_the_list_is_the_number(world);
    let view = world.view();
    assert!(view.banners.len() <= usize::from(view.prefs.banner.max_shown), "never more than the limit");
}

/// Everything that was presented in some way: painted, or handed to the system.
fn announced(world: &World) -> Vec<String> {
    world
        .decisions()
        .into_iter()
        .filter(|decision| decision.verdict == Verdict::Notify && decision.kind == DecisionKind::Post)
        .map(|decision| decision.post_id.unwrap().to_string())
        .collect()
}

proptest! {
    // The same histories in every run of the gate; more, and others, by hand: PROPTEST_CASES=100000.
    #![proptest_config(ProptestConfig { rng_seed: proptest::test_runner::RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn any_history_is_counted_decided_once_and_never_lost(history in prop::collection::vec(happening(), 1..60)) {
        let mut world = World::new();
        let mut model = Model::default();
        for happening in &history {
            model.apply(happening);
            play(&mut world, happening, &model);
        }
        // Everything that waits is decided in time.
        world.pass_ms(5_000);
        let decisions = world.decisions();
        for decision in &decisions {
            prop_assert_eq!(decision.verdict == Verdict::Skip, decision.reason.is_some(), "every skip has a reason: {:?}", decision);
            prop_assert!(!decision.sentence.is_empty() && !decision.trace.is_empty());
            prop_assert!(decision.verdict == Verdict::Notify || decision.sound.is_none(), "a skipped post makes no sound");
        }
        let posts: BTreeSet<u8> = history.iter().filter_map(|happening| match happening {
            Happening::Posted { id, .. } => Some(*id),
            _ => None,
        }).collect();
        let decided: BTreeSet<String> = decisions.iter().filter_map(|decision| decision.post_id.map(|id| id.to_string())).collect();
        let deleted = history.iter().any(|happening| matches!(happening, Happening::Deleted { .. }));
        prop_assert!(deleted || decided.len() == posts.len(), "every post is decided");
        let shown = announced(&world);
        let once: BTreeSet<&String> = shown.iter().collect();
        prop_assert_eq!(shown.len(), once.len(), "no post is announced twice");

        // With nobody painting, whatever was still unpainted reaches the system's notifications.
        world.signal(Signal::BannersHovered(false));
        world.signal(Signal::BannersFaceGone);
        for _ in 0..80 {
            world.pass_ms(130_000);
        }
        let left = world.view();
        prop_assert!(left.banners.iter().all(|banner| banner.lifetime_ms.is_none()), "banners end: {:?}", left.banners);
    }

    #[test]
    fn the_same_history_gives_the_same_effects(history in prop::collection::vec(happening(), 1..40)) {
        let run = || {
            let mut world = World::new();
            let mut model = Model::default();
            for happening in &history {
                model.apply(happening);
                play(&mut world, happening, &model);
            }
            format!("{:?} {:?}", world.effects, world.view())
        };
        prop_assert_eq!(run(), run());
    }
}
