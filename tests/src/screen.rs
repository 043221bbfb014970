//! What is on a display, and a hand to touch it with.

use std::path::Path;

use anyhow::{Context as _, ensure};
use image::RgbImage;
use x11rb::connection::Connection as _;
use x11rb::properties::{WmHints, WmHintsState, WmSizeHints, WmSizeHintsSpecification};
use x11rb::protocol::Event;
use x11rb::protocol::randr::{self, ConnectionExt as _};
use x11rb::protocol::shape::{self, ConnectionExt as _};
use x11rb::protocol::xproto::{
    self, Atom, AtomEnum, ChangeWindowAttributesAux, ClientMessageEvent, ConnectionExt as _, EventMask, ImageFormat,
    MapState, PropMode, WindowClass,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use crate::poll::eventually;

/// The symbol of the Enter key.
pub const ENTER: u32 = 0xff0d;
/// The symbol of the Escape key.
pub const ESCAPE: u32 = 0xff1b;

/// A rectangle in pixels of the display.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rect {
    /// Left edge.
    pub x: i32,
    /// Top edge.
    pub y: i32,
    /// Width.
    pub width: i32,
    /// Height.
    pub height: i32,
}

impl Rect {
    /// Just past the right edge.
    pub const fn right(self) -> i32 {
        self.x + self.width
    }

    /// Just past the bottom edge.
    pub const fn bottom(self) -> i32 {
        self.y + self.height
    }

    /// Whether the other lies wholly inside.
    pub const fn contains(self, other: Self) -> bool {
        other.x >= self.x && other.y >= self.y && other.right() <= self.right() && other.bottom() <= self.bottom()
    }

    /// Its middle.
    pub const fn middle(self) -> (i32, i32) {
        (self.x + self.width / 2, self.y + self.height / 2)
    }
}

/// A window that somebody named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its number.
    pub id: u32,
    /// Its title.
    pub title: String,
    /// Its class: the program it belongs to.
    pub class: String,
    /// Where it is.
    pub rect: Rect,
    /// The window manager leaves it alone.
    pub override_redirect: bool,
    /// It is mapped, and so is everything that it is in.
    pub viewable: bool,
}

impl Window {
    /// Whether it is one of ours.
    pub fn is_belfry(&self) -> bool {
        self.class.to_ascii_lowercase().contains("belfry")
    }
}

/// A connection to a display.
pub struct Screen {
    connection: RustConnection,
    root: u32,
}

impl std::fmt::Debug for Screen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Screen").field("root", &self.root).finish_non_exhaustive()
    }
}

impl Screen {
    /// Connects to a display such as `:7`.
    pub fn connect(display: &str) -> anyhow::Result<Self> {
        let (connection, number) =
            x11rb::connect(Some(display)).with_context(|| format!("cannot connect to {display}"))?;
        let root = connection.setup().roots.get(number).context("the display has no screen")?.root;
        Ok(Self { connection, root })
    }

    /// The window manager's own window, once there is a window manager.
    pub fn window_manager(&self) -> anyhow::Result<Option<u32>> {
        Ok(self.numbers(self.root, "_NET_SUPPORTING_WM_CHECK")?.first().copied().filter(|window| *window != 0))
    }

    /// The window that has the person's attention.
    pub fn active_window(&self) -> anyhow::Result<Option<u32>> {
        Ok(self.numbers(self.root, "_NET_ACTIVE_WINDOW")?.first().copied().filter(|window| *window != 0))
    }

    /// The window that gets what is typed.
    pub fn keyboard_focus(&self) -> anyhow::Result<u32> {
        Ok(self.connection.get_input_focus()?.reply()?.focus)
    }

    /// The part of the display that panels leave free.
    pub fn work_area(&self) -> anyhow::Result<Rect> {
        let numbers = self.numbers(self.root, "_NET_WORKAREA")?;
        let [x, y, width, height, ..] = numbers.as_slice() else { anyhow::bail!("no work area is set") };
        let signed = |n: &u32| i32::try_from(*n);
        Ok(Rect { x: signed(x)?, y: signed(y)?, width: signed(width)?, height: signed(height)? })
    }

