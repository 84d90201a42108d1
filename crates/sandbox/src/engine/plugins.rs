//! Plugins: features that a host adds to its sandboxes, with hooks on both sides.
//!
//! `rpc`, `lockup_detection` and `wrapper` are built in and always there. `wrapper` is the enforcement: it is always
//! last, and no plugin can replace or leave it out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::os::process::Status;

/// What a plugin says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PluginManifest {
    /// Its name: letters, digits and `_`, starting with a letter or `_`.
    pub name: String,
    /// Features that it provides; two providers of one feature are an error.
    #[serde(default)]
    pub provides: Vec<String>,
    /// Features or plugins that it cannot be with.
    #[serde(default)]
    pub conflicts: Vec<String>,
    /// Features or plugins that it needs; any provider of a feature will do.
    #[serde(default)]
    pub depends: Vec<String>,
}

/// A plugin. Its hooks run in the order in which plugins were given.
///
/// The script of a plugin may expose `$name.beforeLoad`, `$name.afterLoad`, `$name.loadError` (with the message) and
/// `$name.afterExecute` by `rpc.expose`: the host calls them at these moments, waits at most a second for each, and
/// ignores what they give or throw.
pub trait Plugin: Send + Sync {
    /// What it says of itself. Asked once for each sandbox.
    fn manifest(&self) -> PluginManifest;

    /// The options that it was given with.
    fn configure(&self, _options: &Json) {}

    /// What its script gets as `startData`; plugins share the map.
    fn start_data(&self, _data: &mut BTreeMap<String, Json>) {}

    /// Runs inside every new sandbox, before anything of the caller's, as the body of an async function that sees
    /// `startData` and `options`. It is as untrusted as any other script there.
    fn worker_script(&self) -> Option<String> {
        None
    }

    /// A worker has been made.
    fn on_spawn(&self) {}

    /// The worker takes calls; plugins' scripts have run.
    fn on_ready(&self) {}

    /// Text on the worker's error output.
    fn on_stderr(&self, _text: &str) {}

    /// The worker has ended.
    fn on_exit(&self, _status: Status, _reason: &str) {}
}

/// Why plugins do not go together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message says it")]
pub enum PluginError {
    #[error("`{0}` is not a name of a plugin")]
    Name(String),
    #[error("{first} and {second} both provide {feature}")]
    TwoProviders { feature: String, first: String, second: String },
    #[error("{plugin} conflicts with {with}")]
    Conflict { plugin: String, with: String },
    #[error("{plugin} needs {feature}, which nothing provides")]
    Missing { plugin: String, feature: String },
    #[error("{0} needs itself, by way of others or at once")]
    Cycle(String),
    #[error("cannot read the plugin: {0}")]
    Read(String),
}

/// Name, features and needs of what is always there.
const BUILT_IN: [(&str, &[&str]); 3] = [("rpc", &[]), ("lockup_detection", &["rpc"]), ("wrapper", &[])];

/// Checks that the plugins go together, and gives the names in the order of their hooks, built-in ones included.
///
/// # Errors
/// The first [`PluginError`].
pub fn check_plugins(plugins: &[PluginManifest]) -> Result<Vec<String>, PluginError> {
    let names = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
    let built_in = |(name, depends): (&str, &[&str])| PluginManifest {
        name: name.to_owned(),
        depends: names(depends),
        ..PluginManifest::default()
    };
    let [rpc, lockup, wrapper] = BUILT_IN.map(built_in);
    let all: Vec<PluginManifest> = [rpc, lockup].into_iter().chain(plugins.iter().cloned()).chain([wrapper]).collect();

    // A plugin provides its own name.
    let mut providers: BTreeMap<&str, &str> = BTreeMap::new();
    for plugin in &all {
        let mut characters = plugin.name.chars();
        let starts = characters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
        if !starts || !characters.all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err(PluginError::Name(plugin.name.clone()));
        }
        let features: BTreeSet<&str> =
            plugin.provides.iter().map(String::as_str).chain([plugin.name.as_str()]).collect();
        for feature in features {
            if let Some(first) = providers.insert(feature, &plugin.name) {
                let (feature, second) = (feature.to_owned(), plugin.name.clone());
                return Err(PluginError::TwoProviders { feature, first: first.to_owned(), second });
            }
        }
    }
    for plugin in &all {
        for with in &plugin.conflicts {
            if providers.get(with.as_str()).is_some_and(|provider| *provider != plugin.name) {
                return Err(PluginError::Conflict { plugin: plugin.name.clone(), with: with.clone() });
            }
        }
        for feature in &plugin.depends {
            if !providers.contains_key(feature.as_str()) {
                return Err(PluginError::Missing { plugin: plugin.name.clone(), feature: feature.clone() });
            }
        }
    }
    // Whoever can be reached from its own needs is in a cycle.
    for plugin in &all {
        let mut reached = BTreeSet::new();
        let mut queue: Vec<&str> = vec![&plugin.name];
        while let Some(at) = queue.pop() {
            let needs = all.iter().find(|p| p.name == at).into_iter().flat_map(|p| &p.depends);
            for provider in needs.filter_map(|feature| providers.get(feature.as_str())) {
                if reached.insert(*provider) {
                    queue.push(provider);
                }
            }
        }
        if reached.contains(plugin.name.as_str()) {
            return Err(PluginError::Cycle(plugin.name.clone()));
        }
    }
    Ok(all.into_iter().map(|plugin| plugin.name).collect())
}

