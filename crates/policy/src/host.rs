//! Host patterns: `name`, `*.name`, an IP literal, or `*`, each with an optional `:port`.

use std::fmt;
use std::net::IpAddr;

use url::Host;

/// Ports that the Fetch standard blocks: <https://fetch.spec.whatwg.org/#port-blocking>.
const BLOCKED_PORTS: &[u16] = &[
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109,
    110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531,
    532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060,
    5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
];

/// Whether the Fetch standard blocks this port.
#[must_use]
pub fn is_blocked_port(port: u16) -> bool {
    BLOCKED_PORTS.binary_search(&port).is_ok()
}

/// The host of a URL as the URL parser reads it, in lower case and without brackets: `http://0x7f.1/` has `127.0.0.1`. `None` for a
/// text that is no URL with a host.
#[must_use]
pub fn host_of(url: &str) -> Option<String> {
    match url::Url::parse(url).ok()?.host()? {
        Host::Domain(name) => Some(name.to_owned()),
        Host::Ipv4(address) => Some(address.to_string()),
        Host::Ipv6(address) => Some(address.to_string()),
    }
}

/// An entry of `network.hosts`, compared as a parsed host and never as text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostPattern {
    name: NamePattern,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum NamePattern {
    /// Every public host.
    Any,
    /// Every name below this one, not the name itself. Held without the star and with a leading dot.
    Below(String),
    /// This name, lower case, punycode, without trailing dot.
    Name(String),
    Address(IpAddr),
}

impl HostPattern {
    /// Every host, on every port that Fetch allows.
    #[must_use]
    pub fn any() -> Self {
        Self { name: NamePattern::Any, port: None }
    }

    /// Reads a pattern by the URL parser's rules for hosts.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the pattern: not a host, a star elsewhere than as the whole first label,
    /// fewer than two labels after a star, a port outside 1–65535, or a part of a URL that does not belong to a host.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("an empty string is not a host".into());
        }
        if let Some(found) = text
            .chars()
            .find(|c| matches!(c, '/' | '\\' | '@' | '?' | '#' | '%') || c.is_whitespace() || c.is_control())
        {
            return Err(format!("`{text}` is not a host: {found:?} has no place in one"));
        }
        let (host, port) = split_port(text)?;
        let port = port.map(|digits| parse_port(text, digits)).transpose()?;
        if host == "*" {
            return Ok(Self { name: NamePattern::Any, port });
        }
        let (star, rest) = host.strip_prefix("*.").map_or((false, host), |rest| (true, rest));
        if rest.contains('*') {
            return Err(format!("`{text}`: a star stands for the whole first label only, as in `*.example.com`"));
        }
        let name = match Host::parse(rest).map_err(|error| format!("`{text}` is not a host: {error}"))? {
            Host::Ipv4(address) if !star => NamePattern::Address(address.into()),
            Host::Ipv6(address) if !star => NamePattern::Address(address.into()),
            Host::Ipv4(_) | Host::Ipv6(_) => return Err(format!("`{text}`: there is nothing below an address")),
            Host::Domain(name) => {
                let name = name.strip_suffix('.').unwrap_or(&name).to_owned();
                if name.is_empty() || name.split('.').any(str::is_empty) {
                    return Err(format!("`{text}` is not a host: it has an empty label"));
                }
                match (star, name.contains('.')) {
                    (true, false) => return Err(format!("`{text}`: two labels must follow the star")),
                    (true, true) => NamePattern::Below(format!(".{name}")),
                    (false, _) => NamePattern::Name(name),
                }
            }
        };
        Ok(Self { name, port })
    }

    /// The address, if the pattern is an IP literal.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        match self.name {
            NamePattern::Address(address) => Some(address),
            _ => None,
        }
    }

    /// Whether this pattern covers `host` (as the URL parser gives it) on `port`. Without a port of its own it covers
    /// those that Fetch allows. Says nothing about addresses.
    #[must_use]
    pub fn covers(&self, host: &Host<&str>, port: u16) -> bool {
        self.port.map_or(!is_blocked_port(port), |own| own == port) && self.covers_host(host)
    }

    fn covers_host(&self, host: &Host<&str>) -> bool {
        match (&self.name, host) {
            (NamePattern::Any, _) => true,
            (NamePattern::Address(own), Host::Ipv4(other)) => *own == IpAddr::V4(*other),
            (NamePattern::Address(own), Host::Ipv6(other)) => *own == IpAddr::V6(*other),
            (NamePattern::Name(own), Host::Domain(name)) => own == name.strip_suffix('.').unwrap_or(name),
            (NamePattern::Below(own), Host::Domain(name)) => {
                let name = name.strip_suffix('.').unwrap_or(name);
                name.len() > own.len() && name.ends_with(own.as_str())
            }
            _ => false,
        }
    }

    /// As [`HostPattern::covers`], for the host and port of a URL; `None` for a text that is no URL with a host.
    #[must_use]
    pub fn covers_url(&self, url: &str) -> Option<bool> {
        let url = url::Url::parse(url).ok()?;
        let host = url.host()?;
        Some(self.covers(&host, url.port_or_known_default()?))
    }

    /// What both patterns cover, or `None` when that is nothing.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Option<Self> {
        let port = match (self.port, other.port) {
            (Some(a), Some(b)) if a != b => return None,
            (Some(port), other_port) | (other_port, Some(port)) => {
                // A ceiling without ports leaves the blocked ones out.
                if other_port.is_none() && is_blocked_port(port) {
                    return None;
                }
                Some(port)
            }
            (None, None) => None,
        };
        let name = match (&self.name, &other.name) {
            (NamePattern::Any, name) | (name, NamePattern::Any) => name.clone(),
            (NamePattern::Below(a), NamePattern::Below(b)) if a.ends_with(b.as_str()) => self.name.clone(),
            (NamePattern::Below(a), NamePattern::Below(b)) if b.ends_with(a.as_str()) => other.name.clone(),
            (NamePattern::Below(tree), NamePattern::Name(name))
            | (NamePattern::Name(name), NamePattern::Below(tree)) => {
                if name.len() <= tree.len() || !name.ends_with(tree.as_str()) {
                    return None;
                }
                NamePattern::Name(name.clone())
            }
            (a, b) if a == b => a.clone(),
            _ => return None,
        };
        Some(Self { name, port })
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            NamePattern::Any => f.write_str("*")?,
            NamePattern::Below(name) => write!(f, "*{name}")?,
            NamePattern::Name(name) => f.write_str(name)?,
            NamePattern::Address(IpAddr::V4(address)) => write!(f, "{address}")?,
            NamePattern::Address(IpAddr::V6(address)) => write!(f, "[{address}]")?,
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

