//! The receipt of a test notification: each step on the way from the server to the ear, with its time.

use serde::{Deserialize, Serialize};

use crate::ids::ServerId;

/// A step on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum TestStep {
    /// The server accepted the request.
    Accepted,
    /// Its message arrived over the connection.
    Received,
    /// The rules decided to show it.
    Decided,
    /// A window for banners is open, or the system's notifications were asked.
    Mapped,
    /// It was painted.
    Painted,
    /// The sound began.
    Sounded,
}

impl TestStep {
    /// All of them, in order.
    pub const ALL: [Self; 6] =
        [Self::Accepted, Self::Received, Self::Decided, Self::Mapped, Self::Painted, Self::Sounded];
}

/// How it stands with a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StepState {
    /// Not yet.
    Waiting,
    /// Done.
    Done {
        /// Milliseconds since the test was asked for.
        after_ms: u64,
    },
    /// It is not part of this test, and why, one sentence without a full stop.
    Skipped(String),
    /// It failed.
    Failed {
        /// What happened, one sentence without a full stop.
        what: String,
        /// What the person can do, one sentence without a full stop.
        advice: String,
    },
}

/// A test of one server, under way or over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestReceipt {
    /// Which server.
    pub server: ServerId,
    /// Every step, in order.
    pub steps: Vec<(TestStep, StepState)>,
    /// Nothing more is waited for.
    pub over: bool,
}

impl TestReceipt {
    /// Whether every step that counts was done.
    pub fn is_success(&self) -> bool {
        let fine = |state: &StepState| matches!(state, StepState::Done { .. } | StepState::Skipped(_));
        self.over && self.steps.iter().all(|(_, state)| fine(state))
    }
}
