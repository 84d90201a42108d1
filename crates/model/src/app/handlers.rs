//! Listeners and handlers: who listens to what, and what the function does on which path.

use rustc_hash::FxHashMap;

use super::App;
use super::calls::ApiCall;
use super::checks::{Root, parameter_root};
use super::inside::Which;
use crate::link::electron::LISTEN;
use crate::link::things::*;
use crate::link::{C, F, V};
use crate::source::Span;
use crate::summary::{ConditionId, Operator, Value};

/// Sets a handler in the main process: <https://github.com/sindresorhus/electron-better-ipc#ipcmainanswerrendererchannel-callback>.
pub(super) const ANSWER_RENDERER: &str = "electron-better-ipc.ipcMain.answerRenderer";

/// Defaults of parameters that are looked behind in a row.
const MOST_DEFAULTS: u32 = 4;

/// A function that was handed over to be called when something happens.
#[derive(Clone, Debug)]
pub struct Listener {
    /// The call that hands it over.
    pub call: C,
    /// On which object.
    pub receiver: Option<Host>,
    /// The event or channel, where it is known.
    pub event: Option<String>,
    /// The function, where it is one of the app's.
    pub handler: Option<F>,
    /// The argument that is the handler.
    pub value: Option<V>,
    /// It is called once and then no more.
    pub once: bool,
    /// How sure it is.
    pub certainty: Certainty,
    /// Only in development.
    pub development: Option<bool>,
}

/// One thing that a function does on one of its paths.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// What holds when it happens.
    pub condition: Option<ConditionId>,
    /// The value that it returns or hands on.
    pub value: Option<V>,
    /// Where.
    pub span: Span,
    /// An `await` came before it.
    pub after_await: bool,
    /// The function in which it happens: the handler, or one that it calls.
    pub function: F,
    /// What the address that the handler was given is called in that function.
    pub roots: Vec<Root>,
    /// The parameter that it is done to.
    pub of: Option<(F, u32)>,
}

/// How a function ends.
#[derive(Clone, Debug, Default)]
pub struct Exits {
    /// Every `return`, and the end if it can be reached.
    pub returns: Vec<Outcome>,
}

