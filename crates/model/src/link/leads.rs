//! Which values can be one of a few things at all.
//!
//! A question such as "is this the test of a development build?" is asked of thousands of tests, and of nearly none the answer is yes.
//! Finding out what a test is costs an evaluation, with everything that leads into it. So what could make the answer *yes* is followed
//! through the app first, the other way round, and without looking at what happens when: from `isPackaged` to the variables, properties,
//! functions, parameters and exports that hold it, or a choice or comparison made of it. What that does not reach need not be evaluated.
//!
//! What is in here *may* be such a thing, and is evaluated then. What is handed on by callbacks, events and lists is not followed.

use std::rc::Rc;

use rustc_hash::FxHashSet;

use super::operators::is_environment;
use super::shapes::Shapes;
use super::{Program, Target, UnitId, V};
use crate::summary::*;

/// Rounds through the scripts before everything counts.
const MOST_ROUNDS: usize = 24;

/// Functions of the language that give what they are given.
const GIVING: [&str; 7] = ["Boolean", "String", "freeze", "seal", "resolve", "structuredClone", "fromEntries"];

/// The values of an app that can be what some names stand for.
pub(super) struct Leads {
    /// By unit; empty for one in which nothing can.
    units: Vec<Flags>,
    /// The names led too far.
    everything: bool,
}

/// What is known of one unit.
#[derive(Default)]
struct Flags {
    /// For each of [`Summary::strings`], whether something of this name can.
    names: Vec<bool>,
    values: Vec<bool>,
    bindings: Vec<bool>,
    /// Whether what a function returns can.
    returns: Vec<bool>,
    parameters: FxHashSet<(FunctionId, u32)>,
    /// The names of exports that can.
    exports: FxHashSet<Rc<str>>,
    /// Whether what the unit is as a whole can.
    is_whole: bool,
}

/// What is found on the way, by name.
#[derive(Default)]
struct Found {
    /// Properties, functions and globals.
    names: Names,
    /// Functions that are called as members, and which of their arguments can.
    given: FxHashSet<(Rc<str>, u32)>,
    given_names: Names,
    /// Names that are new in this round: units that say none of them need not be looked at again.
    fresh: Shapes,
    /// Units whose exports are more since this round began.
    grown: FxHashSet<UnitId>,
}

impl Found {
    fn holds(&mut self, name: &str) {
        if self.names.insert(name) {
            self.fresh.insert(name);
        }
    }

    fn gives(&mut self, name: &str, index: u32) {
        self.given_names.insert(name);
        if self.given.insert((Rc::from(name), index)) {
            self.fresh.insert(name);
        }
    }
}

/// A set of names that is asked for far more texts than it holds.
#[derive(Default)]
struct Names {
    names: FxHashSet<Rc<str>>,
    shapes: Shapes,
}

impl Names {
    fn insert(&mut self, name: &str) -> bool {
        if self.contains(name) {
            return false;
        }
        self.shapes.insert(name);
        self.names.insert(Rc::from(name))
    }

    fn contains(&self, text: &str) -> bool {
        self.shapes.may_hold(text) && self.names.contains(text)
    }
}

impl Leads {
    /// What can be what these stand for: names of properties, globals and modules.
    pub(super) fn new<'n>(program: &Program, names: impl Iterator<Item = &'n str>) -> Self {
        let mut leads = Self { units: Vec::new(), everything: false };
        leads.units.resize_with(program.units.len(), Flags::default);
        let mut found = Found::default();
        names.for_each(|name| found.holds(name));
        let mut rounds = 0;
        while !found.fresh.is_empty() || !found.grown.is_empty() {
            rounds += 1;
            if rounds > MOST_ROUNDS {
                leads.everything = true;
                break;
            }
            let fresh = std::mem::take(&mut found.fresh);
            let grown = std::mem::take(&mut found.grown);
            for unit in program.unit_ids() {
                let imports = program.summary(unit).imports.len() as u32;
                let is_given = !grown.is_empty()
                    && (0..imports).any(|import| match program.target(unit, ImportId(import)) {
                        Target::Unit(target) => grown.contains(target),
                        _ => false,
                    });
                if is_given || program.shapes_of(unit).may_share(&fresh) {
                    leads.look_at(program, unit, &mut found);
                }
            }
        }
        leads
    }

    /// Whether a value can.
    pub(super) fn may(&self, v: V) -> bool {
        let flags = self.units.get(v.0.0 as usize);
        self.everything || flags.is_some_and(|flags| flags.values.get(v.1.index()) == Some(&true))
    }

    fn look_at(&mut self, program: &Program, unit: UnitId, found: &mut Found) {
        let summary = program.summary(unit);
        let imports = summary.imports.iter().enumerate();
        let mut is_imported = false;
        let whole: Vec<bool> = imports
            .map(|(index, import)| match program.target(unit, ImportId(index as u32)) {
                Target::Unit(target) => {
                    let flags = &self.units[target.0 as usize];
                    is_imported |= flags.is_whole || !flags.exports.is_empty();
                    flags.is_whole
                }
                _ => found.names.contains(summary.str(import.specifier)),
            })
            .collect();
        let is_known = |text: &str| found.names.contains(text) || found.given_names.contains(text);
        if self.units[unit.0 as usize].values.is_empty()
            && !is_imported
            && !summary.strings.iter().any(|text| is_known(text))
        {
            return;
        }
        let mut flags = std::mem::take(&mut self.units[unit.0 as usize]);
        if flags.values.is_empty() {
            flags.values = vec![false; summary.values.len()];
            flags.bindings = vec![false; summary.bindings.len()];
            flags.returns = vec![false; summary.functions.len()];
        }
        flags.names = summary.strings.iter().map(|text| found.names.contains(text)).collect();
        let mut look = Look { program, unit, summary, units: &self.units, flags, whole, found };
        while look.once() {}
        self.units[unit.0 as usize] = look.flags;
    }
}

