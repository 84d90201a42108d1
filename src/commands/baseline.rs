//! `electrolint baseline`: accepts today's findings.

use std::collections::BTreeSet;

use super::{write_file, write_stderr};
use crate::baseline::{self, Baseline, NAME};
use crate::cli::{BaselineArgs, CheckArgs};
use crate::discover::Overlay;
use crate::progress::Progress;
use crate::{Exit, Failure, Kept, cache};

/// Writes, prunes or checks the baseline.
///
/// # Errors
/// As `check`, and a file that cannot be written.
pub fn run(options: &BaselineArgs) -> Result<Exit, Failure> {
    let check = CheckArgs {
        input: options.input.clone(),
        min_confidence: options.min_confidence,
        min_severity: options.min_severity,
        baseline: options.baseline.clone().filter(|path| path.exists()),
        no_baseline: options.baseline.as_ref().is_some_and(|path| !path.exists()),
        ..CheckArgs::default()
    };
    let progress = Progress::on_terminal();
    let mut kept = Kept::until_the_end().with_cache(cache::wanted(&options.cache));
    let report = crate::check_again(&check, &Overlay::new(), &progress, &mut kept)?;
    drop(progress);
    if report.apps.is_empty() {
        return Err(super::check::no_app_failure(&report.tried));
    }
    let old = report.baseline.clone();
    let path = match (&options.baseline, &old) {
        (Some(path), _) => baseline::absolute(path),
        (None, Some(old)) => old.path.clone(),
        (None, None) => report.base.join(NAME),
    };
    let shown = crate::discover::relative(&report.base, &path);
    if options.check {
        for line in &report.gone {
            write_stderr(&format!("gone: {}\n", crate::report::printable(line)));
        }
        return Ok(if report.gone.is_empty() { Exit::Clean } else { Exit::Findings });
    }
    let old = old.unwrap_or_default();
    let mut new = Baseline { path: path.clone(), entries: BTreeSet::new() };
    let gone: BTreeSet<&String> = report.gone.iter().collect();
    // What the options hide stays accepted: only what is gone goes.
    new.entries.extend(old.entries.iter().filter(|entry| !gone.contains(&baseline::describe(entry))).cloned());
    let kept = new.entries.len();
    if !options.prune {
        for placed in &report.findings {
            let entry = new.entry(&report.base, placed);
            new.entries.retain(|old| (&old.path, &old.fingerprint) != (&entry.path, &entry.fingerprint));
            new.entries.insert(entry);
        }
    }
    write_file(&path, new.text().as_bytes())?;
    write_stderr(&format!(
        "{shown}: {} findings accepted, {} of them new, {} gone\n",
        new.entries.len(),
        new.entries.len().saturating_sub(kept),
        old.entries.len().saturating_sub(kept),
    ));
    Ok(Exit::Clean)
}
