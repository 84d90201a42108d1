//! The conversation with a worker. What it says is judged here, before anything of the host acts on it.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use electrolint_policy::manifest::OnUncaught;
use electrolint_policy::policy::Signature;
use electrolint_policy::{Permission, Value};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};

use super::clock::Mortal;
use super::event::{Event, ExecError};
use super::handler::{ApiError, CallArgs, Handler};
use super::live::{FIRST_ERROR_BYTES, Gone, Live, Outgoing, lock};
use super::rpc::{METHOD_NOT_FOUND, RpcError};
use crate::egress::Mode;
use crate::os::fds;
use crate::os::process::{Status, kill};
use crate::proto::frames::{ErrorStrings, FromWorker, Level as LogLevel, REQUIRE, ToWorker};

/// Bytes that may wait to be written to a worker before its calls are no longer read.
const OUTBOUND_BYTES: usize = 2 << 20;
/// Bytes that are read of a worker at once, before a longer frame asks for more.
const READ_BYTES: usize = 8 << 10;
/// How long a worker may take nothing of what waits for it.
const STALLED: Duration = Duration::from_secs(3);
/// A frame may be longer than a message by its kind, ids and names.
pub(super) const FRAME_OVERHEAD: usize = 1024;

pub(super) async fn write_frames(
    live: Arc<Live>,
    mut write: tokio::net::unix::OwnedWriteHalf,
    mut queue: mpsc::UnboundedReceiver<Outgoing>,
) {
    let mut ended = live.ended.subscribe();
    loop {
        let next = tokio::select! {
            next = queue.recv() => next,
            _ = ended.wait_for(|ended| *ended) => None,
        };
        let Some(Outgoing { bytes, descriptor }) = next else { break };
        let sent = match descriptor {
            Some(descriptor) => write_with(write.as_ref(), &bytes, &descriptor).await.unwrap_or(0),
            None => 0,
        };
        if !write_frame(&live, &mut write, &bytes[sent..]).await {
            break;
        }
        live.queued.fetch_sub(bytes.len(), Ordering::AcqRel);
        live.drained.notify_waiters();
    }
    live.deaf.store(true, Ordering::Release);
    live.drained.notify_waiters();
}

/// Sends the start of a frame with a descriptor; answers how much was sent.
async fn write_with(stream: &tokio::net::UnixStream, bytes: &[u8], descriptor: &OwnedFd) -> std::io::Result<usize> {
    loop {
        stream.writable().await?;
        let sent =
            stream.try_io(tokio::io::Interest::WRITABLE, || fds::send_some(stream, bytes, &[descriptor.as_fd()]));
        match sent {
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            other => return other,
        }
    }
}

/// Answers false when the worker takes nothing more.
async fn write_frame(live: &Live, write: &mut tokio::net::unix::OwnedWriteHalf, mut rest: &[u8]) -> bool {
    while !rest.is_empty() {
        match tokio::time::timeout(STALLED, write.write(rest)).await {
            Ok(Ok(written)) => rest = &rest[written..],
            Ok(Err(_)) => return false,
            // A worker that computes is not stalled: its clock decides. One that lets answers pile up is.
            Err(_) if live.queued.load(Ordering::Acquire) < OUTBOUND_BYTES => {
                if *live.ended.borrow() {
                    return false;
                }
            }
            Err(_) => {
                live.kill(Gone::Stalled);
                return false;
            }
        }
    }
    true
}

/// Counts what console and error output write in the current second.
struct LogBudget {
    limit: u64,
    second: Instant,
    used: u64,
    cut: u64,
}

impl LogBudget {
    fn new(limit: u32) -> Self {
        Self { limit: limit.into(), second: Instant::now(), used: 0, cut: 0 }
    }

    /// How much of `text` may pass, and how many bytes were cut in the second before.
    fn take(&mut self, text: &mut String) -> Option<u64> {
        let mut report = None;
        if self.second.elapsed() >= Duration::from_secs(1) {
            report = Some(std::mem::take(&mut self.cut)).filter(|cut| *cut > 0);
            self.second = Instant::now();
            self.used = 0;
        }
        let left = usize::try_from(self.limit.saturating_sub(self.used)).unwrap_or(usize::MAX);
        if text.len() > left {
            let keep = text.floor_char_boundary(left);
            self.cut += (text.len() - keep) as u64;
            text.truncate(keep);
        }
        self.used += text.len() as u64;
        report
    }
}

