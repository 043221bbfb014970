//! Everything together, over real sockets and, where a person would look, on a real display.

mod conformance;
mod delivery;
mod fixture;
mod icons;
mod life;
mod recordings;