/// A plugin that is a folder with `manifest.json` and `worker.js`. The host reads it; nothing of it runs in the host.
pub struct ScriptPlugin {
    manifest: PluginManifest,
    script: String,
}

impl ScriptPlugin {
    /// Reads the folder `folder` inside `base`.
    ///
    /// # Errors
    /// [`PluginError::Read`] when the folder lies outside `base`, a file is missing, or the manifest is not valid.
    pub fn open(base: &Path, folder: &str) -> Result<Self, PluginError> {
        let read_error = |error: std::io::Error| PluginError::Read(format!("{folder}: {error}"));
        let base = base.canonicalize().map_err(read_error)?;
        let read = |name: &str| {
            // Links may lead outside, so each file is judged where it really lies.
            let file = base.join(folder).join(name).canonicalize().map_err(read_error)?;
            if !file.starts_with(&base) {
                return Err(PluginError::Read(format!("{folder} lies outside the folder of plugins")));
            }
            std::fs::read_to_string(file).map_err(read_error)
        };
        let manifest = serde_json::from_str(&read("manifest.json")?);
        let manifest = manifest.map_err(|error| PluginError::Read(format!("{folder}/manifest.json: {error}")))?;
        Ok(Self { manifest, script: read("worker.js")? })
    }
}

impl Plugin for ScriptPlugin {
    fn manifest(&self) -> PluginManifest {
        self.manifest.clone()
    }

    fn worker_script(&self) -> Option<String> {
        Some(self.script.clone())
    }
}

/// A plugin and what it was given with.
pub(super) struct Loaded {
    pub(super) name: String,
    pub(super) plugin: Arc<dyn Plugin>,
    pub(super) options: Json,
}

impl Loaded {
    /// The script with its constants in front, on the script's own first line.
    pub(super) fn code(&self, start_data: &BTreeMap<String, Json>) -> Option<String> {
        let script = self.plugin.worker_script()?;
        // A JSON text inside a JSON string: as an object literal, a key `__proto__` would set the prototype.
        let literal = |value: Json| format!("JSON.parse({})", Json::String(value.to_string()));
        let data = literal(Json::Object(start_data.clone().into_iter().collect()));
        Some(format!("const startData = {data}, options = {}; {script}", literal(self.options.clone())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plugin(name: &str, provides: &[&str], conflicts: &[&str], depends: &[&str]) -> PluginManifest {
        let list = |names: &[&str]| names.iter().map(|s| (*s).to_owned()).collect();
        PluginManifest {
            name: name.into(),
            provides: list(provides),
            conflicts: list(conflicts),
            depends: list(depends),
        }
    }

    #[test]
    fn c29_the_wrapper_is_last() {
        let order = check_plugins(&[plugin("b", &[], &[], &[]), plugin("a", &[], &[], &["rpc"])]);
        assert_eq!(order, Ok(["rpc", "lockup_detection", "b", "a", "wrapper"].map(str::to_owned).to_vec()));
        assert!(matches!(check_plugins(&[plugin("wrapper", &[], &[], &[])]), Err(PluginError::TwoProviders { .. })));
    }

    #[test]
    fn c33_provides_conflicts_depends() {
        let both = [plugin("a", &["store"], &[], &[]), plugin("b", &["store"], &[], &[])];
        assert!(matches!(check_plugins(&both), Err(PluginError::TwoProviders { feature, .. }) if feature == "store"));
        assert!(matches!(check_plugins(&[plugin("a", &["rpc"], &[], &[])]), Err(PluginError::TwoProviders { .. })));
        for against in ["b", "store", "rpc"] {
            let pair = [plugin("a", &[], &[against], &[]), plugin("b", &["store"], &[], &[])];
            assert!(matches!(check_plugins(&pair), Err(PluginError::Conflict { with, .. }) if with == against));
        }
        // What a plugin provides itself is no conflict with it.
        assert!(check_plugins(&[plugin("a", &["store"], &["store"], &[])]).is_ok());
        let needs = plugin("a", &[], &[], &["store"]);
        assert!(matches!(check_plugins(std::slice::from_ref(&needs)), Err(PluginError::Missing { .. })));
        assert!(check_plugins(&[needs.clone(), plugin("b", &["store"], &[], &[])]).is_ok());
        assert!(check_plugins(&[needs, plugin("store", &[], &[], &[])]).is_ok());
        let cycle = [plugin("a", &[], &[], &["b"]), plugin("b", &[], &[], &["c"]), plugin("c", &[], &[], &["a"])];
        assert_eq!(check_plugins(&cycle), Err(PluginError::Cycle("a".into())));
        assert!(matches!(check_plugins(&[plugin("a-b", &[], &[], &[])]), Err(PluginError::Name(_))));
    }
}
