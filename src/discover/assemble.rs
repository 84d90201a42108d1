//! Puts together everything that is read of one app.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use electrolint_model::problem::{Problem, ProblemKind};
use electrolint_model::source::{FileKind, Omitted, Role, SourceFile, Sources};

use super::archive::Archive;
use super::context;
use super::files::{Loaded, Reader};
use super::follow;
use super::kinds;
use super::outputs;
use super::packages::{self, Package};
use super::paths::Base;
use super::survey::Survey;
use super::walk::{self, Entry, Left, Refused, Rules};

/// Longest path that is read, in bytes: PATH_MAX of Linux.
const PATH_LIMIT: usize = 4096;

/// Most files of data that are taken in because scripts name them, for one app.
const MOST_DATA: usize = 500;

/// Reads the app at index `app` of the survey.
pub(super) fn assemble(survey: &Survey, app: usize, rules: &Rules, reader: &mut Reader) -> Sources {
    let Some(package) = survey.packages.get(app) else { return Sources::default() };
    let mut gathering = Gathering::new(rules.base);
    let apps = survey.owners(&survey.apps);
    gathering.left.extend(survey.tree.left.iter().filter(|left| apps.of(&left.path) == Some(app)).cloned());
    gathering.refused(survey.tree.refused.iter().filter(|refused| apps.of(&refused.path) == Some(app)));

    let mut own: Vec<Entry> =
        survey.tree.files.iter().filter(|file| apps.of_file(&file.path) == Some(app)).cloned().collect();
    own.extend(ignored_entry(package, &own, rules, reader, &mut gathering.left));
    own.sort_by(|a, b| a.path.cmp(&b.path));
    own.dedup_by(|a, b| a.path == b.path);
    follow::ignored(&mut own, &mut gathering.left, rules, reader);
    own.extend(configurations(package, &own));
    own.sort_by(|a, b| a.path.cmp(&b.path));
    outputs::remove(package, &mut own, &mut gathering.left, reader);
    gathering.add(own.iter().filter(|file| !is_context(file.kind)), Role::Own, reader);

    let (workspace, members) = survey.workspace_of(app, reader);
    let owners = survey.owners(&members.iter().chain(&survey.apps).copied().collect::<Vec<_>>());
    let mut by_member: BTreeMap<usize, (Vec<Entry>, Vec<Left>)> = BTreeMap::new();
    if !members.is_empty() {
        let is_member = |owner: &usize| members.binary_search(owner).is_ok();
        for file in &survey.tree.files {
            if let Some(member) = owners.of_file(&file.path).filter(is_member) {
                by_member.entry(member).or_default().0.push(file.clone());
            }
        }
        for left in &survey.tree.left {
            if let Some(member) = owners.of(&left.path).filter(is_member) {
                by_member.entry(member).or_default().1.push(left.clone());
            }
        }
    }
    for &member in &members {
        let Some(package) = survey.packages.get(member) else { continue };
        let (mut files, left) = by_member.remove(&member).unwrap_or_default();
        gathering.left.extend(left);
        follow::ignored(&mut files, &mut gathering.left, rules, reader);
        outputs::remove(package, &mut files, &mut gathering.left, reader);
        gathering.add(files.iter().filter(|file| !is_context(file.kind)), Role::Workspace, reader);
    }

    let top = context::top(&package.folder, workspace.as_ref(), &survey.root);
    let around = context::files(&package.folder, workspace.as_ref(), &top);
    gathering.left.extend(around.left);
    gathering.add_context(around.files, reader);
    gathering.add_data(rules, reader);
    gathering.finish(&package.folder)
}

/// Files of one folder that is no package, with the files beside them that they name.
pub(super) fn lone(folder: &Path, files: &[PathBuf], base: &Base, reader: &mut Reader) -> Sources {
    let mut gathering = Gathering::new(base);
    let mut open = files.to_vec();
    let mut taken: Vec<PathBuf> = Vec::new();
    let siblings = siblings(folder);
    while let Some(path) = open.pop() {
        if taken.contains(&path) {
            continue;
        }
        if let Some(text) = reader.text(&path) {
            let named = siblings.iter().filter(|(name, _)| names(&text.content, name));
            open.extend(named.map(|(_, path)| path.clone()).filter(|path| !taken.contains(path)));
        }
        taken.push(path);
    }
    taken.sort();
    let entries: Vec<Entry> = taken
        .into_iter()
        .filter_map(|path| {
            let kind = kinds::kind(&path.file_name()?.to_string_lossy())?;
            Some(Entry { path, kind, wanted: true })
        })
        .collect();
    gathering.add(entries.iter(), Role::Own, reader);
    gathering.finish(folder)
}

