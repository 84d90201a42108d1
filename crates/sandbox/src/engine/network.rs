//! `network` of a script: what its calls become, and what is open for it. The judgement is [`Guard`]'s.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use electrolint_policy::policy::Policy;
use electrolint_policy::{BytesKind, Permission, Text, Value};
use tokio_util::sync::CancellationToken;

use super::handler::{Answer, ApiError, CallArgs, Handler};
use super::live::lock;
use crate::egress::{Guard, Message, NetworkError, Request, Response, Socket, SocketRequest};

/// How long after the limit of the exchange a body that has arrived is kept for the script.
const READ_GRACE: Duration = Duration::from_secs(5);
/// Bodies of requests that are being handed over, at most.
const MOST_UPLOADS: usize = 16;

/// What a sandbox has of the network, for as long as it lives.
pub(super) struct Network {
    guard: Arc<Guard>,
    /// Bytes that go into one message of the channel.
    chunk: usize,
    most_body: u64,
    /// What the bodies of all requests may have together, be they handed over, waiting or under way.
    most_bodies: u64,
    run: Mutex<Arc<Run>>,
}

/// What is open for one context of a worker.
#[derive(Default)]
struct Run {
    over: CancellationToken,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    last: u32,
    uploads: HashMap<u32, Upload>,
    /// Bytes of bodies that were handed over and are not sent yet.
    held: Arc<AtomicU64>,
    responses: HashMap<u32, (Response, usize)>,
    sockets: HashMap<u32, Arc<Connected>>,
}

/// A body that is handed over in parts, and counts until its request is over.
struct Upload {
    bytes: Vec<u8>,
    counted: u64,
    held: Arc<AtomicU64>,
}

impl Drop for Upload {
    fn drop(&mut self) {
        self.held.fetch_sub(self.counted, Ordering::Relaxed);
    }
}

struct Connected {
    socket: Socket,
    /// What has come in and is handed over in parts: the message and how much of it is gone.
    incoming: tokio::sync::Mutex<Option<(Vec<u8>, usize, bool)>>,
    outgoing: Mutex<Vec<u8>>,
}

impl Open {
    fn id(&mut self) -> u32 {
        self.last = self.last.wrapping_add(1);
        self.last
    }
}

impl Network {
    pub(super) fn new(guard: Guard, policy: &Policy) -> Self {
        Self {
            guard: Arc::new(guard),
            // Two parts of a message fit one, with what is around them.
            chunk: policy.limits.message_bytes as usize / 2,
            most_body: policy.network.request_max_body_bytes,
            most_bodies: policy
                .network
                .request_max_body_bytes
                .saturating_mul(u64::from(policy.network.request_max_concurrent.max(1))),
            run: Mutex::default(),
        }
    }

    /// Ends all that is open: the worker has ended or has a new context.
    pub(super) fn end(&self) {
        let run = std::mem::take(&mut *lock(&self.run));
        run.over.cancel();
        *lock(&run.open) = Open::default();
    }

