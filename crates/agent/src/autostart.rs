//! Starting with the session: an XDG autostart entry, written and removed as the preferences say.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use belfry_core::problem::ProblemKind;
use belfry_core::signal::Signal;
use belfry_core::view::View;
use tokio::sync::{mpsc, watch};
use tokio::task::spawn_blocking;

use crate::link_handler::quoted;

/// The entry of one instance.
#[derive(Clone, Debug)]
pub struct Autostart {
    path: PathBuf,
    text: String,
}

impl Autostart {
    /// For this program, as the person's own or another instance. `None` where the system has no such thing, or does not
    /// tell where this program is.
    pub fn new(instance: Option<&str>) -> Option<Self> {
        if !cfg!(target_os = "linux") {
            return None;
        }
        let folder = directories::BaseDirs::new()?.config_dir().join("autostart");
        // The name that stays valid: a link into the kernel's view of this process would not.
        Self::of(&folder, &std::env::current_exe().ok()?, instance)
    }

    fn of(folder: &Path, program: &Path, instance: Option<&str>) -> Option<Self> {
        let program = quoted(program.to_str()?)?;
        let (suffix, argument) = match instance {
            None => (String::new(), String::new()),
            Some(name) => (format!("-{name}"), format!(" --instance {name}")),
        };
        Some(Self {
            path: folder.join(format!("org.belfry.Belfry{suffix}.desktop")),
            text: format!(
                "[Desktop Entry]\nType=Application\nName=Belfry\nComment=Tells you what needs you on Mattermost\n\
                 Exec={program}{argument} --hidden\nIcon=org.belfry.Belfry\nTerminal=false\nX-GNOME-Autostart-enabled=true\n"
            ),
        })
    }

    /// Brings the entry in line with the preference.
    pub fn set(&self, wanted: bool) -> io::Result<()> {
        if !wanted {
            return match fs::remove_file(&self.path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                Ok(()) | Err(_) => Ok(()),
            };
        }
        if fs::read_to_string(&self.path).is_ok_and(|old| old == self.text) {
            return Ok(());
        }
        let folder = self.path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let mut file = tempfile::Builder::new().prefix(".belfry-").tempfile_in(folder)?;
        file.write_all(self.text.as_bytes())?;
        file.persist(&self.path)?;
        Ok(())
    }

    /// Follows the preference until the view ends.
    pub async fn follow(self, mut view: watch::Receiver<Arc<View>>, reports: mpsc::Sender<Signal>) {
        // What a person did with the entry by hand stays until they change the preference here.
        let mut before = view.borrow().prefs.start_at_login;
        if before {
            self.apply(true, &reports).await;
        }
        while view.changed().await.is_ok() {
            let wanted = view.borrow_and_update().prefs.start_at_login;
            if wanted != before {
                before = wanted;
                self.apply(wanted, &reports).await;
            }
        }
    }

    async fn apply(&self, wanted: bool, reports: &mpsc::Sender<Signal>) {
        let entry = self.clone();
        let done = spawn_blocking(move || entry.set(wanted)).await;
        if let Ok(Err(error)) = done {
            let detail = format!("starting at login could not be changed: {error}");
            tracing::warn!(%detail, "autostart");
            reports.send(Signal::ProblemRaised { kind: ProblemKind::Prefs, detail }).await.ok(); // shutting down
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entry_comes_and_goes_with_the_preference() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("autostart");
        let entry = Autostart::of(&place, Path::new("/opt/my apps/belfry"), None).unwrap();
        entry.set(false).unwrap();
        entry.set(true).unwrap();
        let text = fs::read_to_string(place.join("org.belfry.Belfry.desktop")).unwrap();
        assert!(text.contains("\nExec=\"/opt/my apps/belfry\" --hidden\n"), "{text}");
        let other = Autostart::of(&place, Path::new("/opt/belfry"), Some("work")).unwrap();
        other.set(true).unwrap();
        entry.set(false).unwrap();
        let left: Vec<_> = fs::read_dir(&place).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["org.belfry.Belfry-work.desktop"]);
    }
}
