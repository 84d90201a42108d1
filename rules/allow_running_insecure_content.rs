//! `allowRunningInsecureContent: true`.

use electrolint_model::electron::preferences::Reason;

use crate::switches::check_switches;
use crate::windows::{WindowOption, check_option};
use crate::{Context, Findings, Severity};

rule! {
    /// Pages that came over `https:` may run scripts that come over `http:`.
    ///
    /// Who sits on the way (a café's network, a provider) then writes the script that runs in the page, with all that the page may do.
    /// Leave `allowRunningInsecureContent` out and load everything over `https:`. It is also on where `webSecurity` is off; that is
    /// reported as `web-security`.
    ///
    /// ```js
    /// const { BrowserWindow } = require('electron');
    /// new BrowserWindow({ webPreferences: { allowRunningInsecureContent: true } }); //~ allow-running-insecure-content
    /// new BrowserWindow({ webPreferences: { allowRunningInsecureContent: false } });
    /// ```
    pub(crate) static RULE = {
        id: "allow-running-insecure-content",
        severity: Severity::Medium,
        items: ["S7", "E8"],
        cwe: ["CWE-319"],
        source: "https://www.electronjs.org/docs/latest/tutorial/security#8-do-not-enable-allowrunninginsecurecontent",
    }
}

const GAIN: &str = "Who sits on the network writes the scripts of pages that came over `https:`.";

fn check(cx: &Context, findings: &mut Findings) {
    let option = WindowOption {
        key: "allowRunningInsecureContent",
        bad: true,
        gain: GAIN,
        help: "Leave the option out and load everything over `https:`.",
    };
    check_option(cx, findings, &RULE, &option, |_, fact| {
        let told = matches!(fact.reason, Reason::Follows { key: "webSecurity" });
        (!told).then_some(Severity::Medium.into())
    });
    check_switches(
        cx,
        findings,
        &RULE,
        &["allow-running-insecure-content"],
        Severity::Medium,
        GAIN,
        "Leave the switch out and load everything over `https:`.",
    );
}
