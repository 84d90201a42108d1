//! The command from outside: exit codes, streams, files.
//!
//! Whole transcripts are in `tests/cmd/`; set `TRYCMD=overwrite` to renew them, and read each changed line.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use assert_cmd::Command;
use serde_json::Value;

/// The command, deaf to the variables of whoever runs the tests.
fn electrolint() -> Command {
    let mut command = Command::cargo_bin("electrolint").expect("the command is built");
    for name in ["NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "ELECTROLINT_OUTPUT_FORMAT"] {
        command.env_remove(name);
    }
    command.env_remove("CLICOLOR").env_remove("GITHUB_STEP_SUMMARY");
    command
}

/// A folder of this test's own, with these files.
fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder can be made");
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("it has a parent")).expect("a folder can be made");
        fs::write(path, text).expect("a file can be written");
    }
    folder
}

const PACKAGE: &str = r#"{ "name": "tiny", "main": "main.js", "devDependencies": { "electron": "39.2.7" } }"#;

fn app(name: &str) -> PathBuf {
    folder(name, &[("package.json", PACKAGE), ("main.js", "console.log('no window');\n")])
}

fn run(arguments: &[&str], folder: &Path) -> (i32, String, String) {
    let output = electrolint().args(arguments).current_dir(folder).output().expect("the command runs");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("output is UTF-8");
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

#[test]
fn transcripts() {
    trycmd::TestCases::new().case("tests/cmd/*.md");
}

#[test]
fn check_is_the_default_command() {
    let app = app("default-command");
    let arguments: [&[&str]; 4] = [&[], &["."], &["check"], &["check", "."]];
    let answers: Vec<_> = arguments
        .iter()
        .map(|arguments| {
            let mut arguments = arguments.to_vec();
            arguments.extend(["--fail-on", "never"]);
            run(&arguments, &app)
        })
        .collect();
    assert_eq!(answers[0].0, 0, "{}", answers[0].2);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
    assert!(answers[0].1.contains("1 app"), "{}", answers[0].1);
}

#[test]
fn a_path_that_does_not_exist_is_a_usage_error() {
    let app = app("missing-path");
    let (code, out, error) = run(&["no-such-folder"], &app);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(error.contains("no-such-folder"), "{error}");
}

#[test]
fn a_folder_without_an_app_is_told_from_a_clean_app() {
    let empty = folder("no-app", &[("index.js", "console.log(1);\n")]);
    let (code, _, error) = run(&["."], &empty);
    assert_eq!(code, 3, "{error}");
    assert!(error.contains("no Electron app"), "{error}");
    let (code, ..) = run(&[".", "--allow-empty"], &empty);
    assert_eq!(code, 0);
    let (code, out, _) = run(&[".", "--format", "json"], &empty);
    assert_eq!(code, 3);
    let result: Value = serde_json::from_str(&out).expect("the result is there all the same");
    assert_eq!(result["apps"], serde_json::json!([]));
}

#[test]
fn what_was_not_analysed_is_told_and_fails_under_strict() {
    let broken = folder("strict", &[("package.json", PACKAGE), ("main.js", "console.log('\0');\n")]);
    let (code, out, error) = run(&["--exit-zero"], &broken);
    assert_eq!(code, 0, "{error}");
    assert!(out.contains("incomplete: 1 problem"), "{out}");
    assert!(error.contains("problem: main.js: binary: "), "{error}");
    assert_eq!(run(&["--exit-zero", "--strict"], &broken).0, 4);
    assert_eq!(run(&["--exit-zero", "--strict"], &app("strict-whole")).0, 0);
    let (_, out, _) = run(&["--format", "json"], &broken);
    let result: Value = serde_json::from_str(&out).expect("the result is JSON");
    assert_eq!(result["problems"][0]["kind"], "binary");
    let (_, out, error) = run(&["--quiet", "--only", "web-security"], &broken);
    assert_eq!((out.as_str(), error.as_str()), ("", ""), "findings only");
}

#[test]
fn wrong_usage_ends_with_2() {
    let app = app("usage");
    for arguments in [
        &["--no-such-option"][..],
        &["--format", "yaml"],
        &["--only", "no-such-rule"],
        &["--rule", "no-such-rule=off"],
        &["--rule", "*=loud"],
        &["--rule", "[=off"],
        &["--output", "json"],
        &["--output", "json=no/such/folder/x.json"],
        &["--max-file-size", "huge"],
        &["--electron-version", "newest"],
        &["--threads", "0"],
        &["--quiet", "--verbose"],
        &["--all", "--min-severity", "high"],
        &["explain"],
        &["explain", "no-such-rule"],
        &["rules", "--format", "xml"],
        &["facts", "no-such-folder"],
    ] {
        let (code, out, error) = run(arguments, &app);
        assert_eq!((code, out.as_str()), (2, ""), "{arguments:?}: {error}");
        assert!(!error.is_empty(), "{arguments:?}");
    }
}

#[test]
fn an_unknown_rule_is_answered_with_the_nearest() {
    let app = app("suggestion");
    let (_, catalogue, _) = run(&["rules", "--format", "json"], &app);
    let rules: Value = serde_json::from_str(&catalogue).expect("the catalogue is JSON");
    let name = rules[0]["name"].as_str().expect("there is a rule");
    let misspelt = &name[..name.len() - 1];
    for arguments in [["explain", misspelt], ["--only", misspelt]] {
        let (code, _, error) = run(&arguments, &app);
        assert_eq!(code, 2);
        assert!(error.contains(&format!("did you mean `{name}`?")), "{error}");
    }
}

#[test]
fn every_rule_is_listed_and_explained() {
    let app = app("explain");
    let (_, catalogue, _) = run(&["rules", "--format", "json"], &app);
    let rules: Value = serde_json::from_str(&catalogue).expect("the catalogue is JSON");
    let rules = rules.as_array().expect("it is a list");
    assert!(!rules.is_empty());
    let (_, text, _) = run(&["rules"], &app);
    assert_eq!(text.lines().count(), rules.len());
    for rule in rules {
        let name = rule["name"].as_str().expect("a rule has a name");
        for format in ["text", "markdown", "json"] {
            let (code, out, error) = run(&["explain", name, "--format", format], &app);
            assert_eq!(code, 0, "{error}");
            assert!(out.contains(name) && !out.contains("//~"), "{out}");
        }
    }
}

#[test]
fn json_is_version_1() {
    let app = app("json");
    let (code, out, error) = run(&["check", "--format", "json", "--min-confidence", "tentative", "."], &app);
    assert!(code == 0 || code == 1, "{error}");
    let result: Value = serde_json::from_str(&out).expect("the result is JSON");
    assert_eq!(result["version"], 1);
    assert_eq!(result["tool"]["name"], "electrolint");
    for field in ["apps", "findings", "rules", "problems"] {
        assert!(result[field].is_array(), "{field}");
    }
    for field in ["tentative", "below_severity", "suppressed", "baselined"] {
        assert!(result["hidden"][field].is_u64(), "{field}");
    }
    assert_eq!(result["apps"][0]["electron"]["version"], "39.2.7");
}

#[test]
fn reports_are_written_beside_standard_output() {
    let app = app("outputs");
    let arguments = ["-o", "json=a.json", "-o", "sarif=a.sarif", "-o", "concise=a.txt", "-f", "json", "--exit-zero"];
    let (code, out, error) = run(&arguments, &app);
    assert_eq!(code, 0, "{error}");
    assert_eq!(fs::read_to_string(app.join("a.json")).expect("it is written"), out);
    let sarif = fs::read_to_string(app.join("a.sarif")).expect("it is written");
    let sarif: Value = serde_json::from_str(&sarif).expect("SARIF is JSON");
    assert_eq!(sarif["version"], "2.1.0");
    assert!(fs::read_to_string(app.join("a.txt")).expect("it is written").contains("1 app"));
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let app = app("threads");
    for format in ["full", "concise", "json", "sarif"] {
        let one = run(&[".", "--format", format, "-j", "1", "--all"], &app);
        for threads in ["2", "7"] {
            assert_eq!(run(&[".", "--format", format, "-j", threads, "--all"], &app), one);
        }
    }
}

#[test]
fn facts_are_printed() {
    let app = app("facts");
    let (code, out, error) = run(&["facts", "."], &app);
    assert_eq!(code, 0, "{error}");
    assert!(out.contains("app "), "{out}");
    let empty = folder("facts-no-app", &[("index.js", "1;\n")]);
    assert_eq!(run(&["facts"], &empty).0, 3);
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let app = app("closed-pipe");
    for arguments in [&["rules"][..], &["--help"], &["check", "--format", "sarif", "--exit-zero"], &["facts"]] {
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_electrolint"))
            .args(arguments)
            .current_dir(&app)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command runs");
        drop(child.stdout.take()); // before anything is written, or else after: both are allowed
        let output = child.wait_with_output().expect("the command ends");
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
    }
}

/// The sample app has findings of every severity, so that the whole of a report is cut off in its midst.
#[test]
fn a_reader_that_leaves_early_changes_no_exit_code() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/apps/notes");
    for format in ["full", "concise", "json", "sarif"] {
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_electrolint"))
            .args(["check", "--format", format])
            .current_dir(&sample)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command runs");
        let mut first = [0; 1];
        child.stdout.take().expect("it is piped").read_exact(&mut first).expect("something is printed");
        let output = child.wait_with_output().expect("the command ends");
        assert_eq!(output.status.code(), Some(1), "{format}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{format}");
    }
}

