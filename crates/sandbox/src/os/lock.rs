//! What a worker gives up before the first untrusted byte, in this order:
//!
//! 1. every descriptor but the channel (0) and the error pipe (1, 2) ([`super::fds::keep_only`]);
//! 2. life beyond the zygote, core dumps and tracing, new privileges, all capabilities ([`drop_privileges`]);
//! 3. the file system, TCP, abstract sockets and signals to others, by Landlock ([`landlock`]);
//! 4. resources ([`limit`]), after Landlock because a ruleset is a descriptor and no further one may be opened;
//! 5. every system call that is not in [`ALLOWED`], by seccomp ([`Filter::apply`]). This is last because the steps
//!    before it need calls that it refuses.
//!
//! The zygote that forks it has put it into namespaces on an empty root before ([`super::namespaces`]).

use std::collections::BTreeMap;
use std::io;

use landlock::{ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetStatus, Scope};
use rustix::process::{Resource, Rlimit, setrlimit};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

/// Address space besides the JavaScript heap: the program, its libraries, the stack and the largest frame twice.
const ADDRESS_SPACE_BASE: u64 = 192 << 20;

/// Resource limits of a worker. What is not said is zero.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) memory_bytes: u64,
    pub(crate) cpu_seconds: Option<u64>,
    /// Descriptors besides the channel and the error pipe.
    pub(crate) ports: u32,
}

pub(crate) fn limit(limits: &Limits) -> io::Result<()> {
    let set = |resource, value: u64| setrlimit(resource, Rlimit { current: Some(value), maximum: Some(value) });
    set(Resource::Core, 0)?;
    // Bytes of a new file; pipes and sockets are no files.
    set(Resource::Fsize, 0)?;
    set(Resource::Memlock, 0)?;
    set(Resource::Nproc, 0)?;
    set(Resource::Msgqueue, 0)?;
    set(Resource::Nofile, 3 + u64::from(limits.ports))?;
    set(Resource::As, limits.memory_bytes.saturating_add(ADDRESS_SPACE_BASE))?;
    if let Some(seconds) = limits.cpu_seconds {
        set(Resource::Cpu, seconds)?;
    }
    Ok(())
}

pub(crate) fn drop_privileges() -> io::Result<()> {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    use rustix::thread::{CapabilitySet, CapabilitySets};
    // RLIMIT_CORE does not stop a core handler that is a pipe; this does, and it keeps tracers of the same user away.
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    rustix::thread::set_no_new_privs(true)?;
    let none = CapabilitySets {
        effective: CapabilitySet::empty(),
        permitted: CapabilitySet::empty(),
        inheritable: CapabilitySet::empty(),
    };
    Ok(rustix::thread::set_capabilities(None, none)?)
}

/// Denies every access that Landlock of this kernel knows, with no exception.
///
/// Landlock's TCP rules do not see MPTCP sockets, so the network rests on namespaces and seccomp too.
pub(crate) fn landlock() -> io::Result<bool> {
    let abi = ABI::V6;
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(abi))
        .and_then(|r| r.handle_access(AccessNet::from_all(abi)))
        .and_then(|r| r.scope(Scope::from_all(abi)))
        .and_then(Ruleset::create)
        .and_then(landlock::RulesetCreated::restrict_self)
        .map_err(io::Error::other)?;
    Ok(status.ruleset != RulesetStatus::NotEnforced)
}

/// A condition on an argument of a call.
enum When {
    Always,
    /// The protection bits in this argument do not ask for execution.
    NotExecutable(u8),
}

/// Every system call that a locked worker may make. Anything else ends it with SIGSYS.
const ALLOWED: &[(libc::c_long, When, &str)] = &[
    (libc::SYS_read, When::Always, "frames from the host"),
    (libc::SYS_recvfrom, When::Always, "frames from the host"),
    (libc::SYS_write, When::Always, "the error pipe"),
    (libc::SYS_sendto, When::Always, "frames to the host"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_poll, When::Always, "waits for frames and timers"),
    (libc::SYS_ppoll, When::Always, "waits for frames and timers"),
    (libc::SYS_close, When::Always, "a message port that is no longer used"),
    (libc::SYS_brk, When::Always, "the allocator"),
    (libc::SYS_mmap, When::NotExecutable(2), "the allocator"),
    (libc::SYS_mprotect, When::NotExecutable(2), "the allocator"),
    (libc::SYS_munmap, When::Always, "the allocator"),
    (libc::SYS_mremap, When::Always, "the allocator"),
    (libc::SYS_madvise, When::Always, "the allocator"),
    (libc::SYS_futex, When::Always, "locks of the standard library; there is one thread"),
    (libc::SYS_clock_gettime, When::Always, "timers, where the vDSO does not answer"),
    (libc::SYS_gettimeofday, When::Always, "Date.now, where the vDSO does not answer"),
    (libc::SYS_getrandom, When::Always, "crypto.getRandomValues, hash seeds"),
    (libc::SYS_rt_sigreturn, When::Always, "return from a signal handler of the runtime"),
    (libc::SYS_rt_sigprocmask, When::Always, "the C library, when it ends"),
    (libc::SYS_sigaltstack, When::Always, "the runtime takes its signal stack down when it ends"),
    (libc::SYS_restart_syscall, When::Always, "a wait that was stopped and continued"),
    (libc::SYS_sched_yield, When::Always, "locks of the allocator"),
    (libc::SYS_exit, When::Always, "the end"),
    (libc::SYS_exit_group, When::Always, "the end"),
];

/// What a worker may call besides whose policy gives it message ports. It can take a descriptor that the host sends, and
/// send none: sendmsg(2) is never allowed.
const ALLOWED_WITH_PORTS: &[(libc::c_long, When, &str)] =
    &[(libc::SYS_recvmsg, When::Always, "frames from the host that a message port comes along with")];

/// The seccomp filters, compiled. The zygote compiles them once; a worker only loads one.
pub(crate) struct Filter {
    plain: BpfProgram,
    with_ports: BpfProgram,
}

impl Filter {
    pub(crate) fn compile() -> io::Result<Self> {
        Ok(Self { plain: program(&[])?, with_ports: program(ALLOWED_WITH_PORTS)? })
    }

    pub(crate) fn apply(&self, ports: bool) -> io::Result<()> {
        let program = if ports { &self.with_ports } else { &self.plain };
        seccompiler::apply_filter(program).map_err(io::Error::other)
    }
}

fn program(besides: &[(libc::c_long, When, &str)]) -> io::Result<BpfProgram> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    for (call, when, _) in ALLOWED.iter().chain(besides) {
        let conditions = match when {
            When::Always => Vec::new(),
            When::NotExecutable(argument) => {
                let no_exec = SeccompCmpOp::MaskedEq(libc::PROT_EXEC as u64);
                let condition = SeccompCondition::new(*argument, SeccompCmpArgLen::Dword, no_exec, 0);
                vec![SeccompRule::new(vec![condition.map_err(io::Error::other)?]).map_err(io::Error::other)?]
            }
        };
        rules.insert(*call, conditions);
    }
    let arch = std::env::consts::ARCH.try_into().map_err(io::Error::other)?;
    // The filter of seccompiler kills on a call of another architecture, x32 numbers match no rule.
    SeccompFilter::new(rules, SeccompAction::KillProcess, SeccompAction::Allow, arch)
        .and_then(TryInto::try_into)
        .map_err(io::Error::other)
}
