//! Belfry's link to the outside: sockets, servers' answers, secrets and time.
//!
//! Everything that decides lives in `belfry-core`; this crate gives it time, inputs and a heartbeat, and carries out
//! what it asks of servers.

pub mod bootstrap;
pub mod clock;
pub mod discover;
mod driver;
pub mod http;
pub mod lenient;
pub mod replay;
pub mod runtime;
pub mod secrets;
pub mod session;
pub mod shapes;
pub mod sign_in;
mod supervisor;
#[cfg(test)]
mod testing;
mod tls;
pub mod trouble;
pub mod wire;

pub use runtime::{AvatarError, Busy, Inputs, Running, Setup, spawn};
pub use tls::install_crypto;
