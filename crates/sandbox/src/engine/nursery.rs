//! The host's end of a zygote: starts it, has workers forked, learns of their end.

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use electrolint_policy::Level;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::SocketType;
use tokio::sync::oneshot;

use super::StartError;
use crate::os::fds;
use crate::os::process::Status;
use crate::worker::Config;
use crate::worker::zygote::{MAX_MESSAGE, Report, Request};

/// The first argument that makes the program a launcher.
pub(crate) const WORKER_ARGUMENT: &str = "__worker";

/// Bytes that a new socket takes for sure: its buffer has 160 KiB at least (net.core.wmem_default).
const FIRST_BYTES: usize = 32 << 10;

/// A worker that has just been forked.
pub(super) struct Forked {
    pub(super) pidfd: OwnedFd,
    pub(super) channel: OwnedFd,
    pub(super) errors: OwnedFd,
    pub(super) ended: oneshot::Receiver<Status>,
    /// Whether the first frame lies in the channel already.
    pub(super) greeted: bool,
}

impl Forked {
    /// Whether it has not ended, as far as was heard.
    pub(super) fn is_waiting(&self) -> bool {
        self.ended.is_empty() && !self.ended.is_terminated()
    }
}

struct Waiting {
    forked: Option<oneshot::Sender<Result<OwnedFd, String>>>,
    ended: Option<oneshot::Sender<Status>>,
}

pub(super) struct Nursery {
    level: Level,
    landlock: bool,
    control: OwnedFd,
    next: AtomicU64,
    alive: Arc<AtomicBool>,
    waiting: Arc<Mutex<HashMap<u64, Waiting>>>,
}

impl Nursery {
    /// Starts a zygote at exactly `level`. Blocks until it is inside or has failed, at most `timeout`.
    pub(super) fn start(program: &Path, level: Level, timeout: Duration) -> Result<Self, StartError> {
        let (control, theirs) = fds::pair(SocketType::SEQPACKET).map_err(StartError::Io)?;
        let mut child = Command::new(program)
            .arg(WORKER_ARGUMENT)
            .arg(level.as_str())
            .env_clear()
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| StartError::Program { path: program.to_owned(), error })?;
        let ready = first_report(&control, Instant::now() + timeout);
        let landlock = match ready {
            Ok(Report::Ready { landlock }) => landlock,
            other => {
                drop(control);
                // A launcher that hangs is killed; one that failed has ended already.
                let _ = child.kill();
                let _ = child.wait();
                return Err(match other {
                    Ok(Report::Failed { step, error }) => StartError::Containment { level, step, error },
                    Ok(_) => StartError::Io(io::Error::other("the zygote does not speak the protocol")),
                    Err(error) => StartError::Io(error),
                });
            }
        };
        Self::of(level, landlock, control, child).map_err(StartError::Io)
    }

    /// Of a zygote that is ready. `child` is its launcher.
    pub(super) fn of(level: Level, landlock: bool, control: OwnedFd, child: Child) -> io::Result<Self> {
        let nursery = Self {
            level,
            landlock,
            control,
            next: AtomicU64::new(0),
            alive: Arc::new(AtomicBool::new(true)),
            waiting: Arc::default(),
        };
        nursery.listen(child)?;
        Ok(nursery)
    }

    pub(super) fn level(&self) -> Level {
        self.level
    }

    pub(super) fn landlock(&self) -> bool {
        self.landlock
    }

    pub(super) fn is_alive(&self) -> bool {
        self.alive.load(Ordering::Acquire)
    }

    /// Ends the zygote and everything that it forked.
    pub(super) fn stop(&self) {
        self.alive.store(false, Ordering::Release);
        // The launcher sees the hang-up; an end that is closed already is what is wanted.
        let _ = rustix::net::shutdown(&self.control, rustix::net::Shutdown::Both);
    }

    /// Has a worker forked. The caller decides how long it waits for that.
    ///
    /// `first` is what the worker finds in its channel as soon as it runs, if there is room for it.
    pub(super) async fn fork(&self, config: Config, first: &[u8]) -> Result<Forked, StartError> {
        let (channel, theirs) = fds::pair(SocketType::STREAM).map_err(StartError::Io)?;
        let (errors, their_errors) = fds::pipe().map_err(StartError::Io)?;
        let (forked, answer) = oneshot::channel();
        let (ended, end) = oneshot::channel();
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        lock(&self.waiting).insert(id, Waiting { forked: Some(forked), ended: Some(ended) });
        let request = serde_json::to_vec(&Request { id, config }).map_err(|error| StartError::Io(error.into()))?;
        let sent = fds::send(&self.control, &request, &[theirs.as_fd(), their_errors.as_fd()]);
        if let Err(error) = sent {
            lock(&self.waiting).remove(&id);
            return Err(StartError::Io(error));
        }
        let flags = rustix::net::SendFlags::NOSIGNAL | rustix::net::SendFlags::DONTWAIT;
        let fits = !first.is_empty() && first.len() <= FIRST_BYTES;
        let greeted = fits && rustix::net::send(&channel, first, flags).is_ok_and(|sent| sent == first.len());
        match answer.await {
            Ok(Ok(pidfd)) => Ok(Forked { pidfd, channel, errors, ended: end, greeted }),
            Ok(Err(message)) => Err(StartError::Io(io::Error::other(message))),
            Err(_) => Err(StartError::Io(io::Error::other("the zygote has ended"))),
        }
    }

    /// A thread that takes reports until the zygote is gone, then fetches the launcher's end.
    fn listen(&self, mut child: Child) -> io::Result<()> {
        let control = self.control.try_clone()?;
        let (waiting, alive) = (self.waiting.clone(), self.alive.clone());
        std::thread::Builder::new().name("sandbox-zygote".into()).spawn(move || {
            let mut buffer = vec![0; MAX_MESSAGE];
            while let Ok((length @ 1.., fds)) = fds::receive(&control, &mut buffer) {
                if let Ok(report) = serde_json::from_slice(&buffer[..length]) {
                    take(report, fds, &waiting);
                }
            }
            alive.store(false, Ordering::Release);
            // Whoever waits learns by the dropped sender: a fork has failed, a worker was killed.
            for (_, mut left) in lock(&waiting).drain() {
                if let Some(ended) = left.ended.take() {
                    let _ = ended.send(Status::Signal(libc::SIGKILL));
                }
            }
            let _ = rustix::net::shutdown(&control, rustix::net::Shutdown::Both);
            // It ends by itself on the hang-up, unless it was stopped; the zygote dies with it in any case.
            let _ = child.kill();
            let _ = child.wait();
        })?;
        Ok(())
    }
}

