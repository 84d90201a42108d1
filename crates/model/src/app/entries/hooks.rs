//! Scripts that a packager calls while it makes the app.

use super::Files;
use crate::link::{UnitId, split};
use crate::source::Role;
use crate::summary::Key;

/// Keys under which electron-builder is told them: <https://www.electron.build/hooks>,
/// <https://www.electron.build/app-builder-lib.interface.windowssigntooloptions>.
const HOOKS: [&str; 12] = [
    "beforePack",
    "afterExtract",
    "afterPack",
    "afterSign",
    "beforeBuild",
    "afterAllArtifactBuild",
    "artifactBuildStarted",
    "artifactBuildCompleted",
    "appxManifestCreated",
    "msiProjectCreated",
    "onNodeModuleFile",
    "sign",
];

impl Files<'_> {
    /// What configurations of packagers name as hooks, and those configurations, where they are scripts themselves.
    pub(super) fn hooks(&self) -> Vec<UnitId> {
        let mut found = Vec::new();
        for unit in self.app.program.unit_ids() {
            let file = self.app.sources.file(self.app.program.file(unit));
            let (folder, name) = split(&file.path);
            let packs =
                ["electron-builder", "builder-config", "forge.config"].iter().any(|begin| name.starts_with(begin));
            if file.role == Role::Context || !packs && (name != "package.json" || folder != self.root) {
                continue;
            }
            let summary = self.app.program.summary(unit);
            for property in &summary.properties {
                let is_hook = matches!(property.key, Key::Name(key) if HOOKS.contains(&summary.str(key)));
                let path = summary.text(property.value).filter(|_| is_hook);
                found.extend(path.and_then(|path| self.named(path, &[self.root, folder])));
            }
            if packs {
                found.push(unit);
            }
        }
        found
    }
}
