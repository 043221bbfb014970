//! Sessions with a practice server over real sockets, without a desktop.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod catching_up;
mod hostile;
mod many;
mod memory;
mod presence;
mod trouble;
mod watcher;
