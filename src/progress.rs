//! What is going on, on a terminal, once it takes longer than a second.

use std::io::{IsTerminal, Write};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long nothing is said.
const PATIENCE: Duration = Duration::from_secs(1);

/// A line on standard error that goes away again.
#[derive(Debug, Default)]
pub struct Progress {
    line: Option<(Sender<String>, JoinHandle<()>)>,
}

impl Progress {
    /// One that never says anything.
    pub fn silent() -> Self {
        Self::default()
    }

    /// One that speaks if standard error is a terminal.
    pub fn on_terminal() -> Self {
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        if is_dumb || !std::io::stderr().is_terminal() {
            return Self::silent();
        }
        let (sender, receiver) = channel::<String>();
        let thread = std::thread::spawn(move || {
            let mut text = String::from("looking for apps");
            let mut shown = false;
            let mut wait = PATIENCE;
            let started = std::time::Instant::now();
            loop {
                match receiver.recv_timeout(wait) {
                    Ok(next) => text = next,
                    Err(RecvTimeoutError::Disconnected) => break,
                    Err(RecvTimeoutError::Timeout) => {}
                }
                wait = PATIENCE.saturating_sub(started.elapsed());
                if wait.is_zero() {
                    wait = PATIENCE;
                    shown = true;
                    let _ = write!(std::io::stderr(), "\r\x1b[2K{text} … {} s", started.elapsed().as_secs());
                }
            }
            if shown {
                let _ = write!(std::io::stderr(), "\r\x1b[2K");
            }
        });
        Self { line: Some((sender, thread)) }
    }

    /// What is done now; it must be printable.
    pub fn say(&self, text: impl Into<String>) {
        if let Some((sender, _)) = &self.line {
            let _ = sender.send(text.into());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((sender, thread)) = self.line.take() {
            drop(sender);
            let _ = thread.join();
        }
    }
}
