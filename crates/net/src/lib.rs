//! Belfry's link to the outside: sockets, servers' answers, secrets and time.
//!
//! Everything that decides lives in `belfry-core`; this crate gives it time, inputs and a heartbeat, and carries out
//! what it asks of servers.

pub mod bootstrap;
pub mod lenient;
pub mod shapes;
