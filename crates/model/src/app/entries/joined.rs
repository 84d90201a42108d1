//! Scripts that a script names by the parts of their paths.

use super::{Files, split, without_extension};
use crate::link::{UnitId, final_name};

/// Known parts at the end of a path that name a script: one alone is the name of many.
const LEAST_PARTS: usize = 2;

/// Parts of a path.
const MOST_PARTS: usize = 16;

impl Files<'_> {
    /// Scripts that a script names by parts, below a folder that is found when it runs: `require(path.join(folder, 'src', 'main', 'start'))`.
    pub(super) fn joined(&self, unit: UnitId) -> Vec<UnitId> {
        let summary = self.app.program.summary(unit);
        let mut found = Vec::new();
        for call in &summary.calls {
            let joins =
                final_name(summary, call.callee).is_some_and(|name| matches!(summary.str(name), "join" | "resolve"));
            let parts = summary.items(call.arguments);
            if !joins || parts.len() > MOST_PARTS {
                continue;
            }
            let known = parts.iter().rev().map_while(|part| summary.text(part.value)).collect::<Vec<_>>();
            if known.len() < LEAST_PARTS || known.iter().any(|part| part.contains("..")) {
                continue;
            }
            let path = known.into_iter().rev().collect::<Vec<_>>().join("/");
            found.extend(self.ends(&path));
        }
        found
    }

    /// The one script whose path ends so.
    fn ends(&self, path: &str) -> Option<UnitId> {
        let stem = without_extension(path);
        let of_name = self.stems.get(split(stem).1)?;
        let ends = |unit: &&UnitId| {
            let path = without_extension(&self.app.sources.file(self.app.program.file(**unit)).path);
            path.strip_suffix(stem).is_some_and(|before| before.is_empty() || before.ends_with('/'))
        };
        let mut found = of_name.iter().filter(ends);
        found.next().filter(|_| found.next().is_none()).copied()
    }
}
