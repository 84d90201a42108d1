//! In which ways a variable comes to hold what it does where it is read: which write was the last one, and what is known then.

use super::strength::*;
use super::{App, Root};
use crate::link::{F, V};
use crate::summary::{Assignment, Condition, ConditionId, Key, Range, Value, ValueId};

/// Writes to one variable that are told apart.
const MOST_WRITES: usize = 7;

/// Tests between two writes that are looked at.
const MOST_TESTS: usize = 16;

/// Writes to properties of one name among which those of one object are looked for.
const MOST_WRITES_OF_NAME: usize = 64;

/// One way in which a variable, or a property, comes to hold what it does.
pub(in crate::app) struct Way {
    /// What was written last; `None` where nothing was.
    pub value: Option<V>,
    /// What held where it was written.
    pub condition: Option<ConditionId>,
    /// What holds where something else is written later: not all of it held, for each of those writes.
    pub missed: Vec<Vec<Condition>>,
}

/// One write, as a way is made of it.
#[derive(Clone, Copy)]
struct Set {
    value: Option<ValueId>,
    condition: Option<ConditionId>,
    span: Range,
}

impl App<'_> {
    /// The ways in which a variable comes to hold what it does where it is read, in the order of the writes; `None` where it is written
    /// once for all, or in several functions.
    ///
    /// `let action = 'deny'; if (isOwn(url)) action = 'allow';`
    pub(in crate::app) fn ways_of(&self, v: V) -> Option<Vec<Way>> {
        let summary = self.program.summary(v.0);
        let Value::Binding(binding) = summary.value(v.1) else { return None };
        let binding = &summary.bindings[binding.index()];
        if binding.writes.is_empty() || binding.writes.len() > MOST_WRITES {
            return None;
        }
        let function = summary.owner(v.1);
        let is_declaration = |span: Range| span.0 <= binding.span.0 && binding.span.1 <= span.1;
        if binding.function != function || binding.writes.iter().any(|write| write.function != function) {
            return None;
        }
        let mut sets = Vec::new();
        // `granted &&= …` reads what was there before.
        for write in binding.writes.iter().filter(|write| write.value < v.1) {
            let is_parameter = matches!(summary.value(write.value), Value::Parameter(..) | Value::RestParameter(..));
            if sets.is_empty() && !is_declaration(write.span) && !is_parameter {
                sets.push(Set { value: None, condition: None, span: binding.span });
            }
            sets.push(Set { value: Some(write.value), condition: write.condition, span: write.span });
        }
        let read = summary.span(v.1);
        let is_changed = |write: &Assignment| v.1 < write.value && write.span.0 <= read.0 && read.1 <= write.span.1;
        let several = sets.len() > 1 || sets.len() == 1 && binding.writes.iter().any(is_changed);
        several.then(|| self.ways_among(F(v.0, function), &sets))
    }

    /// As [`App::ways_of`], for a property of an object literal that is kept in a variable: `answer.action = 'allow'`.
    pub(in crate::app) fn ways_of_property(&self, literal: V, name: &str) -> Option<Vec<Way>> {
        let summary = self.program.summary(literal.0);
        let Value::Object(list) = summary.value(literal.1) else { return None };
        let function = summary.owner(literal.1);
        let property = summary.properties(list).iter().find(|property| match property.key {
            Key::Name(key) => summary.str(key) == name,
            _ => false,
        });
        let mut sets = vec![Set {
            value: property.map(|property| property.value),
            condition: None,
            span: summary.span(literal.1),
        }];
        let writes = self.program.writes_to(name);
        if writes.len() > MOST_WRITES_OF_NAME {
            return None;
        }
        for &(unit, index) in writes {
            let write = (unit == literal.0).then(|| summary.writes.get(index as usize)).flatten();
            let Some(write) = write.filter(|write| {
                matches!(summary.value(write.object), Value::Binding(_)) && summary.behind(write.object) == literal.1
            }) else {
                continue;
            };
            if write.function != function || sets.len() > MOST_WRITES {
                return None;
            }
            sets.push(Set { value: write.value, condition: write.condition, span: write.span });
        }
        (sets.len() > 1).then(|| self.ways_among(F(literal.0, function), &sets))
    }

    fn ways_among(&self, f: F, sets: &[Set]) -> Vec<Way> {
        let mut ways = Vec::new();
        'each: for (index, set) in sets.iter().enumerate() {
            let mut missed = Vec::new();
            for later in &sets[index + 1..] {
                if self.is_caught(f, set, later) {
                    continue;
                }
                let tests = self.between(f, set.condition, later.condition);
                if tests.is_empty() {
                    // It is always written over.
                    continue 'each;
                }
                missed.push(tests);
            }
            let value = set.value.map(|value| V(f.0, value));
            ways.push(Way { value, condition: set.condition, missed });
        }
        ways
    }

    /// Whether the later one is written in a `catch`, and the other is not: only if something was thrown.
    fn is_caught(&self, f: F, set: &Set, later: &Set) -> bool {
        let within = |(start, end): Range, span: Range| start <= span.0 && span.1 <= end;
        let mut handlers = self.program.summary(f.0).tries.iter().filter_map(|tried| tried.handler);
        handlers.any(|handler| within(handler, later.span) && !within(handler, set.span))
    }

    /// What must hold to come from one place to a later one, save what must hold to come out of the function behind it at all:
    /// `if (!url) return`.
    fn between(&self, f: F, from: Option<ConditionId>, to: Option<ConditionId>) -> Vec<Condition> {
        let summary = self.program.summary(f.0);
        let mut tests = Vec::new();
        let mut at = to;
        while let Some(id) = at.filter(|_| tests.len() < MOST_TESTS && !self.dominates(f.0, at, from)) {
            let condition = summary.conditions[id.index()];
            tests.push(condition);
            at = condition.parent;
        }
        let returns = |condition: &Condition| {
            summary.function(f.1).exits.iter().filter(|exit| !exit.throws).any(|exit| {
                let other = exit.condition.map(|id| summary.conditions[id.index()]);
                other == Some(Condition { holds: !condition.holds, ..*condition })
            })
        };
        tests.retain(|condition| !returns(condition));
        tests
    }

    /// What the conditions of a way say of an address.
    pub(in crate::app) fn judge_way(&self, f: F, way: &Way, root: &Root, depth: u32) -> Judged {
        let mut parts = self.conditions(f, way.condition, root, depth);
        parts.push(self.judge_missed(f, way, root, depth));
        Judged::all(parts)
    }

    /// What it says of an address that nothing else was written later.
    pub(super) fn judge_missed(&self, f: F, way: &Way, root: &Root, depth: u32) -> Judged {
        let missed = way.missed.iter().map(|tests| {
            Judged::any(tests.iter().map(|test| self.judge(V(f.0, test.test), !test.holds, root, depth + 1)))
        });
        Judged::all(missed)
    }
}
