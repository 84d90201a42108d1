//! What runs for the host: scripts and modules, each with a limit of its own, until their results are sent.

use std::cell::Cell;
use std::time::{Duration, Instant};

use electrolint_policy::{Text, Value};
use rquickjs::promise::PromiseState;
use rquickjs::{Ctx, Function, Promise, Result, Value as Js};

use super::Bridge;
use super::errors::describe;
use crate::os::process;
use crate::os::quickjs::{self, Trusted};
use crate::proto::frames::{ErrorStrings, FromWorker};
use crate::worker::clone::read;

/// The name that scripts of `execute` have in stacks.
pub(in crate::worker) const SCRIPT_NAME: &str = "sandbox.js";

/// The soft clock: the earliest end of what runs.
#[derive(Default)]
pub(super) struct Clock(pub(super) Cell<Option<Instant>>);

impl Clock {
    pub(super) fn expired(&self) -> bool {
        self.0.get().is_some_and(|at| Instant::now() >= at)
    }
}

/// Something of the host's that this worker works on.
pub(super) struct Running<'js> {
    id: u32,
    promise: Promise<'js>,
    until: Instant,
}

impl<'js> Bridge<'js> {
    /// Starts something that has a result and a limit of its own.
    pub(super) fn start(&self, id: u32, timeout_ms: u32, work: impl FnOnce(&Self) -> Result<Promise<'js>>) {
        let until = Instant::now() + Duration::from_millis(timeout_ms.into());
        let earliest = self.clock.0.get().map_or(until, |at| at.min(until));
        self.clock.0.set(Some(earliest));
        match work(self) {
            Ok(promise) => self.running.borrow_mut().push(Running { id, promise, until }),
            Err(_) => {
                let thrown = self.ctx.catch();
                if self.clock.expired() {
                    self.time_out(id);
                }
                self.send(&FromWorker::Error { id, error: describe(&self.ctx, &thrown) });
                self.set_clock();
            }
        }
    }

    fn set_clock(&self) {
        self.clock.0.set(self.running.borrow().iter().map(|r| r.until).min());
    }

    /// The soft limit: says what was running, and ends.
    fn time_out(&self, id: u32) -> ! {
        self.send(&FromWorker::TimedOut { id, stack: String::new() });
        process::exit(0)
    }

    pub(super) fn stop_if_expired(&self) {
        if self.clock.expired() {
            let first = self.running.borrow().iter().min_by_key(|r| r.until).map(|r| r.id);
            if let Some(id) = first {
                self.time_out(id);
            }
        }
    }

    pub(super) fn compile(&self, code: &str) -> Result<Function<'js>> {
        match quickjs::beside(&self.compiler, |ctx| compile_body(ctx, code, SCRIPT_NAME)) {
            Ok(code) => quickjs::run_script(&self.ctx, &code)?.get(),
            Err(error) => {
                let object = self.intrinsics.error(&error.name, &error.message)?;
                if let Some(object) = object.as_object() {
                    let stack = quickjs::new_string(&self.ctx, &Text::from(error.stack))?;
                    self.hidden(object, "stack", stack)?;
                }
                Err(self.ctx.throw(object))
            }
        }
    }

    /// Sends the results of what has ended.
    pub(super) fn finish(&self) {
        let ended: Vec<_> =
            self.running.borrow_mut().extract_if(.., |r| r.promise.state() != PromiseState::Pending).collect();
        for Running { id, promise, .. } in &ended {
            let frame = match self.outcome(promise) {
                Ok(value) => FromWorker::Result { id: *id, value },
                Err(error) => FromWorker::Error { id: *id, error },
            };
            // Reading the value may have run a getter to the limit.
            if self.clock.expired() {
                self.time_out(*id);
            }
            self.send(&frame);
        }
        if !ended.is_empty() {
            self.set_clock();
        }
    }

    /// What a settled promise gave: its value as it travels, or the strings of its reason.
    pub(super) fn outcome(&self, promise: &Promise<'js>) -> std::result::Result<Value, ErrorStrings> {
        // Its rejection is told to the host here, so it is not unhandled.
        self.rejections.borrow_mut().forget(promise.as_value());
        let settled = promise.result::<Js>().unwrap_or_else(|| Ok(Js::new_undefined(self.ctx.clone())));
        // The namespace of a module is no value; loading one has no result.
        let settled =
            settled.map(|value| if is_namespace(&value) { Js::new_undefined(self.ctx.clone()) } else { value });
        settled
            .and_then(|value| read(&self.intrinsics, &value, self.config().message_bytes as usize))
            .map_err(|_| describe(&self.ctx, &self.ctx.catch()))
    }
}

/// The body of an async function. The same text must also be the body of an async method: what closes a function
/// expression and goes on is no method, and what closes a method and goes on is no expression, so that no text leaves
/// the function that it is put in.
pub(in crate::worker) fn compile_body(
    ctx: &Ctx<'_>,
    code: &str,
    name: &str,
) -> std::result::Result<Trusted, ErrorStrings> {
    // The two newlines and the line number -1 give the script's first line the number 1; 0 means "not set".
    let compile = |open: &str, close: &str| {
        let source = format!("({open}\n\n{code}\n{close})");
        Trusted::compile(ctx, &source, name, false, -1).map_err(|_| describe(ctx, &ctx.catch()))
    };
    compile("{async run(){", "}}").and_then(|_| compile("async function(){", "}"))
}

fn is_namespace(value: &Js<'_>) -> bool {
    value.is_object() && !value.is_function() && quickjs::is_module_namespace(value)
}
