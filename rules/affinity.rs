//! Windows that share a process by `affinity`.

use electrolint_model::app::Window;
use electrolint_model::electron::Version;
use electrolint_model::electron::preferences::Given;
use electrolint_model::link::Placed;

use crate::windows::noun;
use crate::{Context, Findings, Severity, fixes};

rule! {
    /// Windows share a renderer process, and the first one's preferences hold for all.
    ///
    /// Electron 2 to 13 put windows with the same `affinity` into one process. The process takes `webPreferences` such as the sandbox
    /// and Node from the window that was made first, so a page that was to have less gets what the other has; and script that takes
    /// over one page has the other's process. Give windows that show different content no common `affinity`.
    ///
    /// ```js
    /// // file: main.js
    /// const { BrowserWindow } = require('electron');
    /// new BrowserWindow({ webPreferences: { affinity: 'pages', nodeIntegration: true } }); //~ affinity high
    /// new BrowserWindow({ webPreferences: { affinity: 'pages', nodeIntegration: false } }); //~ affinity high
    /// new BrowserWindow({ webPreferences: { affinity: 'alone' } });
    /// // file: package.json
    /// { "main": "main.js", "devDependencies": { "electron": "9.4.4" } }
    /// ```
    pub(crate) static RULE = {
        id: "affinity",
        severity: Severity::Medium,
        items: [],
        cwe: ["CWE-653"],
        source: "https://www.electronjs.org/docs/latest/breaking-changes#removed-browser-window-affinity",
    }
}

/// The versions that know the key.
const FIRST: Version = Version::new(2, 0, 0);
const REMOVED: Version = Version::new(14, 0, 0);

/// Preferences that the shared process takes from the first window.
const SHARED: [&str; 7] = [
    "nodeIntegration",
    "nodeIntegrationInWorker",
    "contextIsolation",
    "sandbox",
    "webSecurity",
    "preload",
    "enableRemoteModule",
];

fn check(cx: &Context, findings: &mut Findings) {
    let app = cx.app;
    let version = &app.electron.version;
    if !version.has(FIRST) || version.has(REMOVED) {
        return;
    }
    let mut named: Vec<(String, &Window, Placed)> = Vec::new();
    for window in &app.windows {
        for (given, placed) in window.given(app, "affinity").iter() {
            if let (Given::Text(name), Some(placed)) = (given, placed)
                && !name.is_empty()
            {
                named.push((name.clone(), window, placed.clone()));
            }
        }
    }
    for (name, window, placed) in &named {
        let Some((_, other, _)) = named.iter().find(|(same, other, _)| same == name && other.span != window.span) else {
            continue;
        };
        let differ: Vec<&str> =
            SHARED.into_iter().filter(|key| written(cx, window, key) != written(cx, other, key)).collect();
        let message = match differ.first() {
            Some(key) => format!("windows of the affinity `{name}` share a process, and differ in `{key}`"),
            None => format!("windows of the affinity `{name}` share a process"),
        };
        findings
            .report(&RULE, placed.span, message)
            .fix(fixes::remove_property(app, placed.span, "affinity", false))
            .severity(if differ.is_empty() { Severity::Medium } else { Severity::High })
            .known(placed.known.certainty.min(window.certainty))
            .gain("A page in one of the windows gets the preferences of the one that was made first.")
            .help("Leave `affinity` out; Electron 14 has no such option.")
            .related(other.span, format!("the other {} is made here", noun(other.kind)))
            .symbol(format!("{}.affinity", window.symbol))
            .development(placed.known.development.or(window.development));
    }
}

fn written(cx: &Context, window: &Window, key: &str) -> Vec<Given> {
    window.given(cx.app, key).iter().map(|(given, _)| given.clone()).collect()
}
