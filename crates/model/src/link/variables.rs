//! What a name stands for: variables, `this`, `super`, globals.

use std::rc::Rc;

use super::evaluate::MOST_VALUES;
use super::things::*;
use super::{F, K, Program, Target, UnitId, V, electron};
use crate::summary::*;

/// Writes to one variable that are looked at; what the others write is unknown.
const MOST_WRITES: usize = 256;

/// What processes have under these names. A page that writes one, with a polyfill, for its other scripts, or to go to another page, means
/// no other page.
pub(super) const PLATFORM: [&str; 34] = [
    "Array",
    "Boolean",
    "Buffer",
    "JSON",
    "Map",
    "Math",
    "Number",
    "Object",
    "Promise",
    "RegExp",
    "Set",
    "String",
    "URL",
    "URLPattern",
    "URLSearchParams",
    "WebSocket",
    "XMLHttpRequest",
    "console",
    "decodeURIComponent",
    "document",
    "encodeURIComponent",
    "fetch",
    "global",
    "globalThis",
    "history",
    "localStorage",
    "location",
    "module",
    "navigator",
    "process",
    "require",
    "sessionStorage",
    "setInterval",
    "setTimeout",
];

impl Program<'_> {
    /// Every thing that was ever written into a variable.
    pub(super) fn binding(&self, unit: UnitId, id: BindingId, v: V, frames: &Frames) -> Vec<Known> {
        let binding = &self.summary(unit).bindings[id.index()];
        let mut values = Vec::new();
        let mut looked_at = 0;
        for write in binding.writes.iter().take(MOST_WRITES) {
            if values.len() >= MOST_VALUES {
                break;
            }
            looked_at += 1;
            if self.is_unreached(unit, write.function) {
                continue;
            }
            let span = self.place(unit, write.span);
            let development = self.development_of(unit, write.condition, frames);
            for known in self.eval_in(V(unit, write.value), frames).iter() {
                if binding.writes.len() > 1 && matches!(known.thing, Thing::Null | Thing::Undefined) {
                    continue;
                }
                let parameter = matches!(self.value(V(unit, write.value)), Value::Parameter(..));
                let mut known = if parameter {
                    known.clone().at_most(Certainty::Firm)
                } else if binding.writes.len() == 1 && self.is_import(unit, write.value) {
                    // The name under which a module is imported says literally what it is.
                    known.clone()
                } else {
                    known.clone().via(span)
                };
                known.development = known.development.or(development);
                values.push(known);
            }
        }
        for written in self.written_beside(unit, binding) {
            values.extend(self.step(&self.eval(written), written));
        }
        if binding.writes.len() > looked_at {
            values.push(Known::new(Thing::Unknown(Unknown::Other(v)), v, Certainty::Tentative));
        }
        if values.is_empty() || values.iter().all(Known::is_unknown) {
            if let Some(known) = binding.type_hint.and_then(|hint| self.hinted(V(unit, hint), v)) {
                return vec![known];
            }
            if values.is_empty() {
                let missing = if binding.writes.is_empty() { Thing::Unknown(Unknown::Other(v)) } else { Thing::Null };
                values.push(Known::new(missing, v, Certainty::Firm));
            }
        }
        // A list of modules that hands them out by a name gives nothing that is known.
        let nothing = |known: &Known| {
            known.is_unknown() && !matches!(known.thing, Thing::Unknown(Unknown::Limit))
                || matches!(known.thing, Thing::Undefined)
        };
        if !binding.writes.is_empty()
            && values.iter().all(nothing)
            && electron::CALLED.contains(&self.str(unit, binding.name))
        {
            let module = self.api_member("electron", self.str(unit, binding.name));
            return vec![Known::new(module, v, Certainty::Firm)];
        }
        values
    }

    /// Whether a value is an imported name, or a member of a module: `require('electron').shell`.
    fn is_import(&self, unit: UnitId, value: ValueId) -> bool {
        let summary = self.summary(unit);
        let outside = |import| matches!(self.target(unit, import), Target::External(_));
        match summary.value(value) {
            Value::ImportName(import, _) | Value::Module(import) => outside(import),
            Value::Member(object, _) => match summary.value(object) {
                Value::Module(import) => outside(import),
                Value::Binding(binding) => match summary.written_once(binding) {
                    Some(only) => matches!(summary.value(only), Value::Module(import) if outside(import)),
                    _ => false,
                },
                _ => false,
            },
            _ => false,
        }
    }

    /// An object of the class that a type names.
    pub(super) fn hinted(&self, hint: V, v: V) -> Option<Known> {
        let values = self.eval(hint);
        let [known] = values.as_ref() else { return None };
        match &known.thing {
            Thing::Api(path) => {
                let name = path.rsplit('.').next().unwrap_or(path);
                // An interface of the app's own may be called so too.
                if let Some(module) = electron::typed(name).filter(|_| self.is_of_electron(hint)) {
                    return Some(Known::new(self.api_member("electron", module), v, Certainty::Firm));
                }
                let class = electron::class(match name {
                    "IpcMainInvokeEvent" => "IpcMainEvent",
                    other => other,
                })?;
                Some(Known::new(Thing::Host(Host { class, origin: Origin::Some }), v, Certainty::Firm))
            }
            Thing::Class(class) => Some(Known::new(Thing::Instance(*class, None), v, Certainty::Firm)),
            _ => None,
        }
    }

    /// A name imported from Electron, or a member of its namespace.
    fn is_of_electron(&self, v: V) -> bool {
        match self.value(self.behind(v)) {
            Value::ImportName(import, _) => {
                matches!(self.target(v.0, import), Target::External(module) if module.starts_with("electron"))
            }
            Value::Member(object, _) => {
                let objects = self.eval(V(v.0, object));
                objects.iter().all(|known| matches!(&known.thing, Thing::Api(path) if path.starts_with("electron")))
            }
            _ => false,
        }
    }

    pub(super) fn this(&self, f: F, v: V, frames: &Frames) -> Vec<Known> {
        let function = self.function(f);
        if let Some(class) = function.class {
            let class = K(f.0, class);
            let is_static = self.summary(f.0).classes[class.1.index()].members.iter().any(|member| {
                member.is_static
                    && member
                        .value
                        .is_some_and(|value| matches!(self.value(V(f.0, value)), Value::Function(own) if own == f.1))
            });
            let thing = match self.made_in(class, f, frames) {
                _ if is_static => Thing::Class(class),
                Some((class, maker)) => Thing::Instance(class, Some(maker)),
                None => Thing::Instance(class, None),
            };
            return vec![Known::new(thing, v, Certainty::Certain)];
        }
        match function.holder {
            Some(holder) => match self.value(V(f.0, holder)) {
                Value::Object(_) => {
                    vec![Known::new(Thing::Object(Object::Literal(V(f.0, holder), frames.clone())), v, Certainty::Firm)]
                }
                _ => vec![Known::unknown(Unknown::Other(v), Some(v))],
            },
            None if function.kind == FunctionKind::Function => self.emitters(f, v),
            None => vec![Known::unknown(Unknown::Other(v), Some(v))],
        }
    }

    /// What a function that listens is called on, where Electron emits: <https://nodejs.org/api/events.html#passing-arguments-and-this-to-listeners>.
    fn emitters(&self, f: F, v: V) -> Vec<Known> {
        self.assumes.set(true);
        self.depends.set(true);
        let handed = if self.shallow.get() { self.callback_of(f).into_iter().collect() } else { self.handed_over(f) };
        let mut values = Vec::new();
        for (c, place) in handed {
            if let Value::Member(object, method) = self.value(V(c.0, self.call(c).callee))
                && place == 1
                && electron::LISTEN.contains(&self.str(c.0, method))
            {
                let emits = self.eval(V(c.0, object));
                let emits = emits.iter().filter(|known| matches!(known.thing, Thing::Host(_)));
                values.extend(emits.map(|known| known.clone().at_most(Certainty::Firm)));
            }
        }
        if values.is_empty() { vec![Known::unknown(Unknown::Other(v), Some(v))] } else { values }
    }

    pub(super) fn superclass(&self, f: F, v: V) -> Vec<Known> {
        let Some(class) = self.function(f).class else { return vec![Known::unknown(Unknown::Other(v), Some(v))] };
        let Some(superclass) = self.summary(f.0).classes[class.index()].superclass else {
            return vec![Known::unknown(Unknown::Other(v), Some(v))];
        };
        self.eval(V(f.0, superclass))
            .iter()
            .map(|known| match &known.thing {
                Thing::Class(class) => Known { thing: Thing::Instance(*class, None), ..known.clone() },
                Thing::Api(path) => match electron::class(path.rsplit('.').next().unwrap_or(path)) {
                    Some(class) => Known { thing: Thing::Host(Host { class, origin: Origin::Some }), ..known.clone() },
                    None => Known::unknown(Unknown::Other(v), Some(v)),
                },
                _ => Known::unknown(Unknown::Other(v), Some(v)),
            })
            .collect()
    }

    /// Whether a write is one to a property of the global object.
    pub(super) fn is_of_global(&self, unit: UnitId, write: &Write) -> bool {
        matches!(self.value(V(unit, write.object)), Value::Global(object)
            if matches!(self.str(unit, object), "globalThis" | "global" | "window"))
    }

    pub(super) fn global(&self, name: &str, v: V) -> Vec<Known> {
        if name == "undefined" {
            return vec![Known::new(Thing::Undefined, v, Certainty::Certain)];
        }
        // `window.URL = window.URL || window.webkitURL` in one page is no other class in another process.
        if PLATFORM.contains(&name) {
            return vec![Known::new(Thing::Api(Rc::from(name)), v, Certainty::Certain)];
        }
        // A variable that no declaration makes, written somewhere: `mainWindow = new BrowserWindow()`.
        let mut values = self.declared_beside(v.0, name, v);
        if self.writes_to(name).len() > MOST_WRITES {
            values.push(Known::new(Thing::Unknown(Unknown::Other(v)), v, Certainty::Tentative));
        }
        for (unit, write) in self.written_to(name).take(MOST_WRITES) {
            if let (true, Some(value)) = (self.is_of_global(unit, &write), write.value) {
                values.extend(self.step(&self.eval(V(unit, value)), V(unit, value)));
            }
        }
        values.retain(|known| !matches!(known.thing, Thing::Null | Thing::Undefined));
        if !values.is_empty() {
            return values;
        }
        match name {
            "__dirname" | "__filename" => vec![Known::new(Thing::Api(Rc::from(name)), v, Certainty::Certain)],
            _ if electron::MODULES.contains(&name) => {
                vec![Known::new(Thing::Api(Rc::from(name)), v, Certainty::Tentative)]
            }
            "Electron" => vec![Known::new(Thing::Api(Rc::from("electron")), v, Certainty::Firm)],
            "electron" => vec![Known::new(Thing::Api(Rc::from("electron")), v, Certainty::Tentative)],
            "__DEV__" => vec![Known::new(Thing::Development(true), v, Certainty::Firm)],
            _ => vec![Known::new(Thing::Api(Rc::from(name)), v, Certainty::Certain)],
        }
    }
}
