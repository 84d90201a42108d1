//! A network that is not there: answers and connections are the test's, and servers listen on loopback.
#![allow(dead_code, reason = "each test program uses a part of it")]
#![allow(clippy::disallowed_methods, reason = "servers of tests listen, and clients of tests connect")]

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use electrolint_sandbox::egress::{Clock, Connection, Connector, Egress, Link, Links, Pending, Resolver, Roots};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

/// A public address that nobody in these tests connects to.
pub const PUBLIC: &str = "93.184.216.34";

/// Answers of names, in turn; the last one repeats. It counts who asked.
#[derive(Default)]
pub struct Names {
    answers: Mutex<HashMap<String, Vec<Vec<IpAddr>>>>,
    pub asked: Mutex<Vec<String>>,
}

impl Names {
    /// Answers of `name`, each a list of addresses with commas between.
    pub fn set(&self, name: &str, answers: &[&str]) {
        let parse = |list: &&str| list.split(',').map(|a| a.parse().expect("an address")).collect();
        self.answers.lock().expect("names").insert(name.into(), answers.iter().map(parse).collect());
    }

    pub fn count(&self) -> usize {
        self.asked.lock().expect("names").len()
    }
}

impl Resolver for Names {
    fn resolve<'a>(&'a self, name: &'a str) -> Pending<'a, std::io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            self.asked.lock().expect("names").push(name.to_owned());
            let mut answers = self.answers.lock().expect("names");
            match answers.get_mut(name) {
                Some(list) if list.len() > 1 => Ok(list.remove(0)),
                Some(list) => Ok(list[0].clone()),
                None => Err(std::io::Error::other("no such name")),
            }
        })
    }
}

/// Records every address that it is told, and carries each connection to `server`; without one, it refuses them.
#[derive(Default)]
pub struct Carrier {
    pub server: Mutex<Option<SocketAddr>>,
    pub connected: Mutex<Vec<SocketAddr>>,
    /// Both ends of each connection, as the connector says; `None`: it does not say.
    pub ends: Mutex<Option<IpAddr>>,
    /// Addresses that do not answer.
    pub silent: Mutex<Vec<IpAddr>>,
}

impl Connector for Carrier {
    fn connect(&self, address: SocketAddr) -> Pending<'_, std::io::Result<Connection>> {
        self.connected.lock().expect("connections").push(address);
        let (server, ends) = (*self.server.lock().expect("server"), *self.ends.lock().expect("ends"));
        let is_silent = self.silent.lock().expect("silent").contains(&address.ip());
        Box::pin(async move {
            if is_silent {
                std::future::pending::<()>().await;
            }
            let server = server.ok_or_else(|| std::io::Error::from(std::io::ErrorKind::ConnectionRefused))?;
            let stream = TcpStream::connect(server).await?;
            Ok(Connection { stream: Box::new(stream), local: ends, peer: ends })
        })
    }
}

#[derive(Default)]
pub struct OwnLinks(pub Mutex<Vec<Link>>);

impl Links for OwnLinks {
    fn links(&self) -> std::io::Result<Vec<Link>> {
        Ok(self.0.lock().expect("links").clone())
    }
}

/// A clock that stands still until it is moved.
pub struct Hand(pub Mutex<Instant>);

impl Hand {
    pub fn advance(&self, by: Duration) {
        *self.0.lock().expect("clock") += by;
    }
}

impl Clock for Hand {
    fn now(&self) -> Instant {
        *self.0.lock().expect("clock")
    }
}

/// All of it.
#[derive(Clone)]
pub struct Net {
    pub names: Arc<Names>,
    pub carrier: Arc<Carrier>,
    pub links: Arc<OwnLinks>,
    pub clock: Arc<Hand>,
}

impl Net {
    pub fn new() -> Self {
        let net = Self {
            names: Arc::default(),
            carrier: Arc::default(),
            links: Arc::default(),
            clock: Arc::new(Hand(Mutex::new(Instant::now()))),
        };
        net.names.set("api.example.com", &[PUBLIC]);
        net
    }

    /// With a server that every connection is carried to.
    pub fn to(server: SocketAddr) -> Self {
        let net = Self::new();
        *net.carrier.server.lock().expect("server") = Some(server);
        net
    }

    pub fn egress(&self) -> Egress {
        self.egress_trusting(Roots::only([]).expect("no roots"))
    }

    pub fn egress_trusting(&self, roots: Roots) -> Egress {
        Egress::new(self.names.clone(), self.carrier.clone(), self.links.clone(), self.clock.clone(), roots)
    }

    pub fn connected(&self) -> Vec<String> {
        self.carrier.connected.lock().expect("connections").iter().map(ToString::to_string).collect()
    }
}

/// A server on loopback that does `serve` with each connection. It ends with the runtime.
pub async fn server<F, Fut>(serve: F) -> SocketAddr
where
    F: Fn(TcpStream) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    address
}

/// The head of a request, with the body that its length says.
pub async fn read_request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let head = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        if let Some(head) = head {
            let text = String::from_utf8_lossy(&bytes[..head]).to_lowercase();
            let length: usize = text
                .lines()
                .find_map(|line| line.strip_prefix("content-length:"))
                .map_or(0, |length| length.trim().parse().expect("a length"));
            if bytes.len() >= head + 4 + length {
                return String::from_utf8_lossy(&bytes).into_owned();
            }
        }
        match stream.read(&mut chunk).await {
            Ok(n @ 1..) => bytes.extend_from_slice(&chunk[..n]),
            _ => return String::from_utf8_lossy(&bytes).into_owned(),
        }
    }
}

/// A server that answers every request with this text, head and all, and keeps what it was asked.
pub async fn canned(answer: impl Into<Vec<u8>>) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let (log, answer) = (seen.clone(), Arc::new(answer.into()));
    let address = server(move |mut stream| {
        let (log, answer) = (log.clone(), answer.clone());
        async move {
            let request = read_request(&mut stream).await;
            log.lock().expect("log").push(request);
            let _ = stream.write_all(&answer).await;
            let _ = stream.shutdown().await;
        }
    })
    .await;
    (address, seen)
}

pub fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nContent-Type: text/plain\r\n\r\n{body}", body.len())
}

/// A server that answers nothing before it is let go, and counts who is waiting.
pub struct Holding {
    pub address: SocketAddr,
    pub waiting: Arc<AtomicUsize>,
    pub go: tokio::sync::watch::Sender<bool>,
}

pub async fn holding() -> Holding {
    let waiting = Arc::new(AtomicUsize::new(0));
    let (go, gone) = tokio::sync::watch::channel(false);
    let count = waiting.clone();
    let address = server(move |mut stream| {
        let (count, mut gone) = (count.clone(), gone.clone());
        async move {
            read_request(&mut stream).await;
            count.fetch_add(1, Ordering::SeqCst);
            let _ = gone.wait_for(|go| *go).await;
            let _ = stream.write_all(ok("late").as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    })
    .await;
    Holding { address, waiting, go }
}

/// A server with this certificate that answers every request with `answer`.
pub async fn tls_server(certified: &rcgen::CertifiedKey<rcgen::KeyPair>, answer: String) -> SocketAddr {
    use tokio_rustls::rustls::ServerConfig;
    use tokio_rustls::rustls::crypto::ring;
    use tokio_rustls::rustls::pki_types::PrivateKeyDer;
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .expect("a certificate");
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    server(move |stream| {
        let (acceptor, answer) = (acceptor.clone(), answer.clone());
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            let mut head = [0; 4096];
            if stream.read(&mut head).await.is_ok() {
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        }
    })
    .await
}
