//! The badge: what is counted, and what takes it away again.

use belfry_core::badge::Badge;
use belfry_core::effect::{Effect, Fetch};
use belfry_core::event::{
    ChannelType, Connection, Event, Fetched, PostUnread, Thread, ThreadCounts, ThreadReadChanged, ThreadUpdated,
};

use crate::world::{
    LUMEN, NORTH, Setup, World, channel, channel_data, member_of, message, post, props, snapshot, team, user,
};

#[test]
fn direct_messages_and_mentions_are_a_number_and_the_rest_is_a_dot() {
    let mut world = World::new();
    world.arrives(message("1", "anything"));
    assert_eq!(world.engine.badge().text(), "•");
    world.arrives(message("2", "@morgan").mentioning_me());
    world.arrives(message("3", "hi").direct());
    assert_eq!(world.engine.badge().text(), "2");
}

#[test]
fn reading_elsewhere_takes_the_number_and_the_banner_away() {
    let mut world = World::new();
    world.arrives(message("1", "hi").direct());
    assert_eq!(world.banners(), ["hi"]);
    world.event(NORTH, Event::ChannelsViewed(vec![(channel("dm"), Some(2_000))]));
    assert_eq!(world.engine.badge().text(), "");
    assert!(world.banners().is_empty());
}

#[test]
fn muting_takes_a_channel_out_of_the_badge_and_unmuting_brings_it_back() {
    let mut world = World::new();
    world.arrives(message("1", "@morgan").mentioning_me());
    let mut member = member_of("ops", props(&[("mark_unread", "mention")]));
    member.mention_count = 1;
    member.mention_count_root = Some(1);
    world.event(NORTH, Event::MemberUpdated(Box::new(member.clone())));
    assert_eq!(world.engine.badge().text(), "");
    member.notify_props = props(&[("mark_unread", "all")]);
    world.event(NORTH, Event::MemberUpdated(Box::new(member)));
    assert_eq!(world.engine.badge().text(), "1");
}

#[test]
fn marking_unread_brings_the_servers_numbers() {
    let mut world = World::new();
    world.arrives(message("1", "one"));
    world.event(NORTH, Event::ChannelsViewed(vec![(channel("ops"), Some(2_000))]));
    world.event(
        NORTH,
        Event::PostUnread(PostUnread {
            channel_id: channel("ops"),
            msg_count: Some(0),
            msg_count_root: Some(0),
            mention_count: Some(1),
            mention_count_root: Some(1),
            urgent_mention_count: Some(0),
            last_viewed_at: Some(500),
        }),
    );
    assert_eq!(world.engine.badge().text(), "1");
}

#[test]
fn archived_channels_and_left_ones_are_not_counted() {
    let mut world = World::new();
    world.arrives(message("1", "@morgan").mentioning_me());
    world.event(NORTH, Event::ChannelDeleted { channel_id: channel("ops"), delete_at: 9 });
    assert_eq!(world.engine.badge().text(), "");
    world.event(NORTH, Event::ChannelRestored(channel("ops")));
    assert_eq!(world.engine.badge().text(), "1");
    world.event(NORTH, Event::LeftChannel { channel_id: channel("ops"), user_id: None });
    assert_eq!(world.engine.badge().text(), "");
}

#[test]
fn unread_threads_count_until_they_are_read() {
    let mut world = World::with(&Setup { crt: true, ..Setup::default() });
    let thread = Thread {
        id: post("1"),
        channel_id: Some(channel("ops")),
        unread_replies: 2,
        unread_mentions: 1,
        is_urgent: false,
        root_message: String::new(),
    };
    let update = ThreadUpdated {
        thread,
        team_id: Some(team()),
        previous_unread_replies: Some(0),
        previous_unread_mentions: Some(0),
    };
    world.event(NORTH, Event::ThreadUpdated(Box::new(update)));
    assert_eq!(world.engine.badge().text(), "1");
    world.event(NORTH, Event::ThreadReadChanged(ThreadReadChanged::Team(team())));
    assert_eq!(world.engine.badge().text(), "");
}

/// A direct message that was made at this time.
fn direct_at(id: &str, at_ms: i64) -> crate::world::Message {
    let mut message = message(id, "hello").direct();
    message.posted.post.create_at = at_ms;
    message
}

