//! One object a line: first every finding, then every problem, each as in `json` with its kind in `type`.

use serde::Serialize;

use super::Report;
use super::json::{Finding, ProblemEntry};

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
enum Line<'a> {
    Finding(Box<Finding<'a>>),
    Problem(ProblemEntry<'a>),
}

/// Writes the lines.
pub fn render(report: &Report) -> String {
    let findings = report.findings.iter().map(|placed| Line::Finding(Box::new(Finding::from(placed))));
    let problems = report.problems.iter().map(|problem| Line::Problem(ProblemEntry::from(problem)));
    findings
        .chain(problems)
        .map(|line| {
            super::plain_json(serde_json::to_string(&line).expect("strings, numbers and lists always serialise")) + "\n"
        })
        .collect()
}
