//! A practice Mattermost server for tests and demonstrations.
//!
//! It listens on loopback, speaks the real protocol (HTTP, JSON and WebSocket as `spec/protocol.md` has them), keeps
//! the real bookkeeping (who is mentioned, who follows, what is unread) and fails on demand. It depends on none of
//! Belfry's other crates, so that a mistake there cannot hide itself here.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use belfry_practice_server::{Options, PracticeServer};
//!
//! let server = PracticeServer::start(Options::default()).await?;
//! server.wait_for_connection("morgan").await;
//! server.person("rosa").direct("morgan", "Got a minute?")?;
//! server.drops();
//! # Ok(())
//! # }
//! ```

mod avatar;
mod clock;
mod compat;
mod control;
pub mod day;
mod error;
mod faults;
mod http;
mod hub;
mod ids;
mod link;
mod model;
mod person;
mod program;
mod rest;
pub mod rules;
mod server;
mod shared;
mod socket;
mod state;
mod wire;
mod world;

pub use clock::{Clock, ClockHand};
pub use compat::Version;
pub use error::Refused;
pub use faults::HttpFault;
pub use person::Person;
pub use program::{ProgramError, run_program};
pub use server::{Options, PostSaid, PracticeServer};
pub use shared::Timing;
pub use state::{ChannelCounts, Counts, PresenceEntry, ThreadCounts};
pub use world::{Account, SiteUrl, World};
