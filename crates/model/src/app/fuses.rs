//! Which fuses a packager is told to flip.

use super::App;
use crate::electron::fuses::{Fuse, FuseState, state_of};
use crate::link::V;
use crate::link::things::*;
use crate::source::Span;
use crate::summary::{Key, Value};

/// Spreads that are followed in a row.
const MOST_LAYERS: u32 = 8;

/// One place that flips fuses.
#[derive(Clone, Debug)]
pub struct FuseFlips {
    /// A small place: the key, the plugin, the call.
    pub span: Span,
    /// What it says of fuses; the last one of a fuse counts.
    pub flips: Vec<FuseFlip>,
    /// It may say more that is not known.
    pub unknown: bool,
    /// How sure it is.
    pub certainty: Certainty,
    /// Scope path.
    pub symbol: String,
}

/// What one place says of one fuse.
#[derive(Clone, Debug)]
pub struct FuseFlip {
    /// Which.
    pub fuse: Fuse,
    /// On or off.
    pub value: Known,
    /// The property.
    pub span: Span,
}

impl App<'_> {
    /// Every place that flips fuses: Forge's plugin, electron-builder's `electronFuses`, calls of `@electron/fuses`.
    ///
    /// <https://www.electronjs.org/docs/latest/tutorial/fuses>
    pub fn fuse_flips(&self) -> Vec<FuseFlips> {
        if let Some(wire) = self.wire() {
            // What is shipped is what holds, whatever a configuration says.
            return vec![wire];
        }
        let mut found = Vec::new();
        for configuration in self.configurations() {
            let Some(object) = &configuration.object else { continue };
            for placed in self.program.property(object, "electronFuses", None).values {
                self.add_flips(&placed.known, self.key_span(placed.span), "electronFuses", &mut found);
            }
            for placed in self.program.property(object, "plugins", None).values {
                let Thing::Array(array, _) = placed.known.thing else { continue };
                let Value::Array(list) = self.program.value(array) else { continue };
                for item in self.program.summary(array.0).items(list) {
                    self.read_plugin(V(array.0, item.value), &mut found);
                }
            }
        }
        for call in self.calls_of(&[
            "@electron-forge/plugin-fuses.FusesPlugin",
            "@electron-forge/plugin-fuses.default",
            "@electron-forge/plugin-fuses",
        ]) {
            if let Some(options) = call.argument(self, 0) {
                for known in self.eval(options).iter() {
                    self.add_flips(known, call.callee_span(self), "FusesPlugin", &mut found);
                }
            }
        }
        let mut flips: Vec<_> = self.calls("@electron/fuses.flipFuses").iter().map(|call| call.call).collect();
        // `context.packager.addElectronFuses(context, { … })`, in a hook of electron-builder.
        flips.extend(self.program.calls_named("addElectronFuses"));
        for c in flips {
            if let Some(options) = self.program.argument(c, 1) {
                for known in self.eval(options).iter() {
                    self.add_flips(known, self.callee_span(c), "flipFuses", &mut found);
                }
            }
        }
        found.sort_by_key(|flips| flips.span);
        found.dedup_by_key(|flips| flips.span);
        found
    }

    /// The fuses of the program with which the app is shipped.
    fn wire(&self) -> Option<FuseFlips> {
        let packaged = self.sources.packaged.as_ref()?;
        let fuses = packaged.fuses.as_ref()?;
        let file = self.sources.find(&packaged.program)?;
        let text = &self.sources.file(file).text;
        let lines = text.lines();
        let line = |number: u32| {
            lines.line(text, number).map_or(Span { file, start: 0, end: 0 }, |(start, end)| Span { file, start, end })
        };
        let flip = |(index, (fuse, on)): (usize, &(Fuse, Option<bool>))| {
            let on = on.or(match state_of(*fuse, &self.electron.version) {
                FuseState::On => Some(true),
                FuseState::Off => Some(false),
                FuseState::Missing => None,
            });
            let value = Known {
                thing: Thing::Bool(on?),
                at: None,
                trail: Trail::default(),
                certainty: Certainty::Certain,
                development: None,
            };
            Some(FuseFlip { fuse: *fuse, value, span: line(packaged.line_of_fuse(index)) })
        };
        Some(FuseFlips {
            span: line(packaged.line_of_fuse(0)),
            flips: fuses.iter().enumerate().filter_map(flip).collect(),
            unknown: false,
            certainty: Certainty::Certain,
            symbol: "wire".to_owned(),
        })
    }

    /// `{ "name": "@electron-forge/plugin-fuses", "config": { … } }`.
    fn read_plugin(&self, plugin: V, found: &mut Vec<FuseFlips>) {
        for known in self.eval(plugin).iter() {
            let Thing::Object(object) = &known.thing else { continue };
            let name = self.program.property(object, "name", None);
            if !name.values.iter().any(|placed| placed.known.text() == Some("@electron-forge/plugin-fuses")) {
                continue;
            }
            for placed in self.program.property(object, "config", None).values {
                self.add_flips(&placed.known, self.key_span(placed.span), "plugin-fuses", found);
            }
        }
    }

    /// The key of a property, where the span begins with one.
    fn key_span(&self, span: Span) -> Span {
        let text = self.text(span);
        let end = text.find(['\n', ':', '=', '{']).unwrap_or(text.len());
        Span { end: span.start + text.get(..end).unwrap_or("").trim_end().len() as u32, ..span }
    }

    fn add_flips(&self, known: &Known, span: Span, symbol: &str, found: &mut Vec<FuseFlips>) {
        let mut flips = FuseFlips {
            span,
            flips: Vec::new(),
            unknown: false,
            certainty: known.certainty,
            symbol: symbol.to_owned(),
        };
        match &known.thing {
            Thing::Object(object) => self.read_flips(object, &mut flips, 0),
            Thing::Undefined | Thing::Null => return,
            _ => flips.unknown = true,
        }
        found.push(flips);
    }

    fn read_flips(&self, object: &Object, flips: &mut FuseFlips, depth: u32) {
        let Object::Literal(v, frames) = object else {
            flips.unknown = true;
            return;
        };
        let Value::Object(list) = self.program.value(*v) else { return };
        if depth > MOST_LAYERS {
            flips.unknown = true;
            return;
        }
        for property in self.program.summary(v.0).properties(list) {
            let value = V(v.0, property.value);
            let fuse = match property.key {
                Key::Name(name) => fuse_of(self.program.str(v.0, name)),
                Key::Computed(key) => {
                    let keys = self.program.eval_in(V(v.0, key), frames);
                    let fuse = keys.iter().find_map(|known| match &known.thing {
                        Thing::Api(path) => fuse_of(path.rsplit('.').next().unwrap_or(path)),
                        Thing::Text(text) => fuse_of(text),
                        Thing::Number(number) => fuse_of(&number.to_string()),
                        _ => None,
                    });
                    flips.unknown |= fuse.is_none();
                    fuse
                }
                Key::Spread => {
                    for known in self.program.eval_in(value, frames).iter() {
                        match &known.thing {
                            Thing::Object(inner) => self.read_flips(inner, flips, depth + 1),
                            Thing::Bool(_) | Thing::Undefined | Thing::Null => {}
                            _ => flips.unknown = true,
                        }
                    }
                    continue;
                }
            };
            let Some(fuse) = fuse else { continue };
            flips.flips.retain(|flip| flip.fuse != fuse);
            let span = self.program.place(v.0, property.span);
            for known in self.program.eval_in(value, frames).iter() {
                flips.flips.push(FuseFlip { fuse, value: known.clone(), span });
            }
        }
    }
}

/// The fuse of a key: its name in either spelling, or its place on the wire.
fn fuse_of(key: &str) -> Option<Fuse> {
    key.parse().ok().and_then(Fuse::at_wire_index).or_else(|| Fuse::from_name(key))
}
