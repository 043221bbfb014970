//! Belfry's link to the outside: sockets, servers' answers, secrets and time.
//!
//! Everything that decides lives in `belfry-core`; this crate gives it time, inputs and a heartbeat, and carries out
//! what it asks of servers.

pub mod bootstrap;
pub mod clock;
pub mod discover;
pub mod http;
pub mod lenient;
pub mod secrets;
pub mod shapes;
pub mod sign_in;
#[cfg(test)]
mod testing;
mod tls;
pub mod trouble;
pub mod wire;

pub use tls::install_crypto;
