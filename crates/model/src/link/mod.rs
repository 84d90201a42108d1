//! The second step: what the summaries say together.
//!
//! [`Program`] holds every summary and answers, on demand and remembering, what a value is: through variables, files, calls and classes.

mod bridged;
pub(crate) use bridged::OF_PACKAGES;
mod budget;
mod bundles;
mod callers;
mod collections;
mod components;
pub(crate) use components::Description;
mod development;
pub use development::is_development_address;
pub mod electron;
mod emitters;
mod evaluate;
mod exports;
mod held;
mod index;
use index::{ByName, Word, Words};
pub(crate) use index::{bound, final_name};
mod instances;
mod leads;
mod members;
mod memo;
mod objects;
pub use objects::{Lookup, Placed, Use};
mod operators;
mod pages;
pub(crate) use pages::PageRead;
mod parameters;
mod paths;
mod promises;
mod remote;
mod resolve;
mod results;
pub(crate) use results::{PROMISIFY, is_memo, is_merge, is_wrapper_of_component};
mod shapes;
mod stores;
mod texts;
pub mod things;
mod unreached;
mod variables;
mod webviews;
mod window_makers;

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::html::Html;
use crate::source::{FileId, Sources, Span};
use crate::summary::*;
use budget::Budget;
use leads::Leads;
use memo::{LookedByName, Memo};
use resolve::Modules;
pub use resolve::Target;
pub(crate) use resolve::{Json, is_builtin, join, split, within};
use shapes::Shapes;
use things::{Frames, Known, Values};

/// Writes of one script to properties of one name that are looked at.
const MOST_WRITES_OF_NAME: usize = 4096;

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

/// Names under which one thing is known.
type Names = Rc<[Rc<str>]>;

/// Every unit of an app, linked.
pub struct Program<'a> {
    /// The texts.
    pub sources: &'a Sources,
    /// The scripts, in the order of files.
    pub units: Vec<Unit>,
    pages: Vec<Arc<Html>>,
    modules: Modules,
    words: Words,
    calls_by_name: ByName<C>,
    /// Calls of what a call gave, by the name of the function that gave it: `handle('open')(method)`.
    curried_by_name: ByName<C>,
    arguments_by_name: ByName<(C, u32)>,
    writes_by_key: ByName<(UnitId, u32)>,
    callbacks: FxHashMap<F, (C, u32)>,
    additions: collections::AddedByName,
    aliases: ByName<Word>,
    /// What [`Program::names_of`] found.
    names: RefCell<FxHashMap<Rc<str>, Names>>,
    functions_by_name: ByName<()>,
    /// Functions that nothing refers to.
    unreached: FxHashSet<F>,
    /// Names under which other files hold what a unit exports as a whole.
    holders: FxHashMap<UnitId, Vec<Word>>,
    /// Classes that extend something, and what.
    subclasses: OnceCell<Vec<(K, ValueId)>>,
    /// What their members are, by name.
    members_of_heirs: OnceCell<FxHashMap<String, Vec<(K, usize)>>>,
    /// `require('./unit')(…)`.
    called_at_once: FxHashMap<UnitId, Vec<C>>,
    shared_names: pages::SharedNames,
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
    called: LookedByName<F, C>,
    /// The calls that call a listener; nothing is known of one that is being looked at.
    emits: RefCell<FxHashMap<C, Option<Rc<[C]>>>>,
    added: RefCell<collections::Added>,
    /// The names under which scripts keep the collections that they make.
    first_names: RefCell<FxHashMap<UnitId, Rc<collections::FirstNames>>>,
    /// Collections that are being looked into.
    holding: RefCell<Vec<V>>,
    /// The ids of webviews.
    webviews: OnceCell<FxHashSet<String>>,
    /// The paths under which pages know `ipcRenderer`.
    bridged: OnceCell<FxHashSet<String>>,
    /// Calls of packages that make a window, and its options.
    window_makers: OnceCell<FxHashMap<C, V>>,
    registrations: RefCell<FxHashMap<F, Rc<[C]>>>,
    /// What the strings of each unit look like.
    shapes: OnceCell<Vec<Shapes>>,
    leads_to_development: OnceCell<Leads>,
    /// What arguments are, by their name.
    handed_by_name: LookedByName<F, (C, u32)>,
    /// What is written to, by the property's name.
    written_literals: LookedByName<V, (UnitId, u32)>,
    later_keys: RefCell<FxHashMap<UnitId, objects::LaterKeys>>,
    /// What is being evaluated depends on the calls that are assumed.
    assumes: Cell<bool>,
    /// What is being evaluated rests on what was left open.
    is_loose: Cell<bool>,
    depth: Cell<u32>,
    budget: Budget,
}

impl<'a> Program<'a> {
    /// Links the summaries. `units` are in the order of their files, and so are `pages`.
    pub(crate) fn new(sources: &'a Sources, units: Vec<Unit>, pages: &[PageRead]) -> Self {
        let shared_names = pages::SharedNames::new(sources, &units, pages);
        let modules = Modules::new(sources, &units);
        let (budget, memo) = (Budget::new(units.len()), Memo::new(units.len()));
        let mut program = Self {
            sources,
            units,
            pages: pages.iter().map(|(_, html, _)| html.clone()).collect(),
            modules,
            words: Words::default(),
            calls_by_name: ByName::default(),
            curried_by_name: ByName::default(),
            arguments_by_name: ByName::default(),
            writes_by_key: ByName::default(),
            callbacks: FxHashMap::default(),
            additions: collections::AddedByName::default(),
            aliases: ByName::default(),
            names: RefCell::default(),
            functions_by_name: ByName::default(),
            unreached: FxHashSet::default(),
            holders: FxHashMap::default(),
            subclasses: OnceCell::new(),
            members_of_heirs: OnceCell::new(),
            called_at_once: FxHashMap::default(),
            shared_names,
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
            first_names: RefCell::default(),
            holding: RefCell::default(),
            webviews: OnceCell::new(),
            bridged: OnceCell::new(),
            window_makers: OnceCell::new(),
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

    /// Calls whose callee ends in this name.
    pub(crate) fn calls_named(&self, name: &str) -> &[C] {
        self.under(&self.calls_by_name, name)
    }

    /// Calls that are handed something of this name, and as which argument.
    pub(crate) fn arguments_named(&self, name: &str) -> &[(C, u32)] {
        self.under(&self.arguments_by_name, name)
    }

    /// Calls of what a function of this name gave.
    pub(crate) fn curried_calls(&self, name: &str) -> &[C] {
        self.under(&self.curried_by_name, name)
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
        self.under(&self.writes_by_key, key)
    }

    /// The writes of one script to properties of this name: the list goes by scripts.
    pub(crate) fn written_in(&self, unit: UnitId, key: &str) -> impl Iterator<Item = Write> + use<'_, 'a> {
        let writes = self.writes_to(key);
        let from = writes.partition_point(|(of, _)| *of < unit);
        let here = writes[from..].iter().take_while(move |(of, _)| *of == unit).take(MOST_WRITES_OF_NAME);
        here.map(move |&(_, index)| self.summary(unit).writes[index as usize])
    }

    /// The writes to properties of this name, with what they say.
    pub(crate) fn written_to(&self, key: &str) -> impl Iterator<Item = (UnitId, Write)> + use<'_, 'a> {
        self.writes_to(key).iter().map(|&(unit, index)| (unit, self.summary(unit).writes[index as usize]))
    }
}
