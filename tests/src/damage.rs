//! When something was painted: every change of the display's pixels, with its time.

use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::damage::{ConnectionExt as _, ReportLevel};

use crate::screen::Rect;

/// Changes that nobody has looked at yet.
const QUEUE: usize = 4096;

/// A part of the display was painted anew.
#[derive(Clone, Copy, Debug)]
pub struct Painted {
    /// When we were told.
    pub at: Instant,
    /// Which part.
    pub area: Rect,
}

/// Tells of everything that is painted on a display.
#[derive(Debug)]
pub struct Damage {
    changes: Receiver<Painted>,
}

impl Damage {
    /// Watches a display such as `:7` from now on. The watching thread ends with the display.
    pub fn watch(display: &str) -> anyhow::Result<Self> {
        let (connection, number) = x11rb::connect(Some(display))?;
        let root = connection.setup().roots.get(number).context("the display has no screen")?.root;
        connection.damage_query_version(1, 1)?.reply()?;
        let damage = connection.generate_id()?;
        connection.damage_create(damage, root, ReportLevel::RAW_RECTANGLES)?.check()?;
        let (tell, changes) = sync_channel(QUEUE);
        std::thread::Builder::new().name("damage".to_owned()).spawn(move || {
            while let Ok(event) = connection.wait_for_event() {
                if let Event::DamageNotify(notify) = event {
                    let area = Rect {
                        x: notify.area.x.into(),
                        y: notify.area.y.into(),
                        width: notify.area.width.into(),
                        height: notify.area.height.into(),
                    };
                    // A full queue waits: nothing is lost, and only its time is late.
                    if tell.send(Painted { at: belfry_net::clock::monotonic(), area }).is_err() {
                        return;
                    }
                }
            }
        })?;
        Ok(Self { changes })
    }

    /// The next change; `None` when there was none for so long.
    pub fn next(&self, patience: Duration) -> anyhow::Result<Option<Painted>> {
        match self.changes.recv_timeout(patience) {
            Ok(painted) => Ok(Some(painted)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => bail!("the display is gone"),
        }
    }

    /// Waits for a change, at most so long, and forgets it with all that came along.
    pub fn wait(&self, patience: Duration) -> anyhow::Result<()> {
        let mut more = self.next(patience)?.is_some();
        while more {
            more = self.next(Duration::ZERO)?.is_some();
        }
        Ok(())
    }

    /// Forgets what was painted so far, and waits until nothing was for this long.
    pub fn settle(&self, quiet: Duration) -> anyhow::Result<()> {
        while self.next(quiet)?.is_some() {}
        Ok(())
    }
}
