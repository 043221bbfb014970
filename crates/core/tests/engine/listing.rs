//! Every number can be opened: what is listed adds up to it, whatever happened before.
#![expect(clippy::indexing_slicing, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;
use std::sync::Arc;

use belfry_core::command::Command;
use belfry_core::effect::Effect;
use belfry_core::event::{
    ChannelType, Event, Fetched, Preference, Snapshot, Thread, ThreadCounts, ThreadReadChanged, ThreadUpdated, User,
};
use belfry_core::ids::{ChannelId, ServerId, TeamId};
use belfry_core::prefs::Permission;
use belfry_core::view::{UnreadList, UnreadPlace, UnreadRow};
use proptest::prelude::*;

use crate::world::{LUMEN, NORTH, Setup, World, channel, channel_data, member_of, message, post, props, team, user};

fn list(world: &World, server: ServerId) -> Arc<UnreadList> {
    Arc::clone(&world.view().server(server).unwrap().unread)
}

/// "2 Ops room", "1 thread: Which port? in Ops room", "• 3 threads".
fn lines(list: &UnreadList) -> Vec<String> {
    list.rows
        .iter()
        .map(|row| {
            let number = if row.mentions == 0 { "•".to_owned() } else { row.mentions.to_string() };
            match row.place {
                UnreadPlace::Channel(_) | UnreadPlace::Direct(..) | UnreadPlace::Group(_) => {
                    format!("{number} {}", row.title)
                }
                UnreadPlace::Thread(_) => format!("{number} thread: {} in {}", row.title, row.channel),
                UnreadPlace::Threads(_, count) => format!("{number} {count} threads"),
            }
        })
        .collect()
}

fn conversations(rows: &[UnreadRow]) -> u32 {
    rows.iter().map(|row| if let UnreadPlace::Threads(_, count) = row.place { count } else { 1 }).sum()
}

/// The list of each server adds up to its number, is bounded, and names each place once.
pub fn assert_the_list_is_the_number(world: &World) {
    let view = world.view();
    for server in &view.servers {
        let UnreadList { rows, more_mentions, more_places } = &*server.unread;
        let listed: u64 = rows.iter().map(|row| u64::from(row.mentions)).sum();
        assert_eq!(listed + u64::from(*more_mentions), u64::from(server.badge.mentions), "{rows:?}");
        assert_eq!(server.badge.unread, !server.unread.is_empty(), "{rows:?}");
        assert!(rows.len() <= UnreadList::MOST_ROWS, "the view stays small");
        assert!(*more_places == 0 || rows.len() == UnreadList::MOST_ROWS, "only what has no room is left out");
        assert!(rows.is_sorted_by_key(|row| std::cmp::Reverse(row.mentions)), "the most mentions first: {rows:?}");
        let places: BTreeSet<String> = rows.iter().map(|row| format!("{:?}", row.place)).collect();
        assert_eq!(places.len(), rows.len(), "each once: {rows:?}");
        for row in rows {
            assert!(
                row.mentions > 0 || row.messages > 0 || matches!(row.place, UnreadPlace::Threads(_, 1..)),
                "{row:?}"
            );
            assert!(!row.title.is_empty() || matches!(row.place, UnreadPlace::Thread(_) | UnreadPlace::Threads(..)));
        }
    }
    let sum: u32 = view.servers.iter().map(|server| server.badge.mentions).sum();
    assert_eq!(sum, view.badge.mentions);
}

fn thread(id: &str, place: &str, replies: i64, mentions: i64) -> Thread {
    Thread {
        id: post(id),
        channel_id: Some(channel(place)),
        unread_replies: replies,
        unread_mentions: mentions,
        is_urgent: false,
        root_message: "**Which** port?".to_owned(),
    }
}

fn thread_updated(thread: Thread, team_id: Option<TeamId>) -> Event<'static> {
    Event::ThreadUpdated(Box::new(ThreadUpdated {
        thread,
        team_id,
        previous_unread_replies: None,
        previous_unread_mentions: None,
    }))
}

fn counts(threads: i64, mentions: i64) -> ThreadCounts {
    ThreadCounts { total: threads, unread_threads: threads, unread_mentions: mentions, unread_urgent_mentions: 0 }
}

