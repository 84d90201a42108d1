//! Markup that goes into an element by the properties it is made with, or by an attribute that a script sets.

use super::{App, FrameScripts};
use crate::link::{C, V};
use crate::summary::*;

/// Names of properties and attributes that take markup, as they are written.
const NAMES: [&str; 5] = ["dangerouslySetInnerHTML", "innerHTML", "outerHTML", "srcdoc", "srcDoc"];

/// Arguments of one call, and elements and properties of one script, that are looked at.
const MOST_ARGUMENTS: usize = 4;
const MOST_ELEMENTS: usize = 4096;

/// Objects inside the properties that hold properties too: <https://v2.vuejs.org/v2/guide/render-function#The-Data-Object-In-Depth>.
const PARTS: [&str; 3] = ["domProps", "attrs", "props"];

/// Markup that an element is given.
pub struct ElementMarkup<'a> {
    /// The call that makes the element, or sets the attribute.
    pub call: C,
    /// The markup, or the object of React's that holds it.
    pub value: V,
    /// The property.
    pub name: &'a str,
    /// What scripts in the markup may do, where it is the document of a frame.
    pub scripts: FrameScripts,
}

impl App<'_> {
    /// `<p dangerouslySetInnerHTML={{ __html: text }}/>`, what a compiler makes of that, `h('p', { innerHTML: text })`,
    /// `frame.setAttribute('srcdoc', text)`, in the order of places.
    pub fn element_markup(&self) -> Vec<ElementMarkup<'_>> {
        let mut found = Vec::new();
        for unit in self.program.unit_ids().filter(|unit| self.program.says(*unit, &NAMES)) {
            let summary = self.program.summary(unit);
            let before = found.len();
            for index in 0..summary.calls.len() {
                if found.len() - before >= MOST_ELEMENTS {
                    self.is_limited.set(true);
                    break;
                }
                self.given_to_element(C(unit, CallId(index as u32)), &mut found);
            }
        }
        found
    }

    fn given_to_element<'s>(&'s self, c: C, found: &mut Vec<ElementMarkup<'s>>) {
        let call = self.program.call(c);
        let summary = self.program.summary(c.0);
        let arguments = self.program.arguments(c);
        let text = |index: usize| summary.text(arguments.get(index)?.value);
        let mut put = |value: ValueId, name: &'s str, scripts: FrameScripts| {
            found.push(ElementMarkup { call: c, value: V(c.0, value), name, scripts });
        };
        let method = crate::link::final_name(summary, call.callee).map_or("", |name| summary.str(name));
        if matches!(method, "setAttribute" | "attr" | "prop")
            && let (Some(name), [_, value]) = (text(0).filter(|name| NAMES.contains(name)), arguments)
        {
            let is_document = method == "setAttribute" && name.eq_ignore_ascii_case("srcdoc");
            let scripts = if is_document { self.scripts_by_call(c) } else { FrameScripts::Run };
            put(value.value, name, scripts);
            return;
        }
        let is_jsx = call.kind == CallKind::Jsx;
        // A tag, a selector of hyperscript, or an element that is there.
        let is_element = is_jsx
            || text(0).is_some_and(|tag| tag.starts_with(|c: char| c.is_ascii_alphabetic() || ".#<".contains(c)));
        let in_frame = |list: List| self.scripts_by_properties(c.0, text(0), list);
        let is_merge = method == "assign" && arguments.len() > 1;
        for item in arguments.iter().take(MOST_ARGUMENTS) {
            let Value::Object(list) = summary.value(summary.behind(item.value)) else { continue };
            for property in summary.properties(list) {
                let Key::Name(key) = property.key else { continue };
                match summary.str(key) {
                    // No other object has a property of this name.
                    name @ "dangerouslySetInnerHTML" => put(property.value, name, FrameScripts::Run),
                    name @ ("srcDoc" | "srcdoc") if is_element => put(property.value, name, in_frame(list)),
                    name if is_jsx && name.eq_ignore_ascii_case("srcdoc") => {
                        put(property.value, "srcDoc", in_frame(list));
                    }
                    name @ ("innerHTML" | "outerHTML") if !is_jsx && (is_element || is_merge) => {
                        put(property.value, name, FrameScripts::Run)
                    }
                    name if is_element && PARTS.contains(&name) => {
                        let Value::Object(list) = summary.value(summary.behind(property.value)) else { continue };
                        for inner in summary.properties(list) {
                            if let Key::Name(key) = inner.key
                                && NAMES.contains(&summary.str(key))
                            {
                                let name = summary.str(key);
                                let is_document = name.eq_ignore_ascii_case("srcdoc");
                                let scripts = if is_document { in_frame(list) } else { FrameScripts::Run };
                                put(inner.value, name, scripts);
                            }
                        }
                    }
                    _ => {}
                }
            }
        }
    }
}
