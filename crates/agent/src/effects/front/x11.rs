//! Looks at an X server whenever it says that something changed.
//!
//! Its protocol blocks, so it has a thread of its own, which sleeps in the kernel while nobody changes a window.

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use tokio::sync::mpsc;
use x11rb::connection::{Connection as _, RequestConnection as _};
use x11rb::cookie::Cookie;
use x11rb::protocol::Event;
use x11rb::protocol::dpms::{self, ConnectionExt as _, DPMSMode};
use x11rb::protocol::randr::{self, ConnectionExt as _};
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ChangeWindowAttributesAux, ConnectionExt as _, EventMask, MapState, Window,
};
use x11rb::rust_connection::RustConnection;

use super::{Monitor, Seen};

/// So long changes are left to come together: a window that is dragged tells of every step.
const SETTLE: Duration = Duration::from_millis(100);
/// So many windows are looked at, from the highest down.
const WINDOWS: usize = 64;
/// A window on every workspace.
const EVERYWHERE: u32 = u32::MAX;

x11rb::atom_manager! {
    Atoms: AtomsCookie {
        ACTIVE_WINDOW: b"_NET_ACTIVE_WINDOW".as_slice(),
        CLIENT_LIST_STACKING: b"_NET_CLIENT_LIST_STACKING".as_slice(),
        CURRENT_DESKTOP: b"_NET_CURRENT_DESKTOP".as_slice(),
        WINDOW_DESKTOP: b"_NET_WM_DESKTOP".as_slice(),
        WINDOW_STATE: b"_NET_WM_STATE".as_slice(),
        STATE_ABOVE: b"_NET_WM_STATE_ABOVE".as_slice(),
        STATE_FULLSCREEN: b"_NET_WM_STATE_FULLSCREEN".as_slice(),
        STATE_HIDDEN: b"_NET_WM_STATE_HIDDEN".as_slice(),
        KIND: b"_NET_WM_WINDOW_TYPE".as_slice(),
        KIND_DESKTOP: b"_NET_WM_WINDOW_TYPE_DESKTOP".as_slice(),
        KIND_DOCK: b"_NET_WM_WINDOW_TYPE_DOCK".as_slice(),
        KIND_NOTIFICATION: b"_NET_WM_WINDOW_TYPE_NOTIFICATION".as_slice(),
    }
}

/// Starts the thread, which ends with the display, or with the first news that nobody takes; its end of the queue tells.
pub(super) fn start(display: String, news: mpsc::Sender<Seen>) {
    let thread = thread::Builder::new().name("front".to_owned()).stack_size(256 << 10);
    let begin = move || {
        // Whatever the display refuses ends the watch; what it said until then is taken back by the task.
        watch(&display, &news).unwrap_or_default();
    };
    thread.spawn(begin).ok(); // without a thread the queue ends at once, as if there was no display
}

fn watch(display: &str, news: &mpsc::Sender<Seen>) -> Option<()> {
    let mut screen = Screen::connect(display)?;
    let mut told = None;
    loop {
        let seen = screen.look()?;
        if told.as_ref() != Some(&seen) {
            news.blocking_send(seen.clone()).ok()?;
            told = Some(seen);
        }
        while !screen.matters(&screen.connection.wait_for_raw_event().ok()?) {}
        thread::sleep(SETTLE);
        // The next look covers them all.
        while screen.connection.poll_for_raw_event().ok()?.is_some() {}
    }
}

/// A rectangle in pixels of the screen.
#[derive(Clone, Copy)]
struct Rect {
    x: i32,
    y: i32,
    width: i32,
    height: i32,
}

impl Rect {
    fn has_middle_of(self, other: Self) -> bool {
        let (x, y) = (other.x + other.width / 2, other.y + other.height / 2);
        (self.x..self.x + self.width).contains(&x) && (self.y..self.y + self.height).contains(&y)
    }

    fn is_covered_by(self, other: Self) -> bool {
        let width = (self.x + self.width).min(other.x + other.width) - self.x.max(other.x);
        let height = (self.y + self.height).min(other.y + other.height) - self.y.max(other.y);
        // A pixel more or less is no difference.
        width > self.width * 9 / 10 && height > self.height * 9 / 10
    }
}