#[test]
fn a_word_about_reading_that_is_older_than_the_last_message_leaves_that_one_unread() {
    let told = |mentions, read, viewed_at| {
        let mut channel = channel_data("dm", ChannelType::Direct, "");
        (channel.last_post_at, channel.total_msg_count, channel.total_msg_count_root) = (9_000, 2, Some(2));
        let mut member = member_of("dm", props(&[]));
        (member.msg_count, member.msg_count_root, member.last_viewed_at) = (read, Some(read), viewed_at);
        (member.mention_count, member.mention_count_root) = (mentions, Some(mentions));
        let (channel, member) = (Some(Box::new(channel)), Some(Box::new(member)));
        Event::Fetched(Fetched::Channel { channel_id: self::channel("dm"), channel, member })
    };
    let mut world = World::new();
    world.arrives(direct_at("1", 5_000));
    world.arrives(direct_at("2", 9_000));
    world.effects.clear();
    // A reading from before the second message, told late: how much is left only the server knows.
    world.event(NORTH, Event::ChannelsViewed(vec![(channel("dm"), Some(5_000))]));
    assert_eq!((world.engine.badge().mentions, world.banners().len()), (2, 1));
    assert!(matches!(world.effects[..], [Effect::Fetch(NORTH, Fetch::Channel(_))]));
    world.event(NORTH, told(1, 1, 5_000));
    assert_eq!((world.engine.badge().mentions, world.banners().len()), (1, 1));
    // It was older still, and all has been read since.
    world.event(NORTH, Event::ChannelsViewed(vec![(channel("dm"), Some(5_000))]));
    world.event(NORTH, told(0, 2, 9_000));
    assert_eq!((world.engine.badge().text().as_str(), world.banners().len()), ("", 0));
    // The ordinary case: up to the last message, without a question.
    world.arrives(direct_at("3", 10_000));
    world.effects.clear();
    world.event(NORTH, Event::ChannelsViewed(vec![(channel("dm"), Some(10_000))]));
    assert_eq!((world.engine.badge().text().as_str(), world.banners().len()), ("", 0));
    assert!(!world.effects.iter().any(|effect| matches!(effect, Effect::Fetch(..))));
}

fn reply_in(thread: &str, before: i64) -> Event<'static> {
    Event::ThreadUpdated(Box::new(ThreadUpdated {
        thread: Thread {
            id: post(thread),
            channel_id: Some(channel("ops")),
            unread_replies: before + 1,
            unread_mentions: before + 1,
            is_urgent: false,
            root_message: String::new(),
        },
        team_id: Some(team()),
        previous_unread_replies: Some(before),
        previous_unread_mentions: Some(before),
    }))
}

fn totals(mentions: i64) -> Event<'static> {
    let counts =
        ThreadCounts { total: 3, unread_threads: mentions, unread_mentions: mentions, unread_urgent_mentions: 0 };
    Event::Fetched(Fetched::ThreadTotals { teams: vec![(team(), counts)], direct: Some((team(), counts)) })
}

impl World {
    /// How often the counters of threads were asked for since this was called last.
    fn asked_for_totals(&mut self) -> usize {
        let effects = core::mem::take(&mut self.effects);
        effects.iter().filter(|effect| matches!(effect, Effect::Fetch(NORTH, Fetch::ThreadTotals))).count()
    }
}

#[test]
fn counters_of_threads_that_were_read_with_events_on_their_way_are_read_once_more() {
    let follow = || Event::ThreadFollowChanged {
        thread_id: post("other"),
        team_id: Some(team()),
        following: false,
        reply_count: 0,
    };
    // The answer holds a reply already whose event stalled on its way.
    let mut world = World::with(&Setup { crt: true, ..Setup::default() });
    world.event(NORTH, follow());
    assert_eq!(world.asked_for_totals(), 1);
    world.event(NORTH, totals(1));
    world.pass_ms(500);
    world.event(NORTH, reply_in("late", 0));
    assert_eq!(world.asked_for_totals(), 0, "others may be on their way as well");
    world.pass_ms(3_000);
    assert_eq!(world.asked_for_totals(), 1);
    world.event(NORTH, totals(1));
    assert_eq!(world.engine.badge().mentions, 1);
    world.pass_ms(600_000);
    assert_eq!(world.asked_for_totals(), 0, "quiet, so that was right");

    // The answer was given before a reply whose event was faster.
    world.event(NORTH, follow());
    world.event(NORTH, reply_in("quick", 0));
    world.event(NORTH, totals(1));
    assert_eq!(world.asked_for_totals(), 1);
    world.pass_ms(3_000);
    assert_eq!(world.asked_for_totals(), 1);
    world.event(NORTH, totals(2));
    assert_eq!(world.engine.badge().mentions, 2);
    world.pass_ms(600_000);

    // Where threads never rest, that is not for ever.
    world.event(NORTH, follow());
    for before in 2..40 {
        world.event(NORTH, totals(before));
        world.event(NORTH, reply_in("busy", before));
        world.pass_ms(1_000);
    }
    assert!(world.asked_for_totals() <= 4);
}

