//! Runs every script of `fixtures/escapes`: none gets out, and another sandbox answers all the while.

mod common;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use common::{count, engine, eventually, policy, value, workers};
use electrolint_sandbox::{ApiError, CallArgs, Engine, ExecError, Sandbox};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/escapes");
/// Long enough for what ends by itself on a busy machine.
const LIMIT: Duration = Duration::from_secs(30);
/// What has to be killed is given less.
const SHORT: Duration = Duration::from_millis(250);

struct Case {
    path: PathBuf,
    ends: String,
    attack: String,
    permitted: String,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for class in std::fs::read_dir(FOLDER).expect("the corpus").flatten().filter(|entry| entry.path().is_dir()) {
        for file in std::fs::read_dir(class.path()).expect("a class").flatten() {
            let text = std::fs::read_to_string(file.path()).expect("a script");
            let (header, rest) = text.split_once('\n').expect("a header");
            let (attack, permitted) = rest.split_once("\n//=== permitted\n").expect("a twin");
            let ends = header.strip_prefix("// ends: ").expect("how it ends").to_owned();
            cases.push(Case { path: file.path(), ends, attack: attack.to_owned(), permitted: permitted.to_owned() });
        }
    }
    cases.sort_by(|a, b| a.path.cmp(&b.path));
    cases
}

async fn create(engine: &Engine) -> Sandbox {
    engine
        .sandbox()
        .policy(policy(r#"{"version":1,"api":{"echo":{"args":[{"type":"any"}]},"fail":{"args":[]}}}"#))
        .api_value("echo", |args: CallArgs| async move {
            // The one argument, as the outermost value of its own message.
            let electrolint_policy::Value::Array(mut list) = args.value else { return Err(ApiError::new("no list")) };
            let first = list.pop().unwrap_or(electrolint_policy::Value::Undefined);
            Ok(first)
        })
        .api("fail", |(): ()| async move { Err::<(), _>(ApiError::new("no")) })
        .create()
        .await
        .expect("a sandbox")
}

#[tokio::test]
async fn none_escapes() {
    let cases = cases();
    assert!(cases.len() >= 150, "{}", cases.len());
    let engine = engine();
    let bystander = create(&engine).await;
    let (descriptors, memory) = (count("fd"), resident());
    let mut wrong = Vec::new();
    let mut late = 0;
    for case in &cases {
        let sandbox = create(&engine).await;
        let limit = if case.ends == "timeout" || case.ends == "any" { SHORT } else { LIMIT };
        let attack = async {
            let run = async { sandbox.execute(case.attack.as_str()).timeout(limit).await };
            tokio::time::timeout(Duration::from_secs(120), run)
                .await
                .unwrap_or_else(|_| panic!("{} hangs", case.path.display()))
        };
        let probe = async {
            let start = Instant::now();
            assert_eq!(value(&bystander, "return 1 + 1").await, 2.into());
            start.elapsed()
        };
        let (result, probed) = tokio::join!(attack, probe);
        // A generous deadline: the machine of a test run is busy. The benchmark measures.
        late += usize::from(probed > Duration::from_secs(10));
        let ended = match &result {
            Ok(electrolint_policy::Value::Bool(true)) => "value",
            Ok(_) => "another value",
            Err(ExecError::Js(_)) => "throws",
            Err(ExecError::TimedOut) => "timeout",
            Err(_) => "killed",
        };
        let held =
            if case.ends == "any" { matches!(ended, "throws" | "timeout" | "killed") } else { ended == case.ends };
        if !held {
            wrong.push(format!("{}: {ended}, not {}: {result:?}", case.path.display(), case.ends));
        }
        let twin = create(&engine).await;
        match twin.execute(case.permitted.as_str()).await {
            Ok(electrolint_policy::Value::Bool(true)) => {}
            other => wrong.push(format!("{}: the permitted twin gave {other:?}", case.path.display())),
        }
        sandbox.exit().await;
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    assert!(late <= cases.len() / 100, "{late} of {} answers came late", cases.len());
    eventually("the workers are gone", || workers().len() == 3).await;
    eventually("the descriptors are closed", || count("fd") <= descriptors).await;
    let grown = resident().saturating_sub(memory);
    assert!(grown < 64 << 20, "the host grew by {grown} bytes");
}

/// Resident memory of this process, in bytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("proc");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("VmRSS");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<usize>().ok()).expect("a number") * 1024
}