impl App<'_> {
    /// Listeners for an event of a class or module, one for each object that they may be set on: `listeners("WebContents", "will-navigate")`, `listeners("app", "open-url")`.
    pub fn listeners(&self, class: &str, event: &str) -> Vec<Listener> {
        let mut found = Vec::new();
        for method in LISTEN {
            let api = format!("{class}.{method}");
            for call in self.calls_that_may_name(&api, event).iter() {
                let Some(name) = call.argument(self, 0) else { continue };
                let names = self.eval(name);
                if !names.iter().any(|known| known.text() == Some(event)) {
                    continue;
                }
                let once = matches!(method, "once" | "prependOnceListener");
                let calls = self.on_each_receiver(call, &api);
                found.extend(calls.iter().map(|call| self.listener(call, 1, Some(event.to_owned()), once)));
            }
        }
        found.sort_by_key(|listener| listener.call);
        found
    }

    /// Handlers that are set by a call of their own: `handlers("Session.setPermissionRequestHandler")`.
    pub fn handlers(&self, api: &str) -> Vec<Listener> {
        let calls = self.calls(api);
        let each = calls.iter().flat_map(|call| self.on_each_receiver(call, api));
        each.map(|call| self.listener(&call, 0, None, false)).collect()
    }

    /// Those of these that the app sets: a program that lies beside it and is never started holds none of its windows.
    pub fn of_the_app(&self, listeners: Vec<Listener>) -> Vec<Listener> {
        // What a name that is computed leads to, nobody knows: it may be such a program.
        let is_reached = |call: &ApiCall| self.entries().reached.contains(&call.call.0);
        if !listeners.iter().any(|listener| self.is_separate_program(listener.call.0))
            || self.computed_imports().iter().any(is_reached)
        {
            return listeners;
        }
        listeners.into_iter().filter(|listener| !self.is_separate_program(listener.call.0)).collect()
    }

    /// `setWindowOpenHandler`, on whatever contents.
    pub fn window_open_handlers(&self) -> Vec<Listener> {
        self.handlers("WebContents.setWindowOpenHandler")
    }

    /// Handlers of messages that renderers send: `ipcMain.handle`, `ipcMain.on` and kin, of every channel.
    pub fn ipc_handlers(&self) -> Vec<Listener> {
        let mut found = Vec::new();
        for method in crate::link::electron::HANDLE {
            for call in self.calls(&format!("IpcMain.{method}")).iter() {
                let channel = call.argument(self, 0).and_then(|channel| self.constant(channel));
                let channel = channel.and_then(|known| known.text().map(str::to_owned));
                found.push(self.listener(call, 1, channel, method.contains("nce")));
            }
        }
        // `answerRenderer([window,] channel, (data, window) => …)`.
        for call in self.calls(ANSWER_RENDERER).iter() {
            let place = usize::from(call.argument(self, 2).is_some());
            let channel = call.argument(self, place).and_then(|channel| self.constant(channel));
            let channel = channel.and_then(|known| known.text().map(str::to_owned));
            found.push(self.listener(call, place + 1, channel, false));
        }
        found.sort_by_key(|listener| listener.call);
        found.dedup_by_key(|listener| listener.call);
        found
    }

    /// The functions that answer a channel, by `ipcMain.handle`.
    pub(super) fn handlers_of(&self, channel: &str) -> &[F] {
        let handlers = self.handlers_by_channel.get_or_init(|| {
            let mut handlers: FxHashMap<String, Vec<F>> = FxHashMap::default();
            for listener in self.ipc_handlers() {
                if let (Some(channel), Some(value)) = (listener.event, listener.value) {
                    handlers.entry(channel).or_default().extend(self.functions(value));
                }
            }
            handlers
        });
        handlers.get(channel).map_or(&[], Vec::as_slice)
    }

    fn listener(&self, call: &ApiCall, index: usize, event: Option<String>, once: bool) -> Listener {
        let value = call.argument(self, index);
        let record = self.program.call(call.call);
        Listener {
            call: call.call,
            receiver: call.receiver.clone().map(|host| self.of_asked_kind(call.call, host)),
            event,
            handler: value.and_then(|value| self.functions(value).first().copied()),
            value,
            once,
            certainty: call.certainty,
            development: self.program.development_of(call.call.0, record.condition, &Frames::default()),
        }
    }

    /// What a function returns, on which paths.
    pub fn exits(&self, f: F) -> Exits {
        let function = self.program.function(f);
        let returns = function
            .exits
            .iter()
            .filter(|exit| !exit.throws)
            .map(|exit| Outcome {
                condition: exit.condition,
                value: exit.value.map(|value| V(f.0, value)),
                span: self.program.place(f.0, exit.span),
                after_await: false,
                function: f,
                roots: Vec::new(),
                of: None,
            })
            .collect();
        Exits { returns }
    }

    /// Calls of `name` on a parameter of the function, in it and in the functions that it hands the parameter to:
    /// `event.preventDefault()` of the first one.
    pub fn method_calls_on(&self, f: F, parameter: u32, name: &str) -> Vec<Outcome> {
        let mut found = Vec::new();
        let mut of_event = parameter_root(f, parameter);
        of_event.path.push("url".to_owned());
        self.collect_method_calls(f, parameter, name, &[parameter_root(f, parameter + 1), of_event], 0, &mut found);
        found
    }

    fn collect_method_calls(
        &self,
        f: F,
        parameter: u32,
        name: &str,
        roots: &[Root],
        depth: u32,
        found: &mut Vec<Outcome>,
    ) {
        for c in self.calls_inside(f) {
            let call = self.program.call(c);
            let callee = V(c.0, call.callee);
            let event = Some((f, parameter));
            // What is only asked for the event holds for every one.
            let condition = || {
                let mut conditions = self.program.summary(c.0).conditions_at(call.condition);
                let always = conditions.all(|one| one.holds && self.asks_for_event(V(c.0, one.test), event));
                call.condition.filter(|_| !always)
            };
            let outcome = |span| Outcome {
                condition: condition(),
                value: None,
                span,
                after_await: call.after_await,
                function: F(c.0, call.function),
                roots: roots.to_vec(),
                of: event,
            };
            if let Value::Member(object, method) = self.program.value(callee)
                && self.program.str(c.0, method) == name
                && self.is_parameter(V(c.0, object), f, parameter)
            {
                found.push(outcome(self.program.place(c.0, call.span)));
                continue;
            }
            // `({ preventDefault }) => preventDefault()`.
            if let Value::Binding(_) = self.program.value(callee)
                && self.member_of_parameter(callee, f, parameter).is_some_and(|member| member == name)
            {
                found.push(outcome(self.program.place(c.0, call.span)));
                continue;
            }
            if depth < 3 {
                for (index, item) in self.program.arguments(c).iter().enumerate() {
                    if item.spread || !self.is_parameter(V(c.0, item.value), f, parameter) {
                        continue;
                    }
                    for inner in self.functions(callee) {
                        if inner != f {
                            let first = found.len();
                            let handed = self.handed_roots(c, inner, index as u32, roots);
                            self.collect_method_calls(inner, index as u32, name, &handed, depth + 1, found);
                            // What dominates the call of the helper dominates what the helper does; one that is unconditional inside
                            // happens under the condition of the call.
                            for outcome in &mut found[first..] {
                                if outcome.condition.is_none() {
                                    outcome.condition = condition();
                                    outcome.function = F(c.0, call.function);
                                    outcome.roots = roots.to_vec();
                                    outcome.of = event;
                                }
                                outcome.after_await |= call.after_await;
                            }
                        }
                    }
                }
            }
        }
    }

    /// What the address is called in a helper: the parameters that it is handed to, and the event's own property.
    fn handed_roots(&self, c: C, helper: F, event: u32, roots: &[Root]) -> Vec<Root> {
        let mut handed = Vec::new();
        for index in 0..self.program.arguments(c).len() {
            let argument = self.program.argument(c, index).and_then(|argument| self.root(argument));
            if argument.is_some_and(|argument| roots.contains(&argument)) {
                handed.push(parameter_root(helper, index as u32));
            }
        }
        let mut of_event = parameter_root(helper, event);
        of_event.path.push("url".to_owned());
        handed.push(of_event);
        handed
    }

    /// Calls of a parameter itself: `callback(true)`.
    pub fn calls_of_parameter(&self, f: F, parameter: u32) -> Vec<(C, Outcome)> {
        let mut found = Vec::new();
        for c in self.calls_inside(f) {
            let call = self.program.call(c);
            if self.is_parameter(V(c.0, call.callee), f, parameter) {
                let outcome = Outcome {
                    condition: call.condition,
                    value: self.program.argument(c, 0),
                    span: self.program.place(c.0, call.span),
                    after_await: call.after_await,
                    function: F(c.0, call.function),
                    roots: Vec::new(),
                    of: Some((f, parameter)),
                };
                found.push((c, outcome));
            }
        }
        found
    }

    /// Whether a value is a parameter of the function, as it was handed over.
    pub fn is_parameter(&self, v: V, f: F, parameter: u32) -> bool {
        self.parameter_behind(v) == Some((f, parameter))
    }

    /// The parameter that a value is, as it was handed over.
    pub(super) fn parameter_behind(&self, v: V) -> Option<(F, u32)> {
        let summary = self.program.summary(v.0);
        let mut at = v.1;
        for _ in 0..MOST_DEFAULTS {
            match summary.value(summary.behind(at)) {
                Value::Parameter(function, index) => return Some((F(v.0, function), index)),
                Value::Binary(Operator::Default, left, _) => at = left,
                _ => return None,
            }
        }
        None
    }

    /// The name of the parameter's property that a value is.
    pub fn member_of_parameter(&self, v: V, f: F, parameter: u32) -> Option<String> {
        let summary = self.program.summary(v.0);
        match summary.value(summary.behind(v.1)) {
            Value::Member(object, name) => {
                self.is_parameter(V(v.0, object), f, parameter).then(|| summary.str(name).to_owned())
            }
            _ => None,
        }
    }

    /// Every value in a function, for questions about what it mentions.
    pub fn mentions(&self, f: F, what: impl Fn(Value) -> bool) -> bool {
        let summary = self.program.summary(f.0);
        self.values_inside(f, Which::All).any(|value| what(summary.value(value)))
    }
}
