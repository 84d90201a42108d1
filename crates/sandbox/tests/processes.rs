//! What is left of processes and descriptors, and what happens when they are killed or stopped. These tests count the
//! children of this process, so they run one after another.

mod common;

use std::time::{Duration, Instant};

use common::{count, engine, eventually, value, workers};
use electrolint_sandbox::{Act, Event, ExecError, Status};

static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

#[tokio::test]
async fn b04_exit_and_drop_leave_nothing() {
    let _alone = ALONE.lock().await;
    let engine = engine();
    let first = engine.sandbox().create().await.expect("a sandbox");
    first.exit().await;
    first.exit().await;
    assert!(matches!(first.execute("return 1").await, Err(ExecError::Gone(_))));
    drop(first);
    // The launcher and the zygote stay with the engine.
    eventually("only the zygote is left", || workers().len() == 2).await;
    let descriptors = count("fd");
    for round in 0..200 {
        let sandbox = engine.sandbox().create().await.expect("a sandbox");
        if round % 2 == 0 {
            sandbox.exit().await;
        }
    }
    eventually("the workers are gone", || workers().len() == 2).await;
    eventually("the descriptors are closed", || count("fd") <= descriptors + 2).await;
    drop(engine);
    eventually("the zygote is gone", || workers().is_empty()).await;
}

#[tokio::test]
async fn b14_calls_go_on_while_the_zygote_is_stopped() {
    let _alone = ALONE.lock().await;
    let engine = engine();
    let sandbox = engine.sandbox().api("one", |(): ()| async move { Ok(1) }).create().await.expect("a sandbox");
    // Launcher and zygote are the two oldest of our workers, once those of an engine before are gone.
    eventually("only ours are left", || workers().len() == 3).await;
    let mut pids = workers();
    pids.sort_unstable();
    for pid in &pids[..2] {
        assert!(send(*pid, "STOP"));
    }
    assert_eq!(
        value(&sandbox, "let n = 0; for (let i = 0; i < 100; i++) n += await api.one(); return n").await,
        100.into()
    );
    for pid in &pids[..2] {
        assert!(send(*pid, "CONT"));
    }
}

/// Sends a signal; false where the process has ended meanwhile.
fn send(pid: i32, signal: &str) -> bool {
    let done =
        std::process::Command::new("kill").args([format!("-{signal}"), pid.to_string()]).status().expect("kill(1)");
    done.success()
}

#[tokio::test]
async fn c01_the_code_runs_in_a_process_of_its_own() {
    let _alone = ALONE.lock().await;
    let engine = engine();
    let before = workers();
    let _sandbox = engine.sandbox().create().await.expect("a sandbox");
    let new: Vec<i32> = workers().into_iter().filter(|pid| !before.contains(pid)).collect();
    assert!(new.len() >= 3, "launcher, zygote, worker: {new:?}");
    let worker = new.iter().max().expect("a pid");
    let namespace = |pid: &str, kind: &str| std::fs::read_link(format!("/proc/{pid}/ns/{kind}")).ok();
    let worker = worker.to_string();
    for kind in ["user", "pid", "net", "mnt", "ipc", "uts", "cgroup"] {
        // Another user's links cannot be read; the kernel's refusal shows another owner too.
        let inside = namespace(&worker, kind);
        assert!(inside.is_none() || inside != namespace("self", kind), "{kind}");
    }
    let status = std::fs::read_to_string(format!("/proc/{worker}/status")).expect("proc");
    for line in
        ["NoNewPrivs:\t1", "Seccomp:\t2", "CapEff:\t0000000000000000", "CapPrm:\t0000000000000000", "Threads:\t1"]
    {
        assert!(status.contains(line), "{line} in {status}");
    }
    assert!(!status.contains("Uid:\t0"), "{status}");
}

#[tokio::test]
async fn d08_a_worker_makes_no_process_and_the_host_makes_none_for_it() {
    let _alone = ALONE.lock().await;
    let engine = engine();
    for act in [Act::Fork, Act::Exec] {
        assert_eq!(engine.probe(act, true).await.expect("a probe"), Status::Signal(31), "{act:?}");
        assert_ne!(engine.probe(act, false).await.expect("a probe"), Status::Code(0), "{act:?}");
    }
}

#[tokio::test]
async fn c35_every_forbidden_act_is_refused() {
    let _alone = ALONE.lock().await;
    let engine = engine();
    // Resource limits refuse this one before it can grow; everything else the filter ends.
    for act in Act::ALL {
        let status = engine.probe(act, true).await.expect("a probe");
        let expected = if act == Act::BigMap { Status::Code(12) } else { Status::Signal(31) };
        assert_eq!(status, expected, "{act:?}");
    }
    // The other layers alone, where they are the ones that must hold if the filter had a gap.
    for (act, errno) in [
        (Act::OpenFile, 24),
        (Act::WriteFile, 24),
        (Act::Socket, 24),
        (Act::Exec, 2),
        (Act::Fork, 11),
        (Act::SignalHost, 3),
        (Act::PtraceParent, 3),
        (Act::ReadHostMemory, 3),
        (Act::BigMap, 12),
    ] {
        assert_eq!(engine.probe(act, false).await.expect("a probe"), Status::Code(errno), "{act:?}");
    }
}

