//! Requests for an addon's routes, handed to its sandbox.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use electrolint_policy::policy::Inbound as Rules;
use electrolint_policy::{BytesKind, Permission, Text, Value};
use serde_json::{Value as Json, json};
use tokio::sync::Semaphore;

use super::addon::Addon;
use crate::egress::Pending;
use crate::engine::{from_value, lock, to_value};
use crate::inbound::{App, Apps, Folder, Incoming, NoAnswer, Outgoing, SocketEvent, SocketWhat, Sockets};
use crate::{ApiError, RpcError};

/// The addons that serve something.
pub(super) struct Served(pub(super) BTreeMap<String, Arc<Addon>>);

impl Apps for Served {
    fn app(&self, id: &str) -> Option<Arc<dyn App>> {
        self.0.get(id).map(|addon| addon.clone() as Arc<dyn App>)
    }

    fn all(&self) -> Vec<(String, Arc<dyn App>)> {
        self.0.iter().map(|(id, addon)| (id.clone(), addon.clone() as Arc<dyn App>)).collect()
    }
}

impl App for Addon {
    fn rules(&self) -> &Rules {
        &self.policy.inbound
    }

    fn token(&self) -> &str {
        &self.token
    }

    fn files(&self) -> Option<Arc<Folder>> {
        self.files.clone()
    }

    fn turns(&self) -> Arc<Semaphore> {
        self.turns.clone()
    }

    fn is_up(&self) -> bool {
        self.sandbox().is_some()
    }

    fn sockets(&self) -> &Sockets {
        &self.sockets
    }

    fn socket(&self, event: SocketEvent) -> Pending<'_, Result<Option<Vec<Json>>, NoAnswer>> {
        Box::pin(async move {
            let sandbox = self.sandbox().ok_or(NoAnswer::Down)?;
            let mut asked = match event.event {
                SocketWhat::Joined => json!({ "kind": "joined" }),
                SocketWhat::Left => json!({ "kind": "left" }),
                SocketWhat::Message { name, arguments, wants_answer } => {
                    json!({ "kind": "message", "event": name, "args": arguments, "ack": wants_answer })
                }
            };
            asked["path"] = event.path.into();
            asked["id"] = event.id.into();
            let asked = to_value(&asked).map_err(|_| NoAnswer::Failed)?;
            let called = sandbox.rpc().call("@io", vec![asked]).timeout(self.policy.inbound.timeout).await;
            let answer = called.map_err(why)?;
            Ok(from_value::<Option<Vec<Json>>>(&answer).ok().flatten())
        })
    }

    fn answer(&self, request: Incoming) -> Pending<'_, Result<Outgoing, NoAnswer>> {
        Box::pin(async move {
            if !self.policy.permits(Permission::InboundHttp) {
                return Err(NoAnswer::NoHandler);
            }
            let sandbox = self.sandbox().ok_or(NoAnswer::Down)?;
            let exchange = self.exchanges.open(request.body);
            let asked = Value::Object(vec![
                ("id".into(), exchange.id.into()),
                ("method".into(), request.method.into()),
                ("path".into(), request.path.into()),
                ("query".into(), pairs(request.query)),
                ("headers".into(), pairs(request.headers)),
                ("length".into(), Value::Number(exchange.length as f64)),
            ]);
            let called = sandbox.rpc().call("@http", vec![asked]).timeout(self.policy.inbound.timeout).await;
            let answer = called.map_err(why)?;
            let (parts, too_large) = exchange.parts();
            if too_large {
                return Err(NoAnswer::TooLarge);
            }
            read(&answer, parts, self.policy.inbound.max_body_bytes)
        })
    }
}

fn why(error: RpcError) -> NoAnswer {
    match error {
        RpcError::Gone(_) | RpcError::NotReady => NoAnswer::Down,
        RpcError::TimedOut => NoAnswer::TooLate,
        RpcError::TooManyCalls => NoAnswer::Busy,
        RpcError::Remote { .. } => NoAnswer::Failed,
    }
}

fn pairs(list: Vec<(String, String)>) -> Value {
    Value::Array(list.into_iter().map(|(name, value)| Value::Array(vec![name.into(), value.into()])).collect())
}

