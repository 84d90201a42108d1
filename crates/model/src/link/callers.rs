//! Who calls a function of the app's.

use std::rc::Rc;

use super::things::*;
use super::{C, F, K, Program};
use crate::summary::{Export, Value};

/// Calls of one function that are looked at; a function with more is a general one whose arguments say little together.
const MOST_CALLERS: usize = 24;

/// Letters of a method's name that is taken for that of no other object.
const LEAST_TELLING: usize = 8;

/// Calls of a function that registers handlers which are looked at.
const MOST_REGISTRATIONS: usize = 1000;

impl Program<'_> {
    /// The calls that call this function, in the order of files.
    pub fn callers(&self, f: F) -> Rc<[C]> {
        if let Some(known) = self.callers.borrow().get(&f) {
            return known.clone();
        }
        // Who calls is told without asking what parameters are: else each answer would need all others first.
        let deep = self.shallow.replace(true);
        let found = self.find_callers(f, MOST_CALLERS);
        self.shallow.set(deep);
        self.callers.borrow_mut().insert(f, found.clone());
        found
    }

    /// As [`Program::callers`], of a function that registers what it is given: its calls are looked at one by one, so all count.
    pub fn registrations(&self, f: F) -> Rc<[C]> {
        let callers = self.callers(f);
        if callers.len() < MOST_CALLERS {
            return callers;
        }
        if let Some(known) = self.registrations.borrow().get(&f) {
            return known.clone();
        }
        let deep = self.shallow.replace(true);
        let found = self.find_callers(f, MOST_REGISTRATIONS);
        self.shallow.set(deep);
        self.registrations.borrow_mut().insert(f, found.clone());
        found
    }

    /// Whether a call names the function that it calls, or may: one that is called everywhere is handed to nobody.
    pub fn is_called_by_name(&self, f: F, c: C) -> bool {
        let callers = self.registrations(f);
        callers.len() >= MOST_REGISTRATIONS || callers.binary_search(&c).is_ok()
    }

    fn find_callers(&self, f: F, most: usize) -> Rc<[C]> {
        let function = self.function(f);
        let class = function.class.filter(|_| function.kind == crate::summary::FunctionKind::Constructor);
        let name = match class {
            Some(class) => self.summary(f.0).classes[class.index()].name,
            None => function.name,
        };
        let mut calls: Vec<C> = Vec::new();
        let mut heirs: Vec<K> = Vec::new();
        if let Some(class) = class {
            self.inherited(K(f.0, class), &mut calls, &mut heirs);
            // `new Heir(…)` of a class that has no constructor of its own.
            for heir in &heirs {
                let Some(name) = self.summary(heir.0).classes[heir.1.index()].name else { continue };
                for name in self.names_of(self.str(heir.0, name)).iter() {
                    self.calls_of(name, f, most, &mut calls);
                }
            }
        }
        if class.is_none() && self.is_whole_export(f) {
            let at_once = self.called_at_once.get(&f.0).map_or(&[][..], Vec::as_slice);
            for &c in self.calls_of_whole(f.0).take(MOST_CALLERS).flatten().chain(at_once) {
                if calls.len() < MOST_CALLERS && !calls.contains(&c) && self.calls_it(c, f) {
                    calls.push(c);
                }
            }
        }
        let Some(name) = name else {
            self.curried(f, &mut calls);
            calls.sort_unstable();
            return Rc::from(calls);
        };
        for name in self.names_of(self.str(f.0, name)).iter() {
            self.calls_of(name, f, most, &mut calls);
        }
        let is_method = function.class.is_some() || self.is_of_prototype(f);
        if calls.is_empty() && class.is_none() && is_method && self.is_telling(f, name) {
            let by_name = self.calls_named(self.str(f.0, name)).iter();
            calls.extend(by_name.filter(|c| self.calls_something_unknown(**c)).take(MOST_CALLERS));
        }
        calls.sort_unstable();
        Rc::from(calls)
    }

    /// Calls of a function without a name that the function around it returns.
    fn curried(&self, f: F, calls: &mut Vec<C>) {
        let outer = F(f.0, self.function(f).parent);
        let record = self.function(outer);
        let returned = record.exits.iter().filter_map(|exit| exit.value);
        let is_returned = returned.into_iter().any(
            |value| matches!(self.value(super::V(f.0, value)), crate::summary::Value::Function(own) if own == f.1),
        );
        let Some(name) = record.name.filter(|_| is_returned && outer != f) else { return };
        for name in self.names_of(self.str(f.0, name)).iter() {
            for &c in self.curried_calls(name) {
                if calls.len() < MOST_CALLERS && !calls.contains(&c) && self.calls_it(c, f) {
                    calls.push(c);
                }
            }
        }
    }

    /// `module.exports = function () {…}`, `export default`: whoever imports it gives it a name of their own.
    fn is_whole_export(&self, f: F) -> bool {
        let summary = self.summary(f.0);
        summary.exports.iter().any(|export| {
            let value = match *export {
                Export::Whole(value) => value,
                Export::Named(name, value) if summary.str(name) == "default" => value,
                _ => return false,
            };
            match summary.value(value) {
                Value::Function(function) => function == f.1,
                Value::Binding(binding) => {
                    let writes = &summary.bindings[binding.index()].writes;
                    writes.iter().any(|write| summary.value(write.value) == Value::Function(f.1))
                }
                _ => false,
            }
        })
    }

    /// Whether a method's name alone says that it is this one: no other function of the app has it, and it is made of several words.
    fn is_telling(&self, f: F, name: crate::summary::Name) -> bool {
        let name = self.str(f.0, name);
        let words = 1 + name.chars().skip(1).filter(|c| c.is_uppercase()).count();
        words >= 2 && name.len() >= LEAST_TELLING && self.under(&self.functions_by_name, name).len() == 1
    }

    /// `Editor.prototype.paste = function () {…}`.
    fn is_of_prototype(&self, f: F) -> bool {
        self.function(f).holder.is_some_and(|holder| {
            matches!(self.value(super::V(f.0, holder)), Value::Member(_, name) if self.str(f.0, name) == "prototype")
        })
    }

    /// `bridge().method()` where nothing tells what `bridge()` gives: an object of another process, of a container, of a test.
    fn calls_something_unknown(&self, c: C) -> bool {
        let call = self.call(c);
        let callee = super::V(c.0, call.callee);
        call.kind == crate::summary::CallKind::Call
            && matches!(self.value(callee), crate::summary::Value::Member(..))
            && self.eval(callee).iter().all(Known::is_unknown)
    }

    /// Calls of `super(…)` that reach this class's constructor, and the classes that inherit it.
    fn inherited(&self, class: K, calls: &mut Vec<C>, heirs: &mut Vec<K>) {
        let mut open = vec![class];
        while let Some(class) = open.pop() {
            for &(heir, superclass) in self.subclasses() {
                let values = self.eval(super::V(heir.0, superclass));
                let extends = values.iter().any(|known| matches!(known.thing, Thing::Class(found) if found == class));
                if !extends || heir == class || heirs.contains(&heir) || heirs.len() >= MOST_CALLERS {
                    continue;
                }
                let summary = self.summary(heir.0);
                let Some(constructor) = summary.classes[heir.1.index()].constructor else {
                    heirs.push(heir);
                    open.push(heir);
                    continue;
                };
                for (index, call) in summary.calls.iter().enumerate() {
                    if call.kind == crate::summary::CallKind::Super
                        && call.function == constructor
                        && calls.len() < MOST_CALLERS
                    {
                        calls.push(C(heir.0, crate::summary::CallId(index as u32)));
                    }
                }
            }
        }
    }

    /// Adds the calls of this name that call this function, in the order of files, until there are `most` in all.
    fn calls_of(&self, name: &str, f: F, most: usize, calls: &mut Vec<C>) {
        self.look(
            &self.called,
            (&self.calls_by_name, name),
            f,
            |c| self.functions_called(c),
            |c| {
                if calls.len() < most && !calls.contains(&c) {
                    calls.push(c);
                }
                calls.len() < most
            },
        );
    }

    /// The functions that a call may run.
    pub(super) fn functions_called(&self, c: C) -> Vec<F> {
        let callee = super::V(c.0, self.call(c).callee);
        let mut functions: Vec<F> = Vec::new();
        for known in self.eval(callee).iter() {
            let function = match &known.thing {
                Thing::Function(function, _) => Some(*function),
                Thing::Class(class) => self.constructor(*class),
                _ => None,
            };
            functions.extend(function.filter(|function| !functions.contains(function)));
        }
        functions
    }

    /// Every class that extends something, with what it extends.
    pub(super) fn subclasses(&self) -> &[(K, crate::summary::ValueId)] {
        self.subclasses.get_or_init(|| {
            let classes = self.unit_ids().flat_map(|unit| {
                let classes = self.summary(unit).classes.iter().enumerate();
                classes.filter_map(move |(index, class)| {
                    Some((K(unit, crate::summary::ClassId(index as u32)), class.superclass?))
                })
            });
            classes.collect()
        })
    }

    fn calls_it(&self, c: C, f: F) -> bool {
        let callee = super::V(c.0, self.call(c).callee);
        self.eval(callee).iter().any(|known| match &known.thing {
            Thing::Function(found, _) => *found == f,
            Thing::Class(class) => self.constructor(*class) == Some(f),
            _ => false,
        })
    }

    /// The constructor that `new` of a class runs.
    pub(crate) fn constructor(&self, class: super::K) -> Option<F> {
        let mut class = class;
        for _ in 0..8 {
            let record = &self.summary(class.0).classes[class.1.index()];
            if let Some(constructor) = record.constructor {
                return Some(F(class.0, constructor));
            }
            let superclass = super::V(class.0, record.superclass?);
            class = self.eval(superclass).iter().find_map(|known| match known.thing {
                Thing::Class(class) => Some(class),
                _ => None,
            })?;
        }
        None
    }

    /// The places where a function is handed over by name: the call and the argument's index.
    pub fn handed_over(&self, f: F) -> Vec<(C, u32)> {
        if let Some(place) = self.callback_of(f) {
            return vec![place];
        }
        let Some(name) = self.function(f).name else { return Vec::new() };
        if let Some(known) = self.handed.borrow().get(&f) {
            return known.clone();
        }
        let deep = self.shallow.replace(true);
        let places = self.find_handed_over(f, name);
        self.shallow.set(deep);
        self.handed.borrow_mut().insert(f, places.clone());
        places
    }

    fn find_handed_over(&self, f: F, name: crate::summary::Name) -> Vec<(C, u32)> {
        let mut places = Vec::new();
        for name in self.names_of(self.str(f.0, name)).iter() {
            if places.len() >= MOST_CALLERS {
                break;
            }
            let functions = |(c, position): (C, u32)| {
                let argument = self.argument(c, position as usize);
                argument.map_or_else(Vec::new, |argument| self.functions_in(argument))
            };
            self.look(&self.handed_by_name, (&self.arguments_by_name, name), f, functions, |place| {
                places.push(place);
                places.len() < MOST_CALLERS
            });
        }
        places
    }

    /// The functions that a value may be.
    fn functions_in(&self, v: super::V) -> Vec<F> {
        let mut functions: Vec<F> = Vec::new();
        for known in self.eval(v).iter() {
            if let Thing::Function(function, _) = known.thing
                && !functions.contains(&function)
            {
                functions.push(function);
            }
        }
        functions
    }

    /// Whether a function is written inside another.
    pub(crate) fn encloses(&self, outer: F, inner: F) -> bool {
        let mut at = inner.1;
        for _ in 0..64 {
            if outer == F(inner.0, at) {
                return true;
            }
            let parent = self.function(F(inner.0, at)).parent;
            if parent == at {
                return false;
            }
            at = parent;
        }
        false
    }
}
