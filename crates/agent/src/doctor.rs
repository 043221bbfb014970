//! `belfry doctor`: how the parts of the desktop are, one line each.

use std::time::Duration;

use belfry_core::query::DoctorLine;
use belfry_net::secrets::{Place, SecretStore};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::display::{Display, Environment};
use crate::effects::{idle, network, sound, toast, tray};
use crate::history;
use crate::paths::Paths;
use crate::prefs_file::PrefsFile;

/// No part may take longer.
const PATIENCE: Duration = Duration::from_secs(8);

/// Looks at every part. Changes nothing: no sound plays, no notification appears, no file is written.
pub async fn examine(paths: &Paths, secrets: &SecretStore) -> Vec<DoctorLine> {
    let (display, sound, keyring, tray, toasts, idle, network, files) = tokio::join!(
        blocking("Display", look_at_display),
        blocking("Sound", look_at_sound),
        look_at_keyring(secrets),
        look_at_tray(),
        look_at_toasts(),
        look_at_idle_time(),
        look_at_network(),
        blocking("History", {
            let paths = paths.clone();
            move || look_at_files(&paths)
        }),
    );
    let mut lines = vec![display, sound, keyring, tray, toasts, idle, network];
    lines.extend(files);
    lines
}

fn line(part: &str, ok: bool, detail: impl Into<String>) -> DoctorLine {
    DoctorLine { part: part.to_owned(), ok, detail: detail.into() }
}

/// Anything that a blocking look gives: one line or several.
trait Late {
    fn late(part: &str) -> Self;
}

impl Late for DoctorLine {
    fn late(part: &str) -> Self {
        line(part, false, "It does not answer")
    }
}

impl Late for Vec<DoctorLine> {
    fn late(part: &str) -> Self {
        vec![line(part, false, "It does not answer")]
    }
}

async fn blocking<T: Late + Send + 'static>(part: &str, look: impl FnOnce() -> T + Send + 'static) -> T {
    match timeout(PATIENCE, spawn_blocking(look)).await {
        Ok(Ok(found)) => found,
        Ok(Err(_)) | Err(_) => T::late(part),
    }
}

fn look_at_display() -> DoctorLine {
    let environment = Environment::of_process();
    match environment.look() {
        Display::X11 if environment.is_wayland() => {
            let told = "X11 within Wayland (Xwayland): banners are shown, and replies are written in the browser";
            line("Display", true, told)
        }
        Display::X11 => line("Display", true, "X11: banners and the main window can be shown"),
        Display::WaylandOnly => {
            line("Display", true, "Wayland without X11: the main window works, system notifications replace banners")
        }
        Display::Missing => line("Display", false, format!("There is none: {}", environment.describe())),
    }
}

fn look_at_sound() -> DoctorLine {
    match sound::probe() {
        Ok(()) => line("Sound", true, "A device can be opened"),
        Err(error) => line("Sound", false, sentence(&error)),
    }
}

async fn look_at_keyring(secrets: &SecretStore) -> DoctorLine {
    let place = match secrets.place().await {
        Place::Keyring => "Tokens are kept in the system keyring",
        Place::File => "Tokens are kept in a file that only you can read",
        Place::Memory => "Tokens are kept in memory until Belfry ends",
    };
    match secrets.probe().await {
        Ok(()) => line("Keyring", true, place),
        Err(error) => line("Keyring", false, sentence(&error.to_string())),
    }
}

async fn look_at_tray() -> DoctorLine {
    match timeout(PATIENCE, tray::probe(None)).await {
        Ok(Ok(())) => line("Tray", true, "This desktop shows tray icons"),
        Ok(Err(error)) => line("Tray", false, sentence(&error)),
        Err(_elapsed) => DoctorLine::late("Tray"),
    }
}

async fn look_at_toasts() -> DoctorLine {
    match toast::probe(None).await {
        Ok(service) => line("Notification service", true, format!("{service} answers")),
        Err(error) => line("Notification service", false, sentence(&error)),
    }
}

async fn look_at_idle_time() -> DoctorLine {
    let places = idle::Places { session: None, displays: Environment::of_process() };
    match timeout(PATIENCE, idle::probe(places)).await {
        Ok(Some(by)) => line("Idle time", true, format!("{by} tells when you are at work")),
        Ok(None) => {
            let advice = "Nothing tells when you are at work, so Belfry never makes you look active on your servers";
            line("Idle time", false, advice)
        }
        Err(_elapsed) => DoctorLine::late("Idle time"),
    }
}

async fn look_at_network() -> DoctorLine {
    let told = if network::probe(None).await {
        "NetworkManager tells when there is a network again"
    } else {
        "Nothing tells when there is a network again; lost connections are tried again all the same"
    };
    line("Network", true, told)
}

fn look_at_files(paths: &Paths) -> Vec<DoctorLine> {
    let prefs = PrefsFile::new(paths.preferences()).examine();
    let keep = prefs.as_ref().map_or(true, |prefs| prefs.history.keep);
    let history = match history::examine(&paths.history()) {
        _ if !keep => line("History", true, "It is switched off"),
        Ok(rows) => line("History", true, format!("{rows} decisions are kept in {}", paths.history().display())),
        Err(error) => line("History", false, sentence(&error)),
    };
    let prefs = match prefs {
        Ok(_) => line("Preferences", true, format!("They are kept in {}", paths.preferences().display())),
        Err(error) => line("Preferences", false, format!("{}: {error}", paths.preferences().display())),
    };
    vec![history, prefs]
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
