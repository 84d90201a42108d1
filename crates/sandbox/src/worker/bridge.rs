//! The script's side of the channel. One [`Bridge`] lives as long as its context; what it does is in the files below,
//! one for each thing that a script sees, and [`turns`] drives them all.

mod calls;
mod console;
mod errors;
mod execution;
mod port;
mod rpc;
mod services;
mod timers;
mod turns;

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::{Rc, Weak};

use rquickjs::function::IntoJsFunc;
use rquickjs::object::Property;
use rquickjs::{Context, Ctx, Function, Object, Promise, Result, Value as Js};

use super::clone::{Intrinsics, read, write};
use super::compile;
use super::modules::Modules;
use super::ports::Ports;
use super::realm::{Realm, fill_random};
use super::{Channel, Config, fail};
use crate::os::process;
use crate::os::quickjs;
use crate::proto::frames::FromWorker;

use calls::Call;
use errors::Rejections;
use execution::{Clock, Running};
pub(super) use execution::{SCRIPT_NAME, compile_body};
use port::DEFAULT_PORT;
use timers::Timers;

/// Prepares all that depends on no policy, in the zygote; then calls `fork`, which returns in each worker, locked, with
/// what the host decided for it; then takes frames until the host says exit.
///
/// What is prepared before the fork lies on pages that all workers share, and costs none of them time.
pub(super) fn run(mut realm: Realm, fork: impl FnOnce() -> Config) -> ! {
    let clock = Rc::new(Clock::default());
    let ticking = clock.clone();
    realm.runtime.set_interrupt_handler(Some(Box::new(move || ticking.expired())));
    let rejections = Rejections::of(&realm.runtime);
    let channel = Rc::new(RefCell::new(Channel::new()));
    let modules = Modules::new(channel.clone(), realm.compiler.clone());
    realm.runtime.set_loader(modules.clone(), modules.clone());
    let mut lasting = Lasting { clock, channel, rejections, last_call: 0, names: None, config: None };
    let mut fork = Some(fork);
    loop {
        realm.script.context.with(|ctx| {
            let intrinsics = match realm.script.intrinsics.clone().restore(&ctx) {
                Ok(intrinsics) => Intrinsics(intrinsics),
                Err(error) => fail(&format!("the engine is not ready: {error}")),
            };
            let bridge = Rc::new(Bridge {
                ctx: ctx.clone(),
                compiler: realm.compiler.clone(),
                intrinsics,
                config: OnceCell::new(),
                random: Rc::default(),
                clock: lasting.clock.clone(),
                channel: lasting.channel.clone(),
                modules: modules.clone(),
                rejections: lasting.rejections.clone(),
                calls: RefCell::default(),
                last_call: Cell::new(lasting.last_call),
                running: RefCell::default(),
                answering: RefCell::default(),
                exposed: RefCell::default(),
                listening: RefCell::default(),
                timers: RefCell::default(),
                ports: RefCell::default(),
            });
            if let Err(error) = bridge.install() {
                fail(&format!("cannot prepare the context: {error}"));
            }
            if let Some(fork) = fork.take() {
                // A collection writes to every object: it had better be before the fork.
                quickjs::collect(&ctx);
                let prepared = quickjs::used_bytes(&ctx);
                process::fill_holes();
                let config = fork();
                if config.compile {
                    compile::run(&realm.compiler);
                }
                let memory = usize::try_from(config.memory_bytes).unwrap_or(usize::MAX);
                let stack = usize::try_from(config.stack_bytes).unwrap_or(512 << 10);
                // What the zygote prepared is shared with it and does not count.
                quickjs::limit(&ctx, memory.saturating_add(prepared), stack);
                lasting.channel.borrow_mut().ports = config.ports > 0;
                lasting.config = Some(Rc::new(config));
            }
            if let Err(error) = bridge.restrict(lasting.config.clone().unwrap_or_default()) {
                fail(&format!("cannot prepare the context: {error}"));
            }
            if let Some(names) = &lasting.names {
                if let Err(error) = bridge.make_api(names) {
                    fail(&format!("cannot make the api: {error}"));
                }
                bridge.send(&FromWorker::ResetDone);
            }
            bridge.serve(&mut lasting.names);
            lasting.last_call = bridge.last_call.get();
        });
        // The host wants a new context. Nothing of the old one is left but what it holds itself.
        lasting.clock.0.set(None);
        lasting.rejections.borrow_mut().clear();
        if let Err(error) = realm.renew() {
            fail(&format!("cannot make a new context: {error}"));
        }
    }
}

