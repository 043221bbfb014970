//! The official client, where Belfry does otherwise: its badge, its shell, its wording, its faults.
//!
//! Strict mode ([`crate::decide::Mode::Strict`]) is made of the rules that both share and of what stands here. It exists so
//! that the conformance vectors can be run, and so that every difference of ours has the original beside it
//! (notifications §6, §7.15). Pure functions, nothing kept.

pub mod counting;
pub mod settings;
pub mod shell;
pub mod wording;
