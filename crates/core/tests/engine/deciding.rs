//! Whether to notify: the rules of `notifications.md` §2.3, a line of story each.

use belfry_core::command::Command;
use belfry_core::event::{Connection, Event, Fetched, Status, Thread, ThreadUpdated};
use belfry_core::prefs::{LocalPrefs, Permission};
use belfry_core::signal::Signal;

use crate::world::{LUMEN, Message, NORTH, Setup, World, channel, message, post, props, team, user};

#[track_caller]
fn check(setup: &Setup, message: Message, expected: &str) {
    let mut world = World::with(setup);
    world.arrives(message);
    world.pass_ms(2_500);
    assert_eq!(world.last(), expected);
    let decision = world.decisions().pop().unwrap();
    assert!(!decision.sentence.is_empty() && !decision.trace.is_empty(), "every verdict says why");
}

fn ops(pairs: &[(&str, &str)]) -> Setup {
    Setup { ops: props(pairs), ..Setup::default() }
}

fn account(pairs: &[(&str, &str)]) -> Setup {
    Setup { account: props(pairs), ..Setup::default() }
}

#[test]
fn mentions_and_direct_messages_notify_by_default() {
    check(&Setup::default(), message("1", "hello all"), "skip: not_mentioned");
    check(&Setup::default(), message("1", "hello @morgan").mentioning_me(), "notify");
    check(&Setup::default(), message("1", "hello").direct(), "notify");
}

#[test]
fn my_own_messages_never_notify_but_my_webhook_does() {
    check(&Setup::default(), message("1", "mine").by("morgan").mentioning_me(), "skip: own_post");
    let mut hook = message("1", "from my hook").by("morgan").mentioning_me();
    hook.posted.post.props.from_webhook = true;
    check(&Setup::default(), hook, "notify");
}

#[test]
fn system_messages_are_silent_unless_they_add_me() {
    check(&Setup::default(), message("1", "jun joined").of_kind("system_join_channel"), "skip: system_message");
    let mut added = message("1", "you were added").of_kind("system_add_to_channel").mentioning_me();
    added.posted.post.props.added_user_id = Some(user("morgan"));
    check(&Setup::default(), added.clone(), "notify");
    let mut another = added.clone();
    another.posted.post.props.added_user_id = Some(user("jun"));
    check(&Setup::default(), another, "skip: system_message");
    check(&Setup::default(), added.of_kind("system_add_to_team"), "skip: system_message");
}

#[test]
fn muted_channel_is_silent_even_when_mentioned() {
    check(&ops(&[("mark_unread", "mention")]), message("1", "@morgan").mentioning_me(), "skip: channel_muted");
}

#[test]
fn levels_of_channel_and_account_are_merged() {
    check(&ops(&[("desktop", "none")]), message("1", "@morgan").mentioning_me(), "skip: notify_level_none");
    check(&ops(&[("desktop", "all")]), message("1", "anything"), "notify");
    check(&account(&[("desktop", "none")]), message("1", "hi").direct(), "skip: notify_level_none");
    check(&account(&[("desktop", "all")]), message("1", "anything"), "notify");
    check(&account(&[]), message("1", "absent counts as all"), "notify");
    check(&account(&[("desktop", "mentions")]), message("1", "unknown words filter nothing"), "notify");
}

#[test]
fn do_not_disturb_and_out_of_office_silence_everything_but_away_does_not() {
    for (status, expected) in [
        (Status::DoNotDisturb, "skip: user_status"),
        (Status::OutOfOffice, "skip: user_status"),
        (Status::Away, "notify"),
        (Status::Offline, "notify"),
    ] {
        let mut world = World::new();
        world.event(NORTH, Event::StatusChanged { user_id: user("morgan"), status });
        world.arrives(message("1", "hi").direct());
        assert_eq!(world.last(), expected);
    }
}

#[test]
fn forced_test_messages_pass_over_settings() {
    let mut forced = message("1", "test").direct();
    forced.posted.post.props.force_notification = true;
    check(&account(&[("desktop", "none")]), forced, "notify");
}

