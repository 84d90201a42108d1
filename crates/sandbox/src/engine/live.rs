//! One run of a worker: how it starts, what waits for it, how it ends.

use std::collections::{BTreeMap, HashMap};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use electrolint_policy::{Level, Value};
use tokio::net::UnixStream;
use tokio::sync::{Notify, mpsc, oneshot, watch};

use super::builder::Plan;
use super::clock::Mortal;
use super::conversation::{converse, read_errors, watch_lockup, write_frames};
use super::event::{Event, ExecError};
use super::execute::{Execute, HOOK, What};
use super::nursery::{Forked, Nursery};
use super::rpc::RpcError;
use super::{StartError, config_of};
use crate::os::process::kill;
use crate::proto::frames::ToWorker;
use crate::proto::session::Session;
use crate::worker::Config;

/// Why a worker ended, as far as the host decided it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Gone {
    Exit,
    TimedOut,
    Aborted,
    Violation(String),
    Uncaught,
    Stalled,
    Lockup,
    /// It ended without the host's doing.
    Ended(String),
}

impl Gone {
    /// Whether nobody asked for it.
    pub(super) fn is_crash(&self) -> bool {
        match self {
            Self::Exit | Self::TimedOut | Self::Aborted => false,
            Self::Violation(_) | Self::Uncaught | Self::Stalled | Self::Lockup | Self::Ended(_) => true,
        }
    }
}

impl std::fmt::Display for Gone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exit => f.write_str("exit was called"),
            Self::TimedOut => f.write_str("an execution timed out"),
            Self::Aborted => f.write_str("an execution was aborted"),
            Self::Violation(what) => write!(f, "it broke the protocol: {what}"),
            Self::Uncaught => f.write_str("an error was not caught"),
            Self::Stalled => f.write_str("it took no messages"),
            Self::Lockup => f.write_str("it answered no ping"),
            Self::Ended(how) => f.write_str(how),
        }
    }
}

#[derive(Default)]
pub(super) struct Pending {
    pub(super) gone: Option<Gone>,
    pub(super) executes: HashMap<u32, oneshot::Sender<Result<Value, ExecError>>>,
    pub(super) calls: HashMap<u32, oneshot::Sender<Result<Value, RpcError>>>,
    pub(super) ping: Option<(u64, Vec<oneshot::Sender<()>>)>,
    /// Who waits for the new context.
    pub(super) reset: Option<oneshot::Sender<()>>,
    /// The start of the error output, for a worker that fails before it is ready.
    pub(super) first_error: String,
}

/// How much of the error output is kept to explain a failed start, in bytes.
pub(super) const FIRST_ERROR_BYTES: usize = 1024;

/// Why what was running before a reset has no result.
const RESET: &str = "the sandbox was reset";

/// A frame on its way to the worker.
pub(super) struct Outgoing {
    pub(super) bytes: Vec<u8>,
    /// Comes along with the first byte.
    pub(super) descriptor: Option<OwnedFd>,
}

/// One run of a worker.
pub(super) struct Live {
    pub(super) plan: Arc<Plan>,
    pub(super) level: Level,
    pub(super) pidfd: OwnedFd,
    pub(super) session: Mutex<Session>,
    pub(super) state: Mutex<Pending>,
    pub(super) next: AtomicU32,
    pub(super) outbound: mpsc::UnboundedSender<Outgoing>,
    /// Message ports that it was given.
    pub(super) ports: AtomicU32,
    pub(super) queued: AtomicUsize,
    /// Nothing more is written: the worker is gone or will be.
    pub(super) deaf: AtomicBool,
    pub(super) drained: Notify,
    pub(super) ended: watch::Sender<bool>,
    /// Keeps a zygote that was started for this sandbox alone.
    pub(super) _nursery: Arc<Nursery>,
}

impl Mortal for Live {
    fn expire(&self, id: u32) {
        let waiting = self.state().executes.remove(&id);
        if let Some(done) = waiting {
            // Killed first: whoever hears of it finds the sandbox gone.
            self.kill(Gone::TimedOut);
            let _ = done.send(Err(ExecError::TimedOut));
        }
    }
}

