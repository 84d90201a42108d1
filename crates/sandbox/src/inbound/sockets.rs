//! Socket.IO of addons: one path for all, a namespace for each path of an addon.
//!
//! The protocol is socketioxide's; who may connect, how much may come in, and what becomes of it is decided here. Messages are
//! JSON: binary attachments are refused.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hyper::Request;
use hyper::body::Incoming;
use serde::de::{SeqAccess, Visitor};
use serde::ser::SerializeTuple;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value as Json;
use socketioxide::adapter::Adapter;
use socketioxide::extract::{AckSender, Event, SocketRef, TryData};
use socketioxide::handler::{ConnectHandler, FromMessageParts};
use socketioxide::socket::Socket;
use socketioxide::{ParserConfig, SocketIo, SocketIoBuilder};
use tokio::sync::mpsc;

use super::checks::is_token;
use super::server::{Answer, boxed};
use super::{App, SocketEvent, SocketWhat};
use crate::egress::Pending;
use crate::engine::lock;

/// The path that Socket.IO is served at.
pub(super) const PATH: &str = "/addon/socket.io";

/// What answers requests for it.
pub(super) type Service = Arc<dyn Fn(Request<Incoming>) -> Pending<'static, Answer> + Send + Sync>;

/// Bytes of one message, in.
const MOST_BYTES: usize = 1 << 20;
/// Sockets of one addon.
const MOST_SOCKETS: usize = 128;
/// Messages of one socket that wait for the addon. A client that sends more is cut off.
const MOST_WAITING: usize = 256;
/// Bytes of the name of an event.
const MOST_NAME_BYTES: usize = 256;
/// Arguments of an event.
const MOST_ARGUMENTS: usize = 32;
/// Messages that wait for a client to take them. One that takes none is given up by its connection.
const MOST_OUTGOING: usize = 32;
/// Bytes that an addon may send at once, to all of its sockets together, and how many more with each second: what clients
/// do not take lies in the host's memory.
const BURST: u64 = 64 << 20;
const BYTES_PER_SECOND: u64 = 16 << 20;
/// How long a client may take to join a namespace.
const PATIENCE: Duration = Duration::from_secs(10);

/// The sockets of one addon.
#[derive(Default)]
pub(crate) struct Sockets(Mutex<HashMap<String, Connected>>, Mutex<Sent>);

/// What was sent of late: it falls by [`BYTES_PER_SECOND`].
#[derive(Default)]
struct Sent {
    bytes: u64,
    at: Option<Instant>,
}

impl Sent {
    /// Whether so many bytes more may be sent now; if so, they count.
    fn takes(&mut self, bytes: u64, now: Instant) -> bool {
        let passed = self.at.replace(now).map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        let fallen = u64::try_from(passed.as_millis()).unwrap_or(u64::MAX).saturating_mul(BYTES_PER_SECOND / 1000);
        self.bytes = self.bytes.saturating_sub(fallen);
        let is_taken = self.bytes.saturating_add(bytes) <= BURST;
        if is_taken {
            self.bytes += bytes;
        }
        is_taken
    }
}

/// Why an event is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotSent {
    #[error("an event has a name of at most {MOST_NAME_BYTES} bytes, and {MOST_BYTES} bytes of arguments")]
    TooLarge,
    #[error("more was sent than clients could take: {BURST} bytes at once, {BYTES_PER_SECOND} a second")]
    TooMuch,
}

struct Connected {
    socket: SocketRef,
    path: String,
}

impl Sockets {
    /// Sends an event to one socket or, without one, to every socket of the path. What does not take it is left out.
    ///
    /// # Errors
    /// [`NotSent`]; then no socket gets it.
    pub(crate) fn emit(&self, path: &str, id: Option<&str>, event: &str, arguments: Vec<Json>) -> Result<(), NotSent> {
        let bytes = size(&arguments);
        if event.len() > MOST_NAME_BYTES || bytes > MOST_BYTES {
            return Err(NotSent::TooLarge);
        }
        let arguments = Arguments(arguments);
        let sockets = lock(&self.0);
        let is_meant = |of: &str, connected: &Connected| connected.path == path && id.is_none_or(|id| id == of);
        let meant: Vec<_> = sockets.iter().filter(|(of, connected)| is_meant(of, connected)).collect();
        if !lock(&self.1).takes((bytes as u64).saturating_mul(meant.len() as u64), Instant::now()) {
            return Err(NotSent::TooMuch);
        }
        for (_, connected) in meant {
            // Its buffer is full, or it is closing: it will hear no more of it.
            let _ = connected.socket.emit(event, &arguments);
        }
        Ok(())
    }