#[test]
fn a_followed_thread_is_announced_and_another_is_not() {
    let setup = Setup { crt: true, ..Setup::default() };
    let mut followed = message("2", "8065").reply_to("1");
    followed.posted.followers = Some(vec![user("morgan")]);
    check(&setup, followed, "notify");
    check(&setup, message("2", "8065").reply_to("1"), "skip: not_mentioned");
}

#[test]
fn a_reply_whose_follower_the_server_forgot_is_recovered_by_its_unread_count() {
    let mut world = World::with(&Setup { crt: true, ..Setup::default() });
    let mut reply = message("2", "8065 inside").reply_to("1");
    reply.posted.followers = None;
    world.arrives(reply);
    assert!(world.decisions().is_empty(), "it waits for the thread");
    let thread = Thread {
        id: post("1"),
        channel_id: Some(channel("ops")),
        unread_replies: 1,
        unread_mentions: 0,
        is_urgent: false,
        root_message: "Which port?".to_owned(),
    };
    world.event(
        NORTH,
        Event::ThreadUpdated(Box::new(ThreadUpdated {
            thread,
            team_id: Some(team()),
            previous_unread_replies: Some(0),
            previous_unread_mentions: Some(0),
        })),
    );
    assert_eq!(world.last(), "notify");
    let decision = world.decisions().pop().unwrap();
    assert_eq!(decision.recovered.as_deref(), Some("followers_recovered"));
    assert_eq!(decision.title, "Reply in Ops room");
    assert_eq!(decision.thread.as_deref(), Some("Which port?"));
    // Its trace says so, and that of nothing else does.
    let says_so = |world: &World| {
        let trace = world.decisions().pop().unwrap().trace;
        trace.iter().any(|step| step.rule == "followers_recovered")
    };
    assert!(says_so(&world));
    let mut told = message("3", "and now").reply_to("1");
    told.posted.followers = Some(vec![user("morgan")]);
    world.arrives(told);
    assert_eq!(world.last(), "notify");
    assert!(!says_so(&world));
}

#[test]
fn a_mention_that_makes_a_thread_followed_recovers_no_reply_from_before_it() {
    let reply = |id: &str| {
        let mut reply = message(id, "8065 inside").reply_to("1");
        reply.posted.followers = None;
        reply
    };
    let grown = |replies| {
        let thread = Thread {
            id: post("1"),
            channel_id: Some(channel("ops")),
            unread_replies: replies,
            unread_mentions: 1,
            is_urgent: false,
            root_message: "Which port?".to_owned(),
        };
        Event::ThreadUpdated(Box::new(ThreadUpdated {
            thread,
            team_id: Some(team()),
            previous_unread_replies: Some(replies - 1),
            previous_unread_mentions: Some(0),
        }))
    };
    let mention = || {
        let mut mention = message("3", "look, @morgan").reply_to("1").mentioning_me();
        mention.posted.followers = Some(vec![user("morgan")]);
        mention
    };
    // The one word about the thread is that of the mention.
    let mut world = World::with(&Setup { crt: true, ..Setup::default() });
    world.arrives(reply("2"));
    world.pass_ms(1_000);
    world.arrives(mention());
    world.event(NORTH, grown(1));
    world.pass_ms(2_000);
    assert_eq!(world.banners(), ["look, @morgan"]);
    assert_eq!(world.last(), "skip: not_mentioned");
    // Followed before, so there are two of them, however they overtake each other.
    let mut world = World::with(&Setup { crt: true, ..Setup::default() });
    world.arrives(reply("2"));
    world.arrives(mention());
    world.event(NORTH, grown(1));
    world.event(NORTH, grown(2));
    assert_eq!(world.last(), "notify");
    assert_eq!(world.decisions().last().unwrap().recovered.as_deref(), Some("followers_recovered"));
}

#[test]
fn the_same_message_is_announced_once() {
    let mut world = World::new();
    world.arrives(message("1", "hi").direct());
    world.arrives(message("1", "hi").direct());
    assert_eq!(world.last(), "skip: duplicate");
    assert_eq!(world.banners(), ["hi"]);
    assert_eq!(world.engine.badge().mentions, 1, "and counted once");
}

