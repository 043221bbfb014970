//! Whether to notify, and why: facts in, a verdict and its trace out.

pub mod calls;
pub mod facts;
pub mod reason;
pub mod rules;
pub mod says;
pub mod setting;

pub use facts::Facts;
pub use rules::{Outcome, decide};

use crate::decide::reason::Reason;
use crate::decide::says::Step;

/// How exactly the official client is copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Follow the server and product.md.
    #[default]
    Ours,
    /// Copy the official client, its faults included: for the conformance vectors.
    Strict,
}

/// A verdict and everything that led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// `None` = notify.
    pub skip: Option<Reason>,
    /// Every rule consulted, in order.
    pub trace: Vec<Step>,
}

impl Verdict {
    /// Whether to notify.
    pub fn notifies(&self) -> bool {
        self.skip.is_none()
    }
}
