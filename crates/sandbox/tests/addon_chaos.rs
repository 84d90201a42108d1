//! Many addons under one host, some of which crash, loop and flood: the others answer. `CHAOS_ADDONS=200` for a release.
#![allow(clippy::disallowed_methods, reason = "clients of the host connect")]

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value as Json;

/// It only catches a hang.
const PATIENCE: Duration = Duration::from_secs(120);
/// What each addon may cost the host.
const MOST_BYTES_EACH: u64 = 1 << 20;
const MOST_DESCRIPTORS_EACH: usize = 8;
/// A runtime, its sockets, and pages that are mapped late: not an addon's.
const SLACK_BYTES: u64 = 8 << 20;

struct Running {
    child: Child,
    control: PathBuf,
    address: SocketAddr,
}

impl Running {
    fn start(root: &Path) -> Self {
        let control = root.join("control.sock");
        let mut child = Command::new(common::PROGRAM)
            .args(["host", "--json", "--state"])
            .arg(root.join("state"))
            .arg("--control")
            .arg(&control)
            .arg("--ceiling")
            .arg(root.join("ceiling.json"))
            .arg(root.join("addons"))
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program runs");
        let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut address = None;
        while address.is_none() {
            let mut line = String::new();
            assert!(out.read_line(&mut line).expect("a line") > 0, "it ended");
            let event: Json = serde_json::from_str(&line).expect("JSON");
            if event["event"] == "listening" {
                let url = event["url"]
                    .as_str()
                    .expect("a URL")
                    .trim_start_matches("http://")
                    .trim_end_matches('/')
                    .to_owned();
                address = Some(url.parse().expect("an address"));
            }
        }
        // Whoever floods does it into this.
        std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
        Self { child, control, address: address.expect("an address") }
    }

    fn ask(&self, method: &str, path: &str) -> Json {
        let mut stream = UnixStream::connect(&self.control).expect("the endpoint");
        stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
        write!(stream, "{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n").expect("asked");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answered");
        serde_json::from_str(answer.split_once("\r\n\r\n").expect("a head").1).expect("JSON")
    }

    fn get(&self, id: &str) -> u16 {
        let mut stream = TcpStream::connect(self.address).expect("the server");
        stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
        let host = self.address;
        write!(stream, "GET /addon/{id}/x HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").expect("asked");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answered");
        answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
    }

    fn states(&self) -> Vec<(String, String)> {
        let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
        let state = self.ask("GET", "/state");
        state["addons"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|addon| (text(&addon["id"]), text(&addon["state"])))
            .collect()
    }

    /// Bytes of memory that is its own, and open descriptors.
    fn cost(&self) -> (u64, usize) {
        let pid = self.child.id();
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("proc");
        let anonymous = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("a line");
        let kib: u64 = anonymous.trim().trim_end_matches(" kB").trim().parse().expect("a number");
        (kib << 10, std::fs::read_dir(format!("/proc/{pid}/fd")).expect("proc").count())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const ROUTE: &str = r#"{"method":"GET","path":"x","requireToken":false}"#;

fn place(count: usize) -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a folder");
    let ceiling = format!(r#"{{"version":1,"restart":{{"backoffMs":[0,10]}},"inbound":{{"http":[{ROUTE}]}}}}"#);
    std::fs::write(root.path().join("ceiling.json"), ceiling).expect("written");
    for index in 0..count {
        let main = match index % 10 {
            0 => "setTimeout(() => Promise.reject(new Error('crash')), 20)",
            1 => "http.get('x', () => 'x'); setTimeout(() => { while (true) {} }, 20)",
            2 => {
                "setInterval(() => { for (let i = 0; i < 100; i += 1) { console.log('x'.repeat(1000)); storage.Write('y'.repeat(1000)).catch(() => {}); rpc.notify('nobody', ['z']); } }, 1)"
            }
            _ => "http.get('x', () => 'x')",
        };
        let folder = root.path().join(format!("addons/a{index}"));
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("index.js"), main).expect("written");
        let manifest = format!(
            r#"{{"version":1,"id":"a{index}","main":"index.js","permissions":["log","timers","storage","inbound.http"],
                "limits":{{"initTimeoutMs":5000}},"inbound":{{"http":[{ROUTE}]}}}}"#
        );
        std::fs::write(folder.join("addon.json"), manifest).expect("written");
    }
    root
}

fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < until, "never: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn others_answer_while_some_crash_loop_and_flood() {
    let count: usize = std::env::var("CHAOS_ADDONS").ok().and_then(|count| count.parse().ok()).unwrap_or(20);
    let root = place(count);
    let host = Running::start(root.path());
    let index = |id: &str| id.trim_start_matches('a').parse::<usize>().expect("a number");
    let is_good = |id: &str| index(id) % 10 > 2;
    // Those that crash are down after three times, all others are up.
    let belongs = |id: &str, state: &str| state == if index(id).is_multiple_of(10) { "stopped" } else { "running" };
    let until = Instant::now() + PATIENCE;
    loop {
        let elsewhere: Vec<_> = host.states().into_iter().filter(|(id, state)| !belongs(id, state)).collect();
        if elsewhere.is_empty() {
            break;
        }
        assert!(Instant::now() < until, "never where they belong: {elsewhere:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
    let (bytes, descriptors) = host.cost();
    let bounds = (MOST_BYTES_EACH * count as u64 + SLACK_BYTES, MOST_DESCRIPTORS_EACH * count + 32);
    assert!(
        bytes < bounds.0 && descriptors < bounds.1,
        "{bytes} bytes and {descriptors} descriptors for {count} addons"
    );
    // Each route before its limit, which is what another answer than 200 would be.
    let mut slowest = Duration::ZERO;
    for round in 0..3 {
        for (id, _) in host.states().iter().filter(|(id, _)| is_good(id)) {
            let began = Instant::now();
            assert_eq!(host.get(id), 200, "{id} in round {round}");
            slowest = slowest.max(began.elapsed());
        }
    }
    let peak = host.cost();
    for (id, _) in host.states() {
        host.ask("POST", &format!("/addons/{id}/uninstall"));
    }
    wait_until("all are gone", || host.states().iter().all(|(_, state)| state == "uninstalled"));
    // The listener, the zygote, the runtime, and what the program was started with stay.
    wait_until("descriptors fall back", || host.cost().1 < 40);
    let after = host.cost();
    assert!(after.0 <= peak.0 / 2 + SLACK_BYTES, "{peak:?}, then {after:?}");
    println!(
        "{count} addons: {} KiB and {} descriptors of the host, {} KiB and {} after; the slowest of {} answers took {slowest:?}",
        bytes >> 10,
        descriptors,
        after.0 >> 10,
        after.1,
        3 * host.states().iter().filter(|(id, _)| is_good(id)).count(),
    );
}
