//! Carries out effects, one after the other, without ever waiting for the engine: it could wait for us.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use belfry_core::command::Place;
use belfry_core::effect::Effect;
use belfry_core::ids::{PostId, ServerId};
use belfry_core::prefs::LocalPrefs;
use belfry_core::problem::ProblemKind;
use belfry_core::signal::Signal;
use belfry_core::view::BannerKind;
use belfry_net::clock;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinSet, spawn_blocking};

use super::lines::Lines;
use crate::effects::open_url;
use crate::effects::sound::Sounds;
use crate::effects::toast::Toasts;
use crate::history::{Full, History};
use crate::prefs_file::PrefsFile;

/// Presented posts kept here while the history is busy; beyond that the oldest are forgotten, which at worst repeats
/// them after a crash.
const BACKLOG: usize = 1024;
/// Openers running at a time; one more click is refused.
const OPENERS: usize = 8;

/// What an effect asks of the agent's own loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    /// Bring the main window to the front.
    ShowWindow,
    /// The same, at this place.
    ShowPlace(Place),
    /// End the program.
    Quit,
    /// Nobody reads the lines any more.
    OutputGone,
}

pub(super) struct Executor {
    pub(super) sounds: Option<Sounds>,
    pub(super) toasts: Toasts,
    pub(super) history: History,
    pub(super) prefs: watch::Sender<Option<Arc<LocalPrefs>>>,
    pub(super) calls: mpsc::Sender<Call>,
    pub(super) reports: mpsc::Sender<Signal>,
    pub(super) lines: Option<Lines>,
}

impl Executor {
    /// Runs until the engine's driver ends.
    pub(super) async fn run(self, mut effects: mpsc::Receiver<Effect>) {
        let mut backlog = VecDeque::new();
        let mut openers = JoinSet::new();
        let links = Links { reports: self.reports.clone(), trouble: Arc::default() };
        while let Some(effect) = effects.recv().await {
            while openers.try_join_next().is_some() {}
            self.carry_out(effect, &mut backlog, &links, &mut openers);
        }
        self.flush(&mut backlog);
        openers.detach_all();
    }

    fn carry_out(
        &self,
        effect: Effect,
        backlog: &mut VecDeque<(ServerId, Vec<PostId>)>,
        links: &Links,
        openers: &mut JoinSet<()>,
    ) {
        match effect {
            Effect::PlaySound(sound) => {
                if let Some(sounds) = &self.sounds {
                    sounds.play(sound);
                }
            }
            Effect::StopSound => {
                if let Some(sounds) = &self.sounds {
                    sounds.stop();
                }
            }
            Effect::ShowToast(banner) => {
                let id = banner.id;
                if banner.kind == BannerKind::Summary {
                    self.tell(|lines| lines.summary(&banner.text));
                }
                if !self.toasts.show(banner) {
                    self.report(Signal::ToastFailed(id));
                }
            }
            Effect::CloseToast(banner) => self.toasts.close(banner),
            Effect::Record(draft) => {
                self.tell(|lines| lines.decision(draft.decision()));
                if self.history.record(draft, clock::wall_ms()).is_err() {
                    let detail = "the disk does not keep up, so some lines are missing".to_owned();
                    self.report(Signal::ProblemRaised { kind: ProblemKind::History, detail });
                }
            }
            Effect::Presented { server, posts } | Effect::Settled { server, posts } => {
                backlog.push_back((server, posts));
                while backlog.len() > BACKLOG {
                    backlog.pop_front();
                }
                self.flush(backlog);
            }
            Effect::Snoozed(card) => self.history.snoozed(card),
            Effect::RingStopped { server: _, call_id } => {
                self.tell(|lines| lines.ring_stopped(call_id));
            }
            Effect::SavePrefs(prefs) => {
                self.prefs.send_replace(Some(Arc::from(prefs)));
            }
            Effect::OpenUrl(url) => {
                let links = links.clone();
                if openers.len() < OPENERS {
                    openers.spawn(async move { links.open(open_url::OPENER.as_ref(), &url).await });
                } else {
                    links.failed("earlier ones still wait for the browser".to_owned());
                }
            }
            Effect::ShowWindow => self.call(Call::ShowWindow),
            Effect::ShowPlace(place) => self.call(Call::ShowPlace(place)),
            Effect::Quit => self.call(Call::Quit),
            Effect::Mark(server, mark) => {
                // A mark that is lost costs reading a little more after the next start.
                self.history.mark(server, mark);
            }
            Effect::ForgetMark(server) => self.history.forget(server),
            // Carried out by the driver and the sessions before it comes here.
            Effect::Fetch(..)
            | Effect::Write(..)
            | Effect::StartSession(_)
            | Effect::StopSession(_)
            | Effect::CountsDiffer(..) => {}
        }
    }

