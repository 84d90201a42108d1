//! Paths as reports print them: relative to one base folder, `/` between parts.

use std::path::{Component, Path, PathBuf};

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_to_the_base() {
        let base = Base { folder: PathBuf::from("/home/app") };
        let table = [
            ("/home/app", ""),
            ("/home/app/src/main.js", "src/main.js"),
            ("/home/shared/a.js", "../shared/a.js"),
            ("/home", ".."),
            ("/other", "../../other"),
            ("/home/application/a.js", "../application/a.js"),
        ];
        for (path, expected) in table {
            assert_eq!(base.display(Path::new(path)), expected, "{path}");
        }
    }
}
