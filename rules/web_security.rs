//! `webSecurity: false`.

use electrolint_model::electron::preferences::Reason;

use crate::switches::check_switches;
use crate::windows::{Verdict, WindowOption, check_option};
use crate::{Context, Findings, Severity};

rule! {
    /// The same-origin policy is switched off.
    ///
    /// With `webSecurity: false` every page in the window may read every other site with the user's cookies, and local files too.
    /// One script from outside, or one injected into any page, reads all of it. Electron also lets `https:` pages run scripts over
    /// `http:` then, unless `allowRunningInsecureContent` is set. Leave the option out, and serve local files through a protocol of
    /// your own (`protocol.handle`) or answer with the CORS headers that are missing. The switch `--disable-web-security` does the same to
    /// the whole app.
    ///
    /// ```js
    /// const { app, BrowserWindow } = require('electron');
    /// new BrowserWindow({ webPreferences: { webSecurity: false } }); //~ web-security
    /// new BrowserWindow({ webPreferences: { webSecurity: true } });
    /// app.commandLine.appendSwitch('disable-web-security'); //~ web-security
    /// ```
    pub(crate) static RULE = {
        id: "web-security",
        severity: Severity::High,
        items: ["S5", "E6"],
        cwe: ["CWE-346"],
        source: "https://www.electronjs.org/docs/latest/tutorial/security#6-do-not-disable-websecurity",
    }
}

fn check(cx: &Context, findings: &mut Findings) {
    let option = WindowOption {
        key: "webSecurity",
        bad: false,
        gain: "Any script in this window reads every site with the user's cookies, and local files.",
        help: "Leave `webSecurity` out; serve local files through `protocol.handle`, or send the CORS headers that are missing.",
    };
    check_option(cx, findings, &RULE, &option, |window, _| {
        let insecure = &window.effective(cx.app).allow_running_insecure_content;
        let gain = (insecure.is(true) && matches!(insecure.reason, Reason::Follows { .. })).then_some(
            "Any script in this window reads every site with the user's cookies, and local files; `https:` pages run scripts over `http:`.",
        );
        Some(Verdict { gain, ..Severity::High.into() })
    });
    check_switches(
        cx,
        findings,
        &RULE,
        &["disable-web-security"],
        Severity::High,
        "Any script in any window reads every site with the user's cookies, and local files.",
        "Leave the switch out; serve local files through `protocol.handle`, or send the CORS headers that are missing.",
    );
}
