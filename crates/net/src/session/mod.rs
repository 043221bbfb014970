//! One connection to one server: a pure machine, and a thin shell that carries out what it says.

pub mod backoff;
mod catch_up;
pub(crate) mod head;
mod held;
mod load;
pub mod machine;
pub mod presence;
mod saving;
mod socket;
pub(crate) mod task;
