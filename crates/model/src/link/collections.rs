//! What lists, sets, maps and objects of the app hold, whatever index or key is asked for.

use std::rc::Rc;

use super::index::{ByName, Shared, Word, Words};
use super::things::*;
use super::{C, F, Program, V, electron, final_name};
use crate::summary::*;

/// Elements of one collection that are looked at.
const MOST_ELEMENTS: usize = 128;

/// Collections that are looked into for one element.
const MOST_COLLECTIONS: usize = 16;

/// Collections in a row that are looked into for what another one holds.
const MOST_NESTED: usize = 12;

/// Calls and writes of one name that may add to a collection.
const MOST_ADDITIONS: usize = 64;

/// Names under which one collection is kept where it is made that are looked at.
const MOST_FIRST_NAMES: usize = 4;

/// Methods that add to a collection, and from which argument on what they add stands.
const ADDING: [(&str, usize); 6] =
    [("push", 0), ("unshift", 0), ("add", 0), ("set", 1), ("setSync", 1), ("setItem", 1)];

/// What keeps settings for the whole app, or for a page, without being made first.
const STORES: [&str; 6] = [
    "electron-settings",
    "electron-settings.default",
    "electron-json-storage",
    "electron-json-storage.default",
    "localStorage",
    "sessionStorage",
];

/// A collection that is still to be looked into.
type Open = Vec<(V, Frames)>;

