//! `cargo xtask bench [engine|desktop|net]`: what Belfry costs, measured in one run. Everything, without an argument.
//! `net --many` measures twenty servers of ten thousand channels instead; `desktop --quick` looks at idle times for seconds only.
#![expect(clippy::print_stdout, reason = "a measurement is printed")]

mod allocations;
mod desktop;
mod engine;
mod net;

use std::time::Duration;

#[global_allocator]
static ALLOCATOR: allocations::Counting = allocations::Counting;

fn main() -> anyhow::Result<()> {
    let part = std::env::args().nth(1);
    let wanted = |name: &str| part.as_deref().is_none_or(|part| part == name);
    if wanted("engine") {
        engine::run()?;
    }
    if wanted("net") {
        net::run(std::env::args().any(|word| word == "--many"))?;
    }
    if wanted("desktop") {
        desktop::run(std::env::args().any(|word| word == "--quick"))?;
    }
    Ok(())
}

/// The middle and the slow end of some durations, in milliseconds.
fn percentiles(mut samples: Vec<Duration>) -> String {
    samples.sort_unstable();
    let at = |percent: usize| {
        let index = (samples.len() * percent).div_ceil(100).saturating_sub(1);
        samples.get(index).map_or(f64::NAN, |sample| sample.as_secs_f64() * 1000.0)
    };
    format!("p50 {:.1} ms, p95 {:.1} ms, slowest {:.1} ms of {}", at(50), at(95), at(100), samples.len())
}
