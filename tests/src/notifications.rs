//! A notification service on a private bus that remembers what it was asked to show.
#![expect(clippy::unused_self, clippy::used_underscore_binding, reason = "the interface is not ours")]

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use zbus::zvariant::OwnedValue;

use crate::desktop::Desktop;

const PATH: &str = "/org/freedesktop/Notifications";
const NAME: &str = "org.freedesktop.Notifications";

/// One notification that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The number it was given.
    pub id: u32,
    /// Its first line.
    pub summary: String,
    /// Its text.
    pub body: String,
    /// It was taken away again.
    pub closed: bool,
}

/// The service; gone from the bus when dropped.
pub struct Notifications {
    shown: Arc<Mutex<Vec<Shown>>>,
    inhibited: Arc<AtomicBool>,
    connection: zbus::Connection,
    runtime: tokio::runtime::Runtime,
}

impl std::fmt::Debug for Notifications {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Notifications").field("shown", &self.shown).finish_non_exhaustive()
    }
}

impl Notifications {
    /// Starts the service on this desktop's bus.
    pub fn start(desktop: &Desktop) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let shown = Arc::new(Mutex::new(Vec::new()));
        let inhibited = Arc::new(AtomicBool::new(false));
        let service = Service { shown: Arc::clone(&shown), inhibited: Arc::clone(&inhibited) };
        let connection = runtime
            .block_on(async {
                zbus::connection::Builder::address(desktop.bus())?.serve_at(PATH, service)?.name(NAME)?.build().await
            })
            .context("cannot start a notification service")?;
        Ok(Self { shown, inhibited, connection, runtime })
    }

    /// Gives its name up, for another service to take.
    pub fn leave(&self) -> anyhow::Result<()> {
        self.runtime.block_on(self.connection.release_name(NAME))?;
        Ok(())
    }

    /// Switches do-not-disturb, as KDE's service does.
    pub fn inhibit(&self, on: bool) -> anyhow::Result<()> {
        self.inhibited.store(on, Ordering::SeqCst);
        self.runtime.block_on(async {
            let service = self.connection.object_server().interface::<_, Service>(PATH).await?;
            service.get().await.inhibited_changed(service.signal_emitter()).await
        })?;
        Ok(())
    }

    /// Everything that was asked for so far.
    pub fn shown(&self) -> Vec<Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

struct Service {
    shown: Arc<Mutex<Vec<Shown>>>,
    inhibited: Arc<AtomicBool>,
}

#[zbus::interface(name = "org.freedesktop.Notifications")]
impl Service {
    #[expect(clippy::too_many_arguments, reason = "the interface is not ours")]
    fn notify(
        &self,
        _app_name: &str,
        replaces_id: u32,
        _app_icon: &str,
        summary: &str,
        body: &str,
        _actions: Vec<String>,
        _hints: HashMap<String, OwnedValue>,
        _expire_timeout: i32,
    ) -> u32 {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let id = if replaces_id == 0 {
            u32::try_from(shown.len()).unwrap_or(u32::MAX).saturating_add(1)
        } else {
            replaces_id
        };
        shown.push(Shown { id, summary: summary.to_owned(), body: body.to_owned(), closed: false });
        id
    }

    #[zbus(property)]
    fn inhibited(&self) -> bool {
        self.inhibited.load(Ordering::SeqCst)
    }

    fn close_notification(&self, id: u32) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        for one in shown.iter_mut().filter(|one| one.id == id) {
            one.closed = true;
        }
    }

    fn get_capabilities(&self) -> Vec<String> {
        ["actions", "body"].map(str::to_owned).to_vec()
    }

    fn get_server_information(&self) -> (String, String, String, String) {
        let [name, vendor, version, spec] = ["belfry-tests", "belfry", "1", "1.2"].map(str::to_owned);
        (name, vendor, version, spec)
    }
}
