//! SARIF 2.1.0 (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html>), in the part that code scanning
//! services read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use electrolint_model::problem::{Problem, ProblemKind};
use electrolint_rules::finding::Severity;
use serde::Serialize;

use super::{Location, Placed, Report, RuleReport, confidence_name, rule_page, severity_name};

/// Name of the directory that URIs are relative to.
const ROOT: &str = "%SRCROOT%";

/// Writes one log with one run, indented, with a line feed at its end.
pub fn render(report: &Report) -> String {
    let roots = Roots::find(&report.base);
    let indexes: BTreeMap<&str, usize> = report.rules.iter().enumerate().map(|(i, rule)| (rule.name, i)).collect();
    let log = Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "electrolint",
                    version: env!("CARGO_PKG_VERSION"),
                    semantic_version: env!("CARGO_PKG_VERSION"),
                    information_uri: Some(env!("CARGO_PKG_REPOSITORY")).filter(|uri| !uri.is_empty()),
                    rules: report.rules.iter().map(rule).collect(),
                    notifications: notifications(&report.problems),
                },
            },
            language: "en",
            column_kind: "utf16CodeUnits",
            automation_details: Id { id: "electrolint/" },
            original_uri_base_ids: BTreeMap::from([(ROOT, Uri { uri: roots.root_uri.clone() })]),
            invocations: [Invocation {
                execution_successful: true,
                exit_code: report.exit.code(),
                tool_execution_notifications: report.problems.iter().map(|p| notification(p, &roots)).collect(),
            }],
            // Suppressed results become open alerts on GitHub, whatever they say of it.
            results: report
                .findings
                .iter()
                .filter(|placed| placed.suppressed.is_none())
                .map(|placed| result(placed, &indexes, report, &roots))
                .collect(),
        }],
    };
    let mut text = serde_json::to_string_pretty(&log).expect("strings, numbers and lists always serialise");
    text.push('\n');
    text
}

/// The directory that URIs are relative to, and the way from there to the report's base.
struct Roots {
    root_uri: String,
    base: Vec<String>,
}

impl Roots {
    /// The nearest folder above `base` that holds `.git`, else `base` itself.
    fn find(base: &Path) -> Self {
        let base = std::fs::canonicalize(base).unwrap_or_else(|_| base.to_path_buf());
        let root = base.ancestors().find(|folder| folder.join(".git").exists()).unwrap_or(&base);
        Self::new(root.to_path_buf(), &base)
    }

