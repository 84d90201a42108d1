//! What the classic scripts of one page share: the names that each of them declares outside of its functions.
//!
//! <https://tc39.es/ecma262/#sec-globaldeclarationinstantiation>

use std::ops::Range;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::things::*;
use super::{Program, Unit, UnitId, V, join, split};
use crate::html::{Framework, Html, ResourceKind, ScriptKind, is_pug, resources, taken_in};
use crate::source::{FileId, FileKind, Sources};
use crate::summary::*;

/// Scripts of one page that share names; those behind them stand alone.
const MOST_SCRIPTS: usize = 256;

/// Variables of one script that are known to the others.
const MOST_VARIABLES: usize = 4096;

/// Declarations of one name that are looked at, and writes to it by other scripts.
const MOST_DECLARATIONS: usize = 8;
const MOST_WRITES: usize = 256;

/// Parts of one page in Pug, and folders above it, that are looked at.
const MOST_PARTS: usize = 32;
const MOST_FOLDERS: usize = 3;

/// A page as it was read: its file, its markup, and its inline scripts.
pub(crate) type PageRead = (FileId, Arc<Html>, Range<u32>);

/// Which scripts share which names.
#[derive(Default)]
pub(super) struct SharedNames {
    /// The pages that run a script beside others, in the order of files.
    pages: FxHashMap<UnitId, Vec<FileId>>,
    /// What these scripts declare, by name.
    declared: FxHashMap<Box<str>, Vec<(UnitId, BindingId)>>,
}

impl SharedNames {
    pub(super) fn new(sources: &Sources, units: &[Unit], pages: &[PageRead]) -> Self {
        let mut shared = Self::default();
        let parts = Parts::new(sources, pages);
        let read: Vec<(FileId, Vec<String>, Vec<Range<u32>>)> = pages
            .iter()
            .filter(|(file, ..)| Framework::of(&sources.file(*file).path).is_none())
            .map(|(file, html, inline)| {
                let mut read = (*file, sources_of(&sources.file(*file).path, html), vec![inline.clone()]);
                for (part, html, inline) in parts.of(sources, *file) {
                    read.1.extend(sources_of(&sources.file(*part).path, html));
                    read.2.push(inline.clone());
                }
                read
            })
            .filter(|(_, from, inline)| from.len() + inline.iter().map(ExactSizeIterator::len).sum::<usize>() > 1)
            .collect();
        if read.is_empty() {
            return shared;
        }
        let wanted: FxHashSet<&str> = read.iter().flat_map(|(_, from, _)| from).map(String::as_str).collect();
        let mut by_path: FxHashMap<&str, UnitId> = FxHashMap::default();
        for (index, unit) in units.iter().enumerate() {
            let file = sources.file(unit.file);
            if matches!(file.kind, FileKind::JavaScript) && wanted.contains(&*file.path) {
                by_path.entry(&file.path).or_insert(UnitId(index as u32));
            }
        }
        for (file, from, inline) in &read {
            let from = from.iter().filter_map(|path| by_path.get(path.as_str()).copied());
            let scripts = from.chain(inline.iter().cloned().flatten().map(UnitId));
            let classic = scripts.filter(|unit| !is_module(&units[unit.0 as usize].summary));
            let classic: Vec<UnitId> = classic.take(MOST_SCRIPTS).collect();
            for unit in classic.iter().filter(|_| classic.len() > 1) {
                shared.pages.entry(*unit).or_default().push(*file);
            }
        }
        let mut scripts: Vec<UnitId> = shared.pages.keys().copied().collect();
        scripts.sort_unstable();
        for unit in scripts {
            let summary = &units[unit.0 as usize].summary;
            let bindings = summary.bindings.iter().enumerate().filter(|(_, binding)| is_shared(binding));
            for (index, binding) in bindings.take(MOST_VARIABLES) {
                let declared = shared.declared.entry(Box::from(summary.str(binding.name))).or_default();
                declared.push((unit, BindingId(index as u32)));
            }
        }
        shared
    }

    /// Whether one page runs both scripts.
    fn share(&self, one: UnitId, other: UnitId) -> bool {
        let (Some(pages), Some(others)) = (self.pages.get(&one), self.pages.get(&other)) else { return false };
        pages.iter().any(|page| others.binary_search(page).is_ok())
    }
}

