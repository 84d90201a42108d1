//! Markup that becomes nodes of a page: documents that are parsed and put there, what a selection of D3 is given.

use super::{ApiCall, App, ShownMarkup};
use crate::link::things::Certainty;
use crate::link::{C, V};
use crate::summary::Value;

/// Methods that put nodes into a page, and the most of their arguments that are looked at.
const PUT: [&str; 8] =
    ["append", "appendChild", "prepend", "replaceChildren", "replaceWith", "insertBefore", "before", "after"];
const MOST_ARGUMENTS: usize = 2;

/// Steps from what is put there to what parsed it.
const MOST_STEPS: u32 = 12;

impl App<'_> {
    /// What is parsed as a document, and whose nodes are put into a page: handlers run once they are there.
    pub(super) fn markup_of_documents(&self) -> Vec<ShownMarkup> {
        let mut found = Vec::new();
        if self.program.calls_named("parseFromString").is_empty() {
            return found;
        }
        for &c in PUT.iter().flat_map(|method| self.program.calls_named(method)) {
            for item in self.program.arguments(c).iter().take(MOST_ARGUMENTS) {
                let text = V(c.0, item.value);
                if self.is_parsed(text, 0) {
                    let call = ApiCall { call: c, receiver: None, certainty: Certainty::Firm, remote: false };
                    found.push(ShownMarkup { call, text, by: Some("DOMParser") });
                }
            }
        }
        found
    }

    /// Whether a value is a node of a document that is parsed: `parser.parseFromString(text, 'text/html').body.firstChild`.
    fn is_parsed(&self, v: V, depth: u32) -> bool {
        if depth > MOST_STEPS {
            return false;
        }
        let at = |id| self.is_parsed(V(v.0, id), depth + 1);
        let summary = self.program.summary(v.0);
        match summary.value(v.1) {
            Value::Member(object, name) => {
                let name = summary.str(name);
                let is_node = matches!(
                    name,
                    "body"
                        | "documentElement"
                        | "children"
                        | "childNodes"
                        | "firstChild"
                        | "firstElementChild"
                        | "lastChild"
                        | "lastElementChild"
                        | "head"
                );
                (is_node || name.bytes().all(|byte| byte.is_ascii_digit())) && at(object)
            }
            Value::Index(object, _) => at(object),
            Value::ElementOf(inner) => at(inner),
            Value::Binding(binding) => summary.written_once(binding).is_some_and(at),
            Value::Call(call) => self.gives_parsed(C(v.0, call), depth),
            _ => false,
        }
    }

    fn gives_parsed(&self, c: C, depth: u32) -> bool {
        let summary = self.program.summary(c.0);
        let callee = self.program.call(c).callee;
        let first = || self.program.argument(c, 0).is_some_and(|first| self.is_parsed(first, depth + 1));
        let name = crate::link::final_name(summary, callee).map_or("", |name| summary.str(name));
        match (name, summary.value(callee)) {
            ("parseFromString", _) => {
                let kind = self.program.argument(c, 1).and_then(|kind| self.constant(kind));
                kind.is_some_and(|kind| matches!(kind.text(), Some("text/html" | "image/svg+xml")))
            }
            ("importNode" | "adoptNode" | "from", _) => first(),
            ("cloneNode" | "querySelector" | "querySelectorAll" | "getElementById" | "item", Value::Member(of, _)) => {
                self.is_parsed(V(c.0, of), depth + 1)
            }
            // A function of the app's that parses.
            _ if depth < MOST_STEPS / 2 => self.functions(V(c.0, callee)).first().is_some_and(|f| {
                let exits = self.program.function(*f).exits.iter().filter_map(|exit| exit.value);
                exits.take(MOST_ARGUMENTS).any(|value| self.is_parsed(V(f.0, value), MOST_STEPS / 2))
            }),
            _ => false,
        }
    }

    /// `d3.select('#box').html(text)`: <https://d3js.org/d3-selection/modifying#selection_html>.
    pub(super) fn markup_of_selections(&self) -> Vec<ShownMarkup> {
        let is_selection = |path: &str| {
            let name = path.strip_prefix("d3.").or_else(|| path.strip_prefix("d3-selection."));
            name.is_some_and(|name| matches!(name, "select" | "selectAll" | "create"))
        };
        if !self.program.unit_ids().any(|unit| self.program.says(unit, &["d3", "d3-selection"])) {
            return Vec::new();
        }
        let of_selection = self.program.calls_named("html").iter().copied();
        let of_selection =
            of_selection.filter(|c| self.is_chained_to(V(c.0, self.program.call(*c).callee), is_selection));
        let shown = of_selection.filter_map(|c| {
            let call = ApiCall { call: c, receiver: None, certainty: Certainty::Firm, remote: false };
            Some(ShownMarkup { call, text: self.program.argument(c, 0)?, by: Some("html") })
        });
        shown.collect()
    }
}
