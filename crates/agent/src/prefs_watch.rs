//! The preferences file, watched for what a person writes into it while Belfry runs.
//!
//! The kernel tells (inotify): nothing is polled, and an idle program stays idle. Where it cannot, hand edits count from
//! the next start.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use belfry_core::command::Command;
use belfry_core::prefs::{LocalPrefs, Permission};
use belfry_core::problem::ProblemKind;
use belfry_core::signal::Signal;
use belfry_core::view::View;
use belfry_net::Inputs;
use tokio::sync::{mpsc, watch};

use crate::paths;
use crate::prefs_file::PrefsFile;

/// Editors write in several steps: what stands there after this long is what was meant.
const SETTLE: Duration = Duration::from_millis(200);

/// Watches until the program ends.
pub async fn run(path: PathBuf, inputs: Inputs, view: watch::Receiver<Arc<View>>, reports: mpsc::Sender<Signal>) {
    let watched = path.parent().map_or_else(|| PathBuf::from("."), Path::to_owned);
    let name = path.file_name().unwrap_or_default().to_owned();
    // The folder, not the file: editors and we replace it.
    let started = paths::make_private(&watched)
        .map_err(|error| error.to_string())
        .and_then(|()| events::Watch::new(&watched).map_err(|error| error.to_string()));
    let mut watch = match started {
        Ok(watch) => watch,
        Err(error) => {
            tracing::info!(%error, "the preferences file is not watched");
            return;
        }
    };
    let file = PrefsFile::new(path);
    let mut complained = false;
    loop {
        match watch.touched(&name).await {
            Ok(true) => {}
            Ok(false) => continue,
            Err(error) => {
                tracing::warn!(%error, "the preferences file is not watched any more");
                return;
            }
        }
        tokio::time::sleep(SETTLE).await;
        watch.drain();
        let looked = {
            let file = file.clone();
            tokio::task::spawn_blocking(move || file.examine()).await
        };
        match looked {
            Ok(Ok(edited)) => {
                if std::mem::take(&mut complained) {
                    reports.send(Signal::ProblemCleared(ProblemKind::Prefs)).await.ok(); // shutting down
                }
                if is_news(&view.borrow().prefs, &edited) {
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

/// Whether the file says something else than what counts: what we wrote ourselves is no news.
fn is_news(held: &LocalPrefs, edited: &LocalPrefs) -> bool {
    let mut held = held.clone();
    held.version = edited.version;
    for server in &mut held.servers {
        if server.permission == Permission::Dismissed {
            server.permission = Permission::Ask;
        }
    }
    held != *edited
}

#[cfg(target_os = "linux")]
mod events {
    use std::ffi::OsStr;
    use std::io;
    use std::mem::MaybeUninit;
    use std::os::fd::OwnedFd;
    use std::os::unix::ffi::OsStrExt as _;
    use std::path::Path;

    use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
    use tokio::io::unix::AsyncFd;

    /// What happens to the files of a folder.
    pub(super) struct Watch(AsyncFd<OwnedFd>);

    impl Watch {
        pub(super) fn new(folder: &Path) -> io::Result<Self> {
            let watch = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
            inotify::add_watch(&watch, folder, WatchFlags::CLOSE_WRITE | WatchFlags::MOVED_TO)?;
            Ok(Self(AsyncFd::register(watch)?))
        }

        /// Waits for news; whether they are about this name.
        pub(super) async fn touched(&mut self, name: &OsStr) -> io::Result<bool> {
            let mut ready = self.0.readable().await?;
            let found = names(self.0.get_ref(), name);
            ready.clear_ready();
            found
        }

        /// Forgets what has come meanwhile.
        pub(super) fn drain(&mut self) {
            names(self.0.get_ref(), OsStr::new("")).ok(); // nothing came, or it is told again
        }
    }

    fn names(watch: &OwnedFd, name: &OsStr) -> io::Result<bool> {
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut reader = inotify::Reader::new(watch, &mut buffer);
        let mut found = false;
        loop {
            match reader.next() {
                Ok(event) => found |= event.file_name().is_some_and(|other| other.to_bytes() == name.as_bytes()),
                Err(rustix::io::Errno::AGAIN) => return Ok(found),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod events {
    use std::ffi::OsStr;
    use std::io;
    use std::path::Path;

    /// Not on this system.
    pub(super) struct Watch;

    impl Watch {
        pub(super) fn new(_folder: &Path) -> io::Result<Self> {
            Err(io::Error::from(io::ErrorKind::Unsupported))
        }

        pub(super) async fn touched(&mut self, _name: &OsStr) -> io::Result<bool> {
            std::future::pending().await
        }

        pub(super) fn drain(&mut self) {}
    }
}
