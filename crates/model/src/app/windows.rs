//! Every way of making a window, and what it effectively gets.

use super::App;
use super::calls::ApiCall;
use crate::electron::preferences::{self, Context, Given, Origin as Where, Preferences, Reason, Value as Tri};
use crate::electron::{Version, webview};
use crate::link::electron::MENUBARS;
use crate::link::things::*;
use crate::link::{C, F, Placed, Use, V};
use crate::source::{FileId, Span};
use crate::summary::{CallKind, Value};

/// Callers of a function that makes windows, each of which is taken for a window of its own.
const MOST_CONTEXTS: usize = 12;

/// Windows of one file that are looked at; as many again of their children.
const MOST_WINDOWS: usize = 1000;

/// How a window comes to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WindowKind {
    /// `new BrowserWindow`, also of a class that extends it.
    BrowserWindow,
    /// `new BrowserView`.
    BrowserView,
    /// `new WebContentsView`.
    WebContentsView,
    /// `overrideBrowserWindowOptions` of a window open handler.
    Override,
    /// What a `will-attach-webview` handler writes into the guest's preferences.
    Attach,
    /// `<webview>` in a page, in JSX, or made by script.
    Webview,
    /// The features string of `window.open`.
    Features,
}

/// One window, view or webview, as one call makes it.
#[derive(Clone, Debug)]
pub struct Window {
    /// How it comes to be.
    pub kind: WindowKind,
    /// The call that makes it.
    pub call: Option<C>,
    /// A small span: `new BrowserWindow`, the webview's tag.
    pub span: Span,
    /// Scope path.
    pub symbol: String,
    /// The objects that can be its `webPreferences`.
    pub(super) preferences: Vec<(Object, Certainty, Option<bool>)>,
    /// It may have no `webPreferences`.
    pub(super) may_lack: bool,
    /// What its preferences are is not wholly known.
    pub unknown: bool,
    /// Preferences that are no object's: attributes of a webview.
    pub(super) attributes: Vec<(String, Given, Span)>,
    /// Preferences that a handler writes one by one: every value that a key may get.
    pub(super) written: Vec<(String, Placed)>,
    pub(super) from: Option<Use>,
    /// Its `partition` or `session`, as far as known.
    pub session: Origin,
    /// How sure it is that this is a window.
    pub certainty: Certainty,
    /// Made only in development.
    pub development: Option<bool>,
    /// The window in whose page it lives, for webviews: an index into the app's windows.
    pub embedders: Vec<usize>,
}

/// One value that a preference of a window can have.
#[derive(Clone, Debug)]
pub struct SettingFact {
    /// What is written, if anything.
    pub given: Given,
    /// What holds.
    pub value: Tri,
    /// Why.
    pub reason: Reason,
    /// Where it is written, else the window.
    pub span: Span,
    /// Written, not a default.
    pub written: bool,
    /// Places on the way to the value.
    pub trail: std::rc::Rc<[Span]>,
    /// How it is known.
    pub certainty: Certainty,
    /// `Some(true)`: only in development.
    pub development: Option<bool>,
}

impl Window {
    /// What this window can have under a key of `webPreferences`, in Electron's spelling.
    pub fn settings(&self, app: &App, key: &str) -> Vec<SettingFact> {
        self.given(app, key)
            .into_iter()
            .map(|(given, placed)| {
                let effective = self.effective_with(app, key, &given);
                let setting = effective.get(key);
                let (value, reason) = match setting {
                    Some(setting) => (setting.value, setting.reason),
                    None => (Tri::Unknown, Reason::Unresolved),
                };
                let written = placed.is_some();
                match placed {
                    Some(placed) => SettingFact {
                        given,
                        value,
                        reason,
                        span: placed.span,
                        written,
                        trail: placed.known.trail.clone(),
                        certainty: placed.known.certainty.min(self.certainty),
                        development: placed.known.development.or(self.development),
                    },
                    None => SettingFact {
                        given,
                        value,
                        reason,
                        span: self.span,
                        written,
                        trail: std::rc::Rc::from([]),
                        certainty: self.certainty.min(Certainty::Firm),
                        development: self.development,
                    },
                }
            })
            .collect()
    }

