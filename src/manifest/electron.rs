//! Electron's part: what the app does, as it is. A rule reports what of it is insecure.

use std::collections::{BTreeMap, BTreeSet};

use electrolint_model::app::checks::{UrlPart, parameter_root};
use electrolint_model::app::{Admitted, Listener, Reach, Window, WindowKind};
use electrolint_model::csp::{Disposition, Policy};
use electrolint_model::electron::preferences::{Given, Value as Tri};
use electrolint_model::link::things::{Known, Origin, Part, Thing};
use electrolint_model::link::{C, F, V};
use electrolint_model::source::Span;
use electrolint_policy::HostPattern;
use electrolint_policy::manifest::{
    Channel, Electron, OpenExternal, OriginEntry, PageCsp, Protocol, SessionPermission, WebPreferences, WebView,
    Window as Entry,
};
use serde_json::Value as Json;

use super::network::{Server, server, server_of};
use super::{Draft, Named, Places, below_root};

/// The preferences that are written, each with the rule that looks at it. Those of appearance are not.
const PREFERENCES: [(&str, &str); 13] = [
    ("allowRunningInsecureContent", "allow-running-insecure-content"),
    ("contextIsolation", "context-isolation"),
    ("enableRemoteModule", "remote-module"),
    ("experimentalFeatures", "experimental-features"),
    ("javascript", ""),
    ("navigateOnDragDrop", ""),
    ("nodeIntegration", "node-integration"),
    ("nodeIntegrationInSubFrames", "node-integration"),
    ("nodeIntegrationInWorker", "node-integration"),
    ("plugins", ""),
    ("sandbox", "process-sandbox"),
    ("webSecurity", "web-security"),
    ("webviewTag", "webview-options"),
];

/// Privileges of a scheme: <https://www.electronjs.org/docs/latest/api/structures/custom-scheme>.
const PRIVILEGES: [&str; 9] = [
    "allowExtensions",
    "allowServiceWorkers",
    "bypassCSP",
    "codeCache",
    "corsEnabled",
    "secure",
    "standard",
    "stream",
    "supportFetchAPI",
];

/// A page of the app's own, loaded as a file: the path below the app's folder.
fn file_url(path: &str) -> String {
    format!("file:///{path}")
}

