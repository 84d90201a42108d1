//! The second step: what the summaries say together.
//!
//! [`Program`] holds every summary and answers, on demand and remembering, what a value is: through variables, files, calls and classes.

mod budget;
mod bundles;
mod callers;
mod collections;
mod development;
pub use development::is_development_address;
pub mod electron;
mod emitters;
mod evaluate;
mod exports;
mod held;
mod instances;
mod leads;
mod members;
mod memo;
mod objects;
pub use objects::{Lookup, Placed, Use};
mod operators;
mod parameters;
mod resolve;
mod results;
mod shapes;
mod texts;
pub mod things;
mod unreached;
mod variables;

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::source::{FileId, Sources, Span};
use crate::summary::*;
use budget::Budget;
use leads::Leads;
use memo::Memo;
use resolve::Modules;
pub use resolve::Target;
pub(crate) use resolve::{Json, is_builtin, join, split, within};
use shapes::Shapes;
use things::{Frames, Known, Values};

/// Index of a script in [`Program::units`]: a file, or one inline script of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitId(pub u32);

/// A value of some unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct V(pub UnitId, pub ValueId);

/// A function of some unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct F(pub UnitId, pub FunctionId);

/// A class of some unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct K(pub UnitId, pub ClassId);

/// A call of some unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct C(pub UnitId, pub CallId);

/// One script and the file that holds it.
#[derive(Debug)]
pub struct Unit {
    /// The file.
    pub file: FileId,
    /// What it says.
    pub summary: Arc<Summary>,
}

/// A variable, for what is known of all its readings.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Variable {
    Binding(UnitId, BindingId),
    Global(Rc<str>),
}

/// Names of one thing after which no more of them are followed.
const MOST_NAMES: usize = 24;

/// Names under which one thing is known.
type Names = Rc<[Rc<str>]>;

/// Every unit of an app, linked.
pub struct Program<'a> {
    /// The texts.
    pub sources: &'a Sources,
    /// The scripts, in the order of files.
    pub units: Vec<Unit>,
    modules: Modules,
    calls_by_name: FxHashMap<Rc<str>, Vec<C>>,
    /// Calls of what a call gave, by the name of the function that gave it: `handle('open')(method)`.
    curried_by_name: FxHashMap<Rc<str>, Vec<C>>,
    arguments_by_name: FxHashMap<Rc<str>, Vec<(C, u32)>>,
    writes_by_key: FxHashMap<Rc<str>, Vec<(UnitId, u32)>>,
    callbacks: FxHashMap<F, (C, u32)>,
    additions: collections::Additions,
    aliases: FxHashMap<Rc<str>, Vec<Rc<str>>>,
    /// What [`Program::names_of`] found.
    names: RefCell<FxHashMap<Rc<str>, Names>>,
    functions_by_name: FxHashMap<Rc<str>, u32>,
    /// Functions that nothing refers to.
    unreached: FxHashSet<F>,
    /// Names under which other files hold what a unit exports as a whole.
    holders: FxHashMap<UnitId, Vec<Rc<str>>>,
    /// Classes that extend something, and what.
    subclasses: OnceCell<Vec<(K, ValueId)>>,
    /// `require('./unit')(…)`.
    called_at_once: FxHashMap<UnitId, Vec<C>>,
    memo: Memo,
    /// What is being evaluated depends on [`Program::shallow`].
    depends: Cell<bool>,
    /// The first reading of each variable that has many values.
    readings: RefCell<FxHashMap<Variable, V>>,
    /// What [`Program::making`] found.
    makings: RefCell<FxHashMap<(K, C), things::Frames>>,
    /// What is being evaluated where calls are assumed, and how deep.
    open: RefCell<FxHashMap<(V, usize, bool), u32>>,
    /// The outermost open evaluation that one further in ran into.
    hit: Cell<u32>,
    provisional: RefCell<Vec<(V, Frames, bool, bool)>>,
    /// Parameters are not followed to the calls that fill them.
    shallow: Cell<bool>,
    handed: RefCell<FxHashMap<F, Vec<(C, u32)>>>,
    callers: RefCell<FxHashMap<F, Rc<[C]>>>,
    /// What calls call, by their name.
    called: RefCell<FxHashMap<Rc<str>, callers::Called>>,
    /// The calls that call a listener; nothing is known of one that is being looked at.
    emits: RefCell<FxHashMap<C, Option<Rc<[C]>>>>,
    added: RefCell<collections::Added>,
    /// Collections that are being looked into.
    holding: RefCell<Vec<V>>,
    registrations: RefCell<FxHashMap<F, Rc<[C]>>>,
    /// What the strings of each unit look like.
    shapes: OnceCell<Vec<Shapes>>,
    leads_to_development: OnceCell<Leads>,
    /// What arguments are, by their name.
    handed_by_name: RefCell<FxHashMap<Rc<str>, callers::Handed>>,
    /// What is written to, by the property's name.
    written_literals: RefCell<FxHashMap<Rc<str>, objects::Written>>,
    later_keys: RefCell<FxHashMap<UnitId, objects::LaterKeys>>,
    /// What is being evaluated depends on the calls that are assumed.
    assumes: Cell<bool>,
    /// What is being evaluated rests on what was left open.
    is_loose: Cell<bool>,
    depth: Cell<u32>,
    budget: Budget,
}

