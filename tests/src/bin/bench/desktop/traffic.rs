//! An hour of three companies, as fast as it is taken in.

use std::time::Duration;

use belfry_core::ids::ServerId;
use belfry_core::view::View;
use belfry_practice_server::World;
use belfry_tests::practice::Practice;
use belfry_tests::process::cpu_ticks;
use belfry_tests::stage::is_live;
use belfry_tests::{Client, Stage};

/// Each server's.
const CHANNELS: usize = 1000;
/// Besides the stage's own.
const MORE_SERVERS: u64 = 2;
/// Messages of an hour on one server that need no banner, which is many: one in every two seconds.
const SILENT: usize = 2000;
/// Messages of an hour on one server that do.
const LOUD: usize = 30;
/// Servers close a connection on which more than 256 frames wait.
const A_BATCH: usize = 100;
/// Whatever was sent is taken in and written down well within it.
const PAUSE: Duration = Duration::from_millis(400);
/// Where mentions come.
const WATCHED: &str = "ops-room";

pub(super) fn world() -> World {
    World::small()
        .configured("TeammateNameDisplay", "full_name")
        .with_many_channels("northwind", CHANNELS, &["morgan", "rosa"])
        .with_direct(&["rosa", "morgan"])
}

/// Signs in to two more such servers.
pub(super) fn more_servers(stage: &mut Stage) -> anyhow::Result<Vec<(Practice, ServerId)>> {
    let mut others = Vec::new();
    for seed in 2..2 + MORE_SERVERS {
        let practice = Practice::seeded(world(), seed)?;
        let id = stage.client.add_server(&practice.url(), "morgan", "practice")?;
        stage.client.until("the server to be live", |view| view.server(id).is_some_and(is_live))?;
        practice.until_connected("morgan");
        others.push((practice, id));
    }
    stage.clear()?;
    Ok(others)
}

/// Messages for nobody in particular, typing, and now and then a mention; then everything is read.
pub(super) fn an_hour(stage: &mut Stage, others: &[(Practice, ServerId)]) -> anyhow::Result<()> {
    let agent = stage.agent.id();
    // What has no banner, and what it costs: nothing else happens meanwhile.
    // A client would be told of every message, which costs more than the message.
    stage.client.close();
    std::thread::sleep(PAUSE);
    let before = cpu_ticks(agent)?;
    for n in 0..SILENT / A_BATCH {
        for (practice, _) in places(stage, others) {
            for m in 0..A_BATCH {
                let text = format!("message {n} {m} for everybody");
                practice.person("rosa").posts(&format!("channel-{}", m % 50), &text)?;
            }
        }
        std::thread::sleep(PAUSE);
    }
    let spent = cpu_ticks(agent)?.saturating_sub(before);
    stage.client = Client::connect(&stage.desktop.socket())?;
    for (_, id) in places(stage, others) {
        let all = u32::try_from(SILENT)?;
        stage.client.until("every message", |view| unread(view, id) == all)?;
    }
    let messages = SILENT * (others.len() + 1);
    println!(
        "a message without a banner: {} µs of processor time, of {messages} on {} servers of {CHANNELS} channels (at most 75 wanted)",
        spent * 10_000 / u64::try_from(messages)?,
        others.len() + 1
    );
    for n in 1..=LOUD {
        for (practice, id) in places(stage, others) {
            practice.person("rosa").types(WATCHED)?;
            practice.person("jun").posts(WATCHED, &format!("@morgan, number {n}"))?;
            let counted = |view: &View| view.server(id).is_some_and(|server| server.badge.mentions as usize >= n);
            stage.client.until("the mentions so far", counted)?;
        }
    }
    for (practice, _) in places(stage, others) {
        practice.person("morgan").reads(WATCHED)?;
        for m in 0..50 {
            practice.person("morgan").reads(&format!("channel-{m}"))?;
        }
    }
    let all_read = |view: &View| view.servers.iter().all(|server| server.unread.rows.is_empty());
    stage.client.until("everything to be read", all_read)?;
    Ok(())
}

fn places<'a>(stage: &'a Stage, others: &'a [(Practice, ServerId)]) -> impl Iterator<Item = (&'a Practice, ServerId)> {
    std::iter::once((&stage.practice, stage.server)).chain(others.iter().map(|(practice, id)| (practice, *id)))
}

/// Messages that nobody has read yet, of a server.
fn unread(view: &View, id: ServerId) -> u32 {
    view.server(id).map_or(0, |server| server.unread.rows.iter().map(|row| row.messages).sum())
}
