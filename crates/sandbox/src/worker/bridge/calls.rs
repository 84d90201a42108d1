//! Calls to the host that wait for an answer, and `api`, whose functions make them.

use std::rc::Rc;
use std::time::{Duration, Instant};

use electrolint_policy::Value;
use rquickjs::function::{Rest, This};
use rquickjs::object::Property;
use rquickjs::{Array, Function, Object, Result, Value as Js};

use super::services::SERVICE;
use super::{Bridge, alive};
use crate::proto::frames::{ErrorStrings, FromWorker};
use crate::worker::clone::{read, write};

/// A call to the host that has not been answered.
pub(super) struct Call<'js> {
    resolve: Function<'js>,
    reject: Function<'js>,
    pub(super) until: Option<Instant>,
}

impl<'js> Bridge<'js> {
    /// A call to the host: sends `frame` and gives the promise of the answer.
    pub(super) fn call(
        self: &Rc<Self>,
        frame: impl FnOnce(u32) -> FromWorker,
        timeout: Option<Duration>,
    ) -> Result<Js<'js>> {
        if self.calls.borrow().len() >= self.config().calls_in_flight as usize {
            return Err(self.throw("RangeError", "too many calls in flight"));
        }
        let (promise, resolve, reject) = self.ctx.promise()?;
        let mut id = self.last_call.get();
        loop {
            id = id.wrapping_add(1);
            if !self.calls.borrow().contains_key(&id) {
                break;
            }
        }
        self.last_call.set(id);
        let frame = frame(id);
        self.calls.borrow_mut().insert(id, Call { resolve, reject, until: timeout.map(|t| Instant::now() + t) });
        self.send(&frame);
        let bridge = Rc::downgrade(self);
        let object = promise.clone().into_value().into_object();
        if let (Some(object), FromWorker::RpcCall { .. }) = (object, &frame) {
            // The promise that it is called on, and not one that it holds: that would keep itself alive.
            let timeout = move |promise: This<Js<'js>>, ms: f64| {
                if let Some(call) = alive(&bridge)?.calls.borrow_mut().get_mut(&id) {
                    call.until = (ms >= 0.0).then(|| Instant::now() + Duration::from_secs_f64(ms.min(1e9) / 1000.0));
                }
                Ok::<_, rquickjs::Error>(promise.0)
            };
            self.define(&object, "timeout", timeout)?;
        }
        Ok(promise.into_value())
    }

    /// Settles a call; an id that is not waiting was answered too late and is dropped.
    fn settle(&self, id: u32, with: impl FnOnce(&Call<'js>) -> Result<()>) {
        let call = self.calls.borrow_mut().remove(&id);
        if let Some(call) = call
            && with(&call).is_err()
        {
            let _ = self.ctx.catch();
        }
    }

    pub(super) fn resolve(&self, id: u32, value: &Value) {
        self.settle(id, |call| match write(&self.intrinsics, value) {
            Ok(value) => call.resolve.call((value,)),
            // No memory for the answer: the script learns that.
            Err(_) => call.reject.call((self.ctx.catch(),)),
        });
    }

    pub(super) fn reject(&self, id: u32, error: &ErrorStrings, code: Option<i32>) {
        self.settle(id, |call| {
            let object = self.intrinsics.error(&error.name, &error.message)?;
            if let (Some(object), Some(code)) = (object.as_object(), code) {
                self.hidden(object, "code", Js::new_int(self.ctx.clone(), code))?;
            }
            call.reject.call((object,))
        });
    }

    pub(super) fn time_out_calls(&self) {
        let now = Instant::now();
        let late: Vec<u32> = self
            .calls
            .borrow()
            .iter()
            .filter(|(_, c)| c.until.is_some_and(|at| at <= now))
            .map(|(id, _)| *id)
            .collect();
        for id in late {
            let message = "the call was not answered in time".to_owned();
            self.reject(id, &ErrorStrings { name: "TimedOutErr".into(), message, stack: String::new() }, None);
            self.run_jobs();
        }
    }

    /// `api`: frozen objects without prototype, built once.
    pub(super) fn make_api(self: &Rc<Self>, names: &[String]) -> Result<()> {
        let api = Object::new_proto(self.ctx.clone(), None)?;
        let mut folders: Vec<Object> = vec![api.clone()];
        for (index, name) in names.iter().enumerate() {
            if name.starts_with(SERVICE) {
                continue;
            }
            let mut at = api.clone();
            let mut segments = name.split('.').peekable();
            while let Some(segment) = segments.next() {
                if segments.peek().is_none() {
                    let function = self.host_function(index)?.with_name(segment)?;
                    at.prop(segment, Property::from(function).enumerable())?;
                } else if at.contains_key(segment)? {
                    at = at.get(segment)?;
                } else {
                    let folder = Object::new_proto(self.ctx.clone(), None)?;
                    at.prop(segment, Property::from(folder.clone()).enumerable())?;
                    folders.push(folder.clone());
                    at = folder;
                }
            }
        }
        let freeze = self.intrinsics.function("freeze")?;
        for folder in folders {
            freeze.call::<_, Js>((folder,))?;
        }
        self.ctx.globals().prop("api", Property::from(api).enumerable())?;
        self.make_services(names)
    }

    /// The function that the host listed at `index`.
    pub(super) fn host_function(self: &Rc<Self>, index: usize) -> Result<Function<'js>> {
        let (bridge, index) = (Rc::downgrade(self), index as u32);
        let call = move |arguments: Rest<Js<'js>>| {
            let bridge = alive(&bridge)?;
            let args = bridge.read_list(&arguments.0)?;
            bridge.call(|id| FromWorker::ApiCall { id, index, args }, None)
        };
        Function::new(self.ctx.clone(), call)
    }

    /// Arguments are one message: an object that is given twice arrives as one.
    fn read_list(&self, arguments: &[Js<'js>]) -> Result<Value> {
        let list = Array::new(self.ctx.clone())?;
        for (index, argument) in arguments.iter().enumerate() {
            let property = Property::from(argument.clone()).writable().enumerable().configurable();
            list.as_object().prop(index as u32, property)?;
        }
        read(&self.intrinsics, list.as_value(), self.config().message_bytes as usize)
    }
}
