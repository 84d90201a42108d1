//! What addons serve: rows a12 to a15, a24 and a25 of docs/sandbox.md.
#![allow(clippy::disallowed_methods, reason = "clients of the server connect")]

mod common;

use std::net::SocketAddr;
use std::time::Duration;

use common::addons::{Place, event, logged, reach};
use common::engine;
use electrolint_policy::Ceiling;
use electrolint_sandbox::host::{AddonState, Host, HostOptions};
use electrolint_sandbox::{Act, Status};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Status, head in lower case, and body.
type Answer = (u16, String, String);

/// Sends these bytes and reads to the end.
async fn raw(address: SocketAddr, request: &str) -> Answer {
    let exchange = async {
        let mut stream = TcpStream::connect(address).await.expect("the server");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    };
    let answer = tokio::time::timeout(Duration::from_secs(60), exchange).await.expect("in time");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    (status, head.to_lowercase(), body.to_owned())
}

/// A request with these headers, each with its line end, and this body.
async fn ask(address: SocketAddr, method: &str, target: &str, headers: &str, body: &str) -> Answer {
    let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    let request =
        format!("{method} {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}{length}\r\n{body}");
    raw(address, &request).await
}

async fn get(address: SocketAddr, target: &str) -> Answer {
    ask(address, "GET", target, "", "").await
}

const ROUTES: &str = r#","permissions":["log","timers","inbound.http","inbound.static"],"inbound":{"http":[
    {"method":"GET","path":"open","requireToken":false},{"method":"GET","path":"secret"},
    {"method":"POST","path":"echo/deep","requireToken":false},{"method":"GET","path":"throws","requireToken":false},
    {"method":"GET","path":"big","requireToken":false},
    {"method":"GET","path":"odd","requireToken":false},{"method":"GET","path":"absent","requireToken":false}],
    "static":"web","maxBodyBytes":100000},"limits":{"messageBytes":8192}"#;

const MAIN: &str = "
    http.get('open', (request, response) => response.json({ hello: data.id, query: request.query }));
    http.get('/secret', () => 'the secret');
    http.post('echo/deep', (request, response) => response.status(201).set('X-Type', typeof request.body).send(request.body));
    http.get('throws', () => { throw new Error('mine') });
    http.get('big', (request, response) => response.send('x'.repeat(Number(request.query.n))));
    http.get('odd', (request, response) => response.set({ 'Set-Cookie': 'a=b', 'Access-Control-Allow-Origin': '*', 'X-Own': '1', 'Content-Length': '3' })
        .status(Number(request.query.status)).end('odd'));
    http.get('unlisted', () => 'never');
    console.log(data.url + ' ' + data.staticUrl);";

