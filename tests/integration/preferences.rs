//! What belongs to this computer: the file that a person edits, starting at login, sounds of one's own, and a test that is
//! followed to the loudspeaker.

use std::fs;

use belfry_core::activity::ActivityFilter;
use belfry_core::command::Command;
use belfry_core::prefs::SoundRule;
use belfry_core::problem::ProblemKind;
use belfry_core::query::{Answer, Query};
use belfry_core::receipt::StepState;
use belfry_core::sound::{RingSound, SoundChoice};
use belfry_core::view::View;
use belfry_tests::process::{kill, workspace};
use belfry_tests::{Client, Stage, eventually};

#[test]
fn a_hand_edit_counts_at_once_and_a_broken_one_is_said_and_mended() {
    let stage = Stage::new().unwrap();
    let file = stage.desktop.home().join("config/belfry/preferences.toml");
    let written = eventually("the server in the file", || {
        let text = fs::read_to_string(&file)?;
        Ok(text.contains("[[servers]]").then_some(text))
    })
    .unwrap();
    let edited = format!("# mine\n{}", written.replacen("max_shown = 4", "max_shown = 2", 1));
    assert!(edited.contains("max_shown = 2"), "{edited}");
    fs::write(&file, &edited).unwrap();
    stage.client.until("two at a time", |view| view.prefs.banner.max_shown == 2).unwrap();
    fs::write(&file, edited.replacen("max_shown = 2", "max_shown = two", 1)).unwrap();
    let broken = |view: &View| view.problems.iter().any(|problem| problem.kind == ProblemKind::Prefs);
    let view = stage.client.until("the mistake", broken).unwrap();
    assert!(view.problems.iter().any(|problem| problem.what.contains("line")), "{:?}", view.problems);
    assert_eq!((view.prefs.banner.max_shown, view.servers.len()), (2, 1), "what counted before still does");
    fs::write(&file, edited.replacen("max_shown = 2", "max_shown = 3", 1)).unwrap();
    stage.client.until("three at a time", |view| view.prefs.banner.max_shown == 3 && !broken(view)).unwrap();
    assert!(fs::read_to_string(&file).unwrap().starts_with("# mine"));
}

#[test]
fn starting_at_login_is_an_entry_of_the_session_that_comes_and_goes() {
    let mut stage = Stage::new().unwrap();
    let entry = stage.desktop.home().join("config/autostart/org.belfry.Belfry.desktop");
    for wanted in [true, false] {
        let base = stage.client.view().unwrap().prefs;
        let mut prefs = base.clone();
        prefs.start_at_login = wanted;
        stage.client.command(Command::SetLocalPrefs { base: Box::new(base), prefs: Box::new(prefs) }).unwrap();
        eventually("the entry", || Ok((entry.exists() == wanted).then_some(()))).unwrap();
        // The next change is made to what this one left.
        stage.client.until("the change", |view| view.prefs.start_at_login == wanted).unwrap();
    }
}

#[test]
fn a_sound_of_ones_own_is_copied_previewed_and_forgotten_again() {
    let mut stage = Stage::with_sound().unwrap();
    let Answer::SoundDevices(devices) = stage.client.ask(Query::SoundDevices).unwrap() else { unreachable!() };
    assert!(!devices.is_empty());
    let path = workspace().join("crates/agent/tests/data/tone.ogg").display().to_string();
    let import = Query::ImportSound { path, name: "Tone".to_owned() };
    let Answer::SoundImported { id, cut: false } = stage.client.ask(import).unwrap() else { unreachable!() };
    let view = stage.client.until("its entry", |view| view.prefs.sound.own_file(id).is_some()).unwrap();
    let copy = view.prefs.sound.own_file(id).unwrap().file.clone();
    let copy = stage.desktop.home().join("data/belfry/sounds").join(copy);
    assert!(copy.exists(), "{}", copy.display());
    let recording = stage.desktop.record().unwrap();
    stage.client.command(Command::PreviewSound(SoundChoice::Own(id))).unwrap();
    let heard = eventually("the tone", || Ok(recording.heard()?.first().copied())).unwrap();
    assert!((0.1..=0.4).contains(&heard.secs), "{heard:?}");
    stage.client.until("the end of it", |view| view.previewing.is_none()).unwrap();
    let base = stage.client.view().unwrap().prefs;
    let mut prefs = base.clone();
    prefs.sound.rules.push(SoundRule {
        server: stage.server,
        channel: None,
        person: None,
        title: String::new(),
        sound: SoundRule::written(Some(SoundChoice::Own(id))),
    });
    stage.client.command(Command::SetLocalPrefs { base: Box::new(base), prefs: Box::new(prefs) }).unwrap();
    stage.client.command(Command::RemoveOwnSound(id)).unwrap();
    stage.client.until("no rule", |view| view.prefs.sound.rules.is_empty()).unwrap();
    eventually("the copy to be gone", || Ok((!copy.exists()).then_some(()))).unwrap();
    let letter = stage.desktop.home().join("letter.mp3");
    fs::write(&letter, "Dear all,").unwrap();
    let import = Query::ImportSound { path: letter.display().to_string(), name: String::new() };
    let Answer::Failed { message } = stage.client.ask(import).unwrap() else { unreachable!() };
    assert!(message.contains("not a sound"), "{message}");
}

