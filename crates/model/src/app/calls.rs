//! Calls of Electron's and Node's API, wherever they hide.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::App;
use crate::link::things::{Certainty, Host, Known, Thing};
use crate::link::{C, PROMISIFY, V, final_name};
use crate::source::Span;
use crate::summary::{CallId, CallKind, Value};

/// Objects that one call may be made on.
const MOST_RECEIVERS: usize = 32;

/// Calls of one API in one script that are looked at: many times what the largest apps hold.
const MOST_CALLS: usize = 1000;

/// One call of an API.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiCall {
    /// The call.
    pub call: C,
    /// On which object, where it is a method of one.
    pub receiver: Option<Host>,
    /// How sure it is that this is the API.
    pub certainty: Certainty,
    /// Reached through the remote module.
    pub remote: bool,
}

impl ApiCall {
    /// An argument, as a value.
    pub fn argument(&self, app: &App, index: usize) -> Option<V> {
        app.program.argument(self.call, index)
    }

    /// The whole call.
    pub fn span(&self, app: &App) -> Span {
        app.program.place(self.call.0, app.program.call(self.call).span)
    }

    /// The callee: `shell.openExternal`.
    pub fn callee_span(&self, app: &App) -> Span {
        app.callee_span(self.call)
    }
}

/// A path without what reaches the main process through the remote module.
pub(crate) fn local(path: &str) -> (&str, bool) {
    for prefix in ["@electron/remote/main.", "@electron/remote/renderer.", "@electron/remote.", "remote."] {
        if let Some(rest) = path.strip_prefix(prefix) {
            return (rest, true);
        }
    }
    (path, false)
}

