//! IPC handlers: what they can do for whoever sends, and whether they look at who it is.

use std::cell::LazyCell;
use std::rc::Rc;

use rustc_hash::FxHashSet;

use super::checks::Strength;
use super::file_apis::touches_files;
use super::handlers::ANSWER_RENDERER;
use super::inside::Which;
use super::sources::SourceKind;
use super::traces::Purpose;
use super::{App, Content, Listener};
use crate::electron::Version;
use crate::link::electron::LISTEN;
use crate::link::things::*;
use crate::link::{C, F, V};
use crate::source::Span;
use crate::summary::{CallKind, Operator, Value, ValueId};

/// Functions that are followed from a handler.
const MOST_FUNCTIONS: usize = 200;

/// Calls in a row that are followed from a handler.
const MOST_CALLS: u32 = 5;

/// Classes and modules of which some method is sensitive.
const HAVE_SENSITIVE_METHODS: [&str; 12] = [
    "BrowserWindow",
    "BrowserView",
    "WebContents",
    "Session",
    "app",
    "dialog",
    "shell",
    "session",
    "safeStorage",
    "fs",
    "fs.promises",
    "child_process",
];

/// Helpers in a row that may look at the sender.
const MOST_HELPERS: u32 = 4;

/// Writes to the methods that set handlers.
const MOST_WRITES: usize = 64;

/// Parts of a test that are looked at.
pub(super) const MOST_PARTS: u32 = 40;

// https://www.electronjs.org/docs/latest/breaking-changes#behavior-changed-frame-properties-may-retrieve-detached-webframemain-instances-or-none-at-all
const FRAME_IS_LOST: Version = Version::new(33, 0, 0);

/// Something that a handler does and that a page must not ask for unseen.
#[derive(Clone, Debug, PartialEq)]
pub struct Sensitive {
    /// The API.
    pub api: String,
    /// Its call.
    pub span: Span,
    /// Whether it matters who asks: a message says something of what is done, or nobody unseen should have it done at all. Where not, a
    /// page only has the app do what it does by itself.
    pub matters: bool,
}