    /// What is written under a key; several where it depends.
    pub fn given(&self, app: &App, key: &str) -> Vec<(Given, Option<Placed>)> {
        let mut all: Vec<(Given, Option<Placed>)> = Vec::new();
        if let Some((_, given, span)) = self.attributes.iter().rev().find(|(name, ..)| name == key) {
            let known = Known {
                thing: Thing::Undefined,
                at: None,
                trail: std::rc::Rc::from([]),
                certainty: Certainty::Certain,
                development: None,
            };
            return vec![(given.clone(), Some(Placed { known, span: *span }))];
        }
        for (_, placed) in self.written.iter().filter(|(name, _)| name == key) {
            add_given(placed.clone(), &mut all);
        }
        if !all.is_empty() {
            return all;
        }
        let mut absent = self.may_lack || self.preferences.is_empty();
        let mut unknown = self.unknown && self.preferences.is_empty();
        for (object, certainty, development) in &self.preferences {
            let lookup = app.program.property(object, key, self.from);
            for placed in lookup.values {
                let mut placed = placed;
                placed.known.certainty = placed.known.certainty.min(*certainty);
                placed.known.development = placed.known.development.or(*development);
                add_given(placed, &mut all);
            }
            absent |= lookup.may_be_absent && !lookup.unknown;
            unknown |= lookup.unknown;
        }
        if unknown {
            all.push((Given::Unknown, None));
        } else if absent {
            all.push((Given::Absent, None));
        }
        all
    }

    /// The one thing that is written under a key; unknown where it depends.
    fn given_one(&self, app: &App, key: &str) -> Given {
        let mut all = self.given(app, key).into_iter().filter(|(_, placed)| {
            // What holds only in development does not decide what the shipped app does.
            placed.as_ref().is_none_or(|placed| placed.known.development != Some(true))
        });
        match (all.next(), all.next()) {
            (Some((given, _)), None) => given,
            (None, _) => Given::Absent,
            _ => Given::Unknown,
        }
    }

    /// What it effectively gets if this is what is written under the key.
    pub fn effective_with(&self, app: &App, key: &str, given: &Given) -> Preferences {
        let read = |asked: &str| {
            if asked == key { given.clone() } else { self.given_one(app, asked) }
        };
        let mut cx = Context::new(&app.electron.version);
        cx.has_preload = match self.given_one(app, "preload") {
            Given::Absent => Some(false),
            Given::Unknown => None,
            Given::Undefined => Some(false),
            _ => Some(true),
        };
        cx.app_enable_sandbox = app.enables_sandbox();
        cx.session_preloads = app.has_session_preloads();
        cx.origin = match self.kind {
            WindowKind::Webview => Where::Webview,
            WindowKind::Features => Where::WindowOpen,
            // What a handler writes comes after the bounds.
            WindowKind::Override | WindowKind::Attach => Where::WindowOpenOverride,
            _ => Where::Constructor,
        };
        // A webview is bounded by its embedder; the least bounding one is what counts.
        let bounds = self.embedders.first().and_then(|&index| app.bounds(index));
        cx.embedder = bounds.as_deref();
        preferences::effective(&read, &cx)
    }

    /// What it effectively gets.
    pub fn effective(&self, app: &App) -> Preferences {
        self.effective_with(app, "", &Given::Absent)
    }

    /// Whether the key is certainly not written.
    pub fn lacks(&self, app: &App, key: &str) -> bool {
        self.given(app, key).iter().all(|(given, _)| *given == Given::Absent)
    }

    /// The element that makes it, for a webview.
    pub fn element<'a>(&self, app: &'a App) -> Option<&'a super::pages::WebviewElement> {
        let is_webview = self.kind == WindowKind::Webview;
        app.webviews().filter(|_| is_webview).find(|element| element.span == self.span && element.call == self.call)
    }

    /// The objects that can be its preferences.
    pub fn objects(&self) -> impl Iterator<Item = &Object> {
        self.preferences.iter().map(|(object, ..)| object)
    }
}

fn add_given(placed: Placed, all: &mut Vec<(Given, Option<Placed>)>) {
    // A truth value that depends on the build is two values.
    if let Thing::Development(yes) = placed.known.thing {
        for in_development in [true, false] {
            let mut one = placed.clone();
            one.known.thing = Thing::Bool(yes == in_development);
            one.known.development = Some(in_development);
            all.push((Given::Bool(yes == in_development), Some(one)));
        }
        return;
    }
    all.push((given_of(&placed.known), Some(placed)));
}

