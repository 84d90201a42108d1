//! One module for each subcommand.

pub mod check;
pub mod config;
pub mod explain;
pub mod facts;
pub mod policy;
pub mod rules;
pub mod run;

use std::io::Write;

use crate::Failure;

/// Writes to standard output; a reader that has gone away (`| head`) is no failure.
fn write_stdout(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::Stdout(error)),
        _ => Ok(()),
    }
}

/// Writes to standard error; nothing can be done if that fails.
fn write_stderr(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}