impl<'a> Program<'a> {
    /// Links the summaries. `units` are in the order of their files.
    pub fn new(sources: &'a Sources, units: Vec<Unit>) -> Self {
        let modules = Modules::new(sources, &units);
        let (budget, memo) = (Budget::new(units.len()), Memo::new(units.len()));
        let mut program = Self {
            sources,
            units,
            modules,
            calls_by_name: FxHashMap::default(),
            curried_by_name: FxHashMap::default(),
            arguments_by_name: FxHashMap::default(),
            writes_by_key: FxHashMap::default(),
            callbacks: FxHashMap::default(),
            additions: collections::Additions::default(),
            aliases: FxHashMap::default(),
            names: RefCell::default(),
            functions_by_name: FxHashMap::default(),
            unreached: FxHashSet::default(),
            holders: FxHashMap::default(),
            subclasses: OnceCell::new(),
            called_at_once: FxHashMap::default(),
            memo,
            depends: Cell::new(false),
            readings: RefCell::default(),
            makings: RefCell::default(),
            open: RefCell::default(),
            hit: Cell::new(u32::MAX),
            provisional: RefCell::default(),
            shallow: Cell::new(false),
            handed: RefCell::default(),
            callers: RefCell::default(),
            called: RefCell::default(),
            emits: RefCell::default(),
            added: RefCell::default(),
            holding: RefCell::default(),
            registrations: RefCell::default(),
            shapes: OnceCell::new(),
            leads_to_development: OnceCell::new(),
            handed_by_name: RefCell::default(),
            written_literals: RefCell::default(),
            later_keys: RefCell::default(),
            assumes: Cell::new(false),
            is_loose: Cell::new(false),
            depth: Cell::new(0),
            budget,
        };
        program.unreached = program.unreached_functions();
        program.index();
        program
    }

    /// The summary of a unit.
    pub fn summary(&self, unit: UnitId) -> &Summary {
        &self.units[unit.0 as usize].summary
    }

    /// What the strings of a unit look like.
    fn shapes_of(&self, unit: UnitId) -> &Shapes {
        let of = |unit: &Unit| unit.summary.strings.iter().map(|text| &**text).collect();
        &self.shapes.get_or_init(|| self.units.iter().map(of).collect())[unit.0 as usize]
    }

    /// Whether a script says one of these names, or has a text that is one.
    pub fn says(&self, unit: UnitId, names: &[&str]) -> bool {
        let shapes = self.shapes_of(unit);
        names.iter().any(|name| shapes.may_hold(name))
            && self.summary(unit).strings.iter().any(|text| names.contains(&&**text))
    }

    /// The file of a unit.
    pub fn file(&self, unit: UnitId) -> FileId {
        self.units[unit.0 as usize].file
    }

    /// Every unit's id.
    pub fn unit_ids(&self) -> impl Iterator<Item = UnitId> + use<> {
        (0..self.units.len() as u32).map(UnitId)
    }

    /// What a value says, unresolved.
    pub fn value(&self, v: V) -> Value {
        self.summary(v.0).value(v.1)
    }

    /// The value behind variables that are written once; where they lead in a circle, one of them.
    pub fn behind(&self, v: V) -> V {
        V(v.0, self.summary(v.0).behind(v.1))
    }

    /// Where a value stands.
    pub fn span(&self, v: V) -> Span {
        self.place(v.0, self.summary(v.0).span(v.1))
    }

