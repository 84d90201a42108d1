//! An empty root in namespaces of its own, made without privileges.

use std::io;

use rustix::mount::{MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_change, mount_remount, unmount};

/// The unprivileged user and group that processes of the sandbox have inside their namespace, and outside it too when
/// the host is root. 65534 is the overflow id of Linux: it owns nothing (`/proc/sys/kernel/overflowuid`).
const NOBODY: u32 = 65_534;

/// The namespaces of the zygote. Each worker has a pid namespace of its own besides.
pub(crate) const ALL: libc::c_int = libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWCGROUP;

/// Gives up root for good, before anything else is done. An ordinary user stays who it is.
pub(crate) fn leave_root() -> io::Result<()> {
    use rustix::process::{DumpableBehavior, geteuid, set_dumpable_behavior};
    use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};
    if !geteuid().is_root() {
        return Ok(());
    }
    let uid = rustix::process::Uid::from_raw(NOBODY);
    let gid = rustix::process::Gid::from_raw(NOBODY);
    let left = set_thread_groups(&[])
        .and_then(|()| set_thread_res_gid(gid, gid, gid))
        .and_then(|()| set_thread_res_uid(uid, uid, uid));
    if let Err(error) = left {
        // The root of a user namespace that maps nobody else is an ordinary user to the kernel, if it is not the one of
        // the system: the capabilities that it has here are dropped later like any other.
        return if root_is_an_ordinary_user() { Ok(()) } else { Err(error.into()) };
    }
    // A change of user makes the process undumpable, and /proc/self/uid_map then belongs to root.
    Ok(set_dumpable_behavior(DumpableBehavior::Dumpable)?)
}

/// Whether user 0 of this namespace is another user outside it: user_namespaces(7), lines "inside outside length".
fn root_is_an_ordinary_user() -> bool {
    let map = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    map.lines().any(|line| {
        let mut numbers = line.split_whitespace();
        numbers.next() == Some("0") && numbers.next().is_some_and(|outside| outside != "0")
    })
}

/// Maps the one user and group that exist inside.
pub(crate) fn map_ids(outer_uid: u32, outer_gid: u32) -> io::Result<()> {
    // A mapping of groups by an ordinary user needs setgroups(2) to be off: user_namespaces(7).
    std::fs::write("/proc/self/setgroups", "deny")?;
    std::fs::write("/proc/self/uid_map", format!("{NOBODY} {outer_uid} 1"))?;
    std::fs::write("/proc/self/gid_map", format!("{NOBODY} {outer_gid} 1"))
}

/// Replaces the root by an empty, read-only file system and lets go of the old one.
pub(crate) fn empty_root() -> io::Result<()> {
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)?;
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    // Any directory will do, and this one exists wherever the maps could be written.
    mount("none", "/proc", "tmpfs", flags, Some(c"size=4k,nr_inodes=2,mode=555"))?;
    rustix::process::chdir("/proc")?;
    // The old root is stacked on the new one and detached from there: pivot_root(2), "pivot_root(".", ".")".
    rustix::process::pivot_root(".", ".")?;
    unmount(".", UnmountFlags::DETACH)?;
    rustix::process::chdir("/")?;
    Ok(mount_remount("/", flags | MountFlags::RDONLY, c"")?)
}
