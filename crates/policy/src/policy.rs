//! What holds: a manifest under the ceiling of its host.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use serde_json::Value as Json;
use url::{Host, Url};

use crate::address::{is_reserved, why_not_public};
use crate::arguments::{Misfit, Schema, arguments_fit, value_fits};
use crate::host::{HostPattern, is_blocked_port};
use crate::manifest::{
    Aslr, Block, Level, Manifest, ManifestErrors, Method, OnUncaught, Permission, ceiling_contradictions, read,
};
use crate::shape::default_at;
use crate::value::Value;

/// What the host is willing to grant: a file of the manifest's shape.
///
/// Where it is silent, a number may be lowered but not raised above its default, booleans keep theirs, and lists, maps
/// and `ports` are granted as written, ROOT and `block: "none"` never.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ceiling(Manifest);

impl Ceiling {
    /// Reads a ceiling.
    ///
    /// # Errors
    /// As [`Manifest::parse`], but for contradictions: a ceiling may leave out the permission of a section.
    pub fn parse(text: &str) -> Result<Self, ManifestErrors> {
        read(text, ceiling_contradictions).map(Self)
    }

    /// This ceiling with the host's word on what needs its consent by name: without it neither is granted, whatever the file
    /// says; with it, it is, whatever the file leaves out. A manifest must say `distribution: false` for either.
    #[must_use]
    pub fn consent(mut self, root: bool, private_network: bool) -> Self {
        let manifest = &mut self.0;
        let entry = |name| crate::manifest::PermissionEntry { name, from: Vec::new() };
        match &mut manifest.permissions {
            Some(list) => list.retain(|entry| entry.name != Permission::Root),
            None if root => manifest.permissions = Some(Permission::ALL.iter().map(|name| entry(*name)).collect()),
            None => {}
        }
        if let Some(list) = manifest.permissions.as_mut().filter(|_| root)
            && list.iter().all(|entry| entry.name != Permission::Root)
        {
            list.push(entry(Permission::Root));
        }
        let block = if private_network { Block::None } else { Block::Private };
        manifest.network.get_or_insert_default().block = Some(block);
        if root || private_network {
            manifest.distribution = Some(false);
        }
        self
    }

    /// A ceiling made in code. The caller answers for its bounds.
    #[must_use]
    pub fn from_manifest(manifest: Manifest) -> Self {
        Self(manifest)
    }
}

/// Something that the manifest asks for and the host does not grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withheld {
    /// The field of the manifest as a JSON pointer.
    pub pointer: String,
    /// One sentence.
    pub why: String,
}

/// What holds for one sandbox. Made only by [`Manifest::under`].
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each field is the field of the same name in docs/policy.md, resolved")]
pub struct Policy {
    pub id: Option<String>,
    pub main: Option<String>,
    pub distribution: bool,
    pub permissions: BTreeSet<Permission>,
    pub codegen: bool,
    pub level: Level,
    pub aslr: Aslr,
    pub limits: Limits,
    pub network: Network,
    /// Bare specifiers of the host.
    pub modules: BTreeSet<String>,
    pub api: BTreeMap<String, Signature>,
    pub rpc: Rpc,
    pub ports: u32,
    pub lockup: Lockup,
    pub restart: Restart,
    pub inbound: Inbound,
    pub params: Document,
    pub config: Document,
    pub storage: Storage,
    /// What was asked for and is not granted, as far as the sandbox should not start without being told.
    pub withheld: Vec<Withheld>,
}

/// Bounds of the process.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is the field of the same name in docs/policy.md")]
pub struct Limits {
    pub init_timeout: Duration,
    pub execute_timeout: Duration,
    pub kill_grace: Duration,
    pub memory_bytes: u64,
    pub stack_bytes: u64,
    /// `None`: off.
    pub cpu_seconds: Option<u64>,
    pub message_bytes: u32,
    pub calls_in_flight: u32,
    pub timers: u32,
    pub log_bytes_per_second: u32,
}

/// What may be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is the field of the same name in docs/policy.md")]
pub struct Network {
    pub block: Block,
    pub data_urls: bool,
    pub dns_cache: Duration,
    /// The patterns, each with its JSON pointer in the manifest.
    pub hosts: Vec<(HostPattern, String)>,
    pub request_schemes: BTreeSet<String>,
    pub request_max_concurrent: u32,
    pub request_timeout: Duration,
    pub request_max_body_bytes: u64,
    pub websocket_schemes: BTreeSet<String>,
    pub websocket_max_concurrent: u32,
    pub websocket_max_message_bytes: u64,
}

