//! WebSockets over connections of the guard: <https://www.rfc-editor.org/rfc/rfc6455>.

use electrolint_policy::{Api, Target};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use hyper::header::{
    CONNECTION, HeaderValue, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use tokio::sync::{Mutex, OwnedSemaphorePermit, watch};
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Error};

use super::connect::Stream;
use super::{Guard, NetworkError, http};

/// Subprotocols that may be offered.
const MOST_PROTOCOLS: usize = 16;
/// Longest reason of a close frame in bytes: RFC 6455, section 5.5.
const MOST_REASON_BYTES: usize = 123;
/// How long the answer to the other side's close may take to go out. It waits for nothing any more.
const FAREWELL: std::time::Duration = std::time::Duration::from_secs(1);

/// A socket as the script wants it.
#[derive(Debug, Clone, Default)]
pub struct SocketRequest {
    /// The URL.
    pub url: String,
    /// Subprotocols in the order of preference.
    pub protocols: Vec<String>,
    /// Names and values.
    pub headers: Vec<(String, String)>,
}

/// What comes out of a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// A text message.
    Text(String),
    /// A binary message.
    Bytes(Vec<u8>),
    /// The end: the code and reason of the other side, 1006 if it gave none. Nothing comes after it.
    Closed(u16, String),
}

type Whole = WebSocketStream<Box<dyn Stream>>;

/// An open socket. Dropping it closes the connection.
pub struct Socket {
    read: Mutex<Option<SplitStream<Whole>>>,
    write: Mutex<SplitSink<Whole, tungstenite::Message>>,
    /// The subprotocol that the server chose; empty if none.
    pub protocol: String,
    /// The URL as it was parsed.
    pub url: String,
    limit: u64,
    patience: std::time::Duration,
    /// Until when the other side may answer a close, once one was sent.
    closing: watch::Sender<Option<Instant>>,
    _permit: OwnedSemaphorePermit,
}

impl Guard {
    /// A socket that is open, within `network.request.timeoutMs` from now.
    ///
    /// # Errors
    /// [`NetworkError`]; [`NetworkError::TooMany`] at once when `network.websocket.maxConcurrent` are open.
    pub async fn websocket(&self, request: SocketRequest) -> Result<Socket, NetworkError> {
        let target = self.check(&request.url, Api::WebSocket)?;
        let network = self.network();
        let permit = self.sockets.clone().try_acquire_owned();
        let permit = permit.map_err(|_| NetworkError::TooMany(network.websocket_max_concurrent))?;
        let handshake = handshake(&target, &request)?;
        let limit = network.request_timeout;
        let most = network.websocket_max_message_bytes;
        let size = usize::try_from(most).unwrap_or(usize::MAX);
        let config = WebSocketConfig::default()
            .read_buffer_size(16 << 10)
            .write_buffer_size(0)
            .max_write_buffer_size(size.saturating_add(64 << 10))
            .max_message_size(Some(size))
            .max_frame_size(Some(size));
        let opening = async {
            let stream = self.connect(&target).await?;
            tokio_tungstenite::client_async_with_config(handshake, stream, Some(config)).await.map_err(|error| {
                let error = match error {
                    Error::Http(response) => format!("the server answered {}", response.status()),
                    error => error.to_string(),
                };
                NetworkError::Failed { step: "open the socket", error }
            })
        };
        let opened = tokio::time::timeout(limit, opening).await;
        let (stream, response) = opened.unwrap_or(Err(NetworkError::TimedOut(limit)))?;
        let protocol = response.headers().get(SEC_WEBSOCKET_PROTOCOL).and_then(|value| value.to_str().ok());
        let (write, read) = stream.split();
        Ok(Socket {
            read: Mutex::new(Some(read)),
            write: Mutex::new(write),
            protocol: protocol.unwrap_or_default().to_owned(),
            url: target.url().to_string(),
            limit: most,
            patience: limit,
            closing: watch::Sender::new(None),
            _permit: permit,
        })
    }
}

