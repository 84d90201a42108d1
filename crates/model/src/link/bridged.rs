//! What pages call `ipcRenderer`: where a preload script hands them that of a package, or Electron's own, as it is.

use rustc_hash::FxHashSet;

use super::{Program, Target, UnitId};
use crate::summary::*;

/// Objects in objects that are looked into for it.
const MOST_DEPTH: u32 = 2;

/// `ipcRenderer` as packages hand it on: its methods are those of Electron's, and some more. Theirs are properties of the object itself, so
/// that they cross the bridge.
///
/// <https://github.com/alex8088/electron-toolkit/tree/master/packages/preload>,
/// <https://github.com/sindresorhus/electron-better-ipc#api>
pub(crate) const OF_PACKAGES: [&str; 2] = [TOOLKIT, "electron-better-ipc.ipcRenderer"];

const TOOLKIT: &str = "@electron-toolkit/preload.electronAPI.ipcRenderer";

impl Program<'_> {
    /// The path that a method has of what a package, or a preload script, calls `ipcRenderer`: `ipcRenderer.on` for
    /// `window.electron.ipcRenderer.on`.
    pub(super) fn method_of_ipc(&self, path: &str, name: &str) -> Option<String> {
        let of_page = || {
            let global = ["window.", "globalThis.", "self."].iter().find_map(|global| path.strip_prefix(global));
            let bridged = self.bridged.get_or_init(|| self.find_bridged());
            !bridged.is_empty() && bridged.contains(global.unwrap_or(path))
        };
        (OF_PACKAGES.contains(&path) || of_page()).then(|| format!("ipcRenderer.{name}"))
    }

    /// The paths under which preload scripts hand it to pages. As they are written: what is evaluated may ask for them.
    fn find_bridged(&self) -> FxHashSet<String> {
        let mut found = FxHashSet::default();
        for &c in self.calls_named("exposeInMainWorld") {
            let summary = self.summary(c.0);
            if let [name, value, ..] = self.arguments(c)
                && let Some(name) = summary.text(summary.behind(name.value))
            {
                self.add_bridged(c.0, value.value, name, 0, &mut found);
            }
        }
        found
    }

    fn add_bridged(&self, unit: UnitId, value: ValueId, name: &str, depth: u32, found: &mut FxHashSet<String>) {
        if self.is_path(unit, value, "ipcRenderer") {
            found.insert(name.to_owned());
        } else if self.is_path(unit, value, "electronAPI") {
            found.insert(format!("{name}.ipcRenderer"));
        }
        let summary = self.summary(unit);
        let Value::Object(list) = summary.value(summary.behind(value)) else { return };
        for property in summary.properties(list).iter().filter(|_| depth < MOST_DEPTH) {
            match property.key {
                Key::Name(key) => {
                    let name = format!("{name}.{}", summary.str(key));
                    self.add_bridged(unit, property.value, &name, depth + 1, found);
                }
                Key::Spread => self.add_bridged(unit, property.value, name, depth + 1, found),
                Key::Computed(_) => {}
            }
        }
    }

    /// Whether a value is what one of the packages, or Electron, exports under this name, or has in what it exports.
    fn is_path(&self, unit: UnitId, value: ValueId, last: &str) -> bool {
        let summary = self.summary(unit);
        let is_of = |import, packages: &[&str]| matches!(self.target(unit, import), Target::External(module) if packages.contains(&&**module));
        let packages: &[&str] = match last {
            "electronAPI" => &["@electron-toolkit/preload"],
            _ => &["electron", "electron-better-ipc"],
        };
        match summary.value(summary.behind(value)) {
            Value::ImportName(import, name) => summary.str(name) == last && is_of(import, packages),
            Value::Member(object, name) if summary.str(name) == last => match summary.value(summary.behind(object)) {
                Value::Module(import) => is_of(import, packages),
                _ => last == "ipcRenderer" && self.is_path(unit, object, "electronAPI"),
            },
            _ => false,
        }
    }
}