impl App<'_> {
    /// The first thing that a function does, itself or through functions of the app, and that a page must not ask for unseen; one that
    /// matters before all others.
    pub fn sensitive_action(&self, f: F) -> Option<Sensitive> {
        self.sensitive_action_besides(f, None)
    }

    /// As [`App::sensitive_action`], without what this parameter does, which is handed over.
    pub(super) fn sensitive_action_besides(&self, f: F, handed: Option<(F, u32)>) -> Option<Sensitive> {
        let handler = self.program.function(f);
        // What says nothing to the handler may still have been said before, to another one.
        let first = self.entrances().get(&f).map_or(1, |entrance| entrance.first) as usize;
        let asks_for_nothing = handler.parameters.len() <= first && handler.parameters.iter().all(|one| !one.rest);
        let (mut unasked, mut dialog) = (None, None);
        let mut open = vec![(f, 0)];
        let mut seen = FxHashSet::default();
        let mut next = 0;
        while let Some(&(f, depth)) = open.get(next) {
            next += 1;
            if !seen.insert(f) || seen.len() > MOST_FUNCTIONS {
                continue;
            }
            for c in self.calls_inside(f) {
                let record = self.program.call(c);
                if !matches!(record.kind, CallKind::Call | CallKind::New) || !self.runs_with(F(c.0, record.function), f)
                {
                    continue;
                }
                let made = LazyCell::new(|| self.file_method_of_made(c));
                let api = self.api_of(c).map(|(api, _)| api);
                if let Some(api) = api.or_else(|| made.as_deref().map(Rc::from)) {
                    // Far from the handler, what is appended is a log.
                    let logs = depth > 1 && api.contains(".append");
                    let is_told = || {
                        self.is_page_of_message(&api, c)
                            || self.is_window_of_message(&api, c)
                            || is_sensitive_if_told(&api) && self.is_given_a_message(c)
                            || &*api == "worker_threads.Worker" && self.is_script_of_message(c)
                    };
                    if (is_sensitive(&api) || made.is_some()) && !logs && !self.has_constant_subject(c) || is_told() {
                        let span = self.callee_span(c);
                        // What comes of a dialog, the user has chosen; what is done with it then, whoever asked.
                        if api.starts_with("dialog.") {
                            dialog.get_or_insert(Sensitive { api: api.to_string(), span, matters: false });
                            continue;
                        }
                        let matters = !asks_for_nothing || is_harmful(&api) || self.is_given_a_message(c);
                        let found = Sensitive { api: api.to_string(), span, matters };
                        if matters {
                            return Some(found);
                        }
                        unasked.get_or_insert(found);
                    }
                } else if let Some(api) = self.any_method_of(c, f) {
                    return Some(Sensitive { api, span: self.callee_span(c), matters: true });
                } else if depth < MOST_CALLS && !self.is_call_of(c, handed) {
                    let callee = V(c.0, record.callee);
                    open.extend(self.listeners_called(c).into_iter().map(|inner| (inner, depth + 1)));
                    open.extend(self.functions(callee).into_iter().map(|inner| (inner, depth + 1)));
                }
            }
        }
        match (unasked, dialog) {
            (Some(found), Some(_)) => Some(Sensitive { matters: true, ..found }),
            (unasked, dialog) => unasked.or(dialog),
        }
    }

    /// Whether a call calls this parameter.
    fn is_call_of(&self, c: C, parameter: Option<(F, u32)>) -> bool {
        parameter.is_some() && self.parameter_behind(V(c.0, self.program.call(c).callee)) == parameter
    }

    /// Whether something that a renderer said gets into what a call is given.
    fn is_given_a_message(&self, c: C) -> bool {
        if let Some(known) = self.given_messages.borrow().get(&c) {
            return *known;
        }
        let entrances = self.entrances();
        let is_said = |v: V| {
            let traces = self.traces(c, v, &entrances, Purpose::VALUE);
            traces.iter().any(|trace| trace.origin.kind == SourceKind::Ipc)
        };
        let found = self.program.arguments(c).iter().any(|item| is_said(V(c.0, item.value)));
        self.given_messages.borrow_mut().insert(c, found);
        found
    }

    /// What has methods that a page must not ask for, where a function calls whichever one it is told to, with what it is told:
    /// `contents[method](...rest)`.
    fn any_method_of(&self, c: C, f: F) -> Option<String> {
        let Value::Index(object, name) = self.program.value(V(c.0, self.program.call(c).callee)) else { return None };
        let name = V(c.0, name);
        let given = |v: V| self.parameter_flow(v, f).is_some();
        let told = given(name) && self.program.arguments(c).iter().any(|item| given(V(c.0, item.value)));
        if !told || self.guard_of_call(c, name).strength > Strength::Weak {
            return None;
        }
        self.eval(V(c.0, object)).iter().find_map(|known| match &known.thing {
            Thing::Host(host) if HAVE_SENSITIVE_METHODS.contains(&host.class) => Some(format!("{}[…]", host.class)),
            Thing::Api(path) if HAVE_SENSITIVE_METHODS.contains(&&**path) => Some(format!("{path}[…]")),
            _ => None,
        })
    }

    /// Whether a function that is written inside another one runs when that one does: as a callback, not as a listener or a menu's click.
    fn runs_with(&self, inner: F, outer: F) -> bool {
        let mut at = inner;
        for _ in 0..16 {
            if at.1 == outer.1 {
                return true;
            }
            let record = self.program.function(at);
            let runs = match self.program.callback_of(at) {
                Some((c, _)) => {
                    let summary = self.program.summary(c.0);
                    let name = crate::link::final_name(summary, self.program.call(c).callee);
                    name.is_none_or(|name| {
                        let name = summary.str(name);
                        !LISTEN.contains(&name)
                            && !name.starts_with("handle")
                            && !name.ends_with("Handler")
                            && name != "register"
                    })
                }
                // One that is called by its name is followed from there.
                None => record.name.is_none() && record.holder.is_none(),
            };
            if !runs || record.parent == at.1 {
                return false;
            }
            at = F(at.0, record.parent);
        }
        false
    }

    /// Whether a call shows a page that a message names: it gets what the window may do, its preload script with it.
    fn is_page_of_message(&self, api: &str, c: C) -> bool {
        let Some((class, "loadURL" | "loadFile")) = api.rsplit_once('.') else { return false };
        let Some(page) = self.program.argument(c, 0) else { return false };
        let traces = || self.traces(c, page, &self.entrances(), Purpose::VALUE);
        matches!(class, "BrowserWindow" | "WebContents" | "BrowserView" | "WebContentsView")
            && traces().iter().any(|trace| trace.origin.kind == SourceKind::Ipc && !trace.opaque)
    }

    /// Whether a message names the script that a worker runs.
    fn is_script_of_message(&self, c: C) -> bool {
        let script = self.program.argument(c, 0);
        let traces = |script| self.traces(c, script, &self.entrances(), Purpose::VALUE);
        script.is_some_and(|script| traces(script).iter().any(|trace| trace.origin.kind == SourceKind::Ipc))
    }

    /// Whether a call makes a window of which a message says what its pages may do.
    fn is_window_of_message(&self, api: &str, c: C) -> bool {
        let is_window = matches!(api, "BrowserWindow" | "BrowserView" | "WebContentsView");
        let window = if is_window { self.window_made(c) } else { None };
        let traces = window.map_or_else(Vec::new, |window| self.told_preferences(window));
        traces.iter().any(|trace| trace.origin.kind == SourceKind::Ipc && !trace.opaque)
    }

    /// `shell.openExternal('https://example.com/help')`: whoever asks gets nothing out of it.
    fn has_constant_subject(&self, c: C) -> bool {
        let is_constant = |v: V| {
            let values = self.eval(v);
            values.iter().all(|known| {
                matches!(
                    known.thing,
                    Thing::Text(_) | Thing::Bool(_) | Thing::Number(_) | Thing::Undefined | Thing::Null
                )
            })
        };
        // One of the addresses, or of the sites, that the app has chosen.
        let opens = |path: &str| path.ends_with("shell.openExternal");
        if self.api_of(c).is_some_and(|(path, _)| opens(&path))
            && let Some(url) = self.program.argument(c, 0)
            && self.guard_of_call(c, url).for_desktop().strength == Strength::Host
        {
            return true;
        }
        // A program does what its arguments say.
        let of_program = |path: &str| {
            matches!(path.rsplit('.').next(), Some("spawn" | "spawnSync" | "execFile" | "execFileSync" | "fork"))
        };
        let api = self.api_of(c);
        let takes_arguments = api.as_ref().is_some_and(|(path, _)| of_program(path));
        // Into a file of the app's own goes what the page says.
        let writes = api
            .as_ref()
            .and_then(|(path, _)| path.rsplit('.').next())
            .is_some_and(|name| ["write", "append", "output"].iter().any(|verb| name.starts_with(verb)));
        if writes && self.program.argument(c, 1).is_some_and(|data| !is_constant(data)) {
            return false;
        }
        let list = self.program.argument(c, 1).filter(|_| takes_arguments);
        let is_fixed = |list: V| match self.program.value(self.program.behind(list)) {
            Value::Array(items) => self
                .program
                .summary(list.0)
                .items(items)
                .iter()
                .all(|item| !item.spread && is_constant(V(list.0, item.value))),
            _ => true,
        };
        self.program.argument(c, 0).is_some_and(is_constant) && list.is_none_or(is_fixed)
    }

    /// The functions that a handler can be: several, where one function registers them all.
    pub fn handler_functions(&self, handler: &Listener) -> Vec<F> {
        handler.value.map(|value| self.functions(value)).unwrap_or_default()
    }

    /// Whether an IPC handler, being this function, looks at who sent the message.
    pub fn looks_at_sender(&self, handler: &Listener, f: F) -> bool {
        self.looks_at_sender_besides(handler, f, None)
    }

    /// As [`App::looks_at_sender`], whatever this parameter, which is handed over, looks at.
    pub(super) fn looks_at_sender_besides(&self, handler: &Listener, f: F, handed: Option<(F, u32)>) -> bool {
        // `webContents.ipc`, `frame.ipc`: only these contents can send.
        if handler.receiver.as_ref().is_some_and(|receiver| receiver.origin != Origin::Default) {
            return true;
        }
        // It tells the window that asks behind the data, and of a window's own handler no other asks.
        if self.api_of(handler.call).is_some_and(|(path, _)| &*path == ANSWER_RENDERER) {
            return self.program.argument(handler.call, 2).is_some() || self.tests_parameter(f, 1);
        }
        let tests = match handed {
            Some(_) => self.finds_test_of_sender(f, 0, 0, handed),
            None => self.tests_sender(f, 0, 0),
        };
        tests || self.is_set_behind_a_check(handler.call)
    }

    /// Whether the method that sets a handler is the app's own, and what it sets looks at the sender first:
    /// `ipcMain.handle = (channel, handler) => handle(channel, (event, ...args) => isOurs(event) && handler(event, ...args))`.
    fn is_set_behind_a_check(&self, set: C) -> bool {
        let Value::Member(_, method) = self.program.value(V(set.0, self.program.call(set).callee)) else {
            return false;
        };
        let checks = |own: F| {
            let given = |c: C| self.program.arguments(c).iter().map(move |item| V(c.0, item.value));
            let mut given = self.calls_inside(own).into_iter().filter(|c| *c != set).flat_map(given);
            given.any(|v| self.functions(v).into_iter().any(|f| self.tests_sender(f, 0, 0)))
        };
        let mut written = self.program.written_to(self.program.str(set.0, method)).take(MOST_WRITES);
        written.any(|(unit, write)| {
            let is_ipc = |known: &Known| matches!(&known.thing, Thing::Host(host) if host.class == "IpcMain");
            self.eval(V(unit, write.object)).iter().any(is_ipc)
                && write.value.is_some_and(|own| self.functions(V(unit, own)).into_iter().any(checks))
        })
    }

    /// Whether a function looks at the sender of the event that it is given as this parameter, itself or in functions that it calls.
    pub(super) fn tests_sender(&self, f: F, parameter: u32, depth: u32) -> bool {
        // Functions that hand an event to each other lead here in as many ways as there are paths between them.
        if let Some(known) = self.verifiers.borrow().get(&(f, parameter, depth)) {
            return *known;
        }
        let found = self.finds_test_of_sender(f, parameter, depth, None);
        self.verifiers.borrow_mut().insert((f, parameter, depth), found);
        found
    }

    fn finds_test_of_sender(&self, f: F, parameter: u32, depth: u32, handed: Option<(F, u32)>) -> bool {
        let summary = self.program.summary(f.0);
        let lost = self.electron.version.has(FRAME_IS_LOST).then(|| self.first_await(f)).flatten();
        let in_time = |test: ValueId| {
            lost.is_none_or(|at| summary.span(test).0 < at || !self.names_frame(V(f.0, test), f, parameter))
        };
        // Also where a comparison decides by itself: `a === b || deny()`, `return sender === main && …`.
        if self
            .values_inside(f, Which::Decisions)
            .any(|test| in_time(test) && self.steps.question(|| self.is_sender_test(V(f.0, test), f, parameter, 0)))
        {
            return true;
        }
        if depth >= MOST_HELPERS {
            return false;
        }
        // `assertTrusted(event)`, `verify(event.senderFrame.url)`.
        for c in self.calls_inside(f) {
            let record = self.program.call(c);
            if self.is_call_of(c, handed) {
                continue;
            }
            for (index, item) in self.program.arguments(c).iter().enumerate() {
                let value = V(c.0, item.value);
                let event = self.is_parameter(value, f, parameter);
                let sender = self.is_sender(value, f, parameter, 0);
                if item.spread || !(event || sender) {
                    continue;
                }
                if lost.is_some() && record.after_await && (event || self.names_frame(value, f, parameter)) {
                    continue;
                }
                let callee = V(c.0, record.callee);
                let helpers = self.functions(callee);
                if helpers.is_empty() {
                    // Something from outside that is no API that we know: it may verify.
                    let asks = matches!(self.program.value(callee), Value::Member(_, name)
                        if matches!(self.program.str(c.0, name), "has" | "includes" | "some" | "get" | "indexOf" | "test"));
                    if asks || self.may_verify(callee) {
                        return true;
                    }
                }
                let tests = |helper: F| match event {
                    true => self.tests_sender(helper, index as u32, depth + 1),
                    false => self.tests_parameter(helper, index as u32),
                };
                if helpers.into_iter().any(|helper| helper != f && tests(helper)) {
                    return true;
                }
            }
        }
        false
    }

    /// Whether a callee that is not the app's own could be a check: not one that is handed over by a caller, nor a listener's.
    fn may_verify(&self, callee: V) -> bool {
        self.eval(callee).iter().all(|known| match &known.thing {
            Thing::Unknown(Unknown::Import(_) | Unknown::Call(_)) => true,
            // A function of a package that is named like a check.
            Thing::Api(path) => path.rsplit_once('.').is_some_and(|(_, name)| is_verb_of_checks(name)),
            Thing::Unknown(Unknown::Member(_)) => {
                matches!(self.program.value(callee), Value::Member(_, name) if is_verb_of_checks(self.program.str(callee.0, name)))
            }
            _ => false,
        })
    }

    /// Whether a function decides something by a parameter that holds the sender.
    fn tests_parameter(&self, f: F, parameter: u32) -> bool {
        let summary = self.program.summary(f.0);
        let holds = |v: V| self.parameter_flow(v, f).is_some_and(|(index, _)| index == parameter);
        self.values_inside(f, Which::Tests).any(|test| self.steps.question(|| self.any_part(V(f.0, test), &holds, 0)))
            || summary.function(f.1).exits.iter().filter_map(|exit| exit.value).any(|value| {
                let value = V(f.0, value);
                self.is_decision(value) && self.steps.question(|| self.any_part(value, &holds, 0))
            })
    }

    pub(super) fn is_decision(&self, v: V) -> bool {
        matches!(
            self.program.value(v),
            Value::Binary(Operator::Equal | Operator::NotEqual | Operator::And | Operator::Or | Operator::In, ..)
                | Value::Unary(Operator::Not, _)
                | Value::Call(_)
        )
    }

    pub(super) fn any_part(&self, v: V, what: &dyn Fn(V) -> bool, depth: u32) -> bool {
        if depth > MOST_PARTS || self.steps.are_used_up() {
            return false;
        }
        if what(v) {
            return true;
        }
        let at = |id| V(v.0, id);
        let go = |id| self.any_part(at(id), what, depth + 1);
        match self.program.value(v) {
            Value::Binary(_, left, right) => go(left) || go(right),
            Value::Unary(_, inner) | Value::Member(inner, _) | Value::Await(inner) => go(inner),
            Value::Index(object, key) => go(object) || go(key),
            Value::Call(call) => {
                let c = C(v.0, call);
                go(self.program.call(c).callee) || self.program.arguments(c).iter().any(|item| go(item.value))
            }
            Value::Binding(binding) => self.program.summary(v.0).written_once(binding).is_some_and(go),
            _ => false,
        }
    }

    /// Whether a test decides by who the sender is: a comparison, or a call that is given the sender; not whether there is one.
    pub(super) fn is_sender_test(&self, test: V, f: F, parameter: u32, depth: u32) -> bool {
        if depth > MOST_PARTS || self.steps.are_used_up() {
            return false;
        }
        let at = |id| V(test.0, id);
        let go = |id| self.is_sender_test(at(id), f, parameter, depth + 1);
        let sender = |v: V| self.any_part(v, &|part| self.is_sender(part, f, parameter, 0), 0);
        match self.program.value(test) {
            Value::Binary(Operator::Equal | Operator::NotEqual, left, right) => {
                let nothing =
                    |id| self.eval(at(id)).iter().all(|known| matches!(known.thing, Thing::Null | Thing::Undefined));
                (sender(at(left)) || sender(at(right))) && !nothing(left) && !nothing(right)
            }
            Value::Binary(Operator::In, left, _) => sender(at(left)),
            Value::Binary(_, left, right) => go(left) || go(right),
            Value::Unary(_, inner) | Value::Await(inner) => go(inner),
            Value::Binding(binding) => match self.program.summary(test.0).written_once(binding) {
                // `const window = BrowserWindow.fromWebContents(event.sender); if (window) …` asks whether it can be used.
                Some(only) => match self.program.value(at(only)) {
                    Value::Call(call) if self.api_of(C(test.0, call)).is_some() => false,
                    _ => go(only),
                },
                _ => false,
            },
            Value::Call(call) => {
                let c = C(test.0, call);
                let callee = at(self.program.call(c).callee);
                let given = self.program.arguments(c).iter().any(|item| sender(at(item.value)));
                if let Value::Member(object, name) = self.program.value(callee) {
                    let name = self.program.str(c.0, name);
                    if matches!(name, "isDestroyed" | "isLoading" | "isCrashed" | "isFocused") {
                        return false;
                    }
                    // `event.sender.getURL().startsWith(home)`.
                    let of_text =
                        matches!(name, "startsWith" | "endsWith" | "includes" | "indexOf" | "match" | "search");
                    if of_text && sender(at(object)) {
                        return true;
                    }
                    if let Some((api, _)) = self.api_of(c) {
                        // `if (!BrowserWindow.fromWebContents(event.sender)) return`: a webview has no window. `URL.canParse(…)` says nothing.
                        return given && &*api == "BrowserWindow.fromWebContents";
                    }
                    // What the app's own methods do with it is asked for by itself.
                    return given && self.functions(callee).is_empty() || sender(at(object));
                }
                given && self.functions(callee).is_empty() && self.api_of(c).is_none()
            }
            _ => false,
        }
    }

    /// `event.sender`, `event.senderFrame`, or a property of either.
    pub(super) fn is_sender(&self, v: V, f: F, parameter: u32, depth: u32) -> bool {
        if depth > 12 {
            return false;
        }
        match self.program.value(self.program.behind(v)) {
            Value::Member(object, name) => {
                let object = V(v.0, object);
                let name = self.program.str(v.0, name);
                (matches!(name, "sender" | "senderFrame" | "frameId" | "processId")
                    && self.is_parameter(object, f, parameter))
                    || self.is_sender(object, f, parameter, depth + 1)
            }
            _ => false,
        }
    }

    fn names_frame(&self, v: V, f: F, parameter: u32) -> bool {
        let is_frame = |part: V| {
            matches!(self.program.value(part), Value::Member(object, name)
                if self.program.str(part.0, name) == "senderFrame" && self.is_parameter(V(part.0, object), f, parameter))
        };
        self.steps.question(|| self.any_part(v, &is_frame, 0))
    }

    /// Where the first `await` of a function ends.
    fn first_await(&self, f: F) -> Option<u32> {
        let summary = self.program.summary(f.0);
        self.values_inside(f, Which::Awaits).map(|value| summary.span(value).1).min()
    }

    /// Whether pages that are not the app's own are shown: loaded into a window, or in webviews.
    pub fn loads_from_outside(&self) -> bool {
        self.windows.iter().any(|window| window.kind == super::WindowKind::Webview) || !self.remote_loads().is_empty()
    }

    /// Whether everything that is shown is the app's own, as far as addresses are known; one that is not known is not.
    pub fn shows_only_own_pages(&self) -> bool {
        !self.windows.iter().any(|window| window.kind == super::WindowKind::Webview)
            && self.loads().iter().filter(|load| !load.is_file && load.development != Some(true)).all(|load| {
                load.url.is_some_and(|url| {
                    self.eval(url).iter().all(|known| {
                        known.development == Some(true)
                            || matches!(self.content(known), Content::Local | Content::Loopback)
                    })
                })
            })
    }

    /// Whether a `will-navigate` handler keeps windows from leaving the app's pages.
    pub fn limits_navigation(&self) -> bool {
        ["will-navigate", "will-frame-navigate"].iter().any(|event| {
            self.listeners("WebContents", event).iter().any(|listener| {
                !listener.once
                    && listener.handler.is_some_and(|f| {
                        self.method_calls_on(f, 0, "preventDefault").iter().any(|outcome| !outcome.after_await)
                    })
            })
        })
    }
}

