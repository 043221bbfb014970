//! One heap for the whole agent.
//!
//! The C library gives each thread a heap of its own and hands back only its end. The agent's threads take turns at most,
//! and what a load leaves behind stays: with three servers of a thousand channels ten megabytes, where six do. It reads its
//! settings from the environment before anything runs, so the agent starts itself once more with them, in the same process;
//! what it starts in turn gets the environment as it was.

use std::ffi::OsStr;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use crate::platform;

/// One heap; blocks above 128 KiB apart from it, always (else the largest block that was ever freed moves that limit up);
/// and its end handed back as soon as that much is free.
const SETTINGS: [(&str, &str); 3] =
    [("MALLOC_ARENA_MAX", "1"), ("MALLOC_MMAP_THRESHOLD_", "131072"), ("MALLOC_TRIM_THRESHOLD_", "131072")];

/// Starts this program once more with [`SETTINGS`], in this process. Comes back where that is done already, where a person
/// chose any of them, where there is no such C library, or with what stood in the way: then it runs as it is. Call it before
/// anything is open and any thread runs.
pub fn start_again() -> io::Result<()> {
    if !cfg!(all(target_os = "linux", target_env = "gnu"))
        || SETTINGS.iter().any(|(name, _)| std::env::var_os(name).is_some())
    {
        return Ok(());
    }
    let mut command = Command::new(platform::own_program()?);
    let mut words = std::env::args_os();
    if let Some(name) = words.next() {
        command.arg0(name);
    }
    Err(command.args(words).envs(SETTINGS).exec())
}

/// The environment of a program that the agent starts: without [`SETTINGS`], unless a person chose them.
pub(crate) fn as_it_was(command: &mut tokio::process::Command) -> &mut tokio::process::Command {
    if SETTINGS.iter().all(|(name, value)| std::env::var_os(name).is_some_and(|set| set == OsStr::new(value))) {
        for (name, _) in SETTINGS {
            command.env_remove(name);
        }
    }
    command
}
