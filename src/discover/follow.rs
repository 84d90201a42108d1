//! Files that the app loads although git ignores them.
//!
//! An ignore file says what is not committed, and sometimes it hides what is: an app with a folder `plugins` and a line `plugins`
//! for something else. What is read is searched for quoted names of files; one that git ignores and that exists is read too,
//! unless it was made from a file beside it.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::path::{Component, Path, PathBuf};

use electrolint_model::source::FileKind;
use memchr::{memchr, memchr3_iter, memmem};

use super::files::Reader;
use super::kinds;
use super::walk::{self, Entry, Left, Rules};

/// Most files that are taken in this way, for one app.
const FOLLOWED: usize = 10_000;

/// Longest quoted name that is looked at, in bytes.
const NAME: usize = 200;

/// Largest file of data that is read because a script names it, in bytes: settings are smaller, and tables of texts larger.
const DATA: u64 = 32 * 1024;

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

/// Adds to `files`, sorted, what they load of the ignored entries in `left`; a single file is no longer listed there.
pub(super) fn ignored(files: &mut Vec<Entry>, left: &mut Vec<Left>, rules: &Rules, reader: &mut Reader) {
    let hidden = Hidden::of(left);
    if hidden.paths.is_empty() {
        return;
    }
    let mut taken: BTreeMap<PathBuf, FileKind> = BTreeMap::new();
    let mut open: Vec<PathBuf> = Vec::new();
    let mut rest = files.iter().rev();
    loop {
        let (path, kind) = match open.pop() {
            Some(path) => {
                let kind = taken.get(&path).copied();
                (Cow::Owned(path), kind)
            }
            None => match rest.next() {
                Some(file) => (Cow::Borrowed(file.path.as_path()), Some(file.kind)),
                None => break,
            },
        };
        let Some(folder) = path.parent() else { continue };
        let Some(text) = kind.is_some_and(is_code).then(|| reader.text_with_names(&path)).flatten() else { continue };
        let is_in_hidden = hidden.holds(folder);
        for name in quoted_files(&text.content) {
            if !is_in_hidden && !hidden.may_hold(name) {
                continue;
            }
            let Some(target) = join(folder, name) else { continue };
            let is_known =
                |path: &PathBuf| files.binary_search_by(|file| file.path.cmp(path)).is_ok() || taken.contains_key(path);
            // The target itself need not be hidden when an ending is missing; its folder then is, or the file with it.
            let is_above = target.parent().is_some_and(|folder| hidden.holds(folder));
            let is_hidden = |path: &Path, ending: &str| {
                is_above || hidden.paths.contains(path) || (ending.starts_with('/') && hidden.paths.contains(&target))
            };
            let found = ENDINGS.iter().map(|ending| (with(&target, ending), ending)).find(|(path, ending)| {
                is_known(path)
                    || (is_hidden(path, ending) && path.symlink_metadata().is_ok_and(|metadata| metadata.is_file()))
            });
            let found = found.map(|(path, _)| path);
            let Some(found) = found.filter(|found| !is_known(found)) else { continue };
            let Some(kind) = found.file_name().and_then(|name| kinds::kind(&name.to_string_lossy())) else { continue };
            let is_excluded = rules.excludes(&found);
            if is_code(kind)
                && !is_excluded
                && !has_twin(&found)
                && !reader.looks_generated(&found)
                && taken.len() < FOLLOWED
            {
                taken.insert(found.clone(), kind);
                open.push(found);
            }
        }
    }
    if taken.is_empty() {
        return;
    }
    left.retain(|left| left.reason != walk::GIT_IGNORED || !taken.contains_key(&left.path));
    for left in left.iter_mut().filter(|left| left.reason == walk::GIT_IGNORED) {
        if taken.keys().any(|path| path.starts_with(&left.path)) {
            left.reason = walk::GIT_IGNORED_UNLESS_LOADED;
        }
    }
    files.extend(taken.into_iter().map(|(path, kind)| Entry { path, kind, wanted: false }));
    files.sort_by(|a, b| a.path.cmp(&b.path));
}

