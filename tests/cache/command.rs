//! The command as it is run.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{entries, fixture_apps, tiny};

/// Exit code, standard output, standard error.
type Said = (i32, String, String);

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_electrolint"));
    for name in ["ELECTROLINT_NO_CACHE", "ELECTROLINT_CACHE_DIR", "XDG_CACHE_HOME", "HOME", "LOCALAPPDATA"] {
        command.env_remove(name);
    }
    command.env("SOURCE_DATE_EPOCH", "0").args(arguments).current_dir(folder).stdin(Stdio::null());
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Said {
    finish(command(folder, arguments))
}

fn finish(mut command: Command) -> Said {
    let output = command.output().expect("the command runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

fn text(path: &Path) -> &str {
    path.to_str().expect("paths of tests are texts")
}

/// What `--verbose` says of the cache.
fn known(folder: &Path, arguments: &[&str]) -> String {
    let (_, _, error) = run(folder, &[arguments, &["--verbose"]].concat());
    error.lines().find(|line| line.starts_with("cache: ")).unwrap_or_default().to_owned()
}

#[test]
fn the_same_bytes_come_out_in_every_format() {
    let scratch = tempfile::tempdir().unwrap();
    for app in fixture_apps() {
        let cache = scratch.path().join("cache");
        for format in ["full", "concise", "json", "sarif", "jsonl", "markdown"] {
            let arguments = ["check", "--all", "--format", format, "--color", "always"];
            let plain = run(&app, &[&arguments[..], &["--no-cache"]].concat());
            let kept = ["--cache-dir", text(&cache)];
            for _ in 0..2 {
                assert_eq!(run(&app, &[&arguments[..], &kept].concat()), plain, "{format} {}", app.display());
            }
        }
        assert!(known(&app, &["check", "--cache-dir", text(&cache)]).ends_with(": 1 of 1 apps were known"));
    }
}

#[test]
fn the_folder_is_the_users_unless_another_is_named() {
    let scratch = tempfile::tempdir().unwrap();
    let app = tiny(scratch.path());
    let kept = |set: &[(&str, &Path)], arguments: &[&str]| {
        let mut command = command(&app, &["check"]);
        command.args(arguments).envs(set.iter().copied());
        finish(command)
    };
    let (home, other) = (scratch.path().join("home"), scratch.path().join("other"));
    if cfg!(all(unix, not(target_os = "macos"))) {
        kept(&[("HOME", &home)], &[]);
        assert_eq!(entries(&home.join(".cache/electrolint"), "outcome").len(), 1);
        kept(&[("HOME", &home), ("XDG_CACHE_HOME", &other)], &[]);
        assert_eq!(entries(&other.join("electrolint"), "outcome").len(), 1);
        fs::remove_dir_all(&home).unwrap();
    }
    let named = scratch.path().join("named");
    kept(&[("HOME", &home), ("ELECTROLINT_CACHE_DIR", &named)], &[]);
    assert_eq!(entries(&named, "outcome").len(), 1);
    let option = scratch.path().join("option");
    kept(&[("HOME", &home), ("ELECTROLINT_CACHE_DIR", &named)], &["--cache-dir", text(&option)]);
    assert_eq!(entries(&option, "outcome").len(), 1);
    let not = scratch.path().join("not");
    kept(&[("HOME", &home), ("ELECTROLINT_CACHE_DIR", &not)], &["--no-cache"]);
    kept(&[("HOME", &home), ("ELECTROLINT_CACHE_DIR", &not), ("ELECTROLINT_NO_CACHE", Path::new("1"))], &[]);
    assert!(!not.exists() && !home.exists());
    // Empty variables are as good as none.
    let empty = Path::new("");
    let outcome = kept(&[("ELECTROLINT_CACHE_DIR", empty), ("ELECTROLINT_NO_CACHE", empty)], &[]);
    assert_eq!(outcome, run(&app, &["check", "--no-cache"]));
}

#[test]
fn nothing_is_written_where_it_may_not_or_cannot_be() {
    let scratch = tempfile::tempdir().unwrap();
    let app = tiny(scratch.path());
    let before: Vec<PathBuf> = entries(&app, "js");
    let plain = run(&app, &["check", "--no-cache"]);
    let file = app.join("m.js");
    let below = file.join("cache");
    let inside = app.join("cache");
    for folder in [&inside, &app, &file, &below] {
        assert_eq!(run(&app, &["check", "--cache-dir", text(folder)]), plain, "{}", folder.display());
        let why = known(&app, &["check", "--cache-dir", text(folder)]);
        assert!(why.starts_with("cache: nothing is kept in "), "{why}");
    }
    // A file given is checked with its whole app.
    assert_eq!(run(scratch.path(), &["check", "app/m.js", "--cache-dir", "app/cache"]).2, plain.2);
    assert!(!inside.exists());
    assert_eq!(entries(&app, "js"), before);
    // A folder that was filled, and that is closed then.
    let cache = scratch.path().join("cache");
    run(&app, &["check", "--cache-dir", text(&cache)]);
    close(&cache, true);
    assert_eq!(run(&app, &["check", "--cache-dir", text(&cache)]), plain);
    fs::write(app.join("o.js"), "exports.o = {};\n").unwrap();
    let plain = run(&app, &["check", "--no-cache"]);
    assert_eq!(run(&app, &["check", "--cache-dir", text(&cache)]), plain);
    close(&cache, false);
}

fn close(folder: &Path, closed: bool) {
    let mut permissions = folder.metadata().unwrap().permissions();
    #[cfg(unix)]
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, if closed { 0o500 } else { 0o700 });
    #[cfg(not(unix))]
    permissions.set_readonly(closed);
    fs::set_permissions(folder, permissions).unwrap();
}

#[test]
fn a_repository_around_the_app_is_not_written_into() {
    let scratch = tempfile::tempdir().unwrap();
    let app = tiny(scratch.path());
    fs::create_dir(scratch.path().join(".git")).unwrap();
    let cache = scratch.path().join("cache");
    assert!(known(&app, &["check", "--cache-dir", text(&cache)]).ends_with("it lies in what is checked"));
    assert!(!cache.exists());
    fs::remove_dir(scratch.path().join(".git")).unwrap();
    assert!(known(&app, &["check", "--cache-dir", text(&cache)]).contains("0 of 1 apps"));
    assert!(cache.exists());
}

#[test]
fn nothing_is_made_where_there_is_no_app() {
    let scratch = tempfile::tempdir().unwrap();
    let cache = scratch.path().join("cache");
    let folder = scratch.path().join("empty");
    fs::create_dir(&folder).unwrap();
    assert_eq!(run(&folder, &["check", "--cache-dir", text(&cache)]).0, 3);
    assert!(!cache.exists());
}

/// Paths are other ones where a file is asked for from outside: neither run takes the place of the other.
#[test]
fn an_app_is_known_in_each_way_in_which_it_is_asked_for() {
    let scratch = tempfile::tempdir().unwrap();
    let app = tiny(scratch.path());
    let cache = scratch.path().join("cache");
    let inside = || known(&app, &["check", "--cache-dir", text(&cache)]);
    let outside = || known(scratch.path(), &["check", "app/m.js", "--cache-dir", text(&cache)]);
    assert!(inside().contains("0 of 1 apps were known, and 0 of 3"));
    assert!(outside().contains("0 of 1 apps were known, and 0 of 3"));
    fs::write(app.join("o.js"), "exports.o = {};\n").unwrap();
    assert!(inside().contains("0 of 1 apps were known, and 2 of 3"));
    assert!(outside().contains("0 of 1 apps were known, and 2 of 3"));
    assert!(inside().ends_with("1 of 1 apps were known"));
    assert!(outside().ends_with("1 of 1 apps were known"));
    assert_eq!(run(&app, &["check", "m.js", "--cache-dir", text(&cache)]), run(&app, &["check", "m.js", "--no-cache"]));
}

#[test]
fn several_runs_share_a_folder() {
    let scratch = tempfile::tempdir().unwrap();
    let app = fixture_apps().remove(0);
    let plain = run(&app, &["check", "--no-cache"]);
    for round in 0..4 {
        let cache = scratch.path().join(format!("cache{round}"));
        let start = || {
            let mut command = command(&app, &["check", "--cache-dir", text(&cache)]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the command runs")
        };
        let running: Vec<_> = (0..4).map(|_| start()).collect();
        for child in running {
            let output = child.wait_with_output().expect("it ends");
            assert_eq!(String::from_utf8_lossy(&output.stdout), plain.1);
            assert_eq!(output.status.code(), Some(plain.0));
        }
        assert_eq!((entries(&cache, "outcome").len(), entries(&cache, "sheets").len()), (1, 1));
        assert_eq!(fs::read_dir(&cache).unwrap().count(), 3, "nothing is left beside them and CACHEDIR.TAG");
        assert!(known(&app, &["check", "--cache-dir", text(&cache)]).ends_with(": 1 of 1 apps were known"));
    }
}

#[test]
fn other_data_about_electron_is_another_question() {
    let scratch = tempfile::tempdir().unwrap();
    let app = tiny(scratch.path());
    let cache = scratch.path().join("cache");
    let data = scratch.path().join("data.json");
    let advisory = r#"{ "id": "GHSA-0000-0000-0000", "published": "2026-11-01T00:00:00Z", "modified": "2026-11-01T00:00:00Z",
        "summary": "Something that happens to every version.", "database_specific": { "severity": "HIGH" },
        "affected": [{ "package": { "ecosystem": "npm", "name": "electron" },
            "ranges": [{ "type": "SEMVER", "events": [{ "introduced": "0" }, { "fixed": "99.0.0" }] }] }] }"#;
    fs::write(scratch.path().join("advisory.json"), advisory).unwrap();
    let (code, _, error) = run(scratch.path(), &["data", "--update", "advisory.json", "--output", text(&data)]);
    assert_eq!(code, 0, "{error}");
    let check = ["check", "--all", "--cache-dir", text(&cache)];
    let built_in = run(&app, &check);
    let given = [&check[..], &["--data", text(&data)]].concat();
    let newer = run(&app, &given);
    assert_ne!(newer.1, built_in.1, "the data tells something");
    assert_eq!(newer, run(&app, &["check", "--all", "--no-cache", "--data", text(&data)]));
    assert_eq!(run(&app, &check), built_in);
    assert!(known(&app, &given).ends_with(": 1 of 1 apps were known"));
}

#[test]
fn the_day_is_asked_for_each_time() {
    let scratch = tempfile::tempdir().unwrap();
    let app = tiny(scratch.path());
    let cache = scratch.path().join("cache");
    let entry = "[[ignore]]\nrule = \"node-integration\"\nreason = \"until then\"\nuntil = 2027-01-31\n";
    fs::write(app.join("electrolint.toml"), entry).unwrap();
    let on = |day: &str, arguments: &[&str]| {
        let mut command = command(&app, &["check", "--only", "node-integration"]);
        command.env("ELECTROLINT_NOW", day).args(arguments);
        finish(command)
    };
    let kept = ["--cache-dir", text(&cache)];
    for _ in 0..2 {
        for (day, code) in [("2027-01-31", 0), ("2027-02-01", 1)] {
            let said = on(day, &kept);
            assert_eq!(said.0, code, "{day}: {}", said.1);
            assert_eq!(said, on(day, &["--no-cache"]));
        }
    }
}

#[test]
fn what_stands_for_files_is_looked_at() {
    let scratch = tempfile::tempdir().unwrap();
    let app = tiny(scratch.path());
    let cache = scratch.path().join("cache");
    let with_input = |input: &str, arguments: &[&str]| {
        let mut command = command(&app, &["check", "--only", "node-integration", "--stdin-filename", "o.js"]);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the command runs");
        child.stdin.take().expect("it is piped").write_all(input.as_bytes()).expect("it reads");
        let output = child.wait_with_output().expect("it ends");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let kept = ["--cache-dir", text(&cache)];
    assert_eq!(run(&app, &["check", "--only", "node-integration", "--cache-dir", text(&cache)]).0, 1);
    for _ in 0..2 {
        for (input, code) in
            [("exports.o = {};\n", 0), ("exports.o = { webPreferences: { nodeIntegration: true } }", 1)]
        {
            let said = with_input(input, &kept);
            assert_eq!(said.0, Some(code), "{}", said.1);
            assert_eq!(said, with_input(input, &["--no-cache"]));
        }
    }
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=t", "-c", "user.email=t@example.com"]).args(arguments).current_dir(&app);
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        assert!(command.output().expect("git runs").status.success(), "{arguments:?}");
    };
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-qm", "first"]);
    let staged = ["check", "--staged", "--only", "web-security"];
    for bad in ["false", "true", "false"] {
        fs::write(app.join("o.js"), format!("exports.o = {{ webPreferences: {{ webSecurity: {bad} }} }};\n")).unwrap();
        git(&["add", "."]);
        // What is not staged does not count.
        fs::write(app.join("o.js"), "exports.o = {};\n").unwrap();
        let said = run(&app, &[&staged[..], &kept].concat());
        assert_eq!(said.0, i32::from(bad == "false"), "{}", said.1);
        assert_eq!(said, run(&app, &[&staged[..], &["--no-cache"]].concat()));
    }
}

#[test]
fn fixes_and_baselines_are_the_same() {
    let scratch = tempfile::tempdir().unwrap();
    let cache = scratch.path().join("cache");
    let accepted = scratch.path().join("accepted.json");
    for app in fixture_apps() {
        for arguments in [&["check", "--diff"][..], &["check", "--diff", "--fix=unsafe"]] {
            let plain = run(&app, &[arguments, &["--no-cache"]].concat());
            for _ in 0..2 {
                assert_eq!(run(&app, &[arguments, &["--cache-dir", text(&cache)]].concat()), plain);
            }
        }
        let baseline = |arguments: &[&str]| {
            let _ = fs::remove_file(&accepted);
            let said = run(&app, &[&["baseline", "--baseline", text(&accepted)], arguments].concat());
            (said, fs::read_to_string(&accepted).unwrap())
        };
        let plain = baseline(&["--no-cache"]);
        for _ in 0..2 {
            assert_eq!(baseline(&["--cache-dir", text(&cache)]), plain);
        }
    }
}