pub(super) async fn read_errors(live: Arc<Live>, errors: tokio::net::unix::pipe::Receiver) {
    let mut budget = LogBudget::new(live.plan.policy.limits.log_bytes_per_second);
    while errors.readable().await.is_ok() {
        // Made when there is something to read: one that waits would be a page of every sandbox.
        let mut chunk = [0; 4096];
        let n = match errors.try_read(&mut chunk) {
            Ok(n @ 1..) => n,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => continue,
            Ok(_) | Err(_) => break,
        };
        let mut text = String::from_utf8_lossy(&chunk[..n]).into_owned();
        {
            let mut state = live.state();
            if state.first_error.len() < FIRST_ERROR_BYTES {
                state.first_error.push_str(&text);
            }
        }
        if let Some(cut) = budget.take(&mut text) {
            live.emit(Event::LogCut(cut));
        }
        if !text.is_empty() {
            for loaded in &live.plan.plugins {
                loaded.plugin.on_stderr(&text);
            }
            live.emit(Event::Stderr(text));
        }
    }
    if budget.cut > 0 {
        live.emit(Event::LogCut(budget.cut));
    }
}

/// Reads the worker until it ends, then tells everybody who waits.
pub(super) async fn converse(
    live: Arc<Live>,
    mut read: tokio::net::unix::OwnedReadHalf,
    ended: oneshot::Receiver<Status>,
    ready: oneshot::Sender<()>,
    stderr: tokio::task::JoinHandle<()>,
) {
    let mut host = Host {
        live: live.clone(),
        ready: Some(ready),
        budget: LogBudget::new(live.plan.policy.limits.log_bytes_per_second),
    };
    if let Err(why) = host.read(&mut read).await {
        live.kill(Gone::Violation(why));
    }
    let status = end(&live, ended).await;
    let _ = stderr.await;
    if host.budget.cut > 0 {
        live.emit(Event::LogCut(host.budget.cut));
    }
    let (reason, crash) = {
        let mut state = live.state();
        let gone = state.gone.get_or_insert_with(|| Gone::Ended(explain(status))).clone();
        let reason = gone.to_string();
        drop(host.ready.take());
        let executes = std::mem::take(&mut state.executes);
        let calls = std::mem::take(&mut state.calls);
        state.ping = None;
        state.reset = None;
        drop(state);
        for (_, done) in executes {
            let error = if gone == Gone::TimedOut { "an execution beside it timed out".into() } else { reason.clone() };
            let _ = done.send(Err(ExecError::Gone(error)));
        }
        for (_, done) in calls {
            let _ = done.send(Err(RpcError::Gone(reason.clone())));
        }
        (reason, gone.is_crash())
    };
    live.ended.send_replace(true);
    if let Some(network) = &live.plan.network {
        network.end();
    }
    for loaded in &live.plan.plugins {
        loaded.plugin.on_exit(status, &reason);
    }
    live.emit(Event::Exit { status, reason, crash });
}

/// How long a worker whose channel has ended may take to end itself.
const LAST_WORDS: Duration = Duration::from_millis(100);
/// How long the zygote may take to say how a killed worker ended. One that is stopped never says it.
const STATUS: Duration = Duration::from_secs(1);

/// The end of a worker whose channel has ended. It may have closed the channel and live on, so it is killed.
async fn end(live: &Live, mut ended: oneshot::Receiver<Status>) -> Status {
    let killed = Status::Signal(libc::SIGKILL);
    if let Ok(status) = tokio::time::timeout(LAST_WORDS, &mut ended).await {
        return status.unwrap_or(killed);
    }
    kill(&live.pidfd);
    match tokio::time::timeout(STATUS, ended).await {
        Ok(status) => status.unwrap_or(killed),
        Err(_) => killed,
    }
}

fn explain(status: Status) -> String {
    match status {
        Status::Code(0) => "it ended".into(),
        Status::Code(code) => format!("it failed with exit code {code}"),
        Status::Signal(libc::SIGSYS) => "the system call filter killed it (SIGSYS)".into(),
        Status::Signal(libc::SIGKILL) => "it was killed (SIGKILL): a resource limit, or from outside".into(),
        Status::Signal(libc::SIGSEGV) => "a memory fault killed it (SIGSEGV): possibly an attempt to break out".into(),
        Status::Signal(signal) => format!("signal {signal} killed it"),
    }
}

struct Host {
    live: Arc<Live>,
    ready: Option<oneshot::Sender<()>>,
    budget: LogBudget,
}

