//! What the app's own functions say of an address that they are given.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::formula::Formula;
use super::strength::*;
use super::{App, MOST_HELPERS, Root, UrlPart, parameter_root};
use crate::link::things::*;
use crate::link::{C, F, V};
use crate::summary::{Key, Value};

/// Tests in a row within which a helper is one of the first that are looked into.
const FIRST: u32 = 12;

/// What functions say of their parameters by what they return, or by a property of it, where it counts as this.
pub(in crate::app) type Said = FxHashMap<(F, u32, Option<Rc<str>>, bool), Option<Judged>>;

impl App<'_> {
    /// What a call says that is given the address, or a part of it.
    pub(super) fn helper_formula(&self, c: C, holds: bool, root: &Root, depth: u32) -> Formula {
        if let Some(found) = self.said_by_helpers(c, None, holds, root, depth) {
            return Formula::Atom(found);
        }
        let callee = V(c.0, self.program.call(c).callee);
        match self.parts_given(c, root).last() {
            None | Some((_, UrlPart::Other)) => Formula::nothing(),
            Some(_) if !self.functions(callee).is_empty() => Formula::nothing(),
            // `URL.canParse(url)` and kin say nothing; an unknown function that was given the address may say anything.
            Some(_) if self.asks_for_shape(callee) => Formula::nothing(),
            Some(_) => {
                let span = self.program.place(c.0, self.program.call(c).span);
                Formula::Atom(judged(Strength::Opaque, Some(span), None))
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
        if depth / 6 >= MOST_HELPERS {
            return None;
        }
        let parts = self.parts_given(c, root);
        if parts.is_empty() {
            return None;
        }
        let helpers = self.functions(V(c.0, self.program.call(c).callee));
        parts.into_iter().find_map(|(index, part)| {
            let found = helpers.iter().find_map(|helper| self.said_by(*helper, index, property, holds, depth + 5))?;
            Some(match part {
                // `isAllowedHost(url.hostname)`: what holds of the host's text as a whole holds of the host.
                UrlPart::Host | UrlPart::Origin if found.strength >= Strength::Scheme => {
                    judged(Strength::Host, found.span, None)
                }
                UrlPart::Protocol if found.strength >= Strength::Scheme => judged(Strength::Scheme, found.span, None),
                UrlPart::Other => Judged::NOTHING,
                _ => found,
            })
        })
    }

    /// What a function returns says of its parameter: the same wherever it is called.
    fn said_by(&self, helper: F, index: u32, property: Option<&str>, holds: bool, depth: u32) -> Option<Judged> {
        let key = (helper, index, property.map(Rc::from), holds);
        if let Some(known) = self.said.borrow().get(&key) {
            return known.clone();
        }
        let root = parameter_root(helper, index);
        let found = self.returned_formula(helper, property, holds, &root, depth).map(|formula| formula.judge());
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

    /// Whether a callee only looks at the shape of an address or a path, or whether something is there: a file may be anywhere, and of
    /// any name.
    fn asks_for_shape(&self, callee: V) -> bool {
        self.eval(callee).iter().any(|known| match &known.thing {
            Thing::Api(path) => matches!(
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
                    | "fs.existsSync"
                    | "fs.exists"
                    | "fs.accessSync"
                    | "fs.access"
                    | "fs.promises.access"
                    | "fs-extra.existsSync"
                    | "fs-extra.exists"
                    | "fs-extra.pathExists"
                    | "fs-extra.pathExistsSync"
                    | "original-fs.existsSync"
            ),
            _ => false,
        })
    }

    /// What holds of a function's subject where it returns something that counts as `holds`, or an object of which a property does.
    pub(super) fn returned_formula(
        &self,
        f: F,
        property: Option<&str>,
        holds: bool,
        root: &Root,
        depth: u32,
    ) -> Option<Formula> {
        let mut ways = Vec::new();
        for exit in self.program.function(f).exits.iter().filter(|exit| !exit.throws) {
            let returned = exit.value.map(|value| V(f.0, value));
            let value = match property {
                None => returned,
                Some(name) => self.written_property(returned?, name)?,
            };
            match value {
                // It is undefined.
                None if holds => continue,
                Some(value) if self.never(value, holds) => continue,
                _ => {}
            }
            let mut parts = self.conditions(f, exit.condition, root, depth);
            parts.extend(value.map(|value| self.formula(value, holds, root, depth + 1)));
            ways.push(Formula::All(parts));
        }
        (!ways.is_empty()).then_some(Formula::Any(ways))
    }

    /// What is written for a property of an object literal, or that nothing is; `None` where that cannot be told.
    fn written_property(&self, object: V, name: &str) -> Option<Option<V>> {
        let Value::Object(list) = self.program.value(object) else { return None };
        let properties = self.program.summary(object.0).properties(list);
        let mut last_first = properties.iter().rev();
        let property = last_first
            .find(|property| matches!(property.key, Key::Name(key) if self.program.str(object.0, key) == name));
        if property.is_none() && properties.iter().any(|property| !matches!(property.key, Key::Name(_))) {
            return None;
        }
        Some(property.map(|property| V(object.0, property.value)))
    }
}
