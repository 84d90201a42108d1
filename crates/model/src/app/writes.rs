//! Writes to properties of whatever object.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{ApiCall, App};
use crate::link::things::{Certainty, Known, Part, Thing};
use crate::link::{C, F, V};
use crate::source::Span;
use crate::summary::{ConditionId, Value};

/// Calls and members in a row that are followed to what jQuery found.
const MOST_CHAINED: usize = 24;

/// Elements whose content is no markup: <https://html.spec.whatwg.org/#raw-text-elements>. A script runs what it holds.
const TEXT_ONLY: [&str; 3] = ["style", "textarea", "title"];

/// Ids that scripts give to elements, and that are looked at.
const MOST_IDS: usize = 1024;

/// jQuery, as a module or as a global.
const JQUERY: [&str; 7] = ["$", "jQuery", "window.$", "window.jQuery", "jquery", "jquery.default", "cash-dom"];

/// Whether a path is jQuery, as a module or as a global.
pub(super) fn is_jquery(path: &str) -> bool {
    JQUERY.contains(&path)
}

/// A write to a property of any object: `element.innerHTML = html`.
#[derive(Clone, Copy, Debug)]
pub struct PropertyWrite {
    /// The object.
    pub object: V,
    /// What is written.
    pub value: V,
    /// Where.
    pub span: Span,
    /// In which function.
    pub function: F,
    /// What holds there.
    pub(super) condition: Option<ConditionId>,
}

