//! The loop of a worker: frames of the host, timers, messages of ports, and what scripts left to do after each of them.

use std::rc::Rc;
use std::time::Instant;

use rquickjs::function::This;
use rquickjs::{Function, Module, Value as Js};

use super::Bridge;
use crate::os::process;
use crate::os::quickjs::{self, Trusted};
use crate::proto::frames::{ErrorStrings, FromWorker, ToWorker};
use crate::worker::fail;

impl<'js> Bridge<'js> {
    /// Until the host wants a new context.
    pub(super) fn serve(self: &Rc<Self>, names: &mut Option<Vec<String>>) {
        loop {
            self.turn();
            let next = self.next_wake();
            let due = next.is_some_and(|at| at <= Instant::now()) || self.ports.borrow().has_message();
            let pending = !self.channel.borrow().frames.is_empty();
            if !pending {
                let ports = self.ports.borrow();
                self.channel.borrow_mut().wait(if due { Some(Instant::now()) } else { next }, &ports.waits());
            }
            let frame = self.channel.borrow_mut().frames.pop_front();
            match frame {
                None => {}
                Some(ToWorker::Reset) => return,
                Some(ToWorker::ApiInit { names: given }) => {
                    if let Err(error) = self.make_api(&given) {
                        fail(&format!("cannot make the api: {error}"));
                    }
                    *names = Some(given);
                    self.send(&FromWorker::Ready);
                }
                Some(frame) => {
                    self.take(frame);
                    // What has ended is told before a timer may run for ever.
                    self.turn();
                }
            }
            self.run_timers();
            self.take_messages();
            self.time_out_calls();
        }
    }

    /// After anything ran: jobs, results, rejections.
    fn turn(&self) {
        self.run_jobs();
        self.finish();
        self.finish_answers();
        self.tell_rejections();
        self.stop_if_expired();
    }

    pub(super) fn run_jobs(&self) {
        while self.ctx.execute_pending_job() {
            self.stop_if_expired();
        }
    }

    fn next_wake(&self) -> Option<Instant> {
        let timer = self.timers.borrow().next();
        let call = self.calls.borrow().values().filter_map(|call| call.until).min();
        [timer, call, self.clock.0.get()].into_iter().flatten().min()
    }

    fn take(self: &Rc<Self>, frame: ToWorker) {
        match frame {
            ToWorker::Execute { id, timeout_ms, code } => {
                self.start(id, timeout_ms, |bridge| {
                    bridge.compile(&code)?.call((This(Js::new_undefined(bridge.ctx.clone())),))
                });
            }
            ToWorker::ExecuteCode { id, timeout_ms, code } => {
                self.start(id, timeout_ms, |bridge| {
                    let function: Function = quickjs::run_script(&bridge.ctx, &Trusted::from_host(code))?.get()?;
                    function.call((This(Js::new_undefined(bridge.ctx.clone())),))
                });
            }
            ToWorker::Port { name } => {
                let descriptor = self.channel.borrow_mut().descriptors.pop_front();
                if let Some(socket) = descriptor {
                    self.ports.borrow_mut().connect(&name, socket);
                }
            }
            ToWorker::Load { id, timeout_ms, specifier } => {
                self.start(id, timeout_ms, |bridge| Module::import(&bridge.ctx, specifier));
            }
            ToWorker::ApiResult { id, value } | ToWorker::RpcResult { id, value } => self.resolve(id, &value),
            ToWorker::ApiError { id, error } => self.reject(id, &error, None),
            ToWorker::RpcError { id, code, message } => {
                self.reject(id, &ErrorStrings { name: "Error".into(), message, stack: String::new() }, Some(code));
            }
            ToWorker::RpcCall { id, method, args } => self.answer(id, &method, &args),
            ToWorker::Notify { method, args } => self.notified(&method, &args),
            ToWorker::Ping { nonce } => self.send(&FromWorker::Pong { nonce }),
            ToWorker::Exit => process::exit(0),
            // An answer that nobody waits for.
            ToWorker::ModuleSource { .. } | ToWorker::ModuleCode { .. } => {}
            // Taken before, or for another kind of worker.
            ToWorker::ApiInit { .. } | ToWorker::Reset | ToWorker::Compile { .. } => {}
        }
    }
}
