//! Socket.IO of addons: row a15 of docs/sandbox.md, with a client of the protocol written out. The library of npm is in
//! `npm/sandbox/test/addons.test.js`.
#![allow(clippy::disallowed_methods, reason = "clients of the server connect")]

mod common;

use std::net::SocketAddr;
use std::time::Duration;

use common::addons::{Place, event, logged, reach};
use electrolint_policy::Ceiling;
use electrolint_sandbox::host::{AddonState, Host, HostEvents, HostOptions};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

struct Client(WebSocketStream<TcpStream>);

impl Client {
    /// The socket of Engine.IO, before any namespace.
    async fn open(address: SocketAddr, headers: &[(&'static str, &str)]) -> Option<Self> {
        let mut request = format!("ws://{address}/addon/socket.io/?EIO=4&transport=websocket")
            .into_client_request()
            .expect("a request");
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().expect("a value"));
        }
        let stream = TcpStream::connect(address).await.expect("the server");
        let (socket, _) = tokio_tungstenite::client_async(request, stream).await.ok()?;
        let mut client = Self(socket);
        assert!(client.next().await.starts_with("0{"), "the handshake");
        Some(client)
    }

    /// A namespace, joined.
    async fn join(address: SocketAddr, name: &str, auth: &str) -> Result<Self, String> {
        let mut client = Self::open(address, &[]).await.expect("a socket");
        client.say(&format!("40{name},{auth}")).await;
        let answer = client.next().await;
        if answer.starts_with(&format!("40{name},")) { Ok(client) } else { Err(answer) }
    }

    async fn say(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.expect("sent");
    }

    /// The next packet but pings, which are answered; `closed` at the end.
    async fn next(&mut self) -> String {
        loop {
            let message = tokio::time::timeout(Duration::from_secs(60), self.0.next()).await.expect("in time");
            match message {
                Some(Ok(Message::Text(text))) if text.as_str() == "2" => self.say("3").await,
                Some(Ok(Message::Text(text))) => return text.as_str().to_owned(),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return "closed".into(),
                Some(Ok(_)) => {}
            }
        }
    }
}

const RULES: &str = r#","permissions":["log","timers","inbound.socketio"],"inbound":{"socketio":["live",{"path":"open/deep","requireToken":false}],"maxBodyBytes":10000}"#;

const MAIN: &str = "
    io.of('live').on('connection', (socket) => {
        console.log(`joined ${socket.id.length > 0}`);
        socket.on('echo', (...args) => { const ack = args.pop(); if (typeof ack === 'function') ack(...args, 'acked'); else { args.push(ack); socket.emit('echoed', ...args); } });
        socket.on('all', (text) => io.of('live').emit('said', text));
        socket.on('bye', () => socket.disconnect());
        socket.on('throw', () => { throw new Error('mine') });
        socket.on('crash', () => { setTimeout(() => Promise.reject(new Error('crash')), 1) });
        socket.on('disconnect', () => console.log('left'));
    });
    io.of('/open/deep/').on('connection', (socket) => socket.emit('welcome', { list: [1, [2]] }));
    console.log('up');";

async fn served(place: &Place) -> (Host, HostEvents, SocketAddr) {
    place.addon("a", RULES, MAIN);
    place.addon(
        "b",
        r#","permissions":["inbound.socketio"],"inbound":{"socketio":["live"]}"#,
        "io.of('live').on('connection', (s) => s.emit('of', 'b'))",
    );
    let ceiling = r#"{"version":1,"restart":{"backoffMs":[0]},"inbound":{"socketio":["live",{"path":"open/deep","requireToken":false}]}}"#;
    let options = HostOptions { ceiling: Ceiling::parse(ceiling).expect("a ceiling"), ..place.options() };
    let (host, events) = Host::open(options).expect("a host");
    reach(&host, "a", AddonState::Running).await;
    reach(&host, "b", AddonState::Running).await;
    let address = host.address().expect("it is served");
    (host, events, address)
}