/// What a method takes and gives, by the manifest and by the ceiling: every one of them must hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Signature(Vec<Method>);

impl Signature {
    /// A signature that takes whatever can be cloned.
    #[must_use]
    pub fn any() -> Self {
        Self(Vec::new())
    }

    /// Whether `arguments`, the outermost value of its message, fits.
    ///
    /// # Errors
    /// The first [`Misfit`]. A method whose `args` are not written takes none.
    pub fn check_arguments(&self, arguments: &Value) -> Result<(), Misfit> {
        self.0.iter().try_for_each(|method| arguments_fit(method.args.as_deref().unwrap_or_default(), arguments))
    }

    /// Whether `result` fits. Without a written `result`, everything does.
    ///
    /// # Errors
    /// The first [`Misfit`].
    pub fn check_result(&self, result: &Value) -> Result<(), Misfit> {
        self.0.iter().filter_map(|method| method.result.as_ref()).try_for_each(|schema| value_fits(schema, result))
    }
}

/// Calls both ways.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each field is the field of the same name in docs/policy.md")]
pub struct Rpc {
    pub expose: BTreeMap<String, Signature>,
    /// `None`: off.
    pub call_timeout: Option<Duration>,
    pub sandbox_methods_max: u32,
}

/// Lockup detection; `None` is off.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is the field of the same name in docs/policy.md")]
pub struct Lockup {
    pub timeout: Option<Duration>,
    pub kill_with_fire: Option<Duration>,
    pub ping_interval: Option<Duration>,
    pub startup_timeout: Option<Duration>,
}

/// Restart after a crash.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is the field of the same name in docs/policy.md")]
pub struct Restart {
    pub max_consecutive_crashes: u32,
    pub stable_after: Duration,
    pub backoff: Vec<Duration>,
    pub on_lockup: bool,
    pub on_uncaught: OnUncaught,
}

/// What is served to others.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is the field of the same name in docs/policy.md")]
pub struct Inbound {
    /// Method and path, and whether the token is required.
    pub http: BTreeMap<(String, String), bool>,
    pub r#static: Option<String>,
    /// Path, and whether the token is required.
    pub socketio: BTreeMap<String, bool>,
    pub max_concurrent: u32,
    pub timeout: Duration,
    pub max_body_bytes: u64,
}

/// What `updateParams` or `setConfig` may write. Without a schema every write is refused.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each field is the field of the same name in docs/policy.md")]
pub struct Document {
    pub schemas: Vec<Schema>,
    pub max_bytes: u64,
}

/// The addon's stored data.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is the field of the same name in docs/policy.md")]
pub struct Storage {
    pub max_bytes: u64,
    pub max_depth: u32,
}

