//! What is paid while nothing happens.

use std::time::Duration;

use belfry_net::clock::monotonic;
use belfry_tests::Stage;
use belfry_tests::damage::Damage;
use belfry_tests::process::{cpu_ticks, descendants, memory_kib, wakeups};

/// What was asked for last may still be drawn, written or played for so long.
pub(super) const SETTLED: Duration = Duration::from_secs(3);
/// Changes of the display that are closer together than this belong to one frame.
const ONE_FRAME: Duration = Duration::from_millis(8);

pub(super) fn heading() {
    println!(
        "  {:<40} {:>9} {:<8} {:>10} {:>14} {:>9} {:>7}",
        "idle", "seconds", "process", "PSS, MiB", "processor, ms", "wake-ups", "frames"
    );
}

struct Process {
    id: u32,
    name: &'static str,
    ticks: u64,
    wakeups: u64,
}

/// What an idle time cost, of all processes.
pub(super) struct Idle {
    pub(super) memory_kib: u64,
    pub(super) wakeups_a_second: f64,
    pub(super) frames: u32,
}

/// Memory of the agent and its faces.
pub(super) fn total_kib(stage: &Stage) -> anyhow::Result<u64> {
    let agent = stage.agent.id();
    let faces = descendants(agent)?.into_iter().map(|(id, _)| id);
    std::iter::once(agent).chain(faces).map(memory_kib).sum()
}

/// Does nothing for so long, and prints what that cost.
pub(super) fn measure(stage: &Stage, damage: &Damage, time: Duration, what: &str) -> anyhow::Result<Idle> {
    // Cards never settle: the line of the time that is left to them moves.
    if stage.client.view()?.banners.is_empty() {
        damage.settle(SETTLED)?;
    } else {
        std::thread::sleep(SETTLED);
        damage.settle(Duration::ZERO)?;
    }
    let agent = stage.agent.id();
    let faces = descendants(agent)?.into_iter().map(|(id, line)| (id, face_name(&line)));
    let processes = std::iter::once((agent, "agent"))
        .chain(faces)
        .map(|(id, name)| Ok(Process { id, name, ticks: cpu_ticks(id)?, wakeups: wakeups(id)? }))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let frames = frames(damage, time)?;
    let (mut total, mut woken) = (0, 0);
    for (row, process) in processes.iter().enumerate() {
        let ticks = cpu_ticks(process.id)?.saturating_sub(process.ticks);
        let wakeups = wakeups(process.id)?.saturating_sub(process.wakeups);
        let memory = memory_kib(process.id)?;
        total += memory;
        woken += wakeups;
        let (what, secs, frames) = if row == 0 {
            (what, time.as_secs().to_string(), frames.to_string())
        } else {
            ("", String::new(), String::new())
        };
        let (memory, name) = (mib(memory), process.name);
        println!("  {what:<40} {secs:>9} {name:<8} {memory:>10} {:>14} {wakeups:>9} {frames:>7}", ticks * 10);
    }
    if processes.len() > 1 {
        println!("  {:<40} {:>9} {:<8} {:>10}", "", "", "together", mib(total));
    }
    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    let wakeups_a_second = woken as f64 / time.as_secs_f64();
    Ok(Idle { memory_kib: total, wakeups_a_second, frames })
}

/// Frames are counted where a person would see them: as changes of the display.
fn frames(damage: &Damage, time: Duration) -> anyhow::Result<u32> {
    let start = monotonic();
    let mut last = None;
    let mut frames = 0;
    while let Some(left) = time.checked_sub(start.elapsed()).filter(|left| !left.is_zero()) {
        let Some(painted) = damage.next(left)? else { break };
        if last.is_none_or(|last| painted.at.duration_since(last) > ONE_FRAME) {
            frames += 1;
        }
        last = Some(painted.at);
    }
    Ok(frames)
}

pub(super) fn mib(kib: u64) -> String {
    format!("{}.{}", kib / 1024, kib % 1024 * 10 / 1024)
}

fn face_name(command_line: &str) -> &'static str {
    ["window", "banners"].into_iter().find(|face| command_line.contains(&format!("face {face}"))).unwrap_or("child")
}
