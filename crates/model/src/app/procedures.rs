//! Procedures of typed routers: functions that a package calls with what a renderer asks for, once its schema let it through.
//!
//! ```text
//! export const router = t.router({
//!   open: t.procedure.input(z.object({ url: z.string() })).mutation(({ input }) => shell.openExternal(input.url)),
//! })
//! ```
//!
//! <https://trpc.io/docs/server/procedures>, <https://github.com/jsonnull/electron-trpc>, <https://github.com/egoist/tipc>,
//! <https://orpc.dev/docs/procedure>

use rustc_hash::FxHashMap;

use super::App;
use super::checks::{Base, Judged, Root, Strength, judged};
use crate::link::things::{Thing, Unknown};
use crate::link::{C, F, V};
use crate::summary::Value;

/// Packages whose routers are built by chains of calls.
const PACKAGES: [&str; 3] = ["@trpc/server", "@egoist/tipc/main", "@orpc/server"];

/// Methods that take the function which answers.
const ANSWERING: [&str; 5] = ["query", "mutation", "subscription", "action", "handler"];

/// What carries the messages of such a router, from renderers.
const OVER_IPC: [&str; 5] = [
    "electron-trpc/main",
    "trpc-electron/main",
    "electron-trpc-experimental/main",
    "@egoist/tipc/main",
    "@orpc/server/message-port",
];

/// What a procedure is told of what was asked for; the rest is the app's: `ctx`, `signal`, `path`.
const ASKED: [&str; 3] = ["input", "rawInput", "getRawInput"];

/// Calls of one method that are looked at.
const MOST_CALLS: usize = 2000;

/// Steps from the last call of a chain to the package.
const MOST_STEPS: usize = 64;

/// A function that answers, and what its questions must be like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Procedure {
    /// The schemas of what is asked: `.input(schema)`.
    inputs: Vec<V>,
}

impl App<'_> {
    /// The functions that answer what renderers ask through a typed router.
    pub(super) fn procedures(&self) -> &FxHashMap<F, Procedure> {
        self.procedures.get_or_init(|| self.find_procedures())
    }

    fn find_procedures(&self) -> FxHashMap<F, Procedure> {
        let mut found = FxHashMap::default();
        let summaries = self.program.unit_ids().map(|unit| self.program.summary(unit));
        let mut imports =
            summaries.flat_map(|summary| summary.imports.iter().map(move |import| summary.str(import.specifier)));
        if !imports.any(|specifier| OVER_IPC.contains(&specifier)) {
            return found;
        }
        for method in ANSWERING {
            for &c in self.program.calls_named(method).iter().take(MOST_CALLS) {
                let Value::Member(object, _) = self.program.value(V(c.0, self.program.call(c).callee)) else {
                    continue;
                };
                let Some(answer) = self.program.argument(c, 0) else { continue };
                let Some(procedure) = self.chain(V(c.0, object)) else { continue };
                for f in self.functions(answer) {
                    found.insert(f, procedure.clone());
                }
            }
        }
        found
    }

    /// What a chain of calls says of a procedure, from its end back to the package that it begins with.
    fn chain(&self, end: V) -> Option<Procedure> {
        let mut procedure = Procedure::default();
        let mut at = end;
        for _ in 0..MOST_STEPS {
            at = self.program.behind(at);
            at = match self.program.value(at) {
                Value::Call(call) => self.called_in_chain(C(at.0, call), &mut procedure),
                Value::Member(object, _) => V(at.0, object),
                // Of another file, or of no other value.
                _ => {
                    let values = self.eval(at);
                    let mut things = values.iter().map(|known| &known.thing);
                    match things.find(|thing| {
                        matches!(
                            thing,
                            Thing::Api(_) | Thing::Result(..) | Thing::Unknown(Unknown::Call(_) | Unknown::Member(_))
                        )
                    })? {
                        Thing::Api(path) => return is_of_package(path).then_some(procedure),
                        Thing::Result(_, c) | Thing::Unknown(Unknown::Call(c)) => {
                            self.called_in_chain(*c, &mut procedure)
                        }
                        Thing::Unknown(Unknown::Member(v)) if *v != at => *v,
                        _ => return None,
                    }
                }
            };
        }
        None
    }

    /// Takes a call of a chain; what it is a call of.
    fn called_in_chain(&self, c: C, procedure: &mut Procedure) -> V {
        let callee = V(c.0, self.program.call(c).callee);
        match self.program.value(callee) {
            Value::Member(object, name) => {
                if self.program.str(c.0, name) == "input" {
                    procedure.inputs.extend(self.program.argument(c, 0));
                }
                V(c.0, object)
            }
            _ => callee,
        }
    }

    /// Whether a part of what a procedure is handed is the app's own.
    pub(super) fn is_own_part(&self, f: F, index: u32, part: Option<&str>) -> bool {
        self.procedures().contains_key(&f) && (index > 0 || part.is_some_and(|part| !ASKED.contains(&part)))
    }

    /// What a schema leaves of an input: `z.enum(['a', 'b'])` only what it lists.
    pub(super) fn held_by_schema(&self, root: &Root) -> Option<Judged> {
        let Base::Parameter(function, 0) = root.base else { return None };
        let (asked, rest) = root.path.split_first()?;
        let procedure = self.procedures().get(&F(root.unit, function))?;
        if asked != "input" {
            return None;
        }
        let property = rest.first().map(String::as_str);
        // Of an object as a whole nothing is said: one part of it may be free.
        let holds = |schema: V| self.narrows(schema, property) && (property.is_some() || !self.is_of_object(schema));
        let schema = procedure.inputs.iter().find(|schema| holds(**schema))?;
        Some(judged(Strength::Host, Some(self.span(*schema)), None))
    }
}

fn is_of_package(path: &str) -> bool {
    PACKAGES
        .iter()
        .any(|package| path.strip_prefix(package).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}