impl Manifest {
    /// What holds when a host with this ceiling runs code under this manifest.
    ///
    /// No field of the manifest lowers a protection below what the ceiling decided. Numbers take the smaller, except the
    /// two waits of a restart, which protect by being long: there the ceiling's own value holds.
    #[must_use]
    pub fn under(&self, ceiling: &Ceiling) -> Policy {
        let ceiling = &ceiling.0;
        let n = Numbers::new(self, ceiling);
        let mut withheld = Vec::new();

        let mut permissions: BTreeSet<Permission> = match &self.permissions {
            Some(list) => list.iter().map(|entry| entry.name).collect(),
            None => [Permission::Log, Permission::Timers].into(),
        };
        let consents = ceiling.distribution == Some(false) && self.distribution == Some(false);
        permissions.retain(|permission| {
            let granted = match &ceiling.permissions {
                Some(list) => list.iter().any(|entry| entry.name == *permission),
                None => *permission != Permission::Root,
            };
            granted && (*permission != Permission::Root || consents)
        });
        if self.asks_for(Permission::Root) && !permissions.contains(&Permission::Root) {
            withheld
                .push(Withheld { pointer: "/permissions".into(), why: "ROOT needs the host's consent by name".into() });
        }
        let network = network(self, ceiling, &n, consents, &mut withheld);

        let containment = self.containment.clone().unwrap_or_default();
        let least = ceiling.containment.clone().unwrap_or_default();
        Policy {
            id: self.id.clone(),
            main: self.main.clone(),
            distribution: !consents,
            codegen: permits(self.codegen, ceiling.codegen),
            // Silent means `full`, on either side; a ceiling that names a lower level consents to it.
            level: containment.require.unwrap_or(Level::Full).max(least.require.unwrap_or(Level::Full)),
            aslr: containment.aslr.unwrap_or(Aslr::Shared).max(least.aslr.unwrap_or(Aslr::Shared)),
            limits: limits(&n, self.main.is_some()),
            modules: modules(self, ceiling, &permissions),
            api: methods(self.api.as_ref(), ceiling.api.as_ref()),
            rpc: Rpc {
                expose: methods(
                    self.rpc.as_ref().and_then(|r| r.expose.as_ref()),
                    ceiling.rpc.as_ref().and_then(|r| r.expose.as_ref()),
                ),
                call_timeout: n.maybe_millis("/rpc/callTimeoutMs"),
                sandbox_methods_max: n.small("/rpc/sandboxMethods/max"),
            },
            ports: ceiling
                .ports
                .map_or(self.ports.unwrap_or(0), |max| self.ports.unwrap_or(0).min(max))
                .try_into()
                .unwrap_or(0),
            lockup: Lockup {
                timeout: n.maybe_millis("/lockup/timeoutMs"),
                kill_with_fire: n.maybe_millis("/lockup/killWithFireMs"),
                ping_interval: n.maybe_millis("/lockup/pingIntervalMs"),
                startup_timeout: n.maybe_millis("/lockup/startupTimeoutMs"),
            },
            restart: restart(self, ceiling, &n),
            inbound: inbound(self, ceiling, &n),
            params: document(self.params.as_ref(), ceiling.params.as_ref(), n.number("/params/maxBytes")),
            config: document(self.config.as_ref(), ceiling.config.as_ref(), n.number("/config/maxBytes")),
            storage: Storage { max_bytes: n.number("/storage/maxBytes"), max_depth: n.small("/storage/maxDepth") },
            permissions,
            network,
            withheld,
        }
    }
}

impl Policy {
    /// What holds for a script without a manifest: `{"version": 1}` under a silent ceiling.
    #[must_use]
    pub fn minimal() -> Self {
        Manifest::default().under(&Ceiling::default())
    }

    /// Every public host by request and WebSocket, and nothing else besides [`Policy::minimal`].
    #[must_use]
    pub fn every_public_host() -> Self {
        let mut policy = Self::minimal();
        policy.permissions.extend([Permission::NetRequest, Permission::NetWebSocket]);
        policy.network.hosts = vec![(HostPattern::any(), "/network/hosts".into())];
        policy
    }

    /// Whether `permission` holds.
    #[must_use]
    pub fn permits(&self, permission: Permission) -> bool {
        self.permissions.contains(&permission)
    }

    /// Whether the module with this bare specifier may be loaded.
    #[must_use]
    pub fn module_allowed(&self, specifier: &str) -> bool {
        self.permits(Permission::Root) && self.modules.contains(specifier)
    }

    /// Whether `url` may be reached through `api`, as far as it says itself. Nothing is looked up: a name that is
    /// allowed still has to pass [`Policy::check_address`] for every address that it resolves to.
    ///
    /// # Errors
    /// [`Denied`] with the entry or built-in rule that decided.
    pub fn check_url(&self, url: &str, api: Api) -> Result<Target, Denied> {
        match self.judge_url(url, api)? {
            (target, None) => Ok(target),
            (_, Some(denied)) => Err(denied),
        }
    }

