//! Where tokens are kept.

use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use belfry_core::command::Command;
use belfry_core::problem::ProblemKind;
use belfry_core::query::{Answer, Query};
use belfry_core::reach::{Reach, ReachDraft, ReachSecrets};
use belfry_core::secret::Secret;
use belfry_core::view::View;
use belfry_practice_server::World;
use belfry_tests::keyring::{Keyring, Mood};
use belfry_tests::notifications::Notifications;
use belfry_tests::practice::Practice;
use belfry_tests::process::Process;
use belfry_tests::stage::is_live;
use belfry_tests::{Client, Desktop, eventually};

use crate::{plain_preferences, sign_in};

struct Scene {
    client: Client,
    agent: Process,
    practice: Practice,
    keyring: Option<Keyring>,
    _notifications: Notifications,
    desktop: Desktop,
}

impl Scene {
    fn with(keyring: bool) -> Self {
        let desktop = Desktop::start().unwrap();
        let notifications = Notifications::start(&desktop).unwrap();
        let keyring = keyring.then(|| Keyring::start(&desktop).unwrap());
        plain_preferences(&desktop);
        let practice = Practice::start(World::small()).unwrap();
        let agent = desktop.belfry(&["--hidden"]).unwrap();
        let client = Client::connect(&desktop.socket()).unwrap();
        Self { client, agent, practice, keyring, _notifications: notifications, desktop }
    }

    fn signs_in(&mut self) -> Answer {
        let url = self.practice.url();
        sign_in(&mut self.client, &url)
    }

    fn until_live(&self) {
        self.client.until("the server to be live", |view| view.servers.first().is_some_and(is_live)).unwrap();
    }

    fn restarts(&mut self) {
        self.client.command(Command::Quit).unwrap();
        assert!(self.agent.wait_for_end().unwrap().success());
        self.agent = self.desktop.belfry(&["--hidden"]).unwrap();
        self.client = Client::connect(&self.desktop.socket()).unwrap();
    }

    fn file(&self) -> PathBuf {
        self.desktop.home().join("data/belfry/tokens.json")
    }

    fn wants_file(&mut self, in_file: bool) {
        let base = self.client.view().unwrap().prefs;
        let mut prefs = base.clone();
        prefs.tokens_in_file = in_file;
        self.client.command(Command::SetLocalPrefs { base: Box::new(base), prefs: Box::new(prefs) }).unwrap();
    }

    fn kept(&self) -> usize {
        self.keyring.as_ref().unwrap().entries().len()
    }
}

fn has_trouble(view: &View) -> bool {
    view.problems.iter().any(|problem| problem.kind == ProblemKind::Keyring)
}

#[test]
fn a_token_is_kept_in_the_keyring_and_found_again_after_a_restart() {
    let mut scene = Scene::with(true);
    assert_eq!(scene.signs_in(), Answer::SignedIn);
    scene.until_live();
    assert_eq!(scene.kept(), 1);
    assert!(!scene.file().exists());
    scene.restarts();
    scene.until_live();
    let id = scene.client.view().unwrap().servers[0].id;
    assert_eq!(scene.client.ask(Query::SignOut(id)).unwrap(), Answer::SignedOut { remains: None });
    assert_eq!(scene.kept(), 0, "signing out forgets it");
}

#[test]
fn without_a_keyring_the_person_is_asked_and_then_a_private_file_is_used() {
    let mut scene = Scene::with(false);
    let Answer::KeyringMissing { message } = scene.signs_in() else { panic!("nobody was asked") };
    assert!(message.contains("keyring"), "{message}");
    assert!(!scene.file().exists(), "not before the person said so");
    assert_eq!(scene.client.ask(Query::KeepTokensInFile).unwrap(), Answer::Done);
    assert_eq!(scene.signs_in(), Answer::SignedIn);
    scene.until_live();
    scene.client.until("no trouble", |view| !has_trouble(view) && view.prefs.tokens_in_file).unwrap();
    assert_eq!(std::fs::metadata(scene.file()).unwrap().mode() & 0o777, 0o600);
    scene.restarts();
    scene.until_live();
}

#[test]
fn a_keyring_that_hangs_or_is_locked_is_said_in_time_and_nothing_hangs_with_it() {
    for (mood, said) in [(Mood::Hangs, "did not answer"), (Mood::Locked, "locked"), (Mood::Refused, "locked")] {
        let mut scene = Scene::with(true);
        assert_eq!(scene.signs_in(), Answer::SignedIn);
        scene.until_live();
        scene.keyring.as_ref().unwrap().is(mood);
        scene.restarts();
        let view = scene.client.until("the trouble", has_trouble).unwrap();
        let problem = view.problems.iter().find(|problem| problem.kind == ProblemKind::Keyring).unwrap();
        assert!(problem.what.contains(said), "{mood:?}: {}", problem.what);
        let Answer::KeyringMissing { .. } = scene.signs_in() else { panic!("{mood:?}: nobody was asked") };
        // It comes to its senses, although calls that it took before are never answered.
        scene.keyring.as_ref().unwrap().is(Mood::Works);
        let id = scene.client.view().unwrap().servers[0].id;
        eventually("the server to be live", || {
            let live = scene.client.view()?.servers.first().is_some_and(is_live);
            if !live {
                scene.client.command(Command::CheckAgain(id))?;
            }
            Ok(live.then_some(()))
        })
        .unwrap_or_else(|error| panic!("{mood:?}: {error:#}"));
    }
}

