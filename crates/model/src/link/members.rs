//! What a property of something is.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::development::{is_development, is_production};
use super::evaluate::MOST_VALUES;
use super::things::*;
use super::variables::PLATFORM;
use super::{C, F, K, Program, UnitId, V, electron};
use crate::summary::*;

/// What is false in a development build: <https://www.electronjs.org/docs/latest/api/app#appispackaged-readonly>.
const PACKAGED: &str = "isPackaged";

/// Members of heirs that one abstract class is asked for.
const MOST_HEIRS: usize = 64;

/// Superclasses that are followed in a row.
const MOST_SUPERCLASSES: u32 = 8;

/// Classes that are asked for one member: a class may extend one of several.
const MOST_CLASSES: usize = 32;

/// Writes to one property of the global object that are looked at.
const MOST_GLOBAL_WRITES: usize = 64;

impl Program<'_> {
    /// A path one member longer.
    pub(super) fn api_member(&self, path: &str, name: &str) -> Thing {
        let longer = match path {
            "electron" | "@electron/remote" | "remote" => {
                if name == "default" || (name == "remote" && path == "electron") {
                    return Thing::Api(Rc::from(if name == "remote" { "remote" } else { path }));
                }
                if path == "electron" { name.to_owned() } else { format!("{path}.{name}") }
            }
            "electron.default" => name.to_owned(),
            "window" | "globalThis" | "self" | "global"
                if matches!(
                    name,
                    "process" | "document" | "window" | "location" | "navigator" | "fetch" | "globalThis" | "eval"
                ) =>
            {
                name.to_owned()
            }
            "fs/promises" => format!("fs.promises.{name}"),
            "fs" if name == "default" => path.to_owned(),
            _ => self.method_of_ipc(path, name).unwrap_or_else(|| format!("{path}.{name}")),
        };
        if name == PACKAGED || is_production(&longer) {
            return Thing::Development(false);
        }
        if is_development(&longer) {
            return Thing::Development(true);
        }
        // A static member of a class of the app's that extends an API is the API's.
        let short =
            longer.strip_prefix("@electron/remote.").or_else(|| longer.strip_prefix("remote.")).unwrap_or(&longer);
        if let Some((class, origin)) = electron::property(short) {
            return Thing::Host(Host { class, origin });
        }
        Thing::Api(Rc::from(longer))
    }

    /// `object.name`.
    pub(super) fn member(&self, object: V, name: &str, v: V, frames: &Frames) -> Vec<Known> {
        if let Some(values) = self.member_of_component(object, name, v) {
            return values;
        }
        let objects = self.eval_in(object, frames);
        let values = self.member_of(&objects, name, v);
        // The app, handed on by what could not be followed: nothing else has a property of this name.
        if name == PACKAGED && values.iter().all(Known::is_unknown) {
            return vec![Known::new(Thing::Development(false), v, Certainty::Firm)];
        }
        values.to_vec()
    }

    /// `object[index]`.
    pub(super) fn indexed(&self, object: V, index: V, v: V, frames: &Frames) -> Vec<Known> {
        let indices = self.eval_in(index, frames);
        if let [only] = indices.as_ref() {
            match &only.thing {
                Thing::Text(text) => {
                    let mut values = self.member(object, text, v, frames);
                    // `table[name] = value`, where the name is the same only when it runs.
                    if values.iter().all(|known| matches!(known.thing, Thing::Null | Thing::Undefined | Thing::Text(_)))
                    {
                        for (value, key) in self.put_under_keys(object, Some(text)) {
                            let outside = Frames::default();
                            let (ways, is_open) = match key {
                                Some(key) => self.ways_under_key(key, text, &outside),
                                None => (vec![outside], false),
                            };
                            let put = ways.iter().flat_map(|frames| self.eval_in(value, frames).to_vec());
                            values.extend(put.map(|known| known.at_most(Certainty::Firm)));
                            if is_open {
                                values.push(Known::unknown(Unknown::Member(v), Some(v)));
                            }
                        }
                    }
                    return values;
                }
                Thing::Number(number) => return self.member(object, &number.to_string(), v, frames),
                _ => {}
            }
        }
        if let Some(values) = self.under_environment(object, index, v, frames) {
            return values;
        }
        // A table under an unknown key: any of what it holds, or nothing.
        let held = self.eval_in(object, frames);
        let is_table = |known: &Known| {
            matches!(known.thing, Thing::Object(Object::Literal(..) | Object::Merged(..)) | Thing::Array(..))
        };
        // `api[module][name]`: nothing is read from nothing.
        let is_nothing = |known: &Known| matches!(known.thing, Thing::Undefined | Thing::Null);
        if !held.iter().all(|known| is_table(known) || is_nothing(known)) || held.iter().all(is_nothing) {
            return vec![Known::unknown(Unknown::Member(v), Some(v))];
        }
        let mut values = self.held_by(object, None, v, frames);
        values.push(Known::new(Thing::Undefined, v, Certainty::Firm));
        values
    }

    /// A member of each of several things.
    pub(crate) fn member_of(&self, objects: &Values, name: &str, v: V) -> Values {
        let mut values = Vec::new();
        for known in objects.iter() {
            let mut found = self.member_of_one(known, name, v);
            // Nothing is read from nothing: the other alternatives are meant.
            if matches!(known.thing, Thing::Null | Thing::Undefined) && objects.len() > 1 {
                continue;
            }
            for value in &mut found {
                value.certainty = value.certainty.min(known.certainty);
                value.development = value.development.or(known.development);
                if value.trail.is_empty() {
                    value.trail = known.trail.clone();
                }
            }
            values.extend(found);
            if values.len() >= MOST_VALUES {
                values.push(Known::unknown(Unknown::Limit, Some(v)));
                break;
            }
        }
        if values.is_empty() {
            values.push(Known::unknown(Unknown::Member(v), Some(v)));
        }
        Rc::from(values)
    }

    fn member_of_one(&self, known: &Known, name: &str, v: V) -> Vec<Known> {
        let one = |thing| vec![Known::new(thing, v, Certainty::Certain)];
        match &known.thing {
            Thing::Api(path) => {
                // `global.mainWindow = …`, `app.mainWindow = …`: what the app itself keeps there.
                let kept = self.kept_globally(path, name, v);
                if kept.is_empty() { one(self.api_member(path, name)) } else { kept }
            }
            Thing::Development(_) if matches!(name, "default" | "isDev") => vec![known.clone()],
            Thing::Host(host) => self.host_member(host, name, v),
            Thing::Packed(module) => self.of_packed(*module, name, v),
            Thing::Namespace(unit) => match self.exported(*unit, name) {
                Some(values) => values.to_vec(),
                None => self.namespace_member(*unit, name, v),
            },
            Thing::Object(object) => {
                let found = self.property(object, name, None);
                let mut values: Vec<Known> = found.values.iter().map(|value| value.known.clone()).collect();
                if found.unknown {
                    values.push(Known::unknown(Unknown::Member(v), Some(v)));
                }
                if found.may_be_absent && !found.unknown {
                    values.push(Known::new(Thing::Undefined, v, Certainty::Firm));
                }
                values
            }
            Thing::Array(array, frames) => {
                let Value::Array(list) = self.value(*array) else { return one(Thing::Unknown(Unknown::Member(v))) };
                let items = self.summary(array.0).items(list);
                match name.parse::<usize>() {
                    Ok(index) if items.iter().take(index + 1).all(|item| !item.spread) => match items.get(index) {
                        Some(item) => {
                            let element = V(array.0, item.value);
                            self.eval_in(element, frames)
                                .iter()
                                .cloned()
                                .map(|known| known.via(self.span(element)))
                                .collect()
                        }
                        None => one(Thing::Undefined),
                    },
                    _ => one(Thing::Unknown(Unknown::Member(v))),
                }
            }
            Thing::Entry(of, frames) => match name {
                "0" => self.keys_of(*of, v, frames),
                "1" => self.held_by(*of, None, v, frames),
                _ => vec![Known::unknown(Unknown::Member(v), Some(v))],
            },
            Thing::Instance(class, maker) => {
                let made = maker.map_or_else(Frames::default, |maker| self.making(*class, maker));
                self.instance_member(*class, (name, *maker, &made), v, &mut Vec::new())
            }
            Thing::Class(class) => self.static_member(*class, name, v, &mut Vec::new()),
            Thing::Function(function, _) => match name {
                "call" | "apply" | "bind" => vec![known.clone()],
                _ => self.written(v, name, &Frames::default(), |program, object| {
                    program
                        .eval(object)
                        .iter()
                        .any(|known| matches!(known.thing, Thing::Function(found, _) if found == *function))
                }),
            },
            // The text of a file's URL says as much as the URL.
            // The text of an address says what the address says.
            Thing::Result(path, _)
                if matches!(&**path, "url.pathToFileURL" | "new URL" | "new url.URL") && name == "href" =>
            {
                one(known.thing.clone())
            }
            // The ends of a channel.
            Thing::Result(path, c) if &**path == "new MessageChannelMain" && matches!(name, "port1" | "port2") => {
                one(Thing::Host(Host { class: "MessagePortMain", origin: Origin::Created(*c, None) }))
            }
            Thing::Result(path, c) if electron::MENUBARS.contains(&&**path) => match name {
                "window" => one(Thing::Host(Host { class: "BrowserWindow", origin: Origin::Created(*c, None) })),
                "app" => one(Thing::Api(Rc::from("app"))),
                _ => vec![Known::unknown(Unknown::Member(v), Some(v))],
            },
            Thing::Result(path, _) => match (electron::call_element(path), name.parse::<usize>()) {
                (Some(class), Ok(_)) => one(Thing::Host(Host { class, origin: Origin::Some })),
                _ => vec![Known::unknown(Unknown::Member(v), Some(v))],
            },
            Thing::Method(host, list)
                if host.class == "IpcMainEvent" && &**list == "ports" && name.parse::<usize>().is_ok() =>
            {
                one(Thing::Host(Host { class: "MessagePortMain", origin: Origin::Some }))
            }
            Thing::Element(tag, _) if &**tag == "webview" => match electron::webview_method(name) {
                Some(_) => one(Thing::Method(Host { class: "WebviewTag", origin: Origin::Some }, Rc::from(name))),
                None => vec![Known::unknown(Unknown::Member(v), Some(v))],
            },
            _ => vec![Known::unknown(Unknown::Member(v), Some(v))],
        }
    }

    fn namespace_member(&self, unit: UnitId, name: &str, v: V) -> Vec<Known> {
        if name == "default" {
            return vec![Known::new(Thing::Namespace(unit), v, Certainty::Firm)];
        }
        vec![Known::unknown(Unknown::Member(v), Some(v))]
    }

    fn host_member(&self, host: &Host, name: &str, v: V) -> Vec<Known> {
        let thing = match electron::member(host.class, name) {
            Some(class) => {
                // Only what belongs to the same object keeps its origin.
                let origin = match (host.class, name) {
                    (_, "webContents" | "session" | "webRequest" | "protocol" | "ipc" | "mainFrame") => {
                        host.origin.clone()
                    }
                    _ => Origin::Some,
                };
                Thing::Host(Host { class, origin })
            }
            None => Thing::Method(host.clone(), Rc::from(name)),
        };
        vec![Known::new(thing, v, Certainty::Certain)]
    }

    /// A member of an instance: of one that was made by this call, through these constructors, where that is known.
    ///
    /// `asked` are the classes that were asked: each is once.
    fn instance_member(&self, class: K, of: (&str, Option<C>, &Frames), v: V, asked: &mut Vec<K>) -> Vec<Known> {
        asked.push(class);
        let (name, maker, made) = of;
        let record = &self.summary(class.0).classes[class.1.index()];
        let is = |key: Key| matches!(key, Key::Name(key) if self.str(class.0, key) == name);
        let mut values = Vec::new();
        let mut hint = None;
        for member in record.members.iter().filter(|member| !member.is_static && is(member.key)) {
            hint = hint.or(member.type_hint);
            let Some(value) = member.value else { continue };
            let value = V(class.0, value);
            match (member.slot, self.value(value)) {
                (Slot::Getter, Value::Function(getter)) => values.extend(self.getter(F(class.0, getter))),
                (Slot::Setter, _) => {}
                _ if member.is_field => {
                    values.extend(self.eval(value).iter().cloned().map(|known| known.via(self.span(value))));
                }
                _ => return self.eval(value).to_vec(),
            }
        }
        values.extend(self.written(v, name, made, |program, object| {
            program.eval(object).iter().any(|known| match known.thing {
                Thing::Instance(_, Some(other)) if maker.is_some_and(|maker| maker != other) => false,
                Thing::Instance(found, _) => found == class || program.extends(found, class),
                _ => false,
            })
        }));
        let known: Vec<Known> = values
            .iter()
            .filter(|known| !matches!(known.thing, Thing::Null | Thing::Undefined | Thing::Unknown(_)))
            .cloned()
            .collect();
        if !known.is_empty() {
            if values.iter().any(Known::is_unknown)
                && !known.iter().all(|known| matches!(known.thing, Thing::Host(_) | Thing::Function(..)))
            {
                return values;
            }
            return known;
        }
        if let Some(hinted) = hint.and_then(|hint| self.hinted(V(class.0, hint), v)) {
            return vec![hinted];
        }
        if let Some(superclass) = record.superclass
            && asked.len() < MOST_CLASSES
        {
            let superclass = V(class.0, superclass);
            let mut inherited = Vec::new();
            for known in self.eval(superclass).iter() {
                match &known.thing {
                    Thing::Class(parent) if asked.contains(parent) => {}
                    Thing::Class(parent) => inherited.extend(self.instance_member(*parent, of, v, asked)),
                    Thing::Api(path) => {
                        if let Some(host) = electron::class(path.rsplit('.').next().unwrap_or(path)) {
                            // The call of `super` makes it.
                            let made = self.own_constructor(class).and_then(|own| self.call_of_super(own));
                            let by = maker.filter(|_| asked.len() == 1);
                            let origin = made.map_or(Origin::Some, |made| Origin::Created(made, by));
                            inherited.extend(self.host_member(&Host { class: host, origin }, name, v));
                        }
                    }
                    _ => {}
                }
            }
            if inherited.iter().any(|known| !matches!(known.thing, Thing::Unknown(Unknown::Member(_)))) {
                return inherited;
            }
        }
        if values.is_empty() && self.is_vue(class.0) {
            values.extend(self.given_to_all(name, v));
        }
        // What an abstract class leaves to the classes that extend it.
        if values.is_empty() && maker.is_none() && asked.len() == 1 {
            values.extend(self.left_to_heirs(class, name));
        }
        if values.is_empty() {
            values.push(Known::unknown(Unknown::Member(v), Some(v)));
        }
        values
    }

    /// The members of a name that the heirs of a class have.
    fn left_to_heirs(&self, class: K, name: &str) -> Vec<Known> {
        let mut values = Vec::new();
        let Some(heirs) = self.members_of_heirs().get(name) else { return values };
        for &(heir, index) in heirs.iter().take(MOST_HEIRS) {
            let member = self.summary(heir.0).classes[heir.1.index()].members.get(index);
            let Some((member, value)) = member.and_then(|member| Some((member, V(heir.0, member.value?)))) else {
                continue;
            };
            self.budget.step();
            if self.budget.is_over() || !self.extends(heir, class) {
                continue;
            }
            match (member.slot, self.value(value)) {
                (Slot::Getter, Value::Function(getter)) => values.extend(self.getter(F(heir.0, getter))),
                (Slot::Setter, _) => {}
                _ => values.extend(self.eval(value).iter().cloned().map(|known| known.at_most(Certainty::Firm))),
            }
        }
        values
    }

    /// The members of classes that extend something, by their names.
    fn members_of_heirs(&self) -> &FxHashMap<String, Vec<(K, usize)>> {
        self.members_of_heirs.get_or_init(|| {
            let mut found: FxHashMap<String, Vec<(K, usize)>> = FxHashMap::default();
            for &(heir, _) in self.subclasses() {
                let members = self.summary(heir.0).classes[heir.1.index()].members.iter().enumerate();
                for (index, member) in members.filter(|(_, member)| !member.is_static) {
                    if let Key::Name(name) = member.key {
                        found.entry(self.str(heir.0, name).to_owned()).or_default().push((heir, index));
                    }
                }
            }
            found
        })
    }

    /// Whether a class descends from another.
    pub(crate) fn extends(&self, class: K, from: K) -> bool {
        let mut class = class;
        for _ in 0..MOST_SUPERCLASSES {
            let Some(superclass) = self.summary(class.0).classes[class.1.index()].superclass else { return false };
            let next = self.eval(V(class.0, superclass)).iter().find_map(|known| match known.thing {
                Thing::Class(class) => Some(class),
                _ => None,
            });
            match next {
                Some(next) if next == from => return true,
                Some(next) => class = next,
                None => return false,
            }
        }
        false
    }

    /// The class of Electron's that a class of the app's extends, at whatever distance.
    pub fn host_class(&self, class: K) -> Option<&'static str> {
        let mut class = class;
        for _ in 0..MOST_SUPERCLASSES {
            let superclass = self.summary(class.0).classes[class.1.index()].superclass?;
            let mut next = None;
            for known in self.eval(V(class.0, superclass)).iter() {
                match &known.thing {
                    Thing::Class(parent) => next = Some(*parent),
                    Thing::Api(path) => {
                        if let Some(host) = electron::class(path.rsplit('.').next().unwrap_or(path)) {
                            return Some(host);
                        }
                    }
                    _ => {}
                }
            }
            class = next?;
        }
        None
    }

    fn static_member(&self, class: K, name: &str, v: V, asked: &mut Vec<K>) -> Vec<Known> {
        asked.push(class);
        let record = &self.summary(class.0).classes[class.1.index()];
        let is = |key: Key| matches!(key, Key::Name(key) if self.str(class.0, key) == name);
        let mut values = Vec::new();
        for member in record.members.iter().filter(|member| member.is_static && is(member.key)) {
            let Some(value) = member.value else { continue };
            let value = V(class.0, value);
            match (member.slot, self.value(value)) {
                (Slot::Getter, Value::Function(getter)) => values.extend(self.getter(F(class.0, getter))),
                _ => values.extend(self.eval(value).iter().cloned().map(|known| known.via(self.span(value)))),
            }
        }
        values.extend(self.written(v, name, &Frames::default(), |program, object| {
            program.eval(object).iter().any(|known| matches!(known.thing, Thing::Class(found) if found == class))
        }));
        if values.is_empty()
            && let Some(superclass) = record.superclass
            && asked.len() < MOST_CLASSES
        {
            for known in self.eval(V(class.0, superclass)).iter() {
                match &known.thing {
                    Thing::Class(parent) if asked.contains(parent) => {}
                    Thing::Class(parent) => values.extend(self.static_member(*parent, name, v, asked)),
                    Thing::Api(path) => values.push(Known::new(self.api_member(path, name), v, Certainty::Firm)),
                    _ => {}
                }
            }
        }
        if values.is_empty() {
            values.push(Known::unknown(Unknown::Member(v), Some(v)));
        }
        values
    }

    /// What a getter returns.
    fn getter(&self, getter: F) -> Vec<Known> {
        let mut values = Vec::new();
        for exit in &self.function(getter).exits {
            if let (Some(value), false) = (exit.value, exit.throws) {
                let value = V(getter.0, value);
                values.extend(self.eval(value).iter().cloned().map(|known| known.via(self.span(value))));
            }
        }
        values
    }

    /// What the app's scripts keep in a property of the global object, or a window in one of `app` and `process`, where that is known.
    fn kept_globally(&self, path: &str, name: &str, v: V) -> Vec<Known> {
        if is_exports(path) {
            return self.kept_in_exports(name, v);
        }
        let Some(keeper) = keeper(path) else { return Vec::new() };
        if PLATFORM.contains(&name)
            || self.writes_to(name).is_empty()
            || self.writes_to(name).len() > MOST_GLOBAL_WRITES
        {
            return Vec::new();
        }
        let values = self.written_to_keeper(keeper, name, v);
        let is_host = |known: &Known| matches!(known.thing, Thing::Host(_));
        let is_text = |known: &Known| matches!(known.thing, Thing::Text(_) | Thing::Template(_));
        let is_kept = values.iter().any(is_host) || keeper == Keeper::Global && values.iter().all(is_text);
        if is_kept { values } else { Vec::new() }
    }

    fn written_to_keeper(&self, keeper: Keeper, name: &str, v: V) -> Vec<Known> {
        self.written(v, name, &Frames::default(), |program, object| {
            let is_it = |known: &Known| matches!(&known.thing, Thing::Api(path) if self::keeper(path) == Some(keeper));
            program.eval(object).iter().any(is_it)
        })
    }

    /// What scripts keep in a property of the global object, whatever it is.
    pub(super) fn global_of_main(&self, name: &str, v: V) -> Vec<Known> {
        if self.writes_to(name).len() > MOST_GLOBAL_WRITES {
            return Vec::new();
        }
        self.written_to_keeper(Keeper::Global, name, v)
    }

    /// What a script keeps in a property of what it exports, where it reads that itself: `exports.win = new BrowserWindow()`.
    fn kept_in_exports(&self, name: &str, v: V) -> Vec<Known> {
        let is_it = |known: &Known| matches!(&known.thing, Thing::Api(path) if is_exports(path));
        let mut values = Vec::new();
        let mut writes = self.written_in(v.0, name);
        for write in writes.by_ref().take(MOST_GLOBAL_WRITES) {
            let Some(value) = write.value.map(|value| V(v.0, value)).filter(|value| *value != v) else { continue };
            if self.eval(V(v.0, write.object)).iter().any(is_it) {
                values.extend(self.step(&self.eval(value), value));
            }
        }
        if values.len() > 1 {
            values.retain(|known| !matches!(known.thing, Thing::Null | Thing::Undefined));
        }
        if writes.next().is_some() { Vec::new() } else { values }
    }

    /// Everything that is written into a property of objects of which `is_it` says that they are the ones, where these calls are assumed.
    fn written(&self, v: V, name: &str, frames: &Frames, is_it: impl Fn(&Self, V) -> bool) -> Vec<Known> {
        let mut values = Vec::new();
        for (unit, write) in self.written_to(name) {
            let Some(value) = write.value else { continue };
            let value = V(unit, value);
            if values.len() >= MOST_VALUES || self.budget.is_over() {
                values.push(Known::unknown(Unknown::Limit, Some(v)));
                break;
            }
            self.budget.step();
            if value == v || !is_it(self, V(unit, write.object)) {
                continue;
            }
            let development = self.development_of(unit, write.condition, frames);
            for known in self.eval_in(value, frames).iter() {
                let mut known = known.clone().via(self.span(value));
                known.development = known.development.or(development);
                values.push(known);
            }
        }
        if values.len() > 1 {
            values.retain(|known| !matches!(known.thing, Thing::Null | Thing::Undefined));
        }
        values
    }
}

/// What there is one of in a process, in which any script may keep something for the others.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keeper {
    Global,
    App,
    Process,
}

fn keeper(path: &str) -> Option<Keeper> {
    match path {
        "global" | "globalThis" | "window" | "self" => Some(Keeper::Global),
        "app" | "remote.app" | "@electron/remote.app" => Some(Keeper::App),
        "process" => Some(Keeper::Process),
        _ => None,
    }
}

/// What a script of CommonJS exports: <https://nodejs.org/api/modules.html#exports-shortcut>.
fn is_exports(path: &str) -> bool {
    matches!(path, "exports" | "module.exports")
}
