//! Where `remote.require('./file')` leads: the main process resolves it, from the script that the app starts with.
//!
//! <https://github.com/electron/remote#remoterequiremodule>

use rustc_hash::FxHashMap;

use super::{Json, Resolver, Target, join, within};
use crate::link::{C, Unit, UnitId, final_name};
use crate::source::{FileId, Sources};
use crate::summary::CallId;

impl Resolver<'_> {
    /// The target of every such call.
    pub(super) fn of_remote(
        &self,
        sources: &Sources,
        units: &[Unit],
        first: &FxHashMap<FileId, UnitId>,
    ) -> FxHashMap<C, Target> {
        let mut found = FxHashMap::default();
        for (index, unit) in units.iter().enumerate() {
            let summary = &*unit.summary;
            if !summary.strings.iter().any(|text| matches!(&**text, "remote" | "@electron/remote")) {
                continue;
            }
            let start = self.start(sources, &sources.file(unit.file).path);
            for (call, record) in summary.calls.iter().enumerate() {
                let is_require = final_name(summary, record.callee).is_some_and(|name| summary.str(name) == "require");
                let argument = summary.items(record.arguments).first().filter(|item| is_require && !item.spread);
                if let Some(specifier) = argument.and_then(|item| summary.text(item.value)) {
                    let target = self.resolve(&start, specifier, first);
                    found.insert(C(UnitId(index as u32), CallId(call as u32)), target);
                }
            }
        }
        found
    }

    /// The script that the app around a file starts with.
    fn start(&self, sources: &Sources, path: &str) -> String {
        let around = self.packages.iter().filter(|package| within(path, package.folder));
        let Some(package) = around.max_by_key(|package| package.folder.len()) else { return String::new() };
        let main = package.manifest.get("main").and_then(Json::text).unwrap_or("index.js");
        let main = join(package.folder, main).unwrap_or_default();
        match self.file_or_source(&main) {
            Some(file) => sources.file(file).path.clone(),
            None => main,
        }
    }
}
