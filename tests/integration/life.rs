//! Starting, ending, and several servers at once.

use belfry_practice_server::World;
use belfry_tests::practice::Practice;
use belfry_tests::process::Process;

use belfry_tests::Stage;
use belfry_tests::stage::is_live;

#[test]
fn two_servers_one_signed_out_show_a_number_and_an_exclamation_mark_together() {
    let mut stage = Stage::new().unwrap();
    let other = Practice::start(World::small()).unwrap();
    let second = stage.client.add_server(&other.url(), "morgan", "practice").unwrap();
    stage.client.until("both to be live", |view| view.servers.len() == 2 && view.servers.iter().all(is_live)).unwrap();
    stage.direct("rosa", "hello").unwrap();
    stage.client.until("the number", |view| view.badge.mentions == 1).unwrap();
    other.revokes_session("morgan").unwrap();
    // A revoked session is noticed with the next thing that is asked of the server.
    stage.client.command(belfry_core::command::Command::CheckAgain(second)).unwrap();
    let view = stage.client.until("the signed-out server", |view| view.badge.signed_out).unwrap();
    assert_eq!(view.badge.text(), "1");
    assert!(view.badge.rides(), "the mark rides on the number: {:?}", view.badge);
    let first = view.server(stage.server).unwrap();
    assert!(is_live(first) && !first.badge.signed_out, "{first:?}");
}

#[test]
fn a_second_start_raises_the_first_and_quit_ends_it() {
    let mut stage = Stage::new().unwrap();
    let mut second = stage.desktop.belfry(&[]).unwrap();
    assert!(second.wait_for_end().unwrap().success());
    let window = belfry_tests::eventually("the main window", || {
        let windows = stage.desktop.screen.windows()?;
        Ok(windows.into_iter().find(|w| !w.override_redirect && w.viewable && w.is_belfry()))
    })
    .unwrap();
    assert!(window.title.contains("Belfry"), "{window:?}");
    stage.picture("main-window").unwrap();

    let mut quit = stage.desktop.belfry(&["quit"]).unwrap();
    assert!(quit.wait_for_end().unwrap().success());
    assert!(stage.agent.wait_for_end().unwrap().success());
    stage.client.until_gone().unwrap();
}

#[test]
fn without_a_display_belfry_says_so_and_names_headless() {
    let desktop = belfry_tests::Desktop::start().unwrap();
    let mut command = desktop.command(belfry_tests::process::belfry().unwrap());
    command.env_remove("DISPLAY").stdin(std::process::Stdio::null());
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(words.contains("display") && words.contains("headless"), "{words}");
    assert_eq!(words.trim().lines().count(), 1, "one line: {words}");
}

#[test]
fn wrong_usage_is_told_apart_from_failure() {
    let desktop = belfry_tests::Desktop::start().unwrap();
    let mut wrong: Process = desktop.belfry(&["--nonsense"]).unwrap();
    assert_eq!(wrong.wait_for_end().unwrap().code(), Some(2));
    let mut nobody: Process = desktop.belfry(&["quit"]).unwrap();
    assert_eq!(nobody.wait_for_end().unwrap().code(), Some(1));
}