/// What an archive holds of an app, and the app's name.
///
/// # Errors
/// Why there is no app in it.
pub(super) fn archived(path: &Path, rules: &Rules, reader: &mut Reader) -> Result<(Sources, Option<String>), String> {
    let mut archive = Archive::open(path).map_err(|error| error.to_string())?;
    let mut gathering = Gathering::new(rules.base);
    let inside = |name: &str| path.join(name);
    for folder in std::mem::take(&mut archive.installed) {
        gathering.left.push(Left { path: inside(&folder), reason: walk::INSTALLED, files: None });
    }
    for (name, why) in std::mem::take(&mut archive.refused) {
        gathering.problem(&inside(&name), ProblemKind::BadData, why);
    }
    let members = std::mem::take(&mut archive.members);
    let mut is_app = false;
    let mut name = None;
    for member in members.iter().filter(|member| !is_context(member.kind) && !rules.excludes(&inside(&member.path))) {
        let loaded = Loaded::decoded(archive.read(member, reader.limit()), member.size);
        if let Loaded::Text { text, .. } = &loaded {
            is_app |= kinds::is_script(member.kind) && packages::imports_electron(&text.content);
            if member.path == "package.json" {
                name = packages::name(&text.content);
            }
        }
        gathering.take(&inside(&member.path), member.kind, Role::Own, loaded);
    }
    if !is_app {
        return Err(format!("none of the {} files read of this archive imports electron", members.len()));
    }
    let sources = gathering.finish(path);
    Ok((Sources { archived: true, ..sources }, name))
}

/// Most files beside a lone one that are looked at.
const SIBLINGS: usize = 1000;

fn siblings(folder: &Path) -> Vec<(String, PathBuf)> {
    let entries = folder.read_dir().into_iter().flatten().flatten().take(SIBLINGS);
    let mut siblings: Vec<(String, PathBuf)> = entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path()))
        .filter(|(name, _)| {
            kinds::kind(name).is_some_and(|kind| kinds::is_script(kind) || kind == FileKind::Html)
                || name == "package.json"
        })
        .collect();
    siblings.sort();
    siblings
}

/// The text names a file: whole, or as `./stem`.
fn names(text: &str, file: &str) -> bool {
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    text.contains(file) || ["'", "\"", "`"].iter().any(|quote| text.contains(&format!("./{stem}{quote}")))
}

/// The folder (or file) of `main` when git ignores it, it exists, and nothing else of the app uses Electron: then it is the app.
fn ignored_entry(
    package: &Package,
    own: &[Entry],
    rules: &Rules,
    reader: &mut Reader,
    left: &mut Vec<Left>,
) -> Vec<Entry> {
    let Some(main) = outputs::main(package).into_iter().find(|path| path.is_file()) else { return Vec::new() };
    if !main.starts_with(&package.folder) || own.iter().any(|file| file.path == main) {
        return Vec::new();
    }
    let is_ignored = |left: &Left| left.reason == walk::GIT_IGNORED && main.starts_with(&left.path);
    let Some(at) = left.iter().position(is_ignored) else { return Vec::new() };
    let uses_electron = |file: &Entry| kinds::is_script(file.kind) && reader.imports_electron(&file.path);
    if own.iter().any(uses_electron) {
        return Vec::new();
    }
    let folder = left.get(at).map(|left| left.path.clone()).unwrap_or_default();
    if folder.starts_with(&package.folder) && folder != package.folder && folder.is_dir() {
        left.remove(at);
        let given = [folder.clone()];
        let found = walk::walk(&folder, &Rules { given: &given, ignore_files: false, ..*rules });
        left.extend(found.left);
        return found.files;
    }
    let kind = main.file_name().and_then(|name| kinds::kind(&name.to_string_lossy()));
    if folder == main {
        left.remove(at);
    }
    kind.map(|kind| Entry { path: main, kind, wanted: true }).into_iter().collect()
}

/// Builder configuration under a name of the user's own, as a script of `package.json` names it.
fn configurations(package: &Package, own: &[Entry]) -> Vec<Entry> {
    let named = package.configurations.iter().map(|name| package.folder.join(name));
    let mut entries: Vec<Entry> = named
        .filter(|path| !own.iter().any(|file| &file.path == path))
        .filter(|path| path.symlink_metadata().is_ok_and(|metadata| metadata.is_file()))
        .filter_map(|path| {
            let kind = kinds::data_kind(&path.file_name()?.to_string_lossy())?;
            Some(Entry { path, kind, wanted: true })
        })
        .collect();
    entries.dedup_by(|a, b| a.path == b.path);
    entries
}

