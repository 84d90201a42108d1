//! Walks a folder: which files are read, and what is left out and why.
//!
//! Links are not followed and nothing but regular files is ever opened, so neither a loop nor a pipe can hold the walk. The
//! order is by name, so the same tree gives the same result.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs::FileType;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use electrolint_model::problem::ProblemKind;
use electrolint_model::source::{FOREIGN_SCRIPT, FileKind};
use globset::GlobSet;

use crate::config::Configurations;
use crate::config::settings::Config;

use super::ignored::IgnoreFiles;
use super::kinds;
use super::paths::Base;

pub(super) const GIT_IGNORED: &str = "ignored by git";
/// A folder that git ignores and of which some files are read, because the app loads them.
pub(super) const GIT_IGNORED_UNLESS_LOADED: &str = "ignored by git, except what the app loads";
pub(super) const TEST_CODE: &str = "test code";
const EXCLUDED: &str = "excluded by an option";
pub(super) const INSTALLED: &str = "installed packages";
const SITE: &str = "a site of documentation";
const PACKAGE_MANAGER: &str = "files of the package manager";
const LINK: &str = "symbolic link";
const SPECIAL: &str = "not a regular file";
const COMPONENT: &str = "page templates are not read yet";

/// More files than this of one folder, left out for one reason, become one entry for the folder.
const SINGLE_ENTRIES: usize = 3;

/// What a walk takes and leaves.
pub(super) struct Rules<'a> {
    /// Where paths are counted from.
    pub base: &'a Base,
    /// The paths on the command line: what they name is read, whatever its name.
    pub given: &'a [PathBuf],
    /// Brings back what would be left out.
    pub include: &'a GlobSet,
    /// Leaves out, before anything else.
    pub exclude: &'a GlobSet,
    /// What the configuration nearest to a file says of it.
    pub configurations: &'a Configurations,
    /// Test code is read too.
    pub tests: bool,
    /// `.gitignore` counts.
    pub ignore_files: bool,
}

/// A file to be read.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Absolute.
    pub path: PathBuf,
    /// How.
    pub kind: FileKind,
    /// Named on the command line or by `include`: never left out again.
    pub wanted: bool,
}

/// What was seen and is not read.
#[derive(Clone, Debug)]
pub(super) struct Left {
    /// Absolute.
    pub path: PathBuf,
    /// As `Omitted::reason`.
    pub reason: &'static str,
    /// As `Omitted::files`.
    pub files: Option<u32>,
}

/// What could not be looked at.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    /// Absolute.
    pub path: PathBuf,
    /// What kind.
    pub kind: ProblemKind,
    /// As `Problem::message`.
    pub message: String,
}

/// What a walk found, sorted by path.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// Files to be read.
    pub files: Vec<Entry>,
    /// What is left out.
    pub left: Vec<Left>,
    /// What could not be looked at.
    pub refused: Vec<Refused>,
}

impl Tree {
    /// Adds files that are there though the disk does not hold them, and takes away those that are not.
    ///
    /// One that the walk left out stays out, whatever its text.
    pub(super) fn lay_over<'a>(&mut self, overlay: impl Iterator<Item = (&'a Path, bool)>) {
        let mut changed = false;
        for (path, is_there) in overlay {
            if !is_there {
                self.files.retain(|file| file.path != path);
                continue;
            }
            let is_left =
                self.left.iter().any(|left| path.starts_with(&left.path) && left.reason != GIT_IGNORED_UNLESS_LOADED);
            let kind = path.file_name().and_then(|name| kinds::kind(&name.to_string_lossy()));
            if let Some(kind) = kind
                && !is_left
                && !path.exists()
            {
                self.files.push(Entry { path: path.to_path_buf(), kind, wanted: true });
                changed = true;
            }
        }
        if changed {
            self.files.sort_by(|a, b| a.path.cmp(&b.path));
            self.files.dedup_by(|a, b| a.path == b.path);
        }
    }
}

/// A folder that is left out while the walk is inside it.
struct Hidden {
    depth: usize,
    path: PathBuf,
    /// Its entry in `Tree::left`.
    index: usize,
}

/// What a folder holds, as far as it was not looked at yet.
struct Folder {
    path: PathBuf,
    /// Sorted by name.
    entries: std::vec::IntoIter<(OsString, FileType)>,
    /// No configuration lies in it.
    is_plain: bool,
    /// What the configuration says of its files.
    config: OnceCell<Rc<Config>>,
}

