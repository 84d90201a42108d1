//! What somebody else chose of a parameter: by its function's callers, or by being called from outside.

use super::super::checks::{Strength, parameter_root};
use super::super::known_data::{is_of_release, is_of_the_browser};
use super::super::servers::is_asked;
use super::super::sources::SourceKind;
use super::properties::Component;
use super::{At, MOST_CALLS, State, Walk};
use crate::link::{C, F, V};
use crate::summary::CallKind;

impl Walk<'_, '_> {
    pub(super) fn parameter(&mut self, f: F, index: u32, state: State) {
        let app = self.app;
        let is_of_result = self.as_called(f, |walk, c, first| {
            if let Some(argument) = app.program.argument(c, (first + index) as usize)
                && !walk.tells_another_key(f, c)
            {
                walk.visit(argument, state);
            }
        });
        if is_of_result || self.told_by_dispatch(f, index, state) {
            return;
        }
        let span = app.parameter_span(f, index);
        if let Some(entrance) = self.entrances.get(&f) {
            let by_event =
                matches!(entrance.kind, SourceKind::Navigation | SourceKind::Shown) && state.property == Some("url");
            if index < entrance.first && !by_event {
                return;
            }
            if entrance.kind == SourceKind::Clicked && state.property.is_some_and(is_of_the_browser) {
                return;
            }
            if entrance.kind == SourceKind::Release && state.property.is_some_and(|part| !is_of_release(part)) {
                return;
            }
            if app.is_own_part(f, index, state.property) {
                return;
            }
            // The rest of an event is the browser's.
            if state.property != Some("detail") && app.hears_of_custom_events(f) {
                return;
            }
            // What stands behind the request is the answer; and not all of the request is chosen by who asks.
            let is_own = index > 0 || state.property.is_some_and(|part| !is_asked(part));
            if entrance.kind == SourceKind::Request && is_own {
                return;
            }
            let path: Vec<String> = state.property.map(str::to_owned).into_iter().collect();
            let held = app.held_by_wrappers(f, index, &path).for_desktop().strength;
            if held >= self.enough || held == Strength::Host {
                return;
            }
            let state = State { opaque: state.opaque || held >= Strength::Opaque, ..state };
            if entrance.kind == SourceKind::Main {
                self.message(f, index, State { opaque: state.opaque || held >= Strength::Opaque, ..state });
                return;
            }
            let asked = self.asks_who(f);
            if asked < Strength::Scheme || entrance.kind != SourceKind::Message {
                let kind = entrance.kind.of_part(state.property);
                self.push(kind, span, State { opaque: state.opaque || asked >= Strength::Opaque, ..state });
            }
            return;
        }
        if self.watched(f, index, state) {
            return;
        }
        let callers = app.program.callers(f);
        let is_drawn = index == 0 && self.properties_of(Component::Function(f), state);
        let mut handed = app.program.handed_over(f);
        // An element hands its component over as its first argument, and says itself what that is given.
        let is_element = |(c, place): &(C, u32)| *place == 0 && app.program.call(*c).kind == CallKind::Jsx;
        handed.retain(|place| !(is_drawn && is_element(place)));
        for &(c, place) in &handed {
            self.callback(c, place, f, index, state);
        }
        let is_told = self.answered_by_options(f, index, state);
        if callers.is_empty() && handed.is_empty() && (is_drawn || is_told) {
            return;
        }
        if callers.is_empty() && handed.is_empty() {
            if !app.is_hook(f.0) {
                self.push(SourceKind::Parameter, span, state);
            }
            return;
        }
        if self.through.len() >= MOST_CALLS {
            self.push(SourceKind::Unknown, span, state);
            return;
        }
        let here = self.at;
        // Each setting is written by a call of its own.
        let callers = if self.has_told_key(f) { app.program.registrations(f) } else { callers };
        for &caller in callers.iter() {
            if here.function == f && app.is_switched_off(caller, f, here.condition) || self.tells_another_key(f, caller)
            {
                continue;
            }
            let Some(argument) = app.program.passed(caller, index as usize) else {
                if app.program.arguments(caller).iter().any(|item| item.spread) {
                    self.spread(caller, state);
                }
                continue;
            };
            let told = self.told.len();
            self.told.extend(self.told_by(f, caller));
            self.through(caller, |walk| walk.visit(argument, state));
            self.told.truncate(told);
        }
    }

    /// Looks at the call whose result is being looked at, if it is one of this function: no other call has to do with that result.
    pub(super) fn as_called(&mut self, f: F, look: impl FnOnce(&mut Self, C, u32)) -> bool {
        let Some(place) = self.returns.iter().rposition(|(function, ..)| *function == f) else { return false };
        let (_, c, at, first) = self.returns[place];
        let kept = self.returns.split_off(place);
        // What holds where the result is used counts for what it was made of.
        let before = std::mem::replace(&mut self.at, at);
        look(self, c, first);
        self.at = before;
        self.returns.extend(kept);
        true
    }

    /// Looks at what a call hands over: what holds there counts, and the call is told.
    pub(super) fn through(&mut self, c: C, look: impl FnOnce(&mut Self)) {
        let app = self.app;
        self.through.push(app.callee_span(c));
        let before = std::mem::replace(&mut self.at, At::call(app, c));
        look(self);
        self.at = before;
        self.through.pop();
    }

    /// Whether what leads here asks who sent the message: `event.origin`, `event.source`, `event.senderFrame`.
    pub(super) fn asks_who(&self, f: F) -> Strength {
        let (app, at) = (self.app, self.at);
        let of = |path: &[&str]| {
            let mut root = parameter_root(f, 0);
            root.path = path.iter().map(|name| (*name).to_owned()).collect();
            app.guard_of_root(at.function, at.condition, &root).strength
        };
        [&[] as &[&str], &["origin"], &["source"], &["sender"], &["senderFrame"], &["senderFrame", "url"]]
            .into_iter()
            .map(of)
            .max()
            .unwrap_or(Strength::None)
    }

    pub(super) fn spread(&mut self, caller: C, state: State) {
        let app = self.app;
        for item in app.program.arguments(caller) {
            if item.spread {
                self.visit(V(caller.0, item.value), state);
            }
        }
    }

    pub(super) fn rest(&mut self, f: F, index: u32, state: State) {
        let app = self.app;
        let is_of_result = self.as_called(f, |walk, c, first| {
            for item in app.program.arguments(c).iter().skip((first + index) as usize) {
                walk.visit(V(c.0, item.value), state);
            }
        });
        if is_of_result {
            return;
        }
        if let Some(entrance) = self.entrances.get(&f) {
            if index >= entrance.first || state.property.is_none() {
                self.push(entrance.kind, app.parameter_span(f, index), state);
            }
            return;
        }
        let callers = app.program.callers(f);
        if callers.is_empty() || self.through.len() >= MOST_CALLS {
            self.push(SourceKind::Parameter, app.parameter_span(f, index), state);
            return;
        }
        for &caller in callers.iter() {
            self.through(caller, |walk| {
                for item in app.program.arguments(caller).iter().skip(index as usize) {
                    walk.visit(V(caller.0, item.value), state);
                }
            });
        }
    }
}
