//! The desktop without pictures: everything around the engine that a running Belfry needs and that draws nothing.
//!
//! Promises: it loads no graphics library, holds no sound device open while nothing plays, and works without a
//! display. Refuses: deciding anything (that is `belfry-core`) and speaking to a server (that is `belfry-net`).
//! Read first: [`control::protocol`], [`history::History`] and [`paths::Paths`].

pub mod agent;
pub mod autostart;
pub mod control;
pub mod demo;
pub mod display;
pub mod doctor;
pub mod effects;
pub mod faces;
pub mod history;
pub mod instance;
pub mod lean;
pub mod link_handler;
pub mod mark;
pub mod own_sounds;
pub mod paths;
pub mod pictures;
pub mod platform;
pub mod prefs_file;
pub mod prefs_watch;
pub mod token_file;
