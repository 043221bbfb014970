//! After a gap: what was missed is told once, with its true age, and nothing that was read or known already.

use belfry_core::activity::Decision;
use belfry_core::effect::{Effect, Fetch};
use belfry_core::event::{ChannelType, Connection, Event, Fetched, Snapshot, Thread, ThreadCounts};
use belfry_core::missed::{Mark, Missed, MissedPlan, MissedThread, PutOff, TeamSums, UnreadSums};
use belfry_core::signal::Surface;

use crate::world::{
    Message, NORTH, Setup, World, channel, channel_data, member_of, message, post, props, snapshot, team,
};

/// The moment at which the world begins.
const BEGINS: i64 = 1_700_000_000_000;
const MINUTE: i64 = 60_000;

/// A world in which the server's newest post is known, so that what comes later is news.
fn world(setup: &Setup) -> World {
    let mut world = World::with(setup);
    world.event(NORTH, Event::Snapshot(Box::new(held(setup, &[]))));
    world.pass_ms(60 * 60_000);
    world.effects.clear();
    world
}

/// What a server says now: each place with its last post, all posts, and mentions in them.
fn held(setup: &Setup, places: &[(&str, i64, i64, i64)]) -> Snapshot {
    let mut snapshot = snapshot(setup);
    for channel in &mut snapshot.channels {
        channel.last_post_at = BEGINS;
    }
    for (name, last_post_at, total, mentions) in places {
        let id = channel(name);
        if let Some(channel) = snapshot.channels.iter_mut().find(|channel| channel.id == id) {
            channel.last_post_at = *last_post_at;
            channel.total_msg_count = *total;
            channel.total_msg_count_root = Some(*total);
        }
        if let Some(member) = snapshot.members.iter_mut().find(|member| member.channel_id == id) {
            member.mention_count = *mentions;
            member.mention_count_root = Some(*mentions);
        }
    }
    snapshot
}

impl World {
    fn wall(&self) -> i64 {
        self.now().wall_ms()
    }

    /// The connection comes back with a gap; gives what is asked for, if anything.
    fn reconnects(&mut self, snapshot: Snapshot) -> Option<MissedPlan> {
        let effects = self.event(NORTH, Event::Snapshot(Box::new(snapshot)));
        effects.into_iter().find_map(|effect| match effect {
            Effect::Fetch(NORTH, Fetch::Missed(plan)) => Some(*plan),
            _ => None,
        })
    }

    fn answers(&mut self, plan: &MissedPlan, posts: Vec<Message>) {
        let posts = posts.into_iter().map(|message| message.posted.post).collect();
        let missed = Missed { number: plan.number, posts, ..Missed::default() };
        self.event(NORTH, Event::Fetched(Fetched::Missed(Box::new(missed))));
    }

    /// Post, verdict or reason, and age in minutes, in the order of the decisions.
    fn told(&self) -> Vec<(String, String)> {
        let word = |decision: &Decision| decision.reason.map_or("notify".to_owned(), |reason| reason.code().to_owned());
        let id = |decision: &Decision| decision.post_id.map(|id| id.to_string()).unwrap_or_default();
        self.decisions().iter().map(|decision| (id(decision), word(decision))).collect()
    }
}

fn at(mut message: Message, at_ms: i64) -> Message {
    message.posted.post.create_at = at_ms;
    // As a list of posts has them.
    message.posted.mentions = None;
    message.posted.followers = None;
    message
}

fn pair(id: &str, word: &str) -> (String, String) {
    (format!("post-{id}"), word.to_owned())
}

#[test]
fn a_missed_mention_is_announced_once_with_its_true_age() {
    let mut world = world(&Setup::default());
    let then = world.wall() - 30_000;
    let plan = world.reconnects(held(&Setup::default(), &[("ops", then, 3, 1)])).unwrap();
    assert_eq!(plan.channels.len(), 1, "only what may notify is read: {plan:?}");
    assert_eq!(world.engine.badge().mentions, 1, "the badge is right at once");
    world.answers(
        &plan,
        vec![
            at(message("3", "nothing"), then),
            at(message("2", "look, @morgan"), then - 1_000),
            at(message("1", "nothing either"), then - 2_000),
        ],
    );
    assert_eq!(world.told(), [pair("1", "not_mentioned"), pair("2", "notify"), pair("3", "not_mentioned")]);
    let banner = world.view().banners[0].clone();
    assert_eq!((banner.text.as_str(), banner.at_ms), ("look, @morgan", then - 1_000));
    assert_eq!(world.sounds(), 1);
    assert!(world.decisions()[1].trace[0].detail.contains("worked out here"), "{:?}", world.decisions()[1].trace);
    assert_eq!(world.engine.badge().mentions, 1, "and counted once");
    // A second answer, or the same post live, changes nothing.
    world.answers(&plan, vec![at(message("2", "look, @morgan"), then - 1_000)]);
    assert_eq!(world.told().len(), 3);
    world.arrives(at(message("2", "look, @morgan"), then - 1_000).mentioning_me());
    assert_eq!(world.last(), "skip: duplicate");
}

