//! Placeholder.

pub mod discover;
