//! What a schema lets through: `z.object({ url: z.string().url() }).parse(message)` says what kind of value it is, and not which.
//!
//! <https://zod.dev/api>, <https://github.com/jquense/yup#api>

use super::super::App;
use super::{State, Walk};
use crate::link::things::Thing;
use crate::link::{C, V};
use crate::summary::{Key, Value};

/// Parts of one schema that are looked at.
const MOST_PARTS: usize = 200;

/// Calls in a row that make a schema.
const MOST_CHAINED: usize = 32;

/// Methods that leave a text as free as it was.
const FREE: [&str; 25] = [
    "string",
    "any",
    "unknown",
    "url",
    "min",
    "max",
    "length",
    "nonempty",
    "trim",
    "optional",
    "nullable",
    "nullish",
    "default",
    "describe",
    "required",
    "array",
    "object",
    "strict",
    "strictObject",
    "passthrough",
    "looseObject",
    "partial",
    "brand",
    "readonly",
    "shape",
];

/// Methods that are told what the parts of an object are like.
const OF_OBJECTS: [&str; 4] = ["object", "strictObject", "looseObject", "shape"];

impl Walk<'_, '_> {
    /// Follows data through a schema that reads it; tells whether the call is of one.
    pub(super) fn read_by_schema(&mut self, c: C, name: &str, state: State) -> bool {
        if !matches!(name, "parse" | "parseAsync" | "safeParse" | "safeParseAsync" | "validateSync" | "cast") {
            return false;
        }
        let app = self.app;
        let Value::Member(schema, _) = app.program.value(V(c.0, app.program.call(c).callee)) else { return false };
        let schema = V(c.0, schema);
        if !app.is_schema(schema) {
            return false;
        }
        let property = state.property.filter(|_| !name.starts_with("safe"));
        if !app.narrows(schema, property)
            && let Some(data) = app.program.argument(c, 0)
        {
            self.visit(data, state.part());
        }
        true
    }
}

impl App<'_> {
    /// Whether a value is made by a package of schemas.
    fn is_schema(&self, v: V) -> bool {
        let mut at = v;
        for _ in 0..MOST_CHAINED {
            match self.schema_call(at).map(|c| (c, self.program.value(V(c.0, self.program.call(c).callee)))) {
                Some((c, Value::Member(object, _))) => at = V(c.0, object),
                _ => break,
            }
        }
        let is_package = |path: &str| matches!(path.split('.').next(), Some("zod" | "yup" | "zod/v4" | "zod/mini"));
        self.eval(at).iter().any(|known| matches!(&known.thing, Thing::Api(path) if is_package(path)))
    }

    /// Whether a schema is of an object with parts.
    pub(in crate::app) fn is_of_object(&self, schema: V) -> bool {
        let mut at = schema;
        for _ in 0..MOST_CHAINED {
            let Some(c) = self.schema_call(at) else { return false };
            let Value::Member(object, method) = self.program.value(V(c.0, self.program.call(c).callee)) else {
                return false;
            };
            if OF_OBJECTS.contains(&self.program.str(c.0, method)) {
                return true;
            }
            at = V(c.0, object);
        }
        false
    }

    /// The call that made a schema, in this file or another.
    fn schema_call(&self, v: V) -> Option<C> {
        self.call_behind(v).or_else(|| {
            self.eval(v).iter().find_map(|known| match &known.thing {
                Thing::Result(_, c) => Some(*c),
                _ => None,
            })
        })
    }

    /// Whether a schema says more of a text, or of one property of an object, than that it is one.
    pub(in crate::app) fn narrows(&self, schema: V, property: Option<&str>) -> bool {
        let mut open = vec![(schema, property)];
        let mut seen = 0;
        while let Some((v, property)) = open.pop() {
            seen += 1;
            if seen > MOST_PARTS {
                return true;
            }
            let Some(c) = self.schema_call(v) else {
                // `z` itself, or something that is not known.
                if self.eval(v).iter().any(|known| !matches!(known.thing, Thing::Api(_))) {
                    return true;
                }
                continue;
            };
            let Value::Member(object, method) = self.program.value(V(c.0, self.program.call(c).callee)) else {
                return true;
            };
            let method = self.program.str(c.0, method);
            let given = self.program.argument(c, 0);
            if !FREE.contains(&method) || method == "url" && given.is_some_and(|given| !self.is_message(given)) {
                return true;
            }
            open.push((V(c.0, object), property));
            if (method == "array" || OF_OBJECTS.contains(&method))
                && let Some(given) = given
            {
                match self.program.value(self.program.behind(given)) {
                    Value::Object(list) => {
                        let summary = self.program.summary(given.0);
                        open.extend(summary.properties(list).iter().filter_map(|one| match one.key {
                            Key::Name(name) if property.is_none_or(|property| property == summary.str(name)) => {
                                Some((V(given.0, one.value), None))
                            }
                            _ => None,
                        }));
                    }
                    _ if method == "array" => open.push((given, property)),
                    _ => return true,
                }
            }
        }
        false
    }

    /// `'not an address'`, `{ message: 'not an address' }`.
    fn is_message(&self, v: V) -> bool {
        match self.program.value(self.program.behind(v)) {
            Value::String(_) => true,
            Value::Object(list) => {
                let summary = self.program.summary(v.0);
                let is_message =
                    |key| matches!(key, Key::Name(name) if matches!(summary.str(name), "message" | "error"));
                summary.properties(list).iter().all(|property| is_message(property.key))
            }
            _ => false,
        }
    }
}
