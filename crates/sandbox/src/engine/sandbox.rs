//! One sandbox: a worker, the conversation with it, and its end.

use std::collections::{BTreeMap, HashMap};
use std::future::{Future, IntoFuture};
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use electrolint_policy::manifest::{Aslr, OnUncaught};
use electrolint_policy::policy::{Policy, Signature};
use electrolint_policy::{Level, Value, check_method_name};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::{Notify, broadcast, mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::clock::Mortal;
use super::convert::{from_value, to_value};
use super::modules::Folder;
use super::nursery::{Forked, Nursery};
use super::plugins::{Loaded, Plugin, check_plugins};
use super::rpc::{METHOD_NOT_FOUND, Rpc, RpcError};
use super::{Engine, StartError, config_of};
use crate::os::process::{Status, kill};
use crate::proto::frames::{ErrorStrings, FromWorker, Level as LogLevel, ToWorker};
use crate::proto::session::Session;

/// Bytes that may wait to be written to a worker before its calls are no longer read.
const OUTBOUND_BYTES: usize = 2 << 20;
/// How long a worker may take nothing of what waits for it.
const STALLED: Duration = Duration::from_secs(3);
/// A frame may be longer than a message by its kind, ids and names.
const FRAME_OVERHEAD: usize = 1024;
/// Events that a slow listener may fall behind by.
const EVENTS: usize = 1024;

/// What a handler gets.
#[derive(Debug, Clone)]
pub struct CallArgs {
    /// The arguments: a list, or the one named argument of an RPC call. A [`Value::Ref`] counts from here.
    pub value: Value,
}

impl CallArgs {
    /// The arguments as a tuple, list or, if there is one named argument, a struct.
    ///
    /// # Errors
    /// When they have another shape; the error goes to the caller inside the sandbox.
    pub fn get<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        let found = from_value(&self.value);
        let found = match &self.value {
            // No arguments are an empty tuple, which serde tells from an empty list.
            Value::Array(list) if list.is_empty() => found.or_else(|_| from_value(&Value::Null)),
            _ => found,
        };
        found.map_err(|error| ApiError::new(format!("the arguments do not fit: {error}")))
    }
}

/// An error that a handler throws into the sandbox. Only its strings get there, never a stack of the host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// `name` of the error object; `Error` if the class is not one of the language's.
    pub name: String,
    /// `message`
    pub message: String,
}

impl ApiError {
    /// An `Error` with this message.
    pub fn new(message: impl Into<String>) -> Self {
        Self { name: "Error".into(), message: message.into() }
    }
}

pub(super) type Answer = Pin<Box<dyn Future<Output = Result<Value, ApiError>> + Send>>;
pub(super) type Handler = Arc<dyn Fn(CallArgs) -> Answer + Send + Sync>;

/// A handler from a function in Rust types.
pub(super) fn typed<A, R, F, Fut>(function: F) -> Handler
where
    A: DeserializeOwned,
    R: Serialize,
    F: Fn(A) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<R, ApiError>> + Send + 'static,
{
    Arc::new(move |args| match args.get::<A>() {
        Ok(arguments) => {
            let result = function(arguments);
            Box::pin(async move {
                to_value(&result.await?).map_err(|error| ApiError::new(format!("the result cannot be sent: {error}")))
            })
        }
        Err(error) => Box::pin(async move { Err(error) }),
    })
}

/// A sandbox to be made.
pub struct SandboxBuilder {
    engine: Engine,
    policy: Option<Policy>,
    api: BTreeMap<String, Handler>,
    own_layout: bool,
    modules: Option<Arc<Folder>>,
    plugins: Vec<(Arc<dyn Plugin>, serde_json::Value)>,
}

impl SandboxBuilder {
    pub(super) fn new(engine: Engine) -> Self {
        Self { engine, policy: None, api: BTreeMap::new(), own_layout: false, modules: None, plugins: Vec::new() }
    }

