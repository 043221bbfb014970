//! What people do: servers, permission, sessions, calls, local preferences.

use belfry_core::activity::RingVerdict;
use belfry_core::command::Command;
use belfry_core::decide::reason::Reason;
use belfry_core::effect::{Effect, Fetch, Write};
use belfry_core::event::{ActiveCall, CallEvent, ChannelType, Connection, Event, Fetched};
use belfry_core::ids::CallId;
use belfry_core::prefs::{AuthKind, Permission};
use belfry_core::view::BannerKind;

use crate::world::{LUMEN, NORTH, Setup, World, channel, channel_data, member_of, message, person, post, props, user};

fn signed_in(url: &str) -> Command {
    Command::ServerSignedIn {
        server: None,
        url: url.to_owned(),
        name: "Third".to_owned(),
        username: "morgan".to_owned(),
        auth: AuthKind::Password,
        insecure: false,
        reach: Box::default(),
        session_id: String::new(),
    }
}

#[test]
fn allowing_a_server_is_confirmed_by_a_sample_and_never_asked_again() {
    let mut world = World::with(&Setup { permission: Permission::Ask, ..Setup::default() });
    assert_eq!(world.view().permission_prompts, [NORTH, LUMEN]);
    world.command(Command::SetPermission { server: NORTH, permission: Permission::Allowed });
    let view = world.view();
    assert_eq!(view.permission_prompts, [LUMEN]);
    assert_eq!(view.banners[0].kind, BannerKind::Sample);
    assert_eq!(world.sounds(), 1);
    assert!(world.effects.iter().any(|effect| matches!(effect, Effect::SavePrefs(_))));
}

#[test]
fn a_closed_prompt_is_asked_again_at_the_next_start_and_a_denied_one_is_not() {
    let mut world = World::with(&Setup { permission: Permission::Ask, ..Setup::default() });
    world.command(Command::SetPermission { server: NORTH, permission: Permission::Dismissed });
    world.command(Command::SetPermission { server: LUMEN, permission: Permission::Denied });
    assert!(world.view().permission_prompts.is_empty());
    let again = belfry_core::Engine::new(world.engine.prefs().clone());
    let permissions: Vec<Permission> = again.prefs().servers.iter().map(|server| server.permission).collect();
    assert_eq!(permissions, [Permission::Ask, Permission::Denied]);
}

#[test]
fn a_server_denied_for_good_stays_denied_when_it_is_added_again() {
    let mut world = World::new();
    world.command(signed_in("https://third.example"));
    let third = world.view().servers[2].id;
    world.command(Command::SetPermission { server: third, permission: Permission::DeniedForGood });
    world.command(Command::RemoveServer(third));
    assert_eq!(world.view().servers.len(), 2);
    world.command(signed_in("https://third.example"));
    assert_eq!(world.view().servers[2].permission, Permission::DeniedForGood);
}

#[test]
fn the_number_of_a_removed_server_is_never_given_to_another() {
    let mut world = World::new();
    world.command(signed_in("https://third.example"));
    let third = world.view().servers[2].id;
    world.command(Command::RemoveServer(third));
    world.command(signed_in("https://fourth.example"));
    let fourth = world.view().servers[2].id;
    assert!(fourth > third, "history, ledger and pictures of {third} are not those of {fourth}");
    // Nor after a restart, nor by a file that was edited meanwhile.
    world.command(Command::RemoveServer(fourth));
    let old = belfry_core::prefs::LocalPrefs { last_server: 0, ..world.engine.prefs().clone() };
    world.command(Command::PrefsEdited(Box::new(old)));
    let mut again = World { engine: belfry_core::Engine::new(world.engine.prefs().clone()), ..World::new() };
    again.command(signed_in("https://fifth.example"));
    assert!(again.view().servers[2].id > fourth);
}

