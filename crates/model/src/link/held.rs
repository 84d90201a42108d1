//! Which calls may call what a call gives: `const run = promisify(exec)`, `run(command)`.

use rustc_hash::FxHashSet;

use super::{C, F, Program};
use crate::summary::*;

/// Calls whose results are one and the same function that are looked at: of the one that makes it, and of those that pass it on.
const MOST_MAKERS: usize = 24;

impl Program<'_> {
    /// Calls that may call what this call gives, by the names under which it is kept: in variables, properties and exports, by
    /// functions that return it and parameters that take it. In the order of files; which of them do, evaluation tells.
    pub(crate) fn calls_of_result(&self, made: C) -> Vec<C> {
        let mut calls: FxHashSet<C> = FxHashSet::default();
        let mut makers = vec![made];
        let mut next = 0;
        while let Some(&maker) = makers.get(next) {
            next += 1;
            let kept = self.kept(maker);
            calls.extend(kept.at_once);
            for name in kept.names {
                for alias in self.names_of(self.str(maker.0, name)).iter() {
                    calls.extend(self.calls_named(alias).iter().copied());
                }
            }
            if kept.is_whole {
                calls.extend(self.calls_of_whole(maker.0).flatten().copied());
                calls.extend(self.called_at_once.get(&maker.0).into_iter().flatten().copied());
            }
            let passed_on = kept.returned_by.into_iter().flat_map(|f| self.callers(F(maker.0, f)).to_vec());
            for c in passed_on {
                if makers.len() < MOST_MAKERS && !makers.contains(&c) {
                    makers.push(c);
                }
            }
            for (c, index) in kept.handed_to {
                for f in self.functions_called(c) {
                    let parameter = self.function(f).parameters.get(index).and_then(|parameter| parameter.binding);
                    if let Some(binding) = parameter {
                        let name = self.summary(f.0).bindings[binding.index()].name;
                        calls.extend(self.calls_named(self.str(f.0, name)).iter().copied());
                    }
                }
            }
        }
        let mut calls: Vec<C> = calls.into_iter().collect();
        calls.sort_unstable();
        calls
    }

    /// Where the script in which a call stands keeps what it gives.
    fn kept(&self, made: C) -> Kept {
        let summary = self.summary(made.0);
        let mut held: FxHashSet<ValueId> = FxHashSet::default();
        // What a value is made of mostly stands before it; not always, so a second look.
        for _ in 0..2 {
            for (index, node) in summary.values.iter().enumerate() {
                let is_held = match node.value {
                    Value::Call(call) => call == made.1,
                    Value::Conditional { then, other, .. } => held.contains(&then) || held.contains(&other),
                    Value::Binary(
                        Operator::Or | Operator::Nullish | Operator::And | Operator::Default,
                        left,
                        right,
                    ) => held.contains(&left) || held.contains(&right),
                    Value::Await(inner) => held.contains(&inner),
                    _ => false,
                };
                if is_held {
                    held.insert(ValueId(index as u32));
                }
            }
        }
        let mut kept = Kept::default();
        let is_held = |value: &ValueId| held.contains(value);
        for binding in &summary.bindings {
            if binding.writes.iter().any(|write| is_held(&write.value)) {
                kept.names.push(binding.name);
            }
        }
        let of_objects = summary.properties.iter().map(|property| (property.key, Some(property.value)));
        let written = summary.writes.iter().map(|write| (write.key, write.value));
        let members = summary.classes.iter().flat_map(|class| &class.members);
        let of_classes = members.map(|member| (member.key, member.value));
        for (key, value) in of_objects.chain(written).chain(of_classes) {
            if let (Key::Name(name), Some(value)) = (key, value)
                && is_held(&value)
            {
                kept.names.push(name);
            }
        }
        for export in &summary.exports {
            match export {
                Export::Named(name, value) if is_held(value) => {
                    kept.names.push(*name);
                    kept.is_whole |= summary.str(*name) == "default";
                }
                Export::Whole(value) => kept.is_whole |= is_held(value),
                _ => {}
            }
        }
        for (index, function) in summary.functions.iter().enumerate() {
            if function.exits.iter().filter_map(|exit| exit.value.as_ref()).any(is_held) {
                kept.returned_by.push(FunctionId(index as u32));
            }
        }
        for (index, call) in summary.calls.iter().enumerate() {
            let c = C(made.0, CallId(index as u32));
            if is_held(&call.callee) {
                kept.at_once.push(c);
            }
            let arguments = summary.items(call.arguments).iter().enumerate();
            kept.handed_to.extend(arguments.filter(|(_, item)| is_held(&item.value)).map(|(index, _)| (c, index)));
        }
        kept
    }
}

/// Where what a call gives is kept.
#[derive(Default)]
struct Kept {
    names: Vec<Name>,
    /// It is what the whole module exports.
    is_whole: bool,
    returned_by: Vec<FunctionId>,
    /// Calls that call it where it is made.
    at_once: Vec<C>,
    /// Calls that are given it, and as which argument.
    handed_to: Vec<(C, usize)>,
}
