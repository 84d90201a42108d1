//! What is kept from one use to the next: workers that are ready, contexts, compiled code; rows d09 and d11 of
//! docs/sandbox.md.

mod common;

use std::time::Duration;

use common::{engine, engine_with, eventually, policy, thrown, value};
use electrolint_policy::Value;
use electrolint_sandbox::{EngineOptions, ExecError, RpcError, StartError};

/// A module that is long enough for a file of it to be worth keeping.
fn module(answer: u32) -> String {
    let functions: String = (0..200).map(|n| format!("function f{n}(x) {{ return x + {n}; }}\n")).collect();
    format!("{functions}export const answer = {answer} + f1(0);")
}

#[tokio::test]
async fn d09_compiled_code_is_kept_and_authenticated() {
    let (cache, folder) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    std::fs::write(folder.path().join("m.mjs"), module(41)).expect("a module");
    let engine =
        || engine_with(EngineOptions { code_cache: Some(cache.path().to_owned()), ..EngineOptions::default() });
    let load = async |engine: &electrolint_sandbox::Engine| {
        let builder = engine.sandbox().modules("a", folder.path()).expect("a folder");
        let sandbox = builder.create().await.expect("a sandbox");
        value(&sandbox, "return (await import('./m.mjs')).answer").await
    };
    let first = engine();
    assert_eq!(load(&first).await, 42.into());
    assert_eq!((first.code_cache().hits, first.code_cache().misses), (0, 1));
    eventually("it is compiled beside", || first.code_cache().stored == 1).await;
    assert_eq!(load(&first).await, 42.into());
    assert_eq!(first.code_cache().hits, 1);
    drop(first);
    // Another run of the host finds it on disk.
    let second = engine();
    assert_eq!(load(&second).await, 42.into());
    assert_eq!((second.code_cache().hits, second.code_cache().rejected), (1, 0));
    drop(second);
    // One flipped bit: it is not used, and compiled again.
    let entry = std::fs::read_dir(cache.path()).expect("the cache").flatten().map(|entry| entry.path());
    let entry = entry.filter(|path| path.extension().is_some_and(|e| e == "code")).last().expect("an entry");
    let mut bytes = std::fs::read(&entry).expect("the entry");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&entry, bytes).expect("flipped");
    let third = engine();
    assert_eq!(load(&third).await, 42.into());
    assert_eq!((third.code_cache().hits, third.code_cache().rejected), (0, 1));
    eventually("it is compiled again", || third.code_cache().stored == 1).await;
    // Another source of the same name is another entry.
    std::fs::write(folder.path().join("m.mjs"), module(1)).expect("a module");
    assert_eq!(load(&third).await, 2.into());
}

/// Another build of the worker program finds nothing of what this one wrote.
#[tokio::test]
async fn d09_another_build_compiles_again() {
    let cache = tempfile::tempdir().expect("a folder");
    let long = format!("/*{}*/ return 5", "x".repeat(5000));
    let other = cache.path().join("electrolint-sandbox");
    std::fs::copy(common::PROGRAM, &other).expect("a copy");
    let options = |program: &std::path::Path| EngineOptions {
        worker: Some(program.to_owned()),
        code_cache: Some(cache.path().join("code")),
        ..EngineOptions::default()
    };
    for program in [std::path::Path::new(common::PROGRAM), &other] {
        let engine = electrolint_sandbox::Engine::new(options(program)).expect("an engine");
        let sandbox = engine.sandbox().create().await.expect("a sandbox");
        assert_eq!(value(&sandbox, &long).await, 5.into());
        assert_eq!((engine.code_cache().hits, engine.code_cache().misses), (0, 1), "{}", program.display());
        eventually("it is compiled", || engine.code_cache().stored == 1).await;
        assert_eq!(value(&sandbox, &long).await, 5.into());
        assert_eq!(engine.code_cache().hits, 1);
    }
}

/// What comes out of the cache behaves as what was compiled in place: errors, their lines, and the wrapper.
#[tokio::test]
async fn d09_kept_code_behaves_like_fresh_code() {
    let engine = engine();
    let sandbox = engine.sandbox().create().await.expect("a sandbox");
    let padding = "x".repeat(5000);
    let throws = format!("// {padding}\nthrow new TypeError('here')");
    let fresh = thrown(&sandbox, &throws).await;
    eventually("it is compiled", || engine.code_cache().stored == 1).await;
    let kept = thrown(&sandbox, &throws).await;
    assert_eq!(engine.code_cache().hits, 1);
    assert_eq!(fresh, kept);
    assert!(kept.stack.contains("sandbox.js:2"), "{}", kept.stack);
    // What does not compile is not kept, and says why each time.
    let broken = format!("// {padding}\nreturn }}); evil(({{");
    for _ in 0..2 {
        assert_eq!(thrown(&sandbox, &broken).await.name, "SyntaxError");
    }
    assert_eq!(engine.code_cache().stored, 1);
}

