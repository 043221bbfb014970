//! Everything together, over real sockets and, where a person would look, on a real display.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod cards;
mod conformance;
mod corpus;
mod delivery;
mod desktops;
mod fallback;
mod fixture;
mod hostile_pictures;
mod icons;
mod installed;
mod life;
mod pictures;
mod preferences;
mod quiet;
mod record;
mod recordings;
mod replies;
mod tray;
mod trouble;
mod wayland;
