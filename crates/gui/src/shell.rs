//! What eframe cannot do for the banners' window: its place in the work area, its shape, its rank.
//!
//! A second connection to the display, so that nothing of the window library's is touched. Every request is followed
//! by a round trip before the frame is swapped: the shape must be there when the pixels come.

use x11rb::connection::{Connection as _, RequestConnection as _};
use x11rb::protocol::randr::{self, ConnectionExt as _};
use x11rb::protocol::shape::{self, ConnectionExt as _};
use x11rb::protocol::xproto::{
    AtomEnum, ClipOrdering, ConfigureWindowAux, ConnectionExt as _, InputFocus, Rectangle, StackMode, Window,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use crate::banner::PixelRect;

/// Why the display cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ShellError {
    /// No connection.
    #[error("the X11 display cannot be reached: {0}")]
    Connect(#[from] x11rb::errors::ConnectError),
    /// It lacks what banners need.
    #[error("the X11 display cannot shape windows")]
    NoShapes,
}

/// A monitor, as the display has it.
struct Monitor {
    name: String,
    primary: bool,
    rect: PixelRect,
}

/// The X11 side of the banners' window.
pub(crate) struct Shell {
    connection: RustConnection,
    screen: usize,
    root: Window,
    window: Window,
    shape: std::cell::RefCell<Option<Vec<PixelRect>>>,
    /// Who had the keyboard before it was taken.
    previous: std::cell::Cell<Option<Window>>,
}

impl Shell {
    /// Connects to the display, for a window that will be named by [`Shell::attach`].
    pub(crate) fn connect() -> Result<Self, ShellError> {
        let (connection, screen) = x11rb::connect(None)?;
        let root = connection.setup().roots.get(screen).map(|screen| screen.root).ok_or(ShellError::NoShapes)?;
        let shapes = connection.extension_information(shape::X11_EXTENSION_NAME).ok().flatten();
        if shapes.is_none() {
            return Err(ShellError::NoShapes);
        }
        Ok(Self {
            connection,
            screen,
            root,
            window: 0,
            shape: std::cell::RefCell::new(None),
            previous: std::cell::Cell::new(None),
        })
    }

    /// Names the window.
    pub(crate) fn attach(&mut self, window: Window) {
        self.window = window;
    }

    /// Whether something composes the screen, so that transparency works.
    pub(crate) fn is_composited(&self) -> bool {
        let name = format!("_NET_WM_CM_S{}", self.screen);
        let owner = || -> Option<Window> {
            let atom = self.connection.intern_atom(false, name.as_bytes()).ok()?.reply().ok()?.atom;
            Some(self.connection.get_selection_owner(atom).ok()?.reply().ok()?.owner)
        };
        owner().is_some_and(|owner| owner != x11rb::NONE)
    }

    /// The part of a monitor that panels leave free, in pixels of the screen: of the one with this name; of the primary one
    /// where that is empty or not connected.
    pub(crate) fn work_area(&self, name: &str) -> PixelRect {
        let monitors = self.monitors();
        let wanted = monitors.iter().find(|monitor| monitor.name == name && !name.is_empty());
        let chosen = wanted.or_else(|| monitors.iter().find(|monitor| monitor.primary)).or_else(|| monitors.first());
        let monitor = chosen.map_or_else(|| self.whole_screen(), |monitor| monitor.rect);
        self.net_work_area().and_then(|area| area.intersect(monitor)).unwrap_or(monitor)
    }

    /// The names of the monitors that are connected, the primary one first.
    pub(crate) fn monitor_names(&self) -> Vec<String> {
        let mut monitors = self.monitors();
        monitors.sort_by_key(|monitor| !monitor.primary);
        monitors.into_iter().map(|monitor| monitor.name).filter(|name| !name.is_empty()).collect()
    }

    fn whole_screen(&self) -> PixelRect {
        self.connection.setup().roots.get(self.screen).map_or_else(PixelRect::default, |screen| PixelRect {
            x: 0,
            y: 0,
            width: i32::from(screen.width_in_pixels),
            height: i32::from(screen.height_in_pixels),
        })
    }

    fn monitors(&self) -> Vec<Monitor> {
        let reply = self.connection.randr_get_monitors(self.root, true).ok().and_then(|cookie| cookie.reply().ok());
        let name = |atom| {
            let name = self.connection.get_atom_name(atom).ok()?.reply().ok()?.name;
            String::from_utf8(name).ok()
        };
        let monitors = reply.map(|reply| reply.monitors).unwrap_or_default();
        let monitor = |monitor: randr::MonitorInfo| Monitor {
            name: name(monitor.name).unwrap_or_default(),
            primary: monitor.primary,
            rect: PixelRect {
                x: i32::from(monitor.x),
                y: i32::from(monitor.y),
                width: i32::from(monitor.width),
                height: i32::from(monitor.height),
            },
        };
        monitors.into_iter().map(monitor).collect()
    }

    /// `_NET_WORKAREA` of the current desktop: one rectangle for all monitors together.
    fn net_work_area(&self) -> Option<PixelRect> {
        let desktop =
            self.cardinals(b"_NET_CURRENT_DESKTOP", 1).and_then(|values| values.first().copied()).unwrap_or(0);
        let areas = self.cardinals(b"_NET_WORKAREA", 256)?;
        let start = usize::try_from(desktop).ok()?.checked_mul(4)?;
        let area = areas.get(start..start.checked_add(4)?).or_else(|| areas.get(..4))?;
        let value = |index: usize| area.get(index).and_then(|value| i32::try_from(*value).ok());
        Some(PixelRect { x: value(0)?, y: value(1)?, width: value(2)?, height: value(3)? })
    }

    fn cardinals(&self, name: &[u8], count: u32) -> Option<Vec<u32>> {
        let atom = self.connection.intern_atom(true, name).ok()?.reply().ok()?.atom;
        if atom == x11rb::NONE {
            return None;
        }
        let kind = AtomEnum::CARDINAL;
        let reply = self.connection.get_property(false, self.root, atom, kind, 0, count).ok()?.reply().ok()?;
        Some(reply.value32()?.collect())
    }

    /// Moves and sizes the window.
    pub(crate) fn place(&self, rect: PixelRect) {
        let aux = ConfigureWindowAux::new()
            .x(rect.x)
            .y(rect.y)
            .width(u32::try_from(rect.width).unwrap_or(1).max(1))
            .height(u32::try_from(rect.height).unwrap_or(1).max(1));
        self.configure(&aux);
    }

    /// Puts the window above all others; a window manager does not do it for this kind.
    pub(crate) fn raise(&self) {
        self.configure(&ConfigureWindowAux::new().stack_mode(StackMode::ABOVE));
    }

    /// Gives the keyboard to the window. A window manager does not do it for this kind, and nobody else asks for it.
    pub(crate) fn take_keyboard(&self) {
        let had = self.focus();
        if had != Some(self.window) {
            self.previous.set(had);
        }
        self.give_keyboard(self.window);
    }

    /// Gives the keyboard back to the window that had it, unless the person gave it to another one meanwhile.
    pub(crate) fn give_keyboard_back(&self) {
        let previous = self.previous.take().unwrap_or(x11rb::NONE);
        if self.focus() == Some(self.window) && !self.give_keyboard(previous) {
            // That window is gone: whatever is under the pointer gets it, or what the window manager chooses.
            self.give_keyboard(InputFocus::POINTER_ROOT.into());
        }
    }

    fn focus(&self) -> Option<Window> {
        Some(self.connection.get_input_focus().ok()?.reply().ok()?.focus)
    }

    fn give_keyboard(&self, window: Window) -> bool {
        // Should we vanish with it, typing must not go nowhere.
        let request = self.connection.set_input_focus(InputFocus::POINTER_ROOT, window, x11rb::CURRENT_TIME);
        request.is_ok_and(|cookie| cookie.check().is_ok())
    }

    fn configure(&self, aux: &ConfigureWindowAux) {
        let sent = self.connection.configure_window(self.window, aux).map(|_cookie| ());
        self.finish(sent);
    }

    /// Shapes what is seen and what is clicked to these rectangles. With none of them one pixel stays: a window
    /// without any counts as hidden and is never painted again.
    pub(crate) fn set_shape(&self, rects: &[PixelRect]) {
        if self.shape.borrow().as_deref() == Some(rects) {
            return;
        }
        let short = |value: i32| i16::try_from(value).unwrap_or(if value < 0 { i16::MIN } else { i16::MAX });
        let side = |value: i32| u16::try_from(value.max(1)).unwrap_or(u16::MAX);
        let mut shape: Vec<Rectangle> = rects
            .iter()
            .map(|rect| Rectangle {
                x: short(rect.x),
                y: short(rect.y),
                width: side(rect.width),
                height: side(rect.height),
            })
            .collect();
        if shape.is_empty() {
            shape.push(Rectangle { x: 0, y: 0, width: 1, height: 1 });
        }
        let mut sent = Ok(());
        for kind in [shape::SK::BOUNDING, shape::SK::INPUT] {
            let request = self.connection.shape_rectangles(
                shape::SO::SET,
                kind,
                ClipOrdering::UNSORTED,
                self.window,
                0,
                0,
                &shape,
            );
            sent = sent.and(request.map(|_cookie| ()));
        }
        self.finish(sent);
        self.shape.replace(Some(rects.to_vec()));
    }

    /// Waits until the display has done it.
    fn finish(&self, sent: Result<(), x11rb::errors::ConnectionError>) {
        let done = sent.map_err(x11rb::errors::ReplyError::from).and_then(|()| self.connection.sync());
        if let Err(error) = done {
            // The window library notices a lost display by itself and ends the face.
            tracing::warn!(%error, "the display refused a request");
        }
    }
}
