//! A sandbox to be made: its policy, functions, plugins, modules.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::sync::{Arc, Mutex};

use electrolint_policy::manifest::Aslr;
use electrolint_policy::policy::{Policy, Signature};
use electrolint_policy::{Permission, Value, check_method_name};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::event::{Event, Events};
use super::fanout;
use super::handler::{ApiError, CallArgs, Handler, typed};
use super::live::start;
use super::modules::Folder;
use super::network::Network;
use super::plugins::{Loaded, Plugin, check_plugins};
use super::sandbox::Sandbox;
use super::{Engine, StartError};
use crate::egress::{Egress, Guard, Mode};

/// Events that a slow listener may fall behind by.
const EVENTS: usize = 1024;

/// A sandbox to be made.
pub struct SandboxBuilder {
    engine: Engine,
    policy: Option<Policy>,
    api: BTreeMap<String, Handler>,
    own_layout: bool,
    modules: Option<Arc<Folder>>,
    plugins: Vec<(Arc<dyn Plugin>, serde_json::Value)>,
    load_main: bool,
    egress: Option<Egress>,
    mode: Mode,
    services: Vec<(&'static str, Handler)>,
    globals: BTreeMap<String, serde_json::Value>,
    registered: BTreeMap<String, String>,
    events: fanout::Sender<Event>,
}

impl SandboxBuilder {
    pub(super) fn new(engine: Engine) -> Self {
        Self {
            engine,
            policy: None,
            api: BTreeMap::new(),
            own_layout: false,
            modules: None,
            plugins: Vec::new(),
            load_main: false,
            egress: None,
            mode: Mode::Enforce,
            services: Vec::new(),
            globals: BTreeMap::new(),
            registered: BTreeMap::new(),
            events: fanout::Sender::new(EVENTS),
        }
    }

    /// The policy that holds. With one, every function must be in it; without one, the functions are the list and take
    /// any arguments.
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = Some(policy);
        self
    }

    /// A function of `api`, in Rust types: arguments as a tuple, the result as anything that serde writes.
    #[must_use]
    pub fn api<A, R, F, Fut>(self, name: &str, function: F) -> Self
    where
        A: DeserializeOwned,
        R: Serialize,
        F: Fn(A) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<R, ApiError>> + Send + 'static,
    {
        self.handler(name, typed(function))
    }

    /// A function of `api` that takes and gives values as they travel.
    #[must_use]
    pub fn api_value<F, Fut>(self, name: &str, function: F) -> Self
    where
        F: Fn(CallArgs) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Value, ApiError>> + Send + 'static,
    {
        self.handler(name, Arc::new(move |args| Box::pin(function(args))))
    }

    fn handler(mut self, name: &str, handler: Handler) -> Self {
        self.api.insert(name.to_owned(), handler);
        self
    }

    /// A cold start: a process with its own address layout, as `containment.aslr: "own"`.
    #[must_use]
    pub fn own_layout(mut self) -> Self {
        self.own_layout = true;
        self
    }

    /// A plugin and its options, which both of its sides get. Hooks run in the order in which plugins are given.
    #[must_use]
    pub fn plugin(mut self, plugin: Arc<dyn Plugin>, options: serde_json::Value) -> Self {
        self.plugins.push((plugin, options));
        self
    }

    /// ES modules of this folder: relative imports inside it, named `addon://{id}/path`. The host reads the files; the
    /// sandbox never opens one.
    ///
    /// # Errors
    /// When the folder cannot be found.
    pub fn modules(mut self, id: &str, folder: &std::path::Path) -> std::io::Result<Self> {
        self.modules = Some(Arc::new(Folder::open(id, folder)?));
        Ok(self)
    }

    /// The folder of an addon: its modules as with [`SandboxBuilder::modules`], and `main` of the policy is loaded at every
    /// start, within `limits.initTimeoutMs`. Set the policy before: it says the addon's `id` and `main`.
    ///
    /// # Errors
    /// When the folder cannot be found, or the policy has no `main`.
    pub fn addon(mut self, folder: &std::path::Path) -> std::io::Result<Self> {
        let policy = self.policy.as_ref();
        let (Some(id), Some(_)) = (policy.and_then(|p| p.id.clone()), policy.and_then(|p| p.main.as_ref())) else {
            return Err(std::io::Error::other("the policy of an addon has an `id` and a `main`"));
        };
        self.load_main = true;
        self.modules(&id, folder)
    }

    /// What `network` of the script goes through, in place of [`Egress::system`]. It is there only if the policy has
    /// `net.request` or `net.websocket`.
    #[must_use]
    pub fn egress(mut self, egress: Egress) -> Self {
        self.egress = Some(egress);
        self
    }

