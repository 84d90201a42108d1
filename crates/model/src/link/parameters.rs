//! What a parameter is: what the calls of its function hand over, and what the callers of a callback do.

use super::things::*;
use super::{C, F, Program, V, electron};
use crate::summary::{LISTENER, Value};

impl Program<'_> {
    pub(super) fn parameter(&self, f: F, index: u32, v: V, frames: &Frames) -> Vec<Known> {
        self.assumes.set(true);
        if let Some((call, below)) = frames.find(f) {
            return match self.passed(call, index as usize) {
                Some(argument) => self.step(&self.eval_in(argument, &below), argument),
                None if self.arguments(call).iter().any(|item| item.spread) => {
                    vec![Known::unknown(Unknown::Parameter(f, index), Some(v))]
                }
                None => vec![Known::new(Thing::Undefined, v, Certainty::Firm)],
            };
        }
        let mut values = Vec::new();
        let shallow = self.shallow.get();
        self.depends.set(true);
        if !shallow {
            for call in self.callers(f).iter() {
                match self.passed(*call, index as usize) {
                    Some(argument) => values.extend(self.step(&self.eval(argument), argument)),
                    // `open(...args)`: any of the list may stand here.
                    None if self.argument_or_spread(*call, index as usize).is_some() => {
                        values.push(Known::unknown(Unknown::Parameter(f, index), Some(v)));
                    }
                    None => values.push(Known::new(Thing::Undefined, v, Certainty::Firm)),
                }
            }
        }
        let handed = if shallow { self.callback_of(f).into_iter().collect() } else { self.handed_over(f) };
        for (call, place) in handed {
            if let Some(known) = self.callback_parameter(call, place, index, v) {
                values.extend(known);
            }
        }
        if values.iter().all(|known| known.is_unknown() || matches!(known.thing, Thing::Undefined)) {
            let hint = self.function(f).parameters.get(index as usize).and_then(|parameter| parameter.type_hint);
            if let Some(known) = hint.and_then(|hint| self.hinted(V(f.0, hint), v)) {
                return vec![known];
            }
        }
        if values.is_empty() {
            values.push(Known::unknown(Unknown::Parameter(f, index), Some(v)));
        }
        values
    }

    /// What a parameter of a function is that was handed to a call.
    fn callback_parameter(&self, call: C, place: u32, index: u32, v: V) -> Option<Vec<Known>> {
        let record = self.call(call);
        let callee = V(call.0, record.callee);
        let host = |(class, origin)| vec![Known::new(Thing::Host(Host { class, origin }), v, Certainty::Firm)];
        for known in self.eval(callee).iter() {
            let (of, method): (&str, &str) = match &known.thing {
                // What a component tells those that listen to it: `<link-list @open="openPage" />`.
                Thing::Api(path) if &**path == LISTENER => {
                    return Some(vec![Known::unknown(Unknown::Other(v), Some(v))]);
                }
                Thing::Method(host, name) => (host.class, name),
                Thing::Api(path) => match path.rsplit_once('.') {
                    Some((of, method)) => (of, method),
                    None => continue,
                },
                // The app's own function that calls what it was given: its arguments there.
                Thing::Function(function, _) => return self.passed_on(*function, place, index, v),
                _ => continue,
            };
            if electron::LISTEN.contains(&method) || electron::HANDLE.contains(&method) {
                let event = self.argument(call, 0).map(|argument| self.eval(argument));
                let event = event.as_ref().and_then(|event| event.iter().find_map(Known::text));
                if place == 1
                    && let Some(found) = electron::listener(of, event.unwrap_or(""), index)
                {
                    return Some(host(found));
                }
            }
            if let Some(found) = electron::callback(of, method, index) {
                return Some(host(found));
            }
        }
        if let Some(elements) = self.handed_elements(call, place, index, v) {
            return Some(elements);
        }
        let Value::Member(object, name) = self.value(callee) else { return None };
        let object = V(call.0, object);
        match self.str(call.0, name) {
            "forEach" | "map" | "filter" | "some" | "every" | "find" | "findIndex" | "flatMap"
                if place == 0 && index == 0 =>
            {
                Some(self.element_of(object, v, &Frames::default()))
            }
            "then" if place == 0 && index == 0 => Some(self.step(&self.eval(object), object)),
            name if place == 1 && electron::LISTEN.contains(&name) => {
                // Who emits is not known, and nothing but Electron emits this.
                let event = self.argument(call, 0).map(|argument| self.eval(argument));
                let event = event.as_ref().and_then(|event| event.iter().find_map(Known::text));
                if let Some(emitter) = event.and_then(electron::only_emitter)
                    && let Some(found) = electron::listener(emitter, event.unwrap_or(""), index)
                {
                    return Some(host(found));
                }
                let mut values = Vec::new();
                for &emit in self.emits(call).iter() {
                    if let Some(argument) = self.argument(emit, index as usize + 1) {
                        values.extend(self.step(&self.eval(argument), argument));
                    }
                }
                (!values.is_empty()).then_some(values)
            }
            _ => None,
        }
    }

    /// What a function of a library hands to the callback that goes through a list or an object: `_.each(list, (element) => …)`.
    fn handed_elements(&self, call: C, place: u32, index: u32, v: V) -> Option<Vec<Known>> {
        let callee = self.eval(V(call.0, self.call(call).callee));
        let element = callee.iter().find_map(|known| match &known.thing {
            Thing::Api(path) => element_of_each(path),
            _ => None,
        })?;
        let list = self.argument(call, 0).filter(|_| place == 1)?;
        let is_object = self.eval(list).iter().any(|known| matches!(known.thing, Thing::Object(_)));
        match (index == element, is_object) {
            (true, true) => Some(self.held_by(list, None, v, &Frames::default())),
            (true, false) => Some(self.element_of(list, v, &Frames::default())),
            (false, true) if index == 1 - element => Some(self.keys_of(list, v, &Frames::default())),
            _ => None,
        }
    }

    /// What a function of the app's hands to the callback that it was given as its parameter `place`.
    fn passed_on(&self, function: F, place: u32, index: u32, v: V) -> Option<Vec<Known>> {
        let binding = self.function(function).parameters.get(place as usize)?.binding?;
        let name = self.summary(function.0).bindings[binding.index()].name;
        let mut values = Vec::new();
        for &c in self.calls_named(self.str(function.0, name)) {
            if c.0 != function.0 {
                continue;
            }
            if matches!(self.value(V(c.0, self.call(c).callee)), Value::Binding(called) if called == binding)
                && let Some(argument) = self.argument(c, index as usize)
            {
                values.extend(self.step(&self.eval(argument), argument));
            }
        }
        if values.is_empty() { Some(vec![Known::unknown(Unknown::Other(v), Some(v))]) } else { Some(values) }
    }
}

/// Which parameter of the function that it is given a function of a library calls with each element of a collection, where it goes through
/// one: <https://lodash.com/docs/4.17.21#forEach>, <https://underscorejs.org/#each>, <https://api.jquery.com/jQuery.each/>,
/// <http://bluebirdjs.com/docs/api/promise.each.html>.
fn element_of_each(path: &str) -> Option<u32> {
    let (library, method) = path.rsplit_once(['.', '/'])?;
    match (library.strip_suffix(".default").unwrap_or(library), method) {
        (
            "lodash" | "lodash-es" | "underscore" | "_",
            "each" | "forEach" | "eachRight" | "forEachRight" | "map" | "flatMap" | "forOwn" | "forIn" | "mapValues",
        )
        | ("bluebird", "each" | "map" | "mapSeries") => Some(0),
        ("jquery" | "jQuery" | "$", "each") => Some(1),
        _ => None,
    }
}
