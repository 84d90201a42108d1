//! What electrolint looks for: one file per rule.

pub mod finding;
