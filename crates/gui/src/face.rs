//! Starting a face: one eframe window per process.

use std::time::Duration;

use egui::{ViewportBuilder, X11WindowType};
use raw_window_handle::{HasWindowHandle as _, RawWindowHandle};
use winit::platform::x11::EventLoopBuilderExtX11 as _;

use crate::banner::{BannersFace, WIDTH, stack_height};
use crate::bridge::{Bridge, Link};
use crate::shell::{Shell, ShellError};
use crate::texts;
use crate::window::{self, WindowFace};

/// How long the first view may take before the window opens without it.
const FIRST_VIEW: Duration = Duration::from_secs(2);
/// The name under which desktops find icon and entry.
const APP_ID: &str = "org.belfry.Belfry";

/// Why a face could not be shown, or ended.
#[derive(Debug, thiserror::Error)]
pub enum FaceError {
    /// Neither X11 nor Wayland.
    #[error("there is no display: DISPLAY is not set (run `belfry headless` to be notified without one)")]
    NoDisplay,
    /// Banners need X11, or X11 on Wayland, to be placed.
    #[error("banners need an X11 display, and DISPLAY is not set")]
    NoX11,
    /// The display lacks something.
    #[error(transparent)]
    Shell(#[from] ShellError),
    /// The system refused a thread.
    #[error("a thread could not be started: {0}")]
    Thread(#[from] std::io::Error),
    /// The window system or OpenGL failed.
    #[error("the window could not be drawn: {0}")]
    Draw(String),
}

impl From<eframe::Error> for FaceError {
    fn from(error: eframe::Error) -> Self {
        // Some of its causes cannot leave their thread; the sentence can.
        Self::Draw(error.to_string())
    }
}

/// Room for four thousand glyphs of the largest size, and wider than any picture that is drawn.
const MAX_TEXTURE_SIDE: usize = 2048;

fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.is_empty())
}

/// Whether there is an X11 display that answers: found out here, where the sentence can be ours.
fn x11() -> Result<Shell, FaceError> {
    if !is_set("DISPLAY") {
        return Err(FaceError::NoX11);
    }
    Shell::connect().map_err(FaceError::from)
}

fn options(viewport: ViewportBuilder, x11: bool) -> eframe::NativeOptions {
    let mut options = eframe::NativeOptions {
        viewport,
        renderer: eframe::Renderer::Glow,
        // Ours looks for fonts when the first character needs one.
        system_font_fallback: false,
        dithering: false,
        persist_window: false,
        run_and_return: false,
        ..eframe::NativeOptions::default()
    };
    if x11 {
        // Under Wayland too, through XWayland: windows can be placed and raised there.
        options.event_loop_builder = Some(Box::new(|builder| {
            builder.with_x11();
        }));
    }
    options
}

/// Keeps the texture that glyphs are drawn into as narrow as this: egui makes it as wide as the driver allows, up to 16384
/// pixels, which is megabytes here and once more in the driver, for some hundred glyphs. It grows downwards as it fills.
pub(crate) fn limit_textures(input: &mut egui::RawInput) {
    if let Some(side) = &mut input.max_texture_side {
        *side = (*side).min(MAX_TEXTURE_SIDE);
    }
}

/// Shows the main window until it is closed or the link ends.
///
/// # Errors
/// When there is no display, or it cannot be drawn on.
pub fn run_window(link: Link) -> Result<(), FaceError> {
    let (x11, displays) = match x11() {
        Ok(shell) => (true, shell.monitor_names()),
        Err(_) if is_set("WAYLAND_DISPLAY") => (false, Vec::new()),
        Err(FaceError::NoX11) => return Err(FaceError::NoDisplay),
        Err(error) => return Err(error),
    };
    let bridge = Bridge::start(link)?;
    let badge = bridge.first_view(FIRST_VIEW).map(|view| view.badge).unwrap_or_default();
    let viewport = ViewportBuilder::default()
        .with_title(texts::window_title(badge))
        .with_app_id(APP_ID)
        .with_icon(window::icon(badge))
        .with_inner_size([1000.0, 680.0])
        .with_min_inner_size([720.0, 520.0]);
    eframe::run_native(
        texts::APP,
        options(viewport, x11),
        Box::new(|creation| Ok(Box::new(WindowFace::new(&creation.egui_ctx, bridge, displays)))),
    )?;
    Ok(())
}

/// Shows banners until about 30 seconds after the last one, or until the link ends.
///
/// # Errors
/// When there is no X11 display, or it cannot be drawn on.
pub fn run_banners(link: Link) -> Result<(), FaceError> {
    if !is_set("DISPLAY") {
        return Err(FaceError::NoX11);
    }
    let mut shell = Shell::connect()?;
    let bridge = Bridge::start(link)?;
    let max_shown = bridge.first_view(FIRST_VIEW).map_or(4, |view| view.prefs.banner.max_shown);
    let viewport = ViewportBuilder::default()
        .with_title("Belfry banners")
        .with_app_id(APP_ID)
        .with_decorations(false)
        .with_transparent(true)
        .with_resizable(false)
        .with_taskbar(false)
        .with_active(false)
        .with_always_on_top()
        .with_override_redirect(true)
        .with_window_type(X11WindowType::Notification)
        .with_inner_size([WIDTH, stack_height(max_shown)]);
    eframe::run_native(
        texts::APP,
        options(viewport, true),
        Box::new(|creation| {
            match creation.window_handle()?.as_raw() {
                RawWindowHandle::Xlib(handle) => shell.attach(u32::try_from(handle.window)?),
                RawWindowHandle::Xcb(handle) => shell.attach(handle.window.get()),
                _ => return Err("the window is not an X11 window".into()),
            }
            Ok(Box::new(BannersFace::new(&creation.egui_ctx, bridge, shell)))
        }),
    )?;
    Ok(())
}
