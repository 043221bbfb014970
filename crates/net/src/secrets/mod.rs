//! Where tokens are kept: the system keyring, a file only the person can read, or memory.
//!
//! A keyring may be absent, locked or hanging, so every call runs on a thread of its own kind and has a time-out. Errors
//! are sentences; none holds a secret. The place can be changed while sessions run: what is kept moves along.

mod file;
mod keyring;
mod worker;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use belfry_core::secret::Secret;
use thiserror::Error;
use tokio::sync::RwLock;

use worker::{Place as At, Request, Worker};

/// Why a secret could not be read or written. One sentence without a full stop.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SecretError {
    /// Nobody offers a keyring.
    #[error("there is no system keyring")]
    NoKeyring,
    /// It did not answer in time, perhaps because it is locked.
    #[error("the system keyring did not answer; it may be locked")]
    TimedOut,
    /// It is locked, and nobody unlocked it.
    #[error("the system keyring is locked")]
    Locked,
    /// It refused.
    #[error("the system keyring refused")]
    Refused,
    /// Others may read the file, or it is somebody else's.
    #[error("the token file can be read by others; make it yours and readable by you alone")]
    FileOpenToOthers,
    /// A link, a folder or a pipe.
    #[error("the token file is a link or no file; put a file of your own in its place")]
    FileIsNoFile,
    /// The file is not what we wrote.
    #[error("the token file is damaged")]
    FileDamaged,
    /// The file could not be read or written.
    #[error("the token file could not be used ({0})")]
    File(String),
    /// Too many calls wait.
    #[error("the system keyring is busy")]
    Busy,
}

impl SecretError {
    /// Whether a file is the way out: the keyring is not there, or cannot be used.
    pub fn is_about_the_keyring(&self) -> bool {
        match self {
            Self::NoKeyring | Self::TimedOut | Self::Locked | Self::Refused => true,
            Self::FileOpenToOthers | Self::FileIsNoFile | Self::FileDamaged | Self::File(_) | Self::Busy => false,
        }
    }
}

/// A kind of place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The system keyring.
    Keyring,
    /// A file with mode 0600.
    File,
    /// This process's memory: demonstrations and tests.
    Memory,
}

#[derive(Debug)]
enum Kept {
    Keyring(Worker),
    File(Worker),
    Memory(Mutex<BTreeMap<String, Secret>>),
}

/// What became of the secrets that should move to another place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// They are in the new place now.
    pub moved: usize,
    /// The old place did not give them away: whoever they belong to signs in again.
    pub unreadable: usize,
}

/// The place where tokens are kept.
#[derive(Debug)]
pub struct SecretStore {
    /// Calls share it; a move has it alone, so that nothing is kept in the place that is being left.
    kept: RwLock<Kept>,
    /// Tokens that somebody else keeps (`--token-file`): known for as long as this process lives, written nowhere.
    given: Mutex<BTreeMap<String, Secret>>,
}

impl SecretStore {
    fn new(kept: Kept) -> Self {
        Self { kept: RwLock::new(kept), given: Mutex::default() }
    }

    /// The system keyring. Nothing is opened before the first call.
    pub fn keyring() -> Self {
        Self::new(Kept::keyring())
    }

    /// A file that only the person can read. It is made at the first [`SecretStore::set`].
    pub fn file(path: PathBuf) -> Self {
        Self::new(Kept::file(path))
    }

    /// Memory: forgotten at the end.
    pub fn memory() -> Self {
        Self::new(Kept::Memory(Mutex::default()))
    }

    /// Memory that knows these already.
    pub fn remembering(secrets: impl IntoIterator<Item = (String, Secret)>) -> Self {
        Self::new(Kept::Memory(Mutex::new(secrets.into_iter().collect())))
    }

    /// The kind of place.
    pub async fn place(&self) -> Place {
        self.kept.read().await.place()
    }

    /// Knows a secret that is kept elsewhere, in place of one that is kept here, until the end or another one is set.
    pub fn give(&self, key: String, secret: Secret) {
        self.given().insert(key, secret);
    }

    /// Whether this secret was given.
    pub fn is_given(&self, key: &str) -> bool {
        self.given().contains_key(key)
    }

    fn given(&self) -> MutexGuard<'_, BTreeMap<String, Secret>> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The secret under this key (`ServerPrefs::secret_key`); `None` where there is none.
    pub async fn get(&self, key: &str) -> Result<Option<Secret>, SecretError> {
        let given = self.given().get(key).cloned();
        if given.is_some() {
            return Ok(given);
        }
        self.kept.read().await.get(key).await
    }

    /// Keeps a secret, replacing one under the same key.
    pub async fn set(&self, key: &str, secret: &Secret) -> Result<(), SecretError> {
        self.kept.read().await.set(key, secret).await?;
        self.given().remove(key);
        Ok(())
    }

    /// Forgets a secret; one that is not there is forgotten already.
    pub async fn delete(&self, key: &str) -> Result<(), SecretError> {
        let given = self.given().remove(key).is_some();
        match self.kept.read().await.delete(key).await {
            // It was kept by somebody else: a keyring that is missing keeps nothing of it.
            Err(error) if given && error.is_about_the_keyring() => Ok(()),
            deleted => deleted,
        }
    }

    /// Whether secrets can be kept here at all: asked *before* a sign-in, so that a fresh token is not lost.
    pub async fn probe(&self) -> Result<(), SecretError> {
        self.get("probe").await.map(drop)
    }

    /// Keeps everything in a file from now on. A keyring that gives nothing away is no obstacle: it is why a person wants
    /// a file. A file that cannot be used is; then nothing has changed.
    pub async fn move_to_file(&self, path: &Path, keys: &[String]) -> Result<Moved, SecretError> {
        self.relocate(Place::File, || Kept::file(path.to_owned()), keys).await
    }

