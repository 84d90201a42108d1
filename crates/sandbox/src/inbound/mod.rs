//! What addons serve: one HTTP server of the host on loopback, and never one of an addon's.
//!
//! Any web page in the user's browser can reach a port of loopback, and so can every local user. So the `Host` of every
//! request must be the server's own (else a name that resolves to 127.0.0.1 would be a way in), the `Origin` of every write and
//! socket too, no other origin is granted anything, and endpoints compare the addon's token unless its manifest says
//! otherwise. Nothing here can restart, configure or remove an addon: that is the control endpoint.

mod checks;
mod files;
mod patient;
mod routes;
mod server;
mod sockets;

use std::sync::Arc;

use electrolint_policy::policy::Inbound as Rules;

pub use checks::url_with_token;
pub(crate) use files::Folder;
pub(crate) use server::Server;
pub(crate) use sockets::{NotSent, Sockets};

use crate::egress::Pending;

/// A request for an addon's route, as it is handed over.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) method: String,
    /// The path of the route.
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// What the addon answers.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoAnswer {
    /// The addon does not run.
    Down,
    /// It has no handler for the route.
    NoHandler,
    /// Its handler threw, or what it answers is none.
    Failed,
    /// It did not answer in time.
    TooLate,
    /// It has as many calls to answer as its policy allows.
    Busy,
    /// Its answer is larger than `inbound.maxBodyBytes`.
    TooLarge,
}

/// Something that a client of Socket.IO did.
#[derive(Debug)]
pub(crate) struct SocketEvent {
    /// The path of the policy that its namespace is for.
    pub(crate) path: String,
    /// The id of the socket.
    pub(crate) id: String,
    pub(crate) event: SocketWhat,
}

/// What it did.
#[derive(Debug)]
pub(crate) enum SocketWhat {
    Joined,
    /// `wants_answer`: the client waits for one.
    Message {
        name: String,
        arguments: Vec<serde_json::Value>,
        wants_answer: bool,
    },
    Left,
}

/// One addon, as the server sees it.
pub(crate) trait App: Send + Sync {
    /// What its policy lets it serve. Nothing else is.
    fn rules(&self) -> &Rules;
    /// Its secret.
    fn token(&self) -> &str;
    /// The folder of its static files.
    fn files(&self) -> Option<Arc<Folder>>;
    /// Its share of requests at once.
    fn turns(&self) -> Arc<tokio::sync::Semaphore>;
    /// Whether it runs.
    fn is_up(&self) -> bool;
    /// Its sockets.
    fn sockets(&self) -> &Sockets;
    /// Hands over what a client did; the answer of a message is for the client, if it wants one. Ends within
    /// `inbound.timeoutMs`.
    fn socket(&self, event: SocketEvent) -> Pending<'_, Result<Option<Vec<serde_json::Value>>, NoAnswer>>;
    /// Hands a request over. The server sets the limit of time.
    fn answer(&self, request: Incoming) -> Pending<'_, Result<Outgoing, NoAnswer>>;
}

/// All addons.
pub(crate) trait Apps: Send + Sync {
    /// The addon of this id.
    fn app(&self, id: &str) -> Option<Arc<dyn App>>;
    /// Each of them with its id.
    fn all(&self) -> Vec<(String, Arc<dyn App>)>;
}
