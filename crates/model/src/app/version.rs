//! Which Electron the app uses, and how that is known.

mod packager;
mod witness;

use serde::{Deserialize, Serialize};

use super::Options;
use crate::electron::api::Lifetime;
use crate::electron::lockfile::{declared, resolved_electron};
use crate::electron::version::{lowest, satisfies};
use crate::electron::{Version, releases::Data};
use crate::link::{Json, PageRead, Program};
use crate::problem::{Problem, ProblemKind};
use crate::source::{FileId, FileKind, Sources, Span};

/// Where a version was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum VersionSource {
    /// The caller says so.
    Given,
    /// The program with which the app is shipped.
    Packaged,
    /// `node_modules/electron/package.json`.
    Installed,
    /// A lockfile.
    Lockfile,
    /// `electronVersion` of a builder's configuration, `.electron-version`.
    Configured,
    /// The lowest version of the range in package.json.
    Range,
    /// Nothing tells: the newest is assumed, or what a script of a page relies on.
    Assumed,
}

/// The Electron of an app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ElectronFacts {
    /// The version that the analysis goes by.
    pub version: Version,
    /// How it is known.
    pub source: VersionSource,
    /// The file that says so.
    pub path: Option<String>,
    /// The dependency in package.json, else where the version is written.
    pub span: Option<Span>,
    /// Where the version itself is written, where that is another place: a line of a lockfile.
    pub written: Option<Span>,
}

impl ElectronFacts {
    /// Whether the version is known.
    pub fn is_known(&self) -> bool {
        self.source != VersionSource::Assumed
    }

    /// Whether it has lost an API. Where no file tells the version, an app that uses what is gone runs on one that has it.
    pub fn lacks(&self, api: &Lifetime) -> bool {
        self.is_known() && api.is_removed_in(&self.version)
    }

    /// Whether it is exactly this version: not the lowest of a range.
    pub fn is_exact(&self) -> bool {
        !matches!(self.source, VersionSource::Assumed | VersionSource::Range)
    }

    /// In words, for summaries: `yarn.lock`, `package.json (lowest of the range)`.
    pub fn source_text(&self) -> String {
        match (self.source, &self.path) {
            (VersionSource::Given, _) => "given".to_owned(),
            (VersionSource::Assumed, None) => "assumed, the newest known".to_owned(),
            (VersionSource::Assumed, Some(path)) => format!("assumed, for {path} needs Node in its page"),
            (VersionSource::Range, Some(path)) => format!("{path} (lowest of the range)"),
            (_, Some(path)) => path.clone(),
            (_, None) => "unknown".to_owned(),
        }
    }
}

/// Names under which Electron is depended on, the likeliest first.
const PACKAGES: [&str; 5] =
    ["electron", "electron-nightly", "electron-prebuilt-compile", "electron-prebuilt", "@castlabs/electron-releases"];

struct Dependency {
    name: &'static str,
    range: String,
    span: Span,
    path: String,
}

/// The dependency on Electron in one package.json.
fn dependency(sources: &Sources, program: &Program, file: FileId) -> Option<Dependency> {
    let unit = program.unit_of(file)?;
    let root = Json::root(program.summary(unit))?;
    for name in PACKAGES {
        for field in ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"] {
            if let Some(value) = root.get(field).and_then(|field| field.get(name))
                && let Some(range) = value.text()
            {
                let span = program.place(unit, value.range());
                return Some(Dependency { name, range: range.to_owned(), span, path: sources.file(file).path.clone() });
            }
        }
    }
    None
}

