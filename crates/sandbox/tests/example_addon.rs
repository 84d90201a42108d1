//! The example in `fixtures/addons/board`: a page, routes, a request and a socket to elsewhere, storage, settings.
#![allow(clippy::disallowed_methods, reason = "clients of the server connect")]

mod common;

use std::net::SocketAddr;
use std::path::Path;

use common::addons::{Place, event, logged, reach};
use common::net::{Net, PUBLIC};
use electrolint_policy::{Ceiling, Manifest};
use electrolint_sandbox::egress::Roots;
use electrolint_sandbox::host::{AddonState, Host, HostOptions, What};
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper_util::rt::TokioIo;
use serde_json::{Value as Json, json};

const BOARD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/addons/board");
const ID: &str = "com.example.board";

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("copied");
        }
    }
}

/// A request by a client that is not ours.
async fn ask(address: SocketAddr, method: &str, target: &str, token: &str, body: Option<Json>) -> (u16, String) {
    let stream = tokio::net::TcpStream::connect(address).await.expect("the server");
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("a connection");
    tokio::spawn(connection);
    let text = body.as_ref().map(ToString::to_string).unwrap_or_default();
    let request = Request::builder()
        .method(method)
        .uri(target)
        .header("host", address.to_string())
        .header("x-addon-token", token)
        .header("content-type", "application/json")
        .body(Full::new(bytes::Bytes::from(text)))
        .expect("a request");
    let response = sender.send_request(request).await.expect("answered");
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.expect("a body").to_bytes();
    (status, String::from_utf8_lossy(&body).into_owned())
}

#[tokio::test]
async fn the_example_does_all_that_it_is_an_example_of() {
    let place = Place::new();
    let folder = place.root.path().join("addons/board");
    copy(Path::new(BOARD), &folder);
    let certificate = rcgen::generate_simple_self_signed(vec!["api.example.com".into()]).expect("a certificate");
    let service = common::net::tls_server(&certificate, common::net::ok(r#"{"news":["rain"]}"#)).await;
    let net = Net::to(service);
    let start = || {
        let egress = net.egress_trusting(Roots::only([certificate.cert.der().to_vec()]).expect("a root"));
        Host::open(HostOptions { egress: Some(egress), ..place.options() }).expect("a host")
    };
    let (host, mut events) = start();
    reach(&host, ID, AddonState::Running).await;
    let (address, token) = (host.address().expect("served"), host.token(ID).expect("a token"));
    let told = event(&mut events, ID, |what| logged(what).filter(|text| text.contains("notes at"))).await;
    assert_eq!(told, format!("0 notes at {}", host.url(ID, "", true).expect("a URL")));
    let at = |path: &str| format!("/addon/{ID}/{path}");
    // The page and its script, and the notes.
    let (status, page) = ask(address, "GET", &format!("/addon_static/{ID}/?token={token}"), "", None).await;
    assert!(status == 200 && page.contains("board.js"), "{page}");
    assert_eq!(ask(address, "GET", &format!("/addon_static/{ID}/board.js"), "", None).await.0, 200);
    assert_eq!(ask(address, "GET", &at("notes"), "wrong", None).await.0, 403);
    assert_eq!(ask(address, "POST", &at("notes"), &token, Some(json!({ "text": "  buy milk  " }))).await.0, 201);
    assert_eq!(ask(address, "POST", &at("notes"), &token, Some(json!({ "text": 5 }))).await.0, 400);
    let params = event(&mut events, ID, |what| match what {
        What::Params(value) => Some(value.clone()),
        _ => None,
    });
    assert_eq!(params.await, json!({ "notes": 1 }));
    assert_eq!(ask(address, "PUT", &at("title"), &token, Some(json!({ "title": "Ours" }))).await.0, 200);
    // A title that the schema refuses is an error of the addon's handler.
    assert_eq!(ask(address, "PUT", &at("title"), &token, Some(json!({ "title": "x".repeat(41) }))).await.0, 500);
    // The request to elsewhere, over TLS.
    assert_eq!(ask(address, "GET", &at("news"), &token, None).await, (200, r#"{"news":["rain"]}"#.into()));
    assert!(net.connected().contains(&format!("{PUBLIC}:443")));
    host.stop().await;
    drop(host);
    // What it stored and was configured with is there at the next start.
    let (host, _events) = start();
    reach(&host, ID, AddonState::Running).await;
    assert_eq!(host.token(ID), Some(token.clone()), "the token is stable");
    let address = host.address().expect("served");
    let (_, notes) = ask(address, "GET", &at("notes"), &token, None).await;
    assert_eq!(serde_json::from_str::<Json>(&notes).expect("JSON"), json!({ "title": "Ours", "notes": ["buy milk"] }));
}

#[test]
fn the_examples_manifest_asks_for_what_it_uses() {
    let text = std::fs::read_to_string(format!("{BOARD}/addon.json")).expect("the manifest");
    let manifest = Manifest::parse(&text).expect("it is valid");
    let policy = manifest.under(&Ceiling::default());
    assert!(policy.withheld.is_empty() && policy.inbound.http.values().all(|requires_token| *requires_token));
}
