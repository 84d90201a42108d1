//! The execute API: rows b01 to b18 of docs/sandbox.md, but for those that count processes (processes.rs).

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use common::{engine, eventually, policy, sandbox, thrown, value};
use electrolint_policy::{BytesKind, Level, Text, Value};
use electrolint_sandbox::{ApiError, CallArgs, Engine, EngineOptions, ExecError, StartError, from_value};
use tokio_util::sync::CancellationToken;

const NOTHING_ELSE: &str = "
    const names = ['process', 'require', 'module', 'fetch', 'XMLHttpRequest', 'WebSocket', 'std', 'os', 'scriptArgs',
        'print', 'Worker', 'WebAssembly', 'storage', 'network', 'Deno', 'Bun', 'global', 'window', 'bjson', '__loadScript'];
    return names.filter((name) => name in globalThis);";

#[tokio::test]
async fn b01_nothing_of_the_system_is_there() {
    let sandbox = sandbox().await;
    assert_eq!(value(&sandbox, NOTHING_ELSE).await, Value::Array(vec![]));
    // The same question about what must be there.
    let there = "return ['console', 'setTimeout', 'URL', 'TextEncoder', 'structuredClone', 'crypto', 'queueMicrotask', 'performance', 'rpc', 'api'].filter((n) => !(n in globalThis))";
    assert_eq!(value(&sandbox, there).await, Value::Array(vec![]));
    for code in
        ["return await import('fs')", "return await import('node:fs')", "return await import('file:///etc/passwd')"]
    {
        assert!(thrown(&sandbox, code).await.message.len() > 3, "{code}");
    }
}

