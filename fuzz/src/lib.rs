//! What is fuzzed, and with what. `tests/fuzz.rs` of the command takes the same files for a short run without coverage.

pub mod mutate;
pub mod seeds;
pub mod targets;
