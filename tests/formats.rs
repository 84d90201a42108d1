//! The formats, over all fixture apps: they agree with each other, and each is what its readers need where no validator looks.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use electrolint::cli::{CheckArgs, InputArgs};
use electrolint::report::{self, Format, Look, Report, severity_name};
use serde_json::Value;

fn apps() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/apps");
    let mut apps: Vec<PathBuf> =
        folder.read_dir().expect("it is readable").flatten().map(|entry| entry.path()).collect();
    apps.sort();
    apps
}

fn check(folder: &Path) -> Report {
    let input = InputArgs { paths: vec![folder.to_path_buf()], ..InputArgs::default() };
    electrolint::check(&CheckArgs { input, all: true, ..CheckArgs::default() }).expect("it can be checked")
}

fn render(report: &Report, format: Format) -> String {
    report::render(format, report, Look::default())
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("it is JSON")
}

/// `path:line:column rule`, as the terminal has it.
fn places(report: &Report) -> Vec<String> {
    let place = |placed: &report::Placed| {
        format!("{}:{}:{} {}", placed.location.path, placed.location.line, placed.location.column, placed.finding.rule)
    };
    report.findings.iter().map(place).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[test]
fn every_format_has_the_same_findings_in_the_same_order() {
    for app in apps() {
        let report = check(&app);
        let expected = places(&report);
        assert!(!expected.is_empty());
        let name = app.file_name().expect("it has a name").to_string_lossy();
        let prefix = format!("fixtures/apps/{name}/");

        let concise = render(&report, Format::Concise);
        let lines: Vec<String> = concise
            .lines()
            .take(expected.len())
            .map(|line| {
                let (place, rest) = line.split_once(": ").expect("a place");
                let rule = rest.split(['[', ']']).nth(1).expect("a rule");
                format!("{place} {rule}")
            })
            .collect();
        assert_eq!(lines, expected);

        let of = |finding: &Value| {
            let at = &finding["location"];
            format!("{}:{}:{} {}", text(&at["path"]), at["line"], at["column"], text(&finding["rule"]))
        };
        let whole = json(&render(&report, Format::Json));
        assert_eq!(whole["findings"].as_array().expect("a list").iter().map(of).collect::<Vec<_>>(), expected);
        let lines = render(&report, Format::Jsonl);
        let lines: Vec<Value> = lines.lines().map(json).filter(|line| line["type"] == "finding").collect();
        assert_eq!(lines.iter().map(of).collect::<Vec<_>>(), expected);

        let sarif = json(&render(&report, Format::Sarif));
        let results = sarif["runs"][0]["results"].as_array().expect("a list").clone();
        let found: Vec<String> = results
            .iter()
            .map(|result| {
                let at = &result["locations"][0]["physicalLocation"];
                let path =
                    text(&at["artifactLocation"]["uri"]).strip_prefix(&prefix).expect("from the repository's top");
                format!(
                    "{path}:{}:{} {}",
                    at["region"]["startLine"],
                    at["region"]["startColumn"],
                    text(&result["ruleId"])
                )
            })
            .collect();
        assert_eq!(found, expected);

        let by_line: Vec<String> = report
            .findings
            .iter()
            .map(|placed| format!("{prefix}{}:{} {}", placed.location.path, placed.location.line, placed.finding.rule))
            .collect();
        let gitlab = json(&render(&report, Format::Gitlab));
        let found = gitlab.as_array().expect("a list").iter().map(|entry| {
            let at = &entry["location"];
            format!("{}:{} {}", text(&at["path"]), at["lines"]["begin"], text(&entry["check_name"]))
        });
        assert_eq!(found.collect::<Vec<_>>(), by_line);
        let sast = json(&render(&report, Format::GitlabSast));
        let found = sast["vulnerabilities"].as_array().expect("a list").iter().map(|entry| {
            let at = &entry["location"];
            format!("{}:{} {}", text(&at["file"]), at["start_line"], text(&entry["identifiers"][0]["value"]))
        });
        assert_eq!(found.collect::<Vec<_>>(), by_line);

        let markdown = render(&report, Format::Markdown);
        assert_eq!(markdown.lines().filter(|line| line.contains(&format!("`{prefix}"))).count(), expected.len());
        let junit = render(&report, Format::Junit);
        assert_eq!(junit.matches("<failure ").count(), expected.len());
        assert_eq!(render(&report, Format::Checkstyle).matches("<error ").count(), expected.len());
        // Sorted by how bad they are, so that what GitHub cuts off is the least.
        let github = render(&report, Format::Github);
        let lines: BTreeSet<String> =
            by_line.iter().map(|line| line.split(' ').next().unwrap_or_default().to_owned()).collect();
        for line in lines {
            let (path, number) = line.rsplit_once(':').expect("a line");
            let annotated = format!("file={path},line={number},");
            assert!(github.contains(&annotated) || github.contains(&format!("{path}:{number}:")), "{line}");
        }
        for level in ["::error ", "::warning ", "::notice "] {
            assert!(github.lines().filter(|line| line.starts_with(level)).count() <= 10);
        }
    }
}

/// GitLab drops the second of two equal fingerprints, and refuses a file that lacks one of these.
#[test]
fn gitlab_gets_what_it_needs() {
    for app in apps() {
        let report = check(&app);
        let quality = json(&render(&report, Format::Gitlab));
        let mut seen = BTreeSet::new();
        for entry in quality.as_array().expect("a list") {
            assert!(seen.insert(text(&entry["fingerprint"]).to_owned()), "{entry}");
            assert!(["info", "minor", "major", "critical", "blocker"].contains(&text(&entry["severity"])));
            assert!(!text(&entry["description"]).is_empty());
            let path = text(&entry["location"]["path"]);
            assert!(!path.is_empty() && !path.starts_with("./") && !path.starts_with('/'), "{path}");
            assert!(entry["location"]["lines"]["begin"].as_u64() <= entry["location"]["lines"]["end"].as_u64());
        }
        let sast = json(&render(&report, Format::GitlabSast));
        assert_eq!(sast_faults(&sast), Vec::<String>::new());
    }
}

/// What the schema of GitLab's security reports asks for (15.0): it is in no registry, so it is said here.
fn sast_faults(log: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let mut need = |holds: bool, what: &str| {
        if !holds {
            faults.push(what.to_owned());
        }
    };
    let filled = |value: &Value| !text(value).is_empty();
    let is_time = |value: &Value| {
        let shape: String = text(value).chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        shape == "0000-00-00T00:00:00"
    };
    need(text(&log["version"]).starts_with("15."), "version");
    let scan = &log["scan"];
    need(text(&scan["type"]) == "sast", "scan.type");
    need(["success", "failure"].contains(&text(&scan["status"])), "scan.status");
    need(is_time(&scan["start_time"]) && is_time(&scan["end_time"]), "scan times");
    for tool in ["analyzer", "scanner"] {
        let tool = &scan[tool];
        need(
            filled(&tool["id"]) && filled(&tool["name"]) && filled(&tool["version"]) && filled(&tool["vendor"]["name"]),
            "tool",
        );
    }
    let mut ids = BTreeSet::new();
    for entry in log["vulnerabilities"].as_array().cloned().unwrap_or_default() {
        let id = text(&entry["id"]).to_owned();
        let groups: Vec<usize> = id.split('-').map(str::len).collect();
        need(groups == [8, 4, 4, 4, 12], "id");
        need(ids.insert(id), "an id of its own");
        need(["Info", "Low", "Medium", "High", "Critical", "Unknown"].contains(&text(&entry["severity"])), "severity");
        need(filled(&entry["name"]) && text(&entry["name"]).chars().count() <= 255, "name");
        need(filled(&entry["description"]) && text(&entry["description"]).len() <= 1_048_576, "description");
        need(text(&entry["solution"]).chars().count() <= 7000, "solution");
        let identifiers = entry["identifiers"].as_array().cloned().unwrap_or_default();
        need(!identifiers.is_empty(), "identifiers");
        for identifier in identifiers {
            need(
                filled(&identifier["type"]) && filled(&identifier["name"]) && filled(&identifier["value"]),
                "identifier",
            );
            let url = &identifier["url"];
            need(url.is_null() || text(url).starts_with("https://"), "url");
        }
        let at = &entry["location"];
        need(
            filled(&at["file"]) && at["start_line"].as_u64() <= at["end_line"].as_u64() && at["end_line"].is_u64(),
            "location",
        );
    }
    faults
}

#[test]
fn faults_of_a_security_report_are_seen() {
    let good = json(&render(&check(&apps()[0]), Format::GitlabSast));
    assert_eq!(sast_faults(&good), Vec::<String>::new());
    for place in [
        "/version",
        "/scan/type",
        "/scan/status",
        "/scan/start_time",
        "/scan/analyzer/id",
        "/scan/scanner/vendor/name",
        "/vulnerabilities/0/id",
        "/vulnerabilities/0/severity",
        "/vulnerabilities/0/name",
        "/vulnerabilities/0/description",
        "/vulnerabilities/0/identifiers",
        "/vulnerabilities/0/identifiers/0/type",
        "/vulnerabilities/0/location/end_line",
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(place).expect("the place is there") = Value::Null;
        assert!(!sast_faults(&bad).is_empty(), "{place}");
    }
}

/// Somebody else's data follows a code flow from its source to the finding, and fixes are there.
#[test]
fn sarif_has_flows_and_fixes_and_line_hashes() {
    let mut flows = 0;
    let mut fixes = 0;
    for app in apps() {
        let sarif = json(&render(&check(&app), Format::Sarif));
        for result in sarif["runs"][0]["results"].as_array().expect("a list") {
            let hash = text(&result["partialFingerprints"]["primaryLocationLineHash"]);
            let (hash, count) = hash.split_once(':').unwrap_or_default();
            assert!(u64::from_str_radix(hash, 16).is_ok() && count.parse::<u32>().is_ok(), "{result}");
            for flow in result["codeFlows"].as_array().cloned().unwrap_or_default() {
                let steps = flow["threadFlows"][0]["locations"].as_array().cloned().unwrap_or_default();
                assert!(steps.len() >= 2);
                let last = &steps[steps.len() - 1]["location"]["physicalLocation"];
                assert_eq!(last, &result["locations"][0]["physicalLocation"], "it ends at the finding");
                flows += 1;
            }
            for fix in result["fixes"].as_array().cloned().unwrap_or_default() {
                assert!(fix["artifactChanges"][0]["replacements"][0]["deletedRegion"]["startLine"].is_u64());
                fixes += 1;
            }
        }
    }
    assert!(flows > 0 && fixes > 0, "{flows} flows, {fixes} fixes");
}

/// Texts of a hostile app stay texts: no command, no element, no line of their own.
#[test]
fn hostile_names_are_no_markup() {
    let mut report = check(&apps()[0]);
    report.findings.truncate(1);
    let placed = &mut report.findings[0];
    placed.location.path = "a,b:\n::error::x%0A<b>&\"|`c`.js".into();
    placed.finding.message = "]]><x a='b'>\n::set-output name=x::y | [link](http://h) `code|` \u{1b}[31m @all".into();
    let severity = severity_name(placed.finding.severity);
    let github = render(&report, Format::Github);
    assert_eq!(github.lines().filter(|line| line.starts_with("::")).count(), 1, "{github}");
    assert!(github.contains("a%2Cb%3A%0A%3A%3Aerror%3A%3Ax%250A<b>&\"|`c`.js,line="), "{github}");
    for format in [Format::Junit, Format::Checkstyle] {
        let xml = render(&report, format);
        assert!(xml.contains("&lt;x a='b'&gt;") && !xml.contains('\u{1b}') && !xml.contains("<b>"), "{xml}");
    }
    let markdown = render(&report, Format::Markdown);
    let row = markdown.lines().find(|line| line.starts_with(&format!("| {severity} "))).expect("a row");
    assert!(
        row.contains("\\[link\\](http://h) `code\\|`") && row.contains("&#64;all") && !row.contains('\u{1b}'),
        "{row}"
    );
    assert_eq!(markdown.lines().filter(|line| line.starts_with('|')).count(), 3, "{markdown}");
}

#[test]
fn nothing_found_is_said_in_every_format() {
    let mut report = check(&apps()[0]);
    report.findings.clear();
    assert_eq!(render(&report, Format::Gitlab), "[]\n");
    assert_eq!(json(&render(&report, Format::GitlabSast))["vulnerabilities"], serde_json::json!([]));
    assert_eq!(json(&render(&report, Format::Sarif))["runs"][0]["results"], serde_json::json!([]));
    assert!(render(&report, Format::Junit).contains("tests=\"1\" failures=\"0\""));
    assert!(render(&report, Format::Checkstyle).ends_with("<checkstyle version=\"4.3\">\n</checkstyle>\n"));
    assert!(render(&report, Format::Markdown).contains("no findings"));
    assert!(render(&report, Format::Github).starts_with("no findings"));
}
