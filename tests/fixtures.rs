//! The fixtures: what is marked is found, what is found is marked.
//!
//! `fixtures/rules/<rule>/<case>/` is checked with this rule alone, `fixtures/apps/<app>/` with all; both show everything, tentative and info
//! findings too. The words of marks are in `docs/contributing.md`. The score of the rules is printed, and is `docs/accuracy.md`.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use electrolint::cli::{CheckArgs, InputArgs};
use electrolint::report::{self, Format, Look, Report, confidence_name, severity_name};
use electrolint_testkit::{Case, Comparison, Fixture, Found, compare, score};
use serde_json::Value;

fn fixtures(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(folder)
}

/// Folders below a folder of fixtures, with their paths.
fn folders(folder: &Path) -> Vec<(String, PathBuf)> {
    let names = Fixture::folders(folder).expect("fixtures are readable");
    names.into_iter().map(|name| (name.clone(), folder.join(name))).collect()
}

fn check(folder: &Path, rule: Option<&str>, threads: u16) -> Report {
    let input = InputArgs { paths: vec![folder.to_path_buf()], threads: Some(threads), ..InputArgs::default() };
    let options =
        CheckArgs { input, only: rule.map(String::from).into_iter().collect(), all: true, ..CheckArgs::default() };
    electrolint::check(&options).unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
}

/// Compares the marks of a folder with what is found in it.
fn compared(folder: &Path, rule: Option<&str>) -> Comparison {
    let fixture = Fixture::load(folder).unwrap_or_else(|error| panic!("{error}"));
    compared_with(&fixture, folder, rule)
}

fn compared_with(fixture: &Fixture, folder: &Path, rule: Option<&str>) -> Comparison {
    let report = check(folder, rule, 1);
    let found: Vec<Found> = report
        .findings
        .iter()
        .filter(|placed| placed.suppressed.is_none())
        .map(|placed| Found {
            path: placed.location.path.clone(),
            line: placed.location.line,
            rule: placed.finding.rule.into(),
            severity: severity_name(placed.finding.severity).into(),
            confidence: confidence_name(placed.finding.confidence).into(),
        })
        .collect();
    compare(&fixture.expected, &found)
}

/// Fails with all differences of all cases, not only the first.
fn assert_all(comparisons: impl Iterator<Item = (String, Comparison)>) {
    let failures: Vec<String> = comparisons
        .filter(|(_, comparison)| !comparison.is_equal())
        .map(|(name, comparison)| format!("{name}\n{comparison}"))
        .collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

/// Every case of every rule, run.
fn cases() -> Vec<Case> {
    let names: Vec<&str> = electrolint_rules::all().iter().map(|rule| rule.id).collect();
    let mut cases = Vec::new();
    for (rule, folder) in folders(&fixtures("rules")) {
        assert!(names.contains(&rule.as_str()), "fixtures/rules/{rule} belongs to no rule");
        for (name, path) in folders(&folder) {
            let fixture = Fixture::load(&path).unwrap_or_else(|error| panic!("{error}"));
            let comparison = compared_with(&fixture, &path, Some(&rule));
            let (difficulty, marks) = (fixture.difficulty, fixture.expected.len());
            cases.push(Case { rule: rule.clone(), name, difficulty, marks, comparison });
        }
    }
    cases
}

#[test]
fn rules_find_what_is_marked_and_nothing_else() {
    let cases = cases();
    let page = score::page(&cases);
    println!("{page}");
    let name = |case: &Case| format!("fixtures/rules/{}/{}", case.rule, case.name);
    assert_all(cases.iter().map(|case| (name(case), case.comparison.clone())));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/accuracy.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, page).expect("docs/accuracy.md can be written");
        return;
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == page, "docs/accuracy.md is not what the run makes; run UPDATE_DOCS=1 cargo test");
}

#[test]
fn apps_have_what_is_marked_and_nothing_else() {
    assert_all(
        folders(&fixtures("apps"))
            .into_iter()
            .map(|(app, path)| (format!("fixtures/apps/{app}"), compared(&path, None))),
    );
}

#[test]
fn every_rule_has_a_silent_case() {
    let mut without = Vec::new();
    for rule in electrolint_rules::all() {
        let is_silent = |(_, path): &(String, PathBuf)| {
            Fixture::load(path).is_ok_and(|fixture| fixture.expected.iter().all(|mark| mark.rule != rule.id))
        };
        if !folders(&fixtures("rules").join(rule.id)).iter().any(is_silent) {
            without.push(rule.id);
        }
    }
    assert_eq!(without, Vec::<&str>::new(), "each rule needs a case that looks guilty and is not");
}

#[test]
fn a_mark_without_a_finding_is_seen() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("marked");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    let package = r#"{ "main": "main.js", "devDependencies": { "electron": "39.2.7" } }"#;
    std::fs::write(folder.join("package.json"), package).expect("a file can be written");
    std::fs::write(folder.join("main.js"), "console.log(1); //~ web-security\n").expect("a file can be written");
    let comparison = compared(&folder, Some("web-security"));
    assert_eq!(comparison.to_string(), "  missing     main.js:1 web-security\n");
}

#[test]
fn every_format_is_the_same_for_any_number_of_threads() {
    for (app, path) in folders(&fixtures("apps")) {
        let (mut one, mut many) = (check(&path, None, 1), check(&path, None, 8));
        (one.time, many.time) = ((0, 0), (0, 0));
        for format in Format::value_variants() {
            let text = |report: &Report| report::render(*format, report, Look::default());
            assert_eq!(text(&one), text(&many), "{app}, {format:?}");
        }
    }
}

