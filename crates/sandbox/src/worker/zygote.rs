//! The process that workers are forked from: in its namespaces, on an empty root, with the engine ready.
//!
//! The program is started by the host and splits in two. The launcher, outside, holds nothing but the control socket
//! and ends the zygote when the host is gone. The zygote, inside, takes requests until the same socket closes. Both
//! have a single thread. The control socket is a SOCK_SEQPACKET on descriptor 0.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::process::ExitCode;

use electrolint_policy::Level;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, getegid, geteuid, getpid};

use super::realm::Realm;
use super::{Config, bridge, fail};
use crate::os::lock::{self, Filter, Limits};
use crate::os::process::{Fork, Status, die_with_parent, exit, fork_into, kill, reap};
use crate::os::{fds, namespaces};

/// What the host asks: fork a worker; the socket and the error pipe come along.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Request {
    pub(crate) id: u64,
    pub(crate) config: Config,
}

/// What the zygote says.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(crate) enum Report {
    /// It is inside and takes requests.
    Ready { landlock: bool },
    /// It could not get inside; it ends.
    Failed { step: String, error: String },
    /// The worker runs; its pidfd comes along.
    Forked { id: u64 },
    /// The worker could not be made.
    Refused { id: u64, error: String },
    /// The worker has ended.
    Ended { id: u64, status: Status },
}

/// Largest message on the control socket, in bytes.
pub(crate) const MAX_MESSAGE: usize = 16 << 10;

/// Exit codes of a worker that could not lock itself, by step; before any script.
const LOCK_FAILED: i32 = 102;

/// The launcher. `level` says what the zygote must reach.
pub(crate) fn launch(level: Level) -> ExitCode {
    if let Err(error) = namespaces::leave_root() {
        report(&Report::Failed { step: "leave root".into(), error: error.to_string() }, &[]);
        return ExitCode::FAILURE;
    }
    let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
    let parent = getpid();
    let flags = if level == Level::Full { namespaces::ALL } else { 0 };
    match fork_into(flags) {
        Ok(Fork::Child) => zygote(level, parent, uid, gid),
        Ok(Fork::Parent(pidfd)) => watch(&pidfd),
        Err(error) => {
            report(&Report::Failed { step: "clone into namespaces".into(), error: error.to_string() }, &[]);
            ExitCode::FAILURE
        }
    }
}

/// Waits for the end of the zygote or of the host, whichever comes first.
fn watch(zygote: &OwnedFd) -> ExitCode {
    loop {
        // No event is asked of the control socket: its hang-up is always told, its messages are the zygote's.
        let mut set =
            [PollFd::from_borrowed_fd(fds::channel(), PollFlags::empty()), PollFd::new(zygote, PollFlags::IN)];
        if poll(&mut set, None).is_err() {
            continue;
        }
        if set.iter().any(|fd| !fd.revents().is_empty()) {
            kill(zygote);
            // It has ended or was killed just now; there is nothing to do with its status.
            let _ = reap(zygote);
            return ExitCode::SUCCESS;
        }
    }
}

