//! How long nobody touched keyboard or pointer, which is all that may make a person look present (protocol §4.10).
//!
//! It is looked at only while a server is connected and the screen is not locked: once a minute while the person may be
//! at work, three times a minute once servers take them for away, so that their return is told soon. Nobody who can tell
//! means "away", never "active".

mod meter;
mod x11;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use belfry_core::ids::ServerId;
use belfry_core::signal::Signal;
use belfry_core::view::{Health, View};
use belfry_net::clock::{self, Clock};
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};
use zbus::Connection;

use self::meter::Meter;
use self::x11::{Mute, Screen};
use super::toast::session_bus;
use crate::display::Environment;

/// Who takes longer than this to tell cannot tell.
const PATIENCE: Duration = Duration::from_secs(2);
/// While the person may be at work: servers are told once a minute at most.
const AT_WORK: Duration = Duration::from_mins(1);
/// While servers take them for away, which they do after five minutes.
const AWAY: Duration = Duration::from_secs(20);
/// From then on.
const AWAY_AFTER: Duration = Duration::from_mins(5);
/// While nobody can tell: a desktop may still be starting.
const NOBODY: Duration = Duration::from_mins(5);
/// How exact "so long ago" is, milliseconds: input that seems this much newer is the same input.
const EXACT_TO_MS: i64 = 1000;

const MUTTER: Object = Object {
    name: "org.gnome.Mutter.IdleMonitor",
    path: "/org/gnome/Mutter/IdleMonitor/Core",
    interface: "org.gnome.Mutter.IdleMonitor",
    method: "GetIdletime",
};
const SCREEN_SAVER: Object = Object {
    name: "org.freedesktop.ScreenSaver",
    path: "/org/freedesktop/ScreenSaver",
    interface: "org.freedesktop.ScreenSaver",
    method: "GetSessionIdleTime",
};

/// Where to look.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// The address of the session bus; `None` takes the environment's.
    pub session: Option<String>,
    /// The displays.
    pub displays: Environment,
}

/// Watches until nobody wants to know any more. `locked` is whether the screen is.
pub async fn run(
    places: Places,
    mut view: watch::Receiver<Arc<View>>,
    mut locked: watch::Receiver<bool>,
    reports: mpsc::Sender<Signal>,
) {
    let clock = clock::process();
    let mut watcher = Watcher::new(places, clock);
    let mut known = BTreeSet::new();
    // Input up to here was reported already.
    // Milliseconds; negative before this program started.
    let mut reported = i64::MIN;
    loop {
        let live = live(&view.borrow_and_update());
        let open = !*locked.borrow_and_update() && !live.is_empty();
        let wait = if open {
            let idle = watcher.idle().await;
            if let Some(idle) = idle {
                let signed = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX);
                let at = signed(clock.mono().0).saturating_sub(signed(millis(idle)));
                if at > reported || live.difference(&known).next().is_some() {
                    reported = at.saturating_add(EXACT_TO_MS);
                    if reports.send(Signal::InputSeen { ago_ms: millis(idle) }).await.is_err() {
                        return; // shutting down
                    }
                }
            }
            Some(next_look(idle))
        } else {
            None
        };
        known = live;
        let due = async {
            match wait {
                Some(wait) => sleep(wait).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(due);
        // A server that is connected anew wants to know at once (protocol §12.1); other changes of the view do not matter.
        loop {
            tokio::select! {
                () = &mut due => break,
                changed = locked.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    break;
                }
                changed = view.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    let live = self::live(&view.borrow_and_update());
                    let more = live.difference(&known).next().is_some();
                    let none = live.is_empty() && !known.is_empty();
                    known.retain(|server| live.contains(server));
                    if more || none {
                        break;
                    }
                }
            }
        }
    }
}

fn live(view: &View) -> BTreeSet<ServerId> {
    view.servers.iter().filter(|server| server.health == Health::Live).map(|server| server.id).collect()
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// When it is looked at next, where it was so long.
fn next_look(idle: Option<Duration>) -> Duration {
    match idle {
        None => NOBODY,
        Some(idle) if idle < AWAY_AFTER => AT_WORK,
        Some(_) => AWAY,
    }
}

/// Who tells how long the person has been idle, for `belfry doctor`.
pub async fn probe(places: Places) -> Option<&'static str> {
    let mut watcher = Watcher::new(places, clock::process());
    watcher.idle().await;
    watcher.told_by
}

