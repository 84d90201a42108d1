//! `electrolint-sandbox host` from outside: events, control endpoint, Ctrl-C, kill -9.
#![allow(clippy::disallowed_methods, reason = "a client of the control endpoint connects")]

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::Value as Json;

/// How long anything may take here: it only catches a hang.
const PATIENCE: Duration = Duration::from_secs(60);

struct Running {
    child: Child,
    events: Receiver<Json>,
    control: PathBuf,
}

impl Running {
    fn start(root: &Path, more: &[&str]) -> Self {
        let control = root.join("control.sock");
        let mut child = Command::new(env!("CARGO_BIN_EXE_electrolint-sandbox"))
            .arg("host")
            .arg(root.join("addons"))
            .args(["--json", "--state"])
            .arg(root.join("state"))
            .arg("--control")
            .arg(&control)
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program runs");
        let (sender, events) = channel();
        let out = BufReader::new(child.stdout.take().expect("a pipe"));
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                let _ = sender.send(serde_json::from_str(&line).expect("JSON"));
            }
        });
        Self { child, events, control }
    }

    /// The next event that `pick` wants.
    fn event(&self, pick: impl Fn(&Json) -> bool) -> Json {
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let event = self.events.recv_timeout(left).expect("an event in time");
            if pick(&event) {
                return event;
            }
        }
    }

    fn ask(&self, method: &str, path: &str) -> (u16, Json) {
        let mut stream = UnixStream::connect(&self.control).expect("the endpoint");
        stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
        write!(stream, "{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n").expect("asked");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answered");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        (status, serde_json::from_str(body).expect("JSON"))
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().expect("kill(1)").success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn addon(root: &Path, id: &str, more: &str, main: &str) -> PathBuf {
    let folder = root.join("addons").join(id);
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("addon.json"), format!(r#"{{"version":1,"id":"{id}","main":"index.js"{more}}}"#))
        .expect("one");
    std::fs::write(folder.join("index.js"), main).expect("main");
    folder
}

/// Processes that descend from this one, by /proc.
fn descendants_of(pid: u32) -> Vec<u32> {
    let mut found = vec![pid];
    let mut at = 0;
    while let Some(parent) = found.get(at).copied() {
        at += 1;
        for entry in std::fs::read_dir("/proc").expect("proc").flatten() {
            let Some(child) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
            let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
            let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
            if fields.get(1).and_then(|p| p.parse().ok()) == Some(parent) && !found.contains(&child) {
                found.push(child);
            }
        }
    }
    found.split_off(1)
}

fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < until, "never: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn events_the_endpoint_and_the_end() {
    let root = tempfile::tempdir().expect("a folder");
    addon(root.path(), "a", r#","permissions":["log","timers"]"#, "console.log(`hello from ${data.id}`)");
    let mut host = Running::start(root.path(), &[]);
    let found = host.event(|event| event["event"] == "found");
    assert_eq!((&found["addon"], &found["asked"]["permissions"]), (&"a".into(), &serde_json::json!(["log", "timers"])));
    assert_eq!(host.event(|event| event["event"] == "log")["text"], "hello from a");
    host.event(|event| event["event"] == "state" && event["state"] == "running");
    // The endpoint is its owner's alone.
    let mode = std::fs::metadata(&host.control).expect("the socket").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    let (status, state) = host.ask("GET", "/state");
    assert_eq!(
        (status, &state["addons"][0]["id"], &state["addons"][0]["state"]),
        (200, &"a".into(), &"running".into())
    );
    assert!(!state.to_string().contains("token"), "no secret is told");
    assert_eq!(host.ask("POST", "/addons/a/restart").0, 200);
    assert_eq!(host.event(|event| event["event"] == "log")["text"], "hello from a");
    for (method, path, status) in [
        ("POST", "/addons/b/restart", 404),
        ("GET", "/addons/a/restart", 405),
        ("POST", "/state", 405),
        ("GET", "/", 404),
        ("POST", "/addons/../a/restart", 404),
    ] {
        assert_eq!(host.ask(method, path).0, status, "{method} {path}");
    }
    // A second host of one state is refused.
    let second = Command::new(env!("CARGO_BIN_EXE_electrolint-sandbox"))
        .args(["host", "--state"])
        .arg(root.path().join("state"))
        .arg(root.path().join("addons"))
        .output()
        .expect("it ends");
    assert_eq!(second.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&second.stderr).contains("another host uses it"));
    assert_eq!(host.ask("POST", "/addons/a/uninstall").0, 200);
    // Again it is nothing, and there is nothing to start any more.
    assert_eq!((host.ask("POST", "/addons/a/uninstall").0, host.ask("POST", "/addons/a/restart").0), (200, 404));
    host.event(|event| event["state"] == "uninstalled");
    let workers = descendants_of(host.child.id());
    host.signal("-INT");
    host.event(|event| event["event"] == "end");
    wait_until("it ends", || host.child.try_wait().expect("a child").is_some());
    assert!(host.child.wait().expect("ended").success());
    assert!(!host.control.exists());
    wait_until("no worker is left", || workers.iter().all(|pid| !Path::new(&format!("/proc/{pid}")).exists()));
}

#[test]
fn consents_warn() {
    let root = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(root.path().join("addons")).expect("a folder");
    let mut host = Running::start(root.path(), &["--allow-private-network", "--allow-root"]);
    host.event(|event| event["event"] == "listening");
    host.signal("-TERM");
    let mut errors = String::new();
    host.child.stderr.take().expect("a pipe").read_to_string(&mut errors).expect("read");
    assert!(
        errors.contains("warning: --allow-private-network") && errors.contains("warning: --allow-root"),
        "{errors}"
    );
}

/// Rounds of kill -9: `KILL_ROUNDS=100` for a release.
fn rounds() -> u32 {
    std::env::var("KILL_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(8)
}

#[test]
fn a29_kill_9_in_the_middle_of_a_write_loses_no_acknowledged_one() {
    let root = tempfile::tempdir().expect("a folder");
    // Each write is told after it was acknowledged. Long values, so that a kill meets a write.
    let main = "const known = (await storage.Read())?.n ?? 0; console.log(`found ${known}`);
        for (let n = known + 1; ; n += 1) { await storage.Write({ n, fill: 'x'.repeat(200000), end: n }); console.log(`wrote ${n}`); }";
    let more = r#","permissions":["log","storage"],"limits":{"initTimeoutMs":60000,"logBytesPerSecond":1048576}"#;
    let ceiling = root.path().join("ceiling.json");
    std::fs::write(&ceiling, r#"{"version":1,"limits":{"initTimeoutMs":60000,"logBytesPerSecond":1048576}}"#)
        .expect("one");
    let folder = addon(root.path(), "a", more, main);
    let mut acknowledged = 0;
    for round in 0..rounds() {
        let mut host = Running::start(root.path(), &["--ceiling", ceiling.to_str().expect("UTF-8")]);
        let number = |event: &Json| {
            let text = event["text"].as_str().unwrap_or_default();
            text.split_once(' ').and_then(|(word, n)| Some((word.to_owned(), n.parse::<u64>().ok()?)))
        };
        let found = host.event(|event| event["event"] == "log");
        let (word, found) = number(&found).expect("a number");
        assert!(
            word == "found" && found >= acknowledged,
            "round {round}: {acknowledged} was acknowledged, {found} is there"
        );
        // Some writes, and then not at a boundary of one.
        host.event(|event| number(event).is_some_and(|(word, n)| word == "wrote" && n > found + 2));
        std::thread::sleep(Duration::from_micros(u64::from(round) * 700 % 9000));
        let workers = descendants_of(host.child.id());
        host.signal("-KILL");
        host.child.wait().expect("killed");
        while let Ok(event) = host.events.recv_timeout(PATIENCE) {
            if let Some((_, n)) = number(&event) {
                acknowledged = acknowledged.max(n);
            }
        }
        wait_until("no worker is left", || workers.iter().all(|pid| !Path::new(&format!("/proc/{pid}")).exists()));
        let text = std::fs::read_to_string(folder.join("storage_data.json")).expect("the file");
        let value: Json = serde_json::from_str(&text).expect("no torn file");
        assert_eq!(value["n"], value["end"]);
        assert!(value["n"].as_u64().expect("a number") >= acknowledged);
    }
    // Nothing of a write that was cut off is left for long.
    let left: Vec<_> =
        std::fs::read_dir(&folder).expect("the folder").flatten().map(|entry| entry.file_name()).collect();
    assert!(left.len() <= 4, "{left:?}");
}

/// The other end of the pipe is held by somebody who does not read it.
#[test]
fn an_output_that_nobody_reads_stops_nothing() {
    let root = tempfile::tempdir().expect("a folder");
    let ceiling = root.path().join("ceiling.json");
    let limits = r#""limits":{"initTimeoutMs":60000,"logBytesPerSecond":16777216}"#;
    std::fs::write(&ceiling, format!(r#"{{"version":1,{limits}}}"#)).expect("one");
    addon(root.path(), "a", &format!(",{limits}"), "for (let n = 0; n < 200; n += 1) console.log('x'.repeat(50000))");
    let control = root.path().join("control.sock");
    let mut child = Command::new(env!("CARGO_BIN_EXE_electrolint-sandbox"))
        .arg("host")
        .arg(root.path().join("addons"))
        .args(["--json", "--state"])
        .arg(root.path().join("state"))
        .arg("--control")
        .arg(&control)
        .arg("--ceiling")
        .arg(&ceiling)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program runs");
    let held = child.stdout.take().expect("a pipe");
    let host = Running { child, events: channel().1, control };
    wait_until("it listens", || host.control.exists());
    wait_until("the addon has said all", || host.ask("GET", "/state").1["addons"][0]["state"] == "running");
    host.signal("-INT");
    let mut host = host;
    wait_until("it ends", || host.child.try_wait().expect("a child").is_some());
    drop(held);
}

/// Nobody else can connect, not even in the moment after the socket is made.
#[test]
fn the_endpoint_is_its_owners_alone_whatever_the_umask() {
    let root = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(root.path().join("addons")).expect("a folder");
    let control = root.path().join("control.sock");
    // Looks all the time while hosts come and go.
    let (stop, watched) = (std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false)), control.clone());
    let stopped = stop.clone();
    let watching = std::thread::spawn(move || {
        let mut modes = std::collections::BTreeSet::new();
        while !stopped.load(std::sync::atomic::Ordering::Relaxed) {
            if let Ok(found) = std::fs::symlink_metadata(&watched) {
                modes.insert(found.permissions().mode() & 0o777);
            }
        }
        modes
    });
    for _ in 0..5 {
        let script = r#"umask 0; exec "$0" host "$1/addons" --json --state "$1/state" --control "$2""#;
        let mut child = Command::new("sh")
            .args(["-c", script, env!("CARGO_BIN_EXE_electrolint-sandbox")])
            .args([root.path(), &control])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program runs");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        assert!(line.contains("listening"), "{line}");
        let pid = child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().expect("kill(1)").success());
        child.wait().expect("it ends");
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    let modes = watching.join().expect("a thread");
    assert_eq!(modes, [0o600].into());
}

/// The end comes while addons start, and no worker is left.
#[test]
fn an_end_in_the_middle_of_the_start() {
    let root = tempfile::tempdir().expect("a folder");
    let limits = r#""limits":{"initTimeoutMs":60000}"#;
    let ceiling = root.path().join("ceiling.json");
    std::fs::write(&ceiling, format!(r#"{{"version":1,{limits}}}"#)).expect("one");
    for n in 0..12 {
        addon(root.path(), &format!("a{n}"), &format!(",{limits}"), "while (true) {}");
    }
    for signal in ["-INT", "-TERM"] {
        let mut host = Running::start(root.path(), &["--ceiling", ceiling.to_str().expect("UTF-8")]);
        host.event(|event| event["state"] == "starting" || event["event"] == "listening");
        wait_until("a worker is there", || descendants_of(host.child.id()).len() > 1);
        let workers = descendants_of(host.child.id());
        host.signal(signal);
        host.event(|event| event["event"] == "end");
        wait_until("it ends", || host.child.try_wait().expect("a child").is_some());
        wait_until("no worker is left", || workers.iter().all(|pid| !Path::new(&format!("/proc/{pid}")).exists()));
    }
}
