//! What handlers let through, by what their checks compare with: permissions, navigation, new windows, addresses for the desktop.

use std::collections::{BTreeMap, BTreeSet};

use electrolint_model::app::checks::{UrlPart, parameter_root};
use electrolint_model::link::things::Thing;
use electrolint_model::link::{F, V};
use electrolint_model::web_url::scheme_of;
use electrolint_policy::HostPattern;
use electrolint_policy::manifest::{OpenExternal, OriginEntry, SessionPermission};

use super::addresses::{Server, is_scheme, origins_of, server, server_of};
use super::windows::partition;
use super::{Draft, Named, Places};

impl Draft<'_> {
    /// What permission request handlers grant, by the names that they compare with.
    pub(super) fn session_permissions(&mut self) -> Vec<SessionPermission> {
        const FIELD: &str = "/electron/permissions";
        const RULE: &str = "permission-request-handler";
        let app = self.app;
        let mut found: BTreeMap<Option<String>, (BTreeSet<String>, Places)> = BTreeMap::new();
        let handlers = app.handlers("Session.setPermissionRequestHandler");
        for handler in handlers.iter().filter(|handler| handler.development != Some(true)) {
            let span = app.callee_span(handler.call);
            let session = handler.receiver.as_ref().and_then(|host| partition(&host.origin));
            let mut granted = Some(BTreeSet::new());
            let functions = app.handler_functions(handler);
            if functions.is_empty() {
                granted = None;
            }
            for f in functions {
                let root = parameter_root(f, 1);
                for (_, answer) in app.calls_of_parameter(f, 2) {
                    let Some(value) = answer.value else { continue };
                    let under = app.admitted(answer.function, answer.condition, &root);
                    let names = match app.truth_of(value) {
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

    pub(super) fn navigation(&mut self) -> Vec<OriginEntry> {
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
            for f in app.handler_functions(listener) {
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

    pub(super) fn window_open(&mut self) -> Vec<OriginEntry> {
        const FIELD: &str = "/electron/windowOpen";
        const RULE: &str = "limit-window-creation";
        let app = self.app;
        let mut found = Named::new();
        let handlers = app.window_open_handlers();
        for handler in handlers.iter().filter(|handler| handler.development != Some(true)) {
            let span = app.callee_span(handler.call);
            let mut all = Some(BTreeSet::new());
            for f in app.handler_functions(handler) {
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

    pub(super) fn open_external(&mut self) -> Option<OpenExternal> {
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
                let scheme = known.thing.head().and_then(|(head, _)| scheme_of(head));
                match (server(known), scheme) {
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
}

fn entries(found: Named) -> Vec<OriginEntry> {
    found.into_iter().map(|(origin, places)| OriginEntry { origin, from: places.list() }).collect()
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
