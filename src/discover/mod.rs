//! Finds Electron apps and reads them: the only stage of the linter that touches the disk.
//!
//! ```text
//! paths ──► Place (where to look) ──► Survey (walk, packages, apps) ──► Sources, one per app
//! ```
//!
//! - `paths`, `kinds`, `files`, `ignored`: what a path, a name, a file, an ignore file is.
//! - `walk`: which files of a folder are read, which are left out and why.
//! - `packages`, `workspaces`: what `package.json` and its kin say.
//! - `survey`: which packages are apps. `outputs`, `twins`: which folders and files tools wrote.
//! - `follow`: what the app loads although git ignores it. `beside`, `inner`, `renderers`: packages that belong to it.
//! - `context`: lockfiles and the like around an app. `assemble`: all of an app in one place.
//! - `packaged`, `archive`: apps as they are shipped.
//! - `seen`: what was found, while nothing but texts of an editor changes.
//!
//! A path on the command line narrows the report, never the analysis: the app around it is read whole.

mod archive;
mod assemble;
mod beside;
mod context;
mod files;
mod follow;
mod ignored;
mod inner;
mod kinds;
mod outputs;
mod packaged;
mod packages;
mod paths;
mod renderers;
mod seen;
mod survey;
#[cfg(test)]
mod tests;
mod twins;
mod walk;
mod workspaces;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Component, Path, PathBuf};

use electrolint_model::problem::Problem;
use electrolint_model::source::{FileKind, Omitted, Sources};
use globset::{Glob, GlobSet, GlobSetBuilder};

use crate::config::Configurations;

use files::Reader;
pub(crate) use files::bytes;
pub use files::{KnownFiles, Overlay};
pub(crate) use ignored::repository as top_of_repository;
use paths::{Base, lies_in};
pub(crate) use seen::Seen;
use survey::Survey;
use walk::{Left, Rules};

const NO_APP: &str = "not part of an Electron app";

/// What is looked for and what is left out.
#[derive(Clone, Debug)]
pub struct Options {
    /// Test code is read too.
    pub include_tests: bool,
    /// Brings back what would be left out; matched against paths as reports print them.
    pub include: Vec<Glob>,
    /// Leaves out files and folders, `include` notwithstanding; matched as `include`.
    pub exclude: Vec<Glob>,
    /// Files that git ignores are read too.
    pub no_ignore_files: bool,
    /// Longest source file that is read, in bytes. At most 1 GiB counts.
    pub max_file_size: u64,
    /// Folders that are the apps; empty to have them found.
    pub app: Vec<PathBuf>,
    /// Texts that are read instead of files.
    pub overlay: Overlay,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            include_tests: false,
            include: Vec::new(),
            exclude: Vec::new(),
            no_ignore_files: false,
            max_file_size: 5_000_000,
            app: Vec::new(),
            overlay: Overlay::new(),
        }
    }
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Discovery {
    /// The folder that all paths are relative to, absolute: the directory given if exactly one is, else the working directory.
    pub base: PathBuf,
    /// The apps, sorted by root.
    pub apps: Vec<FoundApp>,
    /// What could not be read outside the apps.
    pub problems: Vec<Problem>,
    /// What was left out outside the apps.
    pub omitted: Vec<Omitted>,
    /// Where no app was: what was looked for there, one sentence each.
    pub tried: Vec<String>,
}

/// One app.
#[derive(Clone, Debug, Default)]
pub struct FoundApp {
    /// Everything that was read of it.
    pub sources: Sources,
    /// Its name in `package.json`: `productName`, else `name`.
    pub name: Option<String>,
    /// The files and folders given inside it, in the form of `SourceFile::path`, sorted: findings elsewhere are not asked for
    /// ([`FoundApp::asks_for`]). Empty: all are. The base folder itself is the empty path.
    pub narrowed: Vec<String>,
}

impl Discovery {
    /// A path, absolute and without links, in the form of `SourceFile::path`.
    pub fn shown(&self, path: &Path) -> String {
        relative(&self.base, path)
    }

    /// The top of the git repository that the base lies in, else the base itself.
    pub fn repository(&self) -> &Path {
        ignored::repository(&self.base).unwrap_or(&self.base)
    }
}

/// A path as seen from a folder, both absolute, with `/` between its parts; `..` is taken at its word.
pub fn relative(folder: &Path, path: &Path) -> String {
    Base { folder: plain(folder) }.display(&plain(path))
}

