//! SARIF 2.1.0 (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html>), in the part that code scanning
//! services read.

mod log;

use std::collections::BTreeMap;

use electrolint_model::problem::{Problem, ProblemKind};
use electrolint_rules::finding::{Relation, Severity};

use log::*;

use super::line_hash::line_hashes;
use super::repository::Roots;
use super::{
    FixReport, Location, Look, Placed, Report, RuleReport, Suppressed, SuppressedBy, confidence_name, rule_page,
    severity_name,
};

/// Name of the directory that URIs are relative to.
const ROOT: &str = "%SRCROOT%";

/// Results that GitHub takes of a run: <https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning>.
const RESULTS: usize = 25_000;

/// Writes one log with one run, indented, with a line feed at its end.
pub fn render(report: &Report, look: Look) -> String {
    let roots = Roots::of(report);
    let indexes: BTreeMap<&str, usize> = report.rules.iter().enumerate().map(|(i, rule)| (rule.name, i)).collect();
    let mut hashes = Hashes::default();
    // GitHub shows suppressed results as open alerts: https://github.com/github/codeql-action/issues/1230
    let mut shown: Vec<&Placed> =
        report.findings.iter().filter(|p| look.suppressed || p.suppressed.is_none()).collect();
    if shown.len() > RESULTS {
        shown.sort_by_key(|placed| std::cmp::Reverse(placed.finding.severity));
        shown.truncate(RESULTS);
    }
    let log = Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "electrolint",
                    organization: "electrolint",
                    version: env!("CARGO_PKG_VERSION"),
                    semantic_version: env!("CARGO_PKG_VERSION"),
                    information_uri: Some(env!("CARGO_PKG_REPOSITORY")).filter(|uri| !uri.is_empty()),
                    rules: report.rules.iter().map(rule).collect(),
                    notifications: ProblemKind::ALL.into_iter().map(notification_rule).collect(),
                },
            },
            language: "en",
            column_kind: "utf16CodeUnits",
            automation_details: Id { id: format!("{}/", report.category.trim_end_matches('/')) },
            original_uri_base_ids: BTreeMap::from([(ROOT, Uri { uri: roots.uri.clone() })]),
            invocations: [Invocation {
                execution_successful: true,
                exit_code: report.exit.code(),
                working_directory: Artifact { uri: folder(&roots), uri_base_id: ROOT },
                tool_execution_notifications: report.problems.iter().map(|p| notification(p, &roots)).collect(),
            }],
            results: shown.into_iter().map(|placed| result(placed, &indexes, report, &roots, &mut hashes)).collect(),
        }],
    };
    super::pretty_json(&log)
}

/// The folder that was checked, with a slash at its end, as folders have it.
fn folder(roots: &Roots) -> String {
    let uri = roots.reference("");
    if uri.ends_with('/') { uri } else { format!("{uri}/") }
}

fn artifact(path: &str, roots: &Roots) -> Artifact {
    Artifact { uri: roots.reference(path), uri_base_id: ROOT }
}

/// The hashes of the lines of each file with a finding.
#[derive(Default)]
struct Hashes(BTreeMap<String, Vec<String>>);

impl Hashes {
    fn of(&mut self, placed: &Placed) -> Option<String> {
        let source = placed.source.as_ref()?;
        let lines = self.0.entry(placed.location.path.clone()).or_insert_with(|| line_hashes(&source.text));
        lines.get(placed.location.line.checked_sub(1)? as usize).cloned()
    }
}

