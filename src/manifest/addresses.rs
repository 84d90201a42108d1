//! Addresses as a manifest writes them: URLs, origins, schemes.

use std::collections::BTreeSet;

use electrolint_model::app::Admitted;
use electrolint_model::app::checks::UrlPart;
use electrolint_model::link::things::Known;
use electrolint_policy::HostPattern;

/// What an address says of the server that it leads to.
pub(super) enum Server {
    /// `https`, and `api.example.com` or `api.example.com:8443`.
    Known(String, String),
    /// Not a server's: `file:`, `data:`, a path, a scheme of the app's own.
    Elsewhere,
    /// The host is not known.
    Open,
}

pub(super) fn server(known: &Known) -> Server {
    known.thing.head().map_or(Server::Open, |(text, whole)| server_of(text, whole))
}

/// As [`server`], for a text; with `whole` nothing follows it.
pub(super) fn server_of(text: &str, whole: bool) -> Server {
    let text = text.trim();
    let Some((scheme, rest)) = text.split_once(':') else { return Server::Elsewhere };
    let scheme = scheme.to_ascii_lowercase();
    if !matches!(scheme.as_str(), "http" | "https" | "ws" | "wss") {
        let is_scheme = scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b)) && !scheme.is_empty();
        // `example.com:8080/x` is a request to a path in a page and an error elsewhere.
        return if is_scheme || whole { Server::Elsewhere } else { Server::Open };
    }
    let rest = rest.trim_start_matches(['/', '\\']);
    let end = rest.find(['/', '?', '#', '\\']);
    let authority = match end {
        Some(end) => &rest[..end],
        None if whole => rest,
        None => return Server::Open,
    };
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let default = if matches!(scheme.as_str(), "https" | "wss") { ":443" } else { ":80" };
    let host = host.strip_suffix(default).unwrap_or(host);
    match HostPattern::parse(host) {
        // A star or a placeholder in an address is no host.
        Ok(pattern) if !host.contains('*') => Server::Known(scheme, pattern.to_string()),
        _ => Server::Open,
    }
}

/// A page of the app's own, loaded as a file: the path below the app's folder.
pub(super) fn file_url(path: &str) -> String {
    format!("file:///{path}")
}

/// A URL as it is loaded: whole, or its beginning and a star.
pub(super) fn address(known: &Known) -> Option<String> {
    let (text, whole) = known.thing.head()?;
    let (scheme, rest) = text.split_once(':')?;
    if !is_scheme(scheme) || scheme == "file" {
        return None;
    }
    match server_of(text, whole) {
        Server::Open => None,
        _ if whole && !text.contains('*') => Some(text.to_owned()),
        // Of a scheme of the app's own the beginning is enough.
        _ => (!rest.trim_start_matches('/').is_empty()).then(|| format!("{}*", text.split('*').next().unwrap_or(text))),
    }
}

pub(super) fn is_scheme(text: &str) -> bool {
    text.bytes().next().is_some_and(|b| b.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-.".contains(&b))
}

/// The origin of an address, or of its beginning: `https://example.com`, `app://main`, `file://`.
pub(super) fn origin_of(url: &str, whole: bool) -> Option<String> {
    match server_of(url, whole) {
        Server::Known(scheme, host) => return Some(format!("{scheme}://{host}")),
        Server::Open => return None,
        Server::Elsewhere => {}
    }
    let (scheme, rest) = url.trim().split_once(':')?;
    if scheme == "file" {
        return Some("file://".into());
    }
    if !is_scheme(scheme) {
        return None;
    }
    let host = rest.strip_prefix("//")?.split(['/', '?', '#', '*']).next().filter(|host| !host.is_empty())?;
    HostPattern::parse(host).ok().map(|host| format!("{scheme}://{host}"))
}

/// What a check admits, as origins; `None` where one of them is none.
pub(super) fn origins_of(admitted: &[Admitted]) -> Option<BTreeSet<String>> {
    let mut all = BTreeSet::new();
    for (part, text) in admitted {
        match part {
            UrlPart::Protocol | UrlPart::Whole if matches!(text.trim_end_matches('/'), "file:") => {
                all.insert("file://".to_owned());
            }
            UrlPart::Protocol => {
                let scheme = text.strip_suffix(':').filter(|scheme| is_scheme(scheme))?;
                all.insert(format!("{scheme}://*"));
            }
            UrlPart::Host => {
                let host = HostPattern::parse(text).ok()?;
                all.extend(["https", "http"].map(|scheme| format!("{scheme}://{host}")));
            }
            UrlPart::Whole | UrlPart::Origin => {
                let scheme_alone = text.trim_end_matches('/').strip_suffix(':').filter(|scheme| is_scheme(scheme));
                all.insert(match scheme_alone {
                    Some(scheme) => format!("{scheme}://*"),
                    None => origin_of(text, true)?,
                });
            }
            UrlPart::Other => return None,
        }
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_addresses() {
        for (text, expected) in [
            ("https://api.example.com/v1", Some("api.example.com")),
            ("HTTPS://API.Example.com:443", Some("api.example.com")),
            ("wss://a.example:8443?x", Some("a.example:8443")),
            ("https://user:pass@a.example/", Some("a.example")),
            ("https://[2606:4700::1111]:8080/", Some("[2606:4700::1111]:8080")),
            ("file:///x/index.html", None),
            ("data:text/html,x", None),
            ("app://main/", None),
            ("/v1/items", None),
        ] {
            let found = match server_of(text, true) {
                Server::Known(_, host) => Some(host),
                Server::Elsewhere => None,
                Server::Open => panic!("{text}"),
            };
            assert_eq!(found.as_deref(), expected, "{text}");
        }
        assert!(matches!(server_of("https://", false), Server::Open));
        assert!(matches!(server_of("https://api.", false), Server::Open));
        assert!(matches!(server_of("https://*/x", true), Server::Open));
    }
}
