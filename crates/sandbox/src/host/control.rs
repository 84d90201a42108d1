//! The control endpoint: what can restart, describe or remove an addon. A Unix socket that its owner alone may use; it is
//! never on the port that addons are served on.
//!
//! HTTP/1.1: `GET /state`; `GET /addons/{id}/url`; `POST /addons/{id}/restart`; `POST /addons/{id}/uninstall`. Answers are JSON.

use std::convert::Infallible;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustix::fs::Mode;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use serde_json::{Value as Json, json};
use tokio::net::UnixListener;
use tokio::sync::Semaphore;

use super::{Host, HostError};

/// Clients at once.
const MOST_CLIENTS: usize = 16;
/// How long a client may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(10);

/// The endpoint, until it is dropped; then its socket is removed.
pub struct Control {
    path: PathBuf,
    task: tokio::task::JoinHandle<()>,
}

impl Control {
    /// Listens at `path`, which no other process may listen at. The folder should be its owner's alone: the state folder is.
    ///
    /// # Errors
    /// When the socket cannot be made, as when somebody listens there.
    #[expect(clippy::disallowed_methods, reason = "the control endpoint: a Unix socket of mode 0600")]
    pub fn listen(host: Arc<Host>, path: &Path) -> std::io::Result<Self> {
        // One that a killed host has left behind is in the way; anything else is not touched.
        if std::fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket()) {
            if std::os::unix::net::UnixStream::connect(path).is_ok() {
                return Err(std::io::Error::other("somebody listens there"));
            }
            std::fs::remove_file(path)?;
        }
        let listener = UnixListener::from_std(bind(path)?)?;
        let own = rustix::process::geteuid().as_raw();
        let clients = Arc::new(Semaphore::new(MOST_CLIENTS));
        let task = tokio::spawn(async move {
            loop {
                let Ok(permit) = clients.clone().acquire_owned().await else { return };
                let Ok((stream, _)) = listener.accept().await else {
                    // No descriptor left: others may end meanwhile.
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                };
                // Whatever the folder and its file system make of the mode.
                if !stream.peer_cred().is_ok_and(|peer| peer.uid() == own || peer.uid() == 0) {
                    continue;
                }
                let host = host.clone();
                tokio::spawn(async move {
                    let service = service_fn(move |request: Request<Incoming>| {
                        let host = host.clone();
                        async move { Ok::<_, Infallible>(answer(&host, request.method(), request.uri().path()).await) }
                    });
                    let mut server = hyper::server::conn::http1::Builder::new();
                    server.timer(TokioTimer::new()).header_read_timeout(PATIENCE).keep_alive(false);
                    // A client that breaks off is its own loss.
                    let _ = server.serve_connection(TokioIo::new(stream), service).await;
                    drop(permit);
                });
            }
        });
        Ok(Self { path: path.to_owned(), task })
    }
}

/// A socket that is listened at, and that was its owner's alone from the first moment on: the mode is that of the descriptor
/// before there is a name. A change afterwards would leave a moment in which others may connect.
#[expect(clippy::disallowed_methods, reason = "the control endpoint: a Unix socket of mode 0600")]
fn bind(path: &Path) -> std::io::Result<std::os::unix::net::UnixListener> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    rustix::fs::fchmod(&socket, Mode::RUSR | Mode::WUSR)?;
    rustix::net::bind(&socket, &SocketAddrUnix::new(path)?)?;
    rustix::net::listen(&socket, MOST_CLIENTS as i32)?;
    Ok(socket.into())
}

impl Drop for Control {
    fn drop(&mut self) {
        self.task.abort();
        // Gone already: nothing to do.
        let _ = std::fs::remove_file(&self.path);
    }
}

async fn answer(host: &Host, method: &Method, path: &str) -> Response<Full<Bytes>> {
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let done = |result: Result<(), HostError>| match result {
        Ok(()) => (StatusCode::OK, json!({ "ok": true })),
        Err(error @ HostError::Unknown(_)) => (StatusCode::NOT_FOUND, json!({ "error": error.to_string() })),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, json!({ "error": error.to_string() })),
    };
    let (status, body): (StatusCode, Json) = match (method.as_str(), segments.as_slice()) {
        ("GET", ["state"]) => (StatusCode::OK, json!({ "version": 1, "addons": host.describe() })),
        // With its token: who may use this endpoint may open it.
        ("GET", ["addons", id, "url"]) => match (host.url(id, "", false), host.url(id, "", true)) {
            (Some(url), Some(files)) => (StatusCode::OK, json!({ "url": url.as_str(), "staticUrl": files.as_str() })),
            _ => (StatusCode::NOT_FOUND, json!({ "error": "it is not served" })),
        },
        ("POST", ["addons", id, "restart"]) => done(host.restart(id).await),
        ("POST", ["addons", id, "uninstall"]) => done(host.uninstall(id).await),
        (_, ["state"] | ["addons", _, "restart" | "uninstall" | "url"]) => {
            (StatusCode::METHOD_NOT_ALLOWED, json!({ "error": "another method" }))
        }
        _ => (StatusCode::NOT_FOUND, json!({ "error": "there is nothing here" })),
    };
    let mut response = Response::new(Full::new(Bytes::from(format!("{body}\n"))));
    *response.status_mut() = status;
    response.headers_mut().insert("content-type", hyper::header::HeaderValue::from_static("application/json"));
    response
}
