//! Hostile input, as a debug build takes it: each file ends in a message or is read, none ends the run.
//!
//! Time and memory are measured on a release build, by `bench/broken`.

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use electrolint_testkit::hostile::{self, Said};
use serde_json::Value;

fn electrolint(folder: &Path) -> (Option<i32>, String, String) {
    let mut command = Command::cargo_bin("electrolint").expect("the command is built");
    command.args(["check", "-f", "json", "--only", "web-security", "--include", "**"]).arg(folder);
    command.timeout(std::time::Duration::from_secs(120));
    let output = command.output().expect("the command runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// What is wrong with the result for one case.
fn complaint(case: &hostile::Hostile, folder: &Path) -> Option<String> {
    case.write(folder).expect("a case can be written");
    let (code, out, error) = electrolint(folder);
    if code != Some(1) {
        return Some(format!("ended with {code:?}: {}", error.chars().take(400).collect::<String>()));
    }
    if error.contains("panicked") {
        return Some(format!("panicked: {error}"));
    }
    let result: Value = serde_json::from_str(&out).expect("the result is JSON");
    let list = |name: &str| result[name].as_array().cloned().unwrap_or_default();
    let is_found = list("findings").iter().any(|finding| finding["location"]["path"] == "main.js");
    let is_named = list("problems").iter().any(|problem| problem["path"] == case.path);
    match case.said {
        _ if !is_found => Some("the finding in main.js is lost".to_owned()),
        Said::Problem if !is_named => Some(format!("no problem names the file: {:?}", result["problems"])),
        Said::Nothing if is_named => Some(format!("a problem names the file: {:?}", result["problems"])),
        _ => None,
    }
}

#[test]
fn hostile_files_are_named_and_do_not_hide_what_is_beside_them() {
    let root = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("broken");
    let _ = std::fs::remove_dir_all(&root);
    let cases: Vec<_> = hostile::cases().into_iter().filter(|case| !case.is_slow).collect();
    let next = std::sync::atomic::AtomicUsize::new(0);
    let failures = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
                    if let Some(complaint) = complaint(case, &root.join(case.name)) {
                        failures.lock().expect("no thread fails").push(format!("{}: {complaint}", case.name));
                    }
                }
            });
        }
    });
    let _ = std::fs::remove_dir_all(&root);
    let failures = failures.into_inner().expect("no thread fails");
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[test]
fn small_broken_files_say_what_is_wrong() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/broken");
    let mut command = Command::cargo_bin("electrolint").expect("the command is built");
    command.args(["check", "--strict", "--only", "web-security"]).current_dir(&folder);
    let output = command.output().expect("the command runs");
    let error = String::from_utf8_lossy(&output.stderr);
    let expected = std::fs::read_to_string(folder.join("expected.txt")).expect("it is there");
    for line in expected.lines() {
        assert!(error.contains(line), "{line:?} is not said:\n{error}");
    }
    assert_eq!(output.status.code(), Some(4), "{error}");
}
