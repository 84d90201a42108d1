//! The facts about one app, asked for in Electron's words.

mod addons;
mod admitted;
mod analyse;
mod bridge;
mod built_policies;
mod calls;
pub mod checks;
mod children;
mod clients;
pub mod comments;
mod components;
mod configuration;
mod containment;
mod contents;
mod dashes;
mod data_pages;
mod development;
mod dialogs;
mod dump;
mod element_markup;
mod embeds;
mod entrances;
mod entries;
mod environment;
mod events;
mod exposed_variables;
mod extensions;
mod file_apis;
mod file_kinds;
mod flows;
mod folders;
mod foreign_scripts;
mod fuses;
mod global_paths;
pub mod globals;
mod grants;
mod guests;
mod handlers;
mod inside;
mod interpreters;
mod known_data;
mod languages;
mod libraries;
mod loads;
mod markdown_elements;
mod messages;
mod moved;
mod page_data;
mod page_loads;
mod page_templates;
mod pages;
mod parameters;
mod peers;
pub mod platforms;
mod policies;
mod preloads;
mod procedures;
mod process;
mod properties;
mod protocols;
mod put_nodes;
mod registered;
mod remote;
mod removed_policies;
mod requests;
mod roots;
mod sandboxed_frames;
mod sandboxes;
mod sender_checks;
mod senders;
mod servers;
mod shown;
pub mod sources;
mod steps;
mod switches;
pub mod traces;
pub mod verdicts;
mod version;
mod windows;
mod writes;

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;

use rustc_hash::FxHashMap;

pub use addons::{Addon, AddonManifest, AddonRoute};
pub use admitted::Admitted;
pub use analyse::{Memory, Options, Sheets, analyse, analyse_again, is_summarised, summarise};
pub use bridge::{Exposed, Leak, LeakKind};
pub use calls::ApiCall;
pub use configuration::{Configuration, Packager};
pub use dialogs::ShownMarkup;
pub use element_markup::ElementMarkup;
pub use embeds::Embed;
pub use entrances::{Entrance, Entrances};
pub use entries::Entries;
pub use environment::EnvironmentWrite;
pub use file_apis::{FILE_MODULES, FileChange};
pub use flows::Sink;
pub use fuses::{FuseFlip, FuseFlips};
pub use global_paths::GlobalPath;
pub use handlers::{Exits, Listener, Outcome};
pub use loads::{Content, Load, is_loopback};
pub use moved::Moved;
pub use pages::{Markup, Page, WebviewElement};
pub use parameters::{Flow, ParameterWrite};
pub use policies::{Reach, ScriptPolicy};
pub use process::Process;
pub use properties::NamedProperty;
pub use protocols::{Containment, FileAnswer, ProtocolHandler, SchemePrivilege};
pub use registered::Unseen;
pub use remote::{Remote, RemoteUse};
pub use removed_policies::RemovedPolicy;
pub use requests::{Request, RequestKind};
pub use sandboxed_frames::FrameScripts;
pub use sandboxes::{End, Past, Sandbox};
pub use senders::Sensitive;
pub use shown::Shown;
pub use switches::{PackageScript, Switch, SwitchSource};
pub use version::{ElectronFacts, VersionSource};
pub use windows::{SettingFact, Window, WindowKind};
pub use writes::PropertyWrite;

use crate::link::things::{Known, Thing, Values};
use crate::link::{C, F, Program, UnitId, V};
use crate::problem::Problem;
use crate::source::{FileId, Role, Sources, Span};
use crate::summary::Range;

/// Callers of a function whose arguments a value can still have as alternatives.
const FEW_CALLERS: usize = 12;

/// Functions in a row that hand a handler on.
const MOST_WRAPPERS: u32 = 4;

