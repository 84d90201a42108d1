//! What a component of a page keeps, and shows when it is drawn again: React's hooks and `setState`, Vue's references.
//!
//! <https://react.dev/reference/react/useState>, <https://react.dev/reference/react/Component#setstate>,
//! <https://vuejs.org/api/reactivity-core.html#ref>

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::properties::Component;
use super::{MOST_WRITES, State, Walk};
use crate::app::App;
use crate::link::{C, F, K, UnitId, V, final_name};
use crate::summary::{BindingId, FunctionId, Name, Value, ValueId};

impl Walk<'_, '_> {
    /// Looks at what is kept under a name, where it is the state of a component: whatever puts something there does so before it is shown.
    pub(super) fn component_state(&mut self, v: V, state: State) {
        let summary = self.app.program.summary(v.0);
        // What a reference holds is read of it as `value` in a script, and at once in a template.
        let property = state.property.filter(|property| *property != "value");
        let read = State { kept: true, property, ..state.part() };
        self.held_by_component(v, read);
        let state = State { kept: true, ..state.part() };
        match summary.value(v.1) {
            Value::Binding(binding) => {
                let Some(only) = summary.written_once(binding) else { return };
                match summary.value(only) {
                    Value::Member(pair, first) if summary.str(first) == "0" => self.hook(v, binding, pair, state, read),
                    // `const { html } = this.state`.
                    Value::Member(..) => self.component_state(V(v.0, only), state),
                    Value::Call(call) => match self.named(C(v.0, call)) {
                        "ref" | "shallowRef" => {
                            self.written(v, "value", read);
                            self.put_beside(v, binding, read);
                        }
                        "reactive" | "shallowReactive" => self.put_beside(v, binding, read),
                        _ => {}
                    },
                    _ => {}
                }
            }
            Value::Member(object, name) => match summary.value(object) {
                Value::Member(of, kept) if summary.str(kept) == "state" => {
                    if let Value::This(function) = summary.value(of) {
                        self.class_state(v, function, name, state);
                    }
                }
                // `this.props.html`.
                Value::Member(of, kept) if summary.str(kept) == "props" => {
                    if let Value::This(function) = summary.value(of)
                        && let Some(class) = summary.function(function).class
                    {
                        let state = State { property: Some(summary.str(name)), ..state };
                        self.properties_of(Component::Class(K(v.0, class)), state);
                    }
                }
                _ => {}
            },
            _ => {}
        }
    }

    /// Looks at what is put into what a variable refers to: `list.value.push(item)`, `Object.assign(state, answer)`.
    fn put_beside(&mut self, v: V, binding: BindingId, state: State) {
        let put = self.app.put_beside(v.0);
        let summary = self.app.program.summary(v.0);
        for put in put.get(&binding).into_iter().flatten() {
            let under = put.under.map(|name| summary.str(name)).filter(|name| *name != "value");
            let property = match (under, state.property) {
                (Some(under), Some(read)) if under != read => continue,
                (Some(_), _) => None,
                (None, read) => read,
            };
            self.visit(V(v.0, put.value), State { property, ..state });
        }
    }

    pub(super) fn named(&self, c: C) -> &str {
        let summary = self.app.program.summary(c.0);
        final_name(summary, summary.call(c.1).callee).map_or("", |name| summary.str(name))
    }

    /// `const [html, setHtml] = useState('')`: what the setter is given, here or by a promise.
    fn hook(&mut self, v: V, binding: BindingId, pair: ValueId, state: State, read: State) {
        let app = self.app;
        let summary = app.program.summary(v.0);
        let Value::Call(call) = summary.value(pair) else { return };
        let hooks = ["useState", "useReducer"];
        let called = self.named(C(v.0, call));
        // `import { useState as state } from 'react'`.
        let api = || app.api_of(C(v.0, call)).and_then(|(api, _)| hooks.into_iter().find(|hook| api.ends_with(hook)));
        let Some(by) = hooks.into_iter().find(|hook| *hook == called).or_else(api) else { return };
        // The names of one pattern are declared one after the other.
        let setter = BindingId(binding.0 + 1);
        let Some(record) = summary.bindings.get(setter.index()) else { return };
        let sets = |value: ValueId| matches!(summary.value(value), Value::Member(of, second) if of == pair && summary.str(second) == "1");
        if !summary.written_once(setter).is_some_and(sets) {
            return;
        }
        if by == "useReducer" {
            self.reduced(C(v.0, call), setter, read);
            return;
        }
        let name = summary.str(record.name);
        let is_setter = |value: ValueId| matches!(summary.value(value), Value::Binding(of) if of == setter);
        let called =
            app.program.calls_named(name).iter().filter(|c| c.0 == v.0 && is_setter(app.program.call(**c).callee));
        for &c in called.take(MOST_WRITES) {
            if let Some(given) = app.program.argument(c, 0) {
                self.given(given, state);
            }
        }
        let handed = app.program.arguments_named(name).iter().filter(|(c, _)| c.0 == v.0);
        for &(c, index) in handed.take(MOST_WRITES) {
            let is_it = app.program.argument(c, index as usize).is_some_and(|argument| is_setter(argument.1));
            if let Value::Member(promise, method) = summary.value(app.program.call(c).callee)
                && is_it
                && index == 0
                && summary.str(method) == "then"
            {
                self.visit(V(c.0, promise), state);
            }
        }
    }