#[test]
fn what_was_read_elsewhere_meanwhile_is_silent() {
    let setup = Setup::default();
    let mut world = world(&setup);
    let then = world.wall() - 30_000;
    let mut read = held(&setup, &[("dm", then, 2, 0)]);
    let member = read.members.iter_mut().find(|member| member.channel_id == channel("dm")).unwrap();
    (member.msg_count, member.msg_count_root, member.last_viewed_at) = (2, Some(2), then);
    assert_eq!(world.reconnects(read), None, "nothing is unread, so nothing is asked for");
    let mut half = held(&setup, &[("dm", then + 10, 4, 1)]);
    let member = half.members.iter_mut().find(|member| member.channel_id == channel("dm")).unwrap();
    (member.msg_count, member.msg_count_root, member.last_viewed_at) = (3, Some(3), then + 5);
    let plan = world.reconnects(half).unwrap();
    world.answers(
        &plan,
        vec![at(message("b", "unread").direct(), then + 10), at(message("a", "read").direct(), then + 5)],
    );
    assert_eq!(world.told(), [pair("a", "read_elsewhere"), pair("b", "notify")]);
}

#[test]
fn what_is_old_is_one_summary_with_exact_numbers_that_opens_the_window() {
    let setup = Setup { ops: props(&[("desktop", "all")]), ..Setup::default() };
    let mut world = world(&setup);
    let then = world.wall() - 10 * MINUTE;
    let plan = world.reconnects(held(&setup, &[("ops", then + 9, 10, 0), ("dm", then, 2, 2)])).unwrap();
    let mut posts: Vec<Message> = (0..10).map(|n| at(message(&format!("o{n}"), "word"), then + n)).collect();
    posts.extend((0..2).map(|n| at(message(&format!("d{n}"), "hi").direct(), then - n)));
    world.answers(&plan, posts);
    assert!(world.told().iter().all(|(_, reason)| reason == "while_away"), "{:?}", world.told());
    assert_eq!(world.told().len(), 12);
    assert_eq!(world.banners(), ["12 messages in 2 conversations while you were away"]);
    assert_eq!(world.sounds(), 1);
    assert!(world.decisions()[0].sentence.contains("not connected"), "{}", world.decisions()[0].sentence);
    let banner = world.view().banners[0].id;
    world.paints();
    let presented: usize = world
        .effects
        .iter()
        .map(|effect| if let Effect::Presented { posts, .. } = effect { posts.len() } else { 0 })
        .sum();
    assert_eq!(presented, 12, "the summary presents every one of them");
    let effects = world.command(belfry_core::command::Command::OpenBanner(banner));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::ShowPlace(belfry_core::command::Place::Activity))));
}

#[test]
fn what_has_no_room_is_told_as_a_number() {
    let setup = Setup::default();
    let mut world = world(&setup);
    let then = world.wall() - 10 * MINUTE;
    let plan = world.reconnects(held(&setup, &[("dm", then, 300, 300), ("ops", then, 50, 7)])).unwrap();
    let posts = (0..40).map(|n| at(message(&format!("d{n}"), "hi").direct(), then - n).posted.post).collect();
    let missed = Missed {
        number: plan.number,
        posts,
        incomplete_channels: vec![channel("dm"), channel("ops")],
        ..Missed::default()
    };
    world.event(NORTH, Event::Fetched(Fetched::Missed(Box::new(missed))));
    assert_eq!(world.banners(), ["307 messages in 2 conversations while you were away"]);
}

#[test]
fn a_server_that_does_not_say_what_was_missed_is_asked_again_and_then_counted() {
    let setup = Setup::default();
    let mut world = world(&setup);
    let then = world.wall() - 10 * MINUTE;
    world.event(NORTH, Event::Connection(Connection::Live { version: "11.1.0".to_owned() }));
    let plan = world.reconnects(held(&setup, &[("dm", then, 3, 3)])).unwrap();
    let mut asked = 0;
    let refuse = Event::Fetched(Fetched::Failed(Fetch::Missed(Box::new(plan))));
    world.event(NORTH, refuse.clone());
    for _ in 0..10 {
        world.effects.clear();
        world.pass_ms(60_000);
        if world.effects.iter().any(|effect| matches!(effect, Effect::Fetch(_, Fetch::Missed(_)))) {
            asked += 1;
            world.event(NORTH, refuse.clone());
            if !world.banners().is_empty() {
                break;
            }
        }
    }
    assert_eq!(asked, 4);
    assert_eq!(world.banners(), ["3 messages in 1 conversation while you were away"]);
}

