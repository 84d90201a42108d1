//! `port`: what a script sees of the message ports that [`crate::worker::ports`] moves bytes through.

use std::rc::Rc;

use rquickjs::function::Opt;
use rquickjs::object::{Accessor, Property};
use rquickjs::{Object, Result, Value as Js};

use super::{Bridge, alive};
use crate::worker::clone::{read, write};
use crate::worker::ports::Refusal;

/// The name of the port that `port` itself is.
pub(super) const DEFAULT_PORT: &str = "";

impl<'js> Bridge<'js> {
    /// `port`, and what `port.named(name)` gives: `postMessage`, `onmessage`, `close`.
    pub(super) fn port(self: &Rc<Self>, name: &str) -> Result<Js<'js>> {
        let port = Object::new_proto(self.ctx.clone(), None)?;
        let (bridge, own) = (Rc::downgrade(self), name.to_owned());
        let post = move |message: Opt<Js<'js>>| {
            let bridge = alive(&bridge)?;
            let limit = bridge.config().message_bytes as usize;
            let message = message.0.unwrap_or_else(|| Js::new_undefined(bridge.ctx.clone()));
            let value = read(&bridge.intrinsics, &message, limit)?;
            let posted = bridge.ports.borrow_mut().post(&own, &value, limit);
            posted.map_err(|refusal| {
                let (class, message) = match refusal {
                    Refusal::Closed => ("Error", "the port is closed"),
                    Refusal::Full => ("RangeError", "the other side of the port does not read"),
                };
                bridge.throw(class, message)
            })
        };
        self.define(&port, "postMessage", post)?;
        let (bridge, own) = (Rc::downgrade(self), name.to_owned());
        let close = move || {
            alive(&bridge)?.ports.borrow_mut().close(&own);
            Ok::<_, rquickjs::Error>(())
        };
        self.define(&port, "close", close)?;
        let (bridge, own) = (Rc::downgrade(self), name.to_owned());
        let get = move || {
            let handler = alive(&bridge)?.ports.borrow().handler(&own);
            Ok::<_, rquickjs::Error>(handler)
        };
        let (bridge, own) = (Rc::downgrade(self), name.to_owned());
        let set = move |handler: Js<'js>| {
            alive(&bridge)?.ports.borrow_mut().set_handler(&own, handler.into_function());
            Ok::<_, rquickjs::Error>(())
        };
        port.prop("onmessage", Accessor::new(get, set).enumerable())?;
        if name == DEFAULT_PORT {
            let bridge = Rc::downgrade(self);
            let named = move |name: String| alive(&bridge)?.port(&name);
            self.define(&port, "named", named)?;
        }
        self.intrinsics.function("freeze")?.call::<_, Js>((port.clone(),))?;
        Ok(port.into_value())
    }

    /// Hands messages of ports to their handlers, at most one of each port in a turn.
    pub(super) fn take_messages(&self) {
        let messages = self.ports.borrow_mut().turn(self.config().message_bytes as usize);
        for (name, message) in messages {
            let Some(handler) = self.ports.borrow().handler(&name) else { continue };
            let called = write(&self.intrinsics, &message).and_then(|data| {
                let event = Object::new_proto(self.ctx.clone(), None)?;
                event.prop("data", Property::from(data).writable().enumerable().configurable())?;
                handler.call::<_, Js>((event,))
            });
            if called.is_err() {
                self.tell_uncaught("onmessage");
            }
            self.run_jobs();
        }
    }
}
