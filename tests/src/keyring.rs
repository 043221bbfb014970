//! A system keyring (the Secret Service) on a private bus that does as it is told: works, hangs, or is locked.
//!
//! It needs no cryptography: its half of the key exchange is 1, so that every session of a client comes to the same key,
//! and what was sealed in one is handed back in the next as it is.
#![expect(clippy::unused_self, clippy::used_underscore_binding, reason = "the interface is not ours")]

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use zbus::object_server::SignalEmitter;
use zbus::zvariant::{ObjectPath, OwnedObjectPath, OwnedValue, Value};

use crate::desktop::Desktop;

const ROOT: &str = "/org/freedesktop/secrets";
const COLLECTION: &str = "/org/freedesktop/secrets/collection/login";
const PROMPT: &str = "/org/freedesktop/secrets/prompt/p1";
const SESSION: &str = "/org/freedesktop/secrets/session/s1";

/// How it behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    /// It does what it should.
    #[default]
    Works,
    /// It takes calls and never answers.
    Hangs,
    /// It is locked, and nobody answers its prompt.
    Locked,
    /// It is locked, and the person closes its prompt.
    Refused,
}

/// Session, parameters, sealed value, content type.
type Sealed = (OwnedObjectPath, Vec<u8>, Vec<u8>, String);

#[derive(Debug, Default)]
struct Inner {
    mood: Mood,
    last: u32,
    items: BTreeMap<u32, (HashMap<String, String>, Sealed)>,
}

type Shared = Arc<Mutex<Inner>>;

/// The service; gone from the bus when dropped.
pub struct Keyring {
    inner: Shared,
    _connection: zbus::Connection,
    _runtime: tokio::runtime::Runtime,
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keyring").finish_non_exhaustive()
    }
}

fn lock(inner: &Shared) -> std::sync::MutexGuard<'_, Inner> {
    inner.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Keyring {
    /// Starts it on this desktop's bus.
    pub fn start(desktop: &Desktop) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let inner = Shared::default();
        let connection = runtime
            .block_on(async {
                zbus::connection::Builder::address(desktop.bus())?
                    .serve_at(ROOT, Service(Arc::clone(&inner)))?
                    .serve_at(COLLECTION, Collection(Arc::clone(&inner)))?
                    .serve_at(PROMPT, Prompt(Arc::clone(&inner)))?
                    .name("org.freedesktop.secrets")?
                    .build()
                    .await
            })
            .context("cannot start a keyring")?;
        Ok(Self { inner, _connection: connection, _runtime: runtime })
    }

    /// From now on it behaves so.
    pub fn is(&self, mood: Mood) {
        lock(&self.inner).mood = mood;
    }

    /// For whom something is kept: the user names of its entries.
    pub fn entries(&self) -> Vec<String> {
        let inner = lock(&self.inner);
        inner.items.values().filter_map(|(attributes, _)| attributes.get("username").cloned()).collect()
    }
}

/// Waits for ever in a bad mood.
async fn answers(inner: &Shared) {
    let hangs = lock(inner).mood == Mood::Hangs;
    if hangs {
        std::future::pending::<()>().await;
    }
}

fn path(text: &str) -> OwnedObjectPath {
    ObjectPath::try_from(text).map(Into::into).unwrap_or_default()
}

fn item_path(number: u32) -> OwnedObjectPath {
    path(&format!("{COLLECTION}/{number}"))
}

fn nowhere() -> OwnedObjectPath {
    path("/")
}

struct Service(Shared);

#[zbus::interface(name = "org.freedesktop.Secret.Service")]
impl Service {
    async fn open_session(
        &self,
        _algorithm: &str,
        _input: Value<'_>,
    ) -> zbus::fdo::Result<(OwnedValue, OwnedObjectPath)> {
        answers(&self.0).await;
        let ours = Value::from(vec![1_u8]).try_to_owned().map_err(zbus::Error::from)?;
        Ok((ours, path(SESSION)))
    }

