//! Names of files as editors write them, and paths.
//!
//! <https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification/#uri>

use std::path::{Component, Path, PathBuf, Prefix};

/// The path that a `file:` URI names; `None` for other schemes (`untitled:`, `git:`), other hosts, and what is no URI.
pub(super) fn to_path(uri: &str) -> Option<PathBuf> {
    let (scheme, rest) = uri.split_once(':')?;
    if !scheme.eq_ignore_ascii_case("file") {
        return None;
    }
    let rest = rest.split(['?', '#']).next()?;
    let (host, path) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find('/')?),
        None => ("", rest),
    };
    let path = decoded(path)?;
    if !path.starts_with('/') || path.contains('\0') {
        return None;
    }
    if cfg!(windows) {
        let drive = path.strip_prefix('/').filter(|path| path.get(1..2) == Some(":"));
        return match (host, drive) {
            ("" | "localhost", Some(path)) => Some(PathBuf::from(path.replace('/', "\\"))),
            ("", None) => None,
            (host, _) => Some(PathBuf::from(format!("\\\\{host}{}", path.replace('/', "\\")))),
        };
    }
    matches!(host, "" | "localhost").then(|| PathBuf::from(path))
}

/// The URI of an absolute path.
pub(super) fn from_path(path: &Path) -> String {
    let mut uri = String::from("file://");
    for part in path.components() {
        match part {
            Component::Prefix(prefix) => match prefix.kind() {
                Prefix::Disk(letter) | Prefix::VerbatimDisk(letter) => {
                    uri.push('/');
                    uri.push(char::from(letter).to_ascii_lowercase());
                    uri.push_str("%3A");
                }
                Prefix::UNC(host, share) | Prefix::VerbatimUNC(host, share) => {
                    uri.push_str(&host.to_string_lossy());
                    uri.push('/');
                    encode(&share.to_string_lossy(), &mut uri);
                }
                Prefix::Verbatim(_) | Prefix::DeviceNS(_) => {}
            },
            Component::Normal(name) => {
                uri.push('/');
                encode(&name.to_string_lossy(), &mut uri);
            }
            _ => {}
        }
    }
    if uri == "file://" {
        uri.push('/');
    }
    uri
}

/// Without `%41`; `None` where the bytes are no UTF-8.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digit = |at: usize| after.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

/// Adds a name as the common editors write it: all but letters, digits and `-._~` as `%41`.
fn encode(name: &str, uri: &mut String) {
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn paths_come_back() {
        for path in ["/", "/a/b.js", "/with space/ä/%41/#x?.ts", "/@scope/[id].tsx"] {
            let uri = from_path(Path::new(path));
            assert!(uri.is_ascii(), "{uri}");
            assert_eq!(to_path(&uri).as_deref(), Some(Path::new(path)), "{uri}");
        }
        assert_eq!(from_path(Path::new("/a b/c.js")), "file:///a%20b/c.js");
    }

    #[cfg(unix)]
    #[test]
    fn uris_are_read_as_editors_write_them() {
        for uri in
            ["file:///a/b.js", "file:/a/b.js", "FILE://localhost/a/b.js", "file:///a/b.js#L1", "file:///a/%62.js"]
        {
            assert_eq!(to_path(uri).as_deref(), Some(Path::new("/a/b.js")), "{uri}");
        }
        for uri in [
            "",
            "untitled:Untitled-1",
            "git:/a/b.js?x",
            "file:",
            "file://host/a.js",
            "a.js",
            "file:///%ff",
            "file:///%00",
        ] {
            assert_eq!(to_path(uri), None, "{uri}");
        }
        assert_eq!(to_path("file:///100%").as_deref(), Some(Path::new("/100%")));
    }
}
