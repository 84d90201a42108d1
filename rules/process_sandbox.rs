//! `sandbox: false`, `--no-sandbox`.

use electrolint_model::electron::preferences::Reason;

use crate::switches::check_switches;
use crate::windows::{WindowOption, check_option};
use crate::{Context, Findings, Severity};

rule! {
    /// A renderer runs without the operating system's sandbox.
    ///
    /// Chromium keeps a renderer from files, programs and devices, so that a page which exploits a bug in the engine is still locked up.
    /// `sandbox: false` takes that away for a window, the switch `--no-sandbox` for the whole app. Leave them out: the sandbox is on by
    /// default since Electron 20, and before, `app.enableSandbox()` switches it on. A preload script in a sandboxed window has
    /// `contextBridge`, `ipcRenderer` and a few more; what needs Node.js belongs in the main process. A sandbox that is lost through
    /// `nodeIntegration` is that rule's matter.
    ///
    /// ```js
    /// const { app, BrowserWindow } = require('electron');
    /// app.commandLine.appendSwitch('no-sandbox'); //~ process-sandbox
    /// new BrowserWindow({ webPreferences: { sandbox: false } }); //~ process-sandbox
    /// new BrowserWindow({ webPreferences: { sandbox: true } });
    /// new BrowserWindow({ webPreferences: { preload: `${__dirname}/preload.js` } });
    /// ```
    pub(crate) static RULE = {
        id: "process-sandbox",
        severity: Severity::Medium,
        items: ["E4"],
        cwe: ["CWE-693"],
        source: "https://www.electronjs.org/docs/latest/tutorial/security#4-enable-process-sandboxing",
    }
}

fn check(cx: &Context, findings: &mut Findings) {
    let option = WindowOption {
        key: "sandbox",
        bad: false,
        gain: "A page that exploits a bug in the engine has the user's rights.",
        help: "Leave `sandbox` out or set it to true, and move what needs Node.js from the preload script to the main process.",
    };
    check_option(cx, findings, &RULE, &option, |_, fact| {
        let told = matches!(fact.reason, Reason::Follows { key: "nodeIntegration" | "nodeIntegrationInWorker" });
        (!told).then_some(Severity::Medium.into())
    });
    check_switches(
        cx,
        findings,
        &RULE,
        &["no-sandbox"],
        Severity::Medium,
        "A page in any window that exploits a bug in the engine has the user's rights.",
        "Leave the switch out; where the sandbox does not start, install its helper as root with mode 4755.",
    );
}
