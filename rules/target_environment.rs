//! What a file uses although it runs where that is not.

use electrolint_model::app::globals::{GlobalUse, ModuleUse, builtin};
use electrolint_model::source::Span;

use crate::ignores::glob;
use crate::options::{Environment, Preset};
use crate::{Confidence, Context, Findings, Severity};

rule! {
    /// A file uses what the environment that it is meant for does not have.
    ///
    /// A page that does without Node can be sandboxed, and a page that cannot be sandboxed is one `Buffer` or one `fs` away from
    /// it. Say in the configuration which files belong to which environment; the rule is silent otherwise, because nothing but the
    /// app's own plan says where a file is to run. The environments `browser` and `sandboxed-renderer` have no Node and no Electron;
    /// `preload` has what a sandboxed preload script has; `node` has no Electron and no page; `main` has no page. `allow` and `deny`
    /// refine them. A global that the file asks for with `typeof` first is not reported, nor is `process.env`, which bundlers replace.
    ///
    /// ```toml
    /// // file: electrolint.toml
    /// [[rules.target-environment.environments]]
    /// files = ["src/browser/**"]
    /// preset = "sandboxed-renderer"
    /// ```
    /// ```js
    /// // file: src/browser/hash.js
    /// import { createHash } from 'node:crypto'; //~ target-environment
    /// export const encode = (text) => Buffer.from(text).toString('base64'); //~ target-environment
    /// export const decode = (bytes) => new TextDecoder().decode(bytes);
    /// ```
    pub(crate) static RULE = {
        id: "target-environment",
        severity: Severity::Low,
        items: [],
        cwe: ["CWE-1061"],
        source: "https://github.com/microsoft/vscode/wiki/source-code-organization#target-environments",
    }
}

/// Globals of Node that no page has: <https://nodejs.org/api/globals.html>. What bundlers give meaning to (`require`, `module`,
/// `exports`) is not among them.
const NODE_GLOBALS: [&str; 7] =
    ["Buffer", "process", "global", "__dirname", "__filename", "setImmediate", "clearImmediate"];

/// Globals of a page that Node and the main process lack.
const PAGE_GLOBALS: [&str; 16] = [
    "window",
    "document",
    "localStorage",
    "sessionStorage",
    "indexedDB",
    "location",
    "history",
    "alert",
    "confirm",
    "prompt",
    "XMLHttpRequest",
    "HTMLElement",
    "MutationObserver",
    "requestAnimationFrame",
    "getComputedStyle",
    "customElements",
];

/// What a sandboxed preload script has of Node and Electron: <https://www.electronjs.org/docs/latest/tutorial/sandbox#preload-scripts>.
const PRELOAD_GLOBALS: [&str; 5] = ["Buffer", "process", "global", "setImmediate", "clearImmediate"];
const PRELOAD_BUILTINS: [&str; 3] = ["events", "timers", "url"];
const PRELOAD_ELECTRON: [&str; 8] =
    ["contextBridge", "crashReporter", "ipcRenderer", "nativeImage", "sharedTexture", "webFrame", "webUtils", "default"];

/// Packages that are Electron's, or reach it.
const ELECTRON: [&str; 3] = ["electron", "@electron/remote", "original-fs"];

fn check(cx: &Context, findings: &mut Findings) {
    let app = cx.app;
    for environment in &cx.options.environments {
        for path in &environment.files {
            for unit in app.units_of(path) {
                let mut told: Vec<String> = Vec::new();
                for used in app.globals_of(unit) {
                    if let Some(of) = lacks_global(environment, &used)
                        && !told.contains(&used.name)
                    {
                        let what = format!("`{}` is {of}", used.name);
                        report(findings, environment, used.span, &what, &used.name);
                        told.push(used.name);
                    }
                }
                for used in app.modules_of(unit) {
                    if let Some(of) = lacks_module(cx, environment, &used) {
                        let what = format!("`{}` is {of}", used.specifier);
                        let report = report(findings, environment, used.span, &what, &used.specifier);
                        if used.is_dynamic {
                            // It may be asked for where it is known to be there.
                            report.at_most(Confidence::Firm);
                        }
                    }
                }
            }
        }
    }
}

fn report<'f>(
    findings: &'f mut Findings,
    environment: &Environment,
    span: Span,
    what: &str,
    name: &str,
) -> crate::report::Report<'f> {
    let help = match environment.preset {
        Preset::Browser | Preset::SandboxedRenderer => {
            "Use what pages have (`Uint8Array`, `TextEncoder`, `fetch`), or let the main process do it and ask it through the preload script."
        }
        Preset::Preload => "Let the main process do it, and ask it with `ipcRenderer.invoke`.",
        Preset::Node | Preset::Main => "Move it to a file of the page, or hand over what it gives.",
    };
    findings
        .report(&RULE, span, format!("{what}, which the environment `{}` does not have", environment.name))
        .gain("The file keeps its process from being sandboxed, or fails where it runs.")
        .help(help)
        .symbol(format!("{}.{name}", environment.name))
}

/// Whether an entry of `allow` or `deny` names it, and how.
fn listed(list: &[String], name: &str) -> bool {
    list.iter().any(|entry| glob(entry, name) || builtin(entry).is_some_and(|entry| Some(entry) == builtin(name)))
}

/// Whose the global is, if the environment does not have it.
fn lacks_global(environment: &Environment, used: &GlobalUse) -> Option<&'static str> {
    let name = used.name.as_str();
    if listed(&environment.deny, name) {
        return Some("denied");
    }
    if listed(&environment.allow, name) || used.is_probed {
        return None;
    }
    let is_node = NODE_GLOBALS.contains(&name) && !(name == "process" && used.member.as_deref() == Some("env"));
    match environment.preset {
        Preset::Browser | Preset::SandboxedRenderer => is_node.then_some("a global of Node"),
        Preset::Preload => (is_node && !PRELOAD_GLOBALS.contains(&name)).then_some("a global of Node"),
        Preset::Node | Preset::Main => PAGE_GLOBALS.contains(&name).then_some("a global of pages"),
    }
}

/// Whose the module is, if the environment does not have it.
fn lacks_module(cx: &Context, environment: &Environment, used: &ModuleUse) -> Option<&'static str> {
    let specifier = used.specifier.as_str();
    if listed(&environment.deny, specifier) {
        return Some("denied");
    }
    if listed(&environment.allow, specifier) {
        return None;
    }
    let is_electron = ELECTRON.iter().any(|name| {
        specifier.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    // `buffer`, `events`, `url`: packages of these names are what a bundler puts in, when the app depends on them.
    let node = builtin(specifier).filter(|name| specifier.starts_with("node:") || !cx.app.depends_on(name));
    match environment.preset {
        Preset::Browser | Preset::SandboxedRenderer if is_electron => Some("a module of Electron"),
        Preset::Browser | Preset::SandboxedRenderer => node.map(|_| "a module of Node"),
        Preset::Preload if is_electron => {
            let has_all = specifier.starts_with("electron")
                && used.names.iter().all(|name| PRELOAD_ELECTRON.contains(&name.as_str()));
            (!has_all).then_some("of the main process, or asked for something of it")
        }
        Preset::Preload => node.filter(|name| !PRELOAD_BUILTINS.contains(name)).map(|_| "a module of Node"),
        Preset::Node => is_electron.then_some("a module of Electron"),
        Preset::Main => None,
    }
}