#[test]
fn findings_end_with_1_and_a_bug_with_101() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/apps/notes");
    assert_eq!(run(&["."], &sample).0, 1);
    assert_eq!(run(&[".", "--fail-on", "never"], &sample).0, 0);
    assert_eq!(run(&[".", "--only", "file-protocol", "--fail-on", "high"], &sample).0, 0, "it is low");
    if cfg!(debug_assertions) {
        let mut command = electrolint();
        let output = command.env("ELECTROLINT_TEST_BUG", "1").output().expect("the command runs");
        assert_eq!(output.status.code(), Some(101));
        assert!(String::from_utf8_lossy(&output.stderr).contains("this is a bug in electrolint"));
    }
}

/// A path given narrows what is reported; the app is analysed whole.
#[test]
fn paths_narrow_the_report() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/apps/notes");
    let places = |arguments: &[&str], folder: &Path| -> Vec<String> {
        let (_, out, error) = run(&[arguments, &["-f", "json"]].concat(), folder);
        let result: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{error}"));
        let findings = result["findings"].as_array().expect("it is a list");
        findings.iter().map(|finding| finding["location"]["path"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let all = places(&["."], &sample);
    let below = places(&["src"], &sample);
    assert_eq!(below.len(), all.iter().filter(|path| path.starts_with("src/")).count());
    assert!(below.contains(&"renderer/index.html".to_owned()), "{below:?}");
    // The option lies in one file, the window that has it in another.
    let one = places(&["src/config.js", "--only", "process-sandbox"], &sample);
    assert_eq!(one, ["src/config.js"]);
    assert_eq!(places(&["src/main.js", "--only", "process-sandbox"], &sample), one, "the window that it explains");
    assert_eq!(places(&["src/menu.js"], &sample), Vec::<String>::new());
    // Where no shell expands them.
    assert_eq!(places(&["src/*fig.js", "--only", "process-sandbox"], &sample), one);
    assert_eq!(places(&["**/{config,menu}.js", "--only", "process-sandbox"], &sample), one);
    assert_eq!(run(&["src/*.nothing"], &sample).0, 2);
    assert_eq!(places(&["main.js", "ipc.js"], &sample.join("src")).first().map(String::as_str), Some("config.js"));
}

#[test]
fn colours_follow_the_variables_and_the_option() {
    let app = app("colours");
    let colored = |variables: &[(&str, &str)], arguments: &[&str]| {
        let mut command = electrolint();
        command.args(arguments).arg("--exit-zero").current_dir(&app).envs(variables.iter().copied());
        let output = command.output().expect("the command runs");
        assert!(output.status.success());
        output.stdout.contains(&0x1b)
    };
    assert!(!colored(&[], &[]), "no terminal, no colour");
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/apps/notes");
    let sample = sample.to_str().expect("it is Unicode");
    for variable in ["FORCE_COLOR", "CLICOLOR_FORCE"] {
        assert!(colored(&[(variable, "1")], &[sample]), "{variable}");
        assert!(!colored(&[(variable, "0")], &[sample]), "{variable}");
    }
    assert!(colored(&[("NO_COLOR", "1")], &[sample, "--color", "always"]), "an option wins over a variable");
    assert!(!colored(&[("FORCE_COLOR", "1"), ("NO_COLOR", "1")], &[]));
    assert!(!colored(&[("FORCE_COLOR", "1")], &["--color", "never"]));
    assert!(!colored(&[("FORCE_COLOR", "1")], &["--format", "json"]));
}

#[test]
fn statistics_count_by_rule() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/apps/notes");
    let (code, out, _) = run(&["--statistics"], &sample);
    assert_eq!(code, 1);
    let first = out.lines().next().unwrap_or_default();
    assert_eq!(first.split_whitespace().collect::<Vec<_>>(), ["2", "high", "exposed-electron-api"]);
    assert!(out.lines().last().is_some_and(|line| line.contains("findings (")), "{out}");
}

#[test]
fn timings_and_what_was_resolved_are_told_on_standard_error() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/apps/notes");
    let (_, out, error) = run(&["--timings", "--verbose", "-f", "concise"], &sample);
    for expected in [
        "ms  analysing",
        "ms  rule web-security",
        "  starts in src/main.js",
        "  window src/main.js:33:16 (createHelpWindow.",
    ] {
        assert!(error.contains(expected), "{error}");
    }
    assert_eq!(out, run(&["-f", "concise"], &sample).1, "nothing of it is in the report");
}

