//! Browser extensions that lie beside the app: programs of the browser's, unless the app loads them.

use rustc_hash::FxHashSet;

use super::App;
use crate::link::{Json, UnitId, split, within};
use crate::source::Role;

/// Manifests that are looked at.
const MOST_MANIFESTS: usize = 64;

/// Calls that load an extension.
const LOADS: [&str; 4] = [
    "Session.loadExtension",
    "Extensions.loadExtension",
    "BrowserWindow.addExtension",
    "BrowserWindow.addDevToolsExtension",
];

/// Keys of a browser extension's manifest, of which it has at least one.
///
/// <https://developer.chrome.com/docs/extensions/reference/manifest>
const KEYS: [&str; 10] = [
    "action",
    "background",
    "browser_action",
    "chrome_url_overrides",
    "content_scripts",
    "devtools_page",
    "host_permissions",
    "options_ui",
    "page_action",
    "permissions",
];

impl App<'_> {
    /// Folders of browser extensions in which the app has nothing, and which it does not load as far as can be told; sorted.
    pub(super) fn unloaded_extensions(&self, reached: &FxHashSet<UnitId>) -> Vec<String> {
        let path = |unit: UnitId| self.sources.file(self.program.file(unit)).path.as_str();
        let is_manifest = |unit: &UnitId| {
            split(path(*unit)).1 == "manifest.json"
                && self.sources.file(self.program.file(*unit)).role == Role::Own
                && self.is_of_browser(*unit)
        };
        let manifests = self.program.unit_ids().filter(is_manifest).take(MOST_MANIFESTS);
        let mut folders: Vec<String> = manifests.map(|unit| split(path(unit)).0.to_owned()).collect();
        folders.retain(|folder| {
            folder.trim_end_matches('/') != self.sources.root.trim_end_matches('/')
                && !reached.iter().any(|unit| within(path(*unit), folder))
                && !self.may_be_loaded(folder, reached)
        });
        folders.sort_unstable();
        folders.dedup();
        folders
    }

    /// Whether a file is a browser extension's manifest.
    fn is_of_browser(&self, unit: UnitId) -> bool {
        Json::root(self.program.summary(unit)).is_some_and(|manifest| {
            manifest.get("manifest_version").is_some() && KEYS.iter().any(|key| manifest.get(key).is_some())
        })
    }

    /// Whether the app loads extensions, and names this folder somewhere.
    fn may_be_loaded(&self, folder: &str, reached: &FxHashSet<UnitId>) -> bool {
        let loads =
            LOADS.iter().any(|api| !self.calls(api).is_empty()) || !self.calls_of_unknown("loadExtension").is_empty();
        let name = split(folder).1;
        loads
            && reached.iter().any(|unit| {
                let mut texts = self.program.summary(*unit).strings.iter();
                texts.any(|text| text.split(['/', '\\']).any(|part| part == name))
            })
    }
}
