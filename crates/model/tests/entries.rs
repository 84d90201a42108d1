//! Where an app starts, and which scripts are another program's.

use std::sync::Arc;

use electrolint_model::source::{FileKind, Role, SourceFile, Sources};
use electrolint_model::text::Text;
use electrolint_model::{App, Options, analyse};

fn sources(files: &[(&str, &str)]) -> Sources {
    let mut files: Vec<SourceFile> = files
        .iter()
        .map(|(path, text)| SourceFile {
            path: (*path).to_owned(),
            kind: match path.rsplit('.').next() {
                Some("ts") => FileKind::TypeScript,
                Some("json") => FileKind::Json,
                Some("html") => FileKind::Html,
                _ => FileKind::JavaScript,
            },
            role: Role::Own,
            text: Arc::new(Text::plain(*text)),
        })
        .collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Sources { files, ..Sources::default() }
}

fn paths<'a>(app: &'a App, what: impl Fn(electrolint_model::link::UnitId) -> bool) -> Vec<&'a str> {
    app.program
        .unit_ids()
        .filter(|unit| what(*unit))
        .map(|unit| app.sources.file(app.program.file(unit)).path.as_str())
        .collect()
}

const MAIN: &str = "const { app, BrowserWindow } = require('electron'); const path = require('path');
    app.whenReady().then(() => new BrowserWindow({ webPreferences: { preload: path.join(__dirname, 'preload.js') } }));";

