//! Fixes, over all fixtures: what they make is read without a problem, the finding is gone, and a second run changes nothing.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use electrolint::cli::{CheckArgs, Fixes, InputArgs};
use electrolint::fix::{self, Mended};
use electrolint::report::Report;
use electrolint_rules::fixes::FIXABLE;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// Folders below a folder, sorted.
fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("fixtures are readable").flatten().map(|entry| entry.path());
    let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    for entry in fs::read_dir(from).expect("it is readable").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a file can be copied");
        }
    }
}

fn options(folder: &Path, rule: Option<&str>) -> CheckArgs {
    let input = InputArgs { paths: vec![folder.to_path_buf()], threads: Some(1), ..InputArgs::default() };
    CheckArgs { input, only: rule.map(String::from).into_iter().collect(), all: true, ..CheckArgs::default() }
}

fn mend(folder: &Path, rule: Option<&str>) -> Mended {
    fix::mend(&options(folder, rule), Fixes::Unsafe).unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
}

fn fixable(report: &Report) -> usize {
    report.findings.iter().filter(|placed| placed.fix.is_some() && placed.suppressed.is_none()).count()
}

#[test]
fn fixes_mend_and_stay() {
    let scratch = tempfile::tempdir().expect("a folder can be made");
    let mut cases: Vec<(Option<String>, PathBuf)> = Vec::new();
    for rule in folders(&fixtures().join("rules")) {
        let name = rule.file_name().map(|name| name.to_string_lossy().into_owned());
        cases.extend(folders(&rule).into_iter().map(|case| (name.clone(), case)));
    }
    cases.extend(folders(&fixtures().join("apps")).into_iter().map(|app| (None, app)));
    let mut seen: BTreeSet<(String, bool)> = BTreeSet::new();
    let mut failures = Vec::new();
    for (index, (rule, case)) in cases.iter().enumerate() {
        let folder = scratch.path().join(index.to_string());
        copy(case, &folder);
        let rule = rule.as_deref();
        let before = electrolint::check(&options(&folder, rule)).expect("it can be checked");
        let with_fix = before.findings.iter().filter_map(|placed| Some((placed, placed.fix.as_ref()?)));
        seen.extend(with_fix.map(|(placed, fix)| (placed.finding.rule.to_owned(), fix.safe)));
        let mended = mend(&folder, rule);
        let name = case.strip_prefix(fixtures()).expect("it is a fixture").display();
        if mended.report.problems != before.problems {
            failures.push(format!("{name}: new problems {:?}", mended.report.problems));
        }
        let left = fixable(&mended.report);
        if left > 0 {
            failures.push(format!("{name}: {left} findings are still there after their fix"));
        }
        if mended.fixed < fixable(&before) {
            failures.push(format!("{name}: {} of {} were mended", mended.fixed, fixable(&before)));
        }
        for (path, change) in &mended.changes {
            assert_eq!(
                fs::read_to_string(path).expect("it is there"),
                change.before,
                "what is changed is what is there"
            );
            fs::write(path, &change.after).expect("it can be written");
        }
        let again = mend(&folder, rule);
        if !again.changes.is_empty() {
            failures.push(format!("{name}: a second run changes {:?}", again.changes.keys()));
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
    let listed: BTreeSet<(String, bool)> = FIXABLE.iter().map(|(name, safe)| ((*name).to_owned(), *safe)).collect();
    assert_eq!(seen, listed, "the list of rules with fixes, and fixtures for each");
}

const PACKAGE: &str = r#"{ "name": "tiny", "main": "main.js", "devDependencies": { "electron": "39.2.7" } }"#;

fn git(folder: &Path, arguments: &[&str]) -> bool {
    let mut command = Command::new("git");
    command.args(arguments).current_dir(folder).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    command.status().is_ok_and(|status| status.success())
}

/// A text of every kind: line ends, a mark at its start, no line end at its end, a name with blanks.
#[test]
fn the_patch_is_what_git_applies() {
    let main = "const { BrowserWindow } = require('electron')\n\nnew BrowserWindow({\n  webPreferences: {\n    webSecurity: false,\n    \
                nodeIntegration: true\n  }\n})\n";
    let files = [
        ("main.js", main.to_owned()),
        ("src/crlf.js", main.replace('\n', "\r\n")),
        ("src/with mark.js", format!("\u{feff}{main}")),
        ("src/ünï.js", main.trim_end().to_owned()),
    ];
    let scratch = tempfile::tempdir().expect("a folder can be made");
    let (patched, fixed) = (scratch.path().join("patched/app"), scratch.path().join("fixed/app"));
    for folder in [&patched, &fixed] {
        fs::create_dir_all(folder.join("src")).expect("a folder can be made");
        fs::write(folder.join("package.json"), PACKAGE).expect("a file can be written");
        for (path, text) in &files {
            fs::write(folder.join(path), text).expect("a file can be written");
        }
    }
    let repository = scratch.path().join("patched");
    assert!(git(&repository, &["init", "-q"]) && git(&repository, &["config", "core.autocrlf", "false"]));
    let run = |arguments: &[&str], folder: &Path| {
        assert_cmd::Command::cargo_bin("electrolint")
            .expect("the command is built")
            .args(arguments)
            .current_dir(folder)
            .output()
            .expect("the command runs")
    };
    let diff = run(&["--fix=unsafe", "--diff"], &patched);
    assert_eq!(diff.status.code(), Some(1));
    assert_eq!(fs::read_to_string(patched.join("main.js")).expect("it is there"), main, "nothing is changed");
    fs::write(repository.join("changes.patch"), &diff.stdout).expect("a file can be written");
    assert!(git(&repository, &["apply", "changes.patch"]), "{}", String::from_utf8_lossy(&diff.stdout));
    let fix = run(&["fix", "--fix=unsafe", "-f", "concise"], &fixed);
    assert!(String::from_utf8_lossy(&fix.stderr).contains("8 findings in 4 files mended"), "{fix:?}");
    for (path, before) in &files {
        let (one, other) = (fs::read(patched.join(path)), fs::read(fixed.join(path)));
        let text = String::from_utf8(one.expect("it is there")).expect("it is text");
        assert_eq!(
            text,
            before
                .replace("webSecurity: false", "webSecurity: true")
                .replace("nodeIntegration: true", "nodeIntegration: false")
        );
        assert_eq!(text.into_bytes(), other.expect("it is there"));
    }
    assert_eq!(run(&["--fix=unsafe", "--diff"], &fixed).status.code(), Some(0));
}

/// Nothing is mended that was not asked for: unsafe ones without the word, files that do not parse, and what lies elsewhere.
#[test]
fn what_is_not_asked_for_is_left() {
    let scratch = tempfile::tempdir().expect("a folder can be made");
    let write = |path: &str, text: &str| fs::write(scratch.path().join(path), text).expect("a file can be written");
    write("package.json", PACKAGE);
    write(
        "main.js",
        "const { BrowserWindow } = require('electron');\nconst o = require('./options');\nnew BrowserWindow(o);\nnew BrowserWindow({ webPreferences: { webSecurity: false } });\n",
    );
    write("options.js", "module.exports = { webPreferences: { nodeIntegration: true } };\n");
    let safe = fix::mend(&options(scratch.path(), None), Fixes::Safe).expect("it can be checked");
    assert!(safe.changes.is_empty() && fixable(&safe.report) == 2);
    let one = fix::mend(&options(&scratch.path().join("options.js"), None), Fixes::Unsafe).expect("it can be checked");
    let names: Vec<_> = one.changes.keys().filter_map(|path| path.file_name()).collect();
    assert_eq!(names, ["options.js"]);
    write("options.js", "module.exports = { webPreferences: { nodeIntegration: true } };\nlet = = ;\n");
    let broken = fix::mend(&options(scratch.path(), None), Fixes::Unsafe).expect("it can be checked");
    let names: Vec<_> = broken.changes.keys().filter_map(|path| path.file_name()).collect();
    assert_eq!(names, ["main.js"]);
}
