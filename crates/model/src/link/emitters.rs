//! Events of the app's own: which calls of `emit` bring what a listener is given.

use std::rc::Rc;

use super::electron::LISTEN;
use super::things::*;
use super::{C, Program, V};
use crate::summary::Value;

/// Calls of `emit` that one listener is compared with, and that one event may have.
const MOST_EMITS: usize = 256;

impl Program<'_> {
    /// The calls of `emit` that call the listener which this call sets; none for events of Electron and the page.
    ///
    /// What they hand over begins with their second argument.
    pub fn emits(&self, listen: C) -> Rc<[C]> {
        let known = self.emits.borrow().get(&listen).cloned();
        match known {
            Some(Some(known)) => return known,
            // Asked again while it is being found, there is no answer yet.
            Some(None) => {
                self.hit.set(0);
                return Rc::from([]);
            }
            None => {}
        }
        self.emits.borrow_mut().insert(listen, None);
        let (found, is_sure) = self.surely(|| self.find_emits(listen));
        let found: Rc<[C]> = Rc::from(found);
        if is_sure || self.depth.get() == 0 {
            self.emits.borrow_mut().insert(listen, Some(found.clone()));
        } else {
            self.emits.borrow_mut().remove(&listen);
        }
        found
    }

    fn find_emits(&self, listen: C) -> Vec<C> {
        let Some((listened, event)) = self.event_of(listen, &LISTEN) else { return Vec::new() };
        let emitters = self.eval(listened);
        if !emitters.iter().any(|known| is_emitter(&known.thing)) {
            return Vec::new();
        }
        let calls = self.calls_named("emit").iter().copied().take(MOST_EMITS);
        calls
            .filter(|&c| {
                self.event_of(c, &["emit"]).is_some_and(|(emitting, name)| {
                    name == event
                        && self
                            .eval(emitting)
                            .iter()
                            .any(|known| emitters.iter().any(|one| self.is_same(&one.thing, &known.thing)))
                })
            })
            .collect()
    }

    /// The object and the event of a call of one of these methods.
    fn event_of(&self, c: C, methods: &[&str]) -> Option<(V, Rc<str>)> {
        let callee = V(c.0, self.call(c).callee);
        let Value::Member(object, name) = self.value(callee) else { return None };
        if !methods.contains(&self.str(c.0, name)) {
            return None;
        }
        let event = self.only(self.argument(c, 0)?)?;
        match event.thing {
            Thing::Text(text) => Some((V(c.0, object), text)),
            _ => None,
        }
    }

    /// The emitter of the app's own on which a call of one of these methods is made.
    pub(crate) fn emitter_of(&self, c: C, methods: &[&str]) -> Option<V> {
        let Value::Member(object, name) = self.value(V(c.0, self.call(c).callee)) else { return None };
        let emitter = V(c.0, object);
        let is_it = methods.contains(&self.str(c.0, name));
        (is_it && self.eval(emitter).iter().any(|known| is_emitter(&known.thing))).then_some(emitter)
    }

    /// Whether two emitters may be one.
    pub(crate) fn are_one_emitter(&self, one: V, other: V) -> bool {
        let others = self.eval(other);
        self.eval(one).iter().any(|one| others.iter().any(|other| self.is_same(&one.thing, &other.thing)))
    }

    fn is_same(&self, one: &Thing, other: &Thing) -> bool {
        match (one, other) {
            (Thing::Instance(one, _), Thing::Instance(other, _)) => {
                one == other || self.extends(*one, *other) || self.extends(*other, *one)
            }
            _ => is_emitter(one) && one == other,
        }
    }
}

fn is_emitter(thing: &Thing) -> bool {
    matches!(thing, Thing::Instance(..) | Thing::Result(..) | Thing::Object(_))
}
