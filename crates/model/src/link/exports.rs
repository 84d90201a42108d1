//! What a file gives to those that import it.

use std::rc::Rc;

use super::resolve::Target;
use super::things::*;
use super::{Program, UnitId, V, electron};
use crate::summary::*;

/// Files that are asked for one name, by way of those that export all of others.
const MOST_LINKS: usize = 256;

impl Program<'_> {
    /// What a name of an imported module is.
    pub(super) fn imported(&self, v: V, import: ImportId, name: &str) -> Values {
        match self.target(v.0, import) {
            Target::Unit(unit) => match self.exported(*unit, name) {
                Some(values) => values,
                None => Rc::from([Known::unknown(Unknown::Import(v), Some(v))]),
            },
            Target::External(module) => {
                let module = module.clone();
                // `import electron from 'electron'` is the module itself.
                let thing = if name == "default" { self.module_api(&module) } else { self.api_member(&module, name) };
                Rc::from([Known::new(thing, v, Certainty::Certain)])
            }
            Target::File(_) | Target::Text | Target::Missing => Rc::from([Known::unknown(Unknown::Import(v), Some(v))]),
        }
    }

    /// What `import * as` or `require` of a module gives.
    pub(super) fn module(&self, v: V, import: ImportId) -> Values {
        self.module_at(v, self.target(v.0, import))
    }

    /// What a module is as a whole.
    pub(super) fn module_at(&self, v: V, target: &Target) -> Values {
        let thing = match target {
            Target::Unit(unit) => {
                if let Some(whole) = self.whole(*unit) {
                    return self.through(self.eval(whole), v);
                }
                Thing::Namespace(*unit)
            }
            Target::External(module) => self.module_api(&module.clone()),
            Target::File(_) | Target::Text | Target::Missing => Thing::Unknown(Unknown::Import(v)),
        };
        Rc::from([Known::new(thing, v, Certainty::Certain)])
    }

    /// Whether an imported name stands for a file of the app's as it lies there. A script that exports nothing is one: some rule of the
    /// bundler's makes a text of it, `{ test: /\.script\.js$/, type: 'asset/source' }`.
    pub(crate) fn is_file_as_it_lies(&self, name: V) -> bool {
        let (Value::ImportName(import, _) | Value::Module(import)) = self.value(name) else { return false };
        match self.target(name.0, import) {
            Target::File(_) | Target::Text => true,
            Target::Unit(unit) => self.summary(*unit).exports.is_empty(),
            Target::External(_) | Target::Missing => false,
        }
    }

    /// A module from outside, under its own name; `electron` itself has the empty path.
    fn module_api(&self, module: &str) -> Thing {
        // A module that is the answer itself, as a whole and as its default.
        if module == "electron-is-dev" {
            return Thing::Development(true);
        }
        Thing::Api(Rc::from(electron::first_named(module).unwrap_or(module)))
    }

    /// The names that a file exports itself, in source order.
    pub(super) fn exported_names(&self, unit: UnitId) -> Vec<Rc<str>> {
        let summary = self.summary(unit);
        let names = summary.exports.iter().filter_map(|export| match export {
            Export::Named(name, _) | Export::From(name, ..) | Export::Namespace(name, _) => Some(*name),
            Export::Whole(_) | Export::Star(_) => None,
        });
        names.map(|name| Rc::from(summary.str(name))).collect()
    }

    /// `module.exports = value`, the last one.
    fn whole(&self, unit: UnitId) -> Option<V> {
        self.summary(unit).exports.iter().rev().find_map(|export| match export {
            Export::Whole(value) => Some(V(unit, *value)),
            _ => None,
        })
    }

    /// What a unit exports under a name.
    pub(crate) fn exported(&self, unit: UnitId, name: &str) -> Option<Values> {
        self.exported_beside(unit, name, &mut Vec::new())
    }

    /// As [`Program::exported`], unless that was asked already: files that export each other lead to one over many ways.
    fn exported_beside(&self, unit: UnitId, name: &str, asked: &mut Vec<(UnitId, Rc<str>)>) -> Option<Values> {
        if asked.len() > MOST_LINKS || asked.iter().any(|(asked, under)| *asked == unit && **under == *name) {
            return None;
        }
        asked.push((unit, Rc::from(name)));
        let summary = self.summary(unit);
        let is = |id: &Name| summary.str(*id) == name;
        let mut nothing: Vec<Values> = Vec::new();
        for export in summary.exports.iter().rev() {
            match export {
                Export::Named(exported, value) if is(exported) => {
                    let v = V(unit, *value);
                    let values = self.eval(v);
                    // `exports.win = null` takes back, for a while, what was exported before.
                    let is_nothing = |known: &Known| matches!(known.thing, Thing::Null | Thing::Undefined);
                    if !values.iter().all(is_nothing) {
                        return Some(self.through(values, v));
                    }
                    nothing.push(self.through(values, v));
                    if nothing.len() >= MOST_LINKS {
                        break;
                    }
                }
                Export::From(exported, import, imported) if is(exported) => {
                    let imported = summary.str(*imported).to_owned();
                    return Some(match self.target(unit, *import) {
                        Target::Unit(next) => self.exported_beside(*next, &imported, asked)?,
                        Target::External(module) => {
                            let thing = if imported == "default" {
                                self.module_api(module)
                            } else {
                                self.api_member(module, &imported)
                            };
                            Rc::from([Known { at: None, ..Known::new(thing, V(unit, ValueId(0)), Certainty::Firm) }])
                        }
                        _ => return None,
                    });
                }
                Export::Namespace(exported, import) if is(exported) => {
                    let thing = match self.target(unit, *import) {
                        Target::Unit(next) => Thing::Namespace(*next),
                        Target::External(module) => self.module_api(module),
                        _ => return None,
                    };
                    return Some(Rc::from([Known {
                        at: None,
                        ..Known::new(thing, V(unit, ValueId(0)), Certainty::Firm)
                    }]));
                }
                _ => {}
            }
        }
        if !nothing.is_empty() {
            return Some(nothing.swap_remove(0));
        }
        if let Some(whole) = self.whole(unit) {
            if name == "default" {
                return Some(self.through(self.eval(whole), whole));
            }
            return Some(self.member_of(&self.eval(whole), name, whole));
        }
        for export in &summary.exports {
            if let Export::Star(import) = export
                && name != "default"
            {
                match self.target(unit, *import) {
                    Target::Unit(next) => {
                        if let Some(values) = self.exported_beside(*next, name, asked) {
                            return Some(values);
                        }
                    }
                    Target::External(module) if &**module == "electron" => {
                        let thing = self.api_member(module, name);
                        return Some(Rc::from([Known {
                            at: None,
                            ..Known::new(thing, V(unit, ValueId(0)), Certainty::Firm)
                        }]));
                    }
                    _ => {}
                }
            }
        }
        // CommonJS without a default: the module itself.
        let is_commonjs = !summary.exports.is_empty()
            && summary.exports.iter().all(|export| matches!(export, Export::Named(..)))
            && summary.imports.iter().all(|import| import.kind != ImportKind::Static);
        (name == "default" && is_commonjs).then(|| {
            Rc::from([Known { at: None, ..Known::new(Thing::Namespace(unit), V(unit, ValueId(0)), Certainty::Firm) }])
        })
    }

    /// The same values, one step further away.
    pub(super) fn through(&self, values: Values, v: V) -> Values {
        let span = self.span(v);
        values.iter().cloned().map(|known| known.via(span)).collect()
    }
}
