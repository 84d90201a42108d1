//! The model's requirements, one test each: what a window effectively gets, however it is written.

use std::sync::Arc;

use electrolint_model::app::{VersionSource, WindowKind};
use electrolint_model::electron::Version;
use electrolint_model::electron::preferences::Value;
use electrolint_model::link::things::Certainty;
use electrolint_model::source::{FileKind, Role, SourceFile, Sources};
use electrolint_model::text::Text;
use electrolint_model::{App, Options, analyse};

fn kind(path: &str) -> FileKind {
    match path.rsplit('.').next() {
        Some("ts") => FileKind::TypeScript,
        Some("tsx") => FileKind::Tsx,
        Some("html") => FileKind::Html,
        Some("json") if path.ends_with("package-lock.json") => FileKind::Lockfile,
        Some("json") => FileKind::Json,
        Some("lock") => FileKind::Lockfile,
        _ => FileKind::JavaScript,
    }
}

fn sources(files: &[(&str, &str)]) -> Sources {
    let mut files: Vec<SourceFile> = files
        .iter()
        .map(|(path, text)| SourceFile {
            path: (*path).to_owned(),
            kind: kind(path),
            role: Role::Own,
            text: Arc::new(Text::plain(*text)),
        })
        .collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Sources { files, ..Sources::default() }
}

fn version(text: &str) -> Options {
    Options { electron_version: Version::parse(text), threads: 1 }
}

/// Runs a question on an app of these files under an Electron.
fn with<T>(files: &[(&str, &str)], electron: &str, ask: impl FnOnce(&App) -> T) -> T {
    let sources = sources(files);
    let app = analyse(&sources, &version(electron));
    ask(&app)
}

/// Everything that the first window can have under a key, and how it is known.
fn settings(files: &[(&str, &str)], electron: &str, key: &str) -> Vec<(Option<bool>, Certainty)> {
    with(files, electron, |app| {
        let window = app.windows.first().expect("there is a window");
        let mut found: Vec<(Option<bool>, Certainty)> = window
            .settings(app, key)
            .into_iter()
            .map(|fact| (if let Value::Known(value) = fact.value { Some(value) } else { None }, fact.certainty))
            .collect();
        found.sort();
        found
    })
}

/// The one value of a key in the first window of a script that imports BrowserWindow.
fn one(body: &str, electron: &str, key: &str) -> (Option<bool>, Certainty) {
    let script = format!("const {{ BrowserWindow }} = require('electron');\n{body}");
    let found = settings(&[("main.js", &script)], electron, key);
    assert_eq!(found.len(), 1, "{body}: {found:?}");
    found[0]
}

const SURE: Certainty = Certainty::Certain;
const FIRM: Certainty = Certainty::Firm;

#[test]
fn r01_a_setting_is_what_holds_not_what_is_written() {
    let sandboxed = "new BrowserWindow({ webPreferences: { nodeIntegration: true, sandbox: true } });";
    with(&[("main.js", &format!("const {{ BrowserWindow }} = require('electron');\n{sandboxed}"))], "39.0.0", |app| {
        let preferences = app.windows[0].effective(app);
        assert!(preferences.node_integration_inert().is_some());
        assert!(preferences.context_isolation.is(true), "the default since 12");
    });
    assert_eq!(one("new BrowserWindow();", "11.0.0", "contextIsolation"), (Some(false), FIRM));
    assert_eq!(one("new BrowserWindow();", "12.0.0", "contextIsolation"), (Some(true), FIRM));
}

#[test]
fn r02_what_counts_as_true_depends_on_the_version() {
    let zero = "new BrowserWindow({ webPreferences: { webSecurity: 0 } });";
    assert_eq!(one(zero, "15.0.0", "webSecurity").0, Some(true));
    assert_eq!(one(zero, "16.0.0", "webSecurity").0, Some(false));
    let undefined = "new BrowserWindow({ webPreferences: { contextIsolation: undefined } });";
    assert_eq!(one(undefined, "15.0.0", "contextIsolation").0, Some(true));
    assert_eq!(one(undefined, "16.0.0", "contextIsolation").0, Some(false));
}

