//! The manifest as it is written: every field optional, nothing resolved.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::arguments::Schema;
use crate::host::HostPattern;
use crate::json::{self, Kind, Node};
use crate::shape::{self, Fault};
use crate::{address, names};

/// One error of a policy file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ManifestError {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1, in UTF-16 code units; a byte-order mark is no column.
    pub column: usize,
    /// The place as a JSON pointer (RFC 6901); empty for the whole file.
    pub pointer: String,
    /// One sentence, lower case, no full stop.
    pub message: String,
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)?;
        if self.pointer.is_empty() { Ok(()) } else { write!(f, " ({})", self.pointer) }
    }
}

/// Every error of one policy file, in file order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct ManifestErrors(pub Vec<ManifestError>);

macro_rules! written {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub struct $name {
            $($(#[$field_meta])* #[serde(default, skip_serializing_if = "Option::is_none")] pub $field: Option<$type>,)*
        }
    };
}

macro_rules! entry {
    ($(#[$meta:meta])* $name:ident { $($required:ident: $type:ty),* ; $($optional:ident: $optional_type:ty),* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        #[expect(missing_docs, reason = "each field is the field of the same name in docs/policy.md")]
        pub struct $name {
            $(pub $required: $type,)*
            $(#[serde(default, skip_serializing_if = "Option::is_none")] pub $optional: Option<$optional_type>,)*
            /// `path:line` of what the linter saw, sorted.
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            pub from: Vec<String>,
        }
    };
}

/// A policy file as it is written. Types and bounds: docs/policy.md.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "each field is the field of the same name in docs/policy.md")]
pub struct Manifest {
    pub version: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub main: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distribution: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Vec<PermissionEntry>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codegen: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub containment: Option<Containment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modules: Option<Modules>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api: Option<BTreeMap<String, Method>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rpc: Option<Rpc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ports: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lockup: Option<Lockup>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<Restart>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbound: Option<Inbound>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub params: Option<Document>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<Document>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<Storage>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub electron: Option<Electron>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unresolved: Vec<Unresolved>,
}

impl Default for Manifest {
    /// `{"version": 1}`: everything denied but `log` and `timers`.
    fn default() -> Self {
        Self {
            version: 1,
            id: None,
            main: None,
            distribution: None,
            permissions: None,
            codegen: None,
            containment: None,
            limits: None,
            network: None,
            modules: None,
            api: None,
            rpc: None,
            ports: None,
            lockup: None,
            restart: None,
            inbound: None,
            params: None,
            config: None,
            storage: None,
            electron: None,
            unresolved: Vec::new(),
        }
    }
}

/// A named capability. What is absent from the list does not exist inside the sandbox.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Permission {
    /// `console`
    #[default]
    #[serde(rename = "log")]
    Log,
    /// `setTimeout` and kin
    #[serde(rename = "timers")]
    Timers,
    /// HTTP requests
    #[serde(rename = "net.request")]
    NetRequest,
    /// WebSockets
    #[serde(rename = "net.websocket")]
    NetWebSocket,
    /// Stored data
    #[serde(rename = "storage")]
    Storage,
    /// `setConfig`
    #[serde(rename = "config.write")]
    ConfigWrite,
    /// HTTP routes on the host's server
    #[serde(rename = "inbound.http")]
    InboundHttp,
    /// Static files on the host's server
    #[serde(rename = "inbound.static")]
    InboundStatic,
    /// Socket.IO namespaces on the host's server
    #[serde(rename = "inbound.socketio")]
    InboundSocketIo,
    /// `require` and modules of the host
    #[serde(rename = "ROOT")]
    Root,
}

impl Permission {
    /// Every permission.
    pub const ALL: [Self; 10] = [
        Self::Log,
        Self::Timers,
        Self::NetRequest,
        Self::NetWebSocket,
        Self::Storage,
        Self::ConfigWrite,
        Self::InboundHttp,
        Self::InboundStatic,
        Self::InboundSocketIo,
        Self::Root,
    ];
}

/// How much the operating system must enforce, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// A process of its own with resource limits.
    Process,
    /// Landlock, seccomp and resource limits, no namespaces.
    NoNamespaces,
    /// Namespaces and an empty root besides.
    Full,
}

impl Level {
    /// The word of the manifest.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::NoNamespaces => "no-namespaces",
            Self::Full => "full",
        }
    }
}

