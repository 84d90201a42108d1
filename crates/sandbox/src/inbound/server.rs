//! The server: one listener on loopback, for all addons.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use hyper::header::{CACHE_CONTROL, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::checks::Names;
use super::patient::Patient;
use super::{Apps, routes, sockets};

/// Connections at once, of all addons together; a quarter of the descriptors that this process may have, if that is less: the
/// others are for addons, their files and what they ask for.
const MOST_CONNECTIONS: usize = 1024;
/// How long a client may take for the head of a request.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a request for sockets may take to be answered: longer than a poll waits.
const POLL: Duration = Duration::from_secs(60);
/// Bytes of the head of a request.
const MOST_HEAD_BYTES: usize = 32 << 10;

/// The listener, until it is dropped.
pub(crate) struct Server {
    listener: std::sync::Mutex<Option<std::net::TcpListener>>,
    address: SocketAddr,
    task: std::sync::OnceLock<tokio::task::JoinHandle<()>>,
}

impl Server {
    /// Takes the port; what comes is served after [`Server::serve`].
    #[expect(clippy::disallowed_methods, reason = "the one listener for all addons, on loopback")]
    pub(crate) fn bind(address: SocketAddr) -> std::io::Result<Self> {
        if !address.ip().is_loopback() {
            return Err(std::io::Error::other("addons are served on loopback only"));
        }
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok(Self { listener: Some(listener).into(), address, task: std::sync::OnceLock::new() })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn serve(&self, apps: Arc<dyn Apps>) -> std::io::Result<()> {
        let Some(listener) = crate::engine::lock(&self.listener).take() else { return Ok(()) };
        let listener = TcpListener::from_std(listener)?;
        let names = Arc::new(Names::of(self.address));
        let sockets = apps.all().into_iter().filter(|(_, app)| !app.rules().socketio.is_empty()).collect();
        let sockets = sockets::service(sockets);
        let task = tokio::spawn(async move {
            let descriptors = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
            let quarter = descriptors.map_or(MOST_CONNECTIONS, |all| usize::try_from(all / 4).unwrap_or(usize::MAX));
            let connections = Arc::new(Semaphore::new(quarter.clamp(1, MOST_CONNECTIONS)));
            loop {
                let Ok(permit) = connections.clone().acquire_owned().await else { return };
                let Ok((stream, _)) = listener.accept().await else {
                    // No descriptor left: others may end meanwhile.
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                };
                // A small answer must not wait for another packet.
                let _ = stream.set_nodelay(true);
                let (apps, names, sockets) = (apps.clone(), names.clone(), sockets.clone());
                tokio::spawn(async move {
                    let service = service_fn(move |request: Request<Incoming>| {
                        let (apps, names, sockets) = (apps.clone(), names.clone(), sockets.clone());
                        async move { Ok::<_, Infallible>(answer(&*apps, &names, &sockets, request).await) }
                    });
                    let mut server = hyper::server::conn::http1::Builder::new();
                    server.timer(TokioTimer::new()).header_read_timeout(PATIENCE).max_buf_size(MOST_HEAD_BYTES);
                    // A client that breaks off is its own loss.
                    let stream = TokioIo::new(Patient::new(stream));
                    let _ = server.serve_connection(stream, service).with_upgrades().await;
                    drop(permit);
                });
            }
        });
        // Served once: the listener was there.
        let _ = self.task.set(task);
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(task) = self.task.get() {
            task.abort();
        }
    }
}

/// What is sent back.
pub(super) type Answer = Response<UnsyncBoxBody<Bytes, std::io::Error>>;

async fn answer(apps: &dyn Apps, names: &Names, sockets: &sockets::Service, request: Request<Incoming>) -> Answer {
    let mut answer = judged(apps, names, sockets, request).await;
    let headers = answer.headers_mut();
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        // The token is in the URL.
        ("referrer-policy", "no-referrer"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    answer
}

async fn judged(apps: &dyn Apps, names: &Names, sockets: &sockets::Service, request: Request<Incoming>) -> Answer {
    let path = request.uri().path();
    let is_socket = path.strip_prefix(sockets::PATH).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let checked = names
        .check_host(request.uri(), request.headers())
        .and_then(|()| names.check_origin(request.method(), is_socket, request.headers()));
    if let Err(status) = checked {
        return boxed(routes::plain(status));
    }
    if !is_socket {
        return routes::answer(apps, request).await;
    }
    let answered = tokio::time::timeout(POLL, sockets(request)).await;
    answered.unwrap_or_else(|_| boxed(routes::plain(StatusCode::REQUEST_TIMEOUT)))
}

pub(super) fn boxed<B>(response: Response<B>) -> Answer
where
    B: hyper::body::Body<Data = Bytes, Error = Infallible> + Send + 'static,
{
    response.map(|body| body.map_err(|never| match never {}).boxed_unsync())
}
