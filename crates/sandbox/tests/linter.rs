//! The two halves agree: what the linter says of a URL that is written in the code is what the engine says of it before
//! anything is looked up. They are two programs that share the words of a policy; no arrow leads from one to the other.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use serde_json::{Value as Json, json};

/// Policies, and URLs of each: 10,000 pairs.
const POLICIES: usize = 50;
const URLS: usize = 200;

/// xorshift64*, so that the same pairs are asked everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % most
    }

    fn pick<'t>(&mut self, list: &[&'t str]) -> &'t str {
        list[self.below(list.len())]
    }
}

const NAMES: &[&str] = &[
    "example.com",
    "api.example.com",
    "a.b.example.com",
    "example.org",
    "cdn.example.org",
    "xn--bcher-kva.example",
    "news.example.net",
    "example.com.evil.net",
    "notexample.com",
    "localhost.example.com",
];
const PRIVATE_NAMES: &[&str] = &[
    "localhost",
    "a.localhost",
    "printer.local",
    "db.internal",
    "metadata.google.internal",
    "router.home.arpa",
    "x.localdomain",
];
const ADDRESSES: &[&str] = &[
    "8.8.8.8",
    "8.8.4.4",
    "93.184.216.34",
    "1.1.1.1",
    "172.32.0.1",
    "[2606:4700:4700::1111]",
    "[2a00:1450:4001:81b::200e]",
];
const PRIVATE_ADDRESSES: &[&str] = &[
    "127.0.0.1",
    "10.0.0.1",
    "192.168.1.1",
    "172.16.0.1",
    "169.254.169.254",
    "100.64.0.1",
    "198.18.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "[::1]",
    "[fd00::1]",
    "[fe80::1]",
    "[::ffff:8.8.8.8]",
    "[2001:db8::1]",
    "[64:ff9b::808:808]",
    "[2002:808:808::1]",
];
const PORTS: &[&str] = &["", "", "", "", ":80", ":443", ":8443", ":8080", ":22", ":25", ":6667", ":65535"];
const PATHS: &[&str] = &["", "/", "/v1/items", "/a?b=c", "/#top", "/?u=http://127.0.0.1/"];

/// Another spelling of the same host.
fn spelt(random: &mut Random, host: &str) -> String {
    match random.below(6) {
        0 => host.to_uppercase(),
        1 if !host.starts_with('[') => format!("{host}."),
        2 => match host {
            "8.8.8.8" => "0x08080808".into(),
            "127.0.0.1" => "2130706433".into(),
            "10.0.0.1" => "012.0.0.1".into(),
            "192.168.1.1" => "0xc0.168.257".into(),
            "[::1]" => "[0:0:0:0:0:0:0:1]".into(),
            other => other.into(),
        },
        _ => host.into(),
    }
}

fn url(random: &mut Random) -> (bool, String) {
    let is_socket = random.below(4) == 0;
    let scheme = if is_socket { random.pick(&["ws", "wss"]) } else { random.pick(&["http", "https"]) };
    let list = match random.below(10) {
        0..=5 => NAMES,
        6 => PRIVATE_NAMES,
        7..=8 => ADDRESSES,
        _ => PRIVATE_ADDRESSES,
    };
    let host = random.pick(list);
    let host = spelt(random, host);
    (is_socket, format!("{scheme}://{host}{}{}", random.pick(PORTS), random.pick(PATHS)))
}

fn hosts(random: &mut Random) -> BTreeSet<String> {
    let patterns: &[&str] = &[
        "*",
        "example.com",
        "*.example.com",
        "api.example.com:8443",
        "*.b.example.com",
        "example.org",
        "*.example.org:443",
        "8.8.8.8",
        "8.8.4.4:8080",
        "[2606:4700:4700::1111]",
        "bücher.example",
        "news.example.net:22",
        "*:8443",
        "EXAMPLE.net",
    ];
    let count = 1 + random.below(4);
    let one = |random: &mut Random| {
        let list = if random.below(3) == 0 { &patterns[..1] } else { patterns };
        random.pick(list).to_owned()
    };
    (0..count).map(|_| one(random)).collect()
}