fn given_of(known: &Known) -> Given {
    match &known.thing {
        Thing::Undefined | Thing::Null => Given::Undefined,
        Thing::Bool(bool) => Given::Bool(*bool),
        Thing::Text(text) => Given::Text(text.to_string()),
        other => match other.truthy() {
            Some(true) => Given::Truthy,
            Some(false) => Given::Falsy,
            None => Given::Unknown,
        },
    }
}

impl App<'_> {
    /// Drops what is more than this, and remembers that it did.
    pub(super) fn bound<T>(&self, all: &mut Vec<T>, most: usize) {
        if all.len() > most {
            all.truncate(most);
            self.is_limited.set(true);
        }
    }

    /// Drops what is more than this in one file.
    fn bound_each(&self, windows: &mut Vec<Window>, most: usize) {
        let mut counts = rustc_hash::FxHashMap::default();
        windows.retain(|window| {
            let count = counts.entry(window.span.file).or_insert(0usize);
            *count += 1;
            if *count > most {
                self.is_limited.set(true);
            }
            *count <= most
        });
    }

    /// What a window effectively gets, as a bound for what lives in it.
    fn bounds(&self, index: usize) -> Option<std::rc::Rc<Preferences>> {
        if let Some(known) = self.bounds.borrow().get(&index) {
            return Some(known.clone());
        }
        let bounds = std::rc::Rc::new(self.windows.get(index)?.effective(self));
        self.bounds.borrow_mut().insert(index, bounds.clone());
        Some(bounds)
    }

    /// Whether `app.enableSandbox()` is called outside development, or the switch set.
    pub fn enables_sandbox(&self) -> bool {
        let called = |call: &ApiCall| {
            let record = self.program.call(call.call);
            self.program.development_of(call.call.0, record.condition, &Frames::default()) != Some(true)
        };
        self.calls("app.enableSandbox").iter().any(called)
            || self.calls("CommandLine.appendSwitch").iter().any(|call| {
                call.argument(self, 0)
                    .and_then(|name| self.constant(name))
                    .is_some_and(|name| name.text() == Some("enable-sandbox"))
            })
    }

    fn has_session_preloads(&self) -> bool {
        !self.calls("Session.setPreloads").is_empty() || !self.calls("Session.registerPreloadScript").is_empty()
    }

    /// The calls under which a function's parameters are looked at: one for each known way in.
    pub fn contexts(&self, f: F, depth: u32) -> Vec<Frames> {
        let callers = self.program.callers(f);
        let mut contexts = Vec::new();
        for &call in callers.iter().take(MOST_CONTEXTS) {
            let caller = F(call.0, self.program.call(call).function);
            let outer = if depth > 0 { self.contexts(caller, depth - 1) } else { vec![Frames::default()] };
            for frames in outer {
                if contexts.len() < MOST_CONTEXTS {
                    contexts.push(frames.with(f, call));
                }
            }
        }
        if contexts.is_empty() {
            contexts.push(Frames::default());
        }
        contexts
    }

    /// Whether a value depends on a parameter of this function.
    pub fn depends_on_parameters(&self, v: V, f: F) -> bool {
        let mut open = vec![v];
        let mut seen = rustc_hash::FxHashSet::default();
        while let Some(v) = open.pop() {
            if seen.len() > 400 || !seen.insert(v) {
                continue;
            }
            let summary = self.program.summary(v.0);
            let at = |id| V(v.0, id);
            match summary.value(v.1) {
                Value::Parameter(function, _) | Value::RestParameter(function, _) if function == f.1 && v.0 == f.0 => {
                    return true;
                }
                Value::Binding(binding) => {
                    open.extend(summary.bindings[binding.index()].writes.iter().map(|write| at(write.value)));
                }
                Value::Object(list) => open.extend(summary.properties(list).iter().map(|property| at(property.value))),
                Value::Array(list) | Value::Template(list) => {
                    open.extend(summary.items(list).iter().map(|item| at(item.value)))
                }
                Value::Conditional { test, then, other } => open.extend([at(test), at(then), at(other)]),
                Value::Binary(_, left, right) => open.extend([at(left), at(right)]),
                Value::Unary(_, inner) | Value::Member(inner, _) | Value::RestOf(inner) | Value::Await(inner) => {
                    open.push(at(inner))
                }
                Value::Call(call) => {
                    open.extend(summary.items(summary.call(call).arguments).iter().map(|item| at(item.value)));
                }
                _ => {}
            }
        }
        false
    }
}

