//! One HTTP/1.1 exchange on a connection of its own.

use bytes::Bytes;
use electrolint_policy::{Api, Target};
use http_body_util::{BodyExt, Full};
use hyper::header::{ACCEPT, HOST, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use hyper::{Method, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use url::Url;

use super::{Guard, NetworkError, data};

/// Methods that a request may have.
const METHODS: [Method; 7] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];
/// Headers that say where a message ends, who it is for, or what the connection becomes. They are the host's alone.
const FORBIDDEN: [&str; 13] = [
    "connection",
    "content-length",
    "cookie2",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "accept-encoding",
];
const FORBIDDEN_PREFIXES: [&str; 2] = ["proxy-", "sec-"];
/// Headers of a request or a response.
const MOST_HEADERS: usize = 100;
/// Bytes of all headers of a request or a response.
const MOST_HEADER_BYTES: usize = 64 << 10;

/// A request as the script wants it.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The URL.
    pub url: String,
    /// The method in capitals; empty is GET.
    pub method: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The body; `None` is none, which is not the same as an empty one.
    pub body: Option<Vec<u8>>,
}

/// A response that has arrived as a whole.
#[derive(Debug)]
pub struct Response {
    /// The status. Redirects are returned like any other.
    pub status: u16,
    /// Names in lower case and values, in the order of arrival. Bytes outside UTF-8 are replaced.
    pub headers: Vec<(String, String)>,
    /// The URL that was asked, as it was parsed.
    pub url: String,
    /// The body as it was sent: it is not decompressed.
    pub body: Vec<u8>,
    /// Counts as one of `network.request.maxConcurrent` until it is dropped.
    pub(crate) _permit: OwnedSemaphorePermit,
    /// When the limit of the exchange is over.
    pub(crate) until: Instant,
}

impl Guard {
    /// One request and its response, within `network.request.timeoutMs` from now, waiting for its turn included.
    ///
    /// # Errors
    /// [`NetworkError`]. Refusals by the policy come before anything is looked up or connected to.
    pub async fn request(&self, request: Request) -> Result<Response, NetworkError> {
        let limit = self.network().request_timeout;
        let target = self.check(&request.url, Api::Request)?;
        let most = self.network().request_max_body_bytes;
        if request.body.as_ref().is_some_and(|body| body.len() as u64 > most) {
            return Err(NetworkError::TooLarge { what: "the body of the request", limit: most });
        }
        let until = Instant::now() + limit;
        let exchange = async {
            let permits = self.requests.clone();
            let permit = permits.acquire_owned().await.map_err(|_| NetworkError::Ended)?;
            if target.host().is_none() {
                return local(&target, permit, until, most);
            }
            let outgoing = outgoing(&target, request)?;
            let (status, headers, body) = self.exchange(&target, outgoing, most).await?;
            let url = target.url().to_string();
            Ok(Response { status: status.as_u16(), headers: texts(&headers), url, body, _permit: permit, until })
        };
        tokio::time::timeout_at(until, exchange).await.unwrap_or(Err(NetworkError::TimedOut(limit)))
    }

    async fn exchange(
        &self,
        target: &Target,
        request: hyper::Request<Full<Bytes>>,
        most: u64,
    ) -> Result<(StatusCode, HeaderMap, Vec<u8>), NetworkError> {
        let stream = self.connect(target).await?;
        let mut client = hyper::client::conn::http1::Builder::new();
        client.max_headers(MOST_HEADERS).max_header_size(MOST_HEADER_BYTES).max_buf_size(2 * MOST_HEADER_BYTES);
        let (mut sender, connection) = client.handshake(TokioIo::new(stream)).await.map_err(failed)?;
        let mut response = {
            let mut connection = std::pin::pin!(connection);
            let mut answer = std::pin::pin!(async {
                let response = sender.send_request(request).await.map_err(failed)?;
                if response.status() == StatusCode::SWITCHING_PROTOCOLS {
                    return Err(failed("the server changed the protocol"));
                }
                let (parts, body) = response.into_parts();
                Ok((parts.status, parts.headers, read_body(body, most).await?))
            });
            // The connection is driven here and ends with this exchange, whoever gives it up.
            tokio::select! {
                biased;
                answer = &mut answer => answer,
                ended = &mut connection => match ended {
                    // What it had received before it ended is still there to be read.
                    Ok(()) => answer.await,
                    Err(error) => match answer.await {
                        Ok(answer) => Ok(answer),
                        Err(NetworkError::Failed { .. }) => Err(failed(error)),
                        Err(other) => Err(other),
                    },
                },
            }
        }?;
        response.2.shrink_to_fit();
        Ok(response)
    }
}

