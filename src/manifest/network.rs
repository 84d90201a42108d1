//! Hosts: of requests, of what windows and webviews load, of what pages embed.

use std::collections::{BTreeMap, BTreeSet};

use electrolint_model::app::{Process, RequestKind};
use electrolint_model::html::{ResourceKind, resources};
use electrolint_model::link::things::{Known, Part, Thing};
use electrolint_model::source::Span;
use electrolint_policy::manifest::{HostEntry, Network, Request, WebSocket};
use electrolint_policy::{HostPattern, Permission, is_reserved, why_not_public};

use super::{Draft, Places};

const FIELD: &str = "/network/hosts";
const DYNAMIC: &str = "egress-dynamic-url";
const PRIVATE: &str = "egress-private-network";

/// What an address says of the server that it leads to.
pub(super) enum Server {
    /// `https`, and `api.example.com` or `api.example.com:8443`.
    Known(String, String),
    /// Not a server's: `file:`, `data:`, a path, a scheme of the app's own.
    Elsewhere,
    /// The host is not known.
    Open,
}

pub(super) fn server(known: &Known) -> Server {
    let (text, whole) = match &known.thing {
        Thing::Text(text) => (text.to_string(), true),
        Thing::Template(parts) => match parts.first() {
            Some(Part::Text(text)) => (text.to_string(), false),
            _ => return Server::Open,
        },
        _ => return Server::Open,
    };
    server_of(&text, whole)
}

/// As [`server`], for a text; with `whole` nothing follows it.
pub(super) fn server_of(text: &str, whole: bool) -> Server {
    let text = text.trim();
    let Some((scheme, rest)) = text.split_once(':') else { return Server::Elsewhere };
    let scheme = scheme.to_ascii_lowercase();
    if !matches!(scheme.as_str(), "http" | "https" | "ws" | "wss") {
        let is_scheme = scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b)) && !scheme.is_empty();
        // `example.com:8080/x` is a request to a path in a page and an error elsewhere.
        return if is_scheme || whole { Server::Elsewhere } else { Server::Open };
    }
    let rest = rest.trim_start_matches(['/', '\\']);
    let end = rest.find(['/', '?', '#', '\\']);
    let authority = match end {
        Some(end) => &rest[..end],
        None if whole => rest,
        None => return Server::Open,
    };
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let default = if matches!(scheme.as_str(), "https" | "wss") { ":443" } else { ":80" };
    let host = host.strip_suffix(default).unwrap_or(host);
    match HostPattern::parse(host) {
        // A star or a placeholder in an address is no host.
        Ok(pattern) if !host.contains('*') => Server::Known(scheme, pattern.to_string()),
        _ => Server::Open,
    }
}

/// Why a host is not granted though it is known: it is the user's own machine or network.
fn inside(host: &str) -> Option<String> {
    let pattern = HostPattern::parse(host).ok()?;
    if let Some(address) = pattern.address() {
        return why_not_public(address).map(|why| format!("the address {host} is not public: {why}"));
    }
    let name = host.split(':').next().unwrap_or(host);
    is_reserved(name).then(|| format!("the name {host} leads to no public server"))
}

#[derive(Default)]
pub(super) struct Found {
    hosts: BTreeMap<String, Places>,
    schemes: BTreeSet<String>,
}

