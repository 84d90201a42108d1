//! What narrows the report: git, standard input, a baseline. The analysis stays whole.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

const PACKAGE: &str = r#"{ "name": "tiny", "main": "main.js", "devDependencies": { "electron": "45.4.1" } }"#;
const MAIN: &str = "const { BrowserWindow } = require('electron');\nconst { preferences } = require('./preferences');\n\
                    const window = new BrowserWindow({ webPreferences: { ...preferences } });\nwindow.loadFile('index.html');\n";
const GOOD: &str = "exports.preferences = { spellcheck: true };\n";
const BAD: &str = "exports.preferences = { spellcheck: true, nodeIntegration: true };\n";

fn git(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"]);
    command.args(arguments).current_dir(folder).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    let output = command.output().expect("git runs");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn write(folder: &Path, path: &str, text: &str) {
    fs::write(folder.join(path), text).expect("a file can be written");
}

/// An app in a repository, committed.
fn repository() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    for (path, text) in [
        ("package.json", PACKAGE),
        ("main.js", MAIN),
        ("preferences.js", GOOD),
        ("other.js", "exports.x = 1;\n"),
        ("index.html", "<!doctype html><meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'self'\">\n"),
    ] {
        write(folder.path(), path, text);
    }
    git(folder.path(), &["init", "-q"]);
    git(folder.path(), &["add", "."]);
    git(folder.path(), &["commit", "-qm", "first"]);
    folder
}

/// The exit code, and rules with their places.
fn run(folder: &Path, arguments: &[&str], input: Option<&str>) -> (i32, Vec<String>, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_electrolint"))
        .args(["check", "-f", "json", "--only", "node-integration,web-security,limit-navigation"])
        .args(arguments)
        .current_dir(folder)
        .stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command runs");
    if let (Some(input), Some(mut stdin)) = (input, child.stdin.take()) {
        stdin.write_all(input.as_bytes()).expect("it reads");
    }
    let output = child.wait_with_output().expect("it ends");
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    let result: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let findings = result["findings"].as_array().cloned().unwrap_or_default();
    let places = findings.iter().map(|finding| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        format!("{} {}", text(&finding["location"]["path"]), text(&finding["rule"]))
    });
    (output.status.code().unwrap_or(-1), places.collect(), error)
}

const NODE: &str = "preferences.js node-integration";

#[test]
fn staged_reads_the_index_and_reports_the_commit() {
    let repository = repository();
    let folder = repository.path();
    assert_eq!(run(folder, &["--staged"], None), (0, Vec::new(), String::new()), "nothing is staged");
    // In another file than the window.
    write(folder, "preferences.js", BAD);
    assert_eq!(run(folder, &["--staged"], None).1, Vec::<String>::new(), "it is not staged");
    git(folder, &["add", "preferences.js"]);
    assert_eq!(run(folder, &["--staged"], None).1, [NODE]);
    assert_eq!(run(folder, &["--staged"], None).0, 1);
    // A file that no commit holds is not missed.
    write(folder, "package-lock.json", "{}");
    assert_eq!(run(folder, &["--staged", "--strict", "--exit-zero"], None).0, 0);
    assert_eq!(run(folder, &[".", "--strict", "--exit-zero"], None).0, 4, "it has not the shape of a lockfile");
    fs::remove_file(folder.join("package-lock.json")).expect("it can be removed");
    // The work tree is mended, the index is not.
    write(folder, "preferences.js", GOOD);
    assert_eq!(run(folder, &["--staged"], None).1, [NODE]);
    assert!(!run(folder, &["."], None).1.contains(&NODE.to_owned()));
    // Gone from the work tree, and in the index all the same.
    fs::remove_file(folder.join("preferences.js")).expect("it can be removed");
    assert_eq!(run(folder, &["--staged"], None).1, [NODE]);
    git(folder, &["checkout", "-q", "HEAD", "--", "preferences.js"]);
    // An unrelated commit passes, though the app has a finding elsewhere.
    write(folder, "other.js", "exports.x = 2;\n");
    git(folder, &["add", "other.js"]);
    assert_eq!(run(folder, &["--staged"], None).0, 0);
    assert_eq!(run(folder, &["."], None).0, 1, "there is no navigation handler");
    // A file that is not added is in no commit.
    write(
        folder,
        "new.js",
        "const { BrowserWindow } = require('electron');\nnew BrowserWindow({ webPreferences: { webSecurity: false } });\n",
    );
    assert_eq!(run(folder, &["--staged"], None).0, 0);
    git(folder, &["add", "new.js"]);
    assert_eq!(run(folder, &["--staged"], None).1, ["new.js limit-navigation", "new.js web-security"]);
}

