//! Addons: folders of scripts that a host runs under a manifest of theirs, and what they ask it for.
//!
//! An addon is told by its manifest, `addon.json`, in the shape of the runtime policy. Without one, a script counts that uses the
//! globals of an addon host: `network.request`, `storage.Read`, `data.token` and kin, two of them at least.

use rustc_hash::FxHashSet;

use super::{ApiCall, App};
use crate::link::things::{Certainty, Thing};
use crate::link::{C, F, Json, UnitId, V, split, within};
use crate::source::{FileId, FileKind, Role, Span};
use crate::summary::{ImportId, Value};

/// An addon.
#[derive(Clone, Debug)]
pub struct Addon {
    /// Its folder, as `SourceFile::path`; empty for the base.
    pub folder: String,
    /// What it asks for, where it has a manifest.
    pub manifest: Option<AddonManifest>,
    /// Its scripts.
    pub units: Vec<UnitId>,
    /// How sure it is that it is one.
    pub certainty: Certainty,
}

/// What a manifest says that rules ask about.
#[derive(Clone, Debug)]
pub struct AddonManifest {
    /// The whole file.
    pub span: Span,
    /// Where it asks for `ROOT`.
    pub root: Option<Span>,
    /// It is handed to others: the default.
    pub distribution: bool,
    /// Routes that answer without a token: where that is written, and the path.
    pub open_routes: Vec<(Span, String)>,
    /// The script that is run first, relative to the folder.
    pub main: Option<String>,
}

/// A handler of an inbound route.
#[derive(Clone, Debug)]
pub struct AddonRoute {
    /// The call that registers it.
    pub call: C,
    /// The path, where it is known.
    pub path: Option<String>,
    /// The function.
    pub handler: F,
    /// The function, or one that runs before it, compares something with the addon's token.
    pub checks_token: bool,
}

/// Globals of an addon host, with the member that is read.
const GLOBALS: [(&str, &str); 8] = [
    ("network", "request"),
    ("network", "websocket"),
    ("storage", "Read"),
    ("storage", "Write"),
    ("data", "token"),
    ("config", "updateParams"),
    ("config", "setConfig"),
    ("api", "config"),
];

/// Methods that register a route.
const ROUTE_METHODS: [&str; 9] = ["get", "post", "put", "patch", "delete", "all", "use", "route", "http"];

/// Globals under which a host offers its routes.
const HOST_OBJECTS: [&str; 9] = ["http", "server", "routes", "router", "inbound", "api", "host", "addon", "web"];

/// Addons with a manifest that are looked at.
const MOST_ADDONS: usize = 200;

/// Calls that a helper of a handler is looked for in.
const MOST_HELPERS: usize = 40;

