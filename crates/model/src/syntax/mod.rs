//! The only code that sees a syntax tree: source text in, [`Summary`](crate::summary::Summary) out.

mod assignments;
mod binds;
mod branches;
mod calls;
mod classes;
mod functions;
mod jsx;
mod lower;
mod modules;
mod names;
mod operators;
mod parse;
mod patterns;
mod statements;
mod templates;
mod tries;

pub use parse::{
    MOST_NESTING, Outcome, STACK_PER_LEVEL, Script, is_parsing, most_nesting, nesting, parse_and_drop, stack_bytes,
    summarise, summarise_json, unbearable,
};
pub use templates::{Sight, Template};