impl Live {
    pub(super) fn state(&self) -> MutexGuard<'_, Pending> {
        lock(&self.state)
    }

    pub(super) fn kill(&self, why: Gone) {
        let mut state = self.state();
        if state.gone.is_none() {
            state.gone = Some(why);
        }
        drop(state);
        if !*self.ended.borrow() {
            kill(&self.pidfd);
        }
    }

    pub(super) fn gone_reason(&self) -> String {
        self.state().gone.as_ref().map_or_else(|| "it has ended".into(), ToString::to_string)
    }

    pub(super) async fn wait(&self) {
        // The sender is `self`, so it cannot be gone.
        let _ = self.ended.subscribe().wait_for(|ended| *ended).await;
    }

    pub(super) fn send(&self, frame: &ToWorker) {
        self.send_with(frame, None);
    }

    pub(super) fn send_with(&self, frame: &ToWorker, descriptor: Option<OwnedFd>) {
        let bytes = frame.encode();
        // Held until the frame is in the queue: the session must hear of frames in the order in which they go.
        let mut session = lock(&self.session);
        session.sent(frame);
        self.queued.fetch_add(bytes.len(), Ordering::AcqRel);
        // After the end nobody reads; the waiters have been told by then.
        let _ = self.outbound.send(Outgoing { bytes, descriptor });
    }

    pub(super) fn start_call(
        &self,
        frame: impl FnOnce(u32) -> ToWorker,
    ) -> Result<(u32, oneshot::Receiver<Result<Value, RpcError>>), RpcError> {
        if !lock(&self.session).is_ready() {
            return Err(RpcError::NotReady);
        }
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (done, result) = oneshot::channel();
        {
            let mut state = self.state();
            if let Some(gone) = &state.gone {
                return Err(RpcError::Gone(gone.to_string()));
            }
            if state.calls.len() >= self.plan.policy.limits.calls_in_flight as usize {
                return Err(RpcError::TooManyCalls);
            }
            state.calls.insert(id, done);
        }
        self.send(&frame(id));
        Ok((id, result))
    }

    pub(super) async fn ping(&self, limit: Duration) -> Result<Duration, RpcError> {
        let (done, pong) = oneshot::channel();
        let nonce = {
            let mut state = self.state();
            if let Some(gone) = &state.gone {
                return Err(RpcError::Gone(gone.to_string()));
            }
            match &mut state.ping {
                // One ping at a time; others wait for its pong.
                Some((_, waiters)) => {
                    waiters.push(done);
                    None
                }
                empty => {
                    let mut bytes = [0; 8];
                    getrandom::fill(&mut bytes).map_err(|error| RpcError::Gone(error.to_string()))?;
                    let nonce = u64::from_le_bytes(bytes);
                    *empty = Some((nonce, vec![done]));
                    Some(nonce)
                }
            }
        };
        let start = Instant::now();
        if let Some(nonce) = nonce {
            self.send(&ToWorker::Ping { nonce });
        }
        match tokio::time::timeout(limit, pong).await {
            Ok(Ok(())) => Ok(start.elapsed()),
            Ok(Err(_)) => Err(RpcError::Gone(self.gone_reason())),
            Err(_) => Err(RpcError::TimedOut),
        }
    }

    /// Asks for a new context and waits for it.
    pub(super) async fn reset(&self, limit: Duration) -> Result<(), StartError> {
        let (done, is_done) = oneshot::channel();
        {
            let mut state = self.state();
            if let Some(gone) = &state.gone {
                return Err(StartError::Ended(gone.to_string()));
            }
            if state.reset.replace(done).is_some() {
                return Err(StartError::Ended("another reset came between".into()));
            }
        }
        self.send(&ToWorker::Reset);
        match tokio::time::timeout(limit, is_done).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(StartError::Ended(self.gone_reason())),
            Err(_) => {
                self.kill(Gone::Ended("the new context was not ready in time".into()));
                Err(StartError::TimedOut)
            }
        }
    }

    /// The context that would have answered what was asked before is gone.
    pub(super) fn is_reset(&self) {
        let ended = lock(&self.session).take_ended();
        let mut state = self.state();
        let executes: Vec<_> = ended.executes.iter().filter_map(|id| state.executes.remove(id)).collect();
        let calls: Vec<_> = ended.calls.iter().filter_map(|id| state.calls.remove(id)).collect();
        let done = state.reset.take();
        drop(state);
        for waiting in executes {
            let _ = waiting.send(Err(ExecError::Gone(RESET.into())));
        }
        for waiting in calls {
            let _ = waiting.send(Err(RpcError::Gone(RESET.into())));
        }
        self.ports.store(0, Ordering::Release);
        if let Some(network) = &self.plan.network {
            network.end();
        }
        if let Some(done) = done {
            let _ = done.send(());
        }
    }

    /// Calls a hook of every plugin that has a script; what it gives or throws is ignored.
    pub(super) async fn hook(&self, hook: &str, args: Vec<Value>) {
        for loaded in self.plan.plugins.iter().filter(|loaded| loaded.plugin.worker_script().is_some()) {
            let method = format!("${}.{hook}", loaded.name);
            let call = self.start_call(|id| ToWorker::RpcCall { id, method, args: args.clone().into() });
            if let Ok((id, answer)) = call
                && tokio::time::timeout(HOOK, answer).await.is_err()
            {
                self.forget_call(id);
            }
        }
    }

    pub(super) fn emit(&self, event: Event) {
        self.plan.events.send(event);
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) async fn start(plan: &Arc<Plan>) -> Result<Arc<Live>, StartError> {
    let limit = plan.policy.lockup.startup_timeout.unwrap_or(Duration::from_secs(3600));
    let deadline = tokio::time::Instant::now() + limit;
    let engine = &plan.engine;
    let nursery = if plan.own_layout {
        engine.own_nursery(plan.policy.level).await?
    } else {
        engine.nursery(plan.policy.level).await?
    };
    let config = Config { nice: engine.nice(), ..config_of(&plan.policy) };
    let waiting = if plan.own_layout { None } else { engine.ready_worker(&nursery, &config) };
    let first = ToWorker::ApiInit { names: plan.api.iter().map(|f| f.name.clone()).collect() };
    let fork = async {
        match waiting {
            Some(forked) => Ok(forked),
            None => nursery.fork(config, &first.encode()).await,
        }
    };
    let forked = match tokio::time::timeout_at(deadline, fork).await {
        Ok(Ok(forked)) => forked,
        Ok(Err(error)) => {
            engine.discard(&nursery);
            return Err(error);
        }
        Err(_) => {
            engine.discard(&nursery);
            return Err(StartError::TimedOut);
        }
    };
    let level = nursery.level();
    let Forked { pidfd, channel, errors, ended, greeted } = forked;
    let stream = stream(channel)?;
    let errors = tokio::net::unix::pipe::Receiver::from_owned_fd(errors)?;
    let (outbound, queue) = mpsc::unbounded_channel();
    let functions = u32::try_from(plan.api.len()).unwrap_or(u32::MAX);
    let live = Arc::new(Live {
        plan: plan.clone(),
        level,
        pidfd,
        session: Mutex::new(Session::new(functions, plan.policy.limits.calls_in_flight)),
        state: Mutex::default(),
        next: AtomicU32::new(1),
        outbound,
        ports: AtomicU32::new(0),
        queued: AtomicUsize::new(0),
        deaf: AtomicBool::new(false),
        drained: Notify::new(),
        ended: watch::Sender::new(false),
        _nursery: nursery,
    });
    let (ready, is_ready) = oneshot::channel();
    let (read, write) = stream.into_split();
    tokio::spawn(write_frames(live.clone(), write, queue));
    let stderr = tokio::spawn(read_errors(live.clone(), errors));
    tokio::spawn(converse(live.clone(), read, ended, ready, stderr));
    if !greeted {
        live.send(&first);
    }
    // The sandbox is not handed out before it is ready, and killed if it never is.
    let guard = KillOnDrop(Some(live.clone()));
    match tokio::time::timeout_at(deadline, is_ready).await {
        Ok(Ok(())) => {}
        Ok(Err(_)) => {
            live.wait().await;
            let said = live.state().first_error.trim().to_owned();
            let reason = live.gone_reason();
            return Err(StartError::Ended(if said.is_empty() { reason } else { format!("{reason}: {said}") }));
        }
        Err(_) => return Err(StartError::TimedOut),
    }
    run_first(plan, &live).await?;
    guard.disarm();
    live.emit(Event::Ready);
    for loaded in &plan.plugins {
        loaded.plugin.on_ready();
    }
    tokio::spawn(watch_lockup(Arc::downgrade(&live)));
    Ok(live)
}

