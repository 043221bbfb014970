//! Whether to notify, and why: facts in, a verdict and its trace out.

pub mod reason;
