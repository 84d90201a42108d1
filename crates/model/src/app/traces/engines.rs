//! Data that template engines put into markup: they escape it, unless the template says otherwise.

use super::super::known_data::says_it_cleans;
use super::{Quote, State, Walk};
use crate::html::engines::{Dialect, Path, holes, names};
use crate::link::things::{Object, Part, Thing};
use crate::link::{C, V};
use crate::summary::Value;

/// Modules and globals of template engines. `lodash.template` and `lodash/template` are packages of one function.
const ENGINES: [(&str, Dialect); 26] = [
    ("mustache", Dialect::Mustache),
    ("Mustache", Dialect::Mustache),
    ("handlebars", Dialect::Mustache),
    ("handlebars/dist/handlebars", Dialect::Mustache),
    ("handlebars/dist/cjs/handlebars", Dialect::Mustache),
    ("Handlebars", Dialect::Mustache),
    ("hogan.js", Dialect::Mustache),
    ("hogan", Dialect::Mustache),
    ("Hogan", Dialect::Mustache),
    ("ejs", Dialect::Ejs),
    ("eta", Dialect::Eta),
    ("eta.Eta", Dialect::Eta),
    ("underscore", Dialect::Underscore),
    ("lodash", Dialect::Underscore),
    ("lodash-es", Dialect::Underscore),
    ("_", Dialect::Underscore),
    ("nunjucks", Dialect::Nunjucks),
    ("nunjucks.Environment", Dialect::Nunjucks),
    ("dot", Dialect::Dot),
    ("doT", Dialect::Dot),
    ("pug", Dialect::Pug),
    ("jade", Dialect::Pug),
    // What a call of these gives has the engine's functions too.
    ("handlebars.create", Dialect::Mustache),
    ("Handlebars.create", Dialect::Mustache),
    ("nunjucks.configure", Dialect::Nunjucks),
    ("nunjucks.Template", Dialect::Nunjucks),
];

/// Options by which an engine is told other marks, or another way to escape.
const OTHER_LANGUAGE: [&str; 8] =
    ["interpolate", "escape", "evaluate", "delimiter", "openDelimiter", "closeDelimiter", "tags", "strip"];

/// Texts that one template can be, and the longest of them that is looked into, in bytes.
const MOST_TEXTS: usize = 8;
const MOST_BYTES: usize = 64 * 1024;

/// A template that a call fills in.
struct Filled {
    dialect: Dialect,
    /// The call that is given the template's text, as its first argument.
    made: C,
    data: Option<V>,
    options: Option<V>,
}

impl Walk<'_, '_> {
    /// What a call gives that fills in a template; tells whether it is one.
    pub(super) fn filled_in(&mut self, c: C, state: State) -> bool {
        let Some(filled) = self.template_filled(c) else { return false };
        let app = self.app;
        let Some(text) = app.program.argument(filled.made, 0) else { return false };
        self.visit(text, state);
        let Some(data) = filled.data else { return true };
        match self.texts_of(&filled, text) {
            Some(texts) => {
                for text in texts {
                    self.put_in(&filled, &text, data, state);
                }
            }
            // Engines escape by default, and this template may say otherwise.
            None => self.visit(data, State { opaque: true, ..state }),
        }
        true
    }

    fn template_filled(&self, c: C) -> Option<Filled> {
        let program = &self.app.program;
        let callee = V(c.0, program.call(c).callee);
        let argument = |index| program.argument(c, index);
        if let Some((dialect, name)) = self.engine_asked(callee) {
            let is_filled = match &*name {
                // The engine's own templates are files.
                "render" => !matches!(dialect, Dialect::Nunjucks | Dialect::Eta),
                "renderString" | "to_html" => true,
                // Before version 1.7 of Underscore, and 3 of lodash, the data came with the text.
                "template" => argument(1).is_some(),
                _ => false,
            };
            return is_filled.then(|| Filled { dialect, made: c, data: argument(1), options: argument(2) });
        }
        // `compile(text)(data)`, `compile(text).render(data)`.
        let compiled = match program.value(callee) {
            Value::Member(object, name) if program.str(c.0, name) == "render" => V(c.0, object),
            _ => callee,
        };
        let made = self.app.eval(compiled).iter().find_map(|known| match &known.thing {
            Thing::Result(_, made) => Some(*made),
            _ => None,
        })?;
        let (dialect, name) = self.engine_asked(V(made.0, program.call(made).callee))?;
        let is_compiled = matches!(&*name, "compile" | "template" | "Template");
        is_compiled.then(|| Filled { dialect, made, data: argument(0), options: program.argument(made, 1) })
    }

    /// The engine of which this is a function, and the function's name.
    fn engine_asked(&self, callee: V) -> Option<(Dialect, String)> {
        let engine = |path: &str| {
            let path = path.strip_prefix("window.").unwrap_or(path);
            let path = path.strip_prefix("new ").unwrap_or(path);
            let path = path.strip_suffix(".default").unwrap_or(path);
            ENGINES.iter().find(|(name, _)| *name == path).map(|(_, dialect)| *dialect)
        };
        let values = self.app.eval(callee);
        let named = values.iter().find_map(|known| match &known.thing {
            Thing::Api(path) => {
                let path = path.strip_suffix(".default").unwrap_or(path);
                let (of, name) = path.rsplit_once(['.', '/'])?;
                Some((engine(of)?, name.to_owned()))
            }
            _ => None,
        });
        named.or_else(|| {
            let Value::Member(object, name) = self.app.program.value(callee) else { return None };
            let dialect = self.app.eval(V(callee.0, object)).iter().find_map(|known| match &known.thing {
                Thing::Result(path, _) => engine(path),
                _ => None,
            })?;
            Some((dialect, self.app.program.str(callee.0, name).to_owned()))
        })
    }

