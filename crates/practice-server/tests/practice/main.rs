//! The practice server, driven over real sockets.

mod bootstrap;
mod common;
mod counting;
mod signing_in;
mod sockets;