    /// As [`Policy::check_url`] for a host that only reports what its list of hosts refuses: the target, and that refusal if
    /// there is one. Permission, scheme, port, reserved names and addresses are refused still.
    ///
    /// # Errors
    /// [`Denied`] by anything but `network.hosts`.
    pub fn judge_url(&self, url: &str, api: Api) -> Result<(Target, Option<Denied>), Denied> {
        let parsed = Url::parse(url).map_err(|error| Denied::new("url", format!("not a URL: {error}")))?;
        let (permission, schemes, schemes_at) = match api {
            Api::Request => (Permission::NetRequest, &self.network.request_schemes, "/network/request/schemes"),
            Api::WebSocket => (Permission::NetWebSocket, &self.network.websocket_schemes, "/network/websocket/schemes"),
        };
        if !self.permits(permission) {
            return Err(Denied::new(
                "/permissions",
                format!("the permission {} is not granted", api.permission_name()),
            )
            .of(&parsed));
        }
        if parsed.scheme() == "data" && api == Api::Request && self.network.data_urls {
            return Ok((Target { url: parsed, host: None, port: 0, rule: "/network/dataUrls".into() }, None));
        }
        if !schemes.contains(parsed.scheme()) {
            return Err(Denied::new(schemes_at, format!("the scheme {} is not allowed", parsed.scheme())).of(&parsed));
        }
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err(Denied::new("userinfo", "a URL that carries a user name or password").of(&parsed));
        }
        let (Some(host), Some(port)) = (parsed.host(), parsed.port_or_known_default()) else {
            return Err(Denied::new("url", "a URL without host").of(&parsed));
        };
        if self.network.block == Block::Private {
            let refused = match host {
                Host::Domain(name) if is_reserved(name) => {
                    Some(("reserved-name", format!("the name {name} is reserved")))
                }
                Host::Domain(_) => None,
                Host::Ipv4(address) => not_public(address.into()),
                Host::Ipv6(address) => not_public(address.into()),
            };
            if let Some((rule, why)) = refused {
                return Err(Denied::new(rule, why).of(&parsed));
            }
        }
        let listed = self.network.hosts.iter().find(|(pattern, _)| pattern.covers(&host, port));
        if listed.is_none() && is_blocked_port(port) {
            return Err(Denied::new("blocked-port", format!("the port {port} is blocked")).of(&parsed));
        }
        let (rule, refused) = match listed {
            Some((_, rule)) => (rule.clone(), None),
            None => {
                let why = format!("no entry allows {host} on port {port}");
                ("/network/hosts".into(), Some(Denied::new("/network/hosts", why).of(&parsed)))
            }
        };
        let host = Some(host.to_owned());
        Ok((Target { url: parsed, host, port, rule }, refused))
    }

    /// Whether a connection to `address` may be made for an allowed host.
    ///
    /// # Errors
    /// [`Denied`] when the address is not public and `block` is `private`.
    pub fn check_address(&self, address: IpAddr) -> Result<(), Denied> {
        match self.network.block {
            Block::None => Ok(()),
            Block::Private => not_public(address).map_or(Ok(()), |(rule, why)| Err(Denied::new(rule, why))),
        }
    }
}

fn not_public(address: IpAddr) -> Option<(&'static str, String)> {
    why_not_public(address).map(|why| ("not-public", format!("the address {address} is not public: {why}")))
}

/// Through which door a URL is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Api {
    /// `network.request`
    Request,
    /// `network.websocket`
    WebSocket,
}

impl Api {
    fn permission_name(self) -> &'static str {
        match self {
            Self::Request => "net.request",
            Self::WebSocket => "net.websocket",
        }
    }
}

/// A URL that the policy allows. Only [`Policy::check_url`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    url: Url,
    host: Option<Host<String>>,
    port: u16,
    rule: String,
}

impl Target {
    /// The parsed URL; what was handed in as text is not used again.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The host; `None` for a `data:` URL.
    #[must_use]
    pub fn host(&self) -> Option<&Host<String>> {
        self.host.as_ref()
    }

    /// The port, the scheme's own if none is written; 0 for a `data:` URL.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// JSON pointer of the entry that allowed it.
    #[must_use]
    pub fn rule(&self) -> &str {
        &self.rule
    }
}

/// Why something is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Denied {
    /// JSON pointer of the policy's entry that decided, or the name of a built-in rule.
    pub rule: String,
    /// One sentence.
    pub reason: String,
    /// The host as it was parsed, if there is one.
    pub host: Option<String>,
    /// The port, the scheme's own if none is written.
    pub port: Option<u16>,
}

impl Denied {
    fn new(rule: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { rule: rule.into(), reason: reason.into(), host: None, port: None }
    }

    fn of(mut self, url: &Url) -> Self {
        self.host = url.host_str().map(str::to_owned);
        self.port = url.port_or_known_default();
        self
    }
}

/// Numbers of the manifest held under those of the ceiling, looked up by JSON pointer.
struct Numbers {
    manifest: Json,
    ceiling: Json,
}

impl Numbers {
    fn new(manifest: &Manifest, ceiling: &Manifest) -> Self {
        let json = |m: &Manifest| serde_json::to_value(m).unwrap_or_default();
        Self { manifest: json(manifest), ceiling: json(ceiling) }
    }

