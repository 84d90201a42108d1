//! Windows, and what they effectively get. Where they are made, `find` looks.

mod find;
mod told;

pub(super) use find::find;

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::App;
use super::calls::ApiCall;
use crate::electron::preferences::{self, Context, Given, Origin as Where, Preferences, Reason, Value as Tri};
use crate::link::things::*;
use crate::link::{C, F, Placed, Use, V};
use crate::source::Span;
use crate::summary::{Key, Value};

/// Callers of a function that makes windows, each of which is taken for a window of its own.
const MOST_CONTEXTS: usize = 12;

/// As [`MOST_CONTEXTS`], where a function has more: those count that may say something of preferences.
const MOST_CALLERS: usize = 64;

/// Objects in objects that are looked into for preferences.
const MOST_DEPTH: u32 = 3;

/// Objects that can be the preferences of one window and are looked at one by one.
const MOST_ALTERNATIVES: usize = 16;

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
    /// Of several that one call makes, the call of the function in which that stands: `createWindow(options)`.
    pub by: Option<C>,
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
    pub(super) asked: Asked,
}

/// What was asked of a window, so that it is found once. A copy, which is changed before it is asked, begins without.
#[derive(Debug, Default)]
pub(super) struct Asked {
    given: RefCell<FxHashMap<String, AllGiven>>,
    effective: OnceCell<Rc<Preferences>>,
    alternatives: OnceCell<Vec<Window>>,
}

impl Clone for Asked {
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// What is written under a key, and where; several where it depends.
type AllGiven = Rc<[(Given, Option<Placed>)]>;

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
    pub trail: Trail,
    /// How it is known.
    pub certainty: Certainty,
    /// `Some(true)`: only in development.
    pub development: Option<bool>,
}

impl Window {
    /// Whether an object of Electron's is this window or belongs to it, or may be or do so: which window of one function it is may not be
    /// known.
    pub fn is_made_with(&self, origin: &Origin) -> bool {
        let is_it = |by: &Option<C>| by.is_none() || self.by.is_none() || *by == self.by;
        matches!(origin, Origin::Created(call, by) if self.call == Some(*call) && is_it(by))
    }

    /// Whether the scripts of a page run in it: not with `javascript: false`, which leaves preload scripts alone.
    pub fn runs_scripts(&self, app: &App) -> bool {
        self.settings(app, "javascript").iter().any(|fact| fact.value != Tri::Known(false))
    }

    /// The window with each of the objects that can be its preferences: what one of them says beside a key holds for that key alone.
    pub fn alternatives(&self) -> &[Window] {
        let several = self.preferences.len() + usize::from(self.may_lack);
        if self.preferences.is_empty() || !(2..=MOST_ALTERNATIVES).contains(&several) {
            return std::slice::from_ref(self);
        }
        self.asked.alternatives.get_or_init(|| {
            let with = |preferences: Vec<_>| Window { may_lack: preferences.is_empty(), preferences, ..self.clone() };
            let one = |preferences: &(Object, Certainty, Option<bool>)| with(vec![preferences.clone()]);
            let without = self.may_lack.then(|| with(Vec::new()));
            self.preferences.iter().map(one).chain(without).collect()
        })
    }

