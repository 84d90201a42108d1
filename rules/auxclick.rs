//! Middle clicks.

use electrolint_model::app::WindowKind;
use electrolint_model::electron::Version;
use electrolint_model::electron::preferences::{Given, feature_names};

use crate::windows::noun;
use crate::{Confidence, Context, Findings, Severity};

rule! {
    /// A middle click opens links in windows that the app does not watch over.
    ///
    /// In Electron 1.6 to 2 a click with the middle button (`auxclick`) opens a window of its own, past click handlers that keep links
    /// inside. `disableBlinkFeatures: 'Auxclick'` turns this off. Later versions do not know the feature: there a handler for new windows
    /// is what counts (`limit-window-creation`).
    ///
    /// ```js
    /// // file: main.js
    /// const { BrowserWindow } = require('electron');
    /// new BrowserWindow({ webPreferences: { nodeIntegration: false } }); //~ auxclick low tentative
    /// new BrowserWindow({ webPreferences: { disableBlinkFeatures: 'Auxclick' } });
    /// // file: package.json
    /// { "main": "main.js", "devDependencies": { "electron": "2.0.18" } }
    /// ```
    pub(crate) static RULE = {
        id: "auxclick",
        severity: Severity::Low,
        items: [],
        cwe: ["CWE-1021"],
        source: "https://github.com/electron/electron/issues/10315",
    }
}

/// The versions whose Blink has the feature, and an option to disable it.
const FIRST: Version = Version::new(1, 6, 0);
const REMOVED: Version = Version::new(3, 0, 0);

fn check(cx: &Context, findings: &mut Findings) {
    let app = cx.app;
    let version = &app.electron.version;
    if !app.electron.is_known() || !version.has(FIRST) || version.has(REMOVED) {
        return;
    }
    for window in &app.windows {
        if !matches!(window.kind, WindowKind::BrowserWindow | WindowKind::BrowserView | WindowKind::Webview) {
            continue;
        }
        let disabled = window.given(app, "disableBlinkFeatures").iter().any(|(given, _)| match given {
            Given::Text(names) => feature_names(names).iter().any(|name| name == "Auxclick"),
            Given::Unknown | Given::Truthy => true,
            _ => false,
        });
        if disabled {
            continue;
        }
        findings
            .report(&RULE, window.span, format!("a middle click on a link opens a window from this {}", noun(window.kind)))
            .known(window.certainty)
            .at_most(Confidence::Tentative)
            .gain("A page opens windows that click handlers do not see.")
            .help("Set `disableBlinkFeatures: 'Auxclick'`, or update Electron and handle new windows.")
            .symbol(window.symbol.clone())
            .development(window.development);
    }
}
