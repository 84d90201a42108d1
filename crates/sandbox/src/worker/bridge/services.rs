//! What the host offers beside `api`, to the script of the services alone (`services.js`).

use std::rc::Rc;

use rquickjs::object::Property;
use rquickjs::{Array, Function, Object, Result};

use super::errors::describe;
use super::{Bridge, alive};
use crate::os::quickjs::{self, Trusted};
use crate::proto::frames::Level;

/// How names of services begin, on both sides. No name of a method does.
pub(super) const SERVICE: char = '@';

impl<'js> Bridge<'js> {
    /// What the host offers beside `api`: the script of the services makes globals of it.
    pub(super) fn make_services(self: &Rc<Self>, names: &[String]) -> Result<()> {
        if !names.iter().any(|name| name.starts_with(SERVICE)) {
            return Ok(());
        }
        let calls = Object::new_proto(self.ctx.clone(), None)?;
        for (index, name) in names.iter().enumerate().filter(|(_, name)| name.starts_with(SERVICE)) {
            calls.prop(name.as_str(), Property::from(self.host_function(index)?).enumerable())?;
        }
        let bridge = Rc::downgrade(self);
        let listen = move |name: String, function: Function<'js>| {
            alive(&bridge)?.listening.borrow_mut().insert(name, function);
            Ok::<_, rquickjs::Error>(())
        };
        let bridge = Rc::downgrade(self);
        let log = move |text: String| {
            alive(&bridge)?.log(Level::Error, text);
            Ok::<_, rquickjs::Error>(())
        };
        let bridge = Rc::downgrade(self);
        let load = move |specifier: String, referrer: String| alive(&bridge)?.load(&specifier, &referrer);
        // Two parts fit one message, with what is around them.
        let chunk = self.config().message_bytes / 2;
        self.intrinsics.function("services")?.call((
            calls,
            Function::new(self.ctx.clone(), listen)?,
            chunk,
            Function::new(self.ctx.clone(), log)?,
            Function::new(self.ctx.clone(), load)?,
        ))
    }

    /// What a CommonJS module is: its name, and a function of its variables, or the text of a JSON file.
    fn load(&self, specifier: &str, referrer: &str) -> Result<Array<'js>> {
        let required = self.modules.require(specifier, referrer);
        let (name, source) = required.map_err(|message| self.throw("Error", &message))?;
        let loaded = Array::new(self.ctx.clone())?;
        loaded.set(0, name.as_str())?;
        if name.ends_with(".json") {
            loaded.set(1, source)?;
            return Ok(loaded);
        }
        let wrapped = format!("(function (exports, require, module, __filename, __dirname) {{{source}\n}})");
        let compiled = quickjs::beside(&self.compiler, |ctx| {
            Trusted::compile(ctx, &wrapped, &name, false, 1).map_err(|_| describe(ctx, &ctx.catch()))
        });
        let code = compiled.map_err(|error| self.throw(&error.name, &format!("{name}: {}", error.message)))?;
        loaded.set(1, quickjs::run_script(&self.ctx, &code)?.get::<Function>()?)?;
        Ok(loaded)
    }
}
