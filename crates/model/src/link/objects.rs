//! Properties of object literals: spreads in order, merges, writes before the use.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::things::*;
use super::{C, F, Program, UnitId, V};
use crate::source::Span;
use crate::summary::*;

/// Spreads and merges that are followed in a row.
const MOST_LAYERS: u32 = 12;

/// Properties of one literal that are looked at, from its end.
const MOST_PROPERTIES: usize = 4096;

/// Objects that are looked into for one property.
const MOST_OBJECTS: usize = 64;

/// One value of a property, and where it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    /// The value.
    pub known: Known,
    /// The property: `key: value`.
    pub span: Span,
    /// The value as it is written there.
    pub written: Option<V>,
}

/// What a property of an object is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lookup {
    /// What it can be.
    pub values: Vec<Placed>,
    /// It may not be there.
    pub may_be_absent: bool,
    /// It may be something that is not known.
    pub unknown: bool,
    seen: Vec<Object>,
}

/// Where an object is used: writes in the same function after this place do not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    /// The function.
    pub function: F,
    /// The use's place in the order of events.
    pub order: u32,
}

/// Names of properties that are given to literals after they were made.
pub(super) type LaterKeys = FxHashMap<V, Vec<Name>>;

/// Property writes of a file that are looked at for keys which an object is given later.
const MOST_LATER_WRITES: usize = 1000;

