//! Windows and webviews: what they load, and with which preferences.

use std::collections::{BTreeMap, BTreeSet};

use electrolint_model::app::{Window, WindowKind};
use electrolint_model::electron::preferences::{Given, Value as Tri};
use electrolint_model::link::C;
use electrolint_model::link::things::Origin;
use electrolint_model::source::Span;
use electrolint_policy::manifest::{WebPreferences, WebView, Window as Entry};
use serde_json::Value as Json;

use super::addresses::{address, file_url, origin_of};
use super::{Draft, Places, below_root};

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

impl Draft<'_> {
    /// What each window loads, by the call that makes it; `None` for loads into windows that cannot be told.
    pub(super) fn window_loads(&mut self) -> BTreeMap<Option<C>, BTreeSet<String>> {
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
                Origin::Created(call, _) => Some(call),
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

    pub(super) fn windows(&mut self, loads: &BTreeMap<Option<C>, BTreeSet<String>>) -> Vec<Entry> {
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
        let effective = window.effective(self.app);
        if let Tri::Known(list) = &effective.enable_blink_features.value
            && !list.is_empty()
        {
            map.insert("enableBlinkFeatures".into(), list.clone().into());
        }
        map
    }

    fn preload(&mut self, window: &Window) -> Option<String> {
        let app = self.app;
        for (given, placed) in window.given(app, "preload").iter() {
            let Some(placed) = placed.as_ref().filter(|_| !matches!(given, Given::Absent | Given::Undefined)) else {
                continue;
            };
            let script = app.scripts_at(&placed.known).first().copied();
            if let Some(unit) = script {
                let path = &app.sources.file(app.program.file(unit)).path;
                return Some(below_root(self.app, path).to_owned());
            }
            self.open("/electron/windows", placed.span, "preload-path", "which script this preload is cannot be told");
        }
        None
    }

    pub(super) fn webviews(&mut self) -> Vec<WebView> {
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

pub(super) fn partition(origin: &Origin) -> Option<String> {
    match origin {
        Origin::Partition(Some(name)) => Some(name.to_string()),
        _ => None,
    }
}
