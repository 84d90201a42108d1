//! The script's side of the channel: `api`, `rpc`, console, timers, and the loop that serves them.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::{Rc, Weak};
use std::time::{Duration, Instant};

use electrolint_policy::{Text, Value, check_method_name};
use rquickjs::function::{Opt, Rest, This};
use rquickjs::object::Property;
use rquickjs::promise::PromiseState;
use rquickjs::{Array, Context, Ctx, Function, Object, Promise, Result, Value as Js};

use super::clone::{Intrinsics, error_strings, read, write};
use super::compile;
use super::modules::Modules;
use super::ports::{Ports, Refusal};
use super::realm::{Realm, fill_random, inspect};
use super::{Channel, Config, fail};
use crate::os::process;
use crate::os::quickjs::{self, Class, Trusted, class_of};
use crate::proto::frames::{ErrorStrings, FromWorker, Level, ToWorker};

/// JSON-RPC 2.0, section 5.1: <https://www.jsonrpc.org/specification#error_object>.
const METHOD_NOT_FOUND: i32 = -32601;
/// A method that threw: the first code of the range that JSON-RPC leaves to implementations.
const METHOD_FAILED: i32 = -32000;
/// The name that scripts of `execute` have in stacks.
pub(super) const SCRIPT_NAME: &str = "sandbox.js";

/// How names of services begin, on both sides. No name of a method does.
const SERVICE: char = '@';

/// The name of the port that `port` itself is.
const DEFAULT_PORT: &str = "";

/// Prepares all that depends on no policy, in the zygote; then calls `fork`, which returns in each worker, locked, with
/// what the host decided for it; then takes frames until the host says exit.
///
/// What is prepared before the fork lies on pages that all workers share, and costs none of them time.
pub(super) fn run(mut realm: Realm, fork: impl FnOnce() -> Config) -> ! {
    let clock = Rc::new(Clock::default());
    let ticking = clock.clone();
    realm.runtime.set_interrupt_handler(Some(Box::new(move || ticking.expired())));
    let rejections: Rc<RefCell<Rejections>> = Rc::default();
    let tracker = rejections.clone();
    realm.runtime.set_host_promise_rejection_tracker(Some(Box::new(move |ctx, promise, reason, handled| {
        let address = quickjs::address(&promise);
        // Described before the list is taken: a getter of the reason may reject another promise.
        let error = (!handled).then(|| describe(&ctx, &reason));
        tracker.borrow_mut().track(address, error);
    })));
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
        lasting.rejections.borrow_mut().0.clear();
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

/// The soft clock: the earliest end of what runs.
#[derive(Default)]
struct Clock(Cell<Option<Instant>>);

impl Clock {
    fn expired(&self) -> bool {
        self.0.get().is_some_and(|at| Instant::now() >= at)
    }
}

/// Rejected promises that nothing handles, by address, with the strings of their reason.
#[derive(Default)]
struct Rejections(BTreeMap<usize, ErrorStrings>);

impl Rejections {
    /// Most that are kept until the next turn.
    const MAX: usize = 64;

    fn track(&mut self, promise: usize, error: Option<ErrorStrings>) {
        match error {
            None => drop(self.0.remove(&promise)),
            Some(error) if self.0.len() < Self::MAX => drop(self.0.insert(promise, error)),
            Some(_) => {}
        }
    }
}

/// Something of the host's that this worker works on.
struct Running<'js> {
    id: u32,
    promise: Promise<'js>,
    until: Instant,
}

/// A call to the host that has not been answered.
struct Call<'js> {
    resolve: Function<'js>,
    reject: Function<'js>,
    until: Option<Instant>,
}

struct Timer<'js> {
    callback: Function<'js>,
    arguments: Vec<Js<'js>>,
    every: Option<Duration>,
}