/// Asks whoever can tell.
struct Watcher {
    places: Places,
    clock: Clock,
    bus: Option<Connection>,
    screen: Option<Screen>,
    meter: Meter,
    told_by: Option<&'static str>,
}

impl Watcher {
    fn new(places: Places, clock: Clock) -> Self {
        Self { places, clock, bus: None, screen: None, meter: Meter::default(), told_by: None }
    }

    /// How long nobody touched anything; `None` where nobody can tell.
    ///
    /// GNOME knows for all its programs. Where there is no Wayland, the display does. Under Wayland a display is only
    /// Xwayland, which sees no input for other programs: it may take somebody for idle, never for active, so it comes last.
    async fn idle(&mut self) -> Option<Duration> {
        let wayland = self.places.displays.wayland.is_some();
        self.told_by = None;
        if let Some(idle) = self.ask(MUTTER).await {
            return Some(self.told("GNOME", Duration::from_millis(idle)));
        }
        if !wayland && let Some(idle) = self.ask_screen().await {
            return Some(self.told("The display", idle));
        }
        if let Some(raw) = self.ask(SCREEN_SAVER).await {
            self.told_by = Some("The screen saver");
            if let Some(idle) = self.meter.read(self.clock.mono(), raw) {
                return Some(idle);
            }
        }
        if wayland && let Some(idle) = self.ask_screen().await {
            return Some(self.told("The display", idle));
        }
        None
    }

    fn told(&mut self, by: &'static str, idle: Duration) -> Duration {
        self.told_by = Some(by);
        idle
    }

    async fn ask_screen(&mut self) -> Option<Duration> {
        let display = self.places.displays.display.clone()?;
        let screen = match &self.screen {
            Some(screen) => screen,
            None => self.screen.insert(Screen::start(&display)?),
        };
        match timeout(PATIENCE, screen.idle()).await {
            Ok(Ok(idle)) => Some(idle),
            Ok(Err(Mute::Over)) => {
                self.screen = None;
                None
            }
            Ok(Err(Mute::Busy)) | Err(_) => None,
        }
    }

    async fn ask(&mut self, object: Object) -> Option<u64> {
        let bus = if let Some(bus) = &self.bus {
            bus.clone()
        } else {
            let connect = session_bus(self.places.session.as_deref());
            let bus = timeout(PATIENCE, connect).await.ok()?.ok()?;
            self.bus.insert(bus).clone()
        };
        match timeout(PATIENCE, object.ask(&bus)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                tracing::debug!(%error, name = object.name, "idle time");
                if matches!(error, zbus::Error::InputOutput(_)) {
                    self.bus = None;
                }
                None
            }
            Err(_elapsed) => None,
        }
    }
}

/// Something on the bus that tells a number.
#[derive(Clone, Copy)]
struct Object {
    name: &'static str,
    path: &'static str,
    interface: &'static str,
    method: &'static str,
}

impl Object {
    /// `None` where it does not run: it must not be started by us.
    async fn ask(self, bus: &Connection) -> zbus::Result<Option<u64>> {
        let daemon = "org.freedesktop.DBus";
        let runs = bus
            .call_method(Some(daemon), "/org/freedesktop/DBus", Some(daemon), "NameHasOwner", &self.name)
            .await?
            .body()
            .deserialize::<bool>()?;
        if !runs {
            return Ok(None);
        }
        let answer = bus.call_method(Some(self.name), self.path, Some(self.interface), self.method, &()).await?;
        let body = answer.body();
        // GNOME answers with 64 bits, the others with 32.
        Ok(Some(match body.deserialize::<u64>() {
            Ok(number) => number,
            Err(_) => u64::from(body.deserialize::<u32>()?),
        }))
    }
}

#[cfg(test)]
mod tests;
