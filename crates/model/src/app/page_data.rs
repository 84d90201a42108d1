//! What scripts read out of pages that are not the app's: the elements that a preload script of such a page finds in it.

use rustc_hash::FxHashSet;

use super::{App, Content, Window, WindowKind};
use crate::link::{C, UnitId, V};
use crate::summary::{CallKind, Key, Value};

/// Steps from a value to the element it is read from.
const MOST_STEPS: u32 = 16;

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
        for (_, placed) in window.given(self, "preload") {
            found.extend(placed.iter().flat_map(|placed| self.scripts_at(&placed.known)));
        }
        let Some(element) = window.element(self) else { return found };
        if let Some(path) = element.attribute("preload").and_then(|preload| preload.value.as_deref()) {
            found.extend(self.scripts_named(path, None));
        } else if let Some(value) = element.call.and_then(|call| self.attribute_of(call, "preload")) {
            found.extend(self.eval(value).iter().flat_map(|known| self.scripts_at(known)));
        }
        found.sort_unstable();
        found.dedup();
        found
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
}
