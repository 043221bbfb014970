//! Carrying out what the engine asks of the desktop: sounds, system notifications, tray, launcher, browser; and
//! hearing what the desktop tells.
//!
//! Each part owns its device or connection alone and reports through one queue of signals.
//! None of them can hold up another, and none can stop a notification.

pub mod desktop_state;
pub mod front;
pub mod idle;
pub mod launcher;
pub mod network;
pub mod open_url;
pub mod proxies;
pub mod sound;
pub mod toast;
pub mod tray;

#[cfg(test)]
mod bus_tests;
#[cfg(test)]
mod desktop_state_tests;
#[cfg(test)]
mod network_tests;
