//! Checks that come before something: which of them speak of the same address, and what they are worth.
//!
//! A condition becomes a formula; a [`Strength`] says how far the formula holds an address to what the app chose.

use super::App;
pub use super::roots::{Base, Root, UrlPart, parameter_root};
use super::strength::*;
pub use super::strength::{Judged, Strength};
use crate::link::things::*;
use crate::link::{C, F, UnitId, V};
use crate::source::Span;
use crate::summary::{CallKind, ConditionId, FunctionId, Key, Operator, Value};

/// Helper functions that are followed in a row.
const MOST_HELPERS: u32 = 4;

/// A condition, taken apart.
#[derive(Clone, Debug)]
enum Formula {
    All(Vec<Formula>),
    Any(Vec<Formula>),
    Atom(Judged),
}

impl Formula {
    fn nothing() -> Self {
        Formula::Atom(judged(Strength::None, None, None))
    }

    fn judge(&self) -> Judged {
        let parts = |parts: &[Formula], join: fn(Judged, Judged) -> Judged| {
            parts.iter().map(Formula::judge).reduce(join).unwrap_or(judged(Strength::None, None, None))
        };
        match self {
            Formula::Atom(judged) => judged.clone(),
            // Any one of them is enough.
            Formula::All(all) => parts(all, Judged::better),
            Formula::Any(any) => parts(any, Judged::worse),
        }
    }
}

