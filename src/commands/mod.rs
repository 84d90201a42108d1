//! One module for each subcommand.

pub mod baseline;
pub mod check;
pub mod completions;
pub mod config;
pub mod data;
pub mod explain;
pub mod facts;
pub mod fix;
pub mod init;
pub mod lsp;
pub mod man;
pub mod policy;
pub mod rules;
pub mod run;

use std::io::Write;
use std::path::Path;

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

/// Writes a file whole or not at all: beside it first, then in its place.
fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |source| Failure::Output { path: path.to_path_buf(), source };
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.new", std::process::id()));
    let beside = folder.join(name);
    let permissions = std::fs::metadata(path).map(|metadata| metadata.permissions());
    let written = std::fs::write(&beside, bytes)
        .and_then(|()| permissions.map_or(Ok(()), |permissions| std::fs::set_permissions(&beside, permissions)))
        .and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    written.map_err(failed)
}
