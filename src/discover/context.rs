//! Files around an app that tell something about it: lockfiles, the workspace's root, the Electron that is installed.

use std::path::{Path, PathBuf};

use electrolint_model::source::FileKind;

use super::ignored;
use super::kinds;
use super::walk::Left;
use super::workspaces::Workspace;

/// Longest lockfile that is read, in bytes. They outgrow sources, and one package of them is all that is wanted.
const LOCKFILE_LIMIT: u64 = 32 * 1024 * 1024;

/// Longest other file that is read here, in bytes.
const LIMIT: u64 = 1024 * 1024;

const BINARY_LOCKFILE: &str =
    "binary lockfile of Bun, which is not read: `bun install --save-text-lockfile` writes a text";

/// One file to be read.
pub(super) struct Around {
    /// Absolute.
    pub path: PathBuf,
    /// How.
    pub kind: FileKind,
    /// In bytes.
    pub limit: u64,
}

/// What was found around an app.
#[derive(Default)]
pub(super) struct Found {
    /// To be read.
    pub files: Vec<Around>,
    /// Not to be read.
    pub left: Vec<Left>,
}

/// How far up is looked: to the top of the repository, of the workspace or of the folder walked, whichever is highest. Not
/// further, because what lies around is not the app's.
pub(super) fn top(app: &Path, workspace: Option<&Workspace>, walked: &Path) -> PathBuf {
    let candidates = [ignored::repository(app), workspace.map(|workspace| workspace.root.as_path()), Some(walked)];
    let above = candidates.into_iter().flatten().filter(|folder| app.starts_with(folder));
    above.min_by_key(|folder| folder.components().count()).unwrap_or(app).to_path_buf()
}

/// Looks for them from the app's folder up to `top`.
pub(super) fn files(app: &Path, workspace: Option<&Workspace>, top: &Path) -> Found {
    let mut found = Found::default();
    let upward: Vec<&Path> = app.ancestors().take_while(|folder| folder.starts_with(top)).collect();
    for folder in &upward {
        let names = kinds::LOCKFILES.iter().map(|name| folder.join(name)).filter(|path| path.is_file());
        let lockfiles = names.map(|path| Around { path, kind: FileKind::Lockfile, limit: LOCKFILE_LIMIT });
        let before = found.files.len() + found.left.len();
        found.files.extend(lockfiles);
        let binary = folder.join("bun.lockb");
        if binary.is_file() {
            found.left.push(Left { path: binary, reason: BINARY_LOCKFILE, files: Some(1) });
        }
        if found.files.len() + found.left.len() > before {
            break;
        }
    }
    for package in ["electron", "electron-nightly"] {
        let inside = Path::new("node_modules").join(package).join("package.json");
        found.nearest(&upward, &inside, FileKind::Json);
    }
    found.nearest(&[app], Path::new(".electron-version"), FileKind::Plain);
    found.nearest(&[app], Path::new(".npmrc"), FileKind::Plain);
    if let Some(workspace) = workspace.filter(|workspace| workspace.root != app) {
        let root = workspace.root.as_path();
        found.nearest(&[root], Path::new(".npmrc"), FileKind::Plain);
        for name in ["package.json", "tsconfig.json", "tsconfig.base.json", "lerna.json"] {
            found.nearest(&[root], Path::new(name), FileKind::Json);
        }
        found.nearest(&[root], Path::new("pnpm-workspace.yaml"), FileKind::Yaml);
    }
    found
}

impl Found {
    /// Adds the file at `inside` of the first folder that has it.
    fn nearest(&mut self, folders: &[&Path], inside: &Path, kind: FileKind) {
        let path = folders.iter().map(|folder| folder.join(inside)).find(|path| path.is_file());
        self.files.extend(path.map(|path| Around { path, kind, limit: LIMIT }));
    }
}
