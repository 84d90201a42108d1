//! What is told of a sandbox: events, and why an execution has no result.

use serde_json::{Value as Json, json};

use super::fanout::Receiver;
use crate::os::process::Status;
use crate::proto::frames::{ErrorStrings, Level as LogLevel};

/// Something that happened to a sandbox.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The sandbox takes calls.
    Ready,
    /// A console message. Control characters are as the script wrote them: escape them before a terminal.
    Log {
        /// Its level.
        level: LogLevel,
        /// Its text.
        text: String,
    },
    /// Text on the worker's error output.
    Stderr(String),
    /// Messages were cut to `limits.logBytesPerSecond`; so many bytes were lost.
    LogCut(u64),
    /// An error that nothing caught.
    Uncaught(Thrown),
    /// Something that the policy refuses, and that [`crate::egress::Mode::Report`] lets through.
    Reported {
        /// JSON pointer of the policy's entry, or the name of the function whose arguments do not fit.
        rule: String,
        /// One sentence.
        reason: String,
    },
    /// No pong came in `lockup.timeoutMs`.
    Lockup,
    /// The worker has ended. The last event of a run.
    Exit {
        /// How the process ended.
        status: Status,
        /// Why, as far as the host knows.
        reason: String,
        /// Nobody asked for it: no exit, kill, timeout or abort.
        crash: bool,
    },
    /// A supervised sandbox has crashed.
    Crash {
        /// Crashes in a row.
        consecutive: u32,
        /// When it is started again; `None`: not before somebody asks for it.
        restart_after: Option<std::time::Duration>,
    },
}

/// An event as one JSON object.
pub(crate) fn event_json(event: Event) -> Json {
    match event {
        Event::Ready => json!({ "event": "ready" }),
        Event::Log { level, text } => json!({ "event": "log", "level": level, "text": text }),
        Event::LogCut(bytes) => json!({ "event": "log-cut", "bytes": bytes }),
        Event::Stderr(text) => json!({ "event": "stderr", "text": text }),
        Event::Uncaught(error) => {
            json!({ "event": "uncaught", "name": error.name, "message": error.message, "stack": error.stack })
        }
        Event::Reported { rule, reason } => json!({ "event": "reported", "rule": rule, "reason": reason }),
        Event::Lockup => json!({ "event": "lockup" }),
        Event::Exit { status, reason, crash } => {
            let (code, signal) = match status {
                Status::Code(code) => (Some(code), None),
                Status::Signal(signal) => (None, Some(signal)),
            };
            json!({ "event": "exit", "code": code, "signal": signal, "reason": reason, "crash": crash })
        }
        Event::Crash { consecutive, restart_after } => {
            let after = restart_after.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
            json!({ "event": "crash", "consecutive": consecutive, "restartAfterMs": after })
        }
    }
}

/// The strings of an error of the script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thrown {
    /// `name`
    pub name: String,
    /// `message`
    pub message: String,
    /// `stack`; line numbers are the script's.
    pub stack: String,
}

impl From<ErrorStrings> for Thrown {
    fn from(error: ErrorStrings) -> Self {
        Self { name: error.name, message: error.message, stack: error.stack }
    }
}

/// Why an execution has no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExecError {
    /// The script threw. The sandbox goes on.
    #[error("sandbox: {}: {}", .0.name, .0.message)]
    Js(Thrown),
    /// The time was over. The sandbox is gone.
    #[error("sandbox: the execution took longer than its limit")]
    TimedOut,
    /// The caller aborted. The sandbox is gone.
    #[error("sandbox: the execution was aborted")]
    Aborted,
    /// The sandbox had ended or ended meanwhile.
    #[error("sandbox: it has ended: {0}")]
    Gone(String),
    /// The script is longer than a message may be.
    #[error("sandbox: the script has {bytes} bytes, more than the {limit} of limits.messageBytes")]
    TooLong {
        /// Bytes of the script.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
}

impl ExecError {
    /// The name of the error as the JavaScript clients give it.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Js(thrown) => &thrown.name,
            Self::TimedOut => "TimedOutErr",
            Self::Aborted => "AbortError",
            Self::Gone(_) => "SandboxGone",
            Self::TooLong { .. } => "RangeError",
        }
    }
}

/// Events of a sandbox from the moment of asking.
pub struct Events(pub(super) Receiver<Event>);

impl Events {
    /// The next event; `None` when the sandbox and all its handles are gone. A listener that falls behind by more than
    /// 1024 events loses the oldest.
    pub async fn next(&mut self) -> Option<Event> {
        self.0.next().await
    }
}
