//! What the elements of a component hand it: `<Article html={text} />` and `props.html`.

use super::{MOST_CALLS, MOST_WRITES, State, Walk};
use crate::link::things::Thing;
use crate::link::{C, F, K, V};
use crate::summary::{CallKind, Key, Value};

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
        let elements = self.elements_of(component);
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
    fn attributes(&self, c: C, property: &str) -> Vec<(V, bool)> {
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

    /// The elements of a component, by the names under which it is known.
    fn elements_of(&self, component: Component) -> Vec<C> {
        let program = &self.app.program;
        let (unit, name) = match component {
            Component::Function(f) => (f.0, program.function(f).name),
            Component::Class(class) => {
                let record = program.summary(class.0).classes.get(class.1.index());
                (class.0, record.and_then(|record| record.name))
            }
        };
        let Some(name) = name else { return Vec::new() };
        let mut found = Vec::new();
        for name in program.names_of(program.str(unit, name)).iter() {
            for &(c, index) in program.arguments_named(name).iter().take(MOST_ELEMENTS) {
                let is_element = index == 0 && program.call(c).kind == CallKind::Jsx && !found.contains(&c);
                if found.len() < MOST_WRITES && is_element && self.draws(c, component) {
                    found.push(c);
                }
            }
        }
        found
    }

    fn draws(&self, c: C, component: Component) -> bool {
        let tag = self.app.program.argument(c, 0).map(|tag| self.app.eval(tag));
        tag.is_some_and(|tag| {
            tag.iter().any(|known| match (&known.thing, component) {
                (Thing::Function(drawn, _), Component::Function(f)) => *drawn == f,
                (Thing::Class(drawn), Component::Class(class)) => *drawn == class,
                _ => false,
            })
        })
    }
}
