//! Calls both ways, permissions, lockup, events: rows c01 to c28 of docs/sandbox.md.

mod common;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{engine, policy, sandbox, thrown, value};
use electrolint_policy::{Policy, Value};
use electrolint_sandbox::{ApiError, CallArgs, Engine, EngineOptions, Event, LogLevel, RpcError, Sandbox};
use tokio::sync::Notify;

async fn event(sandbox: &Sandbox, code: &str, mut wanted: impl FnMut(&Event) -> bool) -> Event {
    let mut events = sandbox.events();
    let _ = sandbox.execute(code).await;
    let found = async {
        loop {
            let event = events.next().await.expect("an event");
            if wanted(&event) {
                return event;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), found).await.expect("the event in time")
}

#[tokio::test]
async fn c02_a_script_from_a_file_with_modules_of_its_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("lib")).expect("lib");
    std::fs::write(folder.path().join("main.mjs"), "import { two } from './lib/two.mjs'; globalThis.found = two + 1;")
        .expect("main");
    std::fs::write(folder.path().join("lib/two.mjs"), "import './../side.mjs'; export const two = 2;").expect("two");
    std::fs::write(folder.path().join("side.mjs"), "globalThis.side = import.meta.url;").expect("side");
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("link.mjs")).expect("link");
    let sandbox =
        engine().sandbox().modules("app", folder.path()).expect("a folder").create().await.expect("a sandbox");
    assert_eq!(sandbox.load("./main.mjs").await, Ok(Value::Undefined));
    assert_eq!(value(&sandbox, "return found").await, 3.into());
    assert_eq!(value(&sandbox, "return (await import('./lib/two.mjs')).two").await, 2.into());
    for specifier in ["./missing.mjs", "../outside.mjs", "./link.mjs", "/etc/passwd", "file:///etc/passwd", "fs"] {
        let error = thrown(&sandbox, &format!("return await import('{specifier}')")).await;
        assert!(!error.message.contains(folder.path().to_str().expect("UTF-8")), "{}", error.message);
    }
}

#[tokio::test]
async fn c03_methods_of_the_host() {
    let sandbox = sandbox().await;
    assert!(thrown(&sandbox, "return await rpc.call('someMethod', [1])").await.message.contains("does not exist"));
    // Exposed after the start, and seen.
    sandbox.rpc().expose("someMethod", |(n,): (f64,)| async move { Ok(n + 1.0) }).expect("exposed");
    assert_eq!(value(&sandbox, "return await rpc.call('someMethod', [1])").await, 2.into());
}

#[tokio::test]
async fn c05_methods_of_the_sandbox() {
    let sandbox = sandbox().await;
    value(
        &sandbox,
        "rpc.expose('add', (a, b) => a + b); rpc.expose('later', async () => { await null; return 'late' })",
    )
    .await;
    assert_eq!(sandbox.rpc().call("add", vec![1.into(), 2.into()]).await, Ok(3.into()));
    assert_eq!(sandbox.rpc().call("later", vec![]).await, Ok("late".into()));
    value(&sandbox, "rpc.expose('fails', () => { throw new Error('inside') })").await;
    let error = sandbox.rpc().call("fails", vec![]).await.expect_err("it throws");
    assert_eq!(error, RpcError::Remote { code: -32000, message: "inside".into() });
}

#[tokio::test]
async fn c06_a_wrong_worker_program_fails_in_time() {
    let engine =
        Engine::new(EngineOptions { worker: Some("/does/not/exist".into()), accept: None, ..EngineOptions::default() })
            .expect("an engine");
    let start = Instant::now();
    assert!(engine.sandbox().create().await.is_err());
    assert!(start.elapsed() < Duration::from_secs(60));
}

#[tokio::test]
async fn c06_a_silent_worker_program_fails_in_time() {
    // A program that takes the argument of a worker and says nothing.
    let folder = tempfile::tempdir().expect("a folder");
    let program = folder.path().join("silent");
    std::fs::write(&program, "#!/bin/sh\nexec sleep 60\n").expect("written");
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("executable");
    let engine = Engine::new(EngineOptions { worker: Some(program), accept: None, ..EngineOptions::default() })
        .expect("an engine");
    let start = Instant::now();
    assert!(engine.sandbox().create().await.is_err());
    assert!(start.elapsed() < Duration::from_secs(120), "{:?}", start.elapsed());
}

