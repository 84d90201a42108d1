//! Checkstyle's XML, which many review tools read: findings by file.

use std::fmt::Write;

use electrolint_rules::finding::Severity;

use super::repository::Roots;
use super::xml::escape;
use super::{Placed, Report};

/// Writes one document.
pub fn render(report: &Report) -> String {
    let roots = Roots::of(report);
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<checkstyle version=\"4.3\">\n");
    let mut open: Option<&str> = None;
    for placed in report.open() {
        let path = placed.location.path.as_str();
        if open != Some(path) {
            if open.is_some() {
                out.push_str("  </file>\n");
            }
            let _ = writeln!(out, "  <file name=\"{}\">", escape(&roots.path(path)));
            open = Some(path);
        }
        let _ = writeln!(out, "    {}", error(placed));
    }
    if open.is_some() {
        out.push_str("  </file>\n");
    }
    out.push_str("</checkstyle>\n");
    out
}

fn error(placed: &Placed) -> String {
    let finding = &placed.finding;
    let severity = match finding.severity {
        Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "info",
    };
    format!(
        "<error line=\"{}\" column=\"{}\" severity=\"{severity}\" message=\"{}\" source=\"electrolint.{}\"/>",
        placed.location.line,
        placed.location.column,
        escape(&finding.message),
        finding.rule,
    )
}
