//! Policies of servers that an app takes out of their answers.

use super::App;
use super::policies::disposition;
use crate::csp::Disposition;
use crate::link::things::*;
use crate::link::{C, F, UnitId, V, final_name};
use crate::source::Span;
use crate::summary::{CallId, Key, Operator, Value, Write};

/// Conditions around one write that are looked at.
const MOST_TESTS: usize = 16;

/// Tests inside tests that are looked at.
const MOST_DEPTH: u32 = 5;

/// Listeners of one script that are looked at.
const MOST_LISTENERS: usize = 64;

/// The header `Content-Security-Policy` is taken out of what servers answer.
#[derive(Clone, Debug)]
pub struct RemovedPolicy {
    /// The `delete`, or the assignment of nothing.
    pub span: Span,
    /// The listener is called for some addresses only: `onHeadersReceived({ urls: […] }, listener)`.
    pub is_filtered: bool,
    /// Only in development.
    pub development: Option<bool>,
}

impl App<'_> {
    /// Where listeners of `onHeadersReceived` take the policy away that a server sends, the first place of each. One that writes a
    /// policy too replaces it.
    pub fn removed_policies(&self) -> Vec<RemovedPolicy> {
        let mut found = Vec::new();
        for unit in self.program.unit_ids() {
            let summary = self.program.summary(unit);
            if !summary.strings.iter().any(|text| names_policy(text)) {
                continue;
            }
            let mut left = MOST_LISTENERS;
            for (index, call) in summary.calls.iter().enumerate() {
                let name = final_name(summary, call.callee).map(|name| summary.str(name));
                if name != Some("onHeadersReceived") {
                    continue;
                }
                let c = C(unit, CallId(index as u32));
                let arguments = self.program.arguments(c);
                let Some(listener) = arguments.last().map(|argument| V(unit, argument.value)) else { continue };
                let is_filtered = arguments.len() > 1;
                for f in self.functions(listener).into_iter().take(left) {
                    left -= 1;
                    found.extend(self.removed_in(f, is_filtered));
                }
            }
        }
        found.sort_by_key(|removed| removed.span);
        found.dedup_by_key(|removed| removed.span);
        found
    }

    fn removed_in(&self, f: F, is_filtered: bool) -> Option<RemovedPolicy> {
        let summary = self.program.summary(f.0);
        let span = self.program.function(f).span;
        let is_in = |range: (u32, u32)| span.0 <= range.0 && range.1 <= span.1;
        let writes: Vec<&Write> = summary.writes.iter().filter(|write| is_in(write.span)).collect();
        let properties = summary.properties.iter().filter(|property| is_in(property.span));
        let replaces = properties.map(|property| (property.key, Some(property.value)));
        let replaces = replaces.chain(writes.iter().map(|write| (write.key, write.value)));
        if replaces.into_iter().any(|(key, value)| {
            self.is_policy_key(f.0, key) && value.is_some_and(|value| !self.is_nothing(V(f.0, value)))
        }) {
            return None;
        }
        let removes = |write: &&Write| {
            write.value.is_none_or(|value| self.is_nothing(V(f.0, value)))
                && (self.is_policy_key(f.0, write.key) || self.is_tested_for_policy(f.0, write))
        };
        let removed = writes.into_iter().find(removes)?;
        Some(RemovedPolicy {
            span: self.program.place(f.0, removed.span),
            is_filtered,
            development: self.program.development_of(f.0, removed.condition, &Frames::default()),
        })
    }

    fn is_policy_key(&self, unit: UnitId, key: Key) -> bool {
        let name = match key {
            Key::Name(name) => Some(self.program.str(unit, name).to_owned()),
            Key::Computed(key) => self.constant(V(unit, key)).and_then(|known| known.text().map(str::to_owned)),
            Key::Spread => None,
        };
        name.as_deref().is_some_and(is_policy)
    }

    /// Nothing, an empty text, a list of none.
    fn is_nothing(&self, v: V) -> bool {
        let is_empty = |known: &Known| match &known.thing {
            Thing::Undefined | Thing::Null => true,
            Thing::Text(text) => text.trim().is_empty(),
            Thing::Array(array, _) => matches!(self.program.value(*array), Value::Array(list)
            if self.program.summary(array.0).items(list).iter().all(|item| {
                self.constant(V(array.0, item.value)).is_some_and(|known| known.text().is_some_and(|text| text.trim().is_empty()))
            })),
            _ => false,
        };
        let values = self.eval(v);
        !values.is_empty() && values.iter().all(is_empty)
    }

    /// Whether a key that is computed is the policy's where this happens: `if (name.toLowerCase() === 'content-security-policy')`.
    fn is_tested_for_policy(&self, unit: UnitId, write: &Write) -> bool {
        let Key::Computed(_) = write.key else { return false };
        let summary = self.program.summary(unit);
        let mut conditions = summary.conditions_at(write.condition).take(MOST_TESTS);
        conditions.any(|condition| condition.holds && self.tests_for_policy(V(unit, condition.test), 0))
    }

    fn tests_for_policy(&self, test: V, depth: u32) -> bool {
        let at = |id| V(test.0, id);
        let is_text = |v: V| self.constant(v).is_some_and(|known| known.text().is_some_and(is_policy));
        let test = self.program.behind(test);
        match self.program.value(test) {
            Value::Binary(Operator::Equal, left, right) => is_text(at(left)) || is_text(at(right)),
            Value::Binary(Operator::Or | Operator::And, left, right) if depth < MOST_DEPTH => {
                self.tests_for_policy(at(left), depth + 1) || self.tests_for_policy(at(right), depth + 1)
            }
            Value::Call(call) => {
                let c = C(test.0, call);
                let Value::Member(object, name) = self.program.value(at(self.program.call(c).callee)) else {
                    return false;
                };
                let object = self.program.behind(at(object));
                match self.program.str(test.0, name) {
                    "includes" | "has" => {
                        self.program.elements(object).iter().any(|known| known.text().is_some_and(is_policy))
                    }
                    "test" => matches!(self.program.value(object), Value::Regex(pattern, _)
                        if names_policy(self.program.str(object.0, pattern))),
                    _ => false,
                }
            }
            _ => false,
        }
    }
}

fn is_policy(name: &str) -> bool {
    disposition(name) == Some(Disposition::Enforce)
}

fn names_policy(text: &str) -> bool {
    text.to_ascii_lowercase().contains("content-security-policy")
}
