//! A running sandbox, as its host holds it.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use electrolint_policy::Level;

use super::builder::Plan;
use super::event::Events;
use super::execute::{Execute, What};
use super::live::{Gone, Live, lock, run_first, start};
use super::rpc::{Rpc, RpcError};
use super::{STARTUP, StartError};
use crate::os::fds;
use crate::proto::frames::ToWorker;

/// Longest name of a port, in bytes.
const MOST_NAME_BYTES: usize = 256;

/// Why two sandboxes were not connected.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// `ports` of a policy allows no more.
    #[error("the policy of a sandbox allows {most} message ports")]
    TooMany {
        /// What it allows.
        most: u32,
    },
    /// A sandbox cannot be connected with itself.
    #[error("a sandbox cannot be connected with itself")]
    Itself,
    /// A name is longer than 256 bytes.
    #[error("the name of a port has more than 256 bytes")]
    Name,
    /// One of them has ended.
    #[error("a sandbox has ended")]
    Gone,
    /// The sockets cannot be made.
    #[error("{0}")]
    Io(std::io::Error),
}

/// A running sandbox. Dropping it kills the worker.
///
/// ```no_run
/// use electrolint_sandbox::{Engine, EngineOptions, from_value};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let engine = Engine::new(EngineOptions::default())?;
/// let sandbox = engine.sandbox().api("add", |(a, b): (f64, f64)| async move { Ok(a + b) }).create().await?;
/// let sum = sandbox.execute("return await api.add(10, 5)").await?;
/// assert_eq!(from_value::<f64>(&sum)?, 15.0);
/// sandbox.exit().await;
/// # Ok(())
/// # }
/// ```
pub struct Sandbox {
    pub(super) plan: Arc<Plan>,
    pub(super) live: Mutex<Arc<Live>>,
}

impl Sandbox {
    fn live(&self) -> Arc<Live> {
        lock(&self.live).clone()
    }

    /// Runs `code` as the body of an async function, and gives the value that it returns.
    ///
    /// Await the result, or set a limit or a signal first. Dropping the future is an abort.
    pub fn execute(&self, code: impl Into<String>) -> Execute {
        let timeout = self.plan.policy.limits.execute_timeout;
        Execute { live: self.live(), what: What::Code(code.into()), timeout, signal: None }
    }

    /// Loads the module at `specifier`, as `./index.js` in the folder of [`super::SandboxBuilder::modules`], and waits for its
    /// top level, at most `limits.initTimeoutMs`.
    pub fn load(&self, specifier: impl Into<String>) -> Execute {
        let timeout = self.plan.policy.limits.init_timeout;
        Execute { live: self.live(), what: What::Module(specifier.into()), timeout, signal: None }
    }

    /// Calls both ways.
    #[must_use]
    pub fn rpc(&self) -> Rpc {
        Rpc::new(self.plan.clone(), self.live())
    }

    /// Events from now on.
    #[must_use]
    pub fn events(&self) -> Events {
        Events(self.plan.events.subscribe())
    }

    /// The containment that holds for this sandbox.
    #[must_use]
    pub fn containment(&self) -> Level {
        self.live().level
    }

    /// Whether the worker has not ended.
    #[must_use]
    pub fn is_running(&self) -> bool {
        !*self.live().ended.borrow()
    }

    /// The time from a ping to its pong.
    ///
    /// # Errors
    /// [`RpcError`] when the sandbox is gone or does not answer in `lockup.timeoutMs` (10 s when that is off).
    pub async fn ping(&self) -> Result<Duration, RpcError> {
        let live = self.live();
        let limit = self.plan.policy.lockup.timeout.unwrap_or(STARTUP);
        live.ping(limit).await
    }

    /// Kills the worker and waits until it is gone. Does nothing when it is gone already.
    pub async fn exit(&self) {
        let live = self.live();
        live.kill(Gone::Exit);
        live.wait().await;
    }

    /// Asks the worker to end, kills it after `lockup.killWithFireMs`, and waits until it is gone.
    pub async fn kill(&self) {
        let live = self.live();
        live.send(&ToWorker::Exit);
        if let Some(after) = self.plan.policy.lockup.kill_with_fire
            && tokio::time::timeout(after, live.wait()).await.is_err()
        {
            live.kill(Gone::Exit);
        }
        live.wait().await;
    }

    /// Gives the script a new context in the same worker: nothing that a script defined is left, `main` of an addon is
    /// loaded again. What was running ends with [`super::ExecError::Gone`], message ports are closed. It is for another
    /// run of the same principal: the engine never gives a worker to another one.
    ///
    /// # Errors
    /// [`StartError::Ended`] for a sandbox that is gone, [`StartError::TimedOut`] after `limits.initTimeoutMs`, which kills
    /// it; as [`super::SandboxBuilder::create`] for the scripts that run first.
    pub async fn reset(&self) -> Result<(), StartError> {
        let live = self.live();
        live.reset(self.plan.policy.limits.init_timeout).await?;
        run_first(&self.plan, &live).await
    }

    /// Connects two sandboxes by a message port, which each sees as `port`, or as `port.named(name)` with a name that is not
    /// empty. The host is not on its path. Both must be running; their policies say how many ports each may have.
    ///
    /// # Errors
    /// [`PortError`].
    pub fn connect(&self, name: &str, other: &Self, other_name: &str) -> Result<(), PortError> {
        let ends = [(self, name), (other, other_name)];
        let lives = [self.live(), other.live()];
        if Arc::ptr_eq(&lives[0], &lives[1]) {
            return Err(PortError::Itself);
        }
        for ((sandbox, name), live) in ends.iter().zip(&lives) {
            let most = sandbox.plan.policy.ports;
            if name.len() > MOST_NAME_BYTES {
                return Err(PortError::Name);
            }
            if live.ports.load(Ordering::Acquire) >= most {
                return Err(PortError::TooMany { most });
            }
            if *live.ended.borrow() {
                return Err(PortError::Gone);
            }
        }
        let (first, second) = fds::pair(rustix::net::SocketType::STREAM).map_err(PortError::Io)?;
        for (((_, name), live), end) in ends.iter().zip(&lives).zip([first, second]) {
            live.ports.fetch_add(1, Ordering::AcqRel);
            live.send_with(&ToWorker::Port { name: (*name).to_owned() }, Some(end));
        }
        Ok(())
    }

    pub(super) fn restart_rules(&self) -> electrolint_policy::policy::Restart {
        self.plan.policy.restart.clone()
    }

    pub(super) fn emit(&self, event: super::event::Event) {
        self.plan.events.send(event);
    }

    /// Ends the worker and starts a new one with the same policy, functions and exposed methods.
    ///
    /// # Errors
    /// As [`super::SandboxBuilder::create`].
    pub async fn restart(&self) -> Result<(), StartError> {
        self.exit().await;
        let live = start(&self.plan).await?;
        *lock(&self.live) = live;
        Ok(())
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.live().kill(Gone::Exit);
    }
}
