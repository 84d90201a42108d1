//! What was looked at, in words, so that silence can be believed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use electrolint_rules::finding::Severity;

use super::{Look, Report, printable, severity_name};

/// One line: findings by severity, files and apps, Electron versions, what is hidden, what could not be analysed.
pub fn summary(report: &Report) -> String {
    let mut line = match report.findings.len() {
        0 => "no findings".to_string(),
        n => format!("{} ({})", count(n, "finding"), by_severity(report)),
    };
    let files: usize = report.apps.iter().map(|app| app.files_read).sum();
    let windows: usize = report.apps.iter().map(|app| app.windows).sum();
    let _ = write!(line, " in {} of {}", count(files, "file"), count(report.apps.len(), "app"));
    if let Some(electron) = electron(report) {
        let _ = write!(line, " ({electron})");
    }
    if report.findings.is_empty() && windows > 0 {
        let _ = write!(line, ", {} seen", count(windows, "window"));
    }
    if windows == 0 && !report.apps.is_empty() {
        line.push_str(", no window was found");
    }
    let hidden = hidden(report);
    if !hidden.is_empty() {
        let _ = write!(line, "; {} hidden: --all", hidden.join(", "));
    }
    if !report.problems.is_empty() {
        let _ = write!(line, "; incomplete: {}", count(report.problems.len(), "problem"));
    }
    printable(&line).replace('\n', " ")
}

fn by_severity(report: &Report) -> String {
    [Severity::High, Severity::Medium, Severity::Low, Severity::Info]
        .into_iter()
        .filter_map(|severity| {
            let n = report.findings.iter().filter(|placed| placed.finding.severity == severity).count();
            (n > 0).then(|| format!("{n} {}", severity_name(severity)))
        })
        .collect::<Vec<_>>()
        .join(", ")
}

/// `Electron 39.2.7, supported`; several versions are separated by semicolons.
fn electron(report: &Report) -> Option<String> {
    let versions: BTreeSet<String> = report
        .apps
        .iter()
        .map(|app| {
            let electron = &app.electron;
            let status = if electron.status.is_empty() { String::new() } else { format!(", {}", electron.status) };
            match (&electron.version, electron.assumed) {
                (Some(version), false) => format!("{version}{status}"),
                (Some(version), true) => format!("version unknown, {version} assumed"),
                (None, _) => "version unknown".into(),
            }
        })
        .collect();
    let versions: Vec<String> = versions.into_iter().collect();
    (!versions.is_empty()).then(|| format!("Electron {}", versions.join("; ")))
}

fn hidden(report: &Report) -> Vec<String> {
    let hidden = &report.hidden;
    [
        (hidden.tentative, "tentative"),
        (hidden.below_severity, "less severe"),
        (hidden.suppressed, "suppressed"),
        (hidden.baselined, "baselined"),
    ]
    .into_iter()
    .filter(|(n, _)| *n > 0)
    .map(|(n, why)| format!("{n} {why}"))
    .collect()
}

/// `1 file`, `2 files`.
fn count(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// What could not be analysed, one line each, at most `limit` of them; empty if there is nothing to say.
pub fn problems(report: &Report, limit: usize) -> String {
    let mut out = String::new();
    for problem in report.problems.iter().take(limit) {
        let line = problem.line.map(|line| format!(":{line}")).unwrap_or_default();
        let text = format!("{}{line}: {}: {}", problem.path, problem.kind.name(), problem.message);
        let _ = writeln!(out, "problem: {}", printable(&text).replace('\n', " "));
    }
    let more = report.problems.len().saturating_sub(limit);
    if more > 0 {
        let _ = writeln!(out, "and {}: --verbose shows all", count(more, "more problem"));
    }
    out
}

/// The apps, where their versions come from, and what was left out.
pub fn verbose(report: &Report) -> String {
    let mut out = String::new();
    for app in &report.apps {
        let root = if app.root.is_empty() { "." } else { &app.root };
        let name = app.name.as_deref().unwrap_or("without a name");
        let electron = &app.electron;
        let version = electron.version.as_deref().unwrap_or("unknown");
        let assumed = if electron.assumed { "assumed, " } else { "" };
        let _ = writeln!(out, "app {root} ({name})");
        let _ = writeln!(out, "  electron {version} ({assumed}{}; {})", electron.source, electron.status);
        let _ = writeln!(out, "  {}, {}", count(app.files_read, "file"), count(app.windows, "window"));
        for line in &app.resolved {
            let _ = writeln!(out, "  {line}");
        }
    }
    if let Some(line) = &report.cache {
        let _ = writeln!(out, "cache: {line}");
    }
    for omitted in &report.omitted {
        let _ = writeln!(out, "left out {}: {}", omitted.path, omitted.reason);
    }
    printable(&out)
}

/// Entries `[[ignore]]` of the configuration that accept nothing, one line each, at most `limit` of them.
pub fn unused(report: &Report, limit: usize) -> String {
    let mut out = String::new();
    for entry in report.unused.iter().take(limit) {
        let line = crate::config::position(&entry.text, entry.span.start).line;
        let _ = writeln!(out, "unused: {}:{line}: {}", printable(&entry.path), printable(&entry.message));
    }
    let more = report.unused.len().saturating_sub(limit);
    if more > 0 {
        let _ = writeln!(out, "unused: {more} more entries of the configuration");
    }
    out
}

/// Accepted findings that are gone, one line each, at most `limit` of them; empty if there is nothing to say.
pub fn gone(report: &Report, limit: usize) -> String {
    let mut out = String::new();
    for line in report.gone.iter().take(limit) {
        let _ = writeln!(out, "gone, and still in the baseline: {}", printable(line).replace('\n', " "));
    }
    let more = report.gone.len().saturating_sub(limit);
    if more > 0 {
        let _ = writeln!(out, "and {} more in the baseline: --verbose shows all", more);
    }
    if !report.gone.is_empty() {
        let _ = writeln!(out, "`electrolint baseline --prune` takes them out");
    }
    out
}

/// How often each rule reports, the most frequent first, and the summary.
pub fn statistics(report: &Report, look: Look) -> String {
    let mut counts: BTreeMap<&str, (usize, Severity)> = BTreeMap::new();
    for placed in &report.findings {
        let entry = counts.entry(placed.finding.rule).or_insert((0, placed.finding.severity));
        *entry = (entry.0 + 1, entry.1.max(placed.finding.severity));
    }
    let mut counts: Vec<(&str, (usize, Severity))> = counts.into_iter().collect();
    counts.sort_by_key(|(rule, (n, _))| (std::cmp::Reverse(*n), *rule));
    let mut out = String::new();
    for (rule, (n, severity)) in counts {
        let _ = writeln!(out, "{n:5}  {:6}  {rule}", severity_name(severity));
    }
    if !look.quiet {
        let _ = writeln!(out, "{}", summary(report));
    }
    out
}