    /// A range of a unit as a span.
    pub fn place(&self, unit: UnitId, range: Range) -> Span {
        Span { file: self.file(unit), start: range.0, end: range.1 }
    }

    /// A call's record.
    pub fn call(&self, c: C) -> &Call {
        self.summary(c.0).call(c.1)
    }

    /// A function's record.
    pub fn function(&self, f: F) -> &Function {
        self.summary(f.0).function(f.1)
    }

    /// The text of a name.
    pub fn str(&self, unit: UnitId, name: Name) -> &str {
        self.summary(unit).str(name)
    }

    /// The arguments of a call, spread ones included.
    pub fn arguments(&self, c: C) -> &[Item] {
        let summary = self.summary(c.0);
        summary.items(summary.call(c.1).arguments)
    }

    /// One argument, where no spread before it hides its place.
    pub fn argument(&self, c: C, index: usize) -> Option<V> {
        let items = self.arguments(c);
        if items.iter().take(index + 1).any(|item| item.spread) {
            return None;
        }
        items.get(index).map(|item| V(c.0, item.value))
    }

    /// An argument of a call, or the list that is spread over its place: `open(...args)`.
    pub fn argument_or_spread(&self, c: C, index: usize) -> Option<V> {
        let items = self.arguments(c);
        let spread = items.iter().take(index + 1).find(|item| item.spread);
        spread.or_else(|| items.get(index)).map(|item| V(c.0, item.value))
    }

    /// The call in which this function is written as an argument, and the argument's index.
    pub fn callback_of(&self, f: F) -> Option<(C, u32)> {
        self.callbacks.get(&f).copied()
    }

    /// Whether so much was evaluated that facts may be missing.
    pub fn exhausted(&self) -> bool {
        self.budget.is_exhausted()
    }

    /// The module that an import leads to.
    pub fn target(&self, unit: UnitId, import: ImportId) -> &Target {
        self.modules.target(unit, import)
    }

    /// The first unit of a file, if it holds a script.
    pub fn unit_of(&self, file: FileId) -> Option<UnitId> {
        self.modules.unit_of(file)
    }

    /// What a value is, with nothing known of who called.
    pub fn eval(&self, v: V) -> Values {
        self.eval_in(v, &Frames::default())
    }

    /// What a value certainly is, if it is one thing.
    pub fn only(&self, v: V) -> Option<Known> {
        let values = self.eval(v);
        match values.as_ref() {
            [known] => Some(known.clone()),
            _ => None,
        }
    }

    fn index(&mut self) {
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
    fn whole_of(&self, unit: UnitId, value: ValueId) -> Option<UnitId> {
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

    /// Calls whose callee ends in this name.
    pub(crate) fn calls_named(&self, name: &str) -> &[C] {
        self.calls_by_name.get(name).map_or(&[], Vec::as_slice)
    }

    /// Calls that are handed something of this name, and as which argument.
    pub(crate) fn arguments_named(&self, name: &str) -> &[(C, u32)] {
        self.arguments_by_name.get(name).map_or(&[], Vec::as_slice)
    }

    /// Calls of what a function of this name gave.
    pub(crate) fn curried_calls(&self, name: &str) -> &[C] {
        self.curried_by_name.get(name).map_or(&[], Vec::as_slice)
    }

    /// What a call hands to a parameter of the app's function that it calls: `f.call(this, x)` hands x to the first one.
    pub fn passed(&self, c: C, index: usize) -> Option<V> {
        let callee = V(c.0, self.call(c).callee);
        if let Value::Member(object, name) = self.value(callee)
            && matches!(self.str(c.0, name), "call" | "apply")
            && self.eval(V(c.0, object)).iter().any(|known| matches!(known.thing, things::Thing::Function(..)))
        {
            return match self.str(c.0, name) {
                "call" => self.argument(c, index + 1),
                _ => None,
            };
        }
        self.argument(c, index)
    }

    /// Property writes to this key.
    pub(crate) fn writes_to(&self, key: &str) -> &[(UnitId, u32)] {
        self.writes_by_key.get(key).map_or(&[], Vec::as_slice)
    }

    /// The writes to properties of this name, with what they say.
    pub(crate) fn written_to(&self, key: &str) -> impl Iterator<Item = (UnitId, Write)> + use<'_, 'a> {
        self.writes_to(key).iter().map(|&(unit, index)| (unit, self.summary(unit).writes[index as usize]))
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
