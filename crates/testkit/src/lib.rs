//! Reads fixtures and marks, for tests: plain text in, plain data out, nothing of the linter.
//!
//! - [`marks`]: which findings a file says it has, and how they compare with those that were found.
//! - [`fixture`]: a folder as a list of paths and bytes, with its marks.
//! - [`score`]: how much of what is marked is found, by rule and by difficulty.
//! - [`hostile`]: broken, absurd and enormous apps, written when needed.
//! - [`generated`]: apps of any number of files.
//! - [`example`]: the code blocks of a documentation comment, as small apps with marks.

#![forbid(unsafe_code)]

pub mod example;
pub mod fixture;
pub mod generated;
pub mod hostile;
pub mod marks;
pub mod score;

pub use example::{Example, examples};
pub use fixture::Fixture;
pub use marks::{Comparison, Expected, Found, compare};
pub use score::{Case, Difficulty, Score};