#[test]
fn signing_in_again_brings_the_same_entry_back_to_life() {
    let mut world = World::new();
    world.event(NORTH, Event::Connection(Connection::SignedOut { reason: "over".to_owned() }));
    let view = world.view();
    assert_eq!(view.banners[0].kind, BannerKind::SignedOut);
    assert_eq!(view.badge.text(), "!");
    let effects = world.command(Command::ServerSignedIn {
        server: Some(NORTH),
        url: "https://northwind.example".to_owned(),
        name: "Northwind".to_owned(),
        username: "morgan".to_owned(),
        auth: AuthKind::Password,
        insecure: false,
        reach: Box::default(),
        session_id: String::new(),
    });
    assert!(effects.iter().any(|effect| matches!(effect, Effect::StartSession(NORTH))));
    let view = world.view();
    assert_eq!(view.servers.len(), 2);
    assert!(view.banners.is_empty(), "the card that asked for it is gone");
    assert_eq!(view.servers[0].permission, Permission::Allowed, "nothing of the settings is lost");
}

fn call() -> ActiveCall {
    ActiveCall {
        call_id: CallId::parse("call-1").unwrap(),
        channel_id: channel("dm"),
        owner_id: Some(user("rosa")),
        post_id: Some(post("call")),
        start_at: 5_000,
        sessions: Vec::new(),
        dismissed_by_me: false,
    }
}

fn ringing_world() -> World {
    let mut world = World::new();
    world.event(NORTH, Event::Fetched(Fetched::CallsRinging(true)));
    world.event(NORTH, Event::Call(CallEvent::Started(call())));
    world
}

#[test]
fn a_call_rings_until_it_is_dismissed_answered_or_over() {
    let stop: [fn() -> Event<'static>; 3] = [
        || Event::Call(CallEvent::Dismissed { user_id: Some(user("morgan")), call_id: call().call_id }),
        || {
            Event::Call(CallEvent::UserJoined {
                channel_id: channel("dm"),
                user_id: Some(user("morgan")),
                session_id: "elsewhere".to_owned(),
            })
        },
        || Event::Call(CallEvent::Ended { channel_id: channel("dm") }),
    ];
    for stop in stop {
        let mut world = ringing_world();
        assert_eq!(world.decisions()[0].ring, Some(RingVerdict::Ring));
        assert_eq!(world.view().banners[0].kind, BannerKind::Call);
        let effects = world.event(NORTH, stop());
        assert!(effects.iter().any(|effect| matches!(effect, Effect::StopSound)));
        assert!(world.banners().is_empty());
    }
}

#[test]
fn joining_a_call_opens_it_and_dismissing_it_is_told_to_the_server() {
    let mut world = ringing_world();
    let banner = world.view().banners[0].id;
    let joined = world.command(Command::OpenBanner(banner));
    let link = |effect: &Effect| matches!(effect, Effect::OpenUrl(url) if url == "https://northwind.example/_redirect/pl/post-call");
    assert!(joined.iter().any(link), "{joined:?}");
    assert!(joined.iter().any(|effect| matches!(effect, Effect::StopSound)));
    assert!(world.banners().is_empty());

    // Old servers' calls have no post: the channel is opened.
    let mut world = World::new();
    world.event(NORTH, Event::Fetched(Fetched::CallsRinging(true)));
    world.event(NORTH, Event::Call(CallEvent::Started(ActiveCall { post_id: None, ..call() })));
    let banner = world.view().banners[0].id;
    let joined = world.command(Command::OpenBanner(banner));
    let link = |effect: &Effect| matches!(effect, Effect::OpenUrl(url) if url.ends_with("/messages/@rosa"));
    assert!(joined.iter().any(link), "{joined:?}");

    let mut world = ringing_world();
    let banner = world.view().banners[0].id;
    let dismissed = world.command(Command::DismissCall(banner));
    let told = |effect: &Effect| matches!(effect, Effect::Write(NORTH, Write::DismissCall { channel_id, .. }) if *channel_id == channel("dm"));
    assert!(dismissed.iter().any(told), "{dismissed:?}");
    assert!(dismissed.iter().any(|effect| matches!(effect, Effect::StopSound)));
    assert!(world.banners().is_empty());
}