/// Everything that is known about one app.
pub struct App<'a> {
    /// The texts.
    pub sources: &'a Sources,
    /// The linked scripts.
    pub program: Program<'a>,
    /// Which Electron.
    pub electron: ElectronFacts,
    /// Every window, view, webview and override of a window's options, in the order of their places.
    pub windows: Vec<Window>,
    /// Every page of the app.
    pub pages: Vec<Page>,
    /// What could not be analysed, sorted.
    pub problems: Vec<Problem>,
    /// Files that were parsed.
    pub files_read: usize,
    processes: Vec<Process>,
    script_webviews: Vec<WebviewElement>,
    calls: RefCell<FxHashMap<Rc<str>, Rc<[ApiCall]>>>,
    promisified: OnceCell<Vec<(Rc<str>, ApiCall)>>,
    entries: OnceCell<Entries>,
    /// Scripts of the main process that nothing imports, and those that nothing else leads to either.
    unimported: OnceCell<rustc_hash::FxHashSet<UnitId>>,
    forgotten: OnceCell<rustc_hash::FxHashSet<UnitId>>,
    all_loads: OnceCell<Vec<Load>>,
    addons: OnceCell<Vec<Addon>>,
    sandboxes: OnceCell<Vec<Sandbox>>,
    entry_points: OnceCell<FxHashMap<String, Vec<String>>>,
    /// More was there than is looked at.
    is_limited: Cell<bool>,
    own_schemes: OnceCell<Vec<String>>,
    asks_for_links: OnceCell<bool>,
    draws_loosely: OnceCell<bool>,
    /// Ids of elements whose content is no markup.
    text_only_ids: OnceCell<rustc_hash::FxHashSet<String>>,
    put_beside: RefCell<FxHashMap<UnitId, Rc<traces::PutBeside>>>,
    scripts_by_stem: OnceCell<FxHashMap<String, Vec<UnitId>>>,
    /// The elements of each component of Vue or Svelte.
    drawn: OnceCell<FxHashMap<crate::source::FileId, Vec<crate::link::C>>>,
    shown: OnceCell<Vec<(crate::source::FileId, Load)>>,
    page_facts: OnceCell<shown::Pages>,
    page_parts: OnceCell<shown::Parts>,
    guest_preloads: OnceCell<rustc_hash::FxHashSet<UnitId>>,
    units_of_pages: OnceCell<rustc_hash::FxHashSet<UnitId>>,
    ordinals: RefCell<FxHashMap<UnitId, Rc<[u32]>>>,
    entrances: OnceCell<Rc<Entrances>>,
    procedures: OnceCell<FxHashMap<F, procedures::Procedure>>,
    entrances_of_bridge: OnceCell<Entrances>,
    bridge_functions: OnceCell<FxHashMap<String, Vec<F>>>,
    listeners_of_custom_events: OnceCell<rustc_hash::FxHashSet<F>>,
    handlers_by_channel: OnceCell<FxHashMap<String, Vec<F>>>,
    /// What requests of jQuery call by their options.
    listeners_of_requests: OnceCell<FxHashMap<F, (crate::link::C, &'static str)>>,
    senders_to_pages: OnceCell<messages::Senders>,
    exposed: OnceCell<Vec<Exposed>>,
    requests: OnceCell<Vec<Request>>,
    markup: OnceCell<Vec<Markup>>,
    places: RefCell<FxHashMap<UnitId, inside::Places>>,
    url_parts: RefCell<FxHashMap<V, roots::KnownPart>>,
    subjects: RefCell<FxHashMap<V, Rc<checks::Subjects>>>,
    /// Calls by which wrappers hand on to handlers what they were called with.
    passed_on: RefCell<FxHashMap<F, Vec<C>>>,
    guards: RefCell<FxHashMap<(traces::At, V, bool, bool), checks::Strength>>,
    said: RefCell<checks::Said>,
    verifiers: RefCell<FxHashMap<(F, u32, u32), bool>>,
    given_messages: RefCell<FxHashMap<C, bool>>,
    /// Calls of `emit` whose event somebody else names, and listeners of the app's own events.
    told_emits: RefCell<Option<Rc<[C]>>>,
    own_listeners: OnceCell<Vec<events::OwnListener>>,
    sandbox_sets: OnceCell<Vec<sandboxed_frames::SandboxSet>>,
    foreign_scripts: RefCell<FxHashMap<FileId, Option<Span>>>,
    peers: RefCell<FxHashMap<UnitId, Rc<[Range]>>>,
    asserting: RefCell<FxHashMap<F, Rc<[C]>>>,
    vendored: RefCell<FxHashMap<crate::source::FileId, bool>>,
    around: RefCell<FxHashMap<(F, checks::Root, u32), Option<checks::Judged>>>,
    steps: steps::Steps,
    /// Stretches of text that were looked at as they are written.
    read: RefCell<Vec<Span>>,
}

