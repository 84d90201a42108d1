//! Scripts that run in a sandbox: the manifest of an addon, and what a host hands to `createSandbox`.

use std::collections::BTreeMap;
use std::path::Path;

use electrolint_model::App;
use electrolint_model::app::GlobalPath;
use electrolint_model::link::Target;
use electrolint_model::link::things::{Object, Thing};
use electrolint_model::source::Span;
use electrolint_model::summary::{ImportId, Value};
use electrolint_policy::manifest::{Method, ModuleEntry, Modules, Rpc, Storage};
use electrolint_policy::{Manifest, Permission, Schema, check_method_name};
use serde_json::json;

use super::network::Found;
use super::{Draft, Named, Places};

/// What an addon says of itself in `addon.json`; everything else of that file is what it asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addon {
    /// `id`
    pub id: Option<String>,
    /// `main`; `index.js` where it says nothing.
    pub main: String,
}

/// Whether a folder is an addon: it has an `addon.json`.
#[must_use]
pub fn is_addon(folder: &Path) -> bool {
    folder.join("addon.json").is_file()
}

impl Addon {
    /// Reads what can be read of the text of an `addon.json`. What is wrong with it is said when it is loaded.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let file: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
        let word = |key: &str| file.get(key).and_then(|value| value.as_str()).map(str::to_owned);
        Self { id: word("id"), main: word("main").unwrap_or_else(|| "index.js".into()) }
    }

    /// The manifest that the scripts of an addon need.
    #[must_use]
    pub fn manifest(&self, app: &App) -> Manifest {
        let mut draft = Draft::new(app);
        // An addon gets what it uses, and nothing by default.
        draft.permissions.clear();
        draft.manifest.id.clone_from(&self.id);
        draft.manifest.main = self.id.is_some().then(|| self.main.clone());
        draft.script();
        draft.finish()
    }
}

/// Names of a method, how many arguments it is given at least and at most, and where.
#[derive(Default)]
struct Calls(BTreeMap<String, (usize, usize, Places)>);

impl Calls {
    fn add(&mut self, app: &App, name: &str, arguments: usize, span: Span) {
        let entry = self.0.entry(name.to_owned()).or_insert((arguments, arguments, Places::default()));
        entry.0 = entry.0.min(arguments);
        entry.1 = entry.1.max(arguments);
        entry.2.add(app, span);
    }

    fn methods(self) -> Option<BTreeMap<String, Method>> {
        let method = |(least, most, places): (usize, usize, Places)| Method {
            args: Some((0..most).map(|index| any(index >= least)).collect()),
            result: None,
            from: places.list(),
        };
        (!self.0.is_empty()).then(|| self.0.into_iter().map(|(name, calls)| (name, method(calls))).collect())
    }
}

/// A schema that takes whatever can be cloned.
fn any(is_optional: bool) -> Schema {
    let schema = if is_optional { json!({ "type": "any", "optional": true }) } else { json!({ "type": "any" }) };
    serde_json::from_value(schema).expect("this is a schema")
}

const TIMERS: [&str; 4] = ["setTimeout", "setInterval", "clearTimeout", "clearInterval"];