impl Folder {
    /// Lists a folder, and tells those who want files of it whether they are there.
    fn open(path: PathBuf, ignored: &mut IgnoreFiles, tree: &mut Tree) -> Self {
        let mut entries: Vec<(OsString, FileType)> = Vec::new();
        let mut refuse = |path: &Path, error: io::Error| {
            let message = error.to_string();
            tree.refused.push(Refused { path: path.to_path_buf(), kind: ProblemKind::Unreadable, message });
        };
        let mut is_listed = true;
        match path.read_dir() {
            Ok(found) => {
                for entry in found {
                    match entry {
                        Ok(entry) => match entry.file_type() {
                            Ok(kind) => entries.push((entry.file_name(), kind)),
                            Err(error) => refuse(&entry.path(), error),
                        },
                        Err(error) => refuse(&path, error),
                    }
                }
            }
            Err(error) => {
                is_listed = false;
                refuse(&path, error);
            }
        }
        entries.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        // Some file systems take letters of either case for the same.
        let holds = |name: &str| !is_listed || entries.iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
        ignored.enter(&path, holds(IgnoreFiles::NAME));
        let is_plain = !Configurations::names().any(holds);
        Self { path, entries: entries.into_iter(), is_plain, config: OnceCell::new() }
    }

    fn config(&self, rules: &Rules) -> &Config {
        self.config.get_or_init(|| {
            if self.is_plain { rules.configurations.of_plain(&self.path) } else { rules.configurations.of(&self.path) }
        })
    }
}

/// One entry of a folder.
struct Seen<'a> {
    path: &'a Path,
    name: &'a OsStr,
    kind: FileType,
    around: &'a Folder,
}

