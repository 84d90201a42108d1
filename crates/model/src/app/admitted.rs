//! Which values a check lets through: the constants that an address, or another text, is compared with.
//!
//! [`super::checks`] says how well a check holds; this says to what. What is not a comparison with constants admits
//! anything, and that is `None`: nobody has to guess.

use super::App;
use super::checks::{Root, UrlPart, parameter_root};
use crate::link::things::{Known, Thing};
use crate::link::{C, F, V};
use crate::summary::{CallKind, ConditionId, Operator, Value};

/// Tests inside tests that are followed.
const MOST_DEPTH: u32 = 16;
/// Lists made of lists that are followed.
const MOST_LISTS: u32 = 4;
/// Values that one check may admit.
const MOST_VALUES: usize = 256;

/// One value that passes: which part of the address it is, and the text. A [`UrlPart::Whole`] text that does not end the
/// comparison (`startsWith`) is the beginning of an address whose host is closed.
pub type Admitted = (UrlPart, String);

impl App<'_> {
    /// What the root can be where a condition holds; `None` when the condition does not bound it.
    pub fn admitted(&self, f: F, condition: Option<ConditionId>, root: &Root) -> Option<Vec<Admitted>> {
        self.steps.question(|| self.admitted_under(f, condition, root, 0))
    }

    /// What the root can be where a condition does *not* hold: a handler that stops everything else.
    pub fn admitted_where_not(&self, f: F, condition: Option<ConditionId>, root: &Root) -> Option<Vec<Admitted>> {
        self.steps.question(|| {
            let mut all = Vec::new();
            for condition in self.program.summary(f.0).conditions_at(condition) {
                all.extend(self.admits(V(f.0, condition.test), !condition.holds, root, 0)?);
            }
            bounded(all)
        })
    }

    /// What the root can be where a test comes out as `holds`.
    pub fn admitted_by_test(&self, test: V, holds: bool, root: &Root) -> Option<Vec<Admitted>> {
        self.steps.question(|| self.admits(test, holds, root, 0))
    }

    fn admitted_under(&self, f: F, condition: Option<ConditionId>, root: &Root, depth: u32) -> Option<Vec<Admitted>> {
        let mut best: Option<Vec<Admitted>> = None;
        let (mut at, mut function) = (condition, f.1);
        for _ in 0..64 {
            let summary = self.program.summary(f.0);
            match at {
                Some(id) => {
                    let condition = summary.conditions[id.index()];
                    best = narrower(best, self.admits(V(f.0, condition.test), condition.holds, root, depth + 1));
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
        best
    }

    fn admits(&self, test: V, holds: bool, root: &Root, depth: u32) -> Option<Vec<Admitted>> {
        if depth > MOST_DEPTH || self.steps.are_used_up() {
            return None;
        }
        // What comes out so only in development admits nothing in the shipped app.
        if let [Known { thing: Thing::Development(yes), .. }] = self.eval(test).as_ref() {
            return (*yes == holds).then(Vec::new);
        }
        let at = |id| V(test.0, id);
        let go = |id, holds| self.admits(at(id), holds, root, depth + 1);
        match self.program.value(test) {
            Value::Bool(bool) => (bool != holds).then(Vec::new),
            Value::Unary(Operator::Not, inner) => go(inner, !holds),
            Value::Binary(operator @ (Operator::And | Operator::Or | Operator::Nullish), left, right) => {
                let (left, right) = (go(left, holds), go(right, holds));
                if (operator == Operator::And) == holds { narrower(left, right) } else { either(left, right) }
            }
            Value::Binary(operator @ (Operator::Equal | Operator::NotEqual), left, right) => {
                if (operator == Operator::Equal) != holds {
                    return None;
                }
                let equal = |one, other| self.equal_to(at(one), at(other), root, depth);
                equal(left, right).or_else(|| equal(right, left))
            }
            Value::Conditional { test: inner, then, other } => {
                let first = narrower(go(inner, true), go(then, holds));
                let second = narrower(go(inner, false), go(other, holds));
                either(first, second)
            }
            Value::Binding(binding) => go(self.program.summary(test.0).written_once(binding)?, holds),
            Value::Await(inner) => go(inner, holds),
            Value::Call(call) => self.admitted_by_call(C(test.0, call), holds, root, depth),
            _ => None,
        }
    }

    fn equal_to(&self, subject: V, other: V, root: &Root, depth: u32) -> Option<Vec<Admitted>> {
        // `isSafe(url) === true`.
        if let (Value::Bool(bool), Value::Call(_)) = (self.program.value(other), self.program.value(subject)) {
            return self.admits(subject, bool, root, depth + 1);
        }
        let (found, part) = self.url_part(subject)?;
        if found != *root || part == UrlPart::Other {
            return None;
        }
        self.texts(other).map(|texts| texts.into_iter().map(|text| (part, text)).collect())
    }

    /// Every text that a value can be in the shipped app, if it is nothing else.
    fn texts(&self, v: V) -> Option<Vec<String>> {
        let values = self.eval(v);
        let shipped = values.iter().filter(|known| known.development != Some(true));
        bounded(shipped.map(|known| known.text().map(str::to_owned)).collect::<Option<_>>()?)
    }

    /// The texts of an array, a set, or the keys of an object.
    fn members(&self, v: V) -> Option<Vec<String>> {
        self.members_at(v, 0)
    }

    fn members_at(&self, v: V, depth: u32) -> Option<Vec<String>> {
        if depth > MOST_LISTS {
            return None;
        }
        let mut all = Vec::new();
        for known in self.eval(v).iter() {
            match &known.thing {
                Thing::Array(array, _) => {
                    let Value::Array(items) = self.program.value(*array) else { return None };
                    for item in self.program.summary(array.0).items(items) {
                        if item.spread {
                            return None;
                        }
                        all.extend(self.texts(V(array.0, item.value))?);
                    }
                }
                Thing::Result(path, c) if matches!(&**path, "new Set") => {
                    all.extend(self.members_at(self.program.argument(*c, 0)?, depth + 1)?);
                }
                _ => return None,
            }
        }
        bounded(all)
    }

    fn admitted_by_call(&self, c: C, holds: bool, root: &Root, depth: u32) -> Option<Vec<Admitted>> {
        let call = self.program.call(c);
        if call.kind == CallKind::New {
            return None;
        }
        let callee = V(c.0, call.callee);
        let part_of = |v: V| self.part_of(v, root);
        if let Value::Member(object, method) = self.program.value(callee) {
            let object = V(c.0, object);
            let argument = self.program.argument(c, 0);
            match self.program.str(c.0, method) {
                "includes" | "has" if holds => {
                    if let Some(part) = argument.and_then(part_of).filter(|part| *part != UrlPart::Other) {
                        return Some(self.members(object)?.into_iter().map(|text| (part, text)).collect());
                    }
                }
                "startsWith" if holds && part_of(object) == Some(UrlPart::Whole) => {
                    let texts = self.prefixes(argument?)?;
                    return Some(texts.into_iter().map(|text| (UrlPart::Whole, text)).collect());
                }
                "startsWith" if holds && part_of(object) == Some(UrlPart::Protocol) => {
                    let texts = self.texts(argument?)?;
                    let closed = texts.iter().all(|text| text.ends_with(':'));
                    return closed.then(|| texts.into_iter().map(|text| (UrlPart::Protocol, text)).collect());
                }
                "endsWith" if holds && part_of(object) == Some(UrlPart::Host) => {
                    let texts = self.texts(argument?)?;
                    let dotted = texts.iter().all(|text| text.starts_with('.'));
                    return dotted.then(|| texts.into_iter().map(|text| (UrlPart::Host, format!("*{text}"))).collect());
                }
                // `ALLOWED.some((host) => url.host === host)`.
                "some" if holds => {
                    let callback = *self.functions(argument?).first()?;
                    return self.admitted_by_some(object, callback, root, depth);
                }
                _ => {}
            }
        }
        // A helper of the app's: what does it let through of the parameter that the address is handed to?
        let (index, part) = self.parts_given(c, root).into_iter().find(|(_, part)| *part != UrlPart::Other)?;
        let helpers = self.functions(callee);
        let said = |helper| self.admitted_by_helper(helper, holds, &parameter_root(helper, index), depth + 4);
        let all = helpers.into_iter().map(said).reduce(either)??;
        // What a helper says of the text that it is given, it says of the part that this is.
        let outer = |inner: UrlPart| if inner == UrlPart::Whole { part } else { inner };
        Some(all.into_iter().map(|(inner, text)| (outer(inner), text)).collect())
    }

    /// What a function's parameter can be where it returns something that counts as `holds`.
    fn admitted_by_helper(&self, f: F, holds: bool, root: &Root, depth: u32) -> Option<Vec<Admitted>> {
        if depth > MOST_DEPTH {
            return None;
        }
        let mut all = Some(Vec::new());
        for exit in self.program.function(f).exits.iter().filter(|exit| !exit.throws) {
            let under = || self.admitted_under(f, exit.condition, root, depth);
            let way = match exit.value.map(|value| V(f.0, value)) {
                None if holds => continue,
                None => under(),
                Some(value) if self.never(value, holds) => continue,
                Some(value) => narrower(under(), self.admits(value, holds, root, depth + 1)),
            };
            all = either(all, way);
        }
        all
    }

    /// A list of which one member equals the address, or a part of it.
    fn admitted_by_some(&self, list: V, callback: F, root: &Root, depth: u32) -> Option<Vec<Admitted>> {
        let member = parameter_root(callback, 0);
        for exit in self.program.function(callback).exits.iter().filter(|exit| !exit.throws) {
            let value = V(callback.0, exit.value?);
            let (subject, other) = match self.program.value(value) {
                Value::Binary(Operator::Equal, left, right) => (left, right),
                _ => return self.admits(value, true, root, depth + 1),
            };
            for (subject, other) in [(subject, other), (other, subject)] {
                let (subject, other) = (V(callback.0, subject), V(callback.0, other));
                if let Some((found, part)) = self.url_part(subject)
                    && found == *root
                    && part != UrlPart::Other
                    && self.root(other).as_ref() == Some(&member)
                {
                    return Some(self.members(list)?.into_iter().map(|text| (part, text)).collect());
                }
            }
        }
        None
    }

    /// Beginnings of addresses whose host is closed: `https://example.com/`, or a scheme alone.
    fn prefixes(&self, v: V) -> Option<Vec<String>> {
        let mut all = Vec::new();
        for known in self.eval(v).iter().filter(|known| known.development != Some(true)) {
            let (text, _) = known.thing.head()?;
            let (_, rest) = text.split_once(':')?;
            let closed = matches!(rest, "" | "//") || rest.trim_start_matches('/').contains(['/', '?', '#']);
            if !closed {
                return None;
            }
            all.push(text.to_owned());
        }
        bounded(all)
    }
}

/// Both hold: whichever says more.
fn narrower(first: Option<Vec<Admitted>>, second: Option<Vec<Admitted>>) -> Option<Vec<Admitted>> {
    match (first, second) {
        // `https:` and a list of hosts: addresses of both.
        (Some(first), Some(second)) if all_are(&first, UrlPart::Protocol) && all_are(&second, UrlPart::Host) => {
            Some(crossed(&first, &second))
        }
        (Some(first), Some(second)) if all_are(&first, UrlPart::Host) && all_are(&second, UrlPart::Protocol) => {
            Some(crossed(&second, &first))
        }
        (Some(first), Some(second)) => Some(if rank(&second) < rank(&first) { second } else { first }),
        (first, second) => first.or(second),
    }
}

fn all_are(list: &[Admitted], part: UrlPart) -> bool {
    !list.is_empty() && list.iter().all(|(found, _)| *found == part)
}

fn crossed(schemes: &[Admitted], hosts: &[Admitted]) -> Vec<Admitted> {
    let with =
        |scheme: &str| hosts.iter().map(move |(_, host)| (UrlPart::Origin, format!("{scheme}//{host}"))).collect();
    schemes.iter().take(4).flat_map(|(_, scheme)| -> Vec<Admitted> { with(scheme) }).collect()
}

/// A host says more than a scheme; of two alike, the shorter list.
fn rank(list: &[Admitted]) -> (bool, usize) {
    let is_scheme = |(part, text): &Admitted| {
        *part == UrlPart::Protocol || (*part == UrlPart::Whole && text.trim_end_matches('/').ends_with(':'))
    };
    (list.iter().any(is_scheme), list.len())
}

/// One of them holds.
fn either(first: Option<Vec<Admitted>>, second: Option<Vec<Admitted>>) -> Option<Vec<Admitted>> {
    let (mut first, second) = (first?, second?);
    first.extend(second);
    bounded(first)
}

fn bounded<T>(all: Vec<T>) -> Option<Vec<T>> {
    (all.len() <= MOST_VALUES).then_some(all)
}