/// Defines the host's globals, frozen all the way down.
const GLOBALS: &str = "
    const freeze = (value) => {
        if (typeof value === 'object' && value !== null) { Object.values(value).forEach(freeze); Object.freeze(value); }
        return value;
    };
    const all = JSON.parse($TEXT);
    for (const name of Object.keys(all)) {
        Object.defineProperty(globalThis, name, { value: freeze(all[name]), enumerable: false, configurable: true, writable: true });
    }";

/// Runs what comes before anything of the caller's: the scripts of plugins, then `main` of an addon.
pub(super) async fn run_first(plan: &Plan, live: &Arc<Live>) -> Result<(), StartError> {
    for loaded in &plan.plugins {
        loaded.plugin.on_spawn();
    }
    let mut data = BTreeMap::new();
    for loaded in &plan.plugins {
        loaded.plugin.start_data(&mut data);
    }
    for loaded in &plan.plugins {
        let Some(code) = loaded.code(&data) else { continue };
        let timeout = plan.policy.limits.init_timeout;
        let script = Execute { live: live.clone(), what: What::Plugin(code), timeout, signal: None };
        script.await.map_err(|error| StartError::Plugin { name: loaded.name.clone(), error })?;
    }
    if !plan.globals.is_empty() {
        // A JSON text inside a JSON string: as an object literal, a key `__proto__` would set the prototype.
        let text = serde_json::Value::Object(plan.globals.clone().into_iter().collect()).to_string();
        let code = GLOBALS.replacen("$TEXT", &serde_json::Value::String(text).to_string(), 1);
        let timeout = plan.policy.limits.init_timeout;
        Execute { live: live.clone(), what: What::Plugin(code), timeout, signal: None }
            .await
            .map_err(StartError::Main)?;
    }
    if let Some(main) = &plan.main {
        let timeout = plan.policy.limits.init_timeout;
        let script = Execute { live: live.clone(), what: What::Module(main.clone()), timeout, signal: None };
        script.await.map_err(StartError::Main)?;
    }
    Ok(())
}

struct KillOnDrop(Option<Arc<Live>>);

impl KillOnDrop {
    fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        if let Some(live) = &self.0 {
            live.kill(Gone::Ended("it was not ready in time".into()));
        }
    }
}

pub(super) fn stream(channel: OwnedFd) -> std::io::Result<UnixStream> {
    let stream = std::os::unix::net::UnixStream::from(channel);
    stream.set_nonblocking(true)?;
    UnixStream::from_std(stream)
}

impl Live {
    pub(super) fn finish(&self, id: u32, result: Result<Value, ExecError>) {
        if let Some(done) = self.state().executes.remove(&id) {
            let _ = done.send(result);
        }
    }

    pub(super) fn finish_call(&self, id: u32, result: Result<Value, RpcError>) {
        // A call that timed out is not there any more, and its late answer is dropped.
        if let Some(done) = self.state().calls.remove(&id) {
            let _ = done.send(result);
        }
    }

    pub(super) fn forget_call(&self, id: u32) {
        self.state().calls.remove(&id);
    }
}
