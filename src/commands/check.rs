//! `electrolint check`: the pipeline, then reports.

use std::env;
use std::io::IsTerminal;

use super::{write_stderr, write_stdout};
use crate::cli::{CheckArgs, When};
use crate::report::{self, Format, Look, Report};
use crate::{Exit, Failure};

/// Problems that are named unless `--verbose` asks for all.
const PROBLEMS_SHOWN: usize = 10;

/// Checks, writes every report, and tells how to exit.
///
/// # Errors
/// Wrong usage, and reports that cannot be written.
pub fn run(options: &CheckArgs) -> Result<Exit, Failure> {
    let report = crate::check(options)?;
    for output in &options.output {
        let text = report::render(output.format, &report, Look::default());
        std::fs::write(&output.path, text).map_err(|source| Failure::Output { path: output.path.clone(), source })?;
    }
    let is_for_people = matches!(options.format, Format::Full | Format::Concise);
    if options.verbose {
        write_stderr(&environment());
        write_stderr(&report::verbose(&report));
    }
    if report.apps.is_empty() && is_for_people {
        return no_app(&report);
    }
    write_stdout(&report::render(options.format, &report, look(options)))?;
    if report.apps.is_empty() {
        return no_app(&report);
    }
    if is_for_people && !options.quiet {
        let limit = if options.verbose { usize::MAX } else { PROBLEMS_SHOWN };
        write_stderr(&report::problems(&report, limit));
    }
    Ok(report.exit)
}

/// Says why there is nothing to say.
fn no_app(report: &Report) -> Result<Exit, Failure> {
    if report.exit == Exit::Clean {
        return Ok(Exit::Clean);
    }
    Err(no_app_failure(&report.tried))
}

pub(super) fn no_app_failure(tried: &[String]) -> Failure {
    let mut help = String::new();
    for line in tried.iter().take(PROBLEMS_SHOWN) {
        help.push_str(&format!("tried {line}\n"));
    }
    help.push_str("--app DIR names the folder of an app that is not found by itself");
    Failure::NoApp { help }
}

fn look(options: &CheckArgs) -> Look {
    let terminal = std::io::stdout().is_terminal();
    let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let color = match options.color {
        When::Always => true,
        When::Never => false,
        When::Auto if is_set("NO_COLOR") => false,
        When::Auto if is_set("FORCE_COLOR") || is_set("CLICOLOR_FORCE") => true,
        When::Auto => terminal && env::var_os("TERM").is_none_or(|term| term != "dumb"),
    };
    let hyperlinks = match options.hyperlinks {
        When::Always => true,
        When::Never => false,
        When::Auto => terminal && color,
    };
    Look { color, hyperlinks, quiet: options.quiet }
}

/// The variables that are followed, as they are set.
fn environment() -> String {
    ["NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "ELECTROLINT_CONFIG", "ELECTROLINT_NOW", "ELECTROLINT_OUTPUT_FORMAT"]
        .into_iter()
        .filter_map(|name| Some(format!("{name}={}\n", report::printable(&env::var_os(name)?.to_string_lossy()))))
        .collect()
}