/// What a window means for the monitors that it is on.
enum Stands {
    /// It is not to be seen, or never meant to be alone: a panel, a desktop, a small window that stays above all.
    Aside,
    /// It fills what it is on.
    Fills(Rect),
    /// An ordinary window.
    Before(Rect),
}

struct Screen {
    connection: RustConnection,
    root: Window,
    size: Rect,
    atoms: Atoms,
    /// Whether the display tells when it falls asleep.
    tells_power: bool,
    /// Windows whose changes are told.
    watched: BTreeSet<Window>,
}

impl Screen {
    fn connect(display: &str) -> Option<Self> {
        let (connection, number) = x11rb::connect(Some(display)).ok()?;
        let screen = connection.setup().roots.get(number)?;
        let root = screen.root;
        let size =
            Rect { x: 0, y: 0, width: i32::from(screen.width_in_pixels), height: i32::from(screen.height_in_pixels) };
        let atoms = Atoms::new(&connection).ok()?.reply().ok()?;
        let changes =
            ChangeWindowAttributesAux::new().event_mask(EventMask::PROPERTY_CHANGE | EventMask::STRUCTURE_NOTIFY);
        connection.change_window_attributes(root, &changes).ok()?.check().ok()?;
        if connection.extension_information(randr::X11_EXTENSION_NAME).ok()?.is_some() {
            connection.randr_select_input(root, randr::NotifyMask::SCREEN_CHANGE).ok()?.check().ok()?;
        }
        let tells_power = tells_power(&connection).unwrap_or(false);
        Some(Self { connection, root, size, atoms, tells_power, watched: BTreeSet::new() })
    }

    fn matters(&self, event: &[u8]) -> bool {
        let atoms = &self.atoms;
        // x11rb (0.14.0) wants eight bytes more of a display's power than servers send: what it cannot read is looked at.
        let Ok(event) = self.connection.parse_event(event) else { return true };
        match event {
            Event::PropertyNotify(change) if change.window == self.root => {
                [atoms.ACTIVE_WINDOW, atoms.CLIENT_LIST_STACKING, atoms.CURRENT_DESKTOP].contains(&change.atom)
            }
            Event::PropertyNotify(change) => {
                [atoms.WINDOW_STATE, atoms.WINDOW_DESKTOP, atoms.KIND].contains(&change.atom)
            }
            Event::ConfigureNotify(_)
            | Event::MapNotify(_)
            | Event::UnmapNotify(_)
            | Event::RandrScreenChangeNotify(_)
            | Event::DpmsInfoNotify(_) => true,
            _ => false,
        }
    }

    /// How it is now; `None` where the display is gone.
    fn look(&mut self) -> Option<Seen> {
        let monitors = self.monitors()?;
        let mut filled: Vec<Option<bool>> = vec![None; monitors.len()];
        let windows = self.numbers(self.root, self.atoms.CLIENT_LIST_STACKING)?;
        self.watched.retain(|window| windows.contains(window));
        let workspace = self.numbers(self.root, self.atoms.CURRENT_DESKTOP)?.first().copied();
        for window in windows.into_iter().rev().take(WINDOWS) {
            let stands = self.stands(window, workspace)?;
            for ((_, monitor), filled) in monitors.iter().zip(&mut filled) {
                *filled = filled.or(match stands {
                    Stands::Fills(place) if monitor.is_covered_by(place) => Some(true),
                    Stands::Before(place) if monitor.has_middle_of(place) => Some(false),
                    Stands::Aside | Stands::Fills(_) | Stands::Before(_) => None,
                });
            }
            if filled.iter().all(Option::is_some) {
                break;
            }
        }
        let monitors = monitors.into_iter().zip(filled);
        let monitors = monitors.map(|((monitor, _), filled)| Monitor { filled: filled == Some(true), ..monitor });
        Some(Seen { monitors: monitors.collect(), asleep: self.is_asleep()? })
    }