/// Data that a script of this folder names as a module of its own, `require('./settings.json')`, where a file of that name is there.
pub(super) fn data<'t>(folder: &'t Path, text: &'t str) -> impl Iterator<Item = PathBuf> + 't {
    let names = memmem::find(text.as_bytes(), b".json").is_some().then(|| quoted_files(text)).into_iter().flatten();
    names
        .filter(|name| name.ends_with(".json"))
        .filter_map(move |name| join(folder, name))
        .filter(|path| path.symlink_metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() <= DATA))
}

/// What git ignores.
struct Hidden {
    /// The folders and files.
    paths: HashSet<PathBuf>,
    /// The last parts of their paths, and of what is left of them without an ending: sorted.
    words: Vec<String>,
}

impl Hidden {
    fn of(left: &[Left]) -> Self {
        let hidden = left.iter().filter(|left| left.reason == walk::GIT_IGNORED);
        let paths: HashSet<PathBuf> = hidden.map(|left| left.path.clone()).collect();
        let last = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
        let mut words = Vec::new();
        for path in &paths {
            let Some(name) = last(path) else { continue };
            for ending in ENDINGS {
                match ending.strip_prefix('/') {
                    Some(index) if index == name => words.extend(path.parent().and_then(last)),
                    _ => words.extend(name.strip_suffix(ending).map(str::to_owned)),
                }
            }
        }
        words.sort();
        words.dedup();
        Self { paths, words }
    }

    fn holds(&self, path: &Path) -> bool {
        path.ancestors().any(|path| self.paths.contains(path))
    }

    /// Whether a quoted name can lead into what is hidden from a folder that is not: it then has a part that only leads there.
    fn may_hold(&self, name: &str) -> bool {
        let mut last = "";
        let has_word = name.split('/').any(|part| {
            last = part;
            self.words.binary_search_by(|word| word.as_str().cmp(part)).is_ok()
        });
        // The last part is one of the folder's own, or parts are told apart in another way.
        has_word || matches!(last, "" | "." | "..") || name.contains('\\')
    }
}

pub(super) fn is_code(kind: FileKind) -> bool {
    kinds::is_script(kind) || kind == FileKind::Html
}

/// Quoted strings that can be the name of a file: `./x`, `../x`, or with the ending of a script or page. Each ends at the next quote
/// or with its line.
pub(super) fn quoted_files(text: &str) -> impl Iterator<Item = &str> {
    let bytes = text.as_bytes();
    let mut quotes = memchr3_iter(b'\'', b'"', b'`', bytes);
    let mut next = quotes.next();
    std::iter::from_fn(move || {
        loop {
            let start = next? + 1;
            next = quotes.next();
            let end = next.unwrap_or(bytes.len());
            let rest = bytes.get(start..end)?;
            // A line ends where a newline is, with the carriage return before it.
            let name = match memchr(b'\n', rest.get(..NAME + 2).unwrap_or(rest)) {
                Some(newline) => {
                    let line = rest.get(..newline)?;
                    line.strip_suffix(b"\r").unwrap_or(line)
                }
                None => rest,
            };
            if name.len() > NAME {
                continue;
            }
            let is_relative = name.starts_with(b"./") || name.starts_with(b"../");
            let has_ending = || {
                matches!(
                    name,
                    [.., b'.', b'j', b's'] | [.., b'.', b'c' | b'm', b'j', b's'] | [.., b'.', b'h', b't', b'm', b'l']
                )
            };
            if (is_relative || has_ending()) && !name.iter().any(|byte| matches!(byte, b' ' | b':' | 0)) {
                return text.get(start..start + name.len());
            }
        }
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
        assert_eq!(
            quoted_files("it's ./a\n'./b\r\n'./c'd.js`../e").collect::<Vec<_>>(),
            ["./b", "./c", "d.js", "../e"]
        );
        assert_eq!(quoted_files("'\n'\r\n''").count(), 0);
        let long = "x".repeat(NAME);
        assert_eq!(quoted_files(&format!("'{}.js'\n'./{long}'\n'./{long}\n'./a", &long[3..])).count(), 2);
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