    /// Every window with a class, children of frames included.
    pub fn windows(&self) -> anyhow::Result<Vec<Window>> {
        let mut found = Vec::new();
        let mut waiting = vec![(self.root, 0)];
        while let Some((parent, depth)) = waiting.pop() {
            // Windows come and go while we look: one that is gone is skipped.
            let Ok(tree) = self.connection.query_tree(parent)?.reply() else { continue };
            for id in tree.children {
                match self.window(id)? {
                    Some(window) if !window.class.is_empty() => found.push(window),
                    Some(_) if depth < 3 => waiting.push((id, depth + 1)),
                    Some(_) | None => {}
                }
            }
        }
        Ok(found)
    }

    /// One window; `None` where it is gone.
    pub fn window(&self, id: u32) -> anyhow::Result<Option<Window>> {
        let Ok(attributes) = self.connection.get_window_attributes(id)?.reply() else { return Ok(None) };
        let Ok(geometry) = self.connection.get_geometry(id)?.reply() else { return Ok(None) };
        let Ok(corner) = self.connection.translate_coordinates(id, self.root, 0, 0)?.reply() else { return Ok(None) };
        let class = self.text(id, AtomEnum::WM_CLASS.into())?;
        let title = match self.text(id, self.atom("_NET_WM_NAME")?)? {
            empty if empty.is_empty() => self.text(id, AtomEnum::WM_NAME.into())?,
            title => title,
        };
        Ok(Some(Window {
            id,
            title,
            class: class.trim_end_matches('\0').rsplit('\0').next().unwrap_or_default().to_owned(),
            rect: Rect {
                x: corner.dst_x.into(),
                y: corner.dst_y.into(),
                width: geometry.width.into(),
                height: geometry.height.into(),
            },
            override_redirect: attributes.override_redirect,
            viewable: attributes.map_state == MapState::VIEWABLE,
        }))
    }

    /// The visible parts of a window, in pixels of the display, as they and its place are at one moment.
    pub fn shape(&self, window: u32) -> anyhow::Result<Vec<Rect>> {
        // Nobody may move it between the two questions.
        self.connection.grab_server()?;
        let corner = self.connection.translate_coordinates(window, self.root, 0, 0)?;
        let parts = self.connection.shape_get_rectangles(window, shape::SK::BOUNDING)?;
        self.connection.ungrab_server()?;
        let (corner, parts) = (corner.reply(), parts.reply()?);
        let corner = corner?;
        let place = |part: &xproto::Rectangle| Rect {
            x: i32::from(corner.dst_x) + i32::from(part.x),
            y: i32::from(corner.dst_y) + i32::from(part.y),
            width: part.width.into(),
            height: part.height.into(),
        };
        Ok(parts.rectangles.iter().map(place).collect())
    }

    /// The whole display.
    pub fn rect(&self) -> anyhow::Result<Rect> {
        let size = self.connection.get_geometry(self.root)?.reply()?;
        Ok(Rect { x: 0, y: 0, width: size.width.into(), height: size.height.into() })
    }

    /// A part of the display, as it is seen.
    pub fn picture(&self, part: Rect) -> anyhow::Result<RgbImage> {
        let (x, y) = (i16::try_from(part.x)?, i16::try_from(part.y)?);
        let (width, height) = (u16::try_from(part.width)?, u16::try_from(part.height)?);
        let request = self.connection.get_image(ImageFormat::Z_PIXMAP, self.root, x, y, width, height, u32::MAX)?;
        let data = request.reply()?.data;
        let mut pixels = Vec::with_capacity(data.len() / 4 * 3);
        for bgrx in data.chunks_exact(4) {
            pixels.extend(bgrx.iter().take(3).rev());
        }
        RgbImage::from_raw(width.into(), height.into(), pixels).context("the display is not 32 bits a pixel")
    }

    /// Saves a part of the display (everything for `None`) as a PNG.
    pub fn save_picture(&self, part: Option<Rect>, path: &Path) -> anyhow::Result<()> {
        let part = part.map_or_else(|| self.rect(), Ok)?;
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        Ok(self.picture(part)?.save(path)?)
    }