    /// Ends one socket.
    pub(crate) fn disconnect(&self, id: &str) {
        let socket = lock(&self.0).get(id).map(|connected| connected.socket.clone());
        if let Some(socket) = socket {
            // Gone already: nothing to do.
            let _ = socket.disconnect();
        }
    }

    /// Ends all of them.
    pub(crate) fn end(&self) {
        let all: Vec<SocketRef> = lock(&self.0).drain().map(|(_, connected)| connected.socket).collect();
        for socket in all {
            let _ = socket.disconnect();
        }
    }

    /// Path and id of each.
    pub(crate) fn list(&self) -> Vec<(String, String)> {
        lock(&self.0).iter().map(|(id, connected)| (connected.path.clone(), id.clone())).collect()
    }
}

/// The service, with a namespace for each path that the policies of `apps` list.
pub(super) fn service(apps: Vec<(String, Arc<dyn App>)>) -> Service {
    let (service, io) = SocketIoBuilder::new()
        .req_path(PATH)
        .max_payload(MOST_BYTES as u64)
        .max_buffer_size(MOST_OUTGOING)
        .ws_max_message_size(MOST_BYTES)
        .ws_max_frame_size(MOST_BYTES)
        .connect_timeout(PATIENCE)
        .with_parser(ParserConfig::common().max_incoming_binaries(0))
        .build_svc();
    for (id, app) in apps {
        let paths: Vec<(String, bool)> =
            app.rules().socketio.iter().map(|(path, token)| (path.clone(), *token)).collect();
        for (path, requires_token) in paths {
            namespace(&io, &format!("/addon/{id}/{path}"), &path, requires_token, &app);
        }
    }
    Arc::new(move |request| {
        let answer = hyper::service::Service::call(&service, request);
        Box::pin(async move {
            match answer.await {
                Ok(answer) => boxed(answer),
                Err(never) => match never {},
            }
        })
    })
}

fn namespace(io: &SocketIo, name: &str, path: &str, requires_token: bool, app: &Arc<dyn App>) {
    let (joining, joined, path) = (app.clone(), app.clone(), path.to_owned());
    let may_join = async move |socket: SocketRef, TryData(auth): TryData<Json>| {
        let refuse = |why: &'static str| Err(Refused(why));
        if requires_token && !has_token(&*joining, &socket, auth.ok().as_ref()) {
            return refuse("the token is missing or wrong");
        }
        if !joining.is_up() {
            return refuse("the addon does not run");
        }
        if lock(&joining.sockets().0).len() >= MOST_SOCKETS {
            return refuse("the addon has as many sockets as it may have");
        }
        Ok(())
    };
    let join = async move |socket: SocketRef| connected(socket, &path, joined.clone());
    io.ns(name.to_owned(), join.with(may_join));
}

/// In the payload of the connection, or in the query of its request.
fn has_token(app: &dyn App, socket: &SocketRef, auth: Option<&Json>) -> bool {
    let by_auth = auth.and_then(|auth| auth.get("token")).map(|token| token.as_str().unwrap_or_default().to_owned());
    let query = super::checks::parameters(socket.req_parts().uri.query());
    let Ok(query) = query else { return false };
    let by_query = query.into_iter().find(|(name, _)| name == "token").map(|(_, token)| token);
    let given: Vec<String> = by_auth.into_iter().chain(by_query).collect();
    !given.is_empty() && given.iter().all(|token| is_token(app.token(), token.as_bytes()))
}