fn rule(rule: &RuleReport) -> Descriptor {
    let text = sentence(rule.summary);
    let page = (rule.page)(rule.name);
    let markdown = page.trim();
    // What is no weakness by itself has no security severity, and GitHub wants one for this tag.
    let is_weakness = rule.severity > Severity::Info;
    let mut tags: Vec<String> = is_weakness.then(|| "security".to_string()).into_iter().collect();
    tags.push("electron".to_string());
    tags.extend(rule.cwe.iter().map(|cwe| format!("external/cwe/{}", cwe.to_ascii_lowercase())));
    tags.extend(rule.items.iter().map(|item| format!("checklist/{}", item.to_ascii_lowercase())));
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
        full_description: Text { text: sentence(&first_paragraphs((rule.doc)(rule.name).trim(), 1000)) },
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

/// The descriptor of a kind of problem: all of them, in every run.
fn notification_rule(kind: ProblemKind) -> Descriptor {
    let text = kind.summary().to_string();
    let help = format!("{text} The analysis is incomplete: what is there was not judged.");
    Descriptor {
        id: kind.name().into(),
        name: pascal_case(kind.name()),
        short_description: Text { text: text.clone() },
        full_description: Text { text },
        help: Help { text: help.clone(), markdown: help },
        help_uri: None,
        default_configuration: Configuration { level: problem_level(kind) },
        properties: None,
    }
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
        descriptor: Id { id: problem.kind.name().into() },
        level: problem_level(problem.kind),
        message: Text { text: sentence(&problem.message) },
        locations: [NotificationPlace {
            physical_location: NotificationPhysical {
                artifact_location: artifact(&problem.path, roots),
                region: problem.line.map(|start_line| Line { start_line }),
            },
        }],
    }
}

fn result<'a>(
    placed: &'a Placed,
    indexes: &BTreeMap<&str, usize>,
    report: &Report,
    roots: &Roots,
    hashes: &mut Hashes,
) -> ResultEntry<'a> {
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
        code_flows: code_flow(placed, roots).into_iter().collect(),
        partial_fingerprints: Fingerprints { line: hashes.of(placed), electrolint: &placed.fingerprint },
        fixes: placed.fix.iter().map(|fix| fix_entry(fix, roots)).collect(),
        suppressions: placed.suppressed.iter().map(suppression).collect(),
        properties: ResultProperties {
            severity: severity_name(finding.severity),
            confidence: confidence_name(finding.confidence),
            checklist,
        },
    }
}

/// The way of somebody else's data, from where it comes in to the finding.
fn code_flow(placed: &Placed, roots: &Roots) -> Option<CodeFlow> {
    let of = |relation: Relation| placed.related.iter().filter(move |related| related.relation == relation);
    let source = of(Relation::Source).next()?;
    let mut steps: Vec<_> = of(Relation::Step).collect();
    steps.reverse();
    let place = |location: &Location, message: &str| FlowPlace {
        location: Place {
            id: None,
            message: Some(Text { text: sentence(message) }),
            physical_location: physical(location, roots),
        },
    };
    let mut locations = vec![place(&source.location, &source.message)];
    locations.extend(steps.into_iter().map(|step| place(&step.location, &step.message)));
    locations.push(place(&placed.location, &placed.finding.message));
    Some(CodeFlow { thread_flows: [ThreadFlow { locations }] })
}

fn fix_entry(fix: &FixReport, roots: &Roots) -> FixEntry {
    let mut files: BTreeMap<&str, Vec<Replacement>> = BTreeMap::new();
    for edit in &fix.edits {
        files.entry(&edit.location.path).or_default().push(Replacement {
            deleted_region: region(&edit.location),
            inserted_content: Text { text: edit.replacement.clone() },
        });
    }
    let changes = files
        .into_iter()
        .map(|(path, replacements)| ArtifactChange { artifact_location: artifact(path, roots), replacements });
    FixEntry { description: Text { text: sentence(&fix.title) }, artifact_changes: changes.collect() }
}

/// How a service that follows suppressions is told of one.
fn suppression(suppressed: &Suppressed) -> Suppression<'_> {
    Suppression {
        kind: if suppressed.by == SuppressedBy::Comment { "inSource" } else { "external" },
        justification: match suppressed.by {
            SuppressedBy::Baseline => "accepted by the baseline",
            _ => &suppressed.reason,
        },
    }
}

fn region(location: &Location) -> Region {
    Region {
        start_line: location.line,
        start_column: location.column,
        end_line: location.end_line,
        end_column: location.end_column,
    }
}

fn physical(location: &Location, roots: &Roots) -> Physical {
    Physical { artifact_location: artifact(&location.path, roots), region: region(location) }
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

#[cfg(test)]
mod tests {
    use super::*;

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