    /// Asks a window to close, as its close button would.
    pub fn close(&self, window: u32) -> anyhow::Result<()> {
        let delete = [self.atom("WM_DELETE_WINDOW")?, x11rb::CURRENT_TIME, 0, 0, 0];
        let message = ClientMessageEvent::new(32, window, self.atom("WM_PROTOCOLS")?, delete);
        self.connection.send_event(false, window, EventMask::NO_EVENT, message)?.check()?;
        Ok(())
    }

    /// Fills the empty display with one colour, `0xRRGGBB`.
    pub fn paint_background(&self, colour: u32) -> anyhow::Result<()> {
        let look = ChangeWindowAttributesAux::new().background_pixel(colour);
        self.connection.change_window_attributes(self.root, &look)?.check()?;
        self.connection.clear_area(false, self.root, 0, 0, 0, 0)?.check()?;
        Ok(())
    }

    /// Puts the pointer somewhere.
    pub fn move_pointer(&self, x: u16, y: u16) -> anyhow::Result<()> {
        let (x, y) = (i16::try_from(x)?, i16::try_from(y)?);
        self.connection
            .xtest_fake_input(xproto::MOTION_NOTIFY_EVENT, 0, x11rb::CURRENT_TIME, self.root, x, y, 0)?
            .check()?;
        self.connection.sync()?;
        Ok(())
    }

    /// Clicks with the left button.
    pub fn click(&self, x: u16, y: u16) -> anyhow::Result<()> {
        self.move_pointer(x, y)?;
        for event in [xproto::BUTTON_PRESS_EVENT, xproto::BUTTON_RELEASE_EVENT] {
            self.connection.xtest_fake_input(event, 1, x11rb::CURRENT_TIME, self.root, 0, 0, 0)?.check()?;
        }
        self.connection.sync()?;
        Ok(())
    }

    /// Types letters, digits and spaces, and `\n` for Enter, as on the keyboard of this display.
    pub fn type_text(&self, text: &str) -> anyhow::Result<()> {
        for letter in text.chars() {
            let keysym = if letter == '\n' { ENTER } else { u32::from(letter) };
            self.press_key(keysym)?;
        }
        Ok(())
    }

    /// Presses and releases the key with this symbol.
    pub fn press_key(&self, keysym: u32) -> anyhow::Result<()> {
        let setup = self.connection.setup();
        let (first, last) = (setup.min_keycode, setup.max_keycode);
        let map = self.connection.get_keyboard_mapping(first, last - first + 1)?.reply()?;
        let place = map.keysyms.iter().position(|known| *known == keysym).context("no key has this symbol")?;
        let (row, column) =
            (place / usize::from(map.keysyms_per_keycode), place % usize::from(map.keysyms_per_keycode));
        ensure!(column == 0, "only keys without a modifier are pressed");
        let key = first + u8::try_from(row)?;
        for event in [xproto::KEY_PRESS_EVENT, xproto::KEY_RELEASE_EVENT] {
            self.connection.xtest_fake_input(event, key, x11rb::CURRENT_TIME, self.root, 0, 0, 0)?.check()?;
        }
        self.connection.sync()?;
        Ok(())
    }

    /// How many key presses have reached windows of ours since this was asked last.
    pub fn keys_reached(&self) -> anyhow::Result<usize> {
        self.connection.sync()?;
        let mut count = 0;
        while let Some(event) = self.connection.poll_for_event()? {
            count += usize::from(matches!(event, Event::KeyPress(_)));
        }
        Ok(count)
    }

    /// Windows on the display from the lowest to the highest.
    pub fn stacking(&self) -> anyhow::Result<Vec<u32>> {
        Ok(self.connection.query_tree(self.root)?.reply()?.children)
    }

    /// The highest ancestor below the root: the frame that a window manager put around a window, or the window itself.
    pub fn outermost(&self, window: u32) -> anyhow::Result<u32> {
        let mut window = window;
        loop {
            let parent = self.connection.query_tree(window)?.reply()?.parent;
            if parent == self.root || parent == x11rb::NONE {
                return Ok(window);
            }
            window = parent;
        }
    }

    /// Whether something composes the screen.
    pub fn is_composited(&self) -> anyhow::Result<bool> {
        let owner = self.connection.get_selection_owner(self.atom("_NET_WM_CM_S0")?)?.reply()?.owner;
        Ok(owner != x11rb::NONE)
    }

