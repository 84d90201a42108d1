//! Workspaces: which packages of a repository belong together, as npm, Yarn, pnpm and lerna write it.

use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde_json::Value;

use super::files::Reader;
use super::packages;

/// Most patterns of one workspace that are looked at.
const PATTERNS: usize = 1000;

/// The patterns of one workspace root.
#[derive(Debug)]
pub(super) struct Workspace {
    /// The root's folder, absolute.
    pub root: PathBuf,
    taken: GlobSet,
    refused: GlobSet,
}

impl Workspace {
    /// The workspace that `folder` is the root of.
    pub(super) fn at(folder: &Path, reader: &mut Reader) -> Option<Self> {
        let mut patterns = Vec::new();
        for file in ["package.json", "lerna.json"] {
            let json = reader.json(&folder.join(file));
            let Some(Ok(value)) = json.as_deref() else { continue };
            patterns.extend(packages::workspaces(value));
            if file == "lerna.json" {
                let list = value["packages"].as_array().into_iter().flatten();
                patterns.extend(list.filter_map(Value::as_str).map(str::to_owned));
            }
        }
        if let Some(text) = reader.text(&folder.join("pnpm-workspace.yaml")) {
            patterns.extend(pnpm(&text.content));
        }
        patterns.truncate(PATTERNS);
        let (refused, taken): (Vec<_>, Vec<_>) = patterns.iter().partition(|pattern| pattern.starts_with('!'));
        if taken.is_empty() {
            return None;
        }
        Some(Self { root: folder.to_path_buf(), taken: set(&taken), refused: set(&refused) })
    }

    /// Whether the package in `folder` is of this workspace. The root is.
    pub(super) fn holds(&self, folder: &Path) -> bool {
        let Ok(path) = folder.strip_prefix(&self.root) else { return false };
        path.as_os_str().is_empty() || (self.taken.is_match(path) && !self.refused.is_match(path))
    }
}

/// The nearest workspace at or above `folder`, up to `top`, that holds it.
pub(super) fn around(folder: &Path, top: &Path, reader: &mut Reader) -> Option<Workspace> {
    folder
        .ancestors()
        .take_while(|ancestor| ancestor.starts_with(top))
        .filter_map(|ancestor| Workspace::at(ancestor, reader))
        .find(|workspace| workspace.holds(folder))
}

fn set(patterns: &[&String]) -> GlobSet {
    let mut builder = GlobSetBuilder::new();
    for pattern in patterns {
        let pattern = pattern.trim_start_matches('!').trim_start_matches("./").trim_end_matches('/');
        // A pattern that is none matches nothing: its package manager would say so.
        if let Ok(glob) = GlobBuilder::new(pattern).literal_separator(true).build() {
            builder.add(glob);
        }
    }
    builder.build().unwrap_or_else(|_| GlobSet::empty())
}

/// The list under `packages:` of a `pnpm-workspace.yaml`: one item a line, or all in brackets. That is how pnpm and its
/// documentation write it; anchors and the like are not followed.
fn pnpm(yaml: &str) -> Vec<String> {
    let mut patterns = Vec::new();
    let mut lines = yaml.lines();
    let Some(first) = lines.by_ref().find_map(|line| line.strip_prefix("packages:")) else { return patterns };
    if let Some(list) = first.trim().strip_prefix('[') {
        patterns.extend(list.split(']').next().unwrap_or_default().split(',').filter_map(scalar));
        return patterns;
    }
    for line in lines {
        let item = line.trim_start();
        if item.is_empty() || item.starts_with('#') {
            continue;
        }
        match item.strip_prefix('-') {
            Some(item) => patterns.extend(scalar(item)),
            None => break,
        }
    }
    patterns
}

fn scalar(item: &str) -> Option<String> {
    let item = item.trim();
    let quoted = ['\'', '"'].iter().find_map(|&quote| item.strip_prefix(quote)?.split(quote).next());
    let value = quoted.unwrap_or_else(|| item.split(" #").next().unwrap_or_default().trim());
    (!value.is_empty()).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pnpm_lists_are_read() {
        let block = "# x\npackages:\n  # apps\n  - 'apps/*'\n  - \"packages/**\" # all\n  - tools\n  - '!**/test/**'\n\ncatalog:\n  electron: 1\n";
        assert_eq!(pnpm(block), ["apps/*", "packages/**", "tools", "!**/test/**"]);
        assert_eq!(pnpm("packages:\n- a\n- b\n"), ["a", "b"]);
        assert_eq!(pnpm("packages: [a, 'b/*']\n"), ["a", "b/*"]);
        assert!(pnpm("catalog:\n  a: 1\n").is_empty());
    }

    #[test]
    fn patterns_choose_packages() {
        let patterns = ["packages/*".to_owned(), "./apps/**".to_owned()];
        let refused = ["!packages/old".to_owned()];
        let workspace = Workspace {
            root: PathBuf::from("/w"),
            taken: set(&patterns.iter().collect::<Vec<_>>()),
            refused: set(&refused.iter().collect::<Vec<_>>()),
        };
        for folder in ["/w", "/w/packages/a", "/w/apps/x/y"] {
            assert!(workspace.holds(Path::new(folder)), "{folder}");
        }
        for folder in ["/w/packages/a/b", "/w/packages/old", "/w/other", "/v/packages/a"] {
            assert!(!workspace.holds(Path::new(folder)), "{folder}");
        }
    }
}