/// What schema validators do not see, and GitHub does not show or refuses.
#[test]
fn sarif_is_what_code_scanning_reads() {
    let mut tool: Option<Value> = None;
    for (app, path) in folders(&fixtures("apps")) {
        let report = check(&path, None, 2);
        let log: Value =
            serde_json::from_str(&report::render(Format::Sarif, &report, Look::default())).expect("it is JSON");
        let faults = sarif_faults(&log);
        assert_eq!(faults, Vec::<String>::new(), "{app}");
        // GitHub compares the rules of runs: all of them in each, whatever was found.
        let this = &log["runs"][0]["tool"];
        assert_eq!(tool.get_or_insert_with(|| this.clone()), this, "{app}");
        assert_eq!(this["driver"]["rules"].as_array().map(Vec::len), Some(electrolint_rules::all().len()));
    }
}

fn sarif_faults(log: &Value) -> Vec<String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let run = &log["runs"][0];
    let rules = list(&run["tool"]["driver"]["rules"]);
    let mut faults = Vec::new();
    for rule in &rules {
        let id = &rule["id"];
        let properties = &rule["properties"];
        let severity = &properties["security-severity"];
        let number = severity.as_str().and_then(|text| text.parse::<f64>().ok());
        if !severity.is_null() && !number.is_some_and(|number| (0.1..=10.0).contains(&number)) {
            faults.push(format!("{id}: security-severity {severity}"));
        }
        if !["very-high", "high", "medium", "low"].contains(&properties["precision"].as_str().unwrap_or_default()) {
            faults.push(format!("{id}: precision {}", properties["precision"]));
        }
        if list(&properties["tags"]).len() > 10 {
            faults.push(format!("{id}: more than 10 tags"));
        }
        for text in ["shortDescription", "fullDescription"] {
            let text = rule[text]["text"].as_str().unwrap_or_default();
            if text.is_empty() || text.len() > 1024 {
                faults.push(format!("{id}: a description of {} bytes", text.len()));
            }
        }
    }
    for result in list(&run["results"]) {
        let id = &result["ruleId"];
        let index = result["ruleIndex"].as_u64().unwrap_or(u64::MAX);
        if rules.get(index as usize).is_none_or(|rule| rule["id"] != *id) {
            faults.push(format!("{id} is not rule {index}"));
        }
        let message = result["message"]["text"].as_str().unwrap_or_default();
        if !message.ends_with(['.', '!', '?']) {
            faults.push(format!("{id}: no full stop: {message}"));
        }
        let related: Vec<u64> =
            list(&result["relatedLocations"]).iter().filter_map(|place| place["id"].as_u64()).collect();
        // `\](` is an escaped bracket.
        for link in message.replace(r"\](", "").split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if !link.parse().is_ok_and(|id: u64| related.contains(&id)) {
                faults.push(format!("{id}: dead link {link}"));
            }
        }
        for name in ["electrolint/v1", "primaryLocationLineHash"] {
            if result["partialFingerprints"][name].as_str().unwrap_or_default().is_empty() {
                faults.push(format!("{id}: no fingerprint {name}"));
            }
        }
        let place = &result["locations"][0]["physicalLocation"]["artifactLocation"];
        let uri = place["uri"].as_str().unwrap_or("/");
        if uri.starts_with(['/', '.']) || uri.contains(['\\', ' ', ':']) || place["uriBaseId"] != "%SRCROOT%" {
            faults.push(format!("{id}: {uri} is not relative to the repository"));
        }
    }
    faults
}

#[test]
fn sarif_faults_are_seen() {
    let good = serde_json::json!({ "runs": [{
        "tool": { "driver": { "rules": [{
            "id": "a", "shortDescription": { "text": "A." }, "fullDescription": { "text": "A." },
            "properties": { "precision": "high", "security-severity": "8.0", "tags": ["security"] },
        }] } },
        "results": [{
            "ruleId": "a", "ruleIndex": 0, "message": { "text": "It is. See [there](1)." },
            "relatedLocations": [{ "id": 1 }],
            "partialFingerprints": { "electrolint/v1": "0", "primaryLocationLineHash": "0:1" },
            "locations": [{ "physicalLocation": { "artifactLocation": { "uri": "a/b.js", "uriBaseId": "%SRCROOT%" } } }],
        }],
    }] });
    assert_eq!(sarif_faults(&good), Vec::<String>::new());
    let rule = "/runs/0/tool/driver/rules/0";
    let result = "/runs/0/results/0";
    for (place, value) in [
        (format!("{rule}/properties/security-severity"), serde_json::json!(8.0)),
        (format!("{rule}/properties/security-severity"), serde_json::json!("11.0")),
        (format!("{rule}/properties/precision"), serde_json::json!("certain")),
        (format!("{rule}/properties/tags"), Value::from(vec!["x"; 11])),
        (format!("{rule}/shortDescription/text"), serde_json::json!("")),
        (format!("{result}/ruleId"), serde_json::json!("b")),
        (format!("{result}/message/text"), serde_json::json!("See [there](9).")),
        (format!("{result}/message/text"), serde_json::json!("no stop")),
        (format!("{result}/partialFingerprints/electrolint~1v1"), Value::Null),
        (format!("{result}/partialFingerprints/primaryLocationLineHash"), Value::Null),
        (format!("{result}/locations/0/physicalLocation/artifactLocation/uri"), serde_json::json!("/a/b.js")),
        (format!("{result}/locations/0/physicalLocation/artifactLocation/uri"), serde_json::json!("../b.js")),
        (format!("{result}/locations/0/physicalLocation/artifactLocation/uri"), serde_json::json!("a b.js")),
        (format!("{result}/locations/0/physicalLocation/artifactLocation/uriBaseId"), Value::Null),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(&place).expect("the place is there") = value;
        assert_eq!(sarif_faults(&bad).len(), 1, "{place}");
    }
}
