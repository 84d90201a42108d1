//! What preload scripts hand to pages: over the context bridge, or by writing to `window` where nothing isolates.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::App;
use super::checks::Strength;
use super::exposed_variables::ENVIRONMENT;
use super::file_apis::{FILE_MODULES, reaches_files};
use super::parameters::Flow;
use super::sources::SourceKind;
use super::{Entrance, Entrances};
use crate::link::things::*;
use crate::link::{C, F, OF_PACKAGES, UnitId, V};
use crate::source::Span;
use crate::summary::{CallKind, ConditionId, Export, Key, Operator, Slot, Value};

/// Objects inside objects that are looked into.
const MOST_LEVELS: u32 = 5;

/// Helpers that are followed in a row.
const MOST_HELPERS: u32 = 3;

/// Things that one call may expose.
const MOST_EXPOSED: usize = 512;

/// Something that a page can reach.
#[derive(Clone, Debug, PartialEq)]
pub struct Exposed {
    /// The call that exposes it; none where it is written to `window`.
    pub call: Option<C>,
    /// Its path as the page sees it: `api.send`.
    pub name: String,
    /// Where it is written.
    pub span: Span,
    /// What it is.
    pub known: Known,
    /// Where a preload script hands on what holds it.
    pub handed: Span,
    /// It is of the main process: the preload script has it through the remote module.
    pub of_main: bool,
}

/// Why something that is exposed gives more away than it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeakKind {
    /// `ipcRenderer` itself.
    IpcRenderer,
    /// A method of `ipcRenderer` as it is, with every channel.
    IpcMethod,
    /// A module, or a function of one, as it is: `fs`, `shell.openExternal`, `require`.
    Api,
    /// The page chooses the channel that a message is sent to.
    Channel,
    /// The page chooses the channel that it listens to.
    ListenedChannel,
    /// A listener of the page gets the event, and with it `event.sender`.
    Event,
    /// The page chooses what an API is given: `fs.readFile(path)`.
    Argument,
    /// The page is told a variable of the environment that it names: `process.env[name]`.
    Variable,
    /// The page sets a variable of the environment that it names.
    VariableWritten,
}

/// Something exposed that gives more away than it should.
#[derive(Clone, Debug, PartialEq)]
pub struct Leak {
    /// Why.
    pub kind: LeakKind,
    /// What is exposed.
    pub exposed: Exposed,
    /// The API that is reached: `ipcRenderer.send`.
    pub api: String,
    /// The place of it: the channel, the callback, the argument, the property.
    pub span: Span,
    /// The call of the API, where there is one.
    pub call: Option<C>,
    /// How it is known.
    pub certainty: Certainty,
    /// A check that could not be read, or that is easily got around, stands before it.
    pub is_checked: bool,
}

/// Methods of `ipcRenderer` that send.
///
/// `callMain` is electron-better-ipc's: <https://github.com/sindresorhus/electron-better-ipc#ipcrenderercallmainchannel-data>.
const SEND: [&str; 7] = ["send", "sendSync", "sendTo", "sendToHost", "invoke", "postMessage", "callMain"];

/// Methods of `ipcRenderer` that listen.
const LISTEN: [&str; 5] = ["on", "once", "addListener", "prependListener", "prependOnceListener"];

