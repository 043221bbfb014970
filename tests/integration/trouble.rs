//! What is missing or breaks costs comfort, never a message.

use belfry_core::problem::ProblemKind;
use belfry_core::query::{Answer, Login, Query};
use belfry_core::secret::Secret;
use belfry_practice_server::World;
use belfry_tests::notifications::Notifications;
use belfry_tests::practice::Practice;
use belfry_tests::stage::write_preferences;
use belfry_tests::{Client, Desktop, Stage, eventually};

#[test]
fn when_the_display_is_lost_messages_go_out_as_system_notifications() {
    let mut stage = Stage::new().unwrap();
    stage.desktop.lose_display().unwrap();
    // Until the loss is noticed a message may still be meant for a banner; it comes out all the same.
    stage.direct("rosa", "first in the dark").unwrap();
    stage.direct("jun", "second in the dark").unwrap();
    for text in ["first in the dark", "second in the dark"] {
        eventually("the system notification", || {
            Ok(stage.notifications.shown().iter().any(|shown| shown.body.contains(text)).then_some(()))
        })
        .unwrap();
    }
    assert!(stage.agent.ended().unwrap().is_none(), "the agent goes on");
    assert_eq!(stage.client.view().unwrap().badge.mentions, 2);
}

#[test]
fn a_data_folder_that_cannot_be_used_is_told_and_nothing_else_is_lost() {
    let desktop = Desktop::start().unwrap();
    write_preferences(&desktop, "").unwrap();
    // A file where the folder should be stops root as well.
    std::fs::write(desktop.home().join("data/belfry"), "in the way").unwrap();
    let mut agent = desktop.belfry(&["--hidden"]).unwrap();
    let client = Client::connect(&desktop.socket()).unwrap();
    let view = client
        .until("the problem", |view| view.problems.iter().any(|problem| problem.kind == ProblemKind::History))
        .unwrap();
    let problem = view.problems.iter().find(|problem| problem.kind == ProblemKind::History).unwrap();
    assert!(!problem.what.is_empty() && !problem.advice.is_empty(), "{problem:?}");
    assert!(agent.ended().unwrap().is_none());
}

#[test]
fn without_a_keyring_signing_in_says_so_and_keeps_no_token() {
    let desktop = Desktop::start().unwrap();
    let _notifications = Notifications::start(&desktop).unwrap();
    let practice = Practice::start(World::small()).unwrap();
    let _agent = desktop.belfry(&["--hidden"]).unwrap();
    let mut client = Client::connect(&desktop.socket()).unwrap();
    let login =
        Login::Password { login_id: "morgan".to_owned(), password: Secret::new("practice"), mfa: Secret::new("") };
    let query = Query::SignIn {
        server: None,
        url: practice.url(),
        name: "Northwind".to_owned(),
        insecure: true,
        reach: None,
        login,
    };
    let Answer::KeyringMissing { message } = client.ask(query).unwrap() else {
        panic!("it signed in without a keyring")
    };
    assert!(message.contains("keyring"), "{message}");
    assert!(client.view().unwrap().servers.is_empty());
}