    /// What this window can have under a key of `webPreferences`, in Electron's spelling.
    pub fn settings(&self, app: &App, key: &str) -> Vec<SettingFact> {
        self.given(app, key)
            .iter()
            .cloned()
            .map(|(given, placed)| {
                let is_all = self.given_one(app, key) == given;
                let effective =
                    if is_all { self.effective(app) } else { Rc::new(self.effective_with(app, key, &given)) };
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
                        trail: Trail::default(),
                        certainty: self.certainty.min(Certainty::Firm),
                        development: self.development,
                    },
                }
            })
            .collect()
    }

    /// What is written under a key; several where it depends.
    pub fn given(&self, app: &App, key: &str) -> Rc<[(Given, Option<Placed>)]> {
        if let Some(known) = self.asked.given.borrow().get(key) {
            return known.clone();
        }
        let given: AllGiven = self.find_given(app, key).into();
        self.asked.given.borrow_mut().insert(key.to_owned(), given.clone());
        given
    }

    fn find_given(&self, app: &App, key: &str) -> Vec<(Given, Option<Placed>)> {
        let mut all: Vec<(Given, Option<Placed>)> = Vec::new();
        if let Some((_, given, span)) = self.attributes.iter().rev().find(|(name, ..)| name == key) {
            let known = Known {
                thing: Thing::Undefined,
                at: None,
                trail: Trail::default(),
                certainty: Certainty::Certain,
                development: None,
            };
            return vec![(given.clone(), Some(Placed { known, span: *span, written: None }))];
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
        let given = self.given(app, key);
        let mut all = given.iter().filter(|(_, placed)| {
            // What holds only in development does not decide what the shipped app does.
            placed.as_ref().is_none_or(|placed| placed.known.development != Some(true))
        });
        match (all.next(), all.next()) {
            (Some((given, _)), None) => given.clone(),
            (None, _) => Given::Absent,
            _ => Given::Unknown,
        }
    }

    /// Whether what is written under a key is the path of a file, whichever.
    fn is_path(&self, app: &App, key: &str) -> bool {
        let all = self.given(app, key);
        !all.is_empty()
            && all.iter().all(|(_, placed)| {
                placed.as_ref().is_some_and(|placed| match &placed.known.thing {
                    Thing::Text(text) => !text.is_empty(),
                    Thing::Template(_) => true,
                    Thing::Result(api, _) => {
                        matches!(
                            &**api,
                            "path.join" | "path.resolve" | "path.normalize" | "url.fileURLToPath" | "require.resolve"
                        )
                    }
                    _ => false,
                })
            })
    }

    /// What it effectively gets if this is what is written under the key.
    pub fn effective_with(&self, app: &App, key: &str, given: &Given) -> Preferences {
        let read = |asked: &str| {
            if asked == key { given.clone() } else { self.given_one(app, asked) }
        };
        let mut cx = Context::new(&app.electron.version);
        cx.has_preload = match self.given_one(app, "preload") {
            Given::Absent => Some(false),
            Given::Unknown => self.is_path(app, "preload").then_some(true),
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
        let bounds = self.embedders.first().and_then(|&index| Some(app.windows.get(index)?.effective(app)));
        cx.embedder = bounds.as_deref();
        preferences::effective(&read, &cx)
    }

    /// What it effectively gets.
    pub fn effective(&self, app: &App) -> Rc<Preferences> {
        self.asked.effective.get_or_init(|| Rc::new(self.effective_with(app, "", &Given::Absent))).clone()
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
        let mut counts = FxHashMap::default();
        windows.retain(|window| {
            let count = counts.entry(window.span.file).or_insert(0usize);
            *count += 1;
            if *count > most {
                self.is_limited.set(true);
            }
            *count <= most
        });
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

    /// As [`App::contexts`], where what a function makes is a window: of many callers those that may say something of preferences, and of
    /// all others one, which stands for any of them. Each with the call, if it is that one's.
    fn contexts_of_windows(&self, f: F) -> Vec<(Frames, Option<C>)> {
        let caller = |frames: &Frames| frames.find(f).map(|(caller, _)| caller);
        let mut callers = self.program.registrations(f).to_vec();
        if callers.len() <= MOST_CONTEXTS {
            return self.contexts(f, 2).into_iter().map(|frames| (frames.clone(), caller(&frames))).collect();
        }
        let mut any = None;
        callers.retain(|caller| self.may_say_preferences(*caller) || any.get_or_insert(*caller) == caller);
        self.bound(&mut callers, MOST_CALLERS);
        let contexts = self.contexts_by(f, &callers, 0, MOST_CALLERS).into_iter();
        contexts.map(|frames| (frames.clone(), caller(&frames).filter(|caller| Some(*caller) != any))).collect()
    }

    /// The calls under which a function's parameters are looked at: one for each known way in.
    pub fn contexts(&self, f: F, depth: u32) -> Vec<Frames> {
        self.contexts_by(f, &self.program.callers(f), depth, MOST_CONTEXTS)
    }

    fn contexts_by(&self, f: F, callers: &[C], depth: u32, most: usize) -> Vec<Frames> {
        let mut ways: Vec<_> = callers
            .iter()
            .take(most)
            .map(|&call| {
                let caller = F(call.0, self.program.call(call).function);
                let outer = if depth > 0 { self.contexts(caller, depth - 1) } else { vec![Frames::default()] };
                (call, outer.into_iter())
            })
            .collect();
        // Each caller has its turn: one that is called from everywhere leaves room for the others.
        let mut contexts = Vec::new();
        while contexts.len() < most && !ways.is_empty() {
            ways.retain_mut(|(call, outer)| {
                let next = outer.next().filter(|_| contexts.len() < most);
                contexts.extend(next.iter().map(|frames| frames.with(f, *call)));
                next.is_some()
            });
        }
        if contexts.is_empty() {
            contexts.push(Frames::default());
        }
        contexts
    }

    /// Whether a call hands over what may decide preferences: not titles, sizes and functions alone.
    fn may_say_preferences(&self, c: C) -> bool {
        self.program.arguments(c).iter().any(|item| item.spread || self.may_be_preferences(V(c.0, item.value), 0))
    }

    fn may_be_preferences(&self, v: V, depth: u32) -> bool {
        let summary = self.program.summary(v.0);
        match summary.value(summary.behind(v.1)) {
            Value::Object(list) => summary.properties(list).iter().any(|property| match property.key {
                Key::Name(name) => {
                    let is_object = || matches!(summary.value(summary.behind(property.value)), Value::Object(_));
                    matches!(
                        summary.str(name),
                        "webPreferences"
                            | "preload"
                            | "nodeIntegration"
                            | "contextIsolation"
                            | "sandbox"
                            | "webSecurity"
                    ) || is_object()
                        && (depth >= MOST_DEPTH || self.may_be_preferences(V(v.0, property.value), depth + 1))
                }
                Key::Computed(_) | Key::Spread => true,
            }),
            Value::Undefined
            | Value::Null
            | Value::Number(_)
            | Value::String(_)
            | Value::Template(_)
            | Value::Function(_) => false,
            _ => true,
        }
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
                // What a constructor keeps of what it is given.
                Value::This(function)
                    if function == f.1
                        && v.0 == f.0
                        && summary.function(function).kind == crate::summary::FunctionKind::Constructor =>
                {
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
