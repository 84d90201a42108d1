//! Requests into the user's own network.

use std::net::IpAddr;

use electrolint_policy::{is_reserved, why_not_public};

use crate::addresses::{Server, server};
use crate::{Context, Findings, Severity};

rule! {
    /// A request goes to an address inside the user's machine or network.
    ///
    /// What answers there is not the app's: another program on the machine, a device in the user's network, the metadata service of a
    /// cloud that hands out credentials. A constant address of this kind is often one of a developer's network. Name a public host, or
    /// let the user say which device is meant. This machine itself counts as information only: a development server is the usual case.
    ///
    /// ```js
    /// const { net } = require('electron');
    /// net.fetch('http://169.254.169.254/latest/meta-data/'); //~ egress-private-network medium
    /// net.fetch('https://192.168.1.20/status'); //~ egress-private-network medium
    /// net.fetch('http://localhost:3000/api'); //~ egress-private-network info
    /// net.fetch('https://example.com/192.168.1.20');
    /// net.fetch('https://93.184.216.34/');
    /// ```
    pub(crate) static RULE = {
        id: "egress-private-network",
        severity: Severity::Medium,
        items: [],
        cwe: ["CWE-918"],
        source: "https://www.iana.org/assignments/iana-ipv4-special-registry/iana-ipv4-special-registry.xhtml",
    }
}

fn check(cx: &Context, findings: &mut Findings) {
    for request in cx.app.requests() {
        for (known, span) in &request.urls {
            let Some(Server { host, .. }) = server(known) else { continue };
            let Some((what, is_machine)) = private(&host) else { continue };
            findings
                .report(&RULE, *span, format!("this request goes to `{host}`, {what}"))
                .severity(if is_machine { Severity::Info } else { Severity::Medium })
                .known(known.certainty.min(request.certainty))
                .gain("Whoever answers there, another program or device, is taken for the app's server.")
                .help("Name a public host, or let the user say which device is meant.")
                .because(&known.trail)
                .symbol(format!("{}.url", request.symbol))
                .development(known.development.or(request.development));
        }
    }
}

/// What a host inside is, and whether it is this machine.
pub(crate) fn private(host: &str) -> Option<(&'static str, bool)> {
    if let Ok(address) = host.parse::<IpAddr>() {
        let why = why_not_public(address)?;
        return Some(match why {
            _ if address.is_loopback() || address.is_unspecified() => ("this machine", true),
            _ if address == IpAddr::from([169, 254, 169, 254]) => ("the metadata service of clouds", false),
            _ => ("which is no public address", false),
        });
    }
    if host == "localhost" || host.ends_with(".localhost") {
        return Some(("this machine", true));
    }
    let is_metadata = matches!(host, "metadata.google.internal" | "instance-data");
    if is_metadata {
        return Some(("the metadata service of clouds", false));
    }
    // A name without a dot is a placeholder as often as a host.
    (is_reserved(host) && host.contains('.') && !host.ends_with(".onion")).then_some(("a name that no public server has", false))
}