impl App<'_> {
    /// Calls of an API by its path: `shell.openExternal`, `WebContents.executeJavaScript`, `child_process.exec`.
    ///
    /// Methods of a class are named after the class, statics too. In the order of files and of the calls in them.
    pub fn calls(&self, api: &str) -> Rc<[ApiCall]> {
        if let Some(known) = self.calls.borrow().get(api) {
            return known.clone();
        }
        let found: Rc<[ApiCall]> = Rc::from(self.find_calls(api, |_| true));
        self.calls.borrow_mut().insert(Rc::from(api), found.clone());
        found
    }

    /// As [`App::calls`], without those whose first argument is written out and is another text: scripts listen to much that is not
    /// Electron's, and on what is then not asked.
    pub(super) fn calls_that_may_name(&self, api: &str, text: &str) -> Rc<[ApiCall]> {
        let key = format!("{api} {text}");
        if let Some(known) = self.calls.borrow().get(&*key) {
            return known.clone();
        }
        let found: Rc<[ApiCall]> = Rc::from(self.find_calls(api, |c| {
            let first = self.program.argument(c, 0);
            first.is_some_and(|first| match self.program.value(first) {
                Value::String(name) => self.program.summary(first.0).str(name) == text,
                _ => true,
            })
        }));
        self.calls.borrow_mut().insert(Rc::from(key), found.clone());
        found
    }

    /// Calls of any of these, together in the order of their places.
    pub fn calls_of(&self, apis: &[&str]) -> Vec<ApiCall> {
        let mut calls: Vec<ApiCall> = apis.iter().flat_map(|api| self.calls(api).to_vec()).collect();
        calls.sort_by_key(|call| call.call);
        calls.dedup_by_key(|call| call.call);
        calls
    }

    /// As [`App::calls_of`], for packages of which each has the name of a global function too: `open` of a page is another.
    pub fn calls_of_packages(&self, packages: &[&str]) -> Vec<ApiCall> {
        let mut calls = self.calls_of(packages);
        calls.retain(|call| {
            let callee = V(call.call.0, self.program.call(call.call).callee);
            !matches!(self.program.value(self.program.behind(callee)), Value::Global(_))
        });
        calls
    }

    fn find_calls(&self, api: &str, may_be: impl Fn(C) -> bool) -> Vec<ApiCall> {
        let mut found = self.find_named(api, &may_be);
        let others = self.promisified().iter().filter(|(path, call)| **path == *api && may_be(call.call));
        let others: Vec<ApiCall> = others.map(|(_, call)| call.clone()).collect();
        if !others.is_empty() {
            found.extend(others);
            found.sort_by_key(|call| call.call);
            found.dedup_by_key(|call| call.call);
        }
        found
    }

    /// Those that are called by the API's name, or one under which it is known.
    fn find_named(&self, api: &str, may_be: impl Fn(C) -> bool) -> Vec<ApiCall> {
        let name = api.rsplit(['.', ' ']).next().unwrap_or(api);
        let mut found: Vec<ApiCall> = Vec::new();
        let mut seen = FxHashSet::default();
        let mut counts = FxHashMap::default();
        let names = self.names_of_api(api, name);
        // Texts have a method of this name too, and far more often.
        let is_of_location = api == "location.replace";
        for name in names {
            for &c in self.program.calls_named(&name) {
                if !seen.insert(c) || !may_be(c) || is_of_location && !self.may_be_on_location(c) {
                    continue;
                }
                // Each script has a share of its own, so that one does not hide what is in another.
                let count = counts.entry(c.0).or_insert(0usize);
                if *count >= MOST_CALLS {
                    self.is_limited.set(true);
                    continue;
                }
                if let Some(call) = self.matches(c, api) {
                    *count += 1;
                    found.push(call);
                }
            }
        }
        found.sort_by_key(|call| call.call);
        found
    }

    /// The names under which an API whose path ends in `name` may be called.
    fn names_of_api(&self, api: &str, name: &str) -> Vec<Rc<str>> {
        match api.strip_suffix(".default") {
            // Every module has a default export: its importers call it by names of their own.
            Some(module) => {
                std::iter::once(Rc::from(name)).chain(self.program.names_of(module).iter().cloned()).collect()
            }
            // `socket.io-client` is a name that holds a dot.
            None if name != api && !api.contains(' ') => {
                self.program.names_of(name).iter().chain(self.program.names_of(api).iter()).cloned().collect()
            }
            None => self.program.names_of(name).to_vec(),
        }
    }

    /// Whether a method may be one of a page's location: `location`, `window.location`, a variable that holds it.
    fn may_be_on_location(&self, c: C) -> bool {
        let summary = self.program.summary(c.0);
        let is_location = |value| final_name(summary, value).is_some_and(|name| summary.str(name) == "location");
        match summary.value(self.program.call(c).callee) {
            Value::Member(object, _) => match summary.value(object) {
                Value::Binding(binding) if !is_location(object) => {
                    summary.bindings[binding.index()].writes.iter().any(|write| is_location(write.value))
                }
                _ => is_location(object),
            },
            _ => false,
        }
    }

    fn matches(&self, c: C, api: &str) -> Option<ApiCall> {
        let callee = V(c.0, self.program.call(c).callee);
        self.program.eval(callee).iter().find_map(|known| {
            let (receiver, remote) = is_api(&known.thing, api)?;
            Some(ApiCall { call: c, receiver, certainty: known.certainty, remote })
        })
    }

    /// A call for each object that it may be made on: `guard(contents)` is called for every window that is handed to it.
    pub(super) fn on_each_receiver(&self, call: &ApiCall, api: &str) -> Vec<ApiCall> {
        let callee = V(call.call.0, self.program.call(call.call).callee);
        let mut found: Vec<ApiCall> = Vec::new();
        for known in self.program.eval(callee).iter() {
            let Some((receiver, remote)) = is_api(&known.thing, api) else { continue };
            if found.len() < MOST_RECEIVERS && found.iter().all(|other| other.receiver != receiver) {
                found.push(ApiCall { call: call.call, receiver, certainty: known.certainty, remote });
            }
        }
        if found.is_empty() { vec![call.clone()] } else { found }
    }

    /// Calls of a method by its name alone, on objects that could not be resolved.
    pub fn calls_of_unknown(&self, method: &str) -> Vec<ApiCall> {
        let calls = self.program.calls_named(method).iter().copied();
        calls
            .filter(|c| {
                let callee = V(c.0, self.program.call(*c).callee);
                matches!(self.program.value(callee), Value::Member(..))
                    && self.eval(callee).iter().all(|known| known.is_unknown())
            })
            .map(|call| ApiCall { call, receiver: None, certainty: Certainty::Firm, remote: false })
            .collect()
    }

    /// Modules that are asked for by a name that is computed: `import(name)`, `require(path.join(folder, name))`.
    pub fn computed_imports(&self) -> Vec<ApiCall> {
        let mut found = Vec::new();
        for unit in self.program.unit_ids() {
            let calls = self.program.summary(unit).calls.iter().enumerate();
            let imports = calls.filter(|(_, call)| call.kind == CallKind::Import).take(MOST_CALLS);
            found.extend(imports.map(|(index, _)| ApiCall {
                call: C(unit, crate::summary::CallId(index as u32)),
                receiver: None,
                certainty: Certainty::Certain,
                remote: false,
            }));
        }
        found
    }

    /// Calls of what `promisify` and kin made of APIs, and of which: by whatever names they are kept.
    fn promisified(&self) -> &[(Rc<str>, ApiCall)] {
        self.promisified.get_or_init(|| {
            let mut found = Vec::new();
            let makers: Vec<ApiCall> = PROMISIFY.iter().flat_map(|api| self.find_named(api, |_| true)).collect();
            let mut made_of: FxHashSet<Rc<str>> = FxHashSet::default();
            for of in makers.iter().filter_map(|made| made.argument(self, 0)) {
                made_of.extend(self.eval(of).iter().filter_map(|known| match &known.thing {
                    Thing::Api(path) => Some(path.clone()),
                    _ => None,
                }));
            }
            let makers: Vec<C> = makers.iter().map(|made| made.call).collect();
            for call in self.program.calls_of_results(&makers) {
                for known in self.eval(V(call.0, self.program.call(call).callee)).iter() {
                    if let Thing::Api(path) = &known.thing
                        && made_of.contains(path)
                    {
                        let call = ApiCall { call, receiver: None, certainty: Certainty::Firm, remote: false };
                        found.push((path.clone(), call));
                    }
                }
            }
            found
        })
    }

    /// Calls of a method by its name alone, on whatever object.
    pub fn calls_by_method(&self, method: &str) -> Vec<ApiCall> {
        let calls = self.program.calls_named(method).iter().copied();
        calls
            .filter(|c| matches!(self.program.value(V(c.0, self.program.call(*c).callee)), Value::Member(..)))
            .filter(|c| self.functions(V(c.0, self.program.call(*c).callee)).is_empty())
            .map(|call| ApiCall { call, receiver: None, certainty: Certainty::Certain, remote: false })
            .collect()
    }

    /// The API that a call calls, under its canonical path.
    pub fn api_of(&self, c: C) -> Option<(Rc<str>, Option<Host>)> {
        let call = self.program.call(c);
        if !matches!(call.kind, CallKind::Call | CallKind::New) {
            return None;
        }
        let callee = V(c.0, call.callee);
        self.program.eval(callee).iter().find_map(path_of)
    }

    /// Calls of a method on what an API gives: `calls_on_result("new XMLHttpRequest", "open")`.
    pub fn calls_on_result(&self, result: &str, method: &str) -> Vec<ApiCall> {
        let mut found = Vec::new();
        for &c in self.program.calls_named(method) {
            let call = self.program.call(c);
            let Value::Member(object, _) = self.program.value(V(c.0, call.callee)) else { continue };
            let certainty = self.eval(V(c.0, object)).iter().find_map(|known| match &known.thing {
                Thing::Result(path, _) if &**path == result => Some(known.certainty),
                _ => None,
            });
            if let Some(certainty) = certainty {
                found.push(ApiCall { call: c, receiver: None, certainty, remote: false });
            }
        }
        found
    }

    /// Attributes of elements written as JSX: the tag, the attribute, its value, and where it stands.
    pub fn jsx_attributes(&self) -> Vec<(C, String, String, V)> {
        let mut found = Vec::new();
        for unit in self.program.unit_ids() {
            let summary = self.program.summary(unit);
            for (index, call) in summary.calls.iter().enumerate() {
                if call.kind != CallKind::Jsx {
                    continue;
                }
                let c = C(unit, CallId(index as u32));
                let Some(tag) = self.program.argument(c, 0).and_then(|tag| summary.text(tag.1)) else { continue };
                let Some(attributes) = self.program.argument(c, 1) else { continue };
                let Value::Object(list) = self.program.value(attributes) else { continue };
                for property in summary.properties(list) {
                    if let crate::summary::Key::Name(name) = property.key {
                        let name = summary.str(name).to_ascii_lowercase();
                        found.push((c, tag.to_owned(), name, V(unit, property.value)));
                    }
                }
            }
        }
        found
    }
}

/// The canonical path of an API.
fn path_of(known: &Known) -> Option<(Rc<str>, Option<Host>)> {
    match &known.thing {
        Thing::Api(path) => Some((Rc::from(local(path).0), None)),
        Thing::Method(host, name) => Some((Rc::from(format!("{}.{name}", host.class)), Some(host.clone()))),
        _ => None,
    }
}

fn is_api(thing: &Thing, api: &str) -> Option<(Option<Host>, bool)> {
    match thing {
        Thing::Api(path) => {
            let (path, remote) = local(path);
            (path == api || path.strip_prefix("electron.") == Some(api)).then_some((None, remote))
        }
        Thing::Method(host, name) => {
            let (class, method) = api.rsplit_once('.')?;
            let same = host.class == class || (class == "BaseWindow" && host.class == "BrowserWindow");
            (same && **name == *method).then(|| (Some(host.clone()), false))
        }
        _ => None,
    }
}
