//! What the desktop reported. Plain data: signals cross the control socket.

use serde::{Deserialize, Serialize};

use crate::ids::BannerId;
use crate::problem::ProblemKind;
use crate::sound::SoundChoice;

/// Something that happened on this computer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Signal {
    /// Where notifications can be shown at present.
    SurfaceChanged(Surface),
    /// The banners face connected and will paint.
    BannersFaceConnected,
    /// The banners face is gone.
    BannersFaceGone,
    /// The first frame that showed this banner, with this content, was painted.
    BannerPresented {
        /// Which banner.
        banner: BannerId,
        /// `BannerView::version` of what was painted.
        version: u32,
    },
    /// The pointer is over the stack, or left it: all its timers stand still meanwhile.
    BannersHovered(bool),
    /// A system notification was shown.
    ToastShown(BannerId),
    /// A system notification was closed by the person or by its own timer.
    ToastClosed(BannerId),
    /// A system notification was clicked.
    ToastClicked(BannerId),
    /// A system notification could not be shown.
    ToastFailed(BannerId),
    /// It could not be shown, but whoever reads the lines of `headless --json` was told what it would have said.
    ToastPrinted(BannerId),
    /// The system's do-not-disturb was switched.
    SystemDoNotDisturb(bool),
    /// The screen was locked or unlocked.
    ScreenLocked(bool),
    /// A program fills the display that banners stand on, with nothing before it, or does not any more.
    FullScreen(bool),
    /// The display was switched off to save power, or on again.
    DisplayAsleep(bool),
    /// The computer slept and woke: deadlines in wall time need a look, and connections may be dead.
    Woke,
    /// There is a network again, or another one: connections are worth a try at once.
    NetworkUp,
    /// The person touched keyboard or pointer. Servers are told by the sessions; sessions may last longer by it.
    InputSeen {
        /// How long ago, milliseconds.
        ago_ms: u64,
    },
    /// A sound begins to be heard.
    SoundStarted(SoundChoice),
    /// No sound is heard any more.
    SoundEnded,
    /// A part of the desktop works again or stopped working.
    ProblemRaised {
        /// Which part.
        kind: ProblemKind,
        /// What happened, one sentence without a full stop; never message text.
        detail: String,
    },
    /// It works again.
    ProblemCleared(ProblemKind),
}

/// Where notifications go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Surface {
    /// Our own banners.
    Banners,
    /// System notifications.
    Toasts,
    /// Nowhere: they are decided, counted and recorded only.
    #[default]
    Nowhere,
}
