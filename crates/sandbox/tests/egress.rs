//! Egress: rows a01 to a12 of docs/sandbox.md, and what network a script has.

mod common;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use common::net::{Net, PUBLIC, canned, holding, ok, read_request, server};
use common::{engine, eventually, policy, thrown, value};
use electrolint_policy::{Api, Value};
use electrolint_sandbox::egress::{Guard, Link, Mode, NetworkError, Request, Roots};
use electrolint_sandbox::{Event, Sandbox};
use tokio::io::AsyncWriteExt;

const NET: &str = r#"{"version":1,"permissions":["log","timers","net.request","net.websocket"],
    "network":{"hosts":["*.example.com","*.example.org:8443"]}}"#;

async fn with(text: &str, net: &Net) -> Sandbox {
    engine().sandbox().policy(policy(text)).egress(net.egress()).create().await.expect("a sandbox")
}

fn guard(text: &str, net: &Net) -> Guard {
    Guard::new(policy(text), net.egress())
}

async fn get(guard: &Guard, url: &str) -> Result<electrolint_sandbox::egress::Response, NetworkError> {
    guard.request(Request { url: url.into(), ..Request::default() }).await
}

fn rule(result: Result<electrolint_sandbox::egress::Response, NetworkError>) -> String {
    match result {
        Err(NetworkError::Refused { rule, .. }) => rule,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn a01_a_url_is_judged_before_any_socket_is_opened() {
    let (address, seen) = canned(ok("hello")).await;
    let net = Net::to(address);
    let sandbox = with(NET, &net).await;
    for (url, what) in [
        ("http://other.example/", "/network/hosts"),
        ("http://127.0.0.1/", "not-public"),
        ("http://localhost/", "reserved-name"),
        ("ftp://api.example.com/", "/network/request/schemes"),
        ("file:///etc/passwd", "/network/request/schemes"),
        ("http://a:b@api.example.com/", "userinfo"),
        ("http://api.example.com:22/", "blocked-port"),
        ("nonsense", "url"),
    ] {
        let error = thrown(&sandbox, &format!("return await network.request('{url}')")).await;
        assert_eq!(error.name, "NotAllowedError", "{url}");
        assert!(error.message.contains(what), "{url}: {}", error.message);
    }
    assert_eq!((net.names.count(), net.connected().len()), (0, 0), "nothing was looked up or connected to");
    let code = "const r = await network.request('http://api.example.com/a?b=c#d'); return [r.status, r.ok, r.text(), r.headers['content-type'], r.url]";
    let expected = ["text/plain", "http://api.example.com/a?b=c#d"];
    let Value::Array(found) = value(&sandbox, code).await else { panic!("a list") };
    assert_eq!(&found[..3], [200.into(), true.into(), "hello".into()]);
    assert_eq!(&found[3..], expected.map(Value::from));
    assert_eq!(net.connected(), [format!("{PUBLIC}:80")]);
    let request = seen.lock().expect("log")[0].to_lowercase();
    assert!(
        request.starts_with("get /a?b=c http/1.1\r\n") && request.contains("host: api.example.com\r\n"),
        "{request}"
    );
}

#[tokio::test]
async fn a01_methods_headers_and_bodies() {
    let (address, seen) = canned(ok(r#"{"n":1}"#)).await;
    let net = Net::to(address);
    let sandbox = with(NET, &net).await;
    let url = "'http://api.example.com/'";
    for (call, line, head, body) in [
        (format!("get({url}, {{ headers: {{ 'X-A': '1' }} }})"), "GET / ", "x-a: 1", ""),
        (format!("post({url}, {{ a: [1] }})"), "POST / ", "content-type: application/json", r#"{"a":[1]}"#),
        (format!("put({url}, 'text')"), "PUT / ", "content-type: text/plain;charset=utf-8", "text"),
        (format!("patch({url}, new Uint8Array([65, 66]))"), "PATCH / ", "content-length: 2", "AB"),
        (format!("delete({url})"), "DELETE / ", "accept: */*", ""),
        (
            format!("post({url}, new URLSearchParams({{ a: 'b c' }}))"),
            "POST / ",
            "content-type: application/x-www-form-urlencoded",
            "a=b+c",
        ),
    ] {
        let json = value(&sandbox, &format!("return (await network.request.{call}).json().n")).await;
        let request = seen.lock().expect("log").pop().expect("a request");
        assert_eq!(json, 1.into(), "{call}");
        let (top, rest) = request.split_once("\r\n\r\n").expect("a head");
        assert!(top.starts_with(line) && top.to_lowercase().contains(head) && rest == body, "{call}: {request}");
    }
    for header in [
        "Host",
        "Connection",
        "Upgrade",
        "TE",
        "Transfer-Encoding",
        "Content-Length",
        "Proxy-Authorization",
        "Expect",
        "Cookie2",
        "Sec-WebSocket-Key",
        "a b",
        "",
    ] {
        let code = format!("return await network.request({url}, {{ headers: {{ {header:?}: 'x' }} }})");
        assert_eq!(thrown(&sandbox, &code).await.name, "TypeError", "{header}");
    }
    for code in [
        format!("await network.request({url}, {{ headers: {{ a: 'x\\r\\nHost: y' }} }})"),
        format!("await network.request({url}, {{ headers: {{ a: 'x\\0' }} }})"),
        format!("await network.request({url}, {{ method: 'CONNECT' }})"),
        format!("await network.request({url}, {{ method: 'TRACE' }})"),
        format!("await network.request({url}, {{ body: 'x' }})"),
    ] {
        assert_eq!(thrown(&sandbox, &code).await.name, "TypeError", "{code}");
    }
    assert!(seen.lock().expect("log").is_empty());
}

#[tokio::test]
async fn a01_bodies_larger_than_a_message() {
    let (address, seen) = canned(ok(&"0123456789".repeat(1000))).await;
    let net = Net::to(address);
    let text = NET.replacen('{', r#"{"limits":{"messageBytes":4096},"#, 1);
    let sandbox = with(&text, &net).await;
    let code =
        "const r = await network.request.post('http://api.example.com/', 'x'.repeat(20000)); return r.text().length";
    assert_eq!(value(&sandbox, code).await, 10_000.into());
    let request = seen.lock().expect("log").pop().expect("a request");
    assert_eq!(request.split_once("\r\n\r\n").map(|(_, body)| body.len()), Some(20_000));
    // Each has its own bound: what others hand over at the same time does not count.
    let several = text.replace(r#""hosts""#, r#""request":{"maxBodyBytes":20000},"hosts""#);
    let code =
        "const all = [1, 2, 3, 4, 5].map(() => network.request.post('http://api.example.com/', 'x'.repeat(20000)));
        return (await Promise.all(all)).length";
    assert_eq!(value(&with(&several, &net).await, code).await, 5.into());
    // Bounds, both ways.
    let bounded = text.replace(r#""hosts""#, r#""request":{"maxBodyBytes":9999},"hosts""#);
    let sandbox = with(&bounded, &net).await;
    for code in [
        "await network.request('http://api.example.com/')",
        "await network.request.post('http://api.example.com/', 'x'.repeat(10000))",
    ] {
        assert_eq!(thrown(&sandbox, code).await.name, "QuotaExceededError", "{code}");
    }
}

#[tokio::test]
async fn a03_look_ups_are_remembered_for_five_minutes() {
    let (address, _) = canned(ok("")).await;
    let net = Net::to(address);
    let guard = guard(NET, &net);
    for (advance, asked) in [(0, 1), (0, 1), (299, 1), (2, 2), (298, 2), (3, 3)] {
        net.clock.advance(Duration::from_secs(advance));
        get(&guard, "http://api.example.com/").await.expect("a response");
        assert_eq!(net.names.count(), asked, "after {advance} s more");
    }
    // One spelling or another, it is one name.
    get(&guard, "http://API.example.com./").await.expect("a response");
    assert_eq!(net.names.count(), 3);
    // A failure is not remembered.
    assert!(get(&guard, "http://absent.example.com/").await.is_err());
    net.names.set("absent.example.com", &[PUBLIC]);
    assert!(get(&guard, "http://absent.example.com/").await.is_ok());
}

#[tokio::test]
async fn a03_one_answer_serves_all_who_wait_for_it() {
    let (address, _) = canned(ok("")).await;
    let net = Net::to(address);
    let guard = guard(NET, &net);
    let url = "http://api.example.com/";
    let all = tokio::join!(get(&guard, url), get(&guard, url), get(&guard, url), get(&guard, url));
    assert!(all.0.is_ok() && all.1.is_ok() && all.2.is_ok() && all.3.is_ok());
    assert_eq!(net.names.count(), 1);
}

#[tokio::test]
async fn a04_private_addresses_are_refused_and_public_ones_are_not() {
    let (address, _) = canned(ok("")).await;
    let net = Net::to(address);
    let text = r#"{"version":1,"permissions":["net.request"],"network":{"hosts":["*"]}}"#;
    let guard = guard(text, &net);
    for host in
        ["localhost", "127.0.0.1", "[::1]", "192.168.1.1", "10.0.0.1", "172.16.0.1", "172.31.255.255", "a.local"]
    {
        rule(get(&guard, &format!("http://{host}/")).await);
    }
    assert!(net.connected().is_empty());
    for host in ["8.8.8.8", "[2606:4700:4700::1111]", "172.15.0.1", "172.32.0.1", "api.example.com"] {
        get(&guard, &format!("http://{host}/")).await.expect(host);
    }
    // What a name resolves to: one forbidden answer refuses all, wherever it stands.
    for answers in
        ["10.0.0.1", "8.8.8.8,10.0.0.1", "10.0.0.1,8.8.8.8", "8.8.8.8,::1", "::ffff:8.8.8.8", "169.254.169.254"]
    {
        let before = net.connected().len();
        net.names.set("x.example.com", &[answers]);
        let refused = get(&self::guard(text, &net), "http://x.example.com/").await;
        let Err(NetworkError::Refused { rule, reason }) = refused else { panic!("{answers}: {refused:?}") };
        assert_eq!(rule, "not-public");
        assert!(!reason.contains("10.0.0.1"), "the script learns nothing of the names' server: {reason}");
        assert_eq!(net.connected().len(), before, "{answers}");
    }
}

#[tokio::test]
async fn a04_own_addresses_and_links_are_private() {
    let (address, _) = canned(ok("")).await;
    let net = Net::to(address);
    let guard = guard(NET, &net);
    get(&guard, "http://api.example.com/").await.expect("a public address");
    *net.links.0.lock().expect("links") = vec![Link { address: "93.184.216.1".parse().expect("an address"), bits: 24 }];
    assert_eq!(rule(get(&guard, "http://api.example.com/").await), "own-address", "on the link, by a known answer");
    net.links.0.lock().expect("links")[0].bits = 32;
    get(&guard, "http://api.example.com/").await.expect("a neighbour that is no neighbour");
    // Whatever the table of routes does.
    *net.carrier.ends.lock().expect("ends") = Some(PUBLIC.parse().expect("an address"));
    assert_eq!(rule(get(&guard, "http://api.example.com/").await), "own-address");
}

#[tokio::test]
async fn a05_five_requests_at_once() {
    let held = holding().await;
    let net = Net::to(held.address);
    let sandbox = with(&NET.replace(r#""hosts""#, r#""request":{"timeoutMs":60000},"hosts""#), &net).await;
    let all = "return (await Promise.all(Array.from({ length: 8 }, () => network.request('http://api.example.com/')))).length";
    let run = async { sandbox.execute(all).timeout(Duration::from_secs(120)).await };
    let watch = async {
        eventually("five are waiting", || held.waiting.load(Ordering::SeqCst) == 5).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(held.waiting.load(Ordering::SeqCst), 5, "and the others wait for their turn");
        held.go.send(true).expect("the server");
    };
    assert_eq!(tokio::join!(run, watch).0, Ok(8.into()));
    assert_eq!(held.waiting.load(Ordering::SeqCst), 8);
}

#[tokio::test(start_paused = true)]
async fn a06_ten_seconds_for_the_whole_exchange() {
    // Whatever is silent: the look-up, the connection, the answer.
    let net = Net::new();
    net.carrier.silent.lock().expect("silent").push(PUBLIC.parse().expect("an address"));
    let guard = Arc::new(guard(NET, &net));
    let began = tokio::time::Instant::now();
    assert!(matches!(get(&guard, "http://api.example.com/").await, Err(NetworkError::TimedOut(_))));
    assert_eq!(began.elapsed().as_secs(), 10);
    // Those that wait for their turn use up their own time.
    let began = tokio::time::Instant::now();
    let eight: Vec<_> = (0..8)
        .map(|_| {
            let guard = guard.clone();
            tokio::spawn(async move { get(&guard, "http://api.example.com/").await.is_err() })
        })
        .collect();
    for one in eight {
        assert!(one.await.expect("a task"));
    }
    assert_eq!(began.elapsed().as_secs(), 10);
}

#[tokio::test]
async fn a06_silence_and_dripping_end_by_the_limit() {
    let short = NET.replace(r#""hosts""#, r#""request":{"timeoutMs":300},"hosts""#);
    let silent = server(|mut stream| async move {
        read_request(&mut stream).await;
        std::future::pending::<()>().await;
    })
    .await;
    let dripping = server(|mut stream| async move {
        read_request(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n").await;
        while stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let heads = server(|mut stream| async move {
        while stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    for address in [silent, dripping, heads] {
        let net = Net::to(address);
        let sandbox = with(&short, &net).await;
        assert_eq!(thrown(&sandbox, "await network.request('http://api.example.com/')").await.name, "TimedOutErr");
    }
}

#[tokio::test]
async fn a07_redirects_are_returned_and_not_followed() {
    for status in [300, 301, 302, 303, 304, 307, 308] {
        for place in ["http://127.0.0.1/secret", "http://api.example.com/other", "//[::1]/"] {
            let head = format!("HTTP/1.1 {status} Elsewhere\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n");
            let (address, seen) = canned(head).await;
            let net = Net::to(address);
            let response = get(&guard(NET, &net), "http://api.example.com/").await.expect("a response");
            assert_eq!(response.status, status);
            assert!(response.headers.contains(&("location".into(), place.into())));
            assert_eq!((seen.lock().expect("log").len(), net.connected().len()), (1, 1));
        }
    }
}

#[tokio::test]
async fn a11_a_token_exchange_is_an_ordinary_post_over_tls() {
    let own = |name: &str| rcgen::generate_simple_self_signed(vec![name.to_owned()]).expect("a certificate");
    let certificate = own("login.example.com");
    let other = own("other.example.com");
    let der = certificate.cert.der().to_vec();
    let answer = r#"{"access_token":"t"}"#;
    for (served, trusted, is_answered) in [
        (&certificate, der.clone(), true),
        (&other, other.cert.der().to_vec(), false),
        (&certificate, other.cert.der().to_vec(), false),
    ] {
        let address = common::net::tls_server(served, ok(answer)).await;
        let net = Net::to(address);
        net.names.set("login.example.com", &[PUBLIC]);
        let egress = net.egress_trusting(Roots::only([trusted]).expect("a root"));
        let sandbox = engine().sandbox().policy(policy(NET)).egress(egress).create().await.expect("a sandbox");
        let code = "const body = new URLSearchParams({ grant_type: 'authorization_code', code: 'x' });
            return (await network.request.post('https://login.example.com/token', body)).json().access_token";
        if is_answered {
            assert_eq!(value(&sandbox, code).await, "t".into());
            assert_eq!(net.connected(), [format!("{PUBLIC}:443")]);
        } else {
            assert_eq!(thrown(&sandbox, code).await.name, "NetworkError");
        }
    }
}

#[tokio::test]
async fn b16_data_urls_are_answered_without_a_network() {
    let net = Net::new();
    let code =
        "const r = await network.request('data:text/plain;base64,SGk='); return r.text() + r.headers['content-type']";
    assert_eq!(thrown(&with(NET, &net).await, code).await.name, "NotAllowedError");
    let allowed = with(&NET.replace(r#""hosts""#, r#""dataUrls":true,"hosts""#), &net).await;
    assert_eq!(value(&allowed, code).await, "Hitext/plain".into());
    assert_eq!((net.names.count(), net.connected().len()), (0, 0));
}

#[tokio::test]
async fn c07_each_network_permission_makes_its_own_property() {
    let names = "return typeof network === 'undefined' ? [] : Object.keys(network)";
    for (permissions, expected) in [
        ("[]", vec![]),
        (r#"["net.request"]"#, vec!["request"]),
        (r#"["net.websocket"]"#, vec!["websocket"]),
        (r#"["net.request","net.websocket"]"#, vec!["request", "websocket"]),
    ] {
        let network = if permissions == "[]" { "" } else { r#","network":{"hosts":["*"]}"# };
        let text = format!(r#"{{"version":1,"permissions":{permissions}{network}}}"#);
        let found = value(&with(&text, &Net::new()).await, names).await;
        assert_eq!(found, Value::Array(expected.into_iter().map(Value::from).collect()), "{permissions}");
    }
    // The other door stays shut for a worker that calls it all the same.
    let only = guard(r#"{"version":1,"permissions":["net.request"],"network":{"hosts":["*"]}}"#, &Net::new());
    assert!(only.check("wss://a.example.com/", Api::WebSocket).is_err());
    assert!(only.check("https://a.example.com/", Api::Request).is_ok());
}

#[tokio::test]
async fn d12_report_mode_says_the_same_and_opens_nothing_private() {
    let (address, _) = canned(ok("seen")).await;
    let text = r#"{"version":1,"permissions":["net.request"],"network":{"hosts":["api.example.com"]},
        "api":{"add":{"args":[{"type":"number"}]}}}"#;
    let acts = [
        ("return (await network.request('http://api.example.com/')).text()", None),
        ("return (await network.request('http://new.example.net/')).text()", Some("/network/hosts")),
        ("return await api.add('1')", Some("add")),
        ("return await api.add(1)", None),
    ];
    for mode in [Mode::Enforce, Mode::Report] {
        let net = Net::to(address);
        net.names.set("new.example.net", &[PUBLIC]);
        net.names.set("inside.example.net", &["10.0.0.1"]);
        let builder = engine().sandbox().policy(policy(text)).egress(net.egress()).mode(mode);
        let sandbox = builder.api_value("add", |_| async { Ok(2.into()) }).create().await.expect("a sandbox");
        let mut events = sandbox.events();
        for (code, refused_by) in acts {
            let result = sandbox.execute(code).await;
            assert_eq!(result.is_ok(), refused_by.is_none() || mode == Mode::Report, "{code}: {result:?}");
            if let (Some(expected), Mode::Report) = (refused_by, mode) {
                let rule = loop {
                    let event = tokio::time::timeout(Duration::from_secs(60), events.next()).await.expect("in time");
                    if let Some(Event::Reported { rule, .. }) = event {
                        break rule;
                    }
                };
                assert_eq!(rule, expected);
            }
        }
        let before = net.connected().len();
        for url in [
            "http://127.0.0.1/",
            "http://inside.example.net/",
            "http://localhost/",
            "http://new.example.net:22/",
            "ftp://new.example.net/",
        ] {
            let error = thrown(&sandbox, &format!("await network.request('{url}')")).await;
            assert_eq!(error.name, "NotAllowedError", "{url}");
        }
        assert_eq!(net.connected().len(), before, "nothing private is opened");
    }
}

#[test]
fn the_numbers_of_the_source_are_the_defaults() {
    let asks = r#"{"version":1,"id":"a","main":"index.js","permissions":["net.request","net.websocket"],"network":{"hosts":["*"]}}"#;
    let policy = policy(asks);
    let network = &policy.network;
    assert_eq!((network.request_max_concurrent, network.websocket_max_concurrent), (5, 5));
    let seconds = [network.request_timeout, network.dns_cache, policy.limits.init_timeout, policy.restart.stable_after];
    assert_eq!(seconds.map(|duration| duration.as_secs()), [10, 300, 5, 60]);
    assert_eq!(policy.restart.max_consecutive_crashes, 3);
    assert!(network.websocket_schemes.iter().eq(["ws", "wss"]) && network.request_schemes.iter().eq(["http", "https"]));
}

#[tokio::test]
async fn nothing_goes_on_after_the_sandbox() {
    let held = holding().await;
    let net = Net::to(held.address);
    let sandbox = with(NET, &net).await;
    let waiting = async { sandbox.execute("await network.request('http://api.example.com/')").await };
    let end = async {
        eventually("it is asked", || held.waiting.load(Ordering::SeqCst) == 1).await;
        sandbox.reset().await.expect("a reset");
    };
    assert!(tokio::join!(waiting, end).0.is_err());
    held.go.send(true).expect("the server");
    // The new context has its own.
    assert_eq!(
        value(&sandbox, "return (await network.request('http://api.example.com/')).text()").await,
        "late".into()
    );
    sandbox.restart().await.expect("a restart");
    assert_eq!(
        value(&sandbox, "return (await network.request('http://api.example.com/')).text()").await,
        "late".into()
    );
}
