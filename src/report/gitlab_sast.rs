//! Static application security testing of GitLab, version 15.0.4 of its security report format:
//! <https://docs.gitlab.com/development/integrations/secure/#report>. GitLab refuses a file whole for one mistake.

use electrolint_rules::finding::Severity;
use serde::Serialize;

use super::gitlab::Names;
use super::repository::Roots;
use super::{Placed, Report, RuleReport, rule_page};

/// Longest name, description and solution of a vulnerability, in characters.
const NAME: usize = 255;
const DESCRIPTION: usize = 1_048_576;
const SOLUTION: usize = 7000;

/// Writes one report.
pub fn render(report: &Report) -> String {
    let roots = Roots::of(report);
    let mut names = Names::default();
    let tool = || Tool {
        id: "electrolint",
        name: "electrolint",
        version: env!("CARGO_PKG_VERSION"),
        vendor: Vendor { name: "electrolint" },
    };
    let log = Log {
        version: "15.0.4",
        scan: Scan {
            analyzer: tool(),
            scanner: tool(),
            kind: "sast",
            start_time: time(report.time.0),
            end_time: time(report.time.1),
            status: "success",
        },
        vulnerabilities: report.open().map(|placed| vulnerability(placed, report, &roots, &mut names)).collect(),
    };
    super::pretty_json(&log)
}

fn vulnerability(placed: &Placed, report: &Report, roots: &Roots, names: &mut Names) -> Vulnerability {
    let finding = &placed.finding;
    let path = roots.path(&placed.location.path);
    let rule = report.rules.iter().find(|rule| rule.name == finding.rule);
    Vulnerability {
        id: uuid(&names.unique(&path, &placed.fingerprint)),
        name: first(&finding.message, NAME),
        description: first(if finding.gain.is_empty() { &finding.message } else { &finding.gain }, DESCRIPTION),
        solution: Some(first(&finding.help, SOLUTION)).filter(|help| !help.is_empty()),
        severity: match finding.severity {
            Severity::High => "High",
            Severity::Medium => "Medium",
            Severity::Low => "Low",
            Severity::Info => "Info",
        },
        identifiers: identifiers(finding.rule, rule),
        location: Place { file: path, start_line: placed.location.line, end_line: placed.location.end_line },
    }
}

fn first(text: &str, characters: usize) -> String {
    text.chars().take(characters).collect()
}

fn identifiers(name: &'static str, rule: Option<&RuleReport>) -> Vec<Identifier> {
    let own = Identifier {
        kind: "electrolint_rule_id",
        name: format!("electrolint {name}"),
        value: name.to_owned(),
        url: rule_page(name).or_else(|| rule.map(|rule| rule.source.to_owned()).filter(|source| !source.is_empty())),
    };
    let weaknesses = rule.into_iter().flat_map(|rule| &rule.cwe).filter_map(|cwe| {
        let number = cwe.strip_prefix("CWE-")?;
        Some(Identifier {
            kind: "cwe",
            name: (*cwe).to_owned(),
            value: number.to_owned(),
            url: Some(format!("https://cwe.mitre.org/data/definitions/{number}.html")),
        })
    });
    std::iter::once(own).chain(weaknesses).collect()
}

/// 32 hexadecimal digits as a UUID of version 8, whose bits mean what its maker wants:
/// <https://www.rfc-editor.org/rfc/rfc9562#section-5.8>.
fn uuid(digits: &str) -> String {
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    format!("{}-{}-8{}-8{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
}

/// Seconds since 1970 as `YYYY-MM-DDTHH:MM:SS`.
fn time(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Days to civil date, counted in eras of 400 years from March on: <https://howardhinnant.github.io/date_algorithms.html>.
    let shifted = days + 719_468;
    let (era, day) = (shifted / 146_097, shifted % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let date = day - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 { (year, month + 3) } else { (year + 1, month - 9) };
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{:04}-{month:02}-{date:02}T{hour:02}:{minute:02}:{second:02}", year + era * 400)
}

#[derive(Serialize)]
struct Log {
    version: &'static str,
    scan: Scan,
    vulnerabilities: Vec<Vulnerability>,
}

#[derive(Serialize)]
struct Scan {
    analyzer: Tool,
    scanner: Tool,
    #[serde(rename = "type")]
    kind: &'static str,
    start_time: String,
    end_time: String,
    status: &'static str,
}

#[derive(Serialize)]
struct Tool {
    id: &'static str,
    name: &'static str,
    version: &'static str,
    vendor: Vendor,
}

#[derive(Serialize)]
struct Vendor {
    name: &'static str,
}

#[derive(Serialize)]
struct Vulnerability {
    id: String,
    name: String,
    description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    solution: Option<String>,
    severity: &'static str,
    identifiers: Vec<Identifier>,
    location: Place,
}

#[derive(Serialize)]
struct Identifier {
    #[serde(rename = "type")]
    kind: &'static str,
    name: String,
    value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

#[derive(Serialize)]
struct Place {
    file: String,
    start_line: u32,
    end_line: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_civil() {
        assert_eq!(time(0), "1970-01-01T00:00:00");
        assert_eq!(time(951_782_399), "2000-02-28T23:59:59");
        assert_eq!(time(951_782_400), "2000-02-29T00:00:00");
        assert_eq!(time(1_795_219_200), "2026-11-21T00:00:00");
        assert_eq!(time(4_107_542_400), "2100-03-01T00:00:00");
    }

    #[test]
    fn names_are_uuids() {
        assert_eq!(uuid("0123456789abcdef0123456789abcdef"), "01234567-89ab-8def-8123-456789abcdef");
    }
}
