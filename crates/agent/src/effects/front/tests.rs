//! A real X server; the window manager's part is played here, so that every state can be had.

mod power;

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use belfry_core::prefs::{BannerPrefs, LocalPrefs};
use tokio::runtime::Handle;
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{AtomEnum, ConnectionExt as _, CreateWindowAux, PropMode, Window, WindowClass};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use super::*;
use crate::effects::bus_tests::next;

const WIDTH: u16 = 640;
const HEIGHT: u16 = 480;

struct Desktop {
    server: Child,
    name: String,
    connection: RustConnection,
    root: Window,
}

impl Desktop {
    fn start() -> Self {
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "640x480x24", "-noreset", "-nolisten", "tcp"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb is installed");
        let mut number = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut number).unwrap();
        let name = format!(":{}", number.trim());
        let (connection, screen) = x11rb::connect(Some(&name)).unwrap();
        let root = connection.setup().roots[screen].root;
        Self { server, name, connection, root }
    }

    fn atom(&self, name: &str) -> u32 {
        self.connection.intern_atom(false, name.as_bytes()).unwrap().reply().unwrap().atom
    }

    fn window(&self, x: i16, width: u16) -> Window {
        let id = self.connection.generate_id().unwrap();
        let look = CreateWindowAux::new();
        let class = WindowClass::INPUT_OUTPUT;
        self.connection
            .create_window(0, id, self.root, x, 0, width, HEIGHT, 0, class, 0, &look)
            .unwrap()
            .check()
            .unwrap();
        self.connection.map_window(id).unwrap().check().unwrap();
        id
    }

    fn set(&self, window: Window, property: &str, kind: AtomEnum, values: &[u32]) {
        let property = self.atom(property);
        let set = self.connection.change_property32(PropMode::REPLACE, window, property, kind, values);
        set.unwrap().check().unwrap();
    }

    fn states(&self, window: Window, states: &[&str]) {
        let atoms: Vec<u32> = states.iter().map(|state| self.atom(&format!("_NET_WM_STATE_{state}"))).collect();
        self.set(window, "_NET_WM_STATE", AtomEnum::ATOM, &atoms);
    }

    /// From the lowest to the highest.
    fn stack(&self, windows: &[Window]) {
        self.set(self.root, "_NET_CLIENT_LIST_STACKING", AtomEnum::WINDOW, windows);
    }

    fn watch(&self) -> (mpsc::Receiver<Signal>, watch::Sender<Arc<View>>) {
        Self::watch_at(&self.name)
    }

    fn watch_at(name: &str) -> (mpsc::Receiver<Signal>, watch::Sender<Arc<View>>) {
        let (report, reports) = mpsc::channel(16);
        let (sender, view) = watch::channel(Arc::default());
        let displays = Environment { display: Some(name.into()), ..Environment::default() };
        Handle::current().spawn(run(displays, view, report));
        (reports, sender)
    }

    fn end(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        self.end();
    }
}

#[tokio::test]
async fn a_program_that_fills_the_display_is_told_while_nothing_stands_before_it() {
    let desktop = Desktop::start();
    let film = desktop.window(0, WIDTH);
    desktop.stack(&[film]);
    let (mut reports, _view) = desktop.watch();
    desktop.states(film, &["FULLSCREEN"]);
    assert_eq!(next(&mut reports).await, Signal::FullScreen(true));
    let letter = desktop.window(100, 200);
    desktop.stack(&[film, letter]);
    assert_eq!(next(&mut reports).await, Signal::FullScreen(false), "somebody writes a letter before it");
    desktop.states(letter, &["HIDDEN"]);
    assert_eq!(next(&mut reports).await, Signal::FullScreen(true), "minimised");
    desktop.connection.unmap_window(film).unwrap().check().unwrap();
    assert_eq!(next(&mut reports).await, Signal::FullScreen(false));
    desktop.connection.map_window(film).unwrap().check().unwrap();
    assert_eq!(next(&mut reports).await, Signal::FullScreen(true));
    desktop.states(film, &[]);
    assert_eq!(next(&mut reports).await, Signal::FullScreen(false));
}

