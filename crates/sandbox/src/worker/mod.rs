//! The process that runs untrusted JavaScript. What is checked here is convenience; security is the host's checks and
//! what the kernel refuses.

mod bridge;
mod clone;
mod compile;
mod modules;
mod ports;
mod realm;
pub(crate) mod zygote;

use std::collections::VecDeque;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::os::{fds, process};
use crate::proto::frames::{FromWorker, ToWorker};

/// What the host decides for one worker. Sent to the zygote, which the host trusts and which trusts the host.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Config {
    pub(crate) memory_bytes: u64,
    pub(crate) stack_bytes: u64,
    pub(crate) cpu_seconds: Option<u64>,
    pub(crate) message_bytes: u32,
    pub(crate) calls_in_flight: u32,
    pub(crate) timers: u32,
    pub(crate) codegen: bool,
    pub(crate) log: bool,
    pub(crate) allow_timers: bool,
    pub(crate) sandbox_methods: u32,
    pub(crate) call_timeout_ms: Option<u64>,
    /// Message ports that may be given to it.
    pub(crate) ports: u32,
    /// By how much it yields to others when processors are short: nice(2).
    pub(crate) nice: u8,
    /// It compiles and runs nothing.
    pub(crate) compile: bool,
    /// Instead of a sandbox: try this act and report the error number as the exit code.
    pub(crate) probe: Option<Probe>,
}

/// A forbidden act to try, and which layers to leave out to see the others hold.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Probe {
    pub(crate) act: crate::os::probe::Act,
    pub(crate) seccomp: bool,
    pub(crate) host: i32,
}

/// The socket to the host. One thread, blocking: a worker that cannot write waits, and the host's clock decides how
/// long.
struct Channel {
    buffer: Vec<u8>,
    frames: VecDeque<ToWorker>,
    /// Whether descriptors may come along, and those that came and whose frame was not taken yet.
    ports: bool,
    descriptors: VecDeque<fds::Descriptor>,
}

impl Channel {
    fn new() -> Self {
        Self { buffer: Vec::new(), frames: VecDeque::new(), ports: false, descriptors: VecDeque::new() }
    }

    fn send(&mut self, frame: &FromWorker) {
        let bytes = frame.encode();
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            match rustix::net::send(fds::channel(), rest, rustix::net::SendFlags::NOSIGNAL) {
                Ok(sent) => rest = &rest[sent..],
                Err(Errno::INTR) => {}
                // The host is gone, and with it the reason to run.
                Err(_) => process::exit(0),
            }
        }
    }

    /// How much to read at once: the rest of the frame that was begun, within bounds. A page that is touched for nothing
    /// is a page of every sandbox.
    fn wanted(&self) -> usize {
        const LEAST: usize = 1 << 10;
        const MOST: usize = 64 << 10;
        let begun = self.buffer.first_chunk().map_or(0, |length| u32::from_le_bytes(*length) as usize + 4);
        begun.saturating_sub(self.buffer.len()).clamp(LEAST, MOST)
    }

    /// Reads what is there; the end of the channel ends the process.
    fn fill(&mut self) {
        let (had, wanted) = (self.buffer.len(), self.wanted());
        self.buffer.resize(had + wanted, 0);
        let chunk = &mut self.buffer[had..];
        let received = if self.ports {
            fds::receive(fds::channel(), chunk).map(|(n, descriptors)| {
                self.descriptors.extend(descriptors.into_iter().map(fds::Descriptor::new));
                n
            })
        } else {
            rustix::net::recv(fds::channel(), chunk, rustix::net::RecvFlags::empty())
                .map(|(n, _)| n)
                .map_err(Into::into)
        };
        self.buffer.truncate(had + *received.as_ref().unwrap_or(&0));
        match received {
            Ok(0) => process::exit(0),
            Ok(_) => {}
            Err(error) if matches!(Errno::from_io_error(&error), Some(Errno::INTR | Errno::AGAIN)) => return,
            Err(_) => process::exit(0),
        }
        let mut at = 0;
        while let Some(header) = self.buffer.get(at..at + 4) {
            let length = u32::from_le_bytes([header[0], header[1], header[2], header[3]]) as usize;
            let Some(body) = self.buffer.get(at + 4..at + 4 + length) else { break };
            match ToWorker::decode(body) {
                Ok(frame) => self.frames.push_back(frame),
                Err(error) => fail(&format!("a frame of the host cannot be read: {error}")),
            }
            at += 4 + length;
        }
        self.buffer.drain(..at);
    }

    /// Waits for bytes until `until`, or until something happens to one of `others`.
    fn wait(&mut self, until: Option<Instant>, others: &[PollFd<'_>]) {
        let timeout = until.map(|at| {
            let left = at.saturating_duration_since(Instant::now());
            Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() }
        });
        let mut set = vec![PollFd::from_borrowed_fd(fds::channel(), PollFlags::IN)];
        set.extend_from_slice(others);
        match poll(&mut set, timeout.as_ref()) {
            Ok(0) | Err(Errno::INTR) => {}
            Ok(_) if set.first().is_some_and(|channel| channel.revents().is_empty()) => {}
            Ok(_) => self.fill(),
            Err(error) => fail(&format!("cannot wait: {error}")),
        }
    }

    /// The next frame, waiting as long as it takes.
    fn next(&mut self) -> ToWorker {
        loop {
            if let Some(frame) = self.frames.pop_front() {
                return frame;
            }
            self.wait(None, &[]);
        }
    }
}

/// Ends the worker over an error that is not the script's.
fn fail(message: &str) -> ! {
    eprintln!("electrolint-sandbox worker: {message}");
    process::exit(101)
}
