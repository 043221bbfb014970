//! Sessions end: in time, by the server, by the person.

use belfry_core::command::Command;
use belfry_core::prefs::Permission;
use belfry_core::query::{Answer, Login, Query};
use belfry_core::secret::Secret;
use belfry_core::view::{BannerKind, Health};
use belfry_practice_server::HttpFault;
use belfry_tests::stage::is_live;
use belfry_tests::{Stage, eventually};

#[test]
fn a_session_that_ends_within_a_day_is_spoken_of_on_a_banner_and_on_the_servers_page() {
    let mut stage = Stage::new().unwrap();
    stage.practice.ends_sessions_in("morgan", 20 * 3_600_000).unwrap();
    // A restart of the server leads to another look at everything.
    stage.practice.restarts();
    let view = stage
        .client
        .until("the warning", |view| view.banners.iter().any(|banner| banner.kind == BannerKind::SessionEnds))
        .unwrap();
    assert!(view.banners[0].title.contains("20 hours"), "{}", view.banners[0].title);
    assert!(view.server(stage.server).unwrap().session_ends_ms.is_some());
    let id = view.banners[0].id;
    stage.client.command(Command::OpenBanner(id)).unwrap();
    stage.client.until("the card gone", |view| view.banners.is_empty()).unwrap();
}

#[test]
fn a_revoked_session_is_an_exclamation_mark_and_signing_in_again_loses_nothing() {
    let mut stage = Stage::new().unwrap();
    stage.practice.revokes_session("morgan").unwrap();
    stage.client.command(Command::CheckAgain(stage.server)).unwrap();
    let view = stage.client.until("the sign-out", |view| view.badge.signed_out && !view.banners.is_empty()).unwrap();
    assert_eq!((view.badge.text().as_str(), view.banners[0].kind), ("!", BannerKind::SignedOut));
    let before = view.prefs.servers.clone();
    let login =
        Login::Password { login_id: "morgan".to_owned(), password: Secret::new("practice"), mfa: Secret::new("") };
    let (url, name) = (stage.practice.url(), String::new());
    let query = Query::SignIn { server: Some(stage.server), url, name, insecure: true, reach: None, login };
    assert_eq!(stage.client.ask(query).unwrap(), Answer::SignedIn);
    let view = stage
        .client
        .until("the server live again", |view| {
            view.server(stage.server).is_some_and(is_live) && view.banners.is_empty() && !view.badge.signed_out
        })
        .unwrap();
    assert_eq!(view.server(stage.server).unwrap().permission, Permission::Allowed);
    let mut after = view.prefs.servers.clone();
    after[0].session = before[0].session.clone();
    assert_eq!(after, before);
}

#[test]
fn signing_out_ends_the_session_at_the_server_and_says_when_it_could_not() {
    let mut stage = Stage::new().unwrap();
    let (server, url) = (stage.server, stage.practice.url());
    assert_eq!(stage.client.ask(Query::SignOut(server)).unwrap(), Answer::SignedOut { remains: None });
    assert!(stage.practice.requests().iter().any(|line| line == "POST /api/v4/users/logout"));
    stage
        .client
        .until("not signed in", |view| view.server(server).is_some_and(|server| server.health == Health::NotSignedIn))
        .unwrap();
    stage.client.add_server(&url, "morgan", "practice").unwrap();
    stage.practice.fails("/users/logout", &HttpFault::BadGateway, 1);
    let Answer::SignedOut { remains: Some(why) } = stage.client.ask(Query::SignOut(server)).unwrap() else {
        panic!("it was not said")
    };
    assert!(why.contains("goes on at the server"), "{why}");
    let tokens = std::fs::read_to_string(stage.desktop.home().join("data/belfry/tokens.json")).unwrap();
    assert!(!tokens.contains("morgan"), "forgotten here all the same");
}

#[test]
fn adding_an_account_that_is_in_the_list_replaces_its_session() {
    let mut stage = Stage::new().unwrap();
    let url = stage.practice.url();
    let added = stage.client.add_server(&url, "morgan", "practice").unwrap();
    assert_eq!(added, stage.server);
    eventually("the old session to be ended", || {
        Ok(stage.practice.requests().iter().any(|line| line == "POST /api/v4/users/logout").then_some(()))
    })
    .unwrap();
    let view = stage.client.until("live again", |view| view.server(added).is_some_and(is_live)).unwrap();
    assert_eq!(view.servers.len(), 1);
}

#[test]
fn a_server_that_is_removed_while_it_cannot_be_told_is_told_later() {
    let mut stage = Stage::new().unwrap();
    let server = stage.server;
    let logouts =
        |stage: &Stage| stage.practice.requests().iter().filter(|line| *line == "POST /api/v4/users/logout").count();
    stage.practice.fails("/users/logout", &HttpFault::BadGateway, 1);
    stage.client.command(Command::RemoveServer(server)).unwrap();
    let due = stage.desktop.home().join("data/belfry/farewells.json");
    eventually("the session to be remembered", || Ok(due.exists().then_some(()))).unwrap();
    assert_eq!(logouts(&stage), 1);
    let view = stage.client.until("no server", |view| view.servers.is_empty()).unwrap();
    assert!(!view.badge.signed_out);
    stage.client.command(Command::Quit).unwrap();
    assert!(stage.agent.wait_for_end().unwrap().success());
    // Its token is where tokens are, and nowhere else.
    let home = stage.desktop.home().join("data/belfry");
    let kept = std::fs::read_to_string(home.join("tokens.json")).unwrap();
    assert!(kept.contains("(removed)"), "{kept}");
    let agent = stage.desktop.belfry(&["--hidden"]).unwrap();
    eventually("the session to be ended", || Ok((!due.exists()).then_some(()))).unwrap();
    assert_eq!(logouts(&stage), 2);
    assert_eq!(std::fs::read_to_string(home.join("tokens.json")).unwrap().trim(), "{}");
    drop(agent);
}
