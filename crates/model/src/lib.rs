//! Source text in, facts about one Electron app out. Touches no file.

pub mod electron;
pub mod html;
pub mod app;
mod data;
pub mod link;
pub mod problem;
pub mod source;
pub mod summary;
mod syntax;
pub mod text;

pub use app::{App, Options, analyse};
