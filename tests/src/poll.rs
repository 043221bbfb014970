//! Waiting for something to become true.

use std::time::Duration;

use anyhow::{Context as _, bail};

const STEP: Duration = Duration::from_millis(20);
/// Generous: on a machine that is busy building, a window may take seconds.
const LIMIT: Duration = Duration::from_mins(1);

/// Asks until there is an answer; fails, naming what was waited for, when there is none within a minute.
pub fn eventually<T>(what: &str, probe: impl FnMut() -> anyhow::Result<Option<T>>) -> anyhow::Result<T> {
    within(LIMIT, what, probe)
}

/// As [`eventually`], with a limit of its own. The limit counts the pauses only, so a slow probe cannot make it fail sooner.
pub fn within<T>(
    limit: Duration,
    what: &str,
    mut probe: impl FnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let mut waited = Duration::ZERO;
    loop {
        if let Some(answer) = probe().with_context(|| format!("while waiting for {what}"))? {
            return Ok(answer);
        }
        if waited >= limit {
            bail!("waited {limit:?} in vain for {what}");
        }
        std::thread::sleep(STEP);
        waited += STEP;
    }
}
