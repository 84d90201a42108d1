//! `electrolint run`: starts `electrolint-sandbox run` and passes everything through.
//!
//! The program that reads a hostile app never contains the engine that runs hostile scripts: they meet in a file format
//! and a command line.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;

use crate::Failure;
use crate::cli::RunArgs;

/// Names the program, where it is not beside this one.
const VARIABLE: &str = "ELECTROLINT_SANDBOX";

/// Runs a script in the sandbox; the answer is the exit code of the sandbox.
///
/// # Errors
/// A program that cannot be found or started.
pub fn run(options: &RunArgs) -> Result<u8, Failure> {
    let program = program()?;
    let mut command = Command::new(&program);
    command.arg("run").args(&options.arguments);
    let status = command.status().map_err(|source| Failure::Sandbox { path: program, source })?;
    // A signal ended it: as a shell says it.
    Ok(status.code().map_or_else(|| signal(status), |code| u8::try_from(code).unwrap_or(u8::MAX)))
}

#[cfg(unix)]
fn signal(status: std::process::ExitStatus) -> u8 {
    use std::os::unix::process::ExitStatusExt;
    status.signal().map_or(u8::MAX, |signal| 128_u8.saturating_add(u8::try_from(signal).unwrap_or(127)))
}

#[cfg(not(unix))]
fn signal(_: std::process::ExitStatus) -> u8 {
    u8::MAX
}

/// The one that the variable names, else the one beside this program; never one from PATH, where somebody else's lies.
fn program() -> Result<PathBuf, Failure> {
    let named = std::env::var_os(VARIABLE).filter(|name| !name.is_empty());
    if let Some(named) = named {
        let path = PathBuf::from(named);
        // A bare name would be looked up on PATH.
        return Ok(if path.components().count() == 1 { PathBuf::from(".").join(path) } else { path });
    }
    let name = format!("electrolint-sandbox{}", std::env::consts::EXE_SUFFIX);
    let beside = std::env::current_exe().ok().map(|own| own.with_file_name(OsStr::new(&name)));
    match beside.filter(|path| path.is_file()) {
        Some(path) => Ok(path),
        None => Err(Failure::NoSandbox { help: format!("build it beside `electrolint`, or name it in {VARIABLE}") }),
    }
}
