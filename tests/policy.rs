//! `electrolint policy` and `electrolint run` from outside.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use electrolint_policy::{Api, Ceiling, Manifest};

fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/apps/weather").join(path)
}

fn run(arguments: &[&str], folder: &Path) -> (i32, String, String) {
    let mut command = Command::cargo_bin("electrolint").expect("the command is built");
    let output = command.args(arguments).current_dir(folder).output().expect("the command runs");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("output is UTF-8");
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

/// A folder of this test's own, with these files.
fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("it has a parent")).expect("a folder can be made");
        fs::write(path, text).expect("a file can be written");
    }
    folder
}

const PACKAGE: &str = r#"{ "name": "tiny", "main": "main.js", "devDependencies": { "electron": "39.2.7" } }"#;

fn derived(name: &str, main: &str) -> Manifest {
    let folder = folder(name, &[("package.json", PACKAGE), ("main.js", main)]);
    let (code, text, errors) = run(&["policy"], &folder);
    assert_eq!(code, 0, "{errors}");
    Manifest::parse(&text).unwrap_or_else(|errors| panic!("{errors}\n{text}"))
}

#[test]
fn the_fixture_has_the_policy_that_is_derived() {
    for place in [".", "addons/forecast"] {
        let folder = fixture(place);
        let (code, text, _) = run(&["policy"], &folder);
        assert_eq!(code, 0);
        let path = folder.join("policy.json");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            fs::write(&path, &text).expect("written");
        }
        let committed = fs::read_to_string(&path).expect("a policy");
        assert_eq!(text, committed, "{place}: UPDATE_DOCS=1 renews it");
        let (code, difference, notes) = run(&["policy", "--check", "policy.json", "--strict"], &folder);
        assert_eq!((code, difference.as_str(), notes.as_str()), (0, "", ""), "{place}");
    }
}

/// The manifest is loaded, holds, and each host that is taken out is refused.
#[test]
fn what_is_derived_is_what_holds() {
    let text = fs::read_to_string(fixture("policy.json")).expect("a policy");
    let policy = Manifest::parse(&text).expect("a manifest").under(&Ceiling::default());
    assert!(policy.withheld.is_empty());
    for url in ["https://api.weather.example/v2/today", "https://img.weather.example/sun.png"] {
        assert!(policy.check_url(url, Api::Request).is_ok(), "{url}");
        let host = url.split('/').nth(2).expect("a host");
        let without = text.replace(host, "other.example");
        let policy = Manifest::parse(&without).expect("a manifest").under(&Ceiling::default());
        assert!(policy.check_url(url, Api::Request).is_err(), "{url}");
    }
    assert!(policy.check_url("https://weather.example/", Api::Request).is_err());
}

#[test]
fn an_app_that_outgrew_its_policy_is_told() {
    let main = "require('electron').net.fetch('https://api.example.com/v1');";
    let app = folder("outgrown", &[("package.json", PACKAGE), ("main.js", main)]);
    assert_eq!(run(&["policy", "-o", "policy.json"], &app).0, 0);
    assert_eq!(run(&["policy", "--check", "policy.json"], &app).0, 0);
    // Another line is no other need.
    fs::write(app.join("main.js"), format!("\n\n{main}")).expect("written");
    assert_eq!(run(&["policy", "--check", "policy.json"], &app).0, 0);
    let more = format!("{main}\nrequire('electron').ipcMain.handle('save', () => 1);\nfetch('https://new.example/');");
    fs::write(app.join("main.js"), more).expect("written");
    let (code, difference, _) = run(&["policy", "--check", "policy.json"], &app);
    let expected = "+ /electron/ipc of save: exists  (main.js:2)\n+ /network/hosts: new.example  (main.js:3)\n";
    assert_eq!((code, difference.as_str()), (1, expected));
    // What is granted and not needed is a note.
    fs::write(app.join("main.js"), "").expect("written");
    let (code, difference, notes) = run(&["policy", "--check", "policy.json"], &app);
    assert_eq!((code, difference.as_str()), (0, ""));
    assert!(notes.contains("grants more than is needed: /network/hosts: api.example.com"), "{notes}");
}

