//! Preferences that servers own, the whole loop: a command, the server's own copy, another device, and the page again.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod account;
mod channels;
mod desk;
mod people;
mod receipts;
