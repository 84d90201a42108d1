//! Messages that carry descriptors, and what is left open in a child.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};

/// Most descriptors in one message.
const MAX_FDS: usize = 4;

/// Two connected ends, closed on exec.
pub(crate) fn pair(kind: SocketType) -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(socketpair(AddressFamily::UNIX, kind, SocketFlags::CLOEXEC, None)?)
}

/// A pipe, closed on exec: read end, write end.
pub(crate) fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?)
}

/// Sends one message with descriptors; the receiver gets duplicates. A receiver whose queue is full is an error.
pub(crate) fn send(socket: impl AsFd, bytes: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<()> {
    send_some(socket, bytes, fds).map(drop)
}

/// As [`send`], on a stream: answers how many bytes went, with which all descriptors did.
pub(crate) fn send_some(socket: impl AsFd, bytes: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FDS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !fds.is_empty() && !control.push(SendAncillaryMessage::ScmRights(fds)) {
        return Err(io::Error::other("too many descriptors for one message"));
    }
    Ok(sendmsg(socket, &[IoSlice::new(bytes)], &mut control, SendFlags::NOSIGNAL | SendFlags::DONTWAIT)?)
}

/// Receives one message and its descriptors. No bytes means that the other end is closed.
pub(crate) fn receive(socket: impl AsFd, buffer: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FDS))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let message = loop {
        match recvmsg(&socket, &mut [IoSliceMut::new(buffer)], &mut control, RecvFlags::CMSG_CLOEXEC) {
            Err(rustix::io::Errno::INTR) => {}
            other => break other?,
        }
    };
    let mut fds = Vec::new();
    for part in control.drain() {
        if let RecvAncillaryMessage::ScmRights(list) = part {
            fds.extend(list);
        }
    }
    Ok((message.bytes, fds))
}

/// A descriptor of a locked worker. A debug build of the standard library asks fcntl(2) before it closes one, which the
/// filter does not allow; this one closes and asks nothing.
pub(crate) struct Descriptor(std::mem::ManuallyDrop<OwnedFd>);

impl Descriptor {
    pub(crate) fn new(fd: OwnedFd) -> Self {
        Self(std::mem::ManuallyDrop::new(fd))
    }
}

impl AsFd for Descriptor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Drop for Descriptor {
    fn drop(&mut self) {
        // SAFETY: the descriptor is owned by this and was not closed before: `ManuallyDrop` keeps its owner from doing so.
        // close(2) takes a number and touches no memory.
        unsafe { libc::close(std::os::fd::AsRawFd::as_raw_fd(&*self.0)) };
    }
}

/// Puts `channel` on descriptor 0 and `errors` on 1 and 2, and closes every other one.
pub(crate) fn keep_only(channel: OwnedFd, errors: OwnedFd) -> io::Result<()> {
    rustix::stdio::dup2_stdin(&channel)?;
    rustix::stdio::dup2_stdout(&errors)?;
    rustix::stdio::dup2_stderr(&errors)?;
    // The owners must not close by number what the call below has closed already.
    std::mem::forget((channel, errors));
    close_from(3)
}

/// Closes every descriptor from `first` on.
pub(crate) fn close_from(first: u32) -> io::Result<()> {
    // SAFETY: close_range(2) takes two numbers and flags and touches no memory. Owners of the closed descriptors are
    // forgotten by the callers, which run in a fresh child before anything else is opened.
    let done = unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, 0) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Descriptor 0 of this process, which [`keep_only`] or the parent put there.
pub(crate) fn channel() -> BorrowedFd<'static> {
    rustix::stdio::stdin()
}
