//! Making, watching and ending processes.

use std::io;
use std::os::fd::{AsFd, FromRawFd, OwnedFd, RawFd};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};

/// Gives memory that nobody uses back to the system, where the allocator can: malloc_trim(3).
pub(crate) fn give_memory_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: it only touches what the allocator holds free, under the allocator's own locks.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Both sides of a [`fork_into`].
pub(crate) enum Fork {
    Child,
    Parent(OwnedFd),
}

/// Forks this single-threaded process into the new namespaces that `flags` (CLONE_NEW…) names.
///
/// The pidfd is closed on exec.
pub(crate) fn fork_into(flags: libc::c_int) -> io::Result<Fork> {
    let mut pidfd: RawFd = -1;
    // SAFETY: all-zero is a valid clone_args: no stack, no TLS, no parent or child tid.
    let mut args: libc::clone_args = unsafe { std::mem::zeroed() };
    args.flags = (flags | libc::CLONE_PIDFD) as u64;
    args.pidfd = std::ptr::from_mut(&mut pidfd) as u64;
    args.exit_signal = libc::SIGCHLD as u64;
    // SAFETY: `args` and `pidfd` live across the call. Without CLONE_VM the child gets a copy of this address space
    // like after fork(2); the launcher and the zygote, the only callers, have a single thread, so that no lock of
    // another thread is copied in its locked state.
    let pid = unsafe { libc::syscall(libc::SYS_clone3, &raw mut args, size_of::<libc::clone_args>()) };
    match pid {
        -1 => Err(io::Error::last_os_error()),
        0 => Ok(Fork::Child),
        // SAFETY: on success the kernel wrote a fresh descriptor to `pidfd`, which nobody else owns.
        _ => Ok(Fork::Parent(unsafe { OwnedFd::from_raw_fd(pidfd) })),
    }
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Status {
    /// It ended itself with this code.
    Code(i32),
    /// A signal ended it.
    Signal(i32),
}

/// Waits for the child behind `pidfd`, which must have ended or end soon.
pub(crate) fn reap(pidfd: impl AsFd) -> io::Result<Status> {
    let status = rustix::process::waitid(WaitId::PidFd(pidfd.as_fd()), WaitIdOptions::EXITED)?;
    let status = status.ok_or_else(|| io::Error::other("no status"))?;
    let code = status.exit_status().map(Status::Code);
    let signal = status.terminating_signal().map(Status::Signal);
    code.or(signal).ok_or_else(|| io::Error::other("the child did not end"))
}

/// SIGKILL. A process that has ended already is no error.
pub(crate) fn kill(pidfd: impl AsFd) {
    // ESRCH: it has ended and was reaped. Nothing else can go wrong with a pidfd of a child of ours.
    let _ = rustix::process::pidfd_send_signal(pidfd, Signal::KILL);
}

/// The kernel kills this process when its parent ends. Parents here are single-threaded, so the parent thread is the
/// parent process. Answers false if the parent has ended already.
pub(crate) fn die_with_parent(parent: Option<Pid>) -> io::Result<bool> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    Ok(rustix::process::getppid() == parent)
}

/// Ends this process at once, without destructors.
pub(crate) fn exit(code: i32) -> ! {
    // SAFETY: _exit(2) does not return and runs no code of this process.
    unsafe { libc::_exit(code) }
}
