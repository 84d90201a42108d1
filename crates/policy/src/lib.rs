//! The words of the runtime policy, and the one definition of what they allow.
//!
//! Three things, three types: [`Manifest`] is what is written in the file, [`Ceiling`] is what the host is willing to
//! grant, [`Policy`] is what holds, made by [`Manifest::under`]. The file can come from the code that it constrains, so
//! no field of it lowers a protection below what the host decided. The crate touches no file, no clock and no network.
//!
//! ```
//! use electrolint_policy::{Api, Ceiling, Manifest};
//!
//! let manifest = Manifest::parse(
//!     r#"{ "version": 1, "permissions": ["net.request"], "network": { "hosts": ["*.example.com"] } }"#,
//! )?;
//! let policy = manifest.under(&Ceiling::default());
//! assert!(policy.check_url("https://api.example.com/v1", Api::Request).is_ok());
//! assert!(policy.check_url("https://example.org/", Api::Request).is_err());
//! # Ok::<(), electrolint_policy::ManifestErrors>(())
//! ```

mod address;
mod arguments;
mod compare;
mod host;
mod json;
pub mod manifest;
mod names;
pub mod policy;
mod shape;
mod value;

pub use address::{is_public, is_reserved, why_not_public};
pub use arguments::{Misfit, Schema, Type, Types, arguments_fit, value_fits};
pub use compare::{Comparison, Grant};
pub use host::{HostPattern, host_of, is_blocked_port};
pub use manifest::{Level, Manifest, ManifestError, ManifestErrors, Permission, check_method_name, json_schema};
pub use policy::{Api, Ceiling, Denied, Policy, Target};
pub use value::{BytesKind, Text, Value};
