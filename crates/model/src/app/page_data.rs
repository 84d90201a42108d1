//! What scripts read out of pages that are not the app's: the elements that a preload script of such a page finds in it.

use rustc_hash::FxHashSet;

use super::{ApiCall, App, Content, Window, WindowKind};
use crate::link::things::{Certainty, Known, Thing};
use crate::link::{C, F, UnitId, V};
use crate::summary::{CallKind, Key, Operator, Value};

/// Steps from a value to the element it is read from.
const MOST_STEPS: u32 = 24;

/// Variables and choices between a value and the frame that it is of.
const MOST_DEPTH: u32 = 6;

/// Writes to one variable that are looked at.
const MOST_WRITES: usize = 4;

/// Writes of preload scripts to elements that are looked at.
const MOST_PRELOADS: usize = 64;

/// What finds elements.
const LOOKUPS: [&str; 8] = [
    "querySelector",
    "querySelectorAll",
    "getElementById",
    "getElementsByTagName",
    "getElementsByClassName",
    "getElementsByName",
    "closest",
    "elementFromPoint",
];

impl App<'_> {
    /// Preload scripts of pages that are not the app's own, and what they import.
    pub fn guest_preloads(&self) -> &FxHashSet<UnitId> {
        self.guest_preloads.get_or_init(|| {
            let mut found = FxHashSet::default();
            for window in &self.windows {
                let content = self.window_content(window);
                let is_guest = window.kind == WindowKind::Webview && content >= Content::Unknown;
                if window.development == Some(true) || !is_guest && content != Content::Remote {
                    continue;
                }
                found.extend(self.preload_scripts(window));
            }
            found
        })
    }

    /// The scripts of the app that a window's `preload` can mean, an attribute of a webview too.
    pub fn preload_scripts(&self, window: &Window) -> Vec<UnitId> {
        let mut found = Vec::new();
        for (_, placed) in window.given(self, "preload").iter() {
            found.extend(placed.iter().flat_map(|placed| self.scripts_at(&placed.known)));
        }
        let Some(element) = window.element(self) else { return found };
        if let Some(path) = element.attribute("preload").and_then(|preload| preload.value.as_deref()) {
            found.extend(self.scripts_named(path, None));
        } else if let Some(value) = element.call.and_then(|call| self.attribute_of(call, "preload")) {
            found.extend(self.eval(value).iter().flat_map(|known| self.scripts_at(known)));
        } else if let Some(made) = element.call {
            let written = self.program.written_to("preload").take(MOST_PRELOADS);
            let values = written.filter(|(unit, write)| self.is_element(V(*unit, write.object), made));
            let values = values.filter_map(|(unit, write)| Some(V(unit, write.value?)));
            found.extend(values.flat_map(|value| self.eval(value).to_vec()).flat_map(|known| self.scripts_at(&known)));
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Whether a value is the element that this call makes.
    fn is_element(&self, v: V, made: C) -> bool {
        self.eval(v).iter().any(|known| matches!(known.thing, Thing::Element(_, c) if c == made))
    }

    /// What an element that a script makes has for an attribute: the last one of the name.
    fn attribute_of(&self, element: C, name: &str) -> Option<V> {
        let attributes = self.program.argument(element, 1)?;
        let summary = self.program.summary(attributes.0);
        let Value::Object(list) = summary.value(attributes.1) else { return None };
        let named = |key: Key| matches!(key, Key::Name(key) if summary.str(key) == name);
        let last = summary.properties(list).iter().rev().find(|property| named(property.key))?;
        Some(V(attributes.0, last.value))
    }

    /// Whether a value is what an element of such a page says: `document.querySelector('form').action` in a preload script.
    pub fn is_said_by_guest(&self, v: V) -> bool {
        if !self.guest_preloads().contains(&v.0) {
            return false;
        }
        let summary = self.program.summary(v.0);
        let mut at = v.1;
        let mut is_read = false;
        for _ in 0..MOST_STEPS {
            match summary.value(at) {
                Value::Binding(binding) => match summary.written_once(binding) {
                    Some(only) => at = only,
                    _ => return false,
                },
                Value::Member(object, _) | Value::Index(object, _) => {
                    is_read = true;
                    at = object;
                }
                Value::Await(inner) | Value::ElementOf(inner) => at = inner,
                Value::Call(call) => {
                    let record = self.program.call(C(v.0, call));
                    let Value::Member(object, method) = summary.value(record.callee) else { return false };
                    if record.kind != CallKind::Call {
                        return false;
                    }
                    if LOOKUPS.contains(&summary.str(method)) {
                        return is_read;
                    }
                    is_read |= summary.str(method) == "getAttribute";
                    at = object;
                }
                _ => return false,
            }
        }
        false
    }

    /// Whether a value is read out of a page, whose links somebody else may have written: `document.querySelectorAll('a')[0].href`. Not
    /// of an element that was looked for by how its address begins: `a[href^="https:"]`.
    pub(super) fn is_of_document(&self, v: V) -> bool {
        let mut at = v;
        for _ in 0..MOST_STEPS {
            let summary = self.program.summary(at.0);
            at = match summary.value(at.1) {
                Value::Global(name) => return summary.str(name) == "document",
                Value::Member(inner, _) | Value::Index(inner, _) | Value::ElementOf(inner) | Value::Await(inner) => {
                    V(at.0, inner)
                }
                Value::Call(call) => {
                    let c = C(at.0, call);
                    let record = self.program.call(c);
                    match summary.value(record.callee) {
                        Value::Member(_, method) if LOOKUPS.contains(&summary.str(method)) => {
                            return record.kind == CallKind::Call && !self.is_looked_for_by_address(c);
                        }
                        // `Array.from(document.links)`.
                        Value::Member(_, method) if summary.str(method) == "from" => {
                            match self.program.argument(c, 0) {
                                Some(list) => list,
                                None => return false,
                            }
                        }
                        _ => V(at.0, record.callee),
                    }
                }
                Value::Binding(binding) => match summary.written_once(binding) {
                    Some(only) => V(at.0, only),
                    None => return false,
                },
                Value::Parameter(function, index) => match self.collection_of(F(at.0, function), index) {
                    Some(collection) => collection,
                    None => return false,
                },
                _ => return false,
            };
        }
        false
    }

    /// The collection whose elements a function is given as this parameter: `links.forEach((link) => …)`, `_.forEach(links, (link) => …)`.
    fn collection_of(&self, f: F, index: u32) -> Option<V> {
        let (c, place) = self.program.callback_of(f).filter(|_| index == 0)?;
        let Value::Member(object, method) = self.program.value(V(c.0, self.program.call(c).callee)) else {
            return None;
        };
        match (self.program.str(c.0, method), place) {
            ("forEach" | "map" | "filter" | "find" | "some" | "every", 0) => Some(V(c.0, object)),
            ("forEach" | "each" | "map", 1) => self.program.argument(c, 0),
            _ => None,
        }
    }

    /// `querySelectorAll('a[href^="https:"]')`.
    fn is_looked_for_by_address(&self, c: C) -> bool {
        let selector = self.program.argument(c, 0).and_then(|selector| self.constant(selector));
        selector.as_ref().and_then(Known::text).is_some_and(|text| {
            text.split_once("href^=")
                .is_some_and(|(_, begins)| begins.trim_start_matches(['"', '\'']).starts_with("http"))
        })
    }

    /// Calls of `write` and `writeln` on the document of a frame, or of a window that a page opened:
    /// `frame.contentWindow.document.write(markup)`.
    pub fn writes_to_frames(&self) -> Vec<ApiCall> {
        let calls = ["write", "writeln"].iter().flat_map(|name| self.program.calls_named(name).iter().copied());
        let mut calls: Vec<C> = calls.filter(|&c| self.is_on_document_of_frame(c)).collect();
        calls.sort_unstable();
        let call = |call| ApiCall { call, receiver: None, certainty: Certainty::Certain, remote: false };
        calls.into_iter().map(call).collect()
    }

    fn is_on_document_of_frame(&self, c: C) -> bool {
        match self.program.value(V(c.0, self.program.call(c).callee)) {
            Value::Member(object, _) => self.is_of_frame(V(c.0, object), "contentDocument", 0),
            _ => false,
        }
    }

    /// Whether a value is the document of a frame, or its window: the property of this name, or of the other's.
    fn is_of_frame(&self, v: V, property: &str, depth: u32) -> bool {
        if depth > MOST_DEPTH {
            return false;
        }
        let again = |id| self.is_of_frame(V(v.0, id), property, depth + 1);
        let summary = self.program.summary(v.0);
        match summary.value(summary.behind(v.1)) {
            Value::Member(inner, name) => {
                let name = summary.str(name);
                let is_of_window = property == "contentDocument" && name == "document";
                name == property || is_of_window && self.is_of_frame(V(v.0, inner), "contentWindow", depth + 1)
            }
            Value::Call(call) if property == "contentWindow" => self
                .api_of(C(v.0, call))
                .is_some_and(|(path, _)| matches!(&*path, "open" | "window.open" | "globalThis.open")),
            Value::Binary(Operator::Or | Operator::Nullish, left, right) => again(left) || again(right),
            Value::Binding(binding) => {
                let writes = &summary.bindings[binding.index()].writes;
                writes.len() <= MOST_WRITES && writes.iter().any(|write| again(write.value))
            }
            _ => false,
        }
    }
}