#[test]
fn the_number_opens_as_the_channels_that_make_it_up_the_most_mentions_first() {
    let mut world = World::new();
    world.arrives(message("1", "anything").in_channel("train"));
    world.arrives(message("2", "@morgan").mentioning_me());
    world.arrives(message("3", "@morgan again").mentioning_me());
    world.arrives(message("4", "hi").direct());
    assert_eq!(lines(&list(&world, NORTH)), ["2 Ops room", "1 rosa", "• Release train"]);
    assert_eq!(list(&world, NORTH).rows[0].messages, 2);
    world.event(NORTH, Event::ChannelsViewed(vec![(channel("ops"), None)]));
    assert_eq!(lines(&list(&world, NORTH)), ["1 rosa", "• Release train"]);
    assert!(list(&world, LUMEN).is_empty());
}

#[test]
fn a_group_is_listed_by_the_names_of_the_others_as_they_are_now() {
    let mut world = World::new();
    world.event(
        NORTH,
        Event::PreferencesChanged(vec![Preference {
            category: "display_settings".to_owned(),
            name: "name_format".to_owned(),
            value: "full_name".to_owned(),
        }]),
    );
    world.arrives(message("1", "hi").in_channel("gm").mentioning_me());
    assert_eq!(lines(&list(&world, NORTH)), ["1 jun, rosa"]);
    let rosa = User {
        id: Some(user("rosa")),
        username: "rosa".to_owned(),
        first_name: "Rosa".to_owned(),
        last_name: "Almeida".to_owned(),
        ..User::default()
    };
    world.event(NORTH, Event::UserUpdated(Box::new(rosa.clone())));
    assert_eq!(lines(&list(&world, NORTH)), ["1 jun, Rosa Almeida"]);
    // A new username belongs to the same person; the old one to nobody.
    world.event(NORTH, Event::UserUpdated(Box::new(User { username: "rosalie".to_owned(), ..rosa })));
    assert_eq!(lines(&list(&world, NORTH)), ["1 jun, rosa"]);
}

#[test]
fn what_a_server_without_permission_has_unread_is_neither_counted_nor_listed() {
    let mut world = World::with(&Setup { permission: Permission::Ask, ..Setup::default() });
    world.arrives(message("1", "hi").direct());
    assert!(list(&world, NORTH).is_empty());
    world.command(Command::SetPermission { server: NORTH, permission: Permission::Allowed });
    assert_eq!(lines(&list(&world, NORTH)), ["1 rosa"]);
}

#[test]
fn a_thread_in_a_muted_channel_counts_and_says_so() {
    let mut world = World::with(&Setup { crt: true, ops: props(&[("mark_unread", "mention")]), ..Setup::default() });
    world.event(NORTH, thread_updated(thread("root", "ops", 2, 1), Some(team())));
    assert_eq!(lines(&list(&world, NORTH)), ["1 thread: Which port? in Ops room"]);
    assert!(list(&world, NORTH).rows[0].muted);
}

#[test]
fn threads_of_which_only_the_number_is_known_are_one_row_with_that_number() {
    let mut world = World::with(&Setup { crt: true, ..Setup::default() });
    world.event(
        NORTH,
        Event::Fetched(Fetched::ThreadTotals {
            teams: vec![(team(), counts(4, 3))],
            direct: Some((team(), counts(6, 5))),
        }),
    );
    assert_eq!(world.view().badge.mentions, 5);
    assert_eq!(lines(&list(&world, NORTH)), ["3 4 threads", "2 2 threads"]);
    // One of them is heard of: it is listed by itself, and the rest is one less.
    let mut heard = thread("root", "ops", 3, 2);
    heard.root_message = String::new();
    let told = ThreadUpdated {
        thread: heard,
        team_id: Some(team()),
        previous_unread_replies: Some(2),
        previous_unread_mentions: Some(1),
    };
    world.event(NORTH, Event::ThreadUpdated(Box::new(told)));
    assert_eq!(lines(&list(&world, NORTH)), ["2 thread:  in Ops room", "2 2 threads", "2 3 threads"]);
    assert_eq!(world.view().badge.mentions, 6);
}