#[test]
fn changed_agrees_with_a_full_run_on_the_changed_files() {
    let repository = repository();
    let folder = repository.path();
    git(folder, &["checkout", "-qb", "work"]);
    write(folder, "preferences.js", BAD);
    git(folder, &["commit", "-qam", "second"]);
    write(
        folder,
        "new.js",
        "const { BrowserWindow } = require('electron');\nnew BrowserWindow({ webPreferences: { webSecurity: false } });\n",
    );
    let (code, places, error) = run(folder, &["--changed"], None);
    assert_eq!(code, 1, "{error}");
    assert_eq!(places, run(folder, &["preferences.js", "new.js"], None).1);
    assert!(places.contains(&NODE.to_owned()) && places.contains(&"new.js web-security".to_owned()), "{places:?}");
    assert_eq!(run(folder, &["--changed=HEAD"], None).1, run(folder, &["new.js"], None).1, "since the last commit");
    let (code, _, error) = run(folder, &["--changed=nowhere"], None);
    assert_eq!(code, 2);
    assert!(error.contains("nowhere do not exist") || error.contains("nowhere"), "{error}");
    // From a folder of the repository, and by a path to it.
    fs::create_dir(folder.join("docs")).expect("a folder can be made");
    assert_eq!(run(&folder.join("docs"), &["--changed", ".."], None).1.len(), places.len());
}

#[test]
fn outside_of_a_repository_git_has_no_answer() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    write(folder.path(), "package.json", PACKAGE);
    for option in ["--staged", "--changed"] {
        let (code, _, error) = run(folder.path(), &[option], None);
        assert_eq!(code, 2);
        assert!(error.contains("in no git repository"), "{error}");
    }
}

#[test]
fn standard_input_stands_for_a_file() {
    let repository = repository();
    let folder = repository.path();
    assert_eq!(run(folder, &["--stdin-filename", "preferences.js"], Some(BAD)).1, [NODE]);
    assert_eq!(run(folder, &["--stdin-filename", "preferences.js", "-"], Some(BAD)).1, [NODE]);
    assert_eq!(run(folder, &["--stdin-filename", "preferences.js"], Some(GOOD)), (0, Vec::new(), String::new()));
    let window = "const { BrowserWindow } = require('electron');\nnew BrowserWindow({ webPreferences: { webSecurity: false } });\n";
    assert!(
        run(folder, &["--stdin-filename", "unsaved.js"], Some(window))
            .1
            .contains(&"unsaved.js web-security".to_owned())
    );
    let (code, _, error) = run(folder, &["-"], Some(BAD));
    assert_eq!(code, 2);
    assert!(error.contains("--stdin-filename"), "{error}");
}

/// What the index or standard input holds never lands in a file.
#[test]
fn fixes_go_into_the_files_that_were_read() {
    let repository = repository();
    let folder = repository.path();
    write(folder, "preferences.js", BAD);
    git(folder, &["add", "preferences.js"]);
    write(folder, "preferences.js", "// work in progress\n");
    for arguments in [
        &["fix", "--fix=unsafe", "--staged"][..],
        &["fix", "--stdin-filename", "preferences.js"],
        &["check", "--fix", "--staged"],
    ] {
        let (code, _, error) = electrolint(folder, arguments);
        assert_eq!(code, 2, "{arguments:?}: {error}");
        assert_eq!(fs::read_to_string(folder.join("preferences.js")).expect("it is there"), "// work in progress\n");
    }
    // What would be changed of the index can be asked for.
    let (code, _, error) = electrolint(folder, &["fix", "--staged", "--diff"]);
    assert_eq!(code, 0, "nothing of it is safe: {error}");
}

