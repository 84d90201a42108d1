//! Keys that are told only where something runs: `const setting = (key) => settings[key]`.

use super::{MOST_CALLS, State, Walk};
use crate::link::{C, F, V};
use crate::summary::Value;

/// What is looked at was put under a key that a function is told: by which parameter, and which key is asked for.
#[derive(Hash)]
pub(super) struct Told {
    by: (F, u32),
    asked: String,
}

impl Walk<'_, '_> {
    /// The text that a key is, where it is one, and whether callers of a function give it that.
    pub(super) fn key_said(&self, key: V) -> Option<(String, bool)> {
        let mut key = key;
        let mut is_given = false;
        for _ in 0..MOST_CALLS {
            key = self.app.program.behind(key);
            let Value::Parameter(function, index) = self.app.program.value(key) else { break };
            let asks = self.returns.iter().rev().find(|(f, ..)| *f == F(key.0, function));
            let Some((_, call, _, first)) = asks else { break };
            key = self.app.program.argument(*call, (first + index) as usize)?;
            is_given = true;
        }
        Some((self.app.constant(key)?.text()?.to_owned(), is_given))
    }

    /// Looks at `object[key]`: where the key is one text, at what is under that.
    pub(super) fn indexed(&mut self, v: V, object: V, key: V, state: State) {
        let asked = self.key_said(key);
        // A property that is read is told as a path.
        let property = asked.as_ref().map(|(key, _)| key.as_str()).filter(|key| !key.contains('.'));
        self.visit(object, State { property, is_own: property.is_some(), ..state });
        // Who asks the function around it once more may ask for another one.
        if asked.as_ref().is_some_and(|(_, is_given)| *is_given) {
            self.seen.retain(|(seen, ..)| *seen != v);
        }
    }

    /// Looks at what is put under a key that is a value, as far as that may be the key that is asked for: `settings[key] = value`.
    pub(super) fn under_key(&mut self, value: V, key: V, asked: &str, state: State) {
        let key = self.app.program.behind(key);
        let Value::Parameter(function, index) = self.app.program.value(key) else {
            let keys = self.app.eval(key);
            if keys.is_empty() || keys.iter().any(|known| known.text().is_none_or(|key| may_be(key, asked))) {
                self.visit(value, state);
            }
            return;
        };
        self.told.push(Told { by: (F(key.0, function), index), asked: asked.to_owned() });
        self.visit(value, state);
        self.told.pop();
    }

    /// Whether what is looked at was put under a key that a function is told.
    pub(super) fn has_told_key(&self, f: F) -> bool {
        self.told.iter().any(|told| told.by.0 == f)
    }

    /// The key, where a call hands on that which the function around it is told: `const set = (key, value) => write(key, value)`.
    pub(super) fn told_by(&self, f: F, c: C) -> Option<Told> {
        let told = self.told.iter().rev().find(|told| told.by.0 == f)?;
        let given = self.app.program.behind(self.app.program.passed(c, told.by.1 as usize)?);
        match self.app.program.value(given) {
            Value::Parameter(function, index) => {
                Some(Told { by: (F(given.0, function), index), asked: told.asked.clone() })
            }
            _ => None,
        }
    }

    /// Whether a call tells a function another key than the one that is asked for: `set('theme', theme)`.
    pub(super) fn tells_another_key(&self, f: F, c: C) -> bool {
        self.told.iter().filter(|told| told.by.0 == f).any(|told| {
            let given = self.app.program.passed(c, told.by.1 as usize).and_then(|given| self.app.constant(given));
            given.is_some_and(|given| given.text().is_some_and(|given| !may_be(given, &told.asked)))
        })
    }
}

/// Whether one key is another, or one of them a part of what is under the other: stores of settings take keys apart at their dots.
fn may_be(given: &str, asked: &str) -> bool {
    let holds = |whole: &str, part: &str| part.strip_prefix(whole).is_some_and(|rest| rest.starts_with('.'));
    given == asked || holds(given, asked) || holds(asked, given)
}
