//! The preferences file, watched for what a person writes into it while Belfry runs.
//!
//! The kernel tells (inotify): nothing is polled, and an idle program stays idle. Where it cannot, hand edits count from
//! the next start.

use std::path::{Path, PathBuf};
use std::time::Duration;

use belfry_core::command::Command;
use belfry_core::problem::ProblemKind;
use belfry_core::signal::Signal;
use belfry_net::Inputs;
use tokio::sync::mpsc;

use crate::paths;
use crate::prefs_file::PrefsFile;

/// Editors write in several steps: what stands there after this long is what was meant.
const SETTLE: Duration = Duration::from_millis(200);

/// Watches until the program ends.
pub async fn run(file: PrefsFile, inputs: Inputs, reports: mpsc::Sender<Signal>) {
    let path = file.path();
    let watched = path.parent().map_or_else(|| PathBuf::from("."), Path::to_owned);
    let name = path.file_name().unwrap_or_default().to_owned();
    // The folder, not the file: editors and we replace it.
    let started = paths::make_private(&watched)
        .map_err(|error| error.to_string())
        .and_then(|()| events::watch(&watched, &name).map_err(|error| error.to_string()));
    let mut touched = match started {
        Ok(touched) => touched,
        Err(error) => {
            tracing::info!(%error, "the preferences file is not watched");
            return;
        }
    };
    let mut complained = false;
    while touched.recv().await.is_some() {
        tokio::time::sleep(SETTLE).await;
        touched.try_recv().ok(); // what came meanwhile is seen as well
        let looked = {
            let file = file.clone();
            tokio::task::spawn_blocking(move || file.edited()).await
        };
        match looked {
            Ok(Ok(edited)) => {
                if std::mem::take(&mut complained) {
                    reports.send(Signal::ProblemCleared(ProblemKind::Prefs)).await.ok(); // shutting down
                }
                if let Some(edited) = edited {
                    inputs.send_command(Command::PrefsEdited(Box::new(edited))).await;
                }
            }
            Ok(Err(why)) => {
                // It is set aside when we write the next time; until then the person may mend it.
                complained = true;
                let detail = format!("{why}; what counted before still does");
                reports.send(Signal::ProblemRaised { kind: ProblemKind::Prefs, detail }).await.ok(); // shutting down
            }
            Err(_panicked) => {}
        }
    }
}

#[cfg(target_os = "linux")]
mod events {
    use std::ffi::OsStr;
    use std::io;
    use std::mem::MaybeUninit;
    use std::os::unix::ffi::OsStrExt as _;
    use std::path::Path;
    use std::thread;

    use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
    use tokio::sync::mpsc;

    /// Tells whenever a file of that name was written or put there. Several at once are one.
    pub(super) fn watch(folder: &Path, name: &OsStr) -> io::Result<mpsc::Receiver<()>> {
        let watch = inotify::init(CreateFlags::CLOEXEC)?;
        inotify::add_watch(&watch, folder, WatchFlags::CLOSE_WRITE | WatchFlags::MOVED_TO)?;
        let (tell, told) = mpsc::channel(1);
        let name = name.to_owned();
        // A thread that sleeps in the kernel: it is not joined at the end, and nothing of it needs saving.
        thread::Builder::new().name("prefs".to_owned()).spawn(move || {
            let mut buffer = [MaybeUninit::uninit(); 4096];
            let mut reader = inotify::Reader::new(watch, &mut buffer);
            while !tell.is_closed() {
                match reader.next() {
                    Ok(event) if event.file_name().is_some_and(|other| other.to_bytes() == name.as_bytes()) => {
                        tell.try_send(()).ok(); // full means that it is told already
                    }
                    Ok(_) | Err(rustix::io::Errno::INTR) => {}
                    Err(_) => return,
                }
            }
        })?;
        Ok(told)
    }
}

#[cfg(not(target_os = "linux"))]
mod events {
    use std::ffi::OsStr;
    use std::io;
    use std::path::Path;

    use tokio::sync::mpsc;

    /// Not on this system.
    pub(super) fn watch(_folder: &Path, _name: &OsStr) -> io::Result<mpsc::Receiver<()>> {
        Err(io::Error::from(io::ErrorKind::Unsupported))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_file_that_is_written_or_replaced_is_told_and_its_neighbors_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("preferences.toml");
        let mut told = events::watch(folder.path(), "preferences.toml".as_ref()).unwrap();
        std::fs::write(folder.path().join("other.toml"), "x").unwrap();
        std::fs::write(&path, "tray = false\n").unwrap();
        assert_eq!(told.recv().await, Some(()));
        std::fs::write(folder.path().join("new"), "tray = true\n").unwrap();
        std::fs::rename(folder.path().join("new"), &path).unwrap();
        assert_eq!(told.recv().await, Some(()));
        std::fs::write(folder.path().join("other.toml"), "y").unwrap();
        std::fs::write(folder.path().join("last"), "z").unwrap();
        std::fs::rename(folder.path().join("last"), &path).unwrap();
        assert_eq!(told.recv().await, Some(()));
        assert!(told.try_recv().is_err(), "nothing was said of the others");
    }
}
