//! Hostile input: apps that are broken, absurd or enormous, each with one file that a linter may fail on.
//!
//! Small cases are committed in `fixtures/broken/`; these are written when they are needed. Each is an app whose `main.js` holds one
//! finding of `web-security`, which must be found whatever else the app holds.

use std::fs;
use std::io;
use std::path::Path;

/// One hostile app.
pub struct Hostile {
    /// Says what is hostile.
    pub name: &'static str,
    /// The file that is.
    pub path: &'static str,
    /// What must be said of it.
    pub said: Said,
    /// Takes long in a debug build: over 1.5 MB.
    pub is_slow: bool,
    /// Its text.
    content: Content,
}

/// What must be said of a hostile file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// A problem that names the file.
    Problem,
    /// Nothing: it is odd and read like any other.
    Nothing,
    /// Either: what is too much depends on the build.
    Either,
}

enum Content {
    /// A middle, or nothing, between openings and closings, this many times.
    Nested(&'static str, &'static str, &'static str, usize),
    /// A start, then a piece, this many times, then an end.
    Repeated(&'static str, &'static str, &'static str, usize),
    /// Something else.
    Made(fn() -> Vec<u8>),
    /// More than one file.
    Written(fn(&Path) -> io::Result<()>),
}

use Content::{Made, Nested, Repeated, Written};
use Said::{Either, Nothing, Problem};

const DEEP: usize = 100_000;

const PACKAGE: &str = r#"{ "name": "hostile", "main": "main.js", "devDependencies": { "electron": "39.2.7" } }"#;
const MAIN: &str = "const { app, BrowserWindow } = require('electron')\n\
                    app.whenReady().then(() => new BrowserWindow({ webPreferences: { webSecurity: false } }))\n";

const REQUIRED: &str =
    "const{app,BrowserWindow,contextBridge,ipcMain,ipcRenderer,net,session,shell}=require('electron');";

/// Two variables that hold each other, wherever a parameter or an answer is looked for.
const CIRCLES: &str = "app.on('web-contents-created',(e,c)=>{\
    c.setWindowOpenHandler(d=>{var a=b;var b=a;return a});\
    c.setWindowOpenHandler(d=>{var a=d?b:1;var b=d?a:2;return a});\
    c.on('will-navigate',(e,u)=>{var a=b;var b=a;a.preventDefault();if(a.isMainFrame)e.preventDefault()})});\
    ipcMain.handle('a',(e,u)=>{var a=b;var b=a;if(a.sender)shell.openExternal(a.url);if(a)shell.openExternal(a)});\
    ipcMain.handle('b',(e,u)=>{var a=b??1;var b=a??2;a(u);if(a(u))shell.openExternal(b.url)});";

/// A handler that writes a variable and has it run, 15,000 times.
fn written_and_read(piece: &str) -> Vec<u8> {
    let pieces = piece.repeat(15_000);
    format!("{REQUIRED}const c=require('child_process');ipcMain.on('a',(e,d)=>{{let a='';{pieces}}});").into_bytes()
}

const fn case(name: &'static str, path: &'static str, said: Said, content: Content) -> Hostile {
    let is_slow = match content {
        Nested(open, _, close, times) => (open.len() + close.len()) * times > 1_500_000,
        Repeated(_, piece, _, times) => piece.len() * times > 1_500_000,
        Made(_) | Written(_) => false,
    };
    Hostile { name, path, said, is_slow, content }
}

/// All of them.
#[rustfmt::skip]
pub fn cases() -> Vec<Hostile> {
    vec![
        // Nesting.
        case("nested-parentheses", "a.js", Problem, Nested("(", "1", ")", DEEP)),
        case("nested-arrays", "a.js", Problem, Nested("[", "", "]", DEEP)),
        case("nested-objects", "a.js", Problem, Nested("({a:", "1", "})", DEEP)),
        case("nested-calls", "a.js", Problem, Nested("f(", "", ")", DEEP)),
        case("nested-blocks", "a.js", Problem, Nested("{", "", "}", DEEP)),
        case("nested-functions", "a.js", Problem, Nested("function f(){", "", "}", DEEP)),
        case("nested-iife", "a.js", Problem, Nested("(function(){", "", "})()", DEEP)),
        case("nested-arrow-calls", "a.js", Problem, Nested("(a=>", "1", ")()", DEEP)),
        case("nested-arrows", "a.js", Problem, Nested("()=>", "1", "", DEEP)),
        case("nested-bare-arrows", "a.js", Problem, Nested("a=>", "1", "", DEEP)),
        case("nested-classes", "a.js", Problem, Nested("(class{a=", "1", "})", DEEP)),
        case("nested-templates", "a.js", Problem, Nested("`${", "1", "}`", DEEP)),
        case("nested-patterns", "a.js", Problem, Nested("[", "a", "]=", DEEP)),
        case("nested-jsx", "a.jsx", Problem, Nested("<a>", "", "</a>", DEEP)),
        case("nested-jsx-containers", "a.jsx", Problem, Nested("<a>{", "1", "}</a>", DEEP)),
        case("nested-ifs", "a.js", Problem, Nested("if(a)", ";", "", DEEP)),
        case("nested-if-blocks", "a.js", Problem, Nested("if(a){", ";", "}else{}", DEEP)),
        case("nested-loops", "a.js", Problem, Nested("for(;;)while(a)", ";", "", DEEP)),
        case("nested-labels", "a.js", Problem, Made(|| (0..DEEP).map(|n| format!("l{n}:")).collect::<String>().into_bytes())),
        case("nested-switches", "a.js", Problem, Nested("switch(a){case 1:", "", "}", DEEP)),
        case("nested-tries", "a.js", Problem, Nested("try{", "", "}finally{}", DEEP)),
        case("nested-new", "a.js", Either, Nested("new ", "A", "", DEEP)),
        case("nested-awaits", "a.mjs", Either, Nested("await ", "a", "", DEEP)),
        case("nested-typeof", "a.js", Either, Nested("typeof ", "a", "", DEEP)),
        case("nested-not", "a.js", Either, Nested("!", "a", "", DEEP)),
        case("nested-minus", "a.js", Either, Nested("- ", "a", "", DEEP)),
        case("nested-conditions", "a.js", Either, Nested("a?b:", "1", "", DEEP)),
        case("nested-conditions-inside", "a.js", Either, Nested("a?", "1", ":b", DEEP)),
        case("nested-assignments", "a.js", Either, Nested("a=", "1", "", DEEP)),
        case("nested-powers", "a.js", Either, Nested("a**", "1", "", DEEP)),
        case("nested-imports", "a.js", Problem, Nested("import(", "a", ")", DEEP)),
        case("nested-deep-type-arguments", "a.ts", Either, Made(|| nested("let a:", "A<", "B", " >", DEEP))),
        case("nested-keyof", "a.ts", Either, Made(|| nested("let a:", "keyof ", "B", "", DEEP))),
        case("nested-conditional-types", "a.ts", Either, Made(|| nested("type T=", "A extends B?C:", "B", "", DEEP))),
        case("array-types", "a.ts", Either, Repeated("let a:A", "[]", ";", DEEP)),
        case("nested-casts", "a.ts", Either, Nested("<A>", "b", "", DEEP)),
        case("nested-behind-comments", "a.js", Problem, Nested("(/*)*/", "1", ")", DEEP)),
        case("nested-behind-strings", "a.js", Problem, Nested("(')',", "1", ")", DEEP)),
        case("nested-behind-patterns", "a.js", Either, Nested("(/'/,/)/,", "1", ")", 30_000)),
        case("nested-5-mb", "a.js", Problem, Nested("[", "", "", 4_900_000)),
        case("unclosed", "a.js", Problem, Nested("f({a:[", "", "", DEEP)),
        // What a parser must read twice to know what it is.
        case("ambiguous-conditions", "a.js", Either, Nested("a?(b):", "1", "", DEEP)),
        case("ambiguous-arrows", "a.js", Problem, Nested("(", "a", ")", DEEP + 1)),
        case("ambiguous-parameters", "a.js", Either, Made(|| nested("x=", "((a=", "1", ")=>1)", 4000))),
        case("ambiguous-generics", "a.ts", Either, Repeated("x=", "a<", "a", DEEP)),
        case("ambiguous-generic-arrows", "a.ts", Either, Nested("<T,>(a=", "1", ")=>a", 4000)),
        // What an open template hides from a look at the whole is code once its first line is left out.
        case("ambiguous-after-an-error", "a.js", Problem, Made(|| format!("{{ =`\n{}", "< (new (a at\n< (new (b\n".repeat(40)).into_bytes())),
        case("ambiguous-types", "a.tsx", Either, Nested("f<(a:", "b", ")=>c>(d)", 4000)),
        case("tries-of-type-arguments", "a.ts", Problem, Nested("a<(b=", "1", "", 60)),
        case("tries-of-type-arguments-in-javascript", "a.js", Problem, Nested("a<(b=", "1", "", 60)),
        case("tries-of-object-types", "a.tsx", Problem, Nested("a<{[", "", "", 60)),
        case("tries-of-function-types", "a.tsx", Problem, Nested("a<((", "", "", 60)),
        case("tries-of-casts", "a.ts", Problem, Nested("<T>(", "1", "", 60)),
        case("tries-of-templates", "a.tsx", Problem, Nested("a<T>`${", "1", "", 60)),
        case("tries-of-flow", "a.js", Problem, Nested("(a:(", "1", "", 60)),
        case("tries-of-flow-that-says-so", "a.js", Nothing, Made(|| [b"/* @flow */ let a:".to_vec(), nested("", "(", "1", "", 60)].concat())),
        case("tries-behind-words-of-types", "a.js", Either, Made(|| [b"/* @flow */ x=".to_vec(), nested("", "yield <(", "1", "", 60)].concat())),
        case("tries-behind-closing-strings", "a.ts", Problem, Nested("a<(')',b=", "1", "", 60)),
        case("tries-behind-regular-expressions", "a.ts", Problem, Nested("a<(b=/'/,", "1", "", 60)),
        case("tries-that-are-few", "a.ts", Either, Repeated("", "a<(b=a<(b=a<(b=1;\n", "", 20_000)),
        // Chains.
        case("chain-of-sums", "a.js", Either, Repeated("x=a", "+a", "", DEEP)),
        case("chain-of-strings", "a.js", Either, Repeated("x='a'", "+'b'", "", DEEP)),
        case("chain-of-members", "a.js", Either, Repeated("a", ".b", "", DEEP)),
        case("chain-of-optional-members", "a.js", Either, Repeated("a", "?.b", "", DEEP)),
        case("chain-of-calls", "a.js", Either, Repeated("a", "()", "", DEEP)),
        case("chain-of-methods", "a.js", Either, Repeated("a", ".b()", "", DEEP)),
        case("chain-of-optional-calls", "a.js", Either, Repeated("a", "?.()", "", DEEP)),
        case("chain-of-indices", "a.js", Either, Repeated("a", "[0]", "", DEEP)),
        case("chain-of-tags", "a.js", Either, Repeated("a", "`b`", "", DEEP)),
        case("chain-of-assertions", "a.ts", Either, Repeated("a", "!", "", DEEP)),
        case("chain-of-casts", "a.ts", Either, Repeated("a", " as any", "", DEEP)),
        case("chain-of-or", "a.js", Either, Repeated("a", "||a", "", DEEP)),
        case("chain-of-nullish", "a.js", Either, Repeated("a", "??a", "", DEEP)),
        case("chain-of-commas", "a.js", Nothing, Repeated("a", ",a", "", DEEP)),
        case("chain-of-else-if", "a.js", Problem, Repeated("if(a);", "else if(a);", "", DEEP)),
        case("chain-of-else-blocks", "a.js", Problem, Repeated("if(a){}", "else if(a){}", "", DEEP)),
        case("chain-of-sums-5-mb", "a.js", Either, Repeated("x=a", "+a", "", 2_400_000)),
        case("chain-of-members-5-mb", "a.js", Either, Repeated("a", ".b", "", 2_400_000)),
        // Size.
        case("dense", "a.js", Nothing, Repeated("", "a(1);", "", 460_000)),
        case("denser", "a.js", Problem, Repeated("", "a(1);", "", 990_000)),
        case("dense-with-error", "a.js", Problem, Repeated("", "a(1);\n", "foo(;", 460_000)),
        case("dense-objects", "a.js", Nothing, Repeated("x=[", "{a:1},", "]", 349_000)),
        case("several-dense", "a1.js", Nothing, Written(several)),
        case("many-files", "many/f1.js", Nothing, Written(many)),
        case("statements-10-mb", "a.js", Problem, Repeated("", "a(1);", "", 2_000_000)),
        case("functions-193-mb", "a.js", Problem, Repeated("", "function f(){return 1}\n", "", 8_400_000)),
        case("one-string-10-mb", "a.js", Problem, Repeated("x='", "a", "'", 10_000_000)),
        case("one-string", "a.js", Nothing, Repeated("x='", "a", "'", 4_900_000)),
        case("one-template", "a.js", Nothing, Repeated("x=`", "a${1}", "`", 690_000)),
        case("one-comment", "a.js", Nothing, Repeated("/*", "*", "*/", 4_900_000)),
        case("one-line-of-blanks", "a.js", Nothing, Repeated("", " ", "a", 4_900_000)),
        case("big-integer", "a.js", Problem, Repeated("x=", "9", "n", 1_000_000)),
        case("long-number", "a.js", Nothing, Repeated("x=", "9", "", 1_000_000)),
        case("long-identifier", "a.js", Nothing, Repeated("", "a", "", 4_900_000)),
        case("many-names", "a.js", Nothing, Made(|| (0..250_000).map(|n| format!("let v{n}={n};")).collect::<String>().into_bytes())),
        case("many-errors", "a.js", Problem, Repeated("", "foo(;\n", "", 800_000)),
        case("many-errors-in-line", "a.js", Problem, Repeated("", "foo(; ", "", 800_000)),
        case("regular-expression", "a.js", Either, Made(|| nested("x=/", "(", "a", ")", 1_000_000))),
        // Values.
        case("doubling-strings", "a.js", Nothing, Made(|| doubled("v0='aaaaaaaaaaaaaaaa'", |n| format!("v{}+v{0}", n - 1)))),
        case("doubling-arrays", "a.js", Nothing, Made(|| doubled("v0=['a']", |n| format!("[...v{},...v{0}]", n - 1)))),
        case("doubling-objects", "a.js", Nothing, Made(|| doubled("v0={a:1}", |n| format!("{{a:v{},b:v{0},...v{0}}}", n - 1)))),
        case("doubling-conditions", "a.js", Nothing, Made(|| doubled("v0=a", |n| format!("x?v{}:y?v{0}:v{0}", n - 1)))),
        case("doubling-calls", "a.js", Nothing, Made(|| doubled("v0=()=>1", |n| format!("()=>[v{}(),v{0}()]", n - 1)))),
        case("endless-calls", "a.js", Nothing, Made(|| b"function f(a){return g(f(a))}function g(a){return f(g(a))}new BrowserWindow(f(g({})))".to_vec())),
        case("variables-in-a-circle", "a.js", Either, Made(|| format!("{REQUIRED}{CIRCLES}").into_bytes())),
        case("flags-in-a-circle", "a.js", Either, Made(|| {
            let flags: String = (0..40).map(|n| format!("let f{n}=false;")).collect();
            let sets: String = (0..200).map(|n| format!("if(f{}&&f{})f{}=true;", n % 40, n * 7 % 40, n * 3 % 40)).collect();
            format!("{REQUIRED}ipcMain.handle('a',(e,u)=>{{{flags}{sets}if(f0)shell.openExternal(u)}})").into_bytes()
        })),
        case("requests-in-a-circle", "a.js", Either, Made(|| format!("{REQUIRED}let a=new Request(b);var b=new Request(a);fetch(a).then(r=>r.text()).then(t=>eval(t));fetch(b).then(eval)").into_bytes())),
        case("helpers-in-a-circle", "a.js", Either, Made(|| format!("{REQUIRED}function f(u){{return f(u)===true}}ipcMain.on('a',(e,u)=>{{if(f(u))shell.openExternal(u)}})").into_bytes())),
        case("doubling-checks", "a.js", Either, Made(|| doubled_tests("u.startsWith('https:')", |n| format!("v{n}?v{n}:v{n}")))),
        case("doubling-tests-of-senders", "a.js", Either, Made(|| doubled_tests("e.sender", |n| format!("v{n}||v{n}")))),
        case("doubling-answers", "a.js", Either, Made(|| {
            let steps: String = (1..200).map(|n| format!("const v{n}=x{n}?v{0}:v{0};", n - 1)).collect();
            format!("{REQUIRED}app.on('web-contents-created',(e,c)=>c.setWindowOpenHandler(d=>{{const v0={{action:'allow'}};{steps}return v199}}))").into_bytes()
        })),
        case("reexports-in-a-circle", "b.js", Nothing, Written(circle)),
        case("components-in-a-circle", "App.vue", Nothing, Written(components)),
        case("braces-of-a-template", "a.svelte", Nothing, Repeated("", "{", "", DEEP)),
        case("elements-of-a-template", "a.vue", Nothing, Made(|| {
            nested("<script>let b</script>", "<Row v-for='a in b' :c='a'>", "", "</Row>", DEEP)
        })),
        // Text.
        case("nul-bytes", "a.js", Problem, Made(|| vec![0; 4096])),
        case("late-nul-byte", "a.js", Problem, Made(|| [b"x=1\n".repeat(5000), vec![0], b"(".to_vec()].concat())),
        case("noise", "a.js", Problem, Made(|| noise(1_000_000))),
        case("program", "a.js", Problem, Made(|| [b"\x7fELF\x02\x01\x01".to_vec(), vec![0; 9], noise(10_000)].concat())),
        case("utf-16-le", "a.js", Nothing, Made(|| utf16(u16::to_le_bytes))),
        case("utf-16-be", "a.js", Nothing, Made(|| utf16(u16::to_be_bytes))),
        case("utf-16-odd", "a.js", Problem, Made(|| [utf16(u16::to_le_bytes), vec![65]].concat())),
        case("mark", "a.js", Nothing, Made(|| b"\xEF\xBB\xBFlet a = 1\n".to_vec())),
        case("mark-and-hashbang", "a.js", Nothing, Made(|| b"\xEF\xBB\xBF#!/usr/bin/env node\nlet a = 1\n".to_vec())),
        case("not-utf-8", "a.js", Problem, Made(|| b"let a = '\xC0\xAF\xED\xA0\x80'\n".to_vec())),
        case("latin-1", "a.js", Problem, Made(|| b"let a = 'caf\xE9'\n".to_vec())),
        case("empty", "a.js", Nothing, Made(Vec::new)),
        case("error-in-the-middle", "a.js", Problem, Made(|| b"let a = 1\nfoo(;\nlet b = 2\n".to_vec())),
        case("open-template", "a.js", Problem, Made(|| b"let a = 1\nlet b = `abc\n".to_vec())),
        // The parser panics: https://github.com/swc-project/swc, `parse_jsx_element_name` of 47.0.0.
        case("defect-of-the-parser", "a.jsx", Problem, Made(|| b"let a = 1\nlet b = <c:d.e/>\nlet f = 2\n".to_vec())),
        case("impossible-escape", "a.js", Problem, Made(|| b"let a = \"\\u{110000}\"\n".to_vec())),
        case("json-named-js", "a.js", Problem, Made(|| b"{ \"a\": 1, \"b\": [2] }\n".to_vec())),
        case("html-named-js", "a.js", Problem, Made(|| b"<!doctype html>\n<p>text of a page</p>\n".to_vec())),
        case("hashbang", "a.js", Nothing, Made(|| b"#!/usr/bin/env node\nlet a = 1\n".to_vec())),
        case("line-ends", "a.js", Nothing, Made(|| "let a = 1\rlet b = 2\r\nlet c = 3\u{2028}let d = 4\u{2029}let e = '\u{2028}'\n".into())),
        case("missing-brace", "a.js", Either, Made(|| b"function f() {\n  if (a) {\n    b();\n}\n".to_vec())),
        case("merge-markers", "a.js", Either, Made(|| b"let a = 1\n<<<<<<< HEAD\nlet b = 2\n=======\nlet b = 3\n>>>>>>> topic\nlet c = 4\n".to_vec())),
        case("with-in-a-module", "a.mjs", Either, Made(|| b"export let a = 1\nwith (a) b()\n".to_vec())),
        case("native-syntax", "a.js", Either, Made(|| b"let a = 1\n%DebugPrint(a)\nlet b = 2\n".to_vec())),
        case("twice-declared", "a.js", Nothing, Made(|| b"let a = 1\nlet a = 010\ndelete a\nvar await = 2\nreturn a\n".to_vec())),
        case("flow", "a.js", Nothing, Made(|| b"// @flow\ntype A = {| b: ?string |}\nfunction f(a: A): %checks { return (a: any) }\n".to_vec())),
        case("flow-without-word", "a.js", Nothing, Made(|| b"import type { A } from './a'\nexport const f = (a: ?A): number => (a: any)\n".to_vec())),
        case("decorators", "a.js", Nothing, Made(|| b"@a export class B { @c() accessor d = 1; @e static #f }\nexport @g class H {}\n".to_vec())),
        case("new-imports", "a.mjs", Nothing, Made(|| b"import defer * as a from 'a'\nimport b from 'b' with { type: 'json' }\nusing c = a.d\n".to_vec())),
        case("jsx-in-js", "a.js", Nothing, Made(|| b"const a = <b.c {...d}>&nbsp;{/* e */}</b.c>\n".to_vec())),
        case("typescript-of-modules", "a.cts", Nothing, Made(|| b"import a = require('a')\nexport = <any>a satisfies unknown\n".to_vec())),
        // Data.
        case("package-empty", "b/package.json", Problem, Made(Vec::new)),
        case("package-broken", "b/package.json", Problem, Made(|| b"{ \"name\": \n".to_vec())),
        case("package-odd", "b/package.json", Either, Made(|| b"[{\"main\":[]}, null]".to_vec())),
        case("package-odd-fields", "b/package.json", Either, Made(|| br#"{"main":{},"name":1,"dependencies":[],"workspaces":[1,{"a":2}],"build":"x","devDependencies":{"electron":[]}}"#.to_vec())),
        case("package-nested", "b/package.json", Problem, Nested("{\"a\":", "1", "}", DEEP)),
        case("package-nested-arrays", "b/package.json", Problem, Nested("[", "", "]", DEEP)),
        case("package-workspaces", "b/package.json", Either, Made(|| format!("{{\"workspaces\":[{}\"a\"]}}", "\"**/*/{a,b}/**/*{c,d}/**\",".repeat(2000)).into_bytes())),
        case("tsconfig-nested", "tsconfig.json", Problem, Nested("{\"compilerOptions\":", "1", "}", DEEP)),
        case("tsconfig-in-a-circle", "tsconfig.json", Nothing, Made(|| b"{ \"extends\": \"./tsconfig.json\", \"compilerOptions\": { \"paths\": { \"*\": [\"*\"] } } }".to_vec())),
        case("json5-nested", "electron-builder.json5", Problem, Nested("{a:[", "1", "]}", DEEP)),
        case("yaml-nested-flow", "electron-builder.yml", Problem, Nested("[", "", "]", DEEP)),
        case("yaml-nested-maps", "electron-builder.yml", Problem, Nested("{a: ", "1", "}", DEEP)),
        case("yaml-nested-lists", "electron-builder.yml", Problem, Nested("- ", "a", "\n", DEEP)),
        case("yaml-nested-indents", "electron-builder.yml", Problem, Made(|| (0..2000).map(|n| format!("{}a:\n", " ".repeat(n))).collect::<String>().into_bytes())),
        case("yaml-laughs", "electron-builder.yml", Problem, Made(laughs)),
        case("yaml-anchors", "electron-builder.yml", Either, Made(|| (0..100_000).map(|n| format!("a{n}: &b{n} [c]\n")).collect::<String>().into_bytes())),
        case("yaml-broken", "electron-builder.yml", Problem, Made(|| b"a: [1, 2\nb: }\n\t- x".to_vec())),
        case("toml-nested-arrays", "electron-builder.toml", Problem, Made(|| nested("a=", "[", "1", "]", DEEP))),
        case("toml-nested-tables", "electron-builder.toml", Problem, Made(|| nested("a=", "{a=", "1", "}", DEEP))),
        case("toml-dotted", "electron-builder.toml", Problem, Repeated("a", ".a", "=1\n", DEEP)),
        case("toml-header", "electron-builder.toml", Problem, Repeated("[a", ".a", "]\n", DEEP)),
        case("toml-broken", "electron-builder.toml", Problem, Made(|| b"a = [1\n[b".to_vec())),
        case("lockfile-npm-nested", "package-lock.json", Either, Nested("{\"packages\":", "1", "}", DEEP)),
        case("lockfile-npm-broken", "package-lock.json", Problem, Made(|| b"{ \"packages\": { ".to_vec())),
        case("lockfile-npm-noise", "package-lock.json", Problem, Made(|| noise(4_000_000))),
        case("lockfile-yarn-nonsense", "yarn.lock", Either, Repeated("", "electron@^1, electron@^2:\n  version \"x\"\n  nonsense [[[\n", "", 300_000)),
        case("lockfile-yarn-long-line", "yarn.lock", Either, Repeated("electron", "@", ":\n", 4_000_000)),
        case("lockfile-pnpm-nested", "pnpm-lock.yaml", Problem, Nested("{a: ", "1", "}", DEEP)),
        case("lockfile-pnpm-laughs", "pnpm-lock.yaml", Either, Made(laughs)),
        case("lockfile-pnpm-long", "pnpm-lock.yaml", Either, Repeated("lockfileVersion: '9.0'\npackages:\n", "  /electron@1.0.0:\n    resolution: {integrity: x}\n", "", 80_000)),
        case("lockfile-bun-nested", "bun.lock", Problem, Nested("[", "", "]", DEEP)),
        // Pages.
        case("html-brackets", "a.html", Nothing, Repeated("", "<", "", 4_900_000)),
        case("html-open-tags", "a.html", Nothing, Repeated("", "<a ", "", 1_600_000)),
        case("html-nested", "a.html", Nothing, Nested("<div>", "", "</div>", 400_000)),
        case("html-attributes", "a.html", Nothing, Made(|| (0..300_000).map(|n| format!(" a{n}=b")).fold(String::from("<p"), |text, one| text + &one).into_bytes())),
        case("html-attributes-of-one-name", "a.html", Nothing, Repeated("<p", " a=b", ">", 900_000)),
        case("html-policy", "a.html", Nothing, Repeated("<meta http-equiv=Content-Security-Policy content=\"script-src", " 'self' https://*.a", "\">", 200_000)),
        case("html-policies", "a.html", Either, Repeated("<head>", "<meta http-equiv=Content-Security-Policy content=\"default-src *\">", "", 50_000)),
        case("html-scripts", "a.html", Nothing, Repeated("", "<script>a()</script>", "", 150_000)),
        case("html-missing-scripts", "a.html", Either, Repeated("", "<script src=x.js></script>", "", 150_000)),
        case("html-webviews", "a.html", Nothing, Repeated("", "<webview src=x></webview>", "", 100_000)),
        case("html-entities", "a.html", Nothing, Repeated("<p title='", "&amp;&#x41;&notit;", "'>", 200_000)),
        case("html-open-script", "a.html", Either, Repeated("<script>", "<!--<script>", "", 300_000)),
        case("html-style", "a.html", Nothing, Nested("<style>@import url(", "a", ")", 200_000)),
        case("html-nested-script", "a.html", Problem, Made(|| nested("<script>", "(", "1", ")", DEEP))),
        // Much of what rules ask about.
        case("many-windows", "a.js", Either, Repeated(REQUIRED, "new BrowserWindow({webPreferences:{nodeIntegration:true}});", "", 60_000)),
        case("many-named-windows", "a.js", Either, Made(|| (0..40_000).fold(String::from(REQUIRED), |text, n| text + &format!("const w{n}=new BrowserWindow({{}});w{n}.loadURL('https://a.b');")).into_bytes())),
        case("many-windows-of-one-variable", "a.js", Either, Repeated("const{BrowserWindow}=require('electron');let w;", "w=new BrowserWindow({});w.loadURL(u);", "", 60_000)),
        case("many-windows-of-one-function", "a.js", Either, Repeated("const{BrowserWindow}=require('electron');function f(o){return new BrowserWindow(o)}", "f({webPreferences:{sandbox:x}});", "", 60_000)),
        case("many-spread-preferences", "a.js", Either, Made(|| format!("const{{BrowserWindow}}=require('electron');const p={{{}}};{}", "...q,a:b,".repeat(20_000), "new BrowserWindow({webPreferences:{...p}});".repeat(2000)).into_bytes())),
        case("objects-of-each-other", "a.js", Either, Made(|| {
            let spreads = (0..40).map(|n| format!("...a{n},")).collect::<String>();
            let objects = (0..40).map(|n| format!("var a{n};a{n}={{{spreads}k{n}:{n}}};")).collect::<String>();
            format!("const{{ipcMain,shell}}=require('electron');{objects}ipcMain.on('x',(e,k)=>shell.openExternal(a0[k]));for(let k of Object.keys(a0))shell.openExternal(k)").into_bytes()
        })),
        case("classes-of-each-other", "a.js", Either, Made(|| {
            let names = (0..12).map(|n| format!("A{n}")).collect::<Vec<_>>();
            let all = names.iter().flat_map(|a| names.iter().map(move |b| format!("{a}=class extends {b}{{}};"))).collect::<String>();
            format!("const{{ipcMain,shell}}=require('electron');let {};{all}const a=new A0();ipcMain.on('x',(e,u)=>{{shell.openExternal(a.b);a.c(u);shell.openExternal(A0.d)}})", names.join(",")).into_bytes()
        })),
        case("variables-of-each-other", "a.js", Either, Made(|| {
            let writes = (0..144).map(|n| {
                let (a, b, c) = (n / 12, n % 12, n * 5 % 12);
                format!("x{a}=`${{x{b}}}`;x{a}=y?x{c}:new URL(x{b});x{a}.pathname=x{b};x{a}[x{b}]=x{c};")
            });
            let names = (0..12).map(|n| format!("x{n}=f{n}()")).collect::<Vec<_>>().join(",");
            let uses = "ipcMain.handle('a',(e,u)=>{if(x0===u||x1.includes(u)&&!x2)shell.openExternal(x3+u);net.fetch(x4);require('child_process').exec(x5)})";
            format!("const{{ipcMain,shell,net}}=require('electron');let {names};{}{uses}", writes.collect::<String>()).into_bytes()
        })),
        case("helpers-of-each-other", "a.js", Either, Made(|| {
            let calls = (0..200).map(|n| format!("f{n}(e,u);")).collect::<String>();
            let helpers = (0..200).map(|n| format!("function f{n}(e,u){{if(u===e.b&&e.c)return;{calls}}}")).collect::<String>();
            format!("const{{ipcMain,shell}}=require('electron');{helpers}ipcMain.on('x',(e,u)=>{{f0(e,u);shell.openExternal(u)}})").into_bytes()
        })),
        case("closures-of-each-other", "a.js", Either, Made(|| {
            let opens = (0..12).map(|n| format!("shell.openExternal(u.o{n});")).collect::<String>();
            let calls = |of| (0..20).filter(move |n| *n != of).map(|n| format!("if(u.a{n}!=='b')f{n}();")).collect::<String>();
            let closures = (0..20).map(|n| format!("function f{n}(){{{}{opens}}}", calls(n))).collect::<String>();
            format!("const{{ipcMain,shell}}=require('electron');ipcMain.on('x',(e,u)=>{{{closures}f0()}})").into_bytes()
        })),
        case("ways-of-each-other", "a.js", Either, Made(|| {
            let write = |n: usize| (0..5).map(|m| format!("if(v{}&&x{m})v{n}=v{};", n - 1, n - 1)).collect::<String>();
            let ways = (1..16).map(|n| format!("let v{n}=false;{}", write(n))).collect::<String>();
            format!("{REQUIRED}session.defaultSession.setPermissionRequestHandler((w,p,c)=>{{let v0=p==='a';{ways}c(v15)}});new BrowserWindow().loadURL('https://a.b')").into_bytes()
        })),
        case("texts-of-themselves", "a.js", Either, Made(|| {
            let twice = (1..60).map(|n| format!("let t{n}=t{m}+t{m};", m = n - 1)).collect::<String>();
            format!("{REQUIRED}let t0='abcdefgh';{twice}shell.openExternal(t59)").into_bytes()
        })),
        case("joined-lists-of-themselves", "a.js", Either, Made(|| {
            let twice = (1..60).map(|n| format!("let t{n}=[t{m},t{m},u].join();", m = n - 1)).collect::<String>();
            format!("{REQUIRED}ipcMain.on('a',(e,u)=>{{let t0=`x${{u}}`;{twice}shell.openExternal(t59)}})").into_bytes()
        })),
        case("senders-of-each-other", "a.js", Either, Made(|| {
            let calls = |of: &str, count| (0..count).map(|n| format!("{of}{n}(c,d);")).collect::<String>();
            let layer = |name: &str, count, body: &str| (0..count).map(|n| format!("function {name}{n}(c,d){{{body}}}")).collect::<String>();
            let layers = [layer("f", 700, "s(c,d)"), layer("g", 20, &calls("f", 700)), layer("h", 700, &calls("g", 20))].concat();
            format!("{REQUIRED}let w=new BrowserWindow();function s(c,d){{w.webContents.send(c,d)}}{layers}h0('x',y);ipcRenderer.on('x',(e,t)=>{{document.body.innerHTML=t}})").into_bytes()
        })),
        case("exports-of-each-other", "many/m1.js", Nothing, Written(exporters)),
        case("many-listeners", "a.js", Either, Repeated(REQUIRED, "app.on('web-contents-created',(e,c)=>{c.on('will-navigate',e=>{});c.setWindowOpenHandler(()=>({action:'allow'}))});", "", 30_000)),
        case("many-messages", "a.js", Either, Repeated(REQUIRED, "ipcMain.on('a',(e,u)=>shell.openExternal(u));", "", 60_000)),
        case("many-checked-messages", "a.js", Either, Repeated(REQUIRED, "ipcMain.handle('a',(e,u)=>{if(e.senderFrame.url.startsWith('https://a.b/'))shell.openExternal(u)});", "", 40_000)),
        case("many-checks", "a.js", Either, Made(|| format!("{REQUIRED}ipcMain.on('a',(e,u)=>{{{}}})", "if(!u.startsWith('https:'))return;shell.openExternal(u);".repeat(40_000)).into_bytes())),
        case("many-checks-at-once", "a.js", Either, Made(|| format!("{REQUIRED}ipcMain.on('a',(e,u)=>{{if({}x)shell.openExternal(u)}})", "u==='https://a.b'||".repeat(40_000)).into_bytes())),
        case("many-nested-checks", "a.js", Either, Made(|| format!("{REQUIRED}ipcMain.on('a',(e,u)=>{{{}{}}})", "if(u.startsWith('https:')){shell.openExternal(u);".repeat(1000), "}".repeat(1000)).into_bytes())),
        case("many-bridges", "a.js", Either, Repeated(REQUIRED, "contextBridge.exposeInMainWorld('a',{b:ipcRenderer,c:(...a)=>ipcRenderer.send(...a)});", "", 40_000)),
        case("many-switches", "a.js", Either, Repeated(REQUIRED, "app.commandLine.appendSwitch('no-sandbox');process.env.ELECTRON_DISABLE_SECURITY_WARNINGS='1';", "", 40_000)),
        case("many-permission-handlers", "a.js", Either, Repeated(REQUIRED, "session.defaultSession.setPermissionRequestHandler((w,p,c)=>c(true));", "", 40_000)),
        case("many-certificates", "a.js", Either, Repeated(REQUIRED, "app.on('certificate-error',(e,w,u,r,c,cb)=>{e.preventDefault();cb(true)});", "", 40_000)),
        case("many-headers", "a.js", Either, Repeated(REQUIRED, "session.defaultSession.webRequest.onHeadersReceived((d,c)=>c({responseHeaders:{...d.responseHeaders,'Content-Security-Policy':['script-src *']}}));", "", 20_000)),
        case("many-addresses", "a.js", Either, Repeated(REQUIRED, "fetch('http://a.b/'+x);net.request('http://c.d');", "", 60_000)),
        case("many-webview-texts", "a.js", Either, Repeated("", "x='<webview src=a allowpopups></webview>';", "", 60_000)),
        case("many-webviews-by-call", "a.js", Either, Repeated("", "w=document.createElement('webview');w.setAttribute('allowpopups','');w.plugins=true;", "", 20_000)),
        case("many-webviews-and-windows", "many/a.html", Either, Written(webviews_and_windows)),
        case("many-webviews-jsx", "a.jsx", Either, Repeated("x=<>", "<webview allowpopups src={a}/>", "</>", 60_000)),
        case("many-pages", "many/p1.html", Either, Written(pages)),
        case("many-writes", "a.js", Either, Made(|| format!("{REQUIRED}let u;{}new BrowserWindow({{webPreferences:{{preload:u,sandbox:u}}}}).loadURL(u)", "u=x;u=`a${u}`;".repeat(60_000)).into_bytes())),
        case("many-promises", "a.js", Either, Made(|| format!("{REQUIRED}const c=require('child_process'),u=require('util');{}", "{const run=u.promisify(c.exec);ipcMain.handle('a',(e,d)=>run(d))}".repeat(5_000)).into_bytes())),
        case("many-clients", "a.js", Either, Made(|| format!("{REQUIRED}const axios=require('axios');function f(c){{return c.get('http://a.b/')}}{}", (0..15_000).map(|n| format!("const a{n}=axios.create();f(a{n});")).collect::<String>()).into_bytes())),
        case("many-writes-and-reads", "a.js", Either, Made(|| written_and_read("a=d.x;c.exec(a);"))),
        case("many-additions-and-reads", "a.js", Either, Made(|| written_and_read("a+=d.x;c.exec(a);"))),
        case("many-conditional-additions-and-reads", "a.js", Either, Made(|| written_and_read("if(d.y)a=a+d.x;c.exec(a);"))),
        case("many-subclasses", "a.js", Either, Made(|| (1..20_000).fold(format!("{REQUIRED}class W0 extends BrowserWindow{{}};"), |text, n| text + &format!("class W{n} extends W{}{{}};", n - 1)) .into_bytes())),
        case("many-remotes", "a.js", Either, Repeated("const remote=require('@electron/remote');", "remote.getCurrentWindow().loadURL(x);remote.require('fs');", "", 40_000)),
        // Files.
        case("links-in-a-circle", "link", Either, Written(links)),
        case("pipe", "a.js", Either, Written(pipe)),
        case("pipes", "index.html", Either, Written(pipes)),
        case("devices", "a.js", Either, Written(devices)),
        case("deeper-than-a-path", "d", Either, Written(deeper)),
        case("archive", "app.asar", Either, Made(|| [&4u32.to_le_bytes()[..], &u32::MAX.to_le_bytes(), &u32::MAX.to_le_bytes(), &0x7FFF_FFFFu32.to_le_bytes(), br#"{"files":{"main.js":{"size":9007199254740991,"offset":"-1"}}}"#].concat())),
        case("archive-named-js", "a.js", Problem, Made(|| [b"PK\x03\x04\x14\0\0\0\x08\0".to_vec(), vec![0xFF; 20], b"a.js".to_vec(), noise(1000)].concat())),
        case("unreadable", "a.js", Either, Written(unreadable)),
        case("deep-folders", "d", Either, Written(folders)),
        case("folder-named-js", "a.js/b.js", Nothing, Made(|| b"let a = 1\n".to_vec())),
        case("name-with-escapes", "a\u{1b}[31m\n.js", Problem, Made(|| b"foo(;\n".to_vec())),
        case("ignore-file", ".gitignore", Nothing, Repeated("", "**/a*b*c*d*e*/**/[a-z]*\n!x\n", "", 20_000)),
    ]
}

/// One case of each kind, the worst of its kind where that is known.
const TOGETHER: &[&str] = &[
    "nested-parentheses",
    "nested-functions",
    "nested-jsx",
    "nested-conditions",
    "nested-deep-type-arguments",
    "nested-5-mb",
    "chain-of-sums",
    "chain-of-methods",
    "chain-of-else-if",
    "dense",
    "dense-objects",
    "many-names",
    "many-errors",
    "one-string",
    "one-template",
    "doubling-objects",
    "doubling-calls",
    "endless-calls",
    "noise",
    "utf-16-le",
    "latin-1",
    "package-nested",
    "tsconfig-nested",
    "json5-nested",
    "yaml-laughs",
    "toml-nested-tables",
    "lockfile-npm-noise",
    "lockfile-yarn-nonsense",
    "html-brackets",
    "html-attributes",
    "html-policies",
    "html-webviews",
];

/// Writes an app that holds one hostile file of each kind, each in a folder of its own.
///
/// # Errors
/// What the system says.
pub fn write_together(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join("package.json"), PACKAGE)?;
    fs::write(folder.join("main.js"), MAIN)?;
    for case in cases().iter().filter(|case| TOGETHER.contains(&case.name)) {
        case.write_file(&folder.join(case.name))?;
    }
    Ok(())
}

impl Hostile {
    /// Writes the app into a folder of its own.
    ///
    /// # Errors
    /// What the system says.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        fs::write(folder.join("package.json"), PACKAGE)?;
        fs::write(folder.join("main.js"), MAIN)?;
        self.write_file(folder)
    }

    fn write_file(&self, folder: &Path) -> io::Result<()> {
        let bytes = match self.content {
            Nested(open, middle, close, times) => nested("", open, middle, close, times),
            Repeated(start, piece, end, times) => [start, &piece.repeat(times), end].concat().into_bytes(),
            Made(make) => make(),
            Written(write) => return write(folder),
        };
        let path = folder.join(self.path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, bytes)
    }
}

fn nested(start: &str, open: &str, middle: &str, close: &str, times: usize) -> Vec<u8> {
    [start, &open.repeat(times), middle, &close.repeat(times), "\n"].concat().into_bytes()
}

/// Two hundred constants, each made from the one before twice, and a window that asks for the last.
fn doubled(first: &str, next: fn(usize) -> String) -> Vec<u8> {
    let steps: String = (1..200).map(|n| format!("const v{n}={};\n", next(n))).collect();
    let end = "const { BrowserWindow } = require('electron')\n\
               new BrowserWindow({ webPreferences: { preload: v199, webSecurity: v199 } }).loadURL(v199)\n";
    format!("const {first};\n{steps}{end}").into_bytes()
}

/// As [`doubled`], of tests in a handler, of which the last one is asked.
fn doubled_tests(first: &str, next: fn(usize) -> String) -> Vec<u8> {
    let steps: String = (1..200).map(|n| format!("const v{n}={};", next(n - 1))).collect();
    format!("{REQUIRED}ipcMain.on('a',(e,u)=>{{const v0={first};{steps}if(v199)shell.openExternal(u);if(v199===1)shell.openPath(u)}})\n").into_bytes()
}

/// Bytes of a fixed series of pseudo-random numbers.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    std::iter::repeat_with(next).take(length).collect()
}

fn utf16(bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    "\u{FEFF}let a = 'ä€😀'\n".encode_utf16().flat_map(bytes).collect()
}

fn laughs() -> Vec<u8> {
    let mut text = String::from("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for level in 1..12 {
        let before = format!("*a{}", level - 1);
        text += &format!("a{level}: &a{level} [{}]\n", vec![before; 9].join(", "));
    }
    text.into_bytes()
}

fn several(folder: &Path) -> io::Result<()> {
    for number in 0..6 {
        fs::write(folder.join(format!("a{number}.js")), "a(1);".repeat(180_000))?;
    }
    Ok(())
}

fn many(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder.join("many"))?;
    for number in 0..5000 {
        let text = format!("import './f{}.js'; export * from './f{}.js';\n", (number + 1) % 5000, (number * 7) % 5000);
        fs::write(folder.join(format!("many/f{number}.js")), text)?;
    }
    Ok(())
}

fn exporters(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder.join("many"))?;
    let all: String = (0..30).map(|number| format!("export * from './m{number}';\n")).collect();
    for number in 0..30 {
        fs::write(folder.join(format!("many/m{number}.js")), &all)?;
    }
    let main = "import { shell } from 'electron';import { a } from './m0';import * as b from './m1';shell.openExternal(a(b.c()))";
    fs::write(folder.join("many/a.js"), main)
}

fn webviews_and_windows(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder.join("many"))?;
    fs::write(folder.join("many/a.html"), "<webview src=x webpreferences='sandbox=no'></webview>".repeat(20_000))?;
    let window = "new BrowserWindow({webPreferences:{webviewTag:true}}).loadFile('a.html');";
    fs::write(folder.join("many/a.js"), [REQUIRED, &window.repeat(20_000)].concat())
}

fn pages(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder.join("many"))?;
    let mut script = String::from(REQUIRED);
    for number in 0..2000 {
        script += &format!("new BrowserWindow({{}}).loadFile('p{number}.html');");
        let page = "<meta http-equiv=Content-Security-Policy content='script-src *'><script src=s.js></script>\n";
        fs::write(folder.join(format!("many/p{number}.html")), page)?;
    }
    fs::write(folder.join("many/s.js"), "eval(location.hash)\n")?;
    fs::write(folder.join("many/a.js"), script)
}