#[test]
fn live_posts_wait_for_what_was_missed_and_everything_is_decided_in_order_once() {
    let setup = Setup::default();
    let mut world = world(&setup);
    let then = world.wall() - 20_000;
    let plan = world.reconnects(held(&setup, &[("dm", then + 2, 3, 3)])).unwrap();
    // The last missed one comes live too: its frame was on its way when everything was read.
    world.arrives(at(message("c", "three").direct(), then + 2).mentioning_me());
    world.arrives(at(message("d", "four").direct(), then + 3).mentioning_me());
    assert!(world.told().is_empty(), "they wait");
    let missed = [("a", "one", 0), ("b", "two", 1), ("c", "three", 2), ("d", "four", 3)];
    world.answers(&plan, missed.map(|(id, text, by)| at(message(id, text).direct(), then + by)).to_vec());
    assert_eq!(world.told(), ["a", "b", "c", "d"].map(|id| pair(id, "notify")));
    assert_eq!(world.engine.badge().mentions, 4);
    // Without an answer they wait no longer than a few seconds.
    let later = world.wall();
    world.effects.clear();
    let again = world.reconnects(held(&setup, &[("dm", later, 5, 5)])).unwrap();
    world.arrives(at(message("f", "six").direct(), later + 1).mentioning_me());
    world.pass_ms(6_000);
    assert_eq!(world.told(), [pair("f", "notify")]);
    world.answers(&again, vec![at(message("e", "five").direct(), later)]);
    assert_eq!(world.told(), [pair("f", "notify"), pair("e", "notify")]);
}

#[test]
fn a_new_server_announces_nothing_old_and_a_restart_exactly_what_came_after() {
    let setup = Setup::default();
    let then = BEGINS - 10 * MINUTE;
    let old = held(&setup, &[("dm", then, 30, 30)]);
    let mut first = World::with(&Setup { surface: Surface::Toasts, ..Setup::default() });
    assert!(first.told().is_empty(), "the first snapshot announces nothing");
    // The next run knows up to when the first one decided, and which posts.
    let mut second = World::unsigned(&setup);
    let mark = Mark { from_ms: then - MINUTE, up_to_ms: then };
    second.starts(vec![(NORTH, post("1"))], vec![(NORTH, mark)]);
    let mut now = old.clone();
    let dm = now.channels.iter_mut().find(|known| known.id == channel("dm")).unwrap();
    (dm.last_post_at, dm.total_msg_count) = (then + 2 * MINUTE, 31);
    now.members.iter_mut().find(|known| known.channel_id == channel("dm")).unwrap().mention_count = 31;
    second.event(NORTH, Event::Connection(Connection::Live { version: "11.1.0".to_owned() }));
    let plan = second.reconnects(now).unwrap();
    assert_eq!(plan.channels[0].after_ms, then - MINUTE);
    second.answers(
        &plan,
        vec![
            at(message("2", "new").direct(), then + 2 * MINUTE),
            at(message("1", "decided before").direct(), then),
            at(message("0", "older than this account's first start").direct(), then - 2 * MINUTE),
        ],
    );
    assert_eq!(second.told(), [pair("2", "while_away")]);
    assert!(first.event(NORTH, Event::Heard).is_empty());
}

#[test]
fn replies_in_followed_threads_are_caught_up_with_and_others_are_not() {
    let setup = Setup { crt: true, ..Setup::default() };
    let mut world = world(&setup);
    let then = world.wall() - 20_000;
    let mut now = held(&setup, &[("ops", then, 0, 0)]);
    now.team_threads = vec![(team(), ThreadCounts { total: 1, unread_threads: 1, ..ThreadCounts::default() })];
    now.direct_threads = Some(now.team_threads[0]);
    let plan = world.reconnects(now).unwrap();
    assert!(plan.collapsed && plan.threads_after_ms.is_some(), "{plan:?}");
    let thread = Thread {
        id: post("root"),
        channel_id: Some(channel("ops")),
        unread_replies: 1,
        unread_mentions: 0,
        is_urgent: false,
        root_message: "How do we ship?".to_owned(),
    };
    let posts = [("new", 0), ("seen", -10)]
        .map(|(id, by)| at(message(id, "by train").reply_to("root"), then + by).posted.post)
        .into_iter()
        .chain([at(message("other", "elsewhere").reply_to("unfollowed"), then - 5).posted.post])
        .collect();
    let threads = vec![MissedThread { thread, root_user_id: None, last_viewed_at: then - 10 }];
    let missed = Missed { number: plan.number, posts, threads, ..Missed::default() };
    world.event(NORTH, Event::Fetched(Fetched::Missed(Box::new(missed))));
    assert_eq!(world.told(), [pair("seen", "read_elsewhere"), pair("other", "not_mentioned"), pair("new", "notify")]);
    assert_eq!(world.view().banners[0].thread.as_deref(), Some("How do we ship?"));
}