impl App<'_> {
    /// Whether findings in this file are the app's.
    pub fn is_own(&self, span: Span) -> bool {
        self.sources.file(span.file).role != Role::Context
    }

    /// The path of a file.
    pub fn path(&self, span: Span) -> &str {
        &self.sources.file(span.file).path
    }

    /// What a value can be.
    pub fn eval(&self, v: V) -> Values {
        self.program.eval(v)
    }

    /// Where a value stands.
    pub fn span(&self, v: V) -> Span {
        self.program.span(v)
    }

    /// The process that a file runs in.
    pub fn process(&self, unit: UnitId) -> Process {
        self.processes.get(unit.0 as usize).copied().unwrap_or(Process::Unknown)
    }

    /// The functions that a value can be.
    pub fn functions(&self, v: V) -> Vec<F> {
        self.handed_functions(v, 0).unwrap_or_else(|| functions_of(&self.program.eval(v)))
    }

    /// The functions that the callers of a wrapper hand it: an app that registers all its handlers by one function of its own has more
    /// of them than a value can have alternatives.
    fn handed_functions(&self, v: V, depth: u32) -> Option<Vec<F>> {
        let (f, index) = self.parameter_behind(v)?;
        if depth >= MOST_WRAPPERS || (depth == 0 && self.program.callers(f).len() <= FEW_CALLERS) {
            return None;
        }
        let callers = self.program.registrations(f);
        let mut found: Vec<F> = Vec::new();
        for caller in callers.iter() {
            let Some(argument) = self.program.argument(*caller, index as usize) else { continue };
            match self.handed_functions(argument, depth + 1) {
                Some(functions) => found.extend(functions),
                None => found.extend(functions_of(&self.program.eval(argument))),
            }
        }
        found.sort_unstable();
        found.dedup();
        Some(found)
    }

    /// The one text that a value is, if it is known.
    pub fn constant(&self, v: V) -> Option<Known> {
        self.program.only(v).filter(|known| known.text().is_some())
    }

    /// The scope path of a place in a script: `createWindow.BrowserWindow#0`.
    pub fn symbol(&self, c: C) -> String {
        let call = self.program.call(c);
        let summary = self.program.summary(c.0);
        let mut names = Vec::new();
        let mut function = call.function;
        for _ in 0..32 {
            let record = summary.function(function);
            if let Some(name) = record.name {
                names.push(summary.str(name).to_owned());
            }
            if record.parent == function {
                break;
            }
            function = record.parent;
        }
        names.reverse();
        let callee = crate::link::final_name(summary, call.callee).map_or("call", |name| summary.str(name));
        let index = self.ordinals(c.0).get(c.1.index()).copied().unwrap_or(0);
        names.push(format!("{callee}#{index}"));
        names.join(".")
    }

    /// For each call of a unit, how many of the same name stand before it in its function.
    fn ordinals(&self, unit: UnitId) -> Rc<[u32]> {
        if let Some(known) = self.ordinals.borrow().get(&unit) {
            return known.clone();
        }
        let summary = self.program.summary(unit);
        let mut counts = FxHashMap::default();
        let ordinals: Rc<[u32]> = summary
            .calls
            .iter()
            .map(|call| {
                let callee = crate::link::final_name(summary, call.callee).map_or("call", |name| summary.str(name));
                let count = counts.entry((call.function, callee)).or_insert(0);
                *count += 1;
                *count - 1
            })
            .collect();
        self.ordinals.borrow_mut().insert(unit, ordinals.clone());
        ordinals
    }

    /// The place of a call's argument, else the callee's.
    pub fn argument_span(&self, c: C, index: usize) -> Span {
        self.program.argument(c, index).map_or_else(|| self.callee_span(c), |v| self.program.span(v))
    }

    /// A small span for a call: its callee, with `new`.
    pub fn callee_span(&self, c: C) -> Span {
        let call = self.program.call(c);
        let callee = self.program.summary(c.0).span(call.callee);
        let start = if call.kind == crate::summary::CallKind::New { call.span.0 } else { callee.0 };
        let end = callee.1.max(start);
        let span = self.program.place(c.0, (start, end));
        if end > start { span } else { self.program.place(c.0, call.span) }
    }
}

fn functions_of(values: &[Known]) -> Vec<F> {
    let functions = values.iter().filter_map(|known| match known.thing {
        Thing::Function(f, _) => Some(f),
        _ => None,
    });
    functions.collect()
}
