//! The examples of every rule's documentation, each run as a small app of its own with this rule alone, tentative findings too.
//!
//! An example without a `package.json` gets one that names its main file and a supported Electron.

use std::fs;
use std::path::{Path, PathBuf};

use electrolint::cli::{CheckArgs, InputArgs};
use electrolint::report::{confidence_name, severity_name};
use electrolint_rules::Rule;
use electrolint_testkit::{Comparison, Example, Found, compare, examples};

fn examples_of(rule: &Rule) -> Vec<Example> {
    examples(rule.doc()).unwrap_or_else(|error| panic!("documentation of {}: {error}", rule.id))
}

/// Writes the example as a folder and checks it.
fn run(rule: &Rule, example: &Example) -> Comparison {
    let folder =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join("documentation").join(rule.id).join(example.line.to_string());
    let _ = fs::remove_dir_all(&folder);
    for (path, bytes) in &example.files {
        write(&folder.join(path), bytes);
    }
    if !example.files.iter().any(|(path, _)| path == "package.json") {
        let is_main =
            |path: &&str| path.starts_with("main.") || path.ends_with("/main.ts") || path.ends_with("/main.js");
        let main = example.files.iter().map(|(path, _)| path.as_str()).find(is_main).unwrap_or("main.js");
        let package = serde_json::json!({ "main": main, "devDependencies": { "electron": "39.2.7" } });
        write(&folder.join("package.json"), package.to_string().as_bytes());
    }
    // The folder lies below one that git ignores.
    let input = InputArgs { paths: vec![folder], no_ignore_files: true, ..InputArgs::default() };
    let options = CheckArgs { input, only: vec![rule.id.into()], all: true, ..CheckArgs::default() };
    let report = electrolint::check(&options).unwrap_or_else(|error| panic!("{}: {error}", rule.id));
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
    compare(&example.expected, &found)
}

fn write(path: &PathBuf, bytes: &[u8]) {
    fs::create_dir_all(path.parent().expect("it lies in the folder")).expect("a folder can be made");
    fs::write(path, bytes).expect("a file can be written");
}

#[test]
fn documentation_tells_the_truth() {
    let mut failures = Vec::new();
    for rule in electrolint_rules::all() {
        for example in examples_of(rule) {
            let comparison = run(rule, &example);
            if !comparison.is_equal() {
                failures
                    .push(format!("{}, example at line {} of its documentation\n{comparison}", rule.id, example.line));
            }
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[test]
fn every_rule_shows_what_it_reports_and_what_only_looks_guilty() {
    let mut faults = Vec::new();
    for rule in electrolint_rules::all() {
        let examples = examples_of(rule);
        if !examples.iter().any(|example| !example.expected.is_empty()) {
            faults.push(format!("{}: no example reports", rule.id));
        }
        // A file with marks shows silence on its other lines; an example without marks shows nothing else.
        let is_silent_line = |example: &Example| {
            let lines: usize = example.files.iter().map(|(_, bytes)| bytes.split(|byte| *byte == b'\n').count()).sum();
            example.expected.len() + example.files.len() < lines
        };
        if !examples.iter().any(is_silent_line) {
            faults.push(format!("{}: no example is silent", rule.id));
        }
        for mark in examples.iter().flat_map(|example| &example.expected).filter(|mark| mark.rule != rule.id) {
            faults.push(format!("{}: an example is marked {}, which does not run there", rule.id, mark.rule));
        }
        let file =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("rules").join(format!("{}.rs", rule.id.replace('-', "_")));
        if !file.is_file() {
            faults.push(format!("{}: no file {}", rule.id, file.display()));
        }
        if rule.source.is_empty() || rule.summary().is_empty() {
            faults.push(format!("{}: no source or no summary", rule.id));
        }
    }
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn rules_are_sorted_and_named_once() {
    let names: Vec<&str> = electrolint_rules::all().iter().map(|rule| rule.id).collect();
    assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
    let is_kebab = |name: &&str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    assert!(names.iter().all(is_kebab), "{names:?}");
}
