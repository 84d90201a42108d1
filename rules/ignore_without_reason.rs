//! Comments that ask to ignore a finding and do not say why.

use crate::ignores::Style;
use crate::{Context, Findings, Severity};

rule! {
    /// A comment asks to ignore a finding and does not say why.
    ///
    /// An exception outlives the people who know its reason. Whoever reads `electrolint-ignore[web-security]` two years later can
    /// neither keep it nor remove it with a good conscience. The reason stands behind a colon; the finding is hidden all the same.
    /// Comments of electronegativity (`eng-disable`) have no place for a reason and need none.
    ///
    /// ```js
    /// const { BrowserWindow } = require('electron');
    /// new BrowserWindow({ webPreferences: {
    ///   // electrolint-ignore[web-security]
    ///   webSecurity: false, //~^ ignore-without-reason
    /// } });
    /// new BrowserWindow({ webPreferences: {
    ///   // electrolint-ignore[web-security]: loads one page of ours, from a server without CORS headers
    ///   webSecurity: false,
    /// } });
    /// ```
    pub(crate) static RULE = {
        id: "ignore-without-reason",
        severity: Severity::Low,
        items: [],
        cwe: ["CWE-1116"],
        source: "https://biomejs.dev/analyzer/suppressions/",
    }
}

fn check(cx: &Context, findings: &mut Findings) {
    for ignore in cx.ignores {
        let has_reason = ignore.reason.contains(char::is_alphanumeric);
        if ignore.style == Style::Electrolint && !ignore.names.is_empty() && !has_reason {
            let names: Vec<&str> = ignore.names.iter().map(|(name, _)| name.as_str()).collect();
            findings
                .report(&RULE, ignore.span, "a finding is ignored without a reason")
                .gain("Nobody can tell later whether the exception is still needed.")
                .help("Write why behind the brackets: `electrolint-ignore[…]: reason`.")
                .symbol(format!("ignore {}", names.join(" ")));
        }
    }
}