    /// The smaller of what is asked and what is granted; −1 counts as larger than any number.
    fn resolve(&self, pointer: &str, default: i64) -> i64 {
        let order = |n: i64| if n == -1 { i64::MAX } else { n };
        let asked = self.manifest.pointer(pointer).and_then(Json::as_i64).unwrap_or(default);
        let granted = self.ceiling.pointer(pointer).and_then(Json::as_i64).unwrap_or(default);
        if order(asked) <= order(granted) { asked } else { granted }
    }

    fn with_default(&self, pointer: &str) -> i64 {
        // Every pointer asked for here is in the table with a default; a test asks for all of them.
        self.resolve(pointer, default_at(pointer).and_then(|v| v.as_i64()).unwrap_or(0))
    }

    fn number(&self, pointer: &str) -> u64 {
        self.with_default(pointer).try_into().unwrap_or(0)
    }

    fn small(&self, pointer: &str) -> u32 {
        self.with_default(pointer).try_into().unwrap_or(0)
    }

    fn millis(&self, pointer: &str) -> Duration {
        Duration::from_millis(self.number(pointer))
    }

    fn maybe_millis(&self, pointer: &str) -> Option<Duration> {
        self.with_default(pointer).try_into().ok().map(Duration::from_millis)
    }
}

fn limits(n: &Numbers, has_main: bool) -> Limits {
    Limits {
        init_timeout: n.millis("/limits/initTimeoutMs"),
        execute_timeout: n.millis("/limits/executeTimeoutMs"),
        kill_grace: n.millis("/limits/killGraceMs"),
        memory_bytes: n.number("/limits/memoryBytes"),
        stack_bytes: n.number("/limits/stackBytes"),
        cpu_seconds: n.resolve("/limits/cpuSeconds", if has_main { -1 } else { 60 }).try_into().ok(),
        message_bytes: n.small("/limits/messageBytes"),
        calls_in_flight: n.small("/limits/callsInFlight"),
        timers: n.small("/limits/timers"),
        log_bytes_per_second: n.small("/limits/logBytesPerSecond"),
    }
}

fn network(
    manifest: &Manifest,
    ceiling: &Manifest,
    n: &Numbers,
    consents: bool,
    withheld: &mut Vec<Withheld>,
) -> Network {
    let asked = manifest.network.clone().unwrap_or_default();
    let granted = ceiling.network.clone().unwrap_or_default();
    let open = asked.block == Some(Block::None);
    let block = if open && granted.block == Some(Block::None) && consents { Block::None } else { Block::Private };
    if open && block != Block::None {
        withheld.push(Withheld {
            pointer: "/network/block".into(),
            why: "`block: \"none\"` needs the host's consent by name".into(),
        });
    }
    let limit: Option<Vec<HostPattern>> =
        granted.hosts.map(|list| list.iter().filter_map(|entry| HostPattern::parse(&entry.host).ok()).collect());
    let mut hosts = Vec::new();
    for (index, entry) in asked.hosts.iter().flatten().enumerate() {
        let Ok(pattern) = HostPattern::parse(&entry.host) else { continue };
        let pointer = format!("/network/hosts/{index}");
        match &limit {
            None => hosts.push((pattern, pointer)),
            Some(limit) => {
                hosts.extend(limit.iter().filter_map(|l| pattern.intersect(l)).map(|both| (both, pointer.clone())))
            }
        }
    }
    let schemes = |asked: Option<Vec<String>>, granted: Option<Vec<String>>, all: [&str; 2]| {
        let within = |list: &Option<Vec<String>>, s: &str| list.as_ref().is_none_or(|list| list.iter().any(|x| x == s));
        all.into_iter().filter(|s| within(&asked, s) && within(&granted, s)).map(str::to_owned).collect()
    };
    Network {
        block,
        data_urls: permits(asked.data_urls, granted.data_urls),
        dns_cache: Duration::from_secs(n.number("/network/dns/cacheSeconds")),
        hosts,
        request_schemes: schemes(
            asked.request.and_then(|r| r.schemes),
            granted.request.and_then(|r| r.schemes),
            ["https", "http"],
        ),
        request_max_concurrent: n.small("/network/request/maxConcurrent"),
        request_timeout: n.millis("/network/request/timeoutMs"),
        request_max_body_bytes: n.number("/network/request/maxBodyBytes"),
        websocket_schemes: schemes(
            asked.websocket.and_then(|w| w.schemes),
            granted.websocket.and_then(|w| w.schemes),
            ["wss", "ws"],
        ),
        websocket_max_concurrent: n.small("/network/websocket/maxConcurrent"),
        websocket_max_message_bytes: n.number("/network/websocket/maxMessageBytes"),
    }
}

