//! `experimentalFeatures: true`.

use crate::switches::check_switches;
use crate::windows::{WindowOption, check_option};
use crate::{Context, Findings, Severity};

rule! {
    /// Chromium's experimental features are switched on.
    ///
    /// They have not been through the security work that a feature gets before it ships, and there are hundreds behind this one option.
    /// Leave `experimentalFeatures` out; where one feature is needed, wait for it, or enable that one alone.
    ///
    /// ```js
    /// const { app, BrowserWindow } = require('electron');
    /// new BrowserWindow({ webPreferences: { experimentalFeatures: true } }); //~ experimental-features
    /// app.commandLine.appendSwitch('enable-experimental-web-platform-features'); //~ experimental-features
    /// new BrowserWindow({ webPreferences: { experimentalFeatures: false } });
    /// ```
    pub(crate) static RULE = {
        id: "experimental-features",
        severity: Severity::Low,
        items: ["S8", "E9"],
        cwe: ["CWE-1188"],
        source: "https://www.electronjs.org/docs/latest/tutorial/security#9-do-not-enable-experimental-features",
    }
}

const GAIN: &str = "Pages reach parts of the engine that nobody has hardened yet.";

fn check(cx: &Context, findings: &mut Findings) {
    // experimentalCanvasFeatures existed up to Electron 3; later versions do not look at it.
    for key in ["experimentalFeatures", "experimentalCanvasFeatures"] {
        let option = WindowOption { key, bad: true, gain: GAIN, help: "Leave the option out." };
        check_option(cx, findings, &RULE, &option, |_, _| Some(Severity::Low.into()));
    }
    check_switches(
        cx,
        findings,
        &RULE,
        &["enable-experimental-web-platform-features"],
        Severity::Low,
        GAIN,
        "Leave the switch out.",
    );
}