impl Program<'_> {
    /// What a property of an object is, seen from a use of it.
    pub fn property(&self, object: &Object, key: &str, from: Option<Use>) -> Lookup {
        let mut lookup = Lookup::default();
        if self.depth.get() == 0 {
            let (Object::Literal(v, _) | Object::Merged(v, _) | Object::Rest(v, _)) = object;
            self.budget.ask(v.0);
        }
        let absent = self.layer(object, key, from, &mut lookup, 0);
        lookup.may_be_absent = absent;
        lookup
    }

    /// Adds what a layer says; tells whether the key may be absent from it.
    fn layer(&self, object: &Object, key: &str, from: Option<Use>, lookup: &mut Lookup, depth: u32) -> bool {
        if depth > MOST_LAYERS || lookup.seen.len() >= MOST_OBJECTS || !self.may_go_on() {
            lookup.unknown = true;
            return true;
        }
        // A state that is spread into itself says nothing new.
        if lookup.seen.contains(object) {
            return true;
        }
        lookup.seen.push(object.clone());
        match object {
            Object::Literal(v, frames) => {
                if self.writes_of(*v, key, from, lookup) {
                    return false;
                }
                self.literal(*v, frames, key, from, lookup, depth)
            }
            Object::Merged(v, frames) => self.merged(*v, frames, key, from, lookup, depth),
            Object::Rest(v, frames) => {
                let Value::RestOf(whole) = self.value(*v) else { return true };
                self.layers_of(V(v.0, whole), frames, key, from, lookup, depth)
            }
        }
    }

    /// Everything that a value may be, as a layer.
    fn layers_of(&self, v: V, frames: &Frames, key: &str, from: Option<Use>, lookup: &mut Lookup, depth: u32) -> bool {
        let mut absent = false;
        for known in self.eval_in(v, frames).iter() {
            let first = lookup.values.len();
            absent |= match &known.thing {
                Thing::Object(object) => self.layer(object, key, from, lookup, depth + 1),
                Thing::Undefined
                | Thing::Null
                | Thing::Bool(_)
                | Thing::Text(_)
                | Thing::Number(_)
                | Thing::Development(_) => true,
                Thing::Function(..) | Thing::Regex(..) | Thing::Array(..) => true,
                Thing::Namespace(unit) => match self.exported(*unit, key) {
                    Some(values) => {
                        let span = self.span(v);
                        let placed = |known: &Known| Placed { known: known.clone(), span, written: None };
                        lookup.values.extend(values.iter().map(placed));
                        false
                    }
                    None => true,
                },
                _ => {
                    lookup.unknown = true;
                    true
                }
            };
            for placed in &mut lookup.values[first..] {
                placed.known.certainty = placed.known.certainty.min(Certainty::Firm);
                placed.known.development = placed.known.development.or(known.development);
            }
        }
        absent
    }

    fn literal(&self, v: V, frames: &Frames, key: &str, from: Option<Use>, lookup: &mut Lookup, depth: u32) -> bool {
        let Value::Object(list) = self.value(v) else {
            lookup.unknown = true;
            return true;
        };
        let summary = self.summary(v.0);
        let properties = summary.properties(list);
        let mut spreads = 0;
        for (index, property) in properties.iter().rev().enumerate() {
            spreads += usize::from(property.key == Key::Spread);
            if index > MOST_PROPERTIES || spreads > MOST_OBJECTS {
                lookup.unknown = true;
                return true;
            }
            match property.key {
                Key::Name(name) if summary.str(name) == key => {
                    let value = V(v.0, property.value);
                    let span = self.place(v.0, property.span);
                    match (property.slot, self.value(value)) {
                        (Slot::Setter, _) => continue,
                        (Slot::Getter, Value::Function(getter)) => {
                            for exit in &self.function(F(v.0, getter)).exits {
                                if let (Some(value), false) = (exit.value, exit.throws) {
                                    let value = V(v.0, value);
                                    let values = self.eval_in(value, frames);
                                    lookup.values.extend(values.iter().map(|known| Placed {
                                        known: known.clone().at_most(Certainty::Firm),
                                        span,
                                        written: Some(value),
                                    }));
                                }
                            }
                        }
                        _ => {
                            let values = self.eval_in(value, frames);
                            let written = Some(value);
                            lookup.values.extend(values.iter().map(|known| Placed {
                                known: known.clone(),
                                span,
                                written,
                            }));
                        }
                    }
                    return false;
                }
                Key::Name(_) => {}
                Key::Computed(computed) => {
                    let keys = self.eval_in(V(v.0, computed), frames);
                    let value = V(v.0, property.value);
                    if let [known] = keys.as_ref()
                        && let Some(text) = known.text()
                    {
                        if text == key {
                            let span = self.place(v.0, property.span);
                            let values = self.eval_in(value, frames);
                            lookup.values.extend(values.iter().map(|known| Placed {
                                known: known.clone().at_most(Certainty::Firm),
                                span,
                                written: Some(value),
                            }));
                            return false;
                        }
                    } else {
                        // Who calls the function says which: `settings = { ...settings, [key]: value }`.
                        let (ways, is_open) = self.ways_under_key(V(v.0, computed), key, frames);
                        lookup.unknown |= is_open;
                        let span = self.place(v.0, property.span);
                        for frames in ways {
                            let values = self.eval_in(value, &frames);
                            lookup.values.extend(values.iter().map(|known| Placed {
                                known: known.clone().at_most(Certainty::Firm),
                                span,
                                written: Some(value),
                            }));
                        }
                        lookup.unknown |= keys.iter().any(Known::is_unknown);
                    }
                }
                Key::Spread => {
                    if !self.layers_of(V(v.0, property.value), frames, key, from, lookup, depth) {
                        return false;
                    }
                }
            }
        }
        true
    }

    /// The calls under which a key is this one, and whether it may be so under others.
    pub(super) fn ways_under_key(&self, key: V, asked: &str, frames: &Frames) -> (Vec<Frames>, bool) {
        let is_it = |known: &Known| known.text() == Some(asked);
        let may_be_it = |known: &Known| known.text().is_none_or(|text| text == asked);
        let key = self.behind(key);
        let Value::Parameter(function, index) = self.value(key) else {
            let texts = self.eval_in(key, frames);
            return match texts.as_ref() {
                [only] if is_it(only) => (vec![frames.clone()], false),
                several => (Vec::new(), several.iter().any(may_be_it)),
            };
        };
        let f = F(key.0, function);
        let (mut ways, mut is_open) = (Vec::new(), false);
        for &c in self.callers(f).iter() {
            let Some(given) = self.passed(c, index as usize) else { continue };
            let texts = self.eval(given);
            match texts.as_ref() {
                [only] if is_it(only) => ways.push(frames.with(f, c)),
                several => is_open |= several.iter().any(may_be_it),
            }
        }
        (ways, is_open)
    }

    /// Parts of `Object.assign(a, b)`: later ones win, or earlier ones for `defaults`.
    fn merged(&self, v: V, frames: &Frames, key: &str, from: Option<Use>, lookup: &mut Lookup, depth: u32) -> bool {
        let Value::Call(call) = self.value(v) else { return true };
        let c = C(v.0, call);
        let items = self.arguments(c);
        let callee = V(c.0, self.call(c).callee);
        let path = self.eval(callee);
        let names = path.iter().filter_map(|known| match &known.thing {
            Thing::Api(path) => Some(path.clone()),
            _ => None,
        });
        let (mut first_wins, mut deep) = (false, false);
        for name in names {
            first_wins |= name.contains("defaults") || name.contains("defu");
            deep |= !name.starts_with("Object.") && !name.contains("assign") && !name.contains("extend");
        }
        let mut order: Vec<V> = items.iter().map(|item| V(c.0, item.value)).collect();
        if !first_wins {
            order.reverse();
        }
        for argument in order {
            let before = lookup.values.len();
            if !self.layers_of(argument, frames, key, from, lookup, depth) {
                // A deep merge goes on inside an object: what this one lacks, the others may have.
                let is_object =
                    lookup.values[before..].iter().any(|placed| matches!(placed.known.thing, Thing::Object(_)));
                if !(deep && is_object) {
                    return false;
                }
            }
        }
        lookup.values.is_empty()
    }

    /// Writes to a property of this very literal: `options.key = value`, `Object.assign(options, …)`.
    /// Tells whether one of them certainly replaced what the literal says.
    fn writes_of(&self, v: V, key: &str, from: Option<Use>, lookup: &mut Lookup) -> bool {
        let mut replaced = false;
        // Only what writes to this literal put there is replaced by a later one, not what layers above it said.
        let first = lookup.values.len();
        for (unit, write) in self.writes_into(v, key) {
            if let Some(from) = from
                && from.function == F(unit, write.function)
                && write.order > from.order
            {
                continue;
            }
            let span = self.place(unit, write.span);
            let Some(value) = write.value else {
                if write.condition.is_none() {
                    lookup.values.truncate(first);
                }
                continue;
            };
            // `table[name].key = value` is written to one of several.
            let is_one = !matches!(self.value(V(unit, write.object)), Value::Index(..));
            let certain = is_one
                && write.condition.is_none()
                && from.is_some_and(|from| from.function == F(unit, write.function));
            if certain {
                lookup.values.truncate(first);
            }
            let development = self.development_of(unit, write.condition, &Frames::default());
            for known in self.eval(V(unit, value)).iter() {
                let mut known = known.clone().at_most(Certainty::Firm);
                known.development = known.development.or(development);
                lookup.values.push(Placed { known, span, written: Some(V(unit, value)) });
            }
            replaced = certain || replaced;
        }
        replaced
    }

    /// The writes to a property of this very literal.
    fn writes_into(&self, literal: V, key: &str) -> Vec<(UnitId, Write)> {
        let write = |(unit, index): (UnitId, u32)| self.summary(unit).writes[index as usize];
        let mut found = Vec::new();
        let literals = |at: (UnitId, u32)| {
            let write = write(at);
            // `table[name].key = make()`: what is looked for there is what was made.
            let is_of_table = matches!(self.value(V(at.0, write.object)), Value::Index(..));
            let is_made = write.value.is_some_and(|value| matches!(self.value(V(at.0, value)), Value::Call(_)));
            if is_of_table && !is_made { Vec::new() } else { self.literals(at.0, write.object) }
        };
        self.look(&self.written_literals, (&self.writes_by_key, key), literal, literals, |at| {
            found.push((at.0, write(at)));
            true
        });
        found
    }

    /// The object literals that a value may be. Cheap answers first: only a variable, a property or what a call gives can hold one.
    fn literals(&self, unit: UnitId, object: ValueId) -> Vec<V> {
        let target = V(unit, object);
        match self.value(target) {
            Value::Binding(_) | Value::Member(..) | Value::Index(..) | Value::Call(_) => {}
            Value::This(function) => {
                let holder = self.function(F(unit, function)).holder;
                return holder.map(|holder| V(unit, holder)).into_iter().collect();
            }
            _ => return Vec::new(),
        }
        let mut literals = Vec::new();
        for known in self.eval(target).iter() {
            if let Thing::Object(Object::Literal(literal, _)) = &known.thing
                && !literals.contains(literal)
            {
                literals.push(*literal);
            }
        }
        literals
    }

    /// The names of the properties that its own script gives this literal later: `api.save = …` after `const api = {}`.
    fn keys_given_later(&self, literal: V) -> Vec<Name> {
        if let Some(known) = self.later_keys.borrow().get(&literal.0) {
            return known.get(&literal).cloned().unwrap_or_default();
        }
        let (found, is_sure) = self.surely(|| self.find_later_keys(literal.0));
        let keys = found.get(&literal).cloned().unwrap_or_default();
        if is_sure {
            self.later_keys.borrow_mut().insert(literal.0, found);
        }
        keys
    }

    fn find_later_keys(&self, unit: UnitId) -> LaterKeys {
        let mut found = LaterKeys::default();
        let summary = self.summary(unit);
        // `api.files.read = read`.
        let is_named = |object| match summary.value(object) {
            Value::Binding(_) => true,
            Value::Member(inner, _) => matches!(summary.value(inner), Value::Binding(_)),
            _ => false,
        };
        for write in summary.writes.iter().take(MOST_LATER_WRITES) {
            if let Key::Name(name) = write.key
                && write.value.is_some()
                && !self.is_unreached(unit, write.function)
                && is_named(write.object)
            {
                for literal in self.literals(unit, write.object) {
                    found.entry(literal).or_default().push(name);
                }
            }
        }
        found
    }

    /// Keys that an object literal names itself, spreads included as far as they are known.
    pub fn keys(&self, object: &Object) -> Vec<Rc<str>> {
        let mut keys = Vec::new();
        self.collect_keys(object, &mut keys, &mut Vec::new());
        keys
    }

    /// `seen` are the objects that were looked into.
    fn collect_keys(&self, object: &Object, keys: &mut Vec<Rc<str>>, seen: &mut Vec<Object>) {
        if seen.len() >= MOST_OBJECTS || seen.contains(object) || keys.len() > 256 || !self.may_go_on() {
            return;
        }
        seen.push(object.clone());
        let mut nested = |v: V, frames: &Frames, keys: &mut Vec<Rc<str>>| {
            for known in self.eval_in(v, frames).iter() {
                if let Thing::Object(object) = &known.thing {
                    self.collect_keys(object, keys, seen);
                }
            }
        };
        match object {
            Object::Literal(v, frames) => {
                let Value::Object(list) = self.value(*v) else { return };
                for property in self.summary(v.0).properties(list) {
                    match property.key {
                        Key::Name(name) => {
                            let key: Rc<str> = Rc::from(self.str(v.0, name));
                            if !keys.contains(&key) {
                                keys.push(key);
                            }
                        }
                        Key::Spread => nested(V(v.0, property.value), frames, keys),
                        Key::Computed(_) => {}
                    }
                }
                for name in self.keys_given_later(*v) {
                    let key: Rc<str> = Rc::from(self.str(v.0, name));
                    if !keys.contains(&key) {
                        keys.push(key);
                    }
                }
            }
            Object::Merged(v, frames) => {
                let Value::Call(call) = self.value(*v) else { return };
                for item in self.arguments(C(v.0, call)) {
                    nested(V(v.0, item.value), frames, keys);
                }
            }
            Object::Rest(v, frames) => {
                if let Value::RestOf(whole) = self.value(*v) {
                    nested(V(v.0, whole), frames, keys);
                }
            }
        }
    }
}
