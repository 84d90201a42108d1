//! The process model: rows d01 to d12 of docs/sandbox.md that this build has.

mod common;

use common::{engine, eventually, policy, sandbox, thrown, value};
use electrolint_policy::Value;
use electrolint_sandbox::{Act, Status};

/// Needs strace(1) and the right to trace; without them there is nothing to see, and the test says so.
#[tokio::test]
async fn d01_after_the_lock_only_calls_of_the_list() {
    if std::process::Command::new("strace").arg("-V").output().is_err() {
        eprintln!("strace is not here: d01 was not tested");
        return;
    }
    let trace = tempfile::NamedTempFile::new().expect("a file");
    let code = "console.log('x'); setTimeout(() => {}, 5); await new Promise((r) => setTimeout(r, 20)); return [1, new Uint8Array(1 << 20).length]";
    let traced = std::process::Command::new("strace")
        .args(["-f", "-qq", "-o", trace.path().to_str().expect("UTF-8"), common::PROGRAM, "run", "-e", code])
        .output()
        .expect("strace runs");
    assert!(traced.status.success(), "{traced:?}");
    let text = std::fs::read_to_string(trace.path()).expect("a trace");
    let locked =
        text.lines().find(|line| line.contains("seccomp(SECCOMP_SET_MODE_FILTER") || line.contains("PR_SET_SECCOMP"));
    let pid = locked.expect("a filter is loaded").split_whitespace().next().expect("a pid");
    let own = text.lines().filter(|line| line.split_whitespace().next() == Some(pid));
    let after: Vec<&str> = own.skip_while(|line| !line.contains("SECCOMP")).skip(1).collect();
    let allowed = [
        "read(",
        "recvfrom(",
        "write(",
        "sendto(",
        "poll(",
        "ppoll(",
        "close(",
        "brk(",
        "mmap(",
        "mprotect(",
        "munmap(",
        "mremap(",
        "madvise(",
        "futex(",
        "clock_gettime(",
        "gettimeofday(",
        "getrandom(",
        "rt_sigreturn(",
        "rt_sigprocmask(",
        "sigaltstack(",
        "restart_syscall(",
        "sched_yield(",
        "exit(",
        "exit_group(",
        "+++",
        "---",
        "<...",
    ];
    assert!(after.len() > 10, "{after:?}");
    for line in after {
        let call = line.split_once(char::is_whitespace).map_or("", |(_, rest)| rest.trim_start());
        assert!(allowed.iter().any(|name| call.starts_with(name)), "{line}");
    }
}

#[tokio::test]
async fn d02_every_way_out_is_a_promise() {
    // What is called is refused or does not exist: no connection is opened.
    let text = r#"{"version":1,"permissions":["net.request","net.websocket"],"network":{"hosts":["api.example.com"]},"api":{"one":{"args":[]}}}"#;
    let one = |(): ()| async move { Ok(1) };
    let sandbox = engine().sandbox().policy(policy(text)).api("one", one).create().await.expect("a sandbox");
    let code = "const other = 'https://other.example/'; \
        const all = { api: api.one(), rpc: rpc.call('nothing'), module: import('./nothing.mjs'), get: network.request.get(other), \
            post: network.request.post(other, 'x') }; \
        Object.values(all).forEach((x) => x.catch(() => {})); \
        return Object.keys(all).filter((name) => !(all[name] instanceof Promise))";
    assert_eq!(value(&sandbox, code).await, Value::Array(vec![]));
}

