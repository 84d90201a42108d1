//! Source text in, facts about one Electron app out. Touches no file.

pub mod html;
pub mod problem;
pub mod source;
pub mod text;