/// One unit that is being looked at.
struct Look<'p, 's> {
    program: &'p Program<'s>,
    unit: UnitId,
    summary: &'p Summary,
    /// The other units.
    units: &'p [Flags],
    flags: Flags,
    /// For each import, whether the module as a whole can.
    whole: Vec<bool>,
    found: &'p mut Found,
}

impl Look<'_, '_> {
    /// Looks at everything once; tells whether something came of it for what was looked at before.
    fn once(&mut self) -> bool {
        let mut has_grown = false;
        for (index, node) in self.summary.values.iter().enumerate() {
            if !self.flags.values[index] && self.can(node.value) {
                self.flags.values[index] = true;
                has_grown = true;
            }
        }
        has_grown |= self.variables();
        has_grown |= self.functions();
        has_grown |= self.calls();
        self.properties();
        self.exports();
        has_grown
    }

    fn is(&self, value: ValueId) -> bool {
        self.flags.values[value.index()]
    }

    fn named(&self, name: Name) -> bool {
        self.flags.names[name.index()]
    }

    fn can(&self, value: Value) -> bool {
        let summary = self.summary;
        match value {
            Value::Global(name) => self.named(name),
            Value::Function(function) => self.flags.returns[function.index()],
            Value::Conditional { test, then, other } => {
                self.is(then)
                    || self.is(other)
                    || self.is(test) && [then, other].iter().all(|side| self.is_answer(*side))
            }
            Value::Binary(operator, left, right) => {
                let is_choice = matches!(
                    operator,
                    Operator::And
                        | Operator::Or
                        | Operator::Nullish
                        | Operator::Default
                        | Operator::Equal
                        | Operator::NotEqual
                        | Operator::Less
                        | Operator::Greater
                        | Operator::GreaterOrEqual
                );
                is_choice && (self.is(left) || self.is(right))
            }
            Value::Unary(Operator::Not, inner) | Value::Await(inner) => self.is(inner),
            Value::Member(object, name) => {
                self.named(name) || self.is(object) && matches!(summary.str(name), "default" | "bind" | "call")
            }
            // `process.env[NAME]`: what is put together is not followed.
            Value::Index(_, index) if self.is(index) => true,
            Value::Index(_, index) => {
                let text = summary.text(summary.behind(index));
                text.is_some_and(|text| self.found.names.contains(text))
            }
            Value::Call(call) => {
                let call = summary.call(call);
                self.is(call.callee)
                    || self.gives(call)
                    || summary.may_ask_for_place(call)
                    || summary.looked_up(call).is_some_and(|(_, asked)| self.is(asked))
            }
            Value::Binding(binding) => self.flags.bindings[binding.index()],
            Value::Module(import) => self.whole[import.index()],
            Value::ImportName(import, name) => self.imported(import, name),
            Value::Parameter(function, index) => self.flags.parameters.contains(&(function, index)),
            _ => false,
        }
    }

    /// Whether a value is what a test of the build chooses between, to be compared later: `'production'`.
    fn is_answer(&self, value: ValueId) -> bool {
        self.summary.text(value).is_some_and(is_environment)
    }

    /// Whether a function of the language gives what it is given.
    fn gives(&self, call: &Call) -> bool {
        let summary = self.summary;
        let name = match summary.value(call.callee) {
            Value::Global(name) | Value::Member(_, name) => name,
            _ => return false,
        };
        GIVING.contains(&summary.str(name)) && summary.items(call.arguments).iter().any(|item| self.is(item.value))
    }

