//! A test, taken apart: what all of its ways out, or any of them, say of an address.

use super::strength::*;
use super::{App, Root};
use crate::link::{C, F, V};
use crate::summary::Operator::{Greater, GreaterOrEqual, Less, LessOrEqual};
use crate::summary::{Condition, ConditionId, Operator, Value};

/// Tests inside tests that are followed; a helper counts for five.
const MOST_DEPTH: u32 = 24;

/// A condition, taken apart.
#[derive(Clone, Debug)]
pub(super) enum Formula {
    All(Vec<Formula>),
    Any(Vec<Formula>),
    Atom(Judged),
}

impl Formula {
    pub(super) fn nothing() -> Self {
        Formula::Atom(Judged::NOTHING)
    }

    pub(super) fn judge(&self) -> Judged {
        let parts = |parts: &[Formula], join: fn(Judged, Judged) -> Judged| {
            parts.iter().map(Formula::judge).reduce(join).unwrap_or(Judged::NOTHING)
        };
        match self {
            Formula::Atom(judged) => judged.clone(),
            // Any one of them is enough.
            Formula::All(all) => parts(all, Judged::better),
            Formula::Any(any) => parts(any, Judged::worse),
        }
    }
}

impl App<'_> {
    pub(super) fn formula(&self, test: V, holds: bool, root: &Root, depth: u32) -> Formula {
        if depth > MOST_DEPTH {
            return Formula::nothing();
        }
        if self.steps.are_used_up() {
            return Formula::Atom(judged(Strength::Opaque, None, None));
        }
        let at = |id| V(test.0, id);
        let go = |v: V, holds: bool| self.formula(v, holds, root, depth + 1);
        let subjects = self.subjects(test);
        // What comes out so only in development does not happen in the shipped app.
        if let Some(yes) = subjects.development {
            let happens = yes != holds;
            return if happens { Formula::nothing() } else { Formula::Atom(judged(Strength::Host, None, None)) };
        }
        if !subjects.may_hold(test, root) {
            return Formula::nothing();
        }
        match self.program.value(test) {
            Value::Unary(Operator::Not, inner) => go(at(inner), !holds),
            Value::Binary(Operator::And, left, right) => {
                let parts = vec![go(at(left), holds), go(at(right), holds)];
                if holds { Formula::All(parts) } else { Formula::Any(parts) }
            }
            Value::Binary(Operator::Or | Operator::Nullish, left, right) => {
                let parts = vec![go(at(left), holds), go(at(right), holds)];
                if holds { Formula::Any(parts) } else { Formula::All(parts) }
            }
            Value::Binary(operator @ (Operator::Equal | Operator::NotEqual), left, right) => {
                let equal = (operator == Operator::Equal) == holds;
                Formula::Atom(self.equality(at(left), at(right), equal, root, self.program.span(test), depth))
            }
            Value::Binary(operator @ (Less | LessOrEqual | Greater | GreaterOrEqual), left, right) => {
                Formula::Atom(self.order(operator, at(left), at(right), holds, root, self.program.span(test)))
            }
            Value::Binary(Operator::In, key, object) => self.looked_up(at(object), at(key), holds, root, test),
            Value::Conditional { test: inner, then, other } => {
                let first = Formula::All(vec![go(at(inner), true), go(at(then), holds)]);
                let second = Formula::All(vec![go(at(inner), false), go(at(other), holds)]);
                // A branch that cannot come out so does not count.
                match (self.never(at(then), holds), self.never(at(other), holds)) {
                    (true, false) => second,
                    (false, true) => first,
                    _ => Formula::Any(vec![first, second]),
                }
            }
            Value::Binding(binding) => {
                let only = self.program.summary(test.0).written_once(binding);
                only.map_or_else(Formula::nothing, |only| go(at(only), holds))
            }
            Value::Await(inner) => go(at(inner), holds),
            Value::Call(call) => self.call_formula(C(test.0, call), holds, root, depth),
            // `allowed[url.host]`: a look-up in an object of constants.
            Value::Index(object, key) => self.looked_up(at(object), at(key), holds, root, test),
            // `const result = check(url); if (result.blocked) return`.
            Value::Member(object, name) => {
                let said = self
                    .call_behind(at(object))
                    .and_then(|c| self.said_by_helpers(c, Some(self.program.str(test.0, name)), holds, root, depth));
                said.map_or_else(Formula::nothing, Formula::Atom)
            }
            _ => Formula::nothing(),
        }
    }

    /// A look-up by a part of the address in an object of constants.
    fn looked_up(&self, object: V, key: V, holds: bool, root: &Root, test: V) -> Formula {
        match self.part_of(key, root) {
            Some(part) if holds && self.is_constant_collection(object) => {
                Formula::Atom(self.membership(object, part, self.program.span(test)))
            }
            _ => Formula::nothing(),
        }
    }

    /// The call that a value is what came of, itself or through variables that are written once.
    fn call_behind(&self, v: V) -> Option<C> {
        let mut at = v;
        for _ in 0..8 {
            at = match self.program.value(at) {
                Value::Call(call) => return Some(C(at.0, call)),
                Value::Await(inner) => V(at.0, inner),
                Value::Binding(binding) => match self.program.summary(at.0).written_once(binding) {
                    Some(only) => V(at.0, only),
                    _ => return None,
                },
                _ => return None,
            };
        }
        None
    }

    /// Whether a value certainly does not come out as `holds`.
    pub(in crate::app) fn never(&self, v: V, holds: bool) -> bool {
        let values = self.eval(v);
        values.iter().all(|known| known.thing.truthy() == Some(!holds))
    }

    pub(super) fn conditions(&self, f: F, condition: Option<ConditionId>, root: &Root, depth: u32) -> Vec<Formula> {
        let conditions = self.program.summary(f.0).conditions_at(condition);
        let formula = |condition: Condition| self.formula(V(f.0, condition.test), condition.holds, root, depth + 1);
        conditions.map(formula).collect()
    }
}
