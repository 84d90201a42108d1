//! A host in one file: it is its own worker program, gives a script two functions, and holds it to a policy.
//!
//! `cargo run -p electrolint-sandbox --example quick_start` prints what the assertions say.

use std::time::Duration;

use electrolint_policy::{Ceiling, Manifest};
use electrolint_sandbox::{ApiError, Engine, EngineOptions, Event, ExecError, from_value};

fn main() -> Result<std::process::ExitCode, Box<dyn std::error::Error>> {
    // Before anything else: the engine starts this program again as its worker.
    if let Some(code) = electrolint_sandbox::run_if_worker() {
        return Ok(code);
    }
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(host())?;
    Ok(std::process::ExitCode::SUCCESS)
}

async fn host() -> Result<(), Box<dyn std::error::Error>> {
    let manifest = Manifest::parse(
        r#"{ "version": 1,
             "api": { "add": { "args": [{ "type": "number" }, { "type": "number" }] },
                      "greet": { "args": [{ "type": "string", "maxLength": 40 }] } } }"#,
    )?;
    let engine = Engine::new(EngineOptions { worker: Some(std::env::current_exe()?), ..EngineOptions::default() })?;
    let sandbox = engine
        .sandbox()
        .policy(manifest.under(&Ceiling::default()))
        .api("add", |(a, b): (f64, f64)| async move { Ok(a + b) })
        .api("greet", |(name,): (String,)| async move {
            if name.is_empty() { Err(ApiError::new("nobody to greet")) } else { Ok(format!("Hello, {name}!")) }
        })
        .create()
        .await?;
    println!("containment: {}", sandbox.containment().as_str());

    let sum = sandbox.execute("return await api.add(10, 5)").await?;
    assert_eq!(from_value::<f64>(&sum)?, 15.0);
    let greeting = sandbox.execute("return await api.greet('World')").await?;
    assert_eq!(from_value::<String>(&greeting)?, "Hello, World!");

    // Errors reach the caller, and the sandbox goes on; an argument that the policy does not allow is one.
    let refused = sandbox.execute("return await api.add('10', 5)").await;
    assert!(matches!(refused, Err(ExecError::Js(thrown)) if thrown.name == "TypeError"));

    // Events are a stream.
    let mut events = sandbox.events();
    sandbox.execute("console.log('from inside')").await?;
    assert!(matches!(events.next().await, Some(Event::Log { text, .. }) if text == "from inside"));

    // A limit destroys the sandbox, whatever it is doing.
    let late = sandbox.execute("while (true) {}").timeout(Duration::from_millis(100)).await;
    assert_eq!(late, Err(ExecError::TimedOut));
    assert!(!sandbox.is_running());
    println!("all as it should be");
    Ok(())
}
