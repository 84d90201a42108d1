//! Runs untrusted JavaScript under a policy: one process for each sandbox, contained by the kernel, and the host as its
//! only way out.
//!
//! An [`Engine`] makes [`Sandbox`]es. What a sandbox may do is a [`electrolint_policy::Policy`]; what the kernel really
//! enforces is reported, and less than the policy demands is refused. Layers, protocol and limits: docs/sandbox.md.

#[doc(hidden)]
pub mod cli;
pub mod egress;
mod engine;
pub mod host;
pub mod inbound;
mod os;
pub mod proto;
mod worker;

pub use engine::{
    ApiError, CacheStats, Call, CallArgs, ConvertError, Engine, EngineOptions, Event, Events, ExecError, Execute,
    Plugin, PluginError, PluginManifest, PortError, Rpc, RpcError, Sandbox, SandboxBuilder, ScriptPlugin, StartError,
    State, Supervision, Supervisor, Support, Thrown, Verdict, check_plugins, from_tagged_json, from_value,
    to_tagged_json, to_value,
};
pub use os::probe::Act;
pub use os::process::Status;
pub use proto::frames::Level as LogLevel;

/// Call this first in `main` of a program that is to be its own worker: when the engine has started it as one, it does
/// that work and answers the exit code; else it answers `None` and does nothing.
///
/// Nothing may have been started before: a thread would be lost in the fork, a descriptor is closed.
pub fn run_if_worker() -> Option<std::process::ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next()? != engine::WORKER_ARGUMENT {
        return None;
    }
    let level = arguments.next()?;
    let levels =
        [electrolint_policy::Level::Full, electrolint_policy::Level::NoNamespaces, electrolint_policy::Level::Process];
    let level = levels.into_iter().find(|known| level == known.as_str())?;
    Some(worker::zygote::launch(level))
}