/// A boolean that loosens: both must say yes.
fn permits(asked: Option<bool>, granted: Option<bool>) -> bool {
    asked == Some(true) && granted == Some(true)
}

fn modules(manifest: &Manifest, ceiling: &Manifest, permissions: &BTreeSet<Permission>) -> BTreeSet<String> {
    let list = |m: &Manifest| m.modules.as_ref().and_then(|m| m.allow.clone());
    let granted = list(ceiling);
    let within = |name: &str| granted.as_ref().is_none_or(|list| list.iter().any(|entry| entry.name == name));
    let asked = list(manifest).unwrap_or_default().into_iter().map(|entry| entry.name);
    if permissions.contains(&Permission::Root) { asked.filter(|name| within(name)).collect() } else { BTreeSet::new() }
}

fn methods(
    asked: Option<&BTreeMap<String, Method>>,
    granted: Option<&BTreeMap<String, Method>>,
) -> BTreeMap<String, Signature> {
    let both = |(name, method): (&String, &Method)| match granted {
        None => Some((name.clone(), Signature(vec![method.clone()]))),
        Some(map) => map.get(name).map(|limit| (name.clone(), Signature(vec![method.clone(), limit.clone()]))),
    };
    asked.into_iter().flatten().filter_map(both).collect()
}

fn restart(manifest: &Manifest, ceiling: &Manifest, n: &Numbers) -> Restart {
    let asked = manifest.restart.clone().unwrap_or_default();
    let granted = ceiling.restart.clone().unwrap_or_default();
    // The waits protect the host by being long: a shorter one would lower a protection, and a longer one is more than the
    // host grants. So they are the host's alone.
    let millis = |ms: i64| Duration::from_millis(ms.try_into().unwrap_or(0));
    Restart {
        max_consecutive_crashes: n.small("/restart/maxConsecutiveCrashes"),
        stable_after: millis(granted.stable_after_ms.unwrap_or(60_000)),
        backoff: granted.backoff_ms.unwrap_or_else(|| vec![0, 1000, 4000]).into_iter().map(millis).collect(),
        on_lockup: permits(asked.on_lockup, granted.on_lockup),
        on_uncaught: asked
            .on_uncaught
            .unwrap_or(OnUncaught::Crash)
            .max(granted.on_uncaught.unwrap_or(OnUncaught::Crash)),
    }
}

fn inbound(manifest: &Manifest, ceiling: &Manifest, n: &Numbers) -> Inbound {
    let asked = manifest.inbound.clone().unwrap_or_default();
    let granted = ceiling.inbound.clone().unwrap_or_default();
    let mut http = BTreeMap::new();
    for route in asked.http.into_iter().flatten() {
        let limit = match &granted.http {
            None => None,
            Some(list) => match list.iter().find(|r| r.method == route.method && r.path == route.path) {
                Some(limit) => limit.require_token,
                None => continue,
            },
        };
        http.insert((route.method, route.path), route.require_token != Some(false) || limit != Some(false));
    }
    let mut socketio = BTreeMap::new();
    for route in asked.socketio.into_iter().flatten() {
        let limit = match &granted.socketio {
            None => None,
            Some(list) => match list.iter().find(|r| r.path == route.path) {
                Some(limit) => limit.require_token,
                None => continue,
            },
        };
        socketio.insert(route.path, route.require_token != Some(false) || limit != Some(false));
    }
    Inbound {
        http,
        r#static: asked.r#static.filter(|folder| granted.r#static.as_ref().is_none_or(|limit| limit == folder)),
        socketio,
        max_concurrent: n.small("/inbound/maxConcurrent"),
        timeout: n.millis("/inbound/timeoutMs"),
        max_body_bytes: n.number("/inbound/maxBodyBytes"),
    }
}

fn document(
    asked: Option<&crate::manifest::Document>,
    granted: Option<&crate::manifest::Document>,
    max_bytes: u64,
) -> Document {
    // Only what the manifest asks for is had; a ceiling's schema narrows it.
    let own = asked.and_then(|d| d.schema.clone());
    let limit = granted.and_then(|d| d.schema.clone());
    Document {
        schemas: own.map(|own| [Some(own), limit].into_iter().flatten().collect()).unwrap_or_default(),
        max_bytes,
    }
}
