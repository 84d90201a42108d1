//! Paths as reports print them: relative to one base folder, `/` between parts. And paths compared as bytes.
//!
//! [`Path`] compares part by part, which a walk of thousands of files feels; paths of one walk are made in one way, so that bytes tell.

use std::path::{Component, MAIN_SEPARATOR, Path, PathBuf};

use memchr::{memchr_iter, memrchr};

/// The folder that paths are relative to.
#[derive(Clone, Debug)]
pub(super) struct Base {
    /// Absolute, without links.
    pub folder: PathBuf,
}

impl Base {
    /// `path` relative to the base; the base itself is empty. Parts that are not Unicode are shown with U+FFFD. On another
    /// drive, the path itself.
    pub(super) fn display(&self, path: &Path) -> String {
        if let Some(inside) = inside(path, &self.folder).filter(|inside| is_plain(inside)) {
            return String::from_utf8_lossy(inside).into_owned();
        }
        let shared = self.folder.components().zip(path.components()).take_while(|(a, b)| a == b).count();
        if shared == 0 {
            return path.to_string_lossy().replace('\\', "/");
        }
        let up = self.folder.components().skip(shared).map(|_| "..".to_owned());
        let down = path.components().skip(shared).map(|part| match part {
            Component::Normal(name) => name.to_string_lossy().into_owned(),
            other => other.as_os_str().to_string_lossy().into_owned(),
        });
        up.chain(down).collect::<Vec<_>>().join("/")
    }
}

const SEPARATOR: u8 = MAIN_SEPARATOR as u8;

/// A path as bytes, in the system's encoding.
pub(super) fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

/// A folder as bytes, without a separator at the end: the root of Unix is empty.
pub(super) fn key(folder: &Path) -> &[u8] {
    let bytes = bytes(folder);
    bytes.strip_suffix(&[SEPARATOR]).unwrap_or(bytes)
}

/// The folder around a path, as [`key`] has it.
pub(super) fn around(path: &[u8]) -> Option<&[u8]> {
    memrchr(SEPARATOR, path).and_then(|at| path.get(..at))
}

/// The last part of a path, unless it ends otherwise.
pub(super) fn name(path: &Path) -> Option<&[u8]> {
    let bytes = bytes(path);
    memrchr(SEPARATOR, bytes).map_or(Some(bytes), |at| bytes.get(at + 1..))
}

/// What of a path lies below a folder, as bytes.
pub(super) fn inside<'a>(path: &'a Path, folder: &Path) -> Option<&'a [u8]> {
    bytes(path).strip_prefix(key(folder))?.strip_prefix(&[SEPARATOR])
}

/// Whether a path is a folder or lies in it. Both are absolute and hold no `.`, no `..` and no empty part.
pub(super) fn lies_in(path: &Path, folder: &Path) -> bool {
    if cfg!(unix) {
        let rest = bytes(path).strip_prefix(key(folder));
        rest.is_some_and(|rest| rest.first().is_none_or(|first| *first == SEPARATOR))
    } else {
        path.starts_with(folder)
    }
}

/// Of Unix, not empty, and without parts that [`Path::components`] would leave out.
fn is_plain(path: &[u8]) -> bool {
    let is_name = |rest: &[u8]| !matches!(rest, [] | [b'/', ..] | [b'.'] | [b'.', b'/', ..]);
    cfg!(unix) && is_name(path) && memchr_iter(b'/', path).all(|at| path.get(at + 1..).is_some_and(is_name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_to_the_base() {
        let base = Base { folder: PathBuf::from("/home/app") };
        let table = [
            ("/home/app", ""),
            ("/home/app/", ""),
            ("/home/app/src/main.js", "src/main.js"),
            ("/home/app//src/./main.js/", "src/main.js"),
            ("/home/app/src/.", "src"),
            ("/home/app/./src", "src"),
            ("/home/app/.git/..a/.b", ".git/..a/.b"),
            ("/home/shared/a.js", "../shared/a.js"),
            ("/home", ".."),
            ("/other", "../../other"),
            ("/home/application/a.js", "../application/a.js"),
        ];
        for (path, expected) in table {
            assert_eq!(base.display(Path::new(path)), expected, "{path}");
        }
        assert_eq!(Base { folder: PathBuf::from("/") }.display(Path::new("/a/b")), "a/b");
    }

    #[test]
    fn a_path_lies_in_the_folders_around_it() {
        let table =
            [("/a/b", "/a", true), ("/a", "/a", true), ("/ab", "/a", false), ("/a", "/a/b", false), ("/a", "/", true)];
        for (path, folder, expected) in table {
            assert_eq!(lies_in(Path::new(path), Path::new(folder)), expected, "{path} {folder}");
            assert_eq!(Path::new(path).starts_with(folder), expected, "{path} {folder}");
        }
    }

    #[test]
    fn the_folder_around_a_path_is_found_in_its_bytes() {
        let path = Path::new("/a").join("b");
        assert_eq!(around(bytes(&path)), Some(key(Path::new("/a"))));
        assert_eq!(around(bytes(Path::new("a"))), None);
    }
}
