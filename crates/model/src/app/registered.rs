//! IPC handlers one by one, where a function of the app's own sets them: `handle(channel, handler)` around `ipcMain.handle`.

use super::{App, Listener, Sensitive};
use crate::link::{C, F, V};
use crate::source::Span;
use crate::summary::Value;

/// A handler of one channel, and what it does that a page must not ask for unseen.
#[derive(Clone, Debug)]
pub struct Unseen {
    /// The handler, with its channel.
    pub listener: Listener,
    /// Where the channel is said.
    pub span: Span,
    /// What it does.
    pub action: Sensitive,
}

/// How a handler hands on what it is called with.
struct HandedOn {
    /// The function around it, and the parameter that it calls.
    to: (F, u32),
    /// Whether the event goes with it.
    with_event: bool,
    /// The calls that hand over what is called.
    callers: Vec<C>,
}

impl App<'_> {
    /// IPC handlers that never look at who sends, each with the first thing that it does for whoever sends; one that matters before others.
    pub fn unseen_actions(&self) -> Vec<Unseen> {
        let mut found = Vec::new();
        for listener in self.ipc_handlers() {
            if listener.development == Some(true) || !self.is_own(self.callee_span(listener.call)) {
                continue;
            }
            if let Some(handed_on) = self.handed_as_it_is(&listener) {
                self.add_registered(&listener, &handed_on, &mut found);
                continue;
            }
            let span = self.argument_span(listener.call, 0);
            let mut actions = Vec::new();
            for f in self.handler_functions(&listener) {
                let handed_on = self.handed_on_by(&listener, f);
                let handed = handed_on.as_ref().map(|handed_on| handed_on.to);
                if self.looks_at_sender_besides(&listener, f, handed) {
                    continue;
                }
                actions.extend(self.sensitive_action_besides(f, handed).map(|action| (f, action)));
                if let Some(handed_on) = handed_on {
                    self.add_registered(&listener, &handed_on, &mut found);
                }
            }
            // `for (const [channel, handler] of Object.entries(handlers)) ipcMain.handle(channel, handler)`.
            if listener.event.is_none() && actions.len() > 1 {
                found.extend(actions.into_iter().map(|(f, action)| {
                    let listener =
                        Listener { event: self.channel_beside(&listener, f), handler: Some(f), ..listener.clone() };
                    Unseen { listener, span: action.span, action }
                }));
                continue;
            }
            let first = actions.iter().position(|(_, action)| action.matters).unwrap_or(0);
            if first < actions.len() {
                found.push(Unseen { listener, span, action: actions.swap_remove(first).1 });
            }
        }
        found
    }

    /// As [`App::handed_on_by`], of what is handed on itself: `function register(channel, handler) { ipcMain.handle(channel, handler) }`.
    fn handed_as_it_is(&self, listener: &Listener) -> Option<HandedOn> {
        let to = self.parameter_behind(listener.value?)?;
        let callers = self.callers_around(listener, to.0);
        (!callers.is_empty()).then_some(HandedOn { to, with_event: true, callers })
    }

    /// The channel that stands beside a handler in a table: the key of the handler, or a property of the same object.
    fn channel_beside(&self, listener: &Listener, f: F) -> Option<String> {
        let channel = self.program.behind(self.program.argument(listener.call, 0)?);
        let Value::Member(_, read) = self.program.value(channel) else { return None };
        let function = self.program.function(f);
        if self.program.str(channel.0, read) == "0" {
            return function.name.map(|name| self.program.str(f.0, name).to_owned());
        }
        let Value::Object(list) = self.program.value(V(f.0, function.holder?)) else { return None };
        let said = self.program.entry(f.0, list, self.program.str(channel.0, read))?;
        self.constant(V(f.0, said))?.text().map(str::to_owned)
    }

    /// What a handler hands on to a parameter of the function around it: `async (event, ...args) => handler(event, ...args)`.
    fn handed_on_by(&self, listener: &Listener, f: F) -> Option<HandedOn> {
        self.calls_inside(f).into_iter().find_map(|c| {
            let to = self.parameter_behind(V(c.0, self.program.call(c).callee))?;
            if to.0 == f || !self.program.encloses(to.0, f) {
                return None;
            }
            let callers = self.callers_around(listener, to.0);
            if callers.is_empty() {
                return None;
            }
            let with_event = self.program.arguments(c).first().is_some_and(|first| {
                let first = V(c.0, first.value);
                // `(...args) => handler(...args)`.
                let is_all = self.program.value(self.program.behind(first)) == Value::RestParameter(f.1, 0);
                is_all || self.is_parameter(first, f, 0)
            });
            Some(HandedOn { to, with_event, callers })
        })
    }

    /// The calls of a function that set a handler: all, where it sets it itself; the one that makes it, `ipcMain.handle('a', wrapped(handler))`.
    fn callers_around(&self, listener: &Listener, outer: F) -> Vec<C> {
        if self.program.encloses(outer, F(listener.call.0, self.program.call(listener.call).function)) {
            return self.program.registrations(outer).to_vec();
        }
        let made = listener.value.and_then(|value| self.call_behind(value));
        let made = made.filter(|c| self.functions(V(c.0, self.program.call(*c).callee)).contains(&outer));
        made.into_iter().collect()
    }

    /// The handlers that callers of such a function hand over.
    fn add_registered(&self, listener: &Listener, handed_on: &HandedOn, found: &mut Vec<Unseen>) {
        let (outer, place) = handed_on.to;
        let channel = self.program.argument(listener.call, 0).and_then(|channel| self.parameter_behind(channel));
        let channel = channel.filter(|(of, _)| *of == outer).map(|(_, index)| index as usize);
        for &c in &handed_on.callers {
            let Some(handler) = self.program.argument(c, place as usize) else { continue };
            let said = channel.and_then(|index| self.program.argument(c, index));
            let event = said.and_then(|said| self.constant(said)).and_then(|known| known.text().map(str::to_owned));
            for f in self.functions(handler) {
                if handed_on.with_event && self.looks_at_sender(listener, f) {
                    continue;
                }
                let Some(action) = self.sensitive_action(f) else { continue };
                let event = event.clone().or_else(|| listener.event.clone());
                let listener = Listener { event, handler: Some(f), value: Some(handler), ..listener.clone() };
                let span = said.map_or_else(|| self.argument_span(listener.call, 0), |said| self.span(said));
                found.push(Unseen { listener, span, action });
            }
        }
    }
}
