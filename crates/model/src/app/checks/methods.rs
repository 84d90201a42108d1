//! What a call says of an address: methods of texts, lists and patterns, and, of all else, the app's own functions.

use super::strength::*;
use super::{App, Root, UrlPart, parameter_root};
use crate::link::things::*;
use crate::link::{C, V};
use crate::source::Span;
use crate::summary::{CallKind, Value};

impl App<'_> {
    pub(super) fn judge_call(&self, c: C, holds: bool, root: &Root, depth: u32) -> Judged {
        let call = self.program.call(c);
        let callee = V(c.0, call.callee);
        if let Some(found) = self.judge_by_package(c, holds, root) {
            return found;
        }
        if let Value::Member(object, method) = self.program.value(callee)
            && let Some(found) = self.judge_method(c, V(c.0, object), self.program.str(c.0, method), holds, root, depth)
        {
            return found;
        }
        if call.kind == CallKind::New {
            return Judged::NOTHING;
        }
        // `if (dialog.showMessageBoxSync(…)) return`: the user was asked, whatever the answer is called.
        if self.asks_user(c) {
            return judged(Strength::Opaque, Some(self.program.place(c.0, call.span)), None);
        }
        // `Boolean(x)`.
        let is_boolean = |known: &Known| matches!(&known.thing, Thing::Api(path) if &**path == "Boolean");
        if self.eval(callee).iter().any(is_boolean)
            && let Some(argument) = self.program.argument(c, 0)
        {
            return self.judge(argument, holds, root, depth + 1);
        }
        self.judge_helper(c, holds, root, depth)
    }

    /// What a method of texts, lists or patterns says; `None` where it is none, or is used for something else.
    fn judge_method(&self, c: C, object: V, method: &str, holds: bool, root: &Root, depth: u32) -> Option<Judged> {
        let span = self.program.place(c.0, self.program.call(c).span);
        let first = self.program.argument(c, 0);
        let is_lookup = self.is_lookup(object, method) || self.is_collection_of_functions(object);
        let (object, argument) =
            if is_lookup { (first.unwrap_or(object), self.program.argument(c, 1)) } else { (object, first) };
        let subject = self.part_of(object, root);
        let given = argument.and_then(|argument| self.part_of(argument, root));
        let found = match method {
            "call" | "get" if !is_lookup && !self.is_constant_collection(object) => return None,
            "startsWith" => match subject {
                Some(part) => self.beginning(argument, part, holds, span),
                None if holds => self.beginning_before(object, argument, root, span),
                // `allowed.startsWith(url)`: nothing.
                None => Judged::NOTHING,
            },
            "endsWith" => self.ending(argument, subject?, holds, span),
            "includes" | "has" | "indexOf" | "contains" | "hasOwnProperty" | "hasOwn" | "get" | "call" => match subject
            {
                Some(part) if part != UrlPart::Other && holds => found_inside(span),
                Some(part) if part != UrlPart::Other => Judged::NOTHING,
                _ => match given {
                    Some(given) => self.in_list(object, given, holds, span),
                    // `allowed.includes(url.hostname.split('.')[1])`.
                    None if holds && self.is_constant_collection(object) && self.is_made_from(argument?, root) => {
                        judged(Strength::Opaque, Some(span), None)
                    }
                    None => return None,
                },
            },
            // What is a number leads nowhere and starts nothing.
            "isInteger" | "isSafeInteger" | "isFinite" => match given {
                Some(UrlPart::Whole) if holds => judged(Strength::Host, Some(span), None),
                _ => Judged::NOTHING,
            },
            "test" | "exec" => self.pattern(object, given?, holds, span),
            "match" | "matchAll" => self.pattern(argument?, subject?, holds, span),
            "some" | "every" | "find" | "any" | "findIndex" => {
                let callbacks = self.functions(argument?);
                // `names.every((name) => isSafe(name))`: so is all that the list holds.
                if method == if holds { "every" } else { "some" } && subject == Some(UrlPart::Whole) {
                    let said = |f| self.judge_returned(f, None, holds, &parameter_root(f, 0), depth + 5);
                    return callbacks.into_iter().find_map(said);
                }
                let said = |callback| self.judge_returned(callback, None, holds, root, depth);
                return callbacks.into_iter().find_map(said);
            }
            _ => return None,
        };
        Some(found)
    }

    /// A method that is given the list, and then the key: `Object.hasOwn(list, key)`, `Object.prototype.hasOwnProperty.call(list, key)`,
    /// `Reflect.has(list, key)`.
    fn is_lookup(&self, object: V, method: &str) -> bool {
        match (method, self.program.value(object)) {
            ("hasOwn", _) => true,
            ("has", Value::Global(name)) => self.program.str(object.0, name) == "Reflect",
            ("call", Value::Member(_, name)) => self.program.str(object.0, name) == "hasOwnProperty",
            _ => false,
        }
    }

    /// Lodash and kin, whose functions take as their first argument what a method is called on: `_.startsWith(url, 'https:')`.
    fn is_collection_of_functions(&self, object: V) -> bool {
        self.eval(object).iter().any(|known| match &known.thing {
            Thing::Api(path) => {
                matches!(path.strip_suffix(".default").unwrap_or(path), "lodash" | "lodash-es" | "underscore")
            }
            _ => false,
        })
    }

    /// `url.startsWith('https://example.com/')`.
    fn beginning(&self, text: Option<V>, part: UrlPart, holds: bool, span: Span) -> Judged {
        let constant = || text.and_then(|text| self.constant(text));
        if !holds {
            return without(constant().as_ref().and_then(Known::text).unwrap_or(""), span);
        }
        match part {
            UrlPart::Whole => self.prefix(text, span),
            UrlPart::Protocol if constant().as_ref().and_then(Known::text).is_some_and(|text| text.ends_with(':')) => {
                judged(Strength::Scheme, Some(span), None)
            }
            UrlPart::Protocol => weak(LONGER_SCHEME, span),
            UrlPart::Origin | UrlPart::Host => {
                weak("`https://example.com.attacker.net` begins like `https://example.com`", span)
            }
            UrlPart::Other => Judged::NOTHING,
        }
    }

    /// What the beginning of a text says of the rest of it: `text.startsWith('open:https://')`, of `text.slice(5)`.
    fn beginning_before(&self, whole: V, text: Option<V>, root: &Root, span: Span) -> Judged {
        let Some((before, head)) = root.before_rest() else { return Judged::NOTHING };
        if self.part_of(whole, &before) != Some(UrlPart::Whole) {
            return Judged::NOTHING;
        }
        let text = text.and_then(|text| self.constant(text));
        let rest = text.as_ref().and_then(Known::text).and_then(|text| text.get(head..));
        rest.map_or(Judged::NOTHING, |rest| prefix_strength(rest, span))
    }

    /// `url.hostname.endsWith('.example.com')`.
    fn ending(&self, text: Option<V>, part: UrlPart, holds: bool, span: Span) -> Judged {
        let is_dotted = || {
            let texts = text.map_or_else(Vec::new, |text| self.heads_of(text));
            !texts.is_empty() && texts.iter().all(|head| head.as_ref().is_some_and(|(text, _)| text.starts_with('.')))
        };
        match part {
            UrlPart::Host if holds && is_dotted() => {
                let is_known = text.is_some_and(|text| self.is_of_known_texts(text));
                judged(if is_known { Strength::Host } else { Strength::Opaque }, Some(span), None)
            }
            UrlPart::Host if holds => weak("`attackerexample.com` ends like `example.com`", span),
            UrlPart::Whole if holds => weak("the end of an address is the attacker's to choose", span),
            _ => Judged::NOTHING,
        }
    }
}
