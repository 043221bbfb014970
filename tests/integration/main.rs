//! Everything together, over real sockets and, where a person would look, on a real display.

mod fixture;
