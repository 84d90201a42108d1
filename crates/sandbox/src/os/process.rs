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

/// Takes all that the allocator holds free between other allocations and never gives it back, so that what is allocated
/// from now on lies together, on pages of its own.
///
/// For a process that is about to fork: what a child puts into a hole of a page that it shares makes the page its own.
pub(crate) fn fill_holes() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        /// Up to this size the C library keeps what is freed for the next request of that size (malloc/malloc.c, tcache):
        /// seven of each at most, which do not count as free.
        const KEPT_BY_SIZE: usize = 1032;
        const KEPT: usize = 7 * 64 * KEPT_BY_SIZE;
        const PAGE: usize = 4096;
        // SAFETY: mallinfo(3), and sbrk(2) of 0, report and change nothing.
        let (info, end) = unsafe { (libc::mallinfo(), libc::sbrk(0) as usize) };
        let size = |bytes| usize::try_from(bytes).unwrap_or(0);
        let (free, top) = (size(info.fordblks), end.saturating_sub(size(info.keepcost)));
        // Ends the search where the heap is not the one that sbrk(2) knows.
        let mut left = free + KEPT;
        let large = (0..6).map(|halved| (64 << 10) >> halved);
        for size in large.chain((24..=KEPT_BY_SIZE).rev().step_by(16)) {
            while left > size {
                let filling = Vec::<u8>::with_capacity(size);
                left -= size;
                let is_hole = (filling.as_ptr() as usize) < top;
                // A small one would be kept, were it given back.
                if is_hole || size <= KEPT_BY_SIZE {
                    std::mem::forget(filling);
                }
                if !is_hole {
                    break;
                }
            }
        }
        // To the end of the page that was begun.
        let begun = Vec::<u8>::with_capacity(24);
        let rest = PAGE - (begun.as_ptr() as usize + 24) % PAGE;
        std::mem::forget((begun, Vec::<u8>::with_capacity(rest.saturating_sub(16))));
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
