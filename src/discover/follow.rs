//! Files that the app loads although git ignores them.
//!
//! An ignore file says what is not committed, and sometimes it hides what is: an app with a folder `plugins` and a line `plugins`
//! for something else. What is read is searched for quoted names of files; one that git ignores and that exists is read too,
//! unless it was made from a file beside it.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use electrolint_model::source::FileKind;

use super::files::Reader;
use super::kinds;
use super::outputs;
use super::walk::{self, Entry, Left, Rules};

/// Most files that are taken in this way, for one app.
const FOLLOWED: usize = 10_000;

/// Longest quoted name that is looked at, in bytes.
const NAME: usize = 200;

/// What a bundler appends to a name, in its order.
const ENDINGS: [&str; 14] = [
    "",
    ".ts",
    ".tsx",
    ".mts",
    ".cts",
    ".js",
    ".jsx",
    ".mjs",
    ".cjs",
    "/index.ts",
    "/index.tsx",
    "/index.js",
    "/index.mjs",
    "/index.cjs",
];

/// Adds to `files` what they load of the ignored entries in `left`; a single file is no longer listed there.
pub(super) fn ignored(files: &mut Vec<Entry>, left: &mut Vec<Left>, rules: &Rules, reader: &mut Reader) {
    let hidden: Vec<PathBuf> =
        left.iter().filter(|left| left.reason == walk::GIT_IGNORED).map(|left| left.path.clone()).collect();
    if hidden.is_empty() {
        return;
    }
    let is_hidden = |path: &Path| hidden.iter().any(|hidden| path.starts_with(hidden));
    let mut known: BTreeSet<PathBuf> = files.iter().map(|file| file.path.clone()).collect();
    let mut open: Vec<PathBuf> = known.iter().cloned().collect();
    let mut taken: Vec<PathBuf> = Vec::new();
    while let Some(path) = open.pop() {
        let Some(folder) = path.parent() else { continue };
        let kind = path.file_name().and_then(|name| kinds::kind(&name.to_string_lossy()));
        let Some(text) = kind.is_some_and(is_code).then(|| reader.text(&path)).flatten() else { continue };
        for name in quoted_files(&text.content) {
            let Some(target) = join(folder, name) else { continue };
            // The target itself need not be hidden when an ending is missing; its folder then is, or the file with it.
            let found = ENDINGS.iter().map(|ending| with(&target, ending)).find(|path| {
                known.contains(path)
                    || (is_hidden(path) && path.symlink_metadata().is_ok_and(|metadata| metadata.is_file()))
            });
            let Some(found) = found.filter(|found| !known.contains(found)) else { continue };
            let Some(kind) = found.file_name().and_then(|name| kinds::kind(&name.to_string_lossy())) else { continue };
            let is_excluded = rules.excludes(&found);
            if is_code(kind)
                && !is_excluded
                && !has_twin(&found)
                && !outputs::looks_generated(&found, reader)
                && taken.len() < FOLLOWED
            {
                taken.push(found.clone());
                known.insert(found.clone());
                open.push(found.clone());
                files.push(Entry { path: found, kind, wanted: false });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    left.retain(|left| left.reason != walk::GIT_IGNORED || !known.contains(&left.path));
    for left in left.iter_mut().filter(|left| left.reason == walk::GIT_IGNORED) {
        if taken.iter().any(|path| path.starts_with(&left.path)) {
            left.reason = walk::GIT_IGNORED_UNLESS_LOADED;
        }
    }
}

fn is_code(kind: FileKind) -> bool {
    kinds::is_script(kind) || kind == FileKind::Html
}

/// Quoted strings that can be the name of a file: `./x`, `../x`, or with the ending of a script or page.
fn quoted_files(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| line.split(['\'', '"', '`']).skip(1)).filter(|name| {
        let is_relative = name.starts_with("./") || name.starts_with("../");
        let has_ending = [".js", ".cjs", ".mjs", ".html"].iter().any(|ending| name.ends_with(ending));
        (is_relative || has_ending) && name.len() <= NAME && !name.contains([' ', ':', '\0'])
    })
}

/// `name` from `folder`, its dots resolved; `None` inside installed packages or out of the tree.
fn join(folder: &Path, name: &str) -> Option<PathBuf> {
    let mut path = folder.to_path_buf();
    for part in Path::new(name).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                path.pop();
            }
            Component::Normal(name) if name != "node_modules" => path.push(name),
            _ => return None,
        }
    }
    Some(path)
}

fn with(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// A TypeScript file beside it, which it was made from.
fn has_twin(path: &Path) -> bool {
    let is_made = path.extension().is_some_and(|ending| ending == "js" || ending == "mjs" || ending == "cjs");
    is_made && ["ts", "tsx", "mts", "cts"].iter().any(|ending| path.with_extension(ending).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_found_in_quotes() {
        let script =
            "import a from './a';\nload(path.join(__dirname, 'preload.js'), \"x y.js\", 'http://h/b.js', 'fs')";
        assert_eq!(quoted_files(script).collect::<Vec<_>>(), ["./a", "preload.js"]);
    }

    #[test]
    fn dots_are_resolved_and_installed_packages_refused() {
        let join = |name| join(Path::new("/a/b"), name);
        assert_eq!(join("./c"), Some(PathBuf::from("/a/b/c")));
        assert_eq!(join("../c.js"), Some(PathBuf::from("/a/c.js")));
        assert_eq!(join("../node_modules/c.js"), None);
        assert_eq!(join("/etc/x.js"), None);
    }
}