impl Host {
    /// Until the end of the stream. An error is a violation of the protocol.
    async fn read(&mut self, read: &mut tokio::net::unix::OwnedReadHalf) -> Result<(), String> {
        let most = self.live.plan.policy.limits.message_bytes as usize + FRAME_OVERHEAD;
        let mut buffer: Vec<u8> = Vec::with_capacity(READ_BYTES);
        loop {
            let mut at = 0;
            while let Some(header) = buffer.get(at..at + 4) {
                let length = u32::from_le_bytes([header[0], header[1], header[2], header[3]]) as usize;
                // Checked before anything is made for it.
                if length > most {
                    return Err(format!("a frame of {length} bytes, more than {most}"));
                }
                let Some(body) = buffer.get(at + 4..at + 4 + length) else { break };
                let frame = FromWorker::decode(body).map_err(|error| error.to_string())?;
                lock(&self.live.session).receive(&frame).map_err(|error| error.to_string())?;
                self.take(frame)?;
                at += 4 + length;
            }
            buffer.drain(..at);
            // Back-pressure: who does not take answers is not asked for more questions.
            while self.live.queued.load(Ordering::Acquire) > OUTBOUND_BYTES && !self.live.deaf.load(Ordering::Acquire) {
                // A notification may be missed between the test and the wait.
                let _ = tokio::time::timeout(Duration::from_millis(50), self.live.drained.notified()).await;
            }
            match read.read_buf(&mut buffer).await {
                Ok(1..) => {}
                // The socket ends with the worker.
                Ok(0) | Err(_) => return Ok(()),
            }
        }
    }

    fn take(&mut self, frame: FromWorker) -> Result<(), String> {
        let live = &self.live;
        match frame {
            FromWorker::Ready => {
                if let Some(ready) = self.ready.take() {
                    let _ = ready.send(());
                }
            }
            FromWorker::Result { id, value } => live.finish(id, Ok(value)),
            FromWorker::Error { id, error } => live.finish(id, Err(ExecError::Js(error.into()))),
            FromWorker::TimedOut { id, .. } => live.expire(id),
            FromWorker::ApiCall { id, index, args } => {
                let function = live.plan.api.get(index as usize).ok_or("a function that does not exist")?;
                let (name, signature, handler) =
                    (function.name.clone(), function.signature.clone(), function.handler.clone());
                let live = live.clone();
                tokio::spawn(async move {
                    let answer = answer(&live, &name, &signature, &handler, args).await;
                    live.send(&match answer {
                        Ok(value) => ToWorker::ApiResult { id, value },
                        Err(error) => {
                            let error = ErrorStrings { name: error.name, message: error.message, stack: String::new() };
                            ToWorker::ApiError { id, error }
                        }
                    });
                });
            }
            FromWorker::RpcCall { id, method, args } => {
                let found = lock(&live.plan.exposed).get(&method).cloned();
                let Some((signature, handler)) = found else {
                    let message = format!("the method {method} does not exist");
                    live.send(&ToWorker::RpcError { id, code: METHOD_NOT_FOUND, message });
                    return Ok(());
                };
                let live = live.clone();
                tokio::spawn(async move {
                    live.send(&match answer(&live, &method, &signature, &handler, args).await {
                        Ok(value) => ToWorker::RpcResult { id, value },
                        Err(error) => {
                            ToWorker::RpcError { id, code: super::rpc::METHOD_FAILED, message: error.message }
                        }
                    });
                });
            }
            FromWorker::Notify { method, args } => {
                let found = lock(&live.plan.exposed).get(&method).cloned();
                match found {
                    None => self.log(LogLevel::Warn, format!("notify: the method {method} does not exist")),
                    Some((signature, handler)) => {
                        let live = live.clone();
                        tokio::spawn(async move {
                            // Nobody waits for the result.
                            let _ = answer(&live, &method, &signature, &handler, args).await;
                        });
                    }
                }
            }
            FromWorker::RpcResult { id, value } => live.finish_call(id, Ok(value)),
            FromWorker::RpcError { id, code, message } => live.finish_call(id, Err(RpcError::Remote { code, message })),
            FromWorker::ResetDone => live.is_reset(),
            // The session has refused it.
            FromWorker::Compiled { .. } => {}
            FromWorker::Pong { .. } => {
                // The session has compared the nonce.
                if let Some((_, waiters)) = live.state().ping.take() {
                    for waiter in waiters {
                        let _ = waiter.send(());
                    }
                }
            }
            FromWorker::Log { level, text } => self.log(level, text),
            FromWorker::Uncaught { error } => {
                live.emit(Event::Uncaught(error.into()));
                if live.plan.policy.main.is_some() && live.plan.policy.restart.on_uncaught == OnUncaught::Crash {
                    live.kill(Gone::Uncaught);
                }
            }
            FromWorker::ModuleRequest { specifier, referrer } => {
                let live = live.clone();
                let source = live.plan.modules.clone();
                let limit = live.plan.policy.limits.message_bytes as usize;
                tokio::task::spawn_blocking(move || {
                    if let Some(wanted) = specifier.strip_prefix(REQUIRE) {
                        let module = require(&live, wanted, &referrer, limit);
                        live.send(&ToWorker::ModuleSource { module });
                        return;
                    }
                    let module = match source {
                        Some(source) => source.module(&specifier, &referrer, limit),
                        None => Err("this sandbox has no modules".into()),
                    };
                    let cached = module.as_ref().ok().and_then(|(name, source)| {
                        Some((name.clone(), live.plan.engine.cached(true, name, source)?.to_vec()))
                    });
                    live.send(&match cached {
                        Some((name, code)) => ToWorker::ModuleCode { name, code },
                        None => ToWorker::ModuleSource { module },
                    });
                });
            }
        }
        Ok(())
    }

