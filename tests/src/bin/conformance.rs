//! `cargo xtask conformance FILE`: runs behavior vectors and says by its code whether all agreed.
#![expect(clippy::print_stdout, reason = "a report is printed")]

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use belfry_tests::conformance;

fn main() -> anyhow::Result<ExitCode> {
    let path = PathBuf::from(std::env::args_os().nth(1).context("which file of vectors?")?);
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let report = conformance::run(&text)?;
    println!("{report}");
    Ok(if report.failed() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
