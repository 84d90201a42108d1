//! What lies below an object under a path of keys: `_.get(api, 'shell.open')`, `path.split('.').reduce((at, key) => at[key], api)`.

use super::things::*;
use super::{C, F, Program, V};
use crate::summary::Value;

/// Functions that give it: <https://lodash.com/docs/#get>, <https://github.com/mariocasciaro/object-path>,
/// <https://github.com/sindresorhus/dot-prop>.
const GETTERS: [&str; 9] = [
    "lodash.get",
    "lodash/get",
    "lodash-es.get",
    "lodash-es/get",
    "_.get",
    "object-path.get",
    "dot-prop.get",
    "dot-prop.default.get",
    "dot-prop.getProperty",
];

/// Objects inside objects, and what is looked at of them.
const MOST_LEVELS: usize = 4;
const MOST_HELD: usize = 256;

impl Program<'_> {
    /// What such a function gives: of a path that is known what lies there, else any function below the object.
    pub(super) fn under_path(&self, api: &str, c: C, v: V, frames: &Frames) -> Option<Vec<Known>> {
        if !GETTERS.contains(&api) {
            return None;
        }
        let object = self.argument(c, 0)?;
        let key = self.argument(c, 1)?;
        let path = self.only(key);
        let Some(path) = path.as_ref().and_then(Known::text) else { return self.functions_below(object, frames) };
        let mut values = self.eval_in(object, frames);
        for name in path.split('.').take(MOST_LEVELS + 1) {
            values = self.member_of(&values, name, v);
        }
        let is_found = path.split('.').count() <= MOST_LEVELS + 1 && !values.iter().any(Known::is_unknown);
        is_found.then(|| values.iter().map(|known| known.clone().at_most(Certainty::Firm)).collect())
    }

    /// As [`Program::under_path`], where a script goes down the keys itself.
    pub(super) fn under_keys(&self, c: C, frames: &Frames) -> Option<Vec<Known>> {
        let goes_down = self.eval(self.argument(c, 0)?).iter().any(|known| match known.thing {
            Thing::Function(f, _) => self.goes_down(f),
            _ => false,
        });
        if goes_down { self.functions_below(self.argument(c, 1)?, frames) } else { None }
    }

    /// `(at, key) => at[key]`, `(at, key) => at && at[key]`.
    fn goes_down(&self, f: F) -> bool {
        let is_parameter = |value, index| self.value(self.behind(V(f.0, value))) == Value::Parameter(f.1, index);
        self.function(f).exits.iter().filter_map(|exit| exit.value).any(|value| {
            let inner = match self.value(V(f.0, value)) {
                Value::Binary(_, _, right) => right,
                _ => value,
            };
            matches!(self.value(V(f.0, inner)), Value::Index(object, key) if is_parameter(object, 0) && is_parameter(key, 1))
        })
    }

    /// The key or path by which a function was chosen below an object: `get(api, name)`, `name.split('.').reduce(…)`.
    pub(crate) fn path_of_choice(&self, callee: V) -> Option<V> {
        let chosen = self.behind(callee);
        let Value::Call(call) = self.value(chosen) else { return None };
        let c = C(chosen.0, call);
        let get = V(c.0, self.call(c).callee);
        if self.eval(get).iter().any(|known| matches!(&known.thing, Thing::Api(path) if GETTERS.contains(&&**path))) {
            return self.argument(c, 1);
        }
        let Value::Member(keys, name) = self.value(get) else { return None };
        let keys = self.behind(V(c.0, keys));
        match self.value(keys) {
            _ if self.str(c.0, name) != "reduce" => None,
            Value::Call(split) => match self.value(V(keys.0, self.call(C(keys.0, split)).callee)) {
                Value::Member(path, _) => Some(V(keys.0, path)),
                _ => None,
            },
            _ => Some(keys),
        }
    }

    /// The functions that lie below an object, at whatever depth; nothing where there are none.
    fn functions_below(&self, object: V, frames: &Frames) -> Option<Vec<Known>> {
        let mut open = self.eval_in(object, frames).to_vec();
        let mut found = Vec::new();
        let mut looked_at = 0;
        for _ in 0..=MOST_LEVELS {
            let mut inner = Vec::new();
            for known in open {
                looked_at += 1;
                if looked_at > MOST_HELD || !self.may_go_on() {
                    break;
                }
                match &known.thing {
                    Thing::Function(..) => found.push(known.at_most(Certainty::Firm)),
                    Thing::Object(held) => self.held_by_object(held, object, &mut inner, &mut Vec::new()),
                    Thing::Namespace(unit) => self.held_by_module(*unit, object, &mut inner),
                    _ => {}
                }
            }
            open = inner;
        }
        (!found.is_empty()).then_some(found)
    }
}
