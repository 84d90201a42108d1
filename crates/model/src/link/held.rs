//! Which calls may call what a call gives: `const run = promisify(exec)`, `run(command)`.

use rustc_hash::FxHashSet;

use super::{C, F, Program, UnitId};
use crate::summary::*;

/// Calls that pass on what others give, beside those that make it.
const MOST_PASSED_ON: usize = 256;

impl Program<'_> {
    /// Calls that may call what one of these calls gives, by the names under which it is kept: in variables, properties and exports, by
    /// functions that return it and parameters that take it. In the order of files; which of them do, evaluation tells.
    pub(crate) fn calls_of_results(&self, made: &[C]) -> Vec<C> {
        let mut calls: FxHashSet<C> = FxHashSet::default();
        let mut names: FxHashSet<&str> = FxHashSet::default();
        let mut seen: FxHashSet<C> = made.iter().copied().collect();
        let most = seen.len() + MOST_PASSED_ON;
        let mut open: Vec<C> = seen.iter().copied().collect();
        while !open.is_empty() {
            open.sort_unstable();
            let mut passed_on = Vec::new();
            for makers in open.chunk_by(|one, other| one.0 == other.0) {
                let unit = makers[0].0;
                let kept = self.kept(unit, &makers.iter().map(|maker| maker.1).collect());
                calls.extend(kept.at_once);
                names.extend(kept.names.into_iter().map(|name| self.str(unit, name)));
                if kept.is_whole {
                    calls.extend(self.calls_of_whole(unit).flatten().copied());
                    calls.extend(self.called_at_once.get(&unit).into_iter().flatten().copied());
                }
                passed_on.extend(kept.returned_by.into_iter().flat_map(|f| self.callers(F(unit, f)).to_vec()));
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
            passed_on.retain(|c| seen.len() < most && seen.insert(*c));
            open = passed_on;
        }
        for name in names {
            for alias in self.names_of(name).iter() {
                calls.extend(self.calls_named(alias).iter().copied());
            }
        }
        let mut calls: Vec<C> = calls.into_iter().collect();
        calls.sort_unstable();
        calls
    }

    /// Where a script keeps what these calls in it give.
    fn kept(&self, unit: UnitId, made: &FxHashSet<CallId>) -> Kept {
        let summary = self.summary(unit);
        let mut held: FxHashSet<ValueId> = FxHashSet::default();
        // What a value is made of mostly stands before it; not always, so a second look.
        for _ in 0..2 {
            for (index, node) in summary.values.iter().enumerate() {
                let is_held = match node.value {
                    Value::Call(call) => made.contains(&call),
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
            let c = C(unit, CallId(index as u32));
            if is_held(&call.callee) {
                kept.at_once.push(c);
            }
            let arguments = summary.items(call.arguments).iter().enumerate();
            kept.handed_to.extend(arguments.filter(|(_, item)| is_held(&item.value)).map(|(index, _)| (c, index)));
        }
        kept
    }
}

/// Where what calls give is kept.
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
