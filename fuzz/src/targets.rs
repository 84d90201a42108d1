//! The readers of input and the whole pipeline, each as a function of any bytes. A panic is a find.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum;
use electrolint::cli::{CheckArgs, InputArgs};
use electrolint::report::{self, Format, Look};
use electrolint_model::csp::{self, Disposition, PageContext, PageUrl, PolicySpan};
use electrolint_model::electron::lockfile;
use electrolint_model::source::{FileKind, Role, SourceFile, Sources};
use electrolint_model::text::Text;
use electrolint_model::{Options, app, html};

/// Every target: its name, and whether it is a reader alone, which takes microseconds.
pub const TARGETS: &[(&str, bool)] = &[
    ("script", true),
    ("html", true),
    ("json", true),
    ("yaml", true),
    ("toml", true),
    ("lockfile", true),
    ("csp", true),
    ("app", false),
    ("command", false),
    ("archive", false),
];

/// Runs one input through a target.
pub fn judge(target: &str, input: &[u8]) {
    match target {
        "script" => {
            let (path, input) = pick(input, &["a.js", "a.ts", "a.tsx", "a.d.ts"]);
            file(path, input);
        }
        "html" => {
            let (path, input) = pick(input, &["a.html", "a.vue", "a.svelte"]);
            file(path, input);
            fragment(&String::from_utf8_lossy(input));
        }
        "json" => file("a.json", input),
        "yaml" => file("electron-builder.yml", input),
        "toml" => file("electron-builder.toml", input),
        "lockfile" => lockfile(input),
        "csp" => policy(&String::from_utf8_lossy(input)),
        "app" => whole(input),
        "command" => command(&files(input), ""),
        "archive" => command(&[("app.asar".to_owned(), input.to_vec())], "app.asar"),
        other => panic!("no target is named {other}"),
    }
}

/// The first byte says which; the rest is what is read.
fn pick<'a, 'n>(input: &'a [u8], names: &[&'n str]) -> (&'n str, &'a [u8]) {
    match input.split_first() {
        Some((first, rest)) if *first < 32 => (names[usize::from(*first) % names.len()], rest),
        _ => (names[0], input),
    }
}

fn source(path: &str, kind: FileKind, bytes: &[u8]) -> Option<SourceFile> {
    let text = Text::decode(bytes.to_vec()).ok()?.text;
    Some(SourceFile { path: path.into(), kind, role: Role::Own, text: Arc::new(text) })
}

/// One file on its own: what it says lies in it.
fn file(path: &str, bytes: &[u8]) {
    let Some(file) = kind(path).and_then(|kind| source(path, kind, bytes)) else { return };
    let sheets = app::summarise(&file);
    let text = &file.text.content;
    for summary in &sheets.summaries {
        for node in &summary.values {
            lies_in(text, node.span);
        }
        for function in &summary.functions {
            lies_in(text, function.span);
        }
    }
    if let Some(page) = &sheets.html {
        elements(text, page);
    }
    for problem in &sheets.problems {
        assert!(!problem.message.is_empty());
    }
}

fn fragment(text: &str) {
    let page = html::read(text);
    elements(text, &page);
    html::is_fragment(text);
    let policies = csp::of_page(&page);
    csp::judge(&policies, &PageContext::default());
}

fn elements(text: &str, page: &html::Html) {
    for element in &page.elements {
        lies_in(text, element.span);
        for attribute in &element.attributes {
            lies_in(text, attribute.name_span);
            lies_in(text, attribute.value_span);
            lies_in(text, attribute.span);
        }
    }
    for script in &page.scripts {
        lies_in(text, script.content);
        assert!(page.element(script.element).is_some());
    }
    for style in &page.styles {
        lies_in(text, style.content);
    }
    for policy in &page.policies {
        lies_in(text, policy.span);
    }
}

/// A span is in order, in the text, and cuts no character.
fn lies_in(text: &str, span: (u32, u32)) {
    assert!(text.get(span.0 as usize..span.1 as usize).is_some(), "{span:?} is no part of {} bytes", text.len());
}