#[test]
fn a_gap_that_ends_before_the_last_one_was_closed_loses_nothing() {
    let setup = Setup::default();
    let mut world = world(&setup);
    let then = world.wall() - 20_000;
    world.reconnects(held(&setup, &[("dm", then, 1, 1)])).unwrap();
    let plan = world.reconnects(held(&setup, &[("dm", then, 1, 1)])).unwrap();
    world.answers(&plan, vec![at(message("1", "still missed").direct(), then)]);
    assert_eq!(world.told(), [pair("1", "notify")]);
}

#[test]
fn a_summary_waits_until_the_person_may_be_told() {
    let setup = Setup::default();
    let mut world = world(&setup);
    world.command(belfry_core::command::Command::Pause { minutes: Some(5) });
    let then = world.wall() - 10 * MINUTE;
    let plan = world.reconnects(held(&setup, &[("dm", then, 1, 1)])).unwrap();
    world.answers(&plan, vec![at(message("1", "hi").direct(), then)]);
    assert!(world.banners().is_empty());
    world.command(belfry_core::command::Command::Resume);
    assert_eq!(world.banners(), ["1 message in 1 conversation while notifications were paused"]);
}

#[test]
fn everybody_in_a_group_and_channel_wide_words_are_told_apart_by_the_counters() {
    let setup = Setup::default();
    let mut world = world(&setup);
    let then = world.wall() - 20_000;
    let plan = world.reconnects(held(&setup, &[("ops", then, 4, 1), ("gm", then, 1, 1)])).unwrap();
    let in_group = |message: Message| message.in_channel("gm");
    world.answers(
        &plan,
        vec![
            at(message("1", "nothing"), then - 3),
            at(message("2", "@channel the train leaves"), then - 2),
            at(message("3", "nothing"), then - 1),
            at(in_group(message("4", "lunch?")), then),
        ],
    );
    assert_eq!(
        world.told(),
        [pair("1", "not_mentioned"), pair("2", "notify"), pair("3", "not_mentioned"), pair("4", "notify")]
    );
}

fn sums(messages: i64, mentions: i64) -> Event<'static> {
    let team_sums = TeamSums { messages, messages_root: messages, mentions, mentions_root: mentions, threads: None };
    Event::Fetched(Fetched::UnreadSums(Box::new(UnreadSums {
        teams: vec![(team(), team_sums)],
        ..UnreadSums::default()
    })))
}

#[test]
fn counts_that_differ_twice_are_read_again_and_the_missing_event_is_named() {
    let mut world = World::new();
    let asks = |world: &World| {
        world.effects.iter().filter(|effect| matches!(effect, Effect::Fetch(_, Fetch::UnreadSums(_)))).count()
    };
    world.event(NORTH, Event::CountsDue);
    assert_eq!(asks(&world), 1);
    world.event(NORTH, sums(0, 0));
    world.pass_ms(60_000);
    assert_eq!(asks(&world), 1, "all is well");
    // We hold a message and a mention that were read elsewhere.
    world.arrives(message("1", "@morgan").mentioning_me());
    world.event(NORTH, Event::CountsDue);
    world.event(NORTH, sums(0, 0));
    assert!(
        !world.effects.iter().any(|effect| matches!(effect, Effect::CountsDiffer(..))),
        "an event may be on its way"
    );
    world.pass_ms(60_000);
    assert_eq!(asks(&world), 3);
    let effects = world.event(NORTH, sums(0, 0));
    let missed = effects.iter().find_map(|effect| match effect {
        Effect::CountsDiffer(NORTH, difference) => Some((difference.held, difference.told, difference.missed)),
        _ => None,
    });
    assert_eq!(missed, Some(((1, 1), (0, 0), "multiple_channels_viewed")));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Fetch(_, Fetch::Everything))));
}

