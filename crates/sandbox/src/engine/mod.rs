//! The host's side: makes sandboxes, holds them to their policy, and is their only way out.

mod builder;
mod cache;
mod clock;
mod conversation;
mod convert;
mod event;
mod execute;
pub(crate) mod fanout;
mod handler;
#[cfg(test)]
mod impostor;
mod live;
mod modules;
mod network;
mod nursery;
mod plugins;
mod pool;
mod rpc;
mod sandbox;
mod supervisor;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use electrolint_policy::Level;
use electrolint_policy::policy::Policy;

pub use builder::SandboxBuilder;
pub use cache::CacheStats;
pub use convert::{ConvertError, from_tagged_json, from_value, to_tagged_json, to_value};
pub(crate) use convert::{base64, from_base64, to_plain_json};
pub(crate) use event::event_json;
pub use event::{Event, Events, ExecError, Thrown};
pub use execute::Execute;
pub use handler::{ApiError, CallArgs};
pub(crate) use live::lock;
pub(crate) use nursery::WORKER_ARGUMENT;
pub use plugins::{Plugin, PluginError, PluginManifest, ScriptPlugin, check_plugins};
pub use rpc::{Call, Rpc, RpcError};
pub use sandbox::{PortError, Sandbox};
pub use supervisor::{State, Supervision, Supervisor, Verdict};

use cache::CodeCache;
use clock::Clock;
use nursery::Nursery;
use pool::Pool;

use crate::os::probe::Act;
use crate::os::process::Status;
use crate::worker::{Config, Probe};

/// How long a zygote may take to get inside, or a worker to be forked and ready, when the policy says nothing.
const STARTUP: Duration = Duration::from_secs(10);

/// Most workers that are kept ready.
const MOST_READY: usize = 16;

/// Options of an [`Engine`].
#[derive(Debug, Clone, Default)]
pub struct EngineOptions {
    /// The program that workers are, `electrolint-sandbox` or one that calls [`crate::run_if_worker`] first in `main`.
    /// Without it: `electrolint-sandbox` beside the running program, else the running program itself.
    pub worker: Option<PathBuf>,
    /// The host's consent, by name, to less than full containment: the lowest level that may be used where a higher
    /// one cannot be had. A policy that demands more is refused still.
    pub accept: Option<Level>,
    /// Where compiled code is kept between runs of the host, with a secret that authenticates it. Without it: in memory, for
    /// as long as the engine lives. Nobody but the host may write there.
    pub code_cache: Option<PathBuf>,
    /// Workers that are kept ready for the next sandbox with the same limits, 0 to 16.
    pub ready: usize,
    /// By how much workers yield to the host and to other programs when processors are short, 0 to 19: nice(2). A host of many
    /// sandboxes answers for all of them, and a script that computes takes no more than what is left.
    pub nice: u8,
}