#[tokio::test]
async fn panels_and_small_windows_above_all_do_not_count_and_other_workspaces_neither() {
    let desktop = Desktop::start();
    let (film, panel, clock) = (desktop.window(0, WIDTH), desktop.window(0, WIDTH), desktop.window(600, 40));
    desktop.states(film, &["FULLSCREEN"]);
    let dock = desktop.atom("_NET_WM_WINDOW_TYPE_DOCK");
    desktop.set(panel, "_NET_WM_WINDOW_TYPE", AtomEnum::ATOM, &[dock]);
    desktop.states(clock, &["ABOVE"]);
    desktop.set(film, "_NET_WM_DESKTOP", AtomEnum::CARDINAL, &[0]);
    desktop.set(desktop.root, "_NET_CURRENT_DESKTOP", AtomEnum::CARDINAL, &[0]);
    desktop.stack(&[film, panel, clock]);
    let (mut reports, _view) = desktop.watch();
    assert_eq!(next(&mut reports).await, Signal::FullScreen(true));
    desktop.set(desktop.root, "_NET_CURRENT_DESKTOP", AtomEnum::CARDINAL, &[1]);
    assert_eq!(next(&mut reports).await, Signal::FullScreen(false));
    desktop.set(film, "_NET_WM_DESKTOP", AtomEnum::CARDINAL, &[u32::MAX]);
    assert_eq!(next(&mut reports).await, Signal::FullScreen(true), "on every workspace");
}

#[tokio::test]
async fn only_the_display_that_banners_stand_on_counts() {
    use x11rb::protocol::randr::{ConnectionExt as _, MonitorInfo};

    let desktop = Desktop::start();
    for (name, x, primary) in [("LEFT", 0, true), ("RIGHT", 320, false)] {
        let monitor = MonitorInfo {
            name: desktop.atom(name),
            primary,
            automatic: false,
            x,
            y: 0,
            width: 320,
            height: HEIGHT,
            width_in_millimeters: 300,
            height_in_millimeters: 200,
            outputs: Vec::new(),
        };
        desktop.connection.randr_set_monitor(desktop.root, monitor).unwrap().check().unwrap();
    }
    let (film, letter) = (desktop.window(0, 320), desktop.window(320, 320));
    desktop.states(film, &["FULLSCREEN"]);
    desktop.stack(&[film, letter]);
    let (mut reports, view) = desktop.watch();
    assert_eq!(next(&mut reports).await, Signal::FullScreen(true), "on the main one");
    let banners_on = |display: &str| {
        let banner = BannerPrefs { display: display.to_owned(), ..BannerPrefs::default() };
        view.send_replace(Arc::new(View { prefs: LocalPrefs { banner, ..LocalPrefs::default() }, ..View::default() }));
    };
    banners_on("RIGHT");
    assert_eq!(next(&mut reports).await, Signal::FullScreen(false));
    banners_on("GONE");
    assert_eq!(next(&mut reports).await, Signal::FullScreen(true));
}

#[tokio::test]
async fn a_display_that_is_gone_holds_nothing_back() {
    let mut desktop = Desktop::start();
    let film = desktop.window(0, WIDTH);
    desktop.states(film, &["FULLSCREEN"]);
    desktop.stack(&[film]);
    let (mut reports, _view) = desktop.watch();
    assert_eq!(next(&mut reports).await, Signal::FullScreen(true));
    desktop.end();
    assert_eq!(next(&mut reports).await, Signal::FullScreen(false));
}

#[tokio::test]
async fn without_a_display_nothing_is_told() {
    let (report, mut reports) = mpsc::channel(1);
    let (_sender, view) = watch::channel(Arc::default());
    run(Environment::default(), view, report).await;
    assert_eq!(reports.recv().await, None);
}