fn circle(folder: &Path) -> io::Result<()> {
    fs::write(
        folder.join("b.js"),
        "export * from './c.js'; export { x } from './c.js'; import { x } from './c.js'; x()\n",
    )?;
    fs::write(
        folder.join("c.js"),
        "export * from './b.js'; export { x } from './b.js'; export { default } from './c.js'\n",
    )
}

/// Components that all hand on to each other what they are given.
fn components(folder: &Path) -> io::Result<()> {
    const MOST: usize = 40;
    let imports: String = (0..MOST).map(|n| format!("import Part{n} from './Part{n}.vue';")).collect();
    let elements: String = (0..MOST).map(|n| format!("<Part{n} :a='b' :b='c' :c='a' v-bind='a'/>")).collect();
    for n in 0..MOST {
        let names = "<i v-html='a'/><i v-html='b'/><i v-html='c'/>";
        let script = format!(
            "{imports}export default {{ props: ['a', 'b'], computed: {{ c() {{ return this.a + this.b }} }} }}"
        );
        let text = format!("<template>{names}{elements}</template><script>{script}</script>");
        fs::write(folder.join(format!("Part{n}.vue")), text)?;
    }
    let script = format!(
        "{imports}export default {{ data: () => ({{ a: name }}), computed: {{ b() {{ return this.a }}, c() {{ return this.b }} }} }}"
    );
    fs::write(folder.join("App.vue"), format!("<template>{elements}</template><script>{script}</script>"))
}