/// Whether address layout is shared with other sandboxes, the laxer first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Aslr {
    /// Forked from the zygote.
    Shared,
    /// Cold start: own layout and canaries.
    Own,
}

/// Which addresses are refused, the laxer first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Block {
    /// None.
    None,
    /// All that are not public.
    Private,
}

/// What an uncaught error does, the laxer first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnUncaught {
    /// It is logged.
    Log,
    /// It ends the sandbox.
    Crash,
}

entry! {
    /// An entry of `permissions`.
    PermissionEntry { name: Permission; }
}

written! {
    /// `containment`
    Containment {
        /// The least level to run under.
        require: Level,
        /// Address layout.
        aslr: Aslr,
    }
}

written! {
    /// `limits`
    #[expect(missing_docs, reason = "each field is the field of the same name in docs/policy.md")]
    Limits {
        init_timeout_ms: i64, execute_timeout_ms: i64, kill_grace_ms: i64, memory_bytes: i64, stack_bytes: i64,
        cpu_seconds: i64, message_bytes: i64, calls_in_flight: i64, timers: i64, log_bytes_per_second: i64,
    }
}

written! {
    /// `network`
    #[expect(missing_docs, reason = "each field is the field of the same name in docs/policy.md")]
    Network { block: Block, data_urls: bool, dns: Dns, hosts: Vec<HostEntry>, request: Request, websocket: WebSocket }
}

written! {
    /// `network.dns`
    Dns {
        /// How long an answer is kept.
        cache_seconds: i64,
    }
}

entry! {
    /// An entry of `network.hosts`.
    HostEntry { host: String; }
}

written! {
    /// `network.request`
    #[expect(missing_docs, reason = "each field is the field of the same name in docs/policy.md")]
    Request { schemes: Vec<String>, max_concurrent: i64, timeout_ms: i64, max_body_bytes: i64 }
}

written! {
    /// `network.websocket`
    #[expect(missing_docs, reason = "each field is the field of the same name in docs/policy.md")]
    WebSocket { schemes: Vec<String>, max_concurrent: i64, max_message_bytes: i64 }
}

written! {
    /// `modules`
    Modules {
        /// Bare specifiers.
        allow: Vec<ModuleEntry>,
    }
}

entry! {
    /// An entry of `modules.allow`.
    ModuleEntry { name: String; }
}

entry! {
    /// What a method takes and gives.
    Method { ; args: Vec<Schema>, result: Schema }
}

written! {
    /// `rpc`
    #[expect(missing_docs, reason = "each field is the field of the same name in docs/policy.md")]
    Rpc { expose: BTreeMap<String, Method>, call_timeout_ms: i64, sandbox_methods: SandboxMethods }
}

written! {
    /// `rpc.sandboxMethods`
    SandboxMethods {
        /// How many the sandbox may expose.
        max: i64,
    }
}

written! {
    /// `lockup`
    #[expect(missing_docs, reason = "each field is the field of the same name in docs/policy.md")]
    Lockup { timeout_ms: i64, kill_with_fire_ms: i64, ping_interval_ms: i64, startup_timeout_ms: i64 }
}

written! {
    /// `restart`
    #[expect(missing_docs, reason = "each field is the field of the same name in docs/policy.md")]
    Restart {
        max_consecutive_crashes: i64, stable_after_ms: i64, backoff_ms: Vec<i64>, on_lockup: bool, on_uncaught: OnUncaught,
    }
}

written! {
    /// `inbound`
    #[expect(missing_docs, reason = "each field is the field of the same name in docs/policy.md")]
    Inbound {
        http: Vec<HttpRoute>, r#static: String, socketio: Vec<SocketIoRoute>, max_concurrent: i64, timeout_ms: i64, max_body_bytes: i64,
    }
}

