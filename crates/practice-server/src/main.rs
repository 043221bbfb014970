//! `belfry-practice-server`: see [`belfry_practice_server::run_program`].

use std::io::Write as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    match belfry_practice_server::run_program(std::env::args().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            writeln!(std::io::stderr(), "{error}").ok();
            ExitCode::FAILURE
        }
    }
}
