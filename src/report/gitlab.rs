//! Code quality of GitLab: <https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format>.

use std::collections::BTreeMap;

use electrolint_rules::finding::Severity;
use serde::Serialize;

use super::Report;
use super::repository::Roots;
use crate::select::hash;

/// Writes one list; empty if there is nothing to say.
pub fn render(report: &Report) -> String {
    let roots = Roots::of(report);
    let mut names = Names::default();
    let entries: Vec<Entry> = report
        .open()
        .map(|placed| {
            let finding = &placed.finding;
            let path = roots.path(&placed.location.path);
            Entry {
                description: finding.message.clone(),
                check_name: finding.rule,
                fingerprint: names.unique(&path, &placed.fingerprint),
                severity: match finding.severity {
                    Severity::High => "critical",
                    Severity::Medium => "major",
                    Severity::Low => "minor",
                    Severity::Info => "info",
                },
                location: Place { path, lines: Lines { begin: placed.location.line, end: placed.location.end_line } },
            }
        })
        .collect();
    super::pretty_json(&entries)
}

/// Gives out names of findings, none twice: GitLab drops the second of two equals.
#[derive(Default)]
pub(super) struct Names(BTreeMap<String, u32>);

impl Names {
    /// 32 hexadecimal digits for a finding in a file: two apps of one repository may have the same one.
    pub(super) fn unique(&mut self, path: &str, fingerprint: &str) -> String {
        let name = hash(&[path, fingerprint]);
        let count = self.0.entry(name.clone()).or_default();
        *count += 1;
        if *count == 1 { name } else { hash(&[path, fingerprint, &count.to_string()]) }
    }
}

#[derive(Serialize)]
struct Entry {
    description: String,
    check_name: &'static str,
    fingerprint: String,
    severity: &'static str,
    location: Place,
}

#[derive(Serialize)]
struct Place {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
    end: u32,
}