#[tokio::test]
async fn d03_the_channel_cannot_be_reached() {
    let sandbox = engine().sandbox().api("one", |(): ()| async move { Ok(1) }).create().await.expect("a sandbox");
    // Everything that can be reached from the global object, by any property or prototype.
    let code = r"
        const seen = new Set(), names = [];
        const walk = (value, path) => {
            if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value) || path.length > 200) return;
            seen.add(value);
            for (const key of Reflect.ownKeys(value)) {
                const d = Reflect.getOwnPropertyDescriptor(value, key);
                const name = path + '.' + String(key);
                if (/send|socket|channel|native|bridge|recv|bootstrap/i.test(String(key))) names.push(name);
                for (const part of [d.value, d.get, d.set]) walk(part, name);
            }
            walk(Object.getPrototypeOf(value), path + '.__proto__');
        };
        walk(globalThis, 'globalThis');
        return [seen.size > 500, names.length, names.join()];";
    let Value::Array(found) = value(&sandbox, code).await else { panic!("a list") };
    assert_eq!((&found[0], &found[1]), (&true.into(), &0.into()), "{found:?}");
    assert!(
        matches!(value(&sandbox, "return api.one.toString()").await, Value::String(text) if text.to_string_lossy().contains("native code"))
    );
}

#[tokio::test]
async fn d05_there_is_no_listener() {
    // Of this process, which is the host; other programs of the machine may have some.
    let listeners = || {
        let tcp = std::fs::read_to_string("/proc/self/net/tcp").expect("proc");
        let tcp6 = std::fs::read_to_string("/proc/self/net/tcp6").unwrap_or_default();
        // State 0A is LISTEN; field 9 is the inode.
        let all = tcp.lines().chain(tcp6.lines()).map(|line| line.split_whitespace().collect::<Vec<_>>());
        let listening = all.filter(|fields| fields.get(3) == Some(&"0A"));
        let sockets: Vec<_> = listening.filter_map(|fields| Some(format!("socket:[{}]", fields.get(9)?))).collect();
        let open = std::fs::read_dir("/proc/self/fd").expect("proc").flatten();
        let links = open.filter_map(|entry| std::fs::read_link(entry.path()).ok());
        links.filter(|link| sockets.iter().any(|socket| link.as_os_str() == socket.as_str())).count()
    };
    let sandbox = sandbox().await;
    value(&sandbox, "return 1").await;
    assert_eq!(listeners(), 0);
    #[expect(clippy::disallowed_methods, reason = "a listener, to see that it would be found")]
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a listener");
    assert_eq!(listeners(), 1);
    drop(listener);
    assert_eq!(engine().probe(Act::Socket, true).await.expect("a probe"), Status::Signal(31));
}

#[tokio::test]
async fn d06_modules_have_names_of_their_own_protocol() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(
        folder.path().join("a.mjs"),
        "export const url = import.meta.url ?? 'none'; export const b = (await import('./b.mjs')).b;",
    )
    .expect("a");
    std::fs::write(folder.path().join("b.mjs"), "export const b = 'b';").expect("b");
    let sandbox = engine()
        .sandbox()
        .modules("com.example.app", folder.path())
        .expect("a folder")
        .create()
        .await
        .expect("a sandbox");
    assert_eq!(value(&sandbox, "return (await import('addon://com.example.app/a.mjs')).b").await, "b".into());
    let same = "return (await import('./a.mjs')) === (await import('addon://com.example.app/a.mjs'))";
    assert_eq!(value(&sandbox, same).await, true.into());
    for specifier in ["addon://other/a.mjs", "addon://com.example.app/../a.mjs", "file:./a.mjs", "./%61.mjs"] {
        thrown(&sandbox, &format!("return await import('{specifier}')")).await;
    }
}

#[tokio::test]
async fn d10_serve_ends_with_its_input() {
    let mut server = std::process::Command::new(common::PROGRAM)
        .arg("serve")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("serve starts");
    drop(server.stdin.take());
    let mut status = None;
    eventually("serve ends", || {
        status = server.try_wait().expect("a child");
        status.is_some()
    })
    .await;
    assert!(status.is_some_and(|status| status.success()));
}

#[tokio::test]
async fn d12_argument_schemas_are_enforced() {
    let text = r#"{"version":1,"api":{"add":{"args":[{"type":"number"}]}}}"#;
    let sandbox = engine()
        .sandbox()
        .policy(policy(text))
        .api("add", |(n,): (f64,)| async move { Ok(n) })
        .create()
        .await
        .expect("a sandbox");
    assert_eq!(thrown(&sandbox, "return await api.add('1')").await.name, "TypeError");
    assert_eq!(value(&sandbox, "return await api.add(1)").await, 1.into());
}
