//! Everything that speaks to the kernel or to the C interface of the engine, and all `unsafe` of the crate.
#![allow(unsafe_code)]

pub(crate) mod fds;
pub(crate) mod links;
pub(crate) mod lock;
pub(crate) mod namespaces;
pub(crate) mod probe;
pub(crate) mod process;
pub(crate) mod quickjs;