impl Program<'_> {
    /// What any element of a collection can be, with nothing known of who called.
    pub fn elements(&self, list: V) -> Vec<Known> {
        self.element_of(list, list, &Frames::default())
    }

    /// What any element of a list, set or map can be: an entry for a map.
    pub(super) fn element_of(&self, list: V, v: V, frames: &Frames) -> Vec<Known> {
        let mut values = Vec::new();
        let mut lists: Open = vec![(list, frames.clone())];
        let mut next = 0;
        // `list = [...list, one]` is an element of itself: each list counts once.
        while let Some((list, frames)) = lists.get(next).cloned() {
            next += 1;
            for known in self.eval_in(list, &frames).iter() {
                let before = values.len();
                self.elements_of_one(known, list, v, &frames, &mut values, &mut lists);
                for value in &mut values[before..] {
                    value.development = value.development.or(known.development);
                }
            }
        }
        values.truncate(MOST_ELEMENTS);
        values
    }

    fn elements_of_one(
        &self,
        known: &Known,
        list: V,
        v: V,
        frames: &Frames,
        values: &mut Vec<Known>,
        lists: &mut Open,
    ) {
        let mut more = |list: V, frames: &Frames| {
            if lists.len() < MOST_COLLECTIONS && lists.iter().all(|(seen, _)| *seen != list) {
                lists.push((list, frames.clone()));
            }
        };
        match &known.thing {
            Thing::Array(array, inner) => {
                let Value::Array(items) = self.value(*array) else { return };
                for item in self.summary(array.0).items(items).iter().take(MOST_ELEMENTS) {
                    let element = V(array.0, item.value);
                    if item.spread {
                        more(element, inner);
                    } else {
                        values.extend(self.step_all(&self.eval_in(element, inner), element));
                    }
                }
                self.added(list, &known.thing, None, values);
            }
            Thing::Result(path, c) => match (&**path, self.argument(*c, 0)) {
                ("new Set" | "Array.from", Some(argument)) => {
                    more(argument, frames);
                    self.added(list, &known.thing, None, values);
                }
                ("new Set", None) => self.added(list, &known.thing, None, values),
                ("new Map", _) => values.push(Known::new(Thing::Entry(list, frames.clone()), v, known.certainty)),
                ("Object.entries", Some(of)) => {
                    values.push(Known::new(Thing::Entry(of, frames.clone()), v, known.certainty));
                }
                ("Object.keys", Some(of)) => values.extend(self.keys_of(of, v, frames)),
                ("Object.values", Some(of)) => values.extend(self.held_by(of, None, v, frames)),
                (path, _) => match electron::call_element(path) {
                    Some(class) => {
                        let host = Host { class, origin: Origin::Some };
                        values.push(Known::new(Thing::Host(host), v, Certainty::Firm));
                    }
                    None => values.push(Known::unknown(Unknown::Other(v), Some(v))),
                },
            },
            // `list.filter(…)` holds what the list does.
            _ => {
                match self.receiver_of(list, &["filter", "slice", "reverse", "sort", "toSorted", "concat", "values"]) {
                    Some(receiver) => more(receiver, frames),
                    None => match self.receiver_of(list, &["entries"]) {
                        Some(map) => values.push(Known::new(Thing::Entry(map, frames.clone()), v, Certainty::Firm)),
                        None => self.yielded(known, v, frames, values),
                    },
                }
            }
        }
    }

    /// What a generator of the app's yields to this call.
    fn yielded(&self, known: &Known, v: V, frames: &Frames, values: &mut Vec<Known>) {
        let before = values.len();
        if let Thing::Unknown(Unknown::Call(c)) = known.thing {
            for known in self.eval_in(V(c.0, self.call(c).callee), frames).iter() {
                let Thing::Function(f, _) = known.thing else { continue };
                let inner = frames.with(f, c);
                for &value in self.function(f).yields.iter().take(MOST_COLLECTIONS) {
                    values.extend(self.step_all(&self.eval_in(V(f.0, value), &inner), V(f.0, value)));
                }
            }
        }
        if values.len() == before {
            values.push(Known::unknown(Unknown::Other(v), Some(v)));
        }
    }

    /// The object of a call of one of these methods.
    fn receiver_of(&self, call: V, methods: &[&str]) -> Option<V> {
        let Value::Call(id) = self.value(call) else { return None };
        let callee = V(call.0, self.call(C(call.0, id)).callee);
        let Value::Member(object, name) = self.value(callee) else { return None };
        methods.contains(&self.str(call.0, name)).then_some(V(call.0, object))
    }

    /// The keys of a map or an object, as far as they are texts.
    pub(super) fn keys_of(&self, collection: V, v: V, frames: &Frames) -> Vec<Known> {
        let mut keys = Vec::new();
        for known in self.eval_in(collection, frames).iter() {
            match &known.thing {
                Thing::Object(object) => {
                    let of_object = self.keys(object).into_iter().take(MOST_ELEMENTS);
                    keys.extend(of_object.map(|key| Known::new(Thing::Text(key), v, Certainty::Firm)));
                }
                Thing::Result(path, c) if &**path == "new Map" => {
                    let entries = self.argument(*c, 0).filter(|_| self.holding.borrow().len() < MOST_NESTED);
                    if let Some(entries) = entries.filter(|entries| !self.holding.borrow().contains(entries)) {
                        self.holding.borrow_mut().push(entries);
                        let pairs: Values = Rc::from(self.element_of(entries, v, frames));
                        keys.extend(self.member_of(&pairs, "0", v).iter().cloned());
                        self.holding.borrow_mut().pop();
                    }
                }
                _ => {}
            }
        }
        if keys.is_empty() {
            keys.push(Known::unknown(Unknown::Member(v), Some(v)));
        }
        keys
    }

    /// What a map or an object holds behind any of its keys.
    pub(super) fn held_by(&self, collection: V, key: Option<&str>, v: V, frames: &Frames) -> Vec<Known> {
        // `map = new Map(map)` holds what it held.
        let is_open = self.holding.borrow().contains(&collection) || self.holding.borrow().len() >= MOST_NESTED;
        if is_open {
            return vec![Known::unknown(Unknown::Limit, Some(v))];
        }
        self.holding.borrow_mut().push(collection);
        let values = self.held_by_each(collection, key, v, frames);
        self.holding.borrow_mut().pop();
        values
    }

    fn held_by_each(&self, collection: V, key: Option<&str>, v: V, frames: &Frames) -> Vec<Known> {
        let mut values = Vec::new();
        for known in self.eval_in(collection, frames).iter() {
            match &known.thing {
                Thing::Object(object) => self.held_by_object(object, v, &mut values, &mut Vec::new()),
                Thing::Result(path, c) if &**path == "new Map" => {
                    if let Some(entries) = self.argument(*c, 0) {
                        let pairs: Values = Rc::from(self.element_of(entries, v, frames));
                        values.extend(self.member_of(&pairs, "1", v).iter().cloned());
                    }
                }
                Thing::Array(..) => {
                    values.extend(self.element_of(collection, v, frames));
                    continue;
                }
                Thing::Namespace(unit) => self.held_by_module(*unit, v, &mut values),
                _ => {
                    values.push(Known::unknown(Unknown::Member(v), Some(v)));
                    continue;
                }
            }
            self.added(collection, &known.thing, key, &mut values);
        }
        values.truncate(MOST_ELEMENTS);
        values
    }

    /// `spread` are the literals that were looked into: each is once, for what is put together from itself spreads it over and over.
    pub(super) fn held_by_object(&self, object: &Object, v: V, values: &mut Vec<Known>, spread: &mut Vec<V>) {
        let Object::Literal(literal, frames) = object else {
            for key in self.keys(object).iter().take(MOST_ELEMENTS) {
                values.extend(self.property(object, key, None).values.into_iter().map(|placed| placed.known));
            }
            return;
        };
        let Value::Object(list) = self.value(*literal) else { return };
        if spread.contains(literal) || spread.len() >= MOST_ELEMENTS || !self.may_go_on() {
            return;
        }
        spread.push(*literal);
        for property in self.summary(literal.0).properties(list).iter().take(MOST_ELEMENTS) {
            let value = V(literal.0, property.value);
            let inner = self.eval_in(value, frames);
            match (property.key, property.slot) {
                (Key::Spread, _) => {
                    for known in inner.iter() {
                        match &known.thing {
                            Thing::Object(object) => self.held_by_object(object, v, values, spread),
                            Thing::Namespace(unit) => self.held_by_module(*unit, v, values),
                            _ => values.push(Known::unknown(Unknown::Member(v), Some(v))),
                        }
                    }
                }
                (_, Slot::Value) => values.extend(self.step_all(&inner, value)),
                _ => values.push(Known::unknown(Unknown::Member(v), Some(v))),
            }
        }
    }

    /// `import * as handlers from './handlers'`.
    pub(super) fn held_by_module(&self, unit: super::UnitId, v: V, values: &mut Vec<Known>) {
        for name in self.exported_names(unit).into_iter().take(MOST_ELEMENTS) {
            match self.exported(unit, &name) {
                Some(found) => values.extend(found.iter().cloned()),
                None => values.push(Known::unknown(Unknown::Member(v), Some(v))),
            }
        }
    }

    /// What is put into a collection after it was made, under this key where one is named: `list.push(x)`, `map.set(key, x)`,
    /// `object[key] = x`.
    fn added(&self, collection: V, thing: &Thing, key: Option<&str>, values: &mut Vec<Known>) {
        for addition in self.added_here(collection, thing).iter().filter(|addition| self.may_be_under(addition, key)) {
            let value = addition.value;
            if addition.spread {
                values.push(Known::unknown(Unknown::Other(value), Some(value)));
            } else {
                values.extend(self.put_in(value));
            }
        }
    }

    /// What a value that is put into a collection can be. Of a function that registers what it is given all calls count, however many.
    fn put_in(&self, value: V) -> Vec<Known> {
        if let Value::Parameter(function, index) = self.value(self.behind(value)) {
            let f = F(value.0, function);
            let calls = self.registrations(f);
            if calls.len() > self.callers(f).len() {
                let handed = calls.iter().take(MOST_ELEMENTS).filter_map(|c| self.argument(*c, index as usize));
                return handed.flat_map(|handed| self.step_all(&self.eval(handed), handed)).collect();
            }
        }
        self.step_all(&self.eval(value), value)
    }

    /// Values that are put into the collections that a value can be, under this key where one is named: `list.push(x)`,
    /// `map.set(key, x)`, `object[key] = x`.
    pub fn put_into(&self, collection: V, key: Option<&str>) -> Vec<V> {
        let mut values: Vec<V> = self.put_under_keys(collection, key).into_iter().map(|(value, _)| value).collect();
        values.dedup();
        values
    }

    /// As [`Program::put_into`], each with the key that it is put under, where that is a value.
    pub fn put_under_keys(&self, collection: V, key: Option<&str>) -> Vec<(V, Option<V>)> {
        let mut values = Vec::new();
        for known in self.eval(collection).iter() {
            let added = self.added_here(collection, &known.thing);
            let added = added.iter().filter(|addition| self.may_be_under(addition, key));
            values.extend(added.map(|addition| match addition.key {
                Under::Value(key) => (addition.value, Some(key)),
                Under::Any | Under::Name(..) => (addition.value, None),
            }));
        }
        values.dedup();
        values
    }

    /// Whether what was put into a collection can be what is asked for by a key. Stores of settings take a key apart at its dots:
    /// `store.set('window.size', size)` is a part of `store.get('window')`.
    fn may_be_under(&self, addition: &Addition, asked: Option<&str>) -> bool {
        let Some(asked) = asked else { return true };
        let holds = |whole: &str, part: &str| part.strip_prefix(whole).is_some_and(|rest| rest.starts_with('.'));
        let is_it = |key: &str| key == asked || holds(key, asked) || holds(asked, key);
        match addition.key {
            Under::Any => true,
            Under::Name(unit, name) => is_it(self.str(unit, name)),
            Under::Value(key) => {
                let values = self.eval(key);
                values.is_empty() || values.iter().any(|known| known.text().is_none_or(is_it))
            }
        }
    }

    /// What is put behind the elements of a list, one by one; `None` where something is put elsewhere in it, or is not one element.
    pub(super) fn put_behind(&self, list: V, thing: &Thing) -> Option<Vec<V>> {
        let added = self.added_here(list, thing);
        added.iter().map(|addition| (addition.is_last && !addition.spread).then_some(addition.value)).collect()
    }

    fn added_here(&self, collection: V, thing: &Thing) -> Rc<[Addition]> {
        let nothing = || Rc::from([]);
        let Some(place) = place(thing) else { return nothing() };
        let name = final_name(self.summary(collection.0), collection.1).map(|name| self.str(collection.0, name));
        let key = (name.map(Rc::from), place);
        let known = self.added.borrow().get(&key).cloned();
        match known {
            Some(Some(known)) => return known,
            // Asked again while it is being found, there is no answer yet.
            Some(None) => {
                self.hit.set(0);
                return nothing();
            }
            None => {}
        }
        self.added.borrow_mut().insert(key.clone(), None);
        let (found, is_sure) = self.surely(|| self.find_added(name, place));
        let found: Rc<[Addition]> = Rc::from(found);
        if is_sure || self.depth.get() == 0 {
            self.added.borrow_mut().insert(key, Some(found.clone()));
        } else {
            self.added.borrow_mut().remove(&key);
        }
        found
    }

    /// What is added to a collection that is made here: under the name that it is asked for by, and those that it was first kept
    /// under, for what hands it over may call it otherwise.
    fn find_added(&self, name: Option<&str>, made: Place) -> Vec<Addition> {
        let mut added = Vec::new();
        let is_it = |object: V| self.eval(object).iter().any(|known| place(&known.thing) == Some(made));
        let mut names: Vec<Rc<str>> = name.map_or_else(Vec::new, |name| self.names_of(name).to_vec());
        for first in self.first_names(made) {
            for alias in self.names_of(first).iter() {
                if !names.contains(alias) {
                    names.push(alias.clone());
                }
            }
        }
        for name in &names {
            let calls = self.under(&self.additions.calls, name);
            for &(c, from) in calls.iter().take(MOST_ADDITIONS) {
                let Value::Member(object, _) = self.value(V(c.0, self.call(c).callee)) else { continue };
                if is_it(V(c.0, object)) {
                    self.add_arguments(c, from, &mut added);
                }
            }
            let writes = self.under(&self.additions.writes, name);
            for &(unit, index) in writes.iter().take(MOST_ADDITIONS) {
                let write = self.summary(unit).writes[index as usize];
                if let Some(value) = write.value.filter(|_| is_it(V(unit, write.object))) {
                    let key = match write.key {
                        Key::Computed(key) => Under::Value(V(unit, key)),
                        _ => Under::Any,
                    };
                    added.push(Addition { value: V(unit, value), spread: false, key, is_last: false });
                }
            }
        }
        added.truncate(MOST_ELEMENTS);
        added
    }

    /// The names under which the script that makes a collection keeps it: of variables, fields and properties.
    fn first_names(&self, made: Place) -> Vec<&str> {
        let (unit, made) = match made {
            Place::Literal(v) => (v.0, Made::Literal(v.1)),
            Place::Call(c) => (c.0, Made::Call(c.1)),
            Place::Store(_) => return Vec::new(),
        };
        let known = self.first_names.borrow().get(&unit).cloned();
        let names = known.unwrap_or_else(|| {
            let found = Rc::new(names_of_collections(self.summary(unit)));
            self.first_names.borrow_mut().insert(unit, found.clone());
            found
        });
        names.get(&made).into_iter().flatten().map(|name| self.str(unit, *name)).collect()
    }

    fn add_arguments(&self, c: C, from: usize, added: &mut Vec<Addition>) {
        let items = self.arguments(c);
        let summary = self.summary(c.0);
        match items {
            // `store.set({ size })`.
            [only] if from > 0 => match summary.value(only.value) {
                Value::Object(list) => {
                    added.extend(summary.properties(list).iter().take(MOST_ELEMENTS).map(|property| {
                        let key = match property.key {
                            Key::Name(name) => Under::Name(c.0, name),
                            _ => Under::Any,
                        };
                        Addition {
                            value: V(c.0, property.value),
                            spread: property.key == Key::Spread,
                            key,
                            is_last: false,
                        }
                    }))
                }
                _ => added.push(Addition { value: V(c.0, only.value), spread: true, key: Under::Any, is_last: false }),
            },
            _ => {
                let key = self.argument(c, 0).filter(|_| from > 0).map_or(Under::Any, Under::Value);
                let method = final_name(summary, self.call(c).callee).map(|method| summary.str(method));
                let is_last = method == Some("push");
                let items = items.iter().skip(from).take(MOST_COLLECTIONS);
                added.extend(items.map(|item| Addition {
                    value: V(c.0, item.value),
                    spread: item.spread,
                    key,
                    is_last,
                }));
            }
        }
    }

    /// What a method of a collection gives: `map.get(key)`, `list.find(…)`; `None` for what is none.
    pub(super) fn taken_out(&self, object: V, method: &str, v: V, frames: &Frames) -> Option<Vec<Known>> {
        let held = self.eval_in(object, frames);
        let is = |what: fn(&Thing) -> bool| held.iter().any(|known| what(&known.thing));
        let is_map = is(|thing| matches!(thing, Thing::Result(path, _) if &**path == "new Map"));
        let is_list = is(|thing| matches!(thing, Thing::Array(..)));
        let mut values = match method {
            "get" if is_map => {
                let key = match self.value(v) {
                    Value::Call(call) => self.argument(C(v.0, call), 0),
                    _ => None,
                };
                let keys = key.map(|key| self.eval_in(key, frames));
                let key = keys.as_deref().and_then(|keys| match keys {
                    [only] => only.text(),
                    _ => None,
                });
                self.held_by(object, key, v, frames)
            }
            "find" | "findLast" | "at" | "pop" | "shift" if is_list => self.element_of(object, v, frames),
            _ => return None,
        };
        // What nothing is seen to be put into is filled out of sight.
        if values.is_empty() {
            return None;
        }
        values.push(Known::new(Thing::Undefined, v, Certainty::Firm));
        Some(values)
    }

    /// Writes to a computed key of an object of this name: `process.env[NAME] = value`.
    pub fn computed_writes(&self, object: &str) -> &[(super::UnitId, u32)] {
        self.under(&self.additions.writes, object)
    }

    fn step_all(&self, values: &Values, v: V) -> Vec<Known> {
        let span = self.span(v);
        values.iter().cloned().map(|known| known.via(span)).collect()
    }
}