/// `doctor`, as the user who runs the tests and as an ordinary one, with namespaces and without: each act is refused.
#[test]
fn c35_every_act_is_refused_to_any_user_at_both_levels() {
    // Its programs are children of this process too, which the other tests count, stop and kill.
    let _alone = ALONE.blocking_lock();
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("readable");
    let program = folder.path().join("electrolint-sandbox");
    std::fs::copy(common::PROGRAM, &program).expect("a copy that others can run");
    let root = folder.path().join("root");
    std::fs::create_dir(&root).expect("a folder");
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    for ordinary in [false, true] {
        for level in ["full", "no-namespaces"] {
            let mut command = std::process::Command::new(if is_root && ordinary { "setpriv" } else { "env" });
            if is_root && ordinary {
                command.args(["--reuid=1000", "--regid=1000", "--clear-groups"]);
            }
            if level == "full" {
                command.arg(&program).args(["doctor", "--json"]);
            } else if is_root && !ordinary {
                // Root makes namespaces whatever the limit, but no further namespace of users from a root that is not its mounts' own.
                let script = "mount --rbind / \"$1\" && exec chroot \"$1\" \"$0\" doctor --json --accept no-namespaces";
                command.args(["unshare", "--mount", "sh", "-c", script]).args([&program, &root]);
            } else {
                // A system without further user namespaces, by a limit that holds inside a namespace of this test's own.
                let script =
                    "echo 0 > /proc/sys/user/max_user_namespaces && exec \"$0\" doctor --json --accept no-namespaces";
                command.args(["unshare", "--user", "--map-root-user", "sh", "-c", script]).arg(&program);
            }
            let output = command.output().expect("doctor");
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let found: serde_json::Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{output:?}"));
            assert_eq!(found["level"], level, "ordinary: {ordinary}");
            let acts = found["acts"].as_array().expect("a list");
            assert_eq!(acts.len(), Act::ALL.len());
            for act in acts {
                assert_eq!(act["refused"], true, "{level}, ordinary: {ordinary}: {act}");
            }
            assert!(output.status.success());
        }
    }
}

/// The acts that are refused inside are permitted to this process, so it is the sandbox that refuses them.
#[test]
fn the_same_acts_are_permitted_outside() {
    let _alone = ALONE.blocking_lock();
    assert!(std::fs::read("/etc/passwd").is_ok());
    #[expect(clippy::disallowed_methods, reason = "the act that a worker cannot do")]
    let listener = std::net::TcpListener::bind("127.0.0.1:0");
    assert!(listener.is_ok());
    assert!(std::process::Command::new("/bin/true").status().is_ok_and(|s| s.success()));
}

#[tokio::test]
async fn a_killed_worker_ends_its_calls_and_no_other() {
    let _alone = ALONE.lock().await;
    let engine = engine();
    let first = engine.sandbox().create().await.expect("a sandbox");
    let before = workers();
    let second = engine.sandbox().create().await.expect("a sandbox");
    let pid = workers().into_iter().find(|pid| !before.contains(pid)).expect("the second worker");
    let mut events = second.events();
    let (result, ()) = tokio::join!(async { second.execute("await new Promise(() => {})").await }, async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(send(pid, "KILL"));
    });
    assert!(matches!(result, Err(ExecError::Gone(_))), "{result:?}");
    assert!(matches!(events.next().await, Some(Event::Exit { status: Status::Signal(9), .. })));
    assert_eq!(value(&first, "return 1").await, 1.into());
}

#[tokio::test]
async fn a_stopped_worker_ends_at_its_limit() {
    let _alone = ALONE.lock().await;
    let engine = engine();
    let keep = engine.sandbox().create().await.expect("a sandbox");
    let before = workers();
    let stopped = engine.sandbox().create().await.expect("a sandbox");
    let pid = workers().into_iter().find(|pid| !before.contains(pid)).expect("the second worker");
    assert!(send(pid, "STOP"));
    let start = Instant::now();
    let result = stopped.execute("return 1").timeout(Duration::from_millis(200)).await;
    assert_eq!(result, Err(ExecError::TimedOut));
    assert!(start.elapsed() < Duration::from_secs(60));
    assert_eq!(value(&keep, "return 1").await, 1.into());
}

