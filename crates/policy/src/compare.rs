//! What one manifest allows that another does not: `electrolint policy --check`.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::host::HostPattern;
use crate::manifest::{Manifest, Method, Permission, Unresolved, WebPreferences};

/// One thing that a manifest allows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// The field, as a JSON pointer without positions in lists.
    pub field: &'static str,
    /// Whose it is, where the field belongs to an entry: the window's name, the channel.
    pub of: String,
    /// What is allowed.
    pub what: String,
    /// Where it comes from; says nothing of what is allowed.
    pub from: Vec<String>,
    kind: Kind,
}

/// How one grant covers another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Exact,
    /// A number: the larger covers the smaller.
    Number,
    Host,
    Origin,
    /// A URL that may end in `*`.
    Url,
    /// Argument schemas as JSON; `any` covers all.
    Schemas,
}

impl Grant {
    fn covers(&self, other: &Self) -> bool {
        if self.field != other.field || self.of != other.of {
            return false;
        }
        if self.what == other.what {
            return true;
        }
        match self.kind {
            Kind::Exact => false,
            Kind::Number => self.what.parse::<u64>().ok() >= other.what.parse::<u64>().ok(),
            Kind::Host => covers_host(&self.what, &other.what),
            Kind::Origin => match (self.what.split_once("://"), other.what.split_once("://")) {
                _ if self.what == "*" => true,
                (Some((scheme, host)), Some((wanted, wanted_host))) => {
                    scheme == wanted && covers_host(host, wanted_host)
                }
                _ => false,
            },
            Kind::Url => self.what.strip_suffix('*').is_some_and(|head| other.what.starts_with(head)),
            Kind::Schemas => {
                let (own, wanted) = (schemas(&self.what), schemas(&other.what));
                own.len() >= wanted.len()
                    && wanted.iter().zip(&own).all(|(wanted, own)| own == wanted || takes_any(own))
            }
        }
    }
}

fn covers_host(own: &str, wanted: &str) -> bool {
    match (HostPattern::parse(own), HostPattern::parse(wanted)) {
        (Ok(own), Ok(wanted)) => own.intersect(&wanted).as_ref() == Some(&wanted),
        _ => false,
    }
}

fn schemas(text: &str) -> Vec<Json> {
    serde_json::from_str(text).unwrap_or_default()
}

fn takes_any(schema: &Json) -> bool {
    schema.get("type").and_then(Json::as_str) == Some("any")
}

/// What was found when two manifests were compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// What is needed and not granted, sorted.
    pub missing: Vec<Grant>,
    /// What is granted and not needed, sorted.
    pub unused: Vec<Grant>,
    /// What is unresolved in the need and not listed as such in the other file.
    pub unlisted: Vec<Unresolved>,
}

impl Manifest {
    /// Compares what this manifest grants with what `needed` asks for. Where things come from does not count.
    #[must_use]
    pub fn compare(&self, needed: &Self) -> Comparison {
        let (own, wanted) = (self.grants(), needed.grants());
        let missing = wanted.iter().filter(|wanted| !own.iter().any(|own| own.covers(wanted)));
        let is_needed = |own: &Grant| wanted.iter().any(|wanted| own.covers(wanted) || wanted.covers(own));
        // A place moves with every line; the field, the rule and the file stay.
        let file = |at: &str| at.rsplit_once(':').map_or(at, |(file, _)| file).to_owned();
        let listed = |open: &Unresolved| {
            self.unresolved
                .iter()
                .any(|known| known.field == open.field && known.rule == open.rule && file(&known.at) == file(&open.at))
        };
        Comparison {
            missing: missing.cloned().collect(),
            unused: own.iter().filter(|own| !is_needed(own)).cloned().collect(),
            unlisted: needed.unresolved.iter().filter(|open| !listed(open)).cloned().collect(),
        }
    }

