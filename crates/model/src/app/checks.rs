//! Checks that come before something: which of them speak of the same address, and what they are worth.
//!
//! A condition becomes a formula; a [`Strength`] says how far the formula holds an address to what the app chose.

use std::rc::Rc;

use super::App;
use crate::link::things::*;
use crate::link::{C, F, UnitId, V};
use crate::source::Span;
use crate::summary::{BindingId, CallId, CallKind, ConditionId, FunctionId, Operator, Value};

/// Helper functions that are followed in a row.
const MOST_HELPERS: u32 = 4;

/// Why a check that names what must not be is weak. Beside another weak check it says least.
const FORBIDS: &str = "a list of what is forbidden lets everything else through";

/// Which part of an address a check looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum UrlPart {
    /// The text as it is.
    Whole,
    /// `protocol`.
    Protocol,
    /// `host`, `hostname`.
    Host,
    /// `origin`.
    Origin,
    /// `pathname`, `search` and the rest: they restrict nothing that matters.
    Other,
}

/// What is at the bottom of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Base {
    /// A parameter of a function.
    Parameter(FunctionId, u32),
    /// A variable that is not made from one value.
    Binding(BindingId),
    /// What a call gave.
    Call(CallId),
    /// `this` of a function.
    This(FunctionId),
}

/// What a value is made from: a parameter, a variable that changes, a call, with a path of properties.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Root {
    /// The unit.
    pub unit: UnitId,
    /// The value at the bottom.
    pub base: Base,
    /// Properties that were read from it.
    pub path: Vec<String>,
}

/// How well a check holds an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// Nothing speaks of it.
    None,
    /// Something does, and an attacker gets around it.
    Weak,
    /// Something does that could not be read.
    Opaque,
    /// The scheme is one of a few.
    Scheme,
    /// The host or origin is one of a few, or the whole address is.
    Host,
}

/// What was found about a check.
#[derive(Clone, Debug)]
pub struct Judged {
    /// How well it holds.
    pub strength: Strength,
    /// The check that decides, where there is one.
    pub span: Option<Span>,
    /// Why a weak one is weak.
    pub why: Option<&'static str>,
    /// It lets addresses of local files through: good enough for a page, and none for what the desktop opens.
    pub lets_files: bool,
}

impl Judged {
    /// As for a program that the desktop starts: a file that is named may be one that runs.
    pub fn for_desktop(mut self) -> Self {
        if self.lets_files {
            self.strength = self.strength.min(Strength::Weak);
            self.why = Some("addresses of files pass, and a file may be a program");
        }
        self
    }
}

/// A condition, taken apart.
#[derive(Clone, Debug)]
enum Formula {
    All(Vec<Formula>),
    Any(Vec<Formula>),
    Atom(Judged),
}

fn judged(strength: Strength, span: Option<Span>, why: Option<&'static str>) -> Judged {
    Judged { strength, span, why, lets_files: false }
}

/// As [`judged`], where the check names the scheme of files.
fn of_files(found: Judged) -> Judged {
    Judged { lets_files: true, ..found }
}

impl Formula {
    fn nothing() -> Self {
        Formula::Atom(judged(Strength::None, None, None))
    }

    fn judge(&self) -> Judged {
        match self {
            Formula::Atom(judged) => judged.clone(),
            Formula::All(parts) => {
                // Any one of them is enough.
                parts
                    .iter()
                    .map(Formula::judge)
                    .max_by_key(|judged| (judged.strength, !judged.lets_files, judged.why != Some(FORBIDS)))
                    .unwrap_or(judged(Strength::None, None, None))
            }
            Formula::Any(parts) => {
                let parts: Vec<Judged> = parts.iter().map(Formula::judge).collect();
                let lets_files = parts.iter().any(|part| part.lets_files);
                let worst = parts.into_iter().min_by_key(|judged| judged.strength);
                worst.map_or(judged(Strength::None, None, None), |worst| Judged { lets_files, ..worst })
            }
        }
    }
}

