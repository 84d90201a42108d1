//! The machine-readable result, version 1: fields may be added, none changes meaning.

use electrolint_model::problem::Problem;
use serde::Serialize;

use super::{AppReport, FixReport, Location, Placed, Report, confidence_name, scope_name, severity_name};

/// Writes one object, indented, with a line feed at its end.
pub fn render(report: &Report) -> String {
    let result = Result {
        version: 1,
        tool: Tool { name: "electrolint", version: env!("CARGO_PKG_VERSION") },
        apps: report.apps.iter().map(App::from).collect(),
        findings: report.findings.iter().map(Finding::from).collect(),
        rules: report
            .rules
            .iter()
            .map(|rule| Rule { name: rule.name, severity: severity_name(rule.severity), items: &rule.items })
            .collect(),
        hidden: Hidden {
            tentative: report.hidden.tentative,
            below_severity: report.hidden.below_severity,
            suppressed: report.hidden.suppressed,
            baselined: report.hidden.baselined,
        },
        problems: report.problems.iter().map(ProblemEntry::from).collect(),
    };
    super::pretty_json(&result)
}

#[derive(Serialize)]
struct Result<'a> {
    version: u32,
    tool: Tool,
    apps: Vec<App<'a>>,
    findings: Vec<Finding<'a>>,
    rules: Vec<Rule<'a>>,
    hidden: Hidden,
    problems: Vec<ProblemEntry<'a>>,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct App<'a> {
    /// `.` for the directory that paths are relative to.
    root: &'a str,
    name: Option<&'a str>,
    electron: Electron<'a>,
    files: usize,
    windows: usize,
}

#[derive(Serialize)]
struct Electron<'a> {
    version: Option<&'a str>,
    source: &'a str,
    assumed: bool,
    status: &'a str,
}

impl<'a> From<&'a AppReport> for App<'a> {
    fn from(app: &'a AppReport) -> Self {
        Self {
            root: if app.root.is_empty() { "." } else { &app.root },
            name: app.name.as_deref(),
            electron: Electron {
                version: app.electron.version.as_deref(),
                source: &app.electron.source,
                assumed: app.electron.assumed,
                status: &app.electron.status,
            },
            files: app.files_read,
            windows: app.windows,
        }
    }
}

#[derive(Serialize)]
pub(super) struct Finding<'a> {
    rule: &'static str,
    severity: &'static str,
    confidence: &'static str,
    scope: &'static str,
    message: &'a str,
    gain: &'a str,
    help: &'a str,
    location: Place<'a>,
    related: Vec<Related<'a>>,
    symbol: &'a str,
    fingerprint: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<Fix<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suppressed: Option<Suppressed<'a>>,
}

#[derive(Serialize)]
struct Suppressed<'a> {
    by: &'static str,
    reason: &'a str,
}

impl<'a> From<&'a Placed> for Finding<'a> {
    fn from(placed: &'a Placed) -> Self {
        let finding = &placed.finding;
        Self {
            rule: finding.rule,
            severity: severity_name(finding.severity),
            confidence: confidence_name(finding.confidence),
            scope: scope_name(finding.scope),
            message: &finding.message,
            gain: &finding.gain,
            help: &finding.help,
            location: Place::from(&placed.location),
            related: placed
                .related
                .iter()
                .map(|related| Related { location: Place::from(&related.location), message: &related.message })
                .collect(),
            symbol: &finding.symbol,
            fingerprint: &placed.fingerprint,
            fix: placed.fix.as_ref().map(Fix::from),
            suppressed: placed
                .suppressed
                .as_ref()
                .map(|suppressed| Suppressed { by: suppressed.by.name(), reason: &suppressed.reason }),
        }
    }
}

#[derive(Serialize)]
struct Place<'a> {
    path: &'a str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
    start_byte: u32,
    end_byte: u32,
}

impl<'a> From<&'a Location> for Place<'a> {
    fn from(location: &'a Location) -> Self {
        Self {
            path: &location.path,
            line: location.line,
            column: location.column,
            end_line: location.end_line,
            end_column: location.end_column,
            start_byte: location.start_byte,
            end_byte: location.end_byte,
        }
    }
}

#[derive(Serialize)]
struct Related<'a> {
    location: Place<'a>,
    message: &'a str,
}

#[derive(Serialize)]
struct Fix<'a> {
    title: &'a str,
    safe: bool,
    edits: Vec<Edit<'a>>,
}

#[derive(Serialize)]
struct Edit<'a> {
    location: Place<'a>,
    replacement: &'a str,
}

impl<'a> From<&'a FixReport> for Fix<'a> {
    fn from(fix: &'a FixReport) -> Self {
        let edits =
            fix.edits.iter().map(|edit| Edit { location: Place::from(&edit.location), replacement: &edit.replacement });
        Self { title: &fix.title, safe: fix.safe, edits: edits.collect() }
    }
}

#[derive(Serialize)]
struct Rule<'a> {
    name: &'static str,
    severity: &'static str,
    items: &'a [&'static str],
}

#[derive(Serialize)]
struct Hidden {
    tentative: usize,
    below_severity: usize,
    suppressed: usize,
    baselined: usize,
}

#[derive(Serialize)]
pub(super) struct ProblemEntry<'a> {
    kind: &'static str,
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    message: &'a str,
}

impl<'a> From<&'a Problem> for ProblemEntry<'a> {
    fn from(problem: &'a Problem) -> Self {
        Self { kind: problem.kind.name(), path: &problem.path, line: problem.line, message: &problem.message }
    }
}
