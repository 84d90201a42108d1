//! By which call an object of the app's own classes was made, and what its constructors were given.

use super::things::*;
use super::{C, F, K, Program, V};
use crate::source::Span;
use crate::summary::{Call, CallId, CallKind, Key, Value};

/// Superclasses whose constructors are followed in a row.
const MOST_CONSTRUCTORS: usize = 4;

/// Calls of one constructor among which that of `super` is looked for.
const MOST_CALLS: usize = 64;

/// Writes in one constructor that are looked at.
const MOST_WRITES: usize = 64;

impl Program<'_> {
    /// Whether what an instance holds may depend on the call that made it: a constructor of the class, or of one above it, has parameters.
    pub(super) fn takes_parameters(&self, class: K) -> bool {
        let constructors =
            std::iter::successors(Some(class), |class| self.superclass_of(*class)).take(MOST_CONSTRUCTORS);
        constructors
            .filter_map(|class| self.own_constructor(class))
            .any(|constructor| !self.function(constructor).parameters.is_empty())
    }

    /// The calls by which `new` of a class enters its constructors: the same frames for the same call.
    pub(super) fn making(&self, class: K, maker: C) -> Frames {
        if let Some(known) = self.makings.borrow().get(&(class, maker)) {
            return known.clone();
        }
        let (mut frames, mut entering) = (Frames::default(), maker);
        let mut at = Some(class);
        for _ in 0..MOST_CONSTRUCTORS {
            let Some(class) = at else { break };
            at = self.superclass_of(class);
            // A class without a constructor hands on what it is given.
            let Some(constructor) = self.own_constructor(class) else { continue };
            frames = frames.with(constructor, entering);
            let Some(call) = self.call_of_super(constructor).filter(|_| at.is_some()) else { break };
            entering = call;
        }
        self.makings.borrow_mut().insert((class, maker), frames.clone());
        frames
    }

    /// The object that `this` is in a constructor, where these calls are assumed: of which class, and made by which call.
    pub(super) fn made_in(&self, class: K, f: F, frames: &Frames) -> Option<(K, C)> {
        if self.own_constructor(class) == Some(f) {
            self.assumes.set(true);
        }
        let (mut class, mut f, mut frames) = (class, f, frames.clone());
        for _ in 0..MOST_CONSTRUCTORS {
            if frames.is_empty() || self.own_constructor(class) != Some(f) {
                return None;
            }
            let (c, below) = frames.find(f)?;
            let call = self.call(c);
            match call.kind {
                CallKind::New => return Some((class, c)),
                // The object is one of the class that calls `super`.
                CallKind::Super => {
                    f = F(c.0, call.function);
                    class = K(c.0, self.function(f).class?);
                    frames = below;
                }
                _ => return None,
            }
        }
        None
    }

    /// What the constructor of a class writes to the object that it makes, `this.name = value` and TypeScript's `constructor(private name)`:
    /// each name, with what is written, and where.
    pub(crate) fn written_when_made(&self, class: K) -> Vec<(&str, V, Span)> {
        let Some(constructor) = self.own_constructor(class) else { return Vec::new() };
        let summary = self.summary(class.0);
        let events = self.function(constructor).events;
        let mut found: Vec<(&str, V, Span)> = Vec::new();
        // Writes are listed in the order of their events.
        let first = summary.writes.partition_point(|write| write.order <= events.0);
        for write in summary.writes.iter().skip(first).take(MOST_WRITES).take_while(|write| write.order <= events.1) {
            let (Key::Name(key), Some(value)) = (write.key, write.value) else { continue };
            let is_own = matches!(summary.value(write.object), Value::This(f) if f == constructor.1);
            let name = summary.str(key);
            if is_own && !name.starts_with('#') && found.iter().all(|(other, ..)| *other != name) {
                found.push((name, V(class.0, value), self.place(class.0, write.span)));
            }
        }
        found
    }

    pub(super) fn own_constructor(&self, class: K) -> Option<F> {
        let record = self.summary(class.0).classes.get(class.1.index())?;
        record.constructor.map(|constructor| F(class.0, constructor))
    }

    fn superclass_of(&self, class: K) -> Option<K> {
        let superclass = self.summary(class.0).classes.get(class.1.index())?.superclass?;
        self.eval(V(class.0, superclass)).iter().find_map(|known| match known.thing {
            Thing::Class(class) => Some(class),
            _ => None,
        })
    }

    pub(super) fn call_of_super(&self, constructor: F) -> Option<C> {
        let summary = self.summary(constructor.0);
        let events = self.function(constructor).events;
        // Calls are listed in the order of their events.
        let first = summary.calls.partition_point(|call| call.order <= events.0);
        let inside = summary.calls.iter().enumerate().skip(first).take(MOST_CALLS);
        let mut inside = inside.take_while(|(_, call)| call.order <= events.1);
        let is_it =
            |call: &Call| call.kind == CallKind::Super && self.encloses(constructor, F(constructor.0, call.function));
        inside.find(|(_, call)| is_it(call)).map(|(index, _)| C(constructor.0, CallId(index as u32)))
    }
}