#[test]
fn every_row_opens_where_it_is_and_hostile_names_stay_within_their_part_of_the_address() {
    let mut world = World::with(&Setup { crt: true, ..Setup::default() });
    let mut hostile = channel_data("odd", ChannelType::Public, "Odd");
    hostile.name = "../x?y#z/é".to_owned();
    world.event(NORTH, Event::ChannelUpdated { channel_id: hostile.id, channel: Some(Box::new(hostile)) });
    let base = "https://northwind.example";
    for (place, link) in [
        (UnreadPlace::Channel(channel("ops")), "/north/channels/ops"),
        (UnreadPlace::Channel(channel("odd")), "/north/channels/..%2Fx%3Fy%23z%2F%C3%A9"),
        (UnreadPlace::Channel(channel("gone")), "/north/channels/channel-gone"),
        (UnreadPlace::Direct(channel("dm"), Some(user("rosa"))), "/north/messages/@rosa"),
        (UnreadPlace::Direct(channel("dm"), None), "/north/channels/user-morgan__user-rosa"),
        (UnreadPlace::Group(channel("gm")), "/north/messages/gm"),
        (UnreadPlace::Thread(post("root")), "/_redirect/pl/post-root"),
        (UnreadPlace::Threads(None, 2), "/north/threads"),
    ] {
        let effects = world.command(Command::OpenUnread { server: NORTH, place });
        let opened: Vec<String> = effects
            .iter()
            .filter_map(|effect| if let Effect::OpenUrl(url) = effect { Some(url.clone()) } else { None })
            .collect();
        assert_eq!(opened, [format!("{base}{link}")], "{place:?}");
    }
    let gone = world.command(Command::OpenUnread { server: ServerId(9), place: UnreadPlace::Channel(channel("ops")) });
    assert!(gone.is_empty());
}

/// A server with so many channels, each with what the number says: none, a dot, or mentions.
fn crowded(world: &mut World, unread: &[u8]) {
    let name = |index: usize| format!("c{index}");
    let mut channels = Vec::new();
    let mut members = Vec::new();
    for (index, mentions) in unread.iter().enumerate() {
        let mut data = channel_data(&name(index), ChannelType::Public, &format!("Channel {index}"));
        data.total_msg_count = i64::from(*mentions > 0) * 9;
        data.total_msg_count_root = Some(data.total_msg_count);
        data.last_post_at = i64::try_from(index).unwrap();
        channels.push(data);
        let mut member = member_of(&name(index), props(&[]));
        member.mention_count = i64::from(mentions.saturating_sub(1));
        member.mention_count_root = Some(member.mention_count);
        members.push(member);
    }
    world.event(
        NORTH,
        Event::Snapshot(Box::new(Snapshot {
            me: Some(User { id: Some(user("morgan")), username: "morgan".to_owned(), ..User::default() }),
            channels,
            members,
            ..Snapshot::default()
        })),
    );
}

#[test]
fn a_list_without_room_for_all_says_how_much_is_missing() {
    let mut world = World::new();
    let mut unread = vec![3; 120];
    unread.extend([1; 30]);
    unread.push(9);
    crowded(&mut world, &unread);
    let list = list(&world, NORTH);
    assert_eq!(list.rows[0].title, "Channel 150", "the most mentions first");
    assert_eq!(list.rows[1].title, "Channel 119", "then the newest");
    assert_eq!((list.rows.len(), list.more_mentions, list.more_places), (100, 2 * 21, 21 + 30));
    assert_the_list_is_the_number(&world);
}

#[test]
fn absurd_counts_neither_break_the_list_nor_the_number() {
    let mut world = World::with(&Setup { crt: true, ..Setup::default() });
    for (place, mentions, total) in [("ops", i64::MAX, i64::MAX), ("train", -5, i64::MIN), ("dm", i64::MAX, 0)] {
        let mut member = member_of(place, props(&[]));
        member.mention_count = mentions;
        member.mention_count_root = Some(mentions);
        member.msg_count = total;
        member.msg_count_root = Some(i64::MIN);
        world.event(NORTH, Event::MemberUpdated(Box::new(member)));
    }
    for (id, replies, mentions) in [("a", i64::MAX, i64::MAX), ("b", i64::MAX, i64::MAX), ("c", i64::MIN, i64::MIN)] {
        world.event(NORTH, thread_updated(thread(id, "ops", replies, mentions), Some(team())));
    }
    world.event(
        NORTH,
        Event::Fetched(Fetched::ThreadTotals {
            teams: vec![(team(), counts(i64::MIN, i64::MAX))],
            direct: Some((team(), counts(i64::MAX, i64::MIN))),
        }),
    );
    assert_eq!(world.view().badge.mentions, u32::MAX);
    let list = list(&world, NORTH);
    let listed = list.rows.iter().fold(list.more_mentions, |sum, row| sum.saturating_add(row.mentions));
    assert_eq!(listed, u32::MAX);
}