    /// The policy that holds. With one, every function must be in it; without one, the functions are the list and take
    /// any arguments.
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = Some(policy);
        self
    }

    /// A function of `api`, in Rust types: arguments as a tuple, the result as anything that serde writes.
    #[must_use]
    pub fn api<A, R, F, Fut>(self, name: &str, function: F) -> Self
    where
        A: DeserializeOwned,
        R: Serialize,
        F: Fn(A) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<R, ApiError>> + Send + 'static,
    {
        self.handler(name, typed(function))
    }

    /// A function of `api` that takes and gives values as they travel.
    #[must_use]
    pub fn api_value<F, Fut>(self, name: &str, function: F) -> Self
    where
        F: Fn(CallArgs) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Value, ApiError>> + Send + 'static,
    {
        self.handler(name, Arc::new(move |args| Box::pin(function(args))))
    }

    fn handler(mut self, name: &str, handler: Handler) -> Self {
        self.api.insert(name.to_owned(), handler);
        self
    }

    /// A cold start: a process with its own address layout, as `containment.aslr: "own"`.
    #[must_use]
    pub fn own_layout(mut self) -> Self {
        self.own_layout = true;
        self
    }

    /// A plugin and its options, which both of its sides get. Hooks run in the order in which plugins are given.
    #[must_use]
    pub fn plugin(mut self, plugin: Arc<dyn Plugin>, options: serde_json::Value) -> Self {
        self.plugins.push((plugin, options));
        self
    }

    /// ES modules of this folder: relative imports inside it, named `addon://{id}/path`. The host reads the files; the
    /// sandbox never opens one.
    ///
    /// # Errors
    /// When the folder cannot be found.
    pub fn modules(mut self, id: &str, folder: &std::path::Path) -> std::io::Result<Self> {
        self.modules = Some(Arc::new(Folder::open(id, folder)?));
        Ok(self)
    }

    /// Makes the sandbox and waits until it is ready.
    ///
    /// # Errors
    /// [`StartError`]: a name that is not allowed or not in the policy, less containment than demanded, something that
    /// needs consent, a worker that does not start in `lockup.startupTimeoutMs`.
    pub async fn create(self) -> Result<Sandbox, StartError> {
        let listed = self.policy.is_some();
        let policy = self.policy.unwrap_or_else(Policy::minimal);
        if let Some(withheld) = policy.withheld.first() {
            return Err(StartError::Withheld { pointer: withheld.pointer.clone(), why: withheld.why.clone() });
        }
        let mut api = Vec::new();
        for (name, handler) in self.api {
            check_method_name(&name).map_err(|why| StartError::Name { name: name.clone(), why })?;
            let signature = match policy.api.get(&name) {
                Some(signature) => signature.clone(),
                None if !listed => Signature::any(),
                None => return Err(StartError::Name { name, why: "the policy does not list it".into() }),
            };
            api.push(Function { name, signature, handler });
        }
        // A function and a namespace of one name cannot both exist.
        for pair in api.windows(2) {
            if pair[1].name.starts_with(&format!("{}.", pair[0].name)) {
                return Err(StartError::Name {
                    name: pair[1].name.clone(),
                    why: format!("{} is a function", pair[0].name),
                });
            }
        }
        let manifests: Vec<_> = self.plugins.iter().map(|(plugin, _)| plugin.manifest()).collect();
        check_plugins(&manifests)?;
        let named = manifests.into_iter().zip(self.plugins);
        let plugins =
            named.map(|(manifest, (plugin, options))| Loaded { name: manifest.name, plugin, options }).collect();
        let plan = Plan {
            plugins,
            engine: self.engine,
            own_layout: self.own_layout || policy.aslr == Aslr::Own,
            policy,
            listed,
            api,
            exposed: Mutex::default(),
            modules: self.modules,
            events: broadcast::channel(EVENTS).0,
        };
        let plan = Arc::new(plan);
        for loaded in &plan.plugins {
            loaded.plugin.configure(&loaded.options);
        }
        let live = start(&plan).await?;
        Ok(Sandbox { plan, live: Mutex::new(live) })
    }
}

struct Function {
    name: String,
    signature: Signature,
    handler: Handler,
}

/// Everything that outlives a restart.
pub(super) struct Plan {
    plugins: Vec<Loaded>,
    engine: Engine,
    pub(super) policy: Policy,
    /// Whether the policy lists what may be exposed.
    pub(super) listed: bool,
    own_layout: bool,
    api: Vec<Function>,
    pub(super) exposed: Mutex<HashMap<String, (Signature, Handler)>>,
    modules: Option<Arc<Folder>>,
    events: broadcast::Sender<Event>,
}