    /// Everything that the manifest allows, sorted. Limits, which only narrow, are not among it.
    #[must_use]
    pub fn grants(&self) -> Vec<Grant> {
        let mut all = Grants(Vec::new());
        all.sandbox(self);
        all.electron(self);
        all.0.sort();
        all.0.dedup();
        all.0
    }
}

struct Grants(Vec<Grant>);

impl Grants {
    fn add(&mut self, field: &'static str, of: &str, what: impl Into<String>, from: &[String], kind: Kind) {
        self.0.push(Grant { field, of: of.to_owned(), what: what.into(), from: from.to_vec(), kind });
    }

    fn sandbox(&mut self, manifest: &Manifest) {
        use Kind::{Exact, Host, Number};
        match &manifest.permissions {
            Some(list) => {
                for entry in list {
                    self.add("/permissions", "", word(&entry.name), &entry.from, Exact);
                }
            }
            None => [Permission::Log, Permission::Timers]
                .iter()
                .for_each(|permission| self.add("/permissions", "", word(permission), &[], Exact)),
        }
        if manifest.codegen == Some(true) {
            self.add("/codegen", "", "true", &[], Exact);
        }
        if let Some(network) = &manifest.network {
            for entry in network.hosts.iter().flatten() {
                self.add("/network/hosts", "", &entry.host, &entry.from, Host);
            }
            if network.data_urls == Some(true) {
                self.add("/network/dataUrls", "", "true", &[], Exact);
            }
            if network.block == Some(crate::manifest::Block::None) {
                self.add("/network/block", "", "none", &[], Exact);
            }
        }
        let network = manifest.network.clone().unwrap_or_default();
        for (permission, field, written, all) in [
            (
                Permission::NetRequest,
                "/network/request/schemes",
                network.request.and_then(|r| r.schemes),
                ["https", "http"],
            ),
            (
                Permission::NetWebSocket,
                "/network/websocket/schemes",
                network.websocket.and_then(|w| w.schemes),
                ["wss", "ws"],
            ),
        ] {
            if manifest.asks_for(permission) {
                let schemes = written.unwrap_or_else(|| all.map(str::to_owned).to_vec());
                schemes.iter().for_each(|scheme| self.add(field, "", scheme, &[], Exact));
            }
        }
        for entry in manifest.modules.iter().flat_map(|modules| modules.allow.iter().flatten()) {
            self.add("/modules/allow", "", &entry.name, &entry.from, Exact);
        }
        self.methods("/api", manifest.api.as_ref());
        self.methods("/rpc/expose", manifest.rpc.as_ref().and_then(|rpc| rpc.expose.as_ref()));
        if let Some(ports) = manifest.ports.filter(|ports| *ports > 0) {
            self.add("/ports", "", ports.to_string(), &[], Number);
        }
        if let Some(inbound) = &manifest.inbound {
            for route in inbound.http.iter().flatten() {
                self.add("/inbound/http", "", format!("{} {}", route.method, route.path), &route.from, Exact);
            }
            for route in inbound.socketio.iter().flatten() {
                self.add("/inbound/socketio", "", &route.path, &route.from, Exact);
            }
            if let Some(folder) = &inbound.r#static {
                self.add("/inbound/static", "", folder, &[], Exact);
            }
        }
    }

    fn methods(&mut self, field: &'static str, methods: Option<&BTreeMap<String, Method>>) {
        for (name, method) in methods.into_iter().flatten() {
            let schemas = serde_json::to_string(method.args.as_deref().unwrap_or_default()).unwrap_or_default();
            self.add(field, name, schemas, &method.from, Kind::Schemas);
        }
    }

    fn electron(&mut self, manifest: &Manifest) {
        use Kind::{Exact, Host, Origin, Url};
        let Some(electron) = &manifest.electron else { return };
        for window in electron.windows.iter().flatten() {
            let (name, from) = (window.name.as_str(), window.from.as_slice());
            self.add("/electron/windows", name, "exists", from, Exact);
            for url in window.load.iter().flatten() {
                self.add("/electron/windows/load", name, url, from, Url);
            }
            let partition = window.partition.as_deref().unwrap_or("the default session");
            self.add("/electron/windows/partition", name, partition, from, Exact);
            if let Some(preload) = &window.preload {
                self.add("/electron/windows/preload", name, preload, from, Exact);
            }
            self.preferences("/electron/windows/webPreferences", name, window.web_preferences.as_ref(), from);
        }
        for view in electron.webviews.iter().flatten() {
            let of = format!("{} in {}", view.origin, view.partition.as_deref().unwrap_or("the default session"));
            self.add("/electron/webviews", &of, "exists", &view.from, Exact);
            if view.allowpopups == Some(true) {
                self.add("/electron/webviews/allowpopups", &of, "true", &view.from, Exact);
            }
            self.preferences("/electron/webviews/webPreferences", &of, view.web_preferences.as_ref(), &view.from);
        }
        for entry in electron.permissions.iter().flatten() {
            let of = format!("{} in {}", entry.origin, entry.partition.as_deref().unwrap_or("the default session"));
            for name in entry.allow.iter().flatten() {
                self.add("/electron/permissions", &of, name, &entry.from, Exact);
            }
        }
        for (field, list) in
            [("/electron/navigation", &electron.navigation), ("/electron/windowOpen", &electron.window_open)]
        {
            for entry in list.iter().flatten() {
                self.add(field, "", &entry.origin, &entry.from, Origin);
            }
        }
        if let Some(open) = &electron.open_external {
            let schemes = open.schemes.as_deref().unwrap_or_default();
            schemes.iter().for_each(|s| self.add("/electron/openExternal/schemes", "", s, &open.from, Exact));
            match &open.hosts {
                Some(hosts) => {
                    hosts.iter().for_each(|h| self.add("/electron/openExternal/hosts", "", h, &open.from, Host));
                }
                None if schemes.iter().any(|s| matches!(s.as_str(), "http" | "https")) => {
                    self.add("/electron/openExternal/hosts", "", "*", &open.from, Host);
                }
                None => {}
            }
        }
        for entry in electron.ipc.iter().flatten() {
            self.add("/electron/ipc", &entry.channel, "exists", &entry.from, Exact);
            for sender in entry.senders.iter().flatten() {
                self.add("/electron/ipc/senders", &entry.channel, sender, &entry.from, Origin);
            }
        }
        for entry in electron.protocols.iter().flatten() {
            self.add("/electron/protocols", &entry.scheme, "exists", &entry.from, Exact);
            for privilege in entry.privileges.iter().flatten() {
                self.add("/electron/protocols/privileges", &entry.scheme, privilege, &entry.from, Exact);
            }
        }
        for entry in electron.csp.iter().flatten() {
            self.add("/electron/csp", &entry.page, &entry.policy, &entry.from, Exact);
        }
        for (name, value) in electron.fuses.iter().flatten() {
            self.add("/electron/fuses", name, value.to_string(), &[], Exact);
        }
    }

    /// Only what asks for more than the safe value, which an absent key means.
    fn preferences(&mut self, field: &'static str, of: &str, written: Option<&WebPreferences>, from: &[String]) {
        for (key, value) in written.into_iter().flatten() {
            let safe = matches!(key.as_str(), "contextIsolation" | "sandbox" | "webSecurity");
            if *value != Json::Bool(safe) {
                self.add(field, of, format!("{key}: {value}"), from, Kind::Exact);
            }
        }
    }
}