impl Draft<'_> {
    pub(super) fn hosts(&mut self) {
        let mut found = Found::default();
        self.requests(&mut found);
        self.loads(&mut found);
        self.pages(&mut found);
        self.embeds(&mut found);
        self.write_hosts(found);
    }

    pub(super) fn add(&mut self, found: &mut Found, known: &Known, span: Span) {
        match server(known) {
            Server::Known(scheme, host) => self.add_host(found, &scheme, host, span),
            Server::Elsewhere => {}
            Server::Open => {
                self.open(FIELD, span, DYNAMIC, "the host of this address is put together when the app runs")
            }
        }
    }

    fn add_host(&mut self, found: &mut Found, scheme: &str, host: String, span: Span) {
        if let Some(why) = inside(&host) {
            return self.open(
                FIELD,
                span,
                PRIVATE,
                &format!("{why}; a policy with `block: \"private\"` cannot grant it"),
            );
        }
        let permission = if scheme.starts_with("ws") { Permission::NetWebSocket } else { Permission::NetRequest };
        self.needs(permission, span);
        found.schemes.insert(scheme.to_owned());
        found.hosts.entry(host).or_default().add(self.app, span);
    }

    fn requests(&mut self, found: &mut Found) {
        let mut answered = BTreeSet::new();
        for request in self.app.requests() {
            if let Some(call) = request.call {
                answered.insert(call);
            }
            for (known, span) in &request.urls {
                if self.is_shipped(*span, known.development.or(request.development)) {
                    // Where a page sends itself is a navigation; the host is the same.
                    let is_dynamic = matches!(server(known), Server::Open) && request.kind == RequestKind::Navigation;
                    if !is_dynamic {
                        self.add(found, known, *span);
                    }
                }
            }
        }
        for (call, address) in self.app.request_addresses() {
            let span = self.app.span(address);
            let record = self.app.program.call(call.call);
            let development = self.app.program.development_of(call.call.0, record.condition, &Default::default());
            let is_unknown = !answered.contains(&call.call)
                && self.app.eval(address).iter().any(|known| matches!(server(known), Server::Open));
            if is_unknown && !self.app.leads_to_file(address) && self.is_shipped(span, development) {
                let why = match self.app.process(call.call.0) {
                    Process::Renderer => "a page asks a server whose address is not known here",
                    _ => "the address of this request is not known here",
                };
                self.open(FIELD, span, DYNAMIC, why);
            }
        }
    }

    fn loads(&mut self, found: &mut Found) {
        for load in self.app.loads() {
            let Some(url) = load.url.filter(|_| !load.is_file) else { continue };
            for known in self.app.eval(url).iter() {
                if self.is_shipped(load.span, known.development.or(load.development))
                    && let Server::Known(scheme, host) = server(known)
                {
                    self.add_host(found, &scheme, host, load.span);
                }
            }
        }
        let webviews: Vec<_> = self.app.webviews().map(|view| (view.source().map(str::to_owned), view.span)).collect();
        for (source, span) in webviews {
            if let Some(Server::Known(scheme, host)) = source.map(|source| server_of(&source, true))
                && self.is_shipped(span, None)
            {
                self.add_host(found, &scheme, host, span);
            }
        }
    }

    fn pages(&mut self, found: &mut Found) {
        for page in &self.app.pages {
            if !self.app.is_product_file(page.file) {
                continue;
            }
            let text = &self.app.sources.file(page.file).text.content;
            for resource in resources(text, &page.html) {
                if matches!(resource.kind, ResourceKind::Base) || resource.templated {
                    continue;
                }
                let span = Span { file: page.file, start: resource.span.0, end: resource.span.1 };
                // `//example.com/x` is the scheme of the page; of a file it is no server.
                if let Server::Known(scheme, host) = server_of(&resource.url, true) {
                    self.add_host(found, &scheme, host, span);
                }
            }
        }
    }

    fn embeds(&mut self, found: &mut Found) {
        for embed in self.app.embeds() {
            for known in &embed.values {
                if self.is_shipped(embed.span, known.development.or(embed.development))
                    && let Server::Known(scheme, host) = server(known)
                {
                    self.add_host(found, &scheme, host, embed.span);
                }
            }
        }
    }

    pub(super) fn write_hosts(&mut self, found: Found) {
        if found.hosts.is_empty() {
            return;
        }
        let hosts = found.hosts.into_iter().map(|(host, places)| HostEntry { host, from: places.list() }).collect();
        let schemes = |all: [&str; 2]| -> Option<Vec<String>> {
            let used: Vec<String> =
                all.into_iter().filter(|scheme| found.schemes.contains(*scheme)).map(str::to_owned).collect();
            (!used.is_empty()).then_some(used)
        };
        let network = Network {
            hosts: Some(hosts),
            request: schemes(["https", "http"]).map(|schemes| Request { schemes: Some(schemes), ..Request::default() }),
            websocket: schemes(["wss", "ws"])
                .map(|schemes| WebSocket { schemes: Some(schemes), ..WebSocket::default() }),
            ..Network::default()
        };
        self.manifest.network = Some(network);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_addresses() {
        for (text, expected) in [
            ("https://api.example.com/v1", Some("api.example.com")),
            ("HTTPS://API.Example.com:443", Some("api.example.com")),
            ("wss://a.example:8443?x", Some("a.example:8443")),
            ("https://user:pass@a.example/", Some("a.example")),
            ("https://[2606:4700::1111]:8080/", Some("[2606:4700::1111]:8080")),
            ("file:///x/index.html", None),
            ("data:text/html,x", None),
            ("app://main/", None),
            ("/v1/items", None),
        ] {
            let found = match server_of(text, true) {
                Server::Known(_, host) => Some(host),
                Server::Elsewhere => None,
                Server::Open => panic!("{text}"),
            };
            assert_eq!(found.as_deref(), expected, "{text}");
        }
        assert!(matches!(server_of("https://", false), Server::Open));
        assert!(matches!(server_of("https://api.", false), Server::Open));
        assert!(matches!(server_of("https://*/x", true), Server::Open));
    }
}
