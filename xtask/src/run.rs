//! Running other programs: every command line is printed before it is run.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{Outcome, fail};

/// The cargo that runs us, in the workspace's folder.
///
/// What cargo tells *us* about ourselves stays behind: build scripts that look at those variables would be run again, and
/// half of the dependencies built again, each time somebody builds with and without xtask in turn.
pub(crate) fn cargo(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    for (name, _) in std::env::vars_os() {
        let ours =
            name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"));
        if ours {
            command.env_remove(name);
        }
    }
    command
}

/// Where cargo puts what it builds.
pub(crate) fn target(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |folder| root.join(folder))
}

/// Prints a command, runs it without standard input, and fails if it failed.
pub(crate) fn run(command: &mut Command) -> Outcome {
    run_with_input(command.stdin(Stdio::null()))
}

/// The same with our own standard input, unless the command says otherwise.
pub(crate) fn run_with_input(command: &mut Command) -> Outcome {
    let line = shown(command);
    println!("$ {line}");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => fail(format!("`{line}` ended with {status}")),
        Err(error) => fail(format!("`{line}` could not be started: {error}")),
    }
}

/// What a command prints; empty where it cannot be run or fails.
pub(crate) fn output(command: &mut Command) -> String {
    match command.stdin(Stdio::null()).stderr(Stdio::null()).output() {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).into_owned(),
        Ok(_) | Err(_) => String::new(),
    }
}

/// Whether a program of this name is on the search path.
pub(crate) fn installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut line = program;
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    line
}
