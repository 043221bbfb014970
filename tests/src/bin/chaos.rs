//! `cargo xtask chaos`: plays many seeds of the chaos suite and says by its code whether nothing was lost or doubled.
#![expect(clippy::print_stdout, reason = "a report is printed")]

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;

use anyhow::{Context as _, bail};
use belfry_tests::chaos::{self, Finding, Outcome, Played};

#[derive(Debug, Default)]
struct Wanted {
    seeds: u64,
    from: u64,
    tells: bool,
}

fn wanted() -> anyhow::Result<Wanted> {
    let mut wanted = Wanted { seeds: 50, ..Wanted::default() };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || -> anyhow::Result<u64> {
            let number = words.next().with_context(|| format!("{word} wants a number"))?;
            number.parse().with_context(|| format!("{number} is no number"))
        };
        match word.as_str() {
            "--seeds" => wanted.seeds = number()?,
            "--from" => wanted.from = number()?,
            "--tell" => wanted.tells = true,
            _ => bail!("what is {word}? usage: chaos [--seeds N] [--from SEED] [--tell]"),
        }
    }
    Ok(wanted)
}

fn main() -> anyhow::Result<ExitCode> {
    let Wanted { seeds, from, tells } = wanted()?;
    if tells {
        for seed in from..from.saturating_add(seeds) {
            println!("{}", chaos::tell(seed)?);
        }
    }
    let next = AtomicU64::new(0);
    let (done, outcomes) = mpsc::sync_channel::<anyhow::Result<Outcome>>(16);
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let mut played = Played::default();
    let (mut lost, mut doubled, mut others) = (0, 0, 0);
    thread::scope(|scope| -> anyhow::Result<()> {
        for number in 0..threads {
            let (next, done) = (&next, done.clone());
            thread::Builder::new().name(format!("seeds {number}")).spawn_scoped(scope, move || {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    // Nobody listens any more once one seed could not be played.
                    if seed >= seeds || done.send(chaos::run(from.saturating_add(seed))).is_err() {
                        return;
                    }
                }
            })?;
        }
        drop(done);
        for outcome in outcomes {
            let outcome = outcome?;
            played.add(outcome.played);
            lost += outcome.count(|finding| matches!(finding, Finding::Lost(_)));
            doubled += outcome.count(|finding| matches!(finding, Finding::Doubled(_)));
            others += outcome.count(|finding| !matches!(finding, Finding::Lost(_) | Finding::Doubled(_)));
            if !outcome.findings.is_empty() {
                println!("{outcome}");
            }
        }
        Ok(())
    })?;
    let Played { posts, announced, alone, summed_up, excused, faults } = played;
    println!(
        "{posts} posts, {faults} faults; {announced} announced in peace; under faults {alone} alone and {summed_up} in \
         summaries, {excused} superfluous by then"
    );
    if others > 0 {
        println!("{others} other findings");
    }
    println!("{seeds} seeds, {lost} lost, {doubled} doubled");
    Ok(if lost + doubled + others == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
