//! Runs untrusted JavaScript under a policy.

#[doc(hidden)]
pub mod cli;
