//! What a test can speak of at all. Most tests that dominate a place are about something else than the value that is asked about.

use std::rc::Rc;

use rustc_hash::FxHashSet;

use super::{App, Base, Root, UrlPart};
use crate::link::things::{Known, Thing};
use crate::link::{C, F, V};
use crate::summary::{ConditionId, Operator, Value, ValueId};

/// Values of one test that are looked at; a test of more may speak of anything.
const MOST_VALUES: usize = 256;

/// Writes to one variable that are looked at.
const MOST_WRITES: usize = 5;

/// Tests inside tests that are looked into for one that asks for development.
const MOST_DEPTH: u32 = 24;

/// What a test says by itself, and what it may speak of.
pub(in crate::app) struct Subjects {
    /// It comes out so only in development.
    pub development: Option<bool>,
    /// A part of it does, or may.
    asks_for_development: bool,
    /// What stands at the bottom of its values; `None`: of anything.
    bases: Option<FxHashSet<Base>>,
}

impl Subjects {
    /// Whether the test may say something of what is made from this. What another script holds reaches a test as a parameter.
    pub fn may_hold(&self, test: V, root: &Root) -> bool {
        self.asks_for_development
            || self
                .bases
                .as_ref()
                .is_none_or(|bases| root.unit == test.0 && bases.iter().any(|base| touch(base, &root.base)))
    }
}

/// Whether they are the same, or handed to the same function: a caller may hand over an address and a part of it.
fn touch(one: &Base, other: &Base) -> bool {
    match (one, other) {
        (Base::Parameter(one, _), Base::Parameter(other, _)) => one == other,
        _ => one == other,
    }
}

