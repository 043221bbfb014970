//! Idle time from a real X server, and from scripted services on a private bus.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use belfry_core::badge::Badge;
use belfry_core::prefs::Permission;
use belfry_core::view::UnreadList;
use tokio::runtime::Handle;
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto;
use x11rb::protocol::xtest::ConnectionExt as _;

use super::*;
use crate::effects::bus_tests::{Bus, next};

/// An X server of one's own.
struct Display {
    server: Child,
    name: String,
}

impl Display {
    fn start() -> Self {
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "640x480x24", "-noreset", "-nolisten", "tcp"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb is installed");
        let mut number = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut number).unwrap();
        Self { server, name: format!(":{}", number.trim()) }
    }

    /// Moves the pointer as a hand would.
    fn touch(&self, x: i16) {
        let (connection, screen) = x11rb::connect(Some(&self.name)).unwrap();
        let root = connection.setup().roots[screen].root;
        connection.xtest_fake_input(xproto::MOTION_NOTIFY_EVENT, 0, 0, root, x, 10, 0).unwrap().check().unwrap();
    }

    fn places(&self) -> Places {
        Places {
            session: Some("unix:path=/nonexistent/bus".to_owned()),
            displays: Environment { display: Some(self.name.clone().into()), ..Environment::default() },
        }
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
    }
}

#[derive(Clone, Default)]
struct Script {
    idle: Arc<AtomicU64>,
    asked: Arc<AtomicU64>,
}

impl Script {
    fn answer(&self) -> u64 {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.idle.load(Ordering::SeqCst)
    }

    fn set(&self, idle: u64) {
        self.idle.store(idle, Ordering::SeqCst);
    }

    fn asked(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }
}

struct Mutter(Script);

#[zbus::interface(name = "org.gnome.Mutter.IdleMonitor")]
impl Mutter {
    fn get_idletime(&self) -> u64 {
        self.0.answer()
    }
}

struct ScreenSaver(Script);

#[zbus::interface(name = "org.freedesktop.ScreenSaver")]
impl ScreenSaver {
    fn get_session_idle_time(&self) -> u32 {
        u32::try_from(self.0.answer()).unwrap()
    }
}

async fn mutter(bus: &Bus) -> (Script, Connection) {
    let (script, service) = (Script::default(), bus.connect().await);
    service.object_server().at("/org/gnome/Mutter/IdleMonitor/Core", Mutter(script.clone())).await.unwrap();
    service.request_name("org.gnome.Mutter.IdleMonitor").await.unwrap();
    (script, service)
}

fn on_bus(bus: &Bus) -> Places {
    Places { session: Some(bus.address.clone()), displays: Environment::default() }
}

/// A picture with these servers connected.
fn connected(servers: &[u32]) -> Arc<View> {
    let server = |id: &u32| {
        let (badge, unread) = (Badge::default(), UnreadList::default());
        let server = serde_json::json!({
            "id": id, "name": "", "url": "", "username": "", "health": Health::Live, "last_heard_ms": 0,
            "permission": Permission::Allowed, "badge": badge, "unread": unread, "version": "",
        });
        serde_json::from_value(server).unwrap()
    };
    Arc::new(View { servers: servers.iter().map(server).collect(), ..View::default() })
}

/// Lets the other tasks of this thread come to rest.
async fn others_run() {
    for _ in 0..32 {
        tokio::task::yield_now().await;
    }
}

struct Running {
    view: watch::Sender<Arc<View>>,
    locked: watch::Sender<bool>,
    reports: mpsc::Receiver<Signal>,
}

fn start(places: Places) -> Running {
    let (view, seen) = watch::channel(Arc::default());
    let (locked, lock) = watch::channel(false);
    let (sender, reports) = mpsc::channel(16);
    Handle::current().spawn(run(places, seen, lock, sender));
    Running { view, locked, reports }
}

impl Running {
    async fn next(&mut self) -> u64 {
        let Signal::InputSeen { ago_ms } = next(&mut self.reports).await else { panic!("something else was told") };
        ago_ms
    }
}

