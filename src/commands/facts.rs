//! `electrolint facts`: what the model sees, for contributors and bug reports.

use super::{check::no_app_failure, write_stdout};
use crate::cli::FactsArgs;
use crate::config::{self, Configurations};
use crate::{Exit, Failure, discover};

/// Prints the facts of every app.
///
/// # Errors
/// Wrong usage, and `NoApp`.
pub fn run(options: &FactsArgs) -> Result<Exit, Failure> {
    let configurations = Configurations::new(&options.input.config, &discover::base(&options.input.paths)?)?;
    let discovery = crate::read(&options.input, &configurations)?;
    if discovery.apps.is_empty() {
        return Err(no_app_failure(&discovery.tried));
    }
    let mut out = String::new();
    for found in &discovery.apps {
        let root = if found.sources.root.is_empty() { "." } else { &found.sources.root };
        out.push_str(&format!("app {root}\n"));
        let config = configurations.of(&config::absolute(&discovery.base, &found.sources.root));
        out.push_str(&crate::analyse(found, &options.input, &config).dump());
        if !out.ends_with('\n') {
            out.push('\n');
        }
    }
    configurations.ready()?;
    // Facts quote the sources.
    write_stdout(&crate::report::printable(&out))?;
    Ok(Exit::Clean)
}