#[test]
fn counts_that_were_read_while_messages_came_are_compared_soon() {
    let asks = |world: &World| {
        world.effects.iter().filter(|effect| matches!(effect, Effect::Fetch(_, Fetch::UnreadSums(_)))).count()
    };
    // A new direct message: its channel and my part of it are asked for one after the other, and more came meanwhile.
    let mut world = World::new();
    world.pass_ms(60_000);
    world.arrives(message("1", "hello").direct().in_channel("new"));
    world.arrives(message("2", "are you there").direct().in_channel("new"));
    world.event(NORTH, channel_told("new", &[("mark_unread", "all")], 1_000));
    world.pass_ms(3_000);
    assert_eq!(asks(&world), 1);
    // Quiet around the answer: it is right.
    let mut world = World::new();
    world.pass_ms(60_000);
    world.arrives(message("1", "hello").direct().in_channel("new"));
    world.event(NORTH, channel_told("new", &[("mark_unread", "all")], 1_000));
    world.pass_ms(60_000);
    world.arrives(message("2", "are you there").direct().in_channel("new"));
    world.pass_ms(60_000);
    assert_eq!(asks(&world), 0);
    // Everything was read, and something that was held back meanwhile follows at once.
    let mut world = World::new();
    world.pass_ms(60_000);
    world.event(NORTH, Event::Snapshot(Box::new(held(&Setup::default(), &[]))));
    world.arrives(message("1", "hello").direct());
    world.pass_ms(3_000);
    assert_eq!(asks(&world), 1);
}

#[test]
fn an_event_between_question_and_answer_makes_the_answer_worthless() {
    let mut world = World::new();
    world.event(NORTH, Event::CountsDue);
    world.arrives(message("1", "@morgan").mentioning_me());
    world.event(NORTH, sums(0, 0));
    world.pass_ms(60_000);
    world.event(NORTH, sums(1, 1));
    world.pass_ms(60_000);
    assert!(!world.effects.iter().any(|effect| matches!(effect, Effect::CountsDiffer(..))));
}

#[test]
fn a_difference_that_reading_everything_does_not_mend_is_left_alone() {
    let setup = Setup::default();
    let mut world = World::new();
    let mut loads = 0;
    for _ in 0..4 {
        world.effects.clear();
        world.event(NORTH, Event::CountsDue);
        world.event(NORTH, sums(5, 0));
        world.pass_ms(60_000);
        world.event(NORTH, sums(5, 0));
        if world.effects.iter().any(|effect| matches!(effect, Effect::Fetch(_, Fetch::Everything))) {
            loads += 1;
            world.event(NORTH, Event::Snapshot(Box::new(snapshot(&setup))));
        }
    }
    assert_eq!(loads, 1);
}

#[test]
fn what_was_dismissed_or_read_before_it_was_painted_is_settled() {
    let mut world = World::new();
    world.arrives(message("1", "hi").direct());
    let effects = world.event(NORTH, Event::ChannelsViewed(vec![(channel("dm"), None)]));
    let settled = effects.iter().any(|effect| matches!(effect, Effect::Settled { posts, .. } if *posts == [post("1")]));
    assert!(settled, "{effects:?}");
}

#[test]
fn a_channel_joined_during_the_gap_is_caught_up_with() {
    let setup = Setup::default();
    let mut world = world(&setup);
    let then = world.wall() - 20_000;
    let mut now = held(&setup, &[]);
    let mut joined = channel_data("new", ChannelType::Private, "New room");
    (joined.last_post_at, joined.total_msg_count, joined.total_msg_count_root) = (then, 1, Some(1));
    let mut member = member_of("new", props(&[]));
    (member.mention_count, member.mention_count_root) = (1, Some(1));
    now.channels.push(joined);
    now.members.push(member);
    let plan = world.reconnects(now).unwrap();
    world.answers(&plan, vec![at(message("1", "welcome @morgan").in_channel("new"), then)]);
    assert_eq!(world.told(), [pair("1", "notify")]);
}

#[test]
fn what_comes_live_before_everything_was_read_anew_does_not_hide_what_was_missed_before_it() {
    let setup = Setup::default();
    let mut world = world(&setup);
    world.event(NORTH, Event::Connection(Connection::Live { version: String::new() }));
    let missed = world.wall();
    world.event(NORTH, Event::Connection(Connection::Waiting { reason: "lost".to_owned(), retry_in_ms: 3_000 }));
    world.pass_ms(20_000);
    // Connected anew, but a load was made a moment ago and the next one has to wait.
    world.event(NORTH, Event::Connection(Connection::Connecting));
    let live = world.wall();
    world.arrives(at(message("live", "look, @morgan"), live).mentioning_me());
    world.pass_ms(10_000);
    let plan = world.reconnects(held(&setup, &[("ops", live, 2, 2)])).expect("something was missed");
    world.answers(
        &plan,
        vec![at(message("live", "look, @morgan"), live), at(message("missed", "hello, @morgan"), missed)],
    );
    assert_eq!(world.told(), [pair("live", "notify"), pair("missed", "notify")]);
}