/// Something that changes what is unread.
#[derive(Clone, Debug)]
enum Change {
    Posted { place: usize, mention: bool, reply: bool },
    Read { place: usize },
    Muted { place: usize, muted: bool },
    Archived { place: usize, archived: bool },
    Left { place: usize },
    ThreadUpdated { id: u8, place: usize, replies: i64, mentions: i64, told: Option<i64> },
    ThreadRead { id: u8, replies: i64 },
    ThreadsOfChannelRead { place: usize },
    ThreadsOfTeamRead,
    Followed { id: u8, following: bool },
    Totals { own: (i64, i64), direct: (i64, i64) },
    Collapsed(bool),
    TeammateLeft(bool),
    TeamLeft,
    SignedIn,
    Permission(bool),
}

const PLACES: [&str; 4] = ["ops", "train", "dm", "gm"];

fn change() -> impl Strategy<Value = Change> {
    let place = 0..PLACES.len();
    let some = -1..4_i64;
    prop_oneof![
        5 => (place.clone(), any::<bool>(), any::<bool>()).prop_map(|(place, mention, reply)| Change::Posted { place, mention, reply }),
        2 => place.clone().prop_map(|place| Change::Read { place }),
        1 => (place.clone(), any::<bool>()).prop_map(|(place, muted)| Change::Muted { place, muted }),
        1 => (place.clone(), any::<bool>()).prop_map(|(place, archived)| Change::Archived { place, archived }),
        1 => place.clone().prop_map(|place| Change::Left { place }),
        5 => (0..6_u8, place.clone(), some.clone(), some.clone(), prop::option::of(some.clone())).prop_map(|(id, place, replies, mentions, told)| Change::ThreadUpdated { id, place, replies, mentions, told }),
        2 => (0..6_u8, some.clone()).prop_map(|(id, replies)| Change::ThreadRead { id, replies }),
        1 => place.prop_map(|place| Change::ThreadsOfChannelRead { place }),
        1 => Just(Change::ThreadsOfTeamRead),
        1 => (0..6_u8, any::<bool>()).prop_map(|(id, following)| Change::Followed { id, following }),
        2 => ((some.clone(), some.clone()), (some.clone(), some)).prop_map(|(own, direct)| Change::Totals { own, direct }),
        1 => any::<bool>().prop_map(Change::Collapsed),
        1 => any::<bool>().prop_map(Change::TeammateLeft),
        1 => Just(Change::TeamLeft),
        1 => Just(Change::SignedIn),
        1 => any::<bool>().prop_map(Change::Permission),
    ]
}