impl Socket {
    /// The next message. Waits for as long as it takes, as a socket may be silent; after a close was sent, at most
    /// `network.request.timeoutMs` from then: a server that does not answer it does not keep the socket.
    pub async fn next(&self) -> Message {
        let mut read = self.read.lock().await;
        let Some(stream) = read.as_mut() else { return closed() };
        let mut given_up = std::pin::pin!(self.given_up());
        let end = loop {
            let message = tokio::select! {
                biased;
                () = &mut given_up => break closed(),
                message = stream.next() => message,
            };
            match message {
                Some(Ok(tungstenite::Message::Text(text))) => return Message::Text(text.as_str().to_owned()),
                Some(Ok(tungstenite::Message::Binary(bytes))) => return Message::Bytes(bytes.to_vec()),
                Some(Ok(tungstenite::Message::Close(frame))) => {
                    // The answer is made by the library, and goes out with what is sent next.
                    let answering = async { self.write.lock().await.flush().await };
                    // It has gone already: nothing to do.
                    let _ = tokio::time::timeout(FAREWELL, answering).await;
                    break frame.map_or(Message::Closed(1005, String::new()), |frame| {
                        Message::Closed(frame.code.into(), frame.reason.as_str().to_owned())
                    });
                }
                // Pings are answered by the library.
                Some(Ok(_)) => {}
                Some(Err(Error::Capacity(_))) => {
                    break Message::Closed(1009, format!("a message has more than {} bytes", self.limit));
                }
                Some(Err(_)) | None => break closed(),
            }
        };
        *read = None;
        end
    }

    /// Waits until the time for the answer to a close is over.
    async fn given_up(&self) {
        // The sender is `self`, so it cannot be gone.
        if let Ok(until) = self.closing.subscribe().wait_for(Option::is_some).await.map(|until| *until) {
            tokio::time::sleep_until(until.unwrap_or_else(Instant::now)).await;
        }
    }

    /// Sends a message, and waits until the system has taken it, at most `network.request.timeoutMs`.
    ///
    /// # Errors
    /// [`NetworkError`] for a message over `network.websocket.maxMessageBytes`, a peer that takes nothing, and a socket that
    /// is closed.
    pub async fn send(&self, message: Message) -> Result<(), NetworkError> {
        let size = match &message {
            Message::Text(text) => text.len(),
            Message::Bytes(bytes) => bytes.len(),
            Message::Closed(..) => 0,
        };
        if size as u64 > self.limit {
            return Err(NetworkError::TooLarge { what: "the message", limit: self.limit });
        }
        let message = match message {
            Message::Text(text) => tungstenite::Message::text(text),
            Message::Bytes(bytes) => tungstenite::Message::binary(bytes),
            Message::Closed(code, reason) => {
                let frame = close_frame(code, &reason)?;
                self.closing.send_if_modified(|until| {
                    let is_first = until.is_none();
                    until.get_or_insert_with(|| Instant::now() + self.patience);
                    is_first
                });
                tungstenite::Message::Close(Some(frame))
            }
        };
        let sending = async { self.write.lock().await.send(message).await };
        match tokio::time::timeout(self.patience, sending).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(NetworkError::Failed { step: "send", error: error.to_string() }),
            Err(_) => Err(NetworkError::TimedOut(self.patience)),
        }
    }
}

fn closed() -> Message {
    Message::Closed(1006, String::new())
}

/// As the WebSocket API has it: 1000, or one of those that are left to applications.
fn close_frame(code: u16, reason: &str) -> Result<CloseFrame, NetworkError> {
    if code != 1000 && !(3000..5000).contains(&code) {
        return Err(NetworkError::Request(format!("the code {code} is not 1000 or from 3000 to 4999")));
    }
    if reason.len() > MOST_REASON_BYTES {
        return Err(NetworkError::Request(format!("the reason has more than {MOST_REASON_BYTES} bytes")));
    }
    Ok(CloseFrame { code: CloseCode::from(code), reason: reason.into() })
}

fn handshake(
    target: &Target,
    request: &SocketRequest,
) -> Result<tungstenite::handshake::client::Request, NetworkError> {
    let wrong = |what: &str| NetworkError::Request(what.into());
    let mut handshake = hyper::Request::new(());
    *handshake.headers_mut() = http::headers(target, &request.headers)?;
    let uri = http::path_and_query(target.url())?;
    // The library wants a whole URL and sends its path. It opens no connection of its own.
    let whole = format!("ws://{}{uri}", target.url().host_str().unwrap_or_default());
    *handshake.uri_mut() = whole.parse().map_err(|_| wrong("the path of the URL cannot be sent"))?;
    let headers = handshake.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    let key = HeaderValue::try_from(generate_key()).map_err(|_| wrong("no key"))?;
    headers.insert(SEC_WEBSOCKET_KEY, key);
    if !request.protocols.is_empty() {
        let is_token = |text: &String| {
            !text.is_empty()
                && text.len() <= 128
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
        };
        if request.protocols.len() > MOST_PROTOCOLS || !request.protocols.iter().all(is_token) {
            return Err(wrong("the subprotocols are not a list of at most 16 tokens"));
        }
        let list =
            HeaderValue::try_from(request.protocols.join(", ")).map_err(|_| wrong("the subprotocols are wrong"))?;
        headers.insert(SEC_WEBSOCKET_PROTOCOL, list);
    }
    Ok(handshake)
}