/// The range that a catalogue of the workspace has for a dependency: <https://pnpm.io/catalogs>.
fn of_catalog(sources: &Sources, program: &Program, dependency: &Dependency) -> Option<String> {
    let catalog = dependency.range.strip_prefix("catalog:")?.trim();
    sources.files.iter().enumerate().find_map(|(index, file)| {
        if crate::link::split(&file.path).1 != "pnpm-workspace.yaml" {
            return None;
        }
        let root = Json::root(program.summary(program.unit_of(FileId(index as u32))?))?;
        let named = || {
            root.get("catalogs").and_then(|catalogs| catalogs.get(if catalog.is_empty() { "default" } else { catalog }))
        };
        let own = if matches!(catalog, "" | "default") { root.get("catalog") } else { None };
        own.or_else(named)?.get(dependency.name)?.text().map(str::to_owned)
    })
}

pub(super) fn find(
    sources: &Sources,
    program: &Program,
    pages: &[PageRead],
    options: &Options,
    problems: &mut Vec<Problem>,
) -> ElectronFacts {
    let in_root = |name: &str| {
        sources.find(&if sources.root.is_empty() { name.to_owned() } else { format!("{}/{name}", sources.root) })
    };
    // The app's own package first, then the workspace's, the nearest first.
    let mut manifests: Vec<FileId> = in_root("package.json").into_iter().collect();
    let mut others: Vec<(usize, FileId)> = sources
        .files
        .iter()
        .enumerate()
        .filter(|(_, file)| {
            file.path.rsplit('/').next() == Some("package.json")
                && !file.path.contains("node_modules/")
                && crate::link::within(&format!("{}/x", sources.root), crate::link::split(&file.path).0)
        })
        .map(|(index, file)| (usize::MAX - file.path.len(), FileId(index as u32)))
        .collect();
    others.sort();
    manifests.extend(others.into_iter().map(|(_, file)| file));
    let mut dependency = manifests.iter().find_map(|&file| dependency(sources, program, file));
    if let Some(dependency) = &mut dependency
        && let Some(range) = of_catalog(sources, program, dependency)
    {
        dependency.range = range;
    }
    let span = dependency.as_ref().map(|dependency| dependency.span);
    let facts = |version, source, path: Option<String>, own: Option<Span>| ElectronFacts {
        version,
        source,
        path,
        span: span.or(own),
        written: own,
    };
    if let Some(version) = &options.electron_version {
        return facts(*version, VersionSource::Given, None, None);
    }
    if let Some(packaged) = &sources.packaged
        && let Some(version) = packaged.version
    {
        let line = sources.find(&packaged.program).and_then(|file| first_line(sources, file));
        return facts(version, VersionSource::Packaged, Some(packaged.program.clone()), line);
    }
    if let Some((version, path, span)) = packager::told(sources, program) {
        return facts(version, VersionSource::Configured, Some(path), Some(span));
    }
    for (index, file) in sources.files.iter().enumerate() {
        if PACKAGES.iter().any(|name| file.path.ends_with(&format!("node_modules/{name}/package.json")))
            && let Some(unit) = program.unit_of(FileId(index as u32))
            && let Some(version) =
                Json::root(program.summary(unit)).and_then(|root| root.get("version")).and_then(Json::text)
            && let Some(version) = Version::parse(version)
        {
            return facts(version, VersionSource::Installed, Some(file.path.clone()), None);
        }
    }
    if let Some((version, path, span)) =
        from_lockfiles(sources, dependency.as_ref().map(|dependency| dependency.range.as_str()), problems)
    {
        return facts(version, VersionSource::Lockfile, Some(path), Some(span));
    }
    for (index, file) in sources.files.iter().enumerate() {
        let id = FileId(index as u32);
        if file.kind == FileKind::Plain && file.path.ends_with(".electron-version") {
            let text = file.text.content.trim().trim_start_matches('v');
            if let Some(version) = Version::parse(text) {
                let span = Span { file: id, start: 0, end: file.text.content.trim_end().len() as u32 };
                return facts(version, VersionSource::Configured, Some(file.path.clone()), Some(span));
            }
        }
    }
    if let Some((version, path, span)) = packager::told_elsewhere(sources, program) {
        return facts(version, VersionSource::Configured, Some(path), Some(span));
    }
    if let Some(dependency) = &dependency
        && let Some((_, version)) = declared(dependency.name, &dependency.range)
    {
        return facts(version, VersionSource::Range, Some(dependency.path.clone()), None);
    }
    let newest = || Data::current().newest().map_or(Version::new(45, 0, 0), |release| release.version);
    // An app that depends on some version is written for the newest, as far as that is known.
    let witness = if dependency.is_none() { witness::told(sources, program, pages) } else { None };
    let (assumed, because) = match &witness {
        Some((version, path)) => (*version, format!(", for {path} needs Node in its page")),
        None => (newest(), String::new()),
    };
    problems.push(Problem {
        path: dependency.map_or_else(|| sources.root.clone(), |dependency| dependency.path),
        line: None,
        kind: ProblemKind::UnknownElectronVersion,
        message: format!("no file tells the version of Electron; {assumed} is assumed{because}"),
    });
    facts(assumed, VersionSource::Assumed, witness.map(|(_, path)| path), None)
}

