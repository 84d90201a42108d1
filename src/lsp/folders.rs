//! The folders that are checked, and what is known of them.

use std::path::{Path, PathBuf};

use gen_lsp_types::Diagnostic;

use super::client::Client;
use super::diagnostics::{Files, Shown, absolute, files, of_configuration, of_unused};
use super::documents::{Document, Documents};
use super::settings::Settings;
use crate::cli::CheckArgs;
use crate::discover;
use crate::report::{AppReport, Report};
use crate::{Failure, discover::repository};

/// A folder of the workspace; the one without a name holds the texts that lie in none.
#[derive(Debug)]
pub(super) struct Folder {
    /// Absolute, without links.
    pub path: PathBuf,
    /// As the editor calls it; none for texts that lie in no folder.
    pub uri: Option<String>,
    /// Changes of files in here may change its findings.
    reach: PathBuf,
    /// What the user set for it.
    pub settings: Settings,
    /// Its findings may be others than those that are known.
    pub is_dirty: bool,
    /// What was found, in the end.
    pub report: Option<Report>,
    /// What of it is shown.
    pub files: Files,
    /// What does not fit in its configuration, by file.
    pub misfits: Vec<(PathBuf, Vec<Diagnostic>)>,
}

impl Folder {
    pub(super) fn new(path: PathBuf, uri: Option<String>, settings: Settings) -> Self {
        let reach = repository(&path).unwrap_or_else(|| path.clone());
        let (report, files, misfits) = (None, Files::default(), Vec::new());
        Self { path, uri, reach, settings, is_dirty: true, report, files, misfits }
    }

    /// Whether it holds texts that lie in no folder.
    pub(super) fn is_lone(&self) -> bool {
        self.uri.is_none()
    }

    fn holds(&self, path: &Path) -> bool {
        !self.is_lone() && path.starts_with(&self.path)
    }

    fn has_app(&self) -> bool {
        self.report.as_ref().is_some_and(|report| !report.apps.is_empty())
    }

    /// Whether a change of a text may change what is found here.
    fn cares(&self, path: &Path, document: Option<&Document>) -> bool {
        if self.is_lone() {
            return true;
        }
        if !path.starts_with(&self.reach) {
            return false;
        }
        // Where there is no app, one begins with these words; a large folder is not walked again for others.
        let makes_app = || {
            path.file_name().is_some_and(|name| name == "package.json")
                || document.is_none_or(|document| document.text.content.contains("electron"))
        };
        self.report.is_none() || self.has_app() || makes_app()
    }

    /// How it is to be checked; none if nothing is.
    fn options(&self, lone: &[PathBuf]) -> Option<CheckArgs> {
        let mut options = self.settings.options(&self.path)?;
        options.input.paths = if self.is_lone() { lone.to_vec() } else { vec![self.path.clone()] };
        (!options.input.paths.is_empty()).then_some(options)
    }

    /// The app that a file belongs to, as far as that can be told by where it lies.
    pub(super) fn app_of(&self, path: &Path) -> Option<&AppReport> {
        let report = self.report.as_ref()?;
        let around = report.apps.iter().filter(|app| path.starts_with(absolute(report, &app.root)));
        around.max_by_key(|app| absolute(report, &app.root).components().count()).or(report.apps.first())
    }
}

/// All folders.
#[derive(Debug, Default)]
pub(super) struct Folders {
    /// Those of the workspace in the order of the editor, and the one without a name behind them.
    all: Vec<Folder>,
}

impl Folders {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Folder> {
        self.all.iter()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Folder> {
        self.all.iter_mut()
    }

    pub(super) fn add(&mut self, folder: Folder) {
        if !self.all.iter().any(|known| known.path == folder.path) {
            let at = self.all.iter().position(Folder::is_lone).unwrap_or(self.all.len());
            self.all.insert(at, folder);
        }
    }

    pub(super) fn remove(&mut self, path: &Path) {
        self.all.retain(|folder| folder.path != path);
    }

    /// Whether a file lies in a folder of the workspace.
    pub(super) fn hold(&self, path: &Path) -> bool {
        self.all.iter().any(|folder| folder.holds(path))
    }

