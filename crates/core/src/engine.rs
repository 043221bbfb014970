//! The engine: the only owner of state, changed by `step` alone.

use crate::command::Command;
use crate::effect::Effects;
use crate::event::Event;
use crate::ids::ServerId;
use crate::prefs::LocalPrefs;
use crate::signal::Signal;
use crate::time::{MonoTime, Now};
use crate::view::View;

/// Something for the engine to handle.
#[derive(Debug)]
pub enum Input<'a> {
    /// A server, or the connection to it, reported something.
    Server(ServerId, Event<'a>),
    /// The person wants something.
    Command(Command),
    /// The desktop reported something.
    Signal(Signal),
    /// A deadline passed.
    Tick,
}

/// The deterministic machine that decides, counts and says why.
#[derive(Debug, Default)]
pub struct Engine {
    view: View,
}

impl Engine {
    /// An engine with these local preferences and nothing else.
    pub fn new(prefs: LocalPrefs) -> Self {
        Self { view: View { prefs, ..View::default() } }
    }

    /// Handles one input. Total: never fails, whatever the order or lateness.
    pub fn step(&mut self, _now: &Now, _input: Input<'_>) -> Effects {
        Effects::new()
    }

    /// When `Input::Tick` is due next.
    pub fn next_deadline(&self) -> Option<MonoTime> {
        None
    }

    /// Grows whenever the view changes.
    pub fn revision(&self) -> u64 {
        self.view.revision
    }

    /// The picture as of `now`.
    pub fn view(&self, _now: &Now) -> View {
        self.view.clone()
    }
}