#[test]
fn a_table_is_added_to_the_page_of_the_job() {
    let app = app("step-summary");
    fs::write(app.join("main.js"), "const { BrowserWindow } = require('electron');\nnew BrowserWindow({ webPreferences: { webSecurity: false } });\n")
        .expect("a file can be written");
    let page = app.join("summary.md");
    for times in 1..=2 {
        let mut command = electrolint();
        let output = command.args(["-f", "github"]).current_dir(&app).env("GITHUB_STEP_SUMMARY", &page).output();
        let output = output.expect("the command runs");
        assert_eq!(output.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&output.stdout).starts_with("::error file="), "{output:?}");
        let text = fs::read_to_string(&page).expect("it is written");
        assert_eq!(text.matches("## electrolint").count(), times);
        assert!(text.contains("| high | web-security | `"), "{text}");
    }
}

#[test]
fn shells_and_manuals_are_served() {
    let app = app("shells");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (code, out, error) = run(&["completions", shell], &app);
        assert_eq!(code, 0, "{error}");
        assert!(out.contains("min-confidence"), "{shell}");
    }
    let (code, page, _) = run(&["man"], &app);
    assert!(code == 0 && page.contains(".TH electrolint 1"), "{page}");
    fs::create_dir(app.join("man")).expect("a folder can be made");
    assert_eq!(run(&["man", "man"], &app).0, 0);
    let check = fs::read_to_string(app.join("man/electrolint-check.1")).expect("it is written");
    assert!(check.contains(r"\-\-min\-confidence"), "{check}");
    assert_eq!(run(&["man", "no/such/folder"], &app).0, 2);
}

