//! Checks before a sink.
