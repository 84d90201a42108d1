//! Message ports between two sandboxes: row d04 of docs/sandbox.md.

mod common;

use std::io::{BufRead, BufReader, Write};
use std::time::Duration;

use common::{engine, policy, thrown, value, workers};
use electrolint_policy::Value;
use electrolint_sandbox::{Engine, PortError, Sandbox};

const PORTS: &str = r#"{"version":1,"ports":2,"limits":{"cpuSeconds":600}}"#;

async fn sandbox(engine: &Engine, text: &str) -> Sandbox {
    engine.sandbox().policy(policy(text)).create().await.expect("a sandbox")
}

#[tokio::test]
async fn d04_two_sandboxes_talk_by_a_port() {
    let engine = engine();
    let (a, b) = (sandbox(&engine, PORTS).await, sandbox(&engine, PORTS).await);
    a.connect("", &b, "").expect("connected");
    a.connect("second", &b, "other").expect("connected");
    let echo = "port.onmessage = ({ data }) => port.postMessage(data); \
                const p = port.named('other'); p.onmessage = ({ data }) => p.postMessage([data, 'other']); return 1";
    assert_eq!(value(&b, echo).await, 1.into());
    let ask = "const answer = (p, v) => new Promise((r) => { p.onmessage = ({ data }) => r(data); p.postMessage(v); }); \
               const m = await answer(port, new Map([[1, { d: new Date(5), b: 10n, u: undefined, s: '\\ud800' }]])); \
               const [n, from] = await answer(port.named('second'), 7); \
               return [m instanceof Map, m.get(1).d.getTime(), m.get(1).b === 10n, m.get(1).s.length, n, from]";
    let expected: Vec<Value> = vec![true.into(), 5.into(), true.into(), 1.into(), 7.into(), "other".into()];
    assert_eq!(value(&a, ask).await, Value::Array(expected));
    // The policy says two.
    assert!(matches!(a.connect("third", &b, "third"), Err(PortError::TooMany { most: 2 })));
    assert!(matches!(a.connect("", &a, ""), Err(PortError::Itself)));
}

