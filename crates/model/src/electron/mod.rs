//! What is known about Electron itself: its releases, defaults, options and fuses, by version.
//!
//! Nothing here looks at an app. Every table says where its facts were read.

pub mod api;
pub mod changes;
pub mod fuses;
pub mod lockfile;
pub mod preferences;
pub mod releases;
pub mod version;
pub mod webview;

pub use version::Version;