fn report(report: &Report, with: &[std::os::fd::BorrowedFd<'_>]) {
    let bytes = serde_json::to_vec(report).unwrap_or_default();
    // A host that is gone is noticed by the launcher.
    let _ = fds::send(fds::channel(), &bytes, with);
}

fn zygote(level: Level, launcher: Pid, uid: u32, gid: u32) -> ! {
    let prepared = enter(level, launcher, uid, gid).and_then(|()| {
        let filter = Filter::compile().map_err(|error| ("compile the filter", error))?;
        let realm = Realm::new().map_err(|error| ("start the engine", io::Error::other(error.to_string())))?;
        Ok((filter, realm))
    });
    match prepared {
        Ok((filter, realm)) => {
            let landlock = landlock_available();
            bridge::run(realm, || {
                report(&Report::Ready { landlock }, &[]);
                serve(level, &filter)
            })
        }
        Err((step, error)) => {
            report(&Report::Failed { step: step.into(), error: error.to_string() }, &[]);
            exit(1)
        }
    }
}

type Step<T> = Result<T, (&'static str, io::Error)>;

fn enter(level: Level, launcher: Pid, uid: u32, gid: u32) -> Step<()> {
    // In a pid namespace of its own the parent cannot be seen.
    let parent = if level == Level::Full { None } else { Some(launcher) };
    match die_with_parent(parent) {
        Ok(true) => {}
        Ok(false) => exit(0),
        Err(error) => return Err(("die with the launcher", error)),
    }
    if level == Level::Full {
        namespaces::map_ids(uid, gid).map_err(|error| ("map the user", error))?;
        namespaces::empty_root().map_err(|error| ("make an empty root", error))?;
    }
    rustix::thread::set_no_new_privs(true).map_err(|error| ("give up new privileges", error.into()))?;
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)
        .map_err(|error| ("forbid dumps", error.into()))?;
    fds::close_from(3).map_err(|error| ("close descriptors", error))
}

/// Whether the kernel knows Landlock at all; each worker restricts itself and insists when it does.
fn landlock_available() -> bool {
    landlock::Ruleset::default().handle_access_all().is_ok()
}

trait HandleAll {
    fn handle_access_all(self) -> Result<(), ()>;
}

impl HandleAll for landlock::Ruleset {
    fn handle_access_all(self) -> Result<(), ()> {
        use landlock::{ABI, Access, AccessFs, CompatLevel, Compatible, RulesetAttr};
        let needed = self.set_compatibility(CompatLevel::HardRequirement).handle_access(AccessFs::from_all(ABI::V1));
        needed.and_then(landlock::Ruleset::create).map(drop).map_err(drop)
    }
}

/// Forks workers until the host is gone. Returns in each of them, locked.
fn serve(level: Level, filter: &Filter) -> Config {
    let mut workers: Vec<(u64, OwnedFd)> = Vec::new();
    loop {
        let mut set = vec![PollFd::from_borrowed_fd(fds::channel(), PollFlags::IN)];
        set.extend(workers.iter().map(|(_, pidfd)| PollFd::new(pidfd, PollFlags::IN)));
        if poll(&mut set, None).is_err() {
            continue;
        }
        let ready: Vec<bool> = set.iter().map(|fd| !fd.revents().is_empty()).collect();
        drop(set);
        let mut ended = ready.iter().skip(1);
        workers.retain(|(id, pidfd)| {
            if !ended.next().is_some_and(|ended| *ended) {
                return true;
            }
            // The pidfd is readable, so the worker has ended; waiting only fetches the status.
            let status = reap(pidfd).unwrap_or(Status::Signal(libc::SIGKILL));
            report(&Report::Ended { id: *id, status }, &[]);
            false
        });
        if !ready.first().is_some_and(|ready| *ready) {
            continue;
        }
        let mut buffer = vec![0; MAX_MESSAGE];
        let (length, mut received) = fds::receive(fds::channel(), &mut buffer).unwrap_or_default();
        if length == 0 {
            // The host is gone. Workers die with this process.
            exit(0);
        }
        let Ok(request) = serde_json::from_slice::<Request>(&buffer[..length]) else { continue };
        let (Some(errors), Some(channel)) = (received.pop(), received.pop()) else { continue };
        // One pid namespace for each worker, so that it sees and can signal no other.
        let flags = if level == Level::Full { libc::CLONE_NEWPID } else { 0 };
        let parent = if level == Level::Full { None } else { Some(getpid()) };
        match fork_into(flags) {
            Ok(Fork::Child) => {
                if fds::keep_only(channel, errors).is_err() {
                    exit(LOCK_FAILED);
                }
                // The pidfds of other workers are closed by number; their owners must not close them again.
                std::mem::forget((received, workers));
                return locked(level, parent, filter, request.config);
            }
            Ok(Fork::Parent(pidfd)) => {
                report(&Report::Forked { id: request.id }, &[pidfd.as_fd()]);
                workers.push((request.id, pidfd));
            }
            Err(error) => report(&Report::Refused { id: request.id, error: error.to_string() }, &[]),
        }
    }
}

/// The child: locks itself in the order that [`crate::os::lock`] lists.
fn locked(level: Level, parent: Option<Pid>, filter: &Filter, config: Config) -> Config {
    std::panic::set_hook(Box::new(|panic| fail(&panic.to_string())));
    let locked = (|| -> Step<()> {
        let limits = Limits { memory_bytes: config.memory_bytes, cpu_seconds: config.cpu_seconds, ports: config.ports };
        if !die_with_parent(parent).map_err(|e| ("die with the zygote", e))? {
            exit(0);
        }
        lock::drop_privileges().map_err(|e| ("drop privileges", e))?;
        if level > Level::Process {
            let enforced = lock::landlock().map_err(|e| ("restrict by Landlock", e))?;
            // Namespaces stand in for it; without them there is nothing else in front of the file system.
            if !enforced && level < Level::Full {
                return Err(("restrict by Landlock", io::Error::other("this kernel has none")));
            }
        }
        if config.nice > 0 {
            rustix::process::nice(config.nice.into()).map_err(|e| ("yield to others", e.into()))?;
        }
        lock::limit(&limits).map_err(|e| ("limit resources", e))?;
        if level > Level::Process && config.probe.is_none_or(|probe| probe.seccomp) {
            filter.apply(config.ports > 0).map_err(|e| ("filter system calls", e))?;
        }
        Ok(())
    })();
    if let Err((step, error)) = locked {
        fail(&format!("cannot {step}: {error}"));
    }
    if let Some(probe) = config.probe {
        exit(crate::os::probe::attempt(probe.act, Pid::from_raw(probe.host)));
    }
    config
}
