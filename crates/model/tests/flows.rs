//! Sources, sinks, and what stands between, as `electrolint facts` prints them.

use std::sync::Arc;

use electrolint_model::source::{FileKind, Role, SourceFile, Sources};
use electrolint_model::text::Text;
use electrolint_model::{Options, analyse};

fn facts(files: &[(&str, &str)]) -> String {
    let package = ("package.json", r#"{ "main": "main.js", "devDependencies": { "electron": "39.2.7" } }"#);
    let mut all: Vec<SourceFile> = files
        .iter()
        .chain([&package])
        .map(|(path, text)| {
            let kind = if path.ends_with(".json") { FileKind::Json } else { FileKind::JavaScript };
            SourceFile { path: (*path).to_owned(), kind, role: Role::Own, text: Arc::new(Text::plain(*text)) }
        })
        .collect();
    all.sort_by(|a, b| a.path.cmp(&b.path));
    analyse(&Sources { files: all, ..Sources::default() }, &Options::default()).dump()
}

/// The lines of a sink: itself and what is said of it.
fn sink(facts: &str, place: &str) -> String {
    let mut lines = facts.lines().skip_while(|line| !line.starts_with(&format!("{place} sink")));
    let first = lines.next().unwrap_or_default();
    let more = lines.take_while(|line| line.starts_with("    "));
    std::iter::once(first).chain(more).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_source_a_sink_and_the_check_between_are_told() {
    let facts = facts(&[(
        "main.js",
        "const { ipcMain, shell } = require('electron');\n\
         ipcMain.on('a', (event, url) => {\n\
         if (url.startsWith('https://')) shell.openExternal(url);\n\
         if (url.includes('example.com')) shell.openExternal(url);\n\
         shell.openExternal('https://example.com');\n\
         });\n",
    )]);
    assert!(facts.contains("main.js:2:25 source a message of a renderer, from parameter 1 on"), "{facts}");
    let checked = sink(&facts, "main.js:3:52");
    assert!(checked.contains("guard of the scheme at main.js:3:5"), "{facts}");
    let weak = sink(&facts, "main.js:4:53");
    assert!(weak.contains("from a message of a renderer at main.js:2:25\n"), "{facts}");
    assert!(weak.contains("guard that can be got around at main.js:4:5: a search for text"), "{facts}");
    assert!(sink(&facts, "main.js:5:20").contains("from the app alone"), "{facts}");
}

#[test]
fn events_of_the_app_carry_data() {
    let facts = facts(&[(
        "main.js",
        "const { EventEmitter } = require('events');\n\
         const { ipcMain, shell } = require('electron');\n\
         const bus = new EventEmitter();\nconst other = new EventEmitter();\n\
         bus.on('open', (url) => shell.openExternal(url));\n\
         other.on('open', (url) => shell.openExternal(url));\n\
         other.emit('open', 'https://example.com');\n\
         ipcMain.on('open', (event, url) => bus.emit('open', url));\n",
    )]);
    assert!(
        sink(&facts, "main.js:5:44").contains("from a message of a renderer at main.js:8:28, handed over"),
        "{facts}"
    );
    assert!(sink(&facts, "main.js:6:46").contains("from the app alone"), "{facts}");
}

#[test]
fn collections_that_hold_themselves_end() {
    for text in [
        "let m = new Map(); m = new Map(m); for (const [k, v] of m) v(k);",
        "let a = []; a.push(...a); a.push(a); for (const x of a) x();",
        "const o = {}; o[k] = o; for (const x of Object.values(o)) x();",
        "let a = [1]; a = a.concat(a).filter(Boolean); if (a.includes(new URL(u).host)) require('electron').shell.openExternal(u);",
        "const E = require('events'); const e = new E(); e.on('a', (x) => e.emit('a', x)); e.emit('a', 1);",
        "function* g() { yield* g(); } for (const x of g()) x();",
        "const f = () => f; f()()()(); f.call(f, f).apply(f);",
    ] {
        assert!(facts(&[("main.js", text)]).contains("electron 39.2.7"), "{text}");
    }
}
