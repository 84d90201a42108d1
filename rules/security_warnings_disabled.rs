//! `ELECTRON_DISABLE_SECURITY_WARNINGS`.

use electrolint_model::app::SwitchSource;

use crate::{Confidence, Context, Findings, Severity, fixes};

rule! {
    /// Electron's own warnings are silenced.
    ///
    /// Electron tells developers in the console of a page what is insecure about it. `ELECTRON_DISABLE_SECURITY_WARNINGS` hides that and
    /// mends nothing, for whoever works on the app next. Take it out and mend what the warnings say. Any text that is not empty hides them,
    /// `"false"` and `"0"` too.
    ///
    /// ```js
    /// process.env.ELECTRON_DISABLE_SECURITY_WARNINGS = 'true'; //~ security-warnings-disabled
    /// process.env['ELECTRON_DISABLE_SECURITY_WARNINGS'] = false; //~ security-warnings-disabled
    /// process.env.ELECTRON_ENABLE_SECURITY_WARNINGS = 'true';
    /// process.env.ELECTRON_DISABLE_SECURITY_WARNINGS = '';
    /// ```
    pub(crate) static RULE = {
        id: "security-warnings-disabled",
        severity: Severity::Low,
        items: [],
        cwe: ["CWE-1188"],
        source: "https://www.electronjs.org/docs/latest/tutorial/security#electron-security-warnings",
    }
}

const NAME: &str = "ELECTRON_DISABLE_SECURITY_WARNINGS";

fn check(cx: &Context, findings: &mut Findings) {
    for write in cx.app.environment_writes(NAME) {
        let (message, confidence) = match (write.value.as_deref(), write.source) {
            (Some(""), _) => continue,
            (Some("false" | "0"), _) => {
                ("any text disables Electron's security warnings, this one too", Confidence::Certain)
            }
            (Some(_), SwitchSource::Script) => {
                ("this script disables Electron's security warnings", Confidence::Certain)
            }
            (Some(_), _) => ("Electron's security warnings are disabled", Confidence::Certain),
            (None, _) => ("Electron's security warnings may be disabled", Confidence::Tentative),
        };
        let _ = findings
            .report(&RULE, write.span, message)
            .fix(fixes::remove_statement(cx.app, write.span, NAME, true))
            .known(write.certainty)
            .at_most(confidence)
            .because(&write.trail)
            .gain("Nothing by itself: what the warnings would say stays unseen.")
            .help("Take it out, and mend what the warnings say.")
            .symbol(write.symbol.clone())
            // A tool of whoever builds the app does not ship.
            .development(if cx.app.is_product_file(write.span.file) { write.development } else { Some(true) });
    }
}
