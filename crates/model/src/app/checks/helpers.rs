//! What the app's own functions say of an address that they are given.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::strength::*;
use super::{App, MOST_HELPERS, Root, UrlPart, parameter_root};
use crate::app::file_apis::asks_whether_it_is;
use crate::link::things::*;
use crate::link::{C, F, V};
use crate::summary::{CallKind, Key, Range, TOP, Try, Value};

/// Tests in a row within which a helper is one of the first that are looked into.
const FIRST: u32 = 12;

/// What functions say of their parameters, or of properties of these, by what they return, or by a property of it, where it counts as
/// this.
pub(in crate::app) type Said = FxHashMap<(F, u32, Option<Rc<str>>, Option<Rc<str>>, bool), Option<Judged>>;

/// How a call hands an address on.
pub(super) struct Given {
    /// In which argument.
    index: u32,
    /// In which property of that: `classify({ target: url })`.
    property: Option<Rc<str>>,
    /// Which part of it.
    part: UrlPart,
}

impl Given {
    /// What the function that is called calls it.
    pub(super) fn root(&self, helper: F) -> Root {
        let mut root = parameter_root(helper, self.index);
        root.path.extend(self.property.iter().map(|property| property.to_string()));
        root
    }

    /// What it says of the address that this holds of what was handed on.
    fn said(&self, found: Judged) -> Judged {
        match self.part {
            // `isAllowedHost(url.hostname)`: what holds of the host's text as a whole holds of the host.
            UrlPart::Host | UrlPart::Origin if found.strength >= Strength::Scheme => {
                judged(Strength::Host, found.span, None)
            }
            UrlPart::Protocol if found.strength >= Strength::Scheme => judged(Strength::Scheme, found.span, None),
            UrlPart::Other => Judged::NOTHING,
            _ => found,
        }
    }
}

