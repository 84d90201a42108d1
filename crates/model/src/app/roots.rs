//! What a value is made from, and which part of an address it is.

use std::rc::Rc;

use super::App;
use crate::link::things::{Known, Thing};
use crate::link::{C, F, UnitId, V};
use crate::summary::{BindingId, CallId, FunctionId, Operator, Value};

/// Writes to one variable that parse what it held.
const MOST_PARSES: usize = 4;

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

/// What [`App::url_part`] found.
pub(super) type KnownPart = Rc<Option<(Root, UrlPart)>>;

impl App<'_> {
    /// The part of an address that a value is, and what the address is made from.
    pub fn url_part(&self, v: V) -> Option<(Root, UrlPart)> {
        self.known_url_part(v).as_ref().clone()
    }

    /// As [`App::url_part`], found once for each value: every check is compared with every value that it may speak of.
    fn known_url_part(&self, v: V) -> KnownPart {
        if let Some(known) = self.url_parts.borrow().get(&v) {
            return known.clone();
        }
        let found = Rc::new(self.url_part_at(v, 0));
        self.url_parts.borrow_mut().insert(v, found.clone());
        found
    }

    fn url_part_at(&self, v: V, depth: u32) -> Option<(Root, UrlPart)> {
        if depth > 16 {
            return None;
        }
        let summary = self.program.summary(v.0);
        let at = |id| V(v.0, id);
        match summary.value(v.1) {
            Value::Binding(binding) => {
                if let Some(only) = summary.written_once(binding) {
                    match summary.value(only) {
                        Value::Index(object, _) if self.before_sign(at(object)).is_some() => {
                            return self.url_part_at(at(only), depth + 1);
                        }
                        Value::Parameter(..)
                        | Value::RestParameter(..)
                        | Value::Binding(_)
                        | Value::Member(..)
                        | Value::Call(_)
                        | Value::Await(_)
                        | Value::Binary(..)
                        | Value::Template(_) => {
                            if let Some(found) = self.url_part_at(at(only), depth + 1) {
                                return Some(found);
                            }
                        }
                        _ => {}
                    }
                }
                if let Some(parameter) = self.parsed_in_place(v.0, binding) {
                    return self.url_part_at(parameter, depth + 1);
                }
                Some((Root { unit: v.0, base: Base::Binding(binding), path: Vec::new() }, UrlPart::Whole))
            }
            Value::Parameter(function, index) | Value::RestParameter(function, index) => {
                Some((parameter_root(F(v.0, function), index), UrlPart::Whole))
            }
            Value::Binary(Operator::Default | Operator::Or | Operator::Nullish, left, _) => {
                self.url_part_at(at(left), depth + 1)
            }
            // `scheme + ':'`.
            Value::Binary(Operator::Add, left, right) if summary.text(right) == Some(":") => {
                self.url_part_at(at(left), depth + 1).filter(|(_, part)| *part == UrlPart::Protocol)
            }
            // `const [scheme] = url.split(':')`.
            Value::Member(object, name)
                if summary.str(name) == "0"
                    && let Some((whole, part)) = self.before_sign(at(object)) =>
            {
                let (root, of) = self.url_part_at(whole, depth + 1)?;
                Some((root, if of == UrlPart::Whole { part } else { of }))
            }
            // `const [first] = [url]`.
            Value::Member(object, name) if matches!(summary.value(object), Value::Array(_)) => {
                self.url_part_at(self.written_property(at(object), summary.str(name))??, depth + 1)
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
                        "join" if self.is_end_of_list(at(object)) => {
                            let (root, part) = self.url_part_at(at(object), depth + 1)?;
                            return Some((root, if part == UrlPart::Host { part } else { UrlPart::Other }));
                        }
                        "slice" | "substring" | "substr" if self.begins_with_match(c) => {
                            return self.url_part_at(at(object), depth + 1);
                        }
                        "replace" | "slice" | "substring" | "substr" | "split" => {
                            // What is left of it is no longer the address, save for the scheme's colon.
                            let (mut root, part) = self.url_part_at(at(object), depth + 1)?;
                            if part == UrlPart::Whole
                                && let Some(head) = self.head_taken_off(c)
                            {
                                root.path.push(behind(head));
                                return Some((root, UrlPart::Whole));
                            }
                            return Some((
                                root,
                                if part == UrlPart::Protocol || part == UrlPart::Host { part } else { UrlPart::Other },
                            ));
                        }
                        _ => {}
                    }
                }
                let parses = self.is_parser_of_addresses(callee);
                let argument = self.program.argument(c, 0);
                if parses {
                    return self.url_part_at(argument?, depth + 1);
                }
                // `url.format(parsed)` writes a parsed address out again.
                let formats = self.api_of(c).is_some_and(|(path, _)| &*path == "url.format");
                if formats && let Some((root, UrlPart::Whole)) = self.url_part_at(argument?, depth + 1) {
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
                                && let Some((outer, of)) = self.url_part_at(argument, depth + 1)
                            {
                                let is_made_by_method = || self.call_behind(V(helper.0, value)).is_some();
                                match (of, part) {
                                    (UrlPart::Whole, part) => return Some((outer, part)),
                                    // `bare(new URL(url).hostname)` makes of it what a method would.
                                    (of, UrlPart::Whole) => return Some((outer, of)),
                                    (UrlPart::Protocol | UrlPart::Host, UrlPart::Other) if is_made_by_method() => {
                                        return Some((outer, of));
                                    }
                                    _ => {}
                                }
                            }
                        }
                    }
                }
                Some((Root { unit: v.0, base: Base::Call(call), path: Vec::new() }, UrlPart::Whole))
            }
            Value::Await(inner) => self.url_part_at(at(inner), depth + 1),
            // `origin === 'null' ? null : origin`: it, or nothing.
            Value::Conditional { then, other, .. } => match (summary.value(then), summary.value(other)) {
                (Value::Null | Value::Undefined, _) => self.url_part_at(at(other), depth + 1),
                (_, Value::Null | Value::Undefined) => self.url_part_at(at(then), depth + 1),
                _ => None,
            },
            Value::Template(list) => match summary.items(list) {
                [only] => self.url_part_at(at(only.value), depth + 1),
                // `${scheme}:`.
                [scheme, colon] if summary.text(colon.value) == Some(":") => {
                    self.url_part_at(at(scheme.value), depth + 1).filter(|(_, part)| *part == UrlPart::Protocol)
                }
                _ => None,
            },
            Value::ElementOf(inner) => {
                let (mut root, part) = self.url_part_at(at(inner), depth + 1)?;
                root.path.push("[]".to_owned());
                Some((root, part))
            }
            Value::Index(object, index)
                if matches!(summary.value(index), Value::Number(0.0))
                    && let Some((whole, part)) = self.before_sign(at(object)) =>
            {
                let (root, of) = self.url_part_at(whole, depth + 1)?;
                Some((root, if of == UrlPart::Whole { part } else { of }))
            }
            Value::Index(object, _) => {
                let (mut root, part) = self.url_part_at(at(object), depth + 1)?;
                if part == UrlPart::Other && self.is_behind_separator(v) {
                    root.path.push(behind(None));
                    return Some((root, UrlPart::Whole));
                }
                root.path.push("[]".to_owned());
                Some((root, part))
            }
            Value::This(function) => {
                Some((Root { unit: v.0, base: Base::This(function), path: Vec::new() }, UrlPart::Whole))
            }
            _ => None,
        }
    }

    /// Whether a value is the rest of a text behind its beginning: what is known of that says nothing of where the rest leads.
    pub(in crate::app) fn is_rest(&self, v: V) -> bool {
        match self.program.value(v) {
            Value::Call(call) => {
                let c = C(v.0, call);
                let is_method = matches!(self.program.value(V(c.0, self.program.call(c).callee)),
                    Value::Member(_, name)
                        if matches!(self.program.str(c.0, name), "replace" | "slice" | "substring" | "substr"));
                is_method && self.head_taken_off(c).is_some()
            }
            Value::Index(..) => self.is_behind_separator(v),
            _ => false,
        }
    }

    /// `text.split('?to=')[1]`.
    fn is_behind_separator(&self, v: V) -> bool {
        let Value::Index(list, index) = self.program.value(v) else { return false };
        let is_later = matches!(self.program.value(V(v.0, index)), Value::Number(index) if index > 0.0);
        let Value::Call(call) = self.program.value(self.program.behind(V(v.0, list))) else { return false };
        let callee = V(v.0, self.program.call(C(v.0, call)).callee);
        is_later
            && matches!(self.program.value(callee), Value::Member(_, name) if self.program.str(v.0, name) == "split")
    }

    /// How long the beginning is that a method takes off a text, where it takes off one: `text.slice(5)`, `text.replace('open:', '')`.
    fn head_taken_off(&self, c: C) -> Option<Option<usize>> {
        let Value::Member(_, method) = self.program.value(V(c.0, self.program.call(c).callee)) else { return None };
        let first = self.program.only(self.program.argument(c, 0)?);
        match (self.program.str(c.0, method), first.as_ref().map(|first| &first.thing)) {
            ("slice" | "substring" | "substr", Some(Thing::Number(0.0))) => None,
            ("slice" | "substring" | "substr", Some(Thing::Number(start))) if *start > 0.0 => {
                Some(Some(*start as usize))
            }
            ("slice" | "substring" | "substr", _) => Some(None),
            ("replace", Some(pattern)) => {
                let by = self.constant(self.program.argument(c, 1)?)?;
                let is_scheme = |head: &str| {
                    let scheme = head.split_once(':').map_or("", |(scheme, _)| scheme);
                    !scheme.is_empty()
                        && scheme.chars().all(|sign| sign.is_ascii_alphanumeric() || "+-.".contains(sign))
                };
                match pattern {
                    _ if by.text() != Some("") => None,
                    Thing::Text(head) if is_scheme(head) => Some(Some(head.len())),
                    Thing::Regex(pattern, _) if pattern.strip_prefix('^').is_some_and(is_scheme) => Some(None),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Whether a method gives a text from where an anchored pattern matched on, from its beginning: `url.slice(match.index)`.
    fn begins_with_match(&self, c: C) -> bool {
        let [start] = self.program.arguments(c) else { return false };
        let start = self.program.behind(V(c.0, start.value));
        let Value::Member(found, name) = self.program.value(start) else { return false };
        let Some(matched) = self.call_behind(V(c.0, found)).filter(|_| self.program.str(c.0, name) == "index") else {
            return false;
        };
        let Value::Member(object, method) = self.program.value(V(matched.0, self.program.call(matched).callee)) else {
            return false;
        };
        let pattern = match self.program.str(matched.0, method) {
            "exec" => Some(V(matched.0, object)),
            "match" => self.program.argument(matched, 0),
            _ => None,
        };
        let pattern = pattern.and_then(|pattern| self.program.only(pattern));
        pattern.is_some_and(|known| {
            matches!(&known.thing, Thing::Regex(pattern, flags)
            if pattern.starts_with('^') && !pattern.contains('|') && !flags.contains('m'))
        })
    }

    /// Whether a value is the last ones of a list: `host.split('.').slice(-2)`.
    fn is_end_of_list(&self, v: V) -> bool {
        let Value::Call(call) = self.program.value(self.program.behind(v)) else { return false };
        let c = C(v.0, call);
        let is_slice = matches!(self.program.value(V(c.0, self.program.call(c).callee)),
            Value::Member(_, name) if self.program.str(c.0, name) == "slice");
        let first = self.program.argument(c, 0).filter(|_| is_slice && self.program.argument(c, 1).is_none());
        let is_negative = |known: &Known| matches!(known.thing, Thing::Number(number) if number < 0.0);
        first.and_then(|first| self.program.only(first)).is_some_and(|first| is_negative(&first))
    }

    /// What takes an address apart, or leaves it as it is.
    fn is_parser_of_addresses(&self, callee: V) -> bool {
        self.program.eval(callee).iter().any(|known| match &known.thing {
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
        })
    }

    /// The parameter that a variable is, parsed or not: `if (typeof url === 'string') url = new URL(url)`.
    fn parsed_in_place(&self, unit: UnitId, binding: BindingId) -> Option<V> {
        let summary = self.program.summary(unit);
        let [first, others @ ..] = &summary.bindings[binding.index()].writes[..] else { return None };
        if others.is_empty()
            || others.len() > MOST_PARSES
            || !matches!(summary.value(first.value), Value::Parameter(..))
        {
            return None;
        }
        let parses = |value| {
            let Value::Call(call) = summary.value(value) else { return false };
            let c = C(unit, call);
            let of_itself = self.program.argument(c, 0).is_some_and(
                |argument| matches!(summary.value(argument.1), Value::Binding(of) if argument.0 == unit && of == binding),
            );
            of_itself && self.is_parser_of_addresses(V(unit, self.program.call(c).callee))
        };
        others.iter().all(|write| parses(write.value)).then_some(V(unit, first.value))
    }

    /// `url.split('#')`, of which the first part is read: where it leads is said before that sign, and before `:` stands its scheme.
    fn before_sign(&self, v: V) -> Option<(V, UrlPart)> {
        let Value::Call(call) = self.program.value(v) else { return None };
        let c = C(v.0, call);
        let Value::Member(whole, method) = self.program.value(V(c.0, self.program.call(c).callee)) else { return None };
        let sign = self.constant(self.program.argument(c, 0).filter(|_| self.program.str(c.0, method) == "split")?)?;
        let part = match sign.text()? {
            "#" | "?" => UrlPart::Whole,
            ":" | "://" => UrlPart::Protocol,
            _ => return None,
        };
        Some((V(v.0, whole), part))
    }

    /// What a value is made from.
    pub fn root(&self, v: V) -> Option<Root> {
        self.url_part(v).map(|(root, _)| root)
    }

    /// The part of this address that a value is, if it is made from it.
    pub fn part_of(&self, v: V, root: &Root) -> Option<UrlPart> {
        let known = self.known_url_part(v);
        let (found, part) = known.as_ref().as_ref()?;
        if found == root {
            return Some(*part);
        }
        // Of what is handed over beside the address: `open(url, new URL(url))`.
        match (self.part_beside(found, root)?, *part) {
            (UrlPart::Whole, part) | (part, UrlPart::Whole) => Some(part),
            _ => Some(UrlPart::Other),
        }
    }
}

/// What stands for the rest of a text in the path of a root.
const BEHIND: &str = "behind ";

/// The word in a path for what stands behind so many bytes of a text, or behind some.
fn behind(head: Option<usize>) -> String {
    head.map_or_else(|| BEHIND.to_owned(), |head| format!("{BEHIND}{head}"))
}

impl Root {
    /// The text of which this is the rest, and how many bytes lie before it.
    pub(in crate::app) fn before_rest(&self) -> Option<(Root, usize)> {
        let (last, path) = self.path.split_last()?;
        let head = last.strip_prefix(BEHIND)?.parse().ok()?;
        Some((Root { path: path.to_vec(), ..self.clone() }, head))
    }
}

/// The root of a parameter as it was handed over.
pub fn parameter_root(f: F, index: u32) -> Root {
    Root { unit: f.0, base: Base::Parameter(f.1, index), path: Vec::new() }
}
