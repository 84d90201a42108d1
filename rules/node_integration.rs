//! `nodeIntegration` and its kin.

use std::cell::LazyCell;

use electrolint_model::app::{App, Embed, SettingFact, Window, WindowKind};
use electrolint_model::electron::preferences::{Given, Value};

use crate::untrusted::worst;
use crate::windows::{Verdict, WindowOption, check_option, noun};
use crate::{Confidence, Context, Findings, Severity};

rule! {
    /// Pages have Node.js.
    ///
    /// With `nodeIntegration` a page can `require('child_process')`: one injected script runs programs as the user. The option also takes
    /// the window's sandbox away, and with `contextIsolation` on that is what remains of it. `nodeIntegrationInWorker` does the same for
    /// web workers; `nodeIntegrationInSubFrames` runs the preload script in every frame, so that embedded pages get what it exposes. Leave
    /// all of them out and do the work in the main process, asked for over IPC. In a sandboxed window the first two do nothing, and the
    /// third does nothing in a window that has neither a preload script nor Node.
    ///
    /// A window that shows pages from elsewhere is worse than one that shows the app's own files; so is a page of the app's that takes a script
    /// from a server, unless `integrity` says what that script must be. Where a message brings a window's options
    /// as a whole, the page that sends it decides: take out of it what the window needs, one by one.
    ///
    /// ```js
    /// const { BrowserWindow, ipcMain } = require('electron');
    /// new BrowserWindow({ webPreferences: { nodeIntegration: true } }); //~ node-integration
    /// new BrowserWindow({ webPreferences: { nodeIntegrationInWorker: true } }); //~ node-integration
    /// new BrowserWindow({ webPreferences: { nodeIntegration: true, sandbox: true } });
    /// new BrowserWindow({ webPreferences: { nodeIntegration: false } });
    /// ipcMain.handle('open', (event, options) => new BrowserWindow(options)); //~ node-integration
    /// ipcMain.handle('more', (event, { width, title }) => new BrowserWindow({ width, title }));
    /// ```
    ///
    /// Boolean attributes of a webview count by their presence, but a webview gets no more than the window around it has:
    ///
    /// ```html
    /// <!-- file: index.html -->
    /// <webview src="https://example.com" nodeintegration="false"></webview> <!--~ node-integration -->
    /// ```
    pub(crate) static RULE = {
        id: "node-integration",
        severity: Severity::High,
        items: ["S2", "E2"],
        cwe: ["CWE-94", "CWE-250"],
        source: "https://www.electronjs.org/docs/latest/tutorial/security#2-do-not-enable-nodejs-integration-for-remote-content",
    }
}

fn check(cx: &Context, findings: &mut Findings) {
    let embeds = LazyCell::new(|| cx.app.embeds());
    for key in ["nodeIntegration", "nodeIntegrationInWorker"] {
        let option = WindowOption {
            key,
            bad: true,
            gain: "A script in the page runs programs and reads files as the user.",
            help: "Leave the option out, and do the work in the main process, asked for over IPC.",
        };
        check_option(cx, findings, &RULE, &option, |window, fact| node(cx.app, window, key, fact, &embeds));
    }
    let option = WindowOption {
        key: "nodeIntegrationInSubFrames",
        bad: true,
        gain: "The preload script runs in every frame: embedded pages get what it exposes.",
        help: "Leave the option out; frames that need the preload script belong in a view of their own.",
    };
    check_option(cx, findings, &RULE, &option, |window, _| {
        if !has_something_for_frames(cx.app, window) {
            return None;
        }
        let own = cx.app.shows_own_content_only(window);
        Some(if own { Severity::Low } else { Severity::Medium }.into())
    });
    told(cx, findings);
}

/// Windows whose preferences come out of a message.
fn told(cx: &Context, findings: &mut Findings) {
    let mut seen = Vec::new();
    for window in &cx.app.windows {
        let traces = cx.app.told_preferences(window);
        let Some(trace) = worst(&traces).filter(|_| !seen.contains(&window.span)) else { continue };
        seen.push(window.span);
        let severity = if cx.app.shows_only_own_pages() { Severity::Medium } else { Severity::High };
        findings
            .report(&RULE, window.span, format!("somebody else decides whether this {} has Node", noun(window.kind)))
            .severity(severity)
            .known(window.certainty)
            .traced(trace)
            .gain("A script in a page has a window made with Node, or with a preload script of its choice.")
            .help("Take size and title out of the message one by one, and write `webPreferences` behind all that is spread.")
            .symbol(format!("{}.webPreferences", window.symbol))
            .development(window.development);
    }
}

/// Whether frames get anything by running what the page runs: Node, or a preload script.
fn has_something_for_frames(app: &App, window: &Window) -> bool {
    if !matches!(window.kind, WindowKind::BrowserWindow | WindowKind::BrowserView | WindowKind::WebContentsView) {
        return true;
    }
    let preload = window.given(app, "preload");
    window.effective(app).node_integration_effective() != Value::Known(false)
        || preload.iter().any(|(given, _)| !matches!(given, Given::Absent | Given::Undefined))
        || !app.session_preloads().is_empty()
}

fn node(
    app: &App,
    window: &Window,
    key: &str,
    fact: &SettingFact,
    embeds: &LazyCell<Vec<Embed>, impl FnOnce() -> Vec<Embed>>,
) -> Option<Verdict> {
    let effective = window.effective_with(app, key, &fact.given);
    if effective.node_integration_inert().is_some() {
        return None;
    }
    // `sandbox: settings.sandbox` may make it inert.
    let sandbox_depends =
        window.given(app, "sandbox").iter().any(|(given, placed)| *given == Given::Unknown && placed.is_some());
    let isolated = effective.context_isolation.value == Value::Known(true) && fact.written;
    let is_own = app.shows_own_content_only(window);
    let foreign = if is_own && window.runs_scripts(app) { app.foreign_script(window, || embeds) } else { None };
    Some(Verdict {
        severity: match is_own && foreign.is_none() {
            // A page without scripts reaches nothing, as long as it has none.
            _ if !window.runs_scripts(app) => Severity::Low,
            true => Severity::Medium,
            false => Severity::High,
        },
        at_most: if sandbox_depends { Confidence::Tentative } else { Confidence::Certain },
        gain: isolated.then_some(
            "The window loses its sandbox: what breaks out of the page's JavaScript has Node.js and the user's rights.",
        ),
        because: foreign.map(|span| (span, "a script of a server runs here, in a page that has Node")),
    })
}