/// The answer of a worker, which may say anything.
fn read(answer: &Value, parts: Vec<u8>, most: u64) -> Result<Outgoing, NoAnswer> {
    let status = match answer.get("status") {
        Some(Value::Number(status)) if *status == 0.0 => return Err(NoAnswer::NoHandler),
        Some(Value::Number(status)) if (200.0..1000.0).contains(status) => *status as u16,
        _ => return Err(NoAnswer::Failed),
    };
    let text = |value: Option<&Value>| match value {
        Some(Value::String(Text::Utf8(text))) => Some(text.clone()),
        _ => None,
    };
    let pair = |pair: &Value| match pair {
        Value::Array(pair) => Some((text(pair.first())?, text(pair.get(1))?)),
        _ => None,
    };
    let headers = match answer.get("headers") {
        Some(Value::Array(list)) if list.len() <= 100 => list.iter().filter_map(pair).collect(),
        _ => return Err(NoAnswer::Failed),
    };
    let body = match answer.get("body") {
        Some(Value::Bytes(_, bytes)) => bytes.clone(),
        _ => parts,
    };
    if body.len() as u64 > most {
        return Err(NoAnswer::TooLarge);
    }
    Ok(Outgoing { status, headers, body })
}

/// Bodies of requests and answers, which may be larger than a message of the channel.
pub(super) struct Exchanges {
    chunk: usize,
    most: u64,
    open: Arc<Mutex<Open>>,
}

#[derive(Default)]
struct Open {
    last: u32,
    exchanges: HashMap<u32, Bodies>,
}

#[derive(Default)]
struct Bodies {
    incoming: Vec<u8>,
    read: usize,
    outgoing: Vec<u8>,
    too_large: bool,
}

impl Exchanges {
    pub(super) fn new(chunk: usize, most: u64) -> Self {
        Self { chunk, most, open: Arc::default() }
    }

    fn open(&self, body: Vec<u8>) -> Exchange {
        let mut open = lock(&self.open);
        open.last = open.last.wrapping_add(1);
        let (id, length) = (open.last, body.len());
        open.exchanges.insert(id, Bodies { incoming: body, ..Bodies::default() });
        Exchange { id, length, open: self.open.clone() }
    }

    /// The next part of the body of a request.
    pub(super) fn body(&self, args: &[Value]) -> Result<Value, ApiError> {
        let mut open = lock(&self.open);
        let bodies = find(&mut open, args)?;
        let end = (bodies.read + self.chunk).min(bodies.incoming.len());
        let part = bodies.incoming.get(bodies.read..end).unwrap_or_default().to_vec();
        bodies.read = end;
        Ok(Value::Bytes(BytesKind::Uint8Array, part))
    }

    /// A part of the body of an answer.
    pub(super) fn part(&self, args: &[Value]) -> Result<Value, ApiError> {
        let Some(Value::Bytes(_, part)) = args.get(1) else { return Err(ApiError::new("a part is bytes")) };
        let mut open = lock(&self.open);
        let bodies = find(&mut open, args)?;
        if (bodies.outgoing.len() + part.len()) as u64 > self.most {
            bodies.outgoing = Vec::new();
            bodies.too_large = true;
            let message = format!("the answer has more than {} bytes", self.most);
            return Err(ApiError { name: "QuotaExceededError".into(), message });
        }
        bodies.outgoing.extend_from_slice(part);
        Ok(Value::Undefined)
    }
}

fn find<'o>(open: &'o mut Open, args: &[Value]) -> Result<&'o mut Bodies, ApiError> {
    let id = match args.first() {
        Some(Value::Number(id)) => *id as u32,
        _ => 0,
    };
    open.exchanges.get_mut(&id).ok_or_else(|| ApiError::new("nobody waits for this answer"))
}

/// One exchange; whoever gives it up forgets its bodies.
struct Exchange {
    id: u32,
    length: usize,
    open: Arc<Mutex<Open>>,
}

impl Exchange {
    fn parts(&self) -> (Vec<u8>, bool) {
        let mut open = lock(&self.open);
        let bodies = open.exchanges.get_mut(&self.id);
        bodies.map(|bodies| (std::mem::take(&mut bodies.outgoing), bodies.too_large)).unwrap_or_default()
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        lock(&self.open).exchanges.remove(&self.id);
    }
}