/// What is put into collections, by the name that they are asked for by and their place.
///
/// Nothing is known of one that is being looked at.
pub(super) type Added = rustc_hash::FxHashMap<(Option<Rc<str>>, Place), Option<Rc<[Addition]>>>;

/// The names under which the collections of one script are kept where they are made.
pub(super) type FirstNames = rustc_hash::FxHashMap<Made, Vec<Name>>;

/// What makes a collection, in its script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Made {
    Literal(ValueId),
    Call(CallId),
}

fn names_of_collections(summary: &Summary) -> FirstNames {
    let mut found = FirstNames::default();
    let of_variables =
        summary.bindings.iter().flat_map(|binding| binding.writes.iter().map(|write| (binding.name, write.value)));
    let of_properties = summary.properties.iter().map(|property| (property.key, Some(property.value)));
    let written = summary.writes.iter().map(|write| (write.key, write.value));
    let of_classes = summary.classes.iter().flat_map(|class| &class.members).map(|member| (member.key, member.value));
    let keyed = of_properties.chain(written).chain(of_classes).filter_map(|(key, value)| match key {
        Key::Name(name) => Some((name, value?)),
        _ => None,
    });
    for (name, value) in of_variables.chain(keyed) {
        let made = match summary.value(value) {
            Value::Array(_) | Value::Object(_) => Made::Literal(value),
            Value::Call(call) => Made::Call(call),
            _ => continue,
        };
        let names = found.entry(made).or_default();
        if names.len() < MOST_FIRST_NAMES && !names.contains(&name) {
            names.push(name);
        }
    }
    found
}

