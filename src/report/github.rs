//! Annotations of GitHub Actions:
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#setting-an-error-message>.
//!
//! Of one step GitHub shows ten of a level. So the worst come first, and what is over ten is a plain line of the log; the table on the
//! page of the job has them all.

use std::fmt::Write;

use electrolint_rules::finding::Severity;

use super::repository::Roots;
use super::{Placed, Report, printable, severity_name, summary};

/// Annotations of one level that GitHub shows of a step.
const SHOWN: usize = 10;

/// Writes a line for each finding, and the summary.
pub fn render(report: &Report) -> String {
    let roots = Roots::of(report);
    let mut placed: Vec<&Placed> = report.open().collect();
    placed.sort_by_key(|placed| std::cmp::Reverse(placed.finding.severity));
    let mut out = String::new();
    let mut counts = [0; 3];
    for placed in placed {
        let (level, name) = match placed.finding.severity {
            Severity::High => (0, "error"),
            Severity::Medium => (1, "warning"),
            Severity::Low | Severity::Info => (2, "notice"),
        };
        let count = counts.get_mut(level);
        let shown = count.is_none_or(|count| {
            *count += 1;
            *count <= SHOWN
        });
        let line = if shown { annotation(placed, name, &roots) } else { log_line(placed, &roots) };
        let _ = writeln!(out, "{line}");
    }
    let _ = writeln!(out, "{}", inert(&summary(report)));
    out
}

fn annotation(placed: &Placed, level: &str, roots: &Roots) -> String {
    let (finding, at) = (&placed.finding, &placed.location);
    let mut line = format!("::{level} file={},line={}", property(&roots.path(&at.path)), at.line);
    if at.end_line > at.line {
        // Columns are refused where the end is in another line.
        let _ = write!(line, ",endLine={}", at.end_line);
    } else {
        let _ = write!(line, ",endLine={},col={},endColumn={}", at.end_line, at.column, at.end_column);
    }
    let title = format!("electrolint {}[{}]", severity_name(finding.severity), finding.rule);
    let mut message = printable(&finding.message);
    for paragraph in [&finding.gain, &finding.help] {
        if !paragraph.is_empty() {
            message.push('\n');
            message.push_str(&printable(paragraph));
        }
    }
    let _ = write!(line, ",title={}::{}", property(&title), data(&message));
    line
}

fn log_line(placed: &Placed, roots: &Roots) -> String {
    let (finding, at) = (&placed.finding, &placed.location);
    let severity = severity_name(finding.severity);
    let path = roots.path(&at.path);
    inert(&format!("{path}:{}:{}: {severity}[{}] {}", at.line, at.column, finding.rule, finding.message))
}

/// A line that is no command, whatever is in it.
fn inert(line: &str) -> String {
    let line = printable(line).replace('\n', " ");
    // A command begins the line with `::`, or holds `##[` anywhere in it.
    let line = line.replace("##[", "# #[");
    if line.trim_start().starts_with("::") { format!("./{}", line.trim_start()) } else { line }
}

/// <https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts>
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(&printable(text)).replace(':', "%3A").replace(',', "%2C")
}