/// What outlives a context.
struct Lasting {
    clock: Rc<Clock>,
    channel: Rc<RefCell<Channel>>,
    rejections: Rc<RefCell<Rejections>>,
    /// Ids of calls go on: an answer to a call of the context before finds nobody.
    last_call: u32,
    /// The functions of `api`, once the host has said them.
    names: Option<Vec<String>>,
    /// What the host decided, once this is a worker.
    config: Option<Rc<Config>>,
}

struct Bridge<'js> {
    ctx: Ctx<'js>,
    compiler: Context,
    intrinsics: Intrinsics<'js>,
    config: OnceCell<Rc<Config>>,
    /// The state of `Math.random`.
    random: Rc<Cell<u64>>,
    clock: Rc<Clock>,
    channel: Rc<RefCell<Channel>>,
    modules: Modules,
    rejections: Rc<RefCell<Rejections>>,
    calls: RefCell<HashMap<u32, Call<'js>>>,
    last_call: Cell<u32>,
    running: RefCell<Vec<Running<'js>>>,
    /// Calls of the host to exposed methods, by their id.
    answering: RefCell<Vec<(u32, Promise<'js>)>>,
    exposed: RefCell<HashMap<String, Function<'js>>>,
    /// What the host calls of the services: beside `exposed`, so that no script replaces it.
    listening: RefCell<HashMap<String, Function<'js>>>,
    timers: RefCell<Timers<'js>>,
    ports: RefCell<Ports<'js>>,
}

/// The bridge of a function that the script holds. Functions hold it weakly: one that outlives its context, as what a
/// reset has left behind does, has none.
fn alive<'js>(bridge: &Weak<Bridge<'js>>) -> Result<Rc<Bridge<'js>>> {
    bridge.upgrade().ok_or(rquickjs::Error::Unknown)
}

impl<'js> Bridge<'js> {
    /// What the host decided. Before it is known, nothing is allowed.
    fn config(&self) -> &Config {
        self.config.get_or_init(Rc::default)
    }

    /// Defines all that a script may see. Nothing untrusted has run yet.
    fn install(self: &Rc<Self>) -> Result<()> {
        let globals = self.ctx.globals();
        self.random(&globals)?;
        self.hidden(&globals, "console", self.console()?)?;
        self.make_timers(&globals)?;
        let bridge = Rc::downgrade(self);
        let clone = move |value: Js<'js>| {
            let bridge = alive(&bridge)?;
            let value = read(&bridge.intrinsics, &value, bridge.config().message_bytes as usize)?;
            write(&bridge.intrinsics, &value)
        };
        self.define(&globals, "structuredClone", clone)?;
        self.hidden(&globals, "rpc", self.rpc()?)
    }

    /// Takes away what the policy does not permit, and gives this worker what it alone has. Nothing untrusted has run yet.
    fn restrict(self: &Rc<Self>, config: Rc<Config>) -> Result<()> {
        // Nobody has asked for it before.
        let _ = self.config.set(config);
        let globals = self.ctx.globals();
        if self.config().codegen {
            quickjs::enable_codegen(&self.ctx);
        }
        // Sandboxes of one zygote begin with the same state of the engine; this one must not.
        let mut seed = [0; 8];
        fill_random(&mut seed);
        self.random.set(u64::from_le_bytes(seed) | 1);
        if !self.config().log {
            globals.remove("console")?;
        }
        if !self.config().allow_timers {
            self.remove_timers(&globals)?;
        }
        if self.config().ports > 0 {
            self.hidden(&globals, "port", self.port(DEFAULT_PORT)?)?;
        }
        Ok(())
    }

    /// As the language's own properties are: a script may replace it, and does not list it.
    fn hidden(&self, object: &Object<'js>, name: &str, value: Js<'js>) -> Result<()> {
        object.prop(name, Property::from(value).writable().configurable())
    }

    /// A function of `object` that is called `name` in stacks too.
    fn define<P>(&self, object: &Object<'js>, name: &str, function: impl IntoJsFunc<'js, P> + 'js) -> Result<()> {
        let function = Function::new(self.ctx.clone(), function)?.with_name(name)?;
        self.hidden(object, name, function.into_value())
    }

    /// Throws an error of this class in the script.
    fn throw(&self, class: &str, message: &str) -> rquickjs::Error {
        self.intrinsics.throw(class, message)
    }

    /// `Math.random`, seeded in each worker.
    fn random(&self, globals: &Object<'js>) -> Result<()> {
        let state = self.random.clone();
        let random = move || {
            // xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled", 2016.
            let mut x = state.get();
            x ^= x >> 12;
            x ^= x << 25;
            x ^= x >> 27;
            state.set(x);
            (x.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1_u64 << 53) as f64
        };
        let math: Object = globals.get("Math")?;
        self.define(&math, "random", random)
    }

    fn send(&self, frame: &FromWorker) {
        self.channel.borrow_mut().send(frame);
    }
}
