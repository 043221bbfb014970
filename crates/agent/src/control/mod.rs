//! The socket between the agent, its faces and commands.
//!
//! One protocol for all three: a [`protocol::Up::Hello`] names the role, the agent answers with the whole view and
//! sends the newest one whenever it changes. A face holds no truth; it can end at any time.

pub mod client;
pub mod protocol;
pub mod server;
