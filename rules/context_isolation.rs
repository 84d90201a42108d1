//! `contextIsolation: false`.

use electrolint_model::app::WindowKind;
use electrolint_model::electron::preferences::{Reason, Value};

use crate::windows::{WindowOption, check_option};
use crate::{Confidence, Context, Findings, Severity};

rule! {
    /// The page shares its JavaScript world with the preload script.
    ///
    /// Without context isolation a page can replace what the preload script and Electron's own code use (`Array.prototype.map`,
    /// `Function.prototype.call`) and gets hold of their objects: `ipcRenderer`, and Node.js where the window is not sandboxed. One
    /// script injected into the page then controls the app. Leave the option out (isolation is on by default since Electron 12) and give
    /// the page what it needs by `contextBridge.exposeInMainWorld`. Since Electron 16 every value counts as true or false, so a key that
    /// is there with `undefined` switches isolation off.
    ///
    /// ```js
    /// const { BrowserWindow } = require('electron');
    /// new BrowserWindow({ webPreferences: { contextIsolation: false } }); //~ context-isolation
    /// new BrowserWindow({ webPreferences: { contextIsolation: undefined } }); //~ context-isolation
    /// new BrowserWindow({ webPreferences: { contextIsolation: true } });
    /// new BrowserWindow({ webPreferences: { preload: `${__dirname}/preload.js` } });
    /// ```
    pub(crate) static RULE = {
        id: "context-isolation",
        severity: Severity::High,
        items: ["S3", "E3"],
        cwe: ["CWE-653"],
        source: "https://www.electronjs.org/docs/latest/tutorial/security#3-enable-context-isolation",
    }
}

fn check(cx: &Context, findings: &mut Findings) {
    let option = WindowOption {
        key: "contextIsolation",
        bad: false,
        gain: "A script in the page reaches the objects of the preload script, `ipcRenderer` among them.",
        help: "Leave `contextIsolation` out or set it to true; give the page functions by `contextBridge.exposeInMainWorld`.",
    };
    check_option(cx, findings, &RULE, &option, |window, _| {
        // A page without scripts reaches nothing, as long as it has none.
        if !window.runs_scripts(cx.app) {
            return Some(Severity::Low.into());
        }
        let effective = window.effective(cx.app);
        let has_node = effective.node_integration_effective() != Value::Known(false);
        // Nothing to reach: no preload script, no Node.js, and no page from elsewhere.
        let harmless = window.lacks(cx.app, "preload") && !has_node && cx.app.shows_own_content_only(window);
        Some(if harmless { Severity::Medium } else { Severity::High }.into())
    });
    guests(cx, findings, &option);
}

/// Webviews with a preload script that are not isolated because nothing says so: not the tag, and no `will-attach-webview` handler.
fn guests(cx: &Context, findings: &mut Findings, option: &WindowOption) {
    let app = cx.app;
    // What a handler gives to every guest is judged where it does.
    let handled = app
        .windows
        .iter()
        .any(|window| window.kind == WindowKind::Attach && !window.lacks(app, option.key));
    if handled || !app.electron.is_known() {
        return;
    }
    for window in &app.windows {
        let Some(element) = window.element(app) else { continue };
        if element.attribute("preload").is_none() {
            continue;
        }
        for fact in window.settings(app, option.key) {
            let by_default = matches!(fact.reason, Reason::Default { .. }) && !fact.written;
            if !by_default || fact.value != Value::Known(option.bad) {
                continue;
            }
            let features = element.attribute("webpreferences").is_some_and(|features| features.unknown);
            let own = element.source().is_some_and(|source| !source.contains("://"));
            findings
                .report(&RULE, fact.span, format!("this webview is not isolated by default in Electron {}", app.electron.version))
                .severity(if own { Severity::Medium } else { Severity::High })
                .known(fact.certainty)
                .at_most(if element.spread || features { Confidence::Tentative } else { Confidence::Firm })
                .gain(option.gain)
                .help("Write `webpreferences=\"contextIsolation\"` on the tag, or set `webPreferences.contextIsolation` in `will-attach-webview`.")
                .symbol(format!("{}.{}", window.symbol, option.key));
        }
    }
}
