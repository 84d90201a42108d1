//! Sockets: rows a02 and a08 to a10 of docs/sandbox.md.

mod common;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::net::{Net, PUBLIC, canned, ok, server};
use common::{engine, eventually, policy, thrown, value};
use electrolint_policy::Value;
use electrolint_sandbox::Sandbox;
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::Message;

const NET: &str = r#"{"version":1,"permissions":["log","timers","net.request","net.websocket"],
    "network":{"hosts":["*.example.com"]}}"#;

async fn with(text: &str, net: &Net) -> Sandbox {
    engine().sandbox().policy(policy(text)).egress(net.egress()).create().await.expect("a sandbox")
}

/// A server that gives every message back, and counts the sockets that are open.
async fn echo() -> (SocketAddr, Arc<AtomicUsize>) {
    let open = Arc::new(AtomicUsize::new(0));
    let count = open.clone();
    let address = server(move |stream| {
        let count = count.clone();
        async move {
            let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else { return };
            count.fetch_add(1, Ordering::SeqCst);
            while let Some(Ok(message)) = socket.next().await {
                let answer = match message {
                    Message::Text(text) if text.as_str() == "end" => {
                        let _ = socket.close(None).await;
                        continue;
                    }
                    Message::Text(text) if text.as_str() == "flood" => Message::text("x".repeat(100_000)),
                    message @ (Message::Text(_) | Message::Binary(_)) => message,
                    _ => continue,
                };
                if socket.send(answer).await.is_err() {
                    break;
                }
            }
            count.fetch_sub(1, Ordering::SeqCst);
        }
    })
    .await;
    (address, open)
}

#[tokio::test]
async fn a02_sockets_are_judged_before_any_is_opened() {
    let (address, _) = echo().await;
    let net = Net::to(address);
    let sandbox = with(NET, &net).await;
    for (url, rule) in [
        ("ws://other.example/", "/network/hosts"),
        ("ws://10.0.0.1/", "not-public"),
        ("ws://localhost/", "reserved-name"),
        ("ws://a@api.example.com/", "userinfo"),
        ("ws://api.example.com:25/", "blocked-port"),
    ] {
        let error = thrown(&sandbox, &format!("await network.websocket('{url}')")).await;
        assert!(error.name == "NotAllowedError" && error.message.contains(rule), "{url}: {error:?}");
    }
    assert_eq!((net.names.count(), net.connected().len()), (0, 0));
    let code = "const socket = await network.websocket('ws://api.example.com/live?x=1');
        const got = new Promise((done) => { socket.onmessage = ({ data }) => done(data) });
        await socket.send('héllo'); return [await got, socket.url, socket.readyState]";
    let expected = ["héllo".into(), "ws://api.example.com/live?x=1".into(), 1.into()];
    assert_eq!(value(&sandbox, code).await, Value::Array(expected.to_vec()));
    assert_eq!(net.connected(), [format!("{PUBLIC}:80")]);
}