#[tokio::test]
async fn a_killed_zygote_takes_its_workers_and_the_next_create_works() {
    let _alone = ALONE.lock().await;
    let engine = engine();
    for victim in 0..2 {
        let sandbox = engine.sandbox().create().await.expect("a sandbox");
        // Workers of an engine before may still be on their way out.
        eventually("only ours are left", || workers().len() == 3).await;
        let mut pids = workers();
        pids.sort_unstable();
        let (result, ()) = tokio::join!(async { sandbox.execute("await new Promise(() => {})").await }, async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            // The launcher, then the zygote.
            assert!(send(pids[victim], "KILL"));
        });
        assert!(matches!(result, Err(ExecError::Gone(_))), "{result:?}");
        eventually("nothing is left", || workers().is_empty()).await;
        let next = engine.sandbox().create().await.expect("the next sandbox");
        assert_eq!(value(&next, "return 1").await, 1.into());
    }
}

#[tokio::test]
async fn nothing_outlives_a_killed_host() {
    let _alone = ALONE.lock().await;
    let mut host = std::process::Command::new(common::PROGRAM)
        .args(["run", "-e", "while (true) {}"])
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("a host");
    // The host, its launcher, its zygote and its worker.
    eventually("the script runs", || workers().len() == 4).await;
    let all = workers();
    host.kill().expect("kill -9");
    host.wait().expect("reaped");
    let start = Instant::now();
    eventually("every process is gone", || all.iter().all(|pid| !alive(*pid))).await;
    // A second on a machine that does nothing else, as the benchmark measures; here only a hang counts.
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

/// Any of launcher, zygote and worker is killed or stopped: the call ends in bounded time and the next create works.
#[tokio::test]
async fn chaos_ends_every_call_and_the_next_create_works() {
    let _alone = ALONE.lock().await;
    let rounds: usize = std::env::var("CHAOS_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(18);
    let engine = engine();
    let policy = || common::policy(r#"{"version":1,"lockup":{"startupTimeoutMs":2000}}"#);
    for round in 0..rounds {
        // A stopped zygote costs the create that finds it out; the one after it must work.
        let mut sandbox = engine.sandbox().policy(policy()).create().await;
        if sandbox.is_err() {
            sandbox = engine.sandbox().policy(policy()).create().await;
        }
        let sandbox = sandbox.unwrap_or_else(|error| panic!("round {round}: {error}"));
        assert_eq!(value(&sandbox, "return 1").await, 1.into(), "round {round}");
        let mut pids = workers();
        pids.sort_unstable();
        let victim = pids[round % pids.len()];
        let signal = if round / 3 % 2 == 0 { "KILL" } else { "STOP" };
        let start = Instant::now();
        let (result, ()) = tokio::join!(
            async { sandbox.execute("await new Promise(() => {})").timeout(Duration::from_millis(300)).await },
            async {
                tokio::time::sleep(Duration::from_millis(20)).await;
                // A victim of the round before that has ended meanwhile needs none.
                let _ = send(victim, signal);
            }
        );
        assert!(matches!(result, Err(ExecError::Gone(_) | ExecError::TimedOut)), "round {round}: {result:?}");
        assert!(start.elapsed() < Duration::from_secs(60), "round {round}: {:?}", start.elapsed());
    }
    drop(engine);
    eventually("nothing is left", || workers().is_empty()).await;
}

fn alive(pid: i32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

#[tokio::test]
async fn a_cold_start_has_a_layout_of_its_own() {
    let _alone = ALONE.lock().await;
    let engine = engine();
    let shared = engine.sandbox().create().await.expect("shared");
    let own = engine.sandbox().own_layout().create().await.expect("own");
    assert_eq!((value(&shared, "return 1").await, value(&own, "return 2").await), (1.into(), 2.into()));
    let before = workers().len();
    own.exit().await;
    drop(own);
    eventually("its zygote ends with it", || workers().len() <= before - 3).await;
    assert_eq!(value(&shared, "return 3").await, 3.into());
}

/// A bounded share of the cycles that a release is put through: `LEAK_CYCLES=10000`.
#[tokio::test]
async fn cycles_leave_no_process_descriptor_or_memory() {
    let _alone = ALONE.lock().await;
    let cycles: usize = std::env::var("LEAK_CYCLES").ok().and_then(|n| n.parse().ok()).unwrap_or(300);
    let engine = engine();
    let cycle = async || {
        let sandbox = engine.sandbox().create().await.expect("a sandbox");
        assert_eq!(value(&sandbox, "return 2 + 2").await, 4.into());
        sandbox.exit().await;
    };
    for _ in 0..50 {
        cycle().await;
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    let (descriptors, memory) = (count("fd"), resident());
    for _ in 0..cycles {
        cycle().await;
    }
    eventually("the workers are gone", || workers().len() == 2).await;
    eventually("the descriptors are closed", || count("fd") <= descriptors).await;
    let grown = resident().saturating_sub(memory);
    assert!(grown < 8 << 20, "{grown} bytes more after {cycles} cycles");
}

/// Resident memory of this process, in bytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("proc");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("VmRSS");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<usize>().ok()).expect("a number") * 1024
}
