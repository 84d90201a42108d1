//! Checks of who sent a message that somebody else gets around: `event.senderFrame.url.includes('example.com')`.

use rustc_hash::FxHashSet;

use super::App;
use super::checks::{FORBIDS, Judged, Root, Strength};
use super::inside::Which;
use super::senders::MOST_PARTS;
use crate::link::things::Thing;
use crate::link::{C, F, V};
use crate::source::Span;
use crate::summary::{Operator, Value, ValueId};

/// Senders in one test that are looked at.
const MOST_SENDERS: usize = 8;

/// Helpers of one handler that are looked at.
const MOST_FUNCTIONS: usize = 24;

impl App<'_> {
    /// The checks by which an IPC handler, being this function, tells who sent the message, where somebody else gets around all of them.
    pub fn weak_sender_checks(&self, f: F) -> Vec<(Span, &'static str)> {
        let mut found = Vec::new();
        if self.collect_weak(f, 0, &mut FxHashSet::default(), &mut found).is_none() {
            found.clear();
        }
        found.sort();
        found.dedup();
        found
    }

    /// `None` where a check is good, or could not be read.
    fn collect_weak(
        &self,
        f: F,
        parameter: u32,
        seen: &mut FxHashSet<(F, u32)>,
        found: &mut Vec<(Span, &'static str)>,
    ) -> Option<()> {
        if !seen.insert((f, parameter)) {
            return Some(());
        }
        if seen.len() > MOST_FUNCTIONS {
            return None;
        }
        let is_sender = |v: V| self.is_sender(v, f, parameter, 0);
        for test in self.values_inside(f, Which::Decisions).collect::<Vec<_>>() {
            let test = V(f.0, test);
            if self.steps.question(|| self.is_sender_test(test, f, parameter, 0)) {
                found.extend(self.weakness(test, &is_sender)?);
            }
        }
        for c in self.calls_inside(f) {
            let record = self.program.call(c);
            for (index, item) in self.program.arguments(c).iter().enumerate() {
                let value = V(c.0, item.value);
                let helpers = || self.functions(V(c.0, record.callee));
                if is_sender(value) {
                    for helper in helpers() {
                        self.collect_weak_of_parameter(helper, index as u32, found)?;
                    }
                } else if self.is_parameter(value, f, parameter) {
                    for helper in helpers() {
                        if self.tests_sender(helper, index as u32, 1) {
                            self.collect_weak(helper, index as u32, seen, found)?;
                        }
                    }
                }
            }
        }
        Some(())
    }

    /// As [`App::collect_weak`], of a function that is given the sender: what it decides by that.
    fn collect_weak_of_parameter(&self, f: F, parameter: u32, found: &mut Vec<(Span, &'static str)>) -> Option<()> {
        let holds = |v: V| {
            matches!(self.program.value(v), Value::Member(..) | Value::Parameter(..) | Value::Binding(_))
                && self.parameter_flow(v, f).is_some_and(|(index, _)| index == parameter)
        };
        let mut tests: Vec<ValueId> = self.values_inside(f, Which::Tests).collect();
        let exits = self.program.function(f).exits.iter().filter_map(|exit| exit.value);
        tests.extend(exits.filter(|value| self.is_decision(V(f.0, *value))));
        for test in tests {
            let test = V(f.0, test);
            if self.steps.question(|| self.any_part(test, &holds, 0)) {
                found.extend(self.weakness(test, &holds)?);
            }
        }
        Some(())
    }

    /// Where and why a test of the sender is weak; `None`: it is not, or that is not known. One that only says who it is not,
    /// `frame !== null`, says nothing.
    fn weakness(&self, test: V, is_sender: &dyn Fn(V) -> bool) -> Option<Option<(Span, &'static str)>> {
        let mut parts = Vec::new();
        self.steps.question(|| self.find_parts(test, is_sender, &mut parts, 0));
        let roots: Vec<Root> = parts.iter().map(|part| self.root(*part)).collect::<Option<_>>()?;
        let judge = |root| self.guard_by_test(test, false, root).better(self.guard_by_test(test, true, root));
        let Some(best) = roots.iter().map(judge).reduce(Judged::better) else { return Some(None) };
        match (best.strength, best.span, best.why) {
            (Strength::Weak, _, Some(FORBIDS)) => Some(None),
            (Strength::Weak, Some(span), Some(why)) => Some(Some((span, why))),
            _ => None,
        }
    }

    /// The parts of a value that are such, each as a whole.
    fn find_parts(&self, v: V, what: &dyn Fn(V) -> bool, found: &mut Vec<V>, depth: u32) {
        if depth > MOST_PARTS || found.len() >= MOST_SENDERS || self.steps.are_used_up() {
            return;
        }
        if what(v) {
            found.push(v);
            return;
        }
        let mut go = |id| self.find_parts(V(v.0, id), what, found, depth + 1);
        let nothing = |id| {
            let values = self.eval(V(v.0, id));
            values.iter().all(|known| matches!(known.thing, Thing::Null | Thing::Undefined))
        };
        match self.program.value(v) {
            // Whether there is a frame says nothing of which.
            Value::Binary(Operator::Equal | Operator::NotEqual, left, right) if nothing(left) || nothing(right) => {}
            Value::Binary(_, left, right) => {
                go(left);
                go(right);
            }
            Value::Unary(_, inner) | Value::Member(inner, _) | Value::Await(inner) => go(inner),
            Value::Index(object, key) => {
                go(object);
                go(key);
            }
            Value::Call(call) => {
                let c = C(v.0, call);
                let callee = self.program.call(c).callee;
                // `event.sender.getURL()`: the page that it shows.
                let of_sender = |object| what(V(c.0, object));
                if let Value::Member(object, name) = self.program.value(V(c.0, callee))
                    && self.program.str(c.0, name) == "getURL"
                    && of_sender(object)
                {
                    found.push(v);
                    return;
                }
                // What is asked is the object, not its method.
                go(match self.program.value(V(c.0, callee)) {
                    Value::Member(object, _) => object,
                    _ => callee,
                });
                for item in self.program.arguments(c) {
                    go(item.value);
                }
            }
            Value::Binding(binding) => {
                if let Some(only) = self.program.summary(v.0).written_once(binding) {
                    go(only);
                }
            }
            _ => {}
        }
    }
}