    async fn search_items(&self, wanted: HashMap<String, String>) -> (Vec<OwnedObjectPath>, Vec<OwnedObjectPath>) {
        answers(&self.0).await;
        let inner = lock(&self.0);
        let fits =
            |attributes: &HashMap<String, String>| wanted.iter().all(|(key, value)| attributes.get(key) == Some(value));
        let found = inner.items.iter().filter(|(_, (attributes, _))| fits(attributes));
        let found = found.map(|(number, _)| item_path(*number)).collect();
        if inner.mood == Mood::Works { (found, Vec::new()) } else { (Vec::new(), found) }
    }

    async fn unlock(&self, objects: Vec<OwnedObjectPath>) -> (Vec<OwnedObjectPath>, OwnedObjectPath) {
        answers(&self.0).await;
        if lock(&self.0).mood == Mood::Works { (objects, nowhere()) } else { (Vec::new(), path(PROMPT)) }
    }

    async fn read_alias(&self, _name: &str) -> OwnedObjectPath {
        answers(&self.0).await;
        path(COLLECTION)
    }

    #[zbus(property)]
    fn collections(&self) -> Vec<OwnedObjectPath> {
        vec![path(COLLECTION)]
    }
}

struct Collection(Shared);

#[zbus::interface(name = "org.freedesktop.Secret.Collection")]
impl Collection {
    async fn create_item(
        &self,
        properties: HashMap<String, OwnedValue>,
        secret: Sealed,
        _replace: bool,
        #[zbus(object_server)] server: &zbus::ObjectServer,
    ) -> zbus::fdo::Result<(OwnedObjectPath, OwnedObjectPath)> {
        answers(&self.0).await;
        let attributes = properties.get("org.freedesktop.Secret.Item.Attributes").cloned();
        let attributes: HashMap<String, String> =
            attributes.and_then(|value| HashMap::try_from(value).ok()).unwrap_or_default();
        let number = {
            let mut inner = lock(&self.0);
            inner.last += 1;
            let number = inner.last;
            inner.items.insert(number, (attributes, secret));
            number
        };
        server.at(item_path(number), Item(Arc::clone(&self.0), number)).await?;
        Ok((item_path(number), nowhere()))
    }

    #[zbus(property)]
    fn locked(&self) -> bool {
        lock(&self.0).mood != Mood::Works
    }

    #[zbus(property)]
    fn label(&self) -> String {
        "Login".to_owned()
    }
}

struct Item(Shared, u32);

impl Item {
    fn refused() -> zbus::fdo::Error {
        zbus::fdo::Error::Failed("locked, or gone".to_owned())
    }
}

#[zbus::interface(name = "org.freedesktop.Secret.Item")]
impl Item {
    async fn get_secret(&self, _session: OwnedObjectPath) -> zbus::fdo::Result<(Sealed,)> {
        answers(&self.0).await;
        let inner = lock(&self.0);
        let found = inner.items.get(&self.1).filter(|_| inner.mood == Mood::Works);
        found.map(|(_, secret)| (secret.clone(),)).ok_or_else(Self::refused)
    }

    async fn set_secret(&self, secret: Sealed) -> zbus::fdo::Result<()> {
        answers(&self.0).await;
        let mut inner = lock(&self.0);
        let item = inner.items.get_mut(&self.1).ok_or_else(Self::refused)?;
        item.1 = secret;
        Ok(())
    }

    async fn delete(&self) -> OwnedObjectPath {
        answers(&self.0).await;
        lock(&self.0).items.remove(&self.1);
        nowhere()
    }

    #[zbus(property)]
    fn locked(&self) -> bool {
        lock(&self.0).mood != Mood::Works
    }

    #[zbus(property)]
    fn attributes(&self) -> HashMap<String, String> {
        lock(&self.0).items.get(&self.1).map(|(attributes, _)| attributes.clone()).unwrap_or_default()
    }
}

struct Prompt(Shared);

#[zbus::interface(name = "org.freedesktop.Secret.Prompt")]
impl Prompt {
    async fn prompt(&self, _window: &str, #[zbus(signal_emitter)] emitter: SignalEmitter<'_>) -> zbus::fdo::Result<()> {
        if lock(&self.0).mood == Mood::Refused {
            Self::completed(&emitter, true, Value::from("")).await?;
        }
        Ok(())
    }

    fn dismiss(&self) {}

    #[zbus(signal)]
    async fn completed(emitter: &SignalEmitter<'_>, dismissed: bool, result: Value<'_>) -> zbus::Result<()>;
}
