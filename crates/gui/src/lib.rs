//! The two faces of Belfry: the main window and the stack of banners.
//!
//! Promises: a face holds no truth. It draws the newest [`View`](belfry_core::view::View), turns what a person does into
//! commands and signals, and can be killed at any moment. Nothing polls; no frame is drawn when nothing moves.
//! Refuses: deciding, storing, speaking to a server, playing a sound.
//! Read first: [`Link`], [`outbox::Outbox`], [`theme::Palette`].

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "points, pixels and seconds on a screen are small, and a float cast saturates"
)]

pub mod banner;
pub mod bridge;
mod face;
pub mod icons;
pub mod outbox;
pub mod pictures;
mod shell;
pub mod testing;
pub mod texts;
pub mod theme;
pub mod widgets;
pub mod window;

pub use bridge::{Down, Link, Peer, QueryId, Up};
pub use face::{FaceError, run_banners, run_window};