/// Something that happened to a sandbox.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The sandbox takes calls.
    Ready,
    /// A console message. Control characters are as the script wrote them: escape them before a terminal.
    Log {
        /// Its level.
        level: LogLevel,
        /// Its text.
        text: String,
    },
    /// Text on the worker's error output.
    Stderr(String),
    /// Messages were cut to `limits.logBytesPerSecond`; so many bytes were lost.
    LogCut(u64),
    /// An error that nothing caught.
    Uncaught(Thrown),
    /// No pong came in `lockup.timeoutMs`.
    Lockup,
    /// The worker has ended. The last event of a run.
    Exit {
        /// How the process ended.
        status: Status,
        /// Why, as far as the host knows.
        reason: String,
    },
}

/// The strings of an error of the script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thrown {
    /// `name`
    pub name: String,
    /// `message`
    pub message: String,
    /// `stack`; line numbers are the script's.
    pub stack: String,
}

impl From<ErrorStrings> for Thrown {
    fn from(error: ErrorStrings) -> Self {
        Self { name: error.name, message: error.message, stack: error.stack }
    }
}

/// Why an execution has no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExecError {
    /// The script threw. The sandbox goes on.
    #[error("sandbox: {}: {}", .0.name, .0.message)]
    Js(Thrown),
    /// The time was over. The sandbox is gone.
    #[error("sandbox: the execution took longer than its limit")]
    TimedOut,
    /// The caller aborted. The sandbox is gone.
    #[error("sandbox: the execution was aborted")]
    Aborted,
    /// The sandbox had ended or ended meanwhile.
    #[error("sandbox: it has ended: {0}")]
    Gone(String),
    /// The script is longer than a message may be.
    #[error("sandbox: the script has {bytes} bytes, more than the {limit} of limits.messageBytes")]
    TooLong {
        /// Bytes of the script.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
}

impl ExecError {
    /// The name of the error as the JavaScript clients give it.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Js(thrown) => &thrown.name,
            Self::TimedOut => "TimedOutErr",
            Self::Aborted => "AbortError",
            Self::Gone(_) => "SandboxGone",
            Self::TooLong { .. } => "RangeError",
        }
    }
}

/// Events of a sandbox from the moment of asking.
pub struct Events(broadcast::Receiver<Event>);

impl Events {
    /// The next event; `None` when the sandbox and all its handles are gone. A listener that falls behind by more than
    /// 1024 events loses the oldest.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            match self.0.recv().await {
                Ok(event) => return Some(event),
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
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
    plan: Arc<Plan>,
    live: Mutex<Arc<Live>>,
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

    /// Loads the module at `specifier`, as `./index.js` in the folder of [`SandboxBuilder::modules`], and waits for its
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
        let limit = self.plan.policy.lockup.timeout.unwrap_or(super::STARTUP);
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

    /// Ends the worker and starts a new one with the same policy, functions and exposed methods.
    ///
    /// # Errors
    /// As [`SandboxBuilder::create`].
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

enum What {
    Code(String),
    Module(String),
    /// The script of a plugin, which has no hooks around it.
    Plugin(String),
}

/// How long the host waits for a hook inside the sandbox.
const HOOK: Duration = Duration::from_secs(1);

/// An execution to be awaited.
pub struct Execute {
    live: Arc<Live>,
    what: What,
    timeout: Duration,
    signal: Option<CancellationToken>,
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

    async fn run(self) -> Result<Value, ExecError> {
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

/// Why a worker ended, as far as the host decided it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Gone {
    Exit,
    TimedOut,
    Aborted,
    Violation(String),
    Uncaught,
    Stalled,
    /// It ended without the host's doing.
    Ended(String),
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
            Self::Ended(how) => f.write_str(how),
        }
    }
}

#[derive(Default)]
struct Pending {
    gone: Option<Gone>,
    executes: HashMap<u32, oneshot::Sender<Result<Value, ExecError>>>,
    calls: HashMap<u32, oneshot::Sender<Result<Value, RpcError>>>,
    ping: Option<(u64, Vec<oneshot::Sender<()>>)>,
    /// The start of the error output, for a worker that fails before it is ready.
    first_error: String,
}

/// How much of the error output is kept to explain a failed start, in bytes.
const FIRST_ERROR_BYTES: usize = 1024;

