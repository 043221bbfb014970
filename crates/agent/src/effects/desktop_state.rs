//! What the desktop tells about itself: whether the screen is locked, whether notifications are unwanted, and that
//! the computer woke.
//!
//! Nothing is polled: every source is asked once when it appears, and listened to from then on. There is no common
//! way, so several are; each desktop has some of them, and a missing one is no error. Unknown means "not locked" and
//! "wanted", so that a source that is gone can never hold notifications back.

mod gnome;

use std::collections::{BTreeSet, HashMap};
use std::ffi::OsString;
use std::time::Duration;

use belfry_core::signal::Signal;
use futures_util::StreamExt as _;
use tokio::sync::{Mutex, mpsc};
use tokio::time::timeout;
use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};
use zbus::{Connection, MatchRule, Message, MessageStream};

use super::toast::session_bus;

/// A service that takes longer than this counts as missing.
const PATIENCE: Duration = Duration::from_secs(3);
/// Signals of one service waiting to be read.
const SIGNALS: usize = 16;
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
const LOGIN: &str = "org.freedesktop.login1";
const LOGIN_SESSION: &str = "org.freedesktop.login1.Session";
const LOGIN_MANAGER: &str = "org.freedesktop.login1.Manager";

/// Where to listen. `None` takes the environment's.
#[derive(Clone, Debug, Default)]
pub struct Buses {
    /// The address of the system bus.
    pub system: Option<String>,
    /// The address of the session bus.
    pub session: Option<String>,
    /// The program that reads GNOME's settings; `None` where the desktop is another one.
    pub gsettings: Option<OsString>,
}

impl Buses {
    /// This process's.
    pub fn of_process() -> Self {
        let desktop = std::env::var_os("XDG_CURRENT_DESKTOP");
        Self { gsettings: gnome::reader(desktop.as_deref()), ..Self::default() }
    }
}

/// Listens until both buses are gone, or it is cut off.
pub async fn run(buses: Buses, reports: mpsc::Sender<Signal>) {
    let state = State { known: Mutex::default(), reports };
    let system = async {
        if let Err(error) = watch_system(buses.system.as_deref(), &state).await {
            tracing::debug!(%error, "the login service is not listened to");
        }
        state.set(Fact::SessionLocked, false).await;
    };
    let session = async {
        let bus = timeout(PATIENCE, session_bus(buses.session.as_deref())).await;
        let Ok(Ok(bus)) = bus else { return };
        let [one, two, three] = SOURCES.map(|source| watch(&bus, source, &state));
        let gnome = async {
            let Some(gsettings) = &buses.gsettings else { return };
            if let Err(error) = gnome::watch(&bus, gsettings, &state).await {
                tracing::debug!(%error, "GNOME's settings are not listened to");
            }
            state.set(Fact::GnomeBannersOff, false).await;
        };
        tokio::join!(one, two, three, gnome);
    };
    tokio::join!(system, session);
}

/// One thing that a source says. What is not true is not known, or not so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fact {
    SessionLocked,
    ScreenSaver,
    GnomeScreenSaver,
    Inhibited,
    GnomeBannersOff,
}

impl Fact {
    fn is_about_the_lock(self) -> bool {
        matches!(self, Self::SessionLocked | Self::ScreenSaver | Self::GnomeScreenSaver)
    }
}

struct State {
    known: Mutex<Known>,
    reports: mpsc::Sender<Signal>,
}

#[derive(Default)]
struct Known {
    facts: BTreeSet<Fact>,
    locked: bool,
    unwanted: bool,
}

impl State {
    /// Notes a fact, and reports what it changes. The lock is held meanwhile, so that reports keep their order.
    async fn set(&self, fact: Fact, on: bool) {
        let mut known = self.known.lock().await;
        if on {
            known.facts.insert(fact);
        } else {
            known.facts.remove(&fact);
        }
        let locked = known.facts.iter().any(|fact| fact.is_about_the_lock());
        let unwanted = known.facts.iter().any(|fact| !fact.is_about_the_lock());
        if std::mem::replace(&mut known.locked, locked) != locked {
            self.report(Signal::ScreenLocked(locked)).await;
        }
        if std::mem::replace(&mut known.unwanted, unwanted) != unwanted {
            self.report(Signal::SystemDoNotDisturb(unwanted)).await;
        }
    }

    async fn report(&self, signal: Signal) {
        self.reports.send(signal).await.ok(); // shutting down
    }
}