/// Connected anew after a gap, where the next load has to wait because one was made a moment ago.
fn connected_anew(setup: &Setup) -> World {
    let mut world = world(setup);
    world.event(NORTH, Event::Connection(Connection::Live { version: String::new() }));
    world.event(NORTH, Event::Connection(Connection::Waiting { reason: "lost".to_owned(), retry_in_ms: 3_000 }));
    world.pass_ms(5_000);
    world.event(NORTH, Event::Connection(Connection::Connecting));
    world.effects.clear();
    world
}

fn channel_told(name: &str, notify: &[(&str, &str)], last_post_at: i64) -> Event<'static> {
    let kind = if name == "dm" { ChannelType::Direct } else { ChannelType::Public };
    let mut told = channel_data(name, kind, name);
    told.last_post_at = last_post_at;
    let member = member_of(name, props(notify));
    Event::Fetched(Fetched::Channel {
        channel_id: channel(name),
        channel: Some(Box::new(told)),
        member: Some(Box::new(member)),
    })
}

fn me_told(account: &[(&str, &str)]) -> Event<'static> {
    let me = belfry_core::event::User { notify_props: Some(props(account)), ..crate::world::person("morgan") };
    Event::Fetched(Fetched::Me(Box::new(me)))
}

#[test]
fn what_was_set_during_a_gap_counts_for_what_comes_live_before_everything_was_read_anew() {
    let mentions = [("desktop", "mention"), ("channel", "true")];
    // Muted on another device meanwhile; brought back to sound; nothing of either.
    for (before, now, word) in [
        (&[("mark_unread", "all")], &[("mark_unread", "mention")], "channel_muted"),
        (&[("mark_unread", "mention")], &[("mark_unread", "all")], "notify"),
        (&[("mark_unread", "all")], &[("mark_unread", "all")], "notify"),
    ] {
        let mut world = connected_anew(&Setup { ops: props(before), ..Setup::default() });
        let live = world.wall();
        world.arrives(at(message("1", "look, @morgan"), live).mentioning_me());
        let asked = world.effects.iter().filter_map(|effect| match effect {
            Effect::Fetch(NORTH, fetch) => Some(fetch.clone()),
            _ => None,
        });
        assert_eq!(asked.collect::<Vec<_>>(), [Fetch::Channel(channel("ops")), Fetch::Me], "{word}");
        world.event(NORTH, channel_told("ops", now, live));
        world.event(NORTH, me_told(&mentions));
        assert_eq!(world.told(), [pair("1", word)]);
        // Asked once for each channel and connection.
        world.effects.clear();
        world.arrives(at(message("2", "look again, @morgan"), live + 1).mentioning_me());
        assert_eq!(world.told(), [pair("2", word)]);
        assert!(!world.effects.iter().any(|effect| matches!(effect, Effect::Fetch(..))));
    }
    // The account's own level changed.
    let mut world = connected_anew(&Setup::default());
    let live = world.wall();
    world.arrives(at(message("1", "look, @morgan"), live).mentioning_me());
    world.event(NORTH, me_told(&[("desktop", "none")]));
    world.event(NORTH, channel_told("ops", &[("mark_unread", "all")], live));
    assert_eq!(world.told(), [pair("1", "notify_level_none")]);
}

#[test]
fn what_was_no_news_when_it_was_missed_does_not_become_news_with_another_level() {
    let mut world = world(&Setup::default());
    world.event(NORTH, Event::Connection(Connection::Live { version: String::new() }));
    // A message that mentions nobody, in a channel that tells of mentions only: it is not even read.
    let old = world.wall() - 30_000;
    assert_eq!(world.reconnects(held(&Setup::default(), &[("ops", old, 3, 0)])), None);
    world.pass_ms(10 * 60_000);
    // From now on everything is news there, and another gap follows.
    let all = Setup { ops: props(&[("desktop", "all")]), ..Setup::default() };
    world.event(NORTH, Event::MemberUpdated(Box::new(member_of("ops", all.ops.clone()))));
    world.event(NORTH, Event::Connection(Connection::Waiting { reason: "lost".to_owned(), retry_in_ms: 3_000 }));
    world.pass_ms(10_000);
    let new = world.wall() - 1_000;
    let plan = world.reconnects(held(&all, &[("ops", new, 4, 0)])).expect("something was missed");
    world.answers(&plan, vec![at(message("old", "hello"), old), at(message("new", "hello again"), new)]);
    assert_eq!(world.told(), [pair("new", "notify")]);
}

