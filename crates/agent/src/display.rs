//! Whether there is a screen to draw on, found out without loading anything that draws.
//!
//! Banners are placed by ourselves, which X11 (and `XWayland`) allows and Wayland does not; the main window works on
//! either. A name in the environment is not enough: sessions end and leave it behind, so the display is knocked at.

use std::ffi::{OsStr, OsString};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use belfry_core::signal::Surface;

/// How long a display on another machine may take to answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// What can be drawn on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Display {
    /// X11, or `XWayland`: windows and banners.
    X11,
    /// Wayland alone: windows, no banners.
    WaylandOnly,
    /// Nothing.
    Missing,
}

/// Where a display may be found: the environment's variables.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// `DISPLAY`.
    pub display: Option<OsString>,
    /// `WAYLAND_DISPLAY`.
    pub wayland: Option<OsString>,
    /// `XDG_RUNTIME_DIR`.
    pub runtime: Option<OsString>,
}

impl Environment {
    /// This process's.
    pub fn of_process() -> Self {
        let read = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        Self { display: read("DISPLAY"), wayland: read("WAYLAND_DISPLAY"), runtime: read("XDG_RUNTIME_DIR") }
    }

    /// Looks for a display that answers. Blocks for a second at most, and only for one on another machine.
    pub fn look(&self) -> Display {
        if self.display.as_deref().is_some_and(x11_answers) {
            Display::X11
        } else if self.wayland_answers() {
            Display::WaylandOnly
        } else {
            Display::Missing
        }
    }

    /// The variables in words, for messages.
    pub fn describe(&self) -> String {
        match (&self.display, &self.wayland) {
            (None, None) => "neither DISPLAY nor WAYLAND_DISPLAY is set".to_owned(),
            (Some(display), _) => format!("nothing answers at DISPLAY={}", display.to_string_lossy()),
            (None, Some(wayland)) => format!("nothing answers at WAYLAND_DISPLAY={}", wayland.to_string_lossy()),
        }
    }

    /// Whether it is a Wayland session: an X display is only Xwayland then.
    pub fn is_wayland(&self) -> bool {
        self.wayland_answers()
    }

    fn wayland_answers(&self) -> bool {
        let Some(name) = self.wayland.as_deref().map(Path::new) else { return false };
        let path = match &self.runtime {
            Some(runtime) if name.is_relative() => Path::new(runtime).join(name),
            Some(_) | None => name.to_owned(),
        };
        UnixStream::connect(path).is_ok()
    }
}

/// Where notifications are shown.
pub fn surface(display: Display, use_system_notifications: bool) -> Surface {
    match display {
        Display::X11 if !use_system_notifications => Surface::Banners,
        Display::X11 | Display::WaylandOnly | Display::Missing => Surface::Toasts,
    }
}

/// Where `DISPLAY` points to.
#[derive(Debug, PartialEq, Eq)]
enum Address {
    Local(u16),
    Path(PathBuf),
    Remote(String, u16),
}

fn parse(display: &OsStr) -> Option<Address> {
    let text = display.to_str()?;
    if text.starts_with('/') {
        return Some(Address::Path(PathBuf::from(text)));
    }
    let (host, rest) = text.rsplit_once(':')?;
    let number = rest.split_once('.').map_or(rest, |(number, _screen)| number).parse().ok()?;
    match host {
        "" | "unix" => Some(Address::Local(number)),
        host => Some(Address::Remote(host.to_owned(), number)),
    }
}

fn x11_answers(display: &OsStr) -> bool {
    match parse(display) {
        Some(Address::Local(number)) => {
            let path = format!("/tmp/.X11-unix/X{number}");
            UnixStream::connect(&path).is_ok() || abstract_answers(path.as_bytes())
        }
        Some(Address::Path(path)) => UnixStream::connect(path).is_ok(),
        Some(Address::Remote(host, number)) => {
            let Some(port) = 6000_u16.checked_add(number) else { return false };
            (host.as_str(), port)
                .to_socket_addrs()
                .is_ok_and(|mut found| found.any(|at| TcpStream::connect_timeout(&at, PATIENCE).is_ok()))
        }
        None => false,
    }
}

#[cfg(target_os = "linux")]
fn abstract_answers(name: &[u8]) -> bool {
    use std::os::linux::net::SocketAddrExt as _;
    std::os::unix::net::SocketAddr::from_abstract_name(name)
        .is_ok_and(|address| UnixStream::connect_addr(&address).is_ok())
}

#[cfg(not(target_os = "linux"))]
fn abstract_answers(_name: &[u8]) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_names_of_all_kinds_are_understood() {
        let read = |text: &str| parse(OsStr::new(text));
        assert_eq!(read(":0"), Some(Address::Local(0)));
        assert_eq!(read("unix:12.1"), Some(Address::Local(12)));
        assert_eq!(read("localhost:10.0"), Some(Address::Remote("localhost".to_owned(), 10)));
        assert_eq!(read("/private/tmp/x:0"), Some(Address::Path(PathBuf::from("/private/tmp/x:0"))));
        for bad in ["", "0", ":", ":x", ":70000"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_display_that_does_not_answer_counts_as_missing() {
        let environment = Environment { display: Some(":64999".into()), ..Environment::default() };
        assert_eq!(environment.look(), Display::Missing);
        assert!(environment.describe().contains(":64999"));
        assert_eq!(Environment::default().look(), Display::Missing);
    }

    #[test]
    fn wayland_alone_has_windows_but_shows_system_notifications() {
        let folder = tempfile::tempdir().unwrap();
        let _listener = std::os::unix::net::UnixListener::bind(folder.path().join("wayland-7")).unwrap();
        let environment = Environment {
            display: None,
            wayland: Some("wayland-7".into()),
            runtime: Some(folder.path().as_os_str().to_owned()),
        };
        assert_eq!(environment.look(), Display::WaylandOnly);
        assert_eq!(surface(Display::WaylandOnly, false), Surface::Toasts);
        assert_eq!(surface(Display::X11, false), Surface::Banners);
        assert_eq!(surface(Display::X11, true), Surface::Toasts);
        assert_eq!(surface(Display::Missing, false), Surface::Toasts);
    }
}