    /// The functions of the worker's side, by name. A permission that is not there has none.
    pub(super) fn functions(self: &Arc<Self>, policy: &Policy) -> Vec<(&'static str, Handler)> {
        let mut functions: Vec<(&'static str, Handler)> = Vec::new();
        if policy.permits(Permission::NetRequest) {
            functions.push(("@net.request", self.handler(Self::request)));
            functions
                .push(("@net.upload", self.handler(|network, run, args| async move { network.upload(&run, &args) })));
            functions.push(("@net.read", self.handler(|network, run, args| async move { network.read(&run, &args) })));
        }
        if policy.permits(Permission::NetWebSocket) {
            functions.push(("@net.connect", self.handler(Self::connect)));
            functions.push(("@net.next", self.handler(Self::next)));
            functions.push(("@net.send", self.handler(Self::send)));
            functions.push(("@net.close", self.handler(Self::close)));
        }
        functions
    }

    /// A call belongs to the run in which it came, and ends with it.
    fn handler<F, Fut>(self: &Arc<Self>, function: F) -> Handler
    where
        F: Fn(Arc<Self>, Arc<Run>, Vec<Value>) -> Fut + Copy + Send + Sync + 'static,
        Fut: Future<Output = Result<Value, NetworkError>> + Send + 'static,
    {
        let network = self.clone();
        Arc::new(move |args: CallArgs| -> Answer {
            let (network, run) = (network.clone(), lock(&network.run).clone());
            let list = match args.value {
                Value::Array(list) => list,
                one => vec![one],
            };
            Box::pin(async move {
                let answer = tokio::select! {
                    answer = function(network, run.clone(), list) => answer,
                    () = run.over.cancelled() => Err(NetworkError::Ended),
                };
                answer.map_err(|error| ApiError { name: error.name().into(), message: error.to_string() })
            })
        })
    }

    async fn request(self: Arc<Self>, run: Arc<Run>, args: Vec<Value>) -> Result<Value, NetworkError> {
        // Counts until the request is over.
        let mut upload = None;
        let body = match args.get(3) {
            Some(Value::Bytes(_, bytes)) => Some(bytes.clone()),
            Some(Value::Number(id)) => {
                let handed = lock(&run.open).uploads.remove(&(*id as u32)).ok_or_else(|| wrong("body"))?;
                Some(std::mem::take(&mut upload.insert(handed).bytes))
            }
            _ => None,
        };
        let request = Request {
            url: text(args.first()).ok_or_else(|| wrong("url"))?,
            method: text(args.get(1)).unwrap_or_default(),
            headers: pairs(args.get(2))?,
            body,
        };
        let response = self.guard.request(request).await?;
        let headers = response.headers.iter().map(|(name, value)| list([name.as_str(), value]));
        let mut answer = vec![
            member("status", u32::from(response.status).into()),
            member("url", response.url.as_str().into()),
            member("headers", Value::Array(headers.collect())),
        ];
        // The body waits for the script, and counts as a request until it is read; soon after the limit it is gone.
        let until = response.until + READ_GRACE;
        let id = {
            let mut open = lock(&run.open);
            let id = open.id();
            open.responses.insert(id, (response, 0));
            id
        };
        if run.over.is_cancelled() {
            lock(&run.open).responses.clear();
        }
        let held = run.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = tokio::time::sleep_until(until) => {}
                () = held.over.cancelled() => {}
            }
            lock(&held.open).responses.remove(&id);
        });
        answer.push(member("id", id.into()));
        Ok(Value::Object(answer))
    }

    /// A part of a body: the first one, which gets a number, or another one of that number.
    fn upload(&self, run: &Run, args: &[Value]) -> Result<Value, NetworkError> {
        let Some(Value::Bytes(_, bytes)) = args.get(1) else { return Err(wrong("body")) };
        let mut open = lock(&run.open);
        let id = match args.first() {
            Some(Value::Number(id)) => *id as u32,
            _ if open.uploads.len() >= MOST_UPLOADS => return Err(NetworkError::TooMany(MOST_UPLOADS as u32)),
            _ => {
                let (id, held) = (open.id(), open.held.clone());
                open.uploads.insert(id, Upload { bytes: Vec::new(), counted: 0, held });
                id
            }
        };
        let upload = open.uploads.get_mut(&id).ok_or_else(|| wrong("body"))?;
        let refused = if (upload.bytes.len() + bytes.len()) as u64 > self.most_body {
            Some(NetworkError::TooLarge { what: "the body of the request", limit: self.most_body })
        } else if upload.held.load(Ordering::Relaxed) + bytes.len() as u64 > self.most_bodies {
            // Another that waits is not in the way of this one for ever: it ends with its own limit of time.
            Some(NetworkError::TooLarge { what: "all bodies that wait to be sent together", limit: self.most_bodies })
        } else {
            upload.bytes.extend_from_slice(bytes);
            upload.counted += bytes.len() as u64;
            upload.held.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            None
        };
        match refused {
            Some(error) => {
                open.uploads.remove(&id);
                Err(error)
            }
            None => Ok(id.into()),
        }
    }

    /// The next part of a body; `undefined` after the last one.
    fn read(&self, run: &Run, args: &[Value]) -> Result<Value, NetworkError> {
        let id = number(args.first()).ok_or_else(|| wrong("id"))?;
        let mut open = lock(&run.open);
        let Some((response, read)) = open.responses.get_mut(&id) else {
            return Err(NetworkError::Request("the body was not read before the limit of the exchange".into()));
        };
        let end = (*read + self.chunk).min(response.body.len());
        let part = response.body.get(*read..end).unwrap_or_default().to_vec();
        *read = end;
        if part.is_empty() {
            open.responses.remove(&id);
            return Ok(Value::Undefined);
        }
        Ok(Value::Bytes(BytesKind::Uint8Array, part))
    }

    async fn connect(self: Arc<Self>, run: Arc<Run>, args: Vec<Value>) -> Result<Value, NetworkError> {
        let protocols = match args.get(1) {
            Some(Value::Array(list)) => list.iter().filter_map(|item| text(Some(item))).collect(),
            _ => Vec::new(),
        };
        let url = text(args.first()).ok_or_else(|| wrong("url"))?;
        let request = SocketRequest { url, protocols, headers: pairs(args.get(2))? };
        let socket = self.guard.websocket(request).await?;
        let answer = [member("protocol", socket.protocol.as_str().into()), member("url", socket.url.as_str().into())];
        let connected = Connected { socket, incoming: tokio::sync::Mutex::default(), outgoing: Mutex::default() };
        let mut open = lock(&run.open);
        if run.over.is_cancelled() {
            return Err(NetworkError::Ended);
        }
        let id = open.id();
        open.sockets.insert(id, Arc::new(connected));
        Ok(Value::Object(answer.into_iter().chain([member("id", id.into())]).collect()))
    }

    /// The next part of the next message. Nothing is read from the network that was not asked for.
    async fn next(self: Arc<Self>, run: Arc<Run>, args: Vec<Value>) -> Result<Value, NetworkError> {
        let id = number(args.first()).ok_or_else(|| wrong("id"))?;
        let Some(socket) = lock(&run.open).sockets.get(&id).cloned() else {
            return Ok(closed(1006, ""));
        };
        let mut incoming = socket.incoming.lock().await;
        let (bytes, mut at, is_text) = match incoming.take() {
            Some(rest) => rest,
            None => match socket.socket.next().await {
                Message::Text(text) => (text.into_bytes(), 0, true),
                Message::Bytes(bytes) => (bytes, 0, false),
                Message::Closed(code, reason) => {
                    lock(&run.open).sockets.remove(&id);
                    return Ok(closed(code, &reason));
                }
            },
        };
        let end = (at + self.chunk).min(bytes.len());
        let part = bytes.get(at..end).unwrap_or_default().to_vec();
        at = end;
        let more = at < bytes.len();
        if more {
            *incoming = Some((bytes, at, is_text));
        }
        Ok(Value::Object(vec![
            member("data", Value::Bytes(BytesKind::Uint8Array, part)),
            member("text", is_text.into()),
            member("more", more.into()),
        ]))
    }

    async fn send(self: Arc<Self>, run: Arc<Run>, args: Vec<Value>) -> Result<Value, NetworkError> {
        let id = number(args.first()).ok_or_else(|| wrong("id"))?;
        let Some(Value::Bytes(_, part)) = args.get(1) else { return Err(wrong("message")) };
        let is = |at: usize| args.get(at) == Some(&Value::Bool(true));
        let socket = lock(&run.open).sockets.get(&id).cloned();
        let Some(socket) = socket else {
            return Err(NetworkError::Failed { step: "send", error: "the socket is closed".into() });
        };
        let whole = {
            let mut outgoing = lock(&socket.outgoing);
            // More than the limit by one part at most: the socket refuses it.
            if outgoing.len() as u64 <= self.guard.network().websocket_max_message_bytes {
                outgoing.extend_from_slice(part);
            }
            if is(3) {
                return Ok(Value::Undefined);
            }
            std::mem::take(&mut *outgoing)
        };
        let message = match is(2) {
            true => Message::Text(String::from_utf8(whole).map_err(|_| wrong("message"))?),
            false => Message::Bytes(whole),
        };
        socket.socket.send(message).await?;
        Ok(Value::Undefined)
    }

    async fn close(self: Arc<Self>, run: Arc<Run>, args: Vec<Value>) -> Result<Value, NetworkError> {
        let id = number(args.first()).ok_or_else(|| wrong("id"))?;
        let socket = lock(&run.open).sockets.get(&id).cloned();
        if let Some(socket) = socket {
            let code = number(args.get(1)).and_then(|code| code.try_into().ok()).unwrap_or(1000);
            let sent = socket.socket.send(Message::Closed(code, text(args.get(2)).unwrap_or_default())).await;
            if let Err(error @ NetworkError::Request(_)) = sent {
                return Err(error);
            }
            lock(&run.open).sockets.remove(&id);
        }
        Ok(Value::Undefined)
    }
}