fn word(permission: &Permission) -> String {
    serde_json::to_value(permission).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(text: &str) -> Manifest {
        Manifest::parse(text).expect(text)
    }

    fn missing(granted: &str, needed: &str) -> Vec<String> {
        let found = manifest(granted).compare(&manifest(needed)).missing;
        found.into_iter().map(|grant| format!("{} {} {}", grant.field, grant.of, grant.what)).collect()
    }

    const NONE: [String; 0] = [];

    #[test]
    fn hosts_are_compared_as_hosts() {
        let with =
            |hosts: &str| format!(r#"{{"version":1,"permissions":["net.request"],"network":{{"hosts":[{hosts}]}}}}"#);
        assert_eq!(missing(&with(r#""*.example.com""#), &with(r#""API.example.com""#)), NONE);
        assert_eq!(missing(&with(r#""*""#), &with(r#""a.example""#)), NONE);
        let narrower = missing(&with(r#""a.example:8443""#), &with(r#""a.example""#));
        assert_eq!(narrower, ["/network/hosts  a.example"]);
        let from = with(r#"{"host":"a.example","from":["b.js:2"]}"#);
        assert_eq!(missing(&with(r#"{"host":"a.example","from":["a.js:1"]}"#), &from), NONE);
        assert_eq!(missing(r#"{"version":1}"#, &with(r#""a.example""#)).len(), 4, "permission, host, two schemes");
    }

    #[test]
    fn an_absent_preference_is_the_safe_one() {
        let with = |preferences: &str| {
            format!(r#"{{"version":1,"electron":{{"windows":[{{"name":"w","webPreferences":{{{preferences}}}}}]}}}}"#)
        };
        assert_eq!(missing(&with(""), &with(r#""contextIsolation":true,"nodeIntegration":false"#)), NONE);
        assert_eq!(missing(&with(""), &with(r#""sandbox":false"#)).len(), 1);
        assert_eq!(missing(&with(r#""sandbox":false"#), &with("")), NONE);
    }

    #[test]
    fn methods_take_what_is_taken() {
        let with = |args: &str| format!(r#"{{"version":1,"api":{{"f":{{"args":[{args}]}}}}}}"#);
        assert_eq!(missing(&with(r#"{"type":"any"}"#), &with(r#"{"type":"number"}"#)), NONE);
        assert_eq!(missing(&with(r#"{"type":"number"}"#), &with(r#"{"type":"any"}"#)).len(), 1);
        assert_eq!(missing(&with(""), &with(r#"{"type":"any"}"#)).len(), 1);
        assert_eq!(missing(&with(r#"{"type":"any"}"#), &with("")), NONE);
    }

    #[test]
    fn every_entry_of_electron_counts() {
        let full = r#"{"version":1,"electron":{"webviews":[{"origin":"https://a.example","allowpopups":true}],
            "permissions":[{"origin":"*","allow":["media"]}],"navigation":["https://a.example"],
            "windowOpen":["https://b.example"],"openExternal":{"schemes":["https"]},
            "ipc":[{"channel":"save","senders":["app://main"]}],
            "protocols":[{"scheme":"app","privileges":["secure"]}],"csp":[{"page":"app://*","policy":"p"}],
            "fuses":{"RunAsNode":false},"windows":[{"name":"w","load":["app://x/*"],"preload":"p.js"}]}}"#;
        assert_eq!(missing(full, full), NONE);
        assert_eq!(
            missing(r#"{"version":1}"#, full).len(),
            manifest(full).grants().len() - 2,
            "all but log and timers"
        );
        let unused = manifest(full).compare(&manifest(r#"{"version":1}"#)).unused;
        assert_eq!(unused.len(), manifest(full).grants().len() - 2);
        let origins = |list: &str| format!(r#"{{"version":1,"electron":{{"navigation":[{list}]}}}}"#);
        assert_eq!(missing(&origins(r#""https://*.a.example""#), &origins(r#""https://x.a.example""#)), NONE);
        assert_eq!(missing(&origins(r#""https://a.example""#), &origins(r#""http://a.example""#)).len(), 1);
    }

    #[test]
    fn what_is_unresolved_is_listed_or_not() {
        let open = r#"{"version":1,"unresolved":[{"field":"/network/hosts","at":"a.js:9","rule":"r","why":"w"}]}"#;
        assert_eq!(manifest(r#"{"version":1}"#).compare(&manifest(open)).unlisted.len(), 1);
        let moved = open.replace("a.js:9", "a.js:12");
        assert_eq!(manifest(open).compare(&manifest(&moved)).unlisted, []);
    }
}
