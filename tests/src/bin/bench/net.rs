//! The way of a message through real sockets, without a display: the driver and a practice server in one process.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use belfry_core::effect::Effect;
use belfry_core::ids::ServerId;
use belfry_core::prefs::{AuthKind, LocalPrefs, Permission, ServerPrefs};
use belfry_core::secret::Secret;
use belfry_core::signal::Surface;
use belfry_net::clock::monotonic;
use belfry_net::secrets::SecretStore;
use belfry_net::{Setup, spawn};
use belfry_practice_server::{Options, PracticeServer, World};
use tokio::sync::mpsc::Receiver;

use crate::percentiles;

/// Messages of the burst.
const BURST: usize = 1000;
/// So many at a time: beyond 256 that wait, a server closes the connection, this one as the real ones.
const BATCH: usize = 100;
/// Messages sent one after another.
const SINGLE: usize = 200;
const SERVER: ServerId = ServerId(1);

pub(crate) fn run() -> anyhow::Result<()> {
    println!("Net: from the server's socket to the decision");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(measure())
}

async fn measure() -> anyhow::Result<()> {
    let world = World::small();
    let practice = PracticeServer::start(Options::with_world(world)).await?;
    let entry = ServerPrefs {
        id: SERVER,
        url: practice.url(),
        name: "Northwind".to_owned(),
        username: "morgan".to_owned(),
        auth: AuthKind::AccessToken,
        permission: Permission::Allowed,
        insecure: true,
        reach: belfry_core::reach::Reach::default(),
        session: belfry_core::prefs::SessionPrefs::default(),
    };
    let secrets = Arc::new(SecretStore::memory());
    let token = practice.person("morgan").makes_personal_token()?;
    secrets.set(&entry.secret_key(), &Secret::new(token)).await.context("cannot keep the token")?;
    let prefs = LocalPrefs { servers: vec![entry], ..LocalPrefs::default() };
    let mut running = spawn(&tokio::runtime::Handle::current(), Setup::new(prefs, secrets, Surface::Nowhere));
    practice.wait_for_connection("morgan").await;
    running.view.wait_for(|view| view.servers.iter().any(belfry_tests::stage::is_live)).await?;

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

    let start = monotonic();
    practice.drops();
    practice.wait_for_disconnection("morgan").await;
    rosa.direct("morgan", "while away")?;
    decisions(&mut running.effects, 1).await?;
    println!(
        "  dropped connection, to the decision about what came meanwhile: {:.0} ms",
        start.elapsed().as_secs_f64() * 1000.0
    );
    running.shutdown().await;
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
