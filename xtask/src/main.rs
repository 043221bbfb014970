//! `cargo xtask <command>`: everything around the program. Standard library only: it installs what the others need to compile.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command talks on its terminal")]

mod sounds;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What a command comes to: nothing to say, or one message.
pub(crate) type Outcome<T = ()> = Result<T, String>;

/// An outcome that is a failure.
pub(crate) fn fail<T>(message: impl Into<String>) -> Outcome<T> {
    Err(message.into())
}

/// The folder that holds the workspace.
pub(crate) fn root() -> Outcome<PathBuf> {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map(Path::to_path_buf)
        .ok_or_else(|| "xtask stands in no workspace".to_owned())
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = root().and_then(|root| match words.as_slice() {
        ["sounds"] => sounds::run(&root),
        _ => fail("unknown command"),
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
