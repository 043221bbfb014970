//! `cargo xtask test`: the whole gate. The tests come last, so that their summary ends the output.

use std::path::Path;

use crate::run::{self, cargo, installed};
use crate::{Outcome, tidy};

/// Runs everything; the first failure ends it.
pub(crate) fn run(root: &Path) -> Outcome {
    run::run(cargo(root).args(["fmt", "--all", "--check"]))?;
    tidy::run(root)?;
    if installed("cargo-deny") {
        // Advisories need a database from outside; a check that cannot be repeated offline is no gate.
        run::run(cargo(root).args(["deny", "--offline", "check", "licenses", "bans", "sources"]))?;
    }
    run::run(cargo(root).args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    // Builds `belfry` too, since gui's own tests want it: the tests of the whole then use that one instead of building another.
    run::run(cargo(root).args(["test", "--workspace", "--no-run"]))?;
    let belfry = run::target(root).join("debug").join(format!("belfry{}", std::env::consts::EXE_SUFFIX));
    run::run(cargo(root).args(["test", "--workspace"]).env("BELFRY_BIN", belfry))
}