/// Finds every window of the app.
pub(super) fn find(app: &App) -> Vec<Window> {
    let mut windows = Vec::new();
    for (class, kind) in [
        ("BrowserWindow", WindowKind::BrowserWindow),
        ("BrowserView", WindowKind::BrowserView),
        ("WebContentsView", WindowKind::WebContentsView),
    ] {
        for call in app.calls(class).iter() {
            if app.program.call(call.call).kind == CallKind::New {
                constructed(app, call.call, kind, call.certainty, call.argument(app, 0), &mut windows);
            }
        }
    }
    for call in &app.calls_of(&MENUBARS) {
        let options = call.argument(app, 0).map(|options| browser_window(app, options).unwrap_or(options));
        constructed(app, call.call, WindowKind::BrowserWindow, call.certainty, options, &mut windows);
    }
    subclasses(app, &mut windows);
    overrides(app, &mut windows);
    windows.sort_by_key(|window| (window.span, window.kind));
    app.bound_each(&mut windows, MOST_WINDOWS);
    let embedders: Vec<usize> = (0..windows.len())
        .filter(|&index| {
            matches!(
                windows[index].kind,
                WindowKind::BrowserWindow | WindowKind::BrowserView | WindowKind::WebContentsView
            )
        })
        .collect();
    let embedders = least_bounding_first(app, &windows, embedders);
    super::children::attached(app, &embedders, &mut windows);
    super::children::opened(app, &embedders, &mut windows);
    app.bound_each(&mut windows, MOST_WINDOWS * 2);
    windows.extend(app.webviews().map(|element| webview(app, element.file, element, &embedders)));
    windows
}

/// The windows in which a webview can live, the one first that bounds its guests least.
fn least_bounding_first(app: &App, windows: &[Window], mut embedders: Vec<usize>) -> Vec<usize> {
    embedders.sort_by_cached_key(|&index| {
        let effective = windows[index].effective(app);
        let not = |setting: &preferences::Setting, value| setting.value != Tri::Known(value);
        let unbounded = [
            not(&effective.node_integration, false),
            not(&effective.context_isolation, true),
            not(&effective.sandbox, true),
        ];
        // Only where the tag is switched on does the webview live.
        let lives = not(&effective.webview_tag, false);
        std::cmp::Reverse((lives, unbounded.iter().filter(|unbound| **unbound).count()))
    });
    embedders
}

fn kind_of(class: &str) -> Option<WindowKind> {
    Some(match class {
        "BrowserWindow" => WindowKind::BrowserWindow,
        "BrowserView" => WindowKind::BrowserView,
        "WebContentsView" => WindowKind::WebContentsView,
        _ => return None,
    })
}

/// The options of the window in those of a menu bar; up to version 5 they stood beside the others.
fn browser_window(app: &App, options: V) -> Option<V> {
    app.eval(options).iter().find_map(|known| match &known.thing {
        Thing::Object(object) => {
            app.program.property(object, "browserWindow", None).values.iter().find_map(|placed| placed.known.at)
        }
        _ => None,
    })
}

fn constructed(app: &App, c: C, kind: WindowKind, certainty: Certainty, options: Option<V>, windows: &mut Vec<Window>) {
    let call = app.program.call(c);
    let f = F(c.0, call.function);
    let development = app.program.development_of(c.0, call.condition, &Frames::default());
    let contexts = match options {
        Some(options) if app.depends_on_parameters(options, f) => app.contexts(f, 2),
        _ => vec![Frames::default()],
    };
    for frames in contexts {
        let mut window = Window {
            kind,
            call: Some(c),
            span: app.callee_span(c),
            symbol: app.symbol(c),
            preferences: Vec::new(),
            may_lack: false,
            unknown: false,
            attributes: Vec::new(),
            written: Vec::new(),
            from: Some(Use { function: f, order: call.order }),
            session: Origin::Default,
            certainty,
            development,
            embedders: Vec::new(),
        };
        match options {
            None => window.may_lack = true,
            Some(options) => {
                read_options(app, options, &frames, &mut window);
                if window.unknown {
                    written_options(app, options, &mut window);
                }
            }
        }
        window.session = session_of(app, &window);
        windows.push(window);
    }
}

/// Preferences that decide what a page may do.
const DECISIVE: [&str; 12] = [
    "nodeIntegration",
    "nodeIntegrationInWorker",
    "nodeIntegrationInSubFrames",
    "contextIsolation",
    "sandbox",
    "webSecurity",
    "allowRunningInsecureContent",
    "experimentalFeatures",
    "enableBlinkFeatures",
    "enableRemoteModule",
    "webviewTag",
    "preload",
];