    /// A text changed. Whether anything is to be checked again.
    pub(super) fn touch(&mut self, path: &Path, document: Option<&Document>) -> bool {
        let is_held = self.hold(path);
        let mut is_dirty = false;
        for folder in self.all.iter_mut().filter(|folder| !(folder.is_lone() && is_held)) {
            if folder.cares(path, document) {
                folder.is_dirty = true;
                is_dirty = true;
            }
        }
        is_dirty
    }

    /// Everything is to be checked again.
    pub(super) fn touch_all(&mut self) {
        self.all.iter_mut().for_each(|folder| folder.is_dirty = true);
    }

    pub(super) fn are_dirty(&self) -> bool {
        self.all.iter().any(|folder| folder.is_dirty)
    }

    /// What is to be checked now. Folders of which nothing is to be checked become empty.
    pub(super) fn checks(&mut self, documents: &Documents) -> Vec<(PathBuf, CheckArgs)> {
        let all = documents.iter().map(|(path, _)| path);
        let lone = all.filter(|path| discover::file_kind(path).is_some() && !self.hold(path));
        let lone: Vec<PathBuf> = lone.map(Path::to_path_buf).collect();
        let mut checks = Vec::new();
        for folder in self.all.iter_mut().filter(|folder| folder.is_dirty) {
            match folder.options(&lone) {
                Some(options) => checks.push((folder.path.clone(), options)),
                None => {
                    (folder.report, folder.files, folder.misfits) = (None, Files::default(), Vec::new());
                    folder.is_dirty = false;
                }
            }
        }
        checks
    }

    /// Takes what came of a check. What the user should know of it, if it came to nothing.
    pub(super) fn take(
        &mut self,
        path: &Path,
        report: Result<Report, Failure>,
        documents: &Documents,
        client: &Client,
    ) -> Option<String> {
        let folder = self.all.iter_mut().find(|folder| folder.path == path)?;
        folder.is_dirty = false;
        (folder.report, folder.files, folder.misfits) = (None, Files::default(), Vec::new());
        match report {
            Ok(report) => {
                folder.files = files(&report, documents, client);
                folder.misfits = of_unused(&report.unused, client).into_iter().collect();
                folder.report = Some(report);
                None
            }
            Err(Failure::Config { errors }) => {
                let name = errors.first().map(|error| error.path.clone()).unwrap_or_default();
                folder.misfits = of_configuration(&errors, client).into_iter().collect();
                Some(format!("{name}: nothing is checked while the configuration does not fit"))
            }
            Err(failure) => Some(failure.to_string()),
        }
    }

    /// The folder whose findings in a file are shown: the innermost that holds it and an app.
    pub(super) fn of(&self, path: &Path) -> Option<&Folder> {
        let mut around: Vec<&Folder> = self.all.iter().filter(|folder| folder.holds(path)).collect();
        around.sort_by_key(|folder| std::cmp::Reverse(folder.path.components().count()));
        let shows = |folder: &&&Folder| folder.files.get(path).is_some();
        let found = around.iter().find(|folder| folder.has_app()).copied();
        found.or_else(|| self.all.iter().find(|folder| shows(&folder))).or_else(|| around.first().copied())
    }

    /// What is shown of a file.
    pub(super) fn shown(&self, path: &Path) -> &[Shown] {
        self.of(path).and_then(|folder| folder.files.get(path)).unwrap_or_default()
    }

    /// Every diagnostic of a file.
    pub(super) fn diagnostics(&self, path: &Path) -> Vec<Diagnostic> {
        let misfits = self.all.iter().flat_map(|folder| &folder.misfits).filter(|(file, _)| file == path);
        let mut all: Vec<Diagnostic> = self.shown(path).iter().map(|shown| shown.diagnostic.clone()).collect();
        // Of one file that counts for several folders, once.
        if let Some((_, misfits)) = misfits.into_iter().next() {
            all.extend(misfits.iter().cloned());
        }
        all
    }

    /// Every file with diagnostics, in the order of the reports.
    pub(super) fn paths(&self) -> Vec<&Path> {
        let mut paths: Vec<&Path> = Vec::new();
        let mut known = std::collections::BTreeSet::new();
        for folder in &self.all {
            let misfits = folder.misfits.iter().map(|(path, _)| path.as_path());
            paths.extend(folder.files.paths().chain(misfits).filter(|path| known.insert(*path)));
        }
        paths
    }
}