impl App<'_> {
    /// Every addon, by folder.
    pub fn addons(&self) -> &[Addon] {
        self.addons.get_or_init(|| self.find_addons())
    }

    /// The addon that a script belongs to.
    pub fn addon_of(&self, unit: UnitId) -> Option<&Addon> {
        self.addons().iter().find(|addon| addon.units.contains(&unit))
    }

    /// Whether a file is a script of an addon.
    pub fn is_of_addon(&self, file: FileId) -> bool {
        self.addons().iter().any(|addon| addon.units.iter().any(|unit| self.program.file(*unit) == file))
    }

    fn find_addons(&self) -> Vec<Addon> {
        let mut found: Vec<Addon> = Vec::new();
        for (index, file) in self.sources.files.iter().enumerate() {
            let (folder, name) = split(&file.path);
            if name != "addon.json" || file.kind != FileKind::Json || file.role == Role::Context {
                continue;
            }
            if found.len() >= MOST_ADDONS {
                self.is_limited.set(true);
                break;
            }
            if let Some(manifest) = self.addon_manifest(FileId(index as u32)) {
                found.push(Addon {
                    folder: folder.to_owned(),
                    manifest: Some(manifest),
                    units: Vec::new(),
                    certainty: Certainty::Certain,
                });
            }
        }
        // The innermost folder holds a script.
        found.sort_by(|a, b| b.folder.len().cmp(&a.folder.len()).then_with(|| a.folder.cmp(&b.folder)));
        for unit in self.program.unit_ids() {
            let file = self.sources.file(self.program.file(unit));
            let is_script = matches!(file.kind, FileKind::JavaScript | FileKind::TypeScript | FileKind::Tsx);
            if !is_script || file.role == Role::Context {
                continue;
            }
            if let Some(addon) = found
                .iter_mut()
                .filter(|addon| addon.certainty == Certainty::Certain)
                .find(|addon| within(&file.path, &addon.folder))
            {
                addon.units.push(unit);
            } else if self.uses_addon_globals(unit) {
                let (folder, _) = split(&file.path);
                let known = found.iter_mut().find(|addon| addon.certainty == Certainty::Firm && addon.folder == folder);
                match known {
                    Some(addon) => addon.units.push(unit),
                    None => found.push(Addon {
                        folder: folder.to_owned(),
                        manifest: None,
                        units: vec![unit],
                        certainty: Certainty::Firm,
                    }),
                }
            }
        }
        found.sort_by(|a, b| a.folder.cmp(&b.folder));
        found
    }

    /// What an `addon.json` says, if it is a manifest of the policy's shape.
    fn addon_manifest(&self, file: FileId) -> Option<AddonManifest> {
        let unit = self.program.unit_of(file)?;
        let summary = self.program.summary(unit);
        let root = Json::root(summary)?;
        root.get("version").filter(|version| matches!(summary.value(version.id()), Value::Number(_)))?;
        let main = root.get("main").and_then(Json::text);
        let permissions = root.get("permissions");
        if permissions.is_none() && (main.is_none() || root.get("id").is_none()) {
            return None;
        }
        let place = |json: Json| self.program.place(unit, json.range());
        let named =
            |json: Json, key: &str| json.text().map(str::to_owned).or_else(|| Some(json.get(key)?.text()?.to_owned()));
        let root_permission = permissions
            .map_or_else(Vec::new, Json::elements)
            .into_iter()
            .find(|permission| named(*permission, "name").as_deref() == Some("ROOT"));
        let is =
            |json: Option<Json>, bool: bool| json.is_some_and(|json| summary.value(json.id()) == Value::Bool(bool));
        let inbound = root.get("inbound");
        let mut open_routes = Vec::new();
        for list in ["http", "socketio"] {
            let routes = inbound.and_then(|inbound| inbound.get(list)).map_or_else(Vec::new, Json::elements);
            for route in routes {
                if let Some(token) = route.get("requireToken").filter(|token| is(Some(*token), false)) {
                    open_routes.push((place(token), route.get("path").and_then(Json::text).unwrap_or("").to_owned()));
                }
            }
        }
        Some(AddonManifest {
            span: place(root),
            root: root_permission.map(place),
            distribution: !is(root.get("distribution"), false),
            open_routes,
            main: main.map(|main| main.trim_start_matches("./").to_owned()),
        })
    }

    fn uses_addon_globals(&self, unit: UnitId) -> bool {
        let summary = self.program.summary(unit);
        // Whoever imports Electron is no addon.
        let imports_electron = summary.imports.iter().any(|import| {
            matches!(summary.str(import.specifier), "electron" | "electron/main" | "electron/renderer" | "express")
        });
        if imports_electron {
            return false;
        }
        let mut seen: FxHashSet<(&str, &str)> = FxHashSet::default();
        for node in &summary.values {
            if let Value::Member(object, name) = node.value
                && let Value::Global(global) = summary.value(object)
            {
                let pair = (summary.str(global), summary.str(name));
                seen.extend(GLOBALS.iter().filter(|known| **known == pair));
            }
        }
        seen.len() >= 2
    }

    /// Calls of an addon host's API in its addons: `network.request`, however it is reached.
    pub fn addon_calls(&self, api: &str) -> Vec<ApiCall> {
        let mut calls = self.calls_of(&[api, &format!("api.{api}"), &format!("host.{api}")]);
        calls.retain(|call| self.addon_of(call.call.0).is_some());
        calls
    }

    /// Whether an import of an addon's script leads out of its folder, to a module.
    pub fn leads_to_module(&self, unit: UnitId, import: usize) -> bool {
        let summary = self.program.summary(unit);
        let Some(record) = summary.imports.get(import) else { return false };
        let specifier = summary.str(record.specifier);
        !specifier.starts_with('.')
            && !specifier.starts_with('/')
            && !specifier.starts_with("addon:")
            && matches!(self.program.target(unit, ImportId(import as u32)), crate::link::Target::External(_))
    }

    /// Handlers of an addon's inbound routes: calls as `http.get('/path', (request, response) => …)` on an object that is the host's.
    pub fn addon_routes(&self, addon: &Addon) -> Vec<AddonRoute> {
        let mut found = Vec::new();
        for method in ROUTE_METHODS {
            for &c in self.program.calls_named(method) {
                if !addon.units.contains(&c.0) || !self.is_of_the_host(c) {
                    continue;
                }
                let arguments = self.program.arguments(c).len();
                let path = self.program.argument(c, 0).and_then(|path| self.constant(path));
                let path = path.as_ref().and_then(|known| known.text());
                if path.is_none_or(|path| path.contains("://")) {
                    continue;
                }
                let functions: Vec<F> = (1..arguments)
                    .filter_map(|index| self.program.argument(c, index))
                    .flat_map(|value| self.functions(value))
                    .collect();
                let Some(&handler) = functions.last() else { continue };
                let checks_token = functions.iter().any(|f| self.compares_token(*f));
                found.push(AddonRoute { call: c, path: path.map(str::to_owned), handler, checks_token });
            }
        }
        found.sort_by_key(|route| route.call);
        found
    }

    /// The object of a method call is a global that only the host can give: no module, no request API.
    fn is_of_the_host(&self, c: C) -> bool {
        let callee = V(c.0, self.program.call(c).callee);
        let Value::Member(object, _) = self.program.value(callee) else { return false };
        self.eval(V(c.0, object)).iter().any(|known| match &known.thing {
            Thing::Api(path) => {
                let root = path.split('.').next().unwrap_or(path);
                HOST_OBJECTS.contains(&root) && !path.split('.').any(|part| matches!(part, "request" | "storage"))
            }
            Thing::Result(path, _) => matches!(&**path, "express" | "express.Router" | "Router" | "new Router"),
            _ => false,
        })
    }

    /// A function, or one that it calls, compares something with `data.token`, or hands it to something that does.
    fn compares_token(&self, f: F) -> bool {
        let mut open = vec![f];
        let mut seen: FxHashSet<F> = FxHashSet::default();
        while let Some(f) = open.pop() {
            if seen.len() > MOST_HELPERS || !seen.insert(f) {
                continue;
            }
            let summary = self.program.summary(f.0);
            for id in self.values_inside(f, super::inside::Which::All) {
                match summary.value(id) {
                    Value::Binary(
                        crate::summary::Operator::Equal | crate::summary::Operator::NotEqual,
                        left,
                        right,
                    ) if [left, right].iter().any(|side| self.is_token(V(f.0, *side))) => {
                        return true;
                    }
                    _ => {}
                }
            }
            for c in self.calls_inside(f) {
                let hands_token = (0..self.program.arguments(c).len())
                    .filter_map(|index| self.program.argument(c, index))
                    .any(|v| self.is_token(v));
                let callee = V(c.0, self.program.call(c).callee);
                let name = crate::link::final_name(summary, self.program.call(c).callee);
                let compares =
                    |name: &str| matches!(name, "timingSafeEqual" | "equal" | "compare" | "verify" | "verifyToken");
                let is_compared = || {
                    name.is_some_and(|name| compares(summary.str(name)))
                        || self.api_of(c).is_some_and(|(path, _)| compares(path.rsplit('.').next().unwrap_or_default()))
                };
                if hands_token && is_compared() {
                    return true;
                }
                open.extend(self.functions(callee));
            }
        }
        false
    }

    /// `data.token`, through variables, and in `Buffer.from(data.token)`.
    fn is_token(&self, v: V) -> bool {
        let direct = |thing: &Thing| matches!(thing, Thing::Api(path) if matches!(&**path, "data.token" | "api.data.token" | "host.data.token"));
        self.eval(v).iter().any(|known| match &known.thing {
            Thing::Result(path, c) if matches!(&**path, "Buffer.from" | "String" | "TextEncoder.encode") => self
                .program
                .argument(*c, 0)
                .is_some_and(|inner| self.eval(inner).iter().any(|known| direct(&known.thing))),
            thing => direct(thing),
        })
    }

    /// Whether an addon puts its token into an address, so that a page of its own can send it back.
    pub fn hands_out_token(&self, addon: &Addon) -> bool {
        addon.units.iter().any(|unit| {
            let summary = self.program.summary(*unit);
            summary.values.iter().any(|node| match node.value {
                Value::Member(object, name) if summary.str(name) == "token" => {
                    matches!(summary.value(object), Value::Global(global) if summary.str(global) == "data")
                }
                _ => false,
            })
        })
    }
}