#[test]
fn a_post_of_the_same_id_on_another_server_is_another_post() {
    let mut world = World::new();
    world.arrives(message("1", "hi").direct());
    world.event(LUMEN, Event::Posted(Box::new(message("1", "hello").direct().posted)));
    assert_eq!(world.last(), "notify");
    world.arrives(message("1", "hi").direct());
    assert_eq!(world.last(), "skip: duplicate", "the other one does not make us forget it");
}

#[test]
fn an_unknown_author_is_asked_for_and_waited_for_two_seconds_at_most() {
    let mut world = World::new();
    world.arrives(message("1", "hi").direct().by("stranger"));
    assert!(world.decisions().is_empty());
    world.pass_ms(2_100);
    assert_eq!(world.last(), "notify");
    assert_eq!(world.decisions().pop().unwrap().sender, "stranger", "one @, not two");

    let mut world = World::new();
    world.arrives(message("1", "hi").direct().by("stranger"));
    let profile = belfry_core::event::User {
        id: Some(user("stranger")),
        username: "stranger".to_owned(),
        ..belfry_core::event::User::default()
    };
    world.event(NORTH, Event::Fetched(Fetched::Users(vec![profile])));
    assert_eq!(world.last(), "notify", "decided as soon as the answer came");
}

#[test]
fn an_unknown_channel_that_nobody_explains_is_said_so() {
    let mut world = World::new();
    world.arrives(message("1", "hi").in_channel("nowhere").mentioning_me());
    world.pass_ms(2_100);
    assert_eq!(world.last(), "skip: no_member");
}

#[test]
fn nothing_is_shown_without_permission() {
    for permission in [Permission::Ask, Permission::Dismissed, Permission::Denied, Permission::DeniedForGood] {
        let setup = Setup { permission, ..Setup::default() };
        check(&setup, message("1", "hi").direct(), "skip: notifications_permission_disallowed");
        let mut world = World::with(&setup);
        world.arrives(message("1", "hi").direct());
        assert_eq!(world.engine.badge().text(), "", "no badge either");
    }
}

#[test]
fn a_pause_is_kept_and_ends_by_itself() {
    let mut world = World::new();
    world.command(Command::Pause { minutes: Some(30) });
    world.arrives(message("1", "hi").direct());
    assert_eq!(world.last(), "skip: paused");
    assert_eq!(world.engine.badge().text(), "1", "the badge still counts");
    world.pass_ms(31 * 60_000);
    world.arrives(message("2", "again").direct());
    assert_eq!(world.last(), "notify");
}

#[test]
fn the_systems_do_not_disturb_is_honoured() {
    let mut world = World::new();
    world.signal(Signal::SystemDoNotDisturb(true));
    world.arrives(message("1", "hi").direct());
    assert_eq!(world.last(), "skip: os_dnd");
    assert_eq!(world.sounds(), 0);
    world.signal(Signal::SystemDoNotDisturb(false));
    assert_eq!(world.banners(), ["1 message in 1 conversation during do not disturb"]);
}

#[test]
fn the_systems_do_not_disturb_is_not_heeded_where_the_person_does_not_want_it() {
    let mut world = World::new();
    let base = world.view().prefs;
    let prefs = LocalPrefs { follow_system_dnd: false, ..base.clone() };
    world.signal(Signal::SystemDoNotDisturb(true));
    world.arrives(message("1", "hi").direct());
    world.command(Command::SetLocalPrefs { base: Box::new(base), prefs: Box::new(prefs) });
    world.arrives(message("2", "again").direct());
    assert_eq!(world.last(), "notify");
    assert_eq!(world.banners().len(), 2, "and what was held back is summed up");
}

#[test]
fn behind_a_full_screen_program_it_is_quiet_and_summed_up_once_that_is_left() {
    let mut world = World::new();
    world.signal(Signal::FullScreen(true));
    world.arrives(message("1", "hi").direct());
    assert_eq!(world.last(), "skip: full_screen");
    assert_eq!((world.sounds(), world.banners().len()), (0, 0));
    assert_eq!(world.engine.badge().text(), "1", "the badge still counts");
    world.signal(Signal::FullScreen(false));
    assert_eq!(world.banners(), ["1 message in 1 conversation behind a full-screen program"]);
    assert_eq!(world.sounds(), 1);
}