#[tokio::test]
async fn d04_without_the_policy_there_is_no_port() {
    let engine = engine();
    let (plain, with) = (sandbox(&engine, r#"{"version":1}"#).await, sandbox(&engine, PORTS).await);
    assert_eq!(value(&plain, "return typeof port").await, "undefined".into());
    assert_eq!(value(&with, "return typeof port").await, "object".into());
    assert!(matches!(with.connect("", &plain, ""), Err(PortError::TooMany { most: 0 })));
    plain.exit().await;
    assert!(with.connect("", &plain, "").is_err());
}

#[tokio::test]
async fn d04_a_side_that_does_not_read_stops_nobody() {
    let engine = engine();
    let (a, b) = (sandbox(&engine, PORTS).await, sandbox(&engine, PORTS).await);
    a.connect("", &b, "").expect("connected");
    // Nobody reads: at a bound the sender is told, and goes on.
    let flood = "const s = 'x'.repeat(60000); for (let i = 0; i < 1000; i++) port.postMessage(s); return 'all'";
    let refused = thrown(&a, flood).await;
    assert_eq!(
        (refused.name.as_str(), refused.message.as_str()),
        ("RangeError", "the other side of the port does not read")
    );
    assert_eq!(value(&a, "return 1").await, 1.into());
    // A closed port throws on the side that closed it; the other side's is closed too.
    assert_eq!(
        value(&a, "port.close(); try { port.postMessage(1) } catch (e) { return e.message }").await,
        "the port is closed".into()
    );
    b.exit().await;
    assert_eq!(value(&a, "return 2").await, 2.into());
}

/// What comes by a port is another sandbox's: its messages are read with the same bounds as any other.
#[tokio::test]
async fn d04_messages_have_bounds() {
    let engine = engine();
    let small = r#"{"version":1,"ports":1,"limits":{"messageBytes":1024}}"#;
    let (large, small) = (sandbox(&engine, PORTS).await, sandbox(&engine, small).await);
    large.connect("", &small, "").expect("connected");
    assert_eq!(
        value(&small, "globalThis.got = []; port.onmessage = ({ data }) => got.push(data); return 1").await,
        1.into()
    );
    value(&large, "port.postMessage('short'); port.postMessage('x'.repeat(5000))").await;
    let wait = "for (let i = 0; i < 1000 && got.length < 1; i++) await new Promise((r) => setTimeout(r, 5)); \
                await new Promise((r) => setTimeout(r, 20)); return got.join()";
    assert_eq!(value(&small, wait).await, "short".into(), "the long one closes the port");
    assert_eq!(value(&small, "return 1").await, 1.into());
}

/// The host is stopped while ten thousand messages are exchanged.
#[tokio::test]
async fn d04_the_host_is_not_on_the_path() {
    let mut host = std::process::Command::new(common::PROGRAM)
        .arg("serve")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("serve starts");
    let mut input = host.stdin.take().expect("a pipe");
    let mut output = BufReader::new(host.stdout.take().expect("a pipe")).lines();
    let mut next = move |wanted: &str| -> serde_json::Value {
        loop {
            let line = output.next().expect("a line").expect("a line");
            let line: serde_json::Value = serde_json::from_str(&line).expect("JSON");
            assert_ne!(line["type"], "error", "{line}");
            if line["type"] == wanted || line["event"] == wanted {
                return line;
            }
        }
    };
    let mut say = |line: serde_json::Value| writeln!(input, "{line}").expect("written");
    let policy: serde_json::Value = serde_json::from_str(PORTS).expect("JSON");
    for id in 1..=2 {
        say(serde_json::json!({ "type": "create", "id": id, "policy": policy, "ceiling": policy }));
        assert_eq!(next("result")["value"]["sandbox"], id);
    }
    say(serde_json::json!({ "type": "connect", "id": 3, "sandbox": 1, "other": 2 }));
    assert_eq!(next("result")["id"], 3);
    let echo = "port.onmessage = ({ data }) => port.postMessage(data + 1); return 1";
    say(serde_json::json!({ "type": "execute", "id": 4, "sandbox": 2, "code": echo }));
    assert_eq!(next("result")["value"], 1);
    let signal = |name: &str| {
        let done = std::process::Command::new("kill").args([format!("-{name}"), host.id().to_string()]).status();
        assert!(done.expect("kill(1)").success());
    };
    // It waits until the host has been stopped, and says when it was over. On a busy machine that may be too soon.
    let mut tried = Vec::new();
    for seconds in [1, 4, 16] {
        let exchange = format!(
            "console.log('begun'); await new Promise((r) => setTimeout(r, {seconds}000));
             for (let n = 0; n < 10000;) {{
                 n = await new Promise((r) => {{ port.onmessage = ({{ data }}) => r(data); port.postMessage(n); }});
             }}
             return Date.now()"
        );
        say(serde_json::json!({ "type": "execute", "id": 5, "sandbox": 1, "code": exchange, "timeoutMs": 600_000 }));
        next("log");
        signal("STOP");
        let stopped = now();
        // Until the workers have been at rest for longer than the wait, or a minute has gone.
        let (mut used, mut rest) = (0, 0);
        for _ in 0..600 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let ticks: u64 = workers().into_iter().map(ticks).sum();
            rest = if ticks == used { rest + 1 } else { 0 };
            used = ticks;
            if rest > seconds * 10 + 20 {
                break;
            }
        }
        let continued = now();
        signal("CONT");
        let over = next("result")["value"].as_f64().expect("a time");
        tried.push((stopped, over, continued));
        if over > stopped && over < continued {
            break;
        }
    }
    let (stopped, over, continued) = *tried.last().expect("it was tried");
    assert!(over > stopped && over < continued, "{tried:?}");
    drop(input);
    host.wait().expect("the host ends");
}

/// Milliseconds since 1970.
fn now() -> f64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs_f64() * 1000.0
}

/// Processor time of a process, in ticks: fields 14 and 15 of /proc/PID/stat.
fn ticks(pid: i32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let rest: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    [11, 12].iter().filter_map(|index| rest.get(*index)?.parse::<u64>().ok()).sum()
}