#[test]
fn r03_electron_is_found_under_every_name() {
    let window = "({ webPreferences: { webSecurity: false } });";
    for (file, head) in [
        ("main.js", "const { BrowserWindow } = require('electron'); new BrowserWindow"),
        ("main.js", "const { BrowserWindow: Win } = require('electron'); new Win"),
        ("main.js", "const electron = require('electron'); new electron.BrowserWindow"),
        ("main.js", "const { BrowserWindow } = require('electron/main'); new BrowserWindow"),
        ("main.js", "const { BrowserWindow } = require('@electron/remote'); new BrowserWindow"),
        ("main.js", "const { remote } = require('electron'); new remote.BrowserWindow"),
        ("main.mjs", "import { BrowserWindow } from 'electron'; new BrowserWindow"),
        ("main.mjs", "import { BrowserWindow as W } from 'electron'; new W"),
        ("main.mjs", "import electron from 'electron'; new electron.BrowserWindow"),
        ("main.mjs", "import * as electron from 'electron'; new electron.BrowserWindow"),
        ("main.mjs", "import { WebContentsView } from 'electron'; new WebContentsView"),
        ("main.ts", "import electron = require('electron'); new electron.BrowserWindow"),
        ("main.js", "const electron_1 = __importStar(require('electron')); new electron_1.BrowserWindow"),
        ("main.js", "const { electron } = window.top; const { BrowserView } = require('electron'); new BrowserView"),
    ] {
        let found = settings(&[(file, &format!("{head}{window}"))], "39.0.0", "webSecurity");
        assert_eq!(found.first().map(|fact| fact.0), Some(Some(false)), "{head}: {found:?}");
    }
    // Another file hands it on.
    let files = [
        ("electron-exports.ts", "export { BrowserWindow as Window } from 'electron';"),
        (
            "main.ts",
            "import { Window } from './electron-exports'; new Window({ webPreferences: { webSecurity: false } });",
        ),
    ];
    assert_eq!(settings(&files, "39.0.0", "webSecurity")[0].0, Some(false));
    // A class that extends it.
    let files = [(
        "main.ts",
        "import { BrowserWindow } from 'electron'; class Own extends BrowserWindow { constructor() { super({ webPreferences: { webSecurity: false } }); } } new Own();",
    )];
    assert_eq!(settings(&files, "39.0.0", "webSecurity")[0].0, Some(false));
    // A name that nothing binds is a guess; one that something else binds is none.
    let unbound = settings(
        &[("main.js", "new BrowserWindow({ webPreferences: { webSecurity: false } });")],
        "39.0.0",
        "webSecurity",
    );
    assert_eq!(unbound, [(Some(false), Certainty::Tentative)]);
    with(
        &[("main.js", "class BrowserWindow {} new BrowserWindow({ webPreferences: { webSecurity: false } });")],
        "39.0.0",
        |app| {
            assert!(app.windows.is_empty());
        },
    );
}

