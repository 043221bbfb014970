//! The count on the launcher's icon (KDE, Ubuntu's dock and others): one D-Bus signal, from one lasting connection.
//!
//! A launcher has only a count, so "!" becomes `urgent` and there is no dot. What it shows vanishes with the
//! connection, so nothing stale stays behind after a crash.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use belfry_core::badge::Badge;
use belfry_core::view::View;
use tokio::sync::watch;
use tokio::time::timeout;
use zbus::Connection;
use zbus::zvariant::Value;

use super::toast::session_bus;

/// Must be the name of the installed desktop file.
const APPLICATION: &str = "application://org.belfry.Belfry.desktop";
const OBJECT: &str = "/org/belfry/Belfry";
const INTERFACE: &str = "com.canonical.Unity.LauncherEntry";
const PATIENCE: Duration = Duration::from_secs(3);

/// Keeps the launcher's count right until the view ends. `bus` as for [`super::toast::start`].
///
/// Trouble is no problem of the person's: many desktops have no such launcher, and nobody answers on this bus.
pub async fn run(bus: Option<String>, mut view: watch::Receiver<Arc<View>>) {
    let mut connection = None;
    let mut told = Entry::default();
    loop {
        let wanted = Entry::of(view.borrow_and_update().badge);
        if wanted != told {
            match timeout(PATIENCE, tell(&mut connection, bus.as_deref(), wanted)).await {
                Ok(Ok(())) => told = wanted,
                Ok(Err(error)) => {
                    tracing::debug!(%error, "the launcher cannot be told");
                    (connection, told) = (None, Entry::default());
                }
                Err(_elapsed) => (connection, told) = (None, Entry::default()),
            }
        }
        if view.changed().await.is_err() {
            return;
        }
    }
}

async fn tell(connection: &mut Option<Connection>, bus: Option<&str>, entry: Entry) -> zbus::Result<()> {
    let connection = match connection {
        Some(connection) => &*connection,
        None => &*connection.insert(session_bus(bus).await?),
    };
    let properties = HashMap::from([
        ("count", Value::from(i64::from(entry.count))),
        ("count-visible", Value::from(entry.count > 0)),
        ("urgent", Value::from(entry.urgent)),
    ]);
    connection.emit_signal(None::<&str>, OBJECT, INTERFACE, "Update", &(APPLICATION, properties)).await
}

/// What a launcher can show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Entry {
    count: u32,
    urgent: bool,
}

impl Entry {
    fn of(badge: Badge) -> Self {
        Self { count: badge.mentions, urgent: badge.signed_out }
    }
}
