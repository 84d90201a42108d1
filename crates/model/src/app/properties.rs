//! Properties by their name, in object literals and by writes, whatever the object is for.

use super::App;
use crate::link::things::{Frames, Object, Thing};
use crate::link::{C, UnitId, V};
use crate::source::Span;
use crate::summary::{CallId, ConditionId, Key, Operator, Value};

/// Tests in a row that are asked whether a setting is meant.
const MOST_TESTS: usize = 32;

/// Tests inside a test that are asked for variables of the environment: each may be made of two.
const MOST_INSIDE: usize = 8;

/// Bytes of a test that is read for the name of a setting.
const LONGEST_TEST: usize = 400;

/// Parts of the names of settings by which a person gives up a check, lower case.
const OPTIONS: [&str; 11] = [
    "selfsigned",
    "self_signed",
    "insecure",
    "ignore",
    "allow",
    "skip",
    "verify",
    "unsafe",
    "trust",
    "strictssl",
    "rejectunauthorized",
];

/// A property of this name that a literal has or that is written.
#[derive(Clone, Copy, Debug)]
pub struct NamedProperty {
    /// What it is set to.
    pub value: V,
    /// The property, or the write.
    pub span: Span,
    /// Only in development.
    pub development: Option<bool>,
    /// Only where a setting of the person's asks for it.
    pub opted: bool,
    /// The smallest call around a literal that has it.
    pub call: Option<C>,
}

impl App<'_> {
    /// What the literals that a value can be set under one of these names: `{ url: address }`.
    pub fn options_written(&self, v: V, names: &[&str]) -> Vec<V> {
        let mut found = Vec::new();
        for known in self.eval(v).iter() {
            let Thing::Object(Object::Literal(literal, _)) = &known.thing else { continue };
            let Value::Object(list) = self.program.value(*literal) else { continue };
            let summary = self.program.summary(literal.0);
            for property in summary.properties(list) {
                if let Key::Name(key) = property.key
                    && names.contains(&summary.str(key))
                {
                    found.push(V(literal.0, property.value));
                }
            }
        }
        found
    }

    /// What is spread over the literals that a value can be, and what it can be besides: `{ url, ...more }`, `more`. Each may hold an option
    /// of any name.
    pub fn options_handed_on(&self, v: V) -> Vec<V> {
        let mut found = Vec::new();
        for known in self.eval(v).iter() {
            match &known.thing {
                Thing::Object(Object::Literal(literal, _)) => {
                    let Value::Object(list) = self.program.value(*literal) else { continue };
                    let properties = self.program.summary(literal.0).properties(list).iter();
                    let spread = properties.filter(|property| property.key == Key::Spread);
                    found.extend(spread.map(|property| V(literal.0, property.value)));
                }
                Thing::Unknown(_) | Thing::Result(..) if !found.contains(&v) => found.push(v),
                _ => {}
            }
        }
        found
    }

    /// Every property of this name in an object literal or written later: its value, where, and whether in development only.
    pub fn properties_named(&self, name: &str) -> Vec<NamedProperty> {
        let mut found = Vec::new();
        for unit in self.program.unit_ids() {
            let summary = self.program.summary(unit);
            for property in &summary.properties {
                let Key::Name(key) = property.key else { continue };
                if summary.str(key) != name {
                    continue;
                }
                // What dominates the smallest call around it dominates the literal.
                let around = summary
                    .calls
                    .iter()
                    .enumerate()
                    .filter(|(_, call)| call.span.0 <= property.span.0 && property.span.1 <= call.span.1)
                    .min_by_key(|(_, call)| call.span.1 - call.span.0);
                let condition = around.and_then(|(_, call)| call.condition);
                found.push(NamedProperty {
                    value: V(unit, property.value),
                    span: self.program.place(unit, property.span),
                    development: self.program.development_of(unit, condition, &Frames::default()),
                    opted: self.is_opted(unit, condition),
                    call: around.map(|(index, _)| C(unit, CallId(index as u32))),
                });
            }
        }
        for (unit, write) in self.program.written_to(name) {
            if let Some(value) = write.value {
                let span = self.program.place(unit, write.span);
                // `Object.assign(options, { … })` is a literal and a write.
                if found.iter().all(|other| other.span != span) {
                    found.push(NamedProperty {
                        value: V(unit, value),
                        span,
                        development: self.program.development_of(unit, write.condition, &Frames::default()),
                        opted: self.is_opted(unit, write.condition),
                        call: None,
                    });
                }
            }
        }
        found
    }

    /// As [`App::properties_named`], of an option of packages: and whether the script takes in one of these.
    pub fn options_named(&self, name: &str, packages: &[&str]) -> Vec<(NamedProperty, bool)> {
        let takes_in = |span: Span| {
            let Some(unit) = self.program.unit_of(span.file) else { return false };
            let summary = self.program.summary(unit);
            summary.imports.iter().any(|import| packages.contains(&summary.str(import.specifier)))
        };
        self.properties_named(name).into_iter().map(|property| (property, takes_in(property.span))).collect()
    }

    /// Whether something only happens where a setting asks for it, by what its tests are called: `if (server.allowSelfSigned)`.
    fn is_opted(&self, unit: UnitId, condition: Option<ConditionId>) -> bool {
        let summary = self.program.summary(unit);
        let file = self.program.file(unit);
        summary.conditions_at(condition).take(MOST_TESTS).any(|condition| {
            let (start, end) = summary.span(condition.test);
            let test = self.text(Span { file, start, end }).to_ascii_lowercase();
            let is_named = test.len() < LONGEST_TEST && OPTIONS.iter().any(|word| test.contains(word));
            is_named || self.only_with_a_variable(V(unit, condition.test), condition.holds, 0)
        })
    }

    /// Whether a test only comes out so where the environment has a variable that nobody's desktop has: `process.env.STAGING`.
    fn only_with_a_variable(&self, test: V, holds: bool, depth: usize) -> bool {
        if depth > MOST_INSIDE {
            return false;
        }
        let at = |id| V(test.0, id);
        let go = |id, holds| self.only_with_a_variable(at(id), holds, depth + 1);
        let is_text = |id| self.constant(at(id)).is_some_and(|known| known.text().is_some());
        match self.program.value(self.program.behind(test)) {
            Value::Unary(Operator::Not, inner) => go(inner, !holds),
            Value::Binary(operator @ (Operator::And | Operator::Or), left, right) => {
                match (operator == Operator::And) == holds {
                    true => go(left, holds) || go(right, holds),
                    false => go(left, holds) && go(right, holds),
                }
            }
            Value::Binary(Operator::Equal, left, right) => {
                holds && (is_text(left) && go(right, true) || is_text(right) && go(left, true))
            }
            _ => {
                let is_variable = |path: &str| path.starts_with("process.env.") && !path.ends_with("NODE_ENV");
                holds
                    && self.eval(test).iter().any(|known| matches!(&known.thing, Thing::Api(path) if is_variable(path)))
            }
        }
    }
}