impl Draft<'_> {
    pub(super) fn electron_part(&mut self) {
        let loads = self.window_loads();
        let electron = Electron {
            version: self.app.electron.is_exact().then(|| self.app.electron.version.to_string()),
            windows: some(self.windows(&loads)),
            webviews: some(self.webviews()),
            permissions: some(self.session_permissions()),
            navigation: some(self.navigation()),
            window_open: some(self.window_open()),
            open_external: self.open_external(),
            ipc: some(self.ipc(&loads)),
            protocols: some(self.protocols()),
            csp: some(self.policies()),
            fuses: some_map(self.fuses()),
        };
        if electron != Electron::default() {
            self.manifest.electron = Some(electron);
        }
    }

    /// What each window loads, by the call that makes it; `None` for loads into windows that cannot be told.
    fn window_loads(&mut self) -> BTreeMap<Option<C>, BTreeSet<String>> {
        let app = self.app;
        let mut pages: BTreeMap<C, BTreeSet<String>> = BTreeMap::new();
        for page in app.pages.iter().filter(|page| app.is_product_file(page.file)) {
            for load in app.loads_of(page) {
                let path = &app.sources.file(page.file).path;
                pages.entry(load.call).or_default().insert(file_url(below_root(self.app, path)));
            }
        }
        let mut all: BTreeMap<Option<C>, BTreeSet<String>> = BTreeMap::new();
        for load in app.loads() {
            if !self.is_shipped(load.span, load.development) {
                continue;
            }
            let window = match load.window {
                Origin::Created(call) => Some(call),
                _ => None,
            };
            let shown = pages.get(&load.call);
            let entry = all.entry(window).or_default();
            let values = load.url.map(|url| app.eval(url));
            let mut is_open = values.is_none();
            for known in values.iter().flat_map(|values| values.iter()) {
                if known.development == Some(true) {
                    continue;
                }
                match (address(known).filter(|_| !load.is_file), shown) {
                    (Some(url), _) => drop(entry.insert(url)),
                    (None, Some(shown)) => entry.extend(shown.iter().cloned()),
                    (None, None) => is_open = true,
                }
            }
            if is_open {
                self.open(
                    "/electron/windows",
                    load.span,
                    "limit-navigation",
                    "what this window loads is not known here",
                );
            }
        }
        all
    }

    fn windows(&mut self, loads: &BTreeMap<Option<C>, BTreeSet<String>>) -> Vec<Entry> {
        let app = self.app;
        let mut found: BTreeMap<String, (Entry, Places)> = BTreeMap::new();
        for window in &app.windows {
            let kinds =
                [WindowKind::BrowserWindow, WindowKind::BrowserView, WindowKind::WebContentsView, WindowKind::Override];
            if !kinds.contains(&window.kind) || !self.is_shipped(window.span, window.development) {
                continue;
            }
            let preferences = self.preferences(window, "/electron/windows");
            let preload = self.preload(window);
            let (entry, places) = found.entry(window.symbol.clone()).or_default();
            entry.name.clone_from(&window.symbol);
            places.add(app, window.span);
            merge(entry.web_preferences.get_or_insert_default(), preferences);
            if let Some(urls) = window.call.and_then(|call| loads.get(&Some(call))) {
                let load = entry.load.get_or_insert_default();
                load.extend(urls.iter().cloned());
                load.sort();
                load.dedup();
            }
            entry.preload = entry.preload.take().or(preload);
            entry.partition = entry.partition.take().or(partition(&window.session));
        }
        found
            .into_values()
            .map(|(mut entry, places)| {
                entry.from = places.list();
                entry.web_preferences = entry.web_preferences.filter(|map| !map.is_empty());
                entry
            })
            .collect()
    }

    /// What is asked for beyond, or written beside, the safe values.
    fn preferences(&mut self, window: &Window, field: &str) -> WebPreferences {
        let mut map = WebPreferences::new();
        for (key, rule) in PREFERENCES {
            let safe = is_safe_when_true(key);
            let facts = window.settings(self.app, key);
            let shipped: Vec<_> = facts.iter().filter(|fact| fact.development != Some(true)).collect();
            let written = shipped.iter().any(|fact| fact.written);
            // `javascript` and kin are on in every window that says nothing: only what is written is told.
            if rule.is_empty() && !written {
                continue;
            }
            let values: Vec<Tri> = shipped.iter().map(|fact| fact.value).collect();
            if let Some(span) = shipped.iter().find(|fact| fact.value == Tri::Unknown).map(|fact| fact.span) {
                let rule = if rule.is_empty() { "node-integration" } else { rule };
                self.open(field, span, rule, &format!("what `{key}` is set to is not known here"));
            }
            if values.contains(&Tri::Known(!safe)) {
                map.insert(key.into(), Json::Bool(!safe));
            } else if written && values.contains(&Tri::Known(safe)) {
                map.insert(key.into(), Json::Bool(safe));
            }
        }
        let features = window.effective(self.app).enable_blink_features;
        if let Tri::Known(list) = features.value
            && !list.is_empty()
        {
            map.insert("enableBlinkFeatures".into(), list.into());
        }
        map
    }

    fn preload(&mut self, window: &Window) -> Option<String> {
        let app = self.app;
        for (given, placed) in window.given(app, "preload") {
            let Some(placed) = placed.filter(|_| !matches!(given, Given::Absent | Given::Undefined)) else { continue };
            let script = app.scripts_at(&placed.known).first().copied();
            if let Some(unit) = script {
                let path = &app.sources.file(app.program.file(unit)).path;
                return Some(below_root(self.app, path).to_owned());
            }
            self.open("/electron/windows", placed.span, "preload-path", "which script this preload is cannot be told");
        }
        None
    }

    fn webviews(&mut self) -> Vec<WebView> {
        let app = self.app;
        let mut found: BTreeMap<(String, Option<String>), (WebView, Places)> = BTreeMap::new();
        let guests: BTreeMap<Span, &Window> =
            app.windows.iter().filter(|w| w.kind == WindowKind::Webview).map(|w| (w.span, w)).collect();
        let elements: Vec<_> = app.webviews().cloned().collect();
        for element in elements {
            if !self.is_shipped(element.span, None) {
                continue;
            }
            let Some(origin) = element.source().and_then(|url| origin_of(url, true)) else {
                self.open(
                    "/electron/webviews",
                    element.span,
                    "webview-options",
                    "what this webview shows is not known here",
                );
                continue;
            };
            let partition = element.attribute("partition").and_then(|a| a.value.clone());
            let preferences = guests.get(&element.span).map(|w| self.preferences(w, "/electron/webviews"));
            let (view, places) = found.entry((origin.clone(), partition.clone())).or_default();
            view.origin = origin;
            view.partition = partition;
            if element.attribute("allowpopups").is_some() {
                view.allowpopups = Some(true);
            }
            if let Some(preferences) = preferences.filter(|map| !map.is_empty()) {
                merge(view.web_preferences.get_or_insert_default(), preferences);
            }
            places.add(app, element.span);
        }
        let list = found.into_values();
        list.map(|(view, places)| WebView { from: places.list(), ..view }).collect()
    }

    /// What permission request handlers grant, by the names that they compare with.
    fn session_permissions(&mut self) -> Vec<SessionPermission> {
        const FIELD: &str = "/electron/permissions";
        const RULE: &str = "permission-request-handler";
        let app = self.app;
        let mut found: BTreeMap<Option<String>, (BTreeSet<String>, Places)> = BTreeMap::new();
        let handlers = app.handlers("Session.setPermissionRequestHandler");
        for handler in handlers.iter().filter(|handler| handler.development != Some(true)) {
            let span = app.callee_span(handler.call);
            let session = handler.receiver.as_ref().and_then(|host| partition(&host.origin));
            let mut granted = Some(BTreeSet::new());
            let functions = functions(app, handler);
            if functions.is_empty() {
                granted = None;
            }
            for f in functions {
                let root = parameter_root(f, 1);
                for (_, answer) in app.calls_of_parameter(f, 2) {
                    let Some(value) = answer.value else { continue };
                    let under = app.admitted(answer.function, answer.condition, &root);
                    let names = match truth(app, value) {
                        Some(false) => continue,
                        Some(true) => under,
                        None => under.or_else(|| app.admitted_by_test(value, true, &root)),
                    };
                    granted = match (granted, names) {
                        (Some(mut all), Some(names)) => {
                            all.extend(names.into_iter().map(|(_, name)| name));
                            Some(all)
                        }
                        _ => None,
                    };
                }
            }
            match granted {
                Some(names) if names.is_empty() => {}
                Some(names) => {
                    let (all, places) = found.entry(session).or_default();
                    all.extend(names);
                    places.add(app, span);
                }
                None => self.open(FIELD, span, RULE, "which permissions this handler grants cannot be told"),
            }
        }
        if handlers.is_empty()
            && let Some(window) = app.windows.iter().find(|window| self.is_shipped(window.span, window.development))
        {
            let span = window.span;
            self.open(
                FIELD,
                span,
                RULE,
                "no handler decides, so that Electron grants every permission that is asked for",
            );
        }
        let list = found.into_iter().map(|(partition, (allow, places))| SessionPermission {
            origin: "*".into(),
            partition,
            allow: Some(allow.into_iter().collect()),
            from: places.list(),
        });
        list.collect()
    }

    fn navigation(&mut self) -> Vec<OriginEntry> {
        const FIELD: &str = "/electron/navigation";
        const RULE: &str = "limit-navigation";
        let app = self.app;
        let mut found = Named::new();
        let mut listeners = app.listeners("WebContents", "will-navigate");
        listeners.extend(app.listeners("WebContents", "will-frame-navigate"));
        listeners.retain(|listener| listener.development != Some(true));
        for listener in &listeners {
            let span = app.callee_span(listener.call);
            let mut origins = None;
            for f in functions(app, listener) {
                for stop in app.method_calls_on(f, 0, "preventDefault").into_iter().filter(|stop| !stop.after_await) {
                    let admitted = match stop.condition {
                        None => Some(Vec::new()),
                        Some(_) => stop
                            .roots
                            .iter()
                            .find_map(|root| app.admitted_where_not(stop.function, stop.condition, root)),
                    };
                    // Each of several stops takes something away; one that can be read bounds what is left.
                    origins = origins.or(admitted);
                }
            }
            match origins.as_deref().and_then(origins_of) {
                Some(origins) => origins.into_iter().for_each(|o| found.entry(o).or_default().add(app, span)),
                None => self.open(FIELD, span, RULE, "which addresses this handler lets through cannot be told"),
            }
        }
        if listeners.is_empty()
            && let Some(window) = app.windows.iter().find(|window| self.is_shipped(window.span, window.development))
        {
            self.open(FIELD, window.span, RULE, "no handler limits navigation");
        }
        entries(found)
    }

    fn window_open(&mut self) -> Vec<OriginEntry> {
        const FIELD: &str = "/electron/windowOpen";
        const RULE: &str = "limit-window-creation";
        let app = self.app;
        let mut found = Named::new();
        let handlers = app.window_open_handlers();
        for handler in handlers.iter().filter(|handler| handler.development != Some(true)) {
            let span = app.callee_span(handler.call);
            let mut all = Some(BTreeSet::new());
            for f in functions(app, handler) {
                let mut root = parameter_root(f, 0);
                root.path.push("url".into());
                for exit in app.exits(f).returns {
                    let Some(value) = exit.value else { continue };
                    let allowed = match action(app, value) {
                        Some(false) => continue,
                        Some(true) => app.admitted(f, exit.condition, &root),
                        None => None,
                    };
                    let origins = allowed.as_deref().and_then(origins_of);
                    all = all.zip(origins).map(|(mut all, more)| {
                        all.extend(more);
                        all
                    });
                }
            }
            match all.filter(|_| handler.handler.is_some()) {
                Some(origins) => origins.into_iter().for_each(|o| found.entry(o).or_default().add(app, span)),
                None => self.open(FIELD, span, RULE, "which windows this handler lets open cannot be told"),
            }
        }
        if handlers.is_empty()
            && let Some(window) = app.windows.iter().find(|window| self.is_shipped(window.span, window.development))
        {
            self.open(FIELD, window.span, RULE, "no handler limits what `window.open` opens");
        }
        entries(found)
    }

    fn open_external(&mut self) -> Option<OpenExternal> {
        let app = self.app;
        let (mut schemes, mut hosts, mut every_host) = (BTreeSet::new(), BTreeSet::new(), false);
        let mut places = Places::default();
        for call in app.calls("shell.openExternal").iter() {
            let record = app.program.call(call.call);
            let development = app.program.development_of(call.call.0, record.condition, &Default::default());
            let span = call.span(app);
            if !self.is_shipped(span, development) {
                continue;
            }
            let Some(url) = app.program.argument(call.call, 0) else { continue };
            let mut add = |scheme: &str, host: Option<&str>| {
                schemes.insert(scheme.to_owned());
                match host {
                    Some(host) if HostPattern::parse(host).is_ok() => drop(hosts.insert(host.to_owned())),
                    _ if matches!(scheme, "http" | "https") => every_host = true,
                    _ => {}
                }
            };
            let mut is_open = false;
            for known in app.eval(url).iter().filter(|known| known.development != Some(true)) {
                match (server(known), scheme_of(known)) {
                    (Server::Known(scheme, host), _) => add(&scheme, Some(&host)),
                    (_, Some(scheme)) => add(&scheme, None),
                    _ => {
                        let f = F(call.call.0, record.function);
                        let admitted = app.root(url).and_then(|root| app.admitted(f, record.condition, &root));
                        match admitted {
                            Some(admitted) => admitted.iter().for_each(|(part, text)| match part {
                                UrlPart::Protocol => add(text.trim_end_matches(':'), None),
                                UrlPart::Host => ["https", "http"].iter().for_each(|scheme| add(scheme, Some(text))),
                                _ => match (server_of(text, true), text.split_once(':')) {
                                    (Server::Known(scheme, host), _) => add(&scheme, Some(&host)),
                                    (_, Some((scheme, _))) => add(&scheme.to_ascii_lowercase(), None),
                                    _ => is_open = true,
                                },
                            }),
                            None => is_open = true,
                        }
                    }
                }
            }
            if is_open {
                let why = "which addresses are handed to the operating system here cannot be told";
                self.open("/electron/openExternal", span, "open-external", why);
            } else {
                places.add(app, span);
            }
        }
        if schemes.is_empty() {
            return None;
        }
        Some(OpenExternal {
            schemes: Some(schemes.into_iter().filter(|scheme| is_scheme(scheme)).collect()),
            hosts: (!every_host).then(|| hosts.into_iter().collect()),
            from: places.list(),
        })
    }

    fn ipc(&mut self, loads: &BTreeMap<Option<C>, BTreeSet<String>>) -> Vec<Channel> {
        let app = self.app;
        let senders: BTreeSet<String> = loads.values().flatten().filter_map(|url| origin_of(url, false)).collect();
        let mut found = Named::new();
        for handler in app.ipc_handlers() {
            let span = app.callee_span(handler.call);
            if !self.is_shipped(span, handler.development) {
                continue;
            }
            match handler.event {
                Some(channel) => found.entry(channel).or_default().add(app, span),
                None => self.open("/electron/ipc", span, "ipc-sender-validation", "the channel is not known here"),
            }
        }
        let senders: Vec<String> = senders.into_iter().collect();
        let list = found.into_iter().map(|(channel, places)| Channel {
            channel,
            senders: (!senders.is_empty()).then(|| senders.clone()),
            from: places.list(),
        });
        list.collect()
    }

    fn protocols(&mut self) -> Vec<Protocol> {
        let app = self.app;
        let mut found: BTreeMap<String, (BTreeSet<&str>, Places)> = BTreeMap::new();
        for handler in app.protocol_handlers() {
            let span = app.program.place(handler.function.0, app.program.function(handler.function).span);
            if !self.is_shipped(span, None) {
                continue;
            }
            match handler.scheme.filter(|scheme| is_scheme(scheme)) {
                Some(scheme) => found.entry(scheme).or_default().1.add(app, span),
                None => self.open("/electron/protocols", span, "custom-protocol", "the scheme is not known here"),
            }
        }
        for privilege in PRIVILEGES {
            for given in app.scheme_privileges(privilege) {
                let Some(scheme) = given.scheme.filter(|scheme| is_scheme(scheme)) else { continue };
                if !self.is_shipped(given.span, given.known.development) {
                    continue;
                }
                let (all, places) = found.entry(scheme).or_default();
                places.add(app, given.span);
                if given.known.thing.truthy() == Some(true) {
                    all.insert(privilege);
                }
            }
        }
        let list = found.into_iter().map(|(scheme, (privileges, places))| Protocol {
            scheme,
            privileges: some(privileges.into_iter().map(str::to_owned).collect()),
            from: places.list(),
        });
        list.collect()
    }

    /// Policies of pages, and those that scripts send as headers.
    fn policies(&mut self) -> Vec<PageCsp> {
        let app = self.app;
        let mut found: BTreeMap<(String, String), Places> = BTreeMap::new();
        for page in &app.pages {
            let start = Span { file: page.file, start: 0, end: 0 };
            if !self.is_shipped(start, None) || app.is_component(page) {
                continue;
            }
            let written = page.html.policies.iter().filter(|policy| !policy.report_only);
            for (policy, meta) in electrolint_model::csp::of_page(&page.html).iter().zip(written) {
                let span = Span { file: page.file, start: meta.span.0, end: meta.span.1 };
                if policy.templated {
                    self.open("/electron/csp", span, "content-security-policy", "the build fills this policy in");
                    continue;
                }
                let url = file_url(below_root(self.app, &app.sources.file(page.file).path));
                found.entry((url, one_line(&meta.content))).or_default().add(app, span);
            }
        }
        for written in app.script_policies() {
            if written.development == Some(true) || !self.is_shipped(written.span, None) {
                continue;
            }
            let page = match written.reach {
                Reach::Header => "*",
                Reach::Built => "file:///*",
            };
            let known = written.policies.as_deref().filter(|all| all.iter().all(|policy| !policy.templated));
            match known {
                Some(all) => {
                    for policy in all.iter().filter(|policy| policy.disposition == Disposition::Enforce) {
                        found.entry((page.into(), text_of(policy))).or_default().add(app, written.span);
                    }
                }
                None => self.open(
                    "/electron/csp",
                    written.span,
                    "content-security-policy",
                    "this policy is put together when the app runs",
                ),
            }
        }
        let list = found.into_iter();
        list.map(|((page, policy), places)| PageCsp { page, policy, from: places.list() }).collect()
    }

    fn fuses(&mut self) -> BTreeMap<String, bool> {
        let mut found = BTreeMap::new();
        for flips in self.app.fuse_flips() {
            for flip in &flips.flips {
                match flip.value.thing.truthy().filter(|_| flip.value.development != Some(true)) {
                    Some(value) => drop(found.insert(flip.fuse.name().to_owned(), value)),
                    None => {
                        self.open("/electron/fuses", flip.span, "fuses", "what this fuse is set to is not known here")
                    }
                }
            }
            if flips.unknown {
                self.open("/electron/fuses", flips.span, "fuses", "more may be said of fuses here than is known");
            }
        }
        found
    }
}

fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

fn some_map(map: BTreeMap<String, bool>) -> Option<BTreeMap<String, bool>> {
    (!map.is_empty()).then_some(map)
}

fn entries(found: Named) -> Vec<OriginEntry> {
    found.into_iter().map(|(origin, places)| OriginEntry { origin, from: places.list() }).collect()
}

fn is_safe_when_true(key: &str) -> bool {
    matches!(key, "contextIsolation" | "sandbox" | "webSecurity")
}

/// Of two values for a key the one that asks for more.
fn merge(into: &mut WebPreferences, from: WebPreferences) {
    for (key, value) in from {
        let is_safe = value == Json::Bool(is_safe_when_true(&key));
        if !is_safe || !into.contains_key(&key) {
            into.insert(key, value);
        }
    }
}

fn partition(origin: &Origin) -> Option<String> {
    match origin {
        Origin::Partition(Some(name)) => Some(name.to_string()),
        _ => None,
    }
}

fn functions(app: &electrolint_model::App, listener: &Listener) -> Vec<F> {
    listener.value.map_or_else(Vec::new, |value| app.functions(value))
}

/// What a value certainly counts as in the shipped app.
fn truth(app: &electrolint_model::App, v: V) -> Option<bool> {
    let values = app.eval(v);
    let mut truths = values.iter().filter(|known| known.development != Some(true)).map(|known| known.thing.truthy());
    let first = truths.next()??;
    truths.all(|truth| truth == Some(first)).then_some(first)
}

