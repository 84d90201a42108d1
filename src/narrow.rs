//! What narrows the report besides paths, and what is read instead of files: git's index, standard input.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

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

/// Asks git and standard input where the options want it.
///
/// # Errors
/// What git or the system says, and `-` without a name.
pub(crate) fn ask(options: &CheckArgs) -> Result<Narrow, Failure> {
    let is_stdin = |path: &PathBuf| path.as_os_str() == "-";
    let mut narrow = Narrow { paths: options.input.paths.clone(), ..Narrow::default() };
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
