//! What names of the file may look like.

use crate::host::HostPattern;

/// The named capabilities.
pub(crate) const PERMISSIONS: &[&str] = &[
    "log",
    "timers",
    "net.request",
    "net.websocket",
    "storage",
    "config.write",
    "inbound.http",
    "inbound.static",
    "inbound.socketio",
    "ROOT",
];

/// Names that a property lookup would find on every object, or that would make a promise of it.
const POISONED: &[&str] = &["__proto__", "constructor", "prototype", "then"];

/// `[a-z0-9][a-z0-9._-]{0,127}` without `..`: safe as a path segment and a URL segment.
pub(crate) fn id(text: &str) -> Result<(), String> {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let starts = text.bytes().next().is_some_and(allowed);
    if starts && text.len() <= 128 && text.bytes().all(|b| allowed(b) || b"._-".contains(&b)) && !text.contains("..") {
        return Ok(());
    }
    Err(format!("`{text}` is not an id: 1 to 128 of a-z 0-9 . _ -, starting with a letter or digit, without `..`"))
}

/// Dotted segments that are identifiers, none of them found on every object.
///
/// # Errors
/// A sentence that says which segment is wrong.
pub fn method(text: &str) -> Result<(), String> {
    if text.len() > 256 {
        return Err("a name of a method has at most 256 bytes".into());
    }
    for segment in text.split('.') {
        let mut bytes = segment.bytes();
        let starts = bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_' || b == b'$');
        if !starts || !bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'$') {
            return Err(format!("`{text}` is not a name of a method: `{segment}` is not an identifier"));
        }
        if POISONED.contains(&segment) {
            return Err(format!("`{text}` is not a name of a method: `{segment}` is reserved"));
        }
    }
    Ok(())
}

/// A path of plain segments: no root, no drive, no backslash, no `.` or `..`.
pub(crate) fn relative_path(text: &str) -> Result<(), String> {
    let plain = |segment: &str| !matches!(segment, "" | "." | "..");
    let clean = !text.chars().any(|c| c.is_control() || matches!(c, '\\' | ':'));
    if clean && text.len() <= 512 && text.split('/').all(plain) {
        return Ok(());
    }
    Err(format!("`{}` is not a relative path of plain segments", text.escape_debug()))
}

/// As [`relative_path`]; a folder may be written with a slash at its end.
pub(crate) fn folder(text: &str) -> Result<(), String> {
    relative_path(text.strip_suffix('/').unwrap_or(text))
}

/// A path of a route: plain segments, nothing encoded, no query.
pub(crate) fn route(text: &str) -> Result<(), String> {
    if text.chars().any(|c| matches!(c, '%' | '?' | '#') || c.is_whitespace()) {
        return Err(format!("`{}` is not a path of a route: nothing encoded, no query, no space", text.escape_debug()));
    }
    relative_path(text)
}

/// A specifier that is neither a path nor a URL.
pub(crate) fn bare_specifier(text: &str) -> Result<(), String> {
    let clean = !text.is_empty() && text.len() <= 214 && !text.chars().any(|c| c.is_whitespace() || c.is_control());
    if clean
        && !text.starts_with(['.', '/'])
        && !text.contains(['\\', '%', ':'])
        && text.split('/').all(|s| !matches!(s, "" | "." | ".."))
    {
        return Ok(());
    }
    Err(format!("`{}` is not a bare specifier", text.escape_debug()))
}

pub(crate) fn scheme(text: &str) -> Result<(), String> {
    let starts = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
    if starts && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-.".contains(&b)) {
        return Ok(());
    }
    Err(format!("`{text}` is not a scheme in lower case, without colon"))
}

/// `scheme://host[:port]` with a host pattern and no path; `file://` and `null` stand for themselves.
pub(crate) fn origin(text: &str) -> Result<(), String> {
    if matches!(text, "file://" | "null" | "*") {
        return Ok(());
    }
    let (before, host) =
        text.split_once("://").ok_or_else(|| format!("`{text}` is not an origin: scheme://host[:port]"))?;
    scheme(before)?;
    HostPattern::parse(host).map(drop)
}

pub(crate) fn pointer(text: &str) -> Result<(), String> {
    if text.is_empty() || text.starts_with('/') { Ok(()) } else { Err(format!("`{text}` is not a JSON pointer")) }
}

pub(crate) fn any_key(text: &str) -> Result<(), String> {
    if text.len() <= 1024 { Ok(()) } else { Err("a key has at most 1024 bytes".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids() {
        for good in ["a", "com.example.weather", "0-x_y", &"a".repeat(128)] {
            assert!(id(good).is_ok(), "{good}");
        }
        for bad in ["", ".a", "a..b", "A", "a/b", "a b", "é", "-a", &"a".repeat(129)] {
            assert!(id(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn methods() {
        for good in ["add", "ns.method", "$._x1", "constructorx", "a.thenable"] {
            assert!(method(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "a..b",
            ".a",
            "a.",
            "1a",
            "a-b",
            "__proto__",
            "a.__proto__",
            "constructor",
            "then",
            "a.prototype",
            "a b",
            "é",
            "a\0",
        ] {
            assert!(method(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn paths_routes_and_specifiers() {
        for good in ["index.js", "a/b/c.js", ".hidden"] {
            assert!(relative_path(good).is_ok() && route(good).is_ok(), "{good}");
        }
        for bad in ["", "/a", "../a", "a/../b", "a//b", "./a", "a/.", "C:/x", "a\\b", "a\0b", "a\nb"] {
            assert!(relative_path(bad).is_err(), "{bad:?}");
            assert!(route(bad).is_err(), "{bad:?}");
        }
        assert!(folder("web/").is_ok() && folder("/").is_err());
        assert!(route("a%2fb").is_err() && route("a?b").is_err() && route(&"a".repeat(513)).is_err());
        for good in ["lodash", "@scope/name", "name/sub"] {
            assert!(bare_specifier(good).is_ok(), "{good}");
        }
        for bad in ["", "./a", "../a", "/a", "node:fs", "a/../b", "a%2fb", "a\\b"] {
            assert!(bare_specifier(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn origins() {
        for good in ["https://app.example.com", "app://main", "https://*.example.com:8443", "file://"] {
            assert!(origin(good).is_ok(), "{good}");
        }
        for bad in ["example.com", "https://a.example.com/path", "HTTPS://a.example.com", "https://"] {
            assert!(origin(bad).is_err(), "{bad}");
        }
    }
}