fn happens(world: &mut World, serial: usize, change: &Change) {
    let place_of = |place: usize| channel(PLACES[place]);
    let team_of = |place: usize| (place < 2).then(team);
    let root = |id: u8| post(&format!("root{id}"));
    match *change {
        Change::Posted { place, mention, reply } => {
            let mut message = message(&format!("p{serial}"), "text").in_channel(PLACES[place]);
            message.posted.post.create_at = i64::try_from(serial).unwrap();
            if mention {
                message = message.mentioning_me();
            }
            if reply {
                message = message.reply_to("root1");
            }
            world.arrives(message);
        }
        Change::Read { place } => {
            world.event(NORTH, Event::ChannelsViewed(vec![(place_of(place), None)]));
        }
        Change::Muted { place, muted } => {
            let mut member = member_of(PLACES[place], props(&[("mark_unread", if muted { "mention" } else { "all" })]));
            member.mention_count = 2;
            world.event(NORTH, Event::MemberUpdated(Box::new(member)));
        }
        Change::Archived { place, archived: true } => {
            world.event(NORTH, Event::ChannelDeleted { channel_id: place_of(place), delete_at: 5 });
        }
        Change::Archived { place, archived: false } => {
            world.event(NORTH, Event::ChannelRestored(place_of(place)));
        }
        Change::Left { place } => {
            world.event(NORTH, Event::LeftChannel { channel_id: place_of(place), user_id: None });
        }
        Change::ThreadUpdated { id, place, replies, mentions, told } => {
            world.event(
                NORTH,
                Event::ThreadUpdated(Box::new(ThreadUpdated {
                    thread: Thread { id: root(id), ..thread("x", PLACES[place], replies, mentions) },
                    team_id: team_of(place),
                    previous_unread_replies: told,
                    previous_unread_mentions: told,
                })),
            );
        }
        Change::ThreadRead { id, replies } => {
            world.event(
                NORTH,
                Event::ThreadReadChanged(ThreadReadChanged::One {
                    thread_id: root(id),
                    channel_id: None,
                    team_id: Some(team()),
                    unread_replies: replies,
                    unread_mentions: replies,
                    previous_unread_replies: None,
                    previous_unread_mentions: None,
                }),
            );
        }
        Change::ThreadsOfChannelRead { place } => {
            world.event(NORTH, Event::ThreadReadChanged(ThreadReadChanged::Channel(place_of(place))));
        }
        Change::ThreadsOfTeamRead => {
            world.event(NORTH, Event::ThreadReadChanged(ThreadReadChanged::Team(team())));
        }
        Change::Followed { id, following } => {
            let follow =
                Event::ThreadFollowChanged { thread_id: root(id), team_id: Some(team()), following, reply_count: 3 };
            world.event(NORTH, follow);
        }
        Change::Totals { own, direct } => {
            world.event(
                NORTH,
                Event::Fetched(Fetched::ThreadTotals {
                    teams: vec![(team(), counts(own.0, own.1))],
                    direct: Some((team(), counts(direct.0, direct.1))),
                }),
            );
        }
        Change::Collapsed(on) => {
            let preference = Preference {
                category: "display_settings".to_owned(),
                name: "collapsed_reply_threads".to_owned(),
                value: if on { "on" } else { "off" }.to_owned(),
            };
            world.event(NORTH, Event::PreferencesChanged(vec![preference]));
        }
        Change::TeammateLeft(left) => {
            let rosa = User {
                id: Some(user("rosa")),
                username: "rosa".to_owned(),
                delete_at: i64::from(left),
                ..User::default()
            };
            world.event(NORTH, Event::UserUpdated(Box::new(rosa)));
        }
        Change::TeamLeft => {
            world.event(NORTH, Event::LeftTeam { team_id: team(), user_id: None });
        }
        Change::SignedIn => world.sign_in(NORTH, &Setup { crt: true, ..Setup::default() }),
        Change::Permission(allowed) => {
            let permission = if allowed { Permission::Allowed } else { Permission::Denied };
            world.command(Command::SetPermission { server: NORTH, permission });
        }
    }
}

/// What is unread, found by looking at every channel.
fn looked_up(world: &World) -> BTreeSet<ChannelId> {
    let state = world.engine.server_state(NORTH).unwrap();
    let listens = |id: &ChannelId| state.channels[id].prefs.as_ref().is_some_and(|prefs| !prefs.is_muted());
    let is_there = |id: &ChannelId| {
        let channel = &state.channels[id];
        match channel.channel_type {
            Some(ChannelType::Direct) => state.user(user("rosa")).is_none_or(|rosa| rosa.delete_at == 0),
            _ => channel.delete_at == 0,
        }
    };
    let is_unread = |id: &ChannelId| {
        let unread = state.channels[id].counts.unread(state.crt());
        unread.mentions > 0 || unread.messages > 0
    };
    state.channels.keys().filter(|id| listens(id) && is_there(id) && is_unread(id)).copied().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: proptest::test_runner::RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_list_is_the_number(changes in prop::collection::vec(change(), 1..60), crt in any::<bool>()) {
        let mut world = World::with(&Setup { crt, ..Setup::default() });
        let mut allowed = true;
        for (serial, change) in changes.iter().enumerate() {
            happens(&mut world, serial, change);
            assert_the_list_is_the_number(&world);
            if let Change::Permission(now) = change {
                allowed = *now;
            }
            let listed: BTreeSet<ChannelId> = list(&world, NORTH).rows.iter().filter_map(|row| match row.place {
                UnreadPlace::Channel(id) | UnreadPlace::Direct(id, _) | UnreadPlace::Group(id) => Some(id),
                UnreadPlace::Thread(_) | UnreadPlace::Threads(..) => None,
            }).collect();
            prop_assert_eq!(listed, if allowed { looked_up(&world) } else { BTreeSet::new() }, "after {:?}", change);
        }
    }

    #[test]
    fn however_many_channels_there_are_the_rest_is_told_exactly(unread in prop::collection::vec(0..5_u8, 0..300)) {
        let mut world = World::new();
        crowded(&mut world, &unread);
        assert_the_list_is_the_number(&world);
        let list = list(&world, NORTH);
        let places = unread.iter().filter(|mentions| **mentions > 0).count();
        prop_assert_eq!(usize::try_from(conversations(&list.rows) + list.more_places).unwrap(), places);
    }
}
