//! Policies that plugins of Vite write into the pages that it builds.

use super::App;
use super::policies::{Reach, ScriptPolicy, disposition};
use crate::csp::Disposition;
use crate::link::things::{Certainty, Known, Thing};
use crate::link::{C, F, UnitId, V};
use crate::summary::{Key, Property, Summary, Value};

/// The hook of a plugin that is handed each page: <https://vite.dev/guide/api-plugin#transformindexhtml>.
const HOOK: &str = "transformIndexHtml";

/// A plugin that is told what it puts into pages: <https://github.com/vbenjs/vite-plugin-html>.
const INJECTOR: &str = "vite-plugin-html";

/// Functions of one hook that are looked into.
const MOST_FUNCTIONS: usize = 16;

/// Calls of one function that are looked at.
const MOST_CALLS: usize = 32;

impl App<'_> {
    /// What a `transformIndexHtml` that speaks of a policy writes, and each `meta` element that a build is told to put in.
    pub(super) fn policies_of_build(&self, unit: UnitId, found: &mut Vec<ScriptPolicy>) {
        if !self.program.says(unit, &[HOOK]) && !self.program.says(unit, &[INJECTOR]) {
            return;
        }
        let summary = self.program.summary(unit);
        for node in &summary.values {
            let Value::Object(list) = node.value else { continue };
            let properties = summary.properties(list);
            let named = |name| named(summary, properties, name).map(|property| V(unit, property.value));
            let text = |v| self.constant(v).and_then(|known| known.text().map(str::to_owned));
            let element = named("http-equiv").and_then(text).and_then(|name| disposition(&name)).zip(named("content"));
            if let Some((disposition, content)) = element {
                self.put_in(content, disposition, found);
            }
            let Some(hook) = named(HOOK).filter(|hook| self.speaks_of_policy(*hook)) else { continue };
            let is_of_server = named("apply").and_then(text).as_deref() == Some("serve");
            let mut policy = ScriptPolicy::unseen(Reach::Built, self.span(hook), Certainty::Firm);
            policy.development = is_of_server.then_some(true);
            found.push(policy);
        }
    }

    /// The content of an element is judged where it is one text: of several, one may be that of the server of development.
    fn put_in(&self, content: V, disposition: Disposition, found: &mut Vec<ScriptPolicy>) {
        match self.eval(content).as_ref() {
            [only] => self.add_policy(only, content, Reach::Built, disposition, None, found),
            _ => found.push(ScriptPolicy::unseen(Reach::Built, self.span(content), Certainty::Firm)),
        }
    }

    /// Whether a hook, a function behind it or what one hands on names the header: `transformIndexHtml(html) { … }`,
    /// `transformIndexHtml: { order: 'pre', handler(html) { … } }`.
    fn speaks_of_policy(&self, hook: V) -> bool {
        let mut hooks = self.functions(hook);
        for known in self.eval(hook).iter() {
            let Thing::Object(object) = &known.thing else { continue };
            for key in ["handler", "transform"] {
                let values = self.program.property(object, key, None).values;
                hooks.extend(values.iter().filter_map(|placed| function_of(&placed.known)));
            }
        }
        let mut seen = Vec::new();
        while let Some(f) = hooks.pop() {
            if seen.contains(&f) || seen.len() >= MOST_FUNCTIONS {
                continue;
            }
            seen.push(f);
            let calls: Vec<C> = self.calls_inside(f).into_iter().take(MOST_CALLS).collect();
            let mut handed =
                calls.iter().flat_map(|c| self.program.arguments(*c).iter().map(|item| V(c.0, item.value)));
            if self.names_policy_inside(f) || handed.any(|v| self.is_of_policy(v)) {
                return true;
            }
            hooks.extend(calls.into_iter().flat_map(|c| self.functions(V(c.0, self.program.call(c).callee))));
        }
        false
    }

    fn is_of_policy(&self, v: V) -> bool {
        self.eval(v).iter().any(|known| match &known.thing {
            Thing::Text(text) | Thing::Regex(text, _) => names_header(text),
            _ => false,
        })
    }

    /// Whether a text or a pattern that is written in a function names the header.
    fn names_policy_inside(&self, f: F) -> bool {
        let summary = self.program.summary(f.0);
        let (start, end) = summary.function(f.1).span;
        summary.values.iter().any(|node| match node.value {
            Value::String(text) | Value::Regex(text, _) => {
                start <= node.span.0 && node.span.1 <= end && names_header(summary.str(text))
            }
            _ => false,
        })
    }
}

fn named<'s>(summary: &Summary, properties: &'s [Property], name: &str) -> Option<&'s Property> {
    properties.iter().find(|property| matches!(property.key, Key::Name(key) if summary.str(key) == name))
}

fn function_of(known: &Known) -> Option<F> {
    match known.thing {
        Thing::Function(f, _) => Some(f),
        _ => None,
    }
}

/// Whether a text holds the name of the header, in any case.
fn names_header(text: &str) -> bool {
    const NAME: &[u8] = b"content-security-policy";
    text.as_bytes().windows(NAME.len()).any(|word| word.eq_ignore_ascii_case(NAME))
}
