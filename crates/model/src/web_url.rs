//! What the beginning of a URL tells: its scheme, whether the connection is encrypted, whether it stays on this machine.

use std::net::{IpAddr, Ipv4Addr};

use url::{Host, Url};

/// A URL whose connection everyone on the way can read and change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Insecure {
    /// `http`, `ws` or `ftp`.
    pub scheme: &'static str,
    /// In lower case; `None` when the host is not known.
    pub host: Option<String>,
    /// Whether the host is this machine; an unknown host is not.
    pub local: bool,
}

impl Insecure {
    /// Whether the host is a name without a dot: a server of a local network, or a name that the app itself answers for.
    pub fn is_short_name(&self) -> bool {
        self.host.as_deref().is_some_and(|host| !host.contains(['.', ':']))
    }
}

/// Schemes without encryption that a page or a request can use.
const INSECURE_SCHEMES: [&str; 3] = ["http", "ws", "ftp"];

/// The scheme of a URL or of the known beginning of one, in lower case, without its colon.
///
/// Leading blanks and control characters, and tabs and line ends anywhere, are dropped as a browser drops them:
/// <https://url.spec.whatwg.org/#concept-basic-url-parser>. `None` for a relative URL, or when the beginning ends before
/// the colon.
pub fn scheme_of(head: &str) -> Option<String> {
    let mut scheme = String::new();
    for character in head.trim_start_matches(|c| c <= ' ').chars() {
        match character {
            '\t' | '\n' | '\r' => {}
            ':' => return (!scheme.is_empty()).then_some(scheme),
            'a'..='z' | 'A'..='Z' => scheme.push(character.to_ascii_lowercase()),
            '0'..='9' | '+' | '-' | '.' if !scheme.is_empty() => scheme.push(character),
            _ => return None,
        }
    }
    None
}

/// Whether a host, as it stands in a URL, is this machine: `localhost` and names below it, loopback and unspecified
/// addresses.
///
/// `0.0.0.0` reaches this machine's servers as well. Names below `localhost` never leave it: RFC 6761, section 6.3.
pub fn is_local_host(host: &str) -> bool {
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if let Ok(address) = host.parse::<IpAddr>() {
        let address = match address {
            IpAddr::V6(address) => address.to_ipv4_mapped().map_or(IpAddr::V6(address), IpAddr::V4),
            IpAddr::V4(_) => address,
        };
        return address.is_loopback() || address == IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    }
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost")
}

/// What is insecure about a URL, or the known beginning of one; `None` when nothing is.
///
/// Of a beginning, such as `http://` before an unknown rest, the host counts only if the beginning goes past it.
pub fn insecure(url: &str) -> Option<Insecure> {
    let scheme = scheme_of(url)?;
    let scheme = INSECURE_SCHEMES.into_iter().find(|insecure| scheme == *insecure)?;
    let host = Url::parse(url).ok().and_then(|url| {
        url.host().map(|host| match host {
            Host::Domain(name) => name.to_owned(),
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => format!("[{address}]"),
        })
    });
    // `http:////./pipe/name`: a named pipe of Windows, in the way in which some libraries are told of one.
    if host.as_deref() == Some(".") {
        return None;
    }
    let local = host.as_deref().is_some_and(is_local_host);
    Some(Insecure { scheme, host, local })
}

/// As [`insecure`], of a text of which only the beginning is known.
pub fn insecure_head(head: &str) -> Option<Insecure> {
    let found = insecure(head)?;
    let authority = head.split_once(':').map_or("", |(_, rest)| rest.trim_start_matches(['/', '\\', '\t', '\n', '\r']));
    // `http://localhost` may go on as `.example.com`, `http://a:b` as `@example.com`.
    let ends = authority.contains(['/', '\\', '?', '#']) || has_port(authority);
    Some(if ends { found } else { Insecure { host: None, local: false, ..found } })
}

/// Whether the authority goes on with a port: `localhost:` and then digits or something unknown.
///
/// What follows could still be an `@`, but nobody writes a program that way.
fn has_port(authority: &str) -> bool {
    authority
        .rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_are_read_as_a_browser_reads_them() {
        for (head, scheme) in [
            ("http://a", Some("http")),
            (" \n\u{1}HtTp:", Some("http")),
            ("ht\ntp://a", Some("http")),
            ("git+ssh:a", Some("git+ssh")),
            ("C:\\a", Some("c")),
            ("", None),
            ("http", None),
            ("//a", None),
            (":a", None),
            ("1a:b", None),
            ("a b:", None),
            ("ä:", None),
        ] {
            assert_eq!(scheme_of(head).as_deref(), scheme, "{head:?}");
        }
    }

    #[test]
    fn local_hosts_and_their_look_alikes() {
        for host in [
            "localhost",
            "LOCALHOST.",
            "app.localhost",
            "127.0.0.1",
            "127.255.0.9",
            "0.0.0.0",
            "[::1]",
            "::1",
            "[::ffff:127.0.0.1]",
        ] {
            assert!(is_local_host(host), "{host}");
        }
        for host in
            ["localhost.example.com", "notlocalhost", "128.0.0.1", "10.0.0.1", "[::2]", "", "127.0.0.1.example.com"]
        {
            assert!(!is_local_host(host), "{host}");
        }
    }

    #[test]
    fn only_unencrypted_connections_are_insecure() {
        let found = |url: &str| insecure(url).map(|found| (found.scheme, found.host, found.local));
        let host = |host: &str| Some(host.to_owned());
        assert_eq!(found(" HTTP://Example.com/a"), Some(("http", host("example.com"), false)));
        assert_eq!(found("ws://localhost:3000"), Some(("ws", host("localhost"), true)));
        assert_eq!(found("http://2130706433/"), Some(("http", host("127.0.0.1"), true)));
        assert_eq!(found("http://[::1]:80/"), Some(("http", host("[::1]"), true)));
        assert_eq!(found("ftp:example.com"), Some(("ftp", host("example.com"), false)));
        assert_eq!(found("http://"), Some(("http", None, false)));
        for url in [
            "https://a",
            "wss://a",
            "//a",
            "file:///a",
            "a/http://b",
            "xhttp://a",
            "",
            "http:////./pipe/engine/version",
        ] {
            assert_eq!(found(url), None, "{url}");
        }
    }

    #[test]
    fn a_head_that_may_go_on_has_no_host_yet() {
        let local = |head: &str| insecure_head(head).map(|found| found.local);
        for head in ["http://localhost/", "http://127.0.0.1:", "ws://localhost:30", "http://localhost?x="] {
            assert_eq!(local(head), Some(true), "{head}");
        }
        for head in ["http://", "http://localhost", "http:", "http://example.com/"] {
            assert_eq!(local(head), Some(false), "{head}");
        }
        assert_eq!(local("https://"), None);
    }
}
