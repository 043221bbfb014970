//! What our tests stand on: a desktop of their own ([`Desktop`]: display, window manager, bus, sound server), the real `belfry`
//! in it ([`process::belfry`]), and ways to see what a person would see and hear.
//!
//! Nothing here sleeps for a fixed time: [`poll`] waits for conditions, with one generous limit.

pub mod chaos;
pub mod client;
pub mod conformance;
pub mod damage;
pub mod desktop;
#[cfg(target_os = "linux")]
pub mod dist;
pub mod fuzz;
pub mod keyring;
pub mod notifications;
pub mod poll;
pub mod practice;
pub mod process;
pub mod record;
pub mod screen;
pub mod sound;
pub mod stage;

pub use client::Client;
pub use desktop::Desktop;
pub use poll::eventually;
pub use stage::Stage;
