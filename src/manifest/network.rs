//! Hosts: of requests, of what windows and webviews load, of what pages embed.

use std::collections::{BTreeMap, BTreeSet};

use electrolint_model::app::{Process, RequestKind};
use electrolint_model::html::{ResourceKind, resources};
use electrolint_model::link::things::{Known, Thing};
use electrolint_model::source::Span;
use electrolint_policy::manifest::{HostEntry, Network, Request, WebSocket};
use electrolint_policy::{HostPattern, Permission, is_reserved, why_not_public};

use super::addresses::{Server, server, server_of};
use super::{Draft, Places};

const FIELD: &str = "/network/hosts";
const DYNAMIC: &str = "egress-dynamic-url";
const PRIVATE: &str = "egress-private-network";

/// Why a host is not granted though it is known: it is the user's own machine or network.
fn inside(host: &str) -> Option<String> {
    let pattern = HostPattern::parse(host).ok()?;
    if let Some(address) = pattern.address() {
        return why_not_public(address).map(|why| format!("the address {host} is not public: {why}"));
    }
    let name = host.split(':').next().unwrap_or(host);
    is_reserved(name).then(|| format!("the name {host} leads to no public server"))
}

/// Packages that ask servers of their own, by the call that makes a client; an option that names another server in its place.
///
/// <https://github.com/octokit/core.js#options>, <https://www.algolia.com/doc/rest-api/search/#hosts>,
/// <https://github.com/electron/update-electron-app#readme>
const CLIENTS: [(&str, &[&str], &str); 9] = [
    ("@octokit/core.Octokit", &["api.github.com"], "baseUrl"),
    ("@octokit/rest", &["api.github.com"], "baseUrl"),
    ("@octokit/rest.Octokit", &["api.github.com"], "baseUrl"),
    ("octokit.Octokit", &["api.github.com"], "baseUrl"),
    ("algoliasearch", &["*.algolia.net", "*.algolianet.com"], "hosts"),
    ("algoliasearch.default", &["*.algolia.net", "*.algolianet.com"], "hosts"),
    ("algoliasearch/lite", &["*.algolia.net", "*.algolianet.com"], "hosts"),
    ("algoliasearch/lite.default", &["*.algolia.net", "*.algolianet.com"], "hosts"),
    ("update-electron-app.updateElectronApp", &["update.electronjs.org"], "host"),
];

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
        self.clients(&mut found);
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

    fn clients(&mut self, found: &mut Found) {
        let app = self.app;
        for (api, hosts, option) in CLIENTS {
            for call in app.calls(api).iter() {
                let record = app.program.call(call.call);
                let development = app.program.development_of(call.call.0, record.condition, &Default::default());
                let span = call.span(app);
                let options = call.argument(app, 0).map(|options| app.eval(options));
                let names_another = options.iter().flat_map(|options| options.iter()).any(|known| match &known.thing {
                    Thing::Object(object) => !app.program.property(object, option, None).values.is_empty(),
                    _ => false,
                });
                if !names_another && self.is_shipped(span, development) {
                    hosts.iter().for_each(|host| self.add_host(found, "https", (*host).to_owned(), span));
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
