//! What the agent costs with many servers: the real process, on a desktop of its own, without a face.

use std::time::Duration;

use anyhow::Context as _;
use belfry_core::command::Command;
use belfry_net::clock::monotonic;
use belfry_practice_server::{Options, PracticeServer};
use belfry_tests::notifications::Notifications;
use belfry_tests::process::{Process, cpu_ticks, memory_kib, wakeups};
use belfry_tests::stage::{is_live, write_preferences};
use belfry_tests::{Client, Desktop};
use tokio::runtime::Runtime;

/// How many servers at a time.
const STEPS: [usize; 4] = [1, 3, 5, 20];
/// Messages on each server before the memory is read.
const MESSAGES: usize = 100;
const QUIET: Duration = Duration::from_mins(1);
/// Threads that only helped with what came before end within it; their wake-ups would be missing afterwards.
const SETTLES: Duration = Duration::from_secs(5);
/// By hand: twenty of the largest.
const LARGEST: usize = 10_000;

struct Agent {
    client: Client,
    process: Process,
    _notifications: Notifications,
    _desktop: Desktop,
    servers: Vec<PracticeServer>,
    runtime: Runtime,
}

impl Agent {
    fn start() -> anyhow::Result<Self> {
        let desktop = Desktop::start()?;
        let notifications = Notifications::start(&desktop)?;
        write_preferences(&desktop, "use_system_notifications = true\n")?;
        let agent = desktop.belfry(&["--hidden"])?;
        let client = Client::connect(&desktop.socket())?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        Ok(Self {
            client,
            process: agent,
            _notifications: notifications,
            _desktop: desktop,
            servers: Vec::new(),
            runtime,
        })
    }

    fn add(&mut self, channels: usize) -> anyhow::Result<()> {
        let seed = self.servers.len() as u64 + 1;
        let options = Options { seed, ..Options::with_world(super::large(channels)) };
        let server = self.runtime.block_on(PracticeServer::start(options))?;
        let id = self.client.add_server(&server.url(), "morgan", "practice")?;
        self.client.until("the server to be live", |view| view.server(id).is_some_and(is_live))?;
        self.servers.push(server);
        Ok(())
    }

    /// The same traffic on every server; waits until all of it is counted.
    fn talk(&mut self) -> anyhow::Result<()> {
        for server in &self.servers {
            for n in 0..MESSAGES {
                server.person("rosa").posts("ops-room", &format!("message {n} for @morgan"))?;
            }
        }
        let right = self.right()?;
        self.client.until("all messages", |view| i64::from(view.badge.mentions) == right)?;
        self.client.command(Command::DismissAllBanners)
    }

    fn right(&self) -> anyhow::Result<i64> {
        self.servers.iter().map(|server| Ok(server.counts("morgan")?.badge_mentions)).sum()
    }

    fn memory(&self) -> anyhow::Result<String> {
        let kib = memory_kib(self.process.id())?;
        Ok(format!("{}.{}", kib / 1024, kib % 1024 * 10 / 1024))
    }
}

pub(super) fn run() -> anyhow::Result<()> {
    let mut agent = Agent::start()?;
    println!("  agent without servers: {} MiB PSS", agent.memory()?);
    for step in STEPS {
        while agent.servers.len() < step {
            agent.add(super::CHANNELS)?;
        }
        let loaded = agent.memory()?;
        agent.talk()?;
        println!(
            "  agent with {step} servers of {} channels: {loaded} MiB PSS when loaded, {} after {MESSAGES} messages on each",
            super::CHANNELS,
            agent.memory()?
        );
        if matches!(step, 3 | 20) {
            let id = agent.process.id();
            std::thread::sleep(SETTLES);
            let (ticks, wakes) = (cpu_ticks(id)?, wakeups(id)?);
            std::thread::sleep(QUIET);
            let (ticks, wakes) = (cpu_ticks(id)?.saturating_sub(ticks), wakeups(id)?.saturating_sub(wakes));
            println!(
                "    a quiet minute: {} ms of processor time, {wakes} wake-ups; extrapolated to an hour: {} ms, {}",
                ticks * 10,
                ticks * 600,
                wakes * 60
            );
        }
    }
    Ok(())
}

/// Twenty servers of ten thousand channels: by hand, since the servers alone take minutes and a gigabyte.
pub(super) fn many() -> anyhow::Result<()> {
    let mut agent = Agent::start()?;
    let start = monotonic();
    for _ in 0..20 {
        agent.add(LARGEST)?;
    }
    println!("  20 servers of {LARGEST} channels added one by one in {:.1} s", start.elapsed().as_secs_f64());
    println!("  agent: {} MiB PSS when loaded", agent.memory()?);
    agent.talk()?;
    println!("  agent: {} MiB PSS after {MESSAGES} messages on each", agent.memory()?);
    let start = monotonic();
    let last = agent.servers.last().context("no server")?;
    last.person("rosa").direct("morgan", "on the last one")?;
    let right = agent.right()?;
    agent.client.until("the message on the last one", |view| i64::from(view.badge.mentions) == right)?;
    println!("  a message on the last one is counted after {:.0} ms", start.elapsed().as_secs_f64() * 1000.0);
    let start = monotonic();
    for server in &agent.servers {
        server.restarts();
    }
    agent.client.until("somebody to be away", |view| !view.servers.iter().all(is_live))?;
    belfry_tests::poll::within(Duration::from_mins(10), "all to be back", || {
        Ok(agent.client.view()?.servers.iter().all(is_live).then_some(()))
    })?;
    println!("  all 20 are back {:.1} s after all restarted at once", start.elapsed().as_secs_f64());
    println!("  agent: {} MiB PSS after that", agent.memory()?);
    Ok(())
}
