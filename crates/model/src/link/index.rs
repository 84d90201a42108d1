//! What is found by name: calls, arguments, writes, and the other names of what has one.

use std::cell::Cell;
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::{C, F, Names, Program, Target, UnitId, collections, electron};
use crate::summary::*;

/// Names of one thing after which no more of them are followed.
const MOST_NAMES: usize = 24;

/// A name that some unit says: a place in [`Words`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Word(u32);

/// Every name under which something is found, each once.
#[derive(Debug, Default)]
pub(super) struct Words {
    texts: Vec<Rc<str>>,
    by_text: FxHashMap<Rc<str>, Word>,
}

impl Words {
    fn enter(&mut self, text: &str) -> Word {
        if let Some(word) = self.find(text) {
            return word;
        }
        let (word, text) = (Word(self.texts.len() as u32), Rc::<str>::from(text));
        self.texts.push(text.clone());
        self.by_text.insert(text, word);
        word
    }

    pub(super) fn find(&self, text: &str) -> Option<Word> {
        self.by_text.get(text).copied()
    }

    fn text(&self, word: Word) -> &Rc<str> {
        &self.texts[word.0 as usize]
    }
}

/// The names of one unit as words: what is asked of a text once is known.
pub(super) struct Shared<'a> {
    words: &'a mut Words,
    summary: &'a Summary,
    known: Vec<Cell<Option<Word>>>,
}

impl<'a> Shared<'a> {
    fn new(words: &'a mut Words, summary: &'a Summary) -> Self {
        // Most texts are no names: only those that are become words.
        Self { words, summary, known: vec![Cell::new(None); summary.strings.len()] }
    }

    pub(super) fn word(&mut self, name: Name) -> Word {
        let known = &self.known[name.index()];
        known.get().unwrap_or_else(|| {
            let word = self.words.enter(self.summary.str(name));
            known.set(Some(word));
            word
        })
    }
}

/// What units say under each name, in the order in which it was entered.
#[derive(Debug)]
pub(super) struct ByName<T> {
    /// Where in `entries` those of each word begin; one more for the end.
    starts: Vec<u32>,
    entries: Vec<T>,
}

impl<T> Default for ByName<T> {
    fn default() -> Self {
        Self { starts: Vec::new(), entries: Vec::new() }
    }
}

impl<T: Copy> ByName<T> {
    pub(super) fn new(words: &Words, said: Vec<(Word, T)>) -> Self {
        let mut starts = vec![0u32; words.texts.len() + 1];
        for (word, _) in &said {
            starts[word.0 as usize + 1] += 1;
        }
        for index in 1..starts.len() {
            starts[index] += starts[index - 1];
        }
        let mut next = starts.clone();
        let mut order = vec![0u32; said.len()];
        for (index, (word, _)) in (0..).zip(&said) {
            let place = &mut next[word.0 as usize];
            order[*place as usize] = index;
            *place += 1;
        }
        let entries = order.into_iter().map(|index| said[index as usize].1).collect();
        Self { starts, entries }
    }

    pub(super) fn of(&self, word: Word) -> &[T] {
        match (self.starts.get(word.0 as usize), self.starts.get(word.0 as usize + 1)) {
            (Some(&from), Some(&to)) => &self.entries[from as usize..to as usize],
            _ => &[],
        }
    }
}

