//! An addon: `main` of its manifest, and a supervisor that restarts it.

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{engine, eventually, policy, value};
use electrolint_sandbox::{Event, ExecError, StartError, State, Supervisor};

fn folder(main: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("index.js"), main).expect("main");
    std::fs::write(folder.path().join("part.js"), "export const part = 'part';").expect("a part");
    folder
}

const ADDON: &str = r#"{"version":1,"id":"a","main":"index.js","limits":{"initTimeoutMs":3000},
    "restart":{"backoffMs":[0],"stableAfterMs":86400000}}"#;

#[tokio::test]
async fn main_is_loaded_at_every_start() {
    let folder = folder("import { part } from './part.js'; globalThis.loaded = part;");
    let engine = engine();
    let addon = engine.sandbox().policy(policy(ADDON)).addon(folder.path()).expect("an addon");
    let sandbox = addon.create().await.expect("a sandbox");
    assert_eq!(value(&sandbox, "return loaded").await, "part".into());
    sandbox.reset().await.expect("a reset");
    assert_eq!(value(&sandbox, "return loaded").await, "part".into());
    sandbox.restart().await.expect("a restart");
    assert_eq!(value(&sandbox, "return loaded").await, "part".into());
    // Without a folder, `main` says nothing.
    assert!(engine.sandbox().addon(folder.path()).is_err());
}

#[tokio::test]
async fn a_main_that_fails_or_does_not_end_is_no_start() {
    let engine = engine();
    let start = async |main: &str| {
        let folder = folder(main);
        engine.sandbox().policy(policy(ADDON)).addon(folder.path()).expect("an addon").create().await.err()
    };
    let failed = start("throw new TypeError('no')").await;
    assert!(
        matches!(&failed, Some(StartError::Main(ExecError::Js(thrown))) if thrown.name == "TypeError"),
        "{failed:?}"
    );
    assert!(matches!(start("while (true) {}").await, Some(StartError::Main(ExecError::TimedOut))));
    assert!(matches!(start("import './missing.js'").await, Some(StartError::Main(ExecError::Js(_)))));
}

#[tokio::test]
async fn a_supervisor_restarts_and_gives_up() {
    let folder =
        folder("globalThis.runs = 1; rpc.expose('crash', () => setTimeout(() => Promise.reject(new Error('x')), 1));");
    let engine = engine();
    let addon = engine.sandbox().policy(policy(ADDON)).addon(folder.path()).expect("an addon");
    let sandbox = Arc::new(addon.create().await.expect("a sandbox"));
    let mut events = sandbox.events();
    let supervisor = Supervisor::new(sandbox.clone());
    assert_eq!(supervisor.state(), State::Running);
    for crash in 1..=3 {
        sandbox.rpc().call("crash", electrolint_policy::Value::Array(vec![])).await.expect("it is asked");
        let (consecutive, after) = loop {
            let event = tokio::time::timeout(Duration::from_secs(30), events.next()).await.expect("in time");
            if let Some(Event::Crash { consecutive, restart_after }) = event {
                break (consecutive, restart_after);
            }
        };
        assert_eq!((consecutive, after.is_some()), (crash, crash < 3));
        let expected = if crash < 3 { State::Running } else { State::Stopped };
        eventually("it is started again, or given up", || supervisor.state() == expected).await;
        assert_eq!(sandbox.is_running(), crash < 3);
    }
    // Somebody asks for it.
    supervisor.restart().await.expect("a restart");
    assert_eq!((supervisor.state(), value(&sandbox, "return runs").await), (State::Running, 1.into()));
    // An end that is wanted is no crash.
    sandbox.exit().await;
    eventually("it stays ended", || supervisor.state() == State::Stopped).await;
    assert!(!sandbox.is_running());
}
