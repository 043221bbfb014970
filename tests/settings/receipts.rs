//! A test notification with its receipt, and messages that are only tried.

use belfry_core::activity::Verdict;
use belfry_core::command::Command;
use belfry_core::event::ChannelType;
use belfry_core::query::{Answer, Query};
use belfry_core::receipt::{StepState, TestStep};
use belfry_core::signal::{Signal, Surface};
use belfry_core::trial::{Trial, TrialMessage, TrialReply, WhatIf};
use belfry_practice_server::{HttpFault, Version, World};

use crate::desk::{Desk, SERVER};

#[tokio::test]
async fn a_test_is_followed_from_the_server_to_the_ear() {
    let mut desk = Desk::new(World::small()).await;
    desk.command(Command::SendTest(SERVER)).await;
    let view = desk.until_view("the receipt", |view| view.test.as_ref().is_some_and(|test| test.over)).await;
    let test = view.test.clone().unwrap();
    assert!(test.is_success(), "{test:?}");
    let times: Vec<u64> = test
        .steps
        .iter()
        .map(|(step, state)| match state {
            StepState::Done { after_ms } => *after_ms,
            other => panic!("{step:?} {other:?}"),
        })
        .collect();
    assert_eq!(times.len(), TestStep::ALL.len());
    desk.command(Command::ForgetTest).await;
    desk.until_view("forgotten", |view| view.test.is_none()).await;
}

#[tokio::test]
async fn a_step_that_fails_says_what_to_do() {
    let mut desk = Desk::new(World::small()).await;
    desk.server.fails("/notifications/test", &HttpFault::Internal, 1);
    desk.command(Command::SendTest(SERVER)).await;
    let view = desk.until_view("refused", |view| view.test.as_ref().is_some_and(|test| test.over)).await;
    let test = view.test.clone().unwrap();
    let Some((TestStep::Accepted, StepState::Failed { what, advice })) = test.steps.first() else { panic!("{test:?}") };
    assert!(what.contains("500") && !advice.is_empty());
    desk.command(Command::Pause { minutes: None }).await;
    desk.command(Command::SendTest(SERVER)).await;
    let failed = |state: &StepState| matches!(state, StepState::Failed { .. });
    let view = desk
        .until_view("paused", |view| view.test.as_ref().is_some_and(|test| test.over && failed(&test.steps[2].1)))
        .await;
    let test = view.test.clone().unwrap();
    let (_, StepState::Failed { what, .. }) = &test.steps[2] else { panic!("{test:?}") };
    assert!(what.contains("paused"), "{what}");
}

#[tokio::test]
async fn a_server_that_is_too_old_to_send_one_is_told_of_and_a_sample_stands_in() {
    let mut desk = Desk::new(World::small().of_version(Version(9, 5, 0))).await;
    desk.command(Command::SendTest(SERVER)).await;
    let view = desk.until_view("the receipt", |view| view.test.as_ref().is_some_and(|test| test.over)).await;
    let test = view.test.clone().unwrap();
    assert!(test.is_success(), "{test:?}");
    assert!(matches!(&test.steps[0].1, StepState::Skipped(why) if why.contains("10.3")), "{test:?}");
    assert!(matches!(test.steps[4].1, StepState::Done { .. }));
}

async fn tried(desk: &Desk, message: TrialMessage) -> Trial {
    match desk.ask(Query::Trial(Box::new(message))).await {
        Answer::Trial(trial) => *trial,
        other => panic!("{other:?}"),
    }
}

fn message(text: &str, kind: ChannelType) -> TrialMessage {
    TrialMessage { server: SERVER, text: text.to_owned(), channel: None, kind, author: None, reply: TrialReply::No }
}

#[tokio::test]
async fn a_typed_message_goes_through_the_real_rules() {
    let desk = Desk::new(World::small()).await;
    let public = |text| message(text, ChannelType::Public);
    let trial = tried(&desk, public("hello everybody")).await;
    assert_eq!(trial.verdict, Verdict::Skip);
    assert!(trial.sentence.contains("only mentions notify you here"), "{}", trial.sentence);
    let trial = tried(&desk, public("please ask @Morgan: now")).await;
    assert_eq!((trial.verdict, trial.word.as_deref()), (Verdict::Notify, Some("@Morgan")));
    assert!(trial.trace.len() > 3 && trial.sound.is_some());
    assert_eq!(tried(&desk, public("`@morgan` in code")).await.verdict, Verdict::Skip);
    assert_eq!(tried(&desk, message("hello", ChannelType::Direct)).await.verdict, Verdict::Notify);
    let reply = |reply| TrialMessage { reply, ..public("and so on") };
    assert_eq!(tried(&desk, reply(TrialReply::Followed)).await.verdict, Verdict::Notify);
    assert_eq!(tried(&desk, reply(TrialReply::NotFollowed)).await.verdict, Verdict::Skip);
    let channel = desk.row("Off-Topic").await.channel;
    desk.server.person("morgan").mutes("off-topic").unwrap();
    let mut desk = desk;
    desk.until_row("Off-Topic", "muted", |row| row.props.contains_key("mark_unread")).await;
    let there = TrialMessage { channel: Some(channel), ..public("@morgan") };
    let trial = tried(&desk, there).await;
    assert!(trial.sentence.contains("Off-Topic is muted"), "{}", trial.sentence);
}

#[tokio::test]
async fn a_recorded_message_is_tried_again_under_another_setting() {
    let mut desk = Desk::new(World::small()).await;
    desk.server.person("morgan").mutes("off-topic").unwrap();
    desk.until_row("Off-Topic", "muted", |row| row.props.contains_key("mark_unread")).await;
    desk.server.person("rosa").posts("off-topic", "@morgan look").unwrap();
    let decision = desk.decision("@morgan look").await;
    assert_eq!(decision.verdict, Verdict::Skip);
    let again = |what_if: Vec<WhatIf>| {
        let decision = Box::new(decision.clone());
        desk.ask(Query::Reconsider { decision, what_if })
    };
    let Answer::Trial(trial) = again(vec![WhatIf::ChannelMuted(false)]).await else { panic!() };
    assert_eq!(trial.verdict, Verdict::Notify, "{trial:?}");
    let Answer::Trial(trial) = again(vec![WhatIf::ChannelLevel("all".to_owned())]).await else { panic!() };
    assert_eq!(trial.verdict, Verdict::Skip, "it is still muted");
}

#[tokio::test]
async fn without_a_place_to_show_it_the_test_says_so() {
    let mut desk = Desk::new(World::small()).await;
    desk.signal(Signal::SurfaceChanged(Surface::Nowhere)).await;
    desk.command(Command::SendTest(SERVER)).await;
    let view = desk.until_view("nowhere", |view| view.test.as_ref().is_some_and(|test| test.over)).await;
    assert!(matches!(view.test.as_ref().unwrap().steps[3].1, StepState::Failed { .. }));
}
