//! Modules that a bundler packed into one file: an object of functions, each called with a module, its exports, and a loader.
//!
//! webpack writes `{ "./a.js": (module, exports, load) => { … load("./b.js") … } }`; a minifier changes the names and not the shape.

use super::things::*;
use super::{C, F, Program, V};
use crate::summary::*;

/// Helpers by which compilers hand a CommonJS module to code that was written for the other kind.
const INTEROP: [&str; 12] = [
    "__importStar",
    "__importDefault",
    "__toESM",
    "__toCommonJS",
    "_interopRequireDefault",
    "_interopRequireWildcard",
    "_interopNamespace",
    "_interopNamespaceDefault",
    "_interopDefault",
    "_interopDefaultLegacy",
    "_interop_require_default",
    "_interop_require_wildcard",
];

impl Program<'_> {
    /// The module that such a helper is given: `__importStar(require('electron'))`.
    pub(super) fn interop(&self, c: C, frames: &Frames) -> Option<Values> {
        let summary = self.summary(c.0);
        let name = super::final_name(summary, self.call(c).callee)?;
        if !INTEROP.contains(&summary.str(name)) {
            return None;
        }
        let module = self.argument(c, 0)?;
        Some(self.eval_in(module, frames))
    }

    /// The packed module that a call of its loader gives: the callee is a parameter of a function in an object of functions,
    /// and the argument names another one.
    pub(super) fn packed(&self, c: C) -> Option<F> {
        let summary = self.summary(c.0);
        let call = summary.call(c.1);
        // `(0, load)("x")` and plain calls alike.
        let Value::Parameter(function, index) = summary.value(summary.behind(call.callee)) else { return None };
        if index == 0 {
            return None;
        }
        let argument = summary.items(call.arguments).first()?.value;
        let key = match summary.value(argument) {
            Value::String(name) => summary.str(name).to_owned(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        let packed = match summary.value(summary.function(function).holder?) {
            Value::Object(list) => {
                let named = |property: &&Property| matches!(property.key, Key::Name(name) if summary.str(name) == key);
                summary.properties(list).iter().find(named)?.value
            }
            Value::Array(list) => summary.items(list).get(key.parse::<usize>().ok()?)?.value,
            _ => return None,
        };
        match summary.value(packed) {
            Value::Function(found) => Some(F(c.0, found)),
            _ => None,
        }
    }

    /// What a packed module gives as a whole: `module.exports = …`.
    pub(super) fn packed_whole(&self, f: F) -> Option<Values> {
        let summary = self.summary(f.0);
        let write = summary.writes.iter().rev().find(|write| {
            self.inside(f, write.order)
                && matches!(write.key, Key::Name(key) if summary.str(key) == "exports")
                && self.is_own_parameter(f, write.object, 0)
        })?;
        Some(self.eval(V(f.0, write.value?)))
    }

    /// What a packed module exports under a name.
    pub(super) fn packed_member(&self, f: F, name: &str) -> Option<Values> {
        let summary = self.summary(f.0);
        // `exports.name = value`.
        for write in self.written_in(f.0, name).filter(|write| self.inside(f, write.order)) {
            let of_exports = self.is_own_parameter(f, write.object, 1)
                || matches!(summary.value(write.object), Value::Member(module, key)
                    if summary.str(key) == "exports" && self.is_own_parameter(f, module, 0));
            if let (true, Some(value)) = (of_exports, write.value) {
                // `exports.name = void 0` comes first and means nothing.
                if !matches!(summary.value(value), Value::Undefined | Value::Unary(Operator::Void, _)) {
                    return Some(self.eval(V(f.0, value)));
                }
            }
        }
        // `load.d(exports, { name: () => value })`, `Object.defineProperty(exports, 'name', { get: () => value })`.
        for method in ["d", "defineProperty"] {
            for &c in self.calls_named(method) {
                if c.0 != f.0 || !self.inside(f, self.call(c).order) {
                    continue;
                }
                let items = self.arguments(c);
                if !items.first().is_some_and(|item| self.is_own_parameter(f, item.value, 1)) {
                    continue;
                }
                let Some(last) = items.last() else { continue };
                let Value::Object(list) = summary.value(last.value) else { continue };
                let wanted = if items.len() >= 3 {
                    if summary.text(items[1].value) != Some(name) {
                        continue;
                    }
                    "get"
                } else {
                    name
                };
                let property = summary
                    .properties(list)
                    .iter()
                    .find(|property| matches!(property.key, Key::Name(key) if summary.str(key) == wanted));
                let Some(property) = property else { continue };
                let Value::Function(getter) = summary.value(property.value) else { continue };
                if let Some(value) = summary.function(getter).exits.iter().find_map(|exit| exit.value) {
                    return Some(self.eval(V(f.0, value)));
                }
            }
        }
        None
    }

    fn inside(&self, f: F, order: u32) -> bool {
        let events = self.function(f).events;
        order > events.0 && order <= events.1
    }

    fn is_own_parameter(&self, f: F, value: ValueId, index: u32) -> bool {
        let summary = self.summary(f.0);
        matches!(summary.value(summary.behind(value)), Value::Parameter(function, at) if function == f.1 && at == index)
    }

    /// What a call of a loader gives.
    pub(super) fn loaded(&self, f: F, v: V) -> Vec<Known> {
        match self.packed_whole(f) {
            Some(values) => values.iter().cloned().map(|known| known.via(self.span(v))).collect(),
            None => vec![Known { thing: Thing::Packed(f), ..Known::new(Thing::Null, v, Certainty::Firm) }],
        }
    }

    /// A member of a packed module; `default` of one without a default is the module.
    pub(super) fn of_packed(&self, f: F, name: &str, v: V) -> Vec<Known> {
        match self.packed_member(f, name) {
            Some(values) => values.to_vec(),
            None if name == "default" => vec![Known::new(Thing::Packed(f), v, Certainty::Firm)],
            None => vec![Known::unknown(Unknown::Member(v), Some(v))],
        }
    }
}
