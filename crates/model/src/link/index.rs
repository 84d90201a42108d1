//! What is found by name: calls, arguments, writes, and the other names of what has one.

use std::cell::OnceCell;
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::{C, F, Names, Program, Target, UnitId, collections, electron};
use crate::summary::*;

/// Names of one thing after which no more of them are followed.
const MOST_NAMES: usize = 24;

impl Program<'_> {
    /// Enters every unit.
    pub(super) fn index(&mut self) {
        let mut aliases: FxHashMap<Rc<str>, FxHashSet<Rc<str>>> = FxHashMap::default();
        let mut calls: FxHashMap<Rc<str>, Vec<C>> = FxHashMap::default();
        let mut curried: FxHashMap<Rc<str>, Vec<C>> = FxHashMap::default();
        let mut arguments: FxHashMap<Rc<str>, Vec<(C, u32)>> = FxHashMap::default();
        let mut writes: FxHashMap<Rc<str>, Vec<(UnitId, u32)>> = FxHashMap::default();
        let mut callbacks: FxHashMap<F, (C, u32)> = FxHashMap::default();
        let mut functions: FxHashMap<Rc<str>, u32> = FxHashMap::default();
        let mut additions = collections::Additions::default();
        let mut called_at_once: FxHashMap<UnitId, Vec<C>> = FxHashMap::default();
        let mut holders: FxHashMap<UnitId, Vec<Rc<str>>> = FxHashMap::default();
        for unit in self.unit_ids() {
            let summary = self.summary(unit);
            // Most texts are no names: only those that are become shared ones.
            let names: Vec<OnceCell<Rc<str>>> = vec![OnceCell::new(); summary.strings.len()];
            let shared = |name: Name| names[name.index()].get_or_init(|| Rc::from(summary.str(name))).clone();
            additions.collect(unit, summary, &shared);
            for (index, call) in summary.calls.iter().enumerate() {
                let c = C(unit, CallId(index as u32));
                if let Some(name) = final_name(summary, call.callee) {
                    calls.entry(shared(name)).or_default().push(c);
                } else if let Value::Call(inner) = summary.value(call.callee)
                    && let Some(name) = final_name(summary, summary.call(inner).callee)
                {
                    curried.entry(shared(name)).or_default().push(c);
                }
                if let Some(whole) = self.whole_of(unit, call.callee) {
                    called_at_once.entry(whole).or_default().push(c);
                }
                for (position, item) in summary.items(call.arguments).iter().enumerate() {
                    let mut value = item.value;
                    // `handler.bind(this)` is handler.
                    if let Value::Call(inner) = summary.value(value)
                        && let Some(bound) = bound(summary, summary.call(inner))
                    {
                        value = bound;
                    }
                    match summary.value(value) {
                        Value::Function(function) => {
                            callbacks.insert(F(unit, function), (c, position as u32));
                        }
                        Value::Binding(_) | Value::Member(..) => {
                            if let Some(name) = final_name(summary, value) {
                                arguments.entry(shared(name)).or_default().push((c, position as u32));
                            }
                        }
                        _ => {}
                    }
                }
            }
            for binding in &summary.bindings {
                for write in &binding.writes {
                    // `var Window = require('browser-window')` is `BrowserWindow`.
                    if let Value::Module(import) = summary.value(write.value)
                        && let Some(name) =
                            electron::first_named(summary.str(summary.imports[import.index()].specifier))
                    {
                        aliases.entry(Rc::from(name)).or_default().insert(shared(binding.name));
                    }
                }
            }
            let mut alias = |from: Name, to: Name| {
                if from != to {
                    aliases.entry(shared(from)).or_default().insert(shared(to));
                }
            };
            for binding in &summary.bindings {
                for write in &binding.writes {
                    if let Some(whole) = self.whole_of(unit, write.value) {
                        let names = holders.entry(whole).or_default();
                        let name = shared(binding.name);
                        if !names.contains(&name) {
                            names.push(name);
                        }
                    }
                    match summary.value(write.value) {
                        Value::ImportName(import, name) => {
                            alias(name, binding.name);
                            // A module that is itself the function: `import Socket from 'ws'`.
                            if summary.str(name) == "default" {
                                alias(summary.imports[import.index()].specifier, binding.name);
                            }
                        }
                        Value::Module(import) => alias(summary.imports[import.index()].specifier, binding.name),
                        Value::Member(module, name) => {
                            alias(name, binding.name);
                            if let Some(specifier) = default_of(summary, module, name) {
                                alias(specifier, binding.name);
                            }
                        }
                        Value::Function(function) => {
                            if let Some(name) = summary.function(function).name {
                                alias(name, binding.name);
                            }
                        }
                        _ => {
                            for name in names_behind(summary, write.value) {
                                alias(name, binding.name);
                            }
                        }
                    }
                }
            }
            for property in &summary.properties {
                if let Key::Name(key) = property.key {
                    for name in names_behind(summary, property.value) {
                        alias(name, key);
                    }
                }
            }
            for export in &summary.exports {
                match *export {
                    Export::Named(name, value) => {
                        if let Some(from) = final_name(summary, value) {
                            alias(from, name);
                        }
                    }
                    Export::From(name, _, imported) => alias(imported, name),
                    _ => {}
                }
            }
            for (index, write) in summary.writes.iter().enumerate() {
                if let Key::Name(key) = write.key
                    && !self.is_unreached(unit, write.function)
                {
                    writes.entry(shared(key)).or_default().push((unit, index as u32));
                    if let Some(from) = write.value.and_then(|value| final_name(summary, value)) {
                        alias(from, key);
                    }
                }
            }
            for name in summary.functions.iter().filter_map(|function| function.name) {
                *functions.entry(shared(name)).or_default() += 1;
            }
        }
        self.calls_by_name = calls;
        self.curried_by_name = curried;
        self.arguments_by_name = arguments;
        self.writes_by_key = writes;
        self.callbacks = callbacks;
        self.functions_by_name = functions;
        self.additions = additions;
        self.called_at_once = called_at_once;
        self.holders = holders;
        self.aliases = aliases
            .into_iter()
            .map(|(name, set)| {
                let mut list: Vec<Rc<str>> = set.into_iter().collect();
                list.sort();
                (name, list)
            })
            .collect();
    }

    /// The unit of which this is the whole module, or its default export.
    pub(super) fn whole_of(&self, unit: UnitId, value: ValueId) -> Option<UnitId> {
        let summary = self.summary(unit);
        let import = match summary.value(value) {
            Value::Module(import) => import,
            Value::ImportName(import, name) if summary.str(name) == "default" => import,
            Value::Member(module, name) if summary.str(name) == "default" => match summary.value(module) {
                Value::Module(import) => import,
                _ => return None,
            },
            _ => return None,
        };
        match self.target(unit, import) {
            Target::Unit(target) => Some(*target),
            _ => None,
        }
    }

    /// A name and the names under which what it names is known elsewhere.
    pub(crate) fn names_of(&self, name: &str) -> Names {
        if let Some(known) = self.names.borrow().get(name) {
            return known.clone();
        }
        let found: Names = Rc::from(self.find_names(name));
        self.names.borrow_mut().insert(Rc::from(name), found.clone());
        found
    }

    fn find_names(&self, name: &str) -> Vec<Rc<str>> {
        let mut names: Vec<Rc<str>> = vec![Rc::from(name)];
        let mut seen: FxHashSet<Rc<str>> = names.iter().cloned().collect();
        let mut next = 0;
        while next < names.len() && names.len() < MOST_NAMES {
            if let Some(more) = self.aliases.get(&names[next]) {
                names.extend(more.iter().filter(|alias| seen.insert((*alias).clone())).cloned());
            }
            next += 1;
        }
        names
    }
}

