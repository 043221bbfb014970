//! The way of a message through real sockets, and what being connected costs.

mod agent;
mod hour;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use belfry_core::effect::Effect;
use belfry_core::ids::ServerId;
use belfry_core::prefs::{AuthKind, LocalPrefs, Permission, ServerPrefs, SessionPrefs};
use belfry_core::reach::Reach;
use belfry_core::secret::Secret;
use belfry_core::signal::Surface;
use belfry_net::clock::monotonic;
use belfry_net::secrets::SecretStore;
use belfry_net::{Running, Setup, spawn};
use belfry_practice_server::{Options, PracticeServer, World};
use tokio::sync::mpsc::Receiver;

use crate::percentiles;

/// Messages of the burst.
const BURST: usize = 1000;
/// So many at a time: beyond 256 that wait, a server closes the connection, this one as the real ones.
const BATCH: usize = 100;
/// Messages sent one after another.
const SINGLE: usize = 200;
/// Connections lost, each with the protocol's own waits (protocol §4.7): about four seconds.
const DROPS: usize = 20;
/// Starts with as many channels as a large company's person has.
const STARTS: usize = 10;
const CHANNELS: usize = 1000;
const SERVER: ServerId = ServerId(1);

pub(crate) fn run(many: bool) -> anyhow::Result<()> {
    println!("Net: practice servers on loopback");
    if many {
        return agent::many();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(messages())?;
    runtime.block_on(starts())?;
    drop(runtime);
    hour::run()?;
    agent::run()
}

/// The world of [`CHANNELS`], and somebody to write.
fn large(channels: usize) -> World {
    World::small().with_many_channels("northwind", channels, &["morgan", "rosa"]).with_direct(&["rosa", "morgan"])
}

fn entry(practice: &PracticeServer) -> ServerPrefs {
    ServerPrefs {
        id: SERVER,
        url: practice.url(),
        name: "Northwind".to_owned(),
        username: "morgan".to_owned(),
        auth: AuthKind::AccessToken,
        permission: Permission::Allowed,
        insecure: true,
        reach: Reach::default(),
        session: SessionPrefs::default(),
    }
}

fn setup(practice: &PracticeServer) -> anyhow::Result<Setup> {
    let entry = entry(practice);
    let token = Secret::new(practice.person("morgan").makes_personal_token()?);
    let secrets = SecretStore::remembering([(entry.secret_key(), token)]);
    let prefs = LocalPrefs { servers: vec![entry], ..LocalPrefs::default() };
    Ok(Setup::new(prefs, Arc::new(secrets), Surface::Nowhere))
}

async fn live(running: &mut Running) -> anyhow::Result<()> {
    running.view.wait_for(|view| view.servers.iter().any(belfry_tests::stage::is_live)).await?;
    Ok(())
}

async fn messages() -> anyhow::Result<()> {
    let practice = PracticeServer::start(Options::with_world(World::small())).await?;
    let mut running = spawn(&tokio::runtime::Handle::current(), setup(&practice)?);
    practice.wait_for_connection("morgan").await;
    live(&mut running).await?;

    let rosa = practice.person("rosa");
    let mut single = Vec::with_capacity(SINGLE);
    for n in 0..SINGLE {
        let start = monotonic();
        rosa.direct("morgan", &format!("message {n}"))?;
        decisions(&mut running.effects, 1).await?;
        single.push(start.elapsed());
    }
    println!("  post to decision, one at a time: {}", percentiles(single));

    let start = monotonic();
    for batch in 0..BURST / BATCH {
        for n in 0..BATCH {
            rosa.posts("ops-room", &format!("burst {batch} {n}"))?;
        }
        decisions(&mut running.effects, BATCH).await?;
    }
    let spent = start.elapsed();
    println!("  {BURST} posts in batches of {BATCH}, all decided after {:.0} ms", spent.as_secs_f64() * 1000.0);

    let mut back = Vec::with_capacity(DROPS);
    for n in 0..DROPS {
        let start = monotonic();
        practice.drops();
        practice.wait_for_disconnection("morgan").await;
        rosa.direct("morgan", &format!("while away {n}"))?;
        decisions(&mut running.effects, 1).await?;
        back.push(start.elapsed());
    }
    println!("  dropped connection to the first decision, 3 s and chance included: {}", percentiles(back));
    running.shutdown().await;
    Ok(())
}

/// From nothing to the right number, with many channels.
async fn starts() -> anyhow::Result<()> {
    let practice = PracticeServer::start(Options::with_world(large(CHANNELS))).await?;
    for n in 0..5 {
        practice.person("rosa").posts("ops-room", &format!("ask @morgan {n}"))?;
        practice.person("rosa").direct("morgan", "hello")?;
    }
    let right = practice.counts("morgan")?.badge_mentions;
    let mut spent = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        let setup = setup(&practice)?;
        let start = monotonic();
        let mut running = spawn(&tokio::runtime::Handle::current(), setup);
        running.view.wait_for(|view| i64::from(view.badge.mentions) == right).await?;
        spent.push(start.elapsed());
        live(&mut running).await?;
        running.shutdown().await;
    }
    println!("  start to the right badge ({right}) with {CHANNELS} channels: {}", percentiles(spent));
    Ok(())
}

/// Waits for so many decisions.
async fn decisions(effects: &mut Receiver<Effect>, mut wanted: usize) -> anyhow::Result<()> {
    while wanted > 0 {
        let effect = tokio::time::timeout(Duration::from_mins(1), effects.recv()).await?.context("the driver ended")?;
        wanted -= usize::from(matches!(effect, Effect::Record(_)));
    }
    Ok(())
}
