//! The environment in the hands of pages: variables that a page names, and all of them.

use super::bridge::{Leak, LeakKind, Walk};
use super::checks::Strength;
use super::parameters::Flow;
use crate::link::things::{Certainty, Thing};
use crate::link::{F, V};
use crate::source::Span;
use crate::summary::{ConditionId, Key, Operator, Value};

/// All variables of the environment.
pub(super) const ENVIRONMENT: &str = "process.env";

/// Values inside values that a function may return.
const MOST_ALTERNATIVES: u32 = 8;

/// Where in a function something is told or set.
#[derive(Clone, Copy)]
struct Place {
    f: F,
    condition: Option<ConditionId>,
    /// A test inside an expression, and how it came out.
    test: Option<(V, bool)>,
}

impl Walk<'_, '_> {
    /// What an exposed function tells the page: `name => process.env[name]`, `() => process.env`.
    pub(super) fn told(&mut self, f: F) {
        let exits = self.app.program.function(f).exits.clone();
        for exit in exits {
            if let Some(value) = exit.value {
                self.value_told(V(f.0, value), Place { f, condition: exit.condition, test: None }, 0);
            }
        }
    }

    fn value_told(&mut self, v: V, place: Place, depth: u32) {
        if depth > MOST_ALTERNATIVES {
            return;
        }
        let at = |id| V(v.0, id);
        let summary = self.app.program.summary(v.0);
        match summary.value(v.1) {
            Value::Binding(binding) => {
                if let Some(only) = summary.written_once(binding) {
                    self.value_told(at(only), place, depth + 1);
                }
            }
            Value::Await(inner) => self.value_told(at(inner), place, depth + 1),
            Value::Binary(Operator::Or | Operator::Nullish | Operator::Default, left, right) => {
                self.value_told(at(left), place, depth + 1);
                self.value_told(at(right), place, depth + 1);
            }
            Value::Binary(Operator::And, test, right) => {
                self.value_told(at(right), Place { test: Some((at(test), true)), ..place }, depth + 1);
            }
            Value::Conditional { test, then, other } => {
                self.value_told(at(then), Place { test: Some((at(test), true)), ..place }, depth + 1);
                self.value_told(at(other), Place { test: Some((at(test), false)), ..place }, depth + 1);
            }
            Value::Index(object, key) => {
                let all = self.app.program.function(place.f).parameters.len() as u32;
                let held: Vec<u32> = (0..all).collect();
                if self.flow(at(key), place.f, &held) == Some(Flow::Whole) && self.is_environment(at(object)) {
                    self.variable(LeakKind::Variable, at(key), self.app.span(at(key)), place, false);
                }
            }
            Value::Member(..) if self.is_environment(v) => {
                self.variable(LeakKind::Api, v, self.app.span(v), place, false);
            }
            Value::Object(list) => {
                let spread = summary.properties(list).iter().filter(|property| property.key == Key::Spread);
                let spread: Vec<V> = spread.map(|property| at(property.value)).collect();
                for inner in spread {
                    self.value_told(inner, place, depth + 1);
                }
            }
            _ => {}
        }
    }

    /// `(name, value) => { process.env[name] = value }`.
    pub(super) fn variables_set(&mut self, f: F, held: &[u32], checked: bool) {
        let summary = self.app.program.summary(f.0);
        let events = summary.function(f.1).events;
        // Writes are listed in the order of their events.
        let first = summary.writes.partition_point(|write| write.order <= events.0);
        let end = summary.writes.partition_point(|write| write.order <= events.1).max(first);
        for write in &summary.writes[first..end] {
            let Key::Computed(key) = write.key else { continue };
            let key = V(f.0, key);
            if write.value.is_some()
                && self.flow(key, f, held) == Some(Flow::Whole)
                && self.is_environment(V(f.0, write.object))
            {
                let place = Place { f: F(f.0, write.function), condition: write.condition, test: None };
                self.variable(LeakKind::VariableWritten, key, self.app.span(key), place, checked);
            }
        }
    }

    fn is_environment(&self, v: V) -> bool {
        self.app.eval(v).iter().any(|known| matches!(&known.thing, Thing::Api(path) if **path == *ENVIRONMENT))
    }

    fn variable(&mut self, kind: LeakKind, subject: V, span: Span, place: Place, checked: bool) {
        let mut strength = Strength::None;
        if kind != LeakKind::Api {
            strength = self.app.guard(place.f, place.condition, subject).strength;
            if let (Some((test, holds)), Some(root)) = (place.test, self.app.root(subject)) {
                strength = strength.max(self.app.guard_by_test(test, holds, &root).strength);
            }
        }
        if strength >= Strength::Scheme {
            return;
        }
        self.leaks.push(Leak {
            kind,
            exposed: self.exposed.clone(),
            api: ENVIRONMENT.to_owned(),
            span,
            call: None,
            certainty: self.exposed.known.certainty.min(Certainty::Firm),
            is_checked: checked || strength != Strength::None,
        });
    }
}
