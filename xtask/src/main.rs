//! `cargo xtask <command>`: everything around the program. Standard library only: it installs what the others need to compile.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command talks on its terminal")]

mod packages;
mod run;
mod setup;
mod sounds;
mod test;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use run::cargo;
use setup::{Need, Permit};

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

const USAGE: &str = "\
usage: cargo xtask <command> [--install]

  demo [--release]            play a shortened day: on your display, or on one of its own with pictures in out/demo
  test                        everything that must pass: format, tidy, clippy, licences, tests
  tidy                        the house rules that no compiler checks
  chaos [--seeds N] [--from SEED] [--tell]
                              play random histories under random faults; nothing may be lost or doubled
  conformance FILE            compare described situations with the verdicts expected of them
  bench [engine|desktop|net|window]
                              measure speed, memory and delay, in release
  bench desktop --quick       the same with shorter idle times and fewer samples
  bench net --many            the same with twenty servers of ten thousand channels
  screenshots                 every page of the window and every kind of card as a picture, in out/screenshots
  licences                    make assets/licences.txt again: what is linked into the program
  dist                        make a Debian package in target/dist
  record [--threads on|off]   record the practice server, or one that you run, into out/recording.jsonl
         [--server URL --token-file FILE] [--note TEXT] [--out FILE]
  sounds                      make assets/sounds again
  icons                       make assets/icons again
  setup                       what the system must have installed

  --install                   install missing system packages (as root this is the default)";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let permit = if arguments.iter().any(|word| word == "--install") { Permit::Asked } else { Permit::RootOnly };
    let words: Vec<&str> = arguments.iter().map(String::as_str).filter(|word| *word != "--install").collect();
    let Some(outcome) = root().map_or_else(|error| Some(Err(error)), |root| dispatch(&root, &words, permit)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Runs one command; `None` where there is no such command.
fn dispatch(root: &Path, words: &[&str], permit: Permit) -> Option<Outcome> {
    Some(match words {
        ["demo"] => demo(root, permit, "dev"),
        ["demo", "--release"] => demo(root, permit, "release"),
        ["test"] => setup::ensure(&[Need::Build, Need::Desktop, Need::Others], permit).and_then(|()| test::run(root)),
        ["tidy"] => tidy::run(root),
        ["conformance", file] => {
            setup::ensure(&[Need::Build], permit).and_then(|()| tests_bin(root, "dev", "conformance", &[file]))
        }
        ["chaos", options @ ..] => {
            setup::ensure(&[Need::Build], permit).and_then(|()| tests_bin(root, "dev", "chaos", options))
        }
        ["bench"] => bench(root, permit, &[]).and_then(|()| window_bench(root)),
        ["bench", "window"] => setup::ensure(&[Need::Build], permit).and_then(|()| window_bench(root)),
        ["bench", part @ ("engine" | "desktop" | "net")] => bench(root, permit, &[part]),
        ["bench", "desktop", "--quick"] => bench(root, permit, &["desktop", "--quick"]),
        ["bench", "net", "--many"] => bench(root, permit, &["net", "--many"]),
        ["screenshots"] => setup::ensure(&[Need::Build], permit).and_then(|()| screenshots(root)),
        ["licences"] => packages::run(root),
        ["dist"] => dist(root, permit),
        ["record", arguments @ ..] => setup::ensure(&[Need::Build], permit).and_then(|()| record(root, arguments)),
        ["sounds"] => sounds::run(root),
        ["icons"] => setup::ensure(&[Need::Build], permit).and_then(|()| tests_bin(root, "dev", "icons", &[])),
        ["setup"] => setup::ensure(&[Need::Build, Need::Desktop, Need::Others], permit),
        _ => return None,
    })
}

/// On a person's own display: the program, to be looked at. Without one: the same, with pictures taken.
fn demo(root: &Path, permit: Permit, profile: &str) -> Outcome {
    if std::env::var_os("DISPLAY").is_some_and(|display| !display.is_empty()) {
        setup::ensure(&[Need::Build], permit)?;
        return run::run(cargo(root).args([
            "run",
            "--profile",
            profile,
            "--package",
            "belfry-gui",
            "--bin",
            "belfry",
            "--",
            "--demo",
        ]));
    }
    setup::ensure(&[Need::Build, Need::Desktop], permit)?;
    tests_bin(root, profile, "demo", &[])
}

/// The program as it is released, in a package.
fn dist(root: &Path, permit: Permit) -> Outcome {
    setup::ensure(&[Need::Build], permit)?;
    run::run(cargo(root).args(["build", "--release", "--package", "belfry-gui", "--bin", "belfry"]))?;
    let target = run::target(root);
    let package = ["run", "--quiet", "--package", "belfry-tests", "--bin", "dist", "--"];
    run::run(cargo(root).args(package).arg(target.join("release/belfry")).arg(target.join("dist")))
}

/// Every page of the window and every kind of card as a picture in `out/screenshots`: both themes, 100, 150 and 200
/// percent.
fn screenshots(root: &Path) -> Outcome {
    run::run(cargo(root).args(["run", "--package", "belfry-gui", "--example", "screenshots", "--", "out/screenshots"]))
}

/// What a frame of each page costs.
fn window_bench(root: &Path) -> Outcome {
    run::run(cargo(root).args(["run", "--release", "--package", "belfry-gui", "--example", "window-bench"]))
}

fn bench(root: &Path, permit: Permit, parts: &[&str]) -> Outcome {
    setup::ensure(&[Need::Build, Need::Desktop], permit)?;
    tests_bin(root, "release", "bench", parts)
}

/// The one command that may be spoken to: with a server of one's own, the actions are typed.
fn record(root: &Path, arguments: &[&str]) -> Outcome {
    run::run(cargo(root).args(["build", "--package", "belfry-tests", "--bin", "record"]))?;
    let program = run::target(root).join("debug").join(format!("record{}", std::env::consts::EXE_SUFFIX));
    run::run_with_input(Command::new(program).args(arguments).current_dir(root))
}

/// Runs a program of `belfry-tests` with a `belfry` of the same sources: both are built by one command, so that their
/// dependencies are the same and built once.
fn tests_bin(root: &Path, profile: &str, bin: &str, arguments: &[&str]) -> Outcome {
    let build = ["build", "--profile", profile, "--package", "belfry-gui", "--package", "belfry-tests", "--bins"];
    run::run(cargo(root).args(build))?;
    let folder = run::target(root).join(if profile == "dev" { "debug" } else { profile });
    let program = |name: &str| folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    run::run(Command::new(program(bin)).args(arguments).current_dir(root).env("BELFRY_BIN", program("belfry")))
}