    /// Keeps everything in the system keyring from now on. Where that is not possible, nothing has changed.
    pub async fn move_to_keyring(&self, keys: &[String]) -> Result<Moved, SecretError> {
        self.relocate(Place::Keyring, Kept::keyring, keys).await
    }

    async fn relocate(&self, to: Place, new: impl FnOnce() -> Kept, keys: &[String]) -> Result<Moved, SecretError> {
        let mut kept = self.kept.write().await;
        // A demonstration keeps nothing, whatever is chosen in it.
        if kept.place() == to || kept.place() == Place::Memory {
            return Ok(Moved::default());
        }
        let new = new();
        new.get("probe").await?;
        let mut done = Moved::default();
        let mut moved = Vec::new();
        for key in keys {
            match kept.get(key).await {
                Ok(Some(secret)) => {
                    new.set(key, &secret).await?;
                    moved.push(key);
                }
                Ok(None) => {}
                // One time-out is enough: the rest would take as long, and sessions wait.
                Err(SecretError::NoKeyring | SecretError::TimedOut) => {
                    done.unreadable = keys.len() - moved.len();
                    break;
                }
                Err(_) => done.unreadable += 1,
            }
        }
        done.moved = moved.len();
        // Only now, so that no moment was without them; one that stays behind is of no use to anybody else.
        for key in moved {
            if let Err(error) = kept.delete(key).await {
                tracing::warn!(%error, "a token stays in the place that it was moved from");
            }
        }
        *kept = new;
        tracing::info!(?to, moved = done.moved, unreadable = done.unreadable, "tokens are kept elsewhere now");
        Ok(done)
    }
}

impl Kept {
    fn keyring() -> Self {
        Self::Keyring(Worker::new(At::Keyring))
    }

    fn file(path: PathBuf) -> Self {
        Self::File(Worker::new(At::File(path)))
    }

    fn place(&self) -> Place {
        match self {
            Self::Keyring(_) => Place::Keyring,
            Self::File(_) => Place::File,
            Self::Memory(_) => Place::Memory,
        }
    }

    async fn get(&self, key: &str) -> Result<Option<Secret>, SecretError> {
        match self {
            Self::Keyring(worker) | Self::File(worker) => worker.call(Request::Get(key.to_owned())).await,
            Self::Memory(map) => Ok(map.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()),
        }
    }

    async fn set(&self, key: &str, secret: &Secret) -> Result<(), SecretError> {
        match self {
            Self::Keyring(worker) | Self::File(worker) => {
                worker.call(Request::Set(key.to_owned(), secret.clone())).await.map(drop)
            }
            Self::Memory(map) => {
                map.lock().unwrap_or_else(PoisonError::into_inner).insert(key.to_owned(), secret.clone());
                Ok(())
            }
        }
    }

    async fn delete(&self, key: &str) -> Result<(), SecretError> {
        match self {
            Self::Keyring(worker) | Self::File(worker) => worker.call(Request::Delete(key.to_owned())).await.map(drop),
            Self::Memory(map) => {
                map.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn keeps_and_forgets(store: SecretStore) {
        assert_eq!(store.get("https://x#ann").await, Ok(None));
        store.set("https://x#ann", &Secret::new("one")).await.unwrap();
        store.set("https://x#ben", &Secret::new("two")).await.unwrap();
        store.set("https://x#ann", &Secret::new("three")).await.unwrap();
        assert_eq!(store.get("https://x#ann").await.unwrap().unwrap().expose(), "three");
        store.delete("https://x#ann").await.unwrap();
        store.delete("https://x#ann").await.unwrap();
        assert_eq!(store.get("https://x#ann").await, Ok(None));
        assert_eq!(store.get("https://x#ben").await.unwrap().unwrap().expose(), "two");
    }

    #[tokio::test]
    async fn memory_and_file_keep_and_forget() {
        keeps_and_forgets(SecretStore::memory()).await;
        let folder = tempfile::tempdir().unwrap();
        keeps_and_forgets(SecretStore::file(folder.path().join("deep/tokens.json"))).await;
    }

    #[tokio::test]
    async fn a_secret_that_was_given_is_known_and_written_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens.json");
        let store = SecretStore::file(path.clone());
        store.give("k".to_owned(), Secret::new("given"));
        assert_eq!(store.get("k").await.unwrap().unwrap().expose(), "given");
        assert!(store.is_given("k") && !path.exists());
        store.set("k", &Secret::new("typed")).await.unwrap();
        assert_eq!(store.get("k").await.unwrap().unwrap().expose(), "typed");
        assert!(!store.is_given("k"));
        assert!(!std::fs::read_to_string(&path).unwrap().contains("given"));
        store.give("other".to_owned(), Secret::new("given"));
        store.delete("other").await.unwrap();
        assert_eq!(store.get("other").await, Ok(None));
    }

    #[tokio::test]
    async fn a_damaged_file_is_reported_and_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens.json");
        let store = SecretStore::file(path.clone());
        store.set("k", &Secret::new("s")).await.unwrap();
        std::fs::write(&path, "{broken").unwrap();
        assert_eq!(store.set("k", &Secret::new("t")).await, Err(SecretError::FileDamaged));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{broken");
    }

    #[tokio::test]
    async fn what_a_demonstration_keeps_stays_in_memory() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens.json");
        let store = SecretStore::memory();
        store.set("k", &Secret::new("s")).await.unwrap();
        store.move_to_file(&path, &["k".to_owned()]).await.unwrap();
        assert!(!path.exists());
        assert_eq!(store.get("k").await.unwrap().unwrap().expose(), "s");
    }
}
