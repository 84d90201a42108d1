//! Every way of making a window.

use super::super::{App, WebviewElement, children};
use super::{Window, WindowKind};
use crate::electron::preferences::{self, Given, Value as Tri};
use crate::electron::{Version, webview};
use crate::link::electron::MENUBARS;
use crate::link::things::*;
use crate::link::{C, F, Placed, Use, V};
use crate::source::FileId;
use crate::summary::CallKind;

/// Windows of one file that are looked at; as many again of their children.
const MOST_WINDOWS: usize = 1000;

/// Finds every window of the app.
pub(in crate::app) fn find(app: &App) -> Vec<Window> {
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
    for (&call, &options) in app.program.window_makers() {
        constructed(app, call, WindowKind::BrowserWindow, Certainty::Firm, Some(options), &mut windows);
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
    children::attached(app, &embedders, &mut windows);
    children::opened(app, &embedders, &mut windows);
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
        Some(options) if app.depends_on_parameters(options, f) => app.contexts_of_windows(f),
        _ => vec![(Frames::default(), None)],
    };
    for (frames, by) in contexts {
        let mut window = Window {
            kind,
            call: Some(c),
            by,
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
            asked: Default::default(),
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
    let writes = |key: &str| app.program.written_in(options.0, key).map(|write| (options.0, write));
    for (unit, write) in writes("webPreferences") {
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
        for (unit, write) in writes(key) {
            let Some(value) = write.value else { continue };
            if app.root(V(unit, write.object)).as_ref() != Some(&inner) {
                continue;
            }
            let development = app.program.development_of(unit, write.condition, &Frames::default());
            for known in app.eval(V(unit, value)).iter() {
                let mut known = known.clone().at_most(Certainty::Firm);
                known.development = known.development.or(development);
                window.written.push((
                    key.to_owned(),
                    Placed { known, span: app.program.place(unit, write.span), written: Some(V(unit, value)) },
                ));
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
                        by: None,
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
                        asked: Default::default(),
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

fn webview(app: &App, file: FileId, element: &WebviewElement, embedders: &[usize]) -> Window {
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
        by: None,
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
        asked: Default::default(),
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