#[tokio::test]
async fn c07_what_is_not_permitted_does_not_exist() {
    let without =
        engine().sandbox().policy(policy(r#"{"version":1,"permissions":[]}"#)).create().await.expect("a sandbox");
    let names = "return ['console', 'setTimeout', 'setInterval', 'clearTimeout', 'clearInterval', 'storage', 'network'].filter((n) => n in globalThis)";
    assert_eq!(value(&without, names).await, Value::Array(vec![]));
    let with = sandbox().await;
    let Value::Array(there) = value(&with, names).await else { panic!("a list") };
    assert_eq!(there.len(), 5);
}

#[tokio::test]
async fn c08_no_require() {
    assert_eq!(thrown(&sandbox().await, "return require('fs')").await.name, "ReferenceError");
}

#[tokio::test]
async fn c09_dots_make_namespaces() {
    let sandbox = sandbox().await;
    sandbox.rpc().expose("ns.deep.method", |(): ()| async move { Ok(true) }).expect("exposed");
    assert_eq!(value(&sandbox, "return await rpc.call('ns.deep.method')").await, true.into());
    for name in ["__proto__", "a.constructor", "prototype.x", "then", "a..b", "", "a b"] {
        assert!(sandbox.rpc().expose(name, |(): ()| async move { Ok(()) }).is_err(), "{name}");
        assert_eq!(thrown(&sandbox, &format!("rpc.expose('{name}', () => 1)")).await.name, "TypeError", "{name}");
        assert!(
            thrown(&sandbox, &format!("return await rpc.call('{name}')")).await.message.contains("does not exist"),
            "{name}"
        );
    }
}

#[tokio::test]
async fn c10_unexpose_lets_running_calls_finish() {
    let sandbox = sandbox().await;
    let (begun, finish) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (begins, finishes) = (begun.clone(), finish.clone());
    sandbox
        .rpc()
        .expose("slow", move |(): ()| {
            let (begins, finishes) = (begins.clone(), finishes.clone());
            async move {
                begins.notify_one();
                finishes.notified().await;
                Ok("done")
            }
        })
        .expect("exposed");
    let rpc = sandbox.rpc();
    let (result, taken) = tokio::join!(async { value(&sandbox, "return await rpc.call('slow')").await }, async {
        begun.notified().await;
        let taken = rpc.unexpose("slow");
        finish.notify_one();
        taken
    });
    assert_eq!((result, taken), ("done".into(), true));
    assert!(!rpc.unexpose("slow"));
    assert_eq!(value(&sandbox, "return rpc.call('slow').catch((e) => e.code)").await, (-32601).into());
}

#[tokio::test]
async fn c11_expose_all_replaces() {
    let sandbox = sandbox().await;
    sandbox.rpc().expose("old", |(): ()| async move { Ok(1) }).expect("exposed");
    let echo = |args: CallArgs| async move { Ok::<_, ApiError>(args.value) };
    sandbox.rpc().expose_all(HashMap::from([("new".to_owned(), echo), ("ns.new".to_owned(), echo)])).expect("exposed");
    assert_eq!(value(&sandbox, "return rpc.call('old').catch((e) => e.code)").await, (-32601).into());
    assert_eq!(value(&sandbox, "return (await rpc.call('ns.new', [7]))[0]").await, 7.into());
    assert!(sandbox.rpc().unexpose("new"));
    value(&sandbox, "rpc.expose('old', () => 1); rpc.exposeObject({ a: () => 'a', ns: { b: () => 'b' } })").await;
    assert_eq!(sandbox.rpc().call("ns.b", vec![]).await, Ok("b".into()));
    assert!(matches!(sandbox.rpc().call("old", vec![]).await, Err(RpcError::Remote { code: -32601, .. })));
    assert_eq!(
        value(&sandbox, "return [rpc.unexpose('a'), rpc.unexpose('a')]").await,
        vec![true.into(), false.into()].into()
    );
}

#[tokio::test]
async fn c12_answers_may_come_out_of_order() {
    let sandbox = sandbox().await;
    let released = Arc::new([const { Notify::const_new() }; 3]);
    let release = released.clone();
    let wait = move |(n,): (usize,)| {
        let released = released.clone();
        async move {
            released[n].notified().await;
            Ok(n)
        }
    };
    sandbox.rpc().expose("wait", wait).expect("exposed");
    let release = move |(n,): (usize,)| {
        release[n].notify_one();
        async { Ok(()) }
    };
    sandbox.rpc().expose("release", release).expect("exposed");
    let code = "const order = []; const calls = [0, 1, 2].map((n) => rpc.call('wait', [n]).then((n) => order.push(n)));
        for (const n of [1, 2, 0]) { await rpc.call('release', [n]); await calls[n] } return order";
    assert_eq!(value(&sandbox, code).await, vec![1.into(), 2.into(), 0.into()].into());
}

#[tokio::test]
async fn c13_the_sandbox_exposes_as_many_as_it_may() {
    let few = engine()
        .sandbox()
        .policy(policy(r#"{"version":1,"rpc":{"sandboxMethods":{"max":2}}}"#))
        .create()
        .await
        .expect("a sandbox");
    value(&few, "rpc.expose('a', () => 1); rpc.expose('b', () => 1); rpc.expose('b', () => 2)").await;
    assert_eq!(thrown(&few, "rpc.expose('c', () => 1)").await.name, "RangeError");
    assert_eq!(few.rpc().call("b", vec![]).await, Ok(2.into()));
    assert_eq!(value(&few, "return typeof Promise").await, "function".into());
}

#[tokio::test]
async fn c14_a_notification_is_not_answered() {
    let sandbox = sandbox().await;
    value(&sandbox, "rpc.expose('count', () => { globalThis.n = (globalThis.n ?? 0) + 1 })").await;
    sandbox.rpc().notify("count", vec![]);
    sandbox.rpc().notify("count", vec![]);
    assert_eq!(value(&sandbox, "return n").await, 2.into());
    let (sent, mut seen) = tokio::sync::mpsc::unbounded_channel();
    sandbox
        .rpc()
        .expose("tell", move |(text,): (String,)| {
            let _ = sent.send(text);
            async move { Ok(()) }
        })
        .expect("exposed");
    assert_eq!(value(&sandbox, "return rpc.notify('tell', ['hi'])").await, Value::Undefined);
    assert_eq!(seen.recv().await.as_deref(), Some("hi"));
    // To a method that does not exist: one log message and nothing else.
    let missing = event(&sandbox, "rpc.notify('missing', [])", |e| matches!(e, Event::Log { .. })).await;
    assert_eq!(missing, Event::Log { level: LogLevel::Warn, text: "notify: the method missing does not exist".into() });
}

#[tokio::test]
async fn c15_an_object_is_the_one_named_argument() {
    let sandbox = sandbox().await;
    value(&sandbox, "rpc.expose('named', (o, second) => [o.foo, second === undefined])").await;
    let named = Value::Object(vec![("foo".into(), "bar".into())]);
    assert_eq!(sandbox.rpc().call("named", named).await, Ok(vec!["bar".into(), true.into()].into()));
    #[derive(serde::Deserialize)]
    struct Named {
        foo: String,
    }
    sandbox.rpc().expose("host", |named: Named| async move { Ok(named.foo) }).expect("exposed");
    assert_eq!(value(&sandbox, "return await rpc.call('host', { foo: 'bar' })").await, "bar".into());
}

#[tokio::test]
async fn c16_calls_nest_both_ways() {
    let sandbox = Arc::new(sandbox().await);
    let inner = sandbox.rpc();
    sandbox
        .rpc()
        .expose("down", move |(n,): (f64,)| {
            let rpc = inner.clone();
            async move {
                let below =
                    rpc.call("down", vec![Value::Number(n - 1.0)]).await.map_err(|e| ApiError::new(e.to_string()))?;
                electrolint_sandbox::from_value::<f64>(&below).map_err(|e| ApiError::new(e.to_string()))
            }
        })
        .expect("exposed");
    value(&sandbox, "rpc.expose('down', async (n) => n <= 0 ? 100 : 1 + await rpc.call('down', [n]))").await;
    assert_eq!(sandbox.rpc().call("down", vec![3.into()]).await, Ok(103.into()));
}

#[tokio::test]
async fn c17_a_limit_for_one_call() {
    let sandbox = sandbox().await;
    value(&sandbox, "rpc.expose('never', () => new Promise((r) => { globalThis.answer = r }))").await;
    let start = Instant::now();
    assert_eq!(sandbox.rpc().call("never", vec![]).timeout(Duration::from_millis(80)).await, Err(RpcError::TimedOut));
    assert!(start.elapsed() < Duration::from_secs(60));
    // The late answer is dropped and breaks nothing.
    value(&sandbox, "answer(1)").await;
    let finish = Arc::new(Notify::new());
    let finishes = finish.clone();
    sandbox
        .rpc()
        .expose("slow", move |(): ()| {
            let finishes = finishes.clone();
            async move {
                finishes.notified().await;
                Ok(1)
            }
        })
        .expect("exposed");
    let code = "const p = rpc.call('slow'); p.timeout(50); return p.catch((e) => e.name)";
    assert_eq!(value(&sandbox, code).await, "TimedOutErr".into());
    // The answer that comes too late, then one in time.
    finish.notify_one();
    assert_eq!(value(&sandbox, "return 1").await, 1.into());
    finish.notify_one();
    assert_eq!(value(&sandbox, "return await rpc.call('slow')").await, 1.into());
}

#[tokio::test]
async fn c18_a_limit_for_all_calls_on_both_sides() {
    assert_eq!(Policy::minimal().rpc.call_timeout, None);
    let text = r#"{"version":1,"rpc":{"callTimeoutMs":60,"expose":{"never":{"args":[]}}}}"#;
    let sandbox = engine().sandbox().policy(policy(text)).create().await.expect("a sandbox");
    sandbox
        .rpc()
        .expose("never", |(): ()| async move { std::future::pending::<Result<(), _>>().await })
        .expect("exposed");
    value(&sandbox, "rpc.expose('never', () => new Promise(() => {}))").await;
    assert_eq!(value(&sandbox, "return rpc.call('never').catch((e) => e.name)").await, "TimedOutErr".into());
    assert_eq!(sandbox.rpc().call("never", vec![]).await, Err(RpcError::TimedOut));
    assert!(sandbox.rpc().expose("other", |(): ()| async move { Ok(()) }).is_err(), "the policy does not list it");
}

#[tokio::test]
async fn c19_the_exit_event_comes_once() {
    let sandbox = sandbox().await;
    let mut events = sandbox.events();
    sandbox.exit().await;
    sandbox.exit().await;
    assert!(matches!(events.next().await, Some(Event::Exit { .. })));
    drop(sandbox);
    assert_eq!(events.next().await, None);
}

#[tokio::test]
async fn c20_kill_asks_first() {
    let sandbox = sandbox().await;
    let mut events = sandbox.events();
    sandbox.kill().await;
    let Some(Event::Exit { status, .. }) = events.next().await else { panic!("no exit") };
    assert_eq!(status, electrolint_sandbox::Status::Code(0));
}

#[tokio::test]
async fn c21_a_lockup_is_one_event() {
    // A second: a machine that does much else is no lockup.
    let text = r#"{"version":1,"lockup":{"timeoutMs":1000,"pingIntervalMs":50}}"#;
    let sandbox = engine().sandbox().policy(policy(text)).create().await.expect("a sandbox");
    let mut events = sandbox.events();
    value(&sandbox, "setTimeout(() => { for (;;) {} }, 0)").await;
    let lockup = tokio::time::timeout(Duration::from_secs(60), events.next()).await.expect("in time");
    assert_eq!(lockup, Some(Event::Lockup));
    let more = tokio::time::timeout(Duration::from_secs(3), events.next()).await;
    assert!(more.is_err(), "{more:?}");
    assert_eq!(sandbox.ping().await, Err(RpcError::TimedOut));
}

#[tokio::test]
async fn c22_kill_ends_in_fire() {
    let text = r#"{"version":1,"lockup":{"killWithFireMs":150}}"#;
    let sandbox = engine().sandbox().policy(policy(text)).create().await.expect("a sandbox");
    value(&sandbox, "setTimeout(() => { for (;;) {} }, 0)").await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    let mut events = sandbox.events();
    let start = Instant::now();
    sandbox.kill().await;
    assert!((140..60_000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
    assert!(matches!(events.next().await, Some(Event::Exit { status: electrolint_sandbox::Status::Signal(9), .. })));
}

#[tokio::test]
async fn c23_pings_can_be_off() {
    let lockup = &Policy::minimal().lockup;
    let ten = Some(Duration::from_secs(10));
    assert_eq!([lockup.timeout, lockup.kill_with_fire, lockup.ping_interval, lockup.startup_timeout], [ten; 4]);
    // Each switch alone: a locked-up worker is no event.
    for off in ["pingIntervalMs", "timeoutMs"] {
        let on = if off == "timeoutMs" { "pingIntervalMs" } else { "timeoutMs" };
        let text = format!(r#"{{"version":1,"lockup":{{"{off}":-1,"{on}":40}}}}"#);
        let sandbox = engine().sandbox().policy(policy(&text)).create().await.expect("a sandbox");
        let mut events = sandbox.events();
        value(&sandbox, "setTimeout(() => { for (;;) {} }, 0)").await;
        assert!(tokio::time::timeout(Duration::from_millis(300), events.next()).await.is_err(), "{off}");
    }
    // The same with both on is an event: c21.
}

#[tokio::test]
async fn c25_each_time_can_be_off() {
    let off =
        r#"{"version":1,"lockup":{"timeoutMs":-1,"killWithFireMs":-1,"pingIntervalMs":-1,"startupTimeoutMs":-1}}"#;
    let policy = policy(off);
    let lockup = &policy.lockup;
    let times = [lockup.timeout, lockup.kill_with_fire, lockup.ping_interval, lockup.startup_timeout];
    assert_eq!(times, [None; 4]);
    let sandbox = engine().sandbox().policy(policy.clone()).create().await.expect("it waits for as long as it takes");
    assert_eq!(value(&sandbox, "return 1").await, 1.into());
    assert!(sandbox.ping().await.is_ok());
    // Without kill -9 at the end, a worker that answers is asked and goes.
    tokio::time::timeout(Duration::from_secs(60), sandbox.kill()).await.expect("it goes");
}

#[tokio::test]
async fn c26_a_restart_keeps_what_was_exposed() {
    let sandbox = engine().sandbox().api("one", |(): ()| async move { Ok(1) }).create().await.expect("a sandbox");
    sandbox.rpc().expose("two", |(): ()| async move { Ok(2) }).expect("exposed");
    value(&sandbox, "globalThis.kept = 1").await;
    sandbox.restart().await.expect("a restart");
    assert_eq!(value(&sandbox, "return await api.one() + await rpc.call('two')").await, 3.into());
    assert_eq!(value(&sandbox, "return typeof kept").await, "undefined".into());
}

#[tokio::test]
async fn c27_logs_are_counted_and_cut() {
    let sandbox = sandbox().await;
    let logged = event(&sandbox, "console.error('\\x1b[31mred', [1, 'a'], new Map([[1, 2]]))", |e| {
        matches!(e, Event::Log { .. })
    })
    .await;
    assert_eq!(logged, Event::Log { level: LogLevel::Error, text: "\u{1b}[31mred [1, \"a\"] Map {1 => 2}".into() });
    let few = engine()
        .sandbox()
        .policy(policy(r#"{"version":1,"limits":{"logBytesPerSecond":100}}"#))
        .create()
        .await
        .expect("a sandbox");
    let mut events = few.events();
    value(&few, "for (let i = 0; i < 100; i++) console.log('0123456789')").await;
    few.exit().await;
    let (mut kept, mut cut) = (0, 0);
    while let Some(event) = events.next().await {
        match event {
            Event::Log { text, .. } => kept += text.len(),
            Event::LogCut(bytes) => cut += bytes,
            Event::Exit { .. } => break,
            _ => {}
        }
    }
    // A second may pass in between; in each no more than the limit is kept.
    assert_eq!((kept + cut as usize, kept % 100), (1000, 0));
    assert!((100..1000).contains(&kept), "{kept}");
}

#[tokio::test]
async fn c28_ping() {
    let sandbox = sandbox().await;
    assert!(sandbox.ping().await.expect("a pong") > Duration::ZERO);
    sandbox.exit().await;
    assert!(matches!(sandbox.ping().await, Err(RpcError::Gone(_))));
}

#[tokio::test]
async fn timers_and_what_they_throw() {
    let sandbox = sandbox().await;
    let order = "const seen = []; setTimeout((x) => seen.push(x), 30, 'b'); setTimeout(() => seen.push('a'), 5); const stop = setTimeout(() => seen.push('never'), 1);
        clearTimeout(stop); let n = 0; await new Promise((done) => { const t = setInterval(() => { if (++n === 3) { clearInterval(t); done() } }, 15) }); return seen.concat(n)";
    assert_eq!(value(&sandbox, order).await, vec!["a".into(), "b".into(), 3.into()].into());
    let thrown =
        event(&sandbox, "setTimeout(() => { throw new Error('in a timer') }, 0)", |e| matches!(e, Event::Log { .. }))
            .await;
    assert!(matches!(thrown, Event::Log { level: LogLevel::Error, text } if text.contains("in a timer")));
    let uncaught = event(&sandbox, "Promise.reject(new Error('nobody'))", |e| matches!(e, Event::Uncaught(_))).await;
    assert!(matches!(uncaught, Event::Uncaught(error) if error.message == "nobody"));
    assert_eq!(value(&sandbox, "return 42").await, 42.into());
    let many = "try { for (let i = 0; i < 2000; i++) setTimeout(() => {}, 1e6) } catch (e) { return e.name }";
    assert_eq!(value(&sandbox, many).await, "RangeError".into());
}

#[tokio::test]
async fn helpers_of_a_worker() {
    let sandbox = sandbox().await;
    let code = r"
        const u = new URL('../b?x=1&y=2#h', 'https://user@example.com:8443/a/c');
        u.searchParams.append('z', 'ä b');
        u.port = '443';
        const cycle = { a: [1] }; cycle.self = cycle;
        const copy = structuredClone(cycle);
        const random = crypto.getRandomValues(new Uint8Array(32));
        const checks = {
            url: u.href === 'https://user@example.com/b?x=1&y=2&z=%C3%A4+b#h', host: u.host === 'example.com', invalid: !URL.canParse('http://'),
            params: new URLSearchParams('?a=1&a=2').getAll('a').join() === '1,2', origin: u.origin === 'https://example.com',
            encode: new TextEncoder().encode('é').join() === '195,169', decode: new TextDecoder().decode(new Uint8Array([0xef, 0xbb, 0xbf, 104, 105])) === 'hi',
            fatal: (() => { try { new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array([255])) } catch (e) { return e instanceof TypeError } })(),
            clone: copy.self === copy && copy !== cycle && copy.a[0] === 1, random: new Set(random).size > 4,
            uuid: /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID()),
            now: performance.now() >= 0, micro: await new Promise((r) => queueMicrotask(() => r(true))), json: JSON.stringify(u) === JSON.stringify(u.href),
        };
        return Object.keys(checks).filter((name) => checks[name] !== true);";
    assert_eq!(value(&sandbox, code).await, Value::Array(vec![]));
    // Two sandboxes of one zygote do not share their random state.
    let other = engine().sandbox().create().await.expect("a sandbox");
    let random = "return [Math.random(), crypto.randomUUID()].join()";
    assert_ne!(value(&sandbox, random).await, value(&other, random).await);
}
