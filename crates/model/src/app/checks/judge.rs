//! A test, taken apart: what all of its ways out, or any of them, say of an address.

use super::strength::*;
use super::{App, Root, Way};
use crate::link::{C, F, V};
use crate::summary::Operator::{Greater, GreaterOrEqual, Less, LessOrEqual};
use crate::summary::{Condition, ConditionId, FunctionId, Key, Operator, TOP, Value, ValueId};

/// Tests inside tests that are followed; a helper counts for five.
const MOST_DEPTH: u32 = 24;

/// Writes to a flag that are looked at.
const MOST_WRITES: usize = 6;

/// Writes to properties of one name among which those of a flag are looked for.
const MOST_WRITES_OF_NAME: usize = 64;

/// What is written to a flag, in which function, under which conditions.
type Set = (ValueId, FunctionId, Option<ConditionId>);

/// Something that is true or false from the start, and the other under conditions.
pub(super) struct Flag {
    /// How it comes out where it was set.
    stands: bool,
    function: FunctionId,
    /// What holds at each place that sets it.
    pub conditions: Vec<Option<ConditionId>>,
}

impl App<'_> {
    pub(super) fn judge(&self, test: V, holds: bool, root: &Root, depth: u32) -> Judged {
        if depth > MOST_DEPTH {
            return Judged::NOTHING;
        }
        if self.steps.are_used_up() {
            return judged(Strength::Opaque, None, None);
        }
        let at = |id| V(test.0, id);
        let go = |v: V, holds: bool| self.judge(v, holds, root, depth + 1);
        let subjects = self.subjects(test);
        // What comes out so only in development does not happen in the shipped app.
        if let Some(yes) = subjects.development {
            let happens = yes != holds;
            return if happens { Judged::NOTHING } else { judged(Strength::Host, None, None) };
        }
        if !subjects.may_hold(test, root) {
            return Judged::NOTHING;
        }
        match self.program.value(test) {
            Value::Unary(Operator::Not, inner) => go(at(inner), !holds),
            Value::Binary(Operator::And, left, right) => {
                let (left, right) = (go(at(left), holds), go(at(right), holds));
                if holds { left.better(right) } else { left.worse(right) }
            }
            Value::Binary(Operator::Or | Operator::Nullish, left, right) => {
                let (left, right) = (go(at(left), holds), go(at(right), holds));
                if holds { left.worse(right) } else { left.better(right) }
            }
            Value::Binary(operator @ (Operator::Equal | Operator::NotEqual), left, right) => {
                let equal = (operator == Operator::Equal) == holds;
                self.equality(at(left), at(right), equal, root, self.program.span(test), depth)
            }
            Value::Binary(operator @ (Less | LessOrEqual | Greater | GreaterOrEqual), left, right) => {
                self.order(operator, at(left), at(right), holds, root, self.program.span(test))
            }
            Value::Binary(Operator::In, key, object) => self.looked_up(at(object), at(key), holds, root, test),
            Value::Conditional { test: inner, then, other } => {
                let first = go(at(inner), true).better(go(at(then), holds));
                let second = go(at(inner), false).better(go(at(other), holds));
                // A branch that cannot come out so does not count.
                match (self.never(at(then), holds), self.never(at(other), holds)) {
                    (true, false) => second,
                    (false, true) => first,
                    _ => first.worse(second),
                }
            }
            Value::Binding(binding) => {
                let only = self.program.summary(test.0).written_once(binding);
                match (self.ways_of(test), only) {
                    (Some(ways), _) => self.judge_ways(test, &ways, holds, root, depth),
                    (None, Some(only)) => go(at(only), holds),
                    (None, None) => self.flag(test, holds, root, depth),
                }
            }
            Value::Await(inner) => go(at(inner), holds),
            Value::Call(call) => self.judge_call(C(test.0, call), holds, root, depth),
            // `answer[0]`, and `allowed[url.host]`: a look-up in an object of constants.
            Value::Index(object, key) => {
                let place = match self.program.value(at(key)) {
                    Value::Number(place) => Some(place.to_string()),
                    _ => None,
                };
                let said =
                    place.as_deref().and_then(|place| self.said_of_member(at(object), place, holds, root, depth));
                said.unwrap_or_else(|| self.looked_up(at(object), at(key), holds, root, test))
            }
            // `const result = check(url); if (result.blocked) return`.
            Value::Member(object, name) => {
                let said = self.said_of_member(at(object), self.program.str(test.0, name), holds, root, depth);
                said.unwrap_or_else(|| {
                    let flag = self.flag(test, holds, root, depth).better(self.agreed(test));
                    flag.better(self.judged_by_callers(test, holds, root, depth))
                })
            }
            Value::Parameter(function, index) => {
                let promise = self.settled(F(test.0, function)).filter(|_| index == 0);
                let told = promise.map_or(Judged::NOTHING, |promise| go(promise, holds)).better(self.agreed(test));
                told.better(self.judged_by_callers(test, holds, root, depth))
            }
            _ => Judged::NOTHING,
        }
    }

    /// What it says that a member of a helper's answer comes out so.
    fn said_of_member(&self, object: V, name: &str, holds: bool, root: &Root, depth: u32) -> Option<Judged> {
        let Some(c) = self.call_behind(object) else { return self.said_of_literal(object, name, holds, root, depth) };
        let comes_out = |value: Option<V>| value.map_or(!holds, |value| !self.never(value, holds));
        let says = |value: V, root: &Root| self.judge(value, holds, root, depth + 5);
        self.said_by_answer(c, Some(name), root, depth, &comes_out, &says)
            .or_else(|| self.said_by_helpers(c, Some(name), holds, root, depth))
    }

    /// `if (!response) open(url)`: the first button, or another one.
    fn agreed(&self, test: V) -> Judged {
        match self.root(test).is_some_and(|answer| self.is_consent(&answer)) {
            true => judged(Strength::Opaque, Some(self.program.span(test)), None),
            false => Judged::NOTHING,
        }
    }

    /// What the ways say in which a variable comes out so.
    fn judge_ways(&self, v: V, ways: &[Way], holds: bool, root: &Root, depth: u32) -> Judged {
        let f = F(v.0, self.program.summary(v.0).owner(v.1));
        let comes_out = |way: &&Way| way.value.map_or(!holds, |value| !self.never(value, holds));
        let judge = |way: &Way| {
            let written = way.value.map_or(Judged::NOTHING, |value| self.judge(value, holds, root, depth + 1));
            self.judge_way(f, way, root, depth).better(written)
        };
        Judged::any(ways.iter().filter(comes_out).map(judge))
    }

    /// A flag that is set under conditions, and stands otherwise before: it says what they say.
    ///
    /// `let own = false; if (new URL(url).host === 'example.com') own = true;`
    fn flag(&self, v: V, holds: bool, root: &Root, depth: u32) -> Judged {
        let Some(flag) = self.flag_behind(v).filter(|flag| flag.stands == holds) else { return Judged::NOTHING };
        let set = |condition: &Option<ConditionId>| {
            Judged::all(self.conditions(F(v.0, flag.function), *condition, root, depth))
        };
        Judged::any(flag.conditions.iter().map(set))
    }

    /// The flag that a variable, or a property of an object of the function's own, is.
    pub(super) fn flag_behind(&self, v: V) -> Option<Flag> {
        let summary = self.program.summary(v.0);
        let bool_of = |value| match summary.value(value) {
            Value::Bool(bool) => Some(bool),
            _ => None,
        };
        let (before, function, later): (bool, FunctionId, Vec<Set>) = match summary.value(v.1) {
            Value::Binding(binding) => {
                let [first, later @ ..] = &summary.bindings[binding.index()].writes[..] else { return None };
                if later.len() > MOST_WRITES || first.condition.is_some() {
                    return None;
                }
                let later = later.iter().map(|write| (write.value, write.function, write.condition)).collect();
                (bool_of(first.value)?, first.function, later)
            }
            Value::Member(object, name) => {
                let Value::Binding(binding) = summary.value(object) else { return None };
                let Value::Object(list) = summary.value(summary.written_once(binding)?) else { return None };
                let mut properties = summary.properties(list).iter();
                let property = properties.find(|property| property.key == Key::Name(name))?;
                let mut later = Vec::new();
                let writes = self.program.writes_to(summary.str(name));
                if writes.len() > MOST_WRITES_OF_NAME {
                    return None;
                }
                for &(unit, index) in writes {
                    let write = (unit == v.0).then(|| summary.writes.get(index as usize)).flatten();
                    let Some(write) = write
                        .filter(|write| matches!(summary.value(write.object), Value::Binding(of) if of == binding))
                    else {
                        continue;
                    };
                    if later.len() >= MOST_WRITES {
                        return None;
                    }
                    later.push((write.value?, write.function, write.condition));
                }
                (bool_of(property.value)?, summary.bindings[binding.index()].function, later)
            }
            _ => return None,
        };
        // Each run of a function has a variable of its own, which functions inside see: `sites.forEach((site) => { … own = true; })`.
        let is_seen = |of| of == function || function != TOP && self.program.encloses(F(v.0, function), F(v.0, of));
        let is_set = |(value, of, _): &(ValueId, FunctionId, _)| bool_of(*value) == Some(!before) && is_seen(*of);
        (!later.is_empty() && later.iter().all(is_set)).then(|| Flag {
            stands: !before,
            function,
            conditions: later.into_iter().map(|(.., condition)| condition).collect(),
        })
    }

    /// A look-up by a part of the address in an object of constants.
    fn looked_up(&self, object: V, key: V, holds: bool, root: &Root, test: V) -> Judged {
        match self.part_of(key, root) {
            Some(part) if holds && self.is_constant_collection(object) => {
                self.membership(object, part, self.program.span(test))
            }
            _ => Judged::NOTHING,
        }
    }

    /// The call that a value is what came of, itself or through variables that are written once.
    pub fn call_behind(&self, v: V) -> Option<C> {
        let mut at = v;
        for _ in 0..8 {
            at = match self.program.value(at) {
                Value::Call(call) => return Some(C(at.0, call)),
                Value::Await(inner) => V(at.0, inner),
                Value::Binding(binding) => match self.program.summary(at.0).written_once(binding) {
                    Some(only) => V(at.0, only),
                    _ => return None,
                },
                Value::Parameter(function, 0) => self.settled(F(at.0, function))?,
                _ => return None,
            };
        }
        None
    }

    /// The promise whose value a function is called with, once there is one: `ask().then((answer) => …)`.
    pub(in crate::app) fn settled(&self, f: F) -> Option<V> {
        let (c, 0) = self.program.callback_of(f)? else { return None };
        match self.program.value(V(c.0, self.program.call(c).callee)) {
            Value::Member(promise, name) if self.program.str(c.0, name) == "then" => Some(V(c.0, promise)),
            _ => None,
        }
    }

    /// Whether a value certainly does not come out as `holds`.
    pub(in crate::app) fn never(&self, v: V, holds: bool) -> bool {
        let values = self.eval(v);
        values.iter().all(|known| known.thing.truthy() == Some(!holds))
    }

    pub(super) fn conditions(&self, f: F, condition: Option<ConditionId>, root: &Root, depth: u32) -> Vec<Judged> {
        let conditions = self.program.summary(f.0).conditions_at(condition);
        let judge = |condition: Condition| self.judge(V(f.0, condition.test), condition.holds, root, depth + 1);
        conditions.map(judge).collect()
    }
}
