//! Markdown that was turned into markup: the author's, unless the renderer leaves out or escapes the markup in it.

use super::super::file_apis::is_read;
use super::super::known_data::*;
use super::super::sources::SourceKind;
use super::{State, Walk};
use crate::link::things::{Known, Thing};
use crate::link::{C, V};
use crate::summary::Value;

/// Calls in a row on one renderer: `new MarkdownIt().use(…).use(…)`.
const MOST_CHAINED: u32 = 24;

/// Plugins that one script gives its renderers.
const MOST_PLUGINS: usize = 64;

impl Walk<'_, '_> {
    /// What a renderer makes of Markdown: the author's markup, unless the app made all of the text, or the markup is not let through.
    pub(super) fn rendered(&mut self, c: C, v: V, lets_through: bool, state: State) {
        let app = self.app;
        let Some(text) = app.program.argument(c, 0) else { return };
        let before = self.found.len();
        self.visit(text, state);
        let traced = self.found.len() > before;
        self.found.truncate(before);
        if !traced && app.steps.question(|| self.is_own_text(text, 0)) {
            return;
        }
        if lets_through {
            self.push(SourceKind::Document, app.span(v), state);
        }
    }

    /// Whether the app tells some renderer to clean what it makes: `marked.setOptions({ sanitize: true })`.
    pub(super) fn is_told_to_clean(&self) -> bool {
        let app = self.app;
        ["sanitize", "sanitizer"].iter().any(|name| {
            let mut named = app.properties_named(name).into_iter();
            named.any(|property| app.eval(property.value).iter().any(|known| known.thing.truthy() != Some(false)))
        })
    }

    /// Whether a renderer that escapes the markup of a text was told to leave it as it is; `None`: it is no such renderer.
    ///
    /// `new MarkdownIt({ html: true })`, `new MarkdownIt('commonmark')`: <https://github.com/markdown-it/markdown-it#init-with-presets-and-options>.
    pub(super) fn lets_markup_through(&self, v: V, depth: u32) -> Option<bool> {
        let app = self.app;
        if depth > MOST_CHAINED {
            return None;
        }
        let made = app.eval(v).iter().find_map(|known| match &known.thing {
            Thing::Result(path, made) if is_escaping_renderer(path) => Some(*made),
            _ => None,
        });
        if let Some(made) = made {
            return Some(self.is_given_html(made) && !self.has_plugin_that_cleans(made));
        }
        // `.use(plugin)`, `.enable(rules)`, `.set({ html: true })` give the renderer back.
        let given = app.call_behind(v)?;
        let Value::Member(object, name) = app.program.value(V(given.0, app.program.call(given).callee)) else {
            return None;
        };
        let name = app.program.str(given.0, name);
        if !matches!(name, "use" | "enable" | "disable" | "set") {
            return None;
        }
        let lets_through = self.lets_markup_through(V(given.0, object), depth + 1)?;
        Some(lets_through || name == "set" && self.is_given_html(given))
    }

    /// `{ html: true }`, or the name of the preset that has it.
    fn is_given_html(&self, c: C) -> bool {
        let app = self.app;
        app.program.arguments(c).iter().take(2).any(|item| {
            app.eval(V(c.0, item.value)).iter().any(|known| match &known.thing {
                Thing::Object(object) => {
                    let html = app.program.property(object, "html", None);
                    html.values.iter().any(|placed| placed.known.thing.truthy() == Some(true))
                }
                Thing::Text(preset) => &**preset == "commonmark",
                _ => false,
            })
        })
    }

    /// Whether the script that makes a renderer gives it a plugin that says it cleans, by its own name or by its package's:
    /// `md.use(sanitizer)`.
    fn has_plugin_that_cleans(&self, made: C) -> bool {
        let app = self.app;
        let given = app.program.calls_named("use").iter().copied().filter(|c| c.0 == made.0).take(MOST_PLUGINS);
        given.filter_map(|c| app.program.argument(c, 0)).any(|plugin| {
            let says_so = |text: &str| {
                let text = text.to_ascii_lowercase();
                ["sanit", "purify", "xss"].iter().any(|word| text.contains(word))
            };
            let is_package = |known: &Known| matches!(&known.thing, Thing::Api(path) if says_so(path));
            says_so(app.text(app.span(plugin))) || app.eval(plugin).iter().any(is_package)
        })
    }

    /// A text of the app's: constant, translated, read from a file of its own, imported.
    fn is_own_text(&self, v: V, depth: u32) -> bool {
        let app = self.app;
        if app.steps.are_used_up() {
            return false;
        }
        if app.eval(v).iter().all(|known| is_constant(&known.thing)) {
            return true;
        }
        let summary = app.program.summary(v.0);
        match app.program.value(v) {
            Value::ImportName(..) | Value::Module(_) => true,
            Value::Await(inner) if depth < 8 => self.is_own_text(V(v.0, inner), depth + 1),
            Value::Binding(binding) if depth < 8 => {
                let writes = &summary.bindings[binding.index()].writes;
                !writes.is_empty() && writes.iter().all(|write| self.is_own_text(V(v.0, write.value), depth + 1))
            }
            Value::Call(call) => {
                let c = C(v.0, call);
                let name =
                    crate::link::final_name(summary, summary.call(call).callee).map_or("", |name| summary.str(name));
                is_harmless_call(name) || app.api_of(c).is_some_and(|(path, _)| is_read(&path))
            }
            _ => false,
        }
    }
}