    /// Divides the display among monitors with these names, the first one primary, as `xrandr --setmonitor` does. The ones
    /// of an earlier call that are not named any more vanish.
    pub fn set_monitors(&self, monitors: &[(&str, Rect)]) -> anyhow::Result<()> {
        let there = self.connection.randr_get_monitors(self.root, true)?.reply()?.monitors;
        for (index, (name, rect)) in monitors.iter().enumerate() {
            let monitor = randr::MonitorInfo {
                name: self.atom(name)?,
                primary: index == 0,
                automatic: false,
                x: i16::try_from(rect.x)?,
                y: i16::try_from(rect.y)?,
                width: u16::try_from(rect.width)?,
                height: u16::try_from(rect.height)?,
                width_in_millimeters: 300,
                height_in_millimeters: 200,
                outputs: Vec::new(),
            };
            self.connection.randr_set_monitor(self.root, monitor)?.check()?;
        }
        for monitor in there.into_iter().filter(|monitor| !monitor.automatic) {
            let name = self.connection.get_atom_name(monitor.name)?.reply()?.name;
            if monitors.iter().all(|(wanted, _)| wanted.as_bytes() != name) {
                self.connection.randr_delete_monitor(self.root, monitor.name)?.check()?;
            }
        }
        Ok(())
    }

    /// Opens an ordinary window of ours at this place, above the others.
    pub fn open_window(&self, rect: Rect) -> anyhow::Result<u32> {
        let window = self.new_window(rect)?;
        self.connection.map_window(window)?.check()?;
        let above = xproto::ConfigureWindowAux::new().stack_mode(xproto::StackMode::ABOVE);
        self.connection.configure_window(window, &above)?.check()?;
        eventually("a window to be seen", || Ok(self.window(window)?.filter(|window| window.viewable)))?;
        Ok(window)
    }

    /// Opens an ordinary window of ours, waits until it is active, and gives its number: nothing may take its focus away.
    pub fn open_victim(&self) -> anyhow::Result<u32> {
        let window = self.new_window(Rect { x: 40, y: 120, width: 400, height: 300 })?;
        self.connection.change_property8(PropMode::REPLACE, window, AtomEnum::WM_NAME, AtomEnum::STRING, b"victim")?;
        self.connection.change_property8(
            PropMode::REPLACE,
            window,
            AtomEnum::WM_CLASS,
            AtomEnum::STRING,
            b"victim\0Victim\0",
        )?;
        let hints = WmHints { input: Some(true), initial_state: Some(WmHintsState::Normal), ..WmHints::new() };
        hints.set(&self.connection, window)?.check()?;
        self.connection.map_window(window)?.check()?;
        if self.window_manager()?.is_none() {
            // Without one, whoever wants the keyboard takes it.
            self.connection.set_input_focus(xproto::InputFocus::POINTER_ROOT, window, x11rb::CURRENT_TIME)?.check()?;
            return Ok(window);
        }
        eventually("the victim window to be active", || {
            // A window manager that is still starting finds the window there, and gives such a one no focus by itself.
            self.activate(window)?;
            Ok((self.active_window()? == Some(window)).then_some(()))
        })?;
        Ok(window)
    }

    /// Asks the window manager to make a window active, as a click on a taskbar would.
    pub fn activate(&self, window: u32) -> anyhow::Result<()> {
        let from_a_pager = [2, x11rb::CURRENT_TIME, 0, 0, 0];
        let message = ClientMessageEvent::new(32, window, self.atom("_NET_ACTIVE_WINDOW")?, from_a_pager);
        let mask = EventMask::SUBSTRUCTURE_REDIRECT | EventMask::SUBSTRUCTURE_NOTIFY;
        self.connection.send_event(false, self.root, mask, message)?.check()?;
        Ok(())
    }