impl App<'_> {
    /// How well the conditions that dominate a call hold a value that it is given.
    pub fn guard_of_call(&self, c: C, subject: V) -> Judged {
        let call = self.program.call(c);
        let mut judged = self.guard(F(c.0, call.function), call.condition, subject);
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
        Formula::All(self.formulas(f, condition, &root)).judge()
    }

    /// As [`App::guard`], for a root.
    pub fn guard_of_root(&self, f: F, condition: Option<ConditionId>, root: &Root) -> Judged {
        Formula::All(self.formulas(f, condition, root)).judge()
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

    /// Everything that holds: the conditions here, and those under which this function was made.
    fn formulas(&self, f: F, condition: Option<ConditionId>, root: &Root) -> Vec<Formula> {
        let summary = self.program.summary(f.0);
        let mut parts = Vec::new();
        let (mut at, mut function) = (condition, f.1);
        for _ in 0..128 {
            match at {
                Some(id) => {
                    let condition = summary.conditions[id.index()];
                    parts.push(self.formula(V(f.0, condition.test), condition.holds, root, 0));
                    at = condition.parent;
                }
                None => {
                    let record = summary.function(function);
                    if record.parent == function {
                        break;
                    }
                    at = record.condition;
                    function = record.parent;
                }
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
                    return Formula::Atom(self.member_of(at(object), part, self.program.span(test)));
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
                    return Formula::Atom(self.member_of(at(object), part, self.program.span(test)));
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
            if part == UrlPart::Protocol && values.iter().any(|known| known.text() == Some("file:")) {
                return of_files(judged(strength, Some(span), None));
            }
            return if constant || strength >= Strength::Host {
                judged(strength, Some(span), None)
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
                    self.member_of(object, part, span)
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
            (true, true) => self.member_of(list, part, span),
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
                Thing::Text(text) => prefix_strength(text, span),
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
            let object = V(c.0, object);
            let subject = self.url_part(object).filter(|(found, _)| found == root);
            let given = argument.and_then(|argument| self.url_part(argument)).filter(|(found, _)| found == root);
            match self.program.str(c.0, method) {
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
                "includes" | "has" | "indexOf" | "contains" => {
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
                            Formula::Atom(self.member_of(object, part, span))
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
        let found = pattern_strength(pattern, part, span);
        if names_files { of_files(found) } else { found }
    }

    /// An array, set, map or object whose members are the app's own.
    fn is_constant_collection(&self, v: V) -> bool {
        self.eval(v).iter().all(|known| match &known.thing {
            Thing::Array(..) | Thing::Object(_) => true,
            Thing::Result(path, c) => match &**path {
                "new Set" | "new Map" => {
                    self.program.argument(*c, 0).is_some_and(|argument| self.is_constant_collection(argument))
                }
                _ => false,
            },
            _ => false,
        })
    }

    /// What it says of a part of an address that it is a member of this collection.
    fn member_of(&self, collection: V, part: UrlPart, span: Span) -> Judged {
        let found = judged(strength_of(part), Some(span), None);
        if part == UrlPart::Protocol && self.has_member(collection, "file:") { of_files(found) } else { found }
    }

    fn has_member(&self, collection: V, member: &str) -> bool {
        self.eval(collection).iter().any(|known| match &known.thing {
            Thing::Array(array, _) => match self.program.value(*array) {
                Value::Array(list) => self.program.summary(array.0).items(list).iter().any(|item| {
                    let item = V(array.0, item.value);
                    self.eval(item).iter().any(|known| known.text() == Some(member))
                }),
                _ => false,
            },
            Thing::Object(object) => !self.program.property(object, member, None).values.is_empty(),
            Thing::Result(path, c) if matches!(&**path, "new Set" | "new Map") => {
                self.program.argument(*c, 0).is_some_and(|argument| self.has_member(argument, member))
            }
            _ => false,
        })
    }

    /// The part of an address that a value is, and what the address is made from.
    pub fn url_part(&self, v: V) -> Option<(Root, UrlPart)> {
        self.url_part_at(v, 0)
    }

    fn url_part_at(&self, v: V, depth: u32) -> Option<(Root, UrlPart)> {
        if depth > 16 {
            return None;
        }
        let summary = self.program.summary(v.0);
        let at = |id| V(v.0, id);
        match summary.value(v.1) {
            Value::Binding(binding) => {
                if let [only] = summary.bindings[binding.index()].writes.as_slice() {
                    match summary.value(only.value) {
                        Value::Parameter(..)
                        | Value::RestParameter(..)
                        | Value::Binding(_)
                        | Value::Member(..)
                        | Value::Call(_)
                        | Value::Await(_)
                        | Value::Binary(..)
                        | Value::Template(_) => {
                            if let Some(found) = self.url_part_at(at(only.value), depth + 1) {
                                return Some(found);
                            }
                        }
                        _ => {}
                    }
                }
                Some((Root { unit: v.0, base: Base::Binding(binding), path: Vec::new() }, UrlPart::Whole))
            }
            Value::Parameter(function, index) | Value::RestParameter(function, index) => {
                Some((parameter_root(F(v.0, function), index), UrlPart::Whole))
            }
            Value::Binary(Operator::Default | Operator::Or | Operator::Nullish, left, _) => {
                self.url_part_at(at(left), depth + 1)
            }
            Value::Member(object, name) => {
                let name = summary.str(name);
                let (root, part) = self.url_part_at(at(object), depth + 1)?;
                // A property of a parsed address, or of an object that carries one.
                let read = match name {
                    "protocol" => UrlPart::Protocol,
                    "host" | "hostname" => UrlPart::Host,
                    "origin" => UrlPart::Origin,
                    "href" => UrlPart::Whole,
                    "pathname" | "search" | "hash" | "port" | "username" | "password" | "searchParams" | "length" => {
                        UrlPart::Other
                    }
                    _ => {
                        let mut root = root;
                        root.path.push(name.to_owned());
                        return Some((root, UrlPart::Whole));
                    }
                };
                if part == UrlPart::Whole { Some((root, read)) } else { Some((root, UrlPart::Other)) }
            }
            Value::Call(call) => {
                let c = C(v.0, call);
                let record = self.program.call(c);
                let callee = at(record.callee);
                if let Value::Member(object, method) = self.program.value(callee) {
                    match summary.str(method) {
                        "toString" | "toLowerCase" | "toLocaleLowerCase" | "trim" | "normalize" | "valueOf"
                        | "toJSON" => {
                            return self.url_part_at(at(object), depth + 1);
                        }
                        "replace" | "slice" | "substring" | "substr" | "split" => {
                            // What is left of it is no longer the address, save for the scheme's colon.
                            let (root, part) = self.url_part_at(at(object), depth + 1)?;
                            return Some((
                                root,
                                if part == UrlPart::Protocol || part == UrlPart::Host { part } else { UrlPart::Other },
                            ));
                        }
                        _ => {}
                    }
                }
                let parses = self.program.eval(callee).iter().any(|known| match &known.thing {
                    Thing::Api(path) => matches!(
                        &**path,
                        "URL"
                            | "url.URL"
                            | "URL.parse"
                            | "url.parse"
                            | "String"
                            | "encodeURI"
                            | "decodeURI"
                            | "window.URL"
                            | "whatwg-url.URL"
                            | "url-parse"
                            | "url-parse.default"
                    ),
                    _ => false,
                });
                let argument = self.program.argument(c, 0)?;
                if parses {
                    return self.url_part_at(argument, depth + 1);
                }
                // `url.format(parsed)` writes a parsed address out again.
                let formats = self.api_of(c).is_some_and(|(path, _)| &*path == "url.format");
                if formats && let Some((root, UrlPart::Whole)) = self.url_part_at(argument, depth + 1) {
                    return Some((root, UrlPart::Whole));
                }
                // A helper that parses: `parseURL(url)` returns what it made of its argument.
                for helper in self.functions(callee) {
                    for exit in &self.program.function(helper).exits {
                        if exit.throws {
                            continue;
                        }
                        let Some(value) = exit.value else { continue };
                        let Some((root, part)) = self.url_part_at(V(helper.0, value), depth + 4) else { continue };
                        for index in 0..self.program.arguments(c).len() {
                            if root == parameter_root(helper, index as u32)
                                && let Some(argument) = self.program.argument(c, index)
                                && let Some((outer, UrlPart::Whole)) = self.url_part_at(argument, depth + 1)
                            {
                                return Some((outer, part));
                            }
                        }
                    }
                }
                Some((Root { unit: v.0, base: Base::Call(call), path: Vec::new() }, UrlPart::Whole))
            }
            Value::Await(inner) => self.url_part_at(at(inner), depth + 1),
            Value::Template(list) => match summary.items(list) {
                [only] => self.url_part_at(at(only.value), depth + 1),
                _ => None,
            },
            Value::ElementOf(inner) => {
                let (mut root, part) = self.url_part_at(at(inner), depth + 1)?;
                root.path.push("[]".to_owned());
                Some((root, part))
            }
            Value::Index(object, index)
                if matches!(summary.value(index), Value::Number(0.0)) && self.is_cut_at_fragment(at(object)) =>
            {
                let Value::Call(call) = summary.value(object) else { return None };
                let Value::Member(whole, _) = summary.value(summary.call(call).callee) else { return None };
                self.url_part_at(at(whole), depth + 1)
            }
            Value::Index(object, _) => {
                let (mut root, part) = self.url_part_at(at(object), depth + 1)?;
                root.path.push("[]".to_owned());
                Some((root, part))
            }
            Value::This(function) => {
                Some((Root { unit: v.0, base: Base::This(function), path: Vec::new() }, UrlPart::Whole))
            }
            _ => None,
        }
    }

    /// `url.split('#')`, of which the first part is read: where it leads is said before that sign.
    fn is_cut_at_fragment(&self, v: V) -> bool {
        let Value::Call(call) = self.program.value(v) else { return false };
        let c = C(v.0, call);
        let Value::Member(_, method) = self.program.value(V(c.0, self.program.call(c).callee)) else { return false };
        self.program.str(c.0, method) == "split"
            && self
                .program
                .argument(c, 0)
                .and_then(|sign| self.constant(sign))
                .is_some_and(|sign| matches!(sign.text(), Some("#" | "?")))
    }

    /// What a value is made from.
    pub fn root(&self, v: V) -> Option<Root> {
        self.url_part(v).map(|(root, _)| root)
    }
}

/// The root of a parameter as it was handed over.
pub fn parameter_root(f: F, index: u32) -> Root {
    Root { unit: f.0, base: Base::Parameter(f.1, index), path: Vec::new() }
}

/// An address that does not begin so: without `http:` and `https:` nothing is left that leads to a server.
fn without(prefix: &str, span: Span) -> Judged {
    if prefix == "http"
        || prefix.starts_with("https:") && prefix.contains("http:")
        || prefix.starts_with("(http|https)")
    {
        return judged(Strength::Host, Some(span), Some(NO_SERVER));
    }
    judged(Strength::Weak, Some(span), Some(FORBIDS))
}

/// Why a check holds that lets everything but servers through.
const NO_SERVER: &str = "what is left leads to no server";

impl Judged {
    /// The same check where files and programs are as bad as servers.
    pub fn beyond_servers(self) -> Self {
        match self.why {
            Some(NO_SERVER) => Judged { strength: Strength::Weak, why: Some(FORBIDS), ..self },
            _ => self,
        }
    }
}

fn strength_of(part: UrlPart) -> Strength {
    match part {
        UrlPart::Whole | UrlPart::Host | UrlPart::Origin => Strength::Host,
        UrlPart::Protocol => Strength::Scheme,
        UrlPart::Other => Strength::None,
    }
}

/// Whether a text names scheme and host and closes the host: nothing can be put behind it that changes where it leads.
fn is_closed_prefix(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, rest)| scheme == "file" || rest.find('/').is_some_and(|at| at > 0))
}

fn prefix_strength(text: &str, span: Span) -> Judged {
    if text.starts_with("file:") {
        let strength = if is_closed_prefix(text) { Strength::Host } else { Strength::Scheme };
        return of_files(judged(strength, Some(span), None));
    }
    if is_closed_prefix(text) {
        return judged(Strength::Host, Some(span), None);
    }
    match text.split_once(':') {
        // `about:blank` leads nowhere.
        Some(("about", _)) => judged(Strength::Host, Some(span), None),
        Some((_, "" | "/" | "//")) => judged(Strength::Scheme, Some(span), None),
        Some((_, rest)) if !rest.starts_with("//") => judged(Strength::Scheme, Some(span), None),
        Some(_) => judged(
            Strength::Weak,
            Some(span),
            Some("`https://example.com.attacker.net` begins like `https://example.com`: end the prefix with a slash"),
        ),
        None if text.is_empty() => judged(Strength::None, None, None),
        None => judged(Strength::Weak, Some(span), Some("a scheme that begins like this one passes too")),
    }
}

/// `(https?|mailto):`, `(https?://|mailto:)`: a group of schemes, each closed by its colon.
fn are_schemes(pattern: &str) -> bool {
    let Some((group, rest)) = pattern.strip_prefix('(').and_then(|group| group.split_once(')')) else { return false };
    let closed = rest.starts_with(':');
    (closed || rest.is_empty())
        && group.split('|').all(|way| {
            let (scheme, after) = way.split_once(':').unwrap_or((way, if closed { "" } else { "?" }));
            let named = scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-?".contains(&byte));
            named && !scheme.is_empty() && after.bytes().all(|byte| byte == b'/')
        })
}

fn pattern_strength(pattern: &Rc<str>, part: UrlPart, span: Span) -> Judged {
    let weak = |why| judged(Strength::Weak, Some(span), Some(why));
    let Some(rest) = pattern.strip_prefix('^') else {
        return match part {
            UrlPart::Other => judged(Strength::None, None, None),
            _ => weak("a pattern without `^` matches in the middle of an address too"),
        };
    };
    // `^a|b`: only the first way is anchored.
    let mut level = 0i32;
    let mut escaped = false;
    for c in rest.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '(' | '[' => level += 1,
            ')' | ']' => level -= 1,
            '|' if level == 0 => {
                let all = rest.split('|').skip(1).all(|way| way.starts_with('^'));
                if !all {
                    return weak("only the first alternative of the pattern is anchored");
                }
            }
            _ => {}
        }
    }
    match part {
        UrlPart::Protocol => {
            if rest.ends_with('$') || rest.ends_with(':') {
                judged(Strength::Scheme, Some(span), None)
            } else {
                weak("a scheme that begins like this one passes too")
            }
        }
        UrlPart::Host | UrlPart::Origin => {
            if rest.ends_with('$') {
                judged(Strength::Host, Some(span), None)
            } else {
                weak("a pattern without `$` lets a longer host name through")
            }
        }
        UrlPart::Whole => {
            // Scheme, then host, then a slash: closed. Scheme alone: a scheme check.
            let plain = rest.replace("\\/", "/").replace("\\.", ".").replace("(?:", "(");
            if are_schemes(&plain) {
                return judged(Strength::Scheme, Some(span), None);
            }
            let Some((scheme, after)) = plain.split_once(':') else {
                return weak("a scheme that begins like this one passes too");
            };
            let _ = scheme;
            let after = after.trim_start_matches(['/', '?']);
            if after.is_empty() || after.starts_with(')') || after.starts_with(".") || after.starts_with('[') {
                judged(Strength::Scheme, Some(span), None)
            } else if after.contains('/') || after.ends_with('$') {
                judged(Strength::Host, Some(span), None)
            } else {
                weak("the pattern does not end the host name: a longer one passes too")
            }
        }
        UrlPart::Other => judged(Strength::None, None, None),
    }
}