impl App<'_> {
    /// How well the conditions that dominate a call hold a value that it is given.
    pub fn guard_of_call(&self, c: C, subject: V) -> Judged {
        let call = self.program.call(c);
        let Some(root) = self.root(subject) else { return judged(Strength::None, None, None) };
        let mut parts = self.formulas(F(c.0, call.function), call.condition, &root, self.rewritten_before(c, &root), 0);
        parts.extend(self.filtered(&root));
        let mut judged = Formula::All(parts).judge();
        if judged.strength < Strength::Scheme
            && let Some(found) = self.asserted_before(c, subject)
            && found.strength > judged.strength
        {
            judged = found;
        }
        judged
    }

    /// How well what holds in a function under a condition holds a value.
    pub fn guard(&self, f: F, condition: Option<ConditionId>, subject: V) -> Judged {
        let Some(root) = self.root(subject) else { return judged(Strength::None, None, None) };
        self.guard_of_root(f, condition, &root)
    }

    /// As [`App::guard`], for a root.
    pub fn guard_of_root(&self, f: F, condition: Option<ConditionId>, root: &Root) -> Judged {
        Formula::All(self.formulas(f, condition, root, 0, 0)).judge()
    }

    /// How well a test that came out as `holds` holds an address.
    pub fn guard_by_test(&self, test: V, holds: bool, root: &Root) -> Judged {
        self.formula(test, holds, root, 0).judge()
    }

    /// The strength with which an address passes where `condition` does *not* stop it.
    pub fn guard_where_not(&self, f: F, condition: Option<ConditionId>, root: &Root) -> Judged {
        let summary = self.program.summary(f.0);
        let mut parts = Vec::new();
        let mut at = condition;
        let mut steps = 0;
        while let Some(id) = at {
            let condition = summary.conditions[id.index()];
            // What passes in a frame inside the page does not navigate the page.
            if !self.asks_for_main_frame(V(f.0, condition.test), condition.holds) {
                parts.push(self.formula(V(f.0, condition.test), !condition.holds, root, 0));
            }
            at = condition.parent;
            steps += 1;
            if steps > 64 {
                break;
            }
        }
        if parts.is_empty() {
            // Nothing passes at all.
            return judged(Strength::Host, None, None);
        }
        Formula::Any(parts).judge()
    }

    /// `event.isMainFrame`, where it holds; `!details.isMainFrame`, where it does not.
    fn asks_for_main_frame(&self, test: V, holds: bool) -> bool {
        let name = match self.program.value(test) {
            Value::Unary(Operator::Not, inner) => return self.asks_for_main_frame(V(test.0, inner), !holds),
            Value::Binding(binding) => match self.program.summary(test.0).bindings[binding.index()].writes.as_slice() {
                [only] => match self.program.value(V(test.0, only.value)) {
                    Value::Member(_, name) => name,
                    _ => return false,
                },
                _ => return false,
            },
            Value::Member(_, name) => name,
            _ => return false,
        };
        holds && self.program.str(test.0, name) == "isMainFrame"
    }

    /// Everything that holds: the conditions here, and those under which this function was made and is called.
    ///
    /// Tests that end before the byte `rewritten` spoke of what the value was then.
    fn formulas(&self, f: F, condition: Option<ConditionId>, root: &Root, rewritten: u32, depth: u32) -> Vec<Formula> {
        let summary = self.program.summary(f.0);
        let mut parts = Vec::new();
        let (mut at, mut function) = (condition, f.1);
        for _ in 0..128 {
            match at {
                Some(id) => {
                    let condition = summary.conditions[id.index()];
                    if summary.span(condition.test).0 >= rewritten {
                        parts.push(self.formula(V(f.0, condition.test), condition.holds, root, 0));
                    }
                    at = condition.parent;
                }
                None => {
                    let record = summary.function(function);
                    if record.parent == function {
                        break;
                    }
                    if depth < MOST_HELPERS && self.is_from_outside(function, root) {
                        parts.extend(self.where_called(F(f.0, function), root, depth));
                    }
                    at = record.condition;
                    function = record.parent;
                }
            }
        }
        parts
    }

    /// Whether a function sees a value that a function around it has.
    fn is_from_outside(&self, function: FunctionId, root: &Root) -> bool {
        match root.base {
            Base::Parameter(of, _) => of != function,
            Base::Binding(binding) => self.program.summary(root.unit).bindings[binding.index()].function != function,
            Base::Call(call) => self.program.summary(root.unit).call(call).function != function,
            Base::This(_) => false,
        }
    }

    /// What holds wherever a function is called that is made in one place and called in others: `if (isSafe(url)) open()`.
    fn where_called(&self, f: F, root: &Root, depth: u32) -> Option<Formula> {
        if self.program.callback_of(f).is_some() || self.program.function(f).name.is_none() {
            return None;
        }
        let mut places: Vec<C> = self.program.callers(f).to_vec();
        places.extend(self.program.handed_over(f).into_iter().map(|(c, _)| c));
        let one = |c: &C| {
            let call = self.program.call(*c);
            Formula::All(self.formulas(F(c.0, call.function), call.condition, root, 0, depth + 1))
        };
        let inside = |c: &C| c.0 == f.0 && !self.program.encloses(f, F(c.0, self.program.call(*c).function));
        (!places.is_empty() && places.iter().all(inside)).then(|| Formula::Any(places.iter().map(one).collect()))
    }

    /// The byte before which tests of a variable do not count at a call, since something else was written into it in between.
    fn rewritten_before(&self, c: C, root: &Root) -> u32 {
        let Base::Binding(binding) = root.base else { return 0 };
        let call = self.program.call(c);
        let summary = self.program.summary(root.unit);
        let writes = summary.bindings[binding.index()].writes.iter();
        writes
            .filter(|write| root.unit == c.0 && write.function == call.function && write.order < call.order)
            .filter(|write| !self.keeps(V(root.unit, write.value), root))
            .map(|write| write.span.1)
            .max()
            .unwrap_or(0)
    }

    /// Whether a value is an address with what was there before at its beginning.
    fn keeps(&self, v: V, root: &Root) -> bool {
        match self.program.value(v) {
            Value::Template(list) => {
                let items = self.program.summary(v.0).items(list);
                items.first().is_some_and(|first| self.root(V(v.0, first.value)).as_ref() == Some(root))
            }
            _ => self.root(v).as_ref() == Some(root),
        }
    }

    /// What holds of an element of a list that went through `filter`.
    fn filtered(&self, root: &Root) -> Vec<Formula> {
        let mut parts = Vec::new();
        let unit = root.unit;
        let method = |call: crate::summary::CallId| {
            let callee = V(unit, self.program.summary(unit).call(call).callee);
            match self.program.value(callee) {
                Value::Member(object, name) => Some((V(unit, object), self.program.str(unit, name))),
                _ => None,
            }
        };
        let (mut list, path) = match root.base {
            Base::Parameter(function, 0) => match self.program.callback_of(F(unit, function)) {
                Some((C(of, call), 0)) if of == unit => match method(call) {
                    Some((object, "forEach" | "map" | "flatMap" | "some" | "every")) => {
                        (self.program.value(object), &root.path[..])
                    }
                    _ => return parts,
                },
                _ => return parts,
            },
            Base::Call(call) => match (method(call), root.path.split_first()) {
                (Some((_, "filter")), Some((first, path))) if first == "[]" => (Value::Call(call), path),
                (Some((_, "find" | "findLast")), _) => (Value::Call(call), &root.path[..]),
                _ => return parts,
            },
            _ => return parts,
        };
        for _ in 0..8 {
            match list {
                Value::Binding(binding) => match self.program.summary(unit).bindings[binding.index()].writes.as_slice()
                {
                    [only] => list = self.program.value(V(unit, only.value)),
                    _ => break,
                },
                Value::Call(call) => {
                    let Some((object, "filter" | "find" | "findLast" | "slice" | "reverse")) = method(call) else {
                        break;
                    };
                    let predicates =
                        self.program.argument(C(unit, call), 0).map_or_else(Vec::new, |v| self.functions(v));
                    for predicate in predicates {
                        let mut element = parameter_root(predicate, 0);
                        element.path = path.to_vec();
                        parts.extend(self.returned_formula(predicate, true, &element, 0));
                    }
                    list = self.program.value(object);
                }
                _ => break,
            }
        }
        parts
    }

    /// `assertSafe(url)` before the call: a function that throws or never returns unless the value is good.
    fn asserted_before(&self, c: C, subject: V) -> Option<Judged> {
        let root = self.root(subject)?;
        let call = self.program.call(c);
        let f = F(c.0, call.function);
        let mut best: Option<Judged> = None;
        for other in self.calls_inside(f) {
            let record = self.program.call(other);
            if record.order >= call.order
                || record.function != call.function
                || !self.dominates(c.0, record.condition, call.condition)
            {
                continue;
            }
            for (index, item) in self.program.arguments(other).iter().enumerate() {
                if item.spread || self.root(V(other.0, item.value)).as_ref() != Some(&root) {
                    continue;
                }
                for helper in self.functions(V(other.0, record.callee)) {
                    let function = self.program.function(helper);
                    let inner = parameter_root(helper, index as u32);
                    let throws = function.exits.iter().filter(|exit| exit.throws);
                    for exit in throws {
                        let Some(id) = exit.condition else { continue };
                        let condition = self.program.summary(helper.0).conditions[id.index()];
                        let found = self.formula(V(helper.0, condition.test), !condition.holds, &inner, 1).judge();
                        if best.as_ref().is_none_or(|best| found.strength > best.strength) {
                            best = Some(found);
                        }
                    }
                }
            }
        }
        best
    }

    /// Whether what holds at `first` also holds at `second`.
    fn dominates(&self, unit: UnitId, first: Option<ConditionId>, second: Option<ConditionId>) -> bool {
        let Some(first) = first else { return true };
        let summary = self.program.summary(unit);
        let mut at = second;
        for _ in 0..128 {
            match at {
                Some(id) if id == first => return true,
                Some(id) => at = summary.conditions[id.index()].parent,
                None => return false,
            }
        }
        false
    }

    fn formula(&self, test: V, holds: bool, root: &Root, depth: u32) -> Formula {
        if depth > 24 {
            return Formula::nothing();
        }
        let at = |id| V(test.0, id);
        let go = |v: V, holds: bool| self.formula(v, holds, root, depth + 1);
        // What comes out so only in development does not happen in the shipped app.
        if let [Known { thing: Thing::Development(yes), .. }] = self.eval(test).as_ref() {
            let happens = *yes != holds;
            return if happens { Formula::nothing() } else { Formula::Atom(judged(Strength::Host, None, None)) };
        }
        match self.program.value(test) {
            Value::Unary(Operator::Not, inner) => go(at(inner), !holds),
            Value::Binary(Operator::And, left, right) => {
                let parts = vec![go(at(left), holds), go(at(right), holds)];
                if holds { Formula::All(parts) } else { Formula::Any(parts) }
            }
            Value::Binary(Operator::Or | Operator::Nullish, left, right) => {
                let parts = vec![go(at(left), holds), go(at(right), holds)];
                if holds { Formula::Any(parts) } else { Formula::All(parts) }
            }
            Value::Binary(operator @ (Operator::Equal | Operator::NotEqual), left, right) => {
                let equal = (operator == Operator::Equal) == holds;
                Formula::Atom(self.equality(at(left), at(right), equal, root, self.program.span(test)))
            }
            Value::Binary(Operator::Order, left, right)
                if let Some(found) = self.place_in_list(at(left), at(right), holds, root, self.program.span(test)) =>
            {
                Formula::Atom(found)
            }
            Value::Binary(Operator::Order, left, right) => {
                let weak = self.position_test(at(left), root) || self.position_test(at(right), root);
                if weak {
                    Formula::Atom(judged(
                        Strength::Weak,
                        Some(self.program.span(test)),
                        Some("a search for text inside an address finds it in the path or the user name too"),
                    ))
                } else {
                    Formula::nothing()
                }
            }
            Value::Binary(Operator::In, key, object) => {
                let Some((_, part)) = self.url_part(at(key)).filter(|(found, _)| found == root) else {
                    return Formula::nothing();
                };
                if holds && self.is_constant_collection(at(object)) {
                    return Formula::Atom(self.membership(at(object), part, self.program.span(test)));
                }
                Formula::nothing()
            }
            Value::Conditional { test: inner, then, other } => {
                let first = Formula::All(vec![go(at(inner), true), go(at(then), holds)]);
                let second = Formula::All(vec![go(at(inner), false), go(at(other), holds)]);
                // A branch that cannot come out so does not count.
                match (self.never(at(then), holds), self.never(at(other), holds)) {
                    (true, false) => second,
                    (false, true) => first,
                    _ => Formula::Any(vec![first, second]),
                }
            }
            Value::Binding(binding) => {
                let record = &self.program.summary(test.0).bindings[binding.index()];
                match record.writes.as_slice() {
                    [only] => go(at(only.value), holds),
                    _ => Formula::nothing(),
                }
            }
            Value::Await(inner) => go(at(inner), holds),
            Value::Call(call) => self.call_formula(C(test.0, call), holds, root, depth),
            Value::Member(..) | Value::Index(..) => {
                // `allowed[url.host]`: a look-up in an object of constants.
                if let Value::Index(object, key) = self.program.value(test)
                    && holds
                    && let Some((_, part)) = self.url_part(at(key)).filter(|(found, _)| found == root)
                    && self.is_constant_collection(at(object))
                {
                    return Formula::Atom(self.membership(at(object), part, self.program.span(test)));
                }
                // `const result = check(url); if (result.blocked) return`.
                if let Value::Member(object, name) = self.program.value(test)
                    && let Some(c) = self.call_behind(at(object))
                    && let Some(found) = self.verdict_formula(c, self.program.str(test.0, name), holds, root, depth)
                {
                    return found;
                }
                Formula::nothing()
            }
            _ => Formula::nothing(),
        }
    }

    /// Whether a value certainly does not come out as `holds`.
    fn never(&self, v: V, holds: bool) -> bool {
        let values = self.eval(v);
        values.iter().all(|known| known.thing.truthy() == Some(!holds))
    }

    fn equality(&self, left: V, right: V, equal: bool, root: &Root, span: Span) -> Judged {
        for (subject, other) in [(left, right), (right, left)] {
            // `url.indexOf('https://x') === 0`.
            if let Value::Call(call) = self.program.value(subject)
                && let Some(found) = self.index_of(C(subject.0, call), other, equal, root, span)
            {
                return found;
            }
            // `isSafe(url) === true`.
            if let Value::Bool(bool) = self.program.value(other)
                && let Value::Call(_) = self.program.value(subject)
            {
                return self.formula(subject, bool == equal, root, 4).judge();
            }
            // `typeof url === 'string'`: it always is.
            if let Value::Unary(Operator::TypeOf, inner) = self.program.value(subject)
                && self.root(V(subject.0, inner)).as_ref() == Some(root)
                && let Some(kind) = self.constant(other)
            {
                let holds = match kind.text() {
                    Some("string") => !equal,
                    Some("number" | "boolean" | "bigint" | "undefined") => equal,
                    _ => false,
                };
                return judged(if holds { Strength::Host } else { Strength::None }, None, None);
            }
            let Some((found, part)) = self.url_part(subject) else { continue };
            if self.is_consent(&found) {
                return judged(Strength::Opaque, Some(span), None);
            }
            if found != *root {
                continue;
            }
            if !equal {
                // `protocol !== 'http:' && protocol !== 'https:'`: together they leave nothing that leads to a server.
                let server = self.constant(other).is_some_and(|known| matches!(known.text(), Some("http:" | "https:")));
                if part == UrlPart::Protocol && server {
                    return judged(Strength::Opaque, Some(span), None);
                }
                return judged(
                    if part == UrlPart::Other { Strength::None } else { Strength::Weak },
                    Some(span),
                    Some(FORBIDS),
                );
            }
            if let Some((_, other_part)) = self.url_part(other).filter(|(other, _)| other == root) {
                let _ = other_part;
                return judged(Strength::None, None, None);
            }
            // Compared with another address that the app holds: its own page, a setting.
            let values = self.eval(other);
            let constant = values.iter().all(|known| matches!(known.thing, Thing::Text(_)));
            let strength = strength_of(part);
            let are_programs = values.iter().any(|known| known.text().is_some_and(starts_programs));
            let lets_files = part == UrlPart::Protocol && are_programs;
            return if part == UrlPart::Protocol && self.are_own_schemes(&values) {
                judged(Strength::Host, Some(span), None)
            } else if constant || strength >= Strength::Host {
                Judged { lets_files, ..judged(strength, Some(span), None) }
            } else {
                judged(Strength::Opaque, Some(span), None)
            };
        }
        judged(Strength::None, None, None)
    }

    /// Whether a value is what the user answered in a dialog.
    fn is_consent(&self, root: &Root) -> bool {
        let Base::Call(call) = root.base else { return false };
        self.api_of(C(root.unit, call)).is_some_and(|(path, _)| path.starts_with("dialog.showMessageBox"))
    }

    fn index_of(&self, c: C, other: V, equal: bool, root: &Root, span: Span) -> Option<Judged> {
        let call = self.program.call(c);
        let Value::Member(object, method) = self.program.value(V(c.0, call.callee)) else { return None };
        let object = V(c.0, object);
        match self.program.str(c.0, method) {
            "indexOf" | "lastIndexOf" | "search" => {
                let number = self.program.only(other).and_then(|known| match known.thing {
                    Thing::Number(number) => Some(number),
                    _ => None,
                })?;
                if self.url_part(object).is_some_and(|(found, _)| found == *root) {
                    if equal && number == 0.0 {
                        return Some(self.prefix(c, span));
                    }
                    return Some(judged(
                        Strength::Weak,
                        Some(span),
                        Some("a search for text inside an address finds it in the path or the user name too"),
                    ));
                }
                // `allowed.indexOf(url.host) !== -1`.
                let argument = self.program.argument(c, 0)?;
                let (_, part) = self.url_part(argument).filter(|(found, _)| found == root)?;
                let found = if self.is_constant_collection(object) {
                    self.membership(object, part, span)
                } else {
                    judged(Strength::Opaque.min(strength_of(part)), Some(span), None)
                };
                (!equal && number == -1.0).then_some(found)
            }
            "slice" | "substring" | "substr"
                if equal && self.url_part(object).is_some_and(|(found, _)| found == *root) =>
            {
                let text = self.constant(other)?;
                Some(prefix_strength(text.text().unwrap_or(""), span))
            }
            _ => None,
        }
    }

    /// `allowed.indexOf(url.protocol) > -1`, `>= 0`, `< 0`: whether a part of the address is in a list of the app's.
    fn place_in_list(&self, left: V, right: V, holds: bool, root: &Root, span: Span) -> Option<Judged> {
        let Value::Call(call) = self.program.value(left) else { return None };
        let Value::Number(number) = self.program.value(right) else { return None };
        let c = C(left.0, call);
        let Value::Member(list, method) = self.program.value(V(c.0, self.program.call(c).callee)) else { return None };
        if self.program.str(c.0, method) != "indexOf" {
            return None;
        }
        let (_, part) = self.url_part(self.program.argument(c, 0)?).filter(|(found, _)| found == root)?;
        let text = &self.sources.file(span.file).text.content;
        let sign = text.get(self.span(left).end as usize..self.span(right).start as usize)?.trim();
        let is_in = match (sign, number) {
            (">", -1.0) | (">=", 0.0) => holds,
            ("<", 0.0) | ("<=", -1.0) => !holds,
            _ => return None,
        };
        let list = V(c.0, list);
        Some(match (is_in, self.is_constant_collection(list)) {
            (true, true) => self.membership(list, part, span),
            (true, false) => judged(Strength::Opaque.min(strength_of(part)), Some(span), None),
            (false, _) => judged(Strength::Weak, Some(span), Some(FORBIDS)),
        })
    }

    /// `x.indexOf(…)` compared by order.
    fn position_test(&self, v: V, root: &Root) -> bool {
        let Value::Call(call) = self.program.value(v) else { return false };
        let c = C(v.0, call);
        let Value::Member(object, method) = self.program.value(V(c.0, self.program.call(c).callee)) else {
            return false;
        };
        matches!(self.program.str(c.0, method), "indexOf" | "search" | "lastIndexOf")
            && self.url_part(V(c.0, object)).is_some_and(|(found, _)| found == *root)
    }

    fn prefix(&self, c: C, span: Span) -> Judged {
        let Some(argument) = self.program.argument(c, 0) else { return judged(Strength::None, None, None) };
        let values = self.eval(argument);
        values
            .iter()
            .map(|known| match &known.thing {
                Thing::Text(text) => {
                    let found = prefix_strength(text, span);
                    let scheme = text.split(':').next().unwrap_or("");
                    let own = found.strength == Strength::Scheme && self.own_schemes().iter().any(|own| own == scheme);
                    if own { judged(Strength::Host, Some(span), None) } else { found }
                }
                Thing::Template(parts) => match parts.first() {
                    Some(Part::Text(text)) if is_closed_prefix(text) => judged(Strength::Host, Some(span), None),
                    Some(Part::Text(text))
                        if text.contains("://")
                            && parts
                                .last()
                                .is_some_and(|last| matches!(last, Part::Text(end) if end.ends_with('/'))) =>
                    {
                        judged(Strength::Host, Some(span), None)
                    }
                    _ => judged(Strength::Opaque, Some(span), None),
                },
                _ => judged(Strength::Opaque, Some(span), None),
            })
            .min_by_key(|judged| judged.strength)
            .unwrap_or(judged(Strength::None, None, None))
    }

    fn call_formula(&self, c: C, holds: bool, root: &Root, depth: u32) -> Formula {
        let call = self.program.call(c);
        let span = self.program.place(c.0, call.span);
        let callee = V(c.0, call.callee);
        let argument = self.program.argument(c, 0);
        let atom = |strength, why| Formula::Atom(judged(strength, Some(span), why));
        if let Value::Member(object, method) = self.program.value(callee) {
            let mut object = V(c.0, object);
            let method = self.program.str(c.0, method);
            let mut argument = argument;
            // `Object.hasOwn(list, key)`, `Object.prototype.hasOwnProperty.call(list, key)`, `Reflect.has(list, key)`.
            let of_list = match method {
                "hasOwn" => true,
                "has" => {
                    matches!(self.program.value(object), Value::Global(name) if self.program.str(c.0, name) == "Reflect")
                }
                "call" => {
                    matches!(self.program.value(object), Value::Member(_, name) if self.program.str(c.0, name) == "hasOwnProperty")
                }
                _ => false,
            };
            if of_list {
                object = argument.unwrap_or(object);
                argument = self.program.argument(c, 1);
            }
            let subject = self.url_part(object).filter(|(found, _)| found == root);
            let given = argument.and_then(|argument| self.url_part(argument)).filter(|(found, _)| found == root);
            match method {
                "call" | "get" if !of_list && !self.is_constant_collection(object) => {}
                "startsWith" => {
                    if let Some((_, part)) = subject {
                        if !holds {
                            let text = argument.and_then(|argument| self.constant(argument));
                            return Formula::Atom(without(text.as_ref().and_then(Known::text).unwrap_or(""), span));
                        }
                        return Formula::Atom(match part {
                            UrlPart::Whole => self.prefix(c, span),
                            UrlPart::Protocol => {
                                let text = argument.and_then(|argument| self.constant(argument));
                                let closed =
                                    text.as_ref().and_then(Known::text).is_some_and(|text| text.ends_with(':'));
                                if closed {
                                    judged(Strength::Scheme, Some(span), None)
                                } else {
                                    judged(
                                        Strength::Weak,
                                        Some(span),
                                        Some("a scheme that begins like this one passes too"),
                                    )
                                }
                            }
                            UrlPart::Origin | UrlPart::Host => judged(
                                Strength::Weak,
                                Some(span),
                                Some("`https://example.com.attacker.net` begins like `https://example.com`"),
                            ),
                            UrlPart::Other => judged(Strength::None, None, None),
                        });
                    }
                    // `allowed.startsWith(url)`: nothing.
                    return Formula::nothing();
                }
                "endsWith" => {
                    if let Some((_, part)) = subject {
                        let text = argument.and_then(|argument| self.constant(argument));
                        let dotted = text.as_ref().and_then(Known::text).is_some_and(|text| text.starts_with('.'));
                        return match part {
                            UrlPart::Host if holds && dotted => atom(Strength::Host, None),
                            UrlPart::Host if holds => {
                                atom(Strength::Weak, Some("`attackerexample.com` ends like `example.com`"))
                            }
                            UrlPart::Whole if holds => {
                                atom(Strength::Weak, Some("the end of an address is the attacker's to choose"))
                            }
                            _ => Formula::nothing(),
                        };
                    }
                }
                "includes" | "has" | "indexOf" | "contains" | "hasOwnProperty" | "hasOwn" | "get" | "call" => {
                    if subject.is_some_and(|(_, part)| part != UrlPart::Other) {
                        return if holds {
                            atom(
                                Strength::Weak,
                                Some("a search for text inside an address finds it in the path or the user name too"),
                            )
                        } else {
                            Formula::nothing()
                        };
                    }
                    if let Some((_, part)) = given {
                        if !holds {
                            return atom(Strength::Weak, Some(FORBIDS));
                        }
                        return if self.is_constant_collection(object) {
                            Formula::Atom(self.membership(object, part, span))
                        } else if part != UrlPart::Other {
                            atom(Strength::Opaque, None)
                        } else {
                            Formula::nothing()
                        };
                    }
                }
                // What is a number leads nowhere and starts nothing.
                "isInteger" | "isSafeInteger" | "isFinite" => {
                    if holds && given.is_some_and(|(_, part)| part == UrlPart::Whole) {
                        return atom(Strength::Host, None);
                    }
                    return Formula::nothing();
                }
                "test" | "exec" => {
                    if let Some((_, part)) = given {
                        return Formula::Atom(self.pattern(object, part, holds, span));
                    }
                }
                "match" | "matchAll" => {
                    if let (Some((_, part)), Some(argument)) = (subject, argument) {
                        return Formula::Atom(self.pattern(argument, part, holds, span));
                    }
                }
                "some" | "every" | "find" | "any" | "findIndex" => {
                    if let Some(argument) = argument {
                        for callback in self.functions(argument) {
                            if let Some(found) = self.returned_formula(callback, holds, root, depth) {
                                return found;
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        if call.kind == CallKind::New {
            return Formula::nothing();
        }
        // `Boolean(x)`.
        if self
            .program
            .eval(callee)
            .iter()
            .any(|known| matches!(&known.thing, Thing::Api(path) if &**path == "Boolean"))
            && let Some(argument) = argument
        {
            return self.formula(argument, holds, root, depth + 1);
        }
        // A helper of the app's: what does it say of the parameter that the address is handed to?
        let mut speaks = None;
        for (index, item) in self.program.arguments(c).iter().enumerate() {
            if item.spread {
                continue;
            }
            let argument = V(c.0, item.value);
            let Some((_, part)) = self.url_part(argument).filter(|(found, _)| found == root) else { continue };
            speaks = Some(part);
            let helpers = self.functions(callee);
            if helpers.is_empty() || depth / 6 >= MOST_HELPERS {
                continue;
            }
            for helper in helpers {
                let inner = parameter_root(helper, index as u32);
                if let Some(found) = self.returned_formula(helper, holds, &inner, depth + 5) {
                    let found = found.judge();
                    return Formula::Atom(match part {
                        // `isAllowedHost(url.hostname)`: what holds of the host's text as a whole holds of the host.
                        UrlPart::Host | UrlPart::Origin if found.strength >= Strength::Scheme => {
                            judged(Strength::Host, found.span, None)
                        }
                        UrlPart::Protocol if found.strength >= Strength::Scheme => {
                            judged(Strength::Scheme, found.span, None)
                        }
                        UrlPart::Other => judged(Strength::None, None, None),
                        _ => found,
                    });
                }
            }
        }
        match speaks {
            Some(UrlPart::Other) | None => Formula::nothing(),
            Some(_) if !self.functions(callee).is_empty() => Formula::nothing(),
            // `URL.canParse(url)` and kin say nothing; an unknown function that was given the address may say anything.
            Some(_) if self.is_parser(callee) => Formula::nothing(),
            Some(_) => atom(Strength::Opaque, None),
        }
    }

    /// Whether a callee only looks at the shape of an address.
    fn is_parser(&self, callee: V) -> bool {
        self.program.eval(callee).iter().any(|known| match &known.thing {
            Thing::Api(path) => matches!(
                &**path,
                "URL.canParse" | "URL.parse" | "url.parse" | "String" | "console.log" | "encodeURI" | "typeof"
            ),
            _ => false,
        })
    }

    /// What holds of a function's subject where it returns something that counts as `holds`.
    fn returned_formula(&self, f: F, holds: bool, root: &Root, depth: u32) -> Option<Formula> {
        let function = self.program.function(f);
        let mut ways = Vec::new();
        for exit in &function.exits {
            if exit.throws {
                continue;
            }
            let Some(value) = exit.value else {
                if holds {
                    continue;
                }
                ways.push(Formula::All(self.conditions(f, exit.condition, root, depth)));
                continue;
            };
            let value = V(f.0, value);
            if self.never(value, holds) {
                continue;
            }
            let mut parts = self.conditions(f, exit.condition, root, depth);
            parts.push(self.formula(value, holds, root, depth + 1));
            ways.push(Formula::All(parts));
        }
        (!ways.is_empty()).then_some(Formula::Any(ways))
    }

    /// The call that a value is what came of, itself or through variables that are written once.
    fn call_behind(&self, v: V) -> Option<C> {
        let mut at = v;
        for _ in 0..8 {
            at = match self.program.value(at) {
                Value::Call(call) => return Some(C(at.0, call)),
                Value::Await(inner) => V(at.0, inner),
                Value::Binding(binding) => match self.program.summary(at.0).bindings[binding.index()].writes.as_slice()
                {
                    [only] => V(at.0, only.value),
                    _ => return None,
                },
                _ => return None,
            };
        }
        None
    }

    /// What a property of the object that a helper of the app's returns says of the address that the helper was given.
    fn verdict_formula(&self, c: C, name: &str, holds: bool, root: &Root, depth: u32) -> Option<Formula> {
        if depth / 6 >= MOST_HELPERS {
            return None;
        }
        let call = self.program.call(c);
        let helpers = self.functions(V(c.0, call.callee));
        for (index, item) in self.program.arguments(c).iter().enumerate() {
            let argument = V(c.0, item.value);
            let is_whole =
                self.url_part(argument).is_some_and(|(found, part)| found == *root && part == UrlPart::Whole);
            if item.spread || !is_whole {
                continue;
            }
            for &helper in &helpers {
                let inner = parameter_root(helper, index as u32);
                if let Some(found) = self.returned_verdict(helper, name, holds, &inner, depth + 5) {
                    return Some(Formula::Atom(found.judge()));
                }
            }
        }
        None
    }

    /// As [`Self::returned_formula`], of a property of the objects that the function returns.
    fn returned_verdict(&self, f: F, name: &str, holds: bool, root: &Root, depth: u32) -> Option<Formula> {
        let mut ways = Vec::new();
        for exit in self.program.function(f).exits.iter().filter(|exit| !exit.throws) {
            let object = exit.value.map(|value| V(f.0, value))?;
            let Value::Object(list) = self.program.value(object) else { return None };
            let properties = self.program.summary(f.0).properties(list);
            let mut named = properties.iter().rev();
            let property =
                named.find(|property| matches!(property.key, Key::Name(key) if self.program.str(f.0, key) == name));
            if property.is_none() && properties.iter().any(|property| !matches!(property.key, Key::Name(_))) {
                return None;
            }
            let mut parts = self.conditions(f, exit.condition, root, depth);
            match property.map(|property| V(f.0, property.value)) {
                // A property that is not there is undefined.
                None if holds => continue,
                Some(value) if self.never(value, holds) => continue,
                None => {}
                Some(value) => parts.push(self.formula(value, holds, root, depth + 1)),
            }
            ways.push(Formula::All(parts));
        }
        (!ways.is_empty()).then_some(Formula::Any(ways))
    }

    fn conditions(&self, f: F, condition: Option<ConditionId>, root: &Root, depth: u32) -> Vec<Formula> {
        let summary = self.program.summary(f.0);
        let mut parts = Vec::new();
        let mut at = condition;
        while let Some(id) = at {
            let condition = summary.conditions[id.index()];
            parts.push(self.formula(V(f.0, condition.test), condition.holds, root, depth + 1));
            at = condition.parent;
            if parts.len() > 64 {
                break;
            }
        }
        parts
    }

    fn pattern(&self, pattern: V, part: UrlPart, holds: bool, span: Span) -> Judged {
        let values = self.eval(pattern);
        let Some(Thing::Regex(pattern, flags)) = values.first().map(|known| &known.thing) else {
            return judged(if holds { Strength::Opaque } else { Strength::None }, Some(span), None);
        };
        let names_files = holds && ["^file:", "^file$", "(file", "|file"].iter().any(|name| pattern.contains(name));
        if !holds {
            let text = pattern.trim_start_matches('^').replace(['\\', '?'], "");
            return without(&text, span);
        }
        // No address has so few kinds of characters, and no command.
        if part == UrlPart::Whole && super::patterns::is_plain(pattern, flags) {
            return judged(Strength::Host, Some(span), None);
        }
        let found = pattern_strength(pattern, flags, part, span);
        if names_files { of_files(found) } else { found }
    }

    /// What it is worth that a part of an address is in a collection of the app's.
    fn membership(&self, collection: V, part: UrlPart, span: Span) -> Judged {
        let members = if part == UrlPart::Protocol { self.listed(collection) } else { Vec::new() };
        if self.are_own_schemes(&members) {
            return judged(Strength::Host, Some(span), None);
        }
        let lets_files = members.iter().any(|known| known.text().is_some_and(starts_programs));
        Judged { lets_files, ..judged(strength_of(part), Some(span), None) }
    }

    /// Whether these are schemes that lead to the app itself, and nothing else: as good as its host.
    fn are_own_schemes(&self, values: &[Known]) -> bool {
        let is_own = |known: &Known| {
            known
                .text()
                .and_then(|text| text.strip_suffix(':'))
                .is_some_and(|scheme| self.own_schemes().iter().any(|own| own == scheme))
        };
        !values.is_empty() && values.iter().all(is_own)
    }

    /// The members of a collection, and the keys of an object.
    fn listed(&self, collection: V) -> Vec<Known> {
        let mut members = self.program.elements(collection);
        for known in self.eval(collection).iter() {
            if let Thing::Object(object) = &known.thing {
                let key = |key| Known { thing: Thing::Text(key), ..known.clone() };
                members.extend(self.program.keys(object).into_iter().map(key));
            }
        }
        members
    }

    /// An array, set, map or object whose members are the app's own.
    fn is_constant_collection(&self, v: V) -> bool {
        self.is_constant_collection_at(v, 0)
    }

    fn is_constant_collection_at(&self, v: V, depth: u32) -> bool {
        if depth > MOST_HELPERS {
            return false;
        }
        self.eval(v).iter().all(|known| match &known.thing {
            Thing::Array(..) | Thing::Object(_) => true,
            Thing::Result(path, c) => match &**path {
                "new Set" | "new Map" | "Object.keys" | "Object.values" | "Object.entries" | "Array.from" => {
                    let of = self.program.argument(*c, 0);
                    of.is_some_and(|of| self.is_constant_collection_at(of, depth + 1))
                }
                _ => false,
            },
            // `LINKS.map((link) => new URL(link).host)`.
            Thing::Unknown(Unknown::Call(c)) => match self.program.value(V(c.0, self.program.call(*c).callee)) {
                Value::Member(object, name) => {
                    matches!(self.program.str(c.0, name), "map" | "filter" | "concat" | "flat" | "flatMap" | "slice")
                        && self.is_constant_collection_at(V(c.0, object), depth + 1)
                }
                _ => false,
            },
            _ => false,
        })
    }
}
