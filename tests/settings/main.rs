//! Preferences that servers own, the whole loop: a command, the server's own copy, another device, and the page again.

mod account;
mod channels;
mod desk;
mod receipts;