#[test]
fn a_signed_out_server_rides_on_the_number_of_another() {
    let mut world = World::new();
    world.arrives(message("1", "hi").direct());
    world.event(LUMEN, Event::Connection(Connection::SignedOut { reason: "the session is over".to_owned() }));
    let badge = world.engine.badge();
    assert_eq!((badge.text().as_str(), badge.rides()), ("1", true));
    world.event(NORTH, Event::ChannelsViewed(vec![(channel("dm"), None)]));
    assert_eq!(world.engine.badge().text(), "!");
    world.event(LUMEN, Event::Connection(Connection::Live { version: "11.1.0".to_owned() }));
    assert_eq!(world.engine.badge().text(), "");
}

#[test]
fn a_server_that_cannot_be_reached_keeps_its_numbers() {
    let mut world = World::new();
    world.arrives(message("1", "hi").direct());
    world.event(
        NORTH,
        Event::Connection(Connection::Waiting { reason: "the network is unreachable".to_owned(), retry_in_ms: 3_000 }),
    );
    assert_eq!(world.engine.badge().text(), "1");
    assert!(!world.engine.badge().signed_out);
}

#[test]
fn a_number_above_99_is_cut() {
    let mut world = World::new();
    for index in 0..120 {
        world.arrives(message(&format!("m{index}"), "hi").direct());
    }
    assert_eq!(world.engine.badge().text(), "99+");
}

fn unread_mark(root_counts: bool) -> Event<'static> {
    Event::PostUnread(PostUnread {
        channel_id: channel("ops"),
        msg_count: Some(0),
        msg_count_root: root_counts.then_some(0),
        mention_count: Some(0),
        mention_count_root: root_counts.then_some(0),
        urgent_mention_count: None,
        last_viewed_at: None,
    })
}

#[test]
fn a_mark_without_counts_of_root_posts_is_asked_about_only_where_they_count() {
    for (crt, root_counts, is_stale) in [(true, false, true), (true, true, false), (false, false, false)] {
        let mut world = World::with(&Setup { crt, ..Setup::default() });
        world.event(NORTH, unread_mark(root_counts));
        let stale = world.engine.server_state(NORTH).unwrap().channels.get(&channel("ops")).unwrap().stale;
        assert_eq!(stale, is_stale, "collapsed threads {crt}, root counts {root_counts}");
    }
}

#[test]
fn what_the_server_writes_in_my_name_is_unread_like_anything_else() {
    let mut world = World::new();
    world.arrives(message("1", "morgan changed the header").by("morgan").of_kind("system_header_change"));
    assert_eq!(world.engine.badge().text(), "•");
    let mut world = World::new();
    world.arrives(message("1", "morgan joined").by("morgan").of_kind("system_join_channel"));
    assert_eq!(world.engine.badge().text(), "", "joins and leaves never count");
}

#[test]
fn what_was_counted_when_everything_was_read_is_not_counted_again() {
    for (create_at, text) in [(999, ""), (1_000, ""), (1_001, "•"), (0, "•")] {
        let mut world = World::new();
        let mut held = snapshot(&Setup::default());
        held.channels.iter_mut().for_each(|channel| channel.last_post_at = 1_000);
        world.event(NORTH, Event::Snapshot(Box::new(held)));
        let mut late = message("1", "late");
        late.posted.post.create_at = create_at;
        world.arrives(late);
        assert_eq!(world.engine.badge().text(), text, "written at {create_at}");
    }
}

#[test]
fn a_badge_is_a_number_else_a_dot_and_the_exclamation_mark_rides_on_either() {
    for (mentions, unread, signed_out, dot_hidden, text, rides) in [
        (0, false, false, false, "", false),
        (0, false, true, false, "!", false),
        (0, true, false, false, "•", false),
        (0, true, true, false, "•", true),
        (0, true, false, true, "", false),
        (0, true, true, true, "!", false),
        (1, true, false, false, "1", false),
        (1, true, true, true, "1", true),
        (99, true, false, false, "99", false),
        (100, true, true, false, "99+", true),
    ] {
        let badge = Badge { mentions, unread, signed_out, dot_hidden };
        assert_eq!((badge.text().as_str(), badge.rides()), (text, rides), "{badge:?}");
    }
    let mut sum = Badge::default();
    sum.add(Badge { mentions: 2, unread: true, ..Badge::default() });
    sum.add(Badge { mentions: 3, signed_out: true, ..Badge::default() });
    assert_eq!((sum.text().as_str(), sum.rides(), sum.unread), ("5", true, true));
}

