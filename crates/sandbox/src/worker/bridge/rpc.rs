//! `rpc`: methods that the script exposes to the host, and calls and notifications to the host by name.

use std::rc::Rc;
use std::time::Duration;

use electrolint_policy::{Value, check_method_name};
use rquickjs::function::{Opt, Rest};
use rquickjs::object::Filter;
use rquickjs::promise::PromiseState;
use rquickjs::{Function, Object, Promise, Result, Value as Js};

use super::errors::describe;
use super::services::SERVICE;
use super::{Bridge, alive};
use crate::proto::frames::{FromWorker, Level};
use crate::worker::clone::{read, write};

/// JSON-RPC 2.0, section 5.1: <https://www.jsonrpc.org/specification#error_object>.
const METHOD_NOT_FOUND: i32 = -32601;
/// A method that threw: the first code of the range that JSON-RPC leaves to implementations.
const METHOD_FAILED: i32 = -32000;

impl<'js> Bridge<'js> {
    pub(super) fn rpc(self: &Rc<Self>) -> Result<Js<'js>> {
        let rpc = Object::new_proto(self.ctx.clone(), None)?;
        let bridge = Rc::downgrade(self);
        let call = move |method: String, arguments: Opt<Js<'js>>| {
            let bridge = alive(&bridge)?;
            let args = bridge.read_arguments(arguments.0)?;
            let timeout = bridge.config().call_timeout_ms.map(Duration::from_millis);
            bridge.call(|id| FromWorker::RpcCall { id, method, args }, timeout)
        };
        self.define(&rpc, "call", call)?;
        let bridge = Rc::downgrade(self);
        let notify = move |method: String, arguments: Opt<Js<'js>>| {
            let bridge = alive(&bridge)?;
            let args = bridge.read_arguments(arguments.0)?;
            bridge.send(&FromWorker::Notify { method, args });
            Ok::<_, rquickjs::Error>(())
        };
        self.define(&rpc, "notify", notify)?;
        let bridge = Rc::downgrade(self);
        let expose = move |name: String, function: Function<'js>| alive(&bridge)?.expose(&name, function);
        self.define(&rpc, "expose", expose)?;
        let bridge = Rc::downgrade(self);
        let unexpose =
            move |name: String| Ok::<_, rquickjs::Error>(alive(&bridge)?.exposed.borrow_mut().remove(&name).is_some());
        self.define(&rpc, "unexpose", unexpose)?;
        let bridge = Rc::downgrade(self);
        let expose_all = move |object: Object<'js>| {
            let bridge = alive(&bridge)?;
            let mut found = Vec::new();
            collect_methods(&object, "", 0, &mut found)?;
            bridge.exposed.borrow_mut().clear();
            found.into_iter().try_for_each(|(name, function)| bridge.expose(&name, function))
        };
        self.define(&rpc, "exposeObject", expose_all)?;
        self.intrinsics.function("freeze")?.call::<_, Js>((rpc.clone(),))?;
        Ok(rpc.into_value())
    }

    /// A list is positional, anything else is the one argument; none is an empty list.
    fn read_arguments(&self, arguments: Option<Js<'js>>) -> Result<Value> {
        match arguments {
            Some(value) if !value.is_undefined() => {
                read(&self.intrinsics, &value, self.config().message_bytes as usize)
            }
            _ => Ok(Value::Array(Vec::new())),
        }
    }

    fn expose(&self, name: &str, function: Function<'js>) -> Result<()> {
        let mut exposed = self.exposed.borrow_mut();
        let refusal = match check_method_name(name) {
            Err(message) => Some(("TypeError", message)),
            Ok(()) if !exposed.contains_key(name) && exposed.len() >= self.config().sandbox_methods as usize => {
                Some(("RangeError", "too many exposed methods".to_owned()))
            }
            Ok(()) => None,
        };
        if let Some((class, message)) = refusal {
            drop(exposed);
            return Err(self.throw(class, &message));
        }
        exposed.insert(name.to_owned(), function);
        Ok(())
    }

    fn invoke(&self, method: &str, args: &Value) -> Option<Result<Js<'js>>> {
        let functions = if method.starts_with(SERVICE) { &self.listening } else { &self.exposed };
        let function = functions.borrow().get(method).cloned()?;
        Some(write(&self.intrinsics, args).and_then(|value| {
            let arguments = match (args, value.as_array()) {
                (Value::Array(_), Some(list)) => list.iter().collect::<Result<Vec<Js>>>()?,
                _ => vec![value.clone()],
            };
            function.call((Rest(arguments),))
        }))
    }

    /// A call of the host that waits for no result.
    pub(super) fn notified(&self, method: &str, args: &Value) {
        match self.invoke(method, args) {
            None => self.log(Level::Warn, format!("notify: the method {method} does not exist")),
            Some(Ok(_)) => {}
            Some(Err(_)) => self.tell_uncaught(method),
        }
    }

    /// Sends what the exposed methods have answered.
    pub(super) fn finish_answers(&self) {
        let ended: Vec<_> =
            self.answering.borrow_mut().extract_if(.., |(_, p)| p.state() != PromiseState::Pending).collect();
        for (id, promise) in ended {
            self.send(&match self.outcome(&promise) {
                Ok(value) => FromWorker::RpcResult { id, value },
                Err(error) => FromWorker::RpcError { id, code: METHOD_FAILED, message: error.message },
            });
        }
    }

    /// A call of the host, which is told of the result.
    pub(super) fn answer(&self, id: u32, method: &str, args: &Value) {
        let promised = match self.invoke(method, args) {
            None => {
                let message = format!("the method {method} does not exist");
                return self.send(&FromWorker::RpcError { id, code: METHOD_NOT_FOUND, message });
            }
            // A promise or thenable is waited for, a value is at once settled.
            Some(result) => {
                result.and_then(|value| self.intrinsics.function("promiseResolve")?.call::<_, Promise>((value,)))
            }
        };
        match promised {
            Ok(promise) => self.answering.borrow_mut().push((id, promise)),
            Err(_) => {
                let message = describe(&self.ctx, &self.ctx.catch()).message;
                self.send(&FromWorker::RpcError { id, code: METHOD_FAILED, message });
            }
        }
    }
}

/// Deepest namespace of methods.
const MAX_NAMESPACE_DEPTH: usize = 8;

fn collect_methods<'js>(
    object: &Object<'js>,
    prefix: &str,
    depth: usize,
    found: &mut Vec<(String, Function<'js>)>,
) -> Result<()> {
    if depth == MAX_NAMESPACE_DEPTH {
        return Ok(());
    }
    for member in object.own_props::<String, Js>(Filter::new().string().enum_only()) {
        let (key, value) = member?;
        let name = if prefix.is_empty() { key } else { format!("{prefix}.{key}") };
        if let Some(function) = value.as_function() {
            found.push((name, function.clone()));
        } else if let Some(inner) = value.as_object() {
            collect_methods(inner, &name, depth + 1, found)?;
        }
    }
    Ok(())
}
