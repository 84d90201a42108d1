//! The configuration from outside: where it is found, what wins, how its errors look.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;

const PACKAGE: &str = r#"{ "name": "tiny", "main": "main.js", "devDependencies": { "electron": "39.2.7" } }"#;
const MAIN: &str =
    "const { BrowserWindow } = require('electron');\nnew BrowserWindow({ webPreferences: { webSecurity: false } });\n";

/// A repository of this test's own, with an app and these files.
fn app(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("configuration").join(name);
    let _ = fs::remove_dir_all(&folder);
    for (path, text) in [("package.json", PACKAGE), ("main.js", MAIN), (".git/HEAD", "")].iter().chain(files) {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("it has a parent")).expect("a folder can be made");
        fs::write(path, text).expect("a file can be written");
    }
    folder
}

fn run(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> (i32, String, String) {
    let mut command = Command::cargo_bin("electrolint").expect("the command is built");
    for name in ["ELECTROLINT_CONFIG", "ELECTROLINT_NOW", "ELECTROLINT_OUTPUT_FORMAT"] {
        command.env_remove(name);
    }
    let format = if arguments.contains(&"-f") { &[][..] } else { &["-f", "concise"] };
    let only = ["check", "--only", "web-security", "-q"];
    let arguments: Vec<&str> = if arguments.first() == Some(&"config") {
        arguments.to_vec()
    } else {
        only.iter().chain(format).chain(arguments).copied().collect()
    };
    let output = command.args(&arguments).envs(variables.iter().copied()).current_dir(folder).output();
    let output = output.expect("the command runs");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("output is UTF-8");
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

fn severity(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let (_, out, error) = run(folder, arguments, variables);
    out.split_once(": ")
        .and_then(|(_, rest)| rest.split_once('['))
        .map_or_else(|| format!("none{error}"), |(word, _)| word.to_owned())
}

#[test]
fn the_command_line_wins_over_the_environment_and_that_over_files() {
    let files = [
        ("electrolint.toml", "extends = ['base.toml']\n[rules]\nweb-security = 'info'\n"),
        ("base.toml", "min-severity = 'info'\n[rules]\nweb-security = 'off'\n"),
        ("other.toml", "[rules]\nweb-security = 'low'\n"),
    ];
    let folder = app("precedence", &files);
    assert_eq!(severity(&folder, &["--no-config"], &[]), "high", "the rule's own");
    assert_eq!(severity(&folder, &[], &[]), "info", "the file, over what it extends");
    assert_eq!(severity(&folder, &[], &[("ELECTROLINT_CONFIG", "other.toml")]), "low");
    assert_eq!(severity(&folder, &["--config", "other.toml"], &[("ELECTROLINT_CONFIG", "none.toml")]), "low");
    assert_eq!(
        severity(&folder, &["--config", "rules.web-security=medium"], &[]),
        "medium",
        "an assignment, over the file"
    );
    let both = ["--config", "rules.web-security=medium", "--rule", "web-security=low"];
    assert_eq!(severity(&folder, &both, &[]), "low", "an option, over all");
    assert_eq!(severity(&folder, &["--min-severity", "high"], &[]), "none", "a threshold of the command line");
}

#[test]
fn rules_are_switched_by_file_and_only_is_told_apart() {
    let files = [
        (
            "electrolint.toml",
            "[rules]\nweb-security = 'off'\n[[overrides]]\nfiles = ['tools/**']\nrules = { web-security = 'off' }\n",
        ),
        ("tools/open.js", MAIN),
    ];
    let folder = app("overrides", &files);
    let (code, out, error) = run(&folder, &[], &[]);
    assert_eq!(code, 1, "{error}");
    assert!(
        out.contains("main.js:2") && !out.contains("tools/"),
        "--only takes the place of [rules], not of overrides: {out}"
    );
    let (_, out, _) = run(&folder, &["--rule", "web-security=high"], &[]);
    assert!(out.contains("tools/open.js:2"), "--rule has the last word: {out}");
    let (code, ..) = run(&folder, &["--config", "overrides=[]", "--no-config"], &[]);
    assert_eq!(code, 2, "these two contradict each other");
}

#[test]
fn what_fails_is_decided_by_the_file_that_is_nearest() {
    let files = [
        ("electrolint.toml", "fail-on = 'never'\n"),
        ("packages/a/package.json", PACKAGE),
        ("packages/a/main.js", MAIN),
        ("packages/a/.electrolint.toml", "fail-on = 'high'\n"),
    ];
    let folder = app("nearest", &files);
    assert_eq!(run(&folder, &[], &[]).0, 1);
    fs::write(folder.join("packages/a/.electrolint.toml"), "fail-on = 'never'\n").expect("it can be written");
    assert_eq!(run(&folder, &[], &[]).0, 0);
    assert_eq!(run(&folder, &["--fail-on", "low"], &[]).0, 1);
}

#[test]
fn files_are_left_out_relative_to_the_configuration() {
    let files = [("electrolint.toml", "exclude = ['src/old/**']\n"), ("src/old/open.js", MAIN), ("src/new.js", MAIN)];
    let folder = app("exclude", &files);
    let paths = |folder: &Path| run(folder, &[], &[]).1;
    assert!(!paths(&folder).contains("old/open.js") && paths(&folder).contains("src/new.js"));
    // From inside as well: the app is the same.
    assert!(!paths(&folder.join("src")).contains("old/open.js"));
}

#[test]
fn accepted_findings_come_back_when_their_time_is_over() {
    let ignore =
        "[[ignore]]\nrule = 'web-security'\nfiles = ['main.js']\nreason = 'until the move'\nuntil = '2027-01-31'\n";
    let folder = app("accepted", &[("electrolint.toml", ignore)]);
    let on = |day: &'static str, more: &[&str]| run(&folder, more, &[("ELECTROLINT_NOW", day)]);
    assert_eq!(on("2027-01-31", &[]).0, 0);
    assert_eq!(on("2027-02-01", &[]).0, 1);
    assert_eq!(on("2027-01-31", &["--no-ignores"]).0, 1);
    let (code, out, _) = on("2027-01-31", &["--all"]);
    assert_eq!(code, 0, "what is marked does not fail");
    assert!(out.contains("suppressed by the configuration: until the move"), "{out}");
}

#[test]
fn comments_hide_and_are_counted() {
    let main = MAIN.replace("});\n", "}); // electrolint-ignore[web-security]: why not\n");
    let folder = app("comments", &[("main.js", &main)]);
    assert_eq!(run(&folder, &[], &[]).0, 0);
    assert_eq!(run(&folder, &["--no-ignores"], &[]).0, 1);
    let (code, out, _) = run(&folder, &["-f", "json", "--all"], &[]);
    let result: serde_json::Value = serde_json::from_str(&out).expect("it is JSON");
    assert_eq!(code, 0);
    assert_eq!(result["findings"][0]["suppressed"], serde_json::json!({ "by": "comment", "reason": "why not" }));
    let (_, out, _) = run(&folder, &["-f", "json"], &[]);
    let result: serde_json::Value = serde_json::from_str(&out).expect("it is JSON");
    assert_eq!(result["hidden"]["suppressed"], 1);
    let (_, out, _) = run(&folder, &["-f", "sarif", "--all"], &[]);
    let log: serde_json::Value = serde_json::from_str(&out).expect("it is JSON");
    assert_eq!(log["runs"][0]["results"].as_array().map(Vec::len), Some(0), "they would be open alerts");
}

#[test]
fn errors_point_into_the_file() {
    let folder = app("errors", &[("electrolint.toml", "# ours\nfail-one = 'high'\n[rules]\nweb-securty = 'off'\n")]);
    let (code, out, error) = run(&folder, &[], &[]);
    assert_eq!((code, out.as_str()), (2, ""));
    for part in [
        "electrolint.toml:2:1",
        "fail-one = 'high'",
        "did you mean `fail-on`?",
        "electrolint.toml:4:1",
        "no rule is called `web-securty`",
    ] {
        assert!(error.contains(part), "{part:?} is not said:\n{error}");
    }
    let broken = app("broken", &[("electrolint.toml", "rules = [\n")]);
    assert_eq!(run(&broken, &[], &[]).0, 2);
    assert_eq!(run(&broken, &["--no-config"], &[]).0, 1);
    assert_eq!(run(&broken, &["--config", "none.toml"], &[]).0, 2);
}

#[test]
fn what_holds_is_printed() {
    let folder =
        app("printed", &[("electrolint.toml", "fail-on = 'high'\n[rules]\n'egress-*' = 'off'\n"), ("src/a.js", "")]);
    let (code, out, error) = run(&folder, &["config", "src/a.js", "--config", "strict=true"], &[]);
    assert_eq!(code, 0, "{error}");
    for part in ["electrolint.toml", "fail-on = \"high\"", "strict = true", "\"egress-*\" = \"off\""] {
        assert!(out.contains(part), "{part:?} is not printed:\n{out}");
    }
}

#[test]
fn entries_that_accept_nothing_are_told() {
    let entry = |rule: &str, rest: &str| format!("[[ignore]]\nrule = '{rule}'\nreason = 'why'\n{rest}\n");
    let text = [
        entry("web-security", "files = ['main.js']"),
        entry("fuses", "files = ['other.js']"),
        entry("open-*", "until = '2020-01-31'"),
    ];
    let folder = app("unused", &[("electrolint.toml", &text.concat()), ("other/package.json", "{}")]);
    let told = |arguments: &[&str]| {
        let output = Command::cargo_bin("electrolint")
            .expect("the command is built")
            .args(["check", "-f", "concise"])
            .args(arguments)
            .current_dir(&folder)
            .env_remove("ELECTROLINT_CONFIG")
            .output()
            .expect("the command runs");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        text.lines().filter(|line| line.starts_with("unused: ")).map(str::to_owned).collect::<Vec<_>>()
    };
    let expected = [
        "unused: electrolint.toml:5: there is no `fuses` finding that it accepts",
        "unused: electrolint.toml:9: its last day was 2020-01-31, and it accepts nothing any more",
    ];
    assert_eq!(told(&[]), expected);
    assert_eq!(told(&["--only", "web-security"]), expected, "whatever is shown");
    // Not everything that the file speaks of was looked at.
    assert_eq!(told(&["main.js"]), Vec::<String>::new());
    assert_eq!(told(&["--no-config"]), Vec::<String>::new());
    assert_eq!(told(&["--quiet"]), Vec::<String>::new());
}
