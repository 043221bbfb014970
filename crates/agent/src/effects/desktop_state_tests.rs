//! What the desktop tells about itself, over private buses and from scripted services.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::bus_tests::{Bus, next};
use super::desktop_state::{self, Buses};
use belfry_core::signal::Signal;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use zbus::Connection;
use zbus::zvariant::{ObjectPath, OwnedObjectPath, Value};

const LOGIN: &str = "org.freedesktop.login1";
const LOGIN_PATH: &str = "/org/freedesktop/login1";
const SESSION: &str = "/org/freedesktop/login1/session/_32";
const NOTIFICATIONS: &str = "org.freedesktop.Notifications";
const NOTIFICATIONS_PATH: &str = "/org/freedesktop/Notifications";

struct Manager;

#[expect(clippy::needless_pass_by_value, clippy::unused_self, reason = "the shape that the macro wants")]
#[zbus::interface(name = "org.freedesktop.login1.Manager")]
impl Manager {
    fn get_session(&self, id: String) -> OwnedObjectPath {
        assert_eq!(id, "auto");
        ObjectPath::from_static_str_unchecked(SESSION).into()
    }
}

struct Session {
    locked: bool,
}

#[zbus::interface(name = "org.freedesktop.login1.Session")]
impl Session {
    #[zbus(property)]
    fn locked_hint(&self) -> bool {
        self.locked
    }
}

struct ScreenSaver {
    active: Arc<AtomicBool>,
}

#[zbus::interface(name = "org.freedesktop.ScreenSaver")]
impl ScreenSaver {
    fn get_active(&self) -> bool {
        self.active.load(Ordering::SeqCst)
    }
}

struct Notifications;

#[expect(clippy::unused_self, reason = "the shape that the macro wants")]
#[zbus::interface(name = "org.freedesktop.Notifications")]
impl Notifications {
    #[zbus(property)]
    fn inhibited(&self) -> bool {
        true
    }
}

struct Desktop {
    system: Bus,
    session: Bus,
}

impl Desktop {
    fn new() -> Self {
        Self { system: Bus::start(), session: Bus::start() }
    }

    fn listen(&self) -> (mpsc::Receiver<Signal>, JoinHandle<()>) {
        let (sender, reports) = mpsc::channel(16);
        let buses = Buses {
            system: Some(self.system.address.clone()),
            session: Some(self.session.address.clone()),
            ..Buses::default()
        };
        (reports, Handle::current().spawn(desktop_state::run(buses, sender)))
    }
}

async fn tell(
    service: &Connection,
    path: &str,
    interface: &str,
    signal: &str,
    body: &(impl serde::Serialize + zbus::zvariant::DynamicType + Sync),
) {
    service.emit_signal(None::<&str>, path, interface, signal, body).await.unwrap();
}

async fn tell_property(service: &Connection, path: &str, interface: &str, name: &str, value: bool) {
    let body = (interface, HashMap::from([(name, Value::from(value))]), Vec::<&str>::new());
    tell(service, path, "org.freedesktop.DBus.Properties", "PropertiesChanged", &body).await;
}

async fn login_service(bus: &Bus, locked: bool) -> Connection {
    let service = bus.connect().await;
    service.object_server().at(LOGIN_PATH, Manager).await.unwrap();
    service.object_server().at(SESSION, Session { locked }).await.unwrap();
    service.request_name(LOGIN).await.unwrap();
    service
}

#[tokio::test]
async fn a_locked_session_is_told_at_the_start_and_as_it_changes() {
    let desktop = Desktop::new();
    let login = login_service(&desktop.system, true).await;
    let (mut reports, _task) = desktop.listen();
    assert_eq!(next(&mut reports).await, Signal::ScreenLocked(true));
    let session = "org.freedesktop.login1.Session";
    tell_property(&login, SESSION, session, "LockedHint", false).await;
    assert_eq!(next(&mut reports).await, Signal::ScreenLocked(false));
    tell_property(&login, "/org/freedesktop/login1/session/_39", session, "LockedHint", true).await;
    // A wish to lock is no lock: there may be nobody to carry it out and to take it back.
    tell(&login, SESSION, session, "Lock", &()).await;
    tell_property(&login, SESSION, session, "LockedHint", true).await;
    assert_eq!(next(&mut reports).await, Signal::ScreenLocked(true));
    tell(&login, SESSION, session, "Unlock", &()).await;
    assert_eq!(next(&mut reports).await, Signal::ScreenLocked(false));
}

