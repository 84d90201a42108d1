//! Source text in, facts about one Electron app out. Touches no file.

pub mod problem;
pub mod source;
pub mod summary;
mod syntax;
pub mod text;
