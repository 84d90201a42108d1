//! What a function does with what it was handed: which values come from a parameter, which properties of it are read and written.

use super::App;
use super::inside::Which;
use crate::link::{C, F, V};
use crate::source::Span;
use crate::summary::{CallKind, ConditionId, Key, Operator, Value};

/// Helpers that are followed in a row.
const MOST_HELPERS: u32 = 3;

/// Tests in a row of which each may ask for a flag.
const MOST_FLAGS: usize = 16;

/// Steps from a value to the parameter it comes from.
const MOST_STEPS: u32 = 24;

/// For how many steps a function counts that is followed.
const OF_HELPER: u32 = 8;

/// How a value comes from a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flow {
    /// It is a part of something larger: `path.join(root, name)`, `` `${name}.json` ``.
    Part,
    /// It is the parameter, or a property of it.
    Whole,
}

/// A write to a property of a parameter, or a deletion of it.
#[derive(Clone, Debug, PartialEq)]
pub struct ParameterWrite {
    /// The property; `None` where it is computed.
    pub key: Option<String>,
    /// What is written; `None` for `delete`.
    pub value: Option<V>,
    /// Where.
    pub span: Span,
}

impl App<'_> {
    /// Whether a function, given what was gathered so far, gives just that: `(all, one) => { all[one.id] = one; return all; }`.
    pub(super) fn hands_on_what_it_gathers(&self, f: F) -> bool {
        let exits = self.program.function(f).exits.iter().filter_map(|exit| exit.value);
        exits.into_iter().any(|value| self.is_parameter(V(f.0, value), f, 0))
    }

    /// Whether a call hands over a flag under which something in the function does not happen: `show(text, false)`, where
    /// `show(text, asMarkup)` only writes markup `if (asMarkup)`.
    pub(super) fn is_switched_off(&self, caller: C, f: F, condition: Option<ConditionId>) -> bool {
        let mut conditions = self.program.summary(f.0).conditions_at(condition).take(MOST_FLAGS);
        conditions.any(|condition| {
            let Some((index, default, holds)) = self.flag_asked_for(V(f.0, condition.test), f, condition.holds, 0)
            else {
                return false;
            };
            let given = self.program.argument(caller, index as usize).or(default);
            given.is_some_and(|given| self.truth_of(given) == Some(!holds))
        })
    }

    /// The parameter that a test asks for, what it is where a call gives none, and which way it must be.
    fn flag_asked_for(&self, test: V, f: F, holds: bool, depth: u32) -> Option<(u32, Option<V>, bool)> {
        if depth > MOST_HELPERS {
            return None;
        }
        let at = |id| V(test.0, id);
        let summary = self.program.summary(test.0);
        match summary.value(test.1) {
            Value::Unary(Operator::Not, inner) => self.flag_asked_for(at(inner), f, !holds, depth + 1),
            Value::Parameter(function, index) if F(test.0, function) == f => Some((index, None, holds)),
            Value::Binary(Operator::Default, left, right) => self
                .flag_asked_for(at(left), f, holds, depth + 1)
                .map(|(index, _, holds)| (index, Some(at(right)), holds)),
            Value::Binding(binding) => match summary.bindings[binding.index()].writes.as_slice() {
                [only] => self.flag_asked_for(at(only.value), f, holds, depth + 1),
                _ => None,
            },
            _ => None,
        }
    }

    /// Which parameter of the function a value comes from, and how much of it is the parameter.
    pub fn parameter_flow(&self, v: V, f: F) -> Option<(u32, Flow)> {
        self.parameter_flow_at(v, f, 0)
    }

    fn parameter_flow_at(&self, v: V, f: F, depth: u32) -> Option<(u32, Flow)> {
        if v.0 != f.0 || depth > MOST_STEPS {
            return None;
        }
        let at = |id| V(v.0, id);
        let go = |id| self.parameter_flow_at(at(id), f, depth + 1);
        let part = |found: Option<(u32, Flow)>| found.map(|(index, _)| (index, Flow::Part));
        let summary = self.program.summary(v.0);
        match summary.value(v.1) {
            Value::Parameter(function, index) | Value::RestParameter(function, index) if function == f.1 => {
                Some((index, Flow::Whole))
            }
            Value::Binding(binding) => {
                let writes = &summary.bindings[binding.index()].writes;
                match writes.as_slice() {
                    [only] => go(only.value),
                    _ => writes.iter().take(8).find_map(|write| part(go(write.value))),
                }
            }
            Value::Member(object, _) | Value::Index(object, _) | Value::RestOf(object) => go(object),
            Value::Await(inner) | Value::ElementOf(inner) => go(inner),
            Value::Binary(Operator::Default | Operator::Or | Operator::Nullish, left, right) => {
                go(left).or_else(|| part(go(right)))
            }
            Value::Binary(Operator::Add, left, right) => part(go(left).or_else(|| go(right))),
            Value::Binary(Operator::And, _, right) => go(right),
            // `text ? JSON.parse(text) : text`: whichever it is.
            Value::Conditional { then, other, .. } => match (go(then), go(other)) {
                (Some(first), Some(second)) if first == second => Some(first),
                (first, second) => part(first.or(second)),
            },
            Value::Template(list) => match summary.items(list) {
                [only] => go(only.value),
                items => items.iter().find_map(|item| part(go(item.value))),
            },
            Value::Array(list) => summary.items(list).iter().find_map(|item| part(go(item.value))),
            Value::Call(call) => {
                let record = summary.call(call);
                let receiver = match summary.value(record.callee) {
                    Value::Member(object, name) => {
                        let same = matches!(summary.str(name), "toString" | "trim" | "valueOf" | "normalize");
                        let found = go(object);
                        if same { found } else { part(found) }
                    }
                    _ => None,
                };
                if receiver.is_none()
                    && let [argument] = summary.items(record.arguments)
                    && !argument.spread
                    && self.is_read_as_it_is(C(v.0, call), depth)
                {
                    return go(argument.value);
                }
                receiver.or_else(|| summary.items(record.arguments).iter().find_map(|item| part(go(item.value))))
            }
            _ => None,
        }
    }

    /// Whether a call gives what it is given, read from its text: `JSON.parse(text)`, and a function of the app's that does no more.
    fn is_read_as_it_is(&self, c: C, depth: u32) -> bool {
        if let Some((api, _)) = self.api_of(c) {
            return matches!(&*api, "JSON.parse" | "structuredClone");
        }
        let returns_it = |helper: F| {
            let mut exits = self.program.function(helper).exits.iter().filter_map(|exit| exit.value).peekable();
            exits.peek().is_some()
                && exits.all(|value| {
                    self.parameter_flow_at(V(helper.0, value), helper, depth + OF_HELPER) == Some((0, Flow::Whole))
                })
        };
        let callee = V(c.0, self.program.call(c).callee);
        let helpers = if depth + OF_HELPER <= MOST_STEPS { self.functions(callee) } else { Vec::new() };
        !helpers.is_empty() && helpers.into_iter().all(returns_it)
    }

    /// Writes to properties of a parameter, in the function and in those of the app that it hands the parameter to.
    pub fn writes_on_parameter(&self, f: F, parameter: u32) -> Vec<ParameterWrite> {
        let mut found = Vec::new();
        self.collect_writes(f, parameter, 0, &mut found);
        found
    }

    fn collect_writes(&self, f: F, parameter: u32, depth: u32, found: &mut Vec<ParameterWrite>) {
        let summary = self.program.summary(f.0);
        let events = summary.function(f.1).events;
        for write in &summary.writes {
            if write.order <= events.0
                || write.order > events.1
                || !self.is_parameter(V(f.0, write.object), f, parameter)
            {
                continue;
            }
            found.push(ParameterWrite {
                key: match write.key {
                    Key::Name(name) => Some(summary.str(name).to_owned()),
                    _ => None,
                },
                value: write.value.map(|value| V(f.0, value)),
                span: self.program.place(f.0, write.span),
            });
        }
        for (_, index, helpers) in self.hands_on(f, parameter) {
            if depth < MOST_HELPERS {
                for helper in helpers {
                    self.collect_writes(helper, index, depth + 1, found);
                }
            }
        }
    }

    /// Whether a property of a parameter is read, in the function or in those of the app that it hands the parameter to.
    pub fn reads_of_parameter(&self, f: F, parameter: u32, name: &str) -> bool {
        self.reads_at(f, parameter, name, 0)
    }

    fn reads_at(&self, f: F, parameter: u32, name: &str, depth: u32) -> bool {
        let summary = self.program.summary(f.0);
        let here = self.values_inside(f, Which::All).any(|value| {
            matches!(summary.value(value), Value::Member(object, key)
                if summary.str(key) == name && self.is_parameter(V(f.0, object), f, parameter))
        });
        here || (depth < MOST_HELPERS
            && self.hands_on(f, parameter).iter().any(|(_, index, helpers)| {
                helpers.iter().any(|helper| self.reads_at(*helper, *index, name, depth + 1))
            }))
    }

    /// Whether the function hands the parameter, as it is, to something that is neither the app's own nor a known API.
    pub fn hands_to_unknown(&self, f: F, parameter: u32) -> bool {
        self.hands_on(f, parameter).iter().any(|(c, _, helpers)| helpers.is_empty() && self.api_of(*c).is_none())
    }

    /// Calls in a function that are given the parameter as it is: the call, at which place, and the app's functions that it calls.
    pub(super) fn hands_on(&self, f: F, parameter: u32) -> Vec<(C, u32, Vec<F>)> {
        let mut found = Vec::new();
        for c in self.calls_inside(f) {
            let record = self.program.call(c);
            if !matches!(record.kind, CallKind::Call | CallKind::New) {
                continue;
            }
            for (index, item) in self.program.arguments(c).iter().enumerate() {
                if !item.spread && self.is_parameter(V(c.0, item.value), f, parameter) {
                    let helpers =
                        self.functions(V(c.0, record.callee)).into_iter().filter(|helper| *helper != f).collect();
                    found.push((c, index as u32, helpers));
                }
            }
        }
        found
    }

    /// Whether some script listens for an event, on whatever object: an absence that is none, if the object could not be resolved.
    pub fn listens_somewhere(&self, event: &str) -> bool {
        crate::link::electron::LISTEN.iter().any(|method| {
            self.program.calls_named(method).iter().any(|&c| {
                let name = self.program.argument(c, 0).and_then(|name| self.constant(name));
                name.is_some_and(|name| name.text() == Some(event))
            })
        })
    }

    /// Which parameters of a function a value depends on: the index, and the property read from it, if one is.
    ///
    /// Parameters of functions written inside it, and what calls give, count as `None`.
    pub fn parameters_of(&self, v: V, f: F) -> Vec<Option<(u32, Option<String>)>> {
        let mut found = Vec::new();
        let mut open = vec![v];
        let mut seen = rustc_hash::FxHashSet::default();
        while let Some(v) = open.pop() {
            if seen.len() > 400 || !seen.insert(v) {
                continue;
            }
            let summary = self.program.summary(v.0);
            let at = |id| V(v.0, id);
            let mut add = |what| {
                if !found.contains(&what) {
                    found.push(what);
                }
            };
            match summary.value(v.1) {
                Value::Parameter(function, index) => {
                    add((function == f.1 && v.0 == f.0).then_some((index, None)));
                }
                Value::Member(object, name) => {
                    let object = summary.behind(object);
                    match summary.value(object) {
                        Value::Parameter(function, index) if function == f.1 && v.0 == f.0 => {
                            add(Some((index, Some(summary.str(name).to_owned()))));
                        }
                        _ => open.push(at(object)),
                    }
                }
                Value::Binding(binding) => {
                    let writes = &summary.bindings[binding.index()].writes;
                    open.extend(writes.iter().map(|write| at(write.value)));
                }
                Value::Array(list) | Value::Template(list) => {
                    open.extend(summary.items(list).iter().map(|item| at(item.value)));
                }
                Value::Object(list) => open.extend(summary.properties(list).iter().map(|property| at(property.value))),
                Value::Conditional { test, then, other } => open.extend([at(test), at(then), at(other)]),
                Value::Binary(Operator::Default, left, _) => open.push(at(left)),
                Value::Binary(_, left, right) | Value::Index(left, right) => open.extend([at(left), at(right)]),
                Value::Unary(_, inner) | Value::RestOf(inner) | Value::Await(inner) | Value::ElementOf(inner) => {
                    open.push(at(inner));
                }
                Value::Call(call) => {
                    let call = summary.call(call);
                    add(None);
                    open.extend(summary.items(call.arguments).iter().map(|item| at(item.value)));
                    open.push(at(call.callee));
                }
                // What is asked of each: `pinned.some((one) => one === certificate.fingerprint)`.
                Value::Function(inner) => {
                    for exit in &summary.function(inner).exits {
                        open.extend(exit.value.map(at));
                        open.extend(summary.conditions_at(exit.condition).map(|condition| at(condition.test)));
                    }
                }
                _ => {}
            }
        }
        found
    }

    /// Every test that dominates a place in a function or in one written inside it, from the inside out.
    pub fn tests_around(&self, place: F, condition: Option<ConditionId>, f: F) -> Vec<V> {
        self.conditions_around(place, condition, f).into_iter().map(|(test, _)| test).collect()
    }

    /// The tests under which a call stands in its function, and how each comes out.
    pub(super) fn conditions_at_call(&self, c: C) -> Vec<(V, bool)> {
        let call = self.program.call(c);
        let place = F(c.0, call.function);
        self.conditions_around(place, call.condition, place)
    }

    /// As [`App::tests_around`], with how each came out.
    pub(super) fn conditions_around(&self, place: F, condition: Option<ConditionId>, f: F) -> Vec<(V, bool)> {
        let summary = self.program.summary(place.0);
        let mut tests = Vec::new();
        let (mut function, mut at) = (place.1, condition);
        for _ in 0..64 {
            tests.extend(summary.conditions_at(at).map(|condition| (V(place.0, condition.test), condition.holds)));
            if tests.len() > 256 {
                break;
            }
            if function == f.1 || place.0 != f.0 {
                break;
            }
            let record = summary.function(function);
            if record.parent == function {
                break;
            }
            at = record.condition;
            function = record.parent;
        }
        tests
    }
}