    /// Whether what the list of hosts and the schemas of arguments refuse is refused, or only told as
    /// [`Event::Reported`]. The host decides it: no field of a policy does.
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// A function of the host for what the worker itself offers to scripts. A name that begins with `@` is for the script of
    /// the services alone; another one is a function of `api` that no policy lists.
    #[must_use]
    pub(crate) fn service<F, Fut>(mut self, name: &'static str, function: F) -> Self
    where
        F: Fn(CallArgs) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Value, ApiError>> + Send + 'static,
    {
        self.services.push((name, Arc::new(move |args| Box::pin(function(args)))));
        self
    }

    /// A module that the script may `require` by this name, in CommonJS: with the permission ROOT, and if `modules.allow` of the
    /// policy has the name. It runs inside the sandbox like any other script.
    #[must_use]
    pub fn register_module(mut self, name: &str, source: &str) -> Self {
        self.registered.insert(name.to_owned(), source.to_owned());
        self
    }

    /// A frozen global of the script, there before anything of it runs.
    #[must_use]
    pub(crate) fn global(mut self, name: &str, value: serde_json::Value) -> Self {
        self.globals.insert(name.to_owned(), value);
        self
    }

    /// Events from before the start on.
    #[must_use]
    pub fn events(&self) -> Events {
        Events(self.events.subscribe())
    }

    /// Makes the sandbox and waits until it is ready.
    ///
    /// # Errors
    /// [`StartError`]: a name that is not allowed or not in the policy, less containment than demanded, something that
    /// needs consent, a worker that does not start in `lockup.startupTimeoutMs`.
    pub async fn create(self) -> Result<Sandbox, StartError> {
        let listed = self.policy.is_some();
        let policy = self.policy.unwrap_or_else(Policy::minimal);
        if let Some(withheld) = policy.withheld.first() {
            return Err(StartError::Withheld { pointer: withheld.pointer.clone(), why: withheld.why.clone() });
        }
        let mut api = Vec::new();
        for (name, handler) in self.api {
            check_method_name(&name).map_err(|why| StartError::Name { name: name.clone(), why })?;
            let signature = match policy.api.get(&name) {
                Some(signature) => signature.clone(),
                None if !listed => Signature::any(),
                None => return Err(StartError::Name { name, why: "the policy does not list it".into() }),
            };
            api.push(Function { name, signature, handler });
        }
        // A function and a namespace of one name cannot both exist.
        for pair in api.windows(2) {
            if pair[1].name.starts_with(&format!("{}.", pair[0].name)) {
                return Err(StartError::Name {
                    name: pair[1].name.clone(),
                    why: format!("{} is a function", pair[0].name),
                });
            }
        }
        let manifests: Vec<_> = self.plugins.iter().map(|(plugin, _)| plugin.manifest()).collect();
        check_plugins(&manifests)?;
        let named = manifests.into_iter().zip(self.plugins);
        let plugins =
            named.map(|(manifest, (plugin, options))| Loaded { name: manifest.name, plugin, options }).collect();
        let main = policy.main.as_ref().filter(|_| self.load_main).map(|main| format!("./{main}"));
        for (name, handler) in self.services {
            if api.iter().any(|function| {
                let own = function.name.as_str();
                own == name || own.starts_with(&format!("{name}.")) || name.starts_with(&format!("{own}."))
            }) {
                return Err(StartError::Name { name: name.into(), why: "the host has one of its own".into() });
            }
            api.push(Function { name: name.to_owned(), signature: Signature::any(), handler });
        }
        if policy.permits(Permission::Root) && self.modules.is_some() {
            // A mark for the worker: `require` asks by the channel of modules.
            let refuse: Handler = Arc::new(|_| Box::pin(async { Err(ApiError::new("it is no function")) }));
            api.push(Function { name: "@require".into(), signature: Signature::any(), handler: refuse });
        }
        let mut registered = self.registered;
        registered.retain(|name, _| policy.module_allowed(name));
        let events = self.events;
        let network = network(&policy, self.egress, self.mode, &events);
        for (name, handler) in network.iter().flat_map(|network| network.functions(&policy)) {
            api.push(Function { name: name.to_owned(), signature: Signature::any(), handler });
        }
        let plan = Plan {
            network,
            mode: self.mode,
            globals: self.globals,
            registered,
            plugins,
            engine: self.engine,
            own_layout: self.own_layout || policy.aslr == Aslr::Own,
            policy,
            listed,
            api,
            exposed: Mutex::default(),
            main,
            modules: self.modules,
            events,
        };
        let plan = Arc::new(plan);
        for loaded in &plan.plugins {
            loaded.plugin.configure(&loaded.options);
        }
        let live = start(&plan).await?;
        Ok(Sandbox { plan, live: Mutex::new(live) })
    }
}

pub(super) struct Function {
    pub(super) name: String,
    pub(super) signature: Signature,
    pub(super) handler: Handler,
}

/// What the policy and the host give of the network; nothing without a permission for it.
fn network(
    policy: &Policy,
    egress: Option<Egress>,
    mode: Mode,
    events: &fanout::Sender<Event>,
) -> Option<Arc<Network>> {
    if !policy.permits(Permission::NetRequest) && !policy.permits(Permission::NetWebSocket) {
        return None;
    }
    let mut guard = Guard::new(policy.clone(), egress.unwrap_or_else(Egress::system));
    if mode == Mode::Report {
        let events = events.clone();
        guard = guard.reporting(Arc::new(move |denied| {
            events.send(Event::Reported { rule: denied.rule, reason: denied.reason });
        }));
    }
    Some(Arc::new(Network::new(guard, policy)))
}

/// Everything that outlives a restart.
pub(super) struct Plan {
    pub(super) network: Option<Arc<Network>>,
    pub(super) mode: Mode,
    pub(super) globals: BTreeMap<String, serde_json::Value>,
    /// Modules of the host that the policy allows.
    pub(super) registered: BTreeMap<String, String>,
    pub(super) plugins: Vec<Loaded>,
    pub(super) engine: Engine,
    pub(super) policy: Policy,
    /// Whether the policy lists what may be exposed.
    pub(super) listed: bool,
    pub(super) own_layout: bool,
    pub(super) api: Vec<Function>,
    pub(super) exposed: Mutex<HashMap<String, (Signature, Handler)>>,
    pub(super) modules: Option<Arc<Folder>>,
    /// The specifier of the script that is loaded at every start.
    pub(super) main: Option<String>,
    pub(super) events: fanout::Sender<Event>,
}
