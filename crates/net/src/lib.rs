//! Belfry's link to the outside: sockets, servers' answers, secrets and time.
//!
//! Everything that decides lives in `belfry-core`; this crate gives it time, inputs and a heartbeat, and carries out
//! what it asks of servers. [`spawn`] starts all of it and hands out the ends of its queues.
//!
//! It promises: no message that a server sent is lost between socket and engine, in order, whatever is being loaded
//! meanwhile; a server that misbehaves costs only itself; tokens and message text reach no log and no error text.
//! It refuses: to decide anything, to draw, to play, to follow redirects after sign-in, to keep cookies, and to speak plain
//! http without the person's consent.
//!
//! Read first: [`session::machine::Machine`] (what a connection means), [`bootstrap::Collector`] (what a server told) and
//! [`Running`] (how the rest of Belfry is attached).
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use belfry_core::prefs::LocalPrefs;
//! use belfry_core::signal::Surface;
//! use belfry_net::secrets::SecretStore;
//!
//! # async fn example() {
//! belfry_net::install_crypto();
//! let secrets = Arc::new(SecretStore::keyring());
//! let setup = belfry_net::Setup::new(LocalPrefs::default(), secrets, Surface::Toasts);
//! let mut running = belfry_net::spawn(&tokio::runtime::Handle::current(), setup);
//! while let Some(effect) = running.effects.recv().await {
//!     println!("to be done: {effect:?}");
//! }
//! running.shutdown().await;
//! # }
//! ```

pub mod bootstrap;
pub mod certificate;
pub mod clock;
pub mod dial;
pub mod discover;
mod driver;
pub mod explain;
pub mod http;
pub mod json;
pub mod lenient;
pub mod lines;
pub mod reach;
pub mod replay;
pub mod runtime;
pub mod secrets;
pub mod session;
mod session_facts;
pub mod shapes;
pub mod sign_in;
mod supervisor;
#[cfg(test)]
mod testing;
mod tls;
pub mod trouble;
pub mod wire;

pub use runtime::{Busy, Earlier, Inputs, Running, Setup, WishError, spawn};
pub use tls::install_crypto;