fn is_context(kind: FileKind) -> bool {
    matches!(kind, FileKind::Lockfile | FileKind::Plain)
}

/// What has been gathered of an app so far.
struct Gathering<'a> {
    base: &'a Base,
    files: BTreeMap<String, (PathBuf, SourceFile)>,
    problems: Vec<Problem>,
    left: Vec<Left>,
}

impl<'a> Gathering<'a> {
    fn new(base: &'a Base) -> Self {
        Self { base, files: BTreeMap::new(), problems: Vec::new(), left: Vec::new() }
    }

    fn add<'b>(&mut self, entries: impl Iterator<Item = &'b Entry>, role: Role, reader: &mut Reader) {
        for entry in entries {
            // Looked up on the disk, and taken away by an overlay.
            if reader.hides(&entry.path) {
                continue;
            }
            if entry.path.as_os_str().len() > PATH_LIMIT {
                let message = format!("its path is longer than {PATH_LIMIT} bytes");
                self.problem(&entry.path, ProblemKind::Unreadable, message);
                continue;
            }
            let loaded = reader.read(&entry.path);
            self.take(&entry.path, entry.kind, role, loaded);
        }
    }

    fn add_context(&mut self, files: Vec<context::Around>, reader: &mut Reader) {
        for file in files {
            if reader.hides(&file.path) {
                continue;
            }
            let loaded = reader.read_up_to(&file.path, file.limit);
            self.take(&file.path, file.kind, Role::Context, loaded);
        }
    }

    /// Adds the data that scripts name as modules.
    fn add_data(&mut self, rules: &Rules, reader: &mut Reader) {
        let mut named: BTreeMap<PathBuf, Role> = BTreeMap::new();
        for (path, file) in self.files.values() {
            let Some(folder) = path.parent().filter(|_| kinds::is_script(file.kind) && file.role != Role::Context)
            else {
                continue;
            };
            for path in follow::data(folder, &file.text.content) {
                if named.len() < MOST_DATA && !rules.excludes(&path) {
                    named.entry(path).or_insert(file.role);
                }
            }
        }
        for (path, role) in named {
            let is_read = self.files.contains_key(&self.base.display(&path));
            if !is_read && !reader.hides(&path) {
                let loaded = reader.read(&path);
                self.take(&path, FileKind::Json, role, loaded);
            }
        }
    }

    fn take(&mut self, path: &Path, kind: FileKind, role: Role, loaded: Loaded) {
        match loaded {
            Loaded::Text { text, replaced } => {
                if replaced > 0 {
                    let (bytes, were) = if replaced == 1 { ("byte is", "was") } else { ("bytes are", "were") };
                    let message = format!("{replaced} {bytes} not of the file's encoding and {were} replaced");
                    self.problem(path, ProblemKind::Encoding, message);
                }
                let shown = self.base.display(path);
                let file = SourceFile { path: shown.clone(), kind, role, text };
                if let Some((other, _)) = self.files.get(&shown) {
                    if other != path {
                        let message = "another file of this name, which is not Unicode, was read".to_owned();
                        self.problem(path, ProblemKind::Unreadable, message);
                    }
                } else {
                    self.files.insert(shown, (path.to_path_buf(), file));
                }
            }
            Loaded::TooLarge { size, .. } => {
                self.problem(path, ProblemKind::FileTooLarge, format!("{size} bytes are over the size limit"));
            }
            Loaded::Binary(message) => self.problem(path, ProblemKind::Binary, message),
            Loaded::Unreadable(message) => self.problem(path, ProblemKind::Unreadable, message),
        }
    }

    fn refused<'b>(&mut self, refused: impl Iterator<Item = &'b Refused>) {
        for refused in refused {
            self.problem(&refused.path, refused.kind, refused.message.clone());
        }
    }

    fn problem(&mut self, path: &Path, kind: ProblemKind, message: String) {
        self.problems.push(Problem { path: self.base.display(path), line: None, kind, message });
    }

    fn finish(mut self, root: &Path) -> Sources {
        self.problems.sort();
        self.problems.dedup();
        Sources {
            root: self.base.display(root),
            files: self.files.into_values().map(|(_, file)| file).collect(),
            problems: self.problems,
            omitted: omitted(self.left, self.base),
            ..Sources::default()
        }
    }
}

/// As reports have it: sorted, nothing twice.
pub(super) fn omitted(left: Vec<Left>, base: &Base) -> Vec<Omitted> {
    let mut omitted: Vec<Omitted> = left
        .into_iter()
        .map(|left| Omitted { path: base.display(&left.path), reason: left.reason.to_owned(), files: left.files })
        .collect();
    omitted.sort();
    omitted.dedup();
    omitted
}