#[test]
fn before_a_full_screen_program_everything_is_shown_where_the_person_wants_it() {
    let mut world = World::new();
    let base = world.view().prefs;
    let prefs = LocalPrefs { quiet_in_full_screen: false, ..base.clone() };
    world.signal(Signal::FullScreen(true));
    world.arrives(message("1", "hi").direct());
    world.command(Command::SetLocalPrefs { base: Box::new(base), prefs: Box::new(prefs) });
    world.arrives(message("2", "again").direct());
    assert_eq!(world.last(), "notify");
    assert_eq!(world.banners().len(), 2, "and what was held back is summed up");
}

#[test]
fn what_comes_while_the_display_is_off_is_summed_up_when_it_is_on_again() {
    let mut world = World::new();
    world.signal(Signal::DisplayAsleep(true));
    world.arrives(message("1", "hi").direct());
    world.arrives(message("2", "@morgan").mentioning_me());
    assert_eq!(world.last(), "skip: display_asleep");
    // Somebody left a film on: the summary waits for its end as well.
    world.signal(Signal::FullScreen(true));
    world.signal(Signal::DisplayAsleep(false));
    assert!(world.banners().is_empty());
    world.signal(Signal::FullScreen(false));
    assert_eq!(world.banners(), ["2 messages in 2 conversations while the display was off"]);
}

#[test]
fn reading_along_on_another_device_is_silent() {
    let mut world = World::new();
    world.event(NORTH, Event::ChannelsViewed(vec![(channel("dm"), None)]));
    world.arrives(message("1", "hi").direct());
    assert!(world.decisions().is_empty(), "it waits a moment for being read");
    world.event(NORTH, Event::ChannelsViewed(vec![(channel("dm"), None)]));
    assert_eq!(world.last(), "skip: read_elsewhere");
    assert_eq!((world.sounds(), world.banners().len()), (0, 0));
}

#[test]
fn what_is_not_read_along_is_announced_a_second_later() {
    let mut world = World::new();
    world.event(NORTH, Event::ChannelsViewed(vec![(channel("dm"), None)]));
    world.arrives(message("1", "hi").direct());
    world.pass_ms(1_000);
    assert_eq!(world.last(), "notify");
    world.event(NORTH, Event::ChannelsViewed(vec![(channel("dm"), None)]));
    world.pass_ms(60_000);
    world.arrives(message("2", "later").direct());
    assert_eq!(world.banners(), ["later"], "a minute later nobody is reading along");
}

#[test]
fn a_verdict_says_what_to_do_about_it() {
    for (setup, sentence) in [
        (ops(&[("desktop", "none")]), "Not shown: Ops room is set to Nothing. Change it in Channels."),
        (ops(&[("mark_unread", "mention")]), "Not shown: Ops room is muted. Change it in Channels."),
        (
            account(&[("desktop", "none")]),
            "Not shown: your notifications on this server are set to Nothing. Change it in Notifications.",
        ),
    ] {
        let mut world = World::with(&setup);
        world.arrives(message("1", "@morgan").mentioning_me());
        assert_eq!(world.decisions().pop().unwrap().sentence, sentence);
    }
}

#[test]
fn what_an_earlier_run_presented_is_not_announced_again() {
    let mut world = World::new();
    world.started(vec![(NORTH, post("1"))]);
    world.arrives(message("1", "hi").direct());
    assert_eq!(world.last(), "skip: duplicate");
    world.arrives(message("2", "new").direct());
    assert_eq!(world.last(), "notify");
}

#[test]
fn a_server_that_comes_back_with_another_version_is_drawn_anew() {
    let mut world = World::new();
    let before = world.engine.revision();
    world.event(NORTH, Event::Connection(Connection::Live { version: "11.2.0".to_owned() }));
    assert_eq!(world.view().servers[0].version, "11.2.0");
    assert!(world.engine.revision() > before);
}
