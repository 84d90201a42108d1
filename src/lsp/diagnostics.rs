//! Findings as diagnostics of the protocol.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use electrolint_rules::finding::Severity;
use gen_lsp_types::{
    Code, CodeDescription, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag, Location,
    Message, Range, Uri,
};
use serde_json::json;

use super::client::Client;
use super::documents::Documents;
use super::positions::Lines;
use crate::config::ConfigError;
use crate::discover;
use crate::report::{self, Excerpted, Placed, Report, SuppressedBy};

/// Who says so.
pub(super) const SOURCE: &str = "electrolint";

/// A finding as it is shown.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    /// The finding.
    pub placed: Placed,
    /// The same for the editor.
    pub diagnostic: Diagnostic,
}

/// What is shown of each file, in the order of the report.
#[derive(Debug, Default)]
pub(super) struct Files {
    order: Vec<PathBuf>,
    by_path: BTreeMap<PathBuf, Vec<Shown>>,
}

impl Files {
    fn add(&mut self, path: PathBuf, shown: Shown) {
        let known = self.by_path.entry(path.clone()).or_default();
        if known.is_empty() {
            self.order.push(path);
        }
        known.push(shown);
    }

    /// What is shown of a file, if anything is.
    pub(super) fn get(&self, path: &Path) -> Option<&[Shown]> {
        self.by_path.get(path).map(Vec::as_slice)
    }

    /// The files.
    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.order.iter().map(PathBuf::as_path)
    }
}

/// What a report shows.
pub(super) fn files(report: &Report, documents: &Documents, client: &Client) -> Files {
    let mut files = Files::default();
    let builder = Builder { report, documents, client };
    for placed in &report.findings {
        // Those that a comment or the configuration accepts are gone; those of a baseline are still there, faintly.
        if placed.suppressed.as_ref().is_some_and(|suppressed| suppressed.by != SuppressedBy::Baseline) {
            continue;
        }
        let Some(diagnostic) = builder.diagnostic(placed) else { continue };
        let path = absolute(report, &placed.location.path);
        files.add(path, Shown { placed: placed.clone(), diagnostic });
    }
    files
}

/// The file of a path in a report.
pub(super) fn absolute(report: &Report, path: &str) -> PathBuf {
    discover::plain(&report.base.join(path))
}

struct Builder<'a> {
    report: &'a Report,
    documents: &'a Documents,
    client: &'a Client,
}

impl Builder<'_> {
    fn diagnostic(&self, placed: &Placed) -> Option<Diagnostic> {
        let finding = &placed.finding;
        let is_accepted = placed.suppressed.is_some();
        let range = self.range(placed.source.as_ref()?);
        let related = placed.related.iter().filter_map(|related| {
            let uri = self.documents.uri(&absolute(self.report, &related.location.path));
            let range = self.range(related.source.as_ref()?);
            Some(DiagnosticRelatedInformation { location: Location { uri, range }, message: related.message.clone() })
        });
        let related: Vec<DiagnosticRelatedInformation> =
            if self.client.related { related.collect() } else { Vec::new() };
        let page = page(finding.rule).filter(|_| self.client.links);
        let help = if finding.help.is_empty() { String::new() } else { format!("\nhelp: {}", finding.help) };
        let tags: Vec<DiagnosticTag> = tag(finding.rule).filter(|tag| self.client.shows(*tag)).into_iter().collect();
        Some(Diagnostic {
            range,
            severity: Some(if is_accepted { DiagnosticSeverity::Hint } else { severity(finding.severity) }),
            code: Some(Code::String(finding.rule.to_owned())),
            code_description: page.map(|page| CodeDescription { href: Uri::from(page) }),
            source: Some(SOURCE.to_owned()),
            message: Message::String(format!("{}{help}", finding.message)),
            tags: (!tags.is_empty()).then_some(tags),
            related_information: (!related.is_empty()).then_some(related),
            data: self.client.data.then(|| json!({ "fingerprint": placed.fingerprint })),
        })
    }

    fn range(&self, at: &Excerpted) -> Range {
        Lines::new(&at.text, self.client.encoding).range(at.start, at.end)
    }
}

/// The page of a rule: ours once there is one, else where its knowledge comes from.
pub(super) fn page(rule: &str) -> Option<String> {
    let source = || electrolint_rules::all().iter().find(|known| known.id == rule).map(|known| known.source.to_owned());
    report::rule_page(rule).or_else(source).filter(|page| page.starts_with("https:"))
}

fn severity(severity: Severity) -> DiagnosticSeverity {
    match severity {
        Severity::High => DiagnosticSeverity::Error,
        Severity::Medium => DiagnosticSeverity::Warning,
        Severity::Low => DiagnosticSeverity::Information,
        Severity::Info => DiagnosticSeverity::Hint,
    }
}

fn tag(rule: &str) -> Option<DiagnosticTag> {
    match rule {
        "deprecated-api" => Some(DiagnosticTag::Deprecated),
        "unused-ignore" => Some(DiagnosticTag::Unnecessary),
        _ => None,
    }
}

/// What does not fit in configuration files, by file.
pub(super) fn of_configuration(errors: &[ConfigError], client: &Client) -> BTreeMap<PathBuf, Vec<Diagnostic>> {
    let working = std::env::current_dir().unwrap_or_default();
    let mut files: BTreeMap<PathBuf, Vec<Diagnostic>> = BTreeMap::new();
    for error in errors {
        let help = if error.help.is_empty() { String::new() } else { format!("\nhelp: {}", error.help) };
        let diagnostic = Diagnostic {
            range: Lines::new(&error.text, client.encoding).range(error.span.start, error.span.end),
            severity: Some(DiagnosticSeverity::Error),
            code: Some(Code::String("configuration".to_owned())),
            source: Some(SOURCE.to_owned()),
            message: Message::String(format!("{}{help}", error.message)),
            ..Diagnostic::default()
        };
        files.entry(discover::plain(&working.join(Path::new(&error.path)))).or_default().push(diagnostic);
    }
    files
}

/// Entries of the configuration that accept nothing, by file.
pub(super) fn of_unused(entries: &[ConfigError], client: &Client) -> BTreeMap<PathBuf, Vec<Diagnostic>> {
    let mut files = of_configuration(entries, client);
    for diagnostic in files.values_mut().flatten() {
        diagnostic.severity = Some(DiagnosticSeverity::Information);
        diagnostic.code = Some(Code::String("unused-ignore".to_owned()));
        diagnostic.tags = client.shows(DiagnosticTag::Unnecessary).then(|| vec![DiagnosticTag::Unnecessary]);
    }
    files
}

/// The name of a list of diagnostics: the same list has the same name.
pub(super) fn result_id(diagnostics: &[Diagnostic]) -> String {
    crate::select::hash(&[&serde_json::to_string(diagnostics).unwrap_or_default()])
}
