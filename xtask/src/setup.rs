//! What the system must have installed, and installing it on Debian and Ubuntu.

use std::path::Path;
use std::process::Command;

use crate::run::{installed, output, run};
use crate::{Outcome, fail};

/// What something is needed for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Compiling the program.
    Build,
    /// Running it on a display, a sound server and a bus of its own.
    Desktop,
    /// Testing it with what other desktops have.
    Others,
}

/// When packages may be installed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Permit {
    /// The person wrote `--install`.
    Asked,
    /// Only where that needs no asking.
    RootOnly,
}

/// How to see that a package is there. By what it brings, not by its name: names differ between releases and distributions.
enum Probe {
    /// A program on the search path.
    Program(&'static str),
    /// A development package that pkg-config knows.
    PkgConfig(&'static str),
    /// A shared library that the loader knows.
    Library(&'static str),
    /// A file in one of the library folders, given as folder and beginning of the name.
    File(&'static str, &'static str),
    /// A file in the folder of data that is the same on every architecture.
    Shared(&'static str),
}

/// Debian's name, what for, and how to see it. `test` and `demo` speak X11 themselves: no xdotool, no `ImageMagick`.
const PACKAGES: &[(&str, Need, Probe)] = &[
    ("pkg-config", Need::Build, Probe::Program("pkg-config")),
    ("libasound2-dev", Need::Build, Probe::PkgConfig("alsa")),
    ("xvfb", Need::Desktop, Probe::Program("Xvfb")),
    ("openbox", Need::Desktop, Probe::Program("openbox")),
    ("picom", Need::Desktop, Probe::Program("picom")),
    ("weston", Need::Others, Probe::Program("weston")),
    ("xwayland", Need::Others, Probe::Program("Xwayland")),
    ("dunst", Need::Others, Probe::Program("dunst")),
    ("dbus", Need::Desktop, Probe::Program("dbus-daemon")),
    ("libglib2.0-bin", Need::Others, Probe::Program("gsettings")),
    ("dconf-gsettings-backend", Need::Others, Probe::File("gio/modules", "libdconfsettings.so")),
    (
        "gsettings-desktop-schemas",
        Need::Others,
        Probe::Shared("glib-2.0/schemas/org.gnome.desktop.notifications.gschema.xml"),
    ),
    ("pulseaudio", Need::Desktop, Probe::Program("pulseaudio")),
    ("pulseaudio-utils", Need::Desktop, Probe::Program("parec")),
    ("libasound2-plugins", Need::Desktop, Probe::File("alsa-lib", "libasound_module_pcm_pulse.so")),
    ("fakeroot", Need::Desktop, Probe::Program("fakeroot")),
    ("libgl1", Need::Desktop, Probe::Library("libGL.so.1")),
    ("libegl1", Need::Desktop, Probe::Library("libEGL.so.1")),
    ("libgl1-mesa-dri", Need::Desktop, Probe::File("dri", "swrast_dri.so")),
    ("libxkbcommon-x11-0", Need::Desktop, Probe::Library("libxkbcommon-x11.so.0")),
    ("libx11-xcb1", Need::Desktop, Probe::Library("libX11-xcb.so.1")),
    ("libxcursor1", Need::Desktop, Probe::Library("libXcursor.so.1")),
    ("libxi6", Need::Desktop, Probe::Library("libXi.so.6")),
    ("libxrandr2", Need::Desktop, Probe::Library("libXrandr.so.2")),
];

/// Sees to it that everything for these needs is there, or says exactly what to do.
pub(crate) fn ensure(needs: &[Need], permit: Permit) -> Outcome {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    let missing = missing(needs);
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    let root = output(Command::new("id").arg("-u")).trim() == "0";
    if !installed("apt-get") {
        return fail(format!("missing on this system (Debian's names): {list}"));
    }
    if !root && permit == Permit::RootOnly {
        return fail(format!(
            "missing system packages; install them with\n  sudo apt-get install --no-install-recommends {list}\nor run this again with --install"
        ));
    }
    apt(root, &["update", "-q"])?;
    let mut install = vec!["install", "-y", "-q", "--no-install-recommends"];
    install.extend(&missing);
    apt(root, &install)?;
    let still = self::missing(needs);
    if still.is_empty() { Ok(()) } else { fail(format!("still missing after installing: {}", still.join(" "))) }
}

fn apt(root: bool, arguments: &[&str]) -> Outcome {
    let mut command = Command::new(if root { "env" } else { "sudo" });
    run(command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]).args(arguments))
}

fn missing(needs: &[Need]) -> Vec<&'static str> {
    let libraries = output(Command::new("/sbin/ldconfig").arg("-p"));
    PACKAGES
        .iter()
        .filter(|(_, need, probe)| needs.contains(need) && !present(probe, &libraries))
        .map(|(name, ..)| *name)
        .collect()
}

fn present(probe: &Probe, libraries: &str) -> bool {
    match probe {
        Probe::Program(name) => installed(name),
        Probe::PkgConfig(name) => {
            installed("pkg-config")
                && Command::new("pkg-config").args(["--exists", name]).status().is_ok_and(|s| s.success())
        }
        Probe::Library(name) => libraries.lines().any(|line| line.trim_start().starts_with(name)),
        Probe::Shared(name) => Path::new("/usr/share").join(name).exists(),
        Probe::File(folder, name) => library_folders().any(|base| begins_in(&base.join(folder), name)),
    }
}

/// `/usr/lib`, `/usr/lib64` and the folders in them that are named after an architecture.
fn library_folders() -> impl Iterator<Item = std::path::PathBuf> {
    let inner = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten().map(|entry| entry.path());
    ["/usr/lib", "/usr/lib64"].into_iter().map(std::path::PathBuf::from).chain(inner)
}

fn begins_in(folder: &Path, name: &str) -> bool {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| entry.file_name().to_string_lossy().starts_with(name))
}
