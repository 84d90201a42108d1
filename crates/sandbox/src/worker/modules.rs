//! ES modules: resolved and read by the host, compiled here, and declared in the script's context as bytecode.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use rquickjs::loader::{ImportAttributes, Loader, Resolver};
use rquickjs::module::Declared;
use rquickjs::{Context, Ctx, Error, Module, Result};

use super::Channel;
use crate::os::quickjs::{Trusted, declare_module};
use crate::proto::frames::{FromWorker, REQUIRE, ToWorker};

/// A module as the host gives it.
enum Source {
    Text(String),
    /// Bytecode that the host has authenticated.
    Code(Vec<u8>),
}

/// Asks the host for modules. The host decides what a specifier means; the name that it answers is the module's.
#[derive(Clone)]
pub(super) struct Modules {
    channel: Rc<RefCell<Channel>>,
    compiler: Context,
    /// Sources that were resolved and not yet declared.
    sources: Rc<RefCell<HashMap<String, Source>>>,
}

impl Modules {
    pub(super) fn new(channel: Rc<RefCell<Channel>>, compiler: Context) -> Self {
        Self { channel, compiler, sources: Rc::default() }
    }

    /// One question and its answer; frames that come between wait their turn.
    fn ask(&self, specifier: &str, referrer: &str) -> std::result::Result<(String, Source), String> {
        let mut channel = self.channel.borrow_mut();
        channel.send(&FromWorker::ModuleRequest { specifier: specifier.to_owned(), referrer: referrer.to_owned() });
        let mut between = std::collections::VecDeque::new();
        loop {
            match channel.next() {
                ToWorker::ModuleSource { module } => {
                    between.append(&mut channel.frames);
                    channel.frames = between;
                    return module.map(|(name, source)| (name, Source::Text(source)));
                }
                ToWorker::ModuleCode { name, code } => {
                    between.append(&mut channel.frames);
                    channel.frames = between;
                    return Ok((name, Source::Code(code)));
                }
                other => between.push_back(other),
            }
        }
    }
}

impl Modules {
    /// The name and the source of what `require(specifier)` means in `referrer`.
    pub(super) fn require(&self, specifier: &str, referrer: &str) -> std::result::Result<(String, String), String> {
        match self.ask(&format!("{REQUIRE}{specifier}"), referrer)? {
            (name, Source::Text(source)) => Ok((name, source)),
            (_, Source::Code(_)) => Err("the host sent bytecode of a module that is no ES module".into()),
        }
    }
}

impl Resolver for Modules {
    fn resolve<'js>(
        &mut self,
        _: &Ctx<'js>,
        base: &str,
        name: &str,
        _: Option<ImportAttributes<'js>>,
    ) -> Result<String> {
        match self.ask(name, base) {
            Ok((resolved, source)) => {
                self.sources.borrow_mut().insert(resolved.clone(), source);
                Ok(resolved)
            }
            Err(message) => Err(Error::new_resolving_message(base, name, message)),
        }
    }
}

impl Loader for Modules {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _: Option<ImportAttributes<'js>>,
    ) -> Result<Module<'js, Declared>> {
        let source = self.sources.borrow_mut().remove(name).ok_or_else(|| Error::new_loading(name))?;
        let source = match source {
            Source::Text(source) => source,
            Source::Code(code) => return declare_module(ctx, &Trusted::from_host(code)),
        };
        let compiled = self.compiler.clone();
        let code =
            compile_beside(&compiled, &source, name).map_err(|message| Error::new_loading_message(name, message))?;
        declare_module(ctx, &code)
    }
}

/// Compiles while the script's context is in use: the two share a runtime and this thread.
fn compile_beside(compiler: &Context, source: &str, name: &str) -> std::result::Result<Trusted, String> {
    crate::os::quickjs::beside(compiler, |ctx| {
        Trusted::compile(ctx, source, name, true, 1).map_err(|_| {
            let error = ctx.catch();
            error
                .as_object()
                .and_then(|o| o.get::<_, String>("message").ok())
                .unwrap_or_else(|| "a syntax error".into())
        })
    })
}