    /// The texts that the template can be, unless its language is another than the engine's own; what is put into them by the script
    /// that writes them is left out.
    fn texts_of(&self, filled: &Filled, text: V) -> Option<Vec<String>> {
        let app = self.app;
        let is_other = filled.options.is_some_and(|v| !app.options_written(v, &OTHER_LANGUAGE).is_empty());
        if is_other || ["templateSettings", "tags"].iter().any(|name| app.program.written_to(name).next().is_some()) {
            return None;
        }
        let values = app.eval(text);
        let text_of = |thing: &Thing| match thing {
            Thing::Text(text) => Some(text.to_string()),
            Thing::Template(parts) => Some(
                parts
                    .iter()
                    .map(|part| if let Part::Text(text) = part { text } else { "" })
                    .collect::<Vec<_>>()
                    .concat(),
            ),
            _ => None,
        };
        let texts: Vec<String> =
            values.iter().take(MOST_TEXTS).map(|known| text_of(&known.thing)).collect::<Option<_>>()?;
        // `{{=<% %>=}}`, `{% autoescape false %}`.
        let changes = |text: &String| match filled.dialect {
            Dialect::Mustache => text.contains("{{="),
            Dialect::Nunjucks => {
                text.contains("autoescape") || text.contains("{% include") || text.contains("{% extends")
            }
            _ => false,
        };
        (!texts.iter().any(|text| text.len() > MOST_BYTES || changes(text))).then_some(texts)
    }

    /// What of the data becomes markup as it is.
    fn put_in(&mut self, filled: &Filled, text: &str, data: V, state: State) {
        let variable = filled.options.and_then(|v| self.text_option(v, "variable"));
        let variable = variable.as_deref();
        if self.leaves_as_it_is(filled) {
            self.visit(data, state);
            return;
        }
        // What stands inside a section is read of what the section goes through, or else of what is around it.
        let is_section = filled.dialect == Dialect::Mustache;
        let chooses =
            |expression: &str| is_section && ["if ", "unless "].iter().any(|word| expression.starts_with(word));
        for hole in holes(text, filled.dialect) {
            let inside = names(hole.raw);
            let is_cleaner = |name| self.purpose.is_cleaned_by(name, Quote::None) || says_it_cleans(name);
            if inside.iter().any(|path| path.function().is_some_and(is_cleaner)) {
                continue;
            }
            let is_held = |path: &Path| path.of_data(variable).is_none_or(|name| self.may_hold(data, name));
            // What a function of the page's makes of the data, nobody knows.
            let opaque = state.opaque || inside.iter().any(|path| path.is_called && !is_held(path));
            // A name that the template makes itself, of what it goes through: `{{#list}}{{{title}}}{{/list}}`.
            let is_own = inside.iter().any(|path| !path.is_called && !is_held(path));
            let code = hole.code.iter().filter(|expression| (is_own || is_section) && !chooses(expression));
            let around = code.flat_map(|expression| names(expression)).map(|path| (path, opaque || !is_own));
            let read = inside.iter().map(|path| (*path, opaque)).chain(around);
            let read: Vec<(Path, bool)> = read.filter(|(path, _)| is_held(path)).collect();
            for (path, opaque) in read {
                self.visit(data, State { property: path.of_data(variable), opaque, ..state });
            }
        }
        self.note_cleaning();
    }

    /// Whether an engine was told not to escape: `Handlebars.compile(text, { noEscape: true })`, `nunjucks.configure({ autoescape: false })`.
    fn leaves_as_it_is(&self, filled: &Filled) -> bool {
        let app = self.app;
        let is = |c: C, index: usize, name: &str, on: bool| {
            let options = app.program.argument(c, index).map_or_else(Vec::new, |v| app.options_written(v, &[name]));
            options.into_iter().any(|v| app.eval(v).iter().any(|known| known.thing.truthy() == Some(on)))
        };
        match filled.dialect {
            Dialect::Mustache => is(filled.made, 1, "noEscape", true),
            Dialect::Nunjucks => {
                let told = ["nunjucks.configure", "nunjucks.Environment"];
                let told =
                    told.into_iter().flat_map(|api| app.calls(api).iter().map(|call| call.call).collect::<Vec<_>>());
                told.into_iter().any(|c| is(c, 0, "autoescape", false) || is(c, 1, "autoescape", false))
            }
            _ => false,
        }
    }

    fn text_option(&self, v: V, name: &str) -> Option<String> {
        let given = *self.app.options_written(v, &[name]).first()?;
        Some(self.app.constant(given)?.text()?.to_owned())
    }

    /// Whether data may have a property of this name.
    fn may_hold(&self, data: V, name: &str) -> bool {
        self.app.eval(data).iter().any(|known| match &known.thing {
            Thing::Object(object @ Object::Literal(..)) => {
                let found = self.app.program.property(object, name, None);
                found.unknown || !found.values.is_empty()
            }
            _ => true,
        })
    }
}