/// What is written into options that came from somewhere unknown: `options.webPreferences = {…}`,
/// `options.webPreferences.nodeIntegration = true`.
fn written_options(app: &App, options: V, window: &mut Window) {
    let Some(root) = app.root(options) else { return };
    let writes = |key: &str| app.program.writes_to(key).iter().filter(|(unit, _)| *unit == options.0);
    for &(unit, index) in writes("webPreferences") {
        let write = app.program.summary(unit).writes[index as usize];
        let Some(value) = write.value.filter(|_| app.root(V(unit, write.object)).as_ref() == Some(&root)) else {
            continue;
        };
        for known in app.eval(V(unit, value)).iter() {
            if let Thing::Object(preferences) = &known.thing {
                let certainty = known.certainty.min(Certainty::Firm);
                window.preferences.push((preferences.clone(), certainty, known.development));
            }
        }
    }
    let mut inner = root;
    inner.path.push("webPreferences".to_owned());
    for key in DECISIVE {
        for &(unit, index) in writes(key) {
            let write = app.program.summary(unit).writes[index as usize];
            let Some(value) = write.value else { continue };
            if app.root(V(unit, write.object)).as_ref() != Some(&inner) {
                continue;
            }
            let development = app.program.development_of(unit, write.condition, &Frames::default());
            for known in app.eval(V(unit, value)).iter() {
                let mut known = known.clone().at_most(Certainty::Firm);
                known.development = known.development.or(development);
                window.written.push((key.to_owned(), Placed { known, span: app.program.place(unit, write.span) }));
            }
        }
    }
}

/// Reads the options object of a window.
fn read_options(app: &App, options: V, frames: &Frames, window: &mut Window) {
    let mut is_kept = false;
    for known in app.program.eval_in(options, frames).iter() {
        match &known.thing {
            Thing::Object(object) => from_options(app, object, known, window),
            Thing::Undefined | Thing::Null => window.may_lack = true,
            // What an app keeps of a window is its place and size.
            Thing::Result(path, _) if &**path == "JSON.parse" => is_kept = true,
            Thing::Unknown(Unknown::Call(c)) | Thing::Result(_, c) => {
                // An unknown function around a known object: the object, tentatively.
                let mut found = false;
                for item in app.program.arguments(*c) {
                    for inner in app.program.eval_in(V(c.0, item.value), frames).iter() {
                        if let Thing::Object(object) = &inner.thing {
                            let guessed = inner.clone().at_most(Certainty::Tentative);
                            from_options(app, object, &guessed, window);
                            found = true;
                        }
                    }
                }
                window.unknown |= !found;
            }
            _ => window.unknown = true,
        }
    }
    window.unknown |= is_kept && window.preferences.is_empty() && !window.may_lack;
}

fn from_options(app: &App, object: &Object, known: &Known, window: &mut Window) {
    let lookup = app.program.property(object, "webPreferences", window.from);
    for placed in &lookup.values {
        let certainty = placed.known.certainty.min(known.certainty);
        let certainty =
            if certainty == Certainty::Firm && placed.known.trail.is_empty() { Certainty::Firm } else { certainty };
        let development = placed.known.development.or(known.development);
        match &placed.known.thing {
            Thing::Object(preferences) => {
                // Literally in place as long as nothing was followed.
                window.preferences.push((preferences.clone(), certainty, development));
            }
            Thing::Undefined | Thing::Null => window.may_lack = true,
            Thing::Unknown(Unknown::Call(c)) | Thing::Result(_, c) => {
                let mut found = false;
                for item in app.program.arguments(*c) {
                    for inner in app.program.eval(V(c.0, item.value)).iter() {
                        if let Thing::Object(preferences) = &inner.thing {
                            window.preferences.push((preferences.clone(), Certainty::Tentative, development));
                            found = true;
                        }
                    }
                }
                window.unknown |= !found;
            }
            _ => window.unknown = true,
        }
    }
    window.unknown |= lookup.unknown && lookup.values.is_empty();
    window.may_lack |= lookup.may_be_absent && !lookup.unknown;
}