#[test]
fn a_call_in_a_channel_opened_a_moment_ago_waits_for_the_channel_and_rings() {
    let new = || ActiveCall { channel_id: channel("new"), owner_id: Some(user("stranger")), ..call() };
    let begin = || {
        let mut world = World::new();
        world.event(NORTH, Event::Fetched(Fetched::CallsRinging(true)));
        let effects = world.event(NORTH, Event::Call(CallEvent::Started(new())));
        for fetch in [Fetch::Channel(channel("new")), Fetch::Users(vec![user("stranger")])] {
            assert!(effects.iter().any(|effect| matches!(effect, Effect::Fetch(NORTH, asked) if *asked == fetch)));
        }
        assert!(world.decisions().is_empty(), "not decided yet");
        world
    };
    let channel_comes = |world: &mut World| {
        let direct = channel_data("new", ChannelType::Direct, "");
        let member = member_of("new", props(&[]));
        let (channel, member) = (Some(Box::new(direct)), Some(Box::new(member)));
        world.event(NORTH, Event::Fetched(Fetched::Channel { channel_id: self::channel("new"), channel, member }));
    };
    let stranger = || Event::Fetched(Fetched::Users(vec![person("stranger")]));

    let mut world = begin();
    channel_comes(&mut world);
    assert!(world.decisions().is_empty(), "the caller's name is still to come");
    world.event(NORTH, stranger());
    let decision = &world.decisions()[0];
    assert_eq!((decision.ring, decision.sender.as_str()), (Some(RingVerdict::Ring), "stranger"));
    assert_eq!(world.view().banners.len(), 1);

    // No answer: decided with what there is, and said why.
    let mut world = begin();
    world.pass_ms(2_100);
    assert_eq!(world.decisions()[0].reason, Some(Reason::CallNotDmGm));

    // Over before anything was known.
    let mut world = begin();
    world.event(NORTH, Event::Call(CallEvent::Ended { channel_id: channel("new") }));
    channel_comes(&mut world);
    world.event(NORTH, stranger());
    world.pass_ms(2_100);
    assert!(world.decisions().is_empty() && world.banners().is_empty());

    // Joined on another device meanwhile.
    let mut world = begin();
    let joined = CallEvent::UserJoined {
        channel_id: channel("new"),
        user_id: Some(user("morgan")),
        session_id: "elsewhere".to_owned(),
    };
    world.event(NORTH, Event::Call(joined));
    channel_comes(&mut world);
    world.event(NORTH, stranger());
    assert_eq!(world.decisions()[0].reason, Some(Reason::CallInSameCall));
}

#[test]
fn a_call_rings_for_thirty_seconds_at_most() {
    let mut world = ringing_world();
    world.pass_ms(30_100);
    assert!(world.effects.iter().any(|effect| matches!(effect, Effect::RingStopped { .. })));
}

#[test]
fn the_message_of_a_call_is_not_announced_twice() {
    let mut world = World::new();
    world.event(NORTH, Event::Fetched(Fetched::CallsRinging(true)));
    world.arrives(message("call", "app.call.started_message").direct().of_kind("custom_calls"));
    assert_eq!(world.last(), "skip: desktop_notification_hook");
}

#[test]
fn preferences_changed_elsewhere_survive_an_older_draft() {
    let mut world = World::new();
    let base = world.view().prefs;
    let mut louder = base.clone();
    louder.sound.volume_percent = 100;
    world.command(Command::SetLocalPrefs { base: Box::new(base.clone()), prefs: Box::new(louder) });
    let mut darker = base.clone();
    darker.theme = belfry_core::prefs::ThemeChoice::Dark;
    world.command(Command::SetLocalPrefs { base: Box::new(base), prefs: Box::new(darker) });
    let prefs = world.view().prefs;
    assert_eq!(prefs.sound.volume_percent, 100);
    assert_eq!(prefs.theme, belfry_core::prefs::ThemeChoice::Dark);
}
