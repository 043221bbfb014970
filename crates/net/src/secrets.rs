//! Where tokens are kept: the system keyring, a file only the person can read, or memory.
//!
//! A keyring may be absent, locked or hanging, so every call runs on a thread of its own kind and has a time-out. Errors
//! are sentences; none holds a secret.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use belfry_core::secret::Secret;
use keyring_core::Entry;
use keyring_core::api::CredentialStoreApi as _;
use thiserror::Error;
use tokio::sync::oneshot;

/// How long a call may take. A locked keyring asks the person first; the caller tries again later.
const TIMEOUT: Duration = Duration::from_secs(3);
/// The worker and its connection to the keyring end when nothing was asked for this long.
const LINGER: Duration = Duration::from_secs(20);
/// Calls that may wait; more are refused as busy.
const QUEUE: usize = 16;
/// Tokens are short; a larger file is not ours.
const FILE_CAP: u64 = 1 << 20;
/// The name under which entries are found in the keyring.
const SERVICE: &str = "Belfry";

/// Why a secret could not be read or written. One sentence without a full stop.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SecretError {
    /// Nobody offers a keyring.
    #[error("there is no system keyring")]
    NoKeyring,
    /// It did not answer in time, perhaps because it is locked.
    #[error("the system keyring did not answer; it may be locked")]
    TimedOut,
    /// It refused.
    #[error("the system keyring refused")]
    Refused,
    /// Others may read the file.
    #[error("the token file can be read by others; make it readable by you alone")]
    FileOpenToOthers,
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

/// The place where tokens are kept.
#[derive(Debug)]
pub enum SecretStore {
    /// The system keyring.
    Keyring(Worker),
    /// A file with mode 0600.
    File(Worker),
    /// This process's memory: demonstrations and tests.
    Memory(Mutex<BTreeMap<String, Secret>>),
}

impl SecretStore {
    /// The system keyring. Nothing is opened before the first call.
    pub fn keyring() -> Self {
        Self::Keyring(Worker::new(Place::Keyring))
    }

    /// A file that only the person can read. It is made at the first [`SecretStore::set`].
    pub fn file(path: PathBuf) -> Self {
        Self::File(Worker::new(Place::File(path)))
    }

    /// Memory: forgotten at the end.
    pub fn memory() -> Self {
        Self::Memory(Mutex::default())
    }

    /// The secret under this key (`ServerPrefs::secret_key`); `None` where there is none.
    pub async fn get(&self, key: &str) -> Result<Option<Secret>, SecretError> {
        match self {
            Self::Keyring(worker) | Self::File(worker) => worker.call(Request::Get(key.to_owned())).await,
            Self::Memory(map) => Ok(map.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()),
        }
    }

    /// Keeps a secret, replacing one under the same key.
    pub async fn set(&self, key: &str, secret: &Secret) -> Result<(), SecretError> {
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

    /// Forgets a secret; one that is not there is forgotten already.
    pub async fn delete(&self, key: &str) -> Result<(), SecretError> {
        match self {
            Self::Keyring(worker) | Self::File(worker) => worker.call(Request::Delete(key.to_owned())).await.map(drop),
            Self::Memory(map) => {
                map.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
                Ok(())
            }
        }
    }

    /// Whether secrets can be kept here at all: asked *before* a sign-in, so that a fresh token is not lost.
    pub async fn probe(&self) -> Result<(), SecretError> {
        self.get("probe").await.map(drop)
    }
}

#[derive(Clone, Debug)]
enum Place {
    Keyring,
    File(PathBuf),
}

#[derive(Debug)]
enum Request {
    Get(String),
    Set(String, Secret),
    Delete(String),
}

#[derive(Debug)]
struct Job {
    request: Request,
    answer: oneshot::Sender<Result<Option<Secret>, SecretError>>,
}

/// The thread that makes the blocking calls; it is started when needed and ends when idle.
#[derive(Debug)]
pub struct Worker {
    place: Place,
    queue: Mutex<Option<SyncSender<Job>>>,
}

impl Worker {
    fn new(place: Place) -> Self {
        Self { place, queue: Mutex::new(None) }
    }

    async fn call(&self, request: Request) -> Result<Option<Secret>, SecretError> {
        let (answer, answered) = oneshot::channel();
        self.hand_over(Job { request, answer })?;
        match tokio::time::timeout(TIMEOUT, answered).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_closed)) => Err(SecretError::Refused),
            Err(_elapsed) => Err(SecretError::TimedOut),
        }
    }

    fn hand_over(&self, mut job: Job) -> Result<(), SecretError> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = queue.as_ref() {
            match sender.try_send(job) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Full(_)) => return Err(SecretError::Busy),
                // It ended for want of work, or its call panicked: a new one takes over.
                Err(TrySendError::Disconnected(returned)) => job = returned,
            }
        }
        let (sender, jobs) = sync_channel::<Job>(QUEUE);
        let place = self.place.clone();
        let started = std::thread::Builder::new().name("secrets".to_owned()).spawn(move || {
            let mut keyring = None;
            // Ends when nothing came for a while, or when the store is gone.
            while let Ok(job) = jobs.recv_timeout(LINGER) {
                let outcome = match &place {
                    Place::Keyring => in_keyring(&mut keyring, job.request),
                    Place::File(path) => in_file(path, job.request),
                };
                // Nobody waits any more after the time-out.
                job.answer.send(outcome).ok();
            }
        });
        started.map_err(|error| SecretError::File(error.kind().to_string()))?;
        sender.try_send(job).map_err(|_full| SecretError::Busy)?;
        *queue = Some(sender);
        Ok(())
    }
}

