//! What a set of policies lets through, as the browser decides it.

use url::Url;

use super::sources::{HostName, Port, Source};
use super::{Directive, PageUrl, Policy};

/// The origin of a page, for `'self'` and for sources without a scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// In lower case.
    pub scheme: String,
    /// Empty for none, as in `file:`.
    pub host: String,
    /// Its own or its scheme's.
    pub port: Option<u16>,
}

/// What a page asks for.
#[derive(Clone, Copy, Debug)]
pub enum Request<'a> {
    /// A `<script src>` written in the page, or injected as markup.
    Script {
        /// Its URL.
        url: &'a Url,
        /// Its nonce; empty for none.
        nonce: &'a str,
    },
    /// A `<script>` with source in it.
    InlineScript {
        /// Its nonce; empty for none.
        nonce: &'a str,
    },
    /// `onclick` and its kin.
    InlineHandler,
    /// `eval`, `new Function`, timers with strings.
    Eval,
    /// Something other than a script.
    Load(Load, &'a Url),
}

/// What is loaded, sent or embedded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// `fetch`, XHR, WebSocket, EventSource.
    Connect,
    /// Style sheets.
    Style,
    /// Images.
    Image,
    /// Fonts.
    Font,
    /// Audio and video.
    Media,
    /// Web app manifests.
    Manifest,
    /// Frames.
    Frame,
    /// `<object>` and `<embed>`.
    Object,
    /// Workers.
    Worker,
    /// `<base href>`.
    Base,
    /// Where a form is sent.
    Form,
}

pub(super) const SCRIPT_ELEMENTS: [&str; 3] = ["script-src-elem", "script-src", "default-src"];
pub(super) const SCRIPT_ATTRIBUTES: [&str; 3] = ["script-src-attr", "script-src", "default-src"];
pub(super) const EVAL: [&str; 2] = ["script-src", "default-src"];

impl Load {
    /// The directives that decide, the first that is there: <https://www.w3.org/TR/CSP3/#directive-fallback-list>.
    pub fn chain(self) -> &'static [&'static str] {
        match self {
            Self::Connect => &["connect-src", "default-src"],
            Self::Style => &["style-src-elem", "style-src", "default-src"],
            Self::Image => &["img-src", "default-src"],
            Self::Font => &["font-src", "default-src"],
            Self::Media => &["media-src", "default-src"],
            Self::Manifest => &["manifest-src", "default-src"],
            Self::Frame => &["frame-src", "child-src", "default-src"],
            Self::Object => &["object-src", "default-src"],
            Self::Worker => &["worker-src", "child-src", "script-src", "default-src"],
            Self::Base => &["base-uri"],
            Self::Form => &["form-action"],
        }
    }
}

/// Whether all policies that hold let a request through.
///
/// Values that are filled in count for nothing here: they let nothing through.
pub fn allows(policies: &[Policy], origin: &Origin, request: Request<'_>) -> bool {
    policies.iter().filter(|policy| policy.holds()).all(|policy| allowed_by(policy, origin, request))
}

/// Whether this policy lets a request through.
pub(super) fn allowed_by(policy: &Policy, origin: &Origin, request: Request<'_>) -> bool {
    match request {
        Request::Script { url, nonce } => policy.first_of(&SCRIPT_ELEMENTS).is_none_or(|list| {
            // What is written in the page is "parser-inserted", which 'strict-dynamic' does not trust.
            has_nonce(list, nonce) || !has(list, &Source::StrictDynamic) && matches_url(list, url, origin)
        }),
        Request::InlineScript { nonce } => {
            policy.first_of(&SCRIPT_ELEMENTS).is_none_or(|list| has_nonce(list, nonce) || allows_inline(list))
        }
        Request::InlineHandler => policy.first_of(&SCRIPT_ATTRIBUTES).is_none_or(allows_inline),
        Request::Eval => policy.first_of(&EVAL).is_none_or(|list| has(list, &Source::UnsafeEval)),
        Request::Load(load, url) => policy.first_of(load.chain()).is_none_or(|list| {
            // A worker is started by a script, which 'strict-dynamic' trusts; only `script-src` knows that word.
            let trusted = load == Load::Worker && list.name == "script-src" && has(list, &Source::StrictDynamic);
            trusted || matches_url(list, url, origin)
        }),
    }
}

/// Whether every inline script runs: <https://www.w3.org/TR/CSP3/#allow-all-inline>.
pub(super) fn allows_inline(list: &Directive) -> bool {
    has(list, &Source::UnsafeInline)
        && !list
            .tokens
            .iter()
            .any(|token| matches!(token.source, Source::Nonce { .. } | Source::Hash | Source::StrictDynamic))
}

pub(super) fn has(list: &Directive, source: &Source) -> bool {
    list.tokens.iter().any(|token| token.source == *source)
}

fn has_nonce(list: &Directive, nonce: &str) -> bool {
    !nonce.is_empty()
        && list.tokens.iter().any(|token| matches!(&token.source, Source::Nonce { value, .. } if value == nonce))
}