impl App<'_> {
    /// What preload scripts hand to pages, objects taken apart.
    pub fn exposed(&self) -> &[Exposed] {
        self.exposed.get_or_init(|| self.find_exposed())
    }

    fn find_exposed(&self) -> Vec<Exposed> {
        let mut found = Vec::new();
        for (api, key, value) in
            [("contextBridge.exposeInMainWorld", Some(0), 1), ("contextBridge.exposeInIsolatedWorld", Some(1), 2)]
        {
            for call in self.calls(api).iter() {
                let name = key.and_then(|key| call.argument(self, key)).and_then(|key| self.constant(key));
                let name = name.as_ref().and_then(Known::text).unwrap_or("the API").to_owned();
                if let Some(value) = call.argument(self, value) {
                    let limit = found.len() + MOST_EXPOSED;
                    for known in self.eval(value).iter() {
                        let known = known.clone().at_most(call.certainty);
                        let (call, span) = (Some(call.call), self.span(value));
                        let exposed = Exposed { call, name: name.clone(), span, known, handed: span, of_main: false };
                        self.take_apart(exposed, 0, limit, &mut found);
                    }
                }
            }
        }
        // contextBridge.executeInMainWorld({ func, args }): the arguments cross the bridge.
        for call in self.calls("contextBridge.executeInMainWorld").iter() {
            let Some(script) = call.argument(self, 0) else { continue };
            for known in self.eval(script).iter() {
                let Thing::Object(object) = &known.thing else { continue };
                for placed in self.program.property(object, "args", None).values {
                    let Thing::Array(array, _) = placed.known.thing else { continue };
                    let Value::Array(list) = self.program.value(array) else { continue };
                    for item in self.program.summary(array.0).items(list) {
                        let value = V(array.0, item.value);
                        let limit = found.len() + MOST_EXPOSED;
                        for known in self.eval(value).iter() {
                            let known = known.clone().at_most(call.certainty);
                            let exposed = Exposed {
                                call: Some(call.call),
                                name: "the argument".to_owned(),
                                span: self.span(value),
                                known,
                                handed: self.span(value),
                                of_main: false,
                            };
                            self.take_apart(exposed, 0, limit, &mut found);
                        }
                    }
                }
            }
        }
        self.written_to_window(&mut found);
        self.tell_what_is_of_main(&mut found);
        found
    }

    /// [`App::entrances`], with the functions that preload scripts hand to pages over the context bridge, or have of the main process.
    pub fn entrances_of_bridge(&self) -> &Entrances {
        self.entrances_of_bridge.get_or_init(|| {
            let mut entrances = self.entrances().as_ref().clone();
            for exposed in self.exposed() {
                let is_bridged = exposed.call.is_some() || exposed.of_main;
                if let (true, Thing::Function(f, _)) = (is_bridged, &exposed.known.thing) {
                    entrances.entry(*f).or_insert(Entrance { kind: SourceKind::Message, first: 0 });
                }
            }
            entrances
        })
    }

    /// The functions of preload scripts that a page calls by what they are exposed as: `window.api.load()`.
    pub(super) fn called_over_bridge(&self, c: C) -> Vec<F> {
        let Some((path, _)) = self.api_of(c) else { return Vec::new() };
        let name = ["window.", "globalThis.", "self."].iter().find_map(|global| path.strip_prefix(global));
        let functions = self.bridge_functions.get_or_init(|| {
            let mut functions: FxHashMap<String, Vec<F>> = FxHashMap::default();
            for exposed in self.exposed() {
                if let (Some(_), Thing::Function(f, _)) = (exposed.call, &exposed.known.thing) {
                    functions.entry(exposed.name.clone()).or_default().push(*f);
                }
            }
            functions
        });
        functions.get(name.unwrap_or(&path)).cloned().unwrap_or_default()
    }

    fn take_apart(&self, exposed: Exposed, level: u32, limit: usize, found: &mut Vec<Exposed>) {
        if found.len() >= limit {
            return;
        }
        let inner = |name: &str, span: Span, known: &Known| Exposed {
            call: exposed.call,
            name: format!("{}.{name}", exposed.name),
            span,
            known: known.clone().at_most(exposed.known.certainty),
            handed: exposed.handed,
            of_main: false,
        };
        if level < MOST_LEVELS {
            match &exposed.known.thing {
                Thing::Object(object) => {
                    for key in self.program.keys(object) {
                        for placed in self.program.property(object, &key, None).values {
                            self.take_apart(inner(&key, placed.span, &placed.known), level + 1, limit, found);
                        }
                    }
                    self.spread_apis(object, &exposed, found);
                    return;
                }
                Thing::Namespace(unit) => {
                    for export in &self.program.summary(*unit).exports {
                        if let Export::Named(name, value) = *export {
                            let value = V(*unit, value);
                            for known in self.eval(value).iter() {
                                let name = self.program.str(*unit, name);
                                self.take_apart(inner(name, self.span(value), known), level + 1, limit, found);
                            }
                        }
                    }
                    return;
                }
                // Of an instance the bridge copies what it holds itself: fields, not methods. Of a class it copies nothing.
                Thing::Instance(class, _) | Thing::Class(class) => {
                    let of_class = matches!(exposed.known.thing, Thing::Class(_));
                    let bridged = exposed.call.is_some();
                    let summary = self.program.summary(class.0);
                    let Some(record) = summary.classes.get(class.1.index()) else { return };
                    let members = record.members.iter().filter(|member| member.is_static == of_class);
                    for member in members.filter(|member| !bridged || member.is_field && !of_class) {
                        let (Key::Name(key), Some(value)) = (member.key, member.value) else { continue };
                        // No page reads what is private to the language; what is so to TypeScript alone, any does.
                        if summary.str(key).starts_with('#') {
                            continue;
                        }
                        let span = self.program.place(class.0, member.span);
                        for value in self.read_as(V(class.0, value), member.slot) {
                            for known in self.eval(value).iter() {
                                self.take_apart(inner(summary.str(key), span, known), level + 1, limit, found);
                            }
                        }
                    }
                    if !of_class {
                        let instance: Values = Rc::from([exposed.known.clone()]);
                        for (name, value, span) in self.program.written_when_made(*class) {
                            for known in self.program.member_of(&instance, name, value).iter() {
                                self.take_apart(inner(name, span, known), level + 1, limit, found);
                            }
                        }
                    }
                    return;
                }
                _ => {}
            }
        }
        found.push(exposed);
    }

    /// What is read of a member: of a getter what it returns.
    fn read_as(&self, value: V, slot: Slot) -> Vec<V> {
        match (slot, self.program.value(value)) {
            (Slot::Value, _) => vec![value],
            (Slot::Getter, Value::Function(getter)) => {
                let exits = &self.program.function(F(value.0, getter)).exits;
                exits.iter().filter_map(|exit| exit.value).map(|returned| V(value.0, returned)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// `{ ...ipcRenderer }`.
    fn spread_apis(&self, object: &Object, exposed: &Exposed, found: &mut Vec<Exposed>) {
        let Object::Literal(literal, frames) = object else { return };
        let Value::Object(list) = self.program.value(*literal) else { return };
        for property in self.program.summary(literal.0).properties(list) {
            if property.key != Key::Spread {
                continue;
            }
            for known in self.program.eval_in(V(literal.0, property.value), frames).iter() {
                if matches!(known.thing, Thing::Api(_)) {
                    found.push(Exposed {
                        call: exposed.call,
                        name: exposed.name.clone(),
                        span: self.program.place(literal.0, property.span),
                        known: known.clone().at_most(exposed.known.certainty),
                        handed: exposed.handed,
                        of_main: false,
                    });
                }
            }
        }
    }

    /// `window.x = …` in the preload script of a window without context isolation.
    fn written_to_window(&self, found: &mut Vec<Exposed>) {
        let preloads = self.unisolated_preloads();
        for &(unit, certainty) in &preloads {
            let summary = self.program.summary(unit);
            for write in &summary.writes {
                let (Key::Name(key), Some(value)) = (write.key, write.value) else { continue };
                let is_window = match summary.value(write.object) {
                    Value::Global(name) => matches!(summary.str(name), "window" | "globalThis" | "global" | "self"),
                    _ => false,
                };
                let development = || self.program.development_of(unit, write.condition, &Frames::default());
                if !is_window || development() == Some(true) {
                    continue;
                }
                // `if (process.env.TEST_MODE)`: whoever starts the app so means it.
                let certainty = match self.asks_environment(unit, write.condition) {
                    true => Certainty::Tentative,
                    false => certainty,
                };
                let value = V(unit, value);
                let limit = found.len() + MOST_EXPOSED;
                for known in self.eval(value).iter() {
                    let (name, span) = (format!("window.{}", summary.str(key)), self.program.place(unit, write.span));
                    let known = known.clone().at_most(certainty);
                    let exposed = Exposed { call: None, name, span, known, handed: span, of_main: false };
                    self.take_apart(exposed, 0, limit, found);
                }
            }
        }
    }

    /// Whether something happens only where a variable of the environment is set, or is this.
    fn asks_environment(&self, unit: UnitId, condition: Option<ConditionId>) -> bool {
        let is_variable = |v: V| {
            self.program.eval(v).iter().any(|known| match &known.thing {
                Thing::Api(path) => path.starts_with("process.env."),
                _ => false,
            })
        };
        self.program.summary(unit).conditions_at(condition).any(|condition| {
            condition.holds
                && match self.program.value(V(unit, condition.test)) {
                    Value::Binary(Operator::Equal, left, right) => {
                        is_variable(V(unit, left)) || is_variable(V(unit, right))
                    }
                    _ => is_variable(V(unit, condition.test)),
                }
        })
    }

    /// What is exposed and gives more away than it should.
    pub fn leaks(&self) -> Vec<Leak> {
        let mut leaks = Vec::new();
        for exposed in self.exposed() {
            match &exposed.known.thing {
                Thing::Api(path) => self.api_leak(path, exposed, &mut leaks),
                // `ipcRenderer.send.bind(ipcRenderer)`.
                Thing::Result(path, _) => {
                    if let Some(path) = path.strip_suffix(".bind") {
                        self.api_leak(path, exposed, &mut leaks);
                    }
                }
                Thing::Function(f, _) => {
                    let mut walk = Walk { app: self, exposed, seen: FxHashSet::default(), leaks: &mut leaks };
                    let all = self.program.function(*f).parameters.len() as u32;
                    walk.function(*f, &(0..all).collect::<Vec<_>>(), false, 0);
                    walk.told(*f);
                }
                _ => {}
            }
        }
        let first = leaks.len();
        for exposed in &self.heard_from_pages() {
            let Thing::Function(f, _) = exposed.known.thing else { continue };
            Walk { app: self, exposed, seen: FxHashSet::default(), leaks: &mut leaks }.function(f, &[0], false, 0);
        }
        // What goes to the page around a webview reaches no handler.
        let mut index = 0;
        leaks.retain(|leak| {
            index += 1;
            index <= first || leak.api != "ipcRenderer.sendToHost"
        });
        let (mut seen, mut handed) = (FxHashSet::default(), FxHashSet::default());
        // An object of the main process is told once for each place that hands it on.
        leaks.retain(|leak| match leak.exposed.of_main {
            true => handed.insert(leak.exposed.handed),
            false => seen.insert((leak.span, leak.api.clone())),
        });
        leaks
    }

    fn api_leak(&self, path: &str, exposed: &Exposed, leaks: &mut Vec<Leak>) {
        let kind = match path.strip_prefix("ipcRenderer.") {
            Some(method) if SEND.contains(&method) || LISTEN.contains(&method) => LeakKind::IpcMethod,
            Some(_) => return,
            None if path == "ipcRenderer" => LeakKind::IpcRenderer,
            // https://github.com/alex8088/electron-toolkit/tree/master/packages/preload: send, invoke, on with any channel.
            None if path == "@electron-toolkit/preload.electronAPI" || OF_PACKAGES.contains(&path) => {
                LeakKind::IpcMethod
            }
            None if gives_power(path) => LeakKind::Api,
            None => return,
        };
        leaks.push(Leak {
            kind,
            exposed: exposed.clone(),
            api: path.to_owned(),
            span: exposed.span,
            call: None,
            certainty: exposed.known.certainty,
            is_checked: false,
        });
    }
}

/// Whether an API in the hands of a page reaches beyond the page.
fn gives_power(path: &str) -> bool {
    match path {
        "electron" | "remote" | "@electron/remote" | "require" | "module" | "process" | ENVIRONMENT | "shell" => true,
        "shell.openExternal" | "shell.openPath" | "shell.openItem" | "shell.trashItem" => true,
        "child_process" | "fs/promises" | "vm" | "worker_threads" => true,
        _ if FILE_MODULES.contains(&path) => true,
        _ => reaches_system(path),
    }
}

/// Whether a function, given what a page chooses, reaches files or programs.
fn reaches_system(path: &str) -> bool {
    if reaches_files(path) {
        return true;
    }
    let Some((module, name)) = path.rsplit_once('.') else { return path == "execa" };
    match module {
        "child_process" => true,
        "execa" => matches!(name, "execa" | "default" | "command" | "execaCommand" | "sync"),
        "cross-spawn" => true,
        "shelljs" | "sudo-prompt" | "@vscode/sudo-prompt" => name == "exec",
        "shell" => matches!(name, "openExternal" | "openPath" | "openItem" | "trashItem" | "moveItemToTrash"),
        "vm" => name.starts_with("run"),
        "process" => name == "kill",
        _ => false,
    }
}

/// Whether the second argument is a path as the first one is.
fn takes_two_paths(path: &str) -> bool {
    let name = path.rsplit('.').next().unwrap_or(path);
    ["copy", "cp", "link", "move", "rename", "symlink"].iter().any(|verb| name.starts_with(verb))
}

/// One exposed function, and what it calls.
pub(super) struct Walk<'a, 'b> {
    pub app: &'a App<'a>,
    pub exposed: &'b Exposed,
    seen: FxHashSet<F>,
    pub leaks: &'b mut Vec<Leak>,
}

impl Walk<'_, '_> {
    /// `held` are the parameters that the page chooses.
    fn function(&mut self, f: F, held: &[u32], checked: bool, depth: u32) {
        if !self.seen.insert(f) || self.seen.len() > 64 {
            return;
        }
        for c in self.app.calls_inside(f) {
            self.call(c, f, held, checked, depth);
        }
        self.variables_set(f, held, checked);
    }

    fn call(&mut self, c: C, f: F, held: &[u32], checked: bool, depth: u32) {
        let record = self.app.program.call(c);
        if record.kind == CallKind::Import {
            if let Some(name) = self.app.program.argument(c, 0)
                && self.flow(name, f, held) == Some(Flow::Whole)
            {
                self.leak(LeakKind::Argument, "require", c, name, checked);
            }
            return;
        }
        let Some((path, _)) = self.app.api_of(c) else {
            self.helpers(c, f, held, checked, depth);
            return;
        };
        if let Some(method) = path.strip_prefix("ipcRenderer.") {
            self.ipc(c, method, &path, f, held, checked);
        } else if reaches_system(&path) {
            let file = self.app.program.argument(c, 0).filter(|_| reaches_files(&path) && !takes_two_paths(&path));
            if file.is_some_and(|file| self.app.is_joined_below(c, file)) {
                return;
            }
            for item in self.app.program.arguments(c).to_vec() {
                let value = V(c.0, item.value);
                if !matches!(self.app.program.value(value), Value::Function(_)) && self.flow(value, f, held).is_some() {
                    self.leak(LeakKind::Argument, &path, c, value, checked);
                    break;
                }
            }
        }
    }

    fn ipc(&mut self, c: C, method: &str, path: &Rc<str>, f: F, held: &[u32], checked: bool) {
        let sends = SEND.contains(&method);
        if !sends && !LISTEN.contains(&method) {
            return;
        }
        let arguments = self.app.program.arguments(c).to_vec();
        let place = usize::from(method == "sendTo");
        // `(...args) => ipcRenderer.send(...args)`: the first spread holds the channel too.
        let channel = arguments.iter().take(place + 1).find(|item| item.spread).or_else(|| arguments.get(place));
        if let Some(item) = channel {
            let channel = V(c.0, item.value);
            if self.flow(channel, f, held) == Some(Flow::Whole) {
                let kind = if sends { LeakKind::Channel } else { LeakKind::ListenedChannel };
                self.leak(kind, path, c, channel, checked);
            }
        }
        if sends {
            return;
        }
        let Some(listener) = self.app.program.argument(c, 1) else { return };
        if self.flow(listener, f, held) == Some(Flow::Whole) {
            self.leak(LeakKind::Event, path, c, listener, false);
            return;
        }
        for g in self.app.functions(listener) {
            for inner in self.app.calls_inside(g) {
                let record = self.app.program.call(inner);
                // The page's callback is called with the event.
                if self.flow(V(inner.0, record.callee), f, held) != Some(Flow::Whole) {
                    continue;
                }
                let event = self.app.program.arguments(inner).iter().find(|item| {
                    let value = V(inner.0, item.value);
                    if item.spread {
                        matches!(self.app.parameter_flow(value, g), Some((0, Flow::Whole)))
                            && matches!(self.app.program.function(g).parameters.first(), Some(first) if first.rest)
                    } else {
                        self.app.is_parameter(value, g, 0)
                            && matches!(self.app.program.function(g).parameters.first(), Some(first) if !first.rest)
                    }
                });
                if let Some(event) = event {
                    let value = V(inner.0, event.value);
                    self.leak(LeakKind::Event, path, c, value, false);
                }
            }
        }
    }

    fn helpers(&mut self, c: C, f: F, held: &[u32], checked: bool, depth: u32) {
        if depth >= MOST_HELPERS {
            return;
        }
        let callee = V(c.0, self.app.program.call(c).callee);
        for helper in self.app.functions(callee) {
            let mut inner = Vec::new();
            let mut inner_checked = checked;
            for (index, item) in self.app.program.arguments(c).iter().enumerate() {
                let value = V(c.0, item.value);
                if self.flow(value, f, held) != Some(Flow::Whole) {
                    continue;
                }
                match self.app.guard_of_call(c, value).strength {
                    Strength::Scheme | Strength::Host => {}
                    strength => {
                        inner_checked |= strength != Strength::None;
                        inner.push(index as u32);
                    }
                }
            }
            if !inner.is_empty() {
                self.function(helper, &inner, inner_checked, depth + 1);
            }
        }
    }

    pub(super) fn flow(&self, v: V, f: F, held: &[u32]) -> Option<Flow> {
        self.app.parameter_flow(v, f).filter(|(index, _)| held.contains(index)).map(|(_, flow)| flow)
    }

    fn leak(&mut self, kind: LeakKind, api: &str, c: C, value: V, checked: bool) {
        let strength = self.app.guard_of_call(c, value).strength;
        if kind != LeakKind::Event && strength >= Strength::Scheme {
            return;
        }
        let part = self
            .app
            .parameter_flow(value, F(c.0, self.app.program.call(c).function))
            .is_some_and(|(_, flow)| flow == Flow::Part);
        let certainty = self.exposed.known.certainty.min(Certainty::Firm);
        self.leaks.push(Leak {
            kind,
            exposed: self.exposed.clone(),
            api: api.to_owned(),
            span: self.app.span(value),
            call: Some(c),
            certainty: if part { Certainty::Tentative } else { certainty },
            is_checked: checked || (kind != LeakKind::Event && strength != Strength::None),
        });
    }
}