#[derive(Default)]
struct Timers<'js> {
    last: u32,
    /// In the order in which they are due; the id breaks ties.
    queue: BTreeMap<(Instant, u32), Timer<'js>>,
    due: HashMap<u32, Instant>,
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
        for (name, repeats) in [("setTimeout", false), ("setInterval", true)] {
            let bridge = Rc::downgrade(self);
            let start = move |callback: Function<'js>, delay: Opt<f64>, arguments: Rest<Js<'js>>| {
                alive(&bridge)?.start_timer(callback, delay.0.unwrap_or(0.0), arguments.0, repeats)
            };
            self.hidden(&globals, name, Function::new(self.ctx.clone(), start)?.with_name(name)?.into_value())?;
        }
        for name in ["clearTimeout", "clearInterval"] {
            let bridge = Rc::downgrade(self);
            let stop = move |id: Opt<Js<'js>>| {
                alive(&bridge)?.stop_timer(id.0.and_then(|id| id.as_number()));
                Ok::<_, rquickjs::Error>(())
            };
            self.hidden(&globals, name, Function::new(self.ctx.clone(), stop)?.with_name(name)?.into_value())?;
        }
        let bridge = Rc::downgrade(self);
        let clone = move |value: Js<'js>| {
            let bridge = alive(&bridge)?;
            let value = read(&bridge.intrinsics, &value, bridge.config().message_bytes as usize)?;
            write(&bridge.intrinsics, &value)
        };
        self.hidden(
            &globals,
            "structuredClone",
            Function::new(self.ctx.clone(), clone)?.with_name("structuredClone")?.into_value(),
        )?;
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
            for name in ["setTimeout", "setInterval", "clearTimeout", "clearInterval"] {
                globals.remove(name)?;
            }
        }
        if self.config().ports > 0 {
            self.hidden(&globals, "port", self.port(DEFAULT_PORT)?)?;
        }
        Ok(())
    }

    fn hidden(&self, object: &Object<'js>, name: &str, value: Js<'js>) -> Result<()> {
        object.prop(name, Property::from(value).writable().configurable())
    }

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
        self.hidden(&math, "random", Function::new(self.ctx.clone(), random)?.with_name("random")?.into_value())
    }

    fn console(self: &Rc<Self>) -> Result<Js<'js>> {
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
            self.hidden(&console, name, Function::new(self.ctx.clone(), write)?.with_name(name)?.into_value())?;
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

    fn log(&self, level: Level, mut text: String) {
        let most = self.config().message_bytes as usize / 2;
        if text.len() > most {
            text.truncate(text.floor_char_boundary(most));
        }
        self.send(&FromWorker::Log { level, text });
    }

    fn send(&self, frame: &FromWorker) {
        self.channel.borrow_mut().send(frame);
    }

    fn start_timer(&self, callback: Function<'js>, delay: f64, arguments: Vec<Js<'js>>, repeats: bool) -> Result<u32> {
        let mut timers = self.timers.borrow_mut();
        if timers.queue.len() >= self.config().timers as usize {
            drop(timers);
            let error = self.intrinsics.error("RangeError", "too many timers")?;
            return Err(self.ctx.throw(error));
        }
        // As in HTML: not a number is 0, and a delay is a signed 32-bit number of milliseconds.
        let ms = if delay.is_nan() { 0.0 } else { delay.clamp(0.0, f64::from(i32::MAX)) };
        let delay = Duration::from_secs_f64(ms / 1000.0);
        // A repeating timer of 0 ms would leave no time for anything else.
        let every = repeats.then_some(delay.max(Duration::from_millis(1)));
        timers.last = timers.last.wrapping_add(1).max(1);
        let (id, due) = (timers.last, Instant::now() + every.unwrap_or(delay));
        timers.due.insert(id, due);
        timers.queue.insert((due, id), Timer { callback, arguments, every });
        Ok(id)
    }

    fn stop_timer(&self, id: Option<f64>) {
        let mut timers = self.timers.borrow_mut();
        let id = id.unwrap_or(0.0) as u32;
        if let Some(due) = timers.due.remove(&id) {
            timers.queue.remove(&(due, id));
        }
    }

    /// Runs the timers that are due now; those that they start wait for the next turn.
    fn run_timers(&self) {
        let now = Instant::now();
        loop {
            let mut timers = self.timers.borrow_mut();
            let Some((&(due, id), _)) = timers.queue.first_key_value() else { return };
            if due > now {
                return;
            }
            let Some(timer) = timers.queue.remove(&(due, id)) else { return };
            timers.due.remove(&id);
            let (callback, arguments) = (timer.callback.clone(), timer.arguments.clone());
            if let Some(every) = timer.every {
                let next = now + every;
                timers.due.insert(id, next);
                timers.queue.insert((next, id), timer);
            }
            drop(timers);
            if callback.call::<_, Js>((Rest(arguments),)).is_err() {
                let error = describe(&self.ctx, &self.ctx.catch());
                self.stop_if_expired();
                self.log(
                    Level::Error,
                    format!("uncaught in a timer: {}: {}\n{}", error.name, error.message, error.stack),
                );
            }
            self.run_jobs();
        }
    }

    /// A call to the host: sends `frame` and gives the promise of the answer.
    fn call(self: &Rc<Self>, frame: impl FnOnce(u32) -> FromWorker, timeout: Option<Duration>) -> Result<Js<'js>> {
        if self.calls.borrow().len() >= self.config().calls_in_flight as usize {
            let error = self.intrinsics.error("RangeError", "too many calls in flight")?;
            return Err(self.ctx.throw(error));
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
            self.hidden(&object, "timeout", Function::new(self.ctx.clone(), timeout)?.into_value())?;
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

    fn resolve(&self, id: u32, value: &Value) {
        self.settle(id, |call| match write(&self.intrinsics, value) {
            Ok(value) => call.resolve.call((value,)),
            // No memory for the answer: the script learns that.
            Err(_) => call.reject.call((self.ctx.catch(),)),
        });
    }

    fn reject(&self, id: u32, error: &ErrorStrings, code: Option<i32>) {
        self.settle(id, |call| {
            let object = self.intrinsics.error(&error.name, &error.message)?;
            if let (Some(object), Some(code)) = (object.as_object(), code) {
                self.hidden(object, "code", Js::new_int(self.ctx.clone(), code))?;
            }
            call.reject.call((object,))
        });
    }

    /// `api`: frozen objects without prototype, built once.
    fn make_api(self: &Rc<Self>, names: &[String]) -> Result<()> {
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
                    let bridge = Rc::downgrade(self);
                    let index = index as u32;
                    let call = move |arguments: Rest<Js<'js>>| alive(&bridge)?.call_api(index, &arguments.0);
                    let function = Function::new(self.ctx.clone(), call)?.with_name(segment)?;
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

    /// What the host offers beside `api`: the script of the services makes globals of it.
    fn make_services(self: &Rc<Self>, names: &[String]) -> Result<()> {
        if !names.iter().any(|name| name.starts_with(SERVICE)) {
            return Ok(());
        }
        let calls = Object::new_proto(self.ctx.clone(), None)?;
        for (index, name) in names.iter().enumerate().filter(|(_, name)| name.starts_with(SERVICE)) {
            let bridge = Rc::downgrade(self);
            let index = index as u32;
            let call = move |arguments: Rest<Js<'js>>| alive(&bridge)?.call_api(index, &arguments.0);
            calls.prop(name.as_str(), Property::from(Function::new(self.ctx.clone(), call)?).enumerable())?;
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
        let (name, source) = match self.modules.require(specifier, referrer) {
            Ok(found) => found,
            Err(message) => {
                let error = self.intrinsics.error("Error", &message)?;
                return Err(self.ctx.throw(error));
            }
        };
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
        match compiled {
            Ok(code) => loaded.set(1, quickjs::run_script(&self.ctx, &code)?.get::<Function>()?)?,
            Err(error) => {
                let error = self.intrinsics.error(&error.name, &format!("{name}: {}", error.message))?;
                return Err(self.ctx.throw(error));
            }
        }
        Ok(loaded)
    }

    fn call_api(self: &Rc<Self>, index: u32, arguments: &[Js<'js>]) -> Result<Js<'js>> {
        let args = self.read_list(arguments)?;
        self.call(|id| FromWorker::ApiCall { id, index, args }, None)
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

    fn rpc(self: &Rc<Self>) -> Result<Js<'js>> {
        let rpc = Object::new_proto(self.ctx.clone(), None)?;
        let bridge = Rc::downgrade(self);
        let call = move |method: String, arguments: Opt<Js<'js>>| {
            let bridge = alive(&bridge)?;
            let args = bridge.read_arguments(arguments.0)?;
            let timeout = bridge.config().call_timeout_ms.map(Duration::from_millis);
            bridge.call(|id| FromWorker::RpcCall { id, method, args }, timeout)
        };
        self.hidden(&rpc, "call", Function::new(self.ctx.clone(), call)?.with_name("call")?.into_value())?;
        let bridge = Rc::downgrade(self);
        let notify = move |method: String, arguments: Opt<Js<'js>>| {
            let bridge = alive(&bridge)?;
            let args = bridge.read_arguments(arguments.0)?;
            bridge.send(&FromWorker::Notify { method, args });
            Ok::<_, rquickjs::Error>(())
        };
        self.hidden(&rpc, "notify", Function::new(self.ctx.clone(), notify)?.with_name("notify")?.into_value())?;
        let bridge = Rc::downgrade(self);
        let expose = move |name: String, function: Function<'js>| alive(&bridge)?.expose(&name, function);
        self.hidden(&rpc, "expose", Function::new(self.ctx.clone(), expose)?.with_name("expose")?.into_value())?;
        let bridge = Rc::downgrade(self);
        let unexpose =
            move |name: String| Ok::<_, rquickjs::Error>(alive(&bridge)?.exposed.borrow_mut().remove(&name).is_some());
        self.hidden(&rpc, "unexpose", Function::new(self.ctx.clone(), unexpose)?.with_name("unexpose")?.into_value())?;
        let bridge = Rc::downgrade(self);
        let expose_all = move |object: Object<'js>| {
            let bridge = alive(&bridge)?;
            let mut found = Vec::new();
            collect_methods(&object, "", 0, &mut found)?;
            bridge.exposed.borrow_mut().clear();
            found.into_iter().try_for_each(|(name, function)| bridge.expose(&name, function))
        };
        self.hidden(
            &rpc,
            "exposeObject",
            Function::new(self.ctx.clone(), expose_all)?.with_name("exposeObject")?.into_value(),
        )?;
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
            let error = self.intrinsics.error(class, &message)?;
            return Err(self.ctx.throw(error));
        }
        exposed.insert(name.to_owned(), function);
        Ok(())
    }

    /// Until the host wants a new context.
    fn serve(self: &Rc<Self>, names: &mut Option<Vec<String>>) {
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

    /// `port`, and what `port.named(name)` gives: `postMessage`, `onmessage`, `close`.
    fn port(self: &Rc<Self>, name: &str) -> Result<Js<'js>> {
        let port = Object::new_proto(self.ctx.clone(), None)?;
        let (bridge, own) = (Rc::downgrade(self), name.to_owned());
        let post = move |message: Opt<Js<'js>>| {
            let bridge = alive(&bridge)?;
            let limit = bridge.config().message_bytes as usize;
            let message = message.0.unwrap_or_else(|| Js::new_undefined(bridge.ctx.clone()));
            let value = read(&bridge.intrinsics, &message, limit)?;
            let posted = bridge.ports.borrow_mut().post(&own, &value, limit);
            posted.or_else(|refusal| {
                let (class, message) = match refusal {
                    Refusal::Closed => ("Error", "the port is closed"),
                    Refusal::Full => ("RangeError", "the other side of the port does not read"),
                };
                let error = bridge.intrinsics.error(class, message)?;
                Err(bridge.ctx.throw(error))
            })
        };
        self.hidden(
            &port,
            "postMessage",
            Function::new(self.ctx.clone(), post)?.with_name("postMessage")?.into_value(),
        )?;
        let (bridge, own) = (Rc::downgrade(self), name.to_owned());
        let close = move || {
            alive(&bridge)?.ports.borrow_mut().close(&own);
            Ok::<_, rquickjs::Error>(())
        };
        self.hidden(&port, "close", Function::new(self.ctx.clone(), close)?.with_name("close")?.into_value())?;
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
        port.prop("onmessage", rquickjs::object::Accessor::new(get, set).enumerable())?;
        if name == DEFAULT_PORT {
            let bridge = Rc::downgrade(self);
            let named = move |name: String| alive(&bridge)?.port(&name);
            self.hidden(&port, "named", Function::new(self.ctx.clone(), named)?.with_name("named")?.into_value())?;
        }
        self.intrinsics.function("freeze")?.call::<_, Js>((port.clone(),))?;
        Ok(port.into_value())
    }

    /// Hands messages of ports to their handlers, at most one of each port in a turn.
    fn take_messages(&self) {
        let messages = self.ports.borrow_mut().turn(self.config().message_bytes as usize);
        for (name, message) in messages {
            let Some(handler) = self.ports.borrow().handler(&name) else { continue };
            let called = write(&self.intrinsics, &message).and_then(|data| {
                let event = Object::new_proto(self.ctx.clone(), None)?;
                event.prop("data", Property::from(data).writable().enumerable().configurable())?;
                handler.call::<_, Js>((event,))
            });
            if called.is_err() {
                let error = describe(&self.ctx, &self.ctx.catch());
                self.stop_if_expired();
                self.log(
                    Level::Error,
                    format!("uncaught in onmessage: {}: {}\n{}", error.name, error.message, error.stack),
                );
            }
            self.run_jobs();
        }
    }

    /// After anything ran: jobs, results, rejections.
    fn turn(&self) {
        self.run_jobs();
        self.finish();
        let unhandled = std::mem::take(&mut self.rejections.borrow_mut().0);
        for error in unhandled.into_values() {
            self.send(&FromWorker::Uncaught { error });
        }
        self.stop_if_expired();
    }

    fn run_jobs(&self) {
        while self.ctx.execute_pending_job() {
            self.stop_if_expired();
        }
    }

    fn next_wake(&self) -> Option<Instant> {
        let timer = self.timers.borrow().queue.first_key_value().map(|((due, _), _)| *due);
        let call = self.calls.borrow().values().filter_map(|call| call.until).min();
        [timer, call, self.clock.0.get()].into_iter().flatten().min()
    }

    fn time_out_calls(&self) {
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
                self.start(id, timeout_ms, |bridge| rquickjs::Module::import(&bridge.ctx, specifier));
            }
            ToWorker::ApiResult { id, value } | ToWorker::RpcResult { id, value } => self.resolve(id, &value),
            ToWorker::ApiError { id, error } => self.reject(id, &error, None),
            ToWorker::RpcError { id, code, message } => {
                self.reject(id, &ErrorStrings { name: "Error".into(), message, stack: String::new() }, Some(code));
            }
            ToWorker::RpcCall { id, method, args } => self.answer(id, &method, &args),
            ToWorker::Notify { method, args } => match self.invoke(&method, &args) {
                None => self.log(Level::Warn, format!("notify: the method {method} does not exist")),
                Some(Ok(_)) => {}
                Some(Err(_)) => {
                    let error = describe(&self.ctx, &self.ctx.catch());
                    self.log(Level::Error, format!("uncaught in {method}: {}: {}", error.name, error.message));
                }
            },
            ToWorker::Ping { nonce } => self.send(&FromWorker::Pong { nonce }),
            ToWorker::Exit => process::exit(0),
            // An answer that nobody waits for.
            ToWorker::ModuleSource { .. } | ToWorker::ModuleCode { .. } => {}
            // Taken before, or for another kind of worker.
            ToWorker::ApiInit { .. } | ToWorker::Reset | ToWorker::Compile { .. } => {}
        }
    }

    /// Starts something that has a result and a limit of its own.
    fn start(&self, id: u32, timeout_ms: u32, work: impl FnOnce(&Self) -> Result<Promise<'js>>) {
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

    fn stop_if_expired(&self) {
        if self.clock.expired() {
            let first = self.running.borrow().iter().min_by_key(|r| r.until).map(|r| r.id);
            if let Some(id) = first {
                self.time_out(id);
            }
        }
    }

    fn compile(&self, code: &str) -> Result<Function<'js>> {
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
    fn finish(&self) {
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
        let ended: Vec<_> =
            self.answering.borrow_mut().extract_if(.., |(_, p)| p.state() != PromiseState::Pending).collect();
        for (id, promise) in ended {
            self.send(&match self.outcome(&promise) {
                Ok(value) => FromWorker::RpcResult { id, value },
                Err(error) => FromWorker::RpcError { id, code: METHOD_FAILED, message: error.message },
            });
        }
    }

    fn outcome(&self, promise: &Promise<'js>) -> std::result::Result<Value, ErrorStrings> {
        // Its rejection is told to the host here, so it is not unhandled.
        self.rejections.borrow_mut().0.remove(&quickjs::address(promise.as_value()));
        let settled = promise.result::<Js>().unwrap_or_else(|| Ok(Js::new_undefined(self.ctx.clone())));
        // The namespace of a module is no value; loading one has no result.
        let settled =
            settled.map(|value| if is_namespace(&value) { Js::new_undefined(self.ctx.clone()) } else { value });
        settled
            .and_then(|value| read(&self.intrinsics, &value, self.config().message_bytes as usize))
            .map_err(|_| describe(&self.ctx, &self.ctx.catch()))
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

    fn answer(&self, id: u32, method: &str, args: &Value) {
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

/// The body of an async function. The same text must also be the body of an async method: what closes a function
/// expression and goes on is no method, and what closes a method and goes on is no expression, so that no text leaves
/// the function that it is put in.
pub(super) fn compile_body(ctx: &Ctx<'_>, code: &str, name: &str) -> std::result::Result<Trusted, ErrorStrings> {
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
    for member in object.own_props::<String, Js>(rquickjs::object::Filter::new().string().enum_only()) {
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

/// The strings of whatever was thrown. Calls no `toString` of the script.
fn describe<'js>(ctx: &Ctx<'js>, thrown: &Js<'js>) -> ErrorStrings {
    let plain = |message: String| ErrorStrings { name: "Error".into(), message, stack: String::new() };
    if let Some(object) = thrown.as_object() {
        let [name, message, stack] = error_strings(ctx, object).map(|text| text.to_string_lossy());
        let name = if name.is_empty() { "Error".into() } else { name };
        return ErrorStrings { name, message, stack };
    }
    match thrown.as_string().map(|string| quickjs::text(ctx, string)) {
        Some(Ok(text)) => plain(text.to_string_lossy()),
        _ if thrown.is_undefined() => plain("undefined".into()),
        _ if thrown.is_null() => plain("null".into()),
        _ => plain(
            thrown
                .as_bool()
                .map(|b| b.to_string())
                .or_else(|| thrown.as_number().map(|n| n.to_string()))
                .unwrap_or_default(),
        ),
    }
}
