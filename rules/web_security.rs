//! `webSecurity: false`.

use crate::windows::{WindowOption, check_option};
use crate::{Context, Findings, Severity};

rule! {
    /// The same-origin policy is switched off.
    ///
    /// With `webSecurity: false` every page in the window may read every other site with the user's cookies, and local files too.
    /// One script from outside, or one injected into any page, reads all of it. Electron also lets `https:` pages run scripts over
    /// `http:` then, unless `allowRunningInsecureContent` is set. Leave the option out, and serve local files through a protocol of
    /// your own (`protocol.handle`) or answer with the CORS headers that are missing.
    ///
    /// ```js
    /// const { BrowserWindow } = require('electron');
    /// new BrowserWindow({ webPreferences: { webSecurity: false } }); //~ web-security
    /// new BrowserWindow({ webPreferences: { webSecurity: true } });
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
    check_option(cx, findings, &RULE, &option, |_, _| Some(Severity::High));
}
