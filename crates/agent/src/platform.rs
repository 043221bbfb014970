//! The few calls that differ between operating systems.
//!
//! Belfry has been written for and run on Linux. macOS compiles as far as it is a Unix; Windows needs a named pipe
//! in place of the control socket and is refused here, at build time, rather than failing in a person's hands.

#[cfg(not(unix))]
compile_error!("Belfry's agent needs Unix sockets: Windows is not supported yet");

use std::io;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

/// The number of the user this process runs as.
pub fn user_id() -> u32 {
    rustix::process::getuid().as_raw()
}

/// The program that runs, in a form that starts the very same file even after an upgrade replaced it on disk.
///
/// On Linux the kernel resolves this link in the child, before the new program is loaded, to the file that the
/// parent was started from.
pub fn own_program() -> io::Result<PathBuf> {
    if cfg!(target_os = "linux") { Ok(PathBuf::from("/proc/self/exe")) } else { std::env::current_exe() }
}

/// Keeps message text and tokens out of core files. A refusal changes nothing else and is only said.
pub fn forbid_core_files() {
    let none = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
    if let Err(error) = rustix::process::setrlimit(rustix::process::Resource::Core, none) {
        tracing::debug!(%error, "core files cannot be switched off");
    }
}

/// Names this process in lists of processes; a face started through [`own_program`] would be called `exe` there.
pub fn name_process(name: &std::ffi::CStr) {
    #[cfg(target_os = "linux")]
    rustix::thread::set_name(name).ok(); // a name for people; nothing depends on it
    #[cfg(not(target_os = "linux"))]
    let _unused = name;
}

/// The process at the other end of a socket, where the system tells.
pub fn peer_process(stream: &UnixStream) -> Option<rustix::process::Pid> {
    #[cfg(target_os = "linux")]
    {
        rustix::net::sockopt::socket_peercred(stream).ok().map(|peer| peer.pid)
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _unused = stream;
        None
    }
}

/// The user at the other end of a socket, where the system tells.
pub fn peer_user(stream: &UnixStream) -> Option<u32> {
    #[cfg(target_os = "linux")]
    {
        rustix::net::sockopt::socket_peercred(stream).ok().map(|peer| peer.uid.as_raw())
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _unused = stream;
        None
    }
}

/// Whether this process was started to outlive its terminal (`nohup`). Handling the signal would undo that.
pub fn hangup_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask & 1 == 1) // SIGHUP is signal 1, the lowest bit
}

/// Asks a process to end, in order.
pub fn ask_to_end(process: rustix::process::Pid) -> io::Result<()> {
    rustix::process::kill_process(process, rustix::process::Signal::TERM).map_err(io::Error::from)
}
