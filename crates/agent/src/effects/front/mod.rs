//! Whether a banner could be seen, and is welcome: a program that fills the display, and a display that is asleep.
//!
//! Nothing is polled: the display tells what changes. Unknown means "nothing in front" and "awake", so that a display that
//! is gone, or one without a window manager, can never hold notifications back.

mod x11;

use std::sync::Arc;
use std::time::Duration;

use belfry_core::signal::Signal;
use belfry_core::view::View;
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;

use crate::display::Environment;

/// What the display tells, waiting to be read; only the newest counts, so its thread waits where this is full.
const QUEUE: usize = 4;
/// A display that is gone is looked for again after this long, with the next change of the view.
const LOOK_AGAIN: Duration = Duration::from_mins(1);

/// What was seen on the displays of one X server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Seen {
    monitors: Vec<Monitor>,
    asleep: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Monitor {
    name: String,
    primary: bool,
    /// A program fills it, and nothing stands before that.
    filled: bool,
}

impl Seen {
    /// Whether that is so where banners stand: on the monitor with this name, or on the primary one where it is not there.
    fn filled(&self, name: &str) -> bool {
        let named = self.monitors.iter().find(|monitor| monitor.name == name && !name.is_empty());
        let chosen = named.or_else(|| self.monitors.iter().find(|monitor| monitor.primary));
        chosen.or_else(|| self.monitors.first()).is_some_and(|monitor| monitor.filled)
    }
}

/// Watches until nobody wants to know any more.
pub async fn run(displays: Environment, mut view: watch::Receiver<Arc<View>>, reports: mpsc::Sender<Signal>) {
    let Some(display) = displays.display.as_deref().and_then(|name| name.to_str()) else { return };
    let mut told = Told { full_screen: false, asleep: false, reports };
    loop {
        let (sender, mut news) = mpsc::channel(QUEUE);
        x11::start(display.to_owned(), sender);
        let mut seen = Seen::default();
        loop {
            tokio::select! {
                newest = news.recv() => match newest {
                    Some(newest) => seen = newest,
                    None => break, // the display is gone
                },
                changed = view.changed() => if changed.is_err() {
                    return;
                },
            }
            let filled = seen.filled(&view.borrow_and_update().prefs.banner.display);
            told.tell(filled, seen.asleep).await;
        }
        told.tell(false, false).await;
        sleep(LOOK_AGAIN).await;
        if view.changed().await.is_err() {
            return;
        }
    }
}

/// What was reported last.
struct Told {
    full_screen: bool,
    asleep: bool,
    reports: mpsc::Sender<Signal>,
}

impl Told {
    async fn tell(&mut self, full_screen: bool, asleep: bool) {
        if std::mem::replace(&mut self.full_screen, full_screen) != full_screen {
            self.reports.send(Signal::FullScreen(full_screen)).await.ok(); // shutting down
        }
        if std::mem::replace(&mut self.asleep, asleep) != asleep {
            self.reports.send(Signal::DisplayAsleep(asleep)).await.ok(); // shutting down
        }
    }
}

#[cfg(test)]
mod tests;