/// Lines of `main.js` that a rule of egress reports, with the rules.
fn linted(linter: &Path, folder: &Path, hosts: &BTreeSet<String>, urls: &[(bool, String)]) -> BTreeMap<usize, String> {
    let mut code = String::from("const { net, app } = require('electron');\n");
    for (is_socket, url) in urls {
        let call = if *is_socket { "new WebSocket" } else { "net.fetch" };
        writeln!(code, "{call}({});", json!(url)).expect("a string");
    }
    let package = json!({ "name": "pairs", "main": "main.js", "devDependencies": { "electron": "37.2.0" } });
    std::fs::write(folder.join("package.json"), package.to_string()).expect("written");
    std::fs::write(folder.join("main.js"), code).expect("written");
    let list: Vec<&String> = hosts.iter().collect();
    std::fs::write(folder.join("electrolint.toml"), format!("[rules.egress-host]\nallow = {}\n", json!(list)))
        .expect("written");
    let output = Command::new(linter)
        .args(["check", "--format", "json", "--min-confidence", "tentative", "--min-severity", "info"])
        .arg(folder)
        .output()
        .expect("the linter runs");
    let found: Json = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("no result: {}", String::from_utf8_lossy(&output.stderr)));
    let mut lines: BTreeMap<usize, String> = BTreeMap::new();
    for finding in found["findings"].as_array().expect("findings") {
        let rule = finding["rule"].as_str().unwrap_or_default();
        if rule == "egress-host" || rule == "egress-private-network" {
            let line = finding["location"]["line"].as_u64().expect("a line") as usize;
            lines.insert(line, rule.to_owned());
        }
    }
    lines
}

/// The rule that refuses each URL, or `None`.
fn judged(folder: &Path, hosts: &BTreeSet<String>, urls: &[(bool, String)]) -> Vec<Option<String>> {
    let policy =
        json!({ "version": 1, "permissions": ["net.request", "net.websocket"], "network": { "hosts": hosts } });
    let file = folder.join("policy.json");
    std::fs::write(&file, policy.to_string()).expect("written");
    let mut verdicts = vec![None; urls.len()];
    for door in ["request", "websocket"] {
        let (indices, asked): (Vec<usize>, Vec<&String>) = urls
            .iter()
            .enumerate()
            .filter(|(_, (is_socket, _))| *is_socket == (door == "websocket"))
            .map(|(index, (_, url))| (index, url))
            .unzip();
        let output = Command::new(env!("CARGO_BIN_EXE_electrolint-sandbox"))
            .args(["check-url", "--api", door, "--policy"])
            .arg(&file)
            .args(asked)
            .output()
            .expect("the program runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let lines = String::from_utf8(output.stdout).expect("UTF-8");
        for (index, line) in indices.into_iter().zip(lines.lines()) {
            let line: Json = serde_json::from_str(line).expect("JSON");
            verdicts[index] = (line["verdict"] == "deny").then(|| line["rule"].to_string());
        }
    }
    verdicts
}

#[test]
fn the_linter_says_of_a_url_what_the_engine_says() {
    // Built with the workspace; a build of this crate alone has no linter to ask.
    let linter = Path::new(env!("CARGO_BIN_EXE_electrolint-sandbox")).with_file_name("electrolint");
    if !linter.is_file() {
        println!("no {}: nothing is compared", linter.display());
        return;
    }
    let mut random = Random(0x5eed);
    let (mut allowed, mut denied) = (0, 0);
    let mut wrong = Vec::new();
    for _ in 0..POLICIES {
        let folder = tempfile::tempdir().expect("a folder");
        let hosts = hosts(&mut random);
        let urls: Vec<(bool, String)> = (0..URLS).map(|_| url(&mut random)).collect();
        let linted = linted(&linter, folder.path(), &hosts, &urls);
        let judged = judged(folder.path(), &hosts, &urls);
        for (index, ((_, url), judged)) in urls.iter().zip(&judged).enumerate() {
            // The first line is the import.
            let linted = linted.get(&(index + 2));
            match judged {
                None => allowed += 1,
                Some(_) => denied += 1,
            }
            if linted.is_some() != judged.is_some() {
                wrong.push(format!("{url} under {hosts:?}: the linter {linted:?}, the engine {judged:?}"));
            }
        }
    }
    assert_eq!(wrong.len(), 0, "{:#?}", &wrong[..wrong.len().min(20)]);
    assert!(allowed + denied >= 10_000 && allowed >= 2_000 && denied >= 2_000, "{allowed} allowed, {denied} denied");
    println!("{allowed} allowed, {denied} denied, all as the linter says");
}
