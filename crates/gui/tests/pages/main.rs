//! What a person can do on each page of preferences, and what the agent is asked for then.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/scenes.rs"]
mod scenes;

mod about;
mod activity;
mod channels;
mod contrast;
mod desktop;
mod notifications;
mod servers;
mod sounds;
mod whole;
