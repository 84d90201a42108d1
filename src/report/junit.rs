//! JUnit's XML: every finding is a failed test, so that CI services list it. Without any, one test has passed for each app.
//!
//! The form is that of <https://github.com/testmoapp/junitxml>.

use std::fmt::Write;

use super::repository::Roots;
use super::xml::escape;
use super::{Placed, Report, severity_name};

/// Writes one document with a suite for each app.
pub fn render(report: &Report) -> String {
    let roots = Roots::of(report);
    let failures = report.open().count();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let mut suites = String::new();
    let mut tests = 0;
    for (index, app) in report.apps.iter().enumerate() {
        let findings: Vec<&Placed> = report.open().filter(|placed| placed.app == index).collect();
        let count = findings.len().max(1);
        tests += count;
        let root = roots.path(&app.root);
        let root = if root.is_empty() { "." } else { &root };
        let _ = writeln!(
            suites,
            "  <testsuite name=\"{}\" tests=\"{count}\" failures=\"{}\" errors=\"0\" skipped=\"0\">",
            escape(root),
            findings.len(),
        );
        if findings.is_empty() {
            suites.push_str("    <testcase classname=\"electrolint\" name=\"no findings\"/>\n");
        }
        for placed in findings {
            suites.push_str(&case(placed, &roots));
        }
        suites.push_str("  </testsuite>\n");
    }
    let _ = writeln!(out, "<testsuites name=\"electrolint\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\">");
    out.push_str(&suites);
    out.push_str("</testsuites>\n");
    out
}

fn case(placed: &Placed, roots: &Roots) -> String {
    let (finding, at) = (&placed.finding, &placed.location);
    let path = roots.path(&at.path);
    let place = format!("{path}:{}:{}", at.line, at.column);
    let severity = severity_name(finding.severity);
    let text =
        format!("{place}: {severity}[{}] {}\n{}\n{}\n", finding.rule, finding.message, finding.gain, finding.help);
    format!(
        "    <testcase classname=\"electrolint.{rule}\" name=\"{place}\" file=\"{path}\" line=\"{line}\">\n      \
         <failure type=\"{severity}\" message=\"{message}\">{text}</failure>\n    </testcase>\n",
        rule = finding.rule,
        place = escape(&place),
        path = escape(&path),
        line = at.line,
        message = escape(&finding.message),
        text = escape(&text),
    )
}