#[test]
fn r04_values_are_followed() {
    for (body, expected) in [
        ("new BrowserWindow({ webPreferences: { webSecurity: false } });", (Some(false), SURE)),
        ("const off = false; new BrowserWindow({ webPreferences: { webSecurity: off } });", (Some(false), FIRM)),
        ("new BrowserWindow({ webPreferences: { webSecurity: !1 } });", (Some(false), SURE)),
        ("const p = { webSecurity: false }; new BrowserWindow({ webPreferences: p });", (Some(false), FIRM)),
        ("const p = { webSecurity: false }; new BrowserWindow({ webPreferences: { ...p } });", (Some(false), FIRM)),
        (
            "const p = { webSecurity: false }; new BrowserWindow({ webPreferences: { ...p, webSecurity: true } });",
            (Some(true), SURE),
        ),
        (
            "const p = { webSecurity: true }; new BrowserWindow({ webPreferences: { webSecurity: false, ...p } });",
            (Some(true), FIRM),
        ),
        (
            "new BrowserWindow({ webPreferences: Object.assign({}, { webSecurity: true }, { webSecurity: false }) });",
            (Some(false), FIRM),
        ),
        (
            "const o = { webPreferences: {} }; o.webPreferences.webSecurity = false; new BrowserWindow(o);",
            (Some(false), FIRM),
        ),
        ("const o = {}; o.webPreferences = { webSecurity: false }; new BrowserWindow(o);", (Some(false), FIRM)),
        (
            "function options() { return { webPreferences: { webSecurity: false } }; } new BrowserWindow(options());",
            (Some(false), FIRM),
        ),
        ("new BrowserWindow(Object.freeze({ webPreferences: { webSecurity: false } }));", (Some(false), FIRM)),
        (
            "const P = { SAFE: true, OPEN: false }; new BrowserWindow({ webPreferences: { webSecurity: P.OPEN } });",
            (Some(false), FIRM),
        ),
        ("new BrowserWindow({ ['web' + 'Preferences']: { 'webSecurity': false } });", (Some(false), FIRM)),
    ] {
        let (value, certainty) = one(body, "39.0.0", "webSecurity");
        assert_eq!(value, expected.0, "{body}");
        assert!(certainty <= expected.1, "{body}: {certainty:?}");
    }
    // What is written after the use does not count.
    let after = "const o = { webPreferences: {} }; new BrowserWindow(o); o.webPreferences.webSecurity = false;";
    assert_eq!(one(after, "39.0.0", "webSecurity").0, Some(true));
    // TypeScript's casts, over files, through a factory's parameter.
    let files = [
        (
            "options.ts",
            "export const options = { webPreferences: { webSecurity: false } as Electron.WebPreferences } satisfies object;",
        ),
        (
            "main.ts",
            "import { BrowserWindow } from 'electron'; import { options } from './options';\nfunction make(o: object) { return new BrowserWindow({ ...o }); }\nmake(options!);",
        ),
    ];
    assert_eq!(settings(&files, "39.0.0", "webSecurity")[0].0, Some(false));
    // Both branches of a choice.
    let either = "new BrowserWindow({ webPreferences: { webSecurity: process.platform === 'linux' ? false : true } });";
    let script = format!("const {{ BrowserWindow }} = require('electron');\n{either}");
    let found = settings(&[("main.js", &script)], "39.0.0", "webSecurity");
    assert_eq!(found.iter().map(|fact| fact.0).collect::<Vec<_>>(), [Some(false), Some(true)]);
}

#[test]
fn r05_unknown_is_not_a_value() {
    assert_eq!(
        one("let off; new BrowserWindow({ webPreferences: { webSecurity: off } });", "39.0.0", "webSecurity").0,
        None
    );
    let around = "new BrowserWindow(decorated({ webPreferences: { webSecurity: false } }));";
    assert_eq!(one(around, "39.0.0", "webSecurity"), (Some(false), Certainty::Tentative));
}

#[test]
fn r06_a_write_in_a_function_that_nothing_refers_to_does_not_count() {
    let window = "new BrowserWindow({ webPreferences: preferences });";
    let of =
        |rest: &str| one(&format!("const preferences = {{ sandbox: true }};\n{rest}\n{window}"), "39.0.0", "sandbox");
    let unreached = [
        "function relax() { preferences.sandbox = false; }",
        "const relax = () => { preferences.sandbox = false; };",
        "function relax() { function inner() { preferences.sandbox = false; } inner(); }",
        "app.on('ready', () => { function relax() { preferences.sandbox = false; } });",
        "function relax() { preferences.sandbox = false; } module.exports = { other: 1 };",
    ];
    for script in unreached {
        assert_eq!(of(script).0, Some(true), "{script}");
    }
    let reached = [
        "function relax() { preferences.sandbox = false; } relax();",
        "function relax() { preferences.sandbox = false; } module.exports = { relax };",
        "export function relax() { preferences.sandbox = false; }",
        "const relax = () => { preferences.sandbox = false; }; app.on('ready', relax);",
        "const all = { relax() { preferences.sandbox = false; } }; all.relax();",
    ];
    for script in reached {
        let script = format!(
            "const {{ app, BrowserWindow }} = require('electron');\nconst preferences = {{ sandbox: true }};\n{script}\n{window}"
        );
        let found = settings(&[("main.js", &script)], "39.0.0", "sandbox");
        assert!(found.iter().any(|(value, _)| *value == Some(false)), "{script}: {found:?}");
    }
    // A variable too; and a page that says the name of a plain script's function may call it.
    let script = "const { BrowserWindow } = require('electron');\nlet sandbox = true;\n\
                  function relax() { sandbox = false; }\nnew BrowserWindow({ webPreferences: { sandbox } });";
    let of = |files: &[(&str, &str)]| settings(files, "39.0.0", "sandbox");
    assert_eq!(of(&[("main.js", script)]).iter().map(|found| found.0).collect::<Vec<_>>(), [Some(true)]);
    let page = "<button onclick=\"relax()\">Relax</button>";
    assert_eq!(of(&[("main.js", script), ("index.html", page)]).len(), 2);
}

