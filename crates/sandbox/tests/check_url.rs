//! `electrolint-sandbox check-url` from outside.

use std::process::{Command, Output};

fn check(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_electrolint-sandbox"))
        .arg("check-url")
        .args(args)
        .output()
        .expect("the program runs")
}

fn lines(args: &[&str]) -> Vec<serde_json::Value> {
    let output = check(args);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("UTF-8").lines().map(|l| serde_json::from_str(l).expect("JSON")).collect()
}

fn policy(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), text).expect("written");
    file
}

#[test]
fn without_a_policy_every_public_host_is_allowed() {
    let found = lines(&["https://example.com/a", "http://127.0.0.1/", "http://[::ffff:7f00:1]:81/", "nonsense"]);
    let verdicts: Vec<_> = found.iter().map(|l| l["verdict"].as_str().expect("a verdict")).collect();
    assert_eq!(verdicts, ["allow", "deny", "deny", "deny"]);
    assert_eq!(
        found[0],
        serde_json::json!({
            "url": "https://example.com/a", "verdict": "allow", "rule": "/network/hosts", "host": "example.com", "port": 443,
            "addresses": [], "reason": "the host is allowed; its addresses were not looked up",
        })
    );
    assert_eq!(
        (&found[1]["rule"], &found[1]["host"], &found[1]["port"]),
        (&"not-public".into(), &"127.0.0.1".into(), &80.into())
    );
    assert_eq!((&found[2]["host"], &found[2]["port"]), (&"[::ffff:7f00:1]".into(), &81.into()));
    assert_eq!((&found[3]["rule"], &found[3]["host"]), (&"url".into(), &serde_json::Value::Null));
}

#[test]
fn one_forbidden_answer_refuses_the_request() {
    let resolve = ["--resolve", "a.example.com=8.8.8.8", "--resolve", "*=8.8.8.8,10.0.0.1"];
    let found =
        lines(&[&resolve[..], &["https://a.example.com./", "https://b.example.com/", "https://8.8.4.4/"]].concat());
    assert_eq!((&found[0]["verdict"], &found[0]["addresses"]), (&"allow".into(), &serde_json::json!(["8.8.8.8"])));
    assert_eq!((&found[1]["verdict"], &found[1]["rule"]), (&"deny".into(), &"not-public".into()));
    assert_eq!(found[1]["addresses"], serde_json::json!(["8.8.8.8", "10.0.0.1"]));
    assert_eq!((&found[2]["verdict"], &found[2]["addresses"]), (&"allow".into(), &serde_json::json!(["8.8.4.4"])));
}

#[test]
fn the_policy_decides_and_is_pointed_at() {
    let file = policy(
        r#"{"version":1,"permissions":["net.websocket"],"network":{"hosts":["x.example.com","*.example.org:8443"]}}"#,
    );
    let path = file.path().to_str().expect("UTF-8");
    let found = lines(&[
        "--policy",
        path,
        "--api",
        "websocket",
        "wss://a.example.org:8443/",
        "wss://a.example.org/",
        "https://x.example.com/",
    ]);
    assert_eq!((&found[0]["verdict"], &found[0]["rule"]), (&"allow".into(), &"/network/hosts/1".into()));
    assert_eq!((&found[1]["verdict"], &found[1]["rule"]), (&"deny".into(), &"/network/hosts".into()));
    assert_eq!((&found[2]["verdict"], &found[2]["rule"]), (&"deny".into(), &"/network/websocket/schemes".into()));
    assert_eq!(lines(&["--policy", path, "https://x.example.com/"])[0]["rule"], "/permissions");
}

#[test]
fn usage_and_policy_errors_are_2() {
    let bad = policy("{\n \"version\": 1, \"x\": 1, \"y\": 2 }");
    let path = bad.path().to_str().expect("UTF-8");
    let output = check(&["--policy", path, "https://example.com/"]);
    assert_eq!(output.status.code(), Some(2));
    let errors = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(errors.contains(":2:16: unknown field `x` (/x)") && errors.contains("(/y)"), "{errors}");
    assert_eq!(check(&[]).status.code(), Some(2));
    assert_eq!(check(&["--resolve", "a", "https://example.com/"]).status.code(), Some(2));
    assert_eq!(check(&["--policy", "/does/not/exist", "https://example.com/"]).status.code(), Some(2));
}