#[tokio::test]
async fn a02_messages_of_every_kind_and_size() {
    let (address, open) = echo().await;
    let net = Net::to(address);
    let small = NET.replacen('{', r#"{"limits":{"messageBytes":4096},"#, 1);
    let small = small.replace(r#""hosts""#, r#""websocket":{"maxMessageBytes":50000},"hosts""#);
    let sandbox = with(&small, &net).await;
    let code = "globalThis.socket = await network.websocket('ws://api.example.com/');
        globalThis.events = []; let wake; globalThis.seen = () => new Promise((done) => { wake = done });
        socket.on('message', ({ data }) => { events.push(data); wake?.() }).on('close', (event) => { events.push(event); wake?.() });
        const next = () => events.length ? events.shift() : seen().then(() => events.shift()); globalThis.next = next;
        socket.send(''); socket.send('a'.repeat(40000)); socket.send(new Uint8Array([0, 255]).buffer);
        const list = [await next(), (await next()).length, new Uint8Array(await next())[1]];
        return list";
    assert_eq!(value(&sandbox, code).await, Value::Array(vec!["".into(), 40_000.into(), 255.into()]));
    // Over the limit, out and in.
    assert_eq!(thrown(&sandbox, "await socket.send('x'.repeat(50001))").await.name, "QuotaExceededError");
    assert_eq!(thrown(&sandbox, "await socket.send({})").await.name, "TypeError");
    assert_eq!(thrown(&sandbox, "await socket.close(1001)").await.name, "TypeError");
    let closed = value(&sandbox, "await socket.send('flood'); return (await next()).code").await;
    assert_eq!(closed, 1009.into());
    assert_eq!(thrown(&sandbox, "await socket.send('late')").await.name, "NetworkError");
    // An end that the other side wants, and one that the script wants.
    let code =
        "const s = await network.websocket('ws://api.example.com/'); const end = new Promise((r) => { s.onclose = r });
        await s.send('end'); return (await end).code";
    assert_eq!(value(&sandbox, code).await, 1005.into());
    let code = "const s = await network.websocket.connect('ws://api.example.com/'); const end = new Promise((r) => { s.onclose = r });
        await s.close(3000, 'bye'); return [(await end).code, s.readyState]";
    let Value::Array(found) = value(&sandbox, code).await else { panic!("a list") };
    assert_eq!(found[1], 3.into());
    eventually("all sockets are closed", || open.load(Ordering::SeqCst) == 0).await;
}

#[tokio::test]
async fn a20_errors_of_event_handlers_are_logged() {
    let (address, _) = echo().await;
    let sandbox = with(NET, &Net::to(address)).await;
    let mut events = sandbox.events();
    let code = "const s = await network.websocket('ws://api.example.com/'); let n = 0;
        const twice = new Promise((done) => { s.onmessage = () => { n += 1; if (n === 2) done(n); throw new Error('mine') } });
        await s.send('1'); await s.send('2'); return await twice";
    assert_eq!(value(&sandbox, code).await, 2.into());
    let text = loop {
        let event = tokio::time::timeout(Duration::from_secs(60), events.next()).await.expect("in time");
        if let Some(electrolint_sandbox::Event::Log { text, .. }) = event {
            break text;
        }
    };
    assert!(text.contains("uncaught in a handler of message: Error: mine"), "{text}");
}

#[tokio::test]
async fn a08_five_sockets_at_once() {
    let (address, open) = echo().await;
    let net = Net::to(address);
    let sandbox = with(NET, &net).await;
    let code = "globalThis.sockets = []; for (let i = 0; i < 5; i += 1) sockets.push(await network.websocket('ws://api.example.com/')); return sockets.length";
    assert_eq!(value(&sandbox, code).await, 5.into());
    let sixth = "await network.websocket('ws://api.example.com/')";
    assert_eq!(thrown(&sandbox, sixth).await.name, "QuotaExceededError");
    assert_eq!((open.load(Ordering::SeqCst), net.connected().len()), (5, 5));
    // One that is closed makes room, and another sandbox has its own five.
    assert_eq!(value(&sandbox, "await sockets[0].close(); return 1").await, 1.into());
    assert_eq!(value(&sandbox, &format!("{sixth}; return 1")).await, 1.into());
    let other = with(NET, &net).await;
    assert_eq!(value(&other, &format!("{sixth}; return 1")).await, 1.into());
    // They end with their sandbox.
    sandbox.exit().await;
    drop(other);
    eventually("every socket is closed", || open.load(Ordering::SeqCst) == 0).await;
}

#[tokio::test]
async fn a09_ws_and_wss_only() {
    let (address, _) = echo().await;
    let net = Net::to(address);
    let sandbox = with(NET, &net).await;
    for scheme in ["http", "https", "ftp", "file"] {
        let error = thrown(&sandbox, &format!("await network.websocket('{scheme}://api.example.com/')")).await;
        assert!(error.message.contains("/network/websocket/schemes"), "{scheme}: {error:?}");
    }
    assert!(net.connected().is_empty());
    // A secure socket is asked for, and the server speaks no TLS.
    assert_eq!(thrown(&sandbox, "await network.websocket('wss://api.example.com/')").await.name, "NetworkError");
    assert_eq!(net.connected(), [format!("{PUBLIC}:443")]);
    assert_eq!(value(&sandbox, "await network.websocket('ws://api.example.com/'); return 1").await, 1.into());
}

#[tokio::test]
async fn a10_one_guard_and_one_cache_for_both() {
    let (address, _) = echo().await;
    let net = Net::to(address);
    let sandbox = with(NET, &net).await;
    thrown(&sandbox, "await network.request('http://api.example.com:8080/', { method: 'NO' })").await;
    // The server answers no plain request: what counts is the look-up.
    let _ = sandbox.execute("await network.request('http://api.example.com/')").await;
    assert_eq!(value(&sandbox, "await network.websocket('ws://api.example.com/'); return 1").await, 1.into());
    assert_eq!((net.names.count(), net.connected().len()), (1, 2));
    net.names.set("inside.example.com", &["192.168.0.1"]);
    for code in
        ["await network.request('http://inside.example.com/')", "await network.websocket('ws://inside.example.com/')"]
    {
        assert!(thrown(&sandbox, code).await.message.contains("not-public"), "{code}");
    }
    assert_eq!((net.names.count(), net.connected().len()), (2, 2));
}

#[tokio::test]
async fn a_server_that_does_not_upgrade_is_no_socket() {
    for answer in [
        ok("no"),
        "HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1/\r\nContent-Length: 0\r\n\r\n".into(),
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n".into(),
        "x".repeat(100_000),
    ] {
        let (address, _) = canned(answer).await;
        let net = Net::to(address);
        let error = thrown(&with(NET, &net).await, "await network.websocket('ws://api.example.com/')").await;
        assert_eq!((error.name.as_str(), net.connected().len()), ("NetworkError", 1));
    }
}

const ONE: &str = "const s = await network.websocket('ws://api.example.com/'); const end = new Promise((done) => { s.onclose = done });";

#[tokio::test]
async fn a_close_is_answered_and_one_that_is_not_answered_keeps_no_socket() {
    // The other side ends it and hears the answer.
    let (heard, mut hears) = tokio::sync::mpsc::unbounded_channel();
    let address = server(move |stream| {
        let heard = heard.clone();
        async move {
            let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else { return };
            let frame = tokio_tungstenite::tungstenite::protocol::CloseFrame { code: 4001.into(), reason: "go".into() };
            let _ = socket.close(Some(frame)).await;
            let _ = heard.send(matches!(socket.next().await, Some(Ok(Message::Close(_)))));
        }
    })
    .await;
    let sandbox = with(NET, &Net::to(address)).await;
    let code = format!("{ONE} const {{ code, reason }} = await end; return `${{code}} ${{reason}}`");
    assert_eq!(value(&sandbox, &code).await, "4001 go".into());
    let answered = tokio::time::timeout(Duration::from_secs(60), hears.recv()).await.expect("in time");
    assert_eq!(answered, Some(true), "an answer, and not only the end of the connection");

    // It takes no notice of a close, and goes on.
    let open = Arc::new(AtomicUsize::new(0));
    let count = open.clone();
    let address = server(move |stream| {
        let count = count.clone();
        async move {
            let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else { return };
            count.fetch_add(1, Ordering::SeqCst);
            while socket.send(Message::text("more")).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            count.fetch_sub(1, Ordering::SeqCst);
        }
    })
    .await;
    let short = NET.replace(r#""hosts""#, r#""request":{"timeoutMs":300},"websocket":{"maxConcurrent":1},"hosts""#);
    let sandbox = with(&short, &Net::to(address)).await;
    for _ in 0..3 {
        let code = format!("{ONE} await s.close(); return (await end).code");
        assert_eq!(value(&sandbox, &code).await, 1006.into());
    }
    eventually("every connection is closed", || open.load(Ordering::SeqCst) == 0).await;
}

#[tokio::test]
async fn floods_of_fragments_and_pings_are_bounded() {
    let small = NET.replace(r#""hosts""#, r#""websocket":{"maxMessageBytes":1024},"hosts""#);
    // Frames of a server, which are not masked: a first part of a text, parts of it, its last part; pings; compressed; masked.
    let (first, part, last) = (b"\x01\x01a".as_slice(), b"\x00\x01b".as_slice(), b"\x80\x01c".as_slice());
    let empty = b"\x00\x00".repeat(50_000);
    let pings = b"\x89\x02hi".repeat(50_000);
    for (name, sent, expected) in [
        ("fragments up to the limit", [first, &part.repeat(1022), last].concat(), "message 1024"),
        ("fragments over it", [first, &part.repeat(5000), last].concat(), "close 1009"),
        ("a length that is never sent", b"\x82\x7f\x00\x00\x00\xff\xff\xff\xff\xff".to_vec(), "close 1009"),
        ("empty fragments", [first, &empty, last].concat(), "message 2"),
        ("pings between", [first, &pings, last].concat(), "message 2"),
        ("a compressed frame", b"\xc1\x01a".to_vec(), "close 1006"),
        ("a masked frame", b"\x81\x81\x00\x00\x00\x00a".to_vec(), "close 1006"),
        ("a part of nothing", last.to_vec(), "close 1006"),
        ("a ping in parts", b"\x09\x01a".to_vec(), "close 1006"),
        ("a long ping", [b"\x89\x7e\x00\x80".as_slice(), &[0; 128]].concat(), "close 1006"),
        ("no UTF-8", b"\x81\x02\xff\xfe".to_vec(), "close 1006"),
    ] {
        let sent = Arc::new(sent);
        let address = server(move |stream| {
            let sent = sent.clone();
            async move {
                let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else { return };
                let (mut read, mut write) = tokio::io::split(socket.get_mut());
                // What comes is read, so that answers to pings stop nothing.
                let reading = async { while matches!(read.read(&mut [0; 4096]).await, Ok(1..)) {} };
                let writing = async { drop(write.write_all(&sent).await) };
                tokio::join!(reading, writing);
            }
        })
        .await;
        let sandbox = with(&small, &Net::to(address)).await;
        let code = format!(
            "{ONE} const got = new Promise((done) => {{ s.onmessage = ({{ data }}) => done(`message ${{data.length}}`) }});
            return await Promise.race([got, end.then(({{ code }}) => `close ${{code}}`)])"
        );
        assert_eq!(value(&sandbox, &code).await, expected.into(), "{name}");
    }
}
