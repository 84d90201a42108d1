//! Where preload scripts lie.

use electrolint_model::app::WindowKind;
use electrolint_model::app::traces::Purpose;
use electrolint_model::link::V;
use electrolint_model::link::things::{Certainty, Known};
use electrolint_model::source::Span;

use crate::untrusted::worst;
use crate::{Confidence, Context, Findings, Severity};

rule! {
    /// A preload script does not lie where only the app can write.
    ///
    /// A preload runs before the page and with more than the page may do. One in a folder that other programs write (`userData`, `temp`,
    /// the home folder) is a script that any of them can change, and one whose path comes from a page is the page's choice. A path that
    /// is not absolute, or an address of a server, is refused by Electron: the window then runs without its preload, and without
    /// whatever it protects. One that is looked for in the working directory is found where the app happens to be started, or not. Build
    /// the path from `__dirname`.
    ///
    /// ```js
    /// const path = require('path');
    /// const { app, BrowserWindow } = require('electron');
    /// new BrowserWindow({ webPreferences: { preload: 'preload.js' } }); //~ preload-path low
    /// new BrowserWindow({ webPreferences: { preload: path.join(app.getPath('userData'), 'preload.js') } }); //~ preload-path medium
    /// new BrowserWindow({ webPreferences: { preload: path.join(__dirname, 'preload.js') } });
    /// new BrowserWindow({ webPreferences: { preload: path.join(app.getAppPath(), 'preload.js') } });
    /// ```
    pub(crate) static RULE = {
        id: "preload-path",
        severity: Severity::Low,
        items: [],
        cwe: ["CWE-426", "CWE-427"],
        source: "https://www.electronjs.org/docs/latest/api/structures/web-preferences",
    }
}

/// One path that a preload script can have.
struct Preload {
    known: Known,
    /// The value as it is written.
    written: Option<V>,
    span: Span,
    symbol: String,
    call: Option<electrolint_model::link::C>,
    certainty: Certainty,
    development: Option<bool>,
    webview: bool,
}

fn check(cx: &Context, findings: &mut Findings) {
    let app = cx.app;
    let mut preloads = Vec::new();
    for window in &app.windows {
        for (_, placed) in window.given(app, "preload").iter().cloned() {
            let Some(placed) = placed else { continue };
            preloads.push(Preload {
                certainty: placed.known.certainty.min(window.certainty),
                development: placed.known.development.or(window.development),
                known: placed.known,
                written: placed.written,
                span: placed.span,
                symbol: format!("{}.preload", window.symbol),
                call: window.call,
                webview: matches!(window.kind, WindowKind::Webview),
            });
        }
    }
    for (call, v) in app.session_preloads() {
        for known in app.eval(v).iter() {
            preloads.push(Preload {
                known: known.clone(),
                written: Some(v),
                span: app.span(v),
                symbol: app.symbol(call.call),
                call: Some(call.call),
                certainty: known.certainty.min(call.certainty),
                development: known.development,
                webview: false,
            });
        }
    }
    let entrances = app.entrances();
    for preload in &preloads {
        let v = preload.known.at;
        if let Some(problem) = written(&preload.known, preload.webview) {
            report(findings, preload, problem, Severity::Low, Confidence::Certain);
            continue;
        }
        if let Some(folder) = v.and_then(|v| app.writable_folder(v)) {
            let message = format!("this preload script lies in the `{folder}` folder, where other programs write");
            report(findings, preload, &message, Severity::Medium, Confidence::Firm);
            continue;
        }
        if v.is_some_and(|v| app.is_in_working_directory(v)) {
            // A developer, or a test, starts the app in its folder.
            if preload.development == Some(true) {
                continue;
            }
            let message = "this preload script is looked for where the app happens to be started";
            report(findings, preload, message, Severity::Low, Confidence::Firm);
            continue;
        }
        // What a call gives depends on what it is given.
        let called = preload.written.filter(|written| app.call_behind(*written).is_some());
        if let (Some(v), Some(call)) = (called.or(v), preload.call) {
            traced(cx, findings, preload, call, v, &entrances);
        }
    }
}

/// What is wrong with a path as it is written.
fn written(known: &Known, webview: bool) -> Option<&'static str> {
    let (head, whole) = known.thing.head()?;
    let head = head.trim();
    let lower = head.to_ascii_lowercase();
    if lower.starts_with("http:") || lower.starts_with("https:") {
        return Some("a preload script is not loaded from a server: Electron runs the page without it");
    }
    let drive = head.as_bytes().get(1) == Some(&b':') && head.as_bytes().first().is_some_and(u8::is_ascii_alphabetic);
    let absolute = head.starts_with(['/', '\\']) || drive || lower.starts_with("file:") || lower.starts_with("asar:");
    if absolute || webview || (head.is_empty() && whole) {
        return None;
    }
    Some("this path is not absolute: Electron runs the page without its preload script")
}

fn report(findings: &mut Findings, preload: &Preload, message: &str, severity: Severity, most: Confidence) {
    let _ = findings
        .report(&RULE, preload.span, message)
        .severity(severity)
        .known(preload.certainty)
        .at_most(most)
        .gain(match severity {
            Severity::Low => "The page runs without what the preload script was to protect or provide.",
            _ => "A program that changes the file runs script in the app's windows, with all that a preload script may do.",
        })
        .help("Ship the script with the app, and name it with `path.join(__dirname, 'preload.js')`.")
        .symbol(preload.symbol.clone())
        .because(&preload.known.trail)
        .development(preload.development);
}

/// A path that somebody else chooses.
fn traced(
    cx: &Context,
    findings: &mut Findings,
    preload: &Preload,
    call: electrolint_model::link::C,
    v: V,
    entrances: &electrolint_model::app::Entrances,
) {
    let traces: Vec<_> = cx.app.traces(call, v, entrances, Purpose::VALUE).into_iter().filter(|t| t.is_untrusted()).collect();
    let Some(trace) = worst(&traces) else { return };
    let _ = findings
        .report(&RULE, preload.span, "somebody else's data decides which preload script runs")
        .severity(Severity::High)
        .known(preload.certainty)
        .traced(trace)
        .gain("Whoever chooses the path runs a script of theirs, from a download or a network share, as the app's own.")
        .help("Choose among constant paths by a name that is compared with a list.")
        .symbol(preload.symbol.clone())
        .development(preload.development);
}
