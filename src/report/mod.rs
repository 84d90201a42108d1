//! What is reported, as plain data, and one module for each format.
//!
//! A format turns a [`Report`] into text and touches nothing else; JSON and SARIF have serialised types of their own, because what
//! others parse is a promise.

mod checkstyle;
mod concise;
mod excerpt;
mod full;
mod github;
mod gitlab;
mod gitlab_sast;
mod json;
mod jsonl;
mod junit;
mod line_hash;
mod markdown;
mod repository;
mod sarif;
mod summary;
mod xml;

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use clap::ValueEnum;
use electrolint_model::problem::Problem;
use electrolint_model::source::Omitted;
use electrolint_model::text::Text;
use electrolint_rules::finding::{Confidence, Finding, Relation, Scope, Severity};
use serde::Serialize;

use crate::Exit;
use crate::baseline::Baseline;
use crate::config::ConfigError;
use crate::timings::Timings;

pub use full::complaint;
pub use summary::{gone, problems, statistics, summary, unused, verbose};

/// Formats of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Excerpts with labels, reasons and advice, for people.
    #[default]
    Full,
    /// One line a finding: `path:line:column: severity[rule] message`.
    Concise,
    /// One object, version 1.
    Json,
    /// One line a finding or problem, each an object as in `json`.
    Jsonl,
    /// SARIF 2.1.0.
    Sarif,
    /// Annotations of GitHub Actions; a table is added to the page of the job.
    Github,
    /// Code quality of GitLab.
    Gitlab,
    /// Static application security testing of GitLab.
    GitlabSast,
    /// Test results, as CI services read them.
    Junit,
    /// Checkstyle's XML.
    Checkstyle,
    /// A table for pages and comments.
    Markdown,
}

/// Everything that a format may print.
#[derive(Clone, Debug)]
pub struct Report {
    /// The folder that paths are relative to.
    pub base: PathBuf,
    /// The top of its git repository, else the base: what code hosts count paths from.
    pub repository: PathBuf,
    /// The apps that were analysed.
    pub apps: Vec<AppReport>,
    /// What is shown, sorted by app and place.
    pub findings: Vec<Placed>,
    /// The whole catalogue, sorted by name.
    pub rules: Vec<RuleReport>,
    /// What is not shown.
    pub hidden: Hidden,
    /// What was not analysed, sorted.
    pub problems: Vec<Problem>,
    /// What was left out on purpose, sorted.
    pub omitted: Vec<Omitted>,
    /// Where discovery looked, for the case that there is no app.
    pub tried: Vec<String>,
    /// The baseline that holds.
    pub baseline: Option<Baseline>,
    /// Accepted findings that are gone, one line each.
    pub gone: Vec<String>,
    /// Entries `[[ignore]]` that accept nothing, with their places; none where not everything was looked at.
    pub unused: Vec<ConfigError>,
    /// Category of the SARIF run.
    pub category: String,
    /// When the analysis began and ended: seconds since 1970, UTC.
    pub time: (u64, u64),
    /// How long it took.
    pub timings: Timings,
    /// What was taken from the cache, or why nothing was, in a line for people; none where none was wanted.
    pub cache: Option<String>,
    /// How the command ends.
    pub exit: Exit,
}

/// One app.
#[derive(Clone, Debug)]
pub struct AppReport {
    /// Folder of its package, relative to [`Report::base`]; empty for the base itself.
    pub root: String,
    /// Name of its package.
    pub name: Option<String>,
    /// Its Electron.
    pub electron: ElectronReport,
    /// Number of files that were analysed.
    pub files_read: usize,
    /// Number of places that make windows.
    pub windows: usize,
    /// Where it starts and its windows, in lines for people.
    pub resolved: Vec<String>,
}

/// The Electron of an app.
#[derive(Clone, Debug)]
pub struct ElectronReport {
    /// Its version.
    pub version: Option<String>,
    /// What told it.
    pub source: String,
    /// Nothing told it: it is the newest that is known.
    pub assumed: bool,
    /// `supported`, `out of support`.
    pub status: String,
}

