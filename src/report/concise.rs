//! One line a finding, for editors and `grep`.

use std::fmt::Write;

use super::{Look, Report, printable, severity_name, summary};

/// Writes `path:line:column: severity[rule] message` for each finding, and the summary.
pub fn render(report: &Report, look: Look) -> String {
    let mut out = String::new();
    for placed in &report.findings {
        let line = format!(
            "{}:{}:{}: {}[{}] {}{}",
            placed.location.path,
            placed.location.line,
            placed.location.column,
            severity_name(placed.finding.severity),
            placed.finding.rule,
            placed.finding.message,
            placed.suppressed.as_ref().map(super::Suppressed::note).unwrap_or_default(),
        );
        // A path or message with a line feed must not look like a finding of its own.
        let _ = writeln!(out, "{}", printable(&line).replace('\n', " "));
    }
    if !look.quiet {
        let _ = writeln!(out, "{}", summary(report));
    }
    out
}