/// The last name of a path: `c` of `a.b.c`, a variable's own name.
pub(crate) fn final_name(summary: &Summary, value: ValueId) -> Option<Name> {
    match summary.value(value) {
        Value::Member(_, name) | Value::Global(name) | Value::ImportName(_, name) => Some(name),
        Value::Binding(binding) => Some(summary.bindings[binding.index()].name),
        Value::Function(function) => summary.function(function).name,
        Value::Class(class) => summary.classes[class.index()].name,
        Value::Await(inner) => final_name(summary, inner),
        Value::Call(call) => bound(summary, summary.call(call)).and_then(|bound| final_name(summary, bound)),
        _ => None,
    }
}

/// The specifier of a module whose default export this is: `require('ws').default`, `(await import('ws')).default`.
fn default_of(summary: &Summary, module: ValueId, name: Name) -> Option<Name> {
    let module = match summary.value(module) {
        Value::Await(inner) => summary.value(inner),
        value => value,
    };
    match module {
        Value::Module(import) if summary.str(name) == "default" => Some(summary.imports[import.index()].specifier),
        _ => None,
    }
}

/// What `function.bind(…)` binds.
pub(crate) fn bound(summary: &Summary, call: &Call) -> Option<ValueId> {
    match summary.value(call.callee) {
        Value::Member(bound, method) if summary.str(method) == "bind" => Some(bound),
        _ => None,
    }
}

/// The names of everything that a value may be: of both branches, and of what a function of this file returns.
fn names_behind(summary: &Summary, value: ValueId) -> Vec<Name> {
    let mut names = Vec::new();
    let mut open = vec![value];
    let mut steps = 0;
    while let Some(value) = open.pop() {
        steps += 1;
        if steps > 16 {
            break;
        }
        if let Some(name) = final_name(summary, value) {
            names.push(name);
            continue;
        }
        match summary.value(value) {
            Value::Conditional { then, other, .. } => open.extend([other, then]),
            Value::Binary(Operator::Or | Operator::Nullish | Operator::And, left, right) => open.extend([right, left]),
            Value::Call(call) => {
                let Value::Binding(binding) = summary.value(summary.call(call).callee) else { continue };
                let Some(only) = summary.written_once(binding) else { continue };
                let Value::Function(function) = summary.value(only) else { continue };
                open.extend(summary.function(function).exits.iter().filter_map(|exit| exit.value));
            }
            _ => {}
        }
    }
    names
}
