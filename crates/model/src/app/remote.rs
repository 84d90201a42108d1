//! The remote module: who switches it on, who uses it.

use std::cell::LazyCell;

use super::{App, Exposed, Window};
use crate::electron::preferences::Value as Tri;
use crate::link::things::*;
use crate::link::{C, Target, UnitId, V};
use crate::source::Span;
use crate::summary::{ImportKind, Value, ValueId};

/// What is done with the remote module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RemoteUse {
    /// `require('@electron/remote/main').initialize()`.
    Initialize,
    /// `require('@electron/remote/main').enable(contents)`.
    Enable,
    /// `require('electron').remote`, which Electron had up to 13.
    BuiltIn,
    /// `require('@electron/remote')` in a renderer.
    Package,
}

/// One place that uses the remote module.
#[derive(Clone, Debug, PartialEq)]
pub struct Remote {
    /// What it does.
    pub what: RemoteUse,
    /// A small span.
    pub span: Span,
    /// How sure it is.
    pub certainty: Certainty,
    /// Only in development.
    pub development: Option<bool>,
    /// Scope path.
    pub symbol: String,
}

impl App<'_> {
    /// Whether some window may have the remote module that Electron had up to 13: not where the option that it needs from 10 on is off in
    /// all of them.
    pub fn may_have_remote_module(&self) -> bool {
        let is_off = |window: &Window| {
            window.settings(self, "enableRemoteModule").iter().all(|fact| fact.value == Tri::Known(false))
        };
        self.windows.is_empty() || !self.windows.iter().all(is_off)
    }

    /// Marks what preload scripts hand on and have of scripts that run in the main process alone.
    pub(super) fn tell_what_is_of_main(&self, exposed: &mut [Exposed]) {
        let of_main = LazyCell::new(|| self.units_of_main_alone());
        for exposed in exposed {
            let of_function = match exposed.known.thing {
                Thing::Function(f, _) => Some(f.0),
                _ => None,
            };
            let units = [self.program.unit_of(exposed.span.file), of_function];
            let is_other = |unit: &&UnitId| self.program.file(**unit) != exposed.handed.file;
            exposed.of_main = units.iter().flatten().filter(is_other).any(|unit| of_main.contains(unit));
        }
    }

    /// Every use of the remote module, in the order of places.
    pub fn remote_uses(&self) -> Vec<Remote> {
        let mut found = Vec::new();
        for (name, what) in [("initialize", RemoteUse::Initialize), ("enable", RemoteUse::Enable)] {
            for call in self.calls(name).iter() {
                let callee = V(call.call.0, self.program.call(call.call).callee);
                let is_remote = |known: &Known| matches!(&known.thing, Thing::Api(path) if path.starts_with("@electron/remote") && path.ends_with(name));
                if self.eval(callee).iter().any(is_remote) {
                    found.push(self.remote_call(call.call, what, call.certainty));
                }
            }
        }
        // There the module has none: `electron.app || electron.remote.app` is for pages that run the same script.
        let of_main = LazyCell::new(|| self.units_of_main_alone());
        for unit in self.program.unit_ids() {
            if !self.program.says(unit, &["remote", "@electron/remote"]) {
                continue;
            }
            for index in 0..self.program.summary(unit).values.len() {
                let remote = self.remote_value(V(unit, ValueId(index as u32)));
                found.extend(remote.filter(|remote| remote.what != RemoteUse::BuiltIn || !of_main.contains(&unit)));
            }
        }
        found.sort_by_key(|remote| (remote.span, remote.what));
        found.dedup_by_key(|remote| remote.span);
        found
    }

    fn remote_call(&self, c: C, what: RemoteUse, certainty: Certainty) -> Remote {
        let record = self.program.call(c);
        Remote {
            what,
            span: self.callee_span(c),
            certainty,
            development: self.program.development_of(c.0, record.condition, &Frames::default()),
            symbol: self.symbol(c),
        }
    }

    /// A value that names the module.
    fn remote_value(&self, v: V) -> Option<Remote> {
        let summary = self.program.summary(v.0);
        let what = match summary.value(v.1) {
            Value::ImportName(import, name) if summary.str(name) == "remote" => {
                (summary.imports[import.index()].kind != ImportKind::TypeOnly
                    && self.is_module(v.0, import, "electron"))
                .then_some(RemoteUse::BuiltIn)
            }
            Value::Member(object, name) if summary.str(name) == "remote" => self
                .eval(V(v.0, object))
                .iter()
                .any(|known| matches!(&known.thing, Thing::Api(path) if matches!(&**path, "electron" | "electron.default")))
                .then_some(RemoteUse::BuiltIn),
            Value::Module(import) | Value::ImportName(import, _) => {
                let import_kind = summary.imports[import.index()].kind;
                (import_kind != ImportKind::TypeOnly && self.is_module(v.0, import, "@electron/remote"))
                    .then_some(RemoteUse::Package)
            }
            _ => None,
        }?;
        let certainty = match summary.value(v.1) {
            Value::Member(object, _) => {
                self.eval(V(v.0, object)).iter().map(|known| known.certainty).min().unwrap_or(Certainty::Tentative)
            }
            _ => Certainty::Certain,
        };
        Some(Remote { what, span: self.span(v), certainty, development: None, symbol: "remote".to_owned() })
    }

    fn is_module(&self, unit: UnitId, import: crate::summary::ImportId, name: &str) -> bool {
        matches!(self.program.target(unit, import), Target::External(module) if &**module == name)
    }
}
