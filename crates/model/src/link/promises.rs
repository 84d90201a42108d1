//! What a promise gives that is made of another one.

use super::things::*;
use super::{C, F, Program, V};
use crate::summary::Value;

impl Program<'_> {
    /// What `p.then(f)` gives is what `f` returns, what `p.catch(f)` and `p.finally(f)` give what `p` does; `None` where nothing is
    /// known of it: <https://developer.mozilla.org/en-US/docs/Web/JavaScript/Reference/Global_Objects/Promise/then#return_value>.
    pub(super) fn promised(&self, c: C, v: V, frames: &Frames) -> Option<Vec<Known>> {
        let Value::Member(promise, name) = self.value(V(c.0, self.call(c).callee)) else { return None };
        let promise = V(c.0, promise);
        let values = match self.str(c.0, name) {
            "then" => self.made_of_settled(c, v, frames),
            "catch" => {
                let mut values = self.made_of_settled(c, v, frames);
                // What failed and was caught gives mostly nothing.
                values.retain(|known| !matches!(known.thing, Thing::Undefined | Thing::Null | Thing::Unknown(_)));
                values.extend(self.step(&self.eval_in(promise, frames), promise));
                values
            }
            "finally" => self.step(&self.eval_in(promise, frames), promise),
            _ => return None,
        };
        values.iter().any(|known| !known.is_unknown()).then_some(values)
    }

    /// What the function returns that a call is given as its first argument.
    fn made_of_settled(&self, c: C, v: V, frames: &Frames) -> Vec<Known> {
        let functions = self.argument(c, 0).map(|given| self.eval_in(given, frames));
        let mut values = Vec::new();
        for known in functions.iter().flat_map(|functions| functions.iter()) {
            match known.thing {
                Thing::Function(f, _) if !self.function(f).is_generator => {
                    values.extend(self.left_with(f, v, frames));
                }
                _ => values.push(Known::unknown(Unknown::Call(c), Some(v))),
            }
        }
        values
    }

    /// What a function returns, whoever calls it.
    fn left_with(&self, f: F, v: V, frames: &Frames) -> Vec<Known> {
        let mut values = Vec::new();
        for exit in self.function(f).exits.iter().filter(|exit| !exit.throws) {
            let Some(value) = exit.value.map(|value| V(f.0, value)) else {
                values.push(Known::new(Thing::Undefined, v, Certainty::Firm));
                continue;
            };
            let development = self.development_of(f.0, exit.condition, frames);
            for mut known in self.step(&self.eval_in(value, frames), value) {
                known.development = known.development.or(development);
                values.push(known.at_most(Certainty::Firm));
            }
        }
        values
    }
}