/// Without `.` and `..`, which are taken at their word: no link is asked about.
pub(crate) fn plain(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            part => out.push(part),
        }
    }
    out
}

/// How a file of this name is read; `None`: it is not.
pub(crate) fn file_kind(path: &Path) -> Option<FileKind> {
    kinds::kind(&path.file_name()?.to_string_lossy())
}

/// The top of the git repository that a folder lies in, absolute.
pub fn repository(folder: &Path) -> Option<PathBuf> {
    ignored::repository(&folder.canonicalize().ok()?).map(Path::to_path_buf)
}

impl FoundApp {
    /// Whether findings in the file at `path`, in the form of `SourceFile::path`, were asked for.
    pub fn asks_for(&self, path: &str) -> bool {
        self.narrowed.is_empty()
            || self.narrowed.iter().any(|asked| match path.strip_prefix(asked.as_str()) {
                // The base itself was given: everything below it.
                _ if asked.is_empty() => path != ".." && !path.starts_with("../"),
                Some(rest) => rest.is_empty() || rest.starts_with('/'),
                None => false,
            })
    }
}

/// Why nothing was looked for.
#[derive(Debug, thiserror::Error)]
pub enum DiscoverError {
    /// A path given does not exist.
    #[error("there is no file or folder {}", path.display())]
    Missing {
        /// As given.
        path: PathBuf,
    },
    /// The system refuses to look at a path given.
    #[error("cannot look at {}: {source}", path.display())]
    Unreadable {
        /// As given.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A path given is a pipe, a device or the like.
    #[error("{} is neither a file nor a folder", path.display())]
    Special {
        /// As given.
        path: PathBuf,
    },
    /// `include` and `exclude` are more than can be matched.
    #[error("the globs given cannot be matched: {0}")]
    Globs(#[from] globset::Error),
}

/// Finds the apps in and around `paths`, the working directory if there are none, and reads them.
///
/// # Errors
/// A path that does not exist or cannot be looked at. Everything below it that cannot be read is a problem in the result.
pub fn read(paths: &[PathBuf], options: &Options, configurations: &Configurations) -> Result<Discovery, DiscoverError> {
    read_again(paths, options, configurations, &mut KnownFiles::default())
}

/// As [`read`], without reading files again that are as `known` has them; it knows those of this time afterwards.
///
/// # Errors
/// As [`read`].
pub fn read_again(
    paths: &[PathBuf],
    options: &Options,
    configurations: &Configurations,
    known: &mut KnownFiles,
) -> Result<Discovery, DiscoverError> {
    let working = resolve(Path::new("."))?;
    let mut given = if paths.is_empty() {
        vec![working.clone()]
    } else {
        paths.iter().map(|path| resolve_over(path, &options.overlay)).collect::<Result<Vec<_>, _>>()?
    };
    let base = match given.as_slice() {
        [folder] if folder.is_dir() => Base { folder: folder.clone() },
        _ => Base { folder: working },
    };
    given.sort();
    given.dedup();
    let forced = options.app.iter().map(|path| resolve(path)).collect::<Result<Vec<_>, _>>()?;
    let (include, exclude) = (globs(&options.include)?, globs(&options.exclude)?);
    let rules = Rules {
        base: &base,
        given: &given,
        include: &include,
        exclude: &exclude,
        configurations,
        tests: options.include_tests,
        ignore_files: !options.no_ignore_files,
    };
    let mut finder = Finder {
        rules,
        forced,
        reader: Reader::new(options.max_file_size.min(1 << 30), options.overlay.clone(), std::mem::take(known)),
        surveys: BTreeMap::new(),
        apps: BTreeMap::new(),
        lone: BTreeMap::new(),
        tried: Vec::new(),
    };
    if finder.forced.is_empty() {
        for path in &given {
            finder.find(path);
        }
        if finder.apps.is_empty() && finder.lone.is_empty() {
            for path in &given {
                if finder.reader.is_file(path) {
                    finder.take_lone(path);
                }
            }
        }
    } else {
        finder.find_forced(&given);
    }
    finder.read_lone();
    *known = finder.reader.known();
    Ok(finder.finish())
}

/// The path as the overlay has it, if it does, else as the disk has it.
fn resolve_over(path: &Path, overlay: &Overlay) -> Result<PathBuf, DiscoverError> {
    let folder = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let in_overlay = || {
        let path = folder.canonicalize().ok()?.join(path.file_name()?);
        overlay.get(&path).is_some_and(Option::is_some).then_some(path)
    };
    in_overlay().map_or_else(|| resolve(path), Ok)
}

/// The folder that all paths are relative to, absolute: the directory given if exactly one is, else the working directory.
///
/// # Errors
/// As [`read`].
pub fn base(paths: &[PathBuf]) -> Result<PathBuf, DiscoverError> {
    match paths {
        [folder] if folder.is_dir() => resolve(folder),
        _ => resolve(Path::new(".")),
    }
}

pub(crate) fn resolve(path: &Path) -> Result<PathBuf, DiscoverError> {
    let fail = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => DiscoverError::Missing { path: path.to_path_buf() },
        _ => DiscoverError::Unreadable { path: path.to_path_buf(), source },
    };
    let resolved = path.canonicalize().map_err(fail)?;
    let metadata = resolved.metadata().map_err(fail)?;
    if metadata.is_dir() || metadata.is_file() {
        Ok(resolved)
    } else {
        Err(DiscoverError::Special { path: path.to_path_buf() })
    }
}

fn globs(globs: &[Glob]) -> Result<GlobSet, globset::Error> {
    let mut builder = GlobSetBuilder::new();
    for glob in globs {
        builder.add(glob.clone());
    }
    builder.build()
}

/// An app while paths are still being looked at.
struct Growing {
    sources: Sources,
    name: Option<String>,
    /// `None` once a path asked for the whole app.
    narrowed: Option<BTreeSet<String>>,
}

struct Finder<'a> {
    rules: Rules<'a>,
    forced: Vec<PathBuf>,
    reader: Reader,
    surveys: BTreeMap<PathBuf, Survey>,
    /// By root.
    apps: BTreeMap<PathBuf, Growing>,
    /// Files that are apps by themselves, by folder.
    lone: BTreeMap<PathBuf, Vec<PathBuf>>,
    tried: Vec<String>,
}

