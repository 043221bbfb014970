//! The bodies of the fuzzers, which ordinary tests run as well.

#[path = "../../tests/src/fuzz/mod.rs"]
pub mod bodies;