fn connected(socket: SocketRef, path: &str, app: Arc<dyn App>) {
    let id = socket.id.to_string();
    {
        // Counted again where it is taken in: others may have come since it was let in.
        let mut sockets = lock(&app.sockets().0);
        if sockets.len() < MOST_SOCKETS {
            sockets.insert(id.clone(), Connected { socket: socket.clone(), path: path.to_owned() });
        } else {
            drop(sockets);
            // It closes already: nothing to do.
            let _ = socket.disconnect();
            return;
        }
    }
    let (queue, waiting) = mpsc::channel(MOST_WAITING);
    tokio::spawn(deliver(app.clone(), path.to_owned(), id.clone(), waiting));
    // First in the queue, so that no message comes before it.
    let _ = queue.try_send(Waiting::Joined);
    let most = app.rules().max_body_bytes;
    let taken = queue.clone();
    socket.on_fallback(
        async move |socket: SocketRef,
                    Event(event): Event,
                    TryData(data): TryData<Arguments>,
                    WantsAnswer(wants_answer): WantsAnswer,
                    ack: AckSender| {
            let arguments = data.ok().filter(|data| data.0.len() <= MOST_ARGUMENTS && size(&data.0) as u64 <= most);
            let is_taken = match arguments {
                Some(data) if event.len() <= MOST_NAME_BYTES => {
                    taken.try_send(Waiting::Message { event, arguments: data.0, wants_answer, ack }).is_ok()
                }
                _ => false,
            };
            if !is_taken {
                // Too large, not JSON, or more than the addon takes.
                let _ = socket.disconnect();
            }
        },
    );
    socket.on_disconnect(async move || {
        lock(&app.sockets().0).remove(&id);
        // A full queue ends with the socket anyway.
        let _ = queue.try_send(Waiting::Left);
    });
}

enum Waiting {
    Joined,
    Message { event: String, arguments: Vec<Json>, wants_answer: bool, ack: AckSender },
    Left,
}

/// Hands over what one socket says, in its order, as its addon has turns.
async fn deliver(app: Arc<dyn App>, path: String, id: String, mut waiting: mpsc::Receiver<Waiting>) {
    while let Some(next) = waiting.recv().await {
        let Ok(turn) = app.turns().acquire_owned().await else { return };
        let event = |event| SocketEvent { path: path.clone(), id: id.clone(), event };
        match next {
            Waiting::Joined => drop(app.socket(event(SocketWhat::Joined)).await),
            Waiting::Left => {
                let _ = app.socket(event(SocketWhat::Left)).await;
                return;
            }
            Waiting::Message { event: name, arguments, wants_answer, ack } => {
                let handed = event(SocketWhat::Message { name, arguments, wants_answer });
                let app = app.clone();
                // The handler may take its time; the next message needs not wait for it. Its first wait is behind the sending, so
                // up to there it goes here: tasks need not run in the order in which they are made.
                let mut handling = Box::pin(async move {
                    let answer = app.socket(handed).await.ok().flatten();
                    if let Some(answer) = answer.filter(|answer| size(answer) <= MOST_BYTES) {
                        let _ = ack.send(&Arguments(answer));
                    }
                    drop(turn);
                });
                if futures_util::poll!(&mut handling).is_pending() {
                    tokio::spawn(handling);
                }
            }
        }
    }
}

fn size(arguments: &[Json]) -> usize {
    arguments.iter().map(|argument| argument.to_string().len() + 1).sum()
}

/// Whether the client gave its message a number to be answered by.
struct WantsAnswer(bool);

impl<A: Adapter> FromMessageParts<A> for WantsAnswer {
    type Error = Infallible;

    fn from_message_parts(
        _: &Arc<Socket<A>>,
        _: &mut socketioxide_core::Value,
        ack: &Option<i64>,
    ) -> Result<Self, Infallible> {
        Ok(Self(ack.is_some()))
    }
}

/// Why a client may not join, as it is told.
struct Refused(&'static str);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// All arguments of an event. A tuple to serde, which is how the library tells them from one argument that is a list.
struct Arguments(Vec<Json>);

impl Serialize for Arguments {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tuple = serializer.serialize_tuple(self.0.len())?;
        self.0.iter().try_for_each(|argument| tuple.serialize_element(argument))?;
        tuple.end()
    }
}

impl<'de> Deserialize<'de> for Arguments {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Arguments;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("the arguments of an event")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Arguments, A::Error> {
                let mut all = Vec::new();
                while let Some(argument) = list.next_element()? {
                    all.push(argument);
                    if all.len() > MOST_ARGUMENTS {
                        return Err(serde::de::Error::custom("too many arguments"));
                    }
                }
                Ok(Arguments(all))
            }
        }
        deserializer.deserialize_tuple(MOST_ARGUMENTS, All)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_of_late_is_bounded() {
        let (mut sent, start) = (Sent::default(), Instant::now());
        assert!(sent.takes(BURST, start) && !sent.takes(1, start));
        let later = start + Duration::from_secs(1);
        assert!(!sent.takes(BYTES_PER_SECOND + 1, later) && sent.takes(BYTES_PER_SECOND / 2, later));
        assert!(sent.takes(BURST, later + Duration::from_secs(3600)));
        assert!(!sent.takes(u64::MAX, later + Duration::from_secs(7200)));
    }
}