impl Program<'_> {
    /// What other scripts of the same page declare under a name that this one does not.
    pub(super) fn declared_beside(&self, unit: UnitId, name: &str, v: V) -> Vec<Known> {
        let declared = self.shared_names.declared.get(name).map_or(&[][..], Vec::as_slice);
        let beside = declared.iter().filter(|(other, _)| *other != unit && self.shared_names.share(unit, *other));
        let known = beside.take(MOST_DECLARATIONS);
        known.flat_map(|&(other, binding)| self.binding(other, binding, v, &Frames::default())).collect()
    }

    /// The scripts of the app's that a page names, of whichever kind.
    pub(crate) fn scripts_named_by(&self, sources: &Sources, page: FileId, html: &Html) -> Vec<UnitId> {
        let file = sources.file(page);
        let scripts = resources(&file.text.content, html).into_iter().filter(|one| one.kind == ResourceKind::Script);
        let named = scripts.filter_map(|script| {
            let path = script.url.split(['?', '#']).next()?;
            let mut places = folders_of(&file.path).filter_map(|folder| sources.find(&join(folder, path)?));
            self.unit_of(places.next()?)
        });
        named.collect()
    }

    /// Whether other scripts of a page mean a variable of this one by its name.
    pub(super) fn is_known_beside(&self, unit: UnitId, binding: &Binding) -> bool {
        is_shared(binding) && self.shared_names.pages.contains_key(&unit)
    }

    /// What the other scripts of its pages write to a variable that this one declares.
    pub(crate) fn written_beside(&self, unit: UnitId, binding: &Binding) -> Vec<V> {
        if !self.is_known_beside(unit, binding) {
            return Vec::new();
        }
        let writes = self.written_to(self.str(unit, binding.name)).take(MOST_WRITES).filter(|(other, write)| {
            *other != unit && self.is_of_global(*other, write) && self.shared_names.share(unit, *other)
        });
        writes.filter_map(|(other, write)| Some(V(other, write.value?))).collect()
    }
}

/// Where the classic scripts of a page come from, as paths.
fn sources_of(page: &str, html: &Html) -> Vec<String> {
    let classic = html.scripts.iter().filter(|script| script.kind == ScriptKind::Classic);
    let from = classic.filter_map(|script| script.src.as_deref()).filter(|from| !from.contains("://"));
    let from = from.filter_map(|from| from.split(['?', '#']).next());
    from.flat_map(|from| folders_of(page).filter_map(move |folder| join(folder, from))).collect()
}

/// The folders in which a page may lie: one in Pug is written where a build puts it, mostly above.
fn folders_of(page: &str) -> impl Iterator<Item = &str> {
    let most = if is_pug(page) { MOST_FOLDERS } else { 1 };
    std::iter::successors(Some(split(page).0), |folder| (!folder.is_empty()).then(|| split(folder).0)).take(most)
}

/// Pages in Pug, by their paths.
struct Parts<'a>(FxHashMap<&'a str, &'a PageRead>);

impl<'a> Parts<'a> {
    fn new(sources: &'a Sources, pages: &'a [PageRead]) -> Self {
        let of_pug = pages.iter().map(|page| (&*sources.file(page.0).path, page)).filter(|(path, _)| is_pug(path));
        Self(of_pug.collect())
    }

    /// What a page takes in, and what that does.
    fn of(&self, sources: &Sources, page: FileId) -> Vec<&'a PageRead> {
        let mut found: Vec<&PageRead> = Vec::new();
        if !is_pug(&sources.file(page).path) {
            return found;
        }
        let (mut next, mut at) = (0, page);
        loop {
            let file = sources.file(at);
            let named = taken_in(&file.text.content).filter_map(|name| {
                let path = join(split(&file.path).0, name)?;
                [".pug", ".jade", ""].iter().find_map(|ending| self.0.get(&*format!("{path}{ending}")).copied())
            });
            for part in named {
                if found.len() < MOST_PARTS && part.0 != page && found.iter().all(|other| other.0 != part.0) {
                    found.push(part);
                }
            }
            let Some(part) = found.get(next) else { return found };
            (next, at) = (next + 1, part.0);
        }
    }
}

/// Whether a script is a module, whose names are its own: an inline one does not say so here.
fn is_module(summary: &Summary) -> bool {
    summary.imports.iter().any(|import| import.kind == ImportKind::Static)
}

/// Whether other scripts can mean this variable: one of no function.
fn is_shared(binding: &Binding) -> bool {
    binding.function == TOP && !matches!(binding.kind, BindingKind::Parameter | BindingKind::Catch)
}
