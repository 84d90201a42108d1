//! Folders that other programs write, and preload scripts that sessions are given.

use rustc_hash::FxHashSet;

use super::{ApiCall, App};
use crate::link::V;
use crate::link::things::{Part, Thing};
use crate::summary::Value;

/// Parts of a path that are looked at.
const MOST_PARTS: usize = 64;

impl App<'_> {
    /// Whether a path is below a folder that the user's other programs may write: `app.getPath('userData')`, `temp` and kin.
    pub fn is_in_user_data(&self, path: V) -> bool {
        self.writable_folder(path).is_some()
    }

    /// The folder of `app.getPath` that a path begins with.
    pub fn writable_folder(&self, path: V) -> Option<String> {
        self.folder_of(path, &mut FxHashSet::default())
    }

    /// Whether a value is a path that begins at the root of a disk: `path.resolve(name)`, `path.join(app.getPath('userData'), name)`.
    pub fn is_absolute_path(&self, path: V) -> bool {
        self.begins_at_root(path, &mut FxHashSet::default())
    }

    fn begins_at_root(&self, path: V, seen: &mut FxHashSet<V>) -> bool {
        if seen.len() > MOST_PARTS || !seen.insert(path) {
            return false;
        }
        let values = self.eval(path);
        !values.is_empty()
            && values.iter().all(|known| match &known.thing {
                Thing::Result(api, c) => match &**api {
                    "path.resolve" | "app.getPath" | "app.getAppPath" | "os.homedir" | "os.tmpdir" | "process.cwd" => {
                        true
                    }
                    "path.join" | "path.normalize" | "path.dirname" => {
                        self.program.argument(*c, 0).is_some_and(|first| self.begins_at_root(first, seen))
                    }
                    _ => false,
                },
                Thing::Api(path) => {
                    matches!(&**path, "__dirname" | "__filename" | "process.execPath" | "process.resourcesPath")
                }
                Thing::Text(text) => text.starts_with('/') && !text.contains(char::is_whitespace),
                _ => false,
            })
    }

    /// Whether a path begins in the folder in which the app happens to be started: `process.cwd()`, `path.resolve('preload.js')`.
    pub fn is_in_working_directory(&self, path: V) -> bool {
        self.begins_in_working_directory(path, &mut FxHashSet::default())
    }

    fn begins_in_working_directory(&self, path: V, seen: &mut FxHashSet<V>) -> bool {
        if seen.len() > MOST_PARTS || !seen.insert(path) {
            return false;
        }
        // A developer starts the app in its folder.
        let values = self.eval(path);
        values.iter().filter(|known| known.development != Some(true)).any(|known| match &known.thing {
            Thing::Result(api, c) => match (&**api, self.program.argument(*c, 0)) {
                ("process.cwd", _) => true,
                ("path.join" | "path.normalize", Some(first)) => self.begins_in_working_directory(first, seen),
                ("path.resolve", Some(first)) => {
                    let is_relative = |v: V| {
                        self.constant(v).is_some_and(|known| {
                            known.text().is_some_and(|text| !text.starts_with(['/', '\\']) && !text.contains(':'))
                        })
                    };
                    let all = (0..self.program.arguments(*c).len())
                        .all(|index| self.program.argument(*c, index).is_some_and(is_relative));
                    all || self.begins_in_working_directory(first, seen)
                }
                _ => false,
            },
            Thing::Template(parts) => match parts.first() {
                Some(Part::Hole(hole, _)) => self.begins_in_working_directory(*hole, seen),
                _ => false,
            },
            _ => false,
        })
    }

    fn folder_of(&self, path: V, seen: &mut FxHashSet<V>) -> Option<String> {
        // No path is joined of so many parts; what was looked at once says nothing new.
        if seen.len() > MOST_PARTS || !seen.insert(path) {
            return None;
        }
        self.eval(path).iter().find_map(|known| match &known.thing {
            Thing::Result(api, c) => match &**api {
                "app.getPath" => {
                    let folder = self.constant(self.program.argument(*c, 0)?)?;
                    let name = folder.text()?;
                    (!matches!(name, "exe" | "module")).then(|| name.to_owned())
                }
                "os.tmpdir" => Some("temp".to_owned()),
                "os.homedir" => Some("home".to_owned()),
                "path.join" | "path.resolve" | "path.normalize" | "path.dirname" | "url.pathToFileURL" => {
                    self.folder_of(self.program.argument(*c, 0)?, seen)
                }
                _ => None,
            },
            Thing::Template(parts) => parts.iter().take(2).find_map(|part| match part {
                Part::Hole(hole, _) => self.folder_of(*hole, seen),
                Part::Text(_) => None,
            }),
            _ => None,
        })
    }

    /// Paths of preload scripts that sessions are given: `setPreloads`, `registerPreloadScript`.
    pub fn session_preloads(&self) -> Vec<(ApiCall, V)> {
        let mut found = Vec::new();
        for call in self.calls("Session.setPreloads").iter() {
            let Some(list) = call.argument(self, 0) else { continue };
            for known in self.eval(list).iter() {
                if let Thing::Array(array, _) = &known.thing
                    && let Value::Array(items) = self.program.value(*array)
                {
                    let items = self.program.summary(array.0).items(items);
                    let own = items.iter().filter(|item| !item.spread);
                    found.extend(own.map(|item| (call.clone(), V(array.0, item.value))));
                }
            }
        }
        for call in self.calls("Session.registerPreloadScript").iter() {
            let Some(options) = call.argument(self, 0) else { continue };
            for known in self.eval(options).iter() {
                if let Thing::Object(object) = &known.thing {
                    let placed = self.program.property(object, "filePath", None).values;
                    found.extend(placed.iter().filter_map(|placed| Some((call.clone(), placed.known.at?))));
                }
            }
        }
        found
    }
}