fn folders(folder: &Path) -> io::Result<()> {
    // Shorter than the longest path that a system takes at once.
    let deep = folder.join("d/".repeat(1500));
    fs::create_dir_all(&deep)?;
    fs::write(deep.join("a.js"), "let a = 1\n")
}

#[cfg(unix)]
fn links(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::symlink;
    symlink(".", folder.join("link"))?;
    symlink("other.js", folder.join("one.js"))?;
    symlink("one.js", folder.join("other.js"))?;
    symlink("nowhere.js", folder.join("dangling.js"))
}

#[cfg(unix)]
fn pipe(folder: &Path) -> io::Result<()> {
    let made = std::process::Command::new("mkfifo").arg(folder.join("a.js")).status()?;
    if made.success() { Ok(()) } else { Err(io::Error::other("mkfifo failed")) }
}

/// Pipes under the names of all that a linter opens by itself.
#[cfg(unix)]
fn pipes(folder: &Path) -> io::Result<()> {
    let names = [
        "index.html",
        "preload.js",
        "package-lock.json",
        "yarn.lock",
        "pnpm-lock.yaml",
        "bun.lock",
        "electron-builder.yml",
        "electron-builder.json5",
        "forge.config.js",
        "tsconfig.json",
        "electrolint.toml",
        ".gitignore",
        ".ignore",
        ".npmrc",
        ".electron-version",
        "pnpm-workspace.yaml",
        "b/package.json",
        "node_modules/electron/package.json",
    ];
    for name in names {
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        let made = std::process::Command::new("mkfifo").arg(path).status()?;
        if !made.success() {
            return Err(io::Error::other("mkfifo failed"));
        }
    }
    let more = "const path=require('path');new BrowserWindow({webPreferences:{preload:path.join(__dirname,'preload.js')}}).loadFile('index.html');\n";
    fs::write(folder.join("main.js"), [MAIN, more].concat())
}