#[test]
fn the_data_is_told_with_its_day() {
    let app = app("data");
    let (code, out, _) = run(&["data"], &app);
    assert!(code == 0 && out.starts_with("as of 20"), "{out}");
    let (_, out, _) = run(&["data", "-f", "json"], &app);
    let data: Value = serde_json::from_str(&out).expect("it is JSON");
    assert!(data["releases"].as_u64() > Some(1000) && data["supported_majors"].is_array());
}

#[test]
fn a_configuration_is_begun_once() {
    let app = app("init");
    let before = run(&["."], &app);
    assert_eq!(run(&["init"], &app).0, 0);
    let text = fs::read_to_string(app.join("electrolint.toml")).expect("it is written");
    assert!(text.lines().all(|line| line.is_empty() || line.starts_with('#')), "what it says is what holds without it");
    // Each line that is taken for a setting is one.
    let setting = |line: &str| {
        line.starts_with('[')
            || line.split_once(" = ").is_some_and(|(key, _)| !key.contains(' ') || key.starts_with('"'))
    };
    let all: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# ")).filter(|line| setting(line)).collect();
    assert!(all.len() > 8, "{all:?}");
    fs::write(app.join("electrolint.toml"), all.join("\n")).expect("a file can be written");
    let (code, _, error) = run(&["--exit-zero"], &app);
    assert_eq!(code, 0, "{error}");
    fs::write(app.join("electrolint.toml"), &text).expect("a file can be written");
    let (code, _, error) = run(&["init"], &app);
    assert_eq!(code, 2);
    assert!(error.contains("is there already"), "{error}");
    assert_eq!(run(&["."], &app), before);
    for snippet in ["--github", "--gitlab", "--hook"] {
        let (code, out, _) = run(&["init", snippet], &app);
        assert!(code == 0 && out.contains("electrolint") && !out.contains("{version}"), "{out}");
    }
    assert_eq!(run(&["init", "--github", "--hook"], &app).0, 2);
}
