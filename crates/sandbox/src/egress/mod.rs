//! The network, as a sandbox gets it: the one module of the crate that opens a connection to somewhere.
//!
//! A URL is parsed once and judged by the policy; only then is its name looked up, by [`Resolver`]; every answer is judged,
//! and one that is forbidden refuses all; then [`Connector`] is told a checked address, never a name. TLS is verified
//! against the name. Redirects are not followed, there are no proxies, and nothing here reads the environment.
//!
//! Resolver, connector, links, clock and roots of trust are arguments of [`Egress::new`]. No flag, variable or manifest
//! reaches them.

mod connect;
mod data;
mod dns;
mod guard;
mod http;
mod tls;
mod websocket;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tokio::time::Instant;

pub use connect::{Connection, Connector, Link, Links, Stream, SystemConnector, SystemLinks};
pub use dns::{Resolver, SystemResolver};
pub use guard::{Guard, Mode};
pub use http::{Request, Response};
pub use tls::Roots;
pub use websocket::{Message, Socket, SocketRequest};

/// A future that is handed out by the traits of this module.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Says what time it is. The cache of look-ups asks it; limits of time are tokio's.
pub trait Clock: Send + Sync {
    /// Now; never earlier than an answer before.
    fn now(&self) -> Instant;
}

/// The clock of the runtime.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::now()
    }
}

/// What connections are made of.
#[derive(Clone)]
pub struct Egress {
    resolver: Arc<dyn Resolver>,
    connector: Arc<dyn Connector>,
    links: Arc<dyn Links>,
    clock: Arc<dyn Clock>,
    tls: tls::Tls,
}

impl Egress {
    /// Egress of these parts. Whoever passes others than those of [`Egress::system`] answers for what they reach.
    #[must_use]
    pub fn new(
        resolver: Arc<dyn Resolver>,
        connector: Arc<dyn Connector>,
        links: Arc<dyn Links>,
        clock: Arc<dyn Clock>,
        roots: Roots,
    ) -> Self {
        Self { resolver, connector, links, clock, tls: tls::Tls::new(roots) }
    }

    /// The name servers of this machine, without its hosts file and search list; TCP; Mozilla's roots of trust.
    #[must_use]
    pub fn system() -> Self {
        Self::new(
            Arc::new(SystemResolver::default()),
            Arc::new(SystemConnector),
            Arc::new(SystemLinks),
            Arc::new(SystemClock),
            Roots::mozilla(),
        )
    }
}

/// Why a request or a socket came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// The policy or a built-in rule refuses it.
    #[error("refused by {rule}: {reason}")]
    Refused {
        /// JSON pointer of the policy's entry that decided, or the name of a built-in rule.
        rule: String,
        /// One sentence. It names no address that the script did not write itself.
        reason: String,
    },
    /// The request itself is wrong: a method, header or body that is not allowed.
    #[error("{0}")]
    Request(String),
    /// As many connections as the policy allows are open.
    #[error("the policy allows {0} at once")]
    TooMany(u32),
    /// More bytes than the policy allows.
    #[error("{what} has more than {limit} bytes")]
    TooLarge {
        /// What was too large.
        what: &'static str,
        /// The limit of the policy in bytes.
        limit: u64,
    },
    /// The limit for the whole exchange was over.
    #[error("the exchange took longer than {} ms", .0.as_millis())]
    TimedOut(std::time::Duration),
    /// It was given up by the host: the sandbox has ended or was reset.
    #[error("the sandbox has ended")]
    Ended,
    /// Look-up, connection, TLS or protocol failed.
    #[error("cannot {step}: {error}")]
    Failed {
        /// What was tried.
        step: &'static str,
        /// What came of it.
        error: String,
    },
}

impl NetworkError {
    /// The name of the error as the script sees it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Refused { .. } => "NotAllowedError",
            Self::Request(_) => "TypeError",
            Self::TooMany(_) | Self::TooLarge { .. } => "QuotaExceededError",
            Self::TimedOut(_) => "TimedOutErr",
            Self::Ended => "AbortError",
            Self::Failed { .. } => "NetworkError",
        }
    }

    fn failed(step: &'static str) -> impl Fn(std::io::Error) -> Self {
        move |error| Self::Failed { step, error: error.to_string() }
    }
}

impl From<electrolint_policy::Denied> for NetworkError {
    fn from(denied: electrolint_policy::Denied) -> Self {
        Self::Refused { rule: denied.rule, reason: denied.reason }
    }
}
