//! What lies in one folder: its files, its packages, and which of these packages are Electron apps.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::beside;
use super::files::Reader;
use super::inner;
use super::kinds;
use super::outputs;
use super::packages::{self, Package};
use super::paths;
use super::renderers;
use super::walk::{self, Entry, Rules, Tree};
use super::workspaces::{self, Workspace};

/// Apps of one folder whose dependencies are compared.
const MOST_APPS: usize = 100;

/// A folder that was walked, and what its packages are.
pub(super) struct Survey {
    /// The folder.
    pub root: PathBuf,
    /// Its files.
    pub tree: Tree,
    /// Its packages, sorted by folder.
    pub packages: Vec<Package>,
    /// Those that are apps, as indices into `packages`, ascending.
    pub apps: Vec<usize>,
}

impl Survey {
    /// Walks `root` and chooses its apps. A package in `forced` is one, and then no other is.
    pub(super) fn of(root: &Path, rules: &Rules, forced: &[PathBuf], reader: &mut Reader) -> Self {
        let mut tree = walk::walk(root, rules);
        tree.lay_over(reader.overlay(root));
        let folders: Vec<PathBuf> = tree
            .files
            .iter()
            .filter(|file| file.path.file_name().is_some_and(|name| name == "package.json"))
            .filter_map(|file| file.path.parent().map(Path::to_path_buf))
            .collect();
        let mut packages: Vec<Package> =
            folders.iter().map(|folder| packages::read(folder, reader, &mut tree.refused)).collect();
        for folder in forced.iter().filter(|folder| folder.starts_with(root) && !folders.contains(folder)) {
            packages.push(Package { folder: folder.clone(), ..Package::default() });
        }
        packages.sort_by(|a, b| a.folder.cmp(&b.folder));
        let mut survey = Self { root: root.to_path_buf(), tree, packages, apps: Vec::new() };
        survey.apps = if forced.is_empty() {
            survey.choose(rules.given, reader)
        } else {
            survey.indices(|package| forced.contains(&package.folder))
        };
        survey
    }

    /// Some package in it depends on Electron.
    pub(super) fn has_dependent(&self) -> bool {
        self.packages.iter().any(|package| package.depends_on_electron)
    }

