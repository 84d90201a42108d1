//! What a comparison says of an address: with a text, with the place of a text in it, with a pattern.

use super::strength::*;
use super::{App, Base, CONSENT, Root, UrlPart};
use crate::link::things::*;
use crate::link::{C, F, V};
use crate::source::Span;
use crate::summary::{Operator, Value};

/// Writes to one variable that are looked at.
const MOST_WRITES: usize = 4;

/// Parts inside parts of a value that are looked at.
const MOST_PARTS: u32 = 7;

impl App<'_> {
    pub(super) fn equality(&self, left: V, right: V, equal: bool, root: &Root, span: Span, depth: u32) -> Judged {
        for (subject, other) in [(left, right), (right, left)] {
            // `url.indexOf('https://x') === 0`.
            if let Value::Call(call) = self.program.value(subject)
                && let Some(found) = self.index_of(C(subject.0, call), other, equal, root, span)
            {
                return found;
            }
            // `pattern.exec(url) !== null`.
            if matches!(self.program.value(other), Value::Null | Value::Undefined) && self.is_object_or_null(subject) {
                return self.judge(subject, !equal, root, depth + 1);
            }
            // `isSafe(url) === true`, `result.ok === false`.
            if let Value::Bool(bool) = self.program.value(other)
                && let Value::Call(_) | Value::Member(..) | Value::Binding(_) = self.program.value(subject)
            {
                return self.judge(subject, bool == equal, root, depth + 1);
            }
            // `classify(url) === 'external'`.
            if let Some(text) = self.constant(other)
                && let Some(c) = self.call_behind(subject)
                && let Some(found) = self.verdict(c, text.text().unwrap_or(""), equal, root, depth + 1)
                && found.strength >= Strength::Scheme
            {
                return found;
            }
            // `const verdict = isSafe(url) ? 'open' : 'refuse'; if (verdict === 'open')`.
            if let Some(text) = self.constant(other)
                && let Value::Conditional { .. } = self.program.value(self.program.behind(subject))
            {
                let ways =
                    self.ways_to_be(self.program.behind(subject), text.text().unwrap_or(""), equal, root, depth + 1);
                return Judged::any(ways);
            }
            if let Some(found) = self.compared_part(subject, other, equal, root, depth + 1)
                && found.strength > Strength::None
            {
                return found;
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
            // `contents.getURL() === ''`: nothing is shown yet that could lead anywhere.
            if equal && self.is_address_shown(subject) && self.is_no_address(other) {
                return judged(Strength::Host, Some(span), None);
            }
            if equal && self.constant(other).is_some() && self.is_made_from(subject, root) {
                return judged(Strength::Opaque, Some(span), None);
            }
            let Some(found) = self.root(subject) else { continue };
            if self.is_consent(&found) {
                return judged(Strength::Opaque, Some(span), None);
            }
            let Some(part) = self.part_of(subject, root) else { continue };
            if !equal {
                // `protocol !== 'http:' && protocol !== 'https:'`: together they leave nothing that leads to a server.
                let server = self.constant(other).is_some_and(|known| matches!(known.text(), Some("http:" | "https:")));
                return match part {
                    UrlPart::Protocol if server => judged(Strength::Opaque, Some(span), None),
                    UrlPart::Other => Judged::NOTHING,
                    _ => weak(FORBIDS, span),
                };
            }
            if self.part_of(other, root).is_some() {
                return Judged::NOTHING;
            }
            // Compared with another address that the app holds: its own page, a setting.
            let values = self.eval(other);
            let constant = values.iter().all(|known| matches!(known.thing, Thing::Text(_)));
            let strength = strength_of(part);
            let lets = if part == UrlPart::Protocol { Lets::of_schemes(&values) } else { Lets::Nothing };
            return if part == UrlPart::Protocol && self.are_own_schemes(&values) {
                judged(Strength::Host, Some(span), None).letting(Lets::Own)
            } else if constant || strength >= Strength::Host {
                judged(strength, Some(span), None).letting(lets)
            } else {
                judged(Strength::Opaque, Some(span), None)
            };
        }
        Judged::NOTHING
    }

    /// Whether a value is what a window shows now.
    fn is_address_shown(&self, v: V) -> bool {
        matches!(self.program.value(self.program.behind(v)), Value::Call(call) if self.gives_address_shown(C(v.0, call)))
    }

    /// `contents.getURL()`.
    pub(super) fn gives_address_shown(&self, c: C) -> bool {
        self.api_of(c).is_some_and(|(path, _)| matches!(&*path, "WebContents.getURL" | "WebviewTag.getURL"))
    }

    fn is_no_address(&self, v: V) -> bool {
        self.constant(v).is_some_and(|known| matches!(known.text(), Some("" | "about:blank")))
    }

    /// Whether a value is, or may be, made from the scheme or the server of an address in a way that is not followed: from parts of it,
    /// or in one of several writes to a variable.
    pub(super) fn is_made_from(&self, subject: V, root: &Root) -> bool {
        if self.part_of(subject, root).is_some() {
            return false;
        }
        let Value::Binding(binding) = self.program.value(subject) else { return self.holds_server(subject, root, 0) };
        let writes = &self.program.summary(subject.0).bindings[binding.index()].writes;
        writes.len() <= MOST_WRITES && writes.iter().any(|write| self.holds_server(V(subject.0, write.value), root, 0))
    }

    /// Whether the scheme or the server of an address is part of a value.
    fn holds_server(&self, v: V, root: &Root, depth: u32) -> bool {
        if depth > MOST_PARTS {
            return false;
        }
        if let Some(UrlPart::Protocol | UrlPart::Host | UrlPart::Origin) = self.part_of(v, root) {
            return true;
        }
        let inside = |inner| self.holds_server(V(v.0, inner), root, depth + 1);
        let summary = self.program.summary(v.0);
        match summary.value(summary.behind(v.1)) {
            Value::Template(list) => summary.items(list).iter().any(|item| inside(item.value)),
            Value::Binary(_, left, right) => inside(left) || inside(right),
            Value::Member(inner, _) | Value::Index(inner, _) | Value::Await(inner) => inside(inner),
            Value::Call(call) => match summary.value(summary.call(call).callee) {
                Value::Member(inner, _) => inside(inner),
                _ => false,
            },
            _ => false,
        }
    }

    /// Whether a value is what the user answered in a dialog.
    pub(super) fn is_consent(&self, root: &Root) -> bool {
        // "Do not ask again" is no answer.
        if root.path.last().is_some_and(|property| property == "checkboxChecked") {
            return false;
        }
        match root.base {
            Base::Call(call) => self.asks_user(C(root.unit, call)),
            Base::Parameter(function, index) => self.is_answer_of_user(F(root.unit, function), index),
            _ => false,
        }
    }

    /// Whether a parameter is what the user answered: `showMessageBox(options).then(({ response }) => …)`, and, before Electron 6,
    /// `showMessageBox(options, (response) => …)`.
    pub(super) fn is_answer_of_user(&self, f: F, index: u32) -> bool {
        let asked = match self.settled(f) {
            Some(promise) => self.call_behind(promise),
            None => self.program.callback_of(f).map(|(c, _)| c),
        };
        index == 0 && asked.is_some_and(|c| self.asks_user(c))
    }

    /// Whether a call asks the user in a dialog.
    pub(super) fn asks_user(&self, c: C) -> bool {
        self.api_of(c).is_some_and(|(path, _)| path.starts_with(CONSENT))
    }

    fn index_of(&self, c: C, other: V, equal: bool, root: &Root, span: Span) -> Option<Judged> {
        let call = self.program.call(c);
        let Value::Member(object, method) = self.program.value(V(c.0, call.callee)) else { return None };
        let object = V(c.0, object);
        let argument = self.program.argument(c, 0);
        match self.program.str(c.0, method) {
            "indexOf" | "lastIndexOf" | "search" => {
                let number = self.program.only(other).and_then(|known| match known.thing {
                    Thing::Number(number) => Some(number),
                    _ => None,
                })?;
                if self.part_of(object, root).is_some() {
                    if self.program.str(c.0, method) == "search"
                        && let Some(found) = self.searched(c, object, number, equal, root, span)
                    {
                        return Some(found);
                    }
                    let is_beginning = equal && number == 0.0;
                    return Some(if is_beginning { self.prefix(argument, span) } else { found_inside(span) });
                }
                // `allowed.indexOf(url.host) !== -1`.
                let part = self.part_of(argument?, root)?;
                // What the app's own page begins with leads nowhere else: `page.indexOf(url) === 0`.
                if equal && number == 0.0 && part == UrlPart::Whole && self.is_of_known_texts(object) {
                    return Some(judged(Strength::Host, Some(span), None));
                }
                (!equal && number == -1.0).then(|| self.in_list(object, part, true, span))
            }
            // `hosts.findIndex((host) => host === url.host) !== -1`: there is one.
            "findIndex" | "findLastIndex" => {
                let number = self.program.only(other).map(|known| known.thing);
                let callbacks = self.functions(argument.filter(|_| !equal && number == Some(Thing::Number(-1.0)))?);
                callbacks.into_iter().find_map(|callback| self.judge_returned(callback, None, true, root, 5))
            }
            "slice" | "substring" | "substr" if equal && self.part_of(object, root).is_some() => {
                let text = self.constant(other)?;
                Some(prefix_strength(text.text().unwrap_or(""), span))
            }
            _ => None,
        }
    }

    /// `url.search(/^https:/) === 0`, `!== -1`.
    fn searched(&self, c: C, object: V, place: f64, equal: bool, root: &Root, span: Span) -> Option<Judged> {
        let (part, pattern) = (self.part_of(object, root)?, self.program.argument(c, 0)?);
        let values = self.eval(pattern);
        let [Known { thing: Thing::Regex(pattern, flags), .. }] = values.as_ref() else { return None };
        match place {
            // What is found at the beginning is as good as anchored.
            0.0 if equal && !pattern.contains('|') => {
                let anchored = format!("^{}", pattern.trim_start_matches('^'));
                Some(self.regex(&anchored, flags, part, true, span))
            }
            0.0 if equal => Some(self.regex(pattern, flags, part, true, span)),
            -1.0 => Some(self.regex(pattern, flags, part, !equal, span)),
            _ => None,
        }
    }

    /// Whether a value is an object, or `null`: what a pattern found, what a function of the app's gives.
    fn is_object_or_null(&self, v: V) -> bool {
        let Some(c) = self.call_behind(v) else { return false };
        let callee = V(c.0, self.program.call(c).callee);
        let finds = matches!(self.program.value(callee), Value::Member(_, method)
            if matches!(self.program.str(c.0, method), "exec" | "match"));
        let is_object = |thing: &Thing| match thing {
            Thing::Text(text) => !text.is_empty(),
            Thing::Null | Thing::Undefined | Thing::Object(_) | Thing::Result(..) => true,
            _ => false,
        };
        let gives = |helper: F| {
            let mut exits = self.program.function(helper).exits.iter().filter(|exit| !exit.throws);
            exits.all(|exit| {
                exit.value.is_none_or(|value| self.eval(V(helper.0, value)).iter().all(|known| is_object(&known.thing)))
            })
        };
        finds || {
            let helpers = self.functions(callee);
            !helpers.is_empty() && helpers.into_iter().all(gives)
        }
    }

    /// A comparison by order: of the place of a text in the address, or of the place of a part of the address in a list.
    pub(super) fn order(&self, operator: Operator, left: V, right: V, holds: bool, root: &Root, span: Span) -> Judged {
        match self.place_in_list(operator, left, right, holds, root, span) {
            Some(found) => found,
            None if self.is_position(left, root) || self.is_position(right, root) => found_inside(span),
            None => Judged::NOTHING,
        }
    }

    /// `allowed.indexOf(url.protocol) > -1`, `>= 0`, `< 0`: whether a part of the address is in a list of the app's.
    fn place_in_list(
        &self,
        operator: Operator,
        left: V,
        right: V,
        holds: bool,
        root: &Root,
        span: Span,
    ) -> Option<Judged> {
        let Value::Call(call) = self.program.value(left) else { return None };
        let Value::Number(number) = self.program.value(right) else { return None };
        let c = C(left.0, call);
        let Value::Member(list, method) = self.program.value(V(c.0, self.program.call(c).callee)) else { return None };
        let is_in = match (operator, number) {
            (Operator::Greater, -1.0) | (Operator::GreaterOrEqual, 0.0) => holds,
            (Operator::Less, 0.0) | (Operator::LessOrEqual, -1.0) => !holds,
            _ => return None,
        };
        match self.program.str(c.0, method) {
            "indexOf" => {
                let part = self.part_of(self.program.argument(c, 0)?, root)?;
                Some(self.in_list(V(c.0, list), part, is_in, span))
            }
            "search" => self.searched(c, V(c.0, list), -1.0, !is_in, root, span),
            _ => None,
        }
    }

    /// `x.indexOf(…)` compared by order.
    fn is_position(&self, v: V, root: &Root) -> bool {
        let Value::Call(call) = self.program.value(v) else { return false };
        let c = C(v.0, call);
        let Value::Member(object, method) = self.program.value(V(c.0, self.program.call(c).callee)) else {
            return false;
        };
        matches!(self.program.str(c.0, method), "indexOf" | "search" | "lastIndexOf")
            && self.part_of(V(c.0, object), root).is_some()
    }

    /// What it is worth that an address begins with a text.
    pub(super) fn prefix(&self, text: Option<V>, span: Span) -> Judged {
        let Some(text) = text else { return Judged::NOTHING };
        let values = self.closed_by_slash(text).unwrap_or_else(|| self.eval(text).to_vec());
        values
            .iter()
            .map(|known| match &known.thing {
                Thing::Text(text) => {
                    let found = prefix_strength(text, span);
                    // Every address of a scheme of the app's leads to the app.
                    let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
                    let own = found.strength != Strength::Host && self.own_schemes().iter().any(|own| own == scheme);
                    if own { judged(Strength::Host, Some(span), None).letting(Lets::Own) } else { found }
                }
                // `url.startsWith(site + '/')`, for each site of a list.
                Thing::Template(parts) if matches!(parts.first(), Some(Part::Hole(..))) => {
                    let found = self.heads_of_parts(parts).into_iter().map(|head| match head {
                        Some((text, is_whole)) if is_whole || is_closed_prefix(&text) => prefix_strength(&text, span),
                        _ => judged(Strength::Opaque, Some(span), None),
                    });
                    found.min_by_key(|judged| judged.strength).unwrap_or(Judged::NOTHING)
                }
                Thing::Template(parts) => match parts.first() {
                    Some(Part::Text(text)) if is_closed_prefix(text) => {
                        judged(Strength::Host, Some(span), None).letting(Lets::Rest)
                    }
                    Some(Part::Text(text))
                        if text.contains("://")
                            && parts
                                .last()
                                .is_some_and(|last| matches!(last, Part::Text(end) if end.ends_with('/'))) =>
                    {
                        judged(Strength::Host, Some(span), None).letting(Lets::Rest)
                    }
                    _ => judged(Strength::Opaque, Some(span), None),
                },
                _ => judged(Strength::Opaque, Some(span), None),
            })
            .min_by_key(|judged| judged.strength)
            .unwrap_or(Judged::NOTHING)
    }

    /// What a text can be to which a slash is put where it ends with none: `site.endsWith('/') ? site : site + '/'`.
    fn closed_by_slash(&self, text: V) -> Option<Vec<Known>> {
        let text = self.program.behind(text);
        let Value::Conditional { test, then, other } = self.program.value(text) else { return None };
        let at = |id| V(text.0, id);
        let (test, ending, put) = match self.program.value(at(test)) {
            Value::Unary(Operator::Not, inner) => (at(inner), at(other), at(then)),
            _ => (at(test), at(then), at(other)),
        };
        let c = self.call_behind(test)?;
        let Value::Member(asked, method) = self.program.value(V(c.0, self.program.call(c).callee)) else { return None };
        let is_slash =
            self.program.argument(c, 0).and_then(|end| self.constant(end)).is_some_and(|end| end.text() == Some("/"));
        let is_same = self.program.behind(V(c.0, asked)) == self.program.behind(ending)
            || self.root(V(c.0, asked)).is_some_and(|asked| self.root(ending) == Some(asked));
        if self.program.str(c.0, method) != "endsWith" || !is_slash || !is_same {
            return None;
        }
        let ends = |known: &&Known| known.text().is_none_or(|text| text.ends_with('/'));
        let mut values: Vec<Known> = self.eval(ending).iter().filter(ends).cloned().collect();
        values.extend(self.eval(put).iter().cloned());
        Some(values)
    }

    /// How a text begins, for each value that it can be, and whether that is all of it; `None` where that is not known.
    pub(super) fn heads_of(&self, text: V) -> Vec<Option<(String, bool)>> {
        let values = self.eval(text);
        let heads = values.iter().flat_map(|known| match &known.thing {
            Thing::Text(text) => vec![Some((text.to_string(), true))],
            Thing::Template(parts) => self.heads_of_parts(parts),
            _ => vec![None],
        });
        heads.collect()
    }

    /// As [`App::heads_of`], for a text of parts: `` `${site}/` `` begins like each of the sites, with a slash behind it.
    fn heads_of_parts(&self, parts: &[Part]) -> Vec<Option<(String, bool)>> {
        let (first, rest) = match parts {
            [Part::Text(text), rest @ ..] => return vec![Some((text.to_string(), rest.is_empty()))],
            [Part::Hole(v, frames), rest @ ..] => (self.program.eval_in(*v, frames), rest),
            [] => return Vec::new(),
        };
        let (next, is_whole) = match rest {
            [] => ("", true),
            [Part::Text(text), rest @ ..] => (&**text, rest.is_empty()),
            _ => ("", false),
        };
        first.iter().map(|known| known.text().map(|text| (format!("{text}{next}"), is_whole))).collect()
    }

    /// Whether a text is the app's own wholly: each of its parts is one of known texts.
    pub(super) fn is_of_known_texts(&self, text: V) -> bool {
        self.eval(text).iter().all(|known| match &known.thing {
            Thing::Text(_) => true,
            Thing::Template(parts) => parts.iter().all(|part| match part {
                Part::Text(_) => true,
                Part::Hole(v, frames) => {
                    self.program.eval_in(*v, frames).iter().all(|known| matches!(known.thing, Thing::Text(_)))
                }
            }),
            _ => false,
        })
    }
}
