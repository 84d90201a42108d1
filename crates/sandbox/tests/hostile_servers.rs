//! Servers and name servers that lie: whatever they do, no forbidden connection is opened and nothing grows.

mod common;

use std::time::Duration;

use common::net::{Net, PUBLIC, canned, ok, read_request, server};
use common::policy;
use electrolint_sandbox::egress::{Guard, NetworkError, Request, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const NET: &str = r#"{"version":1,"permissions":["net.request"],"network":{"hosts":["*"],
    "request":{"maxBodyBytes":1000}}}"#;

async fn get(guard: &Guard, url: &str) -> Result<Response, NetworkError> {
    guard.request(Request { url: url.into(), ..Request::default() }).await
}

async fn answered(answer: &str) -> Result<Response, NetworkError> {
    let (address, _) = canned(answer.to_owned()).await;
    get(&Guard::new(policy(NET), Net::to(address).egress()), "http://api.example.com/").await
}

#[tokio::test]
async fn answers_of_names_that_change() {
    let (address, _) = canned(ok("")).await;
    for (answers, allowed) in [
        // Rebinding: public when it is checked, private when it is used. There is one look-up, and what it said is used.
        (&["8.8.8.8", "127.0.0.1"][..], true),
        (&["127.0.0.1", "8.8.8.8"][..], false),
        (&["8.8.8.8,8.8.4.4"][..], true),
        (&["8.8.8.8,192.168.0.1"][..], false),
        (&["2606:4700:4700::1111,8.8.8.8"][..], true),
        (&["fe80::1,8.8.8.8"][..], false),
        (&["64:ff9b::7f00:1"][..], false),
        (&["0.0.0.0"][..], false),
    ] {
        let net = Net::to(address);
        net.names.set("x.example.com", answers);
        let guard = Guard::new(policy(NET), net.egress());
        let first = get(&guard, "http://x.example.com/").await;
        assert_eq!(first.is_ok(), allowed, "{answers:?}: {first:?}");
        // A record's own time says nothing: within five minutes the answer stands, for good or ill.
        net.clock.advance(Duration::from_secs(299));
        assert_eq!(get(&guard, "http://x.example.com/").await.is_ok(), allowed, "{answers:?}, again");
        assert_eq!(net.names.count(), 1);
        // After that it is asked and judged anew.
        net.clock.advance(Duration::from_secs(2));
        let last = *answers.last().expect("an answer");
        let later = get(&guard, "http://x.example.com/").await;
        let is_public = last.split(',').all(|a| electrolint_policy::is_public(a.parse().expect("an address")));
        assert_eq!(later.is_ok(), is_public, "{answers:?}, later");
        let connected = net.connected();
        let all_public =
            |text: &String| electrolint_policy::is_public(text.parse::<std::net::SocketAddr>().expect("one").ip());
        assert!(connected.iter().all(all_public), "{connected:?}");
    }
}

#[tokio::test]
async fn without_a_cache_every_request_asks_and_judges() {
    let (address, _) = canned(ok("")).await;
    let net = Net::to(address);
    net.names.set("x.example.com", &["8.8.8.8", "10.0.0.1", "8.8.4.4"]);
    let text = NET.replace(r#""hosts""#, r#""dns":{"cacheSeconds":0},"hosts""#);
    let guard = Guard::new(policy(&text), net.egress());
    let found = [
        get(&guard, "http://x.example.com/").await.is_ok(),
        get(&guard, "http://x.example.com/").await.is_ok(),
        get(&guard, "http://x.example.com/").await.is_ok(),
    ];
    assert_eq!(found, [true, false, true]);
    assert_eq!(net.connected(), ["8.8.8.8:80", "8.8.4.4:80"]);
}

#[tokio::test]
async fn many_answers_and_none() {
    let net = Net::new();
    let many: Vec<String> = (0..200).map(|n| format!("8.8.8.{n}")).collect();
    net.names.set("many.example.com", &[&many.join(",")]);
    let guard = Guard::new(policy(NET), net.egress());
    assert!(matches!(get(&guard, "http://many.example.com/").await, Err(NetworkError::Failed { .. })));
    assert!(matches!(get(&guard, "http://absent.example.com/").await, Err(NetworkError::Failed { .. })));
    assert!(net.connected().is_empty());
    // An address that refuses is passed over for the next.
    net.names.set("two.example.com", &["8.8.8.8,8.8.4.4"]);
    assert!(get(&guard, "http://two.example.com/").await.is_err());
    assert_eq!(net.connected(), ["8.8.8.8:80", "8.8.4.4:80"]);
}

#[tokio::test]
async fn lengths_that_lie() {
    let length = |length: usize, body: &str| format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}");
    assert_eq!(answered(&length(5, "hello")).await.expect("a response").body, b"hello");
    // More than was said is not read, less is an error.
    assert_eq!(answered(&length(5, "hello and more")).await.expect("a response").body, b"hello");
    assert!(matches!(answered(&length(500, "short")).await, Err(NetworkError::Failed { .. })));
    // What is announced is refused before it comes; without a length it is counted.
    assert!(matches!(answered(&length(1001, "")).await, Err(NetworkError::TooLarge { .. })));
    let until_end = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(2000));
    assert!(matches!(answered(&until_end).await, Err(NetworkError::TooLarge { .. })));
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(answered(&format!("{chunked}5\r\nhello\r\n0\r\n\r\n")).await.expect("a response").body, b"hello");
    for bad in ["fffffffffffffffff\r\n", "zz\r\n", "5\r\nhel", "7d0\r\n"] {
        let body = if bad == "7d0\r\n" { format!("{bad}{}", "x".repeat(2000)) } else { bad.to_owned() };
        assert!(answered(&format!("{chunked}{body}")).await.is_err(), "{bad}");
    }
    for bad in ["Content-Length: 5\r\nContent-Length: 6\r\n", "Content-Length: -1\r\n", "Content-Length: 1x\r\n"] {
        assert!(answered(&format!("HTTP/1.1 200 OK\r\n{bad}\r\nhello")).await.is_err(), "{bad}");
    }
}

