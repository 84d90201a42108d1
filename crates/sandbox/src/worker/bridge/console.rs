//! `console`: text for the host, within the bounds of a message.

use std::rc::Rc;

use rquickjs::function::Rest;
use rquickjs::{Object, Result, Value as Js};

use super::{Bridge, alive};
use crate::os::quickjs::{Class, class_of};
use crate::proto::frames::{FromWorker, Level};
use crate::worker::clone::read;
use crate::worker::realm::inspect;

impl<'js> Bridge<'js> {
    pub(super) fn console(self: &Rc<Self>) -> Result<Js<'js>> {
        let console = Object::new(self.ctx.clone())?;
        for (name, level) in [
            ("debug", Level::Debug),
            ("log", Level::Log),
            ("dir", Level::Log),
            ("info", Level::Info),
            ("warn", Level::Warn),
            ("error", Level::Error),
            ("trace", Level::Error),
        ] {
            let bridge = Rc::downgrade(self);
            let write = move |arguments: Rest<Js<'js>>| {
                let bridge = alive(&bridge)?;
                let words: Vec<_> = arguments.0.iter().map(|value| bridge.inspect(value)).collect();
                bridge.log(level, words.join(" "));
                Ok::<_, rquickjs::Error>(())
            };
            self.define(&console, name, write)?;
        }
        Ok(console.into_value())
    }

    /// Never throws: what cannot be cloned is named by its kind.
    fn inspect(&self, value: &Js<'js>) -> String {
        match read(&self.intrinsics, value, self.config().message_bytes as usize) {
            Ok(value) => inspect(&value, 0),
            Err(_) => {
                let _ = self.ctx.catch();
                match value.as_object().map(|object| class_of(object.as_value())) {
                    Some(Class::Function) => "[function]".into(),
                    Some(Class::Promise) => "[promise]".into(),
                    Some(Class::Proxy) => "[proxy]".into(),
                    Some(_) => "[object]".into(),
                    None => "[symbol]".into(),
                }
            }
        }
    }

    /// A line of the console. The host bounds how much of it passes.
    pub(super) fn log(&self, level: Level, mut text: String) {
        let most = self.config().message_bytes as usize / 2;
        if text.len() > most {
            text.truncate(text.floor_char_boundary(most));
        }
        self.send(&FromWorker::Log { level, text });
    }
}
