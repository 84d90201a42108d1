//! Source text in, facts about one Electron app out. Touches no file.

pub mod csp;
pub mod electron;
pub mod html;
mod link;
pub mod problem;
pub mod source;
pub mod summary;
mod syntax;
pub mod text;