    /// Asks the window manager to let a window fill the display, or not any more, and waits until it does.
    pub fn full_screen(&self, window: u32, on: bool) -> anyhow::Result<()> {
        let state = self.atom("_NET_WM_STATE")?;
        let fills = self.atom("_NET_WM_STATE_FULLSCREEN")?;
        // 1 = add, 0 = remove; the last is who asks: an application.
        let change = [u32::from(on), fills, 0, 1, 0];
        let message = ClientMessageEvent::new(32, window, state, change);
        let mask = EventMask::SUBSTRUCTURE_REDIRECT | EventMask::SUBSTRUCTURE_NOTIFY;
        self.connection.send_event(false, self.root, mask, message)?.check()?;
        eventually("the window manager to carry it out", || {
            Ok((self.numbers(window, "_NET_WM_STATE")?.contains(&fills) == on).then_some(()))
        })
    }

    /// Puts a panel along the top edge, so that the work area is smaller than the display.
    pub fn open_panel(&self, height: u16) -> anyhow::Result<()> {
        let width = self.connection.get_geometry(self.root)?.reply()?.width;
        let window = self.new_window(Rect { x: 0, y: 0, width: width.into(), height: height.into() })?;
        let (kind, dock) = (self.atom("_NET_WM_WINDOW_TYPE")?, self.atom("_NET_WM_WINDOW_TYPE_DOCK")?);
        self.connection.change_property32(PropMode::REPLACE, window, kind, AtomEnum::ATOM, &[dock])?;
        let strut = [0, 0, height.into(), 0, 0, 0, 0, 0, 0, width.into(), 0, 0];
        let property = self.atom("_NET_WM_STRUT_PARTIAL")?;
        self.connection.change_property32(PropMode::REPLACE, window, property, AtomEnum::CARDINAL, &strut)?;
        self.connection.map_window(window)?.check()?;
        eventually("the work area below the panel", || Ok((self.work_area()?.y == i32::from(height)).then_some(())))
    }

    fn new_window(&self, rect: Rect) -> anyhow::Result<u32> {
        let id = self.connection.generate_id()?;
        let look = xproto::CreateWindowAux::new().background_pixel(0x0050_5860).event_mask(EventMask::KEY_PRESS);
        let (width, height) = (u16::try_from(rect.width)?, u16::try_from(rect.height)?);
        let (x, y) = (i16::try_from(rect.x)?, i16::try_from(rect.y)?);
        self.connection
            .create_window(
                x11rb::COPY_DEPTH_FROM_PARENT,
                id,
                self.root,
                x,
                y,
                width,
                height,
                0,
                WindowClass::INPUT_OUTPUT,
                0,
                &look,
            )?
            .check()?;
        // Without this the window manager places it where it likes.
        let place = Some((WmSizeHintsSpecification::UserSpecified, rect.x, rect.y));
        WmSizeHints { position: place, ..WmSizeHints::new() }.set_normal_hints(&self.connection, id)?.check()?;
        Ok(id)
    }

    fn atom(&self, name: &str) -> anyhow::Result<Atom> {
        Ok(self.connection.intern_atom(false, name.as_bytes())?.reply()?.atom)
    }

    fn numbers(&self, window: u32, property: &str) -> anyhow::Result<Vec<u32>> {
        let property = self.atom(property)?;
        let reply = self.connection.get_property(false, window, property, AtomEnum::ANY, 0, 64)?.reply()?;
        Ok(reply.value32().map(Iterator::collect).unwrap_or_default())
    }

    fn text(&self, window: u32, property: Atom) -> anyhow::Result<String> {
        let reply = self.connection.get_property(false, window, property, AtomEnum::ANY, 0, 256)?.reply();
        Ok(reply.map(|reply| String::from_utf8_lossy(&reply.value).into_owned()).unwrap_or_default())
    }
}

/// How different two pictures are: the share of pixels with a channel that differs by more than a little, 0 to 1.
pub fn difference(one: &RgbImage, other: &RgbImage) -> anyhow::Result<f64> {
    ensure!(one.dimensions() == other.dimensions(), "the pictures have different sizes");
    let differs = |(a, b): &(&image::Rgb<u8>, &image::Rgb<u8>)| a.0.iter().zip(b.0).any(|(a, b)| a.abs_diff(b) > 24);
    let count = one.pixels().zip(other.pixels()).filter(differs).count();
    Ok(f64::from(u32::try_from(count)?) / f64::from(one.width() * one.height()))
}
