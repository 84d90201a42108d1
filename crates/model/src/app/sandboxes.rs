//! Sandboxes that the app makes with `createSandbox`: what it hands them, and whether they end.

use super::{ApiCall, App};
use crate::link::things::{Certainty, Known, Thing, Unknown};
use crate::link::{C, F, V};
use crate::source::Span;
use crate::summary::{Range, Value};

/// A sandbox.
#[derive(Clone, Debug)]
pub struct Sandbox {
    /// The call that makes it.
    pub call: C,
    /// The functions that code in it may call, by name.
    pub functions: Vec<(String, F)>,
    /// Calls of `execute` on it.
    pub executions: Vec<C>,
    /// Whether it ends.
    pub end: End,
    /// How sure it is that it is one.
    pub certainty: Certainty,
}

/// Whether a sandbox is exited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// On every path that was seen.
    Always,
    /// It is handed to something that may do it.
    Elsewhere,
    /// Not on every path: the exit that is there, and what leads past it.
    Sometimes(Span, Past),
    /// Nowhere.
    Never,
}

/// What leads past an exit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Past {
    /// Something before it throws.
    Throw(Span),
    /// The function returns before it.
    Return(Span),
    /// It is done under a condition.
    Condition(Span),
}

/// Packages whose `createSandbox` makes one.
const PACKAGES: [&str; 2] = ["@bentley/studio-startup-apps-backend-api", "@electrolint/sandbox"];

/// Packages whose `createSandbox` makes something else: test doubles, module loaders.
const OTHERS: [&str; 6] = ["sinon", "sandboxed-module", "jest", "@jest", "vm2", "fetch-mock"];

/// Methods that end a sandbox.
const EXITS: [&str; 7] = ["exit", "kill", "close", "dispose", "destroy", "terminate", "asyncDispose"];

/// Most sandboxes that are looked at.
const MOST: usize = 200;

