//! `belfry`: arguments and logging; then the agent, a face, or a command. No logic lives here.

mod cli;

use std::io::Write as _;
use std::process::ExitCode;

use cli::args;

fn main() -> ExitCode {
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
            say(&format!("belfry: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Says something on standard error, where anyone listens.
fn say(text: &str) {
    writeln!(std::io::stderr(), "{text}").ok(); // nobody listens
}