impl App<'_> {
    /// What functions say that see the address without being given it: `const isOwn = () => new URL(url).origin === own`.
    fn said_by_closures(&self, callee: V, holds: bool, root: &Root, depth: u32) -> Option<Judged> {
        if callee.0 != root.unit || depth / 6 >= MOST_HELPERS || !self.is_closure(callee) {
            return None;
        }
        let helpers = self.functions(callee);
        helpers.into_iter().find_map(|helper| self.judge_returned(helper, None, holds, root, depth + 5))
    }

    /// Whether a callee is a function of this script that is made inside another one.
    pub(super) fn is_closure(&self, callee: V) -> bool {
        matches!(self.program.value(self.program.behind(callee)), Value::Function(function)
            if self.program.summary(callee.0).function(function).parent != TOP)
    }

    /// What a call says that is given the address, or a part of it.
    pub(super) fn judge_helper(&self, c: C, holds: bool, root: &Root, depth: u32) -> Judged {
        if let Some(found) = self.said_by_helpers(c, None, holds, root, depth) {
            return found;
        }
        let callee = V(c.0, self.program.call(c).callee);
        if let Some(found) = self.said_by_closures(callee, holds, root, depth) {
            return found;
        }
        match self.parts_given(c, root).last() {
            None | Some((_, UrlPart::Other)) => Judged::NOTHING,
            Some(_) if !self.functions(callee).is_empty() => Judged::NOTHING,
            // `URL.canParse(url)` and kin say nothing; an unknown function that was given the address may say anything.
            Some(_) if self.asks_for_shape(callee) => Judged::NOTHING,
            Some(_) => {
                let span = self.program.place(c.0, self.program.call(c).span);
                judged(Strength::Opaque, Some(span), None)
            }
        }
    }

    /// What the app's own functions that a call leads to say of the address that they are given: by what they return or, where a
    /// property is named, by that property of the object that they return.
    pub(super) fn said_by_helpers(
        &self,
        c: C,
        property: Option<&str>,
        holds: bool,
        root: &Root,
        depth: u32,
    ) -> Option<Judged> {
        self.first_said(c, root, depth, |helper, given| self.said_by(helper, given, property, holds, depth + 5))
    }

    /// What the first of the app's own functions that a call leads to, and that says something, says of what it is given of an address.
    pub(super) fn first_said(
        &self,
        c: C,
        root: &Root,
        depth: u32,
        said_by: impl Fn(F, &Given) -> Option<Judged>,
    ) -> Option<Judged> {
        if depth / 6 >= MOST_HELPERS {
            return None;
        }
        let given = self.given(c, root);
        if given.is_empty() {
            return None;
        }
        let helpers = self.functions(V(c.0, self.program.call(c).callee));
        given.into_iter().find_map(|given| {
            let found = helpers.iter().find_map(|helper| said_by(*helper, &given))?;
            let asked = found.span.map(|_| self.program.place(c.0, self.program.call(c).span));
            Some(Judged { asked, ..given.said(found) })
        })
    }

    /// What it says of the address that a call is given that the call comes out as this text, or does not:
    /// `classify(url) === 'external'`.
    pub(super) fn verdict(&self, c: C, text: &str, equal: bool, root: &Root, depth: u32) -> Option<Judged> {
        if self.steps.are_used_up() {
            return None;
        }
        self.first_said(c, root, depth, |helper, given| {
            let root = given.root(helper);
            let exits = self.program.function(helper).exits.iter().filter(|exit| !exit.throws);
            let ways = exits.flat_map(|exit| {
                let before = Judged::all(self.conditions(helper, exit.condition, &root, depth + 5));
                let ways = match exit.value {
                    Some(value) => self.ways_to_be(V(helper.0, value), text, equal, &root, depth + 5),
                    None if equal => Vec::new(),
                    None => vec![Judged::NOTHING],
                };
                ways.into_iter().map(move |way| before.clone().better(way))
            });
            ways.reduce(Judged::worse)
        })
    }

    /// The ways in which a value comes out as this text, or does not, with what each says of an address.
    pub(super) fn ways_to_be(&self, v: V, text: &str, equal: bool, root: &Root, depth: u32) -> Vec<Judged> {
        let at = |id| V(v.0, id);
        match self.program.value(self.program.behind(v)) {
            Value::Conditional { test, then, other } if depth < MOST_HELPERS * 6 => {
                let branch = |value, holds| {
                    let test = self.judge(at(test), holds, root, depth + 1);
                    let ways = self.ways_to_be(at(value), text, equal, root, depth + 1);
                    ways.into_iter().map(move |way| test.clone().better(way))
                };
                branch(then, true).chain(branch(other, false)).collect()
            }
            Value::Call(call) => {
                let found = self.verdict(C(v.0, call), text, equal, root, depth + 1);
                vec![found.unwrap_or(Judged::NOTHING)]
            }
            _ => {
                let values = self.eval(v);
                let may_be = values.iter().any(|known| known.text().is_none_or(|known| (known == text) == equal));
                if may_be { vec![Judged::NOTHING] } else { Vec::new() }
            }
        }
    }

    /// What a function returns says of its parameter: the same wherever it is called.
    fn said_by(&self, helper: F, given: &Given, property: Option<&str>, holds: bool, depth: u32) -> Option<Judged> {
        let key = (helper, given.index, given.property.clone(), property.map(Rc::from), holds);
        if let Some(known) = self.said.borrow().get(&key) {
            return known.clone();
        }
        let root = given.root(helper);
        let found = self.judge_returned(helper, property, holds, &root, depth);
        // Further in, less is looked at.
        if depth <= FIRST && !self.steps.were_used_up() {
            self.said.borrow_mut().insert(key, found.clone());
        }
        found
    }

    /// The arguments of a call that are the address or a part of it.
    pub(in crate::app) fn parts_given(&self, c: C, root: &Root) -> Vec<(u32, UrlPart)> {
        let items = self.program.arguments(c).iter().enumerate();
        items
            .filter(|(_, item)| !item.spread)
            .filter_map(|(index, item)| Some((index as u32, self.part_of(V(c.0, item.value), root)?)))
            .collect()
    }

    /// The arguments of a call that are the address or a part of it, and the properties of objects that it is handed in.
    fn given(&self, c: C, root: &Root) -> Vec<Given> {
        let whole = self.parts_given(c, root).into_iter().map(|(index, part)| Given { index, property: None, part });
        let mut given: Vec<Given> = whole.collect();
        for (index, item) in self.program.arguments(c).iter().enumerate().filter(|(_, item)| !item.spread) {
            let Value::Object(list) = self.program.value(V(c.0, item.value)) else { continue };
            for property in self.program.summary(c.0).properties(list) {
                if let Key::Name(name) = property.key
                    && let Some(part) = self.part_of(V(c.0, property.value), root)
                {
                    let property = Some(Rc::from(self.program.str(c.0, name)));
                    given.push(Given { index: index as u32, property, part });
                }
            }
        }
        given
    }

    /// Whether a callee only looks at the shape of an address or a path, or whether something is there: a file may be anywhere, and of
    /// any name.
    fn asks_for_shape(&self, callee: V) -> bool {
        self.eval(callee).iter().any(|known| match &known.thing {
            Thing::Api(path) => {
                matches!(
                    &**path,
                    "URL.canParse"
                        | "url.URL.canParse"
                        | "URL.parse"
                        | "url.parse"
                        | "String"
                        | "console.log"
                        | "encodeURI"
                        | "typeof"
                        | "Boolean"
                        | "path.normalize"
                        | "path.isAbsolute"
                ) || asks_whether_it_is(path)
            }
            _ => false,
        })
    }

    /// What holds of a function's subject where it returns something that counts as `holds`, or an object of which a property does.
    pub(super) fn judge_returned(
        &self,
        f: F,
        property: Option<&str>,
        holds: bool,
        root: &Root,
        depth: u32,
    ) -> Option<Judged> {
        if let Some(name) = property {
            let comes_out = |value: Option<V>| {
                value.map_or(!holds, |value| {
                    !self.never(value, holds) && (holds || !self.is_of_no_address(f, value, root))
                })
            };
            let says = |value: V, root: &Root| self.judge(value, holds, root, depth + 1);
            return self.judge_answered(f, name, root, depth, &comes_out, &says);
        }
        let mut ways = Vec::new();
        for exit in self.program.function(f).exits.iter().filter(|exit| !exit.throws) {
            let value = exit.value.map(|value| V(f.0, value));
            match value {
                // It is undefined.
                None if holds => continue,
                Some(value) if self.never(value, holds) => continue,
                Some(value) if !holds && self.is_of_no_address(f, value, root) => continue,
                _ => {}
            }
            let mut parts = self.conditions(f, exit.condition, root, depth);
            parts.extend(value.map(|value| self.judge(value, holds, root, depth + 1)));
            ways.push(Judged::all(parts));
        }
        ways.into_iter().reduce(Judged::worse)
    }

    /// Whether a function comes to a value only where what it is given cannot be parsed: nothing leads there.
    ///
    /// `try { return hosts.includes(new URL(url).host) } catch { return false }`
    fn is_of_no_address(&self, f: F, value: V, root: &Root) -> bool {
        let summary = self.program.summary(f.0);
        let is_in = |outer: &Range, inner: Range| outer.0 <= inner.0 && inner.1 <= outer.1;
        let at = summary.span(value.1);
        let caught = |tried: &&Try| tried.handler.as_ref().is_some_and(|handler| is_in(handler, at));
        let Some(tried) = summary.tries.iter().find(caught).filter(|_| value.0 == f.0) else { return false };
        self.calls_inside(f).into_iter().any(|c| {
            let call = self.program.call(c);
            call.kind == CallKind::New
                && is_in(&tried.block, call.span)
                && crate::link::final_name(summary, call.callee).is_some_and(|name| summary.str(name) == "URL")
                && self
                    .program
                    .argument(c, 0)
                    .is_some_and(|address| self.part_of(address, root) == Some(UrlPart::Whole))
        })
    }

    /// What is written for a property of an object literal, or a place of a list, or that nothing is; `None` where that cannot be told.
    pub(in crate::app) fn written_property(&self, object: V, name: &str) -> Option<Option<V>> {
        let summary = self.program.summary(object.0);
        let list = match self.program.value(object) {
            Value::Object(list) => list,
            Value::Array(list) => {
                let place: usize = name.parse().ok()?;
                let items = summary.items(list);
                let is_known = !items.iter().take(place + 1).any(|item| item.spread);
                return is_known.then(|| items.get(place).map(|item| V(object.0, item.value)));
            }
            _ => return None,
        };
        let properties = summary.properties(list);
        let mut last_first = properties.iter().rev();
        let property = last_first
            .find(|property| matches!(property.key, Key::Name(key) if self.program.str(object.0, key) == name));
        if property.is_none() && properties.iter().any(|property| !matches!(property.key, Key::Name(_))) {
            return None;
        }
        Some(property.map(|property| V(object.0, property.value)))
    }
}
