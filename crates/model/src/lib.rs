//! Source text in, facts about one Electron app out. Touches no file.

pub mod csp;
pub mod html;
pub mod problem;
pub mod source;
pub mod text;
pub mod web_url;