#[test]
fn a_ring_is_heard_for_five_seconds_or_until_it_is_stopped() {
    let mut stage = Stage::with_sound().unwrap();
    let ring = SoundChoice::Ring(RingSound::Dynamic);
    // How long it was heard, its pauses included.
    let mut span = |stopped: bool| {
        let recording = stage.desktop.record()?;
        stage.client.command(Command::PreviewSound(ring))?;
        stage.client.until("that it plays", |view| view.previewing == Some(ring))?;
        eventually("the ring", || Ok(recording.has_begun()?.then_some(())))?;
        if stopped {
            stage.client.command(Command::StopSound)?;
        }
        stage.client.until("that it ended", |view| view.previewing.is_none())?;
        let mut last = 0;
        eventually("silence", || {
            let heard = recording.heard()?;
            let (Some(first), Some(end)) = (heard.first(), heard.last()) else { return Ok(None) };
            let is_over = std::mem::replace(&mut last, heard.len()) == heard.len();
            Ok(is_over.then_some(end.at_secs + end.secs - first.at_secs))
        })
    };
    let whole = span(false).unwrap();
    assert!((3.5..=5.5).contains(&whole), "{whole} s");
    // Nobody stops a sound before it begins, and a busy machine may take a moment: one of several is cut short.
    eventually("a ring that is cut short", || Ok((span(true)? < 3.0).then_some(()))).unwrap();
}

#[test]
fn a_test_notification_is_followed_to_the_screen_and_the_loudspeaker() {
    let mut stage = Stage::with_sound().unwrap();
    let over = |view: &View| view.test.as_ref().is_some_and(|test| test.over);
    // The sample's sound may be so recent that the first test has none of its own, and says so.
    eventually("a test with a sound", || {
        stage.client.command(Command::ForgetTest)?;
        stage.client.until("no receipt", |view| view.test.is_none())?;
        stage.client.command(Command::SendTest(stage.server))?;
        let test = stage.client.until("the receipt", over)?.test.unwrap();
        let is_done = |(_, state): &(_, StepState)| matches!(state, StepState::Done { .. });
        assert!(test.is_success() && test.steps.iter().take(5).all(is_done), "{test:?}");
        Ok(test.steps.iter().all(is_done).then_some(()))
    })
    .unwrap();
}

#[test]
fn activity_is_exported_without_a_word_of_any_message_and_cleared() {
    let mut stage = Stage::new().unwrap();
    stage.direct("rosa", "the secret plan").unwrap();
    stage.client.until("the message", |view| view.banners.len() == 1).unwrap();
    let path = stage.desktop.home().join("activity.jsonl");
    let export = |stage: &mut Stage| {
        let path = Some(path.display().to_string());
        stage.client.ask(Query::ExportActivity { filter: ActivityFilter::default(), path }).unwrap()
    };
    let Answer::Exported { rows, .. } = export(&mut stage) else { unreachable!() };
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().count() as u64, rows);
    assert!(text.contains("Rosa") && !text.contains("secret"), "{text}");
    assert!(matches!(export(&mut stage), Answer::Failed { .. }), "no file is replaced");
    assert_eq!(stage.client.ask(Query::ClearActivity).unwrap(), Answer::Done);
    let all = Query::Activity { filter: ActivityFilter::default(), before: None, limit: 10 };
    let Answer::Activity { rows, .. } = stage.client.ask(all).unwrap() else { unreachable!() };
    assert!(rows.is_empty(), "{rows:?}");
}

#[test]
fn what_was_snoozed_comes_back_after_a_crash_in_its_time_and_with_its_count() {
    let mut stage = Stage::new().unwrap();
    stage.keep_cards().unwrap();
    for text in ["Are you there?", "It is about the proxy", "Could you look at this later?"] {
        stage.direct("rosa", text).unwrap();
    }
    let merged = |view: &View| view.banners.len() == 1 && view.banners[0].more == 2;
    let view = stage.client.until("the three messages", merged).unwrap();
    stage.painted().unwrap();
    stage.client.command(Command::SnoozeBanner { banner: view.banners[0].id, minutes: 60 }).unwrap();
    stage.cards(0).unwrap();
    let ledger = stage.desktop.home().join("data/belfry/presented.db");
    let count = |what: &str| -> anyhow::Result<u32> {
        let connection = rusqlite::Connection::open(&ledger)?;
        Ok(connection.query_row(what, [], |row| row.get(0))?)
    };
    let is_put_off = "SELECT count(*) FROM put_off JOIN pending USING (server, post)";
    eventually("the snoozed card in the ledger", || Ok((count(is_put_off)? == 1).then_some(()))).unwrap();
    end(&mut stage);
    begin(&mut stage);
    let decided = |view: &View| view.activity_revision > 0;
    stage.client.until("the message to be decided again", decided).unwrap();
    assert!(stage.client.view().unwrap().banners.is_empty(), "its time has not come");
    eventually("it to wait on", || Ok((count(is_put_off)? == 1).then_some(()))).unwrap();

    end(&mut stage);
    rusqlite::Connection::open(&ledger).unwrap().execute("UPDATE put_off SET until_ms = 0", []).unwrap();
    begin(&mut stage);
    let view = stage.client.until("the card again", |view| !view.banners.is_empty()).unwrap();
    assert_eq!((view.banners[0].text.as_str(), view.banners[0].more), ("Could you look at this later?", 2));
    stage.cards(1).unwrap();
    eventually("it to be done", || Ok((count("SELECT count(*) FROM put_off")? == 0).then_some(()))).unwrap();
}

fn end(stage: &mut Stage) {
    kill(stage.agent.id()).unwrap();
    stage.agent.wait_for_end().unwrap();
}

fn begin(stage: &mut Stage) {
    stage.agent = stage.desktop.belfry(&["--hidden"]).unwrap();
    stage.client = Client::connect(&stage.desktop.socket()).unwrap();
}
