//! Finds apps and reads them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use electrolint_model::problem::Problem;
use electrolint_model::source::{FileKind, Omitted, Role, SourceFile, Sources};
use electrolint_model::text::Text;
use thiserror::Error;

/// What is read.
#[derive(Clone, Debug)]
pub struct Options {
    /// Globs of files that are read though they would be left out.
    pub include: Vec<String>,
    /// Globs of files that are left out.
    pub exclude: Vec<String>,
    /// Follow `.gitignore` and `.ignore`.
    pub ignore_files: bool,
    /// Largest file that is read, in bytes.
    pub max_file_size: u64,
    /// Read test code as well.
    pub include_tests: bool,
    /// Folders of apps that need not be found.
    pub apps: Vec<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            include: Vec::new(),
            exclude: Vec::new(),
            ignore_files: true,
            max_file_size: 5_000_000,
            include_tests: false,
            apps: Vec::new(),
        }
    }
}

/// One app and its texts.
#[derive(Clone, Debug)]
pub struct FoundApp {
    /// What was read.
    pub sources: Sources,
    /// Name of its package.
    pub name: Option<String>,
    /// Paths that the report is narrowed to; empty for all.
    pub narrowed: Vec<String>,
}

/// What discovery found.
#[derive(Clone, Debug)]
pub struct Discovery {
    /// The folder that paths are relative to.
    pub base: PathBuf,
    /// The apps.
    pub apps: Vec<FoundApp>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// Where it looked, for the case that there is no app.
    pub tried: Vec<String>,
    /// What was left out on purpose.
    pub omitted: Vec<Omitted>,
}

/// What keeps discovery from starting.
#[derive(Debug, Error)]
pub enum DiscoverError {
    /// A path that does not exist.
    #[error("no such file or folder: {}", .0.display())]
    Missing(PathBuf),
}

/// Finds and reads the apps below `paths`.
pub fn read(paths: &[PathBuf], options: &Options) -> Result<Discovery, DiscoverError> {
    let base = paths.first().cloned().unwrap_or_default();
    let mut discovery = Discovery {
        base: base.clone(),
        apps: Vec::new(),
        problems: Vec::new(),
        tried: Vec::new(),
        omitted: Vec::new(),
    };
    for path in paths.iter().chain(&options.apps) {
        if !path.exists() {
            return Err(DiscoverError::Missing(path.clone()));
        }
        discovery.apps.extend(app(path, &mut discovery.tried));
    }
    Ok(discovery)
}

fn app(folder: &Path, tried: &mut Vec<String>) -> Option<FoundApp> {
    let package = std::fs::read_to_string(folder.join("package.json")).ok();
    if !package.as_ref().is_some_and(|package| package.contains("\"electron\"")) {
        tried.push(format!("{}: no package.json that depends on electron", folder.display()));
        return None;
    }
    let mut files = Vec::new();
    for entry in walkdir::WalkDir::new(folder).into_iter().flatten() {
        let kind = match entry.path().extension().and_then(|extension| extension.to_str()) {
            Some("js") => FileKind::JavaScript,
            Some("ts") => FileKind::TypeScript,
            Some("html") => FileKind::Html,
            Some("json") => FileKind::Json,
            _ => continue,
        };
        let path = entry.path().strip_prefix(folder).unwrap_or(entry.path()).to_string_lossy().into_owned();
        let text = Arc::new(Text::plain(std::fs::read_to_string(entry.path()).unwrap_or_default()));
        files.push(SourceFile { path, kind, role: Role::Own, text });
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Some(FoundApp {
        sources: Sources { root: String::new(), files, ..Sources::default() },
        name: None,
        narrowed: Vec::new(),
    })
}
