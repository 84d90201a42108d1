//! Events of the app's own: whom a call of `emit` calls, and whose events a message names: `bus.emit(message.name, message.data)`.

use std::rc::Rc;

use super::App;
use super::traces::Purpose;
use crate::link::electron::LISTEN;
use crate::link::things::{Known, Thing};
use crate::link::{C, F, V};

/// Calls of `emit`, and listeners, that are looked at.
const MOST_EMITS: usize = 64;
const MOST_LISTENERS: usize = 2048;

/// A listener of an event of the app's own.
pub(super) struct OwnListener {
    set: C,
    emitter: V,
    event: Rc<str>,
}

impl App<'_> {
    /// The calls of `emit` that call the listener which this call sets because somebody else names its event.
    pub(super) fn emits_by_name(&self, listen: C) -> Vec<C> {
        let told = self.told_emits();
        let Some(listener) = (if told.is_empty() { None } else { self.own_listener(listen) }) else {
            return Vec::new();
        };
        told.iter().copied().filter(|emit| self.may_call(*emit, &listener)).collect()
    }

    /// The listeners that a call of `emit` calls whose event it is told.
    pub(super) fn listeners_called(&self, emit: C) -> Vec<F> {
        let name = self.program.argument(emit, 0).filter(|_| self.program.emitter_of(emit, &["emit"]).is_some());
        if name.is_none_or(|name| self.constant(name).is_some()) {
            return Vec::new();
        }
        let listeners = self.own_listeners.get_or_init(|| {
            let set = LISTEN.iter().flat_map(|method| self.program.calls_named(method));
            set.take(MOST_LISTENERS).filter_map(|c| self.own_listener(*c)).collect()
        });
        let called = listeners.iter().filter(|listener| self.may_call(emit, listener));
        called.filter_map(|listener| self.program.argument(listener.set, 1)).flat_map(|v| self.functions(v)).collect()
    }

    fn own_listener(&self, set: C) -> Option<OwnListener> {
        let emitter = self.program.emitter_of(set, &LISTEN)?;
        let event = self.constant(self.program.argument(set, 0)?)?;
        Some(OwnListener { set, emitter, event: Rc::from(event.text()?) })
    }

    /// Whether a call of `emit` calls a listener, as far as the event's name is known.
    fn may_call(&self, emit: C, listener: &OwnListener) -> bool {
        let is_it = |known: &Known| match known.thing.head() {
            Some((name, true)) => *name == *listener.event,
            Some((head, false)) => listener.event.starts_with(head),
            None => matches!(known.thing, Thing::Unknown(_) | Thing::Result(..)),
        };
        let name = self.program.argument(emit, 0);
        name.is_some_and(|name| self.eval(name).iter().any(is_it))
            && self
                .program
                .emitter_of(emit, &["emit"])
                .is_some_and(|emitter| self.program.are_one_emitter(emitter, listener.emitter))
    }

    /// The calls of `emit` whose event somebody else names.
    fn told_emits(&self) -> Rc<[C]> {
        if let Some(known) = &*self.told_emits.borrow() {
            return known.clone();
        }
        // Asked again while they are being found, there are none yet.
        *self.told_emits.borrow_mut() = Some(Rc::from([]));
        let entrances = self.entrances();
        let is_told = |c: &C| {
            let Some(name) = self.program.argument(*c, 0) else { return false };
            let is_open = self.eval(name).iter().any(|known| known.text().is_none());
            is_open
                && self.program.argument(*c, 1).is_some()
                && self.program.emitter_of(*c, &["emit"]).is_some()
                && self
                    .traces(*c, name, &entrances, Purpose::VALUE)
                    .iter()
                    .any(|trace| trace.is_untrusted() && !trace.opaque)
        };
        let found: Rc<[C]> =
            self.program.calls_named("emit").iter().copied().filter(is_told).take(MOST_EMITS).collect();
        *self.told_emits.borrow_mut() = Some(found.clone());
        found
    }
}