    fn log(&mut self, level: LogLevel, mut text: String) {
        if let Some(cut) = self.budget.take(&mut text) {
            self.live.emit(Event::LogCut(cut));
        }
        if !text.is_empty() {
            self.live.emit(Event::Log { level, text });
        }
    }
}

/// A module for `require`, which needs ROOT.
fn require(live: &Live, specifier: &str, referrer: &str, limit: usize) -> Result<(String, String), String> {
    let plan = &live.plan;
    let folder = plan.modules.as_ref().filter(|_| plan.policy.permits(Permission::Root));
    let folder = folder.ok_or("this sandbox has no modules to require")?;
    let (name, source) = folder.require(specifier, referrer, &plan.registered, limit)?;
    if source.len() > limit {
        return Err(format!("the module {name} has more than {limit} bytes"));
    }
    Ok((name, source))
}

/// Checks, then runs the handler. The schema refuses before the handler sees anything.
async fn answer(
    live: &Live,
    name: &str,
    signature: &Signature,
    handler: &Handler,
    args: Value,
) -> Result<Value, ApiError> {
    let listed = match &args {
        Value::Array(_) => None,
        named => Some(Value::Array(vec![named.clone()])),
    };
    if let Err(misfit) = signature.check_arguments(listed.as_ref().unwrap_or(&args)) {
        match live.plan.mode {
            Mode::Enforce => return Err(ApiError { name: "TypeError".into(), message: misfit.to_string() }),
            Mode::Report => live.emit(Event::Reported { rule: name.into(), reason: misfit.to_string() }),
        }
    }
    let value = handler(CallArgs { value: args }).await?;
    signature
        .check_result(&value)
        .map_err(|misfit| ApiError::new(format!("the host's result does not fit: {misfit}")))?;
    let size = {
        let mut writer = crate::proto::codec::Writer::default();
        writer.value(&value);
        writer.0.len()
    };
    let limit = live.plan.policy.limits.message_bytes as usize;
    if size > limit {
        return Err(ApiError {
            name: "RangeError".into(),
            message: format!("the result has {size} bytes, more than {limit}"),
        });
    }
    Ok(value)
}

/// Pings at the interval of the policy; a missing pong is an event, once until the worker answers again.
pub(super) async fn watch_lockup(live: Weak<Live>) {
    let Some((interval, limit)) = live.upgrade().and_then(|live| {
        let lockup = &live.plan.policy.lockup;
        Some((lockup.ping_interval?, lockup.timeout?))
    }) else {
        return;
    };
    let mut locked_up = false;
    loop {
        tokio::time::sleep(interval).await;
        let Some(live) = live.upgrade() else { return };
        if *live.ended.borrow() {
            return;
        }
        match live.ping(limit).await {
            Ok(_) => locked_up = false,
            Err(RpcError::TimedOut) if !locked_up => {
                locked_up = true;
                live.emit(Event::Lockup);
                if live.plan.policy.restart.on_lockup {
                    live.kill(Gone::Lockup);
                }
            }
            Err(RpcError::TimedOut) => {}
            Err(_) => return,
        }
    }
}
