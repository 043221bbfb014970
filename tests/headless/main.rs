//! `belfry headless`, the real program over real sockets: without a display, without a bus, without a sound device.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod commands;
mod refusals;
mod restarts;
mod scene;
mod storms;
mod watching;