entry! {
    /// An entry of `inbound.http`.
    HttpRoute { method: String, path: String; require_token: bool }
}

entry! {
    /// An entry of `inbound.socketio`.
    SocketIoRoute { path: String; require_token: bool }
}

written! {
    /// `params` and `config`
    #[expect(missing_docs, reason = "each field is the field of the same name in docs/policy.md")]
    Document { schema: Schema, max_bytes: i64 }
}

written! {
    /// `storage`
    #[expect(missing_docs, reason = "each field is the field of the same name in docs/policy.md")]
    Storage { max_bytes: i64, max_depth: i64 }
}

written! {
    /// `electron`: what a guard in the main process holds the app to.
    #[expect(missing_docs, reason = "each field is the field of the same name in docs/policy.md")]
    Electron {
        version: String, windows: Vec<Window>, webviews: Vec<WebView>, permissions: Vec<SessionPermission>,
        navigation: Vec<OriginEntry>, window_open: Vec<OriginEntry>, open_external: OpenExternal, ipc: Vec<Channel>,
        protocols: Vec<Protocol>, csp: Vec<PageCsp>, fuses: BTreeMap<String, bool>,
    }
}

/// `webPreferences` in Electron's names.
pub type WebPreferences = BTreeMap<String, serde_json::Value>;

entry! {
    /// An entry of `electron.windows`.
    Window { name: String; load: Vec<String>, partition: String, preload: String, web_preferences: WebPreferences }
}

entry! {
    /// An entry of `electron.webviews`.
    WebView { origin: String; partition: String, allowpopups: bool, web_preferences: WebPreferences }
}

entry! {
    /// An entry of `electron.permissions`.
    SessionPermission { origin: String; partition: String, allow: Vec<String> }
}

entry! {
    /// An entry of `electron.navigation` and `electron.windowOpen`.
    OriginEntry { origin: String; }
}

entry! {
    /// `electron.openExternal`
    OpenExternal { ; schemes: Vec<String>, hosts: Vec<String> }
}

entry! {
    /// An entry of `electron.ipc`.
    Channel { channel: String; senders: Vec<String> }
}

entry! {
    /// An entry of `electron.protocols`.
    Protocol { scheme: String; privileges: Vec<String> }
}

entry! {
    /// An entry of `electron.csp`.
    PageCsp { page: String, policy: String; }
}

/// What the linter saw and could not decide. Grants nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each field is the field of the same name in docs/policy.md")]
pub struct Unresolved {
    pub field: String,
    pub at: String,
    pub rule: String,
    pub why: String,
}

impl Manifest {
    /// Reads a policy file.
    ///
    /// # Errors
    /// Every error of the file: syntax, size over 1 MiB, nesting over 32, unknown field or version, wrong type, number
    /// out of bounds, a key given twice, contradictory entries. Contradictions are looked for in what could be read.
    pub fn parse(text: &str) -> Result<Self, ManifestErrors> {
        read(text, contradictions)
    }

    /// The file with sorted keys, two spaces of indent and a final newline: the same manifest gives the same bytes.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Through `Value`, whose objects are sorted by key.
        let value = serde_json::to_value(self).unwrap_or_default();
        let mut text = serde_json::to_string_pretty(&value).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Whether `permission` is asked for. Without a list, `log` and `timers` are.
    #[must_use]
    pub fn asks_for(&self, permission: Permission) -> bool {
        match &self.permissions {
            Some(list) => list.iter().any(|entry| entry.name == permission),
            None => matches!(permission, Permission::Log | Permission::Timers),
        }
    }
}

/// The JSON Schema of a policy file, pretty-printed: `docs/policy.schema.json`.
#[must_use]
pub fn json_schema() -> String {
    let mut text = serde_json::to_string_pretty(&shape::json_schema()).unwrap_or_default();
    text.push('\n');
    text
}

