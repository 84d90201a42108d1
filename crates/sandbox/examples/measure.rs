//! Measures the engine for `npm/sandbox/bench/peers.mjs`: one command a line on standard input, one number a line out.
//!
//! `zygote`, `cold`: milliseconds from create to the first result. `rpc N`: calls a second of a sandbox that awaits an
//! `add` of the host N times. `memory N`: bytes of PSS of one more idle sandbox, over N. `kill`: milliseconds by which a
//! loop outlives a limit of 100 ms. `probes`: of all answers of another sandbox while the scripts of fixtures/escapes
//! run, the part that came within 100 ms.

use std::io::{BufRead, Write};
use std::time::{Duration, Instant};

use electrolint_sandbox::{Engine, EngineOptions, Sandbox};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let worker = std::env::args_os().nth(1).map(Into::into);
    let engine = Engine::new(EngineOptions { worker, accept: None, ..EngineOptions::default() })?;
    // The zygote is started once for an application; it is not part of a create.
    create(&engine, false).await?.exit().await;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let mut words = line.split_whitespace();
        let command = words.next().unwrap_or_default();
        let count: usize = words.next().and_then(|n| n.parse().ok()).unwrap_or(1);
        let number = match command {
            "zygote" | "cold" => start(&engine, command == "cold").await?,
            "rpc" => calls(&engine, count).await?,
            "memory" => memory(&engine, count).await?,
            "kill" => kill(&engine).await?,
            "probes" => probes(&engine).await?,
            other => return Err(format!("unknown command {other}").into()),
        };
        println!("{number}");
        std::io::stdout().flush()?;
    }
    Ok(())
}

async fn create(engine: &Engine, cold: bool) -> Result<Sandbox, Box<dyn std::error::Error>> {
    let builder = engine.sandbox().api("add", |(a, b): (f64, f64)| async move { Ok(a + b) });
    Ok(if cold { builder.own_layout() } else { builder }.create().await?)
}

async fn start(engine: &Engine, cold: bool) -> Result<f64, Box<dyn std::error::Error>> {
    let start = Instant::now();
    let sandbox = create(engine, cold).await?;
    sandbox.execute("return 2+2").await?;
    let time = start.elapsed();
    sandbox.exit().await;
    Ok(time.as_secs_f64() * 1000.0)
}

async fn calls(engine: &Engine, count: usize) -> Result<f64, Box<dyn std::error::Error>> {
    let sandbox = create(engine, false).await?;
    let start = Instant::now();
    sandbox.execute(format!("let n = 0; for (let i = 0; i < {count}; i++) n = await api.add(n, 1); return n")).await?;
    let time = start.elapsed();
    sandbox.exit().await;
    Ok(count as f64 / time.as_secs_f64())
}

async fn memory(engine: &Engine, count: usize) -> Result<f64, Box<dyn std::error::Error>> {
    let keep = create(engine, false).await?;
    let before = tree_pss(std::process::id())?;
    let mut all = Vec::new();
    for _ in 0..count {
        let sandbox = create(engine, false).await?;
        sandbox.execute("return 1").await?;
        all.push(sandbox);
    }
    let grown = tree_pss(std::process::id())?.saturating_sub(before);
    drop((keep, all));
    Ok(grown as f64 / count as f64)
}

async fn kill(engine: &Engine) -> Result<f64, Box<dyn std::error::Error>> {
    let sandbox = create(engine, false).await?;
    let start = Instant::now();
    let limit = Duration::from_millis(100);
    let ended = sandbox.execute("while(true){}").timeout(limit).await;
    assert!(ended.is_err());
    Ok(start.elapsed().saturating_sub(limit).as_secs_f64() * 1000.0)
}

const ESCAPES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/escapes");

async fn probes(engine: &Engine) -> Result<f64, Box<dyn std::error::Error>> {
    let bystander = create(engine, false).await?;
    let (mut all, mut in_time) = (0_u32, 0_u32);
    for class in std::fs::read_dir(ESCAPES)?.flatten().filter(|entry| entry.path().is_dir()) {
        for script in std::fs::read_dir(class.path())?.flatten() {
            let text = std::fs::read_to_string(script.path())?;
            let attack = text.split("\n//=== permitted\n").next().unwrap_or_default().to_owned();
            let sandbox = create(engine, false).await?;
            let over = std::cell::Cell::new(false);
            let attack = async {
                let _ = sandbox.execute(attack).timeout(Duration::from_millis(250)).await;
                over.set(true);
            };
            // For as long as the attack goes on, and once in any case. A probe that is dropped would be an abort.
            let probe = async {
                loop {
                    let start = Instant::now();
                    let answered = bystander.execute("return 1 + 1").await.is_ok();
                    all += 1;
                    in_time += u32::from(answered && start.elapsed() <= Duration::from_millis(100));
                    if over.get() {
                        return;
                    }
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            };
            tokio::join!(attack, probe);
        }
    }
    Ok(f64::from(in_time) / f64::from(all))
}

/// Proportional set size of this process and its descendants, in bytes. Needs the right to read theirs: run as root.
fn tree_pss(root: u32) -> std::io::Result<u64> {
    let mut total = 0;
    let mut queue = vec![root];
    while let Some(pid) = queue.pop() {
        let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
        let pss = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
        total +=
            pss.and_then(|l| l.split_whitespace().next()).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) * 1024;
        for task in std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten() {
            let children = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
            queue.extend(children.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
        }
    }
    Ok(total)
}
