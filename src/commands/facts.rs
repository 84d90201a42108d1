//! `electrolint facts`: what the model sees, for contributors and bug reports.

use super::{check::no_app_failure, write_stdout};
use crate::cli::FactsArgs;
use crate::{Exit, Failure};

/// Prints the facts of every app.
///
/// # Errors
/// Wrong usage, and `NoApp`.
pub fn run(options: &FactsArgs) -> Result<Exit, Failure> {
    let discovery = crate::read(&options.input)?;
    if discovery.apps.is_empty() {
        return Err(no_app_failure(&discovery.tried));
    }
    let mut out = String::new();
    for found in &discovery.apps {
        let root = if found.sources.root.is_empty() { "." } else { &found.sources.root };
        out.push_str(&format!("app {root}\n"));
        out.push_str(&crate::analyse(found, &options.input).dump());
        if !out.ends_with('\n') {
            out.push('\n');
        }
    }
    // Facts quote the sources.
    write_stdout(&crate::report::printable(&out))?;
    Ok(Exit::Clean)
}