fn matches_url(list: &Directive, url: &Url, origin: &Origin) -> bool {
    list.tokens.iter().any(|token| matches(&token.source, url, origin))
}

/// <https://www.w3.org/TR/CSP3/#match-url-to-source-expression>
pub(super) fn matches(source: &Source, url: &Url, origin: &Origin) -> bool {
    match source {
        Source::Any => {
            matches!(url.scheme(), "http" | "https" | "ws" | "wss") || same_scheme(&origin.scheme, url.scheme())
        }
        Source::Scheme(scheme) => same_scheme(scheme, url.scheme()),
        Source::Host { scheme, host, port, path } => {
            same_scheme(scheme.as_deref().unwrap_or(&origin.scheme), url.scheme())
                // A file has no host: `HostMatches` in Chromium's csp_source.cc asks a wildcard for none.
                && url.host_str().map_or(*host == HostName::Any, |name| same_host(host, name))
                && same_port(*port, scheme.as_deref(), url)
                && same_path(path, url.path())
        }
        Source::Own => is_own(url, origin),
        _ => false,
    }
}

fn is_own(url: &Url, origin: &Origin) -> bool {
    // On a `file:` page Chromium takes every `file:` URL for its own: `CSPSourceMatchesAsSelf` in
    // third_party/blink/renderer/core/frame/csp/csp_source.cc says so.
    if origin.scheme == "file" {
        return url.scheme() == "file";
    }
    let host = url.host_str().unwrap_or_default();
    if host != origin.host {
        return false;
    }
    if url.scheme() == origin.scheme && url.port_or_known_default() == origin.port {
        return true;
    }
    let default = |scheme: &str, port: Option<u16>| port == default_port(scheme);
    let ports = url.port_or_known_default() == origin.port
        || default(&origin.scheme, origin.port) && default(url.scheme(), url.port_or_known_default());
    ports && (matches!(url.scheme(), "https" | "wss") || origin.scheme == "http" && url.scheme() == "ws")
}

/// The standard takes `http:` and `https:` for upgrades of `ws:` too; Chromium does not: `SchemeMatches` in csp_source.cc.
fn same_scheme(written: &str, asked: &str) -> bool {
    written == asked || matches!((written, asked), ("http", "https") | ("ws", "wss"))
}

/// <https://www.w3.org/TR/CSP3/#match-hosts>, but for its rule that addresses do not match: Chromium has none.
fn same_host(written: &HostName, asked: &str) -> bool {
    match written {
        HostName::Any => true,
        HostName::Below(below) => asked.strip_suffix(below.as_str()).is_some_and(|rest| rest.ends_with('.')),
        HostName::Exact(host) => host == asked,
    }
}

/// <https://www.w3.org/TR/CSP3/#match-ports>
fn same_port(written: Option<Port>, scheme: Option<&str>, url: &Url) -> bool {
    let asked = url.port_or_known_default();
    match written {
        Some(Port::Any) => true,
        None => asked == default_port(url.scheme()),
        // `http://a:80` covers `https://a`, as its scheme does.
        Some(Port::Number(port)) => {
            asked == Some(port) || port == 80 && asked == Some(443) && matches!(scheme, Some("http" | "ws"))
        }
    }
}

/// <https://www.w3.org/TR/CSP3/#match-paths>
fn same_path(written: &str, asked: &str) -> bool {
    if written.is_empty() || written == "/" && asked.is_empty() {
        return true;
    }
    let (mut written_parts, mut asked_parts) = (written.split('/'), asked.split('/'));
    loop {
        match (written_parts.next(), asked_parts.next()) {
            (None, None) => return true,
            // The last part is empty: a folder and all below it.
            (Some(""), Some(_)) if written.ends_with('/') && written_parts.clone().next().is_none() => return true,
            (Some(a), Some(b)) if decode(a) == decode(b) => {}
            _ => return false,
        }
    }
}

fn decode(part: &str) -> Vec<u8> {
    let bytes = part.as_bytes();
    let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                // Two digits of sixteen fit a byte.
                decoded.push(u8::try_from(high * 16 + low).unwrap_or_default());
                at += 3;
            }
            _ => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    decoded
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        "ftp" => Some(21),
        _ => None,
    }
}

impl Origin {
    /// The origin of a page; one that is not known counts as some `https:` site.
    pub fn of(page: &PageUrl) -> Self {
        match page {
            PageUrl::File => Self { scheme: "file".to_owned(), host: String::new(), port: None },
            PageUrl::Custom(scheme) => Self { scheme: scheme.to_ascii_lowercase(), host: String::new(), port: None },
            PageUrl::Http(url) => match Url::parse(url) {
                Ok(url) => Self {
                    scheme: url.scheme().to_owned(),
                    host: url.host_str().unwrap_or_default().to_owned(),
                    port: url.port_or_known_default(),
                },
                Err(_) => Self::of(&PageUrl::Unknown),
            },
            // Names under `.invalid` are nobody's: RFC 6761, section 6.4.
            PageUrl::Unknown => Self { scheme: "https".to_owned(), host: "page.invalid".to_owned(), port: Some(443) },
        }
    }
}
