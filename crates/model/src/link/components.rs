//! What describes a component of Vue: the object or the class that its file exports.
//!
//! <https://vuejs.org/api/#options-api>, <https://class-component.vuejs.org>

use super::things::*;
use super::{C, F, Program, UnitId, V};
use crate::summary::*;

/// Properties of one object that are looked at.
const MOST_PROPERTIES: usize = 256;

/// Writes to one field that are looked at.
const MOST_WRITES: usize = 32;

/// Writes to properties of one name, and plugins, among which what all components have is looked for.
const MOST_GIVEN_TO_ALL: usize = 64;

/// What describes a component.
#[derive(Clone, Copy)]
pub(crate) enum Description {
    /// `export default { … }`, `export default defineComponent({ … })`.
    Options(List),
    /// `export default class extends Vue { … }`.
    Class(ClassId),
}

impl Program<'_> {
    /// Whether a script is one of a component of Vue.
    pub(crate) fn is_vue(&self, unit: UnitId) -> bool {
        self.sources.file(self.file(unit)).path.ends_with(".vue")
    }

    /// What describes the component of a file.
    pub(crate) fn description(&self, unit: UnitId) -> Option<Description> {
        let summary = self.summary(unit);
        let exported = summary.exports.iter().find_map(|export| match *export {
            Export::Named(name, value) if summary.str(name) == "default" => Some(value),
            Export::Whole(value) => Some(value),
            _ => None,
        })?;
        let object = match summary.value(summary.behind(exported)) {
            Value::Call(call) => summary.behind(self.argument(C(unit, call), 0)?.1),
            _ => summary.behind(exported),
        };
        match summary.value(object) {
            Value::Object(list) => Some(Description::Options(list)),
            Value::Class(class) => Some(Description::Class(class)),
            _ => None,
        }
    }

    /// An option of a component: `computed`, `methods`.
    pub(crate) fn option(&self, unit: UnitId, name: &str) -> Option<V> {
        match self.description(unit)? {
            Description::Options(list) => self.entry(unit, list, name).map(|value| self.behind(V(unit, value))),
            Description::Class(_) => None,
        }
    }

    /// What an option of a component holds under a name.
    pub(crate) fn in_option(&self, unit: UnitId, option: &str, name: &str) -> Option<V> {
        let option = self.option(unit, option)?;
        let Value::Object(list) = self.value(option) else { return None };
        self.entry(unit, list, name).map(|value| V(unit, value))
    }

    /// What the function of an option returns under a name: `data() { return { name } }`, `setup() { return { name } }`.
    pub(crate) fn returned_by_option(&self, unit: UnitId, option: &str, name: &str) -> Option<V> {
        let Value::Function(function) = self.value(self.option(unit, option)?) else { return None };
        self.function(F(unit, function)).exits.iter().find_map(|exit| {
            let Value::Object(list) = self.value(self.behind(V(unit, exit.value?))) else { return None };
            self.entry(unit, list, name).map(|value| V(unit, value))
        })
    }

    /// A property of an object literal.
    pub(crate) fn entry(&self, unit: UnitId, list: List, key: &str) -> Option<ValueId> {
        let summary = self.summary(unit);
        let is = |name: Key| matches!(name, Key::Name(name) if summary.str(name) == key);
        let mut properties = summary.properties(list).iter().take(MOST_PROPERTIES);
        properties.find(|property| is(property.key)).map(|property| property.value)
    }

    /// What a function is called with when it changes, as a path from the component: `watch: { 'post.text'(text) { … } }`.
    pub(crate) fn watched_by(&self, f: F) -> Option<&str> {
        let unit = f.0;
        let Value::Object(list) = self.value(self.is_vue(unit).then(|| self.option(unit, "watch"))??) else {
            return None;
        };
        let is_it = |value: ValueId| match self.value(V(unit, value)) {
            Value::Function(function) => function == f.1,
            Value::Object(list) => {
                let handler = self.entry(unit, list, "handler").map(|handler| self.value(V(unit, handler)));
                handler == Some(Value::Function(f.1))
            }
            _ => false,
        };
        self.summary(unit).properties(list).iter().take(MOST_PROPERTIES).find_map(|property| match property.key {
            Key::Name(name) if is_it(property.value) => Some(self.str(unit, name)),
            _ => None,
        })
    }

    /// What `this.name` is in a component, and `name` in its template.
    pub(super) fn member_of_component(&self, object: V, name: &str, v: V) -> Option<Vec<Known>> {
        let unit = object.0;
        // `const self = this`, before a function with a `this` of its own.
        let Value::This(function) = self.is_vue(unit).then(|| self.value(self.behind(object)))? else { return None };
        if self.summary(unit).function(function).class.is_some() {
            return None;
        }
        let description = self.description(unit)?;
        let method = match description {
            Description::Class(class) => {
                let is = |key: Key| matches!(key, Key::Name(key) if self.str(unit, key) == name);
                let members = self.summary(unit).classes.get(class.index())?.members.iter();
                let mut methods = members.filter(|member| member.slot == Slot::Value && !member.is_static);
                Some(V(unit, methods.find(|member| is(member.key))?.value?))
            }
            Description::Options(_) => {
                self.in_option(unit, "methods", name).or_else(|| self.returned_by_option(unit, "setup", name))
            }
        };
        if let Some(method) = method {
            let values = self.eval(method);
            if values.iter().all(|known| matches!(known.thing, Thing::Function(..))) {
                return Some(self.step(&values, method));
            }
        }
        let given = match self.returned_by_option(unit, "data", name) {
            Some(_) => Vec::new(),
            None => self.given_to_all(name, v),
        };
        if !given.is_empty() {
            return Some(given);
        }
        match description {
            Description::Options(_) => Some(self.field_of_component(unit, name, v)),
            Description::Class(_) => None,
        }
    }

    /// What all components have by this name: `Vue.prototype.$http = axios`, `app.config.globalProperties.$http = axios`,
    /// `app.use(VueAxios, axios)`: <https://vuejs.org/api/application.html#app-config-globalproperties>,
    /// <https://github.com/imcvampire/vue-axios#usage>.
    pub(super) fn given_to_all(&self, name: &str, v: V) -> Vec<Known> {
        let mut values = Vec::new();
        if self.writes_to(name).len() > MOST_GIVEN_TO_ALL {
            return values;
        }
        for (unit, write) in self.written_to(name) {
            let (Value::Member(of, all), Some(value)) = (self.value(V(unit, write.object)), write.value) else {
                continue;
            };
            let is_vue = |known: &Known| matches!(&known.thing, Thing::Api(path) if is_vue(path));
            let is_of_all = match self.str(unit, all) {
                "globalProperties" => true,
                "prototype" => self.eval(V(unit, of)).iter().any(is_vue),
                _ => false,
            };
            if is_of_all && value != v.1 {
                values.extend(self.step(&self.eval(V(unit, value)), V(unit, value)));
            }
        }
        if values.is_empty() && matches!(name, "$http" | "axios") {
            let is_plugin =
                |known: &Known| matches!(&known.thing, Thing::Api(path) if CLIENTS_OF_VUE.contains(&&**path));
            let mut plugins = self.calls_named("use").iter().take(MOST_GIVEN_TO_ALL);
            if plugins.any(|c| self.argument(*c, 0).is_some_and(|plugin| self.eval(plugin).iter().any(is_plugin))) {
                values.push(Known::new(Thing::Api("axios".into()), v, Certainty::Firm));
            }
        }
        values
    }

    /// What is spread over what the function of an option returns: `setup() { return { ...toRefs(state) } }`.
    pub(crate) fn spread_by_option(&self, unit: UnitId, option: &str) -> Vec<V> {
        let Some(Value::Function(function)) = self.option(unit, option).map(|option| self.value(option)) else {
            return Vec::new();
        };
        let exits = self.function(F(unit, function)).exits.iter().filter_map(|exit| exit.value);
        let objects = exits.filter_map(|value| match self.value(self.behind(V(unit, value))) {
            Value::Object(list) => Some(self.summary(unit).properties(list).iter().take(MOST_PROPERTIES)),
            _ => None,
        });
        let spread = objects.flatten().filter(|property| property.key == Key::Spread);
        spread.map(|property| V(unit, property.value)).collect()
    }

    /// What a field is at first, and what the functions of its component write there.
    fn field_of_component(&self, unit: UnitId, name: &str, v: V) -> Vec<Known> {
        let of_this = |write: &Write| matches!(self.value(self.behind(V(unit, write.object))), Value::This(_));
        let first = self.returned_by_option(unit, "data", name);
        let writes = self.written_in(unit, name).filter(of_this);
        let written = writes.take(MOST_WRITES).filter_map(|write| Some(V(unit, write.value?)));
        let mut values = Vec::new();
        for value in first.into_iter().chain(written).filter(|value| *value != v) {
            values.extend(self.step(&self.eval(value), value));
        }
        if values.len() > 1 {
            values.retain(|known| !matches!(known.thing, Thing::Null | Thing::Undefined));
        }
        // What else may be put there, or into it, is not seen: elements of the component hand over what it does not name as data.
        let is_plain = |known: &Known| {
            matches!(known.thing, Thing::Null | Thing::Undefined | Thing::Bool(_) | Thing::Number(_) | Thing::Text(_))
        };
        if first.is_none() || !values.iter().all(is_plain) {
            values.push(Known::unknown(Unknown::Member(v), Some(v)));
        }
        values
    }
}

/// Plugins of Vue by which each component has a client for requests: <https://github.com/pagekit/vue-resource>.
const CLIENTS_OF_VUE: [&str; 4] = ["vue-axios", "vue-axios.default", "vue-resource", "vue-resource.default"];

fn is_vue(path: &str) -> bool {
    matches!(path, "vue" | "vue.default" | "vue.Vue" | "Vue" | "window.Vue")
}
