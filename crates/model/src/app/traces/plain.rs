//! Tests that let no markup through: `if (/^[\w ]+$/.test(name)) box.innerHTML = name`.

use super::Walk;
use super::groups::{Lets, class_length};
use super::replaced::begins_tags;
use crate::app::checks::parameter_root;
use crate::app::roots::{Root, UrlPart};
use crate::link::things::Thing;
use crate::link::{C, F, V};
use crate::summary::{Operator, Value};

/// Tests inside tests, and functions of the app's, that are looked into.
const MOST_DEPTH: u32 = 12;

/// Conditions, and functions inside functions, that are looked at.
const MOST_PLACES: usize = 128;

impl Walk<'_, '_> {
    /// Whether no tag begins in a value where it is used, since a test there lets none through.
    pub(super) fn is_plain_here(&self, v: V) -> bool {
        let app = self.app;
        let Some(root) = app.root(v) else { return false };
        let summary = app.program.summary(self.at.function.0);
        let (mut at, mut function) = (self.at.condition, self.at.function.1);
        for _ in 0..MOST_PLACES {
            let Some(id) = at else {
                let record = summary.function(function);
                if record.parent == function {
                    return false;
                }
                (at, function) = (record.condition, record.parent);
                continue;
            };
            let condition = summary.conditions[id.index()];
            if self.lets_no_markup(V(self.at.function.0, condition.test), condition.holds, &root, 0) {
                return true;
            }
            at = condition.parent;
        }
        false
    }

    /// Whether no tag begins in an address where a test comes out so.
    pub(super) fn lets_no_markup(&self, test: V, holds: bool, root: &Root, depth: u32) -> bool {
        let app = self.app;
        if depth > MOST_DEPTH || !app.subjects(test).may_hold(test, root) {
            return false;
        }
        let go = |id, holds| self.lets_no_markup(V(test.0, id), holds, root, depth + 1);
        match app.program.value(test) {
            Value::Unary(Operator::Not, inner) => go(inner, !holds),
            Value::Binary(Operator::And, left, right) if holds => go(left, true) || go(right, true),
            Value::Binary(Operator::And, left, right) => go(left, false) && go(right, false),
            Value::Binary(Operator::Or, left, right) if holds => go(left, true) && go(right, true),
            Value::Binary(Operator::Or, left, right) => go(left, false) || go(right, false),
            // `text.indexOf('<') === -1`, `text.search(/</) < 0`.
            Value::Binary(operator, left, right) => {
                let is_missing = match (operator, app.program.only(V(test.0, right)).map(|known| known.thing)) {
                    (Operator::Equal, Some(Thing::Number(-1.0))) | (Operator::Less, Some(Thing::Number(0.0))) => holds,
                    (Operator::NotEqual | Operator::Greater, Some(Thing::Number(-1.0))) => !holds,
                    (Operator::GreaterOrEqual, Some(Thing::Number(0.0))) => !holds,
                    _ => return false,
                };
                is_missing && self.looks_for_tags(V(test.0, left), &["indexOf", "search"], root)
            }
            Value::Binding(binding) => {
                app.program.summary(test.0).written_once(binding).is_some_and(|only| go(only, holds))
            }
            Value::Call(_) if !holds && self.looks_for_tags(test, &["includes", "test", "match", "exec"], root) => true,
            Value::Call(call) => {
                let c = C(test.0, call);
                holds && self.matches_plain(c, root) || self.says_plain(c, holds, root, depth)
            }
            _ => false,
        }
    }

    /// Whether a call looks for what begins a tag in a value: `text.includes('<')`, `/[<>]/.test(text)`.
    fn looks_for_tags(&self, v: V, methods: &[&str], root: &Root) -> bool {
        let Value::Call(call) = self.app.program.value(v) else { return false };
        self.looked_for(C(v.0, call), methods, root).is_some_and(|found| begins_tags(&found))
    }

    /// Whether all that a pattern matches, from one end to the other, begins no tag: `/^[\w ]+$/.test(text)`.
    fn matches_plain(&self, c: C, root: &Root) -> bool {
        let Some(Thing::Regex(pattern, flags)) = self.looked_for(c, &["test", "match", "exec"], root) else {
            return false;
        };
        let body = pattern.strip_prefix('^').and_then(|rest| rest.strip_suffix('$'));
        let is_plain = |body: &str| !body.ends_with('\\') && !chooses(body) && self.lets(body) == Lets::Harmless;
        !flags.contains('m') && body.is_some_and(is_plain)
    }

    /// What one of these methods looks for in a value.
    fn looked_for(&self, c: C, methods: &[&str], root: &Root) -> Option<Thing> {
        let program = &self.app.program;
        let Value::Member(object, method) = program.value(V(c.0, program.call(c).callee)) else { return None };
        let method = program.str(c.0, method);
        let (object, argument) = (V(c.0, object), program.argument(c, 0)?);
        let (looked_for, text) = match method {
            "test" | "exec" => (object, argument),
            _ => (argument, object),
        };
        let is_it = methods.contains(&method) && self.app.part_of(text, root) == Some(UrlPart::Whole);
        is_it.then(|| program.only(looked_for).map(|known| known.thing)).flatten()
    }

    /// Whether a function of the app's that is given a value comes out so only where no tag begins in it.
    fn says_plain(&self, c: C, holds: bool, root: &Root, depth: u32) -> bool {
        let app = self.app;
        let given = app.parts_given(c, root).into_iter().find(|(_, part)| *part == UrlPart::Whole);
        let Some((index, _)) = given else { return false };
        let helpers = app.functions(V(c.0, app.program.call(c).callee));
        !helpers.is_empty() && helpers.iter().all(|f| self.gives_plain(*f, index, holds, depth + 4))
    }

    /// Whether a function comes out so only where no tag begins in what it is given.
    pub(super) fn gives_plain(&self, f: F, index: u32, holds: bool, depth: u32) -> bool {
        let app = self.app;
        let inner = parameter_root(f, index);
        let mut exits = app.program.function(f).exits.iter().filter(|exit| !exit.throws);
        exits.all(|exit| match exit.value.map(|value| V(f.0, value)) {
            Some(value) => app.never(value, holds) || self.lets_no_markup(value, holds, &inner, depth),
            None => holds,
        })
    }
}

/// Whether a pattern is a choice outside of groups: `^a|b$`.
fn chooses(pattern: &str) -> bool {
    let (mut rest, mut depth) = (pattern, 0u32);
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '[' => class_length(rest),
            '\\' => 1 + rest.chars().nth(1).map_or(0, char::len_utf8),
            _ => c.len_utf8(),
        };
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            '|' if depth == 0 => return true,
            _ => {}
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_outside_of_groups_are_told() {
        for pattern in ["a|b", "(a)|b", "[|]|x", "|"] {
            assert!(chooses(pattern), "{pattern}");
        }
        for pattern in ["(a|b)", "[a|b]", "\\|", "", "((a)|b)c", "[|"] {
            assert!(!chooses(pattern), "{pattern}");
        }
    }
}