async fn call<B>(
    bus: &Connection,
    name: &str,
    path: &str,
    interface: &str,
    method: &str,
    body: &B,
) -> zbus::Result<Message>
where
    B: serde::Serialize + zbus::zvariant::DynamicType + Sync,
{
    match timeout(PATIENCE, bus.call_method(Some(name), path, Some(interface), method, body)).await {
        Ok(answer) => answer,
        Err(_elapsed) => Err(zbus::Error::Failure("it does not answer in time".to_owned())),
    }
}

async fn listen(bus: &Connection, name: &str, path: Option<&str>, interface: &str) -> zbus::Result<MessageStream> {
    let rule = MatchRule::builder().msg_type(zbus::message::Type::Signal).sender(name)?.interface(interface)?;
    let rule = match path {
        Some(path) => rule.path(path)?,
        None => rule,
    };
    MessageStream::for_match_rule(rule.build(), bus, Some(SIGNALS)).await
}

fn is(message: &Message, member: &str) -> bool {
    message.header().member().is_some_and(|name| name.as_str() == member)
}

fn switch(value: &Value<'_>) -> Option<bool> {
    if let Value::Bool(on) = value { Some(*on) } else { None }
}

fn switch_in(answer: &Message) -> Option<bool> {
    let value = answer.body().deserialize::<OwnedValue>().ok()?;
    switch(&value)
}

async fn property(bus: &Connection, name: &str, path: &str, interface: &str, property: &str) -> zbus::Result<bool> {
    let answer = call(bus, name, path, PROPERTIES, "Get", &(interface, property)).await?;
    switch_in(&answer).ok_or(zbus::Error::InvalidReply)
}

/// What a message about changed properties says of this one: a value, or that it must be asked for.
enum Changed {
    To(bool),
    Ask,
    No,
}

fn changed(message: &Message, interface: &str, property: &str) -> Changed {
    type Body = (String, HashMap<String, OwnedValue>, Vec<String>);
    let body = message.body();
    match body.deserialize::<Body>() {
        Ok((of, values, invalid)) if of == interface => match values.get(property).and_then(|value| switch(value)) {
            Some(on) => Changed::To(on),
            None if invalid.iter().any(|name| name == property) => Changed::Ask,
            None => Changed::No,
        },
        Ok(_) | Err(_) => Changed::No,
    }
}

/// The login service: `LockedHint` of our session, and waking.
///
/// Its `Lock` signal is only a wish: where no locker answers it, or one that sets no hint, nothing would ever take
/// it back, so it does not count. `Unlock` does.
async fn watch_system(address: Option<&str>, state: &State) -> zbus::Result<()> {
    let connect = async {
        match address {
            Some(address) => zbus::connection::Builder::address(address)?.build().await,
            None => Connection::system().await,
        }
    };
    let Ok(bus) = timeout(PATIENCE, connect).await else { return Ok(()) };
    let bus = bus?;
    let mut sleeps = listen(&bus, LOGIN, Some("/org/freedesktop/login1"), LOGIN_MANAGER).await?;
    // Without a session (a service, a container) only waking is left.
    let session = own_session(&bus).await.ok();
    let path = session.as_ref().map_or("/org/freedesktop/login1/session/none", |session| session.as_str());
    let mut requests = listen(&bus, LOGIN, Some(path), LOGIN_SESSION).await?;
    let mut properties = listen(&bus, LOGIN, Some(path), PROPERTIES).await?;
    let hint = || property(&bus, LOGIN, path, LOGIN_SESSION, "LockedHint");
    if session.is_some() {
        state.set(Fact::SessionLocked, hint().await.unwrap_or(false)).await;
    }
    loop {
        tokio::select! {
            Some(Ok(message)) = sleeps.next() => {
                if is(&message, "PrepareForSleep") && message.body().deserialize::<bool>().is_ok_and(|begins| !begins) {
                    state.report(Signal::Woke).await;
                }
            }
            Some(Ok(message)) = requests.next() => {
                if is(&message, "Unlock") {
                    state.set(Fact::SessionLocked, false).await;
                }
            }
            Some(Ok(message)) = properties.next() => match changed(&message, LOGIN_SESSION, "LockedHint") {
                Changed::To(locked) => state.set(Fact::SessionLocked, locked).await,
                Changed::Ask => state.set(Fact::SessionLocked, hint().await.unwrap_or(false)).await,
                Changed::No => {}
            },
            else => return Ok(()),
        }
    }
}

