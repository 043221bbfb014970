//! What a person can do on each page of preferences, and what the agent is asked for then.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "../common/mod.rs"]
mod common;

mod about;
mod activity;
mod channels;
mod desktop;
mod notifications;
mod servers;
mod sounds;
mod whole;