/// Links to devices: one never ends, one fails, one waits for a terminal.
#[cfg(unix)]
fn devices(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::symlink;
    for (device, names) in [
        ("/dev/zero", ["a.js", "index.html", "package-lock.json", "electron-builder.yml", ".gitignore"]),
        ("/dev/full", ["b.js", "b.html", "yarn.lock", "tsconfig.json", ".ignore"]),
        ("/dev/tty", ["c.js", "c.html", "pnpm-lock.yaml", "electron-builder.toml", ".npmrc"]),
    ] {
        for name in names {
            symlink(device, folder.join(name))?;
        }
    }
    Ok(())
}

/// Folders in each other, farther than a path can name: made in two parts, one of which then moves into the other.
fn deeper(folder: &Path) -> io::Result<()> {
    let part = "d/".repeat(1500);
    let (upper, lower) = (folder.join(&part), folder.join("e"));
    fs::create_dir_all(&upper)?;
    fs::create_dir_all(lower.join(&part))?;
    fs::write(lower.join(&part).join("a.js"), "let a = 1\n")?;
    fs::rename(lower, upper.join("e"))
}

#[cfg(unix)]
fn unreadable(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::write(folder.join("a.js"), "let a = 1\n")?;
    fs::set_permissions(folder.join("a.js"), fs::Permissions::from_mode(0o0))
}

#[cfg(not(unix))]
fn links(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn pipe(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn pipes(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn devices(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn unreadable(folder: &Path) -> io::Result<()> {
    fs::write(folder.join("a.js"), "let a = 1\n")
}