/// Why a sandbox was not made.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The system does not give the level that is demanded.
    #[error("containment level {} cannot be had here: cannot {step}: {error}", level.as_str())]
    Containment {
        /// The level that was tried.
        level: Level,
        /// The step that failed.
        step: String,
        /// What the system said.
        error: String,
    },
    /// The policy demands more than the engine reaches.
    #[error("the policy demands containment level {}, this engine has {}", demanded.as_str(), reached.as_str())]
    Level {
        /// What the policy demands.
        demanded: Level,
        /// What is reached.
        reached: Level,
    },
    /// The manifest asks for something that needs the host's consent.
    #[error("{pointer}: {why}")]
    Withheld {
        /// The field of the manifest.
        pointer: String,
        /// One sentence.
        why: String,
    },
    /// A function or method that the policy does not list, or whose name is not allowed.
    #[error("the function {name} cannot be exposed: {why}")]
    Name {
        /// The name.
        name: String,
        /// One sentence.
        why: String,
    },
    /// The worker program cannot be started.
    #[error("cannot start {}: {error}", path.display())]
    Program {
        /// The program.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// The plugins do not go together.
    #[error("{0}")]
    Plugins(#[from] PluginError),
    /// The script of a plugin failed.
    #[error("the plugin {name} failed: {error}")]
    Plugin {
        /// The plugin.
        name: String,
        /// What happened.
        error: ExecError,
    },
    /// `main` of the addon failed, or its top level took longer than `limits.initTimeoutMs`.
    #[error("main failed: {0}")]
    Main(ExecError),
    /// The worker ended before it was ready.
    #[error("the sandbox ended before it was ready: {0}")]
    Ended(String),
    /// The worker was not ready in time.
    #[error("the sandbox was not ready in time")]
    TimedOut,
    /// This system has no implementation of the layers.
    #[error("there is no containment on this system")]
    Unsupported,
    /// A system call of the host failed.
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

impl StartError {
    /// Whether the sandbox was refused for want of containment or consent, rather than by a fault.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Containment { .. } | Self::Level { .. } | Self::Withheld { .. } | Self::Unsupported)
    }
}

/// Makes sandboxes. Cheap to clone; the zygote is started with the first sandbox and ends with the last handle.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    program: PathBuf,
    accept: Option<Level>,
    clock: Clock,
    nursery: Mutex<Option<Arc<Nursery>>>,
    cache: CodeCache,
    ready: usize,
    nice: u8,
    pool: Mutex<Pool>,
}

impl Engine {
    /// An engine with these options. Starts no process.
    ///
    /// # Errors
    /// [`StartError::Io`] when the thread of the clock cannot be started or the running program cannot be found.
    pub fn new(options: EngineOptions) -> Result<Self, StartError> {
        let program = match options.worker {
            Some(program) => program,
            None => default_program()?,
        };
        let inner = Inner {
            cache: CodeCache::open(&program, options.code_cache.as_deref())?,
            program,
            accept: options.accept,
            clock: Clock::start()?,
            nursery: Mutex::default(),
            ready: options.ready.min(MOST_READY),
            nice: options.nice.min(19),
            pool: Mutex::default(),
        };
        Ok(Self(Arc::new(inner)))
    }

    /// A sandbox to be made.
    #[must_use]
    pub fn sandbox(&self) -> SandboxBuilder {
        SandboxBuilder::new(self.clone())
    }

    /// What this machine enforces: the level that is reached, or why none is.
    ///
    /// # Errors
    /// As for creating a sandbox.
    pub async fn support(&self) -> Result<Support, StartError> {
        let nursery = self.nursery(Level::Process).await?;
        Ok(Support { level: nursery.level(), landlock: nursery.landlock() })
    }

    /// Tries a forbidden act inside a worker that is locked as for `policy`, without seccomp if asked, and says how it
    /// ended.
    ///
    /// # Errors
    /// As for creating a sandbox.
    pub async fn probe(&self, act: Act, seccomp: bool) -> Result<Status, StartError> {
        let nursery = self.nursery(Level::Process).await?;
        let mut config = config_of(&Policy::minimal());
        let host = i32::try_from(std::process::id()).unwrap_or(1);
        config.probe = Some(Probe { act, seccomp, host });
        let forked =
            tokio::time::timeout(STARTUP, nursery.fork(config, &[])).await.map_err(|_| StartError::TimedOut)??;
        let status = tokio::time::timeout(STARTUP, forked.ended).await.map_err(|_| StartError::TimedOut)?;
        status.map_err(|_| StartError::Ended("the zygote has ended".into()))
    }

    /// The zygote, started if there is none, at the highest level that can be had and is accepted.
    async fn nursery(&self, demanded: Level) -> Result<Arc<Nursery>, StartError> {
        // The one that runs already is there at once, unless another caller is starting it just now.
        if let Ok(current) = self.0.nursery.try_lock()
            && let Some(running) = running(&current, demanded)
        {
            return running;
        }
        let inner = self.0.clone();
        // Starting a zygote blocks for some milliseconds, for seconds if the machine is ill.
        tokio::task::spawn_blocking(move || inner.shared_nursery(demanded)).await.map_err(std::io::Error::other)?
    }