impl Draft<'_> {
    /// What a sandboxed script uses, by the names of what it sees.
    fn script(&mut self) {
        let app = self.app;
        let (mut api, mut rpc) = (Calls::default(), Calls::default());
        let uses = app.global_paths();
        for used in &uses {
            let path: Vec<&str> = used.path.split('.').collect();
            match path.as_slice() {
                ["console", ..] => self.needs(Permission::Log, used.span),
                [name] if TIMERS.contains(name) => self.needs(Permission::Timers, used.span),
                ["eval"] | ["Function"] => self.manifest.codegen = Some(true),
                ["api", "config", "setConfig"] => self.needs(Permission::ConfigWrite, used.span),
                ["api", "config", "updateParams"] => {
                    self.open("/params", used.span, "", "what may be written is for a person to say, as a schema");
                }
                ["api", ..] => self.api_use(used, &mut api),
                ["rpc", "call" | "notify"] => self.rpc_use(used, &mut rpc),
                ["storage", ..] => {
                    self.needs(Permission::Storage, used.span);
                    self.manifest.storage.get_or_insert(Storage { max_bytes: None, max_depth: None });
                }
                ["port", ..] => self.manifest.ports = Some(1),
                ["require"] => self.open("/modules/allow", used.span, "", "which module is required is not known here"),
                _ => {}
            }
        }
        self.manifest.api = api.methods();
        self.manifest.rpc = rpc.methods().map(|expose| Rpc { expose: Some(expose), ..Rpc::default() });
        self.script_hosts(&uses);
        self.script_modules();
    }

    fn api_use(&mut self, used: &GlobalPath, api: &mut Calls) {
        let app = self.app;
        let Some(name) = used.path.strip_prefix("api.") else {
            return self.open("/api", used.span, "", "which function of `api` is meant is not known here");
        };
        match used.call.filter(|_| check_method_name(name).is_ok()) {
            Some(call) if app.program.arguments(call).iter().all(|item| !item.spread) => {
                api.add(app, name, app.program.arguments(call).len(), used.span);
            }
            _ => self.open("/api", used.span, "", &format!("with what `{}` is called is not known here", used.path)),
        }
    }

    fn rpc_use(&mut self, used: &GlobalPath, rpc: &mut Calls) {
        let app = self.app;
        let Some(call) = used.call else { return };
        let name = app.program.argument(call, 0).and_then(|name| app.constant(name));
        let name = name.as_ref().and_then(|known| known.text()).filter(|name| check_method_name(name).is_ok());
        let Some(name) = name else {
            return self.open("/rpc/expose", used.span, "", "the name of this method is not known here");
        };
        // A list is positional, anything else the one argument.
        let count = match app.program.argument(call, 1) {
            None => 0,
            Some(list) => match app.program.value(list) {
                Value::Array(items) => app.program.summary(list.0).items(items).len(),
                _ => 1,
            },
        };
        rpc.add(app, name, count, used.span);
    }

    /// `network.request(url)`, `network.request.post(url)`, `network.websocket(url)`, and an object with a `url`.
    fn script_hosts(&mut self, uses: &[GlobalPath]) {
        let app = self.app;
        let addresses = uses.iter().filter_map(|used| {
            let first: Vec<&str> = used.path.split('.').take(2).collect();
            let is_network = matches!(first.as_slice(), ["network", "request" | "websocket"]);
            Some((app.program.argument(used.call.filter(|_| is_network)?, 0)?, used.span))
        });
        let mut given = Vec::new();
        for (address, span) in addresses {
            for known in app.eval(address).iter() {
                match &known.thing {
                    Thing::Object(object) => {
                        let urls = app.program.property(object, "url", None).values;
                        given.extend(urls.into_iter().map(|placed| (placed.known, span)));
                    }
                    _ => given.push((known.clone(), span)),
                }
            }
        }
        let mut found = Found::default();
        for (known, span) in given {
            self.add(&mut found, &known, span);
        }
        self.write_hosts(found);
    }

    /// Modules that are no files of the addon's own need ROOT.
    fn script_modules(&mut self) {
        let app = self.app;
        let mut found = Named::new();
        for unit in app.program.unit_ids() {
            let summary = app.program.summary(unit);
            for (index, import) in summary.imports.iter().enumerate() {
                if let Target::External(name) = app.program.target(unit, ImportId(index as u32)) {
                    let span = app.program.place(unit, import.span);
                    found.entry(name.to_string()).or_default().add(app, span);
                    self.needs(Permission::Root, span);
                }
            }
        }
        if !found.is_empty() {
            self.manifest.distribution = Some(false);
            let allow = found.into_iter().map(|(name, places)| ModuleEntry { name, from: places.list() }).collect();
            self.manifest.modules = Some(Modules { allow: Some(allow) });
        }
    }

    /// Functions that the app's own code hands to `createSandbox`.
    pub(super) fn host_functions(&mut self) {
        let app = self.app;
        let mut api = Calls::default();
        for call in app.calls("@electrolint/sandbox.createSandbox").iter() {
            let Some(options) = call.argument(app, 0) else { continue };
            for known in app.eval(options).iter() {
                let Thing::Object(options) = &known.thing else { continue };
                for placed in app.program.property(options, "api", None).values {
                    match &placed.known.thing {
                        Thing::Object(functions) => self.functions_of(functions, "", 0, &mut api),
                        _ => self.open("/api", placed.span, "", "which functions are handed over is not known here"),
                    }
                }
            }
        }
        self.manifest.api = api.methods();
    }

    fn functions_of(&mut self, object: &Object, prefix: &str, depth: u32, api: &mut Calls) {
        let app = self.app;
        for key in app.program.keys(object) {
            let name = if prefix.is_empty() { key.to_string() } else { format!("{prefix}.{key}") };
            for placed in app.program.property(object, &key, None).values {
                match &placed.known.thing {
                    Thing::Function(f, _) if check_method_name(&name).is_ok() => {
                        api.add(app, &name, app.program.function(*f).parameters.len(), placed.span);
                    }
                    Thing::Object(inner) if depth < 4 => self.functions_of(inner, &name, depth + 1, api),
                    _ => self.open("/api", placed.span, "", &format!("what `{name}` takes is not known here")),
                }
            }
        }
    }
}