/// A route without token needs the host's word too.
fn ceiling() -> Ceiling {
    let open = |method: &str, path: &str| format!(r#"{{"method":"{method}","path":"{path}","requireToken":false}}"#);
    let mut routes: Vec<String> = ["open", "throws", "slow", "big", "odd", "absent", "other", "hang"]
        .iter()
        .map(|path| open("GET", path))
        .collect();
    routes.push(open("POST", "echo/deep"));
    routes.extend(["secret", "x"].map(|path| format!(r#"{{"method":"GET","path":"{path}"}}"#)));
    let text =
        format!(r#"{{"version":1,"limits":{{"messageBytes":8192}},"inbound":{{"http":[{}]}}}}"#, routes.join(","));
    Ceiling::parse(&text).expect("a ceiling")
}

async fn served(place: &Place) -> (Host, SocketAddr) {
    let folder = place.addon("a", ROUTES, MAIN);
    std::fs::create_dir_all(folder.join("web/dir")).expect("a folder");
    std::fs::write(folder.join("web/index.html"), "<p>the page</p>").expect("a file");
    std::fs::write(folder.join("web/dir/a b.js"), "1").expect("a file");
    std::fs::write(folder.join("secret.txt"), "outside").expect("a file");
    std::fs::write(folder.join("storage_data.json"), "1").expect("a file");
    let (host, _events) = Host::open(HostOptions { ceiling: ceiling(), ..place.options() }).expect("a host");
    reach(&host, "a", AddonState::Running).await;
    let address = host.address().expect("it is served");
    (host, address)
}

#[tokio::test]
async fn a12_addons_never_bind_ports() {
    // Nothing to listen with, and no call that could.
    let place = Place::new();
    place.addon(
        "a",
        "",
        "console.log(['http', 'net', 'listen', 'server', 'io'].filter((name) => name in globalThis).join() || 'none')",
    );
    let (host, mut events) = place.open();
    assert_eq!(event(&mut events, "a", logged).await, "none");
    assert_eq!(host.address(), None, "and the host listens for nobody who may serve nothing");
    assert_eq!(engine().probe(Act::Socket, true).await.expect("a probe"), Status::Signal(31));
    // Only loopback, whoever asks.
    place.addon("b", ROUTES, "");
    std::fs::create_dir(place.root.path().join("addons/b/web")).expect("a folder");
    host.stop().await;
    let everywhere = HostOptions { listen: "0.0.0.0:0".parse().expect("an address"), ..place.options() };
    assert!(Host::open(everywhere).is_err());
}

#[tokio::test]
async fn a13_routes_are_served_and_each_is_its_addons_own() {
    let place = Place::new();
    place.addon(
        "b",
        r#","permissions":["inbound.http"],"inbound":{"http":[{"method":"GET","path":"other","requireToken":false}]}"#,
        "http.get('other', () => 'b')",
    );
    let (host, address) = served(&place).await;
    reach(&host, "b", AddonState::Running).await;
    let (status, head, body) = get(address, "/addon/a/open?x=1").await;
    assert_eq!((status, body.as_str()), (200, r#"{"hello":"a","query":{"x":"1"}}"#));
    for header in [
        "content-type: application/json",
        "x-content-type-options: nosniff",
        "referrer-policy: no-referrer",
        "cache-control: no-store",
        "cross-origin-resource-policy: same-origin",
    ] {
        assert!(head.contains(header), "{header}: {head}");
    }
    assert!(!head.contains("access-control"));
    assert_eq!(get(address, "/addon/b/other").await.2, "b");
    for target in [
        "/addon/b/open",
        "/addon/a/other",
        "/addon/a/unlisted",
        "/addon/a/",
        "/addon/a",
        "/addon//open",
        "/addon/__proto__/open",
        "/addon/constructor/open",
        "/addon/A/open",
        "/addon/a/open/",
        "/addon/a//open",
        "/addon/a/../a/open",
        "/addon/a/./open",
        "/addon/a/%6fpen",
        "/addon/a%2fopen",
        "/addon/%61/open",
        "/addon/a/open%2f",
        "/addon/a/open%00",
        "/addon/a/open\\",
        "/addon/b/../a/open",
        "/",
        "/open",
        "//addon/a/open",
        "/ADDON/a/open",
        "/addon/a/echo%2fdeep",
        "/addon/a/absent",
    ] {
        assert_eq!(get(address, target).await.0, 404, "{target}");
    }
    let (status, head, _) = ask(address, "DELETE", "/addon/a/open", "", "").await;
    assert!(status == 405 && head.contains("allow: get"), "{head}");
    assert_eq!(ask(address, "HEAD", "/addon/a/open", "", "").await.2, "");
    // While it is down, and when it is up again.
    let sandbox_is_gone = async {
        host.uninstall("b").await.expect("uninstalled");
        get(address, "/addon/b/other").await.0
    };
    assert_eq!(sandbox_is_gone.await, 503);
}

#[tokio::test]
async fn a13_bodies_errors_and_bounds() {
    let place = Place::new();
    let (_host, address) = served(&place).await;
    for (media, sent, kind, got) in [
        ("application/json", r#"{"a":[1]}"#, "object", r#"{"a":[1]}"#),
        ("application/x-www-form-urlencoded", "a=b+c", "object", r#"{"a":"b c"}"#),
        ("text/plain", "text", "string", "text"),
        ("application/octet-stream", "bytes", "object", "bytes"),
    ] {
        let (status, head, body) =
            ask(address, "POST", "/addon/a/echo/deep", &format!("Content-Type: {media}\r\n"), sent).await;
        assert_eq!((status, body.as_str()), (201, got), "{media}");
        assert!(head.contains(&format!("x-type: {kind}")), "{media}: {head}");
    }
    let post = async |headers: &str, body: &str| ask(address, "POST", "/addon/a/echo/deep", headers, body).await.0;
    assert_eq!(post("Content-Type: application/json\r\n", "{").await, 400);
    // Larger than a message of the channel, up to the limit, and over it: announced, and only sent.
    let large = "x".repeat(100_000);
    let (status, _, body) = ask(address, "POST", "/addon/a/echo/deep", "Content-Type: text/plain\r\n", &large).await;
    assert_eq!((status, body.len()), (201, 100_000));
    assert_eq!(post("Content-Type: text/plain\r\n", &"x".repeat(100_001)).await, 413);
    let chunked = format!(
        "POST /addon/a/echo/deep HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n186a1\r\n{}\r\n0\r\n\r\n",
        "x".repeat(100_001)
    );
    assert_eq!(raw(address, &chunked).await.0, 413);
    assert_eq!(get(address, "/addon/a/big?n=100000").await.2.len(), 100_000);
    assert_eq!(get(address, "/addon/a/big?n=100001").await.0, 500);
    // Errors are the addon's, and stay inside.
    let (status, _, body) = get(address, "/addon/a/throws").await;
    assert_eq!((status, body.contains("mine")), (500, false));
    for (status, expected) in
        [("200", 200), ("404", 404), ("599", 599), ("101", 500), ("0", 404), ("99999", 500), ("x", 500)]
    {
        assert_eq!(get(address, &format!("/addon/a/odd?status={status}")).await.0, expected, "{status}");
    }
    let (_, head, body) = get(address, "/addon/a/odd?status=200").await;
    assert!(head.contains("x-own: 1") && !head.contains("set-cookie") && !head.contains("access-control"), "{head}");
    assert_eq!(body, "odd", "and no length but its own");
}

#[tokio::test]
async fn a13_as_many_at_once_as_the_policy_says() {
    let place = Place::new();
    let rules = r#","permissions":["inbound.http"],"inbound":{"http":[{"method":"GET","path":"slow","requireToken":false}],"maxConcurrent":2,"timeoutMs":60000}"#;
    place.addon("busy", rules, "http.get('slow', () => new Promise(() => {}))");
    let text = r#"{"version":1,"inbound":{"maxConcurrent":2,"timeoutMs":60000,"http":[{"method":"GET","path":"slow","requireToken":false}]}}"#;
    let options = HostOptions { ceiling: Ceiling::parse(text).expect("a ceiling"), ..place.options() };
    let (host, _events) = Host::open(options).expect("a host");
    reach(&host, "busy", AddonState::Running).await;
    let address = host.address().expect("it is served");
    // Two are held by the handler; whoever comes then is told at once, and one of three is the one that comes then.
    let slow = || Box::pin(get(address, "/addon/busy/slow"));
    let first = futures_util::future::select(slow(), futures_util::future::select(slow(), slow())).await;
    let refused = match first {
        futures_util::future::Either::Left((answer, _)) => answer,
        futures_util::future::Either::Right((either, _)) => either.factor_first().0,
    };
    assert!(refused.0 == 503 && refused.1.contains("retry-after: 1"), "{refused:?}");
}

#[tokio::test]
async fn a14_static_files_and_nothing_beside_them() {
    let place = Place::new();
    let (_host, address) = served(&place).await;
    let folder = place.root.path().join("addons/a/web");
    std::os::unix::fs::symlink("../secret.txt", folder.join("link")).expect("a link");
    for (target, media, text) in [
        ("/addon_static/a/", "text/html; charset=utf-8", "<p>the page</p>"),
        ("/addon_static/a/index.html?token=x", "text/html; charset=utf-8", "<p>the page</p>"),
        ("/addon_static/a/dir/a%20b.js", "text/javascript; charset=utf-8", "1"),
    ] {
        let (status, head, body) = get(address, target).await;
        assert_eq!((status, body.as_str()), (200, text), "{target}");
        assert!(head.contains(&format!("content-type: {media}")) && head.contains("nosniff"), "{target}: {head}");
    }
    for target in [
        "/addon_static/a/../secret.txt",
        "/addon_static/a/%2e%2e/secret.txt",
        "/addon_static/a/..%2fsecret.txt",
        "/addon_static/a/%2e%2e%2fsecret.txt",
        "/addon_static/a/..%5csecret.txt",
        "/addon_static/a/..\\secret.txt",
        "/addon_static/a/dir/../../secret.txt",
        "/addon_static/a//etc/passwd",
        "/addon_static/a/C:/x",
        "/addon_static/a/index.html%00.txt",
        "/addon_static/a/link",
        "/addon_static/a/storage_data.json",
        "/addon_static/a/addon.json",
        "/addon_static/a/index.js",
        "/addon_static/b/",
        "/addon_static/a",
        "/addon_static/../a/",
        "/addon_static/a/dir",
        "/addon_static/a/absent",
        "/addon_static/a/%252e%252e/secret.txt",
        "/addon/a/index.html",
    ] {
        let (status, _, body) = get(address, target).await;
        assert!(status == 404 && !body.contains("outside"), "{target}: {status} {body}");
    }
    assert_eq!(ask(address, "POST", "/addon_static/a/", "", "").await.0, 405);
    assert_eq!(ask(address, "HEAD", "/addon_static/a/", "", "").await.2, "");
}

#[tokio::test]
async fn a24_urls_carry_the_token() {
    let place = Place::new();
    let (host, address) = served(&place).await;
    let token = host.token("a").expect("a token");
    let url = host.url("a", "dir/page.html?x=1#part", true).expect("a URL");
    assert_eq!(url.as_str(), format!("http://{address}/addon_static/a/dir/page.html?x=1&token={token}#part"));
    for elsewhere in ["../b/", "/etc", "//evil.example/", "http://evil.example/"] {
        assert_eq!(host.url("a", elsewhere, false), None, "{elsewhere}");
    }
    let mut events = host.events();
    host.restart("a").await.expect("asked");
    let told = event(&mut events, "a", logged).await;
    assert_eq!(told, format!("http://{address}/addon/a/?token={token} http://{address}/addon_static/a/?token={token}"));
}

#[tokio::test]
async fn a25_endpoints_ask_for_the_token() {
    let place = Place::new();
    place.addon(
        "b",
        r#","permissions":["inbound.http"],"inbound":{"http":[{"method":"GET","path":"x"}]}"#,
        "http.get('x', () => 'b')",
    );
    let (host, address) = served(&place).await;
    let (token, other) = (host.token("a").expect("a token"), host.token("b").expect("a token"));
    let with =
        async |query: &str, headers: &str| ask(address, "GET", &format!("/addon/a/secret{query}"), headers, "").await.0;
    assert_eq!(with(&format!("?token={token}"), "").await, 200);
    assert_eq!(with("", &format!("X-Addon-Token: {token}\r\n")).await, 200);
    for query in [
        String::new(),
        "?token=".into(),
        "?token=wrong".into(),
        format!("?token={}", &token[..42]),
        format!("?token={token}x"),
        format!("?token={other}"),
        format!("?token={token}&token={token}"),
        format!("?token={other}&token={token}"),
        format!("?token[]={token}"),
        format!("?TOKEN={token}"),
    ] {
        assert_eq!(with(&query, "").await, 403, "{query}");
    }
    assert_eq!(with("", &format!("X-Addon-Token: {other}\r\n")).await, 403);
    assert_eq!(with(&format!("?token={token}"), &format!("X-Addon-Token: {other}\r\n")).await, 403);
    assert_eq!(with("", &format!("Cookie: token={token}\r\nAuthorization: Bearer {token}\r\n")).await, 403);
    // Where the manifest asks for none.
    assert_eq!(get(address, "/addon/a/open").await.0, 200);
    // Any other parameter twice is refused too.
    assert_eq!(get(address, "/addon/a/open?x=1&x=2").await.0, 400);
}

#[tokio::test]
async fn hosts_and_origins_that_are_not_the_servers_own() {
    let place = Place::new();
    let (_host, address) = served(&place).await;
    let port = address.port();
    let with = async |host: &str, method: &str, target: &str, more: &str| {
        raw(address, &format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{more}\r\n")).await.0
    };
    assert_eq!(with(&format!("localhost:{port}"), "GET", "/addon/a/open", "").await, 200);
    for host in [
        "evil.example".to_owned(),
        format!("evil.example:{port}"),
        "127.0.0.1".into(),
        format!("127.0.0.1.nip.io:{port}"),
        format!("[::1]:{port}"),
    ] {
        for target in ["/addon/a/open", "/addon_static/a/", "/"] {
            assert_eq!(with(&host, "GET", target, "").await, 421, "{host} {target}");
        }
    }
    let own = address.to_string();
    assert_eq!(with(&own, "GET", "/addon/a/open", &format!("Host: {own}\r\n")).await, 421, "two of them");
    assert_eq!(with(&own, "GET", &format!("http://{own}/addon/a/open"), "").await, 421, "as a proxy would be asked");
    assert_eq!(raw(address, "GET /addon/a/open HTTP/1.0\r\n\r\n").await.0, 421, "none");
    // A page elsewhere can send a form without being asked; a program says no origin.
    for (origin, expected) in
        [("http://evil.example", 403), ("null", 403), ("https://localhost", 403), (&*format!("http://{own}"), 201)]
    {
        let headers = format!("Origin: {origin}\r\nContent-Type: text/plain\r\n");
        assert_eq!(ask(address, "POST", "/addon/a/echo/deep", &headers, "x").await.0, expected, "{origin}");
    }
    assert_eq!(ask(address, "POST", "/addon/a/echo/deep", "Content-Type: text/plain\r\n", "x").await.0, 201);
    // A read from elsewhere is answered, and no page elsewhere is allowed to see it.
    let (status, head, _) = ask(address, "GET", "/addon/a/open", "Origin: http://evil.example\r\n", "").await;
    assert!(status == 200 && !head.contains("access-control"), "{head}");
    assert_eq!(
        ask(
            address,
            "OPTIONS",
            "/addon/a/open",
            "Origin: http://evil.example\r\nAccess-Control-Request-Method: POST\r\n",
            ""
        )
        .await
        .0,
        403
    );
}

#[tokio::test]
async fn an_addon_that_hangs_stops_no_other() {
    let place = Place::new();
    let hangs = r#","permissions":["timers","inbound.http"],"inbound":{"http":[{"method":"GET","path":"hang","requireToken":false},{"method":"GET","path":"slow","requireToken":false}],"timeoutMs":300},"lockup":{"pingIntervalMs":-1}"#;
    place.addon(
        "hangs",
        hangs,
        "http.get('hang', () => { while (true) {} }); http.get('slow', () => new Promise(() => {}))",
    );
    let (host, address) = served(&place).await;
    reach(&host, "hangs", AddonState::Running).await;
    assert_eq!(get(address, "/addon/hangs/slow").await.0, 504);
    assert_eq!(get(address, "/addon/hangs/hang").await.0, 504);
    assert_eq!(get(address, "/addon/a/open").await.0, 200);
    assert_eq!(get(address, "/addon/hangs/hang").await.0, 504);
    tokio::time::timeout(Duration::from_secs(60), host.stop()).await.expect("in time");
}

/// What a proxy and a server might read in two ways is refused or read in one, and each request of a connection is judged.
#[tokio::test]
async fn requests_that_could_be_two_are_not() {
    let place = Place::new();
    let (_host, address) = served(&place).await;
    let post = format!("POST /addon/a/echo/deep HTTP/1.1\r\nHost: {address}\r\nContent-Type: text/plain\r\n");
    let inner = format!("GET /addon/a/open HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    for (name, more) in [
        ("two lengths", format!("Content-Length: 0\r\nContent-Length: {}\r\n\r\n{inner}", inner.len())),
        ("a list of lengths", format!("Content-Length: 0, {}\r\n\r\n{inner}", inner.len())),
        ("a signed length", format!("Content-Length: +{}\r\n\r\n{inner}", inner.len())),
        ("a hexadecimal length", format!("Content-Length: 0x5\r\n\r\n{inner}")),
        ("an unknown coding", format!("Transfer-Encoding: xchunked\r\n\r\n{inner}")),
        ("chunked and not last", format!("Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n{inner}")),
        ("a space before the colon", format!("Content-Length : 5\r\n\r\n{inner}")),
        ("a folded line", format!("X-A: b\r\n Content-Length: 5\r\n\r\n{inner}")),
        ("a NUL in a value", format!("X-A: b\0c\r\n\r\n{inner}")),
        ("a chunk without a size", format!("Transfer-Encoding: chunked\r\n\r\nx\r\n{inner}")),
    ] {
        let (status, head, body) = raw(address, &format!("{post}{more}")).await;
        assert!(matches!(status, 0 | 400..=499), "{name}: {head} {body}");
        assert!(!body.contains("hello") && !head.contains("hello"), "{name}: the inner request was answered");
    }
    // Both a length and chunks: the chunks hold, and nothing is left over.
    let both = "Content-Length: 4\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    let (status, _, body) = raw(address, &format!("{post}{both}")).await;
    assert!((status == 201 && body == "abc") || status == 400, "{status} {body}");
    // The second of a connection is judged like the first.
    let own = format!("GET /addon/a/open HTTP/1.1\r\nHost: {address}\r\n\r\n");
    let other = "GET /addon/a/open HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    let (status, _, rest) = raw(address, &format!("{own}{other}")).await;
    assert!(status == 200 && rest.contains("421 Misdirected Request"), "{rest}");
    assert_eq!(rest.matches("hello").count(), 1);
    // Old and odd ways to ask.
    for (request, expected) in [
        (format!("GET /addon/a/open HTTP/1.0\r\nHost: {address}\r\n\r\n"), 200),
        ("GET /addon/a/open HTTP/1.0\r\n\r\n".into(), 421),
        ("GET /addon/a/open\r\n\r\n".into(), 0),
        (format!("CONNECT {address} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"), 421),
        (format!("OPTIONS * HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"), 404),
        (format!("TRACE /addon/a/open HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"), 405),
        (format!("GET /addon/a/open HTTP/1.1\r\nHost: user@{address}\r\nConnection: close\r\n\r\n"), 421),
        (format!("GET /addon/a/open HTTP/1.1\r\nHost: {address},evil\r\nConnection: close\r\n\r\n"), 421),
        (format!("GET /addon/a/open#x HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"), 200),
        (format!("GET /addon/a/open?{} HTTP/1.1\r\nHost: {address}\r\n\r\n", "x".repeat(70_000)), 431),
    ] {
        let (status, ..) = raw(address, &request).await;
        assert!(
            status == expected || (status == 400 && expected != 200) || (status == 414 && expected == 431),
            "{status}: {request:.80}"
        );
    }
}

/// Large answers to clients that take nothing keep their turns, so that there are not any number of them.
#[tokio::test]
async fn a13_an_answer_keeps_its_turn_until_it_is_taken() {
    let place = Place::new();
    let rules = r#","permissions":["inbound.http","inbound.static"],"inbound":{"static":"web","http":[{"method":"GET","path":"big","requireToken":false}],"maxConcurrent":2,"maxBodyBytes":33554432},"limits":{"messageBytes":16777216,"memoryBytes":268435456}"#;
    let folder =
        place.addon("a", rules, "http.get('big', (request, response) => response.send(new Uint8Array(16 << 20)))");
    std::fs::create_dir(folder.join("web")).expect("a folder");
    std::fs::write(folder.join("web/big.bin"), vec![7; 16 << 20]).expect("a file");
    let text = rules.replacen(r#","permissions":["inbound.http","inbound.static"],"#, r#"{"version":1,"#, 1) + "}";
    let text =
        text.replacen(r#""limits":{"#, r#""limits":{"initTimeoutMs":60000,"#, 1).replace(r#""static":"web","#, "");
    let options = HostOptions { ceiling: Ceiling::parse(&text).expect("a ceiling"), ..place.options() };
    let (host, _events) = Host::open(options).expect("a host");
    reach(&host, "a", AddonState::Running).await;
    let address = host.address().expect("it is served");
    for target in ["/addon_static/a/big.bin", "/addon/a/big"] {
        let (status, head, body) = get(address, target).await;
        assert_eq!((status, body.len()), (200, 16 << 20), "{target}: {head}");
        // Two that read the head and no more.
        let mut held = Vec::new();
        for _ in 0..2 {
            let mut stream = TcpStream::connect(address).await.expect("the server");
            let request = format!("GET {target} HTTP/1.1\r\nHost: {address}\r\n\r\n");
            stream.write_all(request.as_bytes()).await.expect("sent");
            stream.read_exact(&mut [0; 15]).await.expect("a head");
            held.push(stream);
        }
        assert_eq!(get(address, target).await.0, 503, "{target}");
        drop(held);
        let mut again = 503;
        for _ in 0..6000 {
            again = get(address, target).await.0;
            if again == 200 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(again, 200, "{target}");
    }
}

/// No answer and no event has it but what the addon itself says.
#[tokio::test]
async fn a25_the_token_is_told_to_nobody() {
    let place = Place::new();
    let (host, address) = served(&place).await;
    let mut events = host.events();
    let token = host.token("a").expect("a token");
    for (method, target, headers) in [
        ("GET", format!("/addon/a/throws?token={token}"), String::new()),
        ("GET", format!("/addon/a/absent?token={token}"), String::new()),
        ("GET", format!("/addon/a/secret?token={token}&token={token}"), String::new()),
        ("GET", format!("/addon/a/secret?token={token}x"), format!("X-Addon-Token: {token}\r\n")),
        ("DELETE", format!("/addon/a/secret?token={token}"), String::new()),
        ("POST", format!("/addon/a/echo/deep?token={token}"), "Origin: http://evil.example\r\n".into()),
        ("GET", format!("/addon_static/a/{token}?token={token}"), String::new()),
        ("GET", format!("/addon/a/secret?token={token}"), "Host: evil.example\r\n".into()),
        ("GET", format!("/addon_static/a/?token={token}"), format!("Referer: http://x/?token={token}\r\n")),
    ] {
        let (status, head, body) = ask(address, method, &target, &headers, "").await;
        assert!(status != 0 && !head.contains(&token.to_lowercase()) && !body.contains(&token), "{target}: {head}");
        for header in ["referrer-policy: no-referrer", "x-content-type-options: nosniff", "cache-control: no-store"] {
            assert!(head.contains(header), "{target}: {head}");
        }
    }
    assert!(!host.describe().to_string().contains(&token));
    host.stop().await;
    drop(host);
    while let Some(event) = tokio::time::timeout(Duration::from_secs(60), events.next()).await.expect("in time") {
        assert!(!event.to_json().to_string().contains(&token), "{event:?}");
    }
}