#[test]
fn exit_codes() {
    let app = folder(
        "policy-codes",
        &[
            ("package.json", PACKAGE),
            (
                "main.js",
                "const { net, ipcMain } = require('electron'); ipcMain.handle('get', (e, url) => net.fetch(url));",
            ),
            ("bad.json", r#"{ "version": 1, "surprise": true, "network": { "hosts": ["a b"] } }"#),
            ("empty.json", r#"{ "version": 1 }"#),
        ],
    );
    let (code, _, errors) = run(&["policy", "--check", "bad.json"], &app);
    assert_eq!(code, 2);
    assert!(errors.contains("bad.json:1:17") && errors.contains("/network/hosts/0"), "all at once: {errors}");
    assert_eq!(run(&["policy", "--check", "missing.json"], &app).0, 2);
    assert_eq!(run(&["policy", "-o", "no/such/folder.json"], &app).0, 2);
    let empty = folder("policy-no-app", &[("readme.txt", "nothing")]);
    assert_eq!(run(&["policy"], &empty).0, 3);
    let (code, text, notes) = run(&["policy"], &app);
    assert_eq!(code, 0);
    assert!(
        notes.contains("1 thing could not be resolved") || notes.contains("things could not be resolved"),
        "{notes}"
    );
    let manifest = Manifest::parse(&text).expect("a manifest");
    assert!(manifest.network.is_none(), "what is not known is granted nothing");
    assert!(manifest.unresolved.iter().any(|open| open.rule == "egress-dynamic-url" && open.at == "main.js:1"));
    assert_eq!(run(&["policy", "--strict"], &app).0, 4);
    fs::write(app.join("policy.json"), &text).expect("written");
    assert_eq!(run(&["policy", "--check", "policy.json", "--strict"], &app).0, 0, "FILE lists it");
    fs::write(app.join("granted.json"), text.replace("egress-dynamic-url", "another-rule")).expect("written");
    assert_eq!(run(&["policy", "--check", "granted.json", "--strict"], &app).0, 4);
    assert_eq!(run(&["policy", "--check", "granted.json"], &app).0, 0);
}

#[test]
fn two_apps_are_one_too_many() {
    let both = folder(
        "policy-two",
        &[("a/package.json", PACKAGE), ("a/main.js", ""), ("b/package.json", PACKAGE), ("b/main.js", "")],
    );
    assert_eq!(run(&["policy"], &both).0, 2);
    assert_eq!(run(&["policy", "a"], &both).0, 0);
}

#[test]
fn places_are_relative_to_the_app() {
    let above =
        folder("policy-above", &[("deep/package.json", PACKAGE), ("deep/main.js", "fetch('https://a.example/');")]);
    let (code, text, _) = run(&["policy", "deep"], &above);
    let (_, inside, _) = run(&["policy"], &above.join("deep"));
    assert_eq!((code, &text), (0, &inside));
    assert!(text.contains("\"main.js:1\""), "{text}");
}

#[test]
fn what_is_private_or_only_for_development_is_not_granted() {
    let manifest = derived(
        "policy-private",
        "const { app, net } = require('electron');
        net.fetch('http://192.168.1.20/status'); net.fetch('https://localhost:3000/x');
        if (!app.isPackaged) net.fetch('https://dev.example/');",
    );
    assert!(manifest.network.is_none(), "{:?}", manifest.network);
    let rules: Vec<&str> = manifest.unresolved.iter().map(|open| open.rule.as_str()).collect();
    assert_eq!(rules, ["egress-private-network"; 2]);
}

#[test]
fn permissions_navigation_and_openers_by_what_they_compare() {
    let manifest = derived("policy-guards", "const { app, BrowserWindow, session, shell } = require('electron');
        app.whenReady().then(() => {
          const w = new BrowserWindow();
          w.webContents.on('will-navigate', (e, url) => { if (!url.startsWith('https://app.example/')) e.preventDefault(); });
          w.webContents.setWindowOpenHandler(({ url }) => {
            if (new URL(url).origin === 'https://login.example') return { action: 'allow' };
            shell.openExternal(url);
            return { action: 'deny' };
          });
          session.defaultSession.setPermissionRequestHandler((c, permission, done) => done(permission === 'media'));
          w.loadURL('https://app.example/start');
        });");
    let electron = manifest.electron.expect("Electron's part");
    let origins = |list: Option<Vec<electrolint_policy::manifest::OriginEntry>>| -> Vec<String> {
        list.into_iter().flatten().map(|entry| entry.origin).collect()
    };
    assert_eq!(origins(electron.navigation), ["https://app.example"]);
    assert_eq!(origins(electron.window_open), ["https://login.example"]);
    let permissions = electron.permissions.expect("permissions");
    assert_eq!(permissions[0].allow.as_deref(), Some(&["media".to_owned()][..]));
    assert!(electron.open_external.is_none(), "any address is opened: that is unresolved, not granted");
    assert!(manifest.unresolved.iter().any(|open| open.rule == "open-external"));
    let windows = electron.windows.expect("windows");
    assert_eq!(windows[0].load.as_deref(), Some(&["https://app.example/start".to_owned()][..]));
}

#[cfg(unix)]
#[test]
fn run_passes_everything_through() {
    use std::os::unix::fs::PermissionsExt;
    let place =
        folder("run", &[("sandbox.sh", "#!/bin/sh\nprintf '%s|' \"$@\"\nread line\necho \"$line\"\nexit 70\n")]);
    let program = place.join("sandbox.sh");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("executable");
    let mut command = Command::cargo_bin("electrolint").expect("the command is built");
    let arguments = ["run", "--policy", "p.json", "--help", "-e", "return 1", "--", "-x"];
    let output =
        command.args(arguments).env("ELECTROLINT_SANDBOX", &program).write_stdin("in\n").output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!((output.status.code(), text.as_str()), (Some(70), "run|--policy|p.json|--help|-e|return 1|--|-x|in\n"));
    // Neither beside the command nor named: refused, not looked up on PATH.
    let mut command = Command::cargo_bin("electrolint").expect("the command is built");
    let output = command.args(["run", "x.js"]).env("ELECTROLINT_SANDBOX", "/does/not/exist").output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
}
