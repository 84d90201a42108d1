//! The words of a source list: <https://www.w3.org/TR/CSP3/#framework-directive-source-list>.

use serde::{Deserialize, Serialize};

use crate::html::is_templated;

/// What a word of a source list means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// `'none'`.
    None,
    /// `'self'`.
    Own,
    /// `'unsafe-inline'`.
    UnsafeInline,
    /// `'unsafe-eval'`.
    UnsafeEval,
    /// `'wasm-unsafe-eval'`.
    WasmUnsafeEval,
    /// `'strict-dynamic'`.
    StrictDynamic,
    /// Another keyword of the standard.
    Keyword,
    /// `'nonce-…'`.
    Nonce {
        /// As written.
        value: String,
        /// Whether it, or a part of it, is filled in.
        templated: bool,
    },
    /// `'sha256-…'`, `'sha384-…'`, `'sha512-…'`.
    Hash,
    /// `https:`; without the colon, in lower case.
    Scheme(String),
    /// `*` by itself.
    Any,
    /// A host with what may stand around it.
    Host {
        /// In lower case.
        scheme: Option<String>,
        /// Which hosts.
        host: HostName,
        /// Which port; `None` is the scheme's own.
        port: Option<Port>,
        /// With its slash; empty for any.
        path: String,
    },
    /// Filled in by a template engine, a build or the program.
    Unknown {
        /// What its beginning tells, in lower case.
        scheme: Option<String>,
    },
    /// Nothing that the standard knows: matches nothing.
    Invalid,
}

/// Which hosts a source matches; in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HostName {
    /// `*`.
    Any,
    /// `*.example.com`: the part behind the first point.
    Below(String),
    /// Exactly this one.
    Exact(String),
}

/// Which port a source matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Port {
    /// `*`.
    Any,
    /// This one.
    Number(u16),
}

/// Keywords without their quotes; those with a meaning of their own first.
pub(super) const KEYWORDS: [&str; 15] = [
    "none",
    "self",
    "unsafe-inline",
    "unsafe-eval",
    "wasm-unsafe-eval",
    "strict-dynamic",
    "unsafe-hashes",
    "report-sample",
    "unsafe-allow-redirects",
    "inline-speculation-rules",
    "trusted-types-eval",
    "report-sha256",
    "report-sha384",
    "report-sha512",
    "unsafe-webtransport-hashes",
];

impl Source {
    /// The meaning of a word; `templated` when it has a hole.
    pub fn of(word: &str, templated: bool) -> Self {
        if let Some(quoted) = word.strip_prefix('\'') {
            if let Some(quoted) = quoted.strip_suffix('\'') {
                return keyword(quoted, templated);
            }
            // `'self'${more}`: what fills the hole begins with a space, or the policy would be broken.
            return match quoted.split_once('\'') {
                Some((quoted, rest)) if templated && is_templated(rest) => keyword(quoted, false),
                _ if templated => Self::Unknown { scheme: None },
                _ => Self::Invalid,
            };
        }
        if templated {
            let scheme = word.split_once("://").map(|(scheme, _)| scheme).filter(|scheme| is_scheme(scheme));
            return Self::Unknown { scheme: scheme.map(str::to_ascii_lowercase) };
        }
        if word == "*" {
            return Self::Any;
        }
        if let Some(scheme) = word.strip_suffix(':').filter(|scheme| is_scheme(scheme)) {
            return Self::Scheme(scheme.to_ascii_lowercase());
        }
        host(word).unwrap_or(Self::Invalid)
    }
}

fn keyword(quoted: &str, templated: bool) -> Source {
    let lower = quoted.to_ascii_lowercase();
    match lower.as_str() {
        "none" => return Source::None,
        "self" => return Source::Own,
        "unsafe-inline" => return Source::UnsafeInline,
        "unsafe-eval" => return Source::UnsafeEval,
        "wasm-unsafe-eval" => return Source::WasmUnsafeEval,
        "strict-dynamic" => return Source::StrictDynamic,
        keyword if KEYWORDS.contains(&keyword) => return Source::Keyword,
        _ => {}
    }
    if lower.starts_with("nonce-") {
        let value = quoted.get("nonce-".len()..).unwrap_or_default();
        return match templated || is_base64(value) {
            true => Source::Nonce { value: value.to_owned(), templated },
            false => Source::Invalid,
        };
    }
    let hash = ["sha256-", "sha384-", "sha512-"].iter().find_map(|algorithm| lower.strip_prefix(algorithm));
    match hash {
        Some(value) if templated || is_base64(value) => Source::Hash,
        None if templated => Source::Unknown { scheme: None },
        _ => Source::Invalid,
    }
}

/// `base64-value` of the standard: both alphabets, up to two signs of filling.
fn is_base64(value: &str) -> bool {
    let digits = value.trim_end_matches('=');
    !digits.is_empty()
        && value.len() - digits.len() <= 2
        && digits.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_'))
}

fn is_scheme(text: &str) -> bool {
    text.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

fn host(word: &str) -> Option<Source> {
    let (scheme, rest) = match word.split_once("://") {
        Some((scheme, rest)) if is_scheme(scheme) => (Some(scheme.to_ascii_lowercase()), rest),
        Some(_) => return None,
        None => (None, word),
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    if path.contains(['?', '#']) {
        return None;
    }
    let (host, port) = match authority.split_once(':') {
        Some((host, "*")) => (host, Some(Port::Any)),
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
            (host, Some(Port::Number(port.parse().ok()?)))
        }
        Some(_) => return None,
        None => (authority, None),
    };
    let host = host.to_ascii_lowercase();
    let host = match host.strip_prefix("*.") {
        Some(below) if is_host(below) => HostName::Below(below.to_owned()),
        None if host == "*" => HostName::Any,
        None if is_host(&host) => HostName::Exact(host),
        _ => return None,
    };
    Some(Source::Host { scheme, host, port, path: path.to_owned() })
}

/// Labels between points; Chromium takes the underscore too.
fn is_host(host: &str) -> bool {
    host.strip_suffix('.').unwrap_or(host).split('.').all(|label| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    })
}
