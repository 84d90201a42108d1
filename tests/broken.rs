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

/// The same lines in every encoding: line and column of what is found in them.
#[test]
fn places_are_right_in_every_encoding() {
    let text = "const { BrowserWindow } = require('electron'); // caf\u{e9}\nconst a = '\u{e9}\u{e9}', o = { webPreferences: { webSecurity: false } };\nnew BrowserWindow(o);\n";
    let place = (2, 41);
    let utf16 =
        |bytes: fn(u16) -> [u8; 2]| -> Vec<u8> { format!("\u{feff}{text}").encode_utf16().flat_map(bytes).collect() };
    let encodings: [(&str, Vec<u8>); 6] = [
        ("UTF-8", text.into()),
        ("UTF-8 with a mark", format!("\u{feff}{text}").into()),
        ("Latin-1", text.chars().map(|c| c as u8).collect()),
        ("UTF-16, little end first", utf16(u16::to_le_bytes)),
        ("UTF-16, big end first", utf16(u16::to_be_bytes)),
        ("lines of old Macs", text.replace('\n', "\r").into()),
    ];
    for (name, bytes) in encodings {
        let scratch = tempfile::tempdir().expect("a folder can be made");
        let package = r#"{ "main": "main.js", "devDependencies": { "electron": "39.2.7" } }"#;
        std::fs::write(scratch.path().join("package.json"), package).expect("a file can be written");
        std::fs::write(scratch.path().join("main.js"), bytes).expect("a file can be written");
        let (_, out, _) = electrolint(scratch.path());
        let result: Value = serde_json::from_str(&out).expect("the result is JSON");
        let location = &result["findings"][0]["location"];
        assert_eq!((&location["line"], &location["column"]), (&place.0.into(), &place.1.into()), "{name}: {location}");
    }
}

/// Files that come, go, grow and shrink while they are read.
#[test]
fn files_may_vanish_while_they_are_read() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let scratch = tempfile::tempdir().expect("a folder can be made");
    let package = r#"{ "main": "main.js", "devDependencies": { "electron": "39.2.7" } }"#;
    let main = "const { BrowserWindow } = require('electron');\nnew BrowserWindow({ webPreferences: { webSecurity: false } });\n";
    std::fs::write(scratch.path().join("package.json"), package).expect("a file can be written");
    std::fs::write(scratch.path().join("main.js"), main).expect("a file can be written");
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut turn = 0;
            while !ended.load(Ordering::Relaxed) {
                let folder = scratch.path().join(format!("a{}", turn % 20));
                // Whichever of these fails: another turn made or removed it.
                let _ = std::fs::create_dir_all(&folder);
                let _ = std::fs::write(folder.join("b.js"), "let a = 1;\n".repeat(1 + turn % 5 * 2000));
                let _ = std::fs::write(folder.join("package.json"), "{".repeat(turn % 3));
                if turn % 2 == 0 {
                    let _ = std::fs::remove_dir_all(scratch.path().join(format!("a{}", turn * 7 % 20)));
                }
                turn += 1;
            }
        });
        let runs: Vec<_> = (0..8).map(|_| electrolint(scratch.path())).collect();
        ended.store(true, Ordering::Relaxed);
        for (code, out, error) in runs {
            assert_eq!(code, Some(1), "{error}");
            let result: Value = serde_json::from_str(&out).expect("the result is JSON");
            assert_eq!(result["findings"][0]["location"]["path"], "main.js", "{error}");
        }
    });
}
