//! Sessions end: whom that concerns is told in time, once a day, and loses nothing by signing in again.

use belfry_core::command::{Command, Place};
use belfry_core::effect::{Effect, Effects, Fetch, Write};
use belfry_core::event::{Connection, Event, Fetched, SessionLife};
use belfry_core::ids::BannerId;
use belfry_core::prefs::{AuthKind, LocalPrefs, Permission};
use belfry_core::signal::{Signal, Surface};
use belfry_core::view::BannerKind;

use crate::world::{NORTH, Setup, World, snapshot};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

fn sign_in_again(auth: AuthKind, session: &str) -> Command {
    Command::ServerSignedIn {
        server: Some(NORTH),
        url: "https://northwind.example".to_owned(),
        name: "Northwind".to_owned(),
        username: "morgan".to_owned(),
        auth,
        insecure: false,
        reach: Box::default(),
        session_id: session.to_owned(),
    }
}

fn asks(effects: &Effects) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Fetch(NORTH, Fetch::Session(id)) if id == "s1"))
}

fn extends(effects: &Effects) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Write(NORTH, Write::ExtendSession)))
}

/// Connected, with a session that lasts so long.
fn with_session(ends_in_ms: i64) -> World {
    let mut world = World::new();
    world.command(sign_in_again(AuthKind::Browser, "s1"));
    world.effects.clear();
    world.sign_in(NORTH, &Setup::default());
    assert!(asks(&world.effects));
    tell(&mut world, ends_in_ms);
    world
}

fn tell(world: &mut World, ends_in_ms: i64) {
    let life = SessionLife { ends_in_ms: Some(ends_in_ms) };
    world.event(NORTH, Event::Fetched(Fetched::Session(life)));
}

fn warnings(world: &World) -> usize {
    world.decisions().iter().filter(|decision| decision.title.contains("ends")).count()
}

#[test]
fn the_end_of_a_session_is_told_a_day_before_with_the_way_out() {
    let mut world = with_session(30 * HOUR);
    assert_eq!((warnings(&world), world.view().servers[0].session_ends_ms.is_some()), (0, true));
    world.pass_ms(7 * 3_600_000);
    let view = world.view();
    assert_eq!((view.banners[0].kind, view.banners[0].lifetime_ms), (BannerKind::SessionEnds, None));
    assert_eq!(view.banners[0].title, "Northwind: Your sign-in to Northwind ends in 23 hours");
    let opened = world.command(Command::OpenBanner(view.banners[0].id));
    assert!(opened.iter().any(|effect| matches!(effect, Effect::ShowPlace(Place::SignIn(NORTH)))));
}

#[test]
fn the_warning_comes_once_a_day_even_after_a_restart() {
    let mut world = with_session(23 * HOUR);
    world.pass_ms(5 * 3_600_000);
    tell(&mut world, 18 * HOUR);
    assert_eq!(warnings(&world), 1);
    // A new start reads the same preferences.
    let kept: LocalPrefs = world.engine.prefs().clone();
    assert!(world.effects.iter().any(|effect| matches!(effect, Effect::SavePrefs(prefs) if **prefs == kept)));
    let mut again = World { engine: belfry_core::Engine::new(kept), ms: world.ms, effects: Effects::new() };
    again.signal(Signal::SurfaceChanged(Surface::Banners));
    again.sign_in(NORTH, &Setup::default());
    tell(&mut again, 18 * HOUR);
    assert_eq!(warnings(&again), 0);
}

#[test]
fn a_session_that_was_made_longer_is_not_spoken_of() {
    let mut world = with_session(25 * HOUR);
    tell(&mut world, 30 * DAY);
    world.pass_ms(20 * 24 * 3_600_000);
    assert_eq!(warnings(&world), 0);
    assert_eq!(world.view().servers[0].session_ends_ms, None, "ten days are a long time");
}

#[test]
fn an_access_token_has_no_session_to_follow() {
    let mut world = World::new();
    world.command(sign_in_again(AuthKind::AccessToken, ""));
    world.effects.clear();
    world.sign_in(NORTH, &Setup::default());
    assert!(!world.effects.iter().any(|effect| matches!(effect, Effect::Fetch(_, Fetch::Session(_)))));
}

#[test]
fn only_a_person_who_is_there_makes_a_session_last_longer_and_once_a_day() {
    let mut world = with_session(10 * DAY);
    world.pass_ms(3 * 24 * 3_600_000);
    assert!(!extends(&world.effects), "listening alone extends nothing");
    assert!(!extends(&world.signal(Signal::InputSeen { ago_ms: 10 * 60_000 })), "that was a while ago");
    assert!(extends(&world.signal(Signal::InputSeen { ago_ms: 0 })));
    world.pass_ms(3_600_000);
    assert!(!extends(&world.signal(Signal::InputSeen { ago_ms: 0 })), "once a day");
    world.pass_ms(24 * 3_600_000);
    assert!(extends(&world.signal(Signal::InputSeen { ago_ms: 0 })));
}

#[test]
fn nothing_is_asked_for_where_the_server_extends_no_session() {
    let mut world = with_session(10 * DAY);
    let mut told = snapshot(&Setup::default());
    told.config.extend_session_with_activity = false;
    world.event(NORTH, Event::Snapshot(Box::new(told)));
    assert!(!extends(&world.signal(Signal::InputSeen { ago_ms: 0 })));
}

#[test]
fn signing_in_again_loses_no_setting_of_the_server() {
    let mut world = with_session(10 * DAY);
    world.command(Command::SetPermission { server: NORTH, permission: Permission::Denied });
    let before = world.engine.prefs().clone();
    world.event(NORTH, Event::Connection(Connection::SignedOut { reason: "over".to_owned() }));
    let view = world.view();
    assert_eq!(view.badge.text(), "!");
    world.command(sign_in_again(AuthKind::Browser, "s2"));
    let after = world.engine.prefs();
    assert_eq!(after.servers[0].session.id, "s2");
    let mut same = after.clone();
    same.servers[0].session = before.servers[0].session.clone();
    assert_eq!(same, before);
}

#[test]
fn a_session_that_ended_is_named_and_one_click_leads_to_the_sign_in() {
    let mut world = World::new();
    world.event(NORTH, Event::Connection(Connection::SignedOut { reason: "over".to_owned() }));
    let view = world.view();
    assert_eq!(view.banners[0].title, "Northwind: Signed out of Northwind");
    let id: BannerId = view.banners[0].id;
    let opened = world.command(Command::OpenBanner(id));
    assert!(opened.iter().any(|effect| matches!(effect, Effect::ShowPlace(Place::SignIn(NORTH)))));
}