/// Whether an answer of a window open handler lets a window open; `None` where it depends.
fn action(app: &electrolint_model::App, v: V) -> Option<bool> {
    let mut answer = None;
    for known in app.eval(v).iter().filter(|known| known.development != Some(true)) {
        let Thing::Object(object) = &known.thing else { return None };
        let lookup = app.program.property(object, "action", None);
        for placed in &lookup.values {
            let allows = match placed.known.text()? {
                "allow" => true,
                "deny" => false,
                _ => return None,
            };
            if answer.is_some_and(|answer| answer != allows) {
                return None;
            }
            answer = Some(allows);
        }
    }
    answer
}

/// A URL as it is loaded: whole, or its beginning and a star.
fn address(known: &Known) -> Option<String> {
    let (text, whole) = match &known.thing {
        Thing::Text(text) => (text.as_ref(), true),
        Thing::Template(parts) => match parts.first() {
            Some(Part::Text(text)) => (text.as_ref(), false),
            _ => return None,
        },
        _ => return None,
    };
    let (scheme, rest) = text.split_once(':')?;
    if !is_scheme(scheme) || scheme == "file" {
        return None;
    }
    match server_of(text, whole) {
        Server::Open => None,
        _ if whole && !text.contains('*') => Some(text.to_owned()),
        // Of a scheme of the app's own the beginning is enough.
        _ => (!rest.trim_start_matches('/').is_empty()).then(|| format!("{}*", text.split('*').next().unwrap_or(text))),
    }
}