/// Reads a file of this shape; `contradictions` looks at what the shape cannot say.
pub(crate) fn read(
    text: &str,
    contradictions: fn(&Manifest, &Node, &mut Vec<Fault>),
) -> Result<Manifest, ManifestErrors> {
    let mut syntax = Vec::new();
    let root = json::parse(text, &mut syntax);
    let mut faults: Vec<Fault> =
        syntax.into_iter().map(|s| Fault { at: s.at, pointer: s.pointer, message: s.message }).collect();
    let mut manifest = None;
    if let Some(mut root) = root {
        take_schema_key(&mut root, &mut faults);
        let before = faults.len();
        if let Some(value) = shape::check_object(shape::MANIFEST, &root, "", &mut faults) {
            match serde_json::from_value::<Manifest>(value) {
                Ok(read) => {
                    contradictions(&read, &root, &mut faults);
                    manifest = Some(read);
                }
                // What the table refused may leave an entry without a required part; the table has said so.
                Err(_) if faults.len() > before => {}
                Err(error) => faults.push(Fault { at: root.at, pointer: String::new(), message: error.to_string() }),
            }
        }
    }
    if let (Some(manifest), true) = (manifest, faults.is_empty()) {
        return Ok(manifest);
    }
    faults.sort_by(|a, b| (a.at, &a.pointer).cmp(&(b.at, &b.pointer)));
    Err(ManifestErrors(faults.into_iter().map(|fault| place(text, fault)).collect()))
}

/// `$schema` is for editors: a string at the top, ignored.
fn take_schema_key(root: &mut Node, faults: &mut Vec<Fault>) {
    if let Kind::Object(members) = &mut root.kind {
        members.retain(|member| {
            if member.key == "$schema" && !matches!(member.value.kind, Kind::String(_)) {
                let message = format!("expected a string, found {}", member.value.type_name());
                faults.push(Fault { at: member.value.at, pointer: "/$schema".into(), message });
            }
            member.key != "$schema"
        });
    }
}

