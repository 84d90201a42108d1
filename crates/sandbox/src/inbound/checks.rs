//! Who may ask, and what for.

use hyper::header::{HOST, HeaderMap, ORIGIN};
use hyper::{Method, StatusCode, Uri};
use subtle::ConstantTimeEq;
use url::Url;

/// The header that carries the token, where it is not in the URL.
const TOKEN_HEADER: &str = "x-addon-token";
/// The parameter that carries it.
const TOKEN: &str = "token";
/// Parameters of one request.
const MOST_PARAMETERS: usize = 100;

/// Names under which the server may be asked.
pub(super) struct Names {
    hosts: Vec<String>,
}

impl Names {
    pub(super) fn of(address: std::net::SocketAddr) -> Self {
        let mut hosts = vec![address.to_string(), format!("localhost:{}", address.port())];
        if address.port() == 80 {
            // The port of the scheme is not written.
            hosts.extend(hosts.clone().iter().filter_map(|host| host.strip_suffix(":80").map(str::to_owned)));
        }
        Self { hosts }
    }

    /// One `Host`, and it is the server's own; a target that is a path and no more.
    pub(super) fn check_host(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), StatusCode> {
        let mut hosts = headers.get_all(HOST).iter();
        let is_own = |host: &str| self.hosts.iter().any(|own| own.eq_ignore_ascii_case(host));
        let host = hosts.next().and_then(|host| host.to_str().ok());
        if hosts.next().is_some() || uri.authority().is_some() || !host.is_some_and(is_own) {
            return Err(StatusCode::MISDIRECTED_REQUEST);
        }
        Ok(())
    }

    /// A browser says where a write or a socket comes from; what is no browser says nothing.
    pub(super) fn check_origin(&self, method: &Method, is_socket: bool, headers: &HeaderMap) -> Result<(), StatusCode> {
        if matches!(*method, Method::GET | Method::HEAD) && !is_socket {
            return Ok(());
        }
        let is_own = |origin: &str| {
            origin
                .strip_prefix("http://")
                .is_some_and(|host| self.hosts.iter().any(|own| own.eq_ignore_ascii_case(host)))
        };
        let all_own = headers.get_all(ORIGIN).iter().all(|origin| origin.to_str().is_ok_and(is_own));
        if all_own { Ok(()) } else { Err(StatusCode::FORBIDDEN) }
    }
}

/// The parameters of a query.
///
/// # Errors
/// 403 for a token that is given twice, 400 for any other parameter that is, or too many: what reads one of two may be
/// told another story than what reads the other.
pub(super) fn parameters(query: Option<&str>) -> Result<Vec<(String, String)>, StatusCode> {
    let mut list: Vec<(String, String)> = Vec::new();
    for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        if list.iter().any(|(known, _)| *known == name) {
            return Err(if name == TOKEN { StatusCode::FORBIDDEN } else { StatusCode::BAD_REQUEST });
        }
        if list.len() >= MOST_PARAMETERS {
            return Err(StatusCode::BAD_REQUEST);
        }
        list.push((name.into_owned(), value.into_owned()));
    }
    Ok(list)
}

/// Whether the token is there, in the query or in its header; where it is in both, both must be right.
pub(super) fn has_token(token: &str, query: &[(String, String)], headers: &HeaderMap) -> bool {
    let mut given: Vec<&[u8]> =
        query.iter().filter(|(name, _)| name == TOKEN).map(|(_, value)| value.as_bytes()).collect();
    given.extend(headers.get_all(TOKEN_HEADER).iter().map(|value| value.as_bytes()));
    // All of them are compared, in a time that says nothing of where they differ.
    let right = given.iter().fold(true, |right, one| is_token(token, one) & right);
    !given.is_empty() && given.len() <= 2 && right
}

/// Whether `given` is the token, in a time that depends on its length alone.
pub(super) fn is_token(token: &str, given: &[u8]) -> bool {
    !token.is_empty() && bool::from(given.ct_eq(token.as_bytes()))
}

