//! What git ignores: `.gitignore` of every folder from the repository down, and `.git/info/exclude`.
//!
//! The user's own settings for all repositories are not read: the same tree gives the same result on every machine.

use std::path::{Path, PathBuf};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::files;
use super::paths::lies_in;

/// Longest ignore file that is read, in bytes.
const LIMIT: u64 = 1024 * 1024;

/// The ignore files that hold at one place of a walk, innermost last.
pub(super) struct IgnoreFiles {
    layers: Vec<(PathBuf, Gitignore)>,
    enabled: bool,
}

impl IgnoreFiles {
    /// Those that hold at `root`, its own not yet. Above it, folders count only up to the top of its repository: what
    /// lies around a folder that is in no repository says nothing about it.
    pub(super) fn above(root: &Path, enabled: bool) -> Self {
        let mut ignored = Self { layers: Vec::new(), enabled };
        if !enabled {
            return ignored;
        }
        let Some(top) = repository(root) else { return ignored };
        let mut folders: Vec<&Path> = root.ancestors().skip(1).take_while(|folder| folder.starts_with(top)).collect();
        folders.reverse();
        ignored.push(top, &top.join(".git/info/exclude"));
        for folder in folders {
            ignored.push(folder, &folder.join(Self::NAME));
        }
        ignored
    }

    /// The name of an ignore file.
    pub(super) const NAME: &str = ".gitignore";

    /// Makes the ignore file of `folder`, if it has one, hold, and those of folders that do not contain it no longer.
    pub(super) fn enter(&mut self, folder: &Path, has_one: bool) {
        if self.enabled {
            while self.layers.last().is_some_and(|(root, _)| !lies_in(folder, root)) {
                self.layers.pop();
            }
            if has_one {
                self.push(folder, &folder.join(Self::NAME));
            }
        }
    }

    /// Whether git ignores `path`, none of whose folders is ignored. The innermost pattern that matches decides.
    pub(super) fn ignores(&self, path: &Path, is_folder: bool) -> bool {
        let layers = self.layers.iter().rev().filter(|(root, _)| lies_in(path, root));
        for (_, patterns) in layers {
            match patterns.matched(path, is_folder) {
                Match::None => {}
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
            }
        }
        false
    }

    fn push(&mut self, root: &Path, file: &Path) {
        let Some(bytes) = files::bytes(file, LIMIT).ok().flatten() else { return };
        let mut builder = GitignoreBuilder::new(root);
        for line in String::from_utf8_lossy(&bytes).trim_start_matches('\u{FEFF}').lines() {
            // Git skips a pattern that it cannot read, so the error is no news.
            let _ = builder.add_line(None, line);
        }
        if let Ok(patterns) = builder.build()
            && !patterns.is_empty()
        {
            self.layers.push((root.to_path_buf(), patterns));
        }
    }
}

/// The top of the git repository that `folder` lies in.
pub(crate) fn repository(folder: &Path) -> Option<&Path> {
    folder.ancestors().find(|folder| folder.join(".git").symlink_metadata().is_ok())
}
