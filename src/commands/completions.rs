//! `electrolint completions`: what a shell needs to complete arguments.

use clap::CommandFactory;

use super::write_stdout;
use crate::cli::{Cli, CompletionsArgs};
use crate::{Exit, Failure};

/// Prints the completions of a shell.
///
/// # Errors
/// Standard output that cannot be written.
pub fn run(options: &CompletionsArgs) -> Result<Exit, Failure> {
    let mut out = Vec::new();
    clap_complete::generate(options.shell, &mut Cli::command(), "electrolint", &mut out);
    write_stdout(&String::from_utf8_lossy(&out))?;
    Ok(Exit::Clean)
}
