//! Questions about comments, globals, modules, addons and sandboxes, each asked of a small app in memory.

use std::sync::Arc;

use electrolint_model::app::{App, End, Past};
use electrolint_model::link::UnitId;
use electrolint_model::source::{FileKind, Role, SourceFile, Sources};
use electrolint_model::text::Text;
use electrolint_model::{Options, analyse};

fn with<T>(files: &[(&str, &str)], ask: impl FnOnce(&App) -> T) -> T {
    let kind = |path: &str| match path.rsplit('.').next() {
        Some("ts") => FileKind::TypeScript,
        Some("html") => FileKind::Html,
        Some("json") => FileKind::Json,
        Some("yml") => FileKind::Yaml,
        _ => FileKind::JavaScript,
    };
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
    let sources = Sources { files, ..Sources::default() };
    ask(&analyse(&sources, &Options::default()))
}

#[test]
fn comments_that_speak_to_linters_are_found_in_every_kind_of_file() {
    let files = [
        (
            "a.js",
            "#!/usr/bin/env node\n'use strict';\n// electrolint-ignore-file[a]: x\nf(); /* eng-disable B */\nconst s = '// electrolint-ignore[c]';\n",
        ),
        ("b.html", "<!doctype html>\n<!-- electrolint-ignore[a]: x -->\n<script>\n// eng-disable C\n</script>\n"),
        ("c.yml", "a: 1 # electrolint-ignore[a]: x\nb: '# electrolint-ignore[b]'\n"),
        ("d.json", "{\n  // electrolint-ignore[a]: x\n  \"a\": \"// electrolint-ignore[b]\"\n}\n"),
    ];
    with(&files, |app| {
        let said: Vec<(&str, &str, bool)> = app
            .spoken_comments()
            .iter()
            .map(|comment| (app.path(comment.span), app.text(comment.span), comment.leads))
            .collect();
        assert_eq!(
            said,
            [
                ("a.js", "// electrolint-ignore-file[a]: x", true),
                ("a.js", "/* eng-disable B */", false),
                ("b.html", "<!-- electrolint-ignore[a]: x -->", true),
                ("b.html", "// eng-disable C", false),
                ("c.yml", "# electrolint-ignore[a]: x", false),
                ("d.json", "// electrolint-ignore[a]: x", false),
            ]
        );
    });
}

#[test]
fn globals_are_values_and_no_types() {
    let text = "let x: Buffer; const y: NodeJS.Timeout = z;\nif (typeof process !== 'undefined') process.exit();\nBuffer.from(process.env.HOME);\n";
    with(&[("main.ts", text)], |app| {
        let globals = app.globals_of(UnitId(0));
        let found: Vec<(&str, Option<&str>, bool)> =
            globals.iter().map(|used| (used.name.as_str(), used.member.as_deref(), used.is_probed)).collect();
        assert_eq!(
            found,
            [
                ("z", None, false),
                ("process", Some("exit"), true),
                ("Buffer", Some("from"), false),
                ("process", Some("env"), true),
            ]
        );
    });
}

#[test]
fn modules_are_named_with_what_is_taken_of_them() {
    let text = "import { app, net as network } from 'electron';\nimport type { Menu } from 'electron';\nconst fs = require('fs');\nfs.readFile(app.name, network);\nimport('./late');\n";
    with(&[("main.ts", text)], |app| {
        let modules = app.modules_of(UnitId(0));
        let found: Vec<(&str, String, bool)> =
            modules.iter().map(|used| (used.specifier.as_str(), used.names.join(" "), used.is_dynamic)).collect();
        let expected = [
            ("electron", "app net".to_owned(), false),
            ("fs", "readFile".to_owned(), false),
            ("./late", String::new(), true),
        ];
        assert_eq!(found, expected);
    });
}

#[test]
fn addons_are_told_by_their_manifest_or_their_globals() {
    let manifest = r#"{ "version": 1, "id": "a", "main": "./index.js", "permissions": [{ "name": "ROOT" }], "distribution": false,
      "inbound": { "http": [{ "path": "open", "requireToken": false }, { "path": "closed" }] } }"#;
    let files = [
        ("addons/a/addon.json", manifest),
        ("addons/a/index.js", "require('fs');"),
        ("addons/b/index.js", "network.request('https://example.com/'); storage.Read();"),
        ("game/addon.json", r#"{ "name": "sword" }"#),
        ("main.js", "const { app } = require('electron'); app.whenReady();"),
    ];
    with(&files, |app| {
        let folders: Vec<(&str, usize)> =
            app.addons().iter().map(|addon| (addon.folder.as_str(), addon.units.len())).collect();
        assert_eq!(folders, [("addons/a", 1), ("addons/b", 1)]);
        let manifest = app.addons()[0].manifest.as_ref().expect("it has one");
        assert!(manifest.root.is_some() && !manifest.distribution);
        assert_eq!(manifest.main.as_deref(), Some("index.js"));
        assert_eq!(manifest.open_routes.len(), 1);
    });
}

#[test]
fn sandboxes_say_how_they_end_and_what_they_are_handed() {
    let head = "const { createSandbox } = require('@electrolint/sandbox');\n";
    let end = |body: &str| {
        let text = format!("{head}exports.run = async (code, x) => {{ {body} }};\n");
        with(&[("main.js", text.as_str())], |app| app.sandboxes()[0].end.clone())
    };
    let make = "const s = await createSandbox();";
    assert_eq!(end(&format!("{make} try {{ await s.execute(code); }} finally {{ s.exit(); }}")), End::Always);
    assert_eq!(end(&format!("{make} await s.execute(code);")), End::Never);
    assert_eq!(end("return createSandbox();"), End::Elsewhere);
    assert!(matches!(end(&format!("{make} await s.execute(code); s.exit();")), End::Sometimes(_, Past::Throw(_))));
    assert!(matches!(end(&format!("{make} if (x) return; s.exit();")), End::Sometimes(_, Past::Return(_))));
    assert!(matches!(end(&format!("{make} if (x) s.exit();")), End::Sometimes(_, Past::Condition(_))));
    let text = format!("{head}createSandbox({{ api: {{ add: (a) => a, notes: {{ read() {{}} }} }} }});\n");
    with(&[("main.js", text.as_str())], |app| {
        let names: Vec<&str> = app.sandboxes()[0].functions.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["add", "notes.read"]);
    });
}

#[test]
fn texts_of_few_alternatives_are_each_of_them() {
    let text = "const { net } = require('electron');\nconst base = x ? 'https://a.example' : 'https://b.example';\nnet.fetch(`${base}/items`);\n";
    with(&[("main.js", text)], |app| {
        let request = &app.requests()[0];
        let urls: Vec<&str> = request.urls.iter().filter_map(|(known, _)| known.text()).collect();
        assert_eq!(urls, ["https://a.example/items", "https://b.example/items"]);
    });
}
