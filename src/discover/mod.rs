//! Finds Electron apps and reads them: the only stage of the linter that touches the disk.
//!
//! ```text
//! paths ──► Place (where to look) ──► Survey (walk, packages, apps) ──► Sources, one per app
//! ```
//!
//! - `paths`, `kinds`, `files`, `ignored`: what a path, a name, a file, an ignore file is.
//! - `walk`: which files of a folder are read, which are left out and why.
//! - `packages`, `workspaces`: what `package.json` and its kin say.
//! - `survey`: which packages are apps. `outputs`: which folders and files tools wrote.
//! - `context`: lockfiles and the like around an app. `assemble`: all of an app in one place.
//!
//! A path on the command line narrows the report, never the analysis: the app around it is read whole.
//!
//! What is not written yet has its place here: an archive (`.asar`) or a packaged app is another way to make a
//! [`Sources`], beside `assemble`; it needs the name and bytes of each file, and nothing that is specific to a folder.

mod assemble;
mod context;
mod files;
mod ignored;
mod kinds;
mod outputs;
mod packages;
mod paths;
mod survey;
#[cfg(test)]
mod tests;
mod walk;
mod workspaces;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use electrolint_model::problem::Problem;
use electrolint_model::source::{Omitted, Sources};
use globset::{Glob, GlobSet, GlobSetBuilder};

use files::Reader;
use paths::Base;
use survey::Survey;
use walk::{Left, Rules};

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
    /// The files and folders given inside it, in the form of `SourceFile::path`, sorted: findings elsewhere are not asked for. Empty: all are.
    pub narrowed: Vec<String>,
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
pub fn read(paths: &[PathBuf], options: &Options) -> Result<Discovery, DiscoverError> {
    let working = resolve(Path::new("."))?;
    let mut given = if paths.is_empty() {
        vec![working.clone()]
    } else {
        paths.iter().map(|path| resolve(path)).collect::<Result<Vec<_>, _>>()?
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
        tests: options.include_tests,
        ignore_files: !options.no_ignore_files,
    };
    let mut finder = Finder {
        rules,
        forced,
        reader: Reader::new(options.max_file_size.min(1 << 30)),
        surveys: BTreeMap::new(),
        apps: BTreeMap::new(),
        tried: Vec::new(),
    };
    if finder.forced.is_empty() {
        for path in &given {
            finder.find(path);
        }
        if finder.apps.is_empty() {
            for path in given.iter().filter(|path| path.is_file()) {
                finder.take_lone(path);
            }
        }
    } else {
        finder.find_forced(&given);
    }
    Ok(finder.finish())
}

fn resolve(path: &Path) -> Result<PathBuf, DiscoverError> {
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
    tried: Vec<String>,
}

impl Finder<'_> {
    /// Finds the apps that one path given stands for.
    fn find(&mut self, path: &Path) {
        let root = self.place(path);
        self.survey(&root);
        let Some(survey) = self.surveys.get(&root) else { return };
        let holds = |index: usize| survey.packages.get(index).is_some_and(|package| package.folder.starts_with(path));
        let inside: Vec<usize> = survey.apps.iter().copied().filter(|&app| holds(app)).collect();
        if !inside.is_empty() {
            self.take(&root, &inside, None);
        } else if let Some(app) = survey.app_around(path) {
            self.take(&root, &[app], Some(path));
        } else {
            let apps = survey.apps.clone();
            let importing: Vec<usize> = apps
                .into_iter()
                .filter(|&app| {
                    let (_, members) = survey.workspace_of(app, &mut self.reader);
                    survey.innermost(path, &members).is_some()
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
        if path.is_file() && !around.iter().any(|package| package.folder == anchor) {
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
        if path.is_file() {
            if self.reader.text(path).is_some_and(|text| packages::imports_electron(&text.content)) {
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
        let scripts = survey.tree.files.iter().filter(|file| kinds::is_script(file.kind));
        let count = scripts.clone().count();
        let mut scripts = scripts;
        if scripts.any(|file| survey::file_imports_electron(file, reader)) {
            let index = survey.packages.partition_point(|package| package.folder.as_path() < path);
            survey.packages.insert(index, packages::Package { folder: path.to_path_buf(), ..Default::default() });
            survey.apps = vec![index];
            let root = path.to_path_buf();
            self.take(&root, &[index], None);
            return;
        }
        self.tried.push(format!(
            "{}: no package.json in it or above it depends on electron ({} looked at), and none of {count} scripts imports it",
            path.display(),
            survey.packages.len()
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

    /// Takes a file alone for an app.
    fn take_lone(&mut self, path: &Path) {
        let is_readable = path.file_name().is_some_and(|name| kinds::kind(&name.to_string_lossy()).is_some());
        if !is_readable {
            self.tried.push(format!("{}: not a kind of file that is read", path.display()));
            return;
        }
        let sources = assemble::lone(path, self.rules.base, &mut self.reader);
        let growing = Growing { sources, name: None, narrowed: Some(BTreeSet::new()) };
        let growing = self.apps.entry(path.to_path_buf()).or_insert(growing);
        growing.narrow(Some(self.rules.base.display(path)));
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

    fn finish(self) -> Discovery {
        let base = self.rules.base;
        let mut problems = Vec::new();
        let mut left: Vec<Left> = Vec::new();
        for survey in self.surveys.values() {
            let outside = |path: &Path| {
                !self.apps.keys().any(|root| path.starts_with(root))
                    && self.rules.given.iter().any(|given| path.starts_with(given))
            };
            problems.extend(survey.tree.refused.iter().filter(|refused| outside(&refused.path)).map(|refused| {
                Problem {
                    path: base.display(&refused.path),
                    line: None,
                    kind: refused.kind,
                    message: refused.message.clone(),
                }
            }));
            left.extend(survey.tree.left.iter().filter(|left| outside(&left.path)).cloned());
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
