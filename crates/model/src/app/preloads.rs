//! Preload scripts: which files they are, and which of them share the page's world.

use rustc_hash::{FxHashMap, FxHashSet};

use super::bridge::Exposed;
use super::sources::SourceKind;
use super::{App, Entrance, Process, WindowKind};
use crate::electron::Version;
use crate::electron::preferences::Value as Tri;
use crate::link::things::*;
use crate::link::{C, F, Target, UnitId, V, join, split};
use crate::source::FileKind;
use crate::summary::{ImportId, Value};

// https://www.electronjs.org/docs/latest/breaking-changes#default-changed-contextisolation-defaults-to-true
const CONTEXT_ISOLATION_BY_DEFAULT: Version = Version::new(12, 0, 0);

/// Calls inside calls that make a path.
const MOST_CALLS: u32 = 4;

/// Scripts that one path can mean, by what stands at its end.
const MOST_SCRIPTS: usize = 8;

/// Functions that listen to events of pages.
const MOST_LISTENERS: usize = 1000;

/// Scripts that run before pages, with what they load.
const MOST_PRELOADED: usize = 128;

impl App<'_> {
    /// Scripts that run before the pages of windows without context isolation, the surest first.
    ///
    /// Where a window's preferences could not be read, it has none if this version of Electron isolates only who asks for it.
    pub(super) fn unisolated_preloads(&self) -> Vec<(UnitId, Certainty)> {
        let mut found: Vec<(UnitId, Certainty)> = Vec::new();
        let by_default = !self.electron.version.has(CONTEXT_ISOLATION_BY_DEFAULT);
        for (value, most) in [(Tri::Known(false), Certainty::Firm), (Tri::Unknown, Certainty::Tentative)] {
            if value == Tri::Unknown && !by_default {
                continue;
            }
            for window in &self.windows {
                if window.kind == WindowKind::Features || window.development == Some(true) {
                    continue;
                }
                let open = window
                    .settings(self, "contextIsolation")
                    .iter()
                    .any(|fact| fact.value == value && fact.development != Some(true));
                // Where Node is in the page, nothing that a script adds is worse.
                let node = window.effective(self).get("nodeIntegration").is_some_and(|node| node.is(true));
                if !open || node {
                    continue;
                }
                for unit in self.preload_scripts(window) {
                    if self.process(unit) != Process::Main && found.iter().all(|(known, _)| *known != unit) {
                        found.push((unit, most.min(window.certainty)));
                    }
                }
            }
        }
        self.add_what_they_load(&mut found);
        found
    }

    /// What preload scripts import runs there too.
    fn add_what_they_load(&self, found: &mut Vec<(UnitId, Certainty)>) {
        let mut next = 0;
        while let Some(&(unit, certainty)) = found.get(next) {
            next += 1;
            for index in 0..self.program.summary(unit).imports.len() {
                if found.len() < MOST_PRELOADED
                    && let Target::Unit(loaded) = *self.program.target(unit, ImportId(index as u32))
                    && self.process(loaded) != Process::Main
                    && found.iter().all(|(known, _)| *known != loaded)
                {
                    found.push((loaded, certainty));
                }
            }
        }
    }

    /// What preload scripts do when a page posts a message to itself: it is theirs as it is the page's.
    pub(super) fn heard_from_pages(&self) -> Vec<Exposed> {
        let entrances = self.entrances();
        let is_told = |entrance: &Entrance| entrance.kind == SourceKind::Message && entrance.first == 0;
        let mut listeners: Vec<F> =
            entrances.iter().filter(|(_, entrance)| is_told(entrance)).map(|(f, _)| *f).collect();
        if listeners.is_empty() {
            return Vec::new();
        }
        listeners.sort_unstable();
        let preloads = self.preloads_beside_pages();
        let exposed = |f: F| {
            let (_, certainty) = preloads.iter().find(|(unit, _)| *unit == f.0)?;
            let thing = Thing::Function(f, Frames::default());
            let known = Known { thing, at: None, trail: Trail::default(), certainty: *certainty, development: None };
            let span = self.program.place(f.0, self.program.function(f).span);
            let by = if self.hears_of_custom_events(f) { "CustomEvent" } else { "postMessage" };
            Some(Exposed { call: None, name: by.to_owned(), span, known, handed: span, of_main: false })
        };
        listeners.into_iter().filter_map(exposed).collect()
    }

    /// Whether a function of a preload script listens to events that a page makes, and reads what it says with them: worlds share the
    /// document, `new CustomEvent('open', { detail: url })`.
    pub(super) fn hears_of_custom_events(&self, f: F) -> bool {
        self.listeners_of_custom_events().contains(&f)
    }

    pub(super) fn listeners_of_custom_events(&self) -> &FxHashSet<F> {
        self.listeners_of_custom_events.get_or_init(|| {
            let named = self.program.calls_named("addEventListener");
            let mut found = FxHashSet::default();
            if named.is_empty() {
                return found;
            }
            let preloads = self.preloads_beside_pages().into_iter().map(|(unit, _)| unit);
            for unit in preloads.filter(|unit| self.program.says(*unit, &["detail"])) {
                let summary = self.program.summary(unit);
                let is_detail = |value: Value| match value {
                    Value::Member(event, name) if summary.str(name) == "detail" => {
                        self.parameter_behind(V(unit, event)).filter(|(_, index)| *index == 0).map(|(f, _)| f)
                    }
                    _ => None,
                };
                let readers: FxHashSet<F> = summary.values.iter().filter_map(|node| is_detail(node.value)).collect();
                let listeners = named.iter().filter(|c| c.0 == unit).filter_map(|c| self.program.argument(*c, 1));
                let heard = listeners.flat_map(|listener| self.functions(listener));
                for f in heard.filter(|f| readers.contains(f)) {
                    if found.len() >= MOST_LISTENERS {
                        self.is_limited.set(true);
                        break;
                    }
                    found.insert(f);
                }
            }
            found
        })
    }

    /// Scripts that run before pages which have no Node, with what they load.
    fn preloads_beside_pages(&self) -> Vec<(UnitId, Certainty)> {
        let mut preloads: Vec<(UnitId, Certainty)> = Vec::new();
        for window in self.windows.iter().filter(|window| window.development != Some(true)) {
            // Where Node is in the page, nothing that a script adds is worse.
            if self.pages_reach_node(window) {
                continue;
            }
            for unit in self.preload_scripts(window) {
                if self.process(unit) != Process::Main && preloads.iter().all(|(known, _)| *known != unit) {
                    preloads.push((unit, Certainty::Firm.min(window.certainty)));
                }
            }
        }
        self.add_what_they_load(&mut preloads);
        preloads
    }

    /// Whether every path that a value can be is known to end so.
    pub fn ends_in(&self, path: V, ending: &str) -> bool {
        let ends_so = |known: &Known| {
            let ends = self.script_ends(known);
            !ends.is_empty() && ends.iter().all(|end| end.ends_with(ending))
        };
        let values = self.eval(path);
        !values.is_empty() && values.iter().all(ends_so)
    }

    /// The scripts of the app that a path can mean: by its last name, for what a bundler writes is elsewhere than what it reads.
    pub fn scripts_at(&self, path: &Known) -> Vec<UnitId> {
        let ends = self.script_ends(path);
        let said_in = path.at.map(|at| at.0);
        let mut scripts: Vec<UnitId> = ends.iter().flat_map(|end| self.scripts_named(end, said_in)).collect();
        scripts.sort_unstable();
        scripts.dedup();
        scripts
    }

    fn script_ends(&self, path: &Known) -> Vec<String> {
        let mut ends: Vec<String> = path.thing.tail().map(str::to_owned).into_iter().collect();
        let made_by = |known: &Known| match known.thing {
            Thing::Result(_, c) => Some(c),
            _ => None,
        };
        let mut made: Vec<C> = made_by(path).into_iter().collect();
        // `file://${path.join(folder, 'preload.js')}`.
        if let Thing::Template(parts) = &path.thing
            && let Some(Part::Hole(last, frames)) = parts.last()
        {
            made.extend(self.program.eval_in(*last, frames).iter().take(MOST_SCRIPTS).filter_map(made_by));
        }
        // path.join(__dirname, 'preload.js'), path.resolve(path.join(__dirname, 'preload.js')); several, where a function makes windows
        // with scripts that it is told.
        for _ in 0..MOST_CALLS {
            for c in std::mem::take(&mut made) {
                let Some(last) = self.program.arguments(c).last() else { continue };
                for known in self.eval(V(c.0, last.value)).iter().take(MOST_SCRIPTS) {
                    match &known.thing {
                        Thing::Result(_, inner) => made.push(*inner),
                        thing => ends.extend(thing.tail().map(str::to_owned)),
                    }
                }
            }
            made.truncate(MOST_SCRIPTS);
        }
        ends.sort_unstable();
        ends.dedup();
        ends
    }

    /// As [`App::scripts_at`], for the text of a path, and the script that says so.
    pub(super) fn scripts_named(&self, text: &str, said_in: Option<UnitId>) -> Vec<UnitId> {
        let segments: Vec<&str> = text.split(['/', '\\']).filter(|part| !matches!(*part, "" | "." | "..")).collect();
        let Some(last) = segments.last() else { return Vec::new() };
        let stem = last.split('.').next().unwrap_or(last);
        // Beside the script that says so, if it is there: `path.join(__dirname, 'preload.js')`.
        let beside = said_in.and_then(|unit| {
            let folder = split(&self.sources.file(self.program.file(unit)).path).0;
            join(folder, text).map(|path| without_extension(&path).to_owned())
        });
        let mut found: Vec<(usize, UnitId)> = Vec::new();
        for &unit in self.scripts_by_stem().get(stem).map(Vec::as_slice).unwrap_or_default() {
            let file = self.sources.file(self.program.file(unit));
            if beside.as_deref() == Some(without_extension(&file.path)) {
                return vec![unit];
            }
            let parts = file.path.rsplit('/').skip(1);
            // Of several the one whose folders agree the most.
            let agree = segments.iter().rev().skip(1).zip(parts).take_while(|(a, b)| *a == b).count();
            found.push((agree, unit));
        }
        let most = found.iter().map(|(agree, _)| *agree).max().unwrap_or(0);
        found.into_iter().filter(|(agree, _)| *agree == most).map(|(_, unit)| unit).collect()
    }

    /// Scripts by their names up to the first dot, and those that are the index of a folder by its name too.
    fn scripts_by_stem(&self) -> &FxHashMap<String, Vec<UnitId>> {
        self.scripts_by_stem.get_or_init(|| {
            let mut found: FxHashMap<String, Vec<UnitId>> = FxHashMap::default();
            for unit in self.program.unit_ids() {
                let file = self.sources.file(self.program.file(unit));
                let is_script = matches!(file.kind, FileKind::JavaScript | FileKind::TypeScript | FileKind::Tsx);
                if !is_script || file.is_declaration() {
                    continue;
                }
                let (folder, name) = split(&file.path);
                let stem = name.split('.').next().unwrap_or(name);
                found.entry(stem.to_owned()).or_default().push(unit);
                let folder = split(folder).1;
                if stem == "index" && folder != "index" && !folder.is_empty() {
                    found.entry(folder.to_owned()).or_default().push(unit);
                }
            }
            found
        })
    }
}

/// A path without its extension.
fn without_extension(path: &str) -> &str {
    let (folder, name) = split(path);
    match name.split_once('.') {
        Some((stem, rest)) if !stem.is_empty() => &path[..path.len() - rest.len() - 1],
        _ if folder.is_empty() => name,
        _ => path,
    }
}