#[test]
fn r07_development_is_told_apart() {
    for test in [
        "!app.isPackaged",
        "process.env.NODE_ENV !== 'production'",
        "process.env.NODE_ENV === 'development'",
        "process.defaultApp",
    ] {
        let script = format!(
            "const {{ app, BrowserWindow }} = require('electron');\nconst dev = {test};\nnew BrowserWindow({{ webPreferences: {{ webSecurity: !dev }} }});"
        );
        with(&[("main.js", &script)], "39.0.0", |app| {
            let facts = app.windows[0].settings(app, "webSecurity");
            let off: Vec<_> = facts.iter().filter(|fact| fact.value == Value::Known(false)).collect();
            assert_eq!(off.len(), 1, "{test}");
            assert_eq!(off[0].development, Some(true), "{test}");
        });
    }
    // A name that leads nowhere says nothing.
    let script = "const { BrowserWindow } = require('electron');\nnew BrowserWindow({ webPreferences: { webSecurity: !isDev } });";
    with(&[("main.js", script)], "39.0.0", |app| {
        assert!(app.windows[0].settings(app, "webSecurity").iter().all(|fact| fact.development.is_none()));
    });
}

#[test]
fn r07_development_is_followed_to_where_it_is_tested() {
    let test = "!app.isPackaged";
    let electron = "const { app } = require('electron');\n";
    let ways: &[(&str, &str, &str)] = &[
        ("const env = require('./env');", "exports.isDev = TEST;", "env.isDev"),
        ("const { isDev } = require('./env');", "module.exports = { isDev: TEST };", "isDev"),
        ("const isDev = require('./env');", "module.exports = TEST;", "isDev"),
        ("import isDev from './env';", "export default TEST;", "isDev"),
        ("import { running as isDev } from './env';", "const d = TEST; export { d as running };", "isDev"),
        ("import { isDev } from './env';", "export const isDev = () => TEST;", "isDev()"),
        ("import { config } from './env';", "export const config = { build: { dev: TEST } };", "config.build.dev"),
        ("import { Env } from './env';", "export class Env { static dev = TEST; }", "Env.dev"),
        ("import { Env } from './env';", "export class Env { get dev() { return TEST; } }", "new Env().dev"),
        ("import { env } from './env';", "export const env = {}; env.dev = TEST;", "env.dev"),
        ("import { isDev } from './env';", "export const isDev = Boolean(TEST);", "isDev"),
        ("const name = 'NODE_ENV';", "", "process.env[name] === 'development'"),
        ("import isDev from 'electron-is-dev';", "", "isDev"),
        ("import { is } from '@electron-toolkit/utils';", "", "is.dev"),
        ("", "", "__DEV__"),
        ("", "", "process.env.VITE_DEV_SERVER_URL"),
        ("", "", "MAIN_WINDOW_VITE_DEV_SERVER_URL"),
        ("", "", "SETTINGS_VITE_DEV_SERVER_URL"),
    ];
    let is_told = |main: &str, env: &str, what: &str| {
        let files =
            [("main.js", format!("{electron}{main}")), ("env.js", format!("{electron}{env}").replace("TEST", test))];
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        with(&files, "39.0.0", |app| {
            let facts = app.windows[0].settings(app, "webSecurity");
            let off: Vec<_> = facts.iter().filter(|fact| fact.value == Value::Known(false)).collect();
            assert_eq!(off.len(), 1, "{what}");
            assert_eq!(off[0].development, Some(true), "{what}");
        });
    };
    let window = "const { BrowserWindow } = require('electron');";
    for (import, env, test) in ways {
        let main = format!(
            "{import} {window} const prefs = {{ webSecurity: true }}; if ({test}) {{ prefs.webSecurity = false; }} new BrowserWindow({{ webPreferences: prefs }});"
        );
        is_told(&main, env, test);
    }
    // Handed to a function, a method, a constructor.
    for body in [
        "function open(name, dev) { BODY } open('x', TEST);",
        "const open = (name, dev) => { BODY }; open('x', TEST);",
        "class Opener { open(name, dev) { BODY } } new Opener().open('x', TEST);",
        "class Opener { constructor(dev) { this.dev = dev; } open() { const dev = this.dev; BODY } } new Opener(TEST).open();",
    ] {
        let inner = "const prefs = { webSecurity: true }; if (dev) { prefs.webSecurity = false; } new BrowserWindow({ webPreferences: prefs });";
        let main = format!("{window} {}", body.replace("BODY", inner).replace("TEST", test));
        is_told(&main, "", body);
    }
}