/// Walks `root`, which is itself never left out.
pub(super) fn walk(root: &Path, rules: &Rules) -> Tree {
    let mut tree = Tree::default();
    let mut single: BTreeMap<(PathBuf, &'static str), Vec<PathBuf>> = BTreeMap::new();
    let mut ignored = IgnoreFiles::above(root, rules.ignore_files);
    let mut hiding: Vec<Hidden> = Vec::new();
    let mut open = vec![Folder::open(root.to_path_buf(), &mut ignored, &mut tree)];
    while let Some(around) = open.last_mut() {
        let Some((name, file_type)) = around.entries.next() else {
            open.pop();
            continue;
        };
        let depth = open.len();
        while hiding.last().is_some_and(|hidden| depth <= hidden.depth) {
            hiding.pop();
        }
        let Some(around) = open.last() else { break };
        if file_type.is_dir() {
            if name == ".git" {
                continue;
            }
            let path = around.path.join(&name);
            let seen = Seen { path: &path, name: &name, kind: file_type, around };
            let rescued = hiding.last().is_none_or(|hidden| rules.rescues(&hidden.path, &path));
            let reason = if rescued { rules.folder(&seen, &ignored) } else { None };
            if let Some(reason) = reason {
                tree.left.push(Left { path: path.clone(), reason, files: None });
                if reason != EXCLUDED {
                    let index = tree.left.len() - 1;
                    hiding.push(Hidden { depth, path: path.clone(), index });
                }
            }
            let looked_into = match (hiding.last(), reason) {
                (_, Some(EXCLUDED)) => false,
                (None, _) => true,
                (Some(_), _) if rescued && reason.is_none() => true,
                (Some(hidden), _) => rules.looks_into(&seen, tree.left.get(hidden.index)),
            };
            if looked_into {
                open.push(Folder::open(path, &mut ignored, &mut tree));
            }
            continue;
        }
        let text = name.to_string_lossy();
        let kind = kinds::kind(&text);
        let foreign = kind.is_none() && kinds::is_foreign_script(&text);
        if kind.is_none() && !foreign && !kinds::is_component(&text) && !file_type.is_symlink() {
            continue;
        }
        let path = around.path.join(&name);
        let seen = Seen { path: &path, name: &name, kind: file_type, around };
        if kind.is_none() && !foreign && !kinds::is_component(&text) && !seen.leads_to_folder() {
            continue;
        }
        let rescued = hiding.last().is_none_or(|hidden| rules.rescues(&hidden.path, &path));
        let wanted = rules.wants(&seen);
        if !rescued && !wanted {
            if let Some(left) = hiding.last().and_then(|hidden| tree.left.get_mut(hidden.index))
                && left.reason == TEST_CODE
                && kind.is_some()
            {
                left.files = Some(left.files.unwrap_or(0) + 1);
            }
            continue;
        }
        match (kind, rules.file(&seen, &text, wanted, &ignored)) {
            (Some(kind), None) => tree.files.push(Entry { path, kind, wanted }),
            (_, reason) => {
                let unread = if foreign { FOREIGN_SCRIPT } else { COMPONENT };
                single.entry((around.path.clone(), reason.unwrap_or(unread))).or_default().push(path);
            }
        }
    }
    summarise(single, root, &mut tree);
    // A folder that is called `test` and holds nothing that would be read is no news.
    tree.left.retain(|left| left.reason != TEST_CODE || left.files.is_some());
    tree.files.sort_by(|a, b| a.path.cmp(&b.path));
    tree.left.sort_by(|a, b| (&a.path, a.reason).cmp(&(&b.path, b.reason)));
    tree
}

/// Lists single files that are left out: by themselves, or as one entry for their folder (test code: their package).
fn summarise(single: BTreeMap<(PathBuf, &'static str), Vec<PathBuf>>, root: &Path, tree: &mut Tree) {
    let is_package = |entry: &&Entry| entry.path.file_name() == Some(OsStr::new("package.json"));
    let packages: BTreeSet<&Path> =
        tree.files.iter().filter(is_package).filter_map(|entry| entry.path.parent()).collect();
    let mut groups: BTreeMap<(PathBuf, &'static str), Vec<PathBuf>> = BTreeMap::new();
    for ((folder, reason), files) in single {
        let package = folder.ancestors().find(|ancestor| packages.contains(ancestor)).unwrap_or(root).to_path_buf();
        let folder = if reason == TEST_CODE { package } else { folder };
        groups.entry((folder, reason)).or_default().extend(files);
    }
    for ((folder, reason), files) in groups {
        if files.len() > SINGLE_ENTRIES {
            tree.left.push(Left { path: folder, reason, files: Some(files.len() as u32) });
        } else {
            tree.left.extend(files.into_iter().map(|path| Left { path, reason, files: Some(1) }));
        }
    }
}

impl Rules<'_> {
    /// Why a folder is left out.
    fn folder(&self, seen: &Seen, ignored: &IgnoreFiles) -> Option<&'static str> {
        if self.leaves_out(seen) {
            return Some(EXCLUDED);
        }
        if self.is_given(seen.path) {
            return None;
        }
        if seen.name == OsStr::new("node_modules") {
            Some(INSTALLED)
        } else if seen.name == OsStr::new(".yarn") {
            Some(PACKAGE_MANAGER)
        } else if seen.name.to_str().is_some_and(kinds::is_site) {
            Some(SITE)
        } else if seen.around.config(self).ignore_files != Some(false) && ignored.ignores(seen.path, true) {
            Some(GIT_IGNORED)
        } else if seen.name.to_str().is_some_and(kinds::is_test_folder) && !self.reads_tests(seen) {
            Some(TEST_CODE)
        } else {
            None
        }
    }

    /// Why a file is left out.
    fn file(&self, seen: &Seen, name: &str, wanted: bool, ignored: &IgnoreFiles) -> Option<&'static str> {
        if self.leaves_out(seen) {
            Some(EXCLUDED)
        } else if seen.kind.is_symlink() {
            Some(LINK)
        } else if !seen.kind.is_file() {
            Some(SPECIAL)
        } else if wanted {
            None
        } else if seen.around.config(self).ignore_files != Some(false) && ignored.ignores(seen.path, false) {
            Some(GIT_IGNORED)
        } else if kinds::is_test_file(name) && !self.reads_tests(seen) {
            Some(TEST_CODE)
        } else {
            None
        }
    }

    fn is_given(&self, path: &Path) -> bool {
        self.given.iter().any(|given| given.as_os_str() == path.as_os_str())
    }

    fn wants(&self, seen: &Seen) -> bool {
        self.is_given(seen.path)
            || (!self.include.is_empty() && self.include.is_match(self.base.display(seen.path)))
            || seen.around.config(self).includes(seen.path)
    }

    fn leaves_out(&self, seen: &Seen) -> bool {
        self.is_excluded(seen.path) || seen.around.config(self).excludes(seen.path)
    }

    fn is_excluded(&self, path: &Path) -> bool {
        !self.exclude.is_empty() && self.exclude.is_match(self.base.display(path))
    }

    pub(super) fn excludes(&self, path: &Path) -> bool {
        self.is_excluded(path) || self.configurations.of_file(path).excludes(path)
    }

    fn reads_tests(&self, seen: &Seen) -> bool {
        self.tests || seen.around.config(self).include_tests == Some(true)
    }

    /// A path given lies in the hidden folder and holds `path`.
    fn rescues(&self, hidden: &Path, path: &Path) -> bool {
        self.given.iter().any(|given| given.starts_with(hidden) && path.starts_with(given))
    }

    fn leads_to_given(&self, path: &Path) -> bool {
        self.given.iter().any(|given| given.starts_with(path))
    }

    /// Whether the walk goes on inside a folder that is left out: to count test code, or for something wanted in it.
    fn looks_into(&self, seen: &Seen, left: Option<&Left>) -> bool {
        if !self.include.is_empty() || self.leads_to_given(seen.path) || !seen.around.config(self).include.is_empty() {
            return true;
        }
        left.is_some_and(|left| left.reason == TEST_CODE) && seen.name != OsStr::new("node_modules")
    }
}

impl Seen<'_> {
    fn leads_to_folder(&self) -> bool {
        self.kind.is_symlink()
            && self.name != OsStr::new("node_modules")
            && self.path.metadata().is_ok_and(|metadata| metadata.is_dir())
    }
}
