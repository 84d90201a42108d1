//! `electrolint-sandbox run` from outside: what it prints and its exit codes.

mod common;

use std::process::{Command, Output};

fn run(args: &[&str]) -> Output {
    Command::new(common::PROGRAM).arg("run").args(args).output().expect("the program runs")
}

fn json(args: &[&str]) -> (Option<i32>, serde_json::Value) {
    let output = run(&[&["--json"], args].concat());
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}")))
}

fn file(name: &str, text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    std::fs::write(&path, text).expect("written");
    let path = path.to_str().expect("UTF-8").to_owned();
    (folder, path)
}

#[test]
fn a_value_is_0() {
    let (code, result) = json(&["-e", "return 2+2"]);
    assert_eq!(code, Some(0));
    assert_eq!(result, serde_json::json!({ "status": "value", "value": 4, "error": null, "containment": "full" }));
    let (_, tagged) = json(&["-e", "return { z: undefined, a: [NaN, 1n] }"]);
    let expected = serde_json::json!({ "z": { "$type": "undefined" }, "a": [{ "$type": "number", "value": "NaN" }, { "$type": "bigint", "value": "1" }] });
    assert_eq!(tagged["value"], expected);
    let plain = run(&["-e", "console.log('\\x1b[31mred'); return 'x'"]);
    assert_eq!(String::from_utf8_lossy(&plain.stdout), "\"x\"\n");
    assert_eq!(String::from_utf8_lossy(&plain.stderr), "\\u{1b}[31mred\n");
}

#[test]
fn an_error_is_1() {
    let (code, result) = json(&["-e", "throw new RangeError('no')"]);
    assert_eq!((code, &result["status"], &result["value"]), (Some(1), &"error".into(), &serde_json::Value::Null));
    assert_eq!((&result["error"]["name"], &result["error"]["message"]), (&"RangeError".into(), &"no".into()));
    assert!(result["error"]["stack"].as_str().is_some_and(|stack| stack.contains("sandbox.js:1")));
}

#[test]
fn a_timeout_is_124() {
    let (code, result) = json(&["-e", "for (;;) {}", "--timeout", "100"]);
    assert_eq!(
        (code, &result["status"], &result["error"]["name"]),
        (Some(124), &"timeout".into(), &"TimedOutErr".into())
    );
    assert_eq!(json(&["-e", "return 1", "--timeout", "10000"]).0, Some(0));
}

#[test]
fn a_worker_that_dies_is_70() {
    // One second of processor time for the whole life, and a longer wall clock.
    let (_folder, policy) = file("policy.json", r#"{"version":1,"limits":{"cpuSeconds":1}}"#);
    let (code, result) = json(&["--policy", &policy, "-e", "for (;;) {}", "--timeout", "20000"]);
    assert_eq!((code, &result["status"]), (Some(70), &"killed".into()), "{result}");
}

#[test]
fn a_refusal_is_77() {
    let (_folder, root) = file("root.json", r#"{"version":1,"distribution":false,"permissions":["ROOT"]}"#);
    let (code, result) = json(&["--policy", &root, "-e", "return 1"]);
    assert_eq!((code, &result["status"]), (Some(77), &"refused".into()), "{result}");
    assert_eq!(json(&["--policy", &root, "--ceiling", &root, "-e", "return 1"]).0, Some(0));
}

#[test]
fn usage_and_policy_errors_are_2() {
    let (_folder, bad) = file("bad.json", r#"{"version":1,"surprise":1}"#);
    let output = run(&["--policy", &bad, "-e", "return 1"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("unknown field `surprise`"));
    for args in
        [&[][..], &["-e", "1", "x.js"], &["-e", "1", "--timeout", "0"], &["/does/not/exist.js"], &["--nonsense"]]
    {
        assert_eq!(run(args).status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn a_script_and_a_module() {
    let (_folder, script) = file("script.js", "const a = 1;\nreturn a + 1");
    assert_eq!(json(&[&script]).1["value"], 2);
    let (folder, module) = file("main.mjs", "import { x } from './x.mjs'; if (x !== 1) throw new Error('not 1');");
    std::fs::write(folder.path().join("x.mjs"), "export const x = 1;").expect("written");
    let (code, result) = json(&[&module]);
    assert_eq!((code, &result["status"]), (Some(0), &"value".into()), "{result}");
}

#[test]
fn the_ceiling_holds() {
    let (_folder, greedy) = file("greedy.json", r#"{"version":1,"codegen":true}"#);
    let code = "try { return eval('1') } catch { return 'refused' }";
    assert_eq!(json(&["--policy", &greedy, "-e", code]).1["value"], "refused");
    assert_eq!(json(&["--policy", &greedy, "--ceiling", &greedy, "-e", code]).1["value"], 1);
}