#[tokio::test]
async fn waking_is_told_and_falling_asleep_is_not() {
    let desktop = Desktop::new();
    let login = login_service(&desktop.system, true).await;
    let (mut reports, _task) = desktop.listen();
    assert_eq!(next(&mut reports).await, Signal::ScreenLocked(true));
    let manager = "org.freedesktop.login1.Manager";
    tell(&login, LOGIN_PATH, manager, "PrepareForSleep", &true).await;
    tell(&login, LOGIN_PATH, manager, "PrepareForSleep", &false).await;
    assert_eq!(next(&mut reports).await, Signal::Woke);
    tell(&login, SESSION, "org.freedesktop.login1.Session", "Unlock", &()).await;
    assert_eq!(next(&mut reports).await, Signal::ScreenLocked(false));
}

#[tokio::test]
async fn a_screen_saver_locks_until_it_says_otherwise_or_ends() {
    let desktop = Desktop::new();
    let name = "org.freedesktop.ScreenSaver";
    let active = Arc::new(AtomicBool::new(true));
    let saver = desktop.session.connect().await;
    let object = ScreenSaver { active: Arc::clone(&active) };
    saver.object_server().at("/org/freedesktop/ScreenSaver", object).await.unwrap();
    saver.request_name(name).await.unwrap();
    let (mut reports, _task) = desktop.listen();
    assert_eq!(next(&mut reports).await, Signal::ScreenLocked(true));
    // KDE tells it twice, under two paths.
    tell(&saver, "/ScreenSaver", name, "ActiveChanged", &false).await;
    tell(&saver, "/org/freedesktop/ScreenSaver", name, "ActiveChanged", &false).await;
    assert_eq!(next(&mut reports).await, Signal::ScreenLocked(false));
    tell(&saver, "/ScreenSaver", name, "ActiveChanged", &true).await;
    assert_eq!(next(&mut reports).await, Signal::ScreenLocked(true));
    saver.close().await.unwrap();
    assert_eq!(next(&mut reports).await, Signal::ScreenLocked(false), "a lock nobody can open does not last");
    // One that starts later is heard too, with GNOME's own name.
    let gnome = desktop.session.connect().await;
    gnome.request_name("org.gnome.ScreenSaver").await.unwrap();
    tell(&gnome, "/org/gnome/ScreenSaver", "org.gnome.ScreenSaver", "ActiveChanged", &true).await;
    assert_eq!(next(&mut reports).await, Signal::ScreenLocked(true));
}

#[tokio::test]
async fn do_not_disturb_of_the_notification_service_is_followed() {
    let desktop = Desktop::new();
    let (mut reports, _task) = desktop.listen();
    let service = desktop.session.connect().await;
    service.object_server().at(NOTIFICATIONS_PATH, Notifications).await.unwrap();
    service.request_name(NOTIFICATIONS).await.unwrap();
    assert_eq!(next(&mut reports).await, Signal::SystemDoNotDisturb(true));
    tell_property(&service, NOTIFICATIONS_PATH, NOTIFICATIONS, "Inhibited", false).await;
    assert_eq!(next(&mut reports).await, Signal::SystemDoNotDisturb(false));
    tell_property(&service, NOTIFICATIONS_PATH, NOTIFICATIONS, "Inhibited", true).await;
    assert_eq!(next(&mut reports).await, Signal::SystemDoNotDisturb(true));
    service.close().await.unwrap();
    assert_eq!(next(&mut reports).await, Signal::SystemDoNotDisturb(false));
}

#[tokio::test]
async fn without_any_bus_nothing_is_told_and_nothing_waits() {
    let (sender, mut reports) = mpsc::channel(16);
    let nowhere = Some("unix:path=/nonexistent/bus".to_owned());
    desktop_state::run(Buses { system: nowhere.clone(), session: nowhere, ..Buses::default() }, sender).await;
    assert!(reports.recv().await.is_none());
}
