//! What the elements of a component hand it: `<Article html={text} />` and `props.html`.

use super::super::App;
use super::{MOST_CALLS, MOST_WRITES, State, Walk};
use crate::link::is_wrapper_of_component;
use crate::link::things::Thing;
use crate::link::{C, F, K, V};
use crate::summary::{CallKind, Key, Operator, Value};

/// Elements by the names of a component that are looked at.
const MOST_ELEMENTS: usize = 256;

/// What draws.
#[derive(Clone, Copy)]
pub(super) enum Component {
    Function(F),
    Class(K),
}

impl Walk<'_, '_> {
    /// Looks at what elements of a component have for the property that is asked for; tells whether there are elements.
    pub(super) fn properties_of(&mut self, component: Component, state: State) -> bool {
        let Some(property) = state.property else { return false };
        let elements = self.app.elements_of(component);
        for &c in &elements {
            if self.through.len() >= MOST_CALLS {
                break;
            }
            for (value, is_spread) in self.attributes(c, property) {
                // What is spread may hold the property, or not.
                let state = State { opaque: state.opaque || is_spread, ..state };
                self.through(c, |walk| walk.visit(value, state));
            }
        }
        !elements.is_empty()
    }

    /// The value of an attribute of an element, or what is spread over it.
    pub(super) fn attributes(&self, c: C, property: &str) -> Vec<(V, bool)> {
        let program = &self.app.program;
        let Some(attributes) = program.argument(c, 1) else { return Vec::new() };
        let summary = program.summary(c.0);
        let Value::Object(list) = summary.value(attributes.1) else { return Vec::new() };
        // The last one wins.
        let last_first = summary.properties(list).iter().rev();
        let mut spread = Vec::new();
        for attribute in last_first.take(MOST_ELEMENTS) {
            match attribute.key {
                Key::Name(name) if summary.str(name) == property => return vec![(V(c.0, attribute.value), false)],
                Key::Spread => spread.push((V(c.0, attribute.value), true)),
                _ => {}
            }
        }
        spread
    }
}

impl App<'_> {
    /// What is left of a value where a property of a component decides that no element of it has: `{wide ? 'on' : undefined}`.
    pub(in crate::app) fn as_drawn(&self, value: V) -> Option<V> {
        let is_absent = |id| self.is_never_given(V(value.0, id));
        match self.program.value(value) {
            Value::Conditional { test, other, .. } if is_absent(test) => Some(V(value.0, other)),
            Value::Binary(Operator::And, test, _) if is_absent(test) => None,
            Value::Member(..) | Value::Binding(_) if self.is_never_given(value) => None,
            _ => Some(value),
        }
    }

    /// Whether a value is a property of a component that none of its elements gives, so that it is `undefined`: all of them must be known,
    /// and what is spread over them.
    fn is_never_given(&self, v: V) -> bool {
        let Some((component, name)) = self.property_asked(v) else { return false };
        // `Guest.defaultProps = { … }` gives what no element does.
        let has_defaults = self.program.summary(v.0).strings.iter().any(|text| &**text == "defaultProps");
        let places = self.named_as(component);
        if has_defaults || places.len() >= MOST_ELEMENTS {
            return false;
        }
        let elements = self.elements_of(component);
        // An element hands its component over as its first argument.
        let is_element = |(c, place): &(C, u32)| *place == 0 && elements.contains(c);
        if let Component::Function(f) = component {
            let is_called = self.program.callers(f).iter().any(|c| !elements.contains(c));
            let is_wrapped =
                |(c, _): &(C, u32)| self.api_of(*c).is_some_and(|(path, _)| is_wrapper_of_component(&path));
            if is_called || !self.program.handed_over(f).iter().all(|place| is_element(place) || is_wrapped(place)) {
                return false;
            }
        }
        !elements.is_empty()
            && elements.len() < MOST_WRITES
            // Names lead to other components too: all that files export as `default`.
            && !places.iter().any(|place| !is_element(place) && self.is_given(*place, component))
            && elements.iter().all(|c| self.leaves_out(*c, &name))
    }

    /// Whether an element does not have a property.
    fn leaves_out(&self, c: C, name: &str) -> bool {
        let Some(attributes) = self.program.argument(c, 1) else { return true };
        let summary = self.program.summary(c.0);
        match summary.value(attributes.1) {
            Value::Null | Value::Undefined => true,
            Value::Object(list) => summary.properties(list).iter().all(|attribute| match attribute.key {
                Key::Name(key) => summary.str(key) != name,
                Key::Computed(_) => false,
                Key::Spread => self.eval(V(c.0, attribute.value)).iter().all(|known| match &known.thing {
                    Thing::Object(object) => {
                        let lookup = self.program.property(object, name, None);
                        lookup.values.is_empty() && !lookup.unknown
                    }
                    Thing::Undefined | Thing::Null | Thing::Bool(_) => true,
                    _ => false,
                }),
            }),
            _ => false,
        }
    }

    /// Of which component a value is which property: `props.name`, `({ name })`, `this.props.name`.
    fn property_asked(&self, v: V) -> Option<(Component, String)> {
        let summary = self.program.summary(v.0);
        let mut at = summary.behind(v.1);
        // `({ wide = false })` is no more than what is given.
        if let Value::Binary(Operator::Default, given, default) = summary.value(at)
            && matches!(summary.value(default), Value::Bool(false) | Value::Null | Value::Undefined)
        {
            at = summary.behind(given);
        }
        let Value::Member(object, name) = summary.value(at) else { return None };
        let component = match summary.value(summary.behind(object)) {
            Value::Parameter(function, 0) => Component::Function(F(v.0, function)),
            Value::Member(this, props) if summary.str(props) == "props" => {
                let Value::This(function) = summary.value(summary.behind(this)) else { return None };
                Component::Class(K(v.0, summary.function(function).class?))
            }
            _ => return None,
        };
        Some((component, summary.str(name).to_owned()))
    }

    /// Where the names of a component are arguments: of elements the first.
    fn named_as(&self, component: Component) -> Vec<(C, u32)> {
        let program = &self.program;
        let (unit, name) = match component {
            Component::Function(f) => (f.0, program.function(f).name),
            Component::Class(class) => {
                let record = program.summary(class.0).classes.get(class.1.index());
                (class.0, record.and_then(|record| record.name))
            }
        };
        let Some(name) = name else { return Vec::new() };
        let names = program.names_of(program.str(unit, name));
        names.iter().flat_map(|name| program.arguments_named(name).iter().take(MOST_ELEMENTS).copied()).collect()
    }

    /// The elements of a component, by the names under which it is known.
    fn elements_of(&self, component: Component) -> Vec<C> {
        let program = &self.program;
        let mut found = Vec::new();
        for (c, index) in self.named_as(component) {
            let is_element = index == 0 && program.call(c).kind == CallKind::Jsx && !found.contains(&c);
            if found.len() < MOST_WRITES && is_element && self.is_given((c, 0), component) {
                found.push(c);
            }
        }
        found
    }

    /// Whether an argument of a call is this component.
    fn is_given(&self, (c, index): (C, u32), component: Component) -> bool {
        let tag = self.program.argument(c, index as usize).map(|tag| self.eval(tag));
        tag.is_some_and(|tag| {
            tag.iter().any(|known| match (&known.thing, component) {
                (Thing::Function(drawn, _), Component::Function(f)) => *drawn == f,
                (Thing::Class(drawn), Component::Class(class)) => *drawn == class,
                _ => false,
            })
        })
    }
}
