//! What narrows the report besides paths, and what is read instead of files: git's index, standard input.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use globset::GlobBuilder;
use walkdir::WalkDir;

use crate::Failure;
use crate::baseline::absolute;
use crate::cli::CheckArgs;
use crate::discover::Overlay;
use crate::git::Repository;

/// Most that is read of standard input, in bytes; what is longer is no source that anybody wrote.
const STDIN_LIMIT: u64 = 1 << 30;

/// What the options say.
#[derive(Debug, Default)]
pub(crate) struct Narrow {
    /// Where to look.
    pub paths: Vec<PathBuf>,
    /// Findings of these files alone, absolute; all if there is no set.
    pub files: Option<BTreeSet<PathBuf>>,
    /// Texts that stand for files.
    pub overlay: Overlay,
}

/// Most paths that one glob stands for.
const MOST_PATHS: usize = 10_000;

/// What a path with wildcards stands for where no shell has expanded it; itself if nothing matches.
fn expanded(path: &Path) -> Vec<PathBuf> {
    let text = path.to_string_lossy();
    let is_glob = text.contains(['*', '?', '[', '{']) && path.symlink_metadata().is_err();
    let glob = GlobBuilder::new(text.trim_start_matches("./")).literal_separator(true).build();
    let (true, Ok(glob)) = (is_glob, glob) else { return vec![path.to_path_buf()] };
    let glob = glob.compile_matcher();
    let plain = path.components().take_while(|part| !part.as_os_str().to_string_lossy().contains(['*', '?', '[', '{']));
    let folder: PathBuf = plain.collect();
    let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
    let is_looked_into =
        |entry: &walkdir::DirEntry| !matches!(entry.file_name().to_str(), Some("node_modules" | ".git"));
    let entries = WalkDir::new(folder).sort_by_file_name().into_iter().filter_entry(is_looked_into).flatten();
    let paths = entries.map(|entry| entry.path().strip_prefix(".").unwrap_or(entry.path()).to_path_buf());
    let found: Vec<PathBuf> = paths.filter(|path| glob.is_match(path)).take(MOST_PATHS).collect();
    if found.is_empty() { vec![path.to_path_buf()] } else { found }
}

/// Asks git and standard input where the options want it.
///
/// # Errors
/// What git or the system says, and `-` without a name.
pub(crate) fn ask(options: &CheckArgs) -> Result<Narrow, Failure> {
    let is_stdin = |path: &PathBuf| path.as_os_str() == "-";
    let mut narrow =
        Narrow { paths: options.input.paths.iter().flat_map(|path| expanded(path)).collect(), ..Narrow::default() };
    if let Some(name) = &options.stdin_filename {
        let path = absolute(name);
        let mut bytes = Vec::new();
        std::io::stdin().lock().take(STDIN_LIMIT).read_to_end(&mut bytes).map_err(Failure::Stdin)?;
        narrow.paths.retain(|path| !is_stdin(path));
        narrow.paths.push(path.clone());
        narrow.overlay.insert(path, Some(bytes));
    } else if narrow.paths.iter().any(is_stdin) {
        return Err(Failure::StdinName);
    }
    let folder = narrow.paths.first().map_or(Path::new("."), PathBuf::as_path);
    let folder = if folder.is_file() { folder.parent().unwrap_or(folder) } else { folder };
    let folder = if folder == Path::new("") { Path::new(".") } else { folder };
    if let Some(reference) = &options.changed {
        narrow.files = Some(Repository::around(folder)?.changed(reference.as_deref())?);
    }
    if options.staged {
        let staged = Repository::around(folder)?.staged()?;
        narrow.files = Some(staged.files);
        narrow.overlay = staged.overlay;
    }
    Ok(narrow)
}
