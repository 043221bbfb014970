//! What went wrong, for a human.

use serde::{Deserialize, Serialize};

use crate::ids::ServerId;

/// Which part has trouble. There is at most one problem of a kind (and server).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ProblemKind {
    /// No sound device, or it failed.
    Sound,
    /// No system notification service.
    Toasts,
    /// Banners cannot be painted.
    Banners,
    /// No tray.
    Tray,
    /// Preferences could not be read or written.
    Prefs,
    /// History could not be read or written.
    History,
    /// No keyring, or the place of the tokens cannot be used.
    Keyring,
    /// A link could not be opened in the browser.
    Links,
    /// The main window could not be started, or ended by itself.
    Window,
    /// Too much to do at once.
    Overload,
    /// Frames that could not be read.
    Wire(ServerId),
}

/// What happened, what we did about it, what the person can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Which part.
    pub kind: ProblemKind,
    /// What happened, one sentence.
    pub what: String,
    /// What we did, and what the person can do, one sentence.
    pub advice: String,
}

impl Problem {
    /// Words a problem: the detail comes from where it happened.
    pub fn new(kind: ProblemKind, detail: &str) -> Self {
        let (what, advice) = match kind {
            ProblemKind::Sound => {
                ("Sounds cannot be played", "Banners still appear; the device is tried again with the next sound")
            }
            ProblemKind::Toasts => {
                ("System notifications cannot be shown", "Start a notification service, or use banners")
            }
            ProblemKind::Banners => ("Banners cannot be painted", "System notifications are used instead"),
            ProblemKind::Tray => ("There is no tray", "Start Belfry again to open its window"),
            ProblemKind::Prefs => (
                "The preferences file could not be used",
                "Changes last until Belfry ends; check the file and its folder",
            ),
            ProblemKind::History => ("The history could not be used", "Activity is kept in memory only"),
            ProblemKind::Keyring => (
                "Tokens cannot be read or kept",
                "Unlock or start the system keyring, or sign in again to choose a file",
            ),
            ProblemKind::Links => {
                ("A link could not be opened", "Choose a default browser in your system's settings, then click again")
            }
            ProblemKind::Window => (
                "The main window is not shown",
                "Notifications go on; open it again from the tray or by starting Belfry",
            ),
            ProblemKind::Overload => ("More arrived than could be handled", "Counts are checked again with the server"),
            ProblemKind::Wire(_) => {
                ("A server sent something that could not be read", "It was skipped; everything else goes on")
            }
        };
        let what = if detail.is_empty() { what.to_owned() } else { format!("{what}: {detail}") };
        Self { kind, what, advice: advice.to_owned() }
    }
}