    fn new(root: PathBuf, base: &Path) -> Self {
        let base = base.strip_prefix(&root).unwrap_or(Path::new(""));
        let names = |path: &Path| -> Vec<String> {
            path.components()
                .filter_map(|component| match component {
                    Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
                    // `\\?\C:` on Windows.
                    Component::Prefix(prefix) => {
                        Some(prefix.as_os_str().to_string_lossy().trim_start_matches(r"\\?\").to_string())
                    }
                    _ => None,
                })
                .collect()
        };
        let mut root_uri = "file:///".to_string();
        for name in names(&root) {
            root_uri.push_str(&encode(&name));
            root_uri.push('/');
        }
        Self { root_uri, base: names(base) }
    }

    /// The URI of a path of the report, relative to the root; without dots, as GitHub wants it, as far as possible.
    fn uri(&self, path: &str) -> String {
        let mut names: Vec<&str> = self.base.iter().map(String::as_str).collect();
        for name in path.split('/') {
            match name {
                "" | "." => {}
                ".." if names.last().is_some_and(|last| *last != "..") => drop(names.pop()),
                name => names.push(name),
            }
        }
        if names.is_empty() {
            return "./".into();
        }
        names.into_iter().map(encode).collect::<Vec<_>>().join("/")
    }

    fn artifact(&self, path: &str) -> Artifact {
        Artifact { uri: self.uri(path), uri_base_id: ROOT }
    }
}

/// Percent-encodes one segment of a path: <https://www.rfc-editor.org/rfc/rfc3986#section-2.3>.
fn encode(segment: &str) -> String {
    let mut out = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'@' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn rule(rule: &RuleReport) -> Descriptor {
    let text = sentence(rule.summary);
    let markdown = rule.doc.trim();
    let mut tags = vec!["security".to_string(), "electron".to_string()];
    tags.extend(rule.cwe.iter().map(|cwe| format!("external/cwe/{}", cwe.to_ascii_lowercase())));
    tags.truncate(10); // GitHub keeps ten
    let security_severity = match rule.severity {
        Severity::High => Some("8.0"),
        Severity::Medium => Some("5.5"),
        Severity::Low => Some("3.0"),
        Severity::Info => None,
    };
    Descriptor {
        id: rule.name.into(),
        name: pascal_case(rule.name),
        short_description: Text { text: text.clone() },
        full_description: Text { text: sentence(&first_paragraphs(markdown, 1000)) },
        help: Help { text: if markdown.is_empty() { text } else { markdown.into() }, markdown: markdown.into() },
        help_uri: rule_page(rule.name).or_else(|| (!rule.source.is_empty()).then(|| rule.source.into())),
        default_configuration: Configuration { level: level(rule.severity) },
        properties: Some(RuleProperties {
            tags,
            precision: "high",
            security_severity,
            problem_severity: match rule.severity {
                Severity::High => "error",
                Severity::Medium => "warning",
                Severity::Low | Severity::Info => "recommendation",
            },
        }),
    }
}

/// Descriptors of the problems of this run, sorted by name.
fn notifications(problems: &[Problem]) -> Vec<Descriptor> {
    let kinds: BTreeSet<ProblemKind> = problems.iter().map(|problem| problem.kind).collect();
    kinds
        .into_iter()
        .map(|kind| {
            let text = format!("The analysis is incomplete: {}.", kind.name());
            Descriptor {
                id: kind.name().into(),
                name: pascal_case(kind.name()),
                short_description: Text { text: text.clone() },
                full_description: Text { text: text.clone() },
                help: Help { text: text.clone(), markdown: text },
                help_uri: None,
                default_configuration: Configuration { level: problem_level(kind) },
                properties: None,
            }
        })
        .collect()
}

fn problem_level(kind: ProblemKind) -> &'static str {
    match kind {
        ProblemKind::ParseError | ProblemKind::Unreadable | ProblemKind::Internal => "error",
        ProblemKind::UnknownElectronVersion => "note",
        _ => "warning",
    }
}

fn notification(problem: &Problem, roots: &Roots) -> Notification {
    Notification {
        descriptor: Id { id: problem.kind.name() },
        level: problem_level(problem.kind),
        message: Text { text: sentence(&problem.message) },
        locations: [NotificationPlace {
            physical_location: NotificationPhysical {
                artifact_location: roots.artifact(&problem.path),
                region: problem.line.map(|start_line| Line { start_line }),
            },
        }],
    }
}

fn result<'a>(placed: &'a Placed, indexes: &BTreeMap<&str, usize>, report: &Report, roots: &Roots) -> ResultEntry<'a> {
    let finding = &placed.finding;
    let rule_index = indexes.get(finding.rule).copied();
    let checklist =
        rule_index.and_then(|index| report.rules.get(index)).map(|rule| rule.items.clone()).unwrap_or_default();
    let mut text = link_text(&sentence(&finding.message));
    for (i, related) in placed.related.iter().enumerate() {
        // GitHub shows related places only where the message links to them.
        text.push_str(&format!(" See [{}]({}).", link_text(&related.message), i + 1));
    }
    for paragraph in [&finding.gain, &finding.help] {
        if !paragraph.is_empty() {
            text.push(' ');
            text.push_str(&link_text(&sentence(paragraph)));
        }
    }
    ResultEntry {
        rule_id: finding.rule,
        rule_index,
        level: level(finding.severity),
        kind: "fail",
        message: Text { text },
        locations: [Place { id: None, message: None, physical_location: physical(&placed.location, roots) }],
        related_locations: placed
            .related
            .iter()
            .enumerate()
            .map(|(i, related)| Place {
                id: Some(i + 1),
                message: Some(Text { text: sentence(&related.message) }),
                physical_location: physical(&related.location, roots),
            })
            .collect(),
        partial_fingerprints: Fingerprints { electrolint: &placed.fingerprint },
        properties: ResultProperties {
            severity: severity_name(finding.severity),
            confidence: confidence_name(finding.confidence),
            checklist,
        },
    }
}