    /// Finds the innermost of some packages around a path.
    pub(super) fn owners(&self, among: &[usize]) -> Owners<'_> {
        let folders = among.iter().filter_map(|&index| Some((self.packages.get(index)?.folder.as_path(), index)));
        Owners::new(folders)
    }

    /// Other packages of `app`'s workspace that it depends on, itself or through others, outside its own folder; and those that its
    /// builder packs.
    pub(super) fn workspace_of(&self, app: usize, reader: &mut Reader) -> (Option<Workspace>, Vec<usize>) {
        let mut packed = beside::packed(app, self, reader);
        packed.extend(renderers::beside(app, self, reader));
        packed.sort_unstable();
        packed.dedup();
        self.members(app, packed, reader)
    }

    /// As [`Survey::workspace_of`], with what is packed given.
    fn members(&self, app: usize, packed: Vec<usize>, reader: &mut Reader) -> (Option<Workspace>, Vec<usize>) {
        let Some(package) = self.packages.get(app) else { return (None, packed) };
        let workspace = workspaces::around(&package.folder, &self.root, reader);
        let outside = || (0..).zip(&self.packages).filter(|(_, other)| !other.folder.starts_with(&package.folder));
        let by_name: BTreeMap<&str, usize> = outside()
            .filter(|(_, other)| workspace.as_ref().is_some_and(|workspace| workspace.holds(&other.folder)))
            .filter_map(|(index, other)| Some((other.name.as_deref()?, index)))
            .collect();
        let by_folder: BTreeMap<&Path, usize> = outside()
            .filter(|(_, other)| !package.folder.starts_with(&other.folder))
            .map(|(index, other)| (other.folder.as_path(), index))
            .collect();
        let mut members: BTreeSet<usize> = packed.iter().copied().collect();
        // What nested packages of the app need, the app needs.
        let mut open = self.indices(|other| other.folder.starts_with(&package.folder));
        open.extend(packed);
        while let Some(package) = open.pop().and_then(|index| self.packages.get(index)) {
            let named = package.dependencies.iter().filter_map(|name| by_name.get(name.as_str()));
            let linked = package.linked.iter().map(|path| beside::resolved(&package.folder, path));
            let linked = linked.filter_map(|folder| by_folder.get(folder.as_path()));
            for &member in named.chain(linked) {
                if members.insert(member) {
                    open.push(member);
                }
            }
        }
        drop((by_name, by_folder));
        (workspace, members.into_iter().collect())
    }

    fn indices(&self, choose: impl Fn(&Package) -> bool) -> Vec<usize> {
        (0..).zip(&self.packages).filter(|(_, package)| choose(package)).map(|(index, _)| index).collect()
    }

    /// Which packages are apps.
    ///
    /// Those that depend on Electron, and those whose `main` imports it and that lie in no such package. Of several, those
    /// that do not use it in their own code (the root of a monorepo) and those that another app depends on (a library) are
    /// none. If nothing is left, any package with code that imports Electron.
    fn choose(&self, given: &[PathBuf], reader: &mut Reader) -> Vec<usize> {
        let mut apps = self.indices(|package| package.depends_on_electron);
        let dependents = self.owners(&apps);
        for (index, package) in self.packages.iter().enumerate() {
            if dependents.of(&package.folder).is_none() && main_imports_electron(package, reader) {
                apps.push(index);
            }
        }
        // What one package says of how another one inside it is made belongs to the same app.
        for (app, outer) in inner::packed(&apps, self, reader) {
            apps.retain(|one| *one != app);
            apps.push(outer);
        }
        apps.sort_unstable();
        apps.dedup();
        if apps.len() > 1 {
            let users: Vec<usize> =
                apps.iter().copied().filter(|&app| self.uses_electron(app, &apps, reader)).collect();
            let is_given =
                |index: usize| self.packages.get(index).is_some_and(|package| given.contains(&package.folder));
            if !users.is_empty() {
                apps.retain(|&app| users.contains(&app) || (is_given(app) && !self.has_inner(app, &users)));
            }
            let led_to = self.led_to(&apps, reader);
            apps.retain(|app| is_given(*app) || !led_to.contains(app));
        }
        if apps.is_empty() {
            let everything = self.owners(&self.indices(|_| true));
            for file in self.tree.files.iter().filter(|file| kinds::is_script(file.kind)) {
                if let Some(package) = everything.of_file(&file.path)
                    && !apps.contains(&package)
                    && file_imports_electron(file, reader)
                {
                    apps.push(package);
                }
            }
            apps.sort_unstable();
        }
        apps
    }

    /// The package's own code imports Electron: not that of another app in it, nor of a member of the workspace that it is
    /// the root of.
    fn uses_electron(&self, app: usize, apps: &[usize], reader: &mut Reader) -> bool {
        let Some(package) = self.packages.get(app) else { return false };
        let workspace = Workspace::at(&package.folder, reader);
        let members = self.indices(|other| {
            other.folder != package.folder && workspace.as_ref().is_some_and(|workspace| workspace.holds(&other.folder))
        });
        let is_lone = !apps.iter().any(|&other| {
            other != app && self.packages.get(other).is_some_and(|other| other.folder.starts_with(&package.folder))
        });
        let others: Vec<usize> = apps.iter().chain(if is_lone { &[] } else { &members[..] }).copied().collect();
        let owners = self.owners(&others);
        let mut scripts = self.tree.files.iter().filter(|file| kinds::is_script(file.kind));
        scripts.any(|file| owners.of_file(&file.path) == Some(app) && file_imports_electron(file, reader))
    }

    fn has_inner(&self, outer: usize, among: &[usize]) -> bool {
        let Some(outer_package) = self.packages.get(outer) else { return false };
        among.iter().any(|&inner| {
            inner != outer && self.packages.get(inner).is_some_and(|p| p.folder.starts_with(&outer_package.folder))
        })
    }

    /// Those of the apps that another one depends on, itself or through packages of its workspace, and that do not depend on that
    /// one: its libraries and its other parts, which are read with it.
    fn led_to(&self, apps: &[usize], reader: &mut Reader) -> BTreeSet<usize> {
        let depends = |a: &Package, b: &Package| b.name.as_ref().is_some_and(|name| a.dependencies.contains(name));
        let behind = |app: usize, reader: &mut Reader| {
            let members = self.members(app, Vec::new(), reader).1;
            let direct = |other: usize| {
                self.packages.get(app).zip(self.packages.get(other)).is_some_and(|(app, other)| depends(app, other))
            };
            let is_behind = |other: usize| other != app && (members.contains(&other) || direct(other));
            apps.iter().copied().filter(|&other| is_behind(other)).collect::<BTreeSet<usize>>()
        };
        let behind: BTreeMap<usize, BTreeSet<usize>> =
            apps.iter().take(MOST_APPS).map(|&app| (app, behind(app, reader))).collect();
        let leads = |from: usize, to: usize| behind.get(&from).is_some_and(|behind| behind.contains(&to));
        let mut found = BTreeSet::new();
        for (&app, behind) in &behind {
            found.extend(behind.iter().copied().filter(|&other| !leads(other, app)));
        }
        found
    }
}

/// Packages by folder.
pub(super) struct Owners<'a> {
    /// By [`paths::key`] of the folder.
    folders: HashMap<&'a [u8], usize>,
    /// The folder of the file that was asked about last, and its answer: files come folder by folder.
    last: RefCell<(Vec<u8>, Option<usize>)>,
}

impl<'a> Owners<'a> {
    fn new(folders: impl Iterator<Item = (&'a Path, usize)>) -> Self {
        let folders: HashMap<_, _> = folders.map(|(folder, index)| (paths::key(folder), index)).collect();
        let last = (Vec::new(), folders.get(&[][..]).copied());
        Self { folders, last: RefCell::new(last) }
    }

    /// The innermost one that holds `path`.
    pub(super) fn of(&self, path: &Path) -> Option<usize> {
        self.around(paths::key(path))
    }

    /// As [`Self::of`], for what is no folder.
    pub(super) fn of_file(&self, path: &Path) -> Option<usize> {
        let folder = paths::around(paths::bytes(path))?;
        let mut last = self.last.borrow_mut();
        if last.0 != folder {
            last.0.clear();
            last.0.extend_from_slice(folder);
            last.1 = self.around(folder);
        }
        last.1
    }

    fn around(&self, folder: &[u8]) -> Option<usize> {
        std::iter::successors(Some(folder), |folder| paths::around(folder))
            .find_map(|folder| self.folders.get(folder))
            .copied()
    }
}

/// The file that `main` means exists and imports Electron.
pub(super) fn main_imports_electron(package: &Package, reader: &mut Reader) -> bool {
    let main = outputs::main(package).into_iter().find(|path| path.is_file());
    main.is_some_and(|path| reader.imports_electron(&path))
}

/// A script of the tree imports Electron: one that runs, for a declaration only names types.
pub(super) fn file_imports_electron(file: &Entry, reader: &mut Reader) -> bool {
    let declares =
        file.path.file_name().and_then(|name| name.to_str()).is_some_and(electrolint_model::source::is_declaration);
    !declares && reader.imports_electron(&file.path)
}
