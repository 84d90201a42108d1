//! What a message of the main process holds: what those say who send on its channel.

use super::super::sources::SourceKind;
use super::{At, MOST_CALLS, State, Trace, Walk};
use crate::link::{C, F, V};
use crate::summary::Value;

/// Messages that are sent out of messages, in a row.
const MOST_MESSAGES: usize = 2;

impl Walk<'_, '_> {
    /// What a listener of renderers is given: the argument that stands at `index`, after the event.
    pub(super) fn message(&mut self, f: F, index: u32, state: State) {
        let app = self.app;
        let mut is_heard = false;
        for (c, place) in app.program.handed_over(f) {
            // A function of the app's own may listen, and hand on what it is given.
            if self.listens(c, place) {
                is_heard = true;
                self.sent(c, f, index, state);
            } else if !self.stops_listening(c) {
                is_heard |= self.called_back(c, place, index, state);
            }
        }
        if !is_heard {
            self.push(SourceKind::Main, app.parameter_span(f, index), state);
        }
    }

    fn stops_listening(&self, c: C) -> bool {
        let api = self.app.api_of(c).map(|(path, _)| path);
        matches!(api.as_deref(), Some("ipcRenderer.removeListener" | "ipcRenderer.off"))
    }

    /// Whether a call sets this argument as a listener for messages of the main process.
    pub(super) fn listens(&self, c: C, place: u32) -> bool {
        let api = self.app.api_of(c).map(|(path, _)| path);
        place == 1 && matches!(api.as_deref(), Some("ipcRenderer.on" | "ipcRenderer.once" | "ipcRenderer.addListener"))
    }

    /// What is sent on the channel for which a call sets a listener, or something that the main process was told.
    pub(super) fn sent(&mut self, listen: C, f: F, index: u32, state: State) {
        let app = self.app;
        let Some(place) = index.checked_sub(1) else { return };
        let before = self.found.len();
        let mut are_all = false;
        let is_deep = self.messages.len() >= MOST_MESSAGES || self.through.len() >= MOST_CALLS;
        if !is_deep && let Some((channel, _)) = self.key_asked(listen) {
            let (senders, all) = app.senders_to_pages().of(&channel);
            are_all = all && !senders.is_empty();
            self.messages.push(listen);
            for sender in senders {
                let around = std::mem::take(&mut self.returns);
                for &(helper, caller) in &sender.through {
                    self.returns.push((helper, caller, At::call(app, caller), 0));
                }
                self.aside(|walk| {
                    walk.through(sender.call, |walk| walk.handed(sender.call, sender.first + place as usize, state));
                    // What was not looked at may be somebody else's.
                    are_all &= walk.seen.len() <= walk.most;
                });
                self.returns = around;
            }
            self.messages.pop();
        }
        // What renderers said comes back to one of them: which one spoke, nobody knows. Nor does anybody know what else the main process
        // was told, where something in the message is not known.
        let (own, found): (Vec<Trace>, Vec<Trace>) =
            self.found.split_off(before).into_iter().partition(|trace| trace.origin.kind == SourceKind::Ipc);
        let is_unknown = !found.is_empty() && !found.iter().any(Trace::is_untrusted);
        self.found.extend(found);
        if !are_all || !own.is_empty() || is_unknown {
            self.push(SourceKind::Main, app.parameter_span(f, index), state);
        }
    }

    /// Looks at what a call hands over at this place, which may be one of a list that is spread over it: `listener(...messages)`.
    pub(super) fn handed(&mut self, c: C, index: usize, state: State) {
        let program = &self.app.program;
        if let Some(argument) = program.argument(c, index) {
            self.visit(argument, state);
            return;
        }
        let mut items = program.arguments(c).iter().enumerate().take(index + 1);
        let Some((place, item)) = items.find(|(_, item)| item.spread) else { return };
        let list = program.behind(V(c.0, item.value));
        match program.value(list) {
            Value::RestParameter(function, start) => self.rest_at(F(list.0, function), start, index - place, state),
            _ => self.visit(list, state),
        }
    }

    /// One of those that a rest parameter takes.
    fn rest_at(&mut self, f: F, start: u32, nth: usize, state: State) {
        let is_of_result = self.as_called(f, |walk, c, first| {
            walk.handed(c, (first + start) as usize + nth, state);
        });
        if is_of_result {
            return;
        }
        match self.entrances.get(&f) {
            Some(entrance) if entrance.kind == SourceKind::Main => self.message(f, start + nth as u32, state),
            _ => self.rest(f, start, state),
        }
    }
}