fn scheme_of(known: &Known) -> Option<String> {
    let text = match &known.thing {
        Thing::Text(text) => text.clone(),
        Thing::Template(parts) => match parts.first() {
            Some(Part::Text(text)) => text.clone(),
            _ => return None,
        },
        _ => return None,
    };
    let (scheme, _) = text.trim().split_once(':')?;
    let scheme = scheme.to_ascii_lowercase();
    is_scheme(&scheme).then_some(scheme)
}

fn is_scheme(text: &str) -> bool {
    text.bytes().next().is_some_and(|b| b.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-.".contains(&b))
}

/// The origin of an address, or of its beginning: `https://example.com`, `app://main`, `file://`.
fn origin_of(url: &str, whole: bool) -> Option<String> {
    match server_of(url, whole) {
        Server::Known(scheme, host) => return Some(format!("{scheme}://{host}")),
        Server::Open => return None,
        Server::Elsewhere => {}
    }
    let (scheme, rest) = url.trim().split_once(':')?;
    if scheme == "file" {
        return Some("file://".into());
    }
    if !is_scheme(scheme) {
        return None;
    }
    let host = rest.strip_prefix("//")?.split(['/', '?', '#', '*']).next().filter(|host| !host.is_empty())?;
    HostPattern::parse(host).ok().map(|host| format!("{scheme}://{host}"))
}

/// What a check admits, as origins; `None` where one of them is none.
fn origins_of(admitted: &[Admitted]) -> Option<BTreeSet<String>> {
    let mut all = BTreeSet::new();
    for (part, text) in admitted {
        match part {
            UrlPart::Protocol | UrlPart::Whole if matches!(text.trim_end_matches('/'), "file:") => {
                all.insert("file://".to_owned());
            }
            UrlPart::Protocol => {
                let scheme = text.strip_suffix(':').filter(|scheme| is_scheme(scheme))?;
                all.insert(format!("{scheme}://*"));
            }
            UrlPart::Host => {
                let host = HostPattern::parse(text).ok()?;
                all.extend(["https", "http"].map(|scheme| format!("{scheme}://{host}")));
            }
            UrlPart::Whole | UrlPart::Origin => {
                let scheme_alone = text.trim_end_matches('/').strip_suffix(':').filter(|scheme| is_scheme(scheme));
                all.insert(match scheme_alone {
                    Some(scheme) => format!("{scheme}://*"),
                    None => origin_of(text, true)?,
                });
            }
            UrlPart::Other => return None,
        }
    }
    Some(all)
}

fn text_of(policy: &Policy) -> String {
    let directive = |d: &electrolint_model::csp::Directive| {
        let mut words = vec![d.name.as_str()];
        words.extend(d.tokens.iter().map(|token| token.text.as_str()));
        words.join(" ")
    };
    policy.directives.iter().map(directive).collect::<Vec<_>>().join("; ")
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
