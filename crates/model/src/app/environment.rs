//! Environment variables that the app sets for itself.

use super::{App, SwitchSource};
use crate::link::V;
use crate::link::things::*;
use crate::source::Span;
use crate::summary::{Key, Value};

/// One place that sets an environment variable.
#[derive(Clone, Debug, PartialEq)]
pub struct EnvironmentWrite {
    /// The value as text; `None` where it is not known.
    pub value: Option<String>,
    /// The assignment, or the word of the script.
    pub span: Span,
    /// Places on the way to the value.
    pub trail: Trail,
    /// How it is known.
    pub certainty: Certainty,
    /// Only in development.
    pub development: Option<bool>,
    /// It is set under a condition.
    pub conditional: bool,
    /// Where.
    pub source: SwitchSource,
    /// Scope path.
    pub symbol: String,
}

impl App<'_> {
    /// Everything that sets this variable: `process.env.NAME = …`, `{ env: { NAME: … } }`, `NAME=… electron .` in a script.
    ///
    /// A write to `window.NAME` counts, for Electron's own code reads some of them there.
    pub fn environment_writes(&self, name: &str) -> Vec<EnvironmentWrite> {
        let mut found = Vec::new();
        let computed = self.program.computed_writes("env").iter().filter(|(unit, index)| {
            match self.program.summary(*unit).writes[*index as usize].key {
                Key::Computed(key) => self.constant(V(*unit, key)).is_some_and(|known| known.text() == Some(name)),
                _ => false,
            }
        });
        for &(unit, index) in self.program.writes_to(name).iter().chain(computed) {
            let write = &self.program.summary(unit).writes[index as usize];
            let Some(value) = write.value else { continue };
            let is_environment = self.eval(V(unit, write.object)).iter().any(|known| {
                matches!(&known.thing, Thing::Api(path) if matches!(&**path, "process.env" | "window" | "globalThis" | "window.process.env"))
            });
            if !is_environment {
                continue;
            }
            let development = self.program.development_of(unit, write.condition, &Frames::default());
            let span = self.program.place(unit, write.span);
            let first = found.len();
            self.values_of(V(unit, value), span, development, name, &mut found);
            let several = found.len() > first + 1;
            for one in &mut found[first..] {
                one.conditional = self.is_optional(unit, write.condition) || (several && one.development.is_none());
            }
        }
        self.in_objects(name, &mut found);
        self.merged(name, &mut found);
        for script in self.scripts() {
            for word in super::switches::commands(&script.text).into_iter().flatten() {
                let Some(value) = word.strip_prefix(name).and_then(|rest| rest.strip_prefix('=')) else { continue };
                let place = self.text(script.span).find(name).map_or(script.span, |at| {
                    let start = script.span.start + at as u32;
                    Span { start, end: start + name.len() as u32, ..script.span }
                });
                found.push(EnvironmentWrite {
                    value: Some(value.to_owned()),
                    span: place,
                    trail: Trail::default(),
                    certainty: Certainty::Certain,
                    development: script.development.then_some(true),
                    conditional: false,
                    source: SwitchSource::Script,
                    symbol: format!("{}.{name}", script.symbol),
                });
            }
        }
        found.sort_by(|a, b| (a.span, &a.value).cmp(&(b.span, &b.value)));
        found.dedup_by(|a, b| a.span == b.span && a.value == b.value);
        found
    }

    /// Properties of that name in the environment of a child process, or in what is merged into the app's own.
    fn in_objects(&self, name: &str, found: &mut Vec<EnvironmentWrite>) {
        for unit in self.program.unit_ids() {
            let summary = self.program.summary(unit);
            if !summary.strings.iter().any(|text| **text == *name) {
                continue;
            }
            for call in &summary.calls {
                for item in summary.items(call.arguments) {
                    let Value::Object(list) = summary.value(item.value) else { continue };
                    let environments = summary.properties(list).iter().filter_map(|property| match property.key {
                        Key::Name(key) if summary.str(key) == "env" => match summary.value(property.value) {
                            Value::Object(inner) => Some(inner),
                            _ => None,
                        },
                        _ => None,
                    });
                    for environment in environments {
                        for property in summary.properties(environment) {
                            if !matches!(property.key, Key::Name(key) if summary.str(key) == name) {
                                continue;
                            }
                            let span = self.program.place(unit, property.span);
                            let development = self.program.development_of(unit, call.condition, &Frames::default());
                            self.values_of(V(unit, property.value), span, development, name, found);
                        }
                    }
                }
            }
        }
    }

    /// `Object.assign(process.env, { … })`.
    fn merged(&self, name: &str, found: &mut Vec<EnvironmentWrite>) {
        for call in self.calls("Object.assign").iter() {
            let is_environment = call.argument(self, 0).is_some_and(|first| {
                let values = self.eval(first);
                values.iter().any(|known| matches!(&known.thing, Thing::Api(path) if &**path == "process.env"))
            });
            if !is_environment {
                continue;
            }
            let record = self.program.call(call.call);
            let development = self.program.development_of(call.call.0, record.condition, &Frames::default());
            for item in self.program.arguments(call.call).iter().skip(1) {
                for known in self.eval(V(call.call.0, item.value)).iter() {
                    let Thing::Object(object) = &known.thing else { continue };
                    for placed in self.program.property(object, name, None).values {
                        self.value_of(&placed.known, placed.span, development, name, found);
                    }
                }
            }
        }
    }

    fn values_of(
        &self,
        value: V,
        span: Span,
        development: Option<bool>,
        name: &str,
        found: &mut Vec<EnvironmentWrite>,
    ) {
        for known in self.eval(value).iter() {
            self.value_of(known, span, development, name, found);
        }
    }

    fn value_of(
        &self,
        known: &Known,
        span: Span,
        development: Option<bool>,
        name: &str,
        found: &mut Vec<EnvironmentWrite>,
    ) {
        // `${isDevelopment}`.
        if let Thing::Template(parts) = &known.thing
            && let [Part::Hole(hole, frames)] = parts.as_ref()
        {
            let values = self.program.eval_in(*hole, frames);
            let texts: Vec<Option<String>> = values.iter().map(|value| written_as(&value.thing)).collect();
            if let Some(text) = texts.first().filter(|_| texts.iter().all(Option::is_some)) {
                let known = Known { thing: Thing::Text(text.as_deref().unwrap_or_default().into()), ..known.clone() };
                return self.value_of(&known, span, development, name, found);
            }
        }
        found.push(EnvironmentWrite {
            value: written_as(&known.thing),
            span,
            trail: known.trail.clone(),
            certainty: known.certainty,
            development: development.or(known.development),
            conditional: false,
            source: SwitchSource::Code,
            symbol: name.to_owned(),
        });
    }
}

/// The text that Node.js makes of what is written: of whatever it is, of undefined too.
fn written_as(thing: &Thing) -> Option<String> {
    match thing {
        Thing::Text(text) => Some(text.to_string()),
        Thing::Bool(bool) => Some(bool.to_string()),
        Thing::Number(number) => Some(number.to_string()),
        Thing::Undefined => Some("undefined".to_owned()),
        Thing::Null => Some("null".to_owned()),
        Thing::Development(yes) => Some(yes.to_string()),
        _ => None,
    }
}