    fn monitors(&self) -> Option<Vec<(Monitor, Rect)>> {
        let connection = &self.connection;
        let found = match connection.randr_get_monitors(self.root, true).ok().map(Cookie::reply) {
            Some(Ok(reply)) => reply.monitors,
            // It knows nothing of monitors.
            Some(Err(x11rb::errors::ReplyError::X11Error(_))) | None => Vec::new(),
            Some(Err(_)) => return None,
        };
        let monitor = |info: randr::MonitorInfo| {
            let name = connection.get_atom_name(info.name).ok()?.reply().ok()?.name;
            let rect =
                Rect { x: info.x.into(), y: info.y.into(), width: info.width.into(), height: info.height.into() };
            let name = String::from_utf8(name).unwrap_or_default();
            Some((Monitor { name, primary: info.primary, filled: false }, rect))
        };
        let mut monitors: Vec<_> = found.into_iter().filter_map(monitor).collect();
        if monitors.is_empty() {
            monitors.push((Monitor { name: String::new(), primary: true, filled: false }, self.size));
        }
        Some(monitors)
    }

    /// What a window is; one that is gone stands aside. `None` where the display is.
    fn stands(&mut self, window: Window, workspace: Option<u32>) -> Option<Stands> {
        let connection = &self.connection;
        if self.watched.insert(window) {
            // Before it is looked at: what changes from now on is told. One that is gone is told as an error, which does not
            // matter.
            let changes =
                ChangeWindowAttributesAux::new().event_mask(EventMask::PROPERTY_CHANGE | EventMask::STRUCTURE_NOTIFY);
            connection.change_window_attributes(window, &changes).ok()?;
        }
        let attributes = connection.get_window_attributes(window).ok()?;
        let geometry = connection.get_geometry(window).ok()?;
        let corner = connection.translate_coordinates(window, self.root, 0, 0).ok()?;
        let (Ok(attributes), Ok(geometry), Ok(corner)) = (attributes.reply(), geometry.reply(), corner.reply()) else {
            return Some(Stands::Aside);
        };
        let state = self.numbers(window, self.atoms.WINDOW_STATE)?;
        let kinds = self.numbers(window, self.atoms.KIND)?;
        let its_workspace = self.numbers(window, self.atoms.WINDOW_DESKTOP)?.first().copied();
        let elsewhere = its_workspace.is_some_and(|its| its != EVERYWHERE && workspace.is_some_and(|now| now != its));
        let is = |atom: Atom| state.contains(&atom);
        let hidden = attributes.map_state != MapState::VIEWABLE || is(self.atoms.STATE_HIDDEN) || elsewhere;
        let place = Rect {
            x: corner.dst_x.into(),
            y: corner.dst_y.into(),
            width: geometry.width.into(),
            height: geometry.height.into(),
        };
        let never_alone = [self.atoms.KIND_DESKTOP, self.atoms.KIND_DOCK, self.atoms.KIND_NOTIFICATION];
        Some(if hidden || kinds.iter().any(|kind| never_alone.contains(kind)) {
            Stands::Aside
        } else if is(self.atoms.STATE_FULLSCREEN) {
            Stands::Fills(place)
        } else if is(self.atoms.STATE_ABOVE) {
            Stands::Aside
        } else {
            Stands::Before(place)
        })
    }

    /// A property that is a list of numbers; empty where it is not there. `None` where the display is gone.
    fn numbers(&self, window: Window, property: Atom) -> Option<Vec<u32>> {
        let asked = self.connection.get_property(false, window, property, AtomEnum::ANY, 0, 1024).ok()?;
        match asked.reply() {
            Ok(reply) => Some(reply.value32().map(Iterator::collect).unwrap_or_default()),
            Err(x11rb::errors::ReplyError::X11Error(_)) => Some(Vec::new()),
            Err(_) => None,
        }
    }

    fn is_asleep(&self) -> Option<bool> {
        if !self.tells_power {
            return Some(false);
        }
        let power = self.connection.dpms_info().ok()?.reply().ok()?;
        Some(power.state && power.power_level != DPMSMode::ON)
    }
}

/// Asks to be told when the display falls asleep and wakes. Where it does not tell, it counts as awake: nothing would say
/// when it wakes.
fn tells_power(connection: &RustConnection) -> Option<bool> {
    connection.extension_information(dpms::X11_EXTENSION_NAME).ok()??;
    let version = connection.dpms_get_version(1, 2).ok()?.reply().ok()?;
    if (version.server_major_version, version.server_minor_version) < (1, 2)
        || !connection.dpms_capable().ok()?.reply().ok()?.capable
    {
        return Some(false);
    }
    connection.dpms_select_input(dpms::EventMask::INFO_NOTIFY).ok()?.check().ok()?;
    Some(true)
}
