//! What host and worker say to each other. No I/O, and no trust: whatever is decoded here may come from a worker that
//! runs hostile native code.
//!
//! A frame is a length (u32, little endian, of what follows), one byte of kind, and a body. Integers are little endian.

pub(crate) mod codec;
pub mod frames;
pub mod session;

pub use codec::{DecodeError, MAX_DEPTH, MAX_NODES};