impl App<'_> {
    /// Whether a call is of a statement that was prepared: `db.prepare(text).all(value)`.
    pub fn is_of_statement(&self, c: C) -> bool {
        let Value::Member(object, _) = self.program.value(V(c.0, self.program.call(c).callee)) else { return false };
        self.call_behind(V(c.0, object)).is_some_and(|made| {
            let summary = self.program.summary(made.0);
            crate::link::final_name(summary, summary.call(made.1).callee)
                .is_some_and(|name| summary.str(name) == "prepare")
        })
    }

    /// Every sandbox that the app makes, in the order of places.
    pub fn sandboxes(&self) -> &[Sandbox] {
        self.sandboxes.get_or_init(|| {
            let mut found = Vec::new();
            let mut names: Vec<C> = Vec::new();
            for name in self.program.names_of("createSandbox").iter() {
                names.extend(self.program.calls_named(name));
            }
            names.sort_unstable();
            names.dedup();
            for c in names {
                if found.len() >= MOST {
                    self.is_limited.set(true);
                    break;
                }
                found.extend(self.sandbox(c));
            }
            found
        })
    }

    fn sandbox(&self, c: C) -> Option<Sandbox> {
        let callee = V(c.0, self.program.call(c).callee);
        let certainty = self.eval(callee).iter().find_map(|known| match &known.thing {
            Thing::Api(path) => {
                let package = PACKAGES.iter().any(|package| path.starts_with(package));
                let other = OTHERS.iter().any(|other| path.starts_with(other));
                (path.ends_with("createSandbox") && !other).then_some(if package {
                    Certainty::Certain
                } else {
                    Certainty::Firm
                })
            }
            Thing::Unknown(_) => Some(Certainty::Firm),
            _ => None,
        })?;
        let calls = |method: &str| self.calls_on_sandbox(c, method);
        let executions: Vec<C> = calls("execute");
        // A name that others use as well: what is made must be used as a sandbox is.
        if certainty != Certainty::Certain && executions.is_empty() {
            return None;
        }
        let exits: Vec<C> = EXITS.iter().flat_map(|method| calls(method)).collect();
        Some(Sandbox {
            call: c,
            functions: self.sandbox_functions(c),
            end: self.sandbox_end(c, &executions, exits),
            executions,
            certainty,
        })
    }

    /// The value is the sandbox that a call makes.
    fn is_sandbox(&self, v: V, made: C) -> bool {
        self.eval(v).iter().any(|known| match &known.thing {
            Thing::Result(_, c) => *c == made,
            Thing::Unknown(Unknown::Call(c)) => *c == made,
            _ => false,
        })
    }

    fn calls_on_sandbox(&self, made: C, method: &str) -> Vec<C> {
        let calls = self.program.calls_named(method).iter().copied();
        calls
            .filter(|c| match self.program.value(V(c.0, self.program.call(*c).callee)) {
                Value::Member(object, _) => self.is_sandbox(V(c.0, object), made),
                _ => false,
            })
            .collect()
    }

    /// The functions of `createSandbox({ api: { … } })`.
    fn sandbox_functions(&self, c: C) -> Vec<(String, F)> {
        let mut found = Vec::new();
        let Some(options) = self.program.argument(c, 0) else { return found };
        for known in self.eval(options).iter() {
            let Thing::Object(object) = &known.thing else { continue };
            for api in self.program.property(object, "api", None).values {
                self.functions_in(&api.known, "", &mut found, 0);
            }
        }
        found.sort();
        found.dedup();
        found
    }

    fn functions_in(&self, known: &Known, prefix: &str, found: &mut Vec<(String, F)>, depth: u32) {
        match &known.thing {
            Thing::Function(f, _) => found.push((prefix.to_owned(), *f)),
            Thing::Object(object) if depth < 4 && found.len() < 256 => {
                for name in self.program.keys(object) {
                    let path = if prefix.is_empty() { name.to_string() } else { format!("{prefix}.{name}") };
                    for placed in self.program.property(object, &name, None).values {
                        self.functions_in(&placed.known, &path, found, depth + 1);
                    }
                }
            }
            _ => {}
        }
    }

    fn sandbox_end(&self, c: C, executions: &[C], exits: Vec<C>) -> End {
        let summary = self.program.summary(c.0);
        let record = self.program.call(c);
        let holds = |range: &Range, inner: Range| range.0 <= inner.0 && inner.1 <= range.1;
        if summary.using.iter().any(|using| holds(using, record.span)) {
            return End::Always;
        }
        let Some(&exit) = exits.first() else {
            return if self.sandbox_leaves(c) { End::Elsewhere } else { End::Never };
        };
        // Another function ends it: when the app quits, when a class is disposed of, in a `finally` of a promise.
        let here: Vec<C> = exits
            .iter()
            .copied()
            .filter(|exit| exit.0 == c.0 && self.program.call(*exit).function == record.function)
            .collect();
        if here.len() < exits.len() {
            return End::Elsewhere;
        }
        let in_finalizer = |exit: &C| {
            let span = self.program.call(*exit).span;
            summary.tries.iter().any(|tried| tried.finalizer.is_some_and(|finalizer| holds(&finalizer, span)))
        };
        let span_of = |c: C| self.program.place(c.0, self.program.call(c).span);
        if let Some(exit) = here.iter().find(|exit| in_finalizer(exit)) {
            return match self.condition_past(c, *exit) {
                Some(test) => End::Sometimes(span_of(*exit), Past::Condition(test)),
                None => End::Always,
            };
        }
        let in_handler = |exit: &C| {
            let span = self.program.call(*exit).span;
            summary.tries.iter().any(|tried| tried.handler.is_some_and(|handler| holds(&handler, span)))
        };
        // The last exit outside handlers is the one that the straight way leads to.
        let straight = here.iter().rev().find(|exit| !in_handler(exit)).copied().unwrap_or(exit);
        if let Some(test) = self.condition_past(c, straight)
            && here.len() < 2
        {
            return End::Sometimes(span_of(straight), Past::Condition(test));
        }
        let place = self.program.call(straight).span;
        let is_caught = |span: Range| {
            summary.tries.iter().any(|tried| {
                holds(&tried.block, span)
                    && !holds(&tried.block, record.span)
                    && tried.handler.is_some_and(|handler| {
                        let exits_there = here.iter().any(|exit| holds(&handler, self.program.call(*exit).span));
                        let leaves =
                            summary.function(record.function).exits.iter().any(|out| holds(&handler, out.span));
                        exits_there || !leaves
                    })
            })
        };
        let has_catch = |run: C| {
            self.program.calls_named("catch").iter().any(|call| {
                call.0 == run.0
                    && match self.program.value(V(call.0, self.program.call(*call).callee)) {
                        Value::Member(object, _) => self.program.value(V(call.0, object)) == Value::Call(run.1),
                        _ => false,
                    }
            })
        };
        for &run in executions {
            let call = self.program.call(run);
            let is_between = run.0 == c.0
                && call.function == record.function
                && record.span.1 <= call.span.0
                && call.span.1 <= place.0;
            // In a handler or a `try` around the creation too: an exit there catches it.
            let around = summary.tries.iter().any(|tried| {
                holds(&tried.block, call.span)
                    && tried
                        .handler
                        .is_some_and(|handler| here.iter().any(|exit| holds(&handler, self.program.call(*exit).span)))
            });
            if is_between && !around && !is_caught(call.span) && !has_catch(run) {
                return End::Sometimes(span_of(straight), Past::Throw(span_of(run)));
            }
        }
        let returns = summary.function(record.function).exits.iter().find(|out| {
            !out.throws
                && out.span.0 >= record.span.1
                && out.span.1 <= place.0
                && !here.iter().any(|exit| self.program.call(*exit).span.1 <= out.span.0)
        });
        match returns {
            Some(out) => End::Sometimes(span_of(straight), Past::Return(self.program.place(c.0, out.span))),
            None => End::Always,
        }
    }

    /// A test under which an exit is done and that does not ask whether there is a sandbox.
    fn condition_past(&self, made: C, exit: C) -> Option<Span> {
        let summary = self.program.summary(exit.0);
        let mut known = Vec::new();
        let mut at = self.program.call(made).condition;
        while let Some(id) = at {
            known.push(id);
            at = summary.conditions[id.index()].parent;
            if known.len() > 64 {
                return None;
            }
        }
        let mut at = self.program.call(exit).condition;
        for _ in 0..64 {
            let id = at?;
            if known.contains(&id) {
                return None;
            }
            let condition = summary.conditions[id.index()];
            let test = V(exit.0, condition.test);
            // What made the function leave before says nothing of the exit.
            let leaves = !condition.holds;
            if !leaves && !self.speaks_of_sandbox(test, made, 0) {
                return Some(self.span(test));
            }
            at = condition.parent;
        }
        None
    }

    fn speaks_of_sandbox(&self, v: V, made: C, depth: u32) -> bool {
        if depth > 8 {
            return true;
        }
        if self.is_sandbox(v, made) {
            return true;
        }
        match self.program.value(v) {
            Value::Unary(_, inner) => self.speaks_of_sandbox(V(v.0, inner), made, depth + 1),
            Value::Binary(_, left, right) => {
                self.speaks_of_sandbox(V(v.0, left), made, depth + 1)
                    || self.speaks_of_sandbox(V(v.0, right), made, depth + 1)
            }
            Value::Member(object, _) => self.speaks_of_sandbox(V(v.0, object), made, depth + 1),
            _ => false,
        }
    }

    /// The sandbox is returned, handed to a function, or kept in an object.
    fn sandbox_leaves(&self, made: C) -> bool {
        let unit = made.0;
        let summary = self.program.summary(unit);
        let is = |value| self.is_sandbox(V(unit, value), made);
        let returned = summary
            .functions
            .iter()
            .any(|function| function.exits.iter().any(|exit| !exit.throws && exit.value.is_some_and(is)));
        let kept = summary.writes.iter().any(|write| write.value.is_some_and(is))
            || summary.properties.iter().any(|property| is(property.value));
        let exported = summary.exports.iter().any(|export| match export {
            crate::summary::Export::Named(_, value) | crate::summary::Export::Whole(value) => is(*value),
            _ => false,
        });
        let handed =
            || summary.calls.iter().any(|call| summary.items(call.arguments).iter().any(|item| is(item.value)));
        returned || exported || (kept && self.has_exit_by_name()) || handed()
    }

    /// Something in the app ends something: where a sandbox is kept in a field, that cannot be told further.
    fn has_exit_by_name(&self) -> bool {
        EXITS.iter().any(|name| {
            self.program.calls_named(name).iter().any(|c| {
                let callee = V(c.0, self.program.call(*c).callee);
                matches!(self.program.value(callee), Value::Member(..))
                    && self.eval(callee).iter().all(|known| !matches!(&known.thing, Thing::Api(path) if path.starts_with("app.") || path.starts_with("process.")))
            })
        })
    }

    /// Calls inside the functions that a sandbox was handed, each with the function's name.
    pub fn calls_in_sandbox_functions(&self, sandbox: &Sandbox) -> Vec<(String, ApiCall)> {
        let mut found = Vec::new();
        for (name, f) in &sandbox.functions {
            for c in self.calls_inside(*f) {
                let call = ApiCall { call: c, receiver: None, certainty: sandbox.certainty, remote: false };
                found.push((name.clone(), call));
            }
        }
        found
    }

    /// What decides which method a call calls: `name` of `table[name](…)`.
    pub fn computed_method(&self, c: C) -> Option<V> {
        match self.program.value(V(c.0, self.program.call(c).callee)) {
            Value::Index(_, key) => Some(V(c.0, key)),
            _ => None,
        }
    }
}
