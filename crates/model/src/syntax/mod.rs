//! The only code that sees a syntax tree: source text in, [`Summary`](crate::summary::Summary) out.

mod lower;
mod names;
mod parse;
mod patterns;
mod statements;

pub use parse::{
    MOST_NESTING, Outcome, STACK_PER_LEVEL, Script, nesting, stack_bytes, summarise, summarise_json, unbearable,
};
