//! Functions that nothing refers to: what they would write is never written.

use memchr::{memchr, memmem};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{F, Program, UnitId};
use crate::source::FileKind;
use crate::summary::*;

/// Pages whose handlers are searched for a function's name; where there are more, no function of a plain script counts as unreached.
const MOST_PAGES: usize = 64;

impl Program<'_> {
    /// The functions of every unit that no name, export or page leads to, with those inside them.
    ///
    /// A method is reached through its object, and a function of a plain script by whoever shares its global names: it counts only
    /// where no other script and no page says its name.
    pub(super) fn unreached_functions(&self) -> FxHashSet<F> {
        let mut found = FxHashSet::default();
        let mut open: Vec<(UnitId, FunctionId, Name)> = Vec::new();
        for unit in self.unit_ids() {
            let summary = self.summary(unit);
            let candidates = unreferenced(summary);
            if candidates.is_empty() {
                continue;
            }
            let kind = self.sources.files.get(self.file(unit).0 as usize).map(|file| file.kind);
            let is_script = matches!(kind, Some(FileKind::JavaScript | FileKind::TypeScript | FileKind::Tsx));
            let has_exports = !summary.exports.is_empty();
            let is_module = has_exports || summary.imports.iter().any(|import| import.kind == ImportKind::Static);
            for (function, name) in candidates {
                let is_nested = summary.function(function).parent != TOP;
                if is_nested || is_script && is_module {
                    found.insert(F(unit, function));
                } else if is_script {
                    open.push((unit, function, name));
                }
            }
        }
        self.add_unshared(&open, &mut found);
        self.add_inner(&mut found);
        found
    }

    /// Functions of plain scripts whose name nothing else says.
    fn add_unshared(&self, open: &[(UnitId, FunctionId, Name)], found: &mut FxHashSet<F>) {
        let pages: Vec<_> = self.sources.files.iter().filter(|file| file.kind == FileKind::Html).collect();
        if open.is_empty() || pages.len() > MOST_PAGES {
            return;
        }
        let mut said: FxHashMap<&str, u32> = open.iter().map(|&(unit, _, name)| (self.str(unit, name), 0)).collect();
        for unit in self.unit_ids() {
            for text in &self.summary(unit).strings {
                if let Some(count) = said.get_mut(&**text) {
                    *count += 1;
                } else if memchr(b'(', text.as_bytes()).is_some() {
                    // `'<b onclick="show(1)">'`.
                    for word in text.split(|sign: char| !(sign.is_alphanumeric() || matches!(sign, '_' | '$'))) {
                        said.entry(word).and_modify(|count| *count += 1);
                    }
                }
            }
        }
        for &(unit, function, name) in open {
            let name = self.str(unit, name);
            let is_unique = said.get(name) == Some(&1);
            let finder = memmem::Finder::new(name);
            if is_unique && !pages.iter().any(|page| finder.find(page.text.content.as_bytes()).is_some()) {
                found.insert(F(unit, function));
            }
        }
    }

    /// What lies inside an unreached function is unreached too; the functions of a file are listed after those around them.
    fn add_inner(&self, found: &mut FxHashSet<F>) {
        let units: FxHashSet<UnitId> = found.iter().map(|f| f.0).collect();
        for unit in units {
            for (index, function) in self.summary(unit).functions.iter().enumerate().skip(1) {
                if found.contains(&F(unit, function.parent)) {
                    found.insert(F(unit, FunctionId(index as u32)));
                }
            }
        }
    }

    /// Whether what happens in a function never happens.
    pub(super) fn is_unreached(&self, unit: UnitId, function: FunctionId) -> bool {
        !self.unreached.is_empty() && self.unreached.contains(&F(unit, function))
    }
}

/// Functions that a variable holds which nothing reads, and its name.
fn unreferenced(summary: &Summary) -> Vec<(FunctionId, Name)> {
    let mut is_read = vec![false; summary.bindings.len()];
    for node in &summary.values {
        if let Value::Binding(binding) = node.value
            && let Some(slot) = is_read.get_mut(binding.index())
        {
            *slot = true;
        }
    }
    let exported: FxHashSet<ValueId> = summary
        .exports
        .iter()
        .filter_map(|export| match export {
            Export::Named(_, value) | Export::Whole(value) => Some(*value),
            _ => None,
        })
        .collect();
    let unread = summary.bindings.iter().zip(is_read).filter(|(_, is_read)| !is_read).map(|(binding, _)| binding);
    unread
        .filter_map(|binding| {
            let [only] = binding.writes.as_slice() else { return None };
            let Value::Function(function) = summary.value(only.value) else { return None };
            // A function expression's own name is known inside it alone.
            (binding.function != function && !exported.contains(&only.value)).then_some((function, binding.name))
        })
        .collect()
}
