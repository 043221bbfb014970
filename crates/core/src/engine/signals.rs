//! What the desktop reports.

use crate::effect::Effects;
use crate::engine::{Engine, carry_out};
use crate::problem::ProblemKind;
use crate::signal::{Signal, Surface};
use crate::time::Now;

/// Input that is older does not say that the person is here now, milliseconds.
const JUST_NOW_MS: u64 = 60_000;

impl Engine {
    pub(super) fn on_signal(&mut self, now: &Now, signal: Signal, out: &mut Effects) {
        let mut effects = Vec::new();
        match signal {
            Signal::SurfaceChanged(surface) => {
                if self.surface != surface {
                    self.surface = surface;
                    self.dirty = true;
                    if surface == Surface::Toasts {
                        self.stack.all_to_toasts(now.mono, &mut effects);
                    }
                }
            }
            Signal::BannersFaceConnected => {
                self.stack.face_connected(now.mono);
                self.test_mapped(now);
                self.dirty = true;
            }
            Signal::BannersFaceGone => {
                self.stack.face_gone(now.mono, &self.prefs.banner, &mut effects);
                self.dirty = true;
            }
            Signal::BannerPresented { banner, version } => {
                self.test_painted(now, banner);
                self.stack.presented(now.mono, banner, version, &mut effects);
                self.clear(ProblemKind::Banners);
                self.nothing_shows = false;
                self.dirty = true;
            }
            Signal::BannersHovered(over) => {
                self.stack.hovered(now.mono, over, &self.prefs.banner);
                self.dirty = true;
            }
            Signal::ToastShown(id) => {
                self.test_painted(now, id);
                self.stack.toast_shown(now.mono, id, &mut effects);
                self.clear(ProblemKind::Toasts);
                self.nothing_shows = false;
            }
            // Says nothing of the service, so its trouble stays.
            Signal::ToastPrinted(id) => {
                self.stack.toast_shown(now.mono, id, &mut effects);
                self.stack.toast_gone(now.mono, id, &mut effects);
            }
            Signal::ToastClosed(id) => self.stack.toast_gone(now.mono, id, &mut effects),
            Signal::ToastClicked(id) => self.open_banner(now, id, out),
            Signal::ToastFailed(id) => {
                if let Some((conversation, posts)) = self.stack.toast_failed(now.mono, id, &mut effects) {
                    self.hold_back_unshown(conversation, &posts);
                }
                self.raise(ProblemKind::Toasts, "");
            }
            Signal::SystemDoNotDisturb(on) => {
                self.system_dnd = on;
                self.dirty = true;
            }
            Signal::ScreenLocked(locked) => {
                self.screen_locked = locked;
                self.dirty = true;
            }
            Signal::FullScreen(on) => {
                self.full_screen = on;
                self.dirty = true;
            }
            Signal::DisplayAsleep(asleep) => {
                self.display_asleep = asleep;
                self.dirty = true;
            }
            // Deadlines in wall time are looked at after every input; the rest concerns sessions.
            Signal::Woke | Signal::NetworkUp => {}
            Signal::InputSeen { ago_ms } => {
                if ago_ms < JUST_NOW_MS && !self.screen_locked {
                    self.extend_sessions(now, out);
                }
            }
            Signal::SoundStarted(sound) => self.sound_started(now, sound),
            Signal::SoundEnded => self.sound_ended(),
            Signal::ProblemRaised { kind, detail } => self.raise(kind, &detail),
            Signal::ProblemCleared(kind) => {
                self.nothing_shows &= kind != ProblemKind::Toasts;
                self.clear(kind);
            }
        }
        carry_out(effects, out);
    }
}