    /// A zygote for one sandbox alone, with an address layout of its own.
    async fn own_nursery(&self, demanded: Level) -> Result<Arc<Nursery>, StartError> {
        let inner = self.0.clone();
        let started =
            tokio::task::spawn_blocking(move || inner.start(demanded)).await.map_err(std::io::Error::other)?;
        started.map(Arc::new)
    }

    /// Gives up a zygote that does not answer; the next sandbox gets a new one.
    fn discard(&self, nursery: &Arc<Nursery>) {
        nursery.stop();
        let mut current = self.0.nursery.lock().unwrap_or_else(PoisonError::into_inner);
        if current.as_ref().is_some_and(|current| Arc::ptr_eq(current, nursery)) {
            *current = None;
        }
    }

    /// What the code cache did so far.
    #[must_use]
    pub fn code_cache(&self) -> CacheStats {
        self.0.cache.stats()
    }

    fn nice(&self) -> u8 {
        self.0.nice
    }

    fn clock(&self) -> &Clock {
        &self.0.clock
    }
}

impl Inner {
    fn shared_nursery(&self, demanded: Level) -> Result<Arc<Nursery>, StartError> {
        let mut current = self.nursery.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = running(&current, demanded) {
            return running;
        }
        let nursery = Arc::new(self.start(demanded)?);
        *current = Some(nursery.clone());
        Ok(nursery)
    }

    /// Full containment, or the next level that the caller accepted by name.
    fn start(&self, demanded: Level) -> Result<Nursery, StartError> {
        if !cfg!(target_os = "linux") {
            return Err(StartError::Unsupported);
        }
        let lowest = self.accept.unwrap_or(Level::Full).max(demanded);
        let mut first = None;
        for level in [Level::Full, Level::NoNamespaces, Level::Process] {
            if level < lowest {
                break;
            }
            match Nursery::start(&self.program, level, STARTUP) {
                Err(error @ StartError::Containment { .. }) => first = first.or(Some(error)),
                other => return other,
            }
        }
        Err(first.unwrap_or(StartError::Unsupported))
    }
}

/// The zygote, if there is one that lives; an error if it reaches less than is demanded.
fn running(current: &Option<Arc<Nursery>>, demanded: Level) -> Option<Result<Arc<Nursery>, StartError>> {
    let nursery = current.as_ref().filter(|nursery| nursery.is_alive())?;
    let reached = nursery.level();
    Some(if reached >= demanded { Ok(nursery.clone()) } else { Err(StartError::Level { demanded, reached }) })
}

/// What this machine enforces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Support {
    /// The level that sandboxes of the engine have.
    pub level: Level,
    /// Whether the kernel has Landlock.
    pub landlock: bool,
}

fn default_program() -> std::io::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let beside = own.with_file_name(format!("electrolint-sandbox{}", std::env::consts::EXE_SUFFIX));
    Ok(if Path::new(&beside).is_file() { beside } else { own })
}

/// What a worker is told of its policy. The rest stays with the host.
fn config_of(policy: &Policy) -> Config {
    use electrolint_policy::Permission;
    Config {
        memory_bytes: policy.limits.memory_bytes,
        stack_bytes: policy.limits.stack_bytes,
        cpu_seconds: policy.limits.cpu_seconds,
        message_bytes: policy.limits.message_bytes,
        calls_in_flight: policy.limits.calls_in_flight,
        timers: policy.limits.timers,
        codegen: policy.codegen,
        log: policy.permits(Permission::Log),
        allow_timers: policy.permits(Permission::Timers),
        sandbox_methods: policy.rpc.sandbox_methods_max,
        call_timeout_ms: policy.rpc.call_timeout.map(|t| t.as_millis() as u64),
        ports: policy.ports,
        nice: 0,
        compile: false,
        probe: None,
    }
}
