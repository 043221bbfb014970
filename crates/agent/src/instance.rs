//! One Belfry per instance name: a file lock, which ends with the process whatever happens to it.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::time::Duration;

use rustix::fs::FlockOperation;

use crate::paths::{Paths, PathsError};

/// Held for as long as this process is the one of its instance.
#[derive(Debug)]
pub struct InstanceLock {
    _file: File,
}

/// The answer to "am I the only one?".
#[derive(Debug)]
pub enum Instance {
    /// Yes, for as long as the lock is kept.
    First(InstanceLock),
    /// No.
    Running,
}

/// Why the question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum InstanceError {
    /// The folder is missing or not ours.
    #[error(transparent)]
    Folder(#[from] PathsError),
    /// The lock cannot be used.
    #[error("the lock file cannot be used: {0}")]
    Lock(#[source] io::Error),
}

impl InstanceLock {
    /// Waits until no instance runs any more, at most this long; whether that came true.
    pub fn wait_until_free(paths: &Paths, at_most: Duration) -> bool {
        let (freed, wait) = std::sync::mpsc::sync_channel(1);
        let path = paths.lock();
        let waiter = std::thread::Builder::new().name("lock".to_owned()).spawn(move || {
            let free = File::open(path).is_ok_and(|file| rustix::fs::flock(&file, FlockOperation::LockShared).is_ok());
            freed.send(free).ok(); // waited for long enough
        });
        waiter.is_ok() && wait.recv_timeout(at_most).unwrap_or(false)
    }

    /// Takes the lock, without waiting.
    pub fn acquire(paths: &Paths) -> Result<Instance, InstanceError> {
        paths.make_runtime()?;
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(paths.lock())
            .map_err(InstanceError::Lock)?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Instance::First(Self { _file: file })),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(Instance::Running),
            Err(error) => Err(InstanceError::Lock(error.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_start_notices_the_first_and_follows_it_when_it_ends() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::below(folder.path(), folder.path().join("run"));
        let first = InstanceLock::acquire(&paths).unwrap();
        assert!(matches!(first, Instance::First(_)));
        assert!(matches!(InstanceLock::acquire(&paths).unwrap(), Instance::Running));
        assert!(!InstanceLock::wait_until_free(&paths, Duration::ZERO));
        drop(first);
        assert!(InstanceLock::wait_until_free(&paths, Duration::from_secs(20)));
        assert!(matches!(InstanceLock::acquire(&paths).unwrap(), Instance::First(_)));
    }
}