    fn flush(&self, backlog: &mut VecDeque<(ServerId, Vec<PostId>)>) {
        while let Some((server, posts)) = backlog.pop_front() {
            if let Err(Full(posts)) = self.history.presented(server, posts, clock::wall_ms()) {
                backlog.push_front((server, posts));
                return;
            }
        }
    }

    fn tell(&self, line: impl FnOnce(&Lines)) {
        self.lines.as_ref().map(line);
    }

    fn call(&self, call: Call) {
        // Full means that the same is waiting already.
        self.calls.try_send(call).ok();
    }

    fn report(&self, signal: Signal) {
        if self.reports.try_send(signal).is_err() {
            tracing::warn!("a report of the desktop was dropped");
        }
    }
}

/// Opens links, and tells the person where that fails.
#[derive(Clone)]
struct Links {
    reports: mpsc::Sender<Signal>,
    trouble: Arc<AtomicBool>,
}

impl Links {
    async fn open(&self, opener: &OsStr, url: &str) {
        match open_url::open_with(opener, url).await {
            Ok(()) if self.trouble.swap(false, Ordering::Relaxed) => {
                self.report(Signal::ProblemCleared(ProblemKind::Links));
            }
            Ok(()) => {}
            Err(error) => self.failed(error.to_string()),
        }
    }

    fn failed(&self, detail: String) {
        tracing::warn!(%detail, "a link was not opened");
        self.trouble.store(true, Ordering::Relaxed);
        self.report(Signal::ProblemRaised { kind: ProblemKind::Links, detail });
    }

    fn report(&self, signal: Signal) {
        if self.reports.try_send(signal).is_err() {
            tracing::warn!("a report of the desktop was dropped");
        }
    }
}

/// Writes preferences as they change; only the newest matters. Ends, with the last ones written, when the sender does.
pub(super) async fn save_prefs(
    file: PrefsFile,
    mut prefs: watch::Receiver<Option<Arc<LocalPrefs>>>,
    reports: mpsc::Sender<Signal>,
) {
    let mut trouble = false;
    while prefs.changed().await.is_ok() {
        let Some(newest) = prefs.borrow_and_update().clone() else { continue };
        let file = file.clone();
        let saved = match spawn_blocking(move || file.save(&newest)).await {
            Ok(saved) => saved.map_err(|error| error.to_string()),
            Err(_panicked) => Err("it was not written".to_owned()),
        };
        let report = match saved {
            Ok(()) if std::mem::take(&mut trouble) => Signal::ProblemCleared(ProblemKind::Prefs),
            Ok(()) => continue,
            Err(detail) => {
                trouble = true;
                tracing::warn!(%detail, "preferences");
                Signal::ProblemRaised { kind: ProblemKind::Prefs, detail }
            }
        };
        reports.send(report).await.ok(); // shutting down
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_link_that_cannot_be_opened_is_said_until_one_opens() {
        let (reports, mut told) = mpsc::channel(8);
        let links = Links { reports, trouble: Arc::default() };
        links.open("true".as_ref(), "https://chat.example.com/").await;
        assert!(told.try_recv().is_err(), "nothing is wrong");
        links.open("false".as_ref(), "https://chat.example.com/secret").await;
        let Ok(Signal::ProblemRaised { kind: ProblemKind::Links, detail }) = told.try_recv() else {
            panic!("no problem was raised")
        };
        assert!(!detail.contains("secret"), "{detail}");
        links.open("true".as_ref(), "https://chat.example.com/").await;
        assert_eq!(told.try_recv(), Ok(Signal::ProblemCleared(ProblemKind::Links)));
    }
}