/// A rule, as reports describe it.
#[derive(Clone, Debug)]
pub struct RuleReport {
    /// Its name.
    pub name: &'static str,
    /// How bad its findings are in the common case.
    pub severity: Severity,
    /// Items of Electron's security checklist: `E15`, and `S14` for its classic list of sixteen.
    pub items: Vec<&'static str>,
    /// One line.
    pub summary: &'static str,
    /// Makes its documentation, Markdown, from its name.
    pub doc: fn(&str) -> &'static str,
    /// Makes the page of the rule of this name, Markdown: the documentation for readers. Few formats want it.
    pub page: fn(&str) -> String,
    /// Where the knowledge comes from, a URL.
    pub source: &'static str,
    /// Weaknesses: `CWE-79`.
    pub cwe: Vec<&'static str>,
}

/// A finding in its place.
#[derive(Clone, Debug)]
pub struct Placed {
    /// Index of its app in [`Report::apps`].
    pub app: usize,
    /// The finding.
    pub finding: Finding,
    /// Where it is.
    pub location: Location,
    /// The text there; none if the finding names no file.
    pub source: Option<Excerpted>,
    /// Places that explain it.
    pub related: Vec<RelatedPlace>,
    /// A way to mend it.
    pub fix: Option<FixReport>,
    /// Its name in baselines: 32 hexadecimal digits.
    pub fingerprint: String,
    /// Why it does not count; it is shown under `--all` only.
    pub suppressed: Option<Suppressed>,
    /// It makes the exit code 1.
    pub fails: bool,
}

/// Why a finding does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppressed {
    /// What says so.
    pub by: SuppressedBy,
    /// The reason that it gives, or nothing.
    pub reason: String,
}

impl Suppressed {
    /// To be put behind a message.
    fn note(&self) -> String {
        let reason = if self.reason.is_empty() { "" } else { ": " };
        format!(" (suppressed by {}{reason}{})", self.by.words(), self.reason)
    }
}

impl SuppressedBy {
    /// Its stable name in machine-readable output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Comment => "comment",
            Self::Configuration => "configuration",
            Self::Baseline => "baseline",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Comment => "a comment",
            Self::Configuration => "the configuration",
            Self::Baseline => "the baseline",
        }
    }
}

/// What says that a finding does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuppressedBy {
    /// A comment in the source.
    Comment,
    /// An `[[ignore]]` of the configuration.
    Configuration,
    /// It is known since the baseline was written.
    Baseline,
}

/// A place that explains a finding.
#[derive(Clone, Debug)]
pub struct RelatedPlace {
    /// Its part in it.
    pub relation: Relation,
    /// Where.
    pub location: Location,
    /// The text there.
    pub source: Option<Excerpted>,
    /// What is there.
    pub message: String,
}

/// A stretch of a text: content offsets between characters.
#[derive(Clone, Debug)]
pub struct Excerpted {
    /// The whole text of the file.
    pub text: Arc<Text>,
    /// First byte.
    pub start: usize,
    /// One past the last byte, not before the first.
    pub end: usize,
}

/// A change that mends a finding.
#[derive(Clone, Debug)]
pub struct FixReport {
    /// What it does.
    pub title: String,
    /// It cannot change what a correct app does.
    pub safe: bool,
    /// What is replaced.
    pub edits: Vec<EditReport>,
}

/// One replacement.
#[derive(Clone, Debug)]
pub struct EditReport {
    /// Where; empty for an insertion.
    pub location: Location,
    /// The text there; none if the edit names no file.
    pub source: Option<Excerpted>,
    /// What is written there instead.
    pub replacement: String,
}

/// A place in a file, as reports print it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// Relative to [`Report::base`], with `/`.
    pub path: String,
    /// 1-based.
    pub line: u32,
    /// 1-based, in UTF-16 code units.
    pub column: u32,
    /// 1-based.
    pub end_line: u32,
    /// 1-based and exclusive, in UTF-16 code units.
    pub end_column: u32,
    /// 0-based offset in the file as it lies on disk.
    pub start_byte: u32,
    /// The same, exclusive.
    pub end_byte: u32,
}

