//! Elements of React that show Markdown, and are told to leave the markup in it as it is.

use super::{ApiCall, App, ShownMarkup};
use crate::link::things::{Certainty, Thing};
use crate::link::{C, V};
use crate::summary::{CallId, CallKind, Value};

/// The module of the elements: <https://github.com/remarkjs/react-markdown>.
const MODULE: &str = "react-markdown";

/// The plugin that makes elements of the markup in a text: <https://github.com/rehypejs/rehype-raw>.
const RAW: &str = "rehype-raw";

/// Attributes without which no element leaves markup as it is.
const SWITCHES: [&str; 3] = ["rehypePlugins", "escapeHtml", "allowDangerousHtml"];

/// Lists in lists of plugins, and plugins of one element.
const MOST_LISTS: u32 = 4;
const MOST_PLUGINS: usize = 32;

/// Attributes that say which elements are shown.
const CHOOSES: [&str; 4] = ["allowedElements", "disallowedElements", "allowElement", "allowedTypes"];

impl App<'_> {
    /// Texts of which elements show the markup in them, in the order of the elements.
    pub(super) fn markdown_with_markup(&self) -> Vec<ShownMarkup> {
        let mut found = Vec::new();
        for unit in self.program.unit_ids().filter(|unit| self.program.says(*unit, &SWITCHES)) {
            let calls = &self.program.summary(unit).calls;
            let elements = calls.iter().enumerate().filter(|(_, call)| call.kind == CallKind::Jsx);
            for c in elements.map(|(index, _)| C(unit, CallId(index as u32))) {
                if self.lets_markup_in(c) && self.program.argument(c, 0).is_some_and(|tag| self.is_markdown(tag, 0)) {
                    let text = self.attribute(c, "children").or_else(|| self.attribute(c, "source"));
                    let call = ApiCall { call: c, receiver: None, certainty: self.markup_certainty(c), remote: false };
                    found.extend(text.map(|text| ShownMarkup { call, text, by: Some(MODULE) }));
                }
            }
        }
        found
    }

    /// Whether a component is the module's, or made of it: `memo(Markdown)`.
    fn is_markdown(&self, tag: V, depth: u32) -> bool {
        self.eval(tag).iter().any(|known| match &known.thing {
            Thing::Api(path) => path.split('.').next() == Some(MODULE),
            Thing::Result(_, made) if depth < MOST_LISTS => {
                self.program.argument(*made, 0).is_some_and(|inner| self.is_markdown(inner, depth + 1))
            }
            _ => false,
        })
    }

    /// `rehypePlugins={[rehypeRaw]}` without a plugin that cleans; up to version 5 by an attribute of its own.
    fn lets_markup_in(&self, element: C) -> bool {
        let is = |name, value| {
            let given = self.attribute(element, name);
            given.is_some_and(|v| self.program.only(v).is_some_and(|known| known.thing == Thing::Bool(value)))
        };
        if is("skipHtml", true) {
            return false;
        }
        let mut plugins = Vec::new();
        if let Some(list) = self.attribute(element, "rehypePlugins").and_then(|list| self.as_drawn(list)) {
            self.plugins(list, 0, &mut plugins);
        }
        let names = |word: &str| plugins.iter().any(|plugin| plugin.contains(word));
        (names(RAW) || is("escapeHtml", false) || is("allowDangerousHtml", true))
            && !names("saniti")
            && !names("purify")
    }

    /// Modules of plugins in a list, and names of those of the app's own: `[raw, [sanitize, options], ...others]`.
    fn plugins(&self, list: V, depth: u32, found: &mut Vec<String>) {
        for known in self.eval(list).iter() {
            match &known.thing {
                Thing::Array(inner, _) if depth < MOST_LISTS => {
                    let Value::Array(items) = self.program.value(*inner) else { continue };
                    for item in self.program.summary(inner.0).items(items).iter().take(MOST_PLUGINS) {
                        self.plugins(V(inner.0, item.value), depth + 1, found);
                    }
                }
                Thing::Api(path) => found.push(path.to_ascii_lowercase()),
                _ => found.push(self.text(self.span(list)).to_ascii_lowercase()),
            }
        }
    }

    /// React leaves out scripts and handlers; which elements are left, a person must see where some are chosen.
    fn markup_certainty(&self, element: C) -> Certainty {
        match CHOOSES.iter().any(|name| self.attribute(element, name).is_some()) {
            true => Certainty::Tentative,
            false => Certainty::Firm,
        }
    }

    fn attribute(&self, element: C, name: &str) -> Option<V> {
        let attributes = self.program.argument(element, 1)?;
        let Value::Object(list) = self.program.value(attributes) else { return None };
        self.program.entry(attributes.0, list, name).map(|value| V(attributes.0, value))
    }
}