impl Program<'_> {
    /// Enters every unit.
    pub(super) fn index(&mut self) {
        let mut words = Words::default();
        let mut aliases: Vec<(Word, Word)> = Vec::new();
        let mut calls: Vec<(Word, C)> = Vec::new();
        let mut curried: Vec<(Word, C)> = Vec::new();
        let mut arguments: Vec<(Word, (C, u32))> = Vec::new();
        let mut writes: Vec<(Word, (UnitId, u32))> = Vec::new();
        let mut functions: Vec<(Word, ())> = Vec::new();
        let mut callbacks: FxHashMap<F, (C, u32)> = FxHashMap::default();
        let mut additions = collections::Additions::default();
        let mut called_at_once: FxHashMap<UnitId, Vec<C>> = FxHashMap::default();
        let mut holders: FxHashMap<UnitId, Vec<Word>> = FxHashMap::default();
        let mut firsts: Vec<(Word, Word)> = Vec::new();
        for unit in self.unit_ids() {
            let summary = self.summary(unit);
            let mut shared = Shared::new(&mut words, summary);
            additions.collect(unit, summary, &mut shared);
            for (index, call) in summary.calls.iter().enumerate() {
                let c = C(unit, CallId(index as u32));
                if let Some(name) = final_name(summary, call.callee) {
                    calls.push((shared.word(name), c));
                } else if let Value::Call(inner) = summary.value(call.callee)
                    && let Some(name) = final_name(summary, summary.call(inner).callee)
                {
                    curried.push((shared.word(name), c));
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
                                arguments.push((shared.word(name), (c, position as u32)));
                            }
                        }
                        _ => {}
                    }
                }
            }
            let mut alias = |shared: &mut Shared, from: Name, to: Name| {
                if from != to {
                    aliases.push((shared.word(from), shared.word(to)));
                }
            };
            for binding in &summary.bindings {
                for write in &binding.writes {
                    if let Some(whole) = self.whole_of(unit, write.value) {
                        let (names, name) = (holders.entry(whole).or_default(), shared.word(binding.name));
                        if !names.contains(&name) {
                            names.push(name);
                        }
                    }
                    match summary.value(write.value) {
                        Value::ImportName(import, name) => {
                            alias(&mut shared, name, binding.name);
                            // A module that is itself the function: `import Socket from 'ws'`.
                            if summary.str(name) == "default" {
                                alias(&mut shared, summary.imports[import.index()].specifier, binding.name);
                            }
                        }
                        Value::Module(import) => {
                            let specifier = summary.imports[import.index()].specifier;
                            alias(&mut shared, specifier, binding.name);
                            // `var Window = require('browser-window')` is `BrowserWindow`.
                            if let Some(name) = electron::first_named(summary.str(specifier)) {
                                let from = shared.words.enter(name);
                                firsts.push((from, shared.word(binding.name)));
                            }
                        }
                        Value::Member(module, name) => {
                            alias(&mut shared, name, binding.name);
                            if let Some(specifier) = default_of(summary, module, name) {
                                alias(&mut shared, specifier, binding.name);
                            }
                        }
                        Value::Function(function) => {
                            if let Some(name) = summary.function(function).name {
                                alias(&mut shared, name, binding.name);
                            }
                        }
                        _ => {
                            for name in names_behind(summary, write.value) {
                                alias(&mut shared, name, binding.name);
                            }
                        }
                    }
                }
            }
            for property in &summary.properties {
                if let Key::Name(key) = property.key {
                    for name in names_behind(summary, property.value) {
                        alias(&mut shared, name, key);
                    }
                }
            }
            for export in &summary.exports {
                match *export {
                    Export::Named(name, value) => {
                        if let Some(from) = final_name(summary, value) {
                            alias(&mut shared, from, name);
                        }
                    }
                    Export::From(name, _, imported) => alias(&mut shared, imported, name),
                    _ => {}
                }
            }
            for (index, write) in summary.writes.iter().enumerate() {
                if let Key::Name(key) = write.key
                    && !self.is_unreached(unit, write.function)
                {
                    writes.push((shared.word(key), (unit, index as u32)));
                    if let Some(from) = write.value.and_then(|value| final_name(summary, value)) {
                        alias(&mut shared, from, key);
                    }
                }
            }
            functions.extend(summary.functions.iter().filter_map(|function| Some((shared.word(function.name?), ()))));
        }
        aliases.extend(firsts);
        // Each once, those of a name in the order of their texts.
        aliases.sort_unstable();
        aliases.dedup();
        for of_one in aliases.chunk_by_mut(|a, b| a.0 == b.0) {
            of_one.sort_unstable_by(|a, b| words.text(a.1).cmp(words.text(b.1)));
        }
        self.calls_by_name = ByName::new(&words, calls);
        self.curried_by_name = ByName::new(&words, curried);
        self.arguments_by_name = ByName::new(&words, arguments);
        self.writes_by_key = ByName::new(&words, writes);
        self.functions_by_name = ByName::new(&words, functions);
        self.aliases = ByName::new(&words, aliases);
        self.additions = additions.by_name(&words);
        self.callbacks = callbacks;
        self.called_at_once = called_at_once;
        self.holders = holders;
        self.words = words;
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
        let Some(first) = self.words.find(name) else { return vec![Rc::from(name)] };
        let mut names = vec![first];
        let mut seen: FxHashSet<Word> = FxHashSet::from_iter([first]);
        let mut next = 0;
        while next < names.len() && names.len() < MOST_NAMES {
            names.extend(self.aliases.of(names[next]).iter().filter(|alias| seen.insert(**alias)));
            next += 1;
        }
        names.into_iter().map(|word| self.words.text(word).clone()).collect()
    }

    /// What is said under a name.
    pub(super) fn under<'p, T: Copy>(&self, table: &'p ByName<T>, name: &str) -> &'p [T] {
        self.words.find(name).map_or(&[], |word| table.of(word))
    }

    /// Calls of what other files hold this unit's whole exports as.
    pub(super) fn calls_of_whole(&self, unit: UnitId) -> impl Iterator<Item = &[C]> {
        self.holders.get(&unit).into_iter().flatten().map(|word| self.calls_by_name.of(*word))
    }
}

/// The last name of a path: `c` of `a.b.c`, a variable's own name, that of a module which is called at once.
pub(crate) fn final_name(summary: &Summary, value: ValueId) -> Option<Name> {
    match summary.value(value) {
        Value::Member(_, name) | Value::Global(name) | Value::ImportName(_, name) => Some(name),
        Value::Binding(binding) => Some(summary.bindings[binding.index()].name),
        Value::Function(function) => summary.function(function).name,
        Value::Class(class) => summary.classes[class.index()].name,
        Value::Module(import) => Some(summary.imports[import.index()].specifier),
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
                let call = summary.call(call);
                let name = final_name(summary, call.callee).map_or("", |name| summary.str(name));
                if name.contains("romisify") || matches!(name, "memo" | "forwardRef" | "observer") {
                    open.extend(summary.items(call.arguments).first().map(|item| item.value));
                    continue;
                }
                let Value::Binding(binding) = summary.value(call.callee) else { continue };
                let Some(only) = summary.written_once(binding) else { continue };
                let Value::Function(function) = summary.value(only) else { continue };
                open.extend(summary.function(function).exits.iter().filter_map(|exit| exit.value));
            }
            _ => {}
        }
    }
    names
}
