//! What the app asks of servers by itself: requests, sockets, update feeds.

use super::App;
use super::calls::ApiCall;
use crate::link::things::*;
use crate::link::{C, F, V};
use crate::source::Span;
use crate::summary::{CallKind, Value};

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RequestKind {
    /// Data is fetched or sent.
    Data,
    /// A file is downloaded for the person.
    Download,
    /// Script is loaded and run.
    Script,
    /// Updates of the app.
    Update,
    /// The page goes there.
    Navigation,
}

/// One request that a script makes.
#[derive(Clone, Debug)]
pub struct Request {
    /// The call.
    pub call: Option<C>,
    /// The API: `net.request`.
    pub api: String,
    /// What for.
    pub kind: RequestKind,
    /// What its address can be, and where each is written.
    pub urls: Vec<(Known, Span)>,
    /// Scope path.
    pub symbol: String,
    /// How sure it is that this is a request.
    pub certainty: Certainty,
    /// Only in development.
    pub development: Option<bool>,
}

/// APIs whose argument of this index is an address or an object that holds one.
///
/// <https://developer.mozilla.org/en-US/docs/Web/API>, <https://nodejs.org/api/http.html>,
/// <https://www.electronjs.org/docs/latest/api/net> and the pages of the packages.
const APIS: &[(&str, usize, RequestKind)] = &[
    ("fetch", 0, RequestKind::Data),
    ("net.fetch", 0, RequestKind::Data),
    ("net.request", 0, RequestKind::Data),
    ("Session.fetch", 0, RequestKind::Data),
    ("Session.downloadURL", 0, RequestKind::Download),
    ("WebContents.downloadURL", 0, RequestKind::Download),
    ("Session.setSpellCheckerDictionaryDownloadURL", 0, RequestKind::Download),
    ("WebSocket", 0, RequestKind::Data),
    ("ws", 0, RequestKind::Data),
    ("ws.WebSocket", 0, RequestKind::Data),
    ("EventSource", 0, RequestKind::Data),
    ("Audio", 0, RequestKind::Data),
    ("navigator.sendBeacon", 0, RequestKind::Data),
    ("importScripts", 0, RequestKind::Script),
    ("Worker", 0, RequestKind::Script),
    ("SharedWorker", 0, RequestKind::Script),
    ("location.assign", 0, RequestKind::Navigation),
    ("location.replace", 0, RequestKind::Navigation),
    ("autoUpdater.setFeedURL", 0, RequestKind::Update),
    ("electron-updater.autoUpdater.setFeedURL", 0, RequestKind::Update),
    ("update-electron-app", 0, RequestKind::Update),
    ("crashReporter.start", 0, RequestKind::Data),
    ("http.get", 0, RequestKind::Data),
    ("http.request", 0, RequestKind::Data),
    ("https.get", 0, RequestKind::Data),
    ("https.request", 0, RequestKind::Data),
    ("@sentry/electron.init", 0, RequestKind::Data),
    ("@sentry/electron/main.init", 0, RequestKind::Data),
    ("@sentry/electron/renderer.init", 0, RequestKind::Data),
    ("@sentry/browser.init", 0, RequestKind::Data),
    ("@sentry/node.init", 0, RequestKind::Data),
    ("@sentry/react.init", 0, RequestKind::Data),
    ("@sentry/vue.init", 0, RequestKind::Data),
    ("axios", 0, RequestKind::Data),
    ("axios.create", 0, RequestKind::Data),
    ("axios.request", 0, RequestKind::Data),
    ("axios.get", 0, RequestKind::Data),
    ("axios.post", 0, RequestKind::Data),
    ("axios.put", 0, RequestKind::Data),
    ("axios.patch", 0, RequestKind::Data),
    ("axios.delete", 0, RequestKind::Data),
    ("axios.head", 0, RequestKind::Data),
    ("axios.default.get", 0, RequestKind::Data),
    ("axios.default.post", 0, RequestKind::Data),
    ("axios.default.create", 0, RequestKind::Data),
    ("got", 0, RequestKind::Data),
    ("got.default", 0, RequestKind::Data),
    ("got.get", 0, RequestKind::Data),
    ("got.post", 0, RequestKind::Data),
    ("got.put", 0, RequestKind::Data),
    ("got.stream", 0, RequestKind::Data),
    ("got.extend", 0, RequestKind::Data),
    ("ky", 0, RequestKind::Data),
    ("ky.get", 0, RequestKind::Data),
    ("ky.post", 0, RequestKind::Data),
    ("node-fetch", 0, RequestKind::Data),
    ("node-fetch.default", 0, RequestKind::Data),
    ("cross-fetch", 0, RequestKind::Data),
    ("cross-fetch.default", 0, RequestKind::Data),
    ("electron-fetch", 0, RequestKind::Data),
    ("electron-fetch.default", 0, RequestKind::Data),
    ("isomorphic-fetch", 0, RequestKind::Data),
    ("ofetch.ofetch", 0, RequestKind::Data),
    ("undici.fetch", 0, RequestKind::Data),
    ("undici.request", 0, RequestKind::Data),
    ("request", 0, RequestKind::Data),
    ("request.get", 0, RequestKind::Data),
    ("request.post", 0, RequestKind::Data),
    ("request-promise", 0, RequestKind::Data),
    ("request-promise.get", 0, RequestKind::Data),
    ("request-promise.post", 0, RequestKind::Data),
    ("request-promise-native", 0, RequestKind::Data),
    ("request-promise-native.get", 0, RequestKind::Data),
    ("request-promise-native.post", 0, RequestKind::Data),
    ("superagent.get", 0, RequestKind::Data),
    ("superagent.post", 0, RequestKind::Data),
    ("needle", 1, RequestKind::Data),
    ("needle.get", 0, RequestKind::Data),
    ("socket.io-client", 0, RequestKind::Data),
    ("socket.io-client.io", 0, RequestKind::Data),
    ("socket.io-client.connect", 0, RequestKind::Data),
];

