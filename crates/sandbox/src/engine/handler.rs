//! Functions of the host that a sandbox calls.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use electrolint_policy::Value;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::convert::{from_value, to_value};

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
