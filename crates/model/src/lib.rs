//! Source text in, facts about one Electron app out. Touches no file.

pub mod electron;
pub mod problem;
pub mod source;
pub mod text;