/// `url` with the token of its addon: what else is in its query stays, and so does its fragment.
#[must_use]
pub fn url_with_token(url: &Url, token: &str) -> Url {
    let mut url = url.clone();
    let others: Vec<(String, String)> =
        url.query_pairs().filter(|(name, _)| name != TOKEN).map(|(n, v)| (n.into_owned(), v.into_owned())).collect();
    url.query_pairs_mut().clear().extend_pairs(others).append_pair(TOKEN, token);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(list: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in list {
            headers.append(*name, value.parse().expect(value));
        }
        headers
    }

    #[test]
    fn a24_the_token_is_added_to_what_is_there() {
        let with = |url: &str| url_with_token(&Url::parse(url).expect(url), "a+/b &=").to_string();
        assert_eq!(with("http://h/p"), "http://h/p?token=a%2B%2Fb+%26%3D");
        assert_eq!(with("http://h/p?x=1&y=%20#f"), "http://h/p?x=1&y=+&token=a%2B%2Fb+%26%3D#f");
        assert_eq!(with("http://h/p?token=old&x=1"), "http://h/p?x=1&token=a%2B%2Fb+%26%3D");
        let back = Url::parse(&with("http://h/p?x=1")).expect("a URL");
        assert_eq!(
            back.query_pairs().find(|(name, _)| name == "token").map(|(_, value)| value.into_owned()),
            Some("a+/b &=".into())
        );
    }

    #[test]
    fn a25_the_token_is_there_and_right() {
        let is = |query: &str, list: &[(&'static str, &'static str)]| {
            parameters(Some(query)).is_ok_and(|query| has_token("secret", &query, &headers(list)))
        };
        assert!(is("token=secret", &[]) && is("a=b&token=secret", &[]) && is("", &[("x-addon-token", "secret")]));
        assert!(is("token=secret", &[("x-addon-token", "secret")]));
        for query in [
            "",
            "token=",
            "token=secre",
            "token=secrets",
            "token=Secret",
            "token[]=secret",
            "token=secret&token=secret",
            "Token=secret",
            "token=secret%00",
        ] {
            assert!(!is(query, &[]), "{query}");
        }
        assert!(!is("token=secret", &[("x-addon-token", "other")]));
        assert!(!is("", &[("x-addon-token", "secret"), ("x-addon-token", "other")]));
        assert!(!has_token("", &[("token".into(), String::new())], &HeaderMap::new()));
    }

    #[test]
    fn hosts_and_origins() {
        let names = Names::of("127.0.0.1:8080".parse().expect("an address"));
        let path = Uri::from_static("/a");
        for good in ["127.0.0.1:8080", "localhost:8080", "LocalHost:8080"] {
            assert_eq!(names.check_host(&path, &headers(&[("host", good)])), Ok(()), "{good}");
        }
        for bad in
            ["127.0.0.1", "localhost", "localhost:80", "evil.example:8080", "127.0.0.1.nip.io:8080", "[::1]:8080", ""]
        {
            assert!(names.check_host(&path, &headers(&[("host", bad)])).is_err(), "{bad}");
        }
        let plain = Names::of("127.0.0.1:80".parse().expect("an address"));
        for (host, is_own) in
            [("127.0.0.1", true), ("localhost", true), ("localhost:80", true), ("localhost:8080", false)]
        {
            assert_eq!(plain.check_host(&path, &headers(&[("host", host)])).is_ok(), is_own, "{host}");
        }
        assert!(names.check_host(&path, &HeaderMap::new()).is_err());
        assert!(names.check_host(&path, &headers(&[("host", "localhost:8080"), ("host", "localhost:8080")])).is_err());
        assert!(
            names
                .check_host(&Uri::from_static("http://evil.example/a"), &headers(&[("host", "localhost:8080")]))
                .is_err()
        );
        let origin = |method: &Method, is_socket, list: &[(&'static str, &'static str)]| {
            names.check_origin(method, is_socket, &headers(list)).is_ok()
        };
        for (own, allowed) in [
            ("http://localhost:8080", true),
            ("http://127.0.0.1:8080", true),
            ("https://localhost:8080", false),
            ("http://evil.example", false),
            ("null", false),
            ("http://localhost:80801", false),
        ] {
            assert_eq!(origin(&Method::POST, false, &[("origin", own)]), allowed, "{own}");
            assert_eq!(origin(&Method::GET, true, &[("origin", own)]), allowed, "{own}");
            assert!(origin(&Method::GET, false, &[("origin", own)]), "{own}");
        }
        assert!(origin(&Method::POST, false, &[]));
        assert!(!origin(
            &Method::DELETE,
            false,
            &[("origin", "http://localhost:8080"), ("origin", "http://evil.example")]
        ));
    }
}
