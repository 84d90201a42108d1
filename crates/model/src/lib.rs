//! Source text in, facts about one Electron app out. Touches no file.

pub mod app;
pub mod csp;
mod data;
pub mod electron;
pub mod html;
pub mod link;
pub mod problem;
pub mod source;
pub mod summary;
mod syntax;
pub mod text;
pub mod web_url;

pub use app::{App, Memory, Options, analyse, analyse_again};
pub use syntax::is_parsing;
#[doc(hidden)]
pub use syntax::parse_and_drop;