impl Default for Location {
    fn default() -> Self {
        Self { path: String::new(), line: 1, column: 1, end_line: 1, end_column: 1, start_byte: 0, end_byte: 0 }
    }
}

/// How many findings are not shown, and why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hidden {
    /// Less sure than `--min-confidence`.
    pub tentative: usize,
    /// Less severe than `--min-severity`.
    pub below_severity: usize,
    /// Suppressed by a comment or the configuration.
    pub suppressed: usize,
    /// Known since the baseline was written.
    pub baselined: usize,
}

/// What the reader's terminal can show.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    /// Colours.
    pub color: bool,
    /// Links.
    pub hyperlinks: bool,
    /// Findings only.
    pub quiet: bool,
    /// Findings of a baseline belong into SARIF.
    pub suppressed: bool,
}

/// Writes the report in a format; the text ends with a line feed, or is empty.
pub fn render(format: Format, report: &Report, look: Look) -> String {
    match format {
        Format::Full => full::render(report, look),
        Format::Concise => concise::render(report, look),
        Format::Json => json::render(report),
        Format::Jsonl => jsonl::render(report),
        Format::Sarif => sarif::render(report, look),
        Format::Github => github::render(report),
        Format::Gitlab => gitlab::render(report),
        Format::GitlabSast => gitlab_sast::render(report),
        Format::Junit => junit::render(report),
        Format::Checkstyle => checkstyle::render(report),
        Format::Markdown => markdown::render(report),
    }
}

/// The page of a rule on the web, once the package names its repository.
pub fn rule_page(rule: &str) -> Option<String> {
    match env!("CARGO_PKG_REPOSITORY") {
        "" => None,
        repository => Some(format!("{repository}/blob/main/docs/rules/{rule}.md")),
    }
}

impl Report {
    /// What counts: findings that nothing suppresses.
    pub fn open(&self) -> impl Iterator<Item = &Placed> {
        self.findings.iter().filter(|placed| placed.suppressed.is_none())
    }
}

/// The word for a severity.
pub fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::High => "high",
        Severity::Medium => "medium",
        Severity::Low => "low",
        Severity::Info => "info",
    }
}

/// The word for a confidence.
pub fn confidence_name(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Certain => "certain",
        Confidence::Firm => "firm",
        Confidence::Tentative => "tentative",
    }
}

/// The word for a scope.
pub fn scope_name(scope: Scope) -> &'static str {
    match scope {
        Scope::Site => "site",
        Scope::App => "app",
    }
}

/// The text without what would command a terminal or reorder its letters.
///
/// Names and excerpts come from files that may be hostile: an escape sequence in them must not hide a finding. Colours are
/// put around texts after this.
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if c == '\n' || c == '\t' || !is_hidden(c) { c } else { '\u{fffd}' }).collect()
}

/// A document of JSON, indented, with a line end.
fn pretty_json(document: &impl Serialize) -> String {
    // What is reported is made of texts, numbers, lists and structs of them: no path of the system, and no map with other keys.
    plain_json(serde_json::to_string_pretty(document).expect("texts, numbers and lists always serialise")) + "\n"
}

/// JSON in which no character commands a terminal: what JSON lets stand in its texts is written as `\u….`.
fn plain_json(json: String) -> String {
    let stands = |c: char| c == '\n' || !is_hidden(c);
    if json.chars().all(stands) {
        return json;
    }
    let mut plain = String::with_capacity(json.len() + 64);
    for c in json.chars() {
        if stands(c) {
            plain.push(c);
        } else {
            // All of them are below 0x10000.
            let _ = write!(plain, "\\u{:04x}", u32::from(c));
        }
    }
    plain
}

/// Control characters, and the marks that change the direction of writing.
fn is_hidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests;