#[tokio::test]
async fn d11_a_reset_leaves_nothing_of_the_context_before() {
    let engine = engine();
    let sandbox = engine
        .sandbox()
        .policy(policy(r#"{"version":1,"api":{"add":{"args":[{"type":"number"},{"type":"number"}]}}}"#))
        .api("add", |(a, b): (f64, f64)| async move { Ok(a + b) })
        .create()
        .await
        .expect("a sandbox");
    let stain = r"
        globalThis.secret = 1;
        Array.prototype.map = () => 'stained';
        Object.prototype.polluted = true;
        Promise.prototype.then = function () { throw new Error('stained'); };
        rpc.expose('left', () => 1);
        setInterval(() => console.log('left over'), 1);
        rpc.call('never').catch(() => {});
        return 1";
    // The script has broken its own promises: whatever it answers, the reset helps.
    let _ = sandbox.execute(stain).timeout(Duration::from_secs(5)).await;
    sandbox.reset().await.expect("a reset");
    let seen = "return [typeof secret, [1].map((x) => x + 1)[0], ({}).polluted === undefined, await api.add(2, 3)]";
    let expected: Vec<Value> = vec!["undefined".into(), 2.into(), true.into(), 5.into()];
    assert_eq!(value(&sandbox, seen).await, Value::Array(expected));
    let gone = sandbox.rpc().call("left", Value::Array(vec![])).await;
    assert!(matches!(gone, Err(RpcError::Remote { code: -32601, .. })), "{gone:?}");
    let mut events = sandbox.events();
    value(&sandbox, "await new Promise((r) => setTimeout(r, 20)); console.log('mine')").await;
    let next = tokio::time::timeout(Duration::from_secs(60), events.next()).await.expect("in time");
    assert!(matches!(next, Some(electrolint_sandbox::Event::Log { text, .. }) if text == "mine"));
}

#[tokio::test]
async fn d11_a_reset_ends_what_was_running() {
    let engine = engine();
    let sandbox = engine.sandbox().create().await.expect("a sandbox");
    let (execution, reset) = tokio::join!(async { sandbox.execute("await new Promise(() => {})").await }, async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        sandbox.reset().await
    });
    assert_eq!(execution, Err(ExecError::Gone("the sandbox was reset".into())));
    reset.expect("a reset");
    assert_eq!(value(&sandbox, "return 1").await, 1.into());
    sandbox.exit().await;
    assert!(matches!(sandbox.reset().await, Err(StartError::Ended(_))));
}

/// What is asked while a reset is under way is for the context that comes.
#[tokio::test]
async fn d11_what_comes_after_a_reset_is_the_next_contexts() {
    let sandbox = engine().sandbox().create().await.expect("a sandbox");
    for round in 0..20 {
        assert_eq!(value(&sandbox, "globalThis.before = 1; return 1").await, 1.into(), "round {round}");
        let (reset, next, call) =
            tokio::join!(sandbox.reset(), async { sandbox.execute("return typeof before").await }, async {
                sandbox.rpc().call("nothing", vec![]).await
            });
        reset.unwrap_or_else(|error| panic!("round {round}: {error}"));
        assert_eq!(next, Ok("undefined".into()), "round {round}");
        assert!(matches!(call, Err(RpcError::Remote { code: -32601, .. })), "round {round}: {call:?}");
    }
}

/// Each context is collected: a worker with little memory is reset as often as one likes.
#[tokio::test]
async fn d11_resets_do_not_pile_up() {
    let engine = engine();
    let text = r#"{"version":1,"limits":{"memoryBytes":4194304,"cpuSeconds":600}}"#;
    let sandbox = engine.sandbox().policy(policy(text)).create().await.expect("a sandbox");
    for round in 0..300 {
        let code = "globalThis.kept = new Uint8Array(100000); globalThis.self = { kept }; self.self = self; \
                    rpc.expose('f', () => kept); setTimeout(() => kept, 1e6); const p = rpc.call('x').timeout(1e6); \
                    p.catch(() => {}); return 1";
        assert_eq!(value(&sandbox, code).await, 1.into(), "round {round}");
        sandbox.reset().await.unwrap_or_else(|error| panic!("round {round}: {error}"));
    }
}

#[tokio::test]
async fn workers_are_kept_ready() {
    let engine = engine_with(EngineOptions { ready: 2, ..EngineOptions::default() });
    let first = engine.sandbox().create().await.expect("a sandbox");
    assert_eq!(value(&first, "globalThis.mine = 1; return 1").await, 1.into());
    for _ in 0..20 {
        let next = engine.sandbox().create().await.expect("a sandbox");
        // Nobody has used it before.
        assert_eq!(value(&next, "return typeof mine").await, "undefined".into());
        assert_eq!(value(&next, "return 2").await, 2.into());
    }
    // Other limits are another worker.
    let small = engine.sandbox().policy(policy(r#"{"version":1,"limits":{"timers":1}}"#)).create().await;
    let small = small.expect("a sandbox");
    assert_eq!(thrown(&small, "setTimeout(() => {}, 1); setTimeout(() => {}, 1)").await.name, "RangeError");
}