/// `class Window extends BrowserWindow { constructor() { super({…}) } }`.
fn subclasses(app: &App, windows: &mut Vec<Window>) {
    for unit in app.program.unit_ids() {
        let summary = app.program.summary(unit);
        for (index, call) in summary.calls.iter().enumerate() {
            if call.kind != CallKind::Super {
                continue;
            }
            let Some(class) = summary.function(call.function).class else { continue };
            let Some(kind) = app.program.host_class(crate::link::K(unit, class)).and_then(kind_of) else { continue };
            // Only the class next to Electron's hands the options over to it.
            let c = C(unit, crate::summary::CallId(index as u32));
            let superclass = summary.classes[class.index()].superclass;
            let direct = superclass.is_some_and(|superclass| {
                app.program.eval(V(unit, superclass)).iter().any(|known| matches!(known.thing, Thing::Api(_)))
            });
            if direct {
                constructed(app, c, kind, Certainty::Firm, app.program.argument(c, 0), windows);
            }
        }
    }
}

/// `overrideBrowserWindowOptions` in what a window open handler returns.
fn overrides(app: &App, windows: &mut Vec<Window>) {
    for listener in app.window_open_handlers() {
        let Some(handler) = listener.handler else { continue };
        for exit in &app.program.function(handler).exits {
            let Some(value) = exit.value else { continue };
            for known in app.program.eval(V(handler.0, value)).iter() {
                let Thing::Object(object) = &known.thing else { continue };
                let options = app.program.property(object, "overrideBrowserWindowOptions", None);
                for placed in &options.values {
                    let Thing::Object(options) = &placed.known.thing else { continue };
                    let mut window = Window {
                        kind: WindowKind::Override,
                        call: None,
                        span: placed.span,
                        symbol: format!("{}.overrideBrowserWindowOptions", app.symbol(listener.call)),
                        preferences: Vec::new(),
                        may_lack: false,
                        unknown: false,
                        attributes: Vec::new(),
                        written: Vec::new(),
                        from: None,
                        session: Origin::Some,
                        certainty: listener.certainty.min(placed.known.certainty),
                        development: placed.known.development,
                        embedders: Vec::new(),
                    };
                    from_options(app, options, &placed.known, &mut window);
                    if !window.preferences.is_empty() {
                        windows.push(window);
                    }
                }
            }
        }
    }
}

fn webview(app: &App, file: FileId, element: &super::pages::WebviewElement, embedders: &[usize]) -> Window {
    let version: &Version = &app.electron.version;
    let mut attributes = Vec::new();
    for attribute in &element.attributes {
        if attribute.name == "webpreferences" {
            let Some(text) = &attribute.value else { continue };
            for feature in webview::parse_webpreferences(text, version) {
                attributes.push((feature.key.clone(), feature.given.clone(), attribute.span));
            }
        } else if let Some((key, given)) = webview::attribute(&attribute.name, attribute.value.as_deref(), version) {
            let given = if attribute.unknown { Given::Unknown } else { given };
            attributes.push((key.to_owned(), given, attribute.span));
        }
    }
    let partition = element.attributes.iter().find(|attribute| attribute.name == "partition");
    let _ = file;
    Window {
        kind: WindowKind::Webview,
        call: element.call,
        span: element.span,
        symbol: format!("webview#{}", element.index),
        preferences: Vec::new(),
        may_lack: true,
        unknown: element.spread,
        attributes,
        written: Vec::new(),
        from: None,
        session: match partition {
            Some(partition) => Origin::Partition(partition.value.as_deref().map(std::rc::Rc::from)),
            None => Origin::Default,
        },
        certainty: element.certainty,
        development: None,
        embedders: embedders.to_vec(),
    }
}

/// The session that a window's preferences name.
fn session_of(app: &App, window: &Window) -> Origin {
    for object in window.objects() {
        let lookup = app.program.property(object, "session", window.from);
        if let Some(placed) = lookup.values.first() {
            if let Thing::Host(host) = &placed.known.thing {
                return host.origin.clone();
            }
            return Origin::Some;
        }
        let lookup = app.program.property(object, "partition", window.from);
        if let Some(placed) = lookup.values.first() {
            return match &placed.known.thing {
                Thing::Text(text) if text.is_empty() => Origin::Default,
                Thing::Text(text) => Origin::Partition(Some(text.clone())),
                Thing::Undefined | Thing::Null => Origin::Default,
                _ => Origin::Partition(None),
            };
        }
    }
    if window.unknown { Origin::Some } else { Origin::Default }
}
