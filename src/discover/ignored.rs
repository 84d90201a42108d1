//! What git ignores: `.gitignore` of every folder from the repository down, and `.git/info/exclude`.
//!
//! The user's own settings for all repositories are not read: the same tree gives the same result on every machine.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::files;
use super::paths::{self, lies_in};

/// Longest ignore file that is read, in bytes.
const LIMIT: u64 = 1024 * 1024;

/// The ignore files that hold at one place of a walk, innermost last.
pub(super) struct IgnoreFiles {
    layers: Vec<Layer>,
    enabled: bool,
}

/// What one ignore file says.
#[derive(Default)]
struct Layer {
    /// The folder that it speaks of.
    root: PathBuf,
    /// Paths from there that are ignored. Lists of files that a build makes are long, and no pattern for each is needed.
    paths: HashMap<Vec<u8>, Lines>,
    /// Names that are ignored wherever they are.
    names: HashMap<Vec<u8>, Lines>,
    /// Everything else.
    patterns: Option<Gitignore>,
    /// The last lines of these.
    lines: HashMap<String, u32>,
}

/// The last line that names something, and the last one that names it as a folder.
#[derive(Default)]
struct Lines {
    any: Option<u32>,
    folder: Option<u32>,
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
            while self.layers.last().is_some_and(|layer| !lies_in(folder, &layer.root)) {
                self.layers.pop();
            }
            if has_one {
                self.push(folder, &folder.join(Self::NAME));
            }
        }
    }

    /// Whether git ignores `path`, none of whose folders is ignored. The innermost pattern that matches decides.
    pub(super) fn ignores(&self, path: &Path, is_folder: bool) -> bool {
        let layers = self.layers.iter().rev().filter(|layer| lies_in(path, &layer.root));
        layers.filter_map(|layer| layer.ignores(path, is_folder)).next().unwrap_or(false)
    }

    fn push(&mut self, root: &Path, file: &Path) {
        let Some(bytes) = files::bytes(file, LIMIT).ok().flatten() else { return };
        self.layers.extend(Layer::new(root, &String::from_utf8_lossy(&bytes)));
    }
}

impl Layer {
    /// `None` for a file without patterns.
    fn new(root: &Path, text: &str) -> Option<Self> {
        let mut layer = Self { root: root.to_path_buf(), ..Self::default() };
        let mut builder = GitignoreBuilder::new(root);
        for (index, line) in (0..).zip(text.trim_start_matches('\u{FEFF}').lines()) {
            let line = if line.ends_with("\\ ") { line } else { line.trim_end() };
            if line.is_empty() || line.starts_with('#') || layer.take(line, index) {
                continue;
            }
            // Git skips a pattern that it cannot read, so the error is no news.
            let _ = builder.add_line(None, line);
            layer.lines.insert(line.to_owned(), index);
        }
        if !layer.lines.is_empty() {
            layer.patterns = builder.build().ok().filter(|patterns| !patterns.is_empty());
        }
        let says_nothing = layer.paths.is_empty() && layer.names.is_empty() && layer.patterns.is_none();
        (!says_nothing).then_some(layer)
    }

    /// Takes a line that names one path or name, without a pattern in it.
    fn take(&mut self, line: &str, index: u32) -> bool {
        if !cfg!(unix) || line.contains(['*', '?', '[', ']', '{', '}', '\\', '!']) {
            return false;
        }
        let (name, is_folder) = line.strip_suffix('/').map_or((line, false), |name| (name, true));
        let (name, is_path) = match name.strip_prefix('/') {
            Some(name) => (name, true),
            None => (name, name.contains('/')),
        };
        let kind = if is_path { &mut self.paths } else { &mut self.names };
        let lines = kind.entry(name.as_bytes().to_vec()).or_default();
        *if is_folder { &mut lines.folder } else { &mut lines.any } = Some(index);
        true
    }

    /// What it says of a path that lies in its folder, if it speaks of it. The last line that does decides.
    fn ignores(&self, path: &Path, is_folder: bool) -> Option<bool> {
        let line = |kind: &HashMap<Vec<u8>, Lines>, name: Option<&[u8]>| {
            let lines = name.filter(|_| !kind.is_empty()).and_then(|name| kind.get(name))?;
            lines.any.max(lines.folder.filter(|_| is_folder))
        };
        let named = line(&self.names, paths::name(path)).max(line(&self.paths, paths::inside(path, &self.root)));
        let matched = self.patterns.as_ref().map_or(Match::None, |patterns| patterns.matched(path, is_folder));
        match (matched, named) {
            (Match::None, named) => named.map(|_| true),
            (Match::Ignore(_), _) => Some(true),
            (Match::Whitelist(pattern), named) => Some(named > self.lines.get(pattern.original()).copied()),
        }
    }
}

/// The top of the git repository that `folder` lies in.
pub(crate) fn repository(folder: &Path) -> Option<&Path> {
    folder.ancestors().find(|folder| folder.join(".git").symlink_metadata().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the lines say by themselves is what they say as patterns.
    #[test]
    fn plain_lines_mean_what_they_mean_as_patterns() {
        let lines = [
            "a", "/a", "a/", "/a/", "a/b", "/a/b", "a/b/", "./a", "a//", "//a", "/", " ", " a", "a ", "a\t", "a\u{a0}",
            "#a", "\\#a", "é", "a.js", ".a", "..", "a/../b", "**", "a b", "!a", "!a/", "!/a/b", "*.js", "!*.js", "!",
            "a\\ ", "!a ",
        ];
        let paths = [
            "a", "b", "a/b", "a/a", "b/a", "b/a/b", "a/b/a", "#a", "é", "b/é", "a.js", "b/a.js", ".a", " a", "a ",
            "b/a b",
        ];
        let root = Path::new("/r");
        for line in lines {
            for other in lines {
                let text = format!("{line}\n{other}\r\n");
                let mut builder = GitignoreBuilder::new(root);
                text.lines().for_each(|line| drop(builder.add_line(None, line)));
                let patterns = builder.build().unwrap();
                let layer = Layer::new(root, &text);
                for (path, is_folder) in paths.iter().flat_map(|path| [(path, true), (path, false)]) {
                    let path = root.join(path);
                    let expected = match patterns.matched(&path, is_folder) {
                        Match::None => None,
                        matched => Some(matched.is_ignore()),
                    };
                    let found = layer.as_ref().and_then(|layer| layer.ignores(&path, is_folder));
                    assert_eq!(found, expected, "{text:?} {path:?} {is_folder}");
                }
            }
        }
    }
}