#[test]
fn a_message_of_mine_is_read_even_where_the_reading_is_told_before_it() {
    let mut world = World::new();
    let mut mine = message("1", "on my way").direct().by("morgan");
    mine.posted.post.create_at = 2_000;
    world.event(NORTH, Event::ChannelsViewed(vec![(channel("dm"), Some(2_000))]));
    world.arrives(mine);
    assert_eq!(world.engine.badge().text(), "");
    world.arrives(message("2", "good").direct());
    assert_eq!(world.engine.badge().text(), "1");
}

#[test]
fn a_reading_without_a_time_reads_what_came_before_it_whatever_the_clocks_say() {
    let mut world = World::new();
    world.pass_ms(60_000);
    let newer = world.now().wall_ms() - 30_000;
    world.arrives(message("1", "hi").direct());
    // Said late, by a server before 9.0: the next message is younger than that, though older than our clock.
    world.event(NORTH, Event::ChannelsViewed(vec![(channel("dm"), None)]));
    assert_eq!(world.engine.badge().text(), "");
    let mut next = message("2", "are you there?").direct();
    next.posted.post.create_at = newer;
    world.arrives(next);
    assert_eq!(world.engine.badge().text(), "1");
    world.event(NORTH, Event::ChannelsViewed(vec![(channel("dm"), None)]));
    let mut mine = message("3", "yes").direct().by("morgan");
    mine.posted.post.create_at = newer + 1;
    world.arrives(mine);
    assert_eq!(world.engine.badge().text(), "", "the order of a message of mine and of its reading is not guaranteed");
}

#[test]
fn a_mark_that_lacks_either_count_of_root_posts_is_asked_about() {
    for (posts, mentions, is_stale) in [(None, Some(0), true), (Some(0), None, true), (Some(0), Some(0), false)] {
        let mut world = World::with(&Setup { crt: true, ..Setup::default() });
        let Event::PostUnread(mark) = unread_mark(true) else { unreachable!() };
        let mark = PostUnread { msg_count_root: posts, mention_count_root: mentions, ..mark };
        world.event(NORTH, Event::PostUnread(mark));
        let stale = world.engine.server_state(NORTH).unwrap().channels.get(&channel("ops")).unwrap().stale;
        assert_eq!(stale, is_stale, "posts {posts:?}, mentions {mentions:?}");
    }
}

#[test]
fn being_added_to_a_channel_is_a_mention_and_the_adding_of_others_is_nothing() {
    for (added, mentioned, text) in
        [(Some("morgan"), true, "1"), (Some("morgan"), false, ""), (Some("jun"), true, ""), (None, true, "")]
    {
        let mut world = World::new();
        let mut adding = message("1", "rosa added somebody").of_kind("system_add_to_channel");
        adding.posted.post.props.added_user_id = added.map(user);
        world.arrives(if mentioned { adding.mentioning_me() } else { adding });
        assert_eq!(world.engine.badge().text(), text, "added {added:?}, mentioned {mentioned}");
    }
}

#[test]
fn a_reply_of_mine_is_read_before_it_came_only_where_replies_are_read_with_their_channel() {
    for (crt, is_read) in [(false, true), (true, false)] {
        let mut world = World::with(&Setup { crt, ..Setup::default() });
        world.event(NORTH, Event::ChannelsViewed(vec![(channel("ops"), Some(2_000))]));
        let mut mine = message("2", "on my way").reply_to("1").by("morgan");
        mine.posted.post.create_at = 2_000;
        let read = |world: &World| {
            world.engine.server_state(NORTH).unwrap().channels.get(&channel("ops")).unwrap().counts.read
        };
        let before = read(&world);
        world.arrives(mine);
        assert_eq!(read(&world) - before, i64::from(is_read), "collapsed threads {crt}");
        assert_eq!(world.engine.badge().text(), "");
    }
}

#[test]
fn urgent_mentions_are_counted_apart() {
    let mut world = World::new();
    world.arrives(message("1", "@morgan").mentioning_me());
    world.arrives(message("2", "fire").urgent());
    world.arrives(message("3", "@morgan fire").urgent().mentioning_me());
    let state = world.engine.server_state(NORTH).unwrap();
    assert_eq!(state.channels.get(&channel("ops")).unwrap().counts.urgent, 1);
}