fn physical(location: &Location, roots: &Roots) -> Physical {
    Physical {
        artifact_location: roots.artifact(&location.path),
        region: Region {
            start_line: location.line,
            start_column: location.column,
            end_line: location.end_line,
            end_column: location.end_column,
        },
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// With a capital at its beginning and a full stop at its end; never empty, which validators count as missing.
fn sentence(text: &str) -> String {
    let text = text.trim();
    let mut chars = text.chars();
    let Some(first) = chars.next() else { return "-".into() };
    // A word of the code keeps its case: `webSecurity is off`.
    let first_word = text.split_whitespace().next().unwrap_or_default();
    let is_plain = first_word.chars().all(|c| c.is_lowercase());
    let mut out: String = if is_plain { first.to_uppercase().chain(chars).collect() } else { text.to_string() };
    if !out.ends_with(['.', '!', '?']) {
        out.push('.');
    }
    out
}

/// Brackets and backslashes would be read as links.
fn link_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '[' | ']' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// The text before the first code block, at most `limit` bytes of it.
fn first_paragraphs(markdown: &str, limit: usize) -> String {
    let prose = markdown.split("```").next().unwrap_or_default();
    let words: Vec<&str> = prose.split_whitespace().collect();
    let text = words.join(" ");
    text.get(..text.floor_char_boundary(limit)).unwrap_or_default().to_string()
}

/// `ipc-sender-validation` as `IpcSenderValidation`; none for one word, of which nothing but the case would change.
fn pascal_case(name: &str) -> Option<String> {
    let words = name.contains('-').then(|| name.split('-'))?;
    let pascal = words
        .flat_map(|word| {
            let mut chars = word.chars();
            chars.next().into_iter().flat_map(char::to_uppercase).chain(chars)
        })
        .collect();
    Some(pascal)
}

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool,
    language: &'static str,
    column_kind: &'static str,
    automation_details: Id,
    original_uri_base_ids: BTreeMap<&'static str, Uri>,
    invocations: [Invocation; 1],
    results: Vec<ResultEntry<'a>>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    version: &'static str,
    semantic_version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    information_uri: Option<&'static str>,
    rules: Vec<Descriptor>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notifications: Vec<Descriptor>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    id: String,
    /// A name that differs from the id by its case alone would tell nothing, and validators refuse it.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    short_description: Text,
    full_description: Text,
    help: Help,
    #[serde(skip_serializing_if = "Option::is_none")]
    help_uri: Option<String>,
    default_configuration: Configuration,
    #[serde(skip_serializing_if = "Option::is_none")]
    properties: Option<RuleProperties>,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct RuleProperties {
    tags: Vec<String>,
    precision: &'static str,
    /// A number in a string: GitHub takes no other form.
    #[serde(rename = "security-severity", skip_serializing_if = "Option::is_none")]
    security_severity: Option<&'static str>,
    #[serde(rename = "problem.severity")]
    problem_severity: &'static str,
}

#[derive(Clone, Serialize)]
struct Text {
    text: String,
}

#[derive(Serialize)]
struct Help {
    text: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    markdown: String,
}

#[derive(Serialize)]
struct Id {
    id: &'static str,
}

#[derive(Serialize)]
struct Uri {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    exit_code: u8,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Serialize)]
struct Notification {
    descriptor: Id,
    level: &'static str,
    message: Text,
    locations: [NotificationPlace; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NotificationPlace {
    physical_location: NotificationPhysical,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NotificationPhysical {
    artifact_location: Artifact,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Line>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    start_line: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultEntry<'a> {
    rule_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    level: &'static str,
    kind: &'static str,
    message: Text,
    locations: [Place; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Place>,
    partial_fingerprints: Fingerprints<'a>,
    properties: ResultProperties,
}

#[derive(Serialize)]
struct Fingerprints<'a> {
    #[serde(rename = "electrolint/v1")]
    electrolint: &'a str,
}

#[derive(Serialize)]
struct ResultProperties {
    severity: &'static str,
    confidence: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    checklist: Vec<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Text>,
    physical_location: Physical,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    region: Region,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Artifact {
    uri: String,
    uri_base_id: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    start_column: u32,
    end_line: u32,
    end_column: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_are_relative_to_the_repository_and_encoded() {
        let roots = Roots::new("/home/a b/repo".into(), Path::new("/home/a b/repo/packages/app"));
        assert_eq!(roots.root_uri, "file:///home/a%20b/repo/");
        assert_eq!(roots.uri("src/main.js"), "packages/app/src/main.js");
        assert_eq!(roots.uri("../../ä #.js"), "%C3%A4%20%23.js");
        assert_eq!(roots.uri("../../../out.js"), "../out.js");
        assert_eq!(roots.uri("../.."), "./");
    }

    #[test]
    fn messages_are_sentences_and_no_false_links() {
        assert_eq!(sentence("this window trusts [all](2)"), "This window trusts [all](2).");
        assert_eq!(sentence("webSecurity is off"), "webSecurity is off.");
        assert_eq!(sentence(" "), "-");
        assert_eq!(link_text("a[0](1)"), r"a\[0\](1)");
        assert_eq!(pascal_case("ipc-sender-validation").as_deref(), Some("IpcSenderValidation"));
        assert_eq!(pascal_case("fuses"), None);
    }
}
