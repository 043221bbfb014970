//! GNOME's do-not-disturb is its setting "show banners", turned off.
//!
//! No portal tells it: GNOME's own hands out other settings (`init_settings_table` in its `settings.c`). `gsettings`, which
//! every GNOME has, reads it with whatever the administrator chose, and dconf's service tells of changes: nothing is polled.

use std::ffi::{OsStr, OsString};
use std::process::Stdio;

use futures_util::StreamExt as _;
use tokio::process::Command;
use tokio::time::timeout;
use zbus::{Connection, MatchRule, Message, MessageStream};

use super::{Fact, PATIENCE, SIGNALS, State};
use crate::lean::as_it_was;

const WRITER: &str = "ca.desrt.dconf.Writer";
const SCHEMA: &str = "org.gnome.desktop.notifications";
const KEY: &str = "show-banners";
const PATH: &str = "/org/gnome/desktop/notifications/show-banners";

/// The program that reads the setting; `None` on other desktops, where the setting means nothing.
pub(super) fn reader(current_desktop: Option<&OsStr>) -> Option<OsString> {
    let names = current_desktop.and_then(OsStr::to_str).unwrap_or_default();
    names.split(':').any(|name| name.eq_ignore_ascii_case("GNOME")).then(|| "gsettings".into())
}

/// Listens until the bus is gone.
pub(super) async fn watch(bus: &Connection, gsettings: &OsStr, state: &State) -> zbus::Result<()> {
    let rule = MatchRule::builder().msg_type(zbus::message::Type::Signal).interface(WRITER)?.member("Notify")?.build();
    let mut changes = MessageStream::for_match_rule(rule, bus, Some(SIGNALS)).await?;
    loop {
        // What cannot be read is not so.
        let off = timeout(PATIENCE, shows_banners(gsettings)).await.is_ok_and(|shows| shows == Some(false));
        state.set(Fact::GnomeBannersOff, off).await;
        loop {
            match changes.next().await {
                Some(Ok(message)) if is_about_banners(&message) => break,
                Some(_) => {}
                None => return Ok(()),
            }
        }
    }
}

async fn shows_banners(gsettings: &OsStr) -> Option<bool> {
    let mut command = Command::new(gsettings);
    command.args(["get", SCHEMA, KEY]).stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let output = as_it_was(&mut command).output().await.ok()?;
    match output.stdout.trim_ascii() {
        b"true" => Some(true),
        b"false" => Some(false),
        _ => None,
    }
}

fn is_about_banners(message: &Message) -> bool {
    let body = message.body();
    let changed = body.deserialize::<(&str, Vec<&str>, &str)>();
    changed.is_ok_and(|(prefix, changes, _tag)| touches_banners(prefix, &changes))
}

/// Whether one of these is the setting, or a folder that it is in (which was reset).
fn touches_banners(prefix: &str, changes: &[&str]) -> bool {
    changes.iter().any(|change| {
        let path = format!("{prefix}{change}");
        path == PATH || (path.ends_with('/') && PATH.starts_with(&path))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_changes_of_the_setting_or_of_a_folder_above_it_count() {
        assert!(touches_banners(PATH, &[""]));
        assert!(touches_banners("/org/gnome/desktop/", &["interface/gtk-theme", "notifications/show-banners"]));
        assert!(touches_banners("/org/gnome/", &[""]));
        assert!(touches_banners("/", &["org/"]));
        assert!(!touches_banners("/org/gnome/desktop/notifications/show-in-lock-screen", &[""]));
        assert!(!touches_banners("/org/gnome/desktop/notifications/show-banners-not", &[""]));
        assert!(!touches_banners("/org/gnome/desktop", &[""]));
        assert!(!touches_banners(PATH, &[]));
    }

    #[test]
    fn the_setting_is_read_on_gnome_and_nowhere_else() {
        for (desktop, is_gnome) in
            [("GNOME", true), ("ubuntu:GNOME", true), ("KDE", false), ("X-Cinnamon", false), ("", false)]
        {
            assert_eq!(reader(Some(OsStr::new(desktop))).is_some(), is_gnome, "{desktop}");
        }
        assert_eq!(reader(None), None);
    }
}
