//! The only code that sees a syntax tree: source text in, [`Summary`](crate::summary::Summary) out.

mod lower;
mod names;
mod parse;
mod patterns;
mod statements;

pub use parse::{Outcome, Script, SyntaxError, stack_bytes, summarise, summarise_json};
