//! One execution: its limit, its abort, its result.

use std::future::IntoFuture;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use electrolint_policy::Value;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::clock::Mortal;
use super::event::ExecError;
use super::live::{Gone, Live};
use crate::proto::frames::ToWorker;

pub(super) enum What {
    Code(String),
    Module(String),
    /// The script of a plugin, which has no hooks around it.
    Plugin(String),
}

/// How long the host waits for a hook inside the sandbox.
pub(super) const HOOK: Duration = Duration::from_secs(1);

/// Shortest script that is looked for in the code cache, in bytes. A shorter one is compiled faster than it is found.
const CACHED_BYTES: usize = 4 << 10;

/// An execution to be awaited.
pub struct Execute {
    pub(super) live: Arc<Live>,
    pub(super) what: What,
    pub(super) timeout: Duration,
    pub(super) signal: Option<CancellationToken>,
}

impl Execute {
    /// Wall-clock limit, 1 ms to 1 h; what lies outside is moved to the nearest bound. At the limit the worker is killed.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout.clamp(Duration::from_millis(1), Duration::from_secs(3600));
        self
    }

    /// Cancelling the token aborts the execution and kills the worker.
    #[must_use]
    pub fn signal(mut self, signal: CancellationToken) -> Self {
        self.signal = Some(signal);
        self
    }
}

impl IntoFuture for Execute {
    type Output = Result<Value, ExecError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run_with_hooks())
    }
}

impl Execute {
    async fn run_with_hooks(self) -> Result<Value, ExecError> {
        let live = self.live.clone();
        let module = match self.what {
            What::Plugin(_) => return self.run().await,
            What::Module(_) => true,
            What::Code(_) => false,
        };
        if module {
            live.hook("beforeLoad", Vec::new()).await;
        }
        let result = self.run().await;
        match (module, &result) {
            (true, Ok(_)) => live.hook("afterLoad", Vec::new()).await,
            (true, Err(error)) => live.hook("loadError", vec![error.to_string().into()]).await,
            (false, _) => live.hook("afterExecute", Vec::new()).await,
        }
        result
    }

    pub(super) async fn run(self) -> Result<Value, ExecError> {
        let live = self.live;
        if self.signal.as_ref().is_some_and(CancellationToken::is_cancelled) {
            live.kill(Gone::Aborted);
            return Err(ExecError::Aborted);
        }
        let id = live.next.fetch_add(1, Ordering::Relaxed);
        let timeout_ms = u32::try_from(self.timeout.as_millis()).unwrap_or(u32::MAX);
        let limit = live.plan.policy.limits.message_bytes as usize;
        let frame = match self.what {
            What::Code(code) | What::Plugin(code) if code.len() > limit => {
                return Err(ExecError::TooLong { bytes: code.len(), limit });
            }
            What::Code(code) if code.len() >= CACHED_BYTES => match live.plan.engine.cached(false, "", &code) {
                Some(cached) => ToWorker::ExecuteCode { id, timeout_ms, code: cached.to_vec() },
                None => ToWorker::Execute { id, timeout_ms, code },
            },
            What::Code(code) | What::Plugin(code) => ToWorker::Execute { id, timeout_ms, code },
            What::Module(specifier) => ToWorker::Load { id, timeout_ms, specifier },
        };
        let (done, result) = oneshot::channel();
        {
            let mut state = live.state();
            if let Some(gone) = &state.gone {
                return Err(ExecError::Gone(gone.to_string()));
            }
            state.executes.insert(id, done);
        }
        let mut abort = AbortOnDrop { live: &live, id, armed: true };
        // The soft clock of the worker has the limit; the hard one gives it the grace that the policy grants.
        let hard = Instant::now() + self.timeout + live.plan.policy.limits.kill_grace;
        let mortal: Weak<dyn Mortal> = Arc::downgrade(&(live.clone() as Arc<dyn Mortal>));
        let _deadline = live.plan.engine.clock().at(hard, mortal, id);
        live.send(&frame);
        let outcome = match self.signal {
            None => result.await,
            Some(signal) => tokio::select! {
                outcome = result => outcome,
                () = signal.cancelled() => {
                    abort.armed = false;
                    live.kill(Gone::Aborted);
                    live.wait().await;
                    return Err(ExecError::Aborted);
                }
            },
        };
        abort.armed = false;
        match outcome {
            Ok(Err(ExecError::TimedOut)) => {
                live.wait().await;
                Err(ExecError::TimedOut)
            }
            Ok(outcome) => outcome,
            Err(_) => Err(ExecError::Gone(live.gone_reason())),
        }
    }
}

struct AbortOnDrop<'l> {
    live: &'l Arc<Live>,
    id: u32,
    armed: bool,
}

impl Drop for AbortOnDrop<'_> {
    fn drop(&mut self) {
        if self.armed && self.live.state().executes.remove(&self.id).is_some() {
            self.live.kill(Gone::Aborted);
        }
    }
}