fn place(text: &str, fault: Fault) -> ManifestError {
    let before = text.get(..fault.at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let column = before[line_start..].trim_start_matches('\u{feff}').encode_utf16().count() + 1;
    let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
    ManifestError { line, column, pointer: fault.pointer, message: fault.message }
}

/// Faults are reported where the section or entry stands, or at the start of the file when it is absent.
fn at(root: &Node, pointer: &str) -> usize {
    let mut node = root;
    for step in pointer.split('/').skip(1) {
        let next = match &node.kind {
            Kind::Array(items) => step.parse().ok().and_then(|index: usize| items.get(index)),
            _ => node.member(step),
        };
        match next {
            Some(next) => node = next,
            None => break,
        }
    }
    node.at
}

struct Contradictions<'m, 'f> {
    manifest: &'m Manifest,
    root: &'m Node,
    faults: &'f mut Vec<Fault>,
}

impl Contradictions<'_, '_> {
    fn add(&mut self, pointer: &str, message: impl Into<String>) {
        self.faults.push(Fault { at: at(self.root, pointer), pointer: pointer.to_owned(), message: message.into() });
    }

    /// A section that says nothing without a permission.
    fn needs(&mut self, written: bool, pointer: &str, any_of: &[Permission], names: &str) {
        if written && !any_of.iter().any(|p| self.manifest.asks_for(*p)) {
            self.add(pointer, format!("this has no effect without the permission {names}"));
        }
    }
}

fn contradictions(manifest: &Manifest, root: &Node, faults: &mut Vec<Fault>) {
    use Permission as P;
    let mut found = Contradictions { manifest, root, faults };
    let network = manifest.network.clone().unwrap_or_default();
    let inbound = manifest.inbound.clone().unwrap_or_default();
    let hosts = network.hosts.as_deref().unwrap_or_default();
    let http = inbound.http.as_deref().unwrap_or_default();
    let socketio = inbound.socketio.as_deref().unwrap_or_default();

    if manifest.main.is_some() && manifest.id.is_none() {
        found.add("/main", "`main` needs an `id`");
    }
    found.needs(
        !hosts.is_empty(),
        "/network/hosts",
        &[P::NetRequest, P::NetWebSocket],
        "`net.request` or `net.websocket`",
    );
    found.needs(network.request.is_some(), "/network/request", &[P::NetRequest], "`net.request`");
    found.needs(network.websocket.is_some(), "/network/websocket", &[P::NetWebSocket], "`net.websocket`");
    found.needs(manifest.storage.is_some(), "/storage", &[P::Storage], "`storage`");
    found.needs(manifest.config.is_some(), "/config", &[P::ConfigWrite], "`config.write`");
    found.needs(!http.is_empty(), "/inbound/http", &[P::InboundHttp], "`inbound.http`");
    found.needs(inbound.r#static.is_some(), "/inbound/static", &[P::InboundStatic], "`inbound.static`");
    found.needs(!socketio.is_empty(), "/inbound/socketio", &[P::InboundSocketIo], "`inbound.socketio`");

    for (index, entry) in manifest.permissions.iter().flatten().enumerate() {
        let empty = match entry.name {
            P::NetRequest | P::NetWebSocket if hosts.is_empty() => "no host in `network.hosts`",
            P::InboundHttp if http.is_empty() => "no route in `inbound.http`",
            P::InboundStatic if inbound.r#static.is_none() => "no folder in `inbound.static`",
            P::InboundSocketIo if socketio.is_empty() => "no namespace in `inbound.socketio`",
            _ => continue,
        };
        found.add(&format!("/permissions/{index}"), format!("this permission has {empty}"));
    }
    host_consent(&mut found);

    let modules = manifest.modules.as_ref().and_then(|m| m.allow.as_deref()).unwrap_or_default();
    found.needs(!modules.is_empty(), "/modules/allow", &[P::Root], "`ROOT`");

    let mut routes = HashSet::new();
    for (index, route) in http.iter().enumerate() {
        if !routes.insert((route.method.as_str(), route.path.as_str())) {
            found.add(
                &format!("/inbound/http/{index}"),
                format!("the route {} {} is given twice", route.method, route.path),
            );
        }
    }
    let mut namespaces = HashSet::new();
    for (index, route) in socketio.iter().enumerate() {
        if !namespaces.insert(route.path.as_str()) {
            found.add(&format!("/inbound/socketio/{index}"), format!("the namespace {} is given twice", route.path));
        }
    }
    if let (Some(folder), Some(main)) = (&inbound.r#static, &manifest.main)
        && main.starts_with(&format!("{}/", folder.trim_end_matches('/')))
    {
        found.add("/inbound/static", "the folder that is served holds `main`");
    }
    if network.block != Some(Block::None) {
        for (index, entry) in hosts.iter().enumerate() {
            let address = HostPattern::parse(&entry.host).ok().and_then(|pattern| pattern.address());
            if let Some(why) = address.and_then(address::why_not_public) {
                let message = format!("`{}` is not public ({why}), and `block` refuses it", entry.host);
                found.add(&format!("/network/hosts/{index}"), message);
            }
        }
    }
}

/// What a ceiling may contradict itself in: only what needs the host's consent.
pub(crate) fn ceiling_contradictions(manifest: &Manifest, root: &Node, faults: &mut Vec<Fault>) {
    host_consent(&mut Contradictions { manifest, root, faults });
}

fn host_consent(found: &mut Contradictions<'_, '_>) {
    if found.manifest.distribution == Some(false) {
        return;
    }
    for (index, entry) in found.manifest.permissions.iter().flatten().enumerate() {
        if entry.name == Permission::Root {
            found.add(&format!("/permissions/{index}"), "ROOT needs `distribution` to be false");
        }
    }
    if found.manifest.network.as_ref().and_then(|n| n.block) == Some(Block::None) {
        found.add("/network/block", "`block: \"none\"` needs `distribution` to be false");
    }
}

/// Whether `name` may name a method of `api`, `rpc.expose` or the sandbox itself.
///
/// # Errors
/// A sentence that says which segment is wrong.
pub fn check_method_name(name: &str) -> Result<(), String> {
    names::method(name)
}
