//! When there is a network again, or another one: connections are then worth a try at once.
//!
//! `NetworkManager` tells on the system bus. Where it does not run, nothing is missed: connections prove themselves and are
//! tried again by themselves, only later. Waking from sleep is told by the login service, in `desktop_state`.

use std::collections::HashMap;
use std::time::Duration;

use belfry_core::signal::Signal;
use futures_util::StreamExt as _;
use tokio::sync::mpsc;
use tokio::time::timeout;
use zbus::zvariant::{OwnedObjectPath, OwnedValue};
use zbus::{Connection, MatchRule, MessageStream};

/// A bus or service that takes longer than this counts as missing.
const PATIENCE: Duration = Duration::from_secs(3);
/// Signals waiting to be read.
const SIGNALS: usize = 16;
const NAME: &str = "org.freedesktop.NetworkManager";
const PATH: &str = "/org/freedesktop/NetworkManager";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
/// `NM_STATE_CONNECTED_SITE`: there is a way out, perhaps not to everywhere. Beyond it is the whole internet.
const CONNECTED_SITE: u32 = 60;
/// What stands for no connection.
const NO_CONNECTION: &str = "/";

/// Listens until the bus is gone. `None` takes the environment's system bus.
pub async fn run(address: Option<String>, reports: mpsc::Sender<Signal>) {
    if let Err(error) = watch(address.as_deref(), &reports).await {
        tracing::debug!(%error, "the network is not listened to");
    }
}

/// Whether somebody tells, for `belfry doctor`.
pub async fn probe(address: Option<&str>) -> bool {
    let look = async {
        let bus = connect(address).await?;
        state(&bus).await
    };
    matches!(timeout(PATIENCE, look).await, Ok(Ok(_)))
}

/// What was last known.
#[derive(Debug, PartialEq, Eq)]
struct Known {
    state: u32,
    primary: String,
}

impl Known {
    fn of_nothing() -> Self {
        Self { state: 0, primary: NO_CONNECTION.to_owned() }
    }

    /// Notes a state; `true` where it is better than before.
    fn now_in(&mut self, state: u32) -> bool {
        let before = std::mem::replace(&mut self.state, state);
        state >= CONNECTED_SITE && state > before
    }

    /// Notes the connection that traffic takes; `true` where it is another one.
    fn now_by(&mut self, primary: &str) -> bool {
        let changed = self.primary != primary;
        primary.clone_into(&mut self.primary);
        changed && primary != NO_CONNECTION
    }
}

async fn connect(address: Option<&str>) -> zbus::Result<Connection> {
    match address {
        Some(address) => zbus::connection::Builder::address(address)?.build().await,
        None => Connection::system().await,
    }
}

async fn watch(address: Option<&str>, reports: &mpsc::Sender<Signal>) -> zbus::Result<()> {
    let Ok(bus) = timeout(PATIENCE, connect(address)).await else { return Ok(()) };
    let bus = bus?;
    let mut states = MessageStream::for_match_rule(rule(NAME)?, &bus, Some(SIGNALS)).await?;
    let mut properties = MessageStream::for_match_rule(rule(PROPERTIES)?, &bus, Some(SIGNALS)).await?;
    let mut known = Known::of_nothing();
    if let Ok(Ok((state, primary))) = timeout(PATIENCE, state(&bus)).await {
        known = Known { state, primary };
    }
    loop {
        let better = tokio::select! {
            Some(Ok(message)) = states.next() => {
                let is_state = message.header().member().is_some_and(|name| name.as_str() == "StateChanged");
                is_state && message.body().deserialize::<u32>().is_ok_and(|state| known.now_in(state))
            }
            Some(Ok(message)) = properties.next() => {
                type Body = (String, HashMap<String, OwnedValue>, Vec<String>);
                let body = message.body();
                let primary = body.deserialize::<Body>().ok().and_then(|(of, mut values, _)| {
                    let value = values.remove("PrimaryConnection").filter(|_| of == NAME)?;
                    OwnedObjectPath::try_from(value).ok()
                });
                primary.is_some_and(|primary| known.now_by(primary.as_str()))
            }
            else => return Ok(()),
        };
        if better && reports.send(Signal::NetworkUp).await.is_err() {
            return Ok(()); // shutting down
        }
    }
}

fn rule(interface: &'static str) -> zbus::Result<MatchRule<'static>> {
    let rule = MatchRule::builder().msg_type(zbus::message::Type::Signal).sender(NAME)?.interface(interface)?;
    Ok(rule.path(PATH)?.build())
}

/// The state, and the connection that traffic takes. An error where the service does not run: it must not be started by us.
async fn state(bus: &Connection) -> zbus::Result<(u32, String)> {
    let daemon = "org.freedesktop.DBus";
    let runs = bus.call_method(Some(daemon), "/org/freedesktop/DBus", Some(daemon), "NameHasOwner", &NAME).await?;
    if !runs.body().deserialize::<bool>()? {
        return Err(zbus::Error::Failure("NetworkManager does not run".to_owned()));
    }
    let get = async |property: &str| -> zbus::Result<OwnedValue> {
        let answer = bus.call_method(Some(NAME), PATH, Some(PROPERTIES), "Get", &(NAME, property)).await?;
        answer.body().deserialize()
    };
    let state = u32::try_from(get("State").await?)?;
    let primary = OwnedObjectPath::try_from(get("PrimaryConnection").await?)?;
    Ok((state, primary.as_str().to_owned()))
}