#[test]
fn a_mention_that_was_put_in_by_an_edit_takes_none_from_a_message_that_had_one() {
    let setup = Setup::default();
    let mut world = world(&setup);
    let then = world.wall() - 30_000;
    let plan = world.reconnects(held(&setup, &[("ops", then + 2, 3, 1)])).unwrap();
    let mut edited = at(message("edited", "who has the keys, @morgan"), then + 1);
    edited.posted.post.edit_at = then + 2;
    world.answers(&plan, vec![at(message("all", "@channel the build is green"), then), edited]);
    assert_eq!(world.told(), [pair("all", "notify"), pair("edited", "not_mentioned")]);
}

#[test]
fn a_server_that_does_not_say_what_was_set_during_a_gap_delays_a_message_by_two_seconds_at_most() {
    let mut world = connected_anew(&Setup::default());
    world.arrives(at(message("1", "look, @morgan"), world.wall()).mentioning_me());
    world.pass_ms(1_999);
    assert_eq!(world.told(), []);
    world.pass_ms(1);
    assert_eq!(world.told(), [pair("1", "notify")]);
}

#[test]
fn a_live_message_whose_settings_are_asked_for_is_decided_after_what_was_missed_before_it() {
    let setup = Setup::default();
    let mut world = connected_anew(&setup);
    let live = world.wall();
    world.arrives(at(message("live", "look, @morgan"), live).mentioning_me());
    let plan = world.reconnects(held(&setup, &[("ops", live, 2, 2)])).expect("something was missed");
    world.answers(
        &plan,
        vec![at(message("live", "look, @morgan"), live), at(message("missed", "hello, @morgan"), live - 1_000)],
    );
    assert_eq!(world.told(), [pair("missed", "notify"), pair("live", "notify")]);
}

#[test]
fn what_was_read_while_its_settings_were_asked_for_is_silent() {
    let mut world = connected_anew(&Setup::default());
    let live = world.wall();
    world.arrives(at(message("1", "look, @morgan"), live).mentioning_me());
    world.event(NORTH, Event::ChannelsViewed(vec![(channel("ops"), Some(live + 1))]));
    world.pass_ms(2_000);
    assert_eq!(world.told(), [pair("1", "read_elsewhere")]);
}

#[test]
fn a_crash_before_a_gap_is_closed_does_not_move_the_mark_over_it() {
    let setup = Setup::default();
    let mut world = world(&setup);
    world.event(NORTH, Event::Connection(Connection::Live { version: String::new() }));
    world.event(NORTH, Event::Connection(Connection::Waiting { reason: "lost".to_owned(), retry_in_ms: 3_000 }));
    world.pass_ms(2 * 60_000);
    world.effects.clear();
    let now = world.wall();
    world.arrives(at(message("live", "look, @morgan"), now).mentioning_me());
    assert!(!world.effects.iter().any(|effect| matches!(effect, Effect::Mark(..))), "what lies before is not decided");
}

#[test]
fn mentions_that_were_unread_before_are_not_given_to_what_came_after_a_restart() {
    let setup = Setup::default();
    let mut world = World::unsigned(&setup);
    let begin = world.wall();
    world.starts(Vec::new(), vec![(NORTH, Mark { from_ms: begin - 90 * MINUTE, up_to_ms: begin - 10 * MINUTE })]);
    // Three mentions are unread, all from before; two messages came since, and one of them names somebody else.
    let plan = world.reconnects(held(&setup, &[("ops", begin - 1_000, 9, 3)])).unwrap();
    world.answers(
        &plan,
        vec![at(message("1", "anything"), begin - 2_000), at(message("2", "look, @morgan"), begin - 1_000)],
    );
    assert_eq!(world.told(), [pair("1", "not_mentioned"), pair("2", "notify")]);
}

#[test]
fn a_late_word_about_reading_reads_nothing_that_came_after_it() {
    let setup = Setup::default();
    let mut world = world(&setup);
    let then = world.wall() - 20_000;
    let plan = world.reconnects(held(&setup, &[("ops", then, 2, 1)])).unwrap();
    world.event(NORTH, Event::ChannelsViewed(vec![(channel("dm"), None)]));
    world.arrives(at(message("live", "hello").direct(), then + 5_000));
    world.answers(&plan, vec![at(message("missed", "look, @morgan"), then)]);
    world.pass_ms(2_000);
    assert_eq!(world.told(), [pair("missed", "notify"), pair("live", "notify")]);
}