fn lockfile(bytes: &[u8]) {
    let (name, bytes) =
        pick(bytes, &["package-lock.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "npm-shrinkwrap.json"]);
    let text = String::from_utf8_lossy(bytes);
    let lines = text.lines().count() as u32 + 1;
    for (importer, wanted) in [(".", None), ("packages/app", Some("^39.0.0"))] {
        if let Ok(Some(locked)) = lockfile::resolved_electron(name, &text, importer, wanted) {
            assert!(locked.line <= lines, "line {} of {lines}", locked.line);
        }
    }
    lockfile::declared("electron", text.lines().next().unwrap_or_default());
}

fn policy(text: &str) {
    let inside = |text: &str, span: PolicySpan| {
        assert!(text.get(span.0 as usize..span.1 as usize).is_some(), "{span:?} is no part of the policy");
    };
    let mut policies = csp::parse_header(text, Disposition::Enforce);
    policies.push(csp::parse_meta(text, true, false, Disposition::Enforce));
    policies.push(csp::parse_meta(text, false, true, Disposition::Report));
    for policy in &policies {
        inside(text, policy.span);
        for directive in policy.directives.iter().chain(&policy.duplicates) {
            inside(text, directive.name_span);
            inside(text, directive.span);
            directive.tokens.iter().for_each(|token| inside(text, token.span));
        }
        policy.skipped.iter().for_each(|span| inside(text, *span));
    }
    for url in [PageUrl::File, PageUrl::Custom("app".into()), PageUrl::Http("https://a.b/c".into()), PageUrl::Unknown] {
        let page = PageContext { url, node: Some(true), ..PageContext::default() };
        for judgement in csp::judge(&policies, &page) {
            assert!(judgement.policy < policies.len() && !judgement.message.is_empty());
            inside(text, judgement.span);
        }
    }
}

/// The files of an app: a line `// file: PATH` begins each. What stands before the first is `main.js`.
pub fn files(input: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for line in input.split_inclusive(|byte| *byte == b'\n') {
        let name = line.strip_prefix(b"// file: ").and_then(|name| std::str::from_utf8(name).ok()).map(str::trim);
        match name {
            Some(name) if is_path(name) && files.len() < MOST_FILES => files.push((name.to_owned(), Vec::new())),
            _ => {
                if files.is_empty() {
                    files.push(("main.js".to_owned(), Vec::new()));
                }
                if let Some((_, text)) = files.last_mut() {
                    text.extend_from_slice(line);
                }
            }
        }
    }
    if !files.iter().any(|(path, _)| path == "package.json") {
        let package = br#"{ "name": "x", "main": "main.js", "devDependencies": { "electron": "39.2.7" } }"#;
        files.push(("package.json".to_owned(), package.to_vec()));
    }
    // Stable: of one path the first counts.
    files.sort_by(|one, other| one.0.cmp(&other.0));
    files.dedup_by(|one, other| one.0 == other.0);
    files
}

const MOST_FILES: usize = 12;

/// Whether a name can be a file below a folder.
fn is_path(name: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && !part.starts_with('.') && part.len() <= 40;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-/@".contains(c);
    name.len() <= 80 && name.chars().all(is_plain) && name.split('/').all(is_part)
}

/// How the command reads a file of this name, more or less.
fn kind(path: &str) -> Option<FileKind> {
    let name = path.rsplit('/').next().unwrap_or(path);
    Some(match name {
        "package-lock.json" | "npm-shrinkwrap.json" | "yarn.lock" | "pnpm-lock.yaml" | "bun.lock" => FileKind::Lockfile,
        _ => match name.rsplit_once('.')?.1 {
            "js" | "mjs" | "cjs" | "jsx" => FileKind::JavaScript,
            "ts" | "mts" | "cts" => FileKind::TypeScript,
            "tsx" => FileKind::Tsx,
            "html" | "htm" | "vue" | "svelte" => FileKind::Html,
            "json" | "json5" => FileKind::Json,
            "yml" | "yaml" => FileKind::Yaml,
            "toml" => FileKind::Toml,
            _ => return None,
        },
    })
}

/// A whole app in memory: all questions, all rules; twice the same.
fn whole(input: &[u8]) {
    let mut sources = Sources::default();
    for (path, bytes) in files(input) {
        sources.files.extend(kind(&path).and_then(|kind| source(&path, kind, &bytes)));
    }
    let run = || {
        let app = electrolint_model::analyse(&sources, &Options { threads: 1, ..Options::default() });
        let findings = electrolint_rules::run(&app, &electrolint_rules::options::Options::default());
        for finding in &findings {
            let file = sources.files.get(finding.span.file.0 as usize).expect("its file is there");
            lies_in(&file.text.content, (finding.span.start, finding.span.end));
            assert!(!finding.message.is_empty());
        }
        (app.dump(), findings.len())
    };
    let once = run();
    // The whole again costs as much: for some.
    if input.len().is_multiple_of(8) {
        assert_eq!(once, run(), "two runs differ");
    }
}

/// The command on one of these files or the folder of them all, and every format of its report.
fn command(files: &[(String, Vec<u8>)], name: &str) {
    let folder = scratch();
    let _ = std::fs::remove_dir_all(&folder);
    for (path, bytes) in files {
        let path = folder.join(path);
        let Some(parent) = path.parent() else { continue };
        // A file may stand where a folder should.
        if std::fs::create_dir_all(parent).is_ok() {
            let _ = std::fs::write(path, bytes);
        }
    }
    let input = InputArgs { paths: vec![folder.join(name)], threads: Some(1), ..InputArgs::default() };
    // A configuration that is none is an error that says so.
    match electrolint::check(&CheckArgs { input, all: true, ..CheckArgs::default() }) {
        Ok(report) => {
            for format in Format::value_variants() {
                let text = report::render(*format, &report, Look::default());
                if matches!(format, Format::Json | Format::Sarif | Format::Gitlab | Format::GitlabSast) {
                    serde_json::from_str::<serde_json::Value>(&text).expect("the report is JSON");
                }
                let is_plain = |c: char| !c.is_control() || "\n\r\t".contains(c);
                assert!(text.chars().all(is_plain), "a control character in the report");
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    let _ = std::fs::remove_dir_all(&folder);
}

/// A folder of this thread alone, in memory where the system has one there.
fn scratch() -> PathBuf {
    let memory = Path::new("/dev/shm");
    let base = if memory.is_dir() { memory.to_path_buf() } else { std::env::temp_dir() };
    let thread = format!("{:?}", std::thread::current().id());
    let thread: String = thread.chars().filter(char::is_ascii_digit).collect();
    base.join(format!("electrolint-fuzz-{}-{thread}", std::process::id()))
}