#[tokio::test]
async fn an_x_server_tells_the_time_since_the_pointer_moved() {
    let display = Display::start();
    let mut watcher = Watcher::new(display.places(), clock::process());
    display.touch(20);
    let mut grown = Duration::ZERO;
    while grown < Duration::from_millis(300) {
        grown = watcher.idle().await.expect("the display tells");
    }
    display.touch(30);
    let after = watcher.idle().await.unwrap();
    assert!(after < grown, "{after:?} after {grown:?}");
    assert_eq!(probe(display.places()).await, Some("The display"));
    drop(display);
    assert_eq!(watcher.idle().await, None, "a display that is gone tells nothing");
}

#[tokio::test]
async fn another_display_is_found_after_one_was_lost() {
    let display = Display::start();
    let mut watcher = Watcher::new(display.places(), clock::process());
    assert!(watcher.idle().await.is_some());
    drop(display);
    watcher.idle().await;
    let display = Display::start();
    watcher.places = display.places();
    while watcher.idle().await.is_none() {}
}

#[tokio::test]
async fn nobody_is_asked_while_no_server_is_connected_or_the_screen_is_locked() {
    let bus = Bus::start();
    let (script, _service) = mutter(&bus).await;
    let mut running = start(on_bus(&bus));
    script.set(7_000);
    running.view.send_replace(connected(&[1]));
    assert_eq!(running.next().await, 7_000);
    assert_eq!(script.asked(), 1, "not before somebody wanted to know");
    // A second connection wants to know at once, even what was told before.
    running.view.send_replace(connected(&[1, 2]));
    let told = running.next().await;
    assert_eq!((told, script.asked()), (7_000, 2));
    running.locked.send_replace(true);
    others_run().await;
    script.set(0);
    running.view.send_replace(connected(&[1, 2, 3]));
    others_run().await;
    assert_eq!(script.asked(), 2);
    running.locked.send_replace(false);
    assert!(running.next().await < 7_000);
    assert_eq!(script.asked(), 3, "only when it was unlocked");
}

#[tokio::test]
async fn gnome_is_asked_before_xwayland_which_sees_only_part_of_the_input() {
    let (bus, display) = (Bus::start(), Display::start());
    let (script, service) = mutter(&bus).await;
    script.set(123_456_000);
    let mut places = display.places();
    places.session = Some(bus.address.clone());
    places.displays.wayland = Some("wayland-0".into());
    let mut watcher = Watcher::new(places, clock::process());
    assert_eq!(watcher.idle().await, Some(Duration::from_secs(123_456)));
    service.close().await.unwrap();
    assert!(watcher.idle().await.is_some_and(|idle| idle < Duration::from_hours(1)), "the display is left");
}

#[tokio::test]
async fn a_screen_saver_that_always_answers_zero_makes_nobody_active() {
    let bus = Bus::start();
    let (script, service) = (Script::default(), bus.connect().await);
    service.object_server().at("/org/freedesktop/ScreenSaver", ScreenSaver(script.clone())).await.unwrap();
    service.request_name("org.freedesktop.ScreenSaver").await.unwrap();
    let mut watcher = Watcher::new(on_bus(&bus), clock::process());
    for _ in 0..5 {
        assert_eq!(watcher.idle().await, None);
    }
    assert_eq!((script.asked(), watcher.told_by), (5, Some("The screen saver")));
}

#[tokio::test]
async fn where_nobody_tells_nothing_is_reported() {
    let bus = Bus::start();
    assert_eq!(probe(on_bus(&bus)).await, None);
    let nowhere = Places { session: Some("unix:path=/nonexistent/bus".to_owned()), ..Places::default() };
    assert_eq!(probe(nowhere).await, None);
}

#[test]
fn an_absent_person_costs_three_looks_a_minute_and_one_at_work_one() {
    assert_eq!(next_look(Some(Duration::ZERO)), Duration::from_mins(1));
    assert_eq!(next_look(Some(Duration::from_secs(299))), Duration::from_mins(1));
    assert_eq!(next_look(Some(Duration::from_mins(5))), Duration::from_secs(20));
    assert_eq!(next_look(None), Duration::from_mins(5));
}
