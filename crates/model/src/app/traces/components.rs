//! What a component of Vue or Svelte holds: what its functions write and compute, and what the elements of it hand over.
//!
//! <https://vuejs.org/guide/components/props.html>, <https://svelte.dev/docs/svelte/$props>

use super::super::App;
use super::{MOST_CALLS, MOST_WRITES, State, Walk};
use crate::link::{C, Description, F, UnitId, V};
use crate::summary::{BindingId, CallId, Export, Key, Slot, Value};

impl<'s> Walk<'_, '_> {
    /// Looks at what is kept under a name in a component of Vue or Svelte.
    pub(super) fn held_by_component(&mut self, v: V, state: State<'s>) {
        let app = self.app;
        let summary = app.program.summary(v.0);
        match summary.value(v.1) {
            Value::Member(object, name) if app.program.is_vue(v.0) => {
                let name = summary.str(name);
                match summary.value(summary.behind(object)) {
                    Value::This(_) => self.member_of_component(v.0, name, state),
                    _ if self.is_properties(V(v.0, object)) => self.given_by_elements(v.0, name, state),
                    _ => {}
                }
            }
            Value::Member(object, name) if is_svelte(app, v) && self.is_properties(V(v.0, object)) => {
                self.given_by_elements(v.0, summary.str(name), state);
            }
            Value::Call(call) => self.made_reactive(v, call, state),
            Value::Binding(binding) => {
                if let Some(name) = property_of_svelte(app, v, binding) {
                    self.given_by_elements(v.0, name, state);
                }
            }
            _ => {}
        }
    }

    /// A member of a component of Vue: what its functions write there, what it is at first, what it computes, or else what it is given.
    fn member_of_component(&mut self, unit: UnitId, name: &str, state: State<'s>) {
        let app = self.app;
        let program = &app.program;
        let of_this = |object| matches!(program.value(program.behind(V(unit, object))), Value::This(_));
        let writes = program.written_in(unit, name).filter(|write| of_this(write.object));
        for write in writes.take(MOST_WRITES) {
            if let Some(value) = write.value {
                self.visit(V(unit, value), state);
            }
        }
        if let Some(computed) = program.in_option(unit, "computed", name) {
            self.computed(computed, state);
            return;
        }
        let held = ["data", "setup"].into_iter().find_map(|option| program.returned_by_option(unit, option, name));
        if let Some(held) = held {
            self.visit(held, state);
            return;
        }
        if let Some(Description::Class(class)) = program.description(unit)
            && let Some(class) = program.summary(unit).classes.get(class.index())
        {
            let is = |key: Key| matches!(key, Key::Name(key) if program.str(unit, key) == name);
            let getter = class.members.iter().find(|member| member.slot == Slot::Getter && is(member.key));
            if let Some(getter) = getter.and_then(|getter| getter.value) {
                self.computed(V(unit, getter), state);
                return;
            }
        }
        for spread in program.spread_by_option(unit, "setup") {
            self.held_under(spread, name, state);
        }
        self.given_by_elements(unit, name, state);
    }

    /// What an object that is followed holds under a name, and what is written there.
    fn held_under(&mut self, object: V, name: &str, state: State) {
        self.visit(object, State { property: Some(name), ..state });
        self.written(object, name, state);
    }

    /// The new value that a function of a component is called with: `watch: { name(value) { … } }`. Tells whether it is one.
    pub(super) fn watched(&mut self, f: F, index: u32, state: State<'s>) -> bool {
        let Some(path) = self.app.program.watched_by(f).filter(|_| index == 0) else { return false };
        let (name, property) = path.split_once('.').map_or((path, state.property), |(name, rest)| (name, Some(rest)));
        self.member_of_component(f.0, name, State { property, ..state });
        true
    }

    /// What a source holds whose changes a function is called with: `watch(source, (value) => …)`, `watch(() => props.name, …)`.
    pub(super) fn source_watched(&mut self, source: V, state: State<'s>) {
        match self.app.program.value(self.app.program.behind(source)) {
            Value::Function(_) => self.computed(source, state),
            _ => self.visit(source, state),
        }
    }

    /// What a getter gives: a function, or an object with one.
    fn computed(&mut self, v: V, state: State<'s>) {
        let program = &self.app.program;
        let getter = match program.value(program.behind(v)) {
            Value::Object(list) => program.entry(v.0, list, "get").map(|getter| V(v.0, getter)),
            _ => Some(v),
        };
        if let Some(Value::Function(function)) = getter.map(|getter| program.value(program.behind(getter))) {
            for exit in &program.function(F(v.0, function)).exits {
                if let (Some(value), false) = (exit.value, exit.throws) {
                    self.visit(V(v.0, value), state);
                }
            }
        }
    }

    /// What a call gives that makes something be followed: `computed(() => …)`, `$derived(…)`, `toRef(props, 'name')`.
    fn made_reactive(&mut self, v: V, call: CallId, state: State<'s>) {
        let app = self.app;
        let argument = app.program.argument(C(v.0, call), 0);
        match (self.named(C(v.0, call)), argument) {
            // Those of <https://vueuse.org/core/computedAsync/> besides.
            ("computed" | "computedAsync" | "asyncComputed" | "computedEager" | "eagerComputed", Some(getter)) => {
                self.computed(getter, state);
            }
            ("by", Some(getter)) if self.is_rune(v, call) => self.computed(getter, state),
            ("$derived" | "$state", Some(value)) => self.visit(value, state),
            ("toRefs", Some(of)) => match state.property {
                Some(name) => self.held_under(of, name, State { property: None, ..state }),
                None => self.visit(of, state),
            },
            ("toRef", Some(of)) => {
                let name = app.program.argument(C(v.0, call), 1).and_then(|name| app.constant(name));
                match name.as_ref().and_then(|name| name.text()) {
                    Some(name) if self.is_properties(of) => self.given_by_elements(v.0, name, state),
                    _ => self.computed(of, state),
                }
            }
            ("defineModel", name) => {
                let name = name.and_then(|name| app.constant(name));
                let name = name.as_ref().and_then(|name| name.text()).unwrap_or("modelValue").to_owned();
                self.given_by_elements(v.0, &name, state);
            }
            _ => {}
        }
    }

    /// `$derived.by(…)`.
    fn is_rune(&self, v: V, call: CallId) -> bool {
        let summary = self.app.program.summary(v.0);
        matches!(summary.value(summary.call(call).callee), Value::Member(of, _)
            if matches!(summary.value(of), Value::Global(name) if summary.str(name) == "$derived"))
    }

    /// Whether a value is the properties of the component around it: `defineProps(…)`, `setup(props)`, `$props()`.
    fn is_properties(&self, v: V) -> bool {
        let program = &self.app.program;
        let mut at = program.behind(v);
        for _ in 0..MOST_CALLS {
            at = match program.value(at) {
                Value::Call(call) => match self.named(C(at.0, call)) {
                    "defineProps" | "$props" => return true,
                    "withDefaults" | "toRefs" => match program.argument(C(at.0, call), 0) {
                        Some(properties) => program.behind(properties),
                        None => return false,
                    },
                    _ => return false,
                },
                Value::Parameter(function, 0) => {
                    let setup = program.is_vue(at.0).then(|| program.option(at.0, "setup")).flatten();
                    return setup.is_some_and(|setup| program.value(setup) == Value::Function(function));
                }
                _ => return false,
            };
        }
        false
    }

    /// Looks at what the elements of a component hand over under a name.
    fn given_by_elements(&mut self, unit: UnitId, name: &str, state: State<'s>) {
        let app = self.app;
        for &c in app.elements_of_file(app.program.file(unit)) {
            if self.through.len() >= MOST_CALLS {
                break;
            }
            for (value, is_spread) in self.attributes(c, name) {
                // What is spread may hold the property, or not.
                let state = match is_spread {
                    true => State { opaque: true, property: None, ..state },
                    false => state,
                };
                self.through(c, |walk| walk.visit(value, state));
            }
        }
    }
}

/// The name under which a variable is a property of a component of Svelte: `export let name`.
fn property_of_svelte<'p>(app: &'p App, v: V, binding: BindingId) -> Option<&'p str> {
    if !is_svelte(app, v) {
        return None;
    }
    let summary = app.program.summary(v.0);
    summary.exports.iter().find_map(|export| match *export {
        Export::Named(name, value) if is_binding(summary.value(value), binding) => Some(summary.str(name)),
        _ => None,
    })
}

fn is_svelte(app: &App, v: V) -> bool {
    app.path(app.span(v)).ends_with(".svelte")
}

fn is_binding(value: Value, binding: BindingId) -> bool {
    matches!(value, Value::Binding(of) if of == binding)
}