/// One run of a worker.
pub(super) struct Live {
    plan: Arc<Plan>,
    level: Level,
    pidfd: OwnedFd,
    session: Mutex<Session>,
    state: Mutex<Pending>,
    next: AtomicU32,
    outbound: mpsc::UnboundedSender<Vec<u8>>,
    queued: AtomicUsize,
    /// Nothing more is written: the worker is gone or will be.
    deaf: AtomicBool,
    drained: Notify,
    ended: watch::Sender<bool>,
    /// Keeps a zygote that was started for this sandbox alone.
    _nursery: Arc<Nursery>,
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
    fn state(&self) -> MutexGuard<'_, Pending> {
        lock(&self.state)
    }

    fn kill(&self, why: Gone) {
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

    async fn wait(&self) {
        // The sender is `self`, so it cannot be gone.
        let _ = self.ended.subscribe().wait_for(|ended| *ended).await;
    }

    pub(super) fn send(&self, frame: &ToWorker) {
        lock(&self.session).sent(frame);
        let bytes = frame.encode();
        self.queued.fetch_add(bytes.len(), Ordering::AcqRel);
        // After the end nobody reads; the waiters have been told by then.
        let _ = self.outbound.send(bytes);
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

    async fn ping(&self, limit: Duration) -> Result<Duration, RpcError> {
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

    /// Calls a hook of every plugin that has a script; what it gives or throws is ignored.
    async fn hook(&self, hook: &str, args: Vec<Value>) {
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

    fn emit(&self, event: Event) {
        // Nobody listens: nothing to do.
        let _ = self.plan.events.send(event);
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn start(plan: &Arc<Plan>) -> Result<Arc<Live>, StartError> {
    let limit = plan.policy.lockup.startup_timeout.unwrap_or(Duration::from_secs(3600));
    let deadline = tokio::time::Instant::now() + limit;
    let engine = &plan.engine;
    let nursery = if plan.own_layout {
        engine.own_nursery(plan.policy.level).await?
    } else {
        engine.nursery(plan.policy.level).await?
    };
    let config = config_of(&plan.policy);
    let forked = match tokio::time::timeout_at(deadline, nursery.fork(config)).await {
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
    let Forked { pidfd, channel, errors, ended } = forked;
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
    live.send(&ToWorker::ApiInit { names: plan.api.iter().map(|f| f.name.clone()).collect() });
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
    run_plugins(plan, &live).await?;
    guard.disarm();
    live.emit(Event::Ready);
    for loaded in &plan.plugins {
        loaded.plugin.on_ready();
    }
    tokio::spawn(watch_lockup(Arc::downgrade(&live)));
    Ok(live)
}

/// Runs the scripts of plugins, before anything of the caller's.
async fn run_plugins(plan: &Plan, live: &Arc<Live>) -> Result<(), StartError> {
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

fn stream(channel: OwnedFd) -> std::io::Result<UnixStream> {
    let stream = std::os::unix::net::UnixStream::from(channel);
    stream.set_nonblocking(true)?;
    UnixStream::from_std(stream)
}

async fn write_frames(
    live: Arc<Live>,
    mut write: tokio::net::unix::OwnedWriteHalf,
    mut queue: mpsc::UnboundedReceiver<Vec<u8>>,
) {
    let mut ended = live.ended.subscribe();
    loop {
        let bytes = tokio::select! {
            bytes = queue.recv() => bytes,
            _ = ended.wait_for(|ended| *ended) => None,
        };
        let Some(bytes) = bytes else { break };
        if !write_frame(&live, &mut write, &bytes).await {
            break;
        }
        live.queued.fetch_sub(bytes.len(), Ordering::AcqRel);
        live.drained.notify_waiters();
    }
    live.deaf.store(true, Ordering::Release);
    live.drained.notify_waiters();
}

/// Answers false when the worker takes nothing more.
async fn write_frame(live: &Live, write: &mut tokio::net::unix::OwnedWriteHalf, mut rest: &[u8]) -> bool {
    while !rest.is_empty() {
        match tokio::time::timeout(STALLED, write.write(rest)).await {
            Ok(Ok(written)) => rest = &rest[written..],
            Ok(Err(_)) => return false,
            // A worker that computes is not stalled: its clock decides. One that lets answers pile up is.
            Err(_) if live.queued.load(Ordering::Acquire) < OUTBOUND_BYTES => {
                if *live.ended.borrow() {
                    return false;
                }
            }
            Err(_) => {
                live.kill(Gone::Stalled);
                return false;
            }
        }
    }
    true
}

/// Counts what console and error output write in the current second.
struct LogBudget {
    limit: u64,
    second: Instant,
    used: u64,
    cut: u64,
}

impl LogBudget {
    fn new(limit: u32) -> Self {
        Self { limit: limit.into(), second: Instant::now(), used: 0, cut: 0 }
    }

    /// How much of `text` may pass, and how many bytes were cut in the second before.
    fn take(&mut self, text: &mut String) -> Option<u64> {
        let mut report = None;
        if self.second.elapsed() >= Duration::from_secs(1) {
            report = Some(std::mem::take(&mut self.cut)).filter(|cut| *cut > 0);
            self.second = Instant::now();
            self.used = 0;
        }
        let left = usize::try_from(self.limit.saturating_sub(self.used)).unwrap_or(usize::MAX);
        if text.len() > left {
            let keep = text.floor_char_boundary(left);
            self.cut += (text.len() - keep) as u64;
            text.truncate(keep);
        }
        self.used += text.len() as u64;
        report
    }
}

async fn read_errors(live: Arc<Live>, mut errors: tokio::net::unix::pipe::Receiver) {
    let mut budget = LogBudget::new(live.plan.policy.limits.log_bytes_per_second);
    let mut chunk = [0; 4096];
    while let Ok(n @ 1..) = errors.read(&mut chunk).await {
        let mut text = String::from_utf8_lossy(&chunk[..n]).into_owned();
        {
            let mut state = live.state();
            if state.first_error.len() < FIRST_ERROR_BYTES {
                state.first_error.push_str(&text);
            }
        }
        if let Some(cut) = budget.take(&mut text) {
            live.emit(Event::LogCut(cut));
        }
        if !text.is_empty() {
            for loaded in &live.plan.plugins {
                loaded.plugin.on_stderr(&text);
            }
            live.emit(Event::Stderr(text));
        }
    }
    if budget.cut > 0 {
        live.emit(Event::LogCut(budget.cut));
    }
}

/// Reads the worker until it ends, then tells everybody who waits.
async fn converse(
    live: Arc<Live>,
    mut read: tokio::net::unix::OwnedReadHalf,
    ended: oneshot::Receiver<Status>,
    ready: oneshot::Sender<()>,
    stderr: tokio::task::JoinHandle<()>,
) {
    let mut host = Host {
        live: live.clone(),
        ready: Some(ready),
        budget: LogBudget::new(live.plan.policy.limits.log_bytes_per_second),
    };
    if let Err(why) = host.read(&mut read).await {
        live.kill(Gone::Violation(why));
    }
    let status = end(&live, ended).await;
    let _ = stderr.await;
    if host.budget.cut > 0 {
        live.emit(Event::LogCut(host.budget.cut));
    }
    let reason = {
        let mut state = live.state();
        let gone = state.gone.get_or_insert_with(|| Gone::Ended(explain(status))).clone();
        let reason = gone.to_string();
        drop(host.ready.take());
        let executes = std::mem::take(&mut state.executes);
        let calls = std::mem::take(&mut state.calls);
        state.ping = None;
        drop(state);
        for (_, done) in executes {
            let error = if gone == Gone::TimedOut { "an execution beside it timed out".into() } else { reason.clone() };
            let _ = done.send(Err(ExecError::Gone(error)));
        }
        for (_, done) in calls {
            let _ = done.send(Err(RpcError::Gone(reason.clone())));
        }
        reason
    };
    live.ended.send_replace(true);
    for loaded in &live.plan.plugins {
        loaded.plugin.on_exit(status, &reason);
    }
    live.emit(Event::Exit { status, reason });
}

/// How long a worker whose channel has ended may take to end itself.
const LAST_WORDS: Duration = Duration::from_millis(100);
/// How long the zygote may take to say how a killed worker ended. One that is stopped never says it.
const STATUS: Duration = Duration::from_secs(1);

/// The end of a worker whose channel has ended. It may have closed the channel and live on, so it is killed.
async fn end(live: &Live, mut ended: oneshot::Receiver<Status>) -> Status {
    let killed = Status::Signal(libc::SIGKILL);
    if let Ok(status) = tokio::time::timeout(LAST_WORDS, &mut ended).await {
        return status.unwrap_or(killed);
    }
    kill(&live.pidfd);
    match tokio::time::timeout(STATUS, ended).await {
        Ok(status) => status.unwrap_or(killed),
        Err(_) => killed,
    }
}

fn explain(status: Status) -> String {
    match status {
        Status::Code(0) => "it ended".into(),
        Status::Code(code) => format!("it failed with exit code {code}"),
        Status::Signal(libc::SIGSYS) => "the system call filter killed it (SIGSYS)".into(),
        Status::Signal(libc::SIGKILL) => "it was killed (SIGKILL): a resource limit, or from outside".into(),
        Status::Signal(libc::SIGSEGV) => "a memory fault killed it (SIGSEGV): possibly an attempt to break out".into(),
        Status::Signal(signal) => format!("signal {signal} killed it"),
    }
}

struct Host {
    live: Arc<Live>,
    ready: Option<oneshot::Sender<()>>,
    budget: LogBudget,
}

impl Host {
    /// Until the end of the stream. An error is a violation of the protocol.
    async fn read(&mut self, read: &mut tokio::net::unix::OwnedReadHalf) -> Result<(), String> {
        let most = self.live.plan.policy.limits.message_bytes as usize + FRAME_OVERHEAD;
        let mut buffer: Vec<u8> = Vec::with_capacity(64 << 10);
        loop {
            let mut at = 0;
            while let Some(header) = buffer.get(at..at + 4) {
                let length = u32::from_le_bytes([header[0], header[1], header[2], header[3]]) as usize;
                // Checked before anything is made for it.
                if length > most {
                    return Err(format!("a frame of {length} bytes, more than {most}"));
                }
                let Some(body) = buffer.get(at + 4..at + 4 + length) else { break };
                let frame = FromWorker::decode(body).map_err(|error| error.to_string())?;
                lock(&self.live.session).receive(&frame).map_err(|error| error.to_string())?;
                self.take(frame)?;
                at += 4 + length;
            }
            buffer.drain(..at);
            // Back-pressure: who does not take answers is not asked for more questions.
            while self.live.queued.load(Ordering::Acquire) > OUTBOUND_BYTES && !self.live.deaf.load(Ordering::Acquire) {
                // A notification may be missed between the test and the wait.
                let _ = tokio::time::timeout(Duration::from_millis(50), self.live.drained.notified()).await;
            }
            match read.read_buf(&mut buffer).await {
                Ok(1..) => {}
                // The socket ends with the worker.
                Ok(0) | Err(_) => return Ok(()),
            }
        }
    }

    fn take(&mut self, frame: FromWorker) -> Result<(), String> {
        let live = &self.live;
        match frame {
            FromWorker::Ready => {
                if let Some(ready) = self.ready.take() {
                    let _ = ready.send(());
                }
            }
            FromWorker::Result { id, value } => live.finish(id, Ok(value)),
            FromWorker::Error { id, error } => live.finish(id, Err(ExecError::Js(error.into()))),
            FromWorker::TimedOut { id, .. } => live.expire(id),
            FromWorker::ApiCall { id, index, args } => {
                let function = live.plan.api.get(index as usize).ok_or("a function that does not exist")?;
                let (signature, handler) = (function.signature.clone(), function.handler.clone());
                let live = live.clone();
                tokio::spawn(async move {
                    let answer = answer(&live, &signature, &handler, args).await;
                    live.send(&match answer {
                        Ok(value) => ToWorker::ApiResult { id, value },
                        Err(error) => {
                            let error = ErrorStrings { name: error.name, message: error.message, stack: String::new() };
                            ToWorker::ApiError { id, error }
                        }
                    });
                });
            }
            FromWorker::RpcCall { id, method, args } => {
                let found = lock(&live.plan.exposed).get(&method).cloned();
                let Some((signature, handler)) = found else {
                    let message = format!("the method {method} does not exist");
                    live.send(&ToWorker::RpcError { id, code: METHOD_NOT_FOUND, message });
                    return Ok(());
                };
                let live = live.clone();
                tokio::spawn(async move {
                    live.send(&match answer(&live, &signature, &handler, args).await {
                        Ok(value) => ToWorker::RpcResult { id, value },
                        Err(error) => {
                            ToWorker::RpcError { id, code: super::rpc::METHOD_FAILED, message: error.message }
                        }
                    });
                });
            }
            FromWorker::Notify { method, args } => {
                let found = lock(&live.plan.exposed).get(&method).cloned();
                match found {
                    None => self.log(LogLevel::Warn, format!("notify: the method {method} does not exist")),
                    Some((signature, handler)) => {
                        let live = live.clone();
                        tokio::spawn(async move {
                            // Nobody waits for the result.
                            let _ = answer(&live, &signature, &handler, args).await;
                        });
                    }
                }
            }
            FromWorker::RpcResult { id, value } => live.finish_call(id, Ok(value)),
            FromWorker::RpcError { id, code, message } => live.finish_call(id, Err(RpcError::Remote { code, message })),
            FromWorker::Pong { .. } => {
                // The session has compared the nonce.
                if let Some((_, waiters)) = live.state().ping.take() {
                    for waiter in waiters {
                        let _ = waiter.send(());
                    }
                }
            }
            FromWorker::Log { level, text } => self.log(level, text),
            FromWorker::Uncaught { error } => {
                live.emit(Event::Uncaught(error.into()));
                if live.plan.policy.main.is_some() && live.plan.policy.restart.on_uncaught == OnUncaught::Crash {
                    live.kill(Gone::Uncaught);
                }
            }
            FromWorker::ModuleRequest { specifier, referrer } => {
                let live = live.clone();
                let source = live.plan.modules.clone();
                let limit = live.plan.policy.limits.message_bytes as usize;
                tokio::task::spawn_blocking(move || {
                    let module = match source {
                        Some(source) => source.module(&specifier, &referrer, limit),
                        None => Err("this sandbox has no modules".into()),
                    };
                    live.send(&ToWorker::ModuleSource { module });
                });
            }
        }
        Ok(())
    }

    fn log(&mut self, level: LogLevel, mut text: String) {
        if let Some(cut) = self.budget.take(&mut text) {
            self.live.emit(Event::LogCut(cut));
        }
        if !text.is_empty() {
            self.live.emit(Event::Log { level, text });
        }
    }
}

impl Live {
    fn finish(&self, id: u32, result: Result<Value, ExecError>) {
        if let Some(done) = self.state().executes.remove(&id) {
            let _ = done.send(result);
        }
    }

    fn finish_call(&self, id: u32, result: Result<Value, RpcError>) {
        // A call that timed out is not there any more, and its late answer is dropped.
        if let Some(done) = self.state().calls.remove(&id) {
            let _ = done.send(result);
        }
    }

    pub(super) fn forget_call(&self, id: u32) {
        self.state().calls.remove(&id);
    }
}

/// Checks, then runs the handler. The schema refuses before the handler sees anything.
async fn answer(live: &Live, signature: &Signature, handler: &Handler, args: Value) -> Result<Value, ApiError> {
    let listed = match &args {
        Value::Array(_) => None,
        named => Some(Value::Array(vec![named.clone()])),
    };
    signature
        .check_arguments(listed.as_ref().unwrap_or(&args))
        .map_err(|misfit| ApiError { name: "TypeError".into(), message: misfit.to_string() })?;
    let value = handler(CallArgs { value: args }).await?;
    signature
        .check_result(&value)
        .map_err(|misfit| ApiError::new(format!("the host's result does not fit: {misfit}")))?;
    let size = {
        let mut writer = crate::proto::codec::Writer::default();
        writer.value(&value);
        writer.0.len()
    };
    let limit = live.plan.policy.limits.message_bytes as usize;
    if size > limit {
        return Err(ApiError {
            name: "RangeError".into(),
            message: format!("the result has {size} bytes, more than {limit}"),
        });
    }
    Ok(value)
}

/// Pings at the interval of the policy; a missing pong is an event, once until the worker answers again.
async fn watch_lockup(live: Weak<Live>) {
    let Some((interval, limit)) = live.upgrade().and_then(|live| {
        let lockup = &live.plan.policy.lockup;
        Some((lockup.ping_interval?, lockup.timeout?))
    }) else {
        return;
    };
    let mut locked_up = false;
    loop {
        tokio::time::sleep(interval).await;
        let Some(live) = live.upgrade() else { return };
        if *live.ended.borrow() {
            return;
        }
        match live.ping(limit).await {
            Ok(_) => locked_up = false,
            Err(RpcError::TimedOut) if !locked_up => {
                locked_up = true;
                live.emit(Event::Lockup);
            }
            Err(RpcError::TimedOut) => {}
            Err(_) => return,
        }
    }
}
