//! What the host does about a worker that is not ready, or breaks the protocol: here the worker is played by the tests.

use std::os::fd::{AsFd, OwnedFd};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use electrolint_policy::{Ceiling, Level, Manifest, Policy, Value};
use rustix::net::{SendFlags, SocketType};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use super::nursery::Nursery;
use super::{Engine, EngineOptions, Event, ExecError, Sandbox, StartError, lock};
use crate::os::fds;
use crate::os::process::Status;
use crate::proto::frames::{FromWorker, Level as LogLevel};
use crate::worker::zygote::{MAX_MESSAGE, Report, Request};

/// The worker's end of its channel. Its process is one that sleeps.
struct Worker {
    channel: OwnedFd,
    /// The signal that has ended the process.
    ended: oneshot::Receiver<Option<i32>>,
}

impl Worker {
    fn say(&self, bytes: &[u8]) {
        let sent = rustix::net::send(&self.channel, bytes, SendFlags::NOSIGNAL).expect("sent");
        assert_eq!(sent, bytes.len());
    }
}

/// An engine whose zygote makes such workers.
fn engine() -> (Engine, UnboundedReceiver<Worker>) {
    let (ours, theirs) = fds::pair(SocketType::SEQPACKET).expect("a pair");
    let (made, workers) = unbounded_channel();
    std::thread::spawn(move || play(&theirs, &made));
    let launcher = Command::new("true").spawn().expect("true(1)");
    let nursery = Nursery::of(Level::Full, true, ours, launcher).expect("a thread");
    let options = EngineOptions { worker: Some("/does/not/exist".into()), ..EngineOptions::default() };
    let engine = Engine::new(options).expect("an engine");
    *lock(&engine.0.nursery) = Some(Arc::new(nursery));
    (engine, workers)
}

/// Takes requests as a zygote does, until the host is gone.
fn play(control: &OwnedFd, made: &UnboundedSender<Worker>) {
    let report = |control: &OwnedFd, report: &Report, pidfd: &[std::os::fd::BorrowedFd<'_>]| {
        // A test that is over listens no more.
        let _ = fds::send(control, &serde_json::to_vec(report).expect("JSON"), pidfd);
    };
    let mut buffer = vec![0; MAX_MESSAGE];
    while let Ok((length @ 1.., mut received)) = fds::receive(control, &mut buffer) {
        let Request { id, .. } = serde_json::from_slice(&buffer[..length]).expect("a request");
        let (errors, channel) = (received.pop().expect("a pipe"), received.pop().expect("a socket"));
        let mut process = Command::new("sleep").arg("600").stderr(errors).spawn().expect("sleep(1)");
        let pidfd = pidfd_open(Pid::from_child(&process), PidfdFlags::empty()).expect("a pidfd");
        report(control, &Report::Forked { id }, &[pidfd.as_fd()]);
        let (ends, ended) = oneshot::channel();
        let _ = made.send(Worker { channel, ended });
        let control = control.try_clone().expect("a descriptor");
        std::thread::spawn(move || {
            let status = process.wait().expect("a child");
            let signal = std::os::unix::process::ExitStatusExt::signal(&status);
            let _ = ends.send(signal);
            report(&control, &Report::Ended { id, status: Status::Signal(signal.unwrap_or(0)) }, &[]);
        });
    }
}

async fn create(
    engine: &Engine,
    workers: &mut UnboundedReceiver<Worker>,
    first: &[u8],
) -> (Result<Sandbox, StartError>, Worker) {
    tokio::join!(engine.sandbox().create(), async {
        let worker = workers.recv().await.expect("a worker");
        worker.say(first);
        worker
    })
}

fn policy(text: &str) -> Policy {
    Manifest::parse(text).expect("a manifest").under(&Ceiling::parse(text).expect("a ceiling"))
}

#[tokio::test]
async fn b15_unknown_frames_and_frames_out_of_turn_kill() {
    let (engine, mut workers) = engine();
    let ready = FromWorker::Ready.encode();
    let request = FromWorker::ModuleRequest { specifier: "a".into(), referrer: String::new() };
    let call = FromWorker::ApiCall { id: 1, index: 0, args: Value::Array(vec![]) };
    let unasked = FromWorker::Result { id: 1, value: Value::Null };
    let hostile = [
        ("a kind that does not exist", vec![1, 0, 0, 0, 250]),
        ("a frame of", u32::MAX.to_le_bytes().to_vec()),
        ("a value that ends early", { FromWorker::Ready.encode().into_iter().chain([2, 0, 0, 0, 1, 1]).collect() }),
        ("ready a second time", ready.clone()),
        ("which was not asked", unasked.encode()),
        ("does not exist", call.encode()),
        ("answers no ping", FromWorker::Pong { nonce: 0 }.encode()),
        ("a reset", FromWorker::ResetDone.encode()),
        ("bytecode", FromWorker::Compiled { code: vec![] }.encode()),
        ("while nothing loads", [request.encode(), request.encode()].concat()),
    ];
    for (what, bytes) in hostile {
        let (sandbox, worker) = create(&engine, &mut workers, &ready).await;
        let sandbox = sandbox.expect("a sandbox");
        let mut events = sandbox.events();
        // What is permitted does not kill.
        worker.say(&FromWorker::Log { level: LogLevel::Log, text: "fine".into() }.encode());
        assert!(matches!(events.next().await, Some(Event::Log { .. })), "{what}");
        worker.say(&bytes);
        let ended = tokio::time::timeout(Duration::from_secs(60), events.next()).await.expect("it is killed");
        let Some(Event::Exit { status: Status::Signal(9), reason, crash: true }) = ended else {
            panic!("{what}: {ended:?}")
        };
        assert!(reason.starts_with("it broke the protocol: "), "{what}: {reason}");
        assert!(
            what == "a kind that does not exist" || what == "a value that ends early" || reason.contains(what),
            "{reason}"
        );
        assert!(matches!(sandbox.execute("return 1").await, Err(ExecError::Gone(_))), "{what}");
    }
    let (refused, _worker) = create(&engine, &mut workers, &FromWorker::Pong { nonce: 0 }.encode()).await;
    let Err(StartError::Ended(reason)) = refused else { panic!("it was handed out") };
    assert!(reason.contains("a frame before ready"), "{reason}");
}

#[tokio::test]
async fn c04_no_call_before_ready() {
    let (engine, mut workers) = engine();
    let mut created = std::pin::pin!(engine.sandbox().create());
    // Nobody has a sandbox to call before its worker is ready.
    let early = tokio::time::timeout(Duration::from_millis(50), &mut created).await;
    assert!(early.is_err());
    let worker = workers.recv().await.expect("a worker");
    worker.say(&FromWorker::Ready.encode());
    let sandbox = tokio::time::timeout(Duration::from_secs(60), created).await.expect("in time");
    assert!(sandbox.is_ok());
}

#[tokio::test]
async fn c24_a_worker_that_is_never_ready() {
    let (engine, mut workers) = engine();
    let impatient = policy(r#"{"version":1,"lockup":{"startupTimeoutMs":50}}"#);
    let created = tokio::time::timeout(Duration::from_secs(60), engine.sandbox().policy(impatient).create()).await;
    assert!(matches!(created, Ok(Err(StartError::TimedOut))));
    let worker = workers.recv().await.expect("a worker");
    let ended = tokio::time::timeout(Duration::from_secs(60), worker.ended).await;
    assert_eq!(ended, Ok(Ok(Some(9))));
}