/// Something that is put into a collection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Addition {
    value: V,
    /// Its elements are, not it.
    spread: bool,
    key: Under,
    /// It is put behind what the list holds.
    is_last: bool,
}

/// The key under which something is put into a collection.
#[derive(Clone, Copy, Debug)]
enum Under {
    /// Nobody knows, or there are none.
    Any,
    Value(V),
    Name(super::UnitId, Name),
}

/// Where a collection is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// A literal.
    Literal(V),
    /// A call.
    Call(C),
    /// One of [`STORES`].
    Store(usize),
}

fn place(thing: &Thing) -> Option<Place> {
    match thing {
        Thing::Array(v, _) | Thing::Object(Object::Literal(v, _)) => Some(Place::Literal(*v)),
        Thing::Result(_, c) => Some(Place::Call(*c)),
        Thing::Api(path) => STORES.iter().position(|store| *store == &**path).map(Place::Store),
        _ => None,
    }
}

/// Calls and writes that put something into a collection, by the collection's name.
#[derive(Debug, Default)]
pub(super) struct AddedByName {
    calls: ByName<(C, usize)>,
    writes: ByName<(super::UnitId, u32)>,
}

/// As [`AddedByName`], while it is collected.
#[derive(Default)]
pub(super) struct Additions {
    calls: Vec<(Word, (C, usize))>,
    writes: Vec<(Word, (super::UnitId, u32))>,
}

impl Additions {
    /// Adds those of one script.
    pub(super) fn collect(&mut self, unit: super::UnitId, summary: &Summary, shared: &mut Shared) {
        for (index, call) in summary.calls.iter().enumerate() {
            let Value::Member(object, method) = summary.value(call.callee) else { continue };
            let method = summary.str(method);
            if let Some((_, from)) = ADDING.iter().find(|(name, _)| *name == method)
                && let Some(name) = final_name(summary, object)
            {
                let c = C(unit, CallId(index as u32));
                self.calls.push((shared.word(name), (c, *from)));
            }
        }
        for (index, write) in summary.writes.iter().enumerate() {
            if matches!(write.key, Key::Computed(_))
                && let Some(name) = final_name(summary, write.object)
            {
                self.writes.push((shared.word(name), (unit, index as u32)));
            }
        }
    }

    pub(super) fn by_name(self, words: &Words) -> AddedByName {
        AddedByName { calls: ByName::new(words, self.calls), writes: ByName::new(words, self.writes) }
    }
}
