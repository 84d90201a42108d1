//! From a request to the addon that answers it.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body, Incoming as Receiving};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use hyper::{Method, Request, Response, StatusCode};
use tokio::sync::OwnedSemaphorePermit;

use super::checks::{has_token, parameters};
use super::files::{media_type, path_of};
use super::server::{Answer, boxed};
use super::{App, Apps, Incoming, NoAnswer, Outgoing};

/// Headers that an addon may set. No cookie: cookies do not know ports, so they would be every program's of this machine. No grant to
/// other origins. Nothing that says where a message ends.
const ALLOWED: [&str; 10] = [
    "cache-control",
    "content-disposition",
    "content-language",
    "content-security-policy",
    "content-type",
    "etag",
    "last-modified",
    "location",
    "retry-after",
    "vary",
];

/// What the request asks for.
enum Asked<'p> {
    Route { id: &'p str, path: &'p str },
    Static { id: &'p str, path: &'p str },
}

/// The addon and its path, by the path of the URL as it was sent.
fn asked(path: &str) -> Option<Asked<'_>> {
    if let Some(rest) = path.strip_prefix("/addon_static/") {
        let (id, path) = rest.split_once('/')?;
        return Some(Asked::Static { id, path });
    }
    let (id, path) = path.strip_prefix("/addon/")?.split_once('/')?;
    // Routes have nothing encoded, so neither has what asks for one.
    let is_plain = |c: char| !c.is_control() && !matches!(c, '%' | '\\');
    path.chars().all(is_plain).then_some(Asked::Route { id, path })
}

pub(super) async fn answer(apps: &dyn Apps, request: Request<Receiving>) -> Answer {
    let is_head = request.method() == Method::HEAD;
    let mut response = match route(apps, request).await {
        Ok(response) => response,
        Err(status) => boxed(plain(status)),
    };
    if is_head {
        response = boxed(response.map(|_| Full::default()));
    }
    response
}

pub(super) fn plain(status: StatusCode) -> Response<Full<Bytes>> {
    let text = status.canonical_reason().unwrap_or_default();
    let mut response = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

async fn route(apps: &dyn Apps, request: Request<Receiving>) -> Result<Answer, StatusCode> {
    let (parts, body) = request.into_parts();
    let query = parameters(parts.uri.query())?;
    match asked(parts.uri.path()).ok_or(StatusCode::NOT_FOUND)? {
        Asked::Static { id, path } => {
            let app = apps.app(id).ok_or(StatusCode::NOT_FOUND)?;
            let folder = app.files().ok_or(StatusCode::NOT_FOUND)?;
            if !matches!(parts.method, Method::GET | Method::HEAD) {
                return Err(StatusCode::METHOD_NOT_ALLOWED);
            }
            let path = path_of(path).ok_or(StatusCode::NOT_FOUND)?;
            let turn = app.turns().try_acquire_owned().map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
            let media = media_type(&path);
            let opened = tokio::task::spawn_blocking(move || folder.send(&path, turn)).await;
            let file = opened.ok().and_then(Result::ok).ok_or(StatusCode::NOT_FOUND)?;
            let mut response = Response::new(file.boxed_unsync());
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media));
            Ok(response)
        }
        Asked::Route { id, path } => {
            let app = apps.app(id).ok_or(StatusCode::NOT_FOUND)?;
            let method = match find(&*app, &parts.method, path) {
                Ok((method, requires_token)) => {
                    if requires_token && !has_token(app.token(), &query, &parts.headers) {
                        return Err(StatusCode::FORBIDDEN);
                    }
                    method
                }
                Err(others) if others.is_empty() => return Err(StatusCode::NOT_FOUND),
                Err(others) => {
                    let mut response = plain(StatusCode::METHOD_NOT_ALLOWED);
                    if let Ok(list) = HeaderValue::try_from(others.join(", ")) {
                        response.headers_mut().insert(ALLOW, list);
                    }
                    return Ok(boxed(response));
                }
            };
            let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
            // The addon has its token and may compare it itself, in the query. What a browser keeps for other servers of this
            // machine, since cookies know no ports, is not for it.
            let is_told = |name: &HeaderName| !matches!(name.as_str(), "x-addon-token" | "cookie" | "authorization");
            let headers = parts.headers.iter().filter(|(name, _)| is_told(name));
            let incoming = Incoming {
                method,
                path: path.to_owned(),
                query,
                headers: headers.map(|(name, value)| (name.as_str().to_owned(), text(value))).collect(),
                body: Vec::new(),
            };
            hand_over(app, incoming, body).await
        }
    }
}

/// The method of the route and whether it asks for the token; for another method, those that there are.
fn find(app: &dyn App, method: &Method, path: &str) -> Result<(String, bool), Vec<String>> {
    let rules = &app.rules().http;
    // HEAD is answered by GET where there is no HEAD of its own.
    let wanted = match method.as_str() {
        "HEAD" if !rules.contains_key(&("HEAD".into(), path.into())) => "GET",
        method => method,
    };
    match rules.get(&(wanted.to_owned(), path.to_owned())) {
        Some(requires_token) => Ok((wanted.to_owned(), *requires_token)),
        None => Err(rules.keys().filter(|(_, own)| own == path).map(|(method, _)| method.clone()).collect()),
    }
}

async fn hand_over(app: Arc<dyn App>, mut incoming: Incoming, body: Receiving) -> Result<Answer, StatusCode> {
    let rules = app.rules();
    let most = usize::try_from(rules.max_body_bytes).unwrap_or(usize::MAX);
    let Ok(turn) = app.turns().try_acquire_owned() else {
        let mut response = plain(StatusCode::SERVICE_UNAVAILABLE);
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        return Ok(boxed(response));
    };
    if body.size_hint().lower() > rules.max_body_bytes {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    let exchange = async {
        let body = Limited::new(body, most).collect().await.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
        incoming.body = body.to_bytes().to_vec();
        app.answer(incoming).await.map_err(|why| match why {
            NoAnswer::Down | NoAnswer::Busy => StatusCode::SERVICE_UNAVAILABLE,
            NoAnswer::TooLate => StatusCode::GATEWAY_TIMEOUT,
            NoAnswer::NoHandler => StatusCode::NOT_FOUND,
            NoAnswer::Failed | NoAnswer::TooLarge => StatusCode::INTERNAL_SERVER_ERROR,
        })
    };
    let outgoing = tokio::time::timeout(rules.timeout, exchange).await.map_err(|_| StatusCode::GATEWAY_TIMEOUT)??;
    response(outgoing, turn).map(boxed).ok_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// A body that keeps its turn until it has gone out: clients that take nothing must not make the host keep any number of them.
struct Held {
    body: Vec<u8>,
    _turn: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}

/// What the addon answers, as far as it may.
fn response(outgoing: Outgoing, turn: OwnedSemaphorePermit) -> Option<Response<Full<Bytes>>> {
    // Nothing that changes the connection.
    let status = StatusCode::from_u16(outgoing.status).ok().filter(|status| status.as_u16() >= 200)?;
    let mut response = Response::new(Full::new(Bytes::from_owner(Held { body: outgoing.body, _turn: turn })));
    *response.status_mut() = status;
    for (name, value) in outgoing.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        if ALLOWED.contains(&name.as_str()) || name.as_str().starts_with("x-") {
            response.headers_mut().append(name, HeaderValue::from_str(&value).ok()?);
        }
    }
    Some(response)
}
