//! From the decision to the first samples that the device is given, by the receipts of test notifications.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use belfry_core::command::Command;
use belfry_core::receipt::{StepState, TestReceipt, TestStep};
use belfry_tests::Stage;
use belfry_tests::poll;

use crate::percentiles;

/// A conversation that sounded just now is silent for three seconds, and tests are one conversation.
const BURST: Duration = Duration::from_millis(3100);
/// A test that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) fn measure(stage: &mut Stage, samples: usize) -> anyhow::Result<()> {
    let mut began = Vec::with_capacity(samples);
    // The first one opens the device, which is reported apart.
    let mut cold = None;
    for _ in 0..=samples {
        stage.clear()?;
        std::thread::sleep(BURST);
        stage.client.command(Command::ForgetTest)?;
        poll::within(PATIENCE, "the last test to be gone", || Ok(receipt(stage)?.is_none().then_some(())))?;
        stage.client.command(Command::SendTest(stage.server))?;
        let test = poll::within(PATIENCE, "the test to be over", || Ok(receipt(stage)?.filter(|test| test.over)))?;
        ensure!(test.is_success(), "a test notification failed: {test:?}");
        let after = |step| {
            test.steps.iter().find_map(|(which, state)| match state {
                StepState::Done { after_ms } if *which == step => Some(*after_ms),
                _ => None,
            })
        };
        let (decided, sounded) =
            after(TestStep::Decided).zip(after(TestStep::Sounded)).context("no sound was asked for")?;
        let spent = Duration::from_millis(sounded.saturating_sub(decided));
        if cold.is_none() {
            cold = Some(spent);
        } else {
            began.push(spent);
        }
        poll::within(PATIENCE, "the sound to be over", || Ok(stage.client.view()?.previewing.is_none().then_some(())))?;
    }
    println!("  from the decision to the first samples of its sound: {} (at most 50 ms wanted)", percentiles(began));
    println!("    the first one of the run: {} ms", cold.unwrap_or_default().as_millis());
    Ok(())
}

fn receipt(stage: &Stage) -> anyhow::Result<Option<TestReceipt>> {
    Ok(stage.client.view()?.test)
}