/// Functions between a menu and a request.
const MOST_CALLERS: u32 = 3;

/// Places from which such a function is called that are looked at.
const MOST_MENUS: usize = 8;

/// Keys of an options object that hold an address.
const ADDRESS_KEYS: [&str; 7] = ["url", "uri", "baseURL", "baseUrl", "prefixUrl", "submitURL", "dsn"];

/// Whether a call of this API gives what a server answers.
pub(super) fn is_request_for_data(path: &str) -> bool {
    APIS.iter().any(|(api, _, kind)| *api == path && *kind == RequestKind::Data)
        && !matches!(
            path,
            "crashReporter.start" | "navigator.sendBeacon" | "axios.create" | "got.extend" | "axios.default.create"
        )
        && !path.starts_with("@sentry/")
}

impl App<'_> {
    /// Every request whose address is known in part, in the order of places.
    pub fn requests(&self) -> &[Request] {
        self.requests.get_or_init(|| self.find_requests())
    }

    fn find_requests(&self) -> Vec<Request> {
        let mut found = Vec::new();
        for &(api, index, kind) in APIS {
            for call in self.calls(api).iter() {
                // `class Worker` of the app's own is resolved to the class; what is left is the platform's.
                if matches!(api, "Worker" | "SharedWorker" | "WebSocket" | "EventSource" | "Audio" | "ws")
                    && self.program.call(call.call).kind != CallKind::New
                {
                    continue;
                }
                if let Some(address) = call.argument(self, index) {
                    let urls = self.addresses(address, api);
                    self.add_request(call, api, kind, urls, &mut found);
                }
            }
        }
        for (call, api) in self.calls_of_clients() {
            let urls = call.argument(self, 0).map_or_else(Vec::new, |address| self.addresses(address, &api));
            self.add_request(&call, &api, RequestKind::Data, urls, &mut found);
        }
        for call in self.calls_on_result("new XMLHttpRequest", "open") {
            if let Some(address) = call.argument(self, 1) {
                let urls = self.addresses(address, "XMLHttpRequest");
                self.add_request(&call, "XMLHttpRequest.open", RequestKind::Data, urls, &mut found);
            }
        }
        self.add_location_writes(&mut found);
        self.add_sources(&mut found);
        self.add_imports(&mut found);
        found.sort_by_key(|request| request.urls.first().map(|url| url.1));
        found
    }

    /// Addresses of requests that send or fetch data for the app, as they are handed over: the text, or the part of the options that
    /// names a server. A download is the person's, and is no more than what a link of the page starts.
    pub fn request_addresses(&self) -> Vec<(ApiCall, V)> {
        let mut found = Vec::new();
        for &(api, index, kind) in APIS {
            if !matches!(kind, RequestKind::Data | RequestKind::Update) {
                continue;
            }
            for call in self.calls(api).iter() {
                let Some(address) = call.argument(self, index) else { continue };
                let keys = ["url", "uri", "baseURL", "host", "hostname", "dsn"];
                let mut parts = self.options_written(address, &keys);
                if parts.is_empty() {
                    parts.push(address);
                }
                found.extend(parts.into_iter().map(|part| (call.clone(), part)));
            }
        }
        found.sort_by_key(|(call, v)| (call.call, *v));
        found.dedup_by_key(|(call, v)| (call.call, *v));
        found
    }

    fn add_request(
        &self,
        call: &ApiCall,
        api: &str,
        kind: RequestKind,
        urls: Vec<(Known, Span)>,
        found: &mut Vec<Request>,
    ) {
        if urls.is_empty() {
            return;
        }
        let record = self.program.call(call.call);
        found.push(Request {
            call: Some(call.call),
            api: api.to_owned(),
            kind,
            urls,
            symbol: self.symbol(call.call),
            certainty: call.certainty,
            development: self.program.development_of(call.call.0, record.condition, &Frames::default()),
        });
    }

    /// Whether a call happens because the user chose it from a menu: `{ label, click: () => contents.downloadURL(url) }`, or in a
    /// function that is called from nowhere else.
    pub fn is_chosen_from_a_menu(&self, c: C) -> bool {
        self.is_of_a_menu(c, 0)
    }

    fn is_of_a_menu(&self, c: C, depth: u32) -> bool {
        let summary = self.program.summary(c.0);
        let mut function = self.program.call(c).function;
        for _ in 0..8 {
            let record = summary.function(function);
            if record.holder.is_some() && record.name.is_some_and(|name| summary.str(name) == "click") {
                return true;
            }
            let callers = self.program.callers(F(c.0, function));
            if depth < MOST_CALLERS && !callers.is_empty() {
                return callers.len() <= MOST_MENUS
                    && callers.iter().all(|caller| self.is_of_a_menu(*caller, depth + 1));
            }
            if record.parent == function {
                return false;
            }
            function = record.parent;
        }
        false
    }

    /// `image.src = address`, `script.setAttribute('src', address)`, `link.href = address`: of elements that scripts make.
    fn add_sources(&self, found: &mut Vec<Request>) {
        let mut given = Vec::new();
        for name in ["src", "href"] {
            for (unit, write) in self.program.written_to(name) {
                given.extend(write.value.map(|value| (V(unit, write.object), name, V(unit, value), write.condition)));
            }
        }
        for &c in self.program.calls_named("setAttribute") {
            let call = self.program.call(c);
            let Value::Member(object, _) = self.program.value(V(c.0, call.callee)) else { continue };
            let name = self.program.argument(c, 0).and_then(|name| self.constant(name));
            let name = match name.as_ref().and_then(Known::text) {
                Some("src") => "src",
                Some("href") => "href",
                _ => continue,
            };
            given.extend(self.program.argument(c, 1).map(|value| (V(c.0, object), name, value, call.condition)));
        }
        for (object, name, value, condition) in given {
            let kind = self.eval(object).iter().find_map(|known| match &known.thing {
                Thing::Element(tag, _) => match (&**tag, name) {
                    ("script" | "iframe", "src") | ("link", "href") => Some(RequestKind::Script),
                    ("img" | "video" | "audio" | "source", "src") => Some(RequestKind::Data),
                    _ => None,
                },
                Thing::Result(made, _) if matches!(&**made, "new Image" | "new Audio") && name == "src" => {
                    Some(RequestKind::Data)
                }
                _ => None,
            });
            let Some(kind) = kind else { continue };
            let urls = self.addresses(value, name);
            if urls.is_empty() {
                continue;
            }
            found.push(Request {
                call: None,
                api: format!("{name} of a made element"),
                kind,
                urls,
                symbol: name.to_owned(),
                certainty: Certainty::Firm,
                development: self.program.development_of(value.0, condition, &Frames::default()),
            });
        }
    }

    /// `import 'http://example.com/a.js'`.
    fn add_imports(&self, found: &mut Vec<Request>) {
        for unit in self.program.unit_ids() {
            let summary = self.program.summary(unit);
            for import in &summary.imports {
                let specifier = summary.str(import.specifier);
                if !specifier.starts_with("http://") {
                    continue;
                }
                let known = Known {
                    thing: Thing::Text(specifier.into()),
                    at: None,
                    trail: Trail::default(),
                    certainty: Certainty::Certain,
                    development: None,
                };
                found.push(Request {
                    call: None,
                    api: "import".to_owned(),
                    kind: RequestKind::Script,
                    urls: vec![(known, self.program.place(unit, import.span))],
                    symbol: "import".to_owned(),
                    certainty: Certainty::Certain,
                    development: None,
                });
            }
        }
    }

    /// `location.href = url`.
    fn add_location_writes(&self, found: &mut Vec<Request>) {
        for (unit, write) in self.program.written_to("href") {
            let Some(value) = write.value else { continue };
            let objects = self.eval(V(unit, write.object));
            if !objects.iter().any(|known| matches!(&known.thing, Thing::Api(path) if &**path == "location")) {
                continue;
            }
            let value = V(unit, value);
            found.push(Request {
                call: None,
                api: "location.href".to_owned(),
                kind: RequestKind::Navigation,
                urls: self.addresses(value, "location"),
                symbol: "location.href".to_owned(),
                certainty: Certainty::Firm,
                development: self.program.development_of(unit, write.condition, &Frames::default()),
            });
        }
    }

    /// What an address that is loaded can be: as it is, or the base of a relative one, `new URL('/start', base)`.
    pub fn addresses_loaded(&self, url: V) -> Vec<Known> {
        let values = self.eval(url);
        let mut found = Vec::new();
        for known in values.iter() {
            match &known.thing {
                Thing::Result(path, _) if &**path == "new URL" => {
                    found.extend(self.addresses(url, "loadURL").into_iter().map(|(known, _)| known));
                    return found;
                }
                _ => found.push(known.clone()),
            }
        }
        found
    }

    /// What an argument says of an address: a text, `new URL(text)`, or an object that holds one.
    fn addresses(&self, address: V, api: &str) -> Vec<(Known, Span)> {
        let mut found = Vec::new();
        for known in self.eval(address).iter() {
            match &known.thing {
                Thing::Text(_) | Thing::Template(_) => found.push((known.clone(), self.span(address))),
                Thing::Result(path, c) if &**path == "new URL" => {
                    let first = self.program.argument(*c, 0);
                    let is_relative = first.is_some_and(|first| self.leads_where_base_does(first));
                    let whole = match self.program.argument(*c, 1) {
                        None => first,
                        base => base.filter(|_| is_relative),
                    };
                    if let Some(text) = whole {
                        found.extend(self.eval(text).iter().map(|known| (known.clone(), self.span(text))));
                    }
                }
                Thing::Object(object) => {
                    for key in ADDRESS_KEYS {
                        let lookup = self.program.property(object, key, None);
                        found.extend(lookup.values.into_iter().map(|placed| (placed.known, placed.span)));
                    }
                    if found.is_empty() {
                        found.extend(self.assembled(object, api));
                    }
                }
                _ => {}
            }
        }
        found
    }

    /// Whether an address is relative, whatever follows its beginning: a base that it is put on says to which server it leads.
    pub(super) fn leads_where_base_does(&self, address: V) -> bool {
        self.eval(address).iter().all(|known| {
            let Some((head, is_whole)) = known.thing.head() else { return false };
            match head.as_bytes() {
                // What follows may be another slash, and a server.
                [b'/'] => is_whole,
                [b'/', second, ..] => !matches!(second, b'/' | b'\\'),
                [b'.' | b'?' | b'#', ..] => true,
                _ => head.split(['/', '?', '#']).next().is_some_and(|word| {
                    !word.is_empty() && !word.contains([':', '\\']) && (is_whole || word.len() < head.len())
                }),
            }
        })
    }

    /// `{ protocol: 'http:', hostname: 'example.com' }`; `http.request` needs no protocol.
    fn assembled(&self, object: &Object, api: &str) -> Option<(Known, Span)> {
        let one = |key: &str| {
            let lookup = self.program.property(object, key, None);
            let [placed] = lookup.values.as_slice() else { return None };
            placed.known.text().map(|text| (text.to_owned(), placed.clone()))
        };
        let protocol = one("protocol");
        let (host, placed) = one("hostname").or_else(|| one("host"))?;
        let scheme = match &protocol {
            Some((protocol, _)) => protocol.clone(),
            None if api.starts_with("http.") => "http:".to_owned(),
            None => return None,
        };
        let span = protocol.map_or(placed.span, |(_, placed)| placed.span);
        let thing = Thing::Text(format!("{scheme}//{host}/").into());
        Some((Known { thing, ..placed.known }, span))
    }
}