#[tokio::test]
async fn b02_less_containment_than_demanded_is_refused() {
    let support = engine().support().await.expect("containment");
    assert_eq!(support.level, Level::Full);
    // A system without further user namespaces, by a limit that holds inside a namespace of this test's own. Started as
    // an ordinary user, so that nothing but the missing namespaces can be the reason.
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("readable");
    let program = folder.path().join("electrolint-sandbox");
    std::fs::copy(common::PROGRAM, &program).expect("a copy that others can run");
    let lower = folder.path().join("lower.json");
    std::fs::write(&lower, r#"{"version":1,"containment":{"require":"no-namespaces"}}"#).expect("a policy");
    let lower = lower.to_str().expect("UTF-8");
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    let run = |limit: u32, extra: &[&str]| {
        let mut command = std::process::Command::new(if is_root { "setpriv" } else { "env" });
        if is_root {
            command.args(["--reuid=1000", "--regid=1000", "--clear-groups"]);
        }
        let script = format!("echo {limit} > /proc/sys/user/max_user_namespaces && exec \"$0\" \"$@\"");
        command.args(["unshare", "--user", "--map-root-user", "sh", "-c", script.as_str()]).arg(&program);
        let output = command.args(["run", "--json", "-e", "return 1"]).args(extra).output().expect("unshare(1)");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (code, permitted) = run(100, &[]);
    assert_eq!(code, Some(0), "{permitted}");
    assert!(permitted.contains("\"containment\":\"full\""), "{permitted}");
    let (code, refused) = run(0, &[]);
    assert_eq!(code, Some(77), "{refused}");
    assert!(refused.contains("\"status\":\"refused\"") && refused.contains("clone into namespaces"), "{refused}");
    // A lower level needs the caller's word, the manifest's and the ceiling's.
    assert_eq!(run(0, &["--accept", "no-namespaces"]).0, Some(77));
    assert_eq!(run(0, &["--policy", lower, "--ceiling", lower]).0, Some(77));
    assert_eq!(run(0, &["--accept", "no-namespaces", "--policy", lower]).0, Some(77));
    let (code, accepted) = run(0, &["--accept", "no-namespaces", "--policy", lower, "--ceiling", lower]);
    assert_eq!(code, Some(0), "{accepted}");
    assert!(accepted.contains("\"containment\":\"no-namespaces\""), "{accepted}");
}

#[tokio::test]
async fn b03_the_body_of_an_async_function() {
    let sandbox = sandbox().await;
    assert_eq!(value(&sandbox, "return 2 + 2").await, 4.into());
    assert_eq!(value(&sandbox, "return await Promise.resolve(5)").await, 5.into());
    assert_eq!(value(&sandbox, "").await, Value::Undefined);
    assert_eq!(value(&sandbox, "return 1 // and a comment").await, 1.into());
    assert_eq!(value(&sandbox, "\nreturn 1\n--> an old comment").await, 1.into());
    for code in [
        "}); globalThis.out = 1; (async function () {",
        "}}); globalThis.out = 1; ({ async run() {",
        "}, globalThis.out = 1, async function () {",
        "}[globalThis.out = 1] = async function () {",
        "}, [globalThis.out = 1]() {",
        "})(); globalThis.out = 1; /*",
        "return 1 })(), (() => {",
        "} async other() { globalThis.out = 1",
        "`${",
    ] {
        assert_eq!(thrown(&sandbox, code).await.name, "SyntaxError", "{code}");
    }
    assert_eq!(value(&sandbox, "return typeof out").await, "undefined".into());
}

#[tokio::test]
async fn b05_api_functions() {
    let sandbox = engine()
        .sandbox()
        .api("add", |(a, b): (f64, f64)| async move { Ok(a + b) })
        .api("deep.er.echo", |(text,): (String,)| async move { Ok(text) })
        .create()
        .await
        .expect("a sandbox");
    assert_eq!(value(&sandbox, "return await api.add(1, 2)").await, 3.into());
    assert_eq!(value(&sandbox, "return await api.deep.er.echo('x')").await, "x".into());
    assert_eq!(value(&sandbox, "return api.add(1, 2) instanceof Promise").await, true.into());
    assert_eq!(
        value(
            &sandbox,
            "return Object.isFrozen(api) && Object.isFrozen(api.deep) && Object.getPrototypeOf(api) === null"
        )
        .await,
        true.into()
    );
    assert_eq!(value(&sandbox, "api = 1; return typeof api").await, "object".into());
    assert_eq!(thrown(&sandbox, "return await api.sub(1, 2)").await.name, "TypeError");
    let many =
        "return (await Promise.all(Array.from({ length: 100 }, (_, i) => api.add(i, 1)))).reduce((a, b) => a + b)";
    assert_eq!(value(&sandbox, many).await, 5050.into());
}

#[tokio::test]
async fn b06_the_quick_start() {
    let sandbox = engine()
        .sandbox()
        .api("add", |(a, b): (f64, f64)| async move { Ok(a + b) })
        .api("greet", |(name,): (String,)| async move { Ok(format!("Hello, {name}!")) })
        .api("runtimeInfo", |(): ()| async move { Ok(serde_json::json!({ "platform": "test" })) })
        .create()
        .await
        .expect("a sandbox");
    assert_eq!(value(&sandbox, "return await api.add(10, 5)").await, 15.into());
    assert_eq!(value(&sandbox, "return await api.greet('World')").await, "Hello, World!".into());
    assert_eq!(value(&sandbox, "return (await api.runtimeInfo()).platform").await, "test".into());
}

#[tokio::test]
async fn b07_errors_reach_the_caller() {
    let sandbox = sandbox().await;
    let error = thrown(&sandbox, "throw new Error('something broke')").await;
    assert_eq!((error.name.as_str(), error.message.as_str()), ("Error", "something broke"));
    assert!(error.stack.contains("sandbox.js:1"), "{}", error.stack);
    let third = thrown(&sandbox, "const a = 1;\n\nfunction f() { null.x }\nf()").await;
    assert!(third.stack.contains("sandbox.js:3") && third.stack.contains("sandbox.js:4"), "{}", third.stack);
    for (code, name, message) in [
        ("throw 'text'", "Error", "text"),
        ("throw null", "Error", "null"),
        ("throw undefined", "Error", "undefined"),
        ("throw 7", "Error", "7"),
        ("class Odd extends TypeError { get name() { return 'Odd' } } throw new Odd('m')", "Odd", "m"),
        ("const e = new Error('x'); Object.defineProperty(e, 'message', { get() { throw 1 } }); throw e", "Error", ""),
        ("const e = new Error('x'); Object.defineProperty(e, 'message', { value: {} }); throw e", "Error", ""),
        ("throw { toString() { throw 1 }, message: 'plain' }", "Error", "plain"),
        ("throw new Proxy({}, { get() { throw 1 } })", "Error", ""),
        ("throw new Error('x'.repeat(1 << 20))", "Error", ""),
        ("return () => 1", "DataCloneError", "a function cannot be cloned"),
    ] {
        let error = thrown(&sandbox, code).await;
        assert_eq!(error.name, name, "{code}");
        if message.is_empty() && code.contains("repeat") {
            assert_eq!(error.message.len(), 64 << 10);
        } else {
            assert_eq!(error.message, message, "{code}");
        }
    }
}

#[tokio::test]
async fn b08_errors_of_functions_go_in_and_out() {
    let sandbox = engine()
        .sandbox()
        .api("fail", |(): ()| async move { Err::<(), _>(ApiError::new("API method failed")) })
        .api("range", |(): ()| async move { Err::<(), _>(ApiError { name: "RangeError".into(), message: "r".into() }) })
        .create()
        .await
        .expect("a sandbox");
    assert_eq!(thrown(&sandbox, "return await api.fail()").await.message, "API method failed");
    let caught =
        "try { await api.fail() } catch (e) { return [e.message, e instanceof Error, e.constructor === Error] }";
    assert_eq!(value(&sandbox, caught).await, vec!["API method failed".into(), true.into(), true.into()].into());
    assert_eq!(value(&sandbox, "return api.range().catch((e) => e instanceof RangeError)").await, true.into());
}

#[tokio::test]
async fn b09_errors_do_not_kill() {
    let sandbox = sandbox().await;
    thrown(&sandbox, "throw new Error('first')").await;
    thrown(&sandbox, "throw new Error('second')").await;
    thrown(&sandbox, "syntax error here").await;
    thrown(&sandbox, "const f = () => f(); f()").await;
    thrown(&sandbox, "const a = []; for (;;) a.push(new Uint8Array(1 << 20))").await;
    assert_eq!(value(&sandbox, "return 42").await, 42.into());
    value(&sandbox, "globalThis.kept = 1").await;
    assert_eq!(value(&sandbox, "return kept").await, 1.into());
}

#[tokio::test]
async fn b10_the_limit_of_an_execution() {
    assert_eq!(electrolint_policy::Policy::minimal().limits.execute_timeout, Duration::from_secs(30));
    let short = engine()
        .sandbox()
        .policy(policy(r#"{"version":1,"limits":{"executeTimeoutMs":100}}"#))
        .create()
        .await
        .expect("a sandbox");
    let start = Instant::now();
    assert_eq!(short.execute("while (true) {}").await, Err(ExecError::TimedOut));
    assert!((100..60_000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
    let sandbox = sandbox().await;
    let start = Instant::now();
    let result = sandbox.execute("await new Promise(() => {})").timeout(Duration::from_millis(100)).await;
    assert_eq!(result, Err(ExecError::TimedOut));
    assert!((100..60_000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
}

#[tokio::test]
async fn b11_a_timeout_destroys_whatever_runs() {
    let engine = engine();
    for code in [
        "while (true) {}",
        "for (;;) await null",
        "await new Promise(() => {})",
        "const f = () => Promise.resolve().then(f); f(); await new Promise(() => {})",
        "/(a+)+$/.test('a'.repeat(40) + 'b')",
        "new Array(1e9).join('x')",
        "Array.prototype.reverse.call({ length: 2 ** 53 - 1 })",
        "Array.prototype.copyWithin.call({ length: 2 ** 53 - 1 }, 1, 0)",
        "[].concat({ length: 2 ** 53 - 1, [Symbol.isConcatSpreadable]: true })",
        "return { get a() { for (;;) {} } }",
        "setInterval(() => {}, 0); await new Promise(() => {})",
    ] {
        let sandbox = engine.sandbox().create().await.expect("a sandbox");
        let start = Instant::now();
        let result = sandbox.execute(code).timeout(Duration::from_millis(150)).await;
        // A native that gives up by itself has thrown instead; then the limit was not what ended it.
        if !matches!(result, Err(ExecError::Js(_))) {
            assert_eq!(result, Err(ExecError::TimedOut), "{code}");
            assert_eq!(ExecError::TimedOut.name(), "TimedOutErr");
            assert!(matches!(sandbox.execute("return 1").await, Err(ExecError::Gone(_))), "{code}");
        }
        assert!(start.elapsed() < Duration::from_secs(60), "{code}: {:?}", start.elapsed());
    }
    // Two at once share the context, and each has its own limit.
    let sandbox = engine.sandbox().create().await.expect("a sandbox");
    let (slow, fast) = tokio::join!(
        async {
            sandbox.execute("globalThis.seen = 1; await new Promise(() => {})").timeout(Duration::from_secs(2)).await
        },
        async { sandbox.execute("return seen").timeout(Duration::from_secs(60)).await },
    );
    assert_eq!((slow, fast), (Err(ExecError::TimedOut), Ok(1.into())));
}

#[tokio::test]
async fn b12_an_abort_destroys() {
    let engine = engine();
    for code in ["while (true) {}", "await new Promise(() => {})"] {
        let sandbox = engine.sandbox().create().await.expect("a sandbox");
        let signal = CancellationToken::new();
        let later = signal.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(50)).await;
            later.cancel();
        });
        assert_eq!(sandbox.execute(code).signal(signal).await, Err(ExecError::Aborted));
        assert!(!sandbox.is_running());
    }
    assert_eq!(ExecError::Aborted.name(), "AbortError");
    let sandbox = engine.sandbox().create().await.expect("a sandbox");
    let signal = CancellationToken::new();
    signal.cancel();
    assert_eq!(sandbox.execute("return 1").signal(signal).await, Err(ExecError::Aborted));
    // A future that is dropped is an abort too.
    let sandbox = engine.sandbox().create().await.expect("a sandbox");
    let dropped =
        tokio::time::timeout(Duration::from_millis(50), async { sandbox.execute("while (true) {}").await }).await;
    assert!(dropped.is_err());
    eventually("the worker is killed", || !sandbox.is_running()).await;
    // And one that was never cancelled is none.
    let sandbox = engine.sandbox().create().await.expect("a sandbox");
    assert_eq!(sandbox.execute("return 1").signal(CancellationToken::new()).await, Ok(1.into()));
}

#[tokio::test]
async fn b13_sandboxes_end_apart() {
    let engine = engine();
    let (one, two) = (engine.sandbox().create().await.expect("one"), engine.sandbox().create().await.expect("two"));
    value(&one, "globalThis.mine = 1").await;
    assert_eq!(value(&two, "return typeof mine").await, "undefined".into());
    one.exit().await;
    one.exit().await;
    assert_eq!(value(&two, "return 2").await, 2.into());
}

#[tokio::test]
async fn b16_layers_of_the_language() {
    let sandbox = sandbox().await;
    for code in [
        "return eval('1')",
        "return (0, eval)('1')",
        "return new Function('return 1')()",
        "return (async () => {}).constructor('return 1')()",
        "return (function* () {}).constructor('yield 1')()",
        "return (async function* () {}).constructor('yield 1')()",
        "return Reflect.construct(Function, ['return 1'])()",
        "return setTimeout('1', 0)",
        "return [].constructor.constructor('return 1')()",
    ] {
        assert_eq!(thrown(&sandbox, code).await.name, "TypeError", "{code}");
    }
    let allowed =
        engine().sandbox().policy(policy(r#"{"version":1,"codegen":true}"#)).create().await.expect("a sandbox");
    assert_eq!(value(&allowed, "return eval('1') + new Function('return 2')()").await, 3.into());
    // No network without a permission for it: egress.rs has the others.
    assert_eq!(value(&sandbox, "return typeof network + typeof fetch").await, "undefinedundefined".into());
}

#[tokio::test]
async fn b17_every_structured_clone_value_both_ways() {
    let sandbox = engine()
        .sandbox()
        .api_value("echo", |args: CallArgs| async move { Ok(args.value) })
        .create()
        .await
        .expect("a sandbox");
    let code = r"
        const shared = { n: 1 };
        const cycle = { name: 'loop' };
        cycle.self = cycle;
        const values = [undefined, null, true, -0, NaN, Infinity, 1.5, 2n ** 100n, -5n, 'text', '\ud800lone', new Date(5), new Date(NaN),
            /a+/gi, new Map([[{ k: 1 }, new Set([1, 'two'])]]), new Uint8Array([1, 2]).buffer, new Float64Array([1.5]),
            new DataView(new ArrayBuffer(4), 1, 2), new BigInt64Array([-1n]), [[1], [2, [3]]], shared, shared, cycle, new RangeError('r'),
            { ['__proto__']: 1, constructor: 2, then: 3 }];
        const [back] = await api.echo(values);
        const is = Object.is, at = (i) => back[i];
        const checks = {
            undefined: is(at(0), undefined), null: is(at(1), null), minusZero: is(at(3), -0), nan: is(at(4), NaN), big: at(7) === 2n ** 100n,
            lone: at(10) === '\ud800lone', date: at(11) instanceof Date && +at(11) === 5, invalid: Number.isNaN(+at(12)),
            regexp: at(13) instanceof RegExp && at(13).source === 'a+' && at(13).flags === 'gi',
            map: at(14) instanceof Map && [...at(14).values()][0] instanceof Set && [...at(14).keys()][0].k === 1,
            buffer: at(15) instanceof ArrayBuffer && at(15).byteLength === 2, floats: at(16) instanceof Float64Array && at(16)[0] === 1.5,
            view: at(17) instanceof DataView && at(17).byteLength === 2, big64: at(18)[0] === -1n, nested: at(19)[1][1][0] === 3,
            shared: at(20) === at(21) && at(20).n === 1, cycle: at(22).self === at(22), error: at(23) instanceof RangeError && at(23).message === 'r',
            own: Object.getPrototypeOf(at(24)) === Object.prototype && Object.keys(at(24)).length === 3,
        };
        return Object.keys(checks).filter((name) => !checks[name]);";
    assert_eq!(value(&sandbox, code).await, Value::Array(vec![]));
    let lone = value(&sandbox, "return '\\udc00'").await;
    assert_eq!(lone, Value::String(Text::Utf16(vec![0xdc00])));
    assert_eq!(
        value(&sandbox, "return new Uint16Array([1, 2])").await,
        Value::Bytes(BytesKind::Uint16Array, vec![1, 0, 2, 0])
    );
    for code in [
        "return Symbol()",
        "return new Proxy({}, {})",
        "return new WeakMap()",
        "return Promise.resolve().then",
        "return new Array(1e6)",
    ] {
        assert_eq!(thrown(&sandbox, code).await.name, "DataCloneError", "{code}");
    }
    // Nothing that is nested, wide or long reaches the host.
    for code in [
        "let a = []; for (let i = 0; i < 200; i++) a = [a]; return a",
        "return Array.from({ length: 100001 }, () => null)",
        "const s = 'x'.repeat(1 << 20); return [s, s]",
    ] {
        assert_eq!(thrown(&sandbox, code).await.name, "DataCloneError", "{code}");
    }
    assert_eq!(
        value(&sandbox, "let a = []; for (let i = 0; i < 90; i++) a = [a]; return JSON.stringify(a).length").await,
        182.into()
    );
}

#[tokio::test]
async fn b17_a_schema_refuses_before_the_handler_runs() {
    let seen = Arc::new(AtomicUsize::new(0));
    let counter = seen.clone();
    let listed =
        policy(r#"{"version":1,"api":{"save":{"args":[{"type":"string","maxLength":3}],"result":{"type":"number"}}}}"#);
    let sandbox =
        engine()
            .sandbox()
            .policy(listed)
            .api("save", move |(text,): (String,)| {
                counter.fetch_add(1, Ordering::SeqCst);
                async move {
                    if text == "bad" { Ok(serde_json::json!("no number")) } else { Ok(serde_json::json!(text.len())) }
                }
            })
            .create()
            .await
            .expect("a sandbox");
    for code in [
        "return await api.save(1)",
        "return await api.save('long')",
        "return await api.save()",
        "return await api.save('a', 1)",
    ] {
        assert_eq!(thrown(&sandbox, code).await.name, "TypeError", "{code}");
    }
    assert_eq!(seen.load(Ordering::SeqCst), 0);
    assert_eq!(value(&sandbox, "return await api.save('abc')").await, 3.into());
    assert_eq!(seen.load(Ordering::SeqCst), 1);
    assert!(thrown(&sandbox, "return await api.save('bad')").await.message.contains("does not fit"));
}

#[tokio::test]
async fn b18_only_what_the_manifest_lists_is_exposed() {
    let start = |name: &'static str| async move {
        let listed = policy(r#"{"version":1,"api":{"add":{"args":[{"type":"any"}]}}}"#);
        engine().sandbox().policy(listed).api(name, |(x,): (f64,)| async move { Ok(x) }).create().await
    };
    assert!(start("add").await.is_ok());
    assert!(matches!(start("sub").await, Err(StartError::Name { name, .. }) if name == "sub"));
    for name in ["__proto__", "constructor", "a.then", "a-b", ""] {
        let made = engine().sandbox().api(name, |(): ()| async move { Ok(()) }).create().await;
        assert!(matches!(made, Err(StartError::Name { .. })), "{name}");
    }
}

#[tokio::test]
async fn a_program_that_is_no_worker_is_an_error() {
    for program in ["/bin/true", "/does/not/exist"] {
        let engine =
            Engine::new(EngineOptions { worker: Some(program.into()), accept: None, ..EngineOptions::default() })
                .expect("an engine");
        let start = Instant::now();
        assert!(engine.sandbox().create().await.is_err(), "{program}");
        assert!(start.elapsed() < Duration::from_secs(60), "{program}");
    }
    let sandbox = sandbox().await;
    assert_eq!(from_value::<i64>(&value(&sandbox, "return 3").await), Ok(3));
}