impl Drop for Nursery {
    fn drop(&mut self) {
        self.stop();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A caller that no longer waits is no error: the senders' results are ignored.
fn take(report: Report, fds: Vec<OwnedFd>, waiting: &Mutex<HashMap<u64, Waiting>>) {
    match report {
        Report::Forked { id } => {
            let (forked, pidfd) = (lock(waiting).get_mut(&id).and_then(|w| w.forked.take()), fds.into_iter().next());
            if let (Some(forked), Some(pidfd)) = (forked, pidfd)
                && let Err(Ok(unclaimed)) = forked.send(Ok(pidfd))
            {
                crate::os::process::kill(unclaimed);
            }
        }
        Report::Refused { id, error } => {
            if let Some(mut left) = lock(waiting).remove(&id)
                && let Some(forked) = left.forked.take()
            {
                let _ = forked.send(Err(error));
            }
        }
        Report::Ended { id, status } => {
            if let Some(mut left) = lock(waiting).remove(&id)
                && let Some(ended) = left.ended.take()
            {
                let _ = ended.send(status);
            }
        }
        Report::Ready { .. } | Report::Failed { .. } => {}
    }
}

fn first_report(control: &OwnedFd, until: Instant) -> io::Result<Report> {
    let left = until.saturating_duration_since(Instant::now());
    let timeout = Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() };
    let mut set = [PollFd::new(control, PollFlags::IN)];
    if poll(&mut set, Some(&timeout))? == 0 {
        return Err(io::Error::new(io::ErrorKind::TimedOut, "the zygote did not start in time"));
    }
    let mut buffer = vec![0; MAX_MESSAGE];
    let (length, _) = fds::receive(control, &mut buffer)?;
    if length == 0 {
        return Err(io::Error::other("the zygote ended before it was ready"));
    }
    Ok(serde_json::from_slice(&buffer[..length])?)
}