impl App<'_> {
    /// What a test may speak of.
    pub(in crate::app) fn subjects(&self, test: V) -> Rc<Subjects> {
        self.subjects_within(test, 0)
    }

    fn subjects_within(&self, test: V, depth: u32) -> Rc<Subjects> {
        if let Some(known) = self.subjects.borrow().get(&test) {
            return known.clone();
        }
        let development = match self.eval(test).as_ref() {
            [Known { thing: Thing::Development(yes), .. }] => Some(*yes),
            _ => None,
        };
        let asks = |v: ValueId| self.subjects_within(V(test.0, v), depth + 1).asks_for_development;
        let asks_for_development = development.is_some()
            || depth >= MOST_DEPTH
            || match self.program.value(test) {
                Value::Unary(Operator::Not, inner) | Value::Await(inner) => asks(inner),
                Value::Binary(Operator::And | Operator::Or | Operator::Nullish, left, right) => {
                    asks(left) || asks(right)
                }
                Value::Conditional { test, then, other } => asks(test) || asks(then) || asks(other),
                Value::Binding(binding) => self.program.summary(test.0).written_once(binding).is_some_and(asks),
                _ => false,
            };
        let found = Rc::new(Subjects { development, asks_for_development, bases: self.bases(test) });
        self.subjects.borrow_mut().insert(test, found.clone());
        found
    }

    /// Whether a value is what stands behind the server in a parsed address: it begins with the sign that ends a server's name, or is empty.
    pub fn begins_behind_server(&self, v: V) -> bool {
        let v = self.program.behind(v);
        self.stands_beside_server(v)
            && matches!(self.program.value(v), Value::Member(_, name) if self.program.str(v.0, name) != "searchParams")
    }

    /// Whether a value is read of a parsed address, and says nothing of where that leads: `link.searchParams`.
    pub(in crate::app) fn stands_beside_server(&self, v: V) -> bool {
        // `const { searchParams } = new URL(link)`.
        let read = match self.program.value(v) {
            Value::Binding(binding) => self.program.summary(v.0).written_once(binding).map_or(v, |only| V(v.0, only)),
            _ => v,
        };
        matches!(self.program.value(read), Value::Member(_, name)
            if matches!(self.program.str(v.0, name), "pathname" | "search" | "hash" | "searchParams"))
            && matches!(self.url_part(v), Some((_, UrlPart::Other)))
    }

    /// Whether all that holds here of an address is about its scheme and server: `link.host === 'open'` says nothing of what stands
    /// behind it.
    pub(in crate::app) fn asks_for_server_alone(&self, f: F, condition: Option<ConditionId>, v: V) -> bool {
        let Some(root) = self.root(v) else { return false };
        let summary = self.program.summary(f.0);
        let mut tests: Vec<ValueId> = summary.conditions_at(condition).map(|condition| condition.test).collect();
        let mut open = Vec::new();
        let mut seen: FxHashSet<ValueId> = FxHashSet::default();
        // `if (!link) return`: that there is one says nothing.
        while let Some(test) = tests.pop() {
            if tests.len() + open.len() > MOST_VALUES {
                return false;
            }
            match summary.value(test) {
                Value::Unary(Operator::Not, inner) => tests.push(inner),
                Value::Binary(Operator::And | Operator::Or, left, right) => tests.extend([left, right]),
                Value::Binding(_) | Value::Parameter(..) if self.root(V(f.0, test)).as_ref() == Some(&root) => {}
                _ => open.push(test),
            }
        }
        let mut asks = false;
        while let Some(value) = open.pop() {
            if !seen.insert(value) {
                continue;
            }
            if seen.len() > MOST_VALUES {
                return false;
            }
            match self.part_of(V(f.0, value), &root) {
                Some(UrlPart::Protocol | UrlPart::Host | UrlPart::Origin) => {
                    asks = true;
                    continue;
                }
                Some(UrlPart::Whole | UrlPart::Other) => return false,
                None => {}
            }
            match summary.value(value) {
                Value::Call(call) => {
                    let record = summary.call(call);
                    open.push(record.callee);
                    open.extend(summary.items(record.arguments).iter().map(|item| item.value));
                }
                Value::Member(inner, _) | Value::Unary(_, inner) | Value::Await(inner) => open.push(inner),
                Value::Index(left, right) | Value::Binary(_, left, right) => open.extend([left, right]),
                Value::Binding(binding) => open.extend(summary.written_once(binding)),
                Value::Conditional { test, then, other } => open.extend([test, then, other]),
                _ => {}
            }
        }
        asks
    }

    fn bases(&self, test: V) -> Option<FxHashSet<Base>> {
        let summary = self.program.summary(test.0);
        let mut bases = FxHashSet::default();
        let mut seen: FxHashSet<ValueId> = FxHashSet::default();
        let mut open = vec![test.1];
        while let Some(value) = open.pop() {
            if !seen.insert(value) {
                continue;
            }
            if seen.len() > MOST_VALUES {
                return None;
            }
            if let Some(flag) = self.flag_behind(V(test.0, value)) {
                let set = flag.conditions.iter().flat_map(|condition| summary.conditions_at(*condition));
                open.extend(set.map(|condition| condition.test));
            }
            match summary.value(value) {
                Value::Binding(binding) => {
                    bases.insert(Base::Binding(binding));
                    let writes = &summary.bindings[binding.index()].writes;
                    if writes.len() <= MOST_WRITES {
                        open.extend(writes.iter().map(|write| write.value));
                    }
                    let ways = self.ways_of(V(test.0, value)).unwrap_or_default();
                    for way in &ways {
                        open.extend(summary.conditions_at(way.condition).map(|condition| condition.test));
                        open.extend(way.missed.iter().flatten().map(|condition| condition.test));
                    }
                }
                Value::Parameter(function, index) | Value::RestParameter(function, index) => {
                    let f = F(test.0, function);
                    if self.is_answer_of_user(f, index) {
                        return None;
                    }
                    bases.insert(Base::Parameter(function, index));
                    // A function is made where it is handed over: both lie in one script.
                    open.extend(self.settled(f).filter(|_| index == 0).map(|promise| promise.1));
                }
                Value::This(function) => {
                    bases.insert(Base::This(function));
                }
                Value::Call(call) => {
                    bases.insert(Base::Call(call));
                    let record = summary.call(call);
                    // What is called for each element may speak of anything that it sees.
                    let is_for_each = matches!(summary.value(record.callee), Value::Member(_, method)
                        if matches!(summary.str(method), "some" | "every" | "find" | "any" | "findIndex"));
                    // Who agrees in a dialog agrees to whatever it is about.
                    // What is shown now says something of every address.
                    // So may a function that is made beside it: it sees what this one sees.
                    let is_beside = self.is_closure(V(test.0, record.callee));
                    if is_for_each
                        || is_beside
                        || self.asks_user(C(test.0, call))
                        || self.gives_address_shown(C(test.0, call))
                    {
                        return None;
                    }
                    open.push(record.callee);
                    open.extend(summary.items(record.arguments).iter().map(|item| item.value));
                }
                Value::Member(inner, _)
                | Value::Unary(_, inner)
                | Value::Await(inner)
                | Value::ElementOf(inner)
                | Value::KeyOf(inner)
                | Value::RestOf(inner) => open.push(inner),
                Value::Index(left, right) | Value::Binary(_, left, right) => open.extend([left, right]),
                Value::Conditional { test, then, other } => open.extend([test, then, other]),
                Value::Template(list) | Value::Array(list) => {
                    open.extend(summary.items(list).iter().map(|item| item.value));
                }
                Value::Object(list) => {
                    open.extend(summary.properties(list).iter().map(|property| property.value));
                }
                _ => {}
            }
        }
        Some(bases)
    }
}