fn wrong(what: &str) -> NetworkError {
    NetworkError::Request(format!("the {what} of the call has another type"))
}

fn member(name: &str, value: Value) -> (Text, Value) {
    (name.into(), value)
}

fn list<'t>(items: impl IntoIterator<Item = &'t str>) -> Value {
    Value::Array(items.into_iter().map(Value::from).collect())
}

fn closed(code: u16, reason: &str) -> Value {
    Value::Object(vec![member("closed", u32::from(code).into()), member("reason", reason.into())])
}

fn text(value: Option<&Value>) -> Option<String> {
    match value {
        Some(Value::String(text)) => text.as_str().map(str::to_owned),
        _ => None,
    }
}

fn number(value: Option<&Value>) -> Option<u32> {
    match value {
        Some(Value::Number(number)) => Some(*number as u32),
        _ => None,
    }
}

fn pairs(value: Option<&Value>) -> Result<Vec<(String, String)>, NetworkError> {
    let Some(Value::Array(list)) = value else { return Ok(Vec::new()) };
    let pair = |pair: &Value| match pair {
        Value::Array(pair) => Some((text(pair.first())?, text(pair.get(1))?)),
        _ => None,
    };
    list.iter().map(|item| pair(item).ok_or_else(|| wrong("headers"))).collect()
}

