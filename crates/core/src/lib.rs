//! The pure heart of Belfry: it decides, counts and says why.
//!
//! It promises: the same inputs give the same effects, byte for byte. It refuses: sockets, files, clocks, threads, randomness,
//! panics. Time is an argument ([`time::Now`]); state changes only in [`Engine::step`].
//!
//! Read first: [`event::Event`] (what a server told), [`decide::rules`] (the ordered table), [`view::View`] (what is drawn).
#![warn(missing_docs, clippy::wildcard_enum_match_arm)]

pub mod activity;
pub mod badge;
pub mod banner;
pub mod command;
pub mod decide;
pub mod draft;
pub mod effect;
pub mod engine;
pub mod event;
pub mod ids;
pub mod mention;
pub mod missed;
pub mod official;
pub mod prefs;
pub mod present;
pub mod problem;
pub mod query;
pub mod reach;
pub mod receipt;
pub mod reply;
pub mod secret;
pub mod settings;
pub mod signal;
pub mod sound;
pub mod state;
pub mod text;
pub mod time;
pub mod trial;
pub mod view;

pub use engine::{Engine, Input};
