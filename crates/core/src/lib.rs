//! The pure heart of Belfry: it decides, counts and says why.

pub mod activity;
pub mod badge;
pub mod command;
pub mod decide;
pub mod effect;
pub mod engine;
pub mod event;
pub mod ids;
pub mod prefs;
pub mod problem;
pub mod query;
pub mod secret;
pub mod signal;
pub mod sound;
pub mod time;
pub mod view;

pub use engine::{Engine, Input};
