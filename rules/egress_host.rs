//! Requests to servers that the app's list does not name.

use electrolint_model::app::RequestKind;

use crate::addresses::server;
use crate::egress_private_network::private;
use crate::{Context, Findings, Severity};

rule! {
    /// A request goes to a host that is not on the app's list.
    ///
    /// Which servers an app talks to is a decision, and a line of code makes it silently: a new analytics service, a mirror, a host that
    /// was mistyped. The list stands in the configuration, in the words of the runtime policy: a name, `*.name`, an address, each with
    /// an optional port. Without a list the rule is silent. Addresses inside the user's machine and network are told by
    /// [egress-private-network](egress-private-network.md), and those of which the host is not known by
    /// [egress-dynamic-url](egress-dynamic-url.md).
    ///
    /// ```toml
    /// // file: electrolint.toml
    /// [rules.egress-host]
    /// allow = ["api.example.com", "*.cdn.example.com"]
    /// ```
    /// ```js
    /// const { net } = require('electron');
    /// net.fetch('https://api.example.com/v1/items');
    /// net.fetch(`https://eu.cdn.example.com/${process.platform}.json`);
    /// net.fetch('https://stats.example.org/hit'); //~ egress-host
    /// new WebSocket('wss://example.com/live'); //~ egress-host
    /// ```
    pub(crate) static RULE = {
        id: "egress-host",
        severity: Severity::Medium,
        items: [],
        cwe: ["CWE-441"],
        source: "https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html",
    }
}

fn check(cx: &Context, findings: &mut Findings) {
    let Some(hosts) = &cx.options.egress_hosts else { return };
    for request in cx.app.requests() {
        // Where a page goes is for its navigation handler to say.
        if request.kind == RequestKind::Navigation {
            continue;
        }
        for (known, span) in &request.urls {
            let Some(server) = server(known) else { continue };
            if private(&server.host).is_some() {
                continue;
            }
            // What is no URL for the policy is asked by nobody.
            let verdicts: Option<Vec<bool>> = hosts.iter().map(|host| host.covers_url(&server.origin)).collect();
            if verdicts.is_none_or(|verdicts| verdicts.contains(&true)) {
                continue;
            }
            findings
                .report(&RULE, *span, format!("this request goes to `{}`, which is not on the list", server.host))
                .known(known.certainty.min(request.certainty))
                .gain("What the app sends there, and what it takes from there, nobody has agreed to.")
                .help("Ask a server of the list, or add the host to `allow` of `[rules.egress-host]`.")
                .because(&known.trail)
                .symbol(format!("{}.host", request.symbol))
                .development(known.development.or(request.development));
        }
    }
}
