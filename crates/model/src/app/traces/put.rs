//! What is put into an object under a name: by its literal, by writes, by the constructor of its class.

use super::{At, MOST_CALLS, MOST_WRITES, State, Walk};
use crate::app::checks::{Lets, Strength};
use crate::link::things::{Known, Object, Thing};
use crate::link::{C, F, K, UnitId, V};
use crate::summary::{CallKind, ConditionId, FunctionKind, Key, Slot, Value, Write};

/// Writes to properties of one name among which those of a class are looked for.
const MOST_WRITES_OF_NAME: usize = 64;

impl Walk<'_, '_> {
    /// Looks at what is put into an object under a name, where it is one literal: `{ url }`, `{ ...options }`, `job.url = url`. Tells
    /// whether something is.
    pub(super) fn put_here(&mut self, object: V, name: &str, state: State) -> bool {
        let app = self.app;
        let objects = app.eval(object);
        let [Known { thing: Thing::Object(Object::Literal(literal, _)), .. }] = objects.as_ref() else { return false };
        let summary = app.program.summary(literal.0);
        let Value::Object(list) = summary.value(literal.1) else { return false };
        let mut is_put = false;
        let properties = summary.properties(list);
        let is_it = |key: Key| key == Key::Spread || matches!(key, Key::Name(key) if summary.str(key) == name);
        for property in properties.iter().filter(|one| one.slot == Slot::Value && is_it(one.key)).take(MOST_WRITES) {
            is_put = true;
            let value = V(literal.0, property.value);
            match property.key {
                Key::Spread if self.is_held_here(value, name) => {}
                Key::Spread => self.visit(value, State { property: Some(name), is_own: true, ..state }),
                _ => self.visit(value, state),
            }
        }
        // `const answer = { url: '' }; answer.url = url; return answer`.
        let is_made_elsewhere = app.program.behind(object) != *literal;
        is_put
            | self.written(object, name, state)
            | (is_made_elsewhere && self.written_where_made(*literal, name, state))
    }

    /// What is written to a property of a literal by the name under which it is made. Tells whether something is.
    fn written_where_made(&mut self, literal: V, name: &str, state: State) -> bool {
        let program = &self.app.program;
        let summary = program.summary(literal.0);
        let is_it = |write: &Write| {
            matches!(summary.value(write.object), Value::Binding(_)) && summary.behind(write.object) == literal.1
        };
        let mut is_written = false;
        for write in program.written_in(literal.0, name).filter(is_it).take(MOST_WRITES) {
            let Some(value) = write.value.map(|value| V(literal.0, value)) else { continue };
            is_written = true;
            if !self.is_held_where(F(literal.0, write.function), write.condition, value, None) {
                self.visit(value, state);
            }
        }
        is_written
    }

    /// What is written to a property of a variable: `text.value = answer`. Tells whether something is.
    pub(super) fn written(&mut self, object: V, name: &str, state: State) -> bool {
        let Value::Binding(binding) = self.app.program.value(object) else { return false };
        let app = self.app;
        let is_it = |value: Value| matches!(value, Value::Binding(written) if written == binding);
        let writes = app.program.written_in(object.0, name);
        let writes = writes.filter(|write| is_it(app.program.value(V(object.0, write.object))));
        let mut is_written = false;
        for write in writes.take(MOST_WRITES) {
            if let Some(value) = write.value {
                is_written = true;
                let value = V(object.0, value);
                if !self.is_held_where(F(object.0, write.function), write.condition, value, None) {
                    self.visit(value, state);
                }
            }
        }
        is_written
    }

    /// Whether what holds here holds a property of a value.
    pub(super) fn is_held_here(&mut self, v: V, name: &str) -> bool {
        self.is_held_where(self.at.function, self.at.condition, v, Some(name))
    }

    /// Whether what holds under a condition holds a value, or a property of it: `if (isSafe(url)) job.url = url`.
    pub(super) fn is_held_where(&mut self, f: F, condition: Option<ConditionId>, v: V, name: Option<&str>) -> bool {
        let Some(mut root) = self.app.root(v).filter(|_| condition.is_some()) else { return false };
        root.path.extend(name.map(str::to_owned));
        let found = self.app.guard_of_root(f, condition, &root);
        let is_free = found.lets == Lets::Own || found.lets == Lets::Rest && self.purpose.is_text();
        let is_held = !is_free && found.for_desktop().strength >= self.enough;
        if is_held {
            self.note_cleaning();
        }
        is_held
    }

    /// Looks at what is written to the parts of a parsed address that say where it leads: `link.hostname = name`.
    pub(super) fn address_rewritten(&mut self, v: V, state: State) {
        let app = self.app;
        let v = match app.program.value(v) {
            Value::Member(address, name) if matches!(app.program.str(v.0, name), "href" | "origin") => V(v.0, address),
            _ => v,
        };
        let Value::Binding(binding) = app.program.value(v) else { return };
        let Some(only) = app.program.summary(v.0).written_once(binding) else { return };
        let Value::Call(call) = app.program.value(V(v.0, only)) else { return };
        let c = C(v.0, call);
        let is_address = || app.api_of(c).is_some_and(|(path, _)| matches!(&*path, "URL" | "url.URL" | "window.URL"));
        if app.program.call(c).kind != CallKind::New || !is_address() {
            return;
        }
        // Whatever server it is, the desktop starts a browser for it.
        let parts: &[&str] = match self.enough {
            Strength::Host => &["href", "protocol", "host", "hostname"],
            _ => &["href", "protocol"],
        };
        for part in parts {
            self.written(v, part, state.part());
        }
    }

    /// Looks at what the functions of a class write to a property of its instances: what is asked where an object is made holds what it
    /// is given. Tells whether something is written.
    pub(super) fn put_into_instance(&mut self, object: V, name: &str, state: State) -> bool {
        let app = self.app;
        let objects = app.eval(object);
        let [Known { thing: Thing::Instance(class, maker), .. }] = objects.as_ref() else { return false };
        let writes = app.program.writes_to(name);
        if writes.len() > MOST_WRITES_OF_NAME || self.returns.len() >= MOST_CALLS {
            return false;
        }
        let mut is_put = false;
        for (unit, write) in app.program.written_to(name) {
            let Some(value) = write.value.filter(|_| self.is_written_to_class(unit, &write, *class)) else { continue };
            is_put = true;
            let f = F(unit, write.function);
            let before = std::mem::replace(&mut self.at, At { function: f, condition: write.condition, call: None });
            let made = maker.filter(|_| app.program.function(f).kind == FunctionKind::Constructor);
            self.returns.extend(made.map(|c: C| (f, c, At::call(app, c), 0)));
            self.visit(V(unit, value), state);
            if made.is_some() {
                self.returns.pop();
            }
            self.at = before;
        }
        is_put
    }

    /// Whether a write is one to an object of this class, of one above or below it.
    fn is_written_to_class(&self, unit: UnitId, write: &Write, class: K) -> bool {
        let program = &self.app.program;
        let of = match program.value(V(unit, write.object)) {
            Value::This(function) => program.summary(unit).function(function).class.map(|of| K(unit, of)),
            _ => program.eval(V(unit, write.object)).iter().find_map(|known| match known.thing {
                Thing::Instance(of, _) => Some(of),
                _ => None,
            }),
        };
        of.is_some_and(|of| of == class || program.extends(of, class) || program.extends(class, of))
    }
}