#[test]
fn an_example_beside_the_app_is_another_program() {
    let sources = sources(&[
        ("package.json", r#"{ "main": "dist/main.js" }"#),
        ("src/main.js", MAIN),
        ("src/preload.js", "require('./shared')"),
        ("src/shared.js", ""),
        ("src/forgotten.js", "console.log(1)"),
        ("examples/one/main.js", MAIN),
        ("examples/one/preload.js", ""),
        ("examples/helper.js", ""),
        ("examples/two.js", "require('./helper'); require('electron').app.on('ready', () => {});"),
    ]);
    let app = analyse(&sources, &Options::default());
    assert_eq!(paths(&app, |unit| app.entries().scripts.contains(&unit)), ["src/main.js"]);
    assert_eq!(
        paths(&app, |unit| app.entries().reached.contains(&unit)),
        ["src/main.js", "src/preload.js", "src/shared.js"]
    );
    assert_eq!(
        paths(&app, |unit| app.is_separate_program(unit)),
        ["examples/helper.js", "examples/one/main.js", "examples/one/preload.js", "examples/two.js"]
    );
}

#[test]
fn a_bundle_that_is_not_read_is_named_after_its_source() {
    for source in ["app/main.dev.js", "app/main.ts", "app/main.prod.js"] {
        let sources = sources(&[
            ("package.json", r#"{ "main": "app/main.prod.js" }"#),
            (source, MAIN),
            ("app/preload.js", ""),
            ("main.js", MAIN),
        ]);
        let app = analyse(&sources, &Options::default());
        assert_eq!(paths(&app, |unit| app.entries().scripts.contains(&unit)), [source]);
    }
}

#[test]
fn what_a_bundler_is_given_is_the_app() {
    let sources = sources(&[
        ("package.json", r#"{ "main": ".webpack/bundle.js" }"#),
        ("config/webpack.main.js", "module.exports = { entry: './source/start.ts' }"),
        ("source/start.ts", "import './windows';"),
        ("source/windows.ts", MAIN),
        ("template/main.js", MAIN),
    ]);
    let app = analyse(&sources, &Options::default());
    assert_eq!(paths(&app, |unit| app.entries().scripts.contains(&unit)), ["source/start.ts"]);
    assert_eq!(paths(&app, |unit| app.is_separate_program(unit)), ["template/main.js"]);
}

#[test]
fn where_the_start_is_not_known_nothing_is_another_program() {
    let sources =
        sources(&[("package.json", r#"{ "main": "generated/bundle.js" }"#), ("code/a.js", MAIN), ("code/b.js", MAIN)]);
    let app = analyse(&sources, &Options::default());
    assert_eq!(paths(&app, |unit| app.is_separate_program(unit)), Vec::<&str>::new());
}

#[test]
fn a_program_that_only_a_command_starts_is_a_tool() {
    let sources = sources(&[
        (
            "package.json",
            r#"{ "main": "src/main.js", "scripts": { "check": "electron tools/check.js", "pack": "node tools/pack.js" } }"#,
        ),
        ("src/main.js", MAIN),
        (
            "tools/check.js",
            "const { app, BrowserWindow } = require('electron'); app.whenReady().then(() => new BrowserWindow());",
        ),
        ("tools/pack.js", "require('child_process').execSync('make');"),
    ]);
    let app = analyse(&sources, &Options::default());
    assert_eq!(paths(&app, |unit| app.entries().scripts.contains(&unit)), ["src/main.js", "tools/pack.js"]);
    assert_eq!(paths(&app, |unit| app.is_separate_program(unit)), ["tools/check.js", "tools/pack.js"]);
}

#[test]
fn a_script_of_node_that_the_app_never_names_is_a_tool() {
    let sources = sources(&[
        ("package.json", r#"{ "main": "src/main.js" }"#),
        ("src/main.js", MAIN),
        ("src/unnamed.js", "require('fs').readFileSync('a');"),
        ("publish/upload.js", "require('fs').readFileSync('a');"),
        ("threads/child.js", "require('fs').readFileSync('a');"),
        ("threads/start.js", "require('child_process').fork('./threads/child.js');"),
        ("page/index.js", "document.title = 'a';"),
    ]);
    let app = analyse(&sources, &Options::default());
    assert_eq!(paths(&app, |unit| app.is_separate_program(unit)), ["publish/upload.js", "threads/start.js"]);
}

#[test]
fn a_package_inside_that_is_for_node_is_a_program_of_its_own() {
    let server = "const express = require('express'); const { get } = require('./get'); express().get('/', get);";
    let given = |main: &str, folder: &str| {
        sources(&[
            ("package.json", r#"{ "main": "src/main.js", "scripts": { "serve": "cd backend && npm start" } }"#),
            ("src/main.js", main),
            (
                &format!("{folder}/package.json"),
                r#"{ "scripts": { "start": "node index.js" }, "dependencies": { "express": "4" } }"#,
            ),
            (&format!("{folder}/index.js"), server),
            (&format!("{folder}/get.js"), "exports.get = (request, response) => fetch(request.query.url);"),
            ("page/package.json", r#"{ "scripts": { "start": "react-scripts start" } }"#),
            ("page/index.js", "document.title = 'a';"),
        ])
    };
    let sources = given(MAIN, "backend");
    let app = analyse(&sources, &Options::default());
    assert_eq!(paths(&app, |unit| app.is_separate_program(unit)), ["backend/get.js", "backend/index.js"]);
    // Where the app speaks of the folder, it is the app's.
    let main =
        format!("{MAIN} require('child_process').fork(path.join(process.resourcesPath, 'backend', 'index.js'));");
    let sources = given(&main, "backend");
    let app = analyse(&sources, &Options::default());
    assert_eq!(paths(&app, |unit| app.is_separate_program(unit)), Vec::<&str>::new());
}

#[test]
fn a_script_of_the_main_process_that_nothing_names_is_forgotten() {
    const WINDOW: &str =
        "const { BrowserWindow } = require('electron'); exports.open = () => new BrowserWindow({ width: 1 });";
    let of = |main: &str| {
        let main = format!("{MAIN} require('./windows/used').open(); {main}");
        let sources = sources(&[
            ("package.json", r#"{ "main": "main.js" }"#),
            ("main.js", &main),
            ("preload.js", "require('electron').contextBridge.exposeInMainWorld('x', 1)"),
            ("index.html", "<script src='page.js'></script><script src='old/of-page.js'></script>"),
            ("old/of-page.js", "const { net } = require('electron'); net.request('https://example.com/');"),
            ("page.js", "document.title = 'a'"),
            ("windows/used.js", WINDOW),
            ("windows/old.js", WINDOW),
            // Where the pages start is not seen.
            ("pages/start.js", "import { list } from './list'; document.body.append(list);"),
            ("pages/list.js", "import './start'; export const list = 'a';"),
        ]);
        let app = analyse(&sources, &Options::default());
        paths(&app, |unit| app.is_forgotten(app.program.file(unit))).len()
    };
    assert_eq!(of(""), 1);
    assert_eq!(of("require('./locales/' + process.env.LANG);"), 1);
    assert_eq!(of("require(path.join(__dirname, 'data', name, 'more.json'));"), 1);
    assert_eq!(of("require('./windows/used'); require.context('./pages', true, /js$/);"), 1);
    for leads in [
        "require('./windows/old');",
        "import('./windows/' + name);",
        "require(path.join(__dirname, 'windows', name));",
        "require(name);",
        "require('@own/windows/old');",
        "start('windows/old');",
        "start(path.join(folder, 'old'));",
        "require('require-all')(folder);",
        "import.meta.glob('./windows/*.js');",
        "require.context('./windows', true, /js$/);",
        "const broken = ;",
    ] {
        assert_eq!(of(leads), 0, "{leads}");
    }
}
