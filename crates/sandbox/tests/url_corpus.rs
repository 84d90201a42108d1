//! The corpus of URLs in `fixtures/urls`, through egress with a connector that records: no forbidden connection is ever
//! tried, every legitimate one is.

mod common;

use std::collections::BTreeMap;
use std::io::Write;
use std::net::IpAddr;
use std::process::{Command, Stdio};
use std::sync::Arc;

use common::net::{Carrier, Net, OwnLinks, PUBLIC};
use common::policy;
use electrolint_sandbox::egress::{
    Egress, Guard, NetworkError, Pending, Request, Resolver, Roots, SocketRequest, SystemClock,
};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    group: String,
    url: String,
    allow: bool,
    rule: Option<String>,
    node: Option<String>,
}

fn corpus() -> Vec<Entry> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/urls/corpus.jsonl");
    let text = std::fs::read_to_string(path).expect("the corpus");
    text.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

/// Every name has one public address; who asked is counted.
#[derive(Default)]
struct Everywhere(std::sync::atomic::AtomicUsize);

impl Resolver for Everywhere {
    fn resolve<'a>(&'a self, _name: &'a str) -> Pending<'a, std::io::Result<Vec<IpAddr>>> {
        self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        Box::pin(async { Ok(vec![PUBLIC.parse().expect("an address")]) })
    }
}

#[tokio::test]
async fn no_forbidden_connection_is_tried_and_every_legitimate_one_is() {
    let entries = corpus();
    assert!(entries.len() >= 250, "{} entries", entries.len());
    let text = r#"{"version":1,"permissions":["net.request","net.websocket"],"network":{"hosts":["*"]}}"#;
    let mut groups: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut wrong = Vec::new();
    for entry in &entries {
        let (names, carrier) = (Arc::new(Everywhere::default()), Arc::new(Carrier::default()));
        let roots = Roots::only([]).expect("no roots");
        let links = Arc::new(OwnLinks::default());
        let egress = Egress::new(names.clone(), carrier.clone(), links, Arc::new(SystemClock), roots);
        let guard = Guard::new(policy(text), egress);
        // The connector refuses all: what counts is what it was told.
        let result = guard.request(Request { url: entry.url.clone(), ..Request::default() }).await.map(drop);
        judge(entry, &result, &names, &carrier, &mut wrong);
        let counts = groups.entry(&entry.group).or_default();
        if entry.allow {
            counts.0 += 1
        } else {
            counts.1 += 1
        }
        // The same host through the other door.
        if let Some(url) =
            as_websocket(&entry.url).filter(|_| entry.rule.as_deref() != Some("/network/request/schemes"))
        {
            *carrier.connected.lock().expect("connections") = Vec::new();
            names.0.store(0, std::sync::atomic::Ordering::SeqCst);
            let result = guard.websocket(SocketRequest { url, ..SocketRequest::default() }).await.map(drop);
            judge(entry, &result, &names, &carrier, &mut wrong);
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(groups.len() >= 20, "{groups:?}");
}

/// `http:` of a URL, however it is written, as `ws:`.
fn as_websocket(url: &str) -> Option<String> {
    let start = url.find(|c: char| c.is_ascii_alphabetic())?;
    let (before, rest) = url.split_at(start);
    let rest = rest.get(..4).filter(|four| four.eq_ignore_ascii_case("http")).and_then(|_| rest.get(4..))?;
    (rest.starts_with(':') || rest.starts_with("s:")).then(|| format!("{before}ws{rest}"))
}

fn judge(
    entry: &Entry,
    result: &Result<(), NetworkError>,
    names: &Everywhere,
    carrier: &Carrier,
    wrong: &mut Vec<String>,
) {
    let connected = carrier.connected.lock().expect("connections").clone();
    let asked = names.0.load(std::sync::atomic::Ordering::SeqCst);
    let fine = match result {
        Err(NetworkError::Refused { rule, .. }) => {
            !entry.allow && entry.rule.as_ref() == Some(rule) && connected.is_empty() && asked == 0
        }
        Err(NetworkError::Failed { step: "connect", .. }) => {
            // The address that is written, or the one that the resolver gave.
            let host = electrolint_policy::host_of(&entry.url).unwrap_or_default();
            let expected = host.parse().unwrap_or_else(|_| PUBLIC.parse::<IpAddr>().expect("an address"));
            entry.allow && connected.len() == 1 && connected[0].ip() == expected
        }
        _ => false,
    };
    if !fine {
        wrong.push(format!("{:?} ({}): {result:?}, {connected:?}, {asked} asked", entry.url, entry.group));
    }
}

const NODE: &str = r"
    const lines = require('fs').readFileSync(0, 'utf8').trimEnd().split('\n');
    for (const line of lines) {
      let host = null;
      try { host = new URL(JSON.parse(line)).hostname } catch {}
      console.log(JSON.stringify(host));
    }";

#[test]
fn nodes_parser_reads_the_same_host_or_the_url_is_refused_and_listed() {
    let entries = corpus();
    let spawned = Command::new("node").args(["-e", NODE]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut node) = spawned else {
        println!("no node: not compared");
        return;
    };
    let input: String = entries.iter().map(|entry| serde_json::to_string(&entry.url).expect("JSON") + "\n").collect();
    let mut stdin = node.stdin.take().expect("a pipe");
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = node.wait_with_output().expect("node ends");
    writer.join().expect("a thread").expect("node reads");
    let hosts: Vec<Option<String>> = String::from_utf8(output.stdout)
        .expect("UTF-8")
        .lines()
        .map(|line| serde_json::from_str(line).expect(line))
        .collect();
    assert_eq!(hosts.len(), entries.len());
    let mut wrong = Vec::new();
    for (entry, theirs) in entries.iter().zip(&hosts) {
        let ours = url::Url::parse(&entry.url).ok().map(|url| url.host_str().unwrap_or_default().to_owned());
        let differs = ours != *theirs;
        if differs != entry.node.is_some() || (differs && entry.allow) {
            wrong.push(format!("{:?}: ours {ours:?}, node's {theirs:?}, listed {:?}", entry.url, entry.node));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    let _ = Net::new();
}
