//! Paths as code hosts count them: from the top of the repository, whatever folder was checked.

use std::path::{Component, Path};

use super::Report;

/// The folder that paths are relative to, and the way from there to the report's base.
pub(super) struct Roots {
    /// The folder as a URI, with a slash at its end.
    pub uri: String,
    base: Vec<String>,
}

impl Roots {
    pub(super) fn of(report: &Report) -> Self {
        Self::new(&report.repository, &report.base)
    }

    fn new(root: &Path, base: &Path) -> Self {
        let base = base.strip_prefix(root).unwrap_or(Path::new(""));
        let names = |path: &Path| -> Vec<String> {
            path.components()
                .filter_map(|component| match component {
                    Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
                    // `\\?\C:` on Windows.
                    Component::Prefix(prefix) => {
                        Some(prefix.as_os_str().to_string_lossy().trim_start_matches(r"\\?\").to_string())
                    }
                    _ => None,
                })
                .collect()
        };
        let mut uri = "file:///".to_string();
        for name in names(root) {
            uri.push_str(&encode(&name));
            uri.push('/');
        }
        Self { uri, base: names(base) }
    }

    /// A path of the report, relative to the top; without dots as far as possible.
    pub(super) fn path(&self, path: &str) -> String {
        self.names(path).join("/")
    }

    /// The same, as a URI reference.
    pub(super) fn reference(&self, path: &str) -> String {
        let names = self.names(path);
        if names.is_empty() { "./".into() } else { names.into_iter().map(encode).collect::<Vec<_>>().join("/") }
    }

    fn names<'a>(&'a self, path: &'a str) -> Vec<&'a str> {
        let mut names: Vec<&str> = self.base.iter().map(String::as_str).collect();
        for name in path.split('/') {
            match name {
                "" | "." => {}
                ".." if names.last().is_some_and(|last| *last != "..") => drop(names.pop()),
                name => names.push(name),
            }
        }
        names
    }
}

/// Percent-encodes one segment of a path: <https://www.rfc-editor.org/rfc/rfc3986#section-2.3>.
fn encode(segment: &str) -> String {
    let mut out = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'@' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_to_the_repository_and_encoded() {
        let roots = Roots::new(Path::new("/home/a b/repo"), Path::new("/home/a b/repo/packages/app"));
        assert_eq!(roots.uri, "file:///home/a%20b/repo/");
        assert_eq!(roots.path("src/main.js"), "packages/app/src/main.js");
        assert_eq!(roots.reference("src/main.js"), "packages/app/src/main.js");
        assert_eq!(roots.path("../../ä #.js"), "ä #.js");
        assert_eq!(roots.reference("../../ä #.js"), "%C3%A4%20%23.js");
        assert_eq!(roots.reference("../../../out.js"), "../out.js");
        assert_eq!(roots.reference("../.."), "./");
    }
}
