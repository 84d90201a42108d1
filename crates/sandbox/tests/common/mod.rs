//! What the tests of the engine share.
#![allow(dead_code, reason = "each test program uses a part of it")]

pub mod addons;
pub mod net;

use std::time::Duration;

use electrolint_policy::{Ceiling, Manifest, Policy, Value};
use electrolint_sandbox::{Engine, EngineOptions, ExecError, Sandbox, Thrown};

/// The worker program that this build made.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_electrolint-sandbox");

pub fn engine() -> Engine {
    Engine::new(EngineOptions { worker: Some(PROGRAM.into()), accept: None, ..EngineOptions::default() })
        .expect("an engine")
}

/// An engine with these options and the worker program that this build made.
pub fn engine_with(options: EngineOptions) -> Engine {
    Engine::new(EngineOptions { worker: Some(PROGRAM.into()), ..options }).expect("an engine")
}

pub async fn sandbox() -> Sandbox {
    engine().sandbox().create().await.expect("a sandbox")
}

/// What a manifest gives under a ceiling of the same text: everything that it asks for.
pub fn policy(text: &str) -> Policy {
    let ceiling = Ceiling::parse(text).expect("a ceiling");
    Manifest::parse(text).expect("a manifest").under(&ceiling)
}

pub async fn value(sandbox: &Sandbox, code: &str) -> Value {
    sandbox.execute(code).await.unwrap_or_else(|error| panic!("{code}: {error:?}"))
}

pub async fn thrown(sandbox: &Sandbox, code: &str) -> Thrown {
    match sandbox.execute(code).await {
        Err(ExecError::Js(thrown)) => thrown,
        other => panic!("{code} did not throw: {other:?}"),
    }
}

/// Entries of a folder of this process under /proc.
pub fn count(folder: &str) -> usize {
    std::fs::read_dir(format!("/proc/self/{folder}")).expect("proc").count()
}

/// Processes that run the worker program and descend from this process.
pub fn workers() -> Vec<i32> {
    let mut parents = std::collections::HashMap::new();
    for entry in std::fs::read_dir("/proc").expect("proc").flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|n| n.parse::<i32>().ok()) else { continue };
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
        // The name is in brackets and may contain anything; state and parent follow it.
        let rest: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        if rest.first() != Some(&"Z")
            && let Some(parent) = rest.get(1).and_then(|p| p.parse::<i32>().ok())
        {
            parents.insert(pid, parent);
        }
    }
    let own = std::process::id().cast_signed();
    let below = |pid: &i32| {
        let mut at = *pid;
        for _ in 0..10 {
            match parents.get(&at) {
                Some(parent) if *parent == own => return true,
                Some(parent) => at = *parent,
                None => return false,
            }
        }
        false
    };
    parents.keys().copied().filter(below).collect()
}

/// Waits until `done`, at most a minute: long enough for a machine that does much else.
pub async fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    for _ in 0..6000 {
        if done() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never: {what}");
}