#[tokio::test]
async fn heads_that_are_no_heads() {
    for bad in [
        String::new(),
        "nonsense\r\n\r\n".into(),
        "HTTP/9.9 200 OK\r\n\r\n".into(),
        "HTTP/1.1 20 OK\r\n\r\n".into(),
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n".into(),
        format!("HTTP/1.1 200 OK\r\nA: {}\r\n\r\n", "x".repeat(100_000)),
        format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(200)),
        "HTTP/1.1 200 OK\r\nA: \0\r\n\r\n".into(),
    ] {
        let result = answered(&bad).await;
        let what = result.map(|response| response.status);
        assert!(matches!(what, Err(NetworkError::Failed { .. })), "{:.40}: {what:?}", bad);
    }
    let odd =
        answered("HTTP/1.1 999 \r\nSet-Cookie: a\r\nSet-Cookie: b\r\nX: \u{fc}\r\nContent-Length: 0\r\n\r\n").await;
    assert_eq!(odd.map(|response| (response.status, response.headers.len())), Ok((999, 4)));
}

#[tokio::test]
async fn a_flood_is_cut_and_the_connection_closed() {
    let (closed, mut is_closed) = tokio::sync::mpsc::channel(1);
    let address = server(move |mut stream| {
        let closed = closed.clone();
        async move {
            read_request(&mut stream).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await;
            let chunk = format!("4000\r\n{}\r\n", "x".repeat(0x4000));
            while stream.write_all(chunk.as_bytes()).await.is_ok() {}
            let _ = closed.send(()).await;
        }
    })
    .await;
    let guard = Guard::new(policy(NET), Net::to(address).egress());
    assert!(matches!(get(&guard, "http://api.example.com/").await, Err(NetworkError::TooLarge { .. })));
    tokio::time::timeout(Duration::from_secs(60), is_closed.recv()).await.expect("the server sees the end");
}

#[tokio::test]
async fn a_connection_that_is_given_up_is_closed() {
    let (closed, mut is_closed) = tokio::sync::mpsc::channel(1);
    let address = server(move |mut stream| {
        let closed = closed.clone();
        async move {
            read_request(&mut stream).await;
            let mut byte = [0];
            let _ = stream.read(&mut byte).await;
            let _ = closed.send(()).await;
        }
    })
    .await;
    let text = NET.replace(r#""maxBodyBytes":1000"#, r#""timeoutMs":200"#);
    let guard = Guard::new(policy(&text), Net::to(address).egress());
    assert!(matches!(get(&guard, "http://api.example.com/").await, Err(NetworkError::TimedOut(_))));
    tokio::time::timeout(Duration::from_secs(60), is_closed.recv()).await.expect("the server sees the end");
    assert_eq!(PUBLIC.parse::<std::net::IpAddr>().map(electrolint_policy::is_public), Ok(true));
}

/// Nothing is decompressed: what a body would become is never in memory, and what it is counts.
#[tokio::test]
async fn a_compressed_body_stays_as_it_is() {
    for coding in ["gzip", "br", "deflate", "zstd", "gzip, gzip"] {
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: 4\r\n\r\n\x1f\x0babc");
        let response = answered(&answer).await.expect("an answer");
        assert_eq!(response.body, b"\x1f\x0bab", "{coding}");
        assert!(response.headers.contains(&("content-encoding".into(), coding.into())));
    }
    // And no server is asked to compress.
    let (address, seen) = canned(common::net::ok("x")).await;
    let guard = Guard::new(policy(NET), Net::to(address).egress());
    get(&guard, "http://api.example.com/").await.expect("an answer");
    let asked = seen.lock().expect("log").pop().expect("a request").to_lowercase();
    assert!(!asked.contains("accept-encoding"), "{asked}");
}