#[cfg(test)]
mod tests {
    use electrolint_policy::{Ceiling, Manifest};

    use super::*;
    use crate::egress::Egress;

    fn network(rules: &str) -> Network {
        let text =
            format!(r#"{{"version":1,"permissions":["net.request"],"network":{{"hosts":["*"],"request":{rules}}}}}"#);
        let ceiling = Ceiling::parse(&text).expect("a ceiling");
        let policy = Manifest::parse(&text).expect("a manifest").under(&ceiling);
        Network::new(Guard::new(policy.clone(), Egress::system()), &policy)
    }

    fn part(id: Value, bytes: usize) -> [Value; 2] {
        [id, Value::Bytes(BytesKind::Uint8Array, vec![0; bytes])]
    }

    /// A worker that is taken over may send any number of parts with any ids.
    #[test]
    fn bodies_that_are_handed_over_are_bounded() {
        let network = network(r#"{"maxBodyBytes":100,"maxConcurrent":2}"#);
        let run = Run::default();
        for id in 0..1000_u32 {
            assert!(network.upload(&run, &part(id.into(), 0)).is_err(), "a number that nobody gave: {id}");
        }
        assert_eq!(lock(&run.open).uploads.len(), 0);
        let first = network.upload(&run, &part(Value::Undefined, 60)).expect("a first part");
        assert_eq!(network.upload(&run, &part(first.clone(), 40)), Ok(first.clone()));
        // Each has its own bound, and one that is refused takes no other along.
        let second = network.upload(&run, &part(Value::Undefined, 60)).expect("beside the first");
        assert!(network.upload(&run, &part(second.clone(), 41)).is_err());
        assert!(network.upload(&run, &part(second, 1)).is_err(), "it is gone");
        let third = network.upload(&run, &part(Value::Undefined, 100)).expect("as many as requests at once");
        assert!(network.upload(&run, &part(Value::Undefined, 1)).is_err(), "together they have 200");
        // One that is being sent counts still, and one that is over does not.
        let sent = lock(&run.open).uploads.remove(&(if let Value::Number(id) = third { id as u32 } else { 0 }));
        assert!(network.upload(&run, &part(Value::Undefined, 1)).is_err());
        drop(sent);
        for _ in 0..MOST_UPLOADS - 1 {
            network.upload(&run, &part(Value::Undefined, 1)).expect("there is room again");
        }
        assert!(network.upload(&run, &part(Value::Undefined, 1)).is_err(), "as many as there may be");
    }
}