    /// `const [state, dispatch] = useReducer(reduce, first)`: what the reducer makes of what it is told.
    fn reduced(&mut self, c: C, setter: BindingId, state: State) {
        let app = self.app;
        if let Some(first) = app.program.argument(c, 1) {
            self.visit(first, state);
        }
        for f in app.program.argument(c, 0).map_or_else(Vec::new, |reducer| app.functions(reducer)) {
            if self.reducers.iter().all(|(reducer, ..)| *reducer != f) {
                self.reducers.push((f, c.0, setter));
                self.returned(f, state);
                self.reducers.pop();
            }
        }
    }

    /// Looks at what a reducer whose state is being looked at is told: `dispatch({ type: 'set', text })`. Tells whether the function is one.
    pub(super) fn told_by_dispatch(&mut self, f: F, index: u32, state: State) -> bool {
        let app = self.app;
        let Some(&(_, unit, setter)) = self.reducers.iter().find(|(reducer, ..)| *reducer == f) else { return false };
        if index != 1 {
            return true;
        }
        let summary = app.program.summary(unit);
        let name = summary.str(summary.bindings[setter.index()].name);
        let is_it = |callee: ValueId| matches!(summary.value(callee), Value::Binding(of) if of == setter);
        let called =
            app.program.calls_named(name).iter().filter(|c| c.0 == unit && is_it(app.program.call(**c).callee));
        for &c in called.take(MOST_WRITES) {
            if let Some(told) = app.program.argument(c, 0) {
                self.visit(told, state);
            }
        }
        true
    }

    /// What a setter is given: a value, or a function that makes one of what was there before.
    fn given(&mut self, given: V, state: State) {
        match self.app.program.value(given) {
            Value::Function(function) => {
                for exit in &self.app.program.function(F(given.0, function)).exits {
                    if let (Some(value), false) = (exit.value, exit.throws) {
                        self.visit(V(given.0, value), state);
                    }
                }
            }
            _ => self.visit(given, state),
        }
    }

    /// `this.state.html` of a class: what its `setState` is given for this key.
    fn class_state(&mut self, v: V, function: FunctionId, name: Name, state: State) {
        let app = self.app;
        let summary = app.program.summary(v.0);
        let class = summary.function(function).class;
        let sets = |c: &&C| {
            let Value::Member(object, _) = summary.value(app.program.call(**c).callee) else { return false };
            c.0 == v.0
                && matches!(summary.value(object), Value::This(f) if class.is_some() && summary.function(f).class == class)
        };
        for &c in app.program.calls_named("setState").iter().filter(|c| c.0 == v.0).filter(sets).take(MOST_WRITES) {
            let Some(given) = app.program.argument(c, 0) else { continue };
            let made = match summary.value(given.1) {
                Value::Function(f) => summary.function(f).exits.iter().filter_map(|exit| exit.value).collect(),
                _ => vec![given.1],
            };
            for object in made {
                if let Value::Object(list) = summary.value(summary.behind(object))
                    && let Some(value) = self.app.program.entry(v.0, list, summary.str(name))
                {
                    self.visit(V(v.0, value), state);
                }
            }
        }
    }
}

/// Something that is put into what a variable refers to, and under which property of it.
#[derive(Clone, Copy)]
pub(in crate::app) struct Put {
    under: Option<Name>,
    value: ValueId,
}

/// What one script puts into what its variables refer to.
pub(in crate::app) type PutBeside = FxHashMap<BindingId, Vec<Put>>;

impl App<'_> {
    /// What a script puts into what its variables refer to, by methods of a list and by `Object.assign`.
    fn put_beside(&self, unit: UnitId) -> Rc<PutBeside> {
        if let Some(known) = self.put_beside.borrow().get(&unit) {
            return known.clone();
        }
        let summary = self.program.summary(unit);
        let mut found = PutBeside::default();
        for call in &summary.calls {
            let Value::Member(object, method) = summary.value(call.callee) else { continue };
            let items = summary.items(call.arguments);
            let (into, first) = match summary.str(method) {
                "push" | "unshift" => (object, 0),
                "splice" => (object, 2),
                "assign" if matches!(summary.value(object), Value::Global(name) if summary.str(name) == "Object") => {
                    let Some(into) = items.first() else { continue };
                    (into.value, 1)
                }
                _ => continue,
            };
            // `list.value`, `state.list`, `state.value.list`.
            let place = match summary.value(into) {
                Value::Binding(binding) => Some((binding, None)),
                Value::Member(of, name) => match summary.value(of) {
                    Value::Binding(binding) => Some((binding, Some(name))),
                    Value::Member(of, held) if summary.str(held) == "value" => match summary.value(of) {
                        Value::Binding(binding) => Some((binding, Some(name))),
                        _ => None,
                    },
                    _ => None,
                },
                _ => None,
            };
            let Some((binding, under)) = place else { continue };
            let put = found.entry(binding).or_default();
            let room = MOST_WRITES - put.len().min(MOST_WRITES);
            put.extend(items.iter().skip(first).take(room).map(|item| Put { under, value: item.value }));
        }
        let found = Rc::new(found);
        self.put_beside.borrow_mut().insert(unit, found.clone());
        found
    }
}