fn first_line(sources: &Sources, file: FileId) -> Option<Span> {
    let text = &sources.file(file).text;
    text.lines().line(text, 1).map(|(start, end)| Span { file, start, end })
}

/// The version in the lockfile nearest to the app that locks what the app asks for: one of another package manager that nobody uses
/// any more may lie beside it.
fn from_lockfiles(
    sources: &Sources,
    wanted: Option<&str>,
    problems: &mut Vec<Problem>,
) -> Option<(Version, String, Span)> {
    let app = if sources.root.is_empty() { "x".to_owned() } else { format!("{}/x", sources.root) };
    let mut lockfiles: Vec<(FileId, &crate::source::SourceFile)> = sources
        .files
        .iter()
        .enumerate()
        .filter(|(_, file)| file.kind == FileKind::Lockfile)
        .map(|(index, file)| (FileId(index as u32), file))
        .collect();
    // A lockfile of the app's own folder or of one around it; the nearest first.
    lockfiles.sort_by_key(|(_, file)| {
        let folder = crate::link::split(&file.path).0;
        (!is_around(folder, &app), std::cmp::Reverse(depth_of(folder)), file.path.clone())
    });
    let is_wanted = |version: &Version| wanted.is_none_or(|range| lowest(range).is_none() || satisfies(version, range));
    let mut outdated = None;
    for (id, file) in lockfiles {
        let (folder, name) = crate::link::split(&file.path);
        if !is_around(folder, &app) {
            continue;
        }
        let importer = importer(folder, &sources.root);
        match resolved_electron(name, &file.text.content, &importer, wanted) {
            Ok(Some(locked)) => {
                let span = file.text.lines().line(&file.text, locked.line).unwrap_or((0, 0));
                let is_wanted = is_wanted(&locked.version);
                let found = (locked.version, file.path.clone(), Span { file: id, start: span.0, end: span.1 });
                if is_wanted {
                    return Some(found);
                }
                outdated = outdated.or(Some(found));
            }
            Ok(None) => {}
            Err(error) => problems.push(Problem {
                path: file.path.clone(),
                line: error.line(),
                kind: ProblemKind::BadData,
                message: error.to_string(),
            }),
        }
    }
    outdated
}

/// Whether a folder, which may lie above the base, is around a path.
fn is_around(folder: &str, path: &str) -> bool {
    folder.is_empty() && !path.starts_with("../")
        || folder.split('/').all(|part| part == "..")
        || crate::link::within(path, folder)
}

/// How near a folder is: levels above the base count negatively.
fn depth_of(folder: &str) -> i64 {
    folder
        .split('/')
        .map(|part| match part {
            "" => 0,
            ".." => -1,
            _ => 1,
        })
        .sum()
}

/// The app's folder as its lockfile names it; only the end of it is known where the lockfile lies above the base.
fn importer(folder: &str, root: &str) -> String {
    if folder == root {
        return ".".to_owned();
    }
    root.strip_prefix(folder).map_or(root, |rest| rest.trim_start_matches('/')).to_owned()
}