type Keyring = std::sync::Arc<zbus_secret_service_keyring_store::Store>;

fn in_keyring(keyring: &mut Option<Keyring>, request: Request) -> Result<Option<Secret>, SecretError> {
    let store = match keyring {
        Some(store) => store,
        None => keyring.insert(zbus_secret_service_keyring_store::Store::new().map_err(|error| {
            tracing::debug!(error = kind(&error), "keyring cannot be opened");
            SecretError::NoKeyring
        })?),
    };
    let refused = |error: keyring_core::Error| {
        tracing::debug!(error = kind(&error), "keyring refused");
        SecretError::Refused
    };
    let entry = |key: &str| -> Result<Entry, SecretError> { store.build(SERVICE, key, None).map_err(refused) };
    let outcome = match request {
        Request::Get(key) => match entry(&key)?.get_password() {
            Ok(secret) => Ok(Some(Secret::new(secret))),
            Err(keyring_core::Error::NoEntry) => Ok(None),
            Err(error) => Err(refused(error)),
        },
        Request::Set(key, secret) => entry(&key)?.set_password(secret.expose()).map(|()| None).map_err(refused),
        Request::Delete(key) => match entry(&key)?.delete_credential() {
            Ok(()) | Err(keyring_core::Error::NoEntry) => Ok(None),
            Err(error) => Err(refused(error)),
        },
    };
    if outcome.is_err() {
        // The service may have been restarted: the next call connects anew.
        *keyring = None;
    }
    outcome
}

/// The kind of an error. Some variants carry the secret itself, so their text is never printed.
fn kind(error: &keyring_core::Error) -> &'static str {
    match error {
        keyring_core::Error::PlatformFailure(_) => "platform failure",
        keyring_core::Error::NoStorageAccess(_) => "no access",
        keyring_core::Error::NoEntry => "no entry",
        keyring_core::Error::Ambiguous(_) => "ambiguous",
        _ => "other",
    }
}

fn in_file(path: &Path, request: Request) -> Result<Option<Secret>, SecretError> {
    let mut secrets = read_file(path)?;
    match request {
        Request::Get(key) => Ok(secrets.remove(&key)),
        Request::Set(key, secret) => {
            secrets.insert(key, secret);
            write_file(path, &secrets).map(|()| None)
        }
        Request::Delete(key) => {
            if secrets.remove(&key).is_some() {
                write_file(path, &secrets)?;
            }
            Ok(None)
        }
    }
}

fn file_error(error: &io::Error) -> SecretError {
    SecretError::File(error.kind().to_string())
}

fn read_file(path: &Path) -> Result<BTreeMap<String, Secret>, SecretError> {
    use io::Read as _;
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(file_error(&error)),
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = file.metadata().map_err(|error| file_error(&error))?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(SecretError::FileOpenToOthers);
        }
    }
    let mut text = Vec::new();
    file.take(FILE_CAP).read_to_end(&mut text).map_err(|error| file_error(&error))?;
    serde_json::from_slice(&text).map_err(|error| {
        tracing::warn!(line = error.line(), column = error.column(), "token file is damaged");
        SecretError::FileDamaged
    })
}

fn write_file(path: &Path, secrets: &BTreeMap<String, Secret>) -> Result<(), SecretError> {
    let attempt = || -> io::Result<()> {
        let text = serde_json::to_vec_pretty(secrets)?;
        let mut temporary = path.as_os_str().to_owned();
        temporary.push(format!(".{}.tmp", std::process::id()));
        let temporary = PathBuf::from(temporary);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let written = (|| {
            let mut file = match options.open(&temporary) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    // Left by a crash of a process that had our number.
                    fs::remove_file(&temporary)?;
                    options.open(&temporary)?
                }
                other => other?,
            };
            file.write_all(&text)?;
            file.sync_all()?;
            fs::rename(&temporary, path)
        })();
        if written.is_err() {
            fs::remove_file(&temporary).ok();
        }
        written
    };
    attempt().map_err(|error| file_error(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

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
        let folder = folder();
        keeps_and_forgets(SecretStore::file(folder.path().join("deep/tokens.json"))).await;
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn the_file_is_private_and_one_open_to_others_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = folder();
        let path = folder.path().join("tokens.json");
        let store = SecretStore::file(path.clone());
        store.set("k", &Secret::new("s")).await.unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert_eq!(store.get("k").await, Err(SecretError::FileOpenToOthers));
        assert_eq!(store.set("k", &Secret::new("t")).await, Err(SecretError::FileOpenToOthers));
    }

    #[tokio::test]
    async fn a_damaged_file_is_reported_and_not_overwritten() {
        let folder = folder();
        let path = folder.path().join("tokens.json");
        let store = SecretStore::file(path.clone());
        store.set("k", &Secret::new("s")).await.unwrap();
        fs::write(&path, "{broken").unwrap();
        assert_eq!(store.set("k", &Secret::new("t")).await, Err(SecretError::FileDamaged));
        assert_eq!(fs::read_to_string(&path).unwrap(), "{broken");
    }
}