#[test]
fn r08_listeners_belong_to_their_objects() {
    let script = "
        const { app, BrowserWindow, ipcRenderer } = require('electron');
        const win = new BrowserWindow();
        win?.webContents?.on('will-navigate', () => {});
        win.webContents.addListener('will-navigate', () => {});
        app.on('web-contents-created', (event, contents) => contents.prependListener('will-navigate', () => {}));
        ipcRenderer.on('will-navigate', () => {});
        other.on('will-navigate', () => {});
    ";
    with(&[("main.js", script)], "39.0.0", |app| assert_eq!(app.listeners("WebContents", "will-navigate").len(), 3));
}

#[test]
fn r09_no_file_is_lost_quietly() {
    let broken = "const { BrowserWindow } = require('electron');\nfoo(;\nnew BrowserWindow({ webPreferences: { webSecurity: false } });\n";
    with(&[("main.js", broken)], "39.0.0", |app| {
        assert_eq!(app.windows.len(), 1, "what lies behind the error is read");
        assert_eq!(app.problems.len(), 1);
        assert_eq!(app.problems[0].line, Some(2));
    });
    // A cast that looks like JSX, JSX in .js, Flow.
    for (path, text) in [
        ("a.ts", "const x = <any>window; export default x;"),
        ("b.js", "export const View = () => <><p>hello</p></>;"),
        ("c.js", "// @flow\ntype Props = {| name: string |};\nexport const f = (p: Props): string => p.name;"),
    ] {
        with(&[(path, text)], "39.0.0", |app| assert_eq!(app.problems, [], "{path}"));
    }
}

#[test]
fn r10_the_version_is_read_where_it_is() {
    let package = |range: &str| format!("{{ \"devDependencies\": {{ \"electron\": \"{range}\" }} }}");
    let ask = |files: &[(&str, &str)]| {
        let sources = sources(files);
        let app = analyse(&sources, &Options::default());
        (app.electron.version.to_string(), app.electron.source)
    };
    assert_eq!(ask(&[("package.json", &package("^38.1.0"))]), ("38.1.0".to_owned(), VersionSource::Range));
    let npm = "{ \"lockfileVersion\": 3, \"packages\": { \"node_modules/electron\": { \"version\": \"38.4.2\" } } }";
    assert_eq!(
        ask(&[("package.json", &package("^38.1.0")), ("package-lock.json", npm)]),
        ("38.4.2".to_owned(), VersionSource::Lockfile)
    );
    let yarn = "# yarn lockfile v1\n\nelectron@^38.1.0:\n  version \"38.3.0\"\n";
    assert_eq!(
        ask(&[("package.json", &package("^38.1.0")), ("yarn.lock", yarn)]),
        ("38.3.0".to_owned(), VersionSource::Lockfile)
    );
    assert_eq!(ask(&[("package.json", "{}")]).1, VersionSource::Assumed);
}

#[test]
fn r11_the_last_one_wins() {
    assert_eq!(
        one(
            "new BrowserWindow({ webPreferences: { webSecurity: false, webSecurity: true } });",
            "39.0.0",
            "webSecurity"
        )
        .0,
        Some(true)
    );
    let page = "<webview webpreferences=\"webSecurity=no, webSecurity=yes\" src=\"https://example.com\"></webview>";
    with(&[("index.html", page)], "39.0.0", |app| {
        let webview = app.windows.iter().find(|window| window.kind == WindowKind::Webview).expect("there is one");
        assert_eq!(webview.settings(app, "webSecurity")[0].value, Value::Known(true));
    });
}