    fn imported(&self, import: ImportId, name: Name) -> bool {
        let name = self.summary.str(name);
        match self.program.target(self.unit, import) {
            Target::Unit(target) if *target == self.unit => self.flags.exports.contains(name),
            Target::Unit(target) => {
                let flags = &self.units[target.0 as usize];
                flags.exports.contains(name) || flags.is_whole
            }
            _ => self.whole[import.index()] || self.found.names.contains(name),
        }
    }

    fn variables(&mut self) -> bool {
        let mut has_grown = false;
        for (index, binding) in self.summary.bindings.iter().enumerate() {
            if !self.flags.bindings[index] && binding.writes.iter().any(|write| self.is(write.value)) {
                self.flags.bindings[index] = true;
                has_grown = true;
                if self.program.is_known_beside(self.unit, binding) {
                    self.found.holds(self.summary.str(binding.name));
                }
            }
        }
        has_grown
    }

    fn functions(&mut self) -> bool {
        let summary = self.summary;
        let mut has_grown = false;
        for (index, function) in summary.functions.iter().enumerate() {
            let id = FunctionId(index as u32);
            let mut values = function.exits.iter().filter_map(|exit| exit.value);
            if !self.flags.returns[index] && values.any(|value| self.is(value)) {
                self.flags.returns[index] = true;
                has_grown = true;
                if let Some(name) = function.name {
                    self.found.holds(summary.str(name));
                }
            }
            let class = function.class.filter(|_| function.kind == FunctionKind::Constructor);
            let name = class.and_then(|class| summary.classes[class.index()].name).or(function.name);
            let Some(name) = name.map(|name| summary.str(name)).filter(|name| self.found.given_names.contains(name))
            else {
                continue;
            };
            for position in 0..function.parameters.len() as u32 {
                if self.found.given.contains(&(Rc::from(name), position)) {
                    has_grown |= self.flags.parameters.insert((id, position));
                }
            }
        }
        has_grown
    }

    fn properties(&mut self) {
        let summary = self.summary;
        for property in &summary.properties {
            if let Key::Name(key) = property.key
                && self.is(property.value)
            {
                self.found.holds(summary.str(key));
            }
        }
        for member in summary.classes.iter().flat_map(|class| &class.members) {
            if let Key::Name(key) = member.key
                && member.value.is_some_and(|value| self.is(value))
            {
                self.found.holds(summary.str(key));
            }
        }
        for write in &summary.writes {
            if let Key::Name(key) = write.key
                && write.value.is_some_and(|value| self.is(value))
            {
                self.found.holds(summary.str(key));
            }
        }
    }

    /// What is called with something that can.
    fn calls(&mut self) -> bool {
        let summary = self.summary;
        let mut has_grown = false;
        for call in &summary.calls {
            for (position, item) in summary.items(call.arguments).iter().enumerate() {
                if self.is(item.value) {
                    has_grown |= self.call(call, position as u32);
                }
            }
        }
        has_grown
    }

    fn call(&mut self, call: &Call, position: u32) -> bool {
        let summary = self.summary;
        let callee = match call.kind {
            CallKind::Super => {
                let class = summary.function(call.function).class;
                let Some(superclass) = class.and_then(|class| summary.classes[class.index()].superclass) else {
                    return false;
                };
                superclass
            }
            _ => call.callee,
        };
        match summary.value(summary.behind(callee)) {
            Value::Function(function) => self.flags.parameters.insert((function, position)),
            Value::Class(class) => match summary.classes[class.index()].constructor {
                Some(constructor) => self.flags.parameters.insert((constructor, position)),
                None => false,
            },
            Value::Member(_, name) | Value::ImportName(_, name) => {
                self.found.gives(summary.str(name), position);
                false
            }
            Value::Binding(binding) => {
                self.found.gives(summary.str(summary.bindings[binding.index()].name), position);
                false
            }
            _ => false,
        }
    }

    fn exports(&mut self) {
        let summary = self.summary;
        let mut names: Vec<Rc<str>> = Vec::new();
        let mut is_whole = self.flags.is_whole;
        for export in &summary.exports {
            match *export {
                Export::Named(name, value) if self.is(value) => names.push(Rc::from(summary.str(name))),
                Export::Whole(value) => is_whole |= self.is(value),
                Export::From(name, import, imported) if self.imported(import, imported) => {
                    names.push(Rc::from(summary.str(name)));
                }
                Export::Star(import) => {
                    if let Target::Unit(target) = self.program.target(self.unit, import) {
                        names.extend(self.units[target.0 as usize].exports.iter().cloned());
                    }
                }
                _ => {}
            }
        }
        let mut has_grown = is_whole && !self.flags.is_whole;
        for name in names {
            self.found.holds(&name);
            has_grown |= self.flags.exports.insert(name);
        }
        self.flags.is_whole = is_whole;
        if has_grown {
            self.found.grown.insert(self.unit);
        }
    }
}
