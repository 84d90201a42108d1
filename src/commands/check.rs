//! `electrolint check`: the pipeline, then reports.

use std::env;
use std::io::IsTerminal;

use super::{write_file, write_stderr, write_stdout};
use crate::cli::{CheckArgs, Fixes, When};
use crate::discover::Overlay;
use crate::fix::{self, Mended};
use crate::progress::Progress;
use crate::report::{self, Format, Look, Report};
use crate::{Exit, Failure, Kept, cache};

/// Problems that are named unless `--verbose` asks for all.
const PROBLEMS_SHOWN: usize = 10;

/// Checks, writes every report, and tells how to exit.
///
/// # Errors
/// Wrong usage, and reports that cannot be written.
pub fn run(options: &CheckArgs) -> Result<Exit, Failure> {
    let progress = if options.quiet { Progress::silent() } else { Progress::on_terminal() };
    if options.fix.is_some() && !options.diff {
        let elsewhere = [(options.staged, "--staged"), (options.stdin_filename.is_some(), "--stdin-filename")];
        if let Some((_, option)) = elsewhere.into_iter().find(|(is_set, _)| *is_set) {
            return Err(Failure::FixElsewhere { option });
        }
    }
    let report = if options.diff || options.fix.is_some() {
        let mended = fix::mend_and_tell(
            options,
            options.fix.unwrap_or(Fixes::Safe),
            &progress,
            &mut Kept::default().with_cache(cache::wanted(&options.cache)),
        )?;
        drop(progress);
        if options.diff {
            return diff(&mended);
        }
        write(&mended, options.quiet)?;
        mended.report
    } else {
        let mut kept = Kept::until_the_end().with_cache(cache::wanted(&options.cache));
        let report = crate::check_again(options, &Overlay::new(), &progress, &mut kept)?;
        std::mem::forget(kept);
        drop(progress);
        report
    };
    let exit = print(&report, options);
    // To free what it holds one by one takes time, and the process ends here.
    std::mem::forget(report);
    exit
}

/// Prints the patch, and what it leaves.
fn diff(mended: &Mended) -> Result<Exit, Failure> {
    if mended.report.apps.is_empty() {
        return no_app(&mended.report);
    }
    write_stdout(&fix::patch(&mended.report, &mended.changes))?;
    write_stderr(&format!("{} would be mended\n", fixed(mended)));
    Ok(if mended.changes.is_empty() { Exit::Clean } else { Exit::Findings })
}

fn write(mended: &Mended, quiet: bool) -> Result<(), Failure> {
    for (path, change) in &mended.changes {
        if std::fs::read(path).ok().as_deref() != Some(change.before.as_bytes()) {
            return Err(Failure::Changed { path: path.clone() });
        }
        write_file(path, change.after.as_bytes())?;
    }
    if !quiet {
        write_stderr(&format!("{} mended\n", fixed(mended)));
    }
    Ok(())
}

fn fixed(mended: &Mended) -> String {
    let plural = |n: usize, noun: &str| format!("{n} {noun}{}", if n == 1 { "" } else { "s" });
    format!("{} in {}", plural(mended.fixed, "finding"), plural(mended.changes.len(), "file"))
}

/// Writes every report.
fn print(report: &Report, options: &CheckArgs) -> Result<Exit, Failure> {
    for output in &options.output {
        let text = report::render(output.format, report, Look::default());
        std::fs::write(&output.path, text).map_err(|source| Failure::Output { path: output.path.clone(), source })?;
    }
    let is_for_people = matches!(options.format, Format::Full | Format::Concise);
    if options.verbose {
        write_stderr(&environment());
        write_stderr(&report::verbose(report));
    }
    if options.timings {
        write_stderr(&report.timings.text());
    }
    if report.apps.is_empty() && is_for_people {
        return no_app(report);
    }
    let look = look(options);
    if options.statistics && is_for_people {
        write_stdout(&report::statistics(report, look))?;
    } else {
        write_stdout(&report::render(options.format, report, look))?;
    }
    if options.format == Format::Github || options.output.iter().any(|output| output.format == Format::Github) {
        step_summary(report)?;
    }
    if report.apps.is_empty() {
        return no_app(report);
    }
    if is_for_people && !options.quiet {
        let limit = if options.verbose { usize::MAX } else { PROBLEMS_SHOWN };
        write_stderr(&report::problems(report, limit));
        write_stderr(&report::gone(report, limit));
        write_stderr(&report::unused(report, limit));
    }
    Ok(report.exit)
}

/// Appends a table to the page of the job, where GitHub shows one: annotations stop at ten of a kind.
/// <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#adding-a-job-summary>
fn step_summary(report: &Report) -> Result<(), Failure> {
    use std::io::Write;
    let Some(path) = env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else { return Ok(()) };
    let text = report::render(Format::Markdown, report, Look::default());
    let file = std::fs::File::options().append(true).create(true).open(&path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|source| Failure::Output { path: path.into(), source })
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

/// What the terminal can show, by the option, by the usual variables, by what it is.
/// <https://no-color.org>, <https://bixense.com/clicolors>, <https://force-color.org>
fn look(options: &CheckArgs) -> Look {
    let terminal = std::io::stdout().is_terminal();
    let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_on = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0");
    let is_dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
    let color = match options.color {
        When::Always => true,
        When::Never => false,
        When::Auto if is_set("NO_COLOR") => false,
        When::Auto if is_on("FORCE_COLOR") || is_on("CLICOLOR_FORCE") => true,
        When::Auto => terminal && !is_dumb && env::var_os("CLICOLOR").is_none_or(|value| value != "0"),
    };
    let hyperlinks = match options.hyperlinks {
        When::Always => true,
        When::Never => false,
        When::Auto => terminal && !is_dumb,
    };
    Look { color, hyperlinks, quiet: options.quiet, suppressed: options.sarif_suppressed }
}

/// The variables that are followed, as they are set.
fn environment() -> String {
    let names = [
        "NO_COLOR",
        "FORCE_COLOR",
        "CLICOLOR",
        "CLICOLOR_FORCE",
        "ELECTROLINT_CACHE_DIR",
        "ELECTROLINT_CONFIG",
        "ELECTROLINT_NO_CACHE",
        "ELECTROLINT_NOW",
        "ELECTROLINT_OUTPUT_FORMAT",
        "GITHUB_STEP_SUMMARY",
        "SOURCE_DATE_EPOCH",
    ];
    names
        .into_iter()
        .filter_map(|name| Some(format!("{name}={}\n", report::printable(&env::var_os(name)?.to_string_lossy()))))
        .collect()
}