#[test]
fn r12_a_webview_is_bounded_by_its_embedder() {
    let page = "<webview nodeintegration webpreferences=\"contextIsolation=no, webSecurity=no\"></webview>";
    let main = |preferences: &str| {
        format!(
            "const {{ BrowserWindow }} = require('electron');\nnew BrowserWindow({{ webPreferences: {{ webviewTag: true{preferences} }} }});"
        )
    };
    let ask = |main: &str, key: &str| {
        with(&[("main.js", main), ("index.html", page)], "39.0.0", |app| {
            let webview = app.windows.iter().find(|window| window.kind == WindowKind::Webview).expect("there is one");
            webview.settings(app, key)[0].value
        })
    };
    assert_eq!(ask(&main(""), "nodeIntegration"), Value::Known(false));
    assert_eq!(ask(&main(""), "contextIsolation"), Value::Known(true));
    assert_eq!(ask(&main(""), "webSecurity"), Value::Known(false), "never bounded");
    assert_eq!(ask(&main(", contextIsolation: false"), "contextIsolation"), Value::Known(false));
}

#[test]
fn r13_boolean_attributes_count_by_presence() {
    let off = |page: &str| {
        with(&[("view.tsx", page), ("index.html", page)], "39.0.0", |app| {
            let webview = app.windows.iter().find(|window| window.kind == WindowKind::Webview).expect("there is one");
            webview.settings(app, "webSecurity")[0].value == Value::Known(false)
        })
    };
    assert!(off("<webview disablewebsecurity=\"false\" src=\"https://example.com\"></webview>"));
    let jsx = "export const View = () => <webview disablewebsecurity={false} src=\"https://example.com\" />;";
    with(&[("view.tsx", jsx)], "39.0.0", |app| {
        assert_eq!(app.windows[0].settings(app, "webSecurity")[0].value, Value::Known(true));
    });
}

#[test]
fn r14_names_in_webpreferences_are_read_as_the_version_reads_them() {
    let ask = |page: &str, electron: &str, key: &str| {
        with(&[("index.html", page)], electron, |app| app.windows[0].settings(app, key)[0].value)
    };
    assert_eq!(
        ask("<webview webpreferences=\"webSecurity=false\"></webview>", "9.0.0", "webSecurity"),
        Value::Known(true)
    );
    assert_eq!(
        ask("<webview webpreferences=\"webSecurity=false\"></webview>", "10.0.0", "webSecurity"),
        Value::Known(false)
    );
    assert_eq!(
        ask("<webview webpreferences=\"experimentalFeatures\"></webview>", "39.0.0", "experimentalFeatures"),
        Value::Known(true)
    );
    assert_eq!(
        ask("<webview webpreferences=\"experimentalfeatures=yes\"></webview>", "39.0.0", "experimentalFeatures"),
        Value::Known(false)
    );
}

#[test]
fn r15_the_cause_is_told_beside_the_effect() {
    use electrolint_model::electron::preferences::Reason;
    let script = "const { BrowserWindow } = require('electron');\nnew BrowserWindow({ webPreferences: { nodeIntegration: true } });";
    with(&[("main.js", script)], "39.0.0", |app| {
        let fact = &app.windows[0].settings(app, "sandbox")[0];
        assert_eq!(fact.value, Value::Known(false));
        assert_eq!(fact.reason, Reason::Follows { key: "nodeIntegration" });
        assert!(!fact.written);
    });
}

/// The values of the table, with the key spread from another object: the object's reader sees what a literal one says.
#[test]
fn a_spread_says_what_the_literal_says() {
    for electron in ["4.0.0", "11.0.0", "15.0.0", "16.0.0", "20.0.0", "39.0.0"] {
        for key in [
            "nodeIntegration",
            "contextIsolation",
            "sandbox",
            "webSecurity",
            "webviewTag",
            "allowRunningInsecureContent",
        ] {
            for value in ["true", "false", "undefined", "null", "0", "1", "'text'", "''"] {
                let literal =
                    one(&format!("new BrowserWindow({{ webPreferences: {{ {key}: {value} }} }});"), electron, key).0;
                let spread = one(
                    &format!(
                        "const base = {{ {key}: {value} }};\nnew BrowserWindow({{ webPreferences: {{ ...base }} }});"
                    ),
                    electron,
                    key,
                )
                .0;
                assert_eq!(spread, literal, "{key}: {value} under {electron}");
            }
        }
    }
}
