//! What it says of an address that it is in a list, a set or an object of the app's.

use super::strength::*;
use super::{App, MOST_HELPERS, UrlPart};
use crate::link::things::*;
use crate::link::{F, V};
use crate::source::Span;
use crate::summary::Value;

/// Arguments that calls hand over behind the parameters with names.
const MOST_REST: usize = 64;

impl App<'_> {
    /// What it says of a part of an address that it is in a collection, or is not.
    pub(super) fn in_list(&self, collection: V, part: UrlPart, is_in: bool, span: Span) -> Judged {
        match is_in {
            // What is left leads to no server.
            false if part == UrlPart::Protocol && self.names_the_web(collection) => {
                judged(Strength::Host, Some(span), None).letting(Lets::AllButServers)
            }
            false => weak(FORBIDS, span),
            true if self.is_constant_collection(collection) => self.membership(collection, part, span),
            true => judged(Strength::Opaque.min(strength_of(part)), Some(span), None),
        }
    }

    /// Whether a collection of the app's has both schemes of the web.
    fn names_the_web(&self, collection: V) -> bool {
        let listed = if self.is_constant_collection(collection) { self.listed(collection) } else { Vec::new() };
        ["http:", "https:"].iter().all(|scheme| listed.iter().any(|known| known.text() == Some(scheme)))
    }

    /// What it is worth that a part of an address is in a collection of the app's.
    pub(super) fn membership(&self, collection: V, part: UrlPart, span: Span) -> Judged {
        let members = if part == UrlPart::Protocol { self.listed(collection) } else { Vec::new() };
        if self.are_own_schemes(&members) {
            return judged(Strength::Host, Some(span), None);
        }
        judged(strength_of(part), Some(span), None).letting(Lets::of_schemes(&members))
    }

    /// Whether these are schemes that lead to the app itself, and nothing else: as good as its host.
    pub(super) fn are_own_schemes(&self, values: &[Known]) -> bool {
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
        if let Some(rest) = self.rest_of_calls(collection) {
            members = rest.into_iter().filter_map(|value| self.constant(value)).collect();
        }
        for known in self.eval(collection).iter() {
            if let Thing::Object(object) = &known.thing {
                let key = |key| Known { thing: Thing::Text(key), ..known.clone() };
                members.extend(self.program.keys(object).into_iter().map(key));
            }
        }
        members
    }

    /// An array, set, map or object whose members are the app's own.
    pub(super) fn is_constant_collection(&self, v: V) -> bool {
        self.is_constant_collection_at(v, 0)
    }

    fn is_constant_collection_at(&self, v: V, depth: u32) -> bool {
        if depth > MOST_HELPERS {
            return false;
        }
        // `matchesScheme(url, 'http:', 'https:')` of `(url, ...schemes) => schemes.includes(…)`.
        if let Some(rest) = self.rest_of_calls(v) {
            return rest.into_iter().all(|value| self.constant(value).is_some());
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

    /// What the calls of a function hand over as the rest of its arguments, where all its calls are known.
    fn rest_of_calls(&self, v: V) -> Option<Vec<V>> {
        let behind = self.program.behind(v);
        let Value::RestParameter(function, index) = self.program.value(behind) else { return None };
        let f = F(behind.0, function);
        let callers = self.program.callers(f);
        if callers.is_empty() || !self.program.handed_over(f).is_empty() {
            return None;
        }
        let mut rest = Vec::new();
        for &call in callers.iter() {
            let items = self.program.arguments(call);
            if items.iter().any(|item| item.spread) {
                return None;
            }
            rest.extend(items.iter().skip(index as usize).map(|item| V(call.0, item.value)));
            if rest.len() > MOST_REST {
                return None;
            }
        }
        Some(rest)
    }
}