impl App<'_> {
    /// Every write to a property of this name.
    pub fn property_writes(&self, name: &str) -> Vec<PropertyWrite> {
        let writes = self.program.written_to(name).filter_map(|(unit, write)| {
            Some(PropertyWrite {
                object: V(unit, write.object),
                value: V(unit, write.value?),
                span: self.program.place(unit, write.span),
                function: F(unit, write.function),
                condition: write.condition,
            })
        });
        writes.collect()
    }

    /// Calls of a method on what jQuery found: `$('#news').html(text)`.
    pub fn jquery_calls(&self, method: &str) -> Vec<ApiCall> {
        let calls = self.program.calls_named(method).iter().copied();
        calls
            .filter(|&c| self.is_of_jquery(V(c.0, self.program.call(c).callee)))
            .map(|call| ApiCall { call, receiver: None, certainty: Certainty::Firm, remote: false })
            .collect()
    }

    /// Calls of jQuery that make elements: `$('<p>' + text + '</p>')`.
    pub fn jquery_markup(&self) -> Vec<ApiCall> {
        let begins_as_markup = |v: V| {
            self.eval(v).iter().any(|known| match &known.thing {
                Thing::Text(text) => text.trim_start().starts_with('<'),
                Thing::Template(parts) => {
                    matches!(parts.first(), Some(Part::Text(text)) if text.trim_start().starts_with('<'))
                }
                _ => false,
            })
        };
        let calls = JQUERY.iter().flat_map(|api| self.calls(api).to_vec());
        calls.filter(|call| call.argument(self, 0).is_some_and(begins_as_markup)).collect()
    }

    /// The functions that requests of jQuery call when they are answered, by their options, with the request and the option's name:
    /// `$.ajax({ success: (answer) => … })`: <https://api.jquery.com/jQuery.ajax/#jQuery-ajax-settings>.
    pub(super) fn listeners_of_requests(&self) -> &FxHashMap<F, (C, &'static str)> {
        self.listeners_of_requests.get_or_init(|| {
            let mut found = FxHashMap::default();
            let apis = JQUERY.iter().map(|jquery| format!("{jquery}.ajax"));
            for call in apis.flat_map(|api| self.calls(&api).to_vec()) {
                let given = [0, 1].into_iter().filter_map(|index| call.argument(self, index));
                for options in given {
                    for name in ["success", "error", "complete"] {
                        let listeners = self.options_written(options, &[name]);
                        for f in listeners.into_iter().flat_map(|listener| self.functions(listener)) {
                            found.entry(f).or_insert((call.call, name));
                        }
                    }
                }
            }
            found
        })
    }

    /// Whether a value is what a call of jQuery gave, or a method of that, through other methods and variables.
    pub fn is_of_jquery(&self, v: V) -> bool {
        self.is_chained_to(v, is_jquery)
    }

    /// Whether a value is what a call of such an API gave, or a method of that, through other methods and variables.
    pub(super) fn is_chained_to(&self, v: V, is_it: fn(&str) -> bool) -> bool {
        self.leads_to(v, is_it, MOST_CHAINED)
    }

    /// As [`App::is_chained_to`], over so many calls, members and variables.
    fn leads_to(&self, v: V, is_it: fn(&str) -> bool, most: usize) -> bool {
        let Some(most) = most.checked_sub(1) else { return false };
        let summary = self.program.summary(v.0);
        match summary.value(v.1) {
            Value::Member(object, _) => self.leads_to(V(v.0, object), is_it, most),
            Value::Binding(binding) => {
                let writes = &summary.bindings[binding.index()].writes;
                // Each way of several shortens what is left, so that there are few ways in all.
                let most = most / writes.len().max(1);
                !writes.is_empty() && writes.iter().all(|write| self.leads_to(V(v.0, write.value), is_it, most))
            }
            Value::Call(call) => {
                let callee = V(v.0, summary.call(call).callee);
                let is_call = |thing: &Thing| matches!(thing, Thing::Api(path) if is_it(path));
                self.eval(callee).iter().any(|known| is_call(&known.thing)) || self.leads_to(callee, is_it, most)
            }
            _ => false,
        }
    }

    /// Whether an object is an element whose content is no markup: a style, a text area.
    pub fn holds_text_only(&self, object: V) -> bool {
        let summary = self.program.summary(object.0);
        let hint = match summary.value(object.1) {
            Value::Binding(binding) => summary.bindings[binding.index()].type_hint,
            _ => None,
        };
        let names = hint.map(|hint| self.text(self.span(V(object.0, hint))));
        names.is_some_and(|name| matches!(name, "HTMLStyleElement" | "HTMLTextAreaElement" | "HTMLTitleElement"))
            || self.are_of_text(&self.eval(object))
    }

    /// Whether values are such elements, or lookups of one. What is looked for first and made where it is not there is what is made:
    /// `style = document.getElementById('theme') || document.createElement('style')`.
    fn are_of_text(&self, values: &[Known]) -> bool {
        let some_made = values.iter().any(is_made);
        values.iter().all(|known| match &known.thing {
            _ if is_made(known) => true,
            Thing::Result(api, c) if matches!(&**api, "document.querySelector" | "document.getElementById") => {
                let asked = self.program.argument(*c, 0).and_then(|v| self.constant(v));
                let asked = asked.as_ref().and_then(Known::text).unwrap_or_default();
                let is_id = &**api == "document.getElementById";
                some_made || self.finds_text_only(asked, is_id)
            }
            Thing::Null | Thing::Undefined => some_made,
            _ => false,
        })
    }

    /// Whether an id, or a selector, is one of an element whose content is no markup.
    fn finds_text_only(&self, asked: &str, is_id: bool) -> bool {
        let last = asked.rsplit([' ', '>', '+', '~']).next().unwrap_or_default();
        if let Some(id) = if is_id { Some(asked) } else { last.strip_prefix('#') } {
            return self.text_only_ids().contains(id);
        }
        let name = last.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').next().unwrap_or_default();
        TEXT_ONLY.contains(&name) && !asked.contains(',')
    }

    /// The ids of such elements, in the app's pages and as scripts give them to what they make.
    fn text_only_ids(&self) -> &FxHashSet<String> {
        self.text_only_ids.get_or_init(|| {
            let of_pages = self.pages.iter().flat_map(|page| &page.html.elements);
            let of_pages = of_pages.filter(|element| TEXT_ONLY.contains(&element.name.as_str()));
            let mut ids: FxHashSet<String> =
                of_pages.filter_map(|element| element.value("id")).map(str::to_owned).collect();
            for (unit, write) in self.program.written_to("id").take(MOST_IDS) {
                if let Some(id) = write.value.and_then(|value| self.constant(V(unit, value)))
                    && self.eval(V(unit, write.object)).iter().any(is_made)
                {
                    ids.extend(id.text().map(str::to_owned));
                }
            }
            ids
        })
    }

    /// The scope path of a place in a function: `render.innerHTML`.
    pub fn symbol_of(&self, f: F, name: &str) -> String {
        let summary = self.program.summary(f.0);
        let mut names = vec![name.to_owned()];
        let mut function = f.1;
        for _ in 0..32 {
            let record = summary.function(function);
            names.extend(record.name.map(|name| summary.str(name).to_owned()));
            if record.parent == function {
                break;
            }
            function = record.parent;
        }
        names.reverse();
        names.join(".")
    }
}

/// Whether an element is made whose content is no markup.
fn is_made(known: &Known) -> bool {
    matches!(&known.thing, Thing::Element(tag, _) if TEXT_ONLY.contains(&&**tag))
}