/// Our session, or the one of our display where we run outside of it.
async fn own_session(bus: &Connection) -> zbus::Result<OwnedObjectPath> {
    let path = "/org/freedesktop/login1";
    let answer = match call(bus, LOGIN, path, LOGIN_MANAGER, "GetSession", &"auto").await {
        Ok(answer) => answer,
        // An older service.
        Err(_) => call(bus, LOGIN, path, LOGIN_MANAGER, "GetSessionByPID", &std::process::id()).await?,
    };
    answer.body().deserialize()
}

/// A service on the session bus that says something.
#[derive(Clone, Copy)]
struct Source {
    fact: Fact,
    name: &'static str,
    path: &'static str,
    /// Of its signals.
    interface: &'static str,
}

const SOURCES: [Source; 3] = [
    Source {
        fact: Fact::ScreenSaver,
        name: "org.freedesktop.ScreenSaver",
        path: "/org/freedesktop/ScreenSaver",
        interface: "org.freedesktop.ScreenSaver",
    },
    Source {
        fact: Fact::GnomeScreenSaver,
        name: "org.gnome.ScreenSaver",
        path: "/org/gnome/ScreenSaver",
        interface: "org.gnome.ScreenSaver",
    },
    Source {
        fact: Fact::Inhibited,
        name: "org.freedesktop.Notifications",
        path: "/org/freedesktop/Notifications",
        interface: PROPERTIES,
    },
];

async fn watch(bus: &Connection, source: Source, state: &State) {
    if let Err(error) = source.watch(bus, state).await {
        tracing::debug!(%error, name = source.name, "not listened to");
    }
    state.set(source.fact, false).await;
}

impl Source {
    async fn watch(self, bus: &Connection, state: &State) -> zbus::Result<()> {
        let rule = MatchRule::builder()
            .msg_type(zbus::message::Type::Signal)
            .sender("org.freedesktop.DBus")?
            .interface("org.freedesktop.DBus")?
            .member("NameOwnerChanged")?
            .arg(0, self.name)?
            .build();
        let mut owners = MessageStream::for_match_rule(rule, bus, Some(SIGNALS)).await?;
        // Screen savers have one object under two paths.
        let mut signals = listen(bus, self.name, None, self.interface).await?;
        // One that does not run must not be started by us.
        if self.has_owner(bus).await? {
            state.set(self.fact, self.ask(bus).await).await;
        }
        loop {
            tokio::select! {
                Some(Ok(message)) = owners.next() => {
                    let runs = message
                        .body()
                        .deserialize::<(String, String, String)>()
                        .is_ok_and(|(_name, _old, new)| !new.is_empty());
                    state.set(self.fact, runs && self.ask(bus).await).await;
                }
                Some(Ok(message)) = signals.next() => {
                    if let Some(on) = self.understand(bus, &message).await {
                        state.set(self.fact, on).await;
                    }
                }
                else => return Ok(()),
            }
        }
    }

    async fn has_owner(self, bus: &Connection) -> zbus::Result<bool> {
        let path = "/org/freedesktop/DBus";
        let answer =
            call(bus, "org.freedesktop.DBus", path, "org.freedesktop.DBus", "NameHasOwner", &self.name).await?;
        answer.body().deserialize()
    }

    /// How it is now; not so where it does not say.
    async fn ask(self, bus: &Connection) -> bool {
        match self.fact {
            Fact::ScreenSaver | Fact::GnomeScreenSaver => {
                let answer = call(bus, self.name, self.path, self.interface, "GetActive", &()).await;
                answer.is_ok_and(|answer| answer.body().deserialize::<bool>().unwrap_or(false))
            }
            Fact::Inhibited => property(bus, self.name, self.path, self.name, "Inhibited").await.unwrap_or(false),
            Fact::GnomeBannersOff | Fact::SessionLocked => false,
        }
    }

    /// What a signal says, if it is about this fact.
    async fn understand(self, bus: &Connection, message: &Message) -> Option<bool> {
        match self.fact {
            Fact::ScreenSaver | Fact::GnomeScreenSaver if is(message, "ActiveChanged") => {
                message.body().deserialize().ok()
            }
            Fact::Inhibited => match changed(message, self.name, "Inhibited") {
                Changed::To(on) => Some(on),
                Changed::Ask => Some(self.ask(bus).await),
                Changed::No => None,
            },
            Fact::ScreenSaver | Fact::GnomeScreenSaver | Fact::GnomeBannersOff | Fact::SessionLocked => None,
        }
    }
}
