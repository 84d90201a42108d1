//! Methods of the host that the sandbox calls, and methods of the sandbox that the host calls.

use std::collections::HashMap;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use electrolint_policy::policy::Signature;
use electrolint_policy::{Value, check_method_name};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StartError;
use super::builder::Plan;
use super::handler::{ApiError, CallArgs, Handler, typed};
use super::live::{Live, lock};
use crate::proto::frames::ToWorker;

/// JSON-RPC 2.0, section 5.1: <https://www.jsonrpc.org/specification#error_object>.
pub(super) const METHOD_NOT_FOUND: i32 = -32601;
/// A handler that failed: the first code of the range that JSON-RPC leaves to implementations.
pub(super) const METHOD_FAILED: i32 = -32000;

/// Why a call has no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RpcError {
    /// The sandbox has not said that it is ready.
    #[error("the sandbox is not ready")]
    NotReady,
    /// No answer came in time. One that comes later is dropped.
    #[error("the call was not answered in time")]
    TimedOut,
    /// The other side answered with an error.
    #[error("{message} ({code})")]
    Remote {
        /// −32601 for a method that does not exist, −32000 for one that threw.
        code: i32,
        /// The message.
        message: String,
    },
    /// The sandbox has ended.
    #[error("the sandbox has ended: {0}")]
    Gone(String),
    /// As many calls as the policy allows wait for an answer.
    #[error("too many calls in flight")]
    TooManyCalls,
}

/// Calls both ways with one sandbox.
#[derive(Clone)]
pub struct Rpc {
    plan: Arc<Plan>,
    live: Arc<Live>,
}

impl Rpc {
    pub(super) fn new(plan: Arc<Plan>, live: Arc<Live>) -> Self {
        Self { plan, live }
    }

    /// Exposes a method to the sandbox; a dot makes a namespace. The sandbox sees it at once.
    ///
    /// # Errors
    /// [`StartError::Name`] for a name that is not allowed or that the policy does not list.
    pub fn expose<A, R, F, Fut>(&self, name: &str, function: F) -> Result<(), StartError>
    where
        A: DeserializeOwned,
        R: Serialize,
        F: Fn(A) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<R, ApiError>> + Send + 'static,
    {
        self.insert(name, typed(function))
    }

    /// As [`Rpc::expose`], with values as they travel.
    ///
    /// # Errors
    /// As [`Rpc::expose`].
    pub fn expose_value<F, Fut>(&self, name: &str, function: F) -> Result<(), StartError>
    where
        F: Fn(CallArgs) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Value, ApiError>> + Send + 'static,
    {
        self.insert(name, Arc::new(move |args| Box::pin(function(args))))
    }

    fn insert(&self, name: &str, handler: Handler) -> Result<(), StartError> {
        let signature = self.signature(name)?;
        lock(&self.plan.exposed).insert(name.to_owned(), (signature, handler));
        Ok(())
    }

    fn signature(&self, name: &str) -> Result<Signature, StartError> {
        check_method_name(name).map_err(|why| StartError::Name { name: name.into(), why })?;
        match self.plan.policy.rpc.expose.get(name) {
            Some(signature) => Ok(signature.clone()),
            None if !self.plan.listed => Ok(Signature::any()),
            None => Err(StartError::Name { name: name.into(), why: "the policy does not list it".into() }),
        }
    }

    /// Takes a method back; calls that run finish. Answers whether it was exposed.
    pub fn unexpose(&self, name: &str) -> bool {
        lock(&self.plan.exposed).remove(name).is_some()
    }

    /// Replaces everything that was exposed by these methods.
    ///
    /// # Errors
    /// As [`Rpc::expose`]; then nothing is changed.
    pub fn expose_all<F, Fut>(&self, methods: HashMap<String, F>) -> Result<(), StartError>
    where
        F: Fn(CallArgs) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Value, ApiError>> + Send + 'static,
    {
        let mut all = HashMap::new();
        for (name, function) in methods {
            let signature = self.signature(&name)?;
            let handler: Handler = Arc::new(move |args| Box::pin(function(args)));
            all.insert(name, (signature, handler));
        }
        *lock(&self.plan.exposed) = all;
        Ok(())
    }

    /// Calls a method that the sandbox exposed. A list is positional arguments, anything else the one named argument.
    pub fn call(&self, method: &str, args: impl Into<Value>) -> Call {
        Call {
            live: self.live.clone(),
            method: method.into(),
            args: args.into(),
            timeout: self.plan.policy.rpc.call_timeout,
        }
    }

    /// Calls without wanting an answer. A method that does not exist is one log message.
    pub fn notify(&self, method: &str, args: impl Into<Value>) {
        self.live.send(&ToWorker::Notify { method: method.into(), args: args.into() });
    }
}

/// A call to be awaited.
pub struct Call {
    live: Arc<Live>,
    method: String,
    args: Value,
    timeout: Option<Duration>,
}

impl Call {
    /// How long to wait for the answer, in place of `rpc.callTimeoutMs`.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    async fn run(self) -> Result<Value, RpcError> {
        let (method, args) = (self.method, self.args);
        let (id, result) = self.live.start_call(|id| ToWorker::RpcCall { id, method, args })?;
        let answered = match self.timeout {
            None => result.await,
            Some(limit) => match tokio::time::timeout(limit, result).await {
                Ok(answered) => answered,
                Err(_) => {
                    self.live.forget_call(id);
                    return Err(RpcError::TimedOut);
                }
            },
        };
        answered.unwrap_or_else(|_| Err(RpcError::Gone(self.live.gone_reason())))
    }
}

impl IntoFuture for Call {
    type Output = Result<Value, RpcError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}
