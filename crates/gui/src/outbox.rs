//! What one frame wants done: gathered by the panels, sent by the face.

use belfry_core::command::Command;
use belfry_core::query::Query;
use belfry_core::signal::Signal;

use crate::bridge::{QueryId, Up};

/// Gathers what the panels ask for during a frame. The only way in which a panel causes anything.
#[derive(Debug, Default)]
pub struct Outbox {
    ups: Vec<Up>,
    last_query: u64,
}

impl Outbox {
    /// Asks the agent to do something.
    pub fn command(&mut self, command: Command) {
        self.ups.push(Up::Command(command));
    }

    /// Reports something.
    pub fn signal(&mut self, signal: Signal) {
        self.ups.push(Up::Signal(signal));
    }

    /// Asks something; the answer comes back with this number.
    pub fn query(&mut self, query: Query) -> QueryId {
        self.last_query += 1;
        let id = QueryId(self.last_query);
        self.ups.push(Up::Query(id, query));
        id
    }

    /// Everything gathered so far, in order.
    pub fn take(&mut self) -> Vec<Up> {
        std::mem::take(&mut self.ups)
    }

    /// What was gathered, without taking it.
    pub fn peek(&self) -> &[Up] {
        &self.ups
    }
}