fn is_verb_of_checks(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["valid", "check", "verif", "assert", "trust", "allow", "guard", "ensure", "auth"]
        .iter()
        .any(|part| name.contains(part))
}

/// Whether a page must not say what this is given: another program, another process, where updates come from, which code is loaded.
fn is_sensitive_if_told(api: &str) -> bool {
    let api = api.strip_prefix("electron-updater.").unwrap_or(api);
    matches!(
        api.strip_prefix("default.").unwrap_or(api),
        "app.relaunch" | "process.kill" | "process.dlopen" | "autoUpdater.setFeedURL"
    )
}

/// Whether an API gives away, changes or starts something outside the page.
fn is_sensitive(api: &str) -> bool {
    if touches_files(api) {
        return true;
    }
    let Some((module, name)) = api.rsplit_once('.') else { return matches!(api, "execa" | "cross-spawn") };
    match module {
        "child_process" => true,
        "execa" | "cross-spawn" | "node-pty" | "@lydell/node-pty" | "node-cmd" => true,
        "shelljs" | "sudo-prompt" | "@vscode/sudo-prompt" => name == "exec",
        "shell" => matches!(
            name,
            "openExternal" | "openPath" | "openItem" | "trashItem" | "moveItemToTrash" | "writeShortcutLink"
        ),
        "safeStorage" => matches!(name, "decryptString" | "encryptString"),
        "keytar" => true,
        "dialog" => name.starts_with("showOpen") || name.starts_with("showSave"),
        "net" => matches!(name, "request" | "fetch"),
        "session" => name != "fromPartition",
        "Session" => {
            name.starts_with("clear") || name.starts_with("set") || name.starts_with("load") || name == "downloadURL"
        }
        "Cookies" => matches!(name, "get" | "set" | "remove"),
        "desktopCapturer" => name == "getSources",
        "utilityProcess" => name == "fork",
        "vm" => name.starts_with("run"),
        "WebContents" => matches!(name, "executeJavaScript" | "downloadURL"),
        "app" => matches!(name, "setLoginItemSettings" | "setAsDefaultProtocolClient"),
        _ => false,
    }
}

/// Whether nobody unseen should have it done, whatever it is told: it starts a program, takes something away for good, or gives a secret.
fn is_harmful(api: &str) -> bool {
    let (module, name) = api.rsplit_once('.').unwrap_or((api, ""));
    match module {
        "rimraf" | "del" | "trash" => true,
        "fs" | "fs.promises" | "fs-extra" | "graceful-fs" | "original-fs" => {
            ["unlink", "rm", "remove", "truncate", "empty"].iter().any(|verb| name.starts_with(verb))
        }
        "child_process" | "execa" | "cross-spawn" | "node-pty" | "utilityProcess" | "vm" => true,
        "keytar" | "Cookies" | "desktopCapturer" => true,
        "safeStorage" => name == "decryptString",
        "Session" => name.starts_with("clear"),
        _ => false,
    }
}