impl Finder<'_> {
    /// Finds the apps that one path given stands for.
    fn find(&mut self, path: &Path) {
        if let Some(layout) = packaged::layout(path) {
            return self.take_packaged(&layout);
        }
        self.find_in_sources(path);
    }

    fn find_in_sources(&mut self, path: &Path) {
        let root = self.place(path);
        self.survey(&root);
        let Some(survey) = self.surveys.get(&root) else { return };
        let holds = |index: usize| survey.packages.get(index).is_some_and(|package| package.folder.starts_with(path));
        let inside: Vec<usize> = survey.apps.iter().copied().filter(|&app| holds(app)).collect();
        if !inside.is_empty() {
            self.take(&root, &inside, None);
        } else if let Some(app) = survey.owners(&survey.apps).of(path) {
            self.take(&root, &[app], Some(path));
        } else {
            let apps = survey.apps.clone();
            let importing: Vec<usize> = apps
                .into_iter()
                .filter(|&app| {
                    let (_, members) = survey.workspace_of(app, &mut self.reader);
                    survey.owners(&members).of(path).is_some()
                })
                .collect();
            if importing.is_empty() {
                self.find_without_package(path);
            } else {
                self.take(&root, &importing, Some(path));
            }
        }
    }

    /// The folder to walk for a path: the workspace, else the package with Electron, else the folder itself.
    fn place(&mut self, path: &Path) -> PathBuf {
        let folder = if path.is_dir() { path } else { path.parent().unwrap_or(path) };
        let top = ignored::repository(folder).map(Path::to_path_buf).unwrap_or_default();
        let mut around = Vec::new();
        for ancestor in folder.ancestors().take_while(|ancestor| ancestor.starts_with(&top)) {
            if ancestor.join("package.json").is_file() {
                // What is broken in it comes up again when its folder is walked.
                around.push(packages::read(ancestor, &mut self.reader, &mut Vec::new()));
            }
        }
        let dependent = around.iter().find(|package| package.depends_on_electron).map(|package| package.folder.clone());
        let anchor = if dependent.as_deref() == Some(folder) {
            folder.to_path_buf()
        } else if path.is_dir() && self.survey(path).is_some_and(Survey::has_dependent) {
            path.to_path_buf()
        } else if let Some(dependent) = dependent {
            dependent
        } else if path.is_dir() && self.survey(path).is_some_and(|survey| !survey.apps.is_empty()) {
            path.to_path_buf()
        } else {
            let importing = around.iter().find(|package| survey::main_imports_electron(package, &mut self.reader));
            importing.map_or_else(|| folder.to_path_buf(), |package| package.folder.clone())
        };
        if self.reader.is_file(path) && !around.iter().any(|package| package.folder == anchor) {
            // A file in no package of Electron's: its folder may be anything, and is not walked.
            return path.to_path_buf();
        }
        workspaces::around(&anchor, &top, &mut self.reader).map_or(anchor, |workspace| workspace.root)
    }

    fn survey(&mut self, root: &Path) -> Option<&Survey> {
        if !self.surveys.contains_key(root) {
            let survey = Survey::of(root, &self.rules, &self.forced, &mut self.reader);
            self.surveys.insert(root.to_path_buf(), survey);
        }
        self.surveys.get(root)
    }

    /// A folder or file with code that imports Electron, though no package says so.
    fn find_without_package(&mut self, path: &Path) {
        if self.reader.is_file(path) {
            if self.reader.imports_electron(path) {
                self.take_lone(path);
            } else {
                self.tried.push(format!(
                    "{}: it does not import electron, and no package.json above it depends on electron",
                    path.display()
                ));
            }
            return;
        }
        self.survey(path);
        let reader = &mut self.reader;
        let Some(survey) = self.surveys.get_mut(path) else { return };
        let mut scripts = survey.tree.files.iter().filter(|file| kinds::is_script(file.kind));
        let count = scripts.clone().count();
        if !survey.apps.is_empty() {
            // Packages that count as apps only where nothing around them does.
            let apps = survey.apps.clone();
            self.take(path, &apps, None);
            return;
        }
        // An addon by itself: its host is elsewhere.
        let is_addon =
            survey.tree.files.iter().any(|file| file.path.file_name().is_some_and(|name| name == "addon.json"));
        if is_addon || scripts.any(|file| survey::file_imports_electron(file, reader)) {
            let index = survey.packages.partition_point(|package| package.folder.as_path() < path);
            survey.packages.insert(index, packages::Package { folder: path.to_path_buf(), ..Default::default() });
            survey.apps = vec![index];
            self.take(path, &[index], None);
            return;
        }
        self.tried.push(format!(
            "{}: no package.json in it or above it depends on electron, and none of its {count} scripts imports electron",
            path.display(),
        ));
        for left in survey.tree.left.iter().filter(|left| left.reason == walk::TEST_CODE) {
            self.tried.push(format!("{} was left out as test code", left.path.display()));
        }
    }

    /// Reads apps of a survey. `narrow` is the part of them that was asked for.
    fn take(&mut self, root: &Path, apps: &[usize], narrow: Option<&Path>) {
        let Some(survey) = self.surveys.get(root) else { return };
        for &app in apps {
            let Some(package) = survey.packages.get(app) else { continue };
            let growing = self.apps.entry(package.folder.clone()).or_insert_with(|| Growing {
                sources: assemble::assemble(survey, app, &self.rules, &mut self.reader),
                name: package.product.clone().or_else(|| package.name.clone()),
                narrowed: Some(BTreeSet::new()),
            });
            growing.narrow(narrow.map(|path| self.rules.base.display(path)));
        }
    }

    /// Takes an app as it is shipped.
    fn take_packaged(&mut self, layout: &packaged::Layout) {
        let base = self.rules.base;
        if layout.app.is_dir() {
            self.find_in_sources(&layout.app);
        } else {
            match assemble::archived(&layout.app, &self.rules, &mut self.reader) {
                Ok((sources, name)) => {
                    self.apps.insert(layout.app.clone(), Growing { sources, name, narrowed: None });
                }
                Err(why) => self.tried.push(format!("{}: {why}", layout.app.display())),
            }
        }
        for (_, growing) in self.apps.iter_mut().filter(|(root, _)| lies_in(root, &layout.app)) {
            layout.describe(&mut growing.sources, base);
        }
    }

    /// Takes a file alone for an app.
    fn take_lone(&mut self, path: &Path) {
        let is_readable = path.file_name().is_some_and(|name| kinds::kind(&name.to_string_lossy()).is_some());
        if !is_readable {
            self.tried.push(format!("{}: not a kind of file that is read", path.display()));
            return;
        }
        let folder = path.parent().unwrap_or(path).to_path_buf();
        self.lone.entry(folder).or_default().push(path.to_path_buf());
    }

    /// Reads the files that are apps by themselves: those of one folder together.
    fn read_lone(&mut self) {
        for (folder, files) in std::mem::take(&mut self.lone) {
            let sources = assemble::lone(&folder, &files, self.rules.base, &mut self.reader);
            let given = self.rules.given.iter().map(|path| self.rules.base.display(path));
            let narrowed = given.filter(|path| sources.find(path).is_some()).collect();
            self.apps.entry(folder).or_insert(Growing { sources, name: None, narrowed: Some(narrowed) });
        }
    }

    /// The apps are said; paths inside them narrow the report.
    fn find_forced(&mut self, given: &[PathBuf]) {
        for app in self.forced.clone() {
            let root = workspaces::around(&app, ignored::repository(&app).unwrap_or(&app), &mut self.reader)
                .map_or_else(|| app.clone(), |workspace| workspace.root);
            self.survey(&root);
            let Some(survey) = self.surveys.get(&root) else { continue };
            let Some(index) = survey.packages.iter().position(|package| package.folder == app) else { continue };
            let narrowing: Vec<&PathBuf> =
                given.iter().filter(|path| path.starts_with(&app) && **path != app).collect();
            if narrowing.is_empty() || given.iter().any(|path| app.starts_with(path)) {
                self.take(&root, &[index], None);
            } else {
                for path in narrowing {
                    self.take(&root, &[index], Some(path));
                }
            }
        }
    }

    /// Packages with code below the paths given that belong to no app.
    fn unused(&mut self) -> Vec<Left> {
        let mut counts: BTreeMap<PathBuf, u32> = BTreeMap::new();
        let surveys = self.surveys.values().filter(|survey| !survey.apps.is_empty());
        for survey in surveys.filter(|_| !self.apps.is_empty()) {
            let mut read: BTreeSet<usize> = survey.apps.iter().copied().collect();
            for &app in &survey.apps {
                read.extend(survey.workspace_of(app, &mut self.reader).1);
            }
            let read = survey.owners(&read.into_iter().collect::<Vec<_>>());
            let all = survey.owners(&(0..survey.packages.len()).collect::<Vec<_>>());
            let is_given = |path: &Path| self.rules.given.iter().any(|given| lies_in(path, given));
            for file in survey.tree.files.iter().filter(|file| kinds::is_script(file.kind) && is_given(&file.path)) {
                if read.of_file(&file.path).is_none() && !self.apps.keys().any(|root| lies_in(&file.path, root)) {
                    let package = all.of_file(&file.path).and_then(|index| survey.packages.get(index));
                    let folder = package.map_or(&survey.root, |package| &package.folder);
                    *counts.entry(folder.clone()).or_default() += 1;
                }
            }
        }
        let entry = |(path, count)| Left { path, reason: NO_APP, files: Some(count) };
        counts.into_iter().map(entry).collect()
    }

    fn finish(mut self) -> Discovery {
        let unused = self.unused();
        let base = self.rules.base;
        let mut problems = Vec::new();
        // Where an app was found, what was left out elsewhere is no news; where none was, it may be why.
        let mut left: Vec<Left> = unused;
        for survey in self.surveys.values() {
            let outside = |path: &Path| {
                !self.apps.keys().any(|root| lies_in(path, root))
                    && self.rules.given.iter().any(|given| lies_in(path, given))
            };
            problems.extend(survey.tree.refused.iter().filter(|refused| outside(&refused.path)).map(|refused| {
                Problem {
                    path: base.display(&refused.path),
                    line: None,
                    kind: refused.kind,
                    message: refused.message.clone(),
                }
            }));
            if self.apps.is_empty() {
                left.extend(survey.tree.left.iter().filter(|left| outside(&left.path)).cloned());
            }
        }
        problems.sort();
        problems.dedup();
        let apps = self.apps.into_values().map(|growing| FoundApp {
            sources: growing.sources,
            name: growing.name,
            narrowed: growing.narrowed.into_iter().flatten().collect(),
        });
        Discovery {
            base: base.folder.clone(),
            apps: apps.collect(),
            problems,
            omitted: assemble::omitted(left, base),
            tried: self.tried,
        }
    }
}

impl Growing {
    fn narrow(&mut self, path: Option<String>) {
        match (path, &mut self.narrowed) {
            (Some(path), Some(narrowed)) => {
                narrowed.insert(path);
            }
            (None, _) => self.narrowed = None,
            (Some(_), None) => {}
        }
    }
}
