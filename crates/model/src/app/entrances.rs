//! Functions that something outside the app's code calls: listeners, handlers, and what the app's own wrappers hand on to them.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::App;
use super::checks::{Base, Judged};
use super::handlers::ANSWER_RENDERER;
use super::sources::SourceKind;
use crate::electron::api;
use crate::link::things::Thing;
use crate::link::{C, F, UnitId, V};
use crate::summary::Value;

/// Calls of one handler by wrappers that are looked at; one that is left out holds nothing.
const MOST_WRAPPERS: usize = 16;

/// A function that something outside the app's code calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entrance {
    /// Who chooses the arguments.
    pub kind: SourceKind,
    /// The first parameter that they choose; what stands before it is Electron's event.
    pub first: u32,
}

/// Every such function.
pub type Entrances = FxHashMap<F, Entrance>;

impl App<'_> {
    /// Functions that something outside the app's code calls, with what is their caller's to choose.
    pub fn entrances(&self) -> Rc<Entrances> {
        self.entrances.get_or_init(|| Rc::new(self.find_entrances())).clone()
    }

    fn find_entrances(&self) -> Entrances {
        let mut entrances: Entrances = Entrances::default();
        let openers: FxHashSet<F> = (self.window_open_handlers().iter())
            .filter_map(|listener| listener.value)
            .flat_map(|value| self.functions(value))
            .collect();
        for (f, kind) in self.entry_functions() {
            let first = match kind {
                SourceKind::WindowOpen if openers.contains(&f) => 0,
                _ => 1,
            };
            entrances.insert(f, Entrance { kind, first });
        }
        let mut add = |value: Option<V>, kind: SourceKind, first: u32| {
            for f in value.map_or_else(Vec::new, |value| self.functions(value)) {
                entrances.insert(f, Entrance { kind, first });
            }
        };
        for (class, event, kind, first) in [
            ("WebviewTag", "ipc-message", SourceKind::Message, 0),
            ("WebviewTag", "console-message", SourceKind::Message, 0),
            ("WebviewTag", "page-title-updated", SourceKind::Message, 0),
            ("WebviewTag", "did-navigate", SourceKind::Shown, 0),
            ("WebviewTag", "will-navigate", SourceKind::Navigation, 0),
            ("WebviewTag", "new-window", SourceKind::WindowOpen, 0),
            ("WebContents", "page-title-updated", SourceKind::Message, 1),
            ("WebContents", "console-message", SourceKind::Message, 0),
            ("MessagePortMain", "message", SourceKind::Message, 0),
            ("Session", "will-download", SourceKind::Response, 1),
            ("window", "message", SourceKind::Message, 0),
            ("self", "message", SourceKind::Message, 0),
            ("globalThis", "message", SourceKind::Message, 0),
            ("ws", "message", SourceKind::Response, 0),
            // https://www.electron.build/auto-update#events, https://www.electronjs.org/docs/latest/api/auto-updater#event-update-downloaded
            ("electron-updater.autoUpdater", "update-available", SourceKind::Release, 0),
            ("electron-updater.autoUpdater", "update-downloaded", SourceKind::Release, 0),
            ("electron-updater.default.autoUpdater", "update-available", SourceKind::Release, 0),
            ("electron-updater.default.autoUpdater", "update-downloaded", SourceKind::Release, 0),
            ("autoUpdater", "update-downloaded", SourceKind::Release, 1),
        ] {
            if event == "new-window" && self.electron.lacks(&api::NEW_WINDOW) {
                continue;
            }
            for listener in self.listeners(class, event) {
                // A worker is told what to do by the page that made it.
                if event != "message" || !self.is_worker(listener.call.0) {
                    add(listener.value, kind, first);
                }
            }
        }
        // Wrappers of packages over ipcMain: `ipcMain.answerRenderer([window,] channel, (data) => …)`.
        for call in self.calls(ANSWER_RENDERER).iter() {
            for index in 1..3 {
                add(call.argument(self, index), SourceKind::Ipc, 0);
            }
        }
        for call in self.calls("addEventListener").iter() {
            let event = call.argument(self, 0).and_then(|event| self.constant(event));
            if event.is_some_and(|event| event.text() == Some("message")) && !self.is_worker(call.call.0) {
                add(call.argument(self, 1), SourceKind::Message, 0);
            }
        }
        for (unit, write) in self.program.written_to("onmessage") {
            if self.is_worker(unit) || self.is_made_worker(V(unit, write.object)) {
                continue;
            }
            add(write.value.map(|value| V(unit, value)), SourceKind::Message, 0);
        }
        for listener in self.messages_of_main() {
            add(listener, SourceKind::Main, 1);
        }
        for f in self.listeners_of_custom_events() {
            entrances.entry(*f).or_insert(Entrance { kind: SourceKind::Message, first: 0 });
        }
        for f in self.procedures().keys() {
            entrances.insert(*f, Entrance { kind: SourceKind::Ipc, first: 0 });
        }
        for f in self.answering_functions() {
            entrances.entry(f).or_insert(Entrance { kind: SourceKind::Request, first: 0 });
        }
        for sandbox in self.sandboxes() {
            for (_, f) in &sandbox.functions {
                entrances.insert(*f, Entrance { kind: SourceKind::Sandbox, first: 0 });
            }
        }
        self.passed_on_entrances(&mut entrances);
        entrances
    }

    /// Whether a script runs in a worker, by its name: what it is told comes from a page of the app's.
    fn is_worker(&self, unit: UnitId) -> bool {
        let path = &self.sources.file(self.program.file(unit)).path;
        path.rsplit('/').next().is_some_and(|name| name.to_ascii_lowercase().contains("worker"))
    }

    /// `new Worker(…)`, whose messages are those of a script of the app's.
    fn is_made_worker(&self, v: V) -> bool {
        self.eval(v).iter().any(
            |known| matches!(&known.thing, Thing::Result(path, _) if matches!(&**path, "new Worker" | "new SharedWorker")),
        )
    }

    /// What renderers are told by the main process.
    fn messages_of_main(&self) -> Vec<Option<V>> {
        self.calls_of(&["ipcRenderer.on", "ipcRenderer.once", "ipcRenderer.addListener"])
            .iter()
            .map(|call| call.argument(self, 1))
            .collect()
    }

    /// `ipcMain.handle(channel, (event, ...args) => handler(...args))`: the handler that the app's own wrapper was given is called from
    /// outside too.
    fn passed_on_entrances(&self, entrances: &mut Entrances) {
        let mut open: Vec<F> = entrances.keys().copied().collect();
        open.sort_unstable();
        let registered: FxHashSet<F> = open.iter().copied().collect();
        let mut passed_on: FxHashMap<F, Vec<C>> = FxHashMap::default();
        while let Some(f) = open.pop() {
            let Some(&Entrance { kind, first }) = entrances.get(&f) else { continue };
            for c in self.calls_inside(f) {
                let callee = V(c.0, self.program.call(c).callee);
                let hands_event = self.program.argument(c, 0).is_some_and(|v| first == 1 && self.is_parameter(v, f, 0));
                let handlers = self.functions(callee);
                let by_parameter = self.parameter_behind(callee).is_some_and(|(function, _)| function != f);
                for handler in handlers {
                    // One that is called by its name is followed from there; it may be the one that chooses from a table.
                    let is_handed = by_parameter || !self.program.is_called_by_name(handler, c);
                    if !is_handed {
                        let apart = self.program.arguments(c).len() > 1;
                        self.chosen_from_a_table(handler, apart, kind, entrances, &mut open);
                    }
                    if handler != f && is_handed && !registered.contains(&handler) {
                        let calls = passed_on.entry(handler).or_default();
                        if calls.len() < MOST_WRAPPERS && !calls.contains(&c) {
                            calls.push(c);
                        }
                    }
                    if handler != f && is_handed && !entrances.contains_key(&handler) {
                        entrances.insert(handler, Entrance { kind, first: u32::from(hands_event) });
                        open.push(handler);
                    }
                }
            }
        }
        // One that is called in more places than were looked at is held by none of them.
        passed_on.retain(|_, calls| calls.len() < MOST_WRAPPERS);
        *self.passed_on.borrow_mut() = passed_on;
    }

    /// How well the app's own wrappers hold what they hand on to a handler: `if (!isSafe(url)) return; return handler(event, url)`.
    pub(super) fn held_by_wrappers(&self, f: F, index: u32, path: &[String]) -> Judged {
        let calls = self.passed_on.borrow().get(&f).cloned().unwrap_or_default();
        let judge = |c: C| {
            let Some(argument) = self.program.argument(c, index as usize) else { return Judged::NOTHING };
            match self.root(argument) {
                Some(mut root) if !path.is_empty() => {
                    root.path.extend_from_slice(path);
                    let call = self.program.call(c);
                    self.guard_of_root(F(c.0, call.function), call.condition, &root)
                }
                _ => self.guard_of_call(c, argument),
            }
        };
        calls.into_iter().map(judge).reduce(Judged::worse).unwrap_or(Judged::NOTHING)
    }

    /// `run(name, args)` with `table[name](args)` in it, or `run(task)` with `table[task.name](task.args)`: who chooses the name and what is
    /// handed over calls all functions of the table. `apart`: they are handed over one by one.
    fn chosen_from_a_table(&self, f: F, apart: bool, kind: SourceKind, entrances: &mut Entrances, open: &mut Vec<F>) {
        // What is a parameter of the function, and whether it is a part of one.
        let handed = |v: V| {
            let root = self.root(v)?;
            let Base::Parameter(function, _) = root.base else { return None };
            (F(root.unit, function) == f).then_some(!root.path.is_empty())
        };
        for c in self.calls_inside(f) {
            let callee = V(c.0, self.program.call(c).callee);
            let key = match self.program.value(callee) {
                Value::Index(_, key) => Some(V(c.0, key)),
                _ => self.program.path_of_choice(callee),
            };
            let Some(key) = key else { continue };
            let is_chosen = match handed(key) {
                Some(true) => self.program.argument(c, 0).is_some_and(|first| handed(first).is_some()),
                Some(false) => apart,
                None => false,
            };
            for handler in if is_chosen { self.functions(callee) } else { Vec::new() } {
                if handler != f && !entrances.contains_key(&handler) {
                    entrances.insert(handler, Entrance { kind, first: 0 });
                    open.push(handler);
                }
            }
        }
    }
}
