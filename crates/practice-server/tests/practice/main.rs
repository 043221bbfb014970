//! The practice server, driven over real sockets.

#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a helper that fails fails its test")]

mod bootstrap;
mod common;
mod counting;
mod day;
mod shapes;
mod signing_in;
mod sockets;