fn failed(error: impl ToString) -> NetworkError {
    NetworkError::Failed { step: "exchange messages with the server", error: error.to_string() }
}

/// Counted while it arrives: what is announced is refused at once, what is only sent when it is too much.
async fn read_body(mut body: hyper::body::Incoming, most: u64) -> Result<Vec<u8>, NetworkError> {
    use hyper::body::Body;
    let too_large = || NetworkError::TooLarge { what: "the body of the response", limit: most };
    if body.size_hint().lower() > most {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        // Trailers are not looked at.
        let Ok(data) = frame.map_err(failed)?.into_data() else { continue };
        if bytes.len() as u64 + data.len() as u64 > most {
            return Err(too_large());
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

fn outgoing(target: &Target, request: Request) -> Result<hyper::Request<Full<Bytes>>, NetworkError> {
    let method = match request.method.as_str() {
        "" => Method::GET,
        name => METHODS
            .into_iter()
            .find(|method| method.as_str() == name)
            .ok_or_else(|| NetworkError::Request(format!("the method {name:?} is not allowed")))?,
    };
    if request.body.is_some() && matches!(method, Method::GET | Method::HEAD) {
        return Err(NetworkError::Request(format!("a {method} request has no body")));
    }
    // An empty body is none, but POST and kin say its length.
    let body = Full::new(Bytes::from(request.body.unwrap_or_default()));
    let mut outgoing = hyper::Request::new(body);
    *outgoing.method_mut() = method;
    *outgoing.uri_mut() = path_and_query(target.url())?;
    *outgoing.headers_mut() = headers(target, &request.headers)?;
    Ok(outgoing)
}

/// The target of the request line: path and query of the parsed URL.
pub(super) fn path_and_query(url: &Url) -> Result<Uri, NetworkError> {
    let text = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let wrong = |_| NetworkError::Request("the path of the URL cannot be sent".into());
    text.parse::<hyper::http::uri::PathAndQuery>().map(Uri::from).map_err(wrong)
}

/// The script's headers and `Host`.
pub(super) fn headers(target: &Target, wanted: &[(String, String)]) -> Result<HeaderMap, NetworkError> {
    let url = target.url();
    let mut headers = HeaderMap::new();
    let host = url.host_str().unwrap_or_default();
    let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let host = HeaderValue::try_from(host).map_err(|_| NetworkError::Request("the host cannot be sent".into()))?;
    headers.insert(HOST, host);
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    headers.insert(USER_AGENT, HeaderValue::from_static(concat!("electrolint-sandbox/", env!("CARGO_PKG_VERSION"))));
    let bytes: usize = wanted.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
    if wanted.len() > MOST_HEADERS || bytes > MOST_HEADER_BYTES {
        let what = format!("at most {MOST_HEADERS} headers of {MOST_HEADER_BYTES} bytes together");
        return Err(NetworkError::Request(what));
    }
    let mut own: HeaderMap = HeaderMap::new();
    for (name, value) in wanted {
        let wrong = || NetworkError::Request(format!("the header {name:?} is not allowed"));
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
        let is_forbidden = FORBIDDEN.contains(&name.as_str())
            || FORBIDDEN_PREFIXES.iter().any(|prefix| name.as_str().starts_with(prefix));
        if is_forbidden {
            return Err(wrong());
        }
        // Refuses CR, LF, NUL and everything outside visible ASCII.
        let value = HeaderValue::from_str(value).map_err(|_| wrong())?;
        own.append(name, value);
    }
    for name in [ACCEPT, USER_AGENT] {
        if own.contains_key(&name) {
            headers.remove(&name);
        }
    }
    headers.extend(own);
    Ok(headers)
}

fn texts(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

/// The answer to a `data:` URL.
fn local(target: &Target, permit: OwnedSemaphorePermit, until: Instant, most: u64) -> Result<Response, NetworkError> {
    let (media, body) = data::decode(target.url())?;
    if body.len() as u64 > most {
        return Err(NetworkError::TooLarge { what: "the body of the response", limit: most });
    }
    let headers = vec![("content-type".into(), media)];
    Ok(Response { status: 200, headers, url: target.url().to_string(), body, _permit: permit, until })
}