/// Splits off `:port`; a bare IPv6 literal without brackets has too many colons to have one.
fn split_port(text: &str) -> Result<(&str, Option<&str>), String> {
    if text.starts_with('[') {
        let end = text.find(']').ok_or_else(|| format!("`{text}`: the bracket is not closed"))?;
        let (host, rest) = text.split_at(end + 1);
        return match rest.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if rest.is_empty() => Ok((host, None)),
            None => Err(format!("`{text}`: only a port may follow the bracket")),
        };
    }
    match text.split_once(':') {
        Some((_, rest)) if rest.contains(':') => Err(format!("`{text}`: an IPv6 address stands in brackets")),
        Some((host, port)) => Ok((host, Some(port))),
        None => Ok((text, None)),
    }
}

fn parse_port(text: &str, digits: &str) -> Result<u16, String> {
    let port = digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok()).flatten();
    port.filter(|port| *port != 0).ok_or_else(|| format!("`{text}`: a port is a number from 1 to 65535"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_what_the_parser_reads() {
        for (url, host) in [
            ("http://012.0.0.1/", Some("10.0.0.1")),
            ("http://10.0.0.1./", Some("10.0.0.1")),
            ("http://[::FFFF:1.2.3.4]:80/", Some("::ffff:1.2.3.4")),
            ("HTTP://EXAMPLE.com.", Some("example.com.")),
            ("http://1.2.3.999/", None),
            ("/path", None),
        ] {
            assert_eq!(host_of(url).as_deref(), host, "{url}");
        }
    }

    #[test]
    fn urls_are_judged_by_their_host_and_port() {
        let covers = |pattern: &str, url: &str| HostPattern::parse(pattern).expect("is a pattern").covers_url(url);
        assert_eq!(covers("*.example.com", "https://api.example.com/v1"), Some(true));
        assert_eq!(covers("*.example.com", "https://example.com/"), Some(false));
        assert_eq!(covers("example.com:8443", "wss://example.com:8443/"), Some(true));
        assert_eq!(covers("example.com:8443", "https://example.com/"), Some(false));
        assert_eq!(covers("example.com", "https://EXAMPLE.com./"), Some(true));
        assert_eq!(covers("example.com", "/relative"), None);
        assert_eq!(covers("example.com", "mailto:a@example.com"), None);
    }

    fn pattern(text: &str) -> HostPattern {
        HostPattern::parse(text).expect(text)
    }

    fn covers(text: &str, host: &str, port: u16) -> bool {
        let host = Host::parse(host).expect(host);
        let host = match &host {
            Host::Domain(name) => Host::Domain(name.as_str()),
            Host::Ipv4(a) => Host::Ipv4(*a),
            Host::Ipv6(a) => Host::Ipv6(*a),
        };
        pattern(text).covers(&host, port)
    }

    #[test]
    fn blocked_ports_are_sorted_for_the_search() {
        assert!(BLOCKED_PORTS.is_sorted());
        assert!(is_blocked_port(0) && is_blocked_port(22) && is_blocked_port(10080));
        assert!(!is_blocked_port(80) && !is_blocked_port(443) && !is_blocked_port(8443));
    }

    #[test]
    fn names_cover_themselves_only() {
        assert!(covers("api.example.com", "api.example.com", 443));
        assert!(covers("API.Example.com", "api.example.com.", 8080));
        assert!(!covers("api.example.com", "x.api.example.com", 443));
        assert!(!covers("api.example.com", "xapi.example.com", 443));
        assert!(!covers("api.example.com", "api.example.com", 25));
        assert!(covers("bücher.example", "xn--bcher-kva.example", 443));
    }

    #[test]
    fn a_star_covers_everything_below_and_not_the_name() {
        assert!(covers("*.example.com", "a.example.com", 443));
        assert!(covers("*.example.com", "a.b.example.com", 443));
        assert!(!covers("*.example.com", "example.com", 443));
        assert!(!covers("*.example.com", "badexample.com", 443));
        assert!(!covers("*.example.com", ".example.com", 443));
    }

    #[test]
    fn ports_and_addresses() {
        assert!(covers("push.example.com:8443", "push.example.com", 8443));
        assert!(!covers("push.example.com:8443", "push.example.com", 443));
        assert!(covers("mail.example.com:25", "mail.example.com", 25));
        assert!(covers("8.8.8.8", "0x08080808", 443));
        assert!(covers("[2606:4700::1]:444", "[2606:4700:0::1]", 444));
        assert!(!covers("8.8.8.8", "8.8.8.9", 443));
        assert!(
            covers("*", "8.8.8.8", 443)
                && covers("*:443", "x.example.com", 443)
                && !covers("*:443", "x.example.com", 80)
        );
    }

    #[test]
    fn what_is_no_pattern() {
        for text in [
            "",
            "*.com",
            "a.*.com",
            "*a.example.com",
            "**",
            "http://a.b",
            "a.b/c",
            "a@b.c",
            "a.b:",
            "a.b:0",
            "a.b:65536",
            "a.b:+1",
            "::1",
            "[::1",
            "[::1]x",
            "a..b",
            ".a.b",
            "*.8.8.8.8",
            "a b",
            "a\tb.c",
            "*.",
            "a%2eb.c",
        ] {
            assert!(HostPattern::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn written_back_it_reads_the_same() {
        for text in
            ["*", "*:8443", "*.example.com", "a.example.com:1", "8.8.8.8:53", "[2606:4700::1]", "[2606:4700::1]:444"]
        {
            assert_eq!(pattern(text).to_string(), text);
        }
    }

    #[test]
    fn intersections() {
        let both = |a: &str, b: &str| pattern(a).intersect(&pattern(b)).map(|p| p.to_string());
        for (a, b, expected) in [
            ("*", "a.example.com", Some("a.example.com")),
            ("*.example.com", "a.example.com", Some("a.example.com")),
            ("*.example.com", "*.a.example.com", Some("*.a.example.com")),
            ("*.example.com", "example.com", None),
            ("*.example.com", "*.badexample.com", None),
            ("a.example.com", "b.example.com", None),
            ("*:443", "a.example.com", Some("a.example.com:443")),
            ("a.example.com:1443", "a.example.com:443", None),
            ("a.example.com:25", "*", None),
            ("8.8.8.8", "*", Some("8.8.8.8")),
        ] {
            assert_eq!(both(a, b).as_deref(), expected, "{a} and {b}");
            assert_eq!(both(b, a).as_deref(), expected, "{b} and {a}");
        }
    }
}
