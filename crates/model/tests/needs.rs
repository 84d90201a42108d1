//! What an app needs at run time: what checks let through, what scripts embed, what a sandboxed script names, which
//! scripts are tools.

use std::sync::Arc;

use electrolint_model::app::Admitted;
use electrolint_model::app::checks::{UrlPart, parameter_root};
use electrolint_model::source::{FileKind, Role, SourceFile, Sources};
use electrolint_model::text::Text;
use electrolint_model::{App, Options, analyse};

fn sources(files: &[(&str, &str)]) -> Sources {
    let kind = |path: &str| match path.rsplit('.').next() {
        Some("tsx") => FileKind::Tsx,
        Some("json") => FileKind::Json,
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
    Sources { files, ..Sources::default() }
}

/// What `test` lets through of `url`, in front of `shell.openExternal(url)`.
fn admitted(test: &str) -> Option<Vec<Admitted>> {
    let text = format!(
        "const {{ shell, ipcMain, app }} = require('electron');
         const HOSTS = ['a.example', 'b.example'];
         var CIRCLE = new Set(CIRCLE);
         const asksItself = (url) => asksItself(url) === true;
         const isDocs = (host) => {{ if (!host) return false; return host === 'docs.example'; }};
         ipcMain.on('open', (event, url) => {{ const u = new URL(url); if ({test}) shell.openExternal(url); }});"
    );
    let sources = sources(&[("main.js", &text)]);
    let app = analyse(&sources, &Options::default());
    let calls = app.calls("shell.openExternal");
    let call = app.program.call(calls[0].call);
    let handler = app.ipc_handlers()[0].handler.expect("a handler");
    let found = app.admitted(handler, call.condition, &parameter_root(handler, 1));
    found.map(|mut list| {
        list.sort();
        list
    })
}

#[test]
fn checks_admit_constants() {
    use UrlPart::{Host, Origin, Protocol, Whole};
    let is = |list: &[(UrlPart, &str)]| Some(list.iter().map(|(part, text)| (*part, (*text).to_owned())).collect());
    for (test, expected) in [
        ("u.protocol === 'https:'", is(&[(Protocol, "https:")])),
        ("u.protocol === 'https:' || u.protocol === 'mailto:'", is(&[(Protocol, "https:"), (Protocol, "mailto:")])),
        ("HOSTS.includes(u.hostname)", is(&[(Host, "a.example"), (Host, "b.example")])),
        ("new Set(HOSTS).has(u.host)", is(&[(Host, "a.example"), (Host, "b.example")])),
        ("u.protocol === 'https:' && u.host === 'a.example'", is(&[(Origin, "https://a.example")])),
        ("u.origin === 'https://a.example'", is(&[(Origin, "https://a.example")])),
        ("url.startsWith('https://a.example/')", is(&[(Whole, "https://a.example/")])),
        ("u.hostname.endsWith('.example.com')", is(&[(Host, "*.example.com")])),
        ("isDocs(u.hostname)", is(&[(Host, "docs.example")])),
        ("!(u.protocol !== 'https:')", is(&[(Protocol, "https:")])),
        ("HOSTS.some((host) => u.host === host)", is(&[(Host, "a.example"), (Host, "b.example")])),
        // What bounds nothing, or cannot be read.
        ("u.protocol !== 'file:'", None),
        ("url.startsWith('https://a.example')", None),
        ("u.hostname.endsWith('example.com')", None),
        ("u.pathname === '/safe'", None),
        ("isSafe(url)", None),
        ("u.host === 'a.example' || somethingElse", None),
        ("u.host === settings.host", None),
        ("CIRCLE.has(u.host)", None),
        ("asksItself(url)", None),
        ("true", None),
    ] {
        assert_eq!(admitted(test), expected, "{test}");
    }
}

#[test]
fn scripts_embed_by_jsx_and_by_writes() {
    let sources = sources(&[(
        "a.tsx",
        "const A = () => <div><img src='https://img.example/x.png' /><a href='https://link.example'>x</a></div>;
         const pixel = new Image(); pixel.src = 'https://pixel.example/t.gif?' + Math.random();
         const s = document.createElement('script'); s.src = 'https://cdn.example/x.js';
         other.src = 'https://unknown.example/';",
    )]);
    let app = analyse(&sources, &Options::default());
    let tags: Vec<String> = app.embeds().into_iter().map(|embed| embed.tag).collect();
    assert_eq!(tags, ["img", "img", "script"]);
}

#[test]
fn what_a_script_names_and_does_not_declare() {
    let sources = sources(&[(
        "index.js",
        "const { add } = api.math; add(1, 2); globalThis.setTimeout(f, 1); const own = { log() {} }; own.log();
         network.request.get('https://a.example/'); const keep = storage.Read;",
    )]);
    let app = analyse(&sources, &Options::default());
    let uses = app.global_paths();
    let mut calls: Vec<&str> = uses.iter().filter(|used| used.call.is_some()).map(|used| used.path.as_str()).collect();
    calls.sort_unstable();
    assert_eq!(calls, ["api.math.add", "network.request.get", "setTimeout"]);
    assert!(uses.iter().any(|used| used.path == "storage.Read" && used.call.is_none()));
}

#[test]
fn tools_are_no_part_of_the_product() {
    let sources = sources(&[
        ("package.json", r#"{ "main": "main.js", "scripts": { "fetch": "node tools/fetch.js" } }"#),
        ("main.js", "require('electron').app.whenReady().then(() => require('./shared'));"),
        ("shared.js", ""),
        ("tools/fetch.js", "require('../shared');"),
        ("forge.config.js", "const help = require('./tools/help'); module.exports = {};"),
        ("tools/help.js", ""),
    ]);
    let app: App = analyse(&sources, &Options::default());
    let product: Vec<&str> = app
        .sources
        .files
        .iter()
        .filter(|file| file.kind == FileKind::JavaScript)
        .filter(|file| app.is_product_file(app.sources.find(&file.path).expect("it is there")))
        .map(|file| file.path.as_str())
        .collect();
    assert_eq!(product, ["main.js", "shared.js"]);
}
