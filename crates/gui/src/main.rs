//! `belfry`: arguments and logging; then the agent, a face, or a command. No logic lives here.

mod cli;
mod panics;

use std::io::Write as _;
use std::process::ExitCode;

use cli::args;

fn main() -> ExitCode {
    // Both before anything is read that could be a secret.
    belfry_agent::platform::forbid_core_files();
    panics::keep_contents_out();
    let invocation = match args::parse(std::env::args_os().skip(1)) {
        Ok(invocation) => invocation,
        Err(error) => {
            say(&format!("belfry: {error}\nTry `belfry --help`."));
            return ExitCode::from(2);
        }
    };
    // Before anything else may ask for a connection; harmless where none is made.
    belfry_net::install_crypto();
    match cli::run(invocation) {
        Ok(code) => code,
        Err(error) => {
            say(&format!("belfry: {}", sentence(&error)));
            ExitCode::FAILURE
        }
    }
}

/// Says something on standard error, where anyone listens.
fn say(text: &str) {
    writeln!(std::io::stderr(), "{text}").ok(); // nobody listens
}

/// An error and its causes in one line. Many of ours quote their cause already: then it is not said again.
fn sentence(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |said, cause| {
        if said.is_empty() {
            cause
        } else if said.contains(&cause) {
            said
        } else {
            format!("{said}: {cause}")
        }
    })
}
