//! Forbidden acts, tried for real. `doctor` and the tests run them inside a locked worker to see each one refused.

use std::ffi::CStr;

use rustix::process::Pid;

/// Something that a worker must not be able to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each name says the act")]
pub enum Act {
    OpenFile,
    WriteFile,
    ListDirectory,
    Socket,
    MptcpSocket,
    UnixSocket,
    Exec,
    Fork,
    PtraceParent,
    SignalHost,
    IoUring,
    UserNamespace,
    WritableAndExecutable,
    MakeExecutable,
    BigMap,
    Duplicate,
    SetUser,
    Mount,
    Bpf,
    OpenByHandle,
    ReadHostMemory,
    Keyring,
}

impl Act {
    /// Every act.
    pub const ALL: [Self; 22] = [
        Self::OpenFile,
        Self::WriteFile,
        Self::ListDirectory,
        Self::Socket,
        Self::MptcpSocket,
        Self::UnixSocket,
        Self::Exec,
        Self::Fork,
        Self::PtraceParent,
        Self::SignalHost,
        Self::IoUring,
        Self::UserNamespace,
        Self::WritableAndExecutable,
        Self::MakeExecutable,
        Self::BigMap,
        Self::Duplicate,
        Self::SetUser,
        Self::Mount,
        Self::Bpf,
        Self::OpenByHandle,
        Self::ReadHostMemory,
        Self::Keyring,
    ];
}

const FILE: &CStr = c"/etc/passwd";
const FOLDER: &CStr = c"/proc";
const NEW_FILE: &CStr = c"/tmp/electrolint-probe";

/// Tries `act`; 0 is success, else the error number. A filter may end the process instead.
pub(crate) fn attempt(act: Act, host: Option<Pid>) -> i32 {
    let host = host.map_or(1, |pid| pid.as_raw_nonzero().get());
    let mut buffer = [0_u8; 256];
    // SAFETY: every pointer is to a constant or to `buffer`, with its own length; null stands where the kernel takes
    // null or must answer with an error. A fork that succeeds ends its child at once. Memory that a mapping takes is
    // given to nobody, and descriptors that are opened stay with this process, which ends after the probe.
    let result = unsafe {
        match act {
            Act::OpenFile => libc::syscall(libc::SYS_openat, libc::AT_FDCWD, FILE.as_ptr(), libc::O_RDONLY),
            Act::WriteFile => libc::syscall(
                libc::SYS_openat,
                libc::AT_FDCWD,
                NEW_FILE.as_ptr(),
                libc::O_CREAT | libc::O_WRONLY,
                0o600,
            ),
            Act::ListDirectory => match libc::open(FOLDER.as_ptr(), libc::O_DIRECTORY) {
                -1 => -1,
                fd => libc::syscall(libc::SYS_getdents64, fd, buffer.as_mut_ptr(), buffer.len()),
            },
            Act::Socket => libc::syscall(libc::SYS_socket, libc::AF_INET, libc::SOCK_STREAM, 0),
            Act::MptcpSocket => libc::syscall(libc::SYS_socket, libc::AF_INET, libc::SOCK_STREAM, libc::IPPROTO_MPTCP),
            Act::UnixSocket => libc::syscall(libc::SYS_socket, libc::AF_UNIX, libc::SOCK_STREAM, 0),
            Act::Exec => {
                let argv = [c"/bin/true".as_ptr(), std::ptr::null()];
                libc::syscall(libc::SYS_execve, argv[0], argv.as_ptr(), std::ptr::null::<*const libc::c_char>())
            }
            Act::Fork => match libc::fork() {
                0 => libc::_exit(0),
                pid => i64::from(pid),
            },
            Act::PtraceParent => libc::syscall(libc::SYS_ptrace, libc::PTRACE_SEIZE, host, 0_usize, 0_usize),
            Act::SignalHost => libc::syscall(libc::SYS_kill, host, 0),
            Act::IoUring => libc::syscall(libc::SYS_io_uring_setup, 8, [0_u64; 32].as_mut_ptr()),
            Act::UserNamespace => libc::syscall(libc::SYS_unshare, libc::CLONE_NEWUSER),
            Act::WritableAndExecutable => map(4096, libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC).0,
            Act::MakeExecutable => {
                let (_, page) = map(4096, libc::PROT_READ | libc::PROT_WRITE);
                libc::syscall(libc::SYS_mprotect, page, 4096_usize, libc::PROT_READ | libc::PROT_EXEC)
            }
            Act::BigMap => map(1 << 30, libc::PROT_READ | libc::PROT_WRITE).0,
            Act::Duplicate => libc::syscall(libc::SYS_fcntl, 0, libc::F_DUPFD, 0),
            Act::SetUser => libc::syscall(libc::SYS_setuid, 0),
            Act::Mount => libc::syscall(
                libc::SYS_mount,
                c"none".as_ptr(),
                c"/".as_ptr(),
                c"tmpfs".as_ptr(),
                0_usize,
                std::ptr::null::<libc::c_void>(),
            ),
            Act::Bpf => libc::syscall(libc::SYS_bpf, 0, buffer.as_mut_ptr(), buffer.len()),
            Act::OpenByHandle => {
                libc::syscall(libc::SYS_open_by_handle_at, libc::AT_FDCWD, [8_u32, 1, 0, 0].as_ptr(), 0)
            }
            Act::ReadHostMemory => {
                let local = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: 16 };
                let remote = libc::iovec { iov_base: 0x40_0000 as *mut libc::c_void, iov_len: 16 };
                // Counts and flags are longs: of an int, the upper half of the register is whatever was in it.
                let (one, none): (libc::c_ulong, libc::c_ulong) = (1, 0);
                let read = libc::SYS_process_vm_readv;
                match libc::syscall(read, host, &raw const local, one, &raw const remote, one, none) {
                    // EFAULT: the right was there, only the address was not.
                    -1 if *libc::__errno_location() == libc::EFAULT => 0,
                    other => other,
                }
            }
            Act::Keyring => libc::syscall(libc::SYS_keyctl, 0, -3, 1),
        }
    };
    if result == -1 { std::io::Error::last_os_error().raw_os_error().unwrap_or(-1) } else { 0 }
}

/// # Safety
/// None beyond that of a system call that makes memory: nobody else refers to it.
unsafe fn map(bytes: usize, protection: libc::c_int) -> (i64, *mut libc::c_void) {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: a new anonymous mapping at an address of the kernel's choice replaces nothing.
    let page = unsafe { libc::mmap(std::ptr::null_mut(), bytes, protection, flags, -1, 0) };
    (if page == libc::MAP_FAILED { -1 } else { 0 }, page)
}