#[test]
fn a_mention_that_came_live_during_a_gap_is_not_given_to_a_missed_message() {
    let setup = Setup::default();
    let mut world = world(&setup);
    let begin = world.wall();
    // Older mentions are unread, so the counts alone do not tell which these are.
    let plan = world.reconnects(held(&setup, &[("ops", begin - 90_000, 5, 2)])).unwrap();
    world.answers(&plan, Vec::new());
    world.event(NORTH, Event::Connection(Connection::Live { version: String::new() }));
    world.event(NORTH, Event::Connection(Connection::Waiting { reason: "lost".to_owned(), retry_in_ms: 3_000 }));
    world.pass_ms(20_000);
    let live = world.wall();
    world.arrives(at(message("live", "look, @morgan"), live).mentioning_me());
    world.pass_ms(2_000);
    let plan = world.reconnects(held(&setup, &[("ops", live, 7, 3)])).unwrap();
    world.answers(
        &plan,
        vec![at(message("live", "look, @morgan"), live), at(message("missed", "anything"), live - 1_000)],
    );
    assert_eq!(world.told(), [pair("live", "notify"), pair("missed", "not_mentioned")]);
}

#[test]
fn a_mention_that_came_live_after_everything_was_read_anew_is_not_given_to_a_missed_message() {
    let setup = Setup::default();
    // Whether the channel was read to the end or not.
    for incomplete_channels in [Vec::new(), vec![channel("ops")]] {
        let mut world = world(&setup);
        let then = world.wall() - 20_000;
        let mut now = held(&setup, &[("ops", then + 1, 2, 1)]);
        // Everything before was read, so whatever is unread was missed.
        now.members.iter_mut().find(|member| member.channel_id == channel("ops")).unwrap().last_viewed_at = BEGINS;
        let plan = world.reconnects(now).unwrap();
        world.arrives(at(message("live", "look, @morgan"), then + 10_000).mentioning_me());
        assert_eq!(world.engine.badge().mentions, 2, "counted at once");
        let posts = [("named", "look, @morgan", 0), ("other", "look, @bakers", 1), ("live", "look, @morgan", 10_000)];
        let posts = posts.map(|(id, text, by)| at(message(id, text), then + by).posted.post).to_vec();
        let missed = Missed { number: plan.number, posts, incomplete_channels, ..Missed::default() };
        world.event(NORTH, Event::Fetched(Fetched::Missed(Box::new(missed))));
        assert_eq!(world.told(), [pair("named", "notify"), pair("other", "not_mentioned"), pair("live", "notify")]);
    }
}

#[test]
fn what_an_earlier_run_put_off_comes_back_in_its_time_with_its_count_and_without_a_sound() {
    for (minutes_left, read) in [(7, false), (-30, false), (7, true)] {
        let setup = Setup::default();
        let mut world = World::unsigned(&setup);
        let begin = world.wall();
        let then = begin - 40 * MINUTE;
        let posts = ["1", "2", "3"].map(post);
        world.puts_off(PutOff {
            server: NORTH,
            post: post("3"),
            at_ms: then,
            until_ms: begin + minutes_left * MINUTE,
            more: 2,
            posts: posts.to_vec(),
        });
        let decided = vec![(NORTH, post("1")), (NORTH, post("2"))];
        world.starts(decided, vec![(NORTH, Mark { from_ms: then - 90 * MINUTE, up_to_ms: then - 1 })]);
        world.event(NORTH, Event::Connection(Connection::Live { version: "11.1.0".to_owned() }));
        let unread = if read { 0 } else { 3 };
        let mut now = held(&setup, &[("dm", then, 3, unread)]);
        if read {
            let dm = now.members.iter_mut().find(|member| member.channel_id == channel("dm")).unwrap();
            dm.last_viewed_at = begin;
            dm.msg_count = 3;
        }
        if let Some(plan) = world.reconnects(now) {
            let missed = |id: &str, at_ms| at(message(id, id).direct(), at_ms);
            world.answers(&plan, vec![missed("1", then - 2_000), missed("2", then - 1_000), missed("3", then)]);
        }
        if minutes_left > 0 {
            assert!(world.banners().is_empty(), "not before its time");
            world.pass_ms(u64::try_from(minutes_left * MINUTE).unwrap() - 1_000);
            assert!(world.banners().is_empty());
            world.pass_ms(2_000);
        }
        let cards: Vec<_> = world.view().banners.iter().map(|card| (card.text.clone(), card.more)).collect();
        let wanted = if read { Vec::new() } else { vec![("3".to_owned(), 2)] };
        assert_eq!(cards, wanted, "{minutes_left} {read}");
        assert!(!world.effects.iter().any(|effect| matches!(effect, Effect::PlaySound(_))), "it was heard before");
    }
}