#[tokio::test]
async fn a15_namespaces_are_their_addons_own() {
    let place = Place::new();
    let (host, mut events, address) = served(&place).await;
    let token = format!(r#"{{"token":"{}"}}"#, host.token("a").expect("a token"));
    let other = format!(r#"{{"token":"{}"}}"#, host.token("b").expect("a token"));
    for (name, auth, why) in [
        ("/addon/a/live", "", "token"),
        ("/addon/a/live", r#"{"token":"wrong"}"#, "token"),
        ("/addon/a/live", r#"{"token":["x"]}"#, "token"),
        ("/addon/a/live", &*other, "token"),
        ("/addon/b/live", &*token, "token"),
        ("/addon/a/unlisted", &*token, "Invalid namespace"),
        ("/addon/c/live", &*token, "Invalid namespace"),
        ("/addon/a", &*token, "Invalid namespace"),
        ("/addon/a/live/", &*token, "Invalid namespace"),
        ("/", &*token, "Invalid namespace"),
    ] {
        let Err(refused) = Client::join(address, name, auth).await else { panic!("{name} {auth}") };
        assert!(refused.starts_with("44") && refused.contains(why), "{name} {auth}: {refused}");
    }
    let mut one = Client::join(address, "/addon/a/live", &token).await.expect("joined");
    assert_eq!(event(&mut events, "a", logged).await, "up");
    assert_eq!(event(&mut events, "a", logged).await, "joined true");
    let mut two = Client::join(address, "/addon/a/live", &token).await.expect("joined");
    let mut of_b = Client::join(address, "/addon/b/live", &other).await.expect("joined");
    assert_eq!(of_b.next().await, r#"42/addon/b/live,["of","b"]"#);
    one.say(r#"42/addon/a/live,["echo",1,{"a":[true]},"x"]"#).await;
    assert_eq!(one.next().await, r#"42/addon/a/live,["echoed",1,{"a":[true]},"x"]"#);
    one.say(r#"42/addon/a/live,7["echo",1]"#).await;
    assert_eq!(one.next().await, r#"43/addon/a/live,7[1,"acked"]"#);
    // To all of the namespace, and to nobody else.
    one.say(r#"42/addon/a/live,["all","hi"]"#).await;
    assert_eq!(
        (one.next().await, two.next().await),
        (r#"42/addon/a/live,["said","hi"]"#.into(), r#"42/addon/a/live,["said","hi"]"#.into())
    );
    // What a handler throws is logged.
    one.say(r#"42/addon/a/live,["throw"]"#).await;
    assert_eq!(event(&mut events, "a", logged).await, "joined true");
    assert!(event(&mut events, "a", logged).await.contains("uncaught in a handler of throw: Error: mine"));
    one.say(r#"42/addon/a/live,["bye"]"#).await;
    assert_eq!(one.next().await, "41/addon/a/live,");
    assert_eq!(event(&mut events, "a", logged).await, "left");
    // Without a token, where manifest and host both say so.
    let mut open = Client::join(address, "/addon/a/open/deep", "").await.expect("joined");
    assert_eq!(open.next().await, r#"42/addon/a/open/deep,["welcome",{"list":[1,[2]]}]"#);
}

#[tokio::test]
async fn a15_a_new_worker_knows_the_sockets_that_are_there() {
    let place = Place::new();
    let (host, mut events, address) = served(&place).await;
    let token = format!(r#"{{"token":"{}"}}"#, host.token("a").expect("a token"));
    let mut client = Client::join(address, "/addon/a/live", &token).await.expect("joined");
    client.say(r#"42/addon/a/live,["crash"]"#).await;
    for expected in ["up", "joined true", "up", "joined true"] {
        assert_eq!(event(&mut events, "a", logged).await, expected);
    }
    client.say(r#"42/addon/a/live,["echo","still"]"#).await;
    assert_eq!(client.next().await, r#"42/addon/a/live,["echoed","still"]"#);
    host.uninstall("a").await.expect("uninstalled");
    assert_eq!(client.next().await, "41/addon/a/live,");
    assert!(Client::join(address, "/addon/a/live", &token).await.is_err());
}

#[tokio::test]
async fn a15_sockets_have_bounds_and_origins() {
    let place = Place::new();
    let (host, _events, address) = served(&place).await;
    for (origin, allowed) in [("http://evil.example", false), ("null", false), (&*format!("http://{address}"), true)] {
        assert_eq!(Client::open(address, &[("origin", origin)]).await.is_some(), allowed, "{origin}");
    }
    assert!(Client::open(address, &[("host", "evil.example")]).await.is_none());
    let token = format!(r#"{{"token":"{}"}}"#, host.token("a").expect("a token"));
    let join = || Client::join(address, "/addon/a/live", &token);
    // Larger than the policy allows, than the server takes, not JSON, a name without end, and binary.
    for message in [
        format!(r#"42/addon/a/live,["echo","{}"]"#, "x".repeat(10_001)),
        format!(r#"42/addon/a/live,["echo","{}"]"#, "x".repeat(2 << 20)),
        format!(r#"42/addon/a/live,["{}"]"#, "e".repeat(300)),
        format!(r#"42/addon/a/live,["echo"{}]"#, ",1".repeat(100)),
        r#"42/addon/a/live,["echo",{]"#.into(),
        r#"451-/addon/a/live,["echo",{"_placeholder":true,"num":0}]"#.into(),
        "nonsense".into(),
    ] {
        let mut client = join().await.expect("joined");
        let _ = client.0.send(Message::text(message.clone())).await;
        let end = client.next().await;
        assert!(end == "closed" || end == "1" || end.starts_with("41/addon/a/live"), "{:.60}: {end}", message);
    }
    let mut client = join().await.expect("joined");
    client.say(&format!(r#"42/addon/a/live,["echo","{}"]"#, "x".repeat(9_000))).await;
    assert!(client.next().await.starts_with(r#"42/addon/a/live,["echoed","xxx"#));
}