fn electrolint(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_electrolint")).args(arguments).current_dir(folder).output();
    let output = output.expect("the command runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_baseline_knows_findings_by_what_they_are() {
    let repository = repository();
    let folder = repository.path();
    write(folder, "preferences.js", BAD);
    assert!(run(folder, &["."], None).1.contains(&NODE.to_owned()));
    assert_eq!(electrolint(folder, &["baseline"]).0, 0);
    let text = fs::read_to_string(folder.join(".electrolint-baseline.json")).expect("it is written");
    assert!(text.lines().any(|line| line.contains("node-integration") && line.contains("preferences.js")), "{text}");
    assert_eq!(run(folder, &["."], None), (0, Vec::new(), String::new()));
    assert_eq!(electrolint(folder, &["baseline"]).0, 0);
    assert_eq!(
        fs::read_to_string(folder.join(".electrolint-baseline.json")).expect("it is there"),
        text,
        "written twice"
    );
    // Lines move, and the folder that is checked is another one.
    write(folder, "preferences.js", "// one\n// two\nexports.preferences = {\n  nodeIntegration: true,\n};\n");
    assert_eq!(run(folder, &["."], None).0, 0);
    assert_eq!(run(folder, &["preferences.js"], None).0, 0);
    assert_eq!(run(Path::new("/"), &[&folder.to_string_lossy()], None).0, 0);
    assert_eq!(run(folder, &["--no-baseline"], None).0, 1);
    let (_, all, _) = electrolint(folder, &["-f", "json", "--all"]);
    let all: Value = serde_json::from_str(&all).expect("it is JSON");
    let marked =
        all["findings"].as_array().expect("a list").iter().filter(|f| f["suppressed"]["by"] == "baseline").count();
    assert!(marked > 0 && all["hidden"]["baselined"] == 0);
    // A second one of the kind is new.
    write(folder, "main.js", &format!("{MAIN}new BrowserWindow({{ webPreferences: {{ nodeIntegration: true }} }});\n"));
    assert_eq!(run(folder, &["--only", "node-integration"], None).1, ["main.js node-integration"]);
    // And so is one that became more severe.
    write(folder, "main.js", MAIN);
    let low = text
        .replace("\"severity\":\"medium\"", "\"severity\":\"low\"")
        .replace("\"severity\":\"high\"", "\"severity\":\"low\"");
    write(folder, ".electrolint-baseline.json", &low);
    assert!(run(folder, &["."], None).1.contains(&NODE.to_owned()));
    write(folder, ".electrolint-baseline.json", &text);
    // What is gone is told, and taken out.
    write(folder, "preferences.js", GOOD);
    assert_eq!(electrolint(folder, &["baseline", "--check"]).0, 1);
    let (code, _, error) = electrolint(folder, &["."]);
    assert_eq!(code, 0, "{error}");
    assert!(error.contains("gone, and still in the baseline: preferences.js: "), "{error}");
    assert_eq!(electrolint(folder, &["--baseline-strict"]).0, 1);
    assert_eq!(electrolint(folder, &["baseline", "--prune"]).0, 0);
    assert_eq!(electrolint(folder, &["--baseline-strict"]).0, 0);
    assert_eq!(electrolint(folder, &["baseline", "--check"]).0, 0);
}

#[test]
fn a_baseline_that_makes_no_sense_is_refused() {
    let repository = repository();
    for (text, says) in [
        ("{", "is not a baseline"),
        (r#"{"version": 2}"#, "version 2"),
        (r#"{"version": 1, "findings": [{}]}"#, "missing field"),
    ] {
        write(repository.path(), ".electrolint-baseline.json", text);
        let (code, _, error) = electrolint(repository.path(), &["."]);
        assert_eq!(code, 2);
        assert!(error.contains(says), "{error}");
    }
    assert_eq!(electrolint(repository.path(), &["--baseline", "nowhere.json"]).0, 2);
}