#[test]
fn choosing_another_place_moves_the_tokens_at_once() {
    let mut scene = Scene::with(true);
    assert_eq!(scene.signs_in(), Answer::SignedIn);
    scene.until_live();
    scene.wants_file(true);
    eventually("the move into the file", || Ok((scene.kept() == 0 && scene.file().exists()).then_some(()))).unwrap();
    scene.restarts();
    scene.until_live();
    scene.wants_file(false);
    eventually("the move into the keyring", || Ok((scene.kept() == 1).then_some(()))).unwrap();
    let left = || Ok((std::fs::read_to_string(scene.file())?.trim() == "{}").then_some(()));
    eventually("nothing left in the file", left).unwrap();
    scene.restarts();
    scene.until_live();
}

#[test]
fn a_place_that_cannot_be_used_is_not_moved_to_and_the_choice_is_taken_back() {
    let mut scene = Scene::with(false);
    assert_eq!(scene.client.ask(Query::KeepTokensInFile).unwrap(), Answer::Done);
    assert_eq!(scene.signs_in(), Answer::SignedIn);
    scene.until_live();
    scene.wants_file(false);
    scene.client.until("the choice taken back", |view| has_trouble(view) && view.prefs.tokens_in_file).unwrap();
    assert!(std::fs::read_to_string(scene.file()).unwrap().contains("morgan"));
    scene.restarts();
    scene.until_live();
}

#[test]
fn the_passwords_of_a_connection_are_kept_in_the_keyring_as_well_and_found_after_a_restart() {
    let mut scene = Scene::with(true);
    assert_eq!(scene.signs_in(), Answer::SignedIn);
    scene.until_live();
    let id = scene.client.view().unwrap().servers[0].id;
    let reach = Reach { front_user: "ann".to_owned(), ..Reach::default() };
    let secrets = ReachSecrets { front: Secret::new("open sesame"), ..ReachSecrets::default() };
    let draft = Box::new(ReachDraft { reach: reach.clone(), secrets });
    let asked = Query::SetReach { server: id, draft, unchecked: false };
    assert_eq!(scene.client.ask(asked).unwrap(), Answer::ReachSet);
    scene.client.until("the way", |view| view.prefs.servers[0].reach == reach).unwrap();
    assert_eq!(scene.kept(), 2, "the token, and the password beside it");
    let preferences = std::fs::read_to_string(scene.desktop.home().join("config/belfry/preferences.toml")).unwrap();
    assert!(!preferences.contains("open sesame"), "{preferences}");

    // After a restart the password is known: the way is the same without anybody typing it again.
    scene.restarts();
    let same = Box::new(ReachDraft { reach, secrets: ReachSecrets::default() });
    let asked = Query::SetReach { server: id, draft: same, unchecked: true };
    assert_eq!(scene.client.ask(asked).unwrap(), Answer::ReachSet);
    assert_eq!(scene.kept(), 2);
    // A keyring that is locked meanwhile takes nothing, and that is said.
    scene.keyring.as_ref().unwrap().is(Mood::Locked);
    let other = Reach { front_user: "ben".to_owned(), ..Reach::default() };
    let secrets = ReachSecrets { front: Secret::new("another"), ..ReachSecrets::default() };
    let asked = Query::SetReach { server: id, draft: Box::new(ReachDraft { reach: other, secrets }), unchecked: true };
    let Answer::Failed { message } = scene.client.ask(asked).unwrap() else { panic!("it was not said") };
    assert!(message.contains("could not be kept"), "{message}");
    assert_eq!(scene.client.view().unwrap().prefs.servers[0].reach.front_user, "ann", "nothing has changed");
    // Without anything to keep, nothing is kept.
    scene.keyring.as_ref().unwrap().is(Mood::Works);
    // Calls that it took while it was locked are never answered.
    eventually("the keyring to be used again", || {
        let asked = Query::SetReach { server: id, draft: Box::default(), unchecked: true };
        Ok((scene.client.ask(asked)? == Answer::ReachSet).then_some(()))
    })
    .unwrap();
    eventually("the password to be forgotten", || Ok((scene.kept() == 1).then_some(()))).unwrap();
}
